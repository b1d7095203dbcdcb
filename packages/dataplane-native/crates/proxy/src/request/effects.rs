//! What filters did to a request, applied to its head and to that of its response.

use config::{HeaderAppendAction, NameKind};
use filter::change::HeaderChange;
use http::{Buffer, Edits, Fields, Known};

use super::{Call, Reply, Scratch, find_route};
use crate::filters::Effects;

/// What frames a message or belongs to one connection is at no service's disposal.
const FRAMING: [&str; 8] = [
    "content-length",
    "transfer-encoding",
    "connection",
    "keep-alive",
    "proxy-connection",
    "te",
    "trailer",
    "upgrade",
];

/// Whether a field says where a message begins or ends, or where it goes: it follows the message, and nobody takes it away or says it otherwise.
pub(super) fn is_framing(name: &str) -> bool {
    matches!(name, "host" | "content-length" | "transfer-encoding")
}

/// Removes a field for a service or a rule.
pub(super) fn remove(name: &str, edits: &mut Edits, buffer: &[u8], fields: &Fields) {
    if !is_framing(name) {
        edits.remove(buffer, fields, name);
    }
}

/// Changes a head.
pub(super) fn apply(change: &HeaderChange, edits: &mut Edits, buffer: &[u8], fields: &Fields) {
    let name = change.name.as_str();
    if change.name.kind() != NameKind::Field || FRAMING.contains(&name) {
        return;
    }
    match change.action {
        HeaderAppendAction::AppendIfExistsOrAdd => edits.append(name, &change.value),
        HeaderAppendAction::OverwriteIfExistsOrAdd => edits.set(buffer, fields, name, &change.value),
        HeaderAppendAction::AddIfAbsent => {
            if !edits.contains(buffer, fields, name) {
                edits.append(name, &change.value);
            }
        }
        HeaderAppendAction::OverwriteIfExists => {
            if edits.contains(buffer, fields, name) {
                edits.set(buffer, fields, name, &change.value);
            }
        }
    }
}

/// Takes over what a service changed in the request: from now on it is the one that counts. The route is looked for again
/// where that is wanted.
pub(super) fn take_over(call: &mut Call<'_>, buffer: &Buffer, scratch: &mut Scratch) -> Result<(), Reply> {
    call.sees_edits = true;
    let mut path = call.effects.path.take();
    for change in call.effects.change.drain(..) {
        match change.name.kind() {
            NameKind::Authority => scratch.edits.set_authority(&change.value),
            NameKind::Path => path = Some(change.value),
            _ => apply(&change, &mut scratch.edits, buffer.filled(), &scratch.request.fields),
        }
    }
    if let Some(path) = path.filter(|path| path.first() == Some(&b'/') && path.iter().all(u8::is_ascii_graphic)) {
        scratch.edits.set_target(&path);
        scratch.path = path;
        call.is_path_changed = true;
    }
    if let Some(body) = call.effects.body.take() {
        replace_body(call, buffer, scratch, &body);
    }
    if std::mem::take(&mut call.effects.reroutes)
        && let Some(entry) = call.routes
    {
        call.found = None;
        return find_route(call, entry, buffer, scratch);
    }
    Ok(())
}

/// Puts another body in the place of the request's, all of which has to be here.
fn replace_body(call: &Call<'_>, buffer: &Buffer, scratch: &mut Scratch, body: &[u8]) {
    if !scratch.outgoing.replace_body(buffer, body, &call.worker.buffers) {
        return;
    }
    let (fields, edits) = (&scratch.request.fields, &mut scratch.edits);
    edits.remove(buffer.filled(), fields, "content-length");
    if scratch.outgoing.set_held() {
        let mut number = itoa::Buffer::new();
        edits.remove_known(fields, Known::TransferEncoding);
        edits.append("content-length", number.format(body.len()).as_bytes());
    }
}

/// Writes the headers that filters want in every response as lines.
pub(super) fn write_response_fields(effects: &Effects, out: &mut Vec<u8>) {
    for change in &effects.response {
        let name = change.name.as_str();
        let is_clean = change
            .value
            .iter()
            .all(|byte| *byte == b'\t' || *byte >= b' ' && *byte != 0x7f);
        if is_clean && change.name.kind() == NameKind::Field && !FRAMING.contains(&name) {
            out.extend_from_slice(name.as_bytes());
            out.extend_from_slice(b": ");
            out.extend_from_slice(&change.value);
            out.extend_from_slice(b"\r\n");
        }
    }
}
