//! Filters of users, with a thread of the test's in the place of one of Node's.
#![allow(clippy::unwrap_used, clippy::needless_pass_by_value, missing_docs)]

mod support;

use std::{
    sync::{
        Arc,
        atomic::{AtomicBool, AtomicUsize, Ordering::SeqCst},
        mpsc,
    },
    thread::JoinHandle,
};

use messages::{envoy::config::route::v3 as pb, fairlead::dataplane::v1::FilterModule, google::protobuf::Any};
use prost::{Message as _, Name as _};
use proxy::{Bootstrap, Problem, Proxy, Severity, Upsert};
use serde_json::{Value, json};
use support::{Client, Upstream, address, apply, cluster, forward, http_listener_with, start_with, wait_until};

/// A question as its thread got it.
#[derive(Debug, Clone)]
struct Question {
    kind: u8,
    call: u32,
    rest: Vec<u8>,
}

impl Question {
    /// What a load says: the module, and its configuration.
    fn texts(&self) -> Vec<String> {
        let mut rest = &self.rest[..];
        let mut texts = Vec::new();
        while rest.len() >= 4 {
            let length = u32::from_le_bytes(rest[..4].try_into().unwrap()) as usize;
            texts.push(String::from_utf8(rest[4..4 + length].to_vec()).unwrap());
            rest = &rest[4 + length..];
        }
        texts
    }

    fn contains(&self, text: &str) -> bool {
        self.rest.windows(text.len()).any(|window| window == text.as_bytes())
    }
}

const LOAD: u8 = 0;
const RELEASE: u8 = 1;
const REQUEST: u8 = 2;
const RESPONSE: u8 = 3;

/// What a filter answers.
enum Says {
    Answer(Vec<u8>),
    Nothing,
    /// The thread ends here.
    End,
}

struct FakeThread {
    wakes: Arc<AtomicUsize>,
    hung: Arc<AtomicBool>,
    thread: Option<JoinHandle<()>>,
    stop: mpsc::Sender<bool>,
}

impl FakeThread {
    fn attach(proxy: &Proxy, mut answer: impl FnMut(&Question) -> Says + Send + 'static) -> Self {
        let (send, woken) = mpsc::channel();
        let (wakes, hung) = (Arc::new(AtomicUsize::new(0)), Arc::new(AtomicBool::new(false)));
        let (wake_count, is_hung, stop) = (Arc::clone(&wakes), Arc::clone(&hung), send.clone());
        let attached = proxy.attach_filter_thread(
            Box::new(move || {
                wake_count.fetch_add(1, SeqCst);
                let _ = send.send(true);
            }),
            Box::new(move || is_hung.store(true, SeqCst)),
        );
        let thread = std::thread::spawn(move || {
            while woken.recv() == Ok(true) {
                let mut batch = Vec::new();
                for question in questions(&attached.take()) {
                    match answer(&question) {
                        Says::Answer(answer) => {
                            batch.extend_from_slice(&question.call.to_le_bytes());
                            batch.extend_from_slice(&(answer.len() as u32).to_le_bytes());
                            batch.extend(answer);
                        }
                        Says::Nothing => {}
                        Says::End => return,
                    }
                }
                attached.answer(&batch);
            }
        });
        Self {
            wakes,
            hung,
            thread: Some(thread),
            stop,
        }
    }
}

impl Drop for FakeThread {
    fn drop(&mut self) {
        let _ = self.stop.send(false);
        let _ = self.thread.take().unwrap().join();
    }
}

fn questions(mut batch: &[u8]) -> Vec<Question> {
    let number = |bytes: &[u8]| u32::from_le_bytes(bytes.try_into().unwrap());
    let mut found = Vec::new();
    while !batch.is_empty() {
        let length = number(&batch[..4]) as usize;
        let frame = &batch[4..4 + length];
        found.push(Question {
            kind: frame[0],
            call: number(&frame[1..5]),
            rest: frame[9..].to_vec(),
        });
        batch = &batch[4 + length..];
    }
    found
}

fn text(text: &str) -> Vec<u8> {
    [&(text.len() as u32).to_le_bytes()[..], text.as_bytes()].concat()
}

