//! Which of several certificates is shown.

use std::sync::Arc;

use rustls::server::{ClientHello, ResolvesServerCert};
use rustls::sign::CertifiedKey;
use rustls::{CipherSuite, SignatureAlgorithm, SignatureScheme};

use crate::{Certificate, CertificateSlot};

/// Gives each handshake the certificate that fits it best, as the slots are now.
#[derive(Debug)]
pub(crate) struct Choice(pub(crate) Vec<Arc<CertificateSlot>>);

impl Choice {
    /// Whether there is anything to show.
    pub(crate) fn is_filled(&self) -> bool {
        self.0.iter().any(|slot| slot.get().is_some())
    }
}

/// What a client can verify.
struct Abilities<'h> {
    schemes: &'h [SignatureScheme],
    suites: &'h [CipherSuite],
}

impl Abilities<'_> {
    fn fit(&self, certificate: &Certificate) -> bool {
        let key = &certificate.key.key;
        key.choose_scheme(self.schemes).is_some() && self.suites.iter().any(|suite| serves(*suite, key.algorithm()))
    }
}

/// Whether a suite works with keys of this kind; in TLS 1.3 it does not matter.
fn serves(suite: CipherSuite, algorithm: SignatureAlgorithm) -> bool {
    match suite {
        CipherSuite::TLS13_AES_128_GCM_SHA256
        | CipherSuite::TLS13_AES_256_GCM_SHA384
        | CipherSuite::TLS13_CHACHA20_POLY1305_SHA256 => true,
        CipherSuite::TLS_ECDHE_ECDSA_WITH_AES_128_GCM_SHA256
        | CipherSuite::TLS_ECDHE_ECDSA_WITH_AES_256_GCM_SHA384
        | CipherSuite::TLS_ECDHE_ECDSA_WITH_CHACHA20_POLY1305_SHA256 => algorithm != SignatureAlgorithm::RSA,
        CipherSuite::TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256
        | CipherSuite::TLS_ECDHE_RSA_WITH_AES_256_GCM_SHA384
        | CipherSuite::TLS_ECDHE_RSA_WITH_CHACHA20_POLY1305_SHA256 => algorithm == SignatureAlgorithm::RSA,
        _ => false,
    }
}

/// How well a certificate fits a name.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Fit {
    No,
    Wildcard,
    Exact,
}

fn fit(certificate: &Certificate, name: Option<&str>) -> Fit {
    let Some(name) = name else { return Fit::No };
    let parent = name.split_once('.').map(|(_, parent)| parent);
    let names = certificate
        .names()
        .dns
        .iter()
        .map(|pattern| match pattern.strip_prefix("*.") {
            Some(rest) if parent.is_some_and(|parent| parent.eq_ignore_ascii_case(rest)) => Fit::Wildcard,
            None if pattern.eq_ignore_ascii_case(name) => Fit::Exact,
            _ => Fit::No,
        });
    names.max().unwrap_or(Fit::No)
}

/// The best: first what the client can verify, then the name, then elliptic curves, which cost less, then the order of
/// the configuration. Nothing the client can verify: the first, which it will refuse with a clear alert.
fn choose(
    certificates: &[Arc<Certificate>],
    name: Option<&str>,
    can_verify: impl Fn(&Certificate) -> bool,
) -> Option<Arc<Certificate>> {
    let rank = |certificate: &Certificate| {
        let is_cheap = certificate.key.key.algorithm() != SignatureAlgorithm::RSA;
        (can_verify(certificate), fit(certificate, name), is_cheap)
    };
    let mut best: Option<&Arc<Certificate>> = None;
    for certificate in certificates {
        if best.is_none_or(|best| rank(certificate) > rank(best)) {
            best = Some(certificate);
        }
    }
    best.map(Arc::clone)
}

impl ResolvesServerCert for Choice {
    fn resolve(&self, hello: ClientHello<'_>) -> Option<Arc<CertifiedKey>> {
        if let [only] = self.0.as_slice() {
            return only.get().map(|certificate| certificate.key.clone());
        }
        let certificates: Vec<_> = self.0.iter().filter_map(|slot| slot.get()).collect();
        let client = Abilities {
            schemes: hello.signature_schemes(),
            suites: hello.cipher_suites(),
        };
        choose(&certificates, hello.server_name(), |certificate| {
            client.fit(certificate)
        })
        .map(|certificate| certificate.key.clone())
    }
}

impl rustls::client::ResolvesClientCert for Choice {
    fn resolve(&self, _issuers: &[&[u8]], schemes: &[SignatureScheme]) -> Option<Arc<CertifiedKey>> {
        self.0
            .iter()
            .filter_map(|slot| slot.get())
            .find(|certificate| certificate.key.key.choose_scheme(schemes).is_some())
            .map(|certificate| certificate.key.clone())
    }

    fn has_certs(&self) -> bool {
        self.is_filled()
    }
}

#[cfg(test)]
mod tests {
    use rcgen::{CertificateParams, KeyPair, PKCS_ECDSA_P256_SHA256, PKCS_RSA_SHA256, SignatureAlgorithm};

    use super::*;

    fn certificate(name: &str, algorithm: &'static SignatureAlgorithm) -> Arc<Certificate> {
        let key = KeyPair::generate_for(algorithm).unwrap();
        let params = CertificateParams::new(vec![name.to_owned()]).unwrap();
        let pem = params.self_signed(&key).unwrap().pem();
        Arc::new(Certificate::from_pem(pem.as_bytes(), key.serialize_pem().as_bytes()).unwrap())
    }

    fn names(chosen: Option<Arc<Certificate>>) -> (String, bool) {
        let chosen = chosen.unwrap();
        let is_rsa = chosen.key.key.algorithm() == rustls::SignatureAlgorithm::RSA;
        (chosen.names().dns[0].clone(), is_rsa)
    }

    #[test]
    fn the_name_decides_then_the_kind_of_key() {
        let all = [
            certificate("default.example", &PKCS_RSA_SHA256),
            certificate("*.shop.example", &PKCS_RSA_SHA256),
            certificate("*.shop.example", &PKCS_ECDSA_P256_SHA256),
            certificate("www.shop.example", &PKCS_RSA_SHA256),
        ];
        let any = |_: &Certificate| true;
        let name = |text: &str| names(choose(&all, Some(text), any));
        assert_eq!(name("WWW.shop.example"), ("www.shop.example".to_owned(), true));
        assert_eq!(name("img.shop.example"), ("*.shop.example".to_owned(), false));
        let only_rsa = |certificate: &Certificate| certificate.key.key.algorithm() == rustls::SignatureAlgorithm::RSA;
        let old = names(choose(&all, Some("img.shop.example"), only_rsa));
        assert_eq!(old, ("*.shop.example".to_owned(), true));
        // A wildcard stands for one label.
        assert_eq!(name("a.b.shop.example").0, "*.shop.example");
        assert_eq!(
            names(choose(&all[..2], Some("a.b.shop.example"), any)).0,
            "default.example"
        );
        assert_eq!(names(choose(&all[..2], None, any)).0, "default.example");
        assert!(choose(&[], None, any).is_none());
    }
}
