import { create, fromBinary, type MessageInitShape } from "@bufbuild/protobuf";
import {
  ClustersSchema,
  type ClusterStatusSchema,
  HostHealthStatusSchema,
  type HostHealthStatus,
  type HostStatusSchema,
} from "@fairlead/api/gen/envoy/admin/v3/clusters_pb";
import { SimpleMetric_Type } from "@fairlead/api/gen/envoy/admin/v3/metrics_pb";
import type { Cluster } from "@fairlead/api/gen/envoy/config/cluster/v3/cluster_pb";
import { RoutingPriority } from "@fairlead/api/gen/envoy/config/core/v3/base_pb";
import { HealthStatus } from "@fairlead/api/gen/envoy/config/core/v3/health_check_pb";
import { type ClusterLoadAssignment, ClusterLoadAssignmentSchema } from "@fairlead/api/gen/envoy/config/endpoint/v3/endpoint_pb";
import type { LbEndpoint, LocalityLbEndpoints } from "@fairlead/api/gen/envoy/config/endpoint/v3/endpoint_components_pb";
import { CLUSTER, ENDPOINT } from "../../ads/type-urls.ts";
import type { AdminPorts } from "../ports.ts";
import { formatOf, patternOf } from "../query.ts";
import { toAddress, toLabel, toText } from "./address.ts";
import { readCluster } from "./dumps.ts";
import { type EngineEndpoint, readEngineDump } from "./engine-dump.ts";
import { formatMessage } from "./json.ts";

/** `/clusters` as Envoy prints it, or as `envoy.admin.v3.Clusters` with `?format=json`. What the engine does not count is not there. */
export async function formatClusters(
  ports: AdminPorts,
  query: URLSearchParams,
): Promise<{ readonly json: boolean; readonly text: string }> {
  const format = formatOf(query, ["text", "json"]);
  const pattern = patternOf(query, "filter");
  const shown = (await readClusters(ports)).filter(({ name }) => pattern === undefined || pattern.test(name));
  if (format === "text") return { json: false, text: shown.map(formatText).join("") };
  return { json: true, text: formatMessage(ClustersSchema, create(ClustersSchema, { clusterStatuses: shown.map(toStatus) })) };
}

interface ShownCluster {
  readonly name: string;
  /** As the xDS server sent it; undefined where the engine has it from elsewhere. */
  readonly cluster: Cluster | undefined;
  readonly endpoints: readonly ShownEndpoint[];
}

interface ShownEndpoint {
  readonly state: EngineEndpoint;
  readonly group: LocalityLbEndpoints | undefined;
  readonly endpoint: LbEndpoint | undefined;
}

async function readClusters(ports: AdminPorts): Promise<readonly ShownCluster[]> {
  const dump = await readEngineDump(ports.engine);
  const sent = new Map(ports.xdsResources(CLUSTER).accepted.map((resource) => [resource.name, readCluster(resource)]));
  const assignments = new Map(
    ports.xdsResources(ENDPOINT).accepted.map(({ name, bytes }) => [name, fromBinary(ClusterLoadAssignmentSchema, bytes)]),
  );
  const states = new Map(dump.endpoints.map(({ clusterName, endpoints }) => [clusterName, endpoints]));
  return dump.clusters.map(({ name }) => {
    const cluster = sent.get(name);
    const places = placesOf(cluster?.loadAssignment ?? assignments.get(cluster?.edsClusterConfig?.serviceName || name));
    const endpoints = (states.get(name) ?? []).map((state) => ({
      state,
      group: undefined,
      endpoint: undefined,
      ...places.get(state.address),
    }));
    return { name, cluster, endpoints };
  });
}

/** Endpoints of an assignment by address. */
function placesOf(assignment: ClusterLoadAssignment | undefined): ReadonlyMap<string, Pick<ShownEndpoint, "group" | "endpoint">> {
  const places = new Map<string, Pick<ShownEndpoint, "group" | "endpoint">>();
  for (const group of assignment?.endpoints ?? []) {
    for (const endpoint of group.lbEndpoints) {
      const { address } = (endpoint.hostIdentifier.case === "endpoint" && endpoint.hostIdentifier.value) || {};
      const text = address && toText(address);
      if (text !== undefined) places.set(text, { group, endpoint });
    }
  }
  return places;
}

/** Envoy's, where a cluster says nothing. */
const DEFAULT_LIMIT = 1_024;
const DEFAULT_RETRIES = 3;

function limitsOf(cluster: Cluster | undefined, priority: RoutingPriority) {
  const thresholds = cluster?.circuitBreakers?.thresholds.find((candidate) => candidate.priority === priority);
  return {
    maxConnections: thresholds?.maxConnections ?? DEFAULT_LIMIT,
    maxPendingRequests: thresholds?.maxPendingRequests ?? DEFAULT_LIMIT,
    maxRequests: thresholds?.maxRequests ?? DEFAULT_LIMIT,
    maxRetries: thresholds?.maxRetries ?? DEFAULT_RETRIES,
  };
}

/** Gauges and counters of an endpoint that the engine keeps, named as Envoy names them. */
function metricsOf({ connections, connectFailuresTotal, activeRequests, errorsTotal, requestsTotal }: EngineEndpoint) {
  const { COUNTER, GAUGE } = SimpleMetric_Type;
  return [
    { type: COUNTER, name: "cx_connect_fail", value: connectFailuresTotal },
    { type: COUNTER, name: "rq_error", value: errorsTotal },
    { type: COUNTER, name: "rq_success", value: Math.max(0, requestsTotal - errorsTotal - activeRequests) },
    { type: COUNTER, name: "rq_total", value: requestsTotal },
    { type: GAUGE, name: "cx_active", value: connections },
    { type: GAUGE, name: "rq_active", value: activeRequests },
  ];
}

