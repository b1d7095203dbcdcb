//! The Huffman code of field text (RFC 7541 section 5.2).
//!
//! The code is canonical: codes of one length count upwards in the order of their symbols. So the lengths of appendix B
//! are all there is to know; codes and tables are computed from them when this crate is compiled.

/// Code length by symbol (RFC 7541 appendix B); the end-of-string symbol, of 30 bits, follows the last.
const LENGTHS: [u8; 256] = [
    13, 23, 28, 28, 28, 28, 28, 28, 28, 24, 30, 28, 28, 30, 28, 28, //
    28, 28, 28, 28, 28, 28, 30, 28, 28, 28, 28, 28, 28, 28, 28, 28, //
    6, 10, 10, 12, 13, 6, 8, 11, 10, 10, 8, 11, 8, 6, 6, 6, //
    5, 5, 5, 6, 6, 6, 6, 6, 6, 6, 7, 8, 15, 6, 12, 10, //
    13, 6, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, //
    7, 7, 7, 7, 7, 7, 7, 7, 8, 7, 8, 13, 19, 13, 14, 6, //
    15, 5, 6, 5, 6, 5, 6, 6, 6, 5, 7, 7, 6, 6, 6, 5, //
    6, 7, 6, 5, 5, 6, 7, 7, 7, 7, 7, 15, 11, 14, 13, 28, //
    20, 22, 20, 20, 22, 22, 22, 23, 22, 23, 23, 23, 23, 23, 24, 23, //
    24, 24, 22, 23, 24, 23, 23, 23, 23, 21, 22, 23, 22, 23, 23, 24, //
    22, 21, 20, 22, 22, 23, 23, 21, 23, 22, 22, 24, 21, 22, 23, 23, //
    21, 21, 22, 21, 23, 22, 23, 23, 20, 22, 22, 22, 23, 22, 22, 23, //
    26, 26, 20, 19, 22, 23, 22, 25, 26, 26, 26, 27, 27, 26, 24, 25, //
    19, 21, 26, 27, 27, 26, 27, 24, 21, 21, 26, 26, 28, 27, 27, 27, //
    20, 24, 20, 21, 22, 21, 21, 23, 22, 22, 25, 25, 24, 24, 26, 23, //
    26, 27, 26, 26, 27, 27, 27, 27, 27, 28, 27, 27, 27, 27, 27, 26,
];

const MAX_LENGTH: usize = 30;

/// Bits that are looked up at once: most characters of fields have codes that short.
const FAST_BITS: usize = 9;

struct Tables {
    /// Code by symbol.
    codes: [u32; 256],
    /// Symbols in the order of their codes.
    sorted: [u8; 256],
    /// By length: the first code, and where its symbol is in `sorted`.
    first: [(u32, u16); MAX_LENGTH + 1],
    /// By length: how many codes there are.
    count: [u16; MAX_LENGTH + 1],
    /// Symbol and length by the next bits; length 0 for longer codes.
    fast: [(u8, u8); 1 << FAST_BITS],
}

static TABLES: Tables = tables();

const fn tables() -> Tables {
    let mut tables = Tables {
        codes: [0; 256],
        sorted: [0; 256],
        first: [(0, 0); MAX_LENGTH + 1],
        count: [0; MAX_LENGTH + 1],
        fast: [(0, 0); 1 << FAST_BITS],
    };
    let mut code = 0_u32;
    let mut position = 0;
    let mut length = 1;
    while length <= MAX_LENGTH {
        code <<= 1;
        tables.first[length] = (code, position as u16);
        let mut symbol = 0;
        while symbol < 256 {
            if LENGTHS[symbol] as usize == length {
                tables.codes[symbol] = code;
                tables.sorted[position] = symbol as u8;
                if length <= FAST_BITS {
                    let mut rest = 0;
                    while rest < 1 << (FAST_BITS - length) {
                        tables.fast[((code as usize) << (FAST_BITS - length)) | rest] = (symbol as u8, length as u8);
                        rest += 1;
                    }
                }
                tables.count[length] += 1;
                position += 1;
                code += 1;
            }
            symbol += 1;
        }
        length += 1;
    }
    tables
}

/// Why text is refused: it has the end-of-string symbol, or padding that is too long or not of ones.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct InvalidCode;

/// Appends the decoded text.
pub(crate) fn decode(text: &[u8], out: &mut Vec<u8>) -> Result<(), InvalidCode> {
    let tables = &TABLES;
    // The next bits are the highest of the window.
    let mut window = 0_u64;
    let mut bits = 0;
    let mut rest = text.iter();
    // The shortest code has 5 bits.
    out.reserve(text.len() * 8 / 5);
    loop {
        while bits <= 56 {
            let Some(byte) = rest.next() else { break };
            window |= u64::from(*byte) << (56 - bits);
            bits += 8;
        }
        if bits == 0 {
            return Ok(());
        }
        let (symbol, length) = tables.fast[(window >> (64 - FAST_BITS)) as usize];
        let (symbol, length) = if length != 0 {
            (symbol, usize::from(length))
        } else {
            match find_long(window) {
                Some(found) => found,
                // The end-of-string symbol, or the end of the text within it.
                None => return end_of_text(window, bits),
            }
        };
        if length > bits {
            return end_of_text(window, bits);
        }
        out.push(symbol);
        window <<= length;
        bits -= length;
    }
}

