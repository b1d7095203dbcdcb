import { describe, expect, test } from "vitest";
import { foreignShare, statFields } from "./cpu.ts";
import { rotate } from "./measure.ts";
import { parseOptions } from "./options.ts";
import { createRandom, estimateMedian, median } from "./statistics.ts";

describe("the statistics", () => {
  test("take the middle, or the mean of the two middle ones", () => {
    expect(median([3, 1, 2])).toBe(2);
    expect(median([4, 1, 2, 3])).toBe(2.5);
  });

  test("give a range that holds the median and shrinks as rounds agree", () => {
    const random = createRandom(1);
    const noisy = estimateMedian([0.8, 0.9, 1, 1.1, 1.2, 1.3, 0.7], random);
    const calm = estimateMedian([0.99, 1, 1.01, 1, 1, 0.99, 1.01], random);
    expect(noisy.low).toBeLessThanOrEqual(noisy.median);
    expect(noisy.high).toBeGreaterThanOrEqual(noisy.median);
    expect(calm.high - calm.low).toBeLessThan(noisy.high - noisy.low);
  });

  test("repeat themselves with the same seed", () => {
    const values = [1, 5, 2, 8, 3];
    expect(estimateMedian(values, createRandom(7))).toEqual(estimateMedian(values, createRandom(7)));
  });
});

test("every contender begins a round in its turn", () => {
  expect([0, 1, 2, 3].map((round) => rotate(["a", "b", "c"], round).join(""))).toEqual(["abc", "bca", "cab", "abc"]);
});

test("user and kernel time are found behind a program name with blanks and parentheses", () => {
  expect(statFields("7 (my (odd) name) S 1 7 7 0 -1 4194304 100 0 0 0 250 125 0 0 20 0 5 0 100")).toEqual([250, 125]);
});

test("what others took of a CPU is what is busy beyond the contender's own time", () => {
  const before = { busyTicks: 1000, totalTicks: 2000 };
  const after = { busyTicks: 1090, totalTicks: 2100 };
  expect(foreignShare(before, after, 800_000_000)).toBeCloseTo(0.1);
  expect(foreignShare(before, after, 950_000_000)).toBe(0);
});

test("options name what is wrong with them", () => {
  expect(() => parseOptions(["--rounds", "0"])).toThrow('--rounds must be a whole number of at least 1, got "0"');
  expect(() => parseOptions(["--scenarios", "plain,fancy"])).toThrow('"fancy" is none of plain, plain-1000');
  expect(parseOptions(["--quick"])).toMatchObject({ rounds: 3, seconds: 2, output: undefined });
});
