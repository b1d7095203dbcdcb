//! The client's side of a handshake.

use std::net::{IpAddr, Ipv4Addr};
use std::sync::Arc;
use std::time::Duration;

use net::Stream;
use rustls::client::Resumption;
use rustls::pki_types::ServerName;
use rustls::{ClientConfig, ClientConnection};

use crate::provider::provider;
use crate::server::FromSlot;
use crate::stream::{Handshake, Incoming};
use crate::verify::{NameMatcher, ServerVerifier};
use crate::{CertificateSlot, TlsError, TlsErrorKind, TlsStream, TrustSlot, VersionRange};

/// How a client speaks TLS.
#[derive(Clone, Debug, Default)]
pub struct ClientOptions {
    /// The certificate it presents when asked; none where absent.
    pub certificate: Option<Arc<CertificateSlot>>,
    /// What servers are verified against; absent: any certificate will do, as in Envoy without a trusted CA.
    pub trust: Option<Arc<TrustSlot>>,
    /// Whether the certificate must be valid for the server name, as outside of a mesh.
    pub verify_hostname: bool,
    /// Names of which the server must have one, as inside a mesh.
    pub names: Option<Arc<dyn NameMatcher>>,
    /// Protocols offered by ALPN. A server that selects none is accepted.
    pub alpn: Vec<Vec<u8>>,
    /// Acceptable versions.
    pub versions: VersionRange,
}

/// A client's TLS, built once for a cluster and shared by all of its connections and threads.
#[derive(Clone, Debug)]
pub struct ClientTls {
    certificate: Option<Arc<CertificateSlot>>,
    trust: Option<Arc<TrustSlot>>,
    verify_hostname: bool,
    config: Arc<ClientConfig>,
}

impl ClientTls {
    /// Builds it. The slots may still be empty; handshakes fail with a clear error until they are filled.
    pub fn new(options: ClientOptions) -> Result<Self, TlsError> {
        let provider = provider();
        let builder = ClientConfig::builder_with_provider(provider.clone())
            .with_protocol_versions(options.versions.versions())
            .map_err(|error| TlsError::from_rustls(&error))?
            .dangerous()
            .with_custom_certificate_verifier(Arc::new(ServerVerifier {
                provider,
                trust: options.trust.clone(),
                verify_hostname: options.verify_hostname,
                names: options.names,
            }));
        let mut config = match &options.certificate {
            Some(slot) => builder.with_client_cert_resolver(Arc::new(FromSlot(slot.clone()))),
            None => builder.with_no_client_auth(),
        };
        // Resumption would skip looking at the server's certificate, which may have been replaced or distrusted since.
        config.resumption = Resumption::disabled();
        config.alpn_protocols = options.alpn;
        Ok(Self {
            certificate: options.certificate,
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
        if self.certificate.as_ref().is_some_and(|slot| slot.get().is_none()) {
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
            ClientConnection::new(self.config.clone(), name).map_err(|error| TlsError::from_rustls(&error))?;
        let handshake = Handshake::new(stream, session.into(), Incoming::new(&[]));
        match tokio::time::timeout(timeout, handshake.finish()).await {
            Ok(result) => result,
            Err(_elapsed) => Err(TlsError::new(
                TlsErrorKind::Timeout,
                format!(
                    "server did not finish the tls handshake within {} ms",
                    timeout.as_millis()
                ),
            )),
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
