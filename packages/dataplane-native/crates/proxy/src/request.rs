//! One HTTP request, from its head to the last byte of its response.

mod ask;
mod attempt;
mod effects;
mod head;
mod hold;
mod local_reply;
mod mirror;
mod path;
mod process;
mod record;
mod reply;
mod stage;
mod tap;
mod trace;
mod tunnel;

use std::{
    future::poll_fn,
    rc::Rc,
    sync::{Arc, atomic::Ordering::Relaxed},
    task::Poll,
};

use config::{RetryPolicy, RouteAction};
use filter::grpc_web::GrpcWeb;
use http::{Buffer, BufferPool, Edits, RequestHead, RequestView, ResponseHead, TargetForm};
use route::{ClusterChoice, Found, Lookup};
use telemetry::{Counter, LabelsId, ResponseFlags, StringId, TraceContext};

pub(crate) use head::View;
pub(crate) use process::Shown;
pub(crate) use record::{log_connection, log_to_listener, record_refused};
pub(crate) use reply::{Body, Details, Reply};
pub(crate) use stage::{Job, Stages};

use crate::{
    connection::{self, Inner, Served},
    error::Failure,
    exchange::{Incoming, Messages, Outgoing},
    filters::{self, Effects, FilterContext, Outcome, Progress},
    h2,
    logging::ResponseNotes,
    snapshot::{ClusterEntry, EndpointEntry, HttpEntry, RouteEntry, Snapshot},
    timer::Timer,
    wire::Wire,
    worker::Worker,
};

/// What a proxy of ours says to another over mutual TLS: the application did not get the request. No application and no
/// client ever sees it.
pub(crate) const UNDELIVERED: &str = "x-fairlead-undelivered";

/// What becomes of the connection after a request.
pub(crate) enum Next {
    KeepAlive,
    /// Close it in order: the client may still be sending.
    Close,
    /// Close it at once.
    Abort,
    /// Serve what is inside the tunnel by this listener.
    Internal(Inner),
}

/// Memory that a request works with; it goes from request to request.
#[derive(Default)]
pub(crate) struct Scratch {
    pub(crate) request: RequestHead,
    pub(crate) response: ResponseHead,
    edits: Edits,
    response_edits: Edits,
    outgoing: Outgoing,
    incoming: Incoming,
    text: Vec<u8>,
    /// For logs.
    notes: ResponseNotes,
    captured: Vec<u8>,
    /// The path as it is matched, where it is not the one that was sent.
    path: Vec<u8>,
    /// Endpoints that were tried.
    tried: Vec<u64>,
    /// The request is recorded.
    tap: Option<Box<tap::Tapped>>,
}

impl Scratch {
    /// Gives buffers back; what a single large request made big is given up.
    pub(crate) fn release(&mut self, pool: &BufferPool) {
        const KEPT_BYTES: usize = 16 * 1024;
        self.incoming.release(pool, KEPT_BYTES);
        self.outgoing.release(pool, KEPT_BYTES);
        for text in [&mut self.text, &mut self.path, &mut self.captured] {
            text.clear();
            if text.capacity() > KEPT_BYTES {
                *text = Vec::new();
            }
        }
        self.tried.clear();
        self.tap = None;
    }
}

