//! What is refused and where the message points.

use config::{
    Address, ClusterKind, HttpProtocol, ListenerFilterKind, NetworkFilter, Origin, Pattern, Permission, RouteAction,
    SecretKind, StringMatcher,
};
use envoy_types::pb::{
    envoy::{
        config::{
            cluster::v3::{self as cluster, cluster as cluster_nested},
            core::v3::{self as core, address, data_source, socket_address, transport_socket},
            endpoint::v3::{self as endpoint, lb_endpoint::HostIdentifier},
            listener::v3::{self as listener, filter, listener::ListenerSpecifier},
            rbac::v3::{self as rbac, permission, principal},
            route::v3::{self as route, route::Action, route_action::ClusterSpecifier, route_match::PathSpecifier},
        },
        extensions::{
            filters::{
                http::{rbac::v3 as http_rbac, router::v3::Router},
                network::{
                    http_connection_manager::v3::{self as hcm, http_connection_manager::RouteSpecifier, http_filter},
                    tcp_proxy::v3::{self as tcp, tcp_proxy},
                },
            },
            path::r#match::uri_template::v3::UriTemplateMatchConfig,
            transport_sockets::tls::v3::{self as tls, secret},
        },
        r#type::matcher::v3::{RegexMatcher, StringMatcher as PbStringMatcher, string_matcher::MatchPattern},
    },
    google::protobuf::{Any, Duration, ListValue, Struct, UInt32Value, Value, value::Kind},
};
use proptest::prelude::*;
use prost::{Message, Name};

use super::*;

fn packed<M: Message + Name>(message: &M) -> Any {
    Any {
        type_url: M::type_url(),
        value: message.encode_to_vec(),
    }
}

fn accepted<M: Message>(kind: ResourceType, message: &M) -> Decode {
    decode(kind, "", &message.encode_to_vec()).unwrap_or_else(|errors| panic!("{errors:?}"))
}

fn errors<M: Message>(kind: ResourceType, message: &M) -> Vec<String> {
    decode(kind, "", &message.encode_to_vec())
        .unwrap_err()
        .iter()
        .map(ToString::to_string)
        .collect()
}

fn socket(ip: &str, port: u32) -> core::Address {
    let port_specifier = Some(socket_address::PortSpecifier::PortValue(port));
    let socket = core::SocketAddress {
        address: ip.into(),
        port_specifier,
        ..core::SocketAddress::default()
    };
    core::Address {
        address: Some(address::Address::SocketAddress(socket)),
    }
}

fn network_filter(config: Any) -> listener::Filter {
    listener::Filter {
        name: "f".into(),
        config_type: Some(filter::ConfigType::TypedConfig(config)),
    }
}

fn tcp_to(cluster: &str) -> listener::Filter {
    let cluster_specifier = Some(tcp_proxy::ClusterSpecifier::Cluster(cluster.into()));
    network_filter(packed(&tcp::TcpProxy {
        cluster_specifier,
        ..tcp::TcpProxy::default()
    }))
}

fn chain(filters: Vec<listener::Filter>) -> listener::FilterChain {
    listener::FilterChain {
        filters,
        ..listener::FilterChain::default()
    }
}

fn listener_with(filter_chains: Vec<listener::FilterChain>) -> listener::Listener {
    listener::Listener {
        name: "l".into(),
        address: Some(socket("127.0.0.1", 80)),
        filter_chains,
        ..listener::Listener::default()
    }
}

fn http_filter(name: &str, config: Any, is_optional: bool) -> hcm::HttpFilter {
    let config_type = Some(http_filter::ConfigType::TypedConfig(config));
    hcm::HttpFilter {
        name: name.into(),
        is_optional,
        config_type,
        ..hcm::HttpFilter::default()
    }
}

