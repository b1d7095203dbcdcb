//! The reading side: differences of all workers' cells, gathered into batches.

use std::collections::HashMap;
use std::fmt::Write as _;
use std::sync::Arc;
use std::sync::atomic::Ordering::Relaxed;
use std::time::{Duration, Instant};

use prost::Message;

use crate::cells::{SeriesTable, WorkerCells};
use crate::export::{Export, ExportSink, Exports, Signal};
use crate::histogram::add;
use crate::log_target::LogWriter;
use crate::report::{AccessLogEntry, Histogram, Labels, ReportBatch, RequestMetrics, Span, TcpMetrics, Workload};
use crate::totals::{Totals, ask_for_renewal};
use crate::{AccessLog, Counter, LabelsId, ReporterSide, ResponseFlags, SecurityPolicy, SpanKind, StringId, Telemetry};

/// How often workers whose tables are crowded begin new ones.
const RENEWAL_INTERVAL: Duration = Duration::from_secs(5 * 60);

/// Reads what the workers write. Belongs to one thread.
pub(crate) struct Collector {
    telemetry: Arc<Telemetry>,
    reporter_id: String,
    sequence: u64,
    interval_start_ms: i64,
    batch: Batch,
    log_writer: LogWriter,
    exports: Exports,
    export_sink: ExportSink,
    totals: Totals,
    renewed: Instant,
    // Where losses are counted that happen here.
    own_cells: Arc<WorkerCells>,
}

impl Collector {
    pub(crate) fn new(telemetry: Arc<Telemetry>, now_ms: i64, export_sink: ExportSink) -> Self {
        let reporter_id = String::from_utf8_lossy(&crate::new_request_id()).into_owned();
        let own_cells = telemetry.register_cells();
        Self {
            telemetry,
            reporter_id,
            sequence: 0,
            interval_start_ms: now_ms,
            batch: Batch::default(),
            log_writer: LogWriter::default(),
            exports: Exports::default(),
            export_sink,
            totals: Totals::default(),
            renewed: Instant::now(),
            own_cells,
        }
    }

    /// Empties the rings: writes log lines, hands spans to their collectors, keeps samples and spans for the next batch.
    pub(crate) fn drain(&mut self) {
        self.drain_and_flush(false);
    }

    /// The same at the end: nothing waits for more.
    pub(crate) fn drain_all(&mut self) {
        self.drain_and_flush(true);
    }

    fn drain_and_flush(&mut self, all: bool) {
        let mut record = Vec::new();
        let (sink, own_cells) = (&self.export_sink, &self.own_cells);
        let mut hand_on = |batch: Export| {
            let count = u64::from(batch.count);
            let lost = match batch.signal {
                Signal::Spans => Counter::SpanExportsDropped,
                Signal::Logs => Counter::AccessLogEntriesDropped,
            };
            if !sink(batch) {
                add(&own_cells.counters[lost as usize], count);
            }
        };
        for cells in self.telemetry.all_cells() {
            for ring in std::iter::once(&cells.samples).chain(cells.lines.get()) {
                while ring.pop(&mut record) {
                    let Some((decision, log)) = AccessLog::decode(&record) else {
                        continue;
                    };
                    self.log_writer
                        .add(&self.telemetry, decision.targets, &log, &mut hand_on);
                    if decision.sampled {
                        self.batch.push_log(&self.telemetry, &log);
                    }
                }
            }
            for ring in std::iter::once(&cells.spans).chain(cells.exported.get()) {
                while ring.pop(&mut record) {
                    let Some((is_reported, span)) = crate::Span::decode(&record) else {
                        continue;
                    };
                    if is_reported {
                        self.batch.push_span(&self.telemetry, &span);
                    }
                    self.exports.push(&self.telemetry, &span, &mut hand_on);
                }
            }
        }
        self.exports.flush(all, &mut hand_on);
        let lost = self.log_writer.flush(all, &mut hand_on);
        if lost > 0 {
            add(&self.own_cells.counters[Counter::AccessLogLinesDropped as usize], lost);
        }
    }

