//! What is stored becomes what workers serve: only what changed is compiled again.

use std::sync::Arc;

use xds::ResourceType;

use super::{CompiledCluster, State, problem};
use crate::{
    Problem, Severity, build,
    control::kept,
    snapshot::{ClusterEntry, ListenerEntry, Map, RouteEntry},
};

impl State {
    pub(super) fn compile_clusters(&mut self, problems: &mut Vec<Problem>) -> Map<Arc<ClusterEntry>> {
        let mut before = std::mem::take(&mut self.compiled.clusters);
        let mut compiled = Map::default();
        let configs = self.store.clusters();
        let is_zone_new = self.look_where_requests_come_from(&configs);
        for config in configs {
            let endpoints = self.store.endpoints(&config, &self.resolver);
            let known = before.remove(&config.name);
            let now = match known {
                Some(known)
                    if Arc::ptr_eq(&known.config, &config)
                        && known.endpoints.is_same(&endpoints)
                        && !(is_zone_new && config.zone_aware.is_some())
                        && !kept::is_outdated(&known.kept, &known.entry) =>
                {
                    known
                }
                known => {
                    let kept = known.as_ref().map_or_else(Vec::new, |old| {
                        let before = old.endpoints.localities().iter().chain(&old.kept);
                        kept::keep(&config, endpoints.localities(), before, &old.entry)
                    });
                    let old = known.as_ref().map(|known| &*known.entry);
                    let named = endpoints.localities();
                    let overprovisioning = endpoints.overprovisioning_percent();
                    let compiled = if kept.is_empty() {
                        self.builder.cluster(&config, named, overprovisioning, old)
                    } else {
                        let all = kept::merge(named, &kept);
                        self.builder.cluster(&config, &all, overprovisioning, old)
                    };
                    let entry = match compiled {
                        Ok(entry) => {
                            if let Some(old) = old {
                                build::retire(old, Some(&entry));
                            }
                            Some(Arc::new(entry))
                        }
                        Err(invalid) => {
                            problems.push(problem(Severity::Error, ResourceType::Cluster, &config.name, &invalid));
                            known.map(|known| known.entry)
                        }
                    };
                    let Some(entry) = entry else { continue };
                    CompiledCluster {
                        config,
                        endpoints,
                        kept,
                        entry,
                    }
                }
            };
            let name = &now.config.name;
            compiled.insert(Arc::clone(name), Arc::clone(&now.entry));
            self.compiled.clusters.insert(Arc::clone(name), now);
        }
        for removed in before.values() {
            build::retire(&removed.entry, None);
        }
        compiled
    }

    /// Whether clusters that prefer the proxy's own zone have to share their requests anew.
    fn look_where_requests_come_from(&mut self, clusters: &[Arc<config::Cluster>]) -> bool {
        let node = &self.builder.shared.node;
        let is_known = !node.local_cluster.is_empty();
        let mut named = clusters
            .iter()
            .filter(|cluster| is_known && *cluster.name == *node.local_cluster);
        let own = named
            .next()
            .map(|cluster| self.store.endpoints(cluster, &self.resolver));
        let zone = node.local_zone(own.as_ref().map_or(&[], |endpoints| endpoints.localities()));
        let is_new = self.builder.zone != zone;
        self.builder.zone = zone;
        is_new
    }

    pub(super) fn compile_routes(&mut self, problems: &mut Vec<Problem>) -> Map<Arc<RouteEntry>> {
        let mut before = std::mem::take(&mut self.compiled.routes);
        let mut compiled = Map::default();
        for config in self.store.routes() {
            let known = before.remove(&config.name);
            let kept = match known {
                Some((old, entry)) if Arc::ptr_eq(&old, &config) => Some((old, entry)),
                known => match self.builder.routes(&config) {
                    Ok(entry) => Some((config, Arc::new(entry))),
                    Err(invalid) => {
                        problems.push(problem(Severity::Error, ResourceType::Route, &config.name, &invalid));
                        known
                    }
                },
            };
            if let Some((config, entry)) = kept {
                compiled.insert(Arc::clone(&config.name), Arc::clone(&entry));
                self.compiled.routes.insert(Arc::clone(&config.name), (config, entry));
            }
        }
        compiled
    }

    pub(super) fn compile_listeners(
        &mut self,
        routes: &Map<Arc<RouteEntry>>,
        problems: &mut Vec<Problem>,
    ) -> Map<Arc<ListenerEntry>> {
        let mut before = std::mem::take(&mut self.compiled.listeners);
        let mut compiled = Map::default();
        self.waiting.clear();
        for config in self.store.listeners() {
            let known = before.remove(&config.name);
            let missing = build::missing(&config, &self.builder.secrets, |name| routes.contains_key(name));
            let is_same = known.as_ref().is_some_and(|(old, _)| Arc::ptr_eq(old, &config));
            let kept = if is_same {
                known
            } else if missing.is_empty() {
                match self.builder.listener(&config) {
                    Ok(entry) => {
                        for warning in self.builder.warnings.drain(..) {
                            problems.push(problem(
                                Severity::Warning,
                                ResourceType::Listener,
                                &config.name,
                                &warning,
                            ));
                        }
                        Some((Arc::clone(&config), Arc::new(entry)))
                    }
                    Err(invalid) => {
                        problems.push(problem(Severity::Error, ResourceType::Listener, &config.name, &invalid));
                        known
                    }
                }
            } else {
                // The version before, if there is one, serves until all of this one is there.
                self.waiting.insert(Arc::clone(&config.name), missing);
                known
            };
            if let Some((config, entry)) = kept {
                compiled.insert(Arc::clone(&config.name), Arc::clone(&entry));
                self.compiled
                    .listeners
                    .insert(Arc::clone(&config.name), (config, entry));
            }
        }
        compiled
    }
}
