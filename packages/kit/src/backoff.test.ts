import { expect, it } from "vitest";
import { createBackoff } from "./backoff.ts";

it("doubles its ceiling up to the limit and starts over after a success", () => {
  const backoff = createBackoff({ baseMs: 100, maxMs: 1000, random: () => 1 });
  expect([1, 2, 3, 4, 5, 6].map(() => backoff.next())).toEqual([100, 200, 400, 800, 1000, 1000]);
  backoff.reset();
  expect(backoff.next()).toBe(100);
});

it("spreads a herd over the upper half of the ceiling", () => {
  const earliest = createBackoff({ baseMs: 100, maxMs: 1000, random: () => 0 });
  expect(earliest.next()).toBe(50);
});
