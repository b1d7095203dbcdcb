//! Envoy's command operators: `%NAME(argument):length%`.

use std::sync::Arc;

use super::{InvalidLogFormat, time::TimeFormat};
use crate::capture::{
    AddressKind, AddressPart, Capture, HeaderChoice, Measure, MetadataSource, NameOf, TlsFact, TlsPeer,
};

/// A piece of a format.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Piece {
    Literal(String),
    Value {
        value: Value,
        /// Characters to keep.
        max: Option<usize>,
    },
}

/// What an operator stands for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Value {
    StartTime(TimeFormat),
    EmitTime(TimeFormat),
    Method,
    Path,
    Protocol,
    ResponseCode,
    ResponseFlags,
    ResponseFlagsLong,
    ResponseCodeDetails,
    TerminationDetails,
    UpstreamFailure,
    BytesReceived,
    BytesSent,
    Duration,
    ResponseDuration,
    ResponseTxDuration,
    UpstreamServiceTime,
    ForwardedFor,
    UserAgent,
    RequestId,
    UpstreamHost,
    /// The endpoint, once there was a connection to it.
    UpstreamRemoteAddress(AddressPart),
    UpstreamCluster,
    UpstreamLocalAddress(AddressPart),
    DownstreamLocalAddress(AddressPart),
    DownstreamRemoteAddress(AddressPart),
    RequestedServerName,
    RouteName,
    TraceId,
    Attempts,
    GrpcStatus(GrpcStatusForm),
    AccessLogType,
    /// What a response that is made here would have for a body.
    LocalReplyBody,
    /// Known when the format is read: the environment, the host's name.
    Constant(String),
    /// The nth value that was captured.
    Captured(usize),
    /// An operator of Envoy's whose value this proxy does not have: `-`, as for a value that is absent.
    Absent,
}

/// How a status of gRPC is written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum GrpcStatusForm {
    Camel,
    Snake,
    Number,
}

/// What a format takes from a request besides what every record has.
#[derive(Debug, Default)]
pub(super) struct Parser {
    pub(super) captures: Vec<Capture>,
    /// Operators that have no value in this proxy.
    pub(super) unrecorded: Vec<String>,
}

/// Operators of Envoy's that this proxy knows nothing to say to.
const UNRECORDED: [&str; 31] = [
    "ACCESS_LOG_TYPE_EXTENDED",
    "BYTES_RETRANSMITTED",
    "CEL",
    "COALESCE",
    "CUSTOM_FLAGS",
    "DOWNSTREAM_DECOMPRESSED_HEADER_BYTES_RECEIVED",
    "DOWNSTREAM_DECOMPRESSED_HEADER_BYTES_SENT",
    "DOWNSTREAM_HANDSHAKE_DURATION",
    "DOWNSTREAM_HEADER_BYTES_RECEIVED",
    "DOWNSTREAM_HEADER_BYTES_SENT",
    "DOWNSTREAM_LOCAL_DNS_SAN",
    "DOWNSTREAM_LOCAL_EMAIL_SAN",
    "DOWNSTREAM_LOCAL_IP_SAN",
    "DOWNSTREAM_LOCAL_SUBJECT",
    "DOWNSTREAM_LOCAL_URI_SAN",
    "DOWNSTREAM_PEER_CERT",
    "DOWNSTREAM_PEER_FINGERPRINT_1",
    "DOWNSTREAM_TLS_SESSION_ID",
    "DOWNSTREAM_TRANSPORT_FAILURE_REASON",
    "FILTER_STATE",
    "LOCAL_REPLY_BODY",
    "PACKETS_RETRANSMITTED",
    "ROUNDTRIP_DURATION",
    "TLS_JA3_FINGERPRINT",
    "TLS_JA4_FINGERPRINT",
    "UPSTREAM_CONNECTION_ID",
    "UPSTREAM_CONNECTION_POOL_READY_DURATION",
    "UPSTREAM_FILTER_STATE",
    "UPSTREAM_HOSTS_ATTEMPTED",
    "UPSTREAM_PEER_CERT",
    "UPSTREAM_TLS_SESSION_ID",
];

