import { Agent, type IncomingHttpHeaders, request } from "node:http";
import { type Clock, sleep, systemClock } from "@fairlead/kit";

/** One request's end: a whole response, or why there is none. */
export type Outcome = { readonly startedMs: number; readonly durationMs: number } & (
  | { readonly kind: "response"; readonly status: number; readonly headers: IncomingHttpHeaders; readonly body: string }
  | { readonly kind: "error"; readonly code: string }
);

export interface HttpRequest {
  readonly url: string;
  readonly method?: string;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: string;
  readonly timeoutMs?: number;
  readonly agent?: Agent;
  readonly clock?: Clock;
}

const DEFAULT_TIMEOUT_MS = 10_000;

/** Sends one request and reads the whole answer; never throws, what went wrong is an outcome. */
export function send(options: HttpRequest): Promise<Outcome> {
  const { url, method = "GET", headers = {}, body, timeoutMs = DEFAULT_TIMEOUT_MS, agent, clock = systemClock } = options;
  const startedMs = clock.monotonic();
  const signal = AbortSignal.timeout(timeoutMs);
  const timing = (): { readonly startedMs: number; readonly durationMs: number } => ({
    startedMs,
    durationMs: clock.monotonic() - startedMs,
  });
  return new Promise((resolve) => {
    const fail = (error: Error): void => resolve({ kind: "error", code: signal.aborted ? "TIMEOUT" : codeOf(error), ...timing() });
    const attempt = request(url, { method, headers, signal, agent: agent ?? false }, (response) => {
      const chunks: Buffer[] = [];
      response.on("data", (chunk: Buffer) => chunks.push(chunk));
      response.once("error", fail);
      response.once("end", () =>
        resolve({
          kind: "response",
          status: response.statusCode ?? 0,
          headers: response.headers,
          body: Buffer.concat(chunks).toString("utf8"),
          ...timing(),
        }),
      );
    });
    attempt.once("error", fail);
    attempt.end(body);
  });
}

export interface LoadOptions {
  /** The request of each turn, counted from 0. */
  readonly request: (turn: number) => HttpRequest;
  /** Sees every outcome as it comes. */
  readonly onOutcome?: (outcome: Outcome, turn: number) => void;
  /** Connections kept at most. */
  readonly connections?: number;
  readonly clock?: Clock;
}

/** Load that runs: what was sent and what became of it. No request is lost: sent = outcomes once stopped. */
export interface RunningLoad {
  readonly sent: number;
  readonly outcomes: readonly Outcome[];
  /** Sends nothing more and waits for what is under way. */
  stop(): Promise<LoadSummary>;
}

export interface LoadSummary {
  readonly sent: number;
  readonly statuses: Readonly<Record<number, number>>;
  readonly errors: Readonly<Record<string, number>>;
  readonly outcomes: readonly Outcome[];
}

const DEFAULT_CONNECTIONS = 32;

/** Open loop: a constant rate, whether answers come or not. */
export function startConstantRate(options: LoadOptions & { readonly ratePerSecond: number }): RunningLoad {
  const { ratePerSecond, clock = systemClock } = options;
  return run(options, async (sendNext, isStopped) => {
    const startMs = clock.monotonic();
    for (let turn = 0; !isStopped(); turn += 1) {
      const waitMs = startMs + (turn * 1000) / ratePerSecond - clock.monotonic();
      if (waitMs > 0) await sleep(clock, waitMs);
      if (!isStopped()) void sendNext();
    }
  });
}

/** Closed loop: so many clients, each sends its next request when the last is answered. */
export function startClients(options: LoadOptions & { readonly clients: number }): RunningLoad {
  return run(options, async (sendNext, isStopped) => {
    const client = async (): Promise<void> => {
      while (!isStopped()) await sendNext();
    };
    await Promise.all(Array.from({ length: options.clients }, client));
  });
}

function run(options: LoadOptions, drive: (sendNext: () => Promise<void>, isStopped: () => boolean) => Promise<void>): RunningLoad {
  const agent = new Agent({ keepAlive: true, maxSockets: options.connections ?? DEFAULT_CONNECTIONS });
  const outcomes: Outcome[] = [];
  const underWay = new Set<Promise<void>>();
  let sent = 0;
  let isStopped = false;
  const answerOf = async (turn: number): Promise<void> => {
    const outcome = await send({ agent, ...options.request(turn) });
    outcomes.push(outcome);
    options.onOutcome?.(outcome, turn);
  };
  const sendNext = async (): Promise<void> => {
    const answered = answerOf(sent);
    sent += 1;
    underWay.add(answered);
    try {
      await answered;
    } finally {
      underWay.delete(answered);
    }
  };
  const driving = drive(sendNext, () => isStopped);
  return {
    get sent() {
      return sent;
    },
    outcomes,
    async stop() {
      isStopped = true;
      await driving;
      await Promise.all(underWay);
      agent.destroy();
      return summarize(sent, outcomes);
    },
  };
}

function summarize(sent: number, outcomes: readonly Outcome[]): LoadSummary {
  const statuses: Record<number, number> = {};
  const errors: Record<string, number> = {};
  for (const outcome of outcomes) {
    if (outcome.kind === "response") statuses[outcome.status] = (statuses[outcome.status] ?? 0) + 1;
    else errors[outcome.code] = (errors[outcome.code] ?? 0) + 1;
  }
  return { sent, statuses, errors, outcomes };
}

function codeOf(error: Error): string {
  return "code" in error && typeof error.code === "string" ? error.code : error.message;
}
