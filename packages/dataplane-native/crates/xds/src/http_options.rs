//! How HTTP is spoken to an upstream.

use config::{HttpProtocol, HttpProtocolOptions};
use messages::{
    envoy::{
        config::{cluster::v3 as pb, core::v3::HttpProtocolOptions as CommonOptions},
        extensions::upstreams::http::v3::{
            self as upstream,
            http_protocol_options::{UpstreamProtocolOptions, explicit_http_config::ProtocolConfig},
        },
    },
    google::protobuf::Any,
};

use crate::{
    context::Context,
    http_connection_manager::{http1, http2, max_headers_count, max_headers_kb},
    value::millis,
};

/// The options, and what of them belongs to TLS.
pub(crate) struct Http {
    pub(crate) options: HttpProtocolOptions,
    pub(crate) auto_sni: bool,
    pub(crate) auto_san_validation: bool,
}

pub(crate) fn http_options(cx: &mut Context, pb: &mut pb::Cluster) -> Http {
    let key = "envoy.extensions.upstreams.http.v3.HttpProtocolOptions";
    let any = pb.typed_extension_protocol_options.remove(key);
    for name in pb.typed_extension_protocol_options.keys() {
        cx.within("typedExtensionProtocolOptions", |cx| {
            cx.within(&format!("[{name:?}]"), |cx| cx.warn("has no effect in this proxy"));
        });
    }
    let mut http = if let Some(any) = any {
        cx.within("typedExtensionProtocolOptions", |cx| {
            cx.within(&format!("[{key:?}]"), |cx| typed_options(cx, &any))
        })
    } else {
        deprecated_options(cx, pb)
    };
    if let Some(maximum) = pb.max_requests_per_connection {
        http.options.max_requests_per_connection = maximum;
    }
    http
}

/// The deprecated fields of the cluster itself.
fn deprecated_options(cx: &mut Context, pb: &mut pb::Cluster) -> Http {
    let upstream = pb.upstream_http_protocol_options.take().unwrap_or_default();
    let mut options = common_options(cx, pb.common_http_protocol_options.take());
    options.http1 = http1(cx, "httpProtocolOptions", pb.http_protocol_options.take());
    if pb.http2_protocol_options.is_some() {
        options.protocol = HttpProtocol::Http2;
        options.http2 = http2(cx, "http2ProtocolOptions", pb.http2_protocol_options.take());
    }
    Http {
        options,
        auto_sni: upstream.auto_sni,
        auto_san_validation: upstream.auto_san_validation,
    }
}

fn typed_options(cx: &mut Context, any: &Any) -> Http {
    let pb: upstream::HttpProtocolOptions = cx.unpack(any).unwrap_or_default();
    // An upstream filter chain that consists of the codec alone is what there is without one.
    let only_codec = pb
        .http_filters
        .iter()
        .all(|filter| filter.name.ends_with("upstream_codec") || filter.is_optional);
    cx.unsupported("httpFilters", !only_codec);
    cx.unsupported("retryPolicy", pb.retry_policy.is_some());
    cx.unsupported("requestMirrorPolicies", !pb.request_mirror_policies.is_empty());
    cx.no_effect("headerValidationConfig", pb.header_validation_config.is_some());
    let upstream = pb.upstream_http_protocol_options.unwrap_or_default();
    let mut options = common_options(cx, pb.common_http_protocol_options);
    match pb.upstream_protocol_options {
        Some(UpstreamProtocolOptions::ExplicitHttpConfig(explicit)) => {
            cx.within("explicitHttpConfig", |cx| match explicit.protocol_config {
                Some(ProtocolConfig::HttpProtocolOptions(http)) => {
                    options.http1 = http1(cx, "httpProtocolOptions", Some(http));
                }
                Some(ProtocolConfig::Http2ProtocolOptions(http)) => {
                    options.protocol = HttpProtocol::Http2;
                    options.http2 = http2(cx, "http2ProtocolOptions", Some(http));
                }
                Some(ProtocolConfig::Http3ProtocolOptions(_)) => cx.unsupported("http3ProtocolOptions", true),
                None => cx.error("is empty"),
            });
        }
        Some(UpstreamProtocolOptions::UseDownstreamProtocolConfig(downstream)) => {
            options.protocol = HttpProtocol::UseDownstream;
            cx.within("useDownstreamProtocolConfig", |cx| {
                options.http1 = http1(cx, "httpProtocolOptions", downstream.http_protocol_options);
                options.http2 = http2(cx, "http2ProtocolOptions", downstream.http2_protocol_options);
            });
        }
        Some(UpstreamProtocolOptions::AutoConfig(auto)) => {
            options.protocol = HttpProtocol::Auto;
            cx.within("autoConfig", |cx| {
                options.http1 = http1(cx, "httpProtocolOptions", auto.http_protocol_options);
                options.http2 = http2(cx, "http2ProtocolOptions", auto.http2_protocol_options);
            });
        }
        None => cx.error("has none of explicitHttpConfig, useDownstreamProtocolConfig and autoConfig"),
    }
    Http {
        options,
        auto_sni: upstream.auto_sni,
        auto_san_validation: upstream.auto_san_validation,
    }
}

fn common_options(cx: &mut Context, pb: Option<CommonOptions>) -> HttpProtocolOptions {
    let defaults = HttpProtocolOptions::default();
    let Some(pb) = pb else { return defaults };
    cx.within("commonHttpProtocolOptions", |cx| HttpProtocolOptions {
        idle_timeout_ms: millis(cx, "idleTimeout", pb.idle_timeout).unwrap_or(defaults.idle_timeout_ms),
        max_connection_duration_ms: millis(cx, "maxConnectionDuration", pb.max_connection_duration).unwrap_or(0),
        max_stream_duration_ms: millis(cx, "maxStreamDuration", pb.max_stream_duration).unwrap_or(0),
        max_requests_per_connection: pb.max_requests_per_connection.unwrap_or(0),
        max_headers_count: max_headers_count(cx, pb.max_headers_count).unwrap_or(defaults.max_headers_count),
        max_response_headers_kb: max_headers_kb(cx, "maxResponseHeadersKb", pb.max_response_headers_kb)
            .unwrap_or(defaults.max_response_headers_kb),
        ..defaults
    })
}