fn find_long(window: u64) -> Option<(u8, usize)> {
    let tables = &TABLES;
    (FAST_BITS + 1..=MAX_LENGTH).find_map(|length| {
        let code = (window >> (64 - length)) as u32;
        let (first, position) = tables.first[length];
        let nth = code.wrapping_sub(first);
        (nth < u32::from(tables.count[length])).then(|| (tables.sorted[position as usize + nth as usize], length))
    })
}

/// What is left must be the beginning of the end-of-string symbol, shorter than a byte.
fn end_of_text(window: u64, bits: usize) -> Result<(), InvalidCode> {
    if bits < 8 && window >> (64 - bits) == (1 << bits) - 1 {
        Ok(())
    } else {
        Err(InvalidCode)
    }
}

/// Bytes of the encoded text.
pub(crate) fn encoded_len(text: &[u8]) -> usize {
    let bits: usize = text.iter().map(|byte| LENGTHS[usize::from(*byte)] as usize).sum();
    bits.div_ceil(8)
}

/// Appends the encoded text.
pub(crate) fn encode(text: &[u8], out: &mut Vec<u8>) {
    let mut window = 0_u64;
    let mut bits = 0;
    for byte in text {
        let length = LENGTHS[usize::from(*byte)] as usize;
        window = window << length | u64::from(TABLES.codes[usize::from(*byte)]);
        bits += length;
        while bits >= 8 {
            bits -= 8;
            out.push((window >> bits) as u8);
        }
    }
    if bits > 0 {
        out.push((window << (8 - bits)) as u8 | (0xff >> bits) as u8);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn decoded(bytes: &[u8]) -> Result<Vec<u8>, InvalidCode> {
        let mut out = Vec::new();
        decode(bytes, &mut out).map(|()| out)
    }

    #[test]
    fn the_examples_of_the_rfc_are_read_and_written() {
        // RFC 7541 appendix C.4 and C.6.
        for (text, code) in [
            ("www.example.com", "f1e3c2e5f23a6ba0ab90f4ff"),
            ("no-cache", "a8eb10649cbf"),
            ("custom-value", "25a849e95bb8e8b4bf"),
            ("302", "6402"),
            (
                "Mon, 21 Oct 2013 20:13:21 GMT",
                "d07abe941054d444a8200595040b8166e082a62d1bff",
            ),
            (
                "foo=ASDJKHQKBZXOQWEOPIUAXQWEOIU; max-age=3600; version=1",
                "94e7821dd7f2e6c7b335dfdfcd5b3960d5af27087f3672c1ab270fb5291f9587316065c003ed4ee5b1063d5007",
            ),
        ] {
            let code: Vec<u8> = (0..code.len() / 2)
                .map(|at| u8::from_str_radix(&code[2 * at..2 * at + 2], 16).unwrap())
                .collect();
            let mut out = Vec::new();
            encode(text.as_bytes(), &mut out);
            assert_eq!(
                (out.as_slice(), encoded_len(text.as_bytes())),
                (code.as_slice(), code.len())
            );
            assert_eq!(decoded(&code), Ok(text.as_bytes().to_vec()));
        }
    }

    #[test]
    fn wrong_padding_and_the_end_of_string_symbol_are_refused() {
        assert_eq!(decoded(&[0xff]), Err(InvalidCode), "a whole byte of padding");
        assert_eq!(
            decoded(&[0x1f, 0xff]),
            Err(InvalidCode),
            "more than seven bits of padding"
        );
        assert_eq!(decoded(&[0x18]), Err(InvalidCode), "padding of zeros");
        assert_eq!(decoded(&[0xff, 0xff, 0xff, 0xff]), Err(InvalidCode), "end of string");
        assert_eq!(decoded(&[0x1f]), Ok(b"a".to_vec()));
    }

    proptest! {
        #[test]
        fn what_was_encoded_is_decoded(text: Vec<u8>) {
            let mut out = Vec::new();
            encode(&text, &mut out);
            prop_assert_eq!(out.len(), encoded_len(&text));
            prop_assert_eq!(decoded(&out), Ok(text));
        }

        #[test]
        fn what_can_be_decoded_is_encoded_the_same(code: Vec<u8>) {
            if let Ok(text) = decoded(&code) {
                let mut out = Vec::new();
                encode(&text, &mut out);
                prop_assert_eq!(out, code);
            }
        }
    }
}
