//! Spans and entries of access logs on their way to collectors.
//!
//! Batches of spans are sent as they come, a few at a time. Entries of logs have a lane for each service: one batch after
//! the other, in their order, with a bound on what waits.

mod lane;

use std::{
    rc::Rc,
    sync::{
        Arc, Mutex, PoisonError,
        atomic::{AtomicU32, AtomicUsize, Ordering::Relaxed},
    },
    time::Duration,
};

use config::{GrpcCollector, OtlpCollector};
use filter::call::{Answer, Call, CallFailure};
use telemetry::{Counter, Export, ExportSink, ExporterId, SpanFormat, Telemetry};

use crate::{
    side_call,
    worker::{Command, Shared, Worker},
};

pub(crate) use lane::LogLanes;

/// Batches of spans for one collector that are on their way; more are dropped.
const MAX_IN_FLIGHT: u32 = 4;
/// Bytes of log entries for one service that are on their way; more are dropped.
const MAX_LOG_BYTES: usize = 4 * 1024 * 1024;
/// Attempts after one that failed, and the time before the first of them; it doubles.
const RETRIES: u32 = 2;
const BACKOFF: Duration = Duration::from_millis(500);
/// Where OTLP's traces are taken by gRPC.
const OTLP_METHOD: &str = "/opentelemetry.proto.collector.trace.v1.TraceService/Export";
/// Where OTLP's log records are.
const OTLP_LOGS_METHOD: &str = "/opentelemetry.proto.collector.logs.v1.LogsService/Export";

/// Where batches go, and how.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Destination {
    /// Spans.
    Spans(OtlpCollector, SpanFormat),
    /// Log records of OpenTelemetry.
    Logs(OtlpCollector),
    /// Entries for Envoy's access log service, on a stream that begins by saying who sends.
    Als {
        service: GrpcCollector,
        /// The beginning of the stream's first message.
        identifier: Vec<u8>,
        log_name: Arc<str>,
        of_connections: bool,
    },
}

impl Destination {
    /// What a collector is told apart by: all of its settings.
    fn key(&self) -> String {
        let json = |target: &OtlpCollector| serde_json::to_string(target).unwrap_or_default();
        match self {
            Self::Spans(target, _) => json(target),
            Self::Logs(target) => format!("logs {}", json(target)),
            Self::Als {
                service,
                log_name,
                of_connections,
                ..
            } => {
                let service = serde_json::to_string(service).unwrap_or_default();
                format!("als {of_connections} {log_name:?} {service}")
            }
        }
    }

    fn is_logs(&self) -> bool {
        !matches!(self, Self::Spans(..))
    }
}

/// A collector.
pub(crate) struct Collector {
    pub(crate) destination: Destination,
    in_flight: AtomicU32,
    bytes: AtomicUsize,
}

impl Collector {
    fn new(destination: Destination) -> Self {
        Self {
            destination,
            in_flight: AtomicU32::new(0),
            bytes: AtomicUsize::new(0),
        }
    }

    /// Whether a batch more would be too much. A batch that is large by itself is taken where nothing else waits.
    fn is_behind(&self, length: usize) -> bool {
        let in_flight = self.in_flight.load(Relaxed);
        if self.destination.is_logs() {
            in_flight > 0 && self.bytes.load(Relaxed) + length > MAX_LOG_BYTES
        } else {
            in_flight >= MAX_IN_FLIGHT
        }
    }
}

/// The collectors that configuration has named, by their number in telemetry.
#[derive(Default)]
pub(crate) struct Exporters {
    known: Mutex<Vec<(ExporterId, Arc<Collector>)>>,
    next_worker: AtomicUsize,
}

/// A batch that a worker is to send.
pub(crate) struct ExportBatch {
    pub(crate) exporter: ExporterId,
    pub(crate) collector: Arc<Collector>,
    pub(crate) body: Vec<u8>,
    pub(crate) count: u32,
    length: usize,
}

impl ExportBatch {
    fn new(exporter: ExporterId, collector: &Arc<Collector>, export: Export) -> Self {
        let length = export.body.len();
        collector.in_flight.fetch_add(1, Relaxed);
        collector.bytes.fetch_add(length, Relaxed);
        Self {
            exporter,
            collector: Arc::clone(collector),
            body: export.body,
            count: export.count,
            length,
        }
    }
}

impl Drop for ExportBatch {
    fn drop(&mut self) {
        self.collector.in_flight.fetch_sub(1, Relaxed);
        self.collector.bytes.fetch_sub(self.length, Relaxed);
    }
}

impl Exporters {
    /// Names a collector of spans; none where there are too many.
    pub(crate) fn register(
        &self,
        telemetry: &Telemetry,
        format: &SpanFormat,
        target: &OtlpCollector,
    ) -> Option<ExporterId> {
        let destination = Destination::Spans(target.clone(), format.clone());
        let id = telemetry.exporter(&destination.key(), format)?;
        self.know(id, destination);
        Some(id)
    }

