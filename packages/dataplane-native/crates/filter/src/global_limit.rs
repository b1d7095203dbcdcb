//! Asking a service whether a request is one too many: what the request is counted as, and what the answer means.

mod descriptor;
#[cfg(test)]
mod tests;

use std::{fmt::Write as _, net::IpAddr};

use config::{GlobalRateLimit, HeaderName, HostLimits, RateLimitOverride, RequestView, RouteLimit};
use messages::{
    envoy::{
        config::core::v3::HeaderValue,
        service::ratelimit::v3::{
            RateLimitRequest, RateLimitResponse,
            rate_limit_response::{Code, DescriptorStatus, rate_limit::Unit},
        },
    },
    google::protobuf::Duration,
};
use serde_json::{Map, Value};

use crate::{
    call::{Answer, Call, CallFailure, to_service},
    change::{HeaderChange, is_value},
    proto::to_json,
};

/// Where metadata of an answer is.
pub const METADATA: &str = "envoy.filters.http.ratelimit";

/// Time for an answer where the configuration says nothing.
const DEFAULT_TIMEOUT_MS: u64 = 20;

/// The limits that count for a request, by where they are configured.
#[derive(Clone, Copy, Debug, Default)]
pub struct Limits<'a> {
    /// At the route.
    pub route: &'a [RouteLimit],
    /// At its virtual host.
    pub host: &'a [RouteLimit],
    /// The route says that those of its virtual host count too.
    pub includes_host: bool,
}

/// What requests are counted by, besides their heads.
#[derive(Clone, Copy, Debug, Default)]
pub struct Facts<'a> {
    /// The service that the proxy stands beside.
    pub source_cluster: &'a str,
    /// Where the request goes.
    pub destination_cluster: &'a str,
    /// Where it comes from.
    pub remote: Option<IpAddr>,
    /// Its metadata.
    pub metadata: Option<&'a Value>,
    /// The metadata of its route.
    pub route_metadata: Option<&'a config::Metadata>,
}

/// What is to be done with a request.
#[derive(Debug, PartialEq)]
pub enum LimitDecision {
    /// It passes.
    Pass(Box<Passed>),
    /// It is one too many.
    Refuse(Box<Refused>),
    /// The service failed, and that refuses the request.
    Fail {
        /// Status of the answer.
        status: u16,
    },
}

/// What changes in a request that passes.
#[derive(Debug, Default, PartialEq)]
pub struct Passed {
    /// Headers of the request.
    pub request: Vec<HeaderChange>,
    /// Headers of its response.
    pub response: Vec<HeaderChange>,
    /// Metadata, by namespace.
    pub metadata: Option<Value>,
    /// The service failed.
    pub has_failed: bool,
}

/// How a request is refused.
#[derive(Debug, Default, PartialEq)]
pub struct Refused {
    /// Headers of the answer.
    pub headers: Vec<HeaderChange>,
    /// Its body.
    pub body: Vec<u8>,
    /// Metadata, by namespace.
    pub metadata: Option<Value>,
}

/// What the service is asked. None: the request is not counted.
pub fn call<V: RequestView>(
    config: &GlobalRateLimit,
    of_route: Option<&RateLimitOverride>,
    limits: Limits<'_>,
    view: &V,
    facts: &Facts<'_>,
) -> Option<Call> {
    let descriptors: Vec<_> = counting(config, of_route, limits)
        .into_iter()
        .flatten()
        .filter(|limit| limit.stage == config.stage)
        .filter_map(|limit| descriptor::build(limit, view, facts))
        .collect();
    if descriptors.is_empty() {
        return None;
    }
    let domain = of_route
        .map(|of_route| &of_route.domain)
        .filter(|domain| !domain.is_empty());
    let message = RateLimitRequest {
        domain: domain.unwrap_or(&config.domain).to_string(),
        descriptors,
        hits_addend: 0,
    };
    Some(to_service(
        &config.service,
        "/envoy.service.ratelimit.v3.RateLimitService/ShouldRateLimit",
        &message,
        DEFAULT_TIMEOUT_MS,
    ))
}

