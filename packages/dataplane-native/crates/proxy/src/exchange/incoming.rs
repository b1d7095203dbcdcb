//! The response's direction.

use std::{
    io::IoSlice,
    task::{Context, Poll, ready},
};

use http::{
    BodyReader, Buffer, BufferPool, Fields, Framing, Limits, Method, ResponseHead,
    h1::{self, HeadScanner},
    h2,
};

use super::{Broken, JOINED_BYTES, LARGEST_READ, LAST_CHUNK, MAX_CHUNK, Messages, write_chunk};
use crate::wire::{Wire, WireEnd};

/// A response on its way down.
#[derive(Default)]
#[allow(clippy::struct_excessive_bools, reason = "each is a fact of its own")]
pub(crate) struct Incoming {
    pub(crate) buffer: Buffer,
    scanner: HeadScanner,
    /// The head for a client of HTTP/1.
    pub(crate) out: Vec<u8>,
    out_sent: usize,
    reader: BodyReader,
    /// Bytes of `buffer` that are ready to be written.
    ready: usize,
    plan: BodyPlan,
    is_last_chunk_made: bool,
    is_end_sent: bool,
    has_trailers: bool,
    trailer_text: Buffer,
    trailers: Fields,
    needs_flush: bool,
    has_garbage: bool,
    /// Bytes of the response's body received.
    pub(crate) body_bytes: u64,
    /// Messages of gRPC in it.
    pub(crate) messages: Messages,
    /// Bytes of any kind received; says whether something moved.
    pub(crate) received: u64,
    head_len: usize,
    interim: u32,
}

