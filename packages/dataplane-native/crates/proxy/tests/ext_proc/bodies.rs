//! Services that look at bodies and trailers.

use std::{
    io::Write as _,
    sync::{Arc, Mutex, atomic::Ordering::SeqCst},
    time::Duration,
};

use bytes::Bytes;
use messages::envoy::{
    extensions::filters::http::ext_proc::v3::{
        ProcessingMode,
        processing_mode::{BodySendMode, HeaderSendMode},
    },
    service::ext_proc::v3::{
        BodyMutation, BodyResponse, CommonResponse, HeadersResponse, HttpBody, ImmediateResponse, ProcessingResponse,
        TrailersResponse, body_mutation::Mutation, common_response::ResponseStatus, processing_request::Request,
        processing_response::Response,
    },
    r#type::v3::HttpStatus,
};
use serde_json::{Value, json};

use super::{Says, Service, says, serve, set};
use crate::support::{
    self, Client, Seen, Upstream, address, cluster, forward, http_listener_with, ok, start, wait_until,
};

/// An answer with this in place of what was shown, and a header.
pub(super) fn replaced(body: &[u8]) -> BodyResponse {
    let common = set(&[("x-body", "seen")]).response.unwrap();
    BodyResponse {
        response: Some(CommonResponse {
            body_mutation: Some(BodyMutation {
                mutation: Some(Mutation::Body(body.to_vec())),
            }),
            ..common
        }),
    }
}

fn upper(body: &HttpBody) -> BodyResponse {
    replaced(&body.body.to_ascii_uppercase())
}

/// Lets heads pass and writes bodies and trailers in capitals.
#[allow(clippy::unnecessary_wraps, reason = "a service is started with it")]
pub(super) fn capitals(request: &Request) -> Option<Response> {
    Some(match request {
        Request::RequestHeaders(_) => Response::RequestHeaders(HeadersResponse::default()),
        Request::ResponseHeaders(_) => Response::ResponseHeaders(HeadersResponse::default()),
        Request::RequestBody(body) => Response::RequestBody(upper(body)),
        Request::ResponseBody(body) => Response::ResponseBody(upper(body)),
        Request::RequestTrailers(_) => Response::RequestTrailers(trailers()),
        Request::ResponseTrailers(_) => Response::ResponseTrailers(trailers()),
    })
}

pub(super) fn trailers() -> TrailersResponse {
    TrailersResponse {
        header_mutation: set(&[("x-trailer", "changed")]).response.unwrap().header_mutation,
    }
}

/// Bodies of the request that a service was shown.
pub(super) fn request_bodies(service: &Service) -> Vec<(String, bool)> {
    let seen = service.seen.lock().unwrap();
    seen.iter()
        .filter_map(|message| match message {
            Request::RequestBody(body) => Some((String::from_utf8(body.body.clone()).unwrap(), body.end_of_stream)),
            _ => None,
        })
        .collect()
}

/// The content of chunks.
pub(super) fn unchunked(mut body: &[u8]) -> String {
    let mut out = Vec::new();
    while let Some(end) = body.windows(2).position(|pair| pair == b"\r\n") {
        let length = usize::from_str_radix(std::str::from_utf8(&body[..end]).unwrap(), 16).unwrap();
        if length == 0 {
            break;
        }
        out.extend_from_slice(&body[end + 2..end + 2 + length]);
        body = &body[end + 4 + length..];
    }
    String::from_utf8(out).unwrap()
}

/// The content of a message, however it is framed.
pub(super) fn content(message: &Seen) -> String {
    if message.header("transfer-encoding").is_some() {
        unchunked(&message.body)
    } else {
        String::from_utf8(message.body.clone()).unwrap()
    }
}

pub(super) fn echo() -> Upstream {
    Upstream::start(|seen| ok(&seen.body))
}

pub(super) fn post(body: &str) -> String {
    format!(
        "POST / HTTP/1.1\r\nHost: shop\r\nContent-Length: {}\r\n\r\n{body}",
        body.len()
    )
}

