//! What carries connections: addresses, the PROXY protocol, TLS, tunnels.

use config::{ProxyProtocolFilter, ProxyProtocolVersion, RevocationSource, RouteTarget, UpstreamTransport};
use messages::envoy::{
    config::{
        core::v3::{ProxyProtocolConfig, proxy_protocol_config::Version, substitution_format_string},
        listener::v3::listener_filter,
    },
    extensions::{
        filters::{
            common::set_filter_state::v3::{FilterStateValue, filter_state_value},
            http::set_filter_state::v3::Config as FilterState,
            listener::proxy_protocol::v3 as proxy_protocol,
            network::connection_limit::v3::ConnectionLimit,
        },
        transport_sockets::{
            internal_upstream::v3::{self as internal, InternalUpstreamTransport},
            proxy_protocol::v3::ProxyProtocolUpstreamTransport,
            raw_buffer::v3::RawBuffer,
        },
    },
    r#type::{
        metadata::v3::{self as place, metadata_key::path_segment, metadata_kind},
        v3::{HashPolicy, hash_policy},
    },
};

use super::*;

fn transport(config: Any) -> core::TransportSocket {
    core::TransportSocket {
        name: "t".into(),
        config_type: Some(transport_socket::ConfigType::TypedConfig(config)),
    }
}

fn raw() -> core::TransportSocket {
    transport(packed(&RawBuffer::default()))
}

fn cluster_over(socket: core::TransportSocket) -> cluster::Cluster {
    cluster::Cluster {
        transport_socket: Some(socket),
        ..cluster_of(cluster_nested::DiscoveryType::Static)
    }
}

fn cluster_with(socket: core::TransportSocket) -> Cluster {
    let Resource::Cluster(cluster) = accepted(ResourceType::Cluster, &cluster_over(socket)).resource else {
        panic!()
    };
    *cluster
}

fn listener_of(pb: &listener::Listener) -> Listener {
    let Resource::Listener(listener) = accepted(ResourceType::Listener, pb).resource else {
        panic!()
    };
    *listener
}

fn pipe(path: &str, mode: u32) -> core::Address {
    core::Address {
        address: Some(address::Address::Pipe(core::Pipe {
            path: path.into(),
            mode,
        })),
    }
}

#[test]
fn a_listener_may_be_a_pipe_with_its_rights() {
    let at = |path: &str, mode| listener::Listener {
        address: Some(pipe(path, mode)),
        ..listener_with(vec![chain(vec![tcp_to("c")])])
    };
    let listener = listener_of(&at("/run/a.sock", 0o660));
    assert_eq!(
        (listener.address, listener.pipe_mode),
        (Address::of_unix("/run/a.sock"), 0o660)
    );
    assert_eq!(listener_of(&at("@hidden", 0)).address, Address::of_unix("@hidden"));
    for (path, mode, what) in [
        ("", 0, "address.pipe.path: is empty"),
        ("@", 0, "address.pipe.path: is empty"),
        (&*"x".repeat(108), 0, "a path has at most 107 bytes"),
        ("/run/a.sock", 0o1777, "address: mode 1777 of the pipe is more than 777"),
    ] {
        let found = errors(ResourceType::Listener, &at(path, mode));
        assert!(found[0].contains(what), "{found:?}");
    }
}

#[test]
fn ipv4_compat_is_for_ipv6() {
    let at = |ip: &str| {
        let mut pb = listener_with(vec![chain(vec![tcp_to("c")])]);
        pb.address = Some(socket(ip, 80));
        if let Some(address::Address::SocketAddress(socket)) = pb.address.as_mut().and_then(|a| a.address.as_mut()) {
            socket.ipv4_compat = true;
        }
        pb
    };
    assert!(listener_of(&at("::")).ipv4_compat);
    assert!(errors(ResourceType::Listener, &at("0.0.0.0"))[0].contains("ipv4Compat is for IPv6"));
}

