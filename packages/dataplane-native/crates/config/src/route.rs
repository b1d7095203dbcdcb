//! Route configurations.

use std::{collections::BTreeMap, ops::Deref, sync::Arc};

use serde::{Deserialize, Serialize};

use crate::{
    Criteria, FilterOverride, FractionalPercent, HeaderMatcher, HeaderMutations, HeaderName, HedgePolicy, Metadata,
    MetadataMatcher, Origin, Pattern, QueryMatcher, Rare, RequestView, RetryPolicy, RouteLimit, RouteTracing, Silent,
    Substitution,
};

/// Routes by host (`envoy.config.route.v3.RouteConfiguration`).
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default, deny_unknown_fields)]
pub struct RouteConfiguration {
    /// Unique name.
    pub name: Arc<str>,
    /// Hosts with their routes.
    pub virtual_hosts: Vec<VirtualHost>,
    /// Header operations for all routes.
    pub headers: Rare<HeaderMutations>,
    /// Do those of routes last, so that they win; by default those of the route configuration do.
    pub most_specific_header_mutations_wins: bool,
    /// A route to a cluster that does not exist makes the configuration invalid.
    pub validate_clusters: bool,
    /// Match hosts without their port.
    pub ignore_port_in_host_matching: bool,
    /// How routes configure filters, by filter name.
    pub filter_overrides: Rare<BTreeMap<Arc<str>, FilterOverride>>,
    /// Filter metadata.
    pub metadata: Metadata,
    /// What it was made from.
    pub origins: Rare<Vec<Origin>>,
}

/// The routes of some hosts.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default, deny_unknown_fields)]
pub struct VirtualHost {
    /// Unique name.
    pub name: Arc<str>,
    /// Hosts: `example.com`, `*.example.com`, `example.*`, `*`.
    pub domains: Vec<Arc<str>>,
    /// Routes; the first that matches wins.
    #[serde(deserialize_with = "crate::shared::slice")]
    pub routes: Box<[Route]>,
    /// For routes without one.
    #[serde(deserialize_with = "crate::retry::deserialize_shared")]
    pub retry: Option<Arc<RetryPolicy>>,
    /// For routes without one.
    pub hedge: Option<HedgePolicy>,
    /// Header operations for all routes.
    pub headers: Rare<HeaderMutations>,
    /// Answer plain HTTP by a redirect to HTTPS.
    pub require_tls: bool,
    /// Tell the upstream which try it is (`x-envoy-attempt-count`).
    pub include_request_attempt_count: bool,
    /// Tell the client how many tries it took.
    pub include_attempt_count_in_response: bool,
    /// What requests are counted as, for filters that limit them.
    pub rate_limits: Rare<Vec<RouteLimit>>,
    /// How routes configure filters, by filter name.
    pub filter_overrides: Rare<BTreeMap<Arc<str>, FilterOverride>>,
    /// Requests that are counted together; the first that matches wins.
    pub virtual_clusters: Vec<VirtualCluster>,
    /// Filter metadata.
    pub metadata: Metadata,
    /// What it was made from.
    pub origins: Rare<Vec<Origin>>,
}

/// Requests that are counted together, whatever their routes (`envoy.config.route.v3.VirtualCluster`).
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct VirtualCluster {
    /// What they are called.
    pub name: Arc<str>,
    /// All of them have to hold.
    pub headers: Vec<HeaderMatcher>,
}

impl VirtualHost {
    /// The place of the virtual cluster that a request belongs to.
    pub fn virtual_cluster<V: RequestView + ?Sized>(&self, view: &V) -> Option<usize> {
        let mut clusters = self.virtual_clusters.iter();
        clusters.position(|cluster| cluster.headers.iter().all(|header| header.matches(view)))
    }
}

/// Which requests, and what happens to them (`envoy.config.route.v3.Route`).
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default, deny_unknown_fields)]
pub struct Route {
    /// Name for logs; may be empty.
    pub name: Arc<str>,
    /// Which requests.
    #[serde(rename = "match")]
    pub matches: RouteMatch,
    /// What happens to them.
    pub action: RouteAction,
    /// Header operations.
    pub headers: Rare<HeaderMutations>,
    /// How this route configures filters, by filter name.
    pub filter_overrides: Rare<BTreeMap<Arc<str>, FilterOverride>>,
    /// Name of the operation in traces (`decorator.operation`).
    #[serde(deserialize_with = "crate::shared::deserialize")]
    pub operation: Arc<str>,
    /// What it says about spans; `None`: what the connection manager says.
    pub tracing: Option<Box<RouteTracing>>,
    /// Prefix of statistics of its own; empty has none.
    pub stat_prefix: Arc<str>,
    /// Filter metadata.
    pub metadata: Metadata,
    /// What it was made from.
    pub origins: Rare<Vec<Origin>>,
}

