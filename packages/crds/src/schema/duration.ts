import { z } from "zod";

const UNITS_MS: Readonly<Record<string, number>> = { h: 3_600_000, m: 60_000, s: 1000, ms: 1, us: 0.001, µs: 0.001, ns: 0.000_001 };
const WHOLE = /^(\d+(\.\d+)?(h|ms|m|us|µs|s|ns))+$/;
const PART = /(\d+(?:\.\d+)?)(h|ms|m|us|µs|s|ns)/g;

/** A length of time as people write it: `500ms`, `1.5s`, `1h30m`; parsed to milliseconds. */
export const duration = durationAtLeast(1);

/** Like `duration`, but 0 (often: never, or switched off) is allowed too. */
export const durationOrZero = durationAtLeast(0);

/** Milliseconds of a written duration; undefined when it is none. */
export function parseDuration(text: string): number | undefined {
  if (text === "0") return 0;
  if (!WHOLE.test(text)) return undefined;
  let totalMs = 0;
  for (const [, amount = "0", unit = "s"] of text.matchAll(PART)) totalMs += Number(amount) * (UNITS_MS[unit] ?? 0);
  return totalMs;
}

function durationAtLeast(minimumMs: number) {
  return z.string().transform((text, context) => {
    const parsedMs = parseDuration(text);
    const message = mistakeIn(text, parsedMs, minimumMs);
    if (message === undefined && parsedMs !== undefined) return parsedMs;
    context.addIssue({ code: "custom", message: message ?? "is no duration", params: { hint: "write for example 500ms, 1.5s or 1h" } });
    return z.NEVER;
  });
}

function mistakeIn(text: string, parsedMs: number | undefined, minimumMs: number): string | undefined {
  if (parsedMs === undefined) return `"${text}" is no duration`;
  if (parsedMs < minimumMs) return `must be at least ${minimumMs}ms, got "${text}"`;
  if (!Number.isInteger(parsedMs)) return `must be a whole number of milliseconds, got "${text}"`;
  // Envoy and the native engine count milliseconds in 32 bits in places; a month is more than any of these is for.
  return parsedMs > 31 * 24 * 3_600_000 ? `must be at most 744h, got "${text}"` : undefined;
}
