use super::*;

#[test]
fn routes_are_checked_field_by_field() {
    let regex = PathSpecifier::SafeRegex(RegexMatcher { regex: "/(".into() });
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
fn where_a_body_ends_is_not_changed_by_header_operations() {
    let mut wishful = route_to("c", slash());
    wishful.request_headers_to_remove = vec!["Content-Length".into(), "x-other".into()];
    wishful.response_headers_to_add = vec![core::HeaderValueOption {
        header: Some(core::HeaderValue {
            key: "transfer-encoding".into(),
            value: "chunked".into(),
            raw_value: vec![],
        }),
        ..core::HeaderValueOption::default()
    }];
    let decoded = accepted(ResourceType::Route, &routes(vec![wishful]));
    let warnings: Vec<String> = decoded.warnings.iter().map(ToString::to_string).collect();
    assert_eq!(
        warnings,
        [
            "route \"r\": virtualHosts[0].routes[0].requestHeadersToRemove[0]: content-length follows the body; the operation has no effect",
            "route \"r\": virtualHosts[0].routes[0].responseHeadersToAdd[0].header: transfer-encoding follows the body; the operation has no effect",
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
            weight: Some(*weight),
            ..Default::default()
        });
        let weighted = route::WeightedCluster {
            clusters: clusters.collect(),
            total_weight: total,
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

#[test]
fn a_retry_policy_is_taken_at_its_word_unless_our_pilot_says_that_it_is_the_default() {
    let with = |mark: Option<&str>| {
        let mut route = route_to("c", slash());
        let Some(Action::Route(action)) = &mut route.action else {
            panic!()
        };
        action.retry_policy = Some(route::RetryPolicy {
            retry_on: "unavailable".into(),
            ..route::RetryPolicy::default()
        });
        route.metadata = mark.map(|mark| core::Metadata {
            filter_metadata: [(
                "fairlead.dev".to_owned(),
                struct_of(vec![("retry", Kind::StringValue(mark.into()))]),
            )]
            .into(),
            ..core::Metadata::default()
        });
        let Resource::Route(config) = accepted(ResourceType::Route, &routes(vec![route])).resource else {
            panic!()
        };
        let route = &config.virtual_hosts[0].routes[0];
        let RouteAction::Forward(forward) = &route.action else {
            panic!()
        };
        (
            forward.retry.as_ref().unwrap().only_safe,
            route.metadata.get("fairlead.dev", "retry").is_some(),
        )
    };
    assert_eq!(with(None), (false, false));
    assert_eq!(with(Some("default")), (true, false), "the mark is not kept twice");
    assert_eq!(with(Some("else")), (false, true));
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
    assert_eq!(*config.virtual_hosts[0].routes[0].origins, [origin]);
}

#[test]
fn virtual_clusters_have_a_name_and_headers() {
    let with = |clusters: Vec<route::VirtualCluster>| route::RouteConfiguration {
        name: "r".into(),
        virtual_hosts: vec![route::VirtualHost {
            name: "shop".into(),
            domains: vec!["*".into()],
            virtual_clusters: clusters,
            ..route::VirtualHost::default()
        }],
        ..route::RouteConfiguration::default()
    };
    let post = route::VirtualCluster {
        name: "buy".into(),
        headers: vec![route::HeaderMatcher {
            name: ":method".into(),
            ..route::HeaderMatcher::default()
        }],
    };
    let decode = accepted(ResourceType::Route, &with(vec![post]));
    let Resource::Route(decoded) = decode.resource else {
        panic!()
    };
    assert_eq!(&*decoded.virtual_hosts[0].virtual_clusters[0].name, "buy");
    let found = errors(ResourceType::Route, &with(vec![route::VirtualCluster::default()]));
    for part in [
        "virtualClusters[0].name: is empty",
        "virtualClusters[0].headers: is empty",
    ] {
        assert!(found.iter().any(|error| error.contains(part)), "{part} in {found:?}");
    }
}
