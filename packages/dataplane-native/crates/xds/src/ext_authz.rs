//! Services that decide whether requests may pass. What cannot be understood is always an error: leaving it out could
//! open a door.

use std::sync::Arc;

use config::{AuthzBody, AuthzHttpService, AuthzOverride, AuthzService, ExtAuthz, FilterOverride, StringMatcher};
use messages::{
    envoy::{
        extensions::filters::http::ext_authz::v3::{
            self as pb, check_settings::ServiceOverride, ext_authz::Services, ext_authz_per_route::Override,
        },
        r#type::{matcher::v3::ListStringMatcher, v3::HttpStatus},
    },
    google::protobuf::Any,
};

use crate::{
    context::Context,
    matcher::{metadata, string},
    service::{grpc, headers, http_uri},
    value::runtime_fraction,
};

/// The HTTP filter.
pub(crate) fn filter(cx: &mut Context, any: &Any) -> ExtAuthz {
    let pb: pb::ExtAuthz = cx.unpack(any).unwrap_or_default();
    report(cx, &pb);
    let strings = |list: Vec<String>| list.into_iter().map(Arc::from).collect();
    // The list had another place before.
    let mut allowed = list(cx, "allowedHeaders", pb.allowed_headers);
    let service = match pb.services {
        Some(Services::GrpcService(service)) => AuthzService::Grpc(cx.within("grpcService", |cx| grpc(cx, service))),
        Some(Services::HttpService(mut service)) => cx.within("httpService", |cx| {
            let request = service.authorization_request.as_mut();
            if let Some(older) = request.and_then(|request| request.allowed_headers.take())
                && allowed.is_none()
            {
                allowed = list(cx, "authorizationRequest.allowedHeaders", Some(older));
            }
            AuthzService::Http(Box::new(http_service(cx, service)))
        }),
        None => {
            cx.error("has neither grpcService nor httpService");
            AuthzService::default()
        }
    };
    ExtAuthz {
        service,
        failure_mode_allow: pb.failure_mode_allow,
        failure_mode_allow_header_add: pb.failure_mode_allow_header_add,
        body: pb
            .with_request_body
            .and_then(|body| cx.within("withRequestBody", |cx| body_settings(cx, body))),
        clear_route_cache: pb.clear_route_cache,
        status_on_error: status(cx, "statusOnError", pb.status_on_error).unwrap_or(403),
        metadata_namespaces: strings(pb.metadata_context_namespaces),
        route_metadata_namespaces: strings(pb.route_metadata_context_namespaces),
        enabled: runtime_fraction(pb.filter_enabled),
        enabled_metadata: pb
            .filter_enabled_metadata
            .and_then(|matcher| cx.within("filterEnabledMetadata", |cx| metadata(cx, matcher))),
        deny_at_disable: pb.deny_at_disable.and_then(|flag| flag.default_value).unwrap_or(false),
        include_peer_certificate: pb.include_peer_certificate,
        include_tls_session: pb.include_tls_session,
        allowed_headers: allowed,
        disallowed_headers: list(cx, "disallowedHeaders", pb.disallowed_headers).unwrap_or_default(),
        encode_raw_headers: pb.encode_raw_headers,
        takes_metadata: pb.enable_dynamic_metadata_ingestion.unwrap_or(true),
        validate_mutations: pb.validate_mutations,
        max_denied_body_bytes: pb.max_denied_response_body_bytes,
        stat_prefix: pb.stat_prefix.into(),
    }
}

fn report(cx: &mut Context, pb: &pb::ExtAuthz) {
    cx.unsupported("decoderHeaderMutationRules", pb.decoder_header_mutation_rules.is_some());
    cx.unsupported("shadowMode", pb.shadow_mode);
    cx.no_effect(
        "typedMetadataContextNamespaces",
        !pb.typed_metadata_context_namespaces.is_empty(),
    );
    cx.no_effect(
        "routeTypedMetadataContextNamespaces",
        !pb.route_typed_metadata_context_namespaces.is_empty(),
    );
    cx.no_effect(
        "bootstrapMetadataLabelsKey",
        !pb.bootstrap_metadata_labels_key.is_empty(),
    );
    cx.no_effect(
        "chargeClusterResponseStats",
        pb.charge_cluster_response_stats == Some(true),
    );
    cx.no_effect("filterMetadata", pb.filter_metadata.is_some());
    cx.no_effect("emitFilterStateStats", pb.emit_filter_state_stats);
    cx.no_effect("enforceResponseHeaderLimits", pb.enforce_response_header_limits);
}

/// A route's own settings.
pub(crate) fn per_route(cx: &mut Context, any: &Any) -> Option<FilterOverride> {
    let pb: pb::ExtAuthzPerRoute = cx.unpack(any)?;
    match pb.r#override {
        Some(Override::Disabled(true)) => Some(FilterOverride::Disabled),
        Some(Override::CheckSettings(pb)) => {
            let settings = cx.within("checkSettings", |cx| check_settings(cx, pb));
            Some(FilterOverride::ExtAuthz(Box::new(settings)))
        }
        Some(Override::Disabled(false)) | None => {
            cx.error("has neither disabled nor checkSettings");
            None
        }
    }
}

