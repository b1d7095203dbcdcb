//! What a log line or span tells beyond the usual: taken while a request is served, because only then it is there.

use std::sync::Arc;

use crate::codec::{Decoder, MAX_STRING_BYTES, put_bytes, put_u16, put_u64};

/// A header by name, in lower case, or another where it is absent.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct HeaderChoice {
    /// The name; pseudo-headers too.
    pub name: Arc<str>,
    /// Asked for where the first is absent.
    pub alternative: Option<Arc<str>>,
}

/// Which address.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[allow(missing_docs, reason = "Envoy's operators of the same names")]
pub enum AddressKind {
    DownstreamDirectRemote,
    DownstreamDirectLocal,
}

/// Which part of an address.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum AddressPart {
    /// `10.0.0.1:80`
    Whole,
    /// `10.0.0.1`
    Ip,
    /// `80`
    Port,
}

/// Whose certificate.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum TlsPeer {
    /// The client's.
    Downstream,
    /// The endpoint's.
    Upstream,
}

/// What about a TLS connection.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[allow(missing_docs, reason = "Envoy's operators of the same names")]
pub enum TlsFact {
    UriSan,
    DnsSan,
    EmailSan,
    IpSan,
    Subject,
    Issuer,
    Serial,
    Fingerprint256,
    ValidFrom,
    ValidTo,
    Version,
    Cipher,
}

/// Whose metadata.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum MetadataSource {
    /// What filters said about the request.
    Dynamic,
    /// The route's.
    Route,
    /// The virtual host's.
    VirtualHost,
    /// The cluster's.
    Cluster,
    /// The endpoint's.
    Endpoint,
}

/// A count or a time of a request.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[allow(missing_docs, reason = "Envoy's operators of the same names")]
pub enum Measure {
    ConnectionId,
    StreamId,
    RequestDuration,
    RequestTxDuration,
    /// When the request was complete, in microseconds from its beginning; no operator.
    RequestEndUs,
    RequestHeadersBytes,
    ResponseHeadersBytes,
    ResponseTrailersBytes,
    DownstreamWireBytesReceived,
    DownstreamWireBytesSent,
    UpstreamWireBytesReceived,
    UpstreamWireBytesSent,
}

/// A name of what served a request.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[allow(missing_docs, reason = "Envoy's operators of the same names")]
pub enum NameOf {
    FilterChain,
    Listener,
    VirtualHost,
    VirtualCluster,
    UpstreamHost,
    UpstreamProtocol,
    UniqueId,
}

/// A value that is not part of every record.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Capture {
    /// A header of the request as it went on.
    Request(HeaderChoice),
    /// The path of the request without its query, of one of these headers.
    RequestWithoutQuery(HeaderChoice),
    /// A header of the response as the client got it.
    Response(HeaderChoice),
    /// A trailer of the response.
    Trailer(HeaderChoice),
    /// A parameter of the query.
    QueryParameter(Arc<str>),
    /// The whole query.
    Query,
    /// A value of metadata by namespace and keys.
    Metadata(MetadataSource, Arc<str>, Arc<[Arc<str>]>),
    /// All that filters said about the request, as JSON; what is too long is left out.
    DynamicMetadata,
    /// What TLS says.
    Tls(TlsPeer, TlsFact),
    /// An address.
    Address(AddressKind, AddressPart),
    /// A number.
    Measure(Measure),
    /// A name.
    Name(NameOf),
}

/// Writes captured values, one for each capture and in their order.
#[derive(Debug)]
pub struct CaptureWriter<'a>(pub &'a mut Vec<u8>);

const ABSENT: u8 = 0;
const TEXT: u8 = 1;
const NUMBER: u8 = 2;
const JSON: u8 = 3;

impl CaptureWriter<'_> {
    /// There is none.
    pub fn absent(&mut self) {
        self.0.push(ABSENT);
    }

    /// Text; none where there is none.
    pub fn text(&mut self, value: Option<&[u8]>) {
        match value {
            None => self.absent(),
            Some(value) => {
                self.0.push(TEXT);
                put_bytes(self.0, value);
            }
        }
    }

    /// Text that `write` appends. Empty text is none.
    pub fn text_with(&mut self, write: impl FnOnce(&mut Vec<u8>)) {
        self.sized_with(TEXT, write);
    }

    /// A JSON value that `write` appends. What is too long is cut and counts as text.
    pub fn json_with(&mut self, write: impl FnOnce(&mut Vec<u8>)) {
        self.sized_with(JSON, write);
    }

    /// A number.
    pub fn number(&mut self, value: u64) {
        self.0.push(NUMBER);
        put_u64(self.0, value);
    }

    fn sized_with(&mut self, kind: u8, write: impl FnOnce(&mut Vec<u8>)) {
        let place = self.0.len();
        self.0.push(kind);
        put_u16(self.0, 0);
        let start = self.0.len();
        write(self.0);
        let length = self.0.len() - start;
        if length == 0 {
            self.0.truncate(place);
            self.0.push(ABSENT);
            return;
        }
        if length > MAX_STRING_BYTES {
            self.0.truncate(start + MAX_STRING_BYTES);
            self.0[place] = TEXT;
        }
        let length = length.min(MAX_STRING_BYTES) as u16;
        self.0[place + 1..start].copy_from_slice(&length.to_le_bytes());
    }
}

/// A value that was captured.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Captured<'a> {
    Absent,
    Text(&'a [u8]),
    Number(u64),
    Json(&'a str),
}

impl<'a> Captured<'a> {
    pub(crate) fn read(from: &mut Decoder<'a>) -> Option<Self> {
        Some(match from.u8()? {
            ABSENT => Self::Absent,
            TEXT => Self::Text(from.bytes()?),
            NUMBER => Self::Number(from.u64()?),
            JSON => Self::Json(from.str()?),
            _ => return None,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn values_come_back_in_order() {
        let mut bytes = Vec::new();
        let mut writer = CaptureWriter(&mut bytes);
        writer.text(Some(b"a"));
        writer.text(None);
        writer.number(7);
        writer.json_with(|out| out.extend_from_slice(b"{\"a\":1}"));
        writer.text_with(|_| {});
        let mut from = Decoder(&bytes);
        let read = std::iter::from_fn(|| Captured::read(&mut from)).collect::<Vec<_>>();
        assert_eq!(
            read,
            [
                Captured::Text(b"a"),
                Captured::Absent,
                Captured::Number(7),
                Captured::Json("{\"a\":1}"),
                Captured::Absent
            ]
        );
    }

    #[test]
    fn json_that_is_too_long_is_cut_and_no_json_any_more() {
        let mut bytes = Vec::new();
        CaptureWriter(&mut bytes).json_with(|out| out.resize(out.len() + 5000, b'1'));
        let read = Captured::read(&mut Decoder(&bytes)).expect("value");
        assert!(matches!(read, Captured::Text(text) if text.len() == MAX_STRING_BYTES));
    }
}
