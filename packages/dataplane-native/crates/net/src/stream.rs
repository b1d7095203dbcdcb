//! What the request path sees of a connection, plain or encrypted.

use std::io::{self, IoSlice};
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
