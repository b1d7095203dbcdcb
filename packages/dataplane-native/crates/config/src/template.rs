//! Values with operators: Envoy's substitution format, as far as headers use it.

use std::{fmt, sync::Arc};

use serde::{Deserialize, Serialize};

/// A parsed value: literals and operators, e.g. `%DOWNSTREAM_REMOTE_ADDRESS_WITHOUT_PORT%`. `%%` is a percent sign.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct Template {
    source: Arc<str>,
    pieces: Vec<Piece>,
}

/// A part of a template.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Piece {
    /// Bytes as they are.
    Literal(Box<str>),
    /// A value of the request, at most `max` bytes of it.
    Operator {
        /// Which value.
        operator: Operator,
        /// Bytes to keep (`:10` after the operator's parenthesis).
        max: Option<usize>,
    },
}

/// Which part of an address is meant.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum AddressPart {
    /// `10.0.0.1:80`
    Whole,
    /// `10.0.0.1`
    Ip,
    /// `80`
    Port,
}

/// A value of the request or its connection.
#[derive(Clone, Debug, PartialEq, Eq)]
#[allow(missing_docs, reason = "each is Envoy's operator of the same name, documented there")]
pub enum Operator {
    DownstreamRemoteAddress(AddressPart),
    DownstreamDirectRemoteAddress(AddressPart),
    DownstreamLocalAddress(AddressPart),
    DownstreamPeerUriSan,
    DownstreamPeerDnsSan,
    DownstreamLocalUriSan,
    DownstreamPeerSubject,
    DownstreamPeerIssuer,
    DownstreamPeerSerial,
    DownstreamPeerFingerprint256,
    DownstreamPeerCert,
    DownstreamTlsVersion,
    DownstreamTlsCipher,
    UpstreamRemoteAddress(AddressPart),
    UpstreamLocalAddress(AddressPart),
    UpstreamCluster,
    /// `REQ(name?alternative)`
    RequestHeader(Arc<str>, Option<Arc<str>>),
    /// `RESP(name?alternative)`
    ResponseHeader(Arc<str>, Option<Arc<str>>),
    RequestedServerName,
    RouteName,
    VirtualClusterName,
    Protocol,
    ResponseCode,
    ResponseCodeDetails,
    ResponseFlags,
    /// `START_TIME` with an optional strftime format; without one, ISO 8601 with milliseconds.
    StartTime(Option<Arc<str>>),
    Duration,
    BytesReceived,
    BytesSent,
    Hostname,
    StreamId,
    ConnectionId,
    /// `ENVIRONMENT(NAME)`
    Environment(Arc<str>),
    TraceId,
}

/// Why a value cannot be parsed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct InvalidTemplate(String);

impl Template {
    /// Parses `source`; unknown operators and header values with line breaks or NUL are refused.
    pub fn new(source: &str) -> Result<Self, InvalidTemplate> {
        if source.bytes().any(|byte| matches!(byte, b'\r' | b'\n' | 0)) {
            return Err(InvalidTemplate(format!(
                "{source:?} has a line break or NUL, which no header value may have"
            )));
        }
        let mut pieces = Vec::new();
        let mut literal = String::new();
        let mut rest = source;
        while let Some(start) = rest.find('%') {
            literal.push_str(&rest[..start]);
            let after = &rest[start + 1..];
            let end = after.find('%').ok_or_else(|| {
                InvalidTemplate(format!("{source:?} has a '%' without an end; write '%%' for the sign"))
            })?;
            if end == 0 {
                literal.push('%');
            } else {
                if !literal.is_empty() {
                    pieces.push(Piece::Literal(std::mem::take(&mut literal).into()));
                }
                pieces.push(parse_operator(&after[..end])?);
            }
            rest = &after[end + 1..];
        }
        literal.push_str(rest);
        if !literal.is_empty() {
            pieces.push(Piece::Literal(literal.into()));
        }
        Ok(Self {
            source: source.into(),
            pieces,
        })
    }

    /// The value as it was written.
    pub fn as_str(&self) -> &str {
        &self.source
    }

    /// Its parts in order.
    pub fn pieces(&self) -> &[Piece] {
        &self.pieces
    }

    /// The value, if it has no operator.
    pub fn literal(&self) -> Option<&str> {
        match self.pieces.as_slice() {
            [] => Some(""),
            [Piece::Literal(text)] => Some(text),
            _ => None,
        }
    }
}

