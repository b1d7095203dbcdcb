//! Consistent hashing: which endpoint a hash belongs to.

use std::sync::Arc;

use config::{Endpoint, LbPolicy};
use serde_json::Value;
use twox_hash::XxHash64;

use crate::{live::LiveState, maglev::Maglev, ring::Ring};

/// Places that are looked at one after the other until an endpoint is chosen among all.
const MAX_WALK: usize = 512;

/// Endpoints that are asked for room before the least loaded of them is taken.
const MAX_ASKED: usize = 32;

/// A member of a ring or table.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Weighted {
    pub(crate) key: Vec<u8>,
    pub(crate) weight: f64,
}

/// A ring or table with the endpoints that its members are now. A change that leaves keys and weights as they are
/// leaves the table as it is, too.
#[derive(Clone, Debug)]
pub(crate) struct HashTable {
    /// Endpoint and share of the whole weight, in the order of keys.
    members: Vec<(u32, f64)>,
    table: Arc<Table>,
}

#[derive(Debug)]
struct Table {
    policy: LbPolicy,
    members: Vec<Weighted>,
    places: Places,
}

#[derive(Debug)]
enum Places {
    Ring(Ring),
    Maglev(Maglev),
}

/// The hash of a key; also of what a request is hashed by.
pub(crate) fn key_hash(bytes: &[u8], seed: u64) -> u64 {
    XxHash64::oneshot(seed, bytes)
}

/// `MurmurHash64A` with the seed of GCC's `std::hash`.
pub(crate) fn murmur_hash_2(bytes: &[u8]) -> u64 {
    const SEED: u64 = 0xc70f_6907;
    const MULTIPLIER: u64 = 0xc6a4_a793_5bd1_e995;
    let mut hash = SEED ^ (bytes.len() as u64).wrapping_mul(MULTIPLIER);
    let (words, rest) = bytes.as_chunks::<8>();
    for word in words {
        let mut word = u64::from_le_bytes(*word).wrapping_mul(MULTIPLIER);
        word ^= word >> 47;
        hash = (hash ^ word.wrapping_mul(MULTIPLIER)).wrapping_mul(MULTIPLIER);
    }
    if !rest.is_empty() {
        let tail = rest.iter().rev().fold(0, |tail, byte| tail << 8 | u64::from(*byte));
        hash = (hash ^ tail).wrapping_mul(MULTIPLIER);
    }
    hash = (hash ^ (hash >> 47)).wrapping_mul(MULTIPLIER);
    hash ^ (hash >> 47)
}

/// What an endpoint is hashed by: its `hash_key`, or its name if wanted, or its address.
pub(crate) fn key_of(endpoint: &Endpoint, use_hostname: bool) -> Vec<u8> {
    let given = endpoint
        .lb_metadata
        .as_ref()
        .and_then(|metadata| metadata.get("hash_key"));
    if let Some(Value::String(key)) = given {
        return key.clone().into_bytes();
    }
    match &endpoint.hostname {
        Some(name) if use_hostname && !name.is_empty() => name.as_bytes().to_vec(),
        _ => endpoint.address.to_string().into_bytes(),
    }
}

