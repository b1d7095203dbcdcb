//! Traces end to end: what the next hop is told, and what collectors get.
#![allow(clippy::unwrap_used, clippy::needless_pass_by_value, missing_docs)]

mod support;

use proxy::Proxy;
use serde_json::{Value, json};
use support::{
    Client, Seen, Upstream, address, cluster, forward,
    grpc::{Does, Service},
    http_listener_with, start, wait_until,
};

const TRACE: &str = "4bf92f3577b34da6a3ce929d0e0e4736";
const SPAN: &str = "00f067aa0ba902b7";

fn zipkin() -> Value {
    json!({ "zipkin": { "collector": { "cluster": "collector", "host": "zipkin:9411", "path": "/api/v2/spans" } } })
}

fn otlp() -> Value {
    json!({ "openTelemetry": { "collector": { "grpc": { "cluster": "collector" } } } })
}

/// A proxy that traces as said.
fn tracing(tracing: Value, up: &Upstream, collector: std::net::SocketAddr, more: Value) -> Proxy {
    let mut manager = json!({
        "tracing": tracing,
        "routes": { "inline": { "virtualHosts": [{ "name": "all", "domains": ["*"], "routes": [
            { "name": "quiet", "match": { "path": { "prefix": "/quiet" } }, "action": { "forward": { "cluster": "up" } },
              "tracing": { "randomSampling": 0, "customTags": [{ "name": "own", "value": { "literal": "route" } }] } },
            { "match": { "path": { "prefix": "/named" } }, "action": { "forward": { "cluster": "up" } }, "operation": "up:80/*" },
            forward("up"),
        ] }] } },
    });
    for (key, value) in more.as_object().unwrap() {
        manager[key] = value.clone();
    }
    start(&json!({
        "listeners": [http_listener_with("web", manager)],
        "clusters": [cluster("up", &[up.address]), cluster("collector", &[collector])],
    }))
}

/// What the upstream sees of a request with these header fields.
fn seen(proxy: &Proxy, up: &Upstream, path: &str, fields: &str) -> Seen {
    let mut client = Client::connect(address(proxy, "web"));
    client.send(format!("GET {path} HTTP/1.1\r\nHost: a\r\n{fields}\r\n"));
    client.response().unwrap();
    up.last()
}

#[test]
fn a_trace_of_b3_is_told_onwards_in_the_form_it_came() {
    let (up, collector) = (Upstream::saying("ok"), Upstream::saying(""));
    let proxy = tracing(json!({ "provider": zipkin() }), &up, collector.address, json!({}));
    let multi = format!("X-B3-TraceId: {TRACE}\r\nX-B3-SpanId: {SPAN}\r\nX-B3-Sampled: 0\r\n");
    let told = seen(&proxy, &up, "/", &multi);
    assert_eq!(
        (told.header("x-b3-traceid"), told.header("x-b3-sampled")),
        (Some(TRACE), Some("0"))
    );
    assert_eq!(told.header("x-b3-parentspanid"), Some(SPAN));
    assert_ne!(told.header("x-b3-spanid"), Some(SPAN), "a span of our own");
    assert_eq!((told.header("b3"), told.header("traceparent")), (None, None));

    let told = seen(&proxy, &up, "/", &format!("b3: {TRACE}-{SPAN}-1\r\n"));
    let b3: Vec<&str> = told.header("b3").unwrap().split('-').collect();
    assert_eq!((b3[0], b3[2], b3[3]), (TRACE, "1", SPAN));
    assert_eq!(told.header("x-b3-traceid"), None);

    let told = seen(&proxy, &up, "/", "");
    assert_eq!(
        told.header("x-b3-traceid").unwrap().len(),
        16,
        "a new trace with a short id"
    );
    assert_eq!(told.header("x-b3-sampled"), Some("1"));
}

