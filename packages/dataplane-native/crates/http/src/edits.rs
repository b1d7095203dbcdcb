//! Changes to a head, recorded until it is written.

use crate::{
    body::is_token,
    head::{Fields, Known},
};

#[derive(Debug, Clone, Copy)]
struct Line {
    start: u32,
    name_len: u32,
    /// With `: ` and the line's end.
    len: u32,
    is_removed: bool,
}

/// What to remove from a head and what to add. Reused, so that it keeps its memory.
#[derive(Debug, Default)]
pub struct Edits {
    /// One bit for each field of the head that is not written.
    removed: u128,
    text: Vec<u8>,
    lines: Vec<Line>,
    target: Option<(u32, u32)>,
    authority: Option<(u32, u32)>,
}

impl Edits {
    /// Forgets all changes.
    pub fn clear(&mut self) {
        self.removed = 0;
        self.text.clear();
        self.lines.clear();
        self.target = None;
        self.authority = None;
    }

    /// Removes field `index` of the head.
    pub fn remove_at(&mut self, index: usize) {
        self.removed |= 1 << (index & 127);
    }

    /// Removes all fields of this name, those added by earlier edits too.
    pub fn remove(&mut self, buffer: &[u8], fields: &Fields, name: &str) {
        for (index, field) in fields.as_slice().iter().enumerate() {
            if field.name.len as usize == name.len() && field.name.of(buffer).eq_ignore_ascii_case(name.as_bytes()) {
                self.remove_at(index);
            }
        }
        let text = &self.text;
        for line in &mut self.lines {
            if text[line.start as usize..][..line.name_len as usize].eq_ignore_ascii_case(name.as_bytes()) {
                line.is_removed = true;
            }
        }
    }

    /// Removes all fields of a known name.
    pub fn remove_known(&mut self, fields: &Fields, known: Known) {
        if fields.known(known).is_none() {
            return;
        }
        for (index, field) in fields.as_slice().iter().enumerate() {
            if field.known == known {
                self.remove_at(index);
            }
        }
    }

    /// Adds a field, whatever there is. A name or value that would break the head is dropped.
    pub fn append(&mut self, name: &str, value: &[u8]) {
        self.append_with(name, |out| out.extend_from_slice(value));
    }

    /// Adds a field whose value `write` writes.
    pub fn append_with(&mut self, name: &str, write: impl FnOnce(&mut Vec<u8>)) {
        let start = self.text.len();
        self.text.extend_from_slice(name.as_bytes());
        self.text.extend_from_slice(b": ");
        let value = self.text.len();
        write(&mut self.text);
        if name.is_empty() || !name.bytes().all(is_token) || !self.text[value..].iter().all(|byte| is_field_text(*byte))
        {
            self.text.truncate(start);
            return;
        }
        self.text.extend_from_slice(b"\r\n");
        self.lines.push(Line {
            start: start as u32,
            name_len: name.len() as u32,
            len: (self.text.len() - start) as u32,
            is_removed: false,
        });
    }

    /// Replaces all fields of this name by one.
    pub fn set(&mut self, buffer: &[u8], fields: &Fields, name: &str, value: &[u8]) {
        self.remove(buffer, fields, name);
        self.append(name, value);
    }

    /// True if the head as edited has a field of this name.
    pub fn contains(&self, buffer: &[u8], fields: &Fields, name: &str) -> bool {
        self.get(buffer, fields, name).is_some()
    }

    /// The first value of a field in the head as edited.
    pub fn get<'a>(&'a self, buffer: &'a [u8], fields: &Fields, name: &str) -> Option<&'a [u8]> {
        let of_head = fields.as_slice().iter().enumerate().find(|(index, field)| {
            self.removed & 1 << (index & 127) == 0
                && field.name.len as usize == name.len()
                && field.name.of(buffer).eq_ignore_ascii_case(name.as_bytes())
        });
        if let Some((_, field)) = of_head {
            return Some(field.value.of(buffer));
        }
        self.lines.iter().filter(|line| !line.is_removed).find_map(|line| {
            let text = &self.text[line.start as usize..][..line.len as usize];
            let (found, value) = text.split_at(line.name_len as usize);
            found
                .eq_ignore_ascii_case(name.as_bytes())
                .then(|| &value[2..value.len() - 2])
        })
    }

    /// The value of the `nth` field of a name (from 0) in the head as edited.
    pub fn get_nth<'a>(&'a self, buffer: &'a [u8], fields: &Fields, name: &str, nth: usize) -> Option<&'a [u8]> {
        let (mut found, mut rest) = (None, nth + 1);
        self.for_each(buffer, fields, |_, other, value| {
            if other.eq_ignore_ascii_case(name.as_bytes()) {
                rest = rest.saturating_sub(1);
                if rest == 0 && found.is_none() {
                    found = Some(value);
                }
            }
        });
        found
    }

    /// Replaces the request target. One with bytes that a target cannot have is dropped.
    pub fn set_target(&mut self, target: &[u8]) {
        if !target.is_empty() && target.iter().all(u8::is_ascii_graphic) {
            self.target = Some(self.push_text(target));
        }
    }

    /// Replaces the authority, i.e. the Host field. One with bytes that a host cannot have is dropped.
    pub fn set_authority(&mut self, authority: &[u8]) {
        if authority.iter().all(u8::is_ascii_graphic) {
            self.authority = Some(self.push_text(authority));
        }
    }

