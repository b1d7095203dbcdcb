//! From decompressed fields to a head in the form of HTTP/1's (RFC 9113 section 8).
//!
//! The text is: the values of the pseudo-header fields, one behind the other, then a line `name: value` for each field.
//! Ranges point into it, as they do into the bytes of a parsed HTTP/1 head.

use super::hpack::FieldSink;
use crate::{
    Buffer, BufferPool, Framing, HeadError, Limits, Method, RequestHead, ResponseHead, Version,
    body::is_token,
    head::{Fields, Known, Span, TargetForm},
    host::{is_host, is_host_with_port},
};

/// What a block of fields stands for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Block {
    Request,
    Response,
    Trailers,
}

/// Why a block is no message (section 8.1.1); the stream is reset.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Malformed(pub(crate) &'static str);

/// A head as it was received. Reused, so that its list keeps its memory.
#[derive(Debug, Default)]
pub(crate) struct Head {
    pub(crate) text: Buffer,
    fields: Fields,
    method: Option<Span>,
    path: Option<Span>,
    authority: Option<Span>,
    scheme: Option<Span>,
    protocol: Option<Span>,
    status: u16,
    pub(crate) content_length: Option<u64>,
    /// Larger than the limits: the rest was thrown away.
    pub(crate) too_large: Option<HeadError>,
}

impl Head {
    pub(crate) fn clear(&mut self, pool: &BufferPool) {
        pool.give(std::mem::take(&mut self.text));
        self.fields.clear();
        (self.method, self.path, self.authority, self.scheme, self.protocol) = (None, None, None, None, None);
        self.status = 0;
        self.content_length = None;
        self.too_large = None;
    }

    pub(crate) fn status(&self) -> u16 {
        self.status
    }

    pub(crate) fn is_connect(&self) -> bool {
        self.method
            .is_some_and(|method| method.of(self.text.filled()) == b"CONNECT")
    }

    /// Hands the request over: its text, and the ranges in `request`, whose lists come back here.
    pub(crate) fn take_request(&mut self, request: &mut RequestHead, has_body: bool) -> Buffer {
        std::mem::swap(&mut self.fields, &mut request.fields);
        let text = std::mem::take(&mut self.text);
        let bytes = text.filled();
        let method = self.method.unwrap_or_default();
        request.method_text = method;
        request.method = Method::parse(method.of(bytes));
        // An extended CONNECT opens what an upgrade opens in HTTP/1.1 (RFC 8441).
        let is_tunnel = request.method == Method::Connect && self.protocol.is_none();
        request.form = if is_tunnel {
            TargetForm::Authority
        } else if self.path.is_some_and(|path| path.of(bytes) == b"*") {
            TargetForm::Asterisk
        } else {
            TargetForm::Origin
        };
        let host = request.fields.known(Known::Host).map(|field| field.value);
        request.authority = self.authority.or(host).unwrap_or_default();
        request.path = self.path.unwrap_or_default();
        request.target = if is_tunnel { request.authority } else { request.path };
        request.is_https_target = self.scheme.is_some_and(|scheme| scheme.of(bytes) == b"https");
        request.version = Version::Http2;
        request.framing = if has_body { Framing::Close } else { Framing::None };
        request.keep_alive = true;
        request.upgrade_to = self.protocol.unwrap_or_default();
        request.wants_upgrade = self.protocol.is_some();
        request.expects_continue = false;
        request.len = bytes.len();
        text
    }

    /// Hands the response over.
    pub(crate) fn take_response(&mut self, response: &mut ResponseHead, has_body: bool) -> Buffer {
        std::mem::swap(&mut self.fields, &mut response.fields);
        response.status = self.status;
        response.reason = Span::default();
        response.version = Version::Http2;
        response.framing = if has_body { Framing::Close } else { Framing::None };
        response.keep_alive = true;
        response.len = self.text.len();
        std::mem::take(&mut self.text)
    }

    /// Hands trailers over: lines of text and their ranges.
    pub(crate) fn take_trailers(&mut self, fields: &mut Fields) -> Buffer {
        std::mem::swap(&mut self.fields, fields);
        std::mem::take(&mut self.text)
    }
}

/// Writes a head from the fields of a block.
pub(crate) struct HeadWriter<'a> {
    head: &'a mut Head,
    pool: &'a BufferPool,
    limits: Limits,
    block: Block,
    /// Fields that are not pseudo-header fields have begun.
    has_fields: bool,
    fault: Option<Malformed>,
    /// Pieces of `cookie`, joined as HTTP/1 has them (section 8.2.3).
    cookies: &'a mut Vec<u8>,
    size: usize,
}

