//! Idle connections that go from one worker to another.
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
use tokio::sync::oneshot;

use crate::{
    cluster::{EndpointState, Opening},
    pool::{PoolKey, Upstream, UpstreamInfo},
    wire::Wire,
    worker::{Command, Worker},
};

/// Time until a new connection is opened though another worker may have one. Another worker answers within its turn, unless
/// the machine is so busy that it does not run at all.
const PATIENCE: Duration = Duration::from_millis(50);

/// Wishes that a worker remembers.
const MAX_WISHES: usize = 64;

/// A connection on its way.
pub(crate) struct Loan {
    connection: DetachedConnection,
    info: UpstreamInfo,
}

/// What a worker asks all for; the first that has one answers.
#[derive(Clone)]
pub(crate) struct Wish {
    key: PoolKey,
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
pub(crate) async fn borrow(worker: &Worker, key: PoolKey, endpoint: &Arc<EndpointState>) -> Borrowed {
    if worker.shared.commands.len() < 2 {
        return Borrowed::Opening(Opening::new(endpoint));
    }
    match Opening::within_peak(endpoint) {
        Some(opening) => Borrowed::Opening(opening),
        // Rare: it is not to take room in the state of every connection.
        None => Box::pin(ask(worker, key, endpoint)).await,
    }
}

async fn ask(worker: &Worker, key: PoolKey, endpoint: &Arc<EndpointState>) -> Borrowed {
    let (sender, answer) = oneshot::channel();
    let wish = Wish {
        key,
        endpoint: Arc::clone(endpoint),
        answer: Arc::new(Mutex::new(Some(sender))),
    };
    for commands in worker.other_workers() {
        let _ = commands.send(Command::Lend(wish.clone()));
    }
    // This worker's own requests may end first.
    worker.pools.remember(wish);
    let Ok(Ok(loan)) = tokio::time::timeout(PATIENCE, answer).await else {
        // Nobody has any, or nobody has time.
        return Borrowed::Opening(Opening::new(endpoint));
    };
    match loan.connection.attach() {
        Ok(connection) => Borrowed::Lent(Upstream {
            wire: Wire::from(connection),
            info: Rc::new(loan.info),
        }),
        Err(_) => Borrowed::Opening(Opening::new(endpoint)),
    }
}

/// Answers another worker: at once, if this one has a connection to give, else when it has.
pub(crate) fn lend(worker: &Worker, wish: Wish) {
    if !wish.is_open() {
        return;
    }
    match worker.pools.take(&wish.key) {
        Some(upstream) => {
            if let Some(refused) = wish.grant(upstream) {
                worker.pools.give(refused, worker.timers.now_ms());
            }
        }
        None => worker.pools.remember(wish),
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
        self.key == upstream.info.key
    }

    /// Gives the connection away; it comes back where nobody waits any more.
    pub(crate) fn grant(&self, upstream: Upstream) -> Option<Upstream> {
        let mut answer = self.answer.lock().unwrap_or_else(PoisonError::into_inner);
        if answer.as_ref().is_none_or(oneshot::Sender::is_closed) {
            return Some(upstream);
        }
        let sender = answer.take()?;
        let refused = sender.send(detach(upstream)?).err()?;
        // It did not wait so long.
        let connection = refused.connection.attach().ok()?;
        Some(Upstream {
            wire: Wire::from(connection),
            info: Rc::new(refused.info),
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
    Some(Loan {
        connection: connection.detach().ok()?,
        info,
    })
}
