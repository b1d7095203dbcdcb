//! One call on the wire.

use std::{future::poll_fn, io::IoSlice, rc::Rc, task::Poll};

use filter::call::{Answer, Call};
use http::{Edits, Fields, Framing, Method, RequestHead, RequestView, ResponseHead, h1, h2};

use crate::{
    error::Failure,
    exchange::{self, BodyPlan, Incoming},
    pool::Upstream,
    snapshot::ClusterEntry,
    wire::{Wire, WireEnd},
    worker::Worker,
};

/// Why there is no answer.
pub(super) enum Broken {
    /// The peer ended before it said anything.
    Silent(Failure),
    Failed(Failure),
    TooLarge,
}

/// Sends the call and reads its answer. True: another request can follow on the connection.
pub(super) async fn exchange(
    worker: &Rc<Worker>,
    cluster: &ClusterEntry,
    call: &Call,
    (authority, is_https): (&[u8], bool),
    up: &mut Upstream,
) -> Result<(Answer, bool), Broken> {
    let method = Method::parse(call.method.as_bytes());
    let (head, request) = checked_head(call, authority).map_err(Broken::Failed)?;
    let mut range = 0..head.len() + call.body.len();
    if let Wire::Stream(stream) = &up.wire {
        write_head(stream, (&head, &request), is_https, call.body.is_empty());
        range.start = head.len();
    }
    let mut incoming = Incoming::default();
    let result = read_answer(worker, cluster, call, (&head, method), range, (up, &mut incoming)).await;
    let has_received = incoming.has_received();
    incoming.release(&worker.buffers, 0);
    result.map_err(|broken| match broken {
        Broken::Failed(failure @ (Failure::ClosedBeforeResponse | Failure::StreamRefused)) if !has_received => {
            Broken::Silent(failure)
        }
        broken => broken,
    })
}

/// Sends the head of a call on a stream. `ends`: nothing follows it.
pub(super) fn send_head(
    stream: &crate::h2::Stream,
    call: &Call,
    (authority, is_https): (&[u8], bool),
    ends: bool,
) -> Result<(), Failure> {
    let (head, request) = checked_head(call, authority)?;
    write_head(stream, (&head, &request), is_https, ends);
    Ok(())
}

fn write_head(stream: &crate::h2::Stream, (head, request): (&[u8], &RequestHead), is_https: bool, ends: bool) {
    stream.send_head(ends, request.method == Method::Head, |writer| {
        let view = RequestView::new(request, head);
        h2::encode_request(view, &Edits::default(), is_https, writer);
    });
}

/// The head, checked as what comes from strangers is: parts of it do.
fn checked_head(call: &Call, authority: &[u8]) -> Result<(Vec<u8>, RequestHead), Failure> {
    let head = encode_head(call, authority);
    let mut request = RequestHead::default();
    let limits = http::Limits {
        max_head_bytes: usize::MAX,
        max_fields: http::Limits::FIELDS,
        ..http::Limits::default()
    };
    h1::parse_request(&head, &limits, &mut request).map_err(|_| Failure::UpstreamProtocol)?;
    Ok((head, request))
}

