//! Fields behind a body, on their way between the protocols.

use config::{HeaderAppendAction, NameKind};
use filter::ext_proc::Changes;
use http::{Buffer, BufferPool, Fields, h1, h2};

use crate::h2::Stream;

/// The trailers of a message. Their memory is taken when there are some.
#[derive(Default)]
pub(super) struct Trailers {
    text: Buffer,
    fields: Fields,
    has_any: bool,
}

impl Trailers {
    /// Before a message.
    pub(super) fn clear(&mut self) {
        self.text.clear();
        self.has_any = false;
    }

    pub(super) fn release(&mut self, pool: &BufferPool) {
        pool.give(std::mem::take(&mut self.text));
        self.has_any = false;
    }

    pub(super) fn has_any(&self) -> bool {
        self.has_any
    }

    pub(super) fn get(&self, name: &str) -> Option<&[u8]> {
        self.has_any.then(|| self.fields.get(self.text.filled(), name))?
    }

    /// Names and values.
    pub(super) fn iter(&self) -> impl Iterator<Item = (&[u8], &[u8])> {
        let fields = if self.has_any { self.fields.as_slice() } else { &[] };
        let text = self.text.filled();
        fields
            .iter()
            .map(move |field| (field.name.of(text), field.value.of(text)))
    }

    /// Takes those that ended a stream, if any did.
    pub(super) fn take(&mut self, stream: &Stream, pool: &BufferPool) {
        if let Some(text) = stream.take_trailers(&mut self.fields) {
            self.has_any = true;
            pool.give(std::mem::replace(&mut self.text, text));
        }
    }

    /// Another piece of the section behind the last chunk; `is_all`: with it the section is complete. False: it is none.
    pub(super) fn collect(&mut self, piece: &[u8], is_all: bool, pool: &BufferPool) -> bool {
        // Most sections are an empty line.
        if self.text.is_empty() && (piece.is_empty() || is_all && piece == b"\r\n") {
            return true;
        }
        if !pool.append(&mut self.text, piece) {
            return false;
        }
        if is_all {
            if h1::parse_trailers(self.text.filled(), &mut self.fields).is_err() {
                return false;
            }
            self.has_any = !self.fields.as_slice().is_empty();
        }
        true
    }

    /// Takes over what a service changes in them. What is no trailer does not become one.
    pub(super) fn change(&mut self, changes: &Changes) {
        let mut lines: Vec<(String, Vec<u8>)> = self
            .iter()
            .map(|(name, value)| (String::from_utf8_lossy(name).to_ascii_lowercase(), value.to_vec()))
            .filter(|(name, _)| changes.remove.iter().all(|removed| removed.as_str() != name))
            .collect();
        for change in &changes.set {
            let name = change.name.as_str();
            let is_there = lines.iter().any(|(other, _)| other == name);
            match change.action {
                HeaderAppendAction::AddIfAbsent if is_there => continue,
                HeaderAppendAction::OverwriteIfExists if !is_there => continue,
                HeaderAppendAction::OverwriteIfExists | HeaderAppendAction::OverwriteIfExistsOrAdd => {
                    lines.retain(|(other, _)| other != name);
                }
                HeaderAppendAction::AddIfAbsent | HeaderAppendAction::AppendIfExistsOrAdd => {}
            }
            if change.name.kind() == NameKind::Field {
                lines.push((name.to_owned(), change.value.clone()));
            }
        }
        let mut text = Vec::new();
        for (name, value) in lines {
            text.extend([name.as_bytes(), b": ", &value, b"\r\n"].concat());
        }
        text.extend_from_slice(b"\r\n");
        let (pool, mut buffer) = (BufferPool::default(), Buffer::default());
        let mut fields = Fields::default();
        if pool.append(&mut buffer, &text) && h1::parse_trailers(buffer.filled(), &mut fields).is_ok() {
            self.has_any = !fields.as_slice().is_empty();
            self.text = buffer;
            self.fields = fields;
        }
    }

    /// Ends a stream with them.
    pub(super) fn send(&self, stream: &Stream) {
        stream.send_head(true, false, |writer| {
            h2::encode_trailers(self.text.filled(), &self.fields, writer);
        });
    }

    /// Writes them behind the last chunk.
    pub(super) fn write(&self, out: &mut Vec<u8>) {
        h1::encode_trailers(self.text.filled(), &self.fields, out);
    }
}
