//! Requests of the proxy's own: to services that decide about requests, and to those that take what it observed.
//!
//! They go the way of all others: the same snapshot, balancing, pools, TLS, circuit breakers and outlier detection. A
//! call that is dropped is cancelled, and its connection or stream with it.

mod conversation;
mod dialogue;
mod exchange;
mod open;
mod stream;

use std::{
    cell::RefCell,
    future::{Future as _, poll_fn},
    pin::pin,
    rc::Rc,
    sync::{Arc, atomic::Ordering::Relaxed},
    task::Poll,
};

use filter::call::{Answer, Call, CallFailure};
use smallvec::SmallVec;
use telemetry::{Counter, ReporterSide};

use crate::{
    cluster::{EndpointState, Verdict, note_outcome},
    error::{Failure, RetryClass},
    snapshot::{ClusterEntry, EndpointEntry},
    upstream::Target,
    worker::Worker,
};

pub(crate) use conversation::Conversation;
pub(crate) use stream::CallStream;

/// Attempts after failures that cannot have reached the service.
const SAFE_RETRIES: u32 = 2;

/// Time for a call that names none.
const DEFAULT_TIMEOUT_MS: u64 = 15_000;

/// Makes a call and waits for its whole answer.
pub(crate) async fn call(worker: &Rc<Worker>, call: &Call) -> Result<Answer, CallFailure> {
    worker.count(Counter::ServiceCalls);
    let timer = worker.timers.timer();
    let timeout_ms = if call.timeout_ms == 0 {
        DEFAULT_TIMEOUT_MS
    } else {
        call.timeout_ms
    };
    timer.set(Some(worker.timers.now_ms() + timeout_ms));
    let asked = RefCell::new(None);
    let mut answering = pin!(attempts(worker, call, &asked));
    let result = poll_fn(|cx| match answering.as_mut().poll(cx) {
        Poll::Ready(result) => Poll::Ready(result),
        Poll::Pending => timer.poll_expired(cx).map(|()| Err(CallFailure::Timeout)),
    })
    .await;
    if result.is_err() {
        worker.count(Counter::ServiceCallFailures);
    }
    if result == Err(CallFailure::Timeout)
        && let Some((cluster, endpoint)) = asked.borrow_mut().take()
    {
        worker.count(Counter::UpstreamTimeouts);
        note_outcome(worker, &cluster, &endpoint, Verdict::LocalFailure);
    }
    result
}

/// The endpoint whose answer is awaited.
type Asked = RefCell<Option<(Arc<ClusterEntry>, Arc<EndpointState>)>>;

async fn attempts(worker: &Rc<Worker>, call: &Call, asked: &Asked) -> Result<Answer, CallFailure> {
    let snapshot = worker.snapshot();
    let cluster = snapshot
        .clusters
        .get(&call.cluster)
        .ok_or(CallFailure::ClusterNotFound)?;
    let limits = &cluster.config.circuit_breakers.default;
    let Some(_request) = cluster.state.acquire_request(0, limits) else {
        worker.count(Counter::CircuitBreakerOpen);
        cluster.state.overflows_total.fetch_add(1, Relaxed);
        return Err(unavailable(Failure::Overflow));
    };
    cluster.state.requests_total.fetch_add(1, Relaxed);
    let mut tried: SmallVec<[u64; 4]> = SmallVec::new();
    let mut wants_new = false;
    loop {
        let Some(entry) = choose(worker, cluster, &tried) else {
            return Err(unavailable(Failure::NoHealthyUpstream));
        };
        *asked.borrow_mut() = Some((Arc::clone(cluster), Arc::clone(&entry.state)));
        let result = attempt(worker, cluster, entry, call, wants_new).await;
        asked.borrow_mut().take();
        let failure = match result {
            Ok(answer) => {
                note_outcome(
                    worker,
                    cluster,
                    &entry.state,
                    Verdict::Status(http_status(call, &answer)),
                );
                return Ok(answer);
            }
            Err(Stopped::TooLarge) => return Err(CallFailure::TooLarge),
            Err(Stopped::Failed(failure)) => failure,
        };
        if failure == Failure::StaleConnection && !wants_new {
            worker.count(Counter::UpstreamPoolStale);
            wants_new = true;
            continue;
        }
        if failure != Failure::Overflow {
            note_outcome(worker, cluster, &entry.state, Verdict::LocalFailure);
        }
        tried.push(entry.state.id);
        if failure.retry_class() != RetryClass::NeverReached || tried.len() as u32 > SAFE_RETRIES {
            return Err(unavailable(failure));
        }
        worker.count(Counter::Retries);
        cluster.state.retries_total.fetch_add(1, Relaxed);
    }
}

