//! The resources in use, as they were decoded.

use std::{
    collections::{BTreeMap, HashSet},
    net::SocketAddr,
    sync::Arc,
};

use config::{
    Address, Cluster, ClusterKind, ClusterLoadAssignment, Config, Listener, LocalityEndpoints, NameTable,
    RouteConfiguration,
};
use xds::{Resource, ResourceType};

use super::dns::Resolver;
use crate::{Problem, Severity};

type Named<T> = BTreeMap<Arc<str>, Arc<T>>;

/// Resources of one origin.
#[derive(Default)]
pub(super) struct Layer {
    listeners: Named<Listener>,
    routes: Named<RouteConfiguration>,
    clusters: Named<Cluster>,
    endpoints: Named<ClusterLoadAssignment>,
    name_tables: Named<NameTable>,
    versions: BTreeMap<(ResourceType, String), String>,
}

/// Keeps the old object where the new one says the same, so that nothing is compiled anew.
fn put<T: PartialEq>(map: &mut Named<T>, name: Arc<str>, value: T) {
    if !map.get(&name).is_some_and(|old| **old == value) {
        map.insert(name, Arc::new(value));
    }
}

impl Layer {
    pub(super) fn put(&mut self, name: &str, version: &str, resource: Resource) {
        let kind = match resource {
            Resource::Listener(mut listener) => {
                // The name that the server uses is the one that it will remove it by.
                listener.name = name.into();
                put(&mut self.listeners, name.into(), *listener);
                ResourceType::Listener
            }
            Resource::Route(mut route) => {
                route.name = name.into();
                put(&mut self.routes, name.into(), *route);
                ResourceType::Route
            }
            Resource::Cluster(mut cluster) => {
                cluster.name = name.into();
                put(&mut self.clusters, name.into(), *cluster);
                ResourceType::Cluster
            }
            Resource::Endpoint(endpoints) => {
                put(&mut self.endpoints, name.into(), *endpoints);
                ResourceType::Endpoint
            }
            Resource::NameTable(table) => {
                put(&mut self.name_tables, name.into(), *table);
                ResourceType::NameTable
            }
            // A secret lives in its slot alone.
            Resource::Secret(_) => ResourceType::Secret,
        };
        self.versions.insert((kind, name.to_owned()), version.to_owned());
    }

    pub(super) fn remove(&mut self, kind: ResourceType, name: &str) {
        match kind {
            ResourceType::Listener => drop(self.listeners.remove(name)),
            ResourceType::Route => drop(self.routes.remove(name)),
            ResourceType::Cluster => drop(self.clusters.remove(name)),
            ResourceType::Endpoint => drop(self.endpoints.remove(name)),
            ResourceType::NameTable => drop(self.name_tables.remove(name)),
            // Connections may still need it, and what refers to it is removed by its own name.
            ResourceType::Secret => {}
        }
        self.versions.remove(&(kind, name.to_owned()));
    }

    pub(super) fn replace(&mut self, config: Config) {
        fn renew<T: PartialEq>(map: &mut Named<T>, values: Vec<T>, name: impl Fn(&T) -> Arc<str>) {
            let mut before = std::mem::take(map);
            for value in values {
                let name = name(&value);
                let kept = before.remove(&name).filter(|old| **old == value);
                map.insert(name, kept.unwrap_or_else(|| Arc::new(value)));
            }
        }
        renew(&mut self.listeners, config.listeners, |value| Arc::clone(&value.name));
        renew(&mut self.routes, config.routes, |value| Arc::clone(&value.name));
        renew(&mut self.clusters, config.clusters, |value| Arc::clone(&value.name));
        renew(&mut self.endpoints, config.endpoints, |value| {
            Arc::clone(&value.cluster_name)
        });
    }
}

/// Resources by origin; what xDS says wins.
#[derive(Default)]
pub(super) struct Store {
    pub(super) xds: Layer,
    pub(super) fixed: Layer,
}

fn merged<T>(xds: &Named<T>, fixed: &Named<T>) -> Vec<Arc<T>> {
    let of_fixed = fixed
        .iter()
        .filter(|(name, _)| !xds.contains_key(*name))
        .map(|(_, value)| value);
    xds.values().chain(of_fixed).map(Arc::clone).collect()
}

impl Store {
    pub(super) fn listeners(&self) -> Vec<Arc<Listener>> {
        merged(&self.xds.listeners, &self.fixed.listeners)
    }

    pub(super) fn routes(&self) -> Vec<Arc<RouteConfiguration>> {
        merged(&self.xds.routes, &self.fixed.routes)
    }

    pub(super) fn clusters(&self) -> Vec<Arc<Cluster>> {
        merged(&self.xds.clusters, &self.fixed.clusters)
    }

