//! Showing heads to a service that may change them: what it is shown, and what its answers mean.

#[cfg(test)]
mod tests;

use std::sync::Arc;

use config::{
    ExtProc, ExtProcMode, ExtProcOverride, GrpcService, HeaderAppendAction, HeaderName, NameKind, RouteCache,
};
use messages::{
    envoy::{
        config::core::v3::{
            HeaderMap, HeaderValue, HeaderValueOption, Metadata, header_value_option::HeaderAppendAction as Pb,
        },
        extensions::filters::http::ext_proc::v3::processing_mode::HeaderSendMode,
        service::ext_proc::v3::{
            CommonResponse, HeaderMutation, HttpHeaders, ImmediateResponse, ProcessingRequest, ProcessingResponse,
            common_response::ResponseStatus, processing_request::Request, processing_response::Response,
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

/// The filter's settings with those of the route.
#[derive(Clone, Copy, Debug)]
pub struct Settings<'a> {
    config: &'a ExtProc,
    of_route: Option<&'a ExtProcOverride>,
}

/// Whose head is shown.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Phase {
    /// The request's.
    Request,
    /// The response's.
    Response,
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
    /// Whether the service wants the response's head, where it may say so.
    pub wants_response: Option<bool>,
    /// A body in place of the message's.
    pub body: Option<Vec<u8>>,
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
    pub fn new(config: &'a ExtProc, of_route: Option<&'a ExtProcOverride>) -> Self {
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

    /// The message that shows a head. Pseudo-headers are among its fields.
    pub fn message<'f>(
        &self,
        phase: Phase,
        fields: impl Iterator<Item = (&'f [u8], &'f [u8])>,
        is_whole: bool,
        metadata: Option<&Value>,
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
            metadata_context: (!self.config.sent_metadata.is_empty()).then(|| Metadata {
                filter_metadata: self.config.sent_metadata.iter().filter_map(namespace).collect(),
                ..Metadata::default()
            }),
        };
        request.encode_to_vec()
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
        let failure_allowed = self.of_route.and_then(|of_route| of_route.failure_mode_allow);
        match decision {
            Ok(decision) => decision,
            Err(_) if failure_allowed.unwrap_or(self.config.failure_mode_allow) => Decision::Continue(Box::new(over())),
            Err(_) => Decision::Fail {
                status: self.config.status_on_error,
            },
        }
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
        if common.status() == ResponseStatus::ContinueAndReplace || common.body_mutation.is_some() {
            return Err(CallFailure::Malformed);
        }
        let mutation = common.header_mutation.unwrap_or_default();
        let status = mutation
            .set_headers
            .iter()
            .filter_map(|option| option.header.as_ref())
            .find(|header| phase == Phase::Response && header.key == ":status")
            .and_then(|header| std::str::from_utf8(value_of(header)).ok()?.parse().ok())
            .filter(|status| (200..600).contains(status));
        let (remove, set) = changes(mutation);
        let is_changed = !remove.is_empty() || !set.is_empty();
        let wants_response = response.mode_override.filter(|_| self.config.allow_mode_override);
        Ok(Decision::Continue(Box::new(Changes {
            reroutes: phase == Phase::Request
                && match self.config.route_cache {
                    RouteCache::Asked => common.clear_route_cache,
                    RouteCache::Clear => is_changed,
                    RouteCache::Retain => false,
                },
            remove,
            set,
            status,
            metadata: response.dynamic_metadata.and_then(|metadata| self.taken(metadata)),
            wants_response: wants_response.and_then(|mode| match mode.response_header_mode() {
                HeaderSendMode::Default => None,
                HeaderSendMode::Send => Some(true),
                HeaderSendMode::Skip => Some(false),
            }),
            body: None,
            is_over: false,
        })))
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
