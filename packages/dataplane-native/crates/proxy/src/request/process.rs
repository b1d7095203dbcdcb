//! Extensions that look at messages, along a request's way: the streams that services are asked on live as long as it does.

pub(super) mod body;

use std::{
    future::{Future as _, poll_fn},
    rc::Rc,
    sync::Arc,
    task::Poll,
};

use config::{ExtProcBody, ExtProcMode, RequestView as _};
use filter::{
    call::CallFailure,
    ext_proc::{Changes, Decision, Phase},
    extension::{Extension, Shown as ShownHead},
};
use http::{Buffer, Framing};

use super::{Call, Reply, Scratch, View, effects};
use crate::{
    error::Failure,
    exchange::{Answer, Broken, Gate, Stage},
    filters::{self, Extender, Processing, Show, Way},
    modules::{self, Instance},
    pool::Upstream,
    side_call::Conversation,
    timer::Timer,
    wire::Wire,
    worker::Worker,
};

/// An extension that looks at this request.
pub(crate) struct Processor {
    partner: Partner,
    /// Which filter it belongs to.
    position: usize,
    mode: ExtProcMode,
}

/// Who is asked.
enum Partner {
    Service(Rc<Conversation>),
    Thread(Arc<Instance>),
}

impl Processor {
    /// Takes over what it has said about itself.
    pub(super) fn note(&mut self, processing: Processing) {
        match processing {
            Processing::Over => {
                if let Partner::Service(conversation) = &self.partner {
                    conversation.end();
                }
                self.mode = ExtProcMode {
                    request_headers: false,
                    response_headers: false,
                    ..ExtProcMode::default()
                };
            }
            Processing::Response => {
                self.mode.request_body = ExtProcBody::None;
                self.mode.request_trailers = false;
            }
            Processing::Mode(mode) => self.mode = mode,
        }
    }

    /// Whether it is shown nothing more.
    pub(super) fn is_done(&self) -> bool {
        self.is_over() || !self.mode.wants_request_content() && !self.mode.wants_response()
    }

    fn is_over(&self) -> bool {
        matches!(&self.partner, Partner::Service(conversation) if conversation.is_over())
    }

    /// Whether the next message to a service is the first one. True once.
    fn begins(&self) -> bool {
        matches!(&self.partner, Partner::Service(conversation) if conversation.begins())
    }

    fn conversation(&self) -> Option<&Rc<Conversation>> {
        match &self.partner {
            Partner::Service(conversation) => Some(conversation),
            Partner::Thread(_) => None,
        }
    }
}

impl Partner {
    async fn ask(
        &self,
        worker: &Worker,
        (phase, message): (Phase, &[u8]),
        timeout_ms: u64,
    ) -> Result<Option<Vec<u8>>, CallFailure> {
        match self {
            Self::Service(conversation) => conversation.ask(phase, message).await,
            Self::Thread(instance) => {
                let answer = modules::ask(worker, instance, phase, message.to_vec(), timeout_ms).await;
                answer.map(Some)
            }
        }
    }
}

/// What came of showing something: an answer, or nothing where nothing was to be shown yet.
pub(crate) type Shown = Option<Answer>;

/// Why a response is not the upstream's.
pub(super) enum Stop {
    /// The client has left.
    Gone,
    Reply(Box<Reply>),
    Failed(Failure),
}

/// Shows the request's head, unless the client leaves.
pub(super) async fn show_request(
    call: &mut Call<'_>,
    wire: &mut Wire,
    buffer: &mut Buffer,
    scratch: &mut Scratch,
    timer: &Timer,
    show: Show,
) -> Result<Shown, Stop> {
    let begin_ms = call.worker.timers.now_ms();
    let (partner, only_observes) = match &show.way {
        Way::Service(settings) => {
            let settings = settings.settings();
            let conversation = Conversation::new(&call.served.worker, settings, body::limit(call));
            (Partner::Service(conversation), settings.only_observes())
        }
        Way::Thread(instance) => (Partner::Thread(Arc::clone(instance)), false),
    };
    let processor = Processor {
        partner,
        position: show.position,
        mode: show.mode,
    };
    let shown = match (&show.message, &show.way, processor.conversation()) {
        (None, ..) => None,
        (Some(message), Way::Service(settings), Some(conversation)) if show.is_with_body => {
            processor.begins();
            let with = (conversation, settings.clone(), show.mode.request_trailers);
            Some(body::show_with_head(call, wire, buffer, scratch, timer, (message, with)).await?)
        }
        (Some(message), ..) => {
            // It says so itself.
            processor.begins();
            let question = (Phase::Request, &**message);
            let mut asking = Box::pin(processor.partner.ask(call.worker, question, show.timeout_ms));
            let answer = poll_fn(|cx| {
                if let Poll::Ready(answer) = asking.as_mut().poll(cx) {
                    return Poll::Ready(Ok(answer));
                }
                let client = scratch.outgoing.poll_client(cx, buffer, wire);
                client.map(|_| Err(Stop::Gone))
            })
            .await?;
            // An observer's answer is none.
            (!only_observes).then_some(answer)
        }
    };
    call.processors.push(processor);
    call.held_ms += call.worker.timers.now_ms().saturating_sub(begin_ms);
    Ok(shown)
}

