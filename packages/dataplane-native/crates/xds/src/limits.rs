//! Limits of a cluster, and when its endpoints are left out.

use config::{CircuitBreakers, OutlierDetection, RetryBudget, Thresholds};
use messages::envoy::config::{
    cluster::v3::{self as pb, circuit_breakers as nested},
    core::v3::RoutingPriority,
};

use crate::{context::Context, value::millis};

pub(crate) fn circuit_breakers(cx: &mut Context, pb: pb::CircuitBreakers) -> CircuitBreakers {
    let mut breakers = CircuitBreakers::default();
    for pb in pb.thresholds {
        let defaults = Thresholds::default();
        let thresholds = Thresholds {
            max_connections: pb.max_connections.unwrap_or(defaults.max_connections),
            max_pending_requests: pb.max_pending_requests.unwrap_or(defaults.max_pending_requests),
            max_requests: pb.max_requests.unwrap_or(defaults.max_requests),
            max_retries: pb.max_retries.unwrap_or(defaults.max_retries),
            retry_budget: pb.retry_budget.as_ref().map(retry_budget),
            max_connection_pools: pb.max_connection_pools,
            track_remaining: pb.track_remaining,
        };
        match pb.priority() {
            RoutingPriority::Default => breakers.default = thresholds,
            RoutingPriority::High => breakers.high = thresholds,
        }
    }
    let per_host = pb.per_host_thresholds;
    cx.no_effect(
        "perHostThresholds",
        per_host
            .iter()
            .any(|pb| pb.max_requests.is_some() || pb.max_pending_requests.is_some()),
    );
    breakers.max_connections_per_endpoint = per_host.first().and_then(|pb| pb.max_connections);
    breakers
}

fn retry_budget(pb: &nested::thresholds::RetryBudget) -> RetryBudget {
    let defaults = RetryBudget::default();
    RetryBudget {
        budget_percent: pb
            .budget_percent
            .map_or(defaults.budget_percent, |percent| percent.value),
        min_retry_concurrency: pb.min_retry_concurrency.unwrap_or(defaults.min_retry_concurrency),
    }
}

pub(crate) fn outlier_detection(cx: &mut Context, pb: pb::OutlierDetection) -> OutlierDetection {
    let defaults = OutlierDetection::default();
    // Success rates and failure percentages do nothing unless they are enforced.
    cx.no_effect(
        "enforcingFailurePercentage",
        pb.enforcing_failure_percentage.unwrap_or(0) > 0,
    );
    cx.no_effect("monitors", !pb.monitors.is_empty());
    OutlierDetection {
        consecutive_5xx: pb.consecutive_5xx.unwrap_or(defaults.consecutive_5xx),
        enforcing_consecutive_5xx: pb.enforcing_consecutive_5xx.unwrap_or(100),
        consecutive_gateway_failure: pb
            .consecutive_gateway_failure
            .unwrap_or(defaults.consecutive_gateway_failure),
        enforcing_consecutive_gateway_failure: pb.enforcing_consecutive_gateway_failure.unwrap_or(0),
        consecutive_local_origin_failure: pb
            .consecutive_local_origin_failure
            .unwrap_or(defaults.consecutive_local_origin_failure),
        enforcing_consecutive_local_origin_failure: pb.enforcing_consecutive_local_origin_failure.unwrap_or(100),
        split_external_local_origin_errors: pb.split_external_local_origin_errors,
        interval_ms: millis(cx, "interval", pb.interval).unwrap_or(defaults.interval_ms),
        base_ejection_time_ms: millis(cx, "baseEjectionTime", pb.base_ejection_time)
            .unwrap_or(defaults.base_ejection_time_ms),
        max_ejection_time_ms: millis(cx, "maxEjectionTime", pb.max_ejection_time)
            .unwrap_or(defaults.max_ejection_time_ms),
        max_ejection_percent: pb
            .max_ejection_percent
            .unwrap_or(defaults.max_ejection_percent)
            .min(100),
        always_eject_one_host: pb.always_eject_one_host.unwrap_or(false),
    }
}
