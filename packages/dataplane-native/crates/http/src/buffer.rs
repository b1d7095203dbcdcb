//! Buffers that connections borrow while bytes are in flight.

use std::cell::RefCell;

/// A buffer with a filled part `start..end`.
#[derive(Debug, Default)]
pub struct Buffer {
    data: Box<[u8]>,
    start: usize,
    end: usize,
}

impl Buffer {
    /// The bytes read and not consumed.
    pub fn filled(&self) -> &[u8] {
        &self.data[self.start..self.end]
    }

    /// The bytes read and not consumed, for changes in place.
    pub fn filled_mut(&mut self) -> &mut [u8] {
        &mut self.data[self.start..self.end]
    }

    /// Number of bytes read and not consumed.
    pub fn len(&self) -> usize {
        self.end - self.start
    }

    /// True if nothing is left to consume.
    pub fn is_empty(&self) -> bool {
        self.start == self.end
    }

    /// Bytes it can hold.
    pub fn capacity(&self) -> usize {
        self.data.len()
    }

    /// Room behind the filled part.
    pub fn space(&mut self) -> &mut [u8] {
        &mut self.data[self.end..]
    }

    /// Declares `count` bytes of the room filled.
    pub fn advance(&mut self, count: usize) {
        debug_assert!(self.end + count <= self.data.len());
        self.end = (self.end + count).min(self.data.len());
    }

    /// Forgets the first `count` filled bytes.
    pub fn consume(&mut self, count: usize) {
        debug_assert!(count <= self.len());
        self.start = (self.start + count).min(self.end);
        if self.start == self.end {
            self.start = 0;
            self.end = 0;
        }
    }

    /// Forgets the filled bytes behind the first `len`.
    pub fn truncate(&mut self, len: usize) {
        self.end = self.end.min(self.start + len);
    }

    /// Forgets everything.
    pub fn clear(&mut self) {
        self.start = 0;
        self.end = 0;
    }

    /// Moves the filled part to the front, so that all room is behind it.
    pub fn compact(&mut self) {
        if self.start > 0 {
            self.data.copy_within(self.start..self.end, 0);
            self.end -= self.start;
            self.start = 0;
        }
    }
}

/// Sizes of buffers: a connection begins with the first and goes up as traffic asks for it.
const CLASSES: [usize; 4] = [4 * 1024, 16 * 1024, 64 * 1024, 256 * 1024];

/// Free buffers kept per size; what comes back above this is released to the allocator.
const KEPT: [usize; 4] = [1024, 128, 32, 4];

/// The free buffers of a worker.
#[derive(Debug, Default)]
pub struct BufferPool {
    free: [RefCell<Vec<Box<[u8]>>>; 4],
}

impl BufferPool {
    /// The most that a buffer can hold.
    pub const MAX: usize = CLASSES[CLASSES.len() - 1];

    /// An empty buffer of at least `capacity` bytes (at most [`BufferPool::MAX`]).
    pub fn take(&self, capacity: usize) -> Buffer {
        let class = CLASSES
            .iter()
            .position(|size| *size >= capacity)
            .unwrap_or(CLASSES.len() - 1);
        let data = self.free[class].borrow_mut().pop();
        Buffer {
            data: data.unwrap_or_else(|| vec![0; CLASSES[class]].into_boxed_slice()),
            start: 0,
            end: 0,
        }
    }

    /// Takes a buffer back; an unallocated one ([`Buffer::default`]) is ignored.
    pub fn give(&self, buffer: Buffer) {
        let Some(class) = CLASSES.iter().position(|size| *size == buffer.data.len()) else {
            return;
        };
        let mut free = self.free[class].borrow_mut();
        if free.len() < KEPT[class] {
            free.push(buffer.data);
        }
    }

    /// Makes sure there is room: allocates, compacts, or moves to the next size. False if it is full at [`BufferPool::MAX`].
    pub fn make_room(&self, buffer: &mut Buffer) -> bool {
        if buffer.end < buffer.data.len() {
            return true;
        }
        if buffer.start > 0 {
            buffer.compact();
            return true;
        }
        self.grow(buffer)
    }

