//! Taking the encoding off bodies (`envoy.filters.http.decompressor`), a bounded piece at a time.

use std::{fmt, io};

use brotli::{BrotliDecompressStream, BrotliResult, BrotliState, enc::StandardAlloc};
use config::DecompressorLibrary;
use flate2::{Decompress, FlushDecompress, Status};
use zstd::stream::raw::{DParameter, Decoder as ZstdDecoder, Operation as _};

/// What small bodies may become whatever their ratio.
const FREE_BYTES: u64 = 64 * 1024;

/// The largest window of Zstandard on the web (RFC 9659 section 3).
const MAX_ZSTD_WINDOW_LOG: u32 = 23;

/// Why a body cannot be decoded.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum DecodeError {
    /// It is not what its `content-encoding` says.
    Malformed,
    /// It ends too early.
    Truncated,
    /// It becomes larger than its size allows: a bomb.
    TooLarge,
}

impl fmt::Display for DecodeError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Malformed => "the body is not in its encoding",
            Self::Truncated => "the encoded body ends too early",
            Self::TooLarge => "the body becomes too large",
        })
    }
}

impl std::error::Error for DecodeError {}

/// Decodes one body.
pub struct Decoder {
    kind: Kind,
    max_ratio: u64,
    taken: u64,
    made: u64,
    /// What was taken so far is complete.
    is_complete: bool,
    has_more: bool,
}

enum Kind {
    Gzip(Box<Decompress>, u8),
    Brotli(Box<BrotliState<StandardAlloc, StandardAlloc, StandardAlloc>>),
    Zstd(ZstdDecoder<'static>),
}

fn brotli() -> Kind {
    let alloc = StandardAlloc::default;
    Kind::Brotli(Box::new(BrotliState::new_strict(alloc(), alloc(), alloc())))
}

impl Decoder {
    /// At the first byte.
    pub fn new(library: DecompressorLibrary) -> io::Result<Self> {
        let (kind, max_ratio) = match library {
            DecompressorLibrary::Gzip { window_bits, max_ratio } => {
                let decoder = Decompress::new_gzip(window_bits.clamp(9, 15));
                (Kind::Gzip(Box::new(decoder), window_bits.clamp(9, 15)), max_ratio)
            }
            DecompressorLibrary::Brotli { max_ratio } => (brotli(), max_ratio),
            DecompressorLibrary::Zstd { max_ratio } => {
                let mut decoder = ZstdDecoder::new()?;
                decoder.set_parameter(DParameter::WindowLogMax(MAX_ZSTD_WINDOW_LOG))?;
                (Kind::Zstd(decoder), max_ratio)
            }
        };
        Ok(Self {
            kind,
            max_ratio: u64::from(max_ratio),
            taken: 0,
            made: 0,
            is_complete: false,
            has_more: false,
        })
    }

    /// Takes of `input`, and appends at most `most` bytes to `out`. The answer is how many were taken: not all where there
    /// is no room for what they become.
    pub fn run(&mut self, mut input: &[u8], most: usize, out: &mut Vec<u8>) -> Result<usize, DecodeError> {
        let (given, start) = (input.len(), out.len());
        out.resize(start + most, 0);
        let mut end = start;
        let result = loop {
            let (taken, made) = match self.step(input, &mut out[end..]) {
                Ok(step) => step,
                Err(error) => break Err(error),
            };
            input = &input[taken..];
            end += made;
            self.taken += taken as u64;
            self.made += made as u64;
            if self.made > FREE_BYTES && self.made > self.max_ratio.saturating_mul(self.taken) {
                break Err(DecodeError::TooLarge);
            }
            self.has_more = end == start + most;
            if self.has_more || input.is_empty() {
                break Ok(given - input.len());
            }
            if taken == 0 && made == 0 {
                break Err(DecodeError::Malformed);
            }
        };
        out.truncate(end);
        result
    }

