//! The control thread: the one place that changes configuration.

mod dns;
mod dump;
mod explain;
mod handover;
mod kept;
mod names;
mod sockets;
mod state;
mod store;

use std::{
    collections::HashMap,
    os::unix::net::UnixListener,
    path::Path,
    sync::{
        Arc, Mutex, PoisonError,
        atomic::{AtomicBool, AtomicU32, AtomicU64, Ordering::Relaxed},
        mpsc,
    },
    thread::JoinHandle,
    time::{Duration, Instant},
};

use telemetry::{Reporter, Telemetry, TelemetryOptions, Workload};
use xds::ResourceType;

use crate::{
    Bootstrap, Problem, ReportSink, Severity, StartError, Upsert,
    build::Builder,
    connection_counts::CountsTable,
    export::{self, Exporters},
    modules::{FilterThread, Hook, Modules},
    overload::Overload,
    snapshot::Snapshot,
    tap::{TapRequest, Taps, TraceSink},
    worker::{Gauge, Shared, WorkerHandle},
};

use dns::Resolver;
pub(crate) use handover::HandedSocket;
use handover::{HandedOver, HandoverServer, Inheritance};
pub use names::DnsSettings;
use names::Names;
use sockets::Sockets;
use state::{Compiled, State};
use store::Store;

/// How long the last spans and log entries may take on their way when a proxy stops.
const LAST_EXPORTS: Duration = Duration::from_millis(500);

/// Worker threads at most.
const MAX_WORKERS: u32 = 256;

/// What other threads ask of the control thread.
enum Request {
    ApplyXds {
        kind: ResourceType,
        upserts: Vec<Upsert>,
        removed: Vec<String>,
        reply: mpsc::Sender<Vec<Problem>>,
    },
    ApplyConfig {
        json: String,
        reply: mpsc::Sender<Vec<Problem>>,
    },
    Resolved(dns::Resolved),
    Drain {
        inbound_only: bool,
        reply: mpsc::Sender<()>,
    },
    Explain {
        json: String,
        reply: mpsc::Sender<Result<String, String>>,
    },
    Dump(mpsc::Sender<String>),
    /// The listening sockets, for another process.
    Sockets(mpsc::Sender<Vec<HandedSocket>>),
    /// Another process serves now.
    HandedOver,
    Gauges(mpsc::Sender<String>),
    Stop,
}

/// The handle on the control thread.
pub(crate) struct Control {
    requests: mpsc::Sender<Request>,
    shared: Arc<Shared>,
    reporter: Reporter,
    is_ready: Arc<AtomicBool>,
    thread: Mutex<Option<JoinHandle<()>>>,
    handed: Arc<HandedOver>,
    handover: Mutex<Option<HandoverServer>>,
    is_stopped: AtomicBool,
}

