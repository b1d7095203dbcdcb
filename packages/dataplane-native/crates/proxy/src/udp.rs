//! Datagrams of clients, sent on to endpoints, and theirs back.
//!
//! Every worker has a socket of its own on a listener's address; the kernel gives all datagrams of one client to one of
//! them. What a client sends belongs to a session, which has an endpoint and a socket that only that endpoint can answer
//! on. Nothing waits: a datagram that cannot be taken now is lost, as on any other hop.
//!
//! A next process goes on with the same sockets, so that what waits in them is lost to nobody. Sessions stay: what their
//! endpoints still answer goes out by the socket that both processes have.

use std::{
    borrow::Cow,
    cell::{Cell, RefCell},
    collections::HashMap,
    future::poll_fn,
    io,
    net::{IpAddr, SocketAddr},
    os::fd::OwnedFd,
    rc::{Rc, Weak},
    sync::{Arc, atomic::Ordering::Relaxed},
    task::{Context, Poll},
};

use config::{MatchInput, MatchValues, UdpHash};
use foldhash::fast::FixedState;
use net::{DatagramOptions, DatagramSocket, Series};
use telemetry::{AccessLog, Counter, LabelNames, LogTargets, PeerNames, ResponseFlags};
use tokio::task::AbortHandle;

use crate::{
    cluster::{EndpointState, Guard},
    connection::Facts,
    labels,
    logging::{AccessLogs, Subject},
    snapshot::{ClusterEntry, Snapshot},
    timer::Timer,
    worker::Worker,
};

/// What a listener does with datagrams.
pub(crate) struct UdpEntry {
    pub(crate) config: Arc<config::UdpProxy>,
    pub(crate) logs: AccessLogs,
}

/// A session's client, and the address that it sends to.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
struct Key {
    peer: SocketAddr,
    local: Option<IpAddr>,
}

/// Errors of a socket that are passed over at a time.
const MAX_ERRORS: u32 = 16;

/// How long an answer is waited for when the client's next datagrams come to another process.
const LAST_ANSWER_MS: u64 = 5_000;

type Sessions = Rc<RefCell<HashMap<Key, Open, FixedState>>>;

/// A worker's sockets on a listener's address, with what comes by them. Dropping it ends all sessions.
pub(crate) struct Receiving {
    sockets: Vec<(Rc<DatagramSocket>, Sessions, AbortHandle)>,
}

/// Sessions whose clients send to another process by now; answers still reach them.
pub(crate) struct Leaving(Vec<Sessions>);

impl Receiving {
    /// Other descriptors of its sockets. One that cannot be had now is one socket less.
    pub(crate) fn duplicates(&self) -> impl Iterator<Item = OwnedFd> {
        self.sockets.iter().filter_map(|(socket, ..)| socket.duplicate().ok())
    }

    /// Receives nothing more from clients.
    pub(crate) fn leave(mut self) -> Leaving {
        let stopped = std::mem::take(&mut self.sockets)
            .into_iter()
            .map(|(_, sessions, serving)| {
                serving.abort();
                sessions
            });
        Leaving(stopped.collect())
    }
}

impl Drop for Receiving {
    fn drop(&mut self) {
        for (_, sessions, serving) in &self.sockets {
            serving.abort();
            sessions.borrow_mut().clear();
        }
    }
}

impl Leaving {
    /// Whether all sessions have ended.
    pub(crate) fn is_over(&self) -> bool {
        self.0.iter().all(|sessions| sessions.borrow().is_empty())
    }
}

/// A session with the task that waits for its endpoint's answers.
struct Open {
    session: Rc<Session>,
    answering: AbortHandle,
}

impl Drop for Open {
    fn drop(&mut self) {
        self.answering.abort();
    }
}

/// A client's datagrams and those of the endpoint that they go to. When it is dropped it is logged.
struct Session {
    worker: Rc<Worker>,
    listener: Arc<str>,
    udp: Arc<UdpEntry>,
    key: Key,
    /// Port that the client sends to.
    port: u16,
    cluster: Arc<ClusterEntry>,
    endpoint: Arc<EndpointState>,
    address: SocketAddr,
    upstream: DatagramSocket,
    /// Version of the configuration in which the endpoint was seen last.
    version: Cell<u64>,
    active_ms: Cell<u64>,
    start_us: u64,
    sent: Cell<u64>,
    received: Cell<u64>,
    has_answered: Cell<bool>,
    flags: Cell<ResponseFlags>,
    _connection: Guard,
}

