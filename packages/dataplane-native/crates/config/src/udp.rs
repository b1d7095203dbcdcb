//! Listeners of datagrams.

use std::sync::Arc;

use serde::{Deserialize, Serialize};

use crate::{AccessLog, MatchTree};

/// Sends datagrams on to endpoints, and theirs back (`envoy.extensions.filters.udp.udp_proxy.v3.UdpProxyConfig`). All
/// datagrams of a client belong to a session, which has one endpoint.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct UdpProxy {
    /// Prefix of the statistics.
    #[serde(default)]
    pub stat_prefix: Arc<str>,
    /// The cluster of a new session.
    pub route: MatchTree<Arc<str>>,
    /// A session without a datagram for so long ends; in milliseconds.
    #[serde(default = "idle_timeout")]
    pub idle_timeout_ms: u64,
    /// What clusters that balance by hash get.
    #[serde(default)]
    pub hash: Option<UdpHash>,
    /// One entry for each session that has ended.
    #[serde(default)]
    pub access_log: Vec<AccessLog>,
}

fn idle_timeout() -> u64 {
    60_000
}

/// What a session's endpoint is chosen by (`UdpProxyConfig.HashPolicy`).
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum UdpHash {
    /// The client's address.
    SourceIp,
    /// A key that several listeners may share.
    Key(Arc<str>),
}
