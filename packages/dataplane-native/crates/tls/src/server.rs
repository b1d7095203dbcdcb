//! The server's side of a handshake.

use std::sync::Arc;
use std::time::Duration;

use net::Stream;
use rustls::ServerConfig;
use rustls::crypto::aws_lc_rs::Ticketer;
use rustls::server::{Acceptor, NoServerSessionStorage};

use crate::choice::Choice;
use crate::handshake::{Handshake, Incoming};
use crate::record::{Keys, made};
use crate::verify::{ClientVerifier, NameMatcher};
use crate::{
    CertificateSlot, Pins, Preferences, Revocations, TlsError, TlsErrorKind, TlsStream, TrustSlot, VersionRange, alpn,
};

/// A fatal alert `unrecognized_name` (RFC 6066 section 3).
const UNRECOGNIZED_NAME: [u8; 7] = [21, 3, 3, 0, 2, 2, 112];

/// What a server asks of its clients.
#[derive(Clone, Debug, Default)]
pub struct ClientCertificates {
    /// What they are verified against; absent: their pins alone decide.
    pub trust: Option<Arc<TrustSlot>>,
    /// Clients without a certificate are refused.
    pub required: bool,
    /// Trust domains that are let in; any where empty.
    pub trust_domains: Vec<String>,
    /// Names that are let in; any where absent.
    pub names: Option<Arc<dyn NameMatcher>>,
    /// Certificates and keys that are let in; any where empty.
    pub pins: Pins,
    /// Certificates that were withdrawn, beside what the trust bundle says about that.
    pub revocations: Option<Arc<Revocations>>,
}

/// How a server speaks TLS.
#[derive(Clone, Debug, Default)]
pub struct ServerOptions {
    /// Its certificates. A client gets one for the name it asks for, of a kind it can verify.
    pub certificates: Vec<Arc<CertificateSlot>>,
    /// What it asks of clients; absent: no client certificate is asked for.
    pub clients: Option<ClientCertificates>,
    /// Protocols by ALPN, the preferred first. A client that offers none of them is served without one.
    pub alpn: Vec<Vec<u8>>,
    /// Acceptable versions.
    pub versions: VersionRange,
    /// Suites and groups.
    pub preferences: Preferences,
    /// Clients that name no server are refused.
    pub requires_server_name: bool,
    /// Clients can resume sessions. It has no effect where client certificates are asked for: who the client is, is
    /// then looked at anew on every connection.
    pub resumption: bool,
}

/// A server's TLS, built once for a configuration and shared by all of its connections and threads.
#[derive(Clone, Debug)]
pub struct ServerTls {
    certificates: Arc<Choice>,
    requires_server_name: bool,
    trust: Option<Arc<TrustSlot>>,
    alpn: Arc<[Vec<u8>]>,
    with_alpn: Arc<ServerConfig>,
    without_alpn: Arc<ServerConfig>,
}

impl ServerTls {
    /// Builds it. The slots may still be empty; handshakes fail with a clear error until they are filled.
    pub fn new(options: ServerOptions) -> Result<Self, TlsError> {
        let provider = options.preferences.provider()?;
        let builder = ServerConfig::builder_with_provider(provider.clone())
            .with_protocol_versions(options.versions.versions())
            .map_err(|error| TlsError::from_rustls(&error))?;
        let trust = options.clients.as_ref().and_then(|clients| clients.trust.clone());
        let resumes = options.resumption && options.clients.is_none();
        let builder = match options.clients {
            None => builder.with_no_client_auth(),
            Some(clients) => builder.with_client_cert_verifier(Arc::new(ClientVerifier {
                provider,
                trust: clients.trust,
                mandatory: clients.required,
                trust_domains: clients.trust_domains,
                names: clients.names,
                pins: clients.pins,
                revocations: clients.revocations,
            })),
        };
        let certificates = Arc::new(Choice(options.certificates));
        let mut config = builder.with_cert_resolver(certificates.clone());
        // As Envoy: clients with OpenSSL would choose AES with 256 bits, and SHA-384 with it.
        config.ignore_client_order = true;
        // Between proxies connections are pooled and live long: a resumed handshake saves little and would have to
        // check the peer's identity against a bundle that may have changed. Browsers come again and again.
        config.send_tls13_tickets = usize::from(resumes);
        config.session_storage = Arc::new(NoServerSessionStorage {});
        if resumes {
            config.ticketer = Ticketer::new().map_err(|error| TlsError::from_rustls(&error))?;
        }
        let without_alpn = Arc::new(config.clone());
        config.alpn_protocols.clone_from(&options.alpn);
        Ok(Self {
            certificates,
            requires_server_name: options.requires_server_name,
            trust,
            alpn: options.alpn.into(),
            with_alpn: Arc::new(config),
            without_alpn,
        })
    }

    /// Answers a client's handshake. `received` is what was read from the stream before (to detect the protocol).
    pub async fn accept<S: Stream>(
        &self,
        stream: S,
        received: &[u8],
        timeout: Duration,
    ) -> Result<TlsStream<S>, TlsError> {
        if !self.certificates.is_filled() {
            return Err(TlsError::new(
                TlsErrorKind::NoLocalCertificate,
                "this server has no certificate yet",
            ));
        }
        if self.trust.as_ref().is_some_and(|trust| trust.get().is_none()) {
            return Err(TlsError::new(
                TlsErrorKind::NoTrustBundle,
                "there is no trust bundle to verify clients against yet",
            ));
        }
        match tokio::time::timeout(timeout, self.accept_without_limit(stream, received)).await {
            Ok(result) => result,
            Err(_elapsed) => Err(TlsError::new(
                TlsErrorKind::Timeout,
                format!(
                    "client did not finish the tls handshake within {} ms",
                    timeout.as_millis()
                ),
            )),
        }
    }

    async fn accept_without_limit<S: Stream>(&self, mut stream: S, received: &[u8]) -> Result<TlsStream<S>, TlsError> {
        let mut acceptor = Acceptor::default();
        let mut incoming = Incoming::new(received);
        let accepted = loop {
            incoming.fill(&mut stream).await?;
            acceptor
                .read_tls(&mut incoming)
                .map_err(|error| TlsError::from_io(&error))?;
            match acceptor.accept() {
                Ok(Some(accepted)) => break accepted,
                Ok(None) => {}
                Err((error, mut alert)) => {
                    let mut bytes = Vec::new();
                    if alert.write_all(&mut bytes).is_ok() {
                        Handshake::send_last_words(&mut stream, &bytes).await;
                    }
                    return Err(TlsError::from_rustls(&error));
                }
            }
        };
        if self.requires_server_name && accepted.client_hello().server_name().is_none() {
            Handshake::send_last_words(&mut stream, &UNRECOGNIZED_NAME).await;
            return Err(TlsError::new(
                TlsErrorKind::InvalidServerName,
                "client names no server; one is required",
            ));
        }
        let offered = accepted.client_hello().alpn();
        let negotiates = offered.is_some_and(|offered| alpn::overlaps(&self.alpn, offered));
        let config = if negotiates {
            &self.with_alpn
        } else {
            &self.without_alpn
        };
        let mut keys = Keys::default();
        match made(&mut keys, || accepted.into_connection(config.clone())) {
            Ok(session) => Handshake::new(stream, session.into(), incoming, keys).finish().await,
            Err((error, mut alert)) => {
                let mut bytes = Vec::new();
                if alert.write_all(&mut bytes).is_ok() {
                    Handshake::send_last_words(&mut stream, &bytes).await;
                }
                Err(TlsError::from_rustls(&error))
            }
        }
    }
}
