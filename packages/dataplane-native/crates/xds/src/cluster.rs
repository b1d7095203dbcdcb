//! Clusters.

use config::{
    Address, Cluster, ClusterKind, DnsLookupFamily, DnsOptions, Origin, TcpKeepalive, TransportSocketMatch,
    UpstreamTransport,
};
use messages::envoy::config::{
    cluster::v3::{
        self as pb,
        cluster::{self as nested, ClusterDiscoveryType, DiscoveryType, LbConfig},
    },
    core::v3 as core,
};

use crate::{
    context::Context,
    endpoint,
    filter::{inner_type, is_observer},
    health_check::health_check,
    http_options::http_options,
    lb_policy::balancing,
    limits::{circuit_breakers, outlier_detection},
    tls,
    value::{header_name, metadata, metadata_key, millis, port},
};

pub(crate) fn cluster(cx: &mut Context, mut pb: pb::Cluster) -> Cluster {
    report(cx, &pb);
    let kind = kind(cx, &pb);
    let http = http_options(cx, &mut pb);
    let balancing = balancing(cx, &mut pb);
    let defaults = Cluster::default();
    let (origins, metadata) = Origin::split(metadata(pb.metadata));
    let load = pb.load_assignment.unwrap_or_default();
    let allow_names = matches!(kind, ClusterKind::StrictDns(_) | ClusterKind::LogicalDns(_));
    let mut cluster = Cluster {
        name: pb.name.into(),
        alt_stat_name: pb.alt_stat_name.into(),
        overprovisioning_percent: endpoint::overprovisioning(&load),
        endpoints: cx.within("loadAssignment", |cx| endpoint::localities(cx, load, allow_names)),
        kind,
        lb_policy: balancing.policy,
        panic_threshold_percent: balancing.panic_threshold_percent,
        locality_weighted: balancing.locality_weighted,
        zone_aware: balancing.zone_aware,
        session_health: balancing.session_health,
        override_host: balancing.override_host,
        consistent_hashing: balancing.hashing,
        subsets: balancing.subsets,
        connect_timeout_ms: millis(cx, "connectTimeout", pb.connect_timeout).unwrap_or(defaults.connect_timeout_ms),
        circuit_breakers: cx.within("circuitBreakers", |cx| {
            circuit_breakers(cx, pb.circuit_breakers.unwrap_or_default())
        }),
        outlier_detection: pb
            .outlier_detection
            .map(|pb| Box::new(cx.within("outlierDetection", |cx| outlier_detection(cx, pb)))),
        health_check: health_check(cx, pb.health_checks).map(Box::new),
        transport: pb.transport_socket.map_or(UpstreamTransport::Plain, |socket| {
            cx.within("transportSocket", |cx| tls::upstream(cx, socket))
        }),
        transport_matches: cx.list("transportSocketMatches", pb.transport_socket_matches, transport_match),
        http: http.options,
        bind_address: pb
            .upstream_bind_config
            .and_then(|bind| cx.within("upstreamBindConfig", |cx| bind_address(cx, bind))),
        tcp_keepalive: pb
            .upstream_connection_options
            .and_then(|options| options.tcp_keepalive)
            .map(|pb| Box::new(tcp_keepalive(pb))),
        per_connection_buffer_limit_bytes: pb.per_connection_buffer_limit_bytes,
        close_connections_on_host_health_failure: pb.close_connections_on_host_health_failure,
        ignore_health_on_host_removal: pb.ignore_health_on_host_removal,
        services: metadata.istio_services(),
        origins,
        metadata,
    };
    if http.auto_sni || http.auto_san_validation {
        let matches = cluster.transport_matches.iter_mut().map(|entry| &mut entry.transport);
        for transport in matches.chain([&mut cluster.transport]) {
            if let Some(tls) = transport.tls_mut() {
                tls.auto_sni |= http.auto_sni;
                tls.auto_san_validation |= http.auto_san_validation;
            }
        }
    }
    check_endpoints(cx, &cluster);
    cluster
}

fn report(cx: &mut Context, pb: &pb::Cluster) {
    cx.unsupported("transportSocketMatcher", pb.transport_socket_matcher.is_some());
    cx.unsupported("upstreamConfig", pb.upstream_config.is_some());
    cx.no_effect("preconnectPolicy", pb.preconnect_policy.is_some());
    cx.no_effect("lrsServer", pb.lrs_server.is_some());
    cx.no_effect("dnsResolvers", !pb.dns_resolvers.is_empty());
    cx.no_effect("useTcpForDnsLookups", pb.use_tcp_for_dns_lookups);
    cx.no_effect(
        "connectionPoolPerDownstreamConnection",
        pb.connection_pool_per_downstream_connection,
    );
    for (index, filter) in pb.filters.iter().enumerate() {
        let type_name = filter.typed_config.as_ref().map(inner_type).unwrap_or_default();
        if !is_observer(&type_name) {
            cx.within(&format!("filters[{index}]"), |cx| {
                cx.error(format!(
                    "network filter {:?} of type {type_name:?} is not supported",
                    filter.name
                ));
            });
        }
    }
}

