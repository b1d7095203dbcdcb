import type { AccessLogsAnswer } from "@fairlead/api";
import type { AccessLog } from "../ingest/batch.ts";
import type { Reporter } from "../labels.ts";
import { buildFilter, type FilterParameters, type LabelValues, toLabelValues } from "./filter.ts";
import type { QuerySources } from "./requests.ts";
import { type TimeRange, toIso, toRange } from "./range.ts";

export interface AccessLogsParameters extends FilterParameters {
  readonly reporter?: Reporter | undefined;
  readonly path?: string | undefined;
  readonly requestId?: string | undefined;
  readonly traceId?: string | undefined;
  readonly limit: number;
}

/** Samples read in one go, and how many are looked at for one answer. */
const PAGE = 2_000;
const MAX_SCANNED = 40_000;

/** Answers GET /api/v1/access-logs. */
export async function queryAccessLogs(
  sources: QuerySources,
  range: TimeRange,
  parameters: AccessLogsParameters,
): Promise<AccessLogsAnswer> {
  const matches = buildFilter(parameters);
  const { requestId, traceId, limit } = parameters;
  const ids = { ...(requestId === undefined ? {} : { requestId }), ...(traceId === undefined ? {} : { traceId }) };
  const entries: AccessLogsAnswer["entries"] = [];
  for (let offset = 0; offset < MAX_SCANNED; offset += PAGE) {
    const page = await sources.store.accessLogs({ ...range, ...ids, offset, limit: PAGE });
    for (const log of page) {
      const values = toLabelValues(log.call, log, sources.directory);
      if (!matches(values) || !isWanted(log, parameters)) continue;
      if (entries.length === limit) return { range: toRange(range), entries, truncated: true };
      entries.push(toEntry(log, values));
    }
    if (page.length < PAGE) return { range: toRange(range), entries, truncated: false };
  }
  return { range: toRange(range), entries, truncated: true };
}

function isWanted(log: AccessLog, parameters: AccessLogsParameters): boolean {
  if (parameters.reporter !== undefined && log.call.reporter !== parameters.reporter) return false;
  return parameters.path === undefined || log.path.startsWith(parameters.path);
}

function toEntry(log: AccessLog, labels: LabelValues): AccessLogsAnswer["entries"][number] {
  return {
    time: toIso(log.timeUs / 1000),
    durationMs: log.durationUs / 1000,
    upstreamDurationMs: log.upstreamDurationUs === 0 ? null : log.upstreamDurationUs / 1000,
    labels,
    method: log.method,
    path: log.path,
    authority: log.authority,
    protocol: log.protocol,
    code: log.code,
    flags: labels.flags,
    codeDetails: log.codeDetails,
    requestBytes: log.requestBytes,
    responseBytes: log.responseBytes,
    requestId: log.requestId,
    traceId: log.traceId,
    route: log.route,
    upstreamCluster: log.upstreamCluster,
    upstreamHost: log.upstreamHost,
    downstreamRemoteAddress: log.downstreamRemoteAddress,
    userAgent: log.userAgent,
    attempts: log.attempts,
  };
}
