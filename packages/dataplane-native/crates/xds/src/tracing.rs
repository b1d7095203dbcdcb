//! Traces.

use std::sync::Arc;

use config::{
    CustomTag, FractionalPercent, GrpcCollector, HeaderName, HttpCollector, MetadataOwner, OpenTelemetry,
    OtlpCollector, RouteTracing, TagValue, Tracing, TracingProvider, Zipkin,
};
use messages::envoy::{
    config::{
        core::v3::{self as core, grpc_service::TargetSpecifier, http_uri::HttpUpstreamType},
        route::v3 as route,
        trace::v3::{
            OpenTelemetryConfig, ZipkinConfig,
            tracing::{Http, http::ConfigType},
            zipkin_config::{CollectorEndpointVersion, TraceContextOption},
        },
    },
    extensions::filters::network::http_connection_manager::v3::http_connection_manager as manager,
    r#type::{
        metadata::v3::{metadata_key::path_segment, metadata_kind::Kind},
        tracing::v3::{self as pb, custom_tag::Type},
    },
};

use crate::{
    context::{Context, is},
    short,
    value::{fraction, header_name, millis, percent},
};

/// What a connection manager says about traces.
pub(crate) fn tracing(cx: &mut Context, pb: manager::Tracing) -> Tracing {
    let defaults = Tracing::default();
    cx.no_effect("verbose", pb.verbose);
    Tracing {
        client_sampling: percent(pb.client_sampling, FractionalPercent::ALL),
        random_sampling: percent(pb.random_sampling, FractionalPercent::ALL),
        overall_sampling: percent(pb.overall_sampling, FractionalPercent::ALL),
        custom_tags: custom_tags(cx, pb.custom_tags),
        max_path_tag_length: pb.max_path_tag_length.unwrap_or(defaults.max_path_tag_length),
        spawn_upstream_span: pb.spawn_upstream_span.unwrap_or(false),
        provider: pb
            .provider
            .and_then(|http| cx.within("provider", |cx| provider(cx, http))),
    }
}

/// What a route says about traces.
pub(crate) fn route_tracing(cx: &mut Context, pb: route::Tracing) -> RouteTracing {
    RouteTracing {
        client_sampling: pb.client_sampling.map_or(FractionalPercent::ALL, fraction),
        random_sampling: pb.random_sampling.map_or(FractionalPercent::ALL, fraction),
        overall_sampling: pb.overall_sampling.map_or(FractionalPercent::ALL, fraction),
        custom_tags: custom_tags(cx, pb.custom_tags),
    }
}

pub(crate) fn custom_tags(cx: &mut Context, tags: Vec<pb::CustomTag>) -> Vec<CustomTag> {
    cx.list("customTags", tags, custom_tag).into_iter().flatten().collect()
}

fn custom_tag(cx: &mut Context, pb: pb::CustomTag) -> Option<CustomTag> {
    if pb.tag.is_empty() {
        cx.within("tag", |cx| cx.error("is empty"));
    }
    let value = match pb.r#type {
        Some(Type::Literal(literal)) => TagValue::Literal(literal.value.into()),
        Some(Type::Environment(environment)) => TagValue::Environment {
            name: environment.name.into(),
            default: environment.default_value.into(),
        },
        Some(Type::RequestHeader(header)) => TagValue::RequestHeader {
            name: cx.within("requestHeader", |cx| header_name(cx, "name", &header.name))?,
            default: header.default_value.into(),
        },
        Some(Type::Metadata(metadata)) => cx.within("metadata", |cx| metadata_tag(cx, metadata))?,
        Some(Type::Value(_)) => {
            cx.within("value", |cx| {
                cx.warn("has no effect in this proxy: the tag is left out; use requestHeader, metadata or literal");
            });
            return None;
        }
        None => {
            cx.error("has no value");
            return None;
        }
    };
    Some(CustomTag {
        name: pb.tag.into(),
        value,
    })
}

