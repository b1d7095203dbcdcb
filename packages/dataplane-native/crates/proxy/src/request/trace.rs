//! Which trace a request belongs to, and how the next hop learns it.

use config::FractionalPercent;
use http::{Buffer, Edits, Known, RequestView};
use telemetry::{B3, B3Text, TraceContext};

use super::{Call, Scratch, head::is_private};
use crate::{logging::number_of_id, tracing::Propagation};

/// Why a trace is recorded, as `x-request-id` tells it onwards: its 15th character.
const SAMPLED: u8 = b'9';
const FORCED_BY_SERVICE: u8 = b'a';
const FORCED_BY_CLIENT: u8 = b'b';
/// The version of a random UUID: nothing is known.
const NOT_TRACED: u8 = b'4';
const REASON_AT: usize = 14;

/// What the client's headers say.
#[derive(Debug, Default, PartialEq, Eq)]
struct Told {
    context: Option<([u8; 16], [u8; 8])>,
    parent_span_id: Option<[u8; 8]>,
    sampled: Option<bool>,
    /// It came as one header of B3.
    is_single: bool,
}

/// Shares of requests.
struct Shares {
    client: FractionalPercent,
    random: FractionalPercent,
    overall: FractionalPercent,
}

/// Goes on with the client's trace or begins one. Once the route is known, or that there is none.
pub(super) fn trace(call: &mut Call<'_>, buffer: &Buffer, scratch: &mut Scratch) {
    let request = RequestView::new(&scratch.request, buffer.filled());
    let edits = &mut scratch.edits;
    let (Some(settings), Some(entry)) = (&call.http.config.tracing, &call.http.tracing) else {
        // Without tracing the header travels on untouched.
        let parent = request.known(Known::Traceparent).and_then(TraceContext::parse);
        call.trace = parent;
        return;
    };
    let is_external = call.http.config.use_remote_address && !is_private(call.remote);
    if is_external {
        edits.remove(request.buffer(), request.fields(), "x-envoy-force-trace");
    }
    let told = read(entry.propagation, request);
    let of_route = call.found.and_then(|found| found.route.tracing.as_deref());
    let shares = of_route.map_or(
        Shares {
            client: settings.client_sampling,
            random: settings.random_sampling,
            overall: settings.overall_sampling,
        },
        |route| Shares {
            client: route.client_sampling,
            random: route.random_sampling,
            overall: route.overall_sampling,
        },
    );
    let reason = if told.sampled.is_some() {
        None
    } else {
        // Without a tracer the share of Fairlead's own telemetry is what decides.
        let is_wanted = entry.has_provider || call.worker.telemetry.is_trace_sampled();
        reason(request, edits, &shares, is_wanted)
    };
    let is_sampled = told.sampled.unwrap_or(reason.is_some());
    if told.context.is_none() && !is_sampled && !entry.has_provider {
        // Nobody will look at it: the request goes on as it came.
        return;
    }
    if let Some(reason) = reason {
        mark_id(request, edits, reason);
    }
    begin(call, &told, is_sampled, entry.propagation);
    let Some(trace) = call.trace else { return };
    // Where the upstream has a span of its own, that is what the next hop's is part of.
    let sent = TraceContext {
        span_id: call.upstream_span.unwrap_or(trace.span_id),
        ..trace
    };
    let parent = match call.upstream_span {
        Some(_) => Some(trace.span_id),
        None => call.parent.map(|parent| parent.span_id),
    };
    write(entry.propagation, request, edits, sent, parent, told.is_single);
}

/// Fills in the client's span and ours.
fn begin(call: &mut Call<'_>, told: &Told, sampled: bool, propagation: Propagation) {
    let spawns = call
        .http
        .config
        .tracing
        .as_ref()
        .is_some_and(|settings| settings.spawn_upstream_span);
    call.upstream_span = (spawns && sampled).then(telemetry::new_span_id);
    let has_short_ids = matches!(
        propagation,
        Propagation::B3 {
            has_short_ids: true,
            ..
        }
    );
    let Some((trace_id, span_id)) = told.context else {
        call.trace = Some(if has_short_ids {
            TraceContext::generate_short(sampled)
        } else {
            TraceContext::generate(sampled)
        });
        return;
    };
    let parent = TraceContext {
        trace_id,
        span_id,
        sampled,
    };
    let is_shared = matches!(propagation, Propagation::B3 { is_shared: true, .. });
    if is_shared && call.served.listener.is_inbound {
        call.is_span_shared = true;
        call.trace = Some(parent);
        call.parent = told.parent_span_id.map(|span_id| TraceContext { span_id, ..parent });
    } else {
        call.parent = Some(parent);
        call.trace = Some(parent.child());
    }
}

