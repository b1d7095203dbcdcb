//! Filters that users write, and the threads of Node that run them.
//!
//! The engine knows no JavaScript: a thread is somebody who was told to wake up, takes a batch of questions and gives back a
//! batch of answers. What is configured is an *instance* of a module: every thread has it, and any of them may be asked.

mod stats;
mod thread;

use std::{
    collections::BTreeMap,
    future::poll_fn,
    sync::{
        Arc, Condvar, Mutex, MutexGuard, PoisonError,
        atomic::{AtomicU32, AtomicU64, Ordering::Relaxed},
        mpsc,
    },
    task::Poll,
    time::{Duration, Instant},
};

use arc_swap::ArcSwap;
use config::{FilterModule, Invalid};
use filter::{
    call::CallFailure,
    ext_proc::Phase,
    module::{self, Abilities, Frame},
};

use crate::worker::Worker;
use stats::ModuleStats;
use thread::{Slot, Thread, Waiter};

/// Time for loading a module on all threads, waiting for a thread included.
const LOAD_TIMEOUT: Duration = Duration::from_secs(10);

/// A thread that has not looked at its questions for so long hangs.
const HANG_LIMIT: Duration = Duration::from_secs(2);

/// Modules that are counted by name.
const MAX_COUNTED: usize = 256;

/// All filters of a proxy that users wrote, and the threads that run them.
#[derive(Default)]
pub(crate) struct Modules {
    /// Threads that there should be; with none no module is loaded.
    wanted_threads: u32,
    /// Modules are taken by their names.
    are_assumed: bool,
    threads: ArcSwap<Vec<Arc<Thread>>>,
    registry: Mutex<Registry>,
    thread_came: Condvar,
    next_call: AtomicU32,
    threads_lost: AtomicU64,
}

/// What changes with the configuration.
#[derive(Default)]
struct Registry {
    /// What a new thread has to load, by instance.
    specs: BTreeMap<u32, Spec>,
    last_instance: u32,
    stats: BTreeMap<Arc<str>, Arc<ModuleStats>>,
}

/// What an instance is made of.
struct Spec {
    module: Arc<str>,
    /// JSON; empty is none.
    config: String,
}

/// A module that is loaded, with a configuration. The threads forget it when it is dropped.
pub(crate) struct Instance {
    id: u32,
    abilities: Abilities,
    stats: Arc<ModuleStats>,
    modules: Arc<Modules>,
}

impl Instance {
    /// For asking it as it is configured.
    pub(crate) fn settings<'a>(&self, config: &'a FilterModule) -> module::Settings<'a> {
        module::Settings::new(config, self.abilities, self.id)
    }
}

impl Drop for Instance {
    fn drop(&mut self) {
        self.modules.registry().specs.remove(&self.id);
        self.modules.forget(self.id);
    }
}

impl Modules {
    pub(crate) fn new(wanted_threads: u32, are_assumed: bool) -> Self {
        Self {
            wanted_threads,
            are_assumed,
            ..Self::default()
        }
    }

    /// Loads a module on every thread, with its configuration. None: the configuration names no module.
    pub(crate) fn load(self: &Arc<Self>, config: &FilterModule) -> Result<Option<Arc<Instance>>, Invalid> {
        config.check()?;
        if config.module.is_empty() {
            return Ok(None);
        }
        if self.are_assumed {
            return Ok(Some(Arc::new(Instance {
                id: 0,
                abilities: Abilities::default(),
                stats: Arc::default(),
                modules: Arc::clone(self),
            })));
        }
        if self.wanted_threads == 0 {
            return Err(Invalid::new(
                "this proxy loads no filter modules; its operator has to name the folder that they are in (filterModules)",
            )
            .field("module"));
        }
        let end = Instant::now() + LOAD_TIMEOUT;
        let spec = Spec {
            module: Arc::clone(&config.module),
            config: config.config.as_ref().map_or_else(String::new, ToString::to_string),
        };
        let (id, mut frame, stats) = {
            let mut registry = self.registry();
            registry.last_instance = registry.last_instance.wrapping_add(1);
            let id = registry.last_instance;
            let frame = module::load_frame(id, &spec.module, &spec.config);
            registry.specs.insert(id, spec);
            (id, frame, registry.stats_of(&config.module))
        };
        match self.load_everywhere(&mut frame, end) {
            Ok(abilities) => Ok(Some(Arc::new(Instance {
                id,
                abilities,
                stats,
                modules: Arc::clone(self),
            }))),
            Err(invalid) => {
                self.registry().specs.remove(&id);
                self.forget(id);
                Err(invalid)
            }
        }
    }

