import { isIP } from "node:net";
import { requestAuthenticationsAt, type PolicySubject } from "../../../model/lookup/access-policy.ts";
import type { MeshSnapshot } from "../../../model/mesh-snapshot.ts";
import type { RequestAuthentication, TokenKeys, TokenRule } from "../../../model/request-authentication.ts";
import { findPort } from "../../../model/service.ts";
import type { Cluster } from "../../cluster.ts";
import type { HttpFilter } from "../../filter.ts";
import { internList, remember } from "../../remember.ts";
import { BARE_CLUSTER, soleEndpoint } from "./cluster.ts";
import { knownHost } from "./destination.ts";
import { outboundClusterName } from "./names.ts";
import { explicitClientTls } from "./tls.ts";
import { portSettings } from "./traffic-policy.ts";
import type { View } from "./view.ts";

/** How tokens of end users are verified at a workload. */
export interface TokenCheck {
  /** One filter, or none where nobody asks for it; the same list while nothing changes. */
  readonly filters: readonly HttpFilter[];
  /** Where keys are fetched from that are at no service of the mesh. */
  readonly clusters: readonly Cluster[];
}

/** `proxy`: only gateways route by what is in tokens (as in Istio). */
export function tokenCheck(snapshot: MeshSnapshot, view: View, subject: PolicySubject, proxy: "sidecar" | "gateway"): TokenCheck {
  const policies = requestAuthenticationsAt(snapshot, subject);
  if (policies.length === 0) return NOTHING;
  const addresses = policies.flatMap(({ rules }) => rules.map(({ keys }) => serviceClusterOf(snapshot, view, keys) ?? ""));
  return build(internList(policies), JSON.stringify(addresses), proxy === "gateway");
}

const NOTHING: TokenCheck = { filters: [], clusters: [] };

/** `services`: for each rule the cluster of the service that has its keys, or nothing. */
const build = remember((policies: readonly RequestAuthentication[], services: string, leadsToRoutes: boolean): TokenCheck => {
  const ofServices: readonly string[] = JSON.parse(services);
  const rules = policies
    .flatMap((policy) => policy.rules)
    .map((rule, index) => ({ rule, service: ofServices[index] ?? "" }))
    // Istio sorts by issuer, so that the names of providers say nothing about the order of objects.
    .toSorted((left, right) => (left.rule.issuer < right.rule.issuer ? -1 : Number(left.rule.issuer > right.rule.issuer)));
  if (rules.length === 0) return NOTHING;
  const outside = rules.flatMap(({ rule, service }) =>
    service === "" && rule.keys.kind === "remote" ? [toKeysCluster(rule.keys, rule)] : [],
  );
  const providers = rules.map(({ rule, service }, index) => ({
    name: `origins-${index}`,
    rule,
    keysCluster: service !== "" ? service : rule.keys.kind === "remote" ? keysClusterName(rule.keys) : undefined,
  }));
  return {
    filters: [{ kind: "tokens", leadsToRoutes, providers }],
    clusters: [...new Map(outside.toReversed().map((cluster) => [cluster.name, cluster])).values()],
  };
});

type RemoteKeys = Extract<TokenKeys, { kind: "remote" }>;

/** The service of the mesh that has the keys; with https only if a traffic policy says how to speak TLS to it. */
function serviceClusterOf(snapshot: MeshSnapshot, view: View, keys: TokenKeys): string | undefined {
  if (keys.kind !== "remote") return undefined;
  const { service, policy } = knownHost(snapshot, view, keys.host);
  if (service === undefined || findPort(service, keys.port) === undefined) return undefined;
  const speaksTls = ["simple", "mutual"].includes(portSettings(policy?.settings, keys.port).tls?.mode ?? "");
  return speaksTls === keys.isTls ? outboundClusterName(service.hostname, keys.port) : undefined;
}

function keysClusterName({ host, port }: RemoteKeys): string {
  return `jwks|${port}||${host}`;
}

/** Straight to the server that the address names. */
function toKeysCluster(keys: RemoteKeys, rule: TokenRule): Cluster {
  const { host, port, isTls } = keys;
  return {
    ...BARE_CLUSTER,
    name: keysClusterName(keys),
    discovery: { kind: isIP(host) === 0 ? "dns" : "static", localities: [soleEndpoint(host, port)] },
    protocol: { ...BARE_CLUSTER.protocol, kind: "http1" },
    transport: isTls ? { kind: "tls", tls: serverTls(host, rule) } : { kind: "plain" },
    origins: [rule.origin],
  };
}

/** Verified by the roots of the public web. */
function serverTls(hostname: string, { origin }: TokenRule): ReturnType<typeof explicitClientTls> {
  return explicitClientTls(
    {
      mode: "simple",
      certificateFile: undefined,
      privateKeyFile: undefined,
      caCertificatesFile: undefined,
      revokedFile: undefined,
      subjectAltNames: [],
      sni: undefined,
      insecureSkipVerify: false,
      origin,
    },
    { hostname, subjectAltNames: [], isHttp: false, isHttp2: false },
  );
}
