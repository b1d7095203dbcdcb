use config::{AuthzHttpService, AuthzService, ExtAuthz, GrpcService, StringMatcher};
use messages::{
    envoy::{
        config::core::v3::{HeaderValue, HeaderValueOption, QueryParameter},
        service::auth::v3::{
            CheckRequest, CheckResponse, DeniedHttpResponse, OkHttpResponse, check_response::HttpResponse,
        },
        r#type::v3::HttpStatus,
    },
    google::rpc::Status,
};
use prost::Message as _;

use super::*;
use crate::ConnectionFacts;

fn grpc() -> ExtAuthz {
    ExtAuthz {
        service: AuthzService::Grpc(GrpcService {
            cluster: "authz".into(),
            ..GrpcService::default()
        }),
        ..ExtAuthz::default()
    }
}

fn http(change: impl FnOnce(&mut AuthzHttpService)) -> ExtAuthz {
    let mut service = AuthzHttpService {
        cluster: "authz".into(),
        ..AuthzHttpService::default()
    };
    change(&mut service);
    ExtAuthz {
        service: AuthzService::Http(Box::new(service)),
        ..ExtAuthz::default()
    }
}

const FIELDS: [(&[u8], &[u8]); 4] = [
    (b"Authorization", b"Basic YTpi"),
    (b"X-Tenant", b"a"),
    (b"x-tenant", b"b"),
    (b"Content-Length", b"3"),
];

fn question<'a>(facts: &'a ConnectionFacts<'a>) -> Question<'a> {
    Question {
        method: b"POST",
        path: b"/a?b=1",
        authority: b"shop",
        scheme: "http",
        protocol: "HTTP/1.1",
        fields: &FIELDS,
        body: None,
        time_us: 1_500_000,
        facts,
        own_principal: "spiffe://cluster.local/ns/shop/sa/reviews",
        certificate: None,
        route_metadata: None,
    }
}

fn ask(config: &ExtAuthz, question: &Question<'_>) -> Call {
    Settings::new(config, None).call(question)
}

fn sent(call: &Call) -> messages::envoy::service::auth::v3::AttributeContext {
    CheckRequest::decode(&call.body[5..]).unwrap().attributes.unwrap()
}

fn answered(response: &CheckResponse) -> Answer {
    Answer {
        status: 200,
        fields: vec![("grpc-status".into(), b"0".to_vec())],
        body: Call::grpc(&"x".into(), "/", response, 1).body,
    }
}

fn option(key: &str, value: &str, append: Option<bool>) -> HeaderValueOption {
    HeaderValueOption {
        header: Some(HeaderValue {
            key: key.into(),
            value: value.into(),
            ..HeaderValue::default()
        }),
        append,
        ..HeaderValueOption::default()
    }
}

fn denied() -> CheckResponse {
    CheckResponse {
        status: Some(Status {
            code: 7,
            ..Status::default()
        }),
        http_response: Some(HttpResponse::DeniedResponse(DeniedHttpResponse {
            status: Some(HttpStatus { code: 401 }),
            headers: vec![
                option("www-authenticate", "Basic", None),
                option("content-length", "99", None),
            ],
            body: "who are you?".into(),
        })),
        ..CheckResponse::default()
    }
}

#[test]
fn a_service_of_grpc_learns_who_sends_what() {
    let uris = ["spiffe://cluster.local/ns/shop/sa/web".to_owned()];
    let facts = ConnectionFacts {
        is_authenticated: true,
        uri_sans: &uris,
        direct_remote: Some("10.0.0.1:1234".parse().unwrap()),
        ..ConnectionFacts::default()
    };
    let call = ask(&grpc(), &question(&facts));
    assert_eq!(call.path, b"/envoy.service.auth.v3.Authorization/Check");
    assert_eq!(call.timeout_ms, 200);
    let attributes = sent(&call);
    assert_eq!(attributes.source.unwrap().principal, uris[0]);
    let request = attributes.request.unwrap().http.unwrap();
    assert_eq!(
        (&*request.method, &*request.path, &*request.host),
        ("POST", "/a?b=1", "shop")
    );
    assert_eq!((&*request.headers["x-tenant"], request.size), ("a,b", 3));
    assert_eq!(request.headers[":path"], "/a?b=1");
}

