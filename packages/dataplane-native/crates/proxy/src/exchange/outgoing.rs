//! The request's direction.

use std::{
    io::IoSlice,
    task::{Context, Poll, ready},
};

use filter::{
    decompress::{DecodeError, Decoder},
    ext_proc::Changes,
    grpc_web::TextDecoder,
};
use http::{BodyReader, Buffer, BufferPool, Decoded, Framing};
use serde_json::Value;

use super::{
    BodyTap, Broken, Gate, LARGEST_READ, LAST_CHUNK, MAX_AHEAD, MAX_CHUNK, Messages,
    gate::{Answer, Piece},
    gated::{Gated, Raw, WireError},
    trailers::Trailers,
    write_chunk,
};
use crate::{request::Reply, wire::Wire};

/// How an upstream takes a body.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Sink {
    /// As a stream of HTTP/2, which says where the body ends.
    pub(crate) is_stream: bool,
    /// The head says how long the body is.
    pub(crate) has_length: bool,
    /// With trailers.
    pub(crate) trailers: bool,
}

/// A request on its way up.
#[derive(Default)]
#[allow(clippy::struct_excessive_bools, reason = "each is a fact of its own")]
pub(crate) struct Outgoing {
    /// The head as an upstream of HTTP/1 gets it.
    pub(crate) head: Vec<u8>,
    head_sent: usize,
    /// The body's bytes that came with the head, as a range of the connection's buffer.
    first: (usize, usize),
    first_sent: usize,
    /// Where in that buffer the next request begins.
    next_request: usize,
    /// Bytes of the body that came later: all of them while they are kept for another attempt, else those not sent.
    later: Buffer,
    /// How many of them belong to the body; what follows is the next request.
    later_len: usize,
    later_sent: usize,
    reader: BodyReader,
    /// Services are shown the body before it goes on; `later` has what it has become.
    gated: Option<Box<Gated>>,
    framing: Framing,
    /// The client's chunks are taken off.
    decodes: bool,
    /// The body came as base64.
    text: Option<TextDecoder>,
    /// The body came encoded.
    encoded: Option<Box<Encoded>>,
    /// All of it is here, and the head says how long it is.
    is_held: bool,
    /// The most that is kept of the body.
    most_kept: usize,
    /// Chunks are put on for the upstream.
    chunks: bool,
    chunk: Vec<u8>,
    chunk_sent: usize,
    is_last_chunk_made: bool,
    /// The upstream is a stream, and knows whether the request has ended.
    to_stream: bool,
    is_end_sent: bool,
    is_head_sent: bool,
    trailers: Trailers,
    /// The upstream of this attempt gets the trailers.
    sends_trailers: bool,
    /// Room for another attempt; 0 once the body has outgrown it.
    replay_limit: usize,
    has_begun: bool,
    needs_flush: bool,
    /// Bytes of the body taken from the client.
    pub(crate) body_bytes: u64,
    /// Messages of gRPC in it, as far as they came behind the head.
    pub(crate) messages: Messages,
    /// Where it is recorded.
    pub(crate) tap: Option<Box<BodyTap>>,
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
        self.framing = framing;
        // The text of a head that came over HTTP/2 is followed by nothing.
        let taken = consume(&mut self.reader, &buffer.filled()[head_len..])?;
        self.first = (head_len, head_len + taken);
        self.next_request = head_len + taken;
        self.later_len = 0;
        self.decodes = false;
        self.gated = None;
        self.text = None;
        self.encoded = None;
        self.is_held = false;
        self.most_kept = BufferPool::MAX;
        self.trailers.clear();
        self.replay_limit = replay_limit;
        self.body_bytes = taken as u64;
        self.has_begun = false;
        self.rewind();
        Ok(())
    }

    /// The body is recorded, as the client sends it. Nothing of it has been taken but what came with the head.
    pub(crate) fn set_tap(&mut self, buffer: &Buffer, mut tap: Box<BodyTap>) {
        tap.begin(self.framing);
        tap.raw(&buffer.filled()[self.first.0..self.first.1]);
        self.tap = Some(tap);
    }

    /// Names and values of the request's trailers, once it has ended.
    pub(crate) fn trailers(&self) -> impl Iterator<Item = (&[u8], &[u8])> {
        self.trailers.iter()
    }

    /// Begins another attempt; the head is written anew by the caller.
    pub(crate) fn rewind(&mut self) {
        self.head.clear();
        self.head_sent = 0;
        self.first_sent = self.first.0;
        self.later_sent = 0;
        self.needs_flush = false;
        self.chunk.clear();
        self.chunk_sent = 0;
        self.is_last_chunk_made = false;
        self.is_end_sent = false;
        self.is_head_sent = false;
    }

    /// Says how the upstream of this attempt delimits bodies.
    pub(crate) fn set_sink(&mut self, buffer: &mut Buffer, sink: Sink, pool: &BufferPool) -> Result<(), Broken> {
        self.to_stream = sink.is_stream;
        self.sends_trailers = sink.trailers;
        if sink.is_stream && self.framing == Framing::Chunked && !self.decodes {
            self.take_chunks_off(buffer, pool)?;
        }
        let is_open = self.gated.is_some()
            || self.decodes
            || self.text.is_some()
            || self.encoded.is_some()
            || self.framing == Framing::Close && !sink.has_length;
        self.chunks = !sink.is_stream && !self.is_held && is_open;
        Ok(())
    }

    /// Whether chunks are put on, which the head has to say.
    pub(crate) fn adds_chunks(&self) -> bool {
        self.chunks
    }

    /// Takes base64 off the body: what is here and what will come. The head must not say how long it is.
    pub(crate) fn decode_text(&mut self, buffer: &mut Buffer, pool: &BufferPool) -> Result<(), Broken> {
        if self.framing == Framing::Chunked && !self.decodes {
            self.take_chunks_off(buffer, pool)?;
        }
        let mut text = TextDecoder::default();
        let (start, end) = self.first;
        let len = decode_text(&mut text, &mut buffer.filled_mut()[start..end])?;
        self.first = (start, start + len);
        let len = decode_text(&mut text, &mut self.later.filled_mut()[..self.later_len])?;
        self.close_gap(len, self.later_len);
        self.later_len = len;
        self.text = Some(text);
        self.is_held = false;
        self.rewind();
        self.check_text()
    }

    /// Takes an encoding off the body: what is here and what will come. The head must not say how long it is.
    pub(crate) fn decode_content(
        &mut self,
        buffer: &mut Buffer,
        decoder: Decoder,
        pool: &BufferPool,
    ) -> Result<(), Broken> {
        if self.framing == Framing::Chunked && !self.decodes {
            self.take_chunks_off(buffer, pool)?;
        }
        let (start, end) = self.first;
        let mut input = buffer.filled()[start..end].to_vec();
        input.extend_from_slice(&self.later.filled()[..self.later_len]);
        self.close_gap(0, self.later_len);
        self.later_len = 0;
        self.first = (start, start);
        // What was decoded stands in front of the next request, as if it had come there.
        let next = self.next_request.min(buffer.len());
        if self.gated.is_none() && self.later.is_empty() && next < buffer.len() {
            if !pool.append(&mut self.later, &buffer.filled()[next..]) {
                return Err(TOO_MUCH);
            }
            buffer.truncate(next);
        }
        self.encoded = Some(Box::new(Encoded::new(decoder, input)));
        self.is_held = false;
        self.rewind();
        self.check_text()
    }

    /// Decodes another piece of what has come. False: there is nothing to decode.
    fn decode_some(&mut self, pool: &BufferPool) -> Result<bool, Broken> {
        let Some(encoded) = self.encoded.as_mut().filter(|encoded| encoded.has_work()) else {
            return Ok(false);
        };
        encoded.stage()?;
        let next = self.later.filled()[self.later_len..].to_vec();
        self.later.truncate(self.later_len);
        let count = encoded.staged.len();
        if self.later.space().len() < count + next.len() {
            self.later.compact();
        }
        let most = self.most_kept.max(BufferPool::MAX);
        if !pool.reserve(&mut self.later, count + next.len(), most) {
            return Err(TOO_MUCH);
        }
        for piece in [&encoded.staged[..], &next] {
            self.later.space()[..piece.len()].copy_from_slice(piece);
            self.later.advance(piece.len());
        }
        self.messages.take(&encoded.staged);
        self.later_len += count;
        self.check_text()?;
        Ok(true)
    }

    /// Where the body ends its text, or what it is encoded in, has to be complete.
    fn check_text(&self) -> Result<(), Broken> {
        if !self.is_done() {
            return Ok(());
        }
        match (&self.text, &self.encoded) {
            (Some(text), _) if !text.is_complete() => Err(BAD_TEXT),
            (_, Some(encoded)) => encoded.end(),
            _ => Ok(()),
        }
    }

    /// Whether all of the body has come, and is decoded.
    fn is_done(&self) -> bool {
        self.reader.is_done() && self.encoded.as_ref().is_none_or(|encoded| !encoded.has_work())
    }

    /// Shows a service the body: what is here and what will come. The head must not say how long it is.
    pub(crate) fn add_gate(&mut self, mut gate: Gate, buffer: &mut Buffer, pool: &BufferPool) -> Result<(), Broken> {
        if self.framing == Framing::Chunked && !self.decodes {
            self.take_chunks_off(buffer, pool)?;
        }
        let piece = Piece {
            content: self.held(buffer).concat(),
            ends: self.is_done(),
        };
        let piece = (piece.ends || !piece.content.is_empty()).then_some(piece);
        if let Some(encoded) = self.encoded.take() {
            // What has not come out of it yet does so in front of this gate, behind those that are there.
            gate.decode(encoded, self.reader.is_done());
        }
        let gated = if let Some(gated) = &mut self.gated {
            self.later.clear();
            gated
        } else {
            // What follows the request stays where it will be looked for.
            let mut input = std::mem::take(&mut self.later);
            input.consume(self.later_len.min(input.len()));
            let reader = std::mem::take(&mut self.reader);
            self.gated
                .insert(Box::new(Gated::new(Raw::new(reader, self.decodes, input))))
        };
        gated.push(gate, piece);
        if let Some(tap) = &mut self.tap {
            // All of it comes by again, as what services make of it.
            tap.restart();
        }
        self.reader = BodyReader::new(Framing::Close);
        self.framing = Framing::Close;
        self.decodes = false;
        self.is_held = false;
        self.first = (self.first.0, self.first.0);
        self.later_len = 0;
        self.rewind();
        Ok(())
    }

    /// Ready when something of what the body has become is here, or nothing will come.
    pub(crate) fn poll_first(
        &mut self,
        cx: &mut Context<'_>,
        down: &mut Wire,
        pool: &BufferPool,
    ) -> Poll<Result<(), Broken>> {
        while self.later_len == 0 && !self.reader.is_done() {
            ready!(self.poll_read(cx, down, pool))?;
        }
        Poll::Ready(Ok(()))
    }

    /// What is said to the head that a service was shown with the body.
    pub(crate) fn poll_head_answer(
        &mut self,
        cx: &mut Context<'_>,
        down: &mut Wire,
        pool: &BufferPool,
    ) -> Poll<Result<Answer, Broken>> {
        let Some(gated) = &mut self.gated else {
            return Poll::Ready(Ok(Ok(None)));
        };
        let before = gated.raw.content_bytes;
        let answer = gated.poll_head_answer(cx, down, pool, &mut self.trailers, broken);
        self.body_bytes += gated.raw.content_bytes - before;
        answer
    }

    /// What the body has become, if that is all here.
    pub(crate) fn known_length(&self) -> Option<usize> {
        self.reader
            .is_done()
            .then_some(self.first.1 - self.first.0 + self.later_len)
    }

    /// Goes on with what services were asked about the body.
    pub(crate) fn poll_questions(&mut self, cx: &mut Context<'_>) {
        if let Some(gated) = &mut self.gated {
            gated.poll_questions(cx);
        }
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

    /// Takes the whole body before any of it goes on. Ready with its length; with none if it is longer than `limit`.
    pub(crate) fn poll_hold(
        &mut self,
        cx: &mut Context<'_>,
        buffer: &mut Buffer,
        down: &mut Wire,
        pool: &BufferPool,
        limit: usize,
    ) -> Poll<Result<Option<usize>, Broken>> {
        if self.framing == Framing::Chunked && !self.decodes {
            self.take_chunks_off(buffer, pool)?;
        }
        self.replay_limit = self.replay_limit.max(limit + 1);
        // What one read brings is seen before it is too much.
        self.most_kept = self.most_kept.max(limit + BufferPool::MAX);
        loop {
            let held = self.first.1 - self.first.0 + self.later_len;
            if held > limit {
                return Poll::Ready(Ok(None));
            }
            if self.is_done() {
                return Poll::Ready(Ok(Some(held)));
            }
            ready!(self.poll_read(cx, down, pool))?;
        }
    }

    /// All of the body is here, and from now on the head says how long it is, unless trailers follow.
    pub(crate) fn set_held(&mut self) -> bool {
        self.is_held = !self.trailers.has_any();
        self.is_held
    }

    /// Whether trailers follow the body for the upstream.
    fn ends_with_trailers(&self) -> bool {
        self.sends_trailers && self.trailers.has_any()
    }

    fn take_chunks_off(&mut self, buffer: &mut Buffer, pool: &BufferPool) -> Result<(), Broken> {
        let mut reader = BodyReader::new(Framing::Chunked);
        let (start, end) = self.first;
        let first = &mut buffer.filled_mut()[start..end];
        let len = decode(&mut reader, first, &mut self.trailers, pool)?.len;
        self.first = (start, start + len);
        let later = &mut self.later.filled_mut()[..self.later_len];
        let len = decode(&mut reader, later, &mut self.trailers, pool)?.len;
        self.close_gap(len, self.later_len);
        self.later_len = len;
        self.reader = reader;
        self.decodes = true;
        Ok(())
    }

    /// Moves what follows `from` in the later bytes down to `to`.
    fn close_gap(&mut self, to: usize, from: usize) {
        let len = self.later.len();
        if to < from {
            self.later.filled_mut().copy_within(from.., to);
            self.later.truncate(len - (from - to));
        }
    }

    /// The head went as one of a stream. `ends`: it was all of the request.
    pub(crate) fn set_head_sent(&mut self, ends: bool) {
        self.is_head_sent = true;
        self.is_end_sent = ends;
        self.has_begun = true;
    }

    /// Whether there is no content, and will be none.
    pub(crate) fn is_empty(&self) -> bool {
        self.is_done() && self.first.0 == self.first.1 && self.later_len == 0 && !self.ends_with_trailers()
    }

    /// Whether all of the body that was taken from the client is still here.
    pub(crate) fn is_replayable(&self) -> bool {
        !self.has_begun || self.replay_limit > 0 || self.later_len == 0 && self.is_body_taken()
    }

    /// Whether the client has sent the whole body.
    pub(crate) fn is_body_taken(&self) -> bool {
        self.is_done()
    }

    /// Another attempt than the one that is under way got all of the request.
    pub(crate) fn set_sent(&mut self) {
        self.head_sent = self.head.len();
        self.first_sent = self.first.1;
        self.later_sent = self.later_len;
        self.chunk.clear();
        self.chunk_sent = 0;
        self.is_last_chunk_made = true;
        self.is_end_sent = true;
        self.needs_flush = false;
    }

    /// Whether everything taken from the client has been handed on.
    pub(crate) fn is_sent(&self) -> bool {
        self.head_sent == self.head.len()
            && self.first_sent == self.first.1
            && self.later_sent == self.later_len
            && self.chunk_sent == self.chunk.len()
            && !self.needs_flush
            && (!self.is_body_taken() || self.is_end_said())
    }

    fn is_end_said(&self) -> bool {
        (!self.to_stream || self.is_end_sent) && (!self.chunks || self.is_last_chunk_made)
    }

    /// Whether the whole request has been handed on.
    pub(crate) fn is_finished(&self) -> bool {
        self.is_body_taken() && self.is_sent()
    }

    /// Bytes that follow the request in the connection's buffers.
    pub(crate) fn ahead<'a>(&'a self, buffer: &'a Buffer) -> &'a [u8] {
        if self.later.is_empty() {
            &buffer.filled()[self.next_request..]
        } else {
            &self.later.filled()[self.later_len..]
        }
    }

    /// Whether a byte of the request was written in this attempt.
    pub(crate) fn has_written(&self) -> bool {
        self.head_sent > 0 || self.is_head_sent
    }

    /// Whether the kept body has the client's chunks around it.
    pub(crate) fn has_chunks(&self) -> bool {
        self.framing == Framing::Chunked && !self.decodes
    }

    /// The whole body, if it has been taken and kept: two pieces, with the client's chunks as the case may be.
    pub(crate) fn whole_body<'a>(&'a self, buffer: &'a Buffer) -> Option<(&'a [u8], &'a [u8])> {
        let is_here = self.is_body_taken() && (self.later_len == 0 || self.replay_limit > 0);
        is_here.then(|| {
            (
                &buffer.filled()[self.first.0..self.first.1],
                &self.later.filled()[..self.later_len],
            )
        })
    }

    /// What was taken by [`Outgoing::poll_hold`], in two pieces.
    pub(crate) fn held<'a>(&'a self, buffer: &'a Buffer) -> [&'a [u8]; 2] {
        [
            &buffer.filled()[self.first.0..self.first.1],
            &self.later.filled()[..self.later_len],
        ]
    }

    /// Puts another body in the place of the one that is here. False if not all of it is.
    pub(crate) fn replace_body(&mut self, buffer: &Buffer, body: &[u8], pool: &BufferPool) -> bool {
        if !self.is_body_taken() {
            return false;
        }
        let ahead = self.ahead(buffer).to_vec();
        let mut later = pool.take(body.len() + ahead.len());
        let most = later.capacity().max(body.len() + ahead.len());
        for bytes in [body, &ahead] {
            pool.reserve(&mut later, bytes.len(), most);
            later.space()[..bytes.len()].copy_from_slice(bytes);
            later.advance(bytes.len());
        }
        pool.give(std::mem::replace(&mut self.later, later));
        self.later_len = body.len();
        self.first = (self.first.0, self.first.0);
        // It is kept whatever its length.
        self.replay_limit = self.replay_limit.max(body.len() + 1);
        self.rewind();
        true
    }

    /// Ends the request: the connection's buffer is left with what follows it. False if the body was not all taken.
    pub(crate) fn finish(&mut self, buffer: &mut Buffer, pool: &BufferPool) -> bool {
        self.head.clear();
        if let Some(gated) = self.gated.take() {
            pool.give(std::mem::take(&mut self.later));
            self.later_len = 0;
            let raw = gated.raw;
            if raw.input.is_empty() {
                pool.give(raw.input);
                buffer.consume(self.next_request.min(buffer.len()));
            } else {
                pool.give(std::mem::replace(buffer, raw.input));
            }
            return raw.reader.is_done();
        }
        let is_done = self.reader.is_done();
        if self.later.is_empty() {
            buffer.consume(self.next_request.min(buffer.len()));
        } else {
            let kept = self.later_len.min(self.later.len());
            self.later.consume(kept);
            pool.give(std::mem::replace(buffer, std::mem::take(&mut self.later)));
        }
        self.later_len = 0;
        is_done
    }

    /// Gives the buffers back; what a single large request made big is given up.
    pub(crate) fn release(&mut self, pool: &BufferPool, kept_bytes: usize) {
        pool.give(std::mem::take(&mut self.later));
        self.later_len = 0;
        self.encoded = None;
        self.gated = None;
        self.tap = None;
        self.trailers.release(pool);
        for text in [&mut self.head, &mut self.chunk] {
            text.clear();
            if text.capacity() > kept_bytes {
                *text = Vec::new();
            }
        }
    }

    /// Ready when head and body have been handed on.
    pub(crate) fn poll(
        &mut self,
        cx: &mut Context<'_>,
        buffer: &Buffer,
        down: &mut Wire,
        up: &mut Wire,
        pool: &BufferPool,
    ) -> Poll<Result<(), Broken>> {
        loop {
            if self.chunks {
                self.make_chunk(buffer);
            }
            let head = &self.head[self.head_sent..];
            let (first, later): (&[u8], &[u8]) = if self.chunks {
                (&self.chunk[self.chunk_sent..], &[])
            } else {
                (
                    &buffer.filled()[self.first_sent..self.first.1],
                    &self.later.filled()[self.later_sent..self.later_len],
                )
            };
            let wanted = head.len() + first.len() + later.len();
            let ends = self.is_done() && !self.ends_with_trailers();
            if wanted > 0 || ends && self.to_stream && !self.is_end_sent {
                let slices = [IoSlice::new(head), IoSlice::new(first), IoSlice::new(later)];
                let from = usize::from(head.is_empty());
                let to = if later.is_empty() {
                    2 - usize::from(first.is_empty())
                } else {
                    3
                };
                let count = ready!(up.poll_write(cx, &slices[from.min(to)..to], ends)).map_err(Broken::Upstream)?;
                self.has_begun = true;
                self.needs_flush = !self.to_stream;
                self.is_end_sent |= ends && count == wanted;
                self.sent(count);
                continue;
            }
            if self.ends_with_trailers()
                && self.is_done()
                && !self.is_end_sent
                && let Wire::Stream(stream) = up
            {
                self.trailers.send(stream);
                self.is_end_sent = true;
            }
            if self.needs_flush {
                ready!(up.poll_sent(cx)).map_err(Broken::Upstream)?;
                self.needs_flush = false;
            }
            if self.is_done() {
                return Poll::Ready(Ok(()));
            }
            ready!(self.poll_read(cx, down, pool))?;
        }
    }

    /// Makes the next chunk once the one before is sent.
    fn make_chunk(&mut self, buffer: &Buffer) {
        if self.chunk_sent < self.chunk.len() {
            return;
        }
        self.chunk.clear();
        self.chunk_sent = 0;
        let first = &buffer.filled()[self.first_sent..self.first.1];
        let later = &self.later.filled()[self.later_sent..self.later_len];
        if !first.is_empty() {
            let count = first.len().min(MAX_CHUNK);
            write_chunk(&first[..count], &mut self.chunk);
            self.first_sent += count;
        } else if !later.is_empty() {
            let count = later.len().min(MAX_CHUNK);
            write_chunk(&later[..count], &mut self.chunk);
            self.later_sent += count;
        }
        let is_all = self.first_sent == self.first.1 && self.later_sent == self.later_len;
        if self.is_done() && is_all && !self.is_last_chunk_made {
            if self.ends_with_trailers() {
                self.trailers.write(&mut self.chunk);
            } else {
                self.chunk.extend_from_slice(LAST_CHUNK);
            }
            self.is_last_chunk_made = true;
        }
    }

    fn sent(&mut self, count: usize) {
        let of_head = count.min(self.head.len() - self.head_sent);
        self.head_sent += of_head;
        if self.chunks {
            self.chunk_sent += count - of_head;
            return;
        }
        let of_first = (count - of_head).min(self.first.1 - self.first_sent);
        self.first_sent += of_first;
        self.later_sent += count - of_head - of_first;
    }

    /// Reads more of the body once everything before is sent.
    fn poll_read(&mut self, cx: &mut Context<'_>, down: &mut Wire, pool: &BufferPool) -> Poll<Result<(), Broken>> {
        let kept = (self.first.1 - self.first.0) + self.later_len;
        if kept >= self.replay_limit {
            self.replay_limit = 0;
            self.close_gap(0, self.later_len);
            self.later_len = 0;
            self.later_sent = 0;
        }
        if self.decode_some(pool)? {
            return Poll::Ready(Ok(()));
        }
        if self.gated.is_some() {
            return self.poll_gated(cx, down, pool);
        }
        if !down.is_stream() {
            if self.later.capacity() == 0 {
                self.later = pool.take(1);
            } else if !pool.make_room_within(&mut self.later, self.most_kept) {
                return Poll::Ready(Err(Broken::DownstreamProtocol("http1.body_buffer_full")));
            }
        }
        // A stream's bytes are put behind those that are kept, as many as have come.
        if down.is_stream() && self.most_kept > BufferPool::MAX && self.later_len > 0 {
            pool.reserve(&mut self.later, BufferPool::MAX, self.most_kept);
        }
        // Where the length is known no byte of the next request is read, so that it stays where it belongs.
        let remaining = self
            .reader
            .remaining()
            .map_or(usize::MAX, |rest| rest.min(LARGEST_READ as u64) as usize);
        let room = self.later.space().len();
        let count = ready!(down.poll_fill(cx, &mut self.later, pool, remaining)).map_err(|_| Broken::Downstream)?;
        if count == 0 {
            if let Wire::Stream(stream) = down {
                self.trailers.take(stream, pool);
            }
            // The end of a stream is the end of its body; a connection must not end within one.
            let ended = self.reader.end().map_err(|_| Broken::Downstream);
            return Poll::Ready(ended.and_then(|()| self.check_text()));
        }
        let start = self.later.len() - count;
        let bytes = &mut self.later.filled_mut()[start..];
        if let Some(tap) = &mut self.tap {
            tap.raw(bytes);
        }
        let (taken, len) = if self.decodes {
            let decoded = decode(&mut self.reader, bytes, &mut self.trailers, pool)?;
            (decoded.taken, decoded.len)
        } else {
            let taken = consume(&mut self.reader, bytes)?;
            (taken, taken)
        };
        let len = match (&mut self.encoded, &mut self.text) {
            (Some(encoded), _) => {
                encoded.add(&bytes[..len]);
                self.body_bytes += len as u64;
                0
            }
            (None, Some(text)) => decode_text(text, &mut bytes[..len])?,
            (None, None) => len,
        };
        self.close_gap(start + len, start + taken);
        self.later_len += len;
        self.body_bytes += len as u64;
        self.messages.take(&self.later.filled()[start..start + len]);
        self.decode_some(pool)?;
        if let Wire::Stream(stream) = down
            && stream.is_read_through()
        {
            // Known now, so that the upstream learns it with the last bytes.
            self.reader.end().map_err(|_| Broken::Downstream)?;
        }
        self.check_text()?;
        let is_full_read = count == room.min(remaining) && room <= remaining;
        if is_full_read && self.replay_limit == 0 && self.later.capacity() < LARGEST_READ && !down.is_stream() {
            pool.grow(&mut self.later);
        }
        Poll::Ready(Ok(()))
    }

    /// Takes the next piece of what services make of the body.
    fn poll_gated(&mut self, cx: &mut Context<'_>, down: &mut Wire, pool: &BufferPool) -> Poll<Result<(), Broken>> {
        let Some(gated) = &mut self.gated else {
            return Poll::Ready(Ok(()));
        };
        let before = gated.raw.content_bytes;
        let next = gated.poll_next(cx, down, pool, &mut self.trailers, broken);
        self.body_bytes += gated.raw.content_bytes - before;
        let mut piece = ready!(next)?;
        if let Some(tap) = &mut self.tap {
            tap.content(&piece.content);
        }
        if let Some(encoded) = &mut self.encoded {
            encoded.add(&piece.content);
            if piece.ends {
                let _ = self.reader.end();
            }
            self.decode_some(pool)?;
            return Poll::Ready(self.check_text());
        }
        if let Some(text) = &mut self.text {
            let len = decode_text(text, &mut piece.content)?;
            piece.content.truncate(len);
        }
        self.messages.take(&piece.content);
        append(&mut self.later, &piece.content, pool);
        self.later_len += piece.content.len();
        if piece.ends {
            // It was delimited by its end.
            let _ = self.reader.end();
        }
        Poll::Ready(self.check_text())
    }

    /// Notices that the client has gone while its response is awaited; bytes of a next request are kept.
    pub(crate) fn poll_client(&self, cx: &mut Context<'_>, buffer: &mut Buffer, down: &mut Wire) -> Poll<Broken> {
        let connection = match down {
            Wire::Stream(stream) => return stream.poll_reset(cx).map(|_| Broken::Downstream),
            Wire::Connection(connection) => connection,
        };
        if !self.is_done() || !self.later.is_empty() || self.gated.is_some() {
            return Poll::Pending;
        }
        loop {
            let ahead = buffer.len() - self.next_request;
            let space = buffer.space();
            if space.is_empty() || ahead >= MAX_AHEAD {
                return Poll::Pending;
            }
            match ready!(net::Stream::poll_read(&mut **connection, cx, space)) {
                Ok(0) | Err(_) => return Poll::Ready(Broken::Downstream),
                Ok(count) => buffer.advance(count),
            }
        }
    }
}

