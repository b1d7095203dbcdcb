//! What goes wrong in TLS, and whose fault it is.

use std::fmt;
use std::io;

use rustls::{AlertDescription, CertificateError, Error as RustlsError};

use crate::time::format_utc;

/// Whose fault an error is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Fault {
    /// Ours: configuration or certificates at this end.
    Local,
    /// The peer's.
    Peer,
    /// Neither's: the connection broke or took too long.
    Network,
}

/// What went wrong.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum TlsErrorKind {
    /// The peer does not speak TLS.
    NotTls,
    /// The handshake took too long.
    Timeout,
    /// The peer closed the connection during the handshake.
    Closed,
    /// The connection broke.
    Io,
    /// No version of TLS that both ends accept, or another parameter without overlap.
    Incompatible,
    /// The peer presented no certificate though one is required.
    NoPeerCertificate,
    /// The peer's certificate has expired.
    PeerCertificateExpired,
    /// The peer's certificate is not valid yet.
    PeerCertificateNotYetValid,
    /// The peer's certificate leads to no root that is trusted here.
    UntrustedPeer,
    /// The peer is somebody else than expected.
    WrongPeer,
    /// The peer's certificate is unusable for another reason.
    BadPeerCertificate,
    /// The peer refused us with an alert.
    RefusedByPeer,
    /// The peer broke the protocol.
    Protocol,
    /// There is no certificate at this end yet.
    NoLocalCertificate,
    /// There is no trust bundle at this end yet.
    NoTrustBundle,
    /// The name cannot be sent as server name or cannot be verified.
    InvalidServerName,
    /// Anything else at this end.
    Local,
}

/// An error of a TLS connection. Its text is for operators.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TlsError {
    /// What went wrong.
    pub kind: TlsErrorKind,
    /// Whose fault it is.
    pub fault: Fault,
    message: String,
}

impl TlsError {
    pub(crate) fn new(kind: TlsErrorKind, message: impl Into<String>) -> Self {
        Self {
            kind,
            fault: fault_of(kind),
            message: message.into(),
        }
    }

    pub(crate) fn from_io(error: &io::Error) -> Self {
        if let Some(error) = error.get_ref().and_then(|inner| inner.downcast_ref::<Self>()) {
            return error.clone();
        }
        match error.kind() {
            io::ErrorKind::UnexpectedEof => closed(),
            _ => Self::new(
                TlsErrorKind::Io,
                format!("connection failed during the tls handshake: {error}"),
            ),
        }
    }

    pub(crate) fn from_rustls(error: &RustlsError) -> Self {
        match error {
            RustlsError::InvalidCertificate(error) => from_certificate_error(error),
            RustlsError::NoCertificatesPresented => Self::new(
                TlsErrorKind::NoPeerCertificate,
                "peer presented no certificate, one is required",
            ),
            RustlsError::AlertReceived(alert) => from_alert(*alert),
            RustlsError::PeerIncompatible(why) => {
                Self::new(TlsErrorKind::Incompatible, format!("peer is incompatible: {why:?}"))
            }
            RustlsError::InvalidMessage(why) => Self::new(
                TlsErrorKind::NotTls,
                format!("peer sent what is not a valid tls message: {why:?}"),
            ),
            RustlsError::General(why) => Self::new(TlsErrorKind::Local, format!("tls failed: {why}")),
            other if is_protocol_violation(other) => {
                Self::new(TlsErrorKind::Protocol, format!("peer broke the tls protocol: {other}"))
            }
            other => Self::new(TlsErrorKind::Local, format!("tls failed: {other}")),
        }
    }

    pub(crate) fn into_io(self) -> io::Error {
        io::Error::new(io::ErrorKind::InvalidData, self)
    }
}

pub(crate) fn closed() -> TlsError {
    TlsError::new(
        TlsErrorKind::Closed,
        "peer closed the connection during the tls handshake",
    )
}

impl fmt::Display for TlsError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.message)
    }
}

impl std::error::Error for TlsError {}

fn fault_of(kind: TlsErrorKind) -> Fault {
    match kind {
        TlsErrorKind::NoLocalCertificate
        | TlsErrorKind::NoTrustBundle
        | TlsErrorKind::InvalidServerName
        | TlsErrorKind::Local => Fault::Local,
        TlsErrorKind::Timeout | TlsErrorKind::Closed | TlsErrorKind::Io => Fault::Network,
        _ => Fault::Peer,
    }
}

fn is_protocol_violation(error: &RustlsError) -> bool {
    matches!(
        error,
        RustlsError::InappropriateMessage { .. }
            | RustlsError::InappropriateHandshakeMessage { .. }
            | RustlsError::PeerMisbehaved(_)
            | RustlsError::DecryptError
            | RustlsError::PeerSentOversizedRecord
            | RustlsError::NoApplicationProtocol
    )
}

fn from_alert(alert: AlertDescription) -> TlsError {
    let hint = match alert {
        AlertDescription::CertificateRequired => "it requires a client certificate",
        AlertDescription::CertificateExpired => "it says that our certificate has expired",
        AlertDescription::UnknownCA => "it does not trust our certificate's issuer",
        AlertDescription::BadCertificate | AlertDescription::CertificateUnknown => "it does not accept our certificate",
        AlertDescription::AccessDenied => "it denies us access",
        AlertDescription::UnrecognisedName => "it does not know the server name",
        AlertDescription::NoApplicationProtocol => "it speaks none of the protocols we offered by alpn",
        AlertDescription::ProtocolVersion => "it does not accept our tls versions",
        _ => "the handshake did not suit it",
    };
    TlsError::new(
        TlsErrorKind::RefusedByPeer,
        format!("peer refused the connection with tls alert {alert:?}: {hint}"),
    )
}

fn from_certificate_error(error: &CertificateError) -> TlsError {
    match error {
        CertificateError::Other(other) => match other.0.downcast_ref::<TlsError>() {
            Some(error) => error.clone(),
            None => TlsError::new(
                TlsErrorKind::BadPeerCertificate,
                format!("peer certificate is not acceptable: {}", other.0),
            ),
        },
        CertificateError::Expired => TlsError::new(TlsErrorKind::PeerCertificateExpired, "peer certificate expired"),
        CertificateError::ExpiredContext { not_after, .. } => TlsError::new(
            TlsErrorKind::PeerCertificateExpired,
            format!("peer certificate expired at {}", format_utc(not_after.as_secs())),
        ),
        CertificateError::NotValidYet => TlsError::new(
            TlsErrorKind::PeerCertificateNotYetValid,
            "peer certificate is not valid yet",
        ),
        CertificateError::NotValidYetContext { not_before, .. } => TlsError::new(
            TlsErrorKind::PeerCertificateNotYetValid,
            format!(
                "peer certificate is valid only from {}: compare the clocks",
                format_utc(not_before.as_secs())
            ),
        ),
        CertificateError::UnknownIssuer => TlsError::new(
            TlsErrorKind::UntrustedPeer,
            "peer certificate is issued by nobody in the trust bundle",
        ),
        CertificateError::NotValidForName | CertificateError::NotValidForNameContext { .. } => TlsError::new(
            TlsErrorKind::WrongPeer,
            format!("peer certificate does not fit the name: {error}"),
        ),
        other => TlsError::new(
            TlsErrorKind::BadPeerCertificate,
            format!("peer certificate is not acceptable: {other}"),
        ),
    }
}
