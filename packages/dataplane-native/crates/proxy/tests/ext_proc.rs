//! Services that look at messages and change them.
#![allow(clippy::unwrap_used, clippy::needless_pass_by_value, missing_docs)]

mod support;

#[path = "ext_proc/bodies.rs"]
mod bodies;
#[path = "ext_proc/duplex.rs"]
mod duplex;
#[path = "ext_proc/picker.rs"]
mod picker;
#[path = "ext_proc/together.rs"]
mod together;

use std::{
    net::SocketAddr,
    sync::{
        Arc, Mutex,
        atomic::{AtomicUsize, Ordering::SeqCst},
    },
};

use bytes::Bytes;
use http_types::{Request, Response};
use messages::envoy::{
    config::core::v3::{HeaderValue, HeaderValueOption, header_value_option::HeaderAppendAction},
    service::ext_proc::v3::{
        CommonResponse, HeaderMutation, HeadersResponse, HttpHeaders, ImmediateResponse, ProcessingRequest,
        ProcessingResponse, processing_request, processing_response,
    },
    r#type::v3::HttpStatus,
};
use prost::Message as _;
use proxy::Proxy;
use serde_json::{Value, json};
use support::{Client, Upstream, address, cluster, dead_address, forward, http_listener_with, start, wait_until};

/// What a service says to a message.
enum Says {
    Answer(Box<ProcessingResponse>),
    /// As often as it likes.
    Answers(Vec<processing_response::Response>),
    /// The same, with more than responses in them.
    AnswerAll(Vec<ProcessingResponse>),
    /// It waits for the next one.
    Nothing,
    /// It wants no more.
    End,
}

type Decide = dyn Fn(&ProcessingRequest) -> Says + Send + Sync;

/// A service that answers each message of a stream, or ends the stream.
struct Service {
    address: SocketAddr,
    seen: Arc<Mutex<Vec<processing_request::Request>>>,
    streams: Arc<AtomicUsize>,
    ended: Arc<AtomicUsize>,
}

impl Service {
    fn start(
        decide: impl Fn(&processing_request::Request) -> Option<processing_response::Response> + Send + Sync + 'static,
    ) -> Self {
        Self::saying(move |message| match decide(message.request.as_ref().unwrap()) {
            Some(response) => says(response),
            None => Says::End,
        })
    }

    fn saying(decide: impl Fn(&ProcessingRequest) -> Says + Send + Sync + 'static) -> Self {
        let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
        listener.set_nonblocking(true).unwrap();
        let service = Self {
            address: listener.local_addr().unwrap(),
            seen: Arc::default(),
            streams: Arc::default(),
            ended: Arc::default(),
        };
        let decide: Arc<Decide> = Arc::new(decide);
        let (seen, streams, ended) = (
            Arc::clone(&service.seen),
            Arc::clone(&service.streams),
            Arc::clone(&service.ended),
        );
        std::thread::spawn(move || {
            let runtime = tokio::runtime::Builder::new_current_thread()
                .enable_all()
                .build()
                .unwrap();
            tokio::task::LocalSet::new().block_on(&runtime, async {
                let listener = tokio::net::TcpListener::from_std(listener).unwrap();
                while let Ok((socket, _)) = listener.accept().await {
                    let (decide, seen) = (Arc::clone(&decide), Arc::clone(&seen));
                    let (streams, ended) = (Arc::clone(&streams), Arc::clone(&ended));
                    tokio::task::spawn_local(async move {
                        let mut connection = h2::server::handshake(socket).await.unwrap();
                        while let Some(Ok((request, respond))) = connection.accept().await {
                            streams.fetch_add(1, SeqCst);
                            let (decide, seen, ended) = (Arc::clone(&decide), Arc::clone(&seen), Arc::clone(&ended));
                            tokio::task::spawn_local(async move {
                                process(request, respond, &*decide, &seen).await;
                                ended.fetch_add(1, SeqCst);
                            });
                        }
                    });
                }
            });
        });
        service
    }
}

