//! HTTP/2 on either side, with another implementation at the other end.
#![allow(clippy::unwrap_used, missing_docs)]

mod support;

use std::{
    net::SocketAddr,
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering::SeqCst},
    },
    time::Duration,
};

use bytes::Bytes;
use h2::{Reason, RecvStream, client::SendRequest};
use http_types::{HeaderMap, Request, Response};
use serde_json::{Value, json};
use support::{Client, Upstream, address, cluster, forward, http_listener, http_listener_with, ok, start, wait_until};

fn run<T>(test: impl Future<Output = T>) -> T {
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .unwrap();
    let local = tokio::task::LocalSet::new();
    local.block_on(&runtime, async {
        tokio::time::timeout(Duration::from_secs(30), test)
            .await
            .expect("in time")
    })
}

async fn connect(address: SocketAddr) -> SendRequest<Bytes> {
    let socket = tokio::net::TcpStream::connect(address).await.unwrap();
    let (client, connection) = h2::client::Builder::new()
        // One stream that is not read must not use up what all have.
        .initial_connection_window_size(1 << 20)
        .handshake(socket)
        .await
        .unwrap();
    tokio::task::spawn_local(async move {
        let _ = connection.await;
    });
    client.ready().await.unwrap()
}

async fn read(mut body: RecvStream) -> Result<(Vec<u8>, Option<HeaderMap>), h2::Error> {
    let mut all = Vec::new();
    while let Some(piece) = body.data().await {
        let piece = piece?;
        body.flow_control().release_capacity(piece.len())?;
        all.extend_from_slice(&piece);
    }
    Ok((all, body.trailers().await?))
}

fn request(method: &str, path: &str) -> Request<()> {
    let uri = format!("http://test{path}");
    Request::builder().method(method).uri(uri).body(()).unwrap()
}

/// Sends a request with a body and reads the response.
async fn call(
    client: &mut SendRequest<Bytes>,
    request: Request<()>,
    body: &[u8],
) -> (Response<()>, Vec<u8>, Option<HeaderMap>) {
    let (response, mut stream) = client.send_request(request, body.is_empty()).unwrap();
    if !body.is_empty() {
        let sending = async {
            let mut rest = Bytes::copy_from_slice(body);
            while !rest.is_empty() {
                stream.reserve_capacity(rest.len());
                let Some(Ok(room)) = std::future::poll_fn(|cx| stream.poll_capacity(cx)).await else {
                    return;
                };
                let piece = rest.split_to(room.min(rest.len()));
                stream.send_data(piece, rest.is_empty()).unwrap();
            }
        };
        sending.await;
    }
    let (head, body) = response.await.unwrap().into_parts();
    let (body, trailers) = read(body).await.unwrap();
    (Response::from_parts(head, ()), body, trailers)
}

fn http2(name: &str, address: SocketAddr) -> Value {
    let mut cluster = cluster(name, &[address]);
    cluster["http"] = json!({ "protocol": "http2" });
    cluster
}

/// A server of HTTP/2. Echoes the body; the path says what else it does.
struct Server {
    address: SocketAddr,
    connections: Arc<AtomicUsize>,
    requests: Arc<AtomicUsize>,
}

impl Server {
    fn start() -> Self {
        let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
        listener.set_nonblocking(true).unwrap();
        let server = Self {
            address: listener.local_addr().unwrap(),
            connections: Arc::default(),
            requests: Arc::default(),
        };
        let (connections, requests) = (Arc::clone(&server.connections), Arc::clone(&server.requests));
        std::thread::spawn(move || {
            let runtime = tokio::runtime::Builder::new_current_thread()
                .enable_all()
                .build()
                .unwrap();
            let local = tokio::task::LocalSet::new();
            local.block_on(&runtime, async {
                let listener = tokio::net::TcpListener::from_std(listener).unwrap();
                while let Ok((socket, _)) = listener.accept().await {
                    connections.fetch_add(1, SeqCst);
                    tokio::task::spawn_local(serve(socket, Arc::clone(&requests)));
                }
            });
        });
        server
    }
}

async fn serve(socket: tokio::net::TcpStream, requests: Arc<AtomicUsize>) {
    let mut connection = h2::server::Builder::new()
        .max_concurrent_streams(50)
        .enable_connect_protocol()
        .handshake::<_, Bytes>(socket)
        .await
        .unwrap();
    while let Some(Ok((request, mut respond))) = connection.accept().await {
        let nth = requests.fetch_add(1, SeqCst);
        match request.uri().path() {
            "/refused-first" if nth == 0 => respond.send_reset(Reason::REFUSED_STREAM),
            // Only the end of the stream ends it.
            "/late-first" if nth == 0 => {
                let requests = Arc::clone(&requests);
                tokio::task::spawn_local(async move {
                    if std::future::poll_fn(|cx| respond.poll_reset(cx)).await.is_ok() {
                        requests.fetch_add(100, SeqCst);
                    }
                });
            }
            "/reset" => respond.send_reset(Reason::INTERNAL_ERROR),
            "/goaway" => {
                connection.graceful_shutdown();
                tokio::task::spawn_local(echo(request, respond));
            }
            _ => {
                tokio::task::spawn_local(echo(request, respond));
            }
        }
    }
}

