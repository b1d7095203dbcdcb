//! Limits of a cluster, and when its endpoints are left out.

use serde::{Deserialize, Serialize};

/// Priority of a request, for circuit breakers.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum Priority {
    /// All others.
    #[default]
    Default,
    /// Routes with `highPriority`.
    High,
}

/// Limits by priority.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default, deny_unknown_fields)]
pub struct CircuitBreakers {
    /// For most requests.
    pub default: Thresholds,
    /// For routes of high priority.
    pub high: Thresholds,
    /// Connections to one endpoint; `None` is unlimited.
    pub max_connections_per_endpoint: Option<u32>,
}

/// Limits of a cluster in one proxy.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default, deny_unknown_fields)]
pub struct Thresholds {
    /// Connections.
    pub max_connections: u32,
    /// Requests that wait for a connection.
    pub max_pending_requests: u32,
    /// Requests in flight.
    pub max_requests: u32,
    /// Retries in flight, without a budget.
    pub max_retries: u32,
    /// Retries relative to requests; replaces `max_retries`.
    pub retry_budget: Option<RetryBudget>,
    /// Connection pools; `None` is unlimited.
    pub max_connection_pools: Option<u32>,
    /// Publish how much is left.
    pub track_remaining: bool,
}

impl Default for Thresholds {
    fn default() -> Self {
        Self {
            max_connections: 1024,
            max_pending_requests: 1024,
            max_requests: 1024,
            max_retries: 3,
            retry_budget: None,
            max_connection_pools: None,
            track_remaining: false,
        }
    }
}

/// Retries relative to requests in flight.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default, deny_unknown_fields)]
pub struct RetryBudget {
    /// Share of requests in flight and waiting, in percent.
    pub budget_percent: f64,
    /// So many are always allowed.
    pub min_retry_concurrency: u32,
}

impl Default for RetryBudget {
    fn default() -> Self {
        Self {
            budget_percent: 20.0,
            min_retry_concurrency: 3,
        }
    }
}

/// When an endpoint is left out for a while; a 0 among the consecutive counts switches that test off.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default, deny_unknown_fields)]
pub struct OutlierDetection {
    /// Responses 5xx (and local failures, unless split) in a row.
    pub consecutive_5xx: u32,
    /// Share of detections that are acted on, in percent.
    pub enforcing_consecutive_5xx: u32,
    /// Responses 502, 503, 504 in a row.
    pub consecutive_gateway_failure: u32,
    /// Share of detections that are acted on, in percent.
    pub enforcing_consecutive_gateway_failure: u32,
    /// Failures to connect or timeouts in a row, when split.
    pub consecutive_local_origin_failure: u32,
    /// Share of detections that are acted on, in percent.
    pub enforcing_consecutive_local_origin_failure: u32,
    /// Count local failures apart from responses.
    pub split_external_local_origin_errors: bool,
    /// Time between two looks, in milliseconds.
    pub interval_ms: u64,
    /// Time out of service, times the number of ejections, in milliseconds.
    pub base_ejection_time_ms: u64,
    /// At most this long, in milliseconds.
    pub max_ejection_time_ms: u64,
    /// Endpoints out of service at most, in percent.
    pub max_ejection_percent: u32,
    /// One may be ejected even if that is more than the share.
    pub always_eject_one_host: bool,
}

impl Default for OutlierDetection {
    fn default() -> Self {
        Self {
            consecutive_5xx: 5,
            enforcing_consecutive_5xx: 100,
            consecutive_gateway_failure: 5,
            enforcing_consecutive_gateway_failure: 0,
            consecutive_local_origin_failure: 5,
            enforcing_consecutive_local_origin_failure: 100,
            split_external_local_origin_errors: false,
            interval_ms: 10_000,
            base_ejection_time_ms: 30_000,
            max_ejection_time_ms: 300_000,
            max_ejection_percent: 10,
            always_eject_one_host: false,
        }
    }
}
