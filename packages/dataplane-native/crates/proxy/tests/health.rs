//! Endpoints that fail their health checks, and outliers, on real sockets.
#![allow(clippy::unwrap_used, missing_docs)]

mod support;

use std::{
    collections::BTreeSet,
    io::{Read, Write},
    net::{SocketAddr, TcpListener, TcpStream},
    sync::{
        Arc,
        atomic::{AtomicBool, AtomicUsize, Ordering::SeqCst},
    },
};

use bytes::Bytes;
use proxy::Proxy;
use serde_json::{Value, json};
use support::{
    Client, Upstream, address, apply, cluster, dead_address, forward, get, http_listener, ok, start, status, wait_until,
};

/// A check of this kind, as often as a test can wait for.
fn every_20_ms(kind: &Value) -> Value {
    json!({ "kind": kind, "intervalMs": 20, "noTrafficIntervalMs": 20, "timeoutMs": 5_000, "unhealthyThreshold": 2, "healthyThreshold": 2 })
}

fn checked(endpoints: &[SocketAddr], kind: &Value) -> Value {
    let mut cluster = cluster("up", endpoints);
    cluster["healthCheck"] = every_20_ms(kind);
    cluster
}

fn serving(cluster: &Value) -> Value {
    json!({ "listeners": [http_listener("web", json!([forward("up")]))], "clusters": [cluster] })
}

/// What the dump says of an endpoint.
fn endpoint(proxy: &Proxy, address: SocketAddr) -> Value {
    let dump: Value = serde_json::from_str(&proxy.dump_config()).unwrap();
    let endpoints = dump["endpoints"][0]["endpoints"].as_array().unwrap();
    let found = endpoints.iter().find(|entry| entry["address"] == address.to_string());
    found.cloned().unwrap_or_default()
}

fn wait_for_health(proxy: &Proxy, address: SocketAddr, healthy: bool) {
    wait_until(&format!("{address} is healthy: {healthy}"), || {
        let seen = endpoint(proxy, address);
        seen["healthy"] == healthy && seen["pendingActiveHealthCheck"] == false
    });
}

/// Answers its own name, and health checks by a switch.
fn upstream(name: &'static str) -> (Upstream, Arc<AtomicBool>) {
    let is_well = Arc::new(AtomicBool::new(true));
    let switch = is_well.clone();
    let upstream = Upstream::start(move |request| {
        if !request.head.starts_with("GET /healthz ") {
            return ok(name.as_bytes());
        }
        if switch.load(SeqCst) {
            ok(b"all is well")
        } else {
            status(500, b"no")
        }
    });
    (upstream, is_well)
}

fn answers(address: SocketAddr, requests: usize) -> BTreeSet<String> {
    let mut client = Client::connect(address);
    (0..requests).map(|_| client.get("/").body()).collect()
}

fn names(names: &[&str]) -> BTreeSet<String> {
    names.iter().map(ToString::to_string).collect()
}

fn metric(proxy: &Proxy, name: &str) -> u64 {
    let text = proxy.stats_prometheus();
    let start = format!("fairlead_proxy_cluster_{name}{{cluster=\"up\"}} ");
    let line = text.lines().find_map(|line| line.strip_prefix(&start));
    line.unwrap_or_else(|| panic!("no {name} in {text}")).parse().unwrap()
}

#[test]
fn an_upstream_that_becomes_unhealthy_is_left_out_before_a_request_meets_it() {
    let ((one, _), (two, is_two_well)) = (upstream("one"), upstream("two"));
    let check = json!({ "http": { "path": "/healthz", "host": "reviews", "receive": [{ "text": "all" }, { "text": "well" }],
        "headers": [{ "name": "x-probe", "value": "yes" }] } });
    let proxy = start(&serving(&checked(&[one.address, two.address], &check)));
    let web = address(&proxy, "web");
    wait_for_health(&proxy, two.address, true);
    assert_eq!(answers(web, 10), names(&["one", "two"]));

    is_two_well.store(false, SeqCst);
    wait_for_health(&proxy, two.address, false);
    let seen = endpoint(&proxy, two.address);
    assert_eq!(
        (&seen["failedActiveHealthCheck"], &seen["lastHealthCheckFailure"]),
        (&json!(true), &json!("the status is not an expected one"))
    );
    assert_eq!(answers(web, 20), names(&["one"]));
    assert_eq!(metric(&proxy, "health_check_healthy"), 1);

    is_two_well.store(true, SeqCst);
    wait_for_health(&proxy, two.address, true);
    assert_eq!(answers(web, 10), names(&["one", "two"]));
    assert_eq!(metric(&proxy, "health_check_healthy"), 2);
    let [attempts, successes, failures] =
        ["attempt", "success", "failure"].map(|name| metric(&proxy, &format!("health_check_{name}")));
    assert!(successes > 0 && failures > 0 && attempts >= successes + failures);

    let requests = two.seen.lock().unwrap().clone();
    let probe = requests
        .iter()
        .find(|request| request.head.starts_with("GET /healthz "))
        .unwrap();
    let header = |name| probe.header(name);
    assert_eq!(
        (header("host"), header("user-agent"), header("x-probe")),
        (Some("reviews"), Some("Fairlead/HC"), Some("yes"))
    );
    assert!(
        two.connections.load(SeqCst) <= 4,
        "checks keep their connection: {}",
        two.connections.load(SeqCst)
    );
}