#[test]
fn a_whole_body_is_shown_and_goes_on_as_the_service_says() {
    let upstream = echo();
    let service = Service::start(capitals);
    let mode = json!({ "mode": { "requestBody": "buffered", "responseBody": "buffered" } });
    let proxy = serve(mode, &upstream, service.address);
    let mut client = Client::connect(address(&proxy, "web"));
    for round in 1..=2 {
        client.send("POST / HTTP/1.1\r\nHost: shop\r\nContent-Length: 11\r\n\r\nhello");
        wait_until("the head is shown", || {
            service.seen.lock().unwrap().len() == 4 * round - 3
        });
        client.send(" world");
        let response = client.response().unwrap();
        assert_eq!((response.status, response.body().as_str()), (200, "HELLO WORLD"));
        assert_eq!(
            (response.header("x-body"), response.header("content-length")),
            (Some("seen"), Some("11"))
        );
        let seen = upstream.last();
        assert_eq!(
            (seen.header("x-body"), seen.header("content-length")),
            (Some("seen"), Some("11"))
        );
        assert_eq!(
            request_bodies(&service).last().unwrap(),
            &("hello world".to_owned(), true)
        );
    }
    assert_eq!(upstream.connections.load(SeqCst), 1);
    // What has no body has none to show.
    assert_eq!(client.get("/").status, 200);
    assert_eq!(request_bodies(&service).len(), 2);
}

#[test]
fn a_request_behind_one_whose_body_is_shown_is_not_lost() {
    let upstream = echo();
    let service = Service::start(capitals);
    for mode in ["buffered", "streamed", "bufferedPartial"] {
        let proxy = serve(json!({ "mode": { "requestBody": mode } }), &upstream, service.address);
        let mut client = Client::connect(address(&proxy, "web"));
        client.send([post("one"), post("two")].concat());
        let statuses: Vec<u16> = (0..2).map(|_| client.response().unwrap().status).collect();
        assert_eq!(statuses, [200, 200]);
        let seen = upstream.seen.lock().unwrap();
        let bodies: Vec<String> = seen[seen.len() - 2..].iter().map(content).collect();
        assert_eq!(bodies, ["ONE", "TWO"], "{mode}");
    }
}

#[test]
fn a_streamed_body_goes_on_piece_by_piece() {
    let upstream = Upstream::start(|_| {
        b"HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n3\r\nabc\r\n3\r\ndef\r\n0\r\n\r\n".to_vec()
    });
    let service = Service::start(capitals);
    let mode = json!({ "mode": { "requestBody": "streamed", "responseBody": "streamed" } });
    let proxy = serve(mode, &upstream, service.address);
    let mut client = Client::connect(address(&proxy, "web"));
    client.send("POST / HTTP/1.1\r\nHost: shop\r\nTransfer-Encoding: chunked\r\n\r\n3\r\none\r\n");
    wait_until("a piece is shown before the next has come", || {
        request_bodies(&service).len() == 1
    });
    client.send("3\r\ntwo\r\n");
    wait_until("the second piece is shown", || request_bodies(&service).len() == 2);
    client.send("0\r\n\r\n");
    let response = client.response().unwrap();
    assert_eq!(
        (response.status, unchunked(&response.message.body).as_str()),
        (200, "ABCDEF")
    );
    // The head had gone on before.
    assert_eq!(response.header("x-body"), None);
    assert_eq!(unchunked(&upstream.last().body), "ONETWO");
    let shown = request_bodies(&service);
    assert_eq!(
        shown,
        [("one".into(), false), ("two".into(), false), (String::new(), true)]
    );
    assert_eq!(client.get("/").status, 200);
}

#[test]
fn a_large_streamed_body_arrives_whole() {
    let body = "abcdefghij".repeat(100_000);
    let answer = body.clone();
    let upstream = Upstream::start(move |_| ok(answer.as_bytes()));
    let service = Service::start(capitals);
    let mode = json!({ "mode": { "requestBody": "streamed", "responseBody": "streamed" } });
    let proxy = serve(mode, &upstream, service.address);
    let mut client = Client::connect(address(&proxy, "web"));
    let mut sender = client.stream.try_clone().unwrap();
    let message = post(&body);
    std::thread::spawn(move || sender.write_all(message.as_bytes()).unwrap());
    let response = client.response().unwrap();
    let expected = body.to_ascii_uppercase();
    assert!(unchunked(&response.message.body) == expected);
    assert!(unchunked(&upstream.last().body) == expected);
}

