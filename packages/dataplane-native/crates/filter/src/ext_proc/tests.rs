use messages::envoy::{
    extensions::filters::http::ext_proc::v3::ProcessingMode,
    service::ext_proc::v3::{BodyResponse, HeadersResponse, StreamedBodyResponse, TrailersResponse},
    r#type::v3::HttpStatus,
};

use super::*;

fn settings(config: &Arc<ExtProc>) -> Settings<'_> {
    Settings::new(config, None)
}

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
    let message = settings(&Arc::new(config)).message(Phase::Request, fields.into_iter(), true, None, true);
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
    let changes = changes_of(settings(&Arc::new(config)).decide(Phase::Request, Ok(Some(answered(response)))));
    let names: Vec<&str> = changes.set.iter().map(|change| change.name.as_str()).collect();
    assert_eq!(names, ["x-new", ":path"]);
    assert_eq!((changes.remove.len(), changes.reroutes, changes.mode), (1, true, None));
}

#[test]
fn a_service_may_change_the_status_and_decline_the_response_where_allowed() {
    let config = ExtProc {
        allow_mode_override: true,
        ..filter()
    };
    let config = Arc::new(config);
    let settings = settings(&config);
    let request = changes_of(settings.decide(
        Phase::Request,
        Ok(Some(answered(Response::RequestHeaders(common(&[]))))),
    ));
    assert_eq!(request.mode.map(|mode| mode.response_headers), Some(false));
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
        settings(&Arc::new(filter())).decide(Phase::Request, Ok(Some(answered(immediate.clone()))))
    else {
        panic!()
    };
    assert_eq!((reply.status, &*reply.body), (429, &b"later"[..]));
    let strict = ExtProc {
        disable_immediate_response: true,
        ..filter()
    };
    let decision = settings(&Arc::new(strict)).decide(Phase::Request, Ok(Some(answered(immediate))));
    assert_eq!(decision, Decision::Fail { status: 500 });
}

#[test]
fn a_service_that_fails_ends_the_request_unless_told_otherwise() {
    let failed = |config: ExtProc| settings(&Arc::new(config)).decide(Phase::Request, Err(CallFailure::Timeout));
    assert_eq!(failed(filter()), Decision::Fail { status: 500 });
    let lax = ExtProc {
        failure_mode_allow: true,
        ..filter()
    };
    assert!(changes_of(failed(lax)).is_over);
    // An answer to something that was not asked is a failure too.
    let wrong = answered(Response::ResponseHeaders(common(&[])));
    assert_eq!(
        settings(&Arc::new(filter())).decide(Phase::Request, Ok(Some(wrong))),
        Decision::Fail { status: 500 }
    );
    assert!(changes_of(settings(&Arc::new(filter())).decide(Phase::Request, Ok(None))).is_over);
}

#[test]
fn a_bodys_place_is_taken_by_what_the_service_says() {
    let config = Arc::new(filter());
    let about = |mutation| {
        let body = BodyResponse {
            response: Some(CommonResponse {
                body_mutation: Some(BodyMutation { mutation }),
                ..CommonResponse::default()
            }),
        };
        let answer = Ok(Some(answered(Response::RequestBody(body))));
        match settings(&config).decide_content(Phase::Request, answer) {
            ContentDecision::Continue { content, .. } => content,
            other => panic!("{other:?}"),
        }
    };
    assert_eq!(about(None), None);
    assert_eq!(about(Some(Mutation::Body(b"b".to_vec()))), Some(b"b".to_vec()));
    assert_eq!(about(Some(Mutation::ClearBody(true))), Some(Vec::new()));
    assert_eq!(about(Some(Mutation::ClearBody(false))), None);
}

#[test]
fn an_answer_about_the_other_message_is_a_failure() {
    let config = Arc::new(filter());
    let answer = answered(Response::ResponseBody(BodyResponse::default()));
    assert_eq!(
        settings(&config).decide_content(Phase::Request, Ok(Some(answer.clone()))),
        ContentDecision::Fail { status: 500 }
    );
    assert_eq!(
        settings(&config).decide_trailers(Phase::Response, Ok(Some(answer))),
        ContentDecision::Fail { status: 500 }
    );
}

