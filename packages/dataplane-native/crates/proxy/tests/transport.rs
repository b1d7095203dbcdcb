//! What carries connections: the PROXY protocol, Unix sockets, IPv6, limits.
#![allow(clippy::unwrap_used, missing_docs)]

mod support;

use std::{
    io::{Read, Write},
    net::{SocketAddr, TcpListener, TcpStream},
    os::linux::net::SocketAddrExt as _,
    os::unix::{
        fs::PermissionsExt as _,
        net::{SocketAddr as UnixAddress, UnixListener, UnixStream},
    },
    sync::mpsc,
    time::Duration,
};

use serde_json::{Value, json};
use support::{
    Client, Upstream, address, cluster, forward, get, http_listener, http_listener_with, ok, start, wait_until,
};

/// Says what the application sees of its client.
fn telling() -> Upstream {
    Upstream::start(|request| ok(request.header("x-forwarded-for").unwrap_or("none").as_bytes()))
}

fn edge(proxy_protocol: &Value, app: SocketAddr) -> Value {
    let routes =
        json!({ "inline": { "virtualHosts": [{ "name": "all", "domains": ["*"], "routes": [forward("app")] }] } });
    let mut listener = http_listener_with("in", json!({ "useRemoteAddress": true, "routes": routes }));
    listener["listenerFilters"] = json!([{ "kind": { "proxyProtocol": proxy_protocol } }]);
    json!({ "listeners": [listener], "clusters": [cluster("app", &[app])] })
}

fn counted(proxy: &proxy::Proxy, name: &str) -> u64 {
    let text = proxy.stats_prometheus();
    let line = text
        .lines()
        .find(|line| line.starts_with(&format!("fairlead_proxy_{name}_total")));
    line.and_then(|line| line.rsplit(' ').next()?.parse().ok()).unwrap_or(0)
}

fn v2(source: &str, destination: &str) -> Vec<u8> {
    let mut out = Vec::new();
    let client = (source.parse().unwrap(), destination.parse().unwrap());
    net::write_proxy_header(net::ProxyVersion::V2, Some(client), &mut out);
    out
}

#[test]
fn the_addresses_a_load_balancer_says_count_as_the_clients() {
    let app = telling();
    let proxy = start(&edge(&json!({}), app.address));
    let at = address(&proxy, "in");
    let mut text = Client::connect(at);
    text.send("PROXY TCP4 192.0.2.7 198.51.100.1 5555 80\r\nGET / HTTP/1.1\r\nHost: a\r\n\r\n");
    assert_eq!(text.response().unwrap().body(), "192.0.2.7");
    // It is said once for all requests of a connection.
    assert_eq!(text.get("/").body(), "192.0.2.7");
    let mut binary = Client::connect(at);
    let header = v2("[2001:db8::7]:5555", "[2001:db8::1]:80");
    for byte in header {
        binary.send([byte]);
    }
    assert_eq!(binary.get("/").body(), "2001:db8::7");
    // The load balancer speaks for itself, or does not know.
    let mut own = Client::connect(at);
    own.send(b"\r\n\r\n\0\r\nQUIT\n\x20\0\0\0");
    assert_eq!(own.get("/").body(), "127.0.0.1");
    let mut unknown = Client::connect(at);
    unknown.send("PROXY UNKNOWN\r\n");
    assert_eq!(unknown.get("/").body(), "127.0.0.1");
}

#[test]
fn who_does_not_say_it_or_says_it_wrongly_is_closed_and_counted() {
    let app = telling();
    let proxy = start(&edge(&json!({ "withoutV1": true }), app.address));
    let at = address(&proxy, "in");
    for (number, bytes) in [
        b"GET / HTTP/1.1\r\nHost: a\r\n\r\n".as_slice(),
        b"PROXY TCP4 192.0.2.7 198.51.100.1 5555 80\r\n",
        b"PROXY TCP4 nonsense\r\n",
        b"\r\n\r\n\0\r\nQUIT\n\x31\x11\0\x0c",
    ]
    .into_iter()
    .enumerate()
    {
        let mut client = Client::connect(at);
        client.send(bytes);
        assert!(client.is_closed(), "{number}");
        let name = "downstream_proxy_protocol_errors";
        wait_until("it is counted", || counted(&proxy, name) == number as u64 + 1);
    }
    assert_eq!(app.requests(), 0);
}

