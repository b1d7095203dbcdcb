//! Heads as the next hop and as the client get them.

use config::{Forward, HostRewrite};
use http::{Buffer, Framing, Known, RequestView, ResponseView, Version, h1, h2};
use route::HostChange;

use crate::{
    error::Failure,
    exchange::{BodyPlan, Sink},
    filters, format,
    pool::Upstream,
    request::{Call, Scratch, UNDELIVERED, View, effects},
    snapshot::EndpointEntry,
    wire::Wire,
};

/// What the route changes in the request, whichever endpoint it goes to.
pub(super) fn mutate_request(call: &Call<'_>, buffer: &Buffer, scratch: &mut Scratch, forward: &Forward) {
    let Some(found) = call.found else { return };
    let Scratch {
        request,
        edits,
        text,
        path,
        ..
    } = scratch;
    let view = View::of(call, request, buffer, path);
    text.clear();
    if route::rewrite_path(found.route, forward, &view, text) {
        edits.set_target(text);
        let original = config::RequestView::path(&view);
        edits.set(
            view.request().buffer(),
            view.request().fields(),
            "x-envoy-original-path",
            original,
        );
    }
    text.clear();
    if route::rewrite_host(forward, call.choice.weighted(), &view, text) == HostChange::Replaced {
        if forward.append_x_forwarded_host {
            edits.append("x-forwarded-host", view.request().authority_bytes());
        }
        edits.set_authority(text);
    }
    for mutations in found.header_mutations(call.choice) {
        apply(
            &mutations.request,
            &values(call, view.request(), None),
            edits,
            view.request().buffer(),
            view.request().fields(),
            text,
        );
    }
}

pub(in crate::request) fn values<'a>(
    call: &'a Call<'_>,
    request: RequestView<'a>,
    response: Option<ResponseView<'a>>,
) -> format::Values<'a> {
    format::Values {
        facts: &call.served.facts,
        remote: call.remote,
        request,
        response,
        route_name: call.found.map_or("", |found| &found.route.name),
        cluster: call.cluster.map_or("", |cluster| &cluster.config.name),
        upstream: call.upstream_address,
        status: call.status,
        flags: call.flags,
        details: call.details.as_str(),
        trace: call.trace,
        duration_us: call.worker.timers.now_us().saturating_sub(call.start_us),
    }
}

/// Sets, then removes, as Envoy does.
fn apply(
    ops: &config::HeaderOps,
    values: &format::Values<'_>,
    edits: &mut http::Edits,
    buffer: &[u8],
    fields: &http::Fields,
    text: &mut Vec<u8>,
) {
    use config::{HeaderAppendAction, NameKind};
    for set in &ops.set {
        text.clear();
        format::write(&set.value, values, text);
        if text.is_empty() && !set.keep_empty_value {
            continue;
        }
        let name = set.name.as_str();
        match (set.name.kind(), set.action) {
            (NameKind::Authority, _) => edits.set_authority(text),
            (NameKind::Path, _) => edits.set_target(text),
            (NameKind::Method | NameKind::Scheme | NameKind::OtherPseudo, _) => {}
            _ if effects::is_framing(name) => {}
            (_, HeaderAppendAction::AppendIfExistsOrAdd) => edits.append(name, text),
            (_, HeaderAppendAction::AddIfAbsent) => {
                if !edits.contains(buffer, fields, name) {
                    edits.append(name, text);
                }
            }
            (_, HeaderAppendAction::OverwriteIfExistsOrAdd) => edits.set(buffer, fields, name, text),
            (_, HeaderAppendAction::OverwriteIfExists) => {
                if edits.contains(buffer, fields, name) {
                    edits.set(buffer, fields, name, text);
                }
            }
        }
    }
    for name in &ops.remove {
        effects::remove(name.as_str(), edits, buffer, fields);
    }
}

