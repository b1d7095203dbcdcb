//! Connections to upstreams that speak HTTP/2, shared by the requests of a worker. One that has nothing to do can go to
//! another worker (`lend.rs`).

use std::{
    cell::{Cell, RefCell},
    future::poll_fn,
    io,
    rc::Rc,
    task::{Context, Poll, Waker},
};

use ::http::{
    Buffer,
    h2::{Role, Session, SessionOptions},
};
use telemetry::Counter;
use tls::{Connection, DetachedConnection};

use super::{Conn, Stream, close};
use crate::{lend, pool::UpstreamInfo, worker::Worker};

/// A connection that streams are opened on.
pub(crate) struct SharedSession {
    conn: Rc<Conn>,
    pub(crate) info: Rc<UpstreamInfo>,
    idle_since_ms: Cell<u64>,
    /// Who waits for the server's settings.
    settling: RefCell<Option<Waker>>,
    /// None: another worker has it now.
    link: RefCell<Option<Link>>,
    bounds: Bounds,
}

/// The socket, and what has been read of a frame that is not whole yet.
struct Link {
    socket: Connection,
    input: Buffer,
}

/// How long a connection is used, and how it is watched.
#[derive(Clone, Copy)]
struct Bounds {
    max_requests: u32,
    max_duration_ms: u64,
    keepalive: Option<config::Http2Keepalive>,
}

/// A connection on its way to another worker. Nothing is under way on it.
pub(crate) struct LentSession {
    session: Box<Session>,
    connection: DetachedConnection,
    needs_flush: bool,
    info: UpstreamInfo,
    bounds: Bounds,
}

impl SharedSession {
    /// Begins a session on the connection; a task of its own drives it.
    pub(crate) fn start(
        worker: &Rc<Worker>,
        socket: Connection,
        info: Rc<UpstreamInfo>,
        http: &config::HttpProtocolOptions,
    ) -> Rc<Self> {
        let session = Session::new(
            Role::Client,
            SessionOptions {
                max_concurrent_streams: http.http2.max_concurrent_streams,
                stream_window: http.http2.initial_stream_window_bytes,
                connection_window: http.http2.initial_connection_window_bytes,
                allow_connect_protocol: false,
                limits: worker.shared.limits.of_responses(http),
            },
        );
        let conn = Conn::new(session, Rc::clone(worker), Counter::UpstreamProtocolErrors);
        let bounds = Bounds {
            max_requests: http.max_requests_per_connection,
            max_duration_ms: http.max_connection_duration_ms,
            keepalive: http.http2.keepalive,
        };
        Self::driven(worker, conn, socket, info, bounds)
    }

    /// Goes on with a session that another worker has lent.
    pub(crate) fn resume(worker: &Rc<Worker>, lent: LentSession) -> io::Result<Rc<Self>> {
        let socket = lent.connection.attach()?;
        let conn = Conn::new(*lent.session, Rc::clone(worker), Counter::UpstreamProtocolErrors);
        conn.needs_flush.set(lent.needs_flush);
        Ok(Self::driven(worker, conn, socket, Rc::new(lent.info), lent.bounds))
    }

    fn driven(
        worker: &Rc<Worker>,
        conn: Rc<Conn>,
        socket: Connection,
        info: Rc<UpstreamInfo>,
        bounds: Bounds,
    ) -> Rc<Self> {
        let input = Buffer::default();
        let shared = Rc::new(Self {
            conn,
            idle_since_ms: Cell::new(worker.timers.now_ms()),
            settling: RefCell::default(),
            link: RefCell::new(Some(Link { socket, input })),
            bounds,
            info,
        });
        tokio::task::spawn_local(run(Rc::clone(worker), Rc::clone(&shared)));
        shared
    }

    /// Takes the connection out of this worker, if nothing is under way on it. Its task ends then, and the pool has to
    /// forget it.
    pub(crate) fn detach(&self, now_ms: u64) -> Option<LentSession> {
        if self.stream_count() > 0 || !self.is_usable(now_ms) || !self.conn.session.borrow().has_peer_settings() {
            return None;
        }
        let mut place = self.link.borrow_mut();
        let link = place.take_if(|link| link.input.is_empty())?;
        let info = self.info.hand_on()?;
        let mut nothing = Session::new(Role::Client, SessionOptions::default());
        nothing.lose();
        let session = self.conn.session.replace(nothing);
        self.conn.wake();
        Some(LentSession {
            session: Box::new(session),
            // One that fails now is closed, which ends its count too.
            connection: link.socket.detach().ok()?,
            needs_flush: self.conn.needs_flush.get(),
            info,
            bounds: self.bounds,
        })
    }

