//! Services that decide whether requests may pass.
#![allow(clippy::unwrap_used, clippy::needless_pass_by_value, missing_docs)]

mod support;

use std::{
    net::SocketAddr,
    sync::{Arc, atomic::Ordering::SeqCst},
    time::{Duration, Instant},
};

use messages::{
    envoy::{
        config::core::v3::{HeaderValue, HeaderValueOption},
        service::auth::v3::{
            AttributeContext, CheckRequest, CheckResponse, DeniedHttpResponse, OkHttpResponse,
            check_response::HttpResponse,
        },
        r#type::v3::HttpStatus,
    },
    google::rpc::Status,
};
use prost::Message as _;
use proxy::Proxy;
use serde_json::{Value, json};
use support::{
    Client, Upstream, address, cluster, dead_address, forward,
    grpc::{Asked, Does, Service},
    http_listener_with, ok, start, wait_until,
};

fn serve(filters: &[Value], routes: Value, upstream: &Upstream, authz: SocketAddr) -> Proxy {
    let mut filters = filters.to_vec();
    filters.push(json!({ "name": "router", "kind": { "router": {} } }));
    let other = json!({ "name": "other", "endpoints": [{ "endpoints": [{ "address": dead_address().to_string() }] }] });
    start(&json!({
        "listeners": [http_listener_with("web", json!({ "httpFilters": filters, "useRemoteAddress": true,
            "routes": { "inline": { "virtualHosts": [{ "name": "all", "domains": ["*"], "routes": routes }] } } }))],
        "clusters": [cluster("up", &[upstream.address]), cluster("authz", &[authz]), other],
    }))
}

fn filter(change: Value) -> Value {
    let mut settings = json!({ "service": { "grpc": { "cluster": "authz", "timeoutMs": 5_000 } } });
    for (key, value) in change.as_object().unwrap() {
        settings[key] = value.clone();
    }
    json!({ "name": "authz", "kind": { "extAuthz": settings } })
}

fn attributes(asked: &Asked) -> AttributeContext {
    CheckRequest::decode(asked.message.as_slice())
        .unwrap()
        .attributes
        .unwrap()
}

fn option(key: &str, value: &str) -> HeaderValueOption {
    HeaderValueOption {
        header: Some(HeaderValue {
            key: key.into(),
            value: value.into(),
            ..HeaderValue::default()
        }),
        ..HeaderValueOption::default()
    }
}

fn allow(headers: &[(&str, &str)], response: &[(&str, &str)]) -> Does {
    let options = |list: &[(&str, &str)]| list.iter().map(|(key, value)| option(key, value)).collect();
    let message = CheckResponse {
        status: Some(Status::default()),
        http_response: Some(HttpResponse::OkResponse(OkHttpResponse {
            headers: options(headers),
            headers_to_remove: vec![
                "authorization".into(),
                "content-length".into(),
                "transfer-encoding".into(),
            ],
            response_headers_to_add: options(response),
            ..OkHttpResponse::default()
        })),
        ..CheckResponse::default()
    };
    Does::Answer(message.encode_to_vec())
}

fn deny() -> Does {
    let message = CheckResponse {
        status: Some(Status {
            code: 7,
            ..Status::default()
        }),
        http_response: Some(HttpResponse::DeniedResponse(DeniedHttpResponse {
            status: Some(HttpStatus { code: 401 }),
            headers: vec![option("www-authenticate", "Basic"), option("content-type", "text/x")],
            body: "who are you?".into(),
        })),
        ..CheckResponse::default()
    };
    Does::Answer(message.encode_to_vec())
}

fn allowing() -> Service {
    Service::start(|_| allow(&[], &[]))
}

#[test]
fn a_request_that_the_service_allows_passes_with_what_it_adds() {
    let upstream = Upstream::saying("ok");
    let service = Service::start(|_| allow(&[("x-user", "ann"), ("x-tenant", "red")], &[("x-seen", "yes")]));
    let proxy = serve(&[filter(json!({}))], json!([forward("up")]), &upstream, service.address);
    let mut client = Client::connect(address(&proxy, "web"));
    client.send("GET /a?b=1 HTTP/1.1\r\nHost: shop\r\nX-Tenant: blue\r\nAuthorization: Basic x\r\n\r\n");
    let response = client.response().unwrap();
    assert_eq!((response.status, response.header("x-seen")), (200, Some("yes")));
    let seen = upstream.last();
    assert_eq!(
        ["x-user", "x-tenant", "authorization"].map(|name| seen.header(name)),
        [Some("ann"), Some("red"), None]
    );
    let asked = service.last();
    assert_eq!(asked.path, "/envoy.service.auth.v3.Authorization/Check");
    let request = attributes(&asked).request.unwrap().http.unwrap();
    assert_eq!(
        (&*request.method, &*request.path, &*request.host, &*request.protocol),
        ("GET", "/a?b=1", "shop", "HTTP/1.1")
    );
    assert_eq!(request.headers["x-tenant"], "blue");
    assert!(!request.id.is_empty());
}

