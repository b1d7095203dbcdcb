//! From configuration to what serves: each resource is compiled once, and again only when it changes.

use std::{
    collections::{HashMap, HashSet},
    sync::{Arc, atomic::Ordering::Relaxed},
};

use config::{
    ClusterKind, HealthCheckKind, HttpFilterKind, HttpProtocol, Invalid, Listener, LocalityEndpoints, NetworkFilter,
    RouteConfiguration, RouteSource, UpstreamTransport,
};
use route::RouteTable;
use telemetry::StringId;

use crate::{
    cluster::{ClusterState, EndpointState},
    filters::HttpFilters,
    limiter::ConnectionLimiter,
    logging::{AccessLogs, LocalReplies, LogContext},
    snapshot::{
        ChainEntry, CheckEntry, ClusterEntry, EndpointEntry, HttpEntry, ListenerEntry, RouteEntry, Serves, TcpEntry,
    },
    tracing::{SpanTags, TracingEntry},
    transport::{self, Secrets, Transport},
    udp::UdpEntry,
    worker::Shared,
};

/// Compiles resources. What survives updates is kept here.
pub(crate) struct Builder {
    pub(crate) shared: Arc<Shared>,
    pub(crate) secrets: Secrets,
    /// About the listener that was compiled last: what has another effect than it says.
    pub(crate) warnings: Vec<Invalid>,
    /// Where the proxy is, for clusters that prefer its zone.
    pub(crate) zone: Option<balance::LocalZone>,
    clusters: HashMap<Arc<str>, Arc<ClusterState>>,
}

impl Builder {
    pub(crate) fn new(shared: Arc<Shared>) -> Self {
        Self {
            shared,
            secrets: Secrets::default(),
            warnings: Vec::new(),
            zone: None,
            clusters: HashMap::new(),
        }
    }

    /// Compiles a listener with its filter chains.
    pub(crate) fn listener(&mut self, config: &Arc<Listener>) -> Result<ListenerEntry, Invalid> {
        self.warnings.clear();
        let mut chains = Vec::with_capacity(config.filter_chains.len() + 1);
        for (index, chain) in config.filter_chains.iter().enumerate() {
            chains.push(Arc::new(
                self.chain(chain).map_err(|e| e.index(index).field("filterChains"))?,
            ));
        }
        if let Some(chain) = &config.default_filter_chain {
            chains.push(Arc::new(self.chain(chain).map_err(|e| e.field("defaultFilterChain"))?));
        }
        let udp = match &config.udp {
            Some(udp) => Some(Arc::new(UdpEntry {
                config: Arc::clone(udp),
                logs: self.logs(&udp.access_log).map_err(|e| e.field("udp"))?,
            })),
            None => None,
        };
        let logs = self.logs(&config.access_log)?;
        let counts = self.shared.connection_counts.of_listener(&config.address);
        Ok(ListenerEntry::new(Arc::clone(config), chains, udp, logs, counts))
    }

    fn chain(&mut self, config: &config::FilterChain) -> Result<ChainEntry, Invalid> {
        let tls = match &config.tls {
            Some(tls) => Some(transport::build_server(tls, &mut self.secrets).map_err(|e| e.field("tls"))?),
            None => None,
        };
        let mut rbac = Vec::new();
        let mut limits = Vec::new();
        let mut serves = Serves::Nothing;
        for (index, filter) in config.filters.iter().enumerate() {
            match filter {
                NetworkFilter::Rbac(rules) => rbac.push((**rules).clone()),
                NetworkFilter::ConnectionLimit(limit) => {
                    limits.push(Arc::new(ConnectionLimiter::new(*limit)));
                }
                NetworkFilter::TcpProxy(proxy) => {
                    serves = Serves::Tcp(TcpEntry {
                        config: Arc::clone(proxy),
                        logs: self
                            .logs(&proxy.access_log)
                            .map_err(|e| e.index(index).field("filters"))?,
                    });
                }
                NetworkFilter::HttpConnectionManager(manager) => {
                    serves = Serves::Http(Box::new(
                        self.http(manager).map_err(|e| e.index(index).field("filters"))?,
                    ));
                }
                NetworkFilter::Ignored { .. } => {}
            }
        }
        Ok(ChainEntry {
            name: Arc::clone(&config.name),
            tls,
            transport_connect_timeout_ms: config.transport_connect_timeout_ms,
            rbac,
            limits,
            serves,
        })
    }