impl<'a> HeadWriter<'a> {
    pub(crate) fn new(
        head: &'a mut Head,
        pool: &'a BufferPool,
        limits: Limits,
        block: Block,
        cookies: &'a mut Vec<u8>,
    ) -> Self {
        cookies.clear();
        head.clear(pool);
        Self {
            head,
            pool,
            limits,
            block,
            has_fields: false,
            fault: None,
            cookies,
            size: 0,
        }
    }

    /// After the last field: whether it was a message.
    pub(crate) fn finish(mut self) -> Result<(), Malformed> {
        if !self.cookies.is_empty() {
            let cookies = std::mem::take(self.cookies);
            self.line(b"cookie", &cookies);
            *self.cookies = cookies;
        }
        if !self.has_fields {
            self.begin_fields();
        }
        self.head.fields.end = self.head.text.len() as u32;
        if let Some(fault) = self.fault {
            return Err(fault);
        }
        match self.block {
            Block::Request => self.check_request(),
            Block::Response if self.head.status == 0 => Err(Malformed("http2.missing_status")),
            Block::Response | Block::Trailers => Ok(()),
        }
    }

    fn check_request(&self) -> Result<(), Malformed> {
        let head = &*self.head;
        let text = head.text.filled();
        let Some(method) = head.method else {
            return Err(Malformed("http2.missing_method"));
        };
        if method.of(text) == b"CONNECT" && head.protocol.is_none() {
            // Section 8.5.
            let is_target = |authority: Span| is_host_with_port(authority.of(text));
            return if head.scheme.is_some() || head.path.is_some() || !head.authority.is_some_and(is_target) {
                Err(Malformed("http2.invalid_connect"))
            } else {
                Ok(())
            };
        }
        if head.protocol.is_some() && (method.of(text) != b"CONNECT" || head.authority.is_none()) {
            return Err(Malformed("http2.invalid_connect"));
        }
        if head.scheme.is_none_or(Span::is_empty) {
            return Err(Malformed("http2.missing_scheme"));
        }
        let path = head.path.unwrap_or_default().of(text);
        if !(path.starts_with(b"/") || path == b"*" && method.of(text) == b"OPTIONS") {
            return Err(Malformed("http2.invalid_path"));
        }
        // Section 8.3.1: both may be there, but must not say different things.
        let host = head.fields.known(Known::Host).map(|field| field.value.of(text));
        match (head.authority, host) {
            (Some(authority), Some(host)) if !authority.of(text).eq_ignore_ascii_case(host) => {
                Err(Malformed("http2.host_mismatch"))
            }
            (None, None) => Err(Malformed("http2.missing_authority")),
            _ => Ok(()),
        }
    }

    fn begin_fields(&mut self) {
        self.has_fields = true;
        self.head.fields.start = self.head.text.len() as u32;
    }

    fn append(&mut self, bytes: &[u8]) -> Span {
        let start = self.head.text.len() as u32;
        if !self.pool.append(&mut self.head.text, bytes) {
            self.head.too_large = Some(HeadError::TooLarge);
            return Span::default();
        }
        Span {
            start,
            len: bytes.len() as u32,
        }
    }

    fn line(&mut self, name: &[u8], value: &[u8]) {
        if !self.has_fields {
            self.begin_fields();
        }
        if self.head.fields.as_slice().len() >= self.limits.max_fields.min(Limits::FIELDS) {
            self.head.too_large = Some(HeadError::TooManyFields);
            return;
        }
        let name = self.append(name);
        self.append(b": ");
        let value = self.append(value);
        self.append(b"\r\n");
        if self.head.too_large.is_none() {
            self.head.fields.push_spans(self.head.text.filled(), name, value);
        }
    }

