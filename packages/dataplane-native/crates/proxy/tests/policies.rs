//! What decides where a request goes, and what becomes of answers: hedging, sessions, local replies, encodings.
#![allow(clippy::unwrap_used, clippy::needless_pass_by_value, missing_docs)]

mod support;

use std::{
    io::Write as _,
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering::SeqCst},
    },
};

use proxy::Proxy;
use serde_json::{Value, json};
use support::{
    Client, Response, Upstream, address, apply, cluster, forward, get, http_listener_with, ok, start, status,
    wait_until,
};

/// A proxy whose one route hedges, with so many retries.
fn hedging(upstream: &Upstream, retries: u32, hedge: Value) -> Proxy {
    let retry = json!({ "retryOn": "5xx", "numRetries": retries, "perTryTimeoutMs": 40,
        "backoff": { "baseIntervalMs": 1, "maxIntervalMs": 2 } });
    let route = json!({ "action": { "forward": { "cluster": "up", "retry": retry, "hedge": hedge } } });
    start(&json!({
        "listeners": [http_listener_with("web", json!({ "routes": { "inline": { "virtualHosts": [
            { "name": "all", "domains": ["*"], "routes": [route], "includeRequestAttemptCount": true,
              "includeAttemptCountInResponse": true }
        ] } } }))],
        "clusters": [cluster("up", &[upstream.address])],
    }))
}

fn on_timeout() -> Value {
    json!({ "onPerTryTimeout": true })
}

/// An upstream that answers each attempt by its number; the attempts that have come are counted.
fn by_attempt(answer: impl Fn(u32, &AtomicUsize) -> Vec<u8> + Send + Sync + 'static) -> Upstream {
    let come = Arc::new(AtomicUsize::new(0));
    Upstream::start(move |seen| {
        let attempt = seen.header("x-envoy-attempt-count").unwrap().parse().unwrap();
        come.fetch_add(1, SeqCst);
        answer(attempt, &come)
    })
}

fn wait_for(come: &AtomicUsize, count: usize) {
    wait_until("another attempt", || come.load(SeqCst) >= count);
}

#[test]
fn a_try_that_is_late_is_joined_by_another_and_the_first_answer_counts() {
    let upstream = by_attempt(|attempt, come| match attempt {
        1 => {
            wait_for(come, 3);
            ok(b"first")
        }
        2 => ok(b"second"),
        _ => ok(b"next"),
    });
    let proxy = hedging(&upstream, 2, on_timeout());
    let mut client = Client::connect(address(&proxy, "web"));
    client.send("POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 4\r\n\r\nbody");
    let response = client.response().unwrap();
    assert_eq!((response.status, response.body().as_str()), (200, "second"));
    assert_eq!(response.header("x-envoy-attempt-count"), Some("2"));
    let bodies: Vec<Vec<u8>> = upstream
        .seen
        .lock()
        .unwrap()
        .iter()
        .map(|seen| seen.body.clone())
        .collect();
    assert_eq!(bodies, [b"body", b"body"]);
    let stats = proxy.stats_prometheus();
    assert!(stats.contains("fairlead_proxy_hedges_sent_total 1"), "{stats}");
}

#[test]
fn a_try_that_is_late_may_still_win() {
    let upstream = by_attempt(|attempt, come| {
        if attempt == 1 {
            wait_for(come, 2);
            return ok(b"first");
        }
        // Never, as far as this request is concerned.
        wait_for(come, 3);
        Vec::new()
    });
    let proxy = hedging(&upstream, 1, on_timeout());
    let mut client = Client::connect(address(&proxy, "web"));
    let response = client.get("/");
    assert_eq!((response.status, response.body().as_str()), (200, "first"));
    assert_eq!(response.header("x-envoy-attempt-count"), Some("2"));
    let stats = proxy.stats_prometheus();
    assert!(stats.contains("fairlead_proxy_hedges_won_total 1"), "{stats}");
    client.get("/");
}

#[test]
fn an_error_does_not_count_while_another_try_may_answer() {
    for is_reset in [false, true] {
        let upstream = by_attempt(move |attempt, come| match attempt {
            1 => {
                wait_for(come, 2);
                ok(b"first")
            }
            _ if is_reset => Vec::new(),
            _ => status(503, b"no"),
        });
        let response = get(address(&hedging(&upstream, 1, on_timeout()), "web"), "/");
        assert_eq!(
            (response.status, response.body().as_str()),
            (200, "first"),
            "{is_reset}"
        );
    }
}