/// Which requests: all conditions must hold (`envoy.config.route.v3.RouteMatch`).
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default, deny_unknown_fields)]
pub struct RouteMatch {
    /// The path.
    pub path: PathMatch,
    /// Whether letters of the path must have the same case (not for regular expressions).
    pub case_sensitive: bool,
    /// Headers.
    pub headers: Box<[HeaderMatcher]>,
    /// Query parameters.
    pub query: Rare<Vec<QueryMatcher>>,
    /// Share of the requests that pass everything else; the others go to the next route.
    pub fraction: Option<FractionalPercent>,
    /// Only gRPC requests (`content-type: application/grpc…`).
    pub grpc: bool,
    /// What filters found out about the request, e.g. the claims of its token (`dynamic_metadata`). It holds once a filter
    /// has had the route looked for again.
    pub metadata: Rare<Vec<MetadataMatcher>>,
}

impl Default for RouteMatch {
    fn default() -> Self {
        Self {
            path: PathMatch::default(),
            case_sensitive: true,
            headers: Box::default(),
            query: Rare::default(),
            fraction: None,
            grpc: false,
            metadata: Rare::default(),
        }
    }
}

/// A test of the path without its query.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum PathMatch {
    /// Starts with.
    Prefix(Arc<str>),
    /// Equal.
    Exact(Arc<str>),
    /// The whole path matches.
    Regex(Pattern),
    /// Equal, or goes on with a slash: `/a` takes `/a` and `/a/b`, not `/ab`.
    SeparatedPrefix(Arc<str>),
    /// A CONNECT request, whatever its path.
    Connect,
}

impl Default for PathMatch {
    fn default() -> Self {
        Self::Prefix("/".into())
    }
}

/// What happens to a request.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum RouteAction {
    /// Sent to a cluster.
    Forward(Box<Forward>),
    /// Answered by a redirect.
    Redirect(Box<Redirect>),
    /// Answered at once.
    DirectResponse(Box<DirectResponse>),
}

impl Default for RouteAction {
    fn default() -> Self {
        Self::DirectResponse(Box::new(DirectResponse {
            status: 404,
            body: Arc::default(),
        }))
    }
}

/// How a request is forwarded (`envoy.config.route.v3.RouteAction`).
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct Forward {
    /// Where to.
    #[serde(flatten)]
    pub target: RouteTarget,
    /// Status when the cluster does not exist.
    pub cluster_not_found_status: u16,
    /// How the path changes.
    pub path_rewrite: Option<Box<PathRewrite>>,
    /// How the host changes.
    pub host_rewrite: Option<Box<HostRewrite>>,
    /// Keep the original host in `x-forwarded-host` when it changes.
    pub append_x_forwarded_host: bool,
    /// Time for the whole response with all retries in milliseconds; 0 is none. Envoy's default is 15,000.
    pub timeout_ms: u64,
    /// Time without a byte on the stream in milliseconds; 0 is none; `None` is the connection manager's.
    pub idle_timeout_ms: Option<u64>,
    /// Life of the stream in milliseconds; 0 is unlimited; `None` is the connection manager's.
    pub max_stream_duration_ms: Option<u64>,
    /// Retries; `None` is the virtual host's.
    #[serde(deserialize_with = "crate::retry::deserialize_shared")]
    pub retry: Option<Arc<RetryPolicy>>,
    /// Tries beside each other; `None` is the virtual host's.
    pub hedge: Option<HedgePolicy>,
    /// Copies of the request, whose responses are thrown away.
    pub mirrors: Rare<Vec<MirrorPolicy>>,
    /// What consistent load balancing looks at.
    pub hash_policy: Rare<Vec<HashPolicy>>,
    /// Which endpoints of the cluster may be chosen (subset load balancing).
    pub metadata_match: Criteria,
    /// Upgrades that differ from the connection manager's.
    pub upgrades: Rare<Vec<RouteUpgrade>>,
    /// Uses the limits of high priority.
    pub high_priority: bool,
    /// What requests are counted as, for filters that limit them.
    pub rate_limits: Rare<Vec<RouteLimit>>,
    /// The virtual host's limits count too.
    pub includes_host_rate_limits: bool,
}