#[test]
fn a_body_that_does_not_fit_ends_the_request_or_is_shown_in_part() {
    let upstream = Upstream::start(|_| ok(&[b'x'; 300]));
    let service = Service::start(capitals);
    let with = |mode: Value| {
        let filters = json!([{ "name": "proc", "kind": { "extProc": {
            "service": { "cluster": "proc" }, "messageTimeoutMs": 5_000, "mode": mode } } },
            { "name": "router", "kind": { "router": {} } }]);
        let mut listener = http_listener_with(
            "web",
            json!({ "httpFilters": filters, "routes": { "inline": { "virtualHosts": [
                { "name": "all", "domains": ["*"], "routes": [forward("up")] }] } } }),
        );
        listener["perConnectionBufferLimitBytes"] = json!(100);
        start(&json!({ "listeners": [listener],
            "clusters": [cluster("up", &[upstream.address]), cluster("proc", &[service.address])] }))
    };
    let long = "a".repeat(300);
    let ask = |mode: Value| {
        let proxy = with(mode);
        let mut client = Client::connect(address(&proxy, "web"));
        client.send(post(&long));
        client.response().unwrap()
    };
    assert_eq!(ask(json!({ "requestBody": "buffered" })).status, 413);
    assert_eq!(upstream.requests(), 0);
    assert_eq!(ask(json!({ "responseBody": "buffered" })).status, 500);
    let response = ask(json!({ "requestBody": "bufferedPartial", "responseBody": "bufferedPartial" }));
    assert_eq!((response.status, response.header("x-body")), (200, Some("seen")));
    assert_eq!(content(&upstream.last()), ["A".repeat(100), "a".repeat(200)].concat());
    assert_eq!(content(&response.message), ["X".repeat(100), "x".repeat(200)].concat());
    assert_eq!(request_bodies(&service), [("a".repeat(100), false)]);
}

/// Asks for both bodies when it has seen the request's head.
fn asking_for_bodies() -> Service {
    Service::saying(|message| {
        let request = message.request.as_ref().unwrap();
        let mode_override = matches!(request, Request::RequestHeaders(_)).then(|| ProcessingMode {
            request_body_mode: BodySendMode::Buffered.into(),
            response_body_mode: BodySendMode::Buffered.into(),
            response_header_mode: HeaderSendMode::Skip.into(),
            ..ProcessingMode::default()
        });
        Says::Answer(Box::new(ProcessingResponse {
            response: capitals(request),
            mode_override,
            ..ProcessingResponse::default()
        }))
    })
}

#[test]
fn a_service_may_ask_for_bodies_where_it_is_allowed() {
    let upstream = echo();
    let service = asking_for_bodies();
    let ask = |settings: Value| {
        let proxy = serve(settings, &upstream, service.address);
        let mut client = Client::connect(address(&proxy, "web"));
        client.send(post("abc"));
        let body = client.response().unwrap().body();
        let shown = std::mem::take(&mut *service.seen.lock().unwrap()).len();
        (body, shown)
    };
    assert_eq!(ask(json!({})), ("abc".into(), 2));
    assert_eq!(ask(json!({ "allowModeOverride": true })), ("ABC".into(), 3));
    let other = json!([{ "requestBody": "streamed" }]);
    assert_eq!(
        ask(json!({ "allowModeOverride": true, "allowedOverrides": other })),
        ("abc".into(), 2)
    );
    let this = json!([{ "requestBody": "buffered", "responseBody": "buffered", "responseHeaders": false }]);
    assert_eq!(
        ask(json!({ "allowModeOverride": true, "allowedOverrides": this })),
        ("ABC".into(), 3)
    );
}

