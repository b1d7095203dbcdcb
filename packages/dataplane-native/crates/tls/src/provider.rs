//! The cryptography in use, and protocol versions.

use std::sync::{Arc, LazyLock};

use rustls::crypto::aws_lc_rs::kx_group;
use rustls::crypto::ring::cipher_suite;
use rustls::crypto::{CryptoProvider, SupportedKxGroup};
use rustls::{CipherSuite, SupportedCipherSuite, SupportedProtocolVersion};

use crate::{TlsError, TlsErrorKind, record};

/// Keys are exchanged and signatures made and verified by aws-lc, which has groups that withstand quantum computers; the suites are ring's: its AES-GCM uses
/// the wide AES instructions of processors without AVX-512 too, and takes half the time for records of any size.
///
/// Our servers' order decides, and our clients offer by it: AES with keys of 128 bits first, as with `BoringSSL` where the processor has AES. It takes 4 rounds
/// fewer for each block than with 256 bits, and goes with SHA-256 in the handshake, which processors have too, where 256 bits go with SHA-384.
static PROVIDER: LazyLock<Arc<CryptoProvider>> = LazyLock::new(|| {
    let mut provider = CryptoProvider {
        cipher_suites: rustls::crypto::ring::ALL_CIPHER_SUITES
            .iter()
            .map(|theirs| record::suite(*theirs))
            .collect(),
        ..rustls::crypto::aws_lc_rs::default_provider()
    };
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

/// Suites and groups that are spoken, in order of preference.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Preferences {
    /// Suites of TLS 1.2 by OpenSSL's names; empty is all. Names that are not spoken are left out.
    pub suites: Vec<String>,
    /// Groups of the key exchange, e.g. `P-256`; empty is all. Names that are not spoken are left out.
    pub groups: Vec<String>,
}

impl Preferences {
    /// The cryptography with these only.
    pub(crate) fn provider(&self) -> Result<Arc<CryptoProvider>, TlsError> {
        if *self == Self::default() {
            return Ok(provider());
        }
        let mut chosen = (*provider()).clone();
        if !self.suites.is_empty() {
            let old: Vec<_> = self.suites.iter().filter_map(|name| suite_of(name)).collect();
            if old.is_empty() {
                return Err(none_of("cipher suites", &self.suites));
            }
            // Those of TLS 1.3 are all good and cannot be chosen, as in Envoy.
            chosen.cipher_suites.retain(|suite| suite.tls13().is_some());
            chosen.cipher_suites.extend(old);
        }
        if !self.groups.is_empty() {
            chosen.kx_groups = self.groups.iter().filter_map(|name| group_of(name)).collect();
            if chosen.kx_groups.is_empty() {
                return Err(none_of("groups of the key exchange", &self.groups));
            }
        }
        Ok(Arc::new(chosen))
    }
}

fn none_of(what: &str, names: &[String]) -> TlsError {
    TlsError::new(
        TlsErrorKind::Local,
        format!("none of the {what} {} is spoken here", names.join(", ")),
    )
}

fn suite_of(name: &str) -> Option<SupportedCipherSuite> {
    Some(match name {
        "ECDHE-ECDSA-AES128-GCM-SHA256" => cipher_suite::TLS_ECDHE_ECDSA_WITH_AES_128_GCM_SHA256,
        "ECDHE-ECDSA-AES256-GCM-SHA384" => cipher_suite::TLS_ECDHE_ECDSA_WITH_AES_256_GCM_SHA384,
        "ECDHE-ECDSA-CHACHA20-POLY1305" => cipher_suite::TLS_ECDHE_ECDSA_WITH_CHACHA20_POLY1305_SHA256,
        "ECDHE-RSA-AES128-GCM-SHA256" => cipher_suite::TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256,
        "ECDHE-RSA-AES256-GCM-SHA384" => cipher_suite::TLS_ECDHE_RSA_WITH_AES_256_GCM_SHA384,
        "ECDHE-RSA-CHACHA20-POLY1305" => cipher_suite::TLS_ECDHE_RSA_WITH_CHACHA20_POLY1305_SHA256,
        _ => return None,
    })
}

fn group_of(name: &str) -> Option<&'static dyn SupportedKxGroup> {
    Some(match name {
        "X25519" => kx_group::X25519,
        "P-256" => kx_group::SECP256R1,
        "P-384" => kx_group::SECP384R1,
        "X25519MLKEM768" => kx_group::X25519MLKEM768,
        _ => return None,
    })
}

/// SHA-256, by the cryptography that TLS uses.
pub(crate) fn sha256(bytes: &[u8]) -> [u8; 32] {
    let suite = cipher_suite::TLS13_AES_128_GCM_SHA256;
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
            .map(SupportedCipherSuite::suite)
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
