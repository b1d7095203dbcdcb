//! The requests of one HTTP/1 connection, one after the other.

use std::{
    future::poll_fn,
    io::IoSlice,
    rc::Rc,
    task::{Context, Poll, ready},
};

use config::CodecType;
use http::{
    Buffer, HeadError,
    h1::{self, HeadScanner},
    h2,
    local_reply::reason_phrase,
};
use net::Stream;
use telemetry::{Counter, ResponseFlags};

use crate::{
    connection::{Inner, Link, Served},
    error::Failure,
    request::{self, Job, Next},
    snapshot::Serves,
    timer::Timer,
    wire::Wire,
    worker::Worker,
};

/// Bytes that are read and thrown away after a last response, so that closing does not reset it away from the client.
const MAX_LINGER_BYTES: usize = 256 * 1024;

/// How serving HTTP on a connection ended.
pub(crate) enum HttpEnd {
    Closed,
    /// The client opened a tunnel to an internal listener: the connection goes on there.
    Internal(Box<Link>, Inner),
}

/// How waiting for a request ended.
enum Arrival {
    Head(usize),
    Refused(HeadError),
    /// Nothing came, or the client left between two requests.
    Quiet,
    /// Too slow.
    Late,
}

/// Serves requests until the connection ends or becomes something else.
pub(crate) async fn serve(mut link: Box<Link>) -> HttpEnd {
    if speaks_http2(&link.served) {
        return Box::pin(serve_http2(link)).await;
    }
    let worker = Rc::clone(&link.served.worker);
    let mut timer = worker.timers.timer();
    let mut requests = 0_u32;
    worker.timers.now_us();
    loop {
        let len = match next_head(&mut link, &timer).await {
            Arrival::Head(len) => len,
            Arrival::Quiet => return closed(*link),
            Arrival::Late => {
                Box::pin(give_up(&mut link, &timer)).await;
                return closed(*link);
            }
            Arrival::Refused(error) => {
                Box::pin(refuse(&mut link, &timer, error)).await;
                return closed(*link);
            }
        };
        let Serves::Http(http) = &link.served.chain.serves else {
            return closed(*link);
        };
        let head = &link.received.filled()[..len];
        if requests == 0 && h2::PREFACE.starts_with(head) && http.config.codec_type != CodecType::Http1 {
            return Box::pin(serve_http2(link)).await;
        }
        let mut scratch = worker.take_scratch();
        if let Err(error) = h1::parse_request(head, &http.limits, &mut scratch.request) {
            worker.give_scratch(scratch);
            Box::pin(refuse(&mut link, &timer, error)).await;
            return closed(*link);
        }
        requests += 1;
        let most = http.config.max_requests_per_connection;
        let job = Job {
            link,
            scratch,
            timer,
            is_last: most != 0 && requests >= most,
        };
        let (job, next) = worker.stages.serve(job).await;
        worker.give_scratch(job.scratch);
        (link, timer) = (job.link, job.timer);
        match next {
            Next::KeepAlive => {}
            Next::Close => {
                Box::pin(linger_after_response(&mut link, &timer)).await;
                return closed(*link);
            }
            Next::Abort => return closed(*link),
            Next::Internal(inner) => return HttpEnd::Internal(link, inner),
        }
    }
}

fn closed(link: Link) -> HttpEnd {
    link.served.worker.buffers.give(link.received);
    HttpEnd::Closed
}

async fn linger_after_response(link: &mut Link, timer: &Timer) {
    let timeout_ms = match &link.served.chain.serves {
        Serves::Http(http) => http.config.delayed_close_timeout_ms,
        Serves::Nothing | Serves::Tcp(_) => 0,
    };
    linger(&mut link.wire, timer, &link.served.worker, timeout_ms).await;
}

/// Answers a request that does not come.
async fn give_up(link: &mut Link, timer: &Timer) {
    let Link { served, wire, received } = link;
    served.worker.count(Counter::DownstreamTimeouts);
    let failure = Failure::RequestHeadersTimeout;
    request::record_refused(served, failure.status(), failure.flags(), failure.details());
    reply_and_close(wire, received, timer, &served.worker, failure.status(), failure.body()).await;
}

/// Whether the connection speaks HTTP/2 from its first byte on, as configuration or ALPN says.
fn speaks_http2(served: &Served) -> bool {
    let Serves::Http(http) = &served.chain.serves else {
        return false;
    };
    match http.config.codec_type {
        CodecType::Http1 => false,
        CodecType::Http2 => true,
        CodecType::Auto => {
            let tls = served.facts.peer_tls.as_ref();
            tls.and_then(|peer| peer.alpn.as_deref()) == Some(b"h2")
        }
    }
}

async fn serve_http2(link: Box<Link>) -> HttpEnd {
    let Link {
        served,
        mut wire,
        mut received,
    } = *link;
    let worker = Rc::clone(&served.worker);
    // HTTP/2 inside a stream of HTTP/2 is refused: nobody sends it but to make work.
    if let Wire::Connection(connection) = &mut wire {
        crate::h2::serve(served, connection, &mut received).await;
    }
    worker.buffers.give(received);
    HttpEnd::Closed
}

