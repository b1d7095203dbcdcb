//! Showing messages to a service that may change them: what it is shown, and what its answers mean.

mod content;
mod duplex;

#[cfg(test)]
mod tests;

use std::sync::Arc;

use config::{
    ExtProc, ExtProcBody, ExtProcMode, ExtProcModeChange, ExtProcOverride, GrpcService, HeaderAppendAction, HeaderName,
    NameKind, RouteCache,
};
use messages::{
    envoy::{
        config::core::v3::{
            HeaderMap, HeaderValue, HeaderValueOption, Metadata, header_value_option::HeaderAppendAction as Pb,
        },
        extensions::filters::http::ext_proc::v3::{
            ProcessingMode,
            processing_mode::{BodySendMode, HeaderSendMode},
        },
        service::ext_proc::v3::{
            BodyMutation, CommonResponse, HeaderMutation, HttpHeaders, ImmediateResponse, ProcessingRequest,
            ProcessingResponse, ProtocolConfiguration, body_mutation::Mutation, common_response::ResponseStatus,
            processing_request::Request, processing_response::Response,
        },
    },
    google::protobuf::Struct,
};
use prost::Message as _;
use serde_json::{Map, Value};

use crate::{
    call::{Call, CallFailure},
    change::{HeaderChange, is_value},
    proto::{to_json, to_struct},
};

pub use content::{ContentDecision, OwnedSettings};
pub use duplex::{Word, phase_of};

/// The filter's settings with those of the route.
#[derive(Clone, Copy, Debug)]
pub struct Settings<'a> {
    config: &'a Arc<ExtProc>,
    of_route: Option<&'a Arc<ExtProcOverride>>,
}

/// Whose message is shown.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Phase {
    /// The request's.
    Request,
    /// The response's.
    Response,
}

impl Phase {
    /// Of the two the other one.
    #[must_use]
    pub fn other(self) -> Self {
        match self {
            Self::Request => Self::Response,
            Self::Response => Self::Request,
        }
    }
}

/// What an answer means.
#[derive(Debug, PartialEq)]
pub enum Decision {
    /// The message goes on.
    Continue(Box<Changes>),
    /// This is the response.
    Reply(Box<Immediate>),
    /// The service failed, and that ends the request.
    Fail {
        /// Status of the answer.
        status: u16,
    },
}

/// What a service changes in a message.
#[derive(Debug, Default, PartialEq)]
pub struct Changes {
    /// Headers that are removed, before others are set.
    pub remove: Vec<HeaderName>,
    /// Headers that are set.
    pub set: Vec<HeaderChange>,
    /// Another status of the response.
    pub status: Option<u16>,
    /// Metadata, by namespace.
    pub metadata: Option<Value>,
    /// The route is to be looked for again.
    pub reroutes: bool,
    /// What the service wants to be shown from now on, where it may say so.
    pub mode: Option<ExtProcMode>,
    /// A body in place of the message's; nothing more of the message is shown.
    pub body: Option<Vec<u8>>,
    /// Nothing more of the message is shown.
    pub is_last: bool,
    /// The service is not asked again about this request.
    pub is_over: bool,
}

/// A response that a service makes.
#[derive(Debug, PartialEq)]
pub struct Immediate {
    /// Its status.
    pub status: u16,
    /// Its headers.
    pub headers: Vec<HeaderChange>,
    /// Its body.
    pub body: Vec<u8>,
    /// Its status of gRPC.
    pub grpc_status: Option<u16>,
    /// Why, for the log.
    pub details: String,
    /// Metadata, by namespace.
    pub metadata: Option<Value>,
}

impl<'a> Settings<'a> {
    /// The filter's, changed by the route's.
    pub fn new(config: &'a Arc<ExtProc>, of_route: Option<&'a Arc<ExtProcOverride>>) -> Self {
        Self { config, of_route }
    }

