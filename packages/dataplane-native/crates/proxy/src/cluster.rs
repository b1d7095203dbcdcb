//! What of clusters and endpoints survives configuration updates: counts, breakers, ejections, health.

mod check_state;
mod outlier;

use std::{
    collections::{HashMap, VecDeque},
    net::SocketAddr,
    sync::{
        Arc, Mutex, OnceLock, PoisonError,
        atomic::{
            AtomicBool, AtomicU32, AtomicU64,
            Ordering::{Acquire, Relaxed, Release},
        },
    },
    task::Waker,
};

use config::{Address, Thresholds};
use once_cell::race::OnceBox;

pub(crate) use check_state::{CheckCounts, CheckFailure, CheckState};
pub(crate) use outlier::{Detector, OutlierCounts, Verdict, detect_outlier, note_outcome};

use outlier::OutlierRecord;

/// Original destinations that a cluster remembers.
const MAX_DYNAMIC_ENDPOINTS: usize = 4096;

/// An endpoint's state in this proxy.
#[derive(Debug)]
pub(crate) struct EndpointState {
    pub(crate) id: u64,
    pub(crate) address: Address,
    /// Requests (or TCP connections) in flight.
    pub(crate) active: AtomicU32,
    /// The most that ever were.
    pub(crate) peak: AtomicU32,
    pub(crate) connections: AtomicU32,
    pub(crate) requests_total: AtomicU64,
    is_removed: AtomicBool,
    /// What active health checks say.
    pub(crate) check: CheckState,
    /// When it came, in milliseconds of the process' clock.
    pub(crate) first_seen_ms: u64,
    /// From the first one on: most endpoints have none, and there may be a hundred thousand of them.
    troubles: OnceBox<Troubles>,
}

/// What is counted of an endpoint that fails, or whose failures are looked for.
#[derive(Debug, Default)]
pub(crate) struct Troubles {
    pub(crate) errors_total: AtomicU64,
    pub(crate) connect_failures_total: AtomicU64,
    outlier: OutlierRecord,
}

impl EndpointState {
    pub(crate) fn new(id: u64, address: Address) -> Self {
        Self {
            id,
            address,
            active: AtomicU32::new(0),
            peak: AtomicU32::new(0),
            connections: AtomicU32::new(0),
            requests_total: AtomicU64::new(0),
            is_removed: AtomicBool::new(false),
            check: CheckState::default(),
            first_seen_ms: 0,
            troubles: OnceBox::new(),
        }
    }

    /// One request more.
    pub(crate) fn begin(&self) {
        let active = self.active.fetch_add(1, Relaxed) + 1;
        if active > self.peak.load(Relaxed) {
            self.peak.fetch_max(active, Relaxed);
        }
        self.requests_total.fetch_add(1, Relaxed);
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
        self.known_troubles()
            .is_some_and(|troubles| troubles.outlier.ejected_until_ms.load(Relaxed) != 0)
    }

    /// For counting one more.
    pub(crate) fn troubles(&self) -> &Troubles {
        self.troubles.get_or_init(Box::default)
    }

    /// For reading; none: there were none.
    pub(crate) fn known_troubles(&self) -> Option<&Troubles> {
        self.troubles.get()
    }

    /// Neither ejected nor failing its health checks.
    pub(crate) fn is_available(&self) -> bool {
        !self.is_ejected() && !self.check.has_failed()
    }

    /// Whether its connections are to be closed as soon as nothing is under way on them.
    pub(crate) fn is_given_up(&self) -> bool {
        self.is_removed() || self.check.is_condemned()
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
    outliers: OnceLock<Box<OutlierCounts>>,
    /// Results of active health checks.
    pub(crate) checks: CheckCounts,
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

/// Counts a connection of an endpoint from the decision to open it on, so that no other worker decides the same.
#[derive(Debug)]
pub(crate) struct Opening(Arc<EndpointState>);

impl Opening {
    pub(crate) fn new(endpoint: &Arc<EndpointState>) -> Self {
        endpoint.connections.fetch_add(1, Relaxed);
        Self(Arc::clone(endpoint))
    }

    /// None where there are more already than requests have ever been in flight.
    pub(crate) fn within_peak(endpoint: &Arc<EndpointState>) -> Option<Self> {
        let peak = endpoint.peak.load(Relaxed);
        let counted = endpoint
            .connections
            .fetch_update(Relaxed, Relaxed, |count| (count <= peak).then_some(count + 1));
        counted.is_ok().then(|| Self(Arc::clone(endpoint)))
    }
}

impl Drop for Opening {
    fn drop(&mut self) {
        self.0.connections.fetch_sub(1, Relaxed);
    }
}

/// Counts an open connection, of the cluster and of its endpoint.
#[derive(Debug)]
pub(crate) struct ConnectionGuard {
    cluster: Guard,
    _endpoint: Opening,
}

impl ConnectionGuard {
    pub(crate) fn new(cluster: Guard, opening: Opening) -> Self {
        Self {
            cluster,
            _endpoint: opening,
        }
    }
}

impl ConnectionGuard {
    /// The cluster that it is counted for.
    pub(crate) fn cluster(&self) -> u64 {
        self.cluster.cluster.id
    }

    /// Whether a request waits for a connection of this cluster to end.
    pub(crate) fn has_waiters(&self) -> bool {
        self.cluster.cluster.has_waiters()
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

    /// What outlier detection has found, for counting one more.
    pub(crate) fn outliers(&self) -> &OutlierCounts {
        self.outliers.get_or_init(Box::default)
    }

    /// The same for reading; none: it has not looked yet.
    pub(crate) fn known_outliers(&self) -> Option<&OutlierCounts> {
        self.outliers.get().map(|counts| &**counts)
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
        let endpoint = Arc::new(EndpointState::new(new_id(), address.into()));
        dynamic.insert(address, Arc::clone(&endpoint));
        endpoint
    }

    /// An endpoint is out of service now, or is not any more; its own state says so already.
    pub(crate) fn availability_changed(&self) {
        self.epoch.fetch_add(1, Release);
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

    #[test]
    fn an_endpoint_s_state_is_small() {
        assert!(size_of::<EndpointState>() <= 64, "{}", size_of::<EndpointState>());
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
}
