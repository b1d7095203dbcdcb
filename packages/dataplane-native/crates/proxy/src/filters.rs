//! The HTTP filters of a connection manager, in order, and the access rules of connections.

mod ext_authz;
mod ext_proc;
mod global_limit;

use std::{
    net::SocketAddr,
    sync::{Arc, atomic::Ordering::Relaxed},
    time::Duration,
};

use config::{
    Compressor, CompressorOverride, CorsPolicy, DelayKind, FilterOverride, HeaderName, HttpFilter, HttpFilterKind,
    Invalid, LocalRateLimit, Rbac, RequestView,
};
use filter::{
    ConnectionFacts,
    call::{Answer, Call, CallFailure},
    change::HeaderChange,
    compress::Offer,
    cors::{self, CorsDecision},
    ext_authz::Settings,
    ext_proc::Settings as ProcSettings,
    fault::{self, Abort},
    grpc_web::GrpcWeb,
    jwt::{Jwt, KeySource, Wanted},
    rate_limit::{self, Bucket, LimitDecision},
    rbac,
};
use route::{ClusterChoice, Found};
use serde_json::Value;
use telemetry::ResponseFlags;

use crate::{
    connection::Facts,
    request::{Body, Details, Reply, Shown},
    snapshot::RouteEntry,
    worker::Shared,
};

pub(crate) use ext_proc::{Processing, Show, failed as processing_failed, reply as immediate};

/// What filters know about a request.
pub(crate) struct FilterContext<'a, V> {
    pub(crate) view: &'a V,
    pub(crate) facts: &'a Facts,
    pub(crate) remote: Option<SocketAddr>,
    pub(crate) found: Option<Found<'a>>,
    pub(crate) choice: ClusterChoice<'a>,
    pub(crate) random: u64,
    pub(crate) shared: &'a Shared,
    pub(crate) routes: Option<&'a RouteEntry>,
    /// The head with what was changed in it so far.
    pub(crate) request: http::RequestView<'a>,
    pub(crate) edits: &'a http::Edits,
    /// When the request came, and the clock that says so.
    pub(crate) began_us: u64,
    pub(crate) timers: &'a crate::timer::Timers,
}

/// What filters did to a request besides letting it pass.
#[derive(Default)]
pub(crate) struct Effects {
    /// What later filters and the log know about it, e.g. the claims of a token.
    pub(crate) metadata: Option<Value>,
    /// Headers that are removed, then those that are set.
    pub(crate) remove: Vec<HeaderName>,
    pub(crate) set: Vec<(HeaderName, Vec<u8>)>,
    /// Headers that services change, and a path that they do.
    pub(crate) change: Vec<HeaderChange>,
    pub(crate) path: Option<Vec<u8>>,
    /// Headers of the response.
    pub(crate) response: Vec<HeaderChange>,
    /// The route is to be looked for again.
    pub(crate) reroutes: bool,
    /// The response is to be marked for other origins.
    pub(crate) is_marked: bool,
    /// What went wrong without ending the request.
    pub(crate) flags: ResponseFlags,
    /// What the service that saw the request last wants to see of its response.
    pub(crate) processing: Option<Processing>,
    /// The client speaks gRPC-Web.
    pub(crate) grpc_web: Option<GrpcWeb>,
}

/// How far the filters have come.
#[derive(Default)]
pub(crate) struct Progress {
    position: usize,
    is_delayed: bool,
    /// What the filter's call came to.
    pub(crate) answer: Option<Result<Answer, CallFailure>>,
    /// The request's body, as far as the filter wanted it.
    pub(crate) body: Option<HeldBody>,
    /// The filter's keys were fetched, or that failed.
    has_fetched: bool,
    /// What came of what the filter wanted to show.
    pub(crate) shown: Option<Shown>,
}

/// A body that was held back for a filter.
pub(crate) struct HeldBody {
    pub(crate) bytes: Vec<u8>,
    /// More follows.
    pub(crate) is_partial: bool,
}