async fn echo(request: Request<RecvStream>, mut respond: h2::server::SendResponse<Bytes>) {
    let (head, mut body) = request.into_parts();
    let mut response = Response::builder()
        .status(200)
        .header("x-path", head.uri.path())
        .header(
            "x-authority",
            head.uri.authority().map_or("", |authority| authority.as_str()),
        );
    for name in [
        "x-forwarded-proto",
        "te",
        "cookie",
        "connection",
        "transfer-encoding",
        "x-many",
    ] {
        for value in head.headers.get_all(name) {
            response = response.header(format!("x-saw-{name}"), value);
        }
    }
    if head.uri.path() == "/hints" {
        for nth in ["1", "2"] {
            let hint = Response::builder().status(103).header("link", nth).body(()).unwrap();
            respond.send_informational(hint).unwrap();
        }
    }
    if head.uri.path() == "/grpc" {
        response = response.header("content-type", "application/grpc");
    }
    let mut stream = respond.send_response(response.body(()).unwrap(), false).unwrap();
    while let Some(Ok(piece)) = body.data().await {
        let _ = body.flow_control().release_capacity(piece.len());
        let mut piece = piece;
        while !piece.is_empty() {
            stream.reserve_capacity(piece.len());
            let Some(Ok(room)) = std::future::poll_fn(|cx| stream.poll_capacity(cx)).await else {
                return;
            };
            let _ = stream.send_data(piece.split_to(room.min(piece.len())), false);
        }
    }
    if let Ok(Some(sent)) = body.trailers().await {
        // What came with the end goes back with the end.
        let _ = stream.send_trailers(sent);
    } else if head.uri.path() == "/grpc" {
        let mut trailers = HeaderMap::new();
        trailers.insert("grpc-status", "7".parse().unwrap());
        let _ = stream.send_trailers(trailers);
    } else {
        let _ = stream.send_data(Bytes::new(), true);
    }
}

#[test]
fn a_client_of_http2_reaches_an_upstream_of_http1() {
    let upstream = Upstream::start(|seen| ok(seen.head.lines().next().unwrap().as_bytes()));
    let proxy = start(&json!({
        "listeners": [http_listener("web", json!([forward("up")]))],
        "clusters": [cluster("up", &[upstream.address])],
    }));
    let web = address(&proxy, "web");
    run(async {
        let mut client = connect(web).await;
        let (response, body, _) = call(&mut client, request("GET", "/a?b"), b"").await;
        assert_eq!(
            (response.status().as_u16(), body.as_slice()),
            (200, &b"GET /a?b HTTP/1.1"[..])
        );
        assert_eq!(upstream.last().header("host"), Some("test"));
        // Without a length the body goes in chunks, with one as it is.
        let (response, ..) = call(&mut client, request("POST", "/"), b"hello").await;
        assert_eq!(response.status(), 200);
        let seen = upstream.last();
        assert_eq!(
            (seen.header("transfer-encoding"), seen.body.as_slice()),
            (Some("chunked"), &b"5\r\nhello\r\n0\r\n\r\n"[..])
        );
        let mut with_length = request("POST", "/");
        with_length.headers_mut().insert("content-length", "5".parse().unwrap());
        with_length.headers_mut().append("cookie", "a=1".parse().unwrap());
        with_length.headers_mut().append("cookie", "b=2".parse().unwrap());
        call(&mut client, with_length, b"hello").await;
        let seen = upstream.last();
        assert_eq!(
            (seen.header("transfer-encoding"), seen.body.as_slice()),
            (None, &b"hello"[..])
        );
        assert_eq!(seen.header("cookie"), Some("a=1; b=2"));
    });
    assert_eq!(upstream.connections.load(SeqCst), 1);
}

#[test]
fn responses_of_http1_end_for_clients_of_http2_as_their_framing_says() {
    let upstream = Upstream::start(|seen| match seen.head.split(' ').nth(1) {
        Some("/chunked") => {
            b"HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n5\r\nhello\r\n6;x=1\r\n world\r\n0\r\nt: 1\r\n\r\n"
                .to_vec()
        }
        Some("/close") => b"HTTP/1.1 200 OK\r\nconnection: close\r\n\r\n".to_vec(),
        Some("/empty") => b"HTTP/1.1 204 No Content\r\n\r\n".to_vec(),
        Some("/large") => ok(&vec![b'x'; 1_000_000]),
        _ => ok(b"ok"),
    });
    let proxy = start(&json!({
        "listeners": [http_listener("web", json!([forward("up")]))],
        "clusters": [cluster("up", &[upstream.address])],
    }));
    let web = address(&proxy, "web");
    run(async {
        let mut client = connect(web).await;
        let (response, body, _) = call(&mut client, request("GET", "/chunked"), b"").await;
        assert_eq!(
            (response.headers().get("transfer-encoding"), body.as_slice()),
            (None, &b"hello world"[..])
        );
        let (response, body, _) = call(&mut client, request("GET", "/empty"), b"").await;
        assert_eq!((response.status().as_u16(), body.len()), (204, 0));
        let (response, body, _) = call(&mut client, request("HEAD", "/"), b"").await;
        assert_eq!(
            (response.headers()["content-length"].to_str().unwrap(), body.len()),
            ("2", 0)
        );
        let (_, body, _) = call(&mut client, request("GET", "/large"), b"").await;
        assert_eq!(body.len(), 1_000_000);
    });
}

