//! Services that look at bodies beside filters that change them too.

use std::{
    io::Write as _,
    sync::{atomic::Ordering::SeqCst, mpsc},
};

use messages::envoy::service::ext_proc::v3::{
    CommonResponse, HeadersResponse, common_response::ResponseStatus, processing_request::Request,
    processing_response::Response,
};
use proxy::{Bootstrap, Proxy};
use serde_json::{Value, json};

use super::{
    Service,
    bodies::{capitals, content, echo, post, replaced},
    set,
};
use crate::support::{self, Client, Upstream, address, apply, cluster, forward, http_listener_with, ok, start_with};

fn gzip(content: &[u8]) -> Vec<u8> {
    let mut encoder = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::default());
    encoder.write_all(content).unwrap();
    encoder.finish().unwrap()
}

/// Something to encode.
fn text(len: usize) -> String {
    let words = (0..).flat_map(|n: u32| format!("a{n} ").into_bytes());
    words.map(char::from).take(len).collect()
}

fn processing(mode: Value) -> Value {
    json!({ "name": "proc", "kind": { "extProc": { "service": { "cluster": "proc" },
        "messageTimeoutMs": 5_000, "mode": mode } } })
}

fn decompressing() -> Value {
    json!({ "name": "decompressor", "kind": { "decompressor": {} } })
}

fn configured(filters: &[Value], route: Value, upstream: &Upstream, service: &Service) -> Value {
    let mut filters = filters.to_vec();
    filters.push(json!({ "name": "router", "kind": { "router": {} } }));
    let mut listener = http_listener_with(
        "web",
        json!({ "httpFilters": filters, "routes": { "inline": { "virtualHosts": [
            { "name": "all", "domains": ["*"], "routes": [route] }] } } }),
    );
    listener["perConnectionBufferLimitBytes"] = json!(4_000_000);
    json!({ "listeners": [listener],
        "clusters": [cluster("up", &[upstream.address]), cluster("proc", &[service.address])] })
}

fn serve(filters: &[Value], upstream: &Upstream, service: &Service) -> Proxy {
    support::start(&configured(filters, forward("up"), upstream, service))
}

fn send(client: &mut Client, fields: &str, body: &[u8]) -> support::Response {
    let mut sender = client.stream.try_clone().unwrap();
    let head = format!("POST / HTTP/1.1\r\nHost: shop\r\n{fields}\r\n");
    let message = [head.as_bytes(), body].concat();
    let sending = std::thread::spawn(move || sender.write_all(&message));
    let response = client.response().unwrap();
    sending.join().unwrap().unwrap();
    response
}

fn encoded(client: &mut Client, body: &[u8]) -> support::Response {
    let fields = format!("Content-Encoding: gzip\r\nContent-Length: {}\r\n", body.len());
    send(client, &fields, body)
}

const MODES: [&str; 3] = ["buffered", "streamed", "bufferedPartial"];

#[test]
fn a_service_behind_a_decompressor_is_shown_what_was_encoded() {
    let upstream = Upstream::saying("ok");
    for mode in MODES {
        let service = Service::start(capitals);
        let proxy = serve(
            &[decompressing(), processing(json!({ "requestBody": mode }))],
            &upstream,
            &service,
        );
        let mut client = Client::connect(address(&proxy, "web"));
        for size in [0, 1, 10_000, 3_000_000] {
            let text = text(size);
            let packed = gzip(text.as_bytes());
            assert_eq!(encoded(&mut client, &packed).status, 200, "{mode} {size}");
            let seen = upstream.last();
            assert!(content(&seen) == text.to_ascii_uppercase(), "{mode} {size}");
            assert_eq!(seen.header("content-encoding"), None);
            let mut chunks = Vec::new();
            for piece in packed.chunks(7_000) {
                chunks.extend_from_slice(format!("{:x}\r\n", piece.len()).as_bytes());
                chunks.extend_from_slice(piece);
                chunks.extend_from_slice(b"\r\n");
            }
            chunks.extend_from_slice(b"0\r\n\r\n");
            let fields = "Content-Encoding: gzip\r\nTransfer-Encoding: chunked\r\n";
            assert_eq!(
                send(&mut client, fields, &chunks).status,
                200,
                "{mode} {size} in chunks"
            );
            assert!(
                content(&upstream.last()) == text.to_ascii_uppercase(),
                "{mode} {size} in chunks"
            );
        }
        // What follows on the connection is not lost.
        let packed = gzip(b"one");
        let head = format!(
            "POST / HTTP/1.1\r\nHost: shop\r\nContent-Encoding: gzip\r\nContent-Length: {}\r\n\r\n",
            packed.len()
        );
        client.send([head.as_bytes(), &packed, post("two").as_bytes()].concat());
        assert_eq!(
            (client.response().unwrap().status, client.response().unwrap().status),
            (200, 200)
        );
        let seen = upstream.seen.lock().unwrap();
        let bodies: Vec<String> = seen[seen.len() - 2..].iter().map(content).collect();
        assert_eq!(bodies, ["ONE", "TWO"], "{mode}");
    }
}

