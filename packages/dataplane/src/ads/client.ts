import { type ChannelCredentials, Client, connectivityState } from "@grpc/grpc-js";
import type { ProxyXdsStatus } from "@fairlead/api";
import { type Backoff, type Cancel, type Clock, createBackoff, type Logger } from "@fairlead/kit";
import type { NodeIdentity } from "../bootstrap.ts";
import { channelOptions } from "../grpc-channel.ts";
import { createRetryLog, type RetryLog } from "../retry-log.ts";
import type { Engine } from "../native/engine.ts";
import { openDeltaStream } from "./delta-stream.ts";
import type { DiscoveryStream } from "./discovery-stream.ts";
import type { LastGood } from "./last-good.ts";
import { type RefusedResource, ResourceStore, type StoredResource } from "./resource-store.ts";
import { applyTo, Session } from "./session.ts";
import { openSotwStream } from "./sotw-stream.ts";
import { CLUSTER, LISTENER, TYPE_ORDER, TYPE_ORDER_WITH_NAMES } from "./type-urls.ts";

export interface AdsClientOptions {
  readonly engine: Pick<Engine, "applyXds">;
  readonly node: NodeIdentity;
  readonly protocol: "delta" | "sotw";
  /** Whether the proxy answers questions of DNS and wants a name table for that. */
  readonly wantsNames: boolean;
  /** `host:port` of the xDS server. */
  readonly server: string;
  /** What to start from while no server answers. */
  readonly lastGood: LastGood;
  readonly clock: Clock;
  /** A number from [0, 1). */
  readonly random: () => number;
  readonly logger: Logger;
}

/** Resources of one type as a proxy has them. */
export interface XdsResources {
  /** Of the last response that was taken as a whole. */
  readonly version: string;
  readonly accepted: readonly StoredResource[];
  readonly refused: readonly RefusedResource[];
}

const RECONNECT_BASE_MS = 100;
const RECONNECT_MAX_MS = 5_000;
/** A server that has not said anything by then is taken for unreachable. */
const FIRST_ANSWER_LIMIT_MS = 5_000;
/** How long a server may take at our start before we serve what the disk has. */
const LAST_GOOD_AFTER_MS = 2_000;
/** A stream that lived this long was a success: the next failure starts the backoff anew. */
const STABLE_AFTER_MS = 10_000;
/** A mesh's whole configuration in one response. */
const MAX_RESPONSE_BYTES = 64 << 20;

/** Follows an xDS server for as long as it lives: reconnects, resumes where it was, and keeps what it has when nobody answers. */
export class AdsClient {
  readonly #options: AdsClientOptions;
  readonly #store: ResourceStore;
  readonly #types: readonly string[];
  readonly #backoff: Backoff;
  readonly #retryLog: RetryLog;
  readonly #listeners = new Set<() => void>();
  /** Types that a server has answered at least once. */
  readonly #answered = new Set<string>();
  #credentials: ChannelCredentials | undefined;
  #startedMs = 0;
  #isStopped = false;
  #isConnected = false;
  #isFromLastGood = false;
  #lastError: string | null = null;
  #endAttempt: (reason: Error) => void = () => undefined;
  #cancelRetry: Cancel = () => undefined;
  #loading: Promise<void> = Promise.resolve();

  constructor(options: AdsClientOptions) {
    this.#options = options;
    this.#types = options.wantsNames ? TYPE_ORDER_WITH_NAMES : TYPE_ORDER;
    this.#store = new ResourceStore(options.clock);
    this.#backoff = createBackoff({ baseMs: RECONNECT_BASE_MS, maxMs: RECONNECT_MAX_MS, random: options.random });
    this.#retryLog = createRetryLog({ ...options, message: "no stream to the xds server" });
  }

