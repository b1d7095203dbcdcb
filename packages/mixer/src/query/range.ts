import type { Range } from "@fairlead/api";
import { BUCKET_MS, bucketTime } from "../aggregate/aggregate.ts";
import { QueryError } from "./query-error.ts";

/** The time that a query is about, milliseconds since the Unix epoch; `endMs` is not part of it. */
export interface TimeRange {
  readonly startMs: number;
  readonly endMs: number;
}

export interface RangeParameters {
  readonly window?: string | undefined;
  readonly start?: string | undefined;
  readonly end?: string | undefined;
}

const COARSE_MS = 60_000;
const DEFAULT_WINDOW_MS = 300_000;
/** As long as anything is kept. */
const MAX_RANGE_MS = 7 * 24 * 3600_000;
const UNIT_MS: Readonly<Record<string, number>> = { ms: 1, s: 1000, m: 60_000, h: 3600_000, d: 24 * 3600_000 };

export interface StoredTime {
  readonly nowMs: number;
  /** How long points of 10 s are kept; older ones are of a minute. */
  readonly fineMs: number;
}

/** `window` or `start`/`end` as instants, begun at a bucket's start so that no bucket is counted in part. */
export function parseRange(parameters: RangeParameters, stored: StoredTime): TimeRange {
  const { window, start, end } = parameters;
  if (window !== undefined && start !== undefined)
    throw new QueryError("invalid-query", "window and start exclude each other; give one of them");
  const endMs = end === undefined ? stored.nowMs : parseInstant("end", end);
  const startMs =
    start === undefined
      ? endMs - (window === undefined ? DEFAULT_WINDOW_MS : parseDuration("window", window))
      : parseInstant("start", start);
  if (startMs >= endMs) throw new QueryError("invalid-query", `start ${toIso(startMs)} must be before end ${toIso(endMs)}`);
  if (endMs - startMs > MAX_RANGE_MS)
    throw new QueryError("invalid-query", `the range is ${(endMs - startMs) / 1000} s, at most ${MAX_RANGE_MS / 1000} s (7d) are kept`);
  return { startMs: bucketTime(startMs, resolutionAt(startMs, stored)), endMs };
}

export function parseDuration(name: string, value: string): number {
  let total = 0;
  for (const [, amount = "", unit = ""] of value.matchAll(/(\d+)(ms|[smhd])/g)) total += Number(amount) * (UNIT_MS[unit] ?? 0);
  if (total <= 0 || !Number.isSafeInteger(total)) throw new QueryError("invalid-query", `${name} must be longer than 0, got "${value}"`);
  return total;
}

/** Seconds that a rate over the range is a rate of. */
export function rangeSeconds(range: TimeRange): number {
  return (range.endMs - range.startMs) / 1000;
}

export function toRange(range: TimeRange): Range {
  return { start: toIso(range.startMs), end: toIso(range.endMs), seconds: rangeSeconds(range) };
}

export function toIso(timeMs: number): string {
  return new Date(timeMs).toISOString();
}

/** Width of a time series' steps, milliseconds: what was asked for or about sixty of them, in whole buckets of what the range is stored in. */
export function chooseStep(range: TimeRange, wanted: string | undefined, stored: StoredTime): number {
  const resolutionMs = resolutionAt(range.startMs, stored);
  const stepMs = wanted === undefined ? (range.endMs - range.startMs) / 60 : parseDuration("step", wanted);
  return Math.max(1, Math.ceil(stepMs / resolutionMs)) * resolutionMs;
}

/** Width of the buckets that an instant is stored in; a minute early where the two meet, since roll-ups take whole minutes. */
function resolutionAt(timeMs: number, stored: StoredTime): number {
  return timeMs < stored.nowMs - stored.fineMs + COARSE_MS ? COARSE_MS : BUCKET_MS;
}

function parseInstant(name: string, value: string): number {
  const timeMs = /^\d+$/.test(value) ? Number(value) : Date.parse(value);
  if (Number.isNaN(timeMs) || timeMs > 8.64e15) throw new QueryError("invalid-query", `${name} is not a time: "${value}"`);
  return timeMs;
}
