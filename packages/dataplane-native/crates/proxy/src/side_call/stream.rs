//! A call of gRPC with several messages each way: one question and its answer after the other.

use std::{
    future::{Future as _, poll_fn},
    io::IoSlice,
    pin::pin,
    rc::Rc,
    sync::{Arc, atomic::Ordering::Relaxed},
    task::{Context, Poll, ready},
};

use filter::call::{Call, CallFailure};
use http::{Buffer, Fields, Known, ResponseHead, ResponseView};
use smallvec::SmallVec;
use telemetry::{Counter, ReporterSide};

use super::{SAFE_RETRIES, choose, exchange, open, unavailable};
use crate::{
    cluster::{EndpointState, Guard, Verdict, note_outcome},
    error::{Failure, RetryClass},
    pool::Upstream,
    snapshot::ClusterEntry,
    upstream::{Speaks, Target},
    wire::Wire,
    worker::Worker,
};

/// A stream to a service. Dropping it ends it.
pub(crate) struct CallStream {
    worker: Rc<Worker>,
    cluster: Arc<ClusterEntry>,
    endpoint: Arc<EndpointState>,
    up: Upstream,
    /// What has come and is no whole message yet.
    received: Vec<u8>,
    has_head: bool,
    _request: Guard,
}

impl CallStream {
    /// Opens a stream, as `call` describes it.
    pub(crate) async fn open(worker: &Rc<Worker>, call: &Call) -> Result<Self, CallFailure> {
        let snapshot = worker.snapshot();
        let cluster = snapshot
            .clusters
            .get(&call.cluster)
            .ok_or(CallFailure::ClusterNotFound)?;
        let limits = &cluster.config.circuit_breakers.default;
        let Some(request) = cluster.state.acquire_request(0, limits) else {
            worker.count(Counter::CircuitBreakerOpen);
            cluster.state.overflows_total.fetch_add(1, Relaxed);
            return Err(unavailable(Failure::Overflow));
        };
        cluster.state.requests_total.fetch_add(1, Relaxed);
        let authority = super::authority(cluster, call);
        let mut tried: SmallVec<[u64; 4]> = SmallVec::new();
        loop {
            let Some(entry) = choose(worker, cluster, &tried) else {
                return Err(unavailable(Failure::NoHealthyUpstream));
            };
            let transport = cluster.transport_of(entry);
            let target = Target {
                cluster,
                endpoint: &entry.state,
                workload: entry.workload.as_deref(),
                transport,
                authority: std::str::from_utf8(authority).unwrap_or_default(),
                served: None,
                metadata: entry.metadata.as_ref(),
                reporter: ReporterSide::Source,
            };
            let failure = match open::open(worker, cluster, target, Speaks::Http2, false).await {
                Ok(up) => {
                    let is_https = transport.tls.is_some();
                    let Wire::Stream(stream) = &up.wire else {
                        return Err(unavailable(Failure::UpstreamProtocol));
                    };
                    exchange::send_head(stream, call, (authority, is_https), false).map_err(unavailable)?;
                    up.info.requests.set(up.info.requests.get() + 1);
                    entry.state.begin();
                    return Ok(Self {
                        worker: Rc::clone(worker),
                        cluster: Arc::clone(cluster),
                        endpoint: Arc::clone(&entry.state),
                        up,
                        received: Vec::new(),
                        has_head: false,
                        _request: request,
                    });
                }
                Err(failure) => failure,
            };
            if failure != Failure::Overflow {
                note_outcome(worker, cluster, &entry.state, Verdict::LocalFailure);
            }
            tried.push(entry.state.id);
            if failure.retry_class() != RetryClass::NeverReached || tried.len() as u32 > SAFE_RETRIES {
                return Err(unavailable(failure));
            }
        }
    }

    /// Sends a message and waits for the next one of the service. None: it ended the stream in order.
    pub(crate) async fn ask(
        &mut self,
        message: &[u8],
        timeout_ms: u64,
        max_answer_bytes: usize,
    ) -> Result<Option<Vec<u8>>, CallFailure> {
        let timer = self.worker.timers.timer();
        timer.set(Some(timer.now_ms() + timeout_ms));
        let result = {
            let mut asking = pin!(self.exchange(message, max_answer_bytes));
            poll_fn(|cx| match asking.as_mut().poll(cx) {
                Poll::Ready(result) => Poll::Ready(result),
                Poll::Pending => timer.poll_expired(cx).map(|()| Err(CallFailure::Timeout)),
            })
            .await
        };
        self.note(result.as_ref().err());
        result
    }

