//! The same requests through a real Envoy and through us: each operator writes the same, as text and as JSON.
//! `FAIRLEAD_ENVOY=<path of envoy> cargo test -p proxy --test envoy_logs -- --ignored`
#![allow(clippy::unwrap_used, clippy::needless_pass_by_value, missing_docs)]

mod support;

use std::{
    net::SocketAddr,
    path::Path,
    process::{Child, Command, Stdio},
};

use proxy::Bootstrap;
use serde_json::{Value, json};
use support::{
    Client, Upstream, address, cluster, dead_address, free_address, http_listener_with, start_with, wait_until,
};

/// Operators whose values depend on nothing but the request.
const OPERATORS: [&str; 48] = [
    "%PROTOCOL%",
    "%REQ(:METHOD)%",
    "%REQ(:PATH)%",
    "%REQ(X-ENVOY-ORIGINAL-PATH?:PATH)%",
    "%REQ(:AUTHORITY)%",
    "%REQ(:SCHEME)%",
    "%REQ(X-Missing?X-OWN):3%",
    "%REQ(X-EMPTY)%",
    "%REQ(X-REQUEST-ID)%",
    "%REQ(USER-AGENT)%",
    "%REQ(X-FORWARDED-PROTO)%",
    "%RESP(X-APP)%",
    "%RESP(CONTENT-TYPE)%",
    "%RESP(CONTENT-LENGTH)%",
    "%RESP(:STATUS)%",
    "%RESPONSE_CODE%",
    "%RESPONSE_CODE_DETAILS%",
    "%RESPONSE_FLAGS%",
    "%RESPONSE_FLAGS_LONG%",
    "%BYTES_RECEIVED%",
    "%BYTES_SENT%",
    "%UPSTREAM_HOST%",
    "%UPSTREAM_REMOTE_PORT%",
    "%UPSTREAM_CLUSTER%",
    "%UPSTREAM_CLUSTER_RAW%",
    "%UPSTREAM_REQUEST_ATTEMPT_COUNT%",
    "%UPSTREAM_PROTOCOL%",
    "%UPSTREAM_LOCAL_ADDRESS_WITHOUT_PORT%",
    "%ROUTE_NAME%",
    "%DOWNSTREAM_LOCAL_ADDRESS_WITHOUT_PORT%",
    "%DOWNSTREAM_REMOTE_ADDRESS_WITHOUT_PORT%",
    "%DOWNSTREAM_DIRECT_REMOTE_ADDRESS_WITHOUT_PORT%",
    "%REQUESTED_SERVER_NAME%",
    "%GRPC_STATUS%",
    "%GRPC_STATUS_NUMBER%",
    "%TRAILER(X-T)%",
    "%CONNECTION_TERMINATION_DETAILS%",
    "%DOWNSTREAM_TLS_VERSION%",
    "%DOWNSTREAM_PEER_URI_SAN%",
    "%CLUSTER_METADATA(shop:team)%",
    "%METADATA(ROUTE:shop:kind)%",
    "%METADATA(ROUTE:shop:count)%",
    "%QUERY_PARAM(x)%",
    "%VIRTUAL_CLUSTER_NAME%",
    "%ACCESS_LOG_TYPE%",
    "%START_TIME(%Y)%",
    "%ENVIRONMENT(A_VARIABLE_THAT_NOBODY_SETS)%",
    "a %PROTOCOL% b %TRAILER(X-T)% 100%%",
];

struct Envoy(Child);

