//! W3C trace context (version 00) and request ids.

/// Which trace a request belongs to and which span is its parent.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct TraceContext {
    /// The trace.
    pub trace_id: [u8; 16],
    /// The span that calls: the peer's where parsed, ours where sent on.
    pub span_id: [u8; 8],
    /// Whether spans are recorded.
    pub sampled: bool,
}

impl TraceContext {
    /// Length of a `traceparent` header's value.
    pub const TEXT_BYTES: usize = 55;

    /// Reads a `traceparent` header. Unknown versions are read as far as version 00 goes (section 4.3); anything malformed
    /// or all-zero is none.
    pub fn parse(header: &[u8]) -> Option<Self> {
        let (known, rest) = header.split_first_chunk::<{ Self::TEXT_BYTES }>()?;
        let version = hex::<1>(&known[0..2])?[0];
        let separated = [2, 35, 52].iter().all(|place| known[*place] == b'-');
        let ends = rest.is_empty() || (version > 0 && rest[0] == b'-');
        if version == 0xff || !separated || !ends {
            return None;
        }
        let trace_id = hex::<16>(&known[3..35])?;
        let span_id = hex::<8>(&known[36..52])?;
        let sampled = hex::<1>(&known[53..55])?[0] & 1 == 1;
        (trace_id != [0; 16] && span_id != [0; 8]).then_some(Self {
            trace_id,
            span_id,
            sampled,
        })
    }

    /// A new trace with a first span.
    pub fn generate(sampled: bool) -> Self {
        Self {
            trace_id: (fastrand::u128(..) | 1).to_be_bytes(),
            span_id: new_span_id(),
            sampled,
        }
    }

    /// A new trace whose id has 8 bytes, as old collectors of Zipkin want it.
    pub fn generate_short(sampled: bool) -> Self {
        let mut context = Self::generate(sampled);
        context.trace_id[..8].fill(0);
        context
    }

    /// The same trace with a new span: what is sent on.
    #[must_use]
    pub fn child(self) -> Self {
        Self {
            span_id: new_span_id(),
            ..self
        }
    }

    /// The header's value.
    pub fn to_text(self) -> [u8; Self::TEXT_BYTES] {
        let mut text = *b"00-00000000000000000000000000000000-0000000000000000-00";
        write_hex(&self.trace_id, &mut text[3..35]);
        write_hex(&self.span_id, &mut text[36..52]);
        text[54] = if self.sampled { b'1' } else { b'0' };
        text
    }
}

/// A random UUID (version 4) for `x-request-id`.
pub fn new_request_id() -> [u8; 36] {
    const VERSION_AND_VARIANT: u128 = 0xf000_c000_0000_0000_0000;
    let bits = fastrand::u128(..) & !VERSION_AND_VARIANT | 0x4000_8000_0000_0000_0000;
    let bytes = bits.to_be_bytes();
    let mut text = [b'-'; 36];
    for (from, to) in [
        (0..4, 0..8),
        (4..6, 9..13),
        (6..8, 14..18),
        (8..10, 19..23),
        (10..16, 24..36),
    ] {
        write_hex(&bytes[from], &mut text[to]);
    }
    text
}

/// A random id for a span.
pub fn new_span_id() -> [u8; 8] {
    (fastrand::u64(..) | 1).to_be_bytes()
}

pub(crate) fn hex<const N: usize>(digits: &[u8]) -> Option<[u8; N]> {
    let mut bytes = [0; N];
    for (byte, pair) in bytes.iter_mut().zip(digits.chunks_exact(2)) {
        *byte = digit(pair[0])? << 4 | digit(pair[1])?;
    }
    Some(bytes)
}

/// Upper-case digits are not allowed (section 3.2.2).
fn digit(character: u8) -> Option<u8> {
    match character {
        b'0'..=b'9' => Some(character - b'0'),
        b'a'..=b'f' => Some(character - b'a' + 10),
        _ => None,
    }
}

pub(crate) fn write_hex(bytes: &[u8], out: &mut [u8]) {
    const DIGITS: &[u8; 16] = b"0123456789abcdef";
    for (byte, pair) in bytes.iter().zip(out.chunks_exact_mut(2)) {
        pair[0] = DIGITS[usize::from(byte >> 4)];
        pair[1] = DIGITS[usize::from(byte & 15)];
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const EXAMPLE: &[u8] = b"00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01";

    #[test]
    fn a_traceparent_is_read_and_written() {
        let context = TraceContext::parse(EXAMPLE).expect("context");
        assert!(context.sampled);
        assert_eq!(context.to_text(), EXAMPLE);
        let child = context.child();
        assert_eq!((child.trace_id, child.sampled), (context.trace_id, true));
        assert_ne!(child.span_id, context.span_id);
    }

    #[test]
    fn malformed_headers_are_ignored() {
        let zero_trace = b"00-00000000000000000000000000000000-00f067aa0ba902b7-01";
        let upper = b"00-4BF92F3577B34DA6A3CE929D0E0E4736-00f067aa0ba902b7-01";
        let longer = [EXAMPLE, b"-more"].concat();
        for bad in [b"".as_slice(), b"00-1-2-3", zero_trace, upper, &longer, &EXAMPLE[..54]] {
            assert_eq!(TraceContext::parse(bad), None, "{:?}", String::from_utf8_lossy(bad));
        }
        let mut future = longer.clone();
        future[1] = b'1';
        assert!(TraceContext::parse(&future).is_some());
    }

    #[test]
    fn request_ids_are_version_4_uuids() {
        let id = new_request_id();
        assert_eq!((id[8], id[13], id[14], id[18], id[23]), (b'-', b'-', b'4', b'-', b'-'));
        assert!(b"89ab".contains(&id[19]), "{:?}", String::from_utf8_lossy(&id));
        assert_ne!(id, new_request_id());
    }
}