    fn is_lent(&self) -> bool {
        self.link.borrow().is_none()
    }

    /// Ready when the server has said how many streams it takes: it speaks HTTP/2, and none will be refused for being one
    /// too many. False: it does not, or has gone.
    pub(crate) fn poll_settled(&self, cx: &Context<'_>) -> Poll<bool> {
        let session = self.conn.session.borrow();
        if session.has_peer_settings() || !session.is_usable() {
            return Poll::Ready(session.is_usable());
        }
        *self.settling.borrow_mut() = Some(cx.waker().clone());
        Poll::Pending
    }

    fn wake_settling(&self) {
        if let Some(waker) = self.settling.borrow_mut().take() {
            waker.wake();
        }
    }

    /// Another stream, if there is room for one.
    pub(crate) fn open(&self) -> Option<Stream> {
        let key = self.conn.with(Session::open)?;
        Some(self.conn.stream(key))
    }

    /// Whether streams can still be opened, now or when others have ended.
    pub(crate) fn is_usable(&self, now_ms: u64) -> bool {
        let (info, bounds) = (&self.info, &self.bounds);
        (bounds.max_requests == 0 || info.requests.get() < bounds.max_requests)
            && (bounds.max_duration_ms == 0 || now_ms.saturating_sub(info.opened_ms) < bounds.max_duration_ms)
            && !info.endpoint.is_given_up()
            && self.conn.session.borrow().is_usable()
    }

    /// Streams that are open.
    pub(crate) fn stream_count(&self) -> usize {
        self.conn.session.borrow().stream_count()
    }

    /// Lets the streams finish and takes no more.
    pub(crate) fn retire(&self) {
        self.conn.with(Session::drain);
        self.conn.wake();
    }

    /// Whether it has been without a stream for longer than allowed.
    pub(crate) fn is_idle(&self, now_ms: u64) -> bool {
        if self.stream_count() > 0 {
            self.idle_since_ms.set(now_ms);
        }
        let timeout = self.info.idle_timeout_ms;
        timeout > 0 && now_ms.saturating_sub(self.idle_since_ms.get()) >= timeout
    }
}

/// Drives the connection to its end.
async fn run(worker: Rc<Worker>, shared: Rc<SharedSession>) {
    let conn = &shared.conn;
    let keepalive = shared.bounds.keepalive;
    let timer = worker.timers.timer();
    let mut ping_at = keepalive.map(|keepalive| worker.timers.now_ms() + keepalive.interval_ms);
    let mut is_settled = false;
    timer.set(ping_at);
    poll_fn(|cx| {
        let driven = match &mut *shared.link.borrow_mut() {
            Some(link) => conn.poll_drive(cx, &mut link.socket, &mut link.input),
            None => Poll::Ready(()),
        };
        if driven.is_ready() {
            return Poll::Ready(());
        }
        if worker.pools.has_wishes() {
            lend::offer(&worker, &shared);
            if shared.is_lent() {
                return Poll::Ready(());
            }
        }
        if !is_settled && conn.session.borrow().has_peer_settings() {
            is_settled = true;
            shared.wake_settling();
        }
        if let Some(keepalive) = keepalive
            && timer.poll_expired(cx).is_ready()
        {
            let was_answered = conn.with(Session::ping);
            if !was_answered {
                return Poll::Ready(());
            }
            ping_at = Some(worker.timers.now_ms() + keepalive.interval_ms.max(keepalive.timeout_ms));
            timer.set(ping_at);
            // Registers the task with the new deadline.
            let _ = timer.poll_expired(cx);
        }
        Poll::Pending
    })
    .await;
    let Some(mut link) = shared.link.take() else { return };
    conn.with(Session::lose);
    shared.wake_settling();
    worker.pools.forget(&shared);
    worker.count(Counter::UpstreamConnectionsClosed);
    worker.buffers.give(link.input);
    close(&mut link.socket, &timer).await;
}