/// What the filters say.
pub(crate) enum Outcome {
    Continue,
    /// Wait, then ask again.
    Delay(Duration),
    /// Make this call, then ask again with its answer.
    Call(Box<Call>),
    /// Show this to a service, then ask again.
    Show(Box<Show>),
    /// Fetch these keys, then ask again.
    Keys(Vec<Arc<KeySource>>),
    /// Hold back so many bytes of the body, then ask again with them.
    Body(usize),
    /// The request is another one now; the filters that are left are to see it so.
    Changed,
    /// Take the whole body, of so many bytes at most, then ask again.
    Hold(u32),
    Reply(Reply),
}

/// The filters of a connection manager, without the router and those that have no effect.
pub(crate) struct HttpFilters {
    list: Vec<Filter>,
    may_compress: bool,
}

/// A filter that is ready to be asked.
struct Filter {
    name: Arc<str>,
    disabled: bool,
    kind: Kind,
}

enum Kind {
    Rbac(Box<Rbac>),
    Fault(Box<config::Fault>),
    Cors,
    Jwt(Box<Jwt>),
    RateLimit(Box<LocalRateLimit>, Bucket),
    ExtAuthz(Box<config::ExtAuthz>),
    GlobalLimit(Box<config::GlobalRateLimit>),
    ExtProc(Box<config::ExtProc>),
    Buffer(u32),
    GrpcWeb,
    Compressor(Box<Compressor>),
}

impl HttpFilters {
    pub(crate) fn new(filters: &[HttpFilter], shared: &Shared) -> Result<Self, Invalid> {
        let mut list = Vec::new();
        for (index, filter) in filters.iter().enumerate() {
            let kind = match &filter.kind {
                HttpFilterKind::Router(_) | HttpFilterKind::Ignored { .. } => continue,
                HttpFilterKind::Rbac(rules) => Kind::Rbac(rules.clone()),
                HttpFilterKind::Fault(settings) => Kind::Fault(settings.clone()),
                HttpFilterKind::Cors => Kind::Cors,
                HttpFilterKind::JwtAuthn(settings) => Kind::Jwt(Box::new(
                    Jwt::new(settings, || shared.next_id(), |remote| shared.key_sources.get(remote))
                        .map_err(|error| error.index(index).field("httpFilters"))?,
                )),
                HttpFilterKind::LocalRateLimit(settings) => Kind::RateLimit(settings.clone(), Bucket::default()),
                HttpFilterKind::ExtAuthz(settings) => Kind::ExtAuthz(settings.clone()),
                HttpFilterKind::RateLimit(settings) => Kind::GlobalLimit(settings.clone()),
                HttpFilterKind::ExtProc(settings) => Kind::ExtProc(settings.clone()),
                HttpFilterKind::Buffer(limit) => Kind::Buffer(limit.max_request_bytes),
                HttpFilterKind::GrpcWeb => Kind::GrpcWeb,
                HttpFilterKind::Compressor(settings) => Kind::Compressor(settings.clone()),
            };
            list.push(Filter {
                name: Arc::clone(&filter.name),
                disabled: filter.disabled,
                kind,
            });
        }
        let may_compress = list.iter().any(|filter| matches!(filter.kind, Kind::Compressor(_)));
        Ok(Self { list, may_compress })
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.list.is_empty()
    }

    /// Whether one of them wants the certificates of clients.
    pub(crate) fn want_certificate(&self) -> bool {
        let wants = |filter: &Filter| matches!(&filter.kind, Kind::ExtAuthz(config) if config.include_peer_certificate);
        self.list.iter().any(wants)
    }

