//! What a peer may ask of us without anything coming of it.

/// Frames that nothing came of: a peer has some for free, and earns more by requests, by content and by time.
#[derive(Debug)]
pub(super) struct Credit {
    left: u32,
    refilled_ms: u64,
    /// Streams that the peer gave up before they were answered, less what it earned by those it did not.
    given_up: u32,
}

const FREE: u32 = 2_000;
const MOST: u32 = 10_000;
/// A request with its window updates, priorities and the like.
const PER_STREAM: u32 = 50;
const PER_SECOND: u32 = 100;

/// Streams that may be opened and given up at once (rapid reset, CVE-2023-44487).
const MAX_GIVEN_UP: u32 = 500;

impl Default for Credit {
    fn default() -> Self {
        Self {
            left: FREE,
            refilled_ms: 0,
            given_up: 0,
        }
    }
}

impl Credit {
    /// Time earns some.
    pub(super) fn refill(&mut self, now_ms: u64) {
        let seconds = now_ms.saturating_sub(self.refilled_ms) / 1000;
        if seconds > 0 {
            self.refilled_ms = now_ms;
            self.earn((seconds as u32).saturating_mul(PER_SECOND));
            self.given_up = self
                .given_up
                .saturating_sub((seconds as u32).saturating_mul(PER_SECOND));
        }
    }

    pub(super) fn earn(&mut self, frames: u32) {
        self.left = self.left.saturating_add(frames).min(MOST);
    }

    pub(super) fn stream_opened(&mut self) {
        self.earn(PER_STREAM);
    }

    /// A stream was answered in full.
    pub(super) fn stream_answered(&mut self) {
        self.given_up = self.given_up.saturating_sub(1);
    }

    /// A frame that nothing comes of. False: one too many.
    pub(super) fn spend(&mut self) -> bool {
        self.left = self.left.saturating_sub(1);
        self.left > 0
    }

    /// A stream was given up by the peer before it was answered. False: one too many.
    pub(super) fn give_up(&mut self) -> bool {
        self.given_up += 1;
        self.given_up <= MAX_GIVEN_UP
    }
}
