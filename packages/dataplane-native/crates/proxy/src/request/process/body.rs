//! Bodies on their way past services that look at them.

use std::{
    future::poll_fn,
    rc::Rc,
    task::{Context, Poll},
};

use config::ExtProcMode;
use filter::ext_proc::{OwnedSettings, Phase, Settings};
use http::{Buffer, BufferPool, Framing, Method, RequestView};
use telemetry::Counter;

use super::{Sides, Stop, poll_request, take_over};
use crate::{
    error::Failure,
    exchange::{Answer, Broken, Gate, Incoming, Place, Stage},
    filters::{self, ShowBody},
    request::{Call, Next, Reply, Scratch, attempt::Deadlines, client_gone, effects, reply},
    side_call::Conversation,
    timer::Timer,
    wire::Wire,
};

/// What is held of a body where the listener does not say (`per_connection_buffer_limit_bytes`).
const DEFAULT_LIMIT: u32 = 1024 * 1024;

/// The most that is held of a body for a service.
pub(super) fn limit(call: &Call<'_>) -> usize {
    let of_listener = call.served.listener.config.per_connection_buffer_limit_bytes;
    of_listener.unwrap_or(DEFAULT_LIMIT) as usize
}

/// The reply of a service that has ended the request while it was shown a body.
pub(super) fn stopped(reply: Option<Box<Reply>>) -> Stop {
    reply.map_or(Stop::Failed(Failure::Stopped), Stop::Reply)
}

/// Ends a request before it has gone anywhere.
pub(in crate::request) async fn end(
    call: &mut Call<'_>,
    wire: &mut Wire,
    buffer: &Buffer,
    scratch: &mut Scratch,
    timer: &Timer,
    stop: Stop,
) -> Next {
    let answer = match stop {
        Stop::Gone => return client_gone(call),
        Stop::Reply(answer) => *answer,
        Stop::Failed(failure) => {
            if failure == Failure::DownstreamProtocol {
                call.worker.count(Counter::DownstreamProtocolErrors);
            }
            call.closes = true;
            call.fail(failure)
        }
    };
    reply::send(call, wire, buffer, scratch, timer, answer).await
}

/// Shows the request's body to the service that was shown its head last. Where the head has to wait for that, this does.
pub(in crate::request) async fn show_request(
    call: &mut Call<'_>,
    wire: &mut Wire,
    buffer: &mut Buffer,
    scratch: &mut Scratch,
    timer: &Timer,
    show: ShowBody,
) -> Result<(), Stop> {
    let conversation = call
        .processors
        .last()
        .and_then(|processor| processor.conversation().map(Rc::clone));
    if call
        .processors
        .last()
        .is_some_and(|processor| !processor.mode.wants_response())
    {
        // The gate keeps the stream as long as it needs it.
        call.processors.pop();
    }
    let request = &scratch.request;
    let is_message = !request.wants_upgrade && request.method != Method::Connect;
    let has_body = request.framing != Framing::None || matches!(show.stage, Stage::Replace(_));
    let Some(conversation) = conversation.filter(|_| is_message && has_body) else {
        return Ok(());
    };
    let place = Place {
        phase: Phase::Request,
        stage: show.stage,
        shows_trailers: show.shows_trailers,
        limit: limit(call),
    };
    let gate = Gate::new(&conversation, show.settings, place);
    let holds_head = gate.holds_head();
    let added = scratch.outgoing.add_gate(gate, buffer, &call.worker.buffers);
    added.map_err(|_| Stop::Failed(Failure::DownstreamProtocol))?;
    remove_length(buffer, scratch);
    if holds_head {
        hold(call, wire, buffer, scratch, timer).await?;
    }
    Ok(())
}

