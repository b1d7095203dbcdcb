use config::{HeaderName, HeaderOps, PathMatch, Pattern, RouteMatch, WeightedClusters};
use proptest::prelude::*;

use super::*;
use crate::test_request::TestRequest;

fn forward_to(cluster: &str) -> RouteAction {
    RouteAction::Forward(Box::new(Forward {
        target: RouteTarget::Cluster(cluster.into()),
        ..Forward::default()
    }))
}

fn route(path: PathMatch, cluster: &str) -> Route {
    Route {
        matches: RouteMatch {
            path,
            ..RouteMatch::default()
        },
        action: forward_to(cluster),
        ..Route::default()
    }
}

fn table(routes: Vec<Route>) -> RouteTable {
    let virtual_host = VirtualHost {
        name: "all".into(),
        domains: vec!["*".into()],
        routes: routes.into(),
        ..VirtualHost::default()
    };
    RouteTable::new(Arc::new(RouteConfiguration {
        virtual_hosts: vec![virtual_host],
        ..RouteConfiguration::default()
    }))
}

fn cluster<'t>(table: &'t RouteTable, path: &'static str) -> Option<&'t str> {
    match table
        .find(&TestRequest::get(path), 0)
        .found()?
        .pick_cluster(&TestRequest::get(path), 0)
    {
        ClusterChoice::Named(name) => Some(name),
        _ => None,
    }
}

fn weighted(weights: &[u32]) -> RouteTable {
    let clusters = weights.iter().enumerate().map(|(n, weight)| WeightedCluster {
        name: format!("c{n}").into(),
        weight: *weight,
        ..WeightedCluster::default()
    });
    let target = RouteTarget::WeightedClusters(WeightedClusters {
        clusters: clusters.collect(),
        random_value_header: Some(Box::new(HeaderName::new("x-random").unwrap())),
    });
    table(vec![Route {
        action: RouteAction::Forward(Box::new(Forward {
            target,
            ..Forward::default()
        })),
        ..Route::default()
    }])
}

#[test]
fn the_first_route_that_matches_wins_not_the_most_specific() {
    let table = table(vec![
        route(PathMatch::Prefix("/a".into()), "prefix"),
        route(PathMatch::Exact("/a/b".into()), "exact"),
        route(PathMatch::Prefix("/".into()), "rest"),
    ]);
    assert_eq!(cluster(&table, "/a/b"), Some("prefix"));
    assert_eq!(cluster(&table, "/b"), Some("rest"));
}

#[test]
fn no_host_and_no_route_are_told_apart() {
    let config = RouteConfiguration {
        virtual_hosts: vec![VirtualHost {
            domains: vec!["a".into()],
            ..VirtualHost::default()
        }],
        ..RouteConfiguration::default()
    };
    let table = RouteTable::new(Arc::new(config));
    assert!(matches!(table.find(&TestRequest::get("/").to("b"), 0), Lookup::NoHost));
    assert!(matches!(
        table.find(&TestRequest::get("/").to("a"), 0),
        Lookup::NoRoute(_)
    ));
}

#[test]
fn a_host_that_requires_tls_redirects_plain_requests() {
    let host = VirtualHost {
        domains: vec!["*".into()],
        require_tls: true,
        routes: [Route::default()].into(),
        ..VirtualHost::default()
    };
    let table = RouteTable::new(Arc::new(RouteConfiguration {
        virtual_hosts: vec![host],
        ..RouteConfiguration::default()
    }));
    assert!(matches!(
        table.find(&TestRequest::get("/"), 0),
        Lookup::HttpsRequired(_)
    ));
    assert!(
        table
            .find(
                &TestRequest {
                    scheme: "https",
                    ..TestRequest::get("/")
                },
                0
            )
            .found()
            .is_some()
    );
}

#[test]
fn weighted_clusters_get_their_share() {
    let table = weighted(&[80, 0, 20]);
    let request = TestRequest::get("/");
    let found = table.find(&request, 0).found().unwrap();
    let mut counts = [0; 3];
    for random in 0..1_000 {
        let ClusterChoice::Weighted(position, _) = found.pick_cluster(&request, random) else {
            panic!()
        };
        counts[position] += 1;
    }
    assert_eq!(counts, [800, 0, 200]);
}