#[test]
fn a_service_cannot_take_away_where_a_body_ends() {
    let upstream = Upstream::saying("ok");
    let service = allowing();
    let proxy = serve(&[filter(json!({}))], json!([forward("up")]), &upstream, service.address);
    let mut client = Client::connect(address(&proxy, "web"));
    let inner = "GET /not-asked HTTP/1.1\r\nHost: shop\r\n\r\n";
    let length = inner.len();
    client.send(format!(
        "POST /a HTTP/1.1\r\nHost: shop\r\nContent-Length: {length}\r\n\r\n{inner}"
    ));
    assert_eq!(client.response().unwrap().status, 200);
    client.send(format!(
        "POST /b HTTP/1.1\r\nHost: shop\r\nTransfer-Encoding: chunked\r\n\r\n{length:x}\r\n{inner}\r\n0\r\n\r\n"
    ));
    assert_eq!(client.response().unwrap().status, 200);
    let seen = upstream.seen.lock().unwrap();
    let paths: Vec<&str> = seen.iter().map(|one| one.head.split(' ').nth(1).unwrap()).collect();
    assert_eq!(paths, ["/a", "/b"]);
}

#[test]
fn many_questions_of_a_worker_share_a_connection() {
    let upstream = Upstream::saying("ok");
    let service = allowing();
    let proxy = serve(&[filter(json!({}))], json!([forward("up")]), &upstream, service.address);
    let web = address(&proxy, "web");
    let clients: Vec<_> = (0..8)
        .map(|_| {
            std::thread::spawn(move || {
                let mut client = Client::connect(web);
                (0..20).all(|_| client.get("/").status == 200)
            })
        })
        .collect();
    assert!(clients.into_iter().all(|client| client.join().unwrap()));
    assert_eq!(service.count(), 160);
    assert!(service.connections.load(SeqCst) <= 2, "one for each worker");
}

#[test]
fn a_request_that_the_service_denies_is_answered_in_its_words() {
    let upstream = Upstream::saying("ok");
    let service = Service::start(|_| deny());
    let proxy = serve(&[filter(json!({}))], json!([forward("up")]), &upstream, service.address);
    let mut client = Client::connect(address(&proxy, "web"));
    let denied = client.get("/");
    assert_eq!((denied.status, denied.body().as_str()), (401, "who are you?"));
    assert_eq!(
        ["www-authenticate", "content-type"].map(|name| denied.header(name)),
        [Some("Basic"), Some("text/x")]
    );
    // The connection serves on.
    assert_eq!(client.get("/").status, 401);
    assert_eq!(upstream.requests(), 0);
    wait_until("the request is recorded", || {
        proxy.stats_prometheus().contains("response_flags=\"UAEX\"")
    });
}

#[test]
fn a_service_that_is_down_refuses_or_lets_pass_as_it_is_configured() {
    let upstream = Upstream::saying("ok");
    let routes = || json!([forward("up")]);
    let strict = serve(
        &[filter(json!({ "statusOnError": 503 }))],
        routes(),
        &upstream,
        dead_address(),
    );
    assert_eq!(support::get(address(&strict, "web"), "/").status, 503);
    let missing = filter(json!({ "service": { "grpc": { "cluster": "nobody" } } }));
    let missing = serve(&[missing], routes(), &upstream, dead_address());
    assert_eq!(support::get(address(&missing, "web"), "/").status, 403);
    assert_eq!(upstream.requests(), 0);
    let lax = filter(json!({ "failureModeAllow": true, "failureModeAllowHeaderAdd": true }));
    let lax = serve(&[lax], routes(), &upstream, dead_address());
    assert_eq!(support::get(address(&lax, "web"), "/").status, 200);
    assert_eq!(
        upstream.last().header("x-envoy-auth-failure-mode-allowed"),
        Some("true")
    );
    let ill = Service::start(|_| Does::Fail(13));
    let proxy = serve(&[filter(json!({}))], routes(), &upstream, ill.address);
    assert_eq!(support::get(address(&proxy, "web"), "/").status, 403);
}

