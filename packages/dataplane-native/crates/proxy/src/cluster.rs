//! What of clusters and endpoints survives configuration updates: counts, breakers, ejections.

use std::{
    collections::{HashMap, VecDeque},
    net::SocketAddr,
    sync::{
        Arc, Mutex, PoisonError,
        atomic::{
            AtomicBool, AtomicU32, AtomicU64,
            Ordering::{Acquire, Relaxed, Release},
        },
    },
    task::Waker,
};

use config::{Address, OutlierDetection, Thresholds};

/// Original destinations that a cluster remembers.
const MAX_DYNAMIC_ENDPOINTS: usize = 4096;

/// An endpoint's state in this proxy.
#[derive(Debug)]
pub(crate) struct EndpointState {
    pub(crate) id: u64,
    /// The cluster it belongs to.
    pub(crate) cluster: u64,
    pub(crate) address: Address,
    /// Requests (or TCP connections) in flight.
    pub(crate) active: AtomicU32,
    pub(crate) connections: AtomicU32,
    pub(crate) requests_total: AtomicU64,
    pub(crate) errors_total: AtomicU64,
    pub(crate) connect_failures_total: AtomicU64,
    is_removed: AtomicBool,
    consecutive_5xx: AtomicU32,
    consecutive_gateway: AtomicU32,
    consecutive_local: AtomicU32,
    ejections: AtomicU32,
    /// Milliseconds of the process' clock; 0 is in service.
    ejected_until_ms: AtomicU64,
    /// When it came, in milliseconds of the process' clock.
    pub(crate) first_seen_ms: u64,
}

/// How a request on an endpoint ended, as outlier detection counts.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Verdict {
    Status(u16),
    /// Connect failure, reset or timeout on our side.
    LocalFailure,
}

impl EndpointState {
    pub(crate) fn new(id: u64, cluster: u64, address: Address) -> Self {
        Self {
            id,
            cluster,
            address,
            active: AtomicU32::new(0),
            connections: AtomicU32::new(0),
            requests_total: AtomicU64::new(0),
            errors_total: AtomicU64::new(0),
            connect_failures_total: AtomicU64::new(0),
            is_removed: AtomicBool::new(false),
            consecutive_5xx: AtomicU32::new(0),
            consecutive_gateway: AtomicU32::new(0),
            consecutive_local: AtomicU32::new(0),
            ejections: AtomicU32::new(0),
            ejected_until_ms: AtomicU64::new(0),
            first_seen_ms: 0,
        }
    }

    /// The same, come just now.
    pub(crate) fn seen(self, now_ms: u64) -> Self {
        Self {
            first_seen_ms: now_ms,
            ..self
        }
    }

    pub(crate) fn is_removed(&self) -> bool {
        self.is_removed.load(Relaxed)
    }

    pub(crate) fn set_removed(&self, removed: bool) {
        self.is_removed.store(removed, Relaxed);
    }

    /// Out of service for having failed.
    pub(crate) fn is_ejected(&self) -> bool {
        self.ejected_until_ms.load(Relaxed) != 0
    }

    /// Counts a result; true if the endpoint has failed often enough to be ejected.
    fn record(&self, verdict: Verdict, settings: &OutlierDetection, random: u32) -> bool {
        let hits = |counter: &AtomicU32, limit: u32, share: u32| {
            let count = counter.fetch_add(1, Relaxed) + 1;
            if limit == 0 || count < limit {
                return false;
            }
            counter.store(0, Relaxed);
            random % 100 < share
        };
        match verdict {
            Verdict::LocalFailure if settings.split_external_local_origin_errors => hits(
                &self.consecutive_local,
                settings.consecutive_local_origin_failure,
                settings.enforcing_consecutive_local_origin_failure,
            ),
            Verdict::Status(..500) => {
                // Loads first: the line stays shared between workers while all is well.
                for counter in [
                    &self.consecutive_5xx,
                    &self.consecutive_gateway,
                    &self.consecutive_local,
                ] {
                    if counter.load(Relaxed) != 0 {
                        counter.store(0, Relaxed);
                    }
                }
                false
            }
            Verdict::Status(status) if !(502..=504).contains(&status) => {
                self.consecutive_gateway.store(0, Relaxed);
                self.consecutive_local.store(0, Relaxed);
                hits(
                    &self.consecutive_5xx,
                    settings.consecutive_5xx,
                    settings.enforcing_consecutive_5xx,
                )
            }
            Verdict::Status(_) | Verdict::LocalFailure => {
                let gateway = hits(
                    &self.consecutive_gateway,
                    settings.consecutive_gateway_failure,
                    settings.enforcing_consecutive_gateway_failure,
                );
                hits(
                    &self.consecutive_5xx,
                    settings.consecutive_5xx,
                    settings.enforcing_consecutive_5xx,
                ) || gateway
            }
        }
    }
}

