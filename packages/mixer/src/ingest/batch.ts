import { type Labels, Reporter, type ReportBatch, SecurityPolicy, Span_Kind } from "@fairlead/api/gen/fairlead/telemetry/v1/report_pb";
import { failure, type Result, success } from "@fairlead/kit";
import { type Histogram, MAX_BUCKET } from "../histogram.ts";
import type { Call, End, RequestLabels, Security, TcpLabels } from "../labels.ts";

/** A workload as its own proxy describes it. */
export interface Workload {
  readonly name: string;
  readonly namespace: string;
  readonly service: string;
  readonly version: string;
  readonly principal: string;
  readonly cluster: string;
  readonly nodeId: string;
}

export interface RequestCounts {
  readonly labels: RequestLabels;
  readonly count: number;
  readonly requestBytes: number;
  readonly responseBytes: number;
  readonly durationUs: number;
  readonly histogram: Histogram;
}

export interface TcpCounts {
  readonly labels: TcpLabels;
  readonly opened: number;
  readonly closed: number;
  readonly receivedBytes: number;
  readonly sentBytes: number;
}

export interface AccessLog {
  readonly timeUs: number;
  readonly durationUs: number;
  readonly upstreamDurationUs: number;
  readonly call: Call;
  readonly method: string;
  readonly path: string;
  readonly authority: string;
  readonly protocol: string;
  readonly code: number;
  readonly flags: string;
  readonly codeDetails: string;
  readonly requestBytes: number;
  readonly responseBytes: number;
  readonly requestId: string;
  readonly traceId: string;
  readonly route: string;
  readonly upstreamCluster: string;
  readonly upstreamHost: string;
  readonly downstreamRemoteAddress: string;
  readonly userAgent: string;
  readonly attempts: number;
}

export interface Span {
  readonly traceId: string;
  readonly spanId: string;
  /** "" for a root. */
  readonly parentSpanId: string;
  readonly kind: "client" | "server" | "unknown";
  readonly name: string;
  readonly timeUs: number;
  readonly durationUs: number;
  readonly call: Call;
  readonly method: string;
  readonly path: string;
  readonly authority: string;
  readonly code: number;
  readonly flags: string;
}

/** A report with its references resolved and every value within bounds. */
export interface Batch {
  readonly reporterId: string;
  readonly sequence: bigint;
  readonly workload: Workload;
  readonly endMs: number;
  readonly requests: readonly RequestCounts[];
  readonly tcp: readonly TcpCounts[];
  readonly accessLogs: readonly AccessLog[];
  readonly spans: readonly Span[];
  readonly dropped: { readonly accessLogs: number; readonly spans: number; readonly labelSets: number };
}

const MAX_STRINGS = 50_000;
const MAX_SERIES = 20_000;
const MAX_ACCESS_LOGS = 5_000;
const MAX_SPANS = 10_000;
const MAX_HISTOGRAM_PAIRS = 600;
/** Longest label value; names of workloads and hosts have at most 253 characters. */
const MAX_LABEL_LENGTH = 256;
/** Longest free text: a path, a user agent. */
const MAX_TEXT_LENGTH = 2_048;
const MAX_ID_LENGTH = 128;
const MAX_FUTURE_MS = 60_000;

/** Checks a report and resolves its string table; the answer of a failure says what is wrong with it. */
export function parseBatch(wire: ReportBatch, nowMs: number): Result<Batch, string> {
  const wrong = findFault(wire);
  if (wrong !== undefined) return failure(wrong);
  const { workload } = wire;
  if (workload === undefined) return failure("workload is missing");
  const own: Workload = {
    name: label(workload.name),
    namespace: label(workload.namespace),
    service: label(workload.service),
    version: label(workload.version),
    principal: workload.principal,
    cluster: label(workload.cluster),
    nodeId: label(workload.nodeId),
  };
  const context: Context = { strings: wire.strings, own, nowMs };
  try {
    return success({
      reporterId: wire.reporterId,
      sequence: wire.sequence,
      workload: own,
      endMs: Math.min(Number(wire.endTimeUnixMs), nowMs + MAX_FUTURE_MS),
      requests: wire.requests.map((each, index) => toRequestCounts(each, context, `requests[${index}]`)),
      tcp: wire.tcp.map((each, index) => toTcpCounts(each, context, `tcp[${index}]`)),
      accessLogs: wire.accessLogs.map((each, index) => toAccessLog(each, context, `access_logs[${index}]`)),
      spans: wire.spans.map((each, index) => toSpan(each, context, `spans[${index}]`)),
      dropped: {
        accessLogs: toNumber(wire.droppedAccessLogs),
        spans: toNumber(wire.droppedSpans),
        labelSets: toNumber(wire.overflowedLabelSets),
      },
    });
  } catch (error) {
    if (error instanceof BatchFault) return failure(error.message);
    throw error;
  }
}

/** Thrown below `parseBatch` only, which turns it into a failure. */
class BatchFault extends Error {}

