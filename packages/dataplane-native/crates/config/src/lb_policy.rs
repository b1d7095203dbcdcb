//! How endpoints of a cluster are chosen.

use serde::{Deserialize, Serialize};

/// The largest ring that is built.
pub const MAX_RING_SIZE: u64 = 8 * 1024 * 1024;
/// The largest table of Maglev that is built; Envoy's limit.
pub const MAX_MAGLEV_SIZE: u64 = 5_000_011;

/// How an endpoint is chosen.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", rename_all_fields = "camelCase")]
pub enum LbPolicy {
    /// One after the other, by weight.
    RoundRobin {
        /// A new endpoint starts with less.
        #[serde(default)]
        slow_start: Option<SlowStart>,
    },
    /// The one with the fewest requests of some that are drawn.
    LeastRequest {
        /// How many are drawn.
        #[serde(default = "two")]
        choice_count: u32,
        /// How much requests in flight count against the weight.
        #[serde(default = "one")]
        active_request_bias: f64,
        /// A new endpoint starts with less.
        #[serde(default)]
        slow_start: Option<SlowStart>,
    },
    /// Any.
    Random,
    /// Consistent hashing on a ring.
    RingHash {
        /// Points of the ring at least; at most [`MAX_RING_SIZE`].
        #[serde(default = "minimum_ring_size")]
        minimum_ring_size: u64,
        /// Points of the ring at most; at most [`MAX_RING_SIZE`].
        #[serde(default = "maximum_ring_size")]
        maximum_ring_size: u64,
        /// What makes points of endpoints.
        #[serde(default)]
        hash_function: RingHashFunction,
    },
    /// Consistent hashing by a table.
    Maglev {
        /// Size of the table: a prime number, at most [`MAX_MAGLEV_SIZE`].
        #[serde(default = "maglev_table_size")]
        table_size: u64,
    },
    /// As the cluster's kind provides (original destination).
    ClusterProvided,
}

fn two() -> u32 {
    2
}

fn one() -> f64 {
    1.0
}

fn minimum_ring_size() -> u64 {
    1_024
}

fn maximum_ring_size() -> u64 {
    MAX_RING_SIZE
}

fn maglev_table_size() -> u64 {
    65_537
}

/// A new endpoint gets its full share only after a while.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default, deny_unknown_fields)]
pub struct SlowStart {
    /// How long, in milliseconds.
    pub window_ms: u64,
    /// Shape of the way up; 1 is linear.
    pub aggression: f64,
    /// Share to start with, in percent.
    pub min_weight_percent: f64,
}

impl Default for SlowStart {
    fn default() -> Self {
        Self {
            window_ms: 0,
            aggression: 1.0,
            min_weight_percent: 10.0,
        }
    }
}

/// What makes points of a ring.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum RingHashFunction {
    /// XXH64.
    #[default]
    XxHash,
    /// `MurmurHash2`, 64 bits, as the C++ standard library of GCC hashes strings.
    MurmurHash2,
}

/// Options of `ringHash` and `maglev` (`consistent_hashing_lb_config`).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default, deny_unknown_fields)]
pub struct ConsistentHashing {
    /// Hash an endpoint's name instead of its address.
    pub use_hostname: bool,
    /// An endpoint takes at most this share of the requests in flight that would be even, in percent from 100 on; what
    /// is more goes to others. 0 is unlimited.
    pub balance_factor_percent: u32,
}

/// Endpoints of the proxy's own zone are preferred (`zone_aware_lb_config`).
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default, deny_unknown_fields)]
pub struct ZoneAware {
    /// Share of the requests that are routed by zone, in percent.
    pub routing_enabled_percent: f64,
    /// With fewer healthy endpoints zones do not count.
    pub min_cluster_size: u64,
    /// Fail requests instead of using unhealthy endpoints when there are too few healthy ones.
    pub fail_traffic_on_panic: bool,
    /// All requests stay in the zone as long as it has this many healthy endpoints; `None` shares them fairly.
    pub force_local_zone_min_size: Option<u32>,
}

impl Default for ZoneAware {
    fn default() -> Self {
        Self {
            routing_enabled_percent: 100.0,
            min_cluster_size: 6,
            fail_traffic_on_panic: false,
            force_local_zone_min_size: None,
        }
    }
}

/// Whether a number is prime: what the size of a table of Maglev has to be.
pub fn is_prime(number: u64) -> bool {
    number >= 2 && (2..=number.isqrt()).all(|divisor| !number.is_multiple_of(divisor))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sizes_have_envoys_defaults() {
        let read = |json: &str| serde_json::from_str::<LbPolicy>(json).unwrap();
        assert_eq!(read(r#"{"maglev": {}}"#), LbPolicy::Maglev { table_size: 65_537 });
        assert_eq!(
            read(r#"{"ringHash": {"minimumRingSize": 4}}"#),
            LbPolicy::RingHash {
                minimum_ring_size: 4,
                maximum_ring_size: MAX_RING_SIZE,
                hash_function: RingHashFunction::XxHash
            }
        );
    }

    #[test]
    fn primes_are_told_from_other_numbers() {
        assert!([2, 3, 65_537, MAX_MAGLEV_SIZE].into_iter().all(is_prime));
        assert!(![0, 1, 4, 65_535, 65_536].into_iter().any(is_prime));
    }
}