/// A cluster's state in this proxy.
#[derive(Debug, Default)]
pub(crate) struct ClusterState {
    pub(crate) id: u64,
    /// By priority: default, high.
    usage: [Usage; 2],
    pub(crate) requests_total: AtomicU64,
    pub(crate) connections_total: AtomicU64,
    pub(crate) connect_failures_total: AtomicU64,
    pub(crate) retries_total: AtomicU64,
    pub(crate) overflows_total: AtomicU64,
    pub(crate) retry_overflows_total: AtomicU64,
    pub(crate) ejections_total: AtomicU64,
    /// Endpoints out of service now.
    pub(crate) ejected: AtomicU32,
    /// Another number after every change of what is out of service.
    epoch: AtomicU64,
    waiting: AtomicU32,
    waiters: Mutex<VecDeque<Waker>>,
    /// Endpoints that were not configured: original destinations.
    dynamic: Mutex<HashMap<SocketAddr, Arc<EndpointState>>>,
}

#[derive(Debug, Default)]
struct Usage {
    connections: AtomicU32,
    pending: AtomicU32,
    requests: AtomicU32,
    retries: AtomicU32,
}

/// Which limit a guard counts against.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Counted {
    Connection,
    Pending,
    Request,
    Retry,
}

/// Holds one of a cluster's limited things.
#[derive(Debug)]
pub(crate) struct Guard {
    cluster: Arc<ClusterState>,
    priority: usize,
    counted: Counted,
}

impl Drop for Guard {
    fn drop(&mut self) {
        self.cluster.counter(self.priority, self.counted).fetch_sub(1, Relaxed);
        if self.counted == Counted::Connection {
            self.cluster.wake_one();
        }
    }
}

/// Counts an open connection, of the cluster and of its endpoint.
#[derive(Debug)]
pub(crate) struct ConnectionGuard {
    cluster: Guard,
    endpoint: Arc<EndpointState>,
}

impl ConnectionGuard {
    pub(crate) fn new(cluster: Guard, endpoint: Arc<EndpointState>) -> Self {
        endpoint.connections.fetch_add(1, Relaxed);
        Self { cluster, endpoint }
    }
}

impl ConnectionGuard {
    /// Whether a request waits for a connection of this cluster to end.
    pub(crate) fn has_waiters(&self) -> bool {
        self.cluster.cluster.has_waiters()
    }
}

impl Drop for ConnectionGuard {
    fn drop(&mut self) {
        self.endpoint.connections.fetch_sub(1, Relaxed);
    }
}

impl ClusterState {
    pub(crate) fn new(id: u64) -> Self {
        Self { id, ..Self::default() }
    }

    fn counter(&self, priority: usize, counted: Counted) -> &AtomicU32 {
        let usage = &self.usage[priority & 1];
        match counted {
            Counted::Connection => &usage.connections,
            Counted::Pending => &usage.pending,
            Counted::Request => &usage.requests,
            Counted::Retry => &usage.retries,
        }
    }

    fn acquire(self: &Arc<Self>, priority: usize, counted: Counted, limit: u32) -> Option<Guard> {
        let counter = self.counter(priority, counted);
        if counter.fetch_add(1, Relaxed) >= limit {
            counter.fetch_sub(1, Relaxed);
            return None;
        }
        Some(Guard {
            cluster: Arc::clone(self),
            priority,
            counted,
        })
    }

    pub(crate) fn acquire_request(self: &Arc<Self>, priority: usize, limits: &Thresholds) -> Option<Guard> {
        self.acquire(priority, Counted::Request, limits.max_requests)
    }

    pub(crate) fn acquire_pending(self: &Arc<Self>, priority: usize, limits: &Thresholds) -> Option<Guard> {
        self.acquire(priority, Counted::Pending, limits.max_pending_requests)
    }

