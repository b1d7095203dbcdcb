//! Upstream endpoints.

use std::{
    collections::BTreeMap,
    ops::{Deref, DerefMut},
    sync::Arc,
};

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use crate::{Address, EndpointHealthCheck, Metadata, shared};

/// The endpoints of a cluster (`envoy.config.endpoint.v3.ClusterLoadAssignment`).
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default, deny_unknown_fields)]
pub struct ClusterLoadAssignment {
    /// The cluster's name, or its EDS service name.
    pub cluster_name: Arc<str>,
    /// Endpoints by locality and priority.
    #[serde(deserialize_with = "crate::shared::without_room")]
    pub localities: Vec<LocalityEndpoints>,
    /// A priority is full as long as its share of healthy endpoints times this is 100; in percent.
    pub overprovisioning_percent: u32,
}

impl Default for ClusterLoadAssignment {
    fn default() -> Self {
        Self {
            cluster_name: "".into(),
            localities: Vec::new(),
            overprovisioning_percent: 140,
        }
    }
}

/// The endpoints of one locality and priority.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default, deny_unknown_fields)]
pub struct LocalityEndpoints {
    /// Where they are.
    pub locality: Locality,
    /// Share of the requests of its priority; `None` where localities have no shares.
    pub weight: Option<u32>,
    /// 0 is used first.
    pub priority: u32,
    /// The endpoints.
    #[serde(deserialize_with = "crate::shared::without_room")]
    pub endpoints: Vec<Endpoint>,
}

/// A place.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default, deny_unknown_fields)]
pub struct Locality {
    /// Region.
    #[serde(deserialize_with = "crate::shared::deserialize")]
    pub region: Arc<str>,
    /// Zone in the region.
    #[serde(deserialize_with = "crate::shared::deserialize")]
    pub zone: Arc<str>,
    /// Part of the zone.
    #[serde(deserialize_with = "crate::shared::deserialize")]
    pub subzone: Arc<str>,
}

/// One endpoint. There may be a hundred thousand of them: what several share is shared memory.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(from = "Written", into = "Written")]
pub struct Endpoint {
    /// Where it is.
    pub address: Address,
    /// Its share beside the others, at least 1.
    pub weight: u32,
    /// What the control plane knows of its health.
    pub health: HealthStatus,
    /// What else is known of it, read as if it stood here; `None` is nothing.
    pub facts: Option<Arc<EndpointFacts>>,
}

/// What is known of an endpoint beside its address; the same for many.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct EndpointFacts {
    /// Which workload it is.
    pub workload: Option<Arc<Workload>>,
    /// What a cluster's `transport_matches` are compared with (`envoy.transport_socket_match`).
    pub transport_match: Option<Arc<BTreeMap<String, String>>>,
    /// Its name, for `hostRewrite: auto` and `autoSni`.
    pub hostname: Option<Arc<str>>,
    /// What subsets are made of, and `hash_key`, which consistent hashing takes instead of the address
    /// (`filter_metadata["envoy.lb"]`).
    pub lb_metadata: Option<Arc<Map<String, Value>>>,
    /// What an internal listener may learn when it is called as this endpoint; `None` for all other addresses.
    pub metadata: Option<Arc<Metadata>>,
    /// How it is checked where that differs from the others.
    pub health_check: Option<Arc<EndpointHealthCheck>>,
}

/// An endpoint as it is written.
#[derive(Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default, deny_unknown_fields)]
struct Written {
    address: Address,
    weight: u32,
    health: HealthStatus,
    workload: Option<Arc<Workload>>,
    transport_match: Option<Arc<BTreeMap<String, String>>>,
    hostname: Option<Arc<str>>,
    lb_metadata: Option<Arc<Map<String, Value>>>,
    metadata: Option<Arc<Metadata>>,
    health_check: Option<Arc<EndpointHealthCheck>>,
}

impl Default for Written {
    fn default() -> Self {
        Endpoint::default().into()
    }
}

