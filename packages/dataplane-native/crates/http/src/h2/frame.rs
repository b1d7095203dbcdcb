//! Frames (RFC 9113 sections 4 and 6).

/// What a client's connection begins with (section 3.4).
pub const PREFACE: &[u8] = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n";

/// Bytes of a frame's header.
pub(crate) const HEADER_LEN: usize = 9;

/// The smallest and the default limit of a frame's payload.
pub(crate) const DEFAULT_MAX_FRAME: usize = 16_384;

/// The largest window (section 6.9.1).
pub(crate) const MAX_WINDOW: i64 = (1 << 31) - 1;

/// Window of streams and connections as long as nobody said otherwise.
pub(crate) const DEFAULT_WINDOW: i64 = 65_535;

pub(crate) mod kind {
    pub(crate) const DATA: u8 = 0;
    pub(crate) const HEADERS: u8 = 1;
    pub(crate) const PRIORITY: u8 = 2;
    pub(crate) const RST_STREAM: u8 = 3;
    pub(crate) const SETTINGS: u8 = 4;
    pub(crate) const PUSH_PROMISE: u8 = 5;
    pub(crate) const PING: u8 = 6;
    pub(crate) const GOAWAY: u8 = 7;
    pub(crate) const WINDOW_UPDATE: u8 = 8;
    pub(crate) const CONTINUATION: u8 = 9;
}

pub(crate) mod flag {
    /// Of DATA and HEADERS.
    pub(crate) const END_STREAM: u8 = 0x1;
    /// Of SETTINGS and PING.
    pub(crate) const ACK: u8 = 0x1;
    pub(crate) const END_HEADERS: u8 = 0x4;
    pub(crate) const PADDED: u8 = 0x8;
    pub(crate) const PRIORITY: u8 = 0x20;
}

pub(crate) mod setting {
    pub(crate) const HEADER_TABLE_SIZE: u16 = 1;
    pub(crate) const ENABLE_PUSH: u16 = 2;
    pub(crate) const MAX_CONCURRENT_STREAMS: u16 = 3;
    pub(crate) const INITIAL_WINDOW_SIZE: u16 = 4;
    pub(crate) const MAX_FRAME_SIZE: u16 = 5;
    pub(crate) const MAX_HEADER_LIST_SIZE: u16 = 6;
    /// RFC 8441.
    pub(crate) const ENABLE_CONNECT_PROTOCOL: u16 = 8;
}

/// Error codes (section 7). Others are kept as they came.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ErrorCode(pub u32);

impl ErrorCode {
    /// No error: an orderly end.
    pub const NO_ERROR: Self = Self(0);
    /// The peer broke the protocol.
    pub const PROTOCOL_ERROR: Self = Self(1);
    /// Our own fault.
    pub const INTERNAL_ERROR: Self = Self(2);
    /// The peer sent more than its window.
    pub const FLOW_CONTROL_ERROR: Self = Self(3);
    /// The peer did not confirm settings in time.
    pub const SETTINGS_TIMEOUT: Self = Self(4);
    /// A frame for a stream that was ended by its sender.
    pub const STREAM_CLOSED: Self = Self(5);
    /// A frame of the wrong size.
    pub const FRAME_SIZE_ERROR: Self = Self(6);
    /// The stream was not begun: it can be tried again whatever it was.
    pub const REFUSED_STREAM: Self = Self(7);
    /// Nobody wants the stream any more.
    pub const CANCEL: Self = Self(8);
    /// Compressed fields that cannot be read.
    pub const COMPRESSION_ERROR: Self = Self(9);
    /// A tunnel broke.
    pub const CONNECT_ERROR: Self = Self(10);
    /// The peer makes us work for nothing.
    pub const ENHANCE_YOUR_CALM: Self = Self(11);
    /// The request is to be sent over HTTP/1.1.
    pub const HTTP_1_1_REQUIRED: Self = Self(13);
}

/// The header of a frame.
#[derive(Debug, Clone, Copy)]
pub(crate) struct FrameHeader {
    pub(crate) len: usize,
    pub(crate) kind: u8,
    pub(crate) flags: u8,
    pub(crate) stream: u32,
}

impl FrameHeader {
    /// None: not all of it is here.
    pub(crate) fn parse(bytes: &[u8]) -> Option<Self> {
        let bytes: &[u8; HEADER_LEN] = bytes.first_chunk()?;
        Some(Self {
            len: usize::from(bytes[0]) << 16 | usize::from(bytes[1]) << 8 | usize::from(bytes[2]),
            kind: bytes[3],
            flags: bytes[4],
            stream: u32::from_be_bytes([bytes[5] & 0x7f, bytes[6], bytes[7], bytes[8]]),
        })
    }

    pub(crate) fn has(self, flag: u8) -> bool {
        self.flags & flag != 0
    }

    pub(crate) fn write(self, out: &mut Vec<u8>) {
        let len = (self.len as u32).to_be_bytes();
        let stream = self.stream.to_be_bytes();
        out.extend_from_slice(&[
            len[1], len[2], len[3], self.kind, self.flags, stream[0], stream[1], stream[2], stream[3],
        ]);
    }
}

/// Appends a frame without payload bytes of its own or with a short one.
pub(crate) fn write_frame(kind: u8, flags: u8, stream: u32, payload: &[u8], out: &mut Vec<u8>) {
    FrameHeader {
        len: payload.len(),
        kind,
        flags,
        stream,
    }
    .write(out);
    out.extend_from_slice(payload);
}

/// The payload without padding (section 6.1), or none where the padding is longer than the payload.
pub(crate) fn without_padding(header: FrameHeader, payload: &[u8]) -> Option<&[u8]> {
    if !header.has(flag::PADDED) {
        return Some(payload);
    }
    let (padding, rest) = payload.split_first()?;
    rest.len()
        .checked_sub(usize::from(*padding))
        .map(|content| &rest[..content])
}

/// A big-endian number at `at`; 0 where the payload is shorter, which callers have excluded.
pub(crate) fn u32_at(payload: &[u8], at: usize) -> u32 {
    payload
        .get(at..at + 4)
        .and_then(|bytes| bytes.try_into().ok())
        .map_or(0, u32::from_be_bytes)
}