#[test]
fn a_service_may_put_a_body_in_the_place_of_the_messages() {
    let upstream = echo();
    let service = Service::start(|request| {
        let replacing = |body: &[u8]| HeadersResponse {
            response: Some(CommonResponse {
                status: ResponseStatus::ContinueAndReplace.into(),
                ..replaced(body).response.unwrap()
            }),
        };
        Some(match request {
            Request::RequestHeaders(_) => Response::RequestHeaders(replacing(b"made up")),
            Request::ResponseHeaders(_) => Response::ResponseHeaders(replacing(b"instead")),
            _ => return None,
        })
    });
    let mode = json!({ "mode": { "requestBody": "buffered", "responseBody": "streamed" } });
    let proxy = serve(mode, &upstream, service.address);
    let mut client = Client::connect(address(&proxy, "web"));
    for _ in 0..2 {
        client.send(post("the client's own"));
        let response = client.response().unwrap();
        assert_eq!(
            (response.body().as_str(), response.header("content-length")),
            ("instead", Some("7"))
        );
        assert_eq!(upstream.last().body, b"made up");
        // A request without a body may get one.
        assert_eq!(client.get("/").body(), "instead");
        assert_eq!(upstream.last().body, b"made up");
    }
    assert_eq!(service.seen.lock().unwrap().len(), 8);
    assert_eq!(upstream.connections.load(SeqCst), 1);
}

#[test]
fn an_observer_holds_nothing_up() {
    let upstream = Upstream::saying("ok");
    let observed = Arc::new(Mutex::new(Vec::new()));
    let kept = Arc::clone(&observed);
    let service = Service::saying(move |message| {
        kept.lock().unwrap().push(message.observability_mode);
        Says::Nothing
    });
    let settings = json!({ "onlyObserves": true, "messageTimeoutMs": 60_000,
        "mode": { "requestBody": "streamed", "responseBody": "streamed" } });
    let proxy = serve(settings, &upstream, service.address);
    let mut client = Client::connect(address(&proxy, "web"));
    client.send(post("abc"));
    let response = client.response().unwrap();
    assert_eq!(
        (content(&response.message).as_str(), content(&upstream.last()).as_str()),
        ("ok", "abc")
    );
    wait_until("both heads and both bodies are told", || {
        observed.lock().unwrap().len() >= 4
    });
    assert!(observed.lock().unwrap().iter().all(|flag| *flag));
    wait_until("the stream ends behind its request", || service.ended.load(SeqCst) == 1);
    // One that is not there is not missed.
    let lost = serve(json!({ "onlyObserves": true }), &upstream, support::dead_address());
    assert_eq!(support::get(address(&lost, "web"), "/").status, 200);
}

#[test]
fn a_service_may_answer_when_it_has_seen_the_body() {
    let upstream = echo();
    let service = Service::start(|request| match request {
        Request::RequestBody(_) | Request::ResponseBody(_) => Some(Response::ImmediateResponse(ImmediateResponse {
            status: Some(HttpStatus { code: 451 }),
            body: b"no".to_vec(),
            ..ImmediateResponse::default()
        })),
        other => capitals(other),
    });
    for mode in ["buffered", "streamed"] {
        let proxy = serve(json!({ "mode": { "requestBody": mode } }), &upstream, service.address);
        let mut client = Client::connect(address(&proxy, "web"));
        client.send(post("abc"));
        let response = client.response().unwrap();
        assert_eq!((response.status, response.body().as_str()), (451, "no"), "{mode}");
    }
    let proxy = serve(
        json!({ "mode": { "responseBody": "buffered" } }),
        &upstream,
        service.address,
    );
    let mut client = Client::connect(address(&proxy, "web"));
    client.send(post("abc"));
    assert_eq!(client.response().unwrap().status, 451);
}

