//! A stream of gRPC to a service on which both sides speak whenever they have something to say.

use std::{
    cell::RefCell,
    collections::VecDeque,
    future::poll_fn,
    pin::Pin,
    rc::Rc,
    task::{Context, Poll, ready},
};

use filter::{
    call::{Call, CallFailure},
    ext_proc::{Phase, phase_of},
};

use super::{CallStream, conversation};
use crate::worker::Worker;

type Opening = Pin<Box<dyn Future<Output = Result<CallStream, CallFailure>>>>;

/// The words about a request and about its response, as they come on one stream. Whoever waits for one side's takes the other's from the wire too and leaves
/// them for it. Both sides are polled by the task of their request.
pub(super) struct Dialogue {
    worker: Rc<Worker>,
    /// The most that one word may be, and that may wait for either side.
    max_answer_bytes: usize,
    state: RefCell<State>,
}

struct State {
    link: Link,
    /// What was said and is not sent yet.
    out: Vec<u8>,
    sent: usize,
    /// The service takes nothing more.
    is_deaf: bool,
    about_request: Waiting,
    about_response: Waiting,
}

/// Words that nobody has taken yet.
#[derive(Default)]
struct Waiting {
    words: VecDeque<Vec<u8>>,
    bytes: usize,
}

enum Link {
    Opening(Opening),
    Open(Box<CallStream>),
    Ended(Result<(), CallFailure>),
}

impl Dialogue {
    /// The stream is opened when something waits to be said.
    pub(super) fn new(worker: &Rc<Worker>, call: Call, timeout_ms: u64, max_answer_bytes: usize) -> Self {
        let opener = Rc::clone(worker);
        let opening = async move { conversation::open(&opener, &call, timeout_ms).await };
        Self {
            worker: Rc::clone(worker),
            max_answer_bytes,
            state: RefCell::new(State {
                link: Link::Opening(Box::pin(opening)),
                out: Vec::new(),
                sent: 0,
                is_deaf: false,
                about_request: Waiting::default(),
                about_response: Waiting::default(),
            }),
        }
    }

    /// Says something. What bounds how much waits to be sent is that nobody says more before `poll_sent`, or before an answer.
    pub(super) fn say(&self, message: &[u8]) {
        let mut state = self.state.borrow_mut();
        if !state.is_deaf {
            CallStream::frame(message, &mut state.out);
        }
    }

    /// Ready when the service has taken all that was said, or takes nothing more: false.
    pub(super) fn poll_sent(&self, cx: &mut Context<'_>) -> Poll<bool> {
        self.state.borrow_mut().poll_sent(cx, &self.worker)
    }

    /// The next word about one side's message. None: the service has ended the stream in order.
    pub(super) fn poll_word(&self, cx: &mut Context<'_>, phase: Phase) -> Poll<Result<Option<Vec<u8>>, CallFailure>> {
        let mut state = self.state.borrow_mut();
        if let Some(word) = state.waiting(phase).words.pop_front() {
            let waiting = state.waiting(phase);
            let was_full = waiting.bytes > self.max_answer_bytes;
            waiting.bytes -= word.len();
            if was_full {
                // The other side may read on.
                cx.waker().wake_by_ref();
            }
            return Poll::Ready(Ok(Some(word)));
        }
        let _ = state.poll_sent(cx, &self.worker);
        loop {
            if state.waiting(phase.other()).bytes > self.max_answer_bytes {
                return Poll::Pending;
            }
            let stream = match &mut state.link {
                Link::Opening(_) => return Poll::Pending,
                Link::Ended(result) => return Poll::Ready(result.map(|()| None)),
                Link::Open(stream) => stream,
            };
            let received = ready!(stream.poll_receive(cx, self.max_answer_bytes));
            stream.note(received.as_ref().err());
            match received {
                Ok(Some(word)) if phase_of(&word) == Some(phase.other()) => {
                    let waiting = state.waiting(phase.other());
                    waiting.bytes += word.len();
                    waiting.words.push_back(word);
                    cx.waker().wake_by_ref();
                }
                Ok(Some(word)) => return Poll::Ready(Ok(Some(word))),
                Ok(None) => state.end(Ok(())),
                Err(failure) => state.end(Err(failure)),
            }
        }
    }

    /// Says something and waits for the next word about its message.
    pub(super) async fn ask(
        &self,
        phase: Phase,
        message: &[u8],
        timeout_ms: u64,
    ) -> Result<Option<Vec<u8>>, CallFailure> {
        self.say(message);
        let timer = self.worker.timers.timer();
        timer.set(Some(timer.now_ms() + timeout_ms));
        poll_fn(|cx| match self.poll_word(cx, phase) {
            Poll::Ready(answer) => Poll::Ready(answer),
            Poll::Pending => timer.poll_expired(cx).map(|()| Err(CallFailure::Timeout)),
        })
        .await
    }
}

impl State {
    fn waiting(&mut self, phase: Phase) -> &mut Waiting {
        match phase {
            Phase::Request => &mut self.about_request,
            Phase::Response => &mut self.about_response,
        }
    }

    fn poll_sent(&mut self, cx: &mut Context<'_>, worker: &Worker) -> Poll<bool> {
        while self.sent < self.out.len() && !self.is_deaf {
            match &mut self.link {
                Link::Opening(opening) => match ready!(opening.as_mut().poll(cx)) {
                    Ok(stream) => self.link = Link::Open(Box::new(stream)),
                    Err(failure) => {
                        worker.count(telemetry::Counter::ServiceCallFailures);
                        self.end(Err(failure));
                    }
                },
                Link::Open(stream) => match ready!(stream.poll_say(cx, &self.out[self.sent..])) {
                    Ok(count) => self.sent += count,
                    // What it has said before that, and how it ended, is still to be heard.
                    Err(_) => self.is_deaf = true,
                },
                Link::Ended(_) => self.is_deaf = true,
            }
        }
        self.out.clear();
        self.sent = 0;
        Poll::Ready(!self.is_deaf)
    }

    fn end(&mut self, result: Result<(), CallFailure>) {
        self.link = Link::Ended(result);
        self.is_deaf = true;
    }
}
