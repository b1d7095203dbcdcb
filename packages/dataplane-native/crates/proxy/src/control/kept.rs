//! Endpoints that nobody names any more and that serve on as long as their health checks pass.
//!
//! As in Envoy: what a name server or a control plane forgets for a moment is not what an endpoint says of itself. Not
//! where `ignore_health_on_host_removal` is set.

use std::collections::HashSet;

use config::{Address, Cluster, ClusterKind, Endpoint, LocalityEndpoints};

use crate::snapshot::ClusterEntry;

/// What stays of `before` besides `now`. `entry` was made of `before`.
pub(super) fn keep<'l>(
    config: &Cluster,
    now: &[LocalityEndpoints],
    before: impl Iterator<Item = &'l LocalityEndpoints>,
    entry: &ClusterEntry,
) -> Vec<LocalityEndpoints> {
    let is_dynamic = matches!(config.kind, ClusterKind::Eds { .. } | ClusterKind::StrictDns(_));
    if config.health_check.is_none() || config.ignore_health_on_host_removal || !is_dynamic {
        return Vec::new();
    }
    let named: HashSet<&Address> = addresses(now).collect();
    let well = passing(entry);
    let stays = |endpoint: &&Endpoint| !named.contains(&endpoint.address) && well.contains(&endpoint.address);
    let kept = before.map(|locality| LocalityEndpoints {
        locality: locality.locality.clone(),
        weight: locality.weight,
        priority: locality.priority,
        endpoints: locality.endpoints.iter().filter(stays).cloned().collect(),
    });
    kept.filter(|locality| !locality.endpoints.is_empty()).collect()
}

/// Whether one of those that were kept is not well any more.
pub(super) fn is_outdated(kept: &[LocalityEndpoints], entry: &ClusterEntry) -> bool {
    if kept.is_empty() {
        return false;
    }
    let well = passing(entry);
    addresses(kept).any(|address| !well.contains(address))
}

/// All endpoints that serve.
pub(super) fn merge(now: &[LocalityEndpoints], kept: &[LocalityEndpoints]) -> Vec<LocalityEndpoints> {
    let mut all = now.to_vec();
    for locality in kept {
        let same =
            |other: &&mut LocalityEndpoints| other.locality == locality.locality && other.priority == locality.priority;
        match all.iter_mut().find(same) {
            Some(other) => other.endpoints.extend_from_slice(&locality.endpoints),
            None => all.push(locality.clone()),
        }
    }
    all
}

fn addresses(localities: &[LocalityEndpoints]) -> impl Iterator<Item = &Address> {
    let endpoints = localities.iter().flat_map(|locality| &locality.endpoints);
    endpoints.map(|endpoint| &endpoint.address)
}

fn passing(entry: &ClusterEntry) -> HashSet<&Address> {
    let passing = entry.endpoints.iter().filter(|endpoint| {
        let is_checked = endpoint.health_check.as_ref().is_none_or(|own| !own.disabled);
        let check = &endpoint.state.check;
        is_checked && endpoint.health.is_usable() && !check.has_failed() && !check.is_pending()
    });
    passing.map(|endpoint| &endpoint.state.address).collect()
}