    /// Whether there may be more output of what was taken.
    pub fn has_more(&self) -> bool {
        self.has_more
    }

    /// The body has ended: whether it is complete. One without content is.
    pub fn end(&self) -> Result<(), DecodeError> {
        if self.is_complete || self.taken == 0 {
            Ok(())
        } else {
            Err(DecodeError::Truncated)
        }
    }

    /// How many bytes are taken of `input`, and written to `out`.
    fn step(&mut self, input: &[u8], out: &mut [u8]) -> Result<(usize, usize), DecodeError> {
        if self.is_complete && input.is_empty() {
            return Ok((0, 0));
        }
        match &mut self.kind {
            Kind::Gzip(decoder, window_bits) => {
                if self.is_complete {
                    // Another member (RFC 1952 section 2.2).
                    **decoder = Decompress::new_gzip(*window_bits);
                    self.is_complete = false;
                }
                let (taken, made) = (decoder.total_in(), decoder.total_out());
                let status = decoder.decompress(input, out, FlushDecompress::None);
                let status = status.map_err(|_| DecodeError::Malformed)?;
                self.is_complete = status == Status::StreamEnd;
                Ok((
                    (decoder.total_in() - taken) as usize,
                    (decoder.total_out() - made) as usize,
                ))
            }
            Kind::Brotli(state) => {
                if self.is_complete {
                    return Err(DecodeError::Malformed);
                }
                let (mut left, mut taken, mut room, mut made, mut total) = (input.len(), 0, out.len(), 0, 0);
                let result = BrotliDecompressStream(
                    &mut left, &mut taken, input, &mut room, &mut made, out, &mut total, state,
                );
                match result {
                    BrotliResult::ResultFailure => return Err(DecodeError::Malformed),
                    BrotliResult::ResultSuccess => self.is_complete = true,
                    BrotliResult::NeedsMoreInput | BrotliResult::NeedsMoreOutput => {}
                }
                Ok((taken, made))
            }
            Kind::Zstd(decoder) => {
                let status = decoder.run_on_buffers(input, out);
                let status = status.map_err(|_| DecodeError::Malformed)?;
                self.is_complete = status.remaining == 0;
                Ok((status.bytes_read, status.bytes_written))
            }
        }
    }
}

/// Whether the last of the encodings in `content-encoding` is this one, and what is left of the field without it.
pub fn outermost<'v>(value: &'v [u8], encoding: &str) -> Option<&'v [u8]> {
    let at = value.iter().rposition(|byte| *byte == b',');
    let (rest, last) = at.map_or((&b""[..], value), |at| (&value[..at], &value[at + 1..]));
    let last = last.trim_ascii();
    let is_it =
        last.eq_ignore_ascii_case(encoding.as_bytes()) || encoding == "gzip" && last.eq_ignore_ascii_case(b"x-gzip");
    is_it.then(|| rest.trim_ascii())
}

#[cfg(test)]
mod tests {
    use config::CompressorLibrary;

    use super::*;
    use crate::compress::Encoder;

    const ALL: [(DecompressorLibrary, CompressorLibrary); 3] = [
        (
            DecompressorLibrary::Gzip {
                window_bits: 15,
                max_ratio: 100,
            },
            CompressorLibrary::Gzip {
                level: 6,
                window_bits: 15,
            },
        ),
        (
            DecompressorLibrary::Brotli { max_ratio: 100 },
            CompressorLibrary::Brotli {
                quality: 3,
                window_bits: 18,
            },
        ),
        (
            DecompressorLibrary::Zstd { max_ratio: 100 },
            CompressorLibrary::Zstd {
                level: 3,
                checksum: true,
            },
        ),
    ];

    fn encoded(library: CompressorLibrary, content: &[u8]) -> Vec<u8> {
        let (mut encoder, mut out) = (Encoder::new(&library).unwrap(), Vec::new());
        encoder.write(content, &mut out).unwrap();
        encoder.finish(&mut out).unwrap();
        out
    }

