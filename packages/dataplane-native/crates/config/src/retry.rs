//! When and how a request is tried again.

use std::{
    fmt,
    sync::{Arc, Mutex, PoisonError, Weak},
};

use serde::{Deserialize, Deserializer, Serialize};

use crate::HeaderMatcher;

/// A retry policy (`envoy.config.route.v3.RetryPolicy`).
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default, deny_unknown_fields)]
pub struct RetryPolicy {
    /// After what.
    pub retry_on: RetryOn,
    /// Tries after the first.
    pub num_retries: u32,
    /// Time for one try in milliseconds; 0 is the route's timeout.
    pub per_try_timeout_ms: u64,
    /// Time without a byte for one try in milliseconds; 0 is none.
    pub per_try_idle_timeout_ms: u64,
    /// Waiting between tries.
    pub backoff: RetryBackoff,
    /// Statuses of `retriable-status-codes`.
    pub retriable_status_codes: Vec<u16>,
    /// Response headers of `retriable-headers`: one of them must pass.
    pub retriable_headers: Vec<HeaderMatcher>,
    /// Request headers: if there are any, one of them must pass.
    pub retriable_request_headers: Vec<HeaderMatcher>,
    /// Do not take an endpoint that was tried already (`envoy.retry_host_predicates.previous_hosts`).
    pub avoid_previous_hosts: bool,
    /// How often to choose again for that.
    pub host_selection_max_attempts: u32,
    /// Nobody has said these conditions for this route: what the application may have taken is repeated only if its
    /// method is idempotent or it has an `idempotency-key`.
    pub only_safe: bool,
}

impl Default for RetryPolicy {
    fn default() -> Self {
        Self {
            retry_on: RetryOn::default(),
            num_retries: 1,
            per_try_timeout_ms: 0,
            per_try_idle_timeout_ms: 0,
            backoff: RetryBackoff::default(),
            retriable_status_codes: Vec::new(),
            retriable_headers: Vec::new(),
            retriable_request_headers: Vec::new(),
            avoid_previous_hosts: false,
            host_selection_max_attempts: 1,
            only_safe: false,
        }
    }
}

impl RetryPolicy {
    /// The policy, kept once as long as the same one comes again and again: the routes of a mesh have few that differ.
    pub fn shared(self) -> Arc<Self> {
        static LAST: Mutex<Weak<RetryPolicy>> = Mutex::new(Weak::new());
        let mut last = LAST.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(same) = last.upgrade().filter(|last| **last == self) {
            return same;
        }
        let new = Arc::new(self);
        *last = Arc::downgrade(&new);
        new
    }
}

pub(crate) fn deserialize_shared<'de, D: Deserializer<'de>>(
    deserializer: D,
) -> Result<Option<Arc<RetryPolicy>>, D::Error> {
    Ok(Option::<RetryPolicy>::deserialize(deserializer)?.map(RetryPolicy::shared))
}

/// More tries at a time (`envoy.config.route.v3.HedgePolicy`).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default, deny_unknown_fields)]
pub struct HedgePolicy {
    /// A try whose time is over goes on beside the next one; the first good response counts.
    pub on_per_try_timeout: bool,
}

/// Exponential waiting with full jitter.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default, deny_unknown_fields)]
pub struct RetryBackoff {
    /// First interval in milliseconds.
    pub base_interval_ms: u64,
    /// Longest interval in milliseconds.
    pub max_interval_ms: u64,
}

impl Default for RetryBackoff {
    fn default() -> Self {
        Self {
            base_interval_ms: 25,
            max_interval_ms: 250,
        }
    }
}

impl RetryBackoff {
    /// How long to wait before retry number `retry` (from 1): uniform in `0..min(base × (2^retry − 1), max)`.
    pub fn interval_ms(&self, retry: u32, random: u64) -> u64 {
        let factor = 1_u64.checked_shl(retry.min(32)).map_or(u64::MAX, |power| power - 1);
        let limit = self.base_interval_ms.saturating_mul(factor).min(self.max_interval_ms);
        if limit == 0 { 0 } else { random % limit }
    }
}

/// After what a request is retried, as a set of conditions.
#[derive(Clone, Copy, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct RetryOn(u32);

const CONDITIONS: [(&str, RetryOn); 16] = [
    ("5xx", RetryOn::STATUS_5XX),
    ("gateway-error", RetryOn::GATEWAY_ERROR),
    ("reset", RetryOn::RESET),
    ("reset-before-request", RetryOn::RESET_BEFORE_REQUEST),
    ("connect-failure", RetryOn::CONNECT_FAILURE),
    ("envoy-ratelimited", RetryOn::ENVOY_RATELIMITED),
    ("retriable-4xx", RetryOn::RETRIABLE_4XX),
    ("refused-stream", RetryOn::REFUSED_STREAM),
    ("retriable-status-codes", RetryOn::RETRIABLE_STATUS_CODES),
    ("retriable-headers", RetryOn::RETRIABLE_HEADERS),
    ("http3-post-connect-failure", RetryOn::HTTP3_POST_CONNECT_FAILURE),
    ("cancelled", RetryOn::GRPC_CANCELLED),
    ("deadline-exceeded", RetryOn::GRPC_DEADLINE_EXCEEDED),
    ("internal", RetryOn::GRPC_INTERNAL),
    ("resource-exhausted", RetryOn::GRPC_RESOURCE_EXHAUSTED),
    ("unavailable", RetryOn::GRPC_UNAVAILABLE),
];

