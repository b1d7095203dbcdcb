//! A body that services are shown on its way: as it comes, and what it has become.

use std::task::{Context, Poll, ready};

use filter::ext_proc::Changes;
use http::{BodyReader, Buffer, BufferPool};
use serde_json::Value;

use super::{
    Broken, LARGEST_READ,
    gate::{Answer, Gate, Gates, Piece},
    trailers::Trailers,
};
use crate::{
    request::Reply,
    wire::{Wire, WireEnd},
};

/// A body as it comes.
pub(super) struct Raw {
    pub(super) reader: BodyReader,
    /// Chunks are taken off.
    pub(super) decodes: bool,
    /// What was read and is not taken yet; behind the body's end it belongs to what follows.
    pub(super) input: Buffer,
    /// Bytes that have come of any kind, and bytes of content.
    pub(super) received: u64,
    pub(super) content_bytes: u64,
}

impl Raw {
    pub(super) fn new(reader: BodyReader, decodes: bool, input: Buffer) -> Self {
        Self {
            reader,
            decodes,
            input,
            received: 0,
            content_bytes: 0,
        }
    }

    fn poll_next(
        &mut self,
        cx: &mut Context<'_>,
        wire: &mut Wire,
        pool: &BufferPool,
        trailers: &mut Trailers,
    ) -> Poll<Result<Piece, WireError>> {
        loop {
            if !self.input.is_empty() && !self.reader.is_done() {
                let content = self.decode(pool, trailers)?;
                if let Wire::Stream(stream) = wire
                    && stream.is_read_through()
                {
                    // Known now, so that the end is shown with the last bytes.
                    let _ = self.reader.end();
                }
                if !content.is_empty() || self.reader.is_done() {
                    return Poll::Ready(Ok(Piece {
                        content,
                        ends: self.reader.is_done(),
                    }));
                }
            }
            if self.reader.is_done() {
                return Poll::Ready(Ok(Piece {
                    content: Vec::new(),
                    ends: true,
                }));
            }
            if !wire.is_stream() && !pool.make_room(&mut self.input) {
                return Poll::Ready(Err(WireError::Malformed("http1.body_buffer_full")));
            }
            // Where the length is known nothing behind the body is read.
            let remaining = self.reader.remaining();
            let most = remaining.map_or(LARGEST_READ, |rest| rest.min(LARGEST_READ as u64) as usize);
            let count = ready!(wire.poll_fill(cx, &mut self.input, pool, most)).map_err(WireError::Ended)?;
            self.received += count as u64;
            if count == 0 {
                if let Wire::Stream(stream) = wire {
                    trailers.take(stream, pool);
                }
                if self.reader.end().is_err() || wire.was_truncated() {
                    return Poll::Ready(Err(WireError::Ended(WireEnd::Closed)));
                }
            }
        }
    }

    /// The content of what was read.
    fn decode(&mut self, pool: &BufferPool, trailers: &mut Trailers) -> Result<Vec<u8>, WireError> {
        let bytes = self.input.filled_mut();
        let (taken, len) = if self.decodes {
            let decoded = self
                .reader
                .decode(bytes)
                .map_err(|error| WireError::Malformed(error.details()))?;
            if !trailers.collect(&bytes[decoded.trailers.clone()], self.reader.is_done(), pool) {
                return Err(WireError::Malformed("http1.invalid_trailers"));
            }
            (decoded.taken, decoded.len)
        } else {
            let taken = self
                .reader
                .consume(bytes)
                .map_err(|error| WireError::Malformed(error.details()))?;
            (taken, taken)
        };
        let content = self.input.filled()[..len].to_vec();
        self.input.consume(taken);
        self.content_bytes += len as u64;
        Ok(content)
    }
}

/// What is wrong with a body that comes.
#[derive(Clone, Copy)]
pub(super) enum WireError {
    Ended(WireEnd),
    Malformed(&'static str),
}

/// A body that services are shown.
pub(super) struct Gated {
    pub(super) raw: Raw,
    gates: Gates,
    /// All of it has gone on.
    pub(super) is_through: bool,
}

impl Gated {
    pub(super) fn new(raw: Raw) -> Self {
        Self {
            raw,
            gates: Gates::default(),
            is_through: false,
        }
    }

    /// Puts another gate behind those that are there; `piece` has passed them already.
    pub(super) fn push(&mut self, mut gate: Gate, piece: Option<Piece>) {
        if let Some(piece) = piece {
            gate.set_pending(piece);
        }
        self.gates.push(gate);
        self.is_through = false;
    }

    /// The next piece of what the body has become. An error of the body's sender is told by `broken`.
    pub(super) fn poll_next(
        &mut self,
        cx: &mut Context<'_>,
        wire: &mut Wire,
        pool: &BufferPool,
        trailers: &mut Trailers,
        broken: fn(WireError) -> Broken,
    ) -> Poll<Result<Piece, Broken>> {
        let Self { raw, gates, .. } = self;
        let mut next =
            |cx: &mut Context<'_>, trailers: &mut Trailers| raw.poll_next(cx, wire, pool, trailers).map_err(broken);
        let piece = ready!(gates.poll_next(cx, trailers, &mut next))?;
        self.is_through |= piece.ends;
        Poll::Ready(Ok(piece))
    }

    /// What is said to the head that a service was shown with the body.
    pub(super) fn poll_head_answer(
        &mut self,
        cx: &mut Context<'_>,
        wire: &mut Wire,
        pool: &BufferPool,
        trailers: &mut Trailers,
        broken: fn(WireError) -> Broken,
    ) -> Poll<Result<Answer, Broken>> {
        let Self { raw, gates, .. } = self;
        let mut next =
            |cx: &mut Context<'_>, trailers: &mut Trailers| raw.poll_next(cx, wire, pool, trailers).map_err(broken);
        gates.poll_head_answer(cx, trailers, &mut next)
    }

    /// Whether something follows all of the body. On a connection nothing follows a response.
    pub(super) fn has_garbage(&self) -> bool {
        self.raw.reader.is_done() && !self.raw.input.is_empty()
    }

    pub(super) fn poll_questions(&mut self, cx: &mut Context<'_>) {
        self.gates.poll_questions(cx);
    }

    pub(super) fn take_stop(&mut self) -> Option<Box<Reply>> {
        self.gates.take_stop()
    }

    pub(super) fn take_changes(&mut self) -> Vec<Changes> {
        self.gates.take_changes()
    }

    pub(super) fn take_metadata(&mut self) -> Option<Value> {
        self.gates.take_metadata()
    }
}
