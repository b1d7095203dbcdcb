//! Recording a request that somebody wants to see.

use std::sync::Arc;

use config::RequestView as _;
use filter::tap::{self, Field, Message, Trace};
use http::{Buffer, Edits, Fields};
use telemetry::Counter;

use super::{Call, Scratch, View};
use crate::{exchange::BodyTap, tap::Session};

/// A request that is recorded.
pub(super) struct Tapped {
    sessions: Vec<Arc<Session>>,
    /// The response's head as the client gets it.
    head: Vec<Field>,
    /// The body of an answer of the proxy's own.
    own_body: Option<Vec<u8>>,
}

impl Tapped {
    /// The head of an upstream's response, as it goes on.
    pub(super) fn take_head(&mut self, status: u16, edits: &Edits, head: &[u8], fields: &Fields) {
        self.head.clear();
        self.head.push(status_field(status));
        edits.for_each(head, fields, |_, name, value| {
            self.head.push((name.to_ascii_lowercase(), value.to_vec()));
        });
    }

    /// An answer of the proxy's own.
    pub(super) fn take_reply(&mut self, status: u16, lines: &[u8], body: &[u8]) {
        self.head.clear();
        self.head.push(status_field(status));
        for line in lines.split(|byte| *byte == b'\n') {
            if let Some(at) = line.iter().position(|byte| *byte == b':') {
                let (name, value) = (&line[..at], line[at + 1..].trim_ascii());
                self.head.push((name.to_ascii_lowercase(), value.to_vec()));
            }
        }
        self.own_body = Some(body.to_vec());
    }
}

fn status_field(status: u16) -> Field {
    (b":status".to_vec(), status.to_string().into_bytes())
}

/// Begins to record, where somebody wants this request as far as its head shows.
pub(super) fn begin(call: &Call<'_>, buffer: &Buffer, scratch: &mut Scratch) {
    let view = View::new(call, buffer, scratch);
    let sessions: Vec<Arc<Session>> = call
        .http
        .filters
        .taps(call.found, call.choice)
        .chain([&call.worker.shared.taps.everything])
        .filter_map(|point| point.session())
        .filter(|session| {
            let config = session.config();
            config.enabled.contains(call.random) && tap::decides(&config.matches, &view) != Some(false)
        })
        .collect();
    if sessions.is_empty() {
        return;
    }
    let most = |of: fn(&config::TapConfig) -> u32| {
        let all = sessions.iter().map(|session| of(session.config()));
        all.max().unwrap_or_default() as usize
    };
    let (request, response) = (
        most(|config| config.max_request_bytes),
        most(|config| config.max_response_bytes),
    );
    scratch.outgoing.set_tap(buffer, Box::new(BodyTap::new(request)));
    scratch.incoming.tap = Some(Box::new(BodyTap::new(response)));
    scratch.tap = Some(Box::new(Tapped {
        sessions,
        head: Vec::new(),
        own_body: None,
    }));
}

/// Nothing of this request is recorded after all.
pub(super) fn forget(scratch: &mut Scratch) {
    scratch.tap = None;
    scratch.outgoing.tap = None;
    scratch.incoming.tap = None;
}

/// Hands on what was recorded of a request that has ended.
pub(super) fn end(call: &Call<'_>, buffer: &Buffer, scratch: &mut Scratch) {
    let Some(tapped) = scratch.tap.take() else { return };
    let headers = request_headers(call, buffer, scratch);
    let (outgoing, incoming) = (scratch.outgoing.tap.take(), scratch.incoming.tap.take());
    for session in &tapped.sessions {
        let config = session.config();
        let mut trace = Trace {
            request: message(headers.clone(), outgoing.as_deref(), config.max_request_bytes),
            response: match &tapped.own_body {
                Some(body) => own(tapped.head.clone(), body, config.max_response_bytes),
                None => message(tapped.head.clone(), incoming.as_deref(), config.max_response_bytes),
            },
        };
        let owned = |(name, value): (&[u8], &[u8])| (name.to_ascii_lowercase(), value.to_vec());
        trace.request.trailers.extend(scratch.outgoing.trailers().map(owned));
        if tapped.own_body.is_none() {
            trace.response.trailers.extend(scratch.incoming.trailers().map(owned));
        }
        if tap::matches(&config.matches, &trace) && !call.worker.shared.taps.hand_on(session, trace) {
            call.worker.count(Counter::TapTracesDropped);
        }
    }
}

fn request_headers(call: &Call<'_>, buffer: &Buffer, scratch: &Scratch) -> Vec<Field> {
    let view = View::new(call, buffer, scratch);
    let pseudo: [(&str, &[u8]); 4] = [
        (":authority", view.authority()),
        (":path", view.path()),
        (":method", view.method()),
        (":scheme", view.scheme()),
    ];
    let mut headers: Vec<Field> = pseudo
        .iter()
        .map(|(name, value)| (name.as_bytes().to_vec(), value.to_vec()))
        .collect();
    scratch
        .edits
        .for_each(buffer.filled(), &scratch.request.fields, |_, name, value| {
            if !name.eq_ignore_ascii_case(b"host") {
                headers.push((name.to_ascii_lowercase(), value.to_vec()));
            }
        });
    headers
}

fn message(headers: Vec<Field>, body: Option<&BodyTap>, most: u32) -> Message {
    let (kept, is_truncated) = body.map_or((&[][..], false), |body| body.kept(most as usize));
    Message {
        headers,
        body: kept.to_vec(),
        is_truncated,
        trailers: body.map(BodyTap::trailers).unwrap_or_default(),
    }
}

fn own(headers: Vec<Field>, body: &[u8], most: u32) -> Message {
    let kept = body.len().min(most as usize);
    Message {
        headers,
        body: body[..kept].to_vec(),
        is_truncated: kept < body.len(),
        trailers: Vec::new(),
    }
}
