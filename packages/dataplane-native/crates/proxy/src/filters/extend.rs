//! Showing a request to a service or to a filter of a user's, which may change it.

use std::sync::Arc;

use config::{ExtProcBody, ExtProcMode, RequestView};
use filter::{
    ext_proc::{self, Changes, Decision, Immediate, OwnedSettings, Phase},
    extension::{Extension, Shown},
    module,
};
use http::{Framing, Method, RequestHead};

use super::{Effects, FilterContext, Outcome, Progress, access::connection_facts, field_lines, merge};
use crate::{
    connection::Facts,
    exchange::Stage,
    modules::Instance,
    request::{Body, Details, Reply},
};

/// Who is shown messages, as it is configured for a route.
#[derive(Clone, Copy)]
pub(crate) enum Extender<'a> {
    Service(ext_proc::Settings<'a>),
    Module(module::Settings<'a>, &'a Arc<Instance>),
}

/// The way to who is shown messages.
pub(crate) enum Way {
    /// A stream of gRPC, as long as the request.
    Service(OwnedSettings),
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

    fn way(&self) -> Way {
        match self {
            Self::Service(settings) => Way::Service(settings.owned()),
            Self::Module(_, instance) => Way::Thread(Arc::clone(instance)),
        }
    }

    /// What it is shown on its way. The body that a filter of a user's sees is held back for it.
    fn mode(&self) -> ExtProcMode {
        match self {
            Self::Service(settings) => settings.mode(),
            Self::Module(settings, _) => ExtProcMode {
                request_headers: settings.wants(Phase::Request),
                response_headers: settings.wants(Phase::Response),
                ..ExtProcMode::default()
            },
        }
    }

    /// Whether nobody waits for its answers.
    pub(crate) fn only_observes(&self) -> bool {
        matches!(self, Self::Service(settings) if settings.only_observes())
    }

    /// The response where it failed.
    pub(crate) fn failed(&self, status: u16) -> Reply {
        match self {
            Self::Service(_) => processing_failed(status),
            Self::Module(..) => Reply::status(status, "filter_module_error"),
        }
    }
}

/// A head for an extension, and the way that it goes.
pub(crate) struct Show {
    /// None: it is not shown the head.
    pub(crate) message: Option<Vec<u8>>,
    pub(crate) way: Way,
    pub(crate) timeout_ms: u64,
    pub(crate) mode: ExtProcMode,
    /// The body is shown together with the head; both are the service's from then on.
    pub(crate) is_with_body: bool,
    /// Which filter wants it.
    pub(crate) position: usize,
}

/// A body for the service that was shown its head last.
pub(crate) struct ShowBody {
    pub(crate) settings: OwnedSettings,
    pub(crate) stage: Stage,
    pub(crate) shows_trailers: bool,
}

/// What becomes of an extension after it has seen the request's head.
#[derive(Clone, Copy)]
pub(crate) enum Processing {
    /// It is shown nothing more.
    Over,
    /// It is shown nothing more of the request.
    Response,
    /// It has said what it wants to be shown.
    Mode(ExtProcMode),
}

pub(super) fn check<V: RequestView>(
    extender: Extender<'_>,
    context: &FilterContext<'_, V>,
    progress: &mut Progress,
    effects: &mut Effects,
) -> Outcome {
    if let Some(body) = progress.body_to_show.take() {
        return Outcome::ShowBody(body);
    }
    let extension = extender.extension();
    if let Some(shown) = progress.shown.take() {
        let changes = match shown {
            None => Changes::default(),
            Some(answer) => match extension.decide(Phase::Request, answer) {
                Decision::Continue(changes) => *changes,
                Decision::Reply(mut immediate) => {
                    merge(&mut effects.metadata, immediate.metadata.take());
                    return Outcome::Reply(reply(*immediate));
                }
                Decision::Fail { status } => return Outcome::Reply(extender.failed(status)),
            },
        };
        let is_body_shown = shows_body_with_head(extender.mode(), context.request.head());
        return go_on(extender, changes, is_body_shown, progress, effects);
    }
    let mode = extender.mode();
    if !mode.request_headers && !mode.wants_request_content() && !mode.wants_response() {
        return Outcome::Continue;
    }
    if let Some(wanted) = extension.wanted_body(Phase::Request).filter(|_| mode.request_headers) {
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
        message: mode
            .request_headers
            .then(|| question(extension, context, body, effects)),
        way: extender.way(),
        timeout_ms: extension.timeout_ms(),
        mode,
        is_with_body: shows_body_with_head(mode, context.request.head()),
        position: progress.position,
    }))
}

/// Whether a service gets a request's body without having answered to its head.
fn shows_body_with_head(mode: ExtProcMode, request: &RequestHead) -> bool {
    let is_message = !request.wants_upgrade && request.method != Method::Connect;
    let is_wanted = mode.request_headers && mode.request_body == ExtProcBody::FullDuplexStreamed;
    is_wanted && is_message && request.framing != Framing::None
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
        is_whole: request.head().framing == Framing::None,
        is_first: true,
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

fn go_on(
    extender: Extender<'_>,
    changes: Changes,
    is_body_shown: bool,
    progress: &mut Progress,
    effects: &mut Effects,
) -> Outcome {
    merge(&mut effects.metadata, changes.metadata);
    effects.reroutes |= changes.reroutes;
    effects.processing = if changes.is_over {
        Some(Processing::Over)
    } else if changes.is_last {
        Some(Processing::Response)
    } else {
        changes.mode.map(Processing::Mode)
    };
    let body = match extender {
        Extender::Service(_) if is_body_shown => None,
        Extender::Service(settings) => {
            let mode = changes.mode.unwrap_or(settings.mode());
            let stage = match changes.body {
                Some(body) => Some(Stage::Replace(body)),
                None if changes.is_over || changes.is_last || !mode.wants_request_content() => None,
                None => Some(Stage::from(mode.request_body)),
            };
            stage.map(|stage| {
                Box::new(ShowBody {
                    settings: settings.owned(),
                    shows_trailers: mode.request_trailers && !matches!(stage, Stage::Replace(_)),
                    stage,
                })
            })
        }
        Extender::Module(..) => {
            effects.body = changes.body;
            None
        }
    };
    let is_changed =
        !changes.remove.is_empty() || !changes.set.is_empty() || changes.reroutes || effects.body.is_some();
    effects.remove.extend(changes.remove);
    effects.change.extend(changes.set);
    match body {
        // What has changed in the head counts first.
        Some(body) if is_changed => {
            progress.body_to_show = Some(body);
            Outcome::Changed
        }
        Some(body) => Outcome::ShowBody(body),
        None if is_changed => Outcome::Changed,
        None => Outcome::Continue,
    }
}

/// How a service is shown bodies, in a word.
pub(super) fn describe(body: ExtProcBody) -> &'static str {
    match body {
        ExtProcBody::None => "none",
        ExtProcBody::Streamed => "streamed",
        ExtProcBody::Buffered => "buffered",
        ExtProcBody::BufferedPartial => "buffered in part",
        ExtProcBody::FullDuplexStreamed => "streamed both ways",
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

/// The response where a service failed.
pub(crate) fn processing_failed(status: u16) -> Reply {
    Reply::status(status, "ext_proc_error")
}
