import { visibleServices } from "../../../model/lookup/service.ts";
import type { Endpoint } from "../../../model/endpoint.ts";
import type { MeshSnapshot } from "../../../model/mesh-snapshot.ts";
import { isHttp, type Service, type ServicePort } from "../../../model/service.ts";
import { selects } from "../../../model/workload.ts";
import type { ClientTls, PortSettings, Subset, TrafficPolicy } from "../../../model/traffic-policy.ts";
import type { Cluster, ClusterDiscovery, ClusterProtocol, ClusterTransport } from "../../cluster.ts";
import type { ClusterEndpoints, LocalityEndpoints } from "../../endpoint.ts";
import {
  BARE_CLUSTER,
  DEFAULT_CONNECT_TIMEOUT_MS,
  limitsOf,
  loadBalancerOf,
  outlierDetectionOf,
  PASSTHROUGH_IDLE_TIMEOUT_MS,
  tcpKeepaliveOf,
} from "../shared/cluster.ts";
import { type KnownHost, knownHost } from "../shared/destination.ts";
import { BLACKHOLE_CLUSTER, HTTP_PROXY_TUNNEL, outboundClusterName, outboundServerName, PASSTHROUGH_CLUSTER } from "../shared/names.ts";
import { remember } from "../../remember.ts";
import { explicitClientTls, meshClientTls } from "../shared/tls.ts";
import { portSettings } from "../shared/traffic-policy.ts";
import type { View } from "../shared/view.ts";
import { buildEndpoints, byLocality, endpointsOf, identitiesOf } from "./endpoint.ts";
import { applyPlan, isLocalityWeighted, localityPlan } from "./locality.ts";

export interface ServiceClusters {
  readonly clusters: readonly Cluster[];
  readonly endpoints: readonly ClusterEndpoints[];
}

/** A cluster for each port of each service, and for each subset of it. */
export function serviceClusters(snapshot: MeshSnapshot, view: View): ServiceClusters {
  const clusters: Cluster[] = [];
  const endpoints: ClusterEndpoints[] = [];
  for (const service of visibleServices(snapshot, view.namespace)) {
    const known = knownHost(snapshot, view, service.hostname);
    for (const port of service.ports) {
      if (port.protocol === "udp") continue;
      const members = endpointsOf(snapshot, service, port.number);
      for (const subset of [undefined, ...(known.policy?.subsets ?? [])]) {
        const plan = localityPlan(portSettings(subset?.settings ?? known.policy?.settings, port.number), view);
        const cluster = serviceCluster(service, port, members, known, subset, plan);
        clusters.push(cluster);
        if (cluster.discovery.kind === "eds") endpoints.push(buildEndpoints(cluster.name, members, subset, plan));
      }
    }
  }
  return { clusters, endpoints };
}

/** Where redirected connections go that no service is for: on to where they were going. */
export const PASSTHROUGH: Cluster = {
  ...BARE_CLUSTER,
  name: PASSTHROUGH_CLUSTER,
  discovery: { kind: "original-destination", portOverride: undefined, sourceAddress: undefined },
  loadBalancer: { kind: "provided" },
  protocol: { ...BARE_CLUSTER.protocol, kind: "downstream", idleTimeoutMs: PASSTHROUGH_IDLE_TIMEOUT_MS },
};

/** Nowhere. */
export const BLACKHOLE: Cluster = {
  ...BARE_CLUSTER,
  name: BLACKHOLE_CLUSTER,
  discovery: { kind: "none" },
};

/** From a CONNECT tunnel into the listener that routes what is inside. */
export const TUNNEL: Cluster = {
  ...BARE_CLUSTER,
  name: HTTP_PROXY_TUNNEL,
  discovery: { kind: "internal", listenerName: HTTP_PROXY_TUNNEL },
};

function serviceCluster(
  service: Service,
  port: ServicePort,
  members: readonly Endpoint[],
  known: KnownHost,
  subset: Subset | undefined,
  plan: string,
): Cluster {
  const isDns = service.resolution === "dns" || service.resolution === "dns-round-robin";
  const subjectAltNames = service.subjectAltNames.length > 0 ? service.subjectAltNames : identitiesOf(members);
  return buildCluster(
    service,
    port,
    known.policy ?? NOTHING,
    subset ?? NOTHING,
    isDns ? members : NOTHING,
    JSON.stringify(subjectAltNames),
    // Of the others the endpoints come apart.
    isDns ? plan : "",
  );
}

const NOTHING = {};