#[test]
fn where_all_tries_fail_the_client_gets_an_error() {
    let upstream = by_attempt(|attempt, come| {
        wait_for(come, 2);
        status(503, format!("attempt {attempt}").as_bytes())
    });
    let response = get(address(&hedging(&upstream, 1, on_timeout()), "web"), "/");
    assert_eq!(response.status, 503);
    assert!(response.body().starts_with("attempt"), "{}", response.body());
}

#[test]
fn the_last_try_has_the_time_of_the_route() {
    let release = Arc::new(AtomicUsize::new(0));
    let upstream = {
        let release = Arc::clone(&release);
        by_attempt(move |_, _| {
            wait_for(&release, 1);
            ok(b"late")
        })
    };
    let proxy = hedging(&upstream, 1, on_timeout());
    let mut client = Client::connect(address(&proxy, "web"));
    client.send("GET / HTTP/1.1\r\nHost: a\r\n\r\n");
    wait_until("both tries are late", || {
        proxy
            .stats_prometheus()
            .contains("fairlead_proxy_upstream_timeouts_total 2")
    });
    release.fetch_add(1, SeqCst);
    assert_eq!(client.response().unwrap().body(), "late");
}

#[test]
fn without_hedging_a_late_try_is_given_up() {
    let upstream = by_attempt(|attempt, come| {
        if attempt == 1 {
            wait_for(come, 2);
            return ok(b"first");
        }
        wait_for(come, 3);
        Vec::new()
    });
    let proxy = hedging(&upstream, 1, json!({}));
    assert_eq!(get(address(&proxy, "web"), "/").status, 504);
    // Ends what the upstream waits for.
    get(address(&proxy, "web"), "/");
}

#[test]
fn an_explanation_tells_what_is_tried_again_and_where_a_session_goes() {
    let explained = |proxy: &Proxy| {
        let request = json!({ "listener": "web", "method": "GET", "authority": "a", "path": "/" });
        proxy.explain(&request.to_string()).unwrap()
    };
    let upstream = Upstream::saying("ok");
    let text = explained(&hedging(&upstream, 2, on_timeout()));
    let wanted = "up to 2 more tries on 5xx; a try without a response after 40 ms goes on beside the next one";
    assert!(text.contains(wanted), "{text}");
    let text = explained(&Sessions::start(json!({ "state": cookie(), "strict": true }), json!({})).proxy);
    assert!(
        text.contains("session: goes to the endpoint in cookie at, or gets 503"),
        "{text}"
    );
    let text = explained(&decompressing(json!({ "responses": false }), &[], &upstream));
    assert!(text.contains("decompressor: takes gzip off requests"), "{text}");
}

/// A proxy with a session filter in front of two endpoints that say who they are.
struct Sessions {
    proxy: Proxy,
    upstreams: [Upstream; 2],
    config: Value,
}

impl Sessions {
    fn start(settings: Value, per_route: Value) -> Self {
        let upstreams = ["one", "two"].map(Upstream::saying);
        let addresses = [upstreams[0].address, upstreams[1].address];
        let mut route = forward("up");
        route["filterOverrides"] = per_route;
        let config = json!({
            "listeners": [http_listener_with("web", json!({
                "httpFilters": [{ "name": "session", "kind": { "statefulSession": settings } },
                                { "name": "router", "kind": { "router": {} } }],
                "routes": { "inline": { "virtualHosts": [{ "name": "all", "domains": ["*"], "routes": [route] }] } } }))],
            "clusters": [cluster("up", &addresses)],
        });
        Self {
            proxy: start(&config),
            upstreams,
            config,
        }
    }

    /// What the control plane says about an endpoint's health from now on.
    fn set_health(&mut self, body: &str, health: &str) {
        let at = usize::from(body == "two");
        self.config["clusters"][0]["endpoints"][0]["endpoints"][at]["health"] = health.into();
        apply(&self.proxy, &self.config);
    }

