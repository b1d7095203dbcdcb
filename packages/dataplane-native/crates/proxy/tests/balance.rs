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
