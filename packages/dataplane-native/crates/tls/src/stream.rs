//! The encrypted stream of the hot path: records between the caller's buffers and a socket.
//!
//! With TLS 1.3 rustls makes the handshake and judges what is not application data; all else is opened and sealed here, in
//! buffers borrowed from the thread's pile (`record.rs`). With TLS 1.2 all of it goes through rustls. What is sealed in a turn is sent with one system
//! call when the caller flushes. Between two turns a connection holds no buffer of ours.

use std::io::{self, IoSlice, IoSliceMut, Read, Write};
use std::sync::Arc;
use std::task::{Context, Poll, ready};

use net::{Buffer, BufferSize, IdleState, MOST_PIECES, Pieces, Socket, Stream};
use rustls::pki_types::CertificateDer;
use rustls::{Connection as Session, HandshakeKind};

use crate::record::{Inbox, Keys, Next, Opener, Outbox, Sealer, made};
use crate::{PeerInfo, TlsError};

/// How much encrypted data waits for a flush before writing has to wait for the socket.
const MAX_UNSENT_BYTES: usize = 64 * 1024;

/// A TLS connection over `S`.
#[derive(Debug)]
pub struct TlsStream<S = Socket> {
    stream: S,
    session: Session,
    peer: Arc<PeerInfo>,
    // Absent with TLS 1.2.
    records: Option<Records>,
    // Received but not decrypted by rustls: only when the peer sent more than the caller wanted to read.
    ciphertext: Vec<u8>,
    // Plaintext bytes given to rustls since the last complete flush, an upper bound of what waits.
    unsent: usize,
    end: End,
    close_sent: bool,
}

/// Has rustls look at what it has read.
fn process(session: &mut Session) -> io::Result<()> {
    match session.process_new_packets() {
        Ok(_) => Ok(()),
        Err(error) => Err(to_io(&error)),
    }
}

fn to_io(error: &rustls::Error) -> io::Error {
    TlsError::from_rustls(error).into_io()
}

/// Tells rustls that the peer's data has ended.
fn process_end(session: &mut Session) -> io::Result<()> {
    session.read_tls(&mut io::empty())?;
    process(session)
}

/// What the stream itself opens and seals with.
#[derive(Debug)]
struct Records {
    opener: Arc<Opener>,
    sealer: Arc<Sealer>,
    inbox: Option<Inbox>,
    outbox: Option<Outbox>,
}

impl Records {
    /// `None` where the keys are none of ours.
    fn new(keys: Keys, received: &[u8]) -> Option<Self> {
        Some(Self {
            opener: keys.opener?,
            sealer: keys.sealer?,
            inbox: Inbox::holding(received),
            outbox: None,
        })
    }

    /// Runs what may have rustls renew keys.
    fn renewing<R>(&mut self, work: impl FnOnce() -> R) -> R {
        let mut keys = Keys::default();
        let result = made(&mut keys, work);
        if let Some(opener) = keys.opener {
            self.opener = opener;
        }
        if let Some(sealer) = keys.sealer {
            self.sealer = sealer;
        }
        result
    }

    /// Puts what rustls has sealed behind what has been sealed before.
    fn collect(&mut self, session: &mut Session) -> io::Result<()> {
        // An answer to a renewal of the peer's waits for data to be written. What is wrong with the session is known already.
        let _ = session.writer().write(&[]);
        while session.wants_write() {
            session.write_tls(self.outbox.get_or_insert_with(|| Outbox::new(0)))?;
        }
        Ok(())
    }
}

/// How the peer's data ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum End {
    Open,
    Orderly,
    Truncated,
}

impl<S> TlsStream<S> {
    /// The stream after a handshake: `received` came behind it.
    pub(crate) fn new(stream: S, session: Session, keys: Keys, received: &[u8]) -> Self {
        let records = Records::new(keys, received);
        Self {
            peer: Arc::new(PeerInfo::from_session(&session)),
            ciphertext: if records.is_some() {
                Vec::new()
            } else {
                received.to_vec()
            },
            stream,
            session,
            records,
            unsent: 0,
            end: End::Open,
            close_sent: false,
        }
    }

