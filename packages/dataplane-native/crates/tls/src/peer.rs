//! Who is at the other end.

use std::fmt::Write as _;
use std::net::IpAddr;
use std::sync::Arc;

use rustls_pki_types::CertificateDer;

use crate::TlsVersion;
use crate::der::read_certificate;
use crate::provider::sha256;

/// The names in a certificate.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct PeerNames {
    /// Distinguished name of the subject (RFC 2253), e.g. `CN=reviews,O=shop`; often empty.
    pub subject: String,
    /// URI subject alternative names, in the certificate's order.
    pub uris: Vec<String>,
    /// DNS subject alternative names.
    pub dns: Vec<String>,
    /// E-mail subject alternative names.
    pub emails: Vec<String>,
    /// IP subject alternative names.
    pub ips: Vec<IpAddr>,
    /// Distinguished name of the issuer (RFC 2253).
    pub issuer: String,
    /// The serial number in hexadecimal.
    pub serial: String,
    /// The first second at which it is valid, since the epoch.
    pub not_before: i64,
    /// The last one.
    pub not_after: i64,
}

impl PeerNames {
    /// Reads the names of a certificate in DER; absent where it is malformed.
    pub fn from_der(certificate: &[u8]) -> Option<Self> {
        read_certificate(certificate).map(|contents| contents.names)
    }

    /// The SPIFFE ID: the only URI of the certificate (SPIFFE X.509-SVID section 2), if it is one.
    pub fn spiffe_id(&self) -> Option<&str> {
        match self.uris.as_slice() {
            [uri] if uri.starts_with("spiffe://") => Some(uri),
            _ => None,
        }
    }

    /// All alternative names in one line, for messages.
    pub(crate) fn describe(&self) -> String {
        let ips = self.ips.iter().map(ToString::to_string);
        let names: Vec<String> = self
            .uris
            .iter()
            .chain(&self.dns)
            .chain(&self.emails)
            .cloned()
            .chain(ips)
            .collect();
        match (names.is_empty(), self.subject.is_empty()) {
            (false, _) => names.join(", "),
            (true, false) => format!("subject {}", self.subject),
            (true, true) => "no name at all".to_owned(),
        }
    }
}

/// What is known of the peer after a handshake.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PeerInfo {
    /// The version that was agreed on.
    pub version: TlsVersion,
    /// The cipher suite's name, e.g. `TLS13_AES_128_GCM_SHA256`.
    pub cipher_suite: Option<&'static str>,
    /// The server name the client asked for.
    pub server_name: Option<Arc<str>>,
    /// The protocol agreed on by ALPN; absent where none was.
    pub alpn: Option<Arc<[u8]>>,
    /// The certificate's SPIFFE ID.
    pub spiffe_id: Option<Arc<str>>,
    /// The names in the certificate; absent where the peer presented none.
    pub names: Option<Arc<PeerNames>>,
    /// SHA-256 of the certificate in DER.
    pub certificate_sha256: Option<[u8; 32]>,
}

impl PeerInfo {
    /// Whether both ends proved who they are.
    pub fn has_certificate(&self) -> bool {
        self.certificate_sha256.is_some()
    }

    /// The certificate's hash in hexadecimal, as in `x-forwarded-client-cert`; empty where there is none.
    pub fn certificate_hash_hex(&self) -> String {
        self.certificate_sha256
            .iter()
            .flatten()
            .fold(String::new(), |mut text, byte| {
                let _ = write!(text, "{byte:02x}");
                text
            })
    }

    pub(crate) fn from_session(session: &rustls::Connection) -> Self {
        let server_name = match session {
            rustls::Connection::Server(server) => server.server_name().map(Arc::from),
            rustls::Connection::Client(_) => None,
        };
        let certificate: Option<&CertificateDer<'_>> = session.peer_certificates().and_then(<[_]>::first);
        let names = certificate.and_then(|der| PeerNames::from_der(der)).map(Arc::new);
        Self {
            version: match session.protocol_version() {
                Some(rustls::ProtocolVersion::TLSv1_3) => TlsVersion::Tls13,
                _ => TlsVersion::Tls12,
            },
            cipher_suite: session
                .negotiated_cipher_suite()
                .and_then(|suite| suite.suite().as_str()),
            server_name,
            alpn: session.alpn_protocol().map(Arc::from),
            spiffe_id: names.as_ref().and_then(|names| names.spiffe_id()).map(Arc::from),
            certificate_sha256: certificate.map(|der| sha256(der)),
            names,
        }
    }
}
