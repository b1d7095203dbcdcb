//! Endpoints to choose among: all of a cluster, or those of a subset.

use std::sync::Arc;

use config::{ConsistentHashing, Endpoint, HealthStatus, LbPolicy, LocalityEndpoints};

use crate::{
    hashing::{HashTable, Weighted, key_of},
    wheel::Wheel,
};

/// What a picker knows of an endpoint.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Member {
    /// Position of its locality in the configuration.
    pub(crate) locality: u32,
    pub(crate) weight: u32,
    pub(crate) standing: Standing,
    pub(crate) health: HealthStatus,
}

/// What the control plane says of an endpoint.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Standing {
    Healthy,
    Degraded,
    /// Used in panic only.
    Out,
}

impl From<HealthStatus> for Standing {
    fn from(health: HealthStatus) -> Self {
        match health {
            HealthStatus::Degraded => Self::Degraded,
            health if health.is_usable() => Self::Healthy,
            _ => Self::Out,
        }
    }
}

impl Member {
    pub(crate) fn new(locality: usize, endpoint: &Endpoint) -> Self {
        Self {
            locality: locality as u32,
            weight: endpoint.weight.max(1),
            standing: endpoint.health.into(),
            health: endpoint.health,
        }
    }
}

/// A locality as it is configured.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct Place {
    /// Position of its priority.
    pub(crate) level: u32,
    /// Share of its priority; one without gets none where shares count.
    pub(crate) weight: f64,
    /// The proxy is there, too.
    pub(crate) is_local: bool,
    /// How many endpoints of the proxy's own service are there.
    pub(crate) sources: u32,
}

/// What pools are made of.
pub(crate) struct Blueprint<'b> {
    pub(crate) localities: &'b [LocalityEndpoints],
    pub(crate) endpoints: &'b [&'b Endpoint],
    pub(crate) members: &'b [Member],
    pub(crate) places: &'b [Place],
    /// Numbers of the priorities.
    pub(crate) levels: &'b [u32],
    pub(crate) policy: LbPolicy,
    pub(crate) hashing: ConsistentHashing,
    /// Its share counts.
    pub(crate) locality_weighted: bool,
    /// Pools that may have the same tables.
    pub(crate) before: Vec<&'b Pool>,
    pub(crate) next_wheel: std::cell::Cell<u32>,
}

/// Endpoints by priority.
#[derive(Clone, Debug)]
pub(crate) struct Pool {
    /// Its place in a worker's list of plans.
    pub(crate) index: u32,
    pub(crate) levels: Vec<Arc<PoolLevel>>,
}

/// The endpoints of one priority.
#[derive(Clone, Debug)]
pub(crate) struct PoolLevel {
    /// The priority's number in the configuration.
    pub(crate) number: u32,
    pub(crate) healthy: Arc<Wheel>,
    pub(crate) degraded: Arc<Wheel>,
    /// All of them, for panic.
    pub(crate) all: Arc<Wheel>,
    /// By locality, where that counts.
    pub(crate) groups: Vec<Group>,
    pub(crate) table: Option<HashTable>,
}

/// The endpoints of one priority and locality.
#[derive(Clone, Debug)]
pub(crate) struct Group {
    /// Position of the locality in the configuration.
    pub(crate) locality: u32,
    pub(crate) weight: f64,
    pub(crate) total: u32,
    pub(crate) healthy: Arc<Wheel>,
    pub(crate) degraded: Arc<Wheel>,
}