fn metadata_tag(cx: &mut Context, pb: pb::custom_tag::Metadata) -> Option<TagValue> {
    let key = cx.required("metadataKey", pb.metadata_key)?;
    let path = key.path.into_iter().filter_map(|segment| segment.segment);
    Some(TagValue::Metadata {
        of: match pb.kind.and_then(|kind| kind.kind) {
            None | Some(Kind::Request(_)) => MetadataOwner::Request,
            Some(Kind::Route(_)) => MetadataOwner::Route,
            Some(Kind::Cluster(_)) => MetadataOwner::Cluster,
            Some(Kind::Host(_)) => MetadataOwner::Endpoint,
        },
        namespace: key.key.into(),
        path: path.map(|path_segment::Segment::Key(key)| Arc::from(key)).collect(),
        default: pb.default_value.into(),
    })
}

/// Who is told about traces. One that is not known tells nobody, and harms no request.
fn provider(cx: &mut Context, pb: Http) -> Option<TracingProvider> {
    let Some(ConfigType::TypedConfig(any)) = pb.config_type else {
        cx.within("typedConfig", |cx| cx.error("is missing"));
        return None;
    };
    cx.within("typedConfig", |cx| {
        if is::<ZipkinConfig>(&any) {
            let zipkin: ZipkinConfig = cx.unpack(&any)?;
            return zipkin_provider(cx, zipkin).map(TracingProvider::Zipkin);
        }
        if is::<OpenTelemetryConfig>(&any) {
            let config: OpenTelemetryConfig = cx.unpack(&any)?;
            return Some(TracingProvider::OpenTelemetry(opentelemetry(cx, config)));
        }
        cx.warn(format!(
            "tracer {:?} has no effect in this proxy; use Zipkin or OpenTelemetry",
            short(&any.type_url)
        ));
        None
    })
}

fn zipkin_provider(cx: &mut Context, pb: ZipkinConfig) -> Option<Zipkin> {
    let version = pb.collector_endpoint_version();
    if version == CollectorEndpointVersion::HttpProto || version == CollectorEndpointVersion::Grpc {
        cx.within("collectorEndpointVersion", |cx| {
            cx.error("spans are sent to Zipkin as JSON only; use HTTP_JSON");
        });
    }
    cx.no_effect("splitSpansForRequest", pb.split_spans_for_request);
    let option = pb.trace_context_option();
    let collector = if let Some(service) = pb.collector_service {
        cx.within("collectorService", |cx| http_service(cx, service, "/api/v2/spans"))?
    } else {
        for (name, text) in [
            ("collectorCluster", &pb.collector_cluster),
            ("collectorEndpoint", &pb.collector_endpoint),
        ] {
            if text.is_empty() {
                cx.within(name, |cx| cx.error("is empty"));
            }
        }
        HttpCollector {
            cluster: pb.collector_cluster.into(),
            host: pb.collector_hostname.into(),
            path: pb.collector_endpoint.into(),
            timeout_ms: DEFAULT_TIMEOUT_MS,
            headers: Vec::new(),
        }
    };
    Some(Zipkin {
        collector,
        trace_id_128bit: pb.trace_id_128bit,
        shared_span_context: pb.shared_span_context.unwrap_or(true),
        with_w3c: option == TraceContextOption::UseB3WithW3cPropagation,
    })
}

/// As long as Envoy waits for collectors.
const DEFAULT_TIMEOUT_MS: u64 = 5_000;