#[test]
fn headers_that_are_not_allowed_stay_here() {
    let config = ExtAuthz {
        allowed_headers: Some(vec![StringMatcher::Prefix("x-".into())]),
        disallowed_headers: vec![StringMatcher::Exact("x-secret".into())],
        ..grpc()
    };
    let facts = ConnectionFacts::default();
    let fields: [(&[u8], &[u8]); 3] = [(b"x-a", b"1"), (b"x-secret", b"2"), (b"cookie", b"3")];
    let question = Question {
        fields: &fields,
        ..question(&facts)
    };
    let request = sent(&ask(&config, &question)).request.unwrap().http.unwrap();
    assert_eq!(request.headers.keys().collect::<Vec<_>>(), ["x-a"]);
}

#[test]
fn a_body_that_was_cut_off_says_so() {
    let config = ExtAuthz {
        body: Some(AuthzBody {
            max_bytes: 3,
            allow_partial: true,
            pack_as_bytes: false,
        }),
        ..grpc()
    };
    let facts = ConnectionFacts::default();
    let question = Question {
        body: Some((b"abc", true)),
        ..question(&facts)
    };
    let request = sent(&ask(&config, &question)).request.unwrap().http.unwrap();
    assert_eq!(
        (&*request.body, &*request.headers["x-envoy-auth-partial-body"]),
        ("abc", "true")
    );
}

#[test]
fn what_places_tell_the_service_adds_up_and_the_inner_one_wins() {
    let place = |pairs: &[(&str, &str)]| AuthzOverride {
        context_extensions: pairs
            .iter()
            .map(|(key, value)| ((*key).into(), (*value).into()))
            .collect(),
        ..AuthzOverride::default()
    };
    let (host, route) = (place(&[("a", "host"), ("b", "host")]), place(&[("a", "route")]));
    let config = grpc();
    let settings = Settings::new(&config, Some(&route)).within([None, Some(&host), Some(&route), None]);
    let facts = ConnectionFacts::default();
    let extensions = sent(&settings.call(&question(&facts))).context_extensions;
    assert_eq!((&*extensions["a"], &*extensions["b"]), ("route", "host"));
}

#[test]
fn a_certificate_goes_only_where_it_is_wanted() {
    let facts = ConnectionFacts::default();
    let question = Question {
        certificate: Some(b"der"),
        ..question(&facts)
    };
    let of = |config: &ExtAuthz| sent(&ask(config, &question)).source.unwrap().certificate;
    assert_eq!(of(&grpc()), "");
    let wanted = ExtAuthz {
        include_peer_certificate: true,
        ..grpc()
    };
    assert_eq!(
        of(&wanted),
        "-----BEGIN%20CERTIFICATE-----%0AZGVy%0A-----END%20CERTIFICATE-----%0A"
    );
}

#[test]
fn a_server_of_http_gets_the_head_it_may_see_behind_its_prefix() {
    let config = http(|service| {
        service.path_prefix = "/check".into();
        service.headers_to_add = vec![(HeaderName::new("x-from").unwrap(), "mesh".into())];
    });
    let facts = ConnectionFacts::default();
    let call = ask(&config, &question(&facts));
    assert_eq!(
        (&*call.method, &*call.path, &*call.authority),
        ("POST", &b"/check/a?b=1"[..], &b"shop"[..])
    );
    let names: Vec<&str> = call.fields.iter().map(|(name, _)| name.as_str()).collect();
    assert_eq!(names, ["authorization", "x-from"]);
}

#[test]
fn an_answer_of_grpc_changes_the_request_and_its_response() {
    let response = CheckResponse {
        http_response: Some(HttpResponse::OkResponse(OkHttpResponse {
            headers: vec![option("x-user", "ann", None), option("x-role", "b", Some(true))],
            headers_to_remove: vec!["authorization".into(), ":path".into()],
            response_headers_to_add: vec![option("set-cookie", "a=1", Some(true))],
            query_parameters_to_set: vec![QueryParameter {
                key: "c".into(),
                value: "2".into(),
            }],
            query_parameters_to_remove: vec!["b".into()],
            ..OkHttpResponse::default()
        })),
        ..CheckResponse::default()
    };
    let config = ExtAuthz {
        clear_route_cache: true,
        ..grpc()
    };
    let Decision::Allow(allowed) = Settings::new(&config, None).decide(Ok(answered(&response)), b"/a?b=1&d") else {
        panic!("refused");
    };
    let name = |name: &str| HeaderName::new(name).unwrap();
    assert_eq!(
        allowed.set,
        [
            HeaderChange::set(name("x-user"), "ann"),
            HeaderChange::append(name("x-role"), "b")
        ]
    );
    assert_eq!(allowed.remove, [name("authorization")]);
    assert_eq!(allowed.path.as_deref(), Some(&b"/a?d&c=2"[..]));
    assert!(allowed.reroutes);
    assert_eq!(allowed.response, [HeaderChange::append(name("set-cookie"), "a=1")]);
}

