//! TLS towards clients and upstreams.

use std::sync::Arc;

use serde::{Deserialize, Serialize};

use crate::{StringMatcher, TlsCertificate};

/// TLS towards clients (`DownstreamTlsContext`).
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default, deny_unknown_fields)]
pub struct DownstreamTls {
    /// What both directions have.
    pub context: TlsContext,
    /// Refuse clients without a certificate.
    pub require_client_certificate: bool,
    /// Refuse clients that name no server.
    pub require_sni: bool,
    /// Clients are not given sessions to resume. Those that show a certificate never are.
    pub without_resumption: bool,
}

/// TLS towards upstreams (`UpstreamTlsContext`).
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default, deny_unknown_fields)]
pub struct UpstreamTls {
    /// What both directions have.
    pub context: TlsContext,
    /// Name to ask for; empty sends none.
    pub sni: Arc<str>,
    /// Take the name from the request's host (`auto_host_sni`, or `auto_sni` of the protocol options).
    pub auto_sni: bool,
    /// Require that name in the certificate (`auto_sni_san_validation`, or `auto_san_validation`).
    pub auto_san_validation: bool,
    /// Sessions kept for resumption; `None` is the default, 0 resumes none.
    pub max_session_keys: Option<u32>,
}

/// Certificates, trust and parameters (`CommonTlsContext`).
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default, deny_unknown_fields)]
pub struct TlsContext {
    /// Our certificates. A client gets one for the name it asks for, of a kind it can verify; else the first.
    pub certificates: Vec<CertificateSource>,
    /// How the peer is verified; `None` accepts everybody.
    pub validation: Option<Validation>,
    /// ALPN, in order of preference.
    pub alpn: Vec<Arc<str>>,
    /// Lowest version; `None` is TLS 1.2.
    pub min_version: Option<TlsVersion>,
    /// Highest version; `None` is TLS 1.3.
    pub max_version: Option<TlsVersion>,
    /// Suites of TLS 1.2 by OpenSSL's names, in order of preference; empty is all that are spoken.
    pub cipher_suites: Vec<Arc<str>>,
    /// Groups of the key exchange, e.g. `X25519`, in order of preference; empty is all that are spoken.
    pub curves: Vec<Arc<str>>,
}

/// Where a certificate with its key comes from.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum CertificateSource {
    /// A secret by name.
    Secret(Arc<str>),
    /// Written here.
    Inline(TlsCertificate),
    /// Files in PEM.
    Files {
        /// Certificate chain, leaf first.
        chain: Arc<str>,
        /// Private key.
        key: Arc<str>,
    },
}

/// Where certificates to trust come from.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum TrustSource {
    /// A secret by name.
    Secret(Arc<str>),
    /// PEM, written here.
    Inline(Arc<str>),
    /// A file in PEM.
    File(Arc<str>),
    /// The system's.
    System,
}

/// How a peer's certificate is verified (`CertificateValidationContext`).
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default, deny_unknown_fields)]
pub struct Validation {
    /// Whom to trust. `None` verifies no signature, only the names.
    pub trust: Option<TrustSource>,
    /// One of the certificate's subject alternative names (URI, DNS, IP …) must pass one of these; empty asks nothing.
    pub subject_alt_names: Vec<StringMatcher>,
    /// SHA-256 of the public keys (`SubjectPublicKeyInfo`) that pass, in base64. With those of
    /// [`Self::certificate_hashes`]: one of all must match.
    pub public_key_pins: Vec<Arc<str>>,
    /// SHA-256 of the certificates that pass, in hexadecimal, with or without colons.
    pub certificate_hashes: Vec<Arc<str>>,
    /// Certificates that were withdrawn by their issuers.
    pub revocation: Option<Revocation>,
    /// Accept a certificate after its end.
    pub allow_expired: bool,
    /// Accept a certificate that verification refused (`trust_chain_verification: ACCEPT_UNTRUSTED`).
    pub accept_untrusted: bool,
}

/// Lists of certificates that were withdrawn (`crl`). There has to be one of each issuer that is asked about.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Revocation {
    /// The lists in PEM.
    pub lists: RevocationSource,
    /// Ask about the peer's own certificate only, not about those of its issuers.
    #[serde(default)]
    pub leaf_only: bool,
}

/// Where lists of withdrawn certificates come from.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum RevocationSource {
    /// PEM, written here.
    Inline(Arc<str>),
    /// A file in PEM.
    File(Arc<str>),
}

/// A version of TLS; older ones are not spoken.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub enum TlsVersion {
    /// TLS 1.2
    #[serde(rename = "1.2")]
    V1_2,
    /// TLS 1.3
    #[serde(rename = "1.3")]
    V1_3,
}