#[test]
fn a_client_of_http1_reaches_an_upstream_of_http2() {
    let server = Server::start();
    let proxy = start(&json!({
        "listeners": [http_listener("web", json!([forward("up")]))],
        "clusters": [http2("up", server.address)],
    }));
    let mut client = Client::connect(address(&proxy, "web"));
    for (framing, body) in [
        ("content-length: 5\r\n", "hello"),
        ("Transfer-Encoding: chunked\r\n", "3\r\nhel\r\n2;a=b\r\nlo\r\n0\r\n\r\n"),
    ] {
        client.send(format!(
            "POST /a HTTP/1.1\r\nHost: test\r\nConnection: keep-alive\r\nTE: gzip\r\nX-Many: 1\r\n{framing}\r\n{body}"
        ));
        let response = client.response().unwrap();
        assert_eq!(
            (
                response.status,
                response.header("x-path"),
                response.header("x-authority")
            ),
            (200, Some("/a"), Some("test"))
        );
        assert_eq!(
            response.message.body, b"5\r\nhello\r\n0\r\n\r\n",
            "no length was said: chunks"
        );
        assert_eq!(
            (response.header("x-saw-te"), response.header("x-saw-connection")),
            (None, None)
        );
        assert_eq!(response.header("x-saw-x-many"), Some("1"));
    }
    let large = "y".repeat(700_000);
    client.send(format!(
        "POST /a HTTP/1.1\r\nHost: test\r\nContent-Length: {}\r\n\r\n{large}",
        large.len()
    ));
    assert!(client.response().unwrap().message.body.len() > 700_000);
    assert_eq!(server.connections.load(SeqCst), 1);
}

#[test]
fn grpc_travels_with_its_trailers_and_many_calls_share_a_connection() {
    let server = Server::start();
    let proxy = start(&json!({
        "listeners": [http_listener("web", json!([forward("up")]))],
        "clusters": [http2("up", server.address)],
    }));
    let web = address(&proxy, "web");
    run(async {
        let mut client = connect(web).await;
        let mut grpc = request("POST", "/grpc");
        grpc.headers_mut()
            .insert("content-type", "application/grpc".parse().unwrap());
        grpc.headers_mut().insert("te", "trailers".parse().unwrap());
        let (response, body, trailers) = call(&mut client, grpc, &vec![0; 100_000]).await;
        assert_eq!((response.status().as_u16(), body.len()), (200, 100_000));
        assert_eq!(response.headers()["x-saw-te"], "trailers");
        assert_eq!(trailers.unwrap()["grpc-status"], "7");
        let calls = (0..200).map(|_| {
            let mut client = client.clone();
            tokio::task::spawn_local(async move {
                client = client.ready().await.unwrap();
                call(&mut client, request("POST", "/x"), b"abc").await.1
            })
        });
        for one in calls.collect::<Vec<_>>() {
            assert_eq!(one.await.unwrap(), b"abc");
        }
    });
    assert!(
        server.connections.load(SeqCst) <= 8,
        "{}",
        server.connections.load(SeqCst)
    );
    assert!(proxy.stats_prometheus().contains("grpc_response_status=\"7\""));
}

#[test]
fn trailers_of_requests_travel_too() {
    let server = Server::start();
    let proxy = start(&json!({
        "listeners": [http_listener("web", json!([forward("up")]))],
        "clusters": [http2("up", server.address)],
    }));
    let web = address(&proxy, "web");
    run(async {
        for body in ["", "hello"] {
            let mut client = connect(web).await;
            let (response, mut stream) = client.send_request(request("POST", "/x"), false).unwrap();
            if !body.is_empty() {
                stream.send_data(Bytes::from_static(body.as_bytes()), false).unwrap();
            }
            let mut trailers = HeaderMap::new();
            trailers.insert("x-checksum", "1".parse().unwrap());
            stream.send_trailers(trailers).unwrap();
            let (read, trailers) = read(response.await.unwrap().into_body()).await.unwrap();
            assert_eq!(
                (read, &trailers.unwrap()["x-checksum"]),
                (body.as_bytes().to_vec(), &"1".parse().unwrap())
            );
        }
    });
}

