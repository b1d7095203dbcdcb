import { Worker } from "node:worker_threads";
import { type Backoff, type Cancel, type Clock, createBackoff } from "@fairlead/kit";
import type { ProxyConfig } from "../config.ts";
import type { FilterThreadData, FilterThreadMessage } from "./thread-messages.ts";
import { withFilterVersions } from "./versions.ts";

/** What is wrong with filters or their threads while they run; the proxy serves on. */
export interface FilterProblem {
  /**
   * - `failed`: a filter threw at a message, or answered what cannot be sent.
   * - `ended`: a thread ended by itself or by what it did; another one is started.
   * - `hung`: a thread did not come back for two seconds, and was ended; another one is started.
   */
  readonly kind: "failed" | "ended" | "hung";
  /** The module; empty where it is not known. */
  readonly module: string;
  readonly message: string;
}

/** Where filters are and on how many threads they run. */
export interface FilterHostOptions {
  /** The folder of modules; no other is ever loaded. */
  readonly directory: string;
  readonly threads: number;
  /** The proxy's number in this process. */
  readonly proxy: number;
  readonly onProblem: (problem: FilterProblem) => void;
  readonly clock: Clock;
  /** A number from [0, 1). */
  readonly random: () => number;
}

/** The threads of Node that run filters. The event loop of who starts it hears of their beginnings, ends and failures only. */
export class FilterHost {
  readonly #options: FilterHostOptions;
  readonly #places: Place[];
  #versioning: Promise<unknown> = Promise.resolve();
  #isStopped = false;

  constructor(options: FilterHostOptions) {
    this.#options = options;
    this.#places = Array.from({ length: options.threads }, (_none, number) => ({
      number,
      worker: undefined,
      cancel: undefined,
      backoff: createBackoff({ baseMs: 100, maxMs: 10_000, random: options.random }),
      startedMs: 0,
      isHung: false,
      error: undefined,
    }));
    for (const place of this.#places) this.#start(place);
  }

  /** The configuration, so that modules that have changed are loaded anew. */
  withVersions(config: ProxyConfig): Promise<ProxyConfig> {
    // One after the other: configurations take effect in the order that they are given.
    const versioned = this.#versioning.then(() => withFilterVersions(config, this.#options.directory));
    this.#versioning = versioned;
    return versioned;
  }

  /** Ends a thread that hangs; another one follows. */
  onHang(thread: number): void {
    const place = this.#places[thread];
    if (place?.worker === undefined) return;
    place.isHung = true;
    void place.worker.terminate();
  }

  /** Ends all threads. */
  async stop(): Promise<void> {
    this.#isStopped = true;
    await Promise.all(
      this.#places.map(async ({ worker, cancel }) => {
        cancel?.();
        await worker?.terminate();
      }),
    );
  }

  #start(place: Place): void {
    const { proxy, directory, clock } = this.#options;
    const data: FilterThreadData = { proxy, thread: place.number, directory };
    // Nothing of how this process was started is for its filters.
    const worker = new Worker(THREAD, { workerData: data, name: `fairlead-filter-${place.number}`, execArgv: [], resourceLimits: LIMITS });
    worker.unref();
    Object.assign(place, { worker, startedMs: clock.monotonic(), isHung: false, error: undefined });
    worker.on("message", (message: FilterThreadMessage) => this.#hear(message));
    worker.on("error", (error: unknown) => (place.error = error));
    worker.on("exit", (code) => this.#ended(place, code));
  }

  #hear(message: FilterThreadMessage): void {
    if (message.kind !== "failure") return;
    const more = message.untold === 0 ? "" : ` (and ${message.untold} failures before)`;
    this.#options.onProblem({ kind: "failed", module: message.module, message: `${message.message}${more}` });
  }

  #ended(place: Place, code: number): void {
    if (this.#isStopped) return;
    const { clock, onProblem } = this.#options;
    place.worker = undefined;
    if (clock.monotonic() - place.startedMs > WELL_AFTER_MS) place.backoff.reset();
    const delayMs = place.backoff.next();
    place.cancel = clock.after(delayMs, () => this.#start(place));
    const reason = place.isHung ? "it did not come back" : place.error === undefined ? `exit code ${code}` : messageOf(place.error);
    onProblem({
      kind: place.isHung ? "hung" : "ended",
      module: "",
      message: `filter thread ${place.number} ended: ${reason}; another one is started in ${Math.round(delayMs)} ms`,
    });
  }
}

/** Where a thread has its place. */
interface Place {
  readonly number: number;
  worker: Worker | undefined;
  cancel: Cancel | undefined;
  readonly backoff: Backoff;
  startedMs: number;
  isHung: boolean;
  error: unknown;
}

/** The thread's file lies beside this one, in source and built. */
const THREAD = new URL(import.meta.url.endsWith(".ts") ? "./thread.ts" : "./thread.js", import.meta.url);

/** A filter that keeps what it sees ends its thread, not the process. */
const LIMITS = { maxOldGenerationSizeMb: 256 };

/** A thread that has run so long did not end because it was started. */
const WELL_AFTER_MS = 30_000;

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
