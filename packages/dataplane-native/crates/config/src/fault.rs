//! Faults that are injected on purpose.

use std::sync::Arc;

use serde::{Deserialize, Serialize};

use crate::HeaderMatcher;

/// A share of requests in millionths.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(transparent)]
pub struct FractionalPercent(u32);

impl FractionalPercent {
    /// All requests.
    pub const ALL: Self = Self(1_000_000);

    /// `numerator` of `denominator`; more than all is all.
    pub fn new(numerator: u32, denominator: u32) -> Self {
        let millionths = u64::from(numerator) * 1_000_000 / u64::from(denominator.max(1));
        Self(millionths.min(1_000_000) as u32)
    }

    /// In millionths.
    pub fn millionths(self) -> u32 {
        self.0
    }

    /// Whether a request with this random number belongs to the share.
    pub fn contains(self, random: u64) -> bool {
        random % 1_000_000 < u64::from(self.0)
    }
}

/// Delays and aborts (`envoy.extensions.filters.http.fault.v3.HTTPFault`).
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default, deny_unknown_fields)]
pub struct Fault {
    /// Wait before going on.
    pub delay: Option<FaultDelay>,
    /// Answer instead of going on; after the delay.
    pub abort: Option<FaultAbort>,
    /// Only requests that pass all of these.
    pub headers: Vec<HeaderMatcher>,
    /// Only requests to this cluster; empty is all.
    pub upstream_cluster: Arc<str>,
    /// At most so many faults at a time; `None` is no limit.
    pub max_active_faults: Option<u32>,
}

/// A delay.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct FaultDelay {
    /// How long.
    pub kind: DelayKind,
    /// Share of requests.
    pub percentage: FractionalPercent,
}

/// How long a delay is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum DelayKind {
    /// This long, in milliseconds.
    FixedMs(u64),
    /// As header `x-envoy-fault-delay-request` says, in milliseconds.
    Header,
}

/// An abort.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct FaultAbort {
    /// The answer.
    pub kind: AbortKind,
    /// Share of requests.
    pub percentage: FractionalPercent,
}

/// The answer of an abort.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum AbortKind {
    /// This HTTP status.
    HttpStatus(u16),
    /// This gRPC status in a response of status 200.
    GrpcStatus(u32),
    /// As header `x-envoy-fault-abort-request` or `x-envoy-fault-abort-grpc-request` says.
    Header,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_share_counts_in_millionths() {
        assert_eq!(FractionalPercent::new(50, 100).millionths(), 500_000);
        assert_eq!(FractionalPercent::new(1, 10_000).millionths(), 100);
        assert_eq!(FractionalPercent::new(200, 100), FractionalPercent::ALL);
        assert!(FractionalPercent::ALL.contains(u64::MAX));
        assert!(!FractionalPercent::default().contains(0));
    }
}
