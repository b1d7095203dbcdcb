//! Retry policies.

use config::{HedgePolicy, Metadata, RetryBackoff, RetryOn, RetryPolicy};
use messages::envoy::config::route::v3::{self as pb, retry_policy::RetryBackOff};

use crate::{context::Context, matcher::headers, value::millis};

/// Takes the mark out by which our Pilot says that a route's retry policy is the mesh's default, and not somebody's word
/// about this route. Other control planes have no such mark: theirs are taken at their word, as Envoy does.
pub(crate) fn take_default_mark(metadata: &mut Metadata) -> bool {
    let is_default = metadata
        .get("fairlead.dev", "retry")
        .is_some_and(|mark| mark == "default");
    if is_default {
        metadata.remove("fairlead.dev", "retry");
    }
    is_default
}

/// `only_safe` see [`RetryPolicy::only_safe`].
pub(crate) fn retry_policy(cx: &mut Context, pb: pb::RetryPolicy, only_safe: bool) -> RetryPolicy {
    cx.no_effect("retryPriority", pb.retry_priority.is_some());
    cx.no_effect("retryOptionsPredicates", !pb.retry_options_predicates.is_empty());
    cx.no_effect("rateLimitedRetryBackOff", pb.rate_limited_retry_back_off.is_some());
    let (retry_on, statuses, unknown) = RetryOn::parse(&pb.retry_on);
    for token in unknown {
        cx.within("retryOn", |cx| {
            cx.warn(format!("{token:?} is not a retry condition; it has no effect"));
        });
    }
    let mut avoid_previous_hosts = false;
    for (index, predicate) in pb.retry_host_predicate.iter().enumerate() {
        let is_known = predicate.name == "envoy.retry_host_predicates.previous_hosts";
        avoid_previous_hosts |= is_known;
        cx.no_effect(&format!("retryHostPredicate[{index}]"), !is_known);
    }
    let codes = cx.list("retriableStatusCodes", pb.retriable_status_codes, |cx, code| {
        let status = u16::try_from(code).ok().filter(|status| (100..600).contains(status));
        if status.is_none() {
            cx.error(format!("{code} is not a status"));
        }
        status
    });
    RetryPolicy {
        retry_on,
        num_retries: pb.num_retries.unwrap_or(1),
        per_try_timeout_ms: millis(cx, "perTryTimeout", pb.per_try_timeout).unwrap_or(0),
        per_try_idle_timeout_ms: millis(cx, "perTryIdleTimeout", pb.per_try_idle_timeout).unwrap_or(0),
        backoff: pb
            .retry_back_off
            .map(|backoff| cx.within("retryBackOff", |cx| retry_backoff(cx, backoff)))
            .unwrap_or_default(),
        retriable_status_codes: codes.into_iter().flatten().chain(statuses).collect(),
        retriable_headers: headers(cx, "retriableHeaders", pb.retriable_headers),
        retriable_request_headers: headers(cx, "retriableRequestHeaders", pb.retriable_request_headers),
        avoid_previous_hosts,
        host_selection_max_attempts: u32::try_from(pb.host_selection_retry_max_attempts)
            .unwrap_or(0)
            .clamp(1, 100),
        only_safe,
    }
}

/// Envoy does not act on the first two fields either.
pub(crate) fn hedge_policy(cx: &mut Context, pb: pb::HedgePolicy) -> HedgePolicy {
    match pb.initial_requests {
        Some(0) => cx.within("initialRequests", |cx| cx.error("is 0; it has to be at least 1")),
        initial => cx.no_effect("initialRequests", initial.is_some_and(|count| count > 1)),
    }
    let chance = pb.additional_request_chance;
    cx.no_effect(
        "additionalRequestChance",
        chance.is_some_and(|chance| chance.numerator > 0),
    );
    HedgePolicy {
        on_per_try_timeout: pb.hedge_on_per_try_timeout,
    }
}

fn retry_backoff(cx: &mut Context, pb: RetryBackOff) -> RetryBackoff {
    let base = millis(cx, "baseInterval", pb.base_interval).unwrap_or(0);
    if base == 0 {
        cx.within("baseInterval", |cx| cx.error("has to be greater than 0"));
    }
    let max = millis(cx, "maxInterval", pb.max_interval).unwrap_or(base.saturating_mul(10));
    if max < base {
        cx.within("maxInterval", |cx| {
            cx.error(format!("{max} ms is less than baseInterval, {base} ms"));
        });
    }
    RetryBackoff {
        base_interval_ms: base,
        max_interval_ms: max,
    }
}
