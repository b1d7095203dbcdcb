//! Reading heads.

use std::mem::MaybeUninit;

use memchr::memchr_iter;

use crate::{
    body::{Framing, is_token},
    head::{Fields, HeadError, Known, Method, RequestHead, ResponseHead, Span, TargetForm, Version},
    host::{is_host, is_host_with_port},
    limits::Limits,
};

/// Finds the end of a head in bytes that arrive piece by piece, looking at each byte once.
#[derive(Debug, Default, Clone, Copy)]
pub struct HeadScanner {
    scanned: usize,
    /// One past the last line feed.
    line_start: usize,
    has_line: bool,
}

impl HeadScanner {
    /// The length of the head with its empty line once that is there. `buffer` begins where the head does and only
    /// grows between calls. Empty lines before a request line are part of the head (RFC 9112 §2.2).
    pub fn find_end(&mut self, buffer: &[u8], limits: &Limits) -> Result<Option<usize>, HeadError> {
        // Bytes that no message begins with are refused now, not when the line is complete.
        if self.scanned == 0 && buffer.first().is_some_and(|byte| !is_token(*byte) && *byte != b'\r') {
            return Err(if buffer[0] == b'\n' {
                HeadError::BareLineFeed
            } else {
                HeadError::Malformed
            });
        }
        let from = self.scanned;
        for found in memchr_iter(b'\n', &buffer[from..]) {
            let at = from + found;
            if at == 0 || buffer[at - 1] != b'\r' {
                return Err(HeadError::BareLineFeed);
            }
            let is_empty = at - 1 == self.line_start;
            self.line_start = at + 1;
            if !is_empty {
                self.has_line = true;
            } else if self.has_line {
                return if at < limits.max_head_bytes {
                    Ok(Some(at + 1))
                } else {
                    Err(HeadError::TooLarge)
                };
            } else if at > 8 {
                return Err(HeadError::Malformed);
            }
        }
        self.scanned = buffer.len();
        if buffer.len() >= limits.max_head_bytes {
            let is_request_line = !self.has_line;
            return Err(if is_request_line {
                HeadError::TargetTooLong
            } else {
                HeadError::TooLarge
            });
        }
        Ok(None)
    }
}

/// Parses a complete request head: `buffer` ends with its empty line, as [`HeadScanner::find_end`] found it.
pub fn parse_request(buffer: &[u8], limits: &Limits, head: &mut RequestHead) -> Result<(), HeadError> {
    match parse_request_as_it_is(buffer, limits, head) {
        Err(HeadError::UnsupportedVersion) => match version_of(buffer) {
            // RFC 9110 §6.2: a higher minor version is served as the highest that is spoken here.
            Some((at, b"1.2" | b"1.3" | b"1.4" | b"1.5" | b"1.6" | b"1.7" | b"1.8" | b"1.9")) => {
                // Ranges into the copy are ranges into the original: it differs in one byte that nobody looks at.
                let mut copy = buffer.to_vec();
                copy[at + 2] = b'1';
                parse_request_as_it_is(&copy, limits, head)
            }
            Some(_) => Err(HeadError::UnsupportedVersion),
            None => Err(HeadError::Malformed),
        },
        result => result,
    }
}

/// Where the numbers of a request line's version are, and which; none where the line has no version.
fn version_of(buffer: &[u8]) -> Option<(usize, &[u8])> {
    let start = buffer.iter().position(|byte| !matches!(byte, b'\r' | b'\n'))?;
    let end = start + memchr::memchr(b'\r', &buffer[start..])?;
    let mut words = buffer[start..end].split(|byte| *byte == b' ');
    let (_method, _target, version) = (words.next()?, words.next()?, words.next()?);
    let numbers = version.strip_prefix(b"HTTP/")?;
    let is_version = words.next().is_none()
        && matches!(numbers, [major, b'.', minor] if major.is_ascii_digit() && minor.is_ascii_digit());
    is_version.then_some((end - 3, numbers))
}

