//! Writing a block of fields.

use std::hash::{BuildHasher, Hasher};

use foldhash::fast::FixedState;

use super::{DEFAULT_TABLE_SIZE, ENTRY_OVERHEAD, integer, statics, table::Table};
use crate::h2::huffman;

/// Slots of the index over the table: a power of two, several times the entries that fit.
const SLOTS: usize = 256;

/// The sending end of compressed fields.
///
/// Fields that repeat from message to message go into the table; those that are new each time do not, nor those that
/// are secret, so that nobody can guess them by the size of what is sent (RFC 7541 section 7.1).
#[derive(Debug)]
pub(crate) struct Encoder {
    table: Table,
    /// By hash of a whole field: number of its entry plus one.
    fields: Vec<u64>,
    /// Sizes to announce before the next block: the smallest in between, and the last.
    resized: Option<(usize, usize)>,
    name: Vec<u8>,
}

impl Default for Encoder {
    fn default() -> Self {
        Self {
            table: Table::new(DEFAULT_TABLE_SIZE),
            fields: Vec::new(),
            resized: None,
            name: Vec::new(),
        }
    }
}

/// How a field is to be remembered.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Memory {
    Kept,
    /// Not worth it: it differs each time.
    Passing,
    /// Nobody on the way may keep it.
    Secret,
}

impl Encoder {
    /// The peer keeps a table of at most this size. Larger ones than the default are not used.
    pub(crate) fn set_max_size(&mut self, size: usize) {
        let size = size.min(DEFAULT_TABLE_SIZE);
        if size == self.table.max_size() && self.resized.is_none() {
            return;
        }
        let smallest = self.resized.map_or(size, |(smallest, _)| smallest.min(size));
        self.resized = Some((smallest, size));
        self.table.resize(size);
    }

    /// Begins a block.
    pub(crate) fn begin(&mut self, out: &mut Vec<u8>) {
        if let Some((smallest, last)) = self.resized.take() {
            if smallest < last {
                integer::write(smallest, 5, 0x20, out);
            }
            integer::write(last, 5, 0x20, out);
        }
    }

    /// Appends a field; capitals in its name become small.
    pub(crate) fn field(&mut self, name: &[u8], value: &[u8], out: &mut Vec<u8>) {
        if name.iter().any(u8::is_ascii_uppercase) {
            let mut lower = std::mem::take(&mut self.name);
            lower.clear();
            lower.extend(name.iter().map(u8::to_ascii_lowercase));
            self.lower_field(&lower, value, out);
            self.name = lower;
        } else {
            self.lower_field(name, value, out);
        }
    }

    fn lower_field(&mut self, name: &[u8], value: &[u8], out: &mut Vec<u8>) {
        let of_name = statics::index_of(name);
        if of_name != 0 && is_static(of_name, name, value, out) {
            return;
        }
        let memory = memory(name, value);
        if memory == Memory::Kept {
            let needed = name.len() + value.len() + ENTRY_OVERHEAD;
            // A field that would push out most others is not worth its place.
            if needed <= self.table.max_size() / 4 {
                return self.kept(of_name, name, value, out);
            }
        }
        let first = if memory == Memory::Secret { 0x10 } else { 0 };
        literal(of_name, name, value, 4, first, out);
    }

    fn kept(&mut self, of_name: usize, name: &[u8], value: &[u8], out: &mut Vec<u8>) {
        if self.fields.is_empty() {
            self.fields.resize(SLOTS, 0);
        }
        let mut hasher = FixedState::default().build_hasher();
        hasher.write(name);
        hasher.write(value);
        let slot = hasher.finish() as usize % SLOTS;
        let number = self.fields[slot];
        if number > 0 {
            // Age of the entry: 0 is the newest.
            let age = (self.table.added() - number) as usize;
            if age < self.table.len() && self.table.get(age) == Some((name, value)) {
                integer::write(age + statics::FIELDS.len(), 7, 0x80, out);
                return;
            }
        }
        literal(of_name, name, value, 6, 0x40, out);
        if self.table.add(name, value) {
            self.fields[slot] = self.table.added();
        }
    }
}

/// Writes a field that is in the static table as a whole. False: it is not.
fn is_static(of_name: usize, name: &[u8], value: &[u8], out: &mut Vec<u8>) -> bool {
    let mut index = of_name;
    while let Some((known, text)) = statics::FIELDS.get(index).filter(|(known, _)| known.as_bytes() == name) {
        if text.as_bytes() == value && !(text.is_empty() && known.starts_with(':')) {
            integer::write(index, 7, 0x80, out);
            return true;
        }
        index += 1;
    }
    false
}

