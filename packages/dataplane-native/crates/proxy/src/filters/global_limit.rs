//! Asking a service whether a request is one too many.

use config::{GlobalRateLimit, RateLimitOverride, RequestView};
use filter::global_limit::{self, Facts, LimitDecision, Limits, Passed, Refused};
use telemetry::ResponseFlags;

use super::{Effects, FilterContext, Outcome, Progress, field_lines, merge, plain};
use crate::request::{Body, Details, Reply};

pub(super) fn check<V: RequestView>(
    config: &GlobalRateLimit,
    of_route: Option<&RateLimitOverride>,
    context: &FilterContext<'_, V>,
    progress: &mut Progress,
    effects: &mut Effects,
) -> Outcome {
    let random = context.random.rotate_left(40);
    if let Some(answer) = progress.answer.take() {
        return match global_limit::decide(config, answer, random) {
            LimitDecision::Pass(passed) => pass(*passed, effects),
            LimitDecision::Refuse(refused) => {
                merge(&mut effects.metadata, refused.metadata.clone());
                Outcome::Reply(refusal(config, *refused))
            }
            LimitDecision::Fail { status } => Outcome::Reply(Reply {
                flags: ResponseFlags::RATE_LIMIT_SERVICE_ERROR,
                ..Reply::status(status, "rate_limiter_error")
            }),
        };
    }
    let Some(found) = context.found.filter(|_| config.enabled.contains(random.rotate_left(8))) else {
        return Outcome::Continue;
    };
    let forward = found.forward();
    let limits = Limits {
        route: forward.map_or(&[], |forward| &forward.rate_limits),
        host: &found.virtual_host.rate_limits,
        includes_host: forward.is_some_and(|forward| forward.includes_host_rate_limits),
    };
    let facts = Facts {
        source_cluster: &context.shared.node.service,
        destination_cluster: context.choice.name(context.view).unwrap_or_default(),
        remote: context.remote.map(|address| address.ip()),
        metadata: effects.metadata.as_ref(),
        route_metadata: Some(&found.route.metadata),
    };
    match global_limit::call(config, of_route, limits, context.view, &facts) {
        Some(call) => Outcome::Call(Box::new(call)),
        None => Outcome::Continue,
    }
}

fn pass(passed: Passed, effects: &mut Effects) -> Outcome {
    merge(&mut effects.metadata, passed.metadata);
    if passed.has_failed {
        effects.flags = effects.flags.with(ResponseFlags::RATE_LIMIT_SERVICE_ERROR);
    }
    effects.response.extend(passed.response);
    if passed.request.is_empty() {
        return Outcome::Continue;
    }
    effects.change.extend(passed.request);
    Outcome::Changed
}

fn refusal(config: &GlobalRateLimit, refused: Refused) -> Reply {
    let mut fields = field_lines(&refused.headers);
    for header in &config.response_headers {
        let line = [header.name.as_str().as_bytes(), b": ", &plain(&header.value), b"\r\n"];
        fields.extend(line.concat());
    }
    Reply {
        flags: ResponseFlags::RATE_LIMITED,
        details: Details::Static("request_rate_limited"),
        body: Body::Bytes(refused.body),
        fields,
        is_resource_exhausted: config.as_resource_exhausted,
        ..Reply::status(config.status, "")
    }
}
