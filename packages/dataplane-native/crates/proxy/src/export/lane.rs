//! The lanes of log entries: one task for each service, which sends what it is given in order.

use std::{cell::RefCell, future::poll_fn, rc::Rc, task::Poll, time::Duration};

use config::GrpcCollector;
use telemetry::{Counter, ExporterId};
use tokio::sync::mpsc::{UnboundedReceiver, UnboundedSender, unbounded_channel};

use super::{BACKOFF, Destination, ExportBatch, count, grpc_call};
use crate::{side_call::CallStream, timer::Timer, worker::Worker};

/// Where Envoy's access log service takes entries.
const ALS_METHOD: &str = "/envoy.service.accesslog.v3.AccessLogService/StreamAccessLogs";
/// The longest time between two attempts to open a stream.
const MAX_BACKOFF: Duration = Duration::from_secs(30);
/// How long a service may leave a message unread before its stream is given up.
const SEND_TIMEOUT_MS: u64 = 30_000;
/// How often it is looked whether configuration still names the endpoint of a stream.
const LOOK_INTERVAL_MS: u64 = 5_000;

/// A worker's lanes, by their service. What waits in them is bounded where batches are made.
#[derive(Default)]
pub(crate) struct LogLanes(RefCell<Vec<(ExporterId, UnboundedSender<ExportBatch>)>>);

impl LogLanes {
    /// Puts a batch behind those for its service.
    pub(super) fn push(&self, worker: &Rc<Worker>, batch: ExportBatch) {
        let mut lanes = self.0.borrow_mut();
        let known = lanes.iter().find(|(exporter, _)| *exporter == batch.exporter);
        let sender = if let Some((_, sender)) = known {
            sender
        } else {
            let (sender, receiver) = unbounded_channel();
            let lane = serve(Rc::clone(worker), receiver);
            tokio::task::spawn_local(lane);
            lanes.push((batch.exporter, sender));
            &lanes[lanes.len() - 1].1
        };
        // The task ends with the worker only.
        let _ = sender.send(batch);
    }
}

async fn serve(worker: Rc<Worker>, mut batches: UnboundedReceiver<ExportBatch>) {
    let mut stream = AlsStream {
        timer: worker.timers.timer(),
        worker,
        stream: None,
        backoff: BACKOFF,
    };
    while let Some(batch) = stream.next(&mut batches).await {
        if let Destination::Als { .. } = &batch.collector.destination {
            stream.send(batch).await;
        } else {
            super::send(Rc::clone(&stream.worker), batch).await;
        }
    }
}

/// A stream of entries, opened when there is something to send and again whenever it has ended.
struct AlsStream {
    worker: Rc<Worker>,
    timer: Timer,
    stream: Option<CallStream>,
    backoff: Duration,
}

impl AlsStream {
    /// The next batch. Notices meanwhile that the service ends the stream, or is not named any more.
    async fn next(&mut self, batches: &mut UnboundedReceiver<ExportBatch>) -> Option<ExportBatch> {
        let (timer, stream) = (&self.timer, &mut self.stream);
        timer.set(stream.is_some().then(|| timer.now_ms() + LOOK_INTERVAL_MS));
        let next = poll_fn(|cx| {
            if let Poll::Ready(batch) = batches.poll_recv(cx) {
                return Poll::Ready(batch);
            }
            if stream.as_mut().is_some_and(|open| open.poll_ended(cx).is_ready()) {
                *stream = None;
            }
            while stream.is_some() && timer.poll_expired(cx).is_ready() {
                if stream.as_ref().is_some_and(|open| !open.is_current()) {
                    *stream = None;
                }
                timer.set(stream.is_some().then(|| timer.now_ms() + LOOK_INTERVAL_MS));
            }
            Poll::Pending
        })
        .await;
        if stream.as_ref().is_some_and(|open| !open.is_current()) {
            *stream = None;
        }
        next
    }

    /// Sends a batch, however long it takes to find somebody who takes it.
    async fn send(&mut self, batch: ExportBatch) {
        let Destination::Als {
            service, identifier, ..
        } = &batch.collector.destination
        else {
            return;
        };
        loop {
            let mut message = Vec::new();
            if self.stream.is_none() {
                if !self.open(service).await {
                    continue;
                }
                // The first message of a stream says who sends.
                message.extend_from_slice(identifier);
            }
            message.extend_from_slice(&batch.body);
            let Some(stream) = &mut self.stream else { continue };
            if stream.tell(&message, SEND_TIMEOUT_MS).await.is_ok() {
                self.backoff = BACKOFF;
                // The task that drives the connection writes now; until it has, the batch is on its way.
                tokio::task::yield_now().await;
                return count(&self.worker, &batch, true);
            }
            self.stream = None;
            self.wait().await;
        }
    }

    async fn open(&mut self, service: &GrpcCollector) -> bool {
        let mut call = grpc_call(service, ALS_METHOD);
        // A stream lives as long as it may.
        call.fields.retain(|(name, _)| name != "grpc-timeout");
        self.worker.count(Counter::ServiceCalls);
        match CallStream::open(&self.worker, &call).await {
            Ok(stream) => {
                self.stream = Some(stream);
                true
            }
            Err(_) => {
                self.worker.count(Counter::ServiceCallFailures);
                self.wait().await;
                false
            }
        }
    }

    async fn wait(&mut self) {
        // Not all proxies at once.
        self.timer.sleep(self.backoff.mul_f64(0.5 + fastrand::f64())).await;
        self.backoff = (self.backoff * 2).min(MAX_BACKOFF);
    }
}
