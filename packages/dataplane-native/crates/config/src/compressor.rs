//! Compression of responses.

use std::sync::Arc;

use serde::{Deserialize, Serialize};

/// Compresses responses in one encoding for clients that take it
/// (`envoy.extensions.filters.http.compressor.v3.Compressor`).
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default, deny_unknown_fields)]
#[allow(clippy::struct_excessive_bools, reason = "each is an independent switch")]
pub struct Compressor {
    /// How.
    pub library: CompressorLibrary,
    /// Off, it lets all responses pass as they are.
    pub enabled: bool,
    /// Bytes below which a response stays as it is.
    pub min_content_length: u32,
    /// Types of content that are worth it, in small letters and without parameters.
    pub content_types: Vec<Arc<str>>,
    /// Leave responses with an `etag` alone. Otherwise strong ones are removed: they name other bytes.
    pub disable_on_etag: bool,
    /// Upstreams do not learn what clients take, and do not compress themselves.
    pub remove_accept_encoding: bool,
    /// Statuses whose responses stay as they are.
    pub uncompressible_statuses: Vec<u16>,
    /// Preferred among encodings that the client likes equally.
    pub choose_first: bool,
}

impl Compressor {
    /// Types of content that are compressed where nothing is said, Envoy's.
    pub const CONTENT_TYPES: [&'static str; 18] = [
        "application/ecmascript",
        "application/javascript",
        "application/json",
        "application/x-javascript",
        "application/x-json",
        "application/xhtml+xml",
        "application/xml",
        "image/svg+xml",
        "text/css",
        "text/ecmascript",
        "text/html",
        "text/javascript",
        "text/js",
        "text/jscript",
        "text/plain",
        "text/x-javascript",
        "text/x-js",
        "text/xml",
    ];
}

impl Default for Compressor {
    fn default() -> Self {
        Self {
            library: CompressorLibrary::default(),
            enabled: true,
            min_content_length: 30,
            content_types: Self::CONTENT_TYPES.iter().map(|name| Arc::from(*name)).collect(),
            disable_on_etag: false,
            remove_accept_encoding: false,
            uncompressible_statuses: Vec::new(),
            choose_first: false,
        }
    }
}

/// An encoding with its settings.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", rename_all_fields = "camelCase")]
pub enum CompressorLibrary {
    /// `gzip` (`envoy.extensions.compression.gzip.compressor.v3.Gzip`).
    Gzip {
        /// 1 is the fastest, 9 the densest.
        level: u8,
        /// Base-two logarithm of the window, 9 to 15.
        window_bits: u8,
    },
    /// `br` (`envoy.extensions.compression.brotli.compressor.v3.Brotli`).
    Brotli {
        /// 0 is the fastest, 11 the densest.
        quality: u8,
        /// Base-two logarithm of the window, 10 to 24.
        window_bits: u8,
    },
    /// `zstd` (`envoy.extensions.compression.zstd.compressor.v3.Zstd`).
    Zstd {
        /// 1 is fast, 22 the densest.
        level: u8,
        /// Write a checksum at the end.
        checksum: bool,
    },
}

impl CompressorLibrary {
    /// The encoding as `content-encoding` names it.
    pub fn encoding(&self) -> &'static str {
        match self {
            Self::Gzip { .. } => "gzip",
            Self::Brotli { .. } => "br",
            Self::Zstd { .. } => "zstd",
        }
    }
}

impl Default for CompressorLibrary {
    fn default() -> Self {
        Self::Gzip {
            level: 6,
            window_bits: 12,
        }
    }
}

/// What a route changes (`CompressorOverrides`).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default, deny_unknown_fields)]
pub struct CompressorOverride {
    /// Another encoding.
    pub library: Option<CompressorLibrary>,
    /// Another answer to whether upstreams learn what clients take.
    pub remove_accept_encoding: Option<bool>,
}
