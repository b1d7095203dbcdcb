//! What is sent once more: whatever provably never reached the application, and what it may have taken where the route
//! says so or a repetition does no harm.
#![allow(clippy::unwrap_used, clippy::needless_pass_by_value, missing_docs)]

mod support;

use std::sync::{
    Arc,
    atomic::{AtomicBool, Ordering::SeqCst},
};

use proxy::Proxy;
use serde_json::{Value, json};
use support::{Client, Upstream, address, cluster, dead_address, http_listener_with, ok, start, status, wait_until};

/// A proxy in front of `upstream` with this retry policy, and what more its route's action says.
fn retrying(upstream: &[std::net::SocketAddr], retry: Value, more: Value) -> Proxy {
    let mut retry = retry;
    retry["backoff"] = json!({ "baseIntervalMs": 1, "maxIntervalMs": 2 });
    let mut action = json!({ "cluster": "up", "retry": retry });
    for (key, value) in more.as_object().unwrap() {
        action[key] = value.clone();
    }
    start(&json!({
        "listeners": [http_listener_with("web", json!({ "routes": { "inline": { "virtualHosts": [
            { "name": "all", "domains": ["*"], "routes": [{ "action": { "forward": action } }],
              "includeRequestAttemptCount": true }
        ] } } }))],
        "clusters": [cluster("up", upstream)],
    }))
}

/// As Pilot sends it where nobody has said anything, with a condition that an HTTP/1 upstream can show.
fn default_policy() -> Value {
    json!({ "retryOn": "5xx,reset", "numRetries": 2, "onlySafe": true })
}

/// As somebody has written it.
fn explicit_policy() -> Value {
    json!({ "retryOn": "5xx,reset", "numRetries": 2 })
}

/// An upstream whose first attempts end in `bad`.
fn failing_once(bad: impl Fn() -> Vec<u8> + Send + Sync + 'static) -> Upstream {
    Upstream::start(move |seen| {
        if seen.header("x-envoy-attempt-count") == Some("1") {
            bad()
        } else {
            ok(b"again")
        }
    })
}

fn ask(proxy: &Proxy, method: &str, fields: &str) -> u16 {
    let mut client = Client::connect(address(proxy, "web"));
    client.send(format!(
        "{method} / HTTP/1.1\r\nHost: a\r\nContent-Length: 4\r\n{fields}\r\nbody"
    ));
    client.response().unwrap().status
}

#[test]
fn by_default_what_the_application_may_have_taken_is_repeated_only_if_its_method_is_idempotent() {
    for is_reset in [false, true] {
        let upstream = failing_once(move || if is_reset { Vec::new() } else { status(503, b"no") });
        let proxy = retrying(&[upstream.address], default_policy(), json!({}));
        for method in ["GET", "PUT", "DELETE", "OPTIONS"] {
            let before = upstream.requests();
            assert_eq!(ask(&proxy, method, ""), 200, "{method}");
            assert!(upstream.requests() - before >= 2, "{method}");
        }
        for method in ["POST", "PATCH", "BREW"] {
            let before = upstream.requests();
            assert_eq!(ask(&proxy, method, ""), 503, "{method}");
            assert_eq!(upstream.requests() - before, 1, "{method}");
        }
    }
}

#[test]
fn a_key_by_which_the_application_tells_repetitions_makes_any_method_safe() {
    for is_reset in [false, true] {
        let upstream = failing_once(move || if is_reset { Vec::new() } else { status(503, b"no") });
        let proxy = retrying(&[upstream.address], default_policy(), json!({}));
        assert_eq!(ask(&proxy, "POST", "Idempotency-Key: \"8e03\"\r\n"), 200);
        let seen = upstream.seen.lock().unwrap().clone();
        assert_eq!(seen.len(), 2);
        assert!(
            seen.iter()
                .all(|seen| seen.header("idempotency-key") == Some("\"8e03\"") && seen.body == b"body")
        );
        assert_eq!(ask(&proxy, "POST", "Idempotency-Key:\r\n"), 503, "an empty key is none");
        assert_eq!(upstream.requests(), 3);
    }
}

