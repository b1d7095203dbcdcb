//! Bytes that travel inside a request: CONNECT or POST to the upstream, then both directions as they are.

use std::{future::poll_fn, rc::Rc, time::Duration};

use config::TunnelingConfig;
use http::{
    Buffer, Framing, Method, RequestHead, RequestView, ResponseHead,
    h1::{self, HeadScanner},
};
use telemetry::ResponseFlags;

use crate::{
    cluster::{Guard, Opening},
    connection::Served,
    error::Failure,
    format,
    http_connection::write_all,
    lend::{self, Borrowed},
    pool::{Connecting, Upstream},
    snapshot::ClusterEntry,
    upstream::{self, Speaks, Target},
    wire::Wire,
    worker::Worker,
};

/// Interim responses that are read before the one that counts.
const MAX_INTERIM: u32 = 16;

/// Opens a tunnel. The answer are the upstream's end and the bytes that came with its response.
pub(super) async fn open(
    served: &Served,
    cluster: &ClusterEntry,
    tunneling: &TunnelingConfig,
    target: Target<'_>,
    guard: Guard,
) -> Result<(Upstream, Vec<u8>), Failure> {
    let timeout = Duration::from_millis(cluster.config.connect_timeout_ms.max(1));
    let speaks = match cluster.config.http.protocol {
        config::HttpProtocol::Http2 => Speaks::Http2,
        config::HttpProtocol::Auto if target.transport.tls.is_some() => Speaks::Negotiated,
        _ => Speaks::Http1,
    };
    let mut up = connect(&served.worker, target, speaks, guard).await?;
    up.info.requests.set(up.info.requests.get() + 1);
    let request = Request::new(served, cluster, tunneling, &target);
    let asked = async {
        if up.wire.is_stream() {
            ask_http2(&up.wire, &request).await.map(|()| Vec::new())
        } else {
            ask_http1(&served.worker, &mut up.wire, &request).await
        }
    };
    let early = match tokio::time::timeout(timeout, asked).await {
        Ok(asked) => asked?,
        Err(_elapsed) => return Err(Failure::ConnectTimeout),
    };
    Ok((up, early))
}

/// A stream of a connection that others use too, or a connection.
async fn connect(worker: &Rc<Worker>, target: Target<'_>, speaks: Speaks, guard: Guard) -> Result<Upstream, Failure> {
    if speaks == Speaks::Http1 {
        return upstream::connect(worker, target, speaks, guard, Opening::new(target.endpoint)).await;
    }
    let key = target.key().http2();
    loop {
        if let Some(up) = worker.pools.open_stream(&key, worker.timers.now_ms()) {
            return Ok(up);
        }
        if let Some(_turn) = Connecting::begin(&worker.pools, key).await {
            return match lend::borrow(worker, target.key(), speaks, target.endpoint).await {
                Borrowed::Lent(up) => Ok(up),
                Borrowed::Opening(opening) => upstream::connect(worker, target, speaks, guard, opening).await,
            };
        }
    }
}

/// What is asked of the upstream.
struct Request<'c> {
    tunneling: &'c TunnelingConfig,
    authority: Vec<u8>,
    fields: Vec<(&'c str, Vec<u8>)>,
    is_https: bool,
}

impl<'c> Request<'c> {
    fn new(served: &Served, cluster: &ClusterEntry, tunneling: &'c TunnelingConfig, target: &Target<'_>) -> Self {
        let head = RequestHead::default();
        let values = format::Values {
            facts: &served.facts,
            remote: served.facts.peer,
            request: RequestView::new(&head, &[]),
            response: None,
            route_name: "",
            cluster: &cluster.config.name,
            upstream: target.endpoint.address.socket(),
            status: 0,
            flags: ResponseFlags::default(),
            details: "",
            trace: None,
            duration_us: 0,
        };
        let written = |template: &config::Template| {
            let mut out = Vec::new();
            format::write(template, &values, &mut out);
            // A value of the network cannot end a line.
            out.retain(|byte| !matches!(byte, b'\r' | b'\n' | 0));
            out
        };
        let fields = tunneling.headers.iter().filter_map(|set| {
            let value = written(&set.value);
            (!value.is_empty() || set.keep_empty_value).then(|| (set.name.as_str(), value))
        });
        Self {
            authority: written(&tunneling.hostname),
            fields: fields.collect(),
            tunneling,
            is_https: target.transport.tls.is_some(),
        }
    }