#[test]
fn silence_before_the_addresses_ends_with_the_listeners_timeout() {
    let mut config = edge(&json!({}), "127.0.0.1:1".parse().unwrap());
    config["listeners"][0]["listenerFiltersTimeoutMs"] = json!(50);
    let proxy = start(&config);
    let mut client = Client::connect(address(&proxy, "in"));
    client.send("PROXY TC");
    assert!(client.is_closed());
    assert_eq!(counted(&proxy, "downstream_timeouts"), 1);
}

#[test]
fn a_listener_may_serve_both_kinds_of_clients() {
    let app = telling();
    let proxy = start(&edge(&json!({ "allowMissing": true }), app.address));
    let at = address(&proxy, "in");
    assert_eq!(get(at, "/").body(), "127.0.0.1");
    let mut client = Client::connect(at);
    client.send("PROXY TCP4 192.0.2.7 198.51.100.1 5555 80\r\n");
    assert_eq!(client.get("/").body(), "192.0.2.7");
}

#[test]
fn filter_chains_and_rules_see_the_client_and_the_load_balancer() {
    let app = telling();
    let mut config = edge(&json!({}), app.address);
    let chain = config["listeners"][0]["filterChains"][0].clone();
    let by = |field: &str, range: &str| {
        let mut chain = chain.clone();
        chain["match"] = json!({ field: [range] });
        chain
    };
    config["listeners"][0]["filterChains"] = json!([
        by("sourcePrefixRanges", "192.0.2.0/24"),
        by("directSourcePrefixRanges", "10.0.0.0/8")
    ]);
    let proxy = start(&config);
    let at = address(&proxy, "in");
    let ask = |source: &str| {
        let mut client = Client::connect(at);
        client.send(v2(source, "198.51.100.1:80"));
        client.send("GET / HTTP/1.1\r\nHost: a\r\n\r\n");
        client.response().map(|response| response.status)
    };
    assert_eq!(ask("192.0.2.9:1"), Some(200));
    // What is said is not where the socket comes from.
    assert_eq!(ask("10.1.1.1:1"), None);
}

/// A server that keeps what it reads of each connection, until its line end after `GET`.
fn recording() -> (SocketAddr, mpsc::Receiver<Vec<u8>>) {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let at = listener.local_addr().unwrap();
    let (sender, receiver) = mpsc::channel();
    std::thread::spawn(move || {
        for stream in listener.incoming() {
            let (mut stream, sender) = (stream.unwrap(), sender.clone());
            std::thread::spawn(move || {
                let mut seen = Vec::new();
                let mut piece = [0; 4096];
                while let Ok(count @ 1..) = stream.read(&mut piece) {
                    seen.extend_from_slice(&piece[..count]);
                    if seen.ends_with(b"\r\n\r\n") {
                        let _ = sender.send(std::mem::take(&mut seen));
                        let _ = stream.write_all(b"HTTP/1.1 200 OK\r\ncontent-length: 0\r\n\r\n");
                    }
                }
            });
        }
    });
    (at, receiver)
}

#[test]
fn upstreams_are_told_the_client_in_either_version_on_connections_of_its_own() {
    for version in ["v1", "v2"] {
        let (server, seen) = recording();
        let mut app = cluster("app", &[server]);
        app["transport"] = json!({ "proxyProtocol": { "version": version, "transport": "plain" } });
        let proxy = start(&json!({ "listeners": [http_listener("in", json!([forward("app")]))], "clusters": [app] }));
        let at = address(&proxy, "in");
        let mut one = Client::connect(at);
        assert_eq!(one.get("/").status, 200);
        let first = seen.recv_timeout(Duration::from_secs(5)).unwrap();
        let net::ProxyParse::Found(header) = net::parse_proxy_header(&first) else {
            panic!("{first:?}")
        };
        assert_eq!(header.addresses, Some((one.stream.local_addr().unwrap(), at)));
        assert!(first[header.len..].starts_with(b"GET / HTTP/1.1"));
        // The next request of this client goes over the same connection, another client's does not.
        assert_eq!(one.get("/again").status, 200);
        let second = seen.recv_timeout(Duration::from_secs(5)).unwrap();
        assert!(second.starts_with(b"GET /again"), "{second:?}");
        let mut two = Client::connect(at);
        assert_eq!(two.get("/").status, 200);
        let third = seen.recv_timeout(Duration::from_secs(5)).unwrap();
        let net::ProxyParse::Found(header) = net::parse_proxy_header(&third) else {
            panic!("{third:?}")
        };
        assert_eq!(header.addresses, Some((two.stream.local_addr().unwrap(), at)));
    }
}

