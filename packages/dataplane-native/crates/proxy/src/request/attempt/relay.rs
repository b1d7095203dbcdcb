//! Sending a request, and relaying its response.

use std::{future::poll_fn, task::Poll};

use http::{Buffer, BufferPool, Framing, Known, Version};
use telemetry::{Counter, ResponseFlags};

use super::{Deadlines, hedge::Kept, transform::transform, write_response_head};
use crate::{
    error::Failure,
    exchange::{Arrived, BodyPlan, Broken, Expected, Transform},
    pool::Upstream,
    request::{Call, Details, Next, Scratch, client_gone, process, reply, tunnel},
    timer::Timer,
    wire::{Wire, WireEnd},
};

/// Sends the request and waits for the head of its response; the body may still be on its way then.
pub(super) async fn exchange(
    call: &mut Call<'_>,
    wire: &mut Wire,
    buffer: &mut Buffer,
    scratch: &mut Scratch,
    timer: &Timer,
    up: &mut Upstream,
    deadlines: &mut Deadlines,
) -> Result<(), Failure> {
    let pool = &call.worker.buffers;
    let Scratch {
        request,
        response,
        outgoing,
        incoming,
        notes,
        ..
    } = scratch;
    let wants_end = call.http.logs.wants.request_end;
    let mut note_end = || {
        if wants_end {
            notes.request_end_us = Some(call.worker.timers.now_us().saturating_sub(call.start_us));
        }
    };
    let expected = expected(call, request, up);
    let mut is_sent = false;
    let mut send_error = None;
    poll_fn(|cx| {
        if !is_sent && send_error.is_none() {
            match outgoing.poll(cx, buffer, wire, &mut up.wire, pool) {
                Poll::Ready(Ok(())) => {
                    is_sent = true;
                    deadlines.request_taken();
                    note_end();
                }
                Poll::Ready(Err(Broken::Downstream)) => return Poll::Ready(Err(Failure::DownstreamClosed)),
                Poll::Ready(Err(Broken::DownstreamProtocol(_))) => {
                    return Poll::Ready(Err(Failure::DownstreamProtocol));
                }
                Poll::Ready(Err(Broken::Stopped)) => return Poll::Ready(Err(Failure::Stopped)),
                // The upstream may have answered before it stopped reading: its answer counts.
                Poll::Ready(Err(error)) => send_error = Some(error),
                Poll::Pending => {}
            }
        }
        while let Poll::Ready(sent) = incoming.poll_interim(cx, wire) {
            if sent.is_err() {
                return Poll::Ready(Err(Failure::DownstreamClosed));
            }
            match incoming.poll_head(cx, &mut up.wire, pool, &expected, response) {
                Poll::Ready(Ok(Arrived::Final)) => return Poll::Ready(Ok(())),
                Poll::Ready(Ok(Arrived::Interim)) => {
                    // HTTP/1.0 knows none (RFC 9110 section 15.2).
                    if request.version != Version::Http10 {
                        incoming.write_interim(wire, response);
                    }
                    incoming.end_interim();
                }
                Poll::Ready(Err(Broken::UpstreamProtocol)) => return Poll::Ready(Err(Failure::UpstreamProtocol)),
                Poll::Ready(Err(Broken::Upstream(end))) => return Poll::Ready(Err(failure_of(end))),
                Poll::Ready(Err(_)) => return Poll::Ready(Err(Failure::ClosedBeforeResponse)),
                Poll::Pending => break,
            }
        }
        if outgoing.poll_client(cx, buffer, wire).is_ready() {
            return Poll::Ready(Err(Failure::DownstreamClosed));
        }
        if let Poll::Ready(failure) = deadlines.poll(cx, timer, outgoing.body_bytes + incoming.received) {
            return Poll::Ready(Err(failure));
        }
        Poll::Pending
    })
    .await
    .map_err(|failure| {
        if incoming.is_within_interim() {
            // The client did not even take a hint: it cannot be told anything any more.
            Failure::DownstreamClosed
        } else {
            failure
        }
    })
    .inspect_err(|failure| {
        if *failure == Failure::UpstreamProtocol {
            call.worker.count(Counter::UpstreamProtocolErrors);
        }
    })
}

