//! TLS: servers, clients, SPIFFE verification, certificates that change while in use.
//!
//! Certificates and trust bundles live in slots ([`CertificateSlot`], [`TrustSlot`]) that are replaced atomically:
//! configurations refer to slots, so a rotation builds nothing anew and touches no connection; handshakes that begin
//! after it use the new one.
#![forbid(unsafe_code)]

mod alpn;
mod certificates;
mod choice;
mod client;
mod connection;
mod der;
mod error;
mod handshake;
mod known;
mod peer;
mod pins;
mod provider;
mod record;
mod server;
mod stream;
mod time;
mod verify;

pub use certificates::{
    Certificate, CertificateSlot, InvalidMaterial, Revocations, TrustBundle, TrustSlot, fuzz_certificates,
};
pub use client::{ClientOptions, ClientTls};
pub use connection::{Connection, DetachedConnection};
pub use error::{Fault, TlsError, TlsErrorKind};
pub use peer::{PeerInfo, PeerNames};
pub use pins::Pins;
pub use provider::{Preferences, TlsVersion, VersionRange};
pub use server::{ClientCertificates, ServerOptions, ServerTls};
pub use stream::TlsStream;
pub use verify::{NameMatcher, spiffe_trust_domain};
