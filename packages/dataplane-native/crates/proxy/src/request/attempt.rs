//! Attempts to get a response from an upstream, and relaying the one that counts.

mod acquire;
mod heads;
mod hedge;
mod override_host;
mod relay;
mod retry;
mod transform;

use std::{
    pin::pin,
    sync::{Arc, atomic::Ordering::Relaxed},
    task::{Context, Poll},
};

use config::{Forward, RetryPolicy, Thresholds};
use http::{Buffer, ResponseView};
use telemetry::{Counter, ResponseFlags};

use super::{Call, Next, Scratch, UNDELIVERED, View, client_gone, mirror, reply};
use crate::{
    cluster::{EndpointState, Guard, Verdict, note_outcome},
    error::{Failure, RetryClass},
    pool::Upstream,
    snapshot::{ClusterEntry, EndpointEntry},
    timer::Timer,
    upstream::Target,
    wire::Wire,
};

use acquire::{Waiting, acquire};
use heads::{mutate_request, send_head};
use hedge::{Hedges, Judge, Late, Raced, Settled};
use relay::{exchange, finish_unread, relay};
use retry::{Retries, back_off, is_repeatable, is_retriable_status, may_repeat};

pub(super) use heads::{values, write_response_head};

/// Where an attempt goes.
pub(super) struct Chosen<'s> {
    pub(super) endpoint: Arc<EndpointState>,
    pub(super) entry: Option<&'s EndpointEntry>,
}

/// Counts a request on its endpoint.
pub(super) struct InFlight<'s>(Chosen<'s>);

impl<'s> InFlight<'s> {
    fn new(chosen: Chosen<'s>) -> Self {
        chosen.endpoint.begin();
        Self(chosen)
    }
}

impl Drop for InFlight<'_> {
    fn drop(&mut self) {
        self.0.endpoint.active.fetch_sub(1, Relaxed);
    }
}

/// When a request is given up, in the worker's milliseconds.
#[derive(Clone, Copy, Default)]
pub(super) struct Deadlines {
    route: Option<u64>,
    /// For the last byte of the request.
    request: Option<u64>,
    attempt: Option<u64>,
    /// Timeout, then when it is looked at next and what had moved then.
    idle: Option<(u64, u64, u64)>,
}

impl Deadlines {
    pub(super) fn arm(&self, timer: &Timer) {
        let idle = self.idle.map(|(_, at, _)| at);
        timer.set(
            [self.route, self.request, self.attempt, idle]
                .into_iter()
                .flatten()
                .min(),
        );
    }

    /// All of the request has come.
    pub(super) fn request_taken(&mut self) {
        self.request = None;
    }

    pub(super) fn with_idle(mut self, timeout_ms: u64, now_ms: u64) -> Self {
        self.idle = (timeout_ms > 0).then(|| (timeout_ms, now_ms + timeout_ms, 0));
        self
    }

    /// Ready when the request is to be given up. A deadline that fired and only moved is waited for again.
    pub(super) fn poll(&mut self, cx: &Context<'_>, timer: &Timer, moved: u64) -> Poll<Failure> {
        while timer.poll_expired(cx).is_ready() {
            if let Some(failure) = self.expired(timer, moved) {
                return Poll::Ready(failure);
            }
        }
        Poll::Pending
    }

    /// What the timer's firing means; nothing where only bytes have moved meanwhile. `moved` counts them.
    pub(super) fn expired(&mut self, timer: &Timer, moved: u64) -> Option<Failure> {
        let now = timer.now_ms();
        if self.route.is_some_and(|at| at <= now) {
            return Some(Failure::ResponseTimeout);
        }
        if self.request.is_some_and(|at| at <= now) {
            return Some(Failure::RequestTimeout);
        }
        if self.attempt.is_some_and(|at| at <= now) {
            return Some(Failure::PerTryTimeout);
        }
        if let Some((timeout, at, seen)) = &mut self.idle
            && *at <= now
        {
            if *seen == moved {
                return Some(Failure::StreamIdleTimeout);
            }
            (*at, *seen) = (now + *timeout, moved);
        }
        self.arm(timer);
        None
    }
}

