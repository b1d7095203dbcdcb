use config::{CidrRange, HeaderMatcher, HeaderName, HeaderValueMatcher, MetadataMatcher, MetadataValue, Pattern};

use super::*;
use crate::test_request::TestRequest;

fn exact(text: &str) -> StringMatcher {
    StringMatcher::Exact(text.into())
}

fn method(name: &str) -> Permission {
    let value = HeaderValueMatcher::String(exact(name));
    let name = HeaderName::new(":method").unwrap();
    Permission::Header(HeaderMatcher {
        name,
        value,
        invert: false,
        treat_missing_as_empty: false,
    })
}

fn range(text: &str) -> CidrRange {
    serde_json::from_value(text.into()).unwrap()
}

fn rules(action: RbacAction, policies: &[(&str, Permission, Principal)]) -> RbacRules {
    let policy = |permission: &Permission, principal: &Principal| Policy {
        permissions: vec![permission.clone()],
        principals: vec![principal.clone()],
    };
    let entry = |(name, permission, principal): &(&str, Permission, Principal)| {
        (Arc::from(*name), policy(permission, principal))
    };
    RbacRules {
        action,
        policies: policies.iter().map(entry).collect(),
    }
}

const PRODUCTPAGE: &str = "spiffe://cluster.local/ns/default/sa/productpage";