#[test]
fn b3_and_w3c_may_be_told_together() {
    let (up, collector) = (Upstream::saying("ok"), Upstream::saying(""));
    let mut provider = zipkin();
    provider["zipkin"]["withW3c"] = json!(true);
    let proxy = tracing(json!({ "provider": provider }), &up, collector.address, json!({}));
    let told = seen(&proxy, &up, "/", &format!("traceparent: 00-{TRACE}-{SPAN}-01\r\n"));
    assert_eq!(
        (told.header("x-b3-traceid"), told.header("x-b3-parentspanid")),
        (Some(TRACE), Some(SPAN))
    );
    let span = told.header("x-b3-spanid").unwrap();
    assert_eq!(told.header("traceparent"), Some(&*format!("00-{TRACE}-{span}-01")));
}

#[test]
fn shares_and_headers_decide_which_requests_are_recorded() {
    let (up, collector) = (Upstream::saying("ok"), Upstream::saying(""));
    let proxy = tracing(
        json!({ "provider": { "openTelemetry": {} }, "randomSampling": 0 }),
        &up,
        collector.address,
        json!({}),
    );
    let is_recorded = |path: &str, fields: &str| {
        let told = seen(&proxy, &up, path, fields);
        let id = told.header("x-request-id").unwrap().as_bytes()[14];
        (told.header("traceparent").unwrap().ends_with("-01"), char::from(id))
    };
    assert_eq!(is_recorded("/", ""), (false, '4'), "the share is nothing");
    assert_eq!(is_recorded("/", "x-envoy-force-trace: 1\r\n"), (true, 'a'));
    assert_eq!(is_recorded("/", "x-client-trace-id: 1\r\n"), (true, 'b'));
    let id = |reason: char| format!("x-request-id: 00000000-0000-{reason}000-8000-000000000000\r\n");
    assert_eq!(is_recorded("/", &id('9')), (true, '9'), "the proxy before decided");
    assert_eq!(
        is_recorded("/", &format!("traceparent: 00-{TRACE}-{SPAN}-01\r\n")),
        (true, '4'),
        "the caller decided"
    );
    assert_eq!(
        is_recorded(
            "/",
            &format!("traceparent: 00-{TRACE}-{SPAN}-00\r\nx-envoy-force-trace: 1\r\n")
        ),
        (false, '4')
    );
}

#[test]
fn a_route_has_shares_of_its_own() {
    let (up, collector) = (Upstream::saying("ok"), Upstream::saying(""));
    let proxy = tracing(
        json!({ "provider": { "openTelemetry": {} } }),
        &up,
        collector.address,
        json!({}),
    );
    let is_recorded = |path: &str| {
        let told = seen(&proxy, &up, path, "");
        told.header("traceparent").unwrap().ends_with("-01")
    };
    assert!(is_recorded("/"));
    assert!(!is_recorded("/quiet"));
}

#[test]
fn strangers_cannot_force_a_trace() {
    let (up, collector) = (Upstream::saying("ok"), Upstream::saying(""));
    let proxy = tracing(
        json!({ "provider": { "openTelemetry": {} }, "randomSampling": 0 }),
        &up,
        collector.address,
        // The client is who the trusted proxy before us says.
        json!({ "useRemoteAddress": true, "xffNumTrustedHops": 1 }),
    );
    let told = seen(
        &proxy,
        &up,
        "/",
        "x-forwarded-for: 8.8.8.8\r\nx-envoy-force-trace: 1\r\n",
    );
    assert!(told.header("traceparent").unwrap().ends_with("-00"));
    assert_eq!(told.header("x-envoy-force-trace"), None);
}

#[test]
fn the_clients_request_id_comes_back_where_that_is_wanted_whoever_answers() {
    let (up, collector) = (Upstream::saying("ok"), Upstream::saying(""));
    let proxy = tracing(
        json!({}),
        &up,
        collector.address,
        json!({ "alwaysSetRequestIdInResponse": true, "routes": { "inline": {
        "virtualHosts": [{ "name": "all", "domains": ["*"], "routes": [
            { "match": { "path": { "prefix": "/here" } }, "action": { "directResponse": { "status": 200, "body": "x" } } }, forward("up")] }] } } }),
    );
    let mut client = Client::connect(address(&proxy, "web"));
    for path in ["/here", "/there"] {
        client.send(format!("GET {path} HTTP/1.1\r\nHost: a\r\nx-request-id: mine\r\n\r\n"));
        assert_eq!(
            client.response().unwrap().header("x-request-id"),
            Some("mine"),
            "{path}"
        );
    }
}

