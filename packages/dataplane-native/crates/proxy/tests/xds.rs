//! Resources as an xDS server sends them: istiod's own bytes, and bad ones.
#![allow(clippy::unwrap_used, missing_docs)]

use proxy::{Bootstrap, Problem, Proxy, Severity, Upsert};
use serde_json::{Value, json};

const SIDECAR: &str = include_str!("../../xds/tests/istiod/sidecar.hex");

fn url(kind: &str) -> &'static str {
    match kind {
        "cluster" => "type.googleapis.com/envoy.config.cluster.v3.Cluster",
        "endpoint" => "type.googleapis.com/envoy.config.endpoint.v3.ClusterLoadAssignment",
        "listener" => "type.googleapis.com/envoy.config.listener.v3.Listener",
        "route" => "type.googleapis.com/envoy.config.route.v3.RouteConfiguration",
        kind => panic!("{kind}"),
    }
}

fn resources(kind: &str) -> Vec<Upsert> {
    let bytes = |hex: &str| {
        (0..hex.len())
            .step_by(2)
            .map(|at| u8::from_str_radix(&hex[at..at + 2], 16).unwrap())
            .collect()
    };
    let parts = SIDECAR.lines().map(|line| line.split('\t').collect::<Vec<_>>());
    parts
        // The two that capture traffic listen on all addresses, which a test must not.
        .filter(|parts| parts[0] == kind && !parts[1].starts_with("virtual"))
        .map(|parts| Upsert {
            name: parts[1].to_owned(),
            version: "1".to_owned(),
            bytes: bytes(parts[2]),
        })
        .collect()
}

fn apply(proxy: &Proxy, kind: &str, upserts: Vec<Upsert>, removed: &[&str]) -> Vec<Problem> {
    let removed = removed.iter().map(|name| (*name).to_owned()).collect();
    let problems = proxy.apply_xds(url(kind), upserts, removed);
    problems
        .into_iter()
        .filter(|problem| problem.severity == Severity::Error)
        .collect()
}

fn explain(proxy: &Proxy) -> Value {
    let request = json!({ "listener": "0.0.0.0_9080", "method": "GET", "authority": "reviews:9080", "path": "/a/0" });
    serde_json::from_str(&proxy.explain(&request.to_string()).unwrap()).unwrap()
}

#[test]
fn istiods_resources_are_taken_over_and_bad_ones_leave_the_last_good_in_service() {
    let proxy = Proxy::start(
        Bootstrap {
            workers: 1,
            report_interval_ms: 0,
            ..Bootstrap::default()
        },
        Box::new(|_| {}),
    )
    .unwrap();
    for kind in ["cluster", "endpoint", "listener"] {
        assert_eq!(apply(&proxy, kind, resources(kind), &[]), []);
    }
    let dump: Value = serde_json::from_str(&proxy.dump_config()).unwrap();
    let state = |dump: &Value| {
        let listeners = dump["listeners"].as_array().unwrap();
        listeners.iter().find(|entry| entry["name"] == "0.0.0.0_9080").unwrap()["state"].clone()
    };
    assert_eq!(state(&dump), "warming", "its routes are not there");
    assert_eq!(apply(&proxy, "route", resources("route"), &[]), []);
    let dump: Value = serde_json::from_str(&proxy.dump_config()).unwrap();
    assert_eq!(state(&dump), "active");
    let before = explain(&proxy);
    assert!(
        before["cluster"]
            .as_str()
            .unwrap()
            .contains("reviews.default.svc.cluster.local"),
        "{before}"
    );

    let bad = Upsert {
        name: "9080".to_owned(),
        version: "2".to_owned(),
        bytes: vec![0xff; 10],
    };
    let problems = apply(&proxy, "route", vec![bad], &[]);
    assert_eq!((problems.len(), problems[0].name.as_str()), (1, "9080"));
    assert_eq!(explain(&proxy), before);

    assert_eq!(apply(&proxy, "listener", Vec::new(), &["0.0.0.0_9080"]), []);
    assert!(explain(&proxy)["listener"].is_null());
    let unknown = proxy.apply_xds("type.googleapis.com/unknown.Type", Vec::new(), Vec::new());
    assert_eq!(unknown[0].severity, Severity::Error);
}
