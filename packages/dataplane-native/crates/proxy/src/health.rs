//! Active health checks: one checker for the whole proxy, on a thread of its own.
//!
//! Between two checks an endpoint is an entry in one queue; only a check that is under way is a task. Workers see the
//! result as a flag of the endpoint's state.

mod grpc;
mod http1;
mod http2;
mod probe;
mod record;
mod schedule;

use std::{
    cell::{Cell, RefCell},
    collections::HashMap,
    io,
    rc::Rc,
    sync::{Arc, atomic::Ordering::Relaxed},
    thread::JoinHandle,
    time::Duration,
};

use slab::Slab;
use tokio::{
    sync::{Notify, mpsc},
    task::LocalSet,
};

use crate::{
    cluster::CheckFailure,
    snapshot::{ClusterEntry, Snapshot},
    worker::Shared,
};

use probe::{Kept, probe};
use record::{Record, Transition, interval_ms};
use schedule::{Schedule, Slot};

/// Checks under way at once; the others wait for one of them to end.
const MAX_RUNNING: usize = 256;

/// What the control thread asks of the checker.
enum Command {
    /// Check the endpoints of this configuration from now on.
    Update(Arc<Snapshot>),
    /// End.
    Stop,
}

/// The handle on the checker's thread.
pub(crate) struct HealthChecker {
    commands: mpsc::UnboundedSender<Command>,
    thread: Option<JoinHandle<()>>,
}

impl HealthChecker {
    /// Starts the thread. `on_condemned` is called on it when connections of an endpoint are to be closed.
    pub(crate) fn start(shared: Arc<Shared>, on_condemned: impl Fn() + Send + 'static) -> io::Result<Self> {
        let (commands, receiver) = mpsc::unbounded_channel();
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
        let thread = std::thread::Builder::new()
            .name("fairlead-health".to_owned())
            .spawn(move || {
                let checker = Rc::new(Checker {
                    shared,
                    on_condemned: Box::new(on_condemned),
                    clusters: RefCell::default(),
                    checks: RefCell::default(),
                    schedule: RefCell::default(),
                    running: Cell::new(0),
                    serial: Cell::new(0),
                    wake: Notify::new(),
                });
                let local = LocalSet::new();
                local.block_on(&runtime, checker.run(receiver));
            })?;
        Ok(Self {
            commands,
            thread: Some(thread),
        })
    }

    /// Uses this configuration from now on.
    pub(crate) fn update(&self, snapshot: &Arc<Snapshot>) {
        let _ = self.commands.send(Command::Update(Arc::clone(snapshot)));
    }

    /// Ends the checker and waits for its thread.
    pub(crate) fn stop(&mut self) {
        let _ = self.commands.send(Command::Stop);
        if let Some(thread) = self.thread.take() {
            // A panic of the thread itself has been reported by the panic hook.
            let _ = thread.join();
        }
    }
}

/// An endpoint that is checked.
struct Check {
    serial: u64,
    cluster: Arc<ClusterEntry>,
    /// Its place among the cluster's endpoints.
    position: usize,
    record: Record,
    kept: Option<Kept>,
}

/// A cluster whose endpoints are checked.
struct Checked {
    entry: Arc<ClusterEntry>,
    /// By id of the endpoint.
    slots: HashMap<u64, Slot>,
}

/// The checker's state.
struct Checker {
    shared: Arc<Shared>,
    on_condemned: Box<dyn Fn()>,
    /// By id of the cluster.
    clusters: RefCell<HashMap<u64, Checked>>,
    checks: RefCell<Slab<Check>>,
    schedule: RefCell<Schedule>,
    running: Cell<usize>,
    serial: Cell<u64>,
    /// The queue's first entry may be another one now.
    wake: Notify,
}

impl Checker {
    async fn run(self: Rc<Self>, mut commands: mpsc::UnboundedReceiver<Command>) {
        let mut driving = std::pin::pin!(Rc::clone(&self).drive());
        loop {
            let command = std::future::poll_fn(|cx| {
                // It never ends.
                let _ = driving.as_mut().poll(cx);
                commands.poll_recv(cx)
            })
            .await;
            match command {
                Some(Command::Update(snapshot)) => self.update(&snapshot),
                Some(Command::Stop) | None => return,
            }
        }
    }

    /// Starts the checks that are due, for ever.
    async fn drive(self: Rc<Self>) {
        loop {
            let now = self.shared.now_ms();
            let room = MAX_RUNNING.saturating_sub(self.running.get());
            let due = self.schedule.borrow_mut().take_due(now, room);
            for slot in due {
                self.begin(slot);
            }
            let next = self.schedule.borrow().next();
            let is_full = self.running.get() >= MAX_RUNNING;
            match next.filter(|_| !is_full) {
                Some(at) => {
                    let wait = Duration::from_millis(at.saturating_sub(self.shared.now_ms()));
                    let _ = tokio::time::timeout(wait, self.wake.notified()).await;
                }
                None => self.wake.notified().await,
            }
        }
    }

    /// Starts a check.
    fn begin(self: &Rc<Self>, slot: Slot) {
        let mut checks = self.checks.borrow_mut();
        let Some(check) = checks.get_mut(slot.key).filter(|check| check.serial == slot.serial) else {
            return;
        };
        let cluster = Arc::clone(&check.cluster);
        let (position, kept) = (check.position, check.kept.take());
        drop(checks);
        cluster.state.checks.attempts.fetch_add(1, Relaxed);
        self.running.set(self.running.get() + 1);
        let checker = Rc::clone(self);
        tokio::task::spawn_local(async move {
            let running = Running(Rc::clone(&checker));
            let (result, kept) = probe(&cluster, position, kept).await;
            checker.end(slot, result, kept);
            drop(running);
        });
    }

