//! Listeners and filter chains.

use std::sync::Arc;

use config::{
    Address, FilterChain, FilterChainMatch, Listener, ListenerFilter, ListenerFilterKind, Origin, OriginalSrcFilter,
    PortPredicate, ProxyProtocolFilter, SourceType, TrafficDirection,
};
use messages::envoy::{
    config::{
        core::v3::{address::Address as PbAddress, proxy_protocol_config::Version},
        listener::v3::{
            self as pb, filter_chain_match::ConnectionSourceType, listener::ListenerSpecifier,
            listener_filter::ConfigType, listener_filter_chain_match_predicate::Rule,
        },
    },
    extensions::filters::listener::{
        http_inspector::v3::HttpInspector, original_dst::v3::OriginalDst, original_src::v3::OriginalSrc,
        proxy_protocol::v3::ProxyProtocol, tls_inspector::v3::TlsInspector,
    },
};

use crate::{
    access_log::access_logs,
    context::{Context, is},
    filter::network_filters,
    short, tls, udp,
    value::{address, cidr_ranges, metadata, millis, port},
};

pub(crate) fn listener(cx: &mut Context, mut pb: pb::Listener) -> Listener {
    reject(cx, &pb);
    let is_udp = udp::is_udp(&pb);
    let (pipe_mode, ipv4_compat) = socket_options(cx, &pb);
    let is_internal = matches!(pb.listener_specifier, Some(ListenerSpecifier::InternalListener(_)));
    let own_address = if is_internal {
        Address::of_internal(pb.name.as_str(), "")
    } else {
        address(cx, pb.address.take())
    };
    if matches!(own_address, Address::Host(..)) {
        cx.within("address", |cx| cx.error(format!("{own_address} is not an IP address")));
    }
    let udp = udp::proxy(cx, &mut pb, is_udp);
    let bound_v1 = pb.deprecated_v1.and_then(|v1| v1.bind_to_port);
    let (origins, metadata) = Origin::split(metadata(pb.metadata));
    let listener = Listener {
        name: pb.name.into(),
        address: own_address,
        additional_addresses: cx.list("additionalAddresses", pb.additional_addresses, |cx, more| {
            address(cx, more.address)
        }),
        bind_to_port: pb.bind_to_port.or(bound_v1).unwrap_or(true) && !is_internal,
        use_original_dst: pb.use_original_dst.unwrap_or(false),
        listener_filters: cx
            .list("listenerFilters", pb.listener_filters, listener_filter)
            .into_iter()
            .flatten()
            .collect(),
        listener_filters_timeout_ms: millis(cx, "listenerFiltersTimeout", pb.listener_filters_timeout)
            .unwrap_or(15_000),
        continue_on_listener_filters_timeout: pb.continue_on_listener_filters_timeout,
        udp,
        filter_chains: cx.list("filterChains", pb.filter_chains, filter_chain),
        default_filter_chain: pb
            .default_filter_chain
            .map(|chain| cx.within("defaultFilterChain", |cx| filter_chain(cx, chain))),
        traffic_direction: match pb.traffic_direction {
            1 => TrafficDirection::Inbound,
            2 => TrafficDirection::Outbound,
            _ => TrafficDirection::Unspecified,
        },
        per_connection_buffer_limit_bytes: pb.per_connection_buffer_limit_bytes,
        transparent: pb.transparent.unwrap_or(false),
        freebind: pb.freebind.unwrap_or(false),
        ipv4_compat,
        pipe_mode,
        tcp_backlog_size: pb.tcp_backlog_size,
        access_log: access_logs(cx, "accessLog", pb.access_log),
        origins,
        metadata,
    };
    if listener.udp.is_none() && !is_udp && listener.chains().next().is_none() {
        cx.within("filterChains", |cx| {
            cx.error("is empty; a listener needs at least one filter chain");
        });
    }
    reject_equal_matches(cx, &listener.filter_chains);
    listener
}