#[test]
fn a_request_header_can_replace_the_random_number() {
    let table = weighted(&[1, 1]);
    let request = TestRequest {
        headers: vec![("x-random", "1")],
        ..TestRequest::get("/")
    };
    let found = table.find(&request, 0).found().unwrap();
    assert_eq!(found.pick_cluster(&request, 0).name(&request), Some("c1"));
}

#[test]
fn weights_of_zero_choose_nothing() {
    let table = weighted(&[0, 0]);
    let request = TestRequest::get("/");
    assert_eq!(
        table.find(&request, 0).found().unwrap().pick_cluster(&request, 5),
        ClusterChoice::None
    );
}

#[test]
fn header_operations_of_the_configuration_are_applied_last_unless_told_otherwise() {
    let remove = |name: &str| HeaderMutations {
        request: HeaderOps {
            remove: vec![HeaderName::new(name).unwrap()],
            ..HeaderOps::default()
        },
        ..HeaderMutations::default()
    };
    let names = |most_specific_header_mutations_wins| {
        let host = VirtualHost {
            domains: vec!["*".into()],
            headers: remove("host-level").into(),
            routes: [Route {
                headers: remove("route-level").into(),
                ..Route::default()
            }]
            .into(),
            ..VirtualHost::default()
        };
        let table = RouteTable::new(Arc::new(RouteConfiguration {
            headers: remove("config-level").into(),
            virtual_hosts: vec![host],
            most_specific_header_mutations_wins,
            ..RouteConfiguration::default()
        }));
        let found = table.find(&TestRequest::get("/"), 0).found().unwrap();
        found
            .header_mutations(ClusterChoice::None)
            .map(|m| m.request.remove[0].as_str().to_owned())
            .collect::<Vec<_>>()
    };
    assert_eq!(names(false), ["route-level", "host-level", "config-level"]);
    assert_eq!(names(true), ["config-level", "host-level", "route-level"]);
}

#[test]
fn a_filter_is_configured_by_the_most_specific_place() {
    let overrides = |value| std::collections::BTreeMap::from([(Arc::from("f"), value)]);
    let host = VirtualHost {
        domains: vec!["*".into()],
        filter_overrides: overrides(FilterOverride::Disabled).into(),
        routes: [Route {
            filter_overrides: overrides(FilterOverride::Enabled).into(),
            ..Route::default()
        }]
        .into(),
        ..VirtualHost::default()
    };
    let table = RouteTable::new(Arc::new(RouteConfiguration {
        virtual_hosts: vec![host],
        ..RouteConfiguration::default()
    }));
    let found = table.find(&TestRequest::get("/"), 0).found().unwrap();
    assert_eq!(
        found.filter_override("f", ClusterChoice::None),
        Some(&FilterOverride::Enabled)
    );
    assert_eq!(found.filter_override("g", ClusterChoice::None), None);
}

fn any_path() -> impl Strategy<Value = PathMatch> {
    let text = "(/[ab]{1,2}){1,3}";
    prop_oneof![
        text.prop_map(|path| PathMatch::Prefix(path.into())),
        text.prop_map(|path| PathMatch::Exact(path.into())),
        text.prop_map(|path| PathMatch::SeparatedPrefix(path.into())),
        text.prop_map(|path| PathMatch::Regex(Pattern::new(&format!("{path}.*")).unwrap())),
    ]
}

proptest! {
    #[test]
    fn the_index_finds_what_trying_every_route_in_order_finds(
        paths in prop::collection::vec((any_path(), any::<bool>()), 0..40),
        path in "(/[ab]{1,2}){1,4}",
    ) {
        let path: &'static str = Box::leak(path.into_boxed_str());
        let request = TestRequest::get(path);
        let routes: Vec<Route> = paths.into_iter().map(|(path, case_sensitive)| {
            let mut route = route(path, "x");
            route.matches.case_sensitive = case_sensitive;
            route
        }).collect();
        let expected = routes.iter().position(|route| check(&route.matches, &request, path.as_bytes(), 0).is_ok());
        let table = table(routes);
        prop_assert_eq!(table.find(&request, 0).found().map(|found| found.route_index), expected);
    }
}