    /// Names that the proxy answers by itself; they come from xDS only.
    pub(super) fn name_tables(&self) -> impl Iterator<Item = &Arc<NameTable>> {
        self.xds.name_tables.values()
    }

    pub(super) fn version(&self, kind: ResourceType, name: &str) -> &str {
        self.xds
            .versions
            .get(&(kind, name.to_owned()))
            .map_or("", String::as_str)
    }

    /// The endpoints of a cluster as they are known now.
    pub(super) fn endpoints(&self, cluster: &Arc<Cluster>, resolver: &Resolver) -> Endpoints {
        match &cluster.kind {
            ClusterKind::Static => Endpoints::Fixed(Arc::clone(cluster)),
            ClusterKind::OriginalDst { .. } => Endpoints::None,
            ClusterKind::Eds { service_name } => {
                let name = if service_name.is_empty() {
                    &cluster.name
                } else {
                    service_name
                };
                let found = self.xds.endpoints.get(name).or_else(|| self.fixed.endpoints.get(name));
                found.map_or(Endpoints::None, |assignment| {
                    Endpoints::Assigned(Arc::clone(assignment))
                })
            }
            ClusterKind::StrictDns(options) => resolved(cluster, resolver, options.lookup_family, false),
            ClusterKind::LogicalDns(options) => resolved(cluster, resolver, options.lookup_family, true),
        }
    }
}

/// Where a cluster's endpoints come from; compared by identity, so that a change is noticed without a look at each.
pub(super) enum Endpoints {
    None,
    Fixed(Arc<Cluster>),
    Assigned(Arc<ClusterLoadAssignment>),
    Resolved(Vec<LocalityEndpoints>),
}

impl Endpoints {
    pub(super) fn localities(&self) -> &[LocalityEndpoints] {
        match self {
            Self::None => &[],
            Self::Fixed(cluster) => &cluster.endpoints,
            Self::Assigned(assignment) => &assignment.localities,
            Self::Resolved(localities) => localities,
        }
    }

    /// The factor of a load assignment; `None` is the cluster's.
    pub(super) fn overprovisioning_percent(&self) -> Option<u32> {
        match self {
            Self::Assigned(assignment) => Some(assignment.overprovisioning_percent),
            _ => None,
        }
    }

    pub(super) fn is_same(&self, other: &Self) -> bool {
        match (self, other) {
            (Self::None, Self::None) => true,
            (Self::Fixed(one), Self::Fixed(two)) => Arc::ptr_eq(one, two),
            (Self::Assigned(one), Self::Assigned(two)) => Arc::ptr_eq(one, two),
            (Self::Resolved(one), Self::Resolved(two)) => one == two,
            _ => false,
        }
    }
}

/// The configured endpoints with their names replaced by addresses.
fn resolved(cluster: &Cluster, resolver: &Resolver, family: config::DnsLookupFamily, is_logical: bool) -> Endpoints {
    let localities = cluster.endpoints.iter().map(|locality| {
        let endpoints = locality.endpoints.iter().flat_map(|endpoint| match &endpoint.address {
            Address::Host(name) => {
                let (host, port) = &**name;
                let mut addresses = resolver.addresses(host, *port, family);
                if is_logical {
                    addresses.truncate(1);
                }
                let mut named = endpoint.clone();
                named.hostname.get_or_insert_with(|| Arc::clone(host));
                let copy = |address: SocketAddr| config::Endpoint {
                    address: address.into(),
                    ..named.clone()
                };
                addresses.into_iter().map(copy).collect::<Vec<_>>()
            }
            _ => vec![endpoint.clone()],
        });
        LocalityEndpoints {
            endpoints: endpoints.collect(),
            ..locality.clone()
        }
    });
    Endpoints::Resolved(localities.collect())
}

/// Names that occur twice in one configuration.
pub(super) fn duplicates(config: &Config) -> Vec<Problem> {
    fn twice<'a>(kind: ResourceType, names: impl Iterator<Item = &'a Arc<str>>) -> Vec<Problem> {
        let mut seen = HashSet::new();
        names
            .filter(|name| !seen.insert(Arc::clone(name)))
            .map(|name| Problem {
                severity: Severity::Error,
                resource_type: kind.url().to_owned(),
                name: name.to_string(),
                path: "name".to_owned(),
                message: format!("{} {name:?} is there twice: give each its own name", kind.noun()),
            })
            .collect()
    }
    let mut problems = twice(ResourceType::Listener, config.listeners.iter().map(|value| &value.name));
    problems.extend(twice(
        ResourceType::Route,
        config.routes.iter().map(|value| &value.name),
    ));
    problems.extend(twice(
        ResourceType::Cluster,
        config.clusters.iter().map(|value| &value.name),
    ));
    problems.extend(twice(
        ResourceType::Endpoint,
        config.endpoints.iter().map(|value| &value.cluster_name),
    ));
    problems
}
