//! Listeners and the choice of a filter chain.

use std::sync::Arc;

use serde::{Deserialize, Serialize};

use crate::{
    AccessLog, Address, ChainExplanation, CidrRange, ConnectionInfo, DownstreamTls, FilterChainIndex, Metadata,
    NetworkFilter, Origin, UdpProxy,
};

/// Where the proxy accepts connections and what it does with them (`envoy.config.listener.v3.Listener`).
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default, deny_unknown_fields)]
#[allow(
    clippy::struct_excessive_bools,
    reason = "they are independent options, as on the wire"
)]
pub struct Listener {
    /// Unique name.
    pub name: Arc<str>,
    /// Where it listens.
    pub address: Address,
    /// More addresses with the same behaviour.
    pub additional_addresses: Vec<Address>,
    /// False: no socket; another listener hands connections over by original destination.
    pub bind_to_port: bool,
    /// Hand a connection over to the listener of its original destination, if there is one.
    pub use_original_dst: bool,
    /// What is learned about a connection before a filter chain is chosen, in order.
    pub listener_filters: Vec<ListenerFilter>,
    /// Time for the listener filters in milliseconds; 0 is no limit.
    pub listener_filters_timeout_ms: u64,
    /// Go on with what is known when that time is over, instead of closing.
    pub continue_on_listener_filters_timeout: bool,
    /// Datagrams instead of connections: there are no filter chains then.
    pub udp: Option<Arc<UdpProxy>>,
    /// Candidates, chosen by what is known about the connection.
    pub filter_chains: Vec<FilterChain>,
    /// When none of them matches.
    pub default_filter_chain: Option<FilterChain>,
    /// Whether it serves the workload (inbound) or its calls (outbound).
    pub traffic_direction: TrafficDirection,
    /// Bytes a connection may buffer before it stops reading; `None` is the proxy's default.
    pub per_connection_buffer_limit_bytes: Option<u32>,
    /// Take connections to addresses that are not this machine's (TPROXY); needs `CAP_NET_ADMIN`. Where a connection was
    /// going is the address at this end of it then.
    pub transparent: bool,
    /// Bind addresses that the machine does not have yet.
    pub freebind: bool,
    /// Sockets on IPv6 take IPv4 too (`ipv4_compat`).
    pub ipv4_compat: bool,
    /// Access rights of a Unix socket's file, e.g. `0o660`; 0 leaves them to the system.
    pub pipe_mode: u32,
    /// Pending connections of the socket; `None` is the system's default.
    pub tcp_backlog_size: Option<u32>,
    /// Logs of connections no filter chain took.
    pub access_log: Vec<AccessLog>,
    /// Filter metadata.
    pub metadata: Metadata,
    /// What it was made from.
    pub origins: Vec<Origin>,
}

impl Default for Listener {
    fn default() -> Self {
        Self {
            name: "".into(),
            address: Address::default(),
            additional_addresses: Vec::new(),
            bind_to_port: true,
            use_original_dst: false,
            listener_filters: Vec::new(),
            listener_filters_timeout_ms: 15_000,
            continue_on_listener_filters_timeout: false,
            udp: None,
            filter_chains: Vec::new(),
            default_filter_chain: None,
            traffic_direction: TrafficDirection::Unspecified,
            per_connection_buffer_limit_bytes: None,
            transparent: false,
            freebind: false,
            ipv4_compat: false,
            pipe_mode: 0,
            tcp_backlog_size: None,
            access_log: Vec::new(),
            metadata: Metadata::default(),
            origins: Vec::new(),
        }
    }
}

impl Listener {
    /// The filter chain for a connection. For one question; a server keeps a [`FilterChainIndex`].
    pub fn match_chain(&self, connection: &ConnectionInfo<'_>) -> Option<&FilterChain> {
        FilterChainIndex::new(self)
            .find(connection)
            .map(|position| self.chain(position))
    }

    /// The same, with every decision on the way.
    pub fn explain_chain(&self, connection: &ConnectionInfo<'_>) -> ChainExplanation {
        FilterChainIndex::new(self).explain(self, connection)
    }

    /// The chain at a position that a [`FilterChainIndex`] of this listener found; past the end is the default chain.
    pub fn chain(&self, position: usize) -> &FilterChain {
        self.filter_chains
            .get(position)
            .or(self.default_filter_chain.as_ref())
            .unwrap_or(&EMPTY_CHAIN)
    }

    /// All chains, the default chain last.
    pub fn chains(&self) -> impl Iterator<Item = &FilterChain> {
        self.filter_chains.iter().chain(self.default_filter_chain.as_ref())
    }
}

static EMPTY_CHAIN: std::sync::LazyLock<FilterChain> = std::sync::LazyLock::new(FilterChain::default);

/// Whether a listener serves the workload or its calls.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum TrafficDirection {
    /// Neither: a gateway, or unknown.
    #[default]
    Unspecified,
    /// Towards the workload beside the proxy.
    Inbound,
    /// From the workload beside the proxy.
    Outbound,
}

/// Something that is learned about a connection before anything is decided.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct ListenerFilter {
    /// What.
    pub kind: ListenerFilterKind,
    /// Connections it leaves alone.
    #[serde(default)]
    pub disabled: Option<PortPredicate>,
}