#[test]
fn a_service_that_fails_with_a_body_means_what_the_filter_says() {
    let upstream = Upstream::saying("ok");
    let service = Service::saying(|message| match message.request.as_ref().unwrap() {
        Request::RequestBody(_) | Request::ResponseBody(_) => Says::Nothing,
        other => says(capitals(other).unwrap()),
    });
    let ask = |settings: Value| {
        let proxy = serve(settings, &upstream, service.address);
        let mut client = Client::connect(address(&proxy, "web"));
        client.send(post("abc"));
        client.response().map(|response| (response.status, response.body()))
    };
    for mode in ["buffered", "streamed"] {
        let settings = |allows: bool| {
            json!({ "mode": { "requestBody": mode, "responseBody": mode },
            "messageTimeoutMs": 100, "failureModeAllow": allows })
        };
        assert_eq!(ask(settings(false)), Some((500, String::new())), "{mode}");
        let (status, body) = ask(settings(true)).unwrap();
        assert_eq!((status, body.contains("ok")), (200, true), "{mode}");
        let seen = upstream.last();
        assert!(String::from_utf8(seen.body).unwrap().contains("abc"), "{mode}");
    }
    let late = json!({ "mode": { "responseBody": "streamed" }, "messageTimeoutMs": 100 });
    // The head has gone: the client sees that the response is not whole.
    assert_eq!(ask(late), None);
}

/// A proxy whose service is shown trailers and, in this manner, bodies.
pub(super) fn serve_with_trailers(body: &str, upstream: &Upstream, service: &Service) -> proxy::Proxy {
    let mode = json!({ "requestBody": body, "responseBody": body,
        "requestTrailers": true, "responseTrailers": true });
    let filters = json!([{ "name": "proc", "kind": { "extProc": {
        "service": { "cluster": "proc" }, "messageTimeoutMs": 5_000, "mode": mode } } },
        { "name": "router", "kind": { "router": {} } }]);
    let mut up = cluster("up", &[upstream.address]);
    up["http"] = json!({ "http1": { "enableTrailers": true } });
    start(&json!({
        "listeners": [http_listener_with("web", json!({ "httpFilters": filters, "http1": { "enableTrailers": true },
            "routes": { "inline": { "virtualHosts": [
                { "name": "all", "domains": ["*"], "routes": [forward("up")] }] } } }))],
        "clusters": [up, cluster("proc", &[service.address])],
    }))
}

#[test]
fn trailers_are_shown_and_changed() {
    let upstream = Upstream::start(|_| {
        b"HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n2\r\nok\r\n0\r\nx-secret: 1\r\nx-kept: 2\r\n\r\n"
            .to_vec()
    });
    let service = Service::start(capitals);
    for body in ["none", "streamed", "buffered"] {
        let proxy = serve_with_trailers(body, &upstream, &service);
        let mut client = Client::connect(address(&proxy, "web"));
        client.send(
            "POST / HTTP/1.1\r\nHost: a\r\nTE: trailers\r\nTransfer-Encoding: chunked\r\n\r\n\
             2\r\nhi\r\n0\r\nx-secret: 1\r\nx-own: 2\r\n\r\n",
        );
        let response = client.response().unwrap();
        let text = String::from_utf8(response.message.body).unwrap();
        let sent = String::from_utf8(upstream.last().body).unwrap();
        let expected = |own: &str| format!("0\r\n{own}: 2\r\nx-trailer: changed\r\n\r\n");
        assert!(sent.ends_with(&expected("x-own")), "{body}: {sent:?}");
        assert!(text.ends_with(&expected("x-kept")), "{body}: {text:?}");
        let content = if body == "none" { "ok" } else { "OK" };
        assert_eq!(unchunked(text.as_bytes()), content, "{body}");
    }
}

#[test]
fn several_services_are_shown_a_body_one_after_the_other() {
    let upstream = echo();
    let first = Service::start(capitals);
    let second = Service::start(|request| match request {
        Request::RequestBody(body) => Some(Response::RequestBody(replaced(&[&body.body[..], b"!"].concat()))),
        other => capitals(other),
    });
    for modes in [
        ["buffered", "buffered"],
        ["streamed", "buffered"],
        ["buffered", "streamed"],
        ["streamed", "streamed"],
    ] {
        let filter = |name: &str, mode: &str| {
            json!({ "name": name, "kind": { "extProc": { "service": { "cluster": name },
                "messageTimeoutMs": 5_000, "mode": { "requestBody": mode } } } })
        };
        let filters = json!([filter("first", modes[0]), filter("second", modes[1]),
            { "name": "router", "kind": { "router": {} } }]);
        let proxy = start(&json!({
            "listeners": [http_listener_with("web", json!({ "httpFilters": filters,
                "routes": { "inline": { "virtualHosts": [
                    { "name": "all", "domains": ["*"], "routes": [forward("up")] }] } } }))],
            "clusters": [cluster("up", &[upstream.address]), cluster("first", &[first.address]),
                cluster("second", &[second.address])],
        }));
        let mut client = Client::connect(address(&proxy, "web"));
        client.send(post("abc"));
        assert_eq!(client.response().unwrap().status, 200);
        let sent = String::from_utf8(upstream.last().body).unwrap();
        assert!(sent.contains("ABC!"), "{modes:?}: {sent}");
    }
}

