//! HTTP filters on live requests.
#![allow(clippy::unwrap_used, clippy::needless_pass_by_value, missing_docs)]

mod support;

use std::{
    io::Read as _,
    time::{Duration, Instant},
};

use proxy::Proxy;
use serde_json::{Value, json};
use support::{Client, Upstream, address, cluster, forward, http_listener_with, ok, start};

/// A symmetric key and tokens made with it: HMAC-SHA256 with the secret `secret`.
const JWKS: &str = r#"{"keys":[{"kty":"oct","alg":"HS256","k":"c2VjcmV0"}]}"#;
/// `{"iss":"me","sub":"ann","groups":["admins"]}`
const ANN: &str = "eyJhbGciOiJIUzI1NiJ9.eyJpc3MiOiJtZSIsInN1YiI6ImFubiIsImdyb3VwcyI6WyJhZG1pbnMiXX0.";
/// `{"iss":"me","sub":"bob"}`
const BOB: &str = "eyJhbGciOiJIUzI1NiJ9.eyJpc3MiOiJtZSIsInN1YiI6ImJvYiJ9.";

fn sign(token: &str) -> String {
    use jsonwebtoken::{Algorithm, EncodingKey};
    let (message, _) = token.rsplit_once('.').unwrap();
    let key = EncodingKey::from_secret(b"secret");
    let signature = jsonwebtoken::crypto::sign(message.as_bytes(), &key, Algorithm::HS256).unwrap();
    format!("{message}.{signature}")
}

fn serve(filters: &[Value], routes: Value, upstream: &Upstream) -> Proxy {
    let mut filters = filters.to_vec();
    filters.push(json!({ "name": "router", "kind": { "router": {} } }));
    start(&json!({
        "listeners": [http_listener_with("web", json!({ "httpFilters": filters,
            "routes": { "inline": { "virtualHosts": [{ "name": "all", "domains": ["*"], "routes": routes }] } } }))],
        "clusters": [cluster("up", &[upstream.address])],
    }))
}

#[test]
fn claims_of_a_token_lead_to_routes_that_ask_for_them_and_nothing_else_does() {
    let upstream = Upstream::saying("ok");
    let jwt = json!({ "name": "jwt", "kind": { "jwtAuthn": {
        "providers": { "p": { "issuer": "me", "jwks": JWKS, "payloadInMetadata": "payload", "clearsRoute": true } },
        "rules": [{ "match": { "path": { "prefix": "/" } },
            "requires": { "any": [{ "provider": { "name": "p" } }, "allowMissing"] } }] } } });
    let of = |group: &str, invert: bool| {
        json!([{ "filter": "envoy.filters.http.jwt_authn", "path": ["payload", "groups"], "invert": invert,
            "value": { "oneOf": { "string": { "exact": group } } } }])
    };
    let answer = |path: &str, metadata: Value, status: u16| {
        json!({ "match": { "path": { "prefix": path }, "metadata": metadata },
            "action": { "directResponse": { "status": status, "body": "" } } })
    };
    let routes = json!([
        answer("/", of("admins", false), 211),
        answer("/guests", of("admins", true), 212),
    ]);
    let proxy = serve(&[jwt], routes, &upstream);
    let mut client = Client::connect(address(&proxy, "web"));
    let mut ask = |path: &str, token: Option<&str>| {
        let bearer = token.map_or(String::new(), |token| format!("Authorization: Bearer {token}\r\n"));
        client.send(format!("GET {path} HTTP/1.1\r\nHost: a\r\n{bearer}\r\n"));
        client.response().unwrap().status
    };
    assert_eq!(ask("/", Some(&sign(ANN))), 211);
    assert_eq!(ask("/guests", Some(&sign(ANN))), 211);
    assert_eq!(ask("/", Some(&sign(BOB))), 404);
    assert_eq!(ask("/guests", Some(&sign(BOB))), 212);
    assert_eq!(ask("/", None), 404);
    assert_eq!(ask("/guests", None), 212);
    assert_eq!(ask("/", Some(&format!("{ANN}AAAA"))), 401);
}

