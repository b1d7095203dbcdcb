//! Quotas that a service assigns.

use std::sync::Arc;

use config::{
    FilterOverride, QuotaBucket, QuotaDenial, QuotaExpiry, QuotaFilter, QuotaOverride, QuotaStrategy, QuotaValue,
    TokenBucket,
};
use messages::{
    envoy::{
        extensions::filters::http::rate_limit_quota::v3::{
            self as pb,
            rate_limit_quota_bucket_settings::{
                BucketIdBuilder, DenyResponseSettings, ExpiredAssignmentBehavior, NoAssignmentBehavior,
                bucket_id_builder::value_builder::ValueSpecifier,
                expired_assignment_behavior::ExpiredAssignmentBehavior as Expired,
                no_assignment_behavior::NoAssignmentBehavior as Unassigned,
            },
        },
        r#type::v3::{RateLimitStrategy, RateLimitUnit, rate_limit_strategy::Strategy},
    },
    google::protobuf::Any,
    xds,
};

use crate::{
    context::Context,
    ext_authz::status,
    match_tree,
    service::grpc,
    value::{header_set, millis},
};

/// The HTTP filter.
pub(crate) fn filter(cx: &mut Context, any: &Any) -> Option<QuotaFilter> {
    let pb: pb::RateLimitQuotaFilterConfig = cx.unpack(any)?;
    cx.unsupported("filterEnabled", pb.filter_enabled.is_some());
    cx.unsupported("filterEnforced", pb.filter_enforced.is_some());
    cx.unsupported(
        "requestHeadersToAddWhenNotEnforced",
        !pb.request_headers_to_add_when_not_enforced.is_empty(),
    );
    if pb.domain.is_empty() {
        cx.within("domain", |cx| cx.error("is empty"));
    }
    let service = pb.rlqs_server.map(|pb| cx.within("rlqsServer", |cx| grpc(cx, pb)));
    let matcher = cx.required("bucketMatchers", pb.bucket_matchers)?;
    Some(QuotaFilter {
        service,
        domain: pb.domain.into(),
        buckets: cx.within("bucketMatchers", |cx| match_tree::tree(cx, matcher, &mut bucket)),
    })
}

/// A route's own settings.
pub(crate) fn per_route(cx: &mut Context, any: &Any) -> Option<FilterOverride> {
    let pb: pb::RateLimitQuotaOverride = cx.unpack(any)?;
    cx.unsupported("domain", !pb.domain.is_empty());
    let buckets = pb
        .bucket_matchers
        .map(|pb| cx.within("bucketMatchers", |cx| match_tree::tree(cx, pb, &mut bucket)));
    Some(FilterOverride::Quota(Box::new(QuotaOverride { buckets })))
}

fn bucket(cx: &mut Context, any: &Any) -> Option<Arc<QuotaBucket>> {
    let pb: pb::RateLimitQuotaBucketSettings = cx.unpack(any)?;
    let id = cx.required("bucketIdBuilder", pb.bucket_id_builder);
    let id = id.map(|pb| cx.within("bucketIdBuilder", |cx| id_of(cx, pb)));
    let interval_ms = cx
        .required("reportingInterval", pb.reporting_interval)
        .and_then(|interval| millis(cx, "reportingInterval", Some(interval)));
    if interval_ms.is_some_and(|interval| interval < 2) {
        cx.within("reportingInterval", |cx| cx.error("has to be more than 1 ms"));
    }
    let unassigned = pb
        .no_assignment_behavior
        .map(|pb| cx.within("noAssignmentBehavior", |cx| unassigned(cx, pb)));
    let expired = pb
        .expired_assignment_behavior
        .and_then(|pb| cx.within("expiredAssignmentBehavior", |cx| expired(cx, pb)));
    let denial = pb
        .deny_response_settings
        .map(|pb| cx.within("denyResponseSettings", |cx| denial(cx, pb)));
    Some(Arc::new(QuotaBucket {
        id: id?,
        reporting_interval_ms: interval_ms?,
        denial: denial.unwrap_or_default(),
        unassigned: unassigned.unwrap_or_default(),
        expired,
    }))
}