fn with_facts<T>(test: impl FnOnce(&ConnectionFacts<'_>) -> T) -> T {
    let uri_sans = [PRODUCTPAGE.to_owned()];
    test(&ConnectionFacts {
        destination: Some("10.0.0.1:9080".parse().unwrap()),
        direct_remote: Some("10.0.0.2:1234".parse().unwrap()),
        remote: Some("203.0.113.7:0".parse().unwrap()),
        server_name: "outbound_.9080_._.reviews",
        is_authenticated: true,
        uri_sans: &uri_sans,
        ..ConnectionFacts::default()
    })
}

fn permits(permission: Permission, request: &TestRequest) -> bool {
    with_facts(|facts| {
        evaluate(
            &rules(RbacAction::Allow, &[("p", permission, Principal::Any)]),
            Some(request),
            facts,
        )
        .is_allowed
    })
}

fn admits(principal: Principal) -> bool {
    let request = TestRequest::get("/");
    with_facts(|facts| {
        evaluate(
            &rules(RbacAction::Allow, &[("p", Permission::Any, principal)]),
            Some(&request),
            facts,
        )
        .is_allowed
    })
}

#[test]
fn allow_passes_what_a_policy_matches_and_nothing_else() {
    let policies = [("read", method("GET"), Principal::Any)];
    let rules = rules(RbacAction::Allow, &policies);
    let post = TestRequest {
        method: "POST",
        ..TestRequest::get("/")
    };
    with_facts(|facts| {
        let verdict = evaluate(&rules, Some(&TestRequest::get("/")), facts);
        assert_eq!(
            (verdict.is_allowed, verdict.policy.map(|name| &**name)),
            (true, Some("read"))
        );
        assert_eq!(
            evaluate(&rules, Some(&post), facts),
            Verdict {
                is_allowed: false,
                policy: None
            }
        );
    });
}

#[test]
fn allow_without_policies_denies_everything_and_deny_without_policies_nothing() {
    let request = TestRequest::get("/");
    with_facts(|facts| {
        assert!(!evaluate(&rules(RbacAction::Allow, &[]), Some(&request), facts).is_allowed);
        assert!(evaluate(&rules(RbacAction::Deny, &[]), Some(&request), facts).is_allowed);
    });
}

#[test]
fn deny_refuses_what_matches_and_names_the_first_policy_by_name() {
    let policies = [
        ("b", Permission::Any, Principal::Any),
        ("a", Permission::Any, Principal::Any),
    ];
    let rules = rules(RbacAction::Deny, &policies);
    with_facts(|facts| {
        let verdict = evaluate(&rules, Some(&TestRequest::get("/")), facts);
        assert_eq!(
            (verdict.is_allowed, verdict.policy.map(|name| &**name)),
            (false, Some("a"))
        );
    });
}

#[test]
fn log_never_refuses() {
    let rules = rules(RbacAction::Log, &[("p", Permission::Any, Principal::Any)]);
    with_facts(|facts| assert!(evaluate(&rules, Some(&TestRequest::get("/")), facts).is_allowed));
}

#[test]
fn shadow_rules_are_evaluated_and_decide_nothing() {
    let deny = rules(RbacAction::Deny, &[("p", Permission::Any, Principal::Any)]);
    let rbac = Rbac {
        shadow_rules: Some(deny),
        ..Rbac::default()
    };
    with_facts(|facts| {
        let decision = decide(&rbac, Some(&TestRequest::get("/")), facts);
        assert!(decision.verdict.is_allowed);
        assert!(!decision.shadow.unwrap().is_allowed);
    });
}

#[test]
fn permissions_look_at_the_request_and_its_destination() {
    let get = TestRequest::get("/api/v1?x=/other");
    let cases = [
        (Permission::Any, true),
        (method("GET"), true),
        (method("POST"), false),
        (Permission::UrlPath(StringMatcher::Prefix("/api".into())), true),
        (Permission::UrlPath(exact("/api/v1")), true),
        (
            Permission::UrlPath(StringMatcher::Regex(Pattern::new("/[^/]+/v1").unwrap())),
            true,
        ),
        (Permission::DestinationPort(9080), true),
        (Permission::DestinationPort(80), false),
        (Permission::DestinationPortRange { start: 9080, end: 9081 }, true),
        (Permission::DestinationPortRange { start: 9000, end: 9080 }, false),
        (Permission::DestinationIp(range("10.0.0.0/24")), true),
        (
            Permission::RequestedServerName(StringMatcher::Suffix(".reviews".into())),
            true,
        ),
        (Permission::Not(Box::new(method("POST"))), true),
        (
            Permission::And(vec![method("GET"), Permission::DestinationPort(80)]),
            false,
        ),
        (
            Permission::Or(vec![method("POST"), Permission::DestinationPort(9080)]),
            true,
        ),
        (Permission::And(vec![]), true),
        (Permission::Or(vec![]), false),
    ];
    for (permission, expected) in cases {
        assert_eq!(permits(permission.clone(), &get), expected, "{permission:?}");
    }
}

#[test]
fn principals_look_at_the_certificate_and_addresses() {
    let regex = |text: &str| Principal::Authenticated(Some(StringMatcher::Regex(Pattern::new(text).unwrap())));
    let cases = [
        (Principal::Any, true),
        (Principal::Authenticated(None), true),
        (Principal::Authenticated(Some(exact(PRODUCTPAGE))), true),
        (
            Principal::Authenticated(Some(StringMatcher::Suffix("/sa/reviews".into()))),
            false,
        ),
        (regex(".*/ns/default/.*"), true),
        (regex(".*/ns/other/.*"), false),
        (Principal::DirectRemoteIp(range("10.0.0.0/8")), true),
        (Principal::RemoteIp(range("10.0.0.0/8")), false),
        (Principal::RemoteIp(range("203.0.113.0/24")), true),
        (
            Principal::FilterState("io.istio.peer_principal".into(), exact(PRODUCTPAGE)),
            true,
        ),
        (Principal::FilterState("other".into(), exact(PRODUCTPAGE)), false),
        (Principal::Not(Box::new(Principal::Any)), false),
    ];
    for (principal, expected) in cases {
        assert_eq!(admits(principal.clone()), expected, "{principal:?}");
    }
}

#[test]
fn names_in_a_certificate_that_was_not_verified_count_nothing() {
    let uri_sans = [PRODUCTPAGE.to_owned()];
    let facts = ConnectionFacts {
        uri_sans: &uri_sans,
        ..ConnectionFacts::default()
    };
    let by = |principal| rules(RbacAction::Allow, &[("p", Permission::Any, principal)]);
    let request = TestRequest::get("/");
    for principal in [
        Principal::Authenticated(None),
        Principal::Authenticated(Some(exact(PRODUCTPAGE))),
        Principal::FilterState("io.istio.peer_principal".into(), exact(PRODUCTPAGE)),
    ] {
        assert!(!evaluate(&by(principal), Some(&request), &facts).is_allowed);
    }
}

#[test]
fn a_bare_connection_has_no_headers_and_no_path() {
    let allow = |permission| Rbac {
        rules: Some(rules(RbacAction::Allow, &[("p", permission, Principal::Any)])),
        ..Rbac::default()
    };
    with_facts(|facts| {
        assert!(!decide_connection(&allow(method("GET")), facts).verdict.is_allowed);
        assert!(
            !decide_connection(&allow(Permission::UrlPath(StringMatcher::Prefix("".into()))), facts)
                .verdict
                .is_allowed
        );
        assert!(
            decide_connection(&allow(Permission::DestinationPort(9080)), facts)
                .verdict
                .is_allowed
        );
    });
}

#[test]
fn claims_are_metadata() {
    let matcher = MetadataMatcher {
        filter: "envoy.filters.http.jwt_authn".into(),
        path: vec!["payload".into(), "iss".into()],
        value: MetadataValue::String(exact("issuer")),
        invert: false,
    };
    assert!(!admits(Principal::Metadata(matcher.clone())));
    let metadata = serde_json::json!({"envoy.filters.http.jwt_authn": {"payload": {"iss": "issuer"}}});
    let facts = ConnectionFacts {
        metadata: Some(&metadata),
        ..ConnectionFacts::default()
    };
    let rules = rules(
        RbacAction::Allow,
        &[("p", Permission::Any, Principal::Metadata(matcher))],
    );
    assert!(evaluate(&rules, Some(&TestRequest::get("/")), &facts).is_allowed);
}

#[test]
fn details_carry_the_policy_or_none() {
    assert_eq!(
        denied_details(Some("ns[default]-policy[deny all]-rule[0]")),
        "rbac_access_denied_matched_policy[ns[default]-policy[deny_all]-rule[0]]"
    );
    assert_eq!(denied_details(None), "rbac_access_denied_matched_policy[none]");
}

#[test]
fn the_explanation_says_which_half_of_a_policy_failed() {
    let policies = [
        ("a", method("POST"), Principal::Any),
        ("b", Permission::Any, Principal::Not(Box::new(Principal::Any))),
        ("c", Permission::Any, Principal::Any),
        ("d", Permission::Any, Principal::Any),
    ];
    let rules = rules(RbacAction::Allow, &policies);
    with_facts(|facts| {
        let explanation = explain(&rules, Some(&TestRequest::get("/")), facts);
        assert!(explanation.is_allowed);
        assert!(explanation.policies[0].outcome.starts_with("no permission matches"));
        assert!(explanation.policies[1].outcome.starts_with("no principal matches"));
        assert!(explanation.policies[2].matched);
        assert_eq!(explanation.policies.len(), 3);
    });
}
