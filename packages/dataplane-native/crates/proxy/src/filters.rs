//! The HTTP filters of a connection manager, in order, and the access rules of connections.

mod access;
mod authenticate;
mod decode;
mod explain;
mod ext_authz;
mod extend;
mod global_limit;
mod inject;
mod local_limit;
mod quota;
mod rewrite;
mod session;
mod share;

use std::{net::SocketAddr, sync::Arc, time::Duration};

use config::{
    Compressor, CompressorOverride, CorsPolicy, Decompressor, DecompressorLibrary, FilterModule, FilterOverride,
    HeaderName, HttpFilter, HttpFilterKind, Invalid, LocalRateLimit, Rbac, RequestView,
};
use filter::{
    call::{Answer, Call, CallFailure},
    change::HeaderChange,
    ext_authz::Settings,
    ext_proc::Settings as ProcSettings,
    grpc_web::GrpcWeb,
    jwt::{Jwt, Lack},
    quota::QuotaDomain,
    rate_limit::Bucket,
};
use route::{ClusterChoice, Found};
use serde_json::Value;
use telemetry::ResponseFlags;

use crate::{
    connection::Facts,
    modules::Instance,
    request::{Reply, Shown},
    snapshot::RouteEntry,
    tap::Point,
    worker::Shared,
};

pub(crate) use access::admits_connection;
pub(crate) use decode::decompressor_of_response;
pub(crate) use explain::{claims, explain};
pub(crate) use extend::{Extender, Processing, Show, ShowBody, Way, principal, processing_failed, reply as immediate};
pub(crate) use rewrite::compressors;
pub(crate) use session::{Session, mark_session};
pub(crate) use share::cors_policy;

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
    /// A body in place of the request's, all of which is here.
    pub(crate) body: Option<Vec<u8>>,
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
    /// The request belongs to a session, or begins one.
    pub(crate) session: Option<Box<Session>>,
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
    /// What the filter wants to show of the body, once what it changed in the head has been taken over.
    pub(crate) body_to_show: Option<Box<ShowBody>>,
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
    /// Show the body to the same service; the filter is done.
    ShowBody(Box<ShowBody>),
    /// Fetch these keys, then ask again.
    Keys(Vec<Lack>),
    /// Hold back so many bytes of the body, then ask again with them.
    Body(usize),
    /// The request is another one now; the filters that are left are to see it so.
    Changed,
    /// Take the encoding off the body, then go on.
    Decode(DecompressorLibrary),
    /// Take the whole body, of so many bytes at most, then ask again.
    Hold(u32),
    Reply(Reply),
}

