//! Attempts to get a response from an upstream, and relaying the one that counts.

mod acquire;
mod heads;
mod relay;
mod retry;
mod transform;

use std::{
    sync::{Arc, atomic::Ordering::Relaxed},
    task::{Context, Poll},
};

use config::Forward;
use http::{Buffer, ResponseView};
use telemetry::{Counter, ResponseFlags};

use super::{Call, Next, Scratch, UNDELIVERED, View, client_gone, mirror, reply};
use crate::{
    cluster::{EndpointState, Guard, Verdict},
    error::{Failure, RetryClass},
    pool::Upstream,
    snapshot::{ClusterEntry, EndpointEntry},
    timer::Timer,
    upstream::Target,
    wire::Wire,
};

use acquire::{Waiting, acquire};
use heads::{mutate_request, send_head};
use relay::{exchange, finish_unread, relay};
use retry::{Retries, back_off, is_retriable_status};

pub(super) use heads::write_response_head;

/// Where an attempt goes.
pub(super) struct Chosen<'s> {
    pub(super) endpoint: Arc<EndpointState>,
    pub(super) entry: Option<&'s EndpointEntry>,
}

/// Counts a request on its endpoint.
struct InFlight<'a>(&'a EndpointState);

impl<'a> InFlight<'a> {
    fn new(endpoint: &'a EndpointState) -> Self {
        endpoint.begin();
        Self(endpoint)
    }
}

