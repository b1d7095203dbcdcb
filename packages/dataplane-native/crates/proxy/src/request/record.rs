//! The end of a request: counts, log entry, span.

use http::{Buffer, Known, RequestHead, RequestView};
use telemetry::{AccessLog, LabelsId, RequestEnd, ResponseFlags, Span, SpanKind, StringId};

use super::{Call, Scratch};
use crate::{connection::Served, labels, snapshot::Serves};

/// Records a request that was served, well or not.
pub(super) fn record(call: &mut Call<'_>, buffer: &Buffer, scratch: &Scratch) {
    let head = &scratch.request;
    let request = RequestView::new(head, buffer.filled());
    let duration_us = call.worker.timers.now_us().saturating_sub(call.start_us);
    let labels = call
        .labels
        .unwrap_or_else(|| labels::without_upstream(call.served, call.cluster.map(|c| &**c)));
    let labels = labels[usize::from(call.is_grpc)];
    let telemetry = &call.worker.telemetry;
    telemetry.record_request(&RequestEnd {
        labels,
        route: call.route_name,
        method: StringId::of_method(request.method_bytes()),
        response_code: call.status,
        flags: call.flags,
        grpc_status: call.is_grpc.then(|| call.grpc_status.unwrap_or_default()),
        request_bytes: call.request_bytes,
        response_bytes: call.response_bytes,
        duration_us,
    });
    let failed = call.status >= 500 || call.status == 0 || !call.flags.is_empty();
    let decision = telemetry.log_decision(failed, call.http.logs);
    if !decision.is_none() {
        telemetry.log(decision, &entry(call, request, scratch, labels, duration_us));
    }
    if let Some(trace) = call.trace
        && trace.sampled
        && call.http.config.tracing.is_some()
    {
        telemetry.span(&Span {
            trace_id: trace.trace_id,
            span_id: trace.span_id,
            parent_span_id: call.parent.map(|parent| parent.span_id),
            kind: if call.served.listener.is_inbound {
                SpanKind::Server
            } else {
                SpanKind::Client
            },
            name: call.cluster.map_or(call.route_name, |cluster| cluster.service_id),
            start_unix_us: telemetry::unix_micros() - duration_us as i64,
            duration_us,
            labels,
            response_code: call.status,
            flags: call.flags,
            method: request.method_bytes(),
            path: request.path_bytes(),
            authority: request.authority_bytes(),
        });
    }
}

fn entry<'a>(
    call: &'a Call<'_>,
    request: RequestView<'a>,
    scratch: &'a Scratch,
    labels: LabelsId,
    duration_us: u64,
) -> AccessLog<'a> {
    let edited = |name| {
        scratch
            .edits
            .get(request.buffer(), request.fields(), name)
            .unwrap_or_default()
    };
    AccessLog {
        start_unix_us: telemetry::unix_micros() - duration_us as i64,
        duration_us,
        labels,
        method: request.method_bytes(),
        path: request.path_bytes(),
        protocol: request.head().version.as_str(),
        authority: request.authority_bytes(),
        response_code: call.status,
        flags: call.flags,
        details: call.details.as_str(),
        termination_details: "",
        upstream_failure: "",
        request_bytes: call.request_bytes,
        response_bytes: call.response_bytes,
        upstream_duration_us: call.upstream_us,
        forwarded_for: edited("x-forwarded-for"),
        user_agent: request.known(Known::UserAgent).unwrap_or_default(),
        request_id: edited("x-request-id"),
        trace_id: call.trace.map(|trace| trace.trace_id),
        route: call.route_name,
        upstream_cluster: call.cluster.map(|cluster| cluster.name_id).unwrap_or_default(),
        upstream_host: call.upstream_address,
        upstream_local: None,
        downstream_local: call.served.facts.destination,
        downstream_remote: call.remote.or(call.served.facts.peer),
        server_name: &call.served.facts.server_name,
        attempts: call.attempts,
    }
}

/// Records a request whose head was refused.
pub(crate) fn record_refused(served: &Served, status: u16, flags: ResponseFlags, details: &str) {
    let Serves::Http(http) = &served.chain.serves else {
        return;
    };
    let telemetry = &served.worker.telemetry;
    let labels = labels::without_upstream(served, None)[0];
    let head = RequestHead::default();
    telemetry.record_request(&RequestEnd {
        labels,
        route: StringId::default(),
        method: StringId::of_method(head.method_text.of(&[])),
        response_code: status,
        flags,
        grpc_status: None,
        request_bytes: 0,
        response_bytes: 0,
        duration_us: 0,
    });
    let decision = telemetry.log_decision(true, http.logs);
    if !decision.is_none() {
        telemetry.log(
            decision,
            &AccessLog {
                start_unix_us: telemetry::unix_micros(),
                labels,
                response_code: status,
                flags,
                details,
                downstream_local: served.facts.destination,
                downstream_remote: served.facts.peer,
                server_name: &served.facts.server_name,
                ..AccessLog::default()
            },
        );
    }
}
