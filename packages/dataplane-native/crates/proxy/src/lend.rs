//! Idle connections that go from one worker to another: those of HTTP/1, and those of HTTP/2 that have no stream.
//!
//! Each worker keeps its own pile, which costs nothing to use. Only a worker that finds its pile empty, although there
//! are more connections to the endpoint than requests have ever been in flight there, asks all of them before it opens one
//! more. Whoever has none to give now remembers the wish: with more connections than requests one is about to be put back.
//! So there is never more than one connection more than requests need, whatever the number of workers.

use std::{
    rc::Rc,
    sync::{Arc, Mutex, PoisonError, atomic::Ordering::Relaxed},
    time::Duration,
};

use tls::DetachedConnection;
use tokio::{sync::oneshot, time::Instant};

use crate::{
    cluster::{EndpointState, Opening},
    h2::{LentSession, SharedSession},
    pool::{PoolKey, Upstream, UpstreamInfo},
    upstream::Speaks,
    wire::Wire,
    worker::{Command, Worker},
};

/// Time until a new connection is opened though another worker may have one. Another worker answers within its turn, unless
/// the machine is so busy that it does not run at all.
const PATIENCE: Duration = Duration::from_millis(50);

/// Wishes that a worker remembers.
const MAX_WISHES: usize = 64;

/// A connection on its way.
enum Loan {
    Connection {
        connection: DetachedConnection,
        info: UpstreamInfo,
    },
    Session(LentSession),
}

/// What a worker asks all for; the first that has one answers.
#[derive(Clone)]
pub(crate) struct Wish {
    key: PoolKey,
    speaks: Speaks,
    endpoint: Arc<EndpointState>,
    answer: Arc<Mutex<Option<oneshot::Sender<Loan>>>>,
}

/// What comes of asking.
pub(crate) enum Borrowed {
    /// An idle connection of another worker.
    Lent(Upstream),
    /// One may be opened.
    Opening(Opening),
}

/// An idle connection of another worker, or the right to open one.
pub(crate) async fn borrow(
    worker: &Rc<Worker>,
    key: PoolKey,
    speaks: Speaks,
    endpoint: &Arc<EndpointState>,
) -> Borrowed {
    if worker.shared.commands.len() < 2 {
        return Borrowed::Opening(Opening::new(endpoint));
    }
    match Opening::within_peak(endpoint) {
        Some(opening) => Borrowed::Opening(opening),
        // Rare: it is not to take room in the state of every connection.
        None => Box::pin(ask(worker, key, speaks, endpoint)).await,
    }
}

async fn ask(worker: &Rc<Worker>, key: PoolKey, speaks: Speaks, endpoint: &Arc<EndpointState>) -> Borrowed {
    let end = Instant::now() + PATIENCE;
    loop {
        let (sender, answer) = oneshot::channel();
        let wish = Wish {
            key,
            speaks,
            endpoint: Arc::clone(endpoint),
            answer: Arc::new(Mutex::new(Some(sender))),
        };
        for commands in worker.other_workers() {
            let _ = commands.send(Command::Lend(wish.clone()));
        }
        // This worker's own requests may end first.
        worker.pools.remember(wish);
        match tokio::time::timeout_at(end, answer).await {
            Ok(Ok(loan)) => {
                if let Some(upstream) = loan.take_over(worker) {
                    return Borrowed::Lent(upstream);
                }
            }
            // There are no more connections than requests by now.
            Ok(Err(_)) => {}
            // Nobody has any, or nobody has time.
            Err(_elapsed) => return Borrowed::Opening(Opening::new(endpoint)),
        }
        if let Some(opening) = Opening::within_peak(endpoint) {
            return Borrowed::Opening(opening);
        }
    }
}

impl Loan {
    /// Goes on with it in this worker.
    fn take_over(self, worker: &Rc<Worker>) -> Option<Upstream> {
        match self {
            Self::Connection { connection, info } => Some(Upstream {
                wire: Wire::from(connection.attach().ok()?),
                info: Rc::new(info),
            }),
            Self::Session(lent) => {
                let session = keep(worker, lent)?;
                let stream = session.open()?;
                Some(Upstream {
                    wire: Wire::Stream(stream),
                    info: Rc::clone(&session.info),
                })
            }
        }
    }
}

/// Adds a session that was lent to those of this worker.
fn keep(worker: &Rc<Worker>, lent: LentSession) -> Option<Rc<SharedSession>> {
    let session = SharedSession::resume(worker, lent).ok()?;
    worker.pools.add_session(Rc::clone(&session));
    Some(session)
}

