//! What is wrong with a piece of configuration, and where.

use std::fmt;

use serde::{Deserialize, Serialize};

/// A problem with a resource: built from the inside out, each caller prepends its part of the path.
///
/// ```
/// use config::Invalid;
/// let invalid = Invalid::new("unknown cluster \"x\"").field("cluster").index(3).field("routes").of("route", "9080");
/// assert_eq!(invalid.to_string(), "route \"9080\": routes[3].cluster: unknown cluster \"x\"");
/// ```
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Invalid {
    /// Kind and name of the resource, e.g. `listener "virtualInbound"`; empty while the problem travels outwards.
    pub resource: String,
    /// Path of the offending field inside the resource, e.g. `filterChains[0].filters[1]`.
    pub path: String,
    /// What is wrong, with the offending value, and what to do; lower-case.
    pub message: String,
}

impl Invalid {
    /// A problem without a place yet.
    pub fn new(message: impl Into<String>) -> Self {
        Self {
            resource: String::new(),
            path: String::new(),
            message: message.into(),
        }
    }

    /// Prepends the field `name` (camelCase) to the path.
    #[must_use]
    pub fn field(mut self, name: &str) -> Self {
        let separator = if self.path.is_empty() || self.path.starts_with('[') {
            ""
        } else {
            "."
        };
        self.path = format!("{name}{separator}{}", self.path);
        self
    }

    /// Prepends the position `index` to the path.
    #[must_use]
    pub fn index(self, index: usize) -> Self {
        self.field(&format!("[{index}]"))
    }

    /// Prepends the map key `key` to the path.
    #[must_use]
    pub fn key(self, key: &str) -> Self {
        self.field(&format!("[{key:?}]"))
    }

    /// Names the resource.
    #[must_use]
    pub fn of(mut self, kind: &str, name: &str) -> Self {
        self.resource = format!("{kind} {name:?}");
        self
    }
}

impl fmt::Display for Invalid {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for part in [&self.resource, &self.path] {
            if !part.is_empty() {
                write!(f, "{part}: ")?;
            }
        }
        f.write_str(&self.message)
    }
}

impl std::error::Error for Invalid {}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_path_reads_from_the_resource_to_the_field() {
        let invalid = Invalid::new("bad")
            .field("routeConfig")
            .index(1)
            .field("filters")
            .index(0)
            .field("filterChains");
        assert_eq!(invalid.path, "filterChains[0].filters[1].routeConfig");
        assert_eq!(
            invalid.of("listener", "x").to_string(),
            "listener \"x\": filterChains[0].filters[1].routeConfig: bad"
        );
    }

    #[test]
    fn a_map_key_is_quoted() {
        assert_eq!(
            Invalid::new("bad").field("action").key("ns[a]").field("policies").path,
            r#"policies["ns[a]"].action"#
        );
    }
}
