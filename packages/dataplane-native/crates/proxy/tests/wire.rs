//! What messages look like on the wire, on both sides and between the protocols.
#![allow(clippy::unwrap_used, clippy::needless_pass_by_value, missing_docs)]

mod support;

use std::net::SocketAddr;

use proxy::Proxy;
use serde_json::{Value, json};
use support::{Client, Upstream, address, cluster, forward, http_listener_with, ok, start};

/// A proxy that sends everything to one upstream. `manager`: more options of the connection manager.
fn serve(manager: Value, cluster: Value) -> Proxy {
    let mut manager = manager;
    manager["routes"] =
        json!({ "inline": { "virtualHosts": [{ "name": "all", "domains": ["*"], "routes": [forward("up")] }] } });
    start(&json!({ "listeners": [http_listener_with("web", manager)], "clusters": [cluster] }))
}

fn up(address: SocketAddr) -> Value {
    cluster("up", &[address])
}

/// An upstream that answers the path `/n` with the nth of these.
fn answering(answers: &'static [&'static str]) -> Upstream {
    Upstream::start(move |seen| {
        let path = seen.head.split(' ').nth(1).unwrap_or_default();
        let nth: Option<usize> = path.strip_prefix('/').and_then(|path| path.parse().ok());
        nth.map_or_else(|| ok(b"ok"), |nth| answers[nth].as_bytes().to_vec())
    })
}

#[test]
fn interim_responses_reach_clients_that_know_them() {
    let upstream = answering(&[concat!(
        "HTTP/1.1 100 Continue\r\n\r\n",
        "HTTP/1.1 103 Early Hints\r\nlink: one\r\nconnection: x-hop\r\nx-hop: 1\r\ncontent-length: 3\r\n\r\n",
        "HTTP/1.1 103 Early Hints\r\nlink: two\r\n\r\n",
        "HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\nok",
    )]);
    let proxy = serve(json!({ "http1": { "acceptHttp10": true } }), up(upstream.address));
    let mut client = Client::connect(address(&proxy, "web"));
    for _ in 0..2 {
        let hint = client.get("/0");
        assert_eq!((hint.status, hint.header("link")), (103, Some("one")));
        assert_eq!((hint.header("x-hop"), hint.header("content-length")), (None, None));
        assert_eq!(client.response().unwrap().header("link"), Some("two"));
        let response = client.response().unwrap();
        assert_eq!((response.status, response.body().as_str()), (200, "ok"));
    }
    let mut old = Client::connect(address(&proxy, "web"));
    old.send("GET /0 HTTP/1.0\r\n\r\n");
    assert!(old.rest().starts_with(b"HTTP/1.1 200 OK\r\n"));
}

#[test]
fn responses_that_would_be_read_differently_do_not_go_on() {
    let upstream = answering(&[
        "HTTP/1.1 101 Switching Protocols\r\nconnection: upgrade\r\nupgrade: websocket\r\n\r\n",
        "HTTP/1.1 204 No Content\r\ncontent-length: 5\r\n\r\nhello",
        "HTTP/1.1 204 No Content\r\ntransfer-encoding: chunked\r\n\r\n5\r\nhello\r\n0\r\n\r\n",
        "HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n5;=;\r\nhello\r\n0\r\n\r\n",
    ]);
    let proxy = serve(json!({}), up(upstream.address));
    let mut client = Client::connect(address(&proxy, "web"));
    assert_eq!(client.get("/0").status, 502);
    for path in ["/1", "/2"] {
        let response = client.get(path);
        assert_eq!(response.status, 204);
        assert_eq!(
            (response.header("content-length"), response.header("transfer-encoding")),
            (None, None)
        );
    }
    assert_eq!(client.get("/3").status, 502);
    assert_eq!(client.get("/").body(), "ok");
}

#[test]
fn what_follows_a_refused_connect_is_not_served() {
    let upstream = answering(&[]);
    let proxy = serve(json!({}), up(upstream.address));
    let mut client = Client::connect(address(&proxy, "web"));
    client.send("CONNECT b:443 HTTP/1.1\r\nHost: b:443\r\n\r\nGET /smuggled HTTP/1.1\r\nHost: a\r\n\r\n");
    let refused = client.response().unwrap();
    assert_eq!((refused.status, refused.header("connection")), (404, Some("close")));
    assert!(client.is_closed());
    assert_eq!(upstream.requests(), 0);
}

#[test]
fn an_offer_of_http2_is_served_in_http1_and_does_not_go_on() {
    let upstream = answering(&[]);
    let proxy = serve(json!({}), up(upstream.address));
    let mut client = Client::connect(address(&proxy, "web"));
    client.send(
        "GET / HTTP/1.1\r\nHost: a\r\nConnection: Upgrade, HTTP2-Settings\r\nUpgrade: h2c\r\nHTTP2-Settings: AAMAAABk\r\nTE: gzip, trailers\r\n\r\n",
    );
    assert_eq!(client.response().unwrap().body(), "ok");
    let seen = upstream.last();
    assert_eq!(
        (seen.header("upgrade"), seen.header("http2-settings"), seen.header("te")),
        (None, None, Some("trailers"))
    );
    assert_eq!(client.get("/").status, 200);
}
