//! The compiled form of a route configuration.

use std::sync::Arc;

use config::{
    Criteria, FilterOverride, Forward, HeaderMutations, RequestView, RetryPolicy, Route, RouteAction,
    RouteConfiguration, RouteTarget, VirtualHost, WeightedCluster,
};

use crate::{check::check, host::HostIndex, path_index::PathIndex};

/// A route configuration, ready for finding routes.
#[derive(Debug)]
pub struct RouteTable {
    pub(crate) config: Arc<RouteConfiguration>,
    pub(crate) hosts: HostIndex,
    paths: Vec<PathIndex>,
    asks_metadata: bool,
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
        let mut routes = config.virtual_hosts.iter().flat_map(|host| host.routes.iter());
        let asks_metadata = routes.any(|route| !route.matches.metadata.is_empty());
        Self {
            config,
            hosts,
            paths,
            asks_metadata,
        }
    }

    /// Some routes are found only when filters know more about a request.
    pub fn asks_metadata(&self) -> bool {
        self.asks_metadata
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
        let found =
            candidates.find(|ordinal| check(&virtual_host.routes[*ordinal].matches, view, path, random).is_ok());
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

    /// The metadata that endpoints must have: the chosen weighted cluster's (merged with the route's when it was
    /// decoded), else the route's.
    pub fn metadata_match(&self, choice: ClusterChoice<'t>) -> Option<&'t Criteria> {
        let of_cluster = choice.weighted().map(|cluster| &cluster.metadata_match);
        let of_route = self.forward().map(|forward| &forward.metadata_match);
        let mut wanted = of_cluster.into_iter().chain(of_route);
        wanted.find(|criteria| !criteria.is_empty())
    }

    /// The retry policy: the route's, else the virtual host's.
    pub fn retry_policy(&self) -> Option<&'t RetryPolicy> {
        self.forward()
            .and_then(|forward| forward.retry.as_deref())
            .or(self.virtual_host.retry.as_deref())
    }

    /// Whether a try whose time is over goes on beside the next one: the route's word, else the virtual host's.
    pub fn hedges_on_per_try_timeout(&self) -> bool {
        let of_route = self.forward().and_then(|forward| forward.hedge);
        of_route
            .or(self.virtual_host.hedge)
            .is_some_and(|policy| policy.on_per_try_timeout)
    }

    /// Header operations in the order they are applied: the last one wins. By default that is the route
    /// configuration's, as in Envoy.
    pub fn header_mutations(&self, choice: ClusterChoice<'t>) -> impl Iterator<Item = &'t HeaderMutations> + use<'t> {
        let mut levels = [
            choice.weighted().map(|cluster| &*cluster.headers),
            Some(&*self.route.headers),
            Some(&*self.virtual_host.headers),
            Some(&*self.config.headers),
        ];
        if self.config.most_specific_header_mutations_wins {
            levels.reverse();
        }
        levels.into_iter().flatten().filter(|mutations| !mutations.is_empty())
    }

    /// How the filter called `name` is configured at each place that this route is in, the least specific first.
    pub fn filter_overrides(&self, name: &str, choice: ClusterChoice<'t>) -> [Option<&'t FilterOverride>; 4] {
        [
            self.config.filter_overrides.get(name),
            self.virtual_host.filter_overrides.get(name),
            self.route.filter_overrides.get(name),
            choice.weighted().and_then(|cluster| cluster.filter_overrides.get(name)),
        ]
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
mod tests;