    fn text() -> Vec<u8> {
        (0..20_000_u32)
            .flat_map(|n| format!("line {}\n", n.wrapping_mul(2_654_435_761)).into_bytes())
            .collect()
    }

    /// Decodes with so many bytes in and out at a time.
    fn decoded(decoder: &mut Decoder, mut bytes: &[u8], piece: usize, most: usize) -> Result<Vec<u8>, DecodeError> {
        let mut out = Vec::new();
        while !bytes.is_empty() || decoder.has_more() {
            let before = out.len();
            let taken = decoder.run(&bytes[..piece.min(bytes.len())], most, &mut out)?;
            assert!(out.len() - before <= most);
            bytes = &bytes[taken..];
        }
        decoder.end().map(|()| out)
    }

    #[test]
    fn what_was_encoded_is_decoded_whatever_the_pieces() {
        let text = text();
        for (library, encoder) in ALL {
            let bytes = encoded(encoder, &text);
            for (piece, most) in [(1 << 20, 1 << 20), (7, 4096), (4096, 100), (1, 16_384)] {
                let mut decoder = Decoder::new(library).unwrap();
                let out = decoded(&mut decoder, &bytes, piece, most).unwrap();
                assert!(out == text, "{library:?} {piece} {most}");
            }
        }
    }

    #[test]
    fn a_body_that_ends_too_early_is_told_from_a_complete_one() {
        for (library, encoder) in ALL {
            let bytes = encoded(encoder, b"hello hello hello");
            let mut decoder = Decoder::new(library).unwrap();
            let found = decoded(&mut decoder, &bytes[..bytes.len() - 3], 4096, 4096);
            assert_eq!(found, Err(DecodeError::Truncated), "{library:?}");
            let decoder = Decoder::new(library).unwrap();
            assert_eq!(decoder.end(), Ok(()), "nothing is complete");
        }
    }

    #[test]
    fn what_is_in_no_encoding_is_refused() {
        for (library, _) in ALL {
            let mut decoder = Decoder::new(library).unwrap();
            let found = decoded(&mut decoder, &[0x55; 4096], 4096, 4096);
            assert!(matches!(found, Err(DecodeError::Malformed)), "{library:?} {found:?}");
        }
    }

    #[test]
    fn a_bomb_is_given_up_before_it_fills_the_memory() {
        let zeros = vec![0; 20 << 20];
        for (library, encoder) in ALL {
            let bytes = encoded(encoder, &zeros);
            let mut decoder = Decoder::new(library).unwrap();
            let found = decoded(&mut decoder, &bytes, 1024, 16_384);
            assert_eq!(found, Err(DecodeError::TooLarge), "{library:?}");
            assert!(
                decoder.made <= FREE_BYTES.max(100 * decoder.taken) + 16_384,
                "{library:?}"
            );
        }
        let small = encoded(ALL[0].1, &vec![0; 60_000]);
        let mut decoder = Decoder::new(ALL[0].0).unwrap();
        assert!(decoded(&mut decoder, &small, 1024, 16_384).is_ok());
    }

    #[test]
    fn members_follow_each_other() {
        let one = encoded(ALL[0].1, b"one ");
        let two = encoded(ALL[0].1, b"two");
        let mut decoder = Decoder::new(ALL[0].0).unwrap();
        let out = decoded(&mut decoder, &[one, two].concat(), 4096, 4096).unwrap();
        assert_eq!(out, b"one two");
    }

    #[test]
    fn the_last_encoding_is_the_outermost() {
        assert_eq!(outermost(b"gzip", "gzip"), Some(&b""[..]));
        assert_eq!(outermost(b"br , X-GZIP", "gzip"), Some(&b"br"[..]));
        assert_eq!(outermost(b"gzip, br", "gzip"), None);
        assert_eq!(outermost(b"", "gzip"), None);
    }
}
