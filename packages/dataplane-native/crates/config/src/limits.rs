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

/// When an endpoint is left out for a while (`envoy.config.cluster.v3.OutlierDetection`). A 0 among the consecutive
/// counts switches that test off, as does a 0 among the enforcing shares of success rate and failure percentage.
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
    /// Share of detections by success rate that are acted on, in percent.
    pub enforcing_success_rate: u32,
    /// The same for local failures, when split.
    pub enforcing_local_origin_success_rate: u32,
    /// Endpoints with enough requests in an interval, below which success rates are not compared.
    pub success_rate_minimum_hosts: u32,
    /// Requests in an interval that make an endpoint's success rate count.
    pub success_rate_request_volume: u32,
    /// How far below the mean an endpoint is an outlier: standard deviations times 1,000.
    pub success_rate_stdev_factor: u32,
    /// Share of failures in an interval that makes an endpoint an outlier, in percent.
    pub failure_percentage_threshold: u32,
    /// Share of detections by failure percentage that are acted on, in percent.
    pub enforcing_failure_percentage: u32,
    /// The same for local failures, when split.
    pub enforcing_failure_percentage_local_origin: u32,
    /// Endpoints with enough requests in an interval, below which failure percentages are not looked at.
    pub failure_percentage_minimum_hosts: u32,
    /// Requests in an interval that make an endpoint's failure percentage count.
    pub failure_percentage_request_volume: u32,
    /// Time between two looks, in milliseconds.
    pub interval_ms: u64,
    /// Time out of service, times the number of ejections of late, in milliseconds.
    pub base_ejection_time_ms: u64,
    /// At most this long, in milliseconds.
    pub max_ejection_time_ms: u64,
    /// A random part of this is added, in milliseconds.
    pub max_ejection_time_jitter_ms: u64,
    /// Endpoints out of service at most, in percent.
    pub max_ejection_percent: u32,
    /// One may be ejected even if that is more than the share.
    pub always_eject_one_host: bool,
    /// An active health check that succeeds takes the endpoint back.
    pub successful_active_health_check_uneject_host: bool,
}

impl OutlierDetection {
    /// Whether results have to be counted over an interval.
    pub fn compares_rates(&self) -> bool {
        let local = self.enforcing_local_origin_success_rate + self.enforcing_failure_percentage_local_origin;
        self.enforcing_success_rate + self.enforcing_failure_percentage > 0
            || self.split_external_local_origin_errors && local > 0
    }
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
            enforcing_success_rate: 100,
            enforcing_local_origin_success_rate: 100,
            success_rate_minimum_hosts: 5,
            success_rate_request_volume: 100,
            success_rate_stdev_factor: 1_900,
            failure_percentage_threshold: 85,
            enforcing_failure_percentage: 0,
            enforcing_failure_percentage_local_origin: 0,
            failure_percentage_minimum_hosts: 5,
            failure_percentage_request_volume: 50,
            interval_ms: 10_000,
            base_ejection_time_ms: 30_000,
            max_ejection_time_ms: 300_000,
            max_ejection_time_jitter_ms: 0,
            max_ejection_percent: 10,
            always_eject_one_host: false,
            successful_active_health_check_uneject_host: true,
        }
    }
}