#[test]
fn trailers_change_between_the_protocols_where_they_are_wanted() {
    let server = Server::start();
    let chunked = Upstream::start(|_| {
        b"HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n2\r\nok\r\n0\r\nx-sum: 1\r\nhost: no\r\n\r\n".to_vec()
    });
    let mut enabled = cluster("enabled", &[chunked.address]);
    enabled["http"] = json!({ "http1": { "enableTrailers": true } });
    let routes = json!([
        { "match": { "path": { "prefix": "/one" } }, "action": { "forward": { "cluster": "one" } } },
        { "match": { "path": { "prefix": "/enabled" } }, "action": { "forward": { "cluster": "enabled" } } },
        forward("two"),
    ]);
    let mut open = http_listener("open", routes.clone());
    open["filterChains"][0]["filters"][0]["httpConnectionManager"]["http1"] = json!({ "enableTrailers": true });
    let proxy = start(&json!({
        "listeners": [http_listener("web", routes), open],
        "clusters": [http2("two", server.address), cluster("one", &[chunked.address]), enabled],
    }));
    // HTTP/1 to HTTP/2 and back: the upstream echoes what it gets.
    let sent = "2\r\nhi\r\n0\r\nx-sum: 1\r\n\r\n";
    let bare = "2\r\nhi\r\n0\r\n\r\n";
    for (listener, te, expected) in [
        ("open", "", sent),
        ("open", "TE: trailers\r\n", sent),
        // Those of the request need the listener's consent.
        ("web", "TE: trailers\r\n", bare),
    ] {
        let mut client = Client::connect(address(&proxy, listener));
        client.send(format!(
            "POST / HTTP/1.1\r\nHost: a\r\nConnection: close\r\n{te}Transfer-Encoding: chunked\r\n\r\n{sent}"
        ));
        let text = String::from_utf8(client.rest()).unwrap();
        assert!(
            text.ends_with(&format!("\r\n\r\n{expected}")),
            "{listener} {te}: {text}"
        );
    }
    let mut client = Client::connect(address(&proxy, "web"));
    client.send("GET /grpc HTTP/1.1\r\nHost: a\r\nConnection: close\r\nTE: trailers\r\n\r\n");
    let text = String::from_utf8(client.rest()).unwrap();
    assert!(text.ends_with("\r\n\r\n0\r\ngrpc-status: 7\r\n\r\n"), "{text}");
    // HTTP/2 to HTTP/1 and back.
    run(async {
        let mut client = connect(address(&proxy, "web")).await;
        for (path, te, expected) in [
            ("/one", false, None),
            ("/one", true, Some(1)),
            ("/enabled", false, Some(1)),
        ] {
            let mut asking = request("POST", path);
            if te {
                asking.headers_mut().insert("te", "trailers".parse().unwrap());
            }
            let (response, mut stream) = client.send_request(asking, false).unwrap();
            stream.send_data(Bytes::from_static(b"hi"), false).unwrap();
            let mut trailers = HeaderMap::new();
            trailers.insert("x-sum", "1".parse().unwrap());
            stream.send_trailers(trailers).unwrap();
            let (body, trailers) = read(response.await.unwrap().into_body()).await.unwrap();
            assert_eq!(
                (body.as_slice(), trailers.map(|trailers| trailers.len())),
                (&b"ok"[..], expected),
                "{path} {te}"
            );
            let seen = chunked.last();
            assert_eq!(seen.header("transfer-encoding"), Some("chunked"));
        }
    });
}

#[test]
fn a_request_of_http2_is_held_too() {
    let echo = Upstream::start(|seen| ok(&seen.body));
    let mut listener = http_listener("web", json!([forward("up")]));
    listener["filterChains"][0]["filters"][0]["httpConnectionManager"]["httpFilters"] = json!([
        { "name": "buffer", "kind": { "buffer": { "maxRequestBytes": 1_000_000 } } },
        { "name": "router", "kind": { "router": {} } },
    ]);
    let proxy = start(&json!({ "listeners": [listener], "clusters": [cluster("up", &[echo.address])] }));
    let web = address(&proxy, "web");
    run(async {
        let mut client = connect(web).await;
        let large: Vec<u8> = (0..1_000_000_u32).map(|at| (at % 251) as u8).collect();
        let (response, body, _) = call(&mut client, request("POST", "/"), &large).await;
        assert_eq!(response.status(), 200);
        assert!(body == large);
        let seen = echo.last();
        assert_eq!(
            (seen.header("content-length"), seen.header("transfer-encoding")),
            (Some("1000000"), None)
        );
        let (response, mut stream) = client.send_request(request("POST", "/"), false).unwrap();
        stream.send_data(Bytes::from(vec![0; 60_000]), false).unwrap();
        stream.reserve_capacity(1_000_000);
        while let Some(Ok(room)) = std::future::poll_fn(|cx| stream.poll_capacity(cx)).await {
            // Refused with a reset: the rest is not wanted.
            if stream.send_data(Bytes::from(vec![0; room]), false).is_err() {
                break;
            }
            stream.reserve_capacity(1_000_000);
        }
        assert_eq!(response.await.unwrap().status(), 413);
    });
    assert_eq!(echo.requests(), 1);
}