    /// Ends an interval: the batch of what happened in it, encoded; none where nothing did.
    pub(crate) fn report(&mut self, now_ms: i64) -> Option<Vec<u8>> {
        self.drain();
        let mut batch = std::mem::take(&mut self.batch);
        for cells in self.telemetry.all_cells() {
            for table in cells.take_sealed() {
                batch.push_table(&self.telemetry, &table);
                self.totals.take_over(&self.telemetry, &table, Instant::now());
            }
            batch.push_cells(&self.telemetry, &cells);
            cells
                .interval
                .store(cells.interval.load(Relaxed).wrapping_add(1), Relaxed);
        }
        if self.renewed.elapsed() >= RENEWAL_INTERVAL {
            self.renewed = Instant::now();
            ask_for_renewal(&self.telemetry);
        }
        let start_ms = std::mem::replace(&mut self.interval_start_ms, now_ms);
        if batch.is_empty() {
            return None;
        }
        self.sequence += 1;
        let own = &self.telemetry.options.workload;
        let message = ReportBatch {
            reporter_id: self.reporter_id.clone(),
            sequence: self.sequence,
            workload: Some(Workload {
                name: own.name.clone(),
                namespace: own.namespace.clone(),
                service: own.service.clone(),
                version: own.version.clone(),
                principal: own.principal.clone(),
                cluster: own.cluster.clone(),
                node_id: own.node_id.clone(),
            }),
            start_time_unix_ms: start_ms,
            end_time_unix_ms: now_ms,
            ..batch.into_message()
        };
        Some(message.encode_to_vec())
    }

    pub(crate) fn prometheus(&mut self) -> String {
        for cells in self.telemetry.all_cells() {
            for table in cells.take_sealed() {
                self.batch.push_table(&self.telemetry, &table);
                self.totals.take_over(&self.telemetry, &table, Instant::now());
            }
        }
        crate::prometheus::render(&self.telemetry, &mut self.totals, Instant::now())
    }

    pub(crate) fn reopen_logs(&mut self) {
        self.log_writer.reopen();
    }

    /// Whether somebody waits for what is in the rings.
    pub(crate) fn is_urgent(&self) -> bool {
        self.telemetry.log_targets.len() > 0 || !self.telemetry.exporters.is_empty()
    }
}

/// A batch that is being gathered.
struct Batch {
    message: ReportBatch,
    refs: HashMap<String, u32, foldhash::fast::RandomState>,
    labels: HashMap<LabelsId, Labels, foldhash::fast::RandomState>,
}

impl Default for Batch {
    fn default() -> Self {
        let message = ReportBatch {
            strings: vec![String::new()],
            ..ReportBatch::default()
        };
        let refs = [(String::new(), 0)].into_iter().collect();
        Self {
            message,
            refs,
            labels: HashMap::default(),
        }
    }
}

impl Batch {
    fn is_empty(&self) -> bool {
        let message = &self.message;
        message.requests.is_empty()
            && message.tcp.is_empty()
            && message.access_logs.is_empty()
            && message.spans.is_empty()
            && message.dropped_access_logs + message.dropped_spans + message.overflowed_label_sets == 0
    }

    fn into_message(self) -> ReportBatch {
        self.message
    }

    fn push_cells(&mut self, telemetry: &Telemetry, cells: &WorkerCells) {
        self.push_table(telemetry, &cells.table());
        self.message.dropped_access_logs += cells.dropped_logs.take_delta();
        self.message.dropped_spans += cells.dropped_spans.take_delta();
        self.message.overflowed_label_sets += cells.overflowed.take_delta();
    }