#[test]
fn an_endpoint_that_joins_serves_after_its_first_check_and_not_before() {
    let ((one, _), (two, is_two_well)) = (upstream("one"), upstream("two"));
    is_two_well.store(false, SeqCst);
    let check = json!({ "http": { "path": "/healthz" } });
    let mut config = serving(&checked(&[one.address], &check));
    config["listeners"][0]["address"] = json!(support::free_address().to_string());
    let proxy = start(&config);
    let web = address(&proxy, "web");
    wait_for_health(&proxy, one.address, true);
    config["clusters"] = json!([checked(&[one.address, two.address], &check)]);
    apply(&proxy, &config);
    assert_eq!(answers(web, 50), names(&["one"]));
    is_two_well.store(true, SeqCst);
    wait_for_health(&proxy, two.address, true);
    assert_eq!(answers(web, 10), names(&["one", "two"]));

    // Without checks nothing is known against anybody.
    is_two_well.store(false, SeqCst);
    wait_for_health(&proxy, two.address, false);
    config["clusters"] = json!([cluster("up", &[one.address, two.address])]);
    apply(&proxy, &config);
    wait_for_health(&proxy, two.address, true);
}

#[test]
fn all_are_used_when_all_fail_unless_panic_is_forbidden() {
    let ((one, is_one_well), (two, is_two_well)) = (upstream("one"), upstream("two"));
    is_one_well.store(false, SeqCst);
    is_two_well.store(false, SeqCst);
    let mut up = checked(&[one.address, two.address], &json!({ "http": { "path": "/healthz" } }));
    let panicking = start(&serving(&up));
    wait_for_health(&panicking, one.address, false);
    wait_for_health(&panicking, two.address, false);
    assert_eq!(answers(address(&panicking, "web"), 10), names(&["one", "two"]));
    up["panicThresholdPercent"] = json!(0.0);
    let strict = start(&serving(&up));
    wait_for_health(&strict, one.address, false);
    wait_for_health(&strict, two.address, false);
    assert_eq!(get(address(&strict, "web"), "/").status, 503);
}

/// A server that answers `ping` with `pong`, or with nothing, and keeps the connection.
fn ponging() -> (SocketAddr, Arc<AtomicBool>) {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap();
    let is_well = Arc::new(AtomicBool::new(true));
    let switch = is_well.clone();
    std::thread::spawn(move || {
        for stream in listener.incoming() {
            let (mut stream, switch): (TcpStream, _) = (stream.unwrap(), switch.clone());
            std::thread::spawn(move || {
                let mut buffer = [0; 4];
                while stream.read_exact(&mut buffer).is_ok() {
                    let answer: &[u8] = if switch.load(SeqCst) { b"..pong" } else { b"" };
                    if answer.is_empty() || stream.write_all(answer).is_err() {
                        return;
                    }
                }
            });
        }
    });
    (address, is_well)
}

#[test]
fn tcp_checks_connect_or_exchange_bytes() {
    let (server, is_well) = ponging();
    let ping = json!({ "tcp": { "send": { "text": "ping" }, "receive": [{ "hex": "706f6e67" }] } });
    let proxy = start(&serving(&checked(&[server, dead_address()], &ping)));
    wait_for_health(&proxy, server, true);
    wait_for_health(&proxy, dead_address(), false);
    is_well.store(false, SeqCst);
    wait_for_health(&proxy, server, false);
    assert_eq!(
        endpoint(&proxy, server)["lastHealthCheckFailure"],
        "the connection was closed before the answer"
    );
    is_well.store(true, SeqCst);
    wait_for_health(&proxy, server, true);
    let connecting = start(&serving(&checked(&[server, dead_address()], &json!({ "tcp": {} }))));
    wait_for_health(&connecting, server, true);
    wait_for_health(&connecting, dead_address(), false);
    assert_eq!(
        endpoint(&connecting, dead_address())["lastHealthCheckFailure"],
        "the connection was refused or could not be made"
    );
}

