//! What is kept of one request for logs.

use std::net::SocketAddr;

use crate::codec::{Decoder, put_address, put_bytes, put_u16, put_u32, put_u64};
use crate::{LabelsId, LogTargets, ResponseFlags, StringId};

/// One request (or TCP connection) that ended. Everything is borrowed: it is copied into a ring, and formatted by the
/// thread that reads the ring.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct AccessLog<'a> {
    /// When the first byte of the request came, microseconds since the epoch.
    pub start_unix_us: i64,
    /// From then to the last byte of the response.
    pub duration_us: u64,
    /// Label set.
    pub labels: LabelsId,
    /// Method; empty for TCP.
    pub method: &'a [u8],
    /// Path with query, as the client sent it.
    pub path: &'a [u8],
    /// `HTTP/1.1`, `HTTP/2`; empty for TCP.
    pub protocol: &'a str,
    /// `host` or `:authority`.
    pub authority: &'a [u8],
    /// What the downstream got; 0 where it got nothing.
    pub response_code: u16,
    /// Envoy's flags.
    pub flags: ResponseFlags,
    /// Envoy's details: `via_upstream`, `route_not_found` …
    pub details: &'a str,
    /// Why the connection was ended, where it was by us.
    pub termination_details: &'a str,
    /// Why there was no connection to the upstream (TLS errors, say).
    pub upstream_failure: &'a str,
    /// Bytes of the request's body.
    pub request_bytes: u64,
    /// Bytes of the response's body.
    pub response_bytes: u64,
    /// Until the upstream's first byte; 0 where there was none.
    pub upstream_duration_us: u64,
    /// `x-forwarded-for`.
    pub forwarded_for: &'a [u8],
    /// `user-agent`.
    pub user_agent: &'a [u8],
    /// `x-request-id`.
    pub request_id: &'a [u8],
    /// The trace the request belongs to.
    pub trace_id: Option<[u8; 16]>,
    /// Route name.
    pub route: StringId,
    /// Cluster name.
    pub upstream_cluster: StringId,
    /// The endpoint.
    pub upstream_host: Option<SocketAddr>,
    /// Our end of the upstream connection.
    pub upstream_local: Option<SocketAddr>,
    /// Our end of the downstream connection.
    pub downstream_local: Option<SocketAddr>,
    /// The client.
    pub downstream_remote: Option<SocketAddr>,
    /// TLS server name the client asked for.
    pub server_name: &'a str,
    /// How often an upstream was tried.
    pub attempts: u32,
    /// The status of gRPC; none for other requests.
    pub grpc_status: Option<u16>,
    /// What a response that is made here would have for a body. Not recorded.
    pub local_reply_body: &'a [u8],
    /// Values that the formats of the targets want besides: for each target in ascending order those of its captures,
    /// written by a [`CaptureWriter`](crate::CaptureWriter).
    pub captured: &'a [u8],
}

impl Default for AccessLog<'_> {
    fn default() -> Self {
        Self {
            start_unix_us: 0,
            duration_us: 0,
            labels: LabelsId::OTHER,
            method: b"",
            path: b"",
            protocol: "",
            authority: b"",
            response_code: 0,
            flags: ResponseFlags::NONE,
            details: "",
            termination_details: "",
            upstream_failure: "",
            request_bytes: 0,
            response_bytes: 0,
            upstream_duration_us: 0,
            forwarded_for: b"",
            user_agent: b"",
            request_id: b"",
            trace_id: None,
            route: StringId::EMPTY,
            upstream_cluster: StringId::EMPTY,
            upstream_host: None,
            upstream_local: None,
            downstream_local: None,
            downstream_remote: None,
            server_name: "",
            attempts: 0,
            grpc_status: None,
            local_reply_body: b"",
            captured: b"",
        }
    }
}

/// Whether and where a request is logged; decided before anything is gathered.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct LogDecision {
    pub(crate) sampled: bool,
    pub(crate) targets: LogTargets,
}

impl LogDecision {
    /// The same with these targets.
    #[must_use]
    pub fn to(self, targets: LogTargets) -> Self {
        Self { targets, ..self }
    }

    /// Nothing needs to be gathered.
    pub fn is_none(self) -> bool {
        !self.sampled && self.targets.is_empty()
    }
}

