//! Tries whose time is over and that go on beside the next one: the first good response counts.

use std::{
    future::{Future, poll_fn},
    pin::Pin,
    task::{Context, Poll},
};

use config::RetryPolicy;
use http::{BufferPool, ResponseHead, ResponseView};
use telemetry::Counter;

use super::{InFlight, acquire::Waiting, is_retriable_status, relay::expected, was_undelivered};
use crate::{
    cluster::{Guard, Verdict, note_outcome},
    error::Failure,
    exchange::{Arrived, Expected, Incoming, Messages},
    pool::Upstream,
    request::{Call, Scratch},
    snapshot::ClusterEntry,
    worker::Worker,
};

/// What a response is judged by.
#[derive(Clone, Copy)]
pub(super) struct Judge<'s> {
    pub(super) worker: &'s Worker,
    pub(super) cluster: &'s ClusterEntry,
    pub(super) policy: Option<&'s RetryPolicy>,
}

/// A try that has sent all of the request and waits for its response.
pub(super) struct Late<'s> {
    up: Upstream,
    in_flight: InFlight<'s>,
    incoming: Incoming,
    response: ResponseHead,
    expected: Expected,
    retry: Option<Guard>,
}

/// What a try keeps counted as long as it lasts.
pub(super) type Kept<'s> = (InFlight<'s>, Option<Guard>);

impl<'s> Late<'s> {
    /// Takes the response, as far as it has come, out of `scratch`. `retry` counts the try if it is no first one.
    pub(super) fn new(
        call: &Call<'s>,
        scratch: &mut Scratch,
        up: Upstream,
        in_flight: InFlight<'s>,
        retry: Option<Guard>,
    ) -> Self {
        let mut next = Incoming::default();
        next.messages = Messages::begin(call.is_grpc);
        next.tap = scratch.incoming.tap.as_ref().map(|tap| Box::new(tap.again()));
        Self {
            expected: expected(call, &scratch.request, &up),
            incoming: std::mem::replace(&mut scratch.incoming, next),
            response: std::mem::take(&mut scratch.response),
            retry,
            up,
            in_flight,
        }
    }

    /// Puts the response into `scratch`, as that of the request.
    pub(super) fn put_back(&mut self, scratch: &mut Scratch, pool: &BufferPool) {
        std::mem::swap(&mut scratch.incoming, &mut self.incoming);
        std::mem::swap(&mut scratch.response, &mut self.response);
        self.incoming.release(pool, 0);
        scratch.outgoing.set_sent();
    }

    /// What its response comes on.
    pub(super) fn into_upstream(self) -> (Upstream, Kept<'s>) {
        (self.up, (self.in_flight, self.retry))
    }

    /// Ready with whether there is a response that counts.
    fn poll(&mut self, cx: &mut Context<'_>, judge: &Judge<'_>) -> Poll<bool> {
        let pool = &judge.worker.buffers;
        loop {
            let head = &mut self.response;
            let arrived = self
                .incoming
                .poll_head(cx, &mut self.up.wire, pool, &self.expected, head);
            match std::task::ready!(arrived) {
                // The client gets hints from the newest try only.
                Ok(Arrived::Interim) => self.incoming.end_interim(),
                Ok(Arrived::Final) => break,
                // That it was late was its failure already.
                Err(_) => return Poll::Ready(false),
            }
        }
        let status = self.response.status;
        note_outcome(
            judge.worker,
            judge.cluster,
            &self.in_flight.0.endpoint,
            Verdict::Status(status),
        );
        let view = ResponseView::new(&self.response, self.incoming.head_bytes());
        let is_bad = judge
            .policy
            .is_some_and(|policy| is_retriable_status(policy, view, status));
        Poll::Ready(!is_bad && !was_undelivered(&self.up, view, status))
    }
}

/// What came first.
pub(super) enum Raced<'s, T> {
    Done(T),
    /// A late try has a good response.
    Won(Box<Late<'s>>),
}

/// What late tries came to.
pub(super) enum Settled<'s> {
    Won(Box<Late<'s>>),
    /// None of them has a good response.
    Lost,
    GivenUp(Failure),
}

/// The tries of a request that go on though their time is over.
#[derive(Default)]
pub(super) struct Hedges<'s> {
    list: Vec<Late<'s>>,
}

impl<'s> Hedges<'s> {
    pub(super) fn is_empty(&self) -> bool {
        self.list.is_empty()
    }

    pub(super) fn push(&mut self, late: Late<'s>) {
        self.list.push(late);
    }

    /// Waits for `own`, unless a late try is first.
    pub(super) async fn race<T>(
        &mut self,
        judge: &Judge<'_>,
        mut own: Pin<&mut impl Future<Output = T>>,
    ) -> Raced<'s, T> {
        if self.list.is_empty() {
            return Raced::Done(own.await);
        }
        poll_fn(|cx| {
            if let Poll::Ready(value) = own.as_mut().poll(cx) {
                return Poll::Ready(Raced::Done(value));
            }
            match self.poll(cx, judge) {
                Poll::Ready(Some(won)) => Poll::Ready(Raced::Won(won)),
                Poll::Ready(None) | Poll::Pending => Poll::Pending,
            }
        })
        .await
    }

    /// Waits for late tries, there being no other any more.
    pub(super) async fn settle(&mut self, judge: &Judge<'_>, mut waiting: Waiting<'_>) -> Settled<'s> {
        poll_fn(|cx| match self.poll(cx, judge) {
            Poll::Ready(Some(won)) => Poll::Ready(Settled::Won(won)),
            Poll::Ready(None) => Poll::Ready(Settled::Lost),
            Poll::Pending => waiting.poll_given_up(cx).map(Settled::GivenUp),
        })
        .await
    }

    /// Ready with the first one that has a good response, or with none once there is none left.
    fn poll(&mut self, cx: &mut Context<'_>, judge: &Judge<'_>) -> Poll<Option<Box<Late<'s>>>> {
        let mut at = 0;
        while at < self.list.len() {
            match self.list[at].poll(cx, judge) {
                Poll::Pending => at += 1,
                Poll::Ready(is_good) => {
                    let late = self.list.swap_remove(at);
                    if is_good {
                        judge.worker.count(Counter::HedgesWon);
                        return Poll::Ready(Some(Box::new(late)));
                    }
                }
            }
        }
        if self.list.is_empty() {
            Poll::Ready(None)
        } else {
            Poll::Pending
        }
    }
}
