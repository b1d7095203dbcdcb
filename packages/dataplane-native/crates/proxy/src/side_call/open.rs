//! What a call is sent on: as for requests, a pooled connection or stream, else a new one as far as limits allow.

use std::{
    future::poll_fn,
    rc::Rc,
    sync::{Arc, atomic::Ordering::Relaxed},
    task::Poll,
};

use config::HttpProtocol;
use filter::call::Call;
use telemetry::Counter;

use crate::{
    cluster::{Guard, Opening},
    error::Failure,
    lend::{self, Borrowed},
    pool::{Connecting, PoolKey, Upstream},
    snapshot::ClusterEntry,
    transport::Transport,
    upstream::{self, Speaks, Target},
    worker::Worker,
};

/// Which HTTP the endpoint is spoken to. gRPC is HTTP/2 whatever the cluster says.
pub(super) fn speaks(cluster: &ClusterEntry, transport: &Transport, call: &Call) -> Speaks {
    match cluster.config.http.protocol {
        HttpProtocol::Http2 => Speaks::Http2,
        HttpProtocol::Auto if transport.tls.is_some() => Speaks::Negotiated,
        _ if call.is_grpc => Speaks::Http2,
        _ => Speaks::Http1,
    }
}

/// A connection or stream for the call. `wants_new`: pooled connections have shown to be stale.
pub(super) async fn open(
    worker: &Rc<Worker>,
    cluster: &Arc<ClusterEntry>,
    target: Target<'_>,
    speaks: Speaks,
    wants_new: bool,
) -> Result<Upstream, Failure> {
    let key = target.key();
    if let Some(up) = take(worker, key, speaks, wants_new) {
        worker.count(Counter::UpstreamPoolHits);
        return Ok(up);
    }
    let mut opening = None;
    if speaks == Speaks::Http1 && !wants_new {
        match lend::borrow(worker, key, speaks, target.endpoint).await {
            Borrowed::Lent(up) => {
                worker.count(Counter::UpstreamPoolHits);
                return Ok(up);
            }
            Borrowed::Opening(counted) => opening = Some(counted),
        }
    }
    worker.count(Counter::UpstreamPoolMisses);
    let limits = &cluster.config.circuit_breakers.default;
    let Some(_pending) = cluster.state.acquire_pending(0, limits) else {
        worker.count(Counter::CircuitBreakerOpen);
        cluster.state.overflows_total.fetch_add(1, Relaxed);
        return Err(Failure::Overflow);
    };
    loop {
        let mut connecting = None;
        if speaks != Speaks::Http1 {
            let key = key.http2();
            connecting = Connecting::begin(&worker.pools, key).await;
            if connecting.is_none() {
                match take(worker, key, speaks, false) {
                    Some(up) => return Ok(up),
                    None => continue,
                }
            }
            if opening.is_none() && !wants_new {
                match lend::borrow(worker, target.key(), speaks, target.endpoint).await {
                    Borrowed::Lent(up) => return Ok(up),
                    Borrowed::Opening(counted) => opening = Some(counted),
                }
            }
        }
        let Some(guard) = free_connection(worker, cluster, key).await else {
            match take(worker, key, speaks, false) {
                Some(up) => return Ok(up),
                None => continue,
            }
        };
        let opening = opening.take().unwrap_or_else(|| Opening::new(target.endpoint));
        let opened = upstream::connect(worker, target, speaks, guard, opening).await;
        drop(connecting);
        return opened;
    }
}

fn take(worker: &Worker, key: PoolKey, speaks: Speaks, wants_new: bool) -> Option<Upstream> {
    let stream = (speaks != Speaks::Http1 && !wants_new)
        .then(|| worker.pools.open_stream(&key.http2(), worker.timers.now_ms()))
        .flatten();
    let own = || {
        (speaks != Speaks::Http2 && !wants_new)
            .then(|| worker.pools.take(&key))
            .flatten()
    };
    stream.or_else(own)
}

/// A connection that may be opened. None: something was given back, so that trying again makes sense.
async fn free_connection(worker: &Worker, cluster: &Arc<ClusterEntry>, key: PoolKey) -> Option<Guard> {
    let limits = &cluster.config.circuit_breakers.default;
    loop {
        if let Some(guard) = cluster.state.acquire_connection(0, limits) {
            return Some(guard);
        }
        // At the limit: an idle connection to another endpoint makes room, else the next one that is given back.
        if worker.pools.close_one(cluster.state.id, key.endpoint) {
            continue;
        }
        let mut has_waited = false;
        poll_fn(|cx| {
            if std::mem::replace(&mut has_waited, true) {
                return Poll::Ready(());
            }
            cluster.state.wait(cx.waker());
            // One may have been closed between the attempt above and now.
            if cluster.state.has_room(0, limits) {
                return Poll::Ready(());
            }
            Poll::Pending
        })
        .await;
        return None;
    }
}

/// Puts a connection back into the pool, or closes it, and tells those who wait for one.
pub(super) fn give_back(worker: &Worker, cluster: &ClusterEntry, up: Upstream, is_reusable: bool) {
    let now = worker.timers.now_ms();
    let (max, life) = (
        cluster.config.http.max_requests_per_connection,
        cluster.config.http.max_connection_duration_ms,
    );
    let is_worn = max != 0 && up.info.requests.get() >= max || life != 0 && now - up.info.opened_ms.min(now) >= life;
    let is_wanted = worker.shared.gauges.len() > 1 && up.is_wanted();
    if up.wire.is_stream() {
        // Its connection serves others meanwhile.
        drop(up);
    } else if is_reusable && !is_worn && !is_wanted {
        worker.pools.give(up, now);
    } else {
        worker.count(Counter::UpstreamConnectionsClosed);
        drop(up);
        return;
    }
    cluster.state.wake_one();
}
