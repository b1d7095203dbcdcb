//! Extensions that look at heads, along a request's way: the streams that services are asked on live as long as it does.

use std::{
    future::{Future as _, poll_fn},
    task::Poll,
};

use config::RequestView as _;
use filter::{
    call::CallFailure,
    ext_proc::{Decision, Phase},
    extension::{Extension, Shown as ShownHead},
};
use http::{Buffer, Framing};

use super::{Call, Reply, Scratch, View, effects};
use crate::{
    filters::{self, Show, Way},
    modules,
    side_call::CallStream,
    wire::Wire,
};

/// An extension that looks at this request.
pub(crate) struct Processor {
    /// None: it has not been asked yet, or is no service.
    stream: Option<Box<CallStream>>,
    /// Which filter it belongs to.
    position: usize,
    pub(super) wants_response: bool,
}

/// What came of showing something: an answer, or nothing where nothing was to be shown yet.
pub(crate) type Shown = Option<Result<Option<Vec<u8>>, CallFailure>>;

/// Why a response is not the upstream's.
pub(super) enum Stop {
    /// The client has left.
    Gone,
    Reply(Box<Reply>),
}

/// Shows the request's head, unless the client leaves.
pub(super) async fn show_request(
    call: &mut Call<'_>,
    wire: &mut Wire,
    buffer: &mut Buffer,
    scratch: &Scratch,
    show: Show,
) -> Result<Shown, ()> {
    let begin_ms = call.worker.timers.now_ms();
    let mut processor = Processor {
        stream: None,
        position: show.position,
        wants_response: show.wants_response,
    };
    let shown = match &show.message {
        None => None,
        Some(message) => {
            let asking = Box::pin(ask(
                call,
                &mut processor,
                &show.way,
                (Phase::Request, message),
                show.timeout_ms,
            ));
            Some(unless_gone(asking, wire, buffer, scratch).await?)
        }
    };
    call.processors.push(processor);
    call.held_ms += call.worker.timers.now_ms().saturating_sub(begin_ms);
    Ok(shown)
}

/// Shows the response's head to those who want it, the last one first, and takes over what they change.
pub(super) async fn show_response(
    call: &mut Call<'_>,
    wire: &mut Wire,
    buffer: &mut Buffer,
    scratch: &mut Scratch,
) -> Result<(), Stop> {
    while let Some(mut processor) = call.processors.pop() {
        let route = (call.found, call.choice);
        let extender = call.http.filters.extender(processor.position, route, call.routes);
        let Some(extender) = extender.filter(|_| processor.wants_response) else {
            continue;
        };
        let extension = extender.extension();
        let message = response_message(call, buffer, scratch, extension);
        let way = extender.way();
        let question = (Phase::Response, &*message);
        let asking = Box::pin(ask(call, &mut processor, &way, question, extension.timeout_ms()));
        let answer = unless_gone(asking, wire, buffer, scratch)
            .await
            .map_err(|()| Stop::Gone)?;
        match extension.decide(Phase::Response, answer) {
            Decision::Reply(mut immediate) => {
                filters::merge(&mut call.effects.metadata, immediate.metadata.take());
                return Err(Stop::Reply(Box::new(filters::immediate(*immediate))));
            }
            Decision::Fail { status } => return Err(Stop::Reply(Box::new(extender.failed(status)))),
            Decision::Continue(changes) => {
                filters::merge(&mut call.effects.metadata, changes.metadata);
                let head = scratch.incoming.head_bytes();
                let (fields, edits) = (&scratch.response.fields, &mut scratch.response_edits);
                for name in &changes.remove {
                    edits.remove(head, fields, name.as_str());
                }
                for change in &changes.set {
                    effects::apply(change, edits, head, fields);
                }
                if let Some(status) = changes.status {
                    scratch.response.status = status;
                    call.status = status;
                }
            }
        }
    }
    Ok(())
}

fn response_message(call: &Call<'_>, buffer: &Buffer, scratch: &Scratch, extension: &dyn Extension) -> Vec<u8> {
    let head = scratch.incoming.head_bytes();
    let mut fields: Vec<(&[u8], &[u8])> = Vec::with_capacity(scratch.response.fields.as_slice().len() + 4);
    scratch
        .response_edits
        .for_each(head, &scratch.response.fields, |_, name, value| {
            fields.push((name, value));
        });
    let view = View::new(call, buffer, scratch);
    let client = call.remote.map(|address| address.to_string());
    let shown = ShownHead {
        status: scratch.response.status,
        method: view.method(),
        path: view.path(),
        authority: view.authority(),
        scheme: view.scheme(),
        fields: &fields,
        is_whole: scratch.response.framing == Framing::None,
        body: None,
        route: call.found.map_or("", |found| &found.route.name),
        client: client.as_deref().unwrap_or_default(),
        principal: filters::principal(&call.served.facts),
        metadata: call.effects.metadata.as_ref(),
    };
    extension.question(Phase::Response, &shown)
}

async fn ask(
    call: &Call<'_>,
    processor: &mut Processor,
    way: &Way,
    (phase, message): (Phase, &[u8]),
    timeout_ms: u64,
) -> Result<Option<Vec<u8>>, CallFailure> {
    let stream = match way {
        Way::Stream(stream) => stream,
        Way::Thread(instance) => {
            let answer = modules::ask(call.worker, instance, phase, message.to_vec(), timeout_ms).await;
            return answer.map(Some);
        }
    };
    let timer = call.worker.timers.timer();
    timer.set(Some(timer.now_ms() + timeout_ms));
    let stream = match &mut processor.stream {
        Some(stream) => stream,
        None => {
            let mut opening = Box::pin(CallStream::open(&call.served.worker, stream));
            let opened = poll_fn(|cx| match opening.as_mut().poll(cx) {
                Poll::Ready(result) => Poll::Ready(result),
                Poll::Pending => timer.poll_expired(cx).map(|()| Err(CallFailure::Timeout)),
            })
            .await?;
            processor.stream.insert(Box::new(opened))
        }
    };
    stream.ask(message, timeout_ms).await
}

/// Waits for an answer, unless the client leaves.
async fn unless_gone<T>(
    mut asking: std::pin::Pin<Box<impl Future<Output = T>>>,
    wire: &mut Wire,
    buffer: &mut Buffer,
    scratch: &Scratch,
) -> Result<T, ()> {
    poll_fn(|cx| {
        if let Poll::Ready(answer) = asking.as_mut().poll(cx) {
            return Poll::Ready(Ok(answer));
        }
        let client = scratch.outgoing.poll_client(cx, buffer, wire);
        client.map(|_| Err(()))
    })
    .await
}
