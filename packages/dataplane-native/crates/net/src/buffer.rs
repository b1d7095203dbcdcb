//! Buffers from a pile of this thread, so that idle connections hold none and busy ones do not allocate.

use std::cell::RefCell;
use std::ops::{Deref, DerefMut};

/// The sizes there are. A stream grows from one to the next with the traffic it carries.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum BufferSize {
    /// 1 KiB: interactive traffic.
    Small,
    /// 16 KiB: one TLS record.
    Medium,
    /// 64 KiB: bulk. More saves system calls, but what is encrypted then comes from memory instead of the cache.
    Large,
}

impl BufferSize {
    /// Bytes.
    pub const fn bytes(self) -> usize {
        match self {
            Self::Small => 1024,
            Self::Medium => 16 * 1024,
            Self::Large => 64 * 1024,
        }
    }

    /// How many of this size wait for use; what exceeds it goes back to the allocator.
    const fn spare(self) -> usize {
        match self {
            Self::Small => 64,
            Self::Medium => 32,
            Self::Large => 8,
        }
    }
}

/// Buffers begin so far behind the boundary of a page. Encryption copies from them to just behind such a boundary (a record's header goes first), and processors of
/// AMD's copy at a fifteenth of their speed where the target is a few bytes behind the source within a page.
const SHIFT: usize = 1024;

thread_local! {
    static PILE: RefCell<[Vec<Box<[u8]>>; 3]> = const { RefCell::new([Vec::new(), Vec::new(), Vec::new()]) };
}

/// A buffer that returns to the pile of the thread it is dropped on. Its content is whatever was there before.
#[derive(Debug)]
pub struct Buffer {
    size: BufferSize,
    // Absent only while it is being dropped.
    bytes: Box<[u8]>,
}

impl Buffer {
    /// Takes a buffer from the pile.
    pub fn take(size: BufferSize) -> Self {
        let spare = PILE
            .try_with(|pile| pile.borrow_mut()[size as usize].pop())
            .ok()
            .flatten();
        Self {
            size,
            bytes: spare.unwrap_or_else(|| vec![0; SHIFT + size.bytes()].into_boxed_slice()),
        }
    }
}

impl Drop for Buffer {
    fn drop(&mut self) {
        let bytes = std::mem::take(&mut self.bytes);
        // While the thread ends the pile may be gone already; then the buffer is simply freed.
        let _ = PILE.try_with(|pile| {
            let spares = &mut pile.borrow_mut()[self.size as usize];
            if spares.len() < self.size.spare() {
                spares.push(bytes);
            }
        });
    }
}

impl Deref for Buffer {
    type Target = [u8];

    fn deref(&self) -> &[u8] {
        &self.bytes[SHIFT..]
    }
}

impl DerefMut for Buffer {
    fn deref_mut(&mut self) -> &mut [u8] {
        &mut self.bytes[SHIFT..]
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_dropped_buffer_is_used_again() {
        let first = Buffer::take(BufferSize::Medium);
        let address = first.as_ptr();
        drop(first);
        assert_eq!(Buffer::take(BufferSize::Medium).as_ptr(), address);
    }

    #[test]
    fn the_pile_is_bounded() {
        let many: Vec<Buffer> = (0..100).map(|_| Buffer::take(BufferSize::Large)).collect();
        drop(many);
        let kept = PILE.with(|pile| pile.borrow()[BufferSize::Large as usize].len());
        assert_eq!(kept, BufferSize::Large.spare());
    }
}
