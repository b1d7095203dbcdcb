//! A check by HTTP/2: one stream at a time, driven by the task that checks.

use std::{
    future::poll_fn,
    io::{self, IoSlice},
    task::{Context, Poll, ready},
    time::Instant,
};

use config::{GrpcHealthCheck, HttpHealthCheck};
use http::{
    Buffer, BufferPool, Fields, ResponseHead,
    h2::{ErrorCode, Role, Session, SessionOptions, StreamEnd, StreamKey},
};
use net::Stream as _;
use tls::Connection;

use super::{
    http1::{USER_AGENT, wanted_content},
    probe::{Answer, MAX_ANSWER, fields},
};
use crate::cluster::CheckFailure;

/// What is asked.
pub(super) struct Request<'a> {
    method: &'a str,
    is_https: bool,
    path: &'a str,
    host: &'a str,
    fields: Vec<(&'a str, &'a str)>,
    content: &'a [u8],
    wanted: usize,
}

impl<'a> Request<'a> {
    pub(super) fn http(check: &'a HttpHealthCheck, host: &'a str, is_https: bool) -> Self {
        Self {
            method: &check.method,
            is_https,
            path: &check.path,
            host,
            fields: fields(&[("user-agent", USER_AGENT)], &check.headers, &check.remove_headers),
            content: &[],
            wanted: wanted_content(check),
        }
    }

    pub(super) fn grpc(check: &'a GrpcHealthCheck, host: &'a str, is_https: bool, message: &'a [u8]) -> Self {
        let defaults = [
            ("content-type", "application/grpc"),
            ("te", "trailers"),
            ("user-agent", USER_AGENT),
        ];
        Self {
            method: "POST",
            is_https,
            path: "/grpc.health.v1.Health/Check",
            host,
            fields: fields(&defaults, &check.headers, &[]),
            content: message,
            wanted: MAX_ANSWER,
        }
    }
}

/// A connection.
pub(super) struct Client {
    socket: Connection,
    session: Session,
    input: Buffer,
    pool: BufferPool,
    needs_flush: bool,
    start: Instant,
}

impl Client {
    pub(super) fn new(socket: Connection) -> Self {
        let options = SessionOptions {
            max_concurrent_streams: 1,
            stream_window: MAX_ANSWER as u32,
            connection_window: MAX_ANSWER as u32,
            allow_connect_protocol: false,
            ..SessionOptions::default()
        };
        Self {
            socket,
            session: Session::new(Role::Client, options),
            input: Buffer::default(),
            pool: BufferPool::default(),
            needs_flush: false,
            start: Instant::now(),
        }
    }

    /// Whether another request can be sent, as far as is known.
    pub(super) fn is_usable(&self) -> bool {
        self.session.is_usable()
    }

    /// Sends the request and reads the answer.
    pub(super) async fn exchange(&mut self, request: &Request<'_>) -> Result<Answer, CheckFailure> {
        self.until(|session, _, _| {
            if session.has_peer_settings() {
                Poll::Ready(Ok(()))
            } else {
                Poll::Pending
            }
        })
        .await?;
        let key = self.session.open().ok_or(CheckFailure::Closed)?;
        let answer = self.exchange_on(key, request).await;
        self.session.release(key, ErrorCode::CANCEL, &self.pool);
        // What is left to say goes now, or with the next check.
        poll_fn(|cx| {
            let _ = self.poll_write(cx);
            Poll::Ready(())
        })
        .await;
        answer
    }

    async fn exchange_on(&mut self, key: StreamKey, request: &Request<'_>) -> Result<Answer, CheckFailure> {
        let mut rest = request.content;
        self.session
            .send_head(key, rest.is_empty(), request.method == "HEAD", |writer| {
                writer.field(b":method", request.method.as_bytes());
                writer.field(b":scheme", if request.is_https { b"https" } else { b"http" });
                writer.field(b":path", request.path.as_bytes());
                writer.field(b":authority", request.host.as_bytes());
                for (name, value) in &request.fields {
                    writer.field(name.as_bytes(), value.as_bytes());
                }
            });
        while !rest.is_empty() {
            let sent = self
                .until(|session, cx, _| session.poll_send(cx, key, &[IoSlice::new(rest)], true))
                .await?;
            rest = &rest[sent..];
        }
        let mut head = ResponseHead::default();
        let text = self
            .until(|session, cx, _| session.poll_response(cx, key, &mut head))
            .await?;
        let mut answer = Answer {
            status: head.status,
            ..Answer::default()
        };
        answer.read_fields(text.filled(), &head.fields);
        let mut total = 0;
        loop {
            let mut data = Buffer::default();
            let count = self
                .until(|session, cx, pool| session.poll_data(cx, key, &mut data, pool))
                .await?;
            let room = request.wanted - answer.content.len();
            answer.content.extend_from_slice(&data.filled()[..count.min(room)]);
            total += count;
            if count == 0 || total > MAX_ANSWER {
                break;
            }
        }
        let mut trailers = Fields::default();
        if let Some(text) = self.session.take_trailers(key, &mut trailers) {
            answer.read_trailers(text.filled(), &trailers);
        }
        Ok(answer)
    }

    /// Drives the connection until the session has what is asked of it.
    async fn until<T>(
        &mut self,
        mut ask: impl FnMut(&mut Session, &Context<'_>, &BufferPool) -> Poll<Result<T, StreamEnd>>,
    ) -> Result<T, CheckFailure> {
        poll_fn(|cx| {
            let is_over = self.poll_read(cx).is_ready();
            if let Poll::Ready(result) = ask(&mut self.session, cx, &self.pool) {
                return Poll::Ready(result.map_err(failure));
            }
            match self.poll_write(cx) {
                Poll::Ready(Err(_)) => Poll::Ready(Err(CheckFailure::Closed)),
                _ if is_over => Poll::Ready(Err(CheckFailure::Closed)),
                _ => Poll::Pending,
            }
        })
        .await
    }

    /// Feeds the session what has come. Ready when nothing more comes.
    fn poll_read(&mut self, cx: &mut Context<'_>) -> Poll<()> {
        loop {
            if self.session.is_over() || !self.pool.make_room(&mut self.input) {
                return Poll::Ready(());
            }
            match ready!(self.socket.poll_read(cx, self.input.space())) {
                Ok(count) if count > 0 => self.input.advance(count),
                _ => {
                    self.session.lose();
                    return Poll::Ready(());
                }
            }
            let now_ms = self.start.elapsed().as_millis() as u64;
            if let Err(error) = self.session.receive(&mut self.input, &self.pool, now_ms) {
                self.session.fail(error);
                return Poll::Ready(());
            }
        }
    }

    fn poll_write(&mut self, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        while self.session.wants_write() {
            let unsent = [IoSlice::new(self.session.unsent())];
            let count = ready!(self.socket.poll_write_vectored(cx, &unsent))?;
            self.session.sent(count);
            self.needs_flush = true;
        }
        if self.needs_flush {
            ready!(self.socket.poll_flush(cx))?;
            self.needs_flush = false;
        }
        Poll::Ready(Ok(()))
    }
}

fn failure(end: StreamEnd) -> CheckFailure {
    match end {
        StreamEnd::Lost | StreamEnd::Refused => CheckFailure::Closed,
        StreamEnd::Reset(_) => CheckFailure::Protocol,
    }
}
