//! Bytes of one request on their way up and of its response on their way down.
//!
//! Both directions are polled inside the downstream connection's task: no task, no channel and no copy of a body between
//! them. A direction that cannot write does not read.

use std::{
    io::IoSlice,
    task::{Context, Poll, ready},
};

use http::{
    BodyReader, Buffer, BufferPool, Framing, Limits, Method, ResponseHead,
    h1::{self, HeadScanner},
};
use net::Stream;
use tls::Connection;

/// Size above which reading more at once gains nothing.
const LARGEST_READ: usize = 64 * 1024;

/// Up to so many bytes of a body are copied behind the head: one piece costs the kernel less than two.
const JOINED_BYTES: usize = 4 * 1024;

/// Bytes of a next request that may arrive while the current one is served.
const MAX_AHEAD: usize = 4 * 1024;

/// Which end broke, and how.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Broken {
    /// The client closed or reset.
    Downstream,
    /// The client's body is malformed.
    DownstreamProtocol(&'static str),
    /// The upstream closed or reset.
    Upstream,
    /// The upstream's response is malformed.
    UpstreamProtocol,
}

/// The request's direction.
#[derive(Default)]
pub(crate) struct Outgoing {
    /// The head as the upstream gets it.
    pub(crate) head: Vec<u8>,
    head_sent: usize,
    /// The body's bytes that came with the head, as a range of the connection's buffer.
    first: (usize, usize),
    first_sent: usize,
    /// Bytes of the body that came later: all of them while they are kept for another attempt, else those not sent.
    later: Buffer,
    /// How many of them belong to the body; what follows is the next request.
    later_len: usize,
    later_sent: usize,
    reader: BodyReader,
    /// Room for another attempt; 0 once the body has outgrown it.
    replay_limit: usize,
    has_begun: bool,
    needs_flush: bool,
    /// Bytes of the body taken from the client.
    pub(crate) body_bytes: u64,
}

impl Outgoing {
    /// Begins a request whose head is the first `head_len` bytes of `buffer`.
    pub(crate) fn begin(
        &mut self,
        buffer: &Buffer,
        head_len: usize,
        framing: Framing,
        replay_limit: usize,
    ) -> Result<(), Broken> {
        self.reader = BodyReader::new(framing);
        let taken = self.take(&buffer.filled()[head_len..])?;
        self.first = (head_len, head_len + taken);
        self.later_len = 0;
        self.replay_limit = replay_limit;
        self.body_bytes = taken as u64;
        self.has_begun = false;
        self.rewind();
        Ok(())
    }

    /// Begins another attempt; the head is written anew by the caller.
    pub(crate) fn rewind(&mut self) {
        self.head.clear();
        self.head_sent = 0;
        self.first_sent = self.first.0;
        self.later_sent = 0;
        self.needs_flush = false;
    }

    /// Whether all of the body that was taken from the client is still here.
    pub(crate) fn is_replayable(&self) -> bool {
        !self.has_begun || self.replay_limit > 0 || self.later_len == 0 && self.is_body_taken()
    }

    /// Whether the client has sent the whole body.
    pub(crate) fn is_body_taken(&self) -> bool {
        self.reader.is_done()
    }

    /// Whether everything taken from the client has been handed to the kernel.
    pub(crate) fn is_sent(&self) -> bool {
        self.head_sent == self.head.len()
            && self.first_sent == self.first.1
            && self.later_sent == self.later_len
            && !self.needs_flush
    }

    /// Whether the whole request has been handed to the kernel.
    pub(crate) fn is_finished(&self) -> bool {
        self.is_body_taken() && self.is_sent()
    }

    /// Bytes that follow the request in the connection's buffers.
    pub(crate) fn ahead<'a>(&'a self, buffer: &'a Buffer) -> &'a [u8] {
        if self.later.is_empty() {
            &buffer.filled()[self.first.1..]
        } else {
            &self.later.filled()[self.later_len..]
        }
    }

    /// Whether a byte of the request was written in this attempt.
    pub(crate) fn has_written(&self) -> bool {
        self.head_sent > 0
    }