/// Forwards the request and relays the response.
pub(super) async fn forward(
    call: &mut Call<'_>,
    wire: &mut Wire,
    buffer: &mut Buffer,
    scratch: &mut Scratch,
    timer: &Timer,
) -> Next {
    let (Some(cluster), Some(forward)) = (call.cluster, call.found.and_then(|found| found.forward())) else {
        let failure = call.fail(Failure::ClusterNotFound);
        return reply::send(call, wire, buffer, scratch, timer, failure).await;
    };
    let priority = usize::from(forward.high_priority);
    let limits = if forward.high_priority {
        &cluster.config.circuit_breakers.high
    } else {
        &cluster.config.circuit_breakers.default
    };
    let Some(_request) = cluster.state.acquire_request(priority, limits) else {
        call.worker.count(Counter::CircuitBreakerOpen);
        cluster.state.overflows_total.fetch_add(1, Relaxed);
        let failure = call.fail(Failure::Overflow);
        return reply::send(call, wire, buffer, scratch, timer, failure).await;
    };
    cluster.state.requests_total.fetch_add(1, Relaxed);
    let mut deadlines = deadlines(call, forward, scratch.outgoing.is_body_taken());
    hash_request(call, cluster, buffer, scratch);
    mutate_request(call, buffer, scratch, forward);
    if scratch.request.expects_continue && !scratch.outgoing.is_body_taken() {
        let mut permission = b"HTTP/1.1 100 Continue\r\n\r\n".to_vec();
        if !reply::write(call, wire, timer, &mut permission).await {
            return client_gone(call);
        }
    }
    let policy = call.retry_policy();
    let plan = Plan {
        cluster,
        forward,
        policy,
        priority,
        limits,
        is_hedged: wants_hedges(call, buffer, scratch, policy),
    };
    let ended = attempts(call, wire, buffer, scratch, timer, &plan, &mut deadlines).await;
    let (up, kept) = match ended {
        Ended::Answered(up, in_flight) => (up, (in_flight, None)),
        Ended::Late(mut late) => {
            if scratch.incoming.is_within_interim() {
                // The client has half of a hint of another try: no head can follow it.
                return client_gone(call);
            }
            late.put_back(scratch, &call.worker.buffers);
            let (up, kept) = late.into_upstream();
            call.endpoint = kept.0.0.entry;
            call.upstream_address = kept.0.0.endpoint.address.socket();
            note_upstream(call, &up);
            (acquire::adopt(call, up), kept)
        }
        Ended::Failed(Failure::DownstreamClosed) => return client_gone(call),
        Ended::Failed(Failure::Stopped) => {
            let reply = match scratch.outgoing.take_stop() {
                Some(reply) => *reply,
                None => call.fail(Failure::Stopped),
            };
            return reply::send(call, wire, buffer, scratch, timer, reply).await;
        }
        Ended::Failed(failure) => {
            if failure == Failure::DownstreamProtocol {
                call.worker.count(Counter::DownstreamProtocolErrors);
                call.closes = true;
            }
            let reply = call.fail(failure);
            return reply::send(call, wire, buffer, scratch, timer, reply).await;
        }
    };
    override_host::note(call, cluster);
    mirror::send(call, buffer, scratch, forward);
    deadlines.attempt = None;
    relay(call, wire, buffer, scratch, timer, up, kept, deadlines).await
}

/// What the tries of a request go by.
struct Plan<'s> {
    cluster: &'s Arc<ClusterEntry>,
    forward: &'s Forward,
    policy: Option<&'s RetryPolicy>,
    priority: usize,
    limits: &'s Thresholds,
    /// A try that is late goes on beside the next one.
    is_hedged: bool,
}

