//! Pools of endpoints by metadata.

use std::{collections::HashMap, sync::Arc};

use config::{Criteria, Criterion, SelectorFallback, SubsetFallback, SubsetSelector, Subsets};
use foldhash::fast::FixedState;
use serde_json::Value;

use crate::pool::{Blueprint, Pool};

/// Combinations of values that one endpoint may have because its values are lists.
const MAX_COMBINATIONS: usize = 1_024;

/// By the sum of the criteria's hashes; the rare second one with the same sum follows in the list.
type ByCriteria<T> = HashMap<u64, Vec<(Criteria, T)>, FixedState>;

/// All subsets of a cluster, made once; finding one is one look-up.
#[derive(Debug)]
pub(crate) struct SubsetTable {
    pub(crate) config: Arc<Subsets>,
    pools: ByCriteria<Pool>,
    default: Option<Pool>,
}

/// Where to look for an endpoint.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Scope<'t> {
    /// Here only.
    Pool(&'t Pool),
    /// Here, and if that has nothing available, among all.
    PoolOrAll(&'t Pool),
    /// Among all.
    All,
    /// Nowhere.
    Nothing,
}

fn sum<'c>(criteria: impl Iterator<Item = &'c Criterion>) -> u64 {
    criteria.fold(0, |sum, entry| sum.wrapping_add(entry.hash()))
}

impl SubsetTable {
    /// The pools that `config` asks for. They are numbered from 1; 0 are all endpoints.
    pub(crate) fn new(config: &Arc<Subsets>, blueprint: &Blueprint<'_>, by_locality: bool) -> Self {
        let mut found: ByCriteria<Vec<u32>> = HashMap::default();
        for selector in &config.selectors {
            for (position, endpoint) in (0..).zip(blueprint.endpoints) {
                let Some(metadata) = &endpoint.lb_metadata else {
                    continue;
                };
                for criteria in combinations(selector, metadata, config.list_as_any) {
                    let with_sum = found.entry(sum(criteria.as_slice().iter())).or_default();
                    match with_sum.iter_mut().find(|(known, _)| *known == criteria) {
                        // Two selectors may have the same keys.
                        Some((_, endpoints)) if endpoints.last() == Some(&position) => {}
                        Some((_, endpoints)) => endpoints.push(position),
                        None => with_sum.push((criteria, vec![position])),
                    }
                }
            }
        }
        let by_locality = by_locality && config.locality_weight_aware;
        let mut index = 0;
        let mut pool = |endpoints: &[u32]| {
            index += 1;
            blueprint.pool(index, endpoints, by_locality, config.scale_locality_weight)
        };
        let default = (config.fallback == SubsetFallback::DefaultSubset || has_default(config)).then(|| {
            let endpoints = blueprint.endpoints.iter().enumerate();
            let members = endpoints.filter(|(_, endpoint)| {
                let metadata = endpoint.lb_metadata.as_deref();
                config.default_subset.are_met(metadata, config.list_as_any)
            });
            let members: Vec<u32> = members.map(|(position, _)| position as u32).collect();
            pool(&members)
        });
        let mut of_sum = |with_sum: Vec<(Criteria, Vec<u32>)>| -> Vec<(Criteria, Pool)> {
            let entries = with_sum.into_iter();
            entries
                .map(|(criteria, endpoints)| (criteria, pool(&endpoints)))
                .collect()
        };
        let pools = found
            .into_iter()
            .map(|(sum, with_sum)| (sum, of_sum(with_sum)))
            .collect();
        Self {
            config: Arc::clone(config),
            pools,
            default,
        }
    }

    pub(crate) fn pools(&self) -> impl Iterator<Item = &Pool> {
        let named = self.pools.values().flatten().map(|(_, pool)| pool);
        named.chain(&self.default)
    }

    /// Where a request with these criteria goes.
    pub(crate) fn scope(&self, criteria: Option<&Criteria>) -> Scope<'_> {
        let Some(criteria) = criteria.filter(|criteria| !criteria.is_empty()) else {
            return self.fallback();
        };
        self.find(criteria.as_slice(), &|_| true, self.config.selectors.len())
    }

    /// `is_used` tells which of the criteria count; `steps` bounds selectors that fall back on one another.
    fn find(&self, criteria: &[Criterion], is_used: &dyn Fn(&str) -> bool, steps: usize) -> Scope<'_> {
        let used = || criteria.iter().filter(|entry| is_used(&entry.key));
        let with_sum = self.pools.get(&sum(used()));
        let found = with_sum.and_then(|pools| pools.iter().find(|(has, _)| has.as_slice().iter().eq(used())));
        if let Some((_, pool)) = found {
            return Scope::Pool(pool);
        }
        let has_keys = |selector: &&SubsetSelector| {
            selector.keys.len() == used().count() && used().all(|entry| selector.keys.contains(&entry.key))
        };
        let selector = self.config.selectors.iter().find(has_keys);
        match selector.and_then(|selector| selector.fallback.as_ref()) {
            None => self.fallback(),
            Some(SelectorFallback::NoFallback) => Scope::Nothing,
            Some(SelectorFallback::AnyEndpoint) => Scope::All,
            Some(SelectorFallback::DefaultSubset) => self.default.as_ref().map_or(Scope::Nothing, Scope::Pool),
            Some(SelectorFallback::KeysSubset(_)) if steps == 0 => Scope::Nothing,
            Some(SelectorFallback::KeysSubset(keys)) => {
                self.find(criteria, &|key| keys.iter().any(|kept| **kept == *key), steps - 1)
            }
        }
    }

    fn fallback(&self) -> Scope<'_> {
        match (self.config.fallback, &self.default) {
            (SubsetFallback::AnyEndpoint, _) => Scope::All,
            (SubsetFallback::DefaultSubset, Some(pool)) if self.config.panic_mode_any => Scope::PoolOrAll(pool),
            (SubsetFallback::DefaultSubset, Some(pool)) => Scope::Pool(pool),
            (SubsetFallback::NoFallback | SubsetFallback::DefaultSubset, _) => Scope::Nothing,
        }
    }
}

fn has_default(config: &Subsets) -> bool {
    let fallbacks = config.selectors.iter().map(|selector| &selector.fallback);
    fallbacks
        .into_iter()
        .any(|fallback| *fallback == Some(SelectorFallback::DefaultSubset))
}

/// The subsets of a selector that an endpoint belongs to: one if it has all keys, several where a value is a list.
fn combinations(
    selector: &SubsetSelector,
    metadata: &serde_json::Map<String, Value>,
    list_as_any: bool,
) -> Vec<Criteria> {
    let mut combinations: Vec<Vec<Criterion>> = vec![Vec::new()];
    for key in &selector.keys {
        let values = match metadata.get(&**key) {
            None => return Vec::new(),
            Some(Value::Array(values)) if list_as_any => values.as_slice(),
            Some(value) => std::slice::from_ref(value),
        };
        let with = |known: &Vec<Criterion>| {
            let known = known.clone();
            values.iter().map(move |value| {
                let mut all = known.clone();
                all.push(Criterion::new(Arc::clone(key), value.clone()));
                all
            })
        };
        combinations = combinations.iter().flat_map(with).take(MAX_COMBINATIONS).collect();
    }
    combinations.into_iter().map(Criteria::from_iter).collect()
}
