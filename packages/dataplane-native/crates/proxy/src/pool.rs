//! Idle upstream connections of a worker.

use std::{
    cell::RefCell,
    collections::HashMap,
    net::SocketAddr,
    sync::Arc,
    task::{Context, Waker},
};

use foldhash::fast::FixedState;
use net::{IdleState, Stream};
use telemetry::LabelsId;
use tls::Connection;

use crate::cluster::{ConnectionGuard, EndpointState};

/// What makes two connections interchangeable: the endpoint, how it is spoken to, and the name asked for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(crate) struct PoolKey {
    pub(crate) endpoint: u64,
    pub(crate) transport: u64,
    pub(crate) server_name: u64,
}

/// A connection to an upstream.
pub(crate) struct Upstream {
    pub(crate) stream: Connection,
    pub(crate) key: PoolKey,
    pub(crate) endpoint: Arc<EndpointState>,
    /// Requests it has served.
    pub(crate) requests: u32,
    pub(crate) opened_ms: u64,
    idle_since_ms: u64,
    idle_timeout_ms: u64,
    /// Label sets of requests over it, where the client's proxy reports them: http, grpc.
    pub(crate) labels: [LabelsId; 2],
    pub(crate) local: Option<SocketAddr>,
    guard: ConnectionGuard,
}

impl Upstream {
    #[allow(clippy::too_many_arguments)]
    pub(crate) fn new(
        stream: Connection,
        key: PoolKey,
        endpoint: Arc<EndpointState>,
        idle_timeout_ms: u64,
        now_ms: u64,
        labels: [LabelsId; 2],
        local: Option<SocketAddr>,
        guard: ConnectionGuard,
    ) -> Self {
        Self {
            stream,
            key,
            endpoint,
            requests: 0,
            opened_ms: now_ms,
            idle_since_ms: now_ms,
            idle_timeout_ms,
            labels,
            local,
            guard,
        }
    }

    /// Whether somebody waits for a connection of its cluster, perhaps another worker, which cannot use this one.
    pub(crate) fn is_wanted(&self) -> bool {
        self.guard.has_waiters()
    }

    fn is_usable(&mut self) -> bool {
        // Costs no system call as long as the kernel has reported nothing about the connection.
        let mut cx = Context::from_waker(Waker::noop());
        self.stream.poll_idle(&mut cx) == IdleState::Usable
    }
}

/// The piles of idle connections: the one used last is used first, so that as few as needed stay warm.
#[derive(Default)]
pub(crate) struct Pools {
    idle: RefCell<HashMap<PoolKey, Pile, FixedState>>,
}

#[allow(
    clippy::vec_box,
    reason = "connections go in and out: a pointer is moved, not some hundred bytes"
)]
struct Pile {
    endpoint: Arc<EndpointState>,
    list: Vec<Box<Upstream>>,
}

impl Pools {
    /// An idle connection that has not been closed by its peer.
    pub(crate) fn take(&self, key: &PoolKey) -> Option<Box<Upstream>> {
        let mut idle = self.idle.borrow_mut();
        let pile = idle.get_mut(key)?;
        while let Some(mut upstream) = pile.list.pop() {
            if upstream.is_usable() {
                return Some(upstream);
            }
        }
        None
    }

    /// Takes a connection back.
    pub(crate) fn give(&self, mut upstream: Box<Upstream>, now_ms: u64) {
        if upstream.endpoint.is_removed() {
            return;
        }
        upstream.idle_since_ms = now_ms;
        let mut idle = self.idle.borrow_mut();
        let pile = idle.entry(upstream.key).or_insert_with(|| Pile {
            endpoint: Arc::clone(&upstream.endpoint),
            list: Vec::new(),
        });
        pile.list.push(upstream);
    }

    /// Closes what was idle for too long, was closed by its peer, or belongs to an endpoint that is no more.
    pub(crate) fn sweep(&self, now_ms: u64) {
        self.idle.borrow_mut().retain(|_, pile| {
            if pile.endpoint.is_removed() {
                return false;
            }
            pile.list.retain_mut(|upstream| {
                let is_expired = upstream.idle_timeout_ms > 0
                    && now_ms.saturating_sub(upstream.idle_since_ms) >= upstream.idle_timeout_ms;
                !is_expired && !upstream.is_wanted() && upstream.is_usable()
            });
            true
        });
    }

    /// Closes all of a kind, e.g. those of an endpoint to make room for other connections.
    pub(crate) fn close_one(&self, belongs: impl Fn(&EndpointState) -> bool) -> bool {
        let mut idle = self.idle.borrow_mut();
        for pile in idle.values_mut() {
            if !pile.list.is_empty() && belongs(&pile.endpoint) {
                pile.list.remove(0);
                return true;
            }
        }
        false
    }
}
