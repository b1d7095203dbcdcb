//! What a sidecar does: mutual TLS, identities, tunnels to internal listeners, raw TCP.
#![allow(clippy::unwrap_used, missing_docs)]

#[path = "support/authority.rs"]
mod authority;
mod support;

use std::{
    io::{Read, Write},
    net::{Shutdown, SocketAddr, TcpListener, TcpStream},
};

use authority::Authority;
use serde_json::{Value, json};
use support::{
    Client, Upstream, address, apply, cluster, forward, free_address, get, http_listener, ok, start, wait_until,
};

fn context() -> Value {
    json!({ "certificates": [{ "secret": "default" }], "validation": { "trust": { "secret": "ROOTCA" } }, "alpn": ["istio", "http/1.1"] })
}

/// The configuration of a server's sidecar on `listen`: mutual TLS, only `allowed` may call.
fn server(listen: &str, app: SocketAddr, allowed: &str, secrets: &Value) -> Value {
    let principal = json!({ "authenticated": { "exact": format!("spiffe://cluster.local/ns/default/sa/{allowed}") } });
    let rules =
        json!({ "action": "allow", "policies": { "only": { "permissions": ["any"], "principals": [principal] } } });
    let manager = json!({
        "httpFilters": [{ "name": "rbac", "kind": { "rbac": { "rules": rules } } }, { "name": "router", "kind": { "router": {} } }],
        "forwardClientCert": "sanitizeSet", "clientCertDetails": { "uri": true },
        "routes": { "inline": { "virtualHosts": [{ "name": "all", "domains": ["*"], "routes": [forward("app")] }] } },
    });
    let tls = json!({ "context": context(), "requireClientCertificate": true });
    json!({
        "listeners": [{ "name": "inbound", "address": listen, "trafficDirection": "inbound",
            "filterChains": [{ "tls": tls, "filters": [{ "httpConnectionManager": manager }] }] }],
        "clusters": [cluster("app", &[app])],
        "secrets": secrets,
    })
}

/// The configuration of a client's sidecar: endpoints with `tlsMode: istio` are called by mutual TLS.
fn client(peer: SocketAddr, expected: &str, secrets: &Value) -> Value {
    let mut upstream = context();
    upstream["validation"]["subjectAltNames"] =
        json!([{ "exact": format!("spiffe://cluster.local/ns/default/sa/{expected}") }]);
    let tls = json!({ "tls": { "context": upstream, "sni": "outbound_.80_._.app" } });
    let mut outbound = cluster("server", &[]);
    outbound["transportMatches"] = json!([
        { "name": "istio", "labels": { "tlsMode": "istio" }, "transport": tls },
        { "name": "plain", "labels": {}, "transport": "plain" },
    ]);
    outbound["endpoints"] =
        json!([{ "endpoints": [{ "address": peer.to_string(), "transportMatch": { "tlsMode": "istio" } }] }]);
    json!({
        "listeners": [http_listener("outbound", json!([forward("server")]))],
        "clusters": [outbound],
        "secrets": secrets,
    })
}

