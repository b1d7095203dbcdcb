//! Weighted round robin without a lock: static strides.

/// Walks round after round; in each, an endpoint takes its turn as often as its weight is of the largest weight.
#[derive(Clone, Debug)]
pub(crate) struct Strides {
    /// Weights scaled so that the largest is [`FULL`]; empty when all are equal.
    scaled: Vec<u16>,
    len: u32,
}

const FULL: u64 = u16::MAX as u64;

impl Strides {
    pub(crate) fn new(weights: &[u32]) -> Self {
        let largest = u64::from(weights.iter().copied().max().unwrap_or(1).max(1));
        let equal = weights.windows(2).all(|pair| pair[0] == pair[1]);
        let scale = |weight: &u32| (u64::from(*weight) * FULL / largest).max(u64::from(*weight > 0)) as u16;
        Self {
            scaled: if equal {
                Vec::new()
            } else {
                weights.iter().map(scale).collect()
            },
            len: weights.len() as u32,
        }
    }

    /// The next position; `sequence` belongs to the caller and wraps around.
    pub(crate) fn next(&self, sequence: &mut u32) -> usize {
        loop {
            let turn = *sequence;
            *sequence = sequence.wrapping_add(1);
            let position = turn % self.len;
            let Some(weight) = self.scaled.get(position as usize) else {
                return position as usize;
            };
            let round = u64::from(turn / self.len);
            // Offsets spread the skipped turns of endpoints with equal weights over different rounds.
            let offset = u64::from(position).wrapping_mul(FULL / 2);
            let step = u64::from(*weight);
            if (step * round + offset) % FULL + step >= FULL {
                return position as usize;
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn counts(weights: &[u32], picks: usize) -> Vec<usize> {
        let strides = Strides::new(weights);
        let mut counts = vec![0; weights.len()];
        let mut sequence = 0;
        for _ in 0..picks {
            counts[strides.next(&mut sequence)] += 1;
        }
        counts
    }

    #[test]
    fn equal_endpoints_take_turns() {
        let strides = Strides::new(&[1, 1, 1]);
        let mut sequence = 0;
        let picks: Vec<usize> = (0..6).map(|_| strides.next(&mut sequence)).collect();
        assert_eq!(picks, [0, 1, 2, 0, 1, 2]);
    }

    #[test]
    fn turns_follow_weights() {
        assert_eq!(
            counts(&[1, 3], 4_000)
                .iter()
                .zip([1_000, 3_000])
                .map(|(a, b)| a.abs_diff(b))
                .max(),
            Some(0)
        );
        let counts = counts(&[10, 20, 70], 10_000);
        assert!(
            counts
                .iter()
                .zip([1_000, 2_000, 7_000])
                .all(|(a, b)| a.abs_diff(b) < 20),
            "{counts:?}"
        );
    }

    #[test]
    fn heavy_and_light_endpoints_alternate_instead_of_coming_in_bursts() {
        let strides = Strides::new(&[1, 1, 2]);
        let mut sequence = 0;
        let picks: Vec<usize> = (0..40).map(|_| strides.next(&mut sequence)).collect();
        assert!(picks.windows(4).all(|window| window.contains(&2)), "{picks:?}");
    }

    #[test]
    fn the_end_of_the_numbers_is_no_problem() {
        let strides = Strides::new(&[1, 5]);
        let mut sequence = u32::MAX - 3;
        assert!((0..20).all(|_| strides.next(&mut sequence) < 2));
    }
}