    /// Counts an answer, or that there is none.
    pub(crate) fn note(&self, failure: Option<&CallFailure>) {
        let verdict = match failure {
            None | Some(CallFailure::TooLarge) => Verdict::Status(200),
            Some(_) => Verdict::LocalFailure,
        };
        self.worker.count(Counter::ServiceCalls);
        if failure.is_some() {
            self.worker.count(Counter::ServiceCallFailures);
        }
        note_outcome(&self.worker, &self.cluster, &self.endpoint, verdict);
    }

    /// Puts a message as the stream carries it behind others.
    pub(crate) fn frame(message: &[u8], out: &mut Vec<u8>) {
        out.reserve(message.len() + 5);
        out.push(0);
        out.extend_from_slice(&(message.len() as u32).to_be_bytes());
        out.extend_from_slice(message);
    }

    /// Sends as much of framed messages as the service takes.
    pub(crate) fn poll_say(&self, cx: &Context<'_>, framed: &[u8]) -> Poll<Result<usize, CallFailure>> {
        let Wire::Stream(stream) = &self.up.wire else {
            return Poll::Ready(Err(unavailable(Failure::UpstreamProtocol)));
        };
        let sent = stream.poll_send(cx, &[IoSlice::new(framed)], false);
        sent.map_err(|_| unavailable(Failure::UpstreamReset))
    }

    /// Sends a message that nobody answers. Waits while the service does not read.
    pub(crate) async fn tell(&mut self, message: &[u8], timeout_ms: u64) -> Result<(), CallFailure> {
        let timer = self.worker.timers.timer();
        timer.set(Some(timer.now_ms() + timeout_ms));
        let mut sending = pin!(self.send(message));
        poll_fn(|cx| match sending.as_mut().poll(cx) {
            Poll::Ready(result) => Poll::Ready(result),
            Poll::Pending => timer.poll_expired(cx).map(|()| Err(CallFailure::Timeout)),
        })
        .await
    }

    /// Shows a message to a service that only observes. What it says is thrown away.
    pub(crate) async fn show(&mut self, message: &[u8], timeout_ms: u64) -> Result<(), CallFailure> {
        let result = self.tell(message, timeout_ms).await;
        self.worker.count(Counter::ServiceCalls);
        if result.is_err() {
            self.worker.count(Counter::ServiceCallFailures);
        }
        let has_ended = poll_fn(|cx| Poll::Ready(self.poll_ended(cx).is_ready())).await;
        result.and(if has_ended {
            Err(unavailable(Failure::UpstreamReset))
        } else {
            Ok(())
        })
    }

    /// Says that nothing more comes, and waits until the service has ended too, but not longer than that.
    pub(crate) async fn close_later(mut self: Box<Self>, timeout_ms: u64) {
        self.end();
        let timer = self.worker.timers.timer();
        timer.set(Some(timer.now_ms() + timeout_ms));
        poll_fn(|cx| match self.poll_ended(cx) {
            Poll::Ready(()) => Poll::Ready(()),
            Poll::Pending => timer.poll_expired(cx),
        })
        .await;
    }

    /// Ready once the service has ended the stream, well or not. What it says before is thrown away.
    pub(crate) fn poll_ended(&mut self, cx: &Context<'_>) -> Poll<()> {
        let Wire::Stream(stream) = &self.up.wire else {
            return Poll::Ready(());
        };
        if !self.has_head {
            let mut head = ResponseHead::default();
            let Ok(text) = ready!(stream.poll_response(cx, &mut head)) else {
                return Poll::Ready(());
            };
            self.worker.buffers.give(text);
            self.has_head = true;
            if head.status != 200 {
                return Poll::Ready(());
            }
        }
        loop {
            let mut data = Buffer::default();
            let count = ready!(stream.poll_data(cx, &mut data, &self.worker.buffers));
            self.worker.buffers.give(data);
            if !matches!(count, Ok(1..)) {
                return Poll::Ready(());
            }
        }
    }

    /// Whether configuration still names the endpoint.
    pub(crate) fn is_current(&self) -> bool {
        let snapshot = self.worker.snapshot();
        let cluster = snapshot.clusters.get(&self.cluster.config.name);
        cluster.is_some_and(|cluster| {
            let mut endpoints = cluster.endpoints.iter();
            endpoints.any(|entry| entry.state.id == self.endpoint.id)
        })
    }

    fn end(&self) {
        if let Wire::Stream(stream) = &self.up.wire {
            // Whether there is room to say so now does not matter.
            let cx = Context::from_waker(std::task::Waker::noop());
            let _ = stream.poll_send(&cx, &[], true);
        }
    }

