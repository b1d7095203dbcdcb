/** Exponential backoff with full jitter: attempt 0 waits up to `baseMs`, each next up to twice as long, at most `maxMs`. */
export interface Backoff {
  /** Milliseconds to wait before the next attempt. */
  next(): number;
  /** To be called after a success. */
  reset(): void;
}

export function createBackoff(options: { readonly baseMs: number; readonly maxMs: number; readonly random: () => number }): Backoff {
  let attempt = 0;
  return {
    next() {
      const ceilingMs = Math.min(options.maxMs, options.baseMs * 2 ** attempt);
      attempt = Math.min(attempt + 1, 30);
      // At least half of the ceiling, so that a herd spreads out without any client retrying at once.
      return ceilingMs / 2 + (options.random() * ceilingMs) / 2;
    },
    reset() {
      attempt = 0;
    },
  };
}
