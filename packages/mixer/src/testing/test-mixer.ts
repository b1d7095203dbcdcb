import { create, fromBinary, toBinary } from "@bufbuild/protobuf";
import {
  type ReportAck,
  ReportAckSchema,
  type ReportBatch,
  ReportBatchSchema,
  TelemetryService,
} from "@fairlead/api/gen/fairlead/telemetry/v1/report_pb";
import { type Clock, createLogger, failure, parseSpiffeId } from "@fairlead/kit";
import { Client, type ClientDuplexStream, credentials, Metadata, ServerCredentials } from "@grpc/grpc-js";
import { type Mixer, type MixerIdentity, startMixer } from "../app.ts";
import { settingsSchema } from "../settings.ts";

/** An identity that believes what a caller says of itself in metadata `caller`: who may say what is tested without certificates. */
export const trustingIdentity: MixerIdentity = {
  credentials: ServerCredentials.createInsecure(),
  peer(call) {
    const [caller] = call.metadata.get("caller");
    return typeof caller === "string" ? parseSpiffeId(caller) : failure("caller presented no valid client certificate");
  },
};

/** A Mixer on free loopback ports, its state in `stateDirectory`. */
export function startTestMixer(options: {
  readonly stateDirectory: string;
  readonly clock: Clock;
  readonly maxSeries?: number;
}): Promise<Mixer> {
  const identity = {
    citadelAddress: "127.0.0.1:1",
    rootCertificateFile: "-",
    tokenFile: "-",
    namespace: "fairlead-system",
    serviceAccount: "mixer",
  };
  return startMixer({
    settings: settingsSchema.parse({
      listenAddress: "127.0.0.1:0",
      queryAddress: "127.0.0.1:0",
      monitoringAddress: "127.0.0.1:0",
      stateDirectory: options.stateDirectory,
      trustDomain: "cluster.local",
      commitIntervalMs: 0,
      identity,
      ...(options.maxSeries === undefined ? {} : { maxSeries: options.maxSeries }),
    }),
    identity: Promise.resolve(trustingIdentity),
    clock: options.clock,
    logger: createLogger({ component: "mixer", level: "silent" }),
    signal: new AbortController().signal,
  });
}

export interface TestReporter {
  /** Sends a batch and waits for the sequence that Mixer acknowledges; rejects with the gRPC error. */
  send(batch: ReportBatch): Promise<bigint>;
  close(): void;
}

/** One report stream, like a proxy's. */
export function openReporter(address: string, caller: string): TestReporter {
  const client = new Client(address, credentials.createInsecure());
  const metadata = new Metadata();
  metadata.set("caller", caller);
  const call: ClientDuplexStream<ReportBatch, ReportAck> = client.makeBidiStreamRequest(
    `/${TelemetryService.typeName}/${TelemetryService.method.report.name}`,
    (batch: ReportBatch) => Buffer.from(toBinary(ReportBatchSchema, batch)),
    (bytes: Buffer) => fromBinary(ReportAckSchema, bytes),
    metadata,
  );
  const waiting: { readonly resolve: (sequence: bigint) => void; readonly reject: (reason: unknown) => void }[] = [];
  call.on("data", (ack: ReportAck) => waiting.shift()?.resolve(ack.sequence));
  call.on("error", (error) => {
    for (const { reject } of waiting.splice(0)) reject(error);
  });
  return {
    send(batch) {
      return new Promise((resolve, reject) => {
        waiting.push({ resolve, reject });
        call.write(batch);
      });
    },
    close() {
      call.cancel();
      client.close();
    },
  };
}

/** An empty report, to change. */
export function emptyReport(): ReportBatch {
  return create(ReportBatchSchema);
}