fn http_listener(mut filters: Vec<hcm::HttpFilter>, routes: route::RouteConfiguration) -> listener::Listener {
    filters.push(http_filter(
        "envoy.filters.http.router",
        packed(&Router::default()),
        false,
    ));
    let manager = hcm::HttpConnectionManager {
        http_filters: filters,
        route_specifier: Some(RouteSpecifier::RouteConfig(routes)),
        ..hcm::HttpConnectionManager::default()
    };
    listener_with(vec![chain(vec![network_filter(packed(&manager))])])
}

fn routes(routes: Vec<route::Route>) -> route::RouteConfiguration {
    let virtual_host = route::VirtualHost {
        name: "v".into(),
        domains: vec!["*".into()],
        routes,
        ..route::VirtualHost::default()
    };
    route::RouteConfiguration {
        name: "r".into(),
        virtual_hosts: vec![virtual_host],
        ..route::RouteConfiguration::default()
    }
}

fn route_to(cluster: &str, path: PathSpecifier) -> route::Route {
    let cluster_specifier = Some(ClusterSpecifier::Cluster(cluster.into()));
    route::Route {
        r#match: Some(route::RouteMatch {
            path_specifier: Some(path),
            ..route::RouteMatch::default()
        }),
        action: Some(Action::Route(route::RouteAction {
            cluster_specifier,
            ..route::RouteAction::default()
        })),
        ..route::Route::default()
    }
}

fn slash() -> PathSpecifier {
    PathSpecifier::Prefix("/".into())
}

fn cluster_of(kind: cluster_nested::DiscoveryType) -> cluster::Cluster {
    let cluster_discovery_type = Some(cluster_nested::ClusterDiscoveryType::Type(kind as i32));
    cluster::Cluster {
        name: "c".into(),
        cluster_discovery_type,
        ..cluster::Cluster::default()
    }
}

fn assignment(host: &str, port: u32) -> endpoint::ClusterLoadAssignment {
    let endpoint = endpoint::Endpoint {
        address: Some(socket(host, port)),
        ..endpoint::Endpoint::default()
    };
    let lb_endpoint = endpoint::LbEndpoint {
        host_identifier: Some(HostIdentifier::Endpoint(endpoint)),
        ..endpoint::LbEndpoint::default()
    };
    let locality = endpoint::LocalityLbEndpoints {
        lb_endpoints: vec![lb_endpoint],
        ..endpoint::LocalityLbEndpoints::default()
    };
    endpoint::ClusterLoadAssignment {
        cluster_name: "c".into(),
        endpoints: vec![locality],
        ..endpoint::ClusterLoadAssignment::default()
    }
}

fn struct_of(fields: Vec<(&str, Kind)>) -> Struct {
    Struct {
        fields: fields
            .into_iter()
            .map(|(key, kind)| (key.to_owned(), Value { kind: Some(kind) }))
            .collect(),
    }
}

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
        (Address::Internal("l".into()), false)
    );
}