#[test]
fn sidecars_speak_mutual_tls_and_decide_by_identity() {
    let authority = Authority::new();
    let app = Upstream::start(|request| ok(request.header("x-forwarded-client-cert").unwrap_or("none").as_bytes()));
    let fixed = free_address().to_string();
    let serving = start(&server(&fixed, app.address, "web", &authority.secrets("app")));
    let inbound = address(&serving, "inbound");
    let calling = start(&client(inbound, "app", &authority.secrets("web")));
    let outbound = address(&calling, "outbound");
    let response = get(outbound, "/");
    assert_eq!(response.status, 200, "{}", response.body());
    assert!(
        response.body().contains("URI=spiffe://cluster.local/ns/default/sa/web"),
        "{}",
        response.body()
    );

    let mut kept = Client::connect(outbound);
    assert_eq!(kept.get("/").status, 200);
    // A rotation and a change of rules reach connections that are open.
    apply(
        &serving,
        &server(&fixed, app.address, "nobody", &authority.secrets("app")),
    );
    wait_until("the caller is denied", || kept.get("/").status == 403);
    apply(&serving, &server(&fixed, app.address, "web", &authority.secrets("app")));
    wait_until("the caller is let in again", || kept.get("/").status == 200);
    apply(&calling, &client(inbound, "app", &authority.secrets("other")));
    // The old identity lives as long as its connections, the pooled one of this client's worker among them.
    let before = app.requests();
    assert_eq!(kept.get("/").status, 200);
    assert_eq!(app.requests(), before + 1);

    // Plaintext and strangers get nowhere.
    let mut plain = Client::connect(inbound);
    plain.send("GET / HTTP/1.1\r\nHost: a\r\n\r\n");
    assert!(plain.response().is_none());
    let stranger = start(&client(inbound, "app", &Authority::new().secrets("web")));
    assert_eq!(get(address(&stranger, "outbound"), "/").status, 503);
    let wary = start(&client(inbound, "somebody-else", &authority.secrets("web")));
    let refused = get(address(&wary, "outbound"), "/");
    assert_eq!((refused.status, refused.body().contains("TLS_error")), (503, true));
    let metrics = serving.stats_prometheus();
    assert!(
        metrics.contains("source_principal=\"spiffe://cluster.local/ns/default/sa/web\""),
        "{metrics}"
    );
    assert!(metrics.contains("mutual_tls"), "{metrics}");
}

#[test]
fn a_listener_waits_for_its_secrets_and_routes() {
    let authority = Authority::new();
    let app = Upstream::saying("ok");
    let mut config = server("127.0.0.1:0", app.address, "web", &json!([]));
    let proxy = start(&config);
    assert!(!proxy.is_ready());
    let dump: Value = serde_json::from_str(&proxy.dump_config()).unwrap();
    assert_eq!(dump["listeners"][0]["state"], "warming");
    config["secrets"] = authority.secrets("app");
    apply(&proxy, &config);
    assert!(proxy.is_ready());
    let dump = proxy.dump_config();
    assert!(dump.contains("\"active\"") && !dump.contains("PRIVATE KEY"));
}

/// Listener `http_proxy` with a tunnel to an internal listener, as in local mode.
fn http_proxy(app: SocketAddr) -> Value {
    let routes = json!({ "virtualHosts": [
        { "name": "app", "domains": ["app:9080"], "routes": [forward("app")] },
        { "name": "connect", "domains": ["*"], "routes": [
            { "match": { "path": "connect" }, "action": { "forward": { "cluster": "tunnel", "upgrades": [
                { "protocol": "connect", "enabled": true, "terminateConnect": true }] } } }] },
    ] });
    let inner = json!({ "virtualHosts": [{ "name": "app", "domains": ["app:9080"], "routes": [forward("app")] }] });
    let mut listener = http_listener("http_proxy", json!([]));
    listener["filterChains"][0]["filters"][0]["httpConnectionManager"] =
        json!({ "routes": { "inline": routes }, "upgrades": [{ "protocol": "connect", "enabled": true }] });
    json!({
        "listeners": [listener,
            { "name": "http_proxy_tunnel", "address": "internal:http_proxy_tunnel", "bindToPort": false, "filterChains": [
                { "filters": [{ "httpConnectionManager": { "routes": { "inline": inner } } }] }] }],
        "clusters": [cluster("app", &[app]),
            { "name": "tunnel", "endpoints": [{ "endpoints": [{ "address": "internal:http_proxy_tunnel" }] }] }],
    })
}

