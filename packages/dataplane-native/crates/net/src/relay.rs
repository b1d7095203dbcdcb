//! Relays bytes between two connections until both ends are done.

use std::cell::Cell;
use std::fmt;
use std::future::poll_fn;
use std::io::{self, IoSlice};
use std::pin::Pin;
use std::task::{Context, Poll, ready};
use std::time::Duration;

use tokio::time::{Instant, Sleep};

use crate::splice::Pipe;
use crate::{Buffer, BufferSize, Socket, Stream};

/// Rounds of reading and writing in one direction before other tasks get their turn.
const ROUNDS_PER_TURN: u32 = 16;
const MEDIUM_AFTER_BYTES: u64 = 16 * 1024;
const LARGE_AFTER_BYTES: u64 = 4 * 1024 * 1024;

/// Bytes that are read for a side that encrypts: with the 22 bytes that TLS adds to each of four records they fill one segment of a loopback connection (64 KiB with
/// its headers), instead of one and a little more.
const SEALED_BYTES: usize = 65_483 - 4 * 22;

/// How two connections are relayed.
#[derive(Clone, Copy, Debug, Default)]
pub struct RelayOptions<'a> {
    /// Ends the relay when no byte moved for so long in either direction; never where absent.
    pub idle_timeout: Option<Duration>,
    /// Bytes read from the downstream before (by protocol detection, say), to be sent first.
    pub downstream_prefix: &'a [u8],
    /// Bytes read from the upstream before, to be sent first.
    pub upstream_prefix: &'a [u8],
}

/// Counts bytes while a relay runs, so that long connections show up in metrics before they end.
#[derive(Debug, Default)]
pub struct Transferred {
    /// Bytes from the downstream to the upstream.
    pub sent: Cell<u64>,
    /// Bytes from the upstream to the downstream.
    pub received: Cell<u64>,
}

/// One of the two connections.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum RelaySide {
    /// The client's connection.
    Downstream,
    /// The server's connection.
    Upstream,
}

/// How a relay ended in order.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum RelayEnd {
    /// Both sides said that they are done.
    Closed,
    /// Nothing moved for the idle timeout.
    IdleTimeout,
}

/// A relay that broke.
#[derive(Debug)]
pub struct RelayError {
    /// The connection that failed.
    pub side: RelaySide,
    /// How it failed.
    pub source: io::Error,
}

impl fmt::Display for RelayError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let side = match self.side {
            RelaySide::Downstream => "downstream",
            RelaySide::Upstream => "upstream",
        };
        write!(f, "{side} connection failed: {}", self.source)
    }
}

impl std::error::Error for RelayError {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        Some(&self.source)
    }
}

/// Relays both directions until both are closed. The end of one direction is passed on (half-close) and the other goes
/// on. A side that cannot be written to is not read for: nothing is held but one buffer or pipe for each direction,
/// and none while a direction is idle.
///
/// Between two plain sockets the bytes go through splice(2) and are never seen by this process. A side that has buffers of its own, because it encrypts, lends
/// them: bytes are decrypted and encrypted where they were received and are not copied in between.
pub async fn relay<D: Stream, U: Stream>(
    downstream: &mut D,
    upstream: &mut U,
    options: RelayOptions<'_>,
    transferred: &Transferred,
) -> Result<RelayEnd, RelayError> {
    let mut to_upstream = Direction::new(RelaySide::Downstream, options.downstream_prefix);
    let mut to_downstream = Direction::new(RelaySide::Upstream, options.upstream_prefix);
    let mut idle = options.idle_timeout.map(IdleTimer::new);
    poll_fn(|cx| {
        let sent = to_upstream.poll(cx, downstream, upstream, &transferred.sent)?;
        let received = to_downstream.poll(cx, upstream, downstream, &transferred.received)?;
        if sent.is_ready() && received.is_ready() {
            return Poll::Ready(Ok(RelayEnd::Closed));
        }
        match &mut idle {
            Some(timer) => timer.poll(cx, transferred).map(|()| Ok(RelayEnd::IdleTimeout)),
            None => Poll::Pending,
        }
    })
    .await
}

/// Expires when the counters stood still for the timeout: looks at them when it fires instead of being reset by traffic.
struct IdleTimer {
    timeout: Duration,
    seen: u64,
    sleep: Pin<Box<Sleep>>,
}

impl IdleTimer {
    fn new(timeout: Duration) -> Self {
        Self {
            timeout,
            seen: 0,
            sleep: Box::pin(tokio::time::sleep(timeout)),
        }
    }

    fn poll(&mut self, cx: &mut Context<'_>, transferred: &Transferred) -> Poll<()> {
        loop {
            ready!(self.sleep.as_mut().poll(cx));
            let now_seen = transferred.sent.get() + transferred.received.get();
            if now_seen == self.seen {
                return Poll::Ready(());
            }
            self.seen = now_seen;
            self.sleep.as_mut().reset(Instant::now() + self.timeout);
        }
    }
}

