//! Who is let in: path building against the trust bundle, then the names.

use std::fmt;
use std::sync::Arc;

use rustls::client::danger::{HandshakeSignatureValid, ServerCertVerified, ServerCertVerifier};
use rustls::client::{verify_server_cert_signed_by_trust_anchor, verify_server_name};
use rustls::crypto::{CryptoProvider, verify_tls12_signature, verify_tls13_signature};
use rustls::pki_types::{CertificateDer, ServerName, UnixTime};
use rustls::server::ParsedCertificate;
use rustls::server::WebPkiClientVerifier;
use rustls::server::danger::{ClientCertVerified, ClientCertVerifier};
use rustls::{CertificateError, DigitallySignedStruct, DistinguishedName, Error, OtherError, SignatureScheme};

use webpki::{ExpirationPolicy, KeyUsage, RevocationCheckDepth, RevocationOptionsBuilder, UnknownStatusPolicy};

use crate::known::Usage;
use crate::{PeerNames, Pins, Revocations, TlsError, TlsErrorKind, TrustBundle, TrustSlot};

/// Decides whether a peer with a valid certificate is the one that was meant.
pub trait NameMatcher: fmt::Debug + Send + Sync {
    /// Whether one of the names is acceptable.
    fn matches(&self, names: &PeerNames) -> bool;

    /// What would have been acceptable, for messages: `spiffe://cluster.local/ns/default/sa/reviews`.
    fn expected(&self) -> String;
}

/// The trust domain of a SPIFFE ID.
pub fn spiffe_trust_domain(id: &str) -> Option<&str> {
    let rest = id.strip_prefix("spiffe://")?;
    rest.split('/').next().filter(|domain| !domain.is_empty())
}

/// Verifies clients' certificates.
#[derive(Debug)]
pub(crate) struct ClientVerifier {
    pub(crate) provider: Arc<CryptoProvider>,
    /// Absent: only the pins decide.
    pub(crate) trust: Option<Arc<TrustSlot>>,
    pub(crate) mandatory: bool,
    pub(crate) trust_domains: Vec<String>,
    pub(crate) names: Option<Arc<dyn NameMatcher>>,
    pub(crate) pins: Pins,
    pub(crate) revocations: Option<Arc<Revocations>>,
}

impl ClientCertVerifier for ClientVerifier {
    fn client_auth_mandatory(&self) -> bool {
        self.mandatory
    }

    fn root_hint_subjects(&self) -> &[DistinguishedName] {
        // Hints may be left out (RFC 8446 section 4.2.4); mesh clients have one certificate and need none.
        &[]
    }

    fn verify_client_cert(
        &self,
        end_entity: &CertificateDer<'_>,
        intermediates: &[CertificateDer<'_>],
        now: UnixTime,
    ) -> Result<ClientCertVerified, Error> {
        if let Some(trust) = &self.trust {
            let bundle = trust.get().ok_or_else(no_bundle)?;
            bundle.known.verify(Usage::Client, end_entity, intermediates, now, || {
                WebPkiClientVerifier::builder_with_provider(bundle.roots.clone(), self.provider.clone())
                    .build()
                    .map_err(|error| Error::General(error.to_string()))?
                    .verify_client_cert(end_entity, intermediates, now)
                    .map(drop)
            })?;
            for lists in [&self.revocations, &bundle.revocations].into_iter().flatten() {
                let usage = KeyUsage::client_auth();
                check_revocation(lists, &bundle, (end_entity, intermediates, now), usage, &self.provider)?;
            }
        }
        check_pins(&self.pins, end_entity)?;
        let names = names_of(end_entity)?;
        check_trust_domain(&self.trust_domains, &names)?;
        check_names(self.names.as_deref(), &names)?;
        Ok(ClientCertVerified::assertion())
    }

    fn verify_tls12_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signature: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        verify_tls12_signature(
            message,
            certificate,
            signature,
            &self.provider.signature_verification_algorithms,
        )
    }

    fn verify_tls13_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signature: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        verify_tls13_signature(
            message,
            certificate,
            signature,
            &self.provider.signature_verification_algorithms,
        )
    }

    fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
        self.provider.signature_verification_algorithms.supported_schemes()
    }
}

/// Verifies servers' certificates.
#[derive(Debug)]
pub(crate) struct ServerVerifier {
    pub(crate) provider: Arc<CryptoProvider>,
    /// Absent: any certificate will do, as in Envoy without a trusted CA.
    pub(crate) trust: Option<Arc<TrustSlot>>,
    pub(crate) verify_hostname: bool,
    pub(crate) names: Option<Arc<dyn NameMatcher>>,
    pub(crate) pins: Pins,
    pub(crate) revocations: Option<Arc<Revocations>>,
}

