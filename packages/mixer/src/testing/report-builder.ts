import { create, type MessageInitShape } from "@bufbuild/protobuf";
import {
  type LabelsSchema,
  type ReportBatch,
  ReportBatchSchema,
  Reporter,
  SecurityPolicy,
  Span_Kind,
} from "@fairlead/api/gen/fairlead/telemetry/v1/report_pb";
import { bucketOf } from "../histogram.ts";

export interface FakeWorkload {
  readonly name: string;
  readonly namespace: string;
  readonly service: string;
  readonly version: string;
  readonly principal: string;
}

/** A workload whose service account is its service's name. */
export function workload(
  name: string,
  options: { readonly service?: string; readonly version?: string; readonly namespace?: string } = {},
): FakeWorkload {
  const { service = name, version = "v1", namespace = "default" } = options;
  return { name, namespace, service, version, principal: `spiffe://cluster.local/ns/${namespace}/sa/${service}` };
}

export interface FakeCall {
  readonly reporter: "source" | "destination";
  /** The other end; as a destination sees it only the principal is told, undefined for a caller without certificate. */
  readonly peer?: FakeWorkload;
  readonly host?: string;
  readonly security?: "mutual_tls" | "none" | "unknown";
}

export interface FakeRequests extends FakeCall {
  readonly code?: number;
  readonly flags?: string;
  readonly grpcStatus?: number;
  readonly method?: string;
  /** One request for each. */
  readonly durationsUs: readonly number[];
}

export interface FakeTcp extends FakeCall {
  readonly opened: number;
  readonly receivedBytes: number;
  readonly sentBytes: number;
}

export interface FakeSample extends FakeCall {
  readonly timeMs: number;
  readonly durationUs?: number;
  readonly code?: number;
  readonly path?: string;
  readonly traceId?: string;
}

export interface FakeSpan extends FakeSample {
  readonly spanId: string;
  readonly parentSpanId?: string;
}

export interface FakeReport {
  readonly reporterId?: string;
  readonly sequence?: number;
  readonly workload: FakeWorkload;
  readonly endMs: number;
  readonly requests?: readonly FakeRequests[];
  readonly tcp?: readonly FakeTcp[];
  readonly accessLogs?: readonly FakeSample[];
  readonly spans?: readonly FakeSpan[];
}

const SECURITY = { mutual_tls: SecurityPolicy.MUTUAL_TLS, none: SecurityPolicy.NONE, unknown: SecurityPolicy.UNSPECIFIED } as const;

/** A report as a proxy would encode it. */
export function buildReport(report: FakeReport): ReportBatch {
  const strings: string[] = [""];
  const ref = (value: string): number => {
    const known = strings.indexOf(value);
    return known === -1 ? strings.push(value) - 1 : known;
  };
  const toLabels = (call: FakeCall): MessageInitShape<typeof LabelsSchema> => toWireLabels(call, ref);
  return create(ReportBatchSchema, {
    reporterId: report.reporterId ?? `proxy-of-${report.workload.name}`,
    sequence: BigInt(report.sequence ?? 1),
    workload: { ...report.workload, cluster: "local", nodeId: `sidecar~127.0.0.1~${report.workload.name}` },
    startTimeUnixMs: BigInt(report.endMs - 1000),
    endTimeUnixMs: BigInt(report.endMs),
    requests: (report.requests ?? []).map((each) => ({
      labels: toLabels(each),
      methodRef: ref(each.method ?? "GET"),
      responseCode: each.code ?? 200,
      responseFlagsRef: ref(each.flags ?? ""),
      grpcStatusPlusOne: each.grpcStatus === undefined ? 0 : each.grpcStatus + 1,
      count: BigInt(each.durationsUs.length),
      requestBytes: BigInt(each.durationsUs.length * 100),
      responseBytes: BigInt(each.durationsUs.length * 1000),
      duration: { sumUs: BigInt(each.durationsUs.reduce((sum, us) => sum + us, 0)), buckets: encodeBuckets(each.durationsUs) },
    })),
    tcp: (report.tcp ?? []).map((each) => ({
      labels: toLabels(each),
      connectionsOpened: BigInt(each.opened),
      connectionsClosed: BigInt(each.opened),
      receivedBytes: BigInt(each.receivedBytes),
      sentBytes: BigInt(each.sentBytes),
    })),
    accessLogs: (report.accessLogs ?? []).map((each) => ({
      startTimeUnixUs: BigInt(each.timeMs * 1000),
      durationUs: BigInt(each.durationUs ?? 1000),
      labels: toLabels(each),
      methodRef: ref("GET"),
      path: each.path ?? "/",
      responseCode: each.code ?? 200,
      traceId: each.traceId ?? "",
      requestId: `request-${each.timeMs}`,
    })),
    spans: (report.spans ?? []).map((each) => ({
      traceId: Buffer.from(each.traceId ?? "", "hex"),
      spanId: Buffer.from(each.spanId, "hex"),
      parentSpanId: Buffer.from(each.parentSpanId ?? "", "hex"),
      kind: each.reporter === "source" ? Span_Kind.CLIENT : Span_Kind.SERVER,
      name: each.host ?? "",
      startTimeUnixUs: BigInt(each.timeMs * 1000),
      durationUs: BigInt(each.durationUs ?? 1000),
      labels: toLabels(each),
      responseCode: each.code ?? 200,
      path: each.path ?? "/",
    })),
    strings,
  });
}

/** Pairs of index difference and count, as on the wire. */
export function encodeBuckets(durationsUs: readonly number[]): bigint[] {
  const counts = new Map<number, number>();
  for (const us of durationsUs) counts.set(bucketOf(us), (counts.get(bucketOf(us)) ?? 0) + 1);
  let last = 0;
  return [...counts]
    .toSorted(([a], [b]) => a - b)
    .flatMap(([index, count]) => {
      const difference = index - last;
      last = index;
      return [BigInt(difference), BigInt(count)];
    });
}

function toWireLabels(call: FakeCall, ref: (value: string) => number): MessageInitShape<typeof LabelsSchema> {
  const { reporter, peer } = call;
  const named = reporter === "source" ? peer : undefined;
  return {
    reporter: reporter === "source" ? Reporter.SOURCE : Reporter.DESTINATION,
    peerWorkloadRef: ref(named?.name ?? ""),
    peerNamespaceRef: ref(peer?.namespace ?? ""),
    peerServiceRef: ref(named?.service ?? ""),
    peerVersionRef: ref(named?.version ?? ""),
    peerPrincipalRef: ref(peer?.principal ?? ""),
    destinationServiceRef: ref(call.host ?? ""),
    securityPolicy: SECURITY[call.security ?? (peer === undefined ? "none" : "mutual_tls")],
    protocolRef: ref("http"),
  };
}
