//! Strings that many resources have in common, kept once.

use std::{
    collections::HashSet,
    sync::{Arc, LazyLock, Mutex, MutexGuard, PoisonError},
};

use serde::{Deserialize, Deserializer};

type Strings = HashSet<Arc<str>, foldhash::fast::FixedState>;

static STRINGS: LazyLock<Mutex<Strings>> = LazyLock::new(Mutex::default);

fn strings() -> MutexGuard<'static, Strings> {
    // Nothing panics while it is held.
    STRINGS.lock().unwrap_or_else(PoisonError::into_inner)
}

/// The string, kept once for all who ask for it: for names that occur in many resources. For configuration, not for
/// requests.
pub fn shared(text: &str) -> Arc<str> {
    let mut strings = strings();
    if let Some(known) = strings.get(text) {
        return Arc::clone(known);
    }
    let new: Arc<str> = text.into();
    strings.insert(Arc::clone(&new));
    new
}

/// The string, which costs nothing if it is empty.
pub fn text(text: String) -> Arc<str> {
    if text.is_empty() { Arc::default() } else { text.into() }
}

/// Forgets the strings that nobody uses any more. Once in a while, after configuration has changed.
pub fn forget_unshared() {
    let mut strings = strings();
    strings.retain(|text| Arc::strong_count(text) > 1);
    strings.shrink_to_fit();
}

/// For fields whose value many have in common.
pub(crate) fn deserialize<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Arc<str>, D::Error> {
    let text = std::borrow::Cow::<'de, str>::deserialize(deserializer)?;
    Ok(shared(&text))
}

/// The list in memory of its own size, and in new one: an allocator may leave a list that shrinks where it is, with room behind it that was in use before.
pub(crate) fn settled<T>(list: Vec<T>) -> Vec<T> {
    if list.len() == list.capacity() {
        return list;
    }
    let mut settled = Vec::with_capacity(list.len());
    settled.extend(list);
    settled
}

/// For lists that never grow once they are read.
pub(crate) fn without_room<'de, T: Deserialize<'de>, D: Deserializer<'de>>(
    deserializer: D,
) -> Result<Vec<T>, D::Error> {
    Vec::<T>::deserialize(deserializer).map(settled)
}

/// The same for those that are kept as a slice.
pub(crate) fn slice<'de, T: Deserialize<'de>, D: Deserializer<'de>>(deserializer: D) -> Result<Box<[T]>, D::Error> {
    without_room(deserializer).map(Vec::into_boxed_slice)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_string_is_kept_once_and_as_long_as_somebody_uses_it() {
        let one = shared("a string of this test");
        assert!(Arc::ptr_eq(&one, &shared("a string of this test")));
        let before = Arc::strong_count(&one);
        forget_unshared();
        assert_eq!(Arc::strong_count(&one), before);
        drop(one);
        forget_unshared();
        assert!(!strings().contains("a string of this test"));
    }
}