    /// Names a service that takes log entries; none where there are too many.
    pub(crate) fn register_logs(&self, telemetry: &Telemetry, destination: Destination) -> Option<ExporterId> {
        let id = telemetry.log_exporter(&destination.key())?;
        self.know(id, destination);
        Some(id)
    }

    /// No collector has been named.
    pub(crate) fn is_empty(&self) -> bool {
        self.known.lock().unwrap_or_else(PoisonError::into_inner).is_empty()
    }

    /// Nothing is on its way.
    pub(crate) fn is_idle(&self) -> bool {
        let known = self.known.lock().unwrap_or_else(PoisonError::into_inner);
        known
            .iter()
            .all(|(_, collector)| collector.in_flight.load(Relaxed) == 0)
    }

    fn know(&self, id: ExporterId, destination: Destination) {
        let mut known = self.known.lock().unwrap_or_else(PoisonError::into_inner);
        if !known.iter().any(|(other, _)| *other == id) {
            known.push((id, Arc::new(Collector::new(destination))));
        }
    }

    /// The batch for a worker: spans go to all of `workers` in turn, the log entries of one service always to the same.
    /// None: its collector has enough to do.
    pub(crate) fn prepare(&self, export: Export, workers: usize) -> Option<(usize, ExportBatch)> {
        let known = self.known.lock().unwrap_or_else(PoisonError::into_inner);
        let (id, collector) = known.iter().find(|(id, _)| *id == export.exporter)?;
        if collector.is_behind(export.body.len()) {
            return None;
        }
        let turn = if collector.destination.is_logs() {
            id.index()
        } else {
            self.next_worker.fetch_add(1, Relaxed)
        };
        Some((turn % workers.max(1), ExportBatch::new(*id, collector, export)))
    }
}

/// Where the thread of telemetry leaves batches.
pub(crate) fn sink(shared: &Arc<Shared>) -> ExportSink {
    // The workers hold on to what they share; when they have ended nobody takes a batch.
    let shared = Arc::downgrade(shared);
    Box::new(move |export| {
        let Some(shared) = shared.upgrade() else { return false };
        let Some((worker, batch)) = shared.exporters.prepare(export, shared.commands.len()) else {
            return false;
        };
        shared.commands[worker].send(Command::Export(batch)).is_ok()
    })
}

/// Sends a batch, or puts it behind those for its service.
pub(crate) fn take(worker: &Rc<Worker>, batch: ExportBatch) {
    if batch.collector.destination.is_logs() {
        worker.log_lanes.push(worker, batch);
    } else {
        tokio::task::spawn_local(send(Rc::clone(worker), batch));
    }
}

/// Counts what became of a batch.
fn count(worker: &Worker, batch: &ExportBatch, is_taken: bool) {
    let counter = match (batch.collector.destination.is_logs(), is_taken) {
        (false, true) => Counter::SpansExported,
        (false, false) => Counter::SpanExportsDropped,
        (true, true) => Counter::AccessLogEntriesExported,
        (true, false) => Counter::AccessLogEntriesDropped,
    };
    worker.telemetry.count_many(counter, u64::from(batch.count));
}

/// Sends a batch as a call of its own; a collector that cannot take it now is asked again.
async fn send(worker: Rc<Worker>, mut batch: ExportBatch) {
    let timer = worker.timers.timer();
    let body = std::mem::take(&mut batch.body);
    let call = match &batch.collector.destination {
        Destination::Spans(target, SpanFormat::Zipkin) => to_call(target, OTLP_METHOD, "application/json", body),
        Destination::Spans(target, _) => to_call(target, OTLP_METHOD, "application/x-protobuf", body),
        Destination::Logs(target) => to_call(target, OTLP_LOGS_METHOD, "application/x-protobuf", body),
        // Those go on a stream.
        Destination::Als { .. } => return count(&worker, &batch, false),
    };
    let mut backoff = BACKOFF;
    for attempt in 0..=RETRIES {
        let outcome = judge(&call, &side_call::call(&worker, &call).await);
        match outcome {
            Outcome::Taken => return count(&worker, &batch, true),
            Outcome::Refused => break,
            Outcome::Later if attempt < RETRIES => {
                // Not all proxies at once.
                timer.sleep(backoff.mul_f64(0.5 + fastrand::f64())).await;
                backoff *= 2;
            }
            Outcome::Later => {}
        }
    }
    count(&worker, &batch, false);
}

