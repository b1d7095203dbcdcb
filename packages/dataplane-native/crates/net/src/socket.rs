//! A connected socket in the reactor of this thread.

use std::io::{self, IoSlice, IoSliceMut, Read as _};
use std::os::fd::{AsFd, AsRawFd, BorrowedFd, RawFd};
use std::pin::Pin;
use std::task::{Context, Poll, ready};

use tokio::io::{AsyncRead, AsyncWrite, Interest, ReadBuf};
use tokio::net::{TcpStream, UnixStream};

use crate::stream::{IdleState, Stream};
use crate::{Accepted, Address};

/// A connected TCP or Unix socket, registered in this thread's reactor.
#[derive(Debug)]
pub struct Socket {
    inner: Inner,
}

#[derive(Debug)]
enum Inner {
    Tcp(TcpStream),
    Unix(UnixStream),
}

/// Two ends of a connection inside this process.
pub fn pair() -> io::Result<(Socket, Socket)> {
    let (one, two) = socket2::Socket::pair(
        socket2::Domain::UNIX,
        socket2::Type::STREAM.nonblocking().cloexec(),
        None,
    )?;
    Ok((Socket::from_socket2(one, false)?, Socket::from_socket2(two, false)?))
}

impl Socket {
    /// Registers a connected, non-blocking socket in this thread's reactor.
    pub(crate) fn from_socket2(socket: socket2::Socket, is_tcp: bool) -> io::Result<Self> {
        let inner = if is_tcp {
            Inner::Tcp(TcpStream::from_std(socket.into())?)
        } else {
            Inner::Unix(UnixStream::from_std(socket.into())?)
        };
        Ok(Self { inner })
    }

    /// Takes the socket out of this thread's reactor, so that another thread can go on with it.
    pub fn detach(self) -> io::Result<Accepted> {
        let (socket, is_tcp) = match self.inner {
            Inner::Tcp(stream) => (socket2::Socket::from(stream.into_std()?), true),
            Inner::Unix(stream) => (socket2::Socket::from(stream.into_std()?), false),
        };
        let peer = socket.peer_addr().map_or(Address::Abstract(Vec::new()), |address| {
            Address::from_sock_addr(&address)
        });
        Ok(Accepted::new(socket, peer, is_tcp))
    }

    /// Wraps a connected TCP stream of this thread's runtime.
    pub fn from_tcp(stream: TcpStream) -> Self {
        Self {
            inner: Inner::Tcp(stream),
        }
    }

    /// Wraps a connected Unix stream of this thread's runtime.
    pub fn from_unix(stream: UnixStream) -> Self {
        Self {
            inner: Inner::Unix(stream),
        }
    }

    /// The peer's address.
    pub fn peer_address(&self) -> io::Result<Address> {
        Ok(Address::from_sock_addr(&self.as_socket2().peer_addr()?))
    }

    /// The address at this end.
    pub fn local_address(&self) -> io::Result<Address> {
        Ok(Address::from_sock_addr(&self.as_socket2().local_addr()?))
    }

    /// Where the connection was going before the kernel redirected it here; absent where it was not redirected.
    pub fn original_destination(&self) -> Option<std::net::SocketAddr> {
        crate::original_destination(self)
    }

    /// Waits until there is something to read (or the end, or an error).
    pub fn poll_read_ready(&self, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        match &self.inner {
            Inner::Tcp(stream) => stream.poll_read_ready(cx),
            Inner::Unix(stream) => stream.poll_read_ready(cx),
        }
    }

    pub(crate) fn poll_write_ready(&self, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        match &self.inner {
            Inner::Tcp(stream) => stream.poll_write_ready(cx),
            Inner::Unix(stream) => stream.poll_write_ready(cx),
        }
    }

    /// Runs a system call on the socket if it is ready; `WouldBlock` from it clears the readiness.
    pub(crate) fn try_io<R>(&self, interest: Interest, call: impl FnOnce() -> io::Result<R>) -> io::Result<R> {
        match &self.inner {
            Inner::Tcp(stream) => stream.try_io(interest, call),
            Inner::Unix(stream) => stream.try_io(interest, call),
        }
    }