/** What the xDS server says of an endpoint, by the engine's word for it. */
const EDS_HEALTH: Readonly<Record<string, HealthStatus>> = {
  unhealthy: HealthStatus.UNHEALTHY,
  draining: HealthStatus.DRAINING,
  timeout: HealthStatus.TIMEOUT,
  degraded: HealthStatus.DEGRADED,
};

function healthOf(state: EngineEndpoint): HostHealthStatus {
  return create(HostHealthStatusSchema, {
    failedActiveHealthCheck: state.failedActiveHealthCheck,
    failedOutlierCheck: state.ejected,
    pendingActiveHc: state.pendingActiveHealthCheck,
    edsHealthStatus: EDS_HEALTH[state.health] ?? HealthStatus.HEALTHY,
  });
}

function toStatus({ name, cluster, endpoints }: ShownCluster): MessageInitShape<typeof ClusterStatusSchema> {
  const thresholds = PRIORITIES.map(({ priority }) => ({ priority, ...limitsOf(cluster, priority) }));
  return {
    name,
    addedViaApi: cluster !== undefined,
    observabilityName: cluster?.altStatName || name,
    edsServiceName: cluster?.edsClusterConfig?.serviceName ?? "",
    circuitBreakers: { thresholds },
    hostStatuses: endpoints.map(toHost),
  };
}

function toHost({ state, group, endpoint }: ShownEndpoint): MessageInitShape<typeof HostStatusSchema> {
  return {
    address: toAddress(state.address),
    stats: metricsOf(state).map((metric) => ({ ...metric, value: BigInt(metric.value) })),
    healthStatus: healthOf(state),
    weight: state.weight,
    hostname: hostnameOf(endpoint),
    priority: group?.priority ?? 0,
    ...(group?.locality === undefined ? {} : { locality: group.locality }),
  };
}

function hostnameOf(endpoint: LbEndpoint | undefined): string {
  return endpoint?.hostIdentifier.case === "endpoint" ? endpoint.hostIdentifier.value.hostname : "";
}

const PRIORITIES = [
  { label: "default_priority", priority: RoutingPriority.DEFAULT },
  { label: "high_priority", priority: RoutingPriority.HIGH },
] as const;

function formatText({ name, cluster, endpoints }: ShownCluster): string {
  const limits = PRIORITIES.flatMap(({ label, priority }) => {
    const { maxConnections, maxPendingRequests, maxRequests, maxRetries } = limitsOf(cluster, priority);
    const counts = {
      max_connections: maxConnections,
      max_pending_requests: maxPendingRequests,
      max_requests: maxRequests,
      max_retries: maxRetries,
    };
    return Object.entries(counts).map(([limit, count]) => `${label}::${limit}::${count}`);
  });
  const assignment = cluster?.edsClusterConfig?.serviceName;
  const lines = [
    `observability_name::${cluster?.altStatName || name}`,
    ...limits,
    `added_via_api::${cluster !== undefined}`,
    ...(assignment ? [`eds_service_name::${assignment}`] : []),
    ...endpoints.flatMap(linesOf),
  ];
  return lines.map((line) => `${name}::${line}\n`).join("");
}

function linesOf({ state, group, endpoint }: ShownEndpoint): readonly string[] {
  const facts = {
    ...Object.fromEntries(
      metricsOf(state)
        .toSorted(byName)
        .map((metric) => [metric.name, metric.value]),
    ),
    hostname: hostnameOf(endpoint),
    health_flags: flagsOf(healthOf(state)),
    weight: state.weight,
    region: group?.locality?.region ?? "",
    zone: group?.locality?.zone ?? "",
    sub_zone: group?.locality?.subZone ?? "",
    canary: isCanary(endpoint),
    priority: group?.priority ?? 0,
  };
  return Object.entries(facts).map(([fact, value]) => `${toLabel(state.address)}::${fact}::${value}`);
}

function byName(one: { readonly name: string }, other: { readonly name: string }): number {
  return one.name < other.name ? -1 : 1;
}

/** Envoy's mark of an endpoint that is being tried: metadata `envoy.lb`, `canary`. */
function isCanary(endpoint: LbEndpoint | undefined): boolean {
  return endpoint?.metadata?.filterMetadata["envoy.lb"]?.["canary"] === true;
}

/** Words of Envoy's for the eds status of an endpoint that is not well. */
const EDS_FLAGS: ReadonlyMap<HealthStatus, string> = new Map([
  [HealthStatus.UNHEALTHY, "/failed_eds_health"],
  [HealthStatus.TIMEOUT, "/failed_eds_health"],
  [HealthStatus.DRAINING, "/eds_status_draining"],
  [HealthStatus.DEGRADED, "/degraded_eds_health"],
]);

function flagsOf(health: HostHealthStatus): string {
  const flags = [
    health.failedActiveHealthCheck ? "/failed_active_hc" : "",
    health.failedOutlierCheck ? "/failed_outlier_check" : "",
    EDS_FLAGS.get(health.edsHealthStatus) ?? "",
    health.pendingActiveHc ? "/pending_active_hc" : "",
  ].join("");
  return flags === "" ? "healthy" : flags;
}