impl<'a> AccessLog<'a> {
    pub(crate) fn encode(&self, decision: LogDecision, out: &mut Vec<u8>) {
        out.clear();
        out.push(u8::from(decision.sampled));
        put_u64(out, decision.targets.bits());
        put_u64(out, self.start_unix_us.cast_unsigned());
        put_u64(out, self.duration_us);
        put_u32(out, self.labels.0);
        put_u32(out, self.flags.bits());
        put_u16(out, self.response_code);
        put_u64(out, self.request_bytes);
        put_u64(out, self.response_bytes);
        put_u64(out, self.upstream_duration_us);
        put_u32(out, self.route.0);
        put_u32(out, self.upstream_cluster.0);
        put_u32(out, self.attempts);
        put_u16(out, self.grpc_status.map_or(0, |status| status.saturating_add(1)));
        put_bytes(out, self.trace_id.as_ref().map_or(&[], |id| id.as_slice()));
        for address in [
            self.upstream_host,
            self.upstream_local,
            self.downstream_local,
            self.downstream_remote,
        ] {
            put_address(out, address);
        }
        for text in [
            self.protocol,
            self.details,
            self.termination_details,
            self.upstream_failure,
            self.server_name,
        ] {
            put_bytes(out, cut_at_character(text).as_bytes());
        }
        for bytes in [
            self.method,
            self.path,
            self.authority,
            self.forwarded_for,
            self.user_agent,
            self.request_id,
        ] {
            put_bytes(out, bytes);
        }
        out.extend_from_slice(self.captured);
    }

    pub(crate) fn decode(record: &'a [u8]) -> Option<(LogDecision, Self)> {
        let mut from = Decoder(record);
        let decision = LogDecision {
            sampled: from.u8()? == 1,
            targets: LogTargets::from_bits(from.u64()?),
        };
        let log = Self {
            start_unix_us: from.u64()?.cast_signed(),
            duration_us: from.u64()?,
            labels: LabelsId(from.u32()?),
            flags: ResponseFlags::from_bits(from.u32()?),
            response_code: from.u16()?,
            request_bytes: from.u64()?,
            response_bytes: from.u64()?,
            upstream_duration_us: from.u64()?,
            route: StringId(from.u32()?),
            upstream_cluster: StringId(from.u32()?),
            attempts: from.u32()?,
            grpc_status: from.u16()?.checked_sub(1),
            trace_id: from.bytes()?.try_into().ok(),
            upstream_host: from.address()?,
            upstream_local: from.address()?,
            downstream_local: from.address()?,
            downstream_remote: from.address()?,
            protocol: from.str()?,
            details: from.str()?,
            termination_details: from.str()?,
            upstream_failure: from.str()?,
            server_name: from.str()?,
            method: from.bytes()?,
            path: from.bytes()?,
            authority: from.bytes()?,
            forwarded_for: from.bytes()?,
            user_agent: from.bytes()?,
            request_id: from.bytes()?,
            local_reply_body: b"",
            captured: from.0,
        };
        Some((decision, log))
    }
}

/// Text that is cut must stay UTF-8.
fn cut_at_character(text: &str) -> &str {
    const MAX_TEXT_BYTES: usize = 512;
    let mut end = text.len().min(MAX_TEXT_BYTES);
    while !text.is_char_boundary(end) {
        end -= 1;
    }
    &text[..end]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_record_comes_back_as_it_went_in() {
        let log = AccessLog {
            start_unix_us: 1_700_000_000_000_001,
            duration_us: 1234,
            labels: LabelsId(7),
            method: b"GET",
            path: b"/reviews/0?x=1",
            protocol: "HTTP/1.1",
            response_code: 503,
            flags: ResponseFlags::NO_HEALTHY_UPSTREAM,
            details: "no_healthy_upstream",
            upstream_failure: "grüße",
            trace_id: Some([9; 16]),
            route: StringId(3),
            upstream_host: "127.0.0.1:80".parse().ok(),
            downstream_remote: "[::1]:5000".parse().ok(),
            attempts: 2,
            grpc_status: Some(4),
            captured: b"more",
            ..AccessLog::default()
        };
        let decision = LogDecision {
            sampled: true,
            targets: LogTargets::from_bits(5),
        };
        let mut record = Vec::new();
        log.encode(decision, &mut record);
        assert_eq!(AccessLog::decode(&record), Some((decision, log)));
        assert_eq!(AccessLog::decode(&record[..record.len() - 5]), None);
    }

    #[test]
    fn overlong_text_is_cut() {
        let path = [b'a'; 5000];
        let details = "ä".repeat(5000);
        let mut record = Vec::new();
        AccessLog {
            path: &path,
            details: &details,
            ..AccessLog::default()
        }
        .encode(LogDecision::default(), &mut record);
        let (_, log) = AccessLog::decode(&record).expect("record");
        assert!(log.path.len() < 5000 && log.details.len() < 5000);
    }
}