/// What a response on `up` is read by.
pub(super) fn expected(call: &Call<'_>, request: &http::RequestHead, up: &Upstream) -> Expected {
    // An extended CONNECT is an upgrade to an upstream of HTTP/1.
    let method = if request.wants_upgrade && !up.wire.is_stream() {
        http::Method::Get
    } else {
        request.method
    };
    Expected {
        limits: call.cluster.map_or(call.http.limits, |cluster| {
            call.worker.shared.limits.of_responses(&cluster.config.http)
        }),
        method,
        allows_upgrade: request.wants_upgrade,
    }
}

/// Writes the head of a response, and says how its body goes on.
fn begin_response(
    call: &mut Call<'_>,
    wire: &Wire,
    buffer: &Buffer,
    scratch: &mut Scratch,
    up: &Upstream,
    framing: Framing,
) {
    let transform = transform(call, buffer, scratch);
    let plan = plan(call, buffer, scratch, wire, up, transform.as_ref());
    // A body that ends with the connection ends the connection.
    let keeps_length = !plan.transforms && up.wire.is_stream() && has_length(scratch);
    let is_delimited = plan.to_stream || plan.chunks || keeps_length;
    call.closes |= call.served.is_draining()
        || scratch.request.method == http::Method::Connect
        || !is_delimited && (framing == Framing::Close || plan.decodes || plan.transforms);
    write_response_head(call, wire, buffer, scratch, plan);
    scratch.incoming.begin_body(framing, plan);
    if let Some(Transform::Status(status)) = transform {
        call.grpc_status = Some(status);
    }
    if let Some(transform) = transform {
        scratch.incoming.set_transform(transform);
    }
}

/// Shows the response to services that want it. An error: it is not the one that the client gets.
async fn show(
    call: &mut Call<'_>,
    wire: &mut Wire,
    buffer: &mut Buffer,
    scratch: &mut Scratch,
    timer: &Timer,
    mut up: Upstream,
    deadlines: &mut Deadlines,
) -> Result<Upstream, Next> {
    let mut sides = process::Sides {
        wire: &mut *wire,
        buffer: &mut *buffer,
        up: &mut up,
        timer,
    };
    let reply = match process::show_response(call, scratch, &mut sides, deadlines).await {
        Ok(()) => return Ok(up),
        Err(process::Stop::Gone) => return Err(client_gone(call)),
        Err(process::Stop::Reply(reply)) => *reply,
        Err(process::Stop::Failed(failure)) => call.fail(failure),
    };
    finish_unread(call, up, scratch);
    Err(reply::send(call, wire, buffer, scratch, timer, reply).await)
}

