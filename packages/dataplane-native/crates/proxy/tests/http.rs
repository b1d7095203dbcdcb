//! HTTP end to end: sockets on both sides, no Node.
#![allow(clippy::unwrap_used, missing_docs)]

mod support;

use std::{
    sync::{
        Arc,
        atomic::{AtomicBool, AtomicUsize, Ordering::SeqCst},
    },
    time::{Duration, Instant},
};

use serde_json::json;
use support::{
    Client, Upstream, address, apply, cluster, dead_address, forward, free_address, get, http_listener,
    http_listener_with, ok, start, status, wait_until,
};

#[test]
fn requests_go_where_routes_say_with_the_headers_and_paths_they_say() {
    let (one, two) = (Upstream::saying("one"), Upstream::saying("two"));
    let proxy = start(&json!({
        "listeners": [http_listener("web", json!([
            { "match": { "path": { "prefix": "/two/" } },
              "headers": { "request": { "set": [{ "name": "x-added", "value": "%REQ(:METHOD)%", "action": "overwriteIfExistsOrAdd" }], "remove": ["x-secret"] },
                           "response": { "set": [{ "name": "x-out", "value": "1" }] } },
              "action": { "forward": { "cluster": "two", "pathRewrite": { "prefix": "/new/" }, "hostRewrite": { "literal": "other" } } } },
            { "match": { "path": { "exact": "/moved" } }, "action": { "redirect": { "host": "elsewhere", "status": 302 } } },
            { "match": { "path": { "exact": "/tea" } }, "action": { "directResponse": { "status": 418, "body": "tea" } } },
            forward("one"),
        ]))],
        "clusters": [cluster("one", &[one.address]), cluster("two", &[two.address])],
    }));
    let web = address(&proxy, "web");
    let mut client = Client::connect(web);
    assert_eq!(client.get("/").body(), "one");
    client.send("GET /two/a?b HTTP/1.1\r\nHost: test\r\nX-Secret: 1\r\nKeep: 2\r\n\r\n");
    let response = client.response().unwrap();
    assert_eq!((response.body().as_str(), response.header("x-out")), ("two", Some("1")));
    let seen = two.last();
    assert!(seen.head.starts_with("GET /new/a?b HTTP/1.1\r\n"), "{}", seen.head);
    assert_eq!(
        (seen.header("host"), seen.header("x-added"), seen.header("x-secret")),
        (Some("other"), Some("GET"), None)
    );
    assert_eq!(seen.header("keep"), Some("2"));
    assert!(seen.header("x-request-id").is_some());
    let moved = client.get("/moved");
    assert_eq!(
        (moved.status, moved.header("location")),
        (302, Some("http://elsewhere/moved"))
    );
    assert_eq!(client.get("/tea").status, 418);
    assert_eq!(
        one.connections.load(SeqCst) + two.connections.load(SeqCst),
        2,
        "connections are reused"
    );
}

#[test]
fn bodies_of_any_size_and_framing_pass_both_ways() {
    let echo = Upstream::start(|request| ok(&request.body));
    let proxy = start(&json!({
        "listeners": [http_listener("web", json!([forward("echo")]))],
        "clusters": [cluster("echo", &[echo.address])],
    }));
    let mut client = Client::connect(address(&proxy, "web"));
    for size in [0, 1, 1000, 10_000, 100_000, 1_000_000] {
        let body: Vec<u8> = (0..size).map(|at: u32| (at % 251) as u8).collect();
        client.send(format!("POST / HTTP/1.1\r\nHost: a\r\nContent-Length: {size}\r\n\r\n"));
        client.send(&body);
        assert_eq!(client.response().unwrap().message.body, body, "{size} bytes");
    }
    client.send("POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhel");
    client.send("lo\r\n0\r\n\r\n");
    assert_eq!(client.response().unwrap().message.body, b"5\r\nhello\r\n0\r\n\r\n");
    client.send("POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 3\r\nExpect: 100-continue\r\n\r\n");
    assert_eq!(client.response().unwrap().status, 100);
    client.send("abc");
    assert_eq!(client.response().unwrap().body(), "abc");
    client.send("GET /1 HTTP/1.1\r\nHost: a\r\n\r\nGET /2 HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n");
    assert!(client.response().unwrap().header("connection").is_none());
    assert_eq!(client.response().unwrap().header("connection"), Some("close"));
    assert!(client.is_closed());
}

