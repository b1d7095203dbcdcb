//! Certificates and trust bundles, and the slots they are replaced in.

use std::fmt;
use std::sync::Arc;

use arc_swap::ArcSwapOption;
use rustls::RootCertStore;
use rustls::sign::CertifiedKey;
use rustls_pki_types::pem::PemObject;
use rustls_pki_types::{CertificateDer, CertificateRevocationListDer, PrivateKeyDer};
use webpki::{CertRevocationList, OwnedCertRevocationList};

use crate::der::{Contents, read_certificate};
use crate::known::KnownPaths;
use crate::peer::PeerNames;
use crate::provider::provider;

/// Why certificates, keys or bundles cannot be used. Never contains key material.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct InvalidMaterial(String);

impl InvalidMaterial {
    pub(crate) fn new(text: String) -> Self {
        Self(text)
    }
}

impl fmt::Display for InvalidMaterial {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl std::error::Error for InvalidMaterial {}

/// A certificate chain with its private key.
pub struct Certificate {
    pub(crate) key: Arc<CertifiedKey>,
    contents: Contents,
}

impl Certificate {
    /// Reads a chain (leaf first) and a private key (PKCS#8, PKCS#1 or SEC1), both PEM, and checks that they belong
    /// together.
    pub fn from_pem(chain: &[u8], private_key: &[u8]) -> Result<Self, InvalidMaterial> {
        let chain = certificates_of(chain, "certificate chain")?;
        let key = PrivateKeyDer::from_pem_slice(private_key)
            .map_err(|error| InvalidMaterial(format!("private key is not readable PEM: {error}")))?;
        let leaf = chain
            .first()
            .ok_or_else(|| InvalidMaterial("certificate chain is empty".to_owned()))?
            .clone();
        let key = CertifiedKey::from_der(chain, key, &provider())
            .map_err(|error| InvalidMaterial(format!("certificate and private key cannot be used: {error}")))?;
        let contents = read_certificate(&leaf).ok_or_else(|| InvalidMaterial("certificate is malformed".to_owned()))?;
        Ok(Self {
            key: Arc::new(key),
            contents,
        })
    }

    /// The names in the leaf.
    pub fn names(&self) -> &PeerNames {
        &self.contents.names
    }

    /// Begin and end of the leaf's validity, seconds since the epoch.
    pub fn validity(&self) -> (i64, i64) {
        (self.contents.not_before, self.contents.not_after)
    }

    /// The leaf's serial number, hexadecimal.
    pub fn serial(&self) -> &str {
        &self.contents.serial
    }
}

impl fmt::Debug for Certificate {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Certificate")
            .field("names", self.names())
            .field("serial", &self.serial())
            .finish_non_exhaustive()
    }
}

/// The roots that peers are verified against.
#[derive(Debug)]
pub struct TrustBundle {
    pub(crate) roots: Arc<RootCertStore>,
    pub(crate) revocations: Option<Arc<Revocations>>,
    /// What was verified against them.
    pub(crate) known: Arc<KnownPaths>,
}

impl TrustBundle {
    /// Reads certificates of authorities, PEM; any of them is a root that a path may end at.
    pub fn from_pem(bundle: &[u8]) -> Result<Self, InvalidMaterial> {
        let certificates = certificates_of(bundle, "trust bundle")?;
        let mut roots = RootCertStore::empty();
        for (index, certificate) in certificates.into_iter().enumerate() {
            roots.add(certificate).map_err(|error| {
                InvalidMaterial(format!("trust bundle: certificate {index} cannot be a root: {error}"))
            })?;
        }
        if roots.is_empty() {
            return Err(InvalidMaterial("trust bundle holds no certificate".to_owned()));
        }
        Ok(Self {
            roots: Arc::new(roots),
            revocations: None,
            known: Arc::default(),
        })
    }

    /// The same, with lists of what its authorities have withdrawn.
    #[must_use]
    pub fn with_revocations(self, revocations: Revocations) -> Self {
        Self {
            revocations: Some(Arc::new(revocations)),
            ..self
        }
    }

