//! Showing a request's head to a service that may change it.

use config::RequestView;
use filter::{
    call::Call,
    ext_proc::{Changes, Decision, Immediate, Phase, Settings},
};

use super::{Effects, FilterContext, Outcome, Progress, field_lines, merge};
use crate::request::{Body, Details, Reply};

/// A head for a service, and the stream that it goes on.
pub(crate) struct Show {
    /// None: the service is shown nothing of the request, only of its response.
    pub(crate) message: Option<Vec<u8>>,
    pub(crate) stream: Call,
    pub(crate) timeout_ms: u64,
    /// Which filter wants it.
    pub(crate) position: usize,
    /// The service wants the response's head too.
    pub(crate) wants_response: bool,
}

/// What becomes of a service after it has seen the request.
#[derive(Clone, Copy)]
pub(crate) enum Processing {
    /// It is not shown the response.
    Over,
    /// It has said whether it wants the response.
    Wants(bool),
}

pub(super) fn check<V: RequestView>(
    settings: Settings<'_>,
    context: &FilterContext<'_, V>,
    progress: &mut Progress,
    effects: &mut Effects,
) -> Outcome {
    if let Some(shown) = progress.shown.take() {
        return match shown {
            None => Outcome::Continue,
            Some(answer) => match settings.decide(Phase::Request, answer) {
                Decision::Continue(changes) => go_on(*changes, effects),
                Decision::Reply(immediate) => Outcome::Reply(reply(*immediate)),
                Decision::Fail { status } => Outcome::Reply(failed(status)),
            },
        };
    }
    let mode = settings.mode();
    if !mode.request_headers && !mode.response_headers {
        return Outcome::Continue;
    }
    Outcome::Show(Box::new(Show {
        message: mode.request_headers.then(|| message(settings, context, effects)),
        stream: settings.stream(),
        timeout_ms: settings.timeout_ms(),
        position: progress.position,
        wants_response: mode.response_headers,
    }))
}

fn message<V: RequestView>(settings: Settings<'_>, context: &FilterContext<'_, V>, effects: &Effects) -> Vec<u8> {
    let (view, request) = (context.view, context.request);
    let mut fields: Vec<(&[u8], &[u8])> = vec![
        (b":authority", view.authority()),
        (b":method", view.method()),
        (b":path", view.path()),
        (b":scheme", view.scheme()),
    ];
    context
        .edits
        .for_each(request.buffer(), request.fields(), |known, name, value| {
            if known != http::Known::Host {
                fields.push((name, value));
            }
        });
    let is_whole = request.head().framing == http::Framing::None;
    settings.message(Phase::Request, fields.into_iter(), is_whole, effects.metadata.as_ref())
}

fn go_on(changes: Changes, effects: &mut Effects) -> Outcome {
    merge(&mut effects.metadata, changes.metadata);
    effects.reroutes |= changes.reroutes;
    effects.processing = if changes.is_over {
        Some(Processing::Over)
    } else {
        changes.wants_response.map(Processing::Wants)
    };
    let is_changed = !changes.remove.is_empty() || !changes.set.is_empty() || changes.reroutes;
    effects.remove.extend(changes.remove);
    effects.change.extend(changes.set);
    if is_changed {
        Outcome::Changed
    } else {
        Outcome::Continue
    }
}

/// The response that a service makes.
pub(crate) fn reply(immediate: Immediate) -> Reply {
    let mut fields = field_lines(&immediate.headers);
    if let Some(status) = immediate.grpc_status {
        fields.extend_from_slice(format!("grpc-status: {status}\r\n").as_bytes());
    }
    let details = if immediate.details.is_empty() {
        Details::Static("ext_proc_immediate_response")
    } else {
        let is_plain = |letter: &char| letter.is_ascii_graphic();
        Details::Owned(immediate.details.chars().filter(is_plain).take(256).collect())
    };
    Reply {
        details,
        body: Body::Bytes(immediate.body),
        fields,
        grpc_status: immediate.grpc_status,
        is_grpc: immediate.grpc_status.is_some(),
        ..Reply::status(immediate.status, "")
    }
}

/// The response where the service failed.
pub(crate) fn failed(status: u16) -> Reply {
    Reply::status(status, "ext_proc_error")
}
