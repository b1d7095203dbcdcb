//! Services that decide whether requests are too many.
#![allow(clippy::unwrap_used, clippy::needless_pass_by_value, missing_docs)]

mod support;

use std::net::SocketAddr;

use messages::{
    envoy::{
        config::core::v3::HeaderValue,
        service::ratelimit::v3::{
            RateLimitRequest, RateLimitResponse,
            rate_limit_response::{Code, DescriptorStatus, RateLimit, rate_limit::Unit},
        },
    },
    google::protobuf::Duration,
};
use prost::Message as _;
use proxy::Proxy;
use serde_json::{Value, json};
use support::{
    Client, Upstream, address, cluster, dead_address, forward,
    grpc::{Does, Service},
    http_listener_with, start, wait_until,
};

fn serve(filter: Value, upstream: &Upstream, service: SocketAddr) -> Proxy {
    let filters = json!([{ "name": "limit", "kind": { "rateLimit": filter } },
        { "name": "router", "kind": { "router": {} } }]);
    let limit = json!({ "actions": [{ "requestHeader": { "name": "x-user", "key": "user" } }] });
    let free = json!({ "match": { "path": { "prefix": "/free" } }, "action": { "forward": { "cluster": "up" } },
        "filterOverrides": { "limit": { "rateLimit": { "ofHost": "not" } } } });
    start(&json!({
        "listeners": [http_listener_with("web", json!({ "httpFilters": filters, "routes": { "inline": { "virtualHosts": [
            { "name": "all", "domains": ["*"], "routes": [free, forward("up")], "rateLimits": [limit] }] } } }))],
        "clusters": [cluster("up", &[upstream.address]), cluster("limits", &[service])],
    }))
}

fn filter(change: Value) -> Value {
    let mut settings = json!({ "domain": "shop", "service": { "cluster": "limits", "timeoutMs": 5_000 } });
    for (key, value) in change.as_object().unwrap() {
        settings[key] = value.clone();
    }
    settings
}

/// Ten a minute for everybody, but for `greedy`, who has had them.
fn limits() -> Service {
    Service::start(|asked| {
        let request = RateLimitRequest::decode(asked.message.as_slice()).unwrap();
        let is_over = request.descriptors[0].entries[0].value == "greedy";
        let code = if is_over { Code::OverLimit } else { Code::Ok };
        let status = DescriptorStatus {
            code: code.into(),
            current_limit: Some(RateLimit {
                requests_per_unit: 10,
                unit: Unit::Minute.into(),
                ..RateLimit::default()
            }),
            limit_remaining: if is_over { 0 } else { 9 },
            duration_until_reset: Some(Duration { seconds: 30, nanos: 0 }),
        };
        let response = RateLimitResponse {
            overall_code: code.into(),
            statuses: vec![status],
            request_headers_to_add: vec![HeaderValue {
                key: "x-counted".into(),
                value: "yes".into(),
                ..HeaderValue::default()
            }],
            raw_body: if is_over { b"slow down".to_vec() } else { Vec::new() },
            ..RateLimitResponse::default()
        };
        Does::Answer(response.encode_to_vec())
    })
}

fn ask(client: &mut Client, path: &str, user: &str) -> support::Response {
    client.send(format!("GET {path} HTTP/1.1\r\nHost: a\r\nX-User: {user}\r\n\r\n"));
    client.response().unwrap()
}

#[test]
fn requests_above_the_services_limit_are_refused_and_told_so() {
    let upstream = Upstream::saying("ok");
    let service = limits();
    let proxy = serve(filter(json!({ "sendsLimitHeaders": true })), &upstream, service.address);
    let mut client = Client::connect(address(&proxy, "web"));
    let passed = ask(&mut client, "/", "ann");
    assert_eq!(passed.status, 200);
    assert_eq!(
        ["x-ratelimit-limit", "x-ratelimit-remaining", "x-ratelimit-reset"].map(|name| passed.header(name)),
        [Some("10, 10;w=60"), Some("9"), Some("30")]
    );
    assert_eq!(upstream.last().header("x-counted"), Some("yes"));
    let refused = ask(&mut client, "/", "greedy");
    assert_eq!((refused.status, refused.body().as_str()), (429, "slow down"));
    assert_eq!(
        ["x-envoy-ratelimited", "x-ratelimit-remaining"].map(|name| refused.header(name)),
        [Some("true"), Some("0")]
    );
    assert_eq!(upstream.requests(), 1);
    let request = RateLimitRequest::decode(service.last().message.as_slice()).unwrap();
    assert_eq!(
        (&*request.domain, &*request.descriptors[0].entries[0].key),
        ("shop", "user")
    );
    wait_until("the request is recorded", || {
        proxy.stats_prometheus().contains("response_flags=\"RL\"")
    });
}

#[test]
fn requests_that_are_counted_as_nothing_are_not_asked_about() {
    let upstream = Upstream::saying("ok");
    let service = limits();
    let proxy = serve(filter(json!({})), &upstream, service.address);
    let mut client = Client::connect(address(&proxy, "web"));
    assert_eq!(client.get("/").status, 200);
    assert_eq!(ask(&mut client, "/free", "greedy").status, 200);
    assert_eq!(service.count(), 0);
}

#[test]
fn a_service_that_is_down_lets_pass_or_refuses_as_it_is_configured() {
    let upstream = Upstream::saying("ok");
    let lax = serve(filter(json!({})), &upstream, dead_address());
    let mut client = Client::connect(address(&lax, "web"));
    assert_eq!(ask(&mut client, "/", "greedy").status, 200);
    wait_until("the request is recorded", || {
        lax.stats_prometheus().contains("response_flags=\"RLSE\"")
    });
    let strict = serve(filter(json!({ "failureDenied": 1_000_000 })), &upstream, dead_address());
    let mut client = Client::connect(address(&strict, "web"));
    assert_eq!(ask(&mut client, "/", "ann").status, 500);
    let silent = Service::start(|_| Does::Wait);
    let quick = filter(json!({ "service": { "cluster": "limits" }, "failureDenied": 1_000_000 }));
    let quick = serve(quick, &upstream, silent.address);
    let mut client = Client::connect(address(&quick, "web"));
    assert_eq!(ask(&mut client, "/", "ann").status, 500);
    assert_eq!(upstream.requests(), 1);
}

#[test]
fn a_client_of_grpc_is_told_that_its_share_is_used_up() {
    let upstream = Upstream::saying("ok");
    let service = limits();
    let proxy = serve(
        filter(json!({ "asResourceExhausted": true })),
        &upstream,
        service.address,
    );
    let mut client = Client::connect(address(&proxy, "web"));
    client.send(
        "POST / HTTP/1.1\r\nHost: a\r\nX-User: greedy\r\nContent-Type: application/grpc\r\nContent-Length: 0\r\n\r\n",
    );
    let refused = client.response().unwrap();
    assert_eq!((refused.status, refused.header("grpc-status")), (200, Some("8")));
}
