//! Lines of access logs, by Envoy's command operators.

use std::fmt::{self, Write as _};
use std::net::SocketAddr;

use crate::AccessLog;
use crate::clock::push_timestamp;
use crate::interner::Interner;

const ISTIO_TEXT: &str = "[%START_TIME%] \"%REQ(:METHOD)% %REQ(X-ENVOY-ORIGINAL-PATH?:PATH)% %PROTOCOL%\" \
    %RESPONSE_CODE% %RESPONSE_FLAGS% %RESPONSE_CODE_DETAILS% %CONNECTION_TERMINATION_DETAILS% \
    \"%UPSTREAM_TRANSPORT_FAILURE_REASON%\" %BYTES_RECEIVED% %BYTES_SENT% %DURATION% \
    %RESP(X-ENVOY-UPSTREAM-SERVICE-TIME)% \"%REQ(X-FORWARDED-FOR)%\" \"%REQ(USER-AGENT)%\" \"%REQ(X-REQUEST-ID)%\" \
    \"%REQ(:AUTHORITY)%\" \"%UPSTREAM_HOST%\" %UPSTREAM_CLUSTER% %UPSTREAM_LOCAL_ADDRESS% %DOWNSTREAM_LOCAL_ADDRESS% \
    %DOWNSTREAM_REMOTE_ADDRESS% %REQUESTED_SERVER_NAME% %ROUTE_NAME%\n";

/// The keys of Istio's JSON access log and the operators behind them.
const ISTIO_JSON: [(&str, &str); 24] = [
    ("start_time", "%START_TIME%"),
    ("method", "%REQ(:METHOD)%"),
    ("path", "%REQ(X-ENVOY-ORIGINAL-PATH?:PATH)%"),
    ("protocol", "%PROTOCOL%"),
    ("response_code", "%RESPONSE_CODE%"),
    ("response_flags", "%RESPONSE_FLAGS%"),
    ("response_code_details", "%RESPONSE_CODE_DETAILS%"),
    ("connection_termination_details", "%CONNECTION_TERMINATION_DETAILS%"),
    (
        "upstream_transport_failure_reason",
        "%UPSTREAM_TRANSPORT_FAILURE_REASON%",
    ),
    ("bytes_received", "%BYTES_RECEIVED%"),
    ("bytes_sent", "%BYTES_SENT%"),
    ("duration", "%DURATION%"),
    ("upstream_service_time", "%RESP(X-ENVOY-UPSTREAM-SERVICE-TIME)%"),
    ("x_forwarded_for", "%REQ(X-FORWARDED-FOR)%"),
    ("user_agent", "%REQ(USER-AGENT)%"),
    ("request_id", "%REQ(X-REQUEST-ID)%"),
    ("authority", "%REQ(:AUTHORITY)%"),
    ("upstream_host", "%UPSTREAM_HOST%"),
    ("upstream_cluster", "%UPSTREAM_CLUSTER%"),
    ("upstream_local_address", "%UPSTREAM_LOCAL_ADDRESS%"),
    ("downstream_local_address", "%DOWNSTREAM_LOCAL_ADDRESS%"),
    ("downstream_remote_address", "%DOWNSTREAM_REMOTE_ADDRESS%"),
    ("requested_server_name", "%REQUESTED_SERVER_NAME%"),
    ("route_name", "%ROUTE_NAME%"),
];

/// How a log line looks.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LogFormat(Shape);

#[derive(Clone, Debug, PartialEq, Eq)]
enum Shape {
    Text(Vec<Piece>),
    Json(Vec<(String, Vec<Piece>)>),
}

#[derive(Clone, Debug, PartialEq, Eq)]
enum Piece {
    Literal(String),
    Value(Value),
}

/// What an operator stands for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Value {
    StartTime,
    Method,
    Path,
    Protocol,
    ResponseCode,
    ResponseFlags,
    ResponseCodeDetails,
    TerminationDetails,
    UpstreamFailure,
    BytesReceived,
    BytesSent,
    Duration,
    UpstreamServiceTime,
    ForwardedFor,
    UserAgent,
    RequestId,
    Authority,
    UpstreamHost,
    UpstreamCluster,
    UpstreamLocalAddress,
    DownstreamLocalAddress,
    DownstreamRemoteAddress,
    DownstreamRemoteIp,
    RequestedServerName,
    RouteName,
    TraceId,
    Attempts,
    /// A header or operator of Envoy's that is not recorded: `-`, as for a value that is absent.
    Absent,
}

/// Why a format cannot be used.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct InvalidLogFormat(String);

impl fmt::Display for InvalidLogFormat {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl std::error::Error for InvalidLogFormat {}

impl LogFormat {
    /// Istio's default line.
    pub fn istio_text() -> Self {
        Self(Shape::Text(parse(ISTIO_TEXT).unwrap_or_default()))
    }