    fn push_table(&mut self, telemetry: &Telemetry, table: &SeriesTable) {
        for series in table.requests.iter() {
            let count = series.count.take_delta();
            let request_bytes = series.request_bytes.take_delta();
            let response_bytes = series.response_bytes.take_delta();
            if count == 0 && request_bytes == 0 && response_bytes == 0 {
                continue;
            }
            let (sum_us, buckets) = series.duration.take_delta();
            let metrics = RequestMetrics {
                labels: Some(self.labels(telemetry, series.key.labels)),
                route_ref: self.interned(telemetry, series.key.route),
                method_ref: self.interned(telemetry, series.key.method),
                response_code: u32::from(series.key.response_code),
                response_flags_ref: self.flags(series.key.flags),
                grpc_status_plus_one: u32::from(series.key.grpc_status_plus_one),
                count,
                request_bytes,
                response_bytes,
                duration: Some(Histogram {
                    sum_us,
                    buckets: to_pairs(&buckets),
                }),
            };
            self.message.requests.push(metrics);
        }
        for series in table.tcp.iter() {
            let metrics = TcpMetrics {
                labels: None,
                response_flags_ref: 0,
                connections_opened: series.opened.take_delta(),
                connections_closed: series.closed.take_delta(),
                received_bytes: series.received_bytes.take_delta(),
                sent_bytes: series.sent_bytes.take_delta(),
            };
            if metrics == TcpMetrics::default() {
                continue;
            }
            let labels = Some(self.labels(telemetry, series.key.labels));
            let response_flags_ref = self.flags(series.key.flags);
            self.message.tcp.push(TcpMetrics {
                labels,
                response_flags_ref,
                ..metrics
            });
        }
    }

    fn push_log(&mut self, telemetry: &Telemetry, log: &AccessLog<'_>) {
        let entry = AccessLogEntry {
            start_time_unix_us: log.start_unix_us,
            duration_us: log.duration_us,
            labels: Some(self.labels(telemetry, log.labels)),
            method_ref: self.bytes(log.method),
            path: String::from_utf8_lossy(log.path).into_owned(),
            authority_ref: self.bytes(log.authority),
            protocol_ref: self.text(log.protocol),
            response_code: u32::from(log.response_code),
            response_flags_ref: self.flags(log.flags),
            response_code_details: log.details.to_owned(),
            request_bytes: log.request_bytes,
            response_bytes: log.response_bytes,
            request_id: String::from_utf8_lossy(log.request_id).into_owned(),
            trace_id: log.trace_id.map_or(String::new(), |id| to_hex(&id)),
            route_ref: self.interned(telemetry, log.route),
            upstream_cluster_ref: self.interned(telemetry, log.upstream_cluster),
            upstream_host_ref: self.address(log.upstream_host),
            downstream_remote_address_ref: self.address(log.downstream_remote),
            user_agent_ref: self.bytes(log.user_agent),
            attempts: log.attempts,
            upstream_duration_us: log.upstream_duration_us,
        };
        self.message.access_logs.push(entry);
    }

    fn push_span(&mut self, telemetry: &Telemetry, span: &crate::Span<'_>) {
        const KIND_SERVER: i32 = 1;
        const KIND_CLIENT: i32 = 2;
        let message = Span {
            trace_id: span.trace_id.to_vec(),
            span_id: span.span_id.to_vec(),
            parent_span_id: span.parent_span_id.map_or(Vec::new(), |id| id.to_vec()),
            kind: match span.kind {
                SpanKind::Server => KIND_SERVER,
                SpanKind::Client => KIND_CLIENT,
            },
            name: telemetry.strings.get(span.name).as_ref().to_owned(),
            start_time_unix_us: span.start_unix_us,
            duration_us: span.duration_us,
            labels: Some(self.labels(telemetry, span.labels)),
            response_code: u32::from(span.response_code),
            response_flags_ref: self.flags(span.flags),
            method_ref: self.bytes(span.method),
            path: String::from_utf8_lossy(span.path).into_owned(),
            authority_ref: self.bytes(span.authority),
        };
        self.message.spans.push(message);
    }

