import { type ChildProcess, spawn } from "node:child_process";
import { type Cancel, type Clock, createBackoff, type Logger, type LogLevel, messageOf, sleep } from "@fairlead/kit";

export interface EnvoyProcessOptions {
  /** Binary, found by `PATH` where it is a bare name. */
  readonly path: string;
  readonly bootstrapPath: string;
  /** Worker threads; Envoy's own default (one per CPU) where absent. */
  readonly workers: number | undefined;
  readonly logLevel: LogLevel;
  readonly drainMs: number;
  /** `host:port` of Envoy's admin server. */
  readonly adminAddress: string;
  readonly clock: Clock;
  /** A number from [0, 1). */
  readonly random: () => number;
  readonly logger: Logger;
  /** Called when Envoy cannot be kept running. */
  readonly onFatal: (reason: string) => void;
}

/** Ends this soon after a start are failures to start. */
const STABLE_AFTER_MS = 10_000;
const START_LIMIT = 5;
const RESTART_BASE_MS = 250;
const RESTART_MAX_MS = 10_000;
const KILL_AFTER_MS = 3_000;
const ADMIN_TIMEOUT_MS = 1_000;
const DRAIN_POLL_MS = 100;

/** Keeps one Envoy running until it is told to stop. */
export class EnvoyProcess {
  readonly #options: EnvoyProcessOptions;
  readonly #backoff;
  #child: ChildProcess | undefined;
  #exited: Promise<void> = Promise.resolve();
  #isStopping = false;
  #failedStarts = 0;
  #cancelRestart: Cancel = () => undefined;

  constructor(options: EnvoyProcessOptions) {
    this.#options = options;
    this.#backoff = createBackoff({ baseMs: RESTART_BASE_MS, maxMs: RESTART_MAX_MS, random: options.random });
  }

  start(): void {
    if (this.#isStopping) return;
    const { clock, logger, path } = this.#options;
    const startedMs = clock.monotonic();
    const child = spawn(path, toArguments(this.#options), { stdio: ["ignore", "inherit", "inherit"] });
    this.#child = child;
    // An Envoy without its agent would hold ports and an identity that nobody renews.
    const killWithUs = (): void => void child.kill("SIGKILL");
    process.once("exit", killWithUs);
    this.#exited = new Promise((resolve) => {
      const end = (reason: string): void => {
        if (this.#child !== child) return;
        this.#child = undefined;
        process.off("exit", killWithUs);
        resolve();
        this.#afterEnd(reason, clock.monotonic() - startedMs);
      };
      child.once("error", (error) => end(error.message));
      child.once("exit", (code, signal) => end(signal === null ? `exit code ${code}` : `signal ${signal}`));
    });
    logger.info({ path, pid: child.pid }, "envoy started");
  }

  /** Refuses new connections, waits for requests in flight at most `drainMs`, and ends Envoy. */
  async stop(): Promise<void> {
    this.#isStopping = true;
    this.#cancelRestart();
    const child = this.#child;
    if (child === undefined) return;
    await this.#drain();
    child.kill("SIGTERM");
    const cancelKill = this.#options.clock.after(KILL_AFTER_MS, () => child.kill("SIGKILL"));
    await this.#exited;
    cancelKill();
  }

  async #drain(): Promise<void> {
    const { clock, drainMs } = this.#options;
    const deadlineMs = clock.monotonic() + drainMs;
    await this.#tolerant("drain", () => this.#admin("POST", "/drain_listeners"));
    // Twice nothing, so that a request between two readings is not lost. Without an answer there may be requests.
    for (let quiet = 0; quiet < 2 && clock.monotonic() < deadlineMs && this.#child !== undefined;) {
      await sleep(clock, DRAIN_POLL_MS);
      const active = await this.#tolerant("count requests", () => this.#activeRequests());
      quiet = active === 0 ? quiet + 1 : 0;
    }
  }

  async #tolerant<Value>(purpose: string, ask: () => Promise<Value>): Promise<Value | undefined> {
    try {
      return await ask();
    } catch (error) {
      this.#options.logger.warn({ purpose, reason: messageOf(error) }, "envoy's admin server did not answer");
      return undefined;
    }
  }

  async #activeRequests(): Promise<number> {
    const text = await this.#admin("GET", "/stats?filter=^http\\..*\\.downstream_rq_active$");
    const lines = text.split("\n").filter((line) => line !== "" && !line.startsWith("http.admin."));
    return lines.reduce((sum, line) => sum + Number(line.slice(line.lastIndexOf(":") + 1)), 0);
  }

  async #admin(method: "GET" | "POST", path: string): Promise<string> {
    const response = await fetch(`http://${this.#options.adminAddress}${path}`, { method, signal: AbortSignal.timeout(ADMIN_TIMEOUT_MS) });
    if (!response.ok) throw new Error(`envoy answered ${method} ${path} with ${response.status}`);
    return response.text();
  }

  #afterEnd(reason: string, livedMs: number): void {
    const { logger, clock, onFatal } = this.#options;
    if (this.#isStopping) return logger.info({ reason }, "envoy ended");
    logger.error({ reason, livedMs: Math.round(livedMs) }, "envoy ended unexpectedly");
    if (livedMs >= STABLE_AFTER_MS) {
      this.#failedStarts = 0;
      this.#backoff.reset();
    }
    this.#failedStarts += 1;
    if (this.#failedStarts >= START_LIMIT) return onFatal(`envoy failed to start ${START_LIMIT} times: ${reason}`);
    this.#cancelRestart = clock.after(this.#backoff.next(), () => this.start());
  }
}

const LOG_LEVELS: Readonly<Record<LogLevel, string>> = {
  trace: "trace",
  debug: "debug",
  info: "info",
  warn: "warning",
  error: "error",
  silent: "off",
};

function toArguments({ bootstrapPath, workers, logLevel, drainMs }: EnvoyProcessOptions): readonly string[] {
  return [
    "--config-path",
    bootstrapPath,
    // Shared memory and parent processes are for hot restarts, which an agent that drains has no use for.
    "--disable-hot-restart",
    ...(workers === undefined ? [] : ["--concurrency", String(workers)]),
    "--drain-time-s",
    String(Math.max(1, Math.ceil(drainMs / 1000))),
    "--drain-strategy",
    "immediate",
    "--log-level",
    // What Envoy calls information is a diary of its start.
    logLevel === "info" ? "warning" : LOG_LEVELS[logLevel],
  ];
}
