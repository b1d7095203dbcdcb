//! Telling services what is used of their quotas, and taking over what they assign: one stream for all workers.

use std::{
    collections::HashMap,
    future::{Future as _, poll_fn},
    rc::Rc,
    sync::{Arc, Mutex, PoisonError, Weak},
    task::Poll,
    time::Duration,
};

use config::{GrpcService, QuotaFilter};
use filter::{call::CallFailure, quota::QuotaDomain};

use crate::{side_call::CallStream, timer::Timer, worker::Worker};

/// The largest answer of a service.
const MAX_ANSWER_BYTES: usize = 4 * 1024 * 1024;

/// Time until a stream is opened again after the first failure, and at most.
const RETRY_MS: (u64, u64) = (250, 30_000);

/// All domains that are in use: one for each service and name, so that a new configuration keeps what is assigned.
#[derive(Default)]
pub(crate) struct Quotas {
    list: Mutex<HashMap<Key, Entry>>,
}

#[derive(PartialEq, Eq, Hash)]
struct Key {
    cluster: Arc<str>,
    authority: Arc<str>,
    domain: Arc<str>,
    metadata: Vec<(String, Arc<str>)>,
}

struct Entry {
    domain: Weak<QuotaDomain>,
    /// A task tells its service.
    is_told: bool,
}

impl Quotas {
    /// The domain of a filter, a new one if it is in no use. None: the filter has no service.
    pub(crate) fn get(&self, config: &QuotaFilter) -> Option<Arc<QuotaDomain>> {
        let service = config.service.as_ref()?;
        let key = key(service, &config.domain);
        let mut list = self.list.lock().unwrap_or_else(PoisonError::into_inner);
        list.retain(|_, entry| entry.domain.strong_count() > 0);
        if let Some(domain) = list.get(&key).and_then(|entry| entry.domain.upgrade()) {
            return Some(domain);
        }
        let domain = Arc::new(QuotaDomain::new(service.clone(), Arc::clone(&config.domain)));
        let entry = Entry {
            domain: Arc::downgrade(&domain),
            is_told: false,
        };
        list.insert(key, entry);
        Some(domain)
    }

    /// Domains whose services nobody tells yet.
    fn take_new(&self) -> Vec<Weak<QuotaDomain>> {
        let mut list = self.list.lock().unwrap_or_else(PoisonError::into_inner);
        let new = list.values_mut().filter(|entry| !entry.is_told);
        new.map(|entry| {
            entry.is_told = true;
            entry.domain.clone()
        })
        .collect()
    }
}

fn key(service: &GrpcService, domain: &Arc<str>) -> Key {
    let metadata = service.initial_metadata.iter();
    Key {
        cluster: Arc::clone(&service.cluster),
        authority: Arc::clone(&service.authority),
        domain: Arc::clone(domain),
        metadata: metadata
            .map(|(name, value)| (name.as_str().to_owned(), Arc::clone(value)))
            .collect(),
    }
}

/// Begins to tell the services of domains that are new.
pub(crate) fn tell_new(worker: &Rc<Worker>) {
    for domain in worker.shared.quotas.take_new() {
        tokio::task::spawn_local(tell(Rc::clone(worker), domain));
    }
}

/// Why a stream is not waited for any longer.
enum Event {
    /// It is time for a report, or there is a new bucket.
    Report,
    /// What the service says; none: it has ended the stream.
    Said(Result<Option<Vec<u8>>, CallFailure>),
    /// Nobody uses the domain any more.
    Unused,
}

/// Tells a service, stream after stream, as long as somebody uses the domain.
async fn tell(worker: Rc<Worker>, domain: Weak<QuotaDomain>) {
    let timer = worker.timers.timer();
    let mut wait_ms = RETRY_MS.0;
    loop {
        // Without a bucket there is nothing to say.
        let is_used = poll_fn(|cx| match domain.upgrade() {
            None => Poll::Ready(false),
            Some(used) if !used.is_empty() => Poll::Ready(true),
            Some(used) => match used.poll_news(cx) {
                Poll::Ready(()) if !used.is_empty() => Poll::Ready(true),
                _ => Poll::Pending,
            },
        })
        .await;
        if !is_used {
            return;
        }
        let begin_ms = timer.now_ms();
        // In a box: it is large, and there is one of it.
        if !Box::pin(converse(&worker, &domain, &timer)).await {
            return;
        }
        // A stream that held for a while did not fail at its beginning.
        if timer.now_ms().saturating_sub(begin_ms) > RETRY_MS.1 {
            wait_ms = RETRY_MS.0;
        }
        timer
            .sleep(Duration::from_millis(wait_ms / 2 + fastrand::u64(0..=wait_ms / 2)))
            .await;
        wait_ms = (wait_ms * 2).min(RETRY_MS.1);
    }
}

/// Tells a service on one stream until that ends. False: nobody uses the domain any more.
async fn converse(worker: &Rc<Worker>, domain: &Weak<QuotaDomain>, timer: &Timer) -> bool {
    let Some((call, timeout_ms)) = domain.upgrade().map(|used| (used.stream(), used.timeout_ms())) else {
        return false;
    };
    let opening = CallStream::open(worker, &call);
    let Ok(mut stream) = in_time(timer, timeout_ms, opening).await else {
        return true;
    };
    if let Some(used) = domain.upgrade() {
        used.begin_stream();
    }
    let mut is_first = true;
    loop {
        let Some(used) = domain.upgrade() else { return false };
        let now_ms = worker.shared.now_ms();
        if let Some(report) = used.report(now_ms, is_first) {
            is_first = false;
            if in_time(timer, timeout_ms, stream.send(&report)).await.is_err() {
                return true;
            }
        }
        let due_ms = used.next_report_ms().map(|due| due.saturating_sub(now_ms).max(1));
        drop(used);
        timer.set(due_ms.map(|wait| timer.now_ms() + wait));
        let mut hearing = Box::pin(stream.receive(MAX_ANSWER_BYTES));
        let event = poll_fn(|cx| {
            if let Poll::Ready(said) = hearing.as_mut().poll(cx) {
                return Poll::Ready(Event::Said(said));
            }
            match domain.upgrade() {
                None => return Poll::Ready(Event::Unused),
                Some(used) if used.poll_news(cx).is_ready() => return Poll::Ready(Event::Report),
                Some(_) => {}
            }
            timer.poll_expired(cx).map(|()| Event::Report)
        })
        .await;
        drop(hearing);
        match event {
            Event::Report => {}
            Event::Unused => return false,
            Event::Said(Ok(Some(message))) => {
                let now_ms = worker.shared.now_ms();
                let taken = domain.upgrade().map(|used| used.take(&message, now_ms));
                if matches!(taken, Some(Err(_))) {
                    return true;
                }
            }
            Event::Said(_) => return true,
        }
    }
}

/// Waits, but not longer than that.
async fn in_time<T>(
    timer: &Timer,
    timeout_ms: u64,
    future: impl Future<Output = Result<T, CallFailure>>,
) -> Result<T, CallFailure> {
    let mut future = Box::pin(future);
    timer.set(Some(timer.now_ms() + timeout_ms));
    poll_fn(|cx| match future.as_mut().poll(cx) {
        Poll::Ready(result) => Poll::Ready(result),
        Poll::Pending => timer.poll_expired(cx).map(|()| Err(CallFailure::Timeout)),
    })
    .await
}
