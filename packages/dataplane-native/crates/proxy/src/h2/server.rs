//! The connection of a client that speaks HTTP/2.

use std::{
    cell::RefCell,
    future::poll_fn,
    rc::Rc,
    task::{Poll, Waker},
};

use ::http::{
    Buffer,
    h2::{ErrorCode, Role, Session, SessionOptions},
};
use telemetry::Counter;
use tls::Connection;

use super::{Conn, Stream, close};
use crate::{
    connection::Served,
    request,
    snapshot::{HttpEntry, Serves},
    worker::Worker,
};

/// Tasks that wait for the next stream. They keep what they work with, so that a stream costs no allocation.
#[derive(Default)]
pub(crate) struct StreamTasks {
    idle: RefCell<Vec<Rc<Slot>>>,
}

/// Tasks kept by a worker.
const SPARE_TASKS: usize = 256;

#[derive(Default)]
struct Slot {
    job: RefCell<Option<Job>>,
    waker: RefCell<Option<Waker>>,
}

struct Job {
    served: Rc<Served>,
    stream: Stream,
}

impl Slot {
    async fn next(&self) -> Job {
        poll_fn(|cx| match self.job.borrow_mut().take() {
            Some(job) => Poll::Ready(job),
            None => {
                *self.waker.borrow_mut() = Some(cx.waker().clone());
                Poll::Pending
            }
        })
        .await
    }
}

fn dispatch(worker: &Rc<Worker>, job: Job) {
    let idle = worker.stream_tasks.idle.borrow_mut().pop();
    match idle {
        Some(slot) => {
            *slot.job.borrow_mut() = Some(job);
            if let Some(waker) = slot.waker.borrow_mut().take() {
                waker.wake();
            }
        }
        None => {
            tokio::task::spawn_local(work(Rc::clone(worker), job));
        }
    }
}

/// Serves one stream after the other.
async fn work(worker: Rc<Worker>, first: Job) {
    let slot = Rc::new(Slot::default());
    let timer = worker.timers.timer();
    let mut job = first;
    loop {
        let chain = std::sync::Arc::clone(&job.served.chain);
        if let Serves::Http(http) = &chain.serves {
            request::serve_stream(&job.served, http, job.stream, &timer).await;
        }
        drop(job.served);
        drop(chain);
        timer.set(None);
        {
            let mut idle = worker.stream_tasks.idle.borrow_mut();
            if idle.len() >= SPARE_TASKS {
                return;
            }
            idle.push(Rc::clone(&slot));
        }
        job = slot.next().await;
    }
}

fn options(http: &HttpEntry) -> SessionOptions {
    let config = &http.config.http2;
    SessionOptions {
        max_concurrent_streams: config.max_concurrent_streams,
        stream_window: config.initial_stream_window_bytes,
        connection_window: config.initial_connection_window_bytes,
        allow_connect_protocol: config.allow_connect,
        limits: http.limits,
    }
}

/// What comes next on a connection.
enum Due {
    /// Look again at this time, if at any.
    At(Option<u64>),
    Close,
}

/// When things are due, in the worker's milliseconds.
struct Schedule {
    idle_ms: u64,
    /// When the last stream was seen.
    busy_at: u64,
    ends_at: Option<u64>,
    ping: Option<(u64, config::Http2Keepalive)>,
    /// After the announcement of the end: when it comes.
    drained_at: Option<u64>,
    max_requests: u64,
    drain_ms: u64,
}

impl Schedule {
    fn new(served: &Served, http: &HttpEntry) -> Self {
        let config = &http.config;
        let now = served.worker.timers.now_ms();
        Self {
            idle_ms: match config.idle_timeout_ms {
                0 => served.worker.shared.limits.idle_timeout_ms,
                timeout => timeout,
            },
            busy_at: now,
            ends_at: (config.max_connection_duration_ms > 0).then(|| now + config.max_connection_duration_ms),
            ping: config
                .http2
                .keepalive
                .map(|keepalive| (now + keepalive.interval_ms, keepalive)),
            drained_at: None,
            max_requests: config.max_requests_per_connection.into(),
            drain_ms: config.drain_timeout_ms.max(1_000),
        }
    }

