//! The response's direction.

use std::{
    io::IoSlice,
    task::{Context, Poll, ready},
};

use http::{
    BodyReader, Buffer, BufferPool, Edits, Framing, Known, Limits, Method, ResponseHead, ResponseView,
    h1::{self, HeadScanner},
    h2,
};

use filter::ext_proc::Changes;
use serde_json::Value;

use super::{
    BodyTap, Broken, Gate, JOINED_BYTES, LARGEST_READ, LAST_CHUNK, MAX_CHUNK, Messages,
    gate::{Answer, Piece},
    gated::{Gated, Raw, WireError},
    outgoing::append,
    trailers::Trailers,
    transform::Transform,
    write_chunk,
};
use crate::{
    request::Reply,
    wire::{Wire, WireEnd},
};

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
    /// Services are shown the body before it goes on; `buffer` has what it has become, behind the head.
    gated: Option<Box<Gated>>,
    transform: Option<Transform>,
    /// What a transform has made of content.
    staged: Vec<u8>,
    is_last_chunk_made: bool,
    is_end_sent: bool,
    trailers: Trailers,
    needs_flush: bool,
    has_garbage: bool,
    /// Bytes of the response's body received.
    pub(crate) body_bytes: u64,
    /// Messages of gRPC in it.
    pub(crate) messages: Messages,
    /// Where the body is recorded.
    pub(crate) tap: Option<Box<BodyTap>>,
    /// Bytes of any kind received; says whether something moved.
    pub(crate) received: u64,
    head_len: usize,
    interim: u32,
}

/// How the client gets a body.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
#[allow(clippy::struct_excessive_bools, reason = "each is a decision of its own")]
pub(crate) struct BodyPlan {
    /// The upstream's chunks are taken off.
    pub(crate) decodes: bool,
    /// Chunks are put on.
    pub(crate) chunks: bool,
    /// The client is told the end with the last bytes.
    pub(crate) to_stream: bool,
    /// The client takes trailers.
    pub(crate) trailers: bool,
    /// The content is changed.
    pub(crate) transforms: bool,
}

/// What a response is read by.
pub(crate) struct Expected {
    pub(crate) limits: Limits,
    pub(crate) method: Method,
    /// The request asks for another protocol.
    pub(crate) allows_upgrade: bool,
}

