//! The compiled configuration: immutable, shared by all workers, replaced as a whole.

use std::{
    collections::{BTreeMap, HashMap},
    net::{IpAddr, SocketAddr},
    ops::Deref,
    rc::Rc,
    sync::{Arc, atomic::Ordering::Relaxed},
};

use config::{
    EndpointFacts, FilterChainIndex, FilterOverride, HealthStatus, HttpConnectionManager, Invalid, ListenerFilterKind,
    Rbac, RouterOptions, TcpProxy,
};
use foldhash::fast::FixedState;
use route::RouteTable;
use telemetry::{ReporterSide, StringId};
use tls::ServerTls;

use crate::{
    cluster::{ClusterState, EndpointState},
    connection::Facts,
    connection_counts::ConnectionCounts,
    filters::HttpFilters,
    limiter::ConnectionLimiter,
    logging::{AccessLogs, LocalReplies},
    modules::{Instance, Modules},
    tracing::{SpanTags, TracingEntry},
    transport::Transport,
    udp::UdpEntry,
};

type FilterOverrides = BTreeMap<Arc<str>, FilterOverride>;

pub(crate) type Map<V> = HashMap<Arc<str>, V, FixedState>;

/// Everything that decides about traffic.
pub(crate) struct Snapshot {
    pub(crate) version: u64,
    pub(crate) listeners: Map<Arc<ListenerEntry>>,
    /// Listeners that connections are handed to by original destination.
    by_address: HashMap<SocketAddr, Arc<ListenerEntry>, FixedState>,
    pub(crate) routes: Map<Arc<RouteEntry>>,
    pub(crate) clusters: Map<Arc<ClusterEntry>>,
    /// Stands where a connection has no chain yet.
    pub(crate) no_chain: Arc<ChainEntry>,
}

/// The configuration as one worker holds it: counting its holders there costs no atomic operation.
#[allow(
    clippy::redundant_allocation,
    reason = "the outer count belongs to one thread, the inner one is shared"
)]
pub(crate) type Current = Rc<Arc<Snapshot>>;

impl Snapshot {
    pub(crate) fn new(
        version: u64,
        listeners: Map<Arc<ListenerEntry>>,
        routes: Map<Arc<RouteEntry>>,
        clusters: Map<Arc<ClusterEntry>>,
    ) -> Self {
        let mut by_address = HashMap::with_hasher(FixedState::default());
        for listener in listeners
            .values()
            .filter(|listener| !listener.config.use_original_dst && listener.udp.is_none())
        {
            let addresses = std::iter::once(&listener.config.address).chain(&listener.config.additional_addresses);
            for address in addresses.filter_map(config::Address::socket) {
                by_address.insert(address, Arc::clone(listener));
            }
        }
        Self {
            version,
            listeners,
            by_address,
            routes,
            clusters,
            no_chain: Arc::new(ChainEntry::nothing()),
        }
    }

    /// The listener for an original destination: its own, else the one for the port on all addresses.
    pub(crate) fn listener_at(&self, destination: SocketAddr) -> Option<&Arc<ListenerEntry>> {
        let any: IpAddr = match destination {
            SocketAddr::V4(_) => std::net::Ipv4Addr::UNSPECIFIED.into(),
            SocketAddr::V6(_) => std::net::Ipv6Addr::UNSPECIFIED.into(),
        };
        let port = destination.port();
        self.by_address
            .get(&destination)
            .or_else(|| self.by_address.get(&SocketAddr::new(any, port)))
            // An IPv6 wildcard takes IPv4 too.
            .or_else(|| {
                self.by_address
                    .get(&SocketAddr::new(std::net::Ipv6Addr::UNSPECIFIED.into(), port))
            })
    }
}

/// A listener.
pub(crate) struct ListenerEntry {
    pub(crate) config: Arc<config::Listener>,
    pub(crate) index: FilterChainIndex,
    /// In the order of the configuration, the default chain last.
    pub(crate) chains: Vec<Arc<ChainEntry>>,
    pub(crate) is_inbound: bool,
    pub(crate) has_original_dst: bool,
    pub(crate) proxy_protocol: Option<config::ProxyProtocolFilter>,
    /// Endpoints see the client's address.
    pub(crate) original_src: Option<config::OriginalSrcFilter>,
    /// Datagrams instead of connections.
    pub(crate) udp: Option<Arc<UdpEntry>>,
    /// A chain depends on what only the first bytes tell.
    detects: bool,
    pub(crate) reporter: ReporterSide,
    /// Of connections, whatever serves them.
    pub(crate) logs: AccessLogs,
    pub(crate) connections: Arc<ConnectionCounts>,
}

