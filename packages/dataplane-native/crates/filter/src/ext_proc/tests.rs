use messages::envoy::{
    extensions::filters::http::ext_proc::v3::ProcessingMode, service::ext_proc::v3::HeadersResponse,
    r#type::v3::HttpStatus,
};

use super::*;

fn filter() -> ExtProc {
    ExtProc {
        service: GrpcService {
            cluster: "proc".into(),
            ..GrpcService::default()
        },
        ..ExtProc::default()
    }
}

fn option(key: &str, value: &str) -> HeaderValueOption {
    HeaderValueOption {
        header: Some(HeaderValue {
            key: key.into(),
            raw_value: value.into(),
            ..HeaderValue::default()
        }),
        append_action: Pb::OverwriteIfExistsOrAdd.into(),
        ..HeaderValueOption::default()
    }
}

fn common(set: &[(&str, &str)]) -> HeadersResponse {
    HeadersResponse {
        response: Some(CommonResponse {
            header_mutation: Some(HeaderMutation {
                set_headers: set.iter().map(|(key, value)| option(key, value)).collect(),
                remove_headers: vec!["x-old".into(), ":method".into()],
            }),
            ..CommonResponse::default()
        }),
    }
}

fn answered(response: Response) -> Vec<u8> {
    let message = ProcessingResponse {
        response: Some(response),
        mode_override: Some(ProcessingMode {
            response_header_mode: HeaderSendMode::Skip.into(),
            ..ProcessingMode::default()
        }),
        ..ProcessingResponse::default()
    };
    message.encode_to_vec()
}

fn changes_of(decision: Decision) -> Changes {
    match decision {
        Decision::Continue(changes) => *changes,
        other => panic!("{other:?}"),
    }
}

#[test]
fn a_service_sees_the_headers_that_it_may() {
    let config = ExtProc {
        disallowed_headers: vec![config::StringMatcher::Exact("cookie".into())],
        ..filter()
    };
    let fields: [(&[u8], &[u8]); 3] = [(b":path", b"/"), (b"X-A", b"1"), (b"Cookie", b"2")];
    let message = Settings::new(&config, None).message(Phase::Request, fields.into_iter(), true, None);
    let Some(Request::RequestHeaders(head)) = ProcessingRequest::decode(message.as_slice()).unwrap().request else {
        panic!()
    };
    let names: Vec<String> = head.headers.unwrap().headers.into_iter().map(|one| one.key).collect();
    assert_eq!((names, head.end_of_stream), (vec![":path".into(), "x-a".into()], true));
}

#[test]
fn headers_change_but_not_where_the_request_goes() {
    let config = ExtProc {
        route_cache: RouteCache::Clear,
        ..filter()
    };
    let set = [
        ("x-new", "1"),
        (":authority", "evil"),
        ("x-envoy-retry-on", "5xx"),
        (":path", "/b"),
    ];
    let response = Response::RequestHeaders(common(&set));
    let changes = changes_of(Settings::new(&config, None).decide(Phase::Request, Ok(Some(answered(response)))));
    let names: Vec<&str> = changes.set.iter().map(|change| change.name.as_str()).collect();
    assert_eq!(names, ["x-new", ":path"]);
    assert_eq!(
        (changes.remove.len(), changes.reroutes, changes.wants_response),
        (1, true, None)
    );
}

#[test]
fn a_service_may_change_the_status_and_decline_the_response_where_allowed() {
    let config = ExtProc {
        allow_mode_override: true,
        ..filter()
    };
    let settings = Settings::new(&config, None);
    let request = changes_of(settings.decide(
        Phase::Request,
        Ok(Some(answered(Response::RequestHeaders(common(&[]))))),
    ));
    assert_eq!(request.wants_response, Some(false));
    let teapot = Response::ResponseHeaders(common(&[(":status", "418")]));
    let response = changes_of(settings.decide(Phase::Response, Ok(Some(answered(teapot)))));
    assert_eq!((response.status, response.set.len()), (Some(418), 0));
}

#[test]
fn a_service_may_answer_in_the_upstreams_place() {
    let immediate = Response::ImmediateResponse(ImmediateResponse {
        status: Some(HttpStatus { code: 429 }),
        body: b"later".to_vec(),
        ..ImmediateResponse::default()
    });
    let Decision::Reply(reply) =
        Settings::new(&filter(), None).decide(Phase::Request, Ok(Some(answered(immediate.clone()))))
    else {
        panic!()
    };
    assert_eq!((reply.status, &*reply.body), (429, &b"later"[..]));
    let strict = ExtProc {
        disable_immediate_response: true,
        ..filter()
    };
    let decision = Settings::new(&strict, None).decide(Phase::Request, Ok(Some(answered(immediate))));
    assert_eq!(decision, Decision::Fail { status: 500 });
}

#[test]
fn a_service_that_fails_ends_the_request_unless_told_otherwise() {
    let failed = |config: &ExtProc| Settings::new(config, None).decide(Phase::Request, Err(CallFailure::Timeout));
    assert_eq!(failed(&filter()), Decision::Fail { status: 500 });
    let lax = ExtProc {
        failure_mode_allow: true,
        ..filter()
    };
    assert!(changes_of(failed(&lax)).is_over);
    // An answer to something that was not asked is a failure too.
    let wrong = answered(Response::ResponseHeaders(common(&[])));
    assert_eq!(
        Settings::new(&filter(), None).decide(Phase::Request, Ok(Some(wrong))),
        Decision::Fail { status: 500 }
    );
    assert!(changes_of(Settings::new(&filter(), None).decide(Phase::Request, Ok(None))).is_over);
}