/// Answers every piece at once.
async fn echo_h2(listener: tokio::net::TcpListener) {
    while let Ok((socket, _)) = listener.accept().await {
        tokio::task::spawn_local(async move {
            let mut connection = h2::server::handshake(socket).await.unwrap();
            while let Some(Ok((request, mut respond))) = connection.accept().await {
                tokio::task::spawn_local(async move {
                    let mut sender = respond.send_response(http_types::Response::new(()), false).unwrap();
                    let mut body = request.into_body();
                    while let Some(Ok(piece)) = body.data().await {
                        let _ = body.flow_control().release_capacity(piece.len());
                        sender.send_data(piece, false).unwrap();
                    }
                    sender.send_data(Bytes::new(), true).unwrap();
                });
            }
        });
    }
}

#[test]
fn both_bodies_may_be_on_their_way_at_a_time() {
    ping_through(
        &Service::start(capitals),
        json!({ "requestBody": "streamed", "responseBody": "streamed" }),
    );
}

/// Sends pieces of one request over HTTP/2, each after the one before has come back in capitals.
pub(super) fn ping_through(service: &Service, mode: Value) {
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .unwrap();
    tokio::task::LocalSet::new().block_on(&runtime, async {
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
        let mut up = cluster("up", &[listener.local_addr().unwrap()]);
        up["http"] = json!({ "protocol": "http2" });
        tokio::task::spawn_local(echo_h2(listener));
        let filters = json!([{ "name": "proc", "kind": { "extProc": { "service": { "cluster": "proc" },
            "messageTimeoutMs": 5_000, "mode": mode } } },
            { "name": "router", "kind": { "router": {} } }]);
        let proxy = start(&json!({
            "listeners": [http_listener_with("web", json!({ "httpFilters": filters, "codecType": "http2",
                "routes": { "inline": { "virtualHosts": [
                    { "name": "all", "domains": ["*"], "routes": [forward("up")] }] } } }))],
            "clusters": [up, cluster("proc", &[service.address])],
        }));
        let socket = tokio::net::TcpStream::connect(address(&proxy, "web")).await.unwrap();
        let (client, connection) = h2::client::handshake(socket).await.unwrap();
        tokio::task::spawn_local(async move {
            let _ = connection.await;
        });
        let mut client = client.ready().await.unwrap();
        let request = http_types::Request::builder()
            .method("POST")
            .uri("http://test/")
            .body(())
            .unwrap();
        let (response, mut sender) = client.send_request(request, false).unwrap();
        sender.send_data(Bytes::from_static(b"ping"), false).unwrap();
        let in_time = Duration::from_secs(20);
        let response = tokio::time::timeout(in_time, response).await.unwrap().unwrap();
        let mut body = response.into_body();
        for round in 0..20 {
            let piece = tokio::time::timeout(in_time, body.data())
                .await
                .unwrap()
                .unwrap()
                .unwrap();
            let _ = body.flow_control().release_capacity(piece.len());
            assert_eq!(&piece[..], b"PING", "{round}");
            sender.send_data(Bytes::from_static(b"ping"), round == 19).unwrap();
        }
        let last = tokio::time::timeout(in_time, body.data())
            .await
            .unwrap()
            .unwrap()
            .unwrap();
        assert_eq!(&last[..], b"PING");
        assert!(
            tokio::time::timeout(in_time, body.data())
                .await
                .unwrap()
                .is_none_or(|piece| piece.unwrap().is_empty())
        );
    });
}
