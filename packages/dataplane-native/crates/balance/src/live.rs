//! What a picker asks of its caller.

use std::net::SocketAddr;

use config::Criteria;

use crate::{plan::Plan, wheel::Rounds};

/// State of endpoints that changes between picks. Endpoints are named by their position in the picker's list.
pub trait LiveState {
    /// Requests (or connections) in flight.
    fn in_flight(&self, endpoint: usize) -> u32;

    /// Requests in flight of the whole cluster: for bounded loads.
    fn total_in_flight(&self) -> u32;

    /// False while it is ejected or fails its health checks.
    fn is_available(&self, endpoint: usize) -> bool;

    /// Whether [`LiveState::is_available`] is false for any endpoint: kept by the caller so that nobody has to look.
    fn has_unavailable(&self) -> bool;

    /// Another number after every change of what [`LiveState::is_available`] answers. Read before the answers, so the
    /// caller changes the answer first.
    fn epoch(&self) -> u64;

    /// When it was first seen, on the clock of [`PickInput::now_ms`]: for slow start.
    fn first_seen_ms(&self, endpoint: usize) -> u64;

    /// Where it is: for session affinity.
    fn address(&self, endpoint: usize) -> Option<SocketAddr>;
}

/// Nothing in flight, everything available and old.
#[derive(Clone, Copy, Debug, Default)]
pub struct NoState;

impl LiveState for NoState {
    fn in_flight(&self, _: usize) -> u32 {
        0
    }

    fn total_in_flight(&self) -> u32 {
        0
    }

    fn is_available(&self, _: usize) -> bool {
        true
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

    fn address(&self, _: usize) -> Option<SocketAddr> {
        None
    }
}

/// What a request brings along.
#[derive(Clone, Copy, Debug, Default)]
pub struct PickInput<'p> {
    /// For policies that hash; `None` is random.
    pub hash: Option<u64>,
    /// The subset that its route asks for.
    pub criteria: Option<&'p Criteria>,
    /// The endpoint it was at before (session affinity).
    pub preferred: Option<Preferred>,
    /// The endpoints it asks for, the first of them first: `ip:port`, with commas between them (`override_host`).
    pub asked: Option<&'p str>,
    /// Time in milliseconds, for slow start.
    pub now_ms: u64,
}

/// An endpoint that a request should go to if it is available.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Preferred {
    /// Its address.
    pub address: SocketAddr,
    /// Rather none than another.
    pub is_strict: bool,
}

/// What one worker keeps per cluster between picks.
#[derive(Clone, Debug)]
pub struct Turn {
    pub(crate) random: fastrand::Rng,
    /// Whose turn it is, by wheel.
    pub(crate) rounds: Vec<Rounds>,
    /// How load is shared, by pool, as long as picker and epoch are the same.
    pub(crate) plans: Vec<Option<Plan>>,
    pub(crate) picker: u64,
    pub(crate) epoch: u64,
}

impl Turn {
    /// Workers with different seeds start their rounds at different endpoints.
    pub fn new(seed: u64) -> Self {
        Self {
            random: fastrand::Rng::with_seed(seed),
            rounds: Vec::new(),
            plans: Vec::new(),
            picker: 0,
            epoch: 0,
        }
    }
}
