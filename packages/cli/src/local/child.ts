import { type ChildProcess, spawn } from "node:child_process";
import { type Backoff, type Cancel, type Clock, createBackoff, createWatch, type MutableWatch, type Watch } from "@fairlead/kit";
import { type LogFile, openLogFile } from "./log-file.ts";

export type ChildRole = "citadel" | "pilot" | "mixer" | "proxy" | "application";

/** A process of the mesh: how to start it and how to tell that it works. */
export interface ChildSpec {
  /** Unique: `pilot`, `reviews-v1` (application), `reviews-v1-proxy`. */
  readonly name: string;
  readonly role: ChildRole;
  readonly command: string;
  readonly args: readonly string[];
  readonly cwd: string;
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly logFile: string;
  /** Asked again and again while the process starts. */
  readonly isReady: (signal: AbortSignal) => Promise<boolean>;
}

export type ChildState =
  | { readonly kind: "stopped" }
  | { readonly kind: "starting"; readonly pid: number }
  | { readonly kind: "ready"; readonly pid: number }
  /** It ended by itself and will be started again. */
  | { readonly kind: "restarting"; readonly reason: string; readonly retryInMs: number };

/** One line that a child wrote on its standard output or error. */
export interface ChildLine {
  readonly child: ChildSpec;
  readonly text: string;
}

export interface ChildOptions {
  readonly clock: Clock;
  /** A number from [0, 1), for the jitter of restarts. */
  readonly random: () => number;
  readonly onLine: (line: ChildLine) => void;
}

const READY_POLL_MS = 40;
const RESTART_BASE_MS = 200;
const RESTART_MAX_MS = 10_000;
/** Running this long proves a child healthy: the next crash is restarted without delay again. */
const HEALTHY_AFTER_MS = 10_000;
/** Lines kept to tell why a child ended. */
const LAST_LINES = 12;

/** A process that is kept running until it is told to stop. */
export class Child {
  readonly spec: ChildSpec;
  /** How often it ended by itself. */
  crashes = 0;
  readonly #options: ChildOptions;
  readonly #state: MutableWatch<ChildState> = createWatch<ChildState>({ kind: "stopped" });
  readonly #backoff: Backoff;
  readonly #lastLines: string[] = [];
  #process: ChildProcess | undefined;
  #log: LogFile | undefined;
  #exited: Promise<void> = Promise.resolve();
  #wanted = false;
  #cancelRestart: Cancel = () => undefined;

  constructor(spec: ChildSpec, options: ChildOptions) {
    this.spec = spec;
    this.#options = options;
    this.#backoff = createBackoff({ baseMs: RESTART_BASE_MS, maxMs: RESTART_MAX_MS, random: options.random });
  }

  get state(): Watch<ChildState> {
    return this.#state;
  }

  get pid(): number | undefined {
    const state = this.#state.value;
    return state.kind === "starting" || state.kind === "ready" ? state.pid : undefined;
  }

  /** The newest lines of its output. */
  get lastLines(): readonly string[] {
    return this.#lastLines;
  }