#[allow(
    missing_docs,
    reason = "each is the condition of x-envoy-retry-on or x-envoy-retry-grpc-on of the same name"
)]
impl RetryOn {
    pub const STATUS_5XX: Self = Self(1);
    pub const GATEWAY_ERROR: Self = Self(1 << 1);
    pub const RESET: Self = Self(1 << 2);
    pub const RESET_BEFORE_REQUEST: Self = Self(1 << 3);
    pub const CONNECT_FAILURE: Self = Self(1 << 4);
    pub const ENVOY_RATELIMITED: Self = Self(1 << 5);
    pub const RETRIABLE_4XX: Self = Self(1 << 6);
    pub const REFUSED_STREAM: Self = Self(1 << 7);
    pub const RETRIABLE_STATUS_CODES: Self = Self(1 << 8);
    pub const RETRIABLE_HEADERS: Self = Self(1 << 9);
    pub const HTTP3_POST_CONNECT_FAILURE: Self = Self(1 << 10);
    pub const GRPC_CANCELLED: Self = Self(1 << 11);
    pub const GRPC_DEADLINE_EXCEEDED: Self = Self(1 << 12);
    pub const GRPC_INTERNAL: Self = Self(1 << 13);
    pub const GRPC_RESOURCE_EXHAUSTED: Self = Self(1 << 14);
    pub const GRPC_UNAVAILABLE: Self = Self(1 << 15);
}

impl RetryOn {
    /// Parses a comma-separated list, e.g. `connect-failure,refused-stream,503`; returns the conditions, the statuses
    /// that stand among them (Istio writes them so), and what is neither.
    pub fn parse(text: &str) -> (Self, Vec<u16>, Vec<String>) {
        let (mut conditions, mut statuses, mut unknown) = (Self::default(), Vec::new(), Vec::new());
        for token in text.split(',').map(str::trim).filter(|token| !token.is_empty()) {
            if let Some((_, condition)) = CONDITIONS.iter().find(|(name, _)| *name == token) {
                conditions = conditions.union(*condition);
            } else if let Some(status) = token.parse().ok().filter(|status| (100..600).contains(status)) {
                statuses.push(status);
                conditions = conditions.union(Self::RETRIABLE_STATUS_CODES);
            } else {
                unknown.push(token.to_owned());
            }
        }
        (conditions, statuses, unknown)
    }

    /// No condition: never retry.
    pub const fn is_empty(self) -> bool {
        self.0 == 0
    }

    /// One of `other`'s conditions is in it.
    pub const fn has(self, other: Self) -> bool {
        self.0 & other.0 != 0
    }

    /// The conditions of both.
    #[must_use]
    pub const fn union(self, other: Self) -> Self {
        Self(self.0 | other.0)
    }
}

impl fmt::Display for RetryOn {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut separator = "";
        for (name, _) in CONDITIONS.iter().filter(|(_, condition)| self.has(*condition)) {
            write!(f, "{separator}{name}")?;
            separator = ",";
        }
        Ok(())
    }
}

impl fmt::Debug for RetryOn {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "RetryOn({self})")
    }
}

impl TryFrom<String> for RetryOn {
    type Error = String;

    fn try_from(text: String) -> Result<Self, String> {
        match Self::parse(&text) {
            (conditions, statuses, unknown) if unknown.is_empty() && statuses.is_empty() => Ok(conditions),
            (_, _, unknown) if !unknown.is_empty() => Err(format!("unknown retry condition {:?}", unknown[0])),
            _ => Err(format!("{text:?} has a status: write it in retriableStatusCodes")),
        }
    }
}

impl From<RetryOn> for String {
    fn from(value: RetryOn) -> Self {
        value.to_string()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn istios_default_list_parses_and_prints() {
        let text = "connect-failure,refused-stream,unavailable,cancelled,retriable-status-codes";
        let (conditions, statuses, unknown) = RetryOn::parse(text);
        assert!(conditions.has(RetryOn::CONNECT_FAILURE) && conditions.has(RetryOn::GRPC_UNAVAILABLE));
        assert!(!conditions.has(RetryOn::STATUS_5XX));
        assert!(statuses.is_empty() && unknown.is_empty());
        assert_eq!(
            conditions.to_string(),
            "connect-failure,refused-stream,retriable-status-codes,cancelled,unavailable"
        );
    }

    #[test]
    fn statuses_among_the_conditions_are_kept_and_nonsense_is_reported() {
        let (conditions, statuses, unknown) = RetryOn::parse("503, nonsense");
        assert!(conditions.has(RetryOn::RETRIABLE_STATUS_CODES));
        assert_eq!((statuses, unknown), (vec![503], vec!["nonsense".to_owned()]));
    }

    #[test]
    fn waiting_grows_and_is_bounded() {
        let backoff = RetryBackoff::default();
        assert_eq!(backoff.interval_ms(1, 24), 24);
        assert_eq!(backoff.interval_ms(1, 25), 0);
        assert_eq!(backoff.interval_ms(2, 74), 74);
        assert_eq!(backoff.interval_ms(40, 249), 249);
        assert_eq!(backoff.interval_ms(40, 250), 0);
    }
}
