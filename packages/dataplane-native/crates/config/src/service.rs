//! Services that the proxy calls itself.

use std::sync::Arc;

use serde::{Deserialize, Serialize};

use crate::HeaderName;

/// A service that is called by gRPC (`envoy.config.core.v3.GrpcService.EnvoyGrpc`).
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default, deny_unknown_fields)]
pub struct GrpcService {
    /// Its cluster.
    pub cluster: Arc<str>,
    /// Host of the calls; empty is the cluster's name.
    pub authority: Arc<str>,
    /// Time for a call in milliseconds; 0 is the default of who calls.
    pub timeout_ms: u64,
    /// Fields that calls get.
    pub initial_metadata: Vec<(HeaderName, Arc<str>)>,
}