  /** Credentials will come; where they take too long, what the disk has serves until then. */
  awaitCredentials(): void {
    const { clock, logger } = this.#options;
    this.#cancelRetry = clock.after(LAST_GOOD_AFTER_MS, () => {
      this.#loading = this.#loadLastGood().catch((error: unknown) =>
        logger.error({ err: error }, "cannot use the last known good configuration"),
      );
    });
  }

  /** Connects with these credentials from now on. */
  start(credentials: ChannelCredentials): void {
    this.#cancelRetry();
    this.#credentials = credentials;
    this.#startedMs = this.#options.clock.monotonic();
    // A stream begins with what is there already.
    void this.#loading.then(() => this.#connect());
  }

  /** Ends the stream; the resources stay with the engine. What is not on disk yet is written. */
  async stop(): Promise<void> {
    this.#isStopped = true;
    this.#cancelRetry();
    this.#endAttempt(new Error("the proxy stops"));
    await this.#options.lastGood.close();
  }

  /** True once clusters and listeners have been taken, from a server or from disk. */
  get hasConfiguration(): boolean {
    return this.#isFromLastGood || (this.#answered.has(CLUSTER) && this.#answered.has(LISTENER));
  }

  /** Calls `listener` whenever the engine has been given something new or the connection changed. */
  onChange(listener: () => void): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  status(): ProxyXdsStatus {
    return {
      server: this.#options.server,
      protocol: this.#options.protocol,
      connected: this.#isConnected,
      lastError: this.#lastError,
      fromLastKnownGood: this.#isFromLastGood,
      types: this.#types.map((typeUrl) => this.#store.status(typeUrl)),
    };
  }

  /** What the engine has of a type, and what it refused. */
  resources(typeUrl: string): XdsResources {
    const store = this.#store;
    return { version: store.version(typeUrl), accepted: store.resources(typeUrl), refused: store.refused(typeUrl) };
  }

  #connect(): void {
    const { clock, node, server } = this.#options;
    if (this.#isStopped || this.#credentials === undefined) return;
    const startedMs = clock.monotonic();
    const client = new Client(server, this.#credentials, channelOptions(server, { "grpc.max_receive_message_length": MAX_RESPONSE_BYTES }));
    let isOver = false;
    const end = (reason: Error): void => {
      if (isOver) return;
      isOver = true;
      cancelLimit();
      session.end();
      stream.close();
      client.close();
      void this.#afterEnd(reason, clock.monotonic() - startedMs);
    };
    const cancelLimit = clock.after(FIRST_ANSWER_LIMIT_MS, () => {
      // Who has everything already may be told nothing: then a connection is all there is to see.
      const isReady = client.getChannel().getConnectivityState(false) === connectivityState.READY;
      if (isReady && !this.#store.isEmpty) this.#noteFollowing();
      else end(new Error(`no answer within ${FIRST_ANSWER_LIMIT_MS} ms`));
    });
    const open = this.#options.protocol === "delta" ? openDeltaStream : openSotwStream;
    const stream: DiscoveryStream = open({
      client,
      node,
      store: this.#store,
      listener: {
        onUpdate: (update) => {
          cancelLimit();
          this.#noteFollowing();
          session.receive(update);
        },
        onEnd: end,
      },
    });
    const session = new Session(
      { ...this.#options, store: this.#store, types: this.#types, onApplied: (typeUrl) => this.#noteApplied(typeUrl) },
      stream,
    );
    this.#endAttempt = end;
    session.begin();
  }

  #noteFollowing(): void {
    if (this.#isConnected) return;
    this.#isConnected = true;
    this.#retryLog.succeeded();
    this.#isFromLastGood = false;
    for (const typeUrl of this.#types) if (this.#store.names(typeUrl).length > 0) this.#answered.add(typeUrl);
    this.#options.logger.info({ server: this.#options.server, protocol: this.#options.protocol }, "connected to the xds server");
    this.#notify();
  }

  #noteApplied(typeUrl: string): void {
    this.#answered.add(typeUrl);
    this.#options.lastGood.save(this.#store);
    this.#notify();
  }

  async #afterEnd(reason: Error, livedMs: number): Promise<void> {
    const wasConnected = this.#isConnected;
    this.#isConnected = false;
    this.#lastError = reason.message;
    this.#notify();
    if (this.#isStopped) return;
    if (wasConnected && livedMs >= STABLE_AFTER_MS) this.#backoff.reset();
    const delayMs = this.#backoff.next();
    this.#retryLog.failed({ server: this.#options.server, reason: reason.message, retryInMs: delayMs });
    const waitedMs = this.#options.clock.monotonic() - this.#startedMs;
    if (this.#store.isEmpty && waitedMs >= LAST_GOOD_AFTER_MS) await this.#loadLastGood();
    // Only now: a new stream says what the disk has given us already.
    this.#cancelRetry = this.#options.clock.after(delayMs, () => this.#connect());
  }

  async #loadLastGood(): Promise<void> {
    const { engine, lastGood, logger } = this.#options;
    const saved = this.#isStopped ? [] : await lastGood.load();
    // Settings may have changed since.
    const updates = saved.filter(({ typeUrl }) => this.#types.includes(typeUrl));
    for (const { typeUrl, version, upserts } of updates) {
      const problems = await applyTo(engine, typeUrl, upserts, []);
      this.#store.record(typeUrl, { version, upserts, removed: [], problems });
    }
    if (this.#store.isEmpty) return;
    this.#isFromLastGood = true;
    logger.warn({ resources: updates.reduce((sum, { upserts }) => sum + upserts.length, 0) }, "serving the last known good configuration");
    this.#notify();
  }

  #notify(): void {
    for (const listener of this.#listeners) listener();
  }
}