/// Relays the response whose head has arrived. `kept` is given up as soon as the upstream has nothing more to do.
#[allow(clippy::too_many_arguments)]
pub(super) async fn relay(
    call: &mut Call<'_>,
    wire: &mut Wire,
    buffer: &mut Buffer,
    scratch: &mut Scratch,
    timer: &Timer,
    mut up: Upstream,
    kept: Kept<'_>,
    mut deadlines: Deadlines,
) -> Next {
    let pool = &call.worker.buffers;
    let upstream_us = call.worker.timers.now_us().saturating_sub(call.start_us);
    call.upstream_us = upstream_us.max(1);
    call.status = scratch.response.status;
    call.details = Details::Static("via_upstream");
    if scratch.response.framing == Framing::Tunnel {
        return tunnel::relay(call, wire, buffer, scratch, timer, up).await;
    }
    if !call.processors.is_empty() {
        // In a box: what every request holds should not be as large as this.
        match Box::pin(show(call, wire, buffer, scratch, timer, up, &mut deadlines)).await {
            Ok(shown) => up = shown,
            Err(next) => return next,
        }
    }
    let framing = scratch.response.framing;
    begin_response(call, wire, buffer, scratch, &up, framing);
    deadlines.arm(timer);
    let mut up = Some((up, kept));
    // All of it is here: the connection can serve another request while the client takes this response.
    if let Some((up, kept)) = up.take_if(|(up, _)| is_over(up, scratch, pool)) {
        drop(kept);
        give_back(call, up, scratch);
    }
    let Scratch { outgoing, incoming, .. } = &mut *scratch;
    let mut is_sent = false;
    let result = poll_fn(|cx| {
        if let Some((up, _)) = up.as_mut().filter(|_| !is_sent && !outgoing.is_finished()) {
            match outgoing.poll(cx, buffer, wire, &mut up.wire, pool) {
                Poll::Ready(Err(Broken::Downstream | Broken::DownstreamProtocol(_))) => {
                    return Poll::Ready(Err(Failure::DownstreamClosed));
                }
                Poll::Ready(Err(Broken::Stopped)) => return Poll::Ready(Err(Failure::Stopped)),
                // An error of the upstream: it has answered and does not want the rest.
                Poll::Ready(_) => {
                    is_sent = true;
                    deadlines.request_taken();
                }
                Poll::Pending => {}
            }
        }
        match incoming.poll_body(cx, up.as_mut().map(|(up, _)| &mut up.wire), wire, pool) {
            Poll::Ready(Ok(())) => return Poll::Ready(Ok(())),
            Poll::Ready(Err(Broken::Downstream)) => return Poll::Ready(Err(Failure::DownstreamClosed)),
            Poll::Ready(Err(Broken::Stopped)) => return Poll::Ready(Err(Failure::Stopped)),
            Poll::Ready(Err(_)) => return Poll::Ready(Err(Failure::ClosedWithinResponse)),
            Poll::Pending => {}
        }
        if wire.is_stream() && outgoing.poll_client(cx, buffer, wire).is_ready() {
            return Poll::Ready(Err(Failure::DownstreamClosed));
        }
        if let Poll::Ready(failure) = deadlines.poll(cx, timer, outgoing.body_bytes + incoming.received) {
            return Poll::Ready(Err(failure));
        }
        Poll::Pending
    })
    .await;
    call.response_bytes = incoming.body_bytes;
    if call.is_grpc
        && let Some(status) = incoming.trailer("grpc-status")
    {
        call.grpc_status = std::str::from_utf8(status).ok().and_then(|text| text.parse().ok());
    }
    match result {
        Ok(()) => {}
        Err(Failure::DownstreamClosed) => {
            call.flags = call.flags.with(ResponseFlags::DOWNSTREAM_TERMINATION);
            call.details = Details::Static(Failure::DownstreamClosed.details());
            return Next::Abort;
        }
        Err(failure) => {
            // The head is gone already: all that is left is not to let the client take this for the whole.
            call.flags = call.flags.with(failure.flags());
            call.details = Details::Static(failure.details());
            wire.abort();
            return Next::Abort;
        }
    }
    if let Some((up, _)) = up {
        give_back(call, up, scratch);
    }
    if call.closes { Next::Close } else { Next::KeepAlive }
}

/// Whether a connection has nothing more to do: the request has gone, and the whole response is here.
fn is_over(up: &Upstream, scratch: &mut Scratch, pool: &BufferPool) -> bool {
    !up.wire.is_stream() && scratch.outgoing.is_finished() && scratch.incoming.is_whole(pool)
}

/// Puts the connection of a response that has come to its end back, if it can be used again.
fn give_back(call: &Call<'_>, up: Upstream, scratch: &Scratch) {
    let of_cluster = call.cluster.map(|cluster| &cluster.config.http);
    let max = of_cluster.map_or(0, |http| http.max_requests_per_connection);
    let life = of_cluster.map_or(0, |http| http.max_connection_duration_ms);
    let now = (call.start_us + call.upstream_us) / 1000;
    let is_reusable = scratch.response.keep_alive
        && scratch.outgoing.is_finished()
        && !scratch.incoming.has_garbage()
        && (max == 0 || up.info.requests.get() < max)
        && (life == 0 || now.saturating_sub(up.info.opened_ms) < life);
    put_back(call, up, is_reusable, now);
}