/// One direction: reads from `from`, writes to `to`.
struct Direction<'a> {
    from_side: RelaySide,
    prefix: &'a [u8],
    carrier: Carrier,
    total: u64,
    state: State,
}

#[derive(PartialEq, Eq)]
enum State {
    Moving,
    Flushing,
    ShuttingDown,
    Done,
}

/// What holds bytes between the two sockets; nothing while idle.
enum Carrier {
    None,
    Pipe(Pipe),
    Buffer { buffer: Buffer, start: usize, end: usize },
}

impl<'a> Direction<'a> {
    fn new(from_side: RelaySide, prefix: &'a [u8]) -> Self {
        Self {
            from_side,
            prefix,
            carrier: Carrier::None,
            total: 0,
            state: State::Moving,
        }
    }

    fn poll<F: Stream, T: Stream>(
        &mut self,
        cx: &mut Context<'_>,
        from: &mut F,
        to: &mut T,
        counter: &Cell<u64>,
    ) -> Result<Poll<()>, RelayError> {
        let mut rounds = 0;
        loop {
            let polled = match self.state {
                State::Done => return Ok(Poll::Ready(())),
                State::ShuttingDown => to.poll_shutdown(cx).map(|result| {
                    self.state = State::Done;
                    self.write_result(result)
                }),
                State::Flushing => to.poll_flush(cx).map(|result| {
                    self.state = State::Moving;
                    self.write_result(result)
                }),
                State::Moving => self.poll_move(cx, from, to, counter),
            };
            match polled {
                Poll::Ready(result) => result?,
                Poll::Pending => return Ok(Poll::Pending),
            }
            rounds += 1;
            if rounds == ROUNDS_PER_TURN {
                cx.waker().wake_by_ref();
                return Ok(Poll::Pending);
            }
        }
    }

    /// One write of what is held, or one read into an empty carrier.
    fn poll_move<F: Stream, T: Stream>(
        &mut self,
        cx: &mut Context<'_>,
        from: &mut F,
        to: &mut T,
        counter: &Cell<u64>,
    ) -> Poll<Result<(), RelayError>> {
        if !self.prefix.is_empty() {
            let written = ready!(to.poll_write_vectored(cx, &[IoSlice::new(self.prefix)]));
            let count = self.write_result(written.and_then(more_than_nothing))?;
            self.prefix = &self.prefix[count..];
            self.count(counter, count);
            if self.prefix.is_empty() {
                self.state = State::Flushing;
            }
            return Poll::Ready(Ok(()));
        }
        if self.holds_bytes() {
            let count = ready!(self.poll_drain(cx, to))?;
            self.count(counter, count);
            if !self.holds_bytes() && !to.is_plain() {
                self.state = State::Flushing;
            }
            return Poll::Ready(Ok(()));
        }
        if from.lends_buffers() {
            return self.poll_pass_on(cx, from, to, counter);
        }
        if let Some(source) = from.plain_socket()
            && to.lends_buffers()
        {
            return self.poll_read_into(cx, source, to, counter);
        }
        match self.poll_fill(cx, from, to) {
            Poll::Ready(Ok(0)) => {
                self.release();
                self.state = State::ShuttingDown;
                Poll::Ready(Ok(()))
            }
            Poll::Ready(Ok(_)) => Poll::Ready(Ok(())),
            Poll::Ready(Err(source)) => Poll::Ready(Err(self.read_error(source))),
            Poll::Pending => {
                self.release();
                Poll::Pending
            }
        }
    }

    /// Writes what `from` has in its own buffer.
    fn poll_pass_on<F: Stream, T: Stream>(
        &mut self,
        cx: &mut Context<'_>,
        from: &mut F,
        to: &mut T,
        counter: &Cell<u64>,
    ) -> Poll<Result<(), RelayError>> {
        let wanted = self.wanted_size().bytes();
        let received = ready!(from.poll_received(cx, wanted)).map_err(|source| self.read_error(source))?;
        if received.is_empty() {
            self.state = State::ShuttingDown;
            return Poll::Ready(Ok(()));
        }
        let written = ready!(to.poll_write_vectored(cx, &received));
        let count = self.write_result(written.and_then(more_than_nothing))?;
        from.take(count);
        self.count(counter, count);
        if !to.is_plain() {
            self.state = State::Flushing;
        }
        Poll::Ready(Ok(()))
    }