    /// The whole body, if it has been taken and kept.
    pub(crate) fn whole_body<'a>(&'a self, buffer: &'a Buffer) -> Option<(&'a [u8], &'a [u8])> {
        let is_here = self.is_body_taken() && (self.later_len == 0 || self.replay_limit > 0);
        is_here.then(|| {
            (
                &buffer.filled()[self.first.0..self.first.1],
                &self.later.filled()[..self.later_len],
            )
        })
    }

    /// Ends the request: the connection's buffer is left with what follows it. False if the body was not all taken.
    pub(crate) fn finish(&mut self, buffer: &mut Buffer, pool: &BufferPool) -> bool {
        self.head.clear();
        let is_done = self.reader.is_done();
        if self.later.is_empty() {
            buffer.consume(self.first.1.min(buffer.len()));
        } else {
            let kept = self.later_len.min(self.later.len());
            self.later.consume(kept);
            pool.give(std::mem::replace(buffer, std::mem::take(&mut self.later)));
        }
        self.later_len = 0;
        is_done
    }

    /// Gives the buffers back.
    pub(crate) fn release(&mut self, pool: &BufferPool) {
        pool.give(std::mem::take(&mut self.later));
        self.later_len = 0;
    }

    fn take(&mut self, bytes: &[u8]) -> Result<usize, Broken> {
        self.reader
            .consume(bytes)
            .map_err(|error| Broken::DownstreamProtocol(error.details()))
    }

    /// Ready when head and body have been handed to the kernel.
    pub(crate) fn poll(
        &mut self,
        cx: &mut Context<'_>,
        buffer: &Buffer,
        down: &mut Connection,
        up: &mut Connection,
        pool: &BufferPool,
    ) -> Poll<Result<(), Broken>> {
        loop {
            let head = &self.head[self.head_sent..];
            let first = &buffer.filled()[self.first_sent..self.first.1];
            let later = &self.later.filled()[self.later_sent..self.later_len];
            if !(head.is_empty() && first.is_empty() && later.is_empty()) {
                let slices = [IoSlice::new(head), IoSlice::new(first), IoSlice::new(later)];
                let from = usize::from(head.is_empty());
                let to = if later.is_empty() {
                    2 - usize::from(first.is_empty())
                } else {
                    3
                };
                let count =
                    ready!(up.poll_write_vectored(cx, &slices[from.min(to)..to])).map_err(|_| Broken::Upstream)?;
                self.has_begun = true;
                self.needs_flush = true;
                self.sent(count);
                continue;
            }
            if self.needs_flush {
                ready!(up.poll_flush(cx)).map_err(|_| Broken::Upstream)?;
                self.needs_flush = false;
            }
            if self.reader.is_done() {
                return Poll::Ready(Ok(()));
            }
            ready!(self.poll_read(cx, down, pool))?;
        }
    }

    fn sent(&mut self, count: usize) {
        let of_head = count.min(self.head.len() - self.head_sent);
        let of_first = (count - of_head).min(self.first.1 - self.first_sent);
        self.head_sent += of_head;
        self.first_sent += of_first;
        self.later_sent += count - of_head - of_first;
    }

    /// Reads more of the body once everything before is sent.
    fn poll_read(
        &mut self,
        cx: &mut Context<'_>,
        down: &mut Connection,
        pool: &BufferPool,
    ) -> Poll<Result<(), Broken>> {
        let kept = (self.first.1 - self.first.0) + self.later_len;
        if kept >= self.replay_limit {
            self.replay_limit = 0;
            self.later.clear();
            self.later_len = 0;
            self.later_sent = 0;
        }
        if self.later.capacity() == 0 {
            self.later = pool.take(1);
        } else if !pool.make_room(&mut self.later) {
            return Poll::Ready(Err(Broken::DownstreamProtocol("http1.body_buffer_full")));
        }
        // Where the length is known no byte of the next request is read, so that it stays where it belongs.
        let remaining = self
            .reader
            .remaining()
            .map_or(usize::MAX, |rest| rest.min(LARGEST_READ as u64) as usize);
        let space = self.later.space();
        let room = space.len().min(remaining);
        let is_full_read = room == space.len();
        let count = ready!(down.poll_read(cx, &mut space[..room])).map_err(|_| Broken::Downstream)?;
        if count == 0 {
            return Poll::Ready(Err(Broken::Downstream));
        }
        self.later.advance(count);
        let taken = {
            let start = self.later.len() - count;
            let bytes = &self.later.filled()[start..];
            self.reader
                .consume(bytes)
                .map_err(|error| Broken::DownstreamProtocol(error.details()))?
        };
        self.later_len += taken;
        self.body_bytes += taken as u64;
        if is_full_read && count == room && self.replay_limit == 0 && self.later.capacity() < LARGEST_READ {
            pool.grow(&mut self.later);
        }
        Poll::Ready(Ok(()))
    }

    /// Notices that the client has gone while its response is awaited; bytes of a next request are kept.
    pub(crate) fn poll_client(&self, cx: &mut Context<'_>, buffer: &mut Buffer, down: &mut Connection) -> Poll<Broken> {
        if !self.reader.is_done() || !self.later.is_empty() {
            return Poll::Pending;
        }
        loop {
            let ahead = buffer.len() - self.first.1;
            let space = buffer.space();
            if space.is_empty() || ahead >= MAX_AHEAD {
                return Poll::Pending;
            }
            match ready!(down.poll_read(cx, space)) {
                Ok(0) | Err(_) => return Poll::Ready(Broken::Downstream),
                Ok(count) => buffer.advance(count),
            }
        }
    }
}