    fn labels(&mut self, telemetry: &Telemetry, id: LabelsId) -> Labels {
        if let Some(labels) = self.labels.get(&id) {
            return *labels;
        }
        let set = telemetry.label_table.get(id);
        let labels = Labels {
            reporter: match set.reporter {
                ReporterSide::Source => 1,
                ReporterSide::Destination => 2,
            },
            peer_workload_ref: self.interned(telemetry, set.peer_workload),
            peer_namespace_ref: self.interned(telemetry, set.peer_namespace),
            peer_service_ref: self.interned(telemetry, set.peer_service),
            peer_version_ref: self.interned(telemetry, set.peer_version),
            peer_principal_ref: self.interned(telemetry, set.peer_principal),
            destination_service_ref: self.interned(telemetry, set.destination_service),
            security_policy: match set.security_policy {
                SecurityPolicy::Unknown => 0,
                SecurityPolicy::None => 1,
                SecurityPolicy::MutualTls => 2,
            },
            protocol_ref: self.interned(telemetry, set.protocol),
        };
        self.labels.insert(id, labels);
        labels
    }

    fn interned(&mut self, telemetry: &Telemetry, id: StringId) -> u32 {
        if id == StringId::EMPTY {
            return 0;
        }
        self.text(&telemetry.strings.get(id))
    }

    fn flags(&mut self, flags: ResponseFlags) -> u32 {
        if flags.is_empty() {
            0
        } else {
            self.text(&flags.to_string())
        }
    }

    fn bytes(&mut self, bytes: &[u8]) -> u32 {
        self.text(&String::from_utf8_lossy(bytes))
    }

    fn address(&mut self, address: Option<std::net::SocketAddr>) -> u32 {
        address.map_or(0, |address| self.text(&address.to_string()))
    }

    fn text(&mut self, text: &str) -> u32 {
        if let Some(place) = self.refs.get(text) {
            return *place;
        }
        let place = self.message.strings.len() as u32;
        self.message.strings.push(text.to_owned());
        self.refs.insert(text.to_owned(), place);
        place
    }
}

/// Bucket indices as differences from the one before, each followed by its count.
fn to_pairs(buckets: &[(usize, u64)]) -> Vec<u64> {
    let mut pairs = Vec::with_capacity(buckets.len() * 2);
    let mut before = 0;
    for (index, count) in buckets {
        pairs.push((index - before) as u64);
        pairs.push(*count);
        before = *index;
    }
    pairs
}

