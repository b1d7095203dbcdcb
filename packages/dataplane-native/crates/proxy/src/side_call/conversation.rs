//! What is said to a service about one request and its response, on one stream: one question after the other, or both sides whenever they have something to say.

use std::{
    cell::Cell,
    future::{Future as _, poll_fn},
    rc::Rc,
    task::{Context, Poll},
};

use config::ExtProcBody;
use filter::{
    call::{Call, CallFailure},
    ext_proc::{Phase, Settings},
};
use tokio::sync::Mutex;

use super::{CallStream, dialogue::Dialogue};
use crate::worker::Worker;

/// Time for the answer to a head, in milliseconds, where the service answers whenever it likes: what Envoy lets a stream be idle by default.
const DUPLEX_TIMEOUT_MS: u64 = 300_000;

/// A service that is shown a request and its response.
pub(crate) struct Conversation {
    worker: Rc<Worker>,
    manner: Manner,
    /// For an answer about the request, and about the response.
    timeouts_ms: (u64, u64),
    has_begun: Cell<bool>,
    is_over: Cell<bool>,
}

/// How they speak.
enum Manner {
    /// Both directions may have questions at a time; they take turns.
    Turns(Box<Turns>),
    /// Neither waits for the other.
    Both(Box<Dialogue>),
}

struct Turns {
    call: Call,
    timeout_ms: u64,
    max_answer_bytes: usize,
    only_observes: bool,
    deferred_close_ms: u64,
    stream: Mutex<Option<Box<CallStream>>>,
}

impl Conversation {
    /// Nothing has been said yet. `max_content_bytes`: the most that is shown, and so answered, in one piece.
    pub(crate) fn new(worker: &Rc<Worker>, settings: Settings<'_>, max_content_bytes: usize) -> Rc<Self> {
        // What is not content in an answer.
        const MAX_FIELD_BYTES: usize = 64 * 1024;
        let (call, timeout_ms) = (settings.stream(), settings.timeout_ms());
        let max_answer_bytes = max_content_bytes.max(1024 * 1024) + MAX_FIELD_BYTES;
        let mode = settings.mode();
        let manner = if mode.is_full_duplex() && !settings.only_observes() {
            Manner::Both(Box::new(Dialogue::new(worker, call, timeout_ms, max_answer_bytes)))
        } else {
            Manner::Turns(Box::new(Turns {
                call,
                timeout_ms,
                max_answer_bytes,
                only_observes: settings.only_observes(),
                deferred_close_ms: settings.deferred_close_ms(),
                stream: Mutex::new(None),
            }))
        };
        let timeout_of = |body| match body {
            ExtProcBody::FullDuplexStreamed => DUPLEX_TIMEOUT_MS,
            _ => timeout_ms,
        };
        Rc::new(Self {
            worker: Rc::clone(worker),
            manner,
            timeouts_ms: (timeout_of(mode.request_body), timeout_of(mode.response_body)),
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
    pub(crate) async fn ask(&self, phase: Phase, message: &[u8]) -> Result<Option<Vec<u8>>, CallFailure> {
        if self.is_over() {
            return Ok(None);
        }
        let timeout_ms = match phase {
            Phase::Request => self.timeouts_ms.0,
            Phase::Response => self.timeouts_ms.1,
        };
        match &self.manner {
            Manner::Both(dialogue) => {
                let result = dialogue.ask(phase, message, timeout_ms).await;
                if !matches!(result, Ok(Some(_))) {
                    self.is_over.set(true);
                }
                result
            }
            Manner::Turns(turns) => turns.ask(&self.worker, &self.is_over, message).await,
        }
    }

    /// Says something that no answer of its own belongs to, where the service speaks whenever it likes.
    pub(crate) fn say(&self, message: &[u8]) {
        if let Manner::Both(dialogue) = &self.manner {
            dialogue.say(message);
        }
    }

    /// Ready when the service has taken all that was said, or takes nothing more: false.
    pub(crate) fn poll_sent(&self, cx: &mut Context<'_>) -> Poll<bool> {
        match &self.manner {
            Manner::Both(dialogue) => dialogue.poll_sent(cx),
            Manner::Turns(_) => Poll::Ready(false),
        }
    }

    /// What the service says next about the request, or about the response. None: it has ended the stream in order.
    pub(crate) fn poll_word(&self, cx: &mut Context<'_>, phase: Phase) -> Poll<Result<Option<Vec<u8>>, CallFailure>> {
        match &self.manner {
            Manner::Both(dialogue) => dialogue.poll_word(cx, phase),
            Manner::Turns(_) => Poll::Ready(Ok(None)),
        }
    }
}

impl Turns {
    async fn ask(
        &self,
        worker: &Rc<Worker>,
        is_over: &Cell<bool>,
        message: &[u8],
    ) -> Result<Option<Vec<u8>>, CallFailure> {
        let mut slot = self.stream.lock().await;
        // It may have ended while others were asking.
        if is_over.get() {
            return Ok(None);
        }
        let result = self.ask_on(worker, &mut slot, message).await;
        if self.only_observes {
            // What does not reach an observer changes nothing, and there is no sense in trying again.
            if result.is_err() {
                is_over.set(true);
            }
            return Ok(None);
        }
        if !matches!(result, Ok(Some(_))) {
            is_over.set(true);
        }
        result
    }

    async fn ask_on(
        &self,
        worker: &Rc<Worker>,
        slot: &mut Option<Box<CallStream>>,
        message: &[u8],
    ) -> Result<Option<Vec<u8>>, CallFailure> {
        let stream = match slot {
            Some(stream) => stream,
            None => slot.insert(Box::new(open(worker, &self.call, self.timeout_ms).await?)),
        };
        if self.only_observes {
            return stream.show(message, self.timeout_ms).await.map(|()| None);
        }
        stream.ask(message, self.timeout_ms, self.max_answer_bytes).await
    }
}

/// Opens a stream, in so much time.
pub(super) async fn open(worker: &Rc<Worker>, call: &Call, timeout_ms: u64) -> Result<CallStream, CallFailure> {
    let timer = worker.timers.timer();
    timer.set(Some(timer.now_ms() + timeout_ms));
    let mut opening = Box::pin(CallStream::open(worker, call));
    poll_fn(|cx| match opening.as_mut().poll(cx) {
        Poll::Ready(result) => Poll::Ready(result),
        Poll::Pending => timer.poll_expired(cx).map(|()| Err(CallFailure::Timeout)),
    })
    .await
}

impl Drop for Turns {
    fn drop(&mut self) {
        // Whoever only observes may not have read what was said last.
        if self.only_observes
            && let Some(stream) = self.stream.get_mut().take()
        {
            tokio::task::spawn_local(stream.close_later(self.deferred_close_ms));
        }
    }
}