    /// The settings of a filter that shows heads to a service.
    pub(crate) fn processor<'a>(
        &'a self,
        position: usize,
        found: Option<Found<'a>>,
        choice: ClusterChoice<'a>,
    ) -> Option<ProcSettings<'a>> {
        match effective(self.list.get(position)?, found, choice) {
            Effective::ExtProc(settings) => Some(settings),
            _ => None,
        }
    }

    /// Whether responses have to be looked at.
    pub(crate) fn may_compress(&self) -> bool {
        self.may_compress
    }

    /// Runs the filters that have not run yet.
    pub(crate) fn run<V: RequestView>(
        &self,
        progress: &mut Progress,
        context: &FilterContext<'_, V>,
        effects: &mut Effects,
    ) -> Outcome {
        while let Some(filter) = self.list.get(progress.position) {
            let outcome = match effective(filter, context.found, context.choice) {
                Effective::Off => Outcome::Continue,
                Effective::Rbac(rules) => authorize(rules, context, effects),
                Effective::Fault(settings) => inject(settings, context, progress.is_delayed),
                Effective::Cors(policy) => share(policy, context, effects),
                Effective::Jwt(jwt, requirement) => {
                    authenticate(jwt, requirement, context, progress.has_fetched, effects)
                }
                Effective::RateLimit(settings, bucket) => limit(settings, bucket, context, effects),
                Effective::ExtAuthz(settings) => ext_authz::check(settings, context, progress, effects),
                Effective::ExtProc(settings) => ext_proc::check(settings, context, progress, effects),
                Effective::GlobalLimit(config, of_route) => {
                    global_limit::check(config, of_route, context, progress, effects)
                }
                Effective::Buffer(limit) => Outcome::Hold(limit),
                Effective::GrpcWeb => speak_grpc(context, effects),
                Effective::Compressor(settings, changed) => {
                    if removes_accept_encoding(settings, changed) {
                        effects.remove.push(HeaderName::from_static("accept-encoding"));
                    }
                    Outcome::Continue
                }
            };
            match outcome {
                Outcome::Continue | Outcome::Changed => {
                    progress.position += 1;
                    progress.is_delayed = false;
                    progress.answer = None;
                    progress.body = None;
                    progress.has_fetched = false;
                    if matches!(outcome, Outcome::Changed) {
                        return outcome;
                    }
                }
                Outcome::Delay(_) => {
                    progress.is_delayed = true;
                    return outcome;
                }
                Outcome::Keys(_) => {
                    progress.has_fetched = true;
                    return outcome;
                }
                Outcome::Hold(_) => {
                    progress.position += 1;
                    return outcome;
                }
                Outcome::Call(_) | Outcome::Show(_) | Outcome::Body(_) | Outcome::Reply(_) => return outcome,
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
    /// With the requirement that the route names.
    Jwt(&'a Jwt, Option<&'a str>),
    /// A route's own bound has its bucket at the route.
    RateLimit(&'a LocalRateLimit, Option<&'a Bucket>),
    ExtAuthz(Settings<'a>),
    GlobalLimit(&'a config::GlobalRateLimit, Option<&'a config::RateLimitOverride>),
    ExtProc(ProcSettings<'a>),
    /// Bytes of a request.
    Buffer(u32),
    GrpcWeb,
    Compressor(&'a Compressor, Option<&'a CompressorOverride>),
}

fn effective<'a>(filter: &'a Filter, found: Option<Found<'a>>, choice: ClusterChoice<'a>) -> Effective<'a> {
    let changed = found.and_then(|found| found.filter_override(&filter.name, choice));
    match (changed, &filter.kind) {
        (Some(FilterOverride::Disabled), _) => Effective::Off,
        (Some(FilterOverride::Cors(policy)), _) => Effective::Cors(policy),
        (None | Some(FilterOverride::Ignored { .. }), _) if filter.disabled => Effective::Off,
        (Some(FilterOverride::Rbac(rules)), _) | (_, Kind::Rbac(rules)) => Effective::Rbac(rules),
        (Some(FilterOverride::Fault(settings)), _) | (_, Kind::Fault(settings)) => Effective::Fault(settings),
        (Some(FilterOverride::LocalRateLimit(settings)), _) => Effective::RateLimit(settings, None),
        (_, Kind::RateLimit(settings, bucket)) => Effective::RateLimit(settings, Some(bucket)),
        (Some(FilterOverride::JwtRequirement(name)), Kind::Jwt(jwt)) => Effective::Jwt(jwt, Some(name)),
        (_, Kind::Jwt(jwt)) => Effective::Jwt(jwt, None),
        (Some(FilterOverride::ExtAuthz(of_route)), Kind::ExtAuthz(config)) => {
            let places = found.map_or([None; 4], |found| found.filter_overrides(&filter.name, choice));
            let places = places.map(|place| match place {
                Some(FilterOverride::ExtAuthz(settings)) => Some(&**settings),
                _ => None,
            });
            Effective::ExtAuthz(Settings::new(config, Some(of_route)).within(places))
        }
        (_, Kind::ExtAuthz(config)) => Effective::ExtAuthz(Settings::new(config, None)),
        (Some(FilterOverride::RateLimit(of_route)), Kind::GlobalLimit(config)) => {
            Effective::GlobalLimit(config, Some(of_route))
        }
        (_, Kind::GlobalLimit(config)) => Effective::GlobalLimit(config, None),
        (Some(FilterOverride::ExtProc(of_route)), Kind::ExtProc(config)) => {
            Effective::ExtProc(ProcSettings::new(config, Some(of_route)))
        }
        (_, Kind::ExtProc(config)) => Effective::ExtProc(ProcSettings::new(config, None)),
        (_, Kind::Cors) => Effective::Off,
        (Some(FilterOverride::Buffer(limit)), Kind::Buffer(_)) => Effective::Buffer(limit.max_request_bytes),
        (_, Kind::Buffer(limit)) => Effective::Buffer(*limit),
        (_, Kind::GrpcWeb) => Effective::GrpcWeb,
        (Some(FilterOverride::Compressor(changed)), Kind::Compressor(settings)) => {
            Effective::Compressor(settings, Some(changed))
        }
        (_, Kind::Compressor(settings)) => Effective::Compressor(settings, None),
    }
}

/// Makes a request of gRPC out of one of gRPC-Web.
fn speak_grpc<V: RequestView>(context: &FilterContext<'_, V>, effects: &mut Effects) -> Outcome {
    let name = HeaderName::from_static("content-type");
    let content_type = context.view.header(&name).unwrap_or_default();
    let accept = context.view.value(&HeaderName::from_static("accept"));
    let Some(web) = GrpcWeb::detect(content_type, accept.as_deref()) else {
        return Outcome::Continue;
    };
    effects.grpc_web = Some(web);
    effects.set.push((name, GrpcWeb::request_type(content_type)));
    effects.set.push((HeaderName::from_static("te"), b"trailers".to_vec()));
    // Clients of gRPC-Web do not decompress messages.
    effects
        .set
        .push((HeaderName::from_static("grpc-accept-encoding"), b"identity".to_vec()));
    Outcome::Continue
}

fn removes_accept_encoding(settings: &Compressor, changed: Option<&CompressorOverride>) -> bool {
    let by_route = changed.and_then(|changed| changed.remove_accept_encoding);
    settings.enabled && by_route.unwrap_or(settings.remove_accept_encoding)
}

/// The compressors of a route, in the order of the chain.
pub(crate) fn compressors<'a>(
    filters: &'a HttpFilters,
    found: Found<'a>,
    choice: ClusterChoice<'a>,
) -> impl Iterator<Item = Offer<'a>> {
    filters
        .list
        .iter()
        .filter_map(move |filter| match effective(filter, Some(found), choice) {
            Effective::Compressor(settings, changed) => Some(Offer {
                settings,
                library: changed
                    .and_then(|changed| changed.library.as_ref())
                    .unwrap_or(&settings.library),
            }),
            _ => None,
        })
}

