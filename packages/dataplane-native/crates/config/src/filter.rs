//! Network filters and HTTP filters.

use std::sync::Arc;

use serde::{Deserialize, Serialize};

use crate::{
    AccessLog, AuthzOverride, Compressor, CompressorOverride, ExtAuthz, ExtProc, ExtProcOverride, Fault,
    GlobalRateLimit, HttpConnectionManager, JwtAuthn, LocalRateLimit, RateLimitOverride, Rbac, RouteTarget,
    StringMatcher,
};

/// What a filter chain does with a connection.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum NetworkFilter {
    /// Serves HTTP.
    HttpConnectionManager(Arc<HttpConnectionManager>),
    /// Joins the connection with one to an upstream.
    TcpProxy(Arc<TcpProxy>),
    /// Closes connections that the rules refuse.
    Rbac(Box<Rbac>),
    /// Accepted and without effect here (it only observes, or is marked optional).
    Ignored {
        /// Name of the filter.
        name: Arc<str>,
        /// Type of its configuration.
        type_url: Arc<str>,
    },
}

/// Raw TCP (`envoy.extensions.filters.network.tcp_proxy.v3.TcpProxy`).
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct TcpProxy {
    /// Prefix of the statistics.
    pub stat_prefix: Arc<str>,
    /// Where to.
    #[serde(flatten)]
    pub target: RouteTarget,
    /// Time without a byte in either direction in milliseconds; 0 is none.
    pub idle_timeout_ms: u64,
    /// Life of a connection in milliseconds; 0 is unlimited.
    pub max_connection_duration_ms: u64,
    /// Connections to try before giving up.
    pub max_connect_attempts: u32,
    /// Wrap the bytes in an HTTP CONNECT request to the upstream; `None` sends them as they are.
    pub tunneling: Option<TunnelingConfig>,
    /// Logs.
    pub access_log: Vec<AccessLog>,
}

/// How TCP travels inside a CONNECT request (`TcpProxy.TunnelingConfig`).
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default, deny_unknown_fields)]
pub struct TunnelingConfig {
    /// Authority of the CONNECT request, `host:port`.
    pub hostname: Arc<str>,
}

impl Default for TcpProxy {
    fn default() -> Self {
        Self {
            stat_prefix: "".into(),
            target: RouteTarget::Cluster("".into()),
            idle_timeout_ms: 3_600_000,
            max_connection_duration_ms: 0,
            max_connect_attempts: 1,
            tunneling: None,
            access_log: Vec::new(),
        }
    }
}

/// An HTTP filter with its name, which overrides of routes refer to.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct HttpFilter {
    /// Name, e.g. `envoy.filters.http.rbac`; overrides of routes are for all filters of that name.
    pub name: Arc<str>,
    /// Off unless a route's override switches it on.
    #[serde(default)]
    pub disabled: bool,
    /// Which filter.
    pub kind: HttpFilterKind,
}

/// Which HTTP filter.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum HttpFilterKind {
    /// Access rules.
    Rbac(Box<Rbac>),
    /// Injected delays and aborts.
    Fault(Box<Fault>),
    /// Cross-origin requests; its policies stand at routes.
    Cors,
    /// Tokens of end users.
    JwtAuthn(Box<JwtAuthn>),
    /// A bound on how many requests pass.
    LocalRateLimit(Box<LocalRateLimit>),
    /// Holds requests until they are complete.
    Buffer(BufferLimit),
    /// gRPC-Web for clients, gRPC for upstreams.
    GrpcWeb,
    /// Compresses responses.
    Compressor(Box<Compressor>),
    /// A service that decides whether a request may pass.
    ExtAuthz(Box<ExtAuthz>),
    /// A service that looks at heads and changes them.
    ExtProc(Box<ExtProc>),
    /// A service that decides whether a request is one too many.
    RateLimit(Box<GlobalRateLimit>),
    /// The last one: sends the request to its route's cluster.
    Router(RouterOptions),
    /// Accepted and without effect here (it only observes, or is marked optional).
    Ignored {
        /// Type of its configuration.
        type_url: Arc<str>,
    },
}

/// How large a request may be that is held (`envoy.extensions.filters.http.buffer.v3.Buffer`).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct BufferLimit {
    /// Bytes of its body; a larger one is answered 413.
    pub max_request_bytes: u32,
}

/// Options of the router filter.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default, deny_unknown_fields)]
pub struct RouterOptions {
    /// Leave out the `x-envoy-*` headers the router would add.
    pub suppress_envoy_headers: bool,
}

/// A route's own configuration of a filter (`typed_per_filter_config`).
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum FilterOverride {
    /// Switch the filter off here.
    Disabled,
    /// Switch the filter on here, as it is configured.
    Enabled,
    /// Other access rules.
    Rbac(Box<Rbac>),
    /// Other faults.
    Fault(Box<Fault>),
    /// The policy for cross-origin requests.
    Cors(Box<CorsPolicy>),
    /// The requirement on tokens, by its name in the filter.
    JwtRequirement(Arc<str>),
    /// Another bound.
    LocalRateLimit(Box<LocalRateLimit>),
    /// Another size.
    Buffer(BufferLimit),
    /// Another compression.
    Compressor(CompressorOverride),
    /// Other settings for the service that decides.
    ExtAuthz(Box<AuthzOverride>),
    /// Other settings for the service that looks at heads.
    ExtProc(Box<ExtProcOverride>),
    /// Other settings for the service that counts.
    RateLimit(Box<RateLimitOverride>),
    /// For a filter that is ignored.
    Ignored {
        /// Type of its configuration.
        type_url: Arc<str>,
    },
}

/// What other origins may do (`envoy.extensions.filters.http.cors.v3.CorsPolicy`).
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default, deny_unknown_fields)]
pub struct CorsPolicy {
    /// Origins that may; one must pass.
    pub allow_origins: Vec<StringMatcher>,
    /// `access-control-allow-methods`; empty sends none.
    pub allow_methods: Arc<str>,
    /// `access-control-allow-headers`; empty sends none.
    pub allow_headers: Arc<str>,
    /// `access-control-expose-headers`; empty sends none.
    pub expose_headers: Arc<str>,
    /// `access-control-max-age`; empty sends none.
    pub max_age: Arc<str>,
    /// Send `access-control-allow-credentials: true`.
    pub allow_credentials: bool,
    /// Forward preflight requests of origins that may not, instead of answering them.
    pub forward_not_matching_preflights: bool,
}