impl Control {
    pub(crate) fn start(bootstrap: Bootstrap, sink: ReportSink) -> Result<Self, StartError> {
        let failed = |error: std::io::Error| StartError(error.to_string());
        let workers = worker_count(&bootstrap)?;
        let (listeners, for_next) = mpsc::channel();
        // Before any thread is started: this may fail.
        let inheritance = match &bootstrap.handover_path {
            Some(path) => inherit(path, &listeners)?,
            None => None,
        };
        let names = match bootstrap.dns.clone() {
            Some(settings) => Some(
                Names::start(settings, bootstrap.handover_path.is_some(), inheritance.is_some()).map_err(StartError)?,
            ),
            None => None,
        };
        let node = bootstrap.node.clone();
        let telemetry = telemetry_of(&bootstrap);
        let (commands, receivers): (Vec<_>, Vec<_>) =
            (0..workers).map(|_| tokio::sync::mpsc::unbounded_channel()).unzip();
        let shared = Arc::new(Shared {
            node,
            telemetry: Arc::clone(&telemetry),
            connections: AtomicU32::new(0),
            gauges: (0..workers).map(|_| Gauge::default()).collect(),
            is_draining_inbound: AtomicBool::new(false),
            is_draining_outbound: AtomicBool::new(false),
            is_handed_over: AtomicBool::new(false),
            next_id: AtomicU64::new(1),
            start: Instant::now(),
            active_faults: AtomicU32::new(0),
            exporters: Exporters::default(),
            connection_counts: CountsTable::default(),
            key_sources: crate::remote_keys::KeySources::default(),
            modules: Arc::new(Modules::new(bootstrap.filter_threads, bootstrap.assumes_filters)),
            quotas: crate::quotas::Quotas::default(),
            taps: Taps::new(bootstrap.tap, Arc::clone(&telemetry)),
            overload: Overload::new(bootstrap.limits.max_memory_bytes),
            limits: bootstrap.limits,
            commands,
        });
        let interval = Duration::from_millis(bootstrap.report_interval_ms);
        let exports = export::sink(&shared);
        let reporter = Reporter::spawn(Arc::clone(&telemetry), interval, sink, exports).map_err(failed)?;
        let snapshot = Arc::new(Snapshot::new(
            0,
            HashMap::default(),
            HashMap::default(),
            HashMap::default(),
        ));
        let start_worker = |(index, receiver)| {
            let telemetry = telemetry.worker();
            WorkerHandle::start(index, Arc::clone(&shared), telemetry, Arc::clone(&snapshot), receiver)
        };
        let started = receivers.into_iter().enumerate().map(start_worker);
        let workers: Vec<WorkerHandle> = started.collect::<Result<_, _>>().map_err(failed)?;
        let (requests, received) = mpsc::channel();
        let is_ready = Arc::new(AtomicBool::new(false));
        let resolver = Resolver::start(requests.clone()).map_err(failed)?;
        let state = State {
            builder: Builder::new(Arc::clone(&shared)),
            telemetry: telemetry.worker(),
            shared: Arc::clone(&shared),
            store: Store::default(),
            compiled: Compiled::default(),
            snapshot,
            sockets: Sockets::default(),
            workers,
            resolver,
            names,
            health: None,
            waiting: HashMap::new(),
            next_process: bootstrap.handover_path.clone().map(|path| (path, listeners.clone())),
            inheritance,
            is_ready: Arc::clone(&is_ready),
            give_memory_back: bootstrap.give_memory_back,
            spare_memory: bootstrap.spare_memory,
            resident_bytes: bootstrap.resident_bytes,
            changed_at: None,
        };
        let run = move || {
            // Requests come first. Where that is not allowed they share.
            let _ = net::give_way();
            state.run(&received);
        };
        let thread = std::thread::Builder::new().name("fairlead-control".to_owned());
        let thread = thread.spawn(run).map_err(failed)?;
        let control = Self {
            requests,
            shared,
            reporter,
            is_ready,
            thread: Mutex::new(Some(thread)),
            handed: Arc::default(),
            handover: Mutex::default(),
            is_stopped: AtomicBool::new(false),
        };
        if bootstrap.handover_path.is_some()
            && let Err(error) = control.wait_for_next(for_next)
        {
            control.stop();
            return Err(error);
        }
        Ok(control)
    }

    /// Waits for the process that will take over.
    fn wait_for_next(&self, listeners: mpsc::Receiver<UnixListener>) -> Result<(), StartError> {
        let server = HandoverServer::start(listeners, self.requests.clone(), Arc::clone(&self.handed))
            .map_err(|error| StartError(error.to_string()))?;
        *self.handover.lock().unwrap_or_else(PoisonError::into_inner) = Some(server);
        Ok(())
    }

    fn ask<T>(&self, request: impl FnOnce(mpsc::Sender<T>) -> Request) -> Option<T> {
        let (reply, answer) = mpsc::channel();
        self.requests.send(request(reply)).ok()?;
        answer.recv().ok()
    }

    pub(crate) fn apply_xds(&self, type_url: &str, upserts: Vec<Upsert>, removed: Vec<String>) -> Vec<Problem> {
        let Some(kind) = ResourceType::from_url(type_url) else {
            return vec![Problem {
                severity: Severity::Error,
                resource_type: type_url.to_owned(),
                name: String::new(),
                path: String::new(),
                message: format!("resources of type {type_url:?} are not understood"),
            }];
        };
        self.ask(|reply| Request::ApplyXds {
            kind,
            upserts,
            removed,
            reply,
        })
        .unwrap_or_default()
    }

    pub(crate) fn apply_config(&self, json: &str) -> Vec<Problem> {
        let json = json.to_owned();
        self.ask(|reply| Request::ApplyConfig { json, reply })
            .unwrap_or_default()
    }

    pub(crate) fn drain(&self, deadline: Duration, inbound_only: bool) -> bool {
        let end = Instant::now() + deadline;
        if self.ask(|reply| Request::Drain { inbound_only, reply }).is_none() {
            return true;
        }
        loop {
            let is_idle = !self.is_handed_over() || self.shared.connections.load(Relaxed) == 0;
            if self.shared.busy(inbound_only) == 0 && is_idle {
                return true;
            }
            if Instant::now() >= end || self.is_stopped.load(Relaxed) {
                return false;
            }
            std::thread::sleep(Duration::from_millis(5).min(deadline));
        }
    }