/// The request's head for one attempt: written for an upstream of HTTP/1, sent on a stream.
pub(super) fn send_head(
    call: &Call<'_>,
    buffer: &mut Buffer,
    scratch: &mut Scratch,
    forward: &Forward,
    entry: Option<&EndpointEntry>,
    up: &mut Upstream,
) -> Result<(), Failure> {
    let has_length = scratch.request.fields.known(Known::ContentLength).is_some();
    let to_stream = up.wire.is_stream();
    if scratch.request.wants_upgrade && to_stream {
        // From HTTP/1 the answer would have to prove that the key was read, which only the application can.
        let is_possible = match &up.wire {
            Wire::Stream(stream) => scratch.request.version == Version::Http2 && stream.allows_connect_protocol(),
            Wire::Connection(_) => true,
        };
        if !is_possible {
            return Err(Failure::UpgradeRefused);
        }
    }
    let sink = Sink {
        is_stream: to_stream,
        has_length,
        trailers: sends_trailers(call, scratch, to_stream),
    };
    scratch
        .outgoing
        .set_sink(buffer, sink, &call.worker.buffers)
        .map_err(|_| Failure::DownstreamProtocol)?;
    let Scratch {
        request,
        edits,
        outgoing,
        ..
    } = scratch;
    let view = RequestView::new(request, buffer.filled());
    if forward.host_rewrite.as_deref() == Some(&HostRewrite::Auto)
        && let Some(hostname) = entry.and_then(|entry| entry.hostname.as_deref())
    {
        edits.set_authority(hostname.as_bytes());
    }
    if call
        .found
        .is_some_and(|found| found.virtual_host.include_request_attempt_count)
    {
        let count = itoa::Buffer::new().format(call.attempts).to_owned();
        edits.set(view.buffer(), view.fields(), "x-envoy-attempt-count", count.as_bytes());
    }
    match &up.wire {
        Wire::Connection(_) => {
            let is_tunnel = request.method == http::Method::Connect;
            if !is_tunnel && outgoing.adds_chunks() {
                edits.set(view.buffer(), view.fields(), "transfer-encoding", b"chunked");
            }
            outgoing.head.clear();
            h1::encode_request(view, edits, &mut outgoing.head);
        }
        Wire::Stream(stream) => {
            let ends = outgoing.is_empty();
            let is_https = call.served.facts.peer_tls.is_some();
            let expects_no_content = request.method == http::Method::Head;
            stream.send_head(ends, expects_no_content, |writer| {
                h2::encode_request(view, edits, is_https, writer);
            });
            outgoing.set_head_sent(ends);
        }
    }
    Ok(())
}

/// Whether trailers of the request go on: between streams always, else where the side of HTTP/1 says so.
fn sends_trailers(call: &Call<'_>, scratch: &Scratch, to_stream: bool) -> bool {
    let is_taken = scratch.request.version == Version::Http2 || call.http.config.http1.enable_trailers;
    let is_sent = to_stream
        || call
            .cluster
            .is_some_and(|cluster| cluster.config.http.http1.enable_trailers);
    is_taken && is_sent
}