/// Answers another worker: at once, if this one has a connection to give, else when it has.
pub(crate) fn lend(worker: &Rc<Worker>, wish: Wish) {
    if !wish.is_open() {
        return;
    }
    let now_ms = worker.timers.now_ms();
    if wish.speaks != Speaks::Http1
        && let Some(lent) = worker.pools.take_session(&wish.key.http2(), now_ms)
    {
        if let Some(refused) = wish.grant_session(lent) {
            keep(worker, refused);
        }
        return;
    }
    if wish.speaks != Speaks::Http2
        && let Some(upstream) = worker.pools.take(&wish.key)
    {
        if let Some(refused) = wish.grant(upstream) {
            worker.pools.give(refused, now_ms);
        }
        return;
    }
    worker.pools.remember(wish);
}

/// Gives a session that may have nothing to do to whoever waits for one.
pub(crate) fn offer(worker: &Rc<Worker>, session: &Rc<SharedSession>) {
    let Some(wish) = worker.pools.take_wish(&session.info.key) else {
        return;
    };
    let Some(lent) = session.detach(worker.timers.now_ms()) else {
        worker.pools.remember(wish);
        return;
    };
    worker.pools.forget(session);
    if let Some(refused) = wish.grant_session(lent) {
        keep(worker, refused);
    }
}

impl Wish {
    /// Whether somebody still waits for it.
    pub(crate) fn is_open(&self) -> bool {
        let answer = self.answer.lock().unwrap_or_else(PoisonError::into_inner);
        answer.as_ref().is_some_and(|sender| !sender.is_closed())
    }

    /// Whether this connection would do.
    pub(crate) fn is_for(&self, upstream: &Upstream) -> bool {
        self.speaks != Speaks::Http2 && self.key == upstream.info.key
    }

    /// Gives a session away; it comes back where nobody waits any more.
    fn grant_session(&self, lent: LentSession) -> Option<LentSession> {
        let mut answer = self.answer.lock().unwrap_or_else(PoisonError::into_inner);
        let Some(sender) = answer.take() else {
            return Some(lent);
        };
        match sender.send(Loan::Session(lent)) {
            Err(Loan::Session(refused)) => Some(refused),
            _ => None,
        }
    }

    /// Gives the connection away; it comes back where nobody waits any more.
    pub(crate) fn grant(&self, upstream: Upstream) -> Option<Upstream> {
        let mut answer = self.answer.lock().unwrap_or_else(PoisonError::into_inner);
        if answer.as_ref().is_none_or(oneshot::Sender::is_closed) {
            return Some(upstream);
        }
        let sender = answer.take()?;
        // It did not wait so long.
        let Err(Loan::Connection { connection, info }) = sender.send(detach(upstream)?) else {
            return None;
        };
        Some(Upstream {
            wire: Wire::from(connection.attach().ok()?),
            info: Rc::new(info),
        })
    }

    /// Whether it makes sense to wait. As soon as there are no more connections than requests, one more may be opened,
    /// which is told to whoever waits.
    fn is_hopeful(&self) -> bool {
        let endpoint = &self.endpoint;
        let is_hopeful = endpoint.connections.load(Relaxed) > endpoint.peak.load(Relaxed);
        if !is_hopeful {
            self.answer.lock().unwrap_or_else(PoisonError::into_inner).take();
        }
        is_hopeful
    }
}

/// Wishes that are waiting for a connection to be put back.
#[derive(Default)]
pub(crate) struct Wishes(Vec<Wish>);

impl Wishes {
    pub(crate) fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    pub(crate) fn add(&mut self, wish: Wish) {
        if self.0.len() >= MAX_WISHES {
            self.forget_granted();
        }
        if self.0.len() < MAX_WISHES && wish.is_hopeful() {
            self.0.push(wish);
        }
    }

    /// Takes the first one out that a session of this key would grant.
    pub(crate) fn take(&mut self, key: &PoolKey) -> Option<Wish> {
        self.forget_granted();
        let is_for = |wish: &Wish| wish.speaks != Speaks::Http1 && wish.key.http2() == *key;
        let place = self.0.iter().position(is_for)?;
        Some(self.0.swap_remove(place))
    }

    pub(crate) fn forget_granted(&mut self) {
        self.0.retain(Wish::is_open);
    }

    /// Gives a connection to the first that waits for such a one; it comes back where there is none.
    pub(crate) fn grant(&mut self, upstream: Upstream) -> Option<Upstream> {
        self.forget_granted();
        let Some(at) = self.0.iter().position(|wish| wish.is_for(&upstream)) else {
            return Some(upstream);
        };
        self.0.swap_remove(at).grant(upstream)
    }
}

fn detach(upstream: Upstream) -> Option<Loan> {
    let Wire::Connection(connection) = upstream.wire else {
        return None;
    };
    // A connection in a pile has no other owner.
    let info = Rc::into_inner(upstream.info)?;
    Some(Loan::Connection {
        connection: connection.detach().ok()?,
        info,
    })
}
