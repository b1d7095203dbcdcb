//! Keys of tokens that are fetched.
#![allow(clippy::unwrap_used, missing_docs)]

mod support;

use std::{
    net::SocketAddr,
    sync::{Arc, Mutex},
};

use jsonwebtoken::{EncodingKey, Header, encode};
use proxy::Proxy;
use serde_json::{Value, json};
use support::{Client, Upstream, address, cluster, forward, free_address, http_listener_with, ok, start, wait_until};

/// A key set with one symmetric key, whose secret is its name.
fn key_set(id: &str) -> String {
    use base64::{Engine as _, engine::general_purpose::URL_SAFE_NO_PAD};
    json!({ "keys": [{ "kty": "oct", "kid": id, "alg": "HS256", "k": URL_SAFE_NO_PAD.encode(id) }] }).to_string()
}

fn token(key: &str) -> String {
    let header = Header {
        kid: Some(key.to_owned()),
        ..Header::default()
    };
    encode(
        &header,
        &json!({ "iss": "me" }),
        &EncodingKey::from_secret(key.as_bytes()),
    )
    .unwrap()
}

/// A server of keys that can be changed.
fn login(keys: &Arc<Mutex<String>>, address: SocketAddr) -> Upstream {
    let keys = Arc::clone(keys);
    Upstream::start_on(address, move |_| ok(keys.lock().unwrap().as_bytes()))
}

fn serve(remote: &Value, upstream: &Upstream, login: SocketAddr) -> Proxy {
    let mut remote = remote.clone();
    remote["uri"] = json!("http://login.example.com/keys");
    remote["cluster"] = json!("login");
    let jwt = json!({ "name": "jwt", "kind": { "jwtAuthn": {
        "providers": { "p": { "issuer": "me", "remoteJwks": remote } },
        "rules": [{ "requires": { "provider": { "name": "p" } } }] } } });
    let filters = json!([jwt, { "name": "router", "kind": { "router": {} } }]);
    start(&json!({
        "listeners": [http_listener_with("web", json!({ "httpFilters": filters, "routes": { "inline": { "virtualHosts": [
            { "name": "all", "domains": ["*"], "routes": [forward("up")] }] } } }))],
        "clusters": [cluster("up", &[upstream.address]), cluster("login", &[login])],
    }))
}

fn ask(client: &mut Client, key: &str) -> u16 {
    let token = token(key);
    client.send(format!(
        "GET / HTTP/1.1\r\nHost: a\r\nAuthorization: Bearer {token}\r\n\r\n"
    ));
    client.response().unwrap().status
}

#[test]
fn keys_are_fetched_once_for_all_workers_and_requests() {
    let upstream = Upstream::saying("ok");
    let keys = Arc::new(Mutex::new(key_set("one")));
    let login = login(&keys, "127.0.0.1:0".parse().unwrap());
    let proxy = serve(&json!({}), &upstream, login.address);
    let web = address(&proxy, "web");
    let clients: Vec<_> = (0..8)
        .map(|_| {
            std::thread::spawn(move || {
                let mut client = Client::connect(web);
                (0..5).all(|_| ask(&mut client, "one") == 200)
            })
        })
        .collect();
    assert!(clients.into_iter().all(|client| client.join().unwrap()));
    assert_eq!(login.requests(), 1);
    let asked = login.last();
    assert!(asked.head.starts_with("GET /keys HTTP/1.1\r\n"), "{}", asked.head);
    assert_eq!(asked.header("host"), Some("login.example.com"));
}

#[test]
fn keys_that_are_rotated_while_serving_are_found_and_the_old_ones_forgotten() {
    let upstream = Upstream::saying("ok");
    let keys = Arc::new(Mutex::new(key_set("one")));
    let login = login(&keys, "127.0.0.1:0".parse().unwrap());
    let proxy = serve(&json!({}), &upstream, login.address);
    let mut client = Client::connect(address(&proxy, "web"));
    assert_eq!((ask(&mut client, "one"), ask(&mut client, "two")), (200, 401));
    *keys.lock().unwrap() = key_set("two");
    assert_eq!(ask(&mut client, "two"), 200);
    assert_eq!(ask(&mut client, "one"), 401);
    // Tokens with names of keys that nobody has do not make fetches without end.
    for _ in 0..50 {
        assert_eq!(ask(&mut client, "three"), 401);
    }
    assert!(login.requests() <= 5, "{} fetches", login.requests());
}

#[test]
fn keys_that_were_good_serve_while_their_source_is_down() {
    let upstream = Upstream::saying("ok");
    let keys = Arc::new(Mutex::new(key_set("one")));
    let fixed = free_address();
    let first = login(&keys, fixed);
    let proxy = serve(&json!({ "cacheMs": 1 }), &upstream, fixed);
    let mut client = Client::connect(address(&proxy, "web"));
    assert_eq!(ask(&mut client, "one"), 200);
    let fetched = first.requests();
    wait_until("they are fetched again", || {
        assert_eq!(ask(&mut client, "one"), 200);
        first.requests() > fetched
    });
    first.kill();
    let begin = std::time::Instant::now();
    wait_until("they are older than they may be", || {
        assert_eq!(ask(&mut client, "one"), 200);
        begin.elapsed().as_millis() > 2_500
    });
}

#[test]
fn a_source_that_is_down_from_the_start_refuses_until_it_comes_up() {
    let upstream = Upstream::saying("ok");
    let keys = Arc::new(Mutex::new(key_set("one")));
    let fixed = free_address();
    let proxy = serve(&json!({ "retries": 1, "retryIntervalMs": 10 }), &upstream, fixed);
    let mut client = Client::connect(address(&proxy, "web"));
    assert_eq!(ask(&mut client, "one"), 401);
    let _login = login(&keys, fixed);
    wait_until("the keys are fetched", || ask(&mut client, "one") == 200);
}

#[test]
fn keys_may_be_fetched_before_a_request_needs_them() {
    let upstream = Upstream::saying("ok");
    let keys = Arc::new(Mutex::new(key_set("one")));
    let login = login(&keys, "127.0.0.1:0".parse().unwrap());
    let proxy = serve(&json!({ "isAhead": true }), &upstream, login.address);
    wait_until("they are fetched", || login.requests() == 1);
    let mut client = Client::connect(address(&proxy, "web"));
    assert_eq!(ask(&mut client, "one"), 200);
    assert_eq!(login.requests(), 1);
}
