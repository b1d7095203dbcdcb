//! The PROXY protocol on both sides of the proxy.

use std::{
    future::poll_fn,
    io::IoSlice,
    net::SocketAddr,
    task::{Poll, ready},
};

use http::Buffer;
use net::{ProxyParse, ProxyVersion, Stream};
use telemetry::Counter;

use crate::{snapshot::ListenerEntry, wire::Wire, worker::Worker};

/// Reads what a load balancer says about its client. What comes after it stays in `received`. The answer is where the
/// client is and where it connected to, if that was said; none: the connection ends.
pub(crate) async fn receive(
    worker: &Worker,
    listener: &ListenerEntry,
    filter: config::ProxyProtocolFilter,
    wire: &mut Wire,
    received: &mut Buffer,
) -> Option<Option<(SocketAddr, SocketAddr)>> {
    let timer = worker.timers.timer();
    let timeout_ms = match listener.config.listener_filters_timeout_ms {
        0 => worker.shared.limits.transport_timeout_ms,
        timeout => timeout,
    };
    timer.set(Some(worker.timers.now_ms() + timeout_ms));
    let header = poll_fn(|cx| {
        loop {
            match parse(filter, received.filled()) {
                ProxyParse::Found(header) => return Poll::Ready(Some(Some(header))),
                ProxyParse::Absent if filter.allow_missing => return Poll::Ready(Some(None)),
                ProxyParse::Absent | ProxyParse::Malformed(_) => {
                    worker.count(Counter::DownstreamProxyProtocolErrors);
                    return Poll::Ready(None);
                }
                ProxyParse::Incomplete => {}
            }
            if timer.poll_expired(cx).is_ready() {
                let goes_on = filter.allow_missing && listener.config.continue_on_listener_filters_timeout;
                if !goes_on {
                    worker.count(Counter::DownstreamTimeouts);
                }
                return Poll::Ready(goes_on.then_some(None));
            }
            if !worker.buffers.make_room(received) {
                worker.count(Counter::DownstreamProxyProtocolErrors);
                return Poll::Ready(None);
            }
            match ready!(wire.poll_read(cx, received.space())) {
                Ok(count) if count > 0 => received.advance(count),
                _ => return Poll::Ready(None),
            }
        }
    })
    .await?;
    let Some(header) = header else { return Some(None) };
    received.consume(header.len);
    if received.is_empty() {
        worker.buffers.give(std::mem::take(received));
    }
    Some(header.addresses)
}

/// What the bytes are to a filter that may not understand all versions.
fn parse(filter: config::ProxyProtocolFilter, bytes: &[u8]) -> ProxyParse {
    let parsed = net::parse_proxy_header(bytes);
    let is_refused = match parsed {
        ProxyParse::Found(header) => match header.version {
            ProxyVersion::V1 => filter.without_v1,
            ProxyVersion::V2 => filter.without_v2,
        },
        _ => false,
    };
    match is_refused {
        false => parsed,
        true if filter.allow_missing => ProxyParse::Absent,
        true => ProxyParse::Malformed("a version that is not allowed"),
    }
}

/// Says who the client is, first of all on a new connection to an upstream.
pub(crate) async fn send(
    socket: &mut impl Stream,
    version: ProxyVersion,
    client: Option<(SocketAddr, SocketAddr)>,
) -> std::io::Result<()> {
    let mut out = Vec::with_capacity(128);
    net::write_proxy_header(version, client, &mut out);
    let mut sent = 0;
    poll_fn(|cx| {
        while sent < out.len() {
            match ready!(socket.poll_write_vectored(cx, &[IoSlice::new(&out[sent..])]))? {
                0 => return Poll::Ready(Err(std::io::ErrorKind::WriteZero.into())),
                count => sent += count,
            }
        }
        socket.poll_flush(cx)
    })
    .await
}