#[test]
fn a_refusal_has_the_services_words_but_not_its_framing() {
    let Decision::Deny(denied) = Settings::new(&grpc(), None).decide(Ok(answered(&denied())), b"/") else {
        panic!("not refused");
    };
    assert_eq!((denied.status, &*denied.body), (401, &b"who are you?"[..]));
    assert_eq!(denied.headers.len(), 1);
}

#[test]
fn a_service_that_fails_refuses_unless_told_otherwise() {
    let decide = |config: &ExtAuthz| Settings::new(config, None).decide(Err(CallFailure::Timeout), b"/");
    assert_eq!(decide(&grpc()), Decision::Fail { status: 403 });
    let open = ExtAuthz {
        failure_mode_allow: true,
        failure_mode_allow_header_add: true,
        ..grpc()
    };
    let Decision::Allow(allowed) = decide(&open) else {
        panic!("refused");
    };
    assert_eq!(allowed.set[0].name.as_str(), "x-envoy-auth-failure-mode-allowed");
    let ill = Answer {
        status: 503,
        ..Answer::default()
    };
    let web = http(|_| {});
    assert_eq!(
        Settings::new(&web, None).decide(Ok(ill), b"/"),
        Decision::Fail { status: 403 }
    );
}

#[test]
fn an_answer_of_http_is_passed_on_as_far_as_it_is_allowed() {
    let is = |text: &str| StringMatcher::Exact(text.into());
    let config = http(|service| {
        service.upstream_headers = vec![is("x-user")];
        service.client_headers = Some(vec![is("x-why")]);
        service.client_headers_on_success = vec![is("x-seen")];
        service.metadata_headers = vec![is("x-user")];
    });
    let answer = |status| Answer {
        status,
        fields: ["x-user", "x-why", "x-seen", "x-other", "location", "content-length"]
            .map(|name| (name.to_owned(), b"1".to_vec()))
            .into(),
        body: b"no".to_vec(),
    };
    let names = |list: &[HeaderChange]| -> Vec<String> { list.iter().map(|one| one.name.to_string()).collect() };
    let settings = Settings::new(&config, None);
    match settings.decide(Ok(answer(200)), b"/") {
        Decision::Allow(allowed) => {
            assert_eq!(names(&allowed.set), ["x-user"]);
            assert_eq!(names(&allowed.response), ["x-seen"]);
            assert_eq!(allowed.metadata.unwrap()[METADATA]["x-user"], "1");
        }
        other => panic!("{other:?}"),
    }
    match settings.decide(Ok(answer(302)), b"/") {
        Decision::Deny(denied) => assert_eq!(
            (denied.status, names(&denied.headers)),
            (302, vec!["x-why".into(), "location".into()])
        ),
        other => panic!("{other:?}"),
    }
}

#[test]
fn only_marked_requests_are_asked_about_where_metadata_says_so() {
    let config: ExtAuthz = serde_json::from_value(serde_json::json!({
        "service": { "grpc": { "cluster": "authz" } },
        "enabledMetadata": { "filter": "envoy.filters.http.rbac", "path": ["istio_ext_authz_shadow_effective_policy_id"],
            "value": { "string": { "prefix": "istio-ext-authz" } } },
    }))
    .unwrap();
    let settings = Settings::new(&config, None);
    let marked = serde_json::json!({ "envoy.filters.http.rbac": {
        "istio_ext_authz_shadow_effective_policy_id": "istio-ext-authz-ns[a]-policy[b]-rule[0]" } });
    assert_eq!(settings.asks(Some(&marked), 0), Asked::Yes);
    assert_eq!(settings.asks(None, 0), Asked::Passes);
    let strict = ExtAuthz {
        deny_at_disable: true,
        ..config.clone()
    };
    assert_eq!(Settings::new(&strict, None).asks(None, 0), Asked::Refused);
}
