//! Integers with a prefix (RFC 7541 section 5.1).

/// Longest string or size that is believed; larger ones are refused before they are added up.
const MAX: usize = 1 << 24;

/// Reads an integer whose first byte has `prefix` bits of it. None: the bytes end within it, or it is too large.
pub(super) fn read(bytes: &mut &[u8], prefix: u32) -> Option<usize> {
    let (first, mut rest) = bytes.split_first()?;
    let mask = (1_usize << prefix) - 1;
    let mut value = usize::from(*first) & mask;
    if value == mask {
        let mut shift = 0;
        loop {
            let (byte, tail) = rest.split_first()?;
            rest = tail;
            if shift > 21 {
                return None;
            }
            value += usize::from(byte & 0x7f) << shift;
            shift += 7;
            if byte & 0x80 == 0 {
                break;
            }
        }
        if value > MAX {
            return None;
        }
    }
    *bytes = rest;
    Some(value)
}

/// Appends an integer; `first` has the bits above the prefix.
pub(super) fn write(value: usize, prefix: u32, first: u8, out: &mut Vec<u8>) {
    let mask = (1_usize << prefix) - 1;
    if value < mask {
        out.push(first | value as u8);
        return;
    }
    out.push(first | mask as u8);
    let mut rest = value - mask;
    while rest >= 0x80 {
        out.push(rest as u8 | 0x80);
        rest >>= 7;
    }
    out.push(rest as u8);
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn integers_come_back_as_they_were_written() {
        for value in [0, 1, 9, 10, 30, 31, 126, 127, 128, 254, 255, 1337, 16_384, 1 << 20, MAX] {
            for prefix in 4..=7 {
                let mut out = Vec::new();
                write(value, prefix, 0x80, &mut out);
                let mut bytes = out.as_slice();
                assert_eq!(read(&mut bytes, prefix), Some(value));
                assert!(bytes.is_empty());
            }
        }
        // RFC 7541 appendix C.1.2.
        let mut out = Vec::new();
        write(1337, 5, 0, &mut out);
        assert_eq!(out, [31, 154, 10]);
    }

    #[test]
    fn what_is_cut_off_or_too_large_is_refused() {
        for bytes in [
            &[][..],
            &[0x1f],
            &[0x1f, 0x80],
            &[0x1f, 0xff, 0xff, 0xff, 0xff, 0x7f],
            &[0x1f, 0xff, 0xff, 0xff, 0x7f],
        ] {
            let mut rest = bytes;
            assert_eq!(read(&mut rest, 5), None, "{bytes:?}");
        }
    }
}
