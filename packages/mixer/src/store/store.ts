import type { Aggregate, ReporterPosition } from "../aggregate/aggregate.ts";
import type { Series } from "../aggregate/series-registry.ts";
import type { KnownWorkload } from "../aggregate/workload-directory.ts";
import type { Histogram } from "../histogram.ts";
import type { AccessLog, Span } from "../ingest/batch.ts";

/** What a store held when it was opened. */
export interface StoredState {
  readonly series: readonly Series[];
  readonly workloads: readonly KnownWorkload[];
  readonly positions: readonly ReporterPosition[];
}

/** A series that a query wants, and what its counts are counted under. */
export interface SelectedSeries {
  readonly id: number;
  readonly group: number;
  readonly isError: boolean;
  readonly security: "mutual_tls" | "none" | "unknown";
}

export interface PointQuery {
  readonly startMs: number;
  /** Points before this instant only. */
  readonly endMs: number;
  /** Width of the steps counted from `startMs`; one step over all where absent. */
  readonly stepMs?: number;
  readonly series: readonly SelectedSeries[];
}

export interface RequestSum {
  readonly group: number;
  /** Number of the step, from 0. */
  readonly step: number;
  readonly count: number;
  readonly errors: number;
  readonly mutualTls: number;
  /** Requests whose transport is known. */
  readonly knownSecurity: number;
  readonly requestBytes: number;
  readonly responseBytes: number;
  readonly histogram: Histogram;
}

export interface TcpSum {
  readonly group: number;
  readonly opened: number;
  readonly closed: number;
  readonly receivedBytes: number;
  readonly sentBytes: number;
}

export interface SampleQuery {
  readonly startMs: number;
  readonly endMs: number;
  readonly traceId?: string;
  readonly requestId?: string;
  readonly offset: number;
  readonly limit: number;
}

/** How long what is kept. */
export interface Retention {
  /** Points of 10 s, milliseconds; older ones become points of a minute. */
  readonly fineMs: number;
  /** Points of a minute, milliseconds. */
  readonly coarseMs: number;
  /** Samples (access logs, spans): milliseconds, and how many of each at most. */
  readonly sampleMs: number;
  readonly sampleCount: number;
}

/** The port to where telemetry is kept. */
export interface Store {
  readonly state: StoredState;
  /** Stores all of it or nothing; once it resolves the data survive the end of the process, however it ends. */
  write(aggregate: Aggregate): Promise<void>;
  /** Numbers of the series that have points in the range. */
  activeSeries(range: { readonly startMs: number; readonly endMs: number }): Promise<readonly number[]>;
  sumRequests(query: PointQuery): Promise<readonly RequestSum[]>;
  sumTcp(query: PointQuery): Promise<readonly TcpSum[]>;
  /** Newest first. */
  accessLogs(query: SampleQuery): Promise<readonly AccessLog[]>;
  /** Newest first. */
  spans(query: SampleQuery): Promise<readonly Span[]>;
  /** Merges points, rolls up and deletes what is over its time; answers the series that have no points left. */
  maintain(nowMs: number): Promise<{ readonly emptySeries: readonly number[] }>;
  close(): Promise<void>;
}
