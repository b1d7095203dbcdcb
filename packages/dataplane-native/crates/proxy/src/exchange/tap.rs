//! What is recorded of a body on its way.

use http::{BodyReader, Fields, Framing, h1};

/// Bytes of a trailer section that are kept.
const MAX_TRAILERS: usize = 8 * 1024;

/// The beginning of a body, without what delimits it.
pub(crate) struct BodyTap {
    reader: BodyReader,
    most: usize,
    body: Vec<u8>,
    is_truncated: bool,
    /// Trailers that passed by with the chunks.
    section: Vec<u8>,
}

impl BodyTap {
    /// Keeps so many bytes.
    pub(crate) fn new(most: usize) -> Self {
        Self {
            reader: BodyReader::default(),
            most,
            body: Vec::new(),
            is_truncated: false,
            section: Vec::new(),
        }
    }

    /// One that keeps as many bytes of another body.
    pub(crate) fn again(&self) -> Self {
        Self::new(self.most)
    }

    /// A body begins.
    pub(super) fn begin(&mut self, framing: Framing) {
        self.restart();
        self.reader = BodyReader::new(framing);
    }

    /// What has come does not count.
    pub(super) fn restart(&mut self) {
        self.body.clear();
        self.section.clear();
        self.is_truncated = false;
    }

    /// Takes bytes as they are framed. What breaks the framing is told to who follows it.
    pub(super) fn raw(&mut self, bytes: &[u8]) {
        let mut piece = bytes.to_vec();
        let Ok(decoded) = self.reader.decode(&mut piece) else {
            return;
        };
        if self.section.len() + decoded.trailers.len() <= MAX_TRAILERS {
            self.section.extend_from_slice(&piece[decoded.trailers]);
        }
        self.content(&piece[..decoded.len]);
    }

    /// Takes content.
    pub(super) fn content(&mut self, bytes: &[u8]) {
        let kept = bytes.len().min(self.most - self.body.len());
        self.body.extend_from_slice(&bytes[..kept]);
        self.is_truncated |= kept < bytes.len();
    }

    /// What of this is kept where only `most` bytes are wanted, and whether there was more.
    pub(crate) fn kept(&self, most: usize) -> (&[u8], bool) {
        let kept = self.body.len().min(most);
        (&self.body[..kept], self.is_truncated || kept < self.body.len())
    }

    /// The trailers that passed by with the chunks.
    pub(crate) fn trailers(&self) -> Vec<(Vec<u8>, Vec<u8>)> {
        let mut fields = Fields::default();
        if h1::parse_trailers(&self.section, &mut fields).is_err() {
            return Vec::new();
        }
        let of = |field: &http::Field| {
            let name = field.name.of(&self.section).to_vec();
            (name, field.value.of(&self.section).to_vec())
        };
        fields.as_slice().iter().map(of).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn chunks_are_taken_off_and_trailers_kept_however_the_bytes_are_cut() {
        let bytes = b"5;a=b\r\nhello\r\n6\r\n world\r\n0\r\nx-sum: 1\r\n\r\n";
        for size in 1..=bytes.len() {
            let mut tap = BodyTap::new(100);
            tap.begin(Framing::Chunked);
            for piece in bytes.chunks(size) {
                tap.raw(piece);
            }
            assert_eq!(tap.kept(100), (&b"hello world"[..], false), "in pieces of {size}");
            assert_eq!(tap.trailers(), [(b"x-sum".to_vec(), b"1".to_vec())]);
        }
    }

    #[test]
    fn what_does_not_fit_is_left_out_and_that_is_said() {
        let mut tap = BodyTap::new(5);
        tap.begin(Framing::Length(11));
        tap.raw(b"hello");
        assert_eq!(tap.kept(5), (&b"hello"[..], false));
        assert_eq!(tap.kept(4), (&b"hell"[..], true));
        tap.raw(b" world and the next request");
        assert_eq!(tap.kept(5), (&b"hello"[..], true));
        tap.begin(Framing::Close);
        assert_eq!(tap.kept(5), (&b""[..], false));
        assert!(tap.trailers().is_empty());
    }
}
