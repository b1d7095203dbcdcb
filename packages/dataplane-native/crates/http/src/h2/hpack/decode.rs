//! Reading a block of fields.

use super::{DEFAULT_TABLE_SIZE, integer, statics, table::Table};
use crate::h2::huffman;

/// Why a block cannot be read. The state of the connection is lost with it: `COMPRESSION_ERROR`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct HpackError;

/// Takes the fields of a block in order.
pub(crate) trait FieldSink {
    fn field(&mut self, name: &[u8], value: &[u8]);
}

/// The receiving end of compressed fields.
#[derive(Debug)]
pub(crate) struct Decoder {
    table: Table,
    /// What we allowed the peer to use.
    allowed_size: usize,
    name: Vec<u8>,
    value: Vec<u8>,
}

impl Default for Decoder {
    fn default() -> Self {
        Self {
            table: Table::new(DEFAULT_TABLE_SIZE),
            allowed_size: DEFAULT_TABLE_SIZE,
            name: Vec::new(),
            value: Vec::new(),
        }
    }
}

/// Where a string is: in the block, or decoded in a scratch space.
#[derive(Clone, Copy)]
enum Text<'a> {
    Plain(&'a [u8]),
    Decoded,
}

impl Decoder {
    /// Reads a whole block.
    pub(crate) fn decode(&mut self, mut block: &[u8], sink: &mut impl FieldSink) -> Result<(), HpackError> {
        let mut may_resize = true;
        while let Some(first) = block.first().copied() {
            if first & 0x80 != 0 {
                let index = integer::read(&mut block, 7).ok_or(HpackError)?;
                let (name, value) = find(&self.table, index)?;
                sink.field(name, value);
            } else if first & 0x40 != 0 {
                self.literal(&mut block, 6, true, sink)?;
            } else if first & 0x20 != 0 {
                // Section 4.2: only at the beginning of a block.
                let size = integer::read(&mut block, 5).ok_or(HpackError)?;
                if !may_resize || size > self.allowed_size {
                    return Err(HpackError);
                }
                self.table.resize(size);
                continue;
            } else {
                self.literal(&mut block, 4, false, sink)?;
            }
            may_resize = false;
        }
        Ok(())
    }

    fn literal(
        &mut self,
        block: &mut &[u8],
        prefix: u32,
        is_indexed: bool,
        sink: &mut impl FieldSink,
    ) -> Result<(), HpackError> {
        let index = integer::read(block, prefix).ok_or(HpackError)?;
        let name = if index == 0 {
            string(block, &mut self.name)?
        } else {
            let (name, _) = find(&self.table, index)?;
            if is_indexed {
                // The entry may be evicted by its own successor.
                self.name.clear();
                self.name.extend_from_slice(name);
                Text::Decoded
            } else {
                let value = string(block, &mut self.value)?;
                sink.field(name, resolve(value, &self.value));
                return Ok(());
            }
        };
        let value = string(block, &mut self.value)?;
        let (name, value) = (resolve(name, &self.name), resolve(value, &self.value));
        sink.field(name, value);
        if is_indexed {
            self.table.add(name, value);
        }
        Ok(())
    }
}

fn resolve<'a>(text: Text<'a>, scratch: &'a [u8]) -> &'a [u8] {
    match text {
        Text::Plain(text) => text,
        Text::Decoded => scratch,
    }
}

fn find(table: &Table, index: usize) -> Result<(&[u8], &[u8]), HpackError> {
    if let Some((name, value)) = statics::FIELDS.get(index).filter(|_| index != 0) {
        return Ok((name.as_bytes(), value.as_bytes()));
    }
    index
        .checked_sub(statics::FIELDS.len())
        .and_then(|index| table.get(index))
        .ok_or(HpackError)
}