#[test]
fn a_service_that_does_not_answer_is_given_up_in_time() {
    let upstream = Upstream::saying("ok");
    let service = Service::start(|_| Does::Wait);
    let quick = filter(json!({ "service": { "grpc": { "cluster": "authz", "timeoutMs": 100 } } }));
    let proxy = serve(&[quick], json!([forward("up")]), &upstream, service.address);
    let begin = Instant::now();
    assert_eq!(support::get(address(&proxy, "web"), "/").status, 403);
    assert!(begin.elapsed() < Duration::from_secs(5));
    wait_until("the service is told", || service.cancelled.load(SeqCst) == 1);
}

#[test]
fn a_question_is_cancelled_when_the_client_leaves() {
    let upstream = Upstream::saying("ok");
    let service = Service::start(|_| Does::Wait);
    let patient = filter(json!({ "service": { "grpc": { "cluster": "authz", "timeoutMs": 60_000 } } }));
    let proxy = serve(&[patient], json!([forward("up")]), &upstream, service.address);
    let mut client = Client::connect(address(&proxy, "web"));
    client.send("GET / HTTP/1.1\r\nHost: a\r\n\r\n");
    wait_until("the service is asked", || service.count() == 1);
    drop(client);
    wait_until("the call is cancelled", || service.cancelled.load(SeqCst) == 1);
}

#[test]
fn the_body_goes_with_the_question_and_then_to_the_application() {
    let upstream = Upstream::start(|request| ok(&request.body));
    let service = allowing();
    let with_body = filter(json!({ "body": { "maxBytes": 10 } }));
    let without = json!({ "match": { "path": { "prefix": "/without" } }, "action": { "forward": { "cluster": "up" } },
        "filterOverrides": { "authz": { "extAuthz": { "withoutBody": true, "contextExtensions": { "a": "b" } } } } });
    let proxy = serve(
        &[with_body],
        json!([without, forward("up")]),
        &upstream,
        service.address,
    );
    let mut client = Client::connect(address(&proxy, "web"));
    let body = |service: &Service| attributes(&service.last()).request.unwrap().http.unwrap().body;
    client.send("POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 5\r\n\r\nhello");
    assert_eq!(client.response().unwrap().body(), "hello");
    assert_eq!(body(&service), "hello");
    // In pieces, with permission and in chunks.
    client.send("POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\nExpect: 100-continue\r\n\r\n");
    assert_eq!(client.response().unwrap().status, 100);
    client.send("3\r\nabc\r\n");
    client.send("2\r\nde\r\n0\r\n\r\n");
    assert_eq!(client.response().unwrap().body(), "5\r\nabcde\r\n0\r\n\r\n");
    assert_eq!(body(&service), "abcde");
    client.send("POST /without HTTP/1.1\r\nHost: a\r\nContent-Length: 20\r\n\r\n01234567890123456789");
    assert_eq!(client.response().unwrap().status, 200);
    assert_eq!(body(&service), "");
    assert_eq!(attributes(&service.last()).context_extensions["a"], "b");
    let before = service.count();
    client.send("POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 20\r\n\r\n01234567890123456789");
    assert_eq!(client.response().unwrap().status, 413);
    assert_eq!(service.count(), before);
}

#[test]
fn a_body_may_be_cut_off_for_the_service_but_not_for_the_application() {
    let upstream = Upstream::start(|request| ok(request.body.len().to_string().as_bytes()));
    let service = allowing();
    let cut = filter(json!({ "body": { "maxBytes": 1000, "allowPartial": true, "packAsBytes": true } }));
    let proxy = serve(&[cut], json!([forward("up")]), &upstream, service.address);
    let mut client = Client::connect(address(&proxy, "web"));
    client.send("POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 500000\r\n\r\n");
    client.send(vec![b'x'; 500_000]);
    assert_eq!(client.response().unwrap().body(), "500000");
    let request = attributes(&service.last()).request.unwrap().http.unwrap();
    assert_eq!(request.raw_body.len(), 1000);
    assert_eq!(request.headers["x-envoy-auth-partial-body"], "true");
    assert_eq!(client.get("/").body(), "0");
}

