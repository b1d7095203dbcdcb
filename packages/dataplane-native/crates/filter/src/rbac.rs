//! Access control: who may do what.

use std::sync::Arc;

use config::{Permission, Policy, Principal, Rbac, RbacAction, RbacRules, RequestView, StringMatcher};
use serde::Serialize;

use crate::ConnectionFacts;

/// What the rules say.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Verdict<'r> {
    /// It may pass.
    pub is_allowed: bool,
    /// The policy that matched, by name.
    pub policy: Option<&'r Arc<str>>,
}

/// What a filter with rules and shadow rules says.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Decision<'r> {
    /// The rules' verdict; without rules everything passes.
    pub verdict: Verdict<'r>,
    /// The shadow rules' verdict, which is only counted.
    pub shadow: Option<Verdict<'r>>,
}

/// Decides about a request (or, without a request, about a connection).
pub fn decide<'r, V: RequestView + ?Sized>(
    rbac: &'r Rbac,
    request: Option<&V>,
    facts: &ConnectionFacts<'_>,
) -> Decision<'r> {
    let pass = Verdict {
        is_allowed: true,
        policy: None,
    };
    Decision {
        verdict: rbac
            .rules
            .as_ref()
            .map_or(pass, |rules| evaluate(rules, request, facts)),
        shadow: rbac.shadow_rules.as_ref().map(|rules| evaluate(rules, request, facts)),
    }
}

/// Decides about a connection that is not HTTP.
pub fn decide_connection<'r>(rbac: &'r Rbac, facts: &ConnectionFacts<'_>) -> Decision<'r> {
    decide::<dyn RequestView>(rbac, None, facts)
}

/// Evaluates rules: the policies in the order of their names, the first that matches counts.
pub fn evaluate<'r, V: RequestView + ?Sized>(
    rules: &'r RbacRules,
    request: Option<&V>,
    facts: &ConnectionFacts<'_>,
) -> Verdict<'r> {
    let subject = Subject { request, facts };
    let policy = rules
        .policies
        .iter()
        .find(|(_, policy)| subject.mismatch(policy).is_none())
        .map(|(name, _)| name);
    let is_allowed = match rules.action {
        RbacAction::Allow => policy.is_some(),
        RbacAction::Deny => policy.is_none(),
        RbacAction::Log => true,
    };
    Verdict { is_allowed, policy }
}

/// The response code details of a denied request, e.g. `rbac_access_denied_matched_policy[ns[a]-policy[b]-rule[0]]`;
/// `none` where no policy allowed it. Spaces become underscores, so that logs can be split at them.
pub fn denied_details(policy: Option<&str>) -> String {
    format!(
        "rbac_access_denied_matched_policy[{}]",
        policy.unwrap_or("none").replace(' ', "_")
    )
}

/// How rules come to their verdict.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct RbacExplanation {
    /// What a match means.
    pub action: RbacAction,
    /// It may pass.
    pub is_allowed: bool,
    /// The policies in order, up to the one that matched.
    pub policies: Vec<PolicyExplanation>,
}

/// Whether a policy matches.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct PolicyExplanation {
    /// Its name.
    pub policy: String,
    /// It matches.
    pub matched: bool,
    /// Why not, or that it does.
    pub outcome: String,
}

/// Tells how [`evaluate`] decides.
pub fn explain<V: RequestView + ?Sized>(
    rules: &RbacRules,
    request: Option<&V>,
    facts: &ConnectionFacts<'_>,
) -> RbacExplanation {
    let subject = Subject { request, facts };
    let verdict = evaluate(rules, request, facts);
    let mut policies = Vec::new();
    for (name, policy) in &rules.policies {
        let mismatch = subject.mismatch(policy);
        let outcome = mismatch.map_or_else(|| "permissions and principals match".to_owned(), Mismatch::describe);
        policies.push(PolicyExplanation {
            policy: name.to_string(),
            matched: mismatch.is_none(),
            outcome,
        });
        if mismatch.is_none() {
            break;
        }
    }
    RbacExplanation {
        action: rules.action,
        is_allowed: verdict.is_allowed,
        policies,
    }
}

