//! Listeners of datagrams.

use std::sync::Arc;

use config::{MatchTree, UdpHash, UdpProxy};
use messages::{
    envoy::{
        config::{
            core::v3::{address::Address, socket_address::Protocol},
            listener::v3::{self as pb, listener_filter::ConfigType},
        },
        extensions::filters::udp::udp_proxy::v3::{
            Route, UdpProxyConfig,
            udp_proxy_config::{HashPolicy, RouteSpecifier, hash_policy::PolicySpecifier},
        },
    },
    google::protobuf::Any,
};

use crate::{
    access_log::access_logs,
    context::{Context, is},
    match_tree, short,
    value::millis,
};

/// Whether one of a listener's addresses takes datagrams.
pub(crate) fn is_udp(pb: &pb::Listener) -> bool {
    let others = pb.additional_addresses.iter().filter_map(|more| more.address.as_ref());
    let mut all = pb.address.iter().chain(others);
    all.any(|address| match &address.address {
        Some(Address::SocketAddress(socket)) => socket.protocol() == Protocol::Udp,
        _ => false,
    })
}

/// What a listener does with datagrams; its filters are taken out of `pb`. None: it takes connections.
pub(crate) fn proxy(cx: &mut Context, pb: &mut pb::Listener, is_udp: bool) -> Option<Arc<UdpProxy>> {
    if !is_udp {
        cx.within("udpListenerConfig", |cx| {
            if pb.udp_listener_config.is_some() {
                cx.error("is for listeners with an address of protocol UDP; this one's is TCP");
            }
        });
        return None;
    }
    if let Some(config) = pb.udp_listener_config.take() {
        cx.within("udpListenerConfig", |cx| {
            cx.unsupported("quicOptions", config.quic_options.is_some());
            cx.no_effect("downstreamSocketConfig", config.downstream_socket_config.is_some());
            cx.no_effect(
                "udpPacketPacketWriterConfig",
                config.udp_packet_packet_writer_config.is_some(),
            );
        });
    }
    if !pb.filter_chains.is_empty() || pb.default_filter_chain.is_some() {
        cx.within("filterChains", |cx| cx.error("a listener of datagrams has none"));
    }
    let mut filters = std::mem::take(&mut pb.listener_filters).into_iter();
    let (first, more) = (filters.next(), filters.count());
    cx.within("listenerFilters", |cx| {
        let Some(filter) = first.filter(|_| more == 0) else {
            cx.error("a listener of datagrams has one: envoy.filters.udp_listener.udp_proxy");
            return None;
        };
        cx.within("[0]", |cx| {
            let Some(ConfigType::TypedConfig(any)) = filter.config_type else {
                cx.within("typedConfig", |cx| cx.error("is missing"));
                return None;
            };
            cx.within("typedConfig", |cx| config(cx, &any))
        })
    })
}

fn config(cx: &mut Context, any: &Any) -> Option<Arc<UdpProxy>> {
    if !is::<UdpProxyConfig>(any) {
        cx.error(format!(
            "filter of datagrams {:?} is not supported",
            short(&any.type_url)
        ));
        return None;
    }
    let pb: UdpProxyConfig = cx.unpack(any)?;
    cx.unsupported("useOriginalSrcIp", pb.use_original_src_ip);
    cx.unsupported("usePerPacketLoadBalancing", pb.use_per_packet_load_balancing);
    cx.unsupported("sessionFilters", !pb.session_filters.is_empty());
    cx.unsupported("tunnelingConfig", pb.tunneling_config.is_some());
    cx.no_effect("upstreamSocketConfig", pb.upstream_socket_config.is_some());
    cx.no_effect("proxyAccessLog", !pb.proxy_access_log.is_empty());
    cx.no_effect("accessLogOptions", pb.access_log_options.is_some());
    let route = match pb.route_specifier {
        Some(RouteSpecifier::Cluster(cluster)) if cluster.is_empty() => {
            cx.within("cluster", |cx| cx.error("is empty"));
            None
        }
        Some(RouteSpecifier::Cluster(cluster)) => Some(MatchTree::always(cluster.into())),
        Some(RouteSpecifier::Matcher(matcher)) => {
            Some(cx.within("matcher", |cx| match_tree::tree(cx, matcher, &mut cluster)))
        }
        None => {
            cx.error("has neither cluster nor matcher");
            None
        }
    };
    let hash = hash(cx, pb.hash_policies);
    Some(Arc::new(UdpProxy {
        stat_prefix: pb.stat_prefix.into(),
        route: route?,
        idle_timeout_ms: millis(cx, "idleTimeout", pb.idle_timeout).unwrap_or(60_000).max(1),
        hash,
        access_log: access_logs(cx, "accessLog", pb.access_log),
    }))
}

fn cluster(cx: &mut Context, any: &Any) -> Option<Arc<str>> {
    let route: Route = cx.unpack(any)?;
    if route.cluster.is_empty() {
        cx.within("cluster", |cx| cx.error("is empty"));
        return None;
    }
    Some(route.cluster.into())
}

fn hash(cx: &mut Context, policies: Vec<HashPolicy>) -> Option<UdpHash> {
    if policies.len() > 1 {
        cx.within("hashPolicies", |cx| cx.error("has more than one entry"));
    }
    match policies.into_iter().next()?.policy_specifier {
        Some(PolicySpecifier::SourceIp(true)) => Some(UdpHash::SourceIp),
        Some(PolicySpecifier::Key(key)) if !key.is_empty() => Some(UdpHash::Key(key.into())),
        _ => {
            cx.within("hashPolicies", |cx| {
                cx.error("[0]: has neither sourceIp: true nor a key");
            });
            None
        }
    }
}