#[test]
fn the_proxy_protocol_is_a_listener_filter() {
    let filter = proxy_protocol::ProxyProtocol {
        allow_requests_without_proxy_protocol: true,
        disallowed_versions: vec![Version::V1.into()],
        rules: vec![proxy_protocol::proxy_protocol::Rule::default()],
        ..proxy_protocol::ProxyProtocol::default()
    };
    let pb = listener::Listener {
        listener_filters: vec![listener::ListenerFilter {
            name: "envoy.filters.listener.proxy_protocol".into(),
            config_type: Some(listener_filter::ConfigType::TypedConfig(packed(&filter))),
            ..listener::ListenerFilter::default()
        }],
        ..listener_with(vec![chain(vec![tcp_to("c")])])
    };
    let decoded = accepted(ResourceType::Listener, &pb);
    assert_eq!(
        decoded.warnings.iter().map(ToString::to_string).collect::<Vec<_>>(),
        ["listener \"l\": listenerFilters[0].typedConfig.rules: has no effect in this proxy"]
    );
    assert_eq!(
        listener_of(&pb).listener_filters[0].kind,
        ListenerFilterKind::ProxyProtocol(ProxyProtocolFilter {
            allow_missing: true,
            without_v1: true,
            without_v2: false,
        })
    );
}

#[test]
fn a_transport_may_say_the_client_first() {
    let say = |inner| {
        transport(packed(&ProxyProtocolUpstreamTransport {
            config: Some(ProxyProtocolConfig {
                version: Version::V2.into(),
                ..ProxyProtocolConfig::default()
            }),
            transport_socket: inner,
        }))
    };
    let cluster = cluster_with(say(Some(raw())));
    assert_eq!(cluster.transport.proxy_protocol(), Some(ProxyProtocolVersion::V2));
    assert!(cluster.transport.tls().is_none());
    let secured = transport(packed(&tls::UpstreamTlsContext {
        sni: "a.example".into(),
        ..tls::UpstreamTlsContext::default()
    }));
    let cluster = cluster_with(say(Some(secured)));
    assert_eq!(cluster.transport.tls().map(|tls| &*tls.sni), Some("a.example"));
    assert_eq!(
        errors(ResourceType::Cluster, &cluster_over(say(None))),
        ["cluster \"c\": transportSocket.typedConfig.transportSocket: is missing"]
    );
    let twice = errors(ResourceType::Cluster, &cluster_over(say(Some(say(Some(raw()))))));
    assert!(
        twice[0].ends_with("speaks the PROXY protocol a second time"),
        "{twice:?}"
    );
}

#[test]
fn endpoints_of_one_internal_listener_are_told_apart_and_keep_their_metadata() {
    let source = |kind, name: &str| internal::internal_upstream_transport::MetadataValueSource {
        kind: Some(place::MetadataKind { kind: Some(kind) }),
        name: name.into(),
    };
    let socket = transport(packed(&InternalUpstreamTransport {
        passthrough_metadata: vec![
            source(metadata_kind::Kind::Host(metadata_kind::Host {}), "told"),
            source(metadata_kind::Kind::Request(metadata_kind::Request {}), "not told"),
        ],
        transport_socket: Some(raw()),
    }));
    let mut pb = cluster_over(socket);
    let mut load = assignment("10.0.0.1", 80);
    let named = |id: &str| core::Address {
        address: Some(address::Address::EnvoyInternalAddress(core::EnvoyInternalAddress {
            endpoint_id: id.into(),
            address_name_specifier: Some(core::envoy_internal_address::AddressNameSpecifier::ServerListenerName(
                "connect_originate".into(),
            )),
        })),
    };
    let told = struct_of(vec![("local", Kind::StringValue("10.0.0.1:80".into()))]);
    let endpoint = &mut load.endpoints[0].lb_endpoints[0];
    endpoint.metadata = Some(core::Metadata {
        filter_metadata: [("told".to_owned(), told)].into(),
        ..core::Metadata::default()
    });
    if let Some(HostIdentifier::Endpoint(inner)) = &mut endpoint.host_identifier {
        inner.address = Some(named("10.0.0.1:80"));
    }
    pb.load_assignment = Some(load);
    let decoded = accepted(ResourceType::Cluster, &pb);
    assert!(
        decoded
            .warnings
            .iter()
            .any(|warning| warning.to_string().contains("only metadata of the host"))
    );
    let Resource::Cluster(cluster) = decoded.resource else {
        panic!()
    };
    assert_eq!(cluster.transport.passthrough(), ["told".into()]);
    let endpoint = &cluster.endpoints[0].endpoints[0];
    assert_eq!(endpoint.address.to_string(), "internal:connect_originate#10.0.0.1:80");
    let metadata = endpoint.metadata.as_ref().unwrap();
    assert_eq!(metadata.get("told", "local").unwrap(), "10.0.0.1:80");
}

