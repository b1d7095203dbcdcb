//! Tokens whose signature was verified already: a client sends the same one with each request. Each thread has its own,
//! so that looking costs no lock. Time and audience are not part of what is remembered.

use std::{cell::RefCell, collections::HashMap, rc::Rc};

use super::{JwtError, Verified};

/// Tokens that are remembered; at this number all are forgotten.
const MAX_TOKENS: usize = 1_000;

/// By provider and generation of its keys.
type Cache = HashMap<(u64, u64), HashMap<Box<str>, Rc<Verified>>>;

thread_local! {
    static CACHE: RefCell<(usize, Cache)> = RefCell::default();
}

/// The verified token of a provider and the keys that it has; `verify` does it the first time. What is refused is not remembered.
pub(super) fn find(
    provider: (u64, u64),
    token: &str,
    verify: impl FnOnce() -> Result<Verified, JwtError>,
) -> Result<Rc<Verified>, JwtError> {
    let known = CACHE.with_borrow(|(_, cache)| cache.get(&provider)?.get(token).cloned());
    if let Some(known) = known {
        return Ok(known);
    }
    let verified = Rc::new(verify()?);
    CACHE.with_borrow_mut(|(count, cache)| {
        if *count >= MAX_TOKENS {
            cache.clear();
            *count = 0;
        }
        cache
            .entry(provider)
            .or_default()
            .insert(token.into(), Rc::clone(&verified));
        *count += 1;
    });
    Ok(verified)
}