impl Parser {
    /// Parses text with operators.
    pub(super) fn parse(&mut self, format: &str) -> Result<Vec<Piece>, InvalidLogFormat> {
        let mut pieces = Vec::new();
        let mut rest = format;
        while let Some((literal, after)) = rest.split_once('%') {
            push_literal(&mut pieces, literal);
            if let Some(behind) = after.strip_prefix('%') {
                push_literal(&mut pieces, "%");
                rest = behind;
                continue;
            }
            let (command, behind) = Command::read(after)?;
            let value = self.value(&command)?;
            pieces.push(Piece::Value {
                value,
                max: command.max,
            });
            rest = behind;
        }
        push_literal(&mut pieces, rest);
        Ok(pieces)
    }

    /// A capture's value: the same one twice is taken once.
    fn captured(&mut self, capture: Capture) -> Value {
        let known = self.captures.iter().position(|known| *known == capture);
        Value::Captured(known.unwrap_or_else(|| {
            self.captures.push(capture);
            self.captures.len() - 1
        }))
    }

    fn value(&mut self, command: &Command<'_>) -> Result<Value, InvalidLogFormat> {
        let name = command.name;
        let value = match command.argument {
            Some(argument) => self.with_argument(command, name, argument)?,
            None => None,
        };
        if let Some(value) = value {
            return Ok(value);
        }
        if let Some(value) = plain(name).or_else(|| address(name)) {
            return Ok(value);
        }
        if let Some(capture) = measure(name)
            .map(Capture::Measure)
            .or_else(|| name_of(name).map(Capture::Name))
            .or_else(|| direct_address(name))
            .or_else(|| tls(name))
        {
            return Ok(self.captured(capture));
        }
        if is_of_upstream_tls(name) {
            self.unrecorded.push(name.to_owned());
            return Ok(Value::Absent);
        }
        match name {
            "QUERY_PARAMS" => Ok(self.captured(Capture::Query)),
            "PATH" => Ok(self.captured(Capture::RequestWithoutQuery(choice(
                "x-envoy-original-path",
                Some(":path"),
            )))),
            "HOSTNAME" => Ok(Value::Constant(host_name())),
            "GRPC_STATUS" => Ok(Value::GrpcStatus(GrpcStatusForm::Camel)),
            "START_TIME" | "START_TIME_LOCAL" => Ok(Value::StartTime(TimeFormat::default())),
            "EMIT_TIME" | "EMIT_TIME_LOCAL" => Ok(Value::EmitTime(TimeFormat::default())),
            "LOCAL_REPLY_BODY" => {
                // In a log it is absent.
                self.unrecorded.push(name.to_owned());
                Ok(Value::LocalReplyBody)
            }
            name if UNRECORDED.contains(&name) => {
                self.unrecorded.push(name.to_owned());
                Ok(Value::Absent)
            }
            _ => Err(InvalidLogFormat::new(format!(
                "`{}` is no command operator that this proxy knows",
                command.text
            ))),
        }
    }

