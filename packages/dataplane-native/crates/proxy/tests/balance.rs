//! How endpoints are chosen, end to end.
#![allow(clippy::unwrap_used, clippy::needless_pass_by_value, missing_docs)]

mod support;

use std::collections::HashSet;

use serde_json::{Value, json};
use support::{Client, Upstream, address, cluster, http_listener, start};

fn upstreams() -> Vec<Upstream> {
    ["one", "two", "three"].into_iter().map(Upstream::saying).collect()
}

fn hashed(policies: Value, upstreams: &[Upstream]) -> Value {
    let addresses: Vec<_> = upstreams.iter().map(|upstream| upstream.address).collect();
    let mut cluster = cluster("up", &addresses);
    cluster["lbPolicy"] = json!({ "maglev": { "tableSize": 251 } });
    let route = json!({ "action": { "forward": { "cluster": "up", "hashPolicy": policies } } });
    json!({ "listeners": [http_listener("web", json!([route]))], "clusters": [cluster] })
}

#[test]
fn requests_of_one_user_go_to_one_endpoint() {
    let upstreams = upstreams();
    let policies = json!([{ "on": { "header": { "name": "x-user" } } }]);
    let proxy = start(&hashed(policies, &upstreams));
    let web = address(&proxy, "web");
    let ask = |user: usize| {
        let mut client = Client::connect(web);
        client.send(format!("GET / HTTP/1.1\r\nHost: test\r\nX-User: {user}\r\n\r\n"));
        client.response().unwrap().body()
    };
    let answers: Vec<String> = (0..20).map(ask).collect();
    assert_eq!(answers, (0..20).map(ask).collect::<Vec<_>>());
    assert_eq!(answers.iter().collect::<HashSet<_>>().len(), 3);
}

#[test]
fn a_client_without_a_cookie_gets_one_and_stays() {
    let upstreams = upstreams();
    let policies = json!([{ "on": { "cookie": { "name": "session", "ttlMs": 0, "path": "/" } } }]);
    let proxy = start(&hashed(policies, &upstreams));
    let web = address(&proxy, "web");
    for _ in 0..5 {
        let first = Client::connect(web).get("/");
        let cookie = first.header("set-cookie").unwrap();
        assert!(cookie.ends_with("; Path=/; HttpOnly"), "{cookie}");
        let pair = cookie.split(';').next().unwrap();
        for _ in 0..3 {
            let mut client = Client::connect(web);
            client.send(format!("GET / HTTP/1.1\r\nHost: test\r\nCookie: {pair}\r\n\r\n"));
            let again = client.response().unwrap();
            assert_eq!((again.body(), again.header("set-cookie")), (first.body(), None));
        }
    }
}

#[test]
fn a_route_reaches_only_the_endpoints_with_its_metadata() {
    let upstreams = upstreams();
    let endpoint = |upstream: &Upstream, version: &str| json!({ "address": upstream.address.to_string(), "lbMetadata": { "version": version } });
    let mut up = cluster("up", &[]);
    up["endpoints"] = json!([{ "endpoints": [
        endpoint(&upstreams[0], "v1"), endpoint(&upstreams[1], "v2"), endpoint(&upstreams[2], "v1"),
    ] }]);
    up["subsets"] = json!({ "selectors": [{ "keys": ["version"] }] });
    let forward = |criteria: Value| json!({ "forward": { "cluster": "up", "metadataMatch": criteria } });
    let routes = json!([
        { "match": { "path": { "exact": "/v2" } }, "action": forward(json!({ "version": "v2" })) },
        { "match": { "path": { "exact": "/v3" } }, "action": forward(json!({ "version": "v3" })) },
        { "action": forward(json!({ "version": "v1" })) },
    ]);
    let proxy = start(&json!({ "listeners": [http_listener("web", routes)], "clusters": [up] }));
    let mut client = Client::connect(address(&proxy, "web"));
    assert!((0..6).all(|_| client.get("/v2").body() == "two"));
    let of_v1: HashSet<String> = (0..6).map(|_| client.get("/").body()).collect();
    assert_eq!(of_v1, HashSet::from(["one".to_owned(), "three".to_owned()]));
    assert_eq!(client.get("/v3").status, 503);
}

