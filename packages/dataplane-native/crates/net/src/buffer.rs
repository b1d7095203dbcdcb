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
    /// 17 KiB: any one TLS record, sealed.
    Record,
    /// 66 KiB: what a large buffer has, sealed.
    Records,
}

impl BufferSize {
    /// Bytes.
    pub const fn bytes(self) -> usize {
        match self {
            Self::Small => 1024,
            Self::Medium => 16 * 1024,
            Self::Large => 64 * 1024,
            Self::Record => 17 * 1024,
            Self::Records => 66 * 1024,
        }
    }

    /// How many of this size wait for use; what exceeds it goes back to the allocator.
    const fn spare(self) -> usize {
        match self {
            Self::Small => 64,
            Self::Medium | Self::Record => 32,
            Self::Large | Self::Records => 8,
        }
    }

    /// How far behind the boundary of a page a buffer begins. Plaintext is copied to just behind the header of a record and from there, and processors of AMD's copy at a
    /// fifteenth of their speed where the target is a few bytes behind the source within a page.
    const fn shift(self) -> usize {
        match self {
            Self::Small | Self::Medium | Self::Large => 1024,
            Self::Record | Self::Records => 3072,
        }
    }
}

const SIZES: usize = BufferSize::Records as usize + 1;

thread_local! {
    static PILE: RefCell<[Vec<Box<[u8]>>; SIZES]> = const { RefCell::new([const { Vec::new() }; SIZES]) };
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
            bytes: spare.unwrap_or_else(|| vec![0; size.shift() + size.bytes()].into_boxed_slice()),
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
        &self.bytes[self.size.shift()..]
    }
}

impl DerefMut for Buffer {
    fn deref_mut(&mut self) -> &mut [u8] {
        &mut self.bytes[self.size.shift()..]
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
