//! Bytes of one request on their way up and of its response on their way down.
//!
//! Both directions are polled inside the downstream request's task: no task, no channel and no copy of a body between
//! them. A direction that cannot write does not read. Framing is followed, not changed, as long as both sides delimit
//! bodies the same way; only between HTTP/1 and HTTP/2 chunks are taken off or put on.

mod gate;
mod gated;
mod incoming;
mod messages;
mod outgoing;
mod tap;
mod trailers;
mod transform;

use std::io::Write as _;

use crate::wire::WireEnd;

pub(crate) use gate::{Answer, Gate, Place, Stage};
pub(crate) use incoming::{Arrived, BodyPlan, Expected, Incoming};
pub(crate) use messages::Messages;
pub(crate) use outgoing::{Outgoing, Sink};
pub(crate) use tap::BodyTap;
pub(crate) use transform::Transform;

/// Size above which reading more at once gains nothing.
const LARGEST_READ: usize = 64 * 1024;

/// Up to so many bytes of a body are copied behind the head: one piece costs the kernel less than two.
const JOINED_BYTES: usize = 4 * 1024;

/// Bytes of a next request that may arrive while the current one is served.
const MAX_AHEAD: usize = 4 * 1024;

/// The most content in one chunk that is made here.
const MAX_CHUNK: usize = 16 * 1024;

/// Which end broke, and how.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Broken {
    /// The client closed or reset.
    Downstream,
    /// The client's body is malformed.
    DownstreamProtocol(&'static str),
    /// The upstream closed, reset or refused.
    Upstream(WireEnd),
    /// The upstream's response is malformed.
    UpstreamProtocol,
    /// A service that was shown the body has ended the request.
    Stopped,
}

/// Appends content as a chunk (RFC 9112 section 7.1).
fn write_chunk(content: &[u8], out: &mut Vec<u8>) {
    // Writing to memory cannot fail.
    let _ = write!(out, "{:x}\r\n", content.len());
    out.extend_from_slice(content);
    out.extend_from_slice(b"\r\n");
}

/// What ends a body of chunks.
const LAST_CHUNK: &[u8] = b"0\r\n\r\n";
