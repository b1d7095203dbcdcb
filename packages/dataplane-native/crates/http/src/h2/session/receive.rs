//! Frames from the peer.

use super::{MAX_UNSENT, MAX_UNSENT_ANSWERS, Role, Session, SessionError, Start, StreamEnd, StreamKey, stream::Stream};
use crate::{
    Buffer, BufferPool,
    h2::{
        fields::{Block, HeadWriter},
        frame::{
            self, DEFAULT_MAX_FRAME, ErrorCode, FrameHeader, HEADER_LEN, PREFACE, flag, kind, setting, u32_at,
            without_padding,
        },
    },
};

/// Frames that a block of fields may be cut into.
const MAX_CONTINUATIONS: u32 = 32;

/// Interim responses to one request.
const MAX_INTERIM: u32 = 16;

/// Those of them that are kept until somebody takes them; more are dropped, they are only hints.
const MAX_WAITING_INTERIM: usize = 4;

/// A block of fields whose end has not arrived.
#[derive(Debug, Clone, Copy)]
pub(super) struct PendingBlock {
    stream: u32,
    ends_stream: bool,
    /// The stream depends on itself: an error of its own.
    is_self_dependent: bool,
    continuations: u32,
}

type Frame = Result<(), SessionError>;

fn error<T>(code: ErrorCode, details: &'static str) -> Result<T, SessionError> {
    Err(SessionError { code, details })
}

fn protocol<T>(details: &'static str) -> Result<T, SessionError> {
    error(ErrorCode::PROTOCOL_ERROR, details)
}

impl Session {
    /// Takes all complete frames from the front of `input`. An error has to be passed to [`Session::fail`].
    pub fn receive(&mut self, input: &mut Buffer, pool: &BufferPool, now_ms: u64) -> Frame {
        self.credit.refill(now_ms);
        if self.start == Start::Preface {
            let count = input.len().min(PREFACE.len());
            if input.filled()[..count] != PREFACE[..count] {
                return protocol("http2.invalid_preface");
            }
            if count < PREFACE.len() {
                return Ok(());
            }
            input.consume(count);
            self.start = Start::Settings;
        }
        while let Some(header) = FrameHeader::parse(input.filled()) {
            if header.len > DEFAULT_MAX_FRAME {
                return error(ErrorCode::FRAME_SIZE_ERROR, "http2.frame_too_large");
            }
            let Some(payload) = input.filled().get(HEADER_LEN..HEADER_LEN + header.len) else {
                break;
            };
            self.frame(header, payload, pool)?;
            input.consume(HEADER_LEN + header.len);
            if self.out.len() - self.out_sent > MAX_UNSENT + MAX_UNSENT_ANSWERS {
                return error(ErrorCode::ENHANCE_YOUR_CALM, "http2.outbound_control_flood");
            }
        }
        Ok(())
    }

    fn frame(&mut self, header: FrameHeader, payload: &[u8], pool: &BufferPool) -> Frame {
        if self.start == Start::Settings && (header.kind != kind::SETTINGS || header.has(flag::ACK)) {
            return protocol("http2.settings_expected");
        }
        if let Some(block) = self.block
            && (header.kind != kind::CONTINUATION || header.stream != block.stream)
        {
            return protocol("http2.continuation_expected");
        }
        match header.kind {
            kind::DATA => self.data(header, payload, pool),
            kind::HEADERS => self.headers(header, payload, pool),
            kind::PRIORITY => self.priority(header, payload),
            kind::RST_STREAM => self.reset(header, payload),
            kind::SETTINGS => self.settings(header, payload),
            kind::PUSH_PROMISE => protocol("http2.unexpected_push"),
            kind::PING => self.ping_frame(header, payload),
            kind::GOAWAY => self.go_away_frame(header, payload),
            kind::WINDOW_UPDATE => self.window_update(header, payload),
            kind::CONTINUATION => self.continuation(header, payload, pool),
            // Section 5.5: extensions we do not know.
            _ => self.spend(),
        }
    }

