//! Heads of requests and responses as ranges of a buffer.

use std::fmt;

use crate::body::Framing;

/// A range of the buffer that holds a head.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Span {
    /// First byte.
    pub start: u32,
    /// Number of bytes.
    pub len: u32,
}

impl Span {
    /// The bytes of the range. Empty where the buffer is shorter than the one the span was made for.
    pub fn of(self, buffer: &[u8]) -> &[u8] {
        buffer.get(self.start as usize..self.end()).unwrap_or_default()
    }

    /// One past the last byte.
    pub fn end(self) -> usize {
        self.start as usize + self.len as usize
    }

    /// True for no bytes.
    pub fn is_empty(self) -> bool {
        self.len == 0
    }

    pub(crate) fn within(buffer: &[u8], part: &[u8]) -> Self {
        Self {
            start: (part.as_ptr() as usize - buffer.as_ptr() as usize) as u32,
            len: part.len() as u32,
        }
    }
}

/// Version of a message.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum Version {
    /// HTTP/1.0
    Http10,
    /// HTTP/1.1
    #[default]
    Http11,
    /// HTTP/2
    Http2,
}

impl Version {
    /// As Envoy's `%PROTOCOL%` prints it.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Http10 => "HTTP/1.0",
            Self::Http11 => "HTTP/1.1",
            Self::Http2 => "HTTP/2",
        }
    }
}

/// Request methods that rules of HTTP or of retries name (RFC 9110 §9.3).
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Hash)]
#[allow(missing_docs)]
pub enum Method {
    #[default]
    Get,
    Head,
    Post,
    Put,
    Delete,
    Connect,
    Options,
    Trace,
    Patch,
    /// Any other token: its text is in the head.
    Other,
}

impl Method {
    /// The method that `text` names; methods are case-sensitive.
    pub fn parse(text: &[u8]) -> Self {
        match text {
            b"GET" => Self::Get,
            b"HEAD" => Self::Head,
            b"POST" => Self::Post,
            b"PUT" => Self::Put,
            b"DELETE" => Self::Delete,
            b"CONNECT" => Self::Connect,
            b"OPTIONS" => Self::Options,
            b"TRACE" => Self::Trace,
            b"PATCH" => Self::Patch,
            _ => Self::Other,
        }
    }

    /// The name, `OTHER` for methods without a variant.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Get => "GET",
            Self::Head => "HEAD",
            Self::Post => "POST",
            Self::Put => "PUT",
            Self::Delete => "DELETE",
            Self::Connect => "CONNECT",
            Self::Options => "OPTIONS",
            Self::Trace => "TRACE",
            Self::Patch => "PATCH",
            Self::Other => "OTHER",
        }
    }

    /// RFC 9110 §9.2.2: a repeated request has the effect of one.
    pub fn is_idempotent(self) -> bool {
        matches!(
            self,
            Self::Get | Self::Head | Self::Put | Self::Delete | Self::Options | Self::Trace
        )
    }
}

/// Fields that the proxy itself asks for; found in constant time.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[repr(u8)]
#[allow(missing_docs)]
pub enum Known {
    Host,
    Connection,
    ContentLength,
    TransferEncoding,
    Te,
    Upgrade,
    Expect,
    KeepAlive,
    ProxyConnection,
    Trailer,
    UserAgent,
    RequestId,
    Traceparent,
    ForwardedFor,
    ForwardedProto,
    ForwardedClientCert,
    ContentType,
    GrpcStatus,
    Server,
    AttemptCount,
    Other,
}

const KNOWN: usize = Known::Other as usize;