#[test]
fn what_is_encoded_badly_ends_the_request_that_a_service_is_shown() {
    let upstream = Upstream::saying("ok");
    for mode in MODES {
        let service = Service::start(capitals);
        let filters = [decompressing(), processing(json!({ "requestBody": mode }))];
        let proxy = serve(&filters, &upstream, &service);
        let packed = gzip(&[b'x'; 10_000]);
        for body in [&packed[..packed.len() - 4], b"this is not gzip"] {
            let mut client = Client::connect(address(&proxy, "web"));
            client.send(format!(
                "POST / HTTP/1.1\r\nHost: shop\r\nContent-Encoding: gzip\r\nContent-Length: {}\r\n\r\n",
                body.len()
            ));
            client.send(body);
            assert_eq!(client.response().unwrap().status, 400, "{mode}");
        }
    }
}

#[test]
fn a_service_in_front_of_a_decompressor_is_shown_what_came() {
    let upstream = Upstream::saying("ok");
    for mode in MODES {
        let service = Service::start(|request| match request {
            Request::RequestBody(body) => Some(Response::RequestBody(replaced(&body.body))),
            other => capitals(other),
        });
        let behind = processing(json!({ "requestBody": mode }));
        let filters = [processing(json!({ "requestBody": mode })), decompressing()];
        let proxy = serve(&filters, &upstream, &service);
        let mut client = Client::connect(address(&proxy, "web"));
        let text = text(300_000);
        let packed = gzip(text.as_bytes());
        assert_eq!(encoded(&mut client, &packed).status, 200, "{mode}");
        assert!(content(&upstream.last()) == text, "{mode}");
        let shown: Vec<u8> = bodies_of(&service).concat();
        assert!(shown == packed, "{mode}");
        // Another one behind it is shown what came out of it.
        let proxy = serve(&[filters[0].clone(), decompressing(), behind], &upstream, &service);
        service.seen.lock().unwrap().clear();
        let mut client = Client::connect(address(&proxy, "web"));
        assert_eq!(encoded(&mut client, &packed).status, 200, "{mode}");
        assert!(content(&upstream.last()) == text, "{mode}");
        let shown: usize = bodies_of(&service).iter().map(Vec::len).sum();
        assert_eq!(shown, packed.len() + text.len(), "{mode}");
    }
}

fn bodies_of(service: &Service) -> Vec<Vec<u8>> {
    let seen = service.seen.lock().unwrap();
    seen.iter()
        .filter_map(|message| match message {
            Request::RequestBody(body) => Some(body.body.clone()),
            _ => None,
        })
        .collect()
}

#[test]
fn a_body_is_replaced_by_a_service_that_wants_nothing_of_the_response() {
    let upstream = echo();
    for header in [None, Some(("x-changed", "1"))] {
        let service = Service::start(move |_| {
            let mutation = header.and_then(|header| set(&[header]).response.unwrap().header_mutation);
            Some(Response::RequestHeaders(HeadersResponse {
                response: Some(CommonResponse {
                    status: ResponseStatus::ContinueAndReplace.into(),
                    header_mutation: mutation,
                    ..replaced(b"made up").response.unwrap()
                }),
            }))
        });
        let proxy = serve(&[processing(json!({ "responseHeaders": false }))], &upstream, &service);
        let mut client = Client::connect(address(&proxy, "web"));
        for _ in 0..2 {
            client.send(post("the client's own"));
            assert_eq!(client.response().unwrap().body(), "made up", "{header:?}");
        }
        assert_eq!(service.seen.lock().unwrap().len(), 2);
    }
}

/// Answers for a filter of a user's: it sees requests and responses and 64 bytes of their bodies, which it puts into brackets of each its kind.
fn attach_brackets(proxy: &Proxy) -> impl Drop + use<> {
    struct Thread(mpsc::Sender<bool>, Option<std::thread::JoinHandle<()>>);
    impl Drop for Thread {
        fn drop(&mut self) {
            let _ = self.0.send(false);
            let _ = self.1.take().unwrap().join();
        }
    }
    let (send, woken) = mpsc::channel();
    let stop = send.clone();
    let attached = proxy.attach_filter_thread(
        Box::new(move || {
            let _ = send.send(true);
        }),
        Box::new(|| {}),
    );
    let thread = std::thread::spawn(move || {
        while woken.recv() == Ok(true) {
            let (batch, mut answers) = (attached.take(), Vec::new());
            let mut rest = &batch[..];
            while !rest.is_empty() {
                let length = u32::from_le_bytes(rest[..4].try_into().unwrap()) as usize;
                let (kind, call) = (rest[4], &rest[5..9]);
                let answer = match kind {
                    // A load: it can do all of it.
                    0 => [&[3, 1 | 2 | 4 | 16][..], &64_u32.to_le_bytes(), &64_u32.to_le_bytes()].concat(),
                    2 => changing("x-module", "request", Some(&bracketed("[]", &rest[13..4 + length]))),
                    3 => changing("x-module", "response", Some(&bracketed("<>", &rest[13..4 + length]))),
                    _ => Vec::new(),
                };
                if !answer.is_empty() {
                    answers.extend_from_slice(call);
                    answers.extend_from_slice(&(answer.len() as u32).to_le_bytes());
                    answers.extend(answer);
                }
                rest = &rest[4 + length..];
            }
            attached.answer(&answers);
        }
    });
    Thread(stop, Some(thread))
}

