//! Where a piece of configuration was written.

use serde::{Deserialize, Serialize};

use crate::Metadata;

/// The object a listener, virtual host, route or cluster was made from: an entry of
/// `filter_metadata["fairlead.dev"]["origins"]`.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct Origin {
    /// Resource kind, e.g. `VirtualService`.
    pub kind: String,
    /// Namespace of the object.
    pub namespace: String,
    /// Name of the object.
    pub name: String,
    /// File it was read from, if it was.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub file: Option<String>,
    /// Line in that file, from 1.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub line: Option<u32>,
    /// Path inside the object, e.g. `spec.http[0]`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub path: Option<String>,
}

impl Origin {
    /// What metadata says about origins, and the rest of it: nothing is kept twice.
    pub fn split(mut metadata: Metadata) -> (Vec<Self>, Metadata) {
        let origins = Self::from_metadata(&metadata);
        if !origins.is_empty() {
            metadata.remove("fairlead.dev", "origins");
        }
        (origins, metadata)
    }

    /// Reads the origins out of a resource's metadata; what does not have their shape is left out.
    pub fn from_metadata(metadata: &Metadata) -> Vec<Self> {
        let Some(list) = metadata
            .get("fairlead.dev", "origins")
            .and_then(|value| value.as_array())
        else {
            return Vec::new();
        };
        list.iter()
            .map(|value| {
                let text = |key: &str| value.get(key).and_then(|v| v.as_str()).map(str::to_owned);
                Self {
                    kind: text("kind").unwrap_or_default(),
                    namespace: text("namespace").unwrap_or_default(),
                    name: text("name").unwrap_or_default(),
                    file: text("file"),
                    // A protobuf Struct has doubles only.
                    line: value
                        .get("line")
                        .and_then(serde_json::Value::as_f64)
                        .map(|line| line as u32),
                    path: text("path"),
                }
            })
            .collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn origins_come_from_our_own_metadata_namespace() {
        let metadata = Metadata::from_json(serde_json::json!({
            "fairlead.dev": {"origins": [{"kind": "VirtualService", "namespace": "default", "name": "reviews", "line": 12.0}]},
        }));
        let origins = Origin::from_metadata(&metadata);
        assert_eq!(origins.len(), 1);
        assert_eq!(
            (origins[0].kind.as_str(), origins[0].line, origins[0].file.as_deref()),
            ("VirtualService", Some(12), None)
        );
    }

    #[test]
    fn resources_of_other_servers_have_no_origins() {
        let metadata = Metadata::from_json(serde_json::json!({"istio": {"config": "/apis/x"}}));
        assert!(Origin::from_metadata(&metadata).is_empty());
    }
}