fn id_of(cx: &mut Context, pb: BucketIdBuilder) -> Vec<(Arc<str>, QuotaValue)> {
    if pb.bucket_id_builder.is_empty() {
        cx.within("bucketIdBuilder", |cx| cx.error("is empty"));
    }
    let mut entries: Vec<_> = pb.bucket_id_builder.into_iter().collect();
    entries.sort_by(|one, other| one.0.cmp(&other.0));
    let mut id = Vec::with_capacity(entries.len());
    for (name, value) in entries {
        cx.within(&format!("bucketIdBuilder[{name:?}]"), |cx| {
            if name.is_empty() {
                cx.error("has no name");
            }
            let value = match value.value_specifier {
                Some(ValueSpecifier::StringValue(text)) if !text.is_empty() => Some(QuotaValue::Text(text.into())),
                Some(ValueSpecifier::CustomValue(config)) => cx.within("customValue", |cx| {
                    let same = xds::core::v3::TypedExtensionConfig {
                        name: config.name,
                        typed_config: config.typed_config,
                    };
                    match_tree::looked_at(cx, same).map(QuotaValue::Of)
                }),
                _ => {
                    cx.error("has no value");
                    None
                }
            };
            id.extend(value.map(|value| (Arc::from(name.as_str()), value)));
        });
    }
    id
}

fn unassigned(cx: &mut Context, pb: NoAssignmentBehavior) -> QuotaStrategy {
    match pb.no_assignment_behavior {
        Some(Unassigned::FallbackRateLimit(pb)) => cx.within("fallbackRateLimit", |cx| strategy(cx, pb)),
        None => QuotaStrategy::default(),
    }
}

fn expired(cx: &mut Context, pb: ExpiredAssignmentBehavior) -> Option<QuotaExpiry> {
    let timeout_ms = millis(
        cx,
        "expiredAssignmentBehaviorTimeout",
        pb.expired_assignment_behavior_timeout,
    );
    let strategy = match pb.expired_assignment_behavior {
        Some(Expired::FallbackRateLimit(pb)) => Some(cx.within("fallbackRateLimit", |cx| strategy(cx, pb))),
        Some(Expired::ReuseLastAssignment(_)) => None,
        None => {
            cx.error("has neither fallbackRateLimit nor reuseLastAssignment");
            return None;
        }
    };
    Some(QuotaExpiry { timeout_ms, strategy })
}

fn denial(cx: &mut Context, pb: DenyResponseSettings) -> QuotaDenial {
    let code = |status: i32| u16::try_from(status).ok().filter(|code| (1..=16).contains(code));
    let grpc_status = pb.grpc_status.and_then(|status| {
        let number = code(status.code);
        if number.is_none() {
            cx.within("grpcStatus", |cx| {
                cx.error(format!("code {} tells no client that it was refused", status.code));
            });
        }
        Some((number?, status.message.into()))
    });
    let headers = cx.list("responseHeadersToAdd", pb.response_headers_to_add, header_set);
    QuotaDenial {
        // Below 400 it would not tell the client that it was refused.
        status: status(cx, "httpStatus", pb.http_status)
            .filter(|status| *status >= 400)
            .unwrap_or(429),
        body: pb.http_body.unwrap_or_default().into(),
        grpc_status,
        headers: headers.into_iter().flatten().collect(),
    }
}

fn strategy(cx: &mut Context, pb: RateLimitStrategy) -> QuotaStrategy {
    match pb.strategy {
        Some(Strategy::BlanketRule(0)) => QuotaStrategy::AllowAll,
        Some(Strategy::BlanketRule(_)) => QuotaStrategy::DenyAll,
        Some(Strategy::RequestsPerTimeUnit(rate)) => cx.within("requestsPerTimeUnit", |cx| {
            let seconds = match rate.time_unit() {
                RateLimitUnit::Second => 1,
                RateLimitUnit::Minute => 60,
                RateLimitUnit::Hour => 3_600,
                RateLimitUnit::Day => 86_400,
                RateLimitUnit::Month => 30 * 86_400,
                RateLimitUnit::Year => 365 * 86_400,
                RateLimitUnit::Unknown => {
                    cx.within("timeUnit", |cx| cx.error("is unknown"));
                    1
                }
            };
            let count = u32::try_from(rate.requests_per_time_unit).unwrap_or(u32::MAX);
            tokens(count, count, seconds * 1_000)
        }),
        Some(Strategy::TokenBucket(pb)) => cx.within("tokenBucket", |cx| {
            let interval_ms = millis(cx, "fillInterval", pb.fill_interval).unwrap_or(0);
            if pb.max_tokens > 0 && interval_ms == 0 {
                cx.within("fillInterval", |cx| cx.error("is missing"));
            }
            tokens(pb.max_tokens, pb.tokens_per_fill.unwrap_or(1), interval_ms)
        }),
        None => {
            cx.error("has no strategy");
            QuotaStrategy::default()
        }
    }
}

fn tokens(max_tokens: u32, tokens_per_fill: u32, fill_interval_ms: u64) -> QuotaStrategy {
    if max_tokens == 0 || tokens_per_fill == 0 {
        return QuotaStrategy::DenyAll;
    }
    QuotaStrategy::Tokens(TokenBucket {
        max_tokens,
        tokens_per_fill,
        fill_interval_ms: fill_interval_ms.max(1),
    })
}
