//! The end of a request: counts, log entry, span.

use http::{Buffer, RequestHead, RequestView};
use telemetry::{
    AccessLog, LabelsId, LogDecision, LogTargets, RequestEnd, ResponseFlags, Span, SpanKind, StringId, TraceContext,
};

use super::{Call, Scratch, View};
use crate::{
    connection::Served,
    labels,
    logging::{AccessLogs, HttpSubject, Subject, status_of_http},
    snapshot::{ClusterEntry, ListenerEntry, Serves},
};

/// Records a request that was served, well or not.
pub(super) fn record(call: &mut Call<'_>, buffer: &Buffer, scratch: &mut Scratch) {
    let mut captured = std::mem::take(&mut scratch.captured);
    captured.clear();
    record_into(call, buffer, scratch, &mut captured);
    scratch.captured = captured;
}

fn record_into(call: &mut Call<'_>, buffer: &Buffer, scratch: &Scratch, captured: &mut Vec<u8>) {
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
        cluster: call.cluster.map(|cluster| cluster.name_id).unwrap_or_default(),
        stat_prefix: call.http.stat_prefix,
        virtual_cluster: virtual_cluster(call, buffer, scratch),
        method: StringId::of_method(request.method_bytes()),
        response_code: call.status,
        flags: call.flags,
        grpc_status: call.is_grpc.then(|| call.grpc_status.unwrap_or_default()),
        request_bytes: call.request_bytes,
        response_bytes: call.response_bytes,
        request_messages: scratch.outgoing.messages.count(),
        response_messages: scratch.incoming.messages.count(),
        duration_us,
    });
    let failed = call.status >= 500 || call.status == 0 || !call.flags.is_empty();
    let logs = &call.http.logs;
    let sampled = telemetry.log_decision(failed, LogTargets::NONE);
    if !sampled.is_none() || !logs.is_empty() {
        let log = entry(call, request, scratch, labels, duration_us);
        let targets = if logs.is_empty() {
            LogTargets::NONE
        } else {
            logs.choose(&subject(call, buffer, scratch, &log), captured)
        };
        telemetry.log(sampled.to(targets), &AccessLog { captured, ..log });
    }
    if let Some(trace) = call.trace
        && trace.sampled
        && let Some(tracing) = &call.http.tracing
    {
        captured.clear();
        let mut span = span(call, request, scratch, trace, labels, duration_us);
        let of_route = call.routes.zip(call.found).and_then(|(routes, found)| {
            // Most routes have none.
            let tags = (!routes.tags.is_empty()).then_some(&routes.tags)?;
            tags.get(&(found.host_index, found.route_index))
        });
        let sets = [Some(&tracing.tags), of_route];
        if sets.iter().flatten().any(|tags| tags.has_captures()) {
            let log = entry(call, request, scratch, labels, duration_us);
            let subject = subject(call, buffer, scratch, &log);
            for tags in sets.into_iter().flatten() {
                tags.capture(&subject, captured);
            }
        }
        span.tags = sets.map(|tags| tags.map(|tags| tags.id).unwrap_or_default());
        span.captured = captured;
        telemetry.span(&span);
        if let Some(upstream) = call.upstream_span.filter(|_| call.attempts > 0) {
            telemetry.span(&Span {
                span_id: upstream,
                parent_span_id: Some(trace.span_id),
                kind: SpanKind::Client,
                is_shared: false,
                name: span.upstream_cluster,
                operation: StringId::EMPTY,
                ..span
            });
        }
    }
}

/// The virtual cluster that the request is counted for.
fn virtual_cluster(call: &Call<'_>, buffer: &Buffer, scratch: &Scratch) -> StringId {
    let names = call.routes.zip(call.found).and_then(|(routes, found)| {
        let names = routes.virtual_clusters.get(found.host_index)?;
        let rest = names.last()?;
        let place = found.virtual_host.virtual_cluster(&View::new(call, buffer, scratch));
        Some(place.and_then(|place| names.get(place)).unwrap_or(rest))
    });
    names.copied().unwrap_or_default()
}

/// The status of gRPC of a call of gRPC, as far as anybody got an answer.
fn grpc_status(call: &Call<'_>) -> Option<u16> {
    (call.is_grpc && call.status > 0).then(|| call.grpc_status.unwrap_or_else(|| status_of_http(call.status)))
}