#[test]
fn clients_of_grpc_web_get_trailers_as_the_last_frame() {
    let server = Server::start();
    let filters = json!([
        { "name": "web", "kind": "grpcWeb" },
        { "name": "router", "kind": { "router": {} } },
    ]);
    let mut dead = cluster("dead", &[support::dead_address()]);
    dead["http"] = json!({ "protocol": "http2" });
    let routes = json!([
        { "match": { "path": { "prefix": "/dead" } }, "action": { "forward": { "cluster": "dead" } } },
        forward("up"),
    ]);
    let mut listener = http_listener("web", routes);
    listener["filterChains"][0]["filters"][0]["httpConnectionManager"]["httpFilters"] = filters;
    let proxy = start(&json!({ "listeners": [listener], "clusters": [http2("up", server.address), dead] }));
    let web = address(&proxy, "web");
    let frame = b"\0\0\0\0\x01a";
    let trailers = b"\x80\0\0\0\x0fgrpc-status:7\r\n";
    let trailers_frame = &trailers[..];
    let as_text = (b"AAAAAAFh", b"AAAAAAFhgAAAAA9ncnBjLXN0YXR1czo3DQo=");
    let as_bytes = (&frame[..], [&frame[..], trailers].concat());
    run(async {
        let mut client = connect(web).await;
        let mut ask = async |path: &str, form: &str, body: &[u8]| {
            let mut request = request("POST", path);
            let headers = request.headers_mut();
            headers.insert("content-type", form.parse().unwrap());
            headers.insert("accept", form.parse().unwrap());
            headers.insert("content-length", body.len().into());
            call(&mut client, request, body).await
        };
        let (response, body, trailers) = ask("/grpc", "application/grpc-web+proto", as_bytes.0).await;
        assert_eq!(response.headers()["content-type"], "application/grpc-web+proto");
        assert_eq!(response.headers()["x-saw-te"], "trailers");
        assert_eq!((body, trailers), (as_bytes.1, None));
        let (response, body, _) = ask("/grpc", "application/grpc-web-text", as_text.0).await;
        assert_eq!(response.headers()["content-type"], "application/grpc-web-text+proto");
        assert_eq!(
            String::from_utf8(body).unwrap().replace('=', ""),
            String::from_utf8_lossy(as_text.1).replace('=', "")
        );
        let counted = |family: &str| {
            let text = proxy.stats_prometheus();
            let of_family = text.lines().filter(|line| line.starts_with(family));
            of_family
                .filter_map(|line| line.rsplit(' ').next()?.parse::<u64>().ok())
                .sum::<u64>()
        };
        for family in ["istio_request_messages_total{", "istio_response_messages_total{"] {
            wait_until("the counts of messages", || counted(family) == 2);
        }
        // Groups of three bytes do not end where pieces do.
        let large = [vec![0, 0, 3, 0x0d, 0x40], vec![7; 200_000]].concat();
        let (_, body, _) = ask("/grpc", "application/grpc-web+proto", &large).await;
        assert!(body == [&large[..], trailers_frame].concat());
        let (_, body, _) = ask("/grpc", "application/grpc-web-text", "BwcH".repeat(70_000).as_bytes()).await;
        assert!(body.starts_with(b"BwcHBwcH") && body.len() >= 280_000);
        let (response, ..) = ask("/dead", "application/grpc-web+proto", as_bytes.0).await;
        assert_eq!(
            (&response.headers()["content-type"], &response.headers()["grpc-status"]),
            (&"application/grpc-web+proto".parse().unwrap(), &"14".parse().unwrap())
        );
        let (response, body, _) = ask("/plain", "text/plain", b"hi").await;
        assert_eq!(
            (response.headers().get("content-type"), body.as_slice()),
            (None, &b"hi"[..])
        );
    });
    // A client of HTTP/1 gets chunks.
    for (framing, body) in [
        ("Content-Length: 8", "AAAAAAFh"),
        ("Transfer-Encoding: chunked", "5\r\nAAAAA\r\n3\r\nAFh\r\n0\r\n\r\n"),
    ] {
        let mut client = Client::connect(web);
        client.send(format!(
            "POST /grpc HTTP/1.1\r\nHost: a\r\nConnection: close\r\nContent-Type: application/grpc-web-text\r\n{framing}\r\n\r\n{body}"
        ));
        let answer = client.rest();
        let frame = [&frame[..], b"\r\n14\r\n", trailers, b"\r\n0\r\n\r\n"].concat();
        let whole = [&b"\0\0\0\0\x01a"[..], trailers, b"\r\n0\r\n\r\n"].concat();
        assert!(
            answer.ends_with(&frame) || answer.ends_with(&whole),
            "{}",
            answer.escape_ascii()
        );
    }
    let mut client = Client::connect(web);
    client.send(
        "POST /grpc HTTP/1.1\r\nHost: a\r\nContent-Type: application/grpc-web-text\r\nContent-Length: 5\r\n\r\nAAAA!",
    );
    assert_eq!(client.response().unwrap().header("grpc-status"), Some("13"));
}

#[test]
fn interim_responses_travel_between_the_protocols() {
    let server = Server::start();
    let hinting = Upstream::start(|_| {
        b"HTTP/1.1 103 Early Hints\r\nlink: 1\r\n\r\nHTTP/1.1 103 Early Hints\r\nlink: 2\r\n\r\nHTTP/1.1 200 OK\r\ncontent-length: 0\r\n\r\n".to_vec()
    });
    let proxy = start(&json!({
        "listeners": [http_listener("web", json!([
            { "match": { "path": { "prefix": "/one" } }, "action": { "forward": { "cluster": "one" } } },
            forward("two"),
        ]))],
        "clusters": [http2("two", server.address), cluster("one", &[hinting.address])],
    }));
    let web = address(&proxy, "web");
    let mut client = Client::connect(web);
    assert_eq!(client.get("/hints").header("link"), Some("1"));
    assert_eq!(client.response().unwrap().header("link"), Some("2"));
    assert_eq!(client.response().unwrap().status, 200);
    run(async {
        let mut client = connect(web).await;
        for path in ["/one", "/hints"] {
            let (mut response, _) = client.send_request(request("GET", path), true).unwrap();
            for nth in ["1", "2"] {
                let hint = std::future::poll_fn(|cx| response.poll_informational(cx)).await;
                let hint = hint.unwrap().unwrap();
                assert_eq!(
                    (hint.status().as_u16(), &hint.headers()["link"]),
                    (103, &nth.parse().unwrap())
                );
            }
            assert_eq!(response.await.unwrap().status(), 200);
        }
    });
}