#[test]
fn connections_to_an_endpoint_that_fails_are_closed_where_that_is_wanted() {
    let (pong, is_well) = ponging();
    let (health, is_health_well) = upstream("health");
    let mut up = checked(&[pong], &json!({ "http": { "path": "/healthz" } }));
    up["healthCheck"]["altPort"] = json!(health.address.port());
    up["closeConnectionsOnHostHealthFailure"] = json!(true);
    let proxy = start(&json!({
        "listeners": [{ "name": "tcp", "address": "127.0.0.1:0", "filterChains": [{ "filters": [{ "tcpProxy": { "cluster": "up" } }] }] }],
        "clusters": [up],
    }));
    let mut client = Client::connect(address(&proxy, "tcp"));
    client.send("ping");
    let mut answer = [0; 6];
    client.stream.read_exact(&mut answer).unwrap();
    assert_eq!(&answer, b"..pong");
    assert!(is_well.load(SeqCst));
    is_health_well.store(false, SeqCst);
    assert!(client.is_closed());
}

/// A server of `grpc.health.v1.Health` for the service `up`.
struct GrpcServer {
    address: SocketAddr,
    is_serving: Arc<AtomicBool>,
    connections: Arc<AtomicUsize>,
    checks: Arc<AtomicUsize>,
}

impl GrpcServer {
    fn start() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        listener.set_nonblocking(true).unwrap();
        let server = Self {
            address: listener.local_addr().unwrap(),
            is_serving: Arc::new(AtomicBool::new(true)),
            connections: Arc::default(),
            checks: Arc::default(),
        };
        let (is_serving, connections, checks) = (
            server.is_serving.clone(),
            server.connections.clone(),
            server.checks.clone(),
        );
        std::thread::spawn(move || {
            let runtime = tokio::runtime::Builder::new_current_thread()
                .enable_all()
                .build()
                .unwrap();
            runtime.block_on(async {
                let listener = tokio::net::TcpListener::from_std(listener).unwrap();
                let local = tokio::task::LocalSet::new();
                local
                    .run_until(async {
                        loop {
                            let (socket, _) = listener.accept().await.unwrap();
                            connections.fetch_add(1, SeqCst);
                            let (is_serving, checks) = (is_serving.clone(), checks.clone());
                            tokio::task::spawn_local(async move {
                                let mut connection = h2::server::handshake(socket).await.unwrap();
                                while let Some(Ok((request, respond))) = connection.accept().await {
                                    checks.fetch_add(1, SeqCst);
                                    let is_serving = is_serving.load(SeqCst);
                                    tokio::task::spawn_local(answer_check(request, respond, is_serving));
                                }
                            });
                        }
                    })
                    .await;
            });
        });
        server
    }
}

async fn answer_check(
    request: http_types::Request<h2::RecvStream>,
    mut respond: h2::server::SendResponse<Bytes>,
    is_serving: bool,
) {
    if request.uri().path() == "/healthz" {
        let status = if is_serving { 200 } else { 503 };
        let head = http_types::Response::builder().status(status);
        respond.send_response(head.body(()).unwrap(), true).unwrap();
        return;
    }
    assert_eq!(request.uri().path(), "/grpc.health.v1.Health/Check");
    assert_eq!(request.uri().authority().unwrap().as_str(), "health.local");
    assert_eq!(request.headers()["content-type"], "application/grpc");
    let mut body = request.into_body();
    let mut message = Vec::new();
    while let Some(piece) = body.data().await {
        message.extend_from_slice(&piece.unwrap());
    }
    assert_eq!(message, b"\0\0\0\0\x04\x0a\x02up");
    let head = http_types::Response::builder().header("content-type", "application/grpc");
    let mut stream = respond.send_response(head.body(()).unwrap(), false).unwrap();
    let status = if is_serving { 1 } else { 2 };
    stream
        .send_data(Bytes::copy_from_slice(&[0, 0, 0, 0, 2, 8, status]), false)
        .unwrap();
    let mut trailers = http_types::HeaderMap::new();
    trailers.insert("grpc-status", "0".parse().unwrap());
    stream.send_trailers(trailers).unwrap();
}

#[test]
fn grpc_servers_say_themselves_whether_they_serve() {
    let server = GrpcServer::start();
    let check = json!({ "grpc": { "serviceName": "up", "authority": "health.local" } });
    let proxy = start(&serving(&checked(&[server.address], &check)));
    wait_for_health(&proxy, server.address, true);
    server.is_serving.store(false, SeqCst);
    wait_for_health(&proxy, server.address, false);
    assert_eq!(
        endpoint(&proxy, server.address)["lastHealthCheckFailure"],
        "the service says that it does not serve"
    );
    server.is_serving.store(true, SeqCst);
    wait_for_health(&proxy, server.address, true);
    wait_until("many checks", || server.checks.load(SeqCst) > 20);
    assert_eq!(server.connections.load(SeqCst), 1, "all on one connection");
    assert_eq!(metric(&proxy, "health_check_network_failure"), 0);
}