interface Context {
  readonly strings: readonly string[];
  readonly own: Workload;
  readonly nowMs: number;
}

function findFault(wire: ReportBatch): string | undefined {
  if (wire.reporterId === "" || wire.reporterId.length > MAX_ID_LENGTH) return `reporter_id must have 1 to ${MAX_ID_LENGTH} characters`;
  if (wire.sequence === 0n) return "sequence must count up from 1, got 0";
  if (wire.sequence >= 2n ** 63n) return `sequence must be below 2^63, got ${wire.sequence}`;
  const lists = { strings: MAX_STRINGS, requests: MAX_SERIES, tcp: MAX_SERIES, accessLogs: MAX_ACCESS_LOGS, spans: MAX_SPANS } as const;
  for (const name of ["strings", "requests", "tcp", "accessLogs", "spans"] as const) {
    if (wire[name].length > lists[name])
      return `${name} must have at most ${lists[name]} entries, got ${wire[name].length}; send smaller batches`;
  }
  if (wire.endTimeUnixMs < wire.startTimeUnixMs)
    return `end_time_unix_ms ${wire.endTimeUnixMs} is before start_time_unix_ms ${wire.startTimeUnixMs}`;
  return undefined;
}

function toRequestCounts(wire: ReportBatch["requests"][number], context: Context, path: string): RequestCounts {
  return {
    labels: {
      kind: "request",
      ...toCall(wire.labels, context, `${path}.labels`),
      route: ref(wire.routeRef, context, `${path}.route_ref`),
      method: ref(wire.methodRef, context, `${path}.method_ref`),
      code: toCode(wire.responseCode),
      flags: ref(wire.responseFlagsRef, context, `${path}.response_flags_ref`),
      ...(wire.grpcStatusPlusOne === 0 ? {} : { grpcStatus: Math.min(wire.grpcStatusPlusOne - 1, 99) }),
    },
    count: toNumber(wire.count),
    requestBytes: toNumber(wire.requestBytes),
    responseBytes: toNumber(wire.responseBytes),
    durationUs: toNumber(wire.duration?.sumUs ?? 0n),
    histogram: toHistogram(wire.duration?.buckets ?? [], `${path}.duration`),
  };
}

function toTcpCounts(wire: ReportBatch["tcp"][number], context: Context, path: string): TcpCounts {
  return {
    labels: {
      kind: "tcp",
      ...toCall(wire.labels, context, `${path}.labels`),
      flags: ref(wire.responseFlagsRef, context, `${path}.response_flags_ref`),
    },
    opened: toNumber(wire.connectionsOpened),
    closed: toNumber(wire.connectionsClosed),
    receivedBytes: toNumber(wire.receivedBytes),
    sentBytes: toNumber(wire.sentBytes),
  };
}

function toAccessLog(wire: ReportBatch["accessLogs"][number], context: Context, path: string): AccessLog {
  return {
    timeUs: toTimeUs(wire.startTimeUnixUs, context),
    durationUs: toNumber(wire.durationUs),
    upstreamDurationUs: toNumber(wire.upstreamDurationUs),
    call: toCall(wire.labels, context, `${path}.labels`),
    method: ref(wire.methodRef, context, `${path}.method_ref`),
    path: text(wire.path),
    authority: ref(wire.authorityRef, context, `${path}.authority_ref`),
    protocol: ref(wire.protocolRef, context, `${path}.protocol_ref`),
    code: toCode(wire.responseCode),
    flags: ref(wire.responseFlagsRef, context, `${path}.response_flags_ref`),
    codeDetails: text(wire.responseCodeDetails),
    requestBytes: toNumber(wire.requestBytes),
    responseBytes: toNumber(wire.responseBytes),
    requestId: wire.requestId.slice(0, MAX_ID_LENGTH),
    traceId: wire.traceId.slice(0, 32),
    route: ref(wire.routeRef, context, `${path}.route_ref`),
    upstreamCluster: ref(wire.upstreamClusterRef, context, `${path}.upstream_cluster_ref`),
    upstreamHost: ref(wire.upstreamHostRef, context, `${path}.upstream_host_ref`),
    downstreamRemoteAddress: ref(wire.downstreamRemoteAddressRef, context, `${path}.downstream_remote_address_ref`),
    userAgent: ref(wire.userAgentRef, context, `${path}.user_agent_ref`),
    attempts: wire.attempts,
  };
}

const SPAN_KINDS: Readonly<Record<Span_Kind, Span["kind"]>> = {
  [Span_Kind.UNSPECIFIED]: "unknown",
  [Span_Kind.SERVER]: "server",
  [Span_Kind.CLIENT]: "client",
};