    fn http(&mut self, config: &Arc<config::HttpConnectionManager>) -> Result<HttpEntry, Invalid> {
        let limits = &self.shared.limits;
        let router = config.http_filters.iter().find_map(|filter| match filter.kind {
            HttpFilterKind::Router(options) => Some(options),
            _ => None,
        });
        Ok(HttpEntry {
            stat_prefix: self.shared.telemetry.intern(&config.stat_prefix),
            connections: self.shared.connection_counts.of_manager(&config.stat_prefix),
            limits: limits.of_heads(config.max_request_headers_kb, config.max_headers_count),
            filters: HttpFilters::new(&config.http_filters, &self.shared)?,
            router: router.unwrap_or_default(),
            inline_routes: match &config.routes {
                RouteSource::Inline(routes) => {
                    Some(Arc::new(self.routes(routes).map_err(|e| {
                        e.field("inline").field("routes").field("httpConnectionManager")
                    })?))
                }
                RouteSource::Named(_) => None,
            },
            logs: self.logs(&config.access_log)?,
            local_replies: match &config.local_replies {
                Some(replies) => Some(LocalReplies::new(replies, &mut self.warnings)?),
                None => None,
            },
            tracing: config
                .tracing
                .as_ref()
                .map(|tracing| TracingEntry::new(tracing, &self.shared.telemetry, &self.shared.exporters)),
            config: Arc::clone(config),
        })
    }

    fn logs(&mut self, logs: &[config::AccessLog]) -> Result<AccessLogs, Invalid> {
        let shared = &self.shared;
        let cx = LogContext {
            telemetry: &shared.telemetry,
            exporters: &shared.exporters,
            node: &shared.node,
        };
        AccessLogs::new(logs, &cx, &mut self.warnings)
    }

    /// Whether a route configuration can be compiled.
    pub(crate) fn check_routes(&self, config: &RouteConfiguration) -> Result<(), Invalid> {
        RouteEntry::modules_of(config, &self.shared.modules).map(|_| ())
    }

    /// Compiles a route configuration.
    pub(crate) fn routes(&self, config: &Arc<RouteConfiguration>) -> Result<RouteEntry, Invalid> {
        let telemetry = &self.shared.telemetry;
        let interned = |text: fn(&config::Route) -> &Arc<str>| -> Vec<Vec<StringId>> {
            let routes = |host: &config::VirtualHost| {
                if host.routes.iter().all(|route| text(route).is_empty()) {
                    return Vec::new();
                }
                let routes = host.routes.iter();
                routes.map(|route| telemetry.intern_shared(text(route))).collect()
            };
            config.virtual_hosts.iter().map(routes).collect()
        };
        let mut tags = HashMap::new();
        for (host_index, host) in config.virtual_hosts.iter().enumerate() {
            for (route_index, route) in host.routes.iter().enumerate() {
                if let Some(tracing) = route.tracing.as_ref().filter(|tracing| !tracing.custom_tags.is_empty()) {
                    tags.insert(
                        (host_index, route_index),
                        SpanTags::new(&tracing.custom_tags, telemetry),
                    );
                }
            }
        }
        let virtual_clusters = |host: &config::VirtualHost| {
            let clusters = host.virtual_clusters.iter().map(|cluster| &*cluster.name);
            // As Envoy names the rest.
            let names = clusters.chain((!host.virtual_clusters.is_empty()).then_some("other"));
            let interned = names.map(|name| telemetry.intern(&format!("{}\n{name}", host.name)));
            interned.collect::<Vec<_>>()
        };
        let has_virtual = config
            .virtual_hosts
            .iter()
            .any(|host| !host.virtual_clusters.is_empty());
        let hosts = config.virtual_hosts.iter().filter(|_| has_virtual);
        Ok(RouteEntry {
            virtual_clusters: hosts.map(virtual_clusters).collect(),
            buckets: RouteEntry::buckets_of(config),
            modules: RouteEntry::modules_of(config, &self.shared.modules)?,
            table: RouteTable::new(Arc::clone(config)),
            names: interned(|route| &route.name),
            operations: interned(|route| &route.operation),
            tags,
        })
    }

