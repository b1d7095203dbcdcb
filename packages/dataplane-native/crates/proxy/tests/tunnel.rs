//! TCP inside HTTP: HBONE between two proxies as istiod configures it, and tunnels to proxies of others.
#![allow(clippy::unwrap_used, missing_docs)]

#[path = "support/authority.rs"]
mod authority;
mod support;

#[path = "tunnel/envoy.rs"]
mod envoy;

use std::{
    io::{Read, Write},
    net::{SocketAddr, TcpListener, TcpStream},
    sync::mpsc,
    time::Duration,
};

use authority::Authority;
use serde_json::{Value, json};
use support::{Client, Upstream, address, cluster, forward, get, http_listener, ok, start, wait_until};

fn context() -> Value {
    json!({ "certificates": [{ "secret": "default" }], "validation": { "trust": { "secret": "ROOTCA" } }, "alpn": ["h2"] })
}

/// What ends the tunnels: mutual TLS, CONNECT, then what is inside by the rules for where it leads.
fn terminating(secrets: &Value, allowed: &str, port: u16) -> Value {
    let connect = json!({ "match": { "path": "connect" }, "action": { "forward": { "cluster": "main_internal", "upgrades": [
        { "protocol": "connect", "enabled": true, "terminateConnect": true }] } } });
    let manager = json!({
        "http2": { "allowConnect": true }, "upgrades": [{ "protocol": "connect", "enabled": true }],
        "routes": { "inline": { "virtualHosts": [{ "name": "connect", "domains": ["*"], "routes": [connect] }] } },
    });
    let principal = json!({ "authenticated": { "exact": format!("spiffe://cluster.local/ns/default/sa/{allowed}") } });
    let rules =
        json!({ "action": "allow", "policies": { "only": { "permissions": ["any"], "principals": [principal] } } });
    json!({
        "listeners": [
            { "name": "connect_terminate", "address": "127.0.0.1:0", "trafficDirection": "inbound", "filterChains": [{
                "tls": { "context": context(), "requireClientCertificate": true },
                "filters": [{ "httpConnectionManager": manager }] }] },
            { "name": "main_internal", "address": "internal:main_internal", "bindToPort": false, "trafficDirection": "inbound",
              "listenerFilters": [{ "kind": "originalDst" }],
              "filterChains": [{ "match": { "destinationPort": port },
                "filters": [{ "rbac": { "rules": rules } }, { "tcpProxy": { "cluster": "inbound" } }] }] },
        ],
        "clusters": [
            { "name": "main_internal", "endpoints": [{ "endpoints": [{ "address": "internal:main_internal" }] }] },
            { "name": "inbound", "kind": { "originalDst": { "portOverride": 0 } } },
        ],
        "secrets": secrets,
    })
}

/// What begins the tunnels: every endpoint is the internal listener, which is told where its connection leads.
fn originating(secrets: &Value, app: SocketAddr, port: u16) -> Value {
    let namespace = "envoy.filters.listener.original_dst";
    let mut outbound = cluster("outbound", &[]);
    outbound["transport"] = json!({ "internal": { "passthrough": [namespace], "transport": "plain" } });
    outbound["endpoints"] = json!([{ "endpoints": [{
        "address": format!("internal:connect_originate#{app}"), "metadata": { namespace: { "local": app.to_string() } } }] }]);
    let headers = json!([{ "name": "baggage", "value": "from=%DOWNSTREAM_REMOTE_ADDRESS_WITHOUT_PORT%" }]);
    json!({
        "listeners": [
            http_listener("http", json!([forward("outbound")])),
            { "name": "tcp", "address": "127.0.0.1:0", "filterChains": [{ "filters": [{ "tcpProxy": { "cluster": "outbound" } }] }] },
            { "name": "connect_originate", "address": "internal:connect_originate", "bindToPort": false,
              "listenerFilters": [{ "kind": "originalDst" }],
              "filterChains": [{ "filters": [{ "tcpProxy": { "cluster": "connect_originate",
                "tunneling": { "hostname": "%DOWNSTREAM_LOCAL_ADDRESS%", "headers": headers } } }] }] },
        ],
        "clusters": [outbound,
            { "name": "connect_originate", "kind": { "originalDst": { "portOverride": port } },
              "http": { "protocol": "http2" }, "transport": { "tls": { "context": context() } } }],
        "secrets": secrets,
    })
}

