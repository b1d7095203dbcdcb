//! What strangers send, for fuzzers: whatever it is, nothing panics, and what is bounded stays so.

use std::{borrow::Cow, net::IpAddr, sync::Arc};

use config::{
    DecompressorLibrary, ExtProc, GrpcService, MatchInput, MatchValues, QuotaBucket, QuotaDenial, QuotaStrategy,
    QuotaValue, TapFormat, TapPredicate,
};

use crate::{
    decompress::{DecodeError, Decoder},
    ext_proc::{Phase, Settings, phase_of},
    quota::QuotaDomain,
    tap::{Message, Trace, decides, matches},
};

/// The most that one run of a decoder may make.
const PIECE: usize = 4 * 1024;
/// The most that is decoded of one input.
const ENOUGH: usize = 4 * 1024 * 1024;
/// How much larger what is decoded may be.
const MAX_RATIO: u32 = 100;

/// An encoded body. The first byte says how it is encoded, the second how it is cut.
pub fn decompress(bytes: &[u8]) {
    let [kind, cut, body @ ..] = bytes else { return };
    let library = match kind % 3 {
        0 => DecompressorLibrary::Gzip {
            window_bits: 9 + kind / 3 % 7,
            max_ratio: MAX_RATIO,
        },
        1 => DecompressorLibrary::Brotli { max_ratio: MAX_RATIO },
        _ => DecompressorLibrary::Zstd { max_ratio: MAX_RATIO },
    };
    let Ok(mut decoder) = Decoder::new(library) else { return };
    let (mut made, mut rest) = (0, body);
    let mut out = Vec::new();
    while !rest.is_empty() || decoder.has_more() {
        let piece = &rest[..rest.len().min(usize::from(*cut) + 1)];
        out.clear();
        match decoder.run(piece, PIECE, &mut out) {
            Ok(taken) => {
                assert!(
                    taken <= piece.len() && out.len() <= PIECE,
                    "more than there was, or than there is room for"
                );
                assert!(taken > 0 || !out.is_empty() || piece.is_empty(), "nothing moves");
                rest = &rest[taken..];
            }
            Err(DecodeError::Malformed | DecodeError::Truncated | DecodeError::TooLarge) => return,
        }
        made += out.len();
        if made > ENOUGH {
            return;
        }
    }
    let _ = decoder.end();
}

/// An answer of a service that looks at messages.
pub fn ext_proc(bytes: &[u8]) {
    for failure_mode_allow in [false, true] {
        let config = Arc::new(ExtProc {
            failure_mode_allow,
            ..ExtProc::default()
        });
        let settings = Settings::new(&config, None);
        let answer = || Ok(Some(bytes.to_vec()));
        for phase in [Phase::Request, Phase::Response] {
            let _ = settings.decide(phase, answer());
            let _ = settings.decide_content(phase, answer());
            let _ = settings.decide_trailers(phase, answer());
            let of = phase_of(bytes);
            let word = settings.word(phase, bytes);
            // Nothing about the other message is taken for one's own.
            assert!(word.is_err() || of != Some(phase.other()));
        }
    }
}

/// A request that has nothing that a bucket could ask for.
struct Nothing;

impl MatchValues for Nothing {
    fn value(&self, _: &MatchInput) -> Option<Cow<'_, [u8]>> {
        None
    }

    fn address(&self, _: &MatchInput) -> Option<IpAddr> {
        None
    }
}

/// A message of a service that assigns quotas; its bucket is `name: web`.
pub fn quota(bytes: &[u8]) {
    let domain = QuotaDomain::new(GrpcService::default(), "shop".into());
    let settings = Arc::new(QuotaBucket {
        id: vec![("name".into(), QuotaValue::Text("web".into()))],
        reporting_interval_ms: 1_000,
        denial: QuotaDenial::default(),
        unassigned: QuotaStrategy::AllowAll,
        expired: None,
    });
    let _ = domain.admits(&settings, &Nothing, 1_000);
    let _ = domain.report(1, true);
    let _ = domain.take(bytes, 2);
    for now_ms in [3, 1_000, 60_000, u64::from(u32::MAX), 1 << 50] {
        let _ = domain.admits(&settings, &Nothing, now_ms * 1_000);
        let _ = domain.next_report_ms();
        let _ = domain.report(now_ms, false);
    }
}

/// A predicate as JSON, up to a zero, and a body.
pub fn tap(bytes: &[u8]) {
    let (json, body) = match bytes.iter().position(|byte| *byte == 0) {
        Some(end) => (&bytes[..end], &bytes[end + 1..]),
        None => (bytes, &[][..]),
    };
    let Ok(predicate) = serde_json::from_slice::<TapPredicate>(json) else {
        return;
    };
    let field = |name: &[u8], value: &[u8]| (name.to_vec(), value.to_vec());
    let message = Message {
        headers: vec![field(b":path", b"/a"), field(b"x", body), field(b"cookie", body)],
        body: body.to_vec(),
        is_truncated: body.len() % 2 == 1,
        trailers: vec![field(b"x", body)],
    };
    let mut trace = Trace {
        request: message.clone(),
        response: message,
    };
    let passes = matches(&predicate, &trace);
    if let Some(known) = decides(&predicate, &crate::tap::Fields(&trace.request.headers)) {
        assert_eq!(known, passes, "what the head decides holds in the end");
    }
    trace.redact();
    for format in [
        TapFormat::JsonBodyAsBytes,
        TapFormat::JsonBodyAsString,
        TapFormat::ProtoBinary,
        TapFormat::ProtoBinaryLengthDelimited,
        TapFormat::ProtoText,
    ] {
        assert!(!trace.write(format).is_empty());
    }
}
