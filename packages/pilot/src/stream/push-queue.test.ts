import { type Clock, FakeClock } from "@fairlead/kit";
import { expect, test } from "vitest";
import { createDebounce, createPushQueue } from "./push-queue.ts";

test("changes are pushed once they were quiet for a while", async () => {
  const clock = new FakeClock();
  let pushes = 0;
  const debounce = createDebounce({ quietMs: 20, maxMs: 200, clock, task: () => (pushes += 1) });
  debounce.trigger();
  await clock.advance(15);
  debounce.trigger();
  await clock.advance(19);
  expect(pushes).toBe(0);
  await clock.advance(1);
  expect(pushes).toBe(1);
});

test("changes that never calm down are pushed all the same", async () => {
  const clock = new FakeClock();
  let pushes = 0;
  const debounce = createDebounce({ quietMs: 20, maxMs: 200, clock, task: () => (pushes += 1) });
  for (let elapsedMs = 0; elapsedMs < 400; elapsedMs += 10) {
    debounce.trigger();
    await clock.advance(10);
  }
  expect(pushes).toBe(2);
});

test("nothing is pushed after the end", async () => {
  const clock = new FakeClock();
  let pushes = 0;
  const debounce = createDebounce({ quietMs: 20, maxMs: 200, clock, task: () => (pushes += 1) });
  debounce.trigger();
  debounce.stop();
  await clock.advance(1000);
  expect(pushes).toBe(0);
  expect(clock.pending).toBe(0);
});

test("a client that is asked for many times is pushed to once, in turn", async () => {
  const pushed: string[] = [];
  const queue = createPushQueue<string>({ clock: new FakeClock(), push: (client) => pushed.push(client) });
  for (const client of ["a", "b", "a", "c", "b"]) queue.add(client);
  queue.delete("c");
  expect(queue.size).toBe(2);
  await new Promise((resolve) => setImmediate(resolve));
  expect(pushed).toEqual(["a", "b"]);
});

test("many slow pushes let others have a turn in between", async () => {
  let nowMs = 0;
  const clock: Clock = { now: () => nowMs, monotonic: () => nowMs, after: () => () => undefined };
  const order: string[] = [];
  const push = (client: number): void => {
    order.push(`push ${client}`);
    nowMs += 15;
  };
  const queue = createPushQueue<number>({ clock, push });
  for (let client = 0; client < 4; client += 1) queue.add(client);
  setImmediate(() => order.push("others"));
  while (queue.size > 0) await new Promise((resolve) => setImmediate(resolve));
  expect(order).toEqual(["push 0", "push 1", "others", "push 2", "push 3"]);
});
