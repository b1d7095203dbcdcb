//! Changes of heads that services ask for.

use config::{HeaderAppendAction, HeaderName};

/// A header to set, of a request or a response.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct HeaderChange {
    /// Which header.
    pub name: HeaderName,
    /// Its value; it may be one that no head can have, which is left out where it is applied.
    pub value: Vec<u8>,
    /// What to do when it exists.
    pub action: HeaderAppendAction,
}

impl HeaderChange {
    /// Replaces what is there.
    pub fn set(name: HeaderName, value: impl Into<Vec<u8>>) -> Self {
        Self {
            name,
            value: value.into(),
            action: HeaderAppendAction::OverwriteIfExistsOrAdd,
        }
    }

    /// Adds another value.
    pub fn append(name: HeaderName, value: impl Into<Vec<u8>>) -> Self {
        Self {
            action: HeaderAppendAction::AppendIfExistsOrAdd,
            ..Self::set(name, value)
        }
    }
}

/// Whether a value can stand in a head.
pub(crate) fn is_value(value: &[u8]) -> bool {
    value
        .iter()
        .all(|byte| *byte == b'\t' || *byte >= b' ' && *byte != 0x7f)
}
