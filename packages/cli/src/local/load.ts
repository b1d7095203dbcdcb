import { Agent, request } from "node:http";
import type { Cancel, Clock } from "@fairlead/kit";

/** Requests at a constant rate, however long the answers take: a person's idea of light traffic. */
export interface Load {
  readonly counts: LoadCounts;
  stop(): void;
}

export interface LoadCounts {
  readonly sent: number;
  readonly succeeded: number;
  /** 5xx, or no answer at all. */
  readonly failed: number;
  /** Requests without an answer yet. */
  readonly waiting: number;
  /** What the last failed request met: `503` or an error. */
  readonly lastFailure: string | undefined;
}

type Writable<Value> = { -readonly [Key in keyof Value]: Value[Key] };

const TIMEOUT_MS = 15_000;
/** Beyond this many without an answer nothing is sent until some return. */
const MAX_WAITING = 200;

export function startLoad(options: { readonly urls: readonly string[]; readonly ratePerSecond: number; readonly clock: Clock }): Load {
  const { urls, ratePerSecond, clock } = options;
  const agent = new Agent({ keepAlive: true, maxSockets: MAX_WAITING, maxFreeSockets: 8 });
  const counts: Writable<LoadCounts> = { sent: 0, succeeded: 0, failed: 0, waiting: 0, lastFailure: undefined };
  const startMs = clock.monotonic();
  let isStopped = false;
  let cancel: Cancel | undefined;

  const end = (failure: string | undefined): void => {
    counts.waiting -= 1;
    if (isStopped) return;
    if (failure === undefined) counts.succeeded += 1;
    else {
      counts.failed += 1;
      counts.lastFailure = failure;
    }
  };
  const send = (): void => {
    const url = urls[counts.sent % urls.length];
    if (url === undefined || counts.waiting >= MAX_WAITING) return;
    counts.sent += 1;
    counts.waiting += 1;
    get(url, agent, end);
  };
  let ticks = 0;
  const tick = (): void => {
    send();
    ticks += 1;
    // From the start's time, so that delays of the timer do not add up.
    const nextMs = startMs + (ticks * 1000) / ratePerSecond;
    cancel = clock.after(Math.max(0, nextMs - clock.monotonic()), tick);
  };
  tick();
  return {
    counts,
    stop() {
      isStopped = true;
      cancel?.();
      agent.destroy();
    },
  };
}

function get(url: string, agent: Agent, end: (failure: string | undefined) => void): void {
  let isOver = false;
  const finish = (failure: string | undefined): void => {
    if (isOver) return;
    isOver = true;
    end(failure);
  };
  const attempt = request(url, { agent, timeout: TIMEOUT_MS, headers: { "user-agent": "fairlead-load" } }, (response) => {
    const status = response.statusCode ?? 0;
    response.once("end", () => finish(status < 500 ? undefined : String(status)));
    response.once("close", () => finish("connection closed within the answer"));
    response.resume();
  });
  attempt.once("timeout", () => attempt.destroy(new Error(`no answer in ${TIMEOUT_MS / 1000} s`)));
  attempt.once("error", (error) => finish(error.message));
  attempt.end();
}
