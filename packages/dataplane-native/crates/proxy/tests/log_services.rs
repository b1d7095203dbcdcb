//! Access logs that services take, end to end: the entries of every request arrive in order, once, whatever happens to
//! the service.
#![allow(clippy::unwrap_used, missing_docs)]

mod support;

use std::{
    collections::BTreeSet,
    io::{Read, Write},
    net::TcpStream,
};

use prost::Message;
use proxy::Proxy;
use serde_json::{Value, json};
use support::{
    Client, Upstream, address, cluster, dead_address, forward, free_address,
    grpc::{Does, Service},
    http_listener_with,
    log_stream::{Entry, LogStream, common, text_of},
    start, wait_until,
};

fn als(buffer: &Value) -> Value {
    json!({ "service": { "als": {
        "collector": { "cluster": "logs" }, "logName": "shop", "buffer": buffer,
        "requestHeaders": ["x-user", "x-none"], "responseHeaders": ["x-app"],
        "customTags": [{ "name": "user", "value": { "requestHeader": { "name": "x-user", "default": "nobody" } } }],
    } } })
}

/// A proxy with this log, whose service is there.
fn logging(log: &Value, up: &Upstream, service: std::net::SocketAddr) -> Proxy {
    logging_to(std::slice::from_ref(log), up, service)
}

fn logging_to(logs: &[Value], up: &Upstream, service: std::net::SocketAddr) -> Proxy {
    start(&json!({
        "listeners": [http_listener_with("web", json!({ "accessLog": logs, "routes": { "inline": { "virtualHosts": [
            { "name": "all", "domains": ["*"], "routes": [
                { "name": "dead", "match": { "path": { "prefix": "/dead" } }, "action": { "forward": { "cluster": "dead" } } },
                forward("up"),
            ] },
        ] } } }))],
        "clusters": [cluster("up", &[up.address]), cluster("logs", &[service]), cluster("dead", &[dead_address()])],
    }))
}

fn ask(proxy: &Proxy, path: &str) {
    let mut client = Client::connect(address(proxy, "web"));
    client.send(format!(
        "GET {path} HTTP/1.1\r\nHost: a.test\r\nX-User: me\r\nUser-Agent: test\r\n\r\n"
    ));
    client.response().unwrap();
}

fn counted(proxy: &Proxy, name: &str, count: u32) -> bool {
    let line = format!("fairlead_proxy_access_log_entries_{name}_total {count}\n");
    proxy.stats_prometheus().contains(&line)
}

#[test]
fn an_access_log_service_gets_an_entry_of_every_request() {
    let up = Upstream::start(|_| b"HTTP/1.1 201 Created\r\nX-App: 7\r\nContent-Length: 2\r\n\r\nok".to_vec());
    let service = LogStream::start();
    let proxy = logging(&als(&json!({ "flushIntervalMs": 50 })), &up, service.address);
    ask(&proxy, "/first?x=1");
    ask(&proxy, "/dead");
    wait_until("entries", || service.entries().len() == 2);
    let (log_name, node) = service.identifier();
    assert_eq!((log_name.as_str(), node.is_empty()), ("shop", false));
    let mut entries = service.entries();
    // Those of different workers are in no order.
    entries.sort_by_key(|entry| Entry::decode(entry.as_slice()).unwrap().route() == "dead");
    let first = Entry::decode(entries[0].as_slice()).unwrap();
    let request = first.request.unwrap();
    assert_eq!(
        (request.path.as_str(), request.authority.as_str()),
        ("/first?x=1", "a.test")
    );
    assert_eq!(
        (request.method, request.scheme.as_str(), request.user_agent.as_str()),
        (1, "http", "test")
    );
    assert_eq!(
        request.headers.into_iter().collect::<Vec<_>>(),
        [("x-user".to_owned(), "me".to_owned())]
    );
    let response = first.response.unwrap();
    assert_eq!((response.code.unwrap().value, response.body_bytes), (201, 2));
    assert_eq!(response.headers["x-app"], "7");
    let common = common(&entries[0]);
    assert_eq!(common.upstream_cluster, "up");
    assert_eq!(common.custom_tags["user"], "me");
    assert!(common.response_flags.is_none() && common.duration.is_some());
    let dead = Entry::decode(entries[1].as_slice()).unwrap();
    assert_eq!(dead.response.unwrap().code.unwrap().value, 503);
    assert!(dead.common.unwrap().response_flags.unwrap().upstream_connection_failure);
    wait_until("the count", || counted(&proxy, "exported", 2));
    assert_eq!(service.streams(), 1, "all go on one stream");
}

#[test]
fn entries_are_sent_again_to_a_service_that_comes_back() {
    let up = Upstream::saying("ok");
    let service = LogStream::start();
    let proxy = logging(&als(&json!({ "maxBytes": 0 })), &up, service.address);
    ask(&proxy, "/1");
    wait_until("the first", || service.entries().len() == 1);
    service.end_streams();
    wait_until("the end", || service.open() == 0);
    ask(&proxy, "/2");
    wait_until("the second", || service.entries().len() == 2);
    assert_eq!(
        (service.streams(), service.identifiers()),
        (2, 2),
        "each stream says who sends"
    );
}