    /// Sends a message.
    pub(crate) async fn send(&self, message: &[u8]) -> Result<(), CallFailure> {
        let mut framed = Vec::new();
        Self::frame(message, &mut framed);
        let mut sent = 0;
        while sent < framed.len() {
            sent += poll_fn(|cx| self.poll_say(cx, &framed[sent..])).await?;
        }
        Ok(())
    }

    async fn exchange(&mut self, message: &[u8], max_answer_bytes: usize) -> Result<Option<Vec<u8>>, CallFailure> {
        self.send(message).await?;
        self.receive(max_answer_bytes).await
    }

    /// Waits for the next message of the service. None: it ended the stream in order. What has come of a message is kept
    /// where nobody waits any longer.
    pub(crate) async fn receive(&mut self, max_answer_bytes: usize) -> Result<Option<Vec<u8>>, CallFailure> {
        poll_fn(|cx| self.poll_receive(cx, max_answer_bytes)).await
    }

    /// The same, polled.
    pub(crate) fn poll_receive(
        &mut self,
        cx: &Context<'_>,
        max_answer_bytes: usize,
    ) -> Poll<Result<Option<Vec<u8>>, CallFailure>> {
        let Wire::Stream(stream) = &self.up.wire else {
            return Poll::Ready(Err(unavailable(Failure::UpstreamProtocol)));
        };
        let lost = |_| unavailable(Failure::UpstreamReset);
        if !self.has_head {
            let mut head = ResponseHead::default();
            let text = ready!(stream.poll_response(cx, &mut head)).map_err(lost)?;
            let view = ResponseView::new(&head, text.filled());
            let status = view.known(Known::GrpcStatus).map(number);
            let http_status = head.status;
            self.worker.buffers.give(text);
            self.has_head = true;
            if http_status != 200 {
                return Poll::Ready(Err(CallFailure::Status(http_status)));
            }
            if let Some(status) = status {
                return Poll::Ready(ended(status));
            }
        }
        loop {
            if let Some(message) = take_message(&mut self.received, max_answer_bytes)? {
                return Poll::Ready(Ok(Some(message)));
            }
            let mut data = Buffer::default();
            let count = ready!(stream.poll_data(cx, &mut data, &self.worker.buffers)).map_err(lost)?;
            self.received.extend_from_slice(data.filled());
            self.worker.buffers.give(data);
            if count == 0 {
                let mut fields = Fields::default();
                let trailers = stream.take_trailers(&mut fields);
                let status = trailers.and_then(|text| fields.get(text.filled(), "grpc-status").map(number));
                return Poll::Ready(ended(status.unwrap_or(2)));
            }
        }
    }
}

impl Drop for CallStream {
    fn drop(&mut self) {
        self.endpoint.active.fetch_sub(1, Relaxed);
        // The service learns that nothing more comes.
        self.end();
    }
}

fn number(text: &[u8]) -> u16 {
    // What is no number is UNKNOWN.
    std::str::from_utf8(text)
        .ok()
        .and_then(|text| text.parse().ok())
        .unwrap_or(2)
}

/// How the service ended the stream.
fn ended(status: u16) -> Result<Option<Vec<u8>>, CallFailure> {
    if status == 0 {
        Ok(None)
    } else {
        Err(CallFailure::Grpc(status))
    }
}

/// The first message of what was received, if it is complete.
fn take_message(received: &mut Vec<u8>, most: usize) -> Result<Option<Vec<u8>>, CallFailure> {
    let Some((prefix, rest)) = received.split_at_checked(5) else {
        return Ok(None);
    };
    // Compression was not offered.
    if prefix[0] != 0 {
        return Err(CallFailure::Malformed);
    }
    let length = u32::from_be_bytes([prefix[1], prefix[2], prefix[3], prefix[4]]) as usize;
    if length > most {
        return Err(CallFailure::TooLarge);
    }
    if rest.len() < length {
        return Ok(None);
    }
    let message = rest[..length].to_vec();
    received.drain(..5 + length);
    Ok(Some(message))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_message_is_taken_once_all_of_it_is_there() {
        let mut received = vec![0, 0, 0, 0, 2, b'a'];
        assert_eq!(take_message(&mut received, 9), Ok(None));
        received.extend_from_slice(b"bc");
        assert_eq!(take_message(&mut received, 9), Ok(Some(b"ab".to_vec())));
        assert_eq!(received, b"c");
        assert_eq!(take_message(&mut vec![0, 0, 0, 0, 10], 9), Err(CallFailure::TooLarge));
        assert_eq!(take_message(&mut vec![1, 0, 0, 0, 0], 9), Err(CallFailure::Malformed));
    }
}
