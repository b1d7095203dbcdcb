//! What a service is shown behind a head: content and trailers.

use std::sync::Arc;

use config::{ExtProc, ExtProcOverride};
use messages::envoy::{
    config::core::v3::{HeaderMap, HeaderValue},
    service::ext_proc::v3::{
        HttpBody, HttpTrailers, ProcessingRequest, ProcessingResponse, processing_request::Request,
        processing_response::Response,
    },
};
use prost::Message as _;

use super::{Changes, Immediate, Phase, Settings, changes, replacement, reply};
use crate::call::CallFailure;

/// Settings for as long as a message is on its way.
#[derive(Clone, Debug)]
pub struct OwnedSettings {
    config: Arc<ExtProc>,
    of_route: Option<Arc<ExtProcOverride>>,
}

impl OwnedSettings {
    /// The settings.
    pub fn settings(&self) -> Settings<'_> {
        Settings::new(&self.config, self.of_route.as_ref())
    }
}

/// What an answer about content or trailers means.
#[derive(Debug, PartialEq)]
pub enum ContentDecision {
    /// The message goes on.
    Continue {
        /// Content in place of what was shown.
        content: Option<Vec<u8>>,
        /// What changes in the head, where it has not gone on yet, or in the trailers.
        changes: Box<Changes>,
    },
    /// This is the response.
    Reply(Box<Immediate>),
    /// The service failed, and that ends the request.
    Fail {
        /// Status of the answer.
        status: u16,
    },
}

impl Settings<'_> {
    /// The settings for as long as a message is on its way.
    pub fn owned(&self) -> OwnedSettings {
        OwnedSettings {
            config: Arc::clone(self.config),
            of_route: self.of_route.map(Arc::clone),
        }
    }

    /// The message that shows content. `ends`: nothing follows it, trailers neither.
    pub fn content_message(&self, phase: Phase, body: Vec<u8>, ends: bool, is_first: bool) -> Vec<u8> {
        let body = HttpBody {
            body,
            end_of_stream: ends,
        };
        let request = match phase {
            Phase::Request => Request::RequestBody(body),
            Phase::Response => Request::ResponseBody(body),
        };
        self.encode(request, is_first)
    }

    /// The message that shows trailers.
    pub fn trailers_message<'f>(
        &self,
        phase: Phase,
        fields: impl Iterator<Item = (&'f [u8], &'f [u8])>,
        is_first: bool,
    ) -> Vec<u8> {
        let headers = fields
            .map(|(name, value)| HeaderValue {
                key: String::from_utf8_lossy(name).to_ascii_lowercase(),
                raw_value: value.to_vec(),
                ..HeaderValue::default()
            })
            .filter(|header| self.shows(&header.key))
            .collect();
        let trailers = HttpTrailers {
            trailers: Some(HeaderMap { headers }),
        };
        let request = match phase {
            Phase::Request => Request::RequestTrailers(trailers),
            Phase::Response => Request::ResponseTrailers(trailers),
        };
        self.encode(request, is_first)
    }

    fn encode(&self, request: Request, is_first: bool) -> Vec<u8> {
        let request = ProcessingRequest {
            request: Some(request),
            observability_mode: self.config.only_observes,
            protocol_config: is_first.then(|| self.protocol()),
            ..ProcessingRequest::default()
        };
        request.encode_to_vec()
    }

    /// What the answer about content means. None of it: the service has ended the stream in order.
    pub fn decide_content(&self, phase: Phase, answer: Result<Option<Vec<u8>>, CallFailure>) -> ContentDecision {
        self.decide_about(answer, |response| match (response, phase) {
            (Response::RequestBody(body), Phase::Request) | (Response::ResponseBody(body), Phase::Response) => {
                let common = body.response.unwrap_or_default();
                let (remove, set) = changes(common.header_mutation.unwrap_or_default());
                let changes = Changes {
                    reroutes: phase == Phase::Request && self.reroutes(common.clear_route_cache, &remove, &set),
                    remove,
                    set,
                    ..Changes::default()
                };
                Some((common.body_mutation.and_then(replacement), changes))
            }
            _ => None,
        })
    }

    /// What the answer about trailers means.
    pub fn decide_trailers(&self, phase: Phase, answer: Result<Option<Vec<u8>>, CallFailure>) -> ContentDecision {
        self.decide_about(answer, |response| match (response, phase) {
            (Response::RequestTrailers(trailers), Phase::Request)
            | (Response::ResponseTrailers(trailers), Phase::Response) => {
                let (remove, set) = changes(trailers.header_mutation.unwrap_or_default());
                let changes = Changes {
                    remove,
                    set,
                    ..Changes::default()
                };
                Some((None, changes))
            }
            _ => None,
        })
    }

    fn decide_about(
        &self,
        answer: Result<Option<Vec<u8>>, CallFailure>,
        understand: impl FnOnce(Response) -> Option<(Option<Vec<u8>>, Changes)>,
    ) -> ContentDecision {
        let decision = answer.and_then(|message| {
            let Some(message) = message else {
                return Ok(over());
            };
            let answer = ProcessingResponse::decode(message.as_slice()).map_err(|_| CallFailure::Malformed)?;
            match answer.response {
                Some(Response::ImmediateResponse(immediate)) if !self.config.disable_immediate_response => {
                    Ok(ContentDecision::Reply(Box::new(reply(immediate))))
                }
                Some(response) => {
                    let (content, mut changes) = understand(response).ok_or(CallFailure::Malformed)?;
                    changes.metadata = answer.dynamic_metadata.and_then(|metadata| self.taken(metadata));
                    Ok(ContentDecision::Continue {
                        content,
                        changes: Box::new(changes),
                    })
                }
                None => Err(CallFailure::Malformed),
            }
        });
        match decision {
            Ok(decision) => decision,
            Err(_) if self.allows_failure() => over(),
            Err(_) => ContentDecision::Fail {
                status: self.config.status_on_error,
            },
        }
    }
}

fn over() -> ContentDecision {
    ContentDecision::Continue {
        content: None,
        changes: Box::new(Changes {
            is_over: true,
            ..Changes::default()
        }),
    }
}