    fn spend(&mut self) -> Frame {
        if self.credit.spend() {
            Ok(())
        } else {
            error(ErrorCode::ENHANCE_YOUR_CALM, "http2.inbound_frame_flood")
        }
    }

    /// Whether a stream was never begun (section 5.1, "idle").
    fn is_idle(&self, id: u32) -> bool {
        let is_of_client = id % 2 == 1;
        match (self.role, is_of_client) {
            (Role::Server, true) => id > self.last_peer_id,
            (Role::Client, true) => id >= self.next_id,
            // Nobody pushes.
            (_, false) => true,
        }
    }

    fn find(&mut self, id: u32) -> Option<(StreamKey, &mut Stream)> {
        let index = *self.by_id.get(&id)?;
        let stream = self.streams.get_mut(index)?;
        let key = StreamKey {
            index: index as u32,
            serial: stream.serial,
        };
        Some((key, stream))
    }

    /// Ends one stream for a fault of the peer's.
    fn stream_error(&mut self, id: u32, code: ErrorCode) -> Frame {
        self.reset_frame(id, code);
        if let Some((_, stream)) = self.find(id) {
            stream.end.get_or_insert(StreamEnd::Reset(code));
            stream.wake_all();
        }
        self.spend()
    }

    fn data(&mut self, header: FrameHeader, payload: &[u8], pool: &BufferPool) -> Frame {
        if header.stream == 0 || self.is_idle(header.stream) {
            return protocol("http2.data_on_idle_stream");
        }
        let Some(content) = without_padding(header, payload) else {
            return protocol("http2.invalid_padding");
        };
        // Padding counts too (section 6.9.1).
        if !self.receive_window.receive(payload.len()) {
            return error(ErrorCode::FLOW_CONTROL_ERROR, "http2.connection_window_exceeded");
        }
        if content.is_empty() && !header.has(flag::END_STREAM) {
            self.spend()?;
        } else {
            self.credit.earn(1);
        }
        let is_client = self.role == Role::Client;
        let Some((key, stream)) = self.find(header.stream) else {
            self.grant_connection(payload.len());
            return if self.resets.contains(&header.stream) {
                self.spend()
            } else {
                self.stream_error(header.stream, ErrorCode::STREAM_CLOSED)
            };
        };
        let fault = if stream.is_reset_by_peer {
            Some(ErrorCode::STREAM_CLOSED)
        } else if stream.end.is_some() {
            self.grant_connection(payload.len());
            return self.spend();
        } else if stream.received_end {
            Some(ErrorCode::STREAM_CLOSED)
        } else if !stream.receive_window.receive(payload.len()) {
            Some(ErrorCode::FLOW_CONTROL_ERROR)
        } else if is_client && !stream.has_head || stream.content_left.is_some_and(|left| content.len() as u64 > left) {
            Some(ErrorCode::PROTOCOL_ERROR)
        } else if !pool.append(&mut stream.body, content) {
            Some(ErrorCode::INTERNAL_ERROR)
        } else {
            None
        };
        if let Some(code) = fault {
            self.grant_connection(payload.len());
            return self.stream_error(header.stream, code);
        }
        if let Some(left) = &mut stream.content_left {
            *left -= content.len() as u64;
        }
        let is_short = header.has(flag::END_STREAM) && stream.content_left.is_some_and(|left| left > 0);
        stream.received_end = header.has(flag::END_STREAM) && !is_short;
        stream.wake_reader();
        let padding = payload.len() - content.len();
        if padding > 0 {
            self.grant(key, padding);
        }
        if is_short {
            return self.stream_error(header.stream, ErrorCode::PROTOCOL_ERROR);
        }
        Ok(())
    }

