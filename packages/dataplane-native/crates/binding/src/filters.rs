//! Threads of Node that run filters of users. They find their proxy by its number: a handle belongs to the thread that made it.

use std::collections::HashMap;
use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, Weak};

use napi::bindgen_prelude::{Function, Unknown};
use napi::threadsafe_function::{ThreadsafeFunction, ThreadsafeFunctionCallMode};
use napi::{Result, Status};
use proxy::FilterThread;

use crate::errors::Failure;
use crate::handle::Running;

/// Proxies of this process, by number.
static PROXIES: Mutex<Option<HashMap<u32, Weak<Running>>>> = Mutex::new(None);
static LAST_NUMBER: AtomicU32 = AtomicU32::new(0);

/// Unreferenced: neither a wakeup nor a thread that hangs keeps anybody alive. More than one wakeup at a time is one.
type Wakeup = ThreadsafeFunction<(), Unknown<'static>, (), Status, false, true, 4>;
type HangListener = ThreadsafeFunction<u32, Unknown<'static>, u32, Status, false, true, 16>;

/// Who is told which thread hangs.
#[derive(Default)]
pub(crate) struct Hangs(Mutex<Option<HangListener>>);

impl Hangs {
    pub(crate) fn listen(&self, callback: &Function<'_, u32, Unknown<'static>>) -> Result<()> {
        let listener = callback
            .build_threadsafe_function::<u32>()
            .weak::<true>()
            .max_queue_size::<16>()
            .build()?;
        *lock(&self.0) = Some(listener);
        Ok(())
    }

    pub(crate) fn close(&self) {
        *lock(&self.0) = None;
    }

    fn tell(&self, thread: u32) {
        if let Some(listener) = &*lock(&self.0) {
            listener.call(thread, ThreadsafeFunctionCallMode::NonBlocking);
        }
    }
}

/// A thread's place at a proxy, as JavaScript on that thread holds it.
#[allow(
    unreachable_pub,
    reason = "exported functions take it: napi's macros make them public"
)]
pub struct FilterPlace {
    pub(crate) attached: Arc<Mutex<Option<FilterThread>>>,
}

impl FilterPlace {
    /// The questions since the last call.
    pub(crate) fn take(&self) -> Vec<u8> {
        lock(&self.attached)
            .as_ref()
            .map(FilterThread::take)
            .unwrap_or_default()
    }

    pub(crate) fn answer(&self, batch: &[u8]) {
        if let Some(thread) = &*lock(&self.attached) {
            thread.answer(batch);
        }
    }
}

/// Gives a proxy a number by which other threads of the process find it.
pub(crate) fn register(running: &Arc<Running>) -> u32 {
    let number = LAST_NUMBER.fetch_add(1, Ordering::Relaxed) + 1;
    let mut proxies = lock(&PROXIES);
    let proxies = proxies.get_or_insert_default();
    proxies.retain(|_, proxy| proxy.strong_count() > 0);
    proxies.insert(number, Arc::downgrade(running));
    number
}

/// Gives the calling thread, which its proxy calls `thread`, a place at the proxy of that number; `wake` is called there.
pub(crate) fn attach(
    proxy: u32,
    thread: u32,
    wake: &Function<'_, (), Unknown<'static>>,
) -> Result<std::result::Result<FilterPlace, Failure>> {
    let running = lock(&PROXIES)
        .as_ref()
        .and_then(|proxies| proxies.get(&proxy)?.upgrade());
    let Some(running) = running else {
        return Ok(Err(Failure::stopped()));
    };
    let wakeup: Wakeup = wake
        .build_threadsafe_function::<()>()
        .weak::<true>()
        .max_queue_size::<4>()
        .build()?;
    let hangs = Arc::downgrade(&running);
    let attached = running.check().map(|proxy| {
        proxy.attach_filter_thread(
            Box::new(move || {
                wakeup.call((), ThreadsafeFunctionCallMode::NonBlocking);
            }),
            Box::new(move || {
                if let Some(running) = hangs.upgrade() {
                    running.hangs.tell(thread);
                }
            }),
        )
    });
    Ok(attached.map(|attached| FilterPlace {
        attached: Arc::new(Mutex::new(Some(attached))),
    }))
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    // Nothing panics while one is held, so what is poisoned is whole.
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
