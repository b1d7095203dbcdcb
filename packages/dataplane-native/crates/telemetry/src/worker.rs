//! The writing side: one [`Worker`] for each thread that serves traffic.

use std::cell::{Cell, RefCell};
use std::collections::HashMap;
use std::hash::Hash;
use std::sync::atomic::Ordering::Relaxed;
use std::sync::{Arc, Mutex, PoisonError};

use crate::cells::{RequestKey, RequestSeries, SeriesTable, TcpKey, TcpSeries, WorkerCells};
use crate::export::ExporterTable;
use crate::interner::Interner;
use crate::labels::LabelTable;
use crate::log_target::LogTargetTable;
use crate::tags::TagTable;
use crate::{
    AccessLog, Counter, ExporterId, LabelNames, LabelsId, LogDecision, LogFormat, LogService, LogTargets,
    ResponseFlags, Span, SpanFormat, StringId, Tag, TagSetId,
};

/// The workload the proxy stands beside.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Workload {
    /// Workload name, e.g. `reviews-v1`.
    pub name: String,
    /// Namespace.
    pub namespace: String,
    /// Canonical service.
    pub service: String,
    /// Canonical revision.
    pub version: String,
    /// SPIFFE ID.
    pub principal: String,
    /// Cluster it runs in.
    pub cluster: String,
    /// The proxy's xDS node id.
    pub node_id: String,
}

/// What is recorded and how much of it.
#[derive(Clone, Debug)]
pub struct TelemetryOptions {
    /// The proxy's own end of everything.
    pub workload: Workload,
    /// Share of successful requests whose log entry goes to Mixer, 0 to 1; failed ones go while there is room.
    pub log_sample_rate: f64,
    /// Log entries for Mixer in one report interval, per worker.
    pub max_log_samples: u32,
    /// Share of traces begun here that are recorded, 0 to 1.
    pub trace_sample_rate: f64,
    /// Spans in one report interval, per worker.
    pub max_spans: u32,
}

impl Default for TelemetryOptions {
    fn default() -> Self {
        Self {
            workload: Workload::default(),
            log_sample_rate: 0.01,
            max_log_samples: 128,
            trace_sample_rate: 0.01,
            max_spans: 256,
        }
    }
}

/// What all threads of a proxy share: names, label sets, log targets and the list of workers.
#[derive(Debug)]
pub struct Telemetry {
    pub(crate) options: TelemetryOptions,
    pub(crate) strings: Interner,
    pub(crate) label_table: LabelTable,
    pub(crate) log_targets: LogTargetTable,
    pub(crate) exporters: ExporterTable,
    pub(crate) tags: TagTable,
    workers: Mutex<Vec<Arc<WorkerCells>>>,
}

impl Telemetry {
    /// Makes the shared part.
    pub fn new(options: TelemetryOptions) -> Arc<Self> {
        Arc::new(Self {
            options,
            strings: Interner::new(),
            label_table: LabelTable::new(),
            log_targets: LogTargetTable::default(),
            exporters: ExporterTable::default(),
            tags: TagTable::default(),
            workers: Mutex::default(),
        })
    }

    /// Makes the writing side for one more thread.
    pub fn worker(self: &Arc<Self>) -> Worker {
        let cells = self.register_cells();
        Worker {
            shared: self.clone(),
            table: RefCell::new(cells.table()),
            generation: Cell::new(0),
            cells,
            requests: RefCell::default(),
            last_request: Cell::new((RequestKey::OTHER, 0)),
            tcp: RefCell::default(),
            record: RefCell::default(),
            budget: Cell::default(),
        }
    }

    /// Gives a string its number. For configuration and new connections, not for requests.
    pub fn intern(&self, string: &str) -> StringId {
        self.strings.intern(string)
    }

    /// The same for a string that lives anyway.
    pub fn intern_shared(&self, string: &Arc<str>) -> StringId {
        self.strings.intern_as(string, || Arc::clone(string))
    }

    /// Writes an entry at once. `captured` are the values of the format's captures.
    pub fn write(&self, format: &LogFormat, log: &AccessLog<'_>, captured: &[u8], out: &mut String) {
        format.write(log, captured, &self.strings, out);
    }

    /// The string of a number.
    pub fn string(&self, id: StringId) -> Arc<str> {
        self.strings.get(id)
    }

    /// Gives a label set its number. For configuration and new connections, not for requests: keep it with the
    /// connection, or with the endpoint.
    pub fn labels(&self, names: &LabelNames<'_>) -> LabelsId {
        self.label_table.intern(&self.strings, names)
    }

    /// Names a file (or `/dev/stdout`, `/dev/stderr`) for log lines. An empty path is no target. None: there are too many
    /// different ones. When configuration is applied.
    pub fn log_target(&self, path: &str, format: &LogFormat) -> Option<LogTargets> {
        if path.is_empty() {
            Some(LogTargets::NONE)
        } else {
            self.log_targets.register(path, format)
        }
    }

