//! Weighted random choice in constant time.

/// Vose's alias method; without a table when all weights are equal.
#[derive(Clone, Debug)]
pub(crate) struct Alias {
    len: u32,
    /// Per slot: below the threshold the slot itself, else its alias.
    slots: Vec<(u32, u32)>,
}

impl Alias {
    pub(crate) fn new(weights: &[u32]) -> Self {
        let len = weights.len() as u32;
        if weights.windows(2).all(|pair| pair[0] == pair[1]) {
            return Self { len, slots: Vec::new() };
        }
        let total: u64 = weights.iter().map(|weight| u64::from(*weight)).sum();
        // Every slot holds `total` shares; weights are scaled so that they fill all slots exactly.
        let mut shares: Vec<u64> = weights
            .iter()
            .map(|weight| u64::from(*weight) * u64::from(len))
            .collect();
        let (mut small, mut large): (Vec<usize>, Vec<usize>) =
            (0..weights.len()).partition(|slot| shares[*slot] < total);
        let mut slots: Vec<(u32, u32)> = (0..len).map(|slot| (u32::MAX, slot)).collect();
        while let (Some(poor), Some(rich)) = (small.pop(), large.last().copied()) {
            let threshold = u128::from(shares[poor]) * (1 << 32) / u128::from(total);
            slots[poor] = (threshold as u32, rich as u32);
            shares[rich] -= total - shares[poor];
            if shares[rich] < total {
                large.pop();
                small.push(rich);
            }
        }
        Self { len, slots }
    }

    pub(crate) fn len(&self) -> usize {
        self.len as usize
    }

    pub(crate) fn is_uniform(&self) -> bool {
        self.slots.is_empty()
    }

    /// A position; there must be one.
    pub(crate) fn draw(&self, random: &mut fastrand::Rng) -> usize {
        let slot = random.u32(..self.len);
        match self.slots.get(slot as usize) {
            Some((threshold, alias)) if random.u32(..) >= *threshold => *alias as usize,
            _ => slot as usize,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn shares_follow_weights() {
        let alias = Alias::new(&[1, 0, 3, 6]);
        let mut random = fastrand::Rng::with_seed(7);
        let mut counts = [0_u32; 4];
        for _ in 0..100_000 {
            counts[alias.draw(&mut random)] += 1;
        }
        assert_eq!(counts[1], 0);
        for (count, expected) in counts.into_iter().zip([10_000, 0, 30_000, 60_000]) {
            assert!(count.abs_diff(expected) < 1_000, "{counts:?}");
        }
    }

    #[test]
    fn equal_weights_need_no_table() {
        let alias = Alias::new(&[5, 5, 5]);
        assert!(alias.is_uniform());
        assert_eq!(alias.len(), 3);
    }

    #[test]
    fn the_largest_weights_do_not_overflow() {
        let alias = Alias::new(&[u32::MAX, 1, u32::MAX]);
        let mut random = fastrand::Rng::with_seed(1);
        assert!((0..1_000).all(|_| alias.draw(&mut random) < 3));
    }
}