fn authenticate<V: RequestView>(
    jwt: &Jwt,
    requirement: Option<&str>,
    context: &FilterContext<'_, V>,
    has_fetched: bool,
    effects: &mut Effects,
) -> Outcome {
    let now_s = telemetry::unix_micros() as u64 / 1_000_000;
    let matches = |conditions: &config::RouteMatch| route::matches(conditions, context.view, context.random);
    let mut wanted = Wanted {
        has_fetched,
        ..Wanted::default()
    };
    let decision = jwt.decide(context.view, now_s, requirement, matches, &mut wanted);
    if !wanted.sources.is_empty() {
        return Outcome::Keys(wanted.sources);
    }
    match decision {
        Ok(pass) => {
            merge(&mut effects.metadata, pass.metadata);
            effects.remove.extend(pass.remove);
            effects.set.extend(pass.set);
            Outcome::Continue
        }
        Err(error) => {
            let mut reply = Reply {
                body: Body::Static(error.message()),
                details: Details::Owned(format!(
                    "jwt_authn_access_denied{{{}}}",
                    error.message().replace(' ', "_")
                )),
                ..Reply::status(error.status(), "")
            };
            if error.status() == 401 {
                // RFC 6750 section 3.
                reply.fields.extend_from_slice(b"www-authenticate: Bearer realm=\"");
                let realm = [
                    context.view.scheme(),
                    b"://",
                    context.view.authority(),
                    path_only(context.view.path()),
                ]
                .concat();
                reply.fields.extend(
                    realm
                        .into_iter()
                        .filter(|byte| byte.is_ascii_graphic() && *byte != b'"'),
                );
                reply.fields.push(b'"');
                if error != filter::jwt::JwtError::Missing {
                    reply.fields.extend_from_slice(b", error=\"invalid_token\"");
                }
                reply.fields.extend_from_slice(b"\r\n");
            }
            Outcome::Reply(reply)
        }
    }
}

