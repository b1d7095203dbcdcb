import type { ProxyStat } from "@fairlead/api";
import { CLUSTER, LISTENER } from "../ads/type-urls.ts";
import { formatMetric } from "../stats.ts";

/** A number under the name that Envoy has for it. */
export interface EnvoyStat {
  readonly name: string;
  readonly value: number;
  /** Says something when it is 0, too. */
  readonly isAlwaysUsed?: true;
  /** How Envoy tells it to Prometheus; only where dashboards ask for it. */
  readonly metric?: { readonly name: string; readonly labels: Readonly<Record<string, string>>; readonly type: "counter" | "gauge" };
}

/** Samples of the engine under Envoy's names where there are such, else under their own with the labels as parts of it; buckets of histograms are left out. */
export function toEnvoyStats(samples: readonly ProxyStat[]): readonly EnvoyStat[] {
  const stats = new Map<string, EnvoyStat>();
  for (const stat of samples.flatMap(toStats)) {
    const known = stats.get(stat.name);
    // What Envoy counts by class is counted by status here.
    stats.set(stat.name, known === undefined ? stat : { ...known, value: known.value + stat.value });
  }
  return [...stats.values()];
}

/** Envoy's families of clusters, connection managers and listeners in Prometheus' text format: those that are not zero. */
export function formatEnvoyMetrics(stats: readonly EnvoyStat[]): string {
  const families = Map.groupBy(
    stats.filter(({ metric, value }) => metric !== undefined && value !== 0),
    ({ metric }) => metric?.name ?? "",
  );
  return [...families]
    .map(([name, members]) =>
      formatMetric({
        name,
        help: "As in Envoy.",
        type: members[0]?.metric?.type ?? "counter",
        samples: members.map(({ metric, value }) => ({ labels: metric?.labels ?? {}, value })),
      }),
    )
    .join("");
}

/** Envoy's names for what we count of clusters, without `cluster.<name>.`. */
const CLUSTER_NAMES: Readonly<Record<string, string>> = {
  requests_total: "upstream_rq_total",
  requests_active: "upstream_rq_active",
  requests_pending: "upstream_rq_pending_active",
  connections_total: "upstream_cx_total",
  connections: "upstream_cx_active",
  connect_failures_total: "upstream_cx_connect_fail",
  retries_total: "upstream_rq_retry",
  retries_exhausted_total: "upstream_rq_retry_limit_exceeded",
  retry_overflows_total: "upstream_rq_retry_overflow",
  overflows_total: "upstream_rq_pending_overflow",
  timeouts_total: "upstream_rq_timeout",
  resets_total: "upstream_rq_rx_reset",
  no_endpoint_total: "upstream_cx_none_healthy",
  endpoints: "membership_total",
  endpoints_healthy: "membership_healthy",
  endpoints_degraded: "membership_degraded",
};
const GAUGES = new Set([
  "upstream_rq_active",
  "upstream_rq_pending_active",
  "upstream_cx_active",
  "membership_total",
  "membership_healthy",
  "membership_degraded",
  "downstream_cx_active",
]);
const PREFIX = "fairlead_proxy_";

function toStats(sample: ProxyStat): readonly EnvoyStat[] {
  const { name, labels, value } = sample;
  if (name.endsWith("_bucket")) return [];
  if (name.startsWith(`${PREFIX}cluster_`)) return toClusterStats(sample, name.slice(PREFIX.length + "cluster_".length));
  if (name.startsWith(`${PREFIX}http_`)) return toManagerStats(sample, name.slice(PREFIX.length + "http_".length));
  if (name.startsWith(`${PREFIX}listener_`)) return toListenerStats(sample, name.slice(PREFIX.length + "listener_".length));
  if (name === `${PREFIX}virtual_cluster_responses_total`) return toVirtualStats(sample);
  if (name === `${PREFIX}downstream_connections`) return [{ name: "server.total_connections", value }];
  if (name === `${PREFIX}xds_connected`) return [{ name: "control_plane.connected_state", value }];
  if (name === `${PREFIX}xds_updates_total`) return toUpdateStat(labels, value);
  return [byItsOwnName(sample)];
}

function byItsOwnName({ name, labels, value }: ProxyStat): EnvoyStat {
  return { name: [name, ...Object.entries(labels).flat()].join("."), value };
}

