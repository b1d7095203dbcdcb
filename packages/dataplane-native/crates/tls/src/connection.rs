//! A connection that may or may not be encrypted, as one type.

use std::io::{self, IoSlice, IoSliceMut};
use std::task::{Context, Poll};

use net::{Accepted, IdleState, Pieces, Socket, Stream};

use crate::{PeerInfo, TlsStream};

/// A plain or an encrypted connection.
#[derive(Debug)]
pub enum Connection {
    /// Plaintext.
    Plain(Socket),
    /// TLS; boxed because it is several times larger.
    Tls(Box<TlsStream<Socket>>),
}

impl Connection {
    /// Who is at the other end; absent on plain connections.
    pub fn peer(&self) -> Option<&PeerInfo> {
        match self {
            Self::Plain(_) => None,
            Self::Tls(stream) => Some(&**stream.peer()),
        }
    }
}

/// A connection that no reactor owns: it can go to another thread.
#[derive(Debug)]
pub struct DetachedConnection(Detached);

#[derive(Debug)]
enum Detached {
    Plain(Accepted),
    Tls(Box<TlsStream<Accepted>>),
}

impl Connection {
    /// Takes the connection out of this thread's reactor.
    pub fn detach(self) -> io::Result<DetachedConnection> {
        Ok(DetachedConnection(match self {
            Self::Plain(socket) => Detached::Plain(socket.detach()?),
            Self::Tls(stream) => Detached::Tls(Box::new(stream.try_map(Socket::detach)?)),
        }))
    }
}

impl DetachedConnection {
    /// Goes on in the reactor of the calling thread.
    pub fn attach(self) -> io::Result<Connection> {
        Ok(match self.0 {
            Detached::Plain(socket) => Connection::Plain(socket.attach()?),
            Detached::Tls(stream) => Connection::Tls(Box::new(stream.try_map(Accepted::attach)?)),
        })
    }
}

impl From<Socket> for Connection {
    fn from(socket: Socket) -> Self {
        Self::Plain(socket)
    }
}

impl From<TlsStream<Socket>> for Connection {
    fn from(stream: TlsStream<Socket>) -> Self {
        Self::Tls(Box::new(stream))
    }
}

impl Stream for Connection {
    fn poll_read(&mut self, cx: &mut Context<'_>, buffer: &mut [u8]) -> Poll<io::Result<usize>> {
        match self {
            Self::Plain(stream) => stream.poll_read(cx, buffer),
            Self::Tls(stream) => stream.poll_read(cx, buffer),
        }
    }

    fn poll_write_vectored(&mut self, cx: &mut Context<'_>, buffers: &[IoSlice<'_>]) -> Poll<io::Result<usize>> {
        match self {
            Self::Plain(stream) => stream.poll_write_vectored(cx, buffers),
            Self::Tls(stream) => stream.poll_write_vectored(cx, buffers),
        }
    }

    fn poll_flush(&mut self, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        match self {
            Self::Plain(stream) => stream.poll_flush(cx),
            Self::Tls(stream) => stream.poll_flush(cx),
        }
    }

    fn poll_shutdown(&mut self, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        match self {
            Self::Plain(stream) => stream.poll_shutdown(cx),
            Self::Tls(stream) => stream.poll_shutdown(cx),
        }
    }

    fn is_plain(&self) -> bool {
        matches!(self, Self::Plain(_))
    }

    fn plain_socket(&self) -> Option<&Socket> {
        match self {
            Self::Plain(stream) => Some(stream),
            Self::Tls(_) => None,
        }
    }

    fn socket(&self) -> Option<&Socket> {
        match self {
            Self::Plain(stream) => Some(stream),
            Self::Tls(stream) => stream.socket(),
        }
    }

    fn poll_idle(&mut self, cx: &mut Context<'_>) -> IdleState {
        match self {
            Self::Plain(stream) => stream.poll_idle(cx),
            Self::Tls(stream) => stream.poll_idle(cx),
        }
    }

    fn lends_buffers(&self) -> bool {
        match self {
            Self::Plain(stream) => stream.lends_buffers(),
            Self::Tls(stream) => stream.lends_buffers(),
        }
    }

    fn poll_received(&mut self, cx: &mut Context<'_>, wanted: usize) -> Poll<io::Result<Pieces<IoSlice<'_>>>> {
        match self {
            Self::Plain(stream) => stream.poll_received(cx, wanted),
            Self::Tls(stream) => stream.poll_received(cx, wanted),
        }
    }

    fn take(&mut self, count: usize) {
        match self {
            Self::Plain(stream) => stream.take(count),
            Self::Tls(stream) => stream.take(count),
        }
    }

    fn poll_room(&mut self, cx: &mut Context<'_>, wanted: usize) -> Poll<io::Result<Pieces<IoSliceMut<'_>>>> {
        match self {
            Self::Plain(stream) => stream.poll_room(cx, wanted),
            Self::Tls(stream) => stream.poll_room(cx, wanted),
        }
    }

    fn fill(&mut self, count: usize) -> io::Result<()> {
        match self {
            Self::Plain(stream) => stream.fill(count),
            Self::Tls(stream) => stream.fill(count),
        }
    }
}