fn parse_operator(text: &str) -> Result<Piece, InvalidTemplate> {
    let unknown = || InvalidTemplate(format!("operator %{text}% is not supported in a header value"));
    let (name, argument, max) = match text.split_once('(') {
        None => (text, None, None),
        Some((name, tail)) => {
            let (argument, tail) = tail.rsplit_once(')').ok_or_else(unknown)?;
            let max = match tail.strip_prefix(':') {
                Some(digits) => Some(digits.parse().map_err(|_| unknown())?),
                None if tail.is_empty() => None,
                None => return Err(unknown()),
            };
            (name, Some(argument), max)
        }
    };
    let operator = match argument {
        Some(argument) => operator_with_argument(name, argument),
        None => plain_operator(name),
    };
    Ok(Piece::Operator {
        operator: operator.ok_or_else(unknown)?,
        max,
    })
}

fn operator_with_argument(name: &str, argument: &str) -> Option<Operator> {
    let header = || {
        let (first, second) = argument.split_once('?').map_or((argument, None), |(a, b)| (a, Some(b)));
        (!first.is_empty()).then(|| {
            (
                first.to_ascii_lowercase().into(),
                second.map(|name| name.to_ascii_lowercase().into()),
            )
        })
    };
    match name {
        "REQ" => header().map(|(first, second)| Operator::RequestHeader(first, second)),
        "RESP" => header().map(|(first, second)| Operator::ResponseHeader(first, second)),
        "START_TIME" => Some(Operator::StartTime(Some(argument.into()))),
        "ENVIRONMENT" => Some(Operator::Environment(argument.into())),
        _ => None,
    }
}

fn plain_operator(name: &str) -> Option<Operator> {
    if let Some(operator) = address_operator(name) {
        return Some(operator);
    }
    Some(match name {
        "DOWNSTREAM_PEER_URI_SAN" => Operator::DownstreamPeerUriSan,
        "DOWNSTREAM_PEER_DNS_SAN" => Operator::DownstreamPeerDnsSan,
        "DOWNSTREAM_LOCAL_URI_SAN" => Operator::DownstreamLocalUriSan,
        "DOWNSTREAM_PEER_SUBJECT" => Operator::DownstreamPeerSubject,
        "DOWNSTREAM_PEER_ISSUER" => Operator::DownstreamPeerIssuer,
        "DOWNSTREAM_PEER_SERIAL" => Operator::DownstreamPeerSerial,
        "DOWNSTREAM_PEER_FINGERPRINT_256" => Operator::DownstreamPeerFingerprint256,
        "DOWNSTREAM_PEER_CERT" => Operator::DownstreamPeerCert,
        "DOWNSTREAM_TLS_VERSION" => Operator::DownstreamTlsVersion,
        "DOWNSTREAM_TLS_CIPHER" => Operator::DownstreamTlsCipher,
        "UPSTREAM_CLUSTER" | "UPSTREAM_CLUSTER_RAW" => Operator::UpstreamCluster,
        "REQUESTED_SERVER_NAME" => Operator::RequestedServerName,
        "ROUTE_NAME" => Operator::RouteName,
        "VIRTUAL_CLUSTER_NAME" => Operator::VirtualClusterName,
        "PROTOCOL" => Operator::Protocol,
        "RESPONSE_CODE" => Operator::ResponseCode,
        "RESPONSE_CODE_DETAILS" => Operator::ResponseCodeDetails,
        "RESPONSE_FLAGS" => Operator::ResponseFlags,
        "START_TIME" => Operator::StartTime(None),
        "DURATION" => Operator::Duration,
        "BYTES_RECEIVED" => Operator::BytesReceived,
        "BYTES_SENT" => Operator::BytesSent,
        "HOSTNAME" => Operator::Hostname,
        "STREAM_ID" => Operator::StreamId,
        "CONNECTION_ID" => Operator::ConnectionId,
        "TRACE_ID" => Operator::TraceId,
        _ => return None,
    })
}

