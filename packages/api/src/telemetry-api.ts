import { z } from "zod";

/**
 * The telemetry query API: what Mixer answers under `/api/v1` at its query address (JSON; OpenAPI document at `/openapi.json`).
 *
 * Which reports count. The same request is seen by the client's proxy (`source`) and by the server's (`destination`). With `reporter=auto`, the
 * default, a request counts once: source reports count, completed by the destination's where the source has none (callers outside the mesh, callers
 * whose proxy does not report). The pair is recognised by the caller's identity and the called workload, over the whole range asked for; plaintext
 * calls, which carry no identity, count at the destination only while no source reports plaintext calls to the same workload.
 *
 * Names. A value that is not known is `unknown`; a request without response flags has `-`. A destination knows its caller by certificate only: Mixer
 * fills in the caller's names from the workloads that report themselves, as far as the certificate's identity is one workload's.
 *
 * Errors. A request counts as an error where the downstream got a 5xx or no response at all, or a gRPC status other than OK.
 */
export const TELEMETRY_LABELS = [
  "reporter",
  "sourceWorkload",
  "sourceNamespace",
  "sourceService",
  "sourceVersion",
  "sourcePrincipal",
  "destinationWorkload",
  "destinationNamespace",
  "destinationService",
  "destinationVersion",
  "destinationPrincipal",
  "destinationHost",
  "security",
  "protocol",
  "route",
  "method",
  "code",
  "flags",
  "grpcStatus",
] as const;

export type TelemetryLabel = (typeof TELEMETRY_LABELS)[number];

const instantSchema = z
  .string()
  .regex(/^(\d{10,16}|\d{4}-\d{2}-\d{2}T[\d:.]+(Z|[+-]\d{2}:\d{2}))$/, "must be an ISO 8601 time or milliseconds since the Unix epoch");
const durationSchema = z.string().regex(/^(\d+(d|h|ms|m|s))+$/, "must be a duration such as 30s, 5m or 1h30m");

const rangeQuery = {
  window: durationSchema.optional().describe("how far back from `end`; default 5m, at most 7d"),
  start: instantSchema.optional().describe("instead of `window`"),
  end: instantSchema.optional().describe("default now"),
};

const filterQuery = {
  source: z.string().optional().describe("calling workload or canonical service, `name` or `namespace/name`; several comma separated"),
  destination: z
    .string()
    .optional()
    .describe("called workload, canonical service or host, `name` or `namespace/name`; several comma separated"),
  namespace: z.string().optional().describe("namespace of either end"),
  version: z.string().optional().describe("version of the called workload; several comma separated"),
  code: z
    .string()
    .regex(/^([0-5]xx|\d{1,3})(,([0-5]xx|\d{1,3}))*$/, "must be HTTP status codes or classes such as 503 or 5xx, comma separated")
    .optional(),
  flags: z.string().optional().describe("response flags, comma separated, of which a request has at least one; `-`: has none"),
  method: z.string().optional().describe("HTTP methods, comma separated"),
  security: z.enum(["mutual_tls", "none", "unknown"]).optional(),
};

const aggregateQuery = {
  ...rangeQuery,
  ...filterQuery,
  reporter: z
    .enum(["auto", "source", "destination", "all"])
    .default("auto")
    .describe("whose reports count; `all` counts what both saw twice"),
  groupBy: z
    .string()
    .default("sourceNamespace,sourceWorkload,destinationNamespace,destinationWorkload")
    .describe(`label names, comma separated, of ${TELEMETRY_LABELS.join(", ")}; empty: one row`),
};

export const requestsQuerySchema = z.strictObject(aggregateQuery);
export type RequestsQuery = z.input<typeof requestsQuerySchema>;

export const timeseriesQuerySchema = z.strictObject({
  ...aggregateQuery,
  step: durationSchema
    .optional()
    .describe("rounded up to whole 10 s, to whole minutes where the range begins over 6 h ago; default about 60 points"),
});
export type TimeseriesQuery = z.input<typeof timeseriesQuerySchema>;