fn reject(cx: &mut Context, pb: &pb::Listener) {
    cx.unsupported("filterChainMatcher", pb.filter_chain_matcher.is_some());
    cx.unsupported("fcdsConfig", pb.fcds_config.is_some());
    cx.unsupported("apiListener", pb.api_listener.is_some());
    cx.no_effect("socketOptions", !pb.socket_options.is_empty());
    cx.no_effect("tcpFastOpenQueueLength", pb.tcp_fast_open_queue_length.is_some());
    cx.no_effect("tcpKeepalive", pb.tcp_keepalive.is_some());
}

/// Access rights of a Unix socket, and whether sockets on IPv6 take IPv4 too.
fn socket_options(cx: &mut Context, pb: &pb::Listener) -> (u32, bool) {
    let others = pb.additional_addresses.iter().filter_map(|more| more.address.as_ref());
    let all = pb
        .address
        .iter()
        .chain(others)
        .filter_map(|address| address.address.as_ref());
    let (mut mode, mut compat) = (0, Vec::new());
    for address in all {
        match address {
            PbAddress::Pipe(pipe) => mode = pipe.mode,
            PbAddress::SocketAddress(socket) if socket.address.contains(':') => compat.push(socket.ipv4_compat),
            PbAddress::SocketAddress(socket) if socket.ipv4_compat => {
                cx.within("address", |cx| {
                    cx.error(format!("ipv4Compat is for IPv6; {:?} is not", socket.address));
                });
            }
            PbAddress::SocketAddress(_) | PbAddress::EnvoyInternalAddress(_) => {}
        }
    }
    if mode > 0o777 {
        cx.within("address", |cx| {
            cx.error(format!("mode {mode:o} of the pipe is more than 777"));
        });
    }
    let ipv4_compat = compat.contains(&true);
    if ipv4_compat && compat.contains(&false) {
        cx.within("additionalAddresses", |cx| {
            cx.error("ipv4Compat has to be the same for all IPv6 addresses of a listener");
        });
    }
    (mode, ipv4_compat)
}

fn reject_equal_matches(cx: &mut Context, chains: &[FilterChain]) {
    for (index, chain) in chains.iter().enumerate() {
        if let Some(first) = chains[..index].iter().position(|other| other.matches == chain.matches) {
            cx.within("filterChains", |cx| {
                cx.within(&format!("[{index}]"), |cx| {
                    cx.within("filterChainMatch", |cx| {
                        cx.error(format!(
                            "is the same as that of filterChains[{first}]; it could never be chosen"
                        ));
                    });
                });
            });
        }
    }
}

fn filter_chain(cx: &mut Context, pb: pb::FilterChain) -> FilterChain {
    cx.unsupported("useProxyProto", pb.use_proxy_proto.unwrap_or(false));
    let (origins, metadata) = Origin::split(metadata(pb.metadata));
    FilterChain {
        name: pb.name.into(),
        matches: cx.within("filterChainMatch", |cx| {
            filter_chain_match(cx, pb.filter_chain_match.unwrap_or_default())
        }),
        tls: pb
            .transport_socket
            .and_then(|socket| cx.within("transportSocket", |cx| tls::downstream(cx, socket))),
        transport_connect_timeout_ms: millis(cx, "transportSocketConnectTimeout", pb.transport_socket_connect_timeout)
            .unwrap_or(0),
        filters: network_filters(cx, pb.filters),
        origins,
        metadata,
    }
}

fn filter_chain_match(cx: &mut Context, pb: pb::FilterChainMatch) -> FilterChainMatch {
    cx.unsupported("addressSuffix", !pb.address_suffix.is_empty());
    cx.unsupported("suffixLen", pb.suffix_len.is_some());
    let source_type = match pb.source_type() {
        ConnectionSourceType::Any => SourceType::Any,
        ConnectionSourceType::SameIpOrLoopback => SourceType::SameIpOrLoopback,
        ConnectionSourceType::External => SourceType::External,
    };
    FilterChainMatch {
        destination_port: pb.destination_port.map(|value| port(cx, "destinationPort", value)),
        prefix_ranges: cidr_ranges(cx, "prefixRanges", pb.prefix_ranges),
        server_names: cx.list("serverNames", pb.server_names, server_name),
        transport_protocol: pb.transport_protocol.into(),
        application_protocols: pb.application_protocols.into_iter().map(Arc::from).collect(),
        direct_source_prefix_ranges: cidr_ranges(cx, "directSourcePrefixRanges", pb.direct_source_prefix_ranges),
        source_type,
        source_prefix_ranges: cidr_ranges(cx, "sourcePrefixRanges", pb.source_prefix_ranges),
        source_ports: cx.list("sourcePorts", pb.source_ports, |cx, value| port(cx, "", value)),
    }
}

