//! Parts of the configuration that most of their owners do not have.

use std::{collections::BTreeMap, ops::Deref};

use serde::{Deserialize, Deserializer, Serialize, Serializer};

/// A part that most do not have: without one it costs a pointer and reads as the one that says nothing.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Rare<T>(Option<Box<T>>);

/// Something that can say nothing.
pub trait Silent: Sized + 'static {
    /// What says nothing: the same as the default.
    const SILENT: &'static Self;

    /// Whether this says nothing.
    fn is_silent(&self) -> bool;
}

impl<T> Silent for Vec<T>
where
    T: 'static,
{
    const SILENT: &'static Self = &Self::new();

    fn is_silent(&self) -> bool {
        self.is_empty()
    }
}

impl<K, V> Silent for BTreeMap<K, V>
where
    K: 'static,
    V: 'static,
{
    const SILENT: &'static Self = &Self::new();

    fn is_silent(&self) -> bool {
        self.is_empty()
    }
}

impl<T> Rare<T> {
    /// A part that is not there.
    pub const NONE: Self = Self(None);

    /// For changing it, if it is there.
    pub fn get_mut(&mut self) -> Option<&mut T> {
        self.0.as_deref_mut()
    }
}

impl<T> Default for Rare<T> {
    fn default() -> Self {
        Self::NONE
    }
}

impl<T: Silent> Deref for Rare<T> {
    type Target = T;

    fn deref(&self) -> &T {
        self.0.as_deref().unwrap_or(T::SILENT)
    }
}

impl<T: Silent> From<T> for Rare<T> {
    fn from(value: T) -> Self {
        Self((!value.is_silent()).then(|| Box::new(value)))
    }
}

impl<T> FromIterator<T> for Rare<Vec<T>>
where
    T: 'static,
{
    fn from_iter<I: IntoIterator<Item = T>>(items: I) -> Self {
        let mut items: Vec<T> = items.into_iter().collect();
        items.shrink_to_fit();
        items.into()
    }
}

impl<'r, T> IntoIterator for &'r Rare<Vec<T>>
where
    T: 'static,
{
    type Item = &'r T;
    type IntoIter = std::slice::Iter<'r, T>;

    fn into_iter(self) -> Self::IntoIter {
        self.iter()
    }
}

impl<T: Silent + Serialize> Serialize for Rare<T> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        (**self).serialize(serializer)
    }
}

impl<'de, T: Silent + Deserialize<'de>> Deserialize<'de> for Rare<T> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        T::deserialize(deserializer).map(Self::from)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_not_there_costs_a_pointer_and_reads_as_nothing() {
        let nothing = Rare::<Vec<u8>>::default();
        assert_eq!(size_of_val(&nothing), size_of::<usize>());
        assert!(nothing.is_empty());
        assert_eq!(nothing, Vec::new().into());
        assert_eq!(serde_json::to_string(&nothing).unwrap(), "[]");
    }

    #[test]
    fn what_is_there_is_read_as_if_it_stood_there_itself() {
        let some: Rare<Vec<u8>> = serde_json::from_str("[1,2]").unwrap();
        assert_eq!(*some, [1, 2]);
        assert_eq!(some, vec![1, 2].into());
        assert_ne!(some, Rare::default());
    }
}