/// What is known about a request while it is served; in the end it becomes counts, a log entry and a span.
#[allow(clippy::struct_excessive_bools, reason = "each is a fact of its own")]
pub(crate) struct Call<'s> {
    pub(crate) served: &'s Served,
    pub(crate) worker: &'s Worker,
    pub(crate) http: &'s HttpEntry,
    pub(crate) snapshot: &'s Snapshot,
    pub(crate) start_us: u64,
    /// One number for all random choices about this request, so that they agree when asked twice.
    pub(crate) random: u64,
    pub(crate) remote: Option<std::net::SocketAddr>,
    pub(crate) is_path_changed: bool,
    pub(crate) is_grpc: bool,
    /// The client's span (or none) and ours.
    pub(crate) parent: Option<TraceContext>,
    pub(crate) trace: Option<TraceContext>,
    /// Our span's id is the client's too.
    pub(crate) is_span_shared: bool,
    /// The span of the upstream, where it has one of its own.
    pub(crate) upstream_span: Option<[u8; 8]>,
    /// Name of the route's operation in traces.
    pub(crate) operation: StringId,
    pub(crate) found: Option<Found<'s>>,
    pub(crate) route_name: StringId,
    pub(crate) choice: ClusterChoice<'s>,
    pub(crate) cluster: Option<&'s Arc<ClusterEntry>>,
    /// For clusters that balance by hash.
    pub(crate) hash: Option<u64>,
    pub(crate) endpoint: Option<&'s EndpointEntry>,
    /// Label sets by protocol: http, grpc.
    pub(crate) labels: Option<[LabelsId; 2]>,
    pub(crate) upstream_address: Option<std::net::SocketAddr>,
    pub(crate) upstream_local: Option<std::net::SocketAddr>,
    pub(crate) upstream_protocol: &'static str,
    /// Who the endpoint proved to be, where a log wants it.
    pub(crate) upstream_principal: Option<Arc<str>>,
    /// Why there was no connection to the last endpoint.
    pub(crate) upstream_failure: &'static str,
    pub(crate) attempts: u32,
    pub(crate) status: u16,
    pub(crate) flags: ResponseFlags,
    pub(crate) details: Details,
    pub(crate) request_bytes: u64,
    pub(crate) response_bytes: u64,
    pub(crate) upstream_us: u64,
    pub(crate) grpc_status: Option<u16>,
    /// What filters did to the request.
    pub(crate) effects: Effects,
    /// Services have changed the request: what is looked at from now on is the head as edited.
    pub(crate) sees_edits: bool,
    /// Time that filters took to decide, in milliseconds. It does not count for the route's timeout.
    pub(crate) held_ms: u64,
    /// Services that look at it, in the order of their filters.
    pub(crate) processors: Vec<process::Processor>,
    pub(crate) routes: Option<&'s RouteEntry>,
    /// The client gets `connection: close` with the response.
    pub(crate) closes: bool,
}

impl<'s> Call<'s> {
    pub(crate) fn fail(&mut self, failure: Failure) -> Reply {
        self.flags = self.flags.with(failure.flags());
        let mut reply = Reply::of_failure(failure);
        // The client's proxy may try another endpoint, whatever the request is. Only one that proved who it is learns it.
        if failure.is_undelivered() && self.served.listener.is_inbound && self.served.facts.is_mutual_tls() {
            reply.fields.extend_from_slice(UNDELIVERED.as_bytes());
            reply.fields.extend_from_slice(b": 1\r\n");
        }
        reply
    }

    pub(crate) fn retry_policy(&self) -> Option<&'s RetryPolicy> {
        self.found.and_then(|found| found.retry_policy())
    }
}

/// Counts a request that is being served, for draining.
struct Busy<'w>(&'w Worker, bool);

impl Drop for Busy<'_> {
    fn drop(&mut self) {
        self.0.add_busy(self.1, -1);
    }
}

/// Serves the request that a stream of HTTP/2 brought.
pub(crate) async fn serve_stream(served: &Rc<Served>, http: &HttpEntry, stream: h2::Stream, timer: &Timer) {
    let worker = &served.worker;
    let mut scratch = worker.take_scratch();
    let mut buffer = match stream.take_request(&mut scratch.request) {
        Ok(text) => text,
        Err(error) => {
            worker.count(Counter::DownstreamProtocolErrors);
            let flags = ResponseFlags::DOWNSTREAM_PROTOCOL_ERROR;
            record_refused(served, error.status(), flags, error.details());
            stream.send_head(true, false, |writer| reply::write_head(error.status(), b"", 0, writer));
            worker.give_scratch(scratch);
            return;
        }
    };
    let mut wire = Wire::Stream(stream);
    let next = serve(served, http, &mut wire, &mut buffer, &mut scratch, timer, false).await;
    worker.give_scratch(scratch);
    worker.buffers.give(buffer);
    if let Next::Internal(inner) = next {
        Box::pin(connection::serve_tunnel(served, &inner, wire)).await;
    }
}

