//! The client's side of a handshake.

use std::net::{IpAddr, Ipv4Addr};
use std::sync::Arc;
use std::time::Duration;

use net::Stream;
use rustls::client::danger::ServerCertVerifier as _;
use rustls::client::{ClientSessionMemoryCache, ClientSessionStore as _, Resumption};
use rustls::pki_types::{ServerName, UnixTime};
use rustls::{ClientConfig, ClientConnection};

use crate::choice::Choice;
use crate::handshake::{Handshake, Incoming};
use crate::record::Keys;
use crate::verify::{NameMatcher, ServerVerifier};
use crate::{
    CertificateSlot, Pins, Preferences, Revocations, TlsError, TlsErrorKind, TlsStream, TrustSlot, VersionRange,
};

/// How a client speaks TLS.
#[derive(Clone, Debug, Default)]
pub struct ClientOptions {
    /// The certificates it presents when asked: the first that the server can verify; none where empty.
    pub certificates: Vec<Arc<CertificateSlot>>,
    /// What servers are verified against; absent: any certificate will do, as in Envoy without a trusted CA.
    pub trust: Option<Arc<TrustSlot>>,
    /// Whether the certificate must be valid for the server name, as outside of a mesh.
    pub verify_hostname: bool,
    /// Names of which the server must have one, as inside a mesh.
    pub names: Option<Arc<dyn NameMatcher>>,
    /// Certificates and keys that pass; any where empty.
    pub pins: Pins,
    /// Certificates that were withdrawn, beside what the trust bundle says about that.
    pub revocations: Option<Arc<Revocations>>,
    /// Protocols offered by ALPN. A server that selects none is accepted.
    pub alpn: Vec<Vec<u8>>,
    /// Acceptable versions.
    pub versions: VersionRange,
    /// Suites and groups.
    pub preferences: Preferences,
    /// Servers whose sessions are kept for resumption; 0 resumes none. It has no effect where the client presents a
    /// certificate: the server has to see the one of now.
    pub max_sessions: usize,
}

/// A client's TLS, built once for a cluster and shared by all of its connections and threads.
#[derive(Clone, Debug)]
pub struct ClientTls {
    certificates: Arc<Choice>,
    sessions: Option<Arc<ClientSessionMemoryCache>>,
    verifier: Arc<ServerVerifier>,
    trust: Option<Arc<TrustSlot>>,
    verify_hostname: bool,
    config: Arc<ClientConfig>,
}

impl ClientTls {
    /// Builds it. The slots may still be empty; handshakes fail with a clear error until they are filled.
    pub fn new(options: ClientOptions) -> Result<Self, TlsError> {
        let provider = options.preferences.provider()?;
        let verifier = Arc::new(ServerVerifier {
            provider: provider.clone(),
            trust: options.trust.clone(),
            verify_hostname: options.verify_hostname,
            names: options.names,
            pins: options.pins,
            revocations: options.revocations,
        });
        let builder = ClientConfig::builder_with_provider(provider)
            .with_protocol_versions(options.versions.versions())
            .map_err(|error| TlsError::from_rustls(&error))?
            .dangerous()
            .with_custom_certificate_verifier(verifier.clone());
        let certificates = Arc::new(Choice(options.certificates));
        let mut config = if certificates.0.is_empty() {
            builder.with_no_client_auth()
        } else {
            builder.with_client_cert_resolver(certificates.clone())
        };
        let resumes = options.max_sessions > 0 && certificates.0.is_empty();
        let sessions = resumes.then(|| Arc::new(ClientSessionMemoryCache::new(options.max_sessions)));
        config.resumption = match &sessions {
            Some(sessions) => Resumption::store(sessions.clone()),
            None => Resumption::disabled(),
        };
        config.alpn_protocols = options.alpn;
        Ok(Self {
            certificates,
            sessions,
            verifier,
            trust: options.trust,
            verify_hostname: options.verify_hostname,
            config: Arc::new(config),
        })
    }

    /// Makes the handshake. `server_name` is sent as SNI; where it is absent or an IP address none is sent.
    pub async fn connect<S: Stream>(
        &self,
        stream: S,
        server_name: Option<&str>,
        timeout: Duration,
    ) -> Result<TlsStream<S>, TlsError> {
        if !self.certificates.0.is_empty() && !self.certificates.is_filled() {
            return Err(TlsError::new(
                TlsErrorKind::NoLocalCertificate,
                "this client has no certificate yet",
            ));
        }
        if self.trust.as_ref().is_some_and(|trust| trust.get().is_none()) {
            return Err(TlsError::new(
                TlsErrorKind::NoTrustBundle,
                "there is no trust bundle to verify servers against yet",
            ));
        }
        let name = self.parse_server_name(server_name)?;
        let session =
            ClientConnection::new(self.config.clone(), name.clone()).map_err(|error| TlsError::from_rustls(&error))?;
        let handshake = Handshake::new(stream, session.into(), Incoming::new(&[]), Keys::default());
        match tokio::time::timeout(timeout, handshake.finish()).await {
            Ok(Ok(stream)) => self.check_resumed(stream, &name),
            Ok(Err(error)) => Err(error),
            Err(_elapsed) => Err(TlsError::new(
                TlsErrorKind::Timeout,
                format!(
                    "server did not finish the tls handshake within {} ms",
                    timeout.as_millis()
                ),
            )),
        }
    }

    /// A session that is resumed is that of a server whose certificate was good when it began. Whether it still is, is
    /// asked again: it may have expired, or been withdrawn or distrusted since.
    fn check_resumed<S>(&self, stream: TlsStream<S>, name: &ServerName<'static>) -> Result<TlsStream<S>, TlsError> {
        let (Some(sessions), Some(chain)) = (&self.sessions, stream.resumed_certificates()) else {
            return Ok(stream);
        };
        let checked = match chain {
            [end_entity, intermediates @ ..] => {
                self.verifier
                    .verify_server_cert(end_entity, intermediates, name, &[], UnixTime::now())
            }
            [] => return Ok(stream),
        };
        match checked {
            Ok(_) => Ok(stream),
            Err(error) => {
                sessions.remove_tls12_session(name);
                while sessions.take_tls13_ticket(name).is_some() {}
                Err(TlsError::from_rustls(&error))
            }
        }
    }

    fn parse_server_name(&self, name: Option<&str>) -> Result<ServerName<'static>, TlsError> {
        match name {
            Some(name) => ServerName::try_from(name.to_owned()).map_err(|_| {
                TlsError::new(
                    TlsErrorKind::InvalidServerName,
                    format!("{name:?} cannot be sent as tls server name"),
                )
            }),
            None if self.verify_hostname => Err(TlsError::new(
                TlsErrorKind::InvalidServerName,
                "there is no server name to verify the certificate for: set sni",
            )),
            // rustls wants a name; for an address it sends none.
            None => Ok(ServerName::from(IpAddr::V4(Ipv4Addr::UNSPECIFIED))),
        }
    }
}