impl HashTable {
    /// The table of a hashing policy for endpoints with their keys and weights. `None`: another policy, or nothing to
    /// choose. `before`: tables that may fit.
    pub(crate) fn new<'t>(
        policy: LbPolicy,
        entries: impl Iterator<Item = (u32, Weighted)>,
        mut before: impl Iterator<Item = &'t HashTable>,
    ) -> Option<Self> {
        let mut entries: Vec<(u32, Weighted)> = entries.filter(|(_, member)| member.weight > 0.0).collect();
        if entries.is_empty() || !matches!(policy, LbPolicy::RingHash { .. } | LbPolicy::Maglev { .. }) {
            return None;
        }
        // By key, so that the order in which endpoints are configured does not matter.
        entries.sort_by(|(_, one), (_, two)| one.key.cmp(&two.key).then(one.weight.total_cmp(&two.weight)));
        let total: f64 = entries.iter().map(|(_, member)| member.weight).sum();
        let shares = entries
            .iter()
            .map(|(endpoint, member)| (*endpoint, member.weight / total));
        let numbered = shares.collect();
        let members: Vec<Weighted> = entries.into_iter().map(|(_, member)| member).collect();
        let known = before.find(|known| known.table.policy == policy && known.table.members == members);
        let table = known.map_or_else(
            || Arc::new(Table::new(policy, members)),
            |known| Arc::clone(&known.table),
        );
        Some(Self {
            members: numbered,
            table,
        })
    }

    /// The endpoint that a hash belongs to, or the next one that `is_good`.
    pub(crate) fn find(&self, hash: u64, mut is_good: impl FnMut(u32) -> bool) -> Option<u32> {
        let mut good = |member: u32| {
            let endpoint = self.members[member as usize].0;
            is_good(endpoint).then_some(endpoint)
        };
        let found = match &self.table.places {
            Places::Ring(ring) => ring.walk(hash).take(MAX_WALK).find_map(&mut good),
            Places::Maglev(maglev) => maglev.walk(hash).take(MAX_WALK).find_map(&mut good),
        };
        found.or_else(|| {
            // Nearly all of them are out: start somewhere that depends on the hash.
            let len = self.members.len() as u32;
            let start = (hash % u64::from(len)) as u32;
            (start..len).chain(0..start).find_map(good)
        })
    }

    /// The same, but when the endpoint has more than `factor` percent of what would be even in flight, another one, in
    /// an order that depends on the hash ("Consistent Hashing with Bounded Loads", as Envoy does it).
    pub(crate) fn find_bounded<L: LiveState + ?Sized>(
        &self,
        hash: u64,
        factor: u32,
        live: &L,
        mut is_good: impl FnMut(u32) -> bool,
    ) -> Option<u32> {
        let first = self.find(hash, &mut is_good)?;
        let slots = ((u64::from(live.total_in_flight()) + 1) * u64::from(factor)).div_ceil(100) as f64;
        let load = |(endpoint, share): (u32, f64)| {
            f64::from(live.in_flight(endpoint as usize)) / (slots * share).ceil().max(1.0)
        };
        let of_first = self.members.iter().find(|(endpoint, _)| *endpoint == first);
        let mut least = (first, of_first.map_or(0.0, |member| load(*member)));
        if least.1 < 1.0 {
            return Some(first);
        }
        let mut order = fastrand::Rng::with_seed(hash);
        for _ in 0..MAX_ASKED.min(self.members.len() * 4) {
            let member = self.members[order.usize(..self.members.len())];
            if member.0 == first || !is_good(member.0) {
                continue;
            }
            let load = load(member);
            if load < 1.0 {
                return Some(member.0);
            }
            if load < least.1 {
                least = (member.0, load);
            }
        }
        Some(least.0)
    }
}

impl Table {
    fn new(policy: LbPolicy, members: Vec<Weighted>) -> Self {
        let places = match policy {
            LbPolicy::RingHash {
                minimum_ring_size,
                maximum_ring_size,
                hash_function,
            } => Places::Ring(Ring::new(&members, minimum_ring_size, maximum_ring_size, hash_function)),
            LbPolicy::Maglev { table_size } => Places::Maglev(Maglev::new(&members, table_size)),
            _ => Places::Maglev(Maglev::Small(Vec::new())),
        };
        Self {
            policy,
            members,
            places,
        }
    }
}

#[cfg(test)]
pub(crate) mod tests {
    use std::collections::HashMap;

    use config::RingHashFunction;
    use proptest::prelude::*;

    use super::*;
    use crate::live::NoState;

    const MAGLEV: LbPolicy = LbPolicy::Maglev { table_size: 65_537 };
    const RING: LbPolicy = LbPolicy::RingHash {
        minimum_ring_size: 4_096,
        maximum_ring_size: 65_536,
        hash_function: RingHashFunction::XxHash,
    };