#[test]
fn a_service_that_is_away_harms_no_request_and_what_it_misses_waits() {
    let up = Upstream::saying("ok");
    let nobody = free_address();
    let proxy = logging(&als(&json!({ "maxBytes": 0 })), &up, nobody);
    for turn in 0..20 {
        ask(&proxy, &format!("/{turn}"));
    }
    let service = LogStream::start_on(nobody);
    wait_until("entries", || service.entries().len() == 20);
    let entries = service.entries();
    let paths = entries
        .iter()
        .map(|entry| Entry::decode(entry.as_slice()).unwrap().request.unwrap().path);
    // Those of different workers are in no order.
    let expected: BTreeSet<_> = (0..20).map(|turn| format!("/{turn}")).collect();
    assert_eq!(paths.collect::<BTreeSet<_>>(), expected);
}

#[test]
fn connections_are_logged_to_a_service_too() {
    let up = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let target = up.local_addr().unwrap();
    std::thread::spawn(move || {
        let (mut socket, _) = up.accept().unwrap();
        let mut bytes = [0; 5];
        socket.read_exact(&mut bytes).unwrap();
        socket.write_all(&bytes).unwrap();
    });
    let service = LogStream::start();
    let log = json!({ "service": { "als": {
        "collector": { "cluster": "logs" }, "logName": "tcp", "ofConnections": true, "buffer": { "maxBytes": 0 } } } });
    let proxy = start(&json!({
        "listeners": [{ "name": "tcp", "address": "127.0.0.1:0", "filterChains": [{ "filters": [
            { "tcpProxy": { "cluster": "up", "accessLog": [log] } },
        ] }] }],
        "clusters": [cluster("up", &[target]), cluster("logs", &[service.address])],
    }));
    let mut client = TcpStream::connect(address(&proxy, "tcp")).unwrap();
    client.write_all(b"hello").unwrap();
    let mut bytes = Vec::new();
    client.read_to_end(&mut bytes).unwrap();
    assert_eq!(bytes, b"hello");
    drop(client);
    wait_until("an entry", || service.tcp_entries().len() == 1);
    let entry = support::log_stream::TcpEntry::decode(service.tcp_entries()[0].as_slice()).unwrap();
    let bytes = entry.connection.unwrap();
    assert_eq!((bytes.received, bytes.sent), (5, 5));
    assert_eq!(entry.common.unwrap().upstream_cluster, "up");
}

#[test]
fn opentelemetry_gets_records_by_grpc_and_by_http() {
    let up = Upstream::saying("ok");
    let otlp = |collector: Value| {
        json!({ "service": { "openTelemetry": { "collector": collector, "logName": "shop", "buffer": { "flushIntervalMs": 20 },
            "body": "%REQ(:METHOD)% %REQ(:PATH)%", "attributes": { "code": "%RESPONSE_CODE%" }, "resource": { "region": "north" } } } })
    };
    let service = Service::start(|_| Does::Answer(Vec::new()));
    let proxy = logging(&otlp(json!({ "grpc": { "cluster": "logs" } })), &up, service.address);
    ask(&proxy, "/one");
    wait_until("a call", || service.count() == 1);
    let asked = service.last();
    assert_eq!(asked.path, "/opentelemetry.proto.collector.logs.v1.LogsService/Export");
    for part in ["GET /one", "code", "200", "region", "north", "log_name", "shop"] {
        assert!(text_of(&asked.message).contains(part), "{part}");
    }
    wait_until("the count", || counted(&proxy, "exported", 1));

    let collector = Upstream::saying("");
    let target = json!({ "http": { "cluster": "logs", "host": "otel:4318", "path": "/v1/logs" } });
    let proxy = logging(&otlp(target), &up, collector.address);
    ask(&proxy, "/two");
    wait_until("a request", || !collector.seen.lock().unwrap().is_empty());
    let seen = collector.last();
    assert!(seen.head.starts_with("POST /v1/logs HTTP/1.1\r\n"), "{}", seen.head);
    assert_eq!(seen.header("content-type"), Some("application/x-protobuf"));
    assert!(text_of(&seen.body).contains("GET /two"));
}

#[test]
fn what_a_collector_refuses_is_counted() {
    let up = Upstream::saying("ok");
    let service = Service::start(|_| Does::Fail(3));
    let log = json!({ "service": { "openTelemetry": { "collector": { "grpc": { "cluster": "logs" } }, "buffer": { "maxBytes": 0 } } } });
    let proxy = logging(&log, &up, service.address);
    ask(&proxy, "/");
    wait_until("the count", || counted(&proxy, "dropped", 1));
}

#[test]
fn a_proxy_that_stops_sends_what_waits_for_others() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("access.log");
    let (up, service) = (Upstream::saying("ok"), LogStream::start());
    let logs = [als(&json!({ "flushIntervalMs": 600_000 })), json!({ "path": path })];
    let proxy = logging_to(&logs, &up, service.address);
    ask(&proxy, "/last");
    // Both are made of one record.
    wait_until("the line", || {
        std::fs::read_to_string(&path).is_ok_and(|text| !text.is_empty())
    });
    proxy.stop();
    wait_until("the entry", || service.entries().len() == 1);
}
