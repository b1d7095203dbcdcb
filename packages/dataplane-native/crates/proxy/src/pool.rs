//! Upstream connections of a worker: idle ones of HTTP/1, shared ones of HTTP/2.

mod connecting;

use std::{
    cell::{Cell, RefCell},
    collections::HashMap,
    net::SocketAddr,
    rc::Rc,
    sync::Arc,
    task::{Context, Waker},
};

use foldhash::fast::FixedState;
use net::{IdleState, Stream as _};
use telemetry::LabelsId;

use crate::{
    cluster::{ConnectionGuard, EndpointState},
    h2::{LentSession, SharedSession},
    lend::{Wish, Wishes},
    wire::Wire,
};

pub(crate) use connecting::Connecting;

/// What makes two connections interchangeable: the endpoint, how it is spoken to, and the name asked for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(crate) struct PoolKey {
    pub(crate) endpoint: u64,
    pub(crate) transport: u64,
    pub(crate) server_name: u64,
    pub(crate) is_http2: bool,
}

impl PoolKey {
    /// The same for shared connections.
    pub(crate) fn http2(self) -> Self {
        Self { is_http2: true, ..self }
    }
}

/// What is known about a connection to an upstream.
pub(crate) struct UpstreamInfo {
    pub(crate) key: PoolKey,
    pub(crate) endpoint: Arc<EndpointState>,
    /// Requests it has served.
    pub(crate) requests: Cell<u32>,
    pub(crate) opened_ms: u64,
    pub(crate) idle_timeout_ms: u64,
    /// Said who the client is when it began.
    pub(crate) for_one_client: bool,
    /// Label sets of requests over it, where the client's proxy reports them: http, grpc.
    pub(crate) labels: [LabelsId; 2],
    pub(crate) local: Option<SocketAddr>,
    /// Who the upstream proved to be.
    pub(crate) principal: Option<Arc<str>>,
    /// Both ends proved who they are.
    pub(crate) is_mutual: bool,
    /// None: the connection is another worker's now.
    pub(crate) guard: RefCell<Option<ConnectionGuard>>,
}

impl UpstreamInfo {
    /// The cluster that it is counted for.
    fn cluster(&self) -> Option<u64> {
        self.guard.borrow().as_ref().map(ConnectionGuard::cluster)
    }

    /// The same for another worker, who counts it from now on; requests that have ended may still hold this one.
    pub(crate) fn hand_on(&self) -> Option<Self> {
        let guard = self.guard.borrow_mut().take()?;
        Some(Self {
            key: self.key,
            endpoint: Arc::clone(&self.endpoint),
            requests: self.requests.clone(),
            opened_ms: self.opened_ms,
            idle_timeout_ms: self.idle_timeout_ms,
            for_one_client: self.for_one_client,
            labels: self.labels,
            local: self.local,
            principal: self.principal.clone(),
            is_mutual: self.is_mutual,
            guard: RefCell::new(Some(guard)),
        })
    }
}

/// What a request is sent on: a connection that it has for itself, or a stream of a shared one.
pub(crate) struct Upstream {
    pub(crate) wire: Wire,
    pub(crate) info: Rc<UpstreamInfo>,
}

impl Upstream {
    /// Whether somebody waits for a connection of its cluster, perhaps another worker, which cannot use this one.
    pub(crate) fn is_wanted(&self) -> bool {
        let guard = self.info.guard.borrow();
        guard.as_ref().is_some_and(ConnectionGuard::has_waiters)
    }

    fn is_usable(&mut self) -> bool {
        // Costs no system call as long as the kernel has reported nothing about the connection.
        let mut cx = Context::from_waker(Waker::noop());
        self.wire.poll_idle(&mut cx) == IdleState::Usable
    }
}

struct Idle {
    upstream: Upstream,
    since_ms: u64,
}

/// The piles of idle connections: the one used last is used first, so that as few as needed stay warm.
#[derive(Default)]
pub(crate) struct Pools {
    idle: RefCell<HashMap<PoolKey, Pile, FixedState>>,
    sessions: RefCell<HashMap<PoolKey, Sessions, FixedState>>,
    /// Of workers that wait for a connection.
    wishes: RefCell<Wishes>,
}

struct Pile {
    endpoint: Arc<EndpointState>,
    cluster: Option<u64>,
    /// Nobody comes back to it when its client has gone.
    for_one_client: bool,
    list: Vec<Idle>,
}

/// Connections of HTTP/2 to an endpoint.
#[derive(Default)]
struct Sessions {
    list: Vec<Rc<SharedSession>>,
    /// One is being opened: the others wait for it instead of opening theirs.
    is_connecting: bool,
    waiting: Vec<Waker>,
}

impl Pools {
    /// An idle connection that has not been closed by its peer.
    pub(crate) fn take(&self, key: &PoolKey) -> Option<Upstream> {
        let mut idle = self.idle.borrow_mut();
        let pile = idle.get_mut(key)?;
        while let Some(mut entry) = pile.list.pop() {
            if entry.upstream.is_usable() {
                return Some(entry.upstream);
            }
        }
        None
    }

    /// A stream of a connection that is open already.
    pub(crate) fn open_stream(&self, key: &PoolKey, now_ms: u64) -> Option<Upstream> {
        let sessions = self.sessions.borrow();
        let usable = sessions
            .get(key)?
            .list
            .iter()
            .filter(|session| session.is_usable(now_ms));
        usable.into_iter().find_map(|session| {
            session.open().map(|stream| Upstream {
                wire: Wire::Stream(stream),
                info: Rc::clone(&session.info),
            })
        })
    }