    /// The service.
    pub fn service(&self) -> &'a GrpcService {
        let of_route = self.of_route.and_then(|of_route| of_route.service.as_ref());
        of_route.unwrap_or(&self.config.service)
    }

    /// What the service is shown.
    pub fn mode(&self) -> ExtProcMode {
        self.of_route
            .and_then(|of_route| of_route.mode)
            .unwrap_or(self.config.mode)
    }

    /// Whether nobody waits for its answers.
    pub fn only_observes(&self) -> bool {
        self.config.only_observes
    }

    /// How long the stream of a service that only observes stays open behind its request, in milliseconds.
    pub fn deferred_close_ms(&self) -> u64 {
        self.config.deferred_close_ms
    }

    /// Time for an answer in milliseconds.
    pub fn timeout_ms(&self) -> u64 {
        self.config.message_timeout_ms
    }

    /// The stream that a request and its response are shown on.
    pub fn stream(&self) -> Call {
        let service = self.service();
        let mut call = Call::grpc(
            &service.cluster,
            "/envoy.service.ext_proc.v3.ExternalProcessor/Process",
            &(),
            self.config.message_timeout_ms,
        );
        call.body.clear();
        // The stream lives as long as its request.
        call.fields.retain(|(name, _)| name != "grpc-timeout");
        call.authority = service.authority.as_bytes().to_vec();
        let of_route = self.of_route.map(|of_route| &of_route.initial_metadata);
        for (name, value) in service.initial_metadata.iter().chain(of_route.into_iter().flatten()) {
            call.set(name.as_str(), value.as_bytes());
        }
        call
    }

    /// The message that shows a head. Pseudo-headers are among its fields. `is_first`: it begins the stream.
    pub fn message<'f>(
        &self,
        phase: Phase,
        fields: impl Iterator<Item = (&'f [u8], &'f [u8])>,
        is_whole: bool,
        metadata: Option<&Value>,
        is_first: bool,
    ) -> Vec<u8> {
        let headers = fields
            .map(|(name, value)| (String::from_utf8_lossy(name).to_ascii_lowercase(), value))
            .filter(|(name, _)| self.shows(name))
            .map(|(key, value)| HeaderValue {
                key,
                raw_value: value.to_vec(),
                ..HeaderValue::default()
            })
            .collect();
        let head = HttpHeaders {
            headers: Some(HeaderMap { headers }),
            end_of_stream: is_whole,
        };
        let namespace = |name: &Arc<str>| Some((name.to_string(), to_struct(metadata?.get(&**name)?.clone())));
        let request = ProcessingRequest {
            request: Some(match phase {
                Phase::Request => Request::RequestHeaders(head),
                Phase::Response => Request::ResponseHeaders(head),
            }),
            observability_mode: self.config.only_observes,
            protocol_config: is_first.then(|| self.protocol()),
            metadata_context: (!self.config.sent_metadata.is_empty()).then(|| Metadata {
                filter_metadata: self.config.sent_metadata.iter().filter_map(namespace).collect(),
                ..Metadata::default()
            }),
        };
        request.encode_to_vec()
    }

    /// How bodies will come.
    fn protocol(&self) -> ProtocolConfiguration {
        let of = |body| match body {
            ExtProcBody::None => BodySendMode::None,
            ExtProcBody::Streamed => BodySendMode::Streamed,
            ExtProcBody::Buffered => BodySendMode::Buffered,
            ExtProcBody::BufferedPartial => BodySendMode::BufferedPartial,
            ExtProcBody::FullDuplexStreamed => BodySendMode::FullDuplexStreamed,
        };
        let mode = self.mode();
        ProtocolConfiguration {
            request_body_mode: of(mode.request_body).into(),
            response_body_mode: of(mode.response_body).into(),
        }
    }

    fn shows(&self, name: &str) -> bool {
        let any = |list: &[config::StringMatcher]| list.iter().any(|matcher| matcher.matches(name.as_bytes()));
        self.config.allowed_headers.as_deref().is_none_or(any) && !any(&self.config.disallowed_headers)
    }

    /// What an answer means. None of it: the service has ended the stream in order.
    pub fn decide(&self, phase: Phase, answer: Result<Option<Vec<u8>>, CallFailure>) -> Decision {
        let over = || Changes {
            is_over: true,
            ..Changes::default()
        };
        let decision = answer.and_then(|message| match message {
            None => Ok(Decision::Continue(Box::new(over()))),
            Some(message) => {
                let response = ProcessingResponse::decode(message.as_slice()).map_err(|_| CallFailure::Malformed)?;
                self.understand(phase, response)
            }
        });
        match decision {
            Ok(decision) => decision,
            Err(_) if self.allows_failure() => Decision::Continue(Box::new(over())),
            Err(_) => Decision::Fail {
                status: self.config.status_on_error,
            },
        }
    }

    fn allows_failure(&self) -> bool {
        let of_route = self.of_route.and_then(|of_route| of_route.failure_mode_allow);
        of_route.unwrap_or(self.config.failure_mode_allow)
    }

    fn understand(&self, phase: Phase, response: ProcessingResponse) -> Result<Decision, CallFailure> {
        let head = match (response.response, phase) {
            (Some(Response::ImmediateResponse(immediate)), _) if !self.config.disable_immediate_response => {
                return Ok(Decision::Reply(Box::new(reply(immediate))));
            }
            (Some(Response::RequestHeaders(head)), Phase::Request)
            | (Some(Response::ResponseHeaders(head)), Phase::Response) => head,
            // Something else than was asked for.
            _ => return Err(CallFailure::Malformed),
        };
        let common: CommonResponse = head.response.unwrap_or_default();
        let is_last = replaces_all(&common);
        // Without that status a head's answer says nothing about the body.
        let body = common.body_mutation.filter(|_| is_last).and_then(replacement);
        let mutation = common.header_mutation.unwrap_or_default();
        let status = mutation
            .set_headers
            .iter()
            .filter_map(|option| option.header.as_ref())
            .find(|header| phase == Phase::Response && header.key == ":status")
            .and_then(|header| std::str::from_utf8(value_of(header)).ok()?.parse().ok())
            .filter(|status| (200..600).contains(status));
        let (remove, set) = changes(mutation);
        let mode = response.mode_override.and_then(|mode| self.overridden(mode));
        Ok(Decision::Continue(Box::new(Changes {
            reroutes: phase == Phase::Request && self.reroutes(common.clear_route_cache, &remove, &set),
            remove,
            set,
            status,
            metadata: response.dynamic_metadata.and_then(|metadata| self.taken(metadata)),
            mode,
            body,
            is_last,
            is_over: false,
        })))
    }

    /// What the service is shown instead, where it may ask for that.
    fn overridden(&self, mode: ProcessingMode) -> Option<ExtProcMode> {
        let shows = |mode: HeaderSendMode| match mode {
            HeaderSendMode::Default => None,
            mode => Some(mode == HeaderSendMode::Send),
        };
        let body = |mode: BodySendMode| match mode {
            BodySendMode::None => Some(ExtProcBody::None),
            BodySendMode::Streamed => Some(ExtProcBody::Streamed),
            BodySendMode::Buffered => Some(ExtProcBody::Buffered),
            BodySendMode::BufferedPartial => Some(ExtProcBody::BufferedPartial),
            // It has to be agreed upon before the head is shown.
            BodySendMode::FullDuplexStreamed | BodySendMode::Grpc => None,
        };
        let change = ExtProcModeChange {
            response_headers: shows(mode.response_header_mode()),
            request_body: body(mode.request_body_mode())?,
            response_body: body(mode.response_body_mode())?,
            request_trailers: shows(mode.request_trailer_mode()),
            response_trailers: shows(mode.response_trailer_mode()),
        };
        let allowed = &self.config.allowed_overrides;
        let is_allowed = self.config.allow_mode_override
            && !self.mode().is_full_duplex()
            && (allowed.is_empty() || allowed.contains(&change));
        is_allowed.then(|| self.mode().changed(change))
    }

    /// Whether the route is looked for again.
    fn reroutes(&self, is_asked: bool, remove: &[HeaderName], set: &[HeaderChange]) -> bool {
        match self.config.route_cache {
            RouteCache::Asked => is_asked,
            RouteCache::Clear => !remove.is_empty() || !set.is_empty(),
            RouteCache::Retain => false,
        }
    }

    /// The namespaces of metadata that are taken.
    fn taken(&self, metadata: Struct) -> Option<Value> {
        let Value::Object(all) = to_json(metadata) else {
            return None;
        };
        let is_taken = |name: &str| self.config.taken_metadata.iter().any(|taken| &**taken == name);
        let taken: Map<String, Value> = all.into_iter().filter(|(name, _)| is_taken(name)).collect();
        (!taken.is_empty()).then_some(Value::Object(taken))
    }
}

