//! What is said to a service about one request and its response: one question after the other on one stream.

use std::{
    cell::Cell,
    future::{Future as _, poll_fn},
    rc::Rc,
    task::Poll,
};

use filter::{
    call::{Call, CallFailure},
    ext_proc::Settings,
};
use tokio::sync::Mutex;

use super::CallStream;
use crate::worker::Worker;

/// A service that is shown a request and its response. Both directions may have questions at a time; they take turns.
pub(crate) struct Conversation {
    worker: Rc<Worker>,
    call: Call,
    timeout_ms: u64,
    max_answer_bytes: usize,
    only_observes: bool,
    deferred_close_ms: u64,
    stream: Mutex<Option<Box<CallStream>>>,
    has_begun: Cell<bool>,
    is_over: Cell<bool>,
}

impl Conversation {
    /// Nothing has been said yet. `max_content_bytes`: the most that is shown, and so answered, in one piece.
    pub(crate) fn new(worker: &Rc<Worker>, settings: Settings<'_>, max_content_bytes: usize) -> Rc<Self> {
        // What is not content in an answer.
        const MAX_FIELD_BYTES: usize = 64 * 1024;
        Rc::new(Self {
            worker: Rc::clone(worker),
            call: settings.stream(),
            timeout_ms: settings.timeout_ms(),
            max_answer_bytes: max_content_bytes.max(1024 * 1024) + MAX_FIELD_BYTES,
            only_observes: settings.only_observes(),
            deferred_close_ms: settings.deferred_close_ms(),
            stream: Mutex::new(None),
            has_begun: Cell::new(false),
            is_over: Cell::new(false),
        })
    }

    /// Whether the next message is the first one. True once.
    pub(crate) fn begins(&self) -> bool {
        !self.has_begun.replace(true)
    }

    /// Whether the service has said that it wants no more, or failed.
    pub(crate) fn is_over(&self) -> bool {
        self.is_over.get()
    }

    /// The service is told nothing more.
    pub(crate) fn end(&self) {
        self.is_over.set(true);
    }

    /// Sends a message and waits for what is said to it. None: the service has ended the stream in order, or only observes.
    pub(crate) async fn ask(&self, message: &[u8]) -> Result<Option<Vec<u8>>, CallFailure> {
        let mut slot = self.stream.lock().await;
        if self.is_over() {
            return Ok(None);
        }
        let result = self.ask_on(&mut slot, message).await;
        if self.only_observes {
            // What does not reach an observer changes nothing, and there is no sense in trying again.
            if result.is_err() {
                self.is_over.set(true);
            }
            return Ok(None);
        }
        if !matches!(result, Ok(Some(_))) {
            self.is_over.set(true);
        }
        result
    }

    async fn ask_on(&self, slot: &mut Option<Box<CallStream>>, message: &[u8]) -> Result<Option<Vec<u8>>, CallFailure> {
        let stream = match slot {
            Some(stream) => stream,
            None => slot.insert(Box::new(self.open().await?)),
        };
        if self.only_observes {
            return stream.show(message, self.timeout_ms).await.map(|()| None);
        }
        stream.ask(message, self.timeout_ms, self.max_answer_bytes).await
    }

    async fn open(&self) -> Result<CallStream, CallFailure> {
        let timer = self.worker.timers.timer();
        timer.set(Some(timer.now_ms() + self.timeout_ms));
        let mut opening = Box::pin(CallStream::open(&self.worker, &self.call));
        poll_fn(|cx| match opening.as_mut().poll(cx) {
            Poll::Ready(result) => Poll::Ready(result),
            Poll::Pending => timer.poll_expired(cx).map(|()| Err(CallFailure::Timeout)),
        })
        .await
    }
}

impl Drop for Conversation {
    fn drop(&mut self) {
        // Whoever only observes may not have read what was said last.
        if self.only_observes
            && let Some(stream) = self.stream.get_mut().take()
        {
            tokio::task::spawn_local(stream.close_later(self.deferred_close_ms));
        }
    }
}