    /// Reads into several buffers with one system call; `0` is the end of the peer's data.
    pub(crate) fn poll_read_vectored(
        &self,
        cx: &mut Context<'_>,
        buffers: &mut [IoSliceMut<'_>],
    ) -> Poll<io::Result<usize>> {
        let room: usize = buffers.iter().map(|buffer| buffer.len()).sum();
        loop {
            ready!(self.poll_read_ready(cx))?;
            let mut short = None;
            let read = self.try_io(Interest::READABLE, || {
                let count = (&*self.as_socket2()).read_vectored(buffers)?;
                if count == 0 || count == room {
                    return Ok(count);
                }
                // There is no more now. To say so saves the call that would answer the same.
                short = Some(count);
                Err(io::ErrorKind::WouldBlock.into())
            });
            match (short, read) {
                (Some(count), _) => return Poll::Ready(Ok(count)),
                (None, Err(error)) if error.kind() == io::ErrorKind::WouldBlock => {}
                (None, read) => return Poll::Ready(read),
            }
        }
    }

    pub(crate) fn as_socket2(&self) -> socket2::SockRef<'_> {
        socket2::SockRef::from(self)
    }

    /// Makes the close that follows send RST instead of FIN: the peer must not take what it got for complete.
    pub fn reset_on_close(&self) {
        // Where the option is refused the peer sees an orderly close: nothing to do about that.
        let _ = self.as_socket2().set_linger(Some(std::time::Duration::ZERO));
    }

    fn peek_state(&self) -> IdleState {
        let mut byte = [std::mem::MaybeUninit::<u8>::uninit(); 1];
        let peeked = self.try_io(Interest::READABLE, || self.as_socket2().peek(&mut byte));
        match peeked {
            Ok(0) => IdleState::Closed,
            Ok(_) => IdleState::UnexpectedData,
            Err(error) if error.kind() == io::ErrorKind::WouldBlock => IdleState::Usable,
            Err(_) => IdleState::Closed,
        }
    }
}

impl Stream for Socket {
    fn poll_read(&mut self, cx: &mut Context<'_>, buffer: &mut [u8]) -> Poll<io::Result<usize>> {
        let mut target = ReadBuf::new(buffer);
        // tokio's own read clears the readiness after a short read, which saves the call that would answer EAGAIN.
        let polled = match &mut self.inner {
            Inner::Tcp(stream) => Pin::new(stream).poll_read(cx, &mut target),
            Inner::Unix(stream) => Pin::new(stream).poll_read(cx, &mut target),
        };
        polled.map_ok(|()| target.filled().len())
    }

    fn poll_write_vectored(&mut self, cx: &mut Context<'_>, buffers: &[IoSlice<'_>]) -> Poll<io::Result<usize>> {
        // One piece is the usual case, and send(2) costs less than writev(2).
        if let [piece] = buffers {
            return match &mut self.inner {
                Inner::Tcp(stream) => Pin::new(stream).poll_write(cx, piece),
                Inner::Unix(stream) => Pin::new(stream).poll_write(cx, piece),
            };
        }
        match &mut self.inner {
            Inner::Tcp(stream) => Pin::new(stream).poll_write_vectored(cx, buffers),
            Inner::Unix(stream) => Pin::new(stream).poll_write_vectored(cx, buffers),
        }
    }

    fn poll_flush(&mut self, _cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Poll::Ready(Ok(()))
    }

    fn poll_shutdown(&mut self, _cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        match self.as_socket2().shutdown(std::net::Shutdown::Write) {
            // The peer is gone already: there is nobody left to tell.
            Err(error) if error.kind() == io::ErrorKind::NotConnected => Poll::Ready(Ok(())),
            result => Poll::Ready(result),
        }
    }

    fn is_plain(&self) -> bool {
        true
    }

    fn plain_socket(&self) -> Option<&Socket> {
        Some(self)
    }

    fn socket(&self) -> Option<&Socket> {
        Some(self)
    }

    fn poll_idle(&mut self, cx: &mut Context<'_>) -> IdleState {
        loop {
            match self.poll_read_ready(cx) {
                Poll::Pending => return IdleState::Usable,
                Poll::Ready(Err(_)) => return IdleState::Closed,
                Poll::Ready(Ok(())) => match self.peek_state() {
                    // The readiness was stale and is cleared now: ask again, so that the waker is registered.
                    IdleState::Usable => {}
                    state => return state,
                },
            }
        }
    }
}

impl AsFd for Socket {
    fn as_fd(&self) -> BorrowedFd<'_> {
        match &self.inner {
            Inner::Tcp(stream) => stream.as_fd(),
            Inner::Unix(stream) => stream.as_fd(),
        }
    }
}

impl AsRawFd for Socket {
    fn as_raw_fd(&self) -> RawFd {
        self.as_fd().as_raw_fd()
    }
}