fn address_operator(name: &str) -> Option<Operator> {
    if name == "UPSTREAM_HOST" {
        return Some(Operator::UpstreamRemoteAddress(AddressPart::Whole));
    }
    let (name, part) = if let Some(name) = name.strip_suffix("_WITHOUT_PORT") {
        (name, AddressPart::Ip)
    } else if let Some(name) = name
        .strip_suffix("_ADDRESS_PORT")
        .or_else(|| name.strip_suffix("_PORT"))
    {
        return port_operator(name);
    } else {
        (name, AddressPart::Whole)
    };
    Some(match name {
        "DOWNSTREAM_REMOTE_ADDRESS" => Operator::DownstreamRemoteAddress(part),
        "DOWNSTREAM_DIRECT_REMOTE_ADDRESS" => Operator::DownstreamDirectRemoteAddress(part),
        "DOWNSTREAM_LOCAL_ADDRESS" => Operator::DownstreamLocalAddress(part),
        "UPSTREAM_REMOTE_ADDRESS" => Operator::UpstreamRemoteAddress(part),
        "UPSTREAM_LOCAL_ADDRESS" => Operator::UpstreamLocalAddress(part),
        _ => return None,
    })
}

fn port_operator(name: &str) -> Option<Operator> {
    Some(match name {
        "DOWNSTREAM_REMOTE" => Operator::DownstreamRemoteAddress(AddressPart::Port),
        "DOWNSTREAM_DIRECT_REMOTE" => Operator::DownstreamDirectRemoteAddress(AddressPart::Port),
        "DOWNSTREAM_LOCAL" => Operator::DownstreamLocalAddress(AddressPart::Port),
        "UPSTREAM_REMOTE" => Operator::UpstreamRemoteAddress(AddressPart::Port),
        "UPSTREAM_LOCAL" => Operator::UpstreamLocalAddress(AddressPart::Port),
        _ => return None,
    })
}

impl TryFrom<String> for Template {
    type Error = InvalidTemplate;

    fn try_from(source: String) -> Result<Self, InvalidTemplate> {
        Self::new(&source)
    }
}

impl From<Template> for String {
    fn from(template: Template) -> Self {
        template.source.to_string()
    }
}

impl fmt::Display for InvalidTemplate {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl std::error::Error for InvalidTemplate {}

#[cfg(test)]
mod tests {
    use super::*;

    fn operator(source: &str) -> Operator {
        match Template::new(source).unwrap().pieces() {
            [Piece::Operator { operator, .. }] => operator.clone(),
            other => panic!("{other:?}"),
        }
    }

    #[test]
    fn a_plain_value_is_one_literal() {
        assert_eq!(Template::new("v1").unwrap().literal(), Some("v1"));
        assert_eq!(Template::new("").unwrap().literal(), Some(""));
        assert_eq!(Template::new("100%%").unwrap().literal(), Some("100%"));
    }

    #[test]
    fn operators_and_literals_alternate() {
        let template = Template::new("a-%REQ(X-Id?:path):8%-b").unwrap();
        assert_eq!(
            template.pieces(),
            [
                Piece::Literal("a-".into()),
                Piece::Operator {
                    operator: Operator::RequestHeader("x-id".into(), Some(":path".into())),
                    max: Some(8)
                },
                Piece::Literal("-b".into()),
            ]
        );
        assert_eq!(template.literal(), None);
    }

    #[test]
    fn addresses_come_whole_or_in_parts() {
        assert_eq!(
            operator("%DOWNSTREAM_REMOTE_ADDRESS%"),
            Operator::DownstreamRemoteAddress(AddressPart::Whole)
        );
        assert_eq!(
            operator("%DOWNSTREAM_REMOTE_ADDRESS_WITHOUT_PORT%"),
            Operator::DownstreamRemoteAddress(AddressPart::Ip)
        );
        assert_eq!(
            operator("%DOWNSTREAM_LOCAL_PORT%"),
            Operator::DownstreamLocalAddress(AddressPart::Port)
        );
        assert_eq!(
            operator("%UPSTREAM_HOST%"),
            Operator::UpstreamRemoteAddress(AddressPart::Whole)
        );
    }

    #[test]
    fn what_cannot_be_rendered_is_refused() {
        assert_eq!(
            Template::new("%DYNAMIC_METADATA(a:b)%").unwrap_err().to_string(),
            "operator %DYNAMIC_METADATA(a:b)% is not supported in a header value"
        );
        assert!(Template::new("50%").unwrap_err().to_string().contains("write '%%'"));
        assert!(Template::new("a\r\nb: c").is_err());
    }
}
