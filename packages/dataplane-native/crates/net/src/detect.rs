//! Tells from a connection's first bytes what the client speaks.

use std::io;
use std::time::Duration;

use crate::Stream;

/// How much is looked at before the client counts as speaking something unknown.
pub const MAX_DETECT_BYTES: usize = 64 * 1024;

/// A request line longer than this without an end is taken for HTTP/1, whose codec has limits of its own.
const MAX_REQUEST_LINE_BYTES: usize = 8 * 1024;
const MAX_METHOD_BYTES: usize = 32;
const HTTP2_PREFACE: &[u8] = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n";

/// What the first bytes say.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Detection {
    /// It is decided.
    Found(Protocol),
    /// More bytes may decide it.
    NeedMore,
}

/// What a client speaks.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Protocol {
    /// TLS, with what the `ClientHello` says.
    Tls(ClientHello),
    /// HTTP/1.0 or 1.1 in plaintext.
    Http1,
    /// HTTP/2 with prior knowledge, in plaintext.
    Http2,
    /// Anything else, or a client that waits for the server to speak first.
    Unknown,
}

/// The parts of a `ClientHello` (RFC 8446 section 4.1.2) that routing looks at.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ClientHello {
    /// The server name (RFC 6066 section 3), lower-case.
    pub server_name: Option<String>,
    /// The protocols offered by ALPN (RFC 7301), in the client's order.
    pub alpn: Vec<Vec<u8>>,
}

/// Looks at the first bytes of a connection. Never panics, reads at most [`MAX_DETECT_BYTES`], and gives the same answer
/// for the same bytes however they are cut into pieces.
pub fn detect(bytes: &[u8]) -> Detection {
    let bytes = &bytes[..bytes.len().min(MAX_DETECT_BYTES)];
    let detection = match bytes.first() {
        None => Detection::NeedMore,
        Some(&TLS_HANDSHAKE) => detect_tls(bytes),
        Some(_) => detect_http(bytes),
    };
    match detection {
        Detection::NeedMore if bytes.len() >= MAX_DETECT_BYTES => Detection::Found(Protocol::Unknown),
        detection => detection,
    }
}

/// Reads from `stream` into `buffer` until it is clear what the client speaks, the client stops sending or `timeout` is
/// over (a client that waits for the server is [`Protocol::Unknown`]). What was read stays in `buffer`, for whoever goes
/// on with the connection.
pub async fn detect_protocol<S: Stream>(
    stream: &mut S,
    buffer: &mut Vec<u8>,
    timeout: Duration,
) -> io::Result<Protocol> {
    let reading = async {
        let mut piece = crate::Buffer::take(crate::BufferSize::Medium);
        loop {
            if let Detection::Found(protocol) = detect(buffer) {
                return Ok(protocol);
            }
            let count = std::future::poll_fn(|cx| stream.poll_read(cx, &mut piece)).await?;
            if count == 0 {
                return Ok(Protocol::Unknown);
            }
            buffer.extend_from_slice(&piece[..count]);
        }
    };
    tokio::time::timeout(timeout, reading)
        .await
        .unwrap_or(Ok(Protocol::Unknown))
}

/// Entry for fuzzers: whatever the bytes are, detection ends, and cutting them changes nothing that was decided.
///
/// # Panics
///
/// When the latter does not hold.
pub fn fuzz_detect(bytes: &[u8]) {
    let whole = detect(bytes);
    let half = detect(&bytes[..bytes.len() / 2]);
    if let Detection::Found(protocol) = half {
        assert_eq!(Detection::Found(protocol), whole, "a decision changed with more bytes");
    }
}

const TLS_HANDSHAKE: u8 = 22;
const CLIENT_HELLO: u8 = 1;
const EXTENSION_SERVER_NAME: u16 = 0;
const EXTENSION_ALPN: u16 = 16;