    /// Whether the handshake went on with a session of before.
    pub fn is_resumed(&self) -> bool {
        self.session.handshake_kind() == Some(HandshakeKind::Resumed)
    }

    /// The certificates of the peer, if they come from a session of before.
    pub(crate) fn resumed_certificates(&self) -> Option<&[CertificateDer<'static>]> {
        if self.is_resumed() {
            self.session.peer_certificates()
        } else {
            None
        }
    }
}

impl<S> TlsStream<S> {
    /// The same over another stream.
    pub(crate) fn try_map<T>(self, map: impl FnOnce(S) -> io::Result<T>) -> io::Result<TlsStream<T>> {
        Ok(TlsStream {
            stream: map(self.stream)?,
            session: self.session,
            peer: self.peer,
            records: self.records,
            ciphertext: self.ciphertext,
            unsent: self.unsent,
            end: self.end,
            close_sent: self.close_sent,
        })
    }
}

impl<S: Stream> TlsStream<S> {
    /// Who is at the other end.
    pub fn peer(&self) -> &Arc<PeerInfo> {
        &self.peer
    }

    /// The peer's certificate in DER, if it presented one.
    pub fn peer_certificate(&self) -> Option<&[u8]> {
        let chain = self.session.peer_certificates()?;
        chain.first().map(|certificate| &**certificate)
    }

    /// Whether the connection ended without the peer saying so (RFC 8446 section 6.1): data whose length is not known
    /// otherwise may be incomplete.
    pub fn was_truncated(&self) -> bool {
        self.end == End::Truncated
    }

    /// Sends what is sealed, in one call as long as the socket takes it all.
    fn poll_send(&mut self, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        if let Some(records) = &mut self.records {
            while let Some(outbox) = &mut records.outbox {
                if outbox.waiting().is_empty() {
                    records.outbox = None;
                    break;
                }
                let sending = self.stream.poll_write_vectored(cx, &[IoSlice::new(outbox.waiting())]);
                match ready!(sending)? {
                    0 => return Poll::Ready(Err(io::ErrorKind::WriteZero.into())),
                    count => outbox.sent(count),
                }
            }
            return self.stream.poll_flush(cx);
        }
        while self.session.wants_write() {
            let mut writer = SocketWriter {
                stream: &mut self.stream,
                cx,
            };
            match self.session.write_tls(&mut writer) {
                Ok(0) => return Poll::Ready(Err(io::Error::from(io::ErrorKind::WriteZero))),
                Ok(_) => {}
                Err(error) if error.kind() == io::ErrorKind::WouldBlock => return Poll::Pending,
                Err(error) => return Poll::Ready(Err(error)),
            }
        }
        self.unsent = 0;
        self.stream.poll_flush(cx)
    }

    /// Takes plaintext that rustls holds already. `None` where it holds none and the peer has not ended.
    fn take_plaintext(&mut self, buffer: &mut [u8]) -> io::Result<Option<usize>> {
        match self.session.reader().read(buffer) {
            Ok(0) => {
                self.end = End::Orderly;
                Ok(Some(0))
            }
            Ok(count) => Ok(Some(count)),
            Err(error) if error.kind() == io::ErrorKind::WouldBlock => Ok(None),
            Err(error) if error.kind() == io::ErrorKind::UnexpectedEof => {
                self.end = End::Truncated;
                Ok(Some(0))
            }
            Err(error) => Err(error),
        }
    }

    /// Opens records into `buffer` and answers how many bytes of it are filled.
    fn open(&mut self, cx: &mut Context<'_>, buffer: &mut [u8]) -> io::Result<usize> {
        let mut filled = 0;
        while filled < buffer.len() {
            let count = self.inbox().map_or(0, |inbox| inbox.read(&mut buffer[filled..]));
            filled += count;
            if count == 0 && !self.open_next(cx, filled > 0)? {
                break;
            }
        }
        self.release_inbox();
        Ok(filled)
    }

