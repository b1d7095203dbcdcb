//! A worker: one thread, one single-threaded runtime, state that belongs to it alone.

use std::{
    cell::{Cell, RefCell},
    collections::HashMap,
    io,
    os::fd::OwnedFd,
    rc::Rc,
    sync::{
        Arc,
        atomic::{AtomicBool, AtomicU32, AtomicU64, Ordering::Relaxed},
        mpsc,
    },
    thread::JoinHandle,
    time::Duration,
};

use foldhash::fast::FixedState;
use http::BufferPool;
use telemetry::Counter;
use tokio::{sync::mpsc as async_mpsc, task::LocalSet};

use crate::{
    Limits, connection,
    connection_counts::CountsTable,
    control::HandedSocket,
    export::{self, ExportBatch, Exporters, LogLanes},
    h2::StreamTasks,
    lend::{self, Wish},
    modules::Modules,
    overload::Overload,
    pool::Pools,
    quotas::{self, Quotas},
    remote_keys::{self, KeySources},
    request::{Scratch, Stages},
    snapshot::{Current, Snapshot},
    timer::Timers,
    udp::{self, Leaving, Receiving},
};

/// What all workers and the control thread share.
pub(crate) struct Shared {
    pub(crate) limits: Limits,
    pub(crate) node: crate::NodeIdentity,
    pub(crate) telemetry: Arc<telemetry::Telemetry>,
    /// Open downstream connections.
    pub(crate) connections: AtomicU32,
    /// What each worker says about itself.
    pub(crate) gauges: Vec<Gauge>,
    pub(crate) is_draining_inbound: AtomicBool,
    pub(crate) is_draining_outbound: AtomicBool,
    /// Another process serves new connections: those that are here stay until they are used or given up.
    pub(crate) is_handed_over: AtomicBool,
    pub(crate) next_id: AtomicU64,
    pub(crate) start: std::time::Instant,
    pub(crate) active_faults: AtomicU32,
    pub(crate) overload: Overload,
    /// Collectors of spans.
    pub(crate) exporters: Exporters,
    pub(crate) key_sources: KeySources,
    /// Filters that users write.
    pub(crate) modules: Arc<Modules>,
    pub(crate) connection_counts: CountsTable,
    pub(crate) quotas: Quotas,
    /// Recorded requests.
    pub(crate) taps: crate::tap::Taps,
    /// Where workers hand connections to each other.
    pub(crate) commands: Vec<async_mpsc::UnboundedSender<Command>>,
}

/// What one worker says about itself; written by it alone.
#[derive(Default)]
pub(crate) struct Gauge {
    /// Requests and tunnels being served: of outbound listeners, of inbound ones.
    busy: [AtomicU32; 2],
    /// Downstream connections, those on their way to the worker included. Others add to it when they hand one over.
    connections: AtomicU32,
}

impl Shared {
    /// Requests and tunnels being served.
    pub(crate) fn busy(&self, inbound_only: bool) -> u32 {
        let of = |gauge: &Gauge| {
            let outbound = if inbound_only { 0 } else { gauge.busy[0].load(Relaxed) };
            outbound + gauge.busy[1].load(Relaxed)
        };
        self.gauges.iter().map(of).sum()
    }

    /// Downstream connections by worker.
    pub(crate) fn worker_connections(&self) -> impl Iterator<Item = u32> {
        self.gauges.iter().map(|gauge| gauge.connections.load(Relaxed))
    }

    /// The worker that a new connection belongs to: the one that accepted it, unless another has clearly fewer. The kernel
    /// spreads connections at random, which is fair for many short ones and not for a few that stay.
    fn worker_for(&self, accepted_by: usize) -> usize {
        let load = |index: usize| self.gauges[index].connections.load(Relaxed);
        let own = load(accepted_by);
        let least = (0..self.gauges.len())
            .min_by_key(|index| load(*index))
            .unwrap_or(accepted_by);
        // Handing over costs a wakeup: with many connections a small difference is not worth one.
        if own > load(least) + own / 16 {
            least
        } else {
            accepted_by
        }
    }

