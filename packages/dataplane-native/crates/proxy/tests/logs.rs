//! Access logs end to end: what a line says about a request.
#![allow(clippy::unwrap_used, clippy::needless_pass_by_value, missing_docs)]

mod support;

use std::path::Path;

use proxy::{Proxy, Severity};
use serde_json::{Value, json};
use support::{Client, Upstream, address, cluster, dead_address, forward, http_listener_with, ok, start, wait_until};

/// A listener that logs as said.
fn listener(logs: Value, more: Value) -> Value {
    let mut manager = json!({
        "accessLog": logs,
        "routes": { "inline": { "virtualHosts": [{ "name": "all", "domains": ["*"], "routes": [
            { "name": "rewritten", "match": { "path": { "prefix": "/old/" } },
              "metadata": { "shop": { "kind": { "size": 3 } } },
              "headers": { "response": { "set": [{ "name": "x-out", "value": "yes" }] } },
              "action": { "forward": { "cluster": "up", "pathRewrite": { "prefix": "/new/" }, "hostRewrite": { "literal": "inner" } } } },
            { "name": "dead", "match": { "path": { "prefix": "/dead" } }, "action": { "forward": { "cluster": "dead" } } },
            forward("up"),
        ] }] } },
    });
    for (key, value) in more.as_object().unwrap() {
        manager[key] = value.clone();
    }
    http_listener_with("web", manager)
}

fn lines(path: &Path) -> Vec<String> {
    let text = std::fs::read_to_string(path).unwrap_or_default();
    text.lines().map(str::to_owned).collect()
}

fn wait_for_lines(path: &Path, count: usize) -> Vec<String> {
    wait_until("lines", || lines(path).len() >= count);
    lines(path)
}

fn clusters(up: &Upstream) -> Value {
    let mut up = cluster("up", &[up.address]);
    up["metadata"] = json!({ "shop": { "team": "red" } });
    json!([up, cluster("dead", &[dead_address()])])
}

fn logging(log: Value, up: &Upstream) -> Proxy {
    start(&json!({ "listeners": [listener(json!([log]), json!({}))], "clusters": clusters(up) }))
}

#[test]
fn a_line_tells_what_the_request_became() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("access.log");
    let up =
        Upstream::start(|_| b"HTTP/1.1 201 Created\r\nServer: app\r\nX-App: 7\r\nContent-Length: 2\r\n\r\nok".to_vec());
    let operators = [
        (
            "%REQ(:METHOD)% %REQ(:PATH)% %REQ(X-ENVOY-ORIGINAL-PATH?:PATH)%",
            "POST /new/a?x=1&y /old/a?x=1&y",
        ),
        ("%REQ(:AUTHORITY)% %REQ(:SCHEME)%", "inner http"),
        ("%REQ(X-Missing?X-Own):3% %REQ(x-missing)%", "abc -"),
        ("%RESP(x-app)% %RESP(X-Out)% %RESP(:STATUS)%", "7 yes 201"),
        ("%PATH(NQ:ORIG)% %PATH(WQ:PATH)%", "/old/a /new/a?x=1&y"),
        ("%QUERY_PARAM(x)% %QUERY_PARAMS%", "1 x=1&y"),
        (
            "%METADATA(ROUTE:shop:kind:size)% %CLUSTER_METADATA(shop:team)% %METADATA(ROUTE:shop:kind)%",
            "3 red {\"size\":3}",
        ),
        ("%PROTOCOL% %UPSTREAM_PROTOCOL%", "HTTP/1.1 HTTP/1.1"),
        ("%ROUTE_NAME% %VIRTUAL_HOST_NAME% %LISTENER_NAME%", "rewritten all web"),
        (
            "%BYTES_RECEIVED% %BYTES_SENT% %RESPONSE_CODE% %RESPONSE_CODE_DETAILS%",
            "5 2 201 via_upstream",
        ),
        (
            "%UPSTREAM_CLUSTER% %UPSTREAM_REQUEST_ATTEMPT_COUNT% %RESPONSE_FLAGS%",
            "up 1 -",
        ),
        (
            "%GRPC_STATUS% %DOWNSTREAM_TLS_VERSION% %DOWNSTREAM_PEER_SUBJECT%",
            "- - -",
        ),
        ("%UPSTREAM_HOST%", &up.address.to_string()),
    ]
    .map(|(operators, expected)| (operators, expected.to_owned()));
    let format = operators
        .iter()
        .map(|(operators, _)| *operators)
        .collect::<Vec<_>>()
        .join("\t");
    let proxy = logging(json!({ "path": path, "format": { "text": format } }), &up);
    let mut client = Client::connect(address(&proxy, "web"));
    client.send("POST /old/a?x=1&y HTTP/1.1\r\nHost: outer\r\nX-Own: abcdef\r\nContent-Length: 5\r\n\r\nhello");
    assert_eq!(client.response().unwrap().status, 201);
    let line = wait_for_lines(&path, 1).remove(0);
    let expected: Vec<&str> = operators.iter().map(|(_, expected)| expected.as_str()).collect();
    assert_eq!(line.split('\t').collect::<Vec<_>>(), expected);
}

