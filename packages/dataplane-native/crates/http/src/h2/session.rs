//! A connection: its streams, their windows, and what is on its way in both directions.

mod abuse;
mod receive;
mod send;
mod stream;
#[cfg(test)]
mod tests;

use std::{
    collections::{HashMap, VecDeque},
    task::{Context, Poll},
};

use foldhash::fast::FixedState;
use slab::Slab;

use super::{
    flow::{ReceiveWindow, SendWindow},
    frame::{self, DEFAULT_MAX_FRAME, DEFAULT_WINDOW, ErrorCode, flag, kind, setting},
    hpack::{Decoder, Encoder},
};
use crate::{Buffer, BufferPool, Fields, HeadError, Limits, RequestHead, ResponseHead};

pub(crate) use receive::fuzz;
pub use send::FieldWriter;
pub use stream::{StreamEnd, StreamKey};

use abuse::Credit;
use receive::PendingBlock;
use stream::Stream;

/// Bytes that may wait to be written before streams have to wait with theirs.
const MAX_UNSENT: usize = 64 * 1024;

/// Bytes of answers to the peer's own frames that may wait: a peer that asks and does not read is cut off.
const MAX_UNSENT_ANSWERS: usize = 256 * 1024;

/// Streams whose memory is kept for the next ones.
const SPARE_STREAMS: usize = 128;

/// Ids of streams that we reset, of which frames may still be on their way.
const REMEMBERED_RESETS: usize = 256;

/// The largest window of ours: what is received is kept in one buffer.
const LARGEST_WINDOW: u32 = BufferPool::MAX as u32;

/// The most streams that a client opens on one connection.
const MAX_STREAM_ID: u32 = 0x7fff_ffff;

/// Which end of the connection we are.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Role {
    /// The one that answers.
    Server,
    /// The one that asks.
    Client,
}

/// What we allow the peer.
#[derive(Debug, Clone, Copy)]
pub struct SessionOptions {
    /// Streams of the peer that are open at once.
    pub max_concurrent_streams: u32,
    /// Bytes a stream may have on its way to us; at most [`BufferPool::MAX`].
    pub stream_window: u32,
    /// Bytes all streams may have on their way to us.
    pub connection_window: u32,
    /// Take CONNECT with `:protocol` (RFC 8441).
    pub allow_connect_protocol: bool,
    /// Bounds on heads.
    pub limits: Limits,
}

impl Default for SessionOptions {
    fn default() -> Self {
        Self {
            max_concurrent_streams: 1024,
            stream_window: 256 * 1024,
            connection_window: 1024 * 1024,
            allow_connect_protocol: true,
            limits: Limits::default(),
        }
    }
}

/// What the peer allows us.
#[derive(Debug, Clone, Copy)]
struct PeerSettings {
    max_concurrent_streams: u32,
    initial_window: i64,
    max_frame: usize,
    allows_connect_protocol: bool,
}

/// Why a connection ends: the code that the peer is told.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct SessionError {
    /// The code of the GOAWAY frame.
    pub code: ErrorCode,
    /// What the peer did, as access logs and counters name it.
    pub details: &'static str,
}

/// How far the beginning of a connection has come.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Start {
    Preface,
    Settings,
    Done,
}

/// An HTTP/2 connection without its socket.
#[derive(Debug)]
#[allow(
    clippy::struct_excessive_bools,
    reason = "each is a fact of its own about the end of the connection"
)]
pub struct Session {
    role: Role,
    options: SessionOptions,
    peer: PeerSettings,
    start: Start,
    decoder: Decoder,
    encoder: Encoder,
    streams: Slab<Box<Stream>>,
    by_id: HashMap<u32, usize, FixedState>,
    #[allow(
        clippy::vec_box,
        reason = "streams go in and out of the slab: a pointer is moved, not half a kilobyte"
    )]
    spare: Vec<Box<Stream>>,
    /// The next id of ours (as client), and the last of the peer's (as server).
    next_id: u32,
    last_peer_id: u32,
    block: Option<PendingBlock>,
    block_bytes: Vec<u8>,
    cookies: Vec<u8>,
    send_window: SendWindow,
    receive_window: ReceiveWindow,
    out: Vec<u8>,
    out_sent: usize,
    /// Streams of the peer whose heads arrived and that nobody has taken yet.
    opened: VecDeque<StreamKey>,
    /// Streams that wait for room or for the connection's window.
    waiting: VecDeque<StreamKey>,
    resets: VecDeque<u32>,
    credit: Credit,
    is_draining: bool,
    /// The last stream that we said we serve.
    last_served: Option<u32>,
    /// The peer serves nothing above this stream.
    peer_last: Option<u32>,
    is_ping_sent: bool,
    is_lost: bool,
    has_failed: bool,
    /// Streams opened so far.
    opened_total: u64,
}