    /// The same as a JSON object a line, with Istio's keys.
    pub fn istio_json() -> Self {
        let pairs = ISTIO_JSON
            .iter()
            .map(|(key, text)| ((*key).to_owned(), parse(text).unwrap_or_default()));
        Self(Shape::Json(pairs.collect()))
    }

    /// A line of text with operators; a line feed is added where there is none. Empty text is Istio's default.
    pub fn text(format: &str) -> Result<Self, InvalidLogFormat> {
        if format.is_empty() {
            return Ok(Self::istio_text());
        }
        let mut pieces = parse(format)?;
        if !format.ends_with('\n') {
            pieces.push(Piece::Literal("\n".to_owned()));
        }
        Ok(Self(Shape::Text(pieces)))
    }

    /// A JSON object a line, whose values are texts with operators. No pairs: Istio's keys.
    pub fn json<'a>(pairs: impl Iterator<Item = (&'a str, &'a str)>) -> Result<Self, InvalidLogFormat> {
        let pairs: Result<Vec<_>, _> = pairs.map(|(key, text)| Ok((key.to_owned(), parse(text)?))).collect();
        let pairs = pairs?;
        if pairs.is_empty() {
            Ok(Self::istio_json())
        } else {
            Ok(Self(Shape::Json(pairs)))
        }
    }

    pub(crate) fn write(&self, log: &AccessLog<'_>, strings: &Interner, out: &mut String) {
        match &self.0 {
            Shape::Text(pieces) => write_pieces(pieces, log, strings, out),
            Shape::Json(pairs) => {
                let mut separator = '{';
                for (key, pieces) in pairs {
                    out.push(separator);
                    separator = ',';
                    push_json_string(out, key);
                    out.push(':');
                    write_json_value(pieces, log, strings, out);
                }
                out.push_str("}\n");
            }
        }
    }
}

fn parse(format: &str) -> Result<Vec<Piece>, InvalidLogFormat> {
    let mut pieces = Vec::new();
    let mut rest = format;
    while let Some((literal, from_operator)) = rest.split_once('%') {
        if !literal.is_empty() {
            pieces.push(Piece::Literal(literal.to_owned()));
        }
        let Some((operator, after)) = from_operator.split_once('%') else {
            return Err(InvalidLogFormat(format!(
                "log format: `%{from_operator}` has no closing %"
            )));
        };
        pieces.push(if operator.is_empty() {
            Piece::Literal("%".to_owned())
        } else {
            Piece::Value(value_of(operator)?)
        });
        rest = after;
    }
    if !rest.is_empty() {
        pieces.push(Piece::Literal(rest.to_owned()));
    }
    Ok(pieces)
}

fn value_of(operator: &str) -> Result<Value, InvalidLogFormat> {
    let (name, argument) = operator.split_once('(').map_or((operator, ""), |(name, rest)| {
        (
            name,
            rest.split_once(')').map_or(rest, |(argument, _max_length)| argument),
        )
    });
    if name.is_empty()
        || !name
            .bytes()
            .all(|byte| byte.is_ascii_uppercase() || byte.is_ascii_digit() || byte == b'_')
    {
        return Err(InvalidLogFormat(format!(
            "log format: `%{operator}%` is no command operator"
        )));
    }
    Ok(match name {
        "START_TIME" => Value::StartTime,
        "PROTOCOL" => Value::Protocol,
        "RESPONSE_CODE" => Value::ResponseCode,
        "RESPONSE_FLAGS" => Value::ResponseFlags,
        "RESPONSE_CODE_DETAILS" => Value::ResponseCodeDetails,
        "CONNECTION_TERMINATION_DETAILS" => Value::TerminationDetails,
        "UPSTREAM_TRANSPORT_FAILURE_REASON" => Value::UpstreamFailure,
        "BYTES_RECEIVED" => Value::BytesReceived,
        "BYTES_SENT" => Value::BytesSent,
        "DURATION" => Value::Duration,
        "UPSTREAM_HOST" => Value::UpstreamHost,
        "UPSTREAM_CLUSTER" | "UPSTREAM_CLUSTER_RAW" => Value::UpstreamCluster,
        "UPSTREAM_LOCAL_ADDRESS" => Value::UpstreamLocalAddress,
        "UPSTREAM_REQUEST_ATTEMPT_COUNT" => Value::Attempts,
        "DOWNSTREAM_LOCAL_ADDRESS" => Value::DownstreamLocalAddress,
        "DOWNSTREAM_REMOTE_ADDRESS" | "DOWNSTREAM_DIRECT_REMOTE_ADDRESS" => Value::DownstreamRemoteAddress,
        "DOWNSTREAM_REMOTE_ADDRESS_WITHOUT_PORT" | "DOWNSTREAM_DIRECT_REMOTE_ADDRESS_WITHOUT_PORT" => {
            Value::DownstreamRemoteIp
        }
        "REQUESTED_SERVER_NAME" => Value::RequestedServerName,
        "ROUTE_NAME" => Value::RouteName,
        "TRACE_ID" => Value::TraceId,
        "REQ" => request_header(argument),
        "RESP" if argument.eq_ignore_ascii_case("x-envoy-upstream-service-time") => Value::UpstreamServiceTime,
        _ => Value::Absent,
    })
}