#[test]
fn responses_end_as_their_framing_says() {
    let upstream = Upstream::start(|request| {
        let path = request.head.split(' ').nth(1).unwrap();
        match path {
            "/chunked" => b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n0\r\n\r\n".to_vec(),
            "/empty" => b"HTTP/1.1 204 No Content\r\n\r\n".to_vec(),
            "/interim" => {
                b"HTTP/1.1 103 Early Hints\r\nlink: x\r\n\r\nHTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok".to_vec()
            }
            _ => b"HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\n".to_vec(),
        }
    });
    let proxy = start(&json!({
        "listeners": [http_listener_with("web", json!({ "http1": { "acceptHttp10": true }, "routes": { "inline": { "virtualHosts": [
            { "name": "all", "domains": ["*"], "routes": [forward("up")] } ] } } }))],
        "clusters": [cluster("up", &[upstream.address])],
    }));
    let web = address(&proxy, "web");
    let mut client = Client::connect(web);
    assert_eq!(client.get("/chunked").message.body, b"3\r\nabc\r\n0\r\n\r\n");
    assert_eq!(client.get("/empty").status, 204);
    assert_eq!(client.get("/interim").header("link"), Some("x"));
    assert_eq!(client.response().unwrap().body(), "ok");
    client.send("HEAD /head HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n");
    assert!(String::from_utf8(client.rest()).unwrap().ends_with("\r\n\r\n"));
    let mut old = Client::connect(web);
    old.send("GET /chunked HTTP/1.0\r\n\r\n");
    let text = String::from_utf8(old.rest()).unwrap();
    assert!(
        text.ends_with("\r\n\r\nabc") && !text.to_ascii_lowercase().contains("transfer-encoding"),
        "{text}"
    );
}

#[test]
fn failures_have_envoys_status_and_words() {
    let closing = Upstream::start(|_| Vec::new());
    let garbage = Upstream::start(|_| b"not http at all\r\n\r\n".to_vec());
    let proxy = start(&json!({
        "listeners": [http_listener_with("web", json!({ "routes": { "inline": { "virtualHosts": [
            { "name": "a", "domains": ["test"], "routes": [
                { "match": { "path": { "prefix": "/dead" } }, "action": { "forward": { "cluster": "dead" } } },
                { "match": { "path": { "prefix": "/empty" } }, "action": { "forward": { "cluster": "empty" } } },
                { "match": { "path": { "prefix": "/missing" } }, "action": { "forward": { "cluster": "missing" } } },
                { "match": { "path": { "prefix": "/closing" } }, "action": { "forward": { "cluster": "closing" } } },
                { "match": { "path": { "prefix": "/garbage" } }, "action": { "forward": { "cluster": "garbage" } } },
            ] } ] } } }))],
        "clusters": [cluster("dead", &[dead_address()]), cluster("empty", &[]), cluster("closing", &[closing.address]), cluster("garbage", &[garbage.address])],
    }));
    let mut client = Client::connect(address(&proxy, "web"));
    for (path, code, words) in [
        ("/dead", 503, "reset reason: remote connection failure"),
        ("/empty", 503, "no healthy upstream"),
        ("/missing", 503, ""),
        ("/closing", 503, "reset reason: connection termination"),
        ("/garbage", 502, "reset reason: protocol error"),
        ("/nowhere", 404, ""),
    ] {
        let response = client.get(path);
        assert_eq!(response.status, code, "{path}");
        assert!(response.body().ends_with(words), "{path}: {}", response.body());
    }
}