    /// Names a collector of spans by what tells it from others. None: there are too many. When configuration is applied.
    pub fn exporter(&self, key: &str, format: &SpanFormat) -> Option<ExporterId> {
        self.exporters.register(key, Some(format))
    }

    /// Names a service that takes entries of access logs by what tells it from others. None: there are too many. When
    /// configuration is applied.
    pub fn log_exporter(&self, key: &str) -> Option<ExporterId> {
        self.exporters.register(key, None)
    }

    /// Names a service, and how it wants entries, for log entries. None: there are too many different ones. When
    /// configuration is applied.
    pub fn log_service(&self, service: &LogService) -> Option<LogTargets> {
        self.log_targets.register_service(service)
    }

    /// Gives a set of tags its number. When configuration is applied.
    pub fn tag_set(&self, tags: &[Tag]) -> TagSetId {
        self.tags.intern(tags)
    }

    pub(crate) fn register_cells(&self) -> Arc<WorkerCells> {
        let cells = Arc::new(WorkerCells::new());
        self.workers
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .push(cells.clone());
        cells
    }

    pub(crate) fn all_cells(&self) -> Vec<Arc<WorkerCells>> {
        self.workers.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }
}

/// A request that ended.
#[derive(Clone, Copy, Debug)]
pub struct RequestEnd {
    /// Label set.
    pub labels: LabelsId,
    /// Name of the route that served.
    pub route: StringId,
    /// The cluster that it was sent to; empty where it was answered here.
    pub cluster: StringId,
    /// What the connection manager's statistics begin with.
    pub stat_prefix: StringId,
    /// The virtual cluster: name of the virtual host, a line feed, its own name. Empty where the host has none.
    pub virtual_cluster: StringId,
    /// [`StringId::of_method`].
    pub method: StringId,
    /// What the downstream got; 0 where it got nothing.
    pub response_code: u16,
    /// Envoy's flags.
    pub flags: ResponseFlags,
    /// For gRPC, its status.
    pub grpc_status: Option<u16>,
    /// Bytes received from downstream.
    pub request_bytes: u64,
    /// Bytes sent downstream.
    pub response_bytes: u64,
    /// For gRPC, messages received from downstream.
    pub request_messages: u64,
    /// For gRPC, messages sent downstream.
    pub response_messages: u64,
    /// From the first byte of the request to the last of the response.
    pub duration_us: u64,
}

/// What is left to record in this report interval.
#[derive(Clone, Copy, Debug, Default)]
struct Budget {
    /// The interval plus one, so that none is the beginning.
    interval: u64,
    log_samples: u32,
    spans: u32,
}

/// The writing side, owned by one thread.
#[derive(Debug)]
pub struct Worker {
    shared: Arc<Telemetry>,
    cells: Arc<WorkerCells>,
    table: RefCell<Arc<SeriesTable>>,
    generation: Cell<u32>,
    requests: RefCell<HashMap<RequestKey, u32, foldhash::fast::RandomState>>,
    last_request: Cell<(RequestKey, u32)>,
    tcp: RefCell<HashMap<TcpKey, u32, foldhash::fast::RandomState>>,
    record: RefCell<Vec<u8>>,
    budget: Cell<Budget>,
}

impl Worker {
    /// The part shared with the other threads.
    pub fn shared(&self) -> &Arc<Telemetry> {
        &self.shared
    }

    /// Adds one to an engine counter.
    pub fn count(&self, counter: Counter) {
        self.count_many(counter, 1);
    }

    /// Adds to an engine counter.
    pub fn count_many(&self, counter: Counter, times: u64) {
        crate::histogram::add(&self.cells.counters[counter as usize], times);
    }

    /// Records a request that ended.
    pub fn record_request(&self, end: &RequestEnd) {
        self.renew_if_asked();
        let key = RequestKey {
            labels: end.labels,
            route: end.route,
            cluster: end.cluster,
            stat_prefix: end.stat_prefix,
            virtual_cluster: end.virtual_cluster,
            method: end.method,
            flags: end.flags,
            response_code: end.response_code,
            grpc_status_plus_one: end.grpc_status.map_or(0, |status| status.saturating_add(1)),
        };
        let place = self.request_place(key);
        if place == 0 || end.labels == LabelsId::OTHER {
            self.cells.overflowed.add(1);
        }
        if let Some(series) = self.table.borrow().requests.get(place) {
            series.count.add(1);
            series.request_bytes.add(end.request_bytes);
            series.response_bytes.add(end.response_bytes);
            if end.request_messages + end.response_messages > 0 {
                series.request_messages.add(end.request_messages);
                series.response_messages.add(end.response_messages);
            }
            series.duration.record(end.duration_us);
        }
    }

    /// Records that a TCP connection was opened.
    pub fn tcp_opened(&self, labels: LabelsId) {
        self.with_tcp(labels, ResponseFlags::NONE, |series| series.opened.add(1));
    }