/// Which head has arrived.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Arrived {
    /// One before the response: it is to be written or not, and ended.
    Interim,
    Final,
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
        self.gated = None;
        self.transform = None;
        self.is_last_chunk_made = false;
        self.is_end_sent = false;
        self.trailers.clear();
        self.needs_flush = false;
        self.has_garbage = false;
        self.body_bytes = 0;
        self.messages = self.messages.again();
        if let Some(tap) = &mut self.tap {
            tap.restart();
        }
        self.received = 0;
        self.head_len = 0;
    }

    /// Gives the buffers back; what a single large response made big is given up.
    pub(crate) fn release(&mut self, pool: &BufferPool, kept_bytes: usize) {
        pool.give(std::mem::take(&mut self.buffer));
        self.trailers.release(pool);
        for text in [&mut self.out, &mut self.staged] {
            text.clear();
            if text.capacity() > kept_bytes {
                *text = Vec::new();
            }
        }
        self.gated = None;
        self.transform = None;
        self.tap = None;
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
        self.trailers.get(name)
    }

    /// Names and values of the response's trailers together.
    pub(crate) fn trailer_bytes(&self) -> u64 {
        self.trailers
            .iter()
            .map(|(name, value)| (name.len() + value.len()) as u64)
            .sum()
    }

    /// Whether trailers follow the body for the client.
    fn sends_trailers(&self) -> bool {
        self.plan.trailers && self.trailers.has_any()
    }

    /// Ready with a complete head, an interim one or the final one. `100 Continue` is dropped: the client got it from us.
    pub(crate) fn poll_head(
        &mut self,
        cx: &mut Context<'_>,
        up: &mut Wire,
        pool: &BufferPool,
        expected: &Expected,
        head: &mut ResponseHead,
    ) -> Poll<Result<Arrived, Broken>> {
        let Expected { limits, method, .. } = expected;
        let method = *method;
        let connection = match up {
            Wire::Connection(connection) => connection,
            Wire::Stream(stream) => {
                if let Some(text) = stream.take_interim(head) {
                    self.head_len = text.len();
                    self.received += text.len() as u64;
                    pool.give(std::mem::replace(&mut self.buffer, text));
                    return Poll::Ready(Ok(Arrived::Interim));
                }
                let text = ready!(stream.poll_response(cx, head)).map_err(|end| Broken::Upstream(end.into()))?;
                self.head_len = text.len();
                self.received += text.len() as u64;
                pool.give(std::mem::replace(&mut self.buffer, text));
                head.framing = match (method, head.status) {
                    (Method::Connect, 200..=299) => Framing::Tunnel,
                    (Method::Head, _) | (_, 204 | 304) => Framing::None,
                    _ => head.framing,
                };
                return Poll::Ready(Ok(Arrived::Final));
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
                    self.head_len = end;
                    return match head.status {
                        // RFC 9110 section 15.2.2: it answers a wish of the client's.
                        101 if !expected.allows_upgrade => Poll::Ready(Err(Broken::UpstreamProtocol)),
                        100 | 102..=199 => {
                            self.interim += 1;
                            if self.interim > MAX_INTERIM {
                                return Poll::Ready(Err(Broken::UpstreamProtocol));
                            }
                            if head.status == 100 {
                                self.end_interim();
                                continue;
                            }
                            Poll::Ready(Ok(Arrived::Interim))
                        }
                        _ if self.begins_badly(head.framing) => Poll::Ready(Err(Broken::UpstreamProtocol)),
                        _ => Poll::Ready(Ok(Arrived::Final)),
                    };
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

    /// Whether what came of the body with the head cannot be one: as long as nothing has gone to the client, it can be told.
    fn begins_badly(&self, framing: Framing) -> bool {
        framing == Framing::Chunked
            && BodyReader::new(framing)
                .consume(&self.buffer.filled()[self.head_len..])
                .is_err()
    }

    /// Writes the interim head that has arrived for the client.
    pub(crate) fn write_interim(&mut self, down: &Wire, head: &ResponseHead) {
        let view = ResponseView::new(head, &self.buffer.filled()[..self.head_len]);
        let mut edits = Edits::default();
        edits.strip_hop_by_hop(view.buffer(), view.fields(), None);
        for known in [Known::ContentLength, Known::TransferEncoding] {
            edits.remove_known(view.fields(), known);
        }
        match down {
            Wire::Stream(stream) => stream.send_head(false, false, |writer| h2::encode_response(view, &edits, writer)),
            Wire::Connection(_) => h1::encode_response(view, &edits, &mut self.out),
        }
    }

    /// Goes on behind an interim head.
    pub(crate) fn end_interim(&mut self) {
        self.buffer.consume(self.head_len);
        self.head_len = 0;
        self.scanner = HeadScanner::default();
    }

    /// Whether the client has got an interim head in part: nothing else can be said to it.
    pub(crate) fn is_within_interim(&self) -> bool {
        self.out_sent > 0
    }

    /// Ready when the interim heads written for the client have been sent: the next is not read before.
    pub(crate) fn poll_interim(&mut self, cx: &mut Context<'_>, down: &mut Wire) -> Poll<Result<(), Broken>> {
        while self.out_sent < self.out.len() {
            let rest = [IoSlice::new(&self.out[self.out_sent..])];
            self.out_sent += ready!(down.poll_write(cx, &rest, false)).map_err(|_| Broken::Downstream)?;
            self.needs_flush = true;
        }
        self.out.clear();
        self.out_sent = 0;
        if self.needs_flush {
            ready!(down.poll_sent(cx)).map_err(|_| Broken::Downstream)?;
            self.needs_flush = false;
        }
        Poll::Ready(Ok(()))
    }

    /// Shows a service the body of the response whose head has arrived. The head must not say how long it is.
    pub(crate) fn add_gate(&mut self, gate: Gate, framing: Framing, pool: &BufferPool) {
        let content = self.buffer.filled()[self.head_len..].to_vec();
        self.buffer.truncate(self.head_len);
        if let Some(gated) = &mut self.gated {
            let ends = gated.is_through;
            let piece = (ends || !content.is_empty()).then_some(Piece { content, ends });
            gated.push(gate, piece);
            return;
        }
        let mut input = Buffer::default();
        append(&mut input, &content, pool);
        let raw = Raw::new(BodyReader::new(framing), framing == Framing::Chunked, input);
        let mut gated = Box::new(Gated::new(raw));
        gated.push(gate, None);
        self.gated = Some(gated);
    }

    /// Whether services are shown the body.
    pub(crate) fn is_gated(&self) -> bool {
        self.gated.is_some()
    }

    /// Ready when something of what the body has become is here behind the head, or nothing will come.
    pub(crate) fn poll_first(
        &mut self,
        cx: &mut Context<'_>,
        up: &mut Wire,
        pool: &BufferPool,
    ) -> Poll<Result<(), Broken>> {
        loop {
            let is_through = self.gated.as_ref().is_none_or(|gated| gated.is_through);
            if is_through || self.buffer.len() > self.head_len {
                return Poll::Ready(Ok(()));
            }
            ready!(self.poll_gated(cx, up, pool))?;
        }
    }

    /// What is said to the head that a service was shown with the body.
    pub(crate) fn poll_head_answer(
        &mut self,
        cx: &mut Context<'_>,
        up: &mut Wire,
        pool: &BufferPool,
    ) -> Poll<Result<Answer, Broken>> {
        let Some(gated) = &mut self.gated else {
            return Poll::Ready(Ok(Ok(None)));
        };
        let before = gated.raw.received;
        let answer = gated.poll_head_answer(cx, up, pool, &mut self.trailers, broken);
        self.received += gated.raw.received - before;
        self.has_garbage |= gated.has_garbage();
        answer
    }

    /// What has been held back of the body, and whether more of it follows. Nothing where there is no body.
    pub(crate) fn held(&self) -> (&[u8], bool) {
        self.gated.as_ref().map_or((&[], false), |gated| {
            (&self.buffer.filled()[self.head_len..], !gated.is_through)
        })
    }

    /// Length of what the body has become, if that is all here and no trailers follow.
    pub(crate) fn known_length(&self) -> Option<usize> {
        let gated = self.gated.as_ref()?;
        (gated.is_through && !self.trailers.has_any()).then(|| self.buffer.len() - self.head_len)
    }

    /// The answer of a service that has ended the request.
    pub(crate) fn take_stop(&mut self) -> Option<Box<Reply>> {
        self.gated.as_mut()?.take_stop()
    }

    /// What services that have seen the body change in the head.
    pub(crate) fn take_changes(&mut self) -> Vec<Changes> {
        self.gated
            .as_mut()
            .map(|gated| gated.take_changes())
            .unwrap_or_default()
    }

    /// Metadata from services that have seen the body.
    pub(crate) fn take_metadata(&mut self) -> Option<Value> {
        self.gated.as_mut()?.take_metadata()
    }

    /// Takes the next piece of what services make of the body.
    fn poll_gated(&mut self, cx: &mut Context<'_>, up: &mut Wire, pool: &BufferPool) -> Poll<Result<(), Broken>> {
        let Some(gated) = &mut self.gated else {
            return Poll::Ready(Ok(()));
        };
        let before = gated.raw.received;
        let next = gated.poll_next(cx, up, pool, &mut self.trailers, broken);
        self.received += gated.raw.received - before;
        let piece = ready!(next)?;
        self.has_garbage |= gated.has_garbage();
        append(&mut self.buffer, &piece.content, pool);
        Poll::Ready(Ok(()))
    }

    /// The head has been read and written for the client: the body follows.
    pub(crate) fn begin_body(&mut self, framing: Framing, plan: BodyPlan) {
        self.buffer.consume(self.head_len);
        self.head_len = 0;
        self.reader = BodyReader::new(framing);
        if let Some(tap) = &mut self.tap {
            tap.begin(framing);
        }
        self.plan = plan;
        // A stream's head has said it.
        self.is_end_sent = framing == Framing::None;
    }

    /// The body is changed on its way.
    pub(crate) fn set_transform(&mut self, transform: Transform) {
        self.transform = Some(transform);
    }

    /// Whether all of the response is in the buffer, and nothing else.
    pub(crate) fn is_whole(&mut self, pool: &BufferPool) -> bool {
        self.process(pool).is_ok() && self.reader.is_done() && self.ready == self.buffer.len()
    }

    /// Reads the rest of a response and throws it away. Ready with whether it ended well.
    pub(crate) fn poll_discard(&mut self, cx: &mut Context<'_>, up: &mut Wire, pool: &BufferPool) -> Poll<bool> {
        loop {
            if self.ready == 0 && !self.buffer.is_empty() && !self.reader.is_done() && self.process(pool).is_err() {
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
                self.process(pool)?;
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

    /// Names and values of the response's trailers, once it has ended.
    pub(crate) fn trailers(&self) -> impl Iterator<Item = (&[u8], &[u8])> {
        self.trailers.iter()
    }

    /// Whether the upstream sent something behind its response.
    pub(crate) fn has_garbage(&self) -> bool {
        self.has_garbage
    }

    /// Ready when the whole response has been handed on. Without `up` all of it is here.
    pub(crate) fn poll_body(
        &mut self,
        cx: &mut Context<'_>,
        mut up: Option<&mut Wire>,
        down: &mut Wire,
        pool: &BufferPool,
    ) -> Poll<Result<(), Broken>> {
        loop {
            if self.ready == 0 && !self.buffer.is_empty() && !self.reader.is_done() {
                self.process(pool)?;
            }
            if self.plan.transforms {
                self.run_transform()?;
            } else if self.plan.chunks {
                self.make_chunk();
            } else if self.out_sent == 0 && self.ready > 0 && self.ready <= JOINED_BYTES && !self.out.is_empty() {
                self.out.extend_from_slice(&self.buffer.filled()[..self.ready]);
                self.buffer.consume(std::mem::take(&mut self.ready));
            }
            let out = &self.out[self.out_sent..];
            let body = if self.plan.chunks || self.plan.transforms {
                &[]
            } else {
                &self.buffer.filled()[..self.ready]
            };
            let wanted = out.len() + body.len();
            let is_made = !self.plan.transforms || self.is_last_chunk_made;
            let ends = self.reader.is_done() && is_made && !self.sends_trailers();
            if wanted > 0 || ends && self.plan.to_stream && !self.is_end_sent {
                let slices = [IoSlice::new(out), IoSlice::new(body)];
                let from = usize::from(out.is_empty());
                let to = 2 - usize::from(body.is_empty());
                let written = ready!(down.poll_write(cx, &slices[from.min(to)..to], ends));
                let count = written.map_err(|_| Broken::Downstream)?;
                let of_out = count.min(out.len());
                self.out_sent += of_out;
                if !self.plan.chunks && !self.plan.transforms {
                    self.ready -= count - of_out;
                    self.buffer.consume(count - of_out);
                }
                self.is_end_sent |= ends && count == wanted;
                self.needs_flush = true;
                continue;
            }
            if self.sends_trailers()
                && self.reader.is_done()
                && !self.is_end_sent
                && let Wire::Stream(stream) = down
            {
                self.trailers.send(stream);
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
            let Some(up) = up.as_deref_mut() else {
                return Poll::Ready(Err(Broken::Upstream(WireEnd::Closed)));
            };
            match self.poll_read(cx, up, pool) {
                Poll::Ready(read) => read?,
                // The upstream pauses: what is here is not held back.
                Poll::Pending if self.flush_transform()? => {}
                Poll::Pending => return Poll::Pending,
            }
        }
    }

    /// Changes what has come, a chunk's worth at a time, once what was changed before is sent.
    fn run_transform(&mut self) -> Result<(), Broken> {
        if self.out_sent == self.out.len() {
            self.out.clear();
            self.out_sent = 0;
        } else if self.out_sent > 0 {
            return Ok(());
        }
        let Some(transform) = self.transform.as_mut().filter(|_| !self.is_last_chunk_made) else {
            return Ok(());
        };
        self.staged.clear();
        while !self.is_last_chunk_made && self.out.len() + self.staged.len() < MAX_CHUNK {
            if self.ready > 0 || transform.has_more() {
                let count = self.ready.min(MAX_CHUNK);
                let taken = transform.write(&self.buffer.filled()[..count], &mut self.staged)?;
                self.buffer.consume(taken);
                self.ready -= taken;
            } else if self.reader.is_done() {
                transform.finish(&self.trailers, &mut self.staged)?;
                self.is_last_chunk_made = true;
            } else {
                break;
            }
        }
        self.put_staged();
        if self.is_last_chunk_made && self.plan.chunks {
            self.put_last_chunk();
        }
        Ok(())
    }

    /// Whether there is more for the client now, of what the transform held back.
    fn flush_transform(&mut self) -> Result<bool, Broken> {
        let Some(transform) = &mut self.transform else {
            return Ok(false);
        };
        self.staged.clear();
        transform.flush(&mut self.staged)?;
        self.put_staged();
        Ok(!self.staged.is_empty())
    }

    fn put_staged(&mut self) {
        if self.staged.is_empty() {
            return;
        }
        if self.plan.chunks {
            write_chunk(&self.staged, &mut self.out);
        } else {
            self.out.extend_from_slice(&self.staged);
        }
    }

    fn put_last_chunk(&mut self) {
        if self.sends_trailers() {
            self.trailers.write(&mut self.out);
        } else {
            self.out.extend_from_slice(LAST_CHUNK);
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
            self.put_last_chunk();
            self.is_last_chunk_made = true;
        }
    }

    fn poll_read(&mut self, cx: &mut Context<'_>, up: &mut Wire, pool: &BufferPool) -> Poll<Result<(), Broken>> {
        if self.gated.is_some() {
            ready!(self.poll_gated(cx, up, pool))?;
            if self.gated.as_ref().is_some_and(|gated| gated.is_through) {
                // Known now, so that the client learns it with the last bytes. It was delimited by its end.
                self.process(pool)?;
                let _ = self.reader.end();
            }
            return Poll::Ready(Ok(()));
        }
        let is_stream = up.is_stream();
        if !is_stream && !pool.make_room(&mut self.buffer) {
            return Poll::Ready(Err(Broken::UpstreamProtocol));
        }
        let room = self.buffer.space().len();
        let count = ready!(up.poll_fill(cx, &mut self.buffer, pool, usize::MAX)).map_err(Broken::Upstream)?;
        self.received += count as u64;
        if let Wire::Stream(stream) = up {
            if count == 0 {
                self.trailers.take(stream, pool);
                // The end of the stream is that of the body.
                return Poll::Ready(self.reader.end().map_err(|_| Broken::Upstream(WireEnd::Closed)));
            }
            if stream.is_read_through() {
                // Known now, so that the client learns it with the last bytes.
                self.process(pool)?;
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
    fn process(&mut self, pool: &BufferPool) -> Result<(), Broken> {
        let refused = |_| Broken::UpstreamProtocol;
        if self.plan.decodes {
            let decoded = self.reader.decode(self.buffer.filled_mut()).map_err(refused)?;
            let section = &self.buffer.filled()[decoded.trailers];
            if !self.trailers.collect(section, self.reader.is_done(), pool) {
                return Err(Broken::UpstreamProtocol);
            }
            self.has_garbage |= decoded.taken < self.buffer.len();
            self.buffer.truncate(decoded.len);
            self.ready = decoded.len;
        } else {
            self.ready = self.reader.consume(self.buffer.filled()).map_err(refused)?;
        }
        self.body_bytes += self.ready as u64;
        let body = &self.buffer.filled()[..self.ready];
        if let Some(tap) = &mut self.tap {
            if self.plan.decodes {
                tap.content(body);
            } else {
                tap.raw(body);
            }
        }
        self.messages.take(body);
        Ok(())
    }
}

/// Whose fault it is that a body does not come.
fn broken(error: WireError) -> Broken {
    match error {
        WireError::Ended(end) => Broken::Upstream(end),
        WireError::Malformed(_) => Broken::UpstreamProtocol,
    }
}