/// What a response is shown with: the wires of both sides, and what is left of the request.
pub(super) struct Sides<'a> {
    pub(super) wire: &'a mut Wire,
    pub(super) buffer: &'a mut Buffer,
    pub(super) up: &'a mut Upstream,
    pub(super) timer: &'a Timer,
}

/// Shows the response to those who want it, the last one first, and takes over what they change.
pub(super) async fn show_response(
    call: &mut Call<'_>,
    scratch: &mut Scratch,
    sides: &mut Sides<'_>,
    deadlines: &mut super::attempt::Deadlines,
) -> Result<(), Stop> {
    while let Some(processor) = call.processors.pop() {
        if processor.is_over() || !processor.mode.wants_response() {
            continue;
        }
        let route = (call.found, call.choice);
        let extender = call.http.filters.extender(processor.position, route, call.routes);
        let Some(extender) = extender else { continue };
        let mut mode = processor.mode;
        let mut replacement = None;
        if mode.response_headers {
            if let Some(wanted) = extender.extension().wanted_body(Phase::Response) {
                let gate = Gate::holding(Phase::Response, wanted);
                body::lead_response(call, scratch, sides, deadlines, gate).await?;
            }
            let is_with_body = mode.response_body == ExtProcBody::FullDuplexStreamed && body::is_there(scratch);
            let changes = if is_with_body {
                show_with_body(call, scratch, sides, deadlines, &processor, extender).await?
            } else {
                show_head(call, scratch, sides, &processor, extender).await?
            };
            mode = changes.mode.unwrap_or(mode);
            if changes.is_over || changes.is_last || is_with_body {
                mode.response_body = ExtProcBody::None;
                mode.response_trailers = false;
            }
            // What takes the place of a body that the service has is put there already.
            replacement = take_over(call, scratch, changes).filter(|_| !is_with_body);
        }
        let (Extender::Service(settings), Some(conversation)) = (extender, processor.conversation()) else {
            if let Some(content) = replacement {
                let gate = Gate::replacing(Phase::Response, content);
                body::lead_response(call, scratch, sides, deadlines, gate).await?;
            }
            continue;
        };
        let stage = replacement.map_or_else(|| Stage::from(mode.response_body), Stage::Replace);
        if stage != Stage::Pass || mode.response_trailers {
            body::show_response(call, scratch, sides, deadlines, (conversation, settings, mode, stage)).await?;
        }
    }
    Ok(())
}

/// Shows the response's head.
async fn show_head(
    call: &mut Call<'_>,
    scratch: &mut Scratch,
    sides: &mut Sides<'_>,
    processor: &Processor,
    extender: Extender<'_>,
) -> Result<Changes, Stop> {
    let extension = extender.extension();
    let message = response_message(call, sides.buffer, scratch, extension, processor.begins());
    let answer = ask(processor, &message, extension.timeout_ms(), call, scratch, sides).await?;
    if extender.only_observes() {
        return Ok(Changes::default());
    }
    decide(call, extender, answer)
}

/// Shows the response's head, and its body without waiting for what is said to the head.
async fn show_with_body(
    call: &mut Call<'_>,
    scratch: &mut Scratch,
    sides: &mut Sides<'_>,
    deadlines: &mut super::attempt::Deadlines,
    processor: &Processor,
    extender: Extender<'_>,
) -> Result<Changes, Stop> {
    let (Extender::Service(settings), Some(conversation)) = (extender, processor.conversation()) else {
        return Ok(Changes::default());
    };
    let message = response_message(call, sides.buffer, scratch, extender.extension(), processor.begins());
    let with = (conversation, settings, processor.mode);
    let answer = body::show_response_with_head(call, scratch, sides, deadlines, (&message, with)).await?;
    decide(call, extender, answer)
}

