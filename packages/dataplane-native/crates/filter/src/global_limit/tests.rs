use config::{FractionalPercent, GrpcService};
use messages::envoy::service::ratelimit::v3::rate_limit_response::RateLimit;
use prost::Message as _;
use serde_json::json;

use super::*;
use crate::test_request::TestRequest;

fn filter() -> GlobalRateLimit {
    GlobalRateLimit {
        domain: "shop".into(),
        service: GrpcService {
            cluster: "limits".into(),
            ..GrpcService::default()
        },
        ..GlobalRateLimit::default()
    }
}

fn limit(actions: Value) -> RouteLimit {
    RouteLimit {
        actions: serde_json::from_value(actions).unwrap(),
        ..RouteLimit::default()
    }
}

fn request() -> TestRequest {
    TestRequest::get("/a?user=ann&empty=").with("x-tenant", "blue")
}

fn asked(limits: &[RouteLimit]) -> Option<Vec<Vec<(String, String)>>> {
    let metadata = json!({ "jwt": { "claims": { "sub": "ann" } } });
    let facts = Facts {
        source_cluster: "web",
        destination_cluster: "outbound|80||reviews",
        remote: Some("10.1.2.3".parse().unwrap()),
        metadata: Some(&metadata),
        route_metadata: None,
    };
    let limits = Limits {
        route: limits,
        ..Limits::default()
    };
    let call = call(&filter(), None, limits, &request(), &facts)?;
    let message = RateLimitRequest::decode(&call.body[5..]).unwrap();
    assert_eq!(message.domain, "shop");
    let entries = |descriptor: messages::envoy::extensions::common::ratelimit::v3::RateLimitDescriptor| {
        let pairs = descriptor.entries.into_iter().map(|entry| (entry.key, entry.value));
        pairs.collect()
    };
    Some(message.descriptors.into_iter().map(entries).collect())
}

#[test]
fn each_action_adds_its_entry() {
    let cases = [
        (json!("sourceCluster"), Some(("source_cluster", "web"))),
        (
            json!("destinationCluster"),
            Some(("destination_cluster", "outbound|80||reviews")),
        ),
        (json!("remoteAddress"), Some(("remote_address", "10.1.2.3"))),
        (
            json!({ "maskedRemoteAddress": { "v4": 16, "v6": 64 } }),
            Some(("masked_remote_address", "10.1.0.0/16")),
        ),
        (
            json!({ "requestHeader": { "name": "x-tenant", "key": "tenant" } }),
            Some(("tenant", "blue")),
        ),
        (json!({ "requestHeader": { "name": "x-none", "key": "none" } }), None),
        (
            json!({ "queryParameter": { "name": "user", "key": "user" } }),
            Some(("user", "ann")),
        ),
        (json!({ "queryParameter": { "name": "empty", "key": "empty" } }), None),
        (
            json!({ "genericKey": { "key": "generic_key", "value": "slow" } }),
            Some(("generic_key", "slow")),
        ),
        (
            json!({ "headerMatch": { "key": "header_match", "value": "blue", "expected": true,
                "headers": [{ "name": "x-tenant", "value": { "string": { "exact": "blue" } } }] } }),
            Some(("header_match", "blue")),
        ),
        (
            json!({ "queryMatch": { "key": "query_match", "value": "other", "expected": false,
                "parameters": [{ "name": "user", "value": { "string": { "exact": "ann" } } }] } }),
            None,
        ),
        (
            json!({ "metadata": { "key": "user", "namespace": "jwt", "path": ["claims", "sub"] } }),
            Some(("user", "ann")),
        ),
        (
            json!({ "metadata": { "key": "user", "namespace": "jwt", "path": ["claims", "no"], "default": "nobody" } }),
            Some(("user", "nobody")),
        ),
    ];
    for (action, expected) in cases {
        let expected = expected.map(|(key, value)| vec![vec![(key.to_owned(), value.to_owned())]]);
        assert_eq!(asked(&[limit(json!([action]))]), expected, "{action}");
    }
}