/// How the client gets a body.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(crate) struct BodyPlan {
    /// The upstream's chunks are taken off.
    pub(crate) decodes: bool,
    /// Chunks are put on.
    pub(crate) chunks: bool,
    /// The client is told the end with the last bytes.
    pub(crate) to_stream: bool,
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
        self.plan = BodyPlan::default();
        self.is_last_chunk_made = false;
        self.is_end_sent = false;
        self.has_trailers = false;
        self.needs_flush = false;
        self.has_garbage = false;
        self.body_bytes = 0;
        self.messages = self.messages.again();
        self.received = 0;
        self.head_len = 0;
    }

    /// Gives the buffers back; what a single large response made big is given up.
    pub(crate) fn release(&mut self, pool: &BufferPool, kept_bytes: usize) {
        pool.give(std::mem::take(&mut self.buffer));
        pool.give(std::mem::take(&mut self.trailer_text));
        self.out.clear();
        if self.out.capacity() > kept_bytes {
            self.out = Vec::new();
        }
    }

    /// Whether a byte of the response has arrived.
    pub(crate) fn has_received(&self) -> bool {
        self.received > 0
    }

    /// The head's bytes, that its spans point into.
    pub(crate) fn head_bytes(&self) -> &[u8] {
        &self.buffer.filled()[..self.head_len]
    }

    /// A trailer of the response, once it has ended.
    pub(crate) fn trailer(&self, name: &str) -> Option<&[u8]> {
        self.has_trailers
            .then(|| self.trailers.get(self.trailer_text.filled(), name))?
    }

    /// Names and values of the response's trailers together.
    pub(crate) fn trailer_bytes(&self) -> u64 {
        let bytes = |field: &http::Field| u64::from(field.name.len) + u64::from(field.value.len);
        if self.has_trailers {
            self.trailers.as_slice().iter().map(bytes).sum()
        } else {
            0
        }
    }

    /// Ready with a complete final head. Interim ones are dropped: the client got its `100 Continue` from us.
    pub(crate) fn poll_head(
        &mut self,
        cx: &mut Context<'_>,
        up: &mut Wire,
        pool: &BufferPool,
        limits: &Limits,
        method: Method,
        head: &mut ResponseHead,
    ) -> Poll<Result<(), Broken>> {
        let connection = match up {
            Wire::Connection(connection) => connection,
            Wire::Stream(stream) => {
                let text = ready!(stream.poll_response(cx, head)).map_err(|end| Broken::Upstream(end.into()))?;
                self.head_len = text.len();
                self.received += text.len() as u64;
                pool.give(std::mem::replace(&mut self.buffer, text));
                head.framing = match (method, head.status) {
                    (Method::Connect, 200..=299) => Framing::Tunnel,
                    (Method::Head, _) | (_, 204 | 304) => Framing::None,
                    _ => head.framing,
                };
                return Poll::Ready(Ok(()));
            }
        };
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
            let read = ready!(net::Stream::poll_read(&mut **connection, cx, self.buffer.space()));
            match read {
                Ok(count) if count > 0 => {
                    self.buffer.advance(count);
                    self.received += count as u64;
                }
                _ => return Poll::Ready(Err(Broken::Upstream(WireEnd::Closed))),
            }
        }
    }

    /// The head has been read and written for the client: the body follows.
    pub(crate) fn begin_body(&mut self, framing: Framing, plan: BodyPlan) {
        self.buffer.consume(self.head_len);
        self.head_len = 0;
        self.reader = BodyReader::new(framing);
        self.plan = plan;
        // A stream's head has said it.
        self.is_end_sent = framing == Framing::None;
    }

    /// Whether all of the response is in the buffer, and nothing else.
    pub(crate) fn is_whole(&mut self) -> bool {
        self.process().is_ok() && self.reader.is_done() && self.ready == self.buffer.len()
    }

    /// Reads the rest of a response and throws it away. Ready with whether it ended well.
    pub(crate) fn poll_discard(&mut self, cx: &mut Context<'_>, up: &mut Wire, pool: &BufferPool) -> Poll<bool> {
        loop {
            if self.ready == 0 && !self.buffer.is_empty() && !self.reader.is_done() && self.process().is_err() {
                return Poll::Ready(false);
            }
            self.buffer.consume(std::mem::take(&mut self.ready));
            if self.reader.is_done() {
                return Poll::Ready(self.buffer.is_empty());
            }
            if ready!(self.poll_read(cx, up, pool)).is_err() {
                return Poll::Ready(false);
            }
        }
    }

    /// Reads the rest of a response into `content`. Ready with false as soon as that would have more than `most` bytes.
    pub(crate) fn poll_collect(
        &mut self,
        cx: &mut Context<'_>,
        up: &mut Wire,
        pool: &BufferPool,
        content: &mut Vec<u8>,
        most: usize,
    ) -> Poll<Result<bool, Broken>> {
        loop {
            if self.ready == 0 && !self.buffer.is_empty() && !self.reader.is_done() {
                self.process()?;
            }
            if content.len() + self.ready > most {
                return Poll::Ready(Ok(false));
            }
            content.extend_from_slice(&self.buffer.filled()[..self.ready]);
            self.buffer.consume(std::mem::take(&mut self.ready));
            if self.reader.is_done() {
                self.has_garbage |= !self.buffer.is_empty();
                return Poll::Ready(Ok(true));
            }
            ready!(self.poll_read(cx, up, pool))?;
        }
    }

    /// Text and fields of the response's trailers, once it has ended.
    pub(crate) fn trailers(&self) -> Option<(&[u8], &Fields)> {
        self.has_trailers.then(|| (self.trailer_text.filled(), &self.trailers))
    }

    /// Whether the upstream sent something behind its response.
    pub(crate) fn has_garbage(&self) -> bool {
        self.has_garbage
    }

    /// Ready when the whole response has been handed on.
    pub(crate) fn poll_body(
        &mut self,
        cx: &mut Context<'_>,
        up: &mut Wire,
        down: &mut Wire,
        pool: &BufferPool,
    ) -> Poll<Result<(), Broken>> {
        loop {
            if self.ready == 0 && !self.buffer.is_empty() && !self.reader.is_done() {
                self.process()?;
            }
            if self.plan.chunks {
                self.make_chunk();
            } else if self.out_sent == 0 && self.ready > 0 && self.ready <= JOINED_BYTES && !self.out.is_empty() {
                self.out.extend_from_slice(&self.buffer.filled()[..self.ready]);
                self.buffer.consume(std::mem::take(&mut self.ready));
            }
            let out = &self.out[self.out_sent..];
            let body = if self.plan.chunks {
                &[]
            } else {
                &self.buffer.filled()[..self.ready]
            };
            let wanted = out.len() + body.len();
            let ends = self.reader.is_done() && !self.has_trailers;
            if wanted > 0 || ends && self.plan.to_stream && !self.is_end_sent {
                let slices = [IoSlice::new(out), IoSlice::new(body)];
                let from = usize::from(out.is_empty());
                let to = 2 - usize::from(body.is_empty());
                let written = ready!(down.poll_write(cx, &slices[from.min(to)..to], ends));
                let count = written.map_err(|_| Broken::Downstream)?;
                let of_out = count.min(out.len());
                self.out_sent += of_out;
                if !self.plan.chunks {
                    self.ready -= count - of_out;
                    self.buffer.consume(count - of_out);
                }
                self.is_end_sent |= ends && count == wanted;
                self.needs_flush = true;
                continue;
            }
            if self.has_trailers
                && !self.is_end_sent
                && let Wire::Stream(stream) = down
            {
                let (text, fields) = (self.trailer_text.filled(), &self.trailers);
                stream.send_head(true, false, |writer| h2::encode_trailers(text, fields, writer));
                self.is_end_sent = true;
            }
            if self.needs_flush {
                ready!(down.poll_sent(cx)).map_err(|_| Broken::Downstream)?;
                self.needs_flush = false;
            }
            if self.reader.is_done() {
                self.has_garbage |= !self.buffer.is_empty();
                return Poll::Ready(Ok(()));
            }
            ready!(self.poll_read(cx, up, pool))?;
        }
    }

    /// Makes the next chunk once what is before it is sent, but for the head, which it follows at once.
    fn make_chunk(&mut self) {
        if self.out_sent == self.out.len() {
            self.out.clear();
            self.out_sent = 0;
        } else if self.out_sent > 0 || self.is_last_chunk_made {
            return;
        }
        while self.ready > 0 && self.out.len() < MAX_CHUNK {
            let count = self.ready.min(MAX_CHUNK);
            write_chunk(&self.buffer.filled()[..count], &mut self.out);
            self.buffer.consume(count);
            self.ready -= count;
        }
        if self.reader.is_done() && self.ready == 0 && !self.is_last_chunk_made {
            self.out.extend_from_slice(LAST_CHUNK);
            self.is_last_chunk_made = true;
        }
    }

    fn poll_read(&mut self, cx: &mut Context<'_>, up: &mut Wire, pool: &BufferPool) -> Poll<Result<(), Broken>> {
        let is_stream = up.is_stream();
        if !is_stream && !pool.make_room(&mut self.buffer) {
            return Poll::Ready(Err(Broken::UpstreamProtocol));
        }
        let room = self.buffer.space().len();
        let count = ready!(up.poll_fill(cx, &mut self.buffer, pool, usize::MAX)).map_err(Broken::Upstream)?;
        self.received += count as u64;
        if let Wire::Stream(stream) = up {
            if count == 0
                && let Some(text) = stream.take_trailers(&mut self.trailers)
            {
                self.has_trailers = true;
                pool.give(std::mem::replace(&mut self.trailer_text, text));
            }
            if count == 0 {
                // The end of the stream is that of the body.
                return Poll::Ready(self.reader.end().map_err(|_| Broken::Upstream(WireEnd::Closed)));
            }
            if stream.is_read_through() {
                // Known now, so that the client learns it with the last bytes.
                self.process()?;
                let _ = self.reader.end();
            }
            return Poll::Ready(Ok(()));
        }
        if count == 0 {
            return Poll::Ready(match self.reader.end() {
                Ok(()) if !up.was_truncated() => Ok(()),
                _ => Err(Broken::Upstream(WireEnd::Closed)),
            });
        }
        if count == room && self.buffer.capacity() < LARGEST_READ {
            pool.grow(&mut self.buffer);
        }
        Poll::Ready(Ok(()))
    }

    /// Follows the framing through what has arrived.
    fn process(&mut self) -> Result<(), Broken> {
        let refused = |_| Broken::UpstreamProtocol;
        if self.plan.decodes {
            let (taken, len) = self.reader.decode(self.buffer.filled_mut()).map_err(refused)?;
            self.has_garbage |= taken < self.buffer.len();
            self.buffer.truncate(len);
            self.ready = len;
        } else {
            self.ready = self.reader.consume(self.buffer.filled()).map_err(refused)?;
        }
        self.body_bytes += self.ready as u64;
        self.messages.take(&self.buffer.filled()[..self.ready]);
        Ok(())
    }
}
