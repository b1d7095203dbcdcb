//! Clusters: groups of upstream endpoints and how they are used.

use std::{collections::BTreeMap, net::IpAddr, sync::Arc};

use serde::{Deserialize, Serialize};

use crate::{
    CircuitBreakers, ConsistentHashing, HeaderName, HealthCheck, HealthSet, Http1Options, Http2Options, IstioService,
    LbPolicy, LocalityEndpoints, Metadata, Origin, OutlierDetection, OverrideHost, Subsets, UpstreamTransport,
    ZoneAware,
};

/// A group of endpoints (`envoy.config.cluster.v3.Cluster`).
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default, deny_unknown_fields)]
pub struct Cluster {
    /// Unique name.
    pub name: Arc<str>,
    /// Name in statistics; empty is the name.
    pub alt_stat_name: Arc<str>,
    /// Where the endpoints come from.
    pub kind: ClusterKind,
    /// The endpoints, for kinds `static`, `strictDns` and `logicalDns`.
    #[serde(deserialize_with = "crate::shared::without_room")]
    pub endpoints: Vec<LocalityEndpoints>,
    /// A priority is full as long as its share of healthy endpoints times this is 100; in percent.
    pub overprovisioning_percent: u32,
    /// How an endpoint is chosen.
    pub lb_policy: LbPolicy,
    /// Below this share of healthy endpoints all are used; in percent, 0 never.
    pub panic_threshold_percent: f64,
    /// Localities have shares of their own (`locality_weighted_lb_config`).
    pub locality_weighted: bool,
    /// The proxy's own zone is preferred; not together with `locality_weighted`.
    pub zone_aware: Option<ZoneAware>,
    /// What an endpoint's health may be where a session or a request asks for it.
    pub session_health: HealthSet,
    /// Requests name the endpoints that they should go to.
    pub override_host: Option<Arc<OverrideHost>>,
    /// For policies that hash.
    pub consistent_hashing: ConsistentHashing,
    /// Groups of endpoints that routes choose by metadata.
    pub subsets: Option<Arc<Subsets>>,
    /// Time to connect in milliseconds.
    pub connect_timeout_ms: u64,
    /// Limits.
    pub circuit_breakers: CircuitBreakers,
    /// Endpoints that fail are left out for a while; `None` never.
    pub outlier_detection: Option<Box<OutlierDetection>>,
    /// Endpoints are asked whether they are well; `None` never.
    pub health_check: Option<Box<HealthCheck>>,
    /// How connections are made.
    pub transport: UpstreamTransport,
    /// Others, for endpoints that match; the first that does wins.
    pub transport_matches: Vec<TransportSocketMatch>,
    /// Which HTTP is spoken.
    pub http: HttpProtocolOptions,
    /// Address that connections are made from.
    pub bind_address: Option<IpAddr>,
    /// Keepalive probes of TCP.
    pub tcp_keepalive: Option<Box<TcpKeepalive>>,
    /// Bytes a connection may buffer before it stops reading; `None` is the proxy's default.
    pub per_connection_buffer_limit_bytes: Option<u32>,
    /// Close connections to an endpoint that fails its health check.
    pub close_connections_on_host_health_failure: bool,
    /// An endpoint that is no longer named is removed even if its health check says that it is well.
    pub ignore_health_on_host_removal: bool,
    /// Filter metadata.
    pub metadata: Metadata,
    /// The services it stands for, from `filter_metadata["istio"]["services"]`.
    pub services: Vec<IstioService>,
    /// What it was made from.
    pub origins: Vec<Origin>,
}

impl Default for Cluster {
    fn default() -> Self {
        Self {
            name: "".into(),
            alt_stat_name: "".into(),
            kind: ClusterKind::Static,
            endpoints: Vec::new(),
            overprovisioning_percent: 140,
            lb_policy: LbPolicy::RoundRobin { slow_start: None },
            panic_threshold_percent: 50.0,
            locality_weighted: false,
            zone_aware: None,
            session_health: HealthSet::default(),
            override_host: None,
            consistent_hashing: ConsistentHashing::default(),
            subsets: None,
            connect_timeout_ms: 5_000,
            circuit_breakers: CircuitBreakers::default(),
            outlier_detection: None,
            health_check: None,
            transport: UpstreamTransport::Plain,
            transport_matches: Vec::new(),
            http: HttpProtocolOptions::default(),
            bind_address: None,
            tcp_keepalive: None,
            per_connection_buffer_limit_bytes: None,
            close_connections_on_host_health_failure: false,
            ignore_health_on_host_removal: false,
            metadata: Metadata::default(),
            services: Vec::new(),
            origins: Vec::new(),
        }
    }
}

impl Cluster {
    /// How connections to an endpoint with this `transport_match` are made.
    pub fn transport_for(&self, transport_match: Option<&BTreeMap<String, String>>) -> &UpstreamTransport {
        let empty = BTreeMap::new();
        let labels = transport_match.unwrap_or(&empty);
        let passes =
            |wanted: &BTreeMap<String, String>| wanted.iter().all(|(key, value)| labels.get(key) == Some(value));
        self.transport_matches
            .iter()
            .find(|entry| passes(&entry.labels))
            .map_or(&self.transport, |entry| &entry.transport)
    }
}