#[test]
fn tcp_proxies_hand_the_addresses_on() {
    let (server, seen) = recording();
    let mut app = cluster("app", &[server]);
    app["transport"] = json!({ "proxyProtocol": { "version": "v1", "transport": "plain" } });
    let listener = json!({ "name": "in", "address": "127.0.0.1:0",
        "listenerFilters": [{ "kind": { "proxyProtocol": {} } }],
        "filterChains": [{ "filters": [{ "tcpProxy": { "cluster": "app" } }] }] });
    let proxy = start(&json!({ "listeners": [listener], "clusters": [app] }));
    let mut client = Client::connect(address(&proxy, "in"));
    client.send("PROXY TCP4 192.0.2.7 198.51.100.1 5555 80\r\nhello\r\n\r\n");
    let seen = seen.recv_timeout(Duration::from_secs(5)).unwrap();
    assert_eq!(
        String::from_utf8_lossy(&seen),
        "PROXY TCP4 192.0.2.7 198.51.100.1 5555 80\r\nhello\r\n\r\n"
    );
}

fn ask_unix(mut stream: UnixStream) -> String {
    stream.set_read_timeout(Some(Duration::from_secs(10))).unwrap();
    stream
        .write_all(b"GET / HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n")
        .unwrap();
    let mut answer = String::new();
    stream.read_to_string(&mut answer).unwrap();
    answer
}

#[test]
fn listeners_and_endpoints_may_be_unix_sockets() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("app.sock");
    let server = UnixListener::bind(&path).unwrap();
    std::thread::spawn(move || {
        for stream in server.incoming() {
            let mut stream = stream.unwrap();
            std::thread::spawn(move || {
                let mut piece = [0; 4096];
                while let Ok(1..) = stream.read(&mut piece) {
                    let _ = stream.write_all(b"HTTP/1.1 200 OK\r\ncontent-length: 4\r\n\r\nunix");
                }
            });
        }
    });
    let named = folder.path().join("in.sock");
    let hidden = format!("fairlead-test-{}", std::process::id());
    let mut app = cluster("app", &[]);
    app["endpoints"] = json!([{ "endpoints": [{ "address": format!("unix:{}", path.display()) }] }]);
    let mut http = http_listener("http", json!([forward("app")]));
    http["address"] = json!(format!("unix:{}", named.display()));
    http["pipeMode"] = json!(0o600);
    let tcp = json!({ "name": "tcp", "address": format!("unix:@{hidden}"),
        "filterChains": [{ "filters": [{ "tcpProxy": { "cluster": "app" } }] }] });
    let over_tcp = http_listener("over-tcp", json!([forward("app")]));
    let proxy = start(&json!({ "listeners": [http, tcp, over_tcp], "clusters": [app] }));
    let answer = ask_unix(UnixStream::connect(&named).unwrap());
    assert!(
        answer.starts_with("HTTP/1.1 200 OK") && answer.ends_with("unix"),
        "{answer}"
    );
    assert_eq!(named.metadata().unwrap().permissions().mode() & 0o777, 0o600);
    let abstract_name = UnixAddress::from_abstract_name(hidden.as_bytes()).unwrap();
    let mut raw = UnixStream::connect_addr(&abstract_name).unwrap();
    raw.write_all(b"anything").unwrap();
    let mut answer = [0; 15];
    raw.read_exact(&mut answer).unwrap();
    assert_eq!(&answer, b"HTTP/1.1 200 OK");
    assert_eq!(get(address(&proxy, "over-tcp"), "/").body(), "unix");
}

#[test]
fn ipv6_is_listened_on_and_connected_to() {
    let app = Upstream::start_on("[::1]:0".parse().unwrap(), |request| {
        ok(request.header("x-forwarded-for").unwrap_or("none").as_bytes())
    });
    let routes =
        json!({ "inline": { "virtualHosts": [{ "name": "all", "domains": ["*"], "routes": [forward("app")] }] } });
    let manager = json!({ "useRemoteAddress": true, "routes": routes });
    let mut six = http_listener_with("six", manager.clone());
    six["address"] = json!("[::1]:0");
    let mut both = http_listener_with("both", manager);
    both["address"] = json!("[::]:0");
    both["ipv4Compat"] = json!(true);
    let proxy = start(&json!({ "listeners": [six, both], "clusters": [cluster("app", &[app.address])] }));
    assert_eq!(get(address(&proxy, "six"), "/").body(), "::1");
    let port = address(&proxy, "both").port();
    assert_eq!(get(SocketAddr::new("::1".parse().unwrap(), port), "/").body(), "::1");
    // IPv4 clients are who they are, not who they look like to the socket.
    assert_eq!(
        get(SocketAddr::new("127.0.0.1".parse().unwrap(), port), "/").body(),
        "127.0.0.1"
    );
}