    /// Records bytes of a TCP connection: received from and sent to the client. While it lives (by differences) or at its
    /// end.
    pub fn tcp_bytes(&self, labels: LabelsId, received: u64, sent: u64) {
        self.with_tcp(labels, ResponseFlags::NONE, |series| {
            series.received_bytes.add(received);
            series.sent_bytes.add(sent);
        });
    }

    /// Records that a TCP connection ended.
    pub fn tcp_closed(&self, labels: LabelsId, flags: ResponseFlags) {
        self.with_tcp(labels, flags, |series| series.closed.add(1));
    }

    /// Decides whether a request is logged. `failed` ones (5xx or with a flag) are always chosen while there is room.
    pub fn log_decision(&self, failed: bool, targets: LogTargets) -> LogDecision {
        let chosen = failed || is_chosen(self.shared.options.log_sample_rate);
        let mut budget = self.budget();
        let sampled = chosen && budget.log_samples > 0;
        if sampled {
            budget.log_samples -= 1;
            self.budget.set(budget);
        } else if chosen {
            self.cells.dropped_logs.add(1);
        }
        LogDecision { sampled, targets }
    }

    /// Records a log entry; nothing where the decision says so. Never waits: what does not fit is counted.
    pub fn log(&self, decision: LogDecision, log: &AccessLog<'_>) {
        if decision.is_none() {
            return;
        }
        let mut record = self.record.borrow_mut();
        log.encode(decision, &mut record);
        let ring = if decision.targets.is_empty() {
            &self.cells.samples
        } else {
            self.cells.line_ring()
        };
        if ring.push(&record) {
            return;
        }
        if decision.sampled {
            self.cells.dropped_logs.add(1);
        }
        if !decision.targets.is_empty() {
            self.count(Counter::AccessLogLinesDropped);
        }
    }

    /// Whether a trace that begins here is recorded.
    pub fn is_trace_sampled(&self) -> bool {
        is_chosen(self.shared.options.trace_sample_rate)
    }

    /// Records a span of a sampled trace. Never waits: what does not fit is counted.
    pub fn span(&self, span: &Span<'_>) {
        let mut budget = self.budget();
        let is_reported = budget.spans > 0;
        if is_reported {
            budget.spans -= 1;
            self.budget.set(budget);
        }
        let has_room = (is_reported || span.exporter.is_some()) && {
            let mut record = self.record.borrow_mut();
            span.encode(is_reported, &mut record);
            let ring = if span.exporter.is_some() {
                self.cells.export_ring()
            } else {
                &self.cells.spans
            };
            ring.push(&record)
        };
        if !has_room || !is_reported {
            self.cells.dropped_spans.add(1);
        }
        if !has_room && span.exporter.is_some() {
            self.count(Counter::SpanExportsDropped);
        }
    }

    fn budget(&self) -> Budget {
        let interval = u64::from(self.cells.interval.load(Relaxed)) + 1;
        let budget = self.budget.get();
        if budget.interval == interval {
            return budget;
        }
        Budget {
            interval,
            log_samples: self.shared.options.max_log_samples,
            spans: self.shared.options.max_spans,
        }
    }

    /// Leaves a table that is full of series that nobody uses any more.
    fn renew_if_asked(&self) {
        let asked = self.cells.generation.load(Relaxed);
        if asked == self.generation.get() {
            return;
        }
        self.generation.set(asked);
        *self.table.borrow_mut() = self.cells.renew_table();
        self.requests.borrow_mut().clear();
        self.tcp.borrow_mut().clear();
        self.last_request.set((RequestKey::OTHER, 0));
    }

    fn request_place(&self, key: RequestKey) -> u32 {
        let (last_key, last_place) = self.last_request.get();
        if last_key == key {
            return last_place;
        }
        let place = place_of(&mut self.requests.borrow_mut(), key, || {
            self.table.borrow().requests.push(RequestSeries::new(key))
        });
        self.last_request.set((key, place));
        place
    }

    fn with_tcp(&self, labels: LabelsId, flags: ResponseFlags, record: impl FnOnce(&TcpSeries)) {
        self.renew_if_asked();
        let key = TcpKey { labels, flags };
        let table = self.table.borrow();
        let place = place_of(&mut self.tcp.borrow_mut(), key, || table.tcp.push(TcpSeries::new(key)));
        if let Some(series) = table.tcp.get(place) {
            record(series);
        }
    }
}

/// The place of a key's series; 0, the overflow, where the list is full.
fn place_of<K: Hash + Eq>(
    places: &mut HashMap<K, u32, foldhash::fast::RandomState>,
    key: K,
    make: impl FnOnce() -> Option<u32>,
) -> u32 {
    if let Some(place) = places.get(&key) {
        return *place;
    }
    match make() {
        Some(place) => {
            places.insert(key, place);
            place
        }
        None => 0,
    }
}

fn is_chosen(rate: f64) -> bool {
    rate > 0.0 && (rate >= 1.0 || fastrand::f64() < rate)
}