fn parse_request_as_it_is(buffer: &[u8], limits: &Limits, head: &mut RequestHead) -> Result<(), HeadError> {
    let mut storage = [const { MaybeUninit::uninit() }; Limits::FIELDS];
    let mut parsed = httparse::Request::new(&mut []);
    let max_fields = limits.max_fields.min(Limits::FIELDS);
    let status = parsed
        .parse_with_uninit_headers(buffer, &mut storage[..max_fields])
        .map_err(from_httparse)?;
    if !status.is_complete() {
        return Err(HeadError::Malformed);
    }
    let (Some(method), Some(target), Some(version)) = (parsed.method, parsed.path, parsed.version) else {
        return Err(HeadError::Malformed);
    };
    head.method = Method::parse(method.as_bytes());
    head.method_text = Span::within(buffer, method.as_bytes());
    head.target = Span::within(buffer, target.as_bytes());
    head.version = if version == 0 { Version::Http10 } else { Version::Http11 };
    head.len = buffer.len();
    let body = read_fields(
        buffer,
        parsed.headers,
        head.target.end() + b" HTTP/1.1\r\n".len(),
        &mut head.fields,
    )?;

    let is_http10 = head.version == Version::Http10;
    head.framing = match (body.length, body.transfer_encoding) {
        (Some(_), Some(())) => return Err(HeadError::LengthAndTransferEncoding),
        (None, Some(())) if is_http10 => return Err(HeadError::InvalidTransferEncoding),
        (None, Some(())) => Framing::Chunked,
        (Some(length), None) => Framing::Length(length),
        (None, None) => Framing::None,
    };
    head.keep_alive = if is_http10 {
        body.keep_alive && !body.close
    } else {
        !body.close
    };
    let upgrade = head.fields.known(Known::Upgrade).map(|field| field.value);
    // RFC 9113 §3.1: the way to HTTP/2 by an upgrade is gone; whoever offers it is served in HTTP/1.
    let is_to_http2 = upgrade.is_some_and(|protocol| protocol.of(buffer).eq_ignore_ascii_case(b"h2c"));
    head.wants_upgrade = !is_http10 && body.upgrade && upgrade.is_some() && !is_to_http2;
    head.upgrade_to = upgrade.unwrap_or_default();
    head.expects_continue = match head.fields.known(Known::Expect) {
        None => false,
        Some(field) if field.value.of(buffer).eq_ignore_ascii_case(b"100-continue") => !is_http10,
        Some(_) => return Err(HeadError::UnknownExpectation),
    };
    if target.len() > limits.max_target_bytes {
        return Err(HeadError::TargetTooLong);
    }
    read_target(buffer, target, head)?;
    read_host(buffer, head)?;
    if head.method == Method::Connect {
        // RFC 9110 §9.3.6: content of a CONNECT has no meaning; a length would hide the tunnel's first bytes.
        if head.framing != Framing::None && head.framing != Framing::Length(0) {
            return Err(HeadError::InvalidConnect);
        }
        head.framing = Framing::None;
    }
    Ok(())
}