fn literal(of_name: usize, name: &[u8], value: &[u8], prefix: u32, first: u8, out: &mut Vec<u8>) {
    integer::write(of_name, prefix, first, out);
    if of_name == 0 {
        string(name, out);
    }
    string(value, out);
}

/// Text shorter than this is sent as it is: what the code would save is not worth its reading.
const MIN_CODED: usize = 12;

fn string(text: &[u8], out: &mut Vec<u8>) {
    if text.len() >= MIN_CODED {
        let len = huffman::encoded_len(text);
        if len < text.len() {
            integer::write(len, 7, 0x80, out);
            huffman::encode(text, out);
            return;
        }
    }
    integer::write(text.len(), 7, 0, out);
    out.extend_from_slice(text);
}

fn memory(name: &[u8], value: &[u8]) -> Memory {
    match name {
        b"authorization" | b"proxy-authorization" => Memory::Secret,
        b"cookie" if value.len() < 20 => Memory::Secret,
        b":path"
        | b"content-length"
        | b"date"
        | b"x-request-id"
        | b"traceparent"
        | b"etag"
        | b"last-modified"
        | b"x-envoy-upstream-service-time"
        | b"age"
        | b"location"
        | b"content-range"
        | b"if-none-match"
        | b"if-modified-since"
        | b"set-cookie"
        | b"x-b3-traceid"
        | b"x-b3-spanid"
        | b"x-b3-parentspanid"
        | b"tracestate"
        | b"grpc-timeout" => Memory::Passing,
        _ => Memory::Kept,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::h2::hpack::{Decoder, FieldSink};
    use proptest::prelude::*;

    #[derive(Default)]
    struct List(Vec<(Vec<u8>, Vec<u8>)>);

    impl FieldSink for List {
        fn field(&mut self, name: &[u8], value: &[u8]) {
            self.0.push((name.to_vec(), value.to_vec()));
        }
    }

    fn block(encoder: &mut Encoder, fields: &[(&str, &str)]) -> Vec<u8> {
        let mut out = Vec::new();
        encoder.begin(&mut out);
        for (name, value) in fields {
            encoder.field(name.as_bytes(), value.as_bytes(), &mut out);
        }
        out
    }

    #[test]
    fn a_field_that_repeats_costs_a_byte() {
        let mut encoder = Encoder::default();
        let fields = [(":method", "GET"), ("X-Tenant", "blue"), ("accept", "*/*")];
        let first = block(&mut encoder, &fields);
        let second = block(&mut encoder, &fields);
        assert!(first.len() > 10);
        assert_eq!(second, [0x82, 0xbf, 0xbe]);
    }

    #[test]
    fn secrets_are_marked_and_never_kept() {
        let mut encoder = Encoder::default();
        let first = block(&mut encoder, &[("authorization", "Bearer x")]);
        assert_eq!(first[0], 0x1f);
        assert_eq!(block(&mut encoder, &[("authorization", "Bearer x")]), first);
        assert_eq!(encoder.table.len(), 0);
    }

    #[test]
    fn a_smaller_table_is_announced_and_kept_to() {
        let (mut encoder, mut decoder) = (Encoder::default(), Decoder::default());
        decoder
            .decode(&block(&mut encoder, &[("a", "1")]), &mut List::default())
            .unwrap();
        encoder.set_max_size(0);
        encoder.set_max_size(200);
        let second = block(&mut encoder, &[("a", "1")]);
        assert_eq!(second[..4], [0x20, 0x3f, 0xa9, 0x01]);
        decoder.decode(&second, &mut List::default()).unwrap();
        assert_eq!(block(&mut encoder, &[("a", "1")]), [0xbe]);
    }

    proptest! {
        #[test]
        fn what_is_written_is_read(
            messages in prop::collection::vec(prop::collection::vec(("[a-e]{1,3}", "[ -~]{0,40}"), 0..12), 1..40),
        ) {
            let (mut encoder, mut decoder) = (Encoder::default(), Decoder::default());
            for fields in messages {
                let pairs: Vec<(&str, &str)> = fields.iter().map(|(name, value)| (name.as_str(), value.as_str())).collect();
                let mut list = List::default();
                prop_assert_eq!(decoder.decode(&block(&mut encoder, &pairs), &mut list), Ok(()));
                let expected: Vec<_> = pairs.iter().map(|(name, value)| (name.as_bytes().to_vec(), value.as_bytes().to_vec())).collect();
                prop_assert_eq!(list.0, expected);
            }
        }
    }
}