    /// Milliseconds since the process began to proxy.
    pub(crate) fn now_ms(&self) -> u64 {
        self.start.elapsed().as_millis() as u64
    }

    /// Microseconds since the process began to proxy.
    pub(crate) fn now_us(&self) -> u64 {
        self.start.elapsed().as_micros() as u64
    }

    pub(crate) fn next_id(&self) -> u64 {
        self.next_id.fetch_add(1, Relaxed)
    }

    pub(crate) fn is_draining(&self, is_inbound: bool) -> bool {
        if is_inbound {
            self.is_draining_inbound.load(Relaxed)
        } else {
            self.is_draining_outbound.load(Relaxed)
        }
    }
}

/// What the control thread asks of a worker.
pub(crate) enum Command {
    /// Use this configuration from now on.
    Update(Arc<Snapshot>),
    /// Open a listening socket; the answer is the bound address.
    Listen {
        key: ListenKey,
        /// The key's address, with a port where that leaves it open.
        address: net::Address,
        options: Box<net::ListenOptions>,
        /// Sockets of the process before, which listen there already; none: open one.
        inherited: Vec<OwnedFd>,
        reply: mpsc::Sender<io::Result<net::Address>>,
    },
    /// Open a socket for datagrams; the answer is the bound address.
    ListenUdp {
        key: ListenKey,
        address: std::net::SocketAddr,
        options: net::DatagramOptions,
        /// As for `Listen`.
        inherited: Vec<OwnedFd>,
        reply: mpsc::Sender<io::Result<net::Address>>,
    },
    /// Serve a connection that another worker accepted, and that is counted here already.
    Serve {
        accepted: net::Accepted,
        local: net::Address,
        listener: Arc<str>,
    },
    /// Give an idle connection to another worker, if there is one.
    Lend(Wish),
    /// Answer with another descriptor of every listening socket.
    Duplicate(mpsc::Sender<Vec<HandedSocket>>),
    /// Close a listening socket; its connections finish.
    Unlisten(ListenKey),
    /// Send spans to their collector.
    Export(ExportBatch),
    /// Wake idle connections, so that they notice that they are to end.
    Wake,
    /// End.
    Stop,
}

/// A socket: listener and address.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub(crate) struct ListenKey {
    pub(crate) listener: Arc<str>,
    pub(crate) address: net::Address,
}

/// State of a worker, for its tasks.
pub(crate) struct Worker {
    pub(crate) shared: Arc<Shared>,
    pub(crate) timers: Rc<Timers>,
    pub(crate) buffers: BufferPool,
    pub(crate) pools: Pools,
    /// Tasks for streams of HTTP/2.
    pub(crate) stream_tasks: StreamTasks,
    /// Where requests of HTTP/1 are served.
    pub(crate) stages: Stages,
    pub(crate) telemetry: telemetry::Worker,
    #[allow(
        clippy::vec_box,
        reason = "scratch spaces are handed out and taken back: a pointer is moved, not a kilobyte"
    )]
    pub(crate) scratch: RefCell<Vec<Box<Scratch>>>,
    snapshot: RefCell<Current>,
    accepting: RefCell<HashMap<ListenKey, Vec<Accepting>>>,
    /// Sockets for datagrams, with the tasks that serve them.
    receiving: RefCell<HashMap<ListenKey, Receiving>>,
    /// What sockets that another process has now have left here.
    leaving: RefCell<Vec<Leaving>>,
    /// Memory for datagrams.
    pub(crate) datagrams: RefCell<net::Datagrams>,
    /// Whose turn it is, by cluster.
    turns: RefCell<HashMap<u64, balance::Turn, FixedState>>,
    /// Copies of requests in flight.
    /// Entries of access logs on their way to services.
    pub(crate) log_lanes: LogLanes,
    pub(crate) mirrors: Cell<u32>,
    index: usize,
}

/// A listening socket with the task that accepts on it.
struct Accepting {
    listener: Rc<net::Listener>,
    task: tokio::task::AbortHandle,
}