/// What takes the place of what was shown, if anything does.
fn replacement(mutation: BodyMutation) -> Option<Vec<u8>> {
    match mutation.mutation? {
        Mutation::Body(body) => Some(body),
        Mutation::ClearBody(clears) => clears.then(Vec::new),
        // Not what was agreed upon.
        Mutation::StreamedResponse(_) => None,
    }
}

/// Whether the answer to a head is about all of the message.
fn replaces_all(common: &CommonResponse) -> bool {
    common.status() == ResponseStatus::ContinueAndReplace
}

fn value_of(header: &HeaderValue) -> &[u8] {
    if header.value.is_empty() {
        &header.raw_value
    } else {
        header.value.as_bytes()
    }
}

/// Where a message goes and what it is are not at the service's disposal, as in Envoy by default; neither are Envoy's own
/// headers.
fn is_changeable(name: &HeaderName) -> bool {
    matches!(name.kind(), NameKind::Field | NameKind::Path) && !name.as_str().starts_with("x-envoy-")
}

fn changes(mutation: HeaderMutation) -> (Vec<HeaderName>, Vec<HeaderChange>) {
    let remove = mutation
        .remove_headers
        .iter()
        .filter_map(|name| HeaderName::new(name).ok());
    let remove = remove
        .filter(|name| name.kind() == NameKind::Field && is_changeable(name))
        .collect();
    let change = |option: HeaderValueOption| {
        let action = match (option.append, option.append_action()) {
            (Some(true), _) | (None, Pb::AppendIfExistsOrAdd) => HeaderAppendAction::AppendIfExistsOrAdd,
            (Some(false), _) | (None, Pb::OverwriteIfExistsOrAdd) => HeaderAppendAction::OverwriteIfExistsOrAdd,
            (None, Pb::AddIfAbsent) => HeaderAppendAction::AddIfAbsent,
            (None, Pb::OverwriteIfExists) => HeaderAppendAction::OverwriteIfExists,
        };
        let header = option.header?;
        let value = value_of(&header).to_vec();
        let name = HeaderName::new(&header.key).ok().filter(is_changeable)?;
        is_value(&value).then_some(HeaderChange { name, value, action })
    };
    (remove, mutation.set_headers.into_iter().filter_map(change).collect())
}

fn reply(immediate: ImmediateResponse) -> Immediate {
    let status = immediate.status.and_then(|status| u16::try_from(status.code).ok());
    let (_, headers) = changes(immediate.headers.unwrap_or_default());
    Immediate {
        status: status.filter(|status| (200..600).contains(status)).unwrap_or(200),
        headers: headers
            .into_iter()
            .filter(|change| change.name.kind() == NameKind::Field && change.name.as_str() != "content-length")
            .collect(),
        body: immediate.body,
        grpc_status: immediate.grpc_status.map(|status| status.status as u16),
        details: immediate.details,
        metadata: None,
    }
}