    /// Adds a connection of HTTP/2.
    pub(crate) fn add_session(&self, session: Rc<SharedSession>) {
        let mut sessions = self.sessions.borrow_mut();
        sessions.entry(session.info.key).or_default().list.push(session);
    }

    /// Forgets a connection of HTTP/2 that has ended.
    pub(crate) fn forget(&self, session: &Rc<SharedSession>) {
        let mut all = self.sessions.borrow_mut();
        if let Some(sessions) = all.get_mut(&session.info.key) {
            sessions.list.retain(|other| !Rc::ptr_eq(other, session));
        }
    }

    /// Takes a connection of HTTP/2 out that nothing is under way on, for another worker.
    pub(crate) fn take_session(&self, key: &PoolKey, now_ms: u64) -> Option<LentSession> {
        let mut sessions = self.sessions.borrow_mut();
        let list = &mut sessions.get_mut(key)?.list;
        let mut at_rest = list.iter().enumerate();
        let (place, lent) = at_rest.find_map(|(place, session)| Some((place, session.detach(now_ms)?)))?;
        list.remove(place);
        Some(lent)
    }

    /// Whether a worker waits for a connection.
    pub(crate) fn has_wishes(&self) -> bool {
        !self.wishes.borrow().is_empty()
    }

    /// Takes the first wish out that a connection of HTTP/2 would grant.
    pub(crate) fn take_wish(&self, key: &PoolKey) -> Option<Wish> {
        self.wishes.borrow_mut().take(key)
    }

    /// Becomes the one that opens a connection of HTTP/2. False: somebody else does, and `waker` is woken when that has
    /// ended, well or not.
    fn begin_connecting(&self, key: &PoolKey, waker: &Waker) -> bool {
        let mut all = self.sessions.borrow_mut();
        let sessions = all.entry(*key).or_default();
        if sessions.is_connecting {
            if !sessions.waiting.iter().any(|other| other.will_wake(waker)) {
                sessions.waiting.push(waker.clone());
            }
            return false;
        }
        sessions.is_connecting = true;
        true
    }

    /// Ends what [`Pools::begin_connecting`] began.
    fn end_connecting(&self, key: &PoolKey) {
        let mut all = self.sessions.borrow_mut();
        let Some(sessions) = all.get_mut(key) else { return };
        sessions.is_connecting = false;
        for waker in sessions.waiting.drain(..) {
            waker.wake();
        }
    }

    /// A worker wants a connection as soon as there is one.
    pub(crate) fn remember(&self, wish: Wish) {
        self.wishes.borrow_mut().add(wish);
    }

    /// Takes a connection back.
    pub(crate) fn give(&self, mut upstream: Upstream, now_ms: u64) {
        if upstream.info.endpoint.is_given_up() {
            return;
        }
        if self.has_wishes() {
            match self.wishes.borrow_mut().grant(upstream) {
                Some(own) => upstream = own,
                None => return,
            }
        }
        let mut idle = self.idle.borrow_mut();
        let pile = idle.entry(upstream.info.key).or_insert_with(|| Pile {
            endpoint: Arc::clone(&upstream.info.endpoint),
            cluster: upstream.info.cluster(),
            for_one_client: upstream.info.for_one_client,
            list: Vec::new(),
        });
        pile.list.push(Idle {
            upstream,
            since_ms: now_ms,
        });
    }

    /// Closes what was idle for too long, was closed by its peer, or belongs to an endpoint that is no more.
    pub(crate) fn sweep(&self, now_ms: u64) {
        self.wishes.borrow_mut().forget_granted();
        self.idle.borrow_mut().retain(|_, pile| {
            if pile.endpoint.is_given_up() {
                return false;
            }
            pile.list.retain_mut(|entry| {
                let timeout = entry.upstream.info.idle_timeout_ms;
                let is_expired = timeout > 0 && now_ms.saturating_sub(entry.since_ms) >= timeout;
                !is_expired && !entry.upstream.is_wanted() && entry.upstream.is_usable()
            });
            !(pile.for_one_client && pile.list.is_empty())
        });
        self.sessions.borrow_mut().retain(|_, sessions| {
            for session in &sessions.list {
                if !session.is_usable(now_ms) || session.is_idle(now_ms) {
                    session.retire();
                }
            }
            !sessions.list.is_empty() || sessions.is_connecting
        });
    }

    /// Closes a connection of a cluster that nobody uses now, to make room for one to the endpoint.
    pub(crate) fn close_one(&self, cluster: u64, endpoint: u64) -> bool {
        let mut idle = self.idle.borrow_mut();
        for pile in idle.values_mut() {
            if !pile.list.is_empty() && pile.cluster == Some(cluster) && pile.endpoint.id != endpoint {
                pile.list.remove(0);
                return true;
            }
        }
        for sessions in self.sessions.borrow().values() {
            let of_others = |session: &&Rc<SharedSession>| {
                let info = &session.info;
                info.cluster() == Some(cluster) && info.endpoint.id != endpoint && session.stream_count() == 0
            };
            if let Some(session) = sessions.list.iter().find(of_others) {
                session.retire();
                return true;
            }
        }
        false
    }
}
