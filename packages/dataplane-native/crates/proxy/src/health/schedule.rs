//! When which endpoint is checked.

use std::{cmp::Reverse, collections::BinaryHeap};

/// Times are rounded up to this, so that checks share wakeups.
const TICK_MS: u64 = 4;

/// A place in the list of checks, and which of those that had it is meant.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Slot {
    pub(super) key: usize,
    pub(super) serial: u64,
}

/// What is due next. Every check has one entry at most: none while it is under way. Entries of checks that are gone are
/// dropped when their time comes.
#[derive(Debug, Default)]
pub(super) struct Schedule {
    queue: BinaryHeap<Reverse<(u64, Slot)>>,
}

impl Schedule {
    pub(super) fn put(&mut self, at_ms: u64, slot: Slot) {
        self.queue.push(Reverse((at_ms.div_ceil(TICK_MS) * TICK_MS, slot)));
    }

    /// What is due, the first come first, at most `most`.
    pub(super) fn take_due(&mut self, now_ms: u64, most: usize) -> Vec<Slot> {
        let mut due = Vec::new();
        while due.len() < most
            && let Some(&Reverse((at, slot))) = self.queue.peek()
            && at <= now_ms
        {
            self.queue.pop();
            due.push(slot);
        }
        due
    }

    /// When the next one is due.
    pub(super) fn next(&self) -> Option<u64> {
        self.queue.peek().map(|Reverse((at, _))| *at)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_due_comes_in_order_and_not_more_than_there_is_room_for() {
        let mut schedule = Schedule::default();
        let slot = |key| Slot { key, serial: 1 };
        for (at, key) in [(30, 3), (10, 1), (21, 2)] {
            schedule.put(at, slot(key));
        }
        assert_eq!(schedule.next(), Some(12));
        assert!(schedule.take_due(11, 9).is_empty());
        assert_eq!(schedule.take_due(24, 1), [slot(1)]);
        assert_eq!(schedule.take_due(24, 9), [slot(2)]);
        assert_eq!(schedule.next(), Some(32));
    }
}
