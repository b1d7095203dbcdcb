//! Connections that are relayed as bytes.

mod tunnel;

use std::{sync::Arc, sync::atomic::Ordering::Relaxed, time::Duration};

use config::RouteTarget;
use net::{RelayEnd, RelayOptions, RelaySide, Transferred};
use telemetry::{AccessLog, Counter, LabelNames, LabelsId, ReporterSide, ResponseFlags};

use crate::{
    cluster::{EndpointState, Opening, Verdict, detect_outlier},
    connection::{Link, Served},
    error::Failure,
    labels,
    pool::Upstream,
    request::{log_connection, log_to_listener},
    snapshot::{ClusterEntry, Serves, TcpEntry},
    upstream::{self, Speaks, Target},
};

/// Counts a connection that is being relayed.
struct Busy<'a>(&'a Served);

impl Drop for Busy<'_> {
    fn drop(&mut self) {
        self.0.worker.add_busy(self.0.listener.is_inbound, -1);
    }
}

/// What a relay was, for the log.
#[derive(Default)]
struct Outcome {
    flags: ResponseFlags,
    details: &'static str,
    attempts: u32,
    upstream: Option<std::net::SocketAddr>,
    upstream_local: Option<std::net::SocketAddr>,
    cluster: Option<Arc<ClusterEntry>>,
}

/// Joins the connection with one to an endpoint of its cluster until both end.
pub(crate) async fn serve(link: &mut Link) {
    let Link { served, wire, received } = link;
    let served = &*served;
    let Serves::Tcp(entry) = &served.chain.serves else {
        return;
    };
    let worker = &served.worker;
    worker.add_busy(served.listener.is_inbound, 1);
    let _busy = Busy(served);
    let start_us = worker.timers.now_us();
    let transferred = Transferred::default();
    let mut outcome = Outcome::default();
    let labels;
    let up = Box::pin(open(served, entry, &mut outcome)).await;
    let cluster = outcome.cluster.clone();
    match up {
        Err(failure) => {
            outcome.flags = outcome.flags.with(failure.flags());
            outcome.details = failure.details();
            let id = labels_of(served, cluster.as_deref(), None);
            worker.telemetry.tcp_opened(id);
            labels = id;
            wire.abort();
        }
        Ok(Opened {
            mut up,
            workload,
            early,
        }) => {
            let id = labels_of(served, cluster.as_deref(), Some((&up, workload.as_deref())));
            worker.telemetry.tcp_opened(id);
            labels = id;
            outcome.upstream_local = up.info.local;
            let prefix = received.filled().to_vec();
            received.clear();
            worker.buffers.give(std::mem::take(received));
            let idle_ms = entry.config.idle_timeout_ms;
            let options = RelayOptions {
                idle_timeout: (idle_ms > 0).then(|| Duration::from_millis(idle_ms)),
                downstream_prefix: &prefix,
                upstream_prefix: &early,
            };
            let relaying = net::relay(wire, &mut up.wire, options, &transferred);
            let counted = count_while(served, id, &transferred, &up.info.endpoint, relaying);
            let life_ms = entry.config.max_connection_duration_ms;
            let result = if life_ms == 0 {
                Some(Box::pin(counted).await)
            } else {
                Box::pin(tokio::time::timeout(Duration::from_millis(life_ms), counted))
                    .await
                    .ok()
            };
            outcome.flags = match result {
                None => ResponseFlags::DURATION_TIMEOUT,
                Some(None) => {
                    wire.abort();
                    ResponseFlags::UPSTREAM_TERMINATION
                }
                Some(Some(Ok(RelayEnd::Closed))) => ResponseFlags::default(),
                Some(Some(Ok(RelayEnd::IdleTimeout))) => ResponseFlags::STREAM_IDLE_TIMEOUT,
                Some(Some(Err(error))) if error.side == RelaySide::Downstream => ResponseFlags::DOWNSTREAM_TERMINATION,
                Some(Some(Err(_))) => ResponseFlags::UPSTREAM_TERMINATION,
            };
            up.info.endpoint.active.fetch_sub(1, Relaxed);
            if !up.wire.is_stream() {
                worker.count(Counter::UpstreamConnectionsClosed);
            }
        }
    }
    worker.telemetry.tcp_closed(labels, outcome.flags);
    let duration_us = worker.timers.now_us().saturating_sub(start_us);
    let log = AccessLog {
        start_unix_us: telemetry::unix_micros() - duration_us as i64,
        duration_us,
        labels,
        protocol: "",
        flags: outcome.flags,
        details: outcome.details,
        request_bytes: transferred.sent.get(),
        response_bytes: transferred.received.get(),
        upstream_cluster: cluster.as_ref().map(|cluster| cluster.name_id).unwrap_or_default(),
        upstream_host: outcome.upstream,
        upstream_local: outcome.upstream_local,
        downstream_local: served.facts.destination,
        downstream_remote: served.facts.peer,
        server_name: &served.facts.server_name,
        attempts: outcome.attempts,
        ..AccessLog::default()
    };
    let failed = !outcome.flags.is_empty();
    log_connection(served, &entry.logs, &log, failed, cluster.as_deref());
    if !served.listener.logs.is_empty() {
        log_to_listener(served, &served.listener, &log, cluster.as_deref());
    }
}