export const topologyQuerySchema = z.strictObject({
  ...rangeQuery,
  namespace: filterQuery.namespace,
  reporter: aggregateQuery.reporter,
  level: z
    .enum(["workload", "service"])
    .default("workload")
    .describe("what a node is: a workload (each version its own) or a canonical service"),
});
export type TopologyQuery = z.input<typeof topologyQuerySchema>;

const limitSchema = z.coerce.number().int().min(1).max(1000);

export const accessLogsQuerySchema = z.strictObject({
  ...rangeQuery,
  ...filterQuery,
  reporter: z.enum(["source", "destination"]).optional().describe("default both: a request may appear once per end"),
  path: z.string().optional().describe("prefix of the request's path"),
  requestId: z.string().optional(),
  traceId: z.string().optional(),
  limit: limitSchema.default(100),
});
export type AccessLogsQuery = z.input<typeof accessLogsQuerySchema>;

export const tracesQuerySchema = z.strictObject({
  ...rangeQuery,
  service: z.string().optional().describe("a canonical service or workload that takes part"),
  errors: z.enum(["true", "false"]).optional().describe("only traces with a failed span, only those without"),
  minDurationMs: z.coerce.number().min(0).optional(),
  limit: limitSchema.default(20),
});
export type TracesQuery = z.input<typeof tracesQuerySchema>;

/** What the answer covers: whole buckets of 10 s, so `start` may lie a little before what was asked for. */
export const rangeSchema = z.object({ start: z.string(), end: z.string(), seconds: z.number() });
export type Range = z.output<typeof rangeSchema>;

const labelsSchema = z.partialRecord(z.enum(TELEMETRY_LABELS), z.string());

/** Milliseconds; null where there was no request. Error below 6.25 % (see Histogram in report.proto). */
const latencySchema = z.object({ p50: z.number().nullable(), p90: z.number().nullable(), p99: z.number().nullable() });

const statisticsShape = {
  count: z.number(),
  /** Requests per second of the range or step. */
  rate: z.number(),
  errors: z.number(),
  /** Share of 0 to 1; 0 where there was no request. */
  errorRate: z.number(),
  latencyMs: latencySchema,
  /** Share of requests over mutual TLS among those whose transport is known; null where none is. */
  mtlsShare: z.number().nullable(),
  requestBytes: z.number(),
  responseBytes: z.number(),
};

export const requestStatisticsSchema = z.object(statisticsShape);
export type RequestStatistics = z.output<typeof requestStatisticsSchema>;

export const requestsAnswerSchema = z.object({
  range: rangeSchema,
  rows: z.array(z.object({ labels: labelsSchema, ...statisticsShape })).describe("most requests first"),
});
export type RequestsAnswer = z.output<typeof requestsAnswerSchema>;

export const timeseriesAnswerSchema = z.object({
  range: rangeSchema,
  stepSeconds: z.number(),
  series: z.array(
    z.object({
      labels: labelsSchema,
      points: z
        .array(z.object({ time: z.string().describe("begin of the step"), ...statisticsShape }))
        .describe("every step of the range, empty ones too"),
    }),
  ),
});
export type TimeseriesAnswer = z.output<typeof timeseriesAnswerSchema>;

const tcpStatisticsSchema = z.object({ opened: z.number(), closed: z.number(), receivedBytes: z.number(), sentBytes: z.number() });

const nodeSchema = z.object({
  id: z.string(),
  /** `host`: a called name that no workload answered for; `unknown`: callers without identity. */
  kind: z.enum(["workload", "service", "host", "unknown"]),
  name: z.string(),
  namespace: z.string(),
  service: z.string(),
  version: z.string(),
  principal: z.string(),
  inbound: requestStatisticsSchema.describe("requests that the node received"),
});
export type TopologyNode = z.output<typeof nodeSchema>;