    /// Takes the result of a check.
    fn end(&self, slot: Slot, result: Result<(), CheckFailure>, kept: Option<Kept>) {
        let mut checks = self.checks.borrow_mut();
        // The endpoint may be gone.
        let Some(check) = checks.get_mut(slot.key).filter(|check| check.serial == slot.serial) else {
            return;
        };
        let cluster = &check.cluster;
        let Some(settings) = &cluster.config.health_check else {
            return;
        };
        check.kept = kept;
        let transition = check.record.apply(result, settings);
        let endpoint = &cluster.endpoints[check.position].state;
        let counts = &cluster.state.checks;
        counts.have_begun.store(true, Relaxed);
        let was_pending = endpoint.check.is_pending();
        if let Err(failure) = result {
            counts.failures.fetch_add(1, Relaxed);
            if failure.is_of_network() {
                counts.network_failures.fetch_add(1, Relaxed);
            }
            endpoint.check.set_last_failure(failure);
        } else {
            counts.successes.fetch_add(1, Relaxed);
        }
        if was_pending || transition == Transition::Changed {
            if check.record.has_failed() {
                endpoint
                    .check
                    .fail(cluster.config.close_connections_on_host_health_failure);
            } else {
                endpoint.check.clear();
            }
            cluster.state.availability_changed();
            if endpoint.check.is_condemned() {
                (self.on_condemned)();
            }
        }
        let takes_back = cluster
            .config
            .outlier_detection
            .as_ref()
            .is_some_and(|settings| settings.successful_active_health_check_uneject_host);
        if takes_back && result.is_ok() && !check.record.has_failed() {
            cluster.state.take_back(endpoint);
        }
        let has_traffic = cluster.state.connections_total.load(Relaxed) > 0;
        let wait = interval_ms(
            settings,
            result.is_ok(),
            transition,
            has_traffic,
            &mut fastrand::Rng::new(),
        );
        self.schedule.borrow_mut().put(self.shared.now_ms() + wait, slot);
    }

    /// Checks what `snapshot` says from now on. What is known of endpoints that stay is kept.
    fn update(&self, snapshot: &Snapshot) {
        let mut before = std::mem::take(&mut *self.clusters.borrow_mut());
        for cluster in snapshot.clusters.values() {
            let Some(settings) = &cluster.config.health_check else {
                continue;
            };
            let known = before.remove(&cluster.state.id);
            let mut old = HashMap::new();
            let mut is_changed = false;
            if let Some(known) = known {
                if Arc::ptr_eq(&known.entry, cluster) {
                    self.clusters.borrow_mut().insert(cluster.state.id, known);
                    continue;
                }
                is_changed = known.entry.config.health_check.as_ref() != Some(settings);
                old = known.slots;
            }
            let slots = self.update_cluster(cluster, &mut old, is_changed);
            for slot in old.into_values() {
                self.remove(slot);
            }
            let entry = Arc::clone(cluster);
            self.clusters
                .borrow_mut()
                .insert(cluster.state.id, Checked { entry, slots });
        }
        for slot in before.into_values().flat_map(|gone| gone.slots.into_values()) {
            self.remove(slot);
        }
        self.wake.notify_one();
    }

    fn update_cluster(
        &self,
        cluster: &Arc<ClusterEntry>,
        old: &mut HashMap<u64, Slot>,
        is_changed: bool,
    ) -> HashMap<u64, Slot> {
        let mut slots = HashMap::with_capacity(cluster.endpoints.len());
        for (position, endpoint) in cluster.endpoints.iter().enumerate() {
            let own = endpoint.health_check.as_ref();
            if own.is_some_and(|own| own.disabled) || slots.contains_key(&endpoint.state.id) {
                continue;
            }
            let slot = match old.remove(&endpoint.state.id) {
                Some(slot) if !is_changed => {
                    if let Some(check) = self.checks.borrow_mut().get_mut(slot.key) {
                        check.cluster = Arc::clone(cluster);
                        check.position = position;
                    }
                    slot
                }
                // Other settings: asked anew, but what is known of it still holds.
                Some(slot) => {
                    let known = self.checks.borrow_mut().try_remove(slot.key);
                    self.add(cluster, position, known.map(|check| check.record))
                }
                None => self.add(cluster, position, None),
            };
            slots.insert(endpoint.state.id, slot);
        }
        slots
    }

    fn add(&self, cluster: &Arc<ClusterEntry>, position: usize, known: Option<Record>) -> Slot {
        let serial = self.serial.get() + 1;
        self.serial.set(serial);
        let record = known.unwrap_or_else(|| Record::new(cluster.endpoints[position].state.check.has_failed()));
        let key = self.checks.borrow_mut().insert(Check {
            serial,
            cluster: Arc::clone(cluster),
            position,
            record,
            kept: None,
        });
        let slot = Slot { key, serial };
        let jitter = cluster
            .config
            .health_check
            .as_ref()
            .map_or(0, |check| check.initial_jitter_ms);
        let wait = if jitter > 0 { fastrand::u64(..jitter) } else { 0 };
        self.schedule.borrow_mut().put(self.shared.now_ms() + wait, slot);
        slot
    }

    /// Ends the checks of an endpoint. Nothing is known against it any more.
    fn remove(&self, slot: Slot) {
        if let Some(check) = self.checks.borrow_mut().try_remove(slot.key) {
            check.cluster.endpoints[check.position].state.check.clear();
            check.cluster.state.availability_changed();
        }
    }
}

/// Counts a check that is under way.
struct Running(Rc<Checker>);

impl Drop for Running {
    fn drop(&mut self) {
        self.0.running.set(self.0.running.get() - 1);
        self.0.wake.notify_one();
    }
}
