//! Services that are shown bodies as they come, and say whenever they like what becomes of them.

use std::{
    io::Write as _,
    sync::{Arc, Mutex, atomic::Ordering::SeqCst},
};

use messages::envoy::{
    service::ext_proc::v3::{
        BodyMutation, BodyResponse, CommonResponse, HeadersResponse, HttpBody, ImmediateResponse, StreamedBodyResponse,
        body_mutation::Mutation, common_response::ResponseStatus, processing_request::Request,
        processing_response::Response,
    },
    r#type::v3::HttpStatus,
};
use serde_json::{Value, json};

use super::{
    Says, Service,
    bodies::{
        capitals as asked_for_capitals, content, ping_through, post, request_bodies, serve_with_trailers, trailers,
        unchunked,
    },
    serve, set,
};
use crate::support::{
    Client, Upstream, address, cluster, dead_address, forward, http_listener_with, ok, start, wait_until,
};

const CHUNKED: &str = "POST / HTTP/1.1\r\nHost: shop\r\nTransfer-Encoding: chunked\r\n\r\n";

fn request_mode() -> Value {
    json!({ "mode": { "requestBody": "fullDuplexStreamed", "requestTrailers": true, "responseHeaders": false } })
}

fn response_mode() -> Value {
    json!({ "mode": { "responseBody": "fullDuplexStreamed", "responseTrailers": true, "requestHeaders": false } })
}

fn both_ways() -> Value {
    json!({ "mode": {
        "requestBody": "fullDuplexStreamed", "requestTrailers": true,
        "responseBody": "fullDuplexStreamed", "responseTrailers": true,
    } })
}

/// Answers with the content that it got.
fn echo() -> Upstream {
    Upstream::start(|seen| ok(content(seen).as_bytes()))
}

pub(super) fn piece(body: &[u8], ends: bool) -> BodyResponse {
    BodyResponse {
        response: Some(CommonResponse {
            body_mutation: Some(BodyMutation {
                mutation: Some(Mutation::StreamedResponse(StreamedBodyResponse {
                    body: body.to_vec(),
                    end_of_stream: ends,
                })),
            }),
            ..CommonResponse::default()
        }),
    }
}

fn upper(body: &HttpBody) -> BodyResponse {
    piece(&body.body.to_ascii_uppercase(), body.end_of_stream)
}

/// Writes everything in capitals, each piece as it comes.
fn capitals() -> Service {
    Service::saying(|message| {
        Says::Answers(vec![match message.request.as_ref().unwrap() {
            Request::RequestHeaders(_) => Response::RequestHeaders(set(&[("x-marked", "request")])),
            Request::ResponseHeaders(_) => Response::ResponseHeaders(set(&[("x-marked", "response")])),
            Request::RequestBody(body) => Response::RequestBody(upper(body)),
            Request::ResponseBody(body) => Response::ResponseBody(upper(body)),
            Request::RequestTrailers(_) => Response::RequestTrailers(trailers()),
            Request::ResponseTrailers(_) => Response::ResponseTrailers(trailers()),
        }])
    })
}

/// Says nothing before it has seen all of a request; then says these.
fn after_all(answers: impl Fn(&[u8]) -> Vec<Response> + Send + Sync + 'static) -> Service {
    let seen = Mutex::new(Vec::new());
    Service::saying(move |message| {
        if let Request::RequestBody(body) = message.request.as_ref().unwrap() {
            let mut seen = seen.lock().unwrap();
            seen.extend_from_slice(&body.body);
            if body.end_of_stream {
                return Says::Answers(answers(&std::mem::take(&mut *seen)));
            }
        }
        Says::Nothing
    })
}

