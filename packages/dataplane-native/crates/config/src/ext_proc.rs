//! Services that look at requests and responses and change them.

use std::sync::Arc;

use serde::{Deserialize, Serialize};

use crate::{GrpcService, HeaderName, StringMatcher};

/// Shows messages to a service that may change them (`envoy.extensions.filters.http.ext_proc.v3.ExternalProcessor`).
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
    /// The overrides that it may ask for; none: any.
    pub allowed_overrides: Vec<ExtProcModeChange>,
    /// The service only observes: nothing waits for it, and what it answers is ignored (`observability_mode`).
    pub only_observes: bool,
    /// How long the stream of a service that only observes stays open behind its request, in milliseconds.
    pub deferred_close_ms: u64,
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
            allowed_overrides: Vec::new(),
            only_observes: false,
            deferred_close_ms: 5_000,
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
#[allow(clippy::struct_excessive_bools, reason = "each is a field of Envoy's")]
pub struct ExtProcMode {
    /// The heads of requests.
    pub request_headers: bool,
    /// The heads of responses.
    pub response_headers: bool,
    /// The bodies of requests.
    pub request_body: ExtProcBody,
    /// The bodies of responses.
    pub response_body: ExtProcBody,
    /// The trailers of requests that have some.
    pub request_trailers: bool,
    /// The trailers of responses that have some.
    pub response_trailers: bool,
}

impl Default for ExtProcMode {
    fn default() -> Self {
        Self {
            request_headers: true,
            response_headers: true,
            request_body: ExtProcBody::None,
            response_body: ExtProcBody::None,
            request_trailers: false,
            response_trailers: false,
        }
    }
}

impl ExtProcMode {
    /// Whether anything of a request is shown behind its head.
    pub fn wants_request_content(&self) -> bool {
        self.request_body != ExtProcBody::None || self.request_trailers
    }

    /// Whether anything of a response is shown.
    pub fn wants_response(&self) -> bool {
        self.response_headers || self.wants_response_content()
    }

    /// Whether anything of a response is shown behind its head.
    pub fn wants_response_content(&self) -> bool {
        self.response_body != ExtProcBody::None || self.response_trailers
    }

    /// Whether the service may speak without having been asked.
    pub fn is_full_duplex(&self) -> bool {
        [self.request_body, self.response_body].contains(&ExtProcBody::FullDuplexStreamed)
    }

    /// This mode, changed for one request and its response.
    #[must_use]
    pub fn changed(self, change: ExtProcModeChange) -> Self {
        Self {
            request_headers: self.request_headers,
            response_headers: change.response_headers.unwrap_or(self.response_headers),
            request_body: change.request_body,
            response_body: change.response_body,
            request_trailers: change.request_trailers.unwrap_or(self.request_trailers),
            response_trailers: change.response_trailers.unwrap_or(self.response_trailers),
        }
    }
}

/// How a service is shown a body (`ProcessingMode.BodySendMode`).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum ExtProcBody {
    /// Not at all.
    #[default]
    None,
    /// Piece by piece, each as it comes; each goes on once it is answered.
    Streamed,
    /// As a whole; one that does not fit ends the request.
    Buffered,
    /// As a whole, or as much of it as fits; the rest goes by unseen.
    BufferedPartial,
    /// Piece by piece, each as it comes. What goes on is what the service says, whenever it does.
    FullDuplexStreamed,
}

/// What a service asks to be shown instead, for one request and its response (`ProcessingResponse.mode_override`). The heads
/// of requests have been shown by then.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default, deny_unknown_fields)]
pub struct ExtProcModeChange {
    /// The head of the response; `None` is as configured.
    pub response_headers: Option<bool>,
    /// The request's body.
    pub request_body: ExtProcBody,
    /// The response's body.
    pub response_body: ExtProcBody,
    /// The request's trailers; `None` is as configured.
    pub request_trailers: Option<bool>,
    /// The response's trailers; `None` is as configured.
    pub response_trailers: Option<bool>,
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
