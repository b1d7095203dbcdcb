//! The control thread: takes what others ask of it, one after the other.

mod compile;

use std::{
    collections::HashMap,
    os::unix::net::UnixListener,
    path::PathBuf,
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering::Relaxed},
        mpsc,
    },
    time::{Duration, Instant},
};

use config::Config;
use telemetry::Counter;
use xds::{Resource, ResourceType};

use super::{
    Request,
    dns::Resolver,
    dump, explain,
    handover::{self, HandedSocket, Inheritance},
    kept,
    names::Names,
    sockets::Sockets,
    store::{self, Store},
};
use crate::{
    Problem, Severity, Upsert,
    build::Builder,
    health::HealthChecker,
    snapshot::{ClusterEntry, ListenerEntry, RouteEntry, Snapshot},
    worker::{Command, Shared, WorkerHandle},
};

/// How often the control thread looks at ejections, names to resolve and ports that were taken.
const TICK: Duration = Duration::from_millis(100);

/// After so long without a change of the configuration what the changes took for themselves is given back.
const QUIET: Duration = Duration::from_secs(1);

/// Bytes of a change that is worth more work of the system for less memory.
const LARGE_CHANGE: usize = 256 * 1024;

/// What was compiled, with what it was compiled from.
#[derive(Default)]
pub(super) struct Compiled {
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
pub(super) struct State {
    pub(super) builder: Builder,
    pub(super) telemetry: telemetry::Worker,
    pub(super) shared: Arc<Shared>,
    pub(super) store: Store,
    pub(super) compiled: Compiled,
    pub(super) snapshot: Arc<Snapshot>,
    pub(super) sockets: Sockets,
    pub(super) workers: Vec<WorkerHandle>,
    pub(super) resolver: Resolver,
    /// Where the proxy answers questions of DNS.
    pub(super) names: Option<Names>,
    /// From the first cluster on whose endpoints are checked.
    pub(super) health: Option<HealthChecker>,
    /// Where the next process is to come, and who waits for it there.
    pub(super) next_process: Option<(PathBuf, mpsc::Sender<UnixListener>)>,
    /// Sockets of the process before, until this one serves.
    pub(super) inheritance: Option<Inheritance>,
    /// Listeners that are not served yet, and what they wait for.
    pub(super) waiting: HashMap<Arc<str>, Vec<String>>,
    pub(super) is_ready: Arc<AtomicBool>,
    pub(super) give_memory_back: Option<fn()>,
    pub(super) spare_memory: Option<fn(bool)>,
    pub(super) resident_bytes: Option<fn() -> u64>,
    /// When the configuration changed, until the memory for that is given back.
    pub(super) changed_at: Option<Instant>,
}

impl State {
    pub(super) fn run(mut self, requests: &mpsc::Receiver<Request>) {
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
                    let bytes = upserts.iter().map(|upsert| upsert.bytes.len()).sum();
                    let problems = self.sparing(bytes, |state| state.apply_xds(kind, upserts, &removed));
                    self.changed_at = Some(Instant::now());
                    let _ = reply.send(problems);
                }
                Ok(Request::ApplyConfig { json, reply }) => {
                    let problems = self.sparing(json.len(), |state| {
                        // Read here: what that takes beside the result lies in the memory of the thread that gives it back.
                        let config = serde_json::from_str(&json);
                        drop(json);
                        match config {
                            Ok(config) => state.apply_config(config),
                            Err(error) => vec![unreadable(&error)],
                        }
                    });
                    let _ = reply.send(problems);
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
                    if let Some(names) = &mut self.names {
                        names.close();
                    }
                    self.drain(false);
                }
                Ok(Request::Gauges(reply)) => {
                    let resident_bytes = self.resident_bytes.map(|ask| ask());
                    let mut text = dump::gauges(&self.snapshot, &self.shared, resident_bytes);
                    self.shared.modules.gauges(&mut text);
                    if let Some(names) = &self.names {
                        names.gauges(&mut text);
                    }
                    let _ = reply.send(text);
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

    /// Makes a change of so many bytes.
    fn sparing(&mut self, bytes: usize, change: impl FnOnce(&mut Self) -> Vec<Problem>) -> Vec<Problem> {
        let spare = self.spare_memory.filter(|_| bytes >= LARGE_CHANGE);
        if let Some(spare) = spare {
            spare(true);
        }
        let problems = change(self);
        if let Some(spare) = spare {
            spare(false);
        }
        problems
    }

    fn tick(&mut self) {
        if self.changed_at.is_some_and(|at| at.elapsed() >= QUIET) {
            self.changed_at = None;
            config::forget_unshared();
            if let Some(give_back) = self.give_memory_back {
                give_back();
            }
        }
        self.shared.modules.watch();
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
        let is_late = self
            .names
            .as_mut()
            .is_some_and(|names| !names.is_ready() && names.try_again().is_ok() && names.is_ready());
        if self.sockets.has_failed() || is_late {
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
        if kind == ResourceType::NameTable {
            self.answer_names(&mut problems);
        } else {
            self.publish(&mut problems);
        }
        problems
    }

    /// Names are nothing that workers know of.
    fn answer_names(&mut self, problems: &mut Vec<Problem>) {
        let Some(names) = &mut self.names else { return };
        if let Err(message) = names.set(self.store.name_tables()) {
            let invalid = config::Invalid::new(message);
            problems.push(problem(Severity::Warning, ResourceType::NameTable, "", &invalid));
        }
        self.open_sockets(problems);
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
            Resource::Route(routes) => self.builder.check_routes(routes),
            Resource::Endpoint(_) | Resource::NameTable(_) => Ok(()),
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
        for routes in &config.routes {
            if let Err(invalid) = self.builder.check_routes(routes) {
                problems.push(problem(Severity::Error, ResourceType::Route, &routes.name, &invalid));
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
        let routes = self.compile_routes(problems);
        let listeners = self.compile_listeners(&routes, problems);
        self.builder.forget(|name| clusters.contains_key(name));
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

    fn open_sockets(&mut self, problems: &mut Vec<Problem>) {
        let is_stopped = |listener: &ListenerEntry| self.shared.is_draining(listener.is_inbound);
        let wanted = self
            .snapshot
            .listeners
            .values()
            .filter(|listener| !is_stopped(listener))
            .map(|l| &l.config);
        problems.extend(self.sockets.open(wanted, &self.workers, &mut self.inheritance));
        let are_names_answered = self.names.as_ref().is_none_or(Names::is_ready);
        let is_serving = self.sockets.count() > 0 && self.waiting.is_empty() && are_names_answered;
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
            self.names.as_ref(),
        )
    }
}

fn unreadable(error: &serde_json::Error) -> Problem {
    Problem {
        severity: Severity::Error,
        resource_type: "config".to_owned(),
        name: String::new(),
        path: format!("line {} column {}", error.line(), error.column()),
        message: error.to_string(),
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