impl Default for Forward {
    fn default() -> Self {
        Self {
            target: RouteTarget::default(),
            cluster_not_found_status: 503,
            path_rewrite: None,
            host_rewrite: None,
            append_x_forwarded_host: false,
            timeout_ms: 15_000,
            idle_timeout_ms: None,
            max_stream_duration_ms: None,
            retry: None,
            hedge: None,
            mirrors: Rare::default(),
            hash_policy: Rare::default(),
            metadata_match: Criteria::default(),
            upgrades: Rare::default(),
            high_priority: false,
            rate_limits: Rare::default(),
            includes_host_rate_limits: false,
        }
    }
}

/// Which cluster.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum RouteTarget {
    /// This one.
    Cluster(#[serde(deserialize_with = "crate::shared::deserialize")] Arc<str>),
    /// One of these.
    WeightedClusters(WeightedClusters),
    /// The one this request header names.
    ClusterHeader(HeaderName),
}

impl Default for RouteTarget {
    fn default() -> Self {
        Self::Cluster(Arc::default())
    }
}

/// Clusters that share the requests of a route.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default, deny_unknown_fields)]
pub struct WeightedClusters {
    /// The clusters.
    #[serde(deserialize_with = "crate::shared::slice")]
    pub clusters: Box<[WeightedCluster]>,
    /// Take the random number from this request header if it is there.
    pub random_value_header: Option<Box<HeaderName>>,
}

impl WeightedClusters {
    /// The sum of all weights.
    pub fn total_weight(&self) -> u64 {
        self.clusters.iter().map(|cluster| u64::from(cluster.weight)).sum()
    }
}

/// A cluster and its share.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(from = "WrittenWeightedCluster", into = "WrittenWeightedCluster")]
pub struct WeightedCluster {
    /// Name of the cluster.
    pub name: Arc<str>,
    /// Its share of the sum of all weights.
    pub weight: u32,
    /// What else is said of it, read as if it stood here.
    pub terms: Rare<ClusterTerms>,
}

/// What is different for requests of a route that go to one of its clusters.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct ClusterTerms {
    /// Header operations for requests that go there.
    pub headers: Rare<HeaderMutations>,
    /// Host for requests that go there.
    pub host_rewrite: Option<Arc<str>>,
    /// Which endpoints of the cluster may be chosen; what the route says is added to it by decoding.
    pub metadata_match: Criteria,
    /// How filters are configured for requests that go there, by filter name.
    pub filter_overrides: Rare<BTreeMap<Arc<str>, FilterOverride>>,
}

impl Silent for ClusterTerms {
    const SILENT: &'static Self = &Self {
        headers: Rare::NONE,
        host_rewrite: None,
        metadata_match: Criteria::NONE,
        filter_overrides: Rare::NONE,
    };

    fn is_silent(&self) -> bool {
        self == Self::SILENT
    }
}

impl Deref for WeightedCluster {
    type Target = ClusterTerms;

    fn deref(&self) -> &ClusterTerms {
        &self.terms
    }
}

/// A weighted cluster as it is written.
#[derive(Default, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default, deny_unknown_fields)]
struct WrittenWeightedCluster {
    #[serde(deserialize_with = "crate::shared::deserialize")]
    name: Arc<str>,
    weight: u32,
    headers: Rare<HeaderMutations>,
    host_rewrite: Option<Arc<str>>,
    metadata_match: Criteria,
    filter_overrides: Rare<BTreeMap<Arc<str>, FilterOverride>>,
}

impl From<WrittenWeightedCluster> for WeightedCluster {
    fn from(written: WrittenWeightedCluster) -> Self {
        let terms = ClusterTerms {
            headers: written.headers,
            host_rewrite: written.host_rewrite,
            metadata_match: written.metadata_match,
            filter_overrides: written.filter_overrides,
        };
        Self {
            name: written.name,
            weight: written.weight,
            terms: terms.into(),
        }
    }
}

impl From<WeightedCluster> for WrittenWeightedCluster {
    fn from(cluster: WeightedCluster) -> Self {
        let terms = ClusterTerms::clone(&cluster.terms);
        Self {
            name: cluster.name,
            weight: cluster.weight,
            headers: terms.headers,
            host_rewrite: terms.host_rewrite,
            metadata_match: terms.metadata_match,
            filter_overrides: terms.filter_overrides,
        }
    }
}

