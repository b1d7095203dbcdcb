//! Active health checks: the proxy asks endpoints whether they are well.

use std::{collections::BTreeMap, net::SocketAddr, sync::Arc};

use serde::{Deserialize, Serialize};

use crate::{Address, HeaderName, HeaderSet, StringMatcher};

/// How endpoints of a cluster are checked (`envoy.config.core.v3.HealthCheck`). One checker serves the whole proxy.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default, deny_unknown_fields)]
pub struct HealthCheck {
    /// What is asked.
    pub kind: HealthCheckKind,
    /// Time for one check, connecting included, in milliseconds.
    pub timeout_ms: u64,
    /// Time between two checks in milliseconds.
    pub interval_ms: u64,
    /// The first check comes after a random part of this, in milliseconds.
    pub initial_jitter_ms: u64,
    /// A random part of this is added to each interval, in milliseconds.
    pub interval_jitter_ms: u64,
    /// A random part of this share of the interval is added to it, in percent.
    pub interval_jitter_percent: u32,
    /// Failures in a row that make an endpoint unhealthy; an answer that is wrong needs no second one.
    pub unhealthy_threshold: u32,
    /// Successes in a row that make an endpoint healthy again; the first check of all counts at once.
    pub healthy_threshold: u32,
    /// Port that is asked instead of the endpoint's own.
    pub alt_port: Option<u16>,
    /// Keep the connection for the next check.
    pub reuse_connection: bool,
    /// The interval of clusters that have never had a connection, in milliseconds.
    pub no_traffic_interval_ms: u64,
    /// The same for endpoints that are healthy; `None` is `no_traffic_interval_ms`.
    pub no_traffic_healthy_interval_ms: Option<u64>,
    /// The interval while unhealthy, in milliseconds; `None` is `interval_ms`.
    pub unhealthy_interval_ms: Option<u64>,
    /// The interval after a failure that has not yet made the endpoint unhealthy; `None` is `unhealthy_interval_ms`.
    pub unhealthy_edge_interval_ms: Option<u64>,
    /// The interval after a success that has not yet made the endpoint healthy; `None` is `interval_ms`.
    pub healthy_edge_interval_ms: Option<u64>,
    /// Protocols offered by ALPN instead of the cluster's.
    pub alpn: Vec<Arc<str>>,
    /// What the cluster's `transport_matches` are compared with, instead of the endpoint's labels.
    pub transport_match: Option<BTreeMap<String, String>>,
}

impl Default for HealthCheck {
    fn default() -> Self {
        Self {
            kind: HealthCheckKind::default(),
            timeout_ms: 1_000,
            interval_ms: 10_000,
            initial_jitter_ms: 0,
            interval_jitter_ms: 0,
            interval_jitter_percent: 0,
            unhealthy_threshold: 3,
            healthy_threshold: 2,
            alt_port: None,
            reuse_connection: true,
            no_traffic_interval_ms: 60_000,
            no_traffic_healthy_interval_ms: None,
            unhealthy_interval_ms: None,
            unhealthy_edge_interval_ms: None,
            healthy_edge_interval_ms: None,
            alpn: Vec::new(),
            transport_match: None,
        }
    }
}

/// What is asked.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum HealthCheckKind {
    /// A request of HTTP.
    Http(Box<HttpHealthCheck>),
    /// A connection, and bytes.
    Tcp(TcpHealthCheck),
    /// `grpc.health.v1.Health/Check`.
    Grpc(GrpcHealthCheck),
}

impl Default for HealthCheckKind {
    fn default() -> Self {
        Self::Tcp(TcpHealthCheck::default())
    }
}