    fn headers(&mut self, header: FrameHeader, payload: &[u8], pool: &BufferPool) -> Frame {
        if header.stream == 0 || header.stream.is_multiple_of(2) {
            return protocol("http2.headers_on_wrong_stream");
        }
        let Some(mut fragment) = without_padding(header, payload) else {
            return protocol("http2.invalid_padding");
        };
        let mut is_self_dependent = false;
        if header.has(flag::PRIORITY) {
            let Some((priority, rest)) = fragment.split_at_checked(5) else {
                return error(ErrorCode::FRAME_SIZE_ERROR, "http2.headers_too_short");
            };
            is_self_dependent = u32_at(priority, 0) & 0x7fff_ffff == header.stream;
            fragment = rest;
        }
        let block = PendingBlock {
            stream: header.stream,
            ends_stream: header.has(flag::END_STREAM),
            is_self_dependent,
            continuations: 0,
        };
        if header.has(flag::END_HEADERS) {
            return self.block(block, fragment, pool);
        }
        self.block_bytes.clear();
        self.block_bytes.extend_from_slice(fragment);
        self.block = Some(block);
        Ok(())
    }

    fn continuation(&mut self, header: FrameHeader, payload: &[u8], pool: &BufferPool) -> Frame {
        let Some(block) = &mut self.block else {
            return protocol("http2.unexpected_continuation");
        };
        block.continuations += 1;
        // What is compressed is smaller than what it stands for: above the limit of a head it cannot be one.
        let is_large = self.block_bytes.len() + payload.len() > self.options.limits.max_head_bytes + DEFAULT_MAX_FRAME;
        if block.continuations > MAX_CONTINUATIONS || is_large {
            return error(ErrorCode::ENHANCE_YOUR_CALM, "http2.continuation_flood");
        }
        self.block_bytes.extend_from_slice(payload);
        if !header.has(flag::END_HEADERS) {
            return Ok(());
        }
        let block = *block;
        self.block = None;
        let mut bytes = std::mem::take(&mut self.block_bytes);
        let result = self.block(block, &bytes, pool);
        bytes.clear();
        if bytes.capacity() <= DEFAULT_MAX_FRAME {
            self.block_bytes = bytes;
        }
        result
    }

    /// A complete block of fields.
    fn block(&mut self, block: PendingBlock, bytes: &[u8], pool: &BufferPool) -> Frame {
        let id = block.stream;
        if self.role == Role::Server && id > self.last_peer_id {
            return self.request(block, bytes, pool);
        }
        if self.is_idle(id) {
            return protocol("http2.headers_on_idle_stream");
        }
        let role = self.role;
        let Some(index) = self.by_id.get(&id).copied() else {
            // The state of the compression goes on, whoever the fields were for.
            self.discard(bytes, pool)?;
            return if role == Role::Client || self.resets.contains(&id) {
                self.spend()
            } else {
                error(ErrorCode::STREAM_CLOSED, "http2.headers_on_closed_stream")
            };
        };
        let stream = &self.streams[index];
        if stream.end.is_some() && !stream.is_reset_by_peer {
            self.discard(bytes, pool)?;
            return self.spend();
        }
        if stream.received_end || stream.is_reset_by_peer {
            self.discard(bytes, pool)?;
            return self.stream_error(id, ErrorCode::STREAM_CLOSED);
        }
        if role == Role::Client && !self.streams[index].has_head {
            return self.response(block, index, bytes, pool);
        }
        self.trailers(block, index, bytes, pool)
    }

    fn request(&mut self, block: PendingBlock, bytes: &[u8], pool: &BufferPool) -> Frame {
        let id = block.stream;
        let is_refused = self.last_served.is_some_and(|last| id > last)
            || self.streams.len() as u64 >= u64::from(self.options.max_concurrent_streams);
        if is_refused {
            self.last_peer_id = id;
            self.discard(bytes, pool)?;
            return self.stream_error(id, ErrorCode::REFUSED_STREAM);
        }
        self.last_peer_id = id;
        let key = self.add_stream(id);
        self.credit.stream_opened();
        let stream = &mut *self.streams[key.index as usize];
        let mut writer = HeadWriter::new(
            &mut stream.head,
            pool,
            self.options.limits,
            Block::Request,
            &mut self.cookies,
        );
        let decoded = self.decoder.decode(bytes, &mut writer);
        let finished = writer.finish();
        if decoded.is_err() {
            return error(ErrorCode::COMPRESSION_ERROR, "http2.invalid_compression");
        }
        stream.received_end = block.ends_stream;
        stream.content_left = stream.head.content_length.filter(|_| !stream.head.is_connect());
        let is_short = block.ends_stream && stream.content_left.is_some_and(|left| left > 0);
        let is_malformed = stream.head.too_large.is_none() && finished.is_err();
        if is_malformed || is_short || block.is_self_dependent {
            self.release_silently(key, pool);
            return self.stream_error(id, ErrorCode::PROTOCOL_ERROR);
        }
        stream.has_head = true;
        self.opened.push_back(key);
        Ok(())
    }

