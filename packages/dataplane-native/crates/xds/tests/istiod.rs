//! What istiod sends, byte for byte: one resource a line in `istiod/*.hex` (kind, name, the message in hexadecimal),
//! made by istiod for a sidecar and for a gateway from a configuration that uses most of its traffic and security kinds.
#![allow(clippy::unwrap_used, reason = "a test may panic")]

use config::{
    ClusterKind, FilterOverride, HttpFilterKind, LbPolicy, ListenerFilterKind, NetworkFilter, PathMatch, Permission,
    RouteAction, RouteSource, RouteTarget, UpstreamTransport,
};
use xds::{Decode, Resource, ResourceType, decode};

const SIDECAR: &str = include_str!("istiod/sidecar.hex");
const GATEWAY: &str = include_str!("istiod/gateway.hex");

fn bytes(hex: &str) -> Vec<u8> {
    let digit = |at: usize| u8::from_str_radix(&hex[at..at + 2], 16).unwrap();
    (0..hex.len()).step_by(2).map(digit).collect()
}

fn decoded(lines: &str) -> Vec<(String, Decode)> {
    let line = |line: &str| {
        let [kind, name, hex] = line.split('\t').collect::<Vec<_>>()[..] else {
            panic!("{line}")
        };
        let kind = ResourceType::ALL
            .into_iter()
            .find(|known| known.noun() == kind)
            .unwrap();
        let decode = decode(kind, name, &bytes(hex)).unwrap_or_else(|problems| panic!("{}", problems[0]));
        (name.to_owned(), decode)
    };
    lines.lines().map(line).collect()
}

fn resource(lines: &str, kind: ResourceType, name: &str) -> Resource {
    let line = lines
        .lines()
        .find(|line| line.starts_with(&format!("{}\t{name}\t", kind.noun())))
        .unwrap();
    decode(kind, name, &bytes(line.rsplit('\t').next().unwrap()))
        .unwrap()
        .resource
}

#[test]
fn every_resource_of_a_sidecar_and_a_gateway_is_accepted() {
    assert_eq!(decoded(SIDECAR).len(), 27);
    assert_eq!(decoded(GATEWAY).len(), 19);
}

#[test]
fn everything_istiod_sends_a_sidecar_has_its_effect() {
    let warnings: Vec<String> = decoded(SIDECAR)
        .into_iter()
        .flat_map(|(_, decode)| decode.warnings)
        .map(|warning| warning.to_string())
        .collect();
    assert_eq!(warnings, [""; 0]);
}

#[test]
fn a_cluster_has_its_limits_and_both_transports() {
    let Resource::Cluster(cluster) = resource(
        SIDECAR,
        ResourceType::Cluster,
        "outbound|9080|v1|reviews.default.svc.cluster.local",
    ) else {
        panic!()
    };
    assert_eq!(
        cluster.kind,
        ClusterKind::Eds {
            service_name: cluster.name.clone()
        }
    );
    assert!(matches!(
        cluster.lb_policy,
        LbPolicy::LeastRequest { choice_count: 2, .. }
    ));
    assert_eq!(cluster.connect_timeout_ms, 2_000);
    let limits = cluster.circuit_breakers.default;
    assert_eq!(
        (limits.max_connections, limits.max_pending_requests, limits.max_requests),
        (7, 10, u32::MAX)
    );
    assert_eq!(cluster.outlier_detection.as_ref().unwrap().consecutive_5xx, 3);
    assert_eq!(cluster.http.max_requests_per_connection, 5);
    assert!(cluster.panic_threshold_percent.abs() < f64::EPSILON);
    assert_eq!(cluster.services[0].host, "reviews.default.svc.cluster.local");
    let Resource::Endpoint(assignment) = resource(SIDECAR, ResourceType::Endpoint, &cluster.name) else {
        panic!()
    };
    let endpoint = &assignment.localities[0].endpoints[0];
    assert_eq!(endpoint.tls_mode(), Some("istio"));
    assert_eq!(&*endpoint.workload.as_ref().unwrap().service, "reviews");
    let UpstreamTransport::Tls(tls) = cluster.transport_for(endpoint.transport_match.as_deref()) else {
        panic!()
    };
    assert_eq!(&*tls.sni, "outbound_.9080_.v1_.reviews.default.svc.cluster.local");
    assert_eq!(*cluster.transport_for(None), UpstreamTransport::Plain);
}

