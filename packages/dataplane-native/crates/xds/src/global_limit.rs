//! Services that decide whether requests are too many, and what requests are counted as.

use std::sync::Arc;

use config::{
    FilterOverride, FractionalPercent, GlobalRateLimit, HostLimits, LimitAction, RateLimitOverride, RouteLimit,
};
use messages::{
    envoy::{
        config::route::v3::{
            RateLimit,
            rate_limit::{Action, action::ActionSpecifier, action::meta_data::Source},
        },
        extensions::filters::http::ratelimit::v3::{
            self as pb, rate_limit::XRateLimitHeadersRfcVersion, rate_limit_per_route::VhRateLimitsOptions,
        },
        r#type::metadata::v3::{MetadataKey, metadata_key::path_segment::Segment},
    },
    google::protobuf::Any,
};

use crate::{
    context::Context,
    ext_authz::status,
    matcher::{headers, query},
    service::grpc,
    value::{header_name, header_set, millis, runtime_fraction},
};

/// Stages that there are.
const MAX_STAGE: u32 = 10;

/// The HTTP filter.
pub(crate) fn filter(cx: &mut Context, any: &Any) -> GlobalRateLimit {
    let pb: pb::RateLimit = cx.unpack(any).unwrap_or_default();
    let all = FractionalPercent::new(100, 100);
    if pb.domain.is_empty() {
        cx.within("domain", |cx| cx.error("is empty"));
    }
    if !matches!(&*pb.request_type, "" | "both") {
        cx.within("requestType", |cx| {
            cx.error(format!("{:?}: only \"both\" is supported", pb.request_type));
        });
    }
    cx.no_effect("metadataNamespace", !pb.metadata_namespace.is_empty());
    let sends_limit_headers = pb.enable_x_ratelimit_headers() == XRateLimitHeadersRfcVersion::DraftVersion03;
    let timeout_ms = millis(cx, "timeout", pb.timeout);
    let service = cx
        .required("rateLimitService", pb.rate_limit_service)
        .and_then(|service| service.grpc_service);
    let mut service = cx.within("rateLimitService", |cx| {
        let service = cx.required("grpcService", service)?;
        Some(cx.within("grpcService", |cx| grpc(cx, service)))
    });
    if let (Some(service), Some(timeout_ms)) = (&mut service, timeout_ms) {
        service.timeout_ms = timeout_ms;
    }
    // Below 400 it would not tell the client that it was refused.
    let refusing = |status: Option<u16>| status.filter(|status| *status >= 400);
    let failure_denied = match runtime_fraction(pb.failure_mode_deny_percent) {
        Some(share) => share,
        None if pb.failure_mode_deny => all,
        None => FractionalPercent::new(0, 100),
    };
    GlobalRateLimit {
        domain: pb.domain.into(),
        stage: stage(cx, pb.stage),
        service: service.unwrap_or_default(),
        failure_denied,
        as_resource_exhausted: pb.rate_limited_as_resource_exhausted,
        sends_limit_headers,
        without_envoy_header: pb.disable_x_envoy_ratelimited_header,
        status: refusing(status(cx, "rateLimitedStatus", pb.rate_limited_status)).unwrap_or(429),
        status_on_error: status(cx, "statusOnError", pb.status_on_error).unwrap_or(500),
        response_headers: cx
            .list("responseHeadersToAdd", pb.response_headers_to_add, header_set)
            .into_iter()
            .flatten()
            .collect(),
        enabled: runtime_fraction(pb.filter_enabled).unwrap_or(all),
        enforced: runtime_fraction(pb.filter_enforced).unwrap_or(all),
        limits: limits(cx, pb.rate_limits),
        stat_prefix: pb.stat_prefix.into(),
    }
}

/// A route's own settings.
pub(crate) fn per_route(cx: &mut Context, any: &Any) -> Option<FilterOverride> {
    let pb: pb::RateLimitPerRoute = cx.unpack(any)?;
    cx.no_effect("overrideOption", pb.override_option != 0);
    Some(FilterOverride::RateLimit(Box::new(RateLimitOverride {
        of_host: match pb.vh_rate_limits() {
            VhRateLimitsOptions::Override => HostLimits::Otherwise,
            VhRateLimitsOptions::Include => HostLimits::Too,
            VhRateLimitsOptions::Ignore => HostLimits::Not,
        },
        limits: limits(cx, pb.rate_limits),
        domain: pb.domain.into(),
    })))
}

fn stage(cx: &mut Context, stage: u32) -> u8 {
    if stage > MAX_STAGE {
        cx.within("stage", |cx| {
            cx.error(format!("is {stage}; it has to be from 0 to {MAX_STAGE}"));
        });
    }
    stage.min(MAX_STAGE) as u8
}

/// What the requests of a route or a virtual host are counted as.
pub(crate) fn limits(cx: &mut Context, list: Vec<RateLimit>) -> Vec<RouteLimit> {
    cx.list("rateLimits", list, limit)
}