#[test]
fn what_is_asked_by_http2_is_judged_as_by_http1() {
    let server = GrpcServer::start();
    let check = json!({ "http": { "path": "/healthz", "http2": true } });
    let proxy = start(&serving(&checked(&[server.address], &check)));
    wait_for_health(&proxy, server.address, true);
    server.is_serving.store(false, SeqCst);
    wait_for_health(&proxy, server.address, false);
    assert_eq!(
        endpoint(&proxy, server.address)["lastHealthCheckFailure"],
        "the status is not an expected one"
    );
    assert_eq!(server.connections.load(SeqCst), 1);
}

#[test]
fn an_endpoint_whose_success_rate_falls_behind_those_of_others_is_left_out() {
    let bad = Arc::new(AtomicUsize::new(0));
    let upstreams: Vec<Upstream> = (0..6)
        .map(|index| {
            let bad = bad.clone();
            Upstream::start(move |_| {
                if index == 3 && !bad.fetch_add(1, SeqCst).is_multiple_of(3) {
                    status(500, b"no")
                } else {
                    ok(b"ok")
                }
            })
        })
        .collect();
    let addresses: Vec<SocketAddr> = upstreams.iter().map(|upstream| upstream.address).collect();
    let mut up = cluster("up", &addresses);
    up["outlierDetection"] =
        json!({ "consecutive5xx": 0, "intervalMs": 300, "successRateRequestVolume": 10, "maxEjectionPercent": 20 });
    let proxy = start(&serving(&up));
    let web = address(&proxy, "web");
    let mut client = Client::connect(web);
    wait_until("the outlier is found", || {
        for _ in 0..60 {
            client.get("/");
        }
        endpoint(&proxy, addresses[3])["ejected"] == true
    });
    for _ in 0..60 {
        assert_eq!(client.get("/").status, 200);
    }
    assert_eq!(metric(&proxy, "outlier_detection_ejections_active"), 1);
    assert_eq!(metric(&proxy, "outlier_detection_ejections_enforced_success_rate"), 1);
    assert_eq!(
        metric(&proxy, "outlier_detection_ejections_enforced_consecutive_5xx"),
        0
    );
}

#[test]
fn a_health_check_that_succeeds_takes_an_ejected_endpoint_back() {
    let fails = Arc::new(AtomicBool::new(true));
    let switch = fails.clone();
    let flaky = Upstream::start(move |request| {
        if request.head.starts_with("GET /healthz ") || !switch.load(SeqCst) {
            ok(b"flaky")
        } else {
            status(500, b"no")
        }
    });
    let good = Upstream::saying("good");
    let mut up = checked(
        &[good.address, flaky.address],
        &json!({ "http": { "path": "/healthz" } }),
    );
    up["outlierDetection"] = json!({ "consecutive5xx": 1, "maxEjectionPercent": 50, "baseEjectionTimeMs": 600_000 });
    let proxy = start(&serving(&up));
    let mut client = Client::connect(address(&proxy, "web"));
    wait_until("it fails", || client.get("/").status == 500);
    fails.store(false, SeqCst);
    wait_until("it is back", || client.get("/").body() == "flaky");
    assert_eq!(metric(&proxy, "outlier_detection_ejections_enforced_total"), 1);
}

#[test]
fn an_endpoint_that_is_no_longer_named_serves_until_it_fails_its_check() {
    let ((one, _), (two, is_two_well)) = (upstream("one"), upstream("two"));
    let mut up = checked(&[], &json!({ "http": { "path": "/healthz" } }));
    up["kind"] = json!({ "eds": { "serviceName": "eds" } });
    up.as_object_mut().unwrap().remove("endpoints");
    let config = |named: &[SocketAddr], ignore: bool, web: &str| {
        let mut up = up.clone();
        up["ignoreHealthOnHostRemoval"] = json!(ignore);
        let mut config = serving(&up);
        config["listeners"][0]["address"] = json!(web);
        let endpoints = cluster("", named)["endpoints"].clone();
        config["endpoints"] = json!([{ "clusterName": "eds", "localities": endpoints }]);
        config
    };
    let fixed = support::free_address().to_string();
    let both = [one.address, two.address];
    let proxy = start(&config(&both, false, &fixed));
    let web = address(&proxy, "web");
    wait_for_health(&proxy, two.address, true);
    apply(&proxy, &config(&both[..1], false, &fixed));
    assert_eq!(answers(web, 20), names(&["one", "two"]));
    is_two_well.store(false, SeqCst);
    wait_until("two is gone", || endpoint(&proxy, two.address).is_null());
    is_two_well.store(true, SeqCst);
    assert_eq!(answers(web, 20), names(&["one"]));

    apply(&proxy, &config(&both, true, &fixed));
    wait_for_health(&proxy, two.address, true);
    apply(&proxy, &config(&both[..1], true, &fixed));
    assert!(endpoint(&proxy, two.address).is_null(), "its health is ignored");
}