impl Known {
    pub(crate) fn classify(name: &[u8]) -> Self {
        let is = |text: &str, known| {
            if name.eq_ignore_ascii_case(text.as_bytes()) {
                known
            } else {
                Self::Other
            }
        };
        match (name.len(), name[0] | 0x20) {
            (2, b't') => is("te", Self::Te),
            (4, b'h') => is("host", Self::Host),
            (6, b'e') => is("expect", Self::Expect),
            (6, b's') => is("server", Self::Server),
            (7, b'u') => is("upgrade", Self::Upgrade),
            (7, b't') => is("trailer", Self::Trailer),
            (10, b'c') => is("connection", Self::Connection),
            (10, b'k') => is("keep-alive", Self::KeepAlive),
            (10, b'u') => is("user-agent", Self::UserAgent),
            (11, b't') => is("traceparent", Self::Traceparent),
            (11, b'g') => is("grpc-status", Self::GrpcStatus),
            (12, b'c') => is("content-type", Self::ContentType),
            (12, b'x') => is("x-request-id", Self::RequestId),
            (14, b'c') => is("content-length", Self::ContentLength),
            (15, b'x') => is("x-forwarded-for", Self::ForwardedFor),
            (16, b'p') => is("proxy-connection", Self::ProxyConnection),
            (17, b't') => is("transfer-encoding", Self::TransferEncoding),
            (17, b'x') => is("x-forwarded-proto", Self::ForwardedProto),
            (21, b'x') => is("x-envoy-attempt-count", Self::AttemptCount),
            (23, b'x') => is("x-forwarded-client-cert", Self::ForwardedClientCert),
            _ => Self::Other,
        }
    }
}

/// One field line.
#[derive(Debug, Clone, Copy)]
pub struct Field {
    /// Name as it was written.
    pub name: Span,
    /// Value without surrounding white space.
    pub value: Span,
    /// Which field it is, if the proxy knows it.
    pub known: Known,
}

/// The fields of a head, in order.
#[derive(Debug, Default)]
pub struct Fields {
    list: Vec<Field>,
    /// Index + 1 of the first field of each known name.
    first: [u8; KNOWN],
    /// Where the first field line begins and where the empty line does.
    pub(crate) start: u32,
    pub(crate) end: u32,
}

impl Fields {
    pub(crate) fn clear(&mut self) {
        self.list.clear();
        self.first = [0; KNOWN];
    }

    pub(crate) fn push(&mut self, buffer: &[u8], name: &[u8], value: &[u8]) -> Known {
        let known = Known::classify(name);
        self.list.push(Field {
            name: Span::within(buffer, name),
            value: Span::within(buffer, value),
            known,
        });
        if known != Known::Other && self.first[known as usize] == 0 {
            self.first[known as usize] = self.list.len() as u8;
        }
        known
    }

    /// The same, for a name and value that were written to `buffer`.
    pub(crate) fn push_spans(&mut self, buffer: &[u8], name: Span, value: Span) {
        let known = Known::classify(name.of(buffer));
        self.list.push(Field { name, value, known });
        if known != Known::Other && self.first[known as usize] == 0 {
            self.first[known as usize] = self.list.len() as u8;
        }
    }

    /// All fields in order.
    pub fn as_slice(&self) -> &[Field] {
        &self.list
    }

    /// The first field of this name.
    pub fn known(&self, known: Known) -> Option<&Field> {
        let index = *self.first.get(known as usize)?;
        (index != 0).then(|| &self.list[usize::from(index) - 1])
    }

    /// Where line `index` begins; for the number of fields, where the last one ends.
    pub(crate) fn line_start(&self, index: usize) -> usize {
        self.list.get(index).map_or(self.end, |field| field.name.start) as usize
    }

    /// The first value of a field by name, ASCII case ignored.
    pub fn get<'a>(&self, buffer: &'a [u8], name: &str) -> Option<&'a [u8]> {
        self.get_all(buffer, name).next()
    }

    /// All values of a field by name, in order.
    pub fn get_all<'a>(&self, buffer: &'a [u8], name: &str) -> impl Iterator<Item = &'a [u8]> {
        self.list
            .iter()
            .filter(move |f| {
                f.name.len as usize == name.len() && f.name.of(buffer).eq_ignore_ascii_case(name.as_bytes())
            })
            .map(move |f| f.value.of(buffer))
    }
}

