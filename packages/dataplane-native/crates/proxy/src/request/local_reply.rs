//! Answers that are made here, as the configuration wants them (`local_reply_config`).

use config::{HeaderAppendAction, HeaderSet, NameKind};
use http::{Buffer, RequestView};
use telemetry::{AccessLog, CaptureWriter, LabelsId};

use super::{Body, Call, Reply, Scratch, attempt, record};
use crate::{
    format,
    logging::{Format, LocalReplies, Mapper, ResponseNotes},
};

/// What no configuration may say about an answer.
const FRAMING: [&str; 3] = ["content-length", "transfer-encoding", "connection"];

/// Makes of a reply what the configuration wants.
pub(super) fn rewrite(
    call: &mut Call<'_>,
    replies: &LocalReplies,
    buffer: &Buffer,
    scratch: &Scratch,
    reply: &mut Reply,
) {
    call.status = reply.status;
    call.details.clone_from(&reply.details);
    let mapper = find(call, replies, buffer, scratch);
    if let Some(mapper) = mapper {
        if let Some(body) = &mapper.body {
            reply.body = Body::Shared(body.clone());
        }
        let mut text = Vec::new();
        for set in &mapper.headers {
            text.clear();
            let request = RequestView::new(&scratch.request, buffer.filled());
            format::write(&set.value, &attempt::values(call, request, None), &mut text);
            set_field(&mut reply.fields, set, &text);
        }
        if let Some(status) = mapper.status {
            reply.status = status;
            call.status = status;
        }
    }
    let of_mapper = mapper.and_then(|mapper| mapper.format.as_ref());
    if let Some(format) = of_mapper.or(replies.format.as_ref()) {
        let body = write(call, format, buffer, scratch, reply);
        // Plain text is what is meant where nothing else is: it replaces nothing.
        let stays = &*format.content_type == "text/plain" && has_field(&reply.fields, "content-type");
        if !stays && !call.is_grpc && !body.is_empty() {
            remove_field(&mut reply.fields, "content-type");
            push_field(&mut reply.fields, "content-type", format.content_type.as_bytes());
        }
        reply.body = Body::Bytes(body);
    }
}

/// The first mapper whose filter passes.
fn find<'r>(call: &Call<'_>, replies: &'r LocalReplies, buffer: &Buffer, scratch: &Scratch) -> Option<&'r Mapper> {
    let log = entry(call, buffer, scratch, b"");
    let subject = record::subject(call, buffer, scratch, &log);
    replies.mappers.iter().find(|mapper| mapper.filter.passes(&subject))
}

fn entry<'a>(call: &'a Call<'_>, buffer: &'a Buffer, scratch: &'a Scratch, body: &'a [u8]) -> AccessLog<'a> {
    let request = RequestView::new(&scratch.request, buffer.filled());
    let duration_us = call.worker.timers.now_us().saturating_sub(call.start_us);
    AccessLog {
        local_reply_body: body,
        ..record::entry(call, request, scratch, LabelsId::OTHER, duration_us)
    }
}

fn write(call: &Call<'_>, format: &Format, buffer: &Buffer, scratch: &Scratch, reply: &Reply) -> Vec<u8> {
    let log = entry(call, buffer, scratch, reply.body.as_bytes());
    let mut notes = ResponseNotes::default();
    notes.take_lines(&format.wants, &reply.fields);
    let mut subject = record::subject(call, buffer, scratch, &log);
    if let Some(http) = &mut subject.http {
        http.response = &notes;
        http.wants = &format.wants;
    }
    let mut captured = Vec::new();
    for capture in &*format.captures {
        subject.capture(capture, &mut CaptureWriter(&mut captured));
    }
    let mut out = String::new();
    let telemetry = &call.worker.shared.telemetry;
    telemetry.write(&format.line, &log, &captured, &mut out);
    out.into_bytes()
}

/// Adds a header to lines of a head.
fn set_field(fields: &mut Vec<u8>, set: &HeaderSet, value: &[u8]) {
    let name = set.name.as_str();
    if set.name.kind() != NameKind::Field || FRAMING.contains(&name) || value.is_empty() && !set.keep_empty_value {
        return;
    }
    let is_there = has_field(fields, name);
    match set.action {
        HeaderAppendAction::AddIfAbsent if is_there => return,
        HeaderAppendAction::OverwriteIfExists if !is_there => return,
        HeaderAppendAction::OverwriteIfExists | HeaderAppendAction::OverwriteIfExistsOrAdd => {
            remove_field(fields, name);
        }
        HeaderAppendAction::AddIfAbsent | HeaderAppendAction::AppendIfExistsOrAdd => {}
    }
    push_field(fields, name, value);
}

fn push_field(fields: &mut Vec<u8>, name: &str, value: &[u8]) {
    let clean = value
        .iter()
        .filter(|byte| **byte == b'\t' || **byte >= b' ' && **byte != 0x7f);
    fields.extend_from_slice(name.as_bytes());
    fields.extend_from_slice(b": ");
    fields.extend(clean);
    fields.extend_from_slice(b"\r\n");
}

fn is_field(line: &[u8], name: &str) -> bool {
    let start = line.get(..name.len());
    start.is_some_and(|start| start.eq_ignore_ascii_case(name.as_bytes())) && line.get(name.len()) == Some(&b':')
}

fn has_field(fields: &[u8], name: &str) -> bool {
    fields.split(|byte| *byte == b'\n').any(|line| is_field(line, name))
}

fn remove_field(fields: &mut Vec<u8>, name: &str) {
    let lines = fields.split_inclusive(|byte| *byte == b'\n');
    let kept: Vec<&[u8]> = lines.filter(|line| !is_field(line, name)).collect();
    *fields = kept.concat();
}

#[cfg(test)]
mod tests {
    use super::*;

    fn set(name: &str, action: HeaderAppendAction) -> HeaderSet {
        HeaderSet {
            name: config::HeaderName::new(name).unwrap(),
            value: config::Template::default(),
            action,
            keep_empty_value: false,
        }
    }

    #[test]
    fn headers_are_added_and_replaced_but_for_what_frames_the_answer() {
        let mut fields = b"location: /x\r\nx-a: 1\r\nX-A: 2\r\n".to_vec();
        set_field(&mut fields, &set("x-a", HeaderAppendAction::AddIfAbsent), b"3");
        set_field(&mut fields, &set("x-b", HeaderAppendAction::OverwriteIfExists), b"3");
        set_field(&mut fields, &set("x-c", HeaderAppendAction::AppendIfExistsOrAdd), b"");
        set_field(
            &mut fields,
            &set("content-length", HeaderAppendAction::AppendIfExistsOrAdd),
            b"9",
        );
        assert_eq!(fields, b"location: /x\r\nx-a: 1\r\nX-A: 2\r\n");
        set_field(
            &mut fields,
            &set("x-a", HeaderAppendAction::OverwriteIfExistsOrAdd),
            b"a\r\nb",
        );
        assert_eq!(fields, b"location: /x\r\nx-a: ab\r\n");
        set_field(&mut fields, &set("x-a", HeaderAppendAction::AppendIfExistsOrAdd), b"c");
        assert_eq!(fields, b"location: /x\r\nx-a: ab\r\nx-a: c\r\n");
    }
}