/// A request of HTTP.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default, deny_unknown_fields)]
pub struct HttpHealthCheck {
    /// The host that is asked for; empty is the cluster's service, or its name. An endpoint's own `health_check.hostname` wins.
    pub host: Arc<str>,
    /// Path with query.
    pub path: Arc<str>,
    /// The method: one without content.
    pub method: Arc<str>,
    /// Fields that are added to the request, with literal values.
    pub headers: Vec<HeaderSet>,
    /// Fields that are taken off the request.
    pub remove_headers: Vec<HeaderName>,
    /// Statuses of an endpoint that is well; none is 200.
    pub expected_statuses: Vec<StatusRange>,
    /// Statuses that count as one failure of `unhealthy_threshold`; other unexpected ones are enough by themselves.
    pub retriable_statuses: Vec<StatusRange>,
    /// Parts that the response's content has to have, in this order.
    pub receive: Vec<Payload>,
    /// Bytes of the content that are looked at.
    pub response_buffer_bytes: u64,
    /// Speak HTTP/2.
    pub http2: bool,
    /// What `x-envoy-upstream-healthchecked-cluster` in the response has to be.
    pub service_name: Option<StringMatcher>,
}

impl Default for HttpHealthCheck {
    fn default() -> Self {
        Self {
            host: "".into(),
            path: "/".into(),
            method: "GET".into(),
            headers: Vec::new(),
            remove_headers: Vec::new(),
            expected_statuses: Vec::new(),
            retriable_statuses: Vec::new(),
            receive: Vec::new(),
            response_buffer_bytes: 1024,
            http2: false,
            service_name: None,
        }
    }
}

impl HttpHealthCheck {
    /// Whether a status is one of an endpoint that is well.
    pub fn expects(&self, status: u16) -> bool {
        if self.expected_statuses.is_empty() {
            return status == 200;
        }
        self.expected_statuses.iter().any(|range| range.contains(status))
    }

    /// Whether an unexpected status is one failure among several.
    pub fn is_retriable(&self, status: u16) -> bool {
        self.retriable_statuses.iter().any(|range| range.contains(status))
    }
}

/// A connection, and bytes on it.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default, deny_unknown_fields)]
pub struct TcpHealthCheck {
    /// What is sent; nothing: a connection is enough.
    pub send: Option<Payload>,
    /// Parts that the answer has to have, in this order.
    pub receive: Vec<Payload>,
}

/// `grpc.health.v1.Health/Check`.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default, deny_unknown_fields)]
pub struct GrpcHealthCheck {
    /// The service that is asked for; empty is the server as a whole.
    pub service_name: Arc<str>,
    /// The host that is asked for; empty is the cluster's service, or its name. An endpoint's own `health_check.hostname` wins.
    pub authority: Arc<str>,
    /// Fields that are added to the request, with literal values.
    pub headers: Vec<HeaderSet>,
}

/// Statuses from `start` to before `end`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct StatusRange {
    /// The first.
    pub start: u16,
    /// The one after the last.
    pub end: u16,
}

impl StatusRange {
    /// Whether the status is one of them.
    pub fn contains(self, status: u16) -> bool {
        (self.start..self.end).contains(&status)
    }
}

/// Bytes, written as `{"text": "PING"}` or `{"hex": "0a0b"}`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum Payload {
    /// Bytes of a text.
    Text(Arc<str>),
    /// Any bytes.
    Hex(HexBytes),
}

impl Payload {
    /// The bytes.
    pub fn as_bytes(&self) -> &[u8] {
        match self {
            Self::Text(text) => text.as_bytes(),
            Self::Hex(HexBytes(bytes)) => bytes,
        }
    }
}

/// Bytes that are written as hexadecimal digits.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct HexBytes(pub Vec<u8>);

impl TryFrom<String> for HexBytes {
    type Error = String;

    fn try_from(text: String) -> Result<Self, String> {
        let invalid = || format!("{text:?} is not an even number of hexadecimal digits");
        if !text.len().is_multiple_of(2) || !text.bytes().all(|byte| byte.is_ascii_hexdigit()) {
            return Err(invalid());
        }
        let bytes = (0..text.len())
            .step_by(2)
            .map(|at| u8::from_str_radix(&text[at..at + 2], 16));
        bytes.collect::<Result<_, _>>().map(Self).map_err(|_| invalid())
    }
}