fn limit(cx: &mut Context, pb: RateLimit) -> RouteLimit {
    cx.no_effect("disableKey", !pb.disable_key.is_empty());
    cx.unsupported("limit", pb.limit.is_some());
    cx.unsupported("applyOnStreamDone", pb.apply_on_stream_done);
    let hits = pb.hits_addend.unwrap_or_default();
    cx.unsupported("hitsAddend.format", !hits.format.is_empty());
    if pb.actions.is_empty() {
        cx.within("actions", |cx| cx.error("is empty"));
    }
    RouteLimit {
        stage: stage(cx, pb.stage.unwrap_or(0)),
        actions: cx.list("actions", pb.actions, action).into_iter().flatten().collect(),
        hits: hits.number.unwrap_or(0),
    }
}

fn action(cx: &mut Context, pb: Action) -> Option<LimitAction> {
    let or = |key: String, default: &str| -> Arc<str> { if key.is_empty() { default.into() } else { key.into() } };
    Some(match pb.action_specifier {
        Some(ActionSpecifier::SourceCluster(_)) => LimitAction::SourceCluster,
        Some(ActionSpecifier::DestinationCluster(_)) => LimitAction::DestinationCluster,
        Some(ActionSpecifier::RequestHeaders(pb)) => LimitAction::RequestHeader {
            name: header_name(cx, "requestHeaders.headerName", &pb.header_name)?,
            key: key(cx, "requestHeaders.descriptorKey", pb.descriptor_key),
            skip_if_absent: pb.skip_if_absent,
        },
        Some(ActionSpecifier::QueryParameters(pb)) => LimitAction::QueryParameter {
            name: key(cx, "queryParameters.queryParameterName", pb.query_parameter_name),
            key: key(cx, "queryParameters.descriptorKey", pb.descriptor_key),
            skip_if_absent: pb.skip_if_absent,
        },
        Some(ActionSpecifier::RemoteAddress(_)) => LimitAction::RemoteAddress,
        Some(ActionSpecifier::MaskedRemoteAddress(pb)) => {
            let (v4, v6) = (
                pb.v4_prefix_mask_len.unwrap_or(32),
                pb.v6_prefix_mask_len.unwrap_or(128),
            );
            if v4 > 32 || v6 > 128 {
                cx.within("maskedRemoteAddress", |cx| {
                    cx.error(format!("an address has 32 or 128 bits, not {v4} or {v6}"));
                });
            }
            LimitAction::MaskedRemoteAddress {
                v4: v4.min(32) as u8,
                v6: v6.min(128) as u8,
            }
        }
        Some(ActionSpecifier::GenericKey(pb)) => LimitAction::GenericKey {
            key: or(pb.descriptor_key, "generic_key"),
            value: key(cx, "genericKey.descriptorValue", pb.descriptor_value),
        },
        Some(ActionSpecifier::HeaderValueMatch(pb)) => LimitAction::HeaderMatch {
            key: or(pb.descriptor_key, "header_match"),
            value: key(cx, "headerValueMatch.descriptorValue", pb.descriptor_value),
            expected: pb.expect_match.unwrap_or(true),
            headers: cx.within("headerValueMatch", |cx| headers(cx, "headers", pb.headers)),
        },
        Some(ActionSpecifier::QueryParameterValueMatch(pb)) => LimitAction::QueryMatch {
            key: or(pb.descriptor_key, "query_match"),
            value: key(cx, "queryParameterValueMatch.descriptorValue", pb.descriptor_value),
            expected: pb.expect_match.unwrap_or(true),
            parameters: cx.within("queryParameterValueMatch", |cx| {
                cx.list("queryParameters", pb.query_parameters, query)
                    .into_iter()
                    .flatten()
                    .collect()
            }),
        },
        Some(ActionSpecifier::Metadata(pb)) => {
            let of_route = pb.source() == Source::RouteEntry;
            let place: MetadataKey = cx.required("metadata.metadataKey", pb.metadata_key)?;
            let segments = place.path.into_iter().filter_map(|segment| segment.segment);
            LimitAction::Metadata {
                key: key(cx, "metadata.descriptorKey", pb.descriptor_key),
                namespace: key(cx, "metadata.metadataKey.key", place.key),
                path: segments.map(|Segment::Key(key)| key.into()).collect(),
                default: pb.default_value.into(),
                of_route,
                skip_if_absent: pb.skip_if_absent,
            }
        }
        Some(ActionSpecifier::DynamicMetadata(_)) => {
            cx.within("dynamicMetadata", |cx| {
                cx.error("is not supported by this proxy; write metadata");
            });
            return None;
        }
        Some(ActionSpecifier::Extension(_)) => {
            cx.unsupported("extension", true);
            return None;
        }
        None => {
            cx.error("is empty, or of a kind that is not supported");
            return None;
        }
    })
}

/// A text that must not be empty.
fn key(cx: &mut Context, name: &str, text: String) -> Arc<str> {
    if text.is_empty() {
        cx.within(name, |cx| cx.error("is empty"));
    }
    text.into()
}
