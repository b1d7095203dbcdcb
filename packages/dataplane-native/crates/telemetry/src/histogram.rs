//! The log-linear histogram of `fairlead.telemetry.v1.Histogram`.

use std::sync::OnceLock;
use std::sync::atomic::{AtomicU64, Ordering::Relaxed};

/// Values above count as this one.
pub const MAX_VALUE_US: u64 = 1 << 36;

/// How many buckets there are.
pub const BUCKETS: usize = bucket_index(MAX_VALUE_US) + 1;

const CHUNK: usize = 16;
const CHUNKS: usize = BUCKETS.div_ceil(CHUNK);

/// The bucket a value (in microseconds) falls into: itself where it is below 32, otherwise one of sixteen for each power
/// of two.
pub const fn bucket_index(value_us: u64) -> usize {
    let value = if value_us > MAX_VALUE_US {
        MAX_VALUE_US
    } else {
        value_us
    };
    if value < 32 {
        return value as usize;
    }
    let exponent = value.ilog2() as usize;
    (exponent - 3) * 16 + ((value >> (exponent - 4)) as usize - 16)
}

/// The lowest value (in microseconds) of a bucket.
pub const fn bucket_start(index: usize) -> u64 {
    if index < 32 {
        return index as u64;
    }
    ((16 + index % 16) as u64) << (index / 16 - 1)
}

/// A histogram that one thread writes and another reads. Its buckets come into being sixteen at a time, so that one with
/// the usual spread of latencies takes a kilobyte or two.
#[derive(Debug)]
pub(crate) struct Histogram {
    sum_us: AtomicU64,
    reported_sum_us: AtomicU64,
    chunks: [OnceLock<Box<Chunk>>; CHUNKS],
}

#[derive(Debug, Default)]
struct Chunk {
    counts: [AtomicU64; CHUNK],
    // Written by the reader only.
    reported: [AtomicU64; CHUNK],
}

impl Histogram {
    pub(crate) fn new() -> Self {
        Self {
            sum_us: AtomicU64::new(0),
            reported_sum_us: AtomicU64::new(0),
            chunks: [const { OnceLock::new() }; CHUNKS],
        }
    }

    /// Counts a value. Only the owning thread may call it.
    pub(crate) fn record(&self, value_us: u64) {
        let index = bucket_index(value_us);
        let chunk = self.chunks[index / CHUNK].get_or_init(Box::default);
        add(&chunk.counts[index % CHUNK], 1);
        add(&self.sum_us, value_us);
    }

    /// What was counted since the last call: the sum, and pairs of bucket and count in ascending order.
    pub(crate) fn take_delta(&self) -> (u64, Vec<(usize, u64)>) {
        let sum = self.sum_us.load(Relaxed);
        let sum_delta = sum.wrapping_sub(self.reported_sum_us.load(Relaxed));
        self.reported_sum_us.store(sum, Relaxed);
        let mut buckets = Vec::new();
        for (index, chunk, slot) in self.used_buckets() {
            let count = chunk.counts[slot].load(Relaxed);
            let delta = count.wrapping_sub(chunk.reported[slot].load(Relaxed));
            if delta > 0 {
                chunk.reported[slot].store(count, Relaxed);
                buckets.push((index, delta));
            }
        }
        (sum_delta, buckets)
    }

    /// Adds everything counted so far to `totals` (which has [`BUCKETS`] places) and answers the sum.
    pub(crate) fn add_totals(&self, totals: &mut [u64]) -> u64 {
        for (index, chunk, slot) in self.used_buckets() {
            totals[index] += chunk.counts[slot].load(Relaxed);
        }
        self.sum_us.load(Relaxed)
    }

    fn used_buckets(&self) -> impl Iterator<Item = (usize, &Chunk, usize)> {
        self.chunks
            .iter()
            .enumerate()
            .filter_map(|(number, chunk)| Some((number, chunk.get()?)))
            .flat_map(|(number, chunk)| (0..CHUNK).map(move |slot| (number * CHUNK + slot, &**chunk, slot)))
            .filter(|(index, ..)| *index < BUCKETS)
    }
}

/// An increment by the only thread that writes the cell: a load and a store instead of a locked instruction.
pub(crate) fn add(cell: &AtomicU64, count: u64) {
    cell.store(cell.load(Relaxed).wrapping_add(count), Relaxed);
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_value_lies_between_its_buckets_start_and_the_next() {
        let values = (0..5000).chain((0..36).flat_map(|shift| [1 << shift, (1 << shift) + 1, (2 << shift) - 1]));
        for value in values {
            let index = bucket_index(value);
            assert!(
                bucket_start(index) <= value && value < bucket_start(index + 1),
                "{value} in bucket {index}"
            );
        }
    }

    #[test]
    fn buckets_follow_the_wire_contract() {
        assert_eq!(
            [0, 31, 32, 33, 34, 63, 64].map(bucket_index),
            [0, 31, 32, 32, 33, 47, 48]
        );
        assert_eq!(bucket_index(u64::MAX), BUCKETS - 1);
        assert_eq!(bucket_start(BUCKETS - 1), MAX_VALUE_US);
    }

    #[test]
    fn a_delta_holds_what_came_since_the_last() {
        let histogram = Histogram::new();
        histogram.record(5);
        histogram.record(1000);
        assert_eq!(histogram.take_delta(), (1005, vec![(5, 1), (bucket_index(1000), 1)]));
        histogram.record(1000);
        assert_eq!(histogram.take_delta(), (1000, vec![(bucket_index(1000), 1)]));
        assert_eq!(histogram.take_delta(), (0, vec![]));
        let mut totals = vec![0; BUCKETS];
        assert_eq!(histogram.add_totals(&mut totals), 2005);
        assert_eq!(totals[bucket_index(1000)], 2);
    }
}
