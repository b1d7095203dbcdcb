//! Recorded requests: for operators who ask, and into files.
#![allow(clippy::unwrap_used, clippy::needless_pass_by_value, missing_docs)]

mod support;

use std::sync::{Arc, Mutex};

use messages::envoy::config::{
    common::matcher::v3::{HttpHeadersMatch, MatchPredicate, match_predicate::Rule},
    route::v3::{HeaderMatcher, header_matcher::HeaderMatchSpecifier},
    tap::v3::{OutputConfig, OutputSink, StreamingAdminSink, TapConfig, output_sink::OutputSinkType},
};
use prost::Message as _;
use proxy::{Bootstrap, EVERYTHING, Proxy, TapRequest, TapSettings};
use serde_json::{Value, json};
use support::{
    Client, Upstream, address, cluster, dead_address, forward, http_listener_with, ok, start, start_with, wait_until,
};

type Traces = Arc<Mutex<Vec<Value>>>;

fn config(rule: Rule) -> TapConfig {
    TapConfig {
        r#match: Some(MatchPredicate { rule: Some(rule) }),
        output_config: Some(OutputConfig {
            sinks: vec![OutputSink {
                format: 1,
                output_sink_type: Some(OutputSinkType::StreamingAdmin(StreamingAdminSink {})),
            }],
            max_buffered_rx_bytes: Some(16),
            max_buffered_tx_bytes: Some(16),
            ..OutputConfig::default()
        }),
        ..TapConfig::default()
    }
}

fn with_header(name: &str) -> Rule {
    Rule::HttpRequestHeadersMatch(HttpHeadersMatch {
        headers: vec![HeaderMatcher {
            name: name.into(),
            header_match_specifier: Some(HeaderMatchSpecifier::PresentMatch(true)),
            ..HeaderMatcher::default()
        }],
    })
}

fn tap(proxy: &Proxy, config_id: &str, config: &TapConfig) -> Result<(u32, Traces), String> {
    let traces = Traces::default();
    let kept = traces.clone();
    let request = TapRequest {
        config_id,
        config: &config.encode_to_vec(),
        shows_secrets: false,
    };
    let sink = move |bytes: Vec<u8>| {
        kept.lock().unwrap().push(serde_json::from_slice(&bytes).unwrap());
        true
    };
    proxy.start_tap(&request, Box::new(sink)).map(|number| (number, traces))
}

/// Waits for the one trace.
fn only(traces: &Traces) -> Value {
    wait_until("a trace", || !traces.lock().unwrap().is_empty());
    let mut traces = traces.lock().unwrap();
    assert_eq!(traces.len(), 1, "{traces:?}");
    traces.remove(0)["http_buffered_trace"].take()
}

fn value<'v>(message: &'v Value, part: &str, name: &str) -> Option<&'v str> {
    let fields = message[part].as_array()?;
    fields.iter().find(|field| field["key"] == name)?["value"].as_str()
}

fn proxy_to(upstream: &Upstream, filters: Value) -> Proxy {
    start(&json!({
        "listeners": [http_listener_with("web", json!({
            "httpFilters": filters,
            "routes": { "inline": { "virtualHosts": [
                { "name": "all", "domains": ["*"], "routes": [forward("up")] }
            ] } },
        }))],
        "clusters": [cluster("up", &[upstream.address])],
    }))
}

fn router() -> Value {
    json!({ "name": "router", "kind": { "router": {} } })
}

#[test]
fn an_operator_sees_requests_with_their_responses_while_asking() {
    let upstream = Upstream::start(|seen| ok(&[&b"you said "[..], &seen.body].concat()));
    let proxy = proxy_to(&upstream, json!([router()]));
    let (number, traces) = tap(&proxy, EVERYTHING, &config(with_header("x-mine"))).unwrap();
    let mut client = Client::connect(address(&proxy, "web"));
    client.send("POST /other HTTP/1.1\r\nHost: a\r\nContent-Length: 2\r\n\r\nno");
    assert_eq!(client.response().unwrap().status, 200);
    client.send(
        "POST /mine?x=1 HTTP/1.1\r\nHost: shop\r\nX-Mine: 1\r\nAuthorization: Bearer secret\r\nContent-Length: 10\r\n\r\n0123456789",
    );
    assert_eq!(client.response().unwrap().body(), "you said 0123456789");
    let trace = only(&traces);
    let (request, response) = (&trace["request"], &trace["response"]);
    assert_eq!(value(request, "headers", ":path"), Some("/mine?x=1"));
    assert_eq!(value(request, "headers", ":method"), Some("POST"));
    assert_eq!(value(request, "headers", ":authority"), Some("shop"));
    assert_eq!(value(request, "headers", "authorization"), Some("[redacted]"));
    assert_eq!(
        request["body"],
        json!({ "as_string": "0123456789", "truncated": false })
    );
    assert_eq!(value(response, "headers", ":status"), Some("200"));
    assert_eq!(
        response["body"],
        json!({ "as_string": "you said 0123456", "truncated": true })
    );
    proxy.end_tap(number);
    client.send("GET / HTTP/1.1\r\nHost: shop\r\nX-Mine: 1\r\n\r\n");
    assert_eq!(client.response().unwrap().status, 200);
    assert!(traces.lock().unwrap().is_empty(), "nobody asks any more");
    assert!(proxy.stats_prometheus().contains("fairlead_proxy_tap_traces_total 1"));
}

