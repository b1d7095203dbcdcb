import { FakeClock } from "@fairlead/kit";
import { expect, it } from "vitest";
import { trimHeapAfterStart } from "./trim-heap.ts";

it("what the start has left behind is given back once it is over", async () => {
  const clock = new FakeClock();
  trimHeapAfterStart(clock);
  const leftover = new WeakRef({ large: new Uint8Array(1 << 20) });
  await clock.advance(4_000);
  expect(leftover.deref()).toBeDefined();
  await clock.advance(2_000);
  // What was looked at stays until the turn of the event loop is over.
  await clock.advance(0);
  expect(clock.pending).toBe(0);
  expect(leftover.deref()).toBeUndefined();
});
