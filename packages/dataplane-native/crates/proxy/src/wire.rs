//! What a message travels on: a connection of its own, or a stream of an HTTP/2 connection.

use std::{
    io::{self, IoSlice, IoSliceMut},
    task::{Context, Poll, ready},
};

use ::http::{
    Buffer, BufferPool,
    h2::{ErrorCode, StreamEnd},
};
use net::{IdleState, Pieces, Socket, Stream};
use tls::Connection;

use crate::h2;

/// One end of a message exchange.
pub(crate) enum Wire {
    /// HTTP/1, or bytes that are not HTTP.
    Connection(Box<Connection>),
    /// HTTP/2.
    Stream(h2::Stream),
}

/// Why nothing more comes or goes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum WireEnd {
    /// Closed or broken.
    Closed,
    /// The peer did not begin with the stream: nothing of it was looked at.
    Refused,
    /// The peer gave the stream up.
    Reset(ErrorCode),
}

impl From<StreamEnd> for WireEnd {
    fn from(end: StreamEnd) -> Self {
        match end {
            StreamEnd::Refused => Self::Refused,
            StreamEnd::Reset(code) => Self::Reset(code),
            StreamEnd::Lost => Self::Closed,
        }
    }
}

fn closed(_: io::Error) -> WireEnd {
    WireEnd::Closed
}

impl Wire {
    /// Whether it is a stream of HTTP/2.
    pub(crate) fn is_stream(&self) -> bool {
        matches!(self, Self::Stream(_))
    }

    /// Reads behind what is in `into`, at most `most` bytes where the wire allows to say so. 0 is the end.
    pub(crate) fn poll_fill(
        &mut self,
        cx: &mut Context<'_>,
        into: &mut Buffer,
        pool: &BufferPool,
        most: usize,
    ) -> Poll<Result<usize, WireEnd>> {
        match self {
            Self::Connection(connection) => {
                let space = into.space();
                let room = space.len().min(most);
                let count = ready!(connection.poll_read(cx, &mut space[..room])).map_err(closed)?;
                into.advance(count);
                Poll::Ready(Ok(count))
            }
            Self::Stream(stream) => stream.poll_data(cx, into, pool).map_err(WireEnd::from),
        }
    }

    /// Takes bytes of a message. `ends`: the message ends with the last of them, which HTTP/2 says with it.
    pub(crate) fn poll_write(
        &mut self,
        cx: &mut Context<'_>,
        pieces: &[IoSlice<'_>],
        ends: bool,
    ) -> Poll<Result<usize, WireEnd>> {
        match self {
            Self::Connection(connection) => connection.poll_write_vectored(cx, pieces).map_err(closed),
            Self::Stream(stream) => stream.poll_send(cx, pieces, ends).map_err(WireEnd::from),
        }
    }

    /// Hands what was taken to the kernel. A stream's bytes go with those of the others on its connection.
    pub(crate) fn poll_sent(&mut self, cx: &mut Context<'_>) -> Poll<Result<(), WireEnd>> {
        match self {
            Self::Connection(connection) => connection.poll_flush(cx).map_err(closed),
            Self::Stream(_) => Poll::Ready(Ok(())),
        }
    }

    /// Whether the end that was read was none that the peer announced: what came before may be incomplete.
    pub(crate) fn was_truncated(&self) -> bool {
        matches!(self, Self::Connection(connection) if matches!(&**connection, Connection::Tls(stream) if stream.was_truncated()))
    }

    /// Makes the end visible as one that was not meant to be.
    pub(crate) fn abort(&mut self) {
        match self {
            Self::Connection(connection) => {
                if let Some(socket) = connection.socket() {
                    socket.reset_on_close();
                }
            }
            Self::Stream(stream) => stream.abort(ErrorCode::INTERNAL_ERROR),
        }
    }
}

impl From<Connection> for Wire {
    fn from(connection: Connection) -> Self {
        Self::Connection(Box::new(connection))
    }
}

/// Bytes that are not HTTP, in a tunnel or without one.
impl Stream for Wire {
    fn poll_read(&mut self, cx: &mut Context<'_>, buffer: &mut [u8]) -> Poll<io::Result<usize>> {
        match self {
            Self::Connection(connection) => connection.poll_read(cx, buffer),
            Self::Stream(stream) => stream.poll_read(cx, buffer).map_err(broken),
        }
    }

    fn poll_write_vectored(&mut self, cx: &mut Context<'_>, buffers: &[IoSlice<'_>]) -> Poll<io::Result<usize>> {
        match self {
            Self::Connection(connection) => connection.poll_write_vectored(cx, buffers),
            Self::Stream(stream) => stream.poll_send(cx, buffers, false).map_err(broken),
        }
    }

    fn poll_flush(&mut self, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        match self {
            Self::Connection(connection) => connection.poll_flush(cx),
            Self::Stream(_) => Poll::Ready(Ok(())),
        }
    }

    fn poll_shutdown(&mut self, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        match self {
            Self::Connection(connection) => connection.poll_shutdown(cx),
            Self::Stream(stream) => stream.poll_send(cx, &[], true).map_ok(|_| ()).map_err(broken),
        }
    }

    fn is_plain(&self) -> bool {
        matches!(self, Self::Connection(connection) if connection.is_plain())
    }

    fn plain_socket(&self) -> Option<&Socket> {
        match self {
            Self::Connection(connection) => connection.plain_socket(),
            Self::Stream(_) => None,
        }
    }

    fn socket(&self) -> Option<&Socket> {
        match self {
            Self::Connection(connection) => connection.socket(),
            Self::Stream(_) => None,
        }
    }

    fn poll_idle(&mut self, cx: &mut Context<'_>) -> IdleState {
        match self {
            Self::Connection(connection) => connection.poll_idle(cx),
            Self::Stream(_) => IdleState::Closed,
        }
    }

    fn lends_buffers(&self) -> bool {
        matches!(self, Self::Connection(connection) if connection.lends_buffers())
    }

    fn poll_received(&mut self, cx: &mut Context<'_>, wanted: usize) -> Poll<io::Result<Pieces<IoSlice<'_>>>> {
        match self {
            Self::Connection(connection) => connection.poll_received(cx, wanted),
            Self::Stream(_) => Poll::Ready(Err(io::ErrorKind::Unsupported.into())),
        }
    }

    fn take(&mut self, count: usize) {
        if let Self::Connection(connection) = self {
            connection.take(count);
        }
    }

    fn poll_room(&mut self, cx: &mut Context<'_>, wanted: usize) -> Poll<io::Result<Pieces<IoSliceMut<'_>>>> {
        match self {
            Self::Connection(connection) => connection.poll_room(cx, wanted),
            Self::Stream(_) => Poll::Ready(Err(io::ErrorKind::Unsupported.into())),
        }
    }

    fn fill(&mut self, count: usize) -> io::Result<()> {
        match self {
            Self::Connection(connection) => connection.fill(count),
            Self::Stream(_) => Err(io::ErrorKind::Unsupported.into()),
        }
    }
}

fn broken(_: StreamEnd) -> io::Error {
    io::ErrorKind::ConnectionReset.into()
}
