//! What the filters would say about a request.

use config::{DelayKind, ExtProcBody, HeaderName, RequestView};
use filter::{
    ConnectionFacts,
    cors::{self, CorsDecision},
    grpc_web::GrpcWeb,
    jwt::{Jwt, JwtError, JwtPass, Wanted},
    rbac,
};
use route::{ClusterChoice, Found};
use serde_json::Value;

use super::{Effective, HttpFilters, ProcSettings, effective, merge};

/// The claims of its token by which the route of a request is looked for again.
pub(crate) fn claims<V: RequestView>(filters: &HttpFilters, request: &V) -> Option<Value> {
    let mut known = None;
    for filter in &filters.list {
        if let Effective::Jwt(jwt, requirement) = effective(filter, None, ClusterChoice::None)
            && let Ok(pass) = judge(jwt, requirement, request)
            && pass.reroutes
        {
            merge(&mut known, pass.metadata);
        }
    }
    known
}

fn judge<V: RequestView>(jwt: &Jwt, requirement: Option<&str>, request: &V) -> Result<JwtPass, JwtError> {
    let now_s = telemetry::unix_micros() as u64 / 1_000_000;
    let matches = |conditions: &config::RouteMatch| route::matches(conditions, request, 0);
    let mut wanted = Wanted {
        has_fetched: true,
        ..Wanted::default()
    };
    jwt.decide(request, now_s, requirement, matches, &mut wanted)
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
            Effective::Tap(point) => {
                let text = if point.is_on() {
                    "records it"
                } else {
                    "records it when an operator asks"
                };
                outcomes.push((format!("{}: {text}", filter.name), false));
            }
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
                let decision = judge(jwt, requirement, request);
                let outcome = match &decision {
                    Ok(pass) if pass.metadata.is_some() || !pass.set.is_empty() => "the token is good".to_owned(),
                    Ok(_) => "lets the request pass without a token".to_owned(),
                    Err(error) => format!("refuses the request: {} {}", error.status(), error.message()),
                };
                outcomes.push((format!("{}: {outcome}", filter.name), decision.is_err()));
            }
            Effective::RateLimit(settings, _) => {
                outcomes.push((format!("{}: {}", filter.name, describe_limit(settings)), false));
            }
            Effective::ExtAuthz(settings) => {
                let cluster = settings.service().cluster();
                outcomes.push((format!("{}: cluster {cluster} decides", filter.name), false));
            }
            Effective::ExtProc(settings) => {
                outcomes.push((format!("{}: {}", filter.name, describe_processing(settings)), false));
            }
            Effective::Module(settings, _) if settings.module.is_empty() => {}
            Effective::Module(settings, _) => {
                outcomes.push((
                    format!("{}: module {} may change it", filter.name, settings.module),
                    false,
                ));
            }
            Effective::GlobalLimit(config, _) => {
                let cluster = &config.service.cluster;
                outcomes.push((format!("{}: cluster {cluster} counts", filter.name), false));
            }
            Effective::Quota(buckets, _) => {
                let count = buckets.actions().len();
                outcomes.push((
                    format!(
                        "{}: counts it in one of {count} kinds of buckets, or in none",
                        filter.name
                    ),
                    false,
                ));
            }
            Effective::Buffer(limit) => {
                outcomes.push((format!("{}: holds up to {limit} bytes", filter.name), false));
            }
            Effective::Decompressor(settings) => outcomes.extend(describe_decompressor(&filter.name, settings)),
            Effective::Session(settings) => outcomes.extend(describe_session(&filter.name, settings)),
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

fn describe_limit(settings: &config::LocalRateLimit) -> String {
    match settings.bucket {
        Some(bucket) => format!(
            "{} requests at once, {} more every {} ms",
            bucket.max_tokens, bucket.tokens_per_fill, bucket.fill_interval_ms
        ),
        None => "lets all pass".to_owned(),
    }
}

fn describe_decompressor(name: &str, settings: &config::Decompressor) -> Option<(String, bool)> {
    let of = match (settings.requests, settings.responses) {
        (true, true) => "requests and responses",
        (true, false) => "requests",
        (false, true) => "responses",
        (false, false) => return None,
    };
    Some((format!("{name}: takes {} off {of}", settings.library.encoding()), false))
}

fn describe_session(name: &str, settings: &config::StatefulSession) -> Option<(String, bool)> {
    let place = match settings.state.as_ref()? {
        config::SessionState::Cookie { name, .. } => format!("cookie {name}"),
        config::SessionState::Header(name) => format!("header {name}"),
    };
    let otherwise = if settings.strict { ", or gets 503" } else { "" };
    Some((format!("{name}: goes to the endpoint in {place}{otherwise}"), false))
}

fn describe_processing(settings: ProcSettings<'_>) -> String {
    let cluster = &settings.service().cluster;
    let does = if settings.only_observes() {
        "observes it"
    } else {
        "may change it"
    };
    let (request, response) = (settings.mode().request_body, settings.mode().response_body);
    if (request, response) == (ExtProcBody::None, ExtProcBody::None) {
        return format!("cluster {cluster} {does}");
    }
    let (request, response) = (super::extend::describe(request), super::extend::describe(response));
    format!("cluster {cluster} {does} (body of the request: {request}, of the response: {response})")
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
