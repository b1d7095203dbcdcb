//! Responses that are made here.

use std::{future::poll_fn, io::IoSlice, sync::Arc, task::Poll};

use config::{DirectResponse, Redirect, RequestView as _, Route};
use http::{Buffer, Method, h1, h2::FieldWriter};
use telemetry::ResponseFlags;

use super::{Call, Next, Scratch, View, client_gone, effects, local_reply};
use crate::{error::Failure, h2, http_connection::write_all, timer::Timer, wire::Wire};

/// Time to write a response made here to a client that does not read.
const WRITE_TIMEOUT_MS: u64 = 10_000;

pub(super) const GRPC: &[u8] = b"application/grpc";

/// Envoy's response code details.
#[derive(Debug, Clone)]
pub(crate) enum Details {
    Static(&'static str),
    Owned(String),
}

impl Details {
    pub(crate) fn as_str(&self) -> &str {
        match self {
            Self::Static(text) => text,
            Self::Owned(text) => text,
        }
    }
}

/// Text of a body.
#[derive(Debug, Clone)]
pub(crate) enum Body {
    Static(&'static str),
    Shared(Arc<str>),
    Bytes(Vec<u8>),
}

impl Body {
    pub(super) fn as_bytes(&self) -> &[u8] {
        match self {
            Self::Static(text) => text.as_bytes(),
            Self::Shared(text) => text.as_bytes(),
            Self::Bytes(bytes) => bytes,
        }
    }
}

/// A response made here.
#[derive(Debug, Clone)]
pub(crate) struct Reply {
    pub(crate) status: u16,
    pub(crate) flags: ResponseFlags,
    pub(crate) details: Details,
    pub(crate) body: Body,
    /// More fields: complete lines.
    pub(crate) fields: Vec<u8>,
    /// The status of gRPC, in a reply that was made as one of gRPC.
    pub(crate) grpc_status: Option<u16>,
    pub(crate) is_grpc: bool,
    /// A client of gRPC is told that something is used up, not that nobody is there.
    pub(crate) is_resource_exhausted: bool,
}

impl Reply {
    pub(crate) fn status(status: u16, details: &'static str) -> Self {
        Self {
            status,
            flags: ResponseFlags::default(),
            details: Details::Static(details),
            body: Body::Static(""),
            fields: Vec::new(),
            grpc_status: None,
            is_grpc: false,
            is_resource_exhausted: false,
        }
    }

    /// A client of gRPC looks for the status among the fields, of a response that is fine as one of HTTP.
    fn turn_into_grpc(&mut self, content_type: &[u8]) {
        use std::io::Write as _;
        let status = if self.is_resource_exhausted {
            8
        } else {
            grpc_status_of(self.status)
        };
        self.fields.extend_from_slice(b"content-type: ");
        self.fields.extend_from_slice(content_type);
        self.fields.extend_from_slice(b"\r\n");
        // Writing to memory cannot fail.
        let _ = write!(self.fields, "grpc-status: {status}\r\n");
        let message = std::mem::replace(&mut self.body, Body::Static(""));
        if !message.as_bytes().is_empty() {
            self.fields.extend_from_slice(b"grpc-message: ");
            for byte in message.as_bytes() {
                // Percent-encoding of the gRPC protocol.
                if matches!(byte, b' '..=b'~') && *byte != b'%' {
                    self.fields.push(*byte);
                } else {
                    let _ = write!(self.fields, "%{byte:02X}");
                }
            }
            self.fields.extend_from_slice(b"\r\n");
        }
        self.status = 200;
        self.grpc_status = Some(status);
        self.is_grpc = true;
    }

    pub(crate) fn of_failure(failure: Failure) -> Self {
        let mut reply = Self {
            flags: failure.flags(),
            body: Body::Static(failure.body()),
            ..Self::status(failure.status(), failure.details())
        };
        if failure == Failure::Overflow {
            reply.fields.extend_from_slice(b"x-envoy-overloaded: true\r\n");
        }
        reply
    }

    pub(crate) fn direct(direct: &DirectResponse) -> Self {
        Self {
            body: Body::Shared(Arc::clone(&direct.body)),
            ..Self::status(direct.status, "direct_response")
        }
    }

    pub(crate) fn redirect(route: &Route, redirect: &Redirect, view: &View<'_>) -> Self {
        let mut location = Vec::with_capacity(128);
        route::redirect_location(route, redirect, view, &mut location);
        Self::to(redirect.status, &location)
    }

    pub(crate) fn to_https(view: &View<'_>) -> Self {
        let location = [b"https://", view.authority(), view.path()].concat();
        Self::to(301, &location)
    }

    pub(crate) fn to_path(path: &[u8]) -> Self {
        Self::to(307, path)
    }