    fn load_everywhere(&self, frame: &mut Frame, end: Instant) -> Result<Abilities, Invalid> {
        let problem = |message: &str| Invalid::new(message).field("module");
        let (send, answers) = mpsc::channel();
        let mut asked = 0;
        for thread in &*self.await_threads(end) {
            let call = self.next_call();
            if thread.send(frame, call, Waiter::Loader(send.clone())).is_ok() {
                asked += 1;
            }
        }
        drop(send);
        let mut abilities = None;
        for _ in 0..asked {
            let left = end.saturating_duration_since(Instant::now());
            match answers.recv_timeout(left) {
                Ok(Ok(answer)) => abilities = Some(module::loaded(&answer)?),
                // The thread ended. The one that follows it loads what is known then.
                Ok(Err(_)) => {}
                Err(_) => {
                    for thread in &**self.threads.load() {
                        thread.poke();
                    }
                    return Err(problem("was not loaded within 10 s"));
                }
            }
        }
        abilities.ok_or_else(|| problem("no thread for filters is running; see the proxy's log"))
    }

    /// The threads, once there is one.
    fn await_threads(&self, end: Instant) -> Arc<Vec<Arc<Thread>>> {
        let mut registry = self.registry();
        loop {
            let threads = self.threads.load_full();
            let left = end.saturating_duration_since(Instant::now());
            if !threads.is_empty() || left.is_zero() {
                return threads;
            }
            registry = self
                .thread_came
                .wait_timeout(registry, left)
                .unwrap_or_else(PoisonError::into_inner)
                .0;
        }
    }

    /// Takes a thread that is to be woken by `wake`; `on_hang` is told once where it does not take its questions any more.
    pub(crate) fn attach(self: &Arc<Self>, wake: Hook, on_hang: Hook) -> FilterThread {
        let thread = Arc::new(Thread::new(wake, on_hang));
        let registry = self.registry();
        for (id, spec) in &registry.specs {
            let mut frame = module::load_frame(*id, &spec.module, &spec.config);
            let _ = thread.send(&mut frame, 0, Waiter::Nobody);
        }
        let mut threads = (**self.threads.load()).clone();
        threads.push(Arc::clone(&thread));
        self.threads.store(Arc::new(threads));
        drop(registry);
        self.thread_came.notify_all();
        FilterThread {
            thread,
            modules: Arc::clone(self),
        }
    }

    fn detach(&self, thread: &Arc<Thread>) {
        let registry = self.registry();
        let before = self.threads.load();
        let threads: Vec<_> = before
            .iter()
            .filter(|other| !Arc::ptr_eq(other, thread))
            .cloned()
            .collect();
        if threads.len() < before.len() {
            self.threads.store(Arc::new(threads));
            self.threads_lost.fetch_add(1, Relaxed);
        }
        drop(registry);
        thread.end();
    }

    /// Gives up threads that hang. Called by the control thread now and then.
    pub(crate) fn watch(&self) {
        if self.wanted_threads == 0 {
            return;
        }
        for thread in &**self.threads.load() {
            if thread.hangs_for(HANG_LIMIT) {
                self.detach(thread);
                thread.tell_of_hang();
            }
        }
    }