/// The test's bodies are one word between hashes.
fn bracketed(brackets: &str, question: &[u8]) -> Vec<u8> {
    let mut hashes = (0..question.len()).filter(|at| question[*at] == b'#');
    let (from, to) = (hashes.next().unwrap(), hashes.next().unwrap());
    let (open, close) = brackets.as_bytes().split_at(1);
    [open, &question[from..=to], close].concat()
}

fn changing(name: &str, value: &str, body: Option<&[u8]>) -> Vec<u8> {
    let text = |text: &[u8]| [&(text.len() as u32).to_le_bytes()[..], text].concat();
    let mut out = vec![0, if body.is_some() { 2 } else { 0 }, 0, 0, 1, 0, 1];
    out.extend_from_slice(&(name.len() as u16).to_le_bytes());
    out.extend_from_slice(name.as_bytes());
    out.extend(text(value.as_bytes()));
    out.extend(text(b""));
    out.extend(body.map(text).unwrap_or_default());
    out
}

#[test]
fn a_service_and_a_users_filter_change_the_same_messages_in_either_order() {
    let upstream = Upstream::start(|seen| ok(content(seen).as_bytes()));
    let module = json!({ "name": "mine", "kind": { "module": { "module": "brackets.ts" } } });
    for mode in MODES {
        let processor = processing(json!({ "requestBody": mode, "responseBody": mode }));
        for filters in [[module.clone(), processor.clone()], [processor.clone(), module.clone()]] {
            let service = Service::start(capitals);
            let proxy = start_with(
                Bootstrap {
                    workers: 2,
                    report_interval_ms: 0,
                    filter_threads: 1,
                    ..Bootstrap::default()
                },
                &json!({}),
            );
            let _thread = attach_brackets(&proxy);
            apply(&proxy, &configured(&filters, forward("up"), &upstream, &service));
            let mut client = Client::connect(address(&proxy, "web"));
            client.send([post("#one#"), post("#two#")].concat());
            for word in ["<#ONE#>", "<#TWO#>"] {
                let response = client.response().unwrap();
                assert_eq!(response.status, 200, "{mode}");
                assert_eq!(content(&response.message), word, "{mode}");
                assert_eq!(response.header("x-module"), Some("response"));
            }
            let seen = upstream.last();
            assert_eq!(
                (content(&seen).as_str(), seen.header("x-module")),
                ("[#TWO#]", Some("request"))
            );
            // Heads, bodies and the streams that they are shown on.
            assert_eq!(service.streams.load(SeqCst), 2, "{mode}");
        }
    }
}

#[test]
fn a_try_that_is_late_has_the_body_that_a_service_made() {
    let (late, waited) = mpsc::channel();
    let waited = std::sync::Mutex::new(waited);
    let upstream = Upstream::start(move |seen| {
        if seen.header("x-envoy-attempt-count") == Some("1") {
            // It answers when the other try has.
            let _ = waited.lock().unwrap().recv_timeout(std::time::Duration::from_secs(10));
            return ok(b"first");
        }
        ok(&seen.body)
    });
    let retry = json!({ "retryOn": "5xx", "numRetries": 1, "perTryTimeoutMs": 40,
        "backoff": { "baseIntervalMs": 1, "maxIntervalMs": 2 } });
    let route = json!({ "action": { "forward": { "cluster": "up", "retry": retry,
        "hedge": { "onPerTryTimeout": true } } } });
    let service = Service::start(capitals);
    let mode = json!({ "requestBody": "buffered", "responseBody": "buffered" });
    let mut config = configured(&[processing(mode)], route, &upstream, &service);
    let manager = config.pointer_mut("/listeners/0/filterChains/0/filters/0/httpConnectionManager");
    manager.unwrap()["routes"]["inline"]["virtualHosts"][0]["includeRequestAttemptCount"] = json!(true);
    let proxy = support::start(&config);
    let mut client = Client::connect(address(&proxy, "web"));
    client.send(post("abc"));
    let response = client.response().unwrap();
    let _ = late.send(());
    assert_eq!((response.status, response.body().as_str()), (200, "ABC"));
    let stats = proxy.stats_prometheus();
    assert!(stats.contains("fairlead_proxy_hedges_sent_total 1"), "{stats}");
}
