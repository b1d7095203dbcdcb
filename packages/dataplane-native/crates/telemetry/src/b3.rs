//! B3, the headers by which Zipkin tells a trace onwards (<https://github.com/openzipkin/b3-propagation>).

use crate::trace_context::{TraceContext, hex, write_hex};

/// What headers of B3 say. Any part may be missing.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct B3 {
    /// Trace and span of the caller.
    pub ids: Option<([u8; 16], [u8; 8])>,
    /// The caller's parent.
    pub parent_span_id: Option<[u8; 8]>,
    /// Whether the trace is recorded; absent where that is left to us.
    pub sampled: Option<bool>,
}

/// A header's value of B3: trace ids of 8 bytes keep that length.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct B3Text {
    bytes: [u8; Self::MAX_BYTES],
    length: usize,
}

impl B3 {
    /// Reads the header `b3`: `{trace}-{span}-{sampled}-{parent}`, the last two optional, or a decision alone. What is
    /// malformed says nothing.
    pub fn parse_single(value: &[u8]) -> Self {
        let mut parts = value.trim_ascii().split(|byte| *byte == b'-');
        let Some(first) = parts.next() else {
            return Self::default();
        };
        let Some(span) = parts.next() else {
            return Self {
                sampled: sampled(first),
                ..Self::default()
            };
        };
        let ids = ids(first, span);
        if ids.is_none() {
            return Self::default();
        }
        Self {
            ids,
            sampled: parts.next().and_then(sampled),
            parent_span_id: parts.next().and_then(span_id),
        }
    }

    /// Reads the headers `x-b3-…` by what `header` says for each name.
    pub fn parse_multi<'a>(header: impl Fn(&str) -> Option<&'a [u8]>) -> Self {
        let is_debug = header("x-b3-flags") == Some(b"1");
        let said = header("x-b3-sampled").and_then(sampled);
        Self {
            ids: header("x-b3-traceid")
                .zip(header("x-b3-spanid"))
                .and_then(|(trace, span)| ids(trace, span)),
            parent_span_id: header("x-b3-parentspanid").and_then(span_id),
            sampled: if is_debug { Some(true) } else { said },
        }
    }
}

impl B3Text {
    const MAX_BYTES: usize = 32 + 1 + 16 + 2 + 17;

    /// A trace's id.
    pub fn trace_id(id: [u8; 16]) -> Self {
        let mut text = Self::default();
        text.push_trace_id(id);
        text
    }

    /// A span's id.
    pub fn span_id(id: [u8; 8]) -> Self {
        let mut text = Self::default();
        text.push_hex(&id);
        text
    }

    /// The value of the header `b3`.
    pub fn single(context: TraceContext, parent: Option<[u8; 8]>) -> Self {
        let mut text = Self::default();
        text.push_trace_id(context.trace_id);
        text.push(b'-');
        text.push_hex(&context.span_id);
        text.push(b'-');
        text.push(if context.sampled { b'1' } else { b'0' });
        if let Some(parent) = parent {
            text.push(b'-');
            text.push_hex(&parent);
        }
        text
    }

    /// The text.
    pub fn as_bytes(&self) -> &[u8] {
        &self.bytes[..self.length]
    }

    fn push_trace_id(&mut self, id: [u8; 16]) {
        if id[..8] == [0; 8] {
            self.push_hex(&id[8..]);
        } else {
            self.push_hex(&id);
        }
    }

    fn push(&mut self, byte: u8) {
        self.bytes[self.length] = byte;
        self.length += 1;
    }

    fn push_hex(&mut self, id: &[u8]) {
        let end = self.length + id.len() * 2;
        write_hex(id, &mut self.bytes[self.length..end]);
        self.length = end;
    }
}

impl Default for B3Text {
    fn default() -> Self {
        Self {
            bytes: [0; Self::MAX_BYTES],
            length: 0,
        }
    }
}

