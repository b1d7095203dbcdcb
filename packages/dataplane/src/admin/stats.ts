import type { ProxyState } from "@fairlead/api";
import { CLUSTER, LISTENER } from "../ads/type-urls.ts";
import { parseStats } from "../stats.ts";
import { readMemoryUse } from "./memory.ts";
import type { CounterBaseline } from "./counter-baseline.ts";
import { type EnvoyStat, formatEnvoyMetrics, toEnvoyStats } from "./envoy-stats.ts";
import { formatProcessMetrics } from "./metrics.ts";
import type { AdminPorts } from "./ports.ts";
import { formatOf, patternOf } from "./query.ts";

/** `/stats` in Envoy's forms; counters since they were reset. */
export async function formatStats(
  ports: AdminPorts,
  counters: CounterBaseline,
  query: URLSearchParams,
): Promise<{ readonly json: boolean; readonly text: string }> {
  const format = formatOf(query, ["text", "json", "prometheus"]);
  const isWanted = filterOf(query);
  if (format === "prometheus") return { json: false, text: filterPrometheus(await readPrometheus(ports, counters), query) };
  const text = counters.since(await readStats(ports));
  const counted = parseStats(text);
  const stats = [...serverStats(ports), ...memoryStats(counted), ...toEnvoyStats(counted)]
    .filter(({ name, value, isAlwaysUsed }) => isWanted(name) && (!query.has("usedonly") || isAlwaysUsed === true || value !== 0))
    .toSorted((one, other) => (one.name < other.name ? -1 : 1));
  if (format === "json") return { json: true, text: JSON.stringify({ stats: stats.map(({ name, value }) => ({ name, value })) }) };
  return { json: false, text: stats.map(({ name, value }) => `${name}: ${value}\n`).join("") };
}

/** What the engine and the process have counted, in Prometheus' text format. */
export async function readStats(ports: AdminPorts): Promise<string> {
  return `${await ports.engine.stats()}${formatProcessMetrics(ports)}`;
}

/** The same since counters were reset, and behind it Envoy's families. */
export async function readPrometheus(ports: AdminPorts, counters: CounterBaseline): Promise<string> {
  const text = counters.since(await readStats(ports));
  return `${text}${formatEnvoyMetrics(toEnvoyStats(parseStats(text)))}`;
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

/** Numbers of Envoy's `server.state`. */
const STATES: Readonly<Record<ProxyState, number>> = { ready: 0, draining: 1, stopped: 1, starting: 3 };
const MS_PER_DAY = 86_400_000;

/** What probes and dashboards made for Envoy ask for. */
function serverStats(ports: AdminPorts): readonly EnvoyStat[] {
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

function memoryStats(counted: ReturnType<typeof parseStats>): readonly EnvoyStat[] {
  const { allocated, heapSize, physical } = readMemoryUse(counted);
  return [
    { name: "server.memory_allocated", value: allocated },
    { name: "server.memory_heap_size", value: heapSize },
    { name: "server.memory_physical_size", value: physical },
  ];
}

function filterOf(query: URLSearchParams): (name: string) => boolean {
  const pattern = patternOf(query, "filter");
  if (pattern === undefined) return () => true;
  return (name) => pattern.test(name) !== query.has("invert_filter");
}