/// Whose fault it is that a body does not come.
fn broken(error: WireError) -> Broken {
    match error {
        WireError::Ended(_) => Broken::Downstream,
        WireError::Malformed(details) => Broken::DownstreamProtocol(details),
    }
}

/// Appends content; what bounds it is how much a service may be shown and answer.
pub(super) fn append(buffer: &mut Buffer, content: &[u8], pool: &BufferPool) {
    if pool.reserve(buffer, content.len(), usize::MAX) {
        buffer.space()[..content.len()].copy_from_slice(content);
        buffer.advance(content.len());
    }
}

fn consume(reader: &mut BodyReader, bytes: &[u8]) -> Result<usize, Broken> {
    reader
        .consume(bytes)
        .map_err(|error| Broken::DownstreamProtocol(error.details()))
}

/// A body on its way through a decoder.
pub(super) struct Encoded {
    decoder: Decoder,
    /// What has come and is not decoded, from `taken` on: one read's worth at most, or what came with the head.
    input: Vec<u8>,
    taken: usize,
    /// What was decoded last.
    pub(super) staged: Vec<u8>,
}

impl Encoded {
    fn new(decoder: Decoder, input: Vec<u8>) -> Self {
        Self {
            decoder,
            input,
            taken: 0,
            staged: Vec::new(),
        }
    }

