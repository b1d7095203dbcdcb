//! Windows (RFC 9113 section 5.2).

use super::frame::MAX_WINDOW;

/// What may still be sent.
#[derive(Debug, Clone, Copy)]
pub(crate) struct SendWindow(pub(crate) i64);

impl SendWindow {
    /// How much of `wanted` fits.
    pub(crate) fn available(self, wanted: usize) -> usize {
        wanted.min(usize::try_from(self.0).unwrap_or(0))
    }

    /// Adds what the peer grants, or what it takes back by its settings. False: above the largest window.
    pub(crate) fn add(&mut self, change: i64) -> bool {
        self.0 += change;
        self.0 <= MAX_WINDOW
    }
}

/// What the peer may still send, and what of it was used up and not granted again.
#[derive(Debug, Clone, Copy)]
pub(crate) struct ReceiveWindow {
    left: i64,
    size: i64,
    /// Taken by the application, not yet announced.
    taken: i64,
}

impl ReceiveWindow {
    pub(crate) fn new(size: i64) -> Self {
        Self {
            left: size,
            size,
            taken: 0,
        }
    }

    /// Counts what arrived. False: more than was allowed.
    pub(crate) fn receive(&mut self, bytes: usize) -> bool {
        self.left -= bytes as i64;
        self.left >= 0
    }

    /// Counts what the application took. The increment to announce, once it is worth a frame.
    pub(crate) fn take(&mut self, bytes: usize) -> Option<u32> {
        self.taken += bytes as i64;
        // Half of the window: the peer never has to stop while we keep up.
        if self.taken == 0 || self.taken * 2 < self.size {
            return None;
        }
        let increment = std::mem::take(&mut self.taken);
        self.left += increment;
        Some(increment as u32)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn half_a_window_is_granted_again_at_once() {
        let mut window = ReceiveWindow::new(100);
        assert!(window.receive(60));
        assert_eq!(window.take(40), None);
        assert_eq!(window.take(20), Some(60));
        assert!(window.receive(100));
        assert!(!window.receive(1));
    }

    #[test]
    fn a_window_may_become_negative_and_never_too_large() {
        let mut window = SendWindow(10);
        assert!(window.add(-20));
        assert_eq!(window.available(5), 0);
        assert!(window.add(30));
        assert_eq!(window.available(5), 5);
        assert!(!window.add(MAX_WINDOW));
    }
}