/// What the filter sees: 1 is requests, 2 responses, 4 requests' bodies of 16 bytes, 16 those of responses, 32 of longer ones as much.
fn able(flags: u8) -> Says {
    Says::Answer([&[3, flags][..], &16_u32.to_le_bytes(), &16_u32.to_le_bytes()].concat())
}

fn refusing(field: u8, why: &str) -> Says {
    Says::Answer([&[4, field][..], &text(why)].concat())
}

/// Sets headers, and perhaps the body.
fn setting(headers: &[(&str, &str)], metadata: &str, body: Option<&str>) -> Says {
    let mut out = vec![0, if body.is_some() { 2 } else { 0 }, 0, 0];
    out.extend_from_slice(&(headers.len() as u16).to_le_bytes());
    for (name, value) in headers {
        out.push(1);
        out.extend_from_slice(&(name.len() as u16).to_le_bytes());
        out.extend_from_slice(name.as_bytes());
        out.extend(text(value));
    }
    out.extend(text(metadata));
    out.extend(body.map(text).unwrap_or_default());
    Says::Answer(out)
}

fn replying(status: u16, body: &str) -> Says {
    Says::Answer([&[1][..], &status.to_le_bytes(), &[0, 0], &text(body), &text("")].concat())
}

fn config(upstream: &Upstream, module: Value, routes: Value) -> Value {
    let filters =
        json!([{ "name": "mine", "kind": { "module": module } }, { "name": "router", "kind": { "router": {} } }]);
    json!({
        "listeners": [http_listener_with("web", json!({ "httpFilters": filters,
            "routes": { "inline": { "virtualHosts": [{ "name": "all", "domains": ["*"], "routes": routes }] } } }))],
        "clusters": [cluster("up", &[upstream.address])],
    })
}

fn start() -> Proxy {
    let bootstrap = Bootstrap {
        workers: 2,
        report_interval_ms: 0,
        filter_threads: 1,
        ..Bootstrap::default()
    };
    start_with(bootstrap, &json!({}))
}

fn errors(proxy: &Proxy, config: &Value) -> Vec<String> {
    let is_error = |problem: &Problem| problem.severity == Severity::Error;
    let problems = proxy.apply_config(&config.to_string()).into_iter().filter(is_error);
    problems
        .map(|problem| format!("{}: {}", problem.path, problem.message))
        .collect()
}

fn ask(proxy: &Proxy, request: &str) -> support::Response {
    let mut client = Client::connect(address(proxy, "web"));
    client.send(request);
    client.response().unwrap()
}

const GET: &str = "GET /a HTTP/1.1\r\nHost: h\r\nX-User: ann\r\n\r\n";

#[test]
fn a_filter_changes_requests_and_responses() {
    let upstream = Upstream::saying("ok");
    let proxy = start();
    let _thread = FakeThread::attach(&proxy, |question| match question.kind {
        LOAD => able(3),
        REQUEST => {
            assert!(
                question.contains("x-user") || question.contains("X-User"),
                "{question:?}"
            );
            setting(&[("x-seen", "1"), (":path", "/b")], "", None)
        }
        RESPONSE => setting(&[("x-answered", "2")], "", None),
        _ => Says::Nothing,
    });
    apply(
        &proxy,
        &config(&upstream, json!({ "module": "auth.ts" }), json!([forward("up")])),
    );
    let response = ask(&proxy, GET);
    assert_eq!((response.status, response.header("x-answered")), (200, Some("2")));
    let seen = upstream.last();
    assert!(seen.head.starts_with("GET /b "), "{}", seen.head);
    assert_eq!(seen.header("x-seen"), Some("1"));
    let stats = proxy.stats_prometheus();
    assert!(stats.contains("fairlead_proxy_filter_module_calls_total{module=\"auth.ts\",phase=\"response\"} 1"));
}

#[test]
fn a_filter_answers_in_the_upstreams_place() {
    let upstream = Upstream::saying("ok");
    let proxy = start();
    let _thread = FakeThread::attach(&proxy, |question| match question.kind {
        LOAD => able(1),
        _ => replying(401, "who?"),
    });
    apply(
        &proxy,
        &config(&upstream, json!({ "module": "auth.ts" }), json!([forward("up")])),
    );
    let response = ask(&proxy, GET);
    assert_eq!(
        (response.status, response.body().as_str(), upstream.requests()),
        (401, "who?", 0)
    );
}

