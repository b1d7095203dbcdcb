//! Bounds on requests.

use config::{FractionalPercent, LocalRateLimit, TokenBucket};
use messages::{
    envoy::{extensions::filters::http::local_ratelimit::v3 as pb, r#type::v3 as types},
    google::protobuf::Any,
};

use crate::{
    context::Context,
    value::{header_set, millis, runtime_fraction},
};

/// The HTTP filter, or a route's own bound: they have one type.
pub(crate) fn local(cx: &mut Context, any: &Any) -> LocalRateLimit {
    let pb: pb::LocalRateLimit = cx.unpack(any).unwrap_or_default();
    cx.unsupported("descriptors", !pb.descriptors.is_empty());
    cx.unsupported(
        "localRateLimitPerDownstreamConnection",
        pb.local_rate_limit_per_downstream_connection,
    );
    let headers = |cx: &mut Context, name, list| cx.list(name, list, header_set).into_iter().flatten().collect();
    // Below 400 it would not tell the client that it was refused: Envoy takes 429 then.
    let status = pb
        .status
        .and_then(|status| u16::try_from(status.code).ok())
        .filter(|code| (400..600).contains(code));
    LocalRateLimit {
        stat_prefix: pb.stat_prefix.into(),
        bucket: pb
            .token_bucket
            .and_then(|pb| cx.within("tokenBucket", |cx| token_bucket(cx, &pb))),
        enabled: runtime_fraction(pb.filter_enabled).unwrap_or(FractionalPercent::new(0, 100)),
        enforced: runtime_fraction(pb.filter_enforced).unwrap_or(FractionalPercent::new(0, 100)),
        status: status.unwrap_or(429),
        response_headers: headers(cx, "responseHeadersToAdd", pb.response_headers_to_add),
        marking_headers: headers(
            cx,
            "requestHeadersToAddWhenNotEnforced",
            pb.request_headers_to_add_when_not_enforced,
        ),
    }
}

fn token_bucket(cx: &mut Context, pb: &types::TokenBucket) -> Option<TokenBucket> {
    if pb.max_tokens == 0 {
        cx.within("maxTokens", |cx| cx.error("is 0; it has to be at least 1"));
        return None;
    }
    let fill_interval_ms = millis(cx, "fillInterval", pb.fill_interval)?;
    if fill_interval_ms < 50 {
        cx.within("fillInterval", |cx| cx.error("is shorter than 50 ms"));
        return None;
    }
    Some(TokenBucket {
        max_tokens: pb.max_tokens,
        tokens_per_fill: pb.tokens_per_fill.unwrap_or(1).max(1),
        fill_interval_ms,
    })
}
