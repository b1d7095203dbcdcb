import { fileURLToPath } from "node:url";
import type { ProxyExplainRequest, ProxyExplanation, ProxyStat } from "@fairlead/api";
import { systemClock } from "@fairlead/kit";
import type { ProxyConfig } from "./config.ts";
import { findConfigProblems, findDeadlineProblems, findOptionProblems } from "./config-check.ts";
import { toUserProblem } from "./config-path.ts";
import { toEngineConfig } from "./engine-config.ts";
import { parseExplainRequest } from "./explain-request.ts";
import { parseEndpoints, parseListeners, type ProxyEndpoint, type ProxyListener } from "./endpoints.ts";
import { FilterHost, type FilterProblem } from "./filters/host.ts";
import { createNativeEngine } from "./native/addon.ts";
import type { Engine, EngineBootstrap, EngineProblem, ProxyLimits } from "./native/engine.ts";
import { invalidConfig, listenFailed, ProxyError } from "./native/errors.ts";
import { type ProxyReport, toProxyReport } from "./proxy-report.ts";
import { parseStats } from "./stats.ts";

/** What a proxy is started with. */
export interface ProxyOptions {
  /** Where it listens, and where requests go; `apply` replaces it. */
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
  /**
   * Is told once in an interval what was served in it, in batches: never per request. The last report comes before `stop` resolves. Where it throws, the
   * process hears of it as of an error of a timer's.
   */
  readonly onReport?: (report: ProxyReport) => void;
  /** Filters of your own, which listeners and routes name (`filters`). */
  readonly filters?: ProxyFilterOptions;
  /** Time between two reports. Default 1,000. */
  readonly reportIntervalMs?: number;
  /** Share of the requests that are in a report one by one, 0 to 1; those that failed are as long as there is room (128 a thread). Default 0.01. */
  readonly sampleRate?: number;
}

/** Where a proxy's own filters are. */
export interface ProxyFilterOptions {
  /** The folder of their modules: a path, or a URL such as `new URL("./filters/", import.meta.url)`. Nothing outside of it is ever loaded. */
  readonly directory: string | URL;
  /** Threads that they run on. Default 1. */
  readonly threads?: number;
  /** Is told of filters that throw, and of threads that end or hang. Default: a warning of the process's. */
  readonly onProblem?: (problem: FilterProblem) => void;
}

/** How an engine is made; tests bring their own. */
export type CreateEngine = (bootstrap: EngineBootstrap) => Promise<Engine>;

/** Time that requests in flight have to end in when nothing else is said. */
const DEFAULT_DRAIN_MS = 5_000;
const DEFAULT_REPORT_INTERVAL_MS = 1_000;
const DEFAULT_SAMPLE_RATE = 0.01;

/**
 * A proxy inside this process: traffic is served by native threads, this object changes what they do.
 *
 * Like a server of Node's it keeps the process alive until it is stopped (`unref` lets go).
 *
 * ```ts
 * await using proxy = await Proxy.start({ config });
 * ```
 */
export class Proxy implements AsyncDisposable {
  readonly #engine: Engine;
  readonly #filters: FilterHost | undefined;
  #isStopped = false;

  private constructor(engine: Engine, filters: FilterHost | undefined) {
    this.#engine = engine;
    this.#filters = filters;
  }

  /**
   * Starts to listen and serve. Rejects with a `ProxyError`, and leaves nothing behind, where the configuration is refused (`invalid-config`) or a listener
   * cannot be bound (`listen-failed`).
   */
  static async start(options: ProxyOptions, createEngine: CreateEngine = createNativeEngine): Promise<Proxy> {
    const wrong = findOptionProblems(options);
    if (wrong.length > 0) throw invalidConfig(wrong);
    const {
      workers = 0,
      limits = {},
      onReport,
      reportIntervalMs = DEFAULT_REPORT_INTERVAL_MS,
      sampleRate = DEFAULT_SAMPLE_RATE,
      handoverPath,
      filters,
    } = options;
    const reports = onReport === undefined ? { reportIntervalMs: 0 } : { reportIntervalMs, accessLog: { sampleRate } };
    const { threads = 1 } = filters ?? { threads: 0 };
    const engine = await createEngine({
      workers,
      limits,
      filterThreads: threads,
      ...reports,
      ...(handoverPath === undefined ? {} : { handoverPath }),
    });
    if (onReport !== undefined) engine.onReport((batch) => onReport(toProxyReport(batch)));
    const proxy = new Proxy(engine, filters && startFilters(engine, filters, threads));
    proxy.ref();
    try {
      const unbound = (await proxy.apply(options.config)).filter(isUnbound);
      if (unbound.length > 0) throw listenFailed(unbound);
    } catch (error) {
      await proxy.stop();
      throw error;
    }
    return proxy;
  }

