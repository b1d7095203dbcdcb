import type { LoadResult } from "./load.ts";

/** The latencies of a run as its result tells them. */
export function toPercentiles(latenciesMs: readonly number[] | Float64Array): Pick<LoadResult, "p50Ms" | "p99Ms" | "p999Ms"> {
  const sorted = Float64Array.from(latenciesMs).toSorted();
  const at = (q: number): number => sorted[Math.max(0, Math.ceil(q * sorted.length) - 1)] ?? 0;
  return { p50Ms: at(0.5), p99Ms: at(0.99), p999Ms: at(0.999) };
}
