use config::{ClaimHeader, JwtHeader, JwtRule};
use jsonwebtoken::{EncodingKey, Header, encode};
use serde_json::json;

use super::*;
use crate::test_request::TestRequest;

const NOW: u64 = 1_800_000_000;

fn token(secret: &str, claims: &Value) -> &'static str {
    let header = Header {
        kid: Some("one".to_owned()),
        ..Header::default()
    };
    let text = encode(&header, claims, &EncodingKey::from_secret(secret.as_bytes())).unwrap();
    // Requests of tests borrow for ever.
    Box::leak(text.into_boxed_str())
}

fn bearer(token: &str) -> TestRequest {
    TestRequest::get("/").with("authorization", Box::leak(format!("Bearer {token}").into_boxed_str()))
}

fn provider() -> JwtProvider {
    JwtProvider {
        issuer: "me".into(),
        jwks: keys::symmetric("one", "secret").into(),
        ..JwtProvider::default()
    }
}

fn jwt(provider: JwtProvider, requires: JwtRequirement) -> Jwt {
    let config = JwtAuthn {
        providers: [("p".into(), provider)].into(),
        rules: vec![JwtRule {
            matches: RouteMatch::default(),
            requires: Some(requires),
        }],
        ..JwtAuthn::default()
    };
    let mut id = fastrand();
    let new_id = || {
        id += 1;
        id
    };
    Jwt::new(&config, new_id, |remote| Arc::new(KeySource::new(remote.clone()))).unwrap()
}

/// Numbers that differ from test to test: they share threads and their caches.
fn fastrand() -> u64 {
    use std::sync::atomic::{AtomicU64, Ordering};
    static NEXT: AtomicU64 = AtomicU64::new(0);
    NEXT.fetch_add(1_000, Ordering::Relaxed)
}

fn of_p() -> JwtRequirement {
    JwtRequirement::Provider {
        name: "p".into(),
        audiences: None,
    }
}

fn decide(jwt: &Jwt, request: &TestRequest) -> Result<JwtPass, JwtError> {
    jwt.decide(request, NOW, None, |_| true, &mut Wanted::default())
}

#[test]
fn a_good_token_passes_and_bad_ones_say_why() {
    let jwt = jwt(
        JwtProvider {
            audiences: vec!["https://us/".into()],
            ..provider()
        },
        of_p(),
    );
    let good = json!({ "iss": "me", "aud": ["us"], "exp": NOW + 10 });
    assert!(decide(&jwt, &bearer(token("secret", &good))).is_ok());
    for (request, error) in [
        (TestRequest::get("/"), JwtError::Missing),
        (bearer("a.b"), JwtError::Malformed),
        (bearer("a.b.c"), JwtError::Malformed),
        (bearer(token("other", &good)), JwtError::BadSignature),
        (
            bearer(token("secret", &json!({ "iss": "you" }))),
            JwtError::UnknownIssuer,
        ),
        (
            bearer(token("secret", &json!({ "iss": "me", "aud": "us", "exp": NOW - 61 }))),
            JwtError::Expired,
        ),
        (
            bearer(token("secret", &json!({ "iss": "me", "aud": "us", "nbf": NOW + 61 }))),
            JwtError::NotYet,
        ),
        (
            bearer(token("secret", &json!({ "iss": "me", "aud": "them" }))),
            JwtError::WrongAudience,
        ),
        (
            bearer(token("secret", &json!({ "iss": "me" }))),
            JwtError::WrongAudience,
        ),
    ] {
        assert_eq!(decide(&jwt, &request), Err(error), "{request:?}");
    }
}