    fn with_argument(
        &mut self,
        command: &Command<'_>,
        name: &str,
        argument: &str,
    ) -> Result<Option<Value>, InvalidLogFormat> {
        let missing = || {
            InvalidLogFormat::new(format!(
                "`{}` says nothing in its parentheses; name what is meant",
                command.text
            ))
        };
        Ok(Some(match name {
            "START_TIME" | "START_TIME_LOCAL" => Value::StartTime(TimeFormat::parse(argument)?),
            "EMIT_TIME" | "EMIT_TIME_LOCAL" => Value::EmitTime(TimeFormat::parse(argument)?),
            "REQ" => self.request_header(argument).ok_or_else(missing)?,
            "REQ_WITHOUT_QUERY" => {
                let choice = header_choice(argument).ok_or_else(missing)?;
                self.captured(Capture::RequestWithoutQuery(choice))
            }
            "RESP" if argument.eq_ignore_ascii_case("x-envoy-upstream-service-time") => Value::UpstreamServiceTime,
            "RESP" => self.captured(Capture::Response(header_choice(argument).ok_or_else(missing)?)),
            "TRAILER" => self.captured(Capture::Trailer(header_choice(argument).ok_or_else(missing)?)),
            "QUERY_PARAM" | "ENVIRONMENT" if argument.is_empty() => return Err(missing()),
            "QUERY_PARAM" => self.captured(Capture::QueryParameter(argument.into())),
            "QUERY_PARAMS" => self.captured(Capture::Query),
            "PATH" => self.path(argument).ok_or_else(|| unknown_form(command))?,
            "DYNAMIC_METADATA" => self.metadata(MetadataSource::Dynamic, argument).ok_or_else(missing)?,
            "CLUSTER_METADATA" => self.metadata(MetadataSource::Cluster, argument).ok_or_else(missing)?,
            "UPSTREAM_METADATA" => self.metadata(MetadataSource::Endpoint, argument).ok_or_else(missing)?,
            "METADATA" => {
                let (kind, argument) = argument.split_once(':').ok_or_else(missing)?;
                let source = match kind {
                    "DYNAMIC" => MetadataSource::Dynamic,
                    "CLUSTER" => MetadataSource::Cluster,
                    "ROUTE" => MetadataSource::Route,
                    "UPSTREAM_HOST" => MetadataSource::Endpoint,
                    "VIRTUAL_HOST" => MetadataSource::VirtualHost,
                    _ => return Err(unknown_form(command)),
                };
                self.metadata(source, argument).ok_or_else(missing)?
            }
            "ENVIRONMENT" => Value::Constant(std::env::var(argument).unwrap_or_else(|_| ABSENT.to_owned())),
            "GRPC_STATUS" => Value::GrpcStatus(match argument {
                "" | "CAMEL_STRING" => GrpcStatusForm::Camel,
                "SNAKE_STRING" => GrpcStatusForm::Snake,
                "NUMBER" => GrpcStatusForm::Number,
                _ => return Err(unknown_form(command)),
            }),
            "COMMON_DURATION" => common_duration(argument)
                .map(|known| known.unwrap_or_else(|measure| self.captured(Capture::Measure(measure))))
                .ok_or_else(|| unknown_form(command))?,
            "DOWNSTREAM_PEER_CERT_V_START" | "DOWNSTREAM_PEER_CERT_V_END" => {
                if !argument.is_empty() {
                    return Err(unknown_form(command));
                }
                return Ok(None);
            }
            "REQUESTED_SERVER_NAME" if argument == "SNI_ONLY" || argument == "SNI_FIRST" => Value::RequestedServerName,
            "FILTER_STATE" => match self.filter_state(argument) {
                Some(value) => value,
                None => return Ok(None),
            },
            name if UNRECORDED.contains(&name) => return Ok(None),
            _ => return Err(unknown_form(command)),
        }))
    }

    /// What every record has is not taken twice.
    fn request_header(&mut self, argument: &str) -> Option<Value> {
        let choice = header_choice(argument)?;
        Some(match (&*choice.name, choice.alternative.as_deref()) {
            (":method", _) => Value::Method,
            ("x-envoy-original-path", Some(":path")) => Value::Path,
            ("x-forwarded-for", None) => Value::ForwardedFor,
            ("user-agent", None) => Value::UserAgent,
            ("x-request-id", None) => Value::RequestId,
            _ => self.captured(Capture::Request(choice)),
        })
    }

    /// `PATH(X:Y)`: with or without query, and the original or the rewritten one.
    fn path(&mut self, argument: &str) -> Option<Value> {
        let (query, source) = argument.split_once(':').unwrap_or((argument, ""));
        let choice = match source {
            "" | "ORIG_OR_PATH" => choice("x-envoy-original-path", Some(":path")),
            "PATH" => choice(":path", None),
            "ORIG" => choice("x-envoy-original-path", None),
            _ => return None,
        };
        Some(match query {
            "" | "WQ" => self.captured(Capture::Request(choice)),
            "NQ" => self.captured(Capture::RequestWithoutQuery(choice)),
            _ => return None,
        })
    }

