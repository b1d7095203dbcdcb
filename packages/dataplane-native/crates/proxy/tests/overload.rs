//! What is given up when memory runs short.
#![allow(clippy::unwrap_used, missing_docs)]

mod support;

use proxy::{Bootstrap, Limits};
use serde_json::json;
use support::{Client, Upstream, address, cluster, forward, get, http_listener, start_with, wait_until};

const MEBIBYTE: usize = 1 << 20;

fn resident() -> usize {
    let status = std::fs::read_to_string("/proc/self/status").unwrap();
    let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:")).unwrap();
    line.trim().trim_end_matches(" kB").parse::<usize>().unwrap() * 1024
}

/// Memory that is really there.
fn ballast(bytes: usize) -> Vec<u8> {
    vec![1; bytes]
}

#[test]
fn memory_that_runs_short_sheds_keepalive_then_requests_then_connections() {
    let app = Upstream::saying("ok");
    // Large beside what a proxy and its tests use, so that each level can be hit.
    let first = ballast(400 * MEBIBYTE);
    let limit = resident() * 100 / 87;
    let bootstrap = Bootstrap {
        workers: 2,
        report_interval_ms: 0,
        limits: Limits {
            max_memory_bytes: limit as u64,
            ..Limits::default()
        },
        ..Bootstrap::default()
    };
    let config = json!({
        "listeners": [http_listener("in", json!([forward("app")]))],
        "clusters": [cluster("app", &[app.address])],
    });
    let proxy = start_with(bootstrap, &config);
    let at = address(&proxy, "in");
    let is_active = |action: &str| {
        let text = proxy.stats_prometheus();
        text.contains(&format!(
            "fairlead_proxy_overload_active{{action=\"envoy.overload_actions.{action}\"}} 1"
        ))
    };
    wait_until("keep-alive is given up", || is_active("disable_http_keepalive"));
    assert!(!is_active("stop_accepting_requests"));
    let response = get(at, "/");
    assert_eq!((response.status, response.header("connection")), (200, Some("close")));

    let second = ballast(limit * 7 / 100);
    wait_until("requests are given up", || is_active("stop_accepting_requests"));
    let before = app.requests();
    let refused = get(at, "/");
    assert_eq!(refused.status, 503);
    assert_eq!(app.requests(), before);
    wait_until("it is counted with its flag", || {
        proxy.stats_prometheus().contains("response_flags=\"OM\"")
    });

    let third = ballast(limit * 6 / 100);
    wait_until("connections are given up", || is_active("stop_accepting_connections"));
    // Those that come now wait; nothing is refused that can be served later.
    let mut waiting: Vec<Client> = (0..4).map(|_| Client::connect(at)).collect();
    for client in &mut waiting {
        client.send("GET / HTTP/1.1\r\nHost: a\r\n\r\n");
    }
    drop((first, second, third));
    wait_until("there is memory again", || !is_active("disable_http_keepalive"));
    assert!(waiting.iter_mut().all(|client| client.response().is_some()));
    let response = get(at, "/");
    assert_eq!((response.status, response.header("connection")), (200, None));
}