/// How the target of a request was written (RFC 9112 §3.2).
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum TargetForm {
    /// `/path?query`
    #[default]
    Origin,
    /// `http://host/path`
    Absolute,
    /// `host:port` of CONNECT.
    Authority,
    /// `*` of OPTIONS.
    Asterisk,
}

/// A request's head. Reused from request to request, so that its lists keep their memory.
#[derive(Debug, Default)]
#[allow(clippy::struct_excessive_bools)]
pub struct RequestHead {
    /// The method.
    pub method: Method,
    /// Its text.
    pub method_text: Span,
    /// The request target as it was written.
    pub target: Span,
    /// Path with query; empty for CONNECT and for an absolute form without one.
    pub path: Span,
    /// Authority: of an absolute or authority form, otherwise the Host field's value.
    pub authority: Span,
    /// Form of the target.
    pub form: TargetForm,
    /// An absolute form of scheme `https`.
    pub is_https_target: bool,
    /// Version of the client.
    pub version: Version,
    /// Fields in order.
    pub fields: Fields,
    /// How the body is delimited.
    pub framing: Framing,
    /// The client allows another request on this connection.
    pub keep_alive: bool,
    /// `Connection: upgrade` with an `Upgrade` field, or CONNECT with a `:protocol`.
    pub wants_upgrade: bool,
    /// The protocol of an upgrade.
    pub upgrade_to: Span,
    /// `Expect: 100-continue` (HTTP/1.1 only).
    pub expects_continue: bool,
    /// Bytes of the head including the empty line.
    pub len: usize,
}

/// A response's head.
#[derive(Debug, Default)]
pub struct ResponseHead {
    /// Status code, 100 to 999.
    pub status: u16,
    /// Reason phrase.
    pub reason: Span,
    /// Version of the server.
    pub version: Version,
    /// Fields in order.
    pub fields: Fields,
    /// How the body is delimited.
    pub framing: Framing,
    /// The server allows another request on this connection.
    pub keep_alive: bool,
    /// Bytes of the head including the empty line.
    pub len: usize,
}

/// A request's head with the bytes it points into.
#[derive(Clone, Copy)]
pub struct RequestView<'a> {
    head: &'a RequestHead,
    buffer: &'a [u8],
}

impl<'a> RequestView<'a> {
    /// `buffer` is the one that `head` was parsed from.
    pub fn new(head: &'a RequestHead, buffer: &'a [u8]) -> Self {
        Self { head, buffer }
    }

    /// The head.
    pub fn head(self) -> &'a RequestHead {
        self.head
    }

    /// The bytes that the head's spans point into.
    pub fn buffer(self) -> &'a [u8] {
        self.buffer
    }

    /// The fields.
    pub fn fields(self) -> &'a Fields {
        &self.head.fields
    }

    /// The method's text.
    pub fn method(self) -> &'a str {
        text(self.method_bytes())
    }

    /// The method's bytes.
    pub fn method_bytes(self) -> &'a [u8] {
        self.head.method_text.of(self.buffer)
    }

    /// Path with query; `/` for an absolute form without path, empty for CONNECT.
    pub fn path_and_query(self) -> &'a str {
        text(self.path_bytes())
    }

    /// The bytes of [`RequestView::path_and_query`].
    pub fn path_bytes(self) -> &'a [u8] {
        if self.head.path.is_empty() && self.head.form == TargetForm::Absolute {
            return if self.head.method == Method::Options {
                b"*"
            } else {
                b"/"
            };
        }
        self.head.path.of(self.buffer)
    }

    /// The authority: host with port if the client gave one.
    pub fn authority(self) -> &'a str {
        text(self.authority_bytes())
    }

    /// The bytes of [`RequestView::authority`].
    pub fn authority_bytes(self) -> &'a [u8] {
        self.head.authority.of(self.buffer)
    }

    /// First value of a field by name.
    pub fn header(self, name: &str) -> Option<&'a [u8]> {
        self.head.fields.get(self.buffer, name)
    }

    /// All values of a field by name.
    pub fn header_all(self, name: &str) -> impl Iterator<Item = &'a [u8]> {
        self.head.fields.get_all(self.buffer, name)
    }

    /// First value of a field that the proxy knows.
    pub fn known(self, known: Known) -> Option<&'a [u8]> {
        self.head.fields.known(known).map(|field| field.value.of(self.buffer))
    }
}