#[test]
fn hbone_joins_two_proxies_for_http_and_tcp_alike() {
    let authority = Authority::new();
    let app = Upstream::start(|request| ok(request.head.lines().next().unwrap().as_bytes()));
    let serving = start(&terminating(&authority.secrets("app"), "web", app.address.port()));
    let port = address(&serving, "connect_terminate").port();
    let calling = start(&originating(&authority.secrets("web"), app.address, port));
    assert_eq!(
        get(address(&calling, "http"), "/over-http").body(),
        "GET /over-http HTTP/1.1"
    );
    let mut tcp = Client::connect(address(&calling, "tcp"));
    assert_eq!(tcp.get("/over-tcp").body(), "GET /over-tcp HTTP/1.1");
    assert_eq!(tcp.get("/again").body(), "GET /again HTTP/1.1");
    // Many tunnels go over few connections: one per worker at most.
    let mut more: Vec<Client> = (0..20).map(|_| Client::connect(address(&calling, "tcp"))).collect();
    for client in &mut more {
        assert_eq!(client.get("/more").status, 200);
    }
    let opened = serving.stats_prometheus();
    let handshakes = opened
        .lines()
        .find(|line| line.starts_with("fairlead_proxy_downstream_tls_handshakes_total"))
        .and_then(|line| line.rsplit(' ').next()?.parse::<u32>().ok());
    assert!(handshakes.is_some_and(|count| count <= 2), "{handshakes:?}");
    // When the client has gone the application's connection goes too.
    let before = app.connections.load(std::sync::atomic::Ordering::SeqCst);
    assert!(before >= 22, "{before}");
}

#[test]
fn hbone_lets_in_by_identity_and_only_where_a_chain_leads() {
    let authority = Authority::new();
    let app = Upstream::saying("ok");
    let elsewhere = Upstream::saying("elsewhere");
    let serving = start(&terminating(&authority.secrets("app"), "web", app.address.port()));
    let port = address(&serving, "connect_terminate").port();
    let ask = |account: &str, to: SocketAddr| {
        let calling = start(&originating(&authority.secrets(account), to, port));
        get(address(&calling, "http"), "/").status
    };
    assert_eq!(ask("web", app.address), 200);
    assert_eq!(ask("stranger", app.address), 503);
    assert_eq!(ask("web", elsewhere.address), 503);
    assert_eq!(elsewhere.requests(), 0);
    let other = Authority::new();
    let calling = start(&originating(&other.secrets("web"), app.address, port));
    assert_eq!(get(address(&calling, "http"), "/").status, 503);
}

#[test]
fn both_ends_of_a_tunnel_may_close_one_direction() {
    let authority = Authority::new();
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let app = listener.local_addr().unwrap();
    std::thread::spawn(move || {
        for stream in listener.incoming() {
            let mut stream = stream.unwrap();
            let mut all = Vec::new();
            // Everything first, the answer afterwards.
            stream.read_to_end(&mut all).unwrap();
            all.reverse();
            stream.write_all(&all).unwrap();
        }
    });
    let serving = start(&terminating(&authority.secrets("app"), "web", app.port()));
    let port = address(&serving, "connect_terminate").port();
    let calling = start(&originating(&authority.secrets("web"), app, port));
    let mut client = TcpStream::connect(address(&calling, "tcp")).unwrap();
    client.set_read_timeout(Some(Duration::from_secs(20))).unwrap();
    let sent: Vec<u8> = (0..300_000_u32).map(|number| number as u8).collect();
    let mut writer = client.try_clone().unwrap();
    let expected: Vec<u8> = sent.iter().rev().copied().collect();
    let writing = std::thread::spawn(move || {
        writer.write_all(&sent).unwrap();
        writer.shutdown(std::net::Shutdown::Write).unwrap();
    });
    let mut got = Vec::new();
    client.read_to_end(&mut got).unwrap();
    writing.join().unwrap();
    assert!(got == expected, "{} bytes", got.len());
}

#[test]
fn an_internal_listener_that_leads_to_itself_ends() {
    let inner = json!({ "name": "loop", "address": "internal:loop", "bindToPort": false,
        "filterChains": [{ "filters": [{ "tcpProxy": { "cluster": "loop" } }] }] });
    let outer = json!({ "name": "in", "address": "127.0.0.1:0",
        "filterChains": [{ "filters": [{ "tcpProxy": { "cluster": "loop" } }] }] });
    let clusters = json!([{ "name": "loop", "endpoints": [{ "endpoints": [{ "address": "internal:loop" }] }] }]);
    let proxy = start(&json!({ "listeners": [inner, outer], "clusters": clusters }));
    let mut client = Client::connect(address(&proxy, "in"));
    client.send("x");
    assert!(client.is_closed());
}

