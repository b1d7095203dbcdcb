//! Questions to services that decide: what a filter wants to be asked, and what came back.

use std::{fmt, sync::Arc};

use config::GrpcService;
use prost::Message;

/// The most that an answer may have where nobody says otherwise.
const MAX_ANSWER_BYTES: usize = 1024 * 1024;

/// A request that the proxy makes of its own, to a cluster of its configuration. It may be sent twice where the first
/// connection turns out to be dead.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Call {
    /// Name of the cluster.
    pub cluster: Arc<str>,
    /// Method, e.g. `GET`.
    pub method: String,
    /// Path with query.
    pub path: Vec<u8>,
    /// Host; empty is the cluster's name.
    pub authority: Vec<u8>,
    /// Fields without those that frame the message or belong to one connection.
    pub fields: Vec<(String, Vec<u8>)>,
    /// Content.
    pub body: Vec<u8>,
    /// gRPC: always over HTTP/2, and the status is in the trailers.
    pub is_grpc: bool,
    /// Time for everything, in milliseconds.
    pub timeout_ms: u64,
    /// Content of the answer; one that has more is a failure.
    pub max_answer_bytes: usize,
}

impl Call {
    /// A request of HTTP without fields and content.
    pub fn http(cluster: &Arc<str>, method: &str, path: impl Into<Vec<u8>>, timeout_ms: u64) -> Self {
        Self {
            cluster: Arc::clone(cluster),
            method: method.to_owned(),
            path: path.into(),
            authority: Vec::new(),
            fields: Vec::new(),
            body: Vec::new(),
            is_grpc: false,
            timeout_ms,
            max_answer_bytes: MAX_ANSWER_BYTES,
        }
    }

    /// A call of gRPC with one message each way. `method` is written `/package.Service/Method`.
    pub fn grpc(cluster: &Arc<str>, method: &str, message: &impl Message, timeout_ms: u64) -> Self {
        // The prefix of a message: not compressed, and its length.
        let mut body = vec![0; 5];
        let length = message.encoded_len() as u32;
        body[1..].copy_from_slice(&length.to_be_bytes());
        // A vector takes what it is given.
        let _ = message.encode(&mut body);
        let field = |name: &str, value: &str| (name.to_owned(), value.as_bytes().to_vec());
        Self {
            fields: vec![
                field("te", "trailers"),
                field("content-type", "application/grpc"),
                field("grpc-timeout", &format!("{}m", timeout_ms.clamp(1, 99_999_999))),
            ],
            body,
            is_grpc: true,
            ..Self::http(cluster, "POST", method, timeout_ms)
        }
    }

    /// Adds a field, or replaces those of its name.
    pub fn set(&mut self, name: &str, value: impl Into<Vec<u8>>) {
        self.fields.retain(|(other, _)| !other.eq_ignore_ascii_case(name));
        self.fields.push((name.to_owned(), value.into()));
    }
}

/// A call of a service of gRPC, as the configuration describes it.
pub(crate) fn to_service(service: &GrpcService, method: &str, message: &impl Message, default_timeout_ms: u64) -> Call {
    let timeout_ms = match service.timeout_ms {
        0 => default_timeout_ms,
        timeout_ms => timeout_ms,
    };
    let mut call = Call::grpc(&service.cluster, method, message, timeout_ms);
    call.authority = service.authority.as_bytes().to_vec();
    for (name, value) in &service.initial_metadata {
        call.set(name.as_str(), value.as_bytes());
    }
    call
}

/// An answer, complete.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Answer {
    /// Status of HTTP.
    pub status: u16,
    /// Fields with names in lower case; those of the trailers behind them.
    pub fields: Vec<(String, Vec<u8>)>,
    /// Content.
    pub body: Vec<u8>,
}

impl Answer {
    /// The first value of a field, whose name is given in lower case.
    pub fn header(&self, name: &str) -> Option<&[u8]> {
        let mut fields = self.fields.iter();
        fields.find(|(other, _)| other == name).map(|(_, value)| &**value)
    }

    /// The status of gRPC.
    pub fn grpc_status(&self) -> Option<u16> {
        std::str::from_utf8(self.header("grpc-status")?).ok()?.parse().ok()
    }

    /// The message of gRPC.
    pub fn message<M: Message + Default>(&self) -> Result<M, CallFailure> {
        match self.grpc_status() {
            Some(0) => {}
            Some(status) => return Err(CallFailure::Grpc(status)),
            None if self.status != 200 => return Err(CallFailure::Status(self.status)),
            None => return Err(CallFailure::Malformed),
        }
        let (prefix, message) = self.body.split_at_checked(5).ok_or(CallFailure::Malformed)?;
        let length = u32::from_be_bytes([prefix[1], prefix[2], prefix[3], prefix[4]]) as usize;
        // Compression was not offered.
        if prefix[0] != 0 || length != message.len() {
            return Err(CallFailure::Malformed);
        }
        M::decode(message).map_err(|_| CallFailure::Malformed)
    }
}

/// Why there is no answer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum CallFailure {
    /// The configuration has no such cluster.
    ClusterNotFound,
    /// No endpoint could be reached, or none answered; with Envoy's response code details.
    Unavailable(&'static str),
    /// No complete answer in time.
    Timeout,
    /// The answer is larger than allowed.
    TooLarge,
    /// The answer breaks its protocol.
    Malformed,
    /// A status of HTTP that is none of gRPC's.
    Status(u16),
    /// The service failed, with this status of gRPC.
    Grpc(u16),
}

impl fmt::Display for CallFailure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::ClusterNotFound => f.write_str("there is no such cluster"),
            Self::Unavailable(details) => f.write_str(details),
            Self::Timeout => f.write_str("no answer in time"),
            Self::TooLarge => f.write_str("the answer is too large"),
            Self::Malformed => f.write_str("the answer is malformed"),
            Self::Status(status) => write!(f, "the answer has status {status}"),
            Self::Grpc(status) => write!(f, "the call failed with gRPC status {status}"),
        }
    }
}

impl std::error::Error for CallFailure {}

#[cfg(test)]
mod tests {
    use messages::google::rpc::Status;

    use super::*;

    fn answer(status: &str, body: &[u8]) -> Answer {
        Answer {
            status: 200,
            fields: vec![("grpc-status".to_owned(), status.as_bytes().to_vec())],
            body: body.to_vec(),
        }
    }

    #[test]
    fn a_message_travels_behind_its_length() {
        let message = Status {
            code: 7,
            ..Status::default()
        };
        let call = Call::grpc(&"a".into(), "/a.B/C", &message, 20);
        assert_eq!(call.body[..5], [0, 0, 0, 0, 2]);
        assert_eq!(
            answer("0", &call.body).message::<Status>().map(|status| status.code),
            Ok(7)
        );
    }

    #[test]
    fn a_failed_call_has_no_message() {
        let of = |answer: Answer| answer.message::<Status>().map(|_| ()).unwrap_err();
        assert_eq!(of(answer("14", &[])), CallFailure::Grpc(14));
        assert_eq!(of(answer("0", &[0, 0, 0])), CallFailure::Malformed);
        assert_eq!(of(answer("0", &[1, 0, 0, 0, 0])), CallFailure::Malformed);
        let refused = Answer {
            status: 503,
            ..Answer::default()
        };
        assert_eq!(of(refused), CallFailure::Status(503));
    }
}
