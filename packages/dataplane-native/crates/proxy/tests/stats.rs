//! What clusters, connection managers and listeners have counted; and beside a real Envoy with the same requests:
//! `FAIRLEAD_ENVOY=<path of envoy> cargo test -p proxy --test stats -- --ignored`
#![allow(clippy::unwrap_used, missing_docs)]

mod support;

use std::{
    io::{Read, Write},
    net::{SocketAddr, TcpStream},
    process::{Child, Command, Stdio},
    time::Duration,
};

use proxy::Proxy;
use serde_json::{Value, json};
use support::{Client, Upstream, address, cluster, dead_address, free_address, http_listener_with, start, wait_until};

/// A proxy whose cluster `up` answers, `slow` does not in time, and `dead` is not there.
fn serving(up: &Upstream, slow: SocketAddr, listen: SocketAddr) -> Proxy {
    let forward = |cluster: &str| json!({ "forward": { "cluster": cluster, "timeoutMs": 300 } });
    let mut listener = http_listener_with(
        "web",
        json!({ "statPrefix": "ingress", "routes": { "inline": { "virtualHosts": [{ "name": "all", "domains": ["*"], "routes": [
            { "match": { "path": { "prefix": "/dead" } }, "action": forward("dead") },
            { "match": { "path": { "prefix": "/slow" } }, "action": forward("slow") },
            { "match": { "path": { "prefix": "/here" } }, "action": { "directResponse": { "status": 418, "body": "tea" } } },
            { "action": forward("up") },
        ] }] } } }),
    );
    listener["address"] = json!(listen.to_string());
    start(&json!({
        "listeners": [listener],
        "clusters": [cluster("up", &[up.address]), cluster("slow", &[slow]), cluster("dead", &[dead_address()])],
    }))
}

fn upstream() -> Upstream {
    Upstream::start(|seen| {
        let status = if seen.head.contains("/missing") {
            "404 Not Found"
        } else {
            "200 OK"
        };
        format!("HTTP/1.1 {status}\r\nContent-Length: 2\r\n\r\nok").into_bytes()
    })
}

fn ask_all(target: SocketAddr) {
    let mut client = Client::connect(target);
    for path in ["/", "/", "/missing", "/dead", "/here"] {
        client.get(path);
    }
    Client::connect(target).get("/slow");
}

/// Accepts and says nothing.
fn silent() -> SocketAddr {
    let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap();
    std::thread::spawn(move || {
        let mut open = Vec::new();
        while let Ok((socket, _)) = listener.accept() {
            open.push(socket);
        }
    });
    address
}

fn sample(text: &str, name: &str) -> u64 {
    let found = text.lines().find_map(|line| line.strip_prefix(name)?.strip_prefix(' '));
    found.and_then(|value| value.parse().ok()).unwrap_or(0)
}