    /// Whether there is something to decode.
    pub(super) fn has_work(&self) -> bool {
        self.taken < self.input.len() || self.decoder.has_more()
    }

    /// Takes what has come.
    pub(super) fn add(&mut self, content: &[u8]) {
        self.input.extend_from_slice(content);
    }

    /// Decodes another piece, into `staged`.
    pub(super) fn stage(&mut self) -> Result<(), Broken> {
        self.staged.clear();
        let rest = &self.input[self.taken..];
        let taken = self.decoder.run(rest, MAX_CHUNK, &mut self.staged);
        self.taken += taken.map_err(refused_encoding)?;
        if self.taken == self.input.len() {
            self.input.clear();
            self.taken = 0;
        }
        Ok(())
    }

    /// Whether what was decoded is complete.
    pub(super) fn end(&self) -> Result<(), Broken> {
        self.decoder.end().map_err(refused_encoding)
    }
}

fn refused_encoding(error: DecodeError) -> Broken {
    Broken::DownstreamProtocol(match error {
        DecodeError::Malformed => "decompression_failed",
        DecodeError::Truncated => "decompression_truncated",
        DecodeError::TooLarge => "decompression_ratio_exceeded",
    })
}

const TOO_MUCH: Broken = Broken::DownstreamProtocol("http1.body_buffer_full");

const BAD_TEXT: Broken = Broken::DownstreamProtocol("grpc_base_64_decode_failed");

fn decode_text(text: &mut TextDecoder, bytes: &mut [u8]) -> Result<usize, Broken> {
    text.decode(bytes).map_err(|_| BAD_TEXT)
}

fn decode(
    reader: &mut BodyReader,
    bytes: &mut [u8],
    trailers: &mut Trailers,
    pool: &BufferPool,
) -> Result<Decoded, Broken> {
    let refused = |error: http::BodyError| Broken::DownstreamProtocol(error.details());
    let decoded = reader.decode(bytes).map_err(refused)?;
    if trailers.collect(&bytes[decoded.trailers.clone()], reader.is_done(), pool) {
        Ok(decoded)
    } else {
        Err(Broken::DownstreamProtocol("http1.invalid_trailers"))
    }
}