fn check_settings(cx: &mut Context, pb: pb::CheckSettings) -> AuthzOverride {
    let extensions = pb.context_extensions.into_iter();
    AuthzOverride {
        context_extensions: extensions.map(|(key, value)| (key.into(), value.into())).collect(),
        without_body: pb.disable_request_body_buffering,
        body: pb
            .with_request_body
            .and_then(|body| cx.within("withRequestBody", |cx| body_settings(cx, body))),
        service: pb.service_override.map(|service| match service {
            ServiceOverride::GrpcService(service) => {
                AuthzService::Grpc(cx.within("grpcService", |cx| grpc(cx, service)))
            }
            ServiceOverride::HttpService(service) => {
                let service = cx.within("httpService", |cx| http_service(cx, service));
                AuthzService::Http(Box::new(service))
            }
        }),
    }
}

fn body_settings(cx: &mut Context, pb: pb::BufferSettings) -> Option<AuthzBody> {
    if pb.max_request_bytes == 0 {
        cx.within("maxRequestBytes", |cx| cx.error("is 0; it has to be at least 1"));
        return None;
    }
    if pb.max_request_bytes > AuthzBody::MAX_BYTES {
        cx.within("maxRequestBytes", |cx| {
            cx.warn(format!(
                "is {}; this proxy holds back at most {} bytes",
                pb.max_request_bytes,
                AuthzBody::MAX_BYTES
            ));
        });
    }
    Some(AuthzBody {
        max_bytes: pb.max_request_bytes.min(AuthzBody::MAX_BYTES),
        allow_partial: pb.allow_partial_message,
        pack_as_bytes: pb.pack_as_bytes,
    })
}

fn http_service(cx: &mut Context, pb: pb::HttpService) -> AuthzHttpService {
    cx.no_effect("retryPolicy", pb.retry_policy.is_some());
    for (name, path) in [("pathPrefix", &pb.path_prefix), ("pathOverride", &pb.path_override)] {
        if !path.is_empty() && !path.starts_with('/') {
            cx.within(name, |cx| cx.error(format!("{path:?} does not begin with '/'")));
        }
    }
    let uri = cx.required("serverUri", pb.server_uri);
    let uri = uri.map(|uri| cx.within("serverUri", |cx| http_uri(cx, uri)));
    let request = pb.authorization_request.unwrap_or_default();
    let response = pb.authorization_response.unwrap_or_default();
    cx.no_effect("authorizationRequest.allowedHeaders", request.allowed_headers.is_some());
    let headers_to_add = cx.within("authorizationRequest", |cx| {
        headers(cx, "headersToAdd", request.headers_to_add)
    });
    cx.within("authorizationResponse", |cx| AuthzHttpService {
        cluster: uri.as_ref().map(|uri| Arc::clone(&uri.cluster)).unwrap_or_default(),
        timeout_ms: uri.and_then(|uri| uri.timeout_ms).unwrap_or(0),
        path_prefix: pb.path_prefix.into(),
        path_override: pb.path_override.into(),
        headers_to_add,
        upstream_headers: list(cx, "allowedUpstreamHeaders", response.allowed_upstream_headers).unwrap_or_default(),
        upstream_headers_to_append: list(
            cx,
            "allowedUpstreamHeadersToAppend",
            response.allowed_upstream_headers_to_append,
        )
        .unwrap_or_default(),
        client_headers: list(cx, "allowedClientHeaders", response.allowed_client_headers),
        client_headers_on_success: list(
            cx,
            "allowedClientHeadersOnSuccess",
            response.allowed_client_headers_on_success,
        )
        .unwrap_or_default(),
        metadata_headers: list(cx, "dynamicMetadataFromHeaders", response.dynamic_metadata_from_headers)
            .unwrap_or_default(),
    })
}

/// Matchers of strings. None: there is no list.
pub(crate) fn list(cx: &mut Context, name: &str, list: Option<ListStringMatcher>) -> Option<Vec<StringMatcher>> {
    let patterns = list?.patterns;
    let decode = |cx: &mut Context, matcher| string(cx, Some(matcher));
    let matchers = cx.within(name, |cx| cx.list("patterns", patterns, decode));
    Some(matchers.into_iter().flatten().collect())
}

/// A status of HTTP that an answer can have.
pub(crate) fn status(cx: &mut Context, name: &str, status: Option<HttpStatus>) -> Option<u16> {
    let code = status?.code;
    let valid = u16::try_from(code).ok().filter(|code| (200..600).contains(code));
    if valid.is_none() {
        cx.within(name, |cx| cx.error(format!("{code} is not a status from 200 to 599")));
    }
    valid
}
