//! Services that look at messages and change them.

use std::sync::Arc;

use config::{ExtProc, ExtProcBody, ExtProcMode, ExtProcModeChange, ExtProcOverride, FilterOverride, RouteCache};
use messages::{
    envoy::extensions::filters::http::ext_proc::v3::{
        self as pb, ProcessingMode,
        ext_proc_per_route::Override,
        external_processor::RouteCacheAction,
        processing_mode::{BodySendMode, HeaderSendMode},
    },
    google::protobuf::Any,
};

use crate::{
    context::Context,
    ext_authz::{list, status},
    service::{grpc, headers},
    value::millis,
};

/// The HTTP filter.
pub(crate) fn filter(cx: &mut Context, any: &Any) -> ExtProc {
    let pb: pb::ExternalProcessor = cx.unpack(any).unwrap_or_default();
    report(cx, &pb);
    let route_cache = match pb.route_cache_action() {
        RouteCacheAction::Clear => RouteCache::Clear,
        RouteCacheAction::Retain => RouteCache::Retain,
        RouteCacheAction::Default if pb.disable_clear_route_cache => RouteCache::Retain,
        RouteCacheAction::Default => RouteCache::Asked,
    };
    let service = cx.required("grpcService", pb.grpc_service);
    let rules = pb.forward_rules.unwrap_or_default();
    let (allowed_headers, disallowed_headers) = cx.within("forwardRules", |cx| {
        (
            list(cx, "allowedHeaders", rules.allowed_headers),
            list(cx, "disallowedHeaders", rules.disallowed_headers).unwrap_or_default(),
        )
    });
    let mode = pb
        .processing_mode
        .map(|pb| cx.within("processingMode", |cx| mode(cx, &pb)))
        .unwrap_or_default();
    let is_held = |body| !matches!(body, ExtProcBody::None | ExtProcBody::Streamed);
    if pb.observability_mode && (is_held(mode.request_body) || is_held(mode.response_body)) {
        cx.within("observabilityMode", |cx| {
            cx.error("nothing is held back for a service that only observes; write STREAMED for bodies");
        });
    }
    let options = pb.metadata_options.unwrap_or_default();
    let untyped = |names: Option<pb::metadata_options::MetadataNamespaces>| -> Vec<Arc<str>> {
        names.unwrap_or_default().untyped.into_iter().map(Arc::from).collect()
    };
    ExtProc {
        service: service
            .map(|service| cx.within("grpcService", |cx| grpc(cx, service)))
            .unwrap_or_default(),
        failure_mode_allow: pb.failure_mode_allow,
        status_on_error: status(cx, "statusOnError", pb.status_on_error).unwrap_or(500),
        mode,
        allow_mode_override: pb.allow_mode_override,
        allowed_overrides: cx.list("allowedOverrideModes", pb.allowed_override_modes, |cx, pb| {
            change(cx, &pb)
        }),
        only_observes: pb.observability_mode,
        deferred_close_ms: millis(cx, "deferredCloseTimeout", pb.deferred_close_timeout).unwrap_or(5_000),
        message_timeout_ms: millis(cx, "messageTimeout", pb.message_timeout).unwrap_or(200).max(1),
        allowed_headers,
        disallowed_headers,
        route_cache,
        disable_immediate_response: pb.disable_immediate_response,
        sent_metadata: untyped(options.forwarding_namespaces),
        taken_metadata: untyped(options.receiving_namespaces),
        stat_prefix: pb.stat_prefix.into(),
    }
}

fn report(cx: &mut Context, pb: &pb::ExternalProcessor) {
    cx.unsupported("httpService", pb.http_service.is_some());
    cx.unsupported("mutationRules", pb.mutation_rules.is_some());
    cx.unsupported("onProcessingResponse", pb.on_processing_response.is_some());
    cx.unsupported("processingRequestModifier", pb.processing_request_modifier.is_some());
    cx.no_effect("requestAttributes", !pb.request_attributes.is_empty());
    cx.no_effect("responseAttributes", !pb.response_attributes.is_empty());
    cx.no_effect(
        "sendBodyWithoutWaitingForHeaderResponse",
        pb.send_body_without_waiting_for_header_response,
    );
    cx.no_effect("maxMessageTimeout", pb.max_message_timeout.is_some());
    cx.no_effect("filterMetadata", pb.filter_metadata.is_some());
}