    /// `KEY:PLAIN` for keys whose value is known here whoever sets it: what istiod and tunnels put there.
    fn filter_state(&mut self, argument: &str) -> Option<Value> {
        let key = argument.strip_suffix(":PLAIN")?;
        Some(match key {
            "io.istio.peer_principal" => self.captured(Capture::Tls(TlsPeer::Downstream, TlsFact::UriSan)),
            "envoy.filters.listener.original_dst.local_ip" => Value::DownstreamLocalAddress(AddressPart::Whole),
            "envoy.filters.listener.original_dst.remote_ip" => Value::DownstreamRemoteAddress(AddressPart::Whole),
            _ => return None,
        })
    }

    /// `NAMESPACE:KEY:KEY…`; without keys all of the namespace.
    fn metadata(&mut self, source: MetadataSource, argument: &str) -> Option<Value> {
        let mut parts = argument.split(':');
        let namespace = parts.next().filter(|namespace| !namespace.is_empty())?;
        let keys: Vec<Arc<str>> = parts.map(Arc::from).collect();
        Some(self.captured(Capture::Metadata(source, namespace.into(), keys.into())))
    }
}

/// An operator as it is written.
struct Command<'a> {
    text: &'a str,
    name: &'a str,
    argument: Option<&'a str>,
    max: Option<usize>,
}

impl<'a> Command<'a> {
    /// Reads what follows a percent sign up to the closing one, and answers what is behind it.
    fn read(text: &'a str) -> Result<(Self, &'a str), InvalidLogFormat> {
        let is_of_name = |byte: u8| byte.is_ascii_uppercase() || byte.is_ascii_digit() || byte == b'_';
        let end = text.bytes().position(|byte| !is_of_name(byte)).unwrap_or(text.len());
        let (name, mut rest) = text.split_at(end);
        let unclosed = || InvalidLogFormat::new(format!("`%{text}` has no closing %"));
        let mut argument = None;
        if let Some(inner) = rest.strip_prefix('(') {
            let (inside, behind) = inner.split_once(')').ok_or_else(unclosed)?;
            argument = Some(inside);
            rest = behind;
        }
        let mut max = None;
        if let Some(digits) = rest.strip_prefix(':') {
            let (digits, _) = digits.split_once('%').ok_or_else(unclosed)?;
            let number = digits
                .parse()
                .map_err(|_| InvalidLogFormat::new(format!("`%{text}`: the length {digits:?} is no number")))?;
            max = Some(number);
            rest = &rest[1 + digits.len()..];
        }
        let Some(behind) = rest.strip_prefix('%') else {
            return Err(if rest.contains('%') || name.is_empty() {
                let shown = text.split('%').next().unwrap_or_default();
                InvalidLogFormat::new(format!("`%{shown}%` is no command operator"))
            } else {
                unclosed()
            });
        };
        let whole = &text[..text.len() - behind.len() - 1];
        if name.is_empty() {
            return Err(InvalidLogFormat::new(format!("`%{whole}%` is no command operator")));
        }
        let command = Self {
            text: whole,
            name,
            argument,
            max,
        };
        Ok((command, behind))
    }
}

fn unknown_form(command: &Command<'_>) -> InvalidLogFormat {
    InvalidLogFormat::new(format!(
        "`{}`: this proxy does not know what its parentheses say",
        command.text
    ))
}

fn push_literal(pieces: &mut Vec<Piece>, text: &str) {
    if text.is_empty() {
        return;
    }
    match pieces.last_mut() {
        Some(Piece::Literal(before)) => before.push_str(text),
        _ => pieces.push(Piece::Literal(text.to_owned())),
    }
}

fn choice(name: &str, alternative: Option<&str>) -> HeaderChoice {
    HeaderChoice {
        name: name.into(),
        alternative: alternative.map(Arc::from),
    }
}