#[test]
fn spans_reach_zipkin_with_tags_and_the_operation() {
    let (up, collector) = (Upstream::saying("ok"), Upstream::saying(""));
    let settings = json!({
        "provider": zipkin(), "maxPathTagLength": 8,
        "customTags": [
            { "name": "user", "value": { "requestHeader": { "name": "x-user", "default": "nobody" } } },
            { "name": "own", "value": { "literal": "manager" } },
            { "name": "nothing", "value": { "environment": { "name": "A_VARIABLE_THAT_NOBODY_SETS" } } },
        ],
    });
    let proxy = tracing(settings, &up, collector.address, json!({}));
    seen(&proxy, &up, "/named/and/long", "x-user: me\r\n");
    seen(&proxy, &up, "/quiet", "x-envoy-force-trace: 1\r\n");
    let spans = || -> Vec<Value> {
        let seen = collector.seen.lock().unwrap();
        let batches = seen
            .iter()
            .map(|request| serde_json::from_slice::<Vec<Value>>(&request.body).unwrap());
        batches.flatten().collect()
    };
    wait_until("spans", || spans().len() == 2);
    let request = collector.last();
    assert!(
        request.head.starts_with("POST /api/v2/spans HTTP/1.1\r\n"),
        "{}",
        request.head
    );
    assert_eq!(
        (request.header("host"), request.header("content-type")),
        (Some("zipkin:9411"), Some("application/json"))
    );
    let spans = spans();
    let of = |name: &str| spans.iter().find(|span| span["tags"]["http.url"] == name).unwrap();
    let named = of("http://a/named/a");
    assert_eq!((&named["name"], &named["kind"]), (&json!("up:80/*"), &json!("CLIENT")));
    assert_eq!(
        (&named["tags"]["user"], &named["tags"]["own"]),
        (&json!("me"), &json!("manager"))
    );
    assert_eq!(named["tags"]["nothing"], Value::Null);
    let quiet = of("http://a/quiet");
    assert_eq!(
        (&quiet["tags"]["user"], &quiet["tags"]["own"]),
        (&json!("nobody"), &json!("route"))
    );
    let exported = "fairlead_proxy_spans_exported_total 2\n";
    wait_until("the count", || proxy.stats_prometheus().contains(exported));
}

#[test]
fn spans_reach_opentelemetry_and_those_that_do_not_are_counted() {
    let up = Upstream::saying("ok");
    let service = Service::start(|asked| {
        if asked.message.is_empty() {
            Does::Fail(3)
        } else {
            Does::Answer(Vec::new())
        }
    });
    let proxy = tracing(
        json!({ "provider": otlp(), "spawnUpstreamSpan": true }),
        &up,
        service.address,
        json!({}),
    );
    let told = seen(&proxy, &up, "/named", "");
    wait_until("a call", || service.count() == 1);
    let asked = service.last();
    assert_eq!(
        asked.path,
        "/opentelemetry.proto.collector.trace.v1.TraceService/Export"
    );
    let has = |text: &[u8]| asked.message.windows(text.len()).any(|part| part == text);
    assert!(has(b"up:80/*") && has(b"http.status_code") && has(b"service.name"));
    // The next hop's span is part of the upstream's, which is in the batch beside the request's.
    let span = told
        .header("traceparent")
        .unwrap()
        .split('-')
        .nth(2)
        .unwrap()
        .to_owned();
    let id: Vec<u8> = (0..8)
        .map(|at| u8::from_str_radix(&span[at * 2..at * 2 + 2], 16).unwrap())
        .collect();
    assert!(has(&id));
    wait_until("the count of those that arrived", || {
        proxy
            .stats_prometheus()
            .contains("fairlead_proxy_spans_exported_total 2\n")
    });

    let refusing = Service::start(|_| Does::Fail(3));
    let proxy = tracing(json!({ "provider": otlp() }), &up, refusing.address, json!({}));
    seen(&proxy, &up, "/", "");
    wait_until("the count of those that did not", || {
        proxy
            .stats_prometheus()
            .contains("fairlead_proxy_span_exports_dropped_total 1\n")
    });
    assert_eq!(refusing.count(), 1, "what is refused is not sent again");
}
