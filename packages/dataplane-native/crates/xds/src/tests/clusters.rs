use config::Http2Options;
use messages::envoy::extensions::upstreams::http::v3::{
    self as upstream,
    http_protocol_options::{
        AutoHttpConfig, ExplicitHttpConfig, UpstreamProtocolOptions, UseDownstreamHttpConfig,
        explicit_http_config::ProtocolConfig,
    },
};

use super::*;

#[test]
fn clusters_say_where_their_endpoints_come_from() {
    let eds = cluster_of(cluster_nested::DiscoveryType::Eds);
    assert_eq!(
        errors(ResourceType::Cluster, &eds),
        ["cluster \"c\": edsClusterConfig: is missing"]
    );
    let eds = cluster::Cluster {
        eds_cluster_config: Some(cluster_nested::EdsClusterConfig::default()),
        ..eds
    };
    let Resource::Cluster(decoded) = accepted(ResourceType::Cluster, &eds).resource else {
        panic!()
    };
    assert_eq!(
        decoded.kind,
        ClusterKind::Eds {
            service_name: "c".into()
        }
    );
}

#[test]
fn only_clusters_that_resolve_names_may_have_names() {
    let with = |kind, host: &str| cluster::Cluster {
        load_assignment: Some(assignment(host, 80)),
        ..cluster_of(kind)
    };
    let dns = accepted(
        ResourceType::Cluster,
        &with(cluster_nested::DiscoveryType::StrictDns, "example.com"),
    )
    .resource;
    let Resource::Cluster(dns) = dns else { panic!() };
    assert_eq!(
        dns.endpoints[0].endpoints[0].address,
        Address::Host("example.com".into(), 80)
    );
    assert_eq!(dns.endpoints[0].endpoints[0].hostname.as_deref(), Some("example.com"));
    let errors = errors(
        ResourceType::Cluster,
        &with(cluster_nested::DiscoveryType::Static, "example.com"),
    );
    assert!(
        errors[0].contains("loadAssignment.endpoints[0].lbEndpoints[0].endpoint.address: example.com:80 is a name"),
        "{}",
        errors[0]
    );
}

fn with_options(options: &upstream::HttpProtocolOptions) -> cluster::Cluster {
    let key = "envoy.extensions.upstreams.http.v3.HttpProtocolOptions".to_owned();
    cluster::Cluster {
        typed_extension_protocol_options: [(key, packed(options))].into(),
        ..cluster_of(cluster_nested::DiscoveryType::Static)
    }
}

fn options_of(protocol: UpstreamProtocolOptions) -> config::HttpProtocolOptions {
    let pb = with_options(&upstream::HttpProtocolOptions {
        upstream_protocol_options: Some(protocol),
        ..upstream::HttpProtocolOptions::default()
    });
    let Resource::Cluster(cluster) = accepted(ResourceType::Cluster, &pb).resource else {
        panic!()
    };
    cluster.http
}

fn streams(max_concurrent_streams: u32) -> core::Http2ProtocolOptions {
    core::Http2ProtocolOptions {
        max_concurrent_streams: Some(max_concurrent_streams),
        ..core::Http2ProtocolOptions::default()
    }
}

#[test]
fn clusters_say_which_http_they_speak_and_how() {
    let explicit = |config| {
        options_of(UpstreamProtocolOptions::ExplicitHttpConfig(ExplicitHttpConfig {
            protocol_config: Some(config),
        }))
    };
    let http1 = explicit(ProtocolConfig::HttpProtocolOptions(
        core::Http1ProtocolOptions::default(),
    ));
    assert_eq!(
        (http1.protocol, http1.http2),
        (HttpProtocol::Http1, Http2Options::default())
    );
    let http2 = explicit(ProtocolConfig::Http2ProtocolOptions(streams(7)));
    assert_eq!(
        (http2.protocol, http2.http2.max_concurrent_streams),
        (HttpProtocol::Http2, 7)
    );
    let downstream = options_of(UpstreamProtocolOptions::UseDownstreamProtocolConfig(
        UseDownstreamHttpConfig {
            http2_protocol_options: Some(streams(8)),
            ..UseDownstreamHttpConfig::default()
        },
    ));
    assert_eq!(
        (downstream.protocol, downstream.http2.max_concurrent_streams),
        (HttpProtocol::UseDownstream, 8)
    );
    let auto = options_of(UpstreamProtocolOptions::AutoConfig(AutoHttpConfig {
        http2_protocol_options: Some(streams(9)),
        ..AutoHttpConfig::default()
    }));
    assert_eq!(
        (auto.protocol, auto.http2.max_concurrent_streams),
        (HttpProtocol::Auto, 9)
    );
}

