import { z } from "zod";

const endSchema = z.object({
  workload: z.string(),
  namespace: z.string(),
  service: z.string(),
  version: z.string(),
  principal: z.string(),
  cluster: z.string(),
});

/** One end of a call as a reporter knows it; "" for what it does not know. */
export type End = z.output<typeof endSchema>;

export const UNKNOWN_END: End = { workload: "", namespace: "", service: "", version: "", principal: "", cluster: "" };

const callShape = {
  reporter: z.enum(["source", "destination"]),
  source: endSchema,
  destination: endSchema,
  /** The called host name. */
  host: z.string(),
  security: z.enum(["mutual_tls", "none", "unknown"]),
  protocol: z.string(),
};

const callSchema = z.object(callShape);

/** Who called whom, and how. */
export type Call = z.output<typeof callSchema>;
export type Reporter = Call["reporter"];
export type Security = Call["security"];

const requestLabelsSchema = z.object({
  kind: z.literal("request"),
  ...callShape,
  route: z.string(),
  method: z.string(),
  /** HTTP status; 0 where the downstream got none. */
  code: z.number(),
  /** Envoy's response flags, comma separated; "" for none. */
  flags: z.string(),
  /** gRPC status; undefined where the request was not gRPC. */
  grpcStatus: z.number().optional(),
});
const tcpLabelsSchema = z.object({ kind: z.literal("tcp"), ...callShape, flags: z.string() });

export const seriesLabelsSchema = z.discriminatedUnion("kind", [requestLabelsSchema, tcpLabelsSchema]);
export const callJsonSchema = callSchema;

export type RequestLabels = z.output<typeof requestLabelsSchema>;
export type TcpLabels = z.output<typeof tcpLabelsSchema>;
/** What identifies a series. */
export type SeriesLabels = RequestLabels | TcpLabels;

/** Whether requests of a series failed: a 5xx, no response at all, or a gRPC status other than OK. */
export function isError(labels: Pick<RequestLabels, "code" | "grpcStatus">): boolean {
  return labels.code >= 500 || labels.code === 0 || (labels.grpcStatus !== undefined && labels.grpcStatus !== 0);
}

/** The same string for the same labels. */
export function seriesKey(labels: SeriesLabels): string {
  const ends = [labels.source, labels.destination].flatMap((end) => [
    end.workload,
    end.namespace,
    end.service,
    end.version,
    end.principal,
    end.cluster,
  ]);
  const own = labels.kind === "request" ? [labels.route, labels.method, labels.code, labels.grpcStatus ?? -1] : [];
  return JSON.stringify([labels.kind, labels.reporter, ...ends, labels.host, labels.security, labels.protocol, labels.flags, ...own]);
}