    fn ask(&self, header: &str) -> Response {
        let mut client = Client::connect(address(&self.proxy, "web"));
        client.send(format!("GET / HTTP/1.1\r\nHost: a\r\n{header}\r\n"));
        client.response().unwrap()
    }
}

/// The cookie that a response sets, as a client sends it.
fn cookie_of(response: &Response) -> String {
    let cookie = response.header("set-cookie").unwrap();
    format!("Cookie: {}\r\n", cookie.split(';').next().unwrap())
}

fn cookie() -> Value {
    json!({ "cookie": { "name": "at", "ttlMs": 60_000, "path": "/" } })
}

#[test]
fn a_session_stays_at_the_endpoint_in_its_cookie() {
    let sessions = Sessions::start(json!({ "state": cookie() }), json!({}));
    for _ in 0..2 {
        let first = sessions.ask("");
        assert!(
            first
                .header("set-cookie")
                .unwrap()
                .ends_with("; Max-Age=60; Path=/; HttpOnly")
        );
        let cookie = cookie_of(&first);
        for _ in 0..5 {
            let next = sessions.ask(&cookie);
            assert_eq!((next.body(), next.header("set-cookie")), (first.body(), None));
        }
    }
    // Every worker has its own order of the endpoints, so a second session may begin where the first did.
    let everywhere = || sessions.upstreams.iter().all(|upstream| upstream.requests() > 0);
    assert!((0..64).any(|_| sessions.ask("").status == 200 && everywhere()));
}

#[test]
fn a_session_whose_endpoint_is_not_well_begins_again_elsewhere() {
    let mut sessions = Sessions::start(json!({ "state": cookie() }), json!({}));
    let first = sessions.ask("");
    sessions.set_health(&first.body(), "unhealthy");
    let next = sessions.ask(&cookie_of(&first));
    assert_ne!(next.body(), first.body());
    assert_eq!(sessions.ask(&cookie_of(&next)).header("set-cookie"), None);
}

#[test]
fn a_strict_session_goes_nowhere_else() {
    let mut sessions = Sessions::start(json!({ "state": cookie(), "strict": true }), json!({}));
    let first = sessions.ask("");
    sessions.set_health(&first.body(), "unhealthy");
    let next = sessions.ask(&cookie_of(&first));
    assert_eq!((next.status, next.body().as_str()), (503, "no healthy upstream"));
    assert_eq!(sessions.ask("").status, 200, "a new session");
}

#[test]
fn sessions_may_stay_at_an_endpoint_that_drains() {
    let mut sessions = Sessions::start(json!({ "state": cookie() }), json!({}));
    let first = sessions.ask("");
    sessions.config["clusters"][0]["sessionHealth"] = json!(["unknown", "healthy", "draining"]);
    sessions.set_health(&first.body(), "draining");
    assert_eq!(sessions.ask(&cookie_of(&first)).body(), first.body());
    for _ in 0..4 {
        assert_ne!(sessions.ask("").body(), first.body(), "new ones go elsewhere");
    }
}

#[test]
fn a_header_keeps_a_session_and_a_route_has_settings_of_its_own() {
    let own = json!({ "session": { "statefulSession": { "state": { "header": "x-at" } } } });
    let sessions = Sessions::start(json!({}), own);
    let first = sessions.ask("");
    let header = format!("X-At: {}\r\n", first.header("x-at").unwrap());
    for _ in 0..5 {
        let next = sessions.ask(&header);
        assert_eq!((next.body(), next.header("x-at")), (first.body(), None));
    }
    let off = Sessions::start(json!({ "state": cookie() }), json!({ "session": "disabled" }));
    assert_eq!(off.ask("").header("set-cookie"), None);
}

/// A proxy that makes answers of its own as these settings say, with an upstream that answers 404 itself.
fn replying(local_replies: Value) -> (Proxy, Upstream) {
    let upstream = Upstream::start(|_| status(404, b"of the upstream"));
    let direct = json!({ "match": { "path": { "exact": "/direct" } },
        "action": { "directResponse": { "status": 202, "body": "fine" } } });
    let up = json!({ "match": { "path": { "prefix": "/up" } }, "action": { "forward": { "cluster": "up" } } });
    let proxy = start(&json!({
        "listeners": [http_listener_with("web", json!({ "localReplies": local_replies,
            "routes": { "inline": { "virtualHosts": [{ "name": "all", "domains": ["*"], "routes": [direct, up] }] } } }))],
        "clusters": [cluster("up", &[upstream.address])],
    }));
    (proxy, upstream)
}