#[test]
fn a_body_is_held_shown_and_replaced_with_what_follows_it_left_alone() {
    let upstream = Upstream::saying("ok");
    let proxy = start();
    let _thread = FakeThread::attach(&proxy, |question| match question.kind {
        LOAD => able(1 | 4),
        REQUEST if question.contains("hello") => setting(&[], "", Some("something longer than before")),
        _ => setting(&[], "", None),
    });
    apply(
        &proxy,
        &config(&upstream, json!({ "module": "auth.ts" }), json!([forward("up")])),
    );
    let mut client = Client::connect(address(&proxy, "web"));
    client.send(format!(
        "POST /1 HTTP/1.1\r\nHost: h\r\nContent-Length: 5\r\n\r\nhello{GET}"
    ));
    assert_eq!(client.response().unwrap().status, 200);
    assert_eq!(client.response().unwrap().status, 200);
    let seen = upstream.seen.lock().unwrap().clone();
    assert_eq!(seen[0].body, b"something longer than before");
    assert_eq!(seen[0].header("content-length"), Some("28"));
    assert!(seen[1].head.starts_with("GET /a "), "{}", seen[1].head);
    client.send("POST /2 HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nhel\r\n2\r\nlo\r\n0\r\n\r\n");
    assert_eq!(client.response().unwrap().status, 200);
    let chunked = upstream.last();
    assert_eq!(
        (chunked.body, chunked.head.contains("chunked")),
        (b"something longer than before".to_vec(), false)
    );
    let large = "x".repeat(17);
    client.send(format!(
        "POST /3 HTTP/1.1\r\nHost: h\r\nContent-Length: 17\r\n\r\n{large}"
    ));
    assert_eq!(client.response().unwrap().status, 413);
    assert_eq!(upstream.requests(), 3);
}

#[test]
fn a_responses_body_is_held_shown_and_replaced() {
    let upstream = Upstream::start(|seen| match seen.head.split(' ').nth(1) {
        Some("/chunked") => {
            b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nhel\r\n2\r\nlo\r\n0\r\n\r\n".to_vec()
        }
        Some("/head") => b"HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\n".to_vec(),
        Some("/empty") => b"HTTP/1.1 204 No Content\r\n\r\n".to_vec(),
        Some("/large") => support::ok(&[b'x'; 17]),
        _ => support::ok(b"hello"),
    });
    let proxy = start();
    let _thread = FakeThread::attach(&proxy, |question| match question.kind {
        LOAD => able(2 | 16),
        RESPONSE if question.contains("/kept") => setting(&[], "", None),
        RESPONSE if question.contains("hello") || question.contains("/empty") || question.contains("/head") => {
            setting(&[("x-seen", "1")], "", Some("something longer"))
        }
        _ => setting(&[("x-seen", "0")], "", None),
    });
    apply(
        &proxy,
        &config(&upstream, json!({ "module": "a.ts" }), json!([forward("up")])),
    );
    let mut client = Client::connect(address(&proxy, "web"));
    for path in ["/", "/chunked"] {
        let response = client.get(path);
        assert_eq!(
            (
                response.body().as_str(),
                response.header("content-length"),
                response.header("x-seen")
            ),
            ("something longer", Some("16"), Some("1"))
        );
    }
    assert_eq!(client.get("/kept").body(), "hello");
    // Where the request or the status forbids a body none is made, and the length is that of the body there would be.
    let mut other = Client::connect(address(&proxy, "web"));
    other.send("HEAD /head HTTP/1.1\r\nHost: h\r\nConnection: close\r\n\r\n");
    let head = String::from_utf8(other.rest()).unwrap().to_lowercase();
    assert!(
        head.contains("content-length: 5\r\n") && head.contains("x-seen: 1\r\n"),
        "{head}"
    );
    assert!(head.ends_with("\r\n\r\n"), "{head}");
    let empty = client.get("/empty");
    assert_eq!((empty.status, empty.header("content-length")), (204, None));
    assert_eq!(client.get("/large").status, 500);
    assert_eq!(client.get("/").body(), "something longer");
}

