import { create, fromBinary, toBinary } from "@bufbuild/protobuf";
import { Server, ServerCredentials, type ServerDuplexStream, status } from "@grpc/grpc-js";
import {
  type ReportAck,
  ReportAckSchema,
  type ReportBatch,
  ReportBatchSchema,
  TelemetryService,
} from "@fairlead/api/gen/fairlead/telemetry/v1/report_pb";

export interface FakeReportStream {
  readonly batches: ReportBatch[];
  acknowledge(sequence: number): void;
  fail(code?: status): void;
}

/** A real gRPC server on loopback that collects batches and acknowledges when told to. */
export interface FakeMixer {
  readonly address: string;
  readonly streams: FakeReportStream[];
  close(): void;
}

export async function startFakeMixer(): Promise<FakeMixer> {
  const streams: FakeReportStream[] = [];
  const server = new Server();
  server.register(
    `/${TelemetryService.typeName}/${TelemetryService.method.report.name}`,
    (call: ServerDuplexStream<ReportBatch, ReportAck>) => {
      const batches: ReportBatch[] = [];
      call.on("data", (batch: ReportBatch) => batches.push(batch));
      call.on("error", () => undefined);
      call.on("end", () => call.end());
      streams.push({
        batches,
        acknowledge: (sequence) => void call.write(create(ReportAckSchema, { sequence: BigInt(sequence) })),
        fail: (code = status.UNAVAILABLE) => void call.emit("error", { code, details: "the test says so" }),
      });
    },
    (ack: ReportAck) => Buffer.from(toBinary(ReportAckSchema, ack)),
    (bytes: Buffer) => fromBinary(ReportBatchSchema, bytes),
    "bidi",
  );
  const port = await new Promise<number>((resolve, reject) =>
    server.bindAsync("127.0.0.1:0", ServerCredentials.createInsecure(), (error, bound) => (error ? reject(error) : resolve(bound))),
  );
  return { address: `127.0.0.1:${port}`, streams, close: () => server.forceShutdown() };
}

export function encodeBatch(sequence: number, path = "/"): Uint8Array {
  return toBinary(ReportBatchSchema, create(ReportBatchSchema, { reporterId: "r", sequence: BigInt(sequence), accessLogs: [{ path }] }));
}