const DRAIN_PING: [u8; 8] = *b"fl-drain";
const KEEPALIVE_PING: [u8; 8] = *b"fl-alive";

impl Session {
    /// A session at the first byte of its connection; the first bytes to send are made.
    pub fn new(role: Role, options: SessionOptions) -> Self {
        let options = SessionOptions {
            stream_window: options.stream_window.clamp(DEFAULT_WINDOW as u32, LARGEST_WINDOW),
            connection_window: options.connection_window.max(DEFAULT_WINDOW as u32),
            ..options
        };
        let mut session = Self {
            role,
            options,
            peer: PeerSettings {
                max_concurrent_streams: u32::MAX,
                initial_window: DEFAULT_WINDOW,
                max_frame: DEFAULT_MAX_FRAME,
                allows_connect_protocol: false,
            },
            start: if role == Role::Server {
                Start::Preface
            } else {
                Start::Settings
            },
            decoder: Decoder::default(),
            encoder: Encoder::default(),
            streams: Slab::new(),
            by_id: HashMap::default(),
            spare: Vec::new(),
            next_id: 1,
            last_peer_id: 0,
            block: None,
            block_bytes: Vec::new(),
            cookies: Vec::new(),
            send_window: SendWindow(DEFAULT_WINDOW),
            receive_window: ReceiveWindow::new(i64::from(options.connection_window)),
            out: Vec::new(),
            out_sent: 0,
            opened: VecDeque::new(),
            waiting: VecDeque::new(),
            resets: VecDeque::new(),
            credit: Credit::default(),
            is_draining: false,
            last_served: None,
            peer_last: None,
            is_ping_sent: false,
            is_lost: false,
            has_failed: false,
            opened_total: 0,
        };
        session.greet();
        session
    }

    fn greet(&mut self) {
        if self.role == Role::Client {
            self.out.extend_from_slice(frame::PREFACE);
        }
        let mut settings = Vec::with_capacity(36);
        let mut set = |id: u16, value: u32| {
            settings.extend_from_slice(&id.to_be_bytes());
            settings.extend_from_slice(&value.to_be_bytes());
        };
        match self.role {
            Role::Server => {
                set(setting::MAX_CONCURRENT_STREAMS, self.options.max_concurrent_streams);
                if self.options.allow_connect_protocol {
                    set(setting::ENABLE_CONNECT_PROTOCOL, 1);
                }
            }
            Role::Client => set(setting::ENABLE_PUSH, 0),
        }
        set(setting::INITIAL_WINDOW_SIZE, self.options.stream_window);
        set(setting::MAX_HEADER_LIST_SIZE, self.options.limits.max_head_bytes as u32);
        frame::write_frame(kind::SETTINGS, 0, 0, &settings, &mut self.out);
        let more = self.options.connection_window - DEFAULT_WINDOW as u32;
        if more > 0 {
            frame::write_frame(kind::WINDOW_UPDATE, 0, 0, &more.to_be_bytes(), &mut self.out);
        }
    }

    /// Bytes to write to the socket.
    pub fn unsent(&self) -> &[u8] {
        &self.out[self.out_sent..]
    }

    /// Whether there is something to write.
    pub fn wants_write(&self) -> bool {
        self.out_sent < self.out.len()
    }

    /// The socket took so many bytes. Streams that waited for room are woken.
    pub fn sent(&mut self, count: usize) {
        self.out_sent += count;
        if self.out_sent == self.out.len() {
            self.out.clear();
            self.out_sent = 0;
            // What a burst made large is not kept for ever.
            if self.out.capacity() > 4 * MAX_UNSENT {
                self.out.shrink_to(MAX_UNSENT);
            }
        }
        self.wake_waiting();
    }

    fn room(&self) -> usize {
        MAX_UNSENT.saturating_sub(self.out.len() - self.out_sent)
    }

    fn wake_waiting(&mut self) {
        if self.room() == 0 || self.send_window.0 <= 0 {
            return;
        }
        // Each may take all there is; who finds nothing queues up again behind the others.
        for _ in 0..self.waiting.len() {
            if let Some(key) = self.waiting.pop_front()
                && let Some(stream) = self.stream_mut(key)
            {
                stream.is_waiting = false;
                stream.wake_writer();
            }
        }
    }

