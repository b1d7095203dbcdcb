//! Whose turn it is to open a connection of HTTP/2: a worker opens one at a time to an endpoint, as the streams of many fit on it.

use std::{
    convert::Infallible,
    future::poll_fn,
    task::{Context, Poll},
};

use super::{PoolKey, Pools};

/// The turn to open a connection. When it is dropped the others go on, however opening ended.
pub(crate) struct Connecting<'w> {
    pools: &'w Pools,
    key: PoolKey,
}

impl<'w> Connecting<'w> {
    /// Takes the turn. `None`: somebody else of this worker had it, and has opened a connection by now or could not.
    pub(crate) async fn begin(pools: &'w Pools, key: PoolKey) -> Option<Self> {
        let Ok(turn) = Self::begin_unless(pools, key, |_| Poll::<Infallible>::Pending).await;
        turn
    }

    /// The same for who may give up waiting for somebody else.
    pub(crate) async fn begin_unless<E>(
        pools: &'w Pools,
        key: PoolKey,
        mut poll_given_up: impl FnMut(&mut Context<'_>) -> Poll<E>,
    ) -> Result<Option<Self>, E> {
        let mut has_waited = false;
        poll_fn(|cx| {
            if has_waited {
                return Poll::Ready(Ok(None));
            }
            if pools.begin_connecting(&key, cx.waker()) {
                return Poll::Ready(Ok(Some(Self { pools, key })));
            }
            has_waited = true;
            poll_given_up(cx).map(Err)
        })
        .await
    }
}

impl Drop for Connecting<'_> {
    fn drop(&mut self) {
        self.pools.end_connecting(&self.key);
    }
}
