//! Lines of access logs, by Envoy's command operators.

mod command;
mod time;
mod write;

use std::fmt;

use serde_json::Value as Json;

use crate::AccessLog;
use crate::capture::Capture;
use crate::interner::Interner;
use crate::log_value::{AnyValue, ArrayValue, KeyValue, KeyValueList, Kind};

use command::{Parser, Piece};
use write::{Line, push_json_string};

const ISTIO_TEXT: &str = "[%START_TIME%] \"%REQ(:METHOD)% %REQ(X-ENVOY-ORIGINAL-PATH?:PATH)% %PROTOCOL%\" \
    %RESPONSE_CODE% %RESPONSE_FLAGS% %RESPONSE_CODE_DETAILS% %CONNECTION_TERMINATION_DETAILS% \
    \"%UPSTREAM_TRANSPORT_FAILURE_REASON%\" %BYTES_RECEIVED% %BYTES_SENT% %DURATION% \
    %RESP(X-ENVOY-UPSTREAM-SERVICE-TIME)% \"%REQ(X-FORWARDED-FOR)%\" \"%REQ(USER-AGENT)%\" \"%REQ(X-REQUEST-ID)%\" \
    \"%REQ(:AUTHORITY)%\" \"%UPSTREAM_HOST%\" %UPSTREAM_CLUSTER_RAW% %UPSTREAM_LOCAL_ADDRESS% %DOWNSTREAM_LOCAL_ADDRESS% \
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
pub struct LogFormat {
    shape: Shape,
    captures: Vec<Capture>,
    unrecorded: Vec<String>,
    omits_empty: bool,
}

#[derive(Clone, Debug, PartialEq, Eq)]
enum Shape {
    Text(Vec<Piece>),
    Json(Node),
}

/// A JSON value with operators in its strings.
#[derive(Clone, Debug, PartialEq, Eq)]
enum Node {
    Object(Vec<(String, Node)>),
    List(Vec<Node>),
    Text(Vec<Piece>),
    /// A value that is the same in every line.
    Constant(String),
}

/// Why a format cannot be used.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct InvalidLogFormat(String);

impl InvalidLogFormat {
    fn new(reason: impl fmt::Display) -> Self {
        Self(format!("log format: {reason}"))
    }
}

impl fmt::Display for InvalidLogFormat {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl std::error::Error for InvalidLogFormat {}

impl LogFormat {
    /// Istio's default line.
    pub fn istio_text() -> Self {
        Self::text(ISTIO_TEXT, false).unwrap_or_else(|_| Self::of(Shape::Text(Vec::new()), Parser::default(), false))
    }

    /// The same as a JSON object a line, with Istio's keys.
    pub fn istio_json() -> Self {
        let mut parser = Parser::default();
        let pairs = ISTIO_JSON.iter().map(|(key, text)| {
            let pieces = parser.parse(text).unwrap_or_default();
            ((*key).to_owned(), Node::Text(pieces))
        });
        let node = Node::Object(pairs.collect());
        Self::of(Shape::Json(node), parser, false)
    }

    /// A line of text with operators; a line feed is added where there is none. Empty text is Istio's default.
    /// `omits_empty`: absent values are nothing instead of `-`.
    pub fn text(format: &str, omits_empty: bool) -> Result<Self, InvalidLogFormat> {
        let format = if format.is_empty() { ISTIO_TEXT } else { format };
        let mut parser = Parser::default();
        let mut pieces = parser.parse(format)?;
        if !format.ends_with('\n') {
            pieces.push(Piece::Literal("\n".to_owned()));
        }
        Ok(Self::of(Shape::Text(pieces), parser, omits_empty))
    }

    /// A body of text with operators, just as it is written.
    pub fn body(format: &str, omits_empty: bool) -> Result<Self, InvalidLogFormat> {
        let mut parser = Parser::default();
        let pieces = parser.parse(format)?;
        Ok(Self::of(Shape::Text(pieces), parser, omits_empty))
    }

    /// A JSON object a line, whose strings have operators; objects and lists may be nested. One without fields stands for
    /// Istio's keys. `omits_empty`: fields whose value is absent are left out.
    pub fn json(format: &Json, omits_empty: bool) -> Result<Self, InvalidLogFormat> {
        let Json::Object(fields) = format else {
            return Err(InvalidLogFormat::new("JSON that is no object"));
        };
        if fields.is_empty() {
            return Ok(Self {
                omits_empty,
                ..Self::istio_json()
            });
        }
        let mut parser = Parser::default();
        let node = to_node(format, &mut parser)?;
        Ok(Self::of(Shape::Json(node), parser, omits_empty))
    }