#[test]
fn original_destinations_may_come_from_metadata() {
    let segment = |key: &str| place::metadata_key::PathSegment {
        segment: Some(path_segment::Segment::Key(key.into())),
    };
    let with = |path| cluster::Cluster {
        lb_config: Some(cluster_nested::LbConfig::OriginalDstLbConfig(
            cluster_nested::OriginalDstLbConfig {
                upstream_port_override: Some(15_008),
                metadata_key: Some(place::MetadataKey {
                    key: "tunnel".into(),
                    path,
                }),
                ..cluster_nested::OriginalDstLbConfig::default()
            },
        )),
        lb_policy: cluster_nested::LbPolicy::ClusterProvided.into(),
        load_assignment: None,
        ..cluster_of(cluster_nested::DiscoveryType::OriginalDst)
    };
    let Resource::Cluster(cluster) = accepted(ResourceType::Cluster, &with(vec![segment("waypoint")])).resource else {
        panic!()
    };
    let ClusterKind::OriginalDst {
        port_override,
        metadata_key: Some(key),
        ..
    } = &cluster.kind
    else {
        panic!("{:?}", cluster.kind)
    };
    assert_eq!(
        (*port_override, &*key.namespace, &*key.path[0]),
        (15_008, "tunnel", "waypoint")
    );
    assert!(errors(ResourceType::Cluster, &with(vec![]))[0].contains("at least one key"));
}

fn proxy_with(change: impl FnOnce(&mut tcp::TcpProxy)) -> listener::Listener {
    let mut pb = tcp::TcpProxy {
        cluster_specifier: Some(tcp_proxy::ClusterSpecifier::Cluster("c".into())),
        ..tcp::TcpProxy::default()
    };
    change(&mut pb);
    listener_with(vec![chain(vec![network_filter(packed(&pb))])])
}

fn tcp_of(pb: &listener::Listener) -> config::TcpProxy {
    match listener_of(pb).filter_chains[0].filters.last() {
        Some(NetworkFilter::TcpProxy(tcp)) => (**tcp).clone(),
        other => panic!("{other:?}"),
    }
}

#[test]
fn tcp_travels_in_requests_as_it_is_written() {
    let tunnel = |change: &dyn Fn(&mut tcp_proxy::TunnelingConfig)| {
        let mut pb = tcp_proxy::TunnelingConfig {
            hostname: "%DOWNSTREAM_LOCAL_ADDRESS%".into(),
            ..tcp_proxy::TunnelingConfig::default()
        };
        change(&mut pb);
        proxy_with(|tcp| tcp.tunneling_config = Some(pb))
    };
    let tunneling = tcp_of(&tunnel(&|pb| pb.use_post = true)).tunneling.unwrap();
    assert_eq!(tunneling.hostname.as_str(), "%DOWNSTREAM_LOCAL_ADDRESS%");
    assert_eq!((tunneling.use_post, &*tunneling.post_path), (true, "/"));
    let path = "listener \"l\": filterChains[0].filters[0].typedConfig.tunnelingConfig";
    for (pb, expected) in [
        (
            tunnel(&|pb| pb.hostname.clear()),
            ".hostname: is empty; write host:port".to_owned(),
        ),
        (
            tunnel(&|pb| pb.hostname = "%REQ(host)%".into()),
            ".hostname: \"%REQ(host)%\" asks for a request; a tunnel knows only its connection".to_owned(),
        ),
        (
            tunnel(&|pb| pb.post_path = "/x".into()),
            ".postPath: is for POST only; set usePost".to_owned(),
        ),
    ] {
        assert_eq!(errors(ResourceType::Listener, &pb), [format!("{path}{expected}")]);
    }
}

