//! What messages look like on the wire, on both sides and between the protocols.
#![allow(clippy::unwrap_used, clippy::needless_pass_by_value, missing_docs)]

mod support;

use std::{
    io::{Read as _, Write as _},
    net::SocketAddr,
};

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
fn heads_may_be_as_large_as_configuration_says() {
    let large = Upstream::start(|seen| {
        let size: usize = seen.header("x-size").map_or(0, |size| size.parse().unwrap());
        format!(
            "HTTP/1.1 200 OK\r\ncontent-length: 0\r\nx: {}\r\n\r\n",
            "a".repeat(size)
        )
        .into_bytes()
    });
    let mut small = up(large.address);
    small["http"] = json!({ "maxResponseHeadersKb": 4 });
    let proxy = serve(json!({}), small);
    let mut client = Client::connect(address(&proxy, "web"));
    for (size, status) in [(3_000, 200), (5_000, 502)] {
        client.send(format!("GET / HTTP/1.1\r\nHost: a\r\nX-Size: {size}\r\n\r\n"));
        assert_eq!(client.response().unwrap().status, status, "{size}");
    }
    let wide = serve(
        json!({ "maxRequestHeadersKb": 150, "maxHeadersCount": 120 }),
        up(large.address),
    );
    let fields = "x: 1\r\n".repeat(110);
    let padding = "a".repeat(120_000);
    let mut client = Client::connect(address(&wide, "web"));
    client.send(format!("GET / HTTP/1.1\r\nHost: a\r\nY: {padding}\r\n{fields}\r\n"));
    assert_eq!(client.response().unwrap().status, 200);
    client.send(format!("GET / HTTP/1.1\r\nHost: a\r\nY: {padding}{padding}\r\n\r\n"));
    assert_eq!(client.response().unwrap().status, 431);
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

fn router() -> Value {
    json!({ "name": "router", "kind": { "router": {} } })
}

#[test]
fn a_request_that_is_held_arrives_with_its_length_or_not_at_all() {
    let echo = Upstream::start(|seen| ok(&seen.body));
    let routes = json!([
        { "match": { "path": { "prefix": "/small" } }, "filterOverrides": { "buffer": { "buffer": { "maxRequestBytes": 3 } } },
          "action": { "forward": { "cluster": "up" } } },
        { "match": { "path": { "prefix": "/off" } }, "filterOverrides": { "buffer": "disabled" },
          "action": { "forward": { "cluster": "up" } } },
        forward("up"),
    ]);
    let filters = json!([{ "name": "buffer", "kind": { "buffer": { "maxRequestBytes": 700_000 } } }, router()]);
    let proxy = start(&json!({
        "listeners": [http_listener_with("web", json!({ "httpFilters": filters,
            "routes": { "inline": { "virtualHosts": [{ "name": "all", "domains": ["*"], "routes": routes }] } } }))],
        "clusters": [up(echo.address)],
    }));
    let web = address(&proxy, "web");
    let mut client = Client::connect(web);
    client.send("POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nhe\r\n");
    assert_eq!(echo.requests(), 0, "nothing goes on before the end");
    client.send("3\r\nllo\r\n0\r\n\r\n");
    assert_eq!(client.response().unwrap().body(), "hello");
    let seen = echo.last();
    assert_eq!(
        (seen.header("content-length"), seen.header("transfer-encoding")),
        (Some("5"), None)
    );
    // Larger than any buffer of the pool, and still there for the next request.
    let large = vec![b'x'; 700_000];
    client.send("POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 700000\r\n\r\n");
    client.send(&large);
    assert_eq!(client.response().unwrap().message.body, large);
    assert_eq!(client.get("/").body(), "");
    client.send("POST /small HTTP/1.1\r\nHost: a\r\nExpect: 100-continue\r\nContent-Length: 3\r\n\r\n");
    assert_eq!(client.response().unwrap().status, 100);
    client.send("abc");
    assert_eq!(client.response().unwrap().body(), "abc");
    client.send("POST /off HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n");
    assert_eq!(client.response().unwrap().status, 200);
    assert_eq!(echo.last().header("transfer-encoding"), Some("chunked"));
    let before = echo.requests();
    for request in [
        "POST /small HTTP/1.1\r\nHost: a\r\nContent-Length: 4\r\n\r\n",
        "POST /small HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nab\r\n2\r\ncd\r\n",
    ] {
        let mut client = Client::connect(web);
        client.send(request);
        let refused = client.response().unwrap();
        assert_eq!((refused.status, refused.body().as_str()), (413, "Payload Too Large"));
    }
    assert_eq!(echo.requests(), before);
}

fn compressing(options: Value, upstream: SocketAddr) -> Proxy {
    let mut settings = json!({ "library": { "gzip": { "level": 6, "windowBits": 12 } } });
    for (name, value) in options.as_object().unwrap() {
        settings[name] = value.clone();
    }
    let filters = json!([{ "name": "gzip", "kind": { "compressor": settings } }, router()]);
    serve(json!({ "httpFilters": filters }), up(upstream))
}

/// The content of the chunks that are complete.
fn content(mut body: &[u8]) -> Vec<u8> {
    let mut all = Vec::new();
    while let Some(end) = body.windows(2).position(|pair| pair == b"\r\n") {
        let size = usize::from_str_radix(std::str::from_utf8(&body[..end]).unwrap(), 16).unwrap();
        let Some(chunk) = body.get(end + 2..end + 2 + size + 2) else {
            break;
        };
        all.extend_from_slice(&chunk[..size]);
        body = &body[end + 2 + size + 2..];
    }
    all
}

fn unzipped(bytes: &[u8]) -> String {
    let mut text = String::new();
    flate2::read::GzDecoder::new(bytes).read_to_string(&mut text).unwrap();
    text
}

#[test]
fn responses_are_compressed_for_clients_that_take_it() {
    let upstream = answering(&[
        "HTTP/1.1 200 OK\r\ncontent-type: text/plain\r\ncontent-length: 40\r\netag: \"1\"\r\n\r\naaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa",
        "HTTP/1.1 200 OK\r\ncontent-type: text/plain\r\ntransfer-encoding: chunked\r\nvary: origin\r\netag: W/\"1\"\r\n\r\n5\r\nhello\r\n6\r\n world\r\n0\r\n\r\n",
        "HTTP/1.1 200 OK\r\ncontent-type: image/png\r\ncontent-length: 40\r\n\r\naaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa",
        "HTTP/1.1 200 OK\r\ncontent-type: text/plain\r\ncontent-length: 40\r\ncontent-encoding: br\r\n\r\naaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa",
        "HTTP/1.1 200 OK\r\ncontent-type: text/plain\r\ncontent-length: 40\r\ncache-control: max-age=1, no-transform\r\n\r\naaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa",
        "HTTP/1.1 206 Partial Content\r\ncontent-type: text/plain\r\ncontent-length: 40\r\n\r\naaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa",
    ]);
    let proxy = compressing(json!({ "removeAcceptEncoding": true }), upstream.address);
    let mut client = Client::connect(address(&proxy, "web"));
    let mut ask = |path: &str, accept: &str| {
        client.send(format!(
            "GET {path} HTTP/1.1\r\nHost: a\r\nAccept-Encoding: {accept}\r\n\r\n"
        ));
        client.response().unwrap()
    };
    let response = ask("/0", "gzip");
    assert_eq!(
        (
            response.header("content-encoding"),
            response.header("vary"),
            response.header("etag")
        ),
        (Some("gzip"), Some("Accept-Encoding"), None)
    );
    assert_eq!(response.header("content-length"), None);
    assert_eq!(unzipped(&content(&response.message.body)), "a".repeat(40));
    assert_eq!(upstream.last().header("accept-encoding"), None);
    let response = ask("/1", "br;q=0.1, gzip;q=0.5");
    assert_eq!(unzipped(&content(&response.message.body)), "hello world");
    assert_eq!(response.header("etag"), Some("W/\"1\""));
    assert!(response.message.head.contains("vary: Accept-Encoding\r\n"));
    let response = ask("/0", "br, gzip;q=0");
    assert_eq!(
        (
            response.header("content-encoding"),
            response.header("vary"),
            response.header("etag")
        ),
        (None, Some("Accept-Encoding"), Some("\"1\""))
    );
    for path in ["/2", "/3", "/4", "/5"] {
        let response = ask(path, "gzip");
        assert_eq!(
            (response.body(), response.header("vary")),
            ("a".repeat(40), None),
            "{path}"
        );
    }
}

#[test]
fn a_compressed_response_does_not_wait_for_an_upstream_that_pauses() {
    let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let at = listener.local_addr().unwrap();
    let (release, held) = std::sync::mpsc::channel::<()>();
    let serving = std::thread::spawn(move || {
        let (mut stream, _) = listener.accept().unwrap();
        let mut buffer = Vec::new();
        support::read_message(&mut stream, &mut buffer, false).unwrap();
        stream
            .write_all(b"HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n5\r\nhello\r\n")
            .unwrap();
        held.recv().unwrap();
        stream.write_all(b"6\r\n world\r\n0\r\n\r\n").unwrap();
        stream
    });
    let proxy = compressing(json!({}), at);
    let mut client = Client::connect(address(&proxy, "web"));
    client.send("GET / HTTP/1.1\r\nHost: a\r\nAccept-Encoding: gzip\r\nConnection: close\r\n\r\n");
    let mut text = Vec::new();
    let read = |text: &[u8]| {
        let start = text
            .windows(4)
            .position(|window| window == b"\r\n\r\n")
            .map_or(text.len(), |at| at + 4);
        let mut piece = [0; 5];
        let whole = content(&text[start..]);
        flate2::read::GzDecoder::new(&whole[..])
            .read_exact(&mut piece)
            .map(|()| piece)
    };
    let mut byte = [0];
    loop {
        client.stream.read_exact(&mut byte).unwrap();
        text.push(byte[0]);
        if text.ends_with(b"\r\n") && text.windows(4).any(|window| window == b"\r\n\r\n") && read(&text).is_ok() {
            break;
        }
    }
    assert_eq!(&read(&text).unwrap(), b"hello");
    release.send(()).unwrap();
    text.extend(client.rest());
    assert!(text.ends_with(b"\r\n0\r\n\r\n"));
    drop(serving.join().unwrap());
}

#[test]
fn large_responses_are_compressed_piece_by_piece_as_routes_say() {
    let lines: Vec<String> = (0..200_000_u32)
        .map(|n| (n.wrapping_mul(2_654_435_761) >> 7).to_string())
        .collect();
    let text = lines.join("\n");
    let body = text.clone();
    let upstream = Upstream::start(move |_| ok(body.as_bytes()));
    let filters = json!([
        { "name": "gzip", "kind": { "compressor": {} } },
        { "name": "br", "kind": { "compressor": { "library": { "brotli": { "quality": 3, "windowBits": 18 } } } } },
        router(),
    ]);
    let routes = json!([
        { "match": { "path": { "prefix": "/plain" } }, "filterOverrides": { "gzip": "disabled", "br": "disabled" },
          "action": { "forward": { "cluster": "up" } } },
        { "match": { "path": { "prefix": "/fast" } },
          "filterOverrides": { "gzip": { "compressor": { "library": { "gzip": { "level": 1, "windowBits": 15 } } } } },
          "action": { "forward": { "cluster": "up" } } },
        forward("up"),
    ]);
    let proxy = start(&json!({
        "listeners": [http_listener_with("web", json!({ "httpFilters": filters, "http1": { "acceptHttp10": true },
            "routes": { "inline": { "virtualHosts": [{ "name": "all", "domains": ["*"], "routes": routes }] } } }))],
        "clusters": [up(upstream.address)],
    }));
    let web = address(&proxy, "web");
    let mut client = Client::connect(web);
    for (path, accept, encoding) in [
        ("/", "gzip", Some("gzip")),
        ("/fast", "gzip", Some("gzip")),
        ("/", "gzip;q=0.1, br", Some("br")),
        ("/plain", "gzip, br", None),
    ] {
        client.send(format!(
            "GET {path} HTTP/1.1\r\nHost: a\r\nAccept-Encoding: {accept}\r\n\r\n"
        ));
        let response = client.response().unwrap();
        assert_eq!(response.header("content-encoding"), encoding, "{path} {accept}");
        let length = response.message.body.len();
        match encoding {
            Some("gzip") => assert!(unzipped(&content(&response.message.body)) == text),
            Some(_) => assert!(length < text.len() && response.header("content-length").is_none()),
            None => assert!(response.message.body == text.as_bytes()),
        }
    }
    // HTTP/1.0 has no chunks: the end of the connection is that of the response.
    let mut old = Client::connect(web);
    old.send("GET / HTTP/1.0\r\nAccept-Encoding: gzip\r\nConnection: keep-alive\r\n\r\n");
    let answer = old.rest();
    let start = answer.windows(4).position(|window| window == b"\r\n\r\n").unwrap() + 4;
    assert!(unzipped(&answer[start..]) == text);
}

#[test]
fn an_upstream_of_http1_answers_clients_of_grpc_web_too() {
    let upstream = answering(&[
        "HTTP/1.1 200 OK\r\ncontent-type: application/grpc\r\ntransfer-encoding: chunked\r\n\r\n3\r\nabc\r\n0\r\nGrpc-Status: 7\r\n\r\n",
        "HTTP/1.1 200 OK\r\ncontent-type: application/grpc\r\ngrpc-status: 5\r\ncontent-length: 0\r\n\r\n",
        "HTTP/1.1 404 Not Found\r\ncontent-type: text/html\r\ncontent-length: 4\r\n\r\nnope",
    ]);
    let filters = json!([{ "name": "web", "kind": "grpcWeb" }, router()]);
    let proxy = serve(json!({ "httpFilters": filters }), up(upstream.address));
    let mut client = Client::connect(address(&proxy, "web"));
    let mut ask = |path: &str| {
        client.send(format!(
            "POST {path} HTTP/1.1\r\nHost: a\r\nContent-Type: application/grpc-web+proto\r\nContent-Length: 3\r\n\r\nabc"
        ));
        client.response().unwrap()
    };
    let response = ask("/0");
    assert_eq!(content(&response.message.body), b"abc\x80\0\0\0\x0fgrpc-status:7\r\n");
    let seen = upstream.last();
    assert_eq!(
        (
            seen.header("content-type"),
            seen.header("te"),
            seen.header("grpc-accept-encoding")
        ),
        (Some("application/grpc+proto"), Some("trailers"), Some("identity"))
    );
    let response = ask("/1");
    assert_eq!(
        (
            response.header("content-type"),
            response.header("grpc-status"),
            response.header("content-length")
        ),
        (Some("application/grpc-web+proto"), Some("5"), Some("0"))
    );
    let response = ask("/2");
    assert_eq!((response.status, content(&response.message.body).len()), (404, 0));
    assert_eq!(
        (response.header("content-type"), response.header("grpc-status")),
        (Some("application/grpc-web+proto"), Some("12"))
    );
}