#[test]
fn a_service_may_see_the_whole_body_before_it_answers_to_the_head() {
    let upstream = echo();
    let service = after_all(|body| {
        let (first, second) = body.split_at(body.len() / 2);
        vec![
            Response::RequestHeaders(set(&[
                ("x-destination", std::str::from_utf8(body).unwrap()),
                ("content-length", "999"),
            ])),
            Response::RequestBody(piece(first, false)),
            Response::RequestBody(piece(b"-and-", false)),
            Response::RequestBody(piece(second, true)),
        ]
    });
    let proxy = serve(request_mode(), &upstream, service.address);
    let mut client = Client::connect(address(&proxy, "web"));
    for round in 1..=2 {
        client.send(CHUNKED);
        client.send("3\r\none\r\n");
        wait_until("a piece is shown", || request_bodies(&service).len() == 2 * round - 1);
        assert_eq!(upstream.requests(), round - 1);
        client.send("3\r\ntwo\r\n0\r\n\r\n");
        let response = client.response().unwrap();
        assert_eq!(
            (response.status, content(&response.message)),
            (200, content(&upstream.last()))
        );
        let seen = upstream.last();
        assert_eq!(
            (
                content(&seen).as_str(),
                seen.header("x-destination"),
                seen.header("content-length")
            ),
            ("one-and-two", Some("onetwo"), None)
        );
    }
    assert_eq!(upstream.connections.load(SeqCst), 1);
}

#[test]
fn pieces_go_on_as_the_service_says_while_others_come() {
    let upstream = Upstream::start(|_| {
        b"HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n3\r\nabc\r\n3\r\ndef\r\n0\r\n\r\n".to_vec()
    });
    let service = capitals();
    let proxy = serve(both_ways(), &upstream, service.address);
    let mut client = Client::connect(address(&proxy, "web"));
    client.send(CHUNKED);
    for shown in 1..=2 {
        client.send("3\r\none\r\n");
        wait_until("a piece is shown before the next has come", || {
            request_bodies(&service).len() == shown
        });
    }
    client.send("0\r\n\r\n");
    let response = client.response().unwrap();
    assert_eq!(
        (
            response.status,
            response.header("x-marked"),
            content(&response.message).as_str()
        ),
        (200, Some("response"), "ABCDEF")
    );
    let seen = upstream.last();
    assert_eq!(
        (seen.header("x-marked"), content(&seen).as_str()),
        (Some("request"), "ONEONE")
    );
    assert_eq!(service.streams.load(SeqCst), 1);
    // What has no body has none to show.
    assert_eq!(client.get("/").header("x-marked"), Some("response"));
    assert_eq!(service.streams.load(SeqCst), 2);
}

#[test]
fn a_large_body_arrives_whole_both_ways() {
    let body = "abcdefghij".repeat(200_000);
    let upstream = echo();
    let service = capitals();
    let proxy = serve(both_ways(), &upstream, service.address);
    let mut client = Client::connect(address(&proxy, "web"));
    let mut sender = client.stream.try_clone().unwrap();
    let message = post(&body);
    std::thread::spawn(move || sender.write_all(message.as_bytes()).unwrap());
    let response = client.response().unwrap();
    assert!(content(&response.message) == body.to_ascii_uppercase());
    assert!(content(&upstream.last()) == body.to_ascii_uppercase());
}

#[test]
fn requests_behind_one_another_keep_their_bodies() {
    let upstream = echo();
    let service = capitals();
    let proxy = serve(both_ways(), &upstream, service.address);
    let mut client = Client::connect(address(&proxy, "web"));
    client.send([post("one"), post("two")].concat());
    let bodies: Vec<String> = (0..2).map(|_| content(&client.response().unwrap().message)).collect();
    assert_eq!(bodies, ["ONE", "TWO"]);
}

#[test]
fn both_bodies_may_be_on_their_way_at_a_time() {
    ping_through(&capitals(), both_ways()["mode"].clone());
}

#[test]
fn others_are_shown_the_body_before_and_after() {
    let upstream = echo();
    let doubling = Service::saying(|message| match message.request.as_ref().unwrap() {
        Request::RequestHeaders(_) => Says::Answers(vec![Response::RequestHeaders(HeadersResponse::default())]),
        Request::RequestBody(body) => Says::Answers(vec![
            Response::RequestBody(piece(&body.body, false)),
            Response::RequestBody(piece(&body.body, body.end_of_stream)),
        ]),
        _ => Says::Nothing,
    });
    let asked = Service::start(asked_for_capitals);
    let duplex = |service: &'static str| {
        json!({ "name": service, "kind": { "extProc": { "service": { "cluster": service }, "mode": {
            "requestBody": "fullDuplexStreamed", "requestTrailers": true, "responseHeaders": false } } } })
    };
    let buffered = json!({ "name": "asked", "kind": { "extProc": { "service": { "cluster": "asked" },
        "messageTimeoutMs": 5_000, "mode": { "requestBody": "buffered", "responseHeaders": false } } } });
    for (filters, expected) in [
        (vec![duplex("doubling"), buffered.clone()], "ABCABC"),
        (vec![buffered, duplex("doubling")], "ABCABC"),
        (vec![duplex("doubling"), duplex("doubling")], "abcabcabcabc"),
    ] {
        let filters = [filters, vec![json!({ "name": "router", "kind": { "router": {} } })]].concat();
        let proxy = start(&json!({
            "listeners": [http_listener_with("web", json!({ "httpFilters": filters,
                "routes": { "inline": { "virtualHosts": [
                    { "name": "all", "domains": ["*"], "routes": [forward("up")] }] } } }))],
            "clusters": [cluster("up", &[upstream.address]), cluster("doubling", &[doubling.address]),
                cluster("asked", &[asked.address])],
        }));
        let mut client = Client::connect(address(&proxy, "web"));
        client.send(post("abc"));
        assert_eq!(content(&client.response().unwrap().message), expected);
    }
}