/// A route's own settings.
pub(crate) fn per_route(cx: &mut Context, any: &Any) -> Option<FilterOverride> {
    let pb: pb::ExtProcPerRoute = cx.unpack(any)?;
    match pb.r#override {
        Some(Override::Disabled(true)) => Some(FilterOverride::Disabled),
        Some(Override::Overrides(pb)) => {
            let overrides = cx.within("overrides", |cx| overrides(cx, pb));
            Some(FilterOverride::ExtProc(Arc::new(overrides)))
        }
        Some(Override::Disabled(false)) | None => {
            cx.error("has neither disabled nor overrides");
            None
        }
    }
}

fn overrides(cx: &mut Context, pb: pb::ExtProcOverrides) -> ExtProcOverride {
    cx.unsupported("asyncMode", pb.async_mode);
    cx.unsupported("metadataOptions", pb.metadata_options.is_some());
    cx.no_effect("requestAttributes", !pb.request_attributes.is_empty());
    cx.no_effect("responseAttributes", !pb.response_attributes.is_empty());
    ExtProcOverride {
        mode: pb
            .processing_mode
            .map(|pb| cx.within("processingMode", |cx| mode(cx, &pb))),
        service: pb
            .grpc_service
            .map(|service| cx.within("grpcService", |cx| grpc(cx, service))),
        initial_metadata: headers(cx, "grpcInitialMetadata", pb.grpc_initial_metadata),
        failure_mode_allow: pb.failure_mode_allow,
    }
}

fn mode(cx: &mut Context, pb: &ProcessingMode) -> ExtProcMode {
    let mode = ExtProcMode {
        request_headers: pb.request_header_mode() != HeaderSendMode::Skip,
        response_headers: pb.response_header_mode() != HeaderSendMode::Skip,
        request_body: body(cx, "requestBodyMode", pb.request_body_mode()),
        response_body: body(cx, "responseBodyMode", pb.response_body_mode()),
        request_trailers: pb.request_trailer_mode() == HeaderSendMode::Send,
        response_trailers: pb.response_trailer_mode() == HeaderSendMode::Send,
    };
    // Without them the service would not learn where a body with trailers ends.
    let mut needs_trailers = |field, body, shows_trailers: bool| {
        if body == ExtProcBody::FullDuplexStreamed && !shows_trailers {
            cx.within(field, |cx| cx.error("is not SEND, which FULL_DUPLEX_STREAMED needs"));
        }
    };
    needs_trailers("requestTrailerMode", mode.request_body, mode.request_trailers);
    needs_trailers("responseTrailerMode", mode.response_body, mode.response_trailers);
    mode
}

fn change(cx: &mut Context, pb: &ProcessingMode) -> ExtProcModeChange {
    let shows = |mode: HeaderSendMode| match mode {
        HeaderSendMode::Default => None,
        mode => Some(mode == HeaderSendMode::Send),
    };
    ExtProcModeChange {
        response_headers: shows(pb.response_header_mode()),
        request_body: body(cx, "requestBodyMode", pb.request_body_mode()),
        response_body: body(cx, "responseBodyMode", pb.response_body_mode()),
        request_trailers: shows(pb.request_trailer_mode()),
        response_trailers: shows(pb.response_trailer_mode()),
    }
}

fn body(cx: &mut Context, field: &str, mode: BodySendMode) -> ExtProcBody {
    match mode {
        BodySendMode::None => ExtProcBody::None,
        BodySendMode::Streamed => ExtProcBody::Streamed,
        BodySendMode::Buffered => ExtProcBody::Buffered,
        BodySendMode::BufferedPartial => ExtProcBody::BufferedPartial,
        BodySendMode::FullDuplexStreamed => ExtProcBody::FullDuplexStreamed,
        BodySendMode::Grpc => {
            cx.within(field, |cx| {
                cx.error("GRPC is not supported; write FULL_DUPLEX_STREAMED, STREAMED, BUFFERED or BUFFERED_PARTIAL");
            });
            ExtProcBody::None
        }
    }
}
