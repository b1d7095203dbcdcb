//! Strings as numbers.

use std::hash::BuildHasher;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

/// Strings a process keeps; later ones are [`StringId::OTHER`]. Names come from configuration and certificates, so that
/// a process sees thousands in its life, not millions.
const MAX_STRINGS: usize = 65_536;

/// A string that was interned.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct StringId(pub(crate) u32);

impl StringId {
    /// The empty string.
    pub const EMPTY: Self = Self(0);
    /// What stands for strings that had no room: `other`.
    pub const OTHER: Self = Self(1);

    /// A method of HTTP; others than the well-known are [`StringId::OTHER`], since clients can make them up.
    pub fn of_method(method: &[u8]) -> Self {
        let place = METHODS.iter().position(|known| known.as_bytes() == method);
        place.map_or(Self::OTHER, |place| Self(place as u32 + 2))
    }
}

/// Interned first, so that their numbers are known without a table; the most frequent in front.
const METHODS: [&str; 9] = [
    "GET", "POST", "PUT", "DELETE", "HEAD", "PATCH", "OPTIONS", "CONNECT", "TRACE",
];

#[derive(Debug)]
pub(crate) struct Interner {
    tables: Mutex<Tables>,
}

#[derive(Debug, Default)]
struct Tables {
    hasher: foldhash::fast::RandomState,
    strings: Vec<Arc<str>>,
    /// Numbers of strings plus one, each at the first free place from its hash on; 0 is free. A power of two of them, and a quarter is always free.
    places: Vec<u32>,
}

const FIRST_PLACES: usize = 64;

impl Tables {
    /// Where the string is, or where it belongs.
    fn place_of(&self, string: &str) -> usize {
        let mask = self.places.len() - 1;
        let mut place = self.hasher.hash_one(string) as usize & mask;
        loop {
            match self.places[place] {
                0 => return place,
                number if *self.strings[number as usize - 1] == *string => return place,
                _ => place = (place + 1) & mask,
            }
        }
    }

    fn find(&self, string: &str) -> Option<StringId> {
        let number = *self.places.get(self.place_of(string))?;
        Some(StringId(number.checked_sub(1)?))
    }

    /// Adds a string that is not there yet.
    fn push(&mut self, string: Arc<str>) -> StringId {
        if (self.strings.len() + 1) * 4 > self.places.len() * 3 {
            self.places = vec![0; self.places.len() * 2];
            for number in 0..self.strings.len() {
                let place = self.place_of(&self.strings[number]);
                self.places[place] = number as u32 + 1;
            }
        }
        let place = self.place_of(&string);
        self.strings.push(string);
        let number = self.strings.len() as u32;
        self.places[place] = number;
        StringId(number - 1)
    }
}

impl Interner {
    pub(crate) fn new() -> Self {
        let interner = Self {
            tables: Mutex::new(Tables {
                places: vec![0; FIRST_PLACES],
                ..Tables::default()
            }),
        };
        interner.intern("");
        interner.intern("other");
        for method in METHODS {
            interner.intern(method);
        }
        interner
    }

    pub(crate) fn intern(&self, string: &str) -> StringId {
        self.intern_as(string, || string.into())
    }

    /// The same; a string that is new is kept as `shared` gives it.
    pub(crate) fn intern_as(&self, string: &str, shared: impl FnOnce() -> Arc<str>) -> StringId {
        let mut tables = self.lock();
        if let Some(id) = tables.find(string) {
            return id;
        }
        if tables.strings.len() >= MAX_STRINGS {
            return StringId::OTHER;
        }
        tables.push(shared())
    }

    pub(crate) fn get(&self, id: StringId) -> Arc<str> {
        let tables = self.lock();
        tables
            .strings
            .get(id.0 as usize)
            .unwrap_or(&tables.strings[StringId::OTHER.0 as usize])
            .clone()
    }

    fn lock(&self) -> MutexGuard<'_, Tables> {
        // Nothing panics while it is changed, so a poisoned table is whole.
        self.tables.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_same_string_has_the_same_number() {
        let interner = Interner::new();
        let id = interner.intern("reviews");
        assert_eq!(interner.intern("reviews"), id);
        assert_eq!(&*interner.get(id), "reviews");
        assert_eq!(interner.intern(""), StringId::EMPTY);
        assert_eq!(interner.intern("PATCH"), StringId::of_method(b"PATCH"));
        assert_eq!(StringId::of_method(b"BREW"), StringId::OTHER);
    }

    #[test]
    fn what_does_not_fit_is_called_other() {
        let interner = Interner::new();
        for number in 0..MAX_STRINGS {
            interner.intern(&number.to_string());
        }
        assert_eq!(interner.intern("one too many"), StringId::OTHER);
        assert_eq!(&*interner.get(interner.intern("60000")), "60000");
        assert_eq!(&*interner.get(StringId::OTHER), "other");
    }
}
