//! Where a body ends (RFC 9112 §6, §7).

/// How a body is delimited.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum Framing {
    /// There is no body.
    #[default]
    None,
    /// That many bytes.
    Length(u64),
    /// Chunks and a trailer section.
    Chunked,
    /// Everything until the end: of the connection (HTTP/1 responses only) or of the stream (HTTP/2).
    Close,
    /// The connection is no longer HTTP (101, or 2xx to CONNECT).
    Tunnel,
}

/// Why a body is refused.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum BodyError {
    /// A chunk size, its line or the line after its data is not as RFC 9112 §7.1 says.
    InvalidChunk,
    /// Chunk extensions or trailers are longer than allowed.
    TooLarge,
    /// The connection ended before the body.
    Truncated,
}

impl BodyError {
    /// Response code details as the access log shows them.
    pub fn details(self) -> &'static str {
        match self {
            Self::InvalidChunk => "http1.invalid_chunk",
            Self::TooLarge => "http1.trailers_too_large",
            Self::Truncated => "http1.body_truncated",
        }
    }
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum State {
    Length(u64),
    Close,
    Done,
    /// Chunk size so far, and its digits.
    Size(u64, u8),
    /// Before the name of an extension.
    ExtensionStart(u64),
    ExtensionName(u64),
    /// Behind a name that a space ended.
    ExtensionNamed(u64),
    /// Behind the sign between a name and its value.
    ExtensionEquals(u64),
    ExtensionValue(u64),
    /// Behind a value in quotes.
    ExtensionQuoted(u64),
    /// Behind a value that a space ended: only another extension may follow.
    ExtensionEnd(u64),
    /// A quoted string in an extension; true after a backslash.
    Quoted(u64, bool),
    SizeLf(u64),
    Data(u64),
    DataCr,
    DataLf,
    TrailerStart,
    TrailerName,
    TrailerValue,
    TrailerLf,
    LastLf,
}

/// What [`BodyReader::decode`] found.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Decoded {
    /// Bytes that belong to the body.
    pub taken: usize,
    /// Bytes of content, which are at the front now.
    pub len: usize,
    /// Bytes of the trailer section, with its empty line.
    pub trailers: std::ops::Range<usize>,
}

/// Bytes of chunk extensions or trailers in one body.
const MAX_EXTRA: u32 = 8 * 1024;

/// Follows a body through the bytes of its connection without keeping any of them.
#[derive(Debug, Clone)]
pub struct BodyReader {
    state: State,
    extra: u32,
}

impl Default for BodyReader {
    fn default() -> Self {
        Self::new(Framing::None)
    }
}

impl BodyReader {
    /// At the first byte of a body.
    pub fn new(framing: Framing) -> Self {
        let state = match framing {
            Framing::None | Framing::Length(0) => State::Done,
            Framing::Length(length) => State::Length(length),
            Framing::Chunked => State::Size(0, 0),
            Framing::Close | Framing::Tunnel => State::Close,
        };
        Self { state, extra: 0 }
    }

    /// True after the last byte. A body that is delimited by close is never done.
    pub fn is_done(&self) -> bool {
        self.state == State::Done
    }

    /// Bytes still to come, where the framing says it.
    pub fn remaining(&self) -> Option<u64> {
        match self.state {
            State::Length(rest) => Some(rest),
            State::Done => Some(0),
            _ => None,
        }
    }

    /// What the end of the connection means here.
    pub fn end(&mut self) -> Result<(), BodyError> {
        match self.state {
            State::Close | State::Done => {
                self.state = State::Done;
                Ok(())
            }
            _ => Err(BodyError::Truncated),
        }
    }

    /// How many of `bytes` belong to the body: all, or fewer when it ends within them.
    pub fn consume(&mut self, bytes: &[u8]) -> Result<usize, BodyError> {
        match self.state {
            State::Length(rest) => {
                let taken = rest.min(bytes.len() as u64);
                self.state = if taken == rest {
                    State::Done
                } else {
                    State::Length(rest - taken)
                };
                Ok(taken as usize)
            }
            State::Close => Ok(bytes.len()),
            State::Done => Ok(0),
            _ => self.chunked(bytes, |_, _| {}).map(|(taken, _)| taken),
        }
    }

    /// Like [`BodyReader::consume`], and moves the content (without chunk framing) to the front of `bytes`.
    pub fn decode(&mut self, bytes: &mut [u8]) -> Result<Decoded, BodyError> {
        if matches!(self.state, State::Length(_) | State::Close | State::Done) {
            return self.consume(bytes).map(|taken| Decoded {
                taken,
                len: taken,
                trailers: taken..taken,
            });
        }
        // Ranges of content arrive in order and only ever move forward.
        let mut ranges = smallset::Ranges::default();
        let shared: &[u8] = bytes;
        let (taken, trailers) = self.chunked(shared, |start, len| ranges.push(start, len))?;
        let mut out = 0;
        for (start, len) in ranges.iter() {
            bytes.copy_within(start..start + len, out);
            out += len;
        }
        Ok(Decoded {
            taken,
            len: out,
            trailers: trailers..taken,
        })
    }

