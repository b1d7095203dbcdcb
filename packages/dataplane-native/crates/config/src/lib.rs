//! The proxy's configuration: plain types, validated on construction.
//!
//! One file per noun. Whoever has the configuration as xDS decodes it with the crate `xds`; whoever writes it by hand
//! (the proxy as a library) deserializes a [`Config`] from JSON. Conventions: times are milliseconds in a field that
//! ends in `_ms`; 0 switches a timeout off; an `Option` is used where "unset" and "0" differ.
#![forbid(unsafe_code)]

mod access_log;
mod address;
mod chain_match;
mod check;
mod cluster;
mod compressor;
mod decompressor;
mod endpoint;
mod ext_authz;
mod ext_proc;
mod fault;
mod filter;
mod header;
mod health_check;
mod http_connection_manager;
mod invalid;
mod jwt;
mod lb_policy;
mod limits;
mod listener;
mod local_reply;
mod log_service;
mod match_tree;
mod matcher;
mod metadata;
mod module;
mod name_table;
mod origin;
mod override_host;
mod pattern;
mod quota;
mod rare;
mod rate_limit;
mod rbac;
mod retry;
mod route;
mod secret;
mod service;
mod session;
mod shared;
mod subset;
mod tap;
mod tcp_proxy;
mod template;
mod tls;
mod tracing;
mod udp;
mod upstream_transport;
mod view;

pub use access_log::{AccessLog, AccessLogFilter, AccessLogFormat, Comparison};
pub use address::{Address, CidrRange};
pub use chain_match::{ChainExplanation, ChainStage, ConnectionInfo, FilterChainIndex};
pub use cluster::{
    Cluster, ClusterKind, DnsLookupFamily, DnsOptions, HttpProtocol, HttpProtocolOptions, MetadataKey, TcpKeepalive,
    TransportSocketMatch,
};
pub use compressor::{Compressor, CompressorLibrary, CompressorOverride};
pub use decompressor::{Decompressor, DecompressorLibrary};
pub use endpoint::{
    ClusterLoadAssignment, Endpoint, EndpointFacts, HealthStatus, Locality, LocalityEndpoints, Workload,
};
pub use ext_authz::{AuthzBody, AuthzHttpService, AuthzOverride, AuthzService, ExtAuthz};
pub use ext_proc::{ExtProc, ExtProcBody, ExtProcMode, ExtProcModeChange, ExtProcOverride, RouteCache};
pub use fault::{AbortKind, DelayKind, Fault, FaultAbort, FaultDelay, FractionalPercent};
pub use filter::{
    BufferLimit, ConnectionLimit, CorsPolicy, FilterOverride, HttpFilter, HttpFilterKind, NetworkFilter, RouterOptions,
};
pub use header::{HeaderAppendAction, HeaderMutations, HeaderName, HeaderOps, HeaderSet, InvalidHeaderName, NameKind};
pub use health_check::{
    EndpointHealthCheck, GrpcHealthCheck, HealthCheck, HealthCheckKind, HexBytes, HttpHealthCheck, Payload,
    StatusRange, TcpHealthCheck, has_payloads,
};
pub use http_connection_manager::{
    ClientCertDetails, CodecType, ForwardClientCert, Http1Options, Http2Keepalive, Http2Options, HttpConnectionManager,
    PathNormalization, RouteSource, ServerHeader, SlashesAction, Upgrade,
};
pub use invalid::Invalid;
pub use jwt::{ClaimHeader, JwtAuthn, JwtHeader, JwtProvider, JwtRequirement, JwtRule, RemoteJwks};
pub use lb_policy::{
    ConsistentHashing, LbPolicy, MAX_MAGLEV_SIZE, MAX_RING_SIZE, RingHashFunction, SlowStart, ZoneAware, is_prime,
};
pub use limits::{CircuitBreakers, OutlierDetection, Priority, RetryBudget, Thresholds};
pub use listener::{
    FilterChain, FilterChainMatch, Listener, ListenerFilter, ListenerFilterKind, OriginalSrcFilter, PortPredicate,
    ProxyProtocolFilter, SourceType, TrafficDirection,
};
pub use local_reply::{BodyFormat, LocalReplies, ReplyMapper};
pub use log_service::{AlsLog, LogBuffer, LogService, OtlpLog};
pub use match_tree::{MatchEntry, MatchInput, MatchPredicate, MatchTree, MatchValues, OnMatch};
pub use matcher::{
    HeaderMatcher, HeaderValueMatcher, MetadataMatcher, MetadataValue, QueryMatcher, QueryValueMatcher, StringMatcher,
};
pub use metadata::{IstioService, Metadata};
pub use module::FilterModule;
pub use name_table::{HostNames, NameTable, ServiceName};
pub use origin::Origin;
pub use override_host::{OverrideHost, OverrideHostSource};
pub use pattern::{InvalidPattern, Pattern, Substitution};
pub use quota::{QuotaBucket, QuotaDenial, QuotaExpiry, QuotaFilter, QuotaOverride, QuotaStrategy, QuotaValue};
pub use rare::{Rare, Silent};
pub use rate_limit::{
    GlobalRateLimit, HostLimits, LimitAction, LocalRateLimit, RateLimitOverride, RouteLimit, TokenBucket,
};
pub use rbac::{Permission, Policy, Principal, Rbac, RbacAction, RbacRules};
pub use retry::{HedgePolicy, RetryBackoff, RetryOn, RetryPolicy};
pub use route::{
    ClusterTerms, DirectResponse, Forward, HashOn, HashPolicy, HostRewrite, MirrorPolicy, PathMatch, PathRewrite,
    Redirect, RedirectPath, Route, RouteAction, RouteConfiguration, RouteMatch, RouteTarget, RouteUpgrade,
    VirtualCluster, VirtualHost, WeightedCluster, WeightedClusters,
};
pub use secret::{PrivateKeyPem, Secret, SecretKind, TlsCertificate};
pub use service::GrpcService;
pub use session::{HealthSet, SessionState, StatefulSession};
pub use shared::{forget_unshared, shared, text};
pub use subset::{Criteria, Criterion, LB_NAMESPACE, SelectorFallback, SubsetFallback, SubsetSelector, Subsets};
pub use tap::{BodyPattern, BodyPatterns, Tap, TapConfig, TapFormat, TapPredicate, TapSink};
pub use tcp_proxy::{TcpProxy, TunnelingConfig};
pub use template::{AddressPart, InvalidTemplate, Operator, Piece, Template};
pub use tls::{
    CertificateSource, DownstreamTls, Revocation, RevocationSource, TlsContext, TlsVersion, TrustSource, UpstreamTls,
    Validation,
};
pub use tracing::{
    CustomTag, GrpcCollector, HttpCollector, MetadataOwner, OpenTelemetry, OtlpCollector, RouteTracing, TagValue,
    Tracing, TracingProvider, Zipkin,
};
pub use udp::{UdpHash, UdpProxy};
pub use upstream_transport::{InternalTransport, ProxyProtocolTransport, ProxyProtocolVersion, UpstreamTransport};
pub use view::RequestView;