#[test]
fn a_tunnel_to_an_internal_listener_is_routed_like_a_connection_of_its_own() {
    let app = Upstream::start(|request| ok(request.head.as_bytes()));
    let proxy = start(&http_proxy(app.address));
    let mut client = Client::connect(address(&proxy, "http_proxy"));
    client.send("GET http://app:9080/absolute HTTP/1.1\r\nHost: app:9080\r\n\r\n");
    assert!(
        client
            .response()
            .unwrap()
            .body()
            .starts_with("GET /absolute HTTP/1.1\r\n")
    );
    client.send(
        "CONNECT anything:9080 HTTP/1.1\r\nHost: anything:9080\r\n\r\nGET /early HTTP/1.1\r\nHost: app:9080\r\n\r\n",
    );
    let mut text = [0; 19];
    client.stream.read_exact(&mut text).unwrap();
    assert_eq!(&text, b"HTTP/1.1 200 OK\r\n\r\n");
    assert!(client.response().unwrap().body().starts_with("GET /early HTTP/1.1\r\n"));
    client.send("GET /inside HTTP/1.1\r\nHost: app:9080\r\n\r\n");
    assert!(
        client
            .response()
            .unwrap()
            .body()
            .starts_with("GET /inside HTTP/1.1\r\n")
    );
    client.send("GET / HTTP/1.1\r\nHost: elsewhere\r\n\r\n");
    assert_eq!(client.response().unwrap().status, 404);
}

#[test]
fn explaining_a_request_follows_it_to_its_endpoints() {
    let app = Upstream::saying("ok");
    let proxy = start(&http_proxy(app.address));
    let answer = proxy
        .explain(
            &json!({ "listener": "http_proxy", "method": "GET", "authority": "app:9080", "path": "/x", "headers": [] })
                .to_string(),
        )
        .unwrap();
    let answer: Value = serde_json::from_str(&answer).unwrap();
    assert_eq!(
        (&answer["virtualHost"], &answer["cluster"]),
        (&json!("app"), &json!("app"))
    );
    assert_eq!(answer["endpoints"][0]["address"], app.address.to_string());
    assert!(!answer["decisions"].as_array().unwrap().is_empty());
}

/// A server that sends everything back, and ends when the client does.
fn echo() -> SocketAddr {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap();
    std::thread::spawn(move || {
        for stream in listener.incoming() {
            let mut stream = stream.unwrap();
            std::thread::spawn(move || {
                let mut copy = stream.try_clone().unwrap();
                let _ = std::io::copy(&mut copy, &mut stream);
                let _ = stream.shutdown(Shutdown::Write);
            });
        }
    });
    address
}

#[test]
fn raw_tcp_passes_in_both_directions_and_half_closes() {
    let proxy = start(&json!({
        "listeners": [{ "name": "tcp", "address": "127.0.0.1:0", "filterChains": [{ "filters": [{ "tcpProxy": { "cluster": "echo" } }] }] }],
        "clusters": [cluster("echo", &[echo()])],
    }));
    let mut stream = TcpStream::connect(address(&proxy, "tcp")).unwrap();
    let sent: Vec<u8> = (0..2_000_000_u32).map(|at| (at % 253) as u8).collect();
    let mut writer = stream.try_clone().unwrap();
    let data = sent.clone();
    let writing = std::thread::spawn(move || {
        writer.write_all(&data).unwrap();
        writer.shutdown(Shutdown::Write).unwrap();
    });
    let mut received = Vec::new();
    stream.read_to_end(&mut received).unwrap();
    writing.join().unwrap();
    assert!(received == sent, "{} of {} bytes", received.len(), sent.len());
    wait_until("it is counted", || {
        proxy.stats_prometheus().contains("istio_tcp_sent_bytes_total")
    });
}

