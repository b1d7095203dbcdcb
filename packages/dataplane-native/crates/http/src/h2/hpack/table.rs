//! The fields that both ends remember (RFC 7541 section 2.3.2).

use std::collections::VecDeque;

use super::ENTRY_OVERHEAD;

#[derive(Debug, Clone, Copy)]
struct Entry {
    /// Where its bytes begin, counted from the first byte ever stored.
    start: usize,
    name_len: u32,
    value_len: u32,
}

impl Entry {
    fn len(self) -> usize {
        self.name_len as usize + self.value_len as usize
    }
}

/// The dynamic table. Bytes of entries lie one behind the other, so that adding one allocates nothing.
#[derive(Debug)]
pub(super) struct Table {
    /// The newest first.
    entries: VecDeque<Entry>,
    bytes: Vec<u8>,
    /// What `bytes[0]` counts as.
    base: usize,
    size: usize,
    max_size: usize,
    /// Entries ever added.
    added: u64,
}

impl Table {
    pub(super) fn new(max_size: usize) -> Self {
        Self {
            entries: VecDeque::new(),
            bytes: Vec::new(),
            base: 0,
            size: 0,
            max_size,
            added: 0,
        }
    }

    pub(super) fn max_size(&self) -> usize {
        self.max_size
    }

    /// Entries ever added: the newest has this number less one.
    pub(super) fn added(&self) -> u64 {
        self.added
    }

    /// How many there are.
    pub(super) fn len(&self) -> usize {
        self.entries.len()
    }

    /// Entry `index`, 0 is the newest.
    pub(super) fn get(&self, index: usize) -> Option<(&[u8], &[u8])> {
        let entry = self.entries.get(index)?;
        let at = entry.start - self.base;
        Some(self.bytes[at..at + entry.len()].split_at(entry.name_len as usize))
    }

    pub(super) fn resize(&mut self, max_size: usize) {
        self.max_size = max_size;
        self.evict(0);
    }

    /// Adds a field. One larger than the table empties it (RFC 7541 section 4.4). False: it was not added.
    pub(super) fn add(&mut self, name: &[u8], value: &[u8]) -> bool {
        let needed = name.len() + value.len() + ENTRY_OVERHEAD;
        self.evict(needed);
        if needed > self.max_size {
            return false;
        }
        let live = self
            .entries
            .back()
            .map_or(self.base + self.bytes.len(), |oldest| oldest.start);
        // What is gone is cut off when it is as much as the table can hold, so a byte is moved at most once on average.
        if live - self.base > self.max_size {
            self.bytes.drain(..live - self.base);
            self.base = live;
        }
        let entry = Entry {
            start: self.base + self.bytes.len(),
            name_len: name.len() as u32,
            value_len: value.len() as u32,
        };
        self.bytes.extend_from_slice(name);
        self.bytes.extend_from_slice(value);
        self.entries.push_front(entry);
        self.size += needed;
        self.added += 1;
        true
    }

    fn evict(&mut self, needed: usize) {
        while self.size + needed > self.max_size {
            let Some(oldest) = self.entries.pop_back() else { break };
            self.size -= oldest.len() + ENTRY_OVERHEAD;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_oldest_fields_make_room_for_new_ones() {
        let mut table = Table::new(100);
        assert!(table.add(b"a", b"1") && table.add(b"b", b"2"));
        assert_eq!(table.get(0), Some((&b"b"[..], &b"2"[..])));
        assert!(table.add(b"c", b"3"));
        assert_eq!((table.len(), table.get(1)), (2, Some((&b"b"[..], &b"2"[..]))));
        assert_eq!(table.get(2), None);
    }

    #[test]
    fn a_field_larger_than_the_table_empties_it() {
        let mut table = Table::new(100);
        table.add(b"a", b"1");
        assert!(!table.add(&[b'x'; 100], b""));
        assert_eq!((table.len(), table.size), (0, 0));
    }

    #[test]
    fn memory_stays_within_twice_the_table() {
        let mut table = Table::new(1000);
        for value in 0..10_000_u32 {
            table.add(b"name", &value.to_be_bytes());
            assert_eq!(table.get(0).unwrap().1, value.to_be_bytes());
            assert!(table.bytes.len() <= 2 * 1000 + 8);
        }
        table.resize(0);
        assert_eq!(table.len(), 0);
    }
}
