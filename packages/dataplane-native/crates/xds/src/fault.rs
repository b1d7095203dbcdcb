//! Injected faults and cross-origin policies.

use config::{AbortKind, CorsPolicy, DelayKind, Fault, FaultAbort, FaultDelay, FractionalPercent};
use messages::{
    envoy::extensions::filters::{
        common::fault::v3::{self as common, fault_delay::FaultDelaySecifier},
        http::{
            cors::v3 as cors_pb,
            fault::v3::{self as pb, fault_abort::ErrorType},
        },
    },
    google::protobuf::Any,
};

use crate::{
    context::Context,
    matcher,
    value::{fraction, millis, runtime_fraction},
};

pub(crate) fn fault(cx: &mut Context, any: &Any) -> Fault {
    let pb: pb::HttpFault = cx.unpack(any).unwrap_or_default();
    cx.unsupported("downstreamNodes", !pb.downstream_nodes.is_empty());
    cx.unsupported("responseRateLimit", pb.response_rate_limit.is_some());
    Fault {
        delay: pb.delay.and_then(|pb| cx.within("delay", |cx| delay(cx, pb))),
        abort: pb.abort.and_then(|pb| cx.within("abort", |cx| abort(cx, pb))),
        headers: matcher::headers(cx, "headers", pb.headers),
        upstream_cluster: pb.upstream_cluster.into(),
        max_active_faults: pb.max_active_faults,
    }
}

fn delay(cx: &mut Context, pb: common::FaultDelay) -> Option<FaultDelay> {
    let kind = match pb.fault_delay_secifier {
        Some(FaultDelaySecifier::FixedDelay(duration)) => DelayKind::FixedMs(millis(cx, "fixedDelay", Some(duration))?),
        Some(FaultDelaySecifier::HeaderDelay(_)) => DelayKind::Header,
        None => {
            cx.error("has neither fixedDelay nor headerDelay");
            return None;
        }
    };
    Some(FaultDelay {
        kind,
        percentage: pb.percentage.map(fraction).unwrap_or_default(),
    })
}

fn abort(cx: &mut Context, pb: pb::FaultAbort) -> Option<FaultAbort> {
    cx.no_effect("responseBody", !pb.response_body.is_empty());
    let kind = match pb.error_type {
        Some(ErrorType::HttpStatus(status)) => {
            let status = u16::try_from(status).ok().filter(|status| (200..600).contains(status));
            if status.is_none() {
                cx.within("httpStatus", |cx| cx.error("is not a status from 200 to 599"));
            }
            AbortKind::HttpStatus(status?)
        }
        Some(ErrorType::GrpcStatus(status)) => AbortKind::GrpcStatus(status),
        Some(ErrorType::HeaderAbort(_)) => AbortKind::Header,
        None => {
            cx.error("has none of httpStatus, grpcStatus and headerAbort");
            return None;
        }
    };
    Some(FaultAbort {
        kind,
        percentage: pb.percentage.map(fraction).unwrap_or_default(),
    })
}

/// A route's cross-origin policy; `None`: it is switched off there.
pub(crate) fn cors(cx: &mut Context, any: &Any) -> Option<CorsPolicy> {
    let pb: cors_pb::CorsPolicy = cx.unpack(any).unwrap_or_default();
    cx.no_effect(
        "shadowEnabled",
        runtime_fraction(pb.shadow_enabled).is_some_and(|share| share.millionths() > 0),
    );
    cx.no_effect(
        "allowPrivateNetworkAccess",
        pb.allow_private_network_access.unwrap_or(false),
    );
    let enabled = runtime_fraction(pb.filter_enabled).unwrap_or(FractionalPercent::ALL);
    if ![0, FractionalPercent::ALL.millionths()].contains(&enabled.millionths()) {
        cx.within("filterEnabled", |cx| {
            cx.warn("only 0 % and 100 % are supported; the policy is used for all requests");
        });
    }
    let origins = cx.list("allowOriginStringMatch", pb.allow_origin_string_match, |cx, test| {
        matcher::string(cx, Some(test))
    });
    (enabled.millionths() > 0).then(|| CorsPolicy {
        allow_origins: origins.into_iter().flatten().collect(),
        allow_methods: pb.allow_methods.into(),
        allow_headers: pb.allow_headers.into(),
        expose_headers: pb.expose_headers.into(),
        max_age: pb.max_age.into(),
        allow_credentials: pb.allow_credentials.unwrap_or(false),
        forward_not_matching_preflights: pb.forward_not_matching_preflights.unwrap_or(true),
    })
}