fn to_hex(bytes: &[u8]) -> String {
    bytes.iter().fold(String::new(), |mut text, byte| {
        let _ = write!(text, "{byte:02x}");
        text
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{LabelNames, PeerNames, RequestEnd, TelemetryOptions};

    fn telemetry() -> Arc<Telemetry> {
        let workload = crate::Workload {
            name: "productpage-v1".to_owned(),
            ..crate::Workload::default()
        };
        Telemetry::new(TelemetryOptions {
            workload,
            log_sample_rate: 1.0,
            max_log_samples: 2,
            ..TelemetryOptions::default()
        })
    }

    fn labels(telemetry: &Telemetry) -> LabelsId {
        telemetry.labels(&LabelNames {
            reporter: ReporterSide::Source,
            peer: PeerNames {
                workload: "reviews-v1",
                version: "v1",
                ..PeerNames::default()
            },
            destination_service: "reviews.default.svc.cluster.local",
            security_policy: SecurityPolicy::MutualTls,
            protocol: "http",
        })
    }

    fn end(labels: LabelsId) -> RequestEnd {
        RequestEnd {
            labels,
            route: StringId::EMPTY,
            cluster: StringId::EMPTY,
            stat_prefix: StringId::EMPTY,
            virtual_cluster: StringId::EMPTY,
            method: StringId::of_method(b"GET"),
            response_code: 200,
            flags: ResponseFlags::NONE,
            grpc_status: None,
            request_bytes: 10,
            response_bytes: 100,
            request_messages: 0,
            response_messages: 0,
            duration_us: 1500,
        }
    }

    fn decode(batch: Option<Vec<u8>>) -> ReportBatch {
        ReportBatch::decode(batch.expect("batch").as_slice()).expect("message")
    }

    #[test]
    fn a_batch_holds_the_differences_of_all_workers() {
        let telemetry = telemetry();
        let labels = labels(&telemetry);
        let (one, two) = (telemetry.worker(), telemetry.worker());
        let mut collector = Collector::new(telemetry, 1000, Box::new(|_| true));
        one.record_request(&end(labels));
        one.record_request(&end(labels));
        two.record_request(&end(labels));
        let batch = decode(collector.report(2000));
        assert_eq!(
            (batch.sequence, batch.start_time_unix_ms, batch.end_time_unix_ms),
            (1, 1000, 2000)
        );
        assert_eq!(
            batch.requests.iter().map(|series| series.count).collect::<Vec<_>>(),
            [2, 1]
        );
        let series = &batch.requests[0];
        assert_eq!((series.request_bytes, series.response_bytes), (20, 200));
        let bucket = crate::bucket_index(1500) as u64;
        assert_eq!(
            series.duration,
            Some(Histogram {
                sum_us: 3000,
                buckets: vec![bucket, 2]
            })
        );
        let labels = series.labels.expect("labels");
        assert_eq!(batch.strings[labels.peer_workload_ref as usize], "reviews-v1");
        assert_eq!(batch.strings[series.method_ref as usize], "GET");

        assert_eq!(collector.report(3000), None, "nothing happened");
        one.record_request(&end(labels_of(&one)));
        let batch = decode(collector.report(4000));
        assert_eq!(
            (batch.sequence, batch.start_time_unix_ms, batch.requests[0].count),
            (2, 3000, 1)
        );
    }

    fn labels_of(worker: &crate::Worker) -> LabelsId {
        labels(worker.shared())
    }

    #[test]
    fn log_samples_are_bounded_and_the_rest_counted() {
        let telemetry = telemetry();
        let labels = labels(&telemetry);
        let worker = telemetry.worker();
        let mut collector = Collector::new(telemetry, 0, Box::new(|_| true));
        for round in 1..=2 {
            for _ in 0..5 {
                let decision = worker.log_decision(false, crate::LogTargets::NONE);
                worker.log(
                    decision,
                    &AccessLog {
                        labels,
                        path: b"/x",
                        ..AccessLog::default()
                    },
                );
            }
            let batch = decode(collector.report(round));
            assert_eq!(
                (batch.access_logs.len(), batch.dropped_access_logs),
                (2, 3),
                "interval {round}"
            );
            assert_eq!(batch.access_logs[0].path, "/x");
        }
    }

    #[test]
    fn more_series_than_fit_are_counted_under_other() {
        let telemetry = telemetry();
        let labels = labels(&telemetry);
        let worker = telemetry.worker();
        let mut collector = Collector::new(telemetry, 0, Box::new(|_| true));
        for route in 0..5000 {
            worker.record_request(&RequestEnd {
                route: StringId(route),
                ..end(labels)
            });
        }
        let batch = decode(collector.report(1));
        assert_eq!(batch.requests.iter().map(|series| series.count).sum::<u64>(), 5000);
        assert_eq!(batch.overflowed_label_sets, 5000 - 4095);
        let other = batch
            .requests
            .iter()
            .find(|series| series.count > 1)
            .expect("overflow series");
        assert_eq!(
            batch.strings[other.labels.expect("labels").destination_service_ref as usize],
            "other"
        );
    }

    #[test]
    fn tcp_is_reported_while_a_connection_lives() {
        let telemetry = telemetry();
        let labels = labels(&telemetry);
        let worker = telemetry.worker();
        let mut collector = Collector::new(telemetry, 0, Box::new(|_| true));
        worker.tcp_opened(labels);
        worker.tcp_bytes(labels, 5, 7);
        let batch = decode(collector.report(1));
        assert_eq!(
            (
                batch.tcp[0].connections_opened,
                batch.tcp[0].received_bytes,
                batch.tcp[0].sent_bytes
            ),
            (1, 5, 7)
        );
        worker.tcp_closed(labels, ResponseFlags::DURATION_TIMEOUT);
        let batch = decode(collector.report(2));
        assert_eq!(batch.tcp[0].connections_closed, 1);
        assert_eq!(batch.strings[batch.tcp[0].response_flags_ref as usize], "DT");
    }

    #[test]
    fn bucket_indices_are_sent_as_differences() {
        assert_eq!(to_pairs(&[(3, 1), (10, 2), (11, 5)]), [3, 1, 7, 2, 1, 5]);
    }
}