fn path_only(path: &[u8]) -> &[u8] {
    path.split(|byte| *byte == b'?').next().unwrap_or_default()
}

/// Adds metadata to what is there, by namespace.
pub(crate) fn merge(into: &mut Option<Value>, from: Option<Value>) {
    match (into.as_mut(), from) {
        (Some(Value::Object(into)), Some(Value::Object(from))) => into.extend(from),
        (_, None) => {}
        (_, from) => *into = from,
    }
}

fn limit<V: RequestView>(
    settings: &LocalRateLimit,
    bucket: Option<&Bucket>,
    context: &FilterContext<'_, V>,
    effects: &mut Effects,
) -> Outcome {
    let of_route = || context.routes.and_then(|routes| routes.bucket(settings));
    let Some(bucket) = bucket.or_else(of_route) else {
        return Outcome::Continue;
    };
    let now_us = context.shared.now_us();
    match rate_limit::decide(settings, bucket, context.random.rotate_left(16), now_us) {
        LimitDecision::Pass => Outcome::Continue,
        LimitDecision::Mark => {
            for header in &settings.marking_headers {
                effects.set.push((header.name.clone(), plain(&header.value)));
            }
            Outcome::Continue
        }
        LimitDecision::Refuse => {
            let mut reply = Reply {
                flags: ResponseFlags::RATE_LIMITED,
                body: Body::Static("local_rate_limited"),
                ..Reply::status(settings.status, "local_rate_limited")
            };
            reply.fields.extend_from_slice(b"x-envoy-ratelimited: true\r\n");
            for header in &settings.response_headers {
                let line = [header.name.as_str().as_bytes(), b": ", &plain(&header.value), b"\r\n"];
                reply.fields.extend(line.concat());
            }
            Outcome::Reply(reply)
        }
    }
}

/// The text of a template that depends on nothing: before a request is routed there is nothing to depend on.
fn plain(template: &config::Template) -> Vec<u8> {
    let mut out = Vec::new();
    for piece in template.pieces() {
        if let config::Piece::Literal(text) = piece {
            out.extend_from_slice(text.as_bytes());
        }
    }
    out
}

