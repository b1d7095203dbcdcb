//! Services that take entries of access logs: Envoy's access log service (ALS) and OpenTelemetry collectors.
//!
//! An entry is made of a record on the telemetry thread, gathered with others until there are enough or the oldest has
//! waited long enough, and handed on as one message. Whoever takes the message sends it; what is not taken is counted.

mod als;
mod otlp;

use std::time::{Duration, Instant};

use crate::capture::{Capture, Captured};
use crate::codec::Decoder;
use crate::export::{Export, Signal};
use crate::{AccessLog, ExporterId, TagSetId, Telemetry};

pub use als::{AlsEntry, als_identifier};
pub use otlp::OtlpRecord;

/// Entries of one message at most, however small they are.
const MAX_ENTRIES: u32 = 4096;

/// A service that takes entries, and how.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LogService {
    /// Who sends.
    pub exporter: ExporterId,
    /// How long an entry waits for others, in milliseconds.
    pub flush_interval_ms: u64,
    /// Bytes of entries that are enough for a message.
    pub buffer_bytes: usize,
    /// What an entry is.
    pub entry: LogEntry,
    /// Tags of an entry.
    pub tags: TagSetId,
    /// What the tags take of a request, behind what the entry takes.
    pub tag_captures: Vec<Capture>,
}

/// What an entry is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum LogEntry {
    /// `envoy.data.accesslog.v3.HTTPAccessLogEntry` or `TCPAccessLogEntry`.
    Als(AlsEntry),
    /// `opentelemetry.proto.logs.v1.LogRecord`.
    Otlp(OtlpRecord),
}

impl LogService {
    /// What has to be taken while a request is served, in the order in which it is written.
    pub fn captures(&self) -> impl Iterator<Item = &Capture> {
        let own = match &self.entry {
            LogEntry::Als(als) => als.captures(),
            LogEntry::Otlp(otlp) => otlp.captures(),
        };
        own.iter().chain(&self.tag_captures)
    }
}

/// Entries that are being gathered for a service.
#[derive(Debug)]
pub(crate) struct PendingEntries {
    entries: Vec<u8>,
    count: u32,
    since: Instant,
}

impl PendingEntries {
    pub(crate) fn new() -> Self {
        Self {
            entries: Vec::new(),
            count: 0,
            since: Instant::now(),
        }
    }

    /// Adds an entry; hands all of them on when there are enough. Takes the entry's values from `captured`.
    pub(crate) fn add(
        &mut self,
        service: &LogService,
        telemetry: &Telemetry,
        log: &AccessLog<'_>,
        captured: &mut Decoder<'_>,
        sink: &mut dyn FnMut(Export),
    ) {
        let values = captured.0;
        let own_count = service.captures().count() - service.tag_captures.len();
        for _ in 0..own_count {
            if Captured::read(captured).is_none() {
                return;
            }
        }
        let mut tags = Vec::new();
        if let Some(set) = telemetry.tags.get(service.tags) {
            set.read(captured, &mut tags);
        }
        if self.count == 0 {
            self.since = Instant::now();
        }
        match &service.entry {
            LogEntry::Als(als) => als.encode(telemetry, log, values, tags, &mut self.entries),
            LogEntry::Otlp(otlp) => otlp.encode(telemetry, log, values, tags, &mut self.entries),
        }
        self.count += 1;
        if self.entries.len() >= service.buffer_bytes || self.count >= MAX_ENTRIES {
            self.hand_on(service, sink);
        }
    }

    /// Hands on what has waited long enough; `all`: everything.
    pub(crate) fn flush(&mut self, service: &LogService, all: bool, sink: &mut dyn FnMut(Export)) {
        let interval = Duration::from_millis(service.flush_interval_ms);
        if self.count > 0 && (all || self.since.elapsed() >= interval) {
            self.hand_on(service, sink);
        }
    }

    fn hand_on(&mut self, service: &LogService, sink: &mut dyn FnMut(Export)) {
        let entries = std::mem::take(&mut self.entries);
        let body = match &service.entry {
            LogEntry::Als(als) => als.message(&entries),
            LogEntry::Otlp(otlp) => otlp.message(&entries),
        };
        sink(Export {
            exporter: service.exporter,
            body,
            count: std::mem::take(&mut self.count),
            signal: Signal::Logs,
        });
    }
}

/// Appends a field of protobuf that is a message, or bytes.
fn put_field(number: u32, bytes: &[u8], out: &mut Vec<u8>) {
    prost::encoding::encode_key(number, prost::encoding::WireType::LengthDelimited, out);
    prost::encoding::encode_varint(bytes.len() as u64, out);
    out.extend_from_slice(bytes);
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::TelemetryOptions;

    fn service(telemetry: &Telemetry) -> LogService {
        LogService {
            exporter: telemetry.log_exporter("als").expect("exporter"),
            flush_interval_ms: 1000,
            buffer_bytes: 200,
            entry: LogEntry::Als(AlsEntry::tcp()),
            tags: TagSetId::NONE,
            tag_captures: Vec::new(),
        }
    }

    fn add(pending: &mut PendingEntries, service: &LogService, telemetry: &Telemetry, out: &mut Vec<Export>) {
        let captured = vec![0; service.captures().count()];
        let log = AccessLog {
            details: "some_details_of_a_connection",
            ..AccessLog::default()
        };
        pending.add(service, telemetry, &log, &mut Decoder(&captured), &mut |batch| {
            out.push(batch);
        });
    }

    #[test]
    fn entries_go_when_there_are_enough_or_the_oldest_has_waited() {
        let telemetry = Telemetry::new(TelemetryOptions::default());
        let service = service(&telemetry);
        let (mut pending, mut batches) = (PendingEntries::new(), Vec::new());
        let mut added = 0;
        while batches.is_empty() {
            add(&mut pending, &service, &telemetry, &mut batches);
            added += 1;
        }
        assert!(added > 1 && batches[0].count == added && batches[0].body.len() >= 200);
        add(&mut pending, &service, &telemetry, &mut batches);
        pending.flush(&service, false, &mut |batch| batches.push(batch));
        assert_eq!(batches.len(), 1, "not yet");
        pending.since = Instant::now().checked_sub(Duration::from_secs(1)).expect("a while ago");
        pending.flush(&service, false, &mut |batch| batches.push(batch));
        assert_eq!((batches.len(), batches[1].count), (2, 1));
        pending.flush(&service, true, &mut |batch| batches.push(batch));
        assert_eq!(batches.len(), 2, "there is nothing left");
    }

    #[test]
    fn a_record_that_is_too_short_is_no_entry() {
        let telemetry = Telemetry::new(TelemetryOptions::default());
        let service = service(&telemetry);
        let mut pending = PendingEntries::new();
        pending.add(
            &service,
            &telemetry,
            &AccessLog::default(),
            &mut Decoder(&[]),
            &mut |_| {},
        );
        assert_eq!(pending.count, 0);
    }
}
