//! A handshake between a stream and rustls.

use std::future::poll_fn;
use std::io::{self, IoSlice, Read};
use std::task::Poll;
use std::time::Duration;

use net::{Buffer, BufferSize, Stream};
use rustls::Connection as Session;

use crate::record::{HEADER, Keys, made, record_length};
use crate::stream::SocketWriter;
use crate::{TlsError, TlsStream, error};

/// How long a peer that is being refused is given to take the alert.
const LAST_WORDS_TIMEOUT: Duration = Duration::from_millis(100);

/// Bytes received during the handshake that rustls has not taken yet. It gets them record by record: what follows the handshake is not for it.
pub(crate) struct Incoming {
    bytes: Vec<u8>,
    taken: usize,
    /// Bytes of the record that rustls has begun to take which follow.
    rest: usize,
}

impl Incoming {
    pub(crate) fn new(received: &[u8]) -> Self {
        Self {
            bytes: received.to_vec(),
            taken: 0,
            rest: 0,
        }
    }

    /// Whether rustls can take nothing before more comes. It gets no part of a header: it takes more memory where it has read a few bytes first.
    fn is_empty(&self) -> bool {
        self.left().len() < if self.rest > 0 { 1 } else { HEADER }
    }

    fn left(&self) -> &[u8] {
        &self.bytes[self.taken..]
    }

    /// Waits until there is something for rustls.
    pub(crate) async fn fill<S: Stream>(&mut self, stream: &mut S) -> Result<(), TlsError> {
        while self.is_empty() {
            let mut buffer = Buffer::take(BufferSize::Medium);
            let count = poll_fn(|cx| stream.poll_read(cx, &mut buffer))
                .await
                .map_err(|error| TlsError::from_io(&error))?;
            if count == 0 {
                return Err(error::closed());
            }
            self.bytes.drain(..self.taken);
            self.taken = 0;
            self.bytes.extend_from_slice(&buffer[..count]);
        }
        Ok(())
    }
}

impl Read for Incoming {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        if self.rest == 0 {
            self.rest = record_length(self.left()).ok_or(io::ErrorKind::WouldBlock)?;
        }
        let count = self.left().len().min(self.rest).min(buffer.len());
        buffer[..count].copy_from_slice(&self.left()[..count]);
        self.rest -= count;
        self.taken += count;
        Ok(count)
    }
}

/// A handshake on its way.
pub(crate) struct Handshake<S> {
    stream: S,
    session: Session,
    incoming: Incoming,
    keys: Keys,
}

impl<S: Stream> Handshake<S> {
    /// `keys` are those that were made already.
    pub(crate) fn new(stream: S, session: Session, incoming: Incoming, keys: Keys) -> Self {
        Self {
            stream,
            session,
            incoming,
            keys,
        }
    }

    pub(crate) async fn finish(mut self) -> Result<TlsStream<S>, TlsError> {
        loop {
            self.take_incoming().await?;
            self.send().await.map_err(|error| TlsError::from_io(&error))?;
            if !self.session.is_handshaking() {
                break;
            }
            self.incoming.fill(&mut self.stream).await?;
        }
        Ok(TlsStream::new(
            self.stream,
            self.session,
            self.keys,
            self.incoming.left(),
        ))
    }

    /// An alert to a peer that is being refused: worth an attempt, not worth waiting for.
    pub(crate) async fn send_last_words(stream: &mut S, mut bytes: &[u8]) {
        let sending = async {
            while !bytes.is_empty() {
                match poll_fn(|cx| stream.poll_write_vectored(cx, &[IoSlice::new(bytes)])).await {
                    Ok(count) if count > 0 => bytes = &bytes[count..],
                    _ => break,
                }
            }
        };
        let _ = tokio::time::timeout(LAST_WORDS_TIMEOUT, sending).await;
    }

    async fn take_incoming(&mut self) -> Result<(), TlsError> {
        while !self.incoming.is_empty() && self.session.is_handshaking() {
            self.session
                .read_tls(&mut self.incoming)
                .map_err(|error| TlsError::from_io(&error))?;
            let session = &mut self.session;
            if let Err(error) = made(&mut self.keys, || session.process_new_packets().map(|_| ())) {
                let mut alert = Vec::new();
                while self.session.wants_write() && self.session.write_tls(&mut alert).is_ok() {}
                Self::send_last_words(&mut self.stream, &alert).await;
                return Err(TlsError::from_rustls(&error));
            }
        }
        Ok(())
    }

    async fn send(&mut self) -> io::Result<()> {
        poll_fn(|cx| {
            while self.session.wants_write() {
                let mut writer = SocketWriter {
                    stream: &mut self.stream,
                    cx,
                };
                match self.session.write_tls(&mut writer) {
                    Err(error) if error.kind() == io::ErrorKind::WouldBlock => return Poll::Pending,
                    Err(error) => return Poll::Ready(Err(error)),
                    Ok(0) => return Poll::Ready(Err(io::Error::from(io::ErrorKind::WriteZero))),
                    Ok(_) => {}
                }
            }
            self.stream.poll_flush(cx)
        })
        .await
    }
}