/// Shows the request's head and its body to a service that answers whenever it likes. What is said to the head.
pub(super) async fn show_with_head(
    call: &mut Call<'_>,
    wire: &mut Wire,
    buffer: &mut Buffer,
    scratch: &mut Scratch,
    timer: &Timer,
    (message, (conversation, settings, shows_trailers)): (&[u8], (&Rc<Conversation>, OwnedSettings, bool)),
) -> Result<Answer, Stop> {
    let place = Place {
        phase: Phase::Request,
        stage: Stage::FullDuplex,
        shows_trailers,
        limit: limit(call),
    };
    let gate = Gate::new(conversation, settings, place).with_head(message);
    let added = scratch.outgoing.add_gate(gate, buffer, &call.worker.buffers);
    added.map_err(|_| Stop::Failed(Failure::DownstreamProtocol))?;
    remove_length(buffer, scratch);
    permit(call, wire, scratch, timer).await?;
    let mut deadlines = crate::request::attempt::deadlines_of_hold(call);
    deadlines.arm(timer);
    let pool = &call.worker.buffers;
    let outgoing = &mut scratch.outgoing;
    let answer = poll_fn(|cx| {
        if let Poll::Ready(result) = outgoing.poll_head_answer(cx, wire, pool) {
            return Poll::Ready(result.map_err(|broken| to_stop(broken, outgoing.take_stop())));
        }
        if outgoing.poll_client(cx, buffer, wire).is_ready() {
            return Poll::Ready(Err(Stop::Gone));
        }
        deadlines
            .poll(cx, timer, outgoing.body_bytes)
            .map(|failure| Err(Stop::Failed(failure)))
    })
    .await;
    timer.set(None);
    answer
}

/// Why nothing comes of a request's body. `reply`: that of a service.
fn to_stop(broken: Broken, reply: Option<Box<Reply>>) -> Stop {
    match broken {
        Broken::Stopped => stopped(reply),
        Broken::DownstreamProtocol(_) => Stop::Failed(Failure::DownstreamProtocol),
        _ => Stop::Gone,
    }
}

/// Lets a client that waits for it send its body.
async fn permit(call: &mut Call<'_>, wire: &mut Wire, scratch: &mut Scratch, timer: &Timer) -> Result<(), Stop> {
    if scratch.request.expects_continue {
        let mut permission = b"HTTP/1.1 100 Continue\r\n\r\n".to_vec();
        if !reply::write(call, wire, timer, &mut permission).await {
            return Err(Stop::Gone);
        }
        scratch.request.expects_continue = false;
    }
    Ok(())
}

fn remove_length(buffer: &Buffer, scratch: &mut Scratch) {
    let view = RequestView::new(&scratch.request, buffer.filled());
    for name in ["content-length", "transfer-encoding"] {
        scratch.edits.remove(view.buffer(), view.fields(), name);
    }
}

/// Waits for what becomes of the body, and takes over what changes in the head with it.
async fn hold(
    call: &mut Call<'_>,
    wire: &mut Wire,
    buffer: &mut Buffer,
    scratch: &mut Scratch,
    timer: &Timer,
) -> Result<(), Stop> {
    permit(call, wire, scratch, timer).await?;
    let begin_ms = timer.now_ms();
    let mut deadlines = crate::request::attempt::deadlines_of_hold(call);
    deadlines.arm(timer);
    let pool = &call.worker.buffers;
    let outgoing = &mut scratch.outgoing;
    let held = poll_fn(|cx| match outgoing.poll_first(cx, wire, pool) {
        Poll::Ready(result) => Poll::Ready(result.map_err(|broken| to_stop(broken, outgoing.take_stop()))),
        Poll::Pending => deadlines
            .poll(cx, timer, outgoing.body_bytes)
            .map(|failure| Err(Stop::Failed(failure))),
    })
    .await;
    timer.set(None);
    call.held_ms += timer.now_ms().saturating_sub(begin_ms);
    held?;
    if let Some(length) = scratch.outgoing.known_length()
        && scratch.outgoing.set_held()
    {
        let mut number = itoa::Buffer::new();
        scratch.edits.append("content-length", number.format(length).as_bytes());
        scratch.request.framing = Framing::Length(length as u64);
    }
    let changes = scratch.outgoing.take_changes();
    for change in changes {
        call.effects.reroutes |= change.reroutes;
        let view = RequestView::new(&scratch.request, buffer.filled());
        for name in &change.remove {
            effects::remove(name.as_str(), &mut scratch.edits, view.buffer(), view.fields());
        }
        call.effects.change.extend(change.set);
        effects::take_over(call, buffer, scratch).map_err(|reply| Stop::Reply(Box::new(reply)))?;
    }
    Ok(())
}

