//! A ring of records from one thread to one other, without locks and without waiting.

use std::sync::atomic::{AtomicU64, AtomicUsize, Ordering};

const WORD: usize = 8;

/// Records are a word of length (in bytes), then the bytes in whole words. What does not fit is refused.
///
/// The words are atomics that are written and read without ordering of their own; `head` and `tail` order them.
#[derive(Debug)]
pub(crate) struct Ring {
    words: Box<[AtomicU64]>,
    // Words ever written; the writer's.
    head: AtomicUsize,
    // Words ever read; the reader's.
    tail: AtomicUsize,
}

impl Ring {
    pub(crate) fn new(bytes: usize) -> Self {
        Self {
            words: (0..bytes / WORD).map(|_| AtomicU64::new(0)).collect(),
            head: AtomicUsize::new(0),
            tail: AtomicUsize::new(0),
        }
    }

    /// Appends a record; false where there is no room. The writing thread only.
    pub(crate) fn push(&self, record: &[u8]) -> bool {
        let needed = 1 + record.len().div_ceil(WORD);
        let head = self.head.load(Ordering::Relaxed);
        let used = head.wrapping_sub(self.tail.load(Ordering::Acquire));
        if needed > self.words.len() - used {
            return false;
        }
        self.word(head).store(record.len() as u64, Ordering::Relaxed);
        for (offset, piece) in record.chunks(WORD).enumerate() {
            let mut word = [0; WORD];
            word[..piece.len()].copy_from_slice(piece);
            self.word(head.wrapping_add(1 + offset))
                .store(u64::from_le_bytes(word), Ordering::Relaxed);
        }
        self.head.store(head.wrapping_add(needed), Ordering::Release);
        true
    }

    /// Takes the oldest record into `record`; false where there is none. The reading thread only.
    pub(crate) fn pop(&self, record: &mut Vec<u8>) -> bool {
        let tail = self.tail.load(Ordering::Relaxed);
        if tail == self.head.load(Ordering::Acquire) {
            return false;
        }
        let length = self.word(tail).load(Ordering::Relaxed) as usize;
        let words = length.div_ceil(WORD);
        record.clear();
        for offset in 0..words {
            let word = self.word(tail.wrapping_add(1 + offset)).load(Ordering::Relaxed);
            record.extend_from_slice(&word.to_le_bytes());
        }
        record.truncate(length);
        self.tail.store(tail.wrapping_add(1 + words), Ordering::Release);
        true
    }

    fn word(&self, position: usize) -> &AtomicU64 {
        &self.words[position % self.words.len()]
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn records_come_out_whole_and_in_order() {
        let ring = Ring::new(1024);
        let mut record = Vec::new();
        for round in 0..1000_usize {
            let bytes = vec![round as u8; round % 40];
            assert!(ring.push(&bytes) && ring.push(b"second"));
            assert!(ring.pop(&mut record));
            assert_eq!(record, bytes);
            assert!(ring.pop(&mut record));
            assert_eq!(record, b"second");
        }
        assert!(!ring.pop(&mut record));
    }

    #[test]
    fn a_full_ring_refuses_and_loses_nothing_it_took() {
        let ring = Ring::new(64);
        assert!(ring.push(&[1; 24]));
        assert!(ring.push(&[2; 24]));
        assert!(!ring.push(&[3; 1]));
        let mut record = Vec::new();
        assert!(ring.pop(&mut record));
        assert_eq!(record, [1; 24]);
        assert!(ring.push(&[3; 1]));
    }

    #[test]
    fn two_threads_agree_on_what_was_sent() {
        let ring = Ring::new(4096);
        std::thread::scope(|scope| {
            scope.spawn(|| {
                for number in 0..100_000_u32 {
                    let bytes = number.to_le_bytes().repeat(1 + number as usize % 9);
                    while !ring.push(&bytes) {
                        std::thread::yield_now();
                    }
                }
            });
            let mut record = Vec::new();
            for number in 0..100_000_u32 {
                while !ring.pop(&mut record) {
                    std::thread::yield_now();
                }
                assert_eq!(record, number.to_le_bytes().repeat(1 + number as usize % 9));
            }
        });
    }
}