#[test]
fn a_websocket_becomes_a_stream_of_bytes() {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let upstream = listener.local_addr().unwrap();
    std::thread::spawn(move || {
        let (mut stream, _) = listener.accept().unwrap();
        let mut buffer = Vec::new();
        let request = support::read_message(&mut stream, &mut buffer, false).unwrap();
        assert_eq!(
            (request.header("upgrade"), request.header("connection")),
            (Some("websocket"), Some("upgrade"))
        );
        stream
            .write_all(b"HTTP/1.1 101 Switching Protocols\r\nConnection: upgrade\r\nUpgrade: websocket\r\n\r\nearly")
            .unwrap();
        let mut copy = stream.try_clone().unwrap();
        let _ = std::io::copy(&mut copy, &mut stream);
    });
    let manager = json!({ "upgrades": [{ "protocol": "websocket", "enabled": true }],
        "routes": { "inline": { "virtualHosts": [{ "name": "all", "domains": ["*"], "routes": [forward("up")] }] } } });
    let proxy = start(&json!({
        "listeners": [support::http_listener_with("web", manager), http_listener("strict", json!([forward("up")]))],
        "clusters": [cluster("up", &[upstream])],
    }));
    let request = "GET /chat HTTP/1.1\r\nHost: a\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\r\n";
    let mut refused = Client::connect(address(&proxy, "strict"));
    refused.send(request);
    assert_eq!(refused.response().unwrap().status, 403);
    let mut client = Client::connect(address(&proxy, "web"));
    client.send(request);
    let response = client.response().unwrap();
    assert_eq!((response.status, response.header("upgrade")), (101, Some("websocket")));
    client.send("late");
    client.stream.shutdown(Shutdown::Write).unwrap();
    assert_eq!(client.rest(), b"earlylate");
}

#[test]
fn tls_and_plaintext_on_one_port_are_told_apart() {
    let authority = Authority::new();
    let app = Upstream::saying("ok");
    let mut config = server("127.0.0.1:0", app.address, "web", &authority.secrets("app"));
    let plain = json!({ "name": "plain", "match": { "transportProtocol": "raw_buffer" }, "filters": [{ "httpConnectionManager": {
        "routes": { "inline": { "virtualHosts": [{ "name": "all", "domains": ["*"], "routes": [
            { "action": { "directResponse": { "status": 200, "body": "plain" } } }] }] } } } }] });
    config["listeners"][0]["listenerFilters"] = json!([{ "kind": "tlsInspector" }]);
    config["listeners"][0]["filterChains"][0]["match"] =
        json!({ "transportProtocol": "tls", "applicationProtocols": ["istio"] });
    config["listeners"][0]["filterChains"]
        .as_array_mut()
        .unwrap()
        .push(plain);
    let serving = start(&config);
    let inbound = address(&serving, "inbound");
    assert_eq!(get(inbound, "/").body(), "plain");
    let calling = start(&client(inbound, "app", &authority.secrets("web")));
    assert_eq!(get(address(&calling, "outbound"), "/").body(), "ok");
}

#[test]
fn what_a_sidecar_could_not_deliver_goes_to_another_endpoint_whatever_it_is() {
    let authority = Authority::new();
    let app = Upstream::start(|_| ok(b"delivered"));
    let gone = support::dead_address();
    let start_server = |app| start(&server("127.0.0.1:0", app, "web", &authority.secrets("app")));
    let (dead, alive) = (start_server(gone), start_server(app.address));
    let mut config = client(address(&dead, "inbound"), "app", &authority.secrets("web"));
    config["clusters"][0]["endpoints"][0]["endpoints"] = [&dead, &alive]
        .map(|server| json!({ "address": address(server, "inbound").to_string(), "transportMatch": { "tlsMode": "istio" } }))
        .into();
    let calling = start(&config);
    let mut caller = Client::connect(address(&calling, "outbound"));
    for _ in 0..20 {
        caller.send("POST /order HTTP/1.1\r\nHost: a\r\nContent-Length: 4\r\n\r\nonce");
        let response = caller.response().unwrap();
        assert_eq!((response.status, response.body().as_str()), (200, "delivered"));
    }
    assert_eq!(app.requests(), 20);

    // Without another endpoint the client learns that it failed, but not how proxies say it to each other.
    let only = start(&client(address(&dead, "inbound"), "app", &authority.secrets("web")));
    let response = get(address(&only, "outbound"), "/");
    assert_eq!(
        (response.status, response.header("x-fairlead-undelivered")),
        (503, None)
    );

    // An application cannot say it: it is not asked twice.
    let liar =
        Upstream::start(|_| b"HTTP/1.1 503 No\r\nx-fairlead-undelivered: 1\r\ncontent-length: 0\r\n\r\n".to_vec());
    let lying = start_server(liar.address);
    let fooled = start(&client(address(&lying, "inbound"), "app", &authority.secrets("web")));
    assert_eq!(get(address(&fooled, "outbound"), "/").status, 503);
    assert_eq!(liar.requests(), 1);
}