/// A response's head with the bytes it points into.
#[derive(Clone, Copy)]
pub struct ResponseView<'a> {
    head: &'a ResponseHead,
    buffer: &'a [u8],
}

impl<'a> ResponseView<'a> {
    /// `buffer` is the one that `head` was parsed from.
    pub fn new(head: &'a ResponseHead, buffer: &'a [u8]) -> Self {
        Self { head, buffer }
    }

    /// The head.
    pub fn head(self) -> &'a ResponseHead {
        self.head
    }

    /// The bytes that the head's spans point into.
    pub fn buffer(self) -> &'a [u8] {
        self.buffer
    }

    /// The fields.
    pub fn fields(self) -> &'a Fields {
        &self.head.fields
    }

    /// First value of a field by name.
    pub fn header(self, name: &str) -> Option<&'a [u8]> {
        self.head.fields.get(self.buffer, name)
    }

    /// First value of a field that the proxy knows.
    pub fn known(self, known: Known) -> Option<&'a [u8]> {
        self.head.fields.known(known).map(|field| field.value.of(self.buffer))
    }
}

/// Method, target and authority are checked to be ASCII when a head is parsed.
fn text(bytes: &[u8]) -> &str {
    std::str::from_utf8(bytes).unwrap_or_default()
}

/// Why a head is refused.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[allow(missing_docs)]
pub enum HeadError {
    BareLineFeed,
    Malformed,
    InvalidField,
    InvalidTarget,
    InvalidHost,
    MissingHost,
    RepeatedHost,
    InvalidContentLength,
    RepeatedContentLength,
    LengthAndTransferEncoding,
    InvalidTransferEncoding,
    UnknownTransferEncoding,
    InvalidConnect,
    UnknownExpectation,
    InvalidStatus,
    UnsupportedVersion,
    TargetTooLong,
    TooLarge,
    TooManyFields,
}

impl HeadError {
    /// The status that a request with this fault is answered with.
    pub fn status(self) -> u16 {
        match self {
            Self::UnknownTransferEncoding => 501,
            Self::UnknownExpectation => 417,
            Self::UnsupportedVersion => 505,
            Self::TargetTooLong => 414,
            Self::TooLarge | Self::TooManyFields => 431,
            _ => 400,
        }
    }

    /// Response code details as the access log shows them.
    pub fn details(self) -> &'static str {
        match self {
            Self::BareLineFeed => "http1.bare_line_feed",
            Self::Malformed => "http1.codec_error",
            Self::InvalidField => "http1.invalid_characters",
            Self::InvalidTarget => "http1.invalid_url",
            Self::InvalidHost => "http1.invalid_host",
            Self::MissingHost => "missing_host_header",
            Self::RepeatedHost => "http1.repeated_host",
            Self::InvalidContentLength => "http1.invalid_content_length",
            Self::RepeatedContentLength => "http1.repeated_content_length",
            Self::LengthAndTransferEncoding => "http1.content_length_and_chunked_not_allowed",
            Self::InvalidTransferEncoding | Self::UnknownTransferEncoding => "http1.invalid_transfer_encoding",
            Self::InvalidConnect => "http1.invalid_connect",
            Self::UnknownExpectation => "http1.unknown_expectation",
            Self::InvalidStatus => "http1.invalid_status",
            Self::UnsupportedVersion => "low_version",
            Self::TargetTooLong => "http1.path_too_long",
            Self::TooLarge => "http1.headers_too_large",
            Self::TooManyFields => "http1.too_many_headers",
        }
    }
}

impl fmt::Display for HeadError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.details())
    }
}

impl std::error::Error for HeadError {}