    /// Opens the next record, and says whether there is something new. `has_content`: there is some from before.
    fn open_next(&mut self, cx: &mut Context<'_>, has_content: bool) -> io::Result<bool> {
        if self.end != End::Open {
            return Ok(false);
        }
        let Some(Records {
            opener,
            inbox: Some(inbox),
            ..
        }) = &mut self.records
        else {
            return Ok(false);
        };
        match inbox.open(opener) {
            Next::Content => Ok(true),
            Next::Nothing => Ok(false),
            // It may be an error, and who reads gets what came before it.
            next @ Next::ForRustls { .. } if has_content => {
                inbox.put_off(next);
                Ok(false)
            }
            Next::ForRustls { length, is_open } => {
                self.hand_over(cx, length, is_open)?;
                Ok(true)
            }
        }
    }

    fn inbox(&mut self) -> Option<&mut Inbox> {
        self.records.as_mut()?.inbox.as_mut()
    }

    /// Gives the buffer back where nothing is in it.
    fn release_inbox(&mut self) {
        if let Some(records) = &mut self.records
            && records.inbox.as_ref().is_some_and(Inbox::is_empty)
        {
            records.inbox = None;
        }
    }

    /// Has rustls judge a record that is not application data, or cannot be opened.
    fn hand_over(&mut self, cx: &mut Context<'_>, length: usize, is_open: bool) -> io::Result<()> {
        let Some(records) = &mut self.records else {
            return Ok(());
        };
        let Some(mut inbox) = records.inbox.take() else {
            return Ok(());
        };
        let mut record: &[u8] = inbox.take_record(length);
        let session = &mut self.session;
        let mut judge = || -> io::Result<()> {
            while !record.is_empty() && session.read_tls(&mut record)? > 0 {
                process(session)?;
            }
            Ok(())
        };
        let opener = Arc::clone(&records.opener);
        let judged = records.renewing(|| opener.passing_on(is_open, &mut judge));
        records.inbox = Some(inbox);
        let collected = records.collect(&mut self.session);
        // Tells the peer what there is to tell, as far as its socket takes it; the rest goes with the next flush.
        let sent = self.poll_send(cx);
        judged?;
        collected?;
        if let Poll::Ready(Err(error)) = sent {
            return Err(error);
        }
        self.take_plaintext(&mut [0]).map(|_| ())
    }

    /// Decrypts `ciphertext` into `buffer` and answers how many bytes of it are filled. What rustls has no room for
    /// stays in `self.ciphertext`.
    fn decrypt(&mut self, cx: &mut Context<'_>, mut ciphertext: &[u8], buffer: &mut [u8]) -> io::Result<usize> {
        let mut filled = 0;
        while !ciphertext.is_empty() {
            let taken = match self.session.read_tls(&mut ciphertext) {
                Ok(taken) => taken,
                // rustls holds as much plaintext as it is willing to: the caller has to take what there is first.
                Err(_) if filled > 0 => {
                    self.ciphertext.extend_from_slice(ciphertext);
                    break;
                }
                Err(error) => return Err(error),
            };
            if let Err(error) = process(&mut self.session) {
                // Tells the peer why, as far as its socket takes it.
                let _ = self.poll_send(cx);
                return Err(error);
            }
            if filled < buffer.len() {
                filled += self.take_plaintext(&mut buffer[filled..])?.unwrap_or(0);
            }
            if taken == 0 {
                // After the peer's close_notify nothing more is taken.
                break;
            }
        }
        if self.session.wants_write() {
            // An answer to a post-handshake message; if the socket is full it goes with the next flush.
            if let Poll::Ready(Err(error)) = self.poll_send(cx) {
                return Err(error);
            }
        }
        Ok(filled)
    }
}