#[test]
fn an_answer_made_here_is_what_the_first_mapper_makes_of_it() {
    let not_found = json!({ "and": [{ "statusCode": { "equal": 404 } }, { "header": { "name": "x-json",
        "value": { "present": true } } }] });
    let (proxy, _upstream) = replying(json!({
        "mappers": [
            { "filter": not_found, "status": 410, "body": "gone \"now\"",
              "headers": [{ "name": "x-path", "value": "%REQ(:PATH)%" }, { "name": "x-status", "value": "%RESPONSE_CODE%" }],
              "format": { "format": { "json": { "code": "%RESPONSE_CODE%", "why": "%LOCAL_REPLY_BODY%",
                  "detail": "%RESPONSE_CODE_DETAILS%", "at": ["%REQ(:PATH)%", "%RESP(x-path)%"] } } } },
            { "filter": { "responseFlags": ["NR"] }, "body": "no route" },
            { "filter": { "statusCode": { "equal": 404 } }, "body": "never" },
        ],
        "format": { "format": { "text": "<p>%LOCAL_REPLY_BODY% (%RESPONSE_CODE%, %RESPONSE_FLAGS%)</p>" },
                    "contentType": "text/html; charset=utf-8" },
    }));
    let web = address(&proxy, "web");
    let mut client = Client::connect(web);
    client.send("GET /none HTTP/1.1\r\nHost: a\r\nX-Json: 1\r\n\r\n");
    let response = client.response().unwrap();
    assert_eq!(response.status, 410);
    assert_eq!(response.header("content-type"), Some("application/json"));
    assert_eq!(
        (response.header("x-path"), response.header("x-status")),
        (Some("/none"), Some("404"))
    );
    let body: Value = serde_json::from_str(&response.body()).unwrap();
    assert_eq!(
        body,
        json!({ "code": 410, "why": "gone \"now\"", "detail": "route_not_found", "at": ["/none", "/none"] })
    );
    let response = client.get("/none");
    assert_eq!(
        (response.status, response.body().as_str()),
        (404, "<p>no route (404, NR)</p>")
    );
    assert_eq!(response.header("content-type"), Some("text/html; charset=utf-8"));
    let response = client.get("/direct");
    assert_eq!(
        (response.status, response.body().as_str()),
        (202, "<p>fine (202, -)</p>")
    );
    let response = client.get("/up");
    assert_eq!((response.status, response.body().as_str()), (404, "of the upstream"));
    assert_eq!(response.header("x-path"), None);
}

#[test]
fn clients_of_grpc_get_what_the_mapper_says_as_their_status() {
    let (proxy, _upstream) = replying(json!({ "mappers": [{ "filter": { "statusCode": { "atLeast": 400 } },
        "status": 503, "body": "try later" }] }));
    let mut client = Client::connect(address(&proxy, "web"));
    client.send("POST /none HTTP/1.1\r\nHost: a\r\nContent-Type: application/grpc\r\nContent-Length: 0\r\n\r\n");
    let response = client.response().unwrap();
    assert_eq!(response.status, 200);
    assert_eq!(
        (response.header("grpc-status"), response.header("grpc-message")),
        (Some("14"), Some("try later"))
    );
    assert_eq!(response.header("content-type"), Some("application/grpc"));
}

fn gzip(content: &[u8]) -> Vec<u8> {
    let mut encoder = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::default());
    encoder.write_all(content).unwrap();
    encoder.finish().unwrap()
}

/// A proxy that takes gzip off, in front of an upstream that answers with this.
fn decompressing(settings: Value, more: &[Value], upstream: &Upstream) -> Proxy {
    let mut filters = vec![json!({ "name": "decompressor", "kind": { "decompressor": settings } })];
    filters.extend_from_slice(more);
    filters.push(json!({ "name": "router", "kind": { "router": {} } }));
    start(&json!({
        "listeners": [http_listener_with("web", json!({ "httpFilters": filters, "routes": { "inline": {
            "virtualHosts": [{ "name": "all", "domains": ["*"], "routes": [forward("up")] }] } } }))],
        "clusters": [cluster("up", &[upstream.address])],
    }))
}

