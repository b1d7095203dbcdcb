//! What a service says that speaks whenever it has something to say (`FULL_DUPLEX_STREAMED`): the head's answer first, then
//! content in pieces of its own, then the trailers' answer.

use messages::envoy::service::ext_proc::v3::{
    ProcessingResponse, StreamedBodyResponse, body_mutation::Mutation, processing_response::Response,
};
use prost::Message as _;
use serde_json::Value;

use super::{Changes, Immediate, Phase, Settings, changes, replacement, replaces_all, reply};
use crate::call::CallFailure;

/// Something that a service says.
#[derive(Debug, PartialEq)]
pub enum Word {
    /// The answer to the head, to be decided upon as any.
    Head {
        /// What takes the place of the whole body; nothing more of the message is shown.
        replacement: Option<Vec<u8>>,
    },
    /// Content that goes on.
    Content {
        /// The next bytes of what the body has become.
        content: Vec<u8>,
        /// Nothing of it follows.
        ends: bool,
        /// Metadata, by namespace.
        metadata: Option<Value>,
    },
    /// The answer to the trailers. Nothing follows.
    Trailers(Box<Changes>),
    /// This is the response.
    Reply(Box<Immediate>),
}

/// Whose message an answer is about; `None`: both messages', or it is malformed.
pub fn phase_of(answer: &[u8]) -> Option<Phase> {
    match ProcessingResponse::decode(answer).ok()?.response? {
        Response::RequestHeaders(_) | Response::RequestBody(_) | Response::RequestTrailers(_) => Some(Phase::Request),
        Response::ResponseHeaders(_) | Response::ResponseBody(_) | Response::ResponseTrailers(_) => {
            Some(Phase::Response)
        }
        Response::ImmediateResponse(_) => None,
    }
}

impl Settings<'_> {
    /// What an answer says.
    ///
    /// # Errors
    /// Where it is malformed, about another message, or not allowed.
    pub fn word(&self, phase: Phase, answer: &[u8]) -> Result<Word, CallFailure> {
        let answer = ProcessingResponse::decode(answer).map_err(|_| CallFailure::Malformed)?;
        let metadata = answer.dynamic_metadata.and_then(|metadata| self.taken(metadata));
        match (answer.response.ok_or(CallFailure::Malformed)?, phase) {
            (Response::RequestHeaders(head), Phase::Request) | (Response::ResponseHeaders(head), Phase::Response) => {
                let common = head.response.unwrap_or_default();
                Ok(Word::Head {
                    replacement: replaces_all(&common)
                        .then(|| common.body_mutation.and_then(replacement).unwrap_or_default()),
                })
            }
            (Response::RequestBody(body), Phase::Request) | (Response::ResponseBody(body), Phase::Response) => {
                let mutation = body.response.and_then(|common| common.body_mutation?.mutation);
                let Some(Mutation::StreamedResponse(StreamedBodyResponse { body, end_of_stream })) = mutation else {
                    return Err(CallFailure::Malformed);
                };
                Ok(Word::Content {
                    content: body,
                    ends: end_of_stream,
                    metadata,
                })
            }
            (Response::RequestTrailers(trailers), Phase::Request)
            | (Response::ResponseTrailers(trailers), Phase::Response) => {
                let (remove, set) = changes(trailers.header_mutation.unwrap_or_default());
                Ok(Word::Trailers(Box::new(Changes {
                    remove,
                    set,
                    metadata,
                    ..Changes::default()
                })))
            }
            (Response::ImmediateResponse(immediate), _) if !self.config.disable_immediate_response => {
                Ok(Word::Reply(Box::new(reply(immediate))))
            }
            _ => Err(CallFailure::Malformed),
        }
    }

    /// Whether a failure is no reason to end the request.
    pub fn forgives(&self) -> bool {
        self.allows_failure()
    }

    /// Status of the answer where a failure ends the request.
    pub fn status_on_error(&self) -> u16 {
        self.config.status_on_error
    }
}