    pub(crate) fn members(weights: &[f64]) -> Vec<Weighted> {
        let member = |(number, weight): (usize, &f64)| Weighted {
            key: key(number as u32),
            weight: *weight,
        };
        weights.iter().enumerate().map(member).collect()
    }

    fn key(endpoint: u32) -> Vec<u8> {
        format!("10.0.{}.{}:80", endpoint / 256, endpoint % 256).into_bytes()
    }

    fn table(policy: LbPolicy, endpoints: &[(u32, f64)]) -> HashTable {
        let entry = |(endpoint, weight): &(u32, f64)| {
            let key = key(*endpoint);
            (*endpoint, Weighted { key, weight: *weight })
        };
        HashTable::new(policy, endpoints.iter().map(entry), std::iter::empty()).unwrap()
    }

    fn hashes() -> impl Iterator<Item = u64> {
        (0..20_000_u32).map(|number| key_hash(&number.to_le_bytes(), 9))
    }

    fn place(table: &HashTable) -> Vec<u32> {
        hashes().map(|hash| table.find(hash, |_| true).unwrap()).collect()
    }

    #[test]
    fn murmur_hashes_as_envoy_tests_it() {
        assert_eq!(murmur_hash_2(b"foo"), 9_631_199_822_919_835_226);
        assert_eq!(murmur_hash_2(b"bar"), 11_474_628_671_133_349_555);
        assert_eq!(key_hash(b"foo", 0), 3_728_699_739_546_630_719);
        assert_eq!(key_hash(b"bar", 0), 5_234_164_152_756_840_025);
    }

    #[test]
    fn keys_are_addresses_names_or_given() {
        let mut endpoint = Endpoint {
            address: "10.0.0.1:80".parse().unwrap(),
            ..Endpoint::default()
        };
        endpoint.hostname = Some("a.example".into());
        assert_eq!(key_of(&endpoint, false), b"10.0.0.1:80");
        assert_eq!(key_of(&endpoint, true), b"a.example");
        let metadata = serde_json::json!({ "hash_key": "mine" });
        endpoint.lb_metadata = metadata.as_object().cloned().map(Arc::new);
        assert_eq!(key_of(&endpoint, true), b"mine");
    }

    #[test]
    fn a_table_is_kept_while_keys_and_weights_stay() {
        let entries = |weight| {
            members(&[1.0, weight])
                .into_iter()
                .enumerate()
                .map(|(endpoint, member)| (endpoint as u32, member))
        };
        let first = HashTable::new(MAGLEV, entries(2.0), std::iter::empty()).unwrap();
        let same = HashTable::new(MAGLEV, entries(2.0), std::iter::once(&first)).unwrap();
        assert!(Arc::ptr_eq(&first.table, &same.table));
        let other = HashTable::new(MAGLEV, entries(3.0), std::iter::once(&first)).unwrap();
        assert!(!Arc::ptr_eq(&first.table, &other.table));
    }

