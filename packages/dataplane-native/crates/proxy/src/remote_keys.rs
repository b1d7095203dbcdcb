//! Fetching keys that tokens are verified with: one fetch for all workers, by the worker that needs it first.

use std::{
    collections::HashMap,
    future::poll_fn,
    rc::Rc,
    sync::{Arc, Mutex, PoisonError, Weak},
    time::Duration,
};

use config::RemoteJwks;
use filter::jwt::KeySource;

use crate::{side_call, worker::Worker};

/// All sources that are in use: one for each place where keys are, so that a new configuration keeps them.
#[derive(Default)]
pub(crate) struct KeySources {
    list: Mutex<HashMap<RemoteJwks, Entry>>,
}

struct Entry {
    source: Weak<KeySource>,
    /// A task fetches its keys ahead.
    is_driven: bool,
}

impl KeySources {
    /// The source of keys, a new one if it is in no use.
    pub(crate) fn get(&self, config: &RemoteJwks) -> Arc<KeySource> {
        let mut list = self.list.lock().unwrap_or_else(PoisonError::into_inner);
        list.retain(|_, entry| entry.source.strong_count() > 0);
        if let Some(source) = list.get(config).and_then(|entry| entry.source.upgrade()) {
            return source;
        }
        let source = Arc::new(KeySource::new(config.clone()));
        let entry = Entry {
            source: Arc::downgrade(&source),
            is_driven: false,
        };
        list.insert(config.clone(), entry);
        source
    }

    /// Sources whose keys are to be fetched ahead and that nobody does that for yet.
    fn take_ahead(&self) -> Vec<Weak<KeySource>> {
        let mut list = self.list.lock().unwrap_or_else(PoisonError::into_inner);
        let new = list
            .iter_mut()
            .filter(|(config, entry)| config.is_ahead && !entry.is_driven);
        new.map(|(_, entry)| {
            entry.is_driven = true;
            entry.source.clone()
        })
        .collect()
    }
}

/// Begins to fetch keys ahead for sources that are new.
pub(crate) fn fetch_ahead(worker: &Rc<Worker>) {
    for source in worker.shared.key_sources.take_ahead() {
        tokio::task::spawn_local(drive(Rc::clone(worker), source));
    }
}

/// Fetches keys again and again, as long as somebody uses them.
async fn drive(worker: Rc<Worker>, source: Weak<KeySource>) {
    let timer = worker.timers.timer();
    loop {
        let Some(used) = source.upgrade() else { return };
        let seen = used.ended();
        start(&worker, &used);
        poll_fn(|cx| used.poll_ended(cx, seen)).await;
        let config = used.config();
        let wait_ms = if used.is_fresh(now_s()) {
            // A little before they are too old, so that no request waits.
            config.cache_ms - (config.cache_ms / 10).min(5_000)
        } else {
            config.failed_refetch_ms
        };
        drop(used);
        timer.sleep(Duration::from_millis(wait_ms.max(10))).await;
    }
}

fn now_s() -> u64 {
    telemetry::unix_micros() as u64 / 1_000_000
}

/// Fetches the keys unless somebody does already.
fn start(worker: &Rc<Worker>, source: &Arc<KeySource>) {
    if source.begin() {
        tokio::task::spawn_local(fetch(Rc::clone(worker), Fetch(Arc::clone(source), false)));
    }
}

/// The same for a request that lacked a key of a generation, unless another worker has just fetched younger ones. The
/// fetch goes on if who asked for it leaves.
pub(crate) fn start_after(worker: &Rc<Worker>, source: &Arc<KeySource>, generation: Option<u64>) {
    if source.begin_after(generation) {
        tokio::task::spawn_local(fetch(Rc::clone(worker), Fetch(Arc::clone(source), false)));
    }
}

/// A fetch that ends, whatever becomes of it.
struct Fetch(Arc<KeySource>, bool);

impl Drop for Fetch {
    fn drop(&mut self) {
        self.0.end(self.1, now_s());
    }
}

async fn fetch(worker: Rc<Worker>, mut fetch: Fetch) {
    let source = Arc::clone(&fetch.0);
    let config = source.config();
    let call = source.call();
    let timer = worker.timers.timer();
    for attempt in 0..=config.retries {
        if attempt > 0 {
            let most = config
                .retry_interval_ms
                .saturating_mul(1 << (attempt - 1).min(16))
                .min(config.max_retry_interval_ms);
            timer.sleep(Duration::from_millis(fastrand::u64(0..=most))).await;
        }
        if let Ok(answer) = side_call::call(&worker, &call).await
            && answer.status == 200
            && source.take(&answer.body, now_s())
        {
            fetch.1 = true;
            return;
        }
    }
}