/// Scratch spaces kept for the next requests.
const SPARE_SCRATCH: usize = 256;

impl Worker {
    /// The configuration of now. Holding it costs no atomic operation.
    pub(crate) fn snapshot(&self) -> Current {
        Rc::clone(&self.snapshot.borrow())
    }

    pub(crate) fn count(&self, counter: Counter) {
        self.telemetry.count(counter);
    }

    /// Where the other workers take commands.
    pub(crate) fn other_workers(&self) -> impl Iterator<Item = &async_mpsc::UnboundedSender<Command>> {
        let others = self.shared.commands.iter().enumerate();
        others
            .filter(|(index, _)| *index != self.index)
            .map(|(_, commands)| commands)
    }

    /// Counts requests that are being served.
    pub(crate) fn add_busy(&self, is_inbound: bool, change: i32) {
        // This worker is the only writer: no read-modify-write is needed.
        let cell = &self.shared.gauges[self.index].busy[usize::from(is_inbound)];
        cell.store(cell.load(Relaxed).saturating_add_signed(change), Relaxed);
    }

    /// What is always known of a request when an endpoint is picked.
    pub(crate) fn pick_input(&self, picker: &balance::Picker) -> balance::PickInput<'static> {
        balance::PickInput {
            now_ms: if picker.wants_time() { self.shared.now_ms() } else { 0 },
            ..balance::PickInput::default()
        }
    }

    /// This worker's place in the rounds over a cluster's endpoints.
    pub(crate) fn with_turn<T>(&self, cluster: u64, pick: impl FnOnce(&mut balance::Turn) -> T) -> T {
        let mut turns = self.turns.borrow_mut();
        pick(
            turns
                .entry(cluster)
                .or_insert_with(|| balance::Turn::new(fastrand::u64(..))),
        )
    }

    pub(crate) fn take_scratch(&self) -> Box<Scratch> {
        self.scratch.borrow_mut().pop().unwrap_or_default()
    }

    pub(crate) fn give_scratch(&self, mut scratch: Box<Scratch>) {
        scratch.release(&self.buffers);
        let mut spare = self.scratch.borrow_mut();
        if spare.len() < SPARE_SCRATCH {
            spare.push(scratch);
        }
    }
}

/// The handle on a worker's thread.
pub(crate) struct WorkerHandle {
    commands: async_mpsc::UnboundedSender<Command>,
    thread: Option<JoinHandle<()>>,
}

impl WorkerHandle {
    /// Starts the thread.
    pub(crate) fn start(
        index: usize,
        shared: Arc<Shared>,
        telemetry: telemetry::Worker,
        snapshot: Arc<Snapshot>,
        receiver: async_mpsc::UnboundedReceiver<Command>,
    ) -> io::Result<Self> {
        let commands = shared.commands[index].clone();
        let runtime = tokio::runtime::Builder::new_current_thread()
            .enable_all()
            // Rarely: looking for timers and sockets after every task would cost more than it gains.
            .event_interval(31)
            .build()?;
        let thread = std::thread::Builder::new()
            .name(format!("fairlead-{index}"))
            .spawn(move || {
                // Where that is not allowed it shares with the others.
                let _ = net::be_prompt();
                let local = LocalSet::new();
                local.block_on(&runtime, run(index, shared, telemetry, snapshot, receiver));
                // Dropping the set closes every connection that is left.
                drop(local);
            })?;
        Ok(Self {
            commands,
            thread: Some(thread),
        })
    }

    /// Sends a command; a worker that ended ignores it.
    pub(crate) fn send(&self, command: Command) {
        let _ = self.commands.send(command);
    }

    /// Sends commands without the handle.
    pub(crate) fn commands(&self) -> async_mpsc::UnboundedSender<Command> {
        self.commands.clone()
    }

    /// Ends the worker and waits for its thread.
    pub(crate) fn stop(&mut self) {
        self.send(Command::Stop);
        if let Some(thread) = self.thread.take() {
            // A panic of the thread itself has been reported by the panic hook.
            let _ = thread.join();
        }
    }
}