#[test]
fn the_inbound_listener_has_its_inspectors_and_access_rules() {
    let Resource::Listener(listener) = resource(SIDECAR, ResourceType::Listener, "virtualInbound") else {
        panic!()
    };
    let kinds: Vec<_> = listener.listener_filters.iter().map(|filter| filter.kind).collect();
    assert_eq!(
        kinds,
        [
            ListenerFilterKind::OriginalDst,
            ListenerFilterKind::TlsInspector,
            ListenerFilterKind::HttpInspector
        ]
    );
    assert!(listener.listener_filters[2].applies_to(80) && !listener.listener_filters[2].applies_to(9080));
    assert_eq!(listener.filter_chains.len(), 11);
    let chain = &listener.filter_chains[9];
    assert!(chain.tls.as_ref().unwrap().require_client_certificate);
    let Some(NetworkFilter::HttpConnectionManager(manager)) = chain.filters.last() else {
        panic!()
    };
    let rbacs: Vec<_> = manager
        .http_filters
        .iter()
        .filter(|filter| matches!(filter.kind, HttpFilterKind::Rbac(_)))
        .collect();
    assert_eq!(rbacs.len(), 2);
    let HttpFilterKind::Rbac(enforced) = &rbacs[1].kind else {
        panic!()
    };
    let policies = &enforced.rules.as_ref().unwrap().policies;
    let policy = &policies["ns[default]-policy[reviews]-rule[0]"];
    assert!(matches!(&policy.permissions[..], [Permission::And(list)] if list.len() == 6));
}

#[test]
fn routes_keep_their_order_matches_and_filter_settings() {
    let Resource::Route(config) = resource(SIDECAR, ResourceType::Route, "9080") else {
        panic!()
    };
    assert!(config.ignore_port_in_host_matching);
    let routes = &config.virtual_hosts[0].routes;
    assert_eq!(routes[0].matches.path, PathMatch::Prefix("/a".into()));
    assert_eq!((routes[0].matches.headers.len(), routes[0].matches.query.len()), (2, 1));
    assert!(matches!(
        routes[0].filter_overrides["envoy.filters.http.fault"],
        FilterOverride::Fault(_)
    ));
    let RouteAction::Forward(forward) = &routes[0].action else {
        panic!()
    };
    let retry = forward.retry.as_ref().unwrap();
    assert_eq!(
        (
            forward.timeout_ms,
            retry.num_retries,
            retry.retriable_status_codes.as_slice()
        ),
        (3_000, 3, &[503][..])
    );
    assert!(retry.avoid_previous_hosts);
    assert!(matches!(routes[1].action, RouteAction::Redirect(_)));
    assert!(matches!(routes[2].action, RouteAction::DirectResponse(_)));
    let RouteAction::Forward(split) = &routes[3].action else {
        panic!()
    };
    assert!(matches!(&split.target, RouteTarget::WeightedClusters(weighted) if weighted.total_weight() == 100));
    assert!(matches!(
        routes[3].filter_overrides["envoy.filters.http.cors"],
        FilterOverride::Cors(_)
    ));
}

#[test]
fn a_gateway_terminates_mutual_tls_and_takes_routes_by_name() {
    let Resource::Listener(listener) = resource(GATEWAY, ResourceType::Listener, "0.0.0.0_443") else {
        panic!()
    };
    let chain = &listener.filter_chains[0];
    assert!(chain.tls.as_ref().unwrap().require_client_certificate);
    let Some(NetworkFilter::HttpConnectionManager(manager)) = chain.filters.last() else {
        panic!()
    };
    assert!(manager.use_remote_address);
    assert_eq!(manager.routes, RouteSource::Named("https.443.https.gw.default".into()));
}
