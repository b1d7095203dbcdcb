//! Services that look at requests and responses and change them.

use std::sync::Arc;

use serde::{Deserialize, Serialize};

use crate::{GrpcService, HeaderName, StringMatcher};

/// Shows heads to a service (`envoy.extensions.filters.http.ext_proc.v3.ExternalProcessor`). Bodies and trailers are not
/// shown.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default, deny_unknown_fields)]
#[allow(clippy::struct_excessive_bools, reason = "each is a field of Envoy's")]
pub struct ExtProc {
    /// The service.
    pub service: GrpcService,
    /// A service that fails lets messages pass.
    pub failure_mode_allow: bool,
    /// Status of the answer where the service fails.
    pub status_on_error: u16,
    /// What it is shown.
    pub mode: ExtProcMode,
    /// The service may say for a request what it is shown of the response.
    pub allow_mode_override: bool,
    /// Time for each answer in milliseconds.
    pub message_timeout_ms: u64,
    /// Headers that the service sees; `None` is all.
    pub allowed_headers: Option<Vec<StringMatcher>>,
    /// Headers that it does not see.
    pub disallowed_headers: Vec<StringMatcher>,
    /// When the route is looked for again.
    pub route_cache: RouteCache,
    /// An answer in place of the upstream's is a failure.
    pub disable_immediate_response: bool,
    /// Namespaces of the request's metadata that the service gets.
    pub sent_metadata: Vec<Arc<str>>,
    /// Namespaces of metadata that are taken from the service.
    pub taken_metadata: Vec<Arc<str>>,
    /// Prefix of the statistics.
    pub stat_prefix: Arc<str>,
}

impl Default for ExtProc {
    fn default() -> Self {
        Self {
            service: GrpcService::default(),
            failure_mode_allow: false,
            status_on_error: 500,
            mode: ExtProcMode::default(),
            allow_mode_override: false,
            message_timeout_ms: 200,
            allowed_headers: None,
            disallowed_headers: Vec::new(),
            route_cache: RouteCache::default(),
            disable_immediate_response: false,
            sent_metadata: Vec::new(),
            taken_metadata: Vec::new(),
            stat_prefix: "".into(),
        }
    }
}

/// What a service is shown (`ext_proc.v3.ProcessingMode`).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default, deny_unknown_fields)]
pub struct ExtProcMode {
    /// The heads of requests.
    pub request_headers: bool,
    /// The heads of responses.
    pub response_headers: bool,
}

impl Default for ExtProcMode {
    fn default() -> Self {
        Self {
            request_headers: true,
            response_headers: true,
        }
    }
}

/// When the route is looked for again after a service changed the request (`RouteCacheAction`).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum RouteCache {
    /// When the service says so.
    #[default]
    Asked,
    /// Whenever it changed headers.
    Clear,
    /// Never.
    Retain,
}

/// What a route changes (`ext_proc.v3.ExtProcOverrides`).
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default, deny_unknown_fields)]
pub struct ExtProcOverride {
    /// Show it something else.
    pub mode: Option<ExtProcMode>,
    /// Another service.
    pub service: Option<GrpcService>,
    /// Fields of the stream besides the service's.
    pub initial_metadata: Vec<(HeaderName, Arc<str>)>,
    /// What a failure means.
    pub failure_mode_allow: Option<bool>,
}