/// `REQ(a?b)` means a, or b where a is absent; of all headers only some are recorded.
fn request_header(argument: &str) -> Value {
    let of = |name: &str| match name.to_ascii_lowercase().as_str() {
        ":method" => Value::Method,
        ":path" | "x-envoy-original-path" => Value::Path,
        ":authority" | "host" => Value::Authority,
        "x-forwarded-for" => Value::ForwardedFor,
        "user-agent" => Value::UserAgent,
        "x-request-id" => Value::RequestId,
        _ => Value::Absent,
    };
    let (first, second) = argument.split_once('?').unwrap_or((argument, ""));
    match of(first) {
        Value::Absent => of(second),
        value => value,
    }
}

fn write_pieces(pieces: &[Piece], log: &AccessLog<'_>, strings: &Interner, out: &mut String) {
    for piece in pieces {
        match piece {
            Piece::Literal(text) => out.push_str(text),
            Piece::Value(value) => {
                let before = out.len();
                write_value(*value, log, strings, out);
                if out.len() == before {
                    out.push('-');
                }
            }
        }
    }
}

/// A lone number stays a number and a lone absent value becomes null, as in Envoy.
fn write_json_value(pieces: &[Piece], log: &AccessLog<'_>, strings: &Interner, out: &mut String) {
    let mut text = String::new();
    if let [Piece::Value(value)] = pieces {
        write_value(*value, log, strings, &mut text);
        if text.is_empty() {
            out.push_str("null");
        } else if value.is_number() {
            out.push_str(&text);
        } else {
            push_json_string(out, &text);
        }
        return;
    }
    write_pieces(pieces, log, strings, &mut text);
    push_json_string(out, &text);
}

impl Value {
    fn is_number(self) -> bool {
        matches!(
            self,
            Self::ResponseCode | Self::BytesReceived | Self::BytesSent | Self::Duration | Self::Attempts
        )
    }
}

fn write_value(value: Value, log: &AccessLog<'_>, strings: &Interner, out: &mut String) {
    match value {
        Value::StartTime => push_timestamp(out, log.start_unix_us),
        Value::Method => push_visible(out, log.method),
        Value::Path => push_visible(out, log.path),
        Value::Protocol => out.push_str(log.protocol),
        Value::ResponseCode => push_number(out, u64::from(log.response_code)),
        Value::ResponseFlags => {
            let _ = write!(out, "{}", log.flags);
        }
        Value::ResponseCodeDetails => push_without_spaces(out, log.details),
        Value::TerminationDetails => push_without_spaces(out, log.termination_details),
        Value::UpstreamFailure => push_visible(out, log.upstream_failure.as_bytes()),
        Value::BytesReceived => push_number(out, log.request_bytes),
        Value::BytesSent => push_number(out, log.response_bytes),
        Value::Duration => push_number(out, log.duration_us / 1000),
        Value::UpstreamServiceTime if log.upstream_duration_us > 0 => push_number(out, log.upstream_duration_us / 1000),
        Value::ForwardedFor => push_visible(out, log.forwarded_for),
        Value::UserAgent => push_visible(out, log.user_agent),
        Value::RequestId => push_visible(out, log.request_id),
        Value::Authority => push_visible(out, log.authority),
        Value::UpstreamHost => push_address(out, log.upstream_host),
        Value::UpstreamCluster => push_visible(out, strings.get(log.upstream_cluster).as_bytes()),
        Value::UpstreamLocalAddress => push_address(out, log.upstream_local),
        Value::DownstreamLocalAddress => push_address(out, log.downstream_local),
        Value::DownstreamRemoteAddress => push_address(out, log.downstream_remote),
        Value::DownstreamRemoteIp => {
            if let Some(address) = log.downstream_remote {
                let _ = write!(out, "{}", address.ip());
            }
        }
        Value::RequestedServerName => push_visible(out, log.server_name.as_bytes()),
        Value::RouteName => push_visible(out, strings.get(log.route).as_bytes()),
        Value::TraceId => {
            for byte in log.trace_id.iter().flatten() {
                let _ = write!(out, "{byte:02x}");
            }
        }
        Value::Attempts => push_number(out, u64::from(log.attempts)),
        Value::UpstreamServiceTime | Value::Absent => {}
    }
}