impl Drop for Envoy {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

fn logs(folder: &Path) -> (Value, Value) {
    let text = OPERATORS.join("\t");
    let json: Value = OPERATORS
        .iter()
        .map(|operator| ((*operator).to_owned(), json!(operator)))
        .collect();
    let envoy = |path: &str, format: Value| {
        json!({ "name": "f", "typed_config": { "@type": "type.googleapis.com/envoy.extensions.access_loggers.file.v3.FileAccessLog",
                "path": folder.join(path), "log_format": format } })
    };
    let ours = |path: &str, format: Value| json!({ "path": folder.join(path), "format": format });
    (
        json!([
            envoy(
                "envoy.text",
                json!({ "text_format_source": { "inline_string": format!("{text}\n") } })
            ),
            envoy("envoy.json", json!({ "json_format": json })),
        ]),
        json!([
            ours("ours.text", json!({ "text": text })),
            ours("ours.json", json!({ "json": json }))
        ]),
    )
}

fn start_envoy(folder: &Path, logs: &Value, up: SocketAddr, dead: SocketAddr) -> (Envoy, SocketAddr) {
    let listen = free_address();
    let socket =
        |address: SocketAddr| json!({ "socket_address": { "address": "127.0.0.1", "port_value": address.port() } });
    let cluster = |name: &str, address: SocketAddr, metadata: Value| {
        json!({ "name": name, "type": "STATIC", "metadata": { "filter_metadata": metadata }, "load_assignment": { "cluster_name": name,
                "endpoints": [{ "lb_endpoints": [{ "endpoint": { "address": socket(address) } }] }] } })
    };
    let config = json!({ "static_resources": {
        "listeners": [{ "name": "web", "address": socket(listen), "filter_chains": [{ "filters": [{
            "name": "hcm", "typed_config": {
                "@type": "type.googleapis.com/envoy.extensions.filters.network.http_connection_manager.v3.HttpConnectionManager",
                "stat_prefix": "web", "access_log": logs,
                "http_filters": [{ "name": "router", "typed_config": { "@type": "type.googleapis.com/envoy.extensions.filters.http.router.v3.Router" } }],
                "route_config": { "name": "r", "virtual_hosts": [{ "name": "all", "domains": ["a.test"], "routes": [
                    { "name": "rewritten", "match": { "prefix": "/old/" }, "metadata": { "filter_metadata": { "shop": { "kind": { "size": 3 }, "count": 5 } } },
                      "route": { "cluster": "up", "prefix_rewrite": "/new/", "host_rewrite_literal": "inner" } },
                    { "name": "dead", "match": { "prefix": "/dead" }, "route": { "cluster": "dead" } },
                    { "name": "here", "match": { "prefix": "/here" }, "direct_response": { "status": 418, "body": { "inline_string": "tea" } } },
                    { "name": "moved", "match": { "prefix": "/moved" }, "redirect": { "path_redirect": "/there" } },
                    { "match": { "prefix": "/" }, "route": { "cluster": "up" } },
                ] }] },
            } }] }] }],
        "clusters": [cluster("up", up, json!({ "shop": { "team": "red" } })), cluster("dead", dead, json!({}))],
    } });
    let path = folder.join("envoy-config.json");
    std::fs::write(&path, config.to_string()).unwrap();
    let program = std::env::var("FAIRLEAD_ENVOY").expect("FAIRLEAD_ENVOY is the path of an envoy");
    let child = Command::new(program)
        .args([
            "--concurrency",
            "1",
            "--disable-hot-restart",
            "--file-flush-interval-msec",
            "50",
            "-l",
            "error",
            "-c",
        ])
        .arg(&path)
        .stdout(Stdio::null())
        .spawn()
        .unwrap();
    let envoy = Envoy(child);
    wait_until("envoy listens", || std::net::TcpStream::connect(listen).is_ok());
    (envoy, listen)
}

/// What we do otherwise on purpose: a request that cannot have arrived is tried again whatever the policy, and what the
/// system said about a connection is no part of the details.
fn is_another(request: &str, operator: &str) -> bool {
    const OTHERS: [&str; 4] = [
        "%RESPONSE_CODE_DETAILS%",
        "%RESPONSE_FLAGS%",
        "%RESPONSE_FLAGS_LONG%",
        "%UPSTREAM_REQUEST_ATTEMPT_COUNT%",
    ];
    request.contains("/dead") && OTHERS.contains(&operator)
}

#[test]
#[ignore = "needs an Envoy"]
fn every_operator_writes_what_envoy_writes() {
    let folder = tempfile::tempdir().unwrap();
    let up = Upstream::start(|_| {
        b"HTTP/1.1 201 Created\r\nContent-Type: text/x\r\nX-App: 7\r\nContent-Length: 2\r\n\r\nok".to_vec()
    });
    let dead = dead_address();
    let (of_envoy, ours) = logs(folder.path());
    let (_envoy, envoy) = start_envoy(folder.path(), &of_envoy, up.address, dead);
    let mut cluster_up = cluster("up", &[up.address]);
    cluster_up["metadata"] = json!({ "shop": { "team": "red" } });
    // Lines of one worker are in order.
    let bootstrap = Bootstrap {
        workers: 1,
        report_interval_ms: 0,
        ..Bootstrap::default()
    };
    let proxy = start_with(
        bootstrap,
        &json!({
            "listeners": [http_listener_with("web", json!({ "accessLog": ours, "routes": { "inline": { "virtualHosts": [
                { "name": "all", "domains": ["a.test"], "routes": [
                    { "name": "rewritten", "match": { "path": { "prefix": "/old/" } }, "metadata": { "shop": { "kind": { "size": 3 }, "count": 5 } },
                      "action": { "forward": { "cluster": "up", "pathRewrite": { "prefix": "/new/" }, "hostRewrite": { "literal": "inner" } } } },
                    { "name": "dead", "match": { "path": { "prefix": "/dead" } }, "action": { "forward": { "cluster": "dead" } } },
                    { "name": "here", "match": { "path": { "prefix": "/here" } }, "action": { "directResponse": { "status": 418, "body": "tea" } } },
                    { "name": "moved", "match": { "path": { "prefix": "/moved" } }, "action": { "redirect": { "path": { "full": "/there" } } } },
                    { "action": { "forward": { "cluster": "up" } } },
                ] }] } } }))],
            "clusters": [cluster_up, cluster("dead", &[dead])],
        }),
    );
    let id = "x-request-id: 11111111-2222-4333-8444-555555555555\r\nuser-agent: test\r\n";
    let requests = [
        format!("GET / HTTP/1.1\r\nHost: a.test\r\n{id}\r\n"),
        format!(
            "POST /old/a?x=1&y HTTP/1.1\r\nHost: a.test\r\nX-Own: abcdef\r\nX-Empty:\r\nContent-Length: 5\r\n{id}\r\nhello"
        ),
        format!("GET /dead HTTP/1.1\r\nHost: a.test\r\n{id}\r\n"),
        format!("GET /here HTTP/1.1\r\nHost: a.test\r\n{id}\r\n"),
        format!("GET /moved HTTP/1.1\r\nHost: a.test\r\n{id}\r\n"),
        format!("GET /nowhere HTTP/1.1\r\nHost: b.test\r\n{id}\r\n"),
        format!(
            "POST /svc/Do HTTP/1.1\r\nHost: a.test\r\nContent-Type: application/grpc\r\nContent-Length: 0\r\n{id}\r\n"
        ),
    ];
    for request in &requests {
        for target in [envoy, address(&proxy, "web")] {
            let mut client = Client::connect(target);
            client.send(request);
            client.response().unwrap();
        }
    }
    let lines = |name: &str| -> Vec<String> {
        let text = std::fs::read_to_string(folder.path().join(name)).unwrap_or_default();
        text.lines().map(str::to_owned).collect()
    };
    let names = ["envoy.text", "ours.text", "envoy.json", "ours.json"];
    wait_until("lines", || names.iter().all(|name| lines(name).len() == requests.len()));
    let mut differences = Vec::new();
    for (turn, request) in requests.iter().enumerate() {
        let first = request.lines().next().unwrap();
        let texts = [&names[0], &names[1]].map(|name| lines(name)[turn].clone());
        let [theirs, ours] = texts.each_ref().map(|line| line.split('\t').collect::<Vec<_>>());
        let [json_theirs, json_ours] =
            [&names[2], &names[3]].map(|name| serde_json::from_str::<Value>(&lines(name)[turn]).unwrap());
        for (at, operator) in OPERATORS.iter().enumerate() {
            if is_another(first, operator) {
                continue;
            }
            if theirs[at] != ours[at] {
                differences.push(format!(
                    "{first}: {operator}: envoy {:?}, ours {:?}",
                    theirs[at], ours[at]
                ));
            }
            let (theirs, ours) = (&json_theirs[*operator], &json_ours[*operator]);
            if theirs != ours {
                differences.push(format!("{first}: {operator} in JSON: envoy {theirs}, ours {ours}"));
            }
        }
    }
    assert!(differences.is_empty(), "{}", differences.join("\n"));
}