#[test]
fn a_request_is_tried_again_where_its_policy_says_and_where_it_never_arrived() {
    let fails = Arc::new(AtomicUsize::new(2));
    let flaky = {
        let fails = fails.clone();
        Upstream::start(move |request| {
            let left = fails.fetch_update(SeqCst, SeqCst, |left| left.checked_sub(1));
            if left.is_ok() {
                status(503, b"no")
            } else {
                ok(&request.body)
            }
        })
    };
    let good = Upstream::saying("good");
    let retry = json!({ "retryOn": "5xx", "numRetries": 2, "backoff": { "baseIntervalMs": 1, "maxIntervalMs": 2 } });
    let proxy = start(&json!({
        "listeners": [http_listener("web", json!([
            { "match": { "path": { "prefix": "/flaky" } }, "action": { "forward": { "cluster": "flaky", "retry": retry } } },
            { "match": { "path": { "prefix": "/half" } }, "action": { "forward": { "cluster": "half" } } },
        ]))],
        "clusters": [cluster("flaky", &[flaky.address]), cluster("half", &[dead_address(), good.address])],
    }));
    let mut client = Client::connect(address(&proxy, "web"));
    client.send("POST /flaky HTTP/1.1\r\nHost: a\r\nContent-Length: 4\r\n\r\nbody");
    assert_eq!(client.response().unwrap().body(), "body");
    assert_eq!(flaky.requests(), 3);
    fails.store(5, SeqCst);
    assert_eq!(client.get("/flaky").status, 503);
    assert_eq!(flaky.requests(), 6);
    for _ in 0..10 {
        assert_eq!(
            client.get("/half").body(),
            "good",
            "a refused connection goes to another endpoint"
        );
    }
}

#[test]
fn a_connection_that_its_peer_closed_is_replaced_without_a_failure() {
    let upstream = Upstream::saying("ok");
    let proxy = start(&json!({
        "listeners": [http_listener("web", json!([forward("up")]))],
        "clusters": [cluster("up", &[upstream.address])],
    }));
    let mut client = Client::connect(address(&proxy, "web"));
    for _ in 0..20 {
        assert_eq!(client.get("/").status, 200);
        upstream.close_connections();
    }
    assert_eq!(upstream.connections.load(SeqCst), 20);
}

#[test]
fn slow_upstreams_are_given_up_in_time() {
    let slow = Upstream::start(|request| {
        std::thread::sleep(Duration::from_millis(if request.head.contains("/try") {
            300
        } else {
            1500
        }));
        ok(b"late")
    });
    let retry = json!({ "retryOn": "5xx", "numRetries": 1, "perTryTimeoutMs": 60, "backoff": { "baseIntervalMs": 1, "maxIntervalMs": 2 } });
    let proxy = start(&json!({
        "listeners": [http_listener("web", json!([
            { "match": { "path": { "prefix": "/try" } }, "action": { "forward": { "cluster": "slow", "retry": retry } } },
            { "action": { "forward": { "cluster": "slow", "timeoutMs": 80 } } },
        ]))],
        "clusters": [cluster("slow", &[slow.address])],
    }));
    let web = address(&proxy, "web");
    let start = Instant::now();
    let response = get(web, "/");
    assert_eq!(
        (response.status, response.body().as_str()),
        (504, "upstream request timeout")
    );
    assert!(start.elapsed() < Duration::from_millis(1200), "{:?}", start.elapsed());
    assert_eq!(get(web, "/try").status, 504);
    assert_eq!(
        slow.seen
            .lock()
            .unwrap()
            .iter()
            .filter(|seen| seen.head.contains("/try"))
            .count(),
        2
    );
}

#[test]
fn circuit_breakers_refuse_what_is_too_much() {
    let release = Arc::new(AtomicBool::new(false));
    let held = {
        let release = release.clone();
        Upstream::start(move |_| {
            wait_until("release", || release.load(SeqCst));
            ok(b"done")
        })
    };
    let mut limited = cluster("held", &[held.address]);
    limited["circuitBreakers"] = json!({ "default": { "maxRequests": 1 } });
    let proxy = start(&json!({
        "listeners": [http_listener("web", json!([forward("held")]))],
        "clusters": [limited],
    }));
    let web = address(&proxy, "web");
    let mut first = Client::connect(web);
    first.send("GET / HTTP/1.1\r\nHost: a\r\n\r\n");
    wait_until("the first request arrives", || held.requests() == 1);
    let refused = get(web, "/");
    assert_eq!(
        (refused.status, refused.header("x-envoy-overloaded")),
        (503, Some("true"))
    );
    release.store(true, SeqCst);
    assert_eq!(first.response().unwrap().body(), "done");
    wait_until("there is room again", || get(web, "/").status == 200);
}

