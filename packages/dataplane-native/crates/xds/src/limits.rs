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
    cx.no_effect("monitors", !pb.monitors.is_empty());
    let mut percent = |name: &str, value: Option<u32>, default: u32| {
        let value = value.unwrap_or(default);
        if value > 100 {
            cx.within(name, |cx| cx.error(format!("{value} is more than 100 percent")));
        }
        value
    };
    let mut detection = OutlierDetection {
        consecutive_5xx: pb.consecutive_5xx.unwrap_or(defaults.consecutive_5xx),
        enforcing_consecutive_5xx: percent(
            "enforcingConsecutive5xx",
            pb.enforcing_consecutive_5xx,
            defaults.enforcing_consecutive_5xx,
        ),
        consecutive_gateway_failure: pb
            .consecutive_gateway_failure
            .unwrap_or(defaults.consecutive_gateway_failure),
        enforcing_consecutive_gateway_failure: percent(
            "enforcingConsecutiveGatewayFailure",
            pb.enforcing_consecutive_gateway_failure,
            defaults.enforcing_consecutive_gateway_failure,
        ),
        consecutive_local_origin_failure: pb
            .consecutive_local_origin_failure
            .unwrap_or(defaults.consecutive_local_origin_failure),
        enforcing_consecutive_local_origin_failure: percent(
            "enforcingConsecutiveLocalOriginFailure",
            pb.enforcing_consecutive_local_origin_failure,
            defaults.enforcing_consecutive_local_origin_failure,
        ),
        split_external_local_origin_errors: pb.split_external_local_origin_errors,
        enforcing_success_rate: percent(
            "enforcingSuccessRate",
            pb.enforcing_success_rate,
            defaults.enforcing_success_rate,
        ),
        enforcing_local_origin_success_rate: percent(
            "enforcingLocalOriginSuccessRate",
            pb.enforcing_local_origin_success_rate,
            defaults.enforcing_local_origin_success_rate,
        ),
        success_rate_minimum_hosts: pb
            .success_rate_minimum_hosts
            .unwrap_or(defaults.success_rate_minimum_hosts),
        success_rate_request_volume: pb
            .success_rate_request_volume
            .unwrap_or(defaults.success_rate_request_volume),
        success_rate_stdev_factor: pb
            .success_rate_stdev_factor
            .unwrap_or(defaults.success_rate_stdev_factor),
        failure_percentage_threshold: percent(
            "failurePercentageThreshold",
            pb.failure_percentage_threshold,
            defaults.failure_percentage_threshold,
        ),
        enforcing_failure_percentage: percent(
            "enforcingFailurePercentage",
            pb.enforcing_failure_percentage,
            defaults.enforcing_failure_percentage,
        ),
        enforcing_failure_percentage_local_origin: percent(
            "enforcingFailurePercentageLocalOrigin",
            pb.enforcing_failure_percentage_local_origin,
            defaults.enforcing_failure_percentage_local_origin,
        ),
        failure_percentage_minimum_hosts: pb
            .failure_percentage_minimum_hosts
            .unwrap_or(defaults.failure_percentage_minimum_hosts),
        failure_percentage_request_volume: pb
            .failure_percentage_request_volume
            .unwrap_or(defaults.failure_percentage_request_volume),
        max_ejection_percent: percent(
            "maxEjectionPercent",
            pb.max_ejection_percent,
            defaults.max_ejection_percent,
        ),
        always_eject_one_host: pb.always_eject_one_host.unwrap_or(defaults.always_eject_one_host),
        successful_active_health_check_uneject_host: pb
            .successful_active_health_check_uneject_host
            .unwrap_or(defaults.successful_active_health_check_uneject_host),
        ..defaults
    };
    let base = millis(cx, "baseEjectionTime", pb.base_ejection_time).unwrap_or(defaults.base_ejection_time_ms);
    detection.base_ejection_time_ms = base;
    // As in Envoy: a base above the default maximum raises it.
    detection.max_ejection_time_ms =
        millis(cx, "maxEjectionTime", pb.max_ejection_time).unwrap_or(defaults.max_ejection_time_ms.max(base));
    detection.max_ejection_time_jitter_ms =
        millis(cx, "maxEjectionTimeJitter", pb.max_ejection_time_jitter).unwrap_or(0);
    detection.interval_ms = millis(cx, "interval", pb.interval).unwrap_or(defaults.interval_ms);
    for (name, time) in [("interval", detection.interval_ms), ("baseEjectionTime", base)] {
        if time == 0 {
            cx.within(name, |cx| cx.error("has to be greater than 0"));
        }
    }
    detection
}
