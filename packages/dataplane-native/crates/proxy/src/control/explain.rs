//! What would happen to a request, by the functions that serve requests.

use std::net::SocketAddr;

use config::{ConnectionInfo, HeaderName, Origin, RequestView, RouteAction};
use serde::Deserialize;
use serde_json::{Value, json};

use crate::{
    filters,
    snapshot::{ChainEntry, ClusterEntry, HttpEntry, ListenerEntry, Serves, Snapshot},
};

/// Internal listeners that a request may pass through.
const MAX_HOPS: usize = 4;

/// The request in question.
#[derive(Clone, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct ExplainRequest {
    #[serde(default)]
    pub(crate) listener: Option<String>,
    #[serde(default)]
    pub(crate) address: Option<String>,
    pub(crate) method: String,
    pub(crate) authority: String,
    pub(crate) path: String,
    #[serde(default)]
    pub(crate) headers: Vec<(String, String)>,
    #[serde(default)]
    pub(crate) principal: Option<String>,
    /// What filters would find out, e.g. the claims of its token.
    #[serde(skip)]
    pub(crate) metadata: Option<Value>,
}

impl RequestView for ExplainRequest {
    fn method(&self) -> &[u8] {
        self.method.as_bytes()
    }

    fn path(&self) -> &[u8] {
        self.path.as_bytes()
    }

    fn authority(&self) -> &[u8] {
        self.authority.as_bytes()
    }

    fn scheme(&self) -> &[u8] {
        b"http"
    }

    fn metadata(&self) -> Option<&Value> {
        self.metadata.as_ref()
    }

    fn header_at(&self, name: &HeaderName, nth: usize) -> Option<&[u8]> {
        let named = self
            .headers
            .iter()
            .filter(|(key, _)| key.eq_ignore_ascii_case(name.as_str()));
        named.map(|(_, value)| value.as_bytes()).nth(nth)
    }
}

/// The answer, while it is put together.
#[derive(Default)]
struct Answer {
    fields: serde_json::Map<String, Value>,
    decisions: Vec<Value>,
}

impl Answer {
    fn set(&mut self, field: &str, value: impl Into<Value>) {
        self.fields.insert(field.to_owned(), value.into());
    }

    fn decide(&mut self, stage: &str, outcome: impl Into<String>, origins: &[Origin]) {
        let origin = match origins {
            [] => Value::Null,
            [one] => json!(one),
            several => json!(several),
        };
        self.decisions
            .push(json!({ "stage": stage, "outcome": outcome.into(), "origin": origin }));
    }

    fn finish(mut self) -> String {
        self.fields.insert("decisions".to_owned(), self.decisions.into());
        Value::Object(self.fields).to_string()
    }
}

/// Explains a request. The answer is JSON.
pub(super) fn explain(snapshot: &Snapshot, json: &str) -> Result<String, String> {
    let request: ExplainRequest =
        serde_json::from_str(json).map_err(|error| format!("the request cannot be read: {error}"))?;
    let mut answer = Answer::default();
    let address = match &request.address {
        Some(text) => Some(
            text.parse::<SocketAddr>()
                .map_err(|_| format!("address {text:?} is not ip:port"))?,
        ),
        None => None,
    };
    let Some(mut listener) = find_listener(snapshot, &request, address, &mut answer) else {
        return Ok(answer.finish());
    };
    if let Some(udp) = &listener.udp {
        // Which of them depends on who sends datagrams, which no request line says.
        let clusters: Vec<&str> = udp.config.route.actions().iter().map(|name| &***name).collect();
        let outcome = format!("takes datagrams, for cluster {}", clusters.join(" or "));
        answer.decide("udp", outcome, &listener.config.origins);
        return Ok(answer.finish());
    }
    for _ in 0..MAX_HOPS {
        let Some(chain) = find_chain(listener, &request, address, &mut answer) else {
            break;
        };
        let Serves::Http(http) = &chain.serves else {
            explain_tcp(snapshot, chain, &mut answer);
            break;
        };
        match explain_http(snapshot, http, &request, &mut answer) {
            Some(next) => listener = next,
            None => break,
        }
    }
    Ok(answer.finish())
}

fn find_listener<'s>(
    snapshot: &'s Snapshot,
    request: &ExplainRequest,
    address: Option<SocketAddr>,
    answer: &mut Answer,
) -> Option<&'s ListenerEntry> {
    let found = match (&request.listener, address) {
        (Some(name), _) => snapshot
            .listeners
            .get(name.as_str())
            .map(|listener| (listener, format!("named {name:?}"))),
        (None, Some(address)) => {
            let exact = snapshot.listener_at(address);
            let captured = || {
                snapshot.listeners.values().find(|listener| {
                    listener.config.use_original_dst && !listener.is_inbound && listener.config.bind_to_port
                })
            };
            exact
                .or_else(captured)
                .map(|listener| (listener, format!("serves {address}")))
        }
        (None, None) => None,
    };
    match found {
        Some((listener, why)) => {
            answer.set("listener", &*listener.config.name);
            answer.decide(
                "listener",
                format!("listener {:?} {why}", listener.config.name),
                &listener.config.origins,
            );
            Some(listener)
        }
        None => {
            let names: Vec<&str> = snapshot.listeners.keys().map(|name| &**name).collect();
            answer.decide(
                "listener",
                format!("no listener takes the connection; there are {}", names.join(", ")),
                &[],
            );
            None
        }
    }
}

