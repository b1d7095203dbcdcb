//! Spans of traces.

use std::net::SocketAddr;

use crate::codec::{Decoder, put_address, put_bytes, put_u16, put_u32, put_u64};
use crate::export::ExporterId;
use crate::tags::TagSetId;
use crate::{LabelsId, ResponseFlags, StringId};

/// Which side of a call a span describes.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum SpanKind {
    /// The proxy in front of the server.
    #[default]
    Server,
    /// The proxy beside the client.
    Client,
}

/// One span that ended. Borrowed, like an access log entry.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Span<'a> {
    /// The trace.
    pub trace_id: [u8; 16],
    /// This span.
    pub span_id: [u8; 8],
    /// The span it is part of; absent for a root.
    pub parent_span_id: Option<[u8; 8]>,
    /// The side of the call.
    pub kind: SpanKind,
    /// The span's id is the caller's too (`shared` in Zipkin).
    pub is_shared: bool,
    /// What is shown: the route's name or the service.
    pub name: StringId,
    /// The route's operation, which exporters show; they show the name where it is empty.
    pub operation: StringId,
    /// Microseconds since the epoch.
    pub start_unix_us: i64,
    /// How long it took.
    pub duration_us: u64,
    /// Label set.
    pub labels: LabelsId,
    /// What the downstream got.
    pub response_code: u16,
    /// Envoy's flags.
    pub flags: ResponseFlags,
    /// For gRPC, its status.
    pub grpc_status: Option<u16>,
    /// Bytes of the request's body.
    pub request_bytes: u64,
    /// Bytes of the response's body.
    pub response_bytes: u64,
    /// Cluster name.
    pub upstream_cluster: StringId,
    /// The endpoint.
    pub upstream_host: Option<SocketAddr>,
    /// The client.
    pub downstream_remote: Option<SocketAddr>,
    /// The client came by TLS.
    pub is_https: bool,
    /// `HTTP/1.1`, `HTTP/2`.
    pub protocol: &'a str,
    /// Method.
    pub method: &'a [u8],
    /// Path.
    pub path: &'a [u8],
    /// `host` or `:authority`.
    pub authority: &'a [u8],
    /// `user-agent`.
    pub user_agent: &'a [u8],
    /// `x-request-id`.
    pub request_id: &'a [u8],
    /// Where it goes besides the report.
    pub exporter: Option<ExporterId>,
    /// What it tells besides; of one name the later set's.
    pub tags: [TagSetId; 2],
    /// The values of the sets' captures, one set after the other.
    pub captured: &'a [u8],
}

impl Default for Span<'_> {
    fn default() -> Self {
        Self {
            trace_id: [0; 16],
            span_id: [0; 8],
            parent_span_id: None,
            kind: SpanKind::Server,
            is_shared: false,
            name: StringId::EMPTY,
            operation: StringId::EMPTY,
            start_unix_us: 0,
            duration_us: 0,
            labels: LabelsId::OTHER,
            response_code: 0,
            flags: ResponseFlags::NONE,
            grpc_status: None,
            request_bytes: 0,
            response_bytes: 0,
            upstream_cluster: StringId::EMPTY,
            upstream_host: None,
            downstream_remote: None,
            is_https: false,
            protocol: "",
            method: b"",
            path: b"",
            authority: b"",
            user_agent: b"",
            request_id: b"",
            exporter: None,
            tags: [TagSetId::NONE; 2],
            captured: b"",
        }
    }
}

impl<'a> Span<'a> {
    /// `is_reported`: it goes into the report too.
    pub(crate) fn encode(&self, is_reported: bool, out: &mut Vec<u8>) {
        out.clear();
        out.push(u8::from(is_reported));
        out.extend_from_slice(&self.trace_id);
        out.extend_from_slice(&self.span_id);
        out.extend_from_slice(&self.parent_span_id.unwrap_or_default());
        out.push(u8::from(self.kind == SpanKind::Client));
        out.push(u8::from(self.is_shared));
        out.push(u8::from(self.is_https));
        for string in [self.name, self.operation, self.upstream_cluster] {
            put_u32(out, string.0);
        }
        put_u64(out, self.start_unix_us.cast_unsigned());
        put_u64(out, self.duration_us);
        put_u32(out, self.labels.0);
        put_u16(out, self.response_code);
        put_u32(out, self.flags.bits());
        put_u16(out, self.grpc_status.map_or(0, |status| status.saturating_add(1)));
        put_u64(out, self.request_bytes);
        put_u64(out, self.response_bytes);
        put_address(out, self.upstream_host);
        put_address(out, self.downstream_remote);
        put_bytes(out, self.protocol.as_bytes());
        for bytes in [self.method, self.path, self.authority, self.user_agent, self.request_id] {
            put_bytes(out, bytes);
        }
        put_u16(out, self.exporter.map_or(0, |exporter| exporter.0 + 1));
        for tags in self.tags {
            put_u16(out, tags.0);
        }
        out.extend_from_slice(self.captured);
    }

    /// The span, and whether it goes into the report.
    pub(crate) fn decode(record: &'a [u8]) -> Option<(bool, Self)> {
        let mut from = Decoder(record);
        let is_reported = from.u8()? == 1;
        let span = Self {
            trace_id: from.array()?,
            span_id: from.array()?,
            parent_span_id: Some(from.array()?).filter(|id| *id != [0; 8]),
            kind: if from.u8()? == 1 {
                SpanKind::Client
            } else {
                SpanKind::Server
            },
            is_shared: from.u8()? == 1,
            is_https: from.u8()? == 1,
            name: StringId(from.u32()?),
            operation: StringId(from.u32()?),
            upstream_cluster: StringId(from.u32()?),
            start_unix_us: from.u64()?.cast_signed(),
            duration_us: from.u64()?,
            labels: LabelsId(from.u32()?),
            response_code: from.u16()?,
            flags: ResponseFlags::from_bits(from.u32()?),
            grpc_status: from.u16()?.checked_sub(1),
            request_bytes: from.u64()?,
            response_bytes: from.u64()?,
            upstream_host: from.address()?,
            downstream_remote: from.address()?,
            protocol: from.str()?,
            method: from.bytes()?,
            path: from.bytes()?,
            authority: from.bytes()?,
            user_agent: from.bytes()?,
            request_id: from.bytes()?,
            exporter: from.u16()?.checked_sub(1).map(ExporterId),
            tags: [TagSetId(from.u16()?), TagSetId(from.u16()?)],
            captured: from.0,
        };
        Some((is_reported, span))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_span_comes_back_as_it_went_in() {
        let span = Span {
            trace_id: [1; 16],
            span_id: [2; 8],
            parent_span_id: Some([3; 8]),
            kind: SpanKind::Client,
            is_shared: true,
            name: StringId(4),
            operation: StringId(8),
            start_unix_us: 5,
            duration_us: 6,
            labels: LabelsId(7),
            response_code: 404,
            flags: ResponseFlags::NO_ROUTE,
            grpc_status: Some(0),
            request_bytes: 9,
            response_bytes: 10,
            upstream_cluster: StringId(11),
            upstream_host: "127.0.0.1:80".parse().ok(),
            downstream_remote: "[::1]:5000".parse().ok(),
            is_https: true,
            protocol: "HTTP/2",
            method: b"GET",
            path: b"/",
            authority: b"reviews",
            user_agent: b"node",
            request_id: b"id",
            exporter: Some(ExporterId(0)),
            tags: [TagSetId(1), TagSetId(2)],
            captured: b"values",
        };
        let mut record = Vec::new();
        span.encode(true, &mut record);
        assert_eq!(Span::decode(&record), Some((true, span)));
    }
}