impl From<Written> for Endpoint {
    fn from(written: Written) -> Self {
        let facts = EndpointFacts {
            workload: written.workload,
            transport_match: written.transport_match,
            hostname: written.hostname,
            lb_metadata: written.lb_metadata,
            metadata: written.metadata,
            health_check: written.health_check,
        };
        Self {
            address: written.address,
            weight: written.weight,
            health: written.health,
            facts: facts.shared(),
        }
    }
}

impl From<Endpoint> for Written {
    fn from(endpoint: Endpoint) -> Self {
        let facts = EndpointFacts::clone(&endpoint);
        Self {
            address: endpoint.address,
            weight: endpoint.weight,
            health: endpoint.health,
            workload: facts.workload,
            transport_match: facts.transport_match,
            hostname: facts.hostname,
            lb_metadata: facts.lb_metadata,
            metadata: facts.metadata,
            health_check: facts.health_check,
        }
    }
}

impl EndpointFacts {
    const NONE: &'static Self = &Self {
        workload: None,
        transport_match: None,
        hostname: None,
        lb_metadata: None,
        metadata: None,
        health_check: None,
    };

    /// What an endpoint has.
    pub fn of(facts: Option<&Arc<Self>>) -> &Self {
        facts.map_or(Self::NONE, |facts| facts)
    }

    /// Whether and how the workload's own proxy speaks TLS (`istio` or nothing).
    pub fn tls_mode(&self) -> Option<&str> {
        self.transport_match.as_ref()?.get("tlsMode").map(String::as_str)
    }

    /// For endpoints; `None` if nothing is known.
    pub fn shared(self) -> Option<Arc<Self>> {
        (self != *Self::NONE).then(|| Arc::new(self))
    }
}

impl Deref for Endpoint {
    type Target = EndpointFacts;

    fn deref(&self) -> &EndpointFacts {
        EndpointFacts::of(self.facts.as_ref())
    }
}

impl DerefMut for Endpoint {
    fn deref_mut(&mut self) -> &mut EndpointFacts {
        Arc::make_mut(self.facts.get_or_insert_default())
    }
}

impl Default for Endpoint {
    fn default() -> Self {
        Self {
            address: Address::default(),
            weight: 1,
            health: HealthStatus::Unknown,
            facts: None,
        }
    }
}

/// What the control plane knows of an endpoint's health.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum HealthStatus {
    /// Nothing: it counts as healthy.
    #[default]
    Unknown,
    /// It is well.
    Healthy,
    /// It is not.
    Unhealthy,
    /// It is on its way out: no new requests.
    Draining,
    /// It did not answer in time.
    Timeout,
    /// It works, but others are better.
    Degraded,
}

impl HealthStatus {
    /// May be chosen as long as there is no panic.
    pub fn is_usable(self) -> bool {
        matches!(self, Self::Unknown | Self::Healthy | Self::Degraded)
    }
}

/// The workload of an endpoint: `filter_metadata["istio"]["workload"]`.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default, deny_unknown_fields)]
pub struct Workload {
    /// Name, e.g. `reviews-v1`.
    pub name: Arc<str>,
    /// Namespace.
    pub namespace: Arc<str>,
    /// Canonical service.
    pub service: Arc<str>,
    /// Canonical revision.
    pub version: Arc<str>,
    /// Cluster it runs in.
    pub cluster: Arc<str>,
}

impl Workload {
    /// Parses `name;namespace;canonical service;canonical revision;cluster`; missing parts are empty.
    pub fn parse(text: &str) -> Self {
        let mut parts = text.split(';');
        let mut next = || shared(parts.next().unwrap_or_default());
        Self {
            name: next(),
            namespace: next(),
            service: next(),
            version: next(),
            cluster: next(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_endpoint_is_small() {
        assert!(size_of::<Endpoint>() <= 32, "{}", size_of::<Endpoint>());
    }

    #[test]
    fn the_workload_string_has_five_parts() {
        let workload = Workload::parse("reviews-v1;default;reviews;v1;Kubernetes");
        assert_eq!(
            (&*workload.name, &*workload.namespace, &*workload.service),
            ("reviews-v1", "default", "reviews")
        );
        assert_eq!((&*workload.version, &*workload.cluster), ("v1", "Kubernetes"));
        assert_eq!(&*Workload::parse("a;b").cluster, "");
    }
}
