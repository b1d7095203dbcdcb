use config::{CodecType, Http2Keepalive, Http2Options};
use messages::{
    envoy::extensions::filters::{listener::original_src::v3 as original_src, udp::udp_proxy::v3 as udp},
    xds::{core::v3 as xds_core, r#type::matcher::v3 as xds_matcher},
};

use super::*;

#[test]
fn a_minimal_listener_has_envoys_defaults() {
    let Resource::Listener(listener) =
        accepted(ResourceType::Listener, &listener_with(vec![chain(vec![tcp_to("c")])])).resource
    else {
        panic!()
    };
    assert_eq!(listener.address, "127.0.0.1:80".parse().unwrap());
    assert!(listener.bind_to_port && !listener.use_original_dst);
    assert_eq!(listener.listener_filters_timeout_ms, 15_000);
    let NetworkFilter::TcpProxy(tcp) = &listener.filter_chains[0].filters[0] else {
        panic!()
    };
    assert_eq!((tcp.idle_timeout_ms, tcp.max_connect_attempts), (3_600_000, 1));
}

#[test]
fn an_internal_listener_is_reached_by_its_name() {
    let internal = listener::Listener {
        address: None,
        listener_specifier: Some(ListenerSpecifier::InternalListener(
            listener::listener::InternalListenerConfig {},
        )),
        ..listener_with(vec![chain(vec![tcp_to("c")])])
    };
    let Resource::Listener(listener) = accepted(ResourceType::Listener, &internal).resource else {
        panic!()
    };
    assert_eq!(
        (listener.address, listener.bind_to_port),
        (Address::of_internal("l", ""), false)
    );
}

#[test]
fn a_chain_has_to_end_with_a_filter_that_serves_the_connection() {
    let none = listener_with(vec![chain(vec![])]);
    assert!(
        errors(ResourceType::Listener, &none)[0].contains("filterChains[0].filters: no filter serves the connection")
    );
    let behind = listener_with(vec![chain(vec![tcp_to("a"), tcp_to("b")])]);
    assert!(errors(ResourceType::Listener, &behind)[0].contains("filterChains[0].filters[1]: stands behind"));
}

#[test]
fn an_unknown_http_filter_is_refused_unless_it_is_optional() {
    let lua = |is_optional| {
        let config = Any {
            type_url: "type.googleapis.com/envoy.extensions.filters.http.lua.v3.Lua".into(),
            value: vec![],
        };
        http_listener(vec![http_filter("lua", config, is_optional)], routes(vec![]))
    };
    let path = "listener \"l\": filterChains[0].filters[0].typedConfig.httpFilters[0].typedConfig: HTTP filter \"lua\" of type \
                \"envoy.extensions.filters.http.lua.v3.Lua\" is not supported";
    assert_eq!(errors(ResourceType::Listener, &lua(false)), [path]);
    let warnings = accepted(ResourceType::Listener, &lua(true)).warnings;
    assert_eq!(
        warnings[0].to_string(),
        format!("{path}; it is marked optional and left out")
    );
}

#[test]
fn the_router_has_to_be_the_last_filter() {
    let mut twice = http_listener(
        vec![http_filter("r", packed(&Router::default()), false)],
        routes(vec![]),
    );
    assert!(
        errors(ResourceType::Listener, &twice)[0]
            .contains("httpFilters: envoy.filters.http.router has to be the last filter")
    );
    twice.name = String::new();
    assert_eq!(
        errors(ResourceType::Listener, &twice).last().unwrap(),
        "listener \"\": name: is empty; every resource needs a unique name"
    );
}

#[test]
fn an_inspector_can_be_switched_off_by_port() {
    let mut pb = listener_with(vec![chain(vec![tcp_to("c")])]);
    let inspector = messages::envoy::extensions::filters::listener::tls_inspector::v3::TlsInspector::default();
    let range = messages::envoy::r#type::v3::Int32Range { start: 80, end: 81 };
    let rule = listener::listener_filter_chain_match_predicate::Rule::DestinationPortRange(range);
    pb.listener_filters = vec![listener::ListenerFilter {
        name: "tls".into(),
        filter_disabled: Some(listener::ListenerFilterChainMatchPredicate { rule: Some(rule) }),
        config_type: Some(listener::listener_filter::ConfigType::TypedConfig(packed(&inspector))),
    }];
    let Resource::Listener(listener) = accepted(ResourceType::Listener, &pb).resource else {
        panic!()
    };
    assert_eq!(listener.listener_filters[0].kind, ListenerFilterKind::TlsInspector);
    assert!(!listener.listener_filters[0].applies_to(80) && listener.listener_filters[0].applies_to(81));
}

fn http2_listener(options: core::Http2ProtocolOptions) -> listener::Listener {
    let manager = hcm::HttpConnectionManager {
        codec_type: hcm::http_connection_manager::CodecType::Http2 as i32,
        http2_protocol_options: Some(options),
        http_filters: vec![http_filter("router", packed(&Router::default()), false)],
        route_specifier: Some(RouteSpecifier::RouteConfig(routes(vec![]))),
        ..hcm::HttpConnectionManager::default()
    };
    listener_with(vec![chain(vec![network_filter(packed(&manager))])])
}

#[test]
fn http2_has_its_bounds_windows_and_probes() {
    let seconds = |seconds| Some(Duration { seconds, nanos: 0 });
    let options = core::Http2ProtocolOptions {
        max_concurrent_streams: Some(100),
        initial_stream_window_size: Some(65_535),
        initial_connection_window_size: Some(1_048_576),
        allow_connect: true,
        connection_keepalive: Some(core::KeepaliveSettings {
            interval: seconds(30),
            timeout: seconds(5),
            ..core::KeepaliveSettings::default()
        }),
    };
    let decoded = accepted(ResourceType::Listener, &http2_listener(options));
    assert!(decoded.warnings.is_empty(), "{:?}", decoded.warnings);
    let Resource::Listener(listener) = decoded.resource else {
        panic!()
    };
    let NetworkFilter::HttpConnectionManager(manager) = &listener.filter_chains[0].filters[0] else {
        panic!()
    };
    assert_eq!(manager.codec_type, CodecType::Http2);
    assert_eq!(
        manager.http2,
        Http2Options {
            max_concurrent_streams: 100,
            initial_stream_window_bytes: 65_535,
            initial_connection_window_bytes: 1_048_576,
            allow_connect: true,
            keepalive: Some(Http2Keepalive {
                interval_ms: 30_000,
                timeout_ms: 5_000
            }),
        }
    );
}

#[test]
fn what_envoy_refuses_of_http2_is_refused() {
    let options = core::Http2ProtocolOptions {
        max_concurrent_streams: Some(0),
        initial_stream_window_size: Some(65_534),
        initial_connection_window_size: Some(0x8000_0000),
        connection_keepalive: Some(core::KeepaliveSettings {
            interval: Some(Duration::default()),
            ..core::KeepaliveSettings::default()
        }),
        ..core::Http2ProtocolOptions::default()
    };
    let path = "listener \"l\": filterChains[0].filters[0].typedConfig.http2ProtocolOptions";
    assert_eq!(
        errors(ResourceType::Listener, &http2_listener(options)),
        [
            format!("{path}.maxConcurrentStreams: is 0; it has to be from 1 to 2147483647"),
            format!("{path}.initialStreamWindowSize: is 65534; it has to be from 65535 to 2147483647"),
            format!("{path}.initialConnectionWindowSize: is 2147483648; it has to be from 65535 to 2147483647"),
            format!("{path}.connectionKeepalive.interval: has to be greater than 0"),
            format!("{path}.connectionKeepalive.timeout: is missing"),
        ]
    );
}

fn udp_socket(ip: &str, port: u32) -> core::Address {
    let mut address = socket(ip, port);
    if let Some(address::Address::SocketAddress(socket)) = &mut address.address {
        socket.protocol = socket_address::Protocol::Udp.into();
    }
    address
}

fn udp_listener(config: &udp::UdpProxyConfig) -> listener::Listener {
    listener::Listener {
        name: "dns".into(),
        address: Some(udp_socket("0.0.0.0", 53)),
        udp_listener_config: Some(listener::UdpListenerConfig::default()),
        listener_filters: vec![listener::ListenerFilter {
            name: "udp".into(),
            config_type: Some(listener::listener_filter::ConfigType::TypedConfig(packed(config))),
            ..listener::ListenerFilter::default()
        }],
        ..listener::Listener::default()
    }
}

fn extension<M: Message + Name>(message: &M) -> xds_core::TypedExtensionConfig {
    xds_core::TypedExtensionConfig {
        name: "x".into(),
        typed_config: Some(packed(message)),
    }
}

fn input(name: &str) -> xds_core::TypedExtensionConfig {
    xds_core::TypedExtensionConfig {
        name: "i".into(),
        typed_config: Some(Any {
            type_url: format!("type.googleapis.com/envoy.extensions.matching.common_inputs.network.v3.{name}"),
            value: Vec::new(),
        }),
    }
}

fn to_cluster(name: &str) -> xds_matcher::matcher::OnMatch {
    let route = udp::Route { cluster: name.into() };
    xds_matcher::matcher::OnMatch {
        on_match: Some(xds_matcher::matcher::on_match::OnMatch::Action(extension(&route))),
        ..xds_matcher::matcher::OnMatch::default()
    }
}

fn udp_of(config: &udp::UdpProxyConfig) -> config::UdpProxy {
    let Resource::Listener(listener) = accepted(ResourceType::Listener, &udp_listener(config)).resource else {
        panic!()
    };
    (*listener.udp.clone().unwrap()).clone()
}

#[test]
fn a_listener_of_datagrams_has_a_proxy_and_no_chains() {
    let simple = udp::UdpProxyConfig {
        stat_prefix: "dns".into(),
        route_specifier: Some(udp::udp_proxy_config::RouteSpecifier::Cluster("up".into())),
        hash_policies: vec![udp::udp_proxy_config::HashPolicy {
            policy_specifier: Some(udp::udp_proxy_config::hash_policy::PolicySpecifier::SourceIp(true)),
        }],
        ..udp::UdpProxyConfig::default()
    };
    let decoded = udp_of(&simple);
    assert_eq!(decoded.route, config::MatchTree::always("up".into()));
    assert_eq!(
        (decoded.idle_timeout_ms, decoded.hash),
        (60_000, Some(config::UdpHash::SourceIp))
    );
    let mut chained = udp_listener(&simple);
    chained.filter_chains = vec![chain(vec![tcp_to("c")])];
    assert_eq!(
        errors(ResourceType::Listener, &chained),
        ["listener \"dns\": filterChains: a listener of datagrams has none"]
    );
    let of_packets = udp::UdpProxyConfig {
        use_per_packet_load_balancing: true,
        ..simple
    };
    assert!(errors(ResourceType::Listener, &udp_listener(&of_packets))[0].contains(
        "listenerFilters[0].typedConfig.usePerPacketLoadBalancing: is not supported by this proxy; remove it"
    ));
    let over_tcp = listener::Listener {
        udp_listener_config: Some(listener::UdpListenerConfig::default()),
        ..listener_with(vec![chain(vec![tcp_to("c")])])
    };
    assert!(
        errors(ResourceType::Listener, &over_tcp)[0].contains("udpListenerConfig: is for listeners with an address")
    );
}

#[test]
fn a_matcher_of_sessions_is_flattened_to_decisions() {
    use xds_matcher::matcher::{
        MatcherTree, MatcherType,
        matcher_tree::{MatchMap, TreeType},
    };
    let by_address = xds_matcher::IpMatcher {
        range_matchers: vec![range("10.0.0.0", 8, "wide"), range("10.1.0.0", 16, "narrow")],
    };
    let matcher = |tree_type, named: &str| udp::UdpProxyConfig {
        route_specifier: Some(udp::udp_proxy_config::RouteSpecifier::Matcher(xds_matcher::Matcher {
            matcher_type: Some(MatcherType::MatcherTree(MatcherTree {
                input: Some(input(named)),
                tree_type: Some(tree_type),
            })),
            on_no_match: Some(Box::new(to_cluster("else"))),
        })),
        ..udp::UdpProxyConfig::default()
    };
    let tree = udp_of(&matcher(TreeType::CustomMatch(extension(&by_address)), "SourceIPInput")).route;
    let clusters: Vec<&str> = tree.actions().iter().map(|name| &***name).collect();
    assert_eq!(clusters, ["narrow", "wide", "else"]);
    let map = MatchMap {
        map: [("53".to_owned(), to_cluster("dns"))].into(),
    };
    let tree = udp_of(&matcher(TreeType::ExactMatchMap(map.clone()), "DestinationPortInput")).route;
    assert_eq!(
        tree.entries[0].predicate,
        config::MatchPredicate::Value(config::MatchInput::DestinationPort, StringMatcher::Exact("53".into()))
    );
    let unknown = udp_listener(&matcher(TreeType::ExactMatchMap(map), "ServerNameInput"));
    assert!(errors(ResourceType::Listener, &unknown)[0].contains(
        "matcher.matcherTree.input: \"envoy.extensions.matching.common_inputs.network.v3.ServerNameInput\" cannot be looked at"
    ));
}

fn range(prefix: &str, length: u32, cluster: &str) -> xds_matcher::ip_matcher::IpRangeMatcher {
    xds_matcher::ip_matcher::IpRangeMatcher {
        ranges: vec![xds_core::CidrRange {
            address_prefix: prefix.into(),
            prefix_len: Some(length),
        }],
        on_match: Some(to_cluster(cluster)),
        exclusive: false,
    }
}

#[test]
fn a_transparent_listener_says_so_and_what_endpoints_see() {
    let source = original_src::OriginalSrc {
        bind_port: false,
        mark: 1337,
    };
    let transparent = listener::Listener {
        transparent: Some(true),
        listener_filters: vec![listener::ListenerFilter {
            name: "src".into(),
            config_type: Some(listener::listener_filter::ConfigType::TypedConfig(packed(&source))),
            ..listener::ListenerFilter::default()
        }],
        ..listener_with(vec![chain(vec![tcp_to("c")])])
    };
    let Resource::Listener(listener) = accepted(ResourceType::Listener, &transparent).resource else {
        panic!()
    };
    assert!(listener.transparent);
    let expected = config::OriginalSrcFilter {
        bind_port: false,
        mark: 1337,
    };
    assert_eq!(
        listener.listener_filters[0].kind,
        ListenerFilterKind::OriginalSrc(expected)
    );
}