#[test]
fn a_longer_body_of_a_response_is_shown_in_part_where_the_filter_says_so_and_goes_on_whole() {
    let upstream = Upstream::start(|_| support::ok("0123456789abcdefXY".as_bytes()));
    let proxy = start();
    let _thread = FakeThread::attach(&proxy, |question| {
        if question.kind == LOAD {
            return able(2 | 16 | 32);
        }
        let is_part = question.contains("0123456789abcdef") && !question.contains("XY");
        setting(&[("x-part", if is_part { "1" } else { "0" })], "", None)
    });
    apply(
        &proxy,
        &config(&upstream, json!({ "module": "a.ts" }), json!([forward("up")])),
    );
    let response = ask(&proxy, GET);
    assert_eq!(response.header("x-part"), Some("1"));
    assert_eq!(response.body(), "10\r\n0123456789abcdef\r\n2\r\nXY\r\n0\r\n\r\n");
}

#[test]
fn a_route_that_does_not_name_a_filter_never_asks_it_and_one_may_name_another() {
    let upstream = Upstream::saying("ok");
    let proxy = start();
    let (loads, loaded) = mpsc::channel();
    let thread = FakeThread::attach(&proxy, move |question| match question.kind {
        LOAD => {
            loads.send(question.texts()).unwrap();
            able(1)
        }
        _ => setting(&[("x-seen", "1")], "", None),
    });
    let to = |path: &str, overrides: Value| json!({ "match": { "path": { "prefix": path } }, "action": { "forward": { "cluster": "up" } }, "filterOverrides": overrides });
    let routes = json!([
        to(
            "/named",
            json!({ "mine": { "module": { "module": "own.ts", "config": { "a": 1 } } } })
        ),
        to("/", json!({})),
    ]);
    apply(&proxy, &config(&upstream, json!({}), routes));
    assert_eq!(loaded.recv().unwrap(), ["own.ts", "{\"a\":1}"]);
    let woken = thread.wakes.load(SeqCst);
    assert_eq!(ask(&proxy, GET).status, 200);
    assert_eq!(upstream.last().header("x-seen"), None);
    assert_eq!(ask(&proxy, "GET /named HTTP/1.1\r\nHost: h\r\n\r\n").status, 200);
    assert_eq!(upstream.last().header("x-seen"), Some("1"));
    assert!(
        thread.wakes.load(SeqCst) <= woken + 1 + 1,
        "one wakeup for the request, one for what was released"
    );
}

#[test]
fn a_filter_that_does_not_answer_in_time_fails_as_it_is_told_to() {
    let upstream = Upstream::saying("ok");
    let proxy = start();
    let _thread = FakeThread::attach(&proxy, |question| match question.kind {
        LOAD => able(1),
        _ => Says::Nothing,
    });
    let module =
        |allow: bool| json!({ "module": "auth.ts", "timeoutMs": 30, "failureModeAllow": allow, "statusOnError": 503 });
    apply(&proxy, &config(&upstream, module(false), json!([forward("up")])));
    assert_eq!(ask(&proxy, GET).status, 503);
    apply(&proxy, &config(&upstream, module(true), json!([forward("up")])));
    assert_eq!(ask(&proxy, GET).status, 200);
    let stats = proxy.stats_prometheus();
    assert!(stats.contains("fairlead_proxy_filter_module_timeouts_total{module=\"auth.ts\"} 2"));
}

#[test]
fn what_a_thread_was_asked_fails_when_it_ends_and_the_next_thread_knows_everything() {
    let upstream = Upstream::saying("ok");
    let proxy = start();
    let first = FakeThread::attach(&proxy, |question| match question.kind {
        LOAD => able(1),
        REQUEST => Says::End,
        _ => Says::Nothing,
    });
    let module = json!({ "module": "auth.ts", "timeoutMs": 20_000 });
    apply(&proxy, &config(&upstream, module, json!([forward("up")])));
    assert_eq!(ask(&proxy, GET).status, 500);
    drop(first);
    // Nobody is there.
    assert_eq!(ask(&proxy, GET).status, 500);
    let (loads, loaded) = mpsc::channel();
    let _second = FakeThread::attach(&proxy, move |question| match question.kind {
        LOAD => {
            loads.send(question.texts()).unwrap();
            able(1)
        }
        _ => setting(&[], "", None),
    });
    assert_eq!(loaded.recv().unwrap(), ["auth.ts", ""]);
    assert_eq!(ask(&proxy, GET).status, 200);
    assert!(
        proxy
            .stats_prometheus()
            .contains("fairlead_proxy_filter_threads_lost_total 1")
    );
}

