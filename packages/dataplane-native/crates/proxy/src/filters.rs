//! The HTTP filters of a connection manager, in order, and the access rules of connections.

use std::{cell::Cell, net::SocketAddr, sync::atomic::Ordering::Relaxed, time::Duration};

use config::{CorsPolicy, DelayKind, FilterOverride, HttpFilter, HttpFilterKind, Rbac, RequestView};
use filter::{
    ConnectionFacts,
    cors::{self, CorsDecision},
    fault::{self, Abort},
    rbac,
};
use route::{ClusterChoice, Found};
use telemetry::ResponseFlags;

use crate::{
    connection::Facts,
    request::{Body, Details, Reply},
    worker::Shared,
};

/// What filters know about a request.
pub(crate) struct FilterContext<'a, V> {
    pub(crate) view: &'a V,
    pub(crate) facts: &'a Facts,
    pub(crate) remote: Option<SocketAddr>,
    pub(crate) found: Option<Found<'a>>,
    pub(crate) choice: ClusterChoice<'a>,
    pub(crate) random: u64,
    pub(crate) shared: &'a Shared,
    /// Set where the response is to be marked for other origins.
    pub(crate) marks: &'a Cell<bool>,
}

/// How far the filters have come.
#[derive(Default)]
pub(crate) struct Progress {
    position: usize,
    is_delayed: bool,
}

/// What the filters say.
pub(crate) enum Outcome {
    Continue,
    /// Wait, then ask again.
    Delay(Duration),
    Reply(Reply),
}

/// The filters of a connection manager, without the router and those that have no effect.
pub(crate) struct HttpFilters {
    list: Vec<HttpFilter>,
}

impl HttpFilters {
    pub(crate) fn new(filters: &[HttpFilter]) -> Self {
        let has_effect =
            |filter: &&HttpFilter| !matches!(filter.kind, HttpFilterKind::Router(_) | HttpFilterKind::Ignored { .. });
        Self {
            list: filters.iter().filter(has_effect).cloned().collect(),
        }
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.list.is_empty()
    }

    /// Runs the filters that have not run yet.
    pub(crate) fn run<V: RequestView>(&self, progress: &mut Progress, context: &FilterContext<'_, V>) -> Outcome {
        while let Some(filter) = self.list.get(progress.position) {
            let outcome = match effective(filter, context.found, context.choice) {
                Effective::Off => Outcome::Continue,
                Effective::Rbac(rules) => authorize(rules, context),
                Effective::Fault(settings) => inject(settings, context, progress.is_delayed),
                Effective::Cors(policy) => share(policy, context),
            };
            match outcome {
                Outcome::Continue => {
                    progress.position += 1;
                    progress.is_delayed = false;
                }
                Outcome::Delay(_) => {
                    progress.is_delayed = true;
                    return outcome;
                }
                Outcome::Reply(_) => return outcome,
            }
        }
        Outcome::Continue
    }
}

/// A filter as it is configured for a route.
enum Effective<'a> {
    Off,
    Rbac(&'a Rbac),
    Fault(&'a config::Fault),
    Cors(&'a CorsPolicy),
}

fn effective<'a>(filter: &'a HttpFilter, found: Option<Found<'a>>, choice: ClusterChoice<'a>) -> Effective<'a> {
    let changed = found.and_then(|found| found.filter_override(&filter.name, choice));
    match (changed, &filter.kind) {
        (Some(FilterOverride::Disabled), _) => Effective::Off,
        (Some(FilterOverride::Cors(policy)), _) => Effective::Cors(policy),
        (None | Some(FilterOverride::Ignored { .. }), _) if filter.disabled => Effective::Off,
        (Some(FilterOverride::Rbac(rules)), _) | (_, HttpFilterKind::Rbac(rules)) => Effective::Rbac(rules),
        (Some(FilterOverride::Fault(settings)), _) | (_, HttpFilterKind::Fault(settings)) => Effective::Fault(settings),
        (_, HttpFilterKind::Cors | HttpFilterKind::Router(_) | HttpFilterKind::Ignored { .. }) => Effective::Off,
    }
}

fn authorize<V: RequestView>(rules: &Rbac, context: &FilterContext<'_, V>) -> Outcome {
    let facts = connection_facts(context.facts, context.remote);
    let verdict = rbac::decide(rules, Some(context.view), &facts).verdict;
    if verdict.is_allowed {
        return Outcome::Continue;
    }
    Outcome::Reply(Reply {
        details: Details::Owned(rbac::denied_details(verdict.policy.map(|name| &**name))),
        body: Body::Static("RBAC: access denied"),
        ..Reply::status(403, "")
    })
}

fn inject<V: RequestView>(settings: &config::Fault, context: &FilterContext<'_, V>, is_delayed: bool) -> Outcome {
    let cluster = context.choice.name(context.view).unwrap_or_default();
    let active = context.shared.active_faults.load(Relaxed);
    let decision = fault::decide(settings, context.view, cluster, context.random, active);
    if let Some(delay) = decision.delay_ms.filter(|_| !is_delayed) {
        return Outcome::Delay(Duration::from_millis(delay));
    }
    let Some(abort) = decision.abort else {
        return Outcome::Continue;
    };
    let (status, fields) = match abort {
        Abort::Http(status) => (status, Vec::new()),
        Abort::Grpc(status) => (
            200,
            format!("content-type: application/grpc\r\ngrpc-status: {status}\r\n").into_bytes(),
        ),
    };
    let is_grpc = matches!(abort, Abort::Grpc(_));
    Outcome::Reply(Reply {
        flags: ResponseFlags::FAULT_INJECTED,
        body: Body::Static(if is_grpc { "" } else { "fault filter abort" }),
        fields,
        ..Reply::status(status, "fault_filter_abort")
    })
}

