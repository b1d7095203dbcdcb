//! Attempts to get a response from an upstream, and relaying the one that counts.

use std::{
    future::{Future as _, poll_fn},
    pin::pin,
    sync::{Arc, atomic::Ordering::Relaxed},
    task::Poll,
    time::Duration,
};

use config::{Forward, HostRewrite, RetryOn, RetryPolicy};
use http::{Buffer, Framing, Known, RequestView, ResponseView, Version, h1};
use route::HostChange;
use telemetry::{Counter, ReporterSide, ResponseFlags};
use tls::Connection;

use super::{Call, Details, Next, Scratch, View, client_gone, mirror, reply, tunnel};
use crate::{
    cluster::{EndpointState, Guard, Verdict},
    error::{Failure, RetryClass},
    exchange::Broken,
    filters, format,
    pool::Upstream,
    snapshot::{ClusterEntry, EndpointEntry},
    timer::Timer,
    upstream::{self, Target},
};

/// Attempts after failures that cannot have reached the application, where no policy says how many.
const SAFE_RETRIES: u32 = 2;

/// Where an attempt goes.
pub(super) struct Chosen<'s> {
    pub(super) endpoint: Arc<EndpointState>,
    pub(super) entry: Option<&'s EndpointEntry>,
}

/// Counts a request on its endpoint.
struct InFlight<'a>(&'a EndpointState);

impl<'a> InFlight<'a> {
    fn new(endpoint: &'a EndpointState) -> Self {
        endpoint.active.fetch_add(1, Relaxed);
        endpoint.requests_total.fetch_add(1, Relaxed);
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
    attempt: Option<u64>,
    /// Timeout, then when it is looked at next and what had moved then.
    idle: Option<(u64, u64, u64)>,
}

impl Deadlines {
    pub(super) fn arm(&self, timer: &Timer) {
        let idle = self.idle.map(|(_, at, _)| at);
        timer.set([self.route, self.attempt, idle].into_iter().flatten().min());
    }

    pub(super) fn with_idle(mut self, timeout_ms: u64, now_ms: u64) -> Self {
        self.idle = (timeout_ms > 0).then(|| (timeout_ms, now_ms + timeout_ms, 0));
        self
    }