fn tunneling(upstream: SocketAddr, settings: &Value, protocol: &str) -> Value {
    let mut proxy = cluster("proxy", &[upstream]);
    proxy["http"] = json!({ "protocol": protocol });
    let listener = json!({ "name": "in", "address": "127.0.0.1:0",
        "filterChains": [{ "filters": [{ "tcpProxy": { "cluster": "proxy", "tunneling": settings } }] }] });
    json!({ "listeners": [listener], "clusters": [proxy] })
}

/// A proxy of HTTP/1 that answers a CONNECT with `answer`, says what it was asked, and echoes.
fn old_proxy(answer: &'static str) -> (SocketAddr, mpsc::Receiver<String>) {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let at = listener.local_addr().unwrap();
    let (sender, receiver) = mpsc::channel();
    std::thread::spawn(move || {
        for stream in listener.incoming() {
            let mut stream = stream.unwrap();
            let mut head = Vec::new();
            let mut byte = [0];
            while !head.ends_with(b"\r\n\r\n") && stream.read_exact(&mut byte).is_ok() {
                head.push(byte[0]);
            }
            let _ = sender.send(String::from_utf8(head).unwrap());
            stream.write_all(answer.as_bytes()).unwrap();
            let mut piece = [0; 4096];
            while let Ok(count @ 1..) = stream.read(&mut piece) {
                stream.write_all(&piece[..count]).unwrap();
            }
        }
    });
    (at, receiver)
}

#[test]
fn a_proxy_of_http1_is_asked_to_connect() {
    let (at, asked) = old_proxy("HTTP/1.1 200 Fine\r\nvia: x\r\n\r\nhello ");
    let settings = json!({ "hostname": "db.example:5432", "headers": [{ "name": "x-tunnel", "value": "yes" }] });
    let proxy = start(&tunneling(at, &settings, "http1"));
    let mut client = TcpStream::connect(address(&proxy, "in")).unwrap();
    client.set_read_timeout(Some(Duration::from_secs(20))).unwrap();
    client.write_all(b"world").unwrap();
    let mut answer = [0; 11];
    client.read_exact(&mut answer).unwrap();
    assert_eq!(&answer, b"hello world");
    let head = asked.recv_timeout(Duration::from_secs(5)).unwrap();
    assert_eq!(
        head,
        "CONNECT db.example:5432 HTTP/1.1\r\nhost: db.example:5432\r\nx-tunnel: yes\r\n\r\n"
    );
}

#[test]
fn a_proxy_that_refuses_ends_the_connection() {
    for answer in [
        "HTTP/1.1 403 No\r\ncontent-length: 0\r\n\r\n",
        "SSH-2.0-OpenSSH\r\n\r\n",
    ] {
        let (at, _asked) = old_proxy(answer);
        let proxy = start(&tunneling(at, &json!({ "hostname": "db.example:5432" }), "http1"));
        let mut client = Client::connect(address(&proxy, "in"));
        assert!(client.is_closed());
    }
}

/// A server of HTTP/2 that says what it was asked and echoes the body.
fn new_proxy() -> (SocketAddr, mpsc::Receiver<String>) {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    listener.set_nonblocking(true).unwrap();
    let at = listener.local_addr().unwrap();
    let (sender, receiver) = mpsc::channel();
    std::thread::spawn(move || {
        let runtime = tokio::runtime::Builder::new_current_thread()
            .enable_all()
            .build()
            .unwrap();
        runtime.block_on(async {
            let listener = tokio::net::TcpListener::from_std(listener).unwrap();
            loop {
                let (socket, _) = listener.accept().await.unwrap();
                let sender = sender.clone();
                tokio::spawn(async move {
                    let mut connection = h2::server::handshake(socket).await.unwrap();
                    while let Some(Ok((request, mut respond))) = connection.accept().await {
                        let _ = sender.send(format!("{} {}", request.method(), request.uri()));
                        let mut body = request.into_body();
                        let head = http_types::Response::builder().status(200).body(()).unwrap();
                        let mut stream = respond.send_response(head, false).unwrap();
                        tokio::spawn(async move {
                            while let Some(Ok(piece)) = body.data().await {
                                let _ = body.flow_control().release_capacity(piece.len());
                                let _ = stream.send_data(piece, false);
                            }
                            let _ = stream.send_data(bytes::Bytes::new(), true);
                        });
                    }
                });
            }
        });
    });
    (at, receiver)
}

