//! Where records are sealed.

use std::io::{self, IoSlice, IoSliceMut, Write};

use net::{Buffer, BufferSize, MOST_PIECES, Pieces};
use rustls::Error;

use super::{HEADER, MAX_PLAIN, Sealer, TAG};

/// Behind the header.
const AROUND: usize = HEADER + 1 + TAG;
/// Bytes that are for records of rustls': a few alerts and renewals of keys.
const RESERVE: usize = 512;
/// Less is not put into a record of its own behind others while there is more to come.
const LEAST: usize = 1024;

/// Sealed records that wait for the socket.
#[derive(Debug)]
pub(crate) struct Outbox {
    buffer: Buffer,
    start: usize,
    end: usize,
}

impl Outbox {
    /// One for so many bytes of plaintext; where they are more, for the beginning of them.
    pub(crate) fn new(plain: usize) -> Self {
        let fits = plain <= MAX_PLAIN;
        Self {
            buffer: Buffer::take(if fits { BufferSize::Record } else { BufferSize::Records }),
            start: 0,
            end: 0,
        }
    }

    /// What is to be sent.
    pub(crate) fn waiting(&self) -> &[u8] {
        &self.buffer[self.start..self.end]
    }

    /// So much has been.
    pub(crate) fn sent(&mut self, count: usize) {
        self.start += count;
    }

    /// Room for at most so many bytes of plaintext, in records behind those that wait.
    pub(crate) fn room(&mut self, mut wanted: usize) -> Pieces<IoSliceMut<'_>> {
        let mut pieces = Pieces::default();
        let end = self.buffer.len() - RESERVE;
        let mut free = &mut self.buffer[self.end.min(end)..end];
        while pieces.len() < MOST_PIECES && wanted > 0 && free.len() > AROUND {
            let length = wanted.min(MAX_PLAIN).min(free.len() - AROUND);
            let (record, rest) = free.split_at_mut(AROUND + length);
            pieces.push(IoSliceMut::new(&mut record[HEADER..HEADER + length]));
            wanted -= length;
            free = rest;
        }
        pieces
    }

    /// Seals so many bytes that were written into the room.
    pub(crate) fn fill(&mut self, sealer: &Sealer, mut count: usize) -> Result<(), Error> {
        while count > 0 {
            // As the room was cut: all records but the last are full.
            let length = count.min(MAX_PLAIN);
            sealer.seal(&mut self.buffer[self.end..self.end + AROUND + length])?;
            self.end += AROUND + length;
            count -= length;
        }
        Ok(())
    }

    /// Seals as much as there is room for and says how many bytes that are; none where what waits has to be sent first.
    pub(crate) fn seal(&mut self, sealer: &Sealer, plaintext: &[IoSlice<'_>]) -> Result<usize, Error> {
        let mut left: usize = plaintext.iter().map(|piece| piece.len()).sum();
        let mut pieces = plaintext.iter().map(|piece| &**piece);
        let mut piece: &[u8] = &[];
        let mut taken = 0;
        while left > 0 {
            let room = (self.buffer.len() - RESERVE).saturating_sub(self.end + AROUND);
            let length = left.min(MAX_PLAIN).min(room);
            if length == 0 || (length < left && length < LEAST && self.start < self.end) {
                break;
            }
            let record = &mut self.buffer[self.end..self.end + AROUND + length];
            let mut target = &mut record[HEADER..HEADER + length];
            while !target.is_empty() {
                if piece.is_empty() {
                    // There are `left` bytes, so there is a piece.
                    piece = pieces.next().ok_or(Error::EncryptError)?;
                    continue;
                }
                let count = piece.len().min(target.len());
                let (now, later) = piece.split_at(count);
                let (room, rest) = std::mem::take(&mut target).split_at_mut(count);
                room.copy_from_slice(now);
                (piece, target) = (later, rest);
            }
            sealer.seal(record)?;
            self.end += AROUND + length;
            taken += length;
            left -= length;
        }
        Ok(taken)
    }
}

/// Takes rustls' own records, which are sealed.
impl Write for Outbox {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let Some(room) = self.buffer.get_mut(self.end..self.end + bytes.len()) else {
            // A peer that has us answer again and again and does not read the answers.
            return Err(io::Error::other("the peer asks for more than it reads"));
        };
        room.copy_from_slice(bytes);
        self.end += bytes.len();
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}