    /// What the timer's firing means; nothing where only bytes have moved meanwhile. `moved` counts them.
    pub(super) fn expired(&mut self, timer: &Timer, moved: u64) -> Option<Failure> {
        let now = timer.now_ms();
        if self.route.is_some_and(|at| at <= now) {
            return Some(Failure::ResponseTimeout);
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
    stream: &mut Connection,
    buffer: &mut Buffer,
    scratch: &mut Scratch,
    timer: &Timer,
) -> Next {
    let (Some(cluster), Some(forward)) = (call.cluster, call.found.and_then(|found| found.forward())) else {
        let failure = call.fail(Failure::ClusterNotFound);
        return reply::send(call, stream, buffer, scratch, timer, failure).await;
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
        return reply::send(call, stream, buffer, scratch, timer, failure).await;
    };
    cluster.state.requests_total.fetch_add(1, Relaxed);
    let policy = call.retry_policy();
    let mut retries = Retries {
        policy,
        made: 0,
        safe_made: 0,
    };
    let mut deadlines = deadlines(call, forward);
    let mut has_stale = false;
    let mut retry_guard: Option<Guard> = None;
    mutate_request(call, buffer, scratch, forward);
    if scratch.request.expects_continue && !scratch.outgoing.is_body_taken() {
        let mut permission = b"HTTP/1.1 100 Continue\r\n\r\n".to_vec();
        if !reply::write(call, stream, buffer, timer, &mut permission).await {
            return client_gone(call);
        }
    }
    loop {
        call.attempts += 1;
        let Some(chosen) = choose(call, cluster, scratch) else {
            let failure = call.fail(Failure::NoHealthyUpstream);
            return reply::send(call, stream, buffer, scratch, timer, failure).await;
        };
        call.endpoint = chosen.entry;
        call.upstream_address = chosen.endpoint.address.socket();
        scratch.tried.push(chosen.endpoint.id);
        let in_flight = InFlight::new(&chosen.endpoint);
        let attempt_ms = policy.map_or(0, |policy| policy.per_try_timeout_ms);
        deadlines.attempt = (attempt_ms > 0).then(|| timer.now_ms() + attempt_ms);
        deadlines.arm(timer);
        let result = match acquire(
            call,
            cluster,
            &chosen,
            priority,
            has_stale,
            stream,
            buffer,
            scratch,
            timer,
            &mut deadlines,
        )
        .await
        {
            Ok(mut up) => {
                let is_reused = up.requests > 0;
                up.requests += 1;
                write_head(call, buffer, scratch, forward, chosen.entry);
                match exchange(call, stream, buffer, scratch, timer, &mut up, &mut deadlines).await {
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
                            if back_off(&retries, timer, stream, buffer, scratch, &deadlines)
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
                return relay(call, stream, buffer, scratch, timer, up, deadlines).await;
            }
            Err(Failure::DownstreamClosed) => return client_gone(call),
            Err(Failure::DownstreamProtocol) => {
                call.worker.count(Counter::DownstreamProtocolErrors);
                call.closes = true;
                let failure = call.fail(Failure::DownstreamProtocol);
                return reply::send(call, stream, buffer, scratch, timer, failure).await;
            }
            Err(Failure::StaleConnection) if scratch.outgoing.is_replayable() => {
                call.worker.count(Counter::UpstreamPoolStale);
                call.attempts -= 1;
                scratch.tried.pop();
                has_stale = true;
            }
            Err(failure) => {
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
                    return reply::send(call, stream, buffer, scratch, timer, reply).await;
                }
                retry_guard = guard;
                cluster.state.retries_total.fetch_add(1, Relaxed);
                call.worker.count(Counter::Retries);
                drop(in_flight);
                if back_off(&retries, timer, stream, buffer, scratch, &deadlines)
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

fn deadlines(call: &Call<'_>, forward: &Forward) -> Deadlines {
    let now = call.start_us / 1000;
    let config = &call.http.config;
    let route = (forward.timeout_ms > 0).then(|| now + forward.timeout_ms);
    let duration = forward.max_stream_duration_ms.unwrap_or(config.max_stream_duration_ms);
    let life = (duration > 0).then(|| now + duration);
    Deadlines {
        route: [route, life].into_iter().flatten().min(),
        ..Deadlines::default()
    }
    .with_idle(forward.idle_timeout_ms.unwrap_or(config.stream_idle_timeout_ms), now)
}

/// The endpoint for the next attempt.
pub(super) fn choose<'s>(call: &Call<'s>, cluster: &'s Arc<ClusterEntry>, scratch: &Scratch) -> Option<Chosen<'s>> {
    if let config::ClusterKind::OriginalDst { port_override, .. } = &cluster.config.kind {
        let mut address = call.served.facts.restored_destination()?;
        if *port_override != 0 {
            address.set_port(*port_override);
        }
        let endpoint = cluster.state.dynamic_endpoint(address, || call.worker.shared.next_id());
        return Some(Chosen { endpoint, entry: None });
    }
    let position = call.worker.with_turn(cluster.state.id, |turn| {
        let is_tried = |position: usize| scratch.tried.contains(&cluster.endpoints[position].state.id);
        let pick = if scratch.tried.is_empty() {
            cluster.picker.pick(turn, &**cluster)
        } else {
            let configured = call.retry_policy().filter(|policy| policy.avoid_previous_hosts);
            let max_attempts = configured.map_or(1, |policy| policy.host_selection_max_attempts.max(1));
            cluster.picker.pick_again(
                turn,
                &**cluster,
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
        reporter: call.served.listener.reporter,
    }
}

/// A connection for the attempt: pooled, or new as far as limits allow, or the next that becomes free.
#[allow(clippy::too_many_arguments)]
async fn acquire(
    call: &mut Call<'_>,
    cluster: &Arc<ClusterEntry>,
    chosen: &Chosen<'_>,
    priority: usize,
    wants_new: bool,
    stream: &mut Connection,
    buffer: &mut Buffer,
    scratch: &Scratch,
    timer: &Timer,
    deadlines: &mut Deadlines,
) -> Result<Box<Upstream>, Failure> {
    if matches!(chosen.endpoint.address, config::Address::Internal(_)) {
        return Err(Failure::TunnelRefused);
    }
    let authority = if cluster.needs_authority {
        scratch
            .edits
            .authority()
            .unwrap_or_else(|| scratch.request.authority.of(buffer.filled()))
            .to_vec()
    } else {
        Vec::new()
    };
    let authority = std::str::from_utf8(&authority).unwrap_or_default();
    let target = target(call, cluster, chosen, authority);
    let key = target.key();
    if !wants_new && let Some(up) = call.worker.pools.take(&key) {
        call.worker.count(Counter::UpstreamPoolHits);
        adopt(call, &up);
        return Ok(up);
    }
    call.worker.count(Counter::UpstreamPoolMisses);
    let breakers = &cluster.config.circuit_breakers;
    let limits = if priority == 1 { breakers.high } else { breakers.default };
    let Some(_pending) = cluster.state.acquire_pending(priority, &limits) else {
        call.worker.count(Counter::CircuitBreakerOpen);
        cluster.state.overflows_total.fetch_add(1, Relaxed);
        return Err(Failure::Overflow);
    };
    let guard = loop {
        if let Some(guard) = cluster.state.acquire_connection(priority, &limits) {
            break guard;
        }
        // At the limit: an idle connection to another endpoint makes room, else the next one that is given back.
        let cluster_id = cluster.state.id;
        if call
            .worker
            .pools
            .close_one(|endpoint| endpoint.cluster == cluster_id && endpoint.id != key.endpoint)
        {
            continue;
        }
        let mut has_waited = false;
        let waited = poll_fn(|cx| {
            if has_waited {
                return Poll::Ready(Ok(()));
            }
            cluster.state.wait(cx.waker());
            has_waited = true;
            // One may have been closed between the attempt above and now.
            if cluster.state.has_room(priority, &limits) {
                return Poll::Ready(Ok(()));
            }
            if let Poll::Ready(()) = timer.poll_expired(cx) {
                return Poll::Ready(Err(deadlines.expired(timer, 0).unwrap_or(Failure::ResponseTimeout)));
            }
            Poll::Pending
        })
        .await;
        if let Some(up) = call.worker.pools.take(&key) {
            adopt(call, &up);
            return Ok(up);
        }
        waited?;
        if timer.has_fired() {
            return Err(deadlines.expired(timer, 0).unwrap_or(Failure::ResponseTimeout));
        }
    };
    let worker = &call.served.worker;
    let mut connecting = pin!(Box::pin(upstream::connect(worker, target, guard)));
    let up = poll_fn(|cx| {
        if let Poll::Ready(result) = connecting.as_mut().poll(cx) {
            return Poll::Ready(result);
        }
        if scratch.outgoing.poll_client(cx, buffer, stream).is_ready() {
            return Poll::Ready(Err(Failure::DownstreamClosed));
        }
        match timer.poll_expired(cx) {
            Poll::Ready(()) => match deadlines.expired(timer, 0) {
                Some(failure) => Poll::Ready(Err(failure)),
                None => Poll::Pending,
            },
            Poll::Pending => Poll::Pending,
        }
    })
    .await?;
    adopt(call, &up);
    Ok(up)
}

fn adopt(call: &mut Call<'_>, up: &Upstream) {
    if call.served.listener.reporter == ReporterSide::Source {
        call.labels = Some(up.labels);
    }
}

/// Sends the request and waits for the head of its response; the body may still be on its way then.
async fn exchange(
    call: &mut Call<'_>,
    stream: &mut Connection,
    buffer: &mut Buffer,
    scratch: &mut Scratch,
    timer: &Timer,
    up: &mut Upstream,
    deadlines: &mut Deadlines,
) -> Result<(), Failure> {
    let pool = &call.worker.buffers;
    let Scratch {
        request,
        response,
        outgoing,
        incoming,
        ..
    } = scratch;
    let method = request.method;
    let limits = http::Limits {
        max_fields: call
            .cluster
            .map_or(100, |cluster| cluster.config.http.max_headers_count as usize),
        ..call.http.limits
    };
    let mut is_sent = false;
    let mut send_error = None;
    poll_fn(|cx| {
        if !is_sent && send_error.is_none() {
            match outgoing.poll(cx, buffer, stream, &mut up.stream, pool) {
                Poll::Ready(Ok(())) => is_sent = true,
                Poll::Ready(Err(Broken::Downstream)) => return Poll::Ready(Err(Failure::DownstreamClosed)),
                Poll::Ready(Err(Broken::DownstreamProtocol(_))) => {
                    return Poll::Ready(Err(Failure::DownstreamProtocol));
                }
                // The upstream may have answered before it stopped reading: its answer counts.
                Poll::Ready(Err(_)) => send_error = Some(Failure::ClosedBeforeResponse),
                Poll::Pending => {}
            }
        }
        match incoming.poll_head(cx, &mut up.stream, pool, &limits, method, response) {
            Poll::Ready(Ok(())) => return Poll::Ready(Ok(())),
            Poll::Ready(Err(Broken::UpstreamProtocol)) => return Poll::Ready(Err(Failure::UpstreamProtocol)),
            Poll::Ready(Err(_)) => return Poll::Ready(Err(Failure::ClosedBeforeResponse)),
            Poll::Pending => {}
        }
        if outgoing.poll_client(cx, buffer, stream).is_ready() {
            return Poll::Ready(Err(Failure::DownstreamClosed));
        }
        if timer.poll_expired(cx).is_ready()
            && let Some(failure) = deadlines.expired(timer, outgoing.body_bytes + incoming.received)
        {
            return Poll::Ready(Err(failure));
        }
        Poll::Pending
    })
    .await
    .inspect_err(|failure| {
        if *failure == Failure::UpstreamProtocol {
            call.worker.count(Counter::UpstreamProtocolErrors);
        }
    })
}

/// Relays the response whose head has arrived.
async fn relay(
    call: &mut Call<'_>,
    stream: &mut Connection,
    buffer: &mut Buffer,
    scratch: &mut Scratch,
    timer: &Timer,
    mut up: Box<Upstream>,
    mut deadlines: Deadlines,
) -> Next {
    let pool = &call.worker.buffers;
    let upstream_us = call.worker.timers.now_us().saturating_sub(call.start_us);
    call.upstream_us = upstream_us.max(1);
    call.status = scratch.response.status;
    call.details = Details::Static("via_upstream");
    let framing = scratch.response.framing;
    if framing == Framing::Tunnel {
        return tunnel::relay(call, stream, buffer, scratch, timer, up).await;
    }
    let is_http10 = scratch.request.version == Version::Http10;
    let decodes = framing == Framing::Chunked && is_http10;
    call.closes |= framing == Framing::Close || decodes || call.served.is_draining();
    write_response_head(call, buffer, scratch, decodes);
    scratch.incoming.begin_body(framing, decodes);
    deadlines.arm(timer);
    let Scratch {
        outgoing,
        incoming,
        response,
        ..
    } = &mut *scratch;
    let mut is_sent = false;
    let result = poll_fn(|cx| {
        if !is_sent && !outgoing.is_finished() {
            match outgoing.poll(cx, buffer, stream, &mut up.stream, pool) {
                Poll::Ready(Err(Broken::Downstream | Broken::DownstreamProtocol(_))) => {
                    return Poll::Ready(Err(Failure::DownstreamClosed));
                }
                // An error of the upstream: it has answered and does not want the rest.
                Poll::Ready(_) => is_sent = true,
                Poll::Pending => {}
            }
        }
        match incoming.poll_body(cx, &mut up.stream, stream, pool) {
            Poll::Ready(Ok(())) => return Poll::Ready(Ok(())),
            Poll::Ready(Err(Broken::Downstream)) => return Poll::Ready(Err(Failure::DownstreamClosed)),
            Poll::Ready(Err(_)) => return Poll::Ready(Err(Failure::ClosedWithinResponse)),
            Poll::Pending => {}
        }
        if timer.poll_expired(cx).is_ready()
            && let Some(failure) = deadlines.expired(timer, outgoing.body_bytes + incoming.received)
        {
            return Poll::Ready(Err(failure));
        }
        Poll::Pending
    })
    .await;
    call.response_bytes = incoming.body_bytes;
    match result {
        Ok(()) => {}
        Err(Failure::DownstreamClosed) => {
            call.flags = call.flags.with(ResponseFlags::DOWNSTREAM_TERMINATION);
            call.details = Details::Static(Failure::DownstreamClosed.details());
            return Next::Abort;
        }
        Err(failure) => {
            // The head is gone already: all that is left is not to let the client take this for the whole.
            call.flags = call.flags.with(failure.flags());
            call.details = Details::Static(failure.details());
            net::Stream::socket(stream).reset_on_close();
            return Next::Abort;
        }
    }
    let is_request_done = outgoing.is_finished();
    let max = call
        .cluster
        .map_or(0, |cluster| cluster.config.http.max_requests_per_connection);
    let life = call
        .cluster
        .map_or(0, |cluster| cluster.config.http.max_connection_duration_ms);
    let now = (call.start_us + call.upstream_us) / 1000;
    let is_reusable = response.keep_alive
        && is_request_done
        && !incoming.has_garbage()
        && (max == 0 || up.requests < max)
        && (life == 0 || now.saturating_sub(up.opened_ms) < life);
    give_back(call, up, is_reusable, now);
    if call.closes { Next::Close } else { Next::KeepAlive }
}

/// Puts a connection back into the pool, or closes it, and tells those who wait for one.
fn give_back(call: &Call<'_>, up: Box<Upstream>, is_reusable: bool, now_ms: u64) {
    let is_wanted = call.worker.shared.gauges.len() > 1 && up.is_wanted();
    if is_reusable && !is_wanted {
        call.worker.pools.give(up, now_ms);
        if let Some(cluster) = call.cluster {
            cluster.state.wake_one();
        }
    } else {
        call.worker.count(Counter::UpstreamConnectionsClosed);
        drop(up);
    }
}

/// Ends an attempt whose response is not wanted. Its connection is kept if the whole response has arrived.
fn finish_unread(call: &Call<'_>, up: Box<Upstream>, scratch: &mut Scratch) {
    let framing = scratch.response.framing;
    scratch.incoming.begin_body(framing, false);
    let is_whole = scratch.outgoing.is_body_taken()
        && scratch.outgoing.is_sent()
        && scratch.response.keep_alive
        && scratch.incoming.is_whole();
    give_back(call, up, is_whole, call.worker.timers.now_ms());
}

/// How often a request has been tried again.
struct Retries<'s> {
    policy: Option<&'s RetryPolicy>,
    made: u32,
    safe_made: u32,
}

impl Retries<'_> {
    /// Whether there is another attempt after this failure; counts it if so.
    fn allows(&mut self, failure: Failure, scratch: &Scratch) -> bool {
        if !scratch.outgoing.is_replayable() {
            return false;
        }
        let by_policy = self.policy.is_some_and(|policy| {
            self.made < policy.num_retries && policy.retry_on.has(conditions(failure, scratch.outgoing.has_written()))
        });
        if by_policy {
            self.made += 1;
            return true;
        }
        // What cannot have reached the application is tried again whatever the policy says.
        let is_safe = failure.retry_class() == RetryClass::NeverReached;
        if is_safe
            && self.made + self.safe_made
                < self
                    .policy
                    .map_or(SAFE_RETRIES, |policy| policy.num_retries.max(SAFE_RETRIES))
        {
            self.safe_made += 1;
            return true;
        }
        false
    }
}

/// The conditions of `x-envoy-retry-on` that a failure is.
fn conditions(failure: Failure, has_written: bool) -> RetryOn {
    let server_errors = RetryOn::STATUS_5XX.union(RetryOn::GATEWAY_ERROR);
    match failure {
        Failure::ConnectFailure | Failure::TlsFailure => {
            server_errors.union(RetryOn::CONNECT_FAILURE).union(RetryOn::RESET)
        }
        Failure::ConnectTimeout => server_errors.union(RetryOn::CONNECT_FAILURE).union(RetryOn::RESET),
        Failure::ClosedBeforeResponse | Failure::UpstreamProtocol | Failure::StaleConnection => {
            let reset = server_errors.union(RetryOn::RESET);
            if has_written {
                reset
            } else {
                reset.union(RetryOn::RESET_BEFORE_REQUEST)
            }
        }
        Failure::PerTryTimeout => server_errors.union(RetryOn::RESET),
        _ => RetryOn::default(),
    }
}

fn is_retriable_status(policy: &RetryPolicy, scratch: &Scratch, status: u16) -> bool {
    let on = policy.retry_on;
    let response = ResponseView::new(&scratch.response, scratch.incoming.head_bytes());
    let grpc = || {
        let status: u16 = std::str::from_utf8(response.known(Known::GrpcStatus)?)
            .ok()?
            .parse()
            .ok()?;
        Some(match status {
            1 => RetryOn::GRPC_CANCELLED,
            4 => RetryOn::GRPC_DEADLINE_EXCEEDED,
            8 => RetryOn::GRPC_RESOURCE_EXHAUSTED,
            13 => RetryOn::GRPC_INTERNAL,
            14 => RetryOn::GRPC_UNAVAILABLE,
            _ => RetryOn::default(),
        })
    };
    (status >= 500 && on.has(RetryOn::STATUS_5XX))
        || ((502..=504).contains(&status) && on.has(RetryOn::GATEWAY_ERROR))
        || (status == 409 && on.has(RetryOn::RETRIABLE_4XX))
        || (on.has(RetryOn::RETRIABLE_STATUS_CODES) && policy.retriable_status_codes.contains(&status))
        || (on.has(RetryOn::ENVOY_RATELIMITED) && response.header("x-envoy-ratelimited").is_some())
        || (on.has(RetryOn::RETRIABLE_HEADERS)
            && policy
                .retriable_headers
                .iter()
                .any(|matcher| matcher.matches(&ResponseFields(response))))
        || grpc().is_some_and(|condition| on.has(condition))
}

/// A response's fields, for matchers that are written for requests.
struct ResponseFields<'a>(ResponseView<'a>);

impl config::RequestView for ResponseFields<'_> {
    fn method(&self) -> &[u8] {
        b""
    }

    fn path(&self) -> &[u8] {
        b""
    }

    fn authority(&self) -> &[u8] {
        b""
    }

    fn scheme(&self) -> &[u8] {
        b""
    }

    fn header_at(&self, name: &config::HeaderName, nth: usize) -> Option<&[u8]> {
        self.0.fields().get_all(self.0.buffer(), name.as_str()).nth(nth)
    }
}

async fn back_off(
    retries: &Retries<'_>,
    timer: &Timer,
    stream: &mut Connection,
    buffer: &mut Buffer,
    scratch: &Scratch,
    deadlines: &Deadlines,
) -> Result<(), ()> {
    // The first safe retry goes to another endpoint at once.
    if retries.made == 0 && retries.safe_made <= 1 {
        return Ok(());
    }
    let backoff = retries.policy.map(|policy| policy.backoff).unwrap_or_default();
    let wait = backoff.interval_ms(retries.made + retries.safe_made, fastrand::u64(..));
    if wait == 0 {
        return Ok(());
    }
    let result = super::wait(timer, Duration::from_millis(wait), stream, buffer, scratch).await;
    deadlines.arm(timer);
    result
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

/// What the route changes in the request, whichever endpoint it goes to.
fn mutate_request(call: &Call<'_>, buffer: &Buffer, scratch: &mut Scratch, forward: &Forward) {
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

fn values<'a>(call: &'a Call<'_>, request: RequestView<'a>, response: Option<ResponseView<'a>>) -> format::Values<'a> {
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
        // What frames the message is not at a rule's disposal.
        if !matches!(name.as_str(), "host" | "content-length" | "transfer-encoding") {
            edits.remove(buffer, fields, name.as_str());
        }
    }
}

/// The request's head for one attempt.
fn write_head(
    call: &Call<'_>,
    buffer: &Buffer,
    scratch: &mut Scratch,
    forward: &Forward,
    entry: Option<&EndpointEntry>,
) {
    let Scratch {
        request,
        edits,
        outgoing,
        ..
    } = scratch;
    let view = RequestView::new(request, buffer.filled());
    if forward.host_rewrite == Some(HostRewrite::Auto)
        && let Some(hostname) = entry.and_then(|entry| entry.config.hostname.as_deref())
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
    outgoing.head.clear();
    h1::encode_request(view, edits, &mut outgoing.head);
}

/// The response's head for the client.
pub(super) fn write_response_head(call: &mut Call<'_>, buffer: &Buffer, scratch: &mut Scratch, decodes: bool) {
    use config::ServerHeader;
    let Scratch {
        request,
        response,
        response_edits: edits,
        incoming,
        text,
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
    if decodes || is_tunnel {
        edits.remove_known(fields, Known::TransferEncoding);
    }
    if is_tunnel {
        edits.remove_known(fields, Known::ContentLength);
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
    if call.is_marked
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
    if call.closes && !is_tunnel {
        edits.append("connection", b"close");
    } else if request.version == Version::Http10 {
        edits.append("connection", b"keep-alive");
    }
    out.clear();
    h1::encode_response(view, edits, out);
}
