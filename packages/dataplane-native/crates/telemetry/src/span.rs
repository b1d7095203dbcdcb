//! Spans of traces.

use crate::codec::{Decoder, put_bytes, put_u16, put_u32, put_u64};
use crate::{LabelsId, ResponseFlags, StringId};

/// Which side of a call a span describes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum SpanKind {
    /// The proxy in front of the server.
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
    /// What is shown: the route's name or the service.
    pub name: StringId,
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
    /// Method.
    pub method: &'a [u8],
    /// Path.
    pub path: &'a [u8],
    /// `host` or `:authority`.
    pub authority: &'a [u8],
}

impl<'a> Span<'a> {
    pub(crate) fn encode(&self, out: &mut Vec<u8>) {
        out.clear();
        out.extend_from_slice(&self.trace_id);
        out.extend_from_slice(&self.span_id);
        out.extend_from_slice(&self.parent_span_id.unwrap_or_default());
        out.push(u8::from(self.kind == SpanKind::Client));
        put_u32(out, self.name.0);
        put_u64(out, self.start_unix_us.cast_unsigned());
        put_u64(out, self.duration_us);
        put_u32(out, self.labels.0);
        put_u16(out, self.response_code);
        put_u32(out, self.flags.bits());
        put_bytes(out, self.method);
        put_bytes(out, self.path);
        put_bytes(out, self.authority);
    }

    pub(crate) fn decode(record: &'a [u8]) -> Option<Self> {
        let mut from = Decoder(record);
        Some(Self {
            trace_id: from.array()?,
            span_id: from.array()?,
            parent_span_id: Some(from.array()?).filter(|id| *id != [0; 8]),
            kind: if from.u8()? == 1 {
                SpanKind::Client
            } else {
                SpanKind::Server
            },
            name: StringId(from.u32()?),
            start_unix_us: from.u64()?.cast_signed(),
            duration_us: from.u64()?,
            labels: LabelsId(from.u32()?),
            response_code: from.u16()?,
            flags: ResponseFlags::from_bits(from.u32()?),
            method: from.bytes()?,
            path: from.bytes()?,
            authority: from.bytes()?,
        })
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
            name: StringId(4),
            start_unix_us: 5,
            duration_us: 6,
            labels: LabelsId(7),
            response_code: 404,
            flags: ResponseFlags::NO_ROUTE,
            method: b"GET",
            path: b"/",
            authority: b"reviews",
        };
        let mut record = Vec::new();
        span.encode(&mut record);
        assert_eq!(Span::decode(&record), Some(span));
    }
}
