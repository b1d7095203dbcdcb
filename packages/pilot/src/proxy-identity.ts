import { failure, type Result, success } from "@fairlead/kit";
import type { JsonObject, JsonValue } from "@bufbuild/protobuf";
import type { Node } from "@fairlead/api/gen/envoy/config/core/v3/base_pb";
import type { Labels } from "./model/workload.ts";

/** Who a connected proxy is, as its node says; `stream/peer-auth.ts` has compared that with its certificate. */
export interface ProxyIdentity {
  /** Node id: `sidecar~<ip>~<workload>.<namespace>~<namespace>.svc.cluster.local`. */
  readonly id: string;
  readonly kind: "sidecar" | "gateway";
  readonly address: string;
  readonly name: string;
  readonly namespace: string;
  readonly serviceAccount: string;
  readonly labels: Labels;
  readonly interception: "redirect" | "none";
  /** Where applications may send requests as to an HTTP proxy. */
  readonly httpProxyPort: number | undefined;
  /** Where the application listens when nothing is redirected. */
  readonly appAddress: string;
  /** Which addresses it tells its application for hosts without one; undefined where it tells none. */
  readonly autoAddresses: "ipv4" | "ipv6" | undefined;
  readonly adminAddress: string;
  /** Program and version, for people. */
  readonly engine: string;
}

const NODE_ID = /^(sidecar|router)~([^~]+)~([^~]+)~([^~]+)$/;
const DEFAULT_APP_ADDRESS = "127.0.0.1";

/** Reads a node that introduces itself with Istio's id and metadata; says what is missing otherwise. */
export function parseProxyIdentity(
  node: Pick<Node, "id" | "metadata" | "userAgentName" | "userAgentVersionType">,
): Result<ProxyIdentity, string> {
  const match = NODE_ID.exec(node.id);
  if (match === null) return failure(`node id must be <sidecar|router>~<ip>~<workload>.<namespace>~<domain>, got "${node.id}"`);
  const [, type, address = "", workload = ""] = match;
  const metadata = node.metadata ?? {};
  const dot = workload.lastIndexOf(".");
  const namespace = text(metadata, "NAMESPACE") ?? (dot < 0 ? undefined : workload.slice(dot + 1));
  if (namespace === undefined || namespace === "")
    return failure(`node "${node.id}" names no namespace, neither in its id nor as metadata NAMESPACE`);
  return success({
    id: node.id,
    kind: type === "router" ? "gateway" : "sidecar",
    address,
    name: text(metadata, "WORKLOAD_NAME") ?? (dot < 0 ? workload : workload.slice(0, dot)),
    namespace,
    serviceAccount: text(metadata, "SERVICE_ACCOUNT") ?? "default",
    labels: labelsOf(metadata.LABELS),
    interception: text(metadata, "INTERCEPTION_MODE") === "NONE" ? "none" : "redirect",
    httpProxyPort: portOf(metadata.HTTP_PROXY_PORT),
    appAddress: text(metadata, "FAIRLEAD_APP_ADDRESS") ?? DEFAULT_APP_ADDRESS,
    autoAddresses: autoAddressesOf(metadata, address),
    adminAddress: text(metadata, "FAIRLEAD_ADMIN_ADDRESS") ?? "",
    engine: engineOf(node),
  });
}

function text(metadata: JsonObject, key: string): string | undefined {
  const value = metadata[key];
  return typeof value === "string" && value !== "" ? value : undefined;
}

/** Istio sends it as text, others as a number. */
function portOf(value: JsonValue | undefined): number | undefined {
  const port = typeof value === "string" ? Number(value) : value;
  return typeof port === "number" && Number.isInteger(port) && port > 0 && port < 65_536 ? port : undefined;
}

/** Only who answers questions of DNS can tell anybody (`ISTIO_META_DNS_CAPTURE`, `ISTIO_META_DNS_AUTO_ALLOCATE`). */
function autoAddressesOf(metadata: JsonObject, address: string): ProxyIdentity["autoAddresses"] {
  if (!isOn(metadata.DNS_CAPTURE) || !isOn(metadata.DNS_AUTO_ALLOCATE)) return undefined;
  return address.includes(":") ? "ipv6" : "ipv4";
}

/** Istio sends it as text, others as a boolean. */
function isOn(value: JsonValue | undefined): boolean {
  return value === true || value === "true" || value === "1";
}

function labelsOf(value: JsonValue | undefined): Labels {
  if (value === null || typeof value !== "object" || Array.isArray(value)) return {};
  return Object.fromEntries(Object.entries(value).filter((entry): entry is [string, string] => typeof entry[1] === "string"));
}

function engineOf(node: Pick<Node, "userAgentName" | "userAgentVersionType">): string {
  const version = node.userAgentVersionType;
  if (version.case === "userAgentVersion") return `${node.userAgentName} ${version.value}`.trim();
  const parts = version.case === "userAgentBuildVersion" ? version.value.version : undefined;
  return parts === undefined ? node.userAgentName : `${node.userAgentName} ${parts.majorNumber}.${parts.minorNumber}.${parts.patch}`;
}
