//! Tokens of end users. What cannot be understood is always an error: leaving it out could open a door.

use std::sync::Arc;

use config::{ClaimHeader, FilterOverride, JwtAuthn, JwtHeader, JwtProvider, JwtRequirement, JwtRule, RemoteJwks};
use messages::{
    envoy::extensions::filters::http::jwt_authn::v3::{
        self as pb, jwt_provider::JwksSourceSpecifier, jwt_requirement::RequiresType,
        per_route_config::RequirementSpecifier, requirement_rule::RequirementType,
    },
    google::protobuf::Any,
};

use crate::{
    context::Context,
    route::route_match,
    service::http_uri,
    value::{Source, data_source, header_name, millis},
};

/// The HTTP filter.
pub(crate) fn authentication(cx: &mut Context, any: &Any) -> JwtAuthn {
    let pb: pb::JwtAuthentication = cx.unpack(any).unwrap_or_default();
    cx.unsupported("filterStateRules", pb.filter_state_rules.is_some());
    cx.no_effect("stripFailureResponse", pb.strip_failure_response);
    let mut providers: Vec<_> = pb.providers.into_iter().collect();
    providers.sort_by(|a, b| a.0.cmp(&b.0));
    let providers = cx.within("providers", |cx| {
        let decode = |(name, pb): (String, pb::JwtProvider)| {
            let provider = cx.within(&format!("[{name:?}]"), |cx| provider(cx, pb));
            (Arc::from(name), provider)
        };
        providers.into_iter().map(decode).collect()
    });
    let mut named: Vec<_> = pb.requirement_map.into_iter().collect();
    named.sort_by(|a, b| a.0.cmp(&b.0));
    let requirements = cx.within("requirementMap", |cx| {
        let decode = |(name, pb): (String, pb::JwtRequirement)| {
            let requirement = cx.within(&format!("[{name:?}]"), |cx| requirement(cx, pb))?;
            Some((Arc::from(name), requirement))
        };
        named.into_iter().filter_map(decode).collect()
    });
    JwtAuthn {
        providers,
        rules: cx.list("rules", pb.rules, rule).into_iter().flatten().collect(),
        requirements,
        bypass_cors_preflight: pb.bypass_cors_preflight,
    }
}

/// A route's own configuration.
pub(crate) fn per_route(cx: &mut Context, any: &Any) -> Option<FilterOverride> {
    let pb: pb::PerRouteConfig = cx.unpack(any)?;
    match pb.requirement_specifier {
        Some(RequirementSpecifier::Disabled(true)) => Some(FilterOverride::Disabled),
        Some(RequirementSpecifier::RequirementName(name)) => Some(FilterOverride::JwtRequirement(name.into())),
        Some(RequirementSpecifier::Disabled(false)) | None => {
            cx.error("has neither disabled nor requirementName");
            None
        }
    }
}

fn provider(cx: &mut Context, pb: pb::JwtProvider) -> JwtProvider {
    cx.unsupported("subjects", pb.subjects.is_some());
    cx.no_effect("headerInMetadata", !pb.header_in_metadata.is_empty());
    cx.no_effect("failedStatusInMetadata", !pb.failed_status_in_metadata.is_empty());
    let strings = |list: Vec<String>| list.into_iter().map(Arc::from).collect();
    let mut remote = None;
    let jwks = match pb.jwks_source_specifier {
        Some(JwksSourceSpecifier::LocalJwks(source)) => cx.within("localJwks", |cx| {
            let source = data_source(cx, source)?;
            text(cx, source)
        }),
        Some(JwksSourceSpecifier::RemoteJwks(pb)) => {
            remote = Some(cx.within("remoteJwks", |cx| remote_jwks(cx, pb)));
            None
        }
        None => {
            cx.error("has no keys: write localJwks or remoteJwks");
            None
        }
    };
    let payload_header = &pb.forward_payload_header;
    JwtProvider {
        issuer: pb.issuer.into(),
        audiences: strings(pb.audiences),
        jwks: jwks.unwrap_or_default(),
        remote_jwks: remote,
        from_headers: cx
            .list("fromHeaders", pb.from_headers, |cx, header| {
                Some(JwtHeader {
                    name: header_name(cx, "name", &header.name)?,
                    prefix: header.value_prefix.into(),
                })
            })
            .into_iter()
            .flatten()
            .collect(),
        from_params: strings(pb.from_params),
        from_cookies: strings(pb.from_cookies),
        forward: pb.forward,
        payload_header: (!payload_header.is_empty())
            .then(|| header_name(cx, "forwardPayloadHeader", payload_header))
            .flatten(),
        pad_payload_header: pb.pad_forward_payload_header,
        payload_in_metadata: pb.payload_in_metadata.into(),
        space_delimited_claims: strings(
            pb.normalize_payload_in_metadata
                .map(|normalize| normalize.space_delimited_claims)
                .unwrap_or_default(),
        ),
        claim_headers: cx
            .list("claimToHeaders", pb.claim_to_headers, |cx, claim| {
                Some(ClaimHeader {
                    header: header_name(cx, "headerName", &claim.header_name)?,
                    claim: claim.claim_name.into(),
                })
            })
            .into_iter()
            .flatten()
            .collect(),
        clock_skew_s: match pb.clock_skew_seconds {
            0 => 60,
            seconds => seconds.into(),
        },
        clears_route: pb.clear_route_cache,
        requires_expiration: pb.require_expiration,
        max_lifetime_s: millis(cx, "maxLifetime", pb.max_lifetime).map(|millis| millis / 1000),
    }
}

