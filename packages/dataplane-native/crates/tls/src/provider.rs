//! The cryptography in use, and protocol versions.

use std::sync::{Arc, LazyLock};

use rustls::crypto::CryptoProvider;
use rustls::{CipherSuite, SupportedProtocolVersion};

/// Clients' order decides, ours offer AES with keys of 128 bits first as `BoringSSL` does where the processor has AES: 4 rounds fewer for each block than with
/// 256 bits, and SHA-256, which the processor has too, in the handshake where 256 bits go with SHA-384.
static PROVIDER: LazyLock<Arc<CryptoProvider>> = LazyLock::new(|| {
    let mut provider = rustls::crypto::aws_lc_rs::default_provider();
    // Stable: all else stays in rustls' order.
    provider.cipher_suites.sort_by_key(|suite| !is_preferred(suite.suite()));
    Arc::new(provider)
});

fn is_preferred(suite: CipherSuite) -> bool {
    matches!(
        suite,
        CipherSuite::TLS13_AES_128_GCM_SHA256
            | CipherSuite::TLS_ECDHE_ECDSA_WITH_AES_128_GCM_SHA256
            | CipherSuite::TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256
    )
}

static BOTH: [&SupportedProtocolVersion; 2] = [&rustls::version::TLS13, &rustls::version::TLS12];
static ONLY_12: [&SupportedProtocolVersion; 1] = [&rustls::version::TLS12];
static ONLY_13: [&SupportedProtocolVersion; 1] = [&rustls::version::TLS13];

pub(crate) fn provider() -> Arc<CryptoProvider> {
    PROVIDER.clone()
}

/// SHA-256, by the cryptography that TLS uses.
pub(crate) fn sha256(bytes: &[u8]) -> [u8; 32] {
    let suite = rustls::crypto::aws_lc_rs::cipher_suite::TLS13_AES_128_GCM_SHA256;
    let mut digest = [0; 32];
    if let Some(suite) = suite.tls13() {
        digest.copy_from_slice(suite.common.hash_provider.hash(bytes).as_ref());
    }
    digest
}

/// A version of TLS.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum TlsVersion {
    /// TLS 1.2 (RFC 5246).
    Tls12,
    /// TLS 1.3 (RFC 8446).
    Tls13,
}

impl TlsVersion {
    /// As Envoy writes it in logs.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Tls12 => "TLSv1.2",
            Self::Tls13 => "TLSv1.3",
        }
    }
}

/// Versions that are acceptable, both ends included.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct VersionRange {
    /// The lowest.
    pub min: TlsVersion,
    /// The highest.
    pub max: TlsVersion,
}

impl Default for VersionRange {
    fn default() -> Self {
        Self {
            min: TlsVersion::Tls12,
            max: TlsVersion::Tls13,
        }
    }
}

impl VersionRange {
    /// An inverted range is read as TLS 1.3 alone, the stricter reading of a mistake.
    pub(crate) fn versions(self) -> &'static [&'static SupportedProtocolVersion] {
        match (self.min, self.max) {
            (TlsVersion::Tls12, TlsVersion::Tls13) => &BOTH,
            (TlsVersion::Tls12, TlsVersion::Tls12) => &ONLY_12,
            (TlsVersion::Tls13, _) => &ONLY_13,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn of_each_version_the_suite_with_the_least_work_is_offered_first() {
        let suites: Vec<_> = provider()
            .cipher_suites
            .iter()
            .map(rustls::SupportedCipherSuite::suite)
            .collect();
        let place = |suite| suites.iter().position(|other| *other == suite).unwrap();
        assert!(place(CipherSuite::TLS13_AES_128_GCM_SHA256) < place(CipherSuite::TLS13_AES_256_GCM_SHA384));
        assert!(
            place(CipherSuite::TLS_ECDHE_ECDSA_WITH_AES_128_GCM_SHA256)
                < place(CipherSuite::TLS_ECDHE_ECDSA_WITH_AES_256_GCM_SHA384)
        );
        assert_eq!(
            suites.len(),
            rustls::crypto::aws_lc_rs::default_provider().cipher_suites.len()
        );
    }
}