#[test]
fn chunks_are_no_part_of_a_body_and_trailers_are_shown() {
    let upstream = Upstream::start(|_| {
        b"HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n3\r\nabc\r\n2\r\nde\r\n0\r\nx-sum: 5\r\n\r\n".to_vec()
    });
    let proxy = proxy_to(&upstream, json!([router()]));
    let (_, traces) = tap(&proxy, EVERYTHING, &config(Rule::AnyMatch(true))).unwrap();
    let mut client = Client::connect(address(&proxy, "web"));
    client.send("POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nhi\r\n");
    wait_until("the head", || {
        upstream.connections.load(std::sync::atomic::Ordering::SeqCst) > 0
    });
    client.send("3\r\n you\r\n0\r\n\r\n".replace("3\r\n you", "4\r\n you"));
    client.response().unwrap();
    let trace = only(&traces);
    assert_eq!(trace["request"]["body"]["as_string"], "hi you");
    assert_eq!(trace["response"]["body"]["as_string"], "abcde");
    assert_eq!(value(&trace["response"], "trailers", "x-sum"), Some("5"));
}

#[test]
fn answers_of_the_proxys_own_are_shown_too() {
    let proxy = start(&json!({
        "listeners": [http_listener_with("web", json!({ "routes": { "inline": { "virtualHosts": [
            { "name": "all", "domains": ["*"], "routes": [forward("up")] }
        ] } } }))],
        "clusters": [cluster("up", &[dead_address()])],
    }));
    let (_, traces) = tap(&proxy, EVERYTHING, &config(Rule::AnyMatch(true))).unwrap();
    let mut client = Client::connect(address(&proxy, "web"));
    assert_eq!(client.get("/").status, 503);
    let trace = only(&traces);
    assert_eq!(value(&trace["response"], "headers", ":status"), Some("503"));
    assert!(
        trace["response"]["body"]["as_string"]
            .as_str()
            .unwrap()
            .starts_with("upstream")
    );
}

#[test]
fn what_a_try_that_failed_had_answered_is_no_part_of_the_response() {
    let upstream = Upstream::start(|seen| match seen.header("x-envoy-attempt-count") {
        Some("1") => support::status(503, b"not yet"),
        _ => ok(b"now"),
    });
    let proxy = start(&json!({
        "listeners": [http_listener_with("web", json!({ "routes": { "inline": { "virtualHosts": [
            { "name": "all", "domains": ["*"], "includeRequestAttemptCount": true, "routes": [
                { "action": { "forward": { "cluster": "up", "retry": { "retryOn": "5xx" } } } }
            ] }
        ] } } }))],
        "clusters": [cluster("up", &[upstream.address])],
    }));
    let (_, traces) = tap(&proxy, EVERYTHING, &config(Rule::AnyMatch(true))).unwrap();
    let mut client = Client::connect(address(&proxy, "web"));
    assert_eq!(client.get("/").body(), "now");
    let trace = only(&traces);
    assert_eq!(value(&trace["response"], "headers", ":status"), Some("200"));
    assert_eq!(trace["response"]["body"]["as_string"], "now");
}

#[test]
fn a_filter_is_asked_for_by_its_name_by_one_operator_at_a_time() {
    let upstream = Upstream::saying("ok");
    let filter = json!({ "name": "envoy.filters.http.tap", "kind": { "tap": { "onDemand": "mine" } } });
    let proxy = proxy_to(&upstream, json!([filter, router()]));
    let any = config(Rule::AnyMatch(true));
    let (number, traces) = tap(&proxy, "mine", &any).unwrap();
    assert_eq!(
        tap(&proxy, "mine", &any).unwrap_err(),
        "somebody else is recording \"mine\" already"
    );
    assert_eq!(
        tap(&proxy, "other", &any).unwrap_err(),
        "no filter has the config_id \"other\""
    );
    let mut client = Client::connect(address(&proxy, "web"));
    assert_eq!(client.get("/a").status, 200);
    assert_eq!(value(&only(&traces)["request"], "headers", ":path"), Some("/a"));
    proxy.end_tap(number);
    assert!(tap(&proxy, "mine", &any).is_ok());
}