    /// The same for a buffer that may hold `most` bytes, more than the pool has buffers for.
    pub fn make_room_within(&self, buffer: &mut Buffer, most: usize) -> bool {
        self.make_room(buffer) || self.reserve(buffer, 1, most)
    }

    /// Makes sure there is room for `room` bytes in a buffer that may hold `most`. Above [`BufferPool::MAX`] it is memory
    /// of its own, which does not return to the pool. False if that would be too much.
    pub fn reserve(&self, buffer: &mut Buffer, room: usize, most: usize) -> bool {
        if buffer.data.len() - buffer.end >= room {
            return true;
        }
        let needed = buffer.len() + room;
        if needed > most {
            return false;
        }
        let mut larger = if needed <= Self::MAX {
            self.take(needed)
        } else {
            Buffer {
                data: vec![0; needed.next_power_of_two().min(most)].into_boxed_slice(),
                start: 0,
                end: 0,
            }
        };
        larger.data[..buffer.len()].copy_from_slice(buffer.filled());
        larger.end = buffer.len();
        self.give(std::mem::replace(buffer, larger));
        true
    }

    /// Appends bytes, whatever room that takes. False where they do not fit into [`BufferPool::MAX`]; nothing is appended.
    pub fn append(&self, buffer: &mut Buffer, bytes: &[u8]) -> bool {
        while buffer.data.len() - buffer.end < bytes.len() {
            if buffer.start > 0 {
                buffer.compact();
            } else if !self.grow(buffer) {
                return false;
            }
        }
        buffer.data[buffer.end..buffer.end + bytes.len()].copy_from_slice(bytes);
        buffer.end += bytes.len();
        true
    }

    /// Moves the filled part to a buffer of the next size. False if there is none.
    pub fn grow(&self, buffer: &mut Buffer) -> bool {
        let wanted = buffer.capacity() + 1;
        if wanted > Self::MAX {
            return false;
        }
        let mut larger = self.take(wanted);
        larger.data[..buffer.len()].copy_from_slice(buffer.filled());
        larger.end = buffer.len();
        self.give(std::mem::replace(buffer, larger));
        true
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_buffer_grows_with_its_content_and_returns_to_the_pool() {
        let pool = BufferPool::default();
        let mut buffer = Buffer::default();
        assert!(pool.make_room(&mut buffer));
        assert_eq!(buffer.capacity(), 4096);
        let len = buffer.space().len();
        buffer.space().fill(7);
        buffer.advance(len);
        assert!(pool.make_room(&mut buffer));
        assert_eq!((buffer.capacity(), buffer.len()), (16 * 1024, 4096));
        assert!(buffer.filled().iter().all(|byte| *byte == 7));
        pool.give(buffer);
        assert_eq!(pool.free[1].borrow().len(), 1);
    }

    #[test]
    fn a_buffer_may_outgrow_the_pool_as_far_as_it_is_told() {
        let pool = BufferPool::default();
        let mut buffer = pool.take(BufferPool::MAX);
        buffer.advance(BufferPool::MAX);
        assert!(!pool.make_room(&mut buffer));
        let most = BufferPool::MAX + 1000;
        assert!(pool.make_room_within(&mut buffer, most));
        assert_eq!(buffer.space().len(), 1000);
        buffer.advance(1000);
        assert!(!pool.make_room_within(&mut buffer, most));
        assert_eq!(buffer.len(), most);
        pool.give(buffer);
    }

    #[test]
    fn a_full_buffer_with_consumed_bytes_is_compacted_instead_of_grown() {
        let pool = BufferPool::default();
        let mut buffer = pool.take(1);
        buffer.advance(4096);
        buffer.consume(4000);
        assert!(pool.make_room(&mut buffer));
        assert_eq!(
            (buffer.capacity(), buffer.len(), buffer.space().len()),
            (4096, 96, 4000)
        );
    }
}
