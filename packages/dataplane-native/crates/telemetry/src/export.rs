//! Spans for collectors: gathered, encoded as the collector wants them, and handed on in batches.

pub(crate) mod otlp;
mod zipkin;

use std::net::SocketAddr;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use crate::codec::Decoder;
use crate::{Span, Telemetry};

/// Collectors a process keeps.
const MAX_EXPORTERS: usize = 32;
/// Spans of a batch.
const MAX_BATCH_SPANS: usize = 512;
/// How long a span waits for others.
const MAX_BATCH_AGE: Duration = Duration::from_secs(1);

/// A collector that configuration named.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct ExporterId(pub(crate) u16);

impl ExporterId {
    /// Its place among all.
    pub fn index(self) -> usize {
        usize::from(self.0)
    }
}

/// How a collector wants spans.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum SpanFormat {
    /// A JSON list of Zipkin's second API.
    Zipkin,
    /// `opentelemetry.proto.collector.trace.v1.ExportTraceServiceRequest`.
    Otlp {
        /// `service.name`; empty stands for the workload's.
        service_name: Arc<str>,
    },
}

/// What a collector takes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Signal {
    /// Spans.
    Spans,
    /// Entries of access logs.
    Logs,
}

/// A batch for a collector.
#[derive(Debug)]
pub struct Export {
    /// The collector.
    pub exporter: ExporterId,
    /// The batch as the collector wants it.
    pub body: Vec<u8>,
    /// How many spans or log entries are in it.
    pub count: u32,
    /// What is in it.
    pub signal: Signal,
}

/// Takes batches. Called on the reporter's thread: it must not block. False: the batch is lost.
pub type ExportSink = Box<dyn Fn(Export) -> bool + Send>;

/// Collectors by what tells them apart, which is the caller's matter.
#[derive(Debug, Default)]
pub(crate) struct ExporterTable(Mutex<Vec<(Arc<str>, Option<SpanFormat>)>>);

impl ExporterTable {
    /// The collector's number; none where there are too many.
    /// Without a format it takes entries of access logs.
    pub(crate) fn register(&self, key: &str, format: Option<&SpanFormat>) -> Option<ExporterId> {
        let mut known = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let place = known
            .iter()
            .position(|(other, its)| **other == *key && its.as_ref() == format);
        let place = place.or_else(|| {
            (known.len() < MAX_EXPORTERS).then(|| {
                known.push((key.into(), format.cloned()));
                known.len() - 1
            })
        });
        place.map(|place| ExporterId(place as u16))
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).is_empty()
    }

    fn format(&self, id: ExporterId) -> Option<SpanFormat> {
        let known = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        known.get(id.index())?.1.clone()
    }
}

/// Batches that are being gathered.
#[derive(Default)]
pub(crate) struct Exports(Vec<Option<Pending>>);

struct Pending {
    encoder: Encoder,
    count: usize,
    since: Instant,
}

enum Encoder {
    Zipkin(zipkin::Batch),
    Otlp(otlp::Batch),
}

impl Exports {
    /// Adds a span to its collector's batch.
    pub(crate) fn push(&mut self, telemetry: &Telemetry, span: &Span<'_>, sink: &mut dyn FnMut(Export)) {
        let Some(exporter) = span.exporter else { return };
        if self.0.len() <= exporter.index() {
            self.0.resize_with(exporter.index() + 1, || None);
        }
        let pending = &mut self.0[exporter.index()];
        if pending.is_none() {
            *pending = telemetry.exporters.format(exporter).map(|format| Pending {
                encoder: match format {
                    SpanFormat::Zipkin => Encoder::Zipkin(zipkin::Batch::default()),
                    SpanFormat::Otlp { service_name } => Encoder::Otlp(otlp::Batch::new(telemetry, &service_name)),
                },
                count: 0,
                since: Instant::now(),
            });
        }
        let Some(batch) = pending else { return };
        let shown = Shown::of(telemetry, span);
        match &mut batch.encoder {
            Encoder::Zipkin(encoder) => encoder.push(telemetry, span, &shown),
            Encoder::Otlp(encoder) => encoder.push(span, &shown),
        }
        batch.count += 1;
        if batch.count >= MAX_BATCH_SPANS
            && let Some(full) = pending.take()
        {
            sink(full.finish(exporter));
        }
    }

    /// Hands on what has waited long enough; `all`: everything.
    pub(crate) fn flush(&mut self, all: bool, sink: &mut dyn FnMut(Export)) {
        for (place, pending) in self.0.iter_mut().enumerate() {
            if let Some(batch) = pending.take_if(|batch| all || batch.since.elapsed() >= MAX_BATCH_AGE) {
                sink(batch.finish(ExporterId(place as u16)));
            }
        }
    }
}

impl Pending {
    fn finish(self, exporter: ExporterId) -> Export {
        Export {
            exporter,
            body: match self.encoder {
                Encoder::Zipkin(batch) => batch.finish(),
                Encoder::Otlp(batch) => batch.finish(),
            },
            count: self.count as u32,
            signal: Signal::Spans,
        }
    }
}

/// What a collector shows of a span, in words.
struct Shown {
    name: String,
    is_error: bool,
    tags: Vec<(Arc<str>, String)>,
}