impl ServerCertVerifier for ServerVerifier {
    fn verify_server_cert(
        &self,
        end_entity: &CertificateDer<'_>,
        intermediates: &[CertificateDer<'_>],
        server_name: &ServerName<'_>,
        _ocsp_response: &[u8],
        now: UnixTime,
    ) -> Result<ServerCertVerified, Error> {
        let certificate = ParsedCertificate::try_from(end_entity)?;
        if let Some(trust) = &self.trust {
            let bundle = trust.get().ok_or_else(no_bundle)?;
            let algorithms = self.provider.signature_verification_algorithms.all;
            bundle.known.verify(Usage::Server, end_entity, intermediates, now, || {
                verify_server_cert_signed_by_trust_anchor(&certificate, &bundle.roots, intermediates, now, algorithms)
            })?;
            for lists in [&self.revocations, &bundle.revocations].into_iter().flatten() {
                let usage = KeyUsage::server_auth();
                check_revocation(lists, &bundle, (end_entity, intermediates, now), usage, &self.provider)?;
            }
        }
        check_pins(&self.pins, end_entity)?;
        if self.verify_hostname {
            verify_server_name(&certificate, server_name)?;
        }
        if self.names.is_some() {
            check_names(self.names.as_deref(), &names_of(end_entity)?)?;
        }
        Ok(ServerCertVerified::assertion())
    }

    fn verify_tls12_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signature: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        verify_tls12_signature(
            message,
            certificate,
            signature,
            &self.provider.signature_verification_algorithms,
        )
    }

    fn verify_tls13_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signature: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        verify_tls13_signature(
            message,
            certificate,
            signature,
            &self.provider.signature_verification_algorithms,
        )
    }

    fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
        self.provider.signature_verification_algorithms.supported_schemes()
    }
}

fn check_trust_domain(allowed: &[String], names: &PeerNames) -> Result<(), Error> {
    if allowed.is_empty() {
        return Ok(());
    }
    let domain = names.spiffe_id().and_then(spiffe_trust_domain);
    if domain.is_some_and(|domain| allowed.iter().any(|candidate| candidate == domain)) {
        return Ok(());
    }
    let message = format!(
        "peer presented {}, expected an identity of trust domain {}",
        names.describe(),
        allowed.join(" or ")
    );
    Err(refused(TlsErrorKind::WrongPeer, message))
}

fn check_pins(pins: &Pins, certificate: &CertificateDer<'_>) -> Result<(), Error> {
    if pins.is_empty() || pins.admit(certificate) {
        return Ok(());
    }
    Err(refused(
        TlsErrorKind::WrongPeer,
        "peer presented a certificate that is none of the pinned ones",
    ))
}

/// Looks for the certificates of a path, which has been found to be good, in lists of withdrawn ones.
fn check_revocation(
    lists: &Revocations,
    bundle: &TrustBundle,
    (end_entity, intermediates, now): (&CertificateDer<'_>, &[CertificateDer<'_>], UnixTime),
    usage: KeyUsage,
    provider: &CryptoProvider,
) -> Result<(), Error> {
    let all: Vec<_> = lists.lists.iter().collect();
    let depth = if lists.leaf_only {
        RevocationCheckDepth::EndEntity
    } else {
        RevocationCheckDepth::Chain
    };
    // There is always a list: an empty one is refused where it is read.
    let options = RevocationOptionsBuilder::new(&all).map_err(|_| Error::General("no revocation list".to_owned()))?;
    let options = options
        .with_depth(depth)
        // As OpenSSL: who asks for lists wants one for every certificate, and none that is out of date.
        .with_status_policy(UnknownStatusPolicy::Deny)
        .with_expiration_policy(ExpirationPolicy::Enforce)
        .build();
    let bad = |_| Error::InvalidCertificate(CertificateError::BadEncoding);
    let certificate = webpki::EndEntityCert::try_from(end_entity).map_err(bad)?;
    let verified = certificate.verify_for_usage(
        provider.signature_verification_algorithms.all,
        &bundle.roots.roots,
        intermediates,
        now,
        usage,
        Some(options),
        None,
    );
    let message = match verified {
        Ok(_) => return Ok(()),
        Err(webpki::Error::CertRevoked) => "peer certificate was revoked by its issuer".to_owned(),
        Err(webpki::Error::UnknownRevocationStatus) => {
            "there is no revocation list of an issuer of the peer certificate: add it to the others".to_owned()
        }
        Err(webpki::Error::CrlExpired { .. }) => {
            "a revocation list for the peer certificate is out of date: get a new one".to_owned()
        }
        Err(error) => format!("peer certificate cannot be looked up in the revocation lists: {error}"),
    };
    Err(refused(TlsErrorKind::BadPeerCertificate, message))
}

fn check_names(matcher: Option<&dyn NameMatcher>, names: &PeerNames) -> Result<(), Error> {
    match matcher {
        Some(matcher) if !matcher.matches(names) => {
            let message = format!(
                "peer presented {}, expected one of {}",
                names.describe(),
                matcher.expected()
            );
            Err(refused(TlsErrorKind::WrongPeer, message))
        }
        _ => Ok(()),
    }
}

fn names_of(certificate: &CertificateDer<'_>) -> Result<PeerNames, Error> {
    PeerNames::from_der(certificate).ok_or(Error::InvalidCertificate(CertificateError::BadEncoding))
}

fn no_bundle() -> Error {
    refused(
        TlsErrorKind::NoTrustBundle,
        "there is no trust bundle to verify the peer against yet",
    )
}

fn refused(kind: TlsErrorKind, message: impl Into<String>) -> Error {
    Error::InvalidCertificate(CertificateError::Other(OtherError(Arc::new(TlsError::new(
        kind, message,
    )))))
}