    /// The next stream of the peer whose head has arrived.
    pub fn next_opened(&mut self) -> Option<StreamKey> {
        self.opened.pop_front()
    }

    /// Streams that are open, or closed and not yet released.
    pub fn stream_count(&self) -> usize {
        self.streams.len()
    }

    /// Streams opened since the beginning.
    pub fn streams_total(&self) -> u64 {
        self.opened_total
    }

    /// Whether another stream can be opened now (as client).
    pub fn can_open(&self) -> bool {
        self.is_usable()
            && (self.streams.len() as u64)
                < u64::from(
                    self.peer
                        .max_concurrent_streams
                        .min(self.options.max_concurrent_streams),
                )
    }

    /// Whether streams can be opened at all: not after GOAWAY or a failure (as client).
    pub fn is_usable(&self) -> bool {
        !self.is_lost
            && !self.has_failed
            && !self.is_draining
            && self.peer_last.is_none()
            && self.next_id < MAX_STREAM_ID
    }

    /// Whether the peer takes CONNECT with `:protocol`.
    pub fn allows_connect_protocol(&self) -> bool {
        self.peer.allows_connect_protocol
    }

    /// Whether the peer has said what it allows.
    pub fn has_peer_settings(&self) -> bool {
        self.start == Start::Done
    }

    /// Whether the connection has nothing left to do and is to be closed.
    pub fn is_over(&self) -> bool {
        self.has_failed
            || self.is_lost
            || self.streams.is_empty() && (self.last_served.is_some() || self.role == Role::Client && !self.is_usable())
    }

    /// Whether it ended with an error of ours or the peer's.
    pub fn has_failed(&self) -> bool {
        self.has_failed
    }

    /// Opens a stream (as client). Its head is sent by [`Session::send_head`].
    pub fn open(&mut self) -> Option<StreamKey> {
        self.can_open().then(|| {
            // The id is given with the head, so that ids go up in the order of heads.
            self.add_stream(0)
        })
    }

    fn add_stream(&mut self, id: u32) -> StreamKey {
        let mut stream = self.spare.pop().unwrap_or_default();
        stream.begin(id, self.peer.initial_window, i64::from(self.options.stream_window));
        let entry = self.streams.vacant_entry();
        self.opened_total += 1;
        let key = StreamKey {
            index: entry.key() as u32,
            serial: self.opened_total as u32,
        };
        stream.serial = key.serial;
        entry.insert(stream);
        if id != 0 {
            self.by_id.insert(id, key.index as usize);
        }
        key
    }

    fn stream(&self, key: StreamKey) -> Option<&Stream> {
        self.streams
            .get(key.index as usize)
            .filter(|stream| stream.serial == key.serial)
            .map(|stream| &**stream)
    }

    fn stream_mut(&mut self, key: StreamKey) -> Option<&mut Stream> {
        self.streams
            .get_mut(key.index as usize)
            .filter(|stream| stream.serial == key.serial)
            .map(|stream| &mut **stream)
    }

    /// Hands a request's head over, once (as server). An error: the head is larger than the limits.
    pub fn take_request(&mut self, key: StreamKey, request: &mut RequestHead) -> Result<Buffer, HeadError> {
        let Some(stream) = self.stream_mut(key) else {
            return Err(HeadError::Malformed);
        };
        let has_body = !stream.received_end || stream.has_trailers;
        match stream.head.too_large {
            Some(error) => Err(error),
            None => Ok(stream.head.take_request(request, has_body || !stream.body.is_empty())),
        }
    }

    /// Ready with a response's final head (as client).
    pub fn poll_response(
        &mut self,
        cx: &Context<'_>,
        key: StreamKey,
        response: &mut ResponseHead,
    ) -> Poll<Result<Buffer, StreamEnd>> {
        let Some(stream) = self.stream_mut(key) else {
            return Poll::Ready(Err(StreamEnd::Lost));
        };
        if !stream.has_head {
            if let Some(end) = stream.end {
                return Poll::Ready(Err(end));
            }
            stream.wait_to_read(cx);
            return Poll::Pending;
        }
        if stream.head.too_large.is_some() {
            return Poll::Ready(Err(StreamEnd::Reset(ErrorCode::PROTOCOL_ERROR)));
        }
        let has_body = !stream.received_end || !stream.body.is_empty() || stream.has_trailers;
        Poll::Ready(Ok(stream.head.take_response(response, has_body)))
    }

