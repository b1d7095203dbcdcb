//! Services that look at messages and change them.

use std::sync::Arc;

use config::{ExtProc, ExtProcMode, ExtProcOverride, FilterOverride, RouteCache};
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
        mode: pb
            .processing_mode
            .map(|pb| cx.within("processingMode", |cx| mode(cx, &pb)))
            .unwrap_or_default(),
        allow_mode_override: pb.allow_mode_override,
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
    cx.unsupported("observabilityMode", pb.observability_mode);
    cx.unsupported("mutationRules", pb.mutation_rules.is_some());
    cx.unsupported("onProcessingResponse", pb.on_processing_response.is_some());
    cx.unsupported("processingRequestModifier", pb.processing_request_modifier.is_some());
    cx.unsupported("allowedOverrideModes", !pb.allowed_override_modes.is_empty());
    cx.no_effect("requestAttributes", !pb.request_attributes.is_empty());
    cx.no_effect("responseAttributes", !pb.response_attributes.is_empty());
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
            Some(FilterOverride::ExtProc(Box::new(overrides)))
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
    for (name, mode) in [
        ("requestBodyMode", pb.request_body_mode()),
        ("responseBodyMode", pb.response_body_mode()),
    ] {
        if mode != BodySendMode::None {
            cx.within(name, |cx| {
                cx.error(format!(
                    "{}: bodies are not shown to services yet; write NONE",
                    mode.as_str_name()
                ));
            });
        }
    }
    for (name, mode) in [
        ("requestTrailerMode", pb.request_trailer_mode()),
        ("responseTrailerMode", pb.response_trailer_mode()),
    ] {
        if mode == HeaderSendMode::Send {
            cx.within(name, |cx| {
                cx.error("SEND: trailers are not shown to services yet; write SKIP");
            });
        }
    }
    ExtProcMode {
        request_headers: pb.request_header_mode() != HeaderSendMode::Skip,
        response_headers: pb.response_header_mode() != HeaderSendMode::Skip,
    }
}
