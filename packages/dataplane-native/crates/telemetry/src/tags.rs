//! What spans tell besides the usual: tags that configuration names.

use std::sync::{Arc, Mutex, PoisonError};

use crate::capture::{Capture, Captured};
use crate::codec::Decoder;

/// Sets of tags a process keeps; spans of later ones have none of theirs.
const MAX_TAG_SETS: usize = 4096;

/// A set of tags that was interned.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct TagSetId(pub(crate) u16);

impl TagSetId {
    /// No tags.
    pub const NONE: Self = Self(0);
}

/// A tag.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Tag {
    /// Its name.
    pub name: Arc<str>,
    /// Where its value comes from.
    pub value: TagSource,
}

/// Where a tag's value comes from.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum TagSource {
    /// It is the same always.
    Literal(Arc<str>),
    /// It is taken of the request; the default where there is none. A tag without a value is left out.
    Captured(Capture, Arc<str>),
}

/// A set of tags with what has to be captured for it.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct TagSet(Box<[Tag]>);

/// What configuration has named so far. Sets are never forgotten: a record in a ring may still mean one.
#[derive(Debug, Default)]
pub(crate) struct TagTable(Mutex<Vec<Arc<TagSet>>>);

impl TagTable {
    pub(crate) fn intern(&self, tags: &[Tag]) -> TagSetId {
        if tags.is_empty() {
            return TagSetId::NONE;
        }
        let mut sets = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let place = sets.iter().position(|set| *set.0 == *tags).or_else(|| {
            if sets.len() == MAX_TAG_SETS {
                return None;
            }
            sets.push(Arc::new(TagSet(tags.into())));
            Some(sets.len() - 1)
        });
        place.map_or(TagSetId::NONE, |place| TagSetId(place as u16 + 1))
    }

    pub(crate) fn get(&self, id: TagSetId) -> Option<Arc<TagSet>> {
        let place = usize::from(id.0).checked_sub(1)?;
        let sets = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        sets.get(place).cloned()
    }
}

impl TagSet {
    /// Appends names and values; those of an earlier set that have the same name go.
    pub(crate) fn read(&self, captured: &mut Decoder<'_>, out: &mut Vec<(Arc<str>, String)>) {
        for tag in &self.0 {
            let value = match &tag.value {
                TagSource::Literal(text) => text.as_ref().to_owned(),
                TagSource::Captured(_, default) => match Captured::read(captured) {
                    Some(Captured::Text(text)) => String::from_utf8_lossy(text).into_owned(),
                    Some(Captured::Number(number)) => number.to_string(),
                    Some(Captured::Json(text)) => text.to_owned(),
                    None | Some(Captured::Absent) => default.as_ref().to_owned(),
                },
            };
            out.retain(|(name, _)| *name != tag.name);
            if !value.is_empty() {
                out.push((Arc::clone(&tag.name), value));
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::capture::{CaptureWriter, HeaderChoice};

    fn header(name: &str, default: &str) -> TagSource {
        let choice = HeaderChoice {
            name: name.into(),
            alternative: None,
        };
        TagSource::Captured(Capture::Request(choice), default.into())
    }

    fn tag(name: &str, value: TagSource) -> Tag {
        Tag {
            name: name.into(),
            value,
        }
    }

    #[test]
    fn tags_have_values_defaults_or_are_left_out_and_later_ones_win() {
        let table = TagTable::default();
        let first = table.intern(&[
            tag("a", TagSource::Literal("1".into())),
            tag("b", header("x-b", "default")),
            tag("c", header("x-c", "")),
        ]);
        let second = table.intern(&[tag("a", header("x-a", ""))]);
        assert_eq!(table.intern(&[tag("a", header("x-a", ""))]), second);
        let mut captured = Vec::new();
        let mut writer = CaptureWriter(&mut captured);
        writer.absent();
        writer.absent();
        writer.text(Some(b"2"));
        let (mut from, mut out) = (Decoder(&captured), Vec::new());
        for id in [first, second, TagSetId::NONE] {
            if let Some(set) = table.get(id) {
                set.read(&mut from, &mut out);
            }
        }
        let out: Vec<_> = out.iter().map(|(name, value)| (&**name, value.as_str())).collect();
        assert_eq!(out, [("b", "default"), ("a", "2")]);
    }
}
