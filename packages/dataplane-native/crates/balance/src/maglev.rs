//! Google's Maglev: a table of prime size that members fill in turns, each in an order of its own.

use crate::hashing::{Weighted, key_hash};

/// Who owns each place.
#[derive(Debug)]
pub(crate) enum Maglev {
    /// Up to 65,535 members.
    Small(Vec<u16>),
    /// More.
    Large(Vec<u32>),
}

struct Filler {
    /// Its next choice.
    place: u64,
    skip: u64,
    /// Weight relative to the largest.
    weight: f64,
    target: f64,
}

const FREE: u32 = u32::MAX;

impl Maglev {
    /// The table for members in the order of their keys; `size` is prime.
    pub(crate) fn new(members: &[Weighted], size: u64) -> Self {
        let mut owners = vec![FREE; size as usize];
        fill(members, size, &mut owners);
        if u16::try_from(members.len()).is_ok() {
            Self::Small(owners.into_iter().map(|owner| owner as u16).collect())
        } else {
            Self::Large(owners)
        }
    }

    /// Owners of the places from the one of `hash` on, all around.
    pub(crate) fn walk(&self, hash: u64) -> impl Iterator<Item = u32> {
        let size = self.size();
        let start = (hash % size as u64) as usize;
        (start..size).chain(0..start).map(|place| self.owner(place))
    }

    fn size(&self) -> usize {
        match self {
            Self::Small(owners) => owners.len(),
            Self::Large(owners) => owners.len(),
        }
    }

    fn owner(&self, place: usize) -> u32 {
        match self {
            Self::Small(owners) => u32::from(owners[place]),
            Self::Large(owners) => owners[place],
        }
    }
}

fn fill(members: &[Weighted], size: u64, owners: &mut [u32]) {
    let largest = members.iter().map(|member| member.weight).fold(0.0, f64::max);
    let mut fillers: Vec<Filler> = members
        .iter()
        .map(|member| Filler {
            place: key_hash(&member.key, 0) % size,
            skip: if size > 2 {
                key_hash(&member.key, 1) % (size - 1) + 1
            } else {
                1
            },
            weight: member.weight / largest,
            target: 0.0,
        })
        .collect();
    let mut left = owners.len();
    let mut round = 0.0;
    while left > 0 {
        round += 1.0;
        for (owner, filler) in fillers.iter_mut().enumerate() {
            // The heaviest takes a place in every round, one of half the weight in every second.
            if round * filler.weight < filler.target {
                continue;
            }
            filler.target += 1.0;
            while owners[filler.place as usize] != FREE {
                filler.advance(size);
            }
            owners[filler.place as usize] = owner as u32;
            filler.advance(size);
            left -= 1;
            if left == 0 {
                break;
            }
        }
    }
}

impl Filler {
    fn advance(&mut self, size: u64) {
        self.place += self.skip;
        if self.place >= size {
            self.place -= size;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::hashing::tests::members;

    fn shares(weights: &[f64], size: u64) -> Vec<usize> {
        let table = Maglev::new(&members(weights), size);
        let mut shares = vec![0; weights.len()];
        for owner in table.walk(0) {
            shares[owner as usize] += 1;
        }
        shares
    }

    #[test]
    fn equal_members_own_equally_many_places() {
        assert!(
            shares(&[1.0; 7], 65_537)
                .iter()
                .all(|share| share.abs_diff(65_537 / 7) <= 1)
        );
    }

    #[test]
    fn places_follow_weights() {
        let shares = shares(&[1.0, 2.0, 5.0], 65_537);
        for (share, expected) in shares.iter().zip([8_192_usize, 16_384, 40_961]) {
            assert!(share.abs_diff(expected) < 10, "{shares:?}");
        }
    }

    #[test]
    fn small_tables_are_filled_too() {
        assert_eq!(shares(&[1.0; 3], 2).iter().sum::<usize>(), 2);
        assert_eq!(shares(&[1.0], 3), [3]);
    }
}
