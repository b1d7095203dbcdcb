//! Copies of requests, sent and forgotten.

use std::{future::poll_fn, rc::Rc, sync::Arc, task::Poll};

use config::Forward;
use http::{Buffer, Method, RequestView, ResponseHead, h1};

use super::{Call, Scratch};
use crate::{
    exchange::Incoming,
    snapshot::ClusterEntry,
    upstream::{self, Target},
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
        message.extend_from_slice(first);
        message.extend_from_slice(later);
        worker.mirrors.set(worker.mirrors.get() + 1);
        let copy = deliver(Rc::clone(worker), Arc::clone(cluster), message, scratch.request.method);
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

/// Sends the copy and reads its response to the end, so that the connection can be used again.
async fn deliver(worker: Rc<Worker>, cluster: Arc<ClusterEntry>, message: Vec<u8>, method: Method) {
    let _in_flight = InFlight(Rc::clone(&worker));
    let timer = worker.timers.timer();
    timer.set(Some(worker.timers.now_ms() + TIMEOUT_MS));
    let picked = worker.with_turn(cluster.state.id, |turn| cluster.picker.pick(turn, &*cluster));
    let Some(entry) = picked.map(|pick| &cluster.endpoints[pick.endpoint]) else {
        return;
    };
    let target = Target {
        cluster: &cluster,
        endpoint: &entry.state,
        workload: entry.config.workload.as_deref(),
        transport: &entry.transport,
        authority: "",
        reporter: telemetry::ReporterSide::Source,
    };
    let up = match worker.pools.take(&target.key()) {
        Some(up) => Some(up),
        None => match cluster
            .state
            .acquire_connection(0, &cluster.config.circuit_breakers.default)
        {
            Some(guard) => upstream::connect(&worker, target, guard).await.ok(),
            None => None,
        },
    };
    let Some(mut up) = up else { return };
    let mut incoming = Incoming::default();
    let mut head = ResponseHead::default();
    let mut sent = 0;
    let mut is_flushed = false;
    let limits = http::Limits::default();
    let mut has_head = false;
    let is_whole = poll_fn(|cx| {
        use net::Stream as _;
        while sent < message.len() {
            match up
                .stream
                .poll_write_vectored(cx, &[std::io::IoSlice::new(&message[sent..])])
            {
                Poll::Ready(Ok(count)) => sent += count,
                Poll::Ready(Err(_)) => return Poll::Ready(false),
                Poll::Pending => break,
            }
        }
        if sent == message.len() && !is_flushed {
            match up.stream.poll_flush(cx) {
                Poll::Ready(Ok(())) => is_flushed = true,
                Poll::Ready(Err(_)) => return Poll::Ready(false),
                Poll::Pending => {}
            }
        }
        if !has_head {
            match incoming.poll_head(cx, &mut up.stream, &worker.buffers, &limits, method, &mut head) {
                Poll::Ready(Ok(())) => {
                    has_head = true;
                    incoming.begin_body(head.framing, false);
                }
                Poll::Ready(Err(_)) => return Poll::Ready(false),
                Poll::Pending => return timer.poll_expired(cx).map(|()| false),
            }
        }
        match incoming.poll_discard(cx, &mut up.stream, &worker.buffers) {
            Poll::Pending => timer.poll_expired(cx).map(|()| false),
            Poll::Ready(is_whole) => Poll::Ready(is_whole && is_flushed),
        }
    })
    .await;
    worker.buffers.give(std::mem::take(&mut incoming.buffer));
    if is_whole && head.keep_alive {
        up.requests += 1;
        worker.pools.give(up, worker.timers.now_ms());
    }
}