    /// The next interim response that has arrived, but for `100 Continue` (as client). Nothing waits for one: whoever waits
    /// for the response is woken.
    pub fn take_interim(&mut self, key: StreamKey, response: &mut ResponseHead) -> Option<Buffer> {
        let mut head = self.stream_mut(key)?.interim_heads.pop_front()?;
        Some(head.take_response(response, true))
    }

    /// Moves received content to `into`, behind what is there. Ready with 0 at the end of the stream.
    pub fn poll_data(
        &mut self,
        cx: &Context<'_>,
        key: StreamKey,
        into: &mut Buffer,
        pool: &BufferPool,
    ) -> Poll<Result<usize, StreamEnd>> {
        let Some(stream) = self.stream_mut(key) else {
            return Poll::Ready(Err(StreamEnd::Lost));
        };
        if stream.body.is_empty() {
            if stream.received_end {
                return Poll::Ready(Ok(0));
            }
            if let Some(end) = stream.end {
                return Poll::Ready(Err(end));
            }
            stream.wait_to_read(cx);
            return Poll::Pending;
        }
        let count = if into.is_empty() {
            let body = std::mem::take(&mut stream.body);
            let count = body.len();
            pool.give(std::mem::replace(into, body));
            count
        } else {
            // A buffer that outgrew the pool takes what it has room for.
            let room = BufferPool::MAX.saturating_sub(into.len()).max(into.space().len());
            let count = stream.body.len().min(room);
            if count == 0 || !pool.append(into, &stream.body.filled()[..count]) {
                return Poll::Ready(Err(StreamEnd::Reset(ErrorCode::INTERNAL_ERROR)));
            }
            stream.body.consume(count);
            if stream.body.is_empty() {
                pool.give(std::mem::take(&mut stream.body));
            }
            count
        };
        self.grant(key, count);
        Poll::Ready(Ok(count))
    }

    /// Copies received content to `into`, for readers with memory of their own. Ready with 0 at the end of the stream.
    pub fn poll_read(
        &mut self,
        cx: &Context<'_>,
        key: StreamKey,
        into: &mut [u8],
        pool: &BufferPool,
    ) -> Poll<Result<usize, StreamEnd>> {
        let Some(stream) = self.stream_mut(key) else {
            return Poll::Ready(Err(StreamEnd::Lost));
        };
        if stream.body.is_empty() {
            if stream.received_end {
                return Poll::Ready(Ok(0));
            }
            if let Some(end) = stream.end {
                return Poll::Ready(Err(end));
            }
            stream.wait_to_read(cx);
            return Poll::Pending;
        }
        let count = stream.body.len().min(into.len());
        into[..count].copy_from_slice(&stream.body.filled()[..count]);
        stream.body.consume(count);
        if stream.body.is_empty() {
            pool.give(std::mem::take(&mut stream.body));
        }
        self.grant(key, count);
        Poll::Ready(Ok(count))
    }

    /// Notices that the peer gave a stream up while nothing is expected from it.
    pub fn poll_reset(&mut self, cx: &Context<'_>, key: StreamKey) -> Poll<StreamEnd> {
        let Some(stream) = self.stream_mut(key) else {
            return Poll::Ready(StreamEnd::Lost);
        };
        if let Some(end) = stream.end {
            return Poll::Ready(end);
        }
        stream.wait_to_read(cx);
        Poll::Pending
    }

    /// Hands trailers over: lines of text, with ranges in `fields`. None: there are none.
    pub fn take_trailers(&mut self, key: StreamKey, fields: &mut Fields) -> Option<Buffer> {
        let stream = self.stream_mut(key)?;
        std::mem::take(&mut stream.has_trailers).then(|| stream.trailers.take_trailers(fields))
    }

    /// Whether the whole of the peer's message has arrived, taken or not.
    pub fn has_received_all(&self, key: StreamKey) -> bool {
        self.stream(key).is_none_or(|stream| stream.received_end)
    }

    /// Whether all of the message has arrived and been read, and no trailers wait to be taken.
    pub fn is_read_through(&self, key: StreamKey) -> bool {
        self.stream(key)
            .is_none_or(|stream| stream.received_end && stream.body.is_empty() && !stream.has_trailers)
    }