async fn read_answer(
    worker: &Worker,
    cluster: &ClusterEntry,
    call: &Call,
    (head, method): (&[u8], Method),
    mut range: std::ops::Range<usize>,
    (up, incoming): (&mut Upstream, &mut Incoming),
) -> Result<(Answer, bool), Broken> {
    let limits = http::Limits {
        max_fields: cluster.config.http.max_headers_count as usize,
        ..http::Limits::default()
    };
    let pool = &worker.buffers;
    let mut response = ResponseHead::default();
    let mut answer = Answer::default();
    let mut is_flushed = false;
    let mut has_head = false;
    let mut send_failure = None;
    poll_fn(|cx| {
        while !range.is_empty() && send_failure.is_none() {
            let of_head = head.get(range.start..).unwrap_or_default();
            let of_body = &call.body[range.start.saturating_sub(head.len())..];
            let pieces = [IoSlice::new(of_head), IoSlice::new(of_body)];
            let first = usize::from(of_head.is_empty());
            match up.wire.poll_write(cx, &pieces[first..], true) {
                Poll::Ready(Ok(count)) => range.start += count,
                // It may have answered before it stopped reading.
                Poll::Ready(Err(end)) => send_failure = Some(failure_of(end)),
                Poll::Pending => break,
            }
        }
        if range.is_empty() && !is_flushed && send_failure.is_none() {
            match up.wire.poll_sent(cx) {
                Poll::Ready(Ok(())) => is_flushed = true,
                Poll::Ready(Err(end)) => send_failure = Some(failure_of(end)),
                Poll::Pending => {}
            }
        }
        if !has_head {
            match incoming.poll_head(cx, &mut up.wire, pool, &limits, method, &mut response) {
                Poll::Ready(Ok(())) => {}
                Poll::Ready(Err(broken)) => return Poll::Ready(Err(of_broken(broken))),
                Poll::Pending => return Poll::Pending,
            }
            if response.status == 101 || response.framing == Framing::Tunnel {
                return Poll::Ready(Err(Broken::Failed(Failure::UpstreamProtocol)));
            }
            has_head = true;
            answer.status = response.status;
            take_fields(incoming.head_bytes(), &response.fields, &mut answer.fields);
            let plan = BodyPlan {
                decodes: response.framing == Framing::Chunked,
                ..BodyPlan::default()
            };
            incoming.begin_body(response.framing, plan);
        }
        let body = &mut answer.body;
        incoming
            .poll_collect(cx, &mut up.wire, pool, body, call.max_answer_bytes)
            .map(|result| match result {
                Ok(true) => Ok(()),
                Ok(false) => Err(Broken::TooLarge),
                Err(broken) => Err(of_broken(broken)),
            })
    })
    .await?;
    if let Some((text, fields)) = incoming.trailers() {
        take_fields(text, fields, &mut answer.fields);
    }
    let is_reusable =
        response.keep_alive && is_flushed && !incoming.has_garbage() && response.framing != Framing::Close;
    Ok((answer, is_reusable))
}

fn of_broken(broken: exchange::Broken) -> Broken {
    Broken::Failed(match broken {
        exchange::Broken::Upstream(end) => failure_of(end),
        _ => Failure::UpstreamProtocol,
    })
}

fn failure_of(end: WireEnd) -> Failure {
    match end {
        WireEnd::Closed => Failure::ClosedBeforeResponse,
        WireEnd::Refused => Failure::StreamRefused,
        WireEnd::Reset(_) => Failure::UpstreamReset,
    }
}

fn take_fields(text: &[u8], fields: &Fields, into: &mut Vec<(String, Vec<u8>)>) {
    into.extend(fields.as_slice().iter().map(|field| {
        let name = String::from_utf8_lossy(field.name.of(text)).to_ascii_lowercase();
        (name, field.value.of(text).to_vec())
    }));
}

/// The head as HTTP/1 has it.
fn encode_head(call: &Call, authority: &[u8]) -> Vec<u8> {
    let mut head = Vec::with_capacity(256);
    let mut piece = |bytes: &[u8]| head.extend_from_slice(bytes);
    piece(call.method.as_bytes());
    piece(b" ");
    piece(&call.path);
    piece(b" HTTP/1.1\r\nhost: ");
    piece(authority);
    piece(b"\r\n");
    for (name, value) in &call.fields {
        // A line break would begin another field.
        let is_clean = value
            .iter()
            .all(|byte| *byte == b'\t' || *byte >= b' ' && *byte != 0x7f);
        let is_ours = ["host", "content-length", "transfer-encoding", "connection"]
            .iter()
            .any(|own| name.eq_ignore_ascii_case(own));
        if is_clean && !is_ours {
            piece(name.as_bytes());
            piece(b": ");
            piece(value);
            piece(b"\r\n");
        }
    }
    let has_content = !call.body.is_empty() || !matches!(&*call.method, "GET" | "HEAD" | "OPTIONS" | "DELETE");
    if has_content && !call.is_grpc {
        piece(b"content-length: ");
        piece(itoa::Buffer::new().format(call.body.len()).as_bytes());
        piece(b"\r\n");
    }
    piece(b"\r\n");
    head
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_value_cannot_begin_another_field() {
        let mut call = Call::http(&"up".into(), "GET", "/a", 1000);
        call.set("x-good", "1");
        call.set("x-bad", "1\r\nhost: b");
        call.set("content-length", "7");
        let head = String::from_utf8(encode_head(&call, b"a")).unwrap();
        assert_eq!(head, "GET /a HTTP/1.1\r\nhost: a\r\nx-good: 1\r\n\r\n");
    }

    #[test]
    fn content_has_a_length() {
        let mut call = Call::http(&"up".into(), "POST", "/", 1000);
        call.body = b"abc".to_vec();
        let head = String::from_utf8(encode_head(&call, b"a")).unwrap();
        assert!(head.ends_with("content-length: 3\r\n\r\n"), "{head}");
    }
}