    fn response(&mut self, block: PendingBlock, index: usize, bytes: &[u8], pool: &BufferPool) -> Frame {
        let stream = &mut *self.streams[index];
        let mut writer = HeadWriter::new(
            &mut stream.head,
            pool,
            self.options.limits,
            Block::Response,
            &mut self.cookies,
        );
        let decoded = self.decoder.decode(bytes, &mut writer);
        let finished = writer.finish();
        if decoded.is_err() {
            return error(ErrorCode::COMPRESSION_ERROR, "http2.invalid_compression");
        }
        let status = stream.head.status();
        let is_interim = (100..200).contains(&status);
        if is_interim {
            stream.interim += 1;
        }
        let is_malformed = stream.head.too_large.is_none() && finished.is_err()
            || is_interim && (block.ends_stream || status == 101 || stream.interim > MAX_INTERIM);
        let has_content = !(stream.expects_no_content || matches!(status, 204 | 304));
        let length = stream.head.content_length.filter(|_| has_content);
        let is_short = block.ends_stream && length.is_some_and(|length| length > 0);
        if is_malformed || is_short || block.is_self_dependent {
            return self.stream_error(block.stream, ErrorCode::PROTOCOL_ERROR);
        }
        if is_interim {
            // Nobody asked for permission to go on: the proxy in front gave it already.
            let is_wanted = status != 100 && stream.head.too_large.is_none();
            if is_wanted && stream.interim_heads.len() < MAX_WAITING_INTERIM {
                stream.interim_heads.push_back(std::mem::take(&mut stream.head));
                stream.wake_reader();
            } else {
                stream.head.clear(pool);
            }
            return Ok(());
        }
        stream.content_left = length;
        stream.received_end = block.ends_stream;
        stream.has_head = true;
        stream.wake_reader();
        Ok(())
    }

    fn trailers(&mut self, block: PendingBlock, index: usize, bytes: &[u8], pool: &BufferPool) -> Frame {
        let stream = &mut *self.streams[index];
        let mut writer = HeadWriter::new(
            &mut stream.trailers,
            pool,
            self.options.limits,
            Block::Trailers,
            &mut self.cookies,
        );
        let decoded = self.decoder.decode(bytes, &mut writer);
        let finished = writer.finish();
        if decoded.is_err() {
            return error(ErrorCode::COMPRESSION_ERROR, "http2.invalid_compression");
        }
        let is_malformed = finished.is_err()
            || stream.trailers.too_large.is_some()
            || !block.ends_stream
            || stream.content_left.is_some_and(|left| left > 0);
        if is_malformed {
            return self.stream_error(block.stream, ErrorCode::PROTOCOL_ERROR);
        }
        stream.has_trailers = true;
        stream.received_end = true;
        stream.wake_reader();
        Ok(())
    }

    /// Reads fields that nobody wants.
    fn discard(&mut self, bytes: &[u8], pool: &BufferPool) -> Frame {
        let mut head = crate::h2::fields::Head::default();
        let mut writer = HeadWriter::new(&mut head, pool, self.options.limits, Block::Trailers, &mut self.cookies);
        let decoded = self.decoder.decode(bytes, &mut writer);
        head.clear(pool);
        match decoded {
            Ok(()) => Ok(()),
            Err(_) => error(ErrorCode::COMPRESSION_ERROR, "http2.invalid_compression"),
        }
    }

