//! Network filters and HTTP filters.

use std::sync::Arc;

use serde::{Deserialize, Serialize};

use crate::{
    AuthzOverride, Compressor, CompressorOverride, Decompressor, ExtAuthz, ExtProc, ExtProcOverride, Fault,
    FilterModule, GlobalRateLimit, HttpConnectionManager, JwtAuthn, LocalRateLimit, QuotaFilter, QuotaOverride,
    RateLimitOverride, Rbac, StatefulSession, StringMatcher, Tap, TcpProxy,
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
    /// Closes connections above a number.
    ConnectionLimit(ConnectionLimit),
    /// Accepted and without effect here (it only observes, or is marked optional).
    Ignored {
        /// Name of the filter.
        name: Arc<str>,
        /// Type of its configuration.
        type_url: Arc<str>,
    },
}

/// How many connections a filter chain serves at a time (`ConnectionLimit`).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default, deny_unknown_fields)]
pub struct ConnectionLimit {
    /// The number.
    pub max_connections: u64,
    /// Time until a connection above it is closed, in milliseconds.
    pub delay_ms: u64,
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
    /// A service that decides whether a request may pass.
    ExtAuthz(Box<ExtAuthz>),
    /// A service that looks at messages and changes them.
    ExtProc(Arc<ExtProc>),
    /// A filter that a user wrote.
    Module(Box<FilterModule>),
    /// A service that decides whether a request is one too many.
    RateLimit(Box<GlobalRateLimit>),
    /// Quotas that a service assigns.
    Quota(Box<QuotaFilter>),
    /// Holds requests until they are complete.
    Buffer(BufferLimit),
    /// gRPC-Web for clients, gRPC for upstreams.
    GrpcWeb,
    /// Compresses responses.
    Compressor(Box<Compressor>),
    /// Takes the encoding off bodies.
    Decompressor(Decompressor),
    /// Keeps sessions at their endpoints.
    StatefulSession(Box<StatefulSession>),
    /// Records requests.
    Tap(Box<Tap>),
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
    /// Other settings for the service that decides.
    ExtAuthz(Box<AuthzOverride>),
    /// Other settings for the service that looks at messages.
    ExtProc(Arc<ExtProcOverride>),
    /// Another filter that a user wrote, or the same with another configuration.
    Module(Box<FilterModule>),
    /// Other settings for the service that counts.
    RateLimit(Box<RateLimitOverride>),
    /// Other buckets.
    Quota(Box<QuotaOverride>),
    /// Another size.
    Buffer(BufferLimit),
    /// Another compression.
    Compressor(CompressorOverride),
    /// Other sessions.
    StatefulSession(Box<StatefulSession>),
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