  start(): void {
    if (this.#wanted) return;
    this.#wanted = true;
    this.#spawn();
  }

  /** SIGTERM, then SIGKILL after `graceMs`; resolves when it is gone. */
  async stop(graceMs: number): Promise<void> {
    this.#wanted = false;
    this.#cancelRestart();
    if (this.#process === undefined) {
      this.#state.set({ kind: "stopped" });
      return;
    }
    this.signal("SIGTERM");
    const cancel = this.#options.clock.after(graceMs, () => this.signal("SIGKILL"));
    await this.#exited;
    cancel();
  }

  /**
   * An application may have been started by a shell that passes nothing on, so its whole group is told; a component knows best in which order its own
   * children end. SIGKILL spares nobody.
   */
  signal(signal: NodeJS.Signals): void {
    const pid = this.#process?.pid;
    if (pid !== undefined) send(signal, signal === "SIGKILL" || this.spec.role === "application" ? -pid : pid);
  }

  /** Resolves when it is ready; rejects when it ended more than `maxCrashes` times before, or on the signal. */
  untilReady(options: { readonly signal: AbortSignal; readonly maxCrashes?: number }): Promise<void> {
    const crashesBefore = this.crashes;
    return new Promise((resolve, reject) => {
      const settle = (finish: () => void): void => {
        unsubscribe();
        options.signal.removeEventListener("abort", onAbort);
        finish();
      };
      const look = (state: ChildState): void => {
        if (state.kind === "ready") settle(resolve);
        else if (state.kind === "restarting" && this.crashes - crashesBefore > (options.maxCrashes ?? Infinity))
          settle(() => reject(new Error(`${this.spec.name} ${state.reason}`)));
      };
      const onAbort = (): void => settle(() => reject(options.signal.reason));
      const unsubscribe = this.#state.subscribe(look);
      options.signal.addEventListener("abort", onAbort, { once: true });
      if (options.signal.aborted) onAbort();
      else look(this.#state.value);
    });
  }

  #spawn(): void {
    const { command, args, cwd, env, logFile } = this.spec;
    // A group of its own: Ctrl-C in the terminal reaches only the parent, which stops its children in order.
    const child = spawn(command, [...args], { cwd, env: { ...env }, stdio: ["ignore", "pipe", "pipe"], detached: true });
    this.#process = child;
    this.#log ??= openLogFile(logFile);
    const { promise, resolve } = Promise.withResolvers<void>();
    this.#exited = promise;
    const startedMs = this.#options.clock.monotonic();
    const stopPolling = new AbortController();
    let isOver = false;
    const onEnd = (reason: string): void => {
      if (isOver) return;
      isOver = true;
      stopPolling.abort();
      // What it started goes with it.
      if (child.pid !== undefined) send("SIGKILL", -child.pid);
      this.#process = undefined;
      if (this.#options.clock.monotonic() - startedMs > HEALTHY_AFTER_MS) this.#backoff.reset();
      this.#afterEnd(reason);
      resolve();
    };
    child.once("error", (error) => onEnd(`cannot be started: ${error.message}`));
    child.once("exit", (code, signal) => onEnd(signal === null ? `ended with exit status ${code ?? 0}` : `was ended by ${signal}`));
    for (const stream of [child.stdout, child.stderr]) this.#readLines(stream);
    if (child.pid === undefined) return;
    this.#state.set({ kind: "starting", pid: child.pid });
    void this.#pollReady(child.pid, stopPolling.signal);
  }

  #afterEnd(reason: string): void {
    if (!this.#wanted) {
      this.#state.set({ kind: "stopped" });
      return;
    }
    this.crashes += 1;
    const retryInMs = this.#backoff.next();
    this.#cancelRestart = this.#options.clock.after(retryInMs, () => this.#spawn());
    this.#state.set({ kind: "restarting", reason, retryInMs });
  }

  async #pollReady(pid: number, signal: AbortSignal): Promise<void> {
    while (!signal.aborted) {
      const isReady = await this.spec.isReady(signal).catch(() => false);
      if (signal.aborted) return;
      if (isReady) return this.#state.set({ kind: "ready", pid });
      await new Promise<void>((resolve) => this.#options.clock.after(READY_POLL_MS, resolve));
    }
  }

  #readLines(stream: NodeJS.ReadableStream): void {
    let rest = "";
    const take = (text: string): void => {
      this.#log?.write(text);
      this.#lastLines.push(text);
      if (this.#lastLines.length > LAST_LINES) this.#lastLines.shift();
      this.#options.onLine({ child: this.spec, text });
    };
    stream.setEncoding("utf8");
    stream.on("data", (chunk: string) => {
      const lines = (rest + chunk).split("\n");
      rest = (lines.pop() ?? "").slice(-MAX_LINE_LENGTH);
      for (const line of lines) take(line.slice(0, MAX_LINE_LENGTH));
    });
    stream.on("end", () => {
      if (rest !== "") take(rest);
    });
  }
}

/** A negative number means the group. */
function send(signal: NodeJS.Signals, pid: number): void {
  try {
    process.kill(pid, signal);
  } catch {
    // It is gone already.
  }
}

const MAX_LINE_LENGTH = 64 * 1024;