    /// The roots this machine's administrator trusts, for servers outside of the mesh.
    pub fn from_system() -> Result<Self, InvalidMaterial> {
        const PLACES: [&str; 4] = [
            "/etc/ssl/certs/ca-certificates.crt",
            "/etc/pki/tls/certs/ca-bundle.crt",
            "/etc/ssl/cert.pem",
            "/etc/ssl/ca-bundle.pem",
        ];
        let Some(bundle) = PLACES.iter().find_map(|place| std::fs::read(place).ok()) else {
            return Err(InvalidMaterial(format!(
                "no trusted roots found on this machine (looked at {})",
                PLACES.join(", ")
            )));
        };
        let certificates = certificates_of(&bundle, "trusted roots of this machine")?;
        let mut roots = RootCertStore::empty();
        // Old roots with odd encodings are common there; one of them must not make all others unusable.
        roots.add_parsable_certificates(certificates);
        if roots.is_empty() {
            return Err(InvalidMaterial("this machine trusts no root".to_owned()));
        }
        Ok(Self {
            roots: Arc::new(roots),
            revocations: None,
            known: Arc::default(),
        })
    }

    /// How many roots there are.
    pub fn len(&self) -> usize {
        self.roots.len()
    }

    /// Never true: a bundle without roots is refused.
    pub fn is_empty(&self) -> bool {
        self.roots.is_empty()
    }
}

/// Where a certificate is replaced while connections use it. Empty until the first is set.
#[derive(Debug, Default)]
pub struct CertificateSlot(ArcSwapOption<Certificate>);

impl CertificateSlot {
    /// An empty slot.
    pub fn new() -> Arc<Self> {
        Arc::default()
    }

    /// Replaces the certificate; handshakes that begin from now on use it.
    pub fn set(&self, certificate: Certificate) {
        self.0.store(Some(Arc::new(certificate)));
    }

    /// The certificate now in use.
    pub fn get(&self) -> Option<Arc<Certificate>> {
        self.0.load_full()
    }
}

/// Where a trust bundle is replaced while connections use it. Empty until the first is set.
#[derive(Debug, Default)]
pub struct TrustSlot(ArcSwapOption<TrustBundle>);

impl TrustSlot {
    /// An empty slot.
    pub fn new() -> Arc<Self> {
        Arc::default()
    }

    /// Replaces the bundle; handshakes that begin from now on are verified against it.
    pub fn set(&self, bundle: TrustBundle) {
        self.0.store(Some(Arc::new(bundle)));
    }

    /// The bundle now in use.
    pub fn get(&self) -> Option<Arc<TrustBundle>> {
        self.0.load_full()
    }
}

/// Entry for fuzzers: whatever the bytes are, reading them ends with a value or an error.
pub fn fuzz_certificates(bytes: &[u8]) {
    let _ = TrustBundle::from_pem(bytes);
    let _ = Revocations::from_pem(bytes, false);
    let _ = Certificate::from_pem(bytes, bytes);
    let _ = PeerNames::from_der(bytes);
}

/// Lists of certificates that were withdrawn by their issuers (RFC 5280 section 5).
pub struct Revocations {
    pub(crate) lists: Vec<CertRevocationList<'static>>,
    pub(crate) leaf_only: bool,
}

impl Revocations {
    /// Reads lists in PEM. With `leaf_only` only the peer's own certificate is looked for, not those of its issuers.
    pub fn from_pem(pem: &[u8], leaf_only: bool) -> Result<Self, InvalidMaterial> {
        let mut lists = Vec::new();
        for (index, der) in CertificateRevocationListDer::pem_slice_iter(pem).enumerate() {
            let der =
                der.map_err(|error| InvalidMaterial(format!("revocation lists are not readable PEM: {error}")))?;
            let list = OwnedCertRevocationList::from_der(&der)
                .map_err(|error| InvalidMaterial(format!("revocation list {index} cannot be used: {error}")))?;
            lists.push(list.into());
        }
        if lists.is_empty() {
            return Err(InvalidMaterial("there is no revocation list in the PEM".to_owned()));
        }
        Ok(Self { lists, leaf_only })
    }
}

impl fmt::Debug for Revocations {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Revocations")
            .field("lists", &self.lists.len())
            .field("leaf_only", &self.leaf_only)
            .finish()
    }
}

fn certificates_of(pem: &[u8], what: &str) -> Result<Vec<CertificateDer<'static>>, InvalidMaterial> {
    let certificates: Result<Vec<_>, _> = CertificateDer::pem_slice_iter(pem).collect();
    let certificates = certificates.map_err(|error| InvalidMaterial(format!("{what} is not readable PEM: {error}")))?;
    if certificates.is_empty() {
        return Err(InvalidMaterial(format!("{what} holds no certificate")));
    }
    Ok(certificates)
}