    /// Reads into the buffer that `to` has itself.
    fn poll_read_into<T: Stream>(
        &mut self,
        cx: &mut Context<'_>,
        source: &Socket,
        to: &mut T,
        counter: &Cell<u64>,
    ) -> Poll<Result<(), RelayError>> {
        let wanted = self.wanted_size().bytes().min(SEALED_BYTES);
        // Nothing is lent while there is nothing to read.
        ready!(source.poll_read_ready(cx)).map_err(|source| self.read_error(source))?;
        let mut room = self.write_result(ready!(to.poll_room(cx, wanted)))?;
        let read = source.poll_read_vectored(cx, &mut room);
        let count = match &read {
            Poll::Ready(Ok(count)) => *count,
            Poll::Ready(Err(_)) | Poll::Pending => 0,
        };
        self.write_result(to.fill(count))?;
        ready!(read).map_err(|source| self.read_error(source))?;
        self.count(counter, count);
        self.state = if count == 0 {
            State::ShuttingDown
        } else {
            State::Flushing
        };
        Poll::Ready(Ok(()))
    }

    fn poll_fill<F: Stream, T: Stream>(
        &mut self,
        cx: &mut Context<'_>,
        from: &mut F,
        to: &T,
    ) -> Poll<io::Result<usize>> {
        if let (Some(source), Some(_)) = (from.plain_socket(), to.plain_socket()) {
            loop {
                ready!(source.poll_read_ready(cx))?;
                let pipe = match &mut self.carrier {
                    Carrier::Pipe(pipe) => pipe,
                    carrier => {
                        *carrier = Carrier::Pipe(Pipe::take()?);
                        continue;
                    }
                };
                match pipe.fill_from(source) {
                    Err(error) if error.kind() == io::ErrorKind::WouldBlock => {}
                    result => return Poll::Ready(result),
                }
            }
        }
        let wanted = self.wanted_size();
        let fits = matches!(&self.carrier, Carrier::Buffer { buffer, .. } if buffer.len() == wanted.bytes());
        if !fits {
            self.carrier = Carrier::Buffer {
                buffer: Buffer::take(wanted),
                start: 0,
                end: 0,
            };
        }
        let Carrier::Buffer { buffer, start, end } = &mut self.carrier else {
            return Poll::Pending;
        };
        let room = buffer.len().min(if to.is_plain() { usize::MAX } else { SEALED_BYTES });
        let count = ready!(from.poll_read(cx, &mut buffer[..room]))?;
        (*start, *end) = (0, count);
        Poll::Ready(Ok(count))
    }

    fn poll_drain<T: Stream>(&mut self, cx: &mut Context<'_>, to: &mut T) -> Poll<Result<usize, RelayError>> {
        let result = match &mut self.carrier {
            Carrier::None => return Poll::Ready(Ok(0)),
            Carrier::Buffer { buffer, start, end } => {
                let result = ready!(to.poll_write_vectored(cx, &[IoSlice::new(&buffer[*start..*end])]));
                if let Ok(count) = result {
                    *start += count;
                }
                result
            }
            Carrier::Pipe(pipe) => {
                // A pipe was filled because both ends are plain sockets.
                let Some(target) = to.plain_socket() else {
                    return Poll::Ready(self.write_result(Err(io::ErrorKind::Unsupported.into())));
                };
                loop {
                    match ready!(target.poll_write_ready(cx)).and_then(|()| pipe.drain_to(target)) {
                        Err(error) if error.kind() == io::ErrorKind::WouldBlock => {}
                        result => break result,
                    }
                }
            }
        };
        Poll::Ready(self.write_result(result.and_then(more_than_nothing)))
    }

    fn holds_bytes(&self) -> bool {
        match &self.carrier {
            Carrier::None => false,
            Carrier::Pipe(pipe) => pipe.held() > 0,
            Carrier::Buffer { start, end, .. } => start < end,
        }
    }

    fn release(&mut self) {
        if let Carrier::Pipe(pipe) = std::mem::replace(&mut self.carrier, Carrier::None) {
            pipe.give_back();
        }
    }

    fn wanted_size(&self) -> BufferSize {
        match self.total {
            0..MEDIUM_AFTER_BYTES => BufferSize::Small,
            MEDIUM_AFTER_BYTES..LARGE_AFTER_BYTES => BufferSize::Medium,
            _ => BufferSize::Large,
        }
    }

    fn count(&mut self, counter: &Cell<u64>, bytes: usize) {
        self.total += bytes as u64;
        counter.set(counter.get() + bytes as u64);
    }

    fn read_error(&self, source: io::Error) -> RelayError {
        RelayError {
            side: self.from_side,
            source,
        }
    }

    fn write_result<R>(&self, result: io::Result<R>) -> Result<R, RelayError> {
        let side = match self.from_side {
            RelaySide::Downstream => RelaySide::Upstream,
            RelaySide::Upstream => RelaySide::Downstream,
        };
        result.map_err(|source| RelayError { side, source })
    }
}

/// A write that took nothing would be repeated for ever.
fn more_than_nothing(count: usize) -> io::Result<usize> {
    if count == 0 {
        Err(io::Error::from(io::ErrorKind::WriteZero))
    } else {
        Ok(count)
    }
}

impl Drop for Direction<'_> {
    fn drop(&mut self) {
        self.release();
    }
}