#[test]
fn a_body_with_a_heads_answer_counts_where_it_is_said_to_replace() {
    let config = Arc::new(filter());
    let with = |status: ResponseStatus| {
        let common = CommonResponse {
            status: status.into(),
            body_mutation: Some(BodyMutation {
                mutation: Some(Mutation::Body(b"b".to_vec())),
            }),
            ..CommonResponse::default()
        };
        let head = HeadersResponse { response: Some(common) };
        let answer = Ok(Some(answered(Response::RequestHeaders(head))));
        let changes = changes_of(settings(&config).decide(Phase::Request, answer));
        (changes.body, changes.is_last)
    };
    assert_eq!(with(ResponseStatus::Continue), (None, false));
    assert_eq!(with(ResponseStatus::ContinueAndReplace), (Some(b"b".to_vec()), true));
}

#[test]
fn only_the_first_message_says_how_bodies_will_come() {
    let config = Arc::new(ExtProc {
        mode: ExtProcMode {
            request_body: ExtProcBody::Streamed,
            ..ExtProcMode::default()
        },
        ..filter()
    });
    let mode_in = |message: Vec<u8>| {
        let protocol = ProcessingRequest::decode(message.as_slice()).unwrap().protocol_config;
        protocol.map(|protocol| protocol.request_body_mode)
    };
    let settings = settings(&config);
    let first = settings.content_message(Phase::Request, Vec::new(), true, true);
    assert_eq!(mode_in(first), Some(BodySendMode::Streamed.into()));
    assert_eq!(
        mode_in(settings.content_message(Phase::Request, Vec::new(), true, false)),
        None
    );
}

#[test]
fn a_service_that_speaks_whenever_it_likes_says_what_a_message_becomes() {
    let config = Arc::new(filter());
    let settings = settings(&config);
    let body = |mutation| {
        answered(Response::RequestBody(BodyResponse {
            response: Some(CommonResponse {
                body_mutation: Some(BodyMutation {
                    mutation: Some(mutation),
                }),
                ..CommonResponse::default()
            }),
        }))
    };
    let piece = body(Mutation::StreamedResponse(StreamedBodyResponse {
        body: b"abc".to_vec(),
        end_of_stream: true,
    }));
    let content = Word::Content {
        content: b"abc".to_vec(),
        ends: true,
        metadata: None,
    };
    assert_eq!(settings.word(Phase::Request, &piece), Ok(content));
    // It is about the other message, or of a kind that was not agreed upon.
    assert_eq!(settings.word(Phase::Response, &piece), Err(CallFailure::Malformed));
    assert_eq!(
        settings.word(Phase::Request, &body(Mutation::Body(b"abc".to_vec()))),
        Err(CallFailure::Malformed)
    );
    let head = answered(Response::ResponseHeaders(common(&[])));
    assert_eq!(
        settings.word(Phase::Response, &head),
        Ok(Word::Head { replacement: None })
    );
    let trailers = answered(Response::ResponseTrailers(TrailersResponse {
        header_mutation: common(&[("x-a", "b")]).response.unwrap().header_mutation,
    }));
    let Ok(Word::Trailers(changes)) = settings.word(Phase::Response, &trailers) else {
        panic!()
    };
    assert_eq!((changes.set.len(), changes.remove.len()), (1, 1));
    let immediate = answered(Response::ImmediateResponse(ImmediateResponse::default()));
    assert_eq!(
        [&piece, &head, &trailers, &immediate].map(|answer| phase_of(answer)),
        [Some(Phase::Request), Some(Phase::Response), Some(Phase::Response), None]
    );
}

#[test]
fn how_bodies_come_is_not_changed_where_the_service_speaks_whenever_it_likes() {
    let answer = || Ok(Some(answered(Response::RequestHeaders(common(&[])))));
    let mode_for = |request_body| {
        let config = Arc::new(ExtProc {
            allow_mode_override: true,
            mode: ExtProcMode {
                request_body,
                ..ExtProcMode::default()
            },
            ..filter()
        });
        changes_of(settings(&config).decide(Phase::Request, answer())).mode
    };
    assert!(mode_for(ExtProcBody::Streamed).is_some());
    assert_eq!(mode_for(ExtProcBody::FullDuplexStreamed), None);
}
