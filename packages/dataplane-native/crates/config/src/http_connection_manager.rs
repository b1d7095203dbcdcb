//! How HTTP is served on a connection.

use std::sync::Arc;

use serde::{Deserialize, Serialize};

use crate::{AccessLog, HttpFilter, HttpFilterKind, LocalReplies, RouteConfiguration, RouterOptions, Tracing};

/// `envoy.extensions.filters.network.http_connection_manager.v3.HttpConnectionManager`.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default, deny_unknown_fields)]
#[allow(
    clippy::struct_excessive_bools,
    reason = "each is an independent switch of the protocol"
)]
pub struct HttpConnectionManager {
    /// Prefix of the statistics.
    pub stat_prefix: Arc<str>,
    /// HTTP/1, HTTP/2 or whatever the client speaks.
    pub codec_type: CodecType,
    /// Where routes come from.
    pub routes: RouteSource,
    /// Filters in order; the last one is the router.
    pub http_filters: Vec<HttpFilter>,
    /// Logs.
    pub access_log: Vec<AccessLog>,
    /// What happens to `x-forwarded-client-cert`.
    pub forward_client_cert: ForwardClientCert,
    /// What of the client's certificate goes into `x-forwarded-client-cert`.
    pub client_cert_details: ClientCertDetails,
    /// Take the peer of the socket for the client's address and add it to `x-forwarded-for`.
    pub use_remote_address: bool,
    /// Trusted proxies in front of us in `x-forwarded-for`.
    pub xff_num_trusted_hops: u32,
    /// Do not add the peer to `x-forwarded-for`.
    pub skip_xff_append: bool,
    /// Time without a byte on a stream in milliseconds; 0 is none.
    pub stream_idle_timeout_ms: u64,
    /// Time for a complete request in milliseconds; 0 is none.
    pub request_timeout_ms: u64,
    /// Time for a complete request head in milliseconds; 0 is none.
    pub request_headers_timeout_ms: u64,
    /// Time a connection may be without a request in milliseconds; 0 is none.
    pub idle_timeout_ms: u64,
    /// Life of a connection in milliseconds; 0 is unlimited.
    pub max_connection_duration_ms: u64,
    /// Life of a request with its response in milliseconds; 0 is unlimited.
    pub max_stream_duration_ms: u64,
    /// Time between the announcement of the end and the end when draining, in milliseconds.
    pub drain_timeout_ms: u64,
    /// Time a closing connection waits for the client, in milliseconds.
    pub delayed_close_timeout_ms: u64,
    /// Requests per connection; 0 is unlimited.
    pub max_requests_per_connection: u32,
    /// Size of a request head in kilobytes.
    pub max_request_headers_kb: u32,
    /// Fields in a request head.
    pub max_headers_count: u32,
    /// How paths are made comparable before they are matched.
    pub path: PathNormalization,
    /// Protocols a connection may be upgraded to (`websocket`, `CONNECT`).
    pub upgrades: Vec<Upgrade>,
    /// Value of the response header `server`.
    pub server_name: Arc<str>,
    /// What happens to an upstream's `server` header.
    pub server_header: ServerHeader,
    /// Text of `via`; empty adds none.
    pub via: Arc<str>,
    /// Add `x-request-id` where it is missing.
    pub generate_request_id: bool,
    /// Keep a client's `x-request-id` even at the edge.
    pub preserve_external_request_id: bool,
    /// Send `x-request-id` back.
    pub always_set_request_id_in_response: bool,
    /// Traces; `None` makes no spans.
    pub tracing: Option<Tracing>,
    /// What becomes of answers that are made here; `None` leaves them.
    pub local_replies: Option<Box<LocalReplies>>,
    /// Options of HTTP/1.
    pub http1: Http1Options,
    /// Options of HTTP/2.
    pub http2: Http2Options,
    /// Remove the port from the host before routing.
    pub strip_port: bool,
    /// Remove a trailing dot from the host before routing.
    pub strip_trailing_host_dot: bool,
}

impl Default for HttpConnectionManager {
    fn default() -> Self {
        let router = HttpFilterKind::Router(RouterOptions::default());
        Self {
            stat_prefix: "http".into(),
            codec_type: CodecType::Auto,
            routes: RouteSource::Inline(Arc::default()),
            http_filters: vec![HttpFilter {
                name: "envoy.filters.http.router".into(),
                disabled: false,
                kind: router,
            }],
            access_log: Vec::new(),
            forward_client_cert: ForwardClientCert::Sanitize,
            client_cert_details: ClientCertDetails::default(),
            use_remote_address: false,
            xff_num_trusted_hops: 0,
            skip_xff_append: false,
            stream_idle_timeout_ms: 300_000,
            request_timeout_ms: 0,
            request_headers_timeout_ms: 0,
            idle_timeout_ms: 3_600_000,
            max_connection_duration_ms: 0,
            max_stream_duration_ms: 0,
            drain_timeout_ms: 5_000,
            delayed_close_timeout_ms: 1_000,
            max_requests_per_connection: 0,
            max_request_headers_kb: 60,
            max_headers_count: 100,
            path: PathNormalization::default(),
            upgrades: Vec::new(),
            server_name: "fairlead".into(),
            server_header: ServerHeader::Overwrite,
            via: "".into(),
            generate_request_id: true,
            preserve_external_request_id: false,
            always_set_request_id_in_response: false,
            tracing: None,
            local_replies: None,
            http1: Http1Options::default(),
            http2: Http2Options::default(),
            strip_port: false,
            strip_trailing_host_dot: false,
        }
    }
}

