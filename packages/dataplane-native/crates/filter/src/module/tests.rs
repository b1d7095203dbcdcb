use serde_json::json;

use super::*;

fn filter() -> FilterModule {
    FilterModule {
        module: "auth.ts".into(),
        ..FilterModule::default()
    }
}

const ABLE: Abilities = Abilities {
    on_request: true,
    on_response: true,
    request_body: Some(WantedBody {
        max_bytes: 10,
        allow_partial: false,
    }),
    response_body: None,
};

fn decide(config: &FilterModule, phase: Phase, answer: &[u8]) -> Decision {
    Settings::new(config, ABLE, 7).decide(phase, Ok(Some(answer.to_vec())))
}

fn text(text: &str) -> Vec<u8> {
    let mut out = Vec::new();
    put_bytes(text.as_bytes(), &mut out);
    out
}

fn field(name: &str, value: &str) -> Vec<u8> {
    [&(name.len() as u16).to_le_bytes()[..], name.as_bytes(), &text(value)].concat()
}

/// An answer that changes headers.
fn changing(flags: u8, status: u16, changes: &[(u8, &str, &str)], metadata: &str) -> Vec<u8> {
    let mut out = vec![CHANGES, flags];
    out.extend_from_slice(&status.to_le_bytes());
    out.extend_from_slice(&(changes.len() as u16).to_le_bytes());
    for (action, name, value) in changes {
        out.push(*action);
        out.extend(field(name, value));
    }
    out.extend(text(metadata));
    out
}

fn continued(decision: Decision) -> Changes {
    match decision {
        Decision::Continue(changes) => *changes,
        other => panic!("{other:?}"),
    }
}

#[test]
fn a_question_says_its_length_and_becomes_that_of_a_call() {
    let fields: [(&[u8], &[u8]); 1] = [(b"x-a", b"1")];
    let metadata = json!({ "a": 1 });
    let shown = Shown {
        method: b"GET",
        path: b"/p",
        fields: &fields,
        route: "r",
        metadata: Some(&metadata),
        body: Some((b"body", true)),
        ..Shown::default()
    };
    let config = filter();
    let mut frame = Frame::new(Settings::new(&config, ABLE, 7).question(Phase::Request, &shown));
    let bytes = frame.of_call(9).to_vec();
    let mut reader = Reader::new(&bytes);
    assert_eq!(reader.u32(), Some(bytes.len() as u32 - 4));
    assert_eq!(
        (reader.u8(), reader.u32(), reader.u32()),
        (Some(REQUEST), Some(9), Some(7))
    );
    assert_eq!(reader.u16(), Some(0));
    let texts: Vec<_> = (0..8).map(|_| reader.bytes().unwrap()).collect();
    assert_eq!(texts, [&b"GET"[..], b"/p", b"", b"", b"r", b"", b"", b"{\"a\":1}"]);
    assert_eq!(reader.u16(), Some(1));
    assert_eq!(reader.field(), Some((&b"x-a"[..], &b"1"[..])));
    assert_eq!(
        (reader.u8(), reader.bytes(), reader.u8()),
        (Some(2), Some(&b"body"[..]), None)
    );
}

