import { create, fromBinary, toBinary } from "@bufbuild/protobuf";
import {
  type ReportAck,
  ReportAckSchema,
  type ReportBatch,
  ReportBatchSchema,
  TelemetryService,
} from "@fairlead/api/gen/fairlead/telemetry/v1/report_pb";
import { type Clock, formatSpiffeId, type Logger, type Result, type SpiffeId } from "@fairlead/kit";
import { Server, type ServerCredentials, type ServerDuplexStream, type ServiceDefinition, status, type StatusObject } from "@grpc/grpc-js";
import { type Batch, parseBatch } from "./batch.ts";

export type ReportCall = ServerDuplexStream<ReportBatch, ReportAck>;

export interface IngestOptions {
  readonly address: string;
  readonly credentials: ServerCredentials;
  /** Who calls, by the verified client certificate. */
  readonly peer: (call: ReportCall) => Result<SpiffeId, string>;
  readonly trustDomain: string;
  /** What stores the batches of one stream; see ReportWriter. */
  readonly openSession: () => Submit;
  readonly clock: Clock;
  readonly logger: Logger;
  readonly events: IngestEvents;
}

/** Stores a batch and answers the sequence to acknowledge. */
export type Submit = (batch: Batch) => Promise<bigint>;

export interface IngestEvents {
  streamOpened(): void;
  streamClosed(): void;
  batchRejected(reason: "invalid" | "denied" | "store"): void;
}

export interface IngestServer {
  /** `host:port` with the port it got. */
  readonly address: string;
  close(): Promise<void>;
}

const MAX_MESSAGE_BYTES = 2 << 20;
const MAX_STREAMS = 5_000;
/** Batches of one stream that are being stored at a time. */
const MAX_IN_WORK = 8;
const MAX_STREAMS_PER_CONNECTION = 16;
const CLOSE_TIMEOUT_MS = 250;
const SERVER_OPTIONS = {
  "grpc.max_receive_message_length": MAX_MESSAGE_BYTES,
  "grpc.max_concurrent_streams": MAX_STREAMS_PER_CONNECTION,
  // A proxy that vanished without a word gives its stream back within a minute and a half.
  "grpc.keepalive_time_ms": 60_000,
  "grpc.keepalive_timeout_ms": 20_000,
};

/** Serves `TelemetryService.Report`. */
export async function serveIngest(options: IngestOptions): Promise<IngestServer> {
  const server = new Server(SERVER_OPTIONS);
  let streams = 0;
  server.addService(REPORT_SERVICE, {
    report(call: ReportCall) {
      if (streams >= MAX_STREAMS) {
        endWith(call, { code: status.RESOURCE_EXHAUSTED, details: `mixer serves at most ${MAX_STREAMS} report streams; retry later` });
        return;
      }
      streams += 1;
      options.events.streamOpened();
      void serveStream(call, options).finally(() => {
        streams -= 1;
        options.events.streamClosed();
      });
    },
  });
  const port = await new Promise<number>((resolve, reject) => {
    server.bindAsync(options.address, options.credentials, (error, bound) => (error === null ? resolve(bound) : reject(error)));
  });
  return {
    address: `${options.address.slice(0, options.address.lastIndexOf(":"))}:${port}`,
    close: () => closeServer(server, options.clock),
  };
}

/**
 * Batches are stored in the order they come, a few at a time: the next is read only when there is room again, so a stream holds no more than that
 * and what flow control lets in, and a reporter that is faster than the store waits.
 */
async function serveStream(call: ReportCall, options: IngestOptions): Promise<void> {
  const peer = options.peer(call);
  if (!peer.ok) return endWith(call, { code: status.UNAUTHENTICATED, details: peer.error });
  const submit = options.openSession();
  const inWork: Promise<void>[] = [];
  let last: Promise<void> = Promise.resolve();
  try {
    for await (const message of call) {
      const wire: ReportBatch = message;
      const answer = takeBatch(wire, peer.value, submit, options);
      last = last.then(async () => answerBatch(call, await answer));
      inWork.push(last);
      if (inWork.length >= MAX_IN_WORK) await inWork.shift();
    }
    await last;
    call.end();
  } catch (error) {
    await last.catch(() => undefined);
    options.logger.debug({ err: error, peer: formatSpiffeId(peer.value) }, "report stream ended");
    call.destroy();
  }
}

