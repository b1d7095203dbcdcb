//! How many connections a filter chain serves at a time.

use std::sync::{
    Arc,
    atomic::{AtomicU64, Ordering::Relaxed},
};

/// A limit, with how many there are.
pub(crate) struct ConnectionLimiter {
    pub(crate) config: config::ConnectionLimit,
    open: AtomicU64,
}

impl ConnectionLimiter {
    pub(crate) fn new(config: config::ConnectionLimit) -> Self {
        Self {
            config,
            open: AtomicU64::new(0),
        }
    }

    /// A place, as long as it is held. None: there are too many.
    pub(crate) fn admit(self: &Arc<Self>) -> Option<Admitted> {
        // Counted before it is looked at, so that two that come at once do not both take the last place.
        let admitted = Admitted(Arc::clone(self));
        let before = self.open.fetch_add(1, Relaxed);
        (before < self.config.max_connections).then_some(admitted)
    }
}

/// A place that is given back when it is dropped.
pub(crate) struct Admitted(Arc<ConnectionLimiter>);

impl Drop for Admitted {
    fn drop(&mut self) {
        self.0.open.fetch_sub(1, Relaxed);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_place_is_free_again_when_its_connection_has_ended() {
        let limiter = Arc::new(ConnectionLimiter::new(config::ConnectionLimit {
            max_connections: 2,
            delay_ms: 0,
        }));
        let (one, two) = (limiter.admit(), limiter.admit());
        assert!(one.is_some() && two.is_some());
        assert!(limiter.admit().is_none());
        drop(one);
        assert!(limiter.admit().is_some());
        assert!(limiter.admit().is_some(), "the last one was dropped at once");
    }
}
