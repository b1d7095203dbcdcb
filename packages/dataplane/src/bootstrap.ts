import type { ProxyNode } from "@fairlead/api";
import { formatSpiffeId, VERSION } from "@fairlead/kit";
import type { EngineBootstrap } from "./native/engine.ts";
import type { Settings } from "./settings.ts";

/** A JSON value; node metadata is made of them. */
export type JsonValue = string | number | boolean | null | readonly JsonValue[] | { readonly [key: string]: JsonValue };

/** A place; parts that are not known are empty. */
export interface NodeLocality {
  readonly region: string;
  readonly zone: string;
  readonly subzone: string;
}

/** Who the proxy is towards its xDS server (envoy.config.core.v3.Node). */
export interface NodeIdentity {
  readonly id: string;
  /** Service cluster, `<service>.<namespace>` as Istio's agent sets it. */
  readonly cluster: string;
  readonly metadata: { readonly [key: string]: JsonValue };
  /** Where it is, if that is known. */
  readonly locality?: NodeLocality;
  readonly userAgentName: string;
  readonly userAgentVersion: string;
}

/** Istio's node id and metadata for these settings; same for our engine and for a stock Envoy. */
export function toNodeIdentity(settings: Settings): NodeIdentity {
  const role = settings.type === "gateway" ? "router" : "sidecar";
  const { namespace, name } = settings;
  return {
    id: `${role}~${settings.addresses[0]}~${name}.${namespace}~${namespace}.${SERVICE_DOMAIN}`,
    cluster: `${canonicalService(settings)}.${namespace}`,
    metadata: toMetadata(settings),
    ...toLocality(settings),
    userAgentName: "fairlead-proxy",
    userAgentVersion: VERSION,
  };
}

/** What the native engine is created with. */
export function toEngineBootstrap(settings: Settings): EngineBootstrap {
  return {
    node: {
      workload: settings.name,
      namespace: settings.namespace,
      service: canonicalService(settings),
      version: settings.labels["service.istio.io/canonical-revision"] ?? settings.labels["version"] ?? "latest",
      principal: principalOf(settings),
      cluster: settings.clusterId,
      nodeId: toNodeIdentity(settings).id,
      ...toLocality(settings),
      ...(settings.localCluster === undefined ? {} : { localCluster: settings.localCluster }),
    },
    workers: settings.workers ?? 0,
    limits: settings.limits,
    filterThreads: settings.filterModules === undefined ? 0 : settings.filterThreads,
    ...(settings.dnsCapture ? { dns: toDns(settings) } : {}),
    ...(settings.handoverPath === undefined ? {} : { handoverPath: settings.handoverPath }),
    ...(settings.tap === undefined ? {} : { tap: settings.tap }),
    reportIntervalMs: settings.mixer === undefined ? 0 : REPORT_INTERVAL_MS,
  };
}

/** Names are answered as to an application of this namespace. */
function toDns({ dnsAddress, namespace, resolvConf }: Settings): NonNullable<EngineBootstrap["dns"]> {
  // The application's packets get the loopback address of their own family.
  const addresses = dnsAddress.startsWith(LOOPBACK) ? [dnsAddress, `[::1]:${dnsAddress.slice(LOOPBACK.length)}`] : [dnsAddress];
  return { addresses, namespace, domain: SERVICE_DOMAIN, resolvConf };
}

/** The same, as the admin API shows it. */
export function toProxyNode(settings: Settings): ProxyNode {
  const { type, name, namespace, addresses, labels } = settings;
  return { id: toNodeIdentity(settings).id, type, name, namespace, addresses, labels, principal: principalOf(settings) };
}

const LOOPBACK = "127.0.0.1:";
/** As in the node id. */
const SERVICE_DOMAIN = "svc.cluster.local";
const REPORT_INTERVAL_MS = 1_000;

function principalOf({ trustDomain, namespace, serviceAccount }: Settings): string {
  return formatSpiffeId({ trustDomain, namespace, serviceAccount });
}

/** Istio's canonical service: what telemetry groups workloads by. */
function canonicalService(settings: Settings): string {
  return settings.labels["service.istio.io/canonical-name"] ?? settings.labels["app"] ?? settings.name;
}

function toLocality({ locality }: Settings): { readonly locality?: NodeLocality } {
  if (locality === undefined) return {};
  const [region = "", zone = "", subzone = ""] = locality.split("/");
  return { locality: { region, zone, subzone } };
}

function toMetadata(settings: Settings): { readonly [key: string]: JsonValue } {
  return {
    NAME: settings.name,
    NAMESPACE: settings.namespace,
    WORKLOAD_NAME: settings.name,
    SERVICE_ACCOUNT: settings.serviceAccount,
    LABELS: settings.labels,
    INSTANCE_IPS: settings.addresses.join(","),
    INTERCEPTION_MODE: settings.interceptionMode,
    CLUSTER_ID: settings.clusterId,
    MESH_ID: settings.meshId ?? settings.trustDomain,
    // Strings, as in Istio's node metadata.
    ...(settings.dnsCapture ? { DNS_CAPTURE: "true" } : {}),
    ...(settings.dnsAutoAllocate ? { DNS_AUTO_ALLOCATE: "true" } : {}),
    ...(settings.httpProxyPort === undefined ? {} : { HTTP_PROXY_PORT: String(settings.httpProxyPort) }),
    ...(settings.appAddress === undefined ? {} : { FAIRLEAD_APP_ADDRESS: settings.appAddress }),
    FAIRLEAD_ADMIN_ADDRESS: settings.adminAddress,
  };
}