#[test]
fn a_server_of_http_decides_by_its_status() {
    let upstream = Upstream::saying("ok");
    let service = Upstream::start(|request| {
        if request.head.starts_with("GET /check/ok") {
            return b"HTTP/1.1 200 OK\r\nx-user: ann\r\nx-seen: yes\r\ncontent-length: 0\r\n\r\n".to_vec();
        }
        if request.head.starts_with("GET /check/ill") {
            return support::status(500, b"");
        }
        b"HTTP/1.1 302 Found\r\nlocation: /login\r\nx-secret: 1\r\ncontent-length: 4\r\n\r\ngo!!".to_vec()
    });
    let exact = |name: &str| json!([{ "exact": name }]);
    let by_http = filter(json!({
        "service": { "http": { "cluster": "authz", "timeoutMs": 5_000, "pathPrefix": "/check", "headersToAdd": [["x-mesh", "1"]],
            "upstreamHeaders": exact("x-user"), "clientHeaders": exact("x-why"), "clientHeadersOnSuccess": exact("x-seen") } },
        "allowedHeaders": exact("cookie"),
    }));
    let proxy = serve(&[by_http], json!([forward("up")]), &upstream, service.address);
    let mut client = Client::connect(address(&proxy, "web"));
    client.send("GET /ok HTTP/1.1\r\nHost: shop\r\nCookie: a=1\r\nX-Other: 1\r\n\r\n");
    let allowed = client.response().unwrap();
    assert_eq!((allowed.status, allowed.header("x-seen")), (200, Some("yes")));
    assert_eq!(upstream.last().header("x-user"), Some("ann"));
    let asked = service.last();
    assert_eq!(
        ["host", "cookie", "x-mesh", "x-other"].map(|name| asked.header(name)),
        [Some("shop"), Some("a=1"), Some("1"), None]
    );
    let denied = client.get("/no");
    assert_eq!((denied.status, denied.body().as_str()), (302, "go!!"));
    assert_eq!(
        ["location", "x-secret"].map(|name| denied.header(name)),
        [Some("/login"), None]
    );
    assert_eq!(client.get("/ill").status, 403);
    assert_eq!(service.connections.load(SeqCst), 1, "its connection is kept");
}

#[test]
fn what_the_service_adds_can_choose_another_route() {
    let upstream = Upstream::start(|request| ok(request.head.lines().next().unwrap().as_bytes()));
    let service = Service::start(|_| allow(&[("x-version", "2")], &[]));
    let second = json!({ "match": { "headers": [{ "name": "x-version", "value": { "string": { "exact": "2" } } }] },
        "action": { "forward": { "cluster": "up", "pathRewrite": { "prefix": "/second" } } } });
    let routes = json!([second, forward("up")]);
    let stays = serve(&[filter(json!({}))], routes.clone(), &upstream, service.address);
    assert_eq!(support::get(address(&stays, "web"), "/").body(), "GET / HTTP/1.1");
    let moves = serve(
        &[filter(json!({ "clearRouteCache": true }))],
        routes,
        &upstream,
        service.address,
    );
    assert_eq!(support::get(address(&moves, "web"), "/").body(), "GET /second HTTP/1.1");
}

#[test]
fn only_requests_that_shadow_rules_match_are_asked_about() {
    // As Istio writes an AuthorizationPolicy of action CUSTOM.
    let upstream = Upstream::saying("ok");
    let service = Service::start(|_| deny());
    let rules = json!({ "action": "deny", "policies": { "istio-ext-authz-ns[shop]-policy[custom]-rule[0]": {
        "permissions": [{ "urlPath": { "prefix": "/admin" } }], "principals": ["any"] } } });
    let rbac = json!({ "name": "envoy.filters.http.rbac", "kind": { "rbac": {
        "shadowRules": rules, "shadowStatPrefix": "istio_ext_authz_" } } });
    let authz = filter(json!({ "enabledMetadata": {
        "filter": "envoy.filters.http.rbac", "path": ["istio_ext_authz_shadow_effective_policy_id"],
        "value": { "string": { "prefix": "istio-ext-authz" } } } }));
    let proxy = serve(&[rbac, authz], json!([forward("up")]), &upstream, service.address);
    let mut client = Client::connect(address(&proxy, "web"));
    assert_eq!(client.get("/").status, 200);
    assert_eq!(service.count(), 0);
    assert_eq!(client.get("/admin").status, 401);
    assert_eq!(service.count(), 1);
}

#[test]
fn a_route_may_be_left_out() {
    let upstream = Upstream::saying("ok");
    let service = Service::start(|_| deny());
    let open = json!({ "match": { "path": { "prefix": "/open" } }, "action": { "forward": { "cluster": "up" } },
        "filterOverrides": { "authz": "disabled" } });
    let proxy = serve(
        &[filter(json!({}))],
        json!([open, forward("up")]),
        &upstream,
        service.address,
    );
    let mut client = Client::connect(address(&proxy, "web"));
    assert_eq!((client.get("/open").status, client.get("/").status), (200, 401));
    assert_eq!(Arc::clone(&service.asked).lock().unwrap().len(), 1);
}

