import { setImmediate } from "node:timers/promises";

/** Waits until `probe` finds something; the test's own limit ends a wait for what never comes. */
export async function until<Value>(probe: () => Value | undefined | false | null): Promise<Value> {
  for (;;) {
    const value = probe();
    if (value !== undefined && value !== false && value !== null) return value;
    await setImmediate();
  }
}