#[test]
fn an_ipv6_socket_takes_no_ipv4_unless_it_is_told_to() {
    let mut six = http_listener("six", json!([]));
    six["address"] = json!("[::]:0");
    let proxy = start(&json!({ "listeners": [six] }));
    let port = address(&proxy, "six").port();
    assert!(TcpStream::connect(SocketAddr::new("127.0.0.1".parse().unwrap(), port)).is_err());
    assert_eq!(get(SocketAddr::new("::1".parse().unwrap(), port), "/").status, 404);
}

#[test]
fn connections_above_a_chains_limit_are_closed() {
    let app = Upstream::saying("ok");
    let mut listener = http_listener("in", json!([forward("app")]));
    let manager = listener["filterChains"][0]["filters"][0].clone();
    listener["filterChains"][0]["filters"] = json!([{ "connectionLimit": { "maxConnections": 2 } }, manager]);
    let proxy = start(&json!({ "listeners": [listener], "clusters": [cluster("app", &[app.address])] }));
    let at = address(&proxy, "in");
    let (mut one, mut two) = (Client::connect(at), Client::connect(at));
    assert_eq!((one.get("/").status, two.get("/").status), (200, 200));
    assert!(Client::connect(at).is_closed());
    assert_eq!(counted(&proxy, "downstream_connection_limit"), 1);
    drop(one);
    wait_until("its place is free", || {
        let mut three = Client::connect(at);
        three.send("GET / HTTP/1.1\r\nHost: a\r\n\r\n");
        three.response().is_some_and(|response| response.status == 200)
    });
    assert_eq!(two.get("/").status, 200);
}

#[test]
fn tcp_connections_of_one_client_go_to_one_endpoint() {
    let servers: Vec<Upstream> = (0..3)
        .map(|number| Upstream::saying(&format!("server {number}")))
        .collect();
    let addresses: Vec<SocketAddr> = servers.iter().map(|server| server.address).collect();
    let mut app = cluster("app", &addresses);
    app["lbPolicy"] = json!({ "maglev": { "tableSize": 65537 } });
    let listener = json!({ "name": "in", "address": "127.0.0.1:0",
        "filterChains": [{ "filters": [{ "tcpProxy": { "cluster": "app", "hashSourceIp": true } }] }] });
    let proxy = start(&json!({ "listeners": [listener], "clusters": [app] }));
    let at = address(&proxy, "in");
    let first = get(at, "/").body();
    for _ in 0..8 {
        assert_eq!(get(at, "/").body(), first);
    }
}

#[test]
fn tcp_connections_stay_in_the_subset_that_is_asked_for() {
    let (one, two) = (Upstream::saying("v1"), Upstream::saying("v2"));
    let endpoint = |upstream: &Upstream, version: &str| json!({ "address": upstream.address.to_string(), "lbMetadata": { "version": version } });
    let mut app = cluster("app", &[]);
    app["endpoints"] = json!([{ "endpoints": [endpoint(&one, "v1"), endpoint(&two, "v2")] }]);
    app["subsets"] = json!({ "selectors": [{ "keys": ["version"] }] });
    let listener = json!({ "name": "in", "address": "127.0.0.1:0", "filterChains": [{ "filters": [
        { "tcpProxy": { "cluster": "app", "metadataMatch": { "version": "v2" } } }] }] });
    let proxy = start(&json!({ "listeners": [listener], "clusters": [app] }));
    for _ in 0..4 {
        assert_eq!(get(address(&proxy, "in"), "/").body(), "v2");
    }
}