#[test]
fn an_answer_changes_headers_path_body_and_metadata() {
    let changes = [
        (1, "x-new", "1"),
        (2, "x-more", "2"),
        (0, "x-old", ""),
        (1, ":path", "/b"),
    ];
    let mut answer = changing(REROUTES | HAS_BODY, 0, &changes, r#"{"my.ns":{"user":"ann"}}"#);
    answer.extend(text("new"));
    let changes = continued(decide(&filter(), Phase::Request, &answer));
    let set: Vec<_> = changes
        .set
        .iter()
        .map(|change| (change.name.as_str(), &*change.value))
        .collect();
    assert_eq!(set, [("x-new", &b"1"[..]), ("x-more", b"2"), (":path", b"/b")]);
    assert_eq!(changes.remove[0].as_str(), "x-old");
    assert_eq!(changes.metadata, Some(json!({ "my.ns": { "user": "ann" } })));
    assert_eq!((changes.reroutes, changes.body.as_deref()), (true, Some(&b"new"[..])));
}

#[test]
fn a_response_gets_another_status_but_no_path_and_no_body() {
    let answer = changing(0, 418, &[(1, "x-a", "1")], "");
    let changes = continued(decide(&filter(), Phase::Response, &answer));
    assert_eq!((changes.status, changes.set.len(), changes.body), (Some(418), 1, None));
    let path = changing(0, 0, &[(1, ":path", "/b")], "");
    assert_eq!(
        decide(&filter(), Phase::Response, &path),
        Decision::Fail { status: 500 }
    );
}

#[test]
fn a_filter_may_answer_in_the_upstreams_place() {
    let mut answer = vec![REPLY];
    answer.extend_from_slice(&401_u16.to_le_bytes());
    answer.extend_from_slice(&2_u16.to_le_bytes());
    answer.extend(field("www-authenticate", "Basic"));
    answer.extend(field("content-length", "3"));
    answer.extend(text("who?"));
    answer.extend(text(""));
    let Decision::Reply(reply) = decide(&filter(), Phase::Request, &answer) else {
        panic!()
    };
    assert_eq!(
        (reply.status, &*reply.body, reply.headers.len()),
        (401, &b"who?"[..], 1)
    );
}

#[test]
fn a_filter_that_fails_ends_the_request_unless_told_otherwise() {
    let closed = FilterModule {
        status_on_error: 503,
        ..filter()
    };
    let failed = [&[FAILED][..], &text("TypeError")].concat();
    assert!(is_failure(&failed));
    assert_eq!(decide(&closed, Phase::Request, &failed), Decision::Fail { status: 503 });
    let timed_out = Settings::new(&closed, ABLE, 7).decide(Phase::Request, Err(CallFailure::Timeout));
    assert_eq!(timed_out, Decision::Fail { status: 503 });
    let open = FilterModule {
        failure_mode_allow: true,
        ..filter()
    };
    assert!(continued(decide(&open, Phase::Request, &failed)).is_over);
}

#[test]
fn what_breaks_a_message_is_a_failure() {
    for (name, value) in [
        ("x-a", "1\r\nx-b: 2"),
        (":authority", "evil"),
        (":method", "PUT"),
        ("x a", "1"),
        ("host", "evil"),
    ] {
        let answer = changing(0, 0, &[(1, name, value)], "");
        assert_eq!(
            decide(&filter(), Phase::Request, &answer),
            Decision::Fail { status: 500 },
            "{name}"
        );
    }
    let odd = changing(0, 0, &[], "[1]");
    assert_eq!(decide(&filter(), Phase::Request, &odd), Decision::Fail { status: 500 });
}

#[test]
fn an_answer_that_is_cut_off_is_a_failure_wherever_that_is() {
    let answer = changing(0, 0, &[(1, "x-new", "1")], "{}");
    for end in 0..answer.len() {
        let decision = decide(&filter(), Phase::Request, &answer[..end]);
        assert_eq!(decision, Decision::Fail { status: 500 }, "{end}");
    }
}

#[test]
fn a_batch_has_the_answers_of_several_calls() {
    let one = |call: u32, answer: &[u8]| {
        let mut out = call.to_le_bytes().to_vec();
        put_bytes(answer, &mut out);
        out
    };
    let mut batch = [one(1, b"a"), one(2, b"bc")].concat();
    assert_eq!(Answers::new(&batch).collect::<Vec<_>>(), [(1, &b"a"[..]), (2, b"bc")]);
    batch.pop();
    assert_eq!(Answers::new(&batch).count(), 1);
}

#[test]
fn a_module_says_what_it_can_do_or_why_it_is_not_loaded() {
    let mut answer = vec![LOADED, ON_REQUEST | REQUEST_BODY];
    answer.extend_from_slice(&1000_u32.to_le_bytes());
    answer.extend_from_slice(&0_u32.to_le_bytes());
    let abilities = loaded(&answer).unwrap();
    assert_eq!((abilities.on_request, abilities.on_response), (true, false));
    let wanted = |body: Option<WantedBody>| body.map(|body| (body.max_bytes, body.allow_partial));
    assert_eq!(
        (wanted(abilities.request_body), wanted(abilities.response_body)),
        (Some((1000, false)), None)
    );
    let mut answer = vec![LOADED, ON_RESPONSE | RESPONSE_BODY | PARTIAL_RESPONSE_BODY];
    answer.extend_from_slice(&0_u32.to_le_bytes());
    answer.extend_from_slice(&u32::MAX.to_le_bytes());
    let abilities = loaded(&answer).unwrap();
    assert_eq!(
        (wanted(abilities.request_body), wanted(abilities.response_body)),
        (None, Some((MAX_ANSWER_BYTES as u32, true)))
    );
    let refused = |field: u8| {
        loaded(&[&[NOT_LOADED, field][..], &text("no such thing")].concat())
            .unwrap_err()
            .to_string()
    };
    assert_eq!(refused(0), "module: no such thing");
    assert_eq!(refused(OF_CONFIG), "config: no such thing");
    assert!(loaded(&[9]).is_err());
}
