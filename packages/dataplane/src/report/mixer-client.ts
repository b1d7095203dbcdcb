import { type ChannelCredentials, Client, connectivityState, status } from "@grpc/grpc-js";
import type { ProxyReportStatus } from "@fairlead/api";
import { ReportAckSchema, TelemetryService } from "@fairlead/api/gen/fairlead/telemetry/v1/report_pb";
import { fromBinary } from "@bufbuild/protobuf";
import { type Backoff, type Cancel, type Clock, createBackoff, type Logger } from "@fairlead/kit";
import { channelOptions } from "../grpc-channel.ts";
import { type GrpcCall, openGrpcCall } from "../grpc-call.ts";
import { createRetryLog, type RetryLog } from "../retry-log.ts";
import { BatchQueue } from "./batch-queue.ts";

export interface MixerClientOptions {
  /** `host:port` of Mixer's report server. */
  readonly server: string;
  readonly clock: Clock;
  /** A number from [0, 1). */
  readonly random: () => number;
  readonly logger: Logger;
}

const METHOD = `/${TelemetryService.typeName}/${TelemetryService.method.report.name}`;
const RECONNECT_BASE_MS = 250;
const RECONNECT_MAX_MS = 5_000;
/** Batches on the way at a time, so that a slow Mixer's backlog stays in our bounded queue and not in gRPC's buffers. */
const WINDOW = 8;
/** Without an acknowledgement for this long the stream is given up. */
const ACK_LIMIT_MS = 30_000;
/** Brings the engine's batches to Mixer, each until it is acknowledged, over one stream that is opened again whenever it ends. */
export class MixerClient {
  readonly #options: MixerClientOptions;
  readonly #queue = new BatchQueue();
  readonly #backoff: Backoff;
  readonly #retryLog: RetryLog;
  #credentials: ChannelCredentials | undefined;
  #call: GrpcCall<Uint8Array> | undefined;
  #sentUpTo = 0n;
  /** Whether the present stream's connection stands: with nothing to report there is no other sign of life. */
  #isConnected: () => boolean = () => false;
  #isStopped = false;
  #lastError: string | null = null;
  #endAttempt: (reason: Error) => void = () => undefined;
  #cancelRetry: Cancel = () => undefined;
  #cancelAckLimit: Cancel = () => undefined;
  #onDrained: () => void = () => undefined;

  constructor(options: MixerClientOptions) {
    this.#options = options;
    this.#backoff = createBackoff({ baseMs: RECONNECT_BASE_MS, maxMs: RECONNECT_MAX_MS, random: options.random });
    this.#retryLog = createRetryLog({ ...options, message: "no stream to mixer" });
  }

  /** Connects with these credentials from now on; what was pushed before waits for it. */
  start(credentials: ChannelCredentials): void {
    this.#credentials = credentials;
    this.#connect();
  }

  /** Takes one encoded ReportBatch; it is the client's from now on. */
  push(batch: Uint8Array): void {
    this.#queue.push(batch);
    this.#send();
  }

  /** Ends the stream once everything is acknowledged, at most after `limitMs`. */
  async stop(limitMs: number): Promise<void> {
    await new Promise<void>((resolve) => {
      const cancel = this.#options.clock.after(limitMs, resolve);
      this.#onDrained = () => {
        cancel();
        resolve();
      };
      if (this.#queue.size === 0 || this.#call === undefined) this.#onDrained();
    });
    this.#isStopped = true;
    this.#cancelRetry();
    this.#endAttempt(new Error("the proxy stops"));
    if (this.#queue.size > 0) this.#options.logger.warn({ batches: this.#queue.size }, "telemetry was not delivered");
  }

  status(): ProxyReportStatus {
    return {
      server: this.#options.server,
      connected: this.#isConnected(),
      lastError: this.#lastError,
      unacknowledgedBatches: this.#queue.size,
      acknowledgedBatches: this.#queue.acknowledgedCount,
      droppedBatches: this.#queue.droppedCount,
    };
  }

  #connect(): void {
    if (this.#isStopped || this.#credentials === undefined) return;
    const client = new Client(this.#options.server, this.#credentials, channelOptions(this.#options.server));
    let isOver = false;
    const end = (reason: Error): void => {
      if (isOver) return;
      isOver = true;
      call.cancel();
      client.close();
      this.#afterEnd(reason);
    };
    const call = openGrpcCall<Uint8Array, bigint>({
      client,
      method: METHOD,
      serialize: (batch) => batch,
      deserialize: (bytes) => fromBinary(ReportAckSchema, bytes).sequence,
      onMessage: (sequence) => this.#acknowledge(sequence),
      onEnd: end,
    });
    // Whatever was on the way over the former stream may be lost: Mixer drops what it has twice.
    this.#sentUpTo = 0n;
    this.#call = call;
    this.#isConnected = () => client.getChannel().getConnectivityState(false) === connectivityState.READY;
    this.#endAttempt = end;
    this.#send();
  }

  #send(): void {
    if (this.#call === undefined) return;
    const room = WINDOW - this.#queue.countUpTo(this.#sentUpTo);
    for (const batch of this.#queue.after(this.#sentUpTo, Math.max(0, room))) {
      if (this.#queue.countUpTo(this.#sentUpTo) === 0) this.#expectAck();
      this.#call.send(batch.bytes);
      this.#sentUpTo = batch.sequence;
    }
  }

  #acknowledge(sequence: bigint): void {
    this.#cancelAckLimit();
    this.#retryLog.succeeded();
    this.#backoff.reset();
    this.#queue.acknowledge(sequence);
    if (this.#queue.size === 0) this.#onDrained();
    else if (this.#queue.countUpTo(this.#sentUpTo) > 0) this.#expectAck();
    this.#send();
  }

  #expectAck(): void {
    this.#cancelAckLimit();
    this.#cancelAckLimit = this.#options.clock.after(ACK_LIMIT_MS, () =>
      this.#endAttempt(new Error(`no acknowledgement within ${ACK_LIMIT_MS} ms`)),
    );
  }

  #afterEnd(reason: Error): void {
    this.#cancelAckLimit();
    this.#call = undefined;
    this.#isConnected = () => false;
    this.#lastError = reason.message;
    if (this.#isStopped) return;
    // Sent again it would be refused again, and everything behind it would wait for nothing.
    if (isRefusal(reason)) this.#queue.dropOldest();
    const delayMs = this.#backoff.next();
    this.#retryLog.failed({ server: this.#options.server, reason: reason.message, retryInMs: delayMs });
    this.#cancelRetry = this.#options.clock.after(delayMs, () => this.#connect());
  }
}

/** Mixer calls a batch wrong, rather than itself unable to take it. */
function isRefusal(reason: Error): boolean {
  return "code" in reason && reason.code === status.INVALID_ARGUMENT;
}