/// Opens a worker's socket on an address, or goes on with those of the process before, and serves until that is dropped.
pub(crate) fn listen(
    worker: &Rc<Worker>,
    name: &Arc<str>,
    address: SocketAddr,
    options: &DatagramOptions,
    inherited: Vec<OwnedFd>,
) -> io::Result<(SocketAddr, Receiving)> {
    let mut sockets = Vec::new();
    for fd in inherited {
        sockets.push(DatagramSocket::from_fd(fd)?);
    }
    if sockets.is_empty() {
        sockets.push(DatagramSocket::bind(address, options)?);
    }
    let bound = sockets[0].local_address();
    let serving = sockets.into_iter().map(|socket| {
        let (socket, sessions) = (Rc::new(socket), Sessions::default());
        let serving = serve(
            Rc::clone(worker),
            Rc::clone(&socket),
            Arc::clone(name),
            Rc::clone(&sessions),
        );
        (socket, sessions, tokio::task::spawn_local(serving).abort_handle())
    });
    Ok((
        bound,
        Receiving {
            sockets: serving.collect(),
        },
    ))
}

async fn serve(worker: Rc<Worker>, socket: Rc<DatagramSocket>, name: Arc<str>, sessions: Sessions) {
    poll_fn(|cx| {
        let mut datagrams = worker.datagrams.borrow_mut();
        let mut errors = 0;
        loop {
            match socket.poll_receive(cx, &mut datagrams) {
                Poll::Ready(Ok(())) => {}
                // An answer that did not arrive is told here; the next datagram is none the worse.
                Poll::Ready(Err(_)) if errors < MAX_ERRORS => {
                    errors += 1;
                    continue;
                }
                Poll::Ready(Err(_)) => {
                    cx.waker().wake_by_ref();
                    return Poll::Pending;
                }
                Poll::Pending => return Poll::<()>::Pending,
            }
            for series in datagrams.iter() {
                for _ in 0..series.count() {
                    worker.count(Counter::UdpDatagramsReceived);
                }
                if !forward(&worker, &socket, &name, &sessions, &series) {
                    for _ in 0..series.count() {
                        worker.count(Counter::UdpDatagramsDropped);
                    }
                }
            }
        }
    })
    .await;
}

/// Sends what a client has sent to its session's endpoint. False: it is lost.
fn forward(
    worker: &Rc<Worker>,
    socket: &Rc<DatagramSocket>,
    name: &Arc<str>,
    sessions: &Sessions,
    series: &Series<'_>,
) -> bool {
    let snapshot = worker.snapshot();
    let Some(udp) = snapshot.listeners.get(name).and_then(|listener| listener.udp.as_ref()) else {
        return false;
    };
    let key = Key {
        peer: series.peer,
        local: series.local,
    };
    let before = sessions.borrow().get(&key).map(|open| Rc::clone(&open.session));
    if let Some(session) = before {
        if !session.has_moved(worker, &snapshot) {
            return session.send(series);
        }
        sessions.borrow_mut().remove(&key);
    }
    let Some(session) = open(worker, socket, name, udp, &snapshot, key) else {
        worker.count(Counter::UdpSessionsRefused);
        return false;
    };
    let session = Rc::new(session);
    let answering = answer(Rc::clone(&session), Rc::clone(socket), Rc::downgrade(sessions));
    let is_sent = session.send(series);
    let open = Open {
        session,
        answering: tokio::task::spawn_local(answering).abort_handle(),
    };
    sessions.borrow_mut().insert(key, open);
    is_sent
}

fn open(
    worker: &Rc<Worker>,
    socket: &DatagramSocket,
    name: &Arc<str>,
    udp: &Arc<UdpEntry>,
    snapshot: &Snapshot,
    key: Key,
) -> Option<Session> {
    let port = socket.local_address().port();
    let cluster = udp.config.route.find(&Values { key, port })?;
    let cluster = snapshot.clusters.get(cluster)?;
    if worker.shared.overload.stops_accepting() {
        return None;
    }
    let endpoint = pick(worker, cluster, udp, key)?;
    let address = endpoint.address.socket()?;
    let Some(guard) = cluster
        .state
        .acquire_connection(0, &cluster.config.circuit_breakers.default)
    else {
        worker.count(Counter::CircuitBreakerOpen);
        cluster.state.overflows_total.fetch_add(1, Relaxed);
        return None;
    };
    let source = cluster.config.bind_address.map(|ip| SocketAddr::new(ip, 0));
    let Ok(upstream) = DatagramSocket::connect(address, source, &DatagramOptions::default()) else {
        worker.count(Counter::UpstreamConnectFailures);
        endpoint.troubles().connect_failures_total.fetch_add(1, Relaxed);
        return None;
    };
    let open = worker.shared.connections.fetch_add(1, Relaxed);
    if open >= worker.shared.limits.max_connections {
        worker.shared.connections.fetch_sub(1, Relaxed);
        return None;
    }
    worker.count(Counter::UdpSessionsOpened);
    cluster.state.connections_total.fetch_add(1, Relaxed);
    endpoint.begin();
    Some(Session {
        worker: Rc::clone(worker),
        listener: Arc::clone(name),
        udp: Arc::clone(udp),
        key,
        port,
        cluster: Arc::clone(cluster),
        endpoint,
        address,
        upstream,
        version: Cell::new(snapshot.version),
        active_ms: Cell::new(worker.timers.now_ms()),
        start_us: worker.timers.now_us(),
        sent: Cell::new(0),
        received: Cell::new(0),
        has_answered: Cell::new(false),
        flags: Cell::new(ResponseFlags::NONE),
        _connection: guard,
    })
}

