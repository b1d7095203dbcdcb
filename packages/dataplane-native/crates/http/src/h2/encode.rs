//! Heads as they are sent on a stream (RFC 9113 section 8.3).

use super::FieldWriter;
use crate::{
    Edits, Fields,
    head::{Known, RequestView, ResponseView, TargetForm},
};

/// A request's head, as edited. An upgrade becomes CONNECT with a `:protocol` (RFC 8441).
pub fn encode_request(view: RequestView<'_>, edits: &Edits, is_https: bool, writer: &mut FieldWriter<'_>) {
    let head = view.head();
    let buffer = view.buffer();
    let authority = edits.authority().unwrap_or_else(|| view.authority_bytes());
    let is_tunnel = head.form == TargetForm::Authority;
    if head.wants_upgrade {
        writer.field(b":method", b"CONNECT");
        writer.field(b":protocol", head.upgrade_to.of(buffer));
    } else {
        writer.field(b":method", head.method_text.of(buffer));
    }
    if !is_tunnel {
        writer.field(b":scheme", if is_https { b"https" } else { b"http" });
        writer.field(b":path", edits.target().unwrap_or_else(|| view.path_bytes()));
    }
    writer.field(b":authority", authority);
    write_fields(view.buffer(), view.fields(), edits, writer);
}

/// A response's head, as edited.
pub fn encode_response(view: ResponseView<'_>, edits: &Edits, writer: &mut FieldWriter<'_>) {
    // What was an upgrade to an upstream of HTTP/1 is a tunnel here (RFC 8441 section 5).
    let status = match view.head().status {
        101 => 200,
        status => status,
    };
    let digit = |place: u16| b'0' + (status / place % 10) as u8;
    writer.field(b":status", &[digit(100), digit(10), digit(1)]);
    write_fields(view.buffer(), view.fields(), edits, writer);
}

/// Trailers.
pub fn encode_trailers(buffer: &[u8], fields: &Fields, writer: &mut FieldWriter<'_>) {
    write_fields(buffer, fields, &Edits::default(), writer);
}

fn write_fields(buffer: &[u8], fields: &Fields, edits: &Edits, writer: &mut FieldWriter<'_>) {
    edits.for_each(buffer, fields, |known, name, value| {
        let is_of_http1 = matches!(
            known,
            Known::Host
                | Known::Connection
                | Known::KeepAlive
                | Known::ProxyConnection
                | Known::TransferEncoding
                | Known::Upgrade
        ) || known == Known::Te && !value.eq_ignore_ascii_case(b"trailers");
        if !is_of_http1 {
            writer.field(name, value);
        }
    });
}