#[test]
fn a_route_that_says_after_what_to_retry_is_taken_at_its_word() {
    for is_reset in [false, true] {
        let upstream = failing_once(move || if is_reset { Vec::new() } else { status(503, b"no") });
        let proxy = retrying(&[upstream.address], explicit_policy(), json!({}));
        assert_eq!(ask(&proxy, "POST", ""), 200);
        assert_eq!(upstream.requests(), 2);
    }
}

#[test]
fn what_never_reached_the_application_is_sent_again_whatever_it_is() {
    let upstream = Upstream::saying("here");
    let proxy = retrying(
        &[dead_address(), upstream.address],
        json!({ "retryOn": "connect-failure", "numRetries": 2, "onlySafe": true }),
        json!({}),
    );
    for _ in 0..10 {
        assert_eq!(ask(&proxy, "POST", ""), 200);
    }
    assert_eq!(upstream.requests(), 10);
}

#[test]
fn a_pooled_connection_that_ends_under_a_request_is_replaced_where_a_repetition_does_no_harm() {
    let ends = Arc::new(AtomicBool::new(false));
    let upstream = {
        let ends = ends.clone();
        Upstream::start(move |_| {
            if ends.swap(false, SeqCst) {
                Vec::new()
            } else {
                ok(b"ok")
            }
        })
    };
    let proxy = retrying(
        &[upstream.address],
        json!({ "retryOn": "", "numRetries": 0 }),
        json!({}),
    );
    let mut client = Client::connect(address(&proxy, "web"));
    let mut post = |fields: &str| {
        client.send(format!(
            "POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 4\r\n{fields}\r\nbody"
        ));
        client.response().unwrap().status
    };
    for (fields, expected, requests) in [("", 503, 1), ("Idempotency-Key: k\r\n", 200, 2)] {
        assert_eq!(post(""), 200);
        ends.store(true, SeqCst);
        let before = upstream.requests();
        assert_eq!(post(fields), expected, "{fields}");
        assert_eq!(upstream.requests() - before, requests, "{fields}");
    }
}

#[test]
fn tries_beside_each_other_are_repetitions_too() {
    let upstream = Upstream::start(|seen| {
        if seen.header("x-envoy-attempt-count") == Some("1") {
            std::thread::sleep(std::time::Duration::from_millis(300));
        }
        ok(b"ok")
    });
    let policy = json!({ "retryOn": "5xx", "numRetries": 1, "perTryTimeoutMs": 40, "onlySafe": true });
    let proxy = retrying(
        &[upstream.address],
        policy,
        json!({ "hedge": { "onPerTryTimeout": true } }),
    );
    assert_eq!(ask(&proxy, "POST", ""), 504, "its one try is over");
    assert_eq!(upstream.requests(), 1);
    assert_eq!(ask(&proxy, "POST", "Idempotency-Key: k\r\n"), 200);
    wait_until("the try beside it", || upstream.requests() == 3);
    assert!(proxy.stats_prometheus().contains("fairlead_proxy_hedges_sent_total 1"));
}

#[test]
fn a_policy_for_requests_with_certain_headers_is_one_for_no_other() {
    let upstream = failing_once(|| status(503, b"no"));
    let mut policy = explicit_policy();
    policy["retriableRequestHeaders"] = json!([{ "name": "x-again" }]);
    let proxy = retrying(&[upstream.address], policy, json!({}));
    assert_eq!(ask(&proxy, "GET", ""), 503);
    assert_eq!(upstream.requests(), 1);
    assert_eq!(ask(&proxy, "GET", "x-again: yes\r\n"), 200);
    assert_eq!(upstream.requests(), 3);
}
