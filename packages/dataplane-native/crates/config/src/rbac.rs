//! Access rules (`envoy.config.rbac.v3.RBAC`).

use std::{collections::BTreeMap, sync::Arc};

use serde::{Deserialize, Serialize};

use crate::{CidrRange, HeaderMatcher, MetadataMatcher, StringMatcher};

/// The rules of an RBAC filter, of HTTP or of a connection.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default, deny_unknown_fields)]
pub struct Rbac {
    /// Rules that decide; `None` lets everything pass.
    pub rules: Option<RbacRules>,
    /// Rules that are evaluated and only counted.
    pub shadow_rules: Option<RbacRules>,
    /// Prefix of the statistics.
    pub stat_prefix: Arc<str>,
    /// Prefix of the statistics of the shadow rules, e.g. `istio_dry_run_allow_`.
    pub shadow_stat_prefix: Arc<str>,
}

/// Policies and what a match means.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct RbacRules {
    /// What a match means.
    #[serde(default)]
    pub action: RbacAction,
    /// Policies by name, tried in the order of their names. With `allow` and no policy, everything is denied.
    #[serde(default)]
    pub policies: BTreeMap<Arc<str>, Policy>,
}

/// What a match of a policy means.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum RbacAction {
    /// Only what matches passes.
    #[default]
    Allow,
    /// What matches is refused.
    Deny,
    /// Everything passes; a match is noted.
    Log,
}

/// Matches if one permission and one principal match.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Policy {
    /// What is done.
    pub permissions: Vec<Permission>,
    /// Who does it.
    pub principals: Vec<Principal>,
}

/// A test of what is done.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum Permission {
    /// Anything.
    Any,
    /// All of them.
    And(Vec<Permission>),
    /// One of them.
    Or(Vec<Permission>),
    /// Not this.
    Not(Box<Permission>),
    /// A request header; never matches on a bare connection.
    Header(HeaderMatcher),
    /// The path without its query; never matches on a bare connection.
    UrlPath(StringMatcher),
    /// Local address of the connection.
    DestinationIp(CidrRange),
    /// Local port of the connection.
    DestinationPort(u16),
    /// Local port from `start` up to, not including, `end`.
    DestinationPortRange {
        /// First that matches.
        start: u32,
        /// First after it that does not.
        end: u32,
    },
    /// SNI.
    RequestedServerName(StringMatcher),
    /// Dynamic metadata.
    Metadata(MetadataMatcher),
}

/// A test of who does it.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum Principal {
    /// Anybody.
    Any,
    /// All of them.
    And(Vec<Principal>),
    /// One of them.
    Or(Vec<Principal>),
    /// Not this.
    Not(Box<Principal>),
    /// A peer with a verified certificate, whose URI or DNS name (else subject) passes.
    Authenticated(Option<StringMatcher>),
    /// Peer of the socket (`direct_remote_ip`, and the deprecated `source_ip`).
    DirectRemoteIp(CidrRange),
    /// The client's address as `X-Forwarded-For` or the PROXY protocol say.
    RemoteIp(CidrRange),
    /// A request header; never matches on a bare connection.
    Header(HeaderMatcher),
    /// The path without its query; never matches on a bare connection.
    UrlPath(StringMatcher),
    /// Dynamic metadata.
    Metadata(MetadataMatcher),
    /// A string in the filter state, e.g. `io.istio.peer_principal`.
    FilterState(Arc<str>, StringMatcher),
}