fn remote_jwks(cx: &mut Context, pb: pb::RemoteJwks) -> RemoteJwks {
    let defaults = RemoteJwks::default();
    let uri = cx.required("httpUri", pb.http_uri);
    let uri = uri.map(|uri| cx.within("httpUri", |cx| http_uri(cx, uri)));
    let address = uri.as_ref().map(|uri| Arc::clone(&uri.uri)).unwrap_or_default();
    let rest = address.split_once("://").map_or(&*address, |(_, rest)| rest);
    if rest.is_empty() || rest.starts_with('/') || rest.bytes().any(|byte| !byte.is_ascii_graphic()) {
        cx.within("httpUri.uri", |cx| {
            cx.error(format!("{address:?} is no address such as https://host/path"));
        });
    }
    let retry = pb.retry_policy.as_ref();
    let backoff = retry.and_then(|retry| retry.retry_back_off);
    let (base, longest) = backoff.map_or((None, None), |backoff| (backoff.base_interval, backoff.max_interval));
    let retry_interval_ms = millis(cx, "retryPolicy.retryBackOff.baseInterval", base)
        .unwrap_or(defaults.retry_interval_ms)
        .max(1);
    let ahead = pb.async_fetch;
    RemoteJwks {
        uri: address,
        cluster: uri.as_ref().map(|uri| Arc::clone(&uri.cluster)).unwrap_or_default(),
        timeout_ms: uri
            .and_then(|uri| uri.timeout_ms)
            .filter(|timeout_ms| *timeout_ms > 0)
            .unwrap_or(defaults.timeout_ms),
        cache_ms: millis(cx, "cacheDuration", pb.cache_duration)
            .unwrap_or(defaults.cache_ms)
            .max(1),
        is_ahead: ahead.is_some(),
        failed_refetch_ms: millis(
            cx,
            "asyncFetch.failedRefetchDuration",
            ahead.and_then(|ahead| ahead.failed_refetch_duration),
        )
        .unwrap_or(defaults.failed_refetch_ms)
        .max(10),
        retries: retry.map_or(0, |retry| retry.num_retries.unwrap_or(1)),
        retry_interval_ms,
        max_retry_interval_ms: millis(cx, "retryPolicy.retryBackOff.maxInterval", longest)
            .unwrap_or(10 * retry_interval_ms)
            .max(retry_interval_ms),
    }
}

fn text(cx: &mut Context, source: Source) -> Option<Arc<str>> {
    let bytes = match source {
        Source::Inline(bytes) => bytes,
        Source::File(path) => {
            let read = std::fs::read(&*path).map_err(|error| format!("cannot read {path:?}: {error}"));
            cx.check(read)?
        }
    };
    let text = String::from_utf8(bytes).map_err(|_| "is not UTF-8");
    cx.check(text).map(Arc::from)
}

fn rule(cx: &mut Context, pb: pb::RequirementRule) -> Option<JwtRule> {
    let matches = cx.required("match", pb.r#match)?;
    let matches = cx.within("match", |cx| route_match(cx, matches));
    let requires = match pb.requirement_type {
        Some(RequirementType::Requires(pb)) => cx.within("requires", |cx| requirement(cx, pb)),
        Some(RequirementType::RequirementName(name)) => Some(JwtRequirement::Named(name.into())),
        None => None,
    };
    Some(JwtRule { matches, requires })
}

fn requirement(cx: &mut Context, pb: pb::JwtRequirement) -> Option<JwtRequirement> {
    let list = |cx: &mut Context, name, list| -> Vec<JwtRequirement> {
        cx.within(name, |cx| cx.list("requirements", list, requirement))
            .into_iter()
            .flatten()
            .collect()
    };
    match pb.requires_type {
        Some(RequiresType::ProviderName(name)) => Some(JwtRequirement::Provider {
            name: name.into(),
            audiences: None,
        }),
        Some(RequiresType::ProviderAndAudiences(pb)) => Some(JwtRequirement::Provider {
            name: pb.provider_name.into(),
            audiences: Some(pb.audiences.into_iter().map(Arc::from).collect()),
        }),
        Some(RequiresType::RequiresAny(pb)) => Some(JwtRequirement::Any(list(cx, "requiresAny", pb.requirements))),
        Some(RequiresType::RequiresAll(pb)) => Some(JwtRequirement::All(list(cx, "requiresAll", pb.requirements))),
        Some(RequiresType::AllowMissing(_)) => Some(JwtRequirement::AllowMissing),
        Some(RequiresType::AllowMissingOrFailed(_)) => Some(JwtRequirement::AllowMissingOrFailed),
        // An empty requirement requires nothing; a kind that is not known must not be taken for one.
        None => {
            cx.error("is empty, or of a kind that is not supported");
            None
        }
    }
}
