import { describe, expect, test } from "vitest";
import { bucketOf, bucketStart, countAtMost, type Histogram, MAX_BUCKET, quantile } from "./histogram.ts";

describe("the log-linear histogram", () => {
  test("gives every value below 32 a bucket of its own and sixteen to every power of two above", () => {
    expect([0, 1, 31, 32, 33, 34, 63, 64].map(bucketOf)).toEqual([0, 1, 31, 32, 32, 33, 47, 48]);
  });

  test("puts a value between its bucket's start and the next one's", () => {
    for (const value of [32, 100, 999, 4095, 4096, 4097, 1_000_003, 2 ** 35 - 1, 2 ** 35]) {
      const index = bucketOf(value);
      expect(bucketStart(index)).toBeLessThanOrEqual(value);
      expect(bucketStart(index + 1)).toBeGreaterThan(value);
      expect(bucketStart(index + 1) - bucketStart(index)).toBeLessThanOrEqual(Math.max(1, value / 16));
    }
  });

  test("counts what is above its range as its highest value", () => {
    expect(bucketOf(2 ** 40)).toBe(MAX_BUCKET);
    expect(bucketOf(Number.MAX_SAFE_INTEGER)).toBe(MAX_BUCKET);
  });
});

describe("a quantile", () => {
  test("is exact for small values", () => {
    expect(quantile(histogramOf([1, 2, 3, 4, 5, 6, 7, 8, 9, 10]), 0.5)).toBe(5);
    expect(quantile(histogramOf([1, 2, 3, 4, 5, 6, 7, 8, 9, 10]), 0.9)).toBe(9);
    expect(quantile(histogramOf([1, 2, 3, 4, 5, 6, 7, 8, 9, 10]), 1)).toBe(10);
  });

  test("stays within 6.25 % of the exact one, whatever the distribution", () => {
    // A fixed generator, so that a failure can be repeated.
    let seed = 42;
    const random = (): number => (seed = (seed * 16807) % 2147483647) / 2147483647;
    const distributions = [
      Array.from({ length: 5000 }, () => Math.floor(random() * 1_000_000)),
      Array.from({ length: 5000 }, () => Math.floor(-Math.log(random()) * 3000)),
      Array.from({ length: 5000 }, () => Math.floor(Math.exp(6 + 2 * random() + 2 * random()))),
      [...Array.from({ length: 990 }, () => 1500), ...Array.from({ length: 10 }, () => 2_000_000)],
    ];
    for (const values of distributions) {
      const sorted = values.toSorted((a, b) => a - b);
      for (const q of [0.01, 0.5, 0.9, 0.99, 0.999]) {
        const exact = sorted[Math.max(1, Math.ceil(q * sorted.length)) - 1] ?? Number.NaN;
        const estimate = quantile(histogramOf(values), q) ?? Number.NaN;
        expect(Math.abs(estimate - exact)).toBeLessThanOrEqual(Math.max(1, exact * 0.0625));
      }
    }
  });

  test("of nothing is undefined", () => {
    expect(quantile(new Map(), 0.5)).toBeUndefined();
    expect(quantile(new Map([[3, 0]]), 0.5)).toBeUndefined();
  });
});

test("a count at most a bound takes whole buckets only", () => {
  const histogram = histogramOf([10, 500, 1000, 1000, 5000]);
  expect(countAtMost(histogram, 499)).toBe(1);
  expect(countAtMost(histogram, 2000)).toBe(4);
  expect(countAtMost(histogram, 10_000)).toBe(5);
});

function histogramOf(values: readonly number[]): Histogram {
  const histogram = new Map<number, number>();
  for (const value of values) histogram.set(bucketOf(value), (histogram.get(bucketOf(value)) ?? 0) + 1);
  return histogram;
}