async fn run(
    index: usize,
    shared: Arc<Shared>,
    telemetry: telemetry::Worker,
    snapshot: Arc<Snapshot>,
    mut commands: async_mpsc::UnboundedReceiver<Command>,
) {
    let worker = Rc::new(Worker {
        shared,
        timers: Timers::new(),
        buffers: BufferPool::default(),
        pools: Pools::default(),
        stream_tasks: StreamTasks::default(),
        stages: Stages::default(),
        telemetry,
        scratch: RefCell::default(),
        snapshot: RefCell::new(Rc::new(snapshot)),
        accepting: RefCell::default(),
        receiving: RefCell::default(),
        leaving: RefCell::default(),
        datagrams: RefCell::default(),
        turns: RefCell::default(),
        log_lanes: LogLanes::default(),
        mirrors: Cell::new(0),
        index,
    });
    tokio::task::spawn_local(Rc::clone(&worker.timers).drive());
    tokio::task::spawn_local(sweep(Rc::clone(&worker)));
    while let Some(command) = commands.recv().await {
        match command {
            Command::Update(snapshot) => update(&worker, snapshot),
            Command::Listen {
                key,
                address,
                options,
                inherited,
                reply,
            } => {
                let _ = reply.send(listen(&worker, key, &address, &options, inherited));
            }
            Command::ListenUdp {
                key,
                address,
                options,
                inherited,
                reply,
            } => {
                let opened = udp::listen(&worker, &key.listener, address, &options, inherited);
                let _ = reply.send(opened.map(|(bound, receiving)| {
                    worker.receiving.borrow_mut().insert(key, receiving);
                    net::Address::Tcp(bound)
                }));
            }
            Command::Lend(wish) => lend::lend(&worker, wish),
            Command::Duplicate(reply) => {
                let _ = reply.send(duplicate(&worker));
            }
            Command::Unlisten(key) => {
                for accepting in worker.accepting.borrow_mut().remove(&key).into_iter().flatten() {
                    accepting.task.abort();
                }
                let receiving = worker.receiving.borrow_mut().remove(&key);
                if let Some(receiving) = receiving
                    && worker.shared.is_handed_over.load(Relaxed)
                {
                    worker.leaving.borrow_mut().push(receiving.leave());
                }
                worker.timers.wake_all();
            }
            Command::Serve {
                accepted,
                local,
                listener,
            } => serve(&worker, accepted, &local, &listener),
            Command::Export(batch) => export::take(&worker, batch),
            Command::Wake => worker.timers.wake_all(),
            Command::Stop => break,
        }
    }
    // Their sessions hold the worker.
    worker.receiving.take();
    worker.leaving.take();
}

fn update(worker: &Rc<Worker>, snapshot: Arc<Snapshot>) {
    *worker.snapshot.borrow_mut() = Rc::new(snapshot);
    worker.pools.sweep(worker.timers.now_ms());
    if worker.turns.borrow().len() > 2 * worker.snapshot().clusters.len() + 64 {
        worker.turns.borrow_mut().clear();
    }
    if worker.index == 0 {
        remote_keys::fetch_ahead(worker);
        quotas::tell_new(worker);
    }
    // Connections between two requests look at the new configuration now, not when the next one comes.
    worker.timers.wake_all();
}

/// All sockets that the next process serves on from now. A descriptor that cannot be had now is one socket less: that process opens its own.
fn duplicate(worker: &Worker) -> Vec<HandedSocket> {
    let accepting = worker.accepting.borrow();
    let listening = accepting.iter().flat_map(|(key, list)| {
        list.iter().filter_map(|one| {
            let fd = one.listener.duplicate().ok()?;
            Some(HandedSocket {
                key: key.clone(),
                is_udp: false,
                fd,
            })
        })
    });
    let receiving = worker.receiving.borrow();
    let of_datagrams = receiving.iter().flat_map(|(key, receiving)| {
        receiving.duplicates().map(|fd| HandedSocket {
            key: key.clone(),
            is_udp: true,
            fd,
        })
    });
    listening.chain(of_datagrams).collect()
}