fn string<'a>(block: &mut &'a [u8], scratch: &mut Vec<u8>) -> Result<Text<'a>, HpackError> {
    let is_huffman = block.first().is_some_and(|first| first & 0x80 != 0);
    let len = integer::read(block, 7).ok_or(HpackError)?;
    let (text, rest) = block.split_at_checked(len).ok_or(HpackError)?;
    *block = rest;
    if !is_huffman {
        return Ok(Text::Plain(text));
    }
    scratch.clear();
    huffman::decode(text, scratch).map_err(|_| HpackError)?;
    Ok(Text::Decoded)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[derive(Default)]
    struct List(Vec<(String, String)>);

    impl FieldSink for List {
        fn field(&mut self, name: &[u8], value: &[u8]) {
            let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
            self.0.push((text(name), text(value)));
        }
    }

    fn hex(text: &str) -> Vec<u8> {
        let digits: Vec<u8> = text.bytes().filter(u8::is_ascii_hexdigit).collect();
        digits
            .chunks(2)
            .map(|pair| u8::from_str_radix(std::str::from_utf8(pair).unwrap(), 16).unwrap())
            .collect()
    }

    fn decode(decoder: &mut Decoder, block: &str) -> Vec<(String, String)> {
        let mut list = List::default();
        decoder.decode(&hex(block), &mut list).unwrap();
        list.0
    }

    fn pairs(list: &[(&str, &str)]) -> Vec<(String, String)> {
        list.iter()
            .map(|(name, value)| ((*name).to_owned(), (*value).to_owned()))
            .collect()
    }

    #[test]
    fn the_requests_of_the_rfc_are_read_with_and_without_huffman() {
        // RFC 7541 appendices C.3 and C.4.
        let plain = [
            "8286 8441 0f77 7777 2e65 7861 6d70 6c65 2e63 6f6d",
            "8286 84be 5808 6e6f 2d63 6163 6865",
            "8287 85bf 400a 6375 7374 6f6d 2d6b 6579 0c63 7573 746f 6d2d 7661 6c75 65",
        ];
        let coded = [
            "8286 8441 8cf1 e3c2 e5f2 3a6b a0ab 90f4 ff",
            "8286 84be 5886 a8eb 1064 9cbf",
            "8287 85bf 4088 25a8 49e9 5ba9 7d7f 8925 a849 e95b b8e8 b4bf",
        ];
        for blocks in [plain, coded] {
            let mut decoder = Decoder::default();
            assert_eq!(
                decode(&mut decoder, blocks[0]),
                pairs(&[
                    (":method", "GET"),
                    (":scheme", "http"),
                    (":path", "/"),
                    (":authority", "www.example.com")
                ])
            );
            assert_eq!(
                decode(&mut decoder, blocks[1]),
                pairs(&[
                    (":method", "GET"),
                    (":scheme", "http"),
                    (":path", "/"),
                    (":authority", "www.example.com"),
                    ("cache-control", "no-cache")
                ])
            );
            assert_eq!(
                decode(&mut decoder, blocks[2]),
                pairs(&[
                    (":method", "GET"),
                    (":scheme", "https"),
                    (":path", "/index.html"),
                    (":authority", "www.example.com"),
                    ("custom-key", "custom-value")
                ])
            );
        }
    }

    #[test]
    fn the_table_may_shrink_at_the_beginning_of_a_block_only() {
        let mut decoder = Decoder::default();
        decode(
            &mut decoder,
            "400a 6375 7374 6f6d 2d6b 6579 0c63 7573 746f 6d2d 7661 6c75 65",
        );
        assert_eq!(decode(&mut decoder, "be"), pairs(&[("custom-key", "custom-value")]));
        decode(&mut decoder, "20");
        assert_eq!(decoder.decode(&hex("be"), &mut List::default()), Err(HpackError));
        assert_eq!(decoder.decode(&hex("82 20"), &mut List::default()), Err(HpackError));
        assert_eq!(
            decoder.decode(&hex("3fe2 1f"), &mut List::default()),
            Err(HpackError),
            "above 4096"
        );
    }

    #[test]
    fn what_is_cut_off_or_refers_to_nothing_is_refused() {
        for block in ["80", "c0", "ff80", "40", "400a 63", "0085 ffff ffff ff01 61", "7f"] {
            let mut decoder = Decoder::default();
            assert_eq!(
                decoder.decode(&hex(block), &mut List::default()),
                Err(HpackError),
                "{block}"
            );
        }
    }
}