fn pick(worker: &Worker, cluster: &ClusterEntry, udp: &UdpEntry, key: Key) -> Option<Arc<EndpointState>> {
    let hash = || match udp.config.hash.as_ref()? {
        UdpHash::SourceIp => Some(route::hash_address(key.peer.ip())),
        UdpHash::Key(key) => Some(route::hash_text(key.as_bytes())),
    };
    let input = balance::PickInput {
        hash: cluster.picker.wants_hash().then(hash).flatten(),
        ..worker.pick_input(&cluster.picker)
    };
    let picked = worker.with_turn(cluster.state.id, |turn| cluster.picker.pick(turn, cluster, &input))?;
    Some(Arc::clone(&cluster.endpoints[picked.endpoint].state))
}

/// What is known about a session before it has an endpoint.
struct Values {
    key: Key,
    port: u16,
}

impl MatchValues for Values {
    fn value(&self, input: &MatchInput) -> Option<Cow<'_, [u8]>> {
        let text = match input {
            MatchInput::SourceIp => self.key.peer.ip().to_string(),
            MatchInput::SourcePort => self.key.peer.port().to_string(),
            MatchInput::DestinationIp => self.key.local?.to_string(),
            MatchInput::DestinationPort => self.port.to_string(),
            MatchInput::Header(_) => return None,
        };
        Some(Cow::Owned(text.into_bytes()))
    }

    fn address(&self, input: &MatchInput) -> Option<IpAddr> {
        match input {
            MatchInput::SourceIp => Some(self.key.peer.ip()),
            MatchInput::DestinationIp => self.key.local,
            _ => None,
        }
    }
}

impl Session {
    /// Whether the client's datagrams go elsewhere now: the endpoint has gone, or is not well while another is.
    fn has_moved(&self, worker: &Worker, snapshot: &Snapshot) -> bool {
        if self.version.get() != snapshot.version {
            let cluster = snapshot.clusters.get(&self.cluster.config.name);
            let is_there = cluster.is_some_and(|cluster| {
                let mut endpoints = cluster.endpoints.iter();
                endpoints.any(|entry| entry.state.id == self.endpoint.id)
            });
            if !is_there {
                return true;
            }
            self.version.set(snapshot.version);
        }
        if self.endpoint.is_available() {
            return false;
        }
        let cluster = snapshot.clusters.get(&self.cluster.config.name);
        let other = cluster.and_then(|cluster| pick(worker, cluster, &self.udp, self.key));
        other.is_some_and(|other| other.id != self.endpoint.id && other.is_available())
    }

    fn send(&self, series: &Series<'_>) -> bool {
        self.active_ms.set(self.worker.timers.now_ms());
        // What an earlier datagram met (say, that nobody listens) is told with the next one, which is not sent then.
        let is_sent = self.upstream.send(self.address, None, series).is_ok()
            || self.upstream.send(self.address, None, series).is_ok();
        if is_sent {
            self.sent.set(self.sent.get() + series.bytes.len() as u64);
        }
        is_sent
    }