    fn of(shape: Shape, parser: Parser, omits_empty: bool) -> Self {
        Self {
            shape,
            captures: parser.captures,
            unrecorded: parser.unrecorded,
            omits_empty,
        }
    }

    /// What has to be taken while a request is served, in the order in which a line's values are written.
    pub fn captures(&self) -> &[Capture] {
        &self.captures
    }

    /// Operators in it that have no value in this proxy; they are written as absent.
    pub fn unrecorded(&self) -> &[String] {
        &self.unrecorded
    }

    /// The entry as a value of OpenTelemetry, whose texts are what the operators say, unescaped. An absent value is `-`.
    pub(crate) fn to_any(&self, log: &AccessLog<'_>, captured: &[u8], strings: &Interner) -> AnyValue {
        let line = Line::new(log, captured, self.captures.len(), strings, self.omits_empty).raw();
        match &self.shape {
            Shape::Text(pieces) => any_text(pieces, &line),
            Shape::Json(node) => any_node(node, &line),
        }
    }

    /// Writes a line. `captured` are the values of the format's captures.
    pub(crate) fn write(&self, log: &AccessLog<'_>, captured: &[u8], strings: &Interner, out: &mut String) {
        let line = Line::new(log, captured, self.captures.len(), strings, self.omits_empty);
        match &self.shape {
            Shape::Text(pieces) => line.write_pieces(pieces, out),
            Shape::Json(node) => {
                if !write_node(node, &line, out) {
                    out.push_str("{}");
                }
                out.push('\n');
            }
        }
    }
}

fn any_text(pieces: &[Piece], line: &Line<'_>) -> AnyValue {
    let mut text = String::new();
    line.write_pieces(pieces, &mut text);
    AnyValue::of(Kind::Text(text))
}

fn any_node(node: &Node, line: &Line<'_>) -> AnyValue {
    match node {
        Node::Text(pieces) => any_text(pieces, line),
        Node::Constant(json) => AnyValue::of_json(&serde_json::from_str(json).unwrap_or_default()),
        Node::List(nodes) => AnyValue::of(Kind::List(ArrayValue {
            values: nodes.iter().map(|node| any_node(node, line)).collect(),
        })),
        Node::Object(fields) => AnyValue::of(Kind::Map(KeyValueList {
            values: fields
                .iter()
                .map(|(key, node)| KeyValue {
                    key: key.clone(),
                    value: Some(any_node(node, line)),
                })
                .collect(),
        })),
    }
}

/// Writes a value; false, and nothing, where it is absent and such are left out.
fn write_node(node: &Node, line: &Line<'_>, out: &mut String) -> bool {
    match node {
        Node::Constant(text) => out.push_str(text),
        Node::Text(pieces) => return line.write_json(pieces, out),
        Node::List(nodes) => {
            out.push('[');
            let mut has_any = false;
            for node in nodes {
                let before = out.len();
                if has_any {
                    out.push(',');
                }
                if write_node(node, line, out) {
                    has_any = true;
                } else {
                    out.truncate(before);
                }
            }
            out.push(']');
        }
        Node::Object(fields) => {
            out.push('{');
            let mut has_any = false;
            for (key, node) in fields {
                let before = out.len();
                if has_any {
                    out.push(',');
                }
                push_json_string(out, key);
                out.push(':');
                if write_node(node, line, out) {
                    has_any = true;
                } else {
                    out.truncate(before);
                }
            }
            out.push('}');
        }
    }
    true
}

fn to_node(format: &Json, parser: &mut Parser) -> Result<Node, InvalidLogFormat> {
    Ok(match format {
        Json::String(text) => Node::Text(parser.parse(text)?),
        Json::Object(fields) => Node::Object(
            fields
                .iter()
                .map(|(key, value)| Ok((key.clone(), to_node(value, parser)?)))
                .collect::<Result<_, _>>()?,
        ),
        Json::Array(values) => Node::List(
            values
                .iter()
                .map(|value| to_node(value, parser))
                .collect::<Result<_, _>>()?,
        ),
        constant => Node::Constant(constant.to_string()),
    })
}

#[cfg(test)]
mod tests;