    fn method(&self) -> Method {
        if self.tunneling.use_post {
            Method::Post
        } else {
            Method::Connect
        }
    }
}

async fn ask_http2(wire: &Wire, request: &Request<'_>) -> Result<(), Failure> {
    let Wire::Stream(stream) = wire else {
        return Err(Failure::TunnelRefused);
    };
    stream.send_head(false, false, |writer| {
        if request.tunneling.use_post {
            writer.field(b":method", b"POST");
            writer.field(b":scheme", if request.is_https { b"https" } else { b"http" });
            writer.field(b":path", request.tunneling.post_path.as_bytes());
        } else {
            writer.field(b":method", b"CONNECT");
        }
        writer.field(b":authority", &request.authority);
        for (name, value) in &request.fields {
            writer.field(name.as_bytes(), value);
        }
    });
    let mut head = ResponseHead::default();
    poll_fn(|cx| stream.poll_response(cx, &mut head))
        .await
        .map_err(|_| Failure::UpstreamReset)?;
    accept(head.status)
}

fn accept(status: u16) -> Result<(), Failure> {
    if (200..300).contains(&status) {
        Ok(())
    } else {
        Err(Failure::TunnelRefused)
    }
}

async fn ask_http1(worker: &Worker, wire: &mut Wire, request: &Request<'_>) -> Result<Vec<u8>, Failure> {
    // A POST of HTTP/1 would put every piece into a chunk, and what comes back out of one.
    if request.tunneling.use_post {
        return Err(Failure::TunnelRefused);
    }
    let mut out = Vec::with_capacity(256);
    for piece in [
        b"CONNECT ",
        request.authority.as_slice(),
        b" HTTP/1.1\r\nhost: ",
        &request.authority,
        b"\r\n",
    ] {
        out.extend_from_slice(piece);
    }
    for (name, value) in &request.fields {
        for piece in [name.as_bytes(), b": ", value, b"\r\n"] {
            out.extend_from_slice(piece);
        }
    }
    out.extend_from_slice(b"\r\n");
    poll_fn(|cx| write_all(cx, wire, &mut out))
        .await
        .map_err(|_| Failure::ClosedBeforeResponse)?;
    let mut buffer = Buffer::default();
    let result = read_response(worker, wire, &mut buffer, request.method()).await;
    worker.buffers.give(buffer);
    result
}

async fn read_response(
    worker: &Worker,
    wire: &mut Wire,
    buffer: &mut Buffer,
    method: Method,
) -> Result<Vec<u8>, Failure> {
    use net::Stream as _;
    let limits = http::Limits::default();
    let mut head = ResponseHead::default();
    let mut scanner = HeadScanner::default();
    let mut interim = 0;
    loop {
        let end = scanner
            .find_end(buffer.filled(), &limits)
            .map_err(|_| Failure::UpstreamProtocol)?;
        let Some(end) = end else {
            if !worker.buffers.make_room(buffer) {
                return Err(Failure::UpstreamProtocol);
            }
            let read = poll_fn(|cx| wire.poll_read(cx, buffer.space())).await;
            match read {
                Ok(count) if count > 0 => buffer.advance(count),
                _ => return Err(Failure::ClosedBeforeResponse),
            }
            continue;
        };
        h1::parse_response(&buffer.filled()[..end], &limits, method, &mut head)
            .map_err(|_| Failure::UpstreamProtocol)?;
        buffer.consume(end);
        if (100..200).contains(&head.status) && interim < MAX_INTERIM {
            interim += 1;
            scanner = HeadScanner::default();
            continue;
        }
        accept(head.status)?;
        return match head.framing {
            Framing::Tunnel => Ok(buffer.filled().to_vec()),
            _ => Err(Failure::UpstreamProtocol),
        };
    }
}