fn server_name(cx: &mut Context, name: String) -> Arc<str> {
    if name != "*" && name.strip_prefix("*.").unwrap_or(&name).contains('*') {
        cx.error(format!(
            "{name:?}: a wildcard stands for whole labels at the start only, as in *.example.com"
        ));
    }
    name.to_ascii_lowercase().into()
}

fn listener_filter(cx: &mut Context, pb: pb::ListenerFilter) -> Option<ListenerFilter> {
    let disabled = pb
        .filter_disabled
        .map(|predicate| cx.within("filterDisabled", |cx| port_predicate(cx, predicate)));
    let Some(ConfigType::TypedConfig(any)) = pb.config_type else {
        cx.within("typedConfig", |cx| {
            cx.error(format!("of filter {:?} is missing", pb.name));
        });
        return None;
    };
    let kind = if is::<ProxyProtocol>(&any) {
        let pb = cx.within("typedConfig", |cx| cx.unpack(&any))?;
        ListenerFilterKind::ProxyProtocol(cx.within("typedConfig", |cx| proxy_protocol(cx, &pb)))
    } else if is::<OriginalDst>(&any) {
        ListenerFilterKind::OriginalDst
    } else if is::<OriginalSrc>(&any) {
        let pb: OriginalSrc = cx.within("typedConfig", |cx| cx.unpack(&any))?;
        ListenerFilterKind::OriginalSrc(OriginalSrcFilter {
            bind_port: pb.bind_port,
            mark: pb.mark,
        })
    } else if is::<TlsInspector>(&any) {
        ListenerFilterKind::TlsInspector
    } else if is::<HttpInspector>(&any) {
        ListenerFilterKind::HttpInspector
    } else {
        let type_name = short(&any.type_url);
        cx.within("typedConfig", |cx| {
            cx.error(format!(
                "listener filter {:?} of type {type_name:?} is not supported",
                pb.name
            ));
        });
        return None;
    };
    Some(ListenerFilter { kind, disabled })
}

fn proxy_protocol(cx: &mut Context, pb: &ProxyProtocol) -> ProxyProtocolFilter {
    cx.no_effect("rules", !pb.rules.is_empty());
    cx.no_effect("passThroughTlvs", pb.pass_through_tlvs.is_some());
    let is_disallowed = |version| pb.disallowed_versions().any(|other| other == version);
    ProxyProtocolFilter {
        allow_missing: pb.allow_requests_without_proxy_protocol,
        without_v1: is_disallowed(Version::V1),
        without_v2: is_disallowed(Version::V2),
    }
}

fn port_predicate(cx: &mut Context, pb: pb::ListenerFilterChainMatchPredicate) -> PortPredicate {
    match pb.rule {
        Some(Rule::AnyMatch(_)) => PortPredicate::Any,
        Some(Rule::OrMatch(set)) => PortPredicate::Or(cx.list("orMatch", set.rules, port_predicate)),
        Some(Rule::AndMatch(set)) => PortPredicate::And(cx.list("andMatch", set.rules, port_predicate)),
        Some(Rule::NotMatch(inner)) => {
            PortPredicate::Not(Box::new(cx.within("notMatch", |cx| port_predicate(cx, *inner))))
        }
        Some(Rule::DestinationPortRange(range)) => {
            let bound = |value: i32| u32::try_from(value).unwrap_or(0);
            PortPredicate::DestinationPort {
                start: bound(range.start),
                end: bound(range.end),
            }
        }
        None => {
            cx.error("has no rule");
            PortPredicate::Or(Vec::new())
        }
    }
}