/// Looks after idle upstream connections.
async fn sweep(worker: Rc<Worker>) {
    let timer = worker.timers.timer();
    loop {
        timer.sleep(Duration::from_secs(1)).await;
        worker.pools.sweep(worker.timers.now_ms());
        worker.leaving.borrow_mut().retain(|leaving| !leaving.is_over());
    }
}

/// Accepts on new sockets of a key, or on those that are there already.
fn listen(
    worker: &Rc<Worker>,
    key: ListenKey,
    address: &net::Address,
    options: &net::ListenOptions,
    inherited: Vec<OwnedFd>,
) -> io::Result<net::Address> {
    let mut listeners = Vec::new();
    for fd in inherited {
        listeners.push(net::Listener::from_fd(fd, options)?);
    }
    if listeners.is_empty() {
        listeners.push(net::Listener::bind(address, options)?);
    }
    let bound = listeners[0].local_address().clone();
    let accepting = listeners.into_iter().map(|listener| {
        let listener = Rc::new(listener);
        let task = accept(Rc::clone(worker), Rc::clone(&listener), Arc::clone(&key.listener));
        Accepting {
            listener,
            task: tokio::task::spawn_local(task).abort_handle(),
        }
    });
    let accepting = accepting.collect();
    worker.accepting.borrow_mut().insert(key, accepting);
    Ok(bound)
}

/// Accepts on one socket until it is aborted.
async fn accept(worker: Rc<Worker>, listener: Rc<net::Listener>, name: Arc<str>) {
    let timer = worker.timers.timer();
    let local = listener.local_address().clone();
    loop {
        while worker.shared.overload.stops_accepting() {
            timer.sleep(Duration::from_millis(50)).await;
        }
        match listener.accept().await {
            Ok(accepted) => {
                let open = worker.shared.connections.fetch_add(1, Relaxed);
                if open >= worker.shared.limits.max_connections {
                    worker.shared.connections.fetch_sub(1, Relaxed);
                    worker.count(Counter::DownstreamConnectionsRefused);
                    continue;
                }
                let shared = &worker.shared;
                let target = shared.worker_for(worker.index);
                shared.gauges[target].connections.fetch_add(1, Relaxed);
                if target == worker.index {
                    serve(&worker, accepted, &local, &name);
                    continue;
                }
                let command = Command::Serve {
                    accepted,
                    local: local.clone(),
                    listener: Arc::clone(&name),
                };
                // A worker that has ended takes its connections with it: so does the process.
                let _ = shared.commands[target].send(command);
            }
            // Out of descriptors or memory: those that are open have to end first.
            Err(error) if net::is_resource_exhaustion(&error) => timer.sleep(Duration::from_millis(50)).await,
            Err(_) => timer.sleep(Duration::from_millis(10)).await,
        }
    }
}

/// Serves a connection that is counted as this worker's.
fn serve(worker: &Rc<Worker>, accepted: net::Accepted, local: &net::Address, name: &Arc<str>) {
    let open = OpenConnection::new(Rc::clone(worker));
    let peer = accepted.peer().clone();
    let Ok(socket) = accepted.attach() else { return };
    let Some(link) = connection::open(worker, socket, &peer, local, name) else {
        return;
    };
    tokio::task::spawn_local(async move {
        // Dropped last, in a panic too; the runtime catches that and the worker goes on.
        let _open = open;
        connection::serve(link).await;
    });
}

/// Counts a downstream connection from accept to its end, however that comes.
struct OpenConnection(Rc<Worker>);

impl OpenConnection {
    fn new(worker: Rc<Worker>) -> Self {
        worker.count(Counter::DownstreamConnectionsOpened);
        Self(worker)
    }
}

impl Drop for OpenConnection {
    fn drop(&mut self) {
        let shared = &self.0.shared;
        shared.connections.fetch_sub(1, Relaxed);
        shared.gauges[self.0.index].connections.fetch_sub(1, Relaxed);
        self.0.count(Counter::DownstreamConnectionsClosed);
        if std::thread::panicking() {
            self.0.count(Counter::Panics);
        }
    }
}