#[test]
fn what_is_not_honoured_is_refused_with_its_place() {
    let proxy = start(&json!({}));
    let refused = |change: &dyn Fn(&mut TapConfig)| {
        let mut config = config(Rule::AnyMatch(true));
        change(&mut config);
        tap(&proxy, EVERYTHING, &config).unwrap_err()
    };
    let output = |config: &mut TapConfig, change: &dyn Fn(&mut OutputConfig)| {
        change(config.output_config.as_mut().unwrap());
    };
    assert_eq!(refused(&|config| config.r#match = None), "match: is missing");
    assert!(
        refused(&|config| output(config, &|output| output.streaming = true))
            .starts_with("outputConfig.streaming: is not")
    );
    assert_eq!(
        refused(&|config| output(config, &|output| output.sinks.clear())),
        "outputConfig.sinks: has 0 entries, and needs one"
    );
    assert!(
        refused(&|config| output(config, &|output| output.sinks[0].format = 2)).contains("protoBinaryLengthDelimited")
    );
    let request = TapRequest {
        config_id: EVERYTHING,
        config: b"\xff",
        shows_secrets: false,
    };
    assert!(
        proxy
            .start_tap(&request, Box::new(|_| true))
            .unwrap_err()
            .contains("TapConfig")
    );
}

#[test]
fn files_are_written_below_the_folder_that_the_settings_allow_and_nowhere_else() {
    let upstream = Upstream::saying("ok");
    let folder = tempfile::tempdir().unwrap();
    let listener = |prefix: &str| {
        let tap =
            json!({ "always": { "match": "any", "sink": { "filePerTap": prefix }, "format": "jsonBodyAsString" } });
        http_listener_with(
            "web",
            json!({
                "httpFilters": [{ "name": "envoy.filters.http.tap", "kind": { "tap": tap } }, router()],
                "routes": { "inline": { "virtualHosts": [
                    { "name": "all", "domains": ["*"], "routes": [forward("up")] }
                ] } },
            }),
        )
    };
    let settings = |tap: TapSettings| Bootstrap {
        workers: 1,
        report_interval_ms: 0,
        tap,
        ..Bootstrap::default()
    };
    let config =
        |prefix: &str| json!({ "listeners": [listener(prefix)], "clusters": [cluster("up", &[upstream.address])] });
    let nowhere = Proxy::start(settings(TapSettings::default()), Box::new(|_| {})).unwrap();
    let problems = nowhere.apply_config(&config("web").to_string());
    assert!(
        problems
            .iter()
            .any(|problem| problem.message.contains("set tap.directory")),
        "{problems:?}"
    );
    let proxy = start_with(
        settings(TapSettings {
            directory: Some(folder.path().to_owned()),
            shows_secrets: true,
        }),
        &json!({}),
    );
    let problems = proxy.apply_config(&config("/etc/web").to_string());
    assert!(
        problems.iter().any(|problem| problem.message.contains("is not below")),
        "{problems:?}"
    );
    support::apply(&proxy, &config("web"));
    let mut client = Client::connect(address(&proxy, "web"));
    client.send("GET /kept HTTP/1.1\r\nHost: a\r\nCookie: id=1\r\n\r\n");
    assert_eq!(client.response().unwrap().status, 200);
    let files = || {
        std::fs::read_dir(folder.path())
            .unwrap()
            .map(|entry| entry.unwrap().path())
            .collect::<Vec<_>>()
    };
    wait_until("a file", || {
        files().first().is_some_and(|file| file.metadata().unwrap().len() > 0)
    });
    let files = files();
    assert_eq!(files.len(), 1);
    let name = files[0].file_stem().unwrap().to_str().unwrap();
    assert!(name.starts_with("web_"), "{name}");
    assert_eq!(files[0].extension().unwrap(), "json");
    let trace: Value = serde_json::from_slice(&std::fs::read(&files[0]).unwrap()).unwrap();
    let request = &trace["http_buffered_trace"]["request"];
    assert_eq!(value(request, "headers", ":path"), Some("/kept"));
    assert_eq!(
        value(request, "headers", "cookie"),
        Some("id=1"),
        "the operator wants to see it"
    );
}