fn push_number(out: &mut String, number: u64) {
    out.push_str(itoa::Buffer::new().format(number));
}

fn push_address(out: &mut String, address: Option<SocketAddr>) {
    if let Some(address) = address {
        let _ = write!(out, "{address}");
    }
}

/// Headers come from strangers: nothing in them may end a line or a quoted string.
fn push_visible(out: &mut String, bytes: &[u8]) {
    for chunk in bytes.utf8_chunks() {
        for character in chunk.valid().chars() {
            match character {
                '"' => out.push_str("\\\""),
                character if character.is_control() => {
                    let _ = write!(out, "\\x{:02x}", u32::from(character));
                }
                character => out.push(character),
            }
        }
        for byte in chunk.invalid() {
            let _ = write!(out, "\\x{byte:02x}");
        }
    }
}

/// Details are one word in a line; Envoy replaces spaces likewise.
fn push_without_spaces(out: &mut String, text: &str) {
    out.extend(text.chars().map(|character| {
        if character.is_whitespace() || character.is_control() {
            '_'
        } else {
            character
        }
    }));
}

fn push_json_string(out: &mut String, text: &str) {
    out.push('"');
    for character in text.chars() {
        match character {
            '"' => out.push_str("\\\""),
            '\\' => out.push_str("\\\\"),
            character if character.is_control() => {
                let _ = write!(out, "\\u{:04x}", u32::from(character));
            }
            character => out.push(character),
        }
    }
    out.push('"');
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{ResponseFlags, StringId};

    fn log() -> AccessLog<'static> {
        AccessLog {
            start_unix_us: 951_868_799_123_456,
            duration_us: 12_345,
            method: b"GET",
            path: b"/reviews/0",
            protocol: "HTTP/1.1",
            authority: b"reviews:9080",
            response_code: 200,
            details: "via_upstream",
            request_bytes: 0,
            response_bytes: 375,
            upstream_duration_us: 11_000,
            user_agent: b"node",
            request_id: b"b3e4",
            upstream_host: "127.0.10.11:9080".parse().ok(),
            downstream_remote: "127.0.10.12:4000".parse().ok(),
            ..AccessLog::default()
        }
    }

    fn line(format: &LogFormat, log: &AccessLog<'_>) -> String {
        let mut out = String::new();
        format.write(log, &Interner::new(), &mut out);
        out
    }

    #[test]
    fn the_default_line_is_istios() {
        let expected = "[2000-02-29T23:59:59.123Z] \"GET /reviews/0 HTTP/1.1\" 200 - via_upstream - \"-\" 0 375 12 11 \"-\" \
            \"node\" \"b3e4\" \"reviews:9080\" \"127.0.10.11:9080\" - - - 127.0.10.12:4000 - -\n";
        assert_eq!(line(&LogFormat::istio_text(), &log()), expected);
    }

    #[test]
    fn json_keeps_numbers_and_says_null_for_what_is_absent() {
        let text = line(&LogFormat::istio_json(), &log());
        assert!(
            text.starts_with("{\"start_time\":\"2000-02-29T23:59:59.123Z\",\"method\":\"GET\""),
            "{text}"
        );
        assert!(text.contains("\"response_code\":200,\"response_flags\":null"), "{text}");
        assert!(text.ends_with("\"route_name\":null}\n"), "{text}");
    }

    #[test]
    fn a_client_cannot_forge_lines() {
        let evil = AccessLog {
            user_agent: b"a\"\n[x] \xff",
            ..log()
        };
        let text = line(&LogFormat::istio_text(), &evil);
        assert!(text.contains("\"a\\\"\\x0a[x] \\xff\""), "{text}");
        assert_eq!(text.matches('\n').count(), 1);
        assert_eq!(line(&LogFormat::istio_json(), &evil).matches('\n').count(), 1);
    }

    #[test]
    fn custom_formats_take_operators_and_say_what_is_wrong() {
        let format = LogFormat::text("%RESPONSE_CODE% %REQ(X-UNKNOWN?:PATH)% 100%% %REQ(X-UNKNOWN)% %ROUTE_NAME%")
            .expect("format");
        assert_eq!(
            line(
                &format,
                &AccessLog {
                    flags: ResponseFlags::NONE,
                    route: StringId::OTHER,
                    ..log()
                }
            ),
            "200 /reviews/0 100% - other\n"
        );
        assert_eq!(
            LogFormat::text("%RESPONSE_CODE").expect_err("unclosed").to_string(),
            "log format: `%RESPONSE_CODE` has no closing %"
        );
        assert!(LogFormat::text("%what is this%").is_err());
    }
}