/// Puts a connection back into the pool, or closes it, and tells those who wait for one.
fn put_back(call: &Call<'_>, up: Upstream, is_reusable: bool, now_ms: u64) {
    let is_wanted = call.worker.shared.gauges.len() > 1 && up.is_wanted();
    if up.wire.is_stream() {
        // Its connection serves others meanwhile.
        drop(up);
        if let Some(cluster) = call.cluster {
            cluster.state.wake_one();
        }
    } else if is_reusable && !is_wanted {
        call.worker.pools.give(up, now_ms);
        if let Some(cluster) = call.cluster {
            cluster.state.wake_one();
        }
    } else {
        call.worker.count(Counter::UpstreamConnectionsClosed);
        drop(up);
    }
}

/// Ends an attempt whose response is not wanted. Its connection is kept if the whole response has arrived.
pub(super) fn finish_unread(call: &Call<'_>, up: Upstream, scratch: &mut Scratch) {
    if scratch.incoming.is_gated() {
        return put_back(call, up, false, call.worker.timers.now_ms());
    }
    let framing = scratch.response.framing;
    scratch.incoming.begin_body(framing, BodyPlan::default());
    let is_whole = scratch.outgoing.is_body_taken()
        && scratch.outgoing.is_sent()
        && scratch.response.keep_alive
        && scratch.incoming.is_whole(&call.worker.buffers);
    put_back(call, up, is_whole, call.worker.timers.now_ms());
}

/// How the client gets the body of this response.
fn plan(
    call: &Call<'_>,
    buffer: &Buffer,
    scratch: &Scratch,
    down: &Wire,
    up: &Upstream,
    transform: Option<&Transform>,
) -> BodyPlan {
    let transforms = transform.is_some();
    let framing = scratch.response.framing;
    let to_stream = down.is_stream();
    let is_http10 = scratch.request.version == Version::Http10;
    // Between streams trailers are part of every message; HTTP/1 needs a client that asks for them, or configuration.
    let trailers = match (to_stream, up.wire.is_stream()) {
        (true, true) => true,
        // Unless they are looked at, they go on as they came.
        (false, false) if !scratch.incoming.is_gated() => false,
        (to_stream, _) => {
            let of_cluster = || {
                call.cluster
                    .is_some_and(|cluster| cluster.config.http.http1.enable_trailers)
            };
            let is_enabled = if to_stream {
                of_cluster()
            } else {
                call.http.config.http1.enable_trailers
            };
            is_enabled || http::accepts_trailers(buffer.filled(), &scratch.request.fields)
        }
    };
    BodyPlan {
        to_stream,
        decodes: framing == Framing::Chunked && (to_stream || is_http10 || transforms),
        chunks: !to_stream
            && !is_http10
            && (transforms
                || (up.wire.is_stream() || scratch.incoming.is_gated())
                    && framing == Framing::Close
                    && !has_length(scratch)),
        // The last frame of gRPC-Web has them.
        trailers: trailers && !is_http10 && !matches!(transform, Some(Transform::GrpcWeb(_))),
        transforms,
    }
}

fn has_length(scratch: &Scratch) -> bool {
    !scratch.incoming.is_gated() && scratch.response.fields.known(Known::ContentLength).is_some()
}

/// What an upstream's end before its response means.
pub(super) fn failure_of(end: WireEnd) -> Failure {
    match end {
        WireEnd::Closed => Failure::ClosedBeforeResponse,
        WireEnd::Refused => Failure::StreamRefused,
        WireEnd::Reset(_) => Failure::UpstreamReset,
    }
}
