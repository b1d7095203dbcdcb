import type { FakeClock } from "@fairlead/kit";
import { until } from "@fairlead/testkit";

/** Lets time pass, step by step, until `probe` finds something: backoffs run out, and sockets, which know no fake time, answer meanwhile. */
export function untilLater<Value>(clock: FakeClock, what: string, probe: () => Value | undefined | false, stepMs = 50): Promise<Value> {
  const ask = (): Value | undefined | false => {
    void clock.advance(stepMs);
    return probe();
  };
  return until(what, ask, { intervalMs: 1 });
}