impl From<HexBytes> for String {
    fn from(bytes: HexBytes) -> Self {
        let digit = |value: u8| char::from_digit(value.into(), 16).unwrap_or_default();
        let digits = bytes.0.iter().flat_map(|byte| [digit(byte >> 4), digit(byte & 15)]);
        digits.collect()
    }
}

/// Whether `received` has all parts, one behind the other, with anything between them.
pub fn has_payloads(received: &[u8], parts: &[Payload]) -> bool {
    let mut rest = received;
    parts.iter().all(|part| {
        let part = part.as_bytes();
        if part.is_empty() {
            return true;
        }
        match rest.windows(part.len()).position(|window| window == part) {
            Some(at) => {
                rest = &rest[at + part.len()..];
                true
            }
            None => false,
        }
    })
}

/// How one endpoint is checked where that differs (`envoy.config.endpoint.v3.Endpoint.HealthCheckConfig`).
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default, deny_unknown_fields)]
pub struct EndpointHealthCheck {
    /// The port that is asked; `None` is the cluster's `alt_port` or the endpoint's own.
    pub port: Option<u16>,
    /// The address that is asked, with its port where `port` says none.
    pub address: Option<Address>,
    /// The host that is asked for.
    pub hostname: Option<Arc<str>>,
    /// Do not check it: it counts as healthy.
    pub disabled: bool,
}

impl EndpointHealthCheck {
    /// Where a check of an endpoint goes.
    pub fn address(of: Option<&Self>, endpoint: &Address, alt_port: Option<u16>) -> Address {
        let own = of.and_then(|of| of.address.as_ref());
        let port = of.and_then(|of| of.port).or(alt_port.filter(|_| own.is_none()));
        let address = own.unwrap_or(endpoint);
        match (address.socket(), port) {
            (Some(address), Some(port)) => SocketAddr::new(address.ip(), port).into(),
            _ => address.clone(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn payloads_are_found_in_order_with_anything_between() {
        let parts = [
            Payload::Text("ab".into()),
            Payload::Hex(HexBytes::try_from("6364".to_owned()).unwrap()),
        ];
        assert!(has_payloads(b"xxab--cd", &parts));
        assert!(!has_payloads(b"cdab", &parts));
        assert!(!has_payloads(b"ab", &parts));
        assert!(has_payloads(b"", &[]));
    }

    #[test]
    fn hexadecimal_digits_are_bytes_and_nothing_else_is() {
        let read = |text: &str| HexBytes::try_from(text.to_owned());
        assert_eq!(read("00fF").unwrap().0, [0, 255]);
        assert_eq!(String::from(read("00fF").unwrap()), "00ff");
        assert!(read("0").is_err() && read("zz").is_err() && read("éé").is_err());
    }

    #[test]
    fn a_status_of_200_is_expected_unless_others_are_named() {
        let check = HttpHealthCheck::default();
        assert!(check.expects(200) && !check.expects(204));
        let named = HttpHealthCheck {
            expected_statuses: vec![StatusRange { start: 201, end: 205 }],
            ..check
        };
        assert!(named.expects(204) && !named.expects(200) && !named.expects(205));
    }

    #[test]
    fn a_check_goes_to_the_endpoint_unless_told_otherwise() {
        let endpoint: Address = "10.0.0.1:80".parse().unwrap();
        let at = |of: Option<&EndpointHealthCheck>, alt| EndpointHealthCheck::address(of, &endpoint, alt).to_string();
        assert_eq!(at(None, None), "10.0.0.1:80");
        assert_eq!(at(None, Some(81)), "10.0.0.1:81");
        let own = EndpointHealthCheck {
            port: Some(82),
            ..EndpointHealthCheck::default()
        };
        assert_eq!(at(Some(&own), Some(81)), "10.0.0.1:82");
        let elsewhere = EndpointHealthCheck {
            address: Some("10.0.0.9:90".parse().unwrap()),
            ..EndpointHealthCheck::default()
        };
        assert_eq!(at(Some(&elsewhere), Some(81)), "10.0.0.9:90");
    }
}