/// Reports bytes of a long connection while it lives. None: the endpoint failed its health check, and its connections are
/// to be closed then.
async fn count_while<F: Future>(
    served: &Served,
    labels: LabelsId,
    transferred: &Transferred,
    endpoint: &EndpointState,
    relaying: F,
) -> Option<F::Output> {
    let mut relaying = std::pin::pin!(relaying);
    let timer = served.worker.timers.timer();
    let mut reported = (0, 0);
    let mut report = || {
        let now = (transferred.sent.get(), transferred.received.get());
        served
            .worker
            .telemetry
            .tcp_bytes(labels, now.0 - reported.0, now.1 - reported.1);
        reported = now;
    };
    timer.set(Some(timer.now_ms() + 5_000));
    let output = std::future::poll_fn(|cx| {
        if let std::task::Poll::Ready(output) = relaying.as_mut().poll(cx) {
            return std::task::Poll::Ready(Some(output));
        }
        if endpoint.check.is_condemned() {
            return std::task::Poll::Ready(None);
        }
        while timer.poll_expired(cx).is_ready() {
            report();
            timer.set(Some(timer.now_ms() + 5_000));
        }
        std::task::Poll::Pending
    })
    .await;
    report();
    output
}

fn labels_of(
    served: &Served,
    cluster: Option<&ClusterEntry>,
    up: Option<(&Upstream, Option<&config::Workload>)>,
) -> LabelsId {
    let shared = &served.worker.shared;
    let reporter = served.listener.reporter;
    let service = cluster.map_or("", |cluster| &*cluster.service);
    let principal = up.and_then(|(up, _)| up.info.principal.clone());
    let (peer, is_mutual) = match (reporter, up) {
        (ReporterSide::Destination, _) => (
            labels::client_names(served.facts.principal()),
            served.facts.is_mutual_tls(),
        ),
        (ReporterSide::Source, Some((_, workload))) => (
            labels::endpoint_names(workload, principal.as_deref().unwrap_or_default()),
            principal.is_some(),
        ),
        (ReporterSide::Source, None) => (telemetry::PeerNames::default(), false),
    };
    shared.telemetry.labels(&LabelNames {
        reporter,
        peer,
        destination_service: service,
        security_policy: labels::policy(is_mutual),
        protocol: "tcp",
    })
}

/// The other end.
struct Opened {
    up: Upstream,
    workload: Option<Arc<config::Workload>>,
    /// What it has sent already.
    early: Vec<u8>,
}