#[test]
fn the_body_of_a_stream_is_held_back_too() {
    let upstream = Upstream::start(|request| ok(&request.body));
    let service = allowing();
    let with_body = filter(json!({ "body": { "maxBytes": 100_000 } }));
    let proxy = serve(&[with_body], json!([forward("up")]), &upstream, service.address);
    let web = address(&proxy, "web");
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .unwrap();
    let status = runtime.block_on(async {
        let socket = tokio::net::TcpStream::connect(web).await.unwrap();
        let (mut client, connection) = h2::client::handshake(socket).await.unwrap();
        let connection = tokio::spawn(connection);
        let request = http_types::Request::post("http://shop/").body(()).unwrap();
        let (response, mut body) = client.send_request(request, false).unwrap();
        for _ in 0..5 {
            body.send_data(vec![b'x'; 10_000].into(), false).unwrap();
        }
        body.send_data(bytes::Bytes::new(), true).unwrap();
        let response = response.await.unwrap();
        connection.abort();
        response.status().as_u16()
    });
    assert_eq!(status, 200);
    let request = attributes(&service.last()).request.unwrap().http.unwrap();
    assert_eq!((request.body.len(), &*request.protocol), (50_000, "HTTP/2"));
    assert!(upstream.last().body.len() >= 50_000, "with its chunks");
}

#[test]
fn a_request_that_is_held_is_asked_about_with_its_body_in_either_order() {
    let upstream = Upstream::start(|request| {
        let length = request.header("content-length").unwrap_or("no length");
        let framed = request.header("transfer-encoding").is_some();
        ok(format!("{} {length} {framed}", request.body.len()).as_bytes())
    });
    let hold = json!({ "name": "buffer", "kind": { "buffer": { "maxRequestBytes": 300_000 } } });
    let ask = filter(json!({ "body": { "maxBytes": 1000, "allowPartial": true } }));
    for filters in [[hold.clone(), ask.clone()], [ask, hold]] {
        let service = allowing();
        let proxy = serve(&filters, json!([forward("up")]), &upstream, service.address);
        let mut client = Client::connect(address(&proxy, "web"));
        for size in [0, 5, 1000, 1001, 70_000, 200_000] {
            let body = vec![b'x'; size];
            let asked_about = body[..size.min(1000)].to_vec();
            let asked = |service: &Service| attributes(&service.last()).request.unwrap().http.unwrap().body;
            client.send(format!("POST / HTTP/1.1\r\nHost: a\r\nContent-Length: {size}\r\n\r\n"));
            client.send(&body);
            assert_eq!(client.response().unwrap().body(), format!("{size} {size} false"));
            assert!(asked(&service).as_bytes() == asked_about, "{size}");
            client.send("POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n");
            for piece in body.chunks(30_000) {
                client.send(format!("{:x}\r\n", piece.len()));
                client.send(piece);
                client.send("\r\n");
            }
            client.send("0\r\n\r\n");
            // Once it is held its length is known.
            assert_eq!(client.response().unwrap().body(), format!("{size} {size} false"));
            assert!(asked(&service).as_bytes() == asked_about, "{size} in chunks");
        }
        client.send("POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n");
        client.send(format!("{:x}\r\n", 300_001));
        client.send(vec![b'x'; 300_001]);
        assert_eq!(client.response().unwrap().status, 413);
    }
}

#[test]
fn a_service_may_be_reached_through_an_internal_listener() {
    let upstream = Upstream::saying("ok");
    let service = allowing();
    let way = json!({ "name": "way", "address": "internal:way", "bindToPort": false, "filterChains": [
        { "filters": [{ "tcpProxy": { "cluster": "real" } }] }
    ] });
    let filters = json!([filter(json!({})), { "name": "router", "kind": { "router": {} } }]);
    let config = |endpoint: &str| {
        json!({
            "listeners": [way, http_listener_with("web", json!({ "httpFilters": filters, "routes": { "inline": {
                "virtualHosts": [{ "name": "all", "domains": ["*"], "routes": [forward("up")] }] } } }))],
            "clusters": [cluster("up", &[upstream.address]), cluster("real", &[service.address]),
                { "name": "authz", "endpoints": [{ "endpoints": [{ "address": endpoint }] }] }],
        })
    };
    let proxy = start(&config("internal:way"));
    assert_eq!(support::get(address(&proxy, "web"), "/").status, 200);
    assert_eq!(service.count(), 1);
    // One that is not there is a service that fails.
    let proxy = start(&config("internal:nowhere"));
    assert_eq!(support::get(address(&proxy, "web"), "/").status, 403);
}