impl ListenerEntry {
    pub(crate) fn new(
        config: Arc<config::Listener>,
        chains: Vec<Arc<ChainEntry>>,
        udp: Option<Arc<UdpEntry>>,
        logs: AccessLogs,
        connections: Arc<ConnectionCounts>,
    ) -> Self {
        let is_inbound = config.traffic_direction == config::TrafficDirection::Inbound;
        let inspects = |kind| config.listener_filters.iter().any(|filter| filter.kind == kind);
        // One chain, or chains told apart by addresses alone, need no look at the bytes.
        let depends = config.filter_chains.iter().any(|chain| {
            let matches = &chain.matches;
            !matches.server_names.is_empty()
                || !matches.transport_protocol.is_empty()
                || !matches.application_protocols.is_empty()
        });
        Self {
            index: FilterChainIndex::new(&config),
            is_inbound,
            // Handing on by the original destination implies finding it out, as in Envoy.
            has_original_dst: config.use_original_dst || inspects(ListenerFilterKind::OriginalDst),
            proxy_protocol: config.listener_filters.iter().find_map(|filter| match filter.kind {
                ListenerFilterKind::ProxyProtocol(filter) => Some(filter),
                _ => None,
            }),
            original_src: config.listener_filters.iter().find_map(|filter| match filter.kind {
                ListenerFilterKind::OriginalSrc(filter) => Some(filter),
                _ => None,
            }),
            udp,
            detects: depends
                && (inspects(ListenerFilterKind::TlsInspector) || inspects(ListenerFilterKind::HttpInspector)),
            reporter: if is_inbound {
                ReporterSide::Destination
            } else {
                ReporterSide::Source
            },
            logs,
            connections,
            config,
            chains,
        }
    }

    /// Whether the first bytes of this connection are to be looked at before a chain is chosen.
    pub(crate) fn needs_detection(&self, facts: &Facts) -> bool {
        let port = facts.destination.map_or(0, |address| address.port());
        self.detects
            && self.config.listener_filters.iter().any(|filter| {
                matches!(
                    filter.kind,
                    ListenerFilterKind::TlsInspector | ListenerFilterKind::HttpInspector
                ) && filter.applies_to(port)
            })
    }
}

/// A filter chain.
pub(crate) struct ChainEntry {
    pub(crate) name: Arc<str>,
    pub(crate) tls: Option<ServerTls>,
    pub(crate) transport_connect_timeout_ms: u64,
    /// Rules for the connection as such.
    pub(crate) rbac: Vec<Rbac>,
    pub(crate) limits: Vec<Arc<ConnectionLimiter>>,
    pub(crate) serves: Serves,
}

/// What a filter chain does with its connections.
pub(crate) enum Serves {
    Nothing,
    Tcp(TcpEntry),
    Http(Box<HttpEntry>),
}

impl ChainEntry {
    pub(crate) fn nothing() -> Self {
        Self {
            name: "".into(),
            tls: None,
            transport_connect_timeout_ms: 0,
            rbac: Vec::new(),
            limits: Vec::new(),
            serves: Serves::Nothing,
        }
    }

    /// Whether the access rules of the connection let it in.
    pub(crate) fn admits(&self, facts: &Facts) -> bool {
        self.rbac
            .iter()
            .all(|rbac| crate::filters::admits_connection(rbac, facts))
    }
}

/// A TCP proxy.
pub(crate) struct TcpEntry {
    pub(crate) config: Arc<TcpProxy>,
    pub(crate) logs: AccessLogs,
}

/// An HTTP connection manager.
pub(crate) struct HttpEntry {
    pub(crate) config: Arc<HttpConnectionManager>,
    /// What its statistics begin with.
    pub(crate) stat_prefix: StringId,
    pub(crate) connections: Arc<ConnectionCounts>,
    pub(crate) limits: http::Limits,
    pub(crate) filters: HttpFilters,
    pub(crate) router: RouterOptions,
    /// Routes that are written in the listener; none where they come by name.
    pub(crate) inline_routes: Option<Arc<RouteEntry>>,
    pub(crate) logs: AccessLogs,
    /// What becomes of answers that are made here; none leaves them.
    pub(crate) local_replies: Option<LocalReplies>,
    /// What becomes of spans; none where there are none.
    pub(crate) tracing: Option<TracingEntry>,
}