/// Waits for a complete head. While nothing has come the connection holds no buffer.
async fn next_head(link: &mut Link, timer: &Timer) -> Arrival {
    let Link {
        served,
        wire,
        received: buffer,
    } = link;
    let worker = Rc::clone(&served.worker);
    let mut scanner = HeadScanner::default();
    let mut since_ms = None;
    let mut waits_since_ms = None;
    poll_fn(|cx| {
        loop {
            if !buffer.is_empty() {
                let Serves::Http(http) = &served.chain.serves else {
                    return Poll::Ready(Arrival::Quiet);
                };
                match scanner.find_end(buffer.filled(), &http.limits) {
                    Ok(Some(end)) => {
                        // The configuration of now decides about a request that begins now.
                        return Poll::Ready(if served.refresh() {
                            Arrival::Head(end)
                        } else {
                            Arrival::Quiet
                        });
                    }
                    Ok(None) => {}
                    Err(error) => return Poll::Ready(Arrival::Refused(error)),
                }
                if since_ms.is_none() {
                    let now = worker.timers.now_ms();
                    since_ms = Some(now);
                    let timeout = match http.config.request_headers_timeout_ms {
                        0 => worker.shared.limits.request_headers_timeout_ms,
                        timeout => timeout,
                    };
                    timer.set((timeout > 0).then_some(now + timeout));
                }
            } else if served.ends_idle() || (served.is_outdated() && !served.refresh()) {
                worker.buffers.give(std::mem::take(buffer));
                return Poll::Ready(Arrival::Quiet);
            }
            if !worker.buffers.make_room(buffer) {
                return Poll::Ready(Arrival::Refused(HeadError::TooLarge));
            }
            match wire.poll_read(cx, buffer.space()) {
                Poll::Ready(Ok(count)) if count > 0 => buffer.advance(count),
                Poll::Ready(_) => return Poll::Ready(Arrival::Quiet),
                Poll::Pending => break,
            }
        }
        if buffer.is_empty() {
            worker.buffers.give(std::mem::take(buffer));
            if waits_since_ms.is_none() {
                let Serves::Http(http) = &served.chain.serves else {
                    return Poll::Ready(Arrival::Quiet);
                };
                let now = worker.timers.recent_ms();
                waits_since_ms = Some(now);
                let timeout = match http.config.idle_timeout_ms {
                    0 => worker.shared.limits.idle_timeout_ms,
                    timeout => timeout,
                };
                timer.set((timeout > 0).then_some(now + timeout));
            }
        }
        ready!(timer.poll_expired(cx));
        Poll::Ready(if buffer.is_empty() {
            Arrival::Quiet
        } else {
            Arrival::Late
        })
    })
    .await
}

/// Answers a request that could not be understood, and counts it.
async fn refuse(link: &mut Link, timer: &Timer, error: HeadError) {
    let Link {
        served,
        wire,
        received: buffer,
    } = link;
    let worker = &served.worker;
    worker.count(Counter::DownstreamProtocolErrors);
    request::record_refused(
        served,
        error.status(),
        ResponseFlags::DOWNSTREAM_PROTOCOL_ERROR,
        error.details(),
    );
    reply_and_close(
        wire,
        buffer,
        timer,
        worker,
        error.status(),
        reason_phrase(error.status()),
    )
    .await;
}

async fn reply_and_close(
    wire: &mut Wire,
    buffer: &mut Buffer,
    timer: &Timer,
    worker: &Worker,
    status: u16,
    body: &str,
) {
    let mut out = Vec::with_capacity(256);
    h1::write_local_reply(
        status,
        b"content-type: text/plain\r\n",
        body.as_bytes(),
        true,
        false,
        &mut out,
    );
    buffer.clear();
    timer.set(Some(worker.timers.now_ms() + 1_000));
    let sent = poll_fn(|cx| match write_all(cx, wire, &mut out) {
        Poll::Pending => timer.poll_expired(cx).map(|()| false),
        Poll::Ready(result) => Poll::Ready(result.is_ok()),
    })
    .await;
    if sent {
        linger(wire, timer, worker, 1_000).await;
    }
}

/// Writes and flushes `out`, whose written part is removed.
pub(crate) fn write_all(cx: &mut Context<'_>, wire: &mut Wire, out: &mut Vec<u8>) -> Poll<std::io::Result<()>> {
    while !out.is_empty() {
        let count = ready!(wire.poll_write_vectored(cx, &[IoSlice::new(out)]))?;
        out.drain(..count);
    }
    wire.poll_flush(cx)
}

/// Says that nothing more comes and waits a little for the client to close, so that unread bytes of its do not turn the
/// close into a reset that destroys the response on its way (RFC 9112 section 9.6).
async fn linger(wire: &mut Wire, timer: &Timer, worker: &Worker, timeout_ms: u64) {
    timer.set(Some(worker.timers.now_ms() + timeout_ms.min(5_000)));
    let mut piece = worker.buffers.take(1);
    let mut rest = MAX_LINGER_BYTES;
    let mut is_shut = false;
    poll_fn(|cx| {
        if !is_shut {
            match wire.poll_shutdown(cx) {
                Poll::Ready(Ok(())) => is_shut = true,
                Poll::Ready(Err(_)) => return Poll::Ready(()),
                Poll::Pending => return timer.poll_expired(cx),
            }
        }
        loop {
            match wire.poll_read(cx, piece.space()) {
                Poll::Ready(Ok(count)) if count > 0 && rest > count => rest -= count,
                Poll::Ready(_) => return Poll::Ready(()),
                Poll::Pending => return timer.poll_expired(cx),
            }
        }
    })
    .await;
    worker.buffers.give(piece);
}
