//! What an attempt is sent on: a pooled connection or stream, a new one as far as limits allow, or the next that is free.

use std::{
    future::{Future, poll_fn},
    pin::Pin,
    sync::{Arc, atomic::Ordering::Relaxed},
    task::{Context, Poll},
};

use config::HttpProtocol;
use http::{Buffer, Version};
use telemetry::{Counter, ReporterSide};

use super::{Chosen, Deadlines, target};
use crate::{
    cluster::{Guard, Opening},
    error::Failure,
    lend::{self, Borrowed},
    pool::{Connecting, PoolKey, Upstream},
    request::{Call, Scratch},
    snapshot::ClusterEntry,
    timer::Timer,
    upstream::{self, Speaks},
    wire::Wire,
};

/// The client's end while its request waits for something.
pub(super) struct Waiting<'a> {
    pub(super) wire: &'a mut Wire,
    pub(super) buffer: &'a mut Buffer,
    pub(super) scratch: &'a Scratch,
    pub(super) timer: &'a Timer,
    pub(super) deadlines: &'a mut Deadlines,
}

impl Waiting<'_> {
    /// Ready when waiting has no sense any more: the client is gone, or time is over.
    pub(super) fn poll_given_up(&mut self, cx: &mut Context<'_>) -> Poll<Failure> {
        if self.scratch.outgoing.poll_client(cx, self.buffer, self.wire).is_ready() {
            return Poll::Ready(Failure::DownstreamClosed);
        }
        self.deadlines.poll(cx, self.timer, 0)
    }
}

/// Which HTTP the cluster is spoken to for this request.
fn speaks(cluster: &ClusterEntry, has_tls: bool, version: Version) -> Speaks {
    match cluster.config.http.protocol {
        HttpProtocol::Http2 => Speaks::Http2,
        HttpProtocol::UseDownstream if version == Version::Http2 => Speaks::Http2,
        HttpProtocol::Auto if has_tls => Speaks::Negotiated,
        HttpProtocol::Http1 | HttpProtocol::Auto | HttpProtocol::UseDownstream => Speaks::Http1,
    }
}

/// Something to send the attempt on. `wants_new`: pooled connections have shown to be stale.
pub(super) async fn acquire(
    call: &mut Call<'_>,
    cluster: &Arc<ClusterEntry>,
    chosen: &Chosen<'_>,
    priority: usize,
    wants_new: bool,
    waiting: Waiting<'_>,
) -> Result<Upstream, Failure> {
    let scratch = waiting.scratch;
    let authority: &[u8] = if cluster.needs_authority {
        let sent = || scratch.request.authority.of(waiting.buffer.filled());
        scratch.edits.authority().unwrap_or_else(sent)
    } else {
        b""
    };
    let target = target(
        call,
        cluster,
        chosen,
        std::str::from_utf8(authority).unwrap_or_default(),
    );
    let speaks = speaks(cluster, target.transport.tls.is_some(), scratch.request.version);
    let key = target.key();
    if let Some(up) = take(call, key, speaks, wants_new) {
        call.worker.count(Counter::UpstreamPoolHits);
        return Ok(up);
    }
    let authority = authority.to_vec();
    // Rare: it is not to take room in the state of every connection.
    let opening = open(
        call,
        cluster,
        chosen,
        priority,
        wants_new,
        waiting,
        (key, speaks),
        &authority,
    );
    Box::pin(opening).await
}