    /// Forgets a stream that nobody has heard of.
    fn release_silently(&mut self, key: StreamKey, pool: &BufferPool) {
        let mut stream = self.streams.remove(key.index as usize);
        self.by_id.remove(&stream.id);
        stream.clear(pool);
        self.spare.push(stream);
    }

    fn priority(&mut self, header: FrameHeader, payload: &[u8]) -> Frame {
        if header.stream == 0 {
            return protocol("http2.priority_on_connection");
        }
        if payload.len() != 5 {
            return self.stream_error(header.stream, ErrorCode::FRAME_SIZE_ERROR);
        }
        if u32_at(payload, 0) & 0x7fff_ffff == header.stream {
            return self.stream_error(header.stream, ErrorCode::PROTOCOL_ERROR);
        }
        self.spend()
    }

    fn reset(&mut self, header: FrameHeader, payload: &[u8]) -> Frame {
        if payload.len() != 4 {
            return error(ErrorCode::FRAME_SIZE_ERROR, "http2.invalid_reset");
        }
        if header.stream == 0 || self.is_idle(header.stream) {
            return protocol("http2.reset_of_idle_stream");
        }
        let code = ErrorCode(u32_at(payload, 0));
        let is_server = self.role == Role::Server;
        let Some((_, stream)) = self.find(header.stream) else {
            return self.spend();
        };
        let is_answered = stream.sent_end;
        stream.is_reset_by_peer = true;
        let is_refused = !is_server && code == ErrorCode::REFUSED_STREAM;
        // Section 8.1: a server that wants no more of the request has answered; its answer counts.
        if !stream.received_end || is_server {
            stream.end.get_or_insert(if is_refused {
                StreamEnd::Refused
            } else {
                StreamEnd::Reset(code)
            });
        }
        stream.wake_all();
        if is_server && !is_answered && !self.credit.give_up() {
            return error(ErrorCode::ENHANCE_YOUR_CALM, "http2.rapid_reset");
        }
        self.spend()
    }

    fn settings(&mut self, header: FrameHeader, payload: &[u8]) -> Frame {
        if header.stream != 0 {
            return protocol("http2.settings_on_stream");
        }
        if header.has(flag::ACK) {
            return if payload.is_empty() {
                self.spend()
            } else {
                error(ErrorCode::FRAME_SIZE_ERROR, "http2.invalid_settings")
            };
        }
        if !payload.len().is_multiple_of(6) {
            return error(ErrorCode::FRAME_SIZE_ERROR, "http2.invalid_settings");
        }
        for entry in payload.chunks_exact(6) {
            self.set(u16::from_be_bytes([entry[0], entry[1]]), u32_at(entry, 2))?;
        }
        if self.start == Start::Settings {
            self.start = Start::Done;
        }
        self.acknowledge_settings();
        self.spend()
    }

    fn set(&mut self, id: u16, value: u32) -> Frame {
        match id {
            setting::HEADER_TABLE_SIZE => self.encoder.set_max_size(value as usize),
            setting::ENABLE_PUSH if value > u32::from(self.role == Role::Server) => {
                return protocol("http2.invalid_setting");
            }
            setting::MAX_CONCURRENT_STREAMS => self.peer.max_concurrent_streams = value,
            setting::INITIAL_WINDOW_SIZE => {
                if i64::from(value) > frame::MAX_WINDOW {
                    return error(ErrorCode::FLOW_CONTROL_ERROR, "http2.invalid_window");
                }
                let change = i64::from(value) - self.peer.initial_window;
                self.peer.initial_window = i64::from(value);
                for (_, stream) in &mut self.streams {
                    if !stream.send_window.add(change) {
                        return error(ErrorCode::FLOW_CONTROL_ERROR, "http2.invalid_window");
                    }
                    stream.wake_writer();
                }
            }
            setting::MAX_FRAME_SIZE => {
                if !(DEFAULT_MAX_FRAME..1 << 24).contains(&(value as usize)) {
                    return protocol("http2.invalid_setting");
                }
                self.peer.max_frame = (value as usize).min(MAX_UNSENT);
            }
            setting::ENABLE_CONNECT_PROTOCOL => {
                if value > 1 {
                    return protocol("http2.invalid_setting");
                }
                self.peer.allows_connect_protocol = value == 1;
            }
            _ => {}
        }
        Ok(())
    }