/// Shows the response's body to a service.
pub(super) async fn show_response(
    call: &mut Call<'_>,
    scratch: &mut Scratch,
    sides: &mut Sides<'_>,
    deadlines: &mut Deadlines,
    (conversation, settings, mode, stage): (&Rc<Conversation>, Settings<'_>, ExtProcMode, Stage),
) -> Result<(), Stop> {
    let place = Place {
        phase: Phase::Response,
        shows_trailers: mode.response_trailers && !matches!(stage, Stage::Replace(_)),
        stage,
        limit: limit(call),
    };
    let gate = Gate::new(conversation, settings.owned(), place);
    lead_response(call, scratch, sides, deadlines, gate).await
}

/// Leads the response's body through a gate, if there is a body. Where the head has to wait for what becomes of it, this does.
pub(super) async fn lead_response(
    call: &mut Call<'_>,
    scratch: &mut Scratch,
    sides: &mut Sides<'_>,
    deadlines: &mut Deadlines,
    gate: Gate,
) -> Result<(), Stop> {
    if !is_there(scratch) {
        // There is none, and none can be made where the request or the status forbids it.
        return Ok(());
    }
    let framing = scratch.response.framing;
    let holds_head = gate.holds_head();
    scratch.incoming.add_gate(gate, framing, &call.worker.buffers);
    if holds_head {
        wait(call, scratch, sides, deadlines, Incoming::poll_first).await?;
        for changes in scratch.incoming.take_changes() {
            take_over(call, scratch, changes);
        }
    }
    set_length(call, scratch);
    filters::merge(&mut call.effects.metadata, scratch.incoming.take_metadata());
    Ok(())
}

/// Whether the response has a body that can be shown.
pub(super) fn is_there(scratch: &Scratch) -> bool {
    scratch.response.framing != Framing::None || scratch.incoming.is_gated()
}

/// Shows the response's head and its body to a service that answers whenever it likes. What is said to the head.
pub(super) async fn show_response_with_head(
    call: &mut Call<'_>,
    scratch: &mut Scratch,
    sides: &mut Sides<'_>,
    deadlines: &mut Deadlines,
    (message, (conversation, settings, mode)): (&[u8], (&Rc<Conversation>, Settings<'_>, ExtProcMode)),
) -> Result<Answer, Stop> {
    let place = Place {
        phase: Phase::Response,
        stage: Stage::FullDuplex,
        shows_trailers: mode.response_trailers,
        limit: limit(call),
    };
    let gate = Gate::new(conversation, settings.owned(), place).with_head(message);
    let framing = scratch.response.framing;
    scratch.incoming.add_gate(gate, framing, &call.worker.buffers);
    let answer = wait(call, scratch, sides, deadlines, Incoming::poll_head_answer).await?;
    set_length(call, scratch);
    Ok(answer)
}

/// Waits for something about the response, while the request goes on.
async fn wait<T>(
    call: &Call<'_>,
    scratch: &mut Scratch,
    sides: &mut Sides<'_>,
    deadlines: &mut Deadlines,
    poll: impl Fn(&mut Incoming, &mut Context<'_>, &mut Wire, &BufferPool) -> Poll<Result<T, Broken>>,
) -> Result<T, Stop> {
    deadlines.arm(sides.timer);
    poll_fn(|cx| {
        match poll(&mut scratch.incoming, cx, &mut sides.up.wire, &call.worker.buffers) {
            Poll::Ready(Ok(found)) => return Poll::Ready(Ok(found)),
            Poll::Ready(Err(broken)) => {
                return Poll::Ready(Err(match broken {
                    Broken::Stopped => stopped(scratch.incoming.take_stop()),
                    Broken::UpstreamProtocol => Stop::Failed(Failure::UpstreamProtocol),
                    _ => Stop::Failed(Failure::ClosedBeforeResponse),
                }));
            }
            Poll::Pending => {}
        }
        if let Poll::Ready(stop) = poll_request(cx, call, scratch, sides) {
            return Poll::Ready(Err(stop));
        }
        let moved = scratch.outgoing.body_bytes + scratch.incoming.received;
        deadlines
            .poll(cx, sides.timer, moved)
            .map(|failure| Err(Stop::Failed(failure)))
    })
    .await
}

/// Says in the head how long the body is, if that is known now.
fn set_length(call: &Call<'_>, scratch: &mut Scratch) {
    let head = scratch.incoming.head_bytes();
    let (fields, edits) = (&scratch.response.fields, &mut scratch.response_edits);
    for name in ["content-length", "transfer-encoding"] {
        edits.remove(head, fields, name);
    }
    scratch.response.framing = match scratch.incoming.known_length() {
        Some(length) => {
            // A status that forbids a length has no body either; its gate has nothing to show.
            if call.status != 204 {
                let mut number = itoa::Buffer::new();
                edits.append("content-length", number.format(length).as_bytes());
            }
            Framing::Length(length as u64)
        }
        None => Framing::Close,
    };
}
