//! HTTP/2 connections: a session, the socket under it, and the tasks that serve its streams.
//!
//! One task drives the socket: it reads what is there, feeds the session, and writes what all streams have put together
//! since: many frames go with one system call. Streams are served by tasks of their own, woken by the session.

mod client;
mod server;

use std::{
    cell::{Cell, RefCell},
    future::poll_fn,
    io::IoSlice,
    rc::Rc,
    task::{Context, Poll, Waker, ready},
};

use ::http::{
    Buffer, Fields, HeadError, RequestHead, ResponseHead,
    h2::{ErrorCode, FieldWriter, Session, StreamEnd, StreamKey},
};
use net::Stream as _;
use telemetry::Counter;
use tls::Connection;

use crate::{timer::Timer, worker::Worker};

pub(crate) use client::{LentSession, SharedSession};
pub(crate) use server::{StreamTasks, serve};

/// Reads in one turn, so that one connection does not keep a worker from the others.
const READS_PER_TURN: usize = 8;

/// A session with the means to wake who drives it.
pub(crate) struct Conn {
    session: RefCell<Session>,
    driver: RefCell<Option<Waker>>,
    worker: Rc<Worker>,
    /// What faults of the peer count as.
    protocol_errors: Counter,
    needs_flush: Cell<bool>,
}

impl Conn {
    fn new(session: Session, worker: Rc<Worker>, protocol_errors: Counter) -> Rc<Self> {
        Rc::new(Self {
            session: RefCell::new(session),
            driver: RefCell::default(),
            worker,
            protocol_errors,
            needs_flush: Cell::new(false),
        })
    }

    /// Works on the session; what it then has to write is written soon.
    fn with<T>(&self, work: impl FnOnce(&mut Session) -> T) -> T {
        let mut session = self.session.borrow_mut();
        let had_output = session.wants_write();
        let result = work(&mut session);
        if session.wants_write() && !had_output {
            self.wake();
        }
        result
    }

    fn wake(&self) {
        if let Some(driver) = self.driver.borrow().as_ref() {
            driver.wake_by_ref();
        }
    }

    fn stream(self: &Rc<Self>, key: StreamKey) -> Stream {
        Stream {
            conn: Rc::clone(self),
            key,
            abort_code: Cell::new(ErrorCode::CANCEL),
        }
    }
}

/// A stream, for the task that serves it. Dropping it gives it up.
pub(crate) struct Stream {
    conn: Rc<Conn>,
    key: StreamKey,
    abort_code: Cell<ErrorCode>,
}

impl Stream {
    /// A request's head (as server), with its text.
    pub(crate) fn take_request(&self, request: &mut RequestHead) -> Result<Buffer, HeadError> {
        self.conn.with(|session| session.take_request(self.key, request))
    }

    /// Ready with a response's head and its text (as client).
    pub(crate) fn poll_response(
        &self,
        cx: &Context<'_>,
        response: &mut ResponseHead,
    ) -> Poll<Result<Buffer, StreamEnd>> {
        self.conn.with(|session| session.poll_response(cx, self.key, response))
    }

    /// An interim response that has arrived before the response.
    pub(crate) fn take_interim(&self, response: &mut ResponseHead) -> Option<Buffer> {
        self.conn.with(|session| session.take_interim(self.key, response))
    }