function toClusterStats(sample: ProxyStat, own: string): readonly EnvoyStat[] {
  const { labels, value } = sample;
  const cluster = labels["cluster"];
  if (cluster === undefined) return [byItsOwnName(sample)];
  const of = { group: "cluster", instance: cluster, label: "envoy_cluster_name" } as const;
  if (own === "responses_total") return toResponses(of, "upstream_rq", labels["response_code"] ?? "0", value);
  const name = CLUSTER_NAMES[own];
  if (name !== undefined) return [stat(of, name, value)];
  // Envoy has these in groups of their own.
  const inGroup = own.replace(/^(health_check|outlier_detection)_/, "$1.");
  return [{ name: `cluster.${cluster}.${inGroup}`, value }];
}

function toManagerStats(sample: ProxyStat, own: string): readonly EnvoyStat[] {
  const { labels, value } = sample;
  const prefix = labels["stat_prefix"];
  if (prefix === undefined) return [byItsOwnName(sample)];
  const of = { group: "http", instance: prefix, label: "envoy_http_conn_manager_prefix" } as const;
  if (own === "connections_total") return [stat(of, "downstream_cx_total", value)];
  if (own === "connections") return [stat(of, "downstream_cx_active", value)];
  if (own !== "responses_total") return [byItsOwnName(sample)];
  // Envoy has no counter of a manager's single statuses.
  const classes = toResponses(of, "downstream_rq", labels["response_code"] ?? "0", value).filter(({ name }) => !/_\d{3}$/.test(name));
  return [...classes, stat(of, "downstream_rq_total", value)];
}

function toVirtualStats({ labels, value }: ProxyStat): readonly EnvoyStat[] {
  const { virtual_host: host = "", virtual_cluster: cluster = "", response_code: code = "0" } = labels;
  const of = { group: "vhost", instance: `${host}.vcluster.${cluster}`, label: "envoy_virtual_cluster" } as const;
  return toResponses(of, "upstream_rq", code, value).map(({ metric, ...each }) => {
    if (metric === undefined) return each;
    return { ...each, metric: { ...metric, labels: { ...metric.labels, envoy_virtual_cluster: cluster, envoy_virtual_host: host } } };
  });
}

const LISTENER_NAMES: Readonly<Record<string, string>> = {
  connections_total: "downstream_cx_total",
  connections: "downstream_cx_active",
  no_filter_chain_total: "no_filter_chain_match",
};

function toListenerStats(sample: ProxyStat, own: string): readonly EnvoyStat[] {
  const address = sample.labels["address"]?.replaceAll(":", "_");
  const name = LISTENER_NAMES[own];
  if (address === undefined || name === undefined) return [byItsOwnName(sample)];
  return [stat({ group: "listener", instance: address, label: "envoy_listener_address" }, name, sample.value)];
}

interface Instance {
  readonly group: "cluster" | "http" | "listener" | "vhost";
  readonly instance: string;
  readonly label: string;
}

function stat({ group, instance, label }: Instance, name: string, value: number): EnvoyStat {
  const type = GAUGES.has(name) ? "gauge" : "counter";
  return {
    name: `${group}.${instance}.${name}`,
    value,
    metric: { name: `${familyOf(group)}_${name}`, labels: { [label]: instance }, type },
  };
}

function familyOf(group: Instance["group"]): string {
  return group === "vhost" ? "envoy_vhost_vcluster" : `envoy_${group}`;
}

/** By status, by class and all together; a request that nobody got an answer to is none of these. */
function toResponses(of: Instance, prefix: string, code: string, value: number): readonly EnvoyStat[] {
  if (!/^[1-5]\d\d$/.test(code)) return [];
  const { group, instance, label } = of;
  const start = `${group}.${instance}.${prefix}`;
  const digit = code.slice(0, 1);
  const family = `${familyOf(group)}_${prefix}`;
  return [
    {
      name: `${start}_${code}`,
      value,
      metric: { name: family, labels: { envoy_response_code: code, [label]: instance }, type: "counter" },
    },
    {
      name: `${start}_${digit}xx`,
      value,
      metric: { name: `${family}_xx`, labels: { envoy_response_code_class: digit, [label]: instance }, type: "counter" },
    },
    stat(of, `${prefix}_completed`, value),
  ];
}

const SUBSCRIPTIONS: Readonly<Record<string, string>> = { [CLUSTER]: "cluster_manager.cds", [LISTENER]: "listener_manager.lds" };

function toUpdateStat({ type_url: typeUrl = "", answer = "" }: ProxyStat["labels"], value: number): readonly EnvoyStat[] {
  const subscription = SUBSCRIPTIONS[typeUrl] ?? `xds.${typeUrl.slice(typeUrl.lastIndexOf(".") + 1)}`;
  return [{ name: `${subscription}.${answer === "ack" ? "update_success" : "update_rejected"}`, value }];
}