function toSpan(wire: ReportBatch["spans"][number], context: Context, path: string): Span {
  return {
    traceId: toHexId(wire.traceId, 16, `${path}.trace_id`),
    spanId: toHexId(wire.spanId, 8, `${path}.span_id`),
    parentSpanId: wire.parentSpanId.length === 0 ? "" : toHexId(wire.parentSpanId, 8, `${path}.parent_span_id`),
    kind: SPAN_KINDS[wire.kind] ?? "unknown",
    name: text(wire.name),
    timeUs: toTimeUs(wire.startTimeUnixUs, context),
    durationUs: toNumber(wire.durationUs),
    call: toCall(wire.labels, context, `${path}.labels`),
    method: ref(wire.methodRef, context, `${path}.method_ref`),
    path: text(wire.path),
    authority: ref(wire.authorityRef, context, `${path}.authority_ref`),
    code: toCode(wire.responseCode),
    flags: ref(wire.responseFlagsRef, context, `${path}.response_flags_ref`),
  };
}

function toCall(wire: Labels | undefined, context: Context, path: string): Call {
  if (wire === undefined) throw new BatchFault(`${path} is missing`);
  const { own } = context;
  const self: End = {
    workload: own.name,
    namespace: own.namespace,
    service: own.service,
    version: own.version,
    principal: own.principal,
    cluster: own.cluster,
  };
  const peer: End = {
    workload: ref(wire.peerWorkloadRef, context, `${path}.peer_workload_ref`),
    namespace: ref(wire.peerNamespaceRef, context, `${path}.peer_namespace_ref`),
    service: ref(wire.peerServiceRef, context, `${path}.peer_service_ref`),
    version: ref(wire.peerVersionRef, context, `${path}.peer_version_ref`),
    principal: ref(wire.peerPrincipalRef, context, `${path}.peer_principal_ref`),
    cluster: "",
  };
  const shared = {
    host: ref(wire.destinationServiceRef, context, `${path}.destination_service_ref`),
    security: SECURITY[wire.securityPolicy] ?? "unknown",
    protocol: ref(wire.protocolRef, context, `${path}.protocol_ref`),
  };
  switch (wire.reporter) {
    case Reporter.SOURCE:
      return { reporter: "source", source: self, destination: peer, ...shared };
    case Reporter.DESTINATION:
      return { reporter: "destination", source: peer, destination: self, ...shared };
    case Reporter.UNSPECIFIED:
    default:
      throw new BatchFault(`${path}.reporter must be REPORTER_SOURCE or REPORTER_DESTINATION, got ${wire.reporter}`);
  }
}

const SECURITY: Readonly<Record<SecurityPolicy, Security>> = {
  [SecurityPolicy.UNSPECIFIED]: "unknown",
  [SecurityPolicy.NONE]: "none",
  [SecurityPolicy.MUTUAL_TLS]: "mutual_tls",
};

function toHistogram(pairs: readonly bigint[], path: string): Histogram {
  if (pairs.length % 2 !== 0 || pairs.length > 2 * MAX_HISTOGRAM_PAIRS) {
    throw new BatchFault(
      `${path}.buckets must be at most ${MAX_HISTOGRAM_PAIRS} pairs of index difference and count, got ${pairs.length} numbers`,
    );
  }
  const histogram = new Map<number, number>();
  let index = 0;
  for (let at = 0; at < pairs.length; at += 2) {
    index += toNumber(pairs[at] ?? 0n);
    if (index > MAX_BUCKET) throw new BatchFault(`${path}.buckets[${at}] leads to bucket ${index}, the last is ${MAX_BUCKET}`);
    histogram.set(index, (histogram.get(index) ?? 0) + toNumber(pairs[at + 1] ?? 0n));
  }
  return histogram;
}

function ref(index: number, context: Context, path: string): string {
  const value = context.strings[index];
  // An empty table with reference 0 is a report without any string.
  if (value === undefined && index !== 0)
    throw new BatchFault(`${path} ${index} is outside of the string table (${context.strings.length} strings)`);
  return label(value ?? "");
}

function label(value: string): string {
  return value.length > MAX_LABEL_LENGTH ? value.slice(0, MAX_LABEL_LENGTH) : value;
}

function text(value: string): string {
  return value.length > MAX_TEXT_LENGTH ? value.slice(0, MAX_TEXT_LENGTH) : value;
}

function toHexId(bytes: Uint8Array, length: number, path: string): string {
  if (bytes.length !== length) throw new BatchFault(`${path} must have ${length} bytes, got ${bytes.length}`);
  return Buffer.from(bytes).toString("hex");
}

function toCode(value: number): number {
  return value >= 0 && value <= 999 ? value : 0;
}

/** A sample's time, drawn to now where a proxy's clock runs wildly ahead. */
function toTimeUs(value: bigint, context: Context): number {
  return Math.min(Math.max(0, toNumber(value)), (context.nowMs + MAX_FUTURE_MS) * 1000);
}

function toNumber(value: bigint): number {
  return value > BigInt(Number.MAX_SAFE_INTEGER) ? Number.MAX_SAFE_INTEGER : Number(value);
}