async fn process(
    request: Request<h2::RecvStream>,
    mut respond: h2::server::SendResponse<Bytes>,
    decide: &Decide,
    seen: &Mutex<Vec<processing_request::Request>>,
) {
    let head = Response::builder()
        .header("content-type", "application/grpc")
        .body(())
        .unwrap();
    let mut stream = respond.send_response(head, false).unwrap();
    let mut body = request.into_body();
    let mut received = Vec::new();
    while let Some(Ok(piece)) = body.data().await {
        let _ = body.flow_control().release_capacity(piece.len());
        received.extend_from_slice(&piece);
        while let Some(message) = take(&mut received) {
            let says = decide(&message);
            seen.lock().unwrap().push(message.request.unwrap());
            let answers = match says {
                Says::Answer(response) => vec![*response],
                Says::Answers(responses) => responses.into_iter().map(answer).collect(),
                Says::AnswerAll(responses) => responses,
                Says::Nothing => Vec::new(),
                Says::End => {
                    end(&mut stream);
                    return;
                }
            };
            for response in answers {
                let mut framed = vec![0];
                framed.extend_from_slice(&(response.encoded_len() as u32).to_be_bytes());
                response.encode(&mut framed).unwrap();
                if stream.send_data(framed.into(), false).is_err() {
                    return;
                }
            }
        }
    }
    end(&mut stream);
}

fn take(received: &mut Vec<u8>) -> Option<ProcessingRequest> {
    let (prefix, rest) = received.split_at_checked(5)?;
    let length = u32::from_be_bytes(prefix[1..].try_into().unwrap()) as usize;
    let message = ProcessingRequest::decode(rest.get(..length)?).unwrap();
    received.drain(..5 + length);
    Some(message)
}

fn says(response: processing_response::Response) -> Says {
    Says::Answer(Box::new(answer(response)))
}

fn answer(response: processing_response::Response) -> ProcessingResponse {
    ProcessingResponse {
        response: Some(response),
        ..ProcessingResponse::default()
    }
}

fn end(stream: &mut h2::SendStream<Bytes>) {
    let mut trailers = http_types::HeaderMap::new();
    trailers.insert("grpc-status", 0.into());
    let _ = stream.send_trailers(trailers);
}

fn serve(change: Value, upstream: &Upstream, service: SocketAddr) -> Proxy {
    let mut settings = json!({ "service": { "cluster": "proc" }, "messageTimeoutMs": 5_000 });
    for (key, value) in change.as_object().unwrap() {
        settings[key] = value.clone();
    }
    let filters = json!([{ "name": "proc", "kind": { "extProc": settings } },
        { "name": "router", "kind": { "router": {} } }]);
    start(&json!({
        "listeners": [http_listener_with("web", json!({ "httpFilters": filters, "routes": { "inline": { "virtualHosts": [
            { "name": "all", "domains": ["*"], "routes": [forward("up")] }] } } }))],
        "clusters": [cluster("up", &[upstream.address]), cluster("proc", &[service])],
    }))
}

fn set(headers: &[(&str, &str)]) -> HeadersResponse {
    let option = |(key, value): &(&str, &str)| HeaderValueOption {
        header: Some(HeaderValue {
            key: (*key).into(),
            raw_value: (*value).into(),
            ..HeaderValue::default()
        }),
        append_action: HeaderAppendAction::OverwriteIfExistsOrAdd.into(),
        ..HeaderValueOption::default()
    };
    HeadersResponse {
        response: Some(CommonResponse {
            header_mutation: Some(HeaderMutation {
                set_headers: headers.iter().map(option).collect(),
                remove_headers: vec!["x-secret".into()],
            }),
            ..CommonResponse::default()
        }),
    }
}

fn value_of(head: &HttpHeaders, name: &str) -> String {
    let headers = &head.headers.as_ref().unwrap().headers;
    let found = headers.iter().find(|header| header.key == name);
    found
        .map(|header| String::from_utf8(header.raw_value.clone()).unwrap())
        .unwrap_or_default()
}

/// Marks both heads.
fn marking() -> Service {
    Service::start(|request| {
        Some(match request {
            processing_request::Request::RequestHeaders(_) => {
                processing_response::Response::RequestHeaders(set(&[("x-marked", "request")]))
            }
            processing_request::Request::ResponseHeaders(_) => {
                processing_response::Response::ResponseHeaders(set(&[("x-marked", "response"), (":status", "201")]))
            }
            _ => return None,
        })
    })
}