#[test]
fn what_was_refused_or_not_begun_is_sent_again_whatever_the_method() {
    let server = Server::start();
    let proxy = start(&json!({
        "listeners": [http_listener("web", json!([forward("up")]))],
        "clusters": [http2("up", server.address)],
    }));
    let web = address(&proxy, "web");
    run(async {
        let mut client = connect(web).await;
        let (response, body, _) = call(&mut client, request("POST", "/refused-first"), b"once").await;
        assert_eq!((response.status().as_u16(), body.as_slice()), (200, &b"once"[..]));
        // A connection that is shut down in order loses nothing.
        for _ in 0..20 {
            let (response, ..) = call(&mut client, request("POST", "/goaway"), b"x").await;
            assert_eq!(response.status(), 200);
        }
        let (response, body, _) = call(&mut client, request("GET", "/reset"), b"").await;
        assert_eq!(response.status(), 503);
        assert!(String::from_utf8(body).unwrap().ends_with("reset reason: remote reset"));
    });
    assert!(server.connections.load(SeqCst) > 1);
}

#[test]
fn replies_made_here_reach_clients_of_http2_and_of_grpc() {
    let mut manager = json!({ "routes": { "inline": { "virtualHosts": [{ "name": "all", "domains": ["*"], "routes": [
        { "match": { "path": { "exact": "/direct" } }, "action": { "directResponse": { "status": 418, "body": "tea" } } },
        { "match": { "path": { "exact": "/gone" } }, "action": { "forward": { "cluster": "dead" } } },
    ] }] } } });
    manager["serverName"] = json!("fl");
    let proxy = start(&json!({
        "listeners": [http_listener_with("web", manager)],
        "clusters": [cluster("dead", &[support::dead_address()])],
    }));
    let web = address(&proxy, "web");
    run(async {
        let mut client = connect(web).await;
        let (response, body, _) = call(&mut client, request("GET", "/direct"), b"").await;
        assert_eq!((response.status().as_u16(), body.as_slice()), (418, &b"tea"[..]));
        assert_eq!(
            (&response.headers()["server"], &response.headers()["content-length"]),
            (&"fl".parse().unwrap(), &"3".parse().unwrap())
        );
        let (response, ..) = call(&mut client, request("GET", "/nowhere"), b"").await;
        assert_eq!(response.status(), 404);
        let mut grpc = request("POST", "/gone");
        grpc.headers_mut()
            .insert("content-type", "application/grpc".parse().unwrap());
        let (response, ..) = call(&mut client, grpc, b"x").await;
        assert_eq!(response.status(), 200);
        assert_eq!(response.headers()["grpc-status"], "14");
    });
}