fn authorize<V: RequestView>(rules: &Rbac, context: &FilterContext<'_, V>, effects: &mut Effects) -> Outcome {
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

/// Headers as lines of a head; of those that replace others the last one counts.
fn field_lines(headers: &[HeaderChange]) -> Vec<u8> {
    use config::HeaderAppendAction::{AddIfAbsent, AppendIfExistsOrAdd, OverwriteIfExists, OverwriteIfExistsOrAdd};
    let mut kept: Vec<&HeaderChange> = Vec::with_capacity(headers.len());
    for header in headers {
        let is_there = kept.iter().any(|other| other.name == header.name);
        match header.action {
            AddIfAbsent if is_there => continue,
            OverwriteIfExists if !is_there => continue,
            OverwriteIfExists | OverwriteIfExistsOrAdd => kept.retain(|other| other.name != header.name),
            AddIfAbsent | AppendIfExistsOrAdd => {}
        }
        kept.push(header);
    }
    let mut lines = Vec::new();
    for header in kept {
        let is_clean = header
            .value
            .iter()
            .all(|byte| *byte == b'\t' || *byte >= b' ' && *byte != 0x7f);
        if is_clean && header.name.kind() == config::NameKind::Field {
            lines.extend([header.name.as_str().as_bytes(), b": ", &header.value, b"\r\n"].concat());
        }
    }
    lines
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

fn share<V: RequestView>(policy: &CorsPolicy, context: &FilterContext<'_, V>, effects: &mut Effects) -> Outcome {
    let decision = cors::decide(policy, context.view);
    let mut reply = Reply::status(200, "direct_response");
    match decision {
        CorsDecision::Forward => return Outcome::Continue,
        CorsDecision::ForwardAndMark => {
            effects.is_marked = true;
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
            Effective::Jwt(jwt, requirement) => {
                let now_s = telemetry::unix_micros() as u64 / 1_000_000;
                let matches = |conditions: &config::RouteMatch| route::matches(conditions, request, 0);
                let mut wanted = Wanted {
                    has_fetched: true,
                    ..Wanted::default()
                };
                let decision = jwt.decide(request, now_s, requirement, matches, &mut wanted);
                let outcome = match &decision {
                    Ok(pass) if pass.metadata.is_some() || !pass.set.is_empty() => "the token is good".to_owned(),
                    Ok(_) => "lets the request pass without a token".to_owned(),
                    Err(error) => format!("refuses the request: {} {}", error.status(), error.message()),
                };
                outcomes.push((format!("{}: {outcome}", filter.name), decision.is_err()));
            }
            Effective::RateLimit(settings, _) => {
                let outcome = match settings.bucket {
                    Some(bucket) => format!(
                        "{} requests at once, {} more every {} ms",
                        bucket.max_tokens, bucket.tokens_per_fill, bucket.fill_interval_ms
                    ),
                    None => "lets all pass".to_owned(),
                };
                outcomes.push((format!("{}: {outcome}", filter.name), false));
            }
            Effective::ExtAuthz(settings) => {
                let cluster = settings.service().cluster();
                outcomes.push((format!("{}: cluster {cluster} decides", filter.name), false));
            }
            Effective::ExtProc(settings) => {
                let cluster = &settings.service().cluster;
                outcomes.push((format!("{}: cluster {cluster} may change it", filter.name), false));
            }
            Effective::GlobalLimit(config, _) => {
                let cluster = &config.service.cluster;
                outcomes.push((format!("{}: cluster {cluster} counts", filter.name), false));
            }
            Effective::Buffer(limit) => {
                outcomes.push((format!("{}: holds up to {limit} bytes", filter.name), false));
            }
            Effective::GrpcWeb => {
                let content_type = request
                    .header(&HeaderName::from_static("content-type"))
                    .unwrap_or_default();
                if GrpcWeb::detect(content_type, None).is_some() {
                    outcomes.push((format!("{}: becomes gRPC", filter.name), false));
                }
            }
            Effective::Compressor(settings, changed) => {
                let library = changed.and_then(|changed| changed.library.as_ref());
                let encoding = library.unwrap_or(&settings.library).encoding();
                outcomes.push((format!("{}: offers {encoding}", filter.name), false));
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
