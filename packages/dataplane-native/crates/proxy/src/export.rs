//! Spans on their way to collectors.

use std::{
    rc::Rc,
    sync::{
        Arc, Mutex, PoisonError,
        atomic::{AtomicU32, AtomicUsize, Ordering::Relaxed},
    },
    time::Duration,
};

use config::OtlpCollector;
use filter::call::{Answer, Call, CallFailure};
use telemetry::{Counter, ExportSink, ExporterId, SpanExport, SpanFormat, Telemetry};

use crate::{
    side_call,
    worker::{Command, Shared, Worker},
};

/// Batches for one collector that are on their way; more are dropped.
const MAX_IN_FLIGHT: u32 = 4;
/// Attempts after one that failed, and the time before the first of them; it doubles.
const RETRIES: u32 = 2;
const BACKOFF: Duration = Duration::from_millis(500);
/// Where OTLP's traces are taken by gRPC.
const OTLP_METHOD: &str = "/opentelemetry.proto.collector.trace.v1.TraceService/Export";

/// A collector.
pub(crate) struct Collector {
    pub(crate) target: OtlpCollector,
    pub(crate) content_type: &'static str,
    in_flight: AtomicU32,
}

/// The collectors that configuration has named, by their number in telemetry.
#[derive(Default)]
pub(crate) struct Exporters {
    known: Mutex<Vec<(ExporterId, Arc<Collector>)>>,
    next_worker: AtomicUsize,
}

/// A batch that a worker is to send.
pub(crate) struct ExportBatch {
    pub(crate) collector: Arc<Collector>,
    pub(crate) body: Vec<u8>,
    pub(crate) spans: u32,
}

impl Drop for ExportBatch {
    fn drop(&mut self) {
        self.collector.in_flight.fetch_sub(1, Relaxed);
    }
}

impl Exporters {
    /// Names a collector; none where there are too many.
    pub(crate) fn register(
        &self,
        telemetry: &Telemetry,
        format: &SpanFormat,
        target: &OtlpCollector,
    ) -> Option<ExporterId> {
        // What a collector is told apart by: all of its settings.
        let key = serde_json::to_string(target).unwrap_or_default();
        let id = telemetry.exporter(&key, format)?;
        let mut known = self.known.lock().unwrap_or_else(PoisonError::into_inner);
        if !known.iter().any(|(other, _)| *other == id) {
            let content_type = match format {
                SpanFormat::Zipkin => "application/json",
                SpanFormat::Otlp { .. } => "application/x-protobuf",
            };
            let collector = Collector {
                target: target.clone(),
                content_type,
                in_flight: AtomicU32::new(0),
            };
            known.push((id, Arc::new(collector)));
        }
        Some(id)
    }

    /// The batch for a worker, whose place among `workers` is chosen in turn. None: its collector has enough to do.
    pub(crate) fn prepare(&self, export: SpanExport, workers: usize) -> Option<(usize, ExportBatch)> {
        let known = self.known.lock().unwrap_or_else(PoisonError::into_inner);
        let (_, collector) = known.iter().find(|(id, _)| *id == export.exporter)?;
        if collector.in_flight.load(Relaxed) >= MAX_IN_FLIGHT {
            return None;
        }
        collector.in_flight.fetch_add(1, Relaxed);
        let batch = ExportBatch {
            collector: Arc::clone(collector),
            body: export.body,
            spans: export.spans,
        };
        Some((self.next_worker.fetch_add(1, Relaxed) % workers.max(1), batch))
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

/// Sends a batch; a collector that cannot take it now is asked again.
pub(crate) async fn send(worker: Rc<Worker>, mut batch: ExportBatch) {
    let timer = worker.timers.timer();
    let call = to_call(&batch.collector, std::mem::take(&mut batch.body));
    let mut backoff = BACKOFF;
    for attempt in 0..=RETRIES {
        let outcome = judge(&call, &side_call::call(&worker, &call).await);
        match outcome {
            Outcome::Taken => {
                worker
                    .telemetry
                    .count_many(Counter::SpansExported, u64::from(batch.spans));
                return;
            }
            Outcome::Refused => break,
            Outcome::Later if attempt < RETRIES => {
                // Not all proxies at once.
                timer.sleep(backoff.mul_f64(0.5 + fastrand::f64())).await;
                backoff *= 2;
            }
            Outcome::Later => {}
        }
    }
    worker
        .telemetry
        .count_many(Counter::SpanExportsDropped, u64::from(batch.spans));
}

fn to_call(collector: &Collector, body: Vec<u8>) -> Call {
    match &collector.target {
        OtlpCollector::Http(http) => {
            let mut call = Call::http(&http.cluster, "POST", http.path.as_bytes(), http.timeout_ms);
            call.authority = http.host.as_bytes().to_vec();
            call.body = body;
            call.set("content-type", collector.content_type);
            for (name, value) in &http.headers {
                call.set(name.as_str(), value.as_bytes());
            }
            call
        }
        OtlpCollector::Grpc(grpc) => {
            let mut call = Call::grpc(&grpc.cluster, OTLP_METHOD, &(), grpc.timeout_ms);
            call.authority = grpc.authority.as_bytes().to_vec();
            // The message is encoded already.
            let mut framed = vec![0];
            framed.extend_from_slice(&(body.len() as u32).to_be_bytes());
            framed.extend_from_slice(&body);
            call.body = framed;
            for (name, value) in &grpc.metadata {
                call.set(name.as_str(), value.as_bytes());
            }
            call
        }
    }
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
    use telemetry::TelemetryOptions;

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
        let batch = || SpanExport {
            exporter: id,
            body: b"[]".to_vec(),
            spans: 1,
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