    /// Sends the endpoint's answers to the client. Ready when nothing more can come.
    fn poll_answers(&self, cx: &mut Context<'_>, downstream: &DatagramSocket) -> Poll<()> {
        let mut datagrams = self.worker.datagrams.borrow_mut();
        let mut errors = 0;
        loop {
            match self.upstream.poll_receive(cx, &mut datagrams) {
                Poll::Ready(Ok(())) => {}
                // Nobody listens there, for now.
                Poll::Ready(Err(error)) if error.kind() == io::ErrorKind::ConnectionRefused && errors < MAX_ERRORS => {
                    errors += 1;
                    continue;
                }
                Poll::Ready(Err(_)) => return Poll::Ready(()),
                Poll::Pending => return Poll::Pending,
            }
            self.active_ms.set(self.worker.timers.now_ms());
            self.has_answered.set(true);
            for series in datagrams.iter() {
                let is_sent = downstream.send(self.key.peer, self.key.local, &series).is_ok();
                if is_sent {
                    self.received.set(self.received.get() + series.bytes.len() as u64);
                }
                let counter = if is_sent {
                    Counter::UdpDatagramsSent
                } else {
                    Counter::UdpDatagramsDropped
                };
                for _ in 0..series.count() {
                    self.worker.count(counter);
                }
            }
        }
    }

    /// Ready when nothing has moved for as long as the configuration says.
    fn poll_idle(&self, cx: &Context<'_>, timer: &Timer) -> Poll<()> {
        loop {
            let mut idle_ms = self.udp.config.idle_timeout_ms;
            if self.worker.shared.is_handed_over.load(Relaxed) {
                idle_ms = idle_ms.min(LAST_ANSWER_MS);
            }
            let ends_ms = self.active_ms.get() + idle_ms;
            if ends_ms <= timer.now_ms() {
                return Poll::Ready(());
            }
            timer.set(Some(ends_ms));
            if timer.poll_expired(cx).is_pending() {
                return Poll::Pending;
            }
        }
    }
}

async fn answer(
    session: Rc<Session>,
    downstream: Rc<DatagramSocket>,
    sessions: Weak<RefCell<HashMap<Key, Open, FixedState>>>,
) {
    let timer = session.worker.timers.timer();
    let is_idle = poll_fn(|cx| {
        if session.poll_answers(cx, &downstream).is_ready() {
            return Poll::Ready(false);
        }
        session.poll_idle(cx, &timer).map(|()| true)
    })
    .await;
    session.flags.set(match is_idle {
        // That is how a session ends, unless it never had an answer.
        true if session.has_answered.get() => ResponseFlags::NONE,
        true => ResponseFlags::STREAM_IDLE_TIMEOUT,
        false => ResponseFlags::UPSTREAM_TERMINATION,
    });
    if let Some(sessions) = sessions.upgrade() {
        let ended = sessions.borrow_mut().remove(&session.key);
        drop(ended);
    }
}

impl Drop for Session {
    fn drop(&mut self) {
        let worker = &self.worker;
        worker.shared.connections.fetch_sub(1, Relaxed);
        worker.count(Counter::UdpSessionsClosed);
        self.endpoint.active.fetch_sub(1, Relaxed);
        self.log();
    }
}

impl Session {
    fn log(&self) {
        let (telemetry, flags) = (&self.worker.telemetry, self.flags.get());
        let sampled = telemetry.log_decision(!flags.is_empty(), LogTargets::NONE);
        if sampled.is_none() && self.udp.logs.is_empty() {
            return;
        }
        let destination = self.key.local.map(|ip| SocketAddr::new(ip, self.port));
        let facts = Facts {
            peer: Some(self.key.peer),
            direct_peer: Some(self.key.peer),
            destination,
            local: destination,
            ..Facts::default()
        };
        let duration_us = self.worker.timers.now_us().saturating_sub(self.start_us);
        let reporter = self
            .worker
            .snapshot()
            .listeners
            .get(&self.listener)
            .map_or(telemetry::ReporterSide::Source, |listener| listener.reporter);
        let log = AccessLog {
            start_unix_us: telemetry::unix_micros() - duration_us as i64,
            duration_us,
            labels: self.worker.shared.telemetry.labels(&LabelNames {
                reporter,
                peer: PeerNames::default(),
                destination_service: &self.cluster.service,
                security_policy: labels::policy(false),
                protocol: "udp",
            }),
            protocol: "UDP",
            flags,
            request_bytes: self.sent.get(),
            response_bytes: self.received.get(),
            upstream_cluster: self.cluster.name_id,
            upstream_host: Some(self.address),
            upstream_local: Some(self.upstream.local_address()),
            downstream_local: destination,
            downstream_remote: Some(self.key.peer),
            ..AccessLog::default()
        };
        let mut captured = Vec::new();
        let subject = Subject {
            listener: &self.listener,
            cluster: Some(&self.cluster),
            ..Subject::of_connection(&facts, &log)
        };
        let targets = self.udp.logs.choose(&subject, &mut captured);
        let log = AccessLog {
            captured: &captured,
            ..log
        };
        telemetry.log(sampled.to(targets), &log);
    }
}