fn content(len: usize) -> Vec<u8> {
    (0..len as u32)
        .flat_map(|n| format!("{} ", n.wrapping_mul(2_654_435_761)).into_bytes())
        .take(len)
        .collect()
}

/// What a body in chunks says.
fn dechunked(mut body: &[u8]) -> Vec<u8> {
    let mut out = Vec::new();
    loop {
        let end = body.windows(2).position(|pair| pair == b"\r\n").unwrap();
        let size = usize::from_str_radix(std::str::from_utf8(&body[..end]).unwrap(), 16).unwrap();
        if size == 0 {
            return out;
        }
        out.extend_from_slice(&body[end + 2..end + 2 + size]);
        body = &body[end + 4 + size..];
    }
}

fn post(client: &mut Client, fields: &str, body: &[u8]) -> Response {
    client.send(format!(
        "POST / HTTP/1.1\r\nHost: a\r\n{fields}Content-Length: {}\r\n\r\n",
        body.len()
    ));
    client.send(body);
    client.response().unwrap()
}

#[test]
fn requests_reach_the_upstream_without_their_encoding() {
    let upstream = Upstream::saying("ok");
    let proxy = decompressing(json!({}), &[], &upstream);
    let mut client = Client::connect(address(&proxy, "web"));
    for size in [0, 1, 5_000, 100_000, 3_000_000] {
        let content = content(size);
        let response = post(&mut client, "Content-Encoding: gzip\r\n", &gzip(&content));
        assert_eq!(response.status, 200, "{size}");
        let seen = upstream.last();
        assert!(dechunked(&seen.body) == content, "{size}");
        assert_eq!(
            (seen.header("content-encoding"), seen.header("content-length")),
            (None, None)
        );
        assert_eq!(seen.header("accept-encoding"), Some("gzip"));
    }
    // What follows on the connection is not lost.
    let body = gzip(b"first");
    let mut both = format!(
        "POST /1 HTTP/1.1\r\nHost: a\r\nContent-Encoding: br, gzip\r\nContent-Length: {}\r\n\r\n",
        body.len()
    )
    .into_bytes();
    both.extend_from_slice(&body);
    both.extend_from_slice(b"GET /2 HTTP/1.1\r\nHost: a\r\nAccept-Encoding: br\r\n\r\n");
    client.send(both);
    assert_eq!(client.response().unwrap().status, 200);
    assert_eq!(client.response().unwrap().status, 200);
    let seen = upstream.seen.lock().unwrap();
    let [.., first, second] = seen.as_slice() else {
        panic!("two requests")
    };
    assert_eq!(
        (dechunked(&first.body).as_slice(), first.header("content-encoding")),
        (&b"first"[..], Some("br"))
    );
    assert!(second.head.starts_with("GET /2 "), "{}", second.head);
    assert_eq!(second.header("accept-encoding"), Some("br,gzip"));
}

#[test]
fn requests_that_are_not_to_be_changed_stay_encoded() {
    let upstream = Upstream::saying("ok");
    let proxy = decompressing(json!({ "responses": false }), &[], &upstream);
    let mut client = Client::connect(address(&proxy, "web"));
    for fields in [
        "Content-Encoding: br\r\n",
        "Content-Encoding: gzip, br\r\n",
        "Content-Encoding: gzip\r\nCache-Control: private, no-transform\r\n",
    ] {
        assert_eq!(post(&mut client, fields, b"as it is").status, 200);
        let seen = upstream.last();
        assert_eq!(
            (seen.body.as_slice(), seen.header("accept-encoding")),
            (&b"as it is"[..], None),
            "{fields}"
        );
    }
}

#[test]
fn a_body_that_is_not_what_it_says_is_refused() {
    let upstream = Upstream::saying("ok");
    let proxy = decompressing(json!({}), &[], &upstream);
    let whole = gzip(b"hello hello hello");
    let bomb = gzip(&vec![0; 20 << 20]);
    for body in [&b"no gzip at all"[..], &whole[..whole.len() - 4], &bomb] {
        let mut client = Client::connect(address(&proxy, "web"));
        assert_eq!(post(&mut client, "Content-Encoding: gzip\r\n", body).status, 400);
    }
}

