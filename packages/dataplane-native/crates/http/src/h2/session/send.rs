//! Frames to the peer.

use std::{
    io::IoSlice,
    task::{Context, Poll},
};

use super::{Role, Session, StreamEnd, StreamKey};
use crate::h2::{
    frame::{FrameHeader, HEADER_LEN, flag, kind},
    hpack::Encoder,
};

/// Takes the fields of a head, pseudo-header fields first.
pub struct FieldWriter<'a> {
    encoder: &'a mut Encoder,
    out: &'a mut Vec<u8>,
}

impl FieldWriter<'_> {
    /// Adds a field; capitals in its name become small.
    pub fn field(&mut self, name: &[u8], value: &[u8]) {
        self.encoder.field(name, value, self.out);
    }
}

impl Session {
    /// Sends a head, or trailers. `ends_stream`: nothing follows. `expects_no_content`: this is the head of a request whose
    /// response has none (HEAD). Does nothing on a stream that has ended.
    pub fn send_head(
        &mut self,
        key: StreamKey,
        ends_stream: bool,
        expects_no_content: bool,
        write: impl FnOnce(&mut FieldWriter<'_>),
    ) {
        let next_id = self.next_id;
        let is_client = self.role == Role::Client;
        let Some(stream) = self
            .stream_mut(key)
            .filter(|stream| stream.end.is_none() && !stream.sent_end)
        else {
            return;
        };
        let is_new = stream.id == 0;
        if is_new {
            stream.id = next_id;
            stream.expects_no_content = expects_no_content;
        }
        stream.sent_head = true;
        stream.sent_end = ends_stream;
        let id = stream.id;
        if is_new && is_client {
            self.by_id.insert(id, key.index as usize);
            self.next_id += 2;
        }
        if ends_stream && !is_client {
            self.credit.stream_answered();
        }
        let start = self.out.len();
        self.out.extend_from_slice(&[0; HEADER_LEN]);
        self.encoder.begin(&mut self.out);
        write(&mut FieldWriter {
            encoder: &mut self.encoder,
            out: &mut self.out,
        });
        self.frame_block(start, id, ends_stream);
    }

    /// Writes the frame header in front of a block, and cuts a large one into several frames.
    fn frame_block(&mut self, start: usize, id: u32, ends_stream: bool) {
        let len = self.out.len() - start - HEADER_LEN;
        let max = self.peer.max_frame;
        let ending = if ends_stream { flag::END_STREAM } else { 0 };
        let mut header = Vec::new();
        if len <= max {
            write_header(
                &mut self.out[start..],
                len,
                kind::HEADERS,
                ending | flag::END_HEADERS,
                id,
            );
            return;
        }
        let block = self.out.split_off(start + HEADER_LEN);
        self.out.truncate(start);
        let mut pieces = block.chunks(max).enumerate().peekable();
        while let Some((nth, piece)) = pieces.next() {
            let (kind, mut flags) = if nth == 0 {
                (kind::HEADERS, ending)
            } else {
                (kind::CONTINUATION, 0)
            };
            if pieces.peek().is_none() {
                flags |= flag::END_HEADERS;
            }
            header.clear();
            FrameHeader {
                len: piece.len(),
                kind,
                flags,
                stream: id,
            }
            .write(&mut header);
            self.out.extend_from_slice(&header);
            self.out.extend_from_slice(piece);
        }
    }

    /// Sends content, as much as windows and room allow, and says how much that was. `ends_stream`: with the last byte of
    /// `pieces` the stream ends. Ready with 0 where there was nothing to send.
    pub fn poll_send(
        &mut self,
        cx: &Context<'_>,
        key: StreamKey,
        pieces: &[IoSlice<'_>],
        ends_stream: bool,
    ) -> Poll<Result<usize, StreamEnd>> {
        let (room, of_connection, max_frame) = (self.room(), self.send_window, self.peer.max_frame);
        let Some(stream) = self.stream_mut(key) else {
            return Poll::Ready(Err(StreamEnd::Lost));
        };
        if let Some(end) = stream.end {
            return Poll::Ready(Err(end));
        }
        if stream.sent_end {
            return Poll::Ready(Ok(0));
        }
        let wanted: usize = pieces.iter().map(|piece| piece.len()).sum();
        if wanted == 0 && !ends_stream {
            return Poll::Ready(Ok(0));
        }
        let of_stream = stream.send_window.available(wanted);
        let count = of_connection.available(of_stream).min(room);
        if count == 0 && wanted > 0 {
            stream.wait_to_write(cx);
            // A window of its own wakes it by itself.
            if of_stream > 0 && !stream.is_waiting {
                stream.is_waiting = true;
                self.waiting.push_back(key);
            }
            return Poll::Pending;
        }
        let ends = ends_stream && count == wanted;
        let id = stream.id;
        stream.send_window.0 -= count as i64;
        stream.sent_end = ends;
        self.send_window.0 -= count as i64;
        if ends && self.role == Role::Server {
            self.credit.stream_answered();
        }
        self.credit.earn(10);
        let mut pieces = pieces.iter().map(|piece| &**piece);
        let mut piece: &[u8] = &[];
        let mut rest = count;
        loop {
            let mut len = rest.min(max_frame);
            rest -= len;
            let flags = if ends && rest == 0 { flag::END_STREAM } else { 0 };
            FrameHeader {
                len,
                kind: kind::DATA,
                flags,
                stream: id,
            }
            .write(&mut self.out);
            while len > 0 {
                if piece.is_empty() {
                    piece = pieces.next().unwrap_or_default();
                    continue;
                }
                let (now, later) = piece.split_at(len.min(piece.len()));
                self.out.extend_from_slice(now);
                piece = later;
                len -= now.len();
            }
            if rest == 0 {
                return Poll::Ready(Ok(count));
            }
        }
    }
}

fn write_header(out: &mut [u8], len: usize, kind: u8, flags: u8, stream: u32) {
    let len = (len as u32).to_be_bytes();
    out[..3].copy_from_slice(&len[1..]);
    out[3] = kind;
    out[4] = flags;
    out[5..HEADER_LEN].copy_from_slice(&stream.to_be_bytes());
}