/// Which half of a policy does not match.
#[derive(Clone, Copy, Debug)]
enum Mismatch<'r> {
    Permissions(&'r [Permission]),
    Principals(&'r [Principal]),
}

impl Mismatch<'_> {
    fn describe(self) -> String {
        match self {
            Self::Permissions(list) => format!("no permission matches: {list:?}"),
            Self::Principals(list) => format!("no principal matches: {list:?}"),
        }
    }
}

/// Who does what.
struct Subject<'a, V: ?Sized> {
    request: Option<&'a V>,
    facts: &'a ConnectionFacts<'a>,
}

impl<V: RequestView + ?Sized> Subject<'_, V> {
    fn mismatch<'r>(&self, policy: &'r Policy) -> Option<Mismatch<'r>> {
        if !policy.permissions.iter().any(|permission| self.permits(permission)) {
            return Some(Mismatch::Permissions(&policy.permissions));
        }
        if !policy.principals.iter().any(|principal| self.is(principal)) {
            return Some(Mismatch::Principals(&policy.principals));
        }
        None
    }

    fn permits(&self, permission: &Permission) -> bool {
        let destination = self.facts.destination;
        match permission {
            Permission::Any => true,
            Permission::And(list) => list.iter().all(|permission| self.permits(permission)),
            Permission::Or(list) => list.iter().any(|permission| self.permits(permission)),
            Permission::Not(permission) => !self.permits(permission),
            Permission::Header(matcher) => self.request.is_some_and(|request| matcher.matches(request)),
            Permission::UrlPath(matcher) => self.path_matches(matcher),
            Permission::DestinationIp(range) => destination.is_some_and(|address| range.contains(address.ip())),
            Permission::DestinationPort(port) => destination.is_some_and(|address| address.port() == *port),
            Permission::DestinationPortRange { start, end } => {
                destination.is_some_and(|address| (*start..*end).contains(&u32::from(address.port())))
            }
            Permission::RequestedServerName(matcher) => matcher.matches(self.facts.server_name.as_bytes()),
            Permission::Metadata(matcher) => matcher.matches(self.facts.metadata),
        }
    }

    fn is(&self, principal: &Principal) -> bool {
        let direct = self.facts.direct_remote;
        match principal {
            Principal::Any => true,
            Principal::And(list) => list.iter().all(|principal| self.is(principal)),
            Principal::Or(list) => list.iter().any(|principal| self.is(principal)),
            Principal::Not(principal) => !self.is(principal),
            Principal::Authenticated(matcher) => self.is_authenticated_as(matcher.as_ref()),
            Principal::DirectRemoteIp(range) => direct.is_some_and(|address| range.contains(address.ip())),
            Principal::RemoteIp(range) => self
                .facts
                .remote
                .or(direct)
                .is_some_and(|address| range.contains(address.ip())),
            Principal::Header(matcher) => self.request.is_some_and(|request| matcher.matches(request)),
            Principal::UrlPath(matcher) => self.path_matches(matcher),
            Principal::Metadata(matcher) => matcher.matches(self.facts.metadata),
            Principal::FilterState(key, matcher) => self.filter_state(key).is_some_and(|value| matcher.matches(value)),
        }
    }

    fn path_matches(&self, matcher: &StringMatcher) -> bool {
        self.request.is_some_and(|request| matcher.matches(request.path_only()))
    }

    /// URI names, else DNS names, else the subject of a verified certificate.
    fn is_authenticated_as(&self, matcher: Option<&StringMatcher>) -> bool {
        let facts = self.facts;
        let Some(matcher) = matcher else {
            return facts.is_authenticated;
        };
        let mut names = facts.uri_sans.iter().chain(facts.dns_sans);
        facts.is_authenticated
            && (names.any(|name| matcher.matches(name.as_bytes())) || matcher.matches(facts.subject.as_bytes()))
    }

    /// Istio's peer principal is the one value that filters put there.
    fn filter_state(&self, key: &str) -> Option<&[u8]> {
        let name =
            (key == "io.istio.peer_principal" && self.facts.is_authenticated).then(|| self.facts.uri_sans.first());
        name.flatten().map(String::as_bytes)
    }
}

#[cfg(test)]
mod tests {
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
}
