//! Who may do what: the rules of access, for requests and for connections.

use std::net::SocketAddr;

use config::{Rbac, RequestView};
use filter::{ConnectionFacts, rbac};
use serde_json::Value;

use super::{Effects, FilterContext, Outcome};
use crate::{
    connection::Facts,
    request::{Body, Details, Reply},
};

pub(super) fn authorize<V: RequestView>(
    rules: &Rbac,
    context: &FilterContext<'_, V>,
    effects: &mut Effects,
) -> Outcome {
    let facts = ConnectionFacts {
        metadata: effects.metadata.as_ref(),
        ..connection_facts(context.facts, context.remote)
    };
    let rbac::Decision { verdict, shadow } = rbac::decide(rules, Some(context.view), &facts);
    if let Some(shadow) = shadow {
        note_shadow(rules, shadow, &mut effects.metadata);
    }
    if verdict.is_allowed {
        return Outcome::Continue;
    }
    Outcome::Reply(Reply {
        details: Details::Owned(rbac::denied_details(verdict.policy.map(|name| &**name))),
        body: Body::Static("RBAC: access denied"),
        ..Reply::status(403, "")
    })
}

/// Whether the rules let a connection in.
pub(crate) fn admits_connection(rules: &Rbac, facts: &Facts) -> bool {
    rbac::decide_connection(rules, &connection_facts(facts, facts.peer))
        .verdict
        .is_allowed
}

/// What shadow rules say, for filters that come later: Envoy's names, which Istio's external authorization looks for.
fn note_shadow(rules: &Rbac, verdict: rbac::Verdict<'_>, metadata: &mut Option<Value>) {
    const NAMESPACE: &str = "envoy.filters.http.rbac";
    let prefix = &rules.shadow_stat_prefix;
    let all = metadata.get_or_insert_with(|| Value::Object(serde_json::Map::new()));
    if let Some(policy) = verdict.policy {
        all[NAMESPACE][format!("{prefix}shadow_effective_policy_id")] = Value::from(&**policy);
    }
    let result = if verdict.is_allowed { "allowed" } else { "denied" };
    all[NAMESPACE][format!("{prefix}shadow_engine_result")] = Value::from(result);
}

/// A connection as access rules see it.
pub(super) fn connection_facts(facts: &Facts, remote: Option<SocketAddr>) -> ConnectionFacts<'_> {
    let names = facts.peer_tls.as_ref().and_then(|peer| peer.names.as_deref());
    ConnectionFacts {
        destination: facts.destination,
        direct_remote: facts.direct_peer,
        remote,
        server_name: &facts.server_name,
        is_authenticated: facts.is_mutual_tls(),
        uri_sans: names.map_or(&[], |names| &names.uris),
        dns_sans: names.map_or(&[], |names| &names.dns),
        subject: names.map_or("", |names| &names.subject),
        metadata: None,
    }
}
