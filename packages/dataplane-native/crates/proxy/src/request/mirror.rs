//! Copies of requests, sent and forgotten.

use std::{future::poll_fn, rc::Rc, sync::Arc, task::Poll};

use config::Forward;
use http::{Buffer, Edits, Framing, RequestHead, RequestView, ResponseHead, h1, h2};

use super::{Call, Scratch};
use crate::{
    exchange::{Arrived, BodyPlan, Expected, Incoming},
    lend::{self, Borrowed},
    pool::Upstream,
    snapshot::ClusterEntry,
    upstream::{self, Speaks, Target},
    wire::Wire,
    worker::Worker,
};

/// Copies in flight per worker; more are not made.
const MAX_IN_FLIGHT: u32 = 256;

/// Time for a copy.
const TIMEOUT_MS: u64 = 15_000;

/// Sends copies where the route wants them. A request whose body was not kept is not copied.
pub(super) fn send(call: &Call<'_>, buffer: &Buffer, scratch: &mut Scratch, forward: &Forward) {
    for policy in &forward.mirrors {
        if policy
            .fraction
            .is_some_and(|fraction| !fraction.contains(fastrand::u64(..)))
        {
            continue;
        }
        let Some(cluster) = call.snapshot.clusters.get(&policy.cluster) else {
            continue;
        };
        let Some((first, later)) = scratch.outgoing.whole_body(buffer) else {
            continue;
        };
        let worker = &call.served.worker;
        if worker.mirrors.get() >= MAX_IN_FLIGHT {
            continue;
        }
        let view = RequestView::new(&scratch.request, buffer.filled());
        let mut message = Vec::with_capacity(scratch.request.len + first.len() + later.len() + 64);
        if !scratch.outgoing.has_chunks() && scratch.request.framing != Framing::None {
            // The body is here without what delimited it.
            let (bytes, fields) = (view.buffer(), view.fields());
            let mut length = itoa::Buffer::new();
            let length = length.format(first.len() + later.len()).as_bytes();
            scratch.edits.remove(bytes, fields, "transfer-encoding");
            scratch.edits.set(bytes, fields, "content-length", length);
        }
        if policy.disable_shadow_host_suffix {
            h1::encode_request(view, &scratch.edits, &mut message);
        } else {
            let authority = scratch.edits.authority().unwrap_or(view.authority_bytes());
            let shadow = shadow_host(authority);
            let kept = scratch.edits.authority().map(<[u8]>::to_vec);
            scratch.edits.set_authority(&shadow);
            h1::encode_request(view, &scratch.edits, &mut message);
            match kept {
                Some(authority) => scratch.edits.set_authority(&authority),
                None => scratch.edits.clear_authority(),
            }
        }
        let head_len = message.len();
        message.extend_from_slice(first);
        message.extend_from_slice(later);
        let copy = Copy {
            message,
            head_len,
            has_chunks: scratch.outgoing.has_chunks(),
        };
        worker.mirrors.set(worker.mirrors.get() + 1);
        let copy = deliver(Rc::clone(worker), Arc::clone(cluster), copy);
        tokio::task::spawn_local(copy);
    }
}

/// `host-shadow` with the port behind it.
fn shadow_host(authority: &[u8]) -> Vec<u8> {
    let at = authority
        .iter()
        .rposition(|byte| *byte == b':')
        .unwrap_or(authority.len());
    [&authority[..at], b"-shadow", &authority[at..]].concat()
}

struct InFlight(Rc<Worker>);

impl Drop for InFlight {
    fn drop(&mut self) {
        self.0.mirrors.set(self.0.mirrors.get().saturating_sub(1));
    }
}

/// A request as it goes to an upstream of HTTP/1.
struct Copy {
    message: Vec<u8>,
    head_len: usize,
    has_chunks: bool,
}

impl Copy {
    fn head(&self) -> Option<RequestHead> {
        let mut head = RequestHead::default();
        let limits = http::Limits {
            max_head_bytes: usize::MAX,
            ..http::Limits::default()
        };
        h1::parse_request(&self.message[..self.head_len], &limits, &mut head).ok()?;
        Some(head)
    }

    /// The body without chunks.
    fn content(&mut self) -> Option<std::ops::Range<usize>> {
        let len = if self.has_chunks {
            let mut reader = http::BodyReader::new(Framing::Chunked);
            reader.decode(&mut self.message[self.head_len..]).ok()?.len
        } else {
            self.message.len() - self.head_len
        };
        Some(self.head_len..self.head_len + len)
    }
}