    fn ping_frame(&mut self, header: FrameHeader, payload: &[u8]) -> Frame {
        if header.stream != 0 {
            return protocol("http2.ping_on_stream");
        }
        if payload.len() != 8 {
            return error(ErrorCode::FRAME_SIZE_ERROR, "http2.invalid_ping");
        }
        if header.has(flag::ACK) {
            self.ping_answered(payload);
        } else {
            frame::write_frame(kind::PING, flag::ACK, 0, payload, &mut self.out);
        }
        self.spend()
    }

    fn go_away_frame(&mut self, header: FrameHeader, payload: &[u8]) -> Frame {
        if header.stream != 0 {
            return protocol("http2.goaway_on_stream");
        }
        if payload.len() < 8 {
            return error(ErrorCode::FRAME_SIZE_ERROR, "http2.invalid_goaway");
        }
        let last = u32_at(payload, 0) & 0x7fff_ffff;
        self.peer_last = Some(self.peer_last.map_or(last, |before| before.min(last)));
        if self.role == Role::Client {
            for (_, stream) in &mut self.streams {
                if stream.id > last {
                    stream.end.get_or_insert(StreamEnd::Refused);
                    stream.wake_all();
                }
            }
        }
        self.spend()
    }

    fn window_update(&mut self, header: FrameHeader, payload: &[u8]) -> Frame {
        if payload.len() != 4 {
            return error(ErrorCode::FRAME_SIZE_ERROR, "http2.invalid_window_update");
        }
        let increment = u32_at(payload, 0) & 0x7fff_ffff;
        if header.stream == 0 {
            if increment == 0 {
                return protocol("http2.empty_window_update");
            }
            if !self.send_window.add(i64::from(increment)) {
                return error(ErrorCode::FLOW_CONTROL_ERROR, "http2.window_overflow");
            }
            self.wake_waiting();
            return self.spend();
        }
        if self.is_idle(header.stream) {
            return protocol("http2.window_update_on_idle_stream");
        }
        if increment == 0 {
            return self.stream_error(header.stream, ErrorCode::PROTOCOL_ERROR);
        }
        if let Some((_, stream)) = self.find(header.stream) {
            if stream.send_window.add(i64::from(increment)) {
                stream.wake_writer();
            } else {
                return self.stream_error(header.stream, ErrorCode::FLOW_CONTROL_ERROR);
            }
        }
        self.spend()
    }
}

/// Feeds bytes to sessions of both roles, in one piece and in small ones.
pub(crate) fn fuzz(data: &[u8]) {
    use super::SessionOptions;
    let pool = BufferPool::default();
    let data = &data[..data.len().min(64 * 1024)];
    for role in [Role::Server, Role::Client] {
        let mut outputs = Vec::new();
        for step in [data.len().max(1), 7] {
            let mut session = Session::new(role, SessionOptions::default());
            if role == Role::Client
                && let Some(key) = session.open()
            {
                session.send_head(key, true, false, |_| {});
            }
            let mut input = Buffer::default();
            if role == Role::Server {
                assert!(pool.append(&mut input, PREFACE));
            }
            let mut failed = None;
            for piece in data.chunks(step) {
                assert!(pool.append(&mut input, piece), "input is bounded by the frame size");
                if let Err(error) = session.receive(&mut input, &pool, 0) {
                    failed = Some(error);
                    session.fail(error);
                    break;
                }
                assert!(
                    input.len() < DEFAULT_MAX_FRAME + HEADER_LEN,
                    "a complete frame was left"
                );
            }
            outputs.push((failed, session.stream_count(), session.unsent().to_vec()));
        }
        assert_eq!(outputs[0], outputs[1], "the outcome depends on how bytes are cut");
    }
}