#[test]
fn durations_addresses_and_sizes_are_numbers_that_fit_each_other() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("access.log");
    let up = Upstream::saying("hello");
    let fields = [
        "DURATION",
        "REQUEST_DURATION",
        "REQUEST_TX_DURATION",
        "RESPONSE_DURATION",
        "RESPONSE_TX_DURATION",
        "UPSTREAM_LOCAL_PORT",
        "DOWNSTREAM_LOCAL_PORT",
        "DOWNSTREAM_DIRECT_REMOTE_PORT",
        "CONNECTION_ID",
        "REQUEST_HEADERS_BYTES",
        "RESPONSE_HEADERS_BYTES",
        "DOWNSTREAM_WIRE_BYTES_RECEIVED",
        "DOWNSTREAM_WIRE_BYTES_SENT",
        "UPSTREAM_WIRE_BYTES_SENT",
        "UPSTREAM_WIRE_BYTES_RECEIVED",
    ];
    let format: Value = fields
        .iter()
        .map(|name| ((*name).to_owned(), json!(format!("%{name}%"))))
        .collect();
    let proxy = logging(json!({ "path": path, "format": { "json": format } }), &up);
    let web = address(&proxy, "web");
    let mut client = Client::connect(web);
    let request = "GET / HTTP/1.1\r\nHost: a\r\n\r\n";
    client.send(request);
    client.response().unwrap();
    let line: Value = serde_json::from_str(&wait_for_lines(&path, 1)[0]).unwrap();
    let of = |name: &str| line[name].as_u64().unwrap_or_else(|| panic!("{name} in {line}"));
    for name in fields {
        of(name);
    }
    assert!(of("RESPONSE_DURATION") + of("RESPONSE_TX_DURATION") <= of("DURATION"));
    assert!(of("REQUEST_DURATION") <= of("RESPONSE_DURATION"));
    assert_eq!(of("DOWNSTREAM_LOCAL_PORT"), u64::from(web.port()));
    assert_eq!(
        of("DOWNSTREAM_DIRECT_REMOTE_PORT"),
        u64::from(client.stream.local_addr().unwrap().port())
    );
    assert_eq!(of("DOWNSTREAM_WIRE_BYTES_RECEIVED"), request.len() as u64);
    assert_eq!(of("UPSTREAM_WIRE_BYTES_SENT"), up.last().head.len() as u64);
}

#[test]
fn a_reply_of_the_proxy_is_logged_with_its_headers_and_the_reason() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("access.log");
    let up = Upstream::saying("hello");
    let format = "%RESPONSE_CODE% %RESPONSE_FLAGS% %RESPONSE_FLAGS_LONG% %RESP(content-type)% %UPSTREAM_TRANSPORT_FAILURE_REASON% %RESPONSE_CODE_DETAILS%";
    let proxy = logging(json!({ "path": path, "format": { "text": format } }), &up);
    let mut client = Client::connect(address(&proxy, "web"));
    assert_eq!(client.get("/dead").status, 503);
    assert_eq!(
        wait_for_lines(&path, 1)[0],
        "503 UF,URX UpstreamConnectionFailure,UpstreamRetryLimitExceeded text/plain delayed_connect_error upstream_reset_before_response_started{remote_connection_failure}"
    );
}

#[test]
fn only_requests_that_pass_the_filter_are_logged_and_every_log_has_its_own() {
    let folder = tempfile::tempdir().unwrap();
    let (failed, marked) = (folder.path().join("failed.log"), folder.path().join("marked.log"));
    let up = Upstream::saying("hello");
    let logs = json!([
        { "path": failed, "format": { "text": "%REQ(X-ENVOY-ORIGINAL-PATH?:PATH)% %REQ(a)%" },
          "filter": { "or": [{ "statusCode": { "atLeast": 500 } }, { "responseFlags": ["NR"] }] } },
        { "path": marked, "format": { "text": "%REQ(b)% %REQ(a)%" }, "omitEmptyValues": true,
          "filter": { "header": { "name": "x-log", "value": { "string": { "exact": "yes" } } } } },
    ]);
    let proxy = start(&json!({ "listeners": [listener(logs, json!({}))], "clusters": clusters(&up) }));
    let mut client = Client::connect(address(&proxy, "web"));
    for (path, fields) in [
        ("/fine", ""),
        ("/dead/1", "a: 1\r\n"),
        ("/fine", "x-log: yes\r\nb: 2\r\n"),
        ("/dead/2", "x-log: yes\r\na: 3\r\nb: 4\r\n"),
    ] {
        client.send(format!("GET {path} HTTP/1.1\r\nHost: a\r\n{fields}\r\n"));
        client.response().unwrap();
    }
    assert_eq!(wait_for_lines(&failed, 2), ["/dead/1 1", "/dead/2 3"]);
    assert_eq!(wait_for_lines(&marked, 2), ["2 ", "4 3"]);
}