impl Drop for InFlight<'_> {
    fn drop(&mut self) {
        self.0.active.fetch_sub(1, Relaxed);
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
#[allow(clippy::too_many_lines, reason = "the loop over attempts is one state machine")]
pub(super) async fn forward(
    call: &mut Call<'_>,
    wire: &mut Wire,
    buffer: &mut Buffer,
    scratch: &mut Scratch,
    timer: &Timer,
) -> Next {
    let (Some(cluster), Some(forward)) = (call.cluster, call.found.and_then(|found| found.forward())) else {
        let failure = call.fail(Failure::ClusterNotFound);
        return reply::send(call, wire, scratch, timer, failure).await;
    };
    let priority = usize::from(forward.high_priority);
    let limits = if forward.high_priority {
        cluster.config.circuit_breakers.high
    } else {
        cluster.config.circuit_breakers.default
    };
    let Some(_request) = cluster.state.acquire_request(priority, &limits) else {
        call.worker.count(Counter::CircuitBreakerOpen);
        cluster.state.overflows_total.fetch_add(1, Relaxed);
        let failure = call.fail(Failure::Overflow);
        return reply::send(call, wire, scratch, timer, failure).await;
    };
    cluster.state.requests_total.fetch_add(1, Relaxed);
    let policy = call.retry_policy();
    let mut retries = Retries {
        policy,
        made: 0,
        safe_made: 0,
    };
    let mut deadlines = deadlines(call, forward, scratch.outgoing.is_body_taken());
    let mut has_stale = false;
    let mut retry_guard: Option<Guard> = None;
    hash_request(call, cluster, buffer, scratch);
    mutate_request(call, buffer, scratch, forward);
    if scratch.request.expects_continue && !scratch.outgoing.is_body_taken() {
        let mut permission = b"HTTP/1.1 100 Continue\r\n\r\n".to_vec();
        if !reply::write(call, wire, timer, &mut permission).await {
            return client_gone(call);
        }
    }
    loop {
        call.attempts += 1;
        let Some(chosen) = choose(call, cluster, scratch) else {
            let failure = call.fail(Failure::NoHealthyUpstream);
            return reply::send(call, wire, scratch, timer, failure).await;
        };
        call.endpoint = chosen.entry;
        call.upstream_address = chosen.endpoint.address.socket();
        call.upstream_local = None;
        scratch.tried.push(chosen.endpoint.id);
        let in_flight = InFlight::new(&chosen.endpoint);
        let attempt_ms = policy.map_or(0, |policy| policy.per_try_timeout_ms);
        deadlines.attempt = (attempt_ms > 0).then(|| timer.now_ms() + attempt_ms);
        deadlines.arm(timer);
        let waiting = Waiting {
            wire: &mut *wire,
            buffer: &mut *buffer,
            scratch: &*scratch,
            timer,
            deadlines: &mut deadlines,
        };
        let result = match acquire(call, cluster, &chosen, priority, has_stale, waiting).await {
            Ok(mut up) => {
                note_upstream(call, &up);
                let requests = up.info.requests.get();
                let is_reused = requests > 0;
                up.info.requests.set(requests + 1);
                let sent = send_head(call, buffer, scratch, forward, chosen.entry, &mut up);
                let exchanged = match sent {
                    Ok(()) => exchange(call, wire, buffer, scratch, timer, &mut up, &mut deadlines).await,
                    Err(failure) => Err(failure),
                };
                match exchanged {
                    Ok(()) if was_undelivered(&up, scratch) => {
                        finish_unread(call, up, scratch);
                        Err(Failure::Undelivered)
                    }
                    Ok(()) => Ok(up),
                    // The pool gave a connection that its peer had closed already.
                    Err(Failure::ClosedBeforeResponse)
                        if is_reused
                            && !scratch.incoming.has_received()
                            && (scratch.request.method.is_idempotent() || !scratch.outgoing.has_written()) =>
                    {
                        Err(Failure::StaleConnection)
                    }
                    Err(failure) => Err(failure),
                }
            }
            Err(failure) => Err(failure),
        };
        drop(retry_guard.take());
        match result {
            Ok(up) => {
                let status = scratch.response.status;
                verdict(call, cluster, &chosen, Verdict::Status(status));
                let wants_retry = retries.policy.is_some_and(|policy| {
                    retries.made < policy.num_retries && is_retriable_status(policy, scratch, status)
                });
                if wants_retry && scratch.outgoing.is_replayable() && status != 101 {
                    match cluster.state.acquire_retry(priority, &limits) {
                        Some(guard) => {
                            retry_guard = Some(guard);
                            // The response is thrown away with its connection, unless it is here already.
                            finish_unread(call, up, scratch);
                            drop(in_flight);
                            retries.made += 1;
                            cluster.state.retries_total.fetch_add(1, Relaxed);
                            call.worker.count(Counter::Retries);
                            if back_off(&retries, timer, wire, buffer, scratch, &deadlines)
                                .await
                                .is_err()
                            {
                                return client_gone(call);
                            }
                            scratch.outgoing.rewind();
                            scratch.incoming.begin();
                            continue;
                        }
                        None => {
                            call.worker.count(Counter::RetryBudgetExceeded);
                            cluster.state.retry_overflows_total.fetch_add(1, Relaxed);
                            call.flags = call.flags.with(ResponseFlags::UPSTREAM_OVERFLOW);
                        }
                    }
                } else if retries.made > 0
                    && retries
                        .policy
                        .is_some_and(|policy| is_retriable_status(policy, scratch, status))
                {
                    call.flags = call.flags.with(ResponseFlags::RETRY_LIMIT);
                }
                mirror::send(call, buffer, scratch, forward);
                deadlines.attempt = None;
                return relay(call, wire, buffer, scratch, timer, up, deadlines).await;
            }
            Err(Failure::DownstreamClosed) => return client_gone(call),
            Err(Failure::DownstreamProtocol) => {
                call.worker.count(Counter::DownstreamProtocolErrors);
                call.closes = true;
                let failure = call.fail(Failure::DownstreamProtocol);
                return reply::send(call, wire, scratch, timer, failure).await;
            }
            Err(Failure::Stopped) => {
                let reply = match scratch.outgoing.take_stop() {
                    Some(reply) => *reply,
                    None => call.fail(Failure::Stopped),
                };
                return reply::send(call, wire, scratch, timer, reply).await;
            }
            Err(Failure::StaleConnection) if scratch.outgoing.is_replayable() => {
                call.worker.count(Counter::UpstreamPoolStale);
                call.attempts -= 1;
                scratch.tried.pop();
                has_stale = true;
            }
            Err(failure) => {
                call.upstream_failure = failure.transport_failure();
                if failure.source() == crate::error::Source::Upstream && failure != Failure::Overflow {
                    verdict(call, cluster, &chosen, Verdict::LocalFailure);
                }
                if matches!(failure, Failure::ResponseTimeout | Failure::PerTryTimeout) {
                    call.worker.count(Counter::UpstreamTimeouts);
                }
                let is_allowed = retries.allows(failure, scratch);
                let guard = if is_allowed {
                    cluster.state.acquire_retry(priority, &limits)
                } else {
                    None
                };
                if guard.is_none() {
                    if is_allowed {
                        call.worker.count(Counter::RetryBudgetExceeded);
                        cluster.state.retry_overflows_total.fetch_add(1, Relaxed);
                        call.flags = call.flags.with(ResponseFlags::UPSTREAM_OVERFLOW);
                    } else if retries.made + retries.safe_made > 0 && failure.retry_class() != RetryClass::Never {
                        call.worker.count(Counter::RetriesExhausted);
                        call.flags = call.flags.with(ResponseFlags::RETRY_LIMIT);
                    }
                    let reply = call.fail(failure);
                    return reply::send(call, wire, scratch, timer, reply).await;
                }
                retry_guard = guard;
                cluster.state.retries_total.fetch_add(1, Relaxed);
                call.worker.count(Counter::Retries);
                drop(in_flight);
                if back_off(&retries, timer, wire, buffer, scratch, &deadlines)
                    .await
                    .is_err()
                {
                    return client_gone(call);
                }
            }
        }
        scratch.outgoing.rewind();
        scratch.incoming.begin();
    }
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
fn was_undelivered(up: &Upstream, scratch: &Scratch) -> bool {
    let head = ResponseView::new(&scratch.response, scratch.incoming.head_bytes());
    scratch.response.status == 503 && up.info.is_mutual && head.header(UNDELIVERED).is_some()
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
fn pick_input<'s>(call: &Call<'s>, cluster: &ClusterEntry) -> balance::PickInput<'s> {
    let criteria = || call.found.and_then(|found| found.metadata_match(call.choice));
    balance::PickInput {
        hash: call.hash,
        criteria: cluster.config.subsets.as_ref().and_then(|_| criteria()),
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
pub(super) fn choose<'s>(call: &Call<'s>, cluster: &'s Arc<ClusterEntry>, scratch: &Scratch) -> Option<Chosen<'s>> {
    if let config::ClusterKind::OriginalDst { .. } = &cluster.config.kind {
        let address = call.served.facts.destination_for(&cluster.config.kind)?;
        let endpoint = cluster.state.dynamic_endpoint(address, || call.worker.shared.next_id());
        return Some(Chosen { endpoint, entry: None });
    }
    let input = pick_input(call, cluster);
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
        workload: chosen.entry.and_then(|entry| entry.config.workload.as_deref()),
        // A cluster always has its default transport, the last one.
        transport: chosen
            .entry
            .map_or(&cluster.default_transport, |entry| &entry.transport),
        authority,
        served: Some(call.served),
        metadata: chosen.entry.and_then(|entry| entry.config.metadata.as_ref()),
        reporter: call.served.listener.reporter,
    }
}

fn verdict(call: &Call<'_>, cluster: &ClusterEntry, chosen: &Chosen<'_>, verdict: Verdict) {
    if !matches!(verdict, Verdict::Status(..500)) {
        chosen.endpoint.errors_total.fetch_add(1, Relaxed);
    }
    let Some(settings) = &cluster.config.outlier_detection else {
        return;
    };
    let now = call.worker.shared.now_ms();
    if cluster
        .state
        .record(&chosen.endpoint, verdict, settings, cluster.endpoints.len(), now)
    {
        call.worker.count(Counter::EndpointsEjected);
    }
}
