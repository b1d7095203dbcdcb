//! Taking the encoding off requests and responses.

use serde::{Deserialize, Serialize};

/// Takes one encoding off (`envoy.extensions.filters.http.decompressor.v3.Decompressor`).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default, deny_unknown_fields)]
#[allow(clippy::struct_excessive_bools, reason = "each is an independent switch")]
pub struct Decompressor {
    /// Which.
    pub library: DecompressorLibrary,
    /// Of requests.
    pub requests: bool,
    /// Of requests whose `cache-control` says `no-transform`, too.
    pub ignore_no_transform_of_requests: bool,
    /// Of responses.
    pub responses: bool,
    /// Of responses whose `cache-control` says `no-transform`, too.
    pub ignore_no_transform_of_responses: bool,
    /// Upstreams are told that the encoding may be used, where it is taken off responses.
    pub advertise: bool,
}

impl Default for Decompressor {
    fn default() -> Self {
        Self {
            library: DecompressorLibrary::default(),
            requests: true,
            ignore_no_transform_of_requests: false,
            responses: true,
            ignore_no_transform_of_responses: false,
            advertise: true,
        }
    }
}

/// An encoding that can be taken off, and how much larger a body may become by that, as a multiple.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", rename_all_fields = "camelCase")]
pub enum DecompressorLibrary {
    /// `gzip` (`envoy.extensions.compression.gzip.decompressor.v3.Gzip`).
    Gzip {
        /// Base-two logarithm of the largest window, 9 to 15.
        window_bits: u8,
        /// The multiple.
        max_ratio: u32,
    },
    /// `br` (`envoy.extensions.compression.brotli.decompressor.v3.Brotli`).
    Brotli {
        /// The multiple.
        max_ratio: u32,
    },
    /// `zstd` (`envoy.extensions.compression.zstd.decompressor.v3.Zstd`).
    Zstd {
        /// The multiple.
        max_ratio: u32,
    },
}

impl DecompressorLibrary {
    /// The multiple where nothing is said, as in Envoy.
    pub const MAX_RATIO: u32 = 100;

    /// The encoding as `content-encoding` names it.
    pub fn encoding(self) -> &'static str {
        match self {
            Self::Gzip { .. } => "gzip",
            Self::Brotli { .. } => "br",
            Self::Zstd { .. } => "zstd",
        }
    }
}

impl Default for DecompressorLibrary {
    fn default() -> Self {
        Self::Gzip {
            window_bits: 15,
            max_ratio: Self::MAX_RATIO,
        }
    }
}