/// How the tries of a request ended.
enum Ended<'s> {
    /// With a response whose head is in the scratch space.
    Answered(Upstream, InFlight<'s>),
    /// With that of a try that was late.
    Late(Box<Late<'s>>),
    Failed(Failure),
}

/// What a try came to.
enum Tried<'s> {
    Answered(Upstream),
    /// Its time is over; it goes on beside the next one, which is counted.
    Late(Upstream, Option<Guard>),
    /// A try that was late has answered.
    Overtaken(Box<Late<'s>>),
    Failed(Failure),
}

/// Tries until there is a response for the client, or none to be had.
#[allow(clippy::too_many_lines, reason = "the loop over attempts is one state machine")]
async fn attempts<'s>(
    call: &mut Call<'s>,
    wire: &mut Wire,
    buffer: &mut Buffer,
    scratch: &mut Scratch,
    timer: &Timer,
    plan: &Plan<'s>,
    deadlines: &mut Deadlines,
) -> Ended<'s> {
    let Plan { cluster, policy, .. } = *plan;
    let mut retries = Retries {
        policy,
        made: 0,
        safe_made: 0,
    };
    let mut has_stale = false;
    let mut guard: Option<Guard> = None;
    let mut hedges = Hedges::default();
    let judge = Judge {
        worker: call.worker,
        cluster,
        policy,
    };
    loop {
        call.attempts += 1;
        let Some(chosen) = choose(call, cluster, buffer, scratch) else {
            let failed = Ended::Failed(Failure::NoHealthyUpstream);
            return settle(&mut hedges, &judge, wire, buffer, scratch, timer, deadlines)
                .await
                .unwrap_or(failed);
        };
        call.endpoint = chosen.entry;
        call.upstream_address = chosen.endpoint.address.socket();
        call.upstream_local = None;
        scratch.tried.push(chosen.endpoint.id);
        let in_flight = InFlight::new(chosen);
        let chosen = &in_flight.0;
        let attempt_ms = policy.map_or(0, |policy| policy.per_try_timeout_ms);
        deadlines.attempt = (attempt_ms > 0).then(|| timer.now_ms() + attempt_ms);
        deadlines.arm(timer);
        let acquired = {
            let waiting = Waiting {
                wire: &mut *wire,
                buffer: &mut *buffer,
                scratch: &*scratch,
                timer,
                deadlines: &mut *deadlines,
            };
            let own = pin!(acquire(call, cluster, chosen, plan.priority, has_stale, waiting));
            hedges.race(&judge, own).await
        };
        let tried = match acquired {
            Raced::Won(late) => Tried::Overtaken(late),
            Raced::Done(Err(failure)) => Tried::Failed(failure),
            Raced::Done(Ok(mut up)) => {
                note_upstream(call, &up);
                let requests = up.info.requests.get();
                let is_reused = requests > 0;
                up.info.requests.set(requests + 1);
                let sent = send_head(call, buffer, scratch, plan.forward, chosen.entry, &mut up);
                let mut next_guard = None;
                let exchanged = loop {
                    if let Err(failure) = sent {
                        break Raced::Done(Err(failure));
                    }
                    let exchanged = {
                        let own = pin!(exchange(call, wire, buffer, scratch, timer, &mut up, deadlines));
                        hedges.race(&judge, own).await
                    };
                    let is_late = matches!(exchanged, Raced::Done(Err(Failure::PerTryTimeout)));
                    if !is_late || !plan.is_hedged || !scratch.outgoing.is_finished() {
                        break exchanged;
                    }
                    call.worker.count(Counter::UpstreamTimeouts);
                    note_outcome(call.worker, cluster, &chosen.endpoint, Verdict::LocalFailure);
                    if retries.allows_hedge() {
                        next_guard = retry_guard(call, plan);
                    }
                    if next_guard.is_some() {
                        break exchanged;
                    }
                    // None will be beside it: it has the time that the route has.
                    deadlines.attempt = None;
                    deadlines.arm(timer);
                };
                match exchanged {
                    Raced::Done(Err(Failure::PerTryTimeout)) if next_guard.is_some() => Tried::Late(up, next_guard),
                    Raced::Won(late) => Tried::Overtaken(late),
                    Raced::Done(Ok(())) if was_undelivered(&up, head_of(scratch), scratch.response.status) => {
                        finish_unread(call, up, scratch);
                        Tried::Failed(Failure::Undelivered)
                    }
                    Raced::Done(Ok(())) => Tried::Answered(up),
                    // The pool gave a connection that its peer had closed already.
                    Raced::Done(Err(Failure::ClosedBeforeResponse))
                        if is_reused
                            && !scratch.incoming.has_received()
                            && (!scratch.outgoing.has_written() || is_repeatable(buffer, scratch)) =>
                    {
                        Tried::Failed(Failure::StaleConnection)
                    }
                    Raced::Done(Err(failure)) => Tried::Failed(failure),
                }
            }
        };
        let own_guard = guard.take();
        match tried {
            Tried::Overtaken(late) => return Ended::Late(late),
            Tried::Late(up, next_guard) => {
                guard = next_guard;
                hedges.push(Late::new(call, scratch, up, in_flight, own_guard));
                call.worker.count(Counter::HedgesSent);
            }
            Tried::Answered(up) => {
                drop(own_guard);
                let status = scratch.response.status;
                note_outcome(call.worker, cluster, &chosen.endpoint, Verdict::Status(status));
                let is_bad = policy.is_some_and(|policy| {
                    is_retriable_status(policy, head_of(scratch), status) && may_repeat(policy, call, buffer, scratch)
                });
                let is_left = policy.is_some_and(|policy| retries.made < policy.num_retries);
                if is_bad && is_left && scratch.outgoing.is_replayable() && status != 101 {
                    guard = retry_guard(call, plan);
                } else if is_bad && retries.made > 0 {
                    call.flags = call.flags.with(ResponseFlags::RETRY_LIMIT);
                }
                if guard.is_none() {
                    // An error says little while others may still answer.
                    if is_bad
                        && let Some(ended) = settle(&mut hedges, &judge, wire, buffer, scratch, timer, deadlines).await
                    {
                        return ended;
                    }
                    return Ended::Answered(up, in_flight);
                }
                // The response is thrown away with its connection, unless it is here already.
                finish_unread(call, up, scratch);
                drop(in_flight);
                retries.made += 1;
            }
            Tried::Failed(Failure::StaleConnection) if scratch.outgoing.is_replayable() => {
                call.worker.count(Counter::UpstreamPoolStale);
                call.attempts -= 1;
                scratch.tried.pop();
                has_stale = true;
                scratch.outgoing.rewind();
                scratch.incoming.begin();
                continue;
            }
            Tried::Failed(failure @ (Failure::DownstreamClosed | Failure::DownstreamProtocol | Failure::Stopped)) => {
                return Ended::Failed(failure);
            }
            Tried::Failed(failure) => {
                drop(own_guard);
                note_failure(call, cluster, chosen, failure);
                let is_allowed = retries.allows(failure, call, buffer, scratch);
                if is_allowed {
                    guard = retry_guard(call, plan);
                }
                if guard.is_none() {
                    let may_wait = failure.retry_class() != RetryClass::Never;
                    if may_wait
                        && let Some(ended) = settle(&mut hedges, &judge, wire, buffer, scratch, timer, deadlines).await
                    {
                        return ended;
                    }
                    if may_wait && !is_allowed && retries.made + retries.safe_made > 0 {
                        call.worker.count(Counter::RetriesExhausted);
                        call.flags = call.flags.with(ResponseFlags::RETRY_LIMIT);
                    }
                    return Ended::Failed(failure);
                }
                drop(in_flight);
            }
        }
        cluster.state.retries_total.fetch_add(1, Relaxed);
        call.worker.count(Counter::Retries);
        let waited = {
            let own = pin!(back_off(&retries, timer, wire, buffer, scratch, deadlines));
            hedges.race(&judge, own).await
        };
        match waited {
            Raced::Done(Ok(())) => {}
            Raced::Done(Err(())) => return Ended::Failed(Failure::DownstreamClosed),
            Raced::Won(late) => return Ended::Late(late),
        }
        scratch.outgoing.rewind();
        scratch.incoming.begin();
    }
}

