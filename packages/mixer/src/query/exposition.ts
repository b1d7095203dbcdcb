import type { Aggregate, RequestPoint, TcpPoint } from "../aggregate/aggregate.ts";
import { OTHER } from "../aggregate/series-registry.ts";
import type { WorkloadDirectory } from "../aggregate/workload-directory.ts";
import { addToHistogram, countAtMost } from "../histogram.ts";
import type { SeriesLabels } from "../labels.ts";
import { type LabelValues, outcomeOf, toLabelValues, UNKNOWN } from "./filter.ts";

/** The mesh's series for Prometheus, under Istio's names and labels, counted since this process started. */
export interface Exposition {
  readonly size: number;
  add(aggregate: Pick<Aggregate, "requests" | "tcp">, nowMs: number): void;
  /** Text of the exposition format 0.0.4; drops what has expired. */
  render(nowMs: number): string;
}

export const EXPOSITION_CONTENT_TYPE = "text/plain; version=0.0.4; charset=utf-8";

export interface ExpositionOptions {
  readonly directory: WorkloadDirectory;
  /** Label sets beyond it are counted under one whose names are `other`. */
  readonly limit: number;
  /** A label set without requests for so long is dropped. */
  readonly expiryMs: number;
}

/** Upper bounds of istio_request_duration_milliseconds, as Envoy's Istio statistics have them. */
const BOUNDS_MS = [
  0.5, 1, 5, 10, 25, 50, 100, 250, 500, 1000, 2500, 5000, 10_000, 30_000, 60_000, 300_000, 600_000, 1_800_000, 3_600_000,
] as const;

interface RequestCounters {
  readonly labels: string;
  lastMs: number;
  count: number;
  durationUs: number;
  requestBytes: number;
  responseBytes: number;
  readonly histogram: Map<number, number>;
}

interface TcpCounters {
  readonly labels: string;
  lastMs: number;
  opened: number;
  closed: number;
  receivedBytes: number;
  sentBytes: number;
}

export function createExposition(options: ExpositionOptions): Exposition {
  const requests = new Map<string, RequestCounters>();
  const tcp = new Map<string, TcpCounters>();
  const labelsOf = <Counters>(counters: ReadonlyMap<string, Counters>, labels: SeriesLabels): string => {
    const text = toLabelText(toLabelValues(labels, outcomeOf(labels), options.directory), labels.kind);
    return counters.has(text) || counters.size < options.limit ? text : overflowText(labels);
  };
  const addRequests = (point: RequestPoint, nowMs: number): void => {
    const labels = labelsOf(requests, point.series.labels);
    let counters = requests.get(labels);
    if (counters === undefined) {
      counters = { labels, lastMs: nowMs, count: 0, durationUs: 0, requestBytes: 0, responseBytes: 0, histogram: new Map() };
      requests.set(labels, counters);
    }
    counters.lastMs = nowMs;
    counters.count += point.count;
    counters.durationUs += point.durationUs;
    counters.requestBytes += point.requestBytes;
    counters.responseBytes += point.responseBytes;
    addToHistogram(counters.histogram, point.histogram);
  };
  const addTcp = (point: TcpPoint, nowMs: number): void => {
    const labels = labelsOf(tcp, point.series.labels);
    let counters = tcp.get(labels);
    if (counters === undefined) {
      counters = { labels, lastMs: nowMs, opened: 0, closed: 0, receivedBytes: 0, sentBytes: 0 };
      tcp.set(labels, counters);
    }
    counters.lastMs = nowMs;
    counters.opened += point.opened;
    counters.closed += point.closed;
    counters.receivedBytes += point.receivedBytes;
    counters.sentBytes += point.sentBytes;
  };
  return {
    get size() {
      return requests.size + tcp.size;
    },
    add(aggregate, nowMs) {
      for (const point of aggregate.requests) addRequests(point, nowMs);
      for (const point of aggregate.tcp) addTcp(point, nowMs);
    },
    render(nowMs) {
      for (const counters of [requests, tcp])
        for (const [key, { lastMs }] of counters) if (lastMs < nowMs - options.expiryMs) counters.delete(key);
      return `${[...renderRequests([...requests.values()]), ...renderTcp([...tcp.values()])].join("\n")}\n`;
    },
  };
}