#[test]
fn the_deprecated_demand_for_http2_counts_too() {
    let pb = cluster::Cluster {
        http2_protocol_options: Some(streams(7)),
        ..cluster_of(cluster_nested::DiscoveryType::Static)
    };
    let decoded = accepted(ResourceType::Cluster, &pb);
    let Resource::Cluster(cluster) = decoded.resource else {
        panic!()
    };
    assert_eq!(
        (cluster.http.protocol, cluster.http.http2.max_concurrent_streams),
        (HttpProtocol::Http2, 7)
    );
    assert!(decoded.warnings.is_empty(), "{:?}", decoded.warnings);
}

#[test]
fn a_transport_socket_that_is_not_understood_is_never_plaintext() {
    let config = Any {
        type_url: "type.googleapis.com/envoy.extensions.transport_sockets.alts.v3.Alts".into(),
        value: vec![],
    };
    let transport_socket = Some(core::TransportSocket {
        name: "alts".into(),
        config_type: Some(transport_socket::ConfigType::TypedConfig(config)),
    });
    let pb = cluster::Cluster {
        transport_socket,
        ..cluster_of(cluster_nested::DiscoveryType::Static)
    };
    assert!(errors(ResourceType::Cluster, &pb)[0].contains("transportSocket.typedConfig: transport socket \"alts\""));
}

#[test]
fn certificate_checks_that_are_not_understood_are_refused() {
    let validation = tls::CertificateValidationContext {
        verify_certificate_hash: vec!["ab".into()],
        ..Default::default()
    };
    let common = tls::CommonTlsContext {
        validation_context_type: Some(tls::common_tls_context::ValidationContextType::ValidationContext(
            validation,
        )),
        ..tls::CommonTlsContext::default()
    };
    let context = tls::UpstreamTlsContext {
        common_tls_context: Some(common),
        ..tls::UpstreamTlsContext::default()
    };
    let config_type = Some(transport_socket::ConfigType::TypedConfig(packed(&context)));
    let transport_socket = Some(core::TransportSocket {
        name: "tls".into(),
        config_type,
    });
    let pb = cluster::Cluster {
        transport_socket,
        ..cluster_of(cluster_nested::DiscoveryType::Static)
    };
    assert_eq!(
        errors(ResourceType::Cluster, &pb),
        [
            "cluster \"c\": transportSocket.typedConfig.commonTlsContext.validationContext.verifyCertificateHash: \
          is not supported by this proxy; remove it"
        ]
    );
}

#[test]
fn workloads_of_many_endpoints_share_memory() {
    let mut pb = assignment("10.0.0.1", 80);
    let istio = struct_of(vec![("workload", Kind::StringValue("w;n;s;v1;k".into()))]);
    let metadata = core::Metadata {
        filter_metadata: [("istio".to_owned(), istio)].into(),
        ..core::Metadata::default()
    };
    pb.endpoints[0].lb_endpoints[0].metadata = Some(metadata);
    let first = pb.endpoints[0].lb_endpoints[0].clone();
    pb.endpoints[0].lb_endpoints.push(first);
    let Resource::Endpoint(assignment) = accepted(ResourceType::Endpoint, &pb).resource else {
        panic!()
    };
    let [a, b] = &assignment.localities[0].endpoints[..] else {
        panic!()
    };
    assert!(Arc::ptr_eq(a.workload.as_ref().unwrap(), b.workload.as_ref().unwrap()));
}

#[test]
fn secrets_are_pem_and_their_keys_stay_hidden() {
    let inline = |text: &str| {
        Some(core::DataSource {
            specifier: Some(data_source::Specifier::InlineBytes(text.as_bytes().to_vec())),
            ..core::DataSource::default()
        })
    };
    let secret = |chain: &str, key: &str| tls::Secret {
        name: "default".into(),
        r#type: Some(secret::Type::TlsCertificate(tls::TlsCertificate {
            certificate_chain: inline(chain),
            private_key: inline(key),
            ..tls::TlsCertificate::default()
        })),
    };
    let pem = "-----BEGIN X-----";
    let Resource::Secret(decoded) = accepted(ResourceType::Secret, &secret(pem, "-----BEGIN KEY-----hidden")).resource
    else {
        panic!()
    };
    assert!(matches!(decoded.secret, SecretKind::Certificate(_)) && !format!("{decoded:?}").contains("hidden"));
    assert_eq!(
        errors(ResourceType::Secret, &secret(pem, "no key")),
        ["secret \"default\": tlsCertificate.privateKey: is not PEM: it has no -----BEGIN line"]
    );
}
