import type { TraceAnswer, TracesAnswer, TraceSpan } from "@fairlead/api";
import type { Span } from "../ingest/batch.ts";
import { isError } from "../labels.ts";
import { toLabelValues } from "./filter.ts";
import { QueryError } from "./query-error.ts";
import type { QuerySources } from "./requests.ts";
import { type TimeRange, toIso, toRange } from "./range.ts";

export interface TracesParameters {
  readonly service?: string | undefined;
  readonly errors?: "true" | "false" | undefined;
  readonly minDurationMs?: number | undefined;
  readonly limit: number;
}

/** Newest spans looked at for a list of traces. */
const MAX_SCANNED = 20_000;
/** Most spans that one trace is assembled of. */
const MAX_TRACE_SPANS = 5_000;

/** Answers GET /api/v1/traces. */
export async function queryTraces(sources: QuerySources, range: TimeRange, parameters: TracesParameters): Promise<TracesAnswer> {
  const spans = await sources.store.spans({ ...range, offset: 0, limit: MAX_SCANNED });
  const byTrace = Map.groupBy(spans, (span) => span.traceId);
  const traces = [...byTrace]
    .map(([traceId, members]) => summarize(traceId, members, sources))
    .filter(({ summary, names }) => isWanted(summary, names, parameters))
    .map(({ summary }) => summary)
    .toSorted((a, b) => b.start.localeCompare(a.start) || a.traceId.localeCompare(b.traceId));
  return { range: toRange(range), traces: traces.slice(0, parameters.limit) };
}

/** Answers GET /api/v1/traces/{traceId}: its spans as trees. */
export async function queryTrace(sources: QuerySources, traceId: string, nowMs: number): Promise<TraceAnswer> {
  if (!/^[0-9a-f]{32}$/.test(traceId))
    throw new QueryError("invalid-query", `a trace id has 32 lower-case hexadecimal digits, got "${traceId}"`);
  const spans = await sources.store.spans({ startMs: 0, endMs: nowMs + CLOCK_SKEW_MS, traceId, offset: 0, limit: MAX_TRACE_SPANS });
  if (spans.length === 0)
    throw new QueryError("not-found", `no span of trace ${traceId} is stored; spans are samples and expire after some hours`);
  const { startUs, endUs } = extent(spans);
  return {
    traceId,
    start: toIso(startUs / 1000),
    durationMs: (endUs - startUs) / 1000,
    spanCount: spans.length,
    roots: buildTrees(spans.map((span) => toTraceSpan(span, sources))),
  };
}

const CLOCK_SKEW_MS = 120_000;

/** Spans put under their parents, in order of time. A parent that is missing, or a circle of parents, makes a root. */
export function buildTrees(spans: readonly TraceSpan[]): TraceSpan[] {
  const byId = new Map(spans.map((span) => [span.spanId, { ...span, children: [...span.children] }]));
  const roots: TraceSpan[] = [];
  for (const span of byId.values()) {
    const parent = byId.get(span.parentSpanId);
    if (parent === undefined || isAncestor(span, parent, byId)) roots.push(span);
    else parent.children.push(span);
  }
  const inOrder = (members: readonly TraceSpan[]): TraceSpan[] =>
    members.toSorted(byStart).map((span) => ({ ...span, children: inOrder(span.children) }));
  return inOrder(roots);
}

function isAncestor(span: TraceSpan, of: TraceSpan, byId: ReadonlyMap<string, TraceSpan>): boolean {
  const seen = new Set<string>();
  for (let at: TraceSpan | undefined = of; at !== undefined && !seen.has(at.spanId); at = byId.get(at.parentSpanId)) {
    if (at.spanId === span.spanId) return true;
    seen.add(at.spanId);
  }
  return false;
}

function byStart(a: TraceSpan, b: TraceSpan): number {
  return a.start.localeCompare(b.start) || b.durationMs - a.durationMs;
}

type Summary = TracesAnswer["traces"][number];

function summarize(
  traceId: string,
  spans: readonly Span[],
  sources: QuerySources,
): { readonly summary: Summary; readonly names: ReadonlySet<string> } {
  const members = spans.map((span) => toTraceSpan(span, sources)).toSorted(byStart);
  const { startUs, endUs } = extent(spans);
  const root = members.find((span) => span.parentSpanId === "") ?? members[0];
  return {
    names: new Set(members.flatMap((span) => [span.service, span.workload])),
    summary: {
      traceId,
      start: toIso(startUs / 1000),
      durationMs: (endUs - startUs) / 1000,
      rootName: root?.name ?? "",
      rootService: root?.service ?? "",
      spanCount: members.length,
      services: [...new Set(members.map((span) => span.service))].toSorted(),
      errors: members.filter((span) => span.error).length,
    },
  };
}

function isWanted(summary: Summary, names: ReadonlySet<string>, parameters: TracesParameters): boolean {
  if (parameters.service !== undefined && !names.has(parameters.service)) return false;
  if (parameters.minDurationMs !== undefined && summary.durationMs < parameters.minDurationMs) return false;
  return parameters.errors === undefined || summary.errors > 0 === (parameters.errors === "true");
}

function toTraceSpan(span: Span, sources: QuerySources): TraceSpan {
  const labels = toLabelValues(span.call, { ...span, route: "" }, sources.directory);
  const isSource = span.call.reporter === "source";
  return {
    spanId: span.spanId,
    parentSpanId: span.parentSpanId,
    kind: span.kind,
    name: span.name,
    workload: isSource ? labels.sourceWorkload : labels.destinationWorkload,
    service: isSource ? labels.sourceService : labels.destinationService,
    start: toIso(span.timeUs / 1000),
    durationMs: span.durationUs / 1000,
    labels,
    method: span.method,
    path: span.path,
    authority: span.authority,
    code: span.code,
    flags: labels.flags,
    error: isError(span),
    children: [],
  };
}

function extent(spans: readonly Span[]): { readonly startUs: number; readonly endUs: number } {
  let startUs = Number.POSITIVE_INFINITY;
  let endUs = 0;
  for (const span of spans) {
    startUs = Math.min(startUs, span.timeUs);
    endUs = Math.max(endUs, span.timeUs + span.durationUs);
  }
  return { startUs, endUs };
}
