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
mod tests;