const edgeSchema = z.object({
  source: z.string().describe("a node's id"),
  target: z.string().describe("a node's id"),
  protocols: z.array(z.string()),
  ...statisticsShape,
  tcp: tcpStatisticsSchema.describe("plain TCP connections and bytes, as the client sees them"),
});
export type TopologyEdge = z.output<typeof edgeSchema>;

export const topologyAnswerSchema = z.object({ range: rangeSchema, nodes: z.array(nodeSchema), edges: z.array(edgeSchema) });
export type TopologyAnswer = z.output<typeof topologyAnswerSchema>;

export const accessLogsAnswerSchema = z.object({
  range: rangeSchema,
  entries: z
    .array(
      z.object({
        time: z.string(),
        durationMs: z.number(),
        /** Until the upstream's first byte; null where there was none. */
        upstreamDurationMs: z.number().nullable(),
        labels: labelsSchema,
        method: z.string(),
        path: z.string(),
        authority: z.string(),
        protocol: z.string(),
        code: z.number(),
        flags: z.string(),
        codeDetails: z.string(),
        requestBytes: z.number(),
        responseBytes: z.number(),
        requestId: z.string(),
        traceId: z.string(),
        route: z.string(),
        upstreamCluster: z.string(),
        upstreamHost: z.string(),
        downstreamRemoteAddress: z.string(),
        userAgent: z.string(),
        attempts: z.number(),
      }),
    )
    .describe("newest first; samples, not every request"),
  truncated: z.boolean().describe("older entries that match may exist"),
});
export type AccessLogsAnswer = z.output<typeof accessLogsAnswerSchema>;

export const tracesAnswerSchema = z.object({
  range: rangeSchema,
  traces: z
    .array(
      z.object({
        traceId: z.string(),
        start: z.string(),
        durationMs: z.number(),
        rootName: z.string(),
        rootService: z.string(),
        spanCount: z.number(),
        services: z.array(z.string()),
        errors: z.number().describe("spans that failed"),
      }),
    )
    .describe("newest first"),
});
export type TracesAnswer = z.output<typeof tracesAnswerSchema>;

const spanShape = {
  spanId: z.string(),
  parentSpanId: z.string().describe("empty for a root"),
  kind: z.enum(["client", "server", "unknown"]),
  name: z.string(),
  /** The workload whose proxy reported the span. */
  workload: z.string(),
  service: z.string(),
  start: z.string(),
  durationMs: z.number(),
  labels: labelsSchema,
  method: z.string(),
  path: z.string(),
  authority: z.string(),
  code: z.number(),
  flags: z.string(),
  error: z.boolean(),
};
const spanFactsSchema = z.object(spanShape);

/** A span with those that name it as their parent. */
export type TraceSpan = z.output<typeof spanFactsSchema> & { readonly children: TraceSpan[] };

const spanNodeSchema: z.ZodType<TraceSpan> = z.lazy(() => spanFactsSchema.extend({ children: z.array(spanNodeSchema) }));

export const traceAnswerSchema = z.object({
  traceId: z.string(),
  start: z.string(),
  durationMs: z.number(),
  spanCount: z.number(),
  roots: z.array(spanNodeSchema).describe("spans whose parent is not stored stand here too"),
});
export type TraceAnswer = z.output<typeof traceAnswerSchema>;

export const workloadsAnswerSchema = z.object({
  workloads: z.array(
    z.object({
      name: z.string(),
      namespace: z.string(),
      service: z.string(),
      version: z.string(),
      principal: z.string(),
      cluster: z.string(),
      nodeId: z.string(),
      firstSeen: z.string(),
      lastSeen: z.string(),
      /** A report arrived within the last minute. */
      reporting: z.boolean(),
    }),
  ),
});
export type WorkloadsAnswer = z.output<typeof workloadsAnswerSchema>;

export const telemetryErrorSchema = z.object({
  error: z.object({
    code: z.enum(["invalid-query", "not-found", "too-large", "busy", "internal"]),
    message: z.string(),
  }),
});
export type TelemetryError = z.output<typeof telemetryErrorSchema>;