/// How a path changes; the query stays.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum PathRewrite {
    /// What the match took of the path (prefix or all of it) is replaced.
    Prefix(Arc<str>),
    /// Every match is replaced.
    Regex(Substitution),
}

/// How the host changes.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum HostRewrite {
    /// To this.
    Literal(Arc<str>),
    /// To the name of the chosen endpoint (clusters that resolve names).
    Auto,
    /// To the value of this request header, if it is there.
    Header(HeaderName),
    /// To the path with every match replaced.
    PathRegex(Substitution),
}

/// A copy of a request.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default, deny_unknown_fields)]
pub struct MirrorPolicy {
    /// Name of the cluster.
    pub cluster: Arc<str>,
    /// Share of requests; `None` is all.
    pub fraction: Option<FractionalPercent>,
    /// Leave the host as it is instead of appending `-shadow`.
    pub disable_shadow_host_suffix: bool,
    /// Sample the copy's trace; `None` as the original.
    pub trace_sampled: Option<bool>,
}

/// Something consistent load balancing looks at.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct HashPolicy {
    /// What.
    pub on: HashOn,
    /// The last one to look at, if it is there.
    #[serde(default)]
    pub terminal: bool,
}

/// What is hashed.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", rename_all_fields = "camelCase")]
pub enum HashOn {
    /// A request header; several of one name count whatever their order.
    Header {
        /// Name.
        name: HeaderName,
        /// What is changed in its value first.
        #[serde(default)]
        rewrite: Option<Substitution>,
    },
    /// A cookie, made by the proxy if it has a time to live and is missing.
    Cookie {
        /// Name.
        name: Arc<str>,
        /// Life in milliseconds; 0 is a session; `None` makes no cookie.
        #[serde(default)]
        ttl_ms: Option<u64>,
        /// Path; empty is none.
        #[serde(default)]
        path: Arc<str>,
        /// Other attributes of a cookie that is made, e.g. `SameSite` and `Strict`; without a value: `HttpOnly`.
        #[serde(default)]
        attributes: Vec<(Arc<str>, Arc<str>)>,
    },
    /// The client's address.
    SourceIp,
    /// A query parameter.
    QueryParameter(Arc<str>),
}

/// An upgrade of a route that differs from the connection manager's.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct RouteUpgrade {
    /// Name in lower case, e.g. `websocket`, `connect`.
    pub protocol: Arc<str>,
    /// Allowed here.
    pub enabled: bool,
    /// For CONNECT: end the tunnel here and send its bytes upstream, instead of forwarding the CONNECT.
    #[serde(default)]
    pub terminate_connect: bool,
}

/// A redirect (`envoy.config.route.v3.RedirectAction`); what is not set stays as it was asked for.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default, deny_unknown_fields)]
pub struct Redirect {
    /// New scheme; empty leaves it.
    pub scheme: Arc<str>,
    /// New host; empty leaves it.
    pub host: Arc<str>,
    /// New port; 0 leaves it, but drops the old default port when the scheme changes.
    pub port: u16,
    /// New path.
    pub path: Option<RedirectPath>,
    /// Status: 301, 302, 303, 307 or 308.
    pub status: u16,
    /// Leave out the query.
    pub strip_query: bool,
}

impl Default for Redirect {
    fn default() -> Self {
        Self {
            scheme: "".into(),
            host: "".into(),
            port: 0,
            path: None,
            status: 301,
            strip_query: false,
        }
    }
}

/// The path of a redirect.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum RedirectPath {
    /// All of it; a query in it replaces the request's.
    Full(Arc<str>),
    /// What the match took of it.
    Prefix(Arc<str>),
    /// Every match is replaced.
    Regex(Substitution),
}

/// An answer of the proxy's own.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default, deny_unknown_fields)]
pub struct DirectResponse {
    /// Status.
    pub status: u16,
    /// Body.
    pub body: Arc<str>,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_route_is_small_as_long_as_it_says_little() {
        assert!(size_of::<Route>() <= 176, "{}", size_of::<Route>());
        assert!(size_of::<Forward>() <= 152, "{}", size_of::<Forward>());
        assert!(size_of::<WeightedCluster>() <= 32, "{}", size_of::<WeightedCluster>());
    }
}
