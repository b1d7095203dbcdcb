/** A sparse log-linear histogram of microseconds: counts by bucket index, as report.proto defines the buckets. */
export type Histogram = ReadonlyMap<number, number>;

const LINEAR_BUCKETS = 32;
const MAX_VALUE = 2 ** 36;
/** The bucket of 2^36, the highest there is. */
export const MAX_BUCKET = bucketOf(MAX_VALUE);

/** The bucket that a duration of `microseconds` falls into. */
export function bucketOf(microseconds: number): number {
  const value = Math.min(Math.floor(Math.max(0, microseconds)), MAX_VALUE);
  if (value < LINEAR_BUCKETS) return value;
  const exponent = floorLog2(value);
  return (exponent - 3) * 16 + (Math.floor(value / 2 ** (exponent - 4)) - 16);
}

/** The lowest value of a bucket, microseconds. */
export function bucketStart(index: number): number {
  return index < LINEAR_BUCKETS ? index : (16 + (index % 16)) * 2 ** (Math.floor(index / 16) - 1);
}

export function addToHistogram(into: Map<number, number>, from: Histogram): void {
  for (const [index, count] of from) into.set(index, (into.get(index) ?? 0) + count);
}

/**
 * The value below which a share `q` (0 to 1) of all lies, microseconds, taken within the bucket of that rank in proportion; undefined for an empty
 * histogram. Off by less than the bucket's width: 6.25 %.
 */
export function quantile(histogram: Histogram, q: number): number | undefined {
  const buckets = [...histogram].filter(([, count]) => count > 0).toSorted(([a], [b]) => a - b);
  const total = buckets.reduce((sum, [, count]) => sum + count, 0);
  if (total === 0) return undefined;
  // The rank-th smallest value, counted from 1 (nearest-rank definition).
  const rank = Math.max(1, Math.ceil(q * total));
  let below = 0;
  for (const [index, count] of buckets) {
    if (below + count >= rank) {
      const start = bucketStart(index);
      const width = bucketStart(index + 1) - start;
      // Buckets of one microsecond hold exactly one value.
      return width === 1 ? start : start + (width * (rank - below - 0.5)) / count;
    }
    below += count;
  }
  return undefined;
}

/** How many values lie at or below `microseconds`, as far as whole buckets tell: a bucket counts when all of it does. */
export function countAtMost(histogram: Histogram, microseconds: number): number {
  let total = 0;
  for (const [index, count] of histogram) if (bucketStart(index + 1) - 1 <= microseconds) total += count;
  return total;
}

function floorLog2(value: number): number {
  // Math.log2 alone rounds up for values just below a power of two.
  const estimate = Math.floor(Math.log2(value));
  return 2 ** estimate > value ? estimate - 1 : estimate;
}