/// The response's direction.
#[derive(Default)]
pub(crate) struct Incoming {
    pub(crate) buffer: Buffer,
    scanner: HeadScanner,
    /// The head for the client.
    pub(crate) out: Vec<u8>,
    out_sent: usize,
    reader: BodyReader,
    /// Bytes of `buffer` that are ready to be written.
    ready: usize,
    decodes: bool,
    needs_flush: bool,
    has_garbage: bool,
    /// Bytes of the response's body received.
    pub(crate) body_bytes: u64,
    /// Bytes of any kind received; says whether something moved.
    pub(crate) received: u64,
    head_len: usize,
    interim: u32,
}

/// Interim responses to one request.
const MAX_INTERIM: u32 = 16;

impl Incoming {
    /// Before a response.
    pub(crate) fn begin(&mut self) {
        self.interim = 0;
        self.scanner = HeadScanner::default();
        self.buffer.clear();
        self.out.clear();
        self.out_sent = 0;
        self.ready = 0;
        self.decodes = false;
        self.needs_flush = false;
        self.has_garbage = false;
        self.body_bytes = 0;
        self.received = 0;
        self.head_len = 0;
    }

    /// Whether a byte of the response has arrived.
    pub(crate) fn has_received(&self) -> bool {
        self.received > 0
    }

    /// Whether a byte has been written to the client.
    /// The head's bytes, that its spans point into.
    pub(crate) fn head_bytes(&self) -> &[u8] {
        &self.buffer.filled()[..self.head_len]
    }

    /// Ready with a complete final head. Interim ones are dropped: the client got its `100 Continue` from us.
    pub(crate) fn poll_head(
        &mut self,
        cx: &mut Context<'_>,
        up: &mut Connection,
        pool: &BufferPool,
        limits: &Limits,
        method: Method,
        head: &mut ResponseHead,
    ) -> Poll<Result<(), Broken>> {
        loop {
            if !self.buffer.is_empty() {
                let end = self
                    .scanner
                    .find_end(self.buffer.filled(), limits)
                    .map_err(|_| Broken::UpstreamProtocol)?;
                if let Some(end) = end {
                    h1::parse_response(&self.buffer.filled()[..end], limits, method, head)
                        .map_err(|_| Broken::UpstreamProtocol)?;
                    if (100..200).contains(&head.status) && head.status != 101 {
                        self.interim += 1;
                        if self.interim > MAX_INTERIM {
                            return Poll::Ready(Err(Broken::UpstreamProtocol));
                        }
                        self.buffer.consume(end);
                        self.scanner = HeadScanner::default();
                        continue;
                    }
                    self.head_len = end;
                    return Poll::Ready(Ok(()));
                }
            }
            if !pool.make_room(&mut self.buffer) {
                return Poll::Ready(Err(Broken::UpstreamProtocol));
            }
            let count = ready!(up.poll_read(cx, self.buffer.space())).map_err(|_| Broken::Upstream)?;
            if count == 0 {
                return Poll::Ready(Err(Broken::Upstream));
            }
            self.buffer.advance(count);
            self.received += count as u64;
        }
    }

    /// The head has been read and, as the client gets it, written to `out`: the body follows. `decodes`: the client
    /// does not know chunks.
    pub(crate) fn begin_body(&mut self, framing: Framing, decodes: bool) {
        self.buffer.consume(self.head_len);
        self.head_len = 0;
        self.reader = BodyReader::new(framing);
        self.decodes = decodes;
    }

