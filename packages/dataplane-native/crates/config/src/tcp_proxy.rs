//! Connections that are joined with one to an upstream.

use std::sync::Arc;

use serde::{Deserialize, Serialize};

use crate::{AccessLog, Criteria, HeaderSet, RouteTarget, Template};

/// Raw TCP (`envoy.extensions.filters.network.tcp_proxy.v3.TcpProxy`).
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct TcpProxy {
    /// Prefix of the statistics.
    pub stat_prefix: Arc<str>,
    /// Where to.
    #[serde(flatten)]
    pub target: RouteTarget,
    /// Time without a byte in either direction in milliseconds; 0 is none.
    pub idle_timeout_ms: u64,
    /// Life of a connection in milliseconds; 0 is unlimited.
    pub max_connection_duration_ms: u64,
    /// Connections to try before giving up.
    pub max_connect_attempts: u32,
    /// Wrap the bytes in an HTTP request to the upstream; `None` sends them as they are.
    pub tunneling: Option<TunnelingConfig>,
    /// Connections of one client go to one endpoint, where the cluster balances by hash.
    pub hash_source_ip: bool,
    /// The subset of endpoints; a weighted cluster's own comes first.
    pub metadata_match: Criteria,
    /// Logs.
    pub access_log: Vec<AccessLog>,
}

/// How TCP travels inside a request (`TcpProxy.TunnelingConfig`).
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default, deny_unknown_fields)]
pub struct TunnelingConfig {
    /// Authority of the request, `host:port`, with operators of the connection such as `%DOWNSTREAM_LOCAL_ADDRESS%`.
    pub hostname: Template,
    /// POST instead of CONNECT.
    pub use_post: bool,
    /// Path of a POST.
    pub post_path: Arc<str>,
    /// Headers of the request.
    pub headers: Vec<HeaderSet>,
}

impl Default for TunnelingConfig {
    fn default() -> Self {
        Self {
            hostname: Template::default(),
            use_post: false,
            post_path: "/".into(),
            headers: Vec::new(),
        }
    }
}

impl Default for TcpProxy {
    fn default() -> Self {
        Self {
            stat_prefix: "".into(),
            target: RouteTarget::Cluster("".into()),
            idle_timeout_ms: 3_600_000,
            max_connection_duration_ms: 0,
            max_connect_attempts: 1,
            tunneling: None,
            hash_source_ip: false,
            metadata_match: Criteria::default(),
            access_log: Vec::new(),
        }
    }
}