/// Serves the request whose head is at the front of `buffer`.
#[allow(clippy::too_many_arguments)]
pub(crate) async fn serve(
    served: &Served,
    http: &HttpEntry,
    wire: &mut Wire,
    buffer: &mut Buffer,
    scratch: &mut Scratch,
    timer: &Timer,
    is_last: bool,
) -> Next {
    let worker = Rc::clone(&served.worker);
    let snapshot = Rc::clone(&served.snapshot);
    worker.add_busy(served.listener.is_inbound, 1);
    let _busy = Busy(&worker, served.listener.is_inbound);
    worker.count(Counter::RequestsStarted);
    let mut call = Call {
        served,
        worker: &worker,
        http,
        snapshot: &snapshot,
        start_us: worker.timers.now_us(),
        random: fastrand::u64(..),
        remote: served.facts.peer,
        is_path_changed: false,
        is_grpc: false,
        parent: None,
        trace: None,
        is_span_shared: false,
        upstream_span: None,
        operation: StringId::default(),
        found: None,
        route_name: StringId::default(),
        choice: ClusterChoice::None,
        cluster: None,
        hash: None,
        endpoint: None,
        labels: None,
        upstream_address: None,
        upstream_local: None,
        upstream_protocol: "",
        upstream_principal: None,
        upstream_failure: "",
        attempts: 0,
        status: 0,
        flags: ResponseFlags::default(),
        details: Details::Static(""),
        request_bytes: 0,
        response_bytes: 0,
        upstream_us: 0,
        grpc_status: None,
        effects: Effects::default(),
        sees_edits: false,
        held_ms: 0,
        processors: Vec::new(),
        routes: None,
        closes: is_last || !scratch.request.keep_alive || worker.shared.overload.disables_keepalive(),
    };
    let next = run(&mut call, wire, buffer, scratch, timer).await;
    for metadata in [scratch.outgoing.take_metadata(), scratch.incoming.take_metadata()] {
        filters::merge(&mut call.effects.metadata, metadata);
    }
    call.request_bytes = scratch.outgoing.body_bytes;
    worker.count(Counter::RequestsEnded);
    if matches!(next, Next::Internal(_)) {
        // What comes inside the tunnel is what is reported: the tunnel itself never left this proxy.
        tap::forget(scratch);
        buffer.consume(scratch.request.len);
        return next;
    }
    record::record(&mut call, buffer, scratch);
    if scratch.tap.is_some() {
        tap::end(&call, buffer, scratch);
    }
    let is_complete = scratch.outgoing.finish(buffer, &worker.buffers);
    match next {
        Next::KeepAlive if !is_complete => Next::Close,
        next => next,
    }
}

async fn run(call: &mut Call<'_>, wire: &mut Wire, buffer: &mut Buffer, scratch: &mut Scratch, timer: &Timer) -> Next {
    let replay = call.worker.shared.limits.max_replay_bytes as usize;
    let (len, framing) = (scratch.request.len, scratch.request.framing);
    scratch.edits.clear();
    scratch.response_edits.clear();
    scratch.notes.clear();
    scratch.incoming.begin();
    if scratch.outgoing.begin(buffer, len, framing, replay).is_err() {
        call.worker.count(Counter::DownstreamProtocolErrors);
        let reply = call.fail(Failure::DownstreamProtocol);
        call.closes = true;
        return reply::send(call, wire, buffer, scratch, timer, reply).await;
    }
    if call.worker.shared.overload.refuses_requests() {
        call.worker.count(Counter::OverloadRequestsRefused);
        let reply = call.fail(Failure::Overloaded);
        return reply::send(call, wire, buffer, scratch, timer, reply).await;
    }
    let prepared = prepare(call, buffer, scratch);
    if call.http.filters.may_tap() || call.worker.shared.taps.everything.is_on() {
        tap::begin(call, buffer, scratch);
    }
    if let Err(reply) = prepared {
        return reply::send(call, wire, buffer, scratch, timer, reply).await;
    }
    if !call.http.filters.is_empty()
        && let Err(next) = pass_filters(call, wire, buffer, scratch, timer).await
    {
        return next;
    }
    if let Some(web) = call.effects.grpc_web
        && let Err(reply) = take_grpc_web(call, buffer, scratch, web)
    {
        return reply::send(call, wire, buffer, scratch, timer, reply).await;
    }
    match decide(call, buffer, scratch) {
        Err(reply) => reply::send(call, wire, buffer, scratch, timer, reply).await,
        Ok(Way::Upstream) => attempt::forward(call, wire, buffer, scratch, timer).await,
        Ok(Way::Terminate) => tunnel::terminate(call, wire, buffer, scratch, timer).await,
    }
}