#[test]
fn an_endpoint_that_fails_is_left_out_and_comes_back() {
    let (bad, good) = (Upstream::start(|_| status(500, b"bad")), Upstream::saying("good"));
    let mut watched = cluster("up", &[bad.address, good.address]);
    watched["outlierDetection"] =
        json!({ "consecutive5xx": 2, "maxEjectionPercent": 50, "baseEjectionTimeMs": 300, "maxEjectionTimeMs": 300 });
    let proxy = start(&json!({ "listeners": [http_listener("web", json!([forward("up")]))], "clusters": [watched] }));
    let web = address(&proxy, "web");
    wait_until("two failures", || get(web, "/").status == 500 && bad.requests() >= 2);
    let before = bad.requests();
    for _ in 0..6 {
        assert_eq!(get(web, "/").status, 200);
    }
    assert_eq!(bad.requests(), before);
    wait_until("it is asked again", || {
        get(web, "/");
        bad.requests() > before
    });
}

#[test]
fn configuration_changes_under_load_without_a_failed_request() {
    let (one, two) = (Upstream::saying("one"), Upstream::saying("two"));
    let config = |target: &str, port: &str| {
        let mut listener = http_listener("web", json!([forward(target)]));
        listener["address"] = json!(port);
        json!({ "listeners": [listener], "clusters": [cluster("one", &[one.address]), cluster("two", &[two.address])] })
    };
    let fixed = free_address().to_string();
    let proxy = start(&config("one", &fixed));
    let web = address(&proxy, "web");
    let stop = Arc::new(AtomicBool::new(false));
    let clients: Vec<_> = (0..3)
        .map(|_| {
            let stop = stop.clone();
            std::thread::spawn(move || {
                let mut client = Client::connect(web);
                let mut count = 0;
                while !stop.load(SeqCst) {
                    assert_eq!(client.get("/").status, 200);
                    count += 1;
                }
                count
            })
        })
        .collect();
    for round in 0..100 {
        apply(&proxy, &config(if round % 2 == 0 { "two" } else { "one" }, &fixed));
    }
    apply(&proxy, &config("two", &fixed));
    wait_until("the last configuration serves", || get(web, "/").body() == "two");
    stop.store(true, SeqCst);
    let total: usize = clients.into_iter().map(|client| client.join().unwrap()).sum();
    assert!(total > 0 && one.requests() > 0 && two.requests() > 0);
}

#[test]
fn draining_finishes_what_was_begun_and_takes_nothing_new() {
    let release = Arc::new(AtomicBool::new(false));
    let held = {
        let release = release.clone();
        Upstream::start(move |_| {
            wait_until("release", || release.load(SeqCst));
            ok(b"done")
        })
    };
    let proxy = Arc::new(start(&json!({
        "listeners": [http_listener("web", json!([forward("held")]))],
        "clusters": [cluster("held", &[held.address])],
    })));
    let web = address(&proxy, "web");
    let mut idle = Client::connect(web);
    let mut busy = Client::connect(web);
    busy.send("GET / HTTP/1.1\r\nHost: a\r\n\r\n");
    wait_until("the request arrives", || held.requests() == 1);
    let draining = {
        let proxy = proxy.clone();
        std::thread::spawn(move || proxy.drain(Duration::from_secs(20), false))
    };
    assert!(idle.is_closed(), "an idle connection is closed");
    wait_until("new connections are refused", || {
        std::net::TcpStream::connect(web).is_err()
    });
    release.store(true, SeqCst);
    let response = busy.response().unwrap();
    assert_eq!((response.status, response.header("connection")), (200, Some("close")));
    assert!(draining.join().unwrap());
}