#[test]
fn clusters_managers_and_listeners_count_what_they_served() {
    let (up, slow, listen) = (upstream(), silent(), free_address());
    let proxy = serving(&up, slow, listen);
    ask_all(listen);
    let name = |family: &str, labels: &str| format!("fairlead_proxy_{family}{{{labels}}}");
    let connections = name("http_connections", r#"stat_prefix="ingress""#);
    wait_until("the clients are gone", || {
        sample(&proxy.stats_prometheus(), &connections) == 0
    });
    let text = proxy.stats_prometheus();
    for (family, labels, value) in [
        ("cluster_responses_total", r#"cluster="up",response_code="200""#, 2),
        ("cluster_responses_total", r#"cluster="up",response_code="404""#, 1),
        ("cluster_responses_total", r#"cluster="dead",response_code="503""#, 1),
        ("cluster_responses_total", r#"cluster="slow",response_code="504""#, 1),
        ("cluster_timeouts_total", r#"cluster="slow""#, 1),
        ("cluster_endpoints_healthy", r#"cluster="up""#, 1),
        (
            "http_responses_total",
            r#"stat_prefix="ingress",response_code="418""#,
            1,
        ),
        (
            "http_responses_total",
            r#"stat_prefix="ingress",response_code="200""#,
            2,
        ),
        ("http_connections_total", r#"stat_prefix="ingress""#, 2),
        ("listener_connections_total", &format!("address=\"{listen}\""), 2),
        ("listener_connections", &format!("address=\"{listen}\""), 0),
    ] {
        assert_eq!(
            sample(&text, &name(family, labels)),
            value,
            "{family} {labels} in {text}"
        );
    }
}

#[test]
fn requests_are_counted_for_the_virtual_cluster_that_they_belong_to() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("access.log");
    let up = upstream();
    let header = |name: &str, value: &str| json!({ "name": name, "value": { "string": { "exact": value } } });
    let proxy = start(&json!({
        "listeners": [http_listener_with("web", json!({
            "accessLog": [{ "path": path, "format": { "text": "%VIRTUAL_CLUSTER_NAME%" } }],
            "routes": { "inline": { "virtualHosts": [
                { "name": "shop", "domains": ["*"],
                  "virtualClusters": [
                      { "name": "buy", "headers": [header(":method", "POST"), header(":path", "/cart")] },
                      { "name": "look", "headers": [header(":method", "GET")] },
                  ],
                  "routes": [{ "action": { "forward": { "cluster": "up", "pathRewrite": { "prefix": "/inner" } } } }] },
            ] } },
        }))],
        "clusters": [cluster("up", &[up.address])],
    }));
    let mut client = Client::connect(address(&proxy, "web"));
    client.get("/");
    for path in ["/cart", "/elsewhere"] {
        client.send(format!("POST {path} HTTP/1.1\r\nHost: a\r\nContent-Length: 0\r\n\r\n"));
        client.response().unwrap();
    }
    let lines = || std::fs::read_to_string(&path).unwrap_or_default();
    wait_until("lines", || lines() == "look\nbuy\n-\n");
    let text = proxy.stats_prometheus();
    for name in ["look", "buy", "other"] {
        let labels = format!("{{response_code=\"200\",virtual_host=\"shop\",virtual_cluster=\"{name}\"}}");
        let family = format!("fairlead_proxy_virtual_cluster_responses_total{labels}");
        assert_eq!(sample(&text, &family), 1, "{name} in {text}");
    }
}

struct Envoy(Child);

impl Drop for Envoy {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

fn start_envoy(folder: &std::path::Path, clusters: [(&str, SocketAddr); 3]) -> (Envoy, SocketAddr, SocketAddr) {
    let (listen, admin) = (free_address(), free_address());
    let socket =
        |address: SocketAddr| json!({ "socket_address": { "address": "127.0.0.1", "port_value": address.port() } });
    let route = |prefix: &str, cluster: &str| json!({ "match": { "prefix": prefix }, "route": { "cluster": cluster, "timeout": "0.3s" } });
    let clusters = clusters.map(|(name, address)| {
        json!({ "name": name, "type": "STATIC", "load_assignment": { "cluster_name": name,
            "endpoints": [{ "lb_endpoints": [{ "endpoint": { "address": socket(address) } }] }] } })
    });
    let config = json!({ "admin": { "address": socket(admin) }, "static_resources": { "clusters": clusters,
        "listeners": [{ "name": "web", "address": socket(listen), "filter_chains": [{ "filters": [{
            "name": "hcm", "typed_config": {
                "@type": "type.googleapis.com/envoy.extensions.filters.network.http_connection_manager.v3.HttpConnectionManager",
                "stat_prefix": "ingress",
                "http_filters": [{ "name": "router", "typed_config": { "@type": "type.googleapis.com/envoy.extensions.filters.http.router.v3.Router" } }],
                "route_config": { "name": "r", "virtual_hosts": [{ "name": "all", "domains": ["*"], "routes": [
                    route("/dead", "dead"), route("/slow", "slow"),
                    { "match": { "prefix": "/here" }, "direct_response": { "status": 418, "body": { "inline_string": "tea" } } },
                    route("/", "up"),
                ] }] },
            } }] }] }] } });
    let path = folder.join("envoy.json");
    std::fs::write(&path, config.to_string()).unwrap();
    let program = std::env::var("FAIRLEAD_ENVOY").expect("FAIRLEAD_ENVOY is the path of an envoy");
    let child = Command::new(program)
        .args(["--concurrency", "1", "--disable-hot-restart", "-l", "error", "-c"])
        .arg(&path)
        .stdout(Stdio::null())
        .spawn()
        .unwrap();
    let envoy = Envoy(child);
    wait_until("envoy listens", || TcpStream::connect(listen).is_ok());
    (envoy, listen, admin)
}

fn stats_of_envoy(admin: SocketAddr) -> Value {
    let mut stream = TcpStream::connect(admin).unwrap();
    stream.set_read_timeout(Some(Duration::from_secs(10))).unwrap();
    stream
        .write_all(b"GET /stats?format=json HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n")
        .unwrap();
    let mut text = String::new();
    stream.read_to_string(&mut text).unwrap();
    let (start, end) = (text.find('{').unwrap(), text.rfind('}').unwrap());
    // Chunks' sizes are between lines that JSON does not need.
    let json: String = text[start..=end].split("\r\n").step_by(2).collect();
    serde_json::from_str(&json).unwrap()
}

#[test]
#[ignore = "needs an Envoy"]
fn what_is_counted_is_what_envoy_counts() {
    let folder = tempfile::tempdir().unwrap();
    let (up, slow, listen) = (upstream(), silent(), free_address());
    let proxy = serving(&up, slow, listen);
    let clusters = [("up", up.address), ("slow", slow), ("dead", dead_address())];
    let (_envoy, envoy, admin) = start_envoy(folder.path(), clusters);
    ask_all(listen);
    ask_all(envoy);
    let connections = "fairlead_proxy_http_connections{stat_prefix=\"ingress\"}";
    wait_until("the clients are gone", || {
        sample(&proxy.stats_prometheus(), connections) == 0
    });
    let text = proxy.stats_prometheus();
    let theirs = stats_of_envoy(admin);
    let theirs = |name: &str| {
        let stats = theirs["stats"].as_array().unwrap();
        let found = stats.iter().find(|stat| stat["name"] == name);
        found.and_then(|stat| stat["value"].as_u64()).unwrap_or(0)
    };
    let mut differences = Vec::new();
    let mut compare = |name: String, sample_name: String| {
        let (envoy, ours) = (theirs(&name), sample(&text, &sample_name));
        if envoy != ours {
            differences.push(format!("{name}: envoy {envoy}, ours {ours}"));
        }
    };
    for cluster in ["up", "slow", "dead"] {
        for code in [200, 404, 503, 504] {
            compare(
                format!("cluster.{cluster}.upstream_rq_{code}"),
                format!("fairlead_proxy_cluster_responses_total{{cluster=\"{cluster}\",response_code=\"{code}\"}}"),
            );
        }
        for (name, ours) in [
            ("upstream_rq_timeout", "timeouts_total"),
            ("upstream_rq_pending_overflow", "overflows_total"),
            ("upstream_rq_pending_active", "requests_pending"),
            ("upstream_rq_active", "requests_active"),
            ("membership_total", "endpoints"),
            ("membership_healthy", "endpoints_healthy"),
        ] {
            compare(
                format!("cluster.{cluster}.{name}"),
                format!("fairlead_proxy_cluster_{ours}{{cluster=\"{cluster}\"}}"),
            );
        }
    }
    // Of a cluster that is not there we try again on our own.
    for cluster in ["up", "slow"] {
        for (name, ours) in [
            ("upstream_rq_total", "requests_total"),
            ("upstream_rq_retry", "retries_total"),
            ("upstream_cx_total", "connections_total"),
            ("upstream_cx_connect_fail", "connect_failures_total"),
        ] {
            compare(
                format!("cluster.{cluster}.{name}"),
                format!("fairlead_proxy_cluster_{ours}{{cluster=\"{cluster}\"}}"),
            );
        }
    }
    // The connection that found out that it listens is one more of Envoy's; it was closed without a request.
    let both =
        |code: u32| format!("fairlead_proxy_http_responses_total{{stat_prefix=\"ingress\",response_code=\"{code}\"}}");
    let class = |codes: &[u32]| codes.iter().map(|code| sample(&text, &both(*code))).sum::<u64>();
    assert_eq!(theirs("http.ingress.downstream_rq_2xx"), class(&[200]));
    assert_eq!(theirs("http.ingress.downstream_rq_4xx"), class(&[404, 418]));
    assert_eq!(theirs("http.ingress.downstream_rq_5xx"), class(&[503, 504]));
    assert_eq!(theirs("http.ingress.downstream_cx_total"), 3);
    assert_eq!(
        sample(&text, "fairlead_proxy_http_connections_total{stat_prefix=\"ingress\"}"),
        2
    );
    assert!(differences.is_empty(), "{}", differences.join("\n"));
}
