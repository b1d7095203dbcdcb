//! The control thread: the one place that changes configuration.

mod dns;
mod dump;
mod explain;
mod handover;
mod kept;
mod sockets;
mod store;

use std::{
    collections::HashMap,
    os::unix::net::UnixListener,
    path::{Path, PathBuf},
    sync::{
        Arc, Mutex, PoisonError,
        atomic::{AtomicBool, AtomicU32, AtomicU64, Ordering::Relaxed},
        mpsc,
    },
    thread::JoinHandle,
    time::{Duration, Instant},
};

use config::Config;
use telemetry::{Counter, Reporter, Telemetry, TelemetryOptions, Workload};
use xds::{Resource, ResourceType};

use crate::{
    Bootstrap, Problem, ReportSink, Severity, StartError, Upsert,
    build::{self, Builder},
    export::{self, Exporters},
    health::HealthChecker,
    overload::Overload,
    snapshot::{ClusterEntry, ListenerEntry, RouteEntry, Snapshot},
    worker::{Command, Gauge, Shared, WorkerHandle},
};

use dns::Resolver;
pub(crate) use handover::HandedSocket;
use handover::{HandedOver, HandoverServer, Inheritance};
use sockets::Sockets;
use store::Store;

/// How often the control thread looks at ejections, names to resolve and ports that were taken.
const TICK: Duration = Duration::from_millis(100);

