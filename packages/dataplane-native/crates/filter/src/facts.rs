//! What filters may ask about the connection of a request.

use std::net::SocketAddr;

use serde_json::Value;

/// A connection, as access rules see it. Everything borrowed: making one costs nothing.
#[derive(Clone, Copy, Debug, Default)]
pub struct ConnectionFacts<'a> {
    /// Where the client was going (the original destination after redirection).
    pub destination: Option<SocketAddr>,
    /// Peer of the socket.
    pub direct_remote: Option<SocketAddr>,
    /// The client as `X-Forwarded-For` or the PROXY protocol say; `None` is the peer of the socket.
    pub remote: Option<SocketAddr>,
    /// SNI; empty without.
    pub server_name: &'a str,
    /// The client showed a certificate and it was verified.
    pub is_authenticated: bool,
    /// URIs in that certificate.
    pub uri_sans: &'a [String],
    /// DNS names in that certificate.
    pub dns_sans: &'a [String],
    /// Subject of that certificate; empty without.
    pub subject: &'a str,
    /// Dynamic metadata by namespace, e.g. claims of a verified token.
    pub metadata: Option<&'a Value>,
}