    /// The bytes taken, and where those of the trailer section begin.
    fn chunked(&mut self, bytes: &[u8], mut content: impl FnMut(usize, usize)) -> Result<(usize, usize), BodyError> {
        let mut at = 0;
        let mut trailers = None;
        while at < bytes.len() && self.state != State::Done {
            if let State::Data(rest) = self.state {
                let taken = rest.min((bytes.len() - at) as u64);
                content(at, taken as usize);
                at += taken as usize;
                self.state = if taken == rest {
                    State::DataCr
                } else {
                    State::Data(rest - taken)
                };
                continue;
            }
            if trailers.is_none() && self.is_in_trailers() {
                trailers = Some(at);
            }
            self.state = self.step(bytes[at])?;
            at += 1;
        }
        Ok((at, trailers.unwrap_or(at)))
    }

    fn is_in_trailers(&self) -> bool {
        matches!(
            self.state,
            State::TrailerStart | State::TrailerName | State::TrailerValue | State::TrailerLf | State::LastLf
        )
    }

    // One arm per transition of the grammar reads better than arms merged by what they lead to.
    #[allow(clippy::match_same_arms)]
    fn step(&mut self, byte: u8) -> Result<State, BodyError> {
        use State::{
            Data, DataCr, DataLf, Done, ExtensionEnd, ExtensionEquals, ExtensionName, ExtensionNamed, ExtensionQuoted,
            ExtensionStart, ExtensionValue, LastLf, Quoted, Size, SizeLf, TrailerLf, TrailerName, TrailerStart,
            TrailerValue,
        };
        let next = match (self.state, byte) {
            (Size(size, digits), b'0'..=b'9' | b'a'..=b'f' | b'A'..=b'F') if digits < 15 => {
                let digit = char::from(byte).to_digit(16).unwrap_or_default();
                Size(size << 4 | u64::from(digit), digits + 1)
            }
            (Size(size, digits), b'\r') if digits > 0 => SizeLf(size),
            (Size(size, digits), b';') if digits > 0 => self.extra(ExtensionStart(size))?,
            (ExtensionStart(size), b'\t' | b' ') => self.extra(ExtensionStart(size))?,
            (ExtensionStart(size) | ExtensionName(size), byte) if is_token(byte) => self.extra(ExtensionName(size))?,
            (ExtensionName(size) | ExtensionNamed(size), b'\t' | b' ') => self.extra(ExtensionNamed(size))?,
            (ExtensionName(size) | ExtensionNamed(size), b'=') => self.extra(ExtensionEquals(size))?,
            (ExtensionEquals(size), b'\t' | b' ') => self.extra(ExtensionEquals(size))?,
            (ExtensionEquals(size), b'"') => self.extra(Quoted(size, false))?,
            (ExtensionEquals(size) | ExtensionValue(size), byte) if is_token(byte) => {
                self.extra(ExtensionValue(size))?
            }
            (ExtensionValue(size) | ExtensionQuoted(size) | ExtensionEnd(size), b'\t' | b' ') => {
                self.extra(ExtensionEnd(size))?
            }
            (
                ExtensionName(size)
                | ExtensionNamed(size)
                | ExtensionValue(size)
                | ExtensionQuoted(size)
                | ExtensionEnd(size),
                b';',
            ) => self.extra(ExtensionStart(size))?,
            (ExtensionName(size) | ExtensionValue(size) | ExtensionQuoted(size), b'\r') => SizeLf(size),
            (Quoted(size, true), b'\t' | 0x20..=0x7e) => self.extra(Quoted(size, false))?,
            (Quoted(size, false), b'\\') => self.extra(Quoted(size, true))?,
            (Quoted(size, false), b'"') => self.extra(ExtensionQuoted(size))?,
            (Quoted(size, false), b'\t' | 0x20..=0x7e) => self.extra(Quoted(size, false))?,
            (SizeLf(0), b'\n') => TrailerStart,
            (SizeLf(size), b'\n') => Data(size),
            (DataCr, b'\r') => DataLf,
            (DataLf, b'\n') => Size(0, 0),
            (TrailerStart, b'\r') => LastLf,
            (TrailerStart | TrailerName, byte) if is_token(byte) => self.extra(TrailerName)?,
            (TrailerName, b':') => self.extra(TrailerValue)?,
            (TrailerValue, b'\r') => TrailerLf,
            (TrailerValue, b'\t' | 0x20..=0x7e | 0x80..=0xff) => self.extra(TrailerValue)?,
            (TrailerLf, b'\n') => TrailerStart,
            (LastLf, b'\n') => Done,
            _ => return Err(BodyError::InvalidChunk),
        };
        Ok(next)
    }

    fn extra(&mut self, next: State) -> Result<State, BodyError> {
        self.extra += 1;
        if self.extra > MAX_EXTRA {
            Err(BodyError::TooLarge)
        } else {
            Ok(next)
        }
    }
}

