import type { ProxyExplainRequest, ProxyExplanation, ProxyStat } from "@fairlead/api";
import type { ProxyConfig } from "./config.ts";
import { toEngineConfig } from "./engine-config.ts";
import { parseExplainRequest } from "./explain-request.ts";
import { createNativeEngine } from "./native/addon.ts";
import type { Engine, EngineBootstrap, EngineProblem, ProxyLimits } from "./native/engine.ts";
import { invalidConfig, ProxyError } from "./native/errors.ts";
import { parseStats } from "./stats.ts";

export interface ProxyOptions {
  readonly config: ProxyConfig;
  /** Threads that serve traffic. Default: one per CPU that the process may use. */
  readonly workers?: number;
  /** What bounds the resources that clients can make the proxy use. */
  readonly limits?: ProxyLimits;
  /**
   * A Unix socket for replacing the process without losing a connection: a process that was started with the same path hands its listening
   * sockets to this one, and `handedOver` becomes true there once this one serves.
   */
  readonly handoverPath?: string;
}

/** How an engine is made; tests bring their own. */
export type CreateEngine = (bootstrap: EngineBootstrap) => Promise<Engine>;

/** Time that requests in flight have to end in when nothing else is said. */
const DEFAULT_DRAIN_MS = 5_000;

/**
 * A proxy inside this process: traffic is served by native threads, this object changes what they do.
 *
 * ```ts
 * await using proxy = await Proxy.start({ config });
 * ```
 */
export class Proxy implements AsyncDisposable {
  readonly #engine: Engine;
  #isStopped = false;

  private constructor(engine: Engine) {
    this.#engine = engine;
  }

  /** Starts to listen and serve. Rejects with a `ProxyError`, and leaves nothing behind, where the configuration is refused. */
  static async start(options: ProxyOptions, createEngine: CreateEngine = createNativeEngine): Promise<Proxy> {
    const { handoverPath } = options;
    const engine = await createEngine({
      workers: options.workers ?? 0,
      limits: options.limits ?? {},
      reportIntervalMs: 0,
      ...(handoverPath === undefined ? {} : { handoverPath }),
    });
    const proxy = new Proxy(engine);
    try {
      await proxy.apply(options.config);
    } catch (error) {
      await proxy.stop();
      throw error;
    }
    return proxy;
  }

  /**
   * Replaces the configuration; requests in flight end on the old one. Answers what has no effect although it was taken (a port in use,
   * say). Rejects with the code `invalid-config`, and changes nothing, where a part of it is wrong.
   */
  async apply(config: ProxyConfig): Promise<readonly EngineProblem[]> {
    this.#assertRunning();
    const problems = await this.#engine.applyConfig(JSON.stringify(toEngineConfig(config)));
    if (problems.some(({ severity }) => severity === "error")) throw invalidConfig(problems);
    return problems;
  }

  /** Every counter and gauge as it is now. */
  async stats(): Promise<readonly ProxyStat[]> {
    this.#assertRunning();
    return parseStats(await this.#engine.stats());
  }

  /** Which way a request would take, and what decides so; nothing is sent. */
  async explain(request: Partial<ProxyExplainRequest> & Pick<ProxyExplainRequest, "authority">): Promise<ProxyExplanation> {
    this.#assertRunning();
    return this.#engine.explain(parseExplainRequest(request));
  }

  /**
   * Whether another process has taken over the listening sockets (`handoverPath`). What is left here is served to its end: `drain`, which
   * then waits for idle connections too, and `stop`.
   */
  get handedOver(): boolean {
    return !this.#isStopped && this.#engine.isHandedOver();
  }

  /** Refuses new connections and waits for requests in flight; false where some were left after `deadlineMs`. */
  async drain(deadlineMs: number = DEFAULT_DRAIN_MS): Promise<boolean> {
    this.#assertRunning();
    return this.#engine.drain(deadlineMs, "all");
  }

  /** Closes every connection and ends the threads. A second call does nothing. */
  async stop(): Promise<void> {
    if (this.#isStopped) return;
    this.#isStopped = true;
    await this.#engine.stop();
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.stop();
  }

  #assertRunning(): void {
    if (this.#isStopped) throw new ProxyError("stopped", "the proxy has been stopped");
  }
}
