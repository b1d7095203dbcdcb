//! Keys that are fetched: once for all threads, again when they are old or a token names one that is not among them.

use std::{
    sync::{
        Arc, Mutex, PoisonError,
        atomic::{AtomicU64, Ordering::Relaxed},
    },
    task::{Context, Poll, Waker},
};

use config::RemoteJwks;

use super::keys::Keys;
use crate::call::Call;

/// Fetches because of unknown keys in a window; tokens that name keys at will must not make more.
const MAX_UNKNOWN: u32 = 3;

/// That window in seconds.
const UNKNOWN_WINDOW_S: u64 = 30;

/// Requests that wait for one fetch. Those that come then are answered at once.
const MAX_WAITING: usize = 10_000;

/// The largest key set.
const MAX_KEY_SET_BYTES: usize = 1024 * 1024;

/// Numbers for key sets that were fetched.
static GENERATIONS: AtomicU64 = AtomicU64::new(1);

/// Where keys come from, and those that are known. Times are seconds since 1970.
#[derive(Debug)]
pub struct KeySource {
    config: RemoteJwks,
    /// Of the keys; 0 is none.
    generation: AtomicU64,
    expires_s: AtomicU64,
    /// After a fetch that failed nobody asks again before.
    quiet_until_s: AtomicU64,
    state: Mutex<State>,
}

#[derive(Debug, Default)]
struct State {
    keys: Option<Arc<Keys>>,
    text: Vec<u8>,
    is_fetching: bool,
    /// Fetches that have ended.
    ended: u64,
    waiting: Vec<Waker>,
    /// Begin of the window, and fetches because of unknown keys in it.
    unknown: (u64, u32),
}

impl KeySource {
    /// A source whose keys are not known yet.
    pub fn new(config: RemoteJwks) -> Self {
        Self {
            config,
            generation: AtomicU64::new(0),
            expires_s: AtomicU64::new(0),
            quiet_until_s: AtomicU64::new(0),
            state: Mutex::default(),
        }
    }

    /// Where the keys are.
    pub fn config(&self) -> &RemoteJwks {
        &self.config
    }

    /// The request that fetches them.
    pub fn call(&self) -> Call {
        let address = &*self.config.uri;
        let rest = address.split_once("://").map_or(address, |(_, rest)| rest);
        let (host, path) = rest.find('/').map_or((rest, "/"), |at| rest.split_at(at));
        let path = path.split('#').next().unwrap_or("/");
        let mut call = Call::http(&self.config.cluster, "GET", path, self.config.timeout_ms);
        call.authority = host.as_bytes().to_vec();
        call.max_answer_bytes = MAX_KEY_SET_BYTES;
        call.set("accept", "application/json");
        call
    }

    /// Whether the keys are to be fetched before one is used.
    pub(super) fn is_due(&self, now_s: u64) -> bool {
        self.expires_s.load(Relaxed) <= now_s && self.quiet_until_s.load(Relaxed) <= now_s
    }

    /// Whether keys are known and not too old.
    pub fn is_fresh(&self, now_s: u64) -> bool {
        self.expires_s.load(Relaxed) > now_s
    }

    /// Whether they are to be fetched because a token names a key that is not among them.
    pub(super) fn may_refetch(&self, now_s: u64) -> bool {
        if self.quiet_until_s.load(Relaxed) > now_s {
            return false;
        }
        let mut state = self.lock();
        let (begin_s, count) = &mut state.unknown;
        if now_s.saturating_sub(*begin_s) >= UNKNOWN_WINDOW_S {
            (*begin_s, *count) = (now_s, 0);
        }
        *count += 1;
        *count <= MAX_UNKNOWN
    }

    /// A number for the keys of now; none where there are none.
    pub(super) fn generation(&self) -> Option<u64> {
        let generation = self.generation.load(Relaxed);
        (generation != 0).then_some(generation)
    }

    /// The keys of now.
    pub(super) fn keys(&self) -> Option<Arc<Keys>> {
        self.lock().keys.clone()
    }

    /// Becomes the one who fetches. False: somebody else does.
    pub fn begin(&self) -> bool {
        !std::mem::replace(&mut self.lock().is_fetching, true)
    }

    /// The same for who lacked a key among those of a generation. False, too, if others have come since.
    pub fn begin_after(&self, generation: Option<u64>) -> bool {
        let mut state = self.lock();
        // It changes under the lock only.
        self.generation() == generation && !std::mem::replace(&mut state.is_fetching, true)
    }

