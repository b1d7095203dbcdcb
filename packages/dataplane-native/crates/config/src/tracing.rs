//! Traces: which requests become spans, how a trace is told onwards, where spans go.

use std::sync::Arc;

use serde::{Deserialize, Serialize};

use crate::{FractionalPercent, HeaderName};

/// Which requests become spans, and what becomes of the spans.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default, deny_unknown_fields)]
pub struct Tracing {
    /// Share of requests that clients may force by `x-client-trace-id`.
    pub client_sampling: FractionalPercent,
    /// Share of requests that are chosen here.
    pub random_sampling: FractionalPercent,
    /// Upper bound on all of them.
    pub overall_sampling: FractionalPercent,
    /// What spans tell besides the usual.
    pub custom_tags: Vec<CustomTag>,
    /// Bytes of a path that a span tells.
    pub max_path_tag_length: u32,
    /// Make a span of its own for the upstream, below the one of the request.
    pub spawn_upstream_span: bool,
    /// Who is told about traces, and how; `None`: Fairlead's own telemetry alone, and W3C trace context.
    pub provider: Option<TracingProvider>,
}

impl Default for Tracing {
    fn default() -> Self {
        let all = FractionalPercent::ALL;
        Self {
            client_sampling: all,
            random_sampling: all,
            overall_sampling: all,
            custom_tags: Vec::new(),
            max_path_tag_length: 256,
            spawn_upstream_span: false,
            provider: None,
        }
    }
}

/// What a route says about spans, in the place of the connection manager (`envoy.config.route.v3.Tracing`).
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default, deny_unknown_fields)]
pub struct RouteTracing {
    /// Share of requests that clients may force by `x-client-trace-id`.
    pub client_sampling: FractionalPercent,
    /// Share of requests that are chosen here.
    pub random_sampling: FractionalPercent,
    /// Upper bound on all of them.
    pub overall_sampling: FractionalPercent,
    /// Tags besides those of the connection manager; of one name the route's.
    pub custom_tags: Vec<CustomTag>,
}

impl Default for RouteTracing {
    fn default() -> Self {
        let all = FractionalPercent::ALL;
        Self {
            client_sampling: all,
            random_sampling: all,
            overall_sampling: all,
            custom_tags: Vec::new(),
        }
    }
}

/// A tag of spans (`envoy.type.tracing.v3.CustomTag`).
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct CustomTag {
    /// Its name.
    pub name: Arc<str>,
    /// Where its value comes from.
    pub value: TagValue,
}

/// Where a tag's value comes from. A tag without a value is left out.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum TagValue {
    /// It is always this.
    Literal(Arc<str>),
    /// A variable of the proxy's environment.
    Environment {
        /// Which.
        name: Arc<str>,
        /// What it is where the variable is not set.
        #[serde(default)]
        default: Arc<str>,
    },
    /// A header of the request.
    RequestHeader {
        /// Which.
        name: HeaderName,
        /// What it is where the request has none.
        #[serde(default)]
        default: Arc<str>,
    },
    /// A value of metadata.
    Metadata {
        /// Whose.
        of: MetadataOwner,
        /// Namespace.
        namespace: Arc<str>,
        /// Keys from the outside in.
        path: Vec<Arc<str>>,
        /// What it is where there is none.
        #[serde(default)]
        default: Arc<str>,
    },
}

/// Who has metadata.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum MetadataOwner {
    /// The request, from filters.
    Request,
    /// Its route.
    Route,
    /// Its cluster.
    Cluster,
    /// Its endpoint.
    Endpoint,
}

/// Who is told about traces, and how.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum TracingProvider {
    /// Zipkin, with headers of B3.
    Zipkin(Zipkin),
    /// OpenTelemetry, with headers of W3C.
    OpenTelemetry(OpenTelemetry),
}

/// `envoy.config.trace.v3.ZipkinConfig`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Zipkin {
    /// Where spans are sent, as JSON.
    pub collector: HttpCollector,
    /// New traces have ids of 16 bytes instead of 8.
    #[serde(default)]
    pub trace_id_128bit: bool,
    /// The client's and the server's span of a call have one id.
    #[serde(default = "yes")]
    pub shared_span_context: bool,
    /// Read W3C's headers where there are none of B3, and write both.
    #[serde(default)]
    pub with_w3c: bool,
}

/// `envoy.config.trace.v3.OpenTelemetryConfig`.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default, deny_unknown_fields)]
pub struct OpenTelemetry {
    /// `service.name`; empty stands for the workload's.
    pub service_name: Arc<str>,
    /// Where spans are sent; `None`: nowhere, but traces are told onwards.
    pub collector: Option<OtlpCollector>,
}

/// Where OTLP is sent.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum OtlpCollector {
    /// By gRPC.
    Grpc(GrpcCollector),
    /// By HTTP, as protobuf.
    Http(HttpCollector),
}

/// A service of gRPC behind a cluster.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct GrpcCollector {
    /// The cluster.
    pub cluster: Arc<str>,
    /// `:authority`; empty stands for the cluster's name.
    #[serde(default)]
    pub authority: Arc<str>,
    /// Time for a call in milliseconds.
    #[serde(default = "default_timeout_ms")]
    pub timeout_ms: u64,
    /// Headers of the call.
    #[serde(default)]
    pub metadata: Vec<(HeaderName, Arc<str>)>,
}

/// A service of HTTP behind a cluster.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct HttpCollector {
    /// The cluster.
    pub cluster: Arc<str>,
    /// `host`; empty stands for the cluster's name.
    #[serde(default)]
    pub host: Arc<str>,
    /// Path of the request.
    pub path: Arc<str>,
    /// Time for a call in milliseconds.
    #[serde(default = "default_timeout_ms")]
    pub timeout_ms: u64,
    /// Headers of the request.
    #[serde(default)]
    pub headers: Vec<(HeaderName, Arc<str>)>,
}

fn yes() -> bool {
    true
}

/// As long as Envoy waits for collectors.
fn default_timeout_ms() -> u64 {
    5_000
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_collector_of_zipkin_needs_a_cluster_and_a_path() {
        let tracing: Tracing = serde_json::from_str(
            r#"{ "provider": { "zipkin": { "collector": { "cluster": "zipkin", "path": "/api/v2/spans" } } },
                 "customTags": [{ "name": "user", "value": { "requestHeader": { "name": "X-User", "default": "-" } } }] }"#,
        )
        .unwrap();
        let Some(TracingProvider::Zipkin(zipkin)) = tracing.provider else {
            panic!()
        };
        assert!(zipkin.shared_span_context && !zipkin.trace_id_128bit);
        assert_eq!((zipkin.collector.timeout_ms, tracing.max_path_tag_length), (5_000, 256));
    }
}