/// Makes a request of gRPC-Web one of gRPC.
fn take_grpc_web(call: &mut Call<'_>, buffer: &mut Buffer, scratch: &mut Scratch, web: GrpcWeb) -> Result<(), Reply> {
    call.is_grpc = true;
    scratch.outgoing.messages = Messages::begin(true);
    scratch.incoming.messages = Messages::begin(true);
    if !web.is_text_request {
        return Ok(());
    }
    let view = RequestView::new(&scratch.request, buffer.filled());
    scratch.edits.remove(view.buffer(), view.fields(), "content-length");
    if scratch.outgoing.decode_text(buffer, &call.worker.buffers).is_err() {
        call.worker.count(Counter::DownstreamProtocolErrors);
        call.closes = true;
        return Err(call.fail(Failure::DownstreamProtocol));
    }
    Ok(())
}

/// Takes the encoding off the body: of what is here, and of what will come.
fn decode(
    call: &Call<'_>,
    buffer: &mut Buffer,
    scratch: &mut Scratch,
    library: config::DecompressorLibrary,
) -> Result<(), ()> {
    let view = RequestView::new(&scratch.request, buffer.filled());
    scratch.edits.remove(view.buffer(), view.fields(), "content-length");
    let decoder = filter::decompress::Decoder::new(library).map_err(|_| ())?;
    let decoded = scratch.outgoing.decode_content(buffer, decoder, &call.worker.buffers);
    decoded.map_err(|_| call.worker.count(Counter::DownstreamProtocolErrors))
}

/// Runs the filters, and does what they wait for. An error: the request has ended.
async fn pass_filters(
    call: &mut Call<'_>,
    wire: &mut Wire,
    buffer: &mut Buffer,
    scratch: &mut Scratch,
    timer: &Timer,
) -> Result<(), Next> {
    let mut progress = Progress::default();
    loop {
        match run_filters(call, buffer, scratch, &mut progress) {
            Outcome::Continue => return Ok(()),
            Outcome::Delay(duration) => {
                call.flags = call.flags.with(ResponseFlags::DELAY_INJECTED);
                call.worker.count(Counter::FaultsInjected);
                let active = &call.worker.shared.active_faults;
                active.fetch_add(1, Relaxed);
                let is_here = wait(timer, duration, wire, buffer, scratch).await.is_ok();
                active.fetch_sub(1, Relaxed);
                if !is_here {
                    return Err(client_gone(call));
                }
            }
            Outcome::Call(question) => match ask::ask(call, wire, buffer, scratch, *question).await {
                Ok(answer) => progress.answer = Some(answer),
                Err(()) => return Err(client_gone(call)),
            },
            Outcome::Show(show) => match process::show_request(call, wire, buffer, scratch, timer, *show).await {
                Ok(shown) => progress.shown = Some(shown),
                Err(stop) => return Err(process::body::end(call, wire, buffer, scratch, timer, stop).await),
            },
            Outcome::ShowBody(body) => {
                if let Err(stop) = process::body::show_request(call, wire, buffer, scratch, timer, *body).await {
                    return Err(process::body::end(call, wire, buffer, scratch, timer, stop).await);
                }
            }
            Outcome::Keys(sources) => {
                if ask::fetch_keys(call, wire, buffer, scratch, &sources).await.is_err() {
                    return Err(client_gone(call));
                }
            }
            Outcome::Body(most) => match ask::hold_body(call, wire, buffer, scratch, timer, most).await {
                Ok(held) => progress.body = Some(held),
                Err(failure) => return Err(ask::refuse(call, wire, buffer, scratch, timer, failure).await),
            },
            Outcome::Changed => {
                if let Err(reply) = effects::take_over(call, buffer, scratch) {
                    return Err(reply::send(call, wire, buffer, scratch, timer, reply).await);
                }
            }
            Outcome::Decode(library) => {
                if decode(call, buffer, scratch, library).is_err() {
                    let reply = call.fail(Failure::DownstreamProtocol);
                    call.closes = true;
                    return Err(reply::send(call, wire, buffer, scratch, timer, reply).await);
                }
            }
            Outcome::Hold(limit) => match hold::hold(call, wire, buffer, scratch, timer, limit).await {
                Ok(()) => {}
                Err(Some(reply)) => return Err(reply::send(call, wire, buffer, scratch, timer, reply).await),
                Err(None) => return Err(client_gone(call)),
            },
            Outcome::Reply(reply) => {
                return Err(reply::send(call, wire, buffer, scratch, timer, reply).await);
            }
        }
    }
}