fn detect_tls(bytes: &[u8]) -> Detection {
    let mut message = Vec::new();
    let mut rest = bytes;
    // A ClientHello may be cut into several records; each adds a piece.
    loop {
        let [content_type, major, _minor, length @ ..] = rest else {
            return need_more_if_tls(rest);
        };
        if *content_type != TLS_HANDSHAKE || *major != 3 {
            return Detection::Found(Protocol::Unknown);
        }
        let [high, low, body @ ..] = length else {
            return Detection::NeedMore;
        };
        let length = usize::from(u16::from_be_bytes([*high, *low]));
        if length == 0 || length > (1 << 14) + 256 {
            return Detection::Found(Protocol::Unknown);
        }
        let piece = &body[..body.len().min(length)];
        message.extend_from_slice(piece);
        match handshake_body(&message) {
            Body::NotClientHello => return Detection::Found(Protocol::Unknown),
            Body::Whole(hello) => {
                let hello = parse_client_hello(hello);
                return Detection::Found(hello.map_or(Protocol::Unknown, Protocol::Tls));
            }
            Body::Partial if piece.len() < length => return Detection::NeedMore,
            Body::Partial => rest = &body[length..],
        }
    }
}

fn need_more_if_tls(rest: &[u8]) -> Detection {
    let plausible =
        rest.first().is_none_or(|first| *first == TLS_HANDSHAKE) && rest.get(1).is_none_or(|major| *major == 3);
    if plausible {
        Detection::NeedMore
    } else {
        Detection::Found(Protocol::Unknown)
    }
}

enum Body<'a> {
    Whole(&'a [u8]),
    Partial,
    NotClientHello,
}

fn handshake_body(message: &[u8]) -> Body<'_> {
    let Some((&kind, rest)) = message.split_first() else {
        return Body::Partial;
    };
    if kind != CLIENT_HELLO {
        return Body::NotClientHello;
    }
    let [a, b, c, body @ ..] = rest else {
        return Body::Partial;
    };
    let length = usize::from(*a) << 16 | usize::from(*b) << 8 | usize::from(*c);
    if length > MAX_DETECT_BYTES {
        return Body::NotClientHello;
    }
    body.get(..length).map_or(Body::Partial, Body::Whole)
}

fn parse_client_hello(body: &[u8]) -> Option<ClientHello> {
    let mut reader = Reader(body);
    // legacy_version and random
    reader.take(2 + 32)?;
    let session_id = reader.u8()?;
    reader.take(usize::from(session_id))?;
    let cipher_suites = reader.u16()?;
    reader.take(usize::from(cipher_suites))?;
    let compression_methods = reader.u8()?;
    reader.take(usize::from(compression_methods))?;

    let mut hello = ClientHello::default();
    if reader.0.is_empty() {
        return Some(hello);
    }
    let length = reader.u16()?;
    let mut extensions = Reader(reader.take(usize::from(length))?);
    while !extensions.0.is_empty() {
        let kind = extensions.u16()?;
        let length = extensions.u16()?;
        let content = Reader(extensions.take(usize::from(length))?);
        match kind {
            EXTENSION_SERVER_NAME => parse_server_name(content, &mut hello.server_name)?,
            EXTENSION_ALPN => hello.alpn = parse_alpn(content)?,
            _ => {}
        }
    }
    Some(hello)
}

fn parse_server_name(mut content: Reader<'_>, server_name: &mut Option<String>) -> Option<()> {
    let length = content.u16()?;
    let mut list = Reader(content.take(usize::from(length))?);
    while !list.0.is_empty() {
        let kind = list.u8()?;
        let length = list.u16()?;
        let name = list.take(usize::from(length))?;
        if kind == 0 && server_name.is_none() {
            *server_name = std::str::from_utf8(name).ok().map(str::to_ascii_lowercase);
        }
    }
    Some(())
}

fn parse_alpn(mut content: Reader<'_>) -> Option<Vec<Vec<u8>>> {
    let length = content.u16()?;
    let mut list = Reader(content.take(usize::from(length))?);
    let mut protocols = Vec::new();
    while !list.0.is_empty() {
        let length = list.u8()?;
        protocols.push(list.take(usize::from(length))?.to_vec());
    }
    Some(protocols)
}