    /// Leaves the authority as the client sent it.
    pub fn clear_authority(&mut self) {
        self.authority = None;
    }

    /// The target if it was replaced.
    pub fn target(&self) -> Option<&[u8]> {
        self.target
            .map(|(start, len)| &self.text[start as usize..][..len as usize])
    }

    /// The authority if it was replaced.
    pub fn authority(&self) -> Option<&[u8]> {
        self.authority
            .map(|(start, len)| &self.text[start as usize..][..len as usize])
    }

    fn push_text(&mut self, text: &[u8]) -> (u32, u32) {
        let start = self.text.len();
        self.text.extend_from_slice(text);
        (start as u32, text.len() as u32)
    }

    /// Removes what is for the next hop only (RFC 9110 §7.6.1): `Connection`, what it names, `Keep-Alive`,
    /// `Proxy-Connection`, `TE` and `Upgrade`. `upgrade`: the protocol to be upgraded to, which stays.
    pub fn strip_hop_by_hop(&mut self, buffer: &[u8], fields: &Fields, upgrade: Option<&[u8]>) {
        if let Some(connection) = fields.known(Known::Connection) {
            let has_names = !is_plain_connection(connection.value.of(buffer));
            let mut is_repeated = false;
            for (index, field) in fields.as_slice().iter().enumerate() {
                if field.known == Known::Connection {
                    self.remove_at(index);
                    is_repeated |= field.name != connection.name;
                }
            }
            if has_names || is_repeated {
                self.strip_named(buffer, fields);
            }
        }
        self.remove_known(fields, Known::KeepAlive);
        self.remove_known(fields, Known::ProxyConnection);
        if fields
            .known(Known::Te)
            .is_some_and(|field| !field.value.of(buffer).eq_ignore_ascii_case(b"trailers"))
        {
            self.remove_known(fields, Known::Te);
        }
        self.remove_known(fields, Known::Upgrade);
        if let Some(protocol) = upgrade {
            self.append("connection", b"upgrade");
            self.append("upgrade", protocol);
        }
    }

    fn strip_named(&mut self, buffer: &[u8], fields: &Fields) {
        for connection in fields
            .as_slice()
            .iter()
            .filter(|field| field.known == Known::Connection)
        {
            for name in connection
                .value
                .of(buffer)
                .split(|byte| *byte == b',')
                .map(<[u8]>::trim_ascii)
            {
                for (index, field) in fields.as_slice().iter().enumerate() {
                    // What frames and routes the message is never at the client's disposal, neither is who it is.
                    let is_ours = matches!(
                        field.known,
                        Known::Host
                            | Known::ContentLength
                            | Known::TransferEncoding
                            | Known::ForwardedFor
                            | Known::ForwardedProto
                            | Known::ForwardedClientCert
                            | Known::Te
                    );
                    if !is_ours && field.name.of(buffer).eq_ignore_ascii_case(name) {
                        self.remove_at(index);
                    }
                }
            }
        }
    }

    /// All fields as edited: name and value.
    pub fn for_each<'a>(&'a self, buffer: &'a [u8], fields: &Fields, mut take: impl FnMut(Known, &'a [u8], &'a [u8])) {
        for (index, field) in fields.as_slice().iter().enumerate() {
            if self.removed & 1 << (index & 127) == 0 {
                take(field.known, field.name.of(buffer), field.value.of(buffer));
            }
        }
        for line in self.lines.iter().filter(|line| !line.is_removed) {
            let text = &self.text[line.start as usize..][..line.len as usize];
            let (name, value) = text.split_at(line.name_len as usize);
            take(Known::classify(name), name, &value[2..value.len() - 2]);
        }
    }

    /// Writes the fields as edited, without the empty line.
    pub(crate) fn write_fields(&self, buffer: &[u8], fields: &Fields, out: &mut Vec<u8>) {
        self.write_fields_but(buffer, fields, None, out);
    }

    /// The same, with one more field of the head left out.
    pub(crate) fn write_fields_but(&self, buffer: &[u8], fields: &Fields, but: Option<usize>, out: &mut Vec<u8>) {
        let count = fields.as_slice().len();
        let mut index = 0;
        let mut removed = self.removed | but.map_or(0, |index| 1 << (index & 127));
        while index < count {
            // Runs of untouched lines are copied as one piece.
            let kept = (removed >> index).trailing_zeros() as usize;
            let end = (index + kept).min(count);
            out.extend_from_slice(&buffer[fields.line_start(index)..fields.line_start(end)]);
            if end < count {
                removed &= !(1 << end);
            }
            index = end + 1;
        }
        for line in self.lines.iter().filter(|line| !line.is_removed) {
            out.extend_from_slice(&self.text[line.start as usize..][..line.len as usize]);
        }
    }

    /// True if nothing was changed.
    pub fn is_empty(&self) -> bool {
        self.removed == 0 && self.lines.is_empty() && self.target.is_none() && self.authority.is_none()
    }
}

/// `close`, `keep-alive` or `upgrade` alone name no other field that we would not remove anyway.
fn is_plain_connection(value: &[u8]) -> bool {
    [&b"keep-alive"[..], b"close", b"upgrade"]
        .iter()
        .any(|plain| value.eq_ignore_ascii_case(plain))
}

/// RFC 9110 §5.5 without the control characters.
fn is_field_text(byte: u8) -> bool {
    matches!(byte, b'\t' | 0x20..=0x7e | 0x80..=0xff)
}