#[test]
fn malformed_requests_are_refused_and_never_forwarded() {
    let upstream = Upstream::saying("reached");
    let proxy = start(&json!({
        "listeners": [http_listener("web", json!([forward("up")]))],
        "clusters": [cluster("up", &[upstream.address])],
    }));
    let web = address(&proxy, "web");
    for (text, code) in [
        (
            "GET / HTTP/1.1\r\nHost: a\r\nContent-Length: 1\r\nTransfer-Encoding: chunked\r\n\r\n",
            "400",
        ),
        (
            "GET / HTTP/1.1\r\nHost: a\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\n",
            "400",
        ),
        ("GET / HTTP/1.1\r\nHost: a\r\nHost: b\r\n\r\n", "400"),
        ("GET / HTTP/1.1\nHost: a\n\n", "400"),
        ("GET / HTTP/1.1\r\nHost: a\r\nX : y\r\n\r\n", "400"),
        ("GET / HTTP/1.1\r\nHost: a\r\nX: y\r\n z\r\n\r\n", "400"),
        ("GET / HTTP/1.1\r\n\r\n", "400"),
        ("GET / HTTP/3.0\r\nHost: a\r\n\r\n", "505"),
        ("\x16\x03\x01\x02\x00", "400"),
        (
            "POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n",
            "400",
        ),
        ("GET / HTTP/1.0\r\n\r\n", "426"),
    ] {
        let mut client = Client::connect(web);
        client.send(text);
        let answer = String::from_utf8(client.rest()).unwrap();
        assert_eq!(answer.split(' ').nth(1), Some(code), "{text:?}: {answer:?}");
    }
    let many = format!("GET / HTTP/1.1\r\nHost: a\r\n{}\r\n", "x: 1\r\n".repeat(150));
    let long = format!("GET / HTTP/1.1\r\nHost: a\r\nx: {}\r\n\r\n", "a".repeat(70_000));
    for text in [many, long] {
        let mut client = Client::connect(web);
        client.send(text);
        assert!(client.rest().starts_with(b"HTTP/1.1 431 "));
    }
    assert_eq!(upstream.requests(), 0);
    assert_eq!(get(web, "/").body(), "reached");
    assert!(
        proxy
            .stats_prometheus()
            .contains("fairlead_proxy_downstream_protocol_errors_total")
    );
}

#[test]
fn slow_clients_are_given_up_and_silent_ones_closed() {
    let upstream = Upstream::saying("ok");
    let proxy = start(&json!({
        "listeners": [http_listener_with("web", json!({ "requestHeadersTimeoutMs": 100, "idleTimeoutMs": 150,
            "routes": { "inline": { "virtualHosts": [{ "name": "all", "domains": ["*"], "routes": [forward("up")] }] } } }))],
        "clusters": [cluster("up", &[upstream.address])],
    }));
    let web = address(&proxy, "web");
    let mut slow = Client::connect(web);
    slow.send("GET / HT");
    assert!(slow.rest().starts_with(b"HTTP/1.1 408 "));
    let mut silent = Client::connect(web);
    assert!(silent.is_closed());
    let mut after = Client::connect(web);
    assert_eq!(after.get("/").status, 200);
    assert!(after.is_closed());
}

#[test]
fn faults_are_injected_and_rules_are_enforced() {
    let upstream = Upstream::saying("ok");
    let deny = json!({ "name": "rbac", "kind": { "rbac": { "rules": { "action": "deny", "policies": {
        "ns[a]-policy[b]-rule[0]": { "permissions": [{ "urlPath": { "prefix": "/secret" } }], "principals": ["any"] } } } } } });
    let fault = json!({ "name": "fault", "kind": { "fault": {
        "delay": { "kind": { "fixedMs": 120 }, "percentage": 1_000_000 }, "abort": { "kind": { "httpStatus": 555 }, "percentage": 1_000_000 },
        "headers": [{ "name": "x-break", "value": { "present": true } }] } } });
    let proxy = start(&json!({
        "listeners": [http_listener_with("web", json!({ "httpFilters": [deny, fault, { "name": "router", "kind": { "router": {} } }],
            "path": { "normalize": true, "mergeSlashes": true },
            "routes": { "inline": { "virtualHosts": [{ "name": "all", "domains": ["*"], "routes": [forward("up")] }] } } }))],
        "clusters": [cluster("up", &[upstream.address])],
    }));
    let mut client = Client::connect(address(&proxy, "web"));
    for path in ["/secret", "/a/../secret", "//secret", "/%73ecret"] {
        let denied = client.get(path);
        assert_eq!(
            (denied.status, denied.body().as_str()),
            (403, "RBAC: access denied"),
            "{path}"
        );
    }
    assert_eq!(client.get("/open").status, 200);
    let start = Instant::now();
    client.send("GET / HTTP/1.1\r\nHost: a\r\nX-Break: 1\r\n\r\n");
    assert_eq!(client.response().unwrap().status, 555);
    assert!(start.elapsed() >= Duration::from_millis(115));
}