#[test]
fn a_thread_that_does_not_take_its_questions_is_given_up() {
    let upstream = Upstream::saying("ok");
    let proxy = start();
    let (release, released) = mpsc::channel::<()>();
    let thread = FakeThread::attach(&proxy, move |question| match question.kind {
        LOAD => able(1),
        REQUEST => {
            let _ = released.recv();
            Says::Nothing
        }
        _ => Says::Nothing,
    });
    let module = json!({ "module": "auth.ts", "timeoutMs": 30 });
    apply(&proxy, &config(&upstream, module, json!([forward("up")])));
    assert_eq!(ask(&proxy, GET).status, 500);
    wait_until("it is found to hang, without another request", || {
        thread.hung.load(SeqCst)
    });
    assert!(proxy.stats_prometheus().contains("fairlead_proxy_filter_threads 0"));
    drop(release);
}

#[test]
fn a_module_that_does_not_load_is_refused_and_what_ran_before_serves_on() {
    let upstream = Upstream::saying("ok");
    let proxy = start();
    let (release, released) = mpsc::channel();
    let _thread = FakeThread::attach(&proxy, move |question| match question.kind {
        LOAD if question.texts()[0] == "broken.ts" => refusing(0, "no such file"),
        LOAD if question.texts()[1] == "{\"key\":1}" => refusing(1, "key: has to be a text"),
        LOAD => able(1),
        RELEASE => {
            release.send(()).unwrap();
            Says::Nothing
        }
        _ => setting(&[("x-seen", "1")], "", None),
    });
    let with = |module: Value| config(&upstream, module, json!([forward("up")]));
    apply(&proxy, &with(json!({ "module": "auth.ts" })));
    let place = "filterChains[0].filters[0].httpFilters[0]";
    assert_eq!(
        errors(&proxy, &with(json!({ "module": "broken.ts" }))),
        [format!("{place}.module: no such file")]
    );
    let odd = with(json!({ "module": "auth.ts", "config": { "key": 1 } }));
    assert_eq!(errors(&proxy, &odd), [format!("{place}.config: key: has to be a text")]);
    let outside = with(json!({ "module": "../auth.ts" }));
    assert!(errors(&proxy, &outside)[0].starts_with(&format!("{place}.module: \"../auth.ts\" is no name")));
    assert_eq!(ask(&proxy, GET).status, 200);
    assert_eq!(upstream.last().header("x-seen"), Some("1"));
    // What was tried is forgotten.
    released.recv().unwrap();
    released.recv().unwrap();
}

#[test]
fn routes_of_an_xds_server_name_modules_and_are_refused_where_one_does_not_load() {
    let upstream = Upstream::saying("ok");
    let proxy = start();
    let _thread = FakeThread::attach(&proxy, |question| match question.kind {
        LOAD if question.texts()[0] == "broken.ts" => refusing(0, "no such file"),
        LOAD => able(1),
        _ => setting(&[("x-seen", "1")], "", None),
    });
    let mut listening = config(&upstream, json!({}), json!([]));
    listening["listeners"][0]["filterChains"][0]["filters"][0]["httpConnectionManager"]["routes"] =
        json!({ "named": "r" });
    apply(&proxy, &listening);
    assert_eq!(routes_of(&proxy, "good.ts"), Vec::<String>::new());
    wait_until("the listener is there", || proxy.is_ready());
    assert_eq!(ask(&proxy, GET).status, 200);
    assert_eq!(upstream.last().header("x-seen"), Some("1"));
    let problem = "virtualHosts[0].typedPerFilterConfig[\"mine\"].module: no such file";
    assert_eq!(routes_of(&proxy, "broken.ts"), [problem]);
    assert_eq!(ask(&proxy, GET).status, 200);
}

