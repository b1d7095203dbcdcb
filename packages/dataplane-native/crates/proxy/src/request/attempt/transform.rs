//! What becomes of a response's body, and what its head says about it.

use filter::{
    compress::{self, Offer, ResponseFacts},
    decompress::Decoder,
    grpc_web::ResponseEncoder,
};
use http::{Buffer, Framing, Known, Method, RequestView, ResponseView};

use crate::{
    exchange::Transform,
    filters,
    request::{Call, Scratch, reply},
};

/// What the body of the response that has arrived is changed by; its head is edited to fit.
pub(super) fn transform(call: &Call<'_>, buffer: &Buffer, scratch: &mut Scratch) -> Option<Transform> {
    if call.effects.grpc_web.is_some() {
        return grpc_web(call, scratch);
    }
    if call.http.filters.may_decompress()
        && let Some(transform) = decompression(call, scratch)
    {
        return Some(transform);
    }
    if call.http.filters.may_compress() {
        return compression(call, buffer, scratch);
    }
    None
}

fn grpc_web(call: &Call<'_>, scratch: &mut Scratch) -> Option<Transform> {
    let web = call.effects.grpc_web?;
    let view = ResponseView::new(&scratch.response, scratch.incoming.head_bytes());
    let (bytes, fields) = (view.buffer(), view.fields());
    let edits = &mut scratch.response_edits;
    let is_empty = matches!(scratch.response.framing, Framing::None | Framing::Length(0));
    let content_type = view
        .known(Known::ContentType)
        .and_then(|value| web.response_type(value));
    let Some(content_type) = content_type else {
        // Somebody answered who does not speak gRPC: the client learns what that means.
        let status = reply::grpc_status_of(scratch.response.status);
        let mut number = itoa::Buffer::new();
        edits.set(bytes, fields, "content-type", &web.response_type(reply::GRPC)?);
        edits.set(bytes, fields, "grpc-status", number.format(status).as_bytes());
        if is_empty {
            return None;
        }
        edits.remove_known(fields, Known::ContentLength);
        edits.remove(bytes, fields, "content-encoding");
        return Some(Transform::Status(status));
    };
    edits.set(bytes, fields, "content-type", &content_type);
    if is_empty || view.known(Known::GrpcStatus).is_some() {
        // All there is to say stands in the head.
        return None;
    }
    edits.remove_known(fields, Known::ContentLength);
    Some(Transform::GrpcWeb(ResponseEncoder::new(web.is_text_response)))
}

fn decompression(call: &Call<'_>, scratch: &mut Scratch) -> Option<Transform> {
    let found = call.found?;
    let has_body = !matches!(scratch.response.framing, Framing::None | Framing::Length(0));
    // A part of a representation is a part of its bytes (RFC 9110 section 14).
    if !has_body || scratch.response.status == 206 {
        return None;
    }
    let view = ResponseView::new(&scratch.response, scratch.incoming.head_bytes());
    let (bytes, fields) = (view.buffer(), view.fields());
    let (library, rest) = filters::decompressor_of_response(&call.http.filters, found, call.choice, view)?;
    let decoder = Decoder::new(library).ok()?;
    let edits = &mut scratch.response_edits;
    if rest.is_empty() {
        edits.remove(bytes, fields, "content-encoding");
    } else {
        edits.set(bytes, fields, "content-encoding", rest);
    }
    edits.remove_known(fields, Known::ContentLength);
    edits.remove(bytes, fields, "accept-ranges");
    if view.header("etag").is_some_and(compress::is_strong_etag) {
        edits.remove(bytes, fields, "etag");
    }
    Some(Transform::Decompress(Box::new(decoder)))
}

fn compression(call: &Call<'_>, buffer: &Buffer, scratch: &mut Scratch) -> Option<Transform> {
    let found = call.found?;
    let has_body = scratch.response.framing != Framing::None;
    // A response to HEAD has the head of the one to GET.
    if !has_body && scratch.request.method != Method::Head {
        return None;
    }
    let view = ResponseView::new(&scratch.response, scratch.incoming.head_bytes());
    let (bytes, fields) = (view.buffer(), view.fields());
    let length = view
        .known(Known::ContentLength)
        .and_then(|value| std::str::from_utf8(value).ok()?.parse().ok());
    let etag = view.header("etag");
    let facts = ResponseFacts {
        status: scratch.response.status,
        content_type: view.known(Known::ContentType),
        content_length: length,
        is_encoded: view
            .header("content-encoding")
            .is_some_and(|value| !value.eq_ignore_ascii_case(b"identity")),
        is_no_transform: names(fields.get_all(bytes, "cache-control"), b"no-transform"),
        has_etag: etag.is_some(),
    };
    let offers: Vec<Offer<'_>> = filters::compressors(&call.http.filters, found, call.choice)
        .filter(|offer| compress::is_compressible(offer.settings, &facts))
        .collect();
    if offers.is_empty() {
        return None;
    }
    let edits = &mut scratch.response_edits;
    if !names(fields.get_all(bytes, "vary"), b"accept-encoding") && !names(fields.get_all(bytes, "vary"), b"*") {
        edits.append("vary", b"Accept-Encoding");
    }
    let request = RequestView::new(&scratch.request, buffer.filled());
    let accepted: Vec<&[u8]> = request.header_all("accept-encoding").collect();
    let chosen = compress::choose(&offers, &accepted.iter().copied()).filter(|_| has_body)?;
    let encoder = compress::Encoder::new(chosen.library).ok()?;
    edits.set(bytes, fields, "content-encoding", chosen.library.encoding().as_bytes());
    edits.remove_known(fields, Known::ContentLength);
    edits.remove(bytes, fields, "accept-ranges");
    if etag.is_some_and(compress::is_strong_etag) {
        edits.remove(bytes, fields, "etag");
    }
    Some(Transform::Compress(Box::new(encoder)))
}

/// Whether a list of names has this one.
fn names<'a>(mut values: impl Iterator<Item = &'a [u8]>, name: &[u8]) -> bool {
    values.any(|value| {
        let mut entries = value.split(|byte| *byte == b',').map(<[u8]>::trim_ascii);
        entries.any(|entry| entry.eq_ignore_ascii_case(name))
    })
}
