import type { Clock, Logger } from "@fairlead/kit";

/** While a server stays away every failed attempt says the same; once a minute is enough. */
const REPEAT_AFTER_MS = 60_000;

/** Logs failed attempts to reach a server: the first after a success as a warning, then one a minute, the others for debugging. */
export interface RetryLog {
  failed(fields: { readonly server: string; readonly reason: string; readonly retryInMs: number }): void;
  succeeded(): void;
}

export function createRetryLog(options: { readonly message: string; readonly clock: Clock; readonly logger: Logger }): RetryLog {
  let lastWarnedMs: number | undefined;
  return {
    failed(fields) {
      const nowMs = options.clock.monotonic();
      const isNews = lastWarnedMs === undefined || nowMs - lastWarnedMs >= REPEAT_AFTER_MS;
      if (isNews) lastWarnedMs = nowMs;
      options.logger[isNews ? "warn" : "debug"]({ ...fields, retryInMs: Math.round(fields.retryInMs) }, options.message);
    },
    succeeded() {
      lastWarnedMs = undefined;
    },
  };
}