/// Sends the copy and reads its response to the end, so that the connection can be used again.
async fn deliver(worker: Rc<Worker>, cluster: Arc<ClusterEntry>, mut copy: Copy) {
    let _in_flight = InFlight(Rc::clone(&worker));
    let timer = worker.timers.timer();
    timer.set(Some(worker.timers.now_ms() + TIMEOUT_MS));
    let Some(request) = copy.head() else { return };
    let Some(mut up) = open(&worker, &cluster).await else {
        return;
    };
    let mut range = 0..copy.message.len();
    if let Wire::Stream(stream) = &up.wire {
        let Some(content) = copy.content() else { return };
        let view = RequestView::new(&request, &copy.message[..copy.head_len]);
        stream.send_head(content.is_empty(), request.method == http::Method::Head, |writer| {
            h2::encode_request(view, &Edits::default(), false, writer);
        });
        range = content;
    }
    let mut incoming = Incoming::default();
    let mut head = ResponseHead::default();
    let expected = Expected {
        limits: worker.shared.limits.of_responses(&cluster.config.http),
        method: request.method,
        allows_upgrade: false,
    };
    let mut is_flushed = false;
    let mut has_head = false;
    let is_whole = poll_fn(|cx| {
        while !range.is_empty() {
            let rest = [std::io::IoSlice::new(&copy.message[range.clone()])];
            match up.wire.poll_write(cx, &rest, true) {
                Poll::Ready(Ok(count)) => range.start += count,
                Poll::Ready(Err(_)) => return Poll::Ready(false),
                Poll::Pending => break,
            }
        }
        if range.is_empty() && !is_flushed {
            match up.wire.poll_sent(cx) {
                Poll::Ready(Ok(())) => is_flushed = true,
                Poll::Ready(Err(_)) => return Poll::Ready(false),
                Poll::Pending => {}
            }
        }
        while !has_head {
            match incoming.poll_head(cx, &mut up.wire, &worker.buffers, &expected, &mut head) {
                Poll::Ready(Ok(Arrived::Interim)) => incoming.end_interim(),
                Poll::Ready(Ok(Arrived::Final)) => {
                    has_head = true;
                    incoming.begin_body(head.framing, BodyPlan::default());
                }
                Poll::Ready(Err(_)) => return Poll::Ready(false),
                Poll::Pending => return timer.poll_expired(cx).map(|()| false),
            }
        }
        match incoming.poll_discard(cx, &mut up.wire, &worker.buffers) {
            Poll::Pending => timer.poll_expired(cx).map(|()| false),
            Poll::Ready(is_whole) => Poll::Ready(is_whole && is_flushed),
        }
    })
    .await;
    incoming.release(&worker.buffers, 0);
    if is_whole && head.keep_alive && !up.wire.is_stream() {
        worker.pools.give(up, worker.timers.now_ms());
    }
}

/// Something to send a copy on.
async fn open(worker: &Rc<Worker>, cluster: &Arc<ClusterEntry>) -> Option<Upstream> {
    let picked = worker.with_turn(cluster.state.id, |turn| {
        cluster
            .picker
            .pick(turn, &**cluster, &worker.pick_input(&cluster.picker))
    })?;
    let entry = &cluster.endpoints[picked.endpoint];
    let target = Target {
        cluster,
        endpoint: &entry.state,
        workload: entry.workload.as_deref(),
        transport: cluster.transport_of(entry),
        authority: "",
        // The copy is no client's any more.
        served: None,
        metadata: None,
        reporter: telemetry::ReporterSide::Source,
    };
    let speaks = match cluster.config.http.protocol {
        config::HttpProtocol::Http2 => Speaks::Http2,
        _ => Speaks::Http1,
    };
    let key = target.key();
    let pooled = match speaks {
        Speaks::Http2 => worker.pools.open_stream(&key.http2(), worker.timers.now_ms()),
        Speaks::Http1 | Speaks::Negotiated => worker.pools.take(&key),
    };
    let up = match pooled {
        Some(up) => up,
        None => {
            let opening = match lend::borrow(worker, key, speaks, &entry.state).await {
                Borrowed::Lent(up) => return Some(used(up)),
                Borrowed::Opening(opening) => opening,
            };
            let breakers = &cluster.config.circuit_breakers.default;
            let guard = cluster.state.acquire_connection(0, breakers)?;
            upstream::connect(worker, target, speaks, guard, opening).await.ok()?
        }
    };
    Some(used(up))
}

fn used(up: Upstream) -> Upstream {
    up.info.requests.set(up.info.requests.get() + 1);
    up
}