#[test]
fn a_tcp_proxy_chooses_by_source_and_subset() {
    let source = HashPolicy {
        policy_specifier: Some(hash_policy::PolicySpecifier::SourceIp(hash_policy::SourceIp {})),
    };
    let state = HashPolicy {
        policy_specifier: Some(hash_policy::PolicySpecifier::FilterState(hash_policy::FilterState {})),
    };
    let metadata = |version: &str| core::Metadata {
        filter_metadata: [(
            "envoy.lb".to_owned(),
            struct_of(vec![("version", Kind::StringValue(version.into()))]),
        )]
        .into(),
        ..core::Metadata::default()
    };
    let weighted = tcp_proxy::WeightedCluster {
        clusters: vec![
            tcp_proxy::weighted_cluster::ClusterWeight {
                name: "a".into(),
                weight: 1,
                metadata_match: Some(metadata("v2")),
            },
            tcp_proxy::weighted_cluster::ClusterWeight {
                name: "b".into(),
                weight: 1,
                metadata_match: None,
            },
        ],
    };
    let tcp = tcp_of(&proxy_with(|tcp| {
        tcp.hash_policy = vec![source];
        tcp.metadata_match = Some(metadata("v1"));
        tcp.cluster_specifier = Some(tcp_proxy::ClusterSpecifier::WeightedClusters(weighted));
    }));
    assert!(tcp.hash_source_ip);
    let RouteTarget::WeightedClusters(weighted) = &tcp.target else {
        panic!()
    };
    let versions = weighted
        .clusters
        .iter()
        .map(|cluster| cluster.metadata_match.as_slice()[0].value.clone());
    assert_eq!(versions.collect::<Vec<_>>(), ["v2", "v1"]);
    let refused = errors(ResourceType::Listener, &proxy_with(|tcp| tcp.hash_policy = vec![state]));
    assert!(refused[0].contains("hashPolicy: is not supported"), "{refused:?}");
}

#[test]
fn a_connection_limit_has_a_number() {
    let with = |max_connections| {
        let limit = ConnectionLimit {
            max_connections,
            ..ConnectionLimit::default()
        };
        listener_with(vec![chain(vec![network_filter(packed(&limit)), tcp_to("c")])])
    };
    let chain = listener_of(&with(Some(5))).filter_chains[0].clone();
    assert!(matches!(&chain.filters[0], NetworkFilter::ConnectionLimit(limit) if limit.max_connections == 5));
    assert!(errors(ResourceType::Listener, &with(Some(0)))[0].contains("maxConnections: has to be 1 or more"));
}

#[test]
fn filter_state_for_tunnels_is_known_without_a_filter_and_other_state_is_refused() {
    let with = |key: &str, text: &str| {
        let value = FilterStateValue {
            key: Some(filter_state_value::Key::ObjectKey(key.into())),
            value: Some(filter_state_value::Value::FormatString(
                core::SubstitutionFormatString {
                    format: Some(substitution_format_string::Format::TextFormatSource(core::DataSource {
                        specifier: Some(data_source::Specifier::InlineString(text.into())),
                        ..core::DataSource::default()
                    })),
                    ..core::SubstitutionFormatString::default()
                },
            )),
            ..FilterStateValue::default()
        };
        let config = FilterState {
            on_request_headers: vec![value],
            ..FilterState::default()
        };
        http_listener(
            vec![http_filter("connect_authority", packed(&config), false)],
            routes(vec![]),
        )
    };
    let key = "envoy.filters.listener.original_dst.local_ip";
    assert!(
        accepted(ResourceType::Listener, &with(key, "%REQ(:AUTHORITY)%"))
            .warnings
            .is_empty()
    );
    assert!(errors(ResourceType::Listener, &with(key, "%REQ(x-where)%"))[0].contains("write %REQ(:AUTHORITY)%"));
    assert!(errors(ResourceType::Listener, &with("mine", "x"))[0].contains("filter state \"mine\" is not supported"));
}