fn share<V: RequestView>(policy: &CorsPolicy, context: &FilterContext<'_, V>) -> Outcome {
    let decision = cors::decide(policy, context.view);
    let mut reply = Reply::status(200, "direct_response");
    match decision {
        CorsDecision::Forward => return Outcome::Continue,
        CorsDecision::ForwardAndMark => {
            context.marks.set(true);
            return Outcome::Continue;
        }
        CorsDecision::AnswerPreflight => {
            let origin = cors::origin(context.view).unwrap_or_default();
            cors::preflight_headers(policy, origin, |name, value| {
                reply.fields.extend_from_slice(name.as_bytes());
                reply.fields.extend_from_slice(b": ");
                reply.fields.extend_from_slice(value);
                reply.fields.extend_from_slice(b"\r\n");
            });
        }
        CorsDecision::RefusePreflight => {}
    }
    Outcome::Reply(reply)
}

/// The policy for requests from other origins of a route.
pub(crate) fn cors_policy<'a>(
    filters: &'a HttpFilters,
    found: Found<'a>,
    choice: ClusterChoice<'a>,
) -> Option<&'a CorsPolicy> {
    filters
        .list
        .iter()
        .find_map(|filter| match effective(filter, Some(found), choice) {
            Effective::Cors(policy) => Some(policy),
            _ => None,
        })
}

/// A connection as access rules see it.
fn connection_facts(facts: &Facts, remote: Option<SocketAddr>) -> ConnectionFacts<'_> {
    let names = facts.peer_tls.as_ref().and_then(|peer| peer.names.as_deref());
    ConnectionFacts {
        destination: facts.destination,
        direct_remote: facts.peer,
        remote,
        server_name: &facts.server_name,
        is_authenticated: facts.is_mutual_tls(),
        uri_sans: names.map_or(&[], |names| &names.uris),
        dns_sans: names.map_or(&[], |names| &names.dns),
        subject: names.map_or("", |names| &names.subject),
        metadata: None,
    }
}

/// Whether the rules let a connection in.
pub(crate) fn admits_connection(rules: &Rbac, facts: &Facts) -> bool {
    rbac::decide_connection(rules, &connection_facts(facts, facts.peer))
        .verdict
        .is_allowed
}

/// What the filters would say about a request: outcomes, and whether each ends it.
pub(crate) fn explain<V: RequestView>(
    filters: &HttpFilters,
    request: &V,
    principal: Option<&str>,
    found: Found<'_>,
    choice: ClusterChoice<'_>,
) -> Vec<(String, bool)> {
    let uris: Vec<String> = principal.map(str::to_owned).into_iter().collect();
    let facts = ConnectionFacts {
        is_authenticated: principal.is_some(),
        uri_sans: &uris,
        ..ConnectionFacts::default()
    };
    let mut outcomes = Vec::new();
    for filter in &filters.list {
        match effective(filter, Some(found), choice) {
            Effective::Off => {}
            Effective::Rbac(rules) => {
                let verdict = rbac::decide(rules, Some(request), &facts).verdict;
                let by = verdict
                    .policy
                    .map_or_else(|| "no policy matches".to_owned(), |name| format!("by policy {name}"));
                let outcome = if verdict.is_allowed {
                    "allows the request"
                } else {
                    "denies the request: 403"
                };
                outcomes.push((format!("{}: {outcome}, {by}", filter.name), !verdict.is_allowed));
                if !verdict.is_allowed {
                    break;
                }
            }
            Effective::Fault(settings) => outcomes.push((describe_fault(&filter.name, settings), false)),
            Effective::Cors(policy) => {
                let decision = cors::decide(policy, request);
                let is_answer = matches!(decision, CorsDecision::AnswerPreflight | CorsDecision::RefusePreflight);
                outcomes.push((format!("{}: {decision:?}", filter.name), is_answer));
            }
        }
    }
    outcomes
}

fn describe_fault(name: &str, settings: &config::Fault) -> String {
    let mut parts = Vec::new();
    let percent = |share: config::FractionalPercent| f64::from(share.millionths()) / 10_000.0;
    if let Some(delay) = &settings.delay {
        let long = match delay.kind {
            DelayKind::FixedMs(ms) => format!("{ms} ms"),
            DelayKind::Header => "as its header says".to_owned(),
        };
        parts.push(format!("delays {} % of requests by {long}", percent(delay.percentage)));
    }
    if let Some(abort) = &settings.abort {
        parts.push(format!(
            "aborts {} % of requests with {:?}",
            percent(abort.percentage),
            abort.kind
        ));
    }
    format!(
        "{name}: {}",
        if parts.is_empty() {
            "injects nothing".to_owned()
        } else {
            parts.join(", ")
        }
    )
}
