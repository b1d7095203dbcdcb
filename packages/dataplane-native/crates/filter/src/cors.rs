//! Cross-origin requests (Fetch standard, section 3.2).

use std::sync::LazyLock;

use config::{CorsPolicy, HeaderName, RequestView};
use serde::Serialize;

/// What to do with a request.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub enum CorsDecision {
    /// Forward it; it is not cross-origin, or not from an origin that may.
    Forward,
    /// Forward it and add [`response_headers`] to the response.
    ForwardAndMark,
    /// Answer it with 200 and [`preflight_headers`].
    AnswerPreflight,
    /// Answer it with 200 and nothing that allows anything.
    RefusePreflight,
}

/// Decides about a request.
pub fn decide<V: RequestView + ?Sized>(policy: &CorsPolicy, view: &V) -> CorsDecision {
    let Some(origin) = origin(view) else {
        return CorsDecision::Forward;
    };
    let is_allowed = policy.allow_origins.iter().any(|matcher| matcher.matches(origin));
    let is_preflight =
        view.method() == b"OPTIONS" && view.header(&REQUEST_METHOD).is_some_and(|method| !method.is_empty());
    match (is_allowed, is_preflight) {
        (true, true) => CorsDecision::AnswerPreflight,
        (true, false) => CorsDecision::ForwardAndMark,
        (false, true) if !policy.forward_not_matching_preflights => CorsDecision::RefusePreflight,
        (false, _) => CorsDecision::Forward,
    }
}

/// The origin of a request, if it names one.
pub fn origin<V: RequestView + ?Sized>(view: &V) -> Option<&[u8]> {
    view.header(&ORIGIN).filter(|origin| !origin.is_empty())
}

/// Headers of the answer to a preflight request from `origin`.
pub fn preflight_headers(policy: &CorsPolicy, origin: &[u8], mut add: impl FnMut(&str, &[u8])) {
    allow(policy, origin, &mut add);
    for (name, value) in [
        ("access-control-allow-methods", &policy.allow_methods),
        ("access-control-allow-headers", &policy.allow_headers),
        ("access-control-max-age", &policy.max_age),
    ] {
        if !value.is_empty() {
            add(name, value.as_bytes());
        }
    }
}

/// Headers to set on the response to a request from `origin`; they replace the upstream's own.
pub fn response_headers(policy: &CorsPolicy, origin: &[u8], mut set: impl FnMut(&str, &[u8])) {
    allow(policy, origin, &mut set);
    if !policy.expose_headers.is_empty() {
        set("access-control-expose-headers", policy.expose_headers.as_bytes());
    }
}

fn allow(policy: &CorsPolicy, origin: &[u8], add: &mut impl FnMut(&str, &[u8])) {
    add("access-control-allow-origin", origin);
    if policy.allow_credentials {
        add("access-control-allow-credentials", b"true");
    }
}

static ORIGIN: LazyLock<HeaderName> = LazyLock::new(|| HeaderName::from_static("origin"));
static REQUEST_METHOD: LazyLock<HeaderName> =
    LazyLock::new(|| HeaderName::from_static("access-control-request-method"));

#[cfg(test)]
mod tests {
    use config::StringMatcher;

    use super::*;
    use crate::test_request::TestRequest;

    fn policy() -> CorsPolicy {
        CorsPolicy {
            allow_origins: vec![StringMatcher::Exact("https://good".into())],
            allow_methods: "GET".into(),
            max_age: "60".into(),
            allow_credentials: true,
            forward_not_matching_preflights: true,
            ..CorsPolicy::default()
        }
    }

    fn preflight(origin: &'static str) -> TestRequest {
        let request = TestRequest {
            method: "OPTIONS",
            ..TestRequest::get("/")
        };
        request
            .with("origin", origin)
            .with("access-control-request-method", "GET")
    }

    #[test]
    fn preflights_of_allowed_origins_are_answered() {
        assert_eq!(
            decide(&policy(), &preflight("https://good")),
            CorsDecision::AnswerPreflight
        );
        let mut headers = Vec::new();
        preflight_headers(&policy(), b"https://good", |name, value| {
            headers.push(format!("{name}: {}", String::from_utf8_lossy(value)));
        });
        assert_eq!(
            headers,
            [
                "access-control-allow-origin: https://good",
                "access-control-allow-credentials: true",
                "access-control-allow-methods: GET",
                "access-control-max-age: 60",
            ]
        );
    }

    #[test]
    fn other_origins_are_forwarded_unmarked_or_refused() {
        assert_eq!(decide(&policy(), &preflight("https://bad")), CorsDecision::Forward);
        let strict = CorsPolicy {
            forward_not_matching_preflights: false,
            ..policy()
        };
        assert_eq!(
            decide(&strict, &preflight("https://bad")),
            CorsDecision::RefusePreflight
        );
        assert_eq!(
            decide(&strict, &TestRequest::get("/").with("origin", "https://bad")),
            CorsDecision::Forward
        );
    }

    #[test]
    fn plain_requests_are_marked_if_their_origin_may() {
        assert_eq!(
            decide(&policy(), &TestRequest::get("/").with("origin", "https://good")),
            CorsDecision::ForwardAndMark
        );
        assert_eq!(decide(&policy(), &TestRequest::get("/")), CorsDecision::Forward);
        let options = TestRequest {
            method: "OPTIONS",
            ..TestRequest::get("/")
        }
        .with("origin", "https://good");
        assert_eq!(decide(&policy(), &options), CorsDecision::ForwardAndMark);
    }
}
