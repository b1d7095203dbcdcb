//! Traces as messages, JSON and text.

use std::fmt::Write as _;

use base64::{Engine as _, engine::general_purpose::STANDARD};
use config::TapFormat;
use messages::envoy::{
    config::core::v3::HeaderValue,
    data::tap::v3::{
        Body, HttpBufferedTrace, TraceWrapper, body::BodyType, http_buffered_trace::Message as PbMessage, trace_wrapper,
    },
};
use prost::Message as _;
use serde_json::{Map, Value, json};

use super::{Field, Message, Trace};

impl Trace {
    /// The trace as it is written, with what ends it.
    pub fn write(&self, format: TapFormat) -> Vec<u8> {
        match format {
            TapFormat::JsonBodyAsBytes => self.to_json(false),
            TapFormat::JsonBodyAsString => self.to_json(true),
            TapFormat::ProtoBinary => self.to_message().encode_to_vec(),
            TapFormat::ProtoBinaryLengthDelimited => self.to_message().encode_length_delimited_to_vec(),
            TapFormat::ProtoText => self.to_text().into_bytes(),
        }
    }

    fn to_message(&self) -> TraceWrapper {
        TraceWrapper {
            trace: Some(trace_wrapper::Trace::HttpBufferedTrace(HttpBufferedTrace {
                request: Some(to_message(&self.request)),
                response: Some(to_message(&self.response)),
            })),
        }
    }

    /// In a line.
    fn to_json(&self, is_text: bool) -> Vec<u8> {
        let trace = json!({ "http_buffered_trace": {
            "request": to_json(&self.request, is_text),
            "response": to_json(&self.response, is_text),
        } });
        let mut line = trace.to_string().into_bytes();
        line.push(b'\n');
        line
    }

    fn to_text(&self) -> String {
        let mut out = String::from("http_buffered_trace {\n");
        for (name, message) in [("request", &self.request), ("response", &self.response)] {
            let _ = writeln!(out, "  {name} {{");
            write_fields("headers", &message.headers, &mut out);
            if !message.body.is_empty() || message.is_truncated {
                let _ = writeln!(out, "    body {{\n      as_bytes: {}", quoted(&message.body));
                if message.is_truncated {
                    out.push_str("      truncated: true\n");
                }
                out.push_str("    }\n");
            }
            write_fields("trailers", &message.trailers, &mut out);
            out.push_str("  }\n");
        }
        out.push_str("}\n");
        out
    }
}

fn to_message(message: &Message) -> PbMessage {
    let has_body = !message.body.is_empty() || message.is_truncated;
    PbMessage {
        headers: message.headers.iter().map(to_field).collect(),
        body: has_body.then(|| Body {
            body_type: Some(BodyType::AsBytes(message.body.clone())),
            truncated: message.is_truncated,
        }),
        trailers: message.trailers.iter().map(to_field).collect(),
    }
}

/// A value that is no text is one of bytes.
fn to_field((name, value): &Field) -> HeaderValue {
    let mut field = HeaderValue {
        key: String::from_utf8_lossy(name).into_owned(),
        ..HeaderValue::default()
    };
    match std::str::from_utf8(value) {
        Ok(text) => text.clone_into(&mut field.value),
        Err(_) => field.raw_value.clone_from(value),
    }
    field
}

fn to_json(message: &Message, is_text: bool) -> Value {
    let mut object = Map::new();
    object.insert("headers".into(), fields_to_json(&message.headers));
    if !message.body.is_empty() || message.is_truncated {
        let mut body = Map::new();
        if is_text {
            body.insert("as_string".into(), String::from_utf8_lossy(&message.body).into());
        } else {
            body.insert("as_bytes".into(), STANDARD.encode(&message.body).into());
        }
        body.insert("truncated".into(), message.is_truncated.into());
        object.insert("body".into(), body.into());
    }
    object.insert("trailers".into(), fields_to_json(&message.trailers));
    Value::Object(object)
}

fn fields_to_json(fields: &[Field]) -> Value {
    let field = |(name, value): &Field| {
        let name = String::from_utf8_lossy(name);
        match std::str::from_utf8(value) {
            Ok(text) => json!({ "key": name, "value": text }),
            Err(_) => json!({ "key": name, "raw_value": STANDARD.encode(value) }),
        }
    };
    Value::Array(fields.iter().map(field).collect())
}

fn write_fields(kind: &str, fields: &[Field], out: &mut String) {
    for (name, value) in fields {
        let is_text = std::str::from_utf8(value).is_ok();
        let of_value = if is_text { "value" } else { "raw_value" };
        let _ = writeln!(
            out,
            "    {kind} {{\n      key: {}\n      {of_value}: {}\n    }}",
            quoted(name),
            quoted(value)
        );
    }
}

/// In quotation marks, with everything that is no plain character in octal.
fn quoted(bytes: &[u8]) -> String {
    let mut out = String::with_capacity(bytes.len() + 2);
    out.push('"');
    for byte in bytes {
        match byte {
            b'"' | b'\\' => {
                out.push('\\');
                out.push(char::from(*byte));
            }
            b'\n' => out.push_str("\\n"),
            b'\r' => out.push_str("\\r"),
            b'\t' => out.push_str("\\t"),
            0x20..=0x7e => out.push(char::from(*byte)),
            _ => {
                let _ = write!(out, "\\{byte:03o}");
            }
        }
    }
    out.push('"');
    out
}