/// A connection to an endpoint of the proxy's cluster; as many attempts as configured.
async fn open(served: &Served, entry: &TcpEntry, outcome: &mut Outcome) -> Result<Opened, Failure> {
    let worker = &served.worker;
    let mut criteria = &entry.config.metadata_match;
    let name = match &entry.config.target {
        RouteTarget::Cluster(name) => name,
        RouteTarget::WeightedClusters(weighted) => {
            let total = weighted.total_weight().max(1);
            let mut point = fastrand::u64(..total);
            let chosen = weighted
                .clusters
                .iter()
                .find(|cluster| match point.checked_sub(u64::from(cluster.weight)) {
                    Some(rest) => {
                        point = rest;
                        false
                    }
                    None => true,
                });
            let chosen = chosen.ok_or(Failure::ClusterNotFound)?;
            if !chosen.metadata_match.is_empty() {
                criteria = &chosen.metadata_match;
            }
            &chosen.name
        }
        RouteTarget::ClusterHeader(_) => return Err(Failure::ClusterNotFound),
    };
    let cluster = served.snapshot.clusters.get(name).ok_or(Failure::ClusterNotFound)?;
    outcome.cluster = Some(Arc::clone(cluster));
    let limits = cluster.config.circuit_breakers.default;
    let mut failure = Failure::NoHealthyUpstream;
    for attempt in 1..=entry.config.max_connect_attempts.max(1) {
        outcome.attempts = attempt;
        let (endpoint, position) = pick(served, cluster, entry, criteria)?;
        let configured = position.map(|position| &cluster.endpoints[position]);
        outcome.upstream = endpoint.address.socket();
        let Some(guard) = cluster.state.acquire_connection(0, &limits) else {
            worker.count(Counter::CircuitBreakerOpen);
            cluster.state.overflows_total.fetch_add(1, Relaxed);
            return Err(Failure::Overflow);
        };
        let target = Target {
            cluster,
            endpoint: &endpoint,
            workload: configured.and_then(|entry| entry.workload.as_deref()),
            transport: configured.map_or(&cluster.default_transport, |entry| cluster.transport_of(entry)),
            authority: &served.facts.server_name,
            served: Some(served),
            metadata: configured.and_then(|entry| entry.metadata.as_ref()),
            reporter: served.listener.reporter,
        };
        let opened = match &entry.config.tunneling {
            None => upstream::connect(worker, target, Speaks::Http1, guard, Opening::new(&endpoint))
                .await
                .map(|up| (up, Vec::new())),
            Some(tunneling) => Box::pin(tunnel::open(served, cluster, tunneling, target, guard)).await,
        };
        match opened {
            Ok((up, early)) => {
                endpoint.begin();
                return Ok(Opened {
                    up,
                    workload: configured.and_then(|entry| entry.workload.clone()),
                    early,
                });
            }
            Err(error) => failure = error,
        }
        detect_outlier(worker, cluster, &endpoint, Verdict::LocalFailure);
    }
    outcome.flags = if outcome.attempts > 1 {
        ResponseFlags::RETRY_LIMIT
    } else {
        ResponseFlags::default()
    };
    Err(failure)
}

fn pick(
    served: &Served,
    cluster: &Arc<ClusterEntry>,
    entry: &TcpEntry,
    criteria: &config::Criteria,
) -> Result<(Arc<EndpointState>, Option<usize>), Failure> {
    let worker = &served.worker;
    if let config::ClusterKind::OriginalDst { .. } = &cluster.config.kind {
        let destination = served.facts.destination_for(&cluster.config.kind, None);
        let address = destination.ok_or(Failure::NoHealthyUpstream)?;
        return Ok((
            cluster.state.dynamic_endpoint(address, || worker.shared.next_id()),
            None,
        ));
    }
    let pick = worker.with_turn(cluster.state.id, |turn| {
        let input = balance::PickInput {
            hash: (entry.config.hash_source_ip && cluster.picker.wants_hash())
                .then(|| served.facts.peer.map(|peer| route::hash_address(peer.ip())))
                .flatten(),
            criteria: (cluster.config.subsets.is_some() && !criteria.is_empty()).then_some(criteria),
            ..worker.pick_input(&cluster.picker)
        };
        cluster.picker.pick(turn, &**cluster, &input)
    });
    let position = pick.ok_or(Failure::NoHealthyUpstream)?.endpoint;
    Ok((Arc::clone(&cluster.endpoints[position].state), Some(position)))
}
