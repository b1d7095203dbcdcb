//! Endpoints that requests name.

use serde::{Deserialize, Serialize};

use crate::{HeaderName, MetadataKey};

/// Requests say which endpoints they should go to, or a service that was asked about them did, e.g. the endpoint picker of an inference pool
/// (`envoy.load_balancing_policies.override_host`). The first endpoint that is named is for the first attempt, the next ones for the next
/// attempts; names of none, and of those that cannot be used, are passed over. After them the cluster's policy chooses.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default, deny_unknown_fields)]
pub struct OverrideHost {
    /// Where the addresses stand, as `ip:port` with commas between them; the first place that says anything counts.
    pub sources: Vec<OverrideHostSource>,
    /// Where in the request's metadata the address of the endpoint is written that was chosen, by whatever means.
    pub selected: Option<MetadataKey>,
}

/// Where the addresses of endpoints stand.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum OverrideHostSource {
    /// In a header of the request.
    Header(HeaderName),
    /// In what filters found out about the request.
    Metadata(MetadataKey),
}