/// A connection of another worker, or a new one.
#[allow(clippy::too_many_arguments, reason = "the rest of acquire")]
async fn open(
    call: &mut Call<'_>,
    cluster: &Arc<ClusterEntry>,
    chosen: &Chosen<'_>,
    priority: usize,
    wants_new: bool,
    mut waiting: Waiting<'_>,
    (key, speaks): (PoolKey, Speaks),
    authority: &[u8],
) -> Result<Upstream, Failure> {
    let target = target(
        call,
        cluster,
        chosen,
        std::str::from_utf8(authority).unwrap_or_default(),
    );
    let worker = &call.served.worker;
    let mut opening = None;
    if speaks == Speaks::Http1 && !wants_new {
        match lend::borrow(worker, key, speaks, &chosen.endpoint).await {
            Borrowed::Lent(up) => {
                call.worker.count(Counter::UpstreamPoolHits);
                return Ok(adopt(call, up));
            }
            Borrowed::Opening(counted) => opening = Some(counted),
        }
    }
    call.worker.count(Counter::UpstreamPoolMisses);
    let breakers = &cluster.config.circuit_breakers;
    let limits = if priority == 1 { breakers.high } else { breakers.default };
    let Some(_pending) = cluster.state.acquire_pending(priority, &limits) else {
        call.worker.count(Counter::CircuitBreakerOpen);
        cluster.state.overflows_total.fetch_add(1, Relaxed);
        return Err(Failure::Overflow);
    };
    loop {
        let mut connecting = None;
        if speaks != Speaks::Http1 {
            let key = key.http2();
            connecting = Connecting::begin_unless(&worker.pools, key, |cx| waiting.poll_given_up(cx)).await?;
            if connecting.is_none() {
                match take(call, key, speaks, false) {
                    Some(up) => return Ok(up),
                    None => continue,
                }
            }
            if opening.is_none() && !wants_new {
                match lend::borrow(worker, target.key(), speaks, &chosen.endpoint).await {
                    Borrowed::Lent(up) => return Ok(adopt(call, up)),
                    Borrowed::Opening(counted) => opening = Some(counted),
                }
            }
        }
        let guard = match free_connection(cluster, call, key, priority, &mut waiting).await? {
            Free::Connection(guard) => guard,
            Free::Try => match take(call, key, speaks, false) {
                Some(up) => return Ok(up),
                None => continue,
            },
        };
        let opening = opening.take().unwrap_or_else(|| Opening::new(&chosen.endpoint));
        let opening = Box::pin(upstream::connect(worker, target, speaks, guard, opening));
        let up = opened(opening, &mut waiting).await;
        drop(connecting);
        return up.map(|up| adopt(call, up));
    }
}

/// A pooled connection, or a stream of an open one.
fn take(call: &mut Call<'_>, key: PoolKey, speaks: Speaks, wants_new: bool) -> Option<Upstream> {
    let pools = &call.worker.pools;
    let stream = (speaks != Speaks::Http1)
        .then(|| pools.open_stream(&key.http2(), call.worker.timers.recent_ms()))
        .flatten();
    let own = || {
        (speaks != Speaks::Http2 && !wants_new)
            .then(|| pools.take(&key))
            .flatten()
    };
    let up = stream.or_else(own)?;
    Some(adopt(call, up))
}

pub(super) fn adopt(call: &mut Call<'_>, up: Upstream) -> Upstream {
    if call.served.listener.reporter == ReporterSide::Source {
        call.labels = Some(up.info.labels);
    }
    up
}

/// What makes it worth going on.
enum Free {
    /// A connection may be opened.
    Connection(Guard),
    /// Something was given back.
    Try,
}

async fn free_connection(
    cluster: &Arc<ClusterEntry>,
    call: &Call<'_>,
    key: PoolKey,
    priority: usize,
    waiting: &mut Waiting<'_>,
) -> Result<Free, Failure> {
    let breakers = &cluster.config.circuit_breakers;
    let limits = if priority == 1 { breakers.high } else { breakers.default };
    loop {
        if let Some(guard) = cluster.state.acquire_connection(priority, &limits) {
            return Ok(Free::Connection(guard));
        }
        // At the limit: an idle connection to another endpoint makes room, else the next one that is given back.
        let cluster_id = cluster.state.id;
        if call.worker.pools.close_one(cluster_id, key.endpoint) {
            continue;
        }
        let mut has_waited = false;
        poll_fn(|cx| {
            if has_waited {
                return Poll::Ready(Ok(()));
            }
            cluster.state.wait(cx.waker());
            has_waited = true;
            // One may have been closed between the attempt above and now.
            if cluster.state.has_room(priority, &limits) {
                return Poll::Ready(Ok(()));
            }
            waiting.poll_given_up(cx).map(Err)
        })
        .await?;
        if waiting.timer.has_fired()
            && let Some(failure) = waiting.deadlines.expired(waiting.timer, 0)
        {
            return Err(failure);
        }
        return Ok(Free::Try);
    }
}

/// Waits for a connection that is being opened, as long as that makes sense.
async fn opened(
    mut connecting: Pin<Box<impl Future<Output = Result<Upstream, Failure>>>>,
    waiting: &mut Waiting<'_>,
) -> Result<Upstream, Failure> {
    poll_fn(|cx| {
        if let Poll::Ready(result) = connecting.as_mut().poll(cx) {
            return Poll::Ready(result);
        }
        waiting.poll_given_up(cx).map(Err)
    })
    .await
}