impl Shown {
    fn of(telemetry: &Telemetry, span: &Span<'_>) -> Self {
        let string = |id| telemetry.strings.get(id).as_ref().to_owned();
        let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
        let operation = string(span.operation);
        let is_error = span.response_code >= 500 || span.response_code == 0;
        let scheme = if span.is_https { "https" } else { "http" };
        let cluster = string(span.upstream_cluster);
        let address = |address: Option<SocketAddr>| address.map_or(String::new(), |address| address.to_string());
        // Envoy's names.
        let mut tags: Vec<(Arc<str>, String)> = [
            ("component", "proxy".to_owned()),
            ("node_id", telemetry.options.workload.node_id.clone()),
            (
                "http.url",
                format!("{scheme}://{}{}", text(span.authority), text(span.path)),
            ),
            ("http.method", text(span.method)),
            ("http.protocol", span.protocol.to_owned()),
            ("http.status_code", span.response_code.to_string()),
            ("user_agent", text(span.user_agent)),
            ("guid:x-request-id", text(span.request_id)),
            (
                "peer.address",
                span.downstream_remote
                    .map_or(String::new(), |peer| peer.ip().to_string()),
            ),
            ("upstream_cluster", cluster.clone()),
            ("upstream_cluster.name", cluster),
            ("upstream_address", address(span.upstream_host)),
            (
                "response_flags",
                if span.flags.is_empty() {
                    "-".to_owned()
                } else {
                    span.flags.to_string()
                },
            ),
            ("request_size", span.request_bytes.to_string()),
            ("response_size", span.response_bytes.to_string()),
            (
                "grpc.status_code",
                span.grpc_status.map_or(String::new(), |status| status.to_string()),
            ),
            ("error", if is_error { "true".to_owned() } else { String::new() }),
        ]
        .into_iter()
        .filter(|(_, value)| !value.is_empty())
        .map(|(name, value)| (Arc::from(name), value))
        .collect();
        let mut captured = Decoder(span.captured);
        for set in span.tags.iter().filter_map(|id| telemetry.tags.get(*id)) {
            set.read(&mut captured, &mut tags);
        }
        Self {
            name: if operation.is_empty() {
                string(span.name)
            } else {
                operation
            },
            is_error,
            tags,
        }
    }
}

/// `reviews.default`, as Istio names services to tracers.
fn own_service(telemetry: &Telemetry) -> String {
    let own = &telemetry.options.workload;
    let name = if own.service.is_empty() {
        &own.name
    } else {
        &own.service
    };
    match (name.is_empty(), own.namespace.is_empty()) {
        (true, _) => "fairlead-proxy".to_owned(),
        (false, true) => name.clone(),
        (false, false) => format!("{name}.{}", own.namespace),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{ResponseFlags, SpanKind, TelemetryOptions, Workload};

    pub(super) fn telemetry() -> Arc<Telemetry> {
        Telemetry::new(TelemetryOptions {
            workload: Workload {
                service: "productpage".to_owned(),
                namespace: "default".to_owned(),
                node_id: "sidecar~1".to_owned(),
                ..Workload::default()
            },
            ..TelemetryOptions::default()
        })
    }

    pub(super) fn span(telemetry: &Telemetry, exporter: ExporterId) -> Span<'static> {
        Span {
            trace_id: [0x11; 16],
            span_id: [0x22; 8],
            parent_span_id: Some([0x33; 8]),
            kind: SpanKind::Client,
            name: telemetry.intern("reviews"),
            operation: telemetry.intern("reviews:9080/*"),
            start_unix_us: 1_000_000,
            duration_us: 2_500,
            response_code: 503,
            flags: ResponseFlags::NO_HEALTHY_UPSTREAM,
            upstream_cluster: telemetry.intern("outbound|9080||reviews"),
            upstream_host: "127.0.0.1:9080".parse().ok(),
            downstream_remote: "10.0.0.7:4000".parse().ok(),
            protocol: "HTTP/1.1",
            method: b"GET",
            path: b"/reviews/0",
            authority: b"reviews:9080",
            request_id: b"id",
            exporter: Some(exporter),
            ..Span::default()
        }
    }

    pub(super) fn exported(format: &SpanFormat) -> Vec<u8> {
        let telemetry = telemetry();
        let exporter = telemetry.exporter("collector", format).expect("exporter");
        let mut exports = Exports::default();
        let mut batches = Vec::new();
        exports.push(&telemetry, &span(&telemetry, exporter), &mut |batch| {
            batches.push(batch);
        });
        assert!(batches.is_empty(), "a lone span waits for others");
        exports.flush(true, &mut |batch| batches.push(batch));
        assert_eq!((batches.len(), batches[0].count), (1, 1));
        batches.remove(0).body
    }

    #[test]
    fn a_full_batch_goes_at_once_and_a_waiting_one_after_its_time() {
        let telemetry = telemetry();
        let exporter = telemetry.exporter("collector", &SpanFormat::Zipkin).expect("exporter");
        let mut exports = Exports::default();
        let mut counts = Vec::new();
        for _ in 0..=MAX_BATCH_SPANS {
            exports.push(&telemetry, &span(&telemetry, exporter), &mut |batch| {
                counts.push(batch.count);
            });
        }
        assert_eq!(counts, [MAX_BATCH_SPANS as u32]);
        exports.flush(false, &mut |batch| counts.push(batch.count));
        assert_eq!(counts.len(), 1, "not yet");
        if let Some(Some(pending)) = exports.0.first_mut() {
            pending.since = Instant::now().checked_sub(MAX_BATCH_AGE).expect("a while ago");
        }
        exports.flush(false, &mut |batch| counts.push(batch.count));
        assert_eq!(counts, [MAX_BATCH_SPANS as u32, 1]);
    }

    #[test]
    fn collectors_are_bounded() {
        let telemetry = telemetry();
        for number in 0..MAX_EXPORTERS {
            assert!(telemetry.exporter(&number.to_string(), &SpanFormat::Zipkin).is_some());
        }
        assert!(telemetry.exporter("0", &SpanFormat::Zipkin).is_some(), "known already");
        assert!(telemetry.exporter("more", &SpanFormat::Zipkin).is_none());
    }
}
