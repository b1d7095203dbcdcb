//! Envoy's filter metadata: JSON objects by namespace.

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

/// `filter_metadata` of a resource. Most resources have none, which costs one pointer.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Metadata(Option<Box<Map<String, Value>>>);

/// An entry of the cluster metadata `filter_metadata["istio"]["services"]`.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct IstioService {
    /// Hostname, e.g. `reviews.default.svc.cluster.local`.
    pub host: String,
    /// Short name, e.g. `reviews`.
    pub name: String,
    /// Namespace.
    pub namespace: String,
}

impl Metadata {
    /// Metadata from a JSON object by namespace; anything else is empty metadata.
    pub fn from_json(value: Value) -> Self {
        match value {
            Value::Object(map) if !map.is_empty() => Self(Some(Box::new(map))),
            _ => Self(None),
        }
    }

    /// Nothing in it.
    pub fn is_empty(&self) -> bool {
        self.0.is_none()
    }

    /// The value at `key` of `namespace`.
    pub fn get(&self, namespace: &str, key: &str) -> Option<&Value> {
        self.namespace(namespace)?.get(key)
    }

    /// All of `namespace`.
    pub fn namespace(&self, namespace: &str) -> Option<&Map<String, Value>> {
        self.0.as_ref()?.get(namespace)?.as_object()
    }

    /// Takes an entry out, and its namespace if nothing else is in it.
    pub fn remove(&mut self, namespace: &str, key: &str) {
        let Some(all) = &mut self.0 else { return };
        if let Some(entries) = all.get_mut(namespace).and_then(Value::as_object_mut) {
            entries.remove(key);
            if entries.is_empty() {
                all.remove(namespace);
            }
        }
        if all.is_empty() {
            self.0 = None;
        }
    }

    /// What these namespaces say.
    #[must_use]
    pub fn only(&self, namespaces: &[std::sync::Arc<str>]) -> Self {
        let entries = namespaces.iter().filter_map(|name| {
            let value = self.0.as_ref()?.get(&**name)?;
            Some((name.to_string(), value.clone()))
        });
        Self::from_json(Value::Object(entries.collect()))
    }

    /// The services that Istio (and Pilot) say a cluster stands for.
    pub fn istio_services(&self) -> Vec<IstioService> {
        let list = self.get("istio", "services").and_then(Value::as_array);
        list.into_iter()
            .flatten()
            .filter_map(|value| serde_json::from_value(value.clone()).ok())
            .collect()
    }
}
