//! What the proxy reports: labels, counters, histograms, access logs, spans.
//!
//! A worker thread owns a [`Worker`] and writes to cells nobody else writes to: plain loads and stores, no locks, no
//! read-modify-write, no allocation once a series exists. One thread, the [`Reporter`], reads all workers' cells on a
//! cadence, takes differences, encodes batches for Mixer, writes log lines and answers scrapes.
//!
//! Names become numbers before traffic flows: [`Telemetry::intern`] and [`Telemetry::labels`] are called when
//! configuration is applied or a connection begins, never for a request.
#![forbid(unsafe_code)]

mod access_log;
mod b3;
mod capture;
mod cells;
mod clock;
mod codec;
mod collector;
mod counters;
mod export;
mod flags;
mod histogram;
mod interner;
mod labels;
mod log_format;
mod log_service;
mod log_target;
mod log_value;
mod prometheus;
mod report;
mod reporter;
mod ring;
mod span;
mod tags;
mod totals;
mod trace_context;
mod worker;

pub use access_log::{AccessLog, LogDecision};
pub use b3::{B3, B3Text};
pub use capture::{
    AddressKind, AddressPart, Capture, CaptureWriter, HeaderChoice, Measure, MetadataSource, NameOf, TlsFact, TlsPeer,
};
pub use clock::{timestamp, unix_micros};
pub use counters::Counter;
pub use export::{Export, ExportSink, ExporterId, Signal, SpanFormat};
pub use flags::ResponseFlags;
pub use histogram::{BUCKETS, MAX_VALUE_US, bucket_index, bucket_start};
pub use interner::StringId;
pub use labels::{LabelNames, LabelsId, PeerNames, ReporterSide, SecurityPolicy};
pub use log_format::{InvalidLogFormat, LogFormat};
pub use log_service::{AlsEntry, LogEntry, LogService, OtlpRecord, als_identifier};
pub use log_target::LogTargets;
pub use reporter::{ReportSink, Reporter};
pub use span::{Span, SpanKind};
pub use tags::{Tag, TagSetId, TagSource};
pub use trace_context::{TraceContext, new_request_id, new_span_id};
pub use worker::{RequestEnd, Telemetry, TelemetryOptions, Worker, Workload};