#[test]
fn trailers_end_a_body_and_are_changed() {
    let upstream = Upstream::start(|_| {
        b"HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\ntrailer: x-trailer\r\n\r\n3\r\nabc\r\n0\r\nx-trailer: as it was\r\n\r\n"
            .to_vec()
    });
    let service = capitals();
    let proxy = serve_with_trailers("fullDuplexStreamed", &upstream, &service);
    let mut client = Client::connect(address(&proxy, "web"));
    client.send(
        [
            &CHUNKED.replace("Host", "TE: trailers\r\nHost"),
            "3\r\none\r\n0\r\nx-trailer: as it was\r\n\r\n",
        ]
        .concat(),
    );
    let response = client.response().unwrap();
    assert_eq!(unchunked(&response.message.body), "ABC");
    let text = |body: &[u8]| String::from_utf8(body.to_vec()).unwrap();
    assert!(text(&response.message.body).ends_with("0\r\nx-trailer: changed\r\n\r\n"));
    let seen = upstream.last();
    assert_eq!(unchunked(&seen.body), "ONE");
    assert!(text(&seen.body).ends_with("0\r\nx-trailer: changed\r\n\r\n"));
    assert_eq!(request_bodies(&service), [("one".into(), false)]);
}

#[test]
fn a_response_is_another_one_as_soon_as_the_service_says_so() {
    let upstream = Upstream::start(|_| ok(b"what it was"));
    let service = Service::saying(|message| match message.request.as_ref().unwrap() {
        Request::ResponseBody(body) if body.end_of_stream => Says::Answers(vec![
            Response::ResponseHeaders(set(&[(":status", "203")])),
            Response::ResponseBody(piece(b"what it ", false)),
            Response::ResponseBody(piece(b"is", true)),
        ]),
        _ => Says::Nothing,
    });
    let proxy = serve(response_mode(), &upstream, service.address);
    let mut client = Client::connect(address(&proxy, "web"));
    for _ in 0..2 {
        let response = client.get("/");
        assert_eq!(
            (response.status, content(&response.message).as_str()),
            (203, "what it is")
        );
    }
}

#[test]
fn a_service_that_replaces_the_message_is_shown_no_more_of_it() {
    let upstream = echo();
    let service = Service::saying(|message| match message.request.as_ref().unwrap() {
        Request::RequestHeaders(_) => Says::Answers(vec![Response::RequestHeaders(HeadersResponse {
            response: Some(CommonResponse {
                status: ResponseStatus::ContinueAndReplace.into(),
                body_mutation: Some(BodyMutation {
                    mutation: Some(Mutation::Body(b"made up".to_vec())),
                }),
                ..CommonResponse::default()
            }),
        })]),
        _ => Says::Nothing,
    });
    let proxy = serve(request_mode(), &upstream, service.address);
    let mut client = Client::connect(address(&proxy, "web"));
    for _ in 0..2 {
        client.send(post("the client's own"));
        assert_eq!(content(&client.response().unwrap().message), "made up");
    }
    // Nor does the end of the body come from a service that ends it early.
    let early = Service::saying(|message| match message.request.as_ref().unwrap() {
        Request::RequestBody(body) if !body.end_of_stream => Says::Answers(vec![
            Response::RequestHeaders(HeadersResponse::default()),
            Response::RequestBody(piece(b"enough", true)),
        ]),
        _ => Says::Nothing,
    });
    let proxy = serve(request_mode(), &upstream, early.address);
    let mut client = Client::connect(address(&proxy, "web"));
    client.send([CHUNKED, "3\r\none\r\n"].concat());
    wait_until("a piece is shown", || request_bodies(&early).len() == 1);
    client.send("3\r\ntwo\r\n0\r\n\r\n");
    assert_eq!(content(&client.response().unwrap().message), "enough");
}