struct Reader<'a>(&'a [u8]);

impl<'a> Reader<'a> {
    fn take(&mut self, count: usize) -> Option<&'a [u8]> {
        let (taken, rest) = self.0.split_at_checked(count)?;
        self.0 = rest;
        Some(taken)
    }

    fn u8(&mut self) -> Option<u8> {
        self.take(1).map(|bytes| bytes[0])
    }

    fn u16(&mut self) -> Option<u16> {
        self.take(2).map(|bytes| u16::from_be_bytes([bytes[0], bytes[1]]))
    }
}

fn detect_http(bytes: &[u8]) -> Detection {
    if bytes.starts_with(HTTP2_PREFACE) {
        return Detection::Found(Protocol::Http2);
    }
    if HTTP2_PREFACE.starts_with(bytes) {
        return Detection::NeedMore;
    }
    // Empty lines before a request line are allowed (RFC 9112 section 2.2).
    let start = bytes
        .iter()
        .position(|byte| !matches!(byte, b'\r' | b'\n'))
        .unwrap_or(bytes.len());
    if start > 4 {
        return Detection::Found(Protocol::Unknown);
    }
    let line = &bytes[start..];
    let method_length = line.iter().position(|byte| !is_token(*byte)).unwrap_or(line.len());
    if method_length > MAX_METHOD_BYTES {
        return Detection::Found(Protocol::Unknown);
    }
    let Some(separator) = line.get(method_length) else {
        return Detection::NeedMore;
    };
    if method_length == 0 || *separator != b' ' {
        return Detection::Found(Protocol::Unknown);
    }
    let target = &line[method_length + 1..];
    match target.iter().position(|byte| matches!(byte, b'\r' | b'\n')) {
        Some(end) => Detection::Found(if ends_in_http1(&target[..end]) {
            Protocol::Http1
        } else {
            Protocol::Unknown
        }),
        None if target.iter().any(u8::is_ascii_control) => Detection::Found(Protocol::Unknown),
        None if line.len() > MAX_REQUEST_LINE_BYTES => Detection::Found(Protocol::Http1),
        None => Detection::NeedMore,
    }
}

fn ends_in_http1(target_and_version: &[u8]) -> bool {
    let mut parts = target_and_version.rsplitn(2, |byte| *byte == b' ');
    let is_version = matches!(parts.next(), Some(b"HTTP/1.1" | b"HTTP/1.0"));
    is_version
        && parts
            .next()
            .is_some_and(|target| !target.is_empty() && !target.iter().any(u8::is_ascii_control))
}

