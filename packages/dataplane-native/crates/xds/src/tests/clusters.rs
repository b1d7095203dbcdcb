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
        Address::of_host("example.com", 80)
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
        allow_expired_certificate: true,
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
            "cluster \"c\": transportSocket.typedConfig.commonTlsContext.validationContext.allowExpiredCertificate: \
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

fn seconds(seconds: i64) -> Duration {
    Duration { seconds, nanos: 0 }
}

fn with_checks(health_checks: Vec<core::HealthCheck>) -> cluster::Cluster {
    cluster::Cluster {
        health_checks,
        ..cluster_of(cluster_nested::DiscoveryType::Static)
    }
}

fn check_of(health_checker: core::health_check::HealthChecker) -> core::HealthCheck {
    core::HealthCheck {
        timeout: Some(seconds(1)),
        interval: Some(seconds(5)),
        unhealthy_threshold: Some(3),
        healthy_threshold: Some(2),
        health_checker: Some(health_checker),
        ..core::HealthCheck::default()
    }
}

#[test]
fn health_checks_are_taken_with_their_defaults() {
    use super::core::health_check::{
        GrpcHealthCheck, HealthChecker, HttpHealthCheck, Payload, TcpHealthCheck, payload,
    };
    let decoded = |checker| {
        let decoded = accepted(ResourceType::Cluster, &with_checks(vec![check_of(checker)]));
        assert!(decoded.warnings.is_empty(), "{:?}", decoded.warnings);
        let Resource::Cluster(cluster) = decoded.resource else {
            panic!()
        };
        cluster.health_check.unwrap()
    };
    let http = decoded(HealthChecker::HttpHealthCheck(HttpHealthCheck {
        path: "/healthz".into(),
        expected_statuses: vec![messages::envoy::r#type::v3::Int64Range { start: 200, end: 300 }],
        ..HttpHealthCheck::default()
    }));
    assert_eq!(
        (http.timeout_ms, http.interval_ms, http.no_traffic_interval_ms),
        (1_000, 5_000, 60_000)
    );
    assert!(http.reuse_connection);
    let config::HealthCheckKind::Http(kind) = &http.kind else {
        panic!()
    };
    assert_eq!(
        (&*kind.path, &*kind.method, kind.expects(204)),
        ("/healthz", "GET", true)
    );
    let payload = |digits: &str| Payload {
        payload: Some(payload::Payload::Text(digits.into())),
    };
    let tcp = decoded(HealthChecker::TcpHealthCheck(TcpHealthCheck {
        send: Some(payload("50494e47")),
        receive: vec![payload("504f4e47")],
        ..TcpHealthCheck::default()
    }));
    let config::HealthCheckKind::Tcp(kind) = &tcp.kind else {
        panic!()
    };
    assert_eq!(kind.send.as_ref().unwrap().as_bytes(), b"PING");
    assert_eq!(kind.receive[0].as_bytes(), b"PONG");
    let grpc = decoded(HealthChecker::GrpcHealthCheck(GrpcHealthCheck {
        service_name: "s".into(),
        ..GrpcHealthCheck::default()
    }));
    assert!(matches!(grpc.kind, config::HealthCheckKind::Grpc(kind) if &*kind.service_name == "s"));
}

#[test]
fn health_checks_that_cannot_be_made_are_refused_with_their_path() {
    use super::core::health_check::{HealthChecker, HttpHealthCheck, Payload};
    let http = HttpHealthCheck {
        path: "healthz".into(),
        send: Some(Payload::default()),
        codec_client_type: messages::envoy::r#type::v3::CodecClientType::Http3.into(),
        expected_statuses: vec![messages::envoy::r#type::v3::Int64Range { start: 5, end: 9 }],
        ..HttpHealthCheck::default()
    };
    let check = core::HealthCheck {
        interval: None,
        healthy_threshold: Some(0),
        ..check_of(HealthChecker::HttpHealthCheck(http))
    };
    let path = "cluster \"c\": healthChecks[0]";
    assert_eq!(
        errors(
            ResourceType::Cluster,
            &with_checks(vec![check.clone(), core::HealthCheck::default()])
        )[..7],
        [
            "cluster \"c\": healthChecks: has 2 entries; a cluster can have one".to_owned(),
            format!("{path}.interval: is missing"),
            format!("{path}.healthyThreshold: has to be greater than 0"),
            format!("{path}.httpHealthCheck.send: is not supported by this proxy; remove it"),
            format!("{path}.httpHealthCheck.path: \"healthz\" is not a path: it has to start with '/'"),
            format!("{path}.httpHealthCheck.codecClientType: HTTP/3 is not supported"),
            format!("{path}.httpHealthCheck.expectedStatuses[0]: 5 to before 9 are not statuses"),
        ]
    );
    let logging = core::HealthCheck {
        always_log_health_check_failures: true,
        event_log_path: "/dev/stdout".into(),
        ..check_of(HealthChecker::HttpHealthCheck(HttpHealthCheck {
            path: "/".into(),
            ..HttpHealthCheck::default()
        }))
    };
    let warnings = accepted(ResourceType::Cluster, &with_checks(vec![logging])).warnings;
    assert_eq!(warnings.len(), 2, "what has no effect is said: {warnings:?}");
}

#[test]
fn outlier_detection_is_taken_with_envoys_defaults() {
    let detection = |outlier_detection| {
        let pb = cluster::Cluster {
            outlier_detection: Some(outlier_detection),
            ..cluster_of(cluster_nested::DiscoveryType::Static)
        };
        let Resource::Cluster(cluster) = accepted(ResourceType::Cluster, &pb).resource else {
            panic!()
        };
        cluster.outlier_detection.unwrap()
    };
    let defaults = cluster::OutlierDetection::default();
    assert_eq!(*detection(defaults.clone()), config::OutlierDetection::default());
    let set = detection(cluster::OutlierDetection {
        enforcing_failure_percentage: Some(50),
        success_rate_stdev_factor: Some(1_000),
        base_ejection_time: Some(seconds(600)),
        successful_active_health_check_uneject_host: Some(false),
        ..defaults.clone()
    });
    assert_eq!(
        (set.enforcing_failure_percentage, set.success_rate_stdev_factor),
        (50, 1_000)
    );
    assert_eq!(
        (set.base_ejection_time_ms, set.max_ejection_time_ms),
        (600_000, 600_000)
    );
    assert!(!set.successful_active_health_check_uneject_host);
    let pb = cluster::Cluster {
        outlier_detection: Some(cluster::OutlierDetection {
            max_ejection_percent: Some(101),
            interval: Some(seconds(0)),
            ..defaults
        }),
        ..cluster_of(cluster_nested::DiscoveryType::Static)
    };
    assert_eq!(
        errors(ResourceType::Cluster, &pb),
        [
            "cluster \"c\": outlierDetection.maxEjectionPercent: 101 is more than 100 percent",
            "cluster \"c\": outlierDetection.interval: has to be greater than 0",
        ]
    );
}

#[test]
fn an_endpoint_can_be_checked_elsewhere() {
    let mut pb = assignment("10.0.0.1", 80);
    let Some(HostIdentifier::Endpoint(own)) = &mut pb.endpoints[0].lb_endpoints[0].host_identifier else {
        panic!()
    };
    own.health_check_config = Some(endpoint::endpoint::HealthCheckConfig {
        port_value: 81,
        hostname: "health".into(),
        ..endpoint::endpoint::HealthCheckConfig::default()
    });
    let Resource::Endpoint(assignment) = accepted(ResourceType::Endpoint, &pb).resource else {
        panic!()
    };
    let check = assignment.localities[0].endpoints[0].health_check.as_ref().unwrap();
    assert_eq!(
        (check.port, check.hostname.as_deref(), check.disabled),
        (Some(81), Some("health"), false)
    );
}