    fn pseudo(&mut self, name: &[u8], value: &[u8]) -> Result<(), Malformed> {
        const REPEATED: Malformed = Malformed("http2.repeated_pseudo_header");
        if self.has_fields {
            return Err(Malformed("http2.late_pseudo_header"));
        }
        match (self.block, name) {
            (Block::Request, b":method" | b":path" | b":authority" | b":scheme" | b":protocol") => {
                let is_valid = match name {
                    b":method" | b":protocol" => !value.is_empty() && value.iter().copied().all(is_token),
                    b":path" if value.len() > self.limits.max_target_bytes => {
                        self.head.too_large = Some(HeadError::TargetTooLong);
                        return Ok(());
                    }
                    b":authority" => is_host(value),
                    _ => value.iter().all(u8::is_ascii_graphic),
                };
                if !is_valid {
                    return Err(Malformed("http2.invalid_pseudo_header"));
                }
                let span = self.append(value);
                let head = &mut *self.head;
                let slot = match name {
                    b":method" => &mut head.method,
                    b":path" => &mut head.path,
                    b":authority" => &mut head.authority,
                    b":scheme" => &mut head.scheme,
                    _ => &mut head.protocol,
                };
                if slot.replace(span).is_some() {
                    Err(REPEATED)
                } else {
                    Ok(())
                }
            }
            (Block::Response, b":status") => {
                let digits: Option<[u8; 3]> = value.try_into().ok();
                let status = digits
                    .filter(|digits| digits.iter().all(u8::is_ascii_digit))
                    .map_or(0, |digits| {
                        digits.iter().fold(0, |sum, digit| sum * 10 + u16::from(digit - b'0'))
                    });
                if status < 100 {
                    return Err(Malformed("http2.invalid_status"));
                }
                if std::mem::replace(&mut self.head.status, status) != 0 {
                    return Err(REPEATED);
                }
                Ok(())
            }
            _ => Err(Malformed("http2.unknown_pseudo_header")),
        }
    }

    fn regular(&mut self, name: &[u8], value: &[u8]) -> Result<(), Malformed> {
        if name.is_empty() || !name.iter().all(|byte| is_token(*byte) && !byte.is_ascii_uppercase()) {
            return Err(Malformed("http2.invalid_field_name"));
        }
        let is_text = |byte: &u8| matches!(byte, b'\t' | 0x20..=0x7e | 0x80..=0xff);
        let has_space = |byte: Option<&u8>| matches!(byte, Some(b' ' | b'\t'));
        if !value.iter().all(is_text) || has_space(value.first()) || has_space(value.last()) {
            return Err(Malformed("http2.invalid_field_value"));
        }
        match name {
            // Section 8.2.2: what concerns one connection of HTTP/1.
            b"connection" | b"keep-alive" | b"proxy-connection" | b"transfer-encoding" | b"upgrade" => {
                return Err(Malformed("http2.connection_specific_field"));
            }
            b"te" if value != b"trailers" => return Err(Malformed("http2.invalid_te")),
            b"content-length" if self.block != Block::Trailers => {
                if self.head.content_length.is_some() {
                    return Err(Malformed("http2.repeated_content_length"));
                }
                self.head.content_length = Some(parse_length(value).ok_or(Malformed("http2.invalid_content_length"))?);
            }
            b"host" if self.head.fields.known(Known::Host).is_some() => return Err(Malformed("http2.repeated_host")),
            b"host" if value.is_empty() || !is_host(value) => {
                return Err(Malformed("http2.invalid_host"));
            }
            b"cookie" if self.block == Block::Request => {
                if !self.has_fields {
                    self.begin_fields();
                }
                if !self.cookies.is_empty() {
                    self.cookies.extend_from_slice(b"; ");
                }
                self.cookies.extend_from_slice(value);
                return Ok(());
            }
            _ => {}
        }
        self.line(name, value);
        Ok(())
    }
}

fn parse_length(value: &[u8]) -> Option<u64> {
    if value.is_empty() || value.len() > 18 || !value.iter().all(u8::is_ascii_digit) {
        return None;
    }
    Some(value.iter().fold(0, |sum, digit| sum * 10 + u64::from(digit - b'0')))
}