impl<S: Stream> TlsStream<S> {
    fn poll_read_records(&mut self, cx: &mut Context<'_>, buffer: &mut [u8]) -> Poll<io::Result<usize>> {
        loop {
            let filled = self.open(cx, buffer)?;
            if filled > 0 || self.end != End::Open {
                return Poll::Ready(Ok(filled));
            }
            ready!(self.poll_receive(cx, buffer.len()))?;
        }
    }

    /// Receives records, or the end of the peer's data, when none that is whole is here. `wanted`: bytes of plaintext there is use for.
    fn poll_receive(&mut self, cx: &mut Context<'_>, wanted: usize) -> Poll<io::Result<()>> {
        let Some(records) = &mut self.records else {
            return Poll::Ready(Err(io::ErrorKind::Unsupported.into()));
        };
        let mut inbox = records.inbox.take().unwrap_or_else(|| {
            Inbox::new(if wanted > BufferSize::Medium.bytes() {
                BufferSize::Records
            } else {
                BufferSize::Record
            })
        });
        let received = self.stream.poll_read(cx, inbox.room());
        if let Poll::Ready(Ok(count)) = received {
            inbox.received(count);
        }
        records.inbox = (!inbox.is_empty()).then_some(inbox);
        if ready!(received)? == 0 {
            process_end(&mut self.session)?;
            self.take_plaintext(&mut [0])?;
        }
        Poll::Ready(Ok(()))
    }

    fn poll_write_records(&mut self, cx: &mut Context<'_>, buffers: &[IoSlice<'_>]) -> Poll<io::Result<usize>> {
        let plain: usize = buffers.iter().map(|buffer| buffer.len()).sum();
        loop {
            let (outbox, sealer) = self.outbox(plain)?;
            match outbox.seal(sealer, buffers).map_err(|error| to_io(&error))? {
                0 => ready!(self.poll_send(cx))?,
                count => return Poll::Ready(Ok(count)),
            }
        }
    }

    /// Where records are sealed, and what with. `plain`: bytes that there are for it.
    fn outbox(&mut self, plain: usize) -> io::Result<(&mut Outbox, &Sealer)> {
        let records = self.records.as_mut().ok_or(io::ErrorKind::Unsupported)?;
        if records.sealer.is_worn() {
            let session = &mut self.session;
            records
                .renewing(|| session.refresh_traffic_keys())
                .map_err(|error| to_io(&error))?;
            records.collect(&mut self.session)?;
        }
        Ok((
            records.outbox.get_or_insert_with(|| Outbox::new(plain)),
            &records.sealer,
        ))
    }
}

impl<S: Stream> Stream for TlsStream<S> {
    fn poll_read(&mut self, cx: &mut Context<'_>, buffer: &mut [u8]) -> Poll<io::Result<usize>> {
        if self.records.is_some() {
            return self.poll_read_records(cx, buffer);
        }
        loop {
            if self.end != End::Open {
                return Poll::Ready(Ok(0));
            }
            if let Some(count) = self.take_plaintext(buffer)? {
                return Poll::Ready(Ok(count));
            }
            let filled = if self.ciphertext.is_empty() {
                let size = if buffer.len() > BufferSize::Medium.bytes() {
                    BufferSize::Large
                } else {
                    BufferSize::Medium
                };
                let mut received = Buffer::take(size);
                let count = ready!(self.stream.poll_read(cx, &mut received))?;
                if count == 0 {
                    process_end(&mut self.session)?;
                    continue;
                }
                self.decrypt(cx, &received[..count], buffer)?
            } else {
                let ciphertext = std::mem::take(&mut self.ciphertext);
                self.decrypt(cx, &ciphertext, buffer)?
            };
            if filled > 0 {
                return Poll::Ready(Ok(filled));
            }
        }
    }