fn to_call(target: &OtlpCollector, method: &str, content_type: &str, body: Vec<u8>) -> Call {
    match target {
        OtlpCollector::Http(http) => {
            let mut call = Call::http(&http.cluster, "POST", http.path.as_bytes(), http.timeout_ms);
            call.authority = http.host.as_bytes().to_vec();
            call.body = body;
            call.set("content-type", content_type);
            for (name, value) in &http.headers {
                call.set(name.as_str(), value.as_bytes());
            }
            call
        }
        OtlpCollector::Grpc(grpc) => {
            let mut call = grpc_call(grpc, method);
            // The message is encoded already.
            let mut framed = vec![0];
            framed.extend_from_slice(&(body.len() as u32).to_be_bytes());
            framed.extend_from_slice(&body);
            call.body = framed;
            call
        }
    }
}

/// A call of gRPC without its message.
fn grpc_call(grpc: &GrpcCollector, method: &str) -> Call {
    let mut call = Call::grpc(&grpc.cluster, method, &(), grpc.timeout_ms);
    call.authority = grpc.authority.as_bytes().to_vec();
    for (name, value) in &grpc.metadata {
        call.set(name.as_str(), value.as_bytes());
    }
    call
}

#[derive(Debug, PartialEq, Eq)]
enum Outcome {
    Taken,
    /// It may be taken when it is sent again.
    Later,
    Refused,
}

/// What the answer means: which are worth another attempt is what OTLP says.
fn judge(call: &Call, answer: &Result<Answer, CallFailure>) -> Outcome {
    let Ok(answer) = answer else { return Outcome::Later };
    if call.is_grpc {
        return match answer.grpc_status() {
            Some(0) => Outcome::Taken,
            None | Some(1 | 4 | 8 | 10 | 11 | 14 | 15) => Outcome::Later,
            Some(_) => Outcome::Refused,
        };
    }
    match answer.status {
        200..=299 => Outcome::Taken,
        429 | 502..=504 => Outcome::Later,
        _ => Outcome::Refused,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use telemetry::{Signal, TelemetryOptions};

    fn zipkin(cluster: &str) -> OtlpCollector {
        serde_json::from_str(&format!(
            r#"{{ "http": {{ "cluster": "{cluster}", "path": "/api/v2/spans" }} }}"#
        ))
        .unwrap()
    }

    #[test]
    fn a_collector_that_is_behind_gets_no_more() {
        let telemetry = Telemetry::new(TelemetryOptions::default());
        let exporters = Exporters::default();
        let id = exporters
            .register(&telemetry, &SpanFormat::Zipkin, &zipkin("a"))
            .unwrap();
        assert_eq!(
            exporters.register(&telemetry, &SpanFormat::Zipkin, &zipkin("a")),
            Some(id)
        );
        assert_ne!(
            exporters.register(&telemetry, &SpanFormat::Zipkin, &zipkin("b")),
            Some(id)
        );
        let batch = || Export {
            exporter: id,
            body: b"[]".to_vec(),
            count: 1,
            signal: Signal::Spans,
        };
        let mut under_way: Vec<_> = (0..MAX_IN_FLIGHT)
            .map(|_| exporters.prepare(batch(), 2).unwrap())
            .collect();
        assert!(under_way.iter().map(|(worker, _)| *worker).eq([0, 1, 0, 1]));
        assert!(exporters.prepare(batch(), 2).is_none());
        under_way.pop();
        assert!(exporters.prepare(batch(), 2).is_some());
    }

    #[test]
    fn entries_of_logs_wait_in_a_lane_that_is_bounded_by_bytes() {
        let telemetry = Telemetry::new(TelemetryOptions::default());
        let exporters = Exporters::default();
        let id = exporters
            .register_logs(&telemetry, Destination::Logs(zipkin("a")))
            .unwrap();
        let batch = |length| Export {
            exporter: id,
            body: vec![0; length],
            count: 1,
            signal: Signal::Logs,
        };
        let first = exporters.prepare(batch(MAX_LOG_BYTES + 1), 3);
        assert!(first.is_some(), "however large it is");
        assert!(exporters.prepare(batch(1), 3).is_none());
        drop(first);
        let waiting: Vec<_> = (0..8)
            .map(|_| exporters.prepare(batch(MAX_LOG_BYTES / 8), 3).unwrap())
            .collect();
        assert!(
            waiting.iter().all(|(worker, _)| *worker == waiting[0].0),
            "always the same worker"
        );
        assert!(exporters.prepare(batch(1), 3).is_none());
    }

    #[test]
    fn only_a_collector_that_may_take_it_later_is_asked_again() {
        let call = Call::http(&"a".into(), "POST", "/", 1);
        let status = |status| {
            Ok(Answer {
                status,
                ..Answer::default()
            })
        };
        for (answer, outcome) in [
            (status(202), Outcome::Taken),
            (status(503), Outcome::Later),
            (Err(CallFailure::Timeout), Outcome::Later),
            (status(400), Outcome::Refused),
        ] {
            assert_eq!(judge(&call, &answer), outcome, "{answer:?}");
        }
    }
}