#[test]
fn a_token_lets_its_owner_in_and_its_claims_decide_what_he_may_do() {
    let upstream = Upstream::saying("ok");
    let jwt = json!({ "name": "jwt", "kind": { "jwtAuthn": {
        "providers": { "p": { "issuer": "me", "jwks": JWKS, "payloadInMetadata": "payload",
            "claimHeaders": [{ "header": "x-user", "claim": "sub" }] } },
        "rules": [
            { "match": { "path": { "prefix": "/public" } } },
            { "match": { "path": { "prefix": "/" } }, "requires": { "provider": { "name": "p" } } },
        ] } } });
    let admins = json!({ "filter": "envoy.filters.http.jwt_authn", "path": ["payload", "groups"],
        "value": { "oneOf": { "string": { "exact": "admins" } } } });
    let rbac = json!({ "name": "rbac", "kind": { "rbac": { "rules": { "action": "deny", "policies": { "only-admins": {
        "permissions": [{ "urlPath": { "prefix": "/admin" } }],
        "principals": [{ "not": { "metadata": admins } }] } } } } } });
    let proxy = serve(&[jwt, rbac], json!([forward("up")]), &upstream);
    let mut client = Client::connect(address(&proxy, "web"));
    let mut ask = |path: &str, token: Option<&str>| {
        let bearer = token.map_or(String::new(), |token| format!("Authorization: Bearer {token}\r\n"));
        client.send(format!(
            "GET {path} HTTP/1.1\r\nHost: a\r\nX-User: mallory\r\n{bearer}\r\n"
        ));
        client.response().unwrap()
    };
    assert_eq!(ask("/public", None).status, 200);
    let refused = ask("/", None);
    assert_eq!((refused.status, refused.body().as_str()), (401, "Jwt is missing"));
    assert_eq!(refused.header("www-authenticate"), Some("Bearer realm=\"http://a/\""));
    let forged = ask("/", Some(&format!("{ANN}AAAA")));
    assert_eq!((forged.status, forged.body().as_str()), (401, "Jwt verification fails"));
    assert_eq!(ask("/", Some(&sign(BOB))).status, 200);
    let seen = upstream.last();
    assert_eq!(
        (seen.header("x-user"), seen.header("authorization")),
        (Some("bob"), None)
    );
    assert_eq!(ask("/admin", Some(&sign(BOB))).status, 403);
    assert_eq!(ask("/admin", Some(&sign(ANN))).status, 200);
}

#[test]
fn requests_above_a_bound_are_refused_and_a_route_may_have_its_own() {
    let upstream = Upstream::saying("ok");
    let bound = |tokens: u32| {
        json!({ "bucket": { "maxTokens": tokens, "tokensPerFill": 1, "fillIntervalMs": 3_600_000 },
            "enabled": 1_000_000, "enforced": 1_000_000 })
    };
    let filter = json!({ "name": "limit", "kind": { "localRateLimit": bound(3) } });
    let own = json!({ "match": { "path": { "exact": "/own" } }, "action": { "forward": { "cluster": "up" } },
        "filterOverrides": { "limit": { "localRateLimit": bound(1) } } });
    let proxy = serve(&[filter], json!([own, forward("up")]), &upstream);
    let mut client = Client::connect(address(&proxy, "web"));
    let mut statuses = |path: &str| -> Vec<u16> { (0..5).map(|_| client.get(path).status).collect() };
    assert_eq!(statuses("/own"), [200, 429, 429, 429, 429]);
    assert_eq!(statuses("/"), [200, 200, 200, 429, 429]);
    let refused = client.get("/");
    assert_eq!(
        (refused.body().as_str(), refused.header("x-envoy-ratelimited")),
        ("local_rate_limited", Some("true"))
    );
    assert_eq!(upstream.requests(), 4);
}

#[test]
fn a_request_whose_bytes_stop_is_given_up_however_often_some_came() {
    let upstream = Upstream::start(|_| ok(&vec![b'x'; 30_000_000]));
    let proxy = start(&json!({
        "listeners": [http_listener_with("web", json!({ "streamIdleTimeoutMs": 300,
            "routes": { "inline": { "virtualHosts": [{ "name": "all", "domains": ["*"],
                "routes": [{ "action": { "forward": { "cluster": "up", "timeoutMs": 0 } } }] }] } } }))],
        "clusters": [cluster("up", &[upstream.address])],
    }));
    let web = address(&proxy, "web");
    // Half a body: the deadline fires, sees that bytes have come, waits again, and sees none.
    let mut client = Client::connect(web);
    client.send("POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 100\r\n\r\nhalf");
    let begin = Instant::now();
    std::thread::spawn({
        let mut stream = client.stream.try_clone().unwrap();
        move || {
            std::thread::sleep(Duration::from_millis(150));
            let _ = std::io::Write::write_all(&mut stream, b"more");
        }
    });
    assert!(String::from_utf8(client.rest()).unwrap().starts_with("HTTP/1.1 408 "));
    assert!(begin.elapsed() < Duration::from_secs(10));
    // The last byte of a request has a time of its own.
    let timed = start(&json!({
        "listeners": [http_listener_with("web", json!({ "requestTimeoutMs": 100,
            "routes": { "inline": { "virtualHosts": [{ "name": "all", "domains": ["*"], "routes": [forward("up")] }] } } }))],
        "clusters": [cluster("up", &[upstream.address])],
    }));
    let mut client = Client::connect(address(&timed, "web"));
    client.send("POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 100\r\n\r\nhalf");
    assert!(String::from_utf8(client.rest()).unwrap().ends_with("request timeout"));
    // A response that nobody reads.
    let mut client = Client::connect(web);
    client.send("GET / HTTP/1.1\r\nHost: a\r\n\r\n");
    let mut first = [0; 1024];
    client.stream.read_exact(&mut first).unwrap();
    support::wait_until("the request is given up", || {
        let dump: Value = serde_json::from_str(&proxy.dump_config()).unwrap();
        dump["clusters"][0]["requests"] == 0 || dump["clusters"][0]["activeRequests"] == 0
    });
}