    fn poll_write_vectored(&mut self, cx: &mut Context<'_>, buffers: &[IoSlice<'_>]) -> Poll<io::Result<usize>> {
        if buffers.iter().all(|buffer| buffer.is_empty()) {
            return Poll::Ready(Ok(0));
        }
        if self.records.is_some() {
            return self.poll_write_records(cx, buffers);
        }
        loop {
            if self.unsent >= MAX_UNSENT_BYTES {
                ready!(self.poll_send(cx))?;
            }
            let count = self.session.writer().write_vectored(buffers)?;
            if count > 0 {
                self.unsent += count;
                return Poll::Ready(Ok(count));
            }
            ready!(self.poll_send(cx))?;
        }
    }

    fn poll_flush(&mut self, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        self.poll_send(cx)
    }

    fn poll_shutdown(&mut self, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        if !self.close_sent {
            self.session.send_close_notify();
            self.close_sent = true;
            if let Some(records) = &mut self.records {
                records.collect(&mut self.session)?;
            }
        }
        ready!(self.poll_send(cx))?;
        self.stream.poll_shutdown(cx)
    }

    fn is_plain(&self) -> bool {
        false
    }

    fn plain_socket(&self) -> Option<&Socket> {
        None
    }

    fn socket(&self) -> Option<&Socket> {
        self.stream.socket()
    }

    fn poll_idle(&mut self, cx: &mut Context<'_>) -> IdleState {
        let mut byte = [0];
        match self.poll_read(cx, &mut byte) {
            Poll::Pending => IdleState::Usable,
            Poll::Ready(Ok(0) | Err(_)) => IdleState::Closed,
            Poll::Ready(Ok(_)) => IdleState::UnexpectedData,
        }
    }

    fn lends_buffers(&self) -> bool {
        self.records.is_some()
    }

    fn poll_received(&mut self, cx: &mut Context<'_>, wanted: usize) -> Poll<io::Result<Pieces<IoSlice<'_>>>> {
        loop {
            let mut opened = self.inbox().map_or(0, |inbox| inbox.opened());
            while opened < MOST_PIECES && self.open_next(cx, opened > 0)? {
                opened = self.inbox().map_or(0, |inbox| inbox.opened());
            }
            if opened > 0 || self.end != End::Open {
                break;
            }
            ready!(self.poll_receive(cx, wanted))?;
        }
        Poll::Ready(Ok(self.inbox().map_or_else(Pieces::default, |inbox| inbox.pieces())))
    }

    fn take(&mut self, count: usize) {
        if let Some(inbox) = self.inbox() {
            inbox.take(count);
        }
        self.release_inbox();
    }

    fn poll_room(&mut self, cx: &mut Context<'_>, wanted: usize) -> Poll<io::Result<Pieces<IoSliceMut<'_>>>> {
        if !self.outbox(wanted)?.0.waiting().is_empty() {
            ready!(self.poll_send(cx))?;
        }
        let (outbox, _) = self.outbox(wanted)?;
        Poll::Ready(Ok(outbox.room(wanted)))
    }

    fn fill(&mut self, count: usize) -> io::Result<()> {
        let records = self.records.as_mut().ok_or(io::ErrorKind::Unsupported)?;
        let outbox = records.outbox.as_mut().ok_or(io::ErrorKind::Unsupported)?;
        outbox.fill(&records.sealer, count).map_err(|error| to_io(&error))?;
        if outbox.waiting().is_empty() {
            records.outbox = None;
        }
        Ok(())
    }
}

/// Lets rustls write to a stream that is polled.
pub(crate) struct SocketWriter<'a, 'c, S> {
    pub(crate) stream: &'a mut S,
    pub(crate) cx: &'a mut Context<'c>,
}

impl<S: Stream> Write for SocketWriter<'_, '_, S> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.write_vectored(&[IoSlice::new(bytes)])
    }

    fn write_vectored(&mut self, buffers: &[IoSlice<'_>]) -> io::Result<usize> {
        match self.stream.poll_write_vectored(self.cx, buffers) {
            Poll::Ready(result) => result,
            Poll::Pending => Err(io::Error::from(io::ErrorKind::WouldBlock)),
        }
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}
