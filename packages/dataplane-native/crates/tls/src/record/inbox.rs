//! Where received records are opened.

use std::io::IoSlice;
use std::ops::Range;

use net::{Buffer, BufferSize, MOST_PIECES, Pieces};
use smallvec::SmallVec;

use super::{APPLICATION_DATA, HEADER, MAX_PLAIN, MAX_SEALED, Opener, record_length};

/// Received records: those that are open, as far as nobody has taken their content, and behind them those that are sealed.
#[derive(Debug)]
pub(crate) struct Inbox {
    buffer: Buffer,
    /// Of each open record what is left of it, which is something.
    contents: SmallVec<[Range<u32>; MOST_PIECES]>,
    sealed: Range<usize>,
    /// What has been said of the next record already.
    known: Option<Next>,
}

/// What comes next.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Next {
    /// More has to be received.
    Nothing,
    /// A record of application data has been opened.
    Content,
    /// A record that rustls has to judge, header and all; `is_open` where it has been opened.
    ForRustls {
        /// How long it is.
        length: usize,
        /// Whether behind the header there is its plaintext.
        is_open: bool,
    },
}

impl Inbox {
    pub(crate) fn new(size: BufferSize) -> Self {
        Self {
            buffer: Buffer::take(size),
            contents: SmallVec::new(),
            sealed: 0..0,
            known: None,
        }
    }

    /// With what came behind the handshake; nothing is none.
    pub(crate) fn holding(received: &[u8]) -> Option<Self> {
        if received.is_empty() {
            return None;
        }
        let fits = received.len() < BufferSize::Record.bytes();
        let mut inbox = Self::new(if fits { BufferSize::Record } else { BufferSize::Records });
        inbox.buffer[..received.len()].copy_from_slice(received);
        inbox.sealed = 0..received.len();
        Some(inbox)
    }

    /// Nothing is in it.
    pub(crate) fn is_empty(&self) -> bool {
        self.contents.is_empty() && self.sealed.is_empty()
    }

    /// Records that are open and not taken.
    pub(crate) fn opened(&self) -> usize {
        self.contents.len()
    }

    /// Room for at least the rest of the record that has begun. To be asked for when there is no content and no whole record.
    pub(crate) fn room(&mut self) -> &mut [u8] {
        if self.sealed.start > 0 {
            self.buffer.copy_within(self.sealed.clone(), 0);
        }
        self.sealed = 0..self.sealed.len();
        &mut self.buffer[self.sealed.end..]
    }

    /// So many bytes have been written into the room.
    pub(crate) fn received(&mut self, count: usize) {
        self.sealed.end += count;
    }

    /// Moves content of the first open record into `target`.
    pub(crate) fn read(&mut self, target: &mut [u8]) -> usize {
        let Some(content) = self.contents.first() else {
            return 0;
        };
        let from = content.start as usize;
        let count = content.len().min(target.len());
        target[..count].copy_from_slice(&self.buffer[from..from + count]);
        self.take(count);
        count
    }

    /// What is open.
    pub(crate) fn pieces(&self) -> Pieces<IoSlice<'_>> {
        let mut pieces = Pieces::default();
        for content in self.contents.iter().take(MOST_PIECES) {
            pieces.push(IoSlice::new(&self.buffer[content.start as usize..content.end as usize]));
        }
        pieces
    }

    /// Takes so many bytes of what is open.
    pub(crate) fn take(&mut self, mut count: usize) {
        while count > 0
            && let Some(content) = self.contents.first_mut()
        {
            let taken = count.min(content.len());
            content.start += taken as u32;
            count -= taken;
            if content.start == content.end {
                self.contents.remove(0);
            }
        }
    }

    /// Opens the next record, unless it has been judged already.
    pub(crate) fn open(&mut self, opener: &Opener) -> Next {
        if let Some(known) = self.known.take() {
            return known;
        }
        let Some(whole) = record_length(&self.buffer[self.sealed.clone()]) else {
            return Next::Nothing;
        };
        if whole > HEADER + MAX_SEALED {
            // Its header is enough to refuse it.
            let length = self.sealed.len();
            return Next::ForRustls { length, is_open: false };
        }
        if self.sealed.len() < whole {
            return Next::Nothing;
        }
        let start = self.sealed.start;
        let for_rustls = |is_open| Next::ForRustls { length: whole, is_open };
        if self.buffer[start] != APPLICATION_DATA {
            return for_rustls(false);
        }
        let body = &mut self.buffer[start + HEADER..start + whole];
        let Ok(inner) = opener.open(body) else {
            // It cannot be opened again either, and rustls knows what to tell the peer then.
            return for_rustls(false);
        };
        // Padding is zeros behind the type (section 5.4).
        let Some(end) = body[..inner].iter().rposition(|byte| *byte != 0) else {
            return for_rustls(true);
        };
        if body[end] != APPLICATION_DATA || inner > MAX_PLAIN + 1 {
            return for_rustls(true);
        }
        self.sealed.start += whole;
        if end > 0 {
            let content = (start + HEADER) as u32;
            self.contents.push(content..content + end as u32);
        }
        Next::Content
    }

    /// Says the same of the next record once more.
    pub(crate) fn put_off(&mut self, next: Next) {
        self.known = Some(next);
    }

    /// Takes the record that is for rustls.
    pub(crate) fn take_record(&mut self, length: usize) -> &mut [u8] {
        let start = self.sealed.start;
        self.sealed.start += length;
        &mut self.buffer[start..start + length]
    }
}