  /**
   * Replaces the configuration; requests in flight end on the old one. Answers what has no effect although it was taken: a port in use, say, which is
   * tried again until it is free. Rejects with the code `invalid-config`, and changes nothing, where a part of it is wrong.
   */
  async apply(config: ProxyConfig): Promise<readonly EngineProblem[]> {
    this.#assertRunning();
    const malformed = findConfigProblems(config);
    if (malformed.length > 0) throw invalidConfig(malformed);
    const json = JSON.stringify(toEngineConfig((await this.#filters?.withVersions(config)) ?? config));
    const problems = (await this.#engine.applyConfig(json)).map((problem) => toUserProblem(problem, config, json));
    if (problems.some(({ severity }) => severity === "error")) throw invalidConfig(problems);
    return problems;
  }

  /** Every counter and gauge as it is now. */
  async stats(): Promise<readonly ProxyStat[]> {
    this.#assertRunning();
    return parseStats(await this.#engine.stats());
  }

  /** Every listener, and where it is bound. */
  async listeners(): Promise<readonly ProxyListener[]> {
    this.#assertRunning();
    return parseListeners(await this.#engine.dumpConfig());
  }

  /** Every endpoint of every cluster as it is now: its health, and what it has served. */
  async endpoints(): Promise<readonly ProxyEndpoint[]> {
    this.#assertRunning();
    return parseEndpoints(await this.#engine.dumpConfig());
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
    const wrong = findDeadlineProblems(deadlineMs);
    if (wrong.length > 0) throw invalidConfig(wrong);
    return this.#engine.drain(deadlineMs, "all");
  }

  /** Closes every connection and ends the threads. A second call does nothing. */
  async stop(): Promise<void> {
    if (this.#isStopped) return;
    this.#isStopped = true;
    this.unref();
    await this.#engine.stop();
    await this.#filters?.stop();
  }

  /** Keeps the process alive until `stop`, as a server of Node's does: a proxy does so from its start on. */
  ref(): void {
    if (!this.#isStopped && !holds.has(this)) holds.set(this, holdProcess());
  }

  /** Lets the process end although the proxy runs, and the proxy with its last reference. */
  unref(): void {
    holds.get(this)?.();
    holds.delete(this);
  }

  /** The same as `stop`, for `await using`. */
  [Symbol.asyncDispose](): Promise<void> {
    return this.stop();
  }

  #assertRunning(): void {
    if (this.#isStopped) throw new ProxyError("stopped", "the proxy has been stopped");
  }
}

/** Starts the threads that run filters. */
function startFilters(engine: Engine, { directory, onProblem = warn }: ProxyFilterOptions, threads: number): FilterHost {
  const host = new FilterHost({
    directory: directory instanceof URL ? fileURLToPath(directory) : directory,
    threads,
    proxy: engine.proxyNumber(),
    onProblem,
    clock: systemClock,
    // oxlint-disable-next-line no-restricted-properties -- this is where a library's randomness comes from
    random: Math.random,
  });
  engine.onFilterThreadHang((thread) => host.onHang(thread));
  return host;
}

function warn({ kind, module, message }: FilterProblem): void {
  process.emitWarning(`${module === "" ? "" : `filter ${module}: `}${message}`, {
    type: "FilterWarning",
    code: `FILTER_${kind.toUpperCase()}`,
  });
}

/** Proxies that hold the process, and how each lets go. From here they are referred to, so that none is collected while it serves. */
const holds = new Map<Proxy, () => void>();

/** Keeps the event loop alive without waking it up. */
function holdProcess(): () => void {
  const { port1, port2 } = new MessageChannel();
  port1.ref();
  return () => {
    port1.close();
    port2.close();
  };
}

/** A listener whose address somebody else has, or that nobody here may have. */
function isUnbound({ severity, path, resourceType }: EngineProblem): boolean {
  return severity === "warning" && resourceType.endsWith("Listener") && /(^|\.)address$/.test(path);
}