#[test]
fn a_format_that_is_not_understood_is_refused_and_one_without_a_value_is_told() {
    let up = Upstream::saying("hello");
    let proxy = logging(json!({ "path": "/dev/null", "format": { "text": "%PROTOCOL%" } }), &up);
    let configure = |format: &str| {
        let log = json!([{ "path": "/dev/null", "format": { "text": format } }]);
        let config = json!({ "listeners": [listener(log, json!({}))], "clusters": clusters(&up) });
        proxy.apply_config(&config.to_string())
    };
    let refused = configure("%PROTOCOLS%");
    assert!(
        refused.iter().any(|problem| problem.severity == Severity::Error
            && problem.path.ends_with("accessLog[0].format")
            && problem.message.contains("`PROTOCOLS` is no command operator")),
        "{refused:?}"
    );
    let told = configure("%PROTOCOL% %CEL(request.path)%");
    assert!(
        told.iter().all(|problem| problem.severity == Severity::Warning) && told[0].message.contains("%CEL%"),
        "{told:?}"
    );
}

#[test]
fn a_file_that_was_moved_away_is_made_again() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("access.log");
    let up = Upstream::start(|_| ok(b"hello"));
    let proxy = logging(json!({ "path": path, "format": { "text": "%RESPONSE_CODE%" } }), &up);
    let mut client = Client::connect(address(&proxy, "web"));
    client.get("/");
    wait_for_lines(&path, 1);
    std::fs::rename(&path, folder.path().join("access.log.1")).unwrap();
    wait_until("a new file", || {
        client.get("/");
        path.exists()
    });
}

#[test]
fn connections_are_logged_too() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("access.log");
    let up = Upstream::saying("hello");
    let proxy = start(&json!({
        "listeners": [{ "name": "raw", "address": "127.0.0.1:0", "filterChains": [{ "name": "chain", "filters": [{ "tcpProxy": {
            "cluster": "up",
            "accessLog": [{ "path": path, "format": { "text": "%BYTES_RECEIVED% %DOWNSTREAM_WIRE_BYTES_RECEIVED% %UPSTREAM_CLUSTER% %FILTER_CHAIN_NAME% %CLUSTER_METADATA(shop:team)% %REQ(a)% %ACCESS_LOG_TYPE%" } }],
        } }] }] }],
        "clusters": clusters(&up),
    }));
    let mut client = Client::connect(address(&proxy, "raw"));
    let request = "GET / HTTP/1.1\r\nHost: a\r\n\r\n";
    client.send(request);
    client.response().unwrap();
    drop(client);
    up.close_connections();
    let length = request.len();
    assert_eq!(
        wait_for_lines(&path, 1)[0],
        format!("{length} {length} up chain red - TcpConnectionEnd")
    );
}

#[test]
fn a_listener_logs_connections_whatever_serves_them_or_nobody() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("access.log");
    let up = Upstream::saying("hello");
    let format = "%LISTENER_NAME% %RESPONSE_FLAGS% %RESPONSE_CODE_DETAILS% %UPSTREAM_CLUSTER%";
    let logs = |filter: Value| json!([{ "path": path, "format": { "text": format }, "filter": filter }]);
    let manager = json!({ "routes": { "inline": { "virtualHosts": [
        { "name": "all", "domains": ["*"], "routes": [{ "action": { "directResponse": { "status": 200, "body": "x" } } }] },
    ] } } });
    let proxy = start(&json!({
        "listeners": [
            { "name": "nobody", "address": "127.0.0.1:0", "accessLog": logs(json!({ "responseFlags": ["NR"] })),
              "filterChains": [{ "match": { "serverNames": ["only.this"] }, "filters": [{ "tcpProxy": { "cluster": "up" } }] }] },
            { "name": "tcp", "address": "127.0.0.1:0", "accessLog": logs(Value::Null), "filterChains": [{ "filters": [{ "tcpProxy": { "cluster": "up" } }] }] },
            { "name": "http", "address": "127.0.0.1:0", "accessLog": logs(Value::Null), "filterChains": [{ "filters": [{ "httpConnectionManager": manager }] }] },
            { "name": "quiet", "address": "127.0.0.1:0", "accessLog": logs(json!({ "responseFlags": ["NR"] })),
              "filterChains": [{ "filters": [{ "httpConnectionManager": manager }] }] },
        ],
        "clusters": clusters(&up),
    }));
    assert!(Client::connect(address(&proxy, "nobody")).is_closed());
    assert_eq!(wait_for_lines(&path, 1)[0], "nobody NR filter_chain_not_found -");
    Client::connect(address(&proxy, "quiet")).get("/");
    Client::connect(address(&proxy, "http")).get("/");
    assert_eq!(wait_for_lines(&path, 2)[1], "http - - -");
    Client::connect(address(&proxy, "tcp")).get("/");
    up.close_connections();
    assert_eq!(wait_for_lines(&path, 3)[2], "tcp - - up");
}