    pub(crate) fn acquire_connection(self: &Arc<Self>, priority: usize, limits: &Thresholds) -> Option<Guard> {
        self.acquire(priority, Counted::Connection, limits.max_connections)
    }

    /// Whether a connection would be allowed now.
    pub(crate) fn has_room(&self, priority: usize, limits: &Thresholds) -> bool {
        self.counter(priority, Counted::Connection).load(Relaxed) < limits.max_connections
    }

    pub(crate) fn acquire_retry(self: &Arc<Self>, priority: usize, limits: &Thresholds) -> Option<Guard> {
        let limit = limits.retry_budget.map_or(limits.max_retries, |budget| {
            let usage = &self.usage[priority & 1];
            let in_flight = usage.requests.load(Relaxed) + usage.pending.load(Relaxed);
            let share = (f64::from(in_flight) * budget.budget_percent / 100.0) as u32;
            share.max(budget.min_retry_concurrency)
        });
        self.acquire(priority, Counted::Retry, limit)
    }

    /// Requests and connections now: for the dump.
    pub(crate) fn in_use(&self) -> (u32, u32, u32) {
        let sum = |counted| {
            (0..2)
                .map(|priority| self.counter(priority, counted).load(Relaxed))
                .sum()
        };
        (sum(Counted::Request), sum(Counted::Connection), sum(Counted::Pending))
    }

    /// Registers for the next connection that is closed or becomes idle.
    pub(crate) fn wait(&self, waker: &Waker) {
        let mut waiters = self.waiters.lock().unwrap_or_else(PoisonError::into_inner);
        if !waiters.iter().any(|other| other.will_wake(waker)) {
            waiters.push_back(waker.clone());
            self.waiting.store(waiters.len() as u32, Relaxed);
        }
    }

    /// Whether somebody waits for a connection.
    pub(crate) fn has_waiters(&self) -> bool {
        self.waiting.load(Relaxed) > 0
    }

    pub(crate) fn wake_one(&self) {
        if !self.has_waiters() {
            return;
        }
        let mut waiters = self.waiters.lock().unwrap_or_else(PoisonError::into_inner);
        let next = waiters.pop_front();
        self.waiting.store(waiters.len() as u32, Relaxed);
        drop(waiters);
        if let Some(waker) = next {
            waker.wake();
        }
    }

    /// The state of an endpoint that is known by its address only.
    pub(crate) fn dynamic_endpoint(&self, address: SocketAddr, new_id: impl FnOnce() -> u64) -> Arc<EndpointState> {
        let mut dynamic = self.dynamic.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(known) = dynamic.get(&address) {
            return Arc::clone(known);
        }
        if dynamic.len() >= MAX_DYNAMIC_ENDPOINTS {
            dynamic.retain(|_, endpoint| {
                let is_used = Arc::strong_count(endpoint) > 1 && endpoint.connections.load(Relaxed) > 0;
                endpoint.set_removed(!is_used);
                is_used
            });
        }
        let endpoint = Arc::new(EndpointState::new(new_id(), self.id, Address::Socket(address)));
        dynamic.insert(address, Arc::clone(&endpoint));
        endpoint
    }

    /// Counts how a request ended, and takes the endpoint out of service if it failed too often. `endpoints`: how many
    /// the cluster has. True if it was ejected now.
    pub(crate) fn record(
        &self,
        endpoint: &EndpointState,
        verdict: Verdict,
        settings: &OutlierDetection,
        endpoints: usize,
        now_ms: u64,
    ) -> bool {
        if !endpoint.record(verdict, settings, fastrand::u32(..)) || endpoint.is_ejected() {
            return false;
        }
        let ejected = self.ejected.load(Relaxed);
        let allowed = (endpoints as u64 * u64::from(settings.max_ejection_percent) / 100) as u32;
        // As in Envoy: of a few endpoints one may be ejected even where the share rounds to none.
        let is_allowed = ejected < allowed || settings.always_eject_one_host && ejected == 0;
        if !is_allowed {
            return false;
        }
        let times = u64::from(endpoint.ejections.fetch_add(1, Relaxed)) + 1;
        let duration = (settings.base_ejection_time_ms * times)
            .min(settings.max_ejection_time_ms.max(settings.base_ejection_time_ms));
        if endpoint
            .ejected_until_ms
            .compare_exchange(0, (now_ms + duration).max(1), Relaxed, Relaxed)
            .is_ok()
        {
            self.ejected.fetch_add(1, Relaxed);
            self.epoch.fetch_add(1, Release);
            self.ejections_total.fetch_add(1, Relaxed);
            return true;
        }
        false
    }

