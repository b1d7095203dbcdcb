//! What is refused and where the message points.

use config::{
    Address, ClusterKind, HttpProtocol, ListenerFilterKind, NetworkFilter, Origin, Pattern, Permission, RouteAction,
    SecretKind, StringMatcher,
};
use messages::{
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
    google::protobuf::{Any, Duration, ListValue, Struct, Value, value::Kind},
};
use proptest::prelude::*;
use prost::{Message, Name};

use super::*;

mod access;
mod balancing;
mod bodies;
mod clusters;
mod listeners;
mod log_services;
mod modules;
mod names;
mod policies;
mod route_tables;
mod services;
mod taps;
mod telemetry;
mod transport;

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
