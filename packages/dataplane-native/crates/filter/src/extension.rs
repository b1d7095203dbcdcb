//! What decides about messages outside the engine: a service (`ext_proc`) or a filter that a user wrote (`module`).
//!
//! Both are shown heads and answer with what is to be changed. How a question travels is the proxy's business; what it
//! says and what its answer means is here.

use serde_json::Value;

use crate::{
    call::CallFailure,
    ext_proc::{self, Decision, Phase},
};

/// One that is shown heads and may change them.
pub trait Extension {
    /// Whether it sees the heads of this direction.
    fn wants(&self, phase: Phase) -> bool;

    /// How much of the body of this direction it sees with its head; `None` is nothing.
    fn wanted_body(&self, phase: Phase) -> Option<WantedBody>;

    /// Time for each answer in milliseconds.
    fn timeout_ms(&self) -> u64;

    /// What it is asked.
    fn question(&self, phase: Phase, shown: &Shown<'_>) -> Vec<u8>;

    /// What its answer means. None of it: it does not want to be asked again about this request.
    fn decide(&self, phase: Phase, answer: Result<Option<Vec<u8>>, CallFailure>) -> Decision;
}

/// How much of a body is held back for an extension.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct WantedBody {
    /// Bytes at most.
    pub max_bytes: u32,
    /// A longer one is shown as far as that; otherwise it is answered 413, or 500 in the place of a response.
    pub allow_partial: bool,
}

/// A message as an extension is shown it, everything borrowed.
#[derive(Clone, Copy, Debug, Default)]
pub struct Shown<'a> {
    /// Of a response; 0 in a request.
    pub status: u16,
    /// The request's, in both directions.
    pub method: &'a [u8],
    /// With query.
    pub path: &'a [u8],
    /// The host.
    pub authority: &'a [u8],
    /// `http` or `https`.
    pub scheme: &'a [u8],
    /// Fields of the message without pseudo-headers.
    pub fields: &'a [(&'a [u8], &'a [u8])],
    /// Nothing follows the head.
    pub is_whole: bool,
    /// A service has been shown nothing else of this request.
    pub is_first: bool,
    /// What was held back of the body, and whether more follows.
    pub body: Option<(&'a [u8], bool)>,
    /// Name of the route.
    pub route: &'a str,
    /// Address of the client.
    pub client: &'a str,
    /// Who the client has proven to be; empty is nobody.
    pub principal: &'a str,
    /// What filters know about the request, by namespace.
    pub metadata: Option<&'a Value>,
}

impl Extension for ext_proc::Settings<'_> {
    fn wants(&self, phase: Phase) -> bool {
        match phase {
            Phase::Request => self.mode().request_headers,
            Phase::Response => self.mode().response_headers,
        }
    }

    fn wanted_body(&self, _: Phase) -> Option<WantedBody> {
        None
    }

    fn timeout_ms(&self) -> u64 {
        ext_proc::Settings::timeout_ms(self)
    }

    fn question(&self, phase: Phase, shown: &Shown<'_>) -> Vec<u8> {
        let status = shown.status.to_string();
        let of_request: [(&[u8], &[u8]); 4] = [
            (b":authority", shown.authority),
            (b":method", shown.method),
            (b":path", shown.path),
            (b":scheme", shown.scheme),
        ];
        let of_response: [(&[u8], &[u8]); 1] = [(b":status", status.as_bytes())];
        let pseudo: &[(&[u8], &[u8])] = match phase {
            Phase::Request => &of_request,
            Phase::Response => &of_response,
        };
        let fields = pseudo.iter().chain(shown.fields).copied();
        self.message(phase, fields, shown.is_whole, shown.metadata, shown.is_first)
    }

    fn decide(&self, phase: Phase, answer: Result<Option<Vec<u8>>, CallFailure>) -> Decision {
        ext_proc::Settings::decide(self, phase, answer)
    }
}