#[test]
fn health_checks_prove_the_identity_that_requests_prove() {
    let authority = Authority::new();
    let app = Upstream::saying("app");
    let serving = start(&server("127.0.0.1:0", app.address, "web", &authority.secrets("app")));
    let inbound = address(&serving, "inbound");
    let checking = |expected: &str, account: &str| {
        let mut config = client(inbound, expected, &authority.secrets(account));
        config["clusters"][0]["healthCheck"] = json!({ "kind": { "http": { "path": "/" } }, "intervalMs": 20, "noTrafficIntervalMs": 20, "timeoutMs": 5_000 });
        start(&config)
    };
    let health = |proxy: &proxy::Proxy| {
        let dump: Value = serde_json::from_str(&proxy.dump_config()).unwrap();
        let endpoint = &dump["endpoints"][0]["endpoints"][0];
        assert_ne!(endpoint, &Value::Null);
        let is_done = endpoint["pendingActiveHealthCheck"] == false;
        is_done.then(|| endpoint["lastHealthCheckFailure"].as_str().unwrap_or("well").to_owned())
    };
    for (expected, account, result) in [
        ("app", "web", "well"),
        ("app", "stranger", "the status is not an expected one"),
        ("somebody-else", "web", "the tls handshake failed"),
    ] {
        let proxy = checking(expected, account);
        wait_until("the first check", || health(&proxy).is_some());
        assert_eq!(health(&proxy).unwrap(), result, "{account} to {expected}");
    }
}

#[test]
fn a_service_of_authorization_learns_who_proved_to_be_whom() {
    use messages::envoy::service::auth::v3::{CheckRequest, CheckResponse};
    use prost::Message as _;
    let authority = Authority::new();
    let app = Upstream::saying("ok");
    let service =
        support::grpc::Service::start(|_| support::grpc::Does::Answer(CheckResponse::default().encode_to_vec()));
    let mut inbound = server("127.0.0.1:0", app.address, "web", &authority.secrets("app"));
    let authz = json!({ "name": "authz", "kind": { "extAuthz": { "includePeerCertificate": true,
        "service": { "grpc": { "cluster": "authz", "timeoutMs": 5_000 } } } } });
    let filters = &mut inbound["listeners"][0]["filterChains"][0]["filters"][0]["httpConnectionManager"]["httpFilters"];
    filters.as_array_mut().unwrap().insert(0, authz);
    let clusters = inbound["clusters"].as_array_mut().unwrap();
    clusters.push(cluster("authz", &[service.address]));
    let serving = start(&inbound);
    let calling = start(&client(address(&serving, "inbound"), "app", &authority.secrets("web")));
    assert_eq!(get(address(&calling, "outbound"), "/").status, 200);
    let asked = CheckRequest::decode(service.last().message.as_slice()).unwrap();
    let source = asked.attributes.unwrap().source.unwrap();
    assert_eq!(source.principal, "spiffe://cluster.local/ns/default/sa/web");
    assert!(
        source.certificate.starts_with("-----BEGIN%20CERTIFICATE-----%0AMII"),
        "{}",
        source.certificate
    );
}
