//! Certificates, keys and trust bundles.

use std::{fmt, sync::Arc};

use serde::{Deserialize, Deserializer, Serialize, Serializer};
use zeroize::Zeroizing;

/// A named secret (`envoy.extensions.transport_sockets.tls.v3.Secret`).
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Secret {
    /// Name that TLS contexts use, e.g. `default` or `ROOTCA`.
    pub name: Arc<str>,
    /// What it is.
    pub secret: SecretKind,
}

/// What a secret holds.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum SecretKind {
    /// A certificate with its key.
    Certificate(TlsCertificate),
    /// Certificates to trust, PEM.
    TrustBundle(Arc<str>),
    /// Certificates to trust, with lists of what they withdrew.
    RevocableTrustBundle {
        /// Certificates to trust, PEM.
        roots: Arc<str>,
        /// The lists, PEM.
        revoked: Arc<str>,
        /// Ask about the peer's own certificate only.
        #[serde(default, rename = "leafOnly")]
        leaf_only: bool,
    },
}

/// A certificate chain, leaf first, and its private key.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct TlsCertificate {
    /// PEM, leaf first.
    pub chain: Arc<str>,
    /// PEM.
    pub key: PrivateKeyPem,
}

/// A private key in PEM: never printed, never serialized, wiped from memory when the last owner drops it.
#[derive(Clone, PartialEq, Eq)]
pub struct PrivateKeyPem(Arc<Zeroizing<Vec<u8>>>);

impl PrivateKeyPem {
    /// Takes over the bytes of a PEM file.
    pub fn new(pem: Vec<u8>) -> Self {
        Self(Arc::new(Zeroizing::new(pem)))
    }

    /// The PEM, for the TLS library only.
    pub fn expose(&self) -> &[u8] {
        &self.0
    }
}

impl fmt::Debug for PrivateKeyPem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("[redacted]")
    }
}

impl Serialize for PrivateKeyPem {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str("[redacted]")
    }
}

impl<'de> Deserialize<'de> for PrivateKeyPem {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        String::deserialize(deserializer).map(|pem| Self::new(pem.into_bytes()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_private_key_is_never_shown() {
        let secret = Secret {
            name: "default".into(),
            secret: SecretKind::Certificate(TlsCertificate {
                chain: "CHAIN".into(),
                key: PrivateKeyPem::new(b"SECRET".to_vec()),
            }),
        };
        assert!(!format!("{secret:?}").contains("SECRET"));
        assert!(!serde_json::to_string(&secret).unwrap().contains("SECRET"));
    }
}