fn span<'a>(
    call: &'a Call<'_>,
    request: RequestView<'a>,
    scratch: &'a Scratch,
    trace: TraceContext,
    labels: LabelsId,
    duration_us: u64,
) -> Span<'a> {
    let edited = |name| {
        scratch
            .edits
            .get(request.buffer(), request.fields(), name)
            .unwrap_or_default()
    };
    let max_path = call
        .http
        .config
        .tracing
        .as_ref()
        .map_or(usize::MAX, |tracing| tracing.max_path_tag_length as usize);
    let path = request.path_bytes();
    let facts = &call.served.facts;
    Span {
        trace_id: trace.trace_id,
        span_id: trace.span_id,
        parent_span_id: call.parent.map(|parent| parent.span_id),
        kind: if call.served.listener.is_inbound {
            SpanKind::Server
        } else {
            SpanKind::Client
        },
        is_shared: call.is_span_shared,
        name: call.cluster.map_or(call.route_name, |cluster| cluster.service_id),
        operation: call.operation,
        start_unix_us: telemetry::unix_micros() - duration_us as i64,
        duration_us,
        labels,
        response_code: call.status,
        flags: call.flags,
        grpc_status: grpc_status(call),
        request_bytes: call.request_bytes,
        response_bytes: call.response_bytes,
        upstream_cluster: call.cluster.map(|cluster| cluster.name_id).unwrap_or_default(),
        upstream_host: call.upstream_address,
        downstream_remote: call.remote.or(facts.peer),
        is_https: facts.peer_tls.is_some(),
        protocol: request.head().version.as_str(),
        method: request.method_bytes(),
        path: &path[..path.len().min(max_path)],
        authority: request.authority_bytes(),
        user_agent: edited("user-agent"),
        request_id: edited("x-request-id"),
        exporter: call.http.tracing.as_ref().and_then(|tracing| tracing.exporter),
        ..Span::default()
    }
}

pub(super) fn subject<'a>(
    call: &'a Call<'_>,
    buffer: &'a Buffer,
    scratch: &'a Scratch,
    log: &'a AccessLog<'a>,
) -> Subject<'a> {
    Subject {
        log,
        facts: &call.served.facts,
        listener: &call.served.listener.config.name,
        chain: &call.served.chain.name,
        cluster: call.cluster.map(|cluster| &**cluster),
        endpoint: call.endpoint,
        upstream_principal: call.upstream_principal.as_deref(),
        http: Some(HttpSubject {
            view: View::new(call, buffer, scratch),
            edits: &scratch.edits,
            wants: &call.http.logs.wants,
            response: &scratch.notes,
            incoming: &scratch.incoming,
            found: call.found,
            metadata: call.effects.metadata.as_ref(),
            is_traced: call.trace.is_some_and(|trace| trace.sampled),
            upstream_protocol: call.upstream_protocol,
            upstream_head_bytes: scratch.outgoing.head.len() as u64,
        }),
    }
}

pub(super) fn entry<'a>(
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
        upstream_failure: call.upstream_failure,
        request_bytes: call.request_bytes,
        response_bytes: call.response_bytes,
        upstream_duration_us: call.upstream_us,
        forwarded_for: edited("x-forwarded-for"),
        user_agent: edited("user-agent"),
        request_id: edited("x-request-id"),
        trace_id: call.trace.map(|trace| trace.trace_id),
        route: call.route_name,
        upstream_cluster: call.cluster.map(|cluster| cluster.name_id).unwrap_or_default(),
        upstream_host: call.upstream_address,
        upstream_local: call.upstream_local,
        downstream_local: call.served.facts.destination,
        downstream_remote: call.remote.or(call.served.facts.peer),
        server_name: &call.served.facts.server_name,
        attempts: call.attempts,
        grpc_status: grpc_status(call),
        local_reply_body: b"",
        captured: b"",
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
        cluster: StringId::EMPTY,
        stat_prefix: http.stat_prefix,
        virtual_cluster: StringId::EMPTY,
        method: StringId::of_method(head.method_text.of(&[])),
        response_code: status,
        flags,
        grpc_status: None,
        request_bytes: 0,
        response_bytes: 0,
        request_messages: 0,
        response_messages: 0,
        duration_us: 0,
    });
    let log = AccessLog {
        start_unix_us: telemetry::unix_micros(),
        labels,
        response_code: status,
        flags,
        details,
        downstream_local: served.facts.destination,
        downstream_remote: served.facts.peer,
        server_name: &served.facts.server_name,
        ..AccessLog::default()
    };
    log_connection(served, &http.logs, &log, true, None);
}

/// Logs a connection to its listener's logs, which the report to Mixer is no part of.
pub(crate) fn log_to_listener(
    served: &Served,
    listener: &ListenerEntry,
    log: &AccessLog<'_>,
    cluster: Option<&ClusterEntry>,
) {
    let mut captured = Vec::new();
    let subject = Subject {
        listener: &listener.config.name,
        chain: &served.chain.name,
        cluster,
        ..Subject::of_connection(&served.facts, log)
    };
    let targets = listener.logs.choose(&subject, &mut captured);
    let log = AccessLog {
        captured: &captured,
        ..*log
    };
    served.worker.telemetry.log(LogDecision::default().to(targets), &log);
}

/// Logs a connection, or a request of which nothing is known.
pub(crate) fn log_connection(
    served: &Served,
    logs: &AccessLogs,
    log: &AccessLog<'_>,
    failed: bool,
    cluster: Option<&ClusterEntry>,
) {
    let telemetry = &served.worker.telemetry;
    let sampled = telemetry.log_decision(failed, LogTargets::NONE);
    if sampled.is_none() && logs.is_empty() {
        return;
    }
    let mut captured = Vec::new();
    let subject = Subject {
        listener: &served.listener.config.name,
        chain: &served.chain.name,
        cluster,
        ..Subject::of_connection(&served.facts, log)
    };
    let targets = logs.choose(&subject, &mut captured);
    telemetry.log(
        sampled.to(targets),
        &AccessLog {
            captured: &captured,
            ..*log
        },
    );
}