#[test]
fn what_is_held_is_held_without_its_encoding() {
    let upstream = Upstream::saying("ok");
    let hold = json!({ "name": "buffer", "kind": { "buffer": { "maxRequestBytes": 50_000 } } });
    let proxy = decompressing(json!({}), &[hold], &upstream);
    let mut client = Client::connect(address(&proxy, "web"));
    let content = content(40_000);
    assert_eq!(
        post(&mut client, "Content-Encoding: gzip\r\n", &gzip(&content)).status,
        200
    );
    assert!(dechunked(&upstream.last().body) == content);
    let large = gzip(&vec![b'a'; 60_000]);
    assert_eq!(post(&mut client, "Content-Encoding: gzip\r\n", &large).status, 413);
}

#[test]
fn responses_reach_clients_without_their_encoding() {
    let upstream = Upstream::start(|request| {
        let path = request.head.split(' ').nth(1).unwrap();
        let body = match path {
            "/zeros" => gzip(&vec![0; 20 << 20]),
            "/garbage" => b"no gzip at all".to_vec(),
            path => gzip(&content(path[1..].parse().unwrap())),
        };
        let fields = format!(
            "Content-Encoding: gzip\r\nETag: \"1\"\r\nContent-Length: {}",
            body.len()
        );
        [format!("HTTP/1.1 200 OK\r\n{fields}\r\n\r\n").as_bytes(), &body].concat()
    });
    let proxy = decompressing(json!({}), &[], &upstream);
    let web = address(&proxy, "web");
    let mut client = Client::connect(web);
    for size in [1, 5_000, 1_000_000] {
        let response = client.get(&format!("/{size}"));
        assert!(dechunked(&response.message.body) == content(size), "{size}");
        assert_eq!(
            (response.header("content-encoding"), response.header("etag")),
            (None, None)
        );
    }
    for path in ["/zeros", "/garbage"] {
        let mut client = Client::connect(web);
        client.send(format!("GET {path} HTTP/1.1\r\nHost: a\r\n\r\n"));
        // The head has gone: all that is left is to break off.
        let all = client.rest();
        assert!(
            !all.ends_with(b"0\r\n\r\n") && all.len() < 8 << 20,
            "{path}: {} bytes",
            all.len()
        );
    }
}

#[test]
fn a_header_may_name_the_endpoint_of_a_cluster_of_original_destinations() {
    let (one, two) = (Upstream::saying("one"), Upstream::saying("two"));
    let by_header = json!({ "name": "any", "kind": { "originalDst": { "httpHeader": "x-to", "portOverride": 0 } } });
    let port = two.address.port();
    let with_port =
        json!({ "name": "port", "kind": { "originalDst": { "httpHeader": "x-to", "portOverride": port } } });
    let to_port = json!({ "match": { "path": { "prefix": "/port" } }, "action": { "forward": { "cluster": "port" } } });
    let plain = json!({ "name": "plain", "kind": { "originalDst": { "portOverride": 0 } } });
    let to_plain =
        json!({ "match": { "path": { "prefix": "/plain" } }, "action": { "forward": { "cluster": "plain" } } });
    let proxy = start(&json!({
        "listeners": [http_listener_with("web", json!({ "routes": { "inline": { "virtualHosts": [
            { "name": "all", "domains": ["*"], "routes": [to_port, to_plain, forward("any")] }] } } }))],
        "clusters": [by_header, with_port, plain],
    }));
    let mut client = Client::connect(address(&proxy, "web"));
    let mut ask = |path: &str, to: &str| {
        client.send(format!("GET {path} HTTP/1.1\r\nHost: a\r\nX-To: {to}\r\n\r\n"));
        let response = client.response().unwrap();
        (response.status, response.body())
    };
    assert_eq!(ask("/", &one.address.to_string()), (200, "one".into()));
    assert_eq!(ask("/", &two.address.to_string()), (200, "two".into()));
    assert_eq!(ask("/port", &one.address.to_string()), (200, "two".into()));
    assert_eq!(ask("/", "nobody.example").0, 503, "no address");
    assert_eq!(
        ask("/plain", &one.address.to_string()).0,
        503,
        "the header does not count there"
    );
}