/// Waits, unless the client leaves.
pub(super) async fn wait(
    timer: &Timer,
    duration: std::time::Duration,
    wire: &mut Wire,
    buffer: &mut Buffer,
    scratch: &Scratch,
) -> Result<(), ()> {
    timer.set(Some(timer.now_ms() + duration.as_millis() as u64));
    poll_fn(|cx| {
        if scratch.outgoing.poll_client(cx, buffer, wire).is_ready() {
            return Poll::Ready(Err(()));
        }
        timer.poll_expired(cx).map(Ok)
    })
    .await
}

pub(super) fn client_gone(call: &mut Call<'_>) -> Next {
    call.flags = call.flags.with(ResponseFlags::DOWNSTREAM_TERMINATION);
    call.details = Details::Static(Failure::DownstreamClosed.details());
    call.status = 0;
    Next::Abort
}

/// Makes the head comparable, adds what the connection manager adds, finds the route.
fn prepare(call: &mut Call<'_>, buffer: &Buffer, scratch: &mut Scratch) -> Result<(), Reply> {
    head::check(call, buffer, scratch)?;
    head::edit(call, buffer, scratch);
    scratch.outgoing.messages = Messages::begin(call.is_grpc);
    scratch.incoming.messages = Messages::begin(call.is_grpc);
    let found = find(call, buffer, scratch);
    trace::trace(call, buffer, scratch);
    found
}

/// Finds the route.
fn find<'s>(call: &mut Call<'s>, buffer: &Buffer, scratch: &Scratch) -> Result<(), Reply> {
    let entry: Option<&'s RouteEntry> = match (&call.http.inline_routes, &call.http.config.routes) {
        (Some(entry), _) => Some(entry),
        (None, config::RouteSource::Named(name)) => call.snapshot.routes.get(name).map(|entry| &**entry),
        (None, config::RouteSource::Inline(_)) => None,
    };
    let Some(entry) = entry else {
        return Err(call.fail(Failure::RouteNotFound));
    };
    call.routes = Some(entry);
    find_route(call, entry, buffer, scratch)
}

/// Finds the route, and the cluster that it leads to.
fn find_route<'s>(call: &mut Call<'s>, entry: &'s RouteEntry, buffer: &Buffer, scratch: &Scratch) -> Result<(), Reply> {
    let metadata = call.effects.metadata.take();
    let found = look_up(
        call,
        entry,
        &View::new(call, buffer, scratch).knowing(metadata.as_ref()),
    );
    call.effects.metadata = metadata;
    found
}

fn look_up<'s>(call: &mut Call<'s>, entry: &'s RouteEntry, view: &View<'_>) -> Result<(), Reply> {
    match entry.table.find(view, call.random) {
        Lookup::Found(found) => {
            let choice = found.pick_cluster(view, call.random);
            // Known before the filters run, so that what one of them answers counts for the service that was called.
            let cluster = choice.name(view).and_then(|name| call.snapshot.clusters.get(name));
            call.choice = choice;
            call.cluster = cluster;
            call.found = Some(found);
            call.route_name = entry.name(found.host_index, found.route_index);
            call.operation = entry.operation(found.host_index, found.route_index);
            Ok(())
        }
        Lookup::HttpsRequired(_) => Err(Reply::to_https(view)),
        // A filter may find out what a route asks for.
        Lookup::NoRoute(_) if entry.table.asks_metadata() && !call.http.filters.is_empty() => Ok(()),
        Lookup::NoHost | Lookup::NoRoute(_) => Err(call.fail(Failure::RouteNotFound)),
    }
}

