//! What active health checks say of an endpoint, and of a cluster.

use std::sync::atomic::{AtomicBool, AtomicU8, AtomicU64, Ordering::Relaxed};

/// Why a check failed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[repr(u8)]
pub(crate) enum CheckFailure {
    Connect = 1,
    Tls,
    Closed,
    Timeout,
    Protocol,
    Status,
    RetriableStatus,
    Content,
    Service,
    NotServing,
    Announced,
}

impl CheckFailure {
    const ALL: [Self; 11] = [
        Self::Connect,
        Self::Tls,
        Self::Closed,
        Self::Timeout,
        Self::Protocol,
        Self::Status,
        Self::RetriableStatus,
        Self::Content,
        Self::Service,
        Self::NotServing,
        Self::Announced,
    ];

    /// In words, for the configuration dump.
    pub(crate) fn words(self) -> &'static str {
        match self {
            Self::Connect => "the connection was refused or could not be made",
            Self::Tls => "the tls handshake failed",
            Self::Closed => "the connection was closed before the answer",
            Self::Timeout => "there was no answer in time",
            Self::Protocol => "the answer was malformed",
            Self::Status => "the status is not an expected one",
            Self::RetriableStatus => "the status is a retriable one",
            Self::Content => "the answer does not have the expected content",
            Self::Service => "another service answered",
            Self::NotServing => "the service says that it does not serve",
            Self::Announced => "the endpoint says that its health checks fail",
        }
    }

    /// The endpoint could not be asked.
    pub(crate) fn is_of_network(self) -> bool {
        matches!(self, Self::Connect | Self::Tls | Self::Closed | Self::Timeout)
    }

    /// One is enough: the endpoint itself has said that it is not well.
    pub(crate) fn is_decisive(self) -> bool {
        !self.is_of_network() && self != Self::RetriableStatus
    }
}

const FAILED: u8 = 1;
const PENDING: u8 = 2;
const CONDEMNED: u8 = 4;

/// What active health checks say of an endpoint; written by the checker's thread.
#[derive(Debug, Default)]
pub(crate) struct CheckState {
    flags: AtomicU8,
    last_failure: AtomicU8,
}

impl CheckState {
    /// It is not well: no new requests.
    pub(crate) fn has_failed(&self) -> bool {
        self.flags.load(Relaxed) & FAILED != 0
    }

    /// It was not checked yet.
    pub(crate) fn is_pending(&self) -> bool {
        self.flags.load(Relaxed) & PENDING != 0
    }

    /// Its connections are to be closed because it is not well.
    pub(crate) fn is_condemned(&self) -> bool {
        self.flags.load(Relaxed) & CONDEMNED != 0
    }

    /// Before the first check. `has_failed`: it gets no requests until then.
    pub(crate) fn await_first(&self, has_failed: bool) {
        let failed = if has_failed { FAILED } else { 0 };
        self.flags.store(PENDING | failed, Relaxed);
    }

    /// It is well, or not checked.
    pub(crate) fn clear(&self) {
        self.flags.store(0, Relaxed);
    }

    /// It is not well.
    pub(crate) fn fail(&self, closes_connections: bool) {
        let condemned = if closes_connections { CONDEMNED } else { 0 };
        self.flags.store(FAILED | condemned, Relaxed);
    }

    pub(crate) fn set_last_failure(&self, failure: CheckFailure) {
        self.last_failure.store(failure as u8, Relaxed);
    }

    /// Why a check failed last, if one ever did.
    pub(crate) fn last_failure(&self) -> Option<CheckFailure> {
        let code = self.last_failure.load(Relaxed);
        CheckFailure::ALL.into_iter().find(|failure| *failure as u8 == code)
    }
}

/// Results of a cluster's active health checks.
#[derive(Debug, Default)]
pub(crate) struct CheckCounts {
    pub(crate) attempts: AtomicU64,
    pub(crate) successes: AtomicU64,
    pub(crate) failures: AtomicU64,
    pub(crate) network_failures: AtomicU64,
    /// A check has ended: endpoints that come now wait for theirs.
    pub(crate) have_begun: AtomicBool,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_last_failure_is_remembered() {
        let state = CheckState::default();
        assert_eq!(state.last_failure(), None);
        for failure in CheckFailure::ALL {
            state.set_last_failure(failure);
            assert_eq!(state.last_failure(), Some(failure));
        }
    }
}
