import { setFlagsFromString } from "node:v8";
import { runInNewContext } from "node:vm";
import type { Cancel, Clock } from "@fairlead/kit";

/** Long enough for the first configuration, soon enough to matter. */
const AFTER_MS = 5_000;

/**
 * Gives back, once, what the start has left behind. A proxy's JavaScript has little to do afterwards, and V8 does not look at a heap in which nothing
 * happens: a third of it would stay garbage for as long as the process lives. The engine's threads go on meanwhile.
 */
export function trimHeapAfterStart(clock: Clock): Cancel {
  return clock.after(AFTER_MS, () => {
    setFlagsFromString("--expose-gc");
    const collect: unknown = runInNewContext("gc");
    if (typeof collect === "function") collect();
  });
}