fn kind(cx: &mut Context, pb: &pb::Cluster) -> ClusterKind {
    let discovery = match &pb.cluster_discovery_type {
        Some(ClusterDiscoveryType::Type(value)) => DiscoveryType::try_from(*value).ok(),
        Some(ClusterDiscoveryType::ClusterType(custom)) => {
            cx.within("clusterType", |cx| {
                cx.error(format!("cluster type {:?} is not supported", custom.name));
            });
            return ClusterKind::Static;
        }
        None => Some(DiscoveryType::Static),
    };
    let Some(discovery) = discovery else {
        cx.within("type", |cx| cx.error("is not a discovery type"));
        return ClusterKind::Static;
    };
    match discovery {
        DiscoveryType::Static => ClusterKind::Static,
        DiscoveryType::StrictDns => ClusterKind::StrictDns(dns_options(cx, pb)),
        DiscoveryType::LogicalDns => ClusterKind::LogicalDns(dns_options(cx, pb)),
        DiscoveryType::Eds => {
            let service_name = pb
                .eds_cluster_config
                .as_ref()
                .map(|eds| eds.service_name.as_str())
                .unwrap_or_default();
            if pb.eds_cluster_config.is_none() {
                cx.within("edsClusterConfig", |cx| cx.error("is missing"));
            }
            ClusterKind::Eds {
                service_name: if service_name.is_empty() {
                    &pb.name
                } else {
                    service_name
                }
                .into(),
            }
        }
        DiscoveryType::OriginalDst => cx.within("originalDstLbConfig", |cx| {
            let Some(LbConfig::OriginalDstLbConfig(config)) = &pb.lb_config else {
                return ClusterKind::OriginalDst {
                    http_header: None,
                    port_override: 0,
                    metadata_key: None,
                };
            };
            let metadata_key = config
                .metadata_key
                .clone()
                .map(|key| cx.within("metadataKey", |cx| metadata_key(cx, key)));
            let name = if config.http_header_name.is_empty() {
                "x-envoy-original-dst-host"
            } else {
                &config.http_header_name
            };
            let http_header = config
                .use_http_header
                .then(|| header_name(cx, "httpHeaderName", name))
                .flatten();
            let port_override = port(cx, "upstreamPortOverride", config.upstream_port_override.unwrap_or(0));
            ClusterKind::OriginalDst {
                http_header,
                port_override,
                metadata_key,
            }
        }),
    }
}

fn dns_options(cx: &mut Context, pb: &pb::Cluster) -> DnsOptions {
    let refresh_rate_ms = millis(cx, "dnsRefreshRate", pb.dns_refresh_rate).unwrap_or(5_000);
    if refresh_rate_ms == 0 {
        cx.within("dnsRefreshRate", |cx| cx.error("has to be greater than 0"));
    }
    let lookup_family = match pb.dns_lookup_family() {
        nested::DnsLookupFamily::Auto => DnsLookupFamily::Auto,
        nested::DnsLookupFamily::V4Only => DnsLookupFamily::V4Only,
        nested::DnsLookupFamily::V6Only => DnsLookupFamily::V6Only,
        nested::DnsLookupFamily::V4Preferred => DnsLookupFamily::V4Preferred,
        nested::DnsLookupFamily::All => DnsLookupFamily::All,
    };
    DnsOptions {
        refresh_rate_ms,
        respect_ttl: pb.respect_dns_ttl,
        lookup_family,
    }
}

fn transport_match(cx: &mut Context, pb: nested::TransportSocketMatch) -> TransportSocketMatch {
    TransportSocketMatch {
        name: pb.name.into(),
        labels: pb.r#match.map(endpoint::labels).unwrap_or_default(),
        transport: pb.transport_socket.map_or(UpstreamTransport::Plain, |socket| {
            cx.within("transportSocket", |cx| tls::upstream(cx, socket))
        }),
    }
}

fn bind_address(cx: &mut Context, pb: core::BindConfig) -> Option<std::net::IpAddr> {
    cx.no_effect("socketOptions", !pb.socket_options.is_empty());
    let address = pb.source_address?;
    cx.within("sourceAddress", |cx| {
        cx.check(
            address
                .address
                .parse()
                .map_err(|_| format!("{:?} is not an IP address", address.address)),
        )
    })
}

fn tcp_keepalive(pb: core::TcpKeepalive) -> TcpKeepalive {
    TcpKeepalive {
        probes: pb.keepalive_probes,
        time_s: pb.keepalive_time,
        interval_s: pb.keepalive_interval,
    }
}

fn check_endpoints(cx: &mut Context, cluster: &Cluster) {
    let endpoints = || cluster.endpoints.iter().flat_map(|locality| &locality.endpoints);
    match cluster.kind {
        ClusterKind::Eds { .. } | ClusterKind::OriginalDst { .. } if endpoints().next().is_some() => {
            cx.within("loadAssignment", |cx| {
                cx.error("endpoints may not be written in a cluster that gets them from elsewhere");
            });
        }
        ClusterKind::LogicalDns(_) if endpoints().count() != 1 => {
            cx.within("loadAssignment", |cx| {
                cx.error("a LOGICAL_DNS cluster needs exactly one endpoint");
            });
        }
        ClusterKind::StrictDns(_)
            if endpoints().any(|endpoint| matches!(endpoint.address, Address::Unix(_) | Address::Internal(..))) =>
        {
            cx.within("loadAssignment", |cx| {
                cx.error("a STRICT_DNS cluster needs names or IP addresses");
            });
        }
        _ => {}
    }
}