#[test]
fn an_action_without_a_value_gives_its_limit_up_unless_it_may_be_skipped() {
    let strict =
        json!([{ "genericKey": { "key": "k", "value": "v" } }, { "requestHeader": { "name": "x-no", "key": "n" } }]);
    let lax = json!([{ "genericKey": { "key": "k", "value": "v" } },
        { "requestHeader": { "name": "x-no", "key": "n", "skipIfAbsent": true } }]);
    let one = vec![vec![("k".to_owned(), "v".to_owned())]];
    assert_eq!(asked(&[limit(strict), limit(lax)]), Some(one));
}

#[test]
fn limits_of_another_stage_do_not_count() {
    let other = RouteLimit {
        stage: 1,
        ..limit(json!(["remoteAddress"]))
    };
    assert_eq!(asked(&[other]), None);
}

#[test]
fn those_of_the_virtual_host_count_where_the_route_has_none_or_wants_them() {
    let (route, host) = ([limit(json!(["remoteAddress"]))], [limit(json!(["sourceCluster"]))]);
    let count = |route: &[RouteLimit], includes_host, of_route: Option<&RateLimitOverride>| {
        let limits = Limits {
            route,
            host: &host,
            includes_host,
        };
        counting(&filter(), of_route, limits)
            .into_iter()
            .map(<[_]>::len)
            .sum::<usize>()
    };
    assert_eq!(count(&[], false, None), 1);
    assert_eq!(count(&route, false, None), 1);
    assert_eq!(count(&route, true, None), 2);
    let not = RateLimitOverride {
        of_host: HostLimits::Not,
        ..RateLimitOverride::default()
    };
    assert_eq!(count(&[], false, Some(&not)), 0);
}

fn answer(response: &RateLimitResponse) -> Answer {
    Answer {
        status: 200,
        fields: vec![("grpc-status".into(), b"0".to_vec())],
        body: Call::grpc(&"x".into(), "/", response, 1).body,
    }
}

#[test]
fn an_answer_over_the_limit_refuses_and_tells_the_limit() {
    let config = GlobalRateLimit {
        sends_limit_headers: true,
        ..filter()
    };
    let status = |remaining, requests, unit: Unit| DescriptorStatus {
        code: Code::OverLimit.into(),
        current_limit: Some(RateLimit {
            requests_per_unit: requests,
            unit: unit.into(),
            ..RateLimit::default()
        }),
        limit_remaining: remaining,
        duration_until_reset: Some(Duration { seconds: 7, nanos: 0 }),
    };
    let response = RateLimitResponse {
        overall_code: Code::OverLimit.into(),
        statuses: vec![status(3, 1000, Unit::Hour), status(0, 10, Unit::Second)],
        ..RateLimitResponse::default()
    };
    let LimitDecision::Refuse(refused) = decide(&config, Ok(answer(&response)), 0) else {
        panic!("passes");
    };
    let lines: Vec<String> = refused
        .headers
        .iter()
        .map(|header| format!("{}: {}", header.name, String::from_utf8_lossy(&header.value)))
        .collect();
    assert_eq!(
        lines,
        [
            "x-ratelimit-limit: 10, 1000;w=3600, 10;w=1",
            "x-ratelimit-remaining: 0",
            "x-ratelimit-reset: 7",
            "x-envoy-ratelimited: true"
        ]
    );
    let lax = GlobalRateLimit {
        enforced: FractionalPercent::new(0, 100),
        ..config
    };
    assert!(matches!(decide(&lax, Ok(answer(&response)), 0), LimitDecision::Pass(_)));
}

#[test]
fn a_service_that_fails_lets_pass_unless_told_otherwise() {
    let failed = |config: &GlobalRateLimit| decide(config, Err(CallFailure::Timeout), 0);
    assert!(matches!(failed(&filter()), LimitDecision::Pass(passed) if passed.has_failed));
    let strict = GlobalRateLimit {
        failure_denied: FractionalPercent::new(100, 100),
        ..filter()
    };
    assert_eq!(failed(&strict), LimitDecision::Fail { status: 500 });
}