    /// Takes keys that were fetched. False: they are none.
    pub fn take(&self, text: &[u8], now_s: u64) -> bool {
        let mut state = self.lock();
        // The same keys again: tokens that were verified with them stay so.
        if state.keys.is_none() || state.text != text {
            let Some(keys) = std::str::from_utf8(text).ok().and_then(|text| Keys::parse(text).ok()) else {
                return false;
            };
            state.keys = Some(Arc::new(keys));
            state.text = text.to_vec();
            self.generation.store(GENERATIONS.fetch_add(1, Relaxed), Relaxed);
        }
        self.expires_s
            .store(now_s + self.config.cache_ms.div_ceil(1_000), Relaxed);
        true
    }

    /// Ends what [`KeySource::begin`] began, however it went. Keys that were known stay.
    pub fn end(&self, is_fetched: bool, now_s: u64) {
        let quiet_until_s = if is_fetched {
            0
        } else {
            now_s + self.config.failed_refetch_ms.div_ceil(1_000)
        };
        self.quiet_until_s.store(quiet_until_s, Relaxed);
        let mut state = self.lock();
        state.is_fetching = false;
        state.ended += 1;
        let waiting = std::mem::take(&mut state.waiting);
        drop(state);
        for waker in waiting {
            waker.wake();
        }
    }

    /// Fetches that have ended so far.
    pub fn ended(&self) -> u64 {
        self.lock().ended
    }

    /// Ready once more than `seen` fetches have ended, or too many wait for it.
    pub fn poll_ended(&self, cx: &Context<'_>, seen: u64) -> Poll<()> {
        let mut state = self.lock();
        if state.ended > seen || !state.is_fetching {
            return Poll::Ready(());
        }
        if state.waiting.iter().any(|other| other.will_wake(cx.waker())) {
            return Poll::Pending;
        }
        if state.waiting.len() >= MAX_WAITING {
            return Poll::Ready(());
        }
        state.waiting.push(cx.waker().clone());
        Poll::Pending
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// What a decision needs that is not here.
#[derive(Debug, Default)]
pub struct Wanted {
    /// Fetching was tried: decide with what there is.
    pub has_fetched: bool,
    /// What is to be fetched before deciding again.
    pub sources: Vec<Lack>,
}

/// Keys that are too old, or a key that was not among them.
#[derive(Clone, Debug)]
pub struct Lack {
    /// Where they are.
    pub source: Arc<KeySource>,
    /// Of the keys that were looked at.
    pub generation: Option<u64>,
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::jwt::keys::symmetric;

    fn source() -> KeySource {
        KeySource::new(RemoteJwks {
            uri: "https://login.example.com/keys?v=1".into(),
            cluster: "login".into(),
            cache_ms: 10_000,
            ..RemoteJwks::default()
        })
    }

    #[test]
    fn keys_are_asked_for_where_their_address_says() {
        let call = source().call();
        assert_eq!(
            (&*call.authority, &*call.path),
            (&b"login.example.com"[..], &b"/keys?v=1"[..])
        );
    }

    #[test]
    fn who_lacked_keys_that_others_have_fetched_meanwhile_does_not_fetch_them_again() {
        let source = source();
        let lacked = source.generation();
        assert!(source.begin_after(lacked) && source.take(symmetric("a", "secret").as_bytes(), 100));
        source.end(true, 100);
        assert!(!source.begin_after(lacked));
        assert!(source.begin_after(source.generation()));
    }

    #[test]
    fn keys_are_fetched_when_they_are_old_and_stay_where_that_fails() {
        let source = source();
        assert!(source.is_due(100) && source.begin() && !source.begin() && !source.begin_after(None));
        assert!(source.take(symmetric("a", "secret").as_bytes(), 100));
        source.end(true, 100);
        assert!(!source.is_due(109) && source.is_due(110));
        let generation = source.generation();
        assert!(source.begin() && !source.take(b"<html>", 110));
        source.end(false, 110);
        assert!(!source.is_due(110), "not again at once");
        assert!(source.is_due(111));
        assert_eq!((source.generation(), source.keys().is_some()), (generation, true));
    }

    #[test]
    fn unknown_keys_cause_few_fetches() {
        let source = source();
        let count = |now_s| (0..100).filter(|_| source.may_refetch(now_s)).count();
        assert_eq!((count(100), count(129), count(130)), (3, 0, 3));
    }

    #[test]
    fn the_same_keys_again_are_no_new_ones() {
        let source = source();
        let text = symmetric("a", "secret");
        assert!(source.take(text.as_bytes(), 1));
        let first = source.generation();
        assert!(source.take(text.as_bytes(), 2));
        assert_eq!(source.generation(), first);
        assert!(source.take(symmetric("b", "other").as_bytes(), 3));
        assert_ne!(source.generation(), first);
    }
}