/// Whether tries of this request go on when their time is over. What becomes a tunnel has one end only.
fn wants_hedges(call: &Call<'_>, buffer: &Buffer, scratch: &Scratch, policy: Option<&RetryPolicy>) -> bool {
    let request = &scratch.request;
    policy.is_some_and(|policy| {
        policy.per_try_timeout_ms > 0
            && policy.num_retries > 0
            && call.found.is_some_and(|found| found.hedges_on_per_try_timeout())
            && may_repeat(policy, call, buffer, scratch)
    }) && !request.wants_upgrade
        && request.method != http::Method::Connect
}

/// Waits for tries that are late, if there are any. None: none of them has a good response.
async fn settle<'s>(
    hedges: &mut Hedges<'s>,
    judge: &Judge<'_>,
    wire: &mut Wire,
    buffer: &mut Buffer,
    scratch: &Scratch,
    timer: &Timer,
    deadlines: &mut Deadlines,
) -> Option<Ended<'s>> {
    if hedges.is_empty() {
        return None;
    }
    deadlines.attempt = None;
    deadlines.arm(timer);
    let waiting = Waiting {
        wire,
        buffer,
        scratch,
        timer,
        deadlines,
    };
    match Box::pin(hedges.settle(judge, waiting)).await {
        Settled::Won(late) => Some(Ended::Late(late)),
        Settled::GivenUp(failure) => Some(Ended::Failed(failure)),
        Settled::Lost => None,
    }
}