    /// Sends a head or trailers.
    pub(crate) fn send_head(&self, ends: bool, expects_no_content: bool, write: impl FnOnce(&mut FieldWriter<'_>)) {
        self.conn
            .with(|session| session.send_head(self.key, ends, expects_no_content, write));
    }

    pub(crate) fn poll_send(
        &self,
        cx: &Context<'_>,
        pieces: &[IoSlice<'_>],
        ends: bool,
    ) -> Poll<Result<usize, StreamEnd>> {
        self.conn.with(|session| session.poll_send(cx, self.key, pieces, ends))
    }

    pub(crate) fn poll_data(
        &self,
        cx: &Context<'_>,
        into: &mut Buffer,
        pool: &::http::BufferPool,
    ) -> Poll<Result<usize, StreamEnd>> {
        self.conn.with(|session| session.poll_data(cx, self.key, into, pool))
    }

    pub(crate) fn poll_read(&self, cx: &Context<'_>, into: &mut [u8]) -> Poll<Result<usize, StreamEnd>> {
        self.conn
            .with(|session| session.poll_read(cx, self.key, into, &self.conn.worker.buffers))
    }

    /// Ready when the peer has given the stream up.
    pub(crate) fn poll_reset(&self, cx: &Context<'_>) -> Poll<StreamEnd> {
        self.conn.with(|session| session.poll_reset(cx, self.key))
    }

    /// The trailers that came with the end.
    pub(crate) fn take_trailers(&self, fields: &mut Fields) -> Option<Buffer> {
        self.conn.with(|session| session.take_trailers(self.key, fields))
    }

    /// Whether all of the message has arrived and has been read, and no trailers wait to be taken.
    pub(crate) fn is_read_through(&self) -> bool {
        self.conn.with(|session| session.is_read_through(self.key))
    }

    /// Whether the peer takes CONNECT with `:protocol`.
    pub(crate) fn allows_connect_protocol(&self) -> bool {
        self.conn.with(|session| session.allows_connect_protocol())
    }

    /// What the peer is told when the stream is given up before its end.
    pub(crate) fn abort(&self, code: ErrorCode) {
        self.abort_code.set(code);
    }
}

impl Drop for Stream {
    fn drop(&mut self) {
        let code = self.abort_code.get();
        let is_over = self.conn.with(|session| {
            session.release(self.key, code, &self.conn.worker.buffers);
            session.is_over()
        });
        // Without streams the connection may be what another worker waits for.
        if is_over || self.conn.worker.pools.has_wishes() {
            self.conn.wake();
        }
    }
}

impl Conn {
    /// Moves bytes between the socket and the session. Ready when the connection is over.
    fn poll_drive(&self, cx: &mut Context<'_>, socket: &mut Connection, input: &mut Buffer) -> Poll<()> {
        let mut driver = self.driver.borrow_mut();
        match &mut *driver {
            Some(waker) => waker.clone_from(cx.waker()),
            None => *driver = Some(cx.waker().clone()),
        }
        drop(driver);
        let buffers = &self.worker.buffers;
        let mut session = self.session.borrow_mut();
        let written = self.poll_write(cx, &mut session, socket);
        if matches!(written, Poll::Ready(Err(_))) {
            session.lose();
            return Poll::Ready(());
        }
        if session.is_over() {
            return if written.is_ready() {
                Poll::Ready(())
            } else {
                Poll::Pending
            };
        }
        for turn in 0..=READS_PER_TURN {
            if turn == READS_PER_TURN {
                cx.waker().wake_by_ref();
                break;
            }
            // Frames are smaller than the largest buffer, so there is always room.
            if !buffers.make_room(input) {
                session.lose();
                return Poll::Ready(());
            }
            match socket.poll_read(cx, input.space()) {
                Poll::Ready(Ok(count)) if count > 0 => input.advance(count),
                Poll::Ready(_) => {
                    session.lose();
                    return Poll::Ready(());
                }
                Poll::Pending => break,
            }
            if let Err(error) = session.receive(input, buffers, self.worker.timers.now_ms()) {
                self.worker.count(self.protocol_errors);
                session.fail(error);
                break;
            }
        }
        if input.is_empty() {
            buffers.give(std::mem::take(input));
        }
        // What was received makes tasks write: what there is to write already goes with theirs, one turn later.
        if session.wants_write() && written.is_ready() {
            cx.waker().wake_by_ref();
        }
        Poll::Pending
    }

    fn poll_write(
        &self,
        cx: &mut Context<'_>,
        session: &mut Session,
        socket: &mut Connection,
    ) -> Poll<std::io::Result<()>> {
        while session.wants_write() {
            let count = ready!(socket.poll_write_vectored(cx, &[IoSlice::new(session.unsent())]))?;
            session.sent(count);
            self.needs_flush.set(true);
        }
        if self.needs_flush.get() {
            ready!(socket.poll_flush(cx))?;
            self.needs_flush.set(false);
        }
        Poll::Ready(Ok(()))
    }
}

/// Says that nothing more comes, and gives the peer a little time to take what was said.
async fn close(socket: &mut Connection, timer: &Timer) {
    timer.set(Some(timer.now_ms() + 1_000));
    poll_fn(|cx| match socket.poll_shutdown(cx) {
        Poll::Ready(_) => Poll::Ready(()),
        Poll::Pending => timer.poll_expired(cx),
    })
    .await;
}