    pub(crate) fn is_handed_over(&self) -> bool {
        self.shared.is_handed_over.load(Relaxed)
    }

    pub(crate) fn await_handover(&self, deadline: Duration) -> bool {
        while !self.handed.wait(Duration::from_millis(100)) {
            if self.is_stopped.load(Relaxed) {
                return false;
            }
        }
        self.drain(deadline, false);
        !self.is_stopped.load(Relaxed)
    }

    pub(crate) fn stop(&self) {
        self.is_stopped.store(true, Relaxed);
        if let Some(mut server) = self.handover.lock().unwrap_or_else(PoisonError::into_inner).take() {
            server.stop();
        }
        let thread = self.thread.lock().unwrap_or_else(PoisonError::into_inner).take();
        if let Some(thread) = thread {
            self.send_last_exports();
            let _ = self.requests.send(Request::Stop);
            let _ = thread.join();
            self.shared.taps.stop();
            self.reporter.stop();
        }
    }

    /// Hands on spans and log entries that wait for others, and gives those who send them a moment.
    fn send_last_exports(&self) {
        if self.shared.exporters.is_empty() {
            return;
        }
        self.reporter.report();
        let end = Instant::now() + LAST_EXPORTS;
        while !self.shared.exporters.is_idle() && Instant::now() < end {
            std::thread::sleep(Duration::from_millis(5));
        }
    }

    pub(crate) fn stats_prometheus(&self) -> String {
        let mut text = self.reporter.prometheus();
        text.push_str(&self.ask(Request::Gauges).unwrap_or_default());
        text
    }

    pub(crate) fn explain(&self, json: &str) -> Result<String, String> {
        self.ask(|reply| Request::Explain {
            json: json.to_owned(),
            reply,
        })
        .unwrap_or_else(|| Err("the proxy is stopped".to_owned()))
    }

    pub(crate) fn dump_config(&self) -> String {
        self.ask(Request::Dump).unwrap_or_else(|| "{}".to_owned())
    }

    pub(crate) fn reopen_logs(&self) {
        self.reporter.reopen_logs();
    }

    pub(crate) fn flush_report(&self) {
        self.reporter.report();
    }

    pub(crate) fn attach_filter_thread(&self, wake: Hook, on_hang: Hook) -> FilterThread {
        self.shared.modules.attach(wake, on_hang)
    }

    pub(crate) fn start_tap(&self, request: &TapRequest<'_>, sink: TraceSink) -> Result<u32, String> {
        self.shared.taps.start(request, sink)
    }

    pub(crate) fn end_tap(&self, number: u32) {
        self.shared.taps.end(number);
    }

    pub(crate) fn is_ready(&self) -> bool {
        self.is_ready.load(Relaxed)
    }
}

/// What the proxy counts and says, and whose it is.
fn telemetry_of(bootstrap: &Bootstrap) -> Arc<Telemetry> {
    let node = &bootstrap.node;
    Telemetry::new(TelemetryOptions {
        workload: Workload {
            name: node.workload.clone(),
            namespace: node.namespace.clone(),
            service: node.service.clone(),
            version: node.version.clone(),
            principal: node.principal.clone(),
            cluster: node.cluster.clone(),
            node_id: node.node_id.clone(),
        },
        log_sample_rate: bootstrap.access_log.sample_rate,
        max_log_samples: bootstrap.access_log.max_entries,
        trace_sample_rate: bootstrap.access_log.trace_sample_rate,
        max_spans: bootstrap.access_log.max_spans,
    })
}

fn worker_count(bootstrap: &Bootstrap) -> Result<u32, StartError> {
    let workers = match bootstrap.workers {
        0 => std::thread::available_parallelism().map_or(1, |count| count.get() as u32),
        workers => workers,
    };
    if workers > MAX_WORKERS {
        return Err(StartError(format!(
            "{workers} workers are too many: at most {MAX_WORKERS}"
        )));
    }
    Ok(workers)
}

/// Takes the sockets of the process that is to be replaced, if there is one; else the next process is listened for at once.
fn inherit(path: &Path, listeners: &mpsc::Sender<UnixListener>) -> Result<Option<Inheritance>, StartError> {
    let inheritance = Inheritance::take(path).map_err(|error| {
        let path = path.display();
        StartError(format!(
            "the process that listens on {path} does not hand over its sockets: {error}"
        ))
    })?;
    if inheritance.is_none() {
        let listener = handover::listen(path).map_err(|error| {
            let path = path.display();
            StartError(format!("cannot listen on {path} for the next process: {error}"))
        })?;
        let _ = listeners.send(listener);
    }
    Ok(inheritance)
}
