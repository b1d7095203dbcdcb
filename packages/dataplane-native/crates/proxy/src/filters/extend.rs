//! Showing a request's head to a service or to a filter of a user's, which may change it.

use std::sync::Arc;

use config::RequestView;
use filter::{
    call::Call,
    ext_proc::{self, Changes, Decision, Immediate, Phase},
    extension::{Extension, Shown},
    module,
};

use super::{Effects, FilterContext, Outcome, Progress, access::connection_facts, field_lines, merge};
use crate::{
    connection::Facts,
    modules::Instance,
    request::{Body, Details, Reply},
};

/// Who is shown heads, as it is configured for a route.
#[derive(Clone, Copy)]
pub(crate) enum Extender<'a> {
    Service(ext_proc::Settings<'a>),
    Module(module::Settings<'a>, &'a Arc<Instance>),
}

/// The way to who is shown heads.
pub(crate) enum Way {
    /// A stream of gRPC, as long as the request.
    Stream(Call),
    /// A thread that runs the filter.
    Thread(Arc<Instance>),
}

impl<'a> Extender<'a> {
    pub(crate) fn extension(&self) -> &(dyn Extension + 'a) {
        match self {
            Self::Service(settings) => settings,
            Self::Module(settings, _) => settings,
        }
    }

    pub(crate) fn way(&self) -> Way {
        match self {
            Self::Service(settings) => Way::Stream(settings.stream()),
            Self::Module(_, instance) => Way::Thread(Arc::clone(instance)),
        }
    }

    /// The response where it failed.
    pub(crate) fn failed(&self, status: u16) -> Reply {
        let details = match self {
            Self::Service(_) => "ext_proc_error",
            Self::Module(..) => "filter_module_error",
        };
        Reply::status(status, details)
    }
}

/// A head for an extension, and the way that it goes.
pub(crate) struct Show {
    /// None: it is shown nothing of the request, only of its response.
    pub(crate) message: Option<Vec<u8>>,
    pub(crate) way: Way,
    pub(crate) timeout_ms: u64,
    /// Which filter wants it.
    pub(crate) position: usize,
    /// It wants the response's head too.
    pub(crate) wants_response: bool,
}

/// What becomes of an extension after it has seen the request.
#[derive(Clone, Copy)]
pub(crate) enum Processing {
    /// It is not shown the response.
    Over,
    /// It has said whether it wants the response.
    Wants(bool),
}

pub(super) fn check<V: RequestView>(
    extender: Extender<'_>,
    context: &FilterContext<'_, V>,
    progress: &mut Progress,
    effects: &mut Effects,
) -> Outcome {
    let extension = extender.extension();
    if let Some(shown) = progress.shown.take() {
        return match shown {
            None => Outcome::Continue,
            Some(answer) => match extension.decide(Phase::Request, answer) {
                Decision::Continue(changes) => go_on(*changes, effects),
                Decision::Reply(mut immediate) => {
                    merge(&mut effects.metadata, immediate.metadata.take());
                    Outcome::Reply(reply(*immediate))
                }
                Decision::Fail { status } => Outcome::Reply(extender.failed(status)),
            },
        };
    }
    let (of_request, of_response) = (extension.wants(Phase::Request), extension.wants(Phase::Response));
    if !of_request && !of_response {
        return Outcome::Continue;
    }
    if let Some(wanted) = extension.wanted_body().filter(|_| of_request) {
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
    let body = progress.body.as_ref().map(|held| (&*held.bytes, held.is_partial));
    Outcome::Show(Box::new(Show {
        message: of_request.then(|| question(extension, context, body, effects)),
        way: extender.way(),
        timeout_ms: extension.timeout_ms(),
        position: progress.position,
        wants_response: of_response,
    }))
}

fn question<V: RequestView>(
    extension: &dyn Extension,
    context: &FilterContext<'_, V>,
    body: Option<(&[u8], bool)>,
    effects: &Effects,
) -> Vec<u8> {
    let (view, request) = (context.view, context.request);
    let mut fields: Vec<(&[u8], &[u8])> = Vec::with_capacity(request.fields().as_slice().len() + 8);
    context
        .edits
        .for_each(request.buffer(), request.fields(), |known, name, value| {
            if known != http::Known::Host {
                fields.push((name, value));
            }
        });
    let client = context.remote.map(|address| address.to_string());
    let shown = Shown {
        status: 0,
        method: view.method(),
        path: view.path(),
        authority: view.authority(),
        scheme: view.scheme(),
        fields: &fields,
        is_whole: request.head().framing == http::Framing::None,
        body,
        route: context.found.map_or("", |found| &found.route.name),
        client: client.as_deref().unwrap_or_default(),
        principal: principal(context.facts),
        metadata: effects.metadata.as_ref(),
    };
    extension.question(Phase::Request, &shown)
}

/// Who the client of a connection has proven to be.
pub(crate) fn principal(facts: &Facts) -> &str {
    let facts = connection_facts(facts, None);
    let names = facts.uri_sans.iter().chain(facts.dns_sans);
    names
        .map(String::as_str)
        .next()
        .filter(|_| facts.is_authenticated)
        .unwrap_or_default()
}

fn go_on(changes: Changes, effects: &mut Effects) -> Outcome {
    merge(&mut effects.metadata, changes.metadata);
    effects.reroutes |= changes.reroutes;
    effects.processing = if changes.is_over {
        Some(Processing::Over)
    } else {
        changes.wants_response.map(Processing::Wants)
    };
    effects.body = changes.body;
    let is_changed =
        !changes.remove.is_empty() || !changes.set.is_empty() || changes.reroutes || effects.body.is_some();
    effects.remove.extend(changes.remove);
    effects.change.extend(changes.set);
    if is_changed {
        Outcome::Changed
    } else {
        Outcome::Continue
    }
}

/// The response that an extension makes.
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
