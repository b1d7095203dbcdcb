import type { ProxyState, ProxyStat } from "@fairlead/api";
import { CLUSTER, LISTENER } from "../ads/type-urls.ts";
import { parseStats } from "../stats.ts";
import { readMemoryUse } from "./memory.ts";
import { formatProcessMetrics } from "./metrics.ts";
import type { AdminPorts } from "./ports.ts";
import { formatOf, patternOf } from "./query.ts";

/** `/stats` in Envoy's forms. */
export async function formatStats(ports: AdminPorts, query: URLSearchParams): Promise<{ readonly json: boolean; readonly text: string }> {
  const format = formatOf(query, ["text", "json", "prometheus"]);
  const isWanted = filterOf(query);
  const text = `${await ports.engine.stats()}${formatProcessMetrics(ports)}`;
  if (format === "prometheus") return { json: false, text: filterPrometheus(text, query) };
  const counted = parseStats(text);
  const stats = [...serverStats(ports), ...memoryStats(counted), ...counted.flatMap(toEnvoyStat)]
    .filter(({ name, value, isAlwaysUsed }) => isWanted(name) && (!query.has("usedonly") || isAlwaysUsed === true || value !== 0))
    .toSorted((one, other) => (one.name < other.name ? -1 : 1));
  if (format === "json") return { json: true, text: JSON.stringify({ stats: stats.map(({ name, value }) => ({ name, value })) }) };
  return { json: false, text: stats.map(({ name, value }) => `${name}: ${value}\n`).join("") };
}

/** Prometheus' text without the samples that `filter` and `usedonly` leave out, and without the heads of what is then empty. */
export function filterPrometheus(text: string, query: URLSearchParams): string {
  if (!query.has("filter") && !query.has("usedonly")) return text;
  const isWanted = filterOf(query);
  let head = "";
  let out = "";
  for (const line of text.split("\n")) {
    // A family has a HELP and a TYPE before its samples.
    if (line.startsWith("# HELP")) head = `${line}\n`;
    else if (line.startsWith("#")) head += `${line}\n`;
    else if (isWanted(line.split(/[{ ]/, 1)[0] ?? "") && line !== "" && !(query.has("usedonly") && line.endsWith(" 0"))) {
      out += `${head}${line}\n`;
      head = "";
    }
  }
  return out;
}

interface Stat {
  readonly name: string;
  readonly value: number;
  /** Says something when it is 0, too. */
  readonly isAlwaysUsed?: true;
}

/** Numbers of Envoy's `server.state`. */
const STATES: Readonly<Record<ProxyState, number>> = { ready: 0, draining: 1, stopped: 1, starting: 3 };
const MS_PER_DAY = 86_400_000;

/** What probes and dashboards made for Envoy ask for. */
function serverStats(ports: AdminPorts): readonly Stat[] {
  const state = ports.state();
  const { certificate } = ports.certificates();
  const countOf = (typeUrl: string): number => ports.xds().types.find((type) => type.typeUrl === typeUrl)?.resources ?? 0;
  return [
    { name: "server.state", value: STATES[state], isAlwaysUsed: true },
    { name: "server.live", value: Number(state === "ready"), isAlwaysUsed: true },
    { name: "server.uptime", value: Math.floor(ports.uptimeMs() / 1_000) },
    { name: "server.concurrency", value: ports.workers },
    ...(certificate === null
      ? []
      : [{ name: "server.days_until_first_cert_expiring", value: Math.floor(certificate.remainingMs / MS_PER_DAY) }]),
    { name: "listener_manager.workers_started", value: Number(state !== "starting" || ports.engine.isReady()), isAlwaysUsed: true },
    { name: "listener_manager.total_listeners_active", value: countOf(LISTENER) },
    { name: "cluster_manager.active_clusters", value: countOf(CLUSTER) },
  ];
}

function memoryStats(counted: readonly ProxyStat[]): readonly Stat[] {
  const { allocated, heapSize, physical } = readMemoryUse(counted);
  return [
    { name: "server.memory_allocated", value: allocated },
    { name: "server.memory_heap_size", value: heapSize },
    { name: "server.memory_physical_size", value: physical },
  ];
}

/** Envoy's names for what we count of clusters, without `cluster.<name>.`. */
const CLUSTER_NAMES: Readonly<Record<string, string>> = {
  requests_total: "upstream_rq_total",
  connections: "upstream_cx_active",
  connect_failures_total: "upstream_cx_connect_fail",
  retries_total: "upstream_rq_retry",
  overflows_total: "upstream_rq_pending_overflow",
  endpoints: "membership_total",
};
const CLUSTER_PREFIX = "fairlead_proxy_cluster_";

/** A sample under Envoy's name where there is one, else under its own with the labels as parts of it; buckets of histograms are left out. */
function toEnvoyStat({ name, labels, value }: ProxyStat): readonly Stat[] {
  if (name.endsWith("_bucket")) return [];
  if (name.startsWith(CLUSTER_PREFIX) && labels["cluster"] !== undefined) {
    const own = name.slice(CLUSTER_PREFIX.length);
    const inGroup = own.replace(/^(health_check|outlier_detection)_/, "$1.");
    return [{ name: `cluster.${labels["cluster"]}.${CLUSTER_NAMES[own] ?? inGroup}`, value }];
  }
  if (name === "fairlead_proxy_downstream_connections") return [{ name: "server.total_connections", value }];
  if (name === "fairlead_proxy_xds_connected") return [{ name: "control_plane.connected_state", value }];
  if (name === "fairlead_proxy_xds_updates_total") return toUpdateStat(labels, value);
  return [{ name: [name, ...Object.entries(labels).flat()].join("."), value }];
}

const SUBSCRIPTIONS: Readonly<Record<string, string>> = { [CLUSTER]: "cluster_manager.cds", [LISTENER]: "listener_manager.lds" };

function toUpdateStat({ type_url: typeUrl = "", answer = "" }: ProxyStat["labels"], value: number): readonly Stat[] {
  const subscription = SUBSCRIPTIONS[typeUrl] ?? `xds.${typeUrl.slice(typeUrl.lastIndexOf(".") + 1)}`;
  return [{ name: `${subscription}.${answer === "ack" ? "update_success" : "update_rejected"}`, value }];
}

function filterOf(query: URLSearchParams): (name: string) => boolean {
  const pattern = patternOf(query, "filter");
  if (pattern === undefined) return () => true;
  return (name) => pattern.test(name) !== query.has("invert_filter");
}
