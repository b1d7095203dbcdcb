//! The HTTP connection manager.

use std::sync::Arc;

use config::{
    ClientCertDetails, CodecType, ForwardClientCert, Http1Options, Http2Keepalive, Http2Options, HttpConnectionManager,
    PathNormalization, RouteSource, ServerHeader, SlashesAction, Upgrade,
};
use messages::envoy::{
    config::core::v3::{
        Http1ProtocolOptions, Http2ProtocolOptions, KeepaliveSettings,
        http1_protocol_options::header_key_format::HeaderFormat,
    },
    extensions::filters::network::http_connection_manager::v3::{
        self as pb,
        http_connection_manager::{
            self as nested, ForwardClientCertDetails, PathWithEscapedSlashesAction, RouteSpecifier,
            ServerHeaderTransformation, StripPortMode,
        },
    },
};

use crate::{
    access_log::{access_logs, entries_at_the_end_only},
    context::Context,
    filter::http_filters,
    local_reply, route, tracing,
    value::millis,
};

pub(crate) fn manager(cx: &mut Context, pb: pb::HttpConnectionManager) -> HttpConnectionManager {
    report(cx, &pb);
    entries_at_the_end_only(
        cx,
        &[
            ("accessLogOptions", pb.access_log_options.is_some()),
            ("accessLogFlushInterval", pb.access_log_flush_interval.is_some()),
            ("flushAccessLogOnNewRequest", pb.flush_access_log_on_new_request),
        ],
    );
    let defaults = HttpConnectionManager::default();
    let path = path_normalization(&pb);
    let codec_type = codec_type(cx, pb.codec_type);
    let forward_client_cert = forward_client_cert(pb.forward_client_cert_details());
    let server_header = match pb.server_header_transformation() {
        ServerHeaderTransformation::Overwrite => ServerHeader::Overwrite,
        ServerHeaderTransformation::AppendIfAbsent => ServerHeader::AppendIfAbsent,
        ServerHeaderTransformation::PassThrough => ServerHeader::PassThrough,
    };
    let common = pb.common_http_protocol_options.unwrap_or_default();
    let (idle, duration, stream, headers) = cx.within("commonHttpProtocolOptions", |cx| {
        cx.no_effect(
            "headersWithUnderscoresAction",
            common.headers_with_underscores_action != 0,
        );
        (
            millis(cx, "idleTimeout", common.idle_timeout),
            millis(cx, "maxConnectionDuration", common.max_connection_duration),
            millis(cx, "maxStreamDuration", common.max_stream_duration),
            max_headers_count(cx, common.max_headers_count),
        )
    });
    let strip_any = matches!(pb.strip_port_mode, Some(StripPortMode::StripAnyHostPort(true)));
    HttpConnectionManager {
        stat_prefix: pb.stat_prefix.into(),
        codec_type,
        routes: route_source(cx, pb.route_specifier),
        http_filters: http_filters(cx, pb.http_filters),
        access_log: access_logs(cx, "accessLog", pb.access_log),
        forward_client_cert,
        client_cert_details: client_cert_details(pb.set_current_client_cert_details),
        use_remote_address: pb.use_remote_address.unwrap_or(false),
        xff_num_trusted_hops: pb.xff_num_trusted_hops,
        skip_xff_append: pb.skip_xff_append,
        stream_idle_timeout_ms: millis(cx, "streamIdleTimeout", pb.stream_idle_timeout)
            .unwrap_or(defaults.stream_idle_timeout_ms),
        request_timeout_ms: millis(cx, "requestTimeout", pb.request_timeout).unwrap_or(0),
        request_headers_timeout_ms: millis(cx, "requestHeadersTimeout", pb.request_headers_timeout).unwrap_or(0),
        idle_timeout_ms: idle.unwrap_or(defaults.idle_timeout_ms),
        max_connection_duration_ms: duration.unwrap_or(0),
        max_stream_duration_ms: stream.unwrap_or(0),
        drain_timeout_ms: millis(cx, "drainTimeout", pb.drain_timeout).unwrap_or(defaults.drain_timeout_ms),
        delayed_close_timeout_ms: millis(cx, "delayedCloseTimeout", pb.delayed_close_timeout)
            .unwrap_or(defaults.delayed_close_timeout_ms),
        max_requests_per_connection: common.max_requests_per_connection.unwrap_or(0),
        max_request_headers_kb: max_headers_kb(cx, "maxRequestHeadersKb", pb.max_request_headers_kb)
            .unwrap_or(defaults.max_request_headers_kb),
        max_headers_count: headers.unwrap_or(defaults.max_headers_count),
        path,
        upgrades: cx.list("upgradeConfigs", pb.upgrade_configs, upgrade),
        server_name: if pb.server_name.is_empty() {
            defaults.server_name
        } else {
            pb.server_name.into()
        },
        server_header,
        via: pb.via.into(),
        generate_request_id: pb.generate_request_id.unwrap_or(true),
        preserve_external_request_id: pb.preserve_external_request_id,
        always_set_request_id_in_response: pb.always_set_request_id_in_response,
        tracing: pb.tracing.map(|pb| cx.within("tracing", |cx| tracing::tracing(cx, pb))),
        local_replies: pb
            .local_reply_config
            .map(|pb| Box::new(cx.within("localReplyConfig", |cx| local_reply::local_replies(cx, pb)))),
        http1: http1(cx, "httpProtocolOptions", pb.http_protocol_options),
        http2: http2(cx, "http2ProtocolOptions", pb.http2_protocol_options),
        strip_port: pb.strip_matching_host_port || strip_any,
        strip_trailing_host_dot: pb.strip_trailing_host_dot,
    }
}