function renderRequests(all: readonly RequestCounters[]): string[] {
  return [
    ...family("istio_requests_total", "counter", "Requests.", all, (each, name) => [`${name}{${each.labels}} ${each.count}`]),
    ...family("istio_request_duration_milliseconds", "histogram", "Duration of requests.", all, (each, name) => {
      const total = [...each.histogram.values()].reduce((sum, count) => sum + count, 0);
      const bucket = (bound: string, count: number): string => `${name}_bucket{${each.labels},le="${bound}"} ${count}`;
      return [
        ...BOUNDS_MS.map((bound) => bucket(String(bound), countAtMost(each.histogram, bound * 1000))),
        bucket("+Inf", total),
        `${name}_sum{${each.labels}} ${each.durationUs / 1000}`,
        `${name}_count{${each.labels}} ${total}`,
      ];
    }),
    ...family("istio_request_bytes", "summary", "Bytes of request bodies.", all, (each, name) =>
      sumAndCount(name, each.labels, each.requestBytes, each.count),
    ),
    ...family("istio_response_bytes", "summary", "Bytes of response bodies.", all, (each, name) =>
      sumAndCount(name, each.labels, each.responseBytes, each.count),
    ),
  ];
}

function renderTcp(all: readonly TcpCounters[]): string[] {
  const counter = (name: string, help: string, value: (counters: TcpCounters) => number): string[] =>
    family(name, "counter", help, all, (each) => [`${name}{${each.labels}} ${value(each)}`]);
  return [
    ...counter("istio_tcp_connections_opened_total", "TCP connections opened.", (each) => each.opened),
    ...counter("istio_tcp_connections_closed_total", "TCP connections closed.", (each) => each.closed),
    ...counter("istio_tcp_received_bytes_total", "Bytes received from TCP clients.", (each) => each.receivedBytes),
    ...counter("istio_tcp_sent_bytes_total", "Bytes sent to TCP clients.", (each) => each.sentBytes),
  ];
}

function family<Counters>(
  name: string,
  type: string,
  help: string,
  all: readonly Counters[],
  render: (counters: Counters, name: string) => readonly string[],
): string[] {
  return all.length === 0 ? [] : [`# HELP ${name} ${help}`, `# TYPE ${name} ${type}`, ...all.flatMap((each) => render(each, name))];
}

function sumAndCount(name: string, labels: string, sum: number, count: number): readonly string[] {
  return [`${name}_sum{${labels}} ${sum}`, `${name}_count{${labels}} ${count}`];
}

/** Istio's label set; routes and methods stay out of it, as in Istio. */
function toLabelText(values: LabelValues, kind: SeriesLabels["kind"]): string {
  const [serviceName = UNKNOWN, serviceNamespace = UNKNOWN] = values.destinationHost.split(".");
  return formatLabels({
    reporter: values.reporter,
    source_workload: values.sourceWorkload,
    source_workload_namespace: values.sourceNamespace,
    source_principal: values.sourcePrincipal,
    source_app: values.sourceService,
    source_version: values.sourceVersion,
    source_canonical_service: values.sourceService,
    source_canonical_revision: values.sourceVersion,
    destination_workload: values.destinationWorkload,
    destination_workload_namespace: values.destinationNamespace,
    destination_principal: values.destinationPrincipal,
    destination_app: values.destinationService,
    destination_version: values.destinationVersion,
    destination_canonical_service: values.destinationService,
    destination_canonical_revision: values.destinationVersion,
    destination_service: values.destinationHost,
    destination_service_name: serviceName,
    destination_service_namespace: serviceNamespace,
    request_protocol: values.protocol,
    response_flags: values.flags,
    connection_security_policy: values.security,
    ...(kind === "request" ? { response_code: values.code, grpc_response_status: values.grpcStatus } : {}),
  });
}

function overflowText(labels: SeriesLabels): string {
  return formatLabels({
    reporter: labels.reporter,
    source_workload: OTHER,
    destination_workload: OTHER,
    connection_security_policy: labels.security,
    ...(labels.kind === "request" ? { response_code: String(labels.code) } : {}),
  });
}

function formatLabels(labels: Readonly<Record<string, string>>): string {
  return Object.entries(labels)
    .map(([name, value]) => `${name}="${value.replaceAll("\\", "\\\\").replaceAll('"', '\\"').replaceAll("\n", "\\n")}"`)
    .join(",");
}
