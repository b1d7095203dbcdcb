//! The compiled form of a route configuration.

use std::sync::Arc;

use config::{
    FilterOverride, Forward, HeaderMutations, RequestView, RetryPolicy, Route, RouteAction, RouteConfiguration,
    RouteTarget, VirtualHost, WeightedCluster,
};

use crate::{check::check, host::HostIndex, path_index::PathIndex};

/// A route configuration, ready for finding routes.
#[derive(Debug)]
pub struct RouteTable {
    pub(crate) config: Arc<RouteConfiguration>,
    pub(crate) hosts: HostIndex,
    paths: Vec<PathIndex>,
}

/// What finding a route leads to.
#[derive(Clone, Copy, Debug)]
pub enum Lookup<'t> {
    /// No virtual host takes the host: 404, flag NR.
    NoHost,
    /// The virtual host wants HTTPS and the request is plain: 301 to `https`.
    HttpsRequired(&'t VirtualHost),
    /// No route of the virtual host takes the request: 404, flag NR.
    NoRoute(&'t VirtualHost),
    /// The route.
    Found(Found<'t>),
}

/// A route that was found. Copies of the same route are equal by `host_index` and `route_index`.
#[derive(Clone, Copy, Debug)]
pub struct Found<'t> {
    /// The whole configuration.
    pub config: &'t RouteConfiguration,
    /// Its virtual host.
    pub virtual_host: &'t VirtualHost,
    /// The route.
    pub route: &'t Route,
    /// Position of the virtual host, for tables of the caller's own.
    pub host_index: usize,
    /// Position of the route in its virtual host.
    pub route_index: usize,
}

/// The cluster a request goes to.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum ClusterChoice<'t> {
    /// The only one, or the one a request header named.
    Named(&'t Arc<str>),
    /// One of several, with its position.
    Weighted(usize, &'t WeightedCluster),
    /// The request's header is to be looked up (`cluster_header`); its value is the name.
    FromHeader(&'t config::HeaderName),
    /// There is none: all weights are 0.
    None,
}

impl RouteTable {
    /// Compiles `config`. Of a domain that occurs twice, the first counts (decoding refuses that).
    pub fn new(config: Arc<RouteConfiguration>) -> Self {
        let hosts = HostIndex::new(&config);
        let paths = config
            .virtual_hosts
            .iter()
            .map(|host| PathIndex::new(&host.routes))
            .collect();
        Self { config, hosts, paths }
    }

    /// What it was compiled from.
    pub fn config(&self) -> &Arc<RouteConfiguration> {
        &self.config
    }

    /// The route for a request. `random` decides about shares of requests; the same number belongs into
    /// [`Found::pick_cluster`]. `view.path()` of a CONNECT request is empty.
    pub fn find<V: RequestView + ?Sized>(&self, view: &V, random: u64) -> Lookup<'_> {
        let Some(host_index) = self.hosts.find(view.authority()) else {
            return Lookup::NoHost;
        };
        let host_index = host_index as usize;
        let virtual_host = &self.config.virtual_hosts[host_index];
        if virtual_host.require_tls && view.scheme() != b"https" {
            return Lookup::HttpsRequired(virtual_host);
        }
        let path = view.path_only();
        let mut candidates = self.paths[host_index].candidates(path).map(|ordinal| ordinal as usize);
        let found = candidates.find(|ordinal| check(&virtual_host.routes[*ordinal], view, path, random).is_ok());
        match found {
            Some(route_index) => Lookup::Found(self.found(host_index, route_index)),
            None => Lookup::NoRoute(virtual_host),
        }
    }

    pub(crate) fn found(&self, host_index: usize, route_index: usize) -> Found<'_> {
        let virtual_host = &self.config.virtual_hosts[host_index];
        Found {
            config: &self.config,
            virtual_host,
            route: &virtual_host.routes[route_index],
            host_index,
            route_index,
        }
    }
}

impl<'t> Lookup<'t> {
    /// The route, if there is one.
    pub fn found(self) -> Option<Found<'t>> {
        match self {
            Self::Found(found) => Some(found),
            _ => None,
        }
    }
}