/// The filters of a connection manager, without the router and those that have no effect.
pub(crate) struct HttpFilters {
    list: Vec<Filter>,
    may_compress: bool,
    may_decompress: bool,
    may_tap: bool,
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
    ExtProc(Arc<config::ExtProc>),
    /// None: only routes name one.
    Module(Box<FilterModule>, Option<Arc<Instance>>),
    /// None: it has no service.
    Quota(Box<config::QuotaFilter>, Option<Arc<QuotaDomain>>),
    Buffer(u32),
    GrpcWeb,
    Compressor(Box<Compressor>),
    Decompressor(Decompressor),
    Session(Box<config::StatefulSession>),
    Tap(Arc<Point>),
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
                HttpFilterKind::Module(settings) => {
                    let loaded = shared.modules.load(settings);
                    let instance = loaded.map_err(|error| error.index(index).field("httpFilters"))?;
                    Kind::Module(settings.clone(), instance)
                }
                HttpFilterKind::Quota(settings) => Kind::Quota(settings.clone(), shared.quotas.get(settings)),
                HttpFilterKind::Buffer(limit) => Kind::Buffer(limit.max_request_bytes),
                HttpFilterKind::GrpcWeb => Kind::GrpcWeb,
                HttpFilterKind::Compressor(settings) => Kind::Compressor(settings.clone()),
                HttpFilterKind::Decompressor(settings) => Kind::Decompressor(*settings),
                HttpFilterKind::StatefulSession(settings) => Kind::Session(settings.clone()),
                HttpFilterKind::Tap(settings) => Kind::Tap(
                    shared
                        .taps
                        .point(settings)
                        .map_err(|error| error.index(index).field("httpFilters"))?,
                ),
            };
            list.push(Filter {
                name: Arc::clone(&filter.name),
                disabled: filter.disabled,
                kind,
            });
        }
        let may_compress = list.iter().any(|filter| matches!(filter.kind, Kind::Compressor(_)));
        let decompresses = |filter: &Filter| matches!(filter.kind, Kind::Decompressor(settings) if settings.responses);
        let may_decompress = list.iter().any(decompresses);
        let may_tap = list.iter().any(|filter| matches!(filter.kind, Kind::Tap(_)));
        Ok(Self {
            list,
            may_compress,
            may_decompress,
            may_tap,
        })
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.list.is_empty()
    }

    /// Whether one of them wants the certificates of clients.
    pub(crate) fn want_certificate(&self) -> bool {
        let wants = |filter: &Filter| matches!(&filter.kind, Kind::ExtAuthz(config) if config.include_peer_certificate);
        self.list.iter().any(wants)
    }

    /// Who a filter shows heads to.
    pub(crate) fn extender<'a>(
        &'a self,
        position: usize,
        (found, choice): (Option<Found<'a>>, ClusterChoice<'a>),
        routes: Option<&'a RouteEntry>,
    ) -> Option<Extender<'a>> {
        match effective(self.list.get(position)?, found, choice) {
            Effective::ExtProc(settings) => Some(Extender::Service(settings)),
            Effective::Module(settings, instance) => module(settings, instance, routes),
            _ => None,
        }
    }

    /// Whether responses have to be looked at.
    pub(crate) fn may_compress(&self) -> bool {
        self.may_compress
    }

    /// The same, for what comes encoded.
    pub(crate) fn may_decompress(&self) -> bool {
        self.may_decompress
    }

    /// Whether requests may have to be recorded.
    pub(crate) fn may_tap(&self) -> bool {
        self.may_tap
    }

    /// Where a request may be recorded.
    pub(crate) fn taps<'a>(
        &'a self,
        found: Option<Found<'a>>,
        choice: ClusterChoice<'a>,
    ) -> impl Iterator<Item = &'a Arc<Point>> {
        let filters = if self.may_tap { &self.list[..] } else { &[] };
        filters
            .iter()
            .filter_map(move |filter| match effective(filter, found, choice) {
                Effective::Tap(point) => Some(point),
                _ => None,
            })
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
                // What is recorded is the whole request, from before the first filter on.
                Effective::Off | Effective::Tap(_) => Outcome::Continue,
                Effective::Rbac(rules) => access::authorize(rules, context, effects),
                Effective::Fault(settings) => inject::inject(settings, context, progress.is_delayed),
                Effective::Cors(policy) => share::share(policy, context, effects),
                Effective::Jwt(jwt, requirement) => {
                    authenticate::authenticate(jwt, requirement, context, progress.has_fetched, effects)
                }
                Effective::RateLimit(settings, bucket) => local_limit::limit(settings, bucket, context, effects),
                Effective::ExtAuthz(settings) => ext_authz::check(settings, context, progress, effects),
                Effective::ExtProc(settings) => extend::check(Extender::Service(settings), context, progress, effects),
                Effective::Module(settings, instance) => match module(settings, instance, context.routes) {
                    Some(extender) => extend::check(extender, context, progress, effects),
                    None => Outcome::Continue,
                },
                Effective::GlobalLimit(config, of_route) => {
                    global_limit::check(config, of_route, context, progress, effects)
                }
                Effective::Quota(buckets, domain) => quota::check(buckets, domain, context),
                Effective::Buffer(limit) => Outcome::Hold(limit),
                Effective::Decompressor(settings) => decode::decode_request(settings, context, effects),
                Effective::Session(settings) => session::read(settings, context, progress.position, effects),
                Effective::GrpcWeb => rewrite::speak_grpc(context, effects),
                Effective::Compressor(settings, changed) => {
                    if rewrite::removes_accept_encoding(settings, changed) {
                        effects.remove.push(HeaderName::from_static("accept-encoding"));
                    }
                    Outcome::Continue
                }
            };
            match outcome {
                Outcome::Changed if progress.body_to_show.is_some() => return outcome,
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
                Outcome::Hold(_) | Outcome::Decode(_) | Outcome::ShowBody(_) => {
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
    /// A route's own is found at the route.
    Module(&'a FilterModule, Option<&'a Arc<Instance>>),
    Quota(&'a config::MatchTree<Arc<config::QuotaBucket>>, &'a QuotaDomain),
    /// Bytes of a request.
    Buffer(u32),
    GrpcWeb,
    Compressor(&'a Compressor, Option<&'a CompressorOverride>),
    Decompressor(&'a Decompressor),
    Session(&'a config::StatefulSession),
    Tap(&'a Arc<Point>),
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
        (Some(FilterOverride::Module(of_route)), _) => Effective::Module(of_route, None),
        (_, Kind::Module(settings, instance)) => Effective::Module(settings, instance.as_ref()),
        (Some(FilterOverride::Quota(of_route)), Kind::Quota(config, Some(domain))) => {
            Effective::Quota(of_route.buckets.as_ref().unwrap_or(&config.buckets), domain)
        }
        (_, Kind::Quota(config, Some(domain))) => Effective::Quota(&config.buckets, domain),
        (_, Kind::Cors | Kind::Quota(_, None)) => Effective::Off,
        (Some(FilterOverride::Buffer(limit)), Kind::Buffer(_)) => Effective::Buffer(limit.max_request_bytes),
        (_, Kind::Buffer(limit)) => Effective::Buffer(*limit),
        (_, Kind::GrpcWeb) => Effective::GrpcWeb,
        (_, Kind::Tap(point)) => Effective::Tap(point),
        (Some(FilterOverride::Compressor(changed)), Kind::Compressor(settings)) => {
            Effective::Compressor(settings, Some(changed))
        }
        (_, Kind::Compressor(settings)) => Effective::Compressor(settings, None),
        (_, Kind::Decompressor(settings)) => Effective::Decompressor(settings),
        (Some(FilterOverride::StatefulSession(settings)), Kind::Session(_)) | (_, Kind::Session(settings)) => {
            Effective::Session(settings)
        }
    }
}

/// A filter of a user's with its instance. None: no module is named.
fn module<'a>(
    settings: &'a FilterModule,
    instance: Option<&'a Arc<Instance>>,
    routes: Option<&'a RouteEntry>,
) -> Option<Extender<'a>> {
    let instance = instance.or_else(|| routes?.module(settings))?;
    Some(Extender::Module(instance.settings(settings), instance))
}

/// Adds metadata to what is there, by namespace and by key in it.
pub(crate) fn merge(into: &mut Option<Value>, from: Option<Value>) {
    match (into.as_mut(), from) {
        (Some(Value::Object(into)), Some(Value::Object(from))) => {
            for (namespace, found) in from {
                match (into.get_mut(&namespace), found) {
                    (Some(Value::Object(known)), Value::Object(found)) => known.extend(found),
                    (_, found) => drop(into.insert(namespace, found)),
                }
            }
        }
        (_, None) => {}
        (_, from) => *into = from,
    }
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

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::merge;

    #[test]
    fn what_filters_find_out_is_kept_by_namespace_and_key() {
        let mut known = None;
        merge(&mut known, None);
        assert_eq!(known, None);
        merge(&mut known, Some(json!({ "envoy.lb": { "asked": "a", "served": "b" } })));
        merge(
            &mut known,
            Some(json!({ "envoy.lb": { "asked": "c" }, "jwt": { "sub": "d" } })),
        );
        assert_eq!(
            known,
            Some(json!({ "envoy.lb": { "asked": "c", "served": "b" }, "jwt": { "sub": "d" } }))
        );
    }
}