fn secured(parameters: tls::TlsParameters, validation: tls::CertificateValidationContext) -> core::TransportSocket {
    transport(packed(&tls::UpstreamTlsContext {
        common_tls_context: Some(tls::CommonTlsContext {
            tls_params: Some(parameters),
            validation_context_type: Some(tls::common_tls_context::ValidationContextType::ValidationContext(
                validation,
            )),
            ..tls::CommonTlsContext::default()
        }),
        ..tls::UpstreamTlsContext::default()
    }))
}

#[test]
fn suites_and_curves_that_are_not_spoken_are_reported_and_refused_when_none_is_left() {
    let with = |suites: &[&str], curves: &[&str]| {
        let texts = |list: &[&str]| list.iter().map(|&text| text.to_owned()).collect();
        let parameters = tls::TlsParameters {
            cipher_suites: texts(suites),
            ecdh_curves: texts(curves),
            ..tls::TlsParameters::default()
        };
        cluster_over(secured(parameters, tls::CertificateValidationContext::default()))
    };
    let good = "[ECDHE-RSA-AES128-GCM-SHA256|ECDHE-RSA-CHACHA20-POLY1305]";
    let decoded = accepted(ResourceType::Cluster, &with(&[good, "AES128-GCM-SHA256"], &["P-256"]));
    assert!(decoded.warnings.is_empty(), "what istiod always adds is no news");
    let Resource::Cluster(cluster) = decoded.resource else {
        panic!()
    };
    let context = &cluster.transport.tls().unwrap().context;
    assert_eq!(context.cipher_suites[1], "ECDHE-RSA-CHACHA20-POLY1305".into());
    assert_eq!(context.curves, ["P-256".into()]);
    let some = accepted(
        ResourceType::Cluster,
        &with(&[good, "ECDHE-RSA-AES128-SHA"], &["X25519", "P-521"]),
    );
    assert_eq!(some.warnings.len(), 2);
    let none = errors(ResourceType::Cluster, &with(&["AES128-GCM-SHA256"], &["P-521"]));
    assert!(
        none[0].contains("cipherSuites: AES128-GCM-SHA256 not spoken here"),
        "{none:?}"
    );
    assert!(none[1].contains("ecdhCurves: P-521 not spoken here"), "{none:?}");
}

#[test]
fn pins_and_revocation_lists_are_taken_over() {
    let validation = tls::CertificateValidationContext {
        verify_certificate_spki: vec!["pin".into()],
        verify_certificate_hash: vec!["hash".into()],
        crl: Some(core::DataSource {
            specifier: Some(data_source::Specifier::Filename("/crl.pem".into())),
            ..core::DataSource::default()
        }),
        only_verify_leaf_cert_crl: true,
        ..tls::CertificateValidationContext::default()
    };
    let cluster = cluster_with(secured(tls::TlsParameters::default(), validation));
    assert!(matches!(cluster.transport, UpstreamTransport::Tls(_)));
    let validation = cluster.transport.tls().unwrap().context.validation.clone().unwrap();
    assert_eq!(validation.public_key_pins, ["pin".into()]);
    assert_eq!(validation.certificate_hashes, ["hash".into()]);
    let revocation = validation.revocation.unwrap();
    assert_eq!(revocation.lists, RevocationSource::File("/crl.pem".into()));
    assert!(revocation.leaf_only);
}

#[test]
fn a_secret_brings_its_revocation_lists() {
    let inline = |text: &str| {
        Some(core::DataSource {
            specifier: Some(data_source::Specifier::InlineString(text.into())),
            ..core::DataSource::default()
        })
    };
    let pb = tls::Secret {
        name: "roots".into(),
        r#type: Some(secret::Type::ValidationContext(tls::CertificateValidationContext {
            trusted_ca: inline("-----BEGIN CERTIFICATE-----"),
            crl: inline("-----BEGIN X509 CRL-----"),
            ..tls::CertificateValidationContext::default()
        })),
    };
    let Resource::Secret(secret) = accepted(ResourceType::Secret, &pb).resource else {
        panic!()
    };
    let SecretKind::RevocableTrustBundle { revoked, leaf_only, .. } = secret.secret else {
        panic!()
    };
    assert_eq!((&*revoked, leaf_only), ("-----BEGIN X509 CRL-----", false));
}