impl<'t> Found<'t> {
    /// How the request is forwarded, if it is.
    pub fn forward(&self) -> Option<&'t Forward> {
        match &self.route.action {
            RouteAction::Forward(forward) => Some(forward),
            RouteAction::Redirect(_) | RouteAction::DirectResponse(_) => None,
        }
    }

    /// The cluster for a request with this random number. Weights share its range evenly; their sum need not be 100.
    pub fn pick_cluster<V: RequestView + ?Sized>(&self, view: &V, random: u64) -> ClusterChoice<'t> {
        let Some(forward) = self.forward() else {
            return ClusterChoice::None;
        };
        match &forward.target {
            RouteTarget::Cluster(name) => ClusterChoice::Named(name),
            RouteTarget::ClusterHeader(name) => ClusterChoice::FromHeader(name),
            RouteTarget::WeightedClusters(weighted) => {
                let total = weighted.total_weight();
                let header = weighted.random_value_header.as_ref().and_then(|name| view.header(name));
                let given = header.and_then(|value| std::str::from_utf8(value).ok()?.parse().ok());
                let Some(mut point) = given.unwrap_or(random).checked_rem(total) else {
                    return ClusterChoice::None;
                };
                for (position, cluster) in weighted.clusters.iter().enumerate() {
                    match point.checked_sub(u64::from(cluster.weight)) {
                        Some(rest) => point = rest,
                        None => return ClusterChoice::Weighted(position, cluster),
                    }
                }
                ClusterChoice::None
            }
        }
    }

    /// The retry policy: the route's, else the virtual host's.
    pub fn retry_policy(&self) -> Option<&'t RetryPolicy> {
        self.forward()
            .and_then(|forward| forward.retry.as_ref())
            .or(self.virtual_host.retry.as_ref())
    }

    /// Header operations in the order they are applied: the last one wins. By default that is the route
    /// configuration's, as in Envoy.
    pub fn header_mutations(&self, choice: ClusterChoice<'t>) -> impl Iterator<Item = &'t HeaderMutations> + use<'t> {
        let mut levels = [
            choice.weighted().map(|cluster| &cluster.headers),
            Some(&self.route.headers),
            Some(&self.virtual_host.headers),
            Some(&self.config.headers),
        ];
        if self.config.most_specific_header_mutations_wins {
            levels.reverse();
        }
        levels.into_iter().flatten().filter(|mutations| !mutations.is_empty())
    }

    /// How the filter called `name` is configured for this route: the most specific place counts.
    pub fn filter_override(&self, name: &str, choice: ClusterChoice<'t>) -> Option<&'t FilterOverride> {
        let weighted = choice.weighted().and_then(|cluster| cluster.filter_overrides.get(name));
        let of_route = || self.route.filter_overrides.get(name);
        let of_host = || self.virtual_host.filter_overrides.get(name);
        weighted
            .or_else(of_route)
            .or_else(of_host)
            .or_else(|| self.config.filter_overrides.get(name))
    }
}

impl<'t> ClusterChoice<'t> {
    /// The entry of a list of weighted clusters.
    pub fn weighted(self) -> Option<&'t WeightedCluster> {
        match self {
            Self::Weighted(_, cluster) => Some(cluster),
            _ => None,
        }
    }

    /// Name of the cluster, with a request header looked up.
    pub fn name<'v, V: RequestView + ?Sized>(self, view: &'v V) -> Option<&'v str>
    where
        't: 'v,
    {
        match self {
            Self::Named(name) => Some(name),
            Self::Weighted(_, cluster) => Some(&cluster.name),
            Self::FromHeader(header) => std::str::from_utf8(view.header(header)?).ok(),
            Self::None => None,
        }
    }
}

#[cfg(test)]
mod tests {
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
            routes,
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
            random_value_header: Some(HeaderName::new("x-random").unwrap()),
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
            routes: vec![Route::default()],
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
                headers: remove("host-level"),
                routes: vec![Route {
                    headers: remove("route-level"),
                    ..Route::default()
                }],
                ..VirtualHost::default()
            };
            let table = RouteTable::new(Arc::new(RouteConfiguration {
                headers: remove("config-level"),
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
            filter_overrides: overrides(FilterOverride::Disabled),
            routes: vec![Route {
                filter_overrides: overrides(FilterOverride::Enabled),
                ..Route::default()
            }],
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
            let expected = routes.iter().position(|route| check(route, &request, path.as_bytes(), 0).is_ok());
            let table = table(routes);
            prop_assert_eq!(table.find(&request, 0).found().map(|found| found.route_index), expected);
        }
    }
}