/// Runs the HTTP filters from `position` on.
fn run_filters(call: &mut Call<'_>, buffer: &Buffer, scratch: &mut Scratch, progress: &mut Progress) -> Outcome {
    let view = View::of(call, &scratch.request, buffer, &scratch.path).seeing(call, &scratch.edits);
    let mut effects = std::mem::take(&mut call.effects);
    let context = FilterContext {
        view: &view,
        facts: &call.served.facts,
        remote: call.remote,
        found: call.found,
        choice: call.choice,
        random: call.random,
        shared: &call.worker.shared,
        routes: call.routes,
        request: RequestView::new(&scratch.request, buffer.filled()),
        edits: &scratch.edits,
        began_us: call.start_us,
        timers: &call.worker.timers,
    };
    let outcome = call.http.filters.run(progress, &context, &mut effects);
    let (fields, buffer) = (&scratch.request.fields, buffer.filled());
    for name in effects.remove.drain(..) {
        effects::remove(name.as_str(), &mut scratch.edits, buffer, fields);
    }
    for (name, value) in effects.set.drain(..) {
        scratch.edits.set(buffer, fields, name.as_str(), &value);
    }
    call.flags = call.flags.with(effects.flags);
    if let (Some(processing), Some(processor)) = (effects.processing.take(), call.processors.last_mut()) {
        processor.note(processing);
    }
    // One that still has to show a body, or to put one in its place, is not done yet.
    let shows_body = progress.body_to_show.is_some() || matches!(outcome, Outcome::ShowBody(_));
    if !shows_body && call.processors.last().is_some_and(process::Processor::is_done) {
        call.processors.pop();
    }
    call.effects = effects;
    if let Outcome::Reply(reply) = &outcome {
        call.flags = call.flags.with(reply.flags);
        match reply.status {
            _ if reply.flags.contains(ResponseFlags::FAULT_INJECTED) => call.worker.count(Counter::FaultsInjected),
            401 | 403 => call.worker.count(Counter::Denied),
            _ => {}
        }
    }
    outcome
}

/// Where a request goes.
enum Way {
    Upstream,
    /// A CONNECT that ends here: its bytes go on.
    Terminate,
}

/// What the route says is to be done.
fn decide(call: &mut Call<'_>, buffer: &Buffer, scratch: &mut Scratch) -> Result<Way, Reply> {
    let Some(found) = call.found else {
        return Err(call.fail(Failure::RouteNotFound));
    };
    let view = View::new(call, buffer, scratch);
    let forward = match &found.route.action {
        RouteAction::Forward(forward) => forward,
        RouteAction::Redirect(redirect) => return Err(Reply::redirect(found.route, redirect, &view)),
        RouteAction::DirectResponse(direct) => return Err(Reply::direct(direct)),
    };
    let head = view.head();
    let is_connect = head.form == TargetForm::Authority;
    let mut terminates = false;
    if is_connect || head.wants_upgrade {
        let protocol = if is_connect {
            "connect".into()
        } else {
            view.upgrade().to_ascii_lowercase()
        };
        let of_route = forward
            .upgrades
            .iter()
            .find(|upgrade| upgrade.protocol.eq_ignore_ascii_case(&protocol));
        let of_manager = call
            .http
            .config
            .upgrades
            .iter()
            .find(|upgrade| upgrade.protocol.eq_ignore_ascii_case(&protocol));
        let is_allowed = of_route.map_or_else(
            || of_manager.is_some_and(|upgrade| upgrade.enabled),
            |upgrade| upgrade.enabled,
        );
        if !is_allowed {
            return Err(call.fail(Failure::UpgradeRefused));
        }
        terminates = is_connect && of_route.is_some_and(|upgrade| upgrade.terminate_connect);
    }
    let cluster = call
        .choice
        .name(&view)
        .and_then(|name| call.snapshot.clusters.get(name));
    let Some(cluster) = cluster else {
        let reply = call.fail(Failure::ClusterNotFound);
        return Err(Reply {
            status: forward.cluster_not_found_status,
            ..reply
        });
    };
    call.cluster = Some(cluster);
    Ok(if terminates { Way::Terminate } else { Way::Upstream })
}
