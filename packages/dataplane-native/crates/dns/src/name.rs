//! Names as they are on the wire: labels with their lengths before them, a zero at the end (RFC 1035 section 3.1).

use std::fmt;

/// Bytes of the longest name, its end included.
pub(crate) const MAX_NAME: usize = 255;

const MAX_LABEL: usize = 63;

/// A name in lower case; nothing is allocated for it.
#[derive(Clone, Copy)]
pub struct Name {
    bytes: [u8; MAX_NAME],
    length: u8,
}

impl Name {
    /// Reads a name without compression from the beginning of `bytes`; the answer's second part is how many bytes it takes there.
    pub(crate) fn read(bytes: &[u8]) -> Option<(Self, usize)> {
        let mut at = 0;
        loop {
            let length = usize::from(*bytes.get(at)?);
            if length > MAX_LABEL {
                return None;
            }
            at += 1 + length;
            if at > MAX_NAME {
                return None;
            }
            if length == 0 {
                break;
            }
        }
        let mut name = Self {
            bytes: [0; MAX_NAME],
            length: at as u8,
        };
        name.bytes[..at].copy_from_slice(bytes.get(..at)?);
        // Lengths are below the letters: they stay as they are.
        name.bytes[..at].make_ascii_lowercase();
        Some((name, at))
    }

    /// Its bytes on the wire.
    pub fn wire(&self) -> &[u8] {
        &self.bytes[..usize::from(self.length)]
    }
}

impl PartialEq for Name {
    fn eq(&self, other: &Self) -> bool {
        self.wire() == other.wire()
    }
}

impl Eq for Name {}

impl fmt::Debug for Name {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", self.wire().escape_ascii())
    }
}

/// The name in `text` on the wire and in lower case; `None` where it is none: an empty label or one of more than 63 bytes, more than
/// 255 bytes altogether.
pub fn to_wire(text: &str) -> Option<Box<[u8]>> {
    let text = text.strip_suffix('.').unwrap_or(text);
    let mut wire = Vec::with_capacity(text.len() + 2);
    if !text.is_empty() {
        for label in text.split('.') {
            if label.is_empty() || label.len() > MAX_LABEL {
                return None;
            }
            wire.push(label.len() as u8);
            wire.extend(label.bytes().map(|byte| byte.to_ascii_lowercase()));
        }
    }
    wire.push(0);
    (wire.len() <= MAX_NAME).then(|| wire.into())
}

/// A name without its first label, and so on, down to the root.
pub(crate) fn parents(wire: &[u8]) -> impl Iterator<Item = &[u8]> {
    std::iter::successors(parent(wire), |name| parent(name))
}

fn parent(wire: &[u8]) -> Option<&[u8]> {
    match *wire.first()? {
        0 => None,
        length => wire.get(1 + usize::from(length)..),
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used, reason = "a test may panic")]
mod tests {
    use super::*;

    #[test]
    fn a_name_is_written_in_lower_case_with_or_without_its_last_dot() {
        assert_eq!(&*to_wire("Www.Example.com").unwrap(), b"\x03www\x07example\x03com\0");
        assert_eq!(to_wire("www.example.com."), to_wire("www.example.com"));
        assert_eq!(&*to_wire(".").unwrap(), b"\0");
    }

    #[test]
    fn what_is_no_name_is_none() {
        assert_eq!(to_wire("a..b"), None);
        assert_eq!(to_wire(&"a".repeat(64)), None);
        assert_eq!(to_wire(&["abcdefg"; 33].join(".")), None);
    }

    #[test]
    fn a_name_is_read_in_lower_case_and_never_beyond_its_end() {
        let (name, length) = Name::read(b"\x03WwW\x02Io\0rest").unwrap();
        assert_eq!((name.wire(), length), (&b"\x03www\x02io\0"[..], 8));
        assert!(Name::read(b"\x03ww").is_none());
        assert!(Name::read(b"\xc0\x0c").is_none(), "a question has nothing to point to");
        assert!(Name::read(&[1, b'a'].repeat(128)).is_none());
    }

    #[test]
    fn the_parents_of_a_name_end_with_the_root() {
        let wire = to_wire("a.b.c").unwrap();
        let parents: Vec<_> = parents(&wire).collect();
        assert_eq!(parents, [&b"\x01b\x01c\0"[..], b"\x01c\0", b"\0"]);
    }
}