fn find_chain<'s>(
    listener: &'s ListenerEntry,
    request: &ExplainRequest,
    address: Option<SocketAddr>,
    answer: &mut Answer,
) -> Option<&'s ChainEntry> {
    let is_mutual = request.principal.is_some();
    let explanation = listener.index.explain(
        &listener.config,
        &ConnectionInfo {
            destination: address.or_else(|| listener.config.address.socket()),
            source: None,
            direct_source: None,
            server_name: "",
            transport_protocol: if is_mutual { "tls" } else { "raw_buffer" },
            application_protocols: if is_mutual { &["istio"] } else { &["http/1.1"] },
        },
    );
    let Some(chain) = explanation.chain.and_then(|position| listener.chains.get(position)) else {
        answer.decide(
            "filterChain",
            "no filter chain matches: the connection is closed (NR)".to_owned(),
            &[],
        );
        return None;
    };
    answer.set("filterChain", explanation.name.as_str());
    let stages = explanation
        .stages
        .iter()
        .filter(|stage| stage.matched != "any" && !stage.matched.is_empty());
    let why: Vec<String> = stages
        .map(|stage| format!("{} {}", stage.criterion, stage.matched))
        .collect();
    let why = if why.is_empty() {
        "it takes all".to_owned()
    } else {
        format!("by {}", why.join(", "))
    };
    let tls = if chain.tls.is_some() { "; it ends tls" } else { "" };
    let origins = explanation
        .chain
        .map_or(&[][..], |position| &listener.config.chain(position).origins);
    answer.decide(
        "filterChain",
        format!("filter chain {:?} {why}{tls}", explanation.name),
        origins,
    );
    Some(chain)
}

fn explain_tcp(snapshot: &Snapshot, chain: &ChainEntry, answer: &mut Answer) {
    let Serves::Tcp(proxy) = &chain.serves else {
        answer.decide(
            "filter",
            "the chain serves nothing: the connection is closed".to_owned(),
            &[],
        );
        return;
    };
    match &proxy.config.target {
        config::RouteTarget::Cluster(name) => explain_cluster(snapshot, name, answer),
        config::RouteTarget::WeightedClusters(weighted) => {
            let names: Vec<String> = weighted
                .clusters
                .iter()
                .map(|cluster| format!("{} ({})", cluster.name, cluster.weight))
                .collect();
            answer.decide(
                "cluster",
                format!("bytes are relayed to one of {}", names.join(", ")),
                &[],
            );
        }
        config::RouteTarget::ClusterHeader(_) => {}
    }
}

/// Explains HTTP. The answer is the internal listener that the request goes on to.
fn explain_http<'s>(
    snapshot: &'s Snapshot,
    http: &'s HttpEntry,
    request: &ExplainRequest,
    answer: &mut Answer,
) -> Option<&'s ListenerEntry> {
    let named = match &http.config.routes {
        config::RouteSource::Named(name) => snapshot.routes.get(name),
        config::RouteSource::Inline(_) => http.inline_routes.as_ref(),
    };
    let Some(entry) = named else {
        answer.decide(
            "route",
            "the route configuration is not there: 404 (NR)".to_owned(),
            &[],
        );
        return None;
    };
    let random = 0;
    let with_claims;
    let request = if entry.table.asks_metadata() {
        with_claims = ExplainRequest {
            metadata: filters::claims(&http.filters, request),
            ..request.clone()
        };
        &with_claims
    } else {
        request
    };
    let explanation = entry.table.explain(request, random);
    let routes = entry.table.config();
    let hosts = explanation.hosts.iter().find(|host| host.chosen);
    match hosts {
        Some(host) => {
            answer.set("virtualHost", host.virtual_host.as_str());
            let origins = routes
                .virtual_hosts
                .iter()
                .find(|h| *h.name == host.virtual_host)
                .map_or(&[][..], |h| &h.origins);
            let text = format!(
                "virtual host {:?} of {:?}: {}",
                host.virtual_host, routes.name, host.outcome
            );
            answer.decide("virtualHost", text, origins);
        }
        None => {
            let text = format!(
                "no virtual host of {:?} takes {:?}: 404 (NR)",
                routes.name, explanation.host
            );
            answer.decide("virtualHost", text, &[]);
            return None;
        }
    }
    for attempt in explanation.routes.iter().filter(|attempt| !attempt.matched) {
        answer.decide(
            "route",
            format!("route {:?} is passed over: {}", attempt.route, attempt.outcome),
            &[],
        );
    }
    let Some((host, index)) = explanation.found else {
        answer.decide("route", "no route takes the request: 404 (NR)".to_owned(), &[]);
        return None;
    };
    let route = &routes.virtual_hosts[host].routes[index];
    let attempt = explanation.routes.last();
    let label = attempt.map_or(&*route.name, |attempt| attempt.route.as_str());
    answer.set("route", label);
    let outcome = attempt.map_or("", |attempt| attempt.outcome.as_str());
    answer.decide(
        "route",
        format!("route {label:?} takes the request: {outcome}"),
        &route.origins,
    );
    let found = entry.table.find(request, random).found()?;
    let choice = found.pick_cluster(request, random);
    for (outcome, is_denied) in filters::explain(&http.filters, request, request.principal.as_deref(), found, choice) {
        answer.decide("filter", outcome, &[]);
        if is_denied {
            return None;
        }
    }
    match &route.action {
        RouteAction::Redirect(redirect) => {
            let mut location = Vec::new();
            route::redirect_location(route, redirect, request, &mut location);
            let text = format!("redirect {} to {}", redirect.status, String::from_utf8_lossy(&location));
            answer.decide("route", text, &route.origins);
            None
        }
        RouteAction::DirectResponse(direct) => {
            answer.decide("route", format!("answered here with {}", direct.status), &route.origins);
            None
        }
        RouteAction::Forward(_) => {
            if let Some(text) = retries(found) {
                answer.decide("route", text, &route.origins);
            }
            let name = choice.name(request)?;
            explain_cluster(snapshot, name, answer);
            internal_listener(snapshot, name)
        }
    }
}

