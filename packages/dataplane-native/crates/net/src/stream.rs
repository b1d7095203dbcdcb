//! What the request path sees of a connection, plain or encrypted.

use std::io::{self, IoSlice, IoSliceMut};
use std::ops::{Deref, DerefMut};
use std::task::{Context, Poll};

use crate::Socket;

/// A connection that bytes are read from and written to, without blocking.
///
/// One trait for plain and TLS connections, so that the request path is written once. As everywhere in tokio, a method
/// that answers [`Poll::Pending`] has arranged for the task to be woken.
pub trait Stream: Unpin {
    /// Reads plaintext into `buffer` (which must not be empty); `0` is the end of the peer's data.
    fn poll_read(&mut self, cx: &mut Context<'_>, buffer: &mut [u8]) -> Poll<io::Result<usize>>;

    /// Takes bytes to send and answers how many it took. An encrypted stream may hold them (a bounded amount) until
    /// [`poll_flush`](Self::poll_flush), so that everything written in a turn costs one system call.
    fn poll_write_vectored(&mut self, cx: &mut Context<'_>, buffers: &[IoSlice<'_>]) -> Poll<io::Result<usize>>;

    /// Hands everything taken so far to the kernel.
    fn poll_flush(&mut self, cx: &mut Context<'_>) -> Poll<io::Result<()>>;

    /// Flushes, then tells the peer that nothing more will come; reading goes on.
    fn poll_shutdown(&mut self, cx: &mut Context<'_>) -> Poll<io::Result<()>>;

    /// Whether what is written appears unchanged on the wire.
    fn is_plain(&self) -> bool;

    /// The socket, where bytes may be moved on it directly (splice(2)): a plain stream that holds nothing back.
    fn plain_socket(&self) -> Option<&Socket>;

    /// The socket underneath, for addresses and options only; none where several streams share one.
    fn socket(&self) -> Option<&Socket>;

    /// Looks at a connection that waits in a pool, without consuming anything. Costs no system call while nothing
    /// happened; otherwise the task of `cx` is woken when something does.
    fn poll_idle(&mut self, cx: &mut Context<'_>) -> IdleState;

    /// Whether the stream keeps plaintext in buffers of its own and lends them: who relays needs no other buffer then, and nothing is copied between the two.
    fn lends_buffers(&self) -> bool {
        false
    }

    /// Lends plaintext that has come; nothing of it is the end of the peer's data. What is not [taken](Self::take) comes again. `wanted`: about how many bytes
    /// there is use for. Only where the stream [lends buffers](Self::lends_buffers).
    fn poll_received(&mut self, _cx: &mut Context<'_>, _wanted: usize) -> Poll<io::Result<Pieces<IoSlice<'_>>>> {
        Poll::Ready(Err(io::ErrorKind::Unsupported.into()))
    }

    /// Takes so many bytes of what was lent.
    fn take(&mut self, _count: usize) {}

    /// Lends room for at most `wanted` bytes of plaintext that is to be sent. [`fill`](Self::fill) has to follow. Only where the stream
    /// [lends buffers](Self::lends_buffers).
    fn poll_room(&mut self, _cx: &mut Context<'_>, _wanted: usize) -> Poll<io::Result<Pieces<IoSliceMut<'_>>>> {
        Poll::Ready(Err(io::ErrorKind::Unsupported.into()))
    }

    /// Takes over so many bytes that were written into the room, as [`poll_write_vectored`](Self::poll_write_vectored) would; 0 gives the room back.
    fn fill(&mut self, _count: usize) -> io::Result<()> {
        Err(io::ErrorKind::Unsupported.into())
    }
}

/// Parts of a stream's buffer, in their order.
#[derive(Debug)]
pub struct Pieces<Piece> {
    list: [Piece; MOST_PIECES],
    count: usize,
}

/// Pieces that are lent at a time, at most: records of TLS in a large buffer.
pub const MOST_PIECES: usize = 4;

impl<Piece> Pieces<Piece> {
    /// Adds one at the end. There must not be [`MOST_PIECES`] of them already.
    pub fn push(&mut self, piece: Piece) {
        self.list[self.count] = piece;
        self.count += 1;
    }
}

impl Default for Pieces<IoSlice<'_>> {
    fn default() -> Self {
        Self {
            list: [IoSlice::new(&[]); MOST_PIECES],
            count: 0,
        }
    }
}

impl Default for Pieces<IoSliceMut<'_>> {
    fn default() -> Self {
        Self {
            list: std::array::from_fn(|_| IoSliceMut::new(&mut [])),
            count: 0,
        }
    }
}

impl<Piece> Deref for Pieces<Piece> {
    type Target = [Piece];

    fn deref(&self) -> &[Piece] {
        &self.list[..self.count]
    }
}

impl<Piece> DerefMut for Pieces<Piece> {
    fn deref_mut(&mut self) -> &mut [Piece] {
        &mut self.list[..self.count]
    }
}

/// What an idle connection is good for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum IdleState {
    /// Nothing happened: it can be used.
    Usable,
    /// The peer closed it or it broke.
    Closed,
    /// The peer sent something though nothing was asked: it must not be used.
    UnexpectedData,
}
