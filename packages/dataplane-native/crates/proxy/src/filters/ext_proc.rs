//! Showing a request to a service that may change it.

use config::{ExtProcBody, ExtProcMode, RequestView};
use filter::ext_proc::{Changes, Decision, Immediate, OwnedSettings, Phase, Settings};

use super::{Effects, FilterContext, Outcome, Progress, field_lines, merge};
use crate::{
    exchange::Stage,
    request::{Body, Details, Reply},
};

/// A head for a service.
pub(crate) struct Show {
    /// None: the service is not shown the head.
    pub(crate) message: Option<Vec<u8>>,
    pub(crate) settings: OwnedSettings,
    pub(crate) mode: ExtProcMode,
    /// Which filter wants it.
    pub(crate) position: usize,
}

/// A body for the service that was shown its head last.
pub(crate) struct ShowBody {
    pub(crate) settings: OwnedSettings,
    pub(crate) stage: Stage,
    pub(crate) shows_trailers: bool,
}

/// What becomes of a service after it has seen the request's head.
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
    settings: Settings<'_>,
    context: &FilterContext<'_, V>,
    progress: &mut Progress,
    effects: &mut Effects,
) -> Outcome {
    if let Some(body) = progress.body_to_show.take() {
        return Outcome::ShowBody(body);
    }
    if let Some(shown) = progress.shown.take() {
        let changes = match shown {
            None => Changes::default(),
            Some(answer) => match settings.decide(Phase::Request, answer) {
                Decision::Continue(changes) => *changes,
                Decision::Reply(immediate) => return Outcome::Reply(reply(*immediate)),
                Decision::Fail { status } => return Outcome::Reply(failed(status)),
            },
        };
        return go_on(settings, changes, progress, effects);
    }
    let mode = settings.mode();
    if !mode.request_headers && !mode.wants_request_content() && !mode.wants_response() {
        return Outcome::Continue;
    }
    Outcome::Show(Box::new(Show {
        message: mode.request_headers.then(|| message(settings, context, effects)),
        settings: settings.owned(),
        mode,
        position: progress.position,
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
    settings.message(
        Phase::Request,
        fields.into_iter(),
        is_whole,
        effects.metadata.as_ref(),
        true,
    )
}

fn go_on(settings: Settings<'_>, changes: Changes, progress: &mut Progress, effects: &mut Effects) -> Outcome {
    merge(&mut effects.metadata, changes.metadata);
    effects.reroutes |= changes.reroutes;
    effects.processing = if changes.is_over {
        Some(Processing::Over)
    } else if changes.is_last {
        Some(Processing::Response)
    } else {
        changes.mode.map(Processing::Mode)
    };
    let mode = changes.mode.unwrap_or(settings.mode());
    let stage = match changes.body {
        Some(body) => Some(Stage::Replace(body)),
        None if changes.is_over || changes.is_last || !mode.wants_request_content() => None,
        None => Some(Stage::from(mode.request_body)),
    };
    let body = stage.map(|stage| {
        Box::new(ShowBody {
            settings: settings.owned(),
            shows_trailers: mode.request_trailers && !matches!(stage, Stage::Replace(_)),
            stage,
        })
    });
    let is_changed = !changes.remove.is_empty() || !changes.set.is_empty() || changes.reroutes;
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