/// How often and after what the request is tried again.
fn retries(found: route::Found<'_>) -> Option<String> {
    let policy = found.retry_policy().filter(|policy| policy.num_retries > 0)?;
    let on = String::from(policy.retry_on);
    let time = match policy.per_try_timeout_ms {
        0 => String::new(),
        ms if found.hedges_on_per_try_timeout() => {
            format!("; a try without a response after {ms} ms goes on beside the next one")
        }
        ms => format!("; a try has {ms} ms"),
    };
    let safe = if policy.only_safe {
        "; what the application may have taken only if its method is idempotent or it has an idempotency-key"
    } else {
        ""
    };
    Some(format!("up to {} more tries on {on}{time}{safe}", policy.num_retries))
}

/// The internal listener that a cluster leads to.
fn internal_listener<'s>(snapshot: &'s Snapshot, cluster: &str) -> Option<&'s ListenerEntry> {
    let cluster = snapshot.clusters.get(cluster)?;
    cluster
        .endpoints
        .iter()
        .find_map(|endpoint| snapshot.listeners.get(endpoint.state.address.internal_listener()?))
        .map(|listener| &**listener)
}

fn explain_cluster(snapshot: &Snapshot, name: &str, answer: &mut Answer) {
    let Some(cluster) = snapshot.clusters.get(name) else {
        answer.decide("cluster", format!("cluster {name:?} is not there: 503 (NC)"), &[]);
        return;
    };
    answer.set("cluster", name);
    answer.decide(
        "cluster",
        match cluster.endpoints.len() {
            1 => format!("cluster {name:?}, 1 endpoint"),
            count => format!("cluster {name:?}, {count} endpoints"),
        },
        &cluster.config.origins,
    );
    let endpoints: Vec<Value> = cluster
        .endpoints
        .iter()
        .map(|endpoint| {
            json!({
                "address": endpoint.state.address,
                "healthy": endpoint.health.is_usable() && endpoint.state.is_available(),
                "weight": endpoint.weight,
            })
        })
        .collect();
    answer.set("endpoints", endpoints);
    answer.decide("endpoint", picking(cluster), &cluster.config.origins);
}

fn picking(cluster: &ClusterEntry) -> String {
    if matches!(cluster.config.kind, config::ClusterKind::OriginalDst { .. }) {
        return "the address that the client connected to".to_owned();
    }
    let explanation = cluster.picker.explain(cluster);
    if cluster.endpoints.is_empty() {
        return "there is no endpoint: 503 (UH)".to_owned();
    }
    let levels: Vec<String> = explanation
        .priorities
        .iter()
        .map(|level| {
            let panic = if level.panic { ", health ignored" } else { "" };
            format!(
                "priority {}: {} of {} available, {} %{panic}",
                level.priority, level.available, level.endpoints, level.load_percent
            )
        })
        .collect();
    let asked = cluster.config.override_host.as_deref().map(asked).unwrap_or_default();
    format!("{asked}one of them by {} ({})", explanation.method, levels.join("; "))
}

fn asked(settings: &config::OverrideHost) -> String {
    let places = settings.sources.iter().map(|source| match source {
        config::OverrideHostSource::Header(name) => format!("header {name}"),
        config::OverrideHostSource::Metadata(key) => format!("metadata {}.{}", key.namespace, key.path.join(".")),
    });
    let places: Vec<String> = places.collect();
    format!("the first usable one that {} names, else ", places.join(" or "))
}