/// `d` is debug, which is more than sampled; `true` and `false` are what old tracers send.
fn sampled(value: &[u8]) -> Option<bool> {
    match value {
        b"1" | b"d" | b"true" => Some(true),
        b"0" | b"false" => Some(false),
        _ => None,
    }
}

fn ids(trace: &[u8], span: &[u8]) -> Option<([u8; 16], [u8; 8])> {
    let mut trace_id = [0; 16];
    match trace.len() {
        16 => trace_id[8..].copy_from_slice(&lower_hex::<8>(trace)?),
        32 => trace_id = lower_hex(trace)?,
        _ => return None,
    }
    let span_id = span_id(span)?;
    (trace_id != [0; 16]).then_some((trace_id, span_id))
}

fn span_id(text: &[u8]) -> Option<[u8; 8]> {
    (text.len() == 16).then(|| lower_hex(text))?.filter(|id| *id != [0; 8])
}

/// B3 does not say that letters are small, though they should be.
fn lower_hex<const N: usize>(digits: &[u8]) -> Option<[u8; N]> {
    let mut lower = [0; 32];
    let lower = lower.get_mut(..digits.len())?;
    lower.copy_from_slice(digits);
    lower.make_ascii_lowercase();
    hex(lower)
}

#[cfg(test)]
mod tests {
    use super::*;

    const TRACE: &str = "80f198ee56343ba864fe8b2a57d3eff7";
    const SPAN: &str = "e457b5a2e4d86bd1";

    #[test]
    fn one_header_says_everything() {
        let b3 = B3::parse_single(format!("{TRACE}-{SPAN}-1-05e3ac9a4f6e3b90").as_bytes());
        let (trace_id, span_id) = b3.ids.expect("ids");
        assert_eq!((b3.sampled, b3.parent_span_id.map(|id| id[0])), (Some(true), Some(5)));
        let context = TraceContext {
            trace_id,
            span_id,
            sampled: true,
        };
        assert_eq!(
            B3Text::single(context, b3.parent_span_id).as_bytes(),
            format!("{TRACE}-{SPAN}-1-05e3ac9a4f6e3b90").as_bytes()
        );
    }

    #[test]
    fn a_decision_may_stand_alone_or_be_missing() {
        assert_eq!(B3::parse_single(b"0").sampled, Some(false));
        assert_eq!(B3::parse_single(b"d").sampled, Some(true));
        let undecided = B3::parse_single(format!("{TRACE}-{SPAN}").as_bytes());
        assert!(undecided.ids.is_some() && undecided.sampled.is_none());
    }

    #[test]
    fn short_trace_ids_stay_short() {
        let (trace_id, span_id) = B3::parse_single(format!("{SPAN}-{SPAN}").as_bytes()).ids.expect("ids");
        assert_eq!(B3Text::trace_id(trace_id).as_bytes(), SPAN.as_bytes());
        assert_eq!(B3Text::span_id(span_id).as_bytes(), SPAN.as_bytes());
    }

    #[test]
    fn several_headers_say_the_same() {
        let headers = |flags: bool| {
            move |name: &str| match name {
                "x-b3-traceid" => Some(TRACE.as_bytes()),
                "x-b3-spanid" => Some(SPAN.as_bytes()),
                "x-b3-sampled" => Some(&b"0"[..]),
                "x-b3-flags" if flags => Some(&b"1"[..]),
                _ => None,
            }
        };
        let plain = B3::parse_multi(headers(false));
        assert_eq!((plain.ids.is_some(), plain.sampled), (true, Some(false)));
        assert_eq!(B3::parse_multi(headers(true)).sampled, Some(true), "debugging wins");
    }

    #[test]
    fn what_is_malformed_says_nothing() {
        for bad in [
            "",
            "x",
            "1-2-3",
            "zzf198ee56343ba864fe8b2a57d3eff7-e457b5a2e4d86bd1",
            "0000000000000000-e457b5a2e4d86bd1",
        ] {
            assert_eq!(B3::parse_single(bad.as_bytes()), B3::default(), "{bad}");
        }
    }
}