/// RFC 9110 §5.6.2 `tchar`.
pub(crate) fn is_token(byte: u8) -> bool {
    matches!(byte, b'!' | b'#'..=b'\'' | b'*' | b'+' | b'-' | b'.' | b'^'..=b'z' | b'|' | b'~' | b'0'..=b'9' | b'A'..=b'Z')
}

mod smallset {
    /// Ranges that are merged when they touch; few chunks fit into one read, so the list stays short.
    #[derive(Default)]
    pub(super) struct Ranges(Vec<(usize, usize)>);

    impl Ranges {
        pub(super) fn push(&mut self, start: usize, len: usize) {
            match self.0.last_mut() {
                Some(last) if last.0 + last.1 == start => last.1 += len,
                _ => self.0.push((start, len)),
            }
        }

        pub(super) fn iter(&self) -> impl Iterator<Item = (usize, usize)> + '_ {
            self.0.iter().copied()
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_length_ends_the_body_and_leaves_what_follows() {
        let mut body = BodyReader::new(Framing::Length(5));
        assert_eq!(body.consume(b"abc"), Ok(3));
        assert!(!body.is_done());
        assert_eq!(body.consume(b"deGET /"), Ok(2));
        assert!(body.is_done());
        assert_eq!(body.consume(b"GET /"), Ok(0));
    }

    #[test]
    fn chunks_end_after_the_trailers_and_leave_what_follows() {
        let text = b"5;a=\"x\\\"\"\r\nhello\r\n0\r\nx-t: 1\r\n\r\nGET / HTTP/1.1\r\n";
        let mut body = BodyReader::new(Framing::Chunked);
        assert_eq!(body.consume(text), Ok(text.len() - b"GET / HTTP/1.1\r\n".len()));
        assert!(body.is_done());
    }

    #[test]
    fn decoding_gives_the_content_alone() {
        let mut text = *b"5\r\nhello\r\n6\r\n world\r\n0\r\n\r\nrest";
        let mut body = BodyReader::new(Framing::Chunked);
        let decoded = body.decode(&mut text).unwrap();
        assert_eq!((decoded.taken, &text[..decoded.len]), (26, &b"hello world"[..]));
        assert_eq!(&text[decoded.trailers], b"\r\n");
        assert!(body.is_done());
    }

    #[test]
    fn the_trailer_section_is_found_however_it_is_cut() {
        let whole = *b"5;t=1\r\nhello\r\n0\r\nx-t: 1\r\ny: 2\r\n\r\nnext";
        for step in 1..=whole.len() {
            let mut body = BodyReader::new(Framing::Chunked);
            let mut section = Vec::new();
            for piece in whole.chunks(step) {
                let mut piece = piece.to_vec();
                let decoded = body.decode(&mut piece).unwrap();
                section.extend_from_slice(&piece[decoded.trailers]);
            }
            assert_eq!(section, b"x-t: 1\r\ny: 2\r\n\r\n", "{step}");
        }
    }

    #[test]
    fn extensions_are_names_with_values_or_without() {
        for text in [
            "5;a\r\n",
            "5;a=b;c\r\n",
            "5; a = b ; c\r\n",
            "5;a=\"b;\\\"c\" ;d\r\n",
            "5;a=\"\"\r\n",
        ] {
            let taken = BodyReader::new(Framing::Chunked).consume(text.as_bytes());
            assert_eq!(taken, Ok(text.len()), "{text:?}");
        }
    }

    #[test]
    fn bad_chunks_are_refused() {
        for text in [
            "\r\n",
            "5 \r\nhello",
            " 5\r\nhello",
            "0x5\r\n",
            "-1\r\n",
            "+5\r\n",
            "5\nhello",
            "5\r\nhelloX",
            "5\r\nhello\n",
            "g\r\n",
            "1234567890abcdef\r\n",
            "0\r\nbad trailer: x\r\n",
            "0\r\n: x\r\n",
            "0\r\nx: \0\r\n",
            "0\r\n\n",
            "5;\x01\r\n",
            "0\r\n folded\r\n",
            "5;a\nhello",
            "5;\r\n",
            "5;;a\r\n",
            "5;=b\r\n",
            "5;a=\r\n",
            "5;a=;b\r\n",
            "5;a=b\"c\"\r\n",
            "5;a=\"b\"c\r\n",
            "5;a b\r\n",
            "5;a \r\n",
        ] {
            assert_eq!(
                BodyReader::new(Framing::Chunked).consume(text.as_bytes()),
                Err(BodyError::InvalidChunk),
                "{text:?}"
            );
        }
        let long = format!("5;{}", "a".repeat(9000));
        assert_eq!(
            BodyReader::new(Framing::Chunked).consume(long.as_bytes()),
            Err(BodyError::TooLarge)
        );
    }

    #[test]
    fn an_early_end_is_an_error_unless_close_is_the_framing() {
        assert_eq!(BodyReader::new(Framing::Length(1)).end(), Err(BodyError::Truncated));
        assert_eq!(BodyReader::new(Framing::Chunked).end(), Err(BodyError::Truncated));
        assert_eq!(BodyReader::new(Framing::Close).end(), Ok(()));
        assert_eq!(BodyReader::new(Framing::None).end(), Ok(()));
    }
}