fn unavailable(failure: Failure) -> CallFailure {
    match failure {
        Failure::UpstreamProtocol => CallFailure::Malformed,
        failure => CallFailure::Unavailable(failure.details()),
    }
}

/// Why an attempt ended without an answer.
enum Stopped {
    Failed(Failure),
    TooLarge,
}

impl From<Failure> for Stopped {
    fn from(failure: Failure) -> Self {
        Self::Failed(failure)
    }
}

/// The endpoint for the next attempt.
fn choose<'s>(worker: &Worker, cluster: &'s ClusterEntry, tried: &[u64]) -> Option<&'s EndpointEntry> {
    let input = worker.pick_input(&cluster.picker);
    let picked = worker.with_turn(cluster.state.id, |turn| {
        if tried.is_empty() {
            return cluster.picker.pick(turn, cluster, &input);
        }
        let is_tried = |position: usize| tried.contains(&cluster.endpoints[position].state.id);
        let retry = balance::Retry {
            avoid: &is_tried,
            max_attempts: 3,
        };
        cluster.picker.pick_again(turn, cluster, &input, &retry)
    })?;
    Some(&cluster.endpoints[picked.endpoint])
}

async fn attempt(
    worker: &Rc<Worker>,
    cluster: &Arc<ClusterEntry>,
    entry: &EndpointEntry,
    call: &Call,
    wants_new: bool,
) -> Result<Answer, Stopped> {
    let _in_flight = InFlight::new(&entry.state);
    let authority = authority(cluster, call);
    let transport = cluster.transport_of(entry);
    let target = Target {
        cluster,
        endpoint: &entry.state,
        workload: entry.workload.as_deref(),
        transport,
        authority: std::str::from_utf8(authority).unwrap_or_default(),
        served: None,
        metadata: entry.metadata.as_ref(),
        reporter: ReporterSide::Source,
    };
    let speaks = open::speaks(cluster, transport, call);
    let mut up = open::open(worker, cluster, target, speaks, wants_new).await?;
    let requests = up.info.requests.get();
    up.info.requests.set(requests + 1);
    let is_https = transport.tls.is_some();
    match exchange::exchange(worker, cluster, call, (authority, is_https), &mut up).await {
        Ok((answer, is_reusable)) => {
            open::give_back(worker, cluster, up, is_reusable);
            Ok(answer)
        }
        // The pool gave a connection that its peer had closed already.
        Err(exchange::Broken::Silent(_)) if requests > 0 => Err(Failure::StaleConnection.into()),
        Err(exchange::Broken::Silent(failure) | exchange::Broken::Failed(failure)) => Err(failure.into()),
        Err(exchange::Broken::TooLarge) => Err(Stopped::TooLarge),
    }
}

/// The host of a call.
fn authority<'a>(cluster: &'a ClusterEntry, call: &'a Call) -> &'a [u8] {
    if call.authority.is_empty() {
        cluster.config.name.as_bytes()
    } else {
        &call.authority
    }
}

/// What outlier detection counts: the status of gRPC as one of HTTP.
fn http_status(call: &Call, answer: &Answer) -> u16 {
    match answer.grpc_status() {
        // UNAVAILABLE, DEADLINE_EXCEEDED, INTERNAL, UNKNOWN, UNIMPLEMENTED and DATA_LOSS say that the service is not well.
        Some(2 | 4 | 12 | 13 | 14 | 15) if call.is_grpc => 503,
        _ => answer.status,
    }
}

/// Counts a call on its endpoint.
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
