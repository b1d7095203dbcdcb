//! Groups of endpoints by metadata, and what a route asks of them.

use std::{
    hash::{DefaultHasher, Hash, Hasher},
    sync::Arc,
};

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use crate::{Metadata, Rare};

/// The namespace of filter metadata that load balancing looks at.
pub const LB_NAMESPACE: &str = "envoy.lb";

/// Groups of endpoints by their metadata (`envoy.config.cluster.v3.Cluster.LbSubsetConfig`).
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default, deny_unknown_fields)]
#[allow(
    clippy::struct_excessive_bools,
    reason = "they are independent options, as on the wire"
)]
pub struct Subsets {
    /// Which keys make groups.
    pub selectors: Vec<SubsetSelector>,
    /// What a request gets that asks for nothing, or for a group that is not there.
    pub fallback: SubsetFallback,
    /// The group of [`SubsetFallback::DefaultSubset`].
    pub default_subset: Criteria,
    /// Use any endpoint when the fallback has none.
    pub panic_mode_any: bool,
    /// Shares of localities count inside groups.
    pub locality_weight_aware: bool,
    /// A locality's share shrinks with the part of its endpoints that is in the group.
    pub scale_locality_weight: bool,
    /// An endpoint whose value is a list belongs to the group of each entry.
    pub list_as_any: bool,
}

/// Keys that make groups: one per combination of their values.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default, deny_unknown_fields)]
pub struct SubsetSelector {
    /// The keys, in any order.
    pub keys: Vec<Arc<str>>,
    /// What a request gets that asks for a combination that no endpoint has; `None` is the cluster's.
    pub fallback: Option<SelectorFallback>,
}

/// What a request gets that finds no group.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum SubsetFallback {
    /// Nothing.
    #[default]
    NoFallback,
    /// Any endpoint.
    AnyEndpoint,
    /// One of the default group.
    DefaultSubset,
}

/// What a request gets that asks for a combination that no endpoint has.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum SelectorFallback {
    /// Nothing.
    NoFallback,
    /// Any endpoint.
    AnyEndpoint,
    /// One of the default group.
    DefaultSubset,
    /// What it gets when it asks for these of its keys only.
    KeysSubset(Vec<Arc<str>>),
}

/// Metadata that an endpoint must have: sorted by key, each key once. As JSON an object.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(from = "Map<String, Value>", into = "Map<String, Value>")]
pub struct Criteria(Rare<Vec<Criterion>>);

/// A key with the value it must have.
#[derive(Clone, Debug)]
pub struct Criterion {
    /// The key.
    pub key: Arc<str>,
    /// The value.
    pub value: Value,
    hash: u64,
}

impl Criteria {
    /// Nothing is asked for.
    pub(crate) const NONE: Self = Self(Rare::NONE);
}

impl Criterion {
    /// `key` has to be `value`.
    pub fn new(key: Arc<str>, value: Value) -> Self {
        let mut hasher = DefaultHasher::new();
        (&key, value.to_string()).hash(&mut hasher);
        let hash = hasher.finish();
        Self { key, value, hash }
    }

    /// The hash of key and value; hashes of several may be added up.
    pub fn hash(&self) -> u64 {
        self.hash
    }
}

impl PartialEq for Criterion {
    fn eq(&self, other: &Self) -> bool {
        self.hash == other.hash && self.key == other.key && self.value == other.value
    }
}

impl Eq for Criterion {}

impl Criteria {
    /// What `filter_metadata["envoy.lb"]` asks for.
    pub fn from_metadata(metadata: &Metadata) -> Self {
        metadata
            .namespace(LB_NAMESPACE)
            .map(|map| map.clone().into())
            .unwrap_or_default()
    }

    /// Sorted by key.
    pub fn as_slice(&self) -> &[Criterion] {
        &self.0
    }

    /// Nothing is asked for.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// These and those of `base` whose keys are not among these: a weighted cluster's with its route's.
    #[must_use]
    pub fn over(&self, base: &Self) -> Self {
        let others = base
            .0
            .iter()
            .filter(|entry| !self.0.iter().any(|own| own.key == entry.key));
        let mut merged: Vec<Criterion> = self.0.iter().chain(others).cloned().collect();
        merged.sort_by(|one, two| one.key.cmp(&two.key));
        Self(merged.into())
    }

    /// `metadata` has all of them. With `list_as_any` a list has each of its entries.
    pub fn are_met(&self, metadata: Option<&Map<String, Value>>, list_as_any: bool) -> bool {
        self.0.iter().all(|entry| {
            let value = metadata.and_then(|metadata| metadata.get(&*entry.key));
            value.is_some_and(|value| match value {
                Value::Array(values) if list_as_any => values.contains(&entry.value),
                value => *value == entry.value,
            })
        })
    }
}

impl FromIterator<Criterion> for Criteria {
    fn from_iter<T: IntoIterator<Item = Criterion>>(entries: T) -> Self {
        let mut entries: Vec<Criterion> = entries.into_iter().collect();
        entries.sort_by(|one, two| one.key.cmp(&two.key));
        entries.dedup_by(|later, first| later.key == first.key);
        Self(entries.into())
    }
}

impl From<Map<String, Value>> for Criteria {
    fn from(map: Map<String, Value>) -> Self {
        map.into_iter()
            .map(|(key, value)| Criterion::new(key.into(), value))
            .collect()
    }
}

impl From<Criteria> for Map<String, Value> {
    fn from(criteria: Criteria) -> Self {
        let pairs = criteria.0.iter();
        pairs
            .map(|entry| (entry.key.to_string(), entry.value.clone()))
            .collect()
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn criteria(value: Value) -> Criteria {
        serde_json::from_value(value).unwrap()
    }

    #[test]
    fn a_weighted_clusters_criteria_win_over_its_routes() {
        let route = criteria(json!({ "stage": "prod", "version": "v1" }));
        let cluster = criteria(json!({ "version": "v2", "zone": 1 }));
        assert_eq!(
            cluster.over(&route),
            criteria(json!({ "zone": 1, "stage": "prod", "version": "v2" }))
        );
    }

    #[test]
    fn an_endpoint_has_to_have_every_value() {
        let metadata = json!({ "version": "v1", "stages": ["dev", "prod"] });
        let has = |value, list_as_any| criteria(value).are_met(metadata.as_object(), list_as_any);
        assert!(has(json!({ "version": "v1" }), false));
        assert!(!has(json!({ "version": "v1", "zone": 1 }), false));
        assert!(!has(json!({ "stages": "prod" }), false));
        assert!(has(json!({ "stages": "prod" }), true));
        assert!(!criteria(json!({ "version": "v1" })).are_met(None, false));
    }

    #[test]
    fn the_order_of_keys_does_not_matter() {
        let hash = |value| {
            let criteria = criteria(value);
            criteria
                .as_slice()
                .iter()
                .fold(0_u64, |sum, entry| sum.wrapping_add(entry.hash()))
        };
        assert_eq!(hash(json!({ "a": 1, "b": 2 })), hash(json!({ "b": 2, "a": 1 })));
        assert_ne!(hash(json!({ "a": 1, "b": 2 })), hash(json!({ "a": 2, "b": 1 })));
    }
}
