//! Asking a service whether a request may pass.

use config::RequestView;
use filter::{
    ConnectionFacts,
    ext_authz::{Allowed, Asked, Decision, Denied, Question, Settings},
};
use telemetry::ResponseFlags;

use super::{Effects, FilterContext, Outcome, Progress, access::connection_facts, field_lines, merge};
use crate::request::{Body, Details, Reply};

pub(super) fn check<V: RequestView>(
    settings: Settings<'_>,
    context: &FilterContext<'_, V>,
    progress: &mut Progress,
    effects: &mut Effects,
) -> Outcome {
    if let Some(answer) = progress.answer.take() {
        return match settings.decide(answer, context.view.path()) {
            Decision::Allow(allowed) => allow(*allowed, effects),
            Decision::Deny(denied) => {
                merge(&mut effects.metadata, denied.metadata.clone());
                Outcome::Reply(refusal(*denied))
            }
            Decision::Fail { status } => Outcome::Reply(Reply {
                flags: ResponseFlags::UNAUTHORIZED_EXTERNAL_SERVICE,
                ..Reply::status(status, "ext_authz_error")
            }),
        };
    }
    match settings.asks(effects.metadata.as_ref(), context.random.rotate_left(24)) {
        Asked::Yes => {}
        Asked::Passes => return Outcome::Continue,
        Asked::Refused => {
            return Outcome::Reply(Reply {
                flags: ResponseFlags::UNAUTHORIZED_EXTERNAL_SERVICE,
                ..Reply::status(settings.status_on_error(), "ext_authz_denied")
            });
        }
    }
    if let Some(wanted) = settings.body() {
        match &progress.body {
            None => return Outcome::Body(wanted.max_bytes as usize),
            Some(held) if held.is_partial && !wanted.allow_partial => {
                return Outcome::Reply(Reply {
                    body: Body::Static("Payload Too Large"),
                    ..Reply::status(413, "request_payload_too_large")
                });
            }
            Some(_) => {}
        }
    }
    Outcome::Call(Box::new(ask(settings, context, progress, effects)))
}

fn ask<V: RequestView>(
    settings: Settings<'_>,
    context: &FilterContext<'_, V>,
    progress: &Progress,
    effects: &Effects,
) -> filter::call::Call {
    let facts = ConnectionFacts {
        metadata: effects.metadata.as_ref(),
        ..connection_facts(context.facts, context.remote)
    };
    let request = context.request;
    let mut fields = Vec::with_capacity(request.fields().as_slice().len() + 8);
    context
        .edits
        .for_each(request.buffer(), request.fields(), |_, name, value| {
            fields.push((name, value));
        });
    let waited_us = context.timers.now_us().saturating_sub(context.began_us);
    let own_principal = if facts.is_authenticated {
        context.shared.node.principal.as_str()
    } else {
        ""
    };
    settings.call(&Question {
        method: context.view.method(),
        path: context.view.path(),
        authority: context.view.authority(),
        scheme: if context.view.scheme() == b"https" {
            "https"
        } else {
            "http"
        },
        protocol: request.head().version.as_str(),
        fields: &fields,
        body: progress
            .body
            .as_ref()
            .filter(|held| held.is_partial || !held.bytes.is_empty())
            .map(|held| (&*held.bytes, held.is_partial)),
        time_us: (telemetry::unix_micros() as u64).saturating_sub(waited_us),
        facts: &facts,
        own_principal,
        certificate: context.facts.peer_certificate.as_deref(),
        route_metadata: context.found.map(|found| &found.route.metadata),
    })
}

fn allow(allowed: Allowed, effects: &mut Effects) -> Outcome {
    merge(&mut effects.metadata, allowed.metadata);
    effects.response.extend(allowed.response);
    effects.reroutes |= allowed.reroutes;
    let is_changed = !allowed.set.is_empty() || !allowed.remove.is_empty() || allowed.path.is_some();
    effects.remove.extend(allowed.remove);
    effects.change.extend(allowed.set);
    effects.path = allowed.path.or(effects.path.take());
    if is_changed {
        Outcome::Changed
    } else {
        Outcome::Continue
    }
}

fn refusal(denied: Denied) -> Reply {
    Reply {
        flags: ResponseFlags::UNAUTHORIZED_EXTERNAL_SERVICE,
        details: Details::Static("ext_authz_denied"),
        body: Body::Bytes(denied.body),
        fields: field_lines(&denied.headers),
        ..Reply::status(denied.status, "")
    }
}
