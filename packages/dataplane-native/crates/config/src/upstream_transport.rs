//! How connections to an upstream are made.

use std::sync::Arc;

use serde::{Deserialize, Serialize};

use crate::UpstreamTls;

/// How connections to an upstream are made.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum UpstreamTransport {
    /// Bare.
    #[default]
    Plain,
    /// With TLS.
    Tls(Box<UpstreamTls>),
    /// The client's addresses first, then another transport.
    ProxyProtocol(Box<ProxyProtocolTransport>),
    /// To an internal listener, which learns what the endpoint's metadata says.
    Internal(Box<InternalTransport>),
}

/// The PROXY protocol towards an upstream (`ProxyProtocolUpstreamTransport`).
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default, deny_unknown_fields)]
pub struct ProxyProtocolTransport {
    /// Its form.
    pub version: ProxyProtocolVersion,
    /// What follows the addresses.
    pub transport: UpstreamTransport,
}

/// A form of the PROXY protocol.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum ProxyProtocolVersion {
    /// A line of text.
    #[default]
    V1,
    /// Binary.
    V2,
}

/// What internal listeners learn (`InternalUpstreamTransport`).
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default, deny_unknown_fields)]
pub struct InternalTransport {
    /// Namespaces of the endpoint's metadata that are handed on, e.g. `envoy.filters.listener.original_dst`.
    pub passthrough: Vec<Arc<str>>,
    /// The transport inside.
    pub transport: UpstreamTransport,
}

impl UpstreamTransport {
    /// TLS, whatever is around it.
    pub fn tls(&self) -> Option<&UpstreamTls> {
        match self {
            Self::Plain => None,
            Self::Tls(tls) => Some(tls),
            Self::ProxyProtocol(outer) => outer.transport.tls(),
            Self::Internal(outer) => outer.transport.tls(),
        }
    }

    /// The same, to change it.
    pub fn tls_mut(&mut self) -> Option<&mut UpstreamTls> {
        match self {
            Self::Plain => None,
            Self::Tls(tls) => Some(tls),
            Self::ProxyProtocol(outer) => outer.transport.tls_mut(),
            Self::Internal(outer) => outer.transport.tls_mut(),
        }
    }

    /// The form of the PROXY protocol that is spoken first.
    pub fn proxy_protocol(&self) -> Option<ProxyProtocolVersion> {
        match self {
            Self::Plain | Self::Tls(_) => None,
            Self::ProxyProtocol(outer) => Some(outer.version),
            Self::Internal(outer) => outer.transport.proxy_protocol(),
        }
    }

    /// Namespaces of metadata that an internal listener learns.
    pub fn passthrough(&self) -> &[Arc<str>] {
        match self {
            Self::Plain | Self::Tls(_) => &[],
            Self::ProxyProtocol(outer) => outer.transport.passthrough(),
            Self::Internal(outer) => &outer.passthrough,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_wrapped_transport_is_found() {
        let json = r#"{ "proxyProtocol": { "version": "v2", "transport": { "internal": {
            "passthrough": ["ns"], "transport": { "tls": { "sni": "a" } } } } } }"#;
        let transport: UpstreamTransport = serde_json::from_str(json).unwrap();
        assert_eq!(transport.proxy_protocol(), Some(ProxyProtocolVersion::V2));
        assert_eq!(transport.tls().map(|tls| &*tls.sni), Some("a"));
        assert_eq!(transport.passthrough(), ["ns".into()]);
        assert_eq!(UpstreamTransport::Plain.proxy_protocol(), None);
    }
}