    /// Compiles a cluster with its endpoints of now. What is the same in `before` is taken over.
    pub(crate) fn cluster(
        &mut self,
        config: &Arc<config::Cluster>,
        localities: &[LocalityEndpoints],
        overprovisioning_percent: Option<u32>,
        before: Option<&ClusterEntry>,
    ) -> Result<ClusterEntry, Invalid> {
        let shared = Arc::clone(&self.shared);
        let state = Arc::clone(
            self.clusters
                .entry(Arc::clone(&config.name))
                .or_insert_with(|| Arc::new(ClusterState::new(shared.next_id()))),
        );
        if config.transport_matches.len() > usize::from(u16::MAX) {
            let message = format!("{} are too many: at most 65535", config.transport_matches.len());
            return Err(Invalid::new(message).field("transportMatches"));
        }
        let mut transports = Vec::with_capacity(config.transport_matches.len());
        for entry in &config.transport_matches {
            transports.push(Some(self.transport(&entry.transport, config.http.protocol, before)?));
        }
        let default_transport = self.transport(&config.transport, config.http.protocol, before)?;
        let needs_authority = transports
            .iter()
            .flatten()
            .chain([&default_transport])
            .any(|transport| transport.has_auto_name());
        let check = match &config.health_check {
            Some(check) => Some(CheckEntry {
                transports: self.check_transports(config, check)?,
            }),
            None => None,
        };
        let mut known = KnownEndpoints::of(before);
        let count = localities.iter().map(|locality| locality.endpoints.len()).sum();
        let mut endpoints = Vec::with_capacity(count);
        let configured = localities.iter().flat_map(|locality| &locality.endpoints);
        endpoints.extend(configured.map(|endpoint| {
            let state = known.state(&self.shared, &state, endpoint, check.is_some());
            let transport = transport::transport_index(config, endpoint.transport_match.as_deref());
            EndpointEntry::new(state, endpoint, transport as u16)
        }));
        let mut is_used = vec![false; transports.len() + 1];
        for endpoint in &endpoints {
            is_used[usize::from(endpoint.transport)] = true;
        }
        for (transport, is_used) in transports.iter_mut().zip(is_used) {
            transport.take_if(|_| !is_used);
        }
        let service = config
            .services
            .first()
            .map_or_else(|| service_of(&config.name), |service| service.host.as_str().into());
        let options = balance::PickerOptions {
            overprovisioning_percent: overprovisioning_percent.unwrap_or(config.overprovisioning_percent),
            zone: self.zone.clone(),
            ..balance::PickerOptions::from(&**config)
        };
        let picker = balance::Picker::renewed(localities, options, before.map(|before| &before.picker));
        let telemetry = &self.shared.telemetry;
        Ok(ClusterEntry {
            check,
            picker,
            state,
            needs_authority,
            transports: transports.into(),
            default_transport,
            endpoints,
            name_id: telemetry.intern_shared(&config.name),
            service_id: telemetry.intern_shared(&service),
            service,
            config: Arc::clone(config),
        })
    }

