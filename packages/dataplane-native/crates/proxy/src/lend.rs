//! Idle connections that go from one worker to another.
//!
//! Each worker keeps its own pile, which costs nothing to use. Only a worker that finds its pile empty, although there
//! are more connections to the endpoint than requests have ever been in flight there, asks the others before it opens one
//! more: so there are never many more than requests need, whatever the number of workers.

use std::{
    rc::Rc,
    sync::{Arc, Mutex, PoisonError, atomic::Ordering::Relaxed},
    time::Duration,
};

use tls::DetachedConnection;
use tokio::sync::oneshot;

use crate::{
    cluster::EndpointState,
    pool::{PoolKey, Upstream, UpstreamInfo},
    wire::Wire,
    worker::{Command, Worker},
};

/// Time until a new connection is opened though another worker may have one. Another worker answers within its turn, unless
/// the machine is so busy that it does not run at all.
const PATIENCE: Duration = Duration::from_millis(20);

/// A connection on its way.
pub(crate) struct Loan {
    connection: DetachedConnection,
    info: UpstreamInfo,
}

/// What a worker asks all others for; the first that has one answers.
#[derive(Clone)]
pub(crate) struct Wish {
    key: PoolKey,
    answer: Arc<Mutex<Option<oneshot::Sender<Loan>>>>,
}

/// An idle connection of another worker. None: open one.
pub(crate) async fn borrow(worker: &Worker, key: PoolKey, endpoint: &EndpointState) -> Option<Upstream> {
    let others = worker.shared.commands.len() > 1;
    if !others || endpoint.connections.load(Relaxed) <= endpoint.peak.load(Relaxed) {
        return None;
    }
    let (sender, answer) = oneshot::channel();
    let wish = Wish {
        key,
        answer: Arc::new(Mutex::new(Some(sender))),
    };
    for commands in worker.other_workers() {
        let _ = commands.send(Command::Lend(wish.clone()));
    }
    // When all have looked, and none has any, nobody holds the sender any more.
    drop(wish);
    let loan = tokio::time::timeout(PATIENCE, answer).await.ok()?.ok()?;
    Some(Upstream {
        wire: Wire::from(loan.connection.attach().ok()?),
        info: Rc::new(loan.info),
    })
}

/// Answers another worker, if this one has a connection to give.
pub(crate) fn lend(worker: &Worker, wish: &Wish) {
    let mut answer = wish.answer.lock().unwrap_or_else(PoisonError::into_inner);
    if answer.as_ref().is_none_or(oneshot::Sender::is_closed) {
        return;
    }
    let Some(upstream) = worker.pools.take(&wish.key) else {
        return;
    };
    let Some(loan) = detach(upstream) else { return };
    if let Some(sender) = answer.take()
        && let Err(refused) = sender.send(loan)
        && let Ok(connection) = refused.connection.attach()
    {
        // It did not wait so long.
        let upstream = Upstream {
            wire: Wire::from(connection),
            info: Rc::new(refused.info),
        };
        worker.pools.give(upstream, worker.timers.now_ms());
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