fn opentelemetry(cx: &mut Context, pb: OpenTelemetryConfig) -> OpenTelemetry {
    cx.no_effect("resourceDetectors", !pb.resource_detectors.is_empty());
    cx.no_effect("sampler", pb.sampler.is_some());
    cx.no_effect("maxCacheSize", pb.max_cache_size.is_some());
    let collector = match (pb.grpc_service, pb.http_service) {
        (Some(service), _) => cx
            .within("grpcService", |cx| grpc_service(cx, service))
            .map(OtlpCollector::Grpc),
        (None, Some(service)) => cx
            .within("httpService", |cx| http_service(cx, service, "/v1/traces"))
            .map(OtlpCollector::Http),
        (None, None) => None,
    };
    OpenTelemetry {
        service_name: pb.service_name.into(),
        collector,
    }
}

pub(crate) fn grpc_service(cx: &mut Context, pb: core::GrpcService) -> Option<GrpcCollector> {
    let timeout_ms = millis(cx, "timeout", pb.timeout).filter(|timeout| *timeout > 0);
    let Some(TargetSpecifier::EnvoyGrpc(target)) = pb.target_specifier else {
        cx.within("envoyGrpc", |cx| {
            cx.error("is missing: a service of gRPC is reached by a cluster");
        });
        return None;
    };
    if target.cluster_name.is_empty() {
        cx.within("envoyGrpc", |cx| cx.within("clusterName", |cx| cx.error("is empty")));
    }
    Some(GrpcCollector {
        cluster: target.cluster_name.into(),
        authority: target.authority.into(),
        timeout_ms: timeout_ms.unwrap_or(DEFAULT_TIMEOUT_MS),
        metadata: headers(
            cx,
            "initialMetadata",
            pb.initial_metadata.into_iter().map(Some).collect(),
        ),
    })
}

pub(crate) fn http_service(cx: &mut Context, pb: core::HttpService, default_path: &str) -> Option<HttpCollector> {
    let uri = cx.required("httpUri", pb.http_uri)?;
    let (host, path) = split_uri(&uri.uri);
    let (timeout_ms, cluster) = cx.within("httpUri", |cx| {
        let timeout_ms = millis(cx, "timeout", uri.timeout).filter(|timeout| *timeout > 0);
        let Some(HttpUpstreamType::Cluster(cluster)) = uri.http_upstream_type.filter(|kind| {
            let HttpUpstreamType::Cluster(cluster) = kind;
            !cluster.is_empty()
        }) else {
            cx.within("cluster", |cx| cx.error("is empty"));
            return (timeout_ms, None);
        };
        (timeout_ms, Some(cluster))
    });
    Some(HttpCollector {
        cluster: cluster?.into(),
        host: host.into(),
        path: if path.is_empty() {
            default_path.into()
        } else {
            path.into()
        },
        timeout_ms: timeout_ms.unwrap_or(DEFAULT_TIMEOUT_MS),
        headers: headers(
            cx,
            "requestHeadersToAdd",
            pb.request_headers_to_add
                .into_iter()
                .map(|option| option.header)
                .collect(),
        ),
    })
}

/// Host and path of an address, or of a path alone.
fn split_uri(uri: &str) -> (&str, &str) {
    let rest = uri.split_once("://").map_or(uri, |(_, rest)| rest);
    match rest.find('/') {
        Some(at) => rest.split_at(at),
        None => (rest, ""),
    }
}

fn headers(cx: &mut Context, name: &str, values: Vec<Option<core::HeaderValue>>) -> Vec<(HeaderName, Arc<str>)> {
    let headers = cx.list(name, values, |cx, value| {
        let value = cx.required("header", value)?;
        let name = header_name(cx, "key", &value.key)?;
        if !value.raw_value.is_empty() || value.value.contains(['\r', '\n', '\0']) {
            cx.within("value", |cx| cx.error("has to be text of one line"));
        }
        Some((name, Arc::from(value.value)))
    });
    headers.into_iter().flatten().collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_address_has_a_host_and_a_path() {
        assert_eq!(split_uri("https://a.b:1/c/d"), ("a.b:1", "/c/d"));
        assert_eq!(split_uri("/c"), ("", "/c"));
        assert_eq!(split_uri("a.b"), ("a.b", ""));
    }
}