    /// Whether a cluster can be compiled.
    pub(crate) fn check_cluster(&mut self, config: &config::Cluster) -> Result<(), Invalid> {
        for transport in config
            .transport_matches
            .iter()
            .map(|entry| &entry.transport)
            .chain([&config.transport])
        {
            transport::build_transport(transport, config.http.protocol, 0, &mut self.secrets)
                .map_err(|e| e.field("transport"))?;
        }
        if let Some(check) = &config.health_check {
            self.check_transports(config, check)?;
        }
        Ok(())
    }

    /// How checks connect: as the cluster does, but for what is offered by ALPN.
    fn check_transports(
        &mut self,
        config: &config::Cluster,
        check: &config::HealthCheck,
    ) -> Result<Vec<Arc<Transport>>, Invalid> {
        let is_http2 = match &check.kind {
            HealthCheckKind::Http(http) => http.http2,
            HealthCheckKind::Grpc(_) => true,
            HealthCheckKind::Tcp(_) => config.http.protocol == HttpProtocol::Http2,
        };
        let protocol = if is_http2 {
            HttpProtocol::Http2
        } else {
            HttpProtocol::Http1
        };
        let matches = config.transport_matches.iter().map(|entry| &entry.transport);
        let wanted = matches.chain([&config.transport]);
        let mut transports = Vec::new();
        for transport in wanted {
            let mut transport = transport.clone();
            let mut protocol = protocol;
            if let Some(tls) = transport.tls_mut()
                && !check.alpn.is_empty()
            {
                tls.context.alpn.clone_from(&check.alpn);
                // What is written is offered as it is.
                protocol = HttpProtocol::Auto;
            }
            let id = self.shared.next_id();
            let built = transport::build_transport(&transport, protocol, id, &mut self.secrets);
            transports.push(Arc::new(built.map_err(|e| e.field("transport"))?));
        }
        Ok(transports)
    }

    /// The same transport as before if nothing about it changed, so that pooled connections stay usable.
    fn transport(
        &mut self,
        config: &UpstreamTransport,
        protocol: HttpProtocol,
        before: Option<&ClusterEntry>,
    ) -> Result<Arc<Transport>, Invalid> {
        let known = before.and_then(|before| {
            let mut used = before.transports.iter().flatten().chain([&before.default_transport]);
            used.find(|transport| transport.config == *config && transport.protocol == protocol)
        });
        match known {
            Some(transport) => Ok(Arc::clone(transport)),
            None => {
                let id = self.shared.next_id();
                let built = transport::build_transport(config, protocol, id, &mut self.secrets);
                Ok(Arc::new(built.map_err(|e| e.field("transport"))?))
            }
        }
    }

    /// Forgets clusters that are no more.
    pub(crate) fn forget(&mut self, is_used: impl Fn(&Arc<str>) -> bool) {
        self.clusters.retain(|name, _| is_used(name));
    }
}

/// Marks the endpoints of a cluster that are not in its next version, if there is one.
pub(crate) fn retire(before: &ClusterEntry, now: Option<&ClusterEntry>) {
    let now = now.map_or(&[][..], |now| &now.endpoints);
    let mut pairs = before.endpoints.iter().zip(now);
    if before.endpoints.len() == now.len() && pairs.all(|(old, new)| Arc::ptr_eq(&old.state, &new.state)) {
        return;
    }
    let used: HashSet<u64> = now.iter().map(|endpoint| endpoint.state.id).collect();
    let states = before.endpoints.iter().map(|endpoint| &endpoint.state);
    for state in states.filter(|state| !used.contains(&state.id)) {
        state.set_removed(true);
        before.state.forget(state);
    }
}

/// What is known of endpoints from the version of their cluster before. They mostly come in the order they were in.
struct KnownEndpoints<'b> {
    before: &'b [EndpointEntry],
    /// Where the next one is, if nothing changed.
    next: usize,
    /// Where each is; made for the first that stands elsewhere.
    places: Option<HashMap<&'b config::Address, usize>>,
    /// Those that were not there before.
    new: HashMap<config::Address, Arc<EndpointState>>,
}