fn is_token(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || b"!#$%&'*+-.^_`|~".contains(&byte)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn extension(kind: u16, content: &[u8]) -> Vec<u8> {
        let mut bytes = kind.to_be_bytes().to_vec();
        bytes.extend_from_slice(&(content.len() as u16).to_be_bytes());
        bytes.extend_from_slice(content);
        bytes
    }

    fn server_name_extension(name: &str) -> Vec<u8> {
        let mut content = ((name.len() + 3) as u16).to_be_bytes().to_vec();
        content.push(0);
        content.extend_from_slice(&(name.len() as u16).to_be_bytes());
        content.extend_from_slice(name.as_bytes());
        extension(0, &content)
    }

    fn alpn_extension(protocols: &[&str]) -> Vec<u8> {
        let list: Vec<u8> = protocols
            .iter()
            .flat_map(|name| [&[name.len() as u8], name.as_bytes()].concat())
            .collect();
        extension(16, &[&(list.len() as u16).to_be_bytes(), list.as_slice()].concat())
    }

    fn client_hello(extensions: &[Vec<u8>]) -> Vec<u8> {
        let extensions = extensions.concat();
        let mut body = vec![3, 3];
        body.extend_from_slice(&[7; 32]);
        body.extend_from_slice(&[0, 0, 2, 0x13, 0x01, 1, 0]);
        body.extend_from_slice(&(extensions.len() as u16).to_be_bytes());
        body.extend_from_slice(&extensions);
        let mut message = vec![1, 0];
        message.extend_from_slice(&(body.len() as u16).to_be_bytes());
        message.extend_from_slice(&body);
        message
    }

    fn records(message: &[u8], piece: usize) -> Vec<u8> {
        message
            .chunks(piece)
            .flat_map(|chunk| [&[22, 3, 1], &(chunk.len() as u16).to_be_bytes()[..], chunk].concat())
            .collect()
    }

    #[test]
    fn a_client_hello_yields_server_name_and_alpn() {
        let hello = client_hello(&[
            server_name_extension("Reviews.Default.svc.cluster.local"),
            alpn_extension(&["istio", "http/1.1"]),
        ]);
        let expected = Detection::Found(Protocol::Tls(ClientHello {
            server_name: Some("reviews.default.svc.cluster.local".to_owned()),
            alpn: vec![b"istio".to_vec(), b"http/1.1".to_vec()],
        }));
        assert_eq!(detect(&records(&hello, 16_000)), expected);
        assert_eq!(detect(&records(&hello, 5)), expected, "cut into many records");
    }

    #[test]
    fn every_prefix_of_a_client_hello_asks_for_more() {
        let bytes = records(&client_hello(&[server_name_extension("a.b")]), 20);
        for length in 0..bytes.len() {
            assert_eq!(detect(&bytes[..length]), Detection::NeedMore, "{length} bytes");
        }
    }

    #[test]
    fn a_client_hello_without_extensions_is_tls() {
        let mut body = vec![3, 3];
        body.extend_from_slice(&[7; 32]);
        body.extend_from_slice(&[0, 0, 2, 0x13, 0x01, 1, 0]);
        let message = [&[1, 0, 0, body.len() as u8], body.as_slice()].concat();
        assert_eq!(
            detect(&records(&message, 999)),
            Detection::Found(Protocol::Tls(ClientHello::default()))
        );
    }

    #[test]
    fn http_is_told_by_its_request_line() {
        for (text, expected) in [
            ("GET / HTTP/1.1\r\n", Protocol::Http1),
            ("\r\nPOST http://a/b HTTP/1.0\n", Protocol::Http1),
            ("CONNECT reviews:9080 HTTP/1.1\r\n", Protocol::Http1),
            ("PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n", Protocol::Http2),
            ("PRI * HTTP/2.0\r\n\r\nXX", Protocol::Unknown),
            ("EHLO mail.example.com\r\n", Protocol::Unknown),
            ("SSH-2.0-OpenSSH_9.2\r\n", Protocol::Unknown),
            ("GET  HTTP/1.1\r\n", Protocol::Unknown),
            ("\0\0\0\x08\x04\x52\x16\x2f", Protocol::Unknown),
        ] {
            assert_eq!(detect(text.as_bytes()), Detection::Found(expected), "{text:?}");
        }
    }

    #[test]
    fn an_unfinished_request_line_asks_for_more_within_bounds() {
        for text in ["", "G", "PRI * HTT", "GET", "GET ", "GET /path", "PRICE / HTTP/1."] {
            assert_eq!(detect(text.as_bytes()), Detection::NeedMore, "{text:?}");
        }
        let long = [b"GET /".as_slice(), &[b'a'; MAX_REQUEST_LINE_BYTES]].concat();
        assert_eq!(detect(&long), Detection::Found(Protocol::Http1));
        let binary = [22u8, 3, 1, 0x40, 0, 1, 0, 0xff, 0xff]
            .iter()
            .copied()
            .chain(std::iter::repeat_n(0, 70_000))
            .collect::<Vec<_>>();
        assert_eq!(detect(&binary), Detection::Found(Protocol::Unknown));
    }
}