#[test]
fn a_service_may_answer_in_the_upstreams_place_at_any_time() {
    let upstream = echo();
    let refusal = || {
        Response::ImmediateResponse(ImmediateResponse {
            status: Some(HttpStatus { code: 429 }),
            body: b"later".to_vec(),
            ..ImmediateResponse::default()
        })
    };
    let before = after_all(move |_| vec![refusal()]);
    let proxy = serve(request_mode(), &upstream, before.address);
    let mut client = Client::connect(address(&proxy, "web"));
    client.send(post("a model's name"));
    let response = client.response().unwrap();
    assert_eq!((response.status, response.body().as_str()), (429, "later"));
    assert_eq!(upstream.requests(), 0);
    let behind = after_all(move |_| vec![Response::RequestHeaders(HeadersResponse::default()), refusal()]);
    let proxy = serve(request_mode(), &upstream, behind.address);
    let mut client = Client::connect(address(&proxy, "web"));
    client.send(post("a model's name"));
    assert_eq!(client.response().unwrap().status, 429);
}

#[test]
fn a_body_that_a_lost_service_has_is_not_made_up_for() {
    let upstream = echo();
    let ask = |settings: Value, service: std::net::SocketAddr| {
        let proxy = serve(settings, &upstream, service);
        let mut client = Client::connect(address(&proxy, "web"));
        client.send(post("abc"));
        let response = client.response().unwrap();
        (response.status, content(&response.message))
    };
    let forgiving = || {
        let mut settings = request_mode();
        settings["failureModeAllow"] = json!(true);
        settings
    };
    // It has seen nothing: all of the body is still here.
    assert_eq!(ask(request_mode(), dead_address()).0, 500);
    assert_eq!(ask(forgiving(), dead_address()), (200, "abc".into()));
    let ending = Service::saying(|message| match message.request.as_ref().unwrap() {
        Request::RequestBody(_) => Says::End,
        _ => Says::Nothing,
    });
    assert_eq!(ask(forgiving(), ending.address).0, 500);
    let after_the_head = Service::saying(|message| match message.request.as_ref().unwrap() {
        Request::RequestHeaders(_) => Says::Answers(vec![Response::RequestHeaders(HeadersResponse::default())]),
        _ => Says::End,
    });
    assert_eq!(ask(forgiving(), after_the_head.address).0, 500);
    // A piece of the kind that was not agreed upon.
    let confused = Service::saying(|message| match message.request.as_ref().unwrap() {
        Request::RequestHeaders(_) => Says::Answers(vec![Response::RequestHeaders(HeadersResponse::default())]),
        _ => Says::Answers(vec![Response::RequestBody(super::bodies::replaced(b"no"))]),
    });
    assert_eq!(ask(request_mode(), confused.address).0, 500);
    assert_eq!(upstream.requests(), 1);
}

#[test]
fn a_service_takes_the_time_that_it_needs() {
    let upstream = echo();
    let gate = Arc::new((Mutex::new(false), std::sync::Condvar::new()));
    let opened = Arc::clone(&gate);
    let service = after_all(move |body| {
        let (lock, changed) = &*opened;
        let _open = changed.wait_while(lock.lock().unwrap(), |open| !*open).unwrap();
        vec![
            Response::RequestHeaders(HeadersResponse::default()),
            Response::RequestBody(piece(body, true)),
        ]
    });
    let mut settings = request_mode();
    settings["messageTimeoutMs"] = json!(30);
    let proxy = serve(settings, &upstream, service.address);
    let mut client = Client::connect(address(&proxy, "web"));
    client.send(post("abc"));
    wait_until("the body is shown", || service.streams.load(SeqCst) == 1);
    // Longer than the time for a message.
    std::thread::sleep(std::time::Duration::from_millis(90));
    *gate.0.lock().unwrap() = true;
    gate.1.notify_all();
    assert_eq!(content(&client.response().unwrap().message), "abc");
}