fn report(cx: &mut Context, pb: &pb::HttpConnectionManager) {
    cx.unsupported(
        "originalIpDetectionExtensions",
        !pb.original_ip_detection_extensions.is_empty(),
    );
    cx.unsupported(
        "earlyHeaderMutationExtensions",
        !pb.early_header_mutation_extensions.is_empty(),
    );
    cx.unsupported("forwardClientCertMatcher", pb.forward_client_cert_matcher.is_some());
    cx.no_effect("internalAddressConfig", pb.internal_address_config.is_some());
    cx.no_effect("schemeHeaderTransformation", pb.scheme_header_transformation.is_some());
    cx.no_effect("pathNormalizationOptions", pb.path_normalization_options.is_some());
    cx.no_effect(
        "typedHeaderValidationConfig",
        pb.typed_header_validation_config.is_some(),
    );
    cx.no_effect("proxyStatusConfig", pb.proxy_status_config.is_some());
    cx.no_effect("addUserAgent", pb.add_user_agent.unwrap_or(false));
    cx.no_effect("appendXForwardedPort", pb.append_x_forwarded_port);
    if pb.strip_matching_host_port {
        cx.within("stripMatchingHostPort", |cx| {
            cx.warn("every port is removed from the host, not only the listener's");
        });
    }
}

fn codec_type(cx: &mut Context, value: i32) -> CodecType {
    match nested::CodecType::try_from(value) {
        Ok(nested::CodecType::Auto) => CodecType::Auto,
        Ok(nested::CodecType::Http1) => CodecType::Http1,
        Ok(nested::CodecType::Http2) => CodecType::Http2,
        Ok(nested::CodecType::Http3) | Err(_) => {
            cx.within("codecType", |cx| cx.error("HTTP/3 is not supported"));
            CodecType::Auto
        }
    }
}

fn route_source(cx: &mut Context, specifier: Option<RouteSpecifier>) -> RouteSource {
    match specifier {
        Some(RouteSpecifier::Rds(rds)) => {
            if rds.route_config_name.is_empty() {
                cx.within("rds", |cx| cx.within("routeConfigName", |cx| cx.error("is empty")));
            }
            RouteSource::Named(rds.route_config_name.into())
        }
        Some(RouteSpecifier::RouteConfig(config)) => RouteSource::Inline(Arc::new(
            cx.within("routeConfig", |cx| route::route_configuration(cx, config)),
        )),
        Some(RouteSpecifier::ScopedRoutes(_)) => {
            cx.unsupported("scopedRoutes", true);
            RouteSource::Inline(Arc::default())
        }
        None => {
            cx.error("has neither rds nor routeConfig");
            RouteSource::Inline(Arc::default())
        }
    }
}

fn path_normalization(pb: &pb::HttpConnectionManager) -> PathNormalization {
    let escaped_slashes = match pb.path_with_escaped_slashes_action() {
        PathWithEscapedSlashesAction::ImplementationSpecificDefault | PathWithEscapedSlashesAction::KeepUnchanged => {
            SlashesAction::KeepUnchanged
        }
        PathWithEscapedSlashesAction::RejectRequest => SlashesAction::Reject,
        PathWithEscapedSlashesAction::UnescapeAndRedirect => SlashesAction::UnescapeAndRedirect,
        PathWithEscapedSlashesAction::UnescapeAndForward => SlashesAction::UnescapeAndForward,
    };
    PathNormalization {
        normalize: pb.normalize_path.unwrap_or(false),
        merge_slashes: pb.merge_slashes,
        escaped_slashes,
    }
}

fn forward_client_cert(value: ForwardClientCertDetails) -> ForwardClientCert {
    match value {
        ForwardClientCertDetails::Sanitize => ForwardClientCert::Sanitize,
        ForwardClientCertDetails::ForwardOnly => ForwardClientCert::ForwardOnly,
        ForwardClientCertDetails::AppendForward => ForwardClientCert::AppendForward,
        ForwardClientCertDetails::SanitizeSet => ForwardClientCert::SanitizeSet,
        ForwardClientCertDetails::AlwaysForwardOnly => ForwardClientCert::AlwaysForwardOnly,
    }
}

fn client_cert_details(value: Option<nested::SetCurrentClientCertDetails>) -> ClientCertDetails {
    let Some(pb) = value else {
        return ClientCertDetails::default();
    };
    ClientCertDetails {
        subject: pb.subject.unwrap_or(false),
        cert: pb.cert,
        chain: pb.chain,
        dns: pb.dns,
        uri: pb.uri,
    }
}

