//! Recording allocates nothing once a series exists. A test of its own, because it replaces the allocator.

use std::alloc::{GlobalAlloc, Layout, System};
use std::cell::Cell;

use telemetry::{
    AccessLog, Counter, LabelNames, LogFormat, PeerNames, ReporterSide, RequestEnd, ResponseFlags, SecurityPolicy,
    Span, SpanKind, StringId, Telemetry, TelemetryOptions, TraceContext,
};

thread_local! {
    static ALLOCATIONS: Cell<u64> = const { Cell::new(0) };
}

struct Counting;

// SAFETY: every call is handed to the system's allocator unchanged; counting touches a thread-local number only.
unsafe impl GlobalAlloc for Counting {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        let _ = ALLOCATIONS.try_with(|count| count.set(count.get() + 1));
        // SAFETY: the caller keeps GlobalAlloc's contract, which is the system's too.
        unsafe { System.alloc(layout) }
    }

    unsafe fn dealloc(&self, pointer: *mut u8, layout: Layout) {
        // SAFETY: as above.
        unsafe { System.dealloc(pointer, layout) }
    }
}

#[global_allocator]
static ALLOCATOR: Counting = Counting;

#[test]
fn recording_requests_logs_and_spans_allocates_nothing_in_steady_state() {
    let folder = tempfile::tempdir().expect("folder");
    let path = folder.path().join("access.log");
    let telemetry = Telemetry::new(TelemetryOptions {
        log_sample_rate: 1.0,
        max_log_samples: u32::MAX,
        max_spans: u32::MAX,
        ..TelemetryOptions::default()
    });
    let target = telemetry
        .log_target(path.to_str().expect("path"), &LogFormat::istio_text())
        .expect("target");
    let labels = telemetry.labels(&LabelNames {
        reporter: ReporterSide::Destination,
        peer: PeerNames::default(),
        destination_service: "reviews",
        security_policy: SecurityPolicy::MutualTls,
        protocol: "http",
    });
    let worker = telemetry.worker();
    let record = |round: u64| {
        let trace = TraceContext::generate(true);
        worker.count(Counter::RequestsStarted);
        worker.record_request(&RequestEnd {
            labels,
            route: StringId::EMPTY,
            cluster: StringId::EMPTY,
            stat_prefix: StringId::EMPTY,
            virtual_cluster: StringId::EMPTY,
            method: StringId::of_method(b"GET"),
            response_code: if round.is_multiple_of(2) { 200 } else { 404 },
            flags: ResponseFlags::NONE,
            grpc_status: None,
            request_bytes: 1,
            response_bytes: 2,
            request_messages: 0,
            response_messages: 0,
            duration_us: round % 5000,
        });
        let log = AccessLog {
            labels,
            path: b"/reviews/0",
            details: "via_upstream",
            ..AccessLog::default()
        };
        worker.log(worker.log_decision(false, target), &log);
        worker.span(&Span {
            trace_id: trace.trace_id,
            span_id: trace.child().span_id,
            parent_span_id: Some(trace.span_id),
            kind: SpanKind::Server,
            name: StringId::EMPTY,
            start_unix_us: 1,
            duration_us: 2,
            labels,
            response_code: 200,
            flags: ResponseFlags::NONE,
            method: b"GET",
            path: b"/",
            authority: b"reviews",
            ..Span::default()
        });
        worker.tcp_bytes(labels, 1, 1);
    };
    // The series, their histograms' chunks and the ring of lines come into being here.
    for round in 0..10_000 {
        record(round);
    }
    let before = ALLOCATIONS.with(Cell::get);
    for round in 0..10_000 {
        record(round);
    }
    assert_eq!(ALLOCATIONS.with(Cell::get) - before, 0);
}
