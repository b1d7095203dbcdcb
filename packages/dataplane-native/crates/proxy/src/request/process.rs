//! Services that look at messages, along a request's way: the streams that they are asked on live as long as it does.

pub(super) mod body;

use std::{
    future::{Future as _, poll_fn},
    pin::Pin,
    rc::Rc,
    task::Poll,
};

use config::ExtProcMode;
use filter::{
    call::CallFailure,
    ext_proc::{Changes, Decision, Phase, Settings},
};
use http::{Buffer, Framing};

use super::{Call, Reply, Scratch, effects};
use crate::{
    error::Failure,
    exchange::{Broken, Stage},
    filters::{self, Processing, Show},
    pool::Upstream,
    side_call::Conversation,
    timer::Timer,
    wire::Wire,
};

/// A service that looks at this request.
pub(crate) struct Processor {
    conversation: Rc<Conversation>,
    /// Which filter it belongs to.
    position: usize,
    mode: ExtProcMode,
}

impl Processor {
    /// Takes over what it has said about itself.
    pub(super) fn note(&mut self, processing: Processing) {
        match processing {
            Processing::Over => self.conversation.end(),
            Processing::Response => {
                self.mode.request_body = config::ExtProcBody::None;
                self.mode.request_trailers = false;
            }
            Processing::Mode(mode) => self.mode = mode,
        }
    }

    /// Whether it is shown nothing more.
    pub(super) fn is_done(&self) -> bool {
        self.conversation.is_over() || !self.mode.wants_request_content() && !self.mode.wants_response()
    }
}

/// What came of showing something: an answer, or nothing where nothing was to be shown yet.
pub(crate) type Shown = Option<Result<Option<Vec<u8>>, CallFailure>>;

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
    scratch: &Scratch,
    show: Show,
) -> Result<Shown, ()> {
    let begin_ms = call.worker.timers.now_ms();
    let settings = show.settings.settings();
    let conversation = Conversation::new(&call.served.worker, settings, body::limit(call));
    call.processors.push(Processor {
        conversation: Rc::clone(&conversation),
        position: show.position,
        mode: show.mode,
    });
    let shown = match &show.message {
        None => None,
        Some(message) => {
            conversation.begins();
            let mut asking = Box::pin(conversation.ask(message));
            let answer = poll_fn(|cx| {
                if let Poll::Ready(answer) = asking.as_mut().poll(cx) {
                    return Poll::Ready(Ok(answer));
                }
                let client = scratch.outgoing.poll_client(cx, buffer, wire);
                client.map(|_| Err(()))
            })
            .await?;
            // An observer's answer is none.
            (!settings.only_observes()).then_some(answer)
        }
    };
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
        if processor.conversation.is_over() || !processor.mode.wants_response() {
            continue;
        }
        let settings = call.http.filters.processor(processor.position, call.found, call.choice);
        let Some(settings) = settings else { continue };
        let mut mode = processor.mode;
        let mut replacement = None;
        if mode.response_headers {
            let message = response_message(call, scratch, settings, &processor);
            let answer = ask(&processor, &message, call, scratch, sides).await?;
            let changes = match settings.decide(Phase::Response, answer) {
                _ if settings.only_observes() => Changes::default(),
                Decision::Reply(immediate) => return Err(Stop::Reply(Box::new(filters::immediate(*immediate)))),
                Decision::Fail { status } => return Err(Stop::Reply(Box::new(filters::processing_failed(status)))),
                Decision::Continue(changes) => *changes,
            };
            mode = changes.mode.unwrap_or(mode);
            if changes.is_over || changes.is_last {
                mode.response_body = config::ExtProcBody::None;
                mode.response_trailers = false;
            }
            replacement = take_over(call, scratch, changes);
        }
        let stage = replacement.map_or_else(|| Stage::from(mode.response_body), Stage::Replace);
        if stage != Stage::Pass || mode.response_trailers {
            body::show_response(call, scratch, sides, deadlines, (&processor, settings, mode, stage)).await?;
        }
    }
    Ok(())
}

/// Takes over what a service changes in the response's head. What is left is a body in place of the response's.
fn take_over(call: &mut Call<'_>, scratch: &mut Scratch, changes: Changes) -> Option<Vec<u8>> {
    filters::merge(&mut call.effects.metadata, changes.metadata);
    let head = scratch.incoming.head_bytes();
    let (fields, edits) = (&scratch.response.fields, &mut scratch.response_edits);
    for name in &changes.remove {
        edits.remove(head, fields, name.as_str());
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

fn response_message(call: &Call<'_>, scratch: &Scratch, settings: Settings<'_>, processor: &Processor) -> Vec<u8> {
    let mut number = itoa::Buffer::new();
    let status = number.format(scratch.response.status);
    let mut fields: Vec<(&[u8], &[u8])> = vec![(b":status", status.as_bytes())];
    let head = scratch.incoming.head_bytes();
    scratch
        .response_edits
        .for_each(head, &scratch.response.fields, |_, name, value| {
            fields.push((name, value));
        });
    let is_whole = scratch.response.framing == Framing::None;
    settings.message(
        Phase::Response,
        fields.into_iter(),
        is_whole,
        call.effects.metadata.as_ref(),
        processor.conversation.begins(),
    )
}

/// Asks about the response. The request goes on meanwhile, as far as it has not: services may be asked about it too.
async fn ask(
    processor: &Processor,
    message: &[u8],
    call: &Call<'_>,
    scratch: &mut Scratch,
    sides: &mut Sides<'_>,
) -> Result<Result<Option<Vec<u8>>, CallFailure>, Stop> {
    let mut asking: Pin<Box<_>> = Box::pin(processor.conversation.ask(message));
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
