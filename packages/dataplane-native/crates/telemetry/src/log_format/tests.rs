use serde_json::json;

use super::*;
use crate::capture::CaptureWriter;
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
        upstream_local: "127.0.10.11:40001".parse().ok(),
        downstream_remote: "127.0.10.12:4000".parse().ok(),
        downstream_local: "[::1]:15006".parse().ok(),
        server_name: "outbound_.9080_._.reviews",
        attempts: 2,
        ..AccessLog::default()
    }
}

/// A line whose captured values are the texts given.
fn line_with(format: &LogFormat, log: &AccessLog<'_>, captured: &[Option<&str>]) -> String {
    let mut bytes = Vec::new();
    let mut writer = CaptureWriter(&mut bytes);
    for value in captured {
        writer.text(value.map(str::as_bytes));
    }
    let mut out = String::new();
    format.write(log, &bytes, &Interner::new(), &mut out);
    out
}

fn text(format: &str) -> LogFormat {
    LogFormat::text(format, false).expect("format")
}

fn line(format: &LogFormat, log: &AccessLog<'_>) -> String {
    line_with(format, log, &[])
}

#[test]
fn the_default_line_is_istios() {
    let log = AccessLog {
        upstream_local: None,
        downstream_local: None,
        server_name: "",
        ..log()
    };
    let expected = "[2000-02-29T23:59:59.123Z] \"GET /reviews/0 HTTP/1.1\" 200 - via_upstream - \"-\" 0 375 12 11 \"-\" \
        \"node\" \"b3e4\" \"reviews:9080\" \"127.0.10.11:9080\" - - - 127.0.10.12:4000 - -\n";
    let format = LogFormat::istio_text();
    assert_eq!(format.captures().len(), 1, "only the authority is not in every record");
    assert_eq!(line_with(&format, &log, &[Some("reviews:9080")]), expected);
}

#[test]
fn operators_write_what_envoys_write() {
    for (operator, expected) in [
        ("%START_TIME%", "2000-02-29T23:59:59.123Z"),
        ("%START_TIME(%s.%3f)%", "951868799.123"),
        ("%REQ(:METHOD)%", "GET"),
        ("%REQ(X-ENVOY-ORIGINAL-PATH?:PATH)%", "/reviews/0"),
        ("%REQ(X-ENVOY-ORIGINAL-PATH?:PATH):4%", "/rev"),
        ("%PROTOCOL%", "HTTP/1.1"),
        ("%RESPONSE_CODE%", "200"),
        ("%RESPONSE_FLAGS%", "-"),
        ("%RESPONSE_FLAGS_LONG%", "-"),
        ("%RESPONSE_CODE_DETAILS%", "via_upstream"),
        ("%CONNECTION_TERMINATION_DETAILS%", "-"),
        ("%BYTES_RECEIVED%/%BYTES_SENT%", "0/375"),
        ("%DURATION% %RESPONSE_DURATION% %RESPONSE_TX_DURATION%", "12 11 1"),
        ("%COMMON_DURATION(DS_RX_BEG:US_RX_BEG:ms)%", "11"),
        ("%RESP(X-Envoy-Upstream-Service-Time)%", "11"),
        ("%UPSTREAM_REQUEST_ATTEMPT_COUNT%", "2"),
        (
            "%UPSTREAM_HOST% %UPSTREAM_REMOTE_ADDRESS_WITHOUT_PORT%",
            "127.0.10.11:9080 127.0.10.11",
        ),
        ("%UPSTREAM_REMOTE_PORT%:%UPSTREAM_LOCAL_PORT%", "9080:40001"),
        (
            "%DOWNSTREAM_LOCAL_ADDRESS_WITHOUT_PORT% %DOWNSTREAM_LOCAL_PORT%",
            "::1 15006",
        ),
        ("%DOWNSTREAM_REMOTE_ADDRESS%", "127.0.10.12:4000"),
        ("%REQUESTED_SERVER_NAME%", "outbound_.9080_._.reviews"),
        ("%ROUTE_NAME% %UPSTREAM_CLUSTER%", "- -"),
        ("%GRPC_STATUS% %GRPC_STATUS_NUMBER%", "- -"),
        ("%TRACE_ID%", "-"),
        ("%ENVIRONMENT(A_VARIABLE_THAT_NOBODY_SETS):3%", "-"),
        ("100%% of %%", "100% of %"),
    ] {
        assert_eq!(line(&text(operator), &log()), format!("{expected}\n"), "{operator}");
    }
}

#[test]
fn what_only_the_request_knows_is_captured_once_and_written_in_place() {
    let format =
        text("%REQ(X-A?X-B):3% %RESP(server)% %REQ(x-a?x-b)% %TRAILER(grpc-message)% %DYNAMIC_METADATA(a.b:c:d)%");
    let choice = |name: &str, alternative: Option<&str>| crate::capture::HeaderChoice {
        name: name.into(),
        alternative: alternative.map(Into::into),
    };
    assert_eq!(
        format.captures(),
        [
            Capture::Request(choice("x-a", Some("x-b"))),
            Capture::Response(choice("server", None)),
            Capture::Trailer(choice("grpc-message", None)),
            Capture::Metadata(
                crate::capture::MetadataSource::Dynamic,
                "a.b".into(),
                ["c".into(), "d".into()].into()
            ),
        ]
    );
    assert_eq!(
        line_with(&format, &log(), &[Some("abcd"), None, Some("fine")]),
        "abc - abcd fine -\n",
        "a record that ends early lacks values, no more"
    );
}

