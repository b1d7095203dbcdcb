//! Compressing responses (`envoy.filters.http.compressor`): which, in what encoding, and doing it piece by piece.

use std::io::{self, Write as _};

use brotli::{CompressorWriter, enc::BrotliEncoderParams};
use config::{Compressor, CompressorLibrary};
use flate2::{Compress, Compression, FlushCompress};

/// A compressor of the chain as a route has it.
#[derive(Debug, Clone, Copy)]
pub struct Offer<'a> {
    /// The filter's settings.
    pub settings: &'a Compressor,
    /// Its encoding, or the route's own.
    pub library: &'a CompressorLibrary,
}

/// What decides whether a response may be compressed.
#[derive(Debug, Clone, Copy, Default)]
pub struct ResponseFacts<'a> {
    /// Status code.
    pub status: u16,
    /// `content-type`.
    pub content_type: Option<&'a [u8]>,
    /// `content-length`.
    pub content_length: Option<u64>,
    /// It has a `content-encoding` already.
    pub is_encoded: bool,
    /// `cache-control` forbids to change it.
    pub is_no_transform: bool,
    /// It has an `etag`.
    pub has_etag: bool,
}

/// Whether a response would be compressed for a client that takes the encoding: then it varies by what clients take.
pub fn is_compressible(settings: &Compressor, response: &ResponseFacts<'_>) -> bool {
    // A part of a representation is a part of its bytes (RFC 9110 section 14).
    let stays = response.is_encoded
        || response.is_no_transform
        || response.status == 206
        || settings.uncompressible_statuses.contains(&response.status)
        || response.has_etag && settings.disable_on_etag;
    settings.enabled
        && !stays
        && response
            .content_length
            .is_none_or(|length| length >= u64::from(settings.min_content_length))
        && response
            .content_type
            .is_none_or(|value| is_wanted_type(settings, value))
}

fn is_wanted_type(settings: &Compressor, value: &[u8]) -> bool {
    let name = value
        .split(|byte| *byte == b';')
        .next()
        .unwrap_or_default()
        .trim_ascii();
    let mut wanted = settings.content_types.iter();
    wanted.any(|wanted| wanted.as_bytes().eq_ignore_ascii_case(name))
}

/// The offer that the client likes best, by the values of `accept-encoding` (RFC 9110 section 12.5.3). None: it takes none
/// of them, or likes the response as it is better.
pub fn choose<'o, 'v>(
    offers: &'o [Offer<'o>],
    accepted: &(impl Iterator<Item = &'v [u8]> + Clone),
) -> Option<&'o Offer<'o>> {
    let codings = || {
        accepted
            .clone()
            .flat_map(|value| value.split(|byte| *byte == b','))
            .map(coding)
    };
    let weight_of = |name: &[u8]| {
        let mut named = codings()
            .enumerate()
            .filter(|(_, (coding, _))| coding.eq_ignore_ascii_case(name));
        named.next().map(|(place, (_, weight))| (place, weight))
    };
    let any = weight_of(b"*");
    let identity = weight_of(b"identity").map_or(0, |(_, weight)| weight);
    // The last filter that asks for it comes first.
    let preferred = offers.iter().rposition(|offer| offer.settings.choose_first);
    offers
        .iter()
        .enumerate()
        .filter_map(|(at, offer)| {
            let (place, weight) = weight_of(offer.library.encoding().as_bytes()).or(any)?;
            (weight > 0 && weight >= identity).then_some((weight, Some(at) == preferred, place, at, offer))
        })
        // What the client names first, then what the chain does.
        .max_by_key(|(weight, is_preferred, place, at, _)| {
            (
                *weight,
                *is_preferred,
                std::cmp::Reverse(*place),
                std::cmp::Reverse(*at),
            )
        })
        .map(|(.., offer)| offer)
}

/// A coding with its weight in thousandths.
fn coding(text: &[u8]) -> (&[u8], u16) {
    let mut parts = text.split(|byte| *byte == b';').map(<[u8]>::trim_ascii);
    let name = parts.next().unwrap_or_default();
    let weight = parts.find_map(|part| part.strip_prefix(b"q=").or_else(|| part.strip_prefix(b"Q=")));
    (name, weight.map_or(1000, thousandths))
}

/// RFC 9110 section 12.4.2; what is no weight counts as none.
fn thousandths(text: &[u8]) -> u16 {
    match text {
        [b'1'] | [b'1', b'.', ..] => 1000,
        [b'0', b'.', digits @ ..] if digits.len() <= 3 && digits.iter().all(u8::is_ascii_digit) => {
            let digit = |at: usize| digits.get(at).map_or(0, |byte| u16::from(byte - b'0'));
            digit(0) * 100 + digit(1) * 10 + digit(2)
        }
        _ => 0,
    }
}

