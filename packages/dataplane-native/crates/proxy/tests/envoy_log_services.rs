//! The same requests through a real Envoy and through us, logged to access log services and collectors: the same entries.
//! `FAIRLEAD_ENVOY=<path of envoy> cargo test -p proxy --test envoy_log_services -- --ignored`
#![allow(clippy::unwrap_used, missing_docs)]

mod support;

use std::{
    net::SocketAddr,
    path::Path,
    process::{Child, Command, Stdio},
};

use messages::opentelemetry::proto::common::v1::{AnyValue, KeyValue, any_value};
use prost::Message;
use proxy::{Bootstrap, NodeIdentity};
use serde_json::{Value, json};
use support::{
    Client, Upstream, address, cluster, free_address,
    grpc::{Does, Service},
    http_listener_with,
    log_stream::{Entry, LogStream},
    start_with, wait_until,
};

struct Envoy(Child);

impl Drop for Envoy {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

const OTLP_BODY: &str = "%REQ(:METHOD)% %REQ(:PATH)% \"%RESPONSE_CODE%\"";

fn start_envoy(folder: &Path, up: SocketAddr, als: SocketAddr, otel: SocketAddr) -> (Envoy, SocketAddr) {
    let listen = free_address();
    let socket =
        |address: SocketAddr| json!({ "socket_address": { "address": "127.0.0.1", "port_value": address.port() } });
    let cluster = |name: &str, address: SocketAddr, is_grpc: bool| {
        let mut cluster = json!({ "name": name, "type": "STATIC", "load_assignment": { "cluster_name": name,
                "endpoints": [{ "lb_endpoints": [{ "endpoint": { "address": socket(address) } }] }] } });
        if is_grpc {
            cluster["typed_extension_protocol_options"] = json!({ "envoy.extensions.upstreams.http.v3.HttpProtocolOptions": {
                "@type": "type.googleapis.com/envoy.extensions.upstreams.http.v3.HttpProtocolOptions",
                "explicit_http_config": { "http2_protocol_options": {} } } });
        }
        cluster
    };
    let grpc = |cluster: &str| json!({ "envoy_grpc": { "cluster_name": cluster } });
    let logs = json!([
        { "name": "als", "typed_config": {
            "@type": "type.googleapis.com/envoy.extensions.access_loggers.grpc.v3.HttpGrpcAccessLogConfig",
            "common_config": { "log_name": "shop", "transport_api_version": "V3", "grpc_service": grpc("als"), "buffer_size_bytes": 0,
                "custom_tags": [{ "tag": "user", "request_header": { "name": "x-user", "default_value": "nobody" } }] },
            "additional_request_headers_to_log": ["x-user"], "additional_response_headers_to_log": ["x-app"] } },
        { "name": "otel", "typed_config": {
            "@type": "type.googleapis.com/envoy.extensions.access_loggers.open_telemetry.v3.OpenTelemetryAccessLogConfig",
            "grpc_service": grpc("otel"), "log_name": "shop", "buffer_size_bytes": 0,
            "body": { "string_value": OTLP_BODY },
            "resource_attributes": { "values": [{ "key": "region", "value": { "string_value": "north" } }] },
            "attributes": { "values": [
                { "key": "code", "value": { "string_value": "%RESPONSE_CODE%" } },
                { "key": "none", "value": { "string_value": "%REQ(x-none)%" } },
            ] } } },
    ]);
    let config = json!({ "node": { "id": "n", "cluster": "web.default" }, "static_resources": {
        "listeners": [{ "name": "web", "address": socket(listen), "filter_chains": [{ "filters": [{
            "name": "hcm", "typed_config": {
                "@type": "type.googleapis.com/envoy.extensions.filters.network.http_connection_manager.v3.HttpConnectionManager",
                "stat_prefix": "web", "access_log": logs,
                "http_filters": [{ "name": "router", "typed_config": { "@type": "type.googleapis.com/envoy.extensions.filters.http.router.v3.Router" } }],
                "route_config": { "name": "r", "virtual_hosts": [{ "name": "all", "domains": ["a.test"], "routes": [
                    { "name": "rewritten", "match": { "prefix": "/old/" }, "route": { "cluster": "up", "prefix_rewrite": "/new/", "host_rewrite_literal": "inner" } },
                    { "name": "here", "match": { "prefix": "/here" }, "direct_response": { "status": 418, "body": { "inline_string": "tea" } } },
                    { "match": { "prefix": "/" }, "route": { "cluster": "up" } },
                ] }] },
            } }] }] }],
        "clusters": [cluster("up", up, false), cluster("als", als, true), cluster("otel", otel, true)],
    } });
    let path = folder.join("envoy-config.json");
    std::fs::write(&path, config.to_string()).unwrap();
    let program = std::env::var("FAIRLEAD_ENVOY").expect("FAIRLEAD_ENVOY is the path of an envoy");
    let child = Command::new(program)
        .args(["--concurrency", "1", "--disable-hot-restart", "-l", "error", "-c"])
        .arg(&path)
        .stdout(Stdio::null())
        .spawn()
        .unwrap();
    let envoy = Envoy(child);
    wait_until("envoy listens", || std::net::TcpStream::connect(listen).is_ok());
    (envoy, listen)
}

fn start_ours(up: SocketAddr, als: SocketAddr, otel: SocketAddr) -> proxy::Proxy {
    let logs = json!([
        { "service": { "als": { "collector": { "cluster": "als" }, "logName": "shop", "buffer": { "maxBytes": 0 },
            "customTags": [{ "name": "user", "value": { "requestHeader": { "name": "x-user", "default": "nobody" } } }],
            "requestHeaders": ["x-user"], "responseHeaders": ["x-app"] } } },
        { "service": { "openTelemetry": { "collector": { "grpc": { "cluster": "otel" } }, "logName": "shop", "buffer": { "maxBytes": 0 },
            "body": OTLP_BODY, "attributes": { "code": "%RESPONSE_CODE%", "none": "%REQ(x-none)%" }, "resource": { "region": "north" } } } },
    ]);
    let bootstrap = Bootstrap {
        workers: 1,
        report_interval_ms: 0,
        node: NodeIdentity {
            node_id: "n".to_owned(),
            service: "web".to_owned(),
            namespace: "default".to_owned(),
            ..NodeIdentity::default()
        },
        ..Bootstrap::default()
    };
    start_with(
        bootstrap,
        &json!({
            "listeners": [http_listener_with("web", json!({ "accessLog": logs, "routes": { "inline": { "virtualHosts": [
                { "name": "all", "domains": ["a.test"], "routes": [
                    { "name": "rewritten", "match": { "path": { "prefix": "/old/" } },
                      "action": { "forward": { "cluster": "up", "pathRewrite": { "prefix": "/new/" }, "hostRewrite": { "literal": "inner" } } } },
                    { "name": "here", "match": { "path": { "prefix": "/here" } }, "action": { "directResponse": { "status": 418, "body": "tea" } } },
                    { "action": { "forward": { "cluster": "up" } } },
                ] }] } } }))],
            "clusters": [cluster("up", &[up]), cluster("als", &[als]), cluster("otel", &[otel])],
        }),
    )
}

/// What depends on nothing but the request.
fn shown(entry: &[u8]) -> Value {
    let entry = Entry::decode(entry).unwrap();
    let (common, request, response) = (entry.common.unwrap(), entry.request.unwrap(), entry.response.unwrap());
    json!({
        "version": entry.version, "cluster": common.upstream_cluster, "route": common.route_name, "tags": common.custom_tags,
        "flags": common.response_flags.map(|flags| flags.no_route_found), "attempts": common.attempts, "kind": common.kind,
        "timed": common.duration.is_some(), "downstreamReceived": common.downstream_received,
        "method": request.method, "scheme": request.scheme, "authority": request.authority, "path": request.path,
        "userAgent": request.user_agent, "referer": request.referer, "id": request.id, "original": request.original_path,  "requestBody": request.body_bytes, "requestHeaders": request.headers,
        "code": response.code.map(|code| code.value), "responseBody": response.body_bytes, "responseHeaders": response.headers,
        "details": response.details,
    })
}

#[derive(Clone, PartialEq, Message)]
struct Logs {
    #[prost(message, repeated, tag = "1")]
    resources: Vec<ResourceLogs>,
}

#[derive(Clone, PartialEq, Message)]
struct ResourceLogs {
    #[prost(message, optional, tag = "1")]
    resource: Option<Resource>,
    #[prost(message, repeated, tag = "2")]
    scopes: Vec<ScopeLogs>,
}

#[derive(Clone, PartialEq, Message)]
struct Resource {
    #[prost(bytes = "vec", repeated, tag = "1")]
    attributes: Vec<Vec<u8>>,
}

#[derive(Clone, PartialEq, Message)]
struct ScopeLogs {
    #[prost(message, repeated, tag = "2")]
    records: Vec<LogRecord>,
}

#[derive(Clone, PartialEq, Message)]
struct LogRecord {
    #[prost(bytes = "vec", tag = "5")]
    body: Vec<u8>,
    #[prost(bytes = "vec", repeated, tag = "6")]
    attributes: Vec<Vec<u8>>,
}

fn text(value: Option<AnyValue>) -> String {
    match value.and_then(|value| value.value) {
        Some(any_value::Value::StringValue(text)) => text,
        _ => "no text".to_owned(),
    }
}

fn texts(pairs: &[Vec<u8>]) -> Vec<(String, String)> {
    let pairs = pairs.iter().map(|pair| KeyValue::decode(pair.as_slice()).unwrap());
    let mut texts: Vec<_> = pairs.map(|pair| (pair.key, text(pair.value))).collect();
    texts.sort();
    texts
}

type Shown = (Vec<(String, String)>, Vec<(String, String)>, String);

fn records(service: &Service) -> Vec<Shown> {
    let asked = service.asked.lock().unwrap();
    let messages = asked
        .iter()
        .map(|asked| Logs::decode(asked.message.as_slice()).unwrap());
    messages
        .flat_map(|logs| logs.resources)
        .flat_map(|resource| {
            let about = texts(&resource.resource.unwrap().attributes);
            let records = resource.scopes.into_iter().flat_map(|scope| scope.records);
            records
                .map(|record| {
                    let body = text(AnyValue::decode(record.body.as_slice()).ok());
                    (about.clone(), texts(&record.attributes), body)
                })
                .collect::<Vec<_>>()
        })
        .collect()
}

#[test]
#[ignore = "needs an Envoy"]
fn services_get_from_us_what_they_get_from_envoy() {
    let folder = tempfile::tempdir().unwrap();
    let up = Upstream::start(|_| b"HTTP/1.1 201 Created\r\nX-App: 7\r\nContent-Length: 2\r\n\r\nok".to_vec());
    let streams = [LogStream::start(), LogStream::start()];
    let collectors = [0, 1].map(|_| Service::start(|_| Does::Answer(Vec::new())));
    let (_envoy, envoy) = start_envoy(folder.path(), up.address, streams[0].address, collectors[0].address);
    let ours = start_ours(up.address, streams[1].address, collectors[1].address);
    let id = "x-request-id: 11111111-2222-4333-8444-555555555555\r\nuser-agent: test\r\nx-user: me\r\n";
    let requests = [
        format!("GET /?a=1 HTTP/1.1\r\nHost: a.test\r\nReferer: there\r\n{id}\r\n"),
        format!("POST /old/a HTTP/1.1\r\nHost: a.test\r\nContent-Length: 5\r\n{id}\r\nhello"),
        format!("GET /here HTTP/1.1\r\nHost: a.test\r\n{id}\r\n"),
        format!("GET /nowhere HTTP/1.1\r\nHost: b.test\r\n{id}\r\n"),
    ];
    for request in &requests {
        for target in [envoy, address(&ours, "web")] {
            let mut client = Client::connect(target);
            client.send(request);
            client.response().unwrap();
        }
    }
    wait_until("entries", || {
        streams.iter().all(|stream| stream.entries().len() == requests.len())
    });
    wait_until("records", || {
        collectors
            .iter()
            .all(|service| records(service).len() == requests.len())
    });
    let [theirs, mine] = streams.each_ref().map(LogStream::entries);
    for (request, (theirs, mine)) in requests.iter().zip(theirs.iter().zip(&mine)) {
        let (theirs, mine) = (shown(theirs), shown(mine));
        for (field, value) in theirs.as_object().unwrap() {
            assert_eq!(
                &mine[field], value,
                "{field} of {request}\nenvoy {theirs}\nours  {mine}"
            );
        }
    }
    let mut of_both = collectors.each_ref().map(records);
    for records in &mut of_both {
        records.sort();
    }
    assert_eq!(of_both[1], of_both[0]);
}
