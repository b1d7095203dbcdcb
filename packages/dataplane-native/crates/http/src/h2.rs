//! HTTP/2 without its socket (RFC 9113): frames, compressed fields, streams and their windows.
//!
//! [`Session`] is fed with the bytes that arrive and makes the bytes to send. Heads come out in the form of HTTP/1's:
//! text lines with ranges over them, so that everything above the codecs is one code path.

mod encode;
mod fields;
mod flow;
mod frame;
mod hpack;
mod huffman;
mod session;

pub use encode::{encode_request, encode_response, encode_trailers};
pub use frame::{ErrorCode, PREFACE};
pub use session::{FieldWriter, Role, Session, SessionError, SessionOptions, StreamEnd, StreamKey};

/// Feeds arbitrary bytes to a server's and a client's session; for fuzzing.
///
/// # Panics
/// Where a session breaks its promises.
pub fn fuzz_session(data: &[u8]) {
    session::fuzz(data);
}