/// Parses a complete response head to a request of `method`.
pub fn parse_response(
    buffer: &[u8],
    limits: &Limits,
    method: Method,
    head: &mut ResponseHead,
) -> Result<(), HeadError> {
    let mut storage = [const { MaybeUninit::uninit() }; Limits::FIELDS];
    let mut parsed = httparse::Response::new(&mut []);
    let max_fields = limits.max_fields.min(Limits::FIELDS);
    let status = httparse::ParserConfig::default()
        .parse_response_with_uninit_headers(&mut parsed, buffer, &mut storage[..max_fields])
        .map_err(from_httparse)?;
    if !status.is_complete() {
        return Err(HeadError::Malformed);
    }
    let (Some(code), Some(version)) = (parsed.code, parsed.version) else {
        return Err(HeadError::Malformed);
    };
    if !(100..=999).contains(&code) {
        return Err(HeadError::InvalidStatus);
    }
    head.status = code;
    head.version = if version == 0 { Version::Http10 } else { Version::Http11 };
    head.len = buffer.len();
    let first_line = memchr::memchr(b'\n', buffer).unwrap_or_default();
    // httparse gives a reason with obsolete text as empty; the bytes themselves are forwarded.
    let reason_start = b"HTTP/1.1 200 ".len().min(first_line.saturating_sub(1));
    head.reason = Span {
        start: reason_start as u32,
        len: (first_line.saturating_sub(1) - reason_start) as u32,
    };
    let body = read_fields(buffer, parsed.headers, first_line + 1, &mut head.fields)?;

    let is_http10 = head.version == Version::Http10;
    head.keep_alive = if is_http10 {
        body.keep_alive && !body.close
    } else {
        !body.close
    };
    head.framing = match code {
        101 => Framing::Tunnel,
        200..=299 if method == Method::Connect => Framing::Tunnel,
        100..=199 | 204 | 304 => Framing::None,
        _ => match (body.length, body.transfer_encoding) {
            (Some(_), Some(())) => return Err(HeadError::LengthAndTransferEncoding),
            (None, Some(())) if is_http10 => return Err(HeadError::InvalidTransferEncoding),
            _ if method == Method::Head => Framing::None,
            (None, Some(())) => Framing::Chunked,
            (Some(length), None) => Framing::Length(length),
            (None, None) => Framing::Close,
        },
    };
    head.keep_alive &= !matches!(head.framing, Framing::Close | Framing::Tunnel);
    Ok(())
}

fn from_httparse(error: httparse::Error) -> HeadError {
    match error {
        httparse::Error::HeaderName | httparse::Error::HeaderValue => HeadError::InvalidField,
        httparse::Error::TooManyHeaders => HeadError::TooManyFields,
        httparse::Error::Version => HeadError::UnsupportedVersion,
        httparse::Error::Status => HeadError::InvalidStatus,
        _ => HeadError::Malformed,
    }
}

/// What the fields say about connection and body.
#[derive(Default)]
#[allow(clippy::struct_excessive_bools)]
struct BodyFields {
    length: Option<u64>,
    transfer_encoding: Option<()>,
    close: bool,
    keep_alive: bool,
    upgrade: bool,
}