impl<'b> KnownEndpoints<'b> {
    fn of(before: Option<&'b ClusterEntry>) -> Self {
        Self {
            before: before.map_or(&[][..], |before| &before.endpoints),
            next: 0,
            places: None,
            new: HashMap::new(),
        }
    }

    fn find(&mut self, address: &config::Address) -> Option<&Arc<EndpointState>> {
        let before = self.before;
        let is_here = |place: &usize| before.get(*place).is_some_and(|entry| entry.state.address == *address);
        let place = Some(self.next).filter(is_here).or_else(|| {
            let places = self.places.get_or_insert_with(|| {
                let addresses = before.iter().map(|entry| &entry.state.address);
                addresses.enumerate().map(|(place, address)| (address, place)).collect()
            });
            places.get(address).copied()
        });
        match place {
            Some(place) => {
                self.next = place + 1;
                Some(&before[place].state)
            }
            None => self.new.get(address),
        }
    }

    fn state(
        &mut self,
        shared: &Shared,
        cluster: &ClusterState,
        config: &config::Endpoint,
        is_checked: bool,
    ) -> Arc<EndpointState> {
        let address = &config.address;
        if let Some(known) = self.find(address) {
            known.set_removed(false);
            return Arc::clone(known);
        }
        let new = EndpointState::new(shared.next_id(), address.clone());
        let is_excepted = config.health_check.as_ref().is_some_and(|check| check.disabled);
        if is_checked && !is_excepted {
            // As in Envoy, one that joins others proves itself first. Where all are new they serve meanwhile: nobody
            // knows anything against them.
            new.check.await_first(cluster.checks.have_begun.load(Relaxed));
        }
        let new = Arc::new(new.seen(shared.now_ms()));
        self.new.insert(address.clone(), Arc::clone(&new));
        new
    }
}

/// The service in a name as Istio makes them: `outbound|9080|v1|reviews.default.svc.cluster.local`.
fn service_of(cluster: &Arc<str>) -> Arc<str> {
    let mut parts = cluster.split('|');
    match (parts.next(), parts.nth(1), parts.next()) {
        (Some("outbound"), Some(_), Some(host)) => host.into(),
        (Some("inbound"), ..) => "".into(),
        _ => Arc::clone(cluster),
    }
}

/// What a listener's chains refer to and that is not there: route configurations and secrets, in words.
pub(crate) fn missing(listener: &Listener, secrets: &Secrets, has_routes: impl Fn(&str) -> bool) -> Vec<String> {
    let mut missing = Vec::new();
    for chain in listener.chains() {
        if let Some(tls) = &chain.tls {
            missing.extend(
                secrets
                    .missing(&tls.context)
                    .into_iter()
                    .map(|name| format!("secret {name:?}")),
            );
        }
        for filter in &chain.filters {
            if let NetworkFilter::HttpConnectionManager(manager) = filter
                && let RouteSource::Named(name) = &manager.routes
                && !has_routes(name)
            {
                missing.push(format!("route configuration {name:?}"));
            }
        }
    }
    missing.sort();
    missing.dedup();
    missing
}

/// Names of hosts that a cluster wants resolved.
pub(crate) fn hosts_of(config: &config::Cluster) -> impl Iterator<Item = (&Arc<str>, u16)> {
    let is_dns = matches!(config.kind, ClusterKind::StrictDns(_) | ClusterKind::LogicalDns(_));
    config
        .endpoints
        .iter()
        .filter(move |_| is_dns)
        .flat_map(|locality| &locality.endpoints)
        .filter_map(|endpoint| match &endpoint.address {
            config::Address::Host(host) => Some((&host.0, host.1)),
            _ => None,
        })
}