#[test]
fn copies_are_sent_and_forgotten() {
    let (real, shadow) = (Upstream::saying("real"), Upstream::start(|_| status(500, b"ignored")));
    let proxy = start(&json!({
        "listeners": [http_listener("web", json!([
            { "action": { "forward": { "cluster": "real", "mirrors": [{ "cluster": "shadow" }] } } }
        ]))],
        "clusters": [cluster("real", &[real.address]), cluster("shadow", &[shadow.address])],
    }));
    let mut client = Client::connect(address(&proxy, "web"));
    client.send("POST /x HTTP/1.1\r\nHost: a:1\r\nContent-Length: 4\r\n\r\ndata");
    assert_eq!(client.response().unwrap().body(), "real");
    wait_until("the copy arrives", || shadow.requests() == 1);
    let copy = shadow.last();
    assert_eq!(
        (copy.header("host"), copy.body.as_slice()),
        (Some("a-shadow:1"), &b"data"[..])
    );
}

#[test]
fn a_port_that_is_taken_is_a_problem_and_is_taken_over_when_it_is_free() {
    let blocker = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let taken = blocker.local_addr().unwrap();
    let mut listener = http_listener(
        "web",
        json!([{ "action": { "directResponse": { "status": 200, "body": "here" } } }]),
    );
    listener["address"] = json!(taken.to_string());
    let proxy = start(&json!({}));
    let problems = proxy.apply_config(&json!({ "listeners": [listener] }).to_string());
    assert!(
        problems
            .iter()
            .any(|problem| problem.message.contains(&taken.to_string())),
        "{problems:?}"
    );
    drop(blocker);
    wait_until("the port is taken over", || std::net::TcpStream::connect(taken).is_ok());
    assert_eq!(get(taken, "/").body(), "here");
}

#[test]
fn killing_an_upstream_under_load_hangs_nobody() {
    let (doomed, other) = (Upstream::saying("doomed"), Upstream::saying("other"));
    let proxy = start(&json!({
        "listeners": [http_listener("web", json!([
            { "action": { "forward": { "cluster": "up", "retry": { "retryOn": "reset" } } } }
        ]))],
        "clusters": [cluster("up", &[doomed.address, other.address])],
    }));
    let web = address(&proxy, "web");
    let mut client = Client::connect(web);
    for round in 0..200 {
        if round == 50 {
            doomed.kill();
        }
        let response = client.get("/");
        assert_eq!(response.status, 200, "round {round}: {}", response.body());
    }
}

#[test]
fn requests_wait_for_a_connection_where_connections_are_limited() {
    let upstream = Upstream::start(|_| {
        std::thread::sleep(Duration::from_millis(5));
        ok(b"done")
    });
    let mut limited = cluster("up", &[upstream.address]);
    limited["circuitBreakers"] = json!({ "default": { "maxConnections": 1 } });
    let proxy = start(&json!({
        "listeners": [http_listener("web", json!([forward("up")]))],
        "clusters": [limited],
    }));
    let web = address(&proxy, "web");
    let clients: Vec<_> = (0..6)
        .map(|_| {
            std::thread::spawn(move || {
                let mut client = Client::connect(web);
                (0..10).all(|_| client.get("/").status == 200)
            })
        })
        .collect();
    assert!(clients.into_iter().all(|client| client.join().unwrap()));
}