fn read_fields(
    buffer: &[u8],
    parsed: &[httparse::Header<'_>],
    start: usize,
    fields: &mut Fields,
) -> Result<BodyFields, HeadError> {
    fields.clear();
    fields.end = (buffer.len() - 2) as u32;
    fields.start = parsed.first().map_or(fields.end, |_| start as u32);
    let mut body = BodyFields::default();
    for field in parsed {
        // httparse takes an empty name for a field of an earlier, lenient age.
        if field.name.is_empty() {
            return Err(HeadError::InvalidField);
        }
        match fields.push(buffer, field.name.as_bytes(), field.value) {
            Known::ContentLength if body.length.is_some() => return Err(HeadError::RepeatedContentLength),
            Known::ContentLength => body.length = Some(parse_length(field.value)?),
            Known::TransferEncoding if body.transfer_encoding.is_some() => {
                return Err(HeadError::InvalidTransferEncoding);
            }
            Known::TransferEncoding => {
                if !field.value.eq_ignore_ascii_case(b"chunked") {
                    return Err(unknown_coding(field.value));
                }
                body.transfer_encoding = Some(());
            }
            Known::Connection => read_connection(field.value, &mut body),
            _ => {}
        }
    }
    Ok(body)
}

/// A list that names chunked somewhere is an attempt at two readings; any other coding is one that we do not speak.
fn unknown_coding(value: &[u8]) -> HeadError {
    let mut codings = value.split(|byte| *byte == b',').map(<[u8]>::trim_ascii);
    let is_valid = !value.is_empty() && codings.all(|coding| !coding.is_empty() && coding.iter().all(|b| is_token(*b)));
    if is_valid {
        HeadError::UnknownTransferEncoding
    } else {
        HeadError::InvalidTransferEncoding
    }
}

fn read_connection(value: &[u8], body: &mut BodyFields) {
    if value.eq_ignore_ascii_case(b"keep-alive") {
        body.keep_alive = true;
        return;
    }
    for option in value.split(|byte| *byte == b',').map(<[u8]>::trim_ascii) {
        body.close |= option.eq_ignore_ascii_case(b"close");
        body.keep_alive |= option.eq_ignore_ascii_case(b"keep-alive");
        body.upgrade |= option.eq_ignore_ascii_case(b"upgrade");
    }
}

fn parse_length(value: &[u8]) -> Result<u64, HeadError> {
    if value.is_empty() || value.len() > 18 {
        return Err(HeadError::InvalidContentLength);
    }
    value.iter().try_fold(0u64, |length, byte| match byte {
        b'0'..=b'9' => Ok(length * 10 + u64::from(byte - b'0')),
        _ => Err(HeadError::InvalidContentLength),
    })
}

fn read_target(buffer: &[u8], target: &str, head: &mut RequestHead) -> Result<(), HeadError> {
    if !target.bytes().all(|byte| byte.is_ascii_graphic() && byte != b'#') {
        return Err(HeadError::InvalidTarget);
    }
    head.authority = Span::default();
    head.is_https_target = false;
    if head.method == Method::Connect {
        if !is_host_with_port(target.as_bytes()) {
            return Err(HeadError::InvalidConnect);
        }
        head.form = TargetForm::Authority;
        head.authority = head.target;
        head.path = Span::default();
    } else if target.starts_with('/') {
        head.form = TargetForm::Origin;
        head.path = head.target;
    } else if target == "*" && head.method == Method::Options {
        head.form = TargetForm::Asterisk;
        head.path = head.target;
    } else {
        let (scheme, rest) = target.split_once("://").ok_or(HeadError::InvalidTarget)?;
        head.is_https_target = scheme.eq_ignore_ascii_case("https");
        if !head.is_https_target && !scheme.eq_ignore_ascii_case("http") {
            return Err(HeadError::InvalidTarget);
        }
        let end = rest.find(['/', '?']).unwrap_or(rest.len());
        let (authority, path) = rest.split_at(end);
        // A query without a path would need a head that was not sent ("/?q"): too odd to be of use.
        if authority.is_empty() || path.starts_with('?') || !is_host(authority.as_bytes()) {
            return Err(HeadError::InvalidTarget);
        }
        head.form = TargetForm::Absolute;
        head.authority = Span::within(buffer, authority.as_bytes());
        head.path = if path.is_empty() {
            Span::default()
        } else {
            Span::within(buffer, path.as_bytes())
        };
    }
    Ok(())
}

fn read_host(buffer: &[u8], head: &mut RequestHead) -> Result<(), HeadError> {
    let Some(host) = head.fields.known(Known::Host) else {
        return if head.version == Version::Http10 {
            Ok(())
        } else {
            Err(HeadError::MissingHost)
        };
    };
    if head
        .fields
        .as_slice()
        .iter()
        .filter(|field| field.known == Known::Host)
        .count()
        > 1
    {
        return Err(HeadError::RepeatedHost);
    }
    if !is_host(host.value.of(buffer)) {
        return Err(HeadError::InvalidHost);
    }
    if matches!(head.form, TargetForm::Origin | TargetForm::Asterisk) {
        head.authority = host.value;
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::head::RequestView;

    fn parse(text: &str) -> Result<RequestHead, HeadError> {
        let limits = Limits::default();
        let end = HeadScanner::default()
            .find_end(text.as_bytes(), &limits)?
            .expect("a complete head");
        let mut head = RequestHead::default();
        parse_request(&text.as_bytes()[..end], &limits, &mut head).map(|()| head)
    }

    fn response(text: &str, method: Method) -> Result<ResponseHead, HeadError> {
        let mut head = ResponseHead::default();
        parse_response(text.as_bytes(), &Limits::default(), method, &mut head).map(|()| head)
    }

    #[test]
    fn a_request_is_read_into_ranges() {
        let text = "POST /a?b=1 HTTP/1.1\r\nHost: reviews:9080\r\nContent-Length: 12\r\nX-Request-Id: \t7 \r\n\r\n";
        let head = parse(text).unwrap();
        let view = RequestView::new(&head, text.as_bytes());
        assert_eq!(
            (view.method(), view.path_and_query(), view.authority()),
            ("POST", "/a?b=1", "reviews:9080")
        );
        assert_eq!(head.framing, Framing::Length(12));
        assert_eq!(view.known(Known::RequestId), Some(&b"7"[..]));
        assert_eq!(view.header("HOST"), Some(&b"reviews:9080"[..]));
        assert!(head.keep_alive);
        assert_eq!(head.len, text.len());
    }

    #[test]
    fn ambiguous_requests_are_refused() {
        use HeadError::*;
        let cases: &[(&str, HeadError)] = &[
            (
                "GET / HTTP/1.1\r\nHost: a\r\nContent-Length: 1\r\nTransfer-Encoding: chunked\r\n\r\n",
                LengthAndTransferEncoding,
            ),
            (
                "GET / HTTP/1.1\r\nHost: a\r\nContent-Length: 1\r\nContent-Length: 1\r\n\r\n",
                RepeatedContentLength,
            ),
            (
                "GET / HTTP/1.1\r\nHost: a\r\nContent-Length: 1, 1\r\n\r\n",
                InvalidContentLength,
            ),
            (
                "GET / HTTP/1.1\r\nHost: a\r\nContent-Length: +1\r\n\r\n",
                InvalidContentLength,
            ),
            (
                "GET / HTTP/1.1\r\nHost: a\r\nContent-Length: 0x1\r\n\r\n",
                InvalidContentLength,
            ),
            (
                "GET / HTTP/1.1\r\nHost: a\r\nContent-Length: \r\n\r\n",
                InvalidContentLength,
            ),
            (
                "GET / HTTP/1.1\r\nHost: a\r\nContent-Length: 99999999999999999999\r\n\r\n",
                InvalidContentLength,
            ),
            (
                "GET / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\nTransfer-Encoding: chunked\r\n\r\n",
                InvalidTransferEncoding,
            ),
            (
                "GET / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: gzip, chunked\r\n\r\n",
                UnknownTransferEncoding,
            ),
            (
                "GET / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: \x0bchunked\r\n\r\n",
                InvalidField,
            ),
            (
                "GET / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked;a\r\n\r\n",
                InvalidTransferEncoding,
            ),
            (
                "GET / HTTP/1.0\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n",
                InvalidTransferEncoding,
            ),
            (
                "GET / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding : chunked\r\n\r\n",
                InvalidField,
            ),
            ("GET / HTTP/1.1\r\nHost: a\r\nx: 1\r\n folded\r\n\r\n", InvalidField),
            ("GET / HTTP/1.1\r\n Host: a\r\n\r\n", InvalidField),
            ("GET / HTTP/1.1\r\nHost: a\r\nx: \0\r\n\r\n", InvalidField),
            ("GET / HTTP/1.1\r\nHost: a\r\n: x\r\n\r\n", InvalidField),
            ("GET / HTTP/1.1\r\nHost: a\r\nx\r\n\r\n", InvalidField),
            ("GET / HTTP/1.1\nHost: a\r\n\r\n", BareLineFeed),
            ("GET / HTTP/1.1\r\nHost: a\n\r\n", BareLineFeed),
            ("GET / HTTP/1.1\r\nHost: a\r\nHost: b\r\n\r\n", RepeatedHost),
            ("GET / HTTP/1.1\r\n\r\n", MissingHost),
            ("GET / HTTP/1.1\r\nHost: a b\r\n\r\n", InvalidHost),
            ("GET / HTTP/1.1\r\nHost: u@a\r\n\r\n", InvalidHost),
            ("GET / HTTP/1.1\r\nHost: a/b\r\n\r\n", InvalidHost),
            ("GET  / HTTP/1.1\r\nHost: a\r\n\r\n", Malformed),
            ("GET / a HTTP/1.1\r\nHost: a\r\n\r\n", Malformed),
            ("GET /  HTTP/1.1\r\nHost: a\r\n\r\n", Malformed),
            ("GET / http/1.1\r\nHost: a\r\n\r\n", Malformed),
            ("GET / HTTP/01.1\r\nHost: a\r\n\r\n", Malformed),
            ("GET / HTTP/1.10\r\nHost: a\r\n\r\n", Malformed),
            ("GET / ICY/1.1\r\nHost: a\r\n\r\n", Malformed),
            ("GET / HTTP/0.9\r\nHost: a\r\n\r\n", UnsupportedVersion),
            ("GET / HTTP/1.1\r\nHost: a:port\r\n\r\n", InvalidHost),
            ("GET / HTTP/1.1\r\nHost: [::1\r\n\r\n", InvalidHost),
            ("GET http://a:port/ HTTP/1.1\r\nHost: a\r\n\r\n", InvalidTarget),
            ("CONNECT a:+443 HTTP/1.1\r\nHost: a\r\n\r\n", InvalidConnect),
            ("GET /#f HTTP/1.1\r\nHost: a\r\n\r\n", InvalidTarget),
            ("GET /\u{fc} HTTP/1.1\r\nHost: a\r\n\r\n", InvalidTarget),
            ("GET a HTTP/1.1\r\nHost: a\r\n\r\n", InvalidTarget),
            ("GET * HTTP/1.1\r\nHost: a\r\n\r\n", InvalidTarget),
            ("GET ftp://a/ HTTP/1.1\r\nHost: a\r\n\r\n", InvalidTarget),
            ("GET http:///x HTTP/1.1\r\nHost: a\r\n\r\n", InvalidTarget),
            ("GET http://u@a/x HTTP/1.1\r\nHost: a\r\n\r\n", InvalidTarget),
            ("CONNECT a HTTP/1.1\r\nHost: a\r\n\r\n", InvalidConnect),
            ("CONNECT a:0 HTTP/1.1\r\nHost: a\r\n\r\n", InvalidConnect),
            ("CONNECT /x HTTP/1.1\r\nHost: a\r\n\r\n", InvalidConnect),
            (
                "CONNECT a:1 HTTP/1.1\r\nHost: a\r\nContent-Length: 4\r\n\r\n",
                InvalidConnect,
            ),
            ("GET / HTTP/2.0\r\nHost: a\r\n\r\n", UnsupportedVersion),
            ("G\u{1}T / HTTP/1.1\r\nHost: a\r\n\r\n", Malformed),
            ("GET / HTTP/1.1\r\nHost: a\r\nExpect: magic\r\n\r\n", UnknownExpectation),
        ];
        for (text, expected) in cases {
            assert_eq!(parse(text).map(|_| ()), Err(*expected), "{text:?}");
        }
    }

    #[test]
    fn a_higher_minor_version_is_served_as_the_highest_of_ours() {
        let text = "\r\nGET /a HTTP/1.2\r\nHost: b\r\n\r\n";
        let head = parse(text).unwrap();
        let view = RequestView::new(&head, text.as_bytes());
        assert_eq!(
            (head.version, view.path_and_query(), view.authority()),
            (Version::Http11, "/a", "b")
        );
    }

    #[test]
    fn an_upgrade_to_http2_is_not_heard() {
        let offers = |protocol: &str| {
            format!("GET / HTTP/1.1\r\nHost: a\r\nConnection: Upgrade, HTTP2-Settings\r\nUpgrade: {protocol}\r\n\r\n")
        };
        assert!(!parse(&offers("H2C")).unwrap().wants_upgrade);
        assert!(parse(&offers("websocket")).unwrap().wants_upgrade);
        assert!(parse(&offers("websocket, h2c")).unwrap().wants_upgrade);
    }

    #[test]
    fn bytes_that_are_no_http_are_refused_at_once() {
        let limits = Limits::default();
        for bytes in [&b"\x16\x03\x01"[..], b"\0", b" GET", b"\n"] {
            assert!(HeadScanner::default().find_end(bytes, &limits).is_err(), "{bytes:?}");
        }
    }

    #[test]
    fn a_head_is_found_however_it_is_cut() {
        let text = b"\r\nGET / HTTP/1.1\r\nHost: a\r\n\r\nrest";
        let limits = Limits::default();
        let mut scanner = HeadScanner::default();
        let mut found = None;
        for end in 1..=text.len() {
            found = scanner.find_end(&text[..end], &limits).unwrap();
            if found.is_some() {
                break;
            }
        }
        assert_eq!(found, Some(text.len() - 4));
    }

    #[test]
    fn limits_have_their_own_answers() {
        let long = format!("GET / HTTP/1.1\r\nHost: a\r\nx: {}\r\n\r\n", "a".repeat(61 * 1024));
        assert_eq!(parse(&long).map(|_| ()).unwrap_err().status(), 431);
        let many = format!("GET / HTTP/1.1\r\nHost: a\r\n{}\r\n", "x: 1\r\n".repeat(100));
        assert_eq!(parse(&many).map(|_| ()).unwrap_err().status(), 431);
        let target = format!("GET /{} HTTP/1.1\r\nHost: a\r\n\r\n", "a".repeat(33 * 1024));
        assert_eq!(parse(&target).map(|_| ()).unwrap_err().status(), 414);
    }

    #[test]
    fn connections_persist_as_versions_and_options_say() {
        for (text, expected) in [
            ("GET / HTTP/1.1\r\nHost: a\r\n\r\n", true),
            ("GET / HTTP/1.1\r\nHost: a\r\nConnection: x, Close\r\n\r\n", false),
            ("GET / HTTP/1.0\r\nHost: a\r\n\r\n", false),
            ("GET / HTTP/1.0\r\nConnection: Keep-Alive\r\n\r\n", true),
        ] {
            assert_eq!(parse(text).unwrap().keep_alive, expected, "{text:?}");
        }
    }

    #[test]
    fn connect_and_absolute_targets_name_the_authority() {
        let text = "CONNECT reviews:9080 HTTP/1.1\r\nHost: other:1\r\n\r\n";
        let head = parse(text).unwrap();
        assert_eq!(RequestView::new(&head, text.as_bytes()).authority(), "reviews:9080");
        let text = "GET http://reviews:9080/a HTTP/1.1\r\nHost: other\r\n\r\n";
        let head = parse(text).unwrap();
        let view = RequestView::new(&head, text.as_bytes());
        assert_eq!((view.authority(), view.path_and_query()), ("reviews:9080", "/a"));
    }

    #[test]
    fn a_response_body_is_framed_by_request_and_status() {
        let length = "HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\n";
        assert_eq!(response(length, Method::Get).unwrap().framing, Framing::Length(5));
        assert_eq!(response(length, Method::Head).unwrap().framing, Framing::None);
        assert_eq!(response(length, Method::Connect).unwrap().framing, Framing::Tunnel);
        let chunked = "HTTP/1.1 200\r\nTransfer-Encoding: chunked\r\n\r\n";
        assert_eq!(response(chunked, Method::Get).unwrap().framing, Framing::Chunked);
        let close = response("HTTP/1.1 200 OK\r\n\r\n", Method::Get).unwrap();
        assert_eq!((close.framing, close.keep_alive), (Framing::Close, false));
        for status in ["100 Continue", "204 No", "304 Not"] {
            let text = format!("HTTP/1.1 {status}\r\nContent-Length: 5\r\n\r\n");
            assert_eq!(response(&text, Method::Get).unwrap().framing, Framing::None, "{status}");
        }
        let upgrade = "HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\n\r\n";
        assert_eq!(response(upgrade, Method::Get).unwrap().framing, Framing::Tunnel);
        let both = "HTTP/1.1 200 OK\r\nContent-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n";
        assert_eq!(
            response(both, Method::Get).map(|_| ()),
            Err(HeadError::LengthAndTransferEncoding)
        );
    }

    #[test]
    fn a_reason_is_kept_as_it_was_sent() {
        let text = "HTTP/1.1 404 Not here\r\nA: 1\r\n\r\n";
        let head = response(text, Method::Get).unwrap();
        assert_eq!(head.reason.of(text.as_bytes()), b"Not here");
        assert_eq!(head.fields.get(text.as_bytes(), "a"), Some(&b"1"[..]));
    }
}