#[test]
fn workers_lend_each_other_idle_connections_instead_of_opening_more() {
    for is_tls in [false, true] {
        let app = Upstream::saying("ok");
        let mut clusters = json!([cluster("app", &[app.address])]);
        let mut listeners = json!([http_listener("in", json!([forward("app")]))]);
        let mut secrets = json!([]);
        if is_tls {
            // Through a second listener of the same proxy that ends TLS, so that sessions are lent too.
            let key = rcgen::KeyPair::generate().unwrap();
            let params = rcgen::CertificateParams::new(vec!["app".to_owned()]).unwrap();
            let pem = params.self_signed(&key).unwrap().pem();
            secrets =
                json!([{ "name": "own", "secret": { "certificate": { "chain": pem, "key": key.serialize_pem() } } }]);
            let at = support::free_address();
            let mut secured = http_listener("secured", json!([forward("app")]));
            secured["address"] = json!(at.to_string());
            secured["filterChains"][0]["tls"] = json!({ "context": { "certificates": [{ "secret": "own" }] } });
            listeners = json!([http_listener("in", json!([forward("tls")])), secured]);
            let mut tls = cluster("tls", &[at]);
            tls["transport"] = json!({ "tls": {} });
            clusters = json!([tls, cluster("app", &[app.address])]);
        }
        let bootstrap = proxy::Bootstrap {
            workers: 8,
            report_interval_ms: 0,
            ..proxy::Bootstrap::default()
        };
        let config = json!({ "listeners": listeners, "clusters": clusters, "secrets": secrets });
        let proxy = support::start_with(bootstrap, &config);
        let at = address(&proxy, "in");
        // Connections that stay open spread over the workers; their requests come one after the other.
        let mut clients: Vec<Client> = (0..16).map(|_| Client::connect(at)).collect();
        for _ in 0..4 {
            for client in &mut clients {
                assert_eq!(client.get("/").body(), "ok");
            }
        }
        let opened = app.connections.load(std::sync::atomic::Ordering::SeqCst);
        // Each of the eight would open its own. Two are allowed, and a third where the machine does not let a worker run that
        // has one to give.
        assert!(opened <= 3, "{opened} connections for one request at a time");
    }
}

#[test]
fn connections_grow_with_requests_and_not_with_workers() {
    const AT_A_TIME: usize = 4;
    let app = Upstream::saying("ok");
    let bootstrap = proxy::Bootstrap {
        workers: 8,
        report_interval_ms: 0,
        ..proxy::Bootstrap::default()
    };
    let config = json!({ "listeners": [http_listener("in", json!([forward("app")]))], "clusters": [cluster("app", &[app.address])] });
    let proxy = support::start_with(bootstrap, &config);
    let at = address(&proxy, "in");
    std::thread::scope(|scope| {
        for _ in 0..AT_A_TIME {
            scope.spawn(|| {
                let mut clients: Vec<Client> = (0..8).map(|_| Client::connect(at)).collect();
                for round in 0..200 {
                    assert_eq!(clients[round % 8].get("/").body(), "ok");
                }
            });
        }
    });
    let opened = app.connections.load(std::sync::atomic::Ordering::SeqCst);
    // One more than there are requests at a time, and another for a worker that did not run.
    assert!(
        opened <= AT_A_TIME + 2,
        "{opened} connections for {AT_A_TIME} requests at a time"
    );
}

#[test]
fn health_checks_begin_as_connections_to_the_endpoint_do() {
    let (server, seen) = recording();
    let mut app = cluster("app", &[server]);
    app["transport"] = json!({ "proxyProtocol": { "version": "v1", "transport": "plain" } });
    app["healthCheck"] = json!({ "kind": { "http": { "path": "/health" } }, "intervalMs": 50, "timeoutMs": 5000,
        "unhealthyThreshold": 1, "healthyThreshold": 1 });
    let _proxy = start(&json!({ "listeners": [http_listener("in", json!([forward("app")]))], "clusters": [app] }));
    let check = seen.recv_timeout(Duration::from_secs(10)).unwrap();
    assert!(
        check.starts_with(b"PROXY UNKNOWN\r\nGET /health HTTP/1.1\r\n"),
        "{}",
        String::from_utf8_lossy(&check)
    );
}

#[test]
fn the_addresses_come_before_tls_and_pass_two_proxies() {
    let app = telling();
    let key = rcgen::KeyPair::generate().unwrap();
    let pem = rcgen::CertificateParams::new(vec!["inner".to_owned()])
        .unwrap()
        .self_signed(&key)
        .unwrap()
        .pem();
    let mut inner = edge(&json!({}), app.address);
    inner["listeners"][0]["filterChains"][0]["tls"] = json!({ "context": { "certificates": [
        { "inline": { "chain": pem, "key": key.serialize_pem() } }] } });
    let inner = start(&inner);
    let mut next = cluster("next", &[address(&inner, "in")]);
    let tls = json!({ "tls": { "sni": "inner", "context": { "validation": { "trust": { "inline": pem } } } } });
    next["transport"] = json!({ "proxyProtocol": { "version": "v2", "transport": tls } });
    let mut outer = edge(&json!({}), app.address);
    outer["clusters"] = json!([next]);
    outer["listeners"][0]["filterChains"][0]["filters"] = json!([{ "tcpProxy": { "cluster": "next" } }]);
    let outer = start(&outer);
    let mut client = Client::connect(address(&outer, "in"));
    client.send("PROXY TCP4 192.0.2.7 198.51.100.1 5555 80\r\n");
    assert_eq!(client.get("/").body(), "192.0.2.7");
}