    /// Does what is due.
    fn check(&mut self, session: &mut Session, is_ending: bool, now: u64) -> Due {
        if session.stream_count() > 0 {
            self.busy_at = now;
        }
        let is_used_up = self.max_requests > 0 && session.streams_total() >= self.max_requests;
        let is_old = self.ends_at.is_some_and(|at| at <= now);
        let is_idle = self.idle_ms > 0 && now >= self.busy_at + self.idle_ms;
        if (is_ending || is_used_up || is_old || is_idle) && self.drained_at.is_none() {
            session.drain();
            self.drained_at = Some(now + self.drain_ms);
        }
        if self
            .drained_at
            .is_some_and(|at| at <= now && session.stream_count() == 0)
        {
            return Due::Close;
        }
        if let Some((at, keepalive)) = &mut self.ping
            && *at <= now
        {
            if !session.ping() {
                return Due::Close;
            }
            *at = now + keepalive.interval_ms.max(keepalive.timeout_ms).max(1);
        }
        let idle_at = (self.idle_ms > 0 && self.drained_at.is_none()).then(|| self.busy_at + self.idle_ms);
        let drained_at = self.drained_at.map(|at| at.max(now + 100));
        let ping_at = self.ping.map(|(at, _)| at);
        let ends_at = self.ends_at.filter(|at| *at > now);
        Due::At([idle_at, drained_at, ping_at, ends_at].into_iter().flatten().min())
    }
}

/// Serves a connection whose first bytes may be in `input`.
pub(crate) async fn serve(served: Served, socket: &mut Connection, input: &mut Buffer) {
    let Serves::Http(http) = &served.chain.serves else {
        return;
    };
    let worker = Rc::clone(&served.worker);
    let session = Session::new(Role::Server, options(http));
    let conn = Conn::new(session, Rc::clone(&worker), Counter::DownstreamProtocolErrors);
    let timer = worker.timers.timer();
    let mut schedule = Schedule::new(&served, http);
    let mut served = Rc::new(served);
    let mut is_gone = false;
    if !input.is_empty() {
        let mut session = conn.session.borrow_mut();
        if let Err(error) = session.receive(input, &worker.buffers, worker.timers.now_ms()) {
            worker.count(Counter::DownstreamProtocolErrors);
            session.fail(error);
        }
    }
    poll_fn(|cx| {
        if conn.poll_drive(cx, socket, input).is_ready() {
            return Poll::Ready(());
        }
        loop {
            let Some(key) = conn.session.borrow_mut().next_opened() else {
                break;
            };
            let stream = conn.stream(key);
            renew(&mut served, &mut is_gone);
            if is_gone {
                stream.abort(ErrorCode::REFUSED_STREAM);
                continue;
            }
            let job = Job {
                served: Rc::clone(&served),
                stream,
            };
            dispatch(&worker, job);
        }
        // Connections between two requests look at the new configuration when it comes.
        renew(&mut served, &mut is_gone);
        let is_ending = is_gone || served.is_draining() || worker.shared.overload.refuses_requests();
        let now = worker.timers.now_ms();
        let checked = conn.with(|session| schedule.check(session, is_ending, now));
        let Due::At(next) = checked else { return Poll::Ready(()) };
        timer.set(next);
        // Registers this task; a deadline that has passed already wakes it at once.
        let _ = timer.poll_expired(cx);
        Poll::Pending
    })
    .await;
    conn.with(Session::lose);
    close(socket, &timer).await;
}

/// Takes over the newest configuration, or notes that the connection has no place in it.
fn renew(served: &mut Rc<Served>, is_gone: &mut bool) {
    if !*is_gone && served.is_outdated() {
        match served.renewed() {
            Some(renewed) => *served = Rc::new(renewed),
            None => *is_gone = true,
        }
    }
}
