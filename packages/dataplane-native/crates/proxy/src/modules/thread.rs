//! A thread that filters run on, as the engine sees it.

use std::{
    collections::HashMap,
    sync::{
        Arc, Mutex, MutexGuard, PoisonError,
        atomic::{AtomicU32, Ordering::Relaxed},
        mpsc,
    },
    task::{Context, Poll, Waker},
    time::{Duration, Instant},
};

use filter::{
    call::CallFailure,
    module::{Answers, Frame},
};
use foldhash::fast::FixedState;

use super::Hook;

/// Calls that a thread has not answered, at most.
const MAX_CALLS: usize = 1024;
/// Bytes that a thread has not taken, at most.
const MAX_BYTES: usize = 32 * 1024 * 1024;

type Result<T> = std::result::Result<T, CallFailure>;

pub(super) struct Thread {
    state: Mutex<State>,
    calls: AtomicU32,
    wake: Hook,
    on_hang: Hook,
}

#[derive(Default)]
struct State {
    questions: Vec<u8>,
    /// When it was woken to take them, until it does.
    woken: Option<Instant>,
    waiting: HashMap<u32, Waiter, FixedState>,
    has_ended: bool,
}

impl State {
    /// Whether it has to be woken: it was not since it came last.
    fn is_to_be_woken(&mut self) -> bool {
        if self.woken.is_some() {
            return false;
        }
        self.woken = Some(Instant::now());
        true
    }
}

/// Who waits for an answer.
pub(super) enum Waiter {
    Nobody,
    /// The control thread.
    Loader(mpsc::Sender<Result<Vec<u8>>>),
    Request(Arc<Slot>),
}

/// Where a request finds its answer.
#[derive(Default)]
pub(super) struct Slot(Mutex<SlotState>);

#[derive(Default)]
struct SlotState {
    result: Option<Result<Vec<u8>>>,
    waker: Option<Waker>,
}

impl Slot {
    pub(super) fn poll(&self, cx: &Context<'_>) -> Poll<Result<Vec<u8>>> {
        let mut state = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(result) = state.result.take() {
            return Poll::Ready(result);
        }
        if !state.waker.as_ref().is_some_and(|waker| waker.will_wake(cx.waker())) {
            state.waker = Some(cx.waker().clone());
        }
        Poll::Pending
    }

    fn put(&self, result: Result<Vec<u8>>) {
        let waker = {
            let mut state = self.0.lock().unwrap_or_else(PoisonError::into_inner);
            state.result = Some(result);
            state.waker.take()
        };
        if let Some(waker) = waker {
            waker.wake();
        }
    }
}

impl Waiter {
    fn tell(self, result: Result<Vec<u8>>) {
        match self {
            Self::Nobody => {}
            Self::Loader(sender) => {
                let _ = sender.send(result);
            }
            Self::Request(slot) => slot.put(result),
        }
    }
}

impl Thread {
    pub(super) fn new(wake: Hook, on_hang: Hook) -> Self {
        Self {
            state: Mutex::default(),
            calls: AtomicU32::new(0),
            wake,
            on_hang,
        }
    }

    /// Calls that it has not answered.
    pub(super) fn calls(&self) -> u32 {
        self.calls.load(Relaxed)
    }

    /// Asks it. Many questions are one wakeup: the first that it has not taken wakes it.
    pub(super) fn send(&self, frame: &mut Frame, call: u32, waiter: Waiter) -> Result<()> {
        let bytes = frame.of_call(call);
        let wakes = {
            let mut state = self.lock();
            if state.has_ended {
                return Err(CallFailure::Unavailable("filter_thread_missing"));
            }
            if !matches!(waiter, Waiter::Nobody) {
                let is_request = matches!(waiter, Waiter::Request(_));
                let is_full = state.waiting.len() >= MAX_CALLS || state.questions.len() + bytes.len() > MAX_BYTES;
                if is_request && is_full {
                    return Err(CallFailure::Unavailable("filter_thread_overflow"));
                }
                state.waiting.insert(call, waiter);
                self.calls.store(state.waiting.len() as u32, Relaxed);
            }
            state.questions.extend_from_slice(bytes);
            state.is_to_be_woken()
        };
        if wakes {
            (self.wake)();
        }
        Ok(())
    }

    /// Wakes it, so that it shows whether it hangs.
    pub(super) fn poke(&self) {
        let wakes = {
            let mut state = self.lock();
            !state.has_ended && state.is_to_be_woken()
        };
        if wakes {
            (self.wake)();
        }
    }

    pub(super) fn take(&self) -> Vec<u8> {
        let mut state = self.lock();
        state.woken = None;
        std::mem::take(&mut state.questions)
    }

    pub(super) fn answer(&self, batch: &[u8]) {
        let answered: Vec<_> = {
            let mut state = self.lock();
            let answered = Answers::new(batch)
                .filter_map(|(call, answer)| Some((state.waiting.remove(&call)?, answer)))
                .collect();
            self.calls.store(state.waiting.len() as u32, Relaxed);
            answered
        };
        for (waiter, answer) in answered {
            waiter.tell(Ok(answer.to_vec()));
        }
    }

    /// Nobody waits for that call any more.
    pub(super) fn forget(&self, call: u32) {
        let mut state = self.lock();
        state.waiting.remove(&call);
        self.calls.store(state.waiting.len() as u32, Relaxed);
    }

    /// Whether it was woken so long ago and has not come.
    pub(super) fn hangs_for(&self, limit: Duration) -> bool {
        self.lock().woken.is_some_and(|woken| woken.elapsed() >= limit)
    }

    pub(super) fn tell_of_hang(&self) {
        (self.on_hang)();
    }

    /// It is asked nothing any more; what it was asked has failed.
    pub(super) fn end(&self) {
        let waiting = {
            let mut state = self.lock();
            state.has_ended = true;
            state.questions = Vec::new();
            std::mem::take(&mut state.waiting)
        };
        self.calls.store(0, Relaxed);
        for waiter in waiting.into_values() {
            waiter.tell(Err(CallFailure::Unavailable("filter_thread_lost")));
        }
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        // Nothing panics while it is held, so a poisoned state is whole.
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