/// Where the endpoints of a cluster come from.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", rename_all_fields = "camelCase")]
pub enum ClusterKind {
    /// Written in the cluster.
    #[default]
    Static,
    /// A load assignment.
    Eds {
        /// Its name; empty is the cluster's name.
        service_name: Arc<str>,
    },
    /// All addresses that the names in the cluster resolve to.
    StrictDns(DnsOptions),
    /// One address at a time, for new connections.
    LogicalDns(DnsOptions),
    /// The original destination of the downstream connection.
    OriginalDst {
        /// Take the destination from a request header (`x-envoy-original-dst-host` or this one).
        http_header: Option<HeaderName>,
        /// Another port than the original one; 0 is the same.
        port_override: u16,
        /// Take the destination from what an internal listener was handed: a namespace of metadata and a key in it.
        metadata_key: Option<MetadataKey>,
    },
}

/// A place in metadata.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default, deny_unknown_fields)]
pub struct MetadataKey {
    /// Namespace.
    pub namespace: Arc<str>,
    /// Keys, the outermost first.
    pub path: Vec<Arc<str>>,
}

/// How names are resolved.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default, deny_unknown_fields)]
pub struct DnsOptions {
    /// Time between two resolutions in milliseconds.
    pub refresh_rate_ms: u64,
    /// Resolve again when the answer's time to live is over.
    pub respect_ttl: bool,
    /// Which addresses.
    pub lookup_family: DnsLookupFamily,
}

impl Default for DnsOptions {
    fn default() -> Self {
        Self {
            refresh_rate_ms: 5_000,
            respect_ttl: false,
            lookup_family: DnsLookupFamily::Auto,
        }
    }
}

/// Which addresses a name is resolved to.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum DnsLookupFamily {
    /// IPv6 if there is one, else IPv4.
    #[default]
    Auto,
    /// IPv4.
    V4Only,
    /// IPv6.
    V6Only,
    /// IPv4 if there is one, else IPv6.
    V4Preferred,
    /// All.
    All,
}

/// A transport for endpoints with certain labels.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct TransportSocketMatch {
    /// Name, e.g. `tlsMode-istio`.
    pub name: Arc<str>,
    /// What the endpoint's `transport_match` must have; nothing takes all.
    pub labels: BTreeMap<String, String>,
    /// How connections are made.
    pub transport: UpstreamTransport,
}

/// Which HTTP is spoken to an upstream.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum HttpProtocol {
    /// HTTP/1.1.
    #[default]
    Http1,
    /// HTTP/2.
    Http2,
    /// What ALPN says.
    Auto,
    /// What the client speaks.
    UseDownstream,
}

/// How HTTP is spoken to an upstream (`envoy.extensions.upstreams.http.v3.HttpProtocolOptions`).
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default, deny_unknown_fields)]
pub struct HttpProtocolOptions {
    /// Which version.
    pub protocol: HttpProtocol,
    /// Time a connection may be without a request in milliseconds; 0 is none.
    pub idle_timeout_ms: u64,
    /// Life of a connection in milliseconds; 0 is unlimited.
    pub max_connection_duration_ms: u64,
    /// Life of a request with its response in milliseconds; 0 is unlimited.
    pub max_stream_duration_ms: u64,
    /// Requests per connection; 0 is unlimited.
    pub max_requests_per_connection: u32,
    /// Fields in a response head.
    pub max_headers_count: u32,
    /// Size of a response head in kilobytes.
    pub max_response_headers_kb: u32,
    /// Options of HTTP/1.
    pub http1: Http1Options,
    /// Options of HTTP/2.
    pub http2: Http2Options,
}

impl Default for HttpProtocolOptions {
    fn default() -> Self {
        Self {
            protocol: HttpProtocol::Http1,
            idle_timeout_ms: 3_600_000,
            max_connection_duration_ms: 0,
            max_stream_duration_ms: 0,
            max_requests_per_connection: 0,
            max_headers_count: 100,
            max_response_headers_kb: 60,
            http1: Http1Options::default(),
            http2: Http2Options::default(),
        }
    }
}

/// Keepalive probes of TCP; `None` is the system's setting.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default, deny_unknown_fields)]
pub struct TcpKeepalive {
    /// Probes without an answer before the connection is dead.
    pub probes: Option<u32>,
    /// Idle time before the first probe in seconds.
    pub time_s: Option<u32>,
    /// Time between probes in seconds.
    pub interval_s: Option<u32>,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_cluster_is_small_as_long_as_it_says_little() {
        assert!(size_of::<Cluster>() <= 616, "{}", size_of::<Cluster>());
    }

    #[test]
    fn the_first_transport_whose_labels_the_endpoint_has_wins() {
        let tls = UpstreamTransport::Tls(Box::default());
        let entry = |name: &str, labels: &[(&str, &str)], transport: &UpstreamTransport| TransportSocketMatch {
            name: name.into(),
            labels: labels
                .iter()
                .map(|(key, value)| ((*key).to_owned(), (*value).to_owned()))
                .collect(),
            transport: transport.clone(),
        };
        let cluster = Cluster {
            transport_matches: vec![
                entry("tlsMode-istio", &[("tlsMode", "istio")], &tls),
                entry("tlsMode-disabled", &[], &UpstreamTransport::Plain),
            ],
            ..Cluster::default()
        };
        let labels = BTreeMap::from([("tlsMode".to_owned(), "istio".to_owned())]);
        assert_eq!(cluster.transport_for(Some(&labels)), &tls);
        assert_eq!(cluster.transport_for(None), &UpstreamTransport::Plain);
    }
}
