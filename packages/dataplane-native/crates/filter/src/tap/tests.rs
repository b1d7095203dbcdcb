use config::{BodyPattern, TapFormat};
use messages::envoy::data::tap::v3::{TraceWrapper, body::BodyType, trace_wrapper};
use prost::Message as _;
use serde_json::{Value, json};

use super::*;
use crate::test_request::TestRequest;

fn fields(list: &[(&str, &str)]) -> Vec<Field> {
    list.iter()
        .map(|(name, value)| (name.as_bytes().to_vec(), value.as_bytes().to_vec()))
        .collect()
}

fn trace() -> Trace {
    Trace {
        request: Message {
            headers: fields(&[
                (":method", "POST"),
                (":path", "/orders?a=1"),
                (":authority", "shop"),
                ("Cookie", "id=1"),
                ("x-a", "1"),
                ("x-a", "2"),
            ]),
            body: b"{\"fish\": 1}".to_vec(),
            ..Message::default()
        },
        response: Message {
            headers: fields(&[(":status", "503"), ("set-cookie", "s=1")]),
            body: b"no\xff".to_vec(),
            is_truncated: true,
            trailers: fields(&[("grpc-status", "14")]),
        },
    }
}

fn rule(json: &Value) -> TapPredicate {
    serde_json::from_value(json.clone()).unwrap()
}

#[test]
fn every_part_of_a_request_and_its_response_can_be_asked_for() {
    let header = |part: &str, name: &str, value: Value| json!({ part: [{ "name": name, "value": value }] });
    let exact = |text: &str| json!({ "string": { "exact": text } });
    for (expected, predicate) in [
        (true, json!("any")),
        (
            true,
            header("requestHeaders", ":path", json!({ "string": { "prefix": "/orders" } })),
        ),
        (true, header("requestHeaders", ":authority", exact("shop"))),
        (true, header("requestHeaders", "x-a", exact("1,2"))),
        (
            true,
            header(
                "responseHeaders",
                ":status",
                json!({ "range": { "start": 500, "end": 600 } }),
            ),
        ),
        (false, header("responseHeaders", ":method", json!({ "present": true }))),
        (true, header("responseTrailers", "grpc-status", exact("14"))),
        (false, header("requestTrailers", "x", json!({ "present": true }))),
        (
            true,
            json!({ "requestBody": { "patterns": [{ "text": "fish" }, { "binary": [123, 34] }] } }),
        ),
        (
            false,
            json!({ "requestBody": { "patterns": [{ "text": "fish" }, { "text": "meat" }] } }),
        ),
        (
            true,
            json!({ "not": { "responseBody": { "patterns": [{ "text": "yes" }] } } }),
        ),
        (true, json!({ "or": [{ "requestTrailers": [{ "name": "x" }] }, "any"] })),
        (
            false,
            json!({ "and": [{ "requestTrailers": [{ "name": "x" }] }, "any"] }),
        ),
    ] {
        assert_eq!(matches(&rule(&predicate), &trace()), expected, "{predicate}");
    }
}

#[test]
fn a_body_is_searched_as_far_as_its_limit() {
    let found = |limit| {
        let patterns = vec![BodyPattern::Text("fish".into())];
        let rule = BodyPatterns {
            bytes_limit: limit,
            patterns,
        };
        matches(&TapPredicate::RequestBody(rule), &trace())
    };
    assert!(found(0) && found(6) && found(100));
    assert!(!found(5));
}

#[test]
fn a_head_decides_where_what_comes_later_cannot_change_anything() {
    let get = TestRequest::get("/a").with("x-user", "me");
    let here = json!({ "requestHeaders": [{ "name": "x-user" }] });
    let gone = json!({ "requestHeaders": [{ "name": "x-none" }] });
    let later = json!({ "responseHeaders": [{ "name": ":status" }] });
    for (expected, predicate) in [
        (Some(true), here.clone()),
        (Some(false), gone.clone()),
        (None, later.clone()),
        (Some(false), json!({ "not": here })),
        (None, json!({ "not": later })),
        (Some(false), json!({ "and": [later, gone] })),
        (None, json!({ "and": [later, here] })),
        (Some(true), json!({ "or": [later, here] })),
        (None, json!({ "or": [later, gone] })),
        (Some(true), json!({ "and": [here, "any"] })),
    ] {
        assert_eq!(decides(&rule(&predicate), &get), expected, "{predicate}");
    }
}

#[test]
fn secrets_are_taken_out_whatever_the_case_of_their_names() {
    let mut trace = trace();
    trace.redact();
    let text = String::from_utf8(trace.write(TapFormat::JsonBodyAsString)).unwrap();
    assert!(!text.contains("id=1") && !text.contains("s=1"), "{text}");
    assert_eq!(text.matches("[redacted]").count(), 2);
}

#[test]
fn a_trace_is_a_line_of_json() {
    let line = trace().write(TapFormat::JsonBodyAsBytes);
    assert!(line.ends_with(b"}\n") && !line[..line.len() - 1].contains(&b'\n'));
    let value: Value = serde_json::from_slice(&line).unwrap();
    let whole = &value["http_buffered_trace"];
    let (request, response) = (&whole["request"], &whole["response"]);
    assert_eq!(request["headers"][1], json!({ "key": ":path", "value": "/orders?a=1" }));
    let kept = json!({ "as_bytes": "eyJmaXNoIjogMX0=", "truncated": false });
    assert_eq!(request["body"], kept);
    assert_eq!(response["trailers"], json!([{ "key": "grpc-status", "value": "14" }]));
    let text: Value = serde_json::from_slice(&trace().write(TapFormat::JsonBodyAsString)).unwrap();
    let kept = json!({ "as_string": "no\u{fffd}", "truncated": true });
    assert_eq!(text["http_buffered_trace"]["response"]["body"], kept);
}

#[test]
fn a_trace_is_envoys_message() {
    let bytes = trace().write(TapFormat::ProtoBinaryLengthDelimited);
    let read = TraceWrapper::decode_length_delimited(&bytes[..]).unwrap();
    assert!(read == TraceWrapper::decode(&trace().write(TapFormat::ProtoBinary)[..]).unwrap());
    let Some(trace_wrapper::Trace::HttpBufferedTrace(read)) = read.trace else {
        panic!()
    };
    let response = read.response.unwrap();
    assert_eq!(response.headers[0].value, "503");
    let body = response.body.unwrap();
    assert!(body.body_type == Some(BodyType::AsBytes(b"no\xff".to_vec())) && body.truncated);
}

#[test]
fn a_trace_is_text() {
    let mut trace = trace();
    trace.response.headers.push((b"x".to_vec(), b"\"\x80\n".to_vec()));
    let text = String::from_utf8(trace.write(TapFormat::ProtoText)).unwrap();
    let status = "    headers {\n      key: \":status\"\n      value: \"503\"\n    }\n";
    assert!(text.contains(status), "{text}");
    assert!(text.contains(r#"      raw_value: "\"\200\n""#), "{text}");
    let body = "    body {\n      as_bytes: \"no\\377\"\n      truncated: true\n    }\n";
    assert!(text.contains(body), "{text}");
}