/// Which HTTP is spoken.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum CodecType {
    /// What ALPN or the first bytes say.
    #[default]
    Auto,
    /// HTTP/1.1 and 1.0.
    Http1,
    /// HTTP/2.
    Http2,
}

/// Where routes come from.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum RouteSource {
    /// Written here.
    Inline(Arc<RouteConfiguration>),
    /// A route configuration by name (RDS).
    Named(Arc<str>),
}

/// What happens to the header `x-forwarded-client-cert` of a request.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum ForwardClientCert {
    /// Removed.
    #[default]
    Sanitize,
    /// Forwarded if the connection is mutual TLS, else removed.
    ForwardOnly,
    /// Extended by our client if the connection is mutual TLS.
    AppendForward,
    /// Replaced by our client if the connection is mutual TLS, else removed.
    SanitizeSet,
    /// Always forwarded.
    AlwaysForwardOnly,
}

/// What of the client's certificate goes into `x-forwarded-client-cert` beside its hash.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default, deny_unknown_fields)]
#[allow(
    clippy::struct_excessive_bools,
    reason = "they are the switches of SetCurrentClientCertDetails"
)]
pub struct ClientCertDetails {
    /// `Subject`
    pub subject: bool,
    /// `Cert`
    pub cert: bool,
    /// `Chain`
    pub chain: bool,
    /// `DNS`
    pub dns: bool,
    /// `URI`
    pub uri: bool,
}

/// How paths are made comparable.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default, deny_unknown_fields)]
pub struct PathNormalization {
    /// Resolve `.` and `..`, decode unreserved characters (RFC 3986 section 6.2).
    pub normalize: bool,
    /// `//` is `/`.
    pub merge_slashes: bool,
    /// What happens to `%2F` and `%5C`.
    pub escaped_slashes: SlashesAction,
}

/// What happens to escaped slashes in a path.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum SlashesAction {
    /// Nothing.
    #[default]
    KeepUnchanged,
    /// The request is answered 400.
    Reject,
    /// The client is redirected to the path with slashes.
    UnescapeAndRedirect,
    /// They become slashes.
    UnescapeAndForward,
}

/// A protocol a connection may be upgraded to.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Upgrade {
    /// Name in lower case, e.g. `websocket`, `connect`.
    pub protocol: Arc<str>,
    /// Whether routes allow it unless they say otherwise.
    pub enabled: bool,
}

/// What happens to an upstream's `server` header.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum ServerHeader {
    /// Replaced by ours.
    #[default]
    Overwrite,
    /// Ours where it is missing.
    AppendIfAbsent,
    /// Left alone.
    PassThrough,
}

/// Options of HTTP/1.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default, deny_unknown_fields)]
#[allow(clippy::struct_excessive_bools, reason = "each is an independent switch")]
pub struct Http1Options {
    /// Accept requests in absolute form, `GET http://host/ HTTP/1.1`.
    pub allow_absolute_url: bool,
    /// Serve HTTP/1.0.
    pub accept_http_10: bool,
    /// Write header names as the peer did (`preserve_case`).
    pub preserve_case: bool,
    /// Pass trailers on between HTTP/1 and HTTP/2: of requests that come here, or go to the cluster, in HTTP/1, and of
    /// their responses even where the client does not say `TE: trailers`.
    pub enable_trailers: bool,
}

impl Default for Http1Options {
    fn default() -> Self {
        Self {
            allow_absolute_url: true,
            accept_http_10: false,
            preserve_case: false,
            enable_trailers: false,
        }
    }
}

/// Options of HTTP/2 (`envoy.config.core.v3.Http2ProtocolOptions`): what we allow the peer of a connection.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default, deny_unknown_fields)]
pub struct Http2Options {
    /// Streams that are open at once on a connection. As a client: our own bound below the server's.
    pub max_concurrent_streams: u32,
    /// Bytes of a body that a stream may have on its way to us; they are buffered while the other side is slow.
    pub initial_stream_window_bytes: u32,
    /// Bytes of all bodies that a connection may have on its way to us.
    pub initial_connection_window_bytes: u32,
    /// Serve CONNECT with `:protocol` (RFC 8441), e.g. `websocket`.
    pub allow_connect: bool,
    /// Probes of a quiet connection; `None` sends none.
    pub keepalive: Option<Http2Keepalive>,
}

impl Default for Http2Options {
    fn default() -> Self {
        Self {
            max_concurrent_streams: 1_024,
            initial_stream_window_bytes: 256 * 1024,
            initial_connection_window_bytes: 1024 * 1024,
            allow_connect: true,
            keepalive: None,
        }
    }
}

/// Probes of a quiet HTTP/2 connection (`connection_keepalive`).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Http2Keepalive {
    /// Time between two probes in milliseconds.
    pub interval_ms: u64,
    /// Time for the answer in milliseconds; the connection is closed without one.
    pub timeout_ms: u64,
}