fn upgrade(cx: &mut Context, pb: nested::UpgradeConfig) -> Upgrade {
    cx.unsupported("filters", !pb.filters.is_empty());
    if pb.upgrade_type.is_empty() {
        cx.within("upgradeType", |cx| cx.error("is empty"));
    }
    Upgrade {
        protocol: pb.upgrade_type.to_ascii_lowercase().into(),
        enabled: pb.enabled.unwrap_or(true),
    }
}

/// Size of a head in kilobytes, as far as this proxy goes.
pub(crate) fn max_headers_kb(cx: &mut Context, name: &str, value: Option<u32>) -> Option<u32> {
    const MOST: u32 = 192;
    at_most(cx, name, value, MOST)
}

/// Fields of a head, as far as this proxy goes.
pub(crate) fn max_headers_count(cx: &mut Context, value: Option<u32>) -> Option<u32> {
    const MOST: u32 = 128;
    at_most(cx, "maxHeadersCount", value, MOST)
}

fn at_most(cx: &mut Context, name: &str, value: Option<u32>, most: u32) -> Option<u32> {
    let value = value?;
    if value == 0 {
        cx.within(name, |cx| cx.error("is 0; it has to be at least 1"));
    }
    if value > most {
        cx.within(name, |cx| {
            cx.warn(format!("is {value}; this proxy takes {most} at most"));
        });
    }
    Some(value.min(most))
}

/// Options of HTTP/1, for both directions.
pub(crate) fn http1(cx: &mut Context, name: &str, pb: Option<Http1ProtocolOptions>) -> Http1Options {
    let Some(pb) = pb else { return Http1Options::default() };
    cx.within(name, |cx| {
        cx.no_effect("defaultHostForHttp10", !pb.default_host_for_http_10.is_empty());
        cx.no_effect("ignoreHttp11Upgrade", !pb.ignore_http_11_upgrade.is_empty());
        cx.no_effect("sendFullyQualifiedUrl", pb.send_fully_qualified_url);
        let format = pb.header_key_format.and_then(|format| format.header_format);
        if matches!(format, Some(HeaderFormat::ProperCaseWords(_))) {
            cx.within("headerKeyFormat", |cx| {
                cx.warn("properCaseWords has no effect in this proxy; names keep the case they came with");
            });
        }
        Http1Options {
            allow_absolute_url: pb.allow_absolute_url.unwrap_or(true),
            accept_http_10: pb.accept_http_10,
            enable_trailers: pb.enable_trailers,
            preserve_case: matches!(format, Some(HeaderFormat::StatefulFormatter(_))),
        }
    })
}

/// Options of HTTP/2, for both directions.
pub(crate) fn http2(cx: &mut Context, name: &str, pb: Option<Http2ProtocolOptions>) -> Http2Options {
    let defaults = Http2Options::default();
    let Some(pb) = pb else { return defaults };
    cx.within(name, |cx| Http2Options {
        max_concurrent_streams: bounded(cx, "maxConcurrentStreams", pb.max_concurrent_streams, 1)
            .unwrap_or(defaults.max_concurrent_streams),
        initial_stream_window_bytes: bounded(cx, "initialStreamWindowSize", pb.initial_stream_window_size, MIN_WINDOW)
            .unwrap_or(defaults.initial_stream_window_bytes),
        initial_connection_window_bytes: bounded(
            cx,
            "initialConnectionWindowSize",
            pb.initial_connection_window_size,
            MIN_WINDOW,
        )
        .unwrap_or(defaults.initial_connection_window_bytes),
        allow_connect: pb.allow_connect,
        keepalive: pb
            .connection_keepalive
            .and_then(|pb| cx.within("connectionKeepalive", |cx| keepalive(cx, &pb))),
    })
}

/// The window every connection and stream starts with (RFC 9113, section 6.9.2); Envoy takes none that is smaller.
const MIN_WINDOW: u32 = 65_535;

/// A number from `min` to the largest of 31 bits, as Envoy validates it.
fn bounded(cx: &mut Context, name: &str, value: Option<u32>, min: u32) -> Option<u32> {
    const MAX: u32 = 0x7fff_ffff;
    let value = value?;
    if !(min..=MAX).contains(&value) {
        cx.within(name, |cx| {
            cx.error(format!("is {value}; it has to be from {min} to {MAX}"));
        });
    }
    Some(value)
}

/// Probes at regular times; without an interval there are none.
fn keepalive(cx: &mut Context, pb: &KeepaliveSettings) -> Option<Http2Keepalive> {
    let interval_ms = millis(cx, "interval", pb.interval);
    let timeout_ms = millis(cx, "timeout", pb.timeout);
    cx.no_effect("connectionIdleInterval", pb.connection_idle_interval.is_some());
    for (name, value) in [("interval", interval_ms), ("timeout", timeout_ms)] {
        if value == Some(0) {
            cx.within(name, |cx| cx.error("has to be greater than 0"));
        }
    }
    Some(Http2Keepalive {
        interval_ms: interval_ms?,
        timeout_ms: cx.required("timeout", timeout_ms)?,
    })
}