use serde::{Deserialize, Serialize};

/// A whole configuration, as a user of the library writes it in JSON. Everything has Envoy's defaults.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default, deny_unknown_fields)]
pub struct Config {
    /// Where the proxy listens and what it does with a connection.
    pub listeners: Vec<Listener>,
    /// Route configurations that listeners refer to by name.
    pub routes: Vec<RouteConfiguration>,
    /// Groups of upstream endpoints.
    pub clusters: Vec<Cluster>,
    /// Endpoints of clusters of kind `eds`.
    pub endpoints: Vec<ClusterLoadAssignment>,
    /// Certificates and trust bundles that TLS contexts refer to by name.
    pub secrets: Vec<Secret>,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_load_balancer_is_a_dozen_lines_of_json() {
        let config: Config = serde_json::from_str(
            r#"{
              "listeners": [{
                "name": "web", "address": "127.0.0.1:8080",
                "filterChains": [{ "filters": [{ "httpConnectionManager": { "routes": { "inline": {
                  "virtualHosts": [{ "domains": ["*"], "routes": [{ "action": { "forward": { "cluster": "backends" } } }] }]
                } } } }] }]
              }],
              "clusters": [{
                "name": "backends", "lbPolicy": { "leastRequest": {} },
                "endpoints": [{ "endpoints": [{ "address": "127.0.0.1:9001" }, { "address": "127.0.0.1:9002" }] }]
              }]
            }"#,
        )
        .unwrap();
        let NetworkFilter::HttpConnectionManager(manager) = &config.listeners[0].filter_chains[0].filters[0] else {
            panic!()
        };
        let RouteSource::Inline(routes) = &manager.routes else {
            panic!()
        };
        let RouteAction::Forward(forward) = &routes.virtual_hosts[0].routes[0].action else {
            panic!()
        };
        assert_eq!(forward.target, RouteTarget::Cluster("backends".into()));
        assert_eq!(
            config.clusters[0].lb_policy,
            LbPolicy::LeastRequest {
                choice_count: 2,
                active_request_bias: 1.0,
                slow_start: None
            }
        );
        assert_eq!(config.clusters[0].endpoints[0].endpoints.len(), 2);
    }

    #[test]
    fn a_configuration_survives_writing_and_reading() {
        let config = Config {
            listeners: vec![Listener {
                filter_chains: vec![FilterChain {
                    filters: vec![
                        NetworkFilter::HttpConnectionManager(std::sync::Arc::default()),
                        NetworkFilter::TcpProxy(std::sync::Arc::default()),
                    ],
                    ..FilterChain::default()
                }],
                ..Listener::default()
            }],
            clusters: vec![Cluster {
                kind: ClusterKind::Eds {
                    service_name: "x".into(),
                },
                ..Cluster::default()
            }],
            ..Config::default()
        };
        let json = serde_json::to_string(&config).unwrap();
        assert_eq!(serde_json::from_str::<Config>(&json).unwrap(), config);
    }

    #[test]
    fn a_misspelled_field_is_refused() {
        let error = serde_json::from_str::<Config>(r#"{"clusters": [{"nmae": "x"}]}"#).unwrap_err();
        assert!(error.to_string().contains("unknown field `nmae`"), "{error}");
    }
}
