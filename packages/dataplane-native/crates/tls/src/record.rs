//! Records of TLS 1.3 (RFC 8446 section 5): their keys, and the boxes in which they are opened and sealed.
//!
//! rustls makes the handshakes, renews keys and judges alerts. Records of application data, which nearly all are, the stream opens and seals itself, in
//! buffers from the thread's pile: rustls would copy each of them three times and allocate for it. Both use the same keys and count the same records: the suites of
//! our provider give rustls handles on keys, and leave others for the stream.

mod inbox;
mod keys;
mod outbox;
#[cfg(test)]
mod tests;

pub(crate) use inbox::{Inbox, Next};
pub(crate) use keys::{Keys, Opener, Sealer, made, suite};
pub(crate) use outbox::Outbox;

/// Type, version and length.
pub(crate) const HEADER: usize = 5;
/// What every suite of TLS 1.3 adds to the plaintext.
const TAG: usize = 16;
/// Plaintext of a record, at most (section 5.1).
const MAX_PLAIN: usize = 1 << 14;
/// What a record may have behind its header (section 5.2).
const MAX_SEALED: usize = MAX_PLAIN + 256;
/// The content type of application data.
const APPLICATION_DATA: u8 = 23;

/// How long the record at the beginning is, header and all; `None` where not all of its header is there.
pub(crate) fn record_length(bytes: &[u8]) -> Option<usize> {
    match bytes {
        [_, _, _, high, low, ..] => Some(HEADER + usize::from(u16::from_be_bytes([*high, *low]))),
        _ => None,
    }
}
