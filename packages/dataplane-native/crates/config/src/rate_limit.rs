//! Bounds on how many requests pass.

use std::sync::Arc;

use serde::{Deserialize, Serialize};

use crate::{FractionalPercent, GrpcService, HeaderMatcher, HeaderName, HeaderSet, QueryMatcher};

/// A bound that this proxy keeps by itself (`envoy.extensions.filters.http.local_ratelimit.v3.LocalRateLimit`).
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default, deny_unknown_fields)]
pub struct LocalRateLimit {
    /// Prefix of the statistics.
    pub stat_prefix: Arc<str>,
    /// How many; `None` lets all pass.
    pub bucket: Option<TokenBucket>,
    /// Share of requests that are counted.
    pub enabled: FractionalPercent,
    /// Share of those above the bound that are refused.
    pub enforced: FractionalPercent,
    /// What they are answered with.
    pub status: u16,
    /// Headers of that answer.
    pub response_headers: Vec<HeaderSet>,
    /// Headers that mark a request above the bound that is let pass.
    pub marking_headers: Vec<HeaderSet>,
}

impl Default for LocalRateLimit {
    fn default() -> Self {
        Self {
            stat_prefix: "".into(),
            bucket: None,
            enabled: FractionalPercent::new(0, 100),
            enforced: FractionalPercent::new(0, 100),
            status: 429,
            response_headers: Vec::new(),
            marking_headers: Vec::new(),
        }
    }
}

/// So many at once, and so many again after a while.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct TokenBucket {
    /// Requests that may come at once.
    pub max_tokens: u32,
    /// Requests that may come again with each interval.
    pub tokens_per_fill: u32,
    /// The interval in milliseconds.
    pub fill_interval_ms: u64,
}

/// A bound that a service keeps for all proxies (`envoy.extensions.filters.http.ratelimit.v3.RateLimit`).
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default, deny_unknown_fields)]
#[allow(clippy::struct_excessive_bools, reason = "each is a field of Envoy's")]
pub struct GlobalRateLimit {
    /// Name of the service's configuration.
    pub domain: Arc<str>,
    /// Which of the routes' limits count.
    pub stage: u8,
    /// The service. 20 ms by default.
    pub service: GrpcService,
    /// A service that fails refuses this share of requests.
    pub failure_denied: FractionalPercent,
    /// A client of gRPC gets `RESOURCE_EXHAUSTED` instead of `UNAVAILABLE`.
    pub as_resource_exhausted: bool,
    /// Tell the client its limit: `x-ratelimit-limit`, `-remaining`, `-reset` (draft-polli-ratelimit-headers-03).
    pub sends_limit_headers: bool,
    /// Leave `x-envoy-ratelimited` out of refusals.
    pub without_envoy_header: bool,
    /// Status of a refusal.
    pub status: u16,
    /// Status where the service fails and that refuses.
    pub status_on_error: u16,
    /// Headers of refusals.
    pub response_headers: Vec<HeaderSet>,
    /// Share of requests that are counted.
    pub enabled: FractionalPercent,
    /// Share of those above the bound that are refused.
    pub enforced: FractionalPercent,
    /// Limits in place of those of routes.
    pub limits: Vec<RouteLimit>,
    /// Prefix of the statistics.
    pub stat_prefix: Arc<str>,
}

impl Default for GlobalRateLimit {
    fn default() -> Self {
        Self {
            domain: "".into(),
            stage: 0,
            service: GrpcService::default(),
            failure_denied: FractionalPercent::new(0, 100),
            as_resource_exhausted: false,
            sends_limit_headers: false,
            without_envoy_header: false,
            status: 429,
            status_on_error: 500,
            response_headers: Vec::new(),
            enabled: FractionalPercent::new(100, 100),
            enforced: FractionalPercent::new(100, 100),
            limits: Vec::new(),
            stat_prefix: "".into(),
        }
    }
}

/// What a route changes (`ratelimit.v3.RateLimitPerRoute`).
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default, deny_unknown_fields)]
pub struct RateLimitOverride {
    /// Whether the virtual host's limits count.
    pub of_host: HostLimits,
    /// Limits in place of the route's.
    pub limits: Vec<RouteLimit>,
    /// Another domain; empty is the filter's.
    pub domain: Arc<str>,
}

/// Whether the limits of a virtual host count (`RateLimitPerRoute.VhRateLimitsOptions`).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum HostLimits {
    /// Where the route has none.
    #[default]
    Otherwise,
    /// Always.
    Too,
    /// Never.
    Not,
}

/// What a request is counted as (`envoy.config.route.v3.RateLimit`).
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default, deny_unknown_fields)]
pub struct RouteLimit {
    /// For filters of this stage.
    pub stage: u8,
    /// Each adds an entry to the descriptor. One that has nothing to add gives it up, unless it may be left out.
    pub actions: Vec<LimitAction>,
    /// How much a request counts; 0 is 1.
    pub hits: u64,
}

/// An entry of a descriptor.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", rename_all_fields = "camelCase")]
pub enum LimitAction {
    /// `source_cluster`: the service that this proxy stands beside.
    SourceCluster,
    /// `destination_cluster`: where the route goes.
    DestinationCluster,
    /// The value of a header.
    RequestHeader {
        /// The header.
        name: HeaderName,
        /// Key of the entry.
        key: Arc<str>,
        /// Leave the entry out where there is none.
        #[serde(default)]
        skip_if_absent: bool,
    },
    /// The value of a parameter of the query.
    QueryParameter {
        /// The parameter.
        name: Arc<str>,
        /// Key of the entry.
        key: Arc<str>,
        /// Leave the entry out where there is none.
        #[serde(default)]
        skip_if_absent: bool,
    },
    /// `remote_address`: the client's address.
    RemoteAddress,
    /// `masked_remote_address`: the range that the client's address is in.
    MaskedRemoteAddress {
        /// Bits of an IPv4 address.
        v4: u8,
        /// Bits of an IPv6 address.
        v6: u8,
    },
    /// This text.
    GenericKey {
        /// Key of the entry.
        key: Arc<str>,
        /// Its value.
        value: Arc<str>,
    },
    /// This text where headers match (or do not).
    HeaderMatch {
        /// Key of the entry.
        key: Arc<str>,
        /// Its value.
        value: Arc<str>,
        /// They have to match.
        expected: bool,
        /// All of them.
        headers: Vec<HeaderMatcher>,
    },
    /// This text where parameters of the query match (or do not).
    QueryMatch {
        /// Key of the entry.
        key: Arc<str>,
        /// Its value.
        value: Arc<str>,
        /// They have to match.
        expected: bool,
        /// All of them.
        parameters: Vec<QueryMatcher>,
    },
    /// Text in metadata.
    Metadata {
        /// Key of the entry.
        key: Arc<str>,
        /// Namespace of the metadata.
        namespace: Arc<str>,
        /// Keys from the outside in.
        path: Vec<Arc<str>>,
        /// Where there is none; empty is nothing.
        #[serde(default)]
        default: Arc<str>,
        /// The route's metadata, not the request's.
        #[serde(default)]
        of_route: bool,
        /// Leave the entry out where there is none.
        #[serde(default)]
        skip_if_absent: bool,
    },
}