/// Counts another try, as far as the budget allows one.
fn retry_guard(call: &mut Call<'_>, plan: &Plan<'_>) -> Option<Guard> {
    let state = &plan.cluster.state;
    let guard = state.acquire_retry(plan.priority, plan.limits);
    if guard.is_none() {
        call.worker.count(Counter::RetryBudgetExceeded);
        state.retry_overflows_total.fetch_add(1, Relaxed);
        call.flags = call.flags.with(ResponseFlags::UPSTREAM_OVERFLOW);
    }
    guard
}

fn note_failure(call: &mut Call<'_>, cluster: &ClusterEntry, chosen: &Chosen<'_>, failure: Failure) {
    call.upstream_failure = failure.transport_failure();
    if failure.source() == crate::error::Source::Upstream && failure != Failure::Overflow {
        note_outcome(call.worker, cluster, &chosen.endpoint, Verdict::LocalFailure);
    }
    if matches!(failure, Failure::ResponseTimeout | Failure::PerTryTimeout) {
        call.worker.count(Counter::UpstreamTimeouts);
    }
}

/// The response's head as it has arrived.
fn head_of(scratch: &Scratch) -> ResponseView<'_> {
    ResponseView::new(&scratch.response, scratch.incoming.head_bytes())
}

/// What logs tell about the connection; it is another one's once the request has ended.
fn note_upstream(call: &mut Call<'_>, up: &Upstream) {
    call.upstream_local = up.info.local;
    call.upstream_protocol = if up.wire.is_stream() { "HTTP/2" } else { "HTTP/1.1" };
    call.upstream_failure = "";
    if call.http.logs.wants.upstream_peer {
        call.upstream_principal.clone_from(&up.info.principal);
    }
}

/// Whether the proxy beside the endpoint says that the application did not get the request. Its word counts if it proved
/// who it is.
fn was_undelivered(up: &Upstream, head: ResponseView<'_>, status: u16) -> bool {
    status == 503 && up.info.is_mutual && head.header(UNDELIVERED).is_some()
}

/// Deadlines of a request that is held until it is complete.
pub(super) fn deadlines_of_hold(call: &Call<'_>) -> Deadlines {
    let now = call.start_us / 1000;
    let config = &call.http.config;
    Deadlines {
        request: (config.request_timeout_ms > 0).then(|| now + config.request_timeout_ms),
        ..Deadlines::default()
    }
    .with_idle(config.stream_idle_timeout_ms, call.worker.timers.now_ms())
}

fn deadlines(call: &Call<'_>, forward: &Forward, is_taken: bool) -> Deadlines {
    let now = call.start_us / 1000 + call.held_ms;
    let config = &call.http.config;
    let route = (forward.timeout_ms > 0).then(|| now + forward.timeout_ms);
    let duration = forward.max_stream_duration_ms.unwrap_or(config.max_stream_duration_ms);
    let life = (duration > 0).then(|| now + duration);
    Deadlines {
        route: [route, life].into_iter().flatten().min(),
        request: (config.request_timeout_ms > 0 && !is_taken).then(|| now + config.request_timeout_ms),
        ..Deadlines::default()
    }
    .with_idle(forward.idle_timeout_ms.unwrap_or(config.stream_idle_timeout_ms), now)
}