#[test]
fn a_connection_is_drained_without_losing_a_stream() {
    let release = Arc::new(std::sync::Barrier::new(2));
    let held = Arc::clone(&release);
    let upstream = Upstream::start(move |seen| {
        if seen.head.starts_with("GET /slow") {
            held.wait();
        }
        ok(b"done")
    });
    let proxy = Arc::new(start(&json!({
        "listeners": [http_listener("web", json!([forward("up")]))],
        "clusters": [cluster("up", &[upstream.address])],
    })));
    let web = address(&proxy, "web");
    run(async {
        let mut client = connect(web).await;
        let slow = {
            let mut client = client.clone();
            tokio::task::spawn_local(async move { call(&mut client, request("GET", "/slow"), b"").await })
        };
        let arrived = || upstream.requests() == 1;
        while !arrived() {
            tokio::time::sleep(Duration::from_millis(1)).await;
        }
        let drained = {
            let proxy = Arc::clone(&proxy);
            std::thread::spawn(move || proxy.drain(Duration::from_secs(10), false))
        };
        // The client learns it by GOAWAY: it opens no more streams.
        while client.clone().ready().await.is_ok() && client.send_request(request("GET", "/"), true).is_ok() {
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
        release.wait();
        assert_eq!(slow.await.unwrap().1, b"done");
        assert!(drained.join().unwrap());
    });
}

#[test]
fn a_client_that_does_not_read_stops_its_upstream_and_nobody_else() {
    let upstream = Upstream::start(|seen| match seen.head.split(' ').nth(1) {
        Some("/large") => ok(&vec![b'x'; 8_000_000]),
        _ => ok(b"quick"),
    });
    let proxy = start(&json!({
        "listeners": [http_listener("web", json!([forward("up")]))],
        "clusters": [cluster("up", &[upstream.address])],
    }));
    let web = address(&proxy, "web");
    run(async {
        let mut client = connect(web).await;
        let (response, _) = client.send_request(request("GET", "/large"), true).unwrap();
        let unread = response.await.unwrap().into_body();
        let (_, body, _) = call(&mut client, request("GET", "/"), b"").await;
        assert_eq!(body, b"quick");
        let (all, _) = read(unread).await.unwrap();
        assert_eq!(all.len(), 8_000_000);
    });
}

#[test]
fn web_sockets_go_over_extended_connect_to_an_upgrade() {
    let upstream = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let at = upstream.local_addr().unwrap();
    let echoing = std::thread::spawn(move || {
        use std::io::{Read as _, Write as _};
        let (mut stream, _) = upstream.accept().unwrap();
        let mut buffer = Vec::new();
        let seen = support::read_message(&mut stream, &mut buffer, false).unwrap();
        stream
            .write_all(b"HTTP/1.1 101 Switching Protocols\r\nconnection: upgrade\r\nupgrade: websocket\r\n\r\n")
            .unwrap();
        let mut piece = [0; 64];
        let count = stream.read(&mut piece).unwrap();
        stream.write_all(&piece[..count]).unwrap();
        seen
    });
    let proxy = start(&json!({
        "listeners": [http_listener_with("web", json!({
            "upgrades": [{ "protocol": "websocket", "enabled": true }],
            "routes": { "inline": { "virtualHosts": [{ "name": "all", "domains": ["*"], "routes": [forward("up")] }] } },
        }))],
        "clusters": [cluster("up", &[at])],
    }));
    let web = address(&proxy, "web");
    run(async {
        let mut client = connect(web).await;
        // What the server allows arrives with its settings.
        while !client.is_extended_connect_protocol_enabled() {
            client = client.ready().await.unwrap();
            tokio::time::sleep(Duration::from_millis(1)).await;
        }
        let mut upgrade = request("CONNECT", "/chat");
        upgrade
            .extensions_mut()
            .insert(h2::ext::Protocol::from_static("websocket"));
        let (response, mut stream) = client.send_request(upgrade, false).unwrap();
        let response = response.await.unwrap();
        assert_eq!(response.status(), 200);
        stream.send_data(Bytes::from_static(b"ping"), false).unwrap();
        let mut body = response.into_body();
        assert_eq!(body.data().await.unwrap().unwrap(), "ping");
    });
    let seen = echoing.join().unwrap();
    assert!(seen.head.starts_with("GET /chat HTTP/1.1\r\n"), "{}", seen.head);
    assert_eq!(
        (seen.header("upgrade"), seen.header("connection")),
        (Some("websocket"), Some("upgrade"))
    );
}

#[test]
fn the_proxy_survives_what_is_no_http2() {
    let upstream = Upstream::saying("ok");
    let proxy = start(&json!({
        "listeners": [http_listener("web", json!([forward("up")]))],
        "clusters": [cluster("up", &[upstream.address])],
    }));
    let web = address(&proxy, "web");
    let mut client = Client::connect(web);
    client.send("PRI * HTTP/2.0\r\n\r\nSM\r\n\r\nGET / HTTP/1.1\r\nHost: a\r\n\r\n");
    let answer = client.rest();
    // GOAWAY, whatever it says.
    assert!(answer.windows(5).any(|window| window == [0, 0, 8, 7, 0]), "{answer:?}");
    wait_until("the error is counted", || {
        proxy
            .stats_prometheus()
            .lines()
            .any(|line| line.starts_with("fairlead_proxy_downstream_protocol_errors_total") && line.ends_with(" 1"))
    });
    assert_eq!(support::get(web, "/").body(), "ok");
    assert_eq!(upstream.requests(), 1);
}

#[test]
fn a_stream_whose_try_was_overtaken_is_reset() {
    let server = Server::start();
    let retry = json!({ "retryOn": "5xx", "numRetries": 1, "perTryTimeoutMs": 40,
        "backoff": { "baseIntervalMs": 1, "maxIntervalMs": 2 } });
    let route =
        json!({ "action": { "forward": { "cluster": "up", "retry": retry, "hedge": { "onPerTryTimeout": true } } } });
    let proxy = start(
        &json!({ "listeners": [http_listener("web", json!([route]))], "clusters": [http2("up", server.address)] }),
    );
    let web = address(&proxy, "web");
    run(async {
        let mut client = connect(web).await;
        let (head, body, _) = call(&mut client, request("POST", "/late-first"), b"body").await;
        assert_eq!((head.status().as_u16(), body.as_slice()), (200, &b"body"[..]));
    });
    wait_until("the first try is reset", || server.requests.load(SeqCst) == 102);
    assert_eq!(server.connections.load(SeqCst), 1, "the connection goes on");
}

#[test]
fn bodies_of_streams_are_decoded() {
    use std::io::Write as _;
    // Encoded it fits into a window, decoded it does not.
    let content: Vec<u8> = (0..20_000_u32)
        .flat_map(|n| format!("line {}\n", n % 977).into_bytes())
        .collect();
    let mut encoder = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::default());
    encoder.write_all(&content).unwrap();
    let sent = encoder.finish().unwrap();
    let server = Server::start();
    let listener = http_listener_with(
        "web",
        json!({ "httpFilters": [{ "name": "decompressor", "kind": { "decompressor": {} } },
                                { "name": "router", "kind": { "router": {} } }],
            "routes": { "inline": { "virtualHosts": [{ "name": "all", "domains": ["*"], "routes": [forward("up")] }] } } }),
    );
    let proxy = start(&json!({ "listeners": [listener], "clusters": [http2("up", server.address)] }));
    let web = address(&proxy, "web");
    run(async {
        let mut client = connect(web).await;
        let mut head = request("POST", "/");
        head.headers_mut().insert("content-encoding", "gzip".parse().unwrap());
        let (answer, body, _) = call(&mut client, head, &sent).await;
        assert_eq!(answer.status(), 200);
        assert!(body == content, "{} bytes of {}", body.len(), content.len());
    });
}