impl ListenerFilter {
    /// False if the filter leaves a connection to `destination_port` alone.
    pub fn applies_to(&self, destination_port: u16) -> bool {
        !self
            .disabled
            .as_ref()
            .is_some_and(|predicate| predicate.matches(destination_port))
    }
}

/// Which listener filter.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum ListenerFilterKind {
    /// The client's addresses, as a load balancer in front says them.
    ProxyProtocol(ProxyProtocolFilter),
    /// The destination before the kernel redirected the connection.
    OriginalDst,
    /// TLS or not, SNI and ALPN.
    TlsInspector,
    /// HTTP/1 or HTTP/2 or neither.
    HttpInspector,
    /// Endpoints see the client's address as where connections come from.
    OriginalSrc(OriginalSrcFilter),
}

/// Connections to endpoints come from the client's address (`envoy.extensions.filters.listener.original_src.v3.OriginalSrc`);
/// needs `CAP_NET_ADMIN` and routes that lead the answers back here.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default, deny_unknown_fields)]
pub struct OriginalSrcFilter {
    /// The client's port too, so that there is one connection to an endpoint at a time for each of the client's.
    pub bind_port: bool,
    /// Mark of the sockets (`SO_MARK`), which such routes are told by; 0 is none.
    pub mark: u32,
}

/// Which forms of the PROXY protocol are understood (`envoy.extensions.filters.listener.proxy_protocol.v3.ProxyProtocol`).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default, deny_unknown_fields)]
pub struct ProxyProtocolFilter {
    /// Serve connections that do not begin with it too. Anyone who can connect can then say to be anyone.
    pub allow_missing: bool,
    /// Version 1 is not understood.
    pub without_v1: bool,
    /// Version 2 is not understood.
    pub without_v2: bool,
}

/// A test of the destination port (`ListenerFilterChainMatchPredicate`).
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum PortPredicate {
    /// Always.
    Any,
    /// One of them.
    Or(Vec<PortPredicate>),
    /// All of them.
    And(Vec<PortPredicate>),
    /// Not this.
    Not(Box<PortPredicate>),
    /// From `start` up to, not including, `end`.
    DestinationPort {
        /// First port that matches.
        start: u32,
        /// First after it that does not.
        end: u32,
    },
}

impl PortPredicate {
    /// True if `port` passes.
    pub fn matches(&self, port: u16) -> bool {
        match self {
            Self::Any => true,
            Self::Or(list) => list.iter().any(|predicate| predicate.matches(port)),
            Self::And(list) => list.iter().all(|predicate| predicate.matches(port)),
            Self::Not(predicate) => !predicate.matches(port),
            Self::DestinationPort { start, end } => (*start..*end).contains(&u32::from(port)),
        }
    }
}

/// What happens to the connections that match (`envoy.config.listener.v3.FilterChain`).
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default, deny_unknown_fields)]
pub struct FilterChain {
    /// Name, unique or empty.
    pub name: Arc<str>,
    /// Which connections.
    #[serde(rename = "match")]
    pub matches: FilterChainMatch,
    /// TLS towards the client; `None` is plaintext.
    pub tls: Option<DownstreamTls>,
    /// Time for the TLS handshake in milliseconds; 0 is the proxy's default.
    pub transport_connect_timeout_ms: u64,
    /// What is done with it, in order; the last one serves it.
    pub filters: Vec<NetworkFilter>,
    /// Filter metadata.
    pub metadata: Metadata,
    /// What it was made from.
    pub origins: Vec<Origin>,
}

/// Which connections a filter chain takes; an empty field takes all (`envoy.config.listener.v3.FilterChainMatch`).
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default, deny_unknown_fields)]
pub struct FilterChainMatch {
    /// Destination port.
    pub destination_port: Option<u16>,
    /// Destination address.
    pub prefix_ranges: Vec<CidrRange>,
    /// SNI in lower case; `*.example.com` is every name below it.
    pub server_names: Vec<Arc<str>>,
    /// `tls` or `raw_buffer`; empty is both.
    pub transport_protocol: Arc<str>,
    /// ALPN, or what was detected (`http/1.1`, `h2c` …).
    pub application_protocols: Vec<Arc<str>>,
    /// Address of the peer of the socket.
    pub direct_source_prefix_ranges: Vec<CidrRange>,
    /// Local or not.
    pub source_type: SourceType,
    /// Source address.
    pub source_prefix_ranges: Vec<CidrRange>,
    /// Source port.
    pub source_ports: Vec<u16>,
}

/// Where a connection comes from.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum SourceType {
    /// Anywhere.
    #[default]
    Any,
    /// This machine: loopback, or the same address on both ends.
    SameIpOrLoopback,
    /// Another machine.
    External,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn istios_per_port_exclusion_switches_an_inspector_off() {
        let filter = ListenerFilter {
            kind: ListenerFilterKind::HttpInspector,
            disabled: Some(PortPredicate::Or(vec![
                PortPredicate::DestinationPort { start: 3306, end: 3307 },
                PortPredicate::DestinationPort { start: 25, end: 26 },
            ])),
        };
        assert!(!filter.applies_to(3306));
        assert!(filter.applies_to(3307));
        assert!(
            ListenerFilter {
                disabled: None,
                ..filter
            }
            .applies_to(3306)
        );
    }
}