/// Gives the proxy the route configuration `r`, whose host names this module; answers what is wrong.
fn routes_of(proxy: &Proxy, module: &str) -> Vec<String> {
    let filter = FilterModule {
        module: module.to_owned(),
        ..FilterModule::default()
    };
    let any = Any {
        type_url: format!("type.googleapis.com/{}", FilterModule::full_name()),
        value: filter.encode_to_vec(),
    };
    let route = pb::Route {
        r#match: Some(pb::RouteMatch {
            path_specifier: Some(pb::route_match::PathSpecifier::Prefix("/".to_owned())),
            ..pb::RouteMatch::default()
        }),
        action: Some(pb::route::Action::Route(pb::RouteAction {
            cluster_specifier: Some(pb::route_action::ClusterSpecifier::Cluster("up".to_owned())),
            ..pb::RouteAction::default()
        })),
        ..pb::Route::default()
    };
    let host = pb::VirtualHost {
        name: "all".to_owned(),
        domains: vec!["*".to_owned()],
        routes: vec![route],
        typed_per_filter_config: [("mine".to_owned(), any)].into(),
        ..pb::VirtualHost::default()
    };
    let table = pb::RouteConfiguration {
        name: "r".to_owned(),
        virtual_hosts: vec![host],
        ..pb::RouteConfiguration::default()
    };
    let upsert = Upsert {
        name: "r".to_owned(),
        version: module.to_owned(),
        bytes: table.encode_to_vec(),
    };
    let url = "type.googleapis.com/envoy.config.route.v3.RouteConfiguration";
    let problems = proxy.apply_xds(url, vec![upsert], Vec::new()).into_iter();
    problems
        .map(|problem| format!("{}: {}", problem.path, problem.message))
        .collect()
}

#[test]
fn a_proxy_whose_operator_named_no_folder_loads_no_module() {
    let upstream = Upstream::saying("ok");
    let proxy = support::start(&json!({}));
    let problems = errors(
        &proxy,
        &config(&upstream, json!({ "module": "auth.ts" }), json!([forward("up")])),
    );
    assert!(
        problems[0].contains("this proxy loads no filter modules"),
        "{problems:?}"
    );
}

#[test]
fn a_filter_is_explained() {
    let upstream = Upstream::saying("ok");
    let proxy = start();
    let _thread = FakeThread::attach(&proxy, |_| able(1));
    apply(
        &proxy,
        &config(&upstream, json!({ "module": "auth.ts" }), json!([forward("up")])),
    );
    let request = json!({ "listener": "web", "method": "GET", "authority": "h", "path": "/", "headers": [] });
    let explained = proxy.explain(&request.to_string()).unwrap();
    assert!(explained.contains("mine: module auth.ts may change it"), "{explained}");
}

#[test]
fn a_proxy_that_only_explains_takes_modules_by_their_names() {
    let upstream = Upstream::saying("ok");
    let bootstrap = Bootstrap {
        workers: 1,
        assumes_filters: true,
        ..Bootstrap::default()
    };
    let module = json!({ "module": "auth.ts" });
    let proxy = start_with(bootstrap, &config(&upstream, module, json!([forward("up")])));
    let request = json!({ "listener": "web", "method": "GET", "authority": "h", "path": "/", "headers": [] });
    assert!(
        proxy
            .explain(&request.to_string())
            .unwrap()
            .contains("module auth.ts may change it")
    );
}

#[test]
fn many_requests_are_few_wakeups() {
    let upstream = Upstream::saying("ok");
    let proxy = start();
    let (release, released) = mpsc::channel::<()>();
    let mut held = false;
    let thread = FakeThread::attach(&proxy, move |question| match question.kind {
        LOAD => able(1),
        REQUEST if !held => {
            held = true;
            released.recv().unwrap();
            setting(&[], "", None)
        }
        _ => setting(&[], "", None),
    });
    let module = json!({ "module": "auth.ts", "timeoutMs": 20_000 });
    apply(&proxy, &config(&upstream, module, json!([forward("up")])));
    let before = thread.wakes.load(SeqCst);
    let mut clients: Vec<_> = (0..20).map(|_| Client::connect(address(&proxy, "web"))).collect();
    for client in &mut clients {
        client.send(GET);
    }
    let asked = || proxy.stats_prometheus().contains("requests_started_total 20");
    wait_until("all were asked", asked);
    release.send(()).unwrap();
    for client in &mut clients {
        assert_eq!(client.response().unwrap().status, 200);
    }
    assert!(
        thread.wakes.load(SeqCst) - before <= 4,
        "{}",
        thread.wakes.load(SeqCst) - before
    );
}