impl Blueprint<'_> {
    fn wheel_id(&self) -> u32 {
        let id = self.next_wheel.get();
        self.next_wheel.set(id + 1);
        id
    }

    fn wheel(&self, endpoints: impl Iterator<Item = u32>) -> Arc<Wheel> {
        let entries = endpoints.map(|endpoint| (endpoint, self.members[endpoint as usize].weight));
        Arc::new(Wheel::of(self.wheel_id(), entries))
    }

    fn wheel_of(&self, endpoints: &[u32], standing: Standing) -> Arc<Wheel> {
        let are = |endpoint: &u32| self.members[*endpoint as usize].standing == standing;
        self.wheel(endpoints.iter().copied().filter(are))
    }

    /// The pool of some endpoints. `scale`: localities' shares by the part of their endpoints that is in the pool.
    pub(crate) fn pool(&self, index: u32, endpoints: &[u32], by_locality: bool, scale: bool) -> Pool {
        let level_of = |endpoint: &u32| self.places[self.members[*endpoint as usize].locality as usize].level as usize;
        let mut by_level: Vec<Vec<u32>> = vec![Vec::new(); self.levels.len()];
        for endpoint in endpoints {
            by_level[level_of(endpoint)].push(*endpoint);
        }
        let level = |(position, endpoints): (usize, Vec<u32>)| {
            let groups = if by_locality {
                self.groups(&endpoints, scale)
            } else {
                Vec::new()
            };
            let healthy = self.wheel_of(&endpoints, Standing::Healthy);
            let all = if healthy.len() as usize == endpoints.len() {
                Arc::clone(&healthy)
            } else {
                self.wheel(endpoints.iter().copied())
            };
            Arc::new(PoolLevel {
                number: self.levels[position],
                degraded: self.wheel_of(&endpoints, Standing::Degraded),
                table: self.table(&endpoints, &groups),
                healthy,
                all,
                groups,
            })
        };
        Pool {
            index,
            levels: by_level.into_iter().enumerate().map(level).collect(),
        }
    }

    fn groups(&self, endpoints: &[u32], scale: bool) -> Vec<Group> {
        let mut by_locality: Vec<(u32, Vec<u32>)> = Vec::new();
        for endpoint in endpoints {
            let locality = self.members[*endpoint as usize].locality;
            match by_locality.last_mut() {
                Some((last, endpoints)) if *last == locality => endpoints.push(*endpoint),
                _ => by_locality.push((locality, vec![*endpoint])),
            }
        }
        let group = |(locality, endpoints): (u32, Vec<u32>)| {
            let mut weight = self.places[locality as usize].weight;
            if scale {
                let configured = self.localities[locality as usize].endpoints.len();
                weight *= endpoints.len() as f64 / configured.max(1) as f64;
            }
            Group {
                locality,
                weight,
                total: endpoints.len() as u32,
                healthy: self.wheel_of(&endpoints, Standing::Healthy),
                degraded: self.wheel_of(&endpoints, Standing::Degraded),
            }
        };
        by_locality.into_iter().map(group).collect()
    }

    fn table(&self, endpoints: &[u32], groups: &[Group]) -> Option<HashTable> {
        if !matches!(self.policy, LbPolicy::RingHash { .. } | LbPolicy::Maglev { .. }) {
            return None;
        }
        let shares = if self.locality_weighted {
            self.locality_units(endpoints, groups)
        } else {
            Vec::new()
        };
        let entry = |endpoint: &u32| {
            let member = self.members[*endpoint as usize];
            let unit = shares.get(member.locality as usize).copied().unwrap_or(1.0);
            let weighted = Weighted {
                key: key_of(self.endpoints[*endpoint as usize], self.hashing.use_hostname),
                weight: f64::from(member.weight) * unit,
            };
            (*endpoint, weighted)
        };
        let before = self.before.iter().flat_map(|pool| &pool.levels);
        HashTable::new(
            self.policy,
            endpoints.iter().map(entry),
            before.filter_map(|level| level.table.as_ref()),
        )
    }

    /// What one unit of an endpoint's weight is worth, by locality.
    fn locality_units(&self, endpoints: &[u32], groups: &[Group]) -> Vec<f64> {
        let mut totals = vec![0.0; self.places.len()];
        for endpoint in endpoints {
            let member = self.members[*endpoint as usize];
            totals[member.locality as usize] += f64::from(member.weight);
        }
        let weighted: f64 = groups.iter().map(|group| group.weight).sum();
        if weighted <= 0.0 {
            return Vec::new();
        }
        for group in groups {
            let total = &mut totals[group.locality as usize];
            *total = group.weight / *total;
        }
        totals
    }
}
