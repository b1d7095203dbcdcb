//! What matchers may ask a request.

use std::borrow::Cow;

use crate::{HeaderName, NameKind};

/// A request head as matchers see it: HTTP/1 ranges and HTTP/2 fields fit alike, and nothing is allocated to ask.
pub trait RequestView {
    /// The method, e.g. `GET`.
    fn method(&self) -> &[u8];

    /// The path with its query, e.g. `/a?b=c`.
    fn path(&self) -> &[u8];

    /// The host the client asked for, with the port if it sent one.
    fn authority(&self) -> &[u8];

    /// `http` or `https`.
    fn scheme(&self) -> &[u8];

    /// The value of the `nth` field called `name` (from 0), as it is on the wire without surrounding spaces. Asked for
    /// names of kind [`NameKind::Field`] only.
    fn header_at(&self, name: &HeaderName, nth: usize) -> Option<&[u8]>;

    /// What filters have found out about the request, an object by namespace.
    fn metadata(&self) -> Option<&serde_json::Value> {
        None
    }

    /// The value of the first field called `name`.
    fn header(&self, name: &HeaderName) -> Option<&[u8]> {
        self.header_at(name, 0)
    }

    /// The value a matcher compares: pseudo-headers too; several fields of one name are joined by commas, so that a
    /// second field cannot hide from a rule.
    fn value(&self, name: &HeaderName) -> Option<Cow<'_, [u8]>> {
        match name.kind() {
            NameKind::Method => Some(Cow::Borrowed(self.method())),
            NameKind::Path => Some(Cow::Borrowed(self.path())),
            NameKind::Authority => Some(Cow::Borrowed(self.authority())),
            NameKind::Scheme => Some(Cow::Borrowed(self.scheme())),
            NameKind::OtherPseudo => None,
            NameKind::Field => {
                let first = self.header_at(name, 0)?;
                let Some(second) = self.header_at(name, 1) else {
                    return Some(Cow::Borrowed(first));
                };
                let mut joined = [first, second].join(&b","[..]);
                let mut nth = 2;
                while let Some(next) = self.header_at(name, nth) {
                    joined.push(b',');
                    joined.extend_from_slice(next);
                    nth += 1;
                }
                Some(Cow::Owned(joined))
            }
        }
    }

    /// The path without query and fragment.
    fn path_only(&self) -> &[u8] {
        let path = self.path();
        let end = path
            .iter()
            .position(|byte| matches!(byte, b'?' | b'#'))
            .unwrap_or(path.len());
        &path[..end]
    }

    /// What follows the question mark; empty without one.
    fn query(&self) -> &[u8] {
        let path = self.path();
        let path = path.split(|byte| *byte == b'#').next().unwrap_or_default();
        path.iter()
            .position(|byte| *byte == b'?')
            .map_or(b"", |start| &path[start + 1..])
    }
}