/// The response's head for the client: written for one of HTTP/1, sent on a stream.
#[allow(clippy::too_many_lines, reason = "one step after the other, each a few lines")]
pub(in crate::request) fn write_response_head(
    call: &mut Call<'_>,
    wire: &Wire,
    buffer: &Buffer,
    scratch: &mut Scratch,
    plan: BodyPlan,
) {
    use config::ServerHeader;
    let Scratch {
        request,
        response,
        response_edits: edits,
        incoming,
        text,
        notes,
        tap,
        ..
    } = scratch;
    let out = &mut incoming.out;
    let head = incoming.buffer.filled();
    let view = ResponseView::new(response, head);
    let fields = view.fields();
    if call.is_grpc {
        let status = view
            .known(Known::GrpcStatus)
            .and_then(|value| std::str::from_utf8(value).ok()?.parse().ok());
        call.grpc_status = status;
    }
    let is_tunnel = response.framing == Framing::Tunnel;
    let upgrade = if response.status == 101 {
        view.known(Known::Upgrade)
    } else {
        None
    };
    edits.strip_hop_by_hop(head, fields, upgrade);
    // RFC 9110 section 8.6, RFC 9112 section 6.1: a 204 has neither; who believes it has waits for content.
    if plan.decodes || is_tunnel || response.status == 204 {
        edits.remove_known(fields, Known::TransferEncoding);
    }
    if plan.chunks {
        edits.remove_known(fields, Known::TransferEncoding);
        edits.append("transfer-encoding", b"chunked");
    }
    if is_tunnel || response.status == 204 {
        edits.remove_known(fields, Known::ContentLength);
    }
    if response.status == 503 {
        edits.remove(head, fields, UNDELIVERED);
    }
    let config = &call.http.config;
    match config.server_header {
        ServerHeader::Overwrite => {
            edits.remove_known(fields, Known::Server);
            edits.append("server", config.server_name.as_bytes());
        }
        ServerHeader::AppendIfAbsent if view.known(Known::Server).is_none() => {
            edits.append("server", config.server_name.as_bytes());
        }
        ServerHeader::AppendIfAbsent | ServerHeader::PassThrough => {}
    }
    if !call.http.router.suppress_envoy_headers {
        let mut number = itoa::Buffer::new();
        let millis = number.format(call.upstream_us / 1000);
        edits.set(head, fields, "x-envoy-upstream-service-time", millis.as_bytes());
    }
    let request_view = RequestView::new(request, buffer.filled());
    if let Some(found) = call.found {
        if found.virtual_host.include_attempt_count_in_response {
            let mut number = itoa::Buffer::new();
            edits.set(
                head,
                fields,
                "x-envoy-attempt-count",
                number.format(call.attempts).as_bytes(),
            );
        }
        for mutations in found.header_mutations(call.choice) {
            if !mutations.response.is_empty() {
                apply(
                    &mutations.response,
                    &values(call, request_view, Some(view)),
                    edits,
                    head,
                    fields,
                    text,
                );
            }
        }
    }
    if let Some(session) = &call.effects.session
        && let Some(found) = call.found
        && let Some(endpoint) = call.endpoint.and_then(|entry| entry.state.address.socket())
    {
        let (filters, choice) = (&call.http.filters, call.choice);
        filters::mark_session(
            filters,
            found,
            choice,
            session,
            endpoint,
            |name, value, is_one_of_many| {
                if is_one_of_many {
                    edits.append(name, value.as_bytes());
                } else {
                    edits.set(head, fields, name, value.as_bytes());
                }
            },
        );
    }
    for change in &call.effects.response {
        effects::apply(change, edits, head, fields);
    }
    if call.effects.is_marked
        && let Some(found) = call.found
        && let Some(policy) = filters::cors_policy(&call.http.filters, found, call.choice)
    {
        let origin = request_view.header("origin").unwrap_or_default();
        filter::cors::response_headers(policy, origin, |name, value| edits.set(head, fields, name, value));
    }
    if config.always_set_request_id_in_response
        && let Some(id) = scratch
            .edits
            .get(request_view.buffer(), request_view.fields(), "x-request-id")
    {
        edits.append("x-request-id", id);
    }
    notes.take(&call.http.logs.wants, edits, head, fields);
    if let Some(tapped) = tap {
        tapped.take_head(response.status, edits, head, fields);
    }
    if let Wire::Stream(stream) = wire {
        let ends = response.framing == Framing::None;
        stream.send_head(ends, false, |writer| h2::encode_response(view, edits, writer));
        return;
    }
    if call.closes && !is_tunnel {
        edits.append("connection", b"close");
    } else if request.version == Version::Http10 {
        edits.append("connection", b"keep-alive");
    }
    out.clear();
    h1::encode_response(view, edits, out);
}