#[test]
fn a_proxy_of_http2_is_asked_to_connect_or_is_posted_to() {
    for (settings, expected) in [
        (json!({ "hostname": "db.example:5432" }), "CONNECT db.example:5432"),
        (
            json!({ "hostname": "db.example:5432", "usePost": true, "postPath": "/tunnel" }),
            "POST http://db.example:5432/tunnel",
        ),
    ] {
        let (at, asked) = new_proxy();
        let proxy = start(&tunneling(at, &settings, "http2"));
        let mut client = TcpStream::connect(address(&proxy, "in")).unwrap();
        client.set_read_timeout(Some(Duration::from_secs(20))).unwrap();
        client.write_all(b"there and back").unwrap();
        let mut answer = [0; 14];
        client.read_exact(&mut answer).unwrap();
        assert_eq!(&answer, b"there and back");
        assert_eq!(asked.recv_timeout(Duration::from_secs(5)).unwrap(), expected);
        client.shutdown(std::net::Shutdown::Write).unwrap();
        assert_eq!(client.read(&mut answer).unwrap(), 0);
    }
}

#[test]
fn counts_of_tunnels_go_back_to_none() {
    let (at, _asked) = new_proxy();
    let proxy = start(&tunneling(at, &json!({ "hostname": "a:1" }), "http2"));
    for _ in 0..5 {
        let mut client = TcpStream::connect(address(&proxy, "in")).unwrap();
        client.write_all(b"x").unwrap();
        client.read_exact(&mut [0]).unwrap();
    }
    wait_until("nothing is in flight", || {
        let dump: Value = serde_json::from_str(&proxy.dump_config()).unwrap();
        let endpoints = dump["endpoints"].to_string();
        endpoints.contains("\"activeRequests\":0") && !endpoints.contains("\"requestsTotal\":0")
    });
}

/// Connections of each worker.
fn by_worker(proxy: &proxy::Proxy) -> Vec<String> {
    let stats = proxy.stats_prometheus();
    let lines = stats
        .lines()
        .filter(|line| line.starts_with("fairlead_proxy_worker_connections{"));
    lines
        .filter_map(|line| Some(line.split(' ').next_back()?.to_owned()))
        .collect()
}

/// As many clients as there are proxies of one worker each, with one connection each that stays.
#[test]
fn connections_of_mutual_tls_and_those_of_tunnels_are_spread_evenly_over_the_workers() {
    let authority = Authority::new();
    let app = Upstream::saying("ok");
    let servers = || proxy::Bootstrap {
        workers: 4,
        report_interval_ms: 0,
        ..proxy::Bootstrap::default()
    };
    let tunnels = terminating(&authority.secrets("server"), "client", app.address.port());
    let mut direct = json!({
        "listeners": [http_listener("in", json!([forward("app")]))],
        "clusters": [cluster("app", &[app.address])],
        "secrets": authority.secrets("server"),
    });
    direct["listeners"][0]["filterChains"][0]["tls"] =
        json!({ "context": context(), "requireClientCertificate": true });
    for (config, listener) in [(tunnels, "connect_terminate"), (direct, "in")] {
        let server = support::start_with(servers(), &config);
        let at = address(&server, listener);
        let clients: Vec<proxy::Proxy> = (0..12)
            .map(|_| {
                let config = if listener == "in" {
                    let mut up = cluster("up", &[at]);
                    up["http"] = json!({ "protocol": "http2" });
                    up["transport"] = json!({ "tls": { "context": context() } });
                    json!({ "listeners": [http_listener("http", json!([forward("up")]))], "clusters": [up],
                        "secrets": authority.secrets("client") })
                } else {
                    originating(&authority.secrets("client"), app.address, at.port())
                };
                let bootstrap = proxy::Bootstrap {
                    workers: 1,
                    ..servers()
                };
                let client = support::start_with(bootstrap, &config);
                assert_eq!(get(address(&client, "http"), "/").body(), "ok");
                client
            })
            .collect();
        // What is inside a tunnel is served by the worker that has the tunnel.
        let counts = by_worker(&server);
        assert!(
            counts.len() == 4 && counts.iter().all(|count| *count == counts[0] && count != "0"),
            "{counts:?}"
        );
        drop(clients);
    }
}