/// After so long without a change of the configuration what the changes took for themselves is given back.
const QUIET: Duration = Duration::from_secs(1);

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
        config: Box<Config>,
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
            key_sources: crate::remote_keys::KeySources::default(),
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
        let workers: Vec<WorkerHandle> = receivers
            .into_iter()
            .enumerate()
            .map(|(index, receiver)| {
                let telemetry = telemetry.worker();
                WorkerHandle::start(index, Arc::clone(&shared), telemetry, Arc::clone(&snapshot), receiver)
            })
            .collect::<Result<_, _>>()
            .map_err(failed)?;
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
            health: None,
            waiting: HashMap::new(),
            next_process: bootstrap.handover_path.clone().map(|path| (path, listeners.clone())),
            inheritance,
            is_ready: Arc::clone(&is_ready),
            give_memory_back: bootstrap.give_memory_back,
            changed_at: None,
        };
        let thread = std::thread::Builder::new()
            .name("fairlead-control".to_owned())
            .spawn(move || state.run(&received))
            .map_err(failed)?;
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
        let config = match serde_json::from_str::<Config>(json) {
            Ok(config) => Box::new(config),
            Err(error) => {
                return vec![Problem {
                    severity: Severity::Error,
                    resource_type: "config".to_owned(),
                    name: String::new(),
                    path: format!("line {} column {}", error.line(), error.column()),
                    message: error.to_string(),
                }];
            }
        };
        self.ask(|reply| Request::ApplyConfig { config, reply })
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
            let _ = self.requests.send(Request::Stop);
            let _ = thread.join();
            self.reporter.stop();
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

    pub(crate) fn flush_report(&self) {
        self.reporter.report();
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

/// What was compiled, with what it was compiled from.
#[derive(Default)]
struct Compiled {
    listeners: HashMap<Arc<str>, (Arc<config::Listener>, Arc<ListenerEntry>)>,
    routes: HashMap<Arc<str>, (Arc<config::RouteConfiguration>, Arc<RouteEntry>)>,
    clusters: HashMap<Arc<str>, CompiledCluster>,
}

struct CompiledCluster {
    config: Arc<config::Cluster>,
    endpoints: store::Endpoints,
    /// Endpoints that serve on though they are not among them.
    kept: Vec<config::LocalityEndpoints>,
    entry: Arc<ClusterEntry>,
}

/// The control thread's state.
struct State {
    builder: Builder,
    telemetry: telemetry::Worker,
    shared: Arc<Shared>,
    store: Store,
    compiled: Compiled,
    snapshot: Arc<Snapshot>,
    sockets: Sockets,
    workers: Vec<WorkerHandle>,
    resolver: Resolver,
    /// From the first cluster on whose endpoints are checked.
    health: Option<HealthChecker>,
    /// Where the next process is to come, and who waits for it there.
    next_process: Option<(PathBuf, mpsc::Sender<UnixListener>)>,
    /// Sockets of the process before, until this one serves.
    inheritance: Option<Inheritance>,
    /// Listeners that are not served yet, and what they wait for.
    waiting: HashMap<Arc<str>, Vec<String>>,
    is_ready: Arc<AtomicBool>,
    give_memory_back: Option<fn()>,
    /// When the configuration changed, until the memory for that is given back.
    changed_at: Option<Instant>,
}

impl State {
    fn run(mut self, requests: &mpsc::Receiver<Request>) {
        let mut last_tick = Instant::now();
        loop {
            let wait = TICK.saturating_sub(last_tick.elapsed());
            match requests.recv_timeout(wait) {
                Ok(Request::ApplyXds {
                    kind,
                    upserts,
                    removed,
                    reply,
                }) => {
                    let problems = self.apply_xds(kind, upserts, &removed);
                    self.changed_at = Some(Instant::now());
                    let _ = reply.send(problems);
                }
                Ok(Request::ApplyConfig { config, reply }) => {
                    let _ = reply.send(self.apply_config(*config));
                    self.changed_at = Some(Instant::now());
                }
                Ok(Request::Resolved(resolved)) => {
                    if self.resolver.take(resolved) {
                        self.publish(&mut Vec::new());
                    }
                }
                Ok(Request::Drain { inbound_only, reply }) => {
                    self.drain(inbound_only);
                    let _ = reply.send(());
                }
                Ok(Request::Explain { json, reply }) => {
                    let _ = reply.send(explain::explain(&self.snapshot, &json));
                }
                Ok(Request::Dump(reply)) => {
                    let _ = reply.send(self.dump());
                }
                Ok(Request::Sockets(reply)) => {
                    let _ = reply.send(self.duplicate_sockets());
                }
                Ok(Request::HandedOver) => {
                    self.shared.is_handed_over.store(true, Relaxed);
                    self.drain(false);
                }
                Ok(Request::Gauges(reply)) => {
                    let _ = reply.send(dump::gauges(&self.snapshot, &self.shared));
                }
                Ok(Request::Stop) | Err(mpsc::RecvTimeoutError::Disconnected) => break,
                Err(mpsc::RecvTimeoutError::Timeout) => {}
            }
            if last_tick.elapsed() >= TICK {
                last_tick = Instant::now();
                self.tick();
            }
        }
        if let Some(health) = &mut self.health {
            health.stop();
        }
        for worker in &mut self.workers {
            worker.stop();
        }
    }

    fn tick(&mut self) {
        if self.changed_at.is_some_and(|at| at.elapsed() >= QUIET) {
            self.changed_at = None;
            if let Some(give_back) = self.give_memory_back {
                give_back();
            }
        }
        let now = self.shared.now_ms();
        if self.shared.overload.look() {
            // Connections of HTTP/2 without a stream hear of it now, not with their next one.
            for worker in &self.workers {
                worker.send(Command::Wake);
            }
        }
        for cluster in self.snapshot.clusters.values() {
            if cluster.state.ejected.load(Relaxed) > 0 {
                for endpoint in &cluster.endpoints {
                    cluster.state.recover(&endpoint.state, now);
                }
            }
            if let Some(settings) = &cluster.config.outlier_detection {
                let endpoints = cluster.endpoints.iter().map(|endpoint| &*endpoint.state);
                for _ in 0..cluster.state.look(endpoints, settings, now) {
                    self.telemetry.count(Counter::EndpointsEjected);
                }
            }
        }
        self.resolver
            .refresh(self.snapshot.clusters.values().map(|cluster| &cluster.config));
        let mut compiled = self.compiled.clusters.values();
        if compiled.any(|cluster| kept::is_outdated(&cluster.kept, &cluster.entry)) {
            self.publish(&mut Vec::new());
        }
        if self.sockets.has_failed() {
            self.open_sockets(&mut Vec::new());
        }
    }

    fn apply_xds(&mut self, kind: ResourceType, upserts: Vec<Upsert>, removed: &[String]) -> Vec<Problem> {
        let mut problems = Vec::new();
        for upsert in upserts {
            match xds::decode(kind, &upsert.name, &upsert.bytes) {
                Ok(decode) => {
                    for warning in decode.warnings {
                        problems.push(problem(Severity::Warning, kind, &upsert.name, &warning));
                    }
                    self.put(kind, &upsert.name, &upsert.version, decode.resource, &mut problems);
                }
                Err(invalids) => {
                    self.telemetry.count(Counter::ConfigRejected);
                    let errors = invalids
                        .iter()
                        .map(|invalid| problem(Severity::Error, kind, &upsert.name, invalid));
                    problems.extend(errors);
                }
            }
        }
        for name in removed {
            self.store.xds.remove(kind, name);
        }
        self.publish(&mut problems);
        problems
    }

    /// Takes a resource over, if it can be compiled.
    fn put(&mut self, kind: ResourceType, name: &str, version: &str, resource: Resource, problems: &mut Vec<Problem>) {
        let checked = match &resource {
            Resource::Listener(listener) => self.builder.listener(&Arc::new((**listener).clone())).map(|_| ()),
            Resource::Cluster(cluster) => self.builder.check_cluster(cluster),
            Resource::Secret(secret) => {
                let result = self.builder.secrets.set(secret);
                if result.is_ok() {
                    self.telemetry.count(Counter::SecretsRotated);
                }
                result
            }
            Resource::Route(_) | Resource::Endpoint(_) => Ok(()),
        };
        match checked {
            Ok(()) => {
                self.telemetry.count(Counter::ConfigApplied);
                self.store.xds.put(name, version, resource);
            }
            Err(invalid) => {
                self.telemetry.count(Counter::ConfigRejected);
                problems.push(problem(Severity::Error, kind, name, &invalid));
            }
        }
    }

    fn apply_config(&mut self, config: Config) -> Vec<Problem> {
        let mut problems = Vec::new();
        // First everything that can be refused, so that a configuration is taken whole or not at all.
        let listeners = config
            .listeners
            .iter()
            .map(|value| (ResourceType::Listener, &value.name, value.check()));
        let routes = config
            .routes
            .iter()
            .map(|value| (ResourceType::Route, &value.name, value.check()));
        let clusters = config
            .clusters
            .iter()
            .map(|value| (ResourceType::Cluster, &value.name, value.check()));
        for (kind, name, invalids) in listeners.chain(routes).chain(clusters) {
            problems.extend(
                invalids
                    .iter()
                    .map(|invalid| problem(Severity::Error, kind, name, invalid)),
            );
        }
        for listener in &config.listeners {
            if let Err(invalid) = self.builder.listener(&Arc::new(listener.clone())) {
                problems.push(problem(
                    Severity::Error,
                    ResourceType::Listener,
                    &listener.name,
                    &invalid,
                ));
            }
        }
        for cluster in &config.clusters {
            if let Err(invalid) = self.builder.check_cluster(cluster) {
                problems.push(problem(Severity::Error, ResourceType::Cluster, &cluster.name, &invalid));
            }
        }
        problems.extend(store::duplicates(&config));
        if problems.is_empty() {
            for secret in &config.secrets {
                if let Err(invalid) = self.builder.secrets.set(secret) {
                    problems.push(problem(Severity::Error, ResourceType::Secret, &secret.name, &invalid));
                }
            }
        }
        if !problems.is_empty() {
            self.telemetry.count(Counter::ConfigRejected);
            return problems;
        }
        self.telemetry.count(Counter::ConfigApplied);
        self.store.fixed.replace(config);
        self.publish(&mut problems);
        problems
    }

    /// Compiles what changed and gives it to the workers.
    fn publish(&mut self, problems: &mut Vec<Problem>) {
        let clusters = self.compile_clusters(problems);
        let routes = self.compile_routes();
        let listeners = self.compile_listeners(&routes, problems);
        self.builder.forget(clusters.values());
        self.snapshot = Arc::new(Snapshot::new(self.snapshot.version + 1, listeners, routes, clusters));
        for worker in &self.workers {
            worker.send(Command::Update(Arc::clone(&self.snapshot)));
        }
        self.update_health_checks(problems);
        self.resolver
            .refresh(self.snapshot.clusters.values().map(|cluster| &cluster.config));
        self.open_sockets(problems);
    }

    fn update_health_checks(&mut self, problems: &mut Vec<Problem>) {
        let checked = self.snapshot.clusters.values().find(|cluster| cluster.check.is_some());
        if self.health.is_none()
            && let Some(cluster) = checked
        {
            let workers: Vec<_> = self.workers.iter().map(WorkerHandle::commands).collect();
            let wake = move || {
                for worker in &workers {
                    let _ = worker.send(Command::Wake);
                }
            };
            match HealthChecker::start(Arc::clone(&self.shared), wake) {
                Ok(health) => self.health = Some(health),
                Err(error) => {
                    let invalid = config::Invalid::new(format!("no thread for health checks: {error}"));
                    let name = &cluster.config.name;
                    problems.push(problem(Severity::Warning, ResourceType::Cluster, name, &invalid));
                }
            }
        }
        if let Some(health) = &self.health {
            health.update(&self.snapshot);
        }
    }

    fn compile_clusters(&mut self, problems: &mut Vec<Problem>) -> crate::snapshot::Map<Arc<ClusterEntry>> {
        let mut before = std::mem::take(&mut self.compiled.clusters);
        let mut compiled = crate::snapshot::Map::default();
        for config in self.store.clusters() {
            let endpoints = self.store.endpoints(&config, &self.resolver);
            let known = before.remove(&config.name);
            let now = match known {
                Some(known)
                    if Arc::ptr_eq(&known.config, &config)
                        && known.endpoints.is_same(&endpoints)
                        && !kept::is_outdated(&known.kept, &known.entry) =>
                {
                    known
                }
                known => {
                    let kept = known.as_ref().map_or_else(Vec::new, |old| {
                        let before = old.endpoints.localities().iter().chain(&old.kept);
                        kept::keep(&config, endpoints.localities(), before, &old.entry)
                    });
                    let old = known.as_ref().map(|known| &*known.entry);
                    let named = endpoints.localities();
                    let overprovisioning = endpoints.overprovisioning_percent();
                    let compiled = if kept.is_empty() {
                        self.builder.cluster(&config, named, overprovisioning, old)
                    } else {
                        let all = kept::merge(named, &kept);
                        self.builder.cluster(&config, &all, overprovisioning, old)
                    };
                    let entry = match compiled {
                        Ok(entry) => Some(Arc::new(entry)),
                        Err(invalid) => {
                            problems.push(problem(Severity::Error, ResourceType::Cluster, &config.name, &invalid));
                            known.map(|known| known.entry)
                        }
                    };
                    let Some(entry) = entry else { continue };
                    CompiledCluster {
                        config,
                        endpoints,
                        kept,
                        entry,
                    }
                }
            };
            let name = &now.config.name;
            compiled.insert(Arc::clone(name), Arc::clone(&now.entry));
            self.compiled.clusters.insert(Arc::clone(name), now);
        }
        compiled
    }

    fn compile_routes(&mut self) -> crate::snapshot::Map<Arc<RouteEntry>> {
        let mut before = std::mem::take(&mut self.compiled.routes);
        let mut compiled = crate::snapshot::Map::default();
        for config in self.store.routes() {
            let entry = match before.remove(&config.name) {
                Some((old, entry)) if Arc::ptr_eq(&old, &config) => entry,
                _ => Arc::new(self.builder.routes(&config)),
            };
            compiled.insert(Arc::clone(&config.name), Arc::clone(&entry));
            self.compiled.routes.insert(Arc::clone(&config.name), (config, entry));
        }
        compiled
    }

    fn compile_listeners(
        &mut self,
        routes: &crate::snapshot::Map<Arc<RouteEntry>>,
        problems: &mut Vec<Problem>,
    ) -> crate::snapshot::Map<Arc<ListenerEntry>> {
        let mut before = std::mem::take(&mut self.compiled.listeners);
        let mut compiled = crate::snapshot::Map::default();
        self.waiting.clear();
        for config in self.store.listeners() {
            let known = before.remove(&config.name);
            let missing = build::missing(&config, &self.builder.secrets, |name| routes.contains_key(name));
            let is_same = known.as_ref().is_some_and(|(old, _)| Arc::ptr_eq(old, &config));
            let kept = if is_same {
                known
            } else if missing.is_empty() {
                match self.builder.listener(&config) {
                    Ok(entry) => {
                        for warning in self.builder.warnings.drain(..) {
                            problems.push(problem(
                                Severity::Warning,
                                ResourceType::Listener,
                                &config.name,
                                &warning,
                            ));
                        }
                        Some((Arc::clone(&config), Arc::new(entry)))
                    }
                    Err(invalid) => {
                        problems.push(problem(Severity::Error, ResourceType::Listener, &config.name, &invalid));
                        known
                    }
                }
            } else {
                // The version before, if there is one, serves until all of this one is there.
                self.waiting.insert(Arc::clone(&config.name), missing);
                known
            };
            if let Some((config, entry)) = kept {
                compiled.insert(Arc::clone(&config.name), Arc::clone(&entry));
                self.compiled
                    .listeners
                    .insert(Arc::clone(&config.name), (config, entry));
            }
        }
        compiled
    }

    fn open_sockets(&mut self, problems: &mut Vec<Problem>) {
        let is_stopped = |listener: &ListenerEntry| self.shared.is_draining(listener.is_inbound);
        let wanted = self
            .snapshot
            .listeners
            .values()
            .filter(|listener| !is_stopped(listener))
            .map(|l| &l.config);
        problems.extend(self.sockets.open(wanted, &self.workers, &mut self.inheritance));
        let is_serving = self.sockets.count() > 0 && self.waiting.is_empty();
        self.is_ready.store(is_serving, Relaxed);
        if is_serving
            && self.sockets.is_complete()
            && let Some(before) = self.inheritance.take()
        {
            // First there is a place for the next process, then none any more at the one before.
            if let Some((path, listeners)) = &self.next_process
                && let Ok(listener) = handover::listen(path)
            {
                let _ = listeners.send(listener);
            }
            before.confirm();
        }
    }

    fn duplicate_sockets(&self) -> Vec<HandedSocket> {
        let answers = self.workers.iter().map(|worker| {
            let (reply, answer) = mpsc::channel();
            worker.send(Command::Duplicate(reply));
            answer
        });
        let answers: Vec<_> = answers.collect();
        let sockets = answers
            .into_iter()
            .filter_map(|answer| answer.recv_timeout(Duration::from_secs(1)).ok());
        sockets.flatten().collect()
    }

    fn drain(&mut self, inbound_only: bool) {
        self.shared.is_draining_inbound.store(true, Relaxed);
        if !inbound_only {
            self.shared.is_draining_outbound.store(true, Relaxed);
        }
        self.open_sockets(&mut Vec::new());
        for worker in &self.workers {
            worker.send(Command::Wake);
        }
    }

    fn dump(&self) -> String {
        dump::dump(
            &self.snapshot,
            &self.builder.secrets,
            &self.sockets,
            &self.waiting,
            &self.store,
        )
    }
}

fn problem(severity: Severity, kind: ResourceType, name: &str, invalid: &config::Invalid) -> Problem {
    Problem {
        severity,
        resource_type: kind.url().to_owned(),
        name: name.to_owned(),
        path: invalid.path.clone(),
        message: invalid.message.clone(),
    }
}
