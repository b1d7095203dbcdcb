import { fromBinary } from "@bufbuild/protobuf";
import {
  type AccessLogEntry,
  type ReportBatch,
  ReportBatchSchema,
  type RequestMetrics,
} from "@fairlead/api/gen/fairlead/telemetry/v1/report_pb";

/** What a proxy served in an interval. */
export interface ProxyReport {
  /** Milliseconds since 1970. */
  readonly startMs: number;
  readonly endMs: number;
  /** Requests that ended, added up by what they have in common. */
  readonly requests: readonly ProxyRequestTotals[];
  /** Samples of single requests; bounded. */
  readonly samples: readonly ProxyRequestSample[];
  /** Samples that did not fit. */
  readonly droppedSamples: number;
}

/** Requests that ended in an interval with the same route, method, status and flags. */
export interface ProxyRequestTotals {
  /** Name of the route; empty where none served. */
  readonly route: string;
  readonly method: string;
  /** What the client got; 0 where it got nothing. */
  readonly status: number;
  /** Envoy's response flags, comma separated (`UH`, `URX,UF`); empty where there are none. */
  readonly flags: string;
  readonly count: number;
  readonly requestBytes: number;
  readonly responseBytes: number;
  /** Sum of the times from the first byte of a request to the last of its response. */
  readonly durationMs: number;
}

/** One request. */
export interface ProxyRequestSample {
  /** Milliseconds since 1970. */
  readonly startMs: number;
  readonly durationMs: number;
  readonly method: string;
  readonly authority: string;
  readonly path: string;
  readonly status: number;
  readonly flags: string;
  /** Envoy's response code details: `via_upstream`, `route_not_found` … */
  readonly details: string;
  readonly route: string;
  readonly cluster: string;
  /** Address of the endpoint that answered; empty where none did. */
  readonly endpoint: string;
  /** Address of the client. */
  readonly client: string;
  readonly attempts: number;
}

/** Reads a batch of the engine. */
export function toProxyReport(bytes: Uint8Array): ProxyReport {
  const batch = fromBinary(ReportBatchSchema, bytes);
  return {
    startMs: Number(batch.startTimeUnixMs),
    endMs: Number(batch.endTimeUnixMs),
    requests: batch.requests.map((metrics) => toTotals(metrics, batch)),
    samples: batch.accessLogs.map((entry) => toSample(entry, batch)),
    droppedSamples: Number(batch.droppedAccessLogs),
  };
}

function toTotals(metrics: RequestMetrics, batch: ReportBatch): ProxyRequestTotals {
  return {
    route: text(batch, metrics.routeRef),
    method: text(batch, metrics.methodRef),
    status: metrics.responseCode,
    flags: text(batch, metrics.responseFlagsRef),
    count: Number(metrics.count),
    requestBytes: Number(metrics.requestBytes),
    responseBytes: Number(metrics.responseBytes),
    durationMs: Number(metrics.duration?.sumUs ?? 0n) / 1_000,
  };
}

function toSample(entry: AccessLogEntry, batch: ReportBatch): ProxyRequestSample {
  return {
    startMs: Number(entry.startTimeUnixUs) / 1_000,
    durationMs: Number(entry.durationUs) / 1_000,
    method: text(batch, entry.methodRef),
    authority: text(batch, entry.authorityRef),
    path: entry.path,
    status: entry.responseCode,
    flags: text(batch, entry.responseFlagsRef),
    details: entry.responseCodeDetails,
    route: text(batch, entry.routeRef),
    cluster: text(batch, entry.upstreamClusterRef),
    endpoint: text(batch, entry.upstreamHostRef),
    client: text(batch, entry.downstreamRemoteAddressRef),
    attempts: entry.attempts,
  };
}

/** An entry of the batch's table. */
function text({ strings }: ReportBatch, reference: number): string {
  return strings[reference] ?? "";
}