    /// Counters in Prometheus' text format.
    pub(crate) fn gauges(&self, out: &mut String) {
        if self.wanted_threads == 0 {
            return;
        }
        let lost = self.threads_lost.load(Relaxed);
        let running = self.threads.load().len();
        stats::write(out, &self.registry().stats, running, lost);
    }

    /// Tells the threads that nobody needs an instance any more.
    fn forget(&self, instance: u32) {
        let mut frame = module::release_frame(instance);
        for thread in &**self.threads.load() {
            let _ = thread.send(&mut frame, 0, Waiter::Nobody);
        }
    }

    /// Numbers of calls; 0 is that of what nobody answers.
    fn next_call(&self) -> u32 {
        self.next_call.fetch_add(1, Relaxed).wrapping_add(1).max(1)
    }

    fn registry(&self) -> MutexGuard<'_, Registry> {
        // Nothing panics while it is held, so a poisoned registry is whole.
        self.registry.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Registry {
    fn stats_of(&mut self, module: &Arc<str>) -> Arc<ModuleStats> {
        let name = if self.stats.len() < MAX_COUNTED || self.stats.contains_key(module) {
            Arc::clone(module)
        } else {
            "".into()
        };
        Arc::clone(self.stats.entry(name).or_default())
    }
}

/// Asks a filter and waits for its answer. Dropped, nobody waits for it any more.
pub(crate) async fn ask(
    worker: &Worker,
    instance: &Instance,
    phase: Phase,
    question: Vec<u8>,
    timeout_ms: u64,
) -> Result<Vec<u8>, CallFailure> {
    let began_us = worker.timers.now_us();
    let result = exchange(worker, &instance.modules, question, timeout_ms).await;
    let took_us = worker.timers.now_us().saturating_sub(began_us);
    instance.stats.count(phase, &result, took_us);
    result
}

async fn exchange(
    worker: &Worker,
    modules: &Modules,
    question: Vec<u8>,
    timeout_ms: u64,
) -> Result<Vec<u8>, CallFailure> {
    let threads = modules.threads.load_full();
    let thread = threads
        .iter()
        .min_by_key(|thread| thread.calls())
        .ok_or(CallFailure::Unavailable("filter_thread_missing"))?;
    let slot = Arc::new(Slot::default());
    let call = modules.next_call();
    thread.send(&mut Frame::new(question), call, Waiter::Request(Arc::clone(&slot)))?;
    let _awaited = Awaited { thread, call };
    let timer = worker.timers.timer();
    timer.set(Some(timer.now_ms() + timeout_ms));
    let result = poll_fn(|cx| match slot.poll(cx) {
        Poll::Ready(result) => Poll::Ready(result),
        Poll::Pending => timer.poll_expired(cx).map(|()| Err(CallFailure::Timeout)),
    })
    .await;
    if result == Err(CallFailure::Timeout) {
        // Whether it is slow or hangs shows when it is to take something.
        thread.poke();
    }
    result
}

/// A call that somebody waits for.
struct Awaited<'a> {
    thread: &'a Thread,
    call: u32,
}

impl Drop for Awaited<'_> {
    fn drop(&mut self) {
        self.thread.forget(self.call);
    }
}

/// Something that a thread is told.
pub type Hook = Box<dyn Fn() + Send + Sync>;

/// A thread that runs filters of users. It has to take its questions whenever it is woken. Dropped, it is asked nothing any more, and
/// what it was asked has failed.
pub struct FilterThread {
    thread: Arc<Thread>,
    modules: Arc<Modules>,
}

impl FilterThread {
    /// The questions since the last call (frames of `filter::module`); empty if there are none.
    pub fn take(&self) -> Vec<u8> {
        self.thread.take()
    }

    /// Answers to questions, each behind the number of its call and its length.
    pub fn answer(&self, batch: &[u8]) {
        self.thread.answer(batch);
    }
}

impl Drop for FilterThread {
    fn drop(&mut self) {
        self.modules.detach(&self.thread);
    }
}