    fn to(status: u16, location: &[u8]) -> Self {
        let mut reply = Self::status(status, "direct_response");
        // The parts come from a request line that was checked; what configuration adds must not break the head either.
        let clean = location.iter().copied().filter(u8::is_ascii_graphic);
        reply.fields = b"location: ".iter().copied().chain(clean).chain(*b"\r\n").collect();
        reply
    }
}

/// Writes a reply, and says what becomes of the connection.
pub(super) async fn send(
    call: &mut Call<'_>,
    wire: &mut Wire,
    buffer: &Buffer,
    scratch: &mut Scratch,
    timer: &Timer,
    mut reply: Reply,
) -> Next {
    call.flags = call.flags.with(reply.flags);
    let http = call.http;
    if let Some(replies) = &http.local_replies
        && !reply.is_grpc
    {
        local_reply::rewrite(call, replies, buffer, scratch, &mut reply);
    }
    if call.is_grpc && !reply.is_grpc {
        let web = call.effects.grpc_web.and_then(|web| web.response_type(GRPC));
        reply.turn_into_grpc(web.as_deref().unwrap_or(GRPC));
    }
    call.status = reply.status;
    call.grpc_status = reply.grpc_status;
    call.details = reply.details;
    // A body that is still on its way would have to be read to the end; a client that waits for permission to send it
    // may or may not send it.
    let is_body_here = scratch.outgoing.is_body_taken() && !scratch.request.expects_continue;
    // What follows a refused CONNECT may have been meant for the tunnel.
    let is_connect = scratch.request.method == Method::Connect;
    call.closes |= !is_body_here || is_connect || call.served.is_draining();
    let body = reply.body.as_bytes();
    let mut fields = reply.fields;
    effects::write_response_fields(&call.effects, &mut fields);
    if !body.is_empty() && !has_content_type(&fields) {
        fields.extend_from_slice(b"content-type: text/plain\r\n");
    }
    if !call.http.config.server_name.is_empty() {
        fields.extend_from_slice(b"server: ");
        fields.extend_from_slice(call.http.config.server_name.as_bytes());
        fields.extend_from_slice(b"\r\n");
    }
    let id = &scratch.notes.request_id;
    if !id.is_empty() {
        fields.extend_from_slice(b"x-request-id: ");
        fields.extend_from_slice(id);
        fields.extend_from_slice(b"\r\n");
    }
    scratch.notes.take_lines(&call.http.logs.wants, &fields);
    scratch.notes.take_length(&call.http.logs.wants, body.len());
    let has_body = scratch.request.method != Method::Head;
    if let Some(tapped) = &mut scratch.tap {
        tapped.take_reply(call.status, &fields, if has_body { body } else { b"" });
    }
    call.response_bytes = if has_body { body.len() as u64 } else { 0 };
    if let Wire::Stream(stream) = wire {
        return send_on_stream(call, stream, timer, &fields, if has_body { body } else { b"" }).await;
    }
    let mut out = std::mem::take(&mut scratch.incoming.out);
    out.clear();
    h1::write_local_reply(call.status, &fields, body, has_body, !call.closes, &mut out);
    let is_sent = write(call, wire, timer, &mut out).await;
    out.clear();
    scratch.incoming.out = out;
    match (is_sent, call.closes) {
        (false, _) => client_gone(call),
        (true, true) => Next::Close,
        (true, false) => Next::KeepAlive,
    }
}

/// Whether lines of fields say what kind of content follows.
fn has_content_type(fields: &[u8]) -> bool {
    const NAME: &[u8] = b"content-type:";
    let mut lines = fields.split(|byte| *byte == b'\n');
    lines.any(|line| {
        line.get(..NAME.len())
            .is_some_and(|start| start.eq_ignore_ascii_case(NAME))
    })
}

async fn send_on_stream(call: &mut Call<'_>, stream: &h2::Stream, timer: &Timer, fields: &[u8], body: &[u8]) -> Next {
    stream.send_head(body.is_empty(), false, |writer| {
        write_head(call.status, fields, body.len(), writer);
    });
    let mut sent = 0;
    timer.set(Some(call.worker.timers.now_ms() + WRITE_TIMEOUT_MS));
    let is_sent = poll_fn(|cx| {
        while sent < body.len() {
            match stream.poll_send(cx, &[IoSlice::new(&body[sent..])], true) {
                Poll::Ready(Ok(count)) => sent += count,
                Poll::Ready(Err(_)) => return Poll::Ready(false),
                Poll::Pending => return timer.poll_expired(cx).map(|()| false),
            }
        }
        Poll::Ready(true)
    })
    .await;
    if is_sent { Next::KeepAlive } else { client_gone(call) }
}

/// A reply's head, from its lines.
pub(super) fn write_head(status: u16, fields: &[u8], length: usize, writer: &mut FieldWriter<'_>) {
    let mut number = itoa::Buffer::new();
    writer.field(b":status", number.format(status).as_bytes());
    for line in fields.split(|byte| *byte == b'\n') {
        let line = line.strip_suffix(b"\r").unwrap_or(line);
        if let Some(at) = line.iter().position(|byte| *byte == b':') {
            writer.field(&line[..at], line[at + 1..].trim_ascii_start());
        }
    }
    if !matches!(status, 100..=199 | 204 | 304) {
        writer.field(b"content-length", number.format(length).as_bytes());
    }
}

/// Writes bytes to a client of HTTP/1. False: it is gone, or does not read.
pub(super) async fn write(call: &Call<'_>, wire: &mut Wire, timer: &Timer, out: &mut Vec<u8>) -> bool {
    timer.set(Some(call.worker.timers.now_ms() + WRITE_TIMEOUT_MS));
    poll_fn(|cx| match write_all(cx, wire, out) {
        Poll::Pending => timer.poll_expired(cx).map(|()| false),
        Poll::Ready(result) => Poll::Ready(result.is_ok()),
    })
    .await
}

/// The status of gRPC that stands for one of HTTP (grpc's `http-grpc-status-mapping`).
pub(super) fn grpc_status_of(status: u16) -> u16 {
    match status {
        400 => 13,
        401 => 16,
        403 => 7,
        404 => 12,
        429 | 502..=504 => 14,
        _ => 2,
    }
}