/// A route configuration with what is known about its routes before a request comes.
pub(crate) struct RouteEntry {
    pub(crate) table: RouteTable,
    /// Names of the routes for telemetry, by virtual host and route.
    pub(crate) names: Vec<Vec<StringId>>,
    /// Names of their operations in traces, likewise.
    pub(crate) operations: Vec<Vec<StringId>>,
    /// Names of virtual clusters for telemetry, by virtual host; the last is for requests that belong to none. Empty where
    /// no host has any.
    pub(crate) virtual_clusters: Vec<Vec<StringId>>,
    /// Tags of spans that routes have of their own, by virtual host and route.
    pub(crate) tags: HashMap<(usize, usize), SpanTags>,
    /// Buckets of bounds that routes have of their own, by the address of the bound in the table's configuration.
    pub(crate) buckets: HashMap<usize, filter::rate_limit::Bucket>,
    /// Modules that routes name, by the address of what names them in the table's configuration.
    pub(crate) modules: HashMap<usize, Arc<Instance>>,
}

impl RouteEntry {
    /// New buckets for all bounds of the configuration, which must not move.
    pub(crate) fn buckets_of(config: &config::RouteConfiguration) -> HashMap<usize, filter::rate_limit::Bucket> {
        let hosts = config.virtual_hosts.iter();
        let routes = hosts.clone().flat_map(|host| &host.routes);
        let weighted = routes.clone().filter_map(|route| match &route.action {
            config::RouteAction::Forward(forward) => match &forward.target {
                config::RouteTarget::WeightedClusters(weighted) => Some(&weighted.clusters),
                _ => None,
            },
            _ => None,
        });
        let of_clusters = weighted.flatten().map(|cluster| &cluster.filter_overrides);
        hosts
            .map(|host| &host.filter_overrides)
            .chain(routes.map(|route| &route.filter_overrides))
            .chain(of_clusters)
            .chain([&config.filter_overrides])
            .flat_map(|overrides| overrides.values())
            .filter_map(|one| match one {
                FilterOverride::LocalRateLimit(bound) => {
                    Some((address_of(&**bound), filter::rate_limit::Bucket::default()))
                }
                _ => None,
            })
            .collect()
    }

    /// Loads the modules that the configuration, which must not move, names.
    pub(crate) fn modules_of(
        config: &config::RouteConfiguration,
        modules: &Arc<Modules>,
    ) -> Result<HashMap<usize, Arc<Instance>>, Invalid> {
        let mut found = HashMap::new();
        let mut load = |overrides: &FilterOverrides| -> Result<(), Invalid> {
            for (name, one) in overrides {
                if let FilterOverride::Module(settings) = one {
                    let loaded = modules.load(settings);
                    let loaded = loaded.map_err(|error| error.key(name).field("typedPerFilterConfig"))?;
                    found.extend(loaded.map(|instance| (address_of(&**settings), instance)));
                }
            }
            Ok(())
        };
        load(&config.filter_overrides)?;
        for (host_index, host) in config.virtual_hosts.iter().enumerate() {
            let of_host = |error: Invalid| error.index(host_index).field("virtualHosts");
            load(&host.filter_overrides).map_err(of_host)?;
            for (index, route) in host.routes.iter().enumerate() {
                let of_route = |error: Invalid| of_host(error.index(index).field("routes"));
                load(&route.filter_overrides).map_err(of_route)?;
                if let config::RouteAction::Forward(forward) = &route.action
                    && let config::RouteTarget::WeightedClusters(weighted) = &forward.target
                {
                    for (index, cluster) in weighted.clusters.iter().enumerate() {
                        let of_cluster =
                            |error: Invalid| of_route(error.index(index).field("clusters").field("weightedClusters"));
                        load(&cluster.filter_overrides).map_err(of_cluster)?;
                    }
                }
            }
        }
        Ok(found)
    }

    /// What a route's module is loaded as.
    pub(crate) fn module(&self, settings: &config::FilterModule) -> Option<&Arc<Instance>> {
        self.modules.get(&address_of(settings))
    }