#[test]
fn every_problem_of_a_resource_is_reported_with_its_path() {
    let bad = listener_with(vec![
        chain(vec![network_filter(Any {
            type_url: "type.googleapis.com/x.Unknown".into(),
            value: vec![],
        })]),
        chain(vec![tcp_to("")]),
    ]);
    assert_eq!(
        errors(ResourceType::Listener, &bad),
        [
            "listener \"l\": filterChains[0].filters[0].typedConfig: network filter \"f\" of type \"x.Unknown\" is not supported",
            "listener \"l\": filterChains[1].filters[0].typedConfig.cluster: is empty",
            "listener \"l\": filterChains[1].filterChainMatch: is the same as that of filterChains[0]; it could never be chosen",
        ]
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
fn bytes_that_are_no_message_are_refused() {
    let errors = decode(ResourceType::Cluster, "c", &[0xff, 0xff]).unwrap_err();
    assert!(
        errors[0]
            .to_string()
            .starts_with("cluster \"c\": the bytes are not a Cluster: "),
        "{}",
        errors[0]
    );
}

#[test]
fn the_server_and_the_resource_have_to_agree_on_the_name() {
    let bytes = assignment("10.0.0.1", 80).encode_to_vec();
    assert!(decode(ResourceType::Endpoint, "c", &bytes).is_ok());
    let errors = decode(ResourceType::Endpoint, "other", &bytes).unwrap_err();
    assert_eq!(
        errors[0].to_string(),
        "endpoint \"c\": name: is \"c\", but the server calls the resource \"other\""
    );
}

#[test]
fn type_urls_are_known_with_and_without_their_host() {
    for kind in ResourceType::ALL {
        assert_eq!(ResourceType::from_url(kind.url()), Some(kind));
        assert_eq!(
            ResourceType::from_url(kind.url().trim_start_matches("type.googleapis.com/")),
            Some(kind)
        );
    }
    assert_eq!(
        ResourceType::from_url("type.googleapis.com/envoy.service.runtime.v3.Runtime"),
        None
    );
}

#[test]
fn routes_are_checked_field_by_field() {
    let regex = PathSpecifier::SafeRegex(RegexMatcher {
        regex: "/(".into(),
        engine_type: None,
    });
    let mut bad_header = route_to("c", slash());
    bad_header.request_headers_to_add = vec![core::HeaderValueOption {
        header: Some(core::HeaderValue {
            key: "x".into(),
            value: "%NOPE%".into(),
            raw_value: vec![],
        }),
        ..core::HeaderValueOption::default()
    }];
    bad_header.request_headers_to_remove = vec!["host".into()];
    let no_match = route::Route {
        r#match: None,
        action: None,
        ..route::Route::default()
    };
    let config = routes(vec![route_to("c", regex), bad_header, no_match, route_to("", slash())]);
    assert_eq!(
        errors(ResourceType::Route, &config),
        [
            "route \"r\": virtualHosts[0].routes[0].match.safeRegex.regex: \"/(\" is not a regular expression: unclosed group",
            "route \"r\": virtualHosts[0].routes[1].requestHeadersToAdd[0].header.value: operator %NOPE% is not supported in a header value",
            "route \"r\": virtualHosts[0].routes[1].requestHeadersToRemove[0]: host cannot be changed by header operations; rewrite path or host instead",
            "route \"r\": virtualHosts[0].routes[2].match: is missing",
            "route \"r\": virtualHosts[0].routes[2]: has no action: one of route, redirect and directResponse is needed",
            "route \"r\": virtualHosts[0].routes[3].route.cluster: is empty",
        ]
    );
}

#[test]
fn a_domain_belongs_to_one_virtual_host_only() {
    let host = |name: &str, domains: &[&str]| route::VirtualHost {
        name: name.into(),
        domains: domains.iter().map(|domain| (*domain).to_owned()).collect(),
        ..route::VirtualHost::default()
    };
    let config = route::RouteConfiguration {
        name: "r".into(),
        virtual_hosts: vec![host("a", &["x", "*"]), host("b", &["X", "a*b"])],
        ..route::RouteConfiguration::default()
    };
    assert_eq!(
        errors(ResourceType::Route, &config),
        [
            "route \"r\": virtualHosts[1].domains[1]: \"a*b\" is not a domain: one '*' at the start or at the end is allowed",
            "route \"r\": virtualHosts[1].domains[0]: \"X\" already belongs to virtual host \"a\"",
        ]
    );
}

#[test]
fn weights_have_to_add_up() {
    let weighted = |weights: &[u32], total: Option<u32>| {
        let clusters = weights.iter().map(|weight| route::weighted_cluster::ClusterWeight {
            name: "c".into(),
            weight: Some(UInt32Value { value: *weight }),
            ..Default::default()
        });
        let total_weight = total.map(|value| UInt32Value { value });
        let weighted = route::WeightedCluster {
            clusters: clusters.collect(),
            total_weight,
            ..route::WeightedCluster::default()
        };
        let cluster_specifier = Some(ClusterSpecifier::WeightedClusters(weighted));
        let mut route = route_to("", slash());
        route.action = Some(Action::Route(route::RouteAction {
            cluster_specifier,
            ..route::RouteAction::default()
        }));
        routes(vec![route])
    };
    accepted(ResourceType::Route, &weighted(&[1, 3], Some(4)));
    assert!(
        errors(ResourceType::Route, &weighted(&[0, 0], None))[0]
            .contains("weightedClusters.clusters: the weights add up to 0")
    );
    assert!(
        errors(ResourceType::Route, &weighted(&[1, 1], Some(100)))[0]
            .ends_with("totalWeight: is 100, but the weights add up to 2")
    );
}

#[test]
fn an_unset_timeout_is_envoys_and_zero_is_none() {
    let with = |timeout| {
        let mut route = route_to("c", slash());
        let Some(Action::Route(action)) = &mut route.action else {
            panic!()
        };
        action.timeout = timeout;
        let Resource::Route(config) = accepted(ResourceType::Route, &routes(vec![route])).resource else {
            panic!()
        };
        let RouteAction::Forward(forward) = config.virtual_hosts[0].routes[0].action.clone() else {
            panic!()
        };
        forward.timeout_ms
    };
    assert_eq!(with(None), 15_000);
    assert_eq!(with(Some(Duration::default())), 0);
    assert_eq!(with(Some(Duration { seconds: 1, nanos: 1 })), 1_001);
}

#[test]
fn retry_conditions_that_nobody_knows_are_a_warning() {
    let mut route = route_to("c", slash());
    let Some(Action::Route(action)) = &mut route.action else {
        panic!()
    };
    action.retry_policy = Some(route::RetryPolicy {
        retry_on: "5xx,whatever".into(),
        ..route::RetryPolicy::default()
    });
    let warnings = accepted(ResourceType::Route, &routes(vec![route])).warnings;
    assert_eq!(
        warnings[0].to_string(),
        "route \"r\": virtualHosts[0].routes[0].route.retryPolicy.retryOn: \"whatever\" is not a retry condition; it has no effect"
    );
}

fn rbac_listener(rule: permission::Rule) -> listener::Listener {
    let policy = rbac::Policy {
        permissions: vec![rbac::Permission { rule: Some(rule) }],
        principals: vec![rbac::Principal {
            identifier: Some(principal::Identifier::Any(true)),
        }],
        ..rbac::Policy::default()
    };
    let rules = rbac::Rbac {
        policies: [("p".to_owned(), policy)].into(),
        ..rbac::Rbac::default()
    };
    let config = http_rbac::Rbac {
        rules: Some(rules),
        ..http_rbac::Rbac::default()
    };
    http_listener(vec![http_filter("rbac", packed(&config), false)], routes(vec![]))
}

fn template(text: &str) -> permission::Rule {
    let config = UriTemplateMatchConfig {
        path_template: text.into(),
    };
    permission::Rule::UriTemplate(core::TypedExtensionConfig {
        name: "t".into(),
        typed_config: Some(packed(&config)),
    })
}

#[test]
fn path_templates_become_expressions() {
    let compiled = |text: &str| {
        let Resource::Listener(listener) = accepted(ResourceType::Listener, &rbac_listener(template(text))).resource
        else {
            panic!()
        };
        let NetworkFilter::HttpConnectionManager(manager) = &listener.filter_chains[0].filters[0] else {
            panic!()
        };
        let config::HttpFilterKind::Rbac(rbac) = &manager.http_filters[0].kind else {
            panic!()
        };
        let Permission::UrlPath(StringMatcher::Regex(pattern)) =
            &rbac.rules.as_ref().unwrap().policies["p"].permissions[0]
        else {
            panic!()
        };
        pattern.clone()
    };
    let matches = |pattern: Pattern, path: &str| pattern.matches(path.as_bytes());
    assert!(matches(compiled("/a/*/c"), "/a/b/c"));
    assert!(!matches(compiled("/a/*/c"), "/a/b/b/c"));
    assert!(matches(compiled("/a/**"), "/a/b/b/c"));
    assert!(matches(compiled("/{x}/b.c"), "/a/b.c"));
    assert!(!matches(compiled("/{x}/b.c"), "/a/bxc"));
}

#[test]
fn a_rule_that_is_not_understood_refuses_the_listener() {
    let custom = permission::Rule::Matcher(core::TypedExtensionConfig {
        name: "m".into(),
        typed_config: None,
    });
    assert_eq!(
        errors(ResourceType::Listener, &rbac_listener(custom)),
        [
            "listener \"l\": filterChains[0].filters[0].typedConfig.httpFilters[0].typedConfig.rules.policies[\"p\"].permissions[0].matcher: \
          extension \"m\" is not supported"
        ]
    );
}

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

#[test]
fn a_demand_for_http2_is_accepted_with_a_clear_problem() {
    let pb = cluster::Cluster {
        http2_protocol_options: Some(core::Http2ProtocolOptions::default()),
        ..cluster_of(cluster_nested::DiscoveryType::Static)
    };
    let decoded = accepted(ResourceType::Cluster, &pb);
    let Resource::Cluster(cluster) = decoded.resource else {
        panic!()
    };
    assert_eq!(cluster.http.protocol, HttpProtocol::Http2);
    assert!(
        decoded.warnings[0]
            .to_string()
            .starts_with("cluster \"c\": http2ProtocolOptions: HTTP/2 to upstreams is not built")
    );
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
fn origins_travel_with_the_resource() {
    let entry = struct_of(vec![
        ("kind", Kind::StringValue("VirtualService".into())),
        ("line", Kind::NumberValue(7.0)),
    ]);
    let list = Kind::ListValue(ListValue {
        values: vec![Value {
            kind: Some(Kind::StructValue(entry)),
        }],
    });
    let mut route = route_to("c", slash());
    route.metadata = Some(core::Metadata {
        filter_metadata: [("fairlead.dev".to_owned(), struct_of(vec![("origins", list)]))].into(),
        ..core::Metadata::default()
    });
    let Resource::Route(config) = accepted(ResourceType::Route, &routes(vec![route])).resource else {
        panic!()
    };
    let origin = Origin {
        kind: "VirtualService".into(),
        line: Some(7),
        ..Origin::default()
    };
    assert_eq!(config.virtual_hosts[0].routes[0].origins, [origin]);
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

#[test]
fn an_inspector_can_be_switched_off_by_port() {
    let mut pb = listener_with(vec![chain(vec![tcp_to("c")])]);
    let inspector = envoy_types::pb::envoy::extensions::filters::listener::tls_inspector::v3::TlsInspector::default();
    let range = envoy_types::pb::envoy::r#type::v3::Int32Range { start: 80, end: 81 };
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

#[test]
fn string_matchers_without_a_pattern_are_refused() {
    let none = permission::Rule::RequestedServerName(PbStringMatcher {
        match_pattern: None,
        ignore_case: false,
    });
    assert!(
        errors(ResourceType::Listener, &rbac_listener(none))[0]
            .ends_with("permissions[0].requestedServerName: has no pattern")
    );
    let any_case = PbStringMatcher {
        match_pattern: Some(MatchPattern::Exact("A".into())),
        ignore_case: true,
    };
    accepted(
        ResourceType::Listener,
        &rbac_listener(permission::Rule::RequestedServerName(any_case)),
    );
}

proptest! {
    #[test]
    fn no_bytes_make_the_decoder_panic(bytes in prop::collection::vec(any::<u8>(), 0..200)) {
        fuzz_decode(&bytes);
    }

    #[test]
    fn no_damage_to_a_good_resource_makes_the_decoder_panic(at in 0_usize..2_000, value in any::<u8>(), cut in 0_usize..2_000) {
        let mut bytes = rbac_listener(template("/a/{b=**}/*")).encode_to_vec();
        let at = at % bytes.len();
        bytes[at] = value;
        bytes.truncate(cut.max(1));
        fuzz_decode(&bytes);
    }
}