#[test]
fn a_service_sees_and_changes_both_heads_on_one_stream() {
    let upstream = Upstream::start(|_| b"HTTP/1.1 200 OK\r\nx-secret: 1\r\ncontent-length: 2\r\n\r\nok".to_vec());
    let service = marking();
    let proxy = serve(json!({}), &upstream, service.address);
    let mut client = Client::connect(address(&proxy, "web"));
    client.send("GET /a?b HTTP/1.1\r\nHost: shop\r\nX-Secret: 1\r\n\r\n");
    let response = client.response().unwrap();
    assert_eq!((response.status, response.body().as_str()), (201, "ok"));
    assert_eq!(
        (response.header("x-marked"), response.header("x-secret")),
        (Some("response"), None)
    );
    let seen = upstream.last();
    assert_eq!(
        (seen.header("x-marked"), seen.header("x-secret")),
        (Some("request"), None)
    );
    assert_eq!(service.streams.load(SeqCst), 1);
    let shown = service.seen.lock().unwrap().clone();
    let [
        processing_request::Request::RequestHeaders(request),
        processing_request::Request::ResponseHeaders(response),
    ] = &shown[..]
    else {
        panic!("{}", shown.len());
    };
    assert_eq!(
        (value_of(request, ":path"), request.end_of_stream),
        ("/a?b".into(), true)
    );
    assert_eq!(
        (value_of(response, ":status"), response.end_of_stream),
        ("200".into(), false)
    );
    assert_eq!(client.get("/").status, 201);
    wait_until("streams end with their requests", || service.ended.load(SeqCst) == 2);
}

#[test]
fn a_service_cannot_take_away_where_a_message_ends() {
    let upstream = Upstream::saying("ok");
    let removing = || HeadersResponse {
        response: Some(CommonResponse {
            header_mutation: Some(HeaderMutation {
                remove_headers: vec!["content-length".into(), "transfer-encoding".into()],
                ..HeaderMutation::default()
            }),
            ..CommonResponse::default()
        }),
    };
    let service = Service::start(move |request| {
        Some(match request {
            processing_request::Request::RequestHeaders(_) => processing_response::Response::RequestHeaders(removing()),
            processing_request::Request::ResponseHeaders(_) => {
                processing_response::Response::ResponseHeaders(removing())
            }
            _ => return None,
        })
    });
    let proxy = serve(json!({}), &upstream, service.address);
    let mut client = Client::connect(address(&proxy, "web"));
    for _ in 0..2 {
        client.send("POST / HTTP/1.1\r\nHost: shop\r\nContent-Length: 3\r\n\r\nabc");
        let response = client.response().unwrap();
        assert_eq!(
            (response.header("content-length"), response.body().as_str()),
            (Some("2"), "ok")
        );
        assert_eq!(
            (upstream.last().header("content-length"), &upstream.last().body[..]),
            (Some("3"), &b"abc"[..])
        );
    }
}

#[test]
fn a_service_is_shown_what_the_mode_says() {
    let upstream = Upstream::saying("ok");
    let service = marking();
    let proxy = serve(
        json!({ "mode": { "requestHeaders": false } }),
        &upstream,
        service.address,
    );
    let response = support::get(address(&proxy, "web"), "/");
    assert_eq!((response.status, response.header("x-marked")), (201, Some("response")));
    assert_eq!(upstream.last().header("x-marked"), None);
    let proxy = serve(
        json!({ "mode": { "responseHeaders": false } }),
        &upstream,
        service.address,
    );
    let response = support::get(address(&proxy, "web"), "/");
    assert_eq!((response.status, response.header("x-marked")), (200, None));
    assert_eq!(service.seen.lock().unwrap().len(), 2);
}

#[test]
fn a_service_may_answer_instead_of_the_upstream() {
    let upstream = Upstream::saying("ok");
    let immediate = || {
        Some(processing_response::Response::ImmediateResponse(ImmediateResponse {
            status: Some(HttpStatus { code: 429 }),
            body: b"later".to_vec(),
            ..ImmediateResponse::default()
        }))
    };
    let early = Service::start(move |_| immediate());
    let proxy = serve(json!({}), &upstream, early.address);
    let response = support::get(address(&proxy, "web"), "/");
    assert_eq!((response.status, response.body().as_str()), (429, "later"));
    assert_eq!(upstream.requests(), 0);
    let proxy = serve(json!({ "mode": { "requestHeaders": false } }), &upstream, early.address);
    let mut client = Client::connect(address(&proxy, "web"));
    for _ in 0..2 {
        let response = client.get("/");
        assert_eq!((response.status, response.body().as_str()), (429, "later"));
    }
    assert_eq!(upstream.requests(), 2);
}

#[test]
fn a_service_that_ends_its_stream_or_fails_is_asked_no_more() {
    let upstream = Upstream::saying("ok");
    let quiet = Service::start(|_| None);
    let proxy = serve(json!({}), &upstream, quiet.address);
    assert_eq!(support::get(address(&proxy, "web"), "/").status, 200);
    assert_eq!(quiet.seen.lock().unwrap().len(), 1);
    let strict = serve(json!({}), &upstream, dead_address());
    assert_eq!(support::get(address(&strict, "web"), "/").status, 500);
    let lax = serve(json!({ "failureModeAllow": true }), &upstream, dead_address());
    assert_eq!(support::get(address(&lax, "web"), "/").status, 200);
}
