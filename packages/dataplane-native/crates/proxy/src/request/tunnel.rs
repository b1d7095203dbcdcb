//! What is no longer HTTP: upgraded connections and CONNECT.

use std::{sync::Arc, time::Duration};

use http::Buffer;
use net::{RelayEnd, RelayOptions, RelaySide, Transferred};
use telemetry::{Counter, ResponseFlags};

use super::{
    Call, Details, Next, Scratch,
    attempt::{self, choose},
    reply,
};
use crate::{
    cluster::Opening,
    connection::Inner,
    error::Failure,
    exchange::BodyPlan,
    pool::Upstream,
    snapshot::ClusterEntry,
    timer::Timer,
    upstream::{self, Speaks},
    wire::Wire,
};

/// What opens a tunnel to a client of HTTP/1.
const ESTABLISHED: &[u8] = b"HTTP/1.1 200 OK\r\n\r\n";

/// Ends a CONNECT here: its bytes go to an internal listener or, raw, to an endpoint.
pub(super) async fn terminate(
    call: &mut Call<'_>,
    wire: &mut Wire,
    buffer: &mut Buffer,
    scratch: &mut Scratch,
    timer: &Timer,
) -> Next {
    let Some(cluster) = call.cluster else {
        return Next::Abort;
    };
    let Some(chosen) = choose(call, cluster, buffer, scratch) else {
        let failure = call.fail(Failure::NoHealthyUpstream);
        return reply::send(call, wire, buffer, scratch, timer, failure).await;
    };
    call.attempts = 1;
    call.endpoint = chosen.entry;
    call.upstream_address = chosen.endpoint.address.socket();
    if let Some(name) = chosen.endpoint.address.internal_listener() {
        let name = Arc::clone(name);
        if !call.snapshot.listeners.contains_key(&name) {
            let failure = call.fail(Failure::TunnelRefused);
            return reply::send(call, wire, buffer, scratch, timer, failure).await;
        }
        return if establish(call, wire, timer).await {
            let authority = scratch.request.authority.of(buffer.filled());
            Next::Internal(Inner {
                listener: name,
                destination: std::str::from_utf8(authority).ok().and_then(|text| text.parse().ok()),
            })
        } else {
            super::client_gone(call)
        };
    }
    match open(call, cluster, &chosen).await {
        Err(failure) => {
            let reply = call.fail(failure);
            reply::send(call, wire, buffer, scratch, timer, reply).await
        }
        Ok(mut up) => {
            if !establish(call, wire, timer).await {
                return super::client_gone(call);
            }
            let early = buffer.filled()[scratch.request.len..].to_vec();
            join(call, wire, &mut up, &early, &[]).await
        }
    }
}

async fn open(
    call: &mut Call<'_>,
    cluster: &Arc<ClusterEntry>,
    chosen: &attempt::Chosen<'_>,
) -> Result<Upstream, Failure> {
    let limits = cluster.config.circuit_breakers.default;
    let Some(guard) = cluster.state.acquire_connection(0, &limits) else {
        call.worker.count(Counter::CircuitBreakerOpen);
        return Err(Failure::Overflow);
    };
    let target = attempt::target(call, cluster, chosen, "");
    let opening = Opening::new(&chosen.endpoint);
    let up = Box::pin(upstream::connect(
        &call.served.worker,
        target,
        Speaks::Http1,
        guard,
        opening,
    ))
    .await?;
    if call.served.listener.reporter == telemetry::ReporterSide::Source {
        call.labels = Some(up.info.labels);
    }
    Ok(up)
}

async fn establish(call: &mut Call<'_>, wire: &mut Wire, timer: &Timer) -> bool {
    call.status = 200;
    call.details = Details::Static("via_upstream");
    if let Wire::Stream(stream) = wire {
        stream.send_head(false, false, |writer| writer.field(b":status", b"200"));
        return true;
    }
    let mut out = ESTABLISHED.to_vec();
    reply::write(call, wire, timer, &mut out).await
}

/// Relays an upgraded connection, or a CONNECT that the upstream accepted.
pub(super) async fn relay(
    call: &mut Call<'_>,
    wire: &mut Wire,
    buffer: &mut Buffer,
    scratch: &mut Scratch,
    timer: &Timer,
    mut up: Upstream,
) -> Next {
    attempt::write_response_head(call, wire, buffer, scratch, BodyPlan::default());
    if !wire.is_stream() {
        let mut out = std::mem::take(&mut scratch.incoming.out);
        let is_sent = reply::write(call, wire, timer, &mut out).await;
        scratch.incoming.out = out;
        if !is_sent {
            return super::client_gone(call);
        }
    }
    timer.set(None);
    let from_client = scratch.outgoing.ahead(buffer).to_vec();
    let from_upstream = scratch.incoming.buffer.filled()[scratch.response.len..].to_vec();
    join(call, wire, &mut up, &from_client, &from_upstream).await
}

/// Joins both connections until they end.
async fn join(
    call: &mut Call<'_>,
    wire: &mut Wire,
    up: &mut Upstream,
    from_client: &[u8],
    from_upstream: &[u8],
) -> Next {
    let idle_ms = call.http.config.stream_idle_timeout_ms;
    let options = RelayOptions {
        idle_timeout: (idle_ms > 0).then(|| Duration::from_millis(idle_ms)),
        downstream_prefix: from_client,
        upstream_prefix: from_upstream,
    };
    let transferred = Transferred::default();
    let result = Box::pin(net::relay(wire, &mut up.wire, options, &transferred)).await;
    call.request_bytes = transferred.sent.get();
    call.response_bytes = transferred.received.get();
    match result {
        Ok(RelayEnd::Closed) => {}
        Ok(RelayEnd::IdleTimeout) => call.flags = call.flags.with(ResponseFlags::STREAM_IDLE_TIMEOUT),
        Err(error) if error.side == RelaySide::Downstream => {
            call.flags = call.flags.with(ResponseFlags::DOWNSTREAM_TERMINATION);
        }
        Err(_) => call.flags = call.flags.with(ResponseFlags::UPSTREAM_TERMINATION),
    }
    call.worker.count(Counter::UpstreamConnectionsClosed);
    Next::Abort
}
