//! A ring of hashes (Ketama): a request goes to the owner of the next point.

use config::RingHashFunction;

use crate::hashing::{Weighted, key_hash, murmur_hash_2};

/// Points per bucket, about.
const POINTS_PER_BUCKET: u64 = 8;

/// Points in the order of their hashes, with an index by the first bits: a look-up takes constant time.
#[derive(Debug)]
pub(crate) struct Ring {
    hashes: Vec<u64>,
    owners: Vec<u32>,
    /// Where the points of each bucket begin; one more than there are buckets.
    buckets: Vec<u32>,
    shift: u32,
}

impl Ring {
    /// The ring for members in the order of their keys. Each gets points by its weight, at least one; all together at
    /// least `minimum` and, if the number of members allows, at most `maximum`.
    pub(crate) fn new(members: &[Weighted], minimum: u64, maximum: u64, function: RingHashFunction) -> Self {
        let counts = point_counts(members, minimum, maximum);
        let total: u64 = counts.iter().sum();
        let bits = (total / POINTS_PER_BUCKET).max(2).next_power_of_two().trailing_zeros();
        let mut ring = Self {
            hashes: vec![0; total as usize],
            owners: vec![0; total as usize],
            buckets: vec![0; (1 << bits) + 1],
            shift: 64 - bits,
        };
        let points = points(members, &counts, function);
        ring.fill(&points);
        ring
    }

    /// Sorts points: first by bucket, then inside each.
    fn fill(&mut self, points: &[(u64, u32)]) {
        let bucket = |hash: u64| (hash >> self.shift) as usize;
        for (hash, _) in points {
            self.buckets[bucket(*hash) + 1] += 1;
        }
        for index in 1..self.buckets.len() {
            self.buckets[index] += self.buckets[index - 1];
        }
        let mut next = self.buckets.clone();
        let mut sorted = vec![(0, 0); points.len()];
        for point in points {
            let place = &mut next[(point.0 >> self.shift) as usize];
            sorted[*place as usize] = *point;
            *place += 1;
        }
        for range in self.buckets.windows(2) {
            sorted[range[0] as usize..range[1] as usize].sort_unstable();
        }
        for (position, (hash, owner)) in sorted.into_iter().enumerate() {
            self.hashes[position] = hash;
            self.owners[position] = owner;
        }
    }

    /// Owners of the points from `hash` on, all around.
    pub(crate) fn walk(&self, hash: u64) -> impl Iterator<Item = u32> {
        let bucket = (hash >> self.shift) as usize;
        let (start, end) = (self.buckets[bucket] as usize, self.buckets[bucket + 1] as usize);
        let first = start + self.hashes[start..end].partition_point(|point| *point < hash);
        self.owners[first..].iter().chain(&self.owners[..first]).copied()
    }
}

/// Points by weight: weights times a power of two, so that the points of most members stay when others come and go.
fn point_counts(members: &[Weighted], minimum: u64, maximum: u64) -> Vec<u64> {
    let total: f64 = members.iter().map(|member| member.weight).sum();
    let least = members.iter().map(|member| member.weight).fold(f64::INFINITY, f64::min);
    let mut factor = (minimum as f64 / total).max(1.0 / least).log2().ceil().exp2();
    let counts = |factor: f64| -> Vec<u64> {
        let points = members.iter().map(|member| (member.weight * factor).round() as u64);
        points.map(|points| points.max(1)).collect()
    };
    loop {
        let counted = counts(factor);
        let sum: u64 = counted.iter().sum();
        if sum <= maximum.max(members.len() as u64) {
            return counted;
        }
        factor /= 2.0;
    }
}

fn points(members: &[Weighted], counts: &[u64], function: RingHashFunction) -> Vec<(u64, u32)> {
    let mut points = Vec::with_capacity(counts.iter().sum::<u64>() as usize);
    let mut text = Vec::new();
    for (owner, (member, count)) in members.iter().zip(counts).enumerate() {
        text.clear();
        text.extend_from_slice(&member.key);
        text.push(b'_');
        let start = text.len();
        for number in 0..*count {
            text.truncate(start);
            push_number(&mut text, number);
            let hash = match function {
                RingHashFunction::XxHash => key_hash(&text, 0),
                RingHashFunction::MurmurHash2 => murmur_hash_2(&text),
            };
            points.push((hash, owner as u32));
        }
    }
    points
}

fn push_number(text: &mut Vec<u8>, number: u64) {
    let start = text.len();
    let mut left = number;
    loop {
        text.push(b'0' + (left % 10) as u8);
        left /= 10;
        if left == 0 {
            break;
        }
    }
    text[start..].reverse();
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::hashing::tests::members;

    #[test]
    fn points_follow_weights_within_the_limits() {
        let counts = |weights: &[f64], minimum, maximum| point_counts(&members(weights), minimum, maximum);
        assert_eq!(counts(&[1.0, 1.0], 1_024, 8_192), [512, 512]);
        assert_eq!(counts(&[1.0, 3.0], 1_024, 8_192), [256, 768]);
        assert_eq!(counts(&[1.0; 3], 1_024, 8_192), [512; 3]);
        assert_eq!(counts(&[1.0, 1_000.0], 4, 64), [1, 63]);
        assert_eq!(counts(&[1.0; 5], 1, 2), [1; 5]);
        assert_eq!(counts(&[0.25, 0.75], 4, 64), [1, 3]);
    }

    #[test]
    fn the_owner_of_the_next_point_comes_first_and_then_everybody() {
        let ring = Ring::new(&members(&[1.0; 3]), 64, 64, RingHashFunction::XxHash);
        assert!(ring.hashes.is_sorted());
        for position in 0..ring.hashes.len() {
            assert_eq!(ring.walk(ring.hashes[position]).next(), Some(ring.owners[position]));
        }
        let past_the_end = ring.hashes[ring.hashes.len() - 1].wrapping_add(1);
        assert_eq!(ring.walk(past_the_end).next(), Some(ring.owners[0]));
        assert_eq!(ring.walk(7).count(), ring.owners.len());
    }

    #[test]
    fn numbers_are_written_in_decimal() {
        let mut text = b"x_".to_vec();
        push_number(&mut text, 0);
        push_number(&mut text, 1_230);
        assert_eq!(text, b"x_01230");
    }
}
