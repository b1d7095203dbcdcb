//! What filters wait for: answers of services, and the request's body.

use std::{
    future::{Future as _, poll_fn},
    task::Poll,
};

use filter::{
    call::{Answer, CallFailure},
    jwt::Lack,
};
use http::{Buffer, Method};
use telemetry::Counter;

use super::{Call, Next, Scratch, client_gone, reply};
use crate::{error::Failure, exchange::Broken, filters::HeldBody, remote_keys, side_call, timer::Timer, wire::Wire};

/// Makes a filter's call, unless the client leaves.
pub(super) async fn ask(
    call: &mut Call<'_>,
    wire: &mut Wire,
    buffer: &mut Buffer,
    scratch: &Scratch,
    mut question: filter::call::Call,
) -> Result<Result<Answer, CallFailure>, ()> {
    let worker = &call.served.worker;
    let begin_ms = worker.timers.now_ms();
    if let Some(trace) = call.trace {
        question.set("traceparent", trace.to_text());
    }
    // In a box: what every request holds should not be as large as this.
    let mut answering = Box::pin(side_call::call(worker, &question));
    let result = poll_fn(|cx| {
        if let Poll::Ready(answer) = answering.as_mut().poll(cx) {
            return Poll::Ready(Ok(answer));
        }
        let client = scratch.outgoing.poll_client(cx, buffer, wire);
        client.map(|_| Err(()))
    })
    .await;
    call.held_ms += worker.timers.now_ms().saturating_sub(begin_ms);
    result
}

/// Has keys fetched and waits until that has ended, well or not, unless the client leaves.
pub(super) async fn fetch_keys(
    call: &mut Call<'_>,
    wire: &mut Wire,
    buffer: &mut Buffer,
    scratch: &Scratch,
    lacks: &[Lack],
) -> Result<(), ()> {
    let worker = &call.served.worker;
    let begin_ms = worker.timers.now_ms();
    for Lack { source, generation } in lacks {
        let seen = source.ended();
        remote_keys::start_after(worker, source, *generation);
        poll_fn(|cx| {
            if source.poll_ended(cx, seen).is_ready() {
                return Poll::Ready(Ok(()));
            }
            let client = scratch.outgoing.poll_client(cx, buffer, wire);
            client.map(|_| Err(()))
        })
        .await?;
    }
    call.held_ms += worker.timers.now_ms().saturating_sub(begin_ms);
    Ok(())
}

/// Takes the request's body, at most so many bytes, unless the client leaves or is too slow.
pub(super) async fn hold_body(
    call: &mut Call<'_>,
    wire: &mut Wire,
    buffer: &mut Buffer,
    scratch: &mut Scratch,
    timer: &Timer,
    most: usize,
) -> Result<HeldBody, Failure> {
    let request = &scratch.request;
    if request.wants_upgrade || request.method == Method::Connect {
        // What follows is no body.
        return Ok(HeldBody {
            bytes: Vec::new(),
            is_partial: false,
        });
    }
    if request.expects_continue && !scratch.outgoing.is_body_taken() {
        let mut permission = b"HTTP/1.1 100 Continue\r\n\r\n".to_vec();
        if !reply::write(call, wire, timer, &mut permission).await {
            return Err(Failure::DownstreamClosed);
        }
        scratch.request.expects_continue = false;
    }
    let begin_ms = timer.now_ms();
    let config = &call.http.config;
    let end_ms = (config.request_timeout_ms > 0).then(|| call.start_us / 1000 + config.request_timeout_ms);
    let idle_ms = config.stream_idle_timeout_ms;
    let arm = || {
        let idle = (idle_ms > 0).then(|| timer.now_ms() + idle_ms);
        timer.set(idle.into_iter().chain(end_ms).min());
    };
    arm();
    let outgoing = &mut scratch.outgoing;
    let held = poll_fn(|cx| {
        let seen = outgoing.body_bytes;
        match outgoing.poll_hold(cx, buffer, wire, &call.worker.buffers, most) {
            Poll::Ready(Ok(held)) => return Poll::Ready(Ok(held)),
            Poll::Ready(Err(Broken::DownstreamProtocol(_))) => return Poll::Ready(Err(Failure::DownstreamProtocol)),
            Poll::Ready(Err(_)) => return Poll::Ready(Err(Failure::DownstreamClosed)),
            Poll::Pending => {}
        }
        if outgoing.body_bytes > seen {
            arm();
        }
        timer.poll_expired(cx).map(|()| {
            Err(match end_ms {
                Some(end_ms) if end_ms <= timer.now_ms() => Failure::RequestTimeout,
                _ => Failure::StreamIdleTimeout,
            })
        })
    })
    .await?;
    call.held_ms += timer.now_ms().saturating_sub(begin_ms);
    let mut bytes = outgoing.held(buffer).concat();
    let is_partial = held.is_none();
    bytes.truncate(most);
    Ok(HeldBody { bytes, is_partial })
}

/// Ends a request whose body did not come.
pub(super) async fn refuse(
    call: &mut Call<'_>,
    wire: &mut Wire,
    buffer: &Buffer,
    scratch: &mut Scratch,
    timer: &Timer,
    failure: Failure,
) -> Next {
    if failure == Failure::DownstreamClosed {
        return client_gone(call);
    }
    if failure == Failure::DownstreamProtocol {
        call.worker.count(Counter::DownstreamProtocolErrors);
    }
    call.closes = true;
    let reply = call.fail(failure);
    reply::send(call, wire, buffer, scratch, timer, reply).await
}
