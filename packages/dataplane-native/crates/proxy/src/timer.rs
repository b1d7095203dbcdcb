//! Timers of a worker: one sleep of the runtime for all of them.
//!
//! A connection sets a new deadline several times a request and nearly none is ever reached. So setting one is a store
//! into the timer's slot; the queue holds an entry per timer at a time not later than its deadline, and looks at the
//! slot when that comes.

use std::{
    cell::{Cell, RefCell},
    cmp::Reverse,
    collections::BinaryHeap,
    future::poll_fn,
    rc::Rc,
    task::{Context, Poll, Waker},
    time::{Duration, Instant},
};

use slab::Slab;

/// Deadlines are rounded up to this, so that timers of many connections share wakeups.
const TICK_MS: u64 = 4;

/// No deadline.
const NEVER: u64 = u64::MAX;

/// The timers of one worker.
pub(crate) struct Timers {
    start: Instant,
    slots: RefCell<Slab<Slot>>,
    queue: RefCell<BinaryHeap<Reverse<(u64, usize)>>>,
    recent_us: Cell<u64>,
    /// When the driver wakes up next.
    next: Cell<u64>,
    driver: RefCell<Option<Waker>>,
}

struct Slot {
    deadline: u64,
    /// The queue entry that counts; others of this slot are outdated.
    queued: u64,
    has_fired: bool,
    waker: Option<Waker>,
}

impl Timers {
    pub(crate) fn new() -> Rc<Self> {
        Rc::new(Self {
            start: Instant::now(),
            slots: RefCell::default(),
            queue: RefCell::default(),
            recent_us: Cell::new(0),
            next: Cell::new(NEVER),
            driver: RefCell::default(),
        })
    }

    /// Milliseconds since the worker began.
    pub(crate) fn now_ms(&self) -> u64 {
        self.start.elapsed().as_millis() as u64
    }

    /// Microseconds since the worker began.
    pub(crate) fn now_us(&self) -> u64 {
        let now = self.start.elapsed().as_micros() as u64;
        self.recent_us.set(now);
        now
    }

    /// Milliseconds when somebody last looked at the clock in microseconds: good enough between two requests.
    pub(crate) fn recent_ms(&self) -> u64 {
        self.recent_us.get() / 1000
    }

    /// A timer without a deadline.
    pub(crate) fn timer(self: &Rc<Self>) -> Timer {
        let slot = Slot {
            deadline: NEVER,
            queued: NEVER,
            has_fired: false,
            waker: None,
        };
        Timer {
            key: self.slots.borrow_mut().insert(slot),
            timers: Rc::clone(self),
        }
    }

    /// Wakes every task that waits with a deadline, without its deadline having passed.
    pub(crate) fn wake_all(&self) {
        for (_, slot) in self.slots.borrow_mut().iter_mut() {
            if let Some(waker) = slot.waker.take() {
                waker.wake();
            }
        }
    }

    /// Fires timers until the worker ends.
    pub(crate) async fn drive(self: Rc<Self>) {
        let sleep = tokio::time::sleep(Duration::from_secs(86_400));
        tokio::pin!(sleep);
        let mut armed = NEVER;
        poll_fn(|cx| {
            loop {
                *self.driver.borrow_mut() = Some(cx.waker().clone());
                let next = self.fire();
                self.next.set(next);
                if next == NEVER {
                    return Poll::<()>::Pending;
                }
                if next != armed {
                    armed = next;
                    sleep
                        .as_mut()
                        .reset(tokio::time::Instant::from_std(self.start + Duration::from_millis(next)));
                }
                if sleep.as_mut().poll(cx).is_pending() {
                    return Poll::Pending;
                }
                armed = NEVER;
            }
        })
        .await;
    }

    /// Wakes what is due and says when the next entry is.
    fn fire(&self) -> u64 {
        let now = self.now_ms();
        let mut slots = self.slots.borrow_mut();
        let mut queue = self.queue.borrow_mut();
        while let Some(&Reverse((at, key))) = queue.peek() {
            if at > now {
                return at;
            }
            queue.pop();
            let Some(slot) = slots.get_mut(key).filter(|slot| slot.queued == at) else {
                continue;
            };
            if slot.deadline <= now {
                slot.queued = NEVER;
                slot.has_fired = true;
                if let Some(waker) = slot.waker.take() {
                    waker.wake();
                }
            } else if slot.deadline == NEVER {
                slot.queued = NEVER;
            } else {
                slot.queued = slot.deadline;
                queue.push(Reverse((slot.deadline, key)));
            }
        }
        NEVER
    }
}

