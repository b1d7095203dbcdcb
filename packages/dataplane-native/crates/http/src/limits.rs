//! Bounds on what a peer can make the codec keep.

/// Limits of one message head and of its body's framing.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Limits {
    /// Request line or status line and fields, in bytes, with the empty line.
    pub max_head_bytes: usize,
    /// Fields in a head; never more than [`Limits::FIELDS`].
    pub max_fields: usize,
    /// Bytes of the request target.
    pub max_target_bytes: usize,
}

impl Limits {
    /// The most fields that a head can be configured to have (one bit each in a `u128`).
    pub const FIELDS: usize = 128;
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            max_head_bytes: 60 * 1024,
            max_fields: 100,
            max_target_bytes: 32 * 1024,
        }
    }
}