/// Whether an `etag` is a strong one, which names the bytes that were sent (RFC 9110 section 8.8.1).
pub fn is_strong_etag(value: &[u8]) -> bool {
    !value.starts_with(b"W/")
}

/// Compresses one response.
pub struct Encoder {
    kind: Kind,
    has_unflushed: bool,
}

enum Kind {
    Gzip(Compress),
    Brotli(Box<CompressorWriter<Vec<u8>>>),
    Zstd(Box<zstd::stream::write::Encoder<'static, Vec<u8>>>),
}

/// Room that is made for the output of gzip at a time.
const ROOM: usize = 4096;

impl Encoder {
    /// At the first byte.
    pub fn new(library: &CompressorLibrary) -> io::Result<Self> {
        let kind = match *library {
            CompressorLibrary::Gzip { level, window_bits } => {
                Kind::Gzip(Compress::new_gzip(Compression::new(u32::from(level)), window_bits))
            }
            CompressorLibrary::Brotli { quality, window_bits } => {
                let params = BrotliEncoderParams {
                    quality: i32::from(quality),
                    lgwin: i32::from(window_bits),
                    ..BrotliEncoderParams::default()
                };
                Kind::Brotli(Box::new(CompressorWriter::with_params(Vec::new(), ROOM, &params)))
            }
            CompressorLibrary::Zstd { level, checksum } => {
                let mut encoder = zstd::stream::write::Encoder::new(Vec::new(), i32::from(level))?;
                encoder.include_checksum(checksum)?;
                Kind::Zstd(Box::new(encoder))
            }
        };
        Ok(Self {
            kind,
            has_unflushed: false,
        })
    }

    /// Takes content; what is ready of the compressed form is appended to `out`.
    pub fn write(&mut self, content: &[u8], out: &mut Vec<u8>) -> io::Result<()> {
        self.has_unflushed = true;
        match &mut self.kind {
            Kind::Gzip(gzip) => run(gzip, content, FlushCompress::None, out),
            Kind::Brotli(writer) => {
                writer.write_all(content)?;
                out.append(writer.get_mut());
                Ok(())
            }
            Kind::Zstd(encoder) => {
                encoder.write_all(content)?;
                out.append(encoder.get_mut());
                Ok(())
            }
        }
    }

    /// Appends all that was written, so that the client can read it.
    pub fn flush(&mut self, out: &mut Vec<u8>) -> io::Result<()> {
        if !std::mem::take(&mut self.has_unflushed) {
            return Ok(());
        }
        match &mut self.kind {
            Kind::Gzip(gzip) => run(gzip, &[], FlushCompress::Sync, out),
            Kind::Brotli(writer) => {
                writer.flush()?;
                out.append(writer.get_mut());
                Ok(())
            }
            Kind::Zstd(encoder) => {
                encoder.flush()?;
                out.append(encoder.get_mut());
                Ok(())
            }
        }
    }

    /// Appends the end. Nothing is written afterwards.
    pub fn finish(&mut self, out: &mut Vec<u8>) -> io::Result<()> {
        self.has_unflushed = false;
        match &mut self.kind {
            Kind::Gzip(gzip) => run(gzip, &[], FlushCompress::Finish, out),
            Kind::Brotli(writer) => {
                // The writer ends its stream when it is taken apart.
                let params = BrotliEncoderParams::default();
                let ended = std::mem::replace(&mut **writer, CompressorWriter::with_params(Vec::new(), 1, &params));
                out.append(&mut ended.into_inner());
                Ok(())
            }
            Kind::Zstd(encoder) => {
                encoder.do_finish()?;
                out.append(encoder.get_mut());
                Ok(())
            }
        }
    }
}

fn run(gzip: &mut Compress, mut content: &[u8], flush: FlushCompress, out: &mut Vec<u8>) -> io::Result<()> {
    loop {
        out.reserve(ROOM);
        let before = gzip.total_in();
        let status = gzip.compress_vec(content, out, flush).map_err(io::Error::other)?;
        content = &content[(gzip.total_in() - before) as usize..];
        let has_room = out.len() < out.capacity();
        let is_over = match flush {
            FlushCompress::Finish => status == flate2::Status::StreamEnd,
            _ => content.is_empty() && has_room,
        };
        if is_over {
            return Ok(());
        }
    }
}

#[cfg(test)]
mod tests {
    use std::io::Read as _;

    use super::*;

    const GZIP: CompressorLibrary = CompressorLibrary::Gzip {
        level: 6,
        window_bits: 12,
    };
    const BROTLI: CompressorLibrary = CompressorLibrary::Brotli {
        quality: 3,
        window_bits: 18,
    };
    const ZSTD: CompressorLibrary = CompressorLibrary::Zstd {
        level: 3,
        checksum: true,
    };

