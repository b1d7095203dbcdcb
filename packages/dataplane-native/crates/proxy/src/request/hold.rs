//! Requests that go on when they are complete.

use std::{future::poll_fn, task::Poll};

use http::{Buffer, Framing, Known, Method, RequestView};
use telemetry::Counter;

use super::{Call, Reply, Scratch, attempt, reply};
use crate::{error::Failure, exchange::Broken, request::Body, timer::Timer, wire::Wire};

/// Takes the whole body, of `limit` bytes at most. An error is the reply; none if the client has gone.
pub(super) async fn hold(
    call: &mut Call<'_>,
    wire: &mut Wire,
    buffer: &mut Buffer,
    scratch: &mut Scratch,
    timer: &Timer,
    limit: u32,
) -> Result<(), Option<Reply>> {
    let head = &scratch.request;
    if head.wants_upgrade || head.method == Method::Connect {
        return Ok(());
    }
    let limit = limit as usize;
    let length = RequestView::new(head, buffer.filled()).known(Known::ContentLength);
    let length = length.and_then(|value| std::str::from_utf8(value).ok()?.parse::<u64>().ok());
    if length.is_some_and(|length| length > limit as u64) {
        return Err(Some(too_large()));
    }
    if head.expects_continue && !scratch.outgoing.is_body_taken() {
        let mut permission = b"HTTP/1.1 100 Continue\r\n\r\n".to_vec();
        if !reply::write(call, wire, timer, &mut permission).await {
            return Err(None);
        }
    }
    let was_taken = scratch.outgoing.is_body_taken();
    let mut deadlines = attempt::deadlines_of_hold(call);
    deadlines.arm(timer);
    let pool = &call.worker.buffers;
    let outgoing = &mut scratch.outgoing;
    let held = poll_fn(|cx| match outgoing.poll_hold(cx, buffer, wire, pool, limit) {
        Poll::Ready(Ok(held)) => Poll::Ready(Ok(held)),
        Poll::Ready(Err(Broken::DownstreamProtocol(_))) => Poll::Ready(Err(Failure::DownstreamProtocol)),
        Poll::Ready(Err(_)) => Poll::Ready(Err(Failure::DownstreamClosed)),
        Poll::Pending => deadlines.poll(cx, timer, outgoing.body_bytes).map(Err),
    })
    .await;
    timer.set(None);
    match held {
        Ok(Some(held)) => {
            let is_without_body = scratch.request.framing != Framing::Chunked && was_taken && held == 0;
            let is_without_length = length.is_none() && !is_without_body;
            if is_without_length && scratch.outgoing.set_held() {
                let view = RequestView::new(&scratch.request, buffer.filled());
                let edits = &mut scratch.edits;
                let mut number = itoa::Buffer::new();
                edits.remove_known(view.fields(), Known::TransferEncoding);
                edits.append("content-length", number.format(held).as_bytes());
            }
            Ok(())
        }
        Ok(None) => Err(Some(too_large())),
        Err(Failure::DownstreamClosed) => Err(None),
        Err(failure) => {
            if failure == Failure::DownstreamProtocol {
                call.worker.count(Counter::DownstreamProtocolErrors);
            }
            call.closes = true;
            Err(Some(call.fail(failure)))
        }
    }
}

fn too_large() -> Reply {
    Reply {
        body: Body::Static("Payload Too Large"),
        ..Reply::status(413, "request_payload_too_large")
    }
}