/// What an answer to the response's head means.
fn decide(call: &mut Call<'_>, extender: Extender<'_>, answer: Answer) -> Result<Changes, Stop> {
    match extender.extension().decide(Phase::Response, answer) {
        Decision::Reply(mut immediate) => {
            filters::merge(&mut call.effects.metadata, immediate.metadata.take());
            Err(Stop::Reply(Box::new(filters::immediate(*immediate))))
        }
        Decision::Fail { status } => Err(Stop::Reply(Box::new(extender.failed(status)))),
        Decision::Continue(changes) => Ok(*changes),
    }
}

/// Takes over what an extension changes in the response's head. What is left is a body in place of the response's.
fn take_over(call: &mut Call<'_>, scratch: &mut Scratch, changes: Changes) -> Option<Vec<u8>> {
    filters::merge(&mut call.effects.metadata, changes.metadata);
    let head = scratch.incoming.head_bytes();
    let (fields, edits) = (&scratch.response.fields, &mut scratch.response_edits);
    for name in &changes.remove {
        effects::remove(name.as_str(), edits, head, fields);
    }
    for change in &changes.set {
        effects::apply(change, edits, head, fields);
    }
    if let Some(status) = changes.status {
        scratch.response.status = status;
        call.status = status;
    }
    changes.body
}

fn response_message(
    call: &Call<'_>,
    buffer: &Buffer,
    scratch: &Scratch,
    extension: &dyn Extension,
    is_first: bool,
) -> Vec<u8> {
    let head = scratch.incoming.head_bytes();
    let mut fields: Vec<(&[u8], &[u8])> = Vec::with_capacity(scratch.response.fields.as_slice().len() + 4);
    scratch
        .response_edits
        .for_each(head, &scratch.response.fields, |_, name, value| {
            fields.push((name, value));
        });
    let view = View::new(call, buffer, scratch);
    let client = call.remote.map(|address| address.to_string());
    let shown = ShownHead {
        status: scratch.response.status,
        method: view.method(),
        path: view.path(),
        authority: view.authority(),
        scheme: view.scheme(),
        fields: &fields,
        is_whole: scratch.response.framing == Framing::None,
        is_first,
        body: extension.wanted_body(Phase::Response).map(|_| scratch.incoming.held()),
        route: call.found.map_or("", |found| &found.route.name),
        client: client.as_deref().unwrap_or_default(),
        principal: filters::principal(&call.served.facts),
        metadata: call.effects.metadata.as_ref(),
    };
    extension.question(Phase::Response, &shown)
}

/// Asks about the response. The request goes on meanwhile, as far as it has not: services may be asked about it too.
async fn ask(
    processor: &Processor,
    message: &[u8],
    timeout_ms: u64,
    call: &Call<'_>,
    scratch: &mut Scratch,
    sides: &mut Sides<'_>,
) -> Result<Result<Option<Vec<u8>>, CallFailure>, Stop> {
    let question = (Phase::Response, message);
    let mut asking = Box::pin(processor.partner.ask(call.worker, question, timeout_ms));
    poll_fn(|cx| {
        if let Poll::Ready(answer) = asking.as_mut().poll(cx) {
            return Poll::Ready(Ok(answer));
        }
        poll_request(cx, call, scratch, sides).map(Err)
    })
    .await
}

/// Goes on with the request while its response waits. Ready when there is nobody to respond to, or nothing to respond with.
fn poll_request(
    cx: &mut std::task::Context<'_>,
    call: &Call<'_>,
    scratch: &mut Scratch,
    sides: &mut Sides<'_>,
) -> Poll<Stop> {
    let outgoing = &mut scratch.outgoing;
    if !outgoing.is_finished() {
        let pool = &call.worker.buffers;
        match outgoing.poll(cx, sides.buffer, sides.wire, &mut sides.up.wire, pool) {
            Poll::Ready(Err(Broken::Downstream | Broken::DownstreamProtocol(_))) => return Poll::Ready(Stop::Gone),
            Poll::Ready(Err(Broken::Stopped)) => return Poll::Ready(body::stopped(outgoing.take_stop())),
            // An upstream that has answered does not need the rest. What was asked about it is answered all the same.
            Poll::Ready(Err(_)) => outgoing.poll_questions(cx),
            Poll::Ready(Ok(())) | Poll::Pending => {}
        }
    }
    outgoing.poll_client(cx, sides.buffer, sides.wire).map(|_| Stop::Gone)
}