    /// The bucket of a bound of this configuration.
    pub(crate) fn bucket(&self, bound: &config::LocalRateLimit) -> Option<&filter::rate_limit::Bucket> {
        self.buckets.get(&address_of(bound))
    }

    pub(crate) fn name(&self, host: usize, route: usize) -> StringId {
        at(&self.names, host, route)
    }

    pub(crate) fn operation(&self, host: usize, route: usize) -> StringId {
        at(&self.operations, host, route)
    }
}

fn at(strings: &[Vec<StringId>], host: usize, route: usize) -> StringId {
    strings
        .get(host)
        .and_then(|routes| routes.get(route))
        .copied()
        .unwrap_or_default()
}

fn address_of<T>(settings: &T) -> usize {
    std::ptr::from_ref(settings).addr()
}

/// A cluster with its endpoints of now.
pub(crate) struct ClusterEntry {
    pub(crate) config: Arc<config::Cluster>,
    pub(crate) state: Arc<ClusterState>,
    pub(crate) endpoints: Vec<EndpointEntry>,
    pub(crate) picker: balance::Picker,
    /// One for each of its transport matches, if an endpoint uses it.
    pub(crate) transports: Box<[Option<Arc<Transport>>]>,
    /// None: its endpoints are not checked.
    pub(crate) check: Option<CheckEntry>,
    /// For endpoints that match none, or were not configured.
    pub(crate) default_transport: Arc<Transport>,
    /// A transport asks for a name that depends on the request.
    pub(crate) needs_authority: bool,
    /// Host name of the service for telemetry.
    pub(crate) service: Arc<str>,
    pub(crate) name_id: StringId,
    pub(crate) service_id: StringId,
}

impl balance::LiveState for ClusterEntry {
    fn in_flight(&self, endpoint: usize) -> u32 {
        self.endpoints[endpoint].state.active.load(Relaxed)
    }

    fn total_in_flight(&self) -> u32 {
        self.state.requests_in_flight()
    }

    fn is_available(&self, endpoint: usize) -> bool {
        self.endpoints[endpoint].state.is_available()
    }

    fn has_unavailable(&self) -> bool {
        self.check.is_some() || self.state.ejected.load(Relaxed) > 0
    }

    fn epoch(&self) -> u64 {
        self.state.epoch()
    }

    fn first_seen_ms(&self, endpoint: usize) -> u64 {
        self.endpoints[endpoint].state.first_seen_ms
    }

    fn address(&self, endpoint: usize) -> Option<SocketAddr> {
        self.endpoints[endpoint].state.address.socket()
    }
}

/// How the endpoints of a cluster are asked whether they are well.
pub(crate) struct CheckEntry {
    /// By transport of the cluster: one for each of its matches, the default last.
    pub(crate) transports: Vec<Arc<Transport>>,
}

impl ClusterEntry {
    /// How an endpoint of this cluster is spoken to.
    pub(crate) fn transport_of(&self, endpoint: &EndpointEntry) -> &Arc<Transport> {
        let place = usize::from(endpoint.transport);
        let matched = self.transports.get(place).and_then(Option::as_ref);
        matched.unwrap_or(&self.default_transport)
    }
}

/// An endpoint of a cluster, read as what is known of it. There may be a hundred thousand of them.
pub(crate) struct EndpointEntry {
    pub(crate) state: Arc<EndpointState>,
    facts: Option<Arc<EndpointFacts>>,
    pub(crate) weight: u32,
    /// Place among the cluster's transports; behind them is its default.
    pub(crate) transport: u16,
    /// What the control plane knows.
    pub(crate) health: HealthStatus,
}

impl EndpointEntry {
    pub(crate) fn new(state: Arc<EndpointState>, config: &config::Endpoint, transport: u16) -> Self {
        Self {
            state,
            facts: config.facts.clone(),
            weight: config.weight,
            transport,
            health: config.health,
        }
    }
}

impl Deref for EndpointEntry {
    type Target = EndpointFacts;

    fn deref(&self) -> &EndpointFacts {
        EndpointFacts::of(self.facts.as_ref())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_endpoint_is_small() {
        assert!(size_of::<EndpointEntry>() <= 24, "{}", size_of::<EndpointEntry>());
    }
}