/// One deadline at a time, of one task.
pub(crate) struct Timer {
    timers: Rc<Timers>,
    key: usize,
}

impl Timer {
    /// Replaces the deadline: milliseconds as [`Timers::now_ms`] counts them.
    pub(crate) fn set(&self, deadline_ms: Option<u64>) {
        let mut slots = self.timers.slots.borrow_mut();
        let slot = &mut slots[self.key];
        slot.has_fired = false;
        slot.deadline = deadline_ms.map_or(NEVER, |at| at.div_ceil(TICK_MS) * TICK_MS);
        if slot.deadline < slot.queued {
            slot.queued = slot.deadline;
            self.timers.queue.borrow_mut().push(Reverse((slot.deadline, self.key)));
            if slot.deadline < self.timers.next.get()
                && let Some(driver) = self.timers.driver.borrow().as_ref()
            {
                driver.wake_by_ref();
            }
        }
    }

    /// Milliseconds as the worker counts them.
    pub(crate) fn now_ms(&self) -> u64 {
        self.timers.now_ms()
    }

    /// Whether the deadline has passed.
    pub(crate) fn has_fired(&self) -> bool {
        self.timers.slots.borrow()[self.key].has_fired
    }

    /// Ready once the deadline has passed.
    pub(crate) fn poll_expired(&self, cx: &Context<'_>) -> Poll<()> {
        let mut slots = self.timers.slots.borrow_mut();
        let slot = &mut slots[self.key];
        if slot.has_fired {
            return Poll::Ready(());
        }
        if !slot.waker.as_ref().is_some_and(|waker| waker.will_wake(cx.waker())) {
            slot.waker = Some(cx.waker().clone());
        }
        Poll::Pending
    }

    /// Waits for the duration.
    pub(crate) async fn sleep(&self, duration: Duration) {
        self.set(Some(self.timers.now_ms() + duration.as_millis() as u64));
        poll_fn(|cx| self.poll_expired(cx)).await;
        self.set(None);
    }
}

impl Drop for Timer {
    fn drop(&mut self) {
        // Its queue entry, if there is one, meets a slot that is empty or another's with another time.
        self.timers.slots.borrow_mut().try_remove(self.key);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn run<F: Future<Output = ()>>(test: impl FnOnce(Rc<Timers>) -> F) {
        let runtime = tokio::runtime::Builder::new_current_thread()
            .enable_time()
            .build()
            .unwrap();
        let local = tokio::task::LocalSet::new();
        local.block_on(&runtime, async {
            let timers = Timers::new();
            tokio::task::spawn_local(Rc::clone(&timers).drive());
            test(timers).await;
        });
    }

    #[test]
    fn a_timer_fires_after_its_deadline_and_not_before() {
        run(async |timers| {
            let timer = timers.timer();
            let before = timers.now_ms();
            timer.sleep(Duration::from_millis(20)).await;
            assert!(timers.now_ms() >= before + 20);
        });
    }

    #[test]
    fn a_deadline_that_moves_later_leaves_one_entry_in_the_queue() {
        run(async |timers| {
            let timer = timers.timer();
            for later in 0..1000 {
                timer.set(Some(timers.now_ms() + 50_000 + later));
            }
            assert_eq!(timers.queue.borrow().len(), 1);
            timer.set(Some(timers.now_ms() + 8));
            poll_fn(|cx| timer.poll_expired(cx)).await;
        });
    }

    #[test]
    fn the_slot_of_a_dropped_timer_can_be_used_by_another() {
        run(async |timers| {
            let first = timers.timer();
            first.set(Some(timers.now_ms() + 4));
            drop(first);
            let second = timers.timer();
            let start = timers.now_ms();
            second.sleep(Duration::from_millis(30)).await;
            assert!(timers.now_ms() >= start + 30);
        });
    }
}