impl FieldSink for HeadWriter<'_> {
    fn field(&mut self, name: &[u8], value: &[u8]) {
        // The whole block is read in any case: the state of the compression goes on.
        self.size += name.len() + value.len() + 4;
        if self.size > self.limits.max_head_bytes {
            self.head.too_large.get_or_insert(HeadError::TooLarge);
        }
        if self.fault.is_some() || self.head.too_large.is_some() {
            return;
        }
        let result = if name.first() == Some(&b':') {
            self.pseudo(name, value)
        } else {
            self.regular(name, value)
        };
        self.fault = result.err();
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{Edits, RequestView, h1};

    fn written(block: Block, list: &[(&str, &str)]) -> Result<Head, Malformed> {
        let pool = BufferPool::default();
        let (mut head, mut cookies) = (Head::default(), Vec::new());
        let mut writer = HeadWriter::new(&mut head, &pool, Limits::default(), block, &mut cookies);
        for (name, value) in list {
            writer.field(name.as_bytes(), value.as_bytes());
        }
        writer.finish()?;
        Ok(head)
    }

    const REQUEST: [(&str, &str); 4] = [
        (":method", "GET"),
        (":scheme", "https"),
        (":path", "/a?b"),
        (":authority", "x:1"),
    ];

    fn with<'a>(more: &[(&'a str, &'a str)]) -> Vec<(&'a str, &'a str)> {
        REQUEST.iter().copied().chain(more.iter().copied()).collect()
    }

    #[test]
    fn a_request_becomes_the_head_that_http1_would_have_sent() {
        let fields = with(&[
            ("cookie", "a=1"),
            ("accept", "*/*"),
            ("cookie", "b=2"),
            ("te", "trailers"),
        ]);
        let mut head = written(Block::Request, &fields).unwrap();
        let mut request = RequestHead::default();
        let text = head.take_request(&mut request, false);
        let mut out = Vec::new();
        h1::encode_request(RequestView::new(&request, text.filled()), &Edits::default(), &mut out);
        assert_eq!(
            String::from_utf8(out).unwrap(),
            "GET /a?b HTTP/1.1\r\nhost: x:1\r\naccept: */*\r\nte: trailers\r\ncookie: a=1; b=2\r\n\r\n"
        );
    }

    #[test]
    fn what_is_no_message_is_refused() {
        for (fields, fault) in [
            (vec![(":method", "GET")], "http2.missing_scheme"),
            (with(&[(":method", "GET")]), "http2.repeated_pseudo_header"),
            (with(&[("a", "1"), (":x", "1")]), "http2.late_pseudo_header"),
            (with(&[(":status", "200")]), "http2.unknown_pseudo_header"),
            (with(&[("Accept", "1")]), "http2.invalid_field_name"),
            (with(&[("", "1")]), "http2.invalid_field_name"),
            (with(&[("a", "1\n2")]), "http2.invalid_field_value"),
            (with(&[("a", " 1")]), "http2.invalid_field_value"),
            (with(&[("connection", "close")]), "http2.connection_specific_field"),
            (
                with(&[("transfer-encoding", "chunked")]),
                "http2.connection_specific_field",
            ),
            (with(&[("te", "gzip")]), "http2.invalid_te"),
            (with(&[("host", "y")]), "http2.host_mismatch"),
            (
                with(&[("content-length", "1"), ("content-length", "1")]),
                "http2.repeated_content_length",
            ),
            (with(&[("content-length", "+1")]), "http2.invalid_content_length"),
            (
                vec![(":method", "CONNECT"), (":authority", "x:1"), (":path", "/")],
                "http2.invalid_connect",
            ),
            (
                vec![(":method", "CONNECT"), (":authority", "x")],
                "http2.invalid_connect",
            ),
            (with(&[("host", "[::1")]), "http2.invalid_host"),
            (
                vec![
                    (":method", "GET"),
                    (":scheme", "http"),
                    (":path", ""),
                    (":authority", "x"),
                ],
                "http2.invalid_path",
            ),
            (
                vec![
                    (":method", "GET"),
                    (":scheme", "http"),
                    (":path", "/ x"),
                    (":authority", "x"),
                ],
                "http2.invalid_pseudo_header",
            ),
        ] {
            assert_eq!(
                written(Block::Request, &fields).err(),
                Some(Malformed(fault)),
                "{fields:?}"
            );
        }
        assert_eq!(
            written(Block::Trailers, &[(":path", "/")]).err(),
            Some(Malformed("http2.unknown_pseudo_header"))
        );
        assert_eq!(
            written(Block::Response, &[("a", "b")]).err(),
            Some(Malformed("http2.missing_status"))
        );
    }

    #[test]
    fn connect_with_and_without_a_protocol_is_a_message() {
        let mut head = written(Block::Request, &[(":method", "CONNECT"), (":authority", "x:1")]).unwrap();
        let mut request = RequestHead::default();
        head.take_request(&mut request, true);
        assert_eq!((request.form, request.wants_upgrade), (TargetForm::Authority, false));
        let fields = [
            (":method", "CONNECT"),
            (":protocol", "websocket"),
            (":scheme", "https"),
            (":path", "/chat"),
            (":authority", "x"),
        ];
        let mut head = written(Block::Request, &fields).unwrap();
        let text = head.take_request(&mut request, true);
        assert_eq!((request.form, request.wants_upgrade), (TargetForm::Origin, true));
        assert_eq!(request.upgrade_to.of(text.filled()), b"websocket");
    }

    #[test]
    fn a_head_above_the_limits_is_told_apart() {
        let large = "x".repeat(70_000);
        let head = written(Block::Request, &with(&[("a", &large)])).unwrap();
        assert_eq!(head.too_large, Some(HeadError::TooLarge));
        let many: Vec<(&str, &str)> = std::iter::repeat_n(("a", "1"), 101).collect();
        let head = written(Block::Request, &with(&many)).unwrap();
        assert_eq!(head.too_large, Some(HeadError::TooManyFields));
    }
}