    /// Whether all of the response is in the buffer, and nothing else.
    pub(crate) fn is_whole(&mut self) -> bool {
        self.process().is_ok() && self.reader.is_done() && self.ready == self.buffer.len()
    }

    /// Reads the rest of a response and throws it away. Ready with whether it ended well.
    pub(crate) fn poll_discard(&mut self, cx: &mut Context<'_>, up: &mut Connection, pool: &BufferPool) -> Poll<bool> {
        loop {
            if !self.buffer.is_empty() && !self.reader.is_done() {
                if self.process().is_err() {
                    return Poll::Ready(false);
                }
                self.buffer.consume(std::mem::take(&mut self.ready));
            }
            if self.reader.is_done() {
                return Poll::Ready(self.buffer.is_empty());
            }
            if ready!(self.poll_read(cx, up, pool)).is_err() {
                return Poll::Ready(false);
            }
        }
    }

    /// Whether the upstream sent something behind its response.
    pub(crate) fn has_garbage(&self) -> bool {
        self.has_garbage
    }

    /// Ready when the whole response has been handed to the kernel.
    pub(crate) fn poll_body(
        &mut self,
        cx: &mut Context<'_>,
        up: &mut Connection,
        down: &mut Connection,
        pool: &BufferPool,
    ) -> Poll<Result<(), Broken>> {
        loop {
            if self.ready == 0 && !self.buffer.is_empty() && !self.reader.is_done() {
                self.process()?;
            }
            if self.out_sent == 0 && self.ready > 0 && self.ready <= JOINED_BYTES && !self.out.is_empty() {
                self.out.extend_from_slice(&self.buffer.filled()[..self.ready]);
                self.buffer.consume(std::mem::take(&mut self.ready));
            }
            let out = &self.out[self.out_sent..];
            let body = &self.buffer.filled()[..self.ready];
            if !(out.is_empty() && body.is_empty()) {
                let slices = [IoSlice::new(out), IoSlice::new(body)];
                let from = usize::from(out.is_empty());
                let to = 2 - usize::from(body.is_empty());
                let count = ready!(down.poll_write_vectored(cx, &slices[from..to])).map_err(|_| Broken::Downstream)?;
                let of_out = count.min(out.len());
                self.out_sent += of_out;
                self.ready -= count - of_out;
                self.buffer.consume(count - of_out);
                self.needs_flush = true;
                continue;
            }
            if self.needs_flush {
                ready!(down.poll_flush(cx)).map_err(|_| Broken::Downstream)?;
                self.needs_flush = false;
            }
            if self.reader.is_done() {
                self.has_garbage |= !self.buffer.is_empty();
                return Poll::Ready(Ok(()));
            }
            ready!(self.poll_read(cx, up, pool))?;
        }
    }

    fn poll_read(&mut self, cx: &mut Context<'_>, up: &mut Connection, pool: &BufferPool) -> Poll<Result<(), Broken>> {
        if !pool.make_room(&mut self.buffer) {
            return Poll::Ready(Err(Broken::UpstreamProtocol));
        }
        let space = self.buffer.space();
        let room = space.len();
        let count = ready!(up.poll_read(cx, space)).map_err(|_| Broken::Upstream)?;
        if count == 0 {
            let is_truncated = matches!(up, Connection::Tls(stream) if stream.was_truncated());
            return Poll::Ready(match self.reader.end() {
                Ok(()) if !is_truncated => Ok(()),
                _ => Err(Broken::Upstream),
            });
        }
        self.buffer.advance(count);
        self.received += count as u64;
        if count == room && self.buffer.capacity() < LARGEST_READ {
            pool.grow(&mut self.buffer);
        }
        Poll::Ready(Ok(()))
    }

    /// Follows the framing through what has arrived.
    fn process(&mut self) -> Result<(), Broken> {
        let refused = |_| Broken::UpstreamProtocol;
        if self.decodes {
            let (taken, len) = self.reader.decode(self.buffer.filled_mut()).map_err(refused)?;
            self.has_garbage |= taken < self.buffer.len();
            self.buffer.truncate(len);
            self.ready = len;
        } else {
            self.ready = self.reader.consume(self.buffer.filled()).map_err(refused)?;
        }
        self.body_bytes += self.ready as u64;
        Ok(())
    }
}