#[test]
fn a_few_connections_that_stay_are_spread_evenly_over_the_workers() {
    let upstream = Upstream::saying("ok");
    let bootstrap = proxy::Bootstrap {
        workers: 4,
        report_interval_ms: 0,
        ..proxy::Bootstrap::default()
    };
    let proxy = support::start_with(
        bootstrap,
        &json!({
            "listeners": [http_listener("web", json!([forward("up")]))],
            "clusters": [cluster("up", &[upstream.address])],
        }),
    );
    let web = address(&proxy, "web");
    run(async {
        let mut clients = Vec::new();
        for _ in 0..12 {
            let mut client = connect(web).await;
            assert_eq!(call(&mut client, request("GET", "/"), b"").await.1, b"ok");
            clients.push(client);
        }
        let stats = proxy.stats_prometheus();
        let counts: Vec<&str> = stats
            .lines()
            .filter(|line| line.starts_with("fairlead_proxy_worker_connections{"))
            .filter_map(|line| line.split(' ').next_back())
            .collect();
        assert_eq!(counts, ["3"; 4]);
    });
}

/// A proxy of so many workers before a server of HTTP/2.
fn proxy_of(workers: u32, clusters: &Value) -> proxy::Proxy {
    let bootstrap = proxy::Bootstrap {
        workers,
        report_interval_ms: 0,
        ..proxy::Bootstrap::default()
    };
    let listeners = json!([http_listener("web", json!([forward("up")]))]);
    support::start_with(bootstrap, &json!({ "listeners": listeners, "clusters": clusters }))
}

/// The most requests that were under way at a time. A client may ask again before the worker that answered it has counted its request out.
fn peak(proxy: &proxy::Proxy) -> usize {
    let dump: Value = serde_json::from_str(&proxy.dump_config()).unwrap();
    let endpoints = dump["endpoints"][0]["endpoints"].as_array().unwrap();
    endpoints[0]["peakRequests"].as_u64().unwrap() as usize
}

/// One connection more than there were requests at a time, and another where the machine does not let a worker run that has one to give.
fn assert_few(proxy: &proxy::Proxy, server: &Server) {
    let (opened, peak) = (server.connections.load(SeqCst), peak(proxy));
    assert!(opened <= peak + 2, "{opened} connections for {peak} requests at a time");
}

/// Every worker would open its own session.
#[test]
fn workers_lend_each_other_sessions_that_have_nothing_to_do() {
    for workers in [2, 4, 8] {
        let server = Server::start();
        let proxy = proxy_of(workers, &json!([http2("up", server.address)]));
        let web = address(&proxy, "web");
        // Connections that stay open spread over the workers; their requests come one after the other.
        let mut clients: Vec<Client> = (0..16).map(|_| Client::connect(web)).collect();
        for _ in 0..6 {
            for client in &mut clients {
                assert_eq!(client.get("/").status, 200);
            }
        }
        assert_eq!(server.requests.load(SeqCst), 96);
        assert_few(&proxy, &server);
    }
}

#[test]
fn sessions_grow_with_requests_and_not_with_workers() {
    const AT_A_TIME: usize = 3;
    let server = Server::start();
    let proxy = proxy_of(8, &json!([http2("up", server.address)]));
    let web = address(&proxy, "web");
    std::thread::scope(|scope| {
        for _ in 0..AT_A_TIME {
            scope.spawn(|| {
                let mut clients: Vec<Client> = (0..8).map(|_| Client::connect(web)).collect();
                for round in 0..300 {
                    assert_eq!(clients[round % 8].get("/").status, 200);
                }
            });
        }
    });
    assert_eq!(server.requests.load(SeqCst), AT_A_TIME * 300);
    assert_few(&proxy, &server);
    assert!((AT_A_TIME..=2 * AT_A_TIME).contains(&peak(&proxy)), "{}", peak(&proxy));
}

#[test]
fn a_session_that_was_lent_goes_on_with_its_compressed_fields_and_its_tls() {
    let server = Server::start();
    let key = rcgen::KeyPair::generate().unwrap();
    let params = rcgen::CertificateParams::new(vec!["up".to_owned()]).unwrap();
    let pem = params.self_signed(&key).unwrap().pem();
    let inner = start(&json!({
        "listeners": [{ "name": "in", "address": "127.0.0.1:0", "filterChains": [{
            "tls": { "context": { "alpn": ["h2"],
                "certificates": [{ "inline": { "chain": pem, "key": key.serialize_pem() } }] } },
            "filters": [{ "tcpProxy": { "cluster": "app" } }] }] }],
        "clusters": [cluster("app", &[server.address])],
    }));
    let mut up = http2("up", address(&inner, "in"));
    up["transport"] = json!({ "tls": {} });
    let proxy = proxy_of(4, &json!([up]));
    let web = address(&proxy, "web");
    let mut clients: Vec<Client> = (0..16).map(|_| Client::connect(web)).collect();
    for round in 0..8 {
        for client in &mut clients {
            // Fields that are the same are sent as numbers of a table, which belongs to the session.
            client.send(format!(
                "GET /{round} HTTP/1.1\r\nHost: lent\r\nX-Many: {round}\r\nCookie: a=b\r\n\r\n"
            ));
            let response = client.response().unwrap();
            assert_eq!(response.header("x-path"), Some(&*format!("/{round}")));
            assert_eq!(response.header("x-authority"), Some("lent"));
            assert_eq!(response.header("x-saw-x-many"), Some(&*round.to_string()));
            assert_eq!(response.header("x-saw-cookie"), Some("a=b"));
        }
    }
    assert_few(&proxy, &server);
}