/// A cluster with these endpoints, each in a zone and priority of its own.
fn placed(name: &str, endpoints: &[(&str, u32, String)]) -> Value {
    let localities = endpoints.iter().map(|(zone, priority, address)| {
        json!({ "locality": { "region": "r", "zone": zone }, "priority": priority, "endpoints": [{ "address": address }] })
    });
    json!({ "name": name, "endpoints": localities.collect::<Vec<_>>() })
}

/// How often each answer came, of a hundred.
fn shares(web: std::net::SocketAddr) -> [usize; 2] {
    let mut client = Client::connect(web);
    let answers: Vec<String> = (0..100).map(|_| client.get("/").body()).collect();
    ["one", "two"].map(|name| answers.iter().filter(|answer| *answer == name).count())
}

#[test]
fn requests_stay_in_the_zone_of_the_proxy_as_far_as_others_do_the_same() {
    let upstreams = upstreams();
    let bootstrap = proxy::Bootstrap {
        workers: 1,
        report_interval_ms: 0,
        node: proxy::NodeIdentity {
            locality: serde_json::from_value(json!({ "region": "r", "zone": "a" })).unwrap(),
            local_cluster: "me".to_owned(),
            ..proxy::NodeIdentity::default()
        },
        ..proxy::Bootstrap::default()
    };
    let mut up = placed(
        "up",
        &[
            ("a", 0, upstreams[0].address.to_string()),
            ("b", 0, upstreams[1].address.to_string()),
        ],
    );
    up["zoneAware"] = json!({ "minClusterSize": 2, "routingEnabledPercent": 100.0, "failTrafficOnPanic": false });
    let with_own = |zones: &[&str]| {
        let own = zones.iter().enumerate();
        let own: Vec<_> = own
            .map(|(at, zone)| (*zone, 0, format!("127.0.0.1:{}", at + 1)))
            .collect();
        json!({ "listeners": [http_listener("web", json!([{ "action": { "forward": { "cluster": "up" } } }]))],
                "clusters": [up, placed("me", &own)] })
    };
    let proxy = support::start_with(bootstrap, &with_own(&["a", "b"]));
    let web = address(&proxy, "web");
    assert_eq!(shares(web), [100, 0]);
    // Three quarters of the requests come from here, and half of the endpoints are: a third goes elsewhere.
    support::apply(&proxy, &with_own(&["a", "a", "a", "b"]));
    let [near, far] = shares(web);
    assert!((50..85).contains(&near) && far > 10, "{near} {far}");
    // As long as nobody knows where requests come from they go everywhere.
    support::apply(&proxy, &with_own(&[]));
    let [near, far] = shares(web);
    assert!(near.abs_diff(far) <= 10, "{near} {far}");
}

#[test]
fn requests_fail_over_to_the_next_priority_and_come_back() {
    let upstreams = upstreams();
    let failing = Upstream::start(|_| support::status(500, b"one"));
    let config = |first: &Upstream, health: &str| {
        let mut up = placed(
            "up",
            &[
                ("a", 0, first.address.to_string()),
                ("b", 1, upstreams[1].address.to_string()),
            ],
        );
        up["endpoints"][0]["endpoints"][0]["health"] = health.into();
        up["outlierDetection"] = json!({ "consecutive5xx": 1, "maxEjectionPercent": 100 });
        json!({ "listeners": [http_listener("web", json!([{ "action": { "forward": { "cluster": "up" } } }]))],
                "clusters": [up] })
    };
    let proxy = start(&config(&upstreams[0], "healthy"));
    let web = address(&proxy, "web");
    assert_eq!(shares(web), [100, 0]);
    support::apply(&proxy, &config(&upstreams[0], "unhealthy"));
    assert_eq!(shares(web), [0, 100]);
    support::apply(&proxy, &config(&upstreams[0], "unknown"));
    assert_eq!(shares(web), [100, 0]);
    // What outlier detection takes out counts as much: this is what locality failover of Istio rests on.
    support::apply(&proxy, &config(&failing, "unknown"));
    assert_eq!(shares(web), [1, 99]);
}