    fn text() -> Vec<u8> {
        (0..40_000_u32)
            .flat_map(|n| format!("line {}\n", n % 977).into_bytes())
            .collect()
    }

    fn decoded(library: CompressorLibrary, bytes: &[u8]) -> Vec<u8> {
        let mut out = Vec::new();
        // Nothing is said about the end: a flushed stream is read as far as it goes.
        let _ = match library {
            CompressorLibrary::Gzip { .. } => flate2::read::GzDecoder::new(bytes).read_to_end(&mut out),
            CompressorLibrary::Brotli { .. } => brotli::Decompressor::new(bytes, 4096).read_to_end(&mut out),
            CompressorLibrary::Zstd { .. } => zstd::stream::read::Decoder::new(bytes).unwrap().read_to_end(&mut out),
        };
        out
    }

    #[test]
    fn what_was_compressed_in_pieces_is_what_was_written() {
        for library in [GZIP, BROTLI, ZSTD] {
            let (text, mut out) = (text(), Vec::new());
            let mut encoder = Encoder::new(&library).unwrap();
            for piece in text.chunks(7919) {
                encoder.write(piece, &mut out).unwrap();
            }
            encoder.finish(&mut out).unwrap();
            assert!(out.len() < text.len() / 3, "{library:?}");
            assert!(decoded(library, &out) == text, "{library:?}");
        }
    }

    #[test]
    fn what_was_flushed_can_be_read_before_the_end() {
        for library in [GZIP, BROTLI, ZSTD] {
            let mut out = Vec::new();
            let mut encoder = Encoder::new(&library).unwrap();
            encoder.write(b"hello", &mut out).unwrap();
            encoder.flush(&mut out).unwrap();
            assert_eq!(decoded(library, &out), b"hello", "{library:?}");
            let len = out.len();
            encoder.flush(&mut out).unwrap();
            assert_eq!(out.len(), len, "{library:?}: there was nothing to flush");
            encoder.write(b" world", &mut out).unwrap();
            encoder.finish(&mut out).unwrap();
            assert_eq!(decoded(library, &out), b"hello world", "{library:?}");
        }
    }

    #[test]
    fn clients_get_the_encoding_that_they_like_best() {
        let (plain, first) = (
            Compressor::default(),
            Compressor {
                choose_first: true,
                ..Compressor::default()
            },
        );
        let chain = |settings| {
            [&GZIP, &BROTLI, &ZSTD].map(|library| Offer {
                settings: if library == &BROTLI { settings } else { &plain },
                library,
            })
        };
        for (accepted, offers, expected) in [
            ("gzip, deflate, br, zstd", chain(&plain), Some("gzip")),
            ("br, gzip", chain(&plain), Some("br")),
            ("gzip, br", chain(&first), Some("br")),
            ("gzip;q=0.5, zstd;q=0.9", chain(&plain), Some("zstd")),
            ("gzip;q=0.5, *;q=0.9", chain(&plain), Some("br")),
            ("*", chain(&plain), Some("gzip")),
            ("gzip;q=0, *;q=0.1", chain(&plain), Some("br")),
            ("gzip;q=0.5, identity", chain(&plain), None),
            ("GZIP ; Q=0.3", chain(&plain), Some("gzip")),
            ("gzip;q=nan", chain(&plain), None),
            ("deflate", chain(&plain), None),
            ("", chain(&plain), None),
        ] {
            let chosen = choose(&offers, &std::iter::once(accepted.as_bytes()));
            assert_eq!(chosen.map(|offer| offer.library.encoding()), expected, "{accepted}");
        }
    }

    #[test]
    fn responses_that_must_stay_as_they_are_do() {
        let settings = Compressor {
            uncompressible_statuses: vec![404],
            disable_on_etag: true,
            ..Compressor::default()
        };
        let good = ResponseFacts {
            status: 200,
            content_type: Some(b"Text/HTML; charset=utf-8"),
            content_length: Some(30),
            ..ResponseFacts::default()
        };
        assert!(is_compressible(&settings, &good));
        assert!(is_compressible(
            &settings,
            &ResponseFacts {
                content_length: None,
                content_type: None,
                ..good
            }
        ));
        for response in [
            ResponseFacts { status: 206, ..good },
            ResponseFacts { status: 404, ..good },
            ResponseFacts {
                content_type: Some(b"image/png"),
                ..good
            },
            ResponseFacts {
                content_length: Some(29),
                ..good
            },
            ResponseFacts {
                is_encoded: true,
                ..good
            },
            ResponseFacts {
                is_no_transform: true,
                ..good
            },
            ResponseFacts { has_etag: true, ..good },
        ] {
            assert!(!is_compressible(&settings, &response), "{response:?}");
        }
        assert!(is_strong_etag(b"\"a\"") && !is_strong_etag(b"W/\"a\""));
    }
}