/// `name?alternative`.
fn header_choice(argument: &str) -> Option<HeaderChoice> {
    let lower = argument.to_ascii_lowercase();
    let (first, second) = lower
        .split_once('?')
        .map_or((lower.as_str(), None), |(first, second)| (first, Some(second)));
    let known = |name: &str| {
        if name == "host" {
            ":authority".to_owned()
        } else {
            name.to_owned()
        }
    };
    (!first.is_empty()).then(|| HeaderChoice {
        name: known(first).into(),
        alternative: second.filter(|name| !name.is_empty()).map(|name| known(name).into()),
    })
}

fn plain(name: &str) -> Option<Value> {
    Some(match name {
        "PROTOCOL" => Value::Protocol,
        "RESPONSE_CODE" => Value::ResponseCode,
        "RESPONSE_FLAGS" => Value::ResponseFlags,
        "RESPONSE_FLAGS_LONG" => Value::ResponseFlagsLong,
        "RESPONSE_CODE_DETAILS" => Value::ResponseCodeDetails,
        "CONNECTION_TERMINATION_DETAILS" => Value::TerminationDetails,
        "UPSTREAM_TRANSPORT_FAILURE_REASON" => Value::UpstreamFailure,
        "BYTES_RECEIVED" => Value::BytesReceived,
        "BYTES_SENT" => Value::BytesSent,
        "DURATION" => Value::Duration,
        "RESPONSE_DURATION" => Value::ResponseDuration,
        "RESPONSE_TX_DURATION" => Value::ResponseTxDuration,
        "UPSTREAM_CLUSTER" | "UPSTREAM_CLUSTER_RAW" => Value::UpstreamCluster,
        "UPSTREAM_REQUEST_ATTEMPT_COUNT" => Value::Attempts,
        "REQUESTED_SERVER_NAME" => Value::RequestedServerName,
        "ROUTE_NAME" => Value::RouteName,
        "TRACE_ID" => Value::TraceId,
        "GRPC_STATUS_NUMBER" => Value::GrpcStatus(GrpcStatusForm::Number),
        "ACCESS_LOG_TYPE" => Value::AccessLogType,
        _ => return None,
    })
}

fn part_of(name: &str) -> Option<(&str, AddressPart)> {
    if let Some(name) = name.strip_suffix("_ADDRESS_WITHOUT_PORT") {
        return Some((name, AddressPart::Ip));
    }
    if let Some(name) = name.strip_suffix("_ADDRESS") {
        return Some((name, AddressPart::Whole));
    }
    name.strip_suffix("_PORT").map(|name| (name, AddressPart::Port))
}

fn address(name: &str) -> Option<Value> {
    if name == "UPSTREAM_HOST" {
        return Some(Value::UpstreamHost);
    }
    let (name, part) = part_of(name)?;
    Some(match name {
        "UPSTREAM_REMOTE" => Value::UpstreamRemoteAddress(part),
        "UPSTREAM_LOCAL" => Value::UpstreamLocalAddress(part),
        "DOWNSTREAM_LOCAL" => Value::DownstreamLocalAddress(part),
        "DOWNSTREAM_REMOTE" => Value::DownstreamRemoteAddress(part),
        _ => return None,
    })
}

fn direct_address(name: &str) -> Option<Capture> {
    let (name, part) = part_of(name)?;
    Some(match name {
        "DOWNSTREAM_DIRECT_REMOTE" => Capture::Address(AddressKind::DownstreamDirectRemote, part),
        "DOWNSTREAM_DIRECT_LOCAL" => Capture::Address(AddressKind::DownstreamDirectLocal, part),
        _ => return None,
    })
}

fn measure(name: &str) -> Option<Measure> {
    Some(match name {
        "CONNECTION_ID" => Measure::ConnectionId,
        "REQUEST_DURATION" => Measure::RequestDuration,
        "REQUEST_TX_DURATION" => Measure::RequestTxDuration,
        "REQUEST_HEADERS_BYTES" => Measure::RequestHeadersBytes,
        "RESPONSE_HEADERS_BYTES" => Measure::ResponseHeadersBytes,
        "RESPONSE_TRAILERS_BYTES" => Measure::ResponseTrailersBytes,
        "DOWNSTREAM_WIRE_BYTES_RECEIVED" => Measure::DownstreamWireBytesReceived,
        "DOWNSTREAM_WIRE_BYTES_SENT" => Measure::DownstreamWireBytesSent,
        "UPSTREAM_WIRE_BYTES_RECEIVED" => Measure::UpstreamWireBytesReceived,
        "UPSTREAM_WIRE_BYTES_SENT" => Measure::UpstreamWireBytesSent,
        _ => return None,
    })
}

