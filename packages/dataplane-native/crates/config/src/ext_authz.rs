//! Services that decide whether requests may pass.

use std::{collections::BTreeMap, sync::Arc};

use serde::{Deserialize, Serialize};

use crate::{FractionalPercent, GrpcService, HeaderName, MetadataMatcher, StringMatcher};

/// Asks a service about requests (`envoy.extensions.filters.http.ext_authz.v3.ExtAuthz`).
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default, deny_unknown_fields)]
#[allow(clippy::struct_excessive_bools, reason = "each is a field of Envoy's")]
pub struct ExtAuthz {
    /// Who is asked.
    pub service: AuthzService,
    /// A service that fails lets requests pass.
    pub failure_mode_allow: bool,
    /// Such a request gets `x-envoy-auth-failure-mode-allowed: true`.
    pub failure_mode_allow_header_add: bool,
    /// The request's body goes with the question; `None` does not wait for it.
    pub body: Option<AuthzBody>,
    /// Look for the route again when the service changed the request.
    pub clear_route_cache: bool,
    /// Status of the answer where the service fails, or is not asked and that refuses.
    pub status_on_error: u16,
    /// Namespaces of the request's metadata that the service gets.
    pub metadata_namespaces: Vec<Arc<str>>,
    /// Namespaces of the route's metadata that the service gets.
    pub route_metadata_namespaces: Vec<Arc<str>>,
    /// Share of requests that are asked about; `None` is all.
    pub enabled: Option<FractionalPercent>,
    /// Only requests with such metadata are asked about.
    pub enabled_metadata: Option<MetadataMatcher>,
    /// Requests that are not asked about are refused.
    pub deny_at_disable: bool,
    /// The service gets the client's certificate.
    pub include_peer_certificate: bool,
    /// The service gets the server name of the client's handshake.
    pub include_tls_session: bool,
    /// Headers that the service gets; `None` is all for gRPC, and for HTTP only what every request of HTTP has and
    /// `authorization`.
    pub allowed_headers: Option<Vec<StringMatcher>>,
    /// Headers that it does not get.
    pub disallowed_headers: Vec<StringMatcher>,
    /// Headers go as a list of bytes instead of a map of text (gRPC).
    pub encode_raw_headers: bool,
    /// Metadata in the service's answer is taken over.
    pub takes_metadata: bool,
    /// An answer with a header that cannot be is a failure; otherwise that header is left out.
    pub validate_mutations: bool,
    /// Bytes of the body of a refusal; 0 is unlimited.
    pub max_denied_body_bytes: u32,
    /// Prefix of the statistics.
    pub stat_prefix: Arc<str>,
}

impl Default for ExtAuthz {
    fn default() -> Self {
        Self {
            service: AuthzService::default(),
            failure_mode_allow: false,
            failure_mode_allow_header_add: false,
            body: None,
            clear_route_cache: false,
            status_on_error: 403,
            metadata_namespaces: Vec::new(),
            route_metadata_namespaces: Vec::new(),
            enabled: None,
            enabled_metadata: None,
            deny_at_disable: false,
            include_peer_certificate: false,
            include_tls_session: false,
            allowed_headers: None,
            disallowed_headers: Vec::new(),
            encode_raw_headers: false,
            takes_metadata: true,
            validate_mutations: false,
            max_denied_body_bytes: 0,
            stat_prefix: "".into(),
        }
    }
}

/// Who is asked.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum AuthzService {
    /// `envoy.service.auth.v3.Authorization/Check`. 200 ms by default.
    Grpc(GrpcService),
    /// A server of HTTP, which gets the request's head.
    Http(Box<AuthzHttpService>),
}

impl Default for AuthzService {
    fn default() -> Self {
        Self::Grpc(GrpcService::default())
    }
}

impl AuthzService {
    /// Name of the service's cluster.
    pub fn cluster(&self) -> &Arc<str> {
        match self {
            Self::Grpc(service) => &service.cluster,
            Self::Http(service) => &service.cluster,
        }
    }
}

/// A server of HTTP that is asked (`ext_authz.v3.HttpService`).
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default, deny_unknown_fields)]
pub struct AuthzHttpService {
    /// Its cluster.
    pub cluster: Arc<str>,
    /// Time for an answer in milliseconds; 0 is 200.
    pub timeout_ms: u64,
    /// Stands before the request's path.
    pub path_prefix: Arc<str>,
    /// Stands in place of the request's path; empty leaves it.
    pub path_override: Arc<str>,
    /// Headers that the question gets, in place of the request's.
    pub headers_to_add: Vec<(HeaderName, Arc<str>)>,
    /// Headers of the answer that replace those of the request.
    pub upstream_headers: Vec<StringMatcher>,
    /// Headers of the answer that are added to those of the request.
    pub upstream_headers_to_append: Vec<StringMatcher>,
    /// Headers of a refusal that the client gets, besides those that it needs; `None` is all.
    pub client_headers: Option<Vec<StringMatcher>>,
    /// Headers of an answer that lets the request pass that the client gets with its response.
    pub client_headers_on_success: Vec<StringMatcher>,
    /// Headers of the answer that become metadata.
    pub metadata_headers: Vec<StringMatcher>,
}

/// How a request's body goes with the question (`ext_authz.v3.BufferSettings`).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default, deny_unknown_fields)]
pub struct AuthzBody {
    /// Bytes that are waited for. A request with more is answered 413.
    pub max_bytes: u32,
    /// Unless it may be cut off.
    pub allow_partial: bool,
    /// As bytes, not as text (gRPC).
    pub pack_as_bytes: bool,
}

impl AuthzBody {
    /// The most that a request's body is held back for: what one buffer of the engine takes.
    pub const MAX_BYTES: u32 = 255 * 1024;
}

/// What a route changes (`ext_authz.v3.CheckSettings`).
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default, deny_unknown_fields)]
pub struct AuthzOverride {
    /// Text that the service gets (gRPC).
    pub context_extensions: BTreeMap<Arc<str>, Arc<str>>,
    /// The body does not go with the question.
    pub without_body: bool,
    /// Other settings for the body.
    pub body: Option<AuthzBody>,
    /// Another service.
    pub service: Option<AuthzService>,
}
