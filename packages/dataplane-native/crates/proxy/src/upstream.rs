//! Getting a connection to an endpoint: from the pool, or a new one.

use std::{
    cell::{Cell, RefCell},
    future::poll_fn,
    hash::BuildHasher,
    net::SocketAddr,
    rc::Rc,
    sync::{Arc, atomic::Ordering::Relaxed},
    time::Duration,
};

use foldhash::fast::FixedState;
use net::{ConnectFailure, ConnectOptions, Keepalive, SocketOptions, Stream};
use telemetry::{Counter, ReporterSide};
use tls::Connection;

use crate::{
    cluster::{ConnectionGuard, EndpointState, Guard, Opening},
    connection::{self, Served},
    error::Failure,
    h2::SharedSession,
    labels,
    pool::{PoolKey, Upstream, UpstreamInfo},
    proxy_protocol,
    snapshot::ClusterEntry,
    transport::Transport,
    wire::Wire,
    worker::Worker,
};

/// How long a connection that says who the client is waits for the next request of that client at most: when it does not
/// come nobody else can use the connection.
const ONE_CLIENT_IDLE_MS: u64 = 15_000;

/// What a connection is wanted for.
#[derive(Clone, Copy)]
pub(crate) struct Target<'a> {
    pub(crate) cluster: &'a ClusterEntry,
    pub(crate) endpoint: &'a Arc<EndpointState>,
    pub(crate) workload: Option<&'a config::Workload>,
    pub(crate) transport: &'a Transport,
    /// The request's host, where the server name depends on it.
    pub(crate) authority: &'a str,
    /// The connection that asks; none where nobody waits for an answer.
    pub(crate) served: Option<&'a Served>,
    /// What an internal listener may learn of the endpoint.
    pub(crate) metadata: Option<&'a Arc<config::Metadata>>,
    pub(crate) reporter: ReporterSide,
}

impl Target<'_> {
    pub(crate) fn key(&self) -> PoolKey {
        let mut server_name = if self.transport.has_auto_name() {
            FixedState::default().hash_one(self.transport.server_name(self.authority))
        } else {
            0
        };
        if self.transport.proxy_protocol.is_some() {
            server_name = FixedState::default().hash_one((server_name, self.client()));
        }
        if let Some((source, mark)) = self.original_source() {
            server_name = FixedState::default().hash_one((server_name, source, mark));
        }
        PoolKey {
            endpoint: self.endpoint.id,
            transport: self.transport.id,
            server_name,
            is_http2: false,
        }
    }

    /// Where the client is and what it connected to.
    fn client(&self) -> Option<(SocketAddr, SocketAddr)> {
        let facts = &self.served?.facts;
        facts.peer.zip(facts.destination.or(facts.local))
    }

    /// The client's address where connections come from it, with their mark.
    fn original_source(&self) -> Option<(SocketAddr, u32)> {
        let served = self.served?;
        let filter = served.listener.original_src?;
        let mut source = served.facts.peer?;
        // Between two families there is no such thing.
        let is_same_family = self.endpoint.address.socket()?.is_ipv4() == source.is_ipv4();
        if !filter.bind_port {
            source.set_port(0);
        }
        is_same_family.then_some((source, filter.mark))
    }

    /// A connection through this process to a listener that has no socket.
    fn connect_internal(&self, worker: &Rc<Worker>, listener: &Arc<str>) -> Option<net::Socket> {
        let passthrough = self.transport.config.passthrough();
        let metadata = self.metadata.map(|metadata| Arc::new(metadata.only(passthrough)));
        connection::connect_internal(worker, self.served, listener, metadata)
    }
}

/// What is to be spoken on a connection.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Speaks {
    /// HTTP/1, or bytes that are not HTTP.
    Http1,
    /// HTTP/2, whatever was negotiated.
    Http2,
    /// What ALPN says.
    Negotiated,
}

