//! What a picker asks of its caller.

/// State of endpoints that changes between picks. Endpoints are named by their position in the picker's list.
pub trait LiveState {
    /// Requests (or connections) in flight.
    fn in_flight(&self, endpoint: usize) -> u32;

    /// False while it is ejected or fails its health checks.
    fn is_available(&self, endpoint: usize) -> bool;

    /// How many endpoints of `priority` (its position among the priorities) are not available, of those that the
    /// configuration does not rule out already. Kept by the caller so that nobody has to count.
    fn unavailable(&self, priority: usize) -> u32;
}

/// Nothing in flight, everything available.
#[derive(Clone, Copy, Debug, Default)]
pub struct NoState;

impl LiveState for NoState {
    fn in_flight(&self, _: usize) -> u32 {
        0
    }

    fn is_available(&self, _: usize) -> bool {
        true
    }

    fn unavailable(&self, _: usize) -> u32 {
        0
    }
}

/// What one worker keeps per cluster between picks.
#[derive(Clone, Debug)]
pub struct Turn {
    pub(crate) random: fastrand::Rng,
    pub(crate) sequence: u32,
}

impl Turn {
    /// Workers with different seeds start their rounds at different endpoints.
    pub fn new(seed: u64) -> Self {
        let mut random = fastrand::Rng::with_seed(seed);
        let sequence = random.u32(..);
        Self { random, sequence }
    }
}