    /// Allows the peer to send as much again.
    fn grant(&mut self, key: StreamKey, count: usize) {
        if let Some(stream) = self.stream_mut(key)
            && !stream.received_end
            && stream.end.is_none()
        {
            let id = stream.id;
            if let Some(increment) = stream.receive_window.take(count) {
                frame::write_frame(kind::WINDOW_UPDATE, 0, id, &increment.to_be_bytes(), &mut self.out);
            }
        }
        self.grant_connection(count);
    }

    fn grant_connection(&mut self, count: usize) {
        if let Some(increment) = self.receive_window.take(count) {
            frame::write_frame(kind::WINDOW_UPDATE, 0, 0, &increment.to_be_bytes(), &mut self.out);
        }
    }

    /// Gives a stream up or back: what of it is still on its way is no longer wanted. `code` is what the peer is told
    /// where the stream is not over.
    pub fn release(&mut self, key: StreamKey, code: ErrorCode, pool: &BufferPool) {
        let Some(stream) = self.stream(key) else { return };
        let (id, unread) = (stream.id, stream.body.len());
        let is_over = stream.received_end && stream.sent_end || stream.end.is_some() || id == 0;
        if !is_over && !self.is_lost && !self.has_failed {
            // Section 8.1: a server that has answered in full has no use for the rest of the request.
            let code = if stream.sent_end { ErrorCode::NO_ERROR } else { code };
            self.reset_frame(id, code);
        }
        if id != 0 {
            self.by_id.remove(&id);
        }
        let mut stream = self.streams.remove(key.index as usize);
        stream.clear(pool);
        if self.spare.len() < SPARE_STREAMS {
            self.spare.push(stream);
        }
        if unread > 0 {
            self.grant_connection(unread);
        }
    }

    fn reset_frame(&mut self, id: u32, code: ErrorCode) {
        frame::write_frame(kind::RST_STREAM, 0, id, &code.0.to_be_bytes(), &mut self.out);
        if self.resets.len() == REMEMBERED_RESETS {
            self.resets.pop_front();
        }
        self.resets.push_back(id);
    }

    /// Announces the end: streams that are open finish, the peer opens no more.
    pub fn drain(&mut self) {
        if std::mem::replace(&mut self.is_draining, true) || self.role == Role::Client {
            return;
        }
        // Section 6.8: first nothing is excluded, so that streams on their way are not lost; one round trip later the
        // last one is named.
        self.go_away(MAX_STREAM_ID, ErrorCode::NO_ERROR);
        frame::write_frame(kind::PING, 0, 0, &DRAIN_PING, &mut self.out);
    }

    /// Whether the end was announced.
    pub fn is_draining(&self) -> bool {
        self.is_draining
    }

    fn go_away(&mut self, last: u32, code: ErrorCode) {
        let mut payload = [0; 8];
        payload[..4].copy_from_slice(&last.to_be_bytes());
        payload[4..].copy_from_slice(&code.0.to_be_bytes());
        frame::write_frame(kind::GOAWAY, 0, 0, &payload, &mut self.out);
    }

    /// Ends the connection with an error: the peer is told, streams end.
    pub fn fail(&mut self, error: SessionError) {
        if std::mem::replace(&mut self.has_failed, true) {
            return;
        }
        self.go_away(self.last_peer_id, error.code);
        self.end_streams();
    }

    /// The socket is gone: streams end.
    pub fn lose(&mut self) {
        self.is_lost = true;
        self.end_streams();
    }

    fn end_streams(&mut self) {
        for (_, stream) in &mut self.streams {
            stream.end.get_or_insert(StreamEnd::Lost);
            stream.wake_all();
        }
    }

    /// Probes the peer. False: the last probe was not answered.
    pub fn ping(&mut self) -> bool {
        if self.is_ping_sent {
            return false;
        }
        self.is_ping_sent = true;
        frame::write_frame(kind::PING, 0, 0, &KEEPALIVE_PING, &mut self.out);
        true
    }

    /// Whether a probe waits for its answer.
    pub fn awaits_pong(&self) -> bool {
        self.is_ping_sent
    }

    fn ping_answered(&mut self, payload: &[u8]) {
        if payload == KEEPALIVE_PING {
            self.is_ping_sent = false;
        } else if payload == DRAIN_PING && self.is_draining && self.last_served.is_none() {
            self.last_served = Some(self.last_peer_id);
            self.go_away(self.last_peer_id, ErrorCode::NO_ERROR);
        }
    }

    fn acknowledge_settings(&mut self) {
        frame::write_frame(kind::SETTINGS, flag::ACK, 0, &[], &mut self.out);
    }
}