/// The limits that count: the filter's own, else the route's and, as the case may be, its virtual host's.
fn counting<'a>(
    config: &'a GlobalRateLimit,
    of_route: Option<&'a RateLimitOverride>,
    limits: Limits<'a>,
) -> [&'a [RouteLimit]; 2] {
    if let Some(own) = of_route.map(|of_route| &*of_route.limits).filter(|own| !own.is_empty()) {
        return [own, &[]];
    }
    if !config.limits.is_empty() {
        return [&config.limits, &[]];
    }
    let has_own = limits.route.iter().any(|limit| limit.stage == config.stage);
    let host_counts = match of_route.map(|of_route| of_route.of_host).unwrap_or_default() {
        HostLimits::Not => false,
        HostLimits::Too => true,
        HostLimits::Otherwise => !has_own || limits.includes_host,
    };
    [limits.route, if host_counts { limits.host } else { &[] }]
}

/// What the service's answer means. `random` decides about shares.
pub fn decide(config: &GlobalRateLimit, answer: Result<Answer, CallFailure>, random: u64) -> LimitDecision {
    let Ok(response) = answer.and_then(|answer| answer.message::<RateLimitResponse>()) else {
        if config.failure_denied.contains(random) {
            return LimitDecision::Fail {
                status: config.status_on_error,
            };
        }
        return LimitDecision::Pass(Box::new(Passed {
            has_failed: true,
            ..Passed::default()
        }));
    };
    let is_over = response.overall_code() == Code::OverLimit;
    let mut headers = changes(response.response_headers_to_add);
    if config.sends_limit_headers {
        headers.extend(limit_headers(&response.statuses));
    }
    let metadata = response
        .dynamic_metadata
        .map(|metadata| Value::Object(Map::from_iter([(METADATA.to_owned(), to_json(metadata))])));
    if is_over && config.enforced.contains(random) {
        if !config.without_envoy_header {
            let name = HeaderName::from_static("x-envoy-ratelimited");
            headers.push(HeaderChange::set(name, "true"));
        }
        return LimitDecision::Refuse(Box::new(Refused {
            headers,
            body: response.raw_body,
            metadata,
        }));
    }
    LimitDecision::Pass(Box::new(Passed {
        request: changes(response.request_headers_to_add),
        response: headers,
        metadata,
        has_failed: false,
    }))
}

fn changes(headers: Vec<HeaderValue>) -> Vec<HeaderChange> {
    let change = |header: HeaderValue| {
        let value = if header.value.is_empty() {
            header.raw_value
        } else {
            header.value.into_bytes()
        };
        is_value(&value).then(|| Some(HeaderChange::append(HeaderName::new(&header.key).ok()?, value)))?
    };
    headers.into_iter().filter_map(change).collect()
}

/// Headers of draft-polli-ratelimit-headers-03: the limit that is closest to being reached, and all of them.
fn limit_headers(statuses: &[DescriptorStatus]) -> Vec<HeaderChange> {
    let known = || statuses.iter().filter(|status| status.current_limit.is_some());
    let Some(closest) = known().min_by_key(|status| status.limit_remaining) else {
        return Vec::new();
    };
    let mut limit = closest
        .current_limit
        .as_ref()
        .map_or(0, |limit| limit.requests_per_unit)
        .to_string();
    for one in known().filter_map(|status| status.current_limit.as_ref()) {
        let Some(window_s) = seconds(one.unit()) else { continue };
        // Writing to memory cannot fail.
        let _ = write!(limit, ", {};w={window_s}", one.requests_per_unit);
        if !one.name.is_empty() {
            let _ = write!(limit, ";name=\"{}\"", one.name.replace(['"', '\\'], ""));
        }
    }
    let reset = closest.duration_until_reset.unwrap_or(Duration::default()).seconds;
    let header = |name, value: String| HeaderChange::set(HeaderName::from_static(name), value);
    vec![
        header("x-ratelimit-limit", limit),
        header("x-ratelimit-remaining", closest.limit_remaining.to_string()),
        header("x-ratelimit-reset", reset.to_string()),
    ]
}

fn seconds(unit: Unit) -> Option<u32> {
    match unit {
        Unit::Unknown => None,
        Unit::Second => Some(1),
        Unit::Minute => Some(60),
        Unit::Hour => Some(3_600),
        Unit::Day => Some(86_400),
        Unit::Week => Some(7 * 86_400),
        Unit::Month => Some(30 * 86_400),
        Unit::Year => Some(365 * 86_400),
    }
}