#[test]
fn statuses_of_grpc_have_three_forms() {
    let format = text("%GRPC_STATUS% %GRPC_STATUS(SNAKE_STRING)% %GRPC_STATUS(NUMBER)%");
    let with = |status| AccessLog {
        grpc_status: Some(status),
        ..log()
    };
    assert_eq!(line(&format, &with(4)), "DeadlineExceeded DEADLINE_EXCEEDED 4\n");
    assert_eq!(line(&format, &with(99)), "99 99 99\n");
}

#[test]
fn flags_are_written_short_and_long() {
    let log = AccessLog {
        flags: ResponseFlags::UPSTREAM_CONNECTION_FAILURE.with(ResponseFlags::RETRY_LIMIT),
        ..log()
    };
    assert_eq!(
        line(&text("%RESPONSE_FLAGS% %RESPONSE_FLAGS_LONG%"), &log),
        "UF,URX UpstreamConnectionFailure,UpstreamRetryLimitExceeded\n"
    );
}

#[test]
fn json_keeps_numbers_and_says_null_for_what_is_absent() {
    let text = line(&LogFormat::istio_json(), &log());
    assert!(
        text.starts_with("{\"start_time\":\"2000-02-29T23:59:59.123Z\",\"method\":\"GET\""),
        "{text}"
    );
    assert!(
        text.contains("\"response_code\":200,\"response_flags\":\"-\""),
        "{text}"
    );
    assert!(text.ends_with("\"route_name\":null}\n"), "{text}");
}

#[test]
fn json_may_be_nested_and_leave_out_what_is_absent() {
    let template = json!({
        "code": "%RESPONSE_CODE%",
        "request": { "id": "%REQ(x-request-id)%", "trace": "%TRACE_ID%" },
        "list": ["%TRACE_ID%", "%DURATION% ms", 1, true],
        "claims": "%DYNAMIC_METADATA(jwt)%",
        "both": "%TRACE_ID%/%PROTOCOL%",
    });
    let mut captured = Vec::new();
    CaptureWriter(&mut captured).json_with(|out| out.extend_from_slice(b"{\"sub\":\"me\"}"));
    let written = |omits_empty| {
        let format = LogFormat::json(&template, omits_empty).expect("format");
        let mut out = String::new();
        format.write(&log(), &captured, &Interner::new(), &mut out);
        serde_json::from_str::<serde_json::Value>(&out).expect("JSON")
    };
    assert_eq!(
        written(false),
        json!({ "code": 200, "request": { "id": "b3e4", "trace": null }, "list": [null, "12 ms", 1, true],
                "claims": { "sub": "me" }, "both": "-/HTTP/1.1" })
    );
    assert_eq!(
        written(true),
        json!({ "code": 200, "request": { "id": "b3e4" }, "list": ["12 ms", 1, true],
                "claims": { "sub": "me" }, "both": "/HTTP/1.1" })
    );
    assert!(LogFormat::json(&json!({ "a": { "b": "%NOPE%" } }), false).is_err());
}

#[test]
fn a_text_may_leave_out_what_is_absent() {
    let format = LogFormat::text("[%TRACE_ID%]%RESPONSE_CODE%", true).expect("format");
    assert_eq!(line(&format, &log()), "[]200\n");
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
fn custom_formats_say_what_is_wrong() {
    for (format, reason) in [
        ("%RESPONSE_CODE", "log format: `%RESPONSE_CODE` has no closing %"),
        ("%REQ(a", "log format: `%REQ(a` has no closing %"),
        ("%what is this%", "log format: `%what is this%` is no command operator"),
        (
            "%BEER%",
            "log format: `BEER` is no command operator that this proxy knows",
        ),
        ("%REQ(a):x%", "log format: `%REQ(a):x%`: the length \"x\" is no number"),
        (
            "%REQ()%",
            "log format: `REQ()` says nothing in its parentheses; name what is meant",
        ),
        (
            "%RESP%",
            "log format: `RESP` is no command operator that this proxy knows",
        ),
        (
            "%GRPC_STATUS(LOUD)%",
            "log format: `GRPC_STATUS(LOUD)`: this proxy does not know what its parentheses say",
        ),
        (
            "%START_TIME(%Q)%",
            "log format: `%Q` is no part of a time this proxy writes",
        ),
    ] {
        assert_eq!(
            LogFormat::text(format, false).expect_err(format).to_string(),
            reason,
            "{format}"
        );
    }
}

#[test]
fn operators_without_a_value_here_are_named_and_written_as_absent() {
    let format = text("%FILTER_STATE(a:PLAIN)% %CEL(request.path)% %RESPONSE_CODE%");
    assert_eq!(format.unrecorded(), ["FILTER_STATE", "CEL"]);
    assert_eq!(line(&format, &log()), "- - 200\n");
}

#[test]
fn filter_state_that_is_known_without_it_has_a_value() {
    let format = text(
        "%FILTER_STATE(io.istio.peer_principal:PLAIN)% %FILTER_STATE(envoy.filters.listener.original_dst.remote_ip:PLAIN)%",
    );
    assert!(format.unrecorded().is_empty());
    let log = AccessLog {
        downstream_remote: "10.0.0.1:5".parse().ok(),
        ..log()
    };
    assert_eq!(
        line_with(&format, &log, &[Some("spiffe://a")]),
        "spiffe://a 10.0.0.1:5\n"
    );
}

#[test]
fn interned_names_are_looked_up() {
    let log = AccessLog {
        route: StringId::OTHER,
        ..log()
    };
    assert_eq!(line(&text("%ROUTE_NAME%"), &log), "other\n");
}