const buildCluster = remember(
  (
    service: Service,
    port: ServicePort,
    policy: TrafficPolicy | object,
    subset: Subset | object,
    members: readonly Endpoint[] | object,
    subjectAltNames: string,
    plan: string,
  ): Cluster => {
    const subsetName = "name" in subset ? subset.name : "";
    const settings = portSettings("settings" in subset ? subset.settings : "settings" in policy ? policy.settings : undefined, port.number);
    const protocol = protocolOf(port, settings);
    return {
      name: outboundClusterName(service.hostname, port.number, subsetName),
      discovery: discoveryOf(service, applyPlan(byLocality(Array.isArray(members) ? membersOf(members, subset) : []), plan), settings),
      connectTimeoutMs: settings.connectionPool?.connectTimeoutMs ?? DEFAULT_CONNECT_TIMEOUT_MS,
      loadBalancer: loadBalancerOf(service, settings),
      isLocalityWeighted: isLocalityWeighted(settings),
      protocol,
      limits: limitsOf(settings.connectionPool, settings.retryBudget),
      outlierDetection: outlierDetectionOf(settings.outlierDetection),
      tcpKeepalive: tcpKeepaliveOf(settings.connectionPool),
      transport: transportOf(service, settings, {
        subjectAltNames: JSON.parse(subjectAltNames),
        serverName: outboundServerName(service.hostname, port.number, subsetName),
        isHttp: protocol.kind !== "tcp",
        isHttp2: protocol.kind === "http2",
      }),
      proxyProtocol: settings.proxyProtocol,
      services: [{ host: service.hostname, name: shortName(service.hostname), namespace: service.namespace }],
      origins: [service.origin, ...("origins" in policy ? policy.origins : []), ...("labels" in subset ? [subset.origin] : [])],
    };
  },
);

function membersOf(members: readonly Endpoint[], subset: Subset | object): readonly Endpoint[] {
  return "labels" in subset ? members.filter((endpoint) => selects(subset.labels, endpoint.workload.labels)) : members;
}

function discoveryOf(service: Service, localities: readonly LocalityEndpoints[], settings: PortSettings): ClusterDiscovery {
  if (settings.loadBalancer?.kind === "passthrough")
    return { kind: "original-destination", portOverride: undefined, sourceAddress: undefined };
  switch (service.resolution) {
    case "none":
      return { kind: "original-destination", portOverride: undefined, sourceAddress: undefined };
    case "static":
      return { kind: "eds" };
    case "dns":
    case "dns-round-robin":
      return { kind: service.resolution, localities };
  }
}

function protocolOf(port: ServicePort, settings: PortSettings): ClusterProtocol {
  const pool = settings.connectionPool;
  return {
    kind: protocolKind(port, settings),
    idleTimeoutMs: pool?.httpIdleTimeoutMs,
    maxConnectionDurationMs: pool?.maxConnectionDurationMs,
    maxRequestsPerConnection: pool?.maxRequestsPerConnection ?? 0,
    maxConcurrentStreams: pool?.maxConcurrentStreams,
    keepalive: pool?.http2Keepalive,
  };
}

function protocolKind(port: ServicePort, settings: PortSettings): ClusterProtocol["kind"] {
  const { protocol } = port;
  if (protocol === "auto") return "downstream";
  if (!isHttp(protocol)) return "tcp";
  if (settings.connectionPool?.useClientProtocol === true) return "downstream";
  return protocol === "http" && settings.connectionPool?.h2Upgrade !== "always" ? "http1" : "http2";
}

function transportOf(
  service: Service,
  settings: PortSettings,
  names: { readonly subjectAltNames: readonly string[]; readonly serverName: string; readonly isHttp: boolean; readonly isHttp2: boolean },
): ClusterTransport {
  const { tls } = settings;
  if (tls === undefined) {
    // Whether a server outside, or one that is looked up by name, speaks the mesh's TLS is not known.
    const isAutomatic = service.location === "mesh" && service.resolution !== "none";
    return isAutomatic ? { kind: "auto", tls: meshClientTls(names) } : { kind: "plain" };
  }
  const subjectAltNames = tls.subjectAltNames.length > 0 ? tls.subjectAltNames : names.subjectAltNames;
  switch (tls.mode) {
    case "disable":
      return { kind: "plain" };
    case "istio-mutual":
      return { kind: "tls", tls: meshClientTls({ ...names, subjectAltNames, serverName: tls.sni ?? names.serverName }) };
    case "simple":
    case "mutual":
      return {
        kind: "tls",
        tls: explicitClientTls(tls, { ...names, hostname: service.hostname, subjectAltNames: explicitNames(tls, service) }),
      };
  }
}

/** Identities of mesh workloads are no names of a server that is spoken to by ordinary TLS. */
function explicitNames(tls: ClientTls, service: Service): readonly string[] {
  return tls.subjectAltNames.length > 0 ? tls.subjectAltNames : service.subjectAltNames;
}

/** `reviews.default.svc.cluster.local` → `reviews`; names outside the mesh stay whole. */
function shortName(hostname: string): string {
  const [name = hostname, , svc] = hostname.split(".");
  return svc === "svc" ? name : hostname;
}
