//! Names that the proxy answers by itself.

use std::{collections::BTreeMap, net::IpAddr, sync::Arc};

use serde::{Deserialize, Serialize};

/// Hosts by their full names, which may start with `*.` (Istio's `NameTable`).
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default, deny_unknown_fields)]
pub struct NameTable {
    /// What the control plane calls it; the table of everything has no name.
    pub name: Arc<str>,
    /// The hosts.
    pub hosts: BTreeMap<Arc<str>, HostNames>,
}

/// A host's addresses and its further names.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default, deny_unknown_fields)]
pub struct HostNames {
    /// Of both families.
    pub addresses: Vec<IpAddr>,
    /// What it is called where it is a service of Kubernetes, or is named like one.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub kubernetes: Option<ServiceName>,
    /// Further full names.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub other_names: Vec<Arc<str>>,
}

/// A service's own name and its namespace.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default, deny_unknown_fields)]
pub struct ServiceName {
    /// `reviews`
    pub shortname: Arc<str>,
    /// `default`
    pub namespace: Arc<str>,
}
