//! Weighted choice in constant time, at random or in turns, from a list that can be patched.

/// Endpoints with weights, in classes: within one, the heaviest weighs less than twice the lightest. A draw chooses a
/// class and in it an endpoint, which is accepted by its share of the class's largest possible weight: at least a half.
#[derive(Clone, Debug, Default)]
pub(crate) struct Wheel {
    /// Its place in a worker's list of rounds.
    id: u32,
    /// None is empty; the order does not matter.
    classes: Vec<Class>,
    len: u32,
    weight: u64,
}

#[derive(Clone, Debug)]
struct Class {
    /// Number of bits of each weight.
    bits: u32,
    endpoints: Vec<u32>,
    /// The weight of all of them, or else the weights.
    same: Option<u32>,
    weights: Vec<u32>,
    weight: u64,
}

/// Whose turn it is in a wheel.
#[derive(Clone, Debug)]
pub(crate) struct Rounds {
    sequence: u32,
    classes: Vec<u32>,
}

/// An endpoint that was drawn.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Drawn {
    pub(crate) endpoint: u32,
    pub(crate) weight: u32,
    position: u32,
}

/// Multiples of it modulo 2³² (the golden ratio) are spread as evenly as it gets, however many are taken.
const GOLDEN: u32 = 0x9E37_79B9;

impl Rounds {
    pub(crate) fn new(random: &mut fastrand::Rng) -> Self {
        Self {
            sequence: random.u32(..),
            classes: Vec::new(),
        }
    }
}

impl Class {
    fn weight_at(&self, position: u32) -> u32 {
        self.same.unwrap_or_else(|| self.weights[position as usize])
    }

    fn at(&self, position: u32) -> Drawn {
        Drawn {
            endpoint: self.endpoints[position as usize],
            weight: self.weight_at(position),
            position,
        }
    }

    /// Gives back the room that its lists did not need.
    fn settle(&mut self) {
        for list in [&mut self.endpoints, &mut self.weights] {
            *list = list.as_slice().into();
        }
    }

    fn push(&mut self, endpoint: u32, weight: u32) {
        if self.same.is_some_and(|same| same != weight) {
            let same = self.same.take().unwrap_or_default();
            self.weights = vec![same; self.endpoints.len()];
        }
        if self.same.is_none() {
            self.weights.push(weight);
        }
        self.endpoints.push(endpoint);
        self.weight += u64::from(weight);
    }
}

impl Wheel {
    pub(crate) fn new(id: u32) -> Self {
        Self { id, ..Self::default() }
    }

    /// A wheel of endpoints, all with a weight above 0.
    pub(crate) fn of(id: u32, entries: impl Iterator<Item = (u32, u32)>) -> Self {
        let mut wheel = Self::new(id);
        for (endpoint, weight) in entries {
            wheel.insert(endpoint, weight);
        }
        for class in &mut wheel.classes {
            class.settle();
        }
        wheel
    }

    pub(crate) fn id(&self) -> u32 {
        self.id
    }

    pub(crate) fn len(&self) -> u32 {
        self.len
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.len == 0
    }

    pub(crate) fn endpoints(&self) -> impl Iterator<Item = u32> + Clone {
        self.classes.iter().flat_map(|class| &class.endpoints).copied()
    }

    pub(crate) fn insert(&mut self, endpoint: u32, weight: u32) {
        let bits = u32::BITS - weight.leading_zeros();
        let known = self.classes.iter_mut().find(|class| class.bits == bits);
        if let Some(class) = known {
            class.push(endpoint, weight);
        } else {
            // Mostly there is one.
            self.classes.reserve_exact(1);
            self.classes.push(Class {
                bits,
                endpoints: vec![endpoint],
                same: Some(weight),
                weights: Vec::new(),
                weight: u64::from(weight),
            });
        }
        self.len += 1;
        self.weight += u64::from(weight);
    }

    /// Takes an endpoint out that was inserted with `weight`.
    pub(crate) fn remove(&mut self, endpoint: u32, weight: u32) {
        let bits = u32::BITS - weight.leading_zeros();
        let Some(index) = self.classes.iter().position(|class| class.bits == bits) else {
            return;
        };
        let class = &mut self.classes[index];
        let Some(position) = class.endpoints.iter().position(|other| *other == endpoint) else {
            return;
        };
        class.endpoints.swap_remove(position);
        if class.same.is_none() {
            class.weights.swap_remove(position);
        }
        class.weight -= u64::from(weight);
        if class.endpoints.is_empty() {
            self.classes.swap_remove(index);
        }
        self.len -= 1;
        self.weight -= u64::from(weight);
    }

    /// Renumbers endpoints from `first` on: up where one was inserted before them, down where one was removed.
    pub(crate) fn shift(&mut self, first: u32, is_up: bool) {
        for endpoint in self.classes.iter_mut().flat_map(|class| &mut class.endpoints) {
            let moves = u32::from(*endpoint >= first);
            *endpoint = if is_up { *endpoint + moves } else { *endpoint - moves };
        }
    }

    /// An endpoint at random; there must be one.
    pub(crate) fn draw(&self, random: &mut fastrand::Rng) -> Drawn {
        let class = self.class_at(if self.classes.len() == 1 {
            0
        } else {
            random.u64(..self.weight)
        });
        loop {
            let position = random.u32(..class.endpoints.len() as u32);
            let drawn = class.at(position);
            if class.same.is_some() || random.u64(..1 << class.bits) < u64::from(drawn.weight) {
                return drawn;
            }
        }
    }

