//! Report batches on their way to JavaScript.

use std::collections::VecDeque;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use napi::bindgen_prelude::{Buffer, Function, Unknown};
use napi::threadsafe_function::{ThreadsafeFunction, ThreadsafeFunctionCallMode};
use napi::{Result, Status};

/// Batches kept until somebody listens; the oldest go first.
const MAX_WAITING: usize = 64;
/// How long the last report waits for a JavaScript thread that is busy.
const DELIVERY_TIMEOUT: Duration = Duration::from_secs(2);

/// Unreferenced, so that a proxy nobody waits for does not keep the process alive; bounded, so that a JavaScript thread
/// that hangs costs batches and not memory.
type Listener = ThreadsafeFunction<Vec<u8>, Unknown<'static>, Buffer, Status, false, true, 256>;

/// The way from the engine's reporter to the listener.
#[derive(Default)]
pub(crate) struct Events {
    state: Mutex<State>,
    on_the_way: Arc<OnTheWay>,
}

#[derive(Default)]
struct State {
    listener: Option<Listener>,
    waiting: VecDeque<Vec<u8>>,
}

/// Batches handed to Node that JavaScript has not seen.
#[derive(Default)]
struct OnTheWay {
    count: AtomicUsize,
    changed: Condvar,
    lock: Mutex<()>,
}

impl Events {
    /// Called by the reporter: hands a batch on, or keeps it.
    pub(crate) fn push(&self, batch: Vec<u8>) {
        let mut state = self.lock();
        if let Some(listener) = &state.listener {
            self.send(listener, batch);
            return;
        }
        if state.waiting.len() == MAX_WAITING {
            state.waiting.pop_front();
        }
        state.waiting.push_back(batch);
    }

    /// Replaces the listener, which gets what was kept for it.
    pub(crate) fn listen(&self, callback: &Function<'_, Buffer, Unknown<'static>>) -> Result<()> {
        let on_the_way = self.on_the_way.clone();
        let listener = callback
            .build_threadsafe_function::<Vec<u8>>()
            .weak::<true>()
            .max_queue_size::<256>()
            .build_callback(move |call| {
                on_the_way.arrived();
                Ok(Buffer::from(call.value))
            })?;
        let mut state = self.lock();
        for batch in std::mem::take(&mut state.waiting) {
            self.send(&listener, batch);
        }
        state.listener = Some(listener);
        Ok(())
    }

    /// Waits until JavaScript has seen all batches, but not for ever: its thread may be busy or gone.
    pub(crate) fn wait_until_delivered(&self) {
        let lock = self.on_the_way.lock.lock().unwrap_or_else(PoisonError::into_inner);
        let waiting = |(): &mut ()| self.on_the_way.count.load(Ordering::Acquire) > 0;
        let _ = self
            .on_the_way
            .changed
            .wait_timeout_while(lock, DELIVERY_TIMEOUT, waiting);
    }

    /// Lets go of the listener: nothing more can be delivered.
    pub(crate) fn close(&self) {
        self.lock().listener = None;
    }

    fn send(&self, listener: &Listener, batch: Vec<u8>) {
        self.on_the_way.count.fetch_add(1, Ordering::AcqRel);
        if listener.call(batch, ThreadsafeFunctionCallMode::NonBlocking) != Status::Ok {
            self.on_the_way.arrived();
        }
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        // Nothing panics while it is held, so a poisoned state is whole.
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl OnTheWay {
    fn arrived(&self) {
        self.count.fetch_sub(1, Ordering::AcqRel);
        let _lock = self.lock.lock().unwrap_or_else(PoisonError::into_inner);
        self.changed.notify_all();
    }
}