/// Opens a connection; TLS included. `guard` and `opening` count it. Where it speaks HTTP/2 it is shared, and the answer is its first
/// stream.
pub(crate) async fn connect(
    worker: &Rc<Worker>,
    target: Target<'_>,
    speaks: Speaks,
    guard: Guard,
    opening: Opening,
) -> Result<Upstream, Failure> {
    let cluster = target.cluster;
    let timeout = Duration::from_millis(cluster.config.connect_timeout_ms.max(1));
    let failed = |failure: Failure| {
        worker.count(Counter::UpstreamConnectFailures);
        cluster.state.connect_failures_total.fetch_add(1, Relaxed);
        target.endpoint.troubles().connect_failures_total.fetch_add(1, Relaxed);
        failure
    };
    let socket = open_socket(worker, &target, timeout).await.map_err(failed)?;
    let mut is_mutual = false;
    let stream: Connection = match &target.transport.tls {
        None => socket.into(),
        Some(client) => {
            let name = target.transport.server_name(target.authority);
            match client.connect(socket, name, timeout).await {
                Ok(stream) => {
                    worker.count(Counter::UpstreamTlsHandshakes);
                    is_mutual = target.transport.presents_certificate();
                    stream.into()
                }
                Err(_) => {
                    worker.count(Counter::UpstreamTlsFailures);
                    return Err(failed(Failure::TlsFailure));
                }
            }
        }
    };
    worker.count(Counter::UpstreamConnectionsOpened);
    cluster.state.connections_total.fetch_add(1, Relaxed);
    let principal = stream.peer().and_then(|peer| peer.spiffe_id.clone());
    let is_http2 = match speaks {
        Speaks::Http1 => false,
        Speaks::Http2 => true,
        Speaks::Negotiated => stream.peer().and_then(|peer| peer.alpn.as_deref()) == Some(b"h2"),
    };
    let labels = labels::http(
        &worker.shared.telemetry,
        target.reporter,
        labels::endpoint_names(target.workload, principal.as_deref().unwrap_or_default()),
        &cluster.service,
        labels::policy(is_mutual),
    );
    let local = stream.socket().and_then(|socket| socket.local_address().ok()?.tcp());
    let key = target.key();
    let for_one_client = target.transport.proxy_protocol.is_some() || target.original_source().is_some();
    let info = Rc::new(UpstreamInfo {
        key: if is_http2 { key.http2() } else { key },
        endpoint: Arc::clone(target.endpoint),
        requests: Cell::new(0),
        opened_ms: worker.timers.now_ms(),
        idle_timeout_ms: match (for_one_client, cluster.config.http.idle_timeout_ms) {
            (false, timeout) => timeout,
            (true, 0) => ONE_CLIENT_IDLE_MS,
            (true, timeout) => timeout.min(ONE_CLIENT_IDLE_MS),
        },
        for_one_client,
        labels,
        local,
        is_mutual: is_mutual && principal.is_some(),
        principal,
        guard: RefCell::new(Some(ConnectionGuard::new(guard, opening))),
    });
    if !is_http2 {
        return Ok(Upstream {
            wire: stream.into(),
            info,
        });
    }
    let session = SharedSession::start(worker, stream, Rc::clone(&info), &cluster.config.http);
    let settled = poll_fn(|cx| session.poll_settled(cx));
    if !matches!(tokio::time::timeout(timeout, settled).await, Ok(true)) {
        session.retire();
        return Err(failed(Failure::ConnectFailure));
    }
    let opened = session.open().ok_or_else(|| failed(Failure::ConnectFailure))?;
    worker.pools.add_session(session);
    Ok(Upstream {
        wire: Wire::Stream(opened),
        info,
    })
}

/// The bare connection; where the upstream wants to know who the client is, it has been told.
async fn open_socket(worker: &Rc<Worker>, target: &Target<'_>, timeout: Duration) -> Result<net::Socket, Failure> {
    let mut socket = if let Some(listener) = target.endpoint.address.internal_listener() {
        target
            .connect_internal(worker, listener)
            .ok_or(Failure::TunnelRefused)?
    } else {
        let address = socket_address(&target.endpoint.address).ok_or(Failure::ConnectFailure)?;
        let mut options = connect_options(target.cluster, timeout);
        if let Some((source, mark)) = target.original_source() {
            options.source = Some(source);
            options.transparent = true;
            options.socket.mark = (mark != 0).then_some(mark);
        }
        net::connect(&address, &options)
            .await
            .map_err(|error| match error.failure {
                ConnectFailure::Timeout => Failure::ConnectTimeout,
                _ => Failure::ConnectFailure,
            })?
    };
    if let Some(version) = target.transport.proxy_protocol {
        let saying = proxy_protocol::send(&mut socket, version, target.client());
        match tokio::time::timeout(timeout, saying).await {
            Ok(said) => said.map_err(|_| Failure::ConnectFailure)?,
            Err(_elapsed) => return Err(Failure::ConnectTimeout),
        }
    }
    Ok(socket)
}

fn connect_options(cluster: &ClusterEntry, timeout: Duration) -> ConnectOptions {
    let keepalive = cluster.config.tcp_keepalive.as_ref().map(|keepalive| Keepalive {
        time: keepalive.time_s.map(|seconds| Duration::from_secs(seconds.into())),
        interval: keepalive.interval_s.map(|seconds| Duration::from_secs(seconds.into())),
        probes: keepalive.probes,
    });
    ConnectOptions {
        source: cluster.config.bind_address.map(|ip| SocketAddr::new(ip, 0)),
        timeout: Some(timeout),
        socket: SocketOptions {
            keepalive,
            ..SocketOptions::default()
        },
        ..ConnectOptions::default()
    }
}

/// Where to connect to; none for what is only a name.
pub(crate) fn socket_address(address: &config::Address) -> Option<net::Address> {
    match address {
        config::Address::V4(address) => Some(net::Address::Tcp((*address).into())),
        config::Address::V6(address) => Some(net::Address::Tcp((**address).into())),
        config::Address::Unix(path) => Some(net::Address::from_pipe_path(path)),
        config::Address::Host(_) | config::Address::Internal(_) => None,
    }
}
