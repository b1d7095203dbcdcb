import { addToHistogram, type Histogram } from "../histogram.ts";
import type { AccessLog, Batch, RequestCounts, Span, TcpCounts, Workload } from "../ingest/batch.ts";
import type { Series, SeriesRegistry } from "./series-registry.ts";

/** Resolution of what is stored first, milliseconds. */
export const BUCKET_MS = 10_000;

export interface RequestPoint {
  readonly timeMs: number;
  readonly series: Series;
  readonly count: number;
  readonly requestBytes: number;
  readonly responseBytes: number;
  readonly durationUs: number;
  readonly histogram: Histogram;
}

export interface TcpPoint {
  readonly timeMs: number;
  readonly series: Series;
  readonly opened: number;
  readonly closed: number;
  readonly receivedBytes: number;
  readonly sentBytes: number;
}

/** Where a reporter's sequence stands. */
export interface ReporterPosition {
  readonly principal: string;
  readonly reporterId: string;
  readonly sequence: bigint;
}

export interface SeenWorkload {
  readonly workload: Workload;
  readonly seenMs: number;
}

/** What several batches come to: to be stored in one transaction. */
export interface Aggregate {
  readonly newSeries: readonly Series[];
  readonly requests: readonly RequestPoint[];
  readonly tcp: readonly TcpPoint[];
  readonly accessLogs: readonly AccessLog[];
  readonly spans: readonly Span[];
  readonly workloads: readonly SeenWorkload[];
  readonly positions: readonly ReporterPosition[];
}

/** Merges batches into points of one bucket each; a batch belongs to the bucket in which it ends. */
export function aggregateBatches(batches: readonly Batch[], registry: SeriesRegistry, nowMs: number): Aggregate {
  const requests = new Map<string, MutableRequestPoint>();
  const tcp = new Map<string, MutableTcpPoint>();
  const workloads = new Map<string, SeenWorkload>();
  const positions = new Map<string, ReporterPosition>();
  for (const batch of batches) {
    // The last instant that the batch covers: its end does not belong to it.
    const timeMs = bucketTime(batch.endMs - 1);
    for (const counts of batch.requests) addRequests(requests, timeMs, registry.assign(counts.labels), counts);
    for (const counts of batch.tcp) addTcp(tcp, timeMs, registry.assign(counts.labels), counts);
    workloads.set(workloadKey(batch.workload), { workload: batch.workload, seenMs: nowMs });
    positions.set(positionKey(batch.workload.principal, batch.reporterId), {
      principal: batch.workload.principal,
      reporterId: batch.reporterId,
      sequence: batch.sequence,
    });
  }
  return {
    newSeries: registry.unstored(),
    requests: [...requests.values()],
    tcp: [...tcp.values()],
    accessLogs: batches.flatMap((batch) => batch.accessLogs),
    spans: batches.flatMap((batch) => batch.spans),
    workloads: [...workloads.values()],
    positions: [...positions.values()],
  };
}

/** Start of the bucket that holds an instant. */
export function bucketTime(timeMs: number, stepMs: number = BUCKET_MS): number {
  return Math.floor(timeMs / stepMs) * stepMs;
}

/** A reporter is known by its identity too, so that no workload can claim another's sequence. */
export function positionKey(principal: string, reporterId: string): string {
  return `${principal} ${reporterId}`;
}

export function workloadKey(workload: Pick<Workload, "namespace" | "name" | "principal" | "version">): string {
  return JSON.stringify([workload.namespace, workload.name, workload.principal, workload.version]);
}

interface MutableRequestPoint extends RequestPoint {
  count: number;
  requestBytes: number;
  responseBytes: number;
  durationUs: number;
  readonly histogram: Map<number, number>;
}

interface MutableTcpPoint extends TcpPoint {
  opened: number;
  closed: number;
  receivedBytes: number;
  sentBytes: number;
}

function addRequests(points: Map<string, MutableRequestPoint>, timeMs: number, series: Series, counts: RequestCounts): void {
  const key = `${timeMs} ${series.id}`;
  let point = points.get(key);
  if (point === undefined) {
    point = { timeMs, series, count: 0, requestBytes: 0, responseBytes: 0, durationUs: 0, histogram: new Map() };
    points.set(key, point);
  }
  point.count += counts.count;
  point.requestBytes += counts.requestBytes;
  point.responseBytes += counts.responseBytes;
  point.durationUs += counts.durationUs;
  addToHistogram(point.histogram, counts.histogram);
}

function addTcp(points: Map<string, MutableTcpPoint>, timeMs: number, series: Series, counts: TcpCounts): void {
  const key = `${timeMs} ${series.id}`;
  let point = points.get(key);
  if (point === undefined) {
    point = { timeMs, series, opened: 0, closed: 0, receivedBytes: 0, sentBytes: 0 };
    points.set(key, point);
  }
  point.opened += counts.opened;
  point.closed += counts.closed;
  point.receivedBytes += counts.receivedBytes;
  point.sentBytes += counts.sentBytes;
}