    #[test]
    fn a_busy_endpoint_shares_with_others_but_always_the_same_ones() {
        struct Busy(u32);
        impl LiveState for Busy {
            fn in_flight(&self, endpoint: usize) -> u32 {
                if endpoint as u32 == self.0 { 50 } else { 1 }
            }
            fn total_in_flight(&self) -> u32 {
                59
            }
            fn is_available(&self, endpoint: usize) -> bool {
                NoState.is_available(endpoint)
            }
            fn has_unavailable(&self) -> bool {
                false
            }
            fn epoch(&self) -> u64 {
                0
            }
            fn first_seen_ms(&self, _: usize) -> u64 {
                0
            }
            fn address(&self, _: usize) -> Option<std::net::SocketAddr> {
                None
            }
        }
        for policy in [RING, MAGLEV] {
            let table = table(policy, &(0..10).map(|endpoint| (endpoint, 1.0)).collect::<Vec<_>>());
            for hash in hashes().take(100) {
                let first = table.find(hash, |_| true).unwrap();
                let busy = Busy(first);
                let other = table.find_bounded(hash, 120, &busy, |_| true).unwrap();
                assert_ne!(other, first);
                assert_eq!(table.find_bounded(hash, 120, &busy, |_| true), Some(other));
                assert_eq!(table.find_bounded(hash, 10_000, &busy, |_| true), Some(first));
            }
        }
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(12))]

        #[test]
        fn requests_spread_by_weight(weights in prop::collection::vec(1_u32..5, 2..30)) {
            for policy in [RING, MAGLEV] {
                let endpoints: Vec<(u32, f64)> = (0..).zip(weights.iter().map(|weight| f64::from(*weight))).collect();
                let total: f64 = endpoints.iter().map(|(_, weight)| weight).sum();
                let mut counts: HashMap<u32, f64> = HashMap::new();
                for endpoint in place(&table(policy, &endpoints)) {
                    *counts.entry(endpoint).or_default() += 1.0;
                }
                for (endpoint, weight) in endpoints {
                    let relative = counts.get(&endpoint).copied().unwrap_or(0.0) / (20_000.0 * weight / total);
                    // A ring of this size is uneven by some tenths, a table of Maglev hardly at all.
                    let most = if policy == MAGLEV { 0.25 } else { 0.75 };
                    prop_assert!((relative - 1.0).abs() < most, "{policy:?} {endpoint} {relative}");
                }
            }
        }

        #[test]
        fn the_order_of_endpoints_does_not_matter(
            (given, shuffled) in Just((0..20_u32).map(|endpoint| (endpoint, f64::from(endpoint % 3 + 1))).collect::<Vec<_>>())
                .prop_flat_map(|given| (Just(given.clone()), Just(given).prop_shuffle()))
        ) {
            for policy in [RING, MAGLEV] {
                prop_assert_eq!(place(&table(policy, &given)), place(&table(policy, &shuffled)));
            }
        }

        #[test]
        fn without_an_endpoint_its_requests_move_and_hardly_others(count in 5_u32..40, removed in 0_u32..5) {
            let all: Vec<(u32, f64)> = (0..count).map(|endpoint| (endpoint, 1.0)).collect();
            let rest: Vec<(u32, f64)> = all.iter().copied().filter(|(endpoint, _)| *endpoint != removed).collect();
            for policy in [RING, MAGLEV] {
                let (before, after) = (place(&table(policy, &all)), place(&table(policy, &rest)));
                let moved = before.iter().zip(&after).filter(|(before, after)| before != after).count();
                let owned = before.iter().filter(|endpoint| **endpoint == removed).count();
                let others = moved - owned;
                // On a ring nothing else moves, except where its size passes a power of two.
                let most = if policy == MAGLEV { 20_000 / 20 } else if is_resized(count) { 10_000 } else { 0 };
                prop_assert!(others <= most, "{policy:?} {count}: {others} of 20000 others moved");
                prop_assert!(owned < 3 * 20_000 / count as usize);
            }
        }

        #[test]
        fn out_of_service_is_as_good_as_removed_on_a_ring(count in 5_u32..40, out in 0_u32..5) {
            let all: Vec<(u32, f64)> = (0..count).map(|endpoint| (endpoint, 1.0)).collect();
            for policy in [RING, MAGLEV] {
                let table = table(policy, &all);
                for hash in hashes().take(2_000) {
                    let (before, after) = (table.find(hash, |_| true), table.find(hash, |endpoint| endpoint != out));
                    prop_assert!(after != Some(out) && (before == after || before == Some(out)));
                }
            }
        }
    }

    /// Whether a ring of 4,096 points at least has another number per member without one of them.
    fn is_resized(count: u32) -> bool {
        let per_member = |count: u32| (4_096.0 / f64::from(count)).log2().ceil() as i32;
        per_member(count) != per_member(count - 1)
    }

    #[test]
    fn the_last_good_one_of_many_is_found() {
        for policy in [RING, MAGLEV] {
            let table = table(policy, &(0..1_000).map(|endpoint| (endpoint, 1.0)).collect::<Vec<_>>());
            assert_eq!(table.find(77, |endpoint| endpoint == 5), Some(5));
            assert_eq!(table.find(77, |_| false), None);
        }
    }
}