    /// Another endpoint at random than `first`, if that is found at once.
    pub(crate) fn draw_other(&self, first: Drawn, random: &mut fastrand::Rng) -> Drawn {
        match self.classes.as_slice() {
            [class] if class.same.is_some() && self.len > 1 => {
                class.at((first.position + random.u32(1..self.len)) % self.len)
            }
            _ => {
                let drawn = self.draw(random);
                if drawn.endpoint == first.endpoint {
                    self.draw(random)
                } else {
                    drawn
                }
            }
        }
    }

    /// The next endpoint in turn; there must be one. Each comes as often as its weight says, in even distances.
    pub(crate) fn next(&self, rounds: &mut Rounds) -> Drawn {
        let [class] = self.classes.as_slice() else {
            let share = rounds.sequence.wrapping_mul(GOLDEN);
            rounds.sequence = rounds.sequence.wrapping_add(1);
            let point = (u128::from(share) * u128::from(self.weight)) >> 32;
            let class = self.class_at(point as u64);
            let index = class.bits as usize;
            if rounds.classes.len() <= index {
                rounds.classes.resize(index + 1, rounds.sequence);
            }
            return class.next(&mut rounds.classes[index]);
        };
        class.next(&mut rounds.sequence)
    }

    fn class_at(&self, mut point: u64) -> &Class {
        for class in &self.classes {
            match point.checked_sub(class.weight) {
                Some(rest) => point = rest,
                None => return class,
            }
        }
        // The point is below the sum of all weights.
        &self.classes[self.classes.len() - 1]
    }
}

impl Class {
    /// Round after round; in each, an endpoint takes its turn as often as its weight is of the largest possible one.
    fn next(&self, sequence: &mut u32) -> Drawn {
        let len = self.endpoints.len() as u32;
        let full = 1_u64 << self.bits;
        loop {
            let turn = *sequence;
            *sequence = sequence.wrapping_add(1);
            let position = turn % len;
            let drawn = self.at(position);
            if self.same.is_some() {
                return drawn;
            }
            // Offsets spread the skipped turns of endpoints with equal weights over different rounds.
            let offset = u64::from(position.wrapping_mul(GOLDEN)) % full;
            let weight = u64::from(drawn.weight);
            if (weight * u64::from(turn / len) + offset) % full + weight >= full {
                return drawn;
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn wheel(weights: &[u32]) -> Wheel {
        Wheel::of(0, (0..).zip(weights.iter().copied()))
    }

    fn rounds(sequence: u32) -> Rounds {
        Rounds {
            sequence,
            classes: Vec::new(),
        }
    }

    fn turns(weights: &[u32], picks: usize) -> Vec<usize> {
        let wheel = wheel(weights);
        let mut rounds = rounds(0);
        (0..picks).map(|_| wheel.next(&mut rounds).endpoint as usize).collect()
    }

    fn counts(picks: impl IntoIterator<Item = usize>, len: usize) -> Vec<usize> {
        let mut counts = vec![0; len];
        for pick in picks {
            counts[pick] += 1;
        }
        counts
    }

    #[test]
    fn draws_follow_weights() {
        let wheel = wheel(&[1, 3, 6, 1000]);
        let mut random = fastrand::Rng::with_seed(7);
        let counts = counts((0..1_010_000).map(|_| wheel.draw(&mut random).endpoint as usize), 4);
        for (count, expected) in counts.iter().zip([1_000_usize, 3_000, 6_000, 1_000_000]) {
            assert!(count.abs_diff(expected) < 400, "{counts:?}");
        }
    }

    #[test]
    fn equal_endpoints_take_turns() {
        assert_eq!(turns(&[1, 1, 1], 6), [0, 1, 2, 0, 1, 2]);
    }

    #[test]
    fn turns_follow_weights() {
        for (weights, picks) in [(&[1, 3][..], 4_000), (&[10, 20, 70], 10_000), (&[5, 6, 7, 100], 11_800)] {
            let total: u32 = weights.iter().sum();
            let counts = counts(turns(weights, picks), weights.len());
            for (count, weight) in counts.iter().zip(weights) {
                let expected = picks * *weight as usize / total as usize;
                assert!(count.abs_diff(expected) < 20, "{weights:?} {counts:?}");
            }
        }
    }

    #[test]
    fn heavy_and_light_endpoints_alternate_instead_of_coming_in_bursts() {
        let picks = turns(&[1, 1, 2], 40);
        assert!(picks.windows(4).all(|window| window.contains(&2)), "{picks:?}");
    }

    #[test]
    fn the_end_of_the_numbers_is_no_problem() {
        let wheel = wheel(&[1, 5, u32::MAX, u32::MAX - 1]);
        let (mut rounds, mut random) = (rounds(u32::MAX - 3), fastrand::Rng::with_seed(1));
        assert!((0..20).all(|_| wheel.next(&mut rounds).endpoint < 4 && wheel.draw(&mut random).endpoint < 4));
    }

    #[test]
    fn a_patched_wheel_is_like_a_new_one() {
        let mut patched = wheel(&[1, 1, 4, 9]);
        patched.remove(1, 1);
        patched.shift(1, false);
        patched.shift(0, true);
        patched.insert(0, 5);
        patched.remove(2, 4);
        patched.insert(2, 1);
        let mut random = fastrand::Rng::with_seed(3);
        let counts = counts((0..16_000).map(|_| patched.draw(&mut random).endpoint as usize), 4);
        for (count, expected) in counts.iter().zip([5_000_usize, 1_000, 1_000, 9_000]) {
            assert!(count.abs_diff(expected) < 300, "{counts:?}");
        }
        assert_eq!((patched.len(), patched.weight), (4, 16));
    }
}
