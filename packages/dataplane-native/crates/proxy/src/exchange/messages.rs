//! Messages of gRPC in a body.

/// Counts messages by following their prefixes: a flag and the length in four bytes.
#[derive(Debug, Default, Clone, Copy)]
pub(crate) struct Messages {
    is_counting: bool,
    prefix: [u8; 5],
    /// Bytes of the prefix that have come.
    have: u8,
    /// Bytes of the message that have not.
    missing: u32,
    count: u64,
}

impl Messages {
    /// Begins a body; nothing is counted where it is not one of gRPC.
    pub(crate) fn begin(is_grpc: bool) -> Self {
        Self {
            is_counting: is_grpc,
            ..Self::default()
        }
    }

    /// The same for another body of the same kind.
    pub(crate) fn again(self) -> Self {
        Self::begin(self.is_counting)
    }

    /// Messages that have begun.
    pub(crate) fn count(self) -> u64 {
        self.count
    }

    /// Takes the next bytes of the body.
    pub(crate) fn take(&mut self, mut bytes: &[u8]) {
        if !self.is_counting {
            return;
        }
        while !bytes.is_empty() {
            if self.missing > 0 {
                let skipped = bytes.len().min(self.missing as usize);
                self.missing -= skipped as u32;
                bytes = &bytes[skipped..];
                continue;
            }
            let have = usize::from(self.have);
            let taken = bytes.len().min(5 - have);
            self.prefix[have..have + taken].copy_from_slice(&bytes[..taken]);
            self.have += taken as u8;
            bytes = &bytes[taken..];
            if self.have == 5 {
                let [_, length @ ..] = self.prefix;
                self.missing = u32::from_be_bytes(length);
                self.have = 0;
                self.count += 1;
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const BODY: &[u8] = b"\0\0\0\0\x03abc\0\0\0\0\0\x01\0\0\0\x01x";

    #[test]
    fn messages_are_counted_however_they_are_cut() {
        for size in 1..=BODY.len() {
            let mut messages = Messages::begin(true);
            for piece in BODY.chunks(size) {
                messages.take(piece);
            }
            assert_eq!(messages.count(), 3, "in pieces of {size}");
            assert_eq!(messages.again().count(), 0);
        }
    }

    #[test]
    fn a_body_that_is_none_of_grpc_has_no_messages() {
        let mut messages = Messages::begin(false);
        messages.take(BODY);
        assert_eq!(messages.count(), 0);
    }
}