fn name_of(name: &str) -> Option<NameOf> {
    Some(match name {
        "FILTER_CHAIN_NAME" => NameOf::FilterChain,
        "LISTENER_NAME" => NameOf::Listener,
        "VIRTUAL_HOST_NAME" => NameOf::VirtualHost,
        "VIRTUAL_CLUSTER_NAME" => NameOf::VirtualCluster,
        "UPSTREAM_HOST_NAME" | "UPSTREAM_HOST_NAME_WITHOUT_PORT" => NameOf::UpstreamHost,
        "UPSTREAM_PROTOCOL" => NameOf::UpstreamProtocol,
        "STREAM_ID" | "UNIQUE_ID" => NameOf::UniqueId,
        _ => return None,
    })
}

fn tls(name: &str) -> Option<Capture> {
    // Of the endpoint's certificate only the name is kept that mesh traffic is checked by.
    if name == "UPSTREAM_PEER_URI_SAN" {
        return Some(Capture::Tls(TlsPeer::Upstream, TlsFact::UriSan));
    }
    Some(Capture::Tls(
        TlsPeer::Downstream,
        tls_fact(name.strip_prefix("DOWNSTREAM_")?)?,
    ))
}

fn is_of_upstream_tls(name: &str) -> bool {
    name.strip_prefix("UPSTREAM_").and_then(tls_fact).is_some()
}

fn tls_fact(name: &str) -> Option<TlsFact> {
    Some(match name {
        "PEER_URI_SAN" => TlsFact::UriSan,
        "PEER_DNS_SAN" => TlsFact::DnsSan,
        "PEER_EMAIL_SAN" => TlsFact::EmailSan,
        "PEER_IP_SAN" => TlsFact::IpSan,
        "PEER_SUBJECT" => TlsFact::Subject,
        "PEER_ISSUER" => TlsFact::Issuer,
        "PEER_SERIAL" => TlsFact::Serial,
        "PEER_FINGERPRINT_256" => TlsFact::Fingerprint256,
        "PEER_CERT_V_START" => TlsFact::ValidFrom,
        "PEER_CERT_V_END" => TlsFact::ValidTo,
        "TLS_VERSION" => TlsFact::Version,
        "TLS_CIPHER" => TlsFact::Cipher,
        _ => return None,
    })
}

/// `COMMON_DURATION(START:END:PRECISION)` for the pairs of moments that have an operator of their own, in milliseconds.
fn common_duration(argument: &str) -> Option<Result<Value, Measure>> {
    let mut parts = argument.split(':');
    let moments = (parts.next()?, parts.next()?);
    if !matches!(parts.next(), None | Some("ms")) || parts.next().is_some() {
        return None;
    }
    Some(match moments {
        ("DS_RX_BEG", "DS_TX_END") => Ok(Value::Duration),
        ("DS_RX_BEG", "US_RX_BEG") => Ok(Value::ResponseDuration),
        ("US_RX_BEG", "DS_TX_END") => Ok(Value::ResponseTxDuration),
        ("DS_RX_BEG", "DS_RX_END") => Err(Measure::RequestDuration),
        ("DS_RX_BEG", "US_TX_END") => Err(Measure::RequestTxDuration),
        _ => return None,
    })
}

/// What stands for a value that is absent, and for a variable that is not set: always text, as in Envoy.
const ABSENT: &str = "-";

/// The machine's name as the kernel tells it.
fn host_name() -> String {
    std::fs::read_to_string("/proc/sys/kernel/hostname")
        .map_or_else(|_| ABSENT.to_owned(), |name| name.trim().to_owned())
}