fn read(propagation: Propagation, request: RequestView<'_>) -> Told {
    let w3c = || {
        let context = request.known(Known::Traceparent).and_then(TraceContext::parse);
        Told {
            context: context.map(|context| (context.trace_id, context.span_id)),
            sampled: context.map(|context| context.sampled),
            ..Told::default()
        }
    };
    let Propagation::B3 { with_w3c, .. } = propagation else {
        return w3c();
    };
    let single = request.header("b3").map(B3::parse_single);
    let is_single = single.is_some_and(|b3| b3 != B3::default());
    let b3 = single
        .filter(|_| is_single)
        .unwrap_or_else(|| B3::parse_multi(|name| request.header(name)));
    if b3 == B3::default() && with_w3c {
        return w3c();
    }
    Told {
        context: b3.ids,
        parent_span_id: b3.parent_span_id,
        sampled: b3.sampled,
        is_single,
    }
}

fn write(
    propagation: Propagation,
    request: RequestView<'_>,
    edits: &mut Edits,
    trace: TraceContext,
    parent: Option<[u8; 8]>,
    is_single: bool,
) {
    let (is_b3, is_w3c) = match propagation {
        Propagation::W3c => (false, true),
        Propagation::B3 { with_w3c, .. } => (true, with_w3c),
    };
    if is_w3c {
        edits.remove_known(request.fields(), Known::Traceparent);
        edits.append("traceparent", &trace.to_text());
    }
    if !is_b3 {
        return;
    }
    let (buffer, fields) = (request.buffer(), request.fields());
    if is_single {
        edits.set(buffer, fields, "b3", B3Text::single(trace, parent).as_bytes());
        return;
    }
    edits.set(
        buffer,
        fields,
        "x-b3-traceid",
        B3Text::trace_id(trace.trace_id).as_bytes(),
    );
    edits.set(buffer, fields, "x-b3-spanid", B3Text::span_id(trace.span_id).as_bytes());
    match parent {
        Some(parent) => edits.set(buffer, fields, "x-b3-parentspanid", B3Text::span_id(parent).as_bytes()),
        None => edits.remove(buffer, fields, "x-b3-parentspanid"),
    }
    edits.set(buffer, fields, "x-b3-sampled", if trace.sampled { b"1" } else { b"0" });
}

/// Why a request whose caller did not decide is recorded; none: it is not. All proxies on the way that have the same
/// shares decide alike, because the request's id decides.
fn reason(request: RequestView<'_>, edits: &Edits, shares: &Shares, is_wanted: bool) -> Option<u8> {
    let has = |name: &str| edits.contains(request.buffer(), request.fields(), name);
    let id = edits
        .get(request.buffer(), request.fields(), "x-request-id")
        .unwrap_or_default();
    let number = number_of_id(id).unwrap_or_else(|| fastrand::u64(..));
    let told = id
        .get(REASON_AT)
        .copied()
        .filter(|reason| is_uuid(id) && matches!(*reason, SAMPLED | FORCED_BY_SERVICE | FORCED_BY_CLIENT));
    let reason = if told.is_some() {
        told
    } else if has("x-client-trace-id") && shares.client.contains(number) {
        Some(FORCED_BY_CLIENT)
    } else if has("x-envoy-force-trace") {
        Some(FORCED_BY_SERVICE)
    } else if is_wanted && shares.random.contains(number) {
        Some(SAMPLED)
    } else {
        None
    };
    reason.filter(|_| shares.overall.contains(number))
}

/// Writes the reason into the request's id, where the next proxy reads it.
fn mark_id(request: RequestView<'_>, edits: &mut Edits, reason: u8) {
    let Some(id) = edits.get(request.buffer(), request.fields(), "x-request-id") else {
        return;
    };
    if !is_uuid(id) || id[REASON_AT] == reason {
        return;
    }
    let mut marked = [0; 36];
    marked.copy_from_slice(id);
    marked[REASON_AT] = reason;
    edits.set(request.buffer(), request.fields(), "x-request-id", &marked);
}

/// A random UUID, perhaps with a reason in the place of its version.
fn is_uuid(id: &[u8]) -> bool {
    id.len() == 36
        && [8, 13, 18, 23].iter().all(|at| id[*at] == b'-')
        && matches!(
            id[REASON_AT],
            NOT_TRACED | SAMPLED | FORCED_BY_SERVICE | FORCED_BY_CLIENT
        )
}