/// What decides about a request's endpoint, besides the endpoints.
fn pick_input<'c>(
    call: &'c Call<'_>,
    cluster: &ClusterEntry,
    buffer: &'c Buffer,
    scratch: &'c Scratch,
) -> balance::PickInput<'c> {
    let criteria = || call.found.and_then(|found| found.metadata_match(call.choice));
    balance::PickInput {
        hash: call.hash,
        criteria: cluster.config.subsets.as_ref().and_then(|_| criteria()),
        preferred: call.effects.session.as_ref().and_then(|session| session.preferred()),
        asked: cluster
            .config
            .override_host
            .as_ref()
            .and_then(|settings| override_host::asked(settings, call, buffer, scratch)),
        ..call.worker.pick_input(&cluster.picker)
    }
}

/// What a request is hashed by, where that decides; cookies that the client should keep go into the response.
pub(super) fn hash_request(call: &mut Call<'_>, cluster: &ClusterEntry, buffer: &Buffer, scratch: &mut Scratch) {
    let policies = call
        .found
        .and_then(|found| found.forward())
        .map(|forward| &*forward.hash_policy);
    let Some(policies) = policies.filter(|policies| !policies.is_empty() && cluster.picker.wants_hash()) else {
        return;
    };
    let source = route::HashSource {
        client: call.remote,
        local: call.served.facts.destination,
    };
    let result = route::hash_request(policies, &View::new(call, buffer, scratch), &source);
    call.hash = result.hash;
    for cookie in result.set_cookies {
        scratch.response_edits.append("set-cookie", cookie.as_bytes());
    }
}

/// The endpoint for the next attempt.
pub(super) fn choose<'s>(
    call: &Call<'s>,
    cluster: &'s Arc<ClusterEntry>,
    buffer: &Buffer,
    scratch: &Scratch,
) -> Option<Chosen<'s>> {
    if let config::ClusterKind::OriginalDst { http_header, .. } = &cluster.config.kind {
        // What is no address does not count, as in Envoy.
        let asked = http_header
            .as_ref()
            .and_then(|name| override_host::said(name, buffer, scratch)?.trim().parse().ok());
        let address = call.served.facts.destination_for(&cluster.config.kind, asked)?;
        let endpoint = cluster.state.dynamic_endpoint(address, || call.worker.shared.next_id());
        return Some(Chosen { endpoint, entry: None });
    }
    let input = pick_input(call, cluster, buffer, scratch);
    let position = call.worker.with_turn(cluster.state.id, |turn| {
        let is_tried = |position: usize| scratch.tried.contains(&cluster.endpoints[position].state.id);
        let pick = if scratch.tried.is_empty() {
            cluster.picker.pick(turn, &**cluster, &input)
        } else {
            let configured = call.retry_policy().filter(|policy| policy.avoid_previous_hosts);
            let max_attempts = configured.map_or(1, |policy| policy.host_selection_max_attempts.max(1));
            cluster.picker.pick_again(
                turn,
                &**cluster,
                &input,
                &balance::Retry {
                    avoid: &is_tried,
                    max_attempts,
                },
            )
        };
        pick.map(|pick| pick.endpoint)
    })?;
    let entry = &cluster.endpoints[position];
    Some(Chosen {
        endpoint: Arc::clone(&entry.state),
        entry: Some(entry),
    })
}

pub(super) fn target<'a>(
    call: &Call<'a>,
    cluster: &'a ClusterEntry,
    chosen: &'a Chosen<'a>,
    authority: &'a str,
) -> Target<'a> {
    Target {
        cluster,
        endpoint: &chosen.endpoint,
        workload: chosen.entry.and_then(|entry| entry.workload.as_deref()),
        transport: chosen
            .entry
            .map_or(&cluster.default_transport, |entry| cluster.transport_of(entry)),
        authority,
        served: Some(call.served),
        metadata: chosen.entry.and_then(|entry| entry.metadata.as_ref()),
        reporter: call.served.listener.reporter,
    }
}
