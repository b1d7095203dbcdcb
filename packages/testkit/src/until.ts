import { type Clock, sleep, systemClock } from "@fairlead/kit";

export interface UntilOptions {
  readonly timeoutMs?: number;
  readonly intervalMs?: number;
  readonly clock?: Clock;
}

const DEFAULT_TIMEOUT_MS = 10_000;
const DEFAULT_INTERVAL_MS = 20;

/**
 * Waits for a condition: asks until `ask` answers something other than undefined or false, and answers that. An error that `ask` throws counts as "not
 * yet" and is named when the time is over.
 */
export async function until<Value>(
  what: string,
  ask: () => Promise<Value | undefined | false> | Value | undefined | false,
  options: UntilOptions = {},
): Promise<Value> {
  const { timeoutMs = DEFAULT_TIMEOUT_MS, intervalMs = DEFAULT_INTERVAL_MS, clock = systemClock } = options;
  const endMs = clock.monotonic() + timeoutMs;
  let lastError: Error | undefined;
  for (;;) {
    try {
      const value = await ask();
      if (value !== undefined && value !== false) return value;
      lastError = undefined;
    } catch (error) {
      lastError = error instanceof Error ? error : new Error("something else than an error was thrown", { cause: error });
    }
    if (clock.monotonic() >= endMs) {
      const reason = lastError === undefined ? "" : `; last error: ${lastError.message}`;
      throw new Error(`waited ${timeoutMs} ms in vain until ${what}${reason}`, { cause: lastError });
    }
    await sleep(clock, intervalMs);
  }
}