    /// Takes an endpoint back whose time is over. True if it was taken back now.
    pub(crate) fn recover(&self, endpoint: &EndpointState, now_ms: u64) -> bool {
        let until = endpoint.ejected_until_ms.load(Relaxed);
        if until == 0 || now_ms < until {
            return false;
        }
        if endpoint
            .ejected_until_ms
            .compare_exchange(until, 0, Relaxed, Relaxed)
            .is_ok()
        {
            self.ejected.fetch_sub(1, Relaxed);
            self.epoch.fetch_add(1, Release);
            return true;
        }
        false
    }

    /// Forgets an endpoint that is removed while out of service.
    pub(crate) fn forget(&self, endpoint: &EndpointState) {
        if endpoint.ejected_until_ms.swap(0, Relaxed) != 0 {
            self.ejected.fetch_sub(1, Relaxed);
            self.epoch.fetch_add(1, Release);
        }
    }

    /// Another number after every change of what is out of service.
    pub(crate) fn epoch(&self) -> u64 {
        self.epoch.load(Acquire)
    }

    /// Requests in flight.
    pub(crate) fn requests_in_flight(&self) -> u32 {
        self.usage.iter().map(|usage| usage.requests.load(Relaxed)).sum()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn endpoint() -> EndpointState {
        EndpointState::new(1, 1, "127.0.0.1:1".parse().unwrap())
    }

    #[test]
    fn limits_are_given_back_when_guards_are_dropped() {
        let cluster = Arc::new(ClusterState::default());
        let limits = Thresholds {
            max_requests: 1,
            ..Thresholds::default()
        };
        let first = cluster.acquire_request(0, &limits);
        assert!(first.is_some());
        assert!(cluster.acquire_request(0, &limits).is_none());
        assert!(cluster.acquire_request(1, &limits).is_some());
        drop(first);
        assert!(cluster.acquire_request(0, &limits).is_some());
    }

    #[test]
    fn a_retry_budget_grows_with_the_requests_in_flight() {
        let cluster = Arc::new(ClusterState::default());
        let budget = config::RetryBudget {
            budget_percent: 50.0,
            min_retry_concurrency: 1,
        };
        let limits = Thresholds {
            retry_budget: Some(budget),
            ..Thresholds::default()
        };
        let one = cluster.acquire_retry(0, &limits);
        assert!(one.is_some() && cluster.acquire_retry(0, &limits).is_none());
        let _requests: Vec<_> = (0..4).map(|_| cluster.acquire_request(0, &limits)).collect();
        assert!(cluster.acquire_retry(0, &limits).is_some());
    }

    #[test]
    fn an_endpoint_is_ejected_after_failures_in_a_row_and_comes_back() {
        let cluster = ClusterState::default();
        let endpoint = endpoint();
        let settings = OutlierDetection {
            consecutive_5xx: 3,
            max_ejection_percent: 50,
            ..OutlierDetection::default()
        };
        let fail = |status, now| cluster.record(&endpoint, Verdict::Status(status), &settings, 2, now);
        assert!(!fail(500, 0) && !fail(503, 0) && !fail(200, 0) && !fail(500, 0) && !fail(500, 0));
        assert!(fail(500, 1000));
        assert!(endpoint.is_ejected());
        assert!(!cluster.recover(&endpoint, 30_000));
        assert!(cluster.recover(&endpoint, 31_000));
        assert!(!endpoint.is_ejected());
    }

    #[test]
    fn the_last_endpoints_stay_in_service() {
        let cluster = ClusterState::default();
        let endpoint = endpoint();
        let settings = OutlierDetection {
            consecutive_5xx: 1,
            max_ejection_percent: 10,
            ..OutlierDetection::default()
        };
        assert!(!cluster.record(&endpoint, Verdict::Status(500), &settings, 2, 0));
        let forced = OutlierDetection {
            always_eject_one_host: true,
            ..settings
        };
        assert!(cluster.record(&endpoint, Verdict::Status(500), &forced, 2, 0));
    }
}