#[test]
fn an_unsigned_token_or_one_signed_by_another_kind_of_key_is_refused() {
    let jwt = jwt(provider(), of_p());
    let none = format!(
        "{}.{}.",
        keys::to_base64(r#"{"alg":"none"}"#),
        keys::to_base64(r#"{"iss":"me"}"#)
    );
    assert!(decide(&jwt, &bearer(&none)).is_err());
    // The public key of RSA used as a secret.
    let rsa = json!({ "keys": [{ "kty": "RSA", "n": "sXchDaQebHnPiGvyDOAT4saGEUetSyo9MKLOoWFsueri23bOdgWp4Dy1WlUzewbgBHod5pcM9H95GQRV3JDXboIRROSBigeC5yjU1hGzHHyXss8UDprecbAYxknTcQkhslANGRUZmdTOQ5qTRsLAt6BTYuyvVRdhS8exSZEy_c4gs_7svlJJQ4H9_NxsiIoLwAEk7-Q3UXERGYw_75IDrGA84-lA_-Ct4eTlXHBIY2EaV7t7LjJaynVJCpkv4LKjTTAumiGUIuQhrNhZLuF_RJLqHpM2kgWFLU7-VTdL1VbC2tejvcI2BlMkEpk1BzBZI0KQB0GaDWFLN-aEAw3vRw", "e": "AQAB" }] });
    let confused = jwt_of(&rsa.to_string());
    assert_eq!(
        decide(&confused, &bearer(token("AQAB", &json!({ "iss": "me" })))),
        Err(JwtError::UnknownKey)
    );
}

fn jwt_of(jwks: &str) -> Jwt {
    jwt(
        JwtProvider {
            jwks: jwks.into(),
            ..provider()
        },
        of_p(),
    )
}

#[test]
fn tokens_are_found_where_the_provider_says() {
    let claims = json!({ "iss": "me" });
    let text = token("secret", &claims);
    let provider = JwtProvider {
        from_headers: vec![JwtHeader {
            name: HeaderName::new("x-token").unwrap(),
            prefix: "T ".into(),
        }],
        from_params: vec!["t".into()],
        from_cookies: vec!["c".into()],
        ..provider()
    };
    let jwt = jwt(provider, of_p());
    let leak = |text: String| -> &'static str { Box::leak(text.into_boxed_str()) };
    for request in [
        TestRequest::get("/").with("x-token", leak(format!("T {text}"))),
        TestRequest::get(leak(format!("/?a=1&t={text}"))),
        TestRequest::get("/").with("cookie", leak(format!("a=1; c={text}"))),
    ] {
        assert!(decide(&jwt, &request).is_ok(), "{request:?}");
    }
    assert_eq!(
        decide(&jwt, &bearer(text)),
        Err(JwtError::Missing),
        "not where nobody looks"
    );
}

#[test]
fn what_a_token_says_is_told_to_rules_and_to_the_application_and_nobody_else_may_say_it() {
    let provider = JwtProvider {
        payload_in_metadata: "payload".into(),
        payload_header: HeaderName::new("x-payload").ok(),
        space_delimited_claims: vec!["scope".into()],
        claim_headers: vec![
            ClaimHeader {
                header: HeaderName::new("x-sub").unwrap(),
                claim: "sub".into(),
            },
            ClaimHeader {
                header: HeaderName::new("x-team").unwrap(),
                claim: "org.team".into(),
            },
        ],
        ..provider()
    };
    let jwt = jwt(provider, of_p());
    let claims = json!({ "iss": "me", "sub": "ann", "scope": "read write", "org": { "team": 7 } });
    let pass = decide(&jwt, &bearer(token("secret", &claims))).unwrap();
    let metadata = pass.metadata.unwrap();
    assert_eq!(metadata[METADATA]["payload"]["scope"], json!(["read", "write"]));
    let set: Vec<(&str, &[u8])> = pass
        .set
        .iter()
        .map(|(name, value)| (name.as_str(), value.as_slice()))
        .collect();
    assert_eq!(set[1..], [("x-sub", &b"ann"[..]), ("x-team", b"7")]);
    let removed: Vec<&str> = pass.remove.iter().map(HeaderName::as_str).collect();
    assert_eq!(removed, ["x-payload", "x-sub", "x-team", "authorization"]);
}

#[test]
fn a_token_may_be_missing_where_that_is_allowed_but_not_wrong() {
    let optional = jwt(
        provider(),
        JwtRequirement::Any(vec![of_p(), JwtRequirement::AllowMissing]),
    );
    assert!(decide(&optional, &TestRequest::get("/")).is_ok());
    let wrong = bearer(token("other", &json!({ "iss": "me" })));
    assert_eq!(decide(&optional, &wrong), Err(JwtError::BadSignature));
    let stranger = bearer(token("other", &json!({ "iss": "you" })));
    assert_eq!(decide(&optional, &stranger), Err(JwtError::UnknownIssuer));
    let lax = jwt(provider(), JwtRequirement::AllowMissingOrFailed);
    assert!(decide(&lax, &wrong).is_ok());
}

#[test]
fn a_remembered_token_still_expires() {
    let jwt = jwt(provider(), of_p());
    let request = bearer(token("secret", &json!({ "iss": "me", "exp": NOW + 10 })));
    assert!(decide(&jwt, &request).is_ok());
    assert_eq!(
        jwt.decide(&request, NOW + 100, None, |_| true, &mut Wanted::default()),
        Err(JwtError::Expired)
    );
}

#[test]
fn a_configuration_that_cannot_work_is_refused_with_the_place_of_the_fault() {
    let mut config = JwtAuthn {
        providers: [(
            "p".into(),
            JwtProvider {
                jwks: "{}".into(),
                ..provider()
            },
        )]
        .into(),
        ..JwtAuthn::default()
    };
    let error = Jwt::new(&config, || 1, |remote| Arc::new(KeySource::new(remote.clone()))).unwrap_err();
    assert_eq!(error.path, "providers[\"p\"].jwks");
    config.providers.clear();
    config.rules = vec![JwtRule {
        matches: RouteMatch::default(),
        requires: Some(of_p()),
    }];
    assert_eq!(
        Jwt::new(&config, || 1, |remote| Arc::new(KeySource::new(remote.clone())))
            .unwrap_err()
            .path,
        "rules[0].requires.provider"
    );
}

#[test]
fn fetched_keys_are_asked_for_first_and_again_for_a_key_that_is_not_among_them() {
    let provider = JwtProvider {
        jwks: "".into(),
        remote_jwks: Some(RemoteJwks::default()),
        ..provider()
    };
    let config = JwtAuthn {
        providers: [("p".into(), provider)].into(),
        rules: vec![JwtRule {
            matches: RouteMatch::default(),
            requires: Some(of_p()),
        }],
        ..JwtAuthn::default()
    };
    let source = Arc::new(KeySource::new(RemoteJwks::default()));
    let jwt = Jwt::new(&config, fastrand, |_| Arc::clone(&source)).unwrap();
    let ask = |request: &TestRequest, has_fetched| {
        let mut wanted = Wanted {
            has_fetched,
            ..Wanted::default()
        };
        let decision = jwt.decide(request, NOW, None, |_| true, &mut wanted).map(|_| ());
        (decision, wanted.sources.len())
    };
    let request = bearer(token("secret", &json!({ "iss": "me" })));
    assert_eq!(ask(&request, false), (Err(JwtError::NoKeys), 1));
    assert_eq!(ask(&request, true), (Err(JwtError::NoKeys), 0));
    let stranger = bearer(token("secret", &json!({ "iss": "other" })));
    assert_eq!(ask(&stranger, false), (Err(JwtError::UnknownIssuer), 0));
    assert!(source.take(keys::symmetric("old", "secret").as_bytes(), NOW));
    assert_eq!(ask(&request, false), (Err(JwtError::UnknownKey), 1));
    assert!(source.take(keys::symmetric("one", "secret").as_bytes(), NOW));
    assert_eq!(ask(&request, false), (Ok(()), 0));
    // Keys that are gone are good for no token any more, remembered or not.
    assert!(source.take(keys::symmetric("two", "secret").as_bytes(), NOW));
    assert_eq!(ask(&request, true), (Err(JwtError::UnknownKey), 0));
}