async function answerBatch(call: ReportCall, answer: BatchAnswer): Promise<void> {
  if (call.destroyed || call.cancelled) return;
  if ("code" in answer) {
    endWith(call, answer);
    throw new Error(answer.details);
  }
  // Acknowledgements are tiny, yet one that never reads them must not pile them up.
  if (!call.write(create(ReportAckSchema, answer))) await drained(call);
}

type Refusal = Pick<StatusObject, "code" | "details">;
type BatchAnswer = { readonly sequence: bigint } | Refusal;

async function takeBatch(wire: ReportBatch, peer: SpiffeId, submit: Submit, options: IngestOptions): Promise<BatchAnswer> {
  const principal = formatSpiffeId(peer);
  const denied = findDenial(wire, peer, options.trustDomain);
  if (denied !== undefined) {
    options.events.batchRejected("denied");
    options.logger.warn({ peer: principal, reason: denied }, "report refused");
    return { code: status.PERMISSION_DENIED, details: denied };
  }
  const batch = parseBatch(wire, options.clock.now());
  if (!batch.ok) {
    options.events.batchRejected("invalid");
    options.logger.warn({ peer: principal, reason: batch.error }, "report is invalid");
    return { code: status.INVALID_ARGUMENT, details: `invalid report: ${batch.error}` };
  }
  try {
    return { sequence: await submit(batch.value) };
  } catch (error) {
    options.events.batchRejected("store");
    options.logger.error({ err: error, peer: principal }, "report could not be stored");
    return { code: status.UNAVAILABLE, details: "the report could not be stored; send it again later" };
  }
}

/** A proxy reports for its own workload only. */
function findDenial(wire: ReportBatch, peer: SpiffeId, trustDomain: string): string | undefined {
  const principal = formatSpiffeId(peer);
  if (peer.trustDomain !== trustDomain) return `caller ${principal} is not of trust domain ${trustDomain}`;
  if (wire.workload?.principal !== principal)
    return `workload.principal "${wire.workload?.principal ?? ""}" is not the caller, who is ${principal}`;
  if (wire.workload.namespace !== peer.namespace) {
    return `workload.namespace "${wire.workload.namespace}" is not the caller's namespace "${peer.namespace}"`;
  }
  return undefined;
}

function endWith(call: ReportCall, refusal: Refusal): void {
  call.emit("error", refusal);
}

function drained(call: ReportCall): Promise<void> {
  return new Promise((resolve, reject) => {
    call.once("drain", resolve);
    call.once("close", () => reject(new Error("stream closed")));
    call.once("cancelled", () => reject(new Error("stream cancelled")));
  });
}

function closeServer(server: Server, clock: Clock): Promise<void> {
  return new Promise((resolve) => {
    // Report streams never end by themselves.
    const cancel = clock.after(CLOSE_TIMEOUT_MS, () => server.forceShutdown());
    server.tryShutdown(() => {
      cancel();
      resolve();
    });
  });
}

const REPORT_SERVICE: ServiceDefinition = {
  report: {
    path: `/${TelemetryService.typeName}/${TelemetryService.method.report.name}`,
    requestStream: true,
    responseStream: true,
    requestSerialize: (value: ReportBatch) => Buffer.from(toBinary(ReportBatchSchema, value)),
    requestDeserialize: (bytes: Buffer) => fromBinary(ReportBatchSchema, bytes),
    responseSerialize: (value: ReportAck) => Buffer.from(toBinary(ReportAckSchema, value)),
    responseDeserialize: (bytes: Buffer) => fromBinary(ReportAckSchema, bytes),
  },
};
