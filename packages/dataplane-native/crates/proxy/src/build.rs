//! From configuration to what serves: each resource is compiled once, and again only when it changes.

use std::{
    collections::HashMap,
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
    logging::AccessLogs,
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
    clusters: HashMap<Arc<str>, Arc<ClusterState>>,
    endpoints: HashMap<(u64, config::Address), Arc<EndpointState>>,
}

impl Builder {
    pub(crate) fn new(shared: Arc<Shared>) -> Self {
        Self {
            shared,
            secrets: Secrets::default(),
            warnings: Vec::new(),
            clusters: HashMap::new(),
            endpoints: HashMap::new(),
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
        Ok(ListenerEntry::new(Arc::clone(config), chains, udp))
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
            limits: limits.of_heads(config.max_request_headers_kb, config.max_headers_count),
            filters: HttpFilters::new(&config.http_filters, &self.shared)?,
            router: router.unwrap_or_default(),
            inline_routes: match &config.routes {
                RouteSource::Inline(routes) => Some(Arc::new(self.routes(routes))),
                RouteSource::Named(_) => None,
            },
            logs: self.logs(&config.access_log)?,
            tracing: config
                .tracing
                .as_ref()
                .map(|tracing| TracingEntry::new(tracing, &self.shared.telemetry, &self.shared.exporters)),
            config: Arc::clone(config),
        })
    }

    fn logs(&mut self, logs: &[config::AccessLog]) -> Result<AccessLogs, Invalid> {
        AccessLogs::new(logs, &self.shared.telemetry, &mut self.warnings)
    }

    /// Compiles a route configuration.
    pub(crate) fn routes(&self, config: &Arc<RouteConfiguration>) -> RouteEntry {
        let telemetry = &self.shared.telemetry;
        let interned = |text: fn(&config::Route) -> &str| -> Vec<Vec<StringId>> {
            let routes = |host: &config::VirtualHost| {
                let routes = host.routes.iter();
                routes.map(|route| telemetry.intern(text(route))).collect()
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
        RouteEntry {
            buckets: RouteEntry::buckets_of(config),
            table: RouteTable::new(Arc::clone(config)),
            names: interned(|route| &route.name),
            operations: interned(|route| &route.operation),
            tags,
        }
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
        let wanted = config
            .transport_matches
            .iter()
            .map(|entry| &entry.transport)
            .chain([&config.transport]);
        let mut transports = Vec::new();
        for transport in wanted {
            transports.push(
                self.transport(transport, config.http.protocol, before)
                    .map_err(|e| e.field("transport"))?,
            );
        }
        let check = match &config.health_check {
            Some(check) => Some(CheckEntry {
                transports: self.check_transports(config, check)?,
            }),
            None => None,
        };
        let endpoints: Vec<EndpointEntry> = localities
            .iter()
            .flat_map(|locality| &locality.endpoints)
            .map(|endpoint| EndpointEntry {
                state: self.endpoint(&state, endpoint, check.is_some()),
                transport: Arc::clone(
                    &transports[transport::transport_index(config, endpoint.transport_match.as_deref())],
                ),
                config: endpoint.clone(),
            })
            .collect();
        let default_transport = Arc::clone(&transports[transports.len() - 1]);
        let service = config
            .services
            .first()
            .map_or_else(|| service_of(&config.name), |service| service.host.as_str().into());
        let options = balance::PickerOptions {
            overprovisioning_percent: overprovisioning_percent.unwrap_or(config.overprovisioning_percent),
            zone: self.shared.node.local_zone(),
            ..balance::PickerOptions::from(&**config)
        };
        let picker = balance::Picker::renewed(localities, options, before.map(|before| &before.picker));
        let telemetry = &self.shared.telemetry;
        Ok(ClusterEntry {
            check,
            picker,
            state,
            needs_authority: transports.iter().any(|transport| transport.has_auto_name()),
            default_transport,
            endpoints,
            name_id: telemetry.intern(&config.name),
            service_id: telemetry.intern(&service),
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
            let used = before.endpoints.iter().map(|endpoint| &endpoint.transport);
            used.chain([&before.default_transport])
                .find(|transport| transport.config == *config && transport.protocol == protocol)
        });
        match known {
            Some(transport) => Ok(Arc::clone(transport)),
            None => {
                let id = self.shared.next_id();
                Ok(Arc::new(transport::build_transport(
                    config,
                    protocol,
                    id,
                    &mut self.secrets,
                )?))
            }
        }
    }

    fn endpoint(&mut self, cluster: &ClusterState, config: &config::Endpoint, is_checked: bool) -> Arc<EndpointState> {
        let shared = &self.shared;
        let address = &config.address;
        let endpoint = self.endpoints.entry((cluster.id, address.clone())).or_insert_with(|| {
            let new = EndpointState::new(shared.next_id(), cluster.id, address.clone());
            let is_excepted = config.health_check.as_ref().is_some_and(|check| check.disabled);
            if is_checked && !is_excepted {
                // As in Envoy, one that joins others proves itself first. Where all are new they serve meanwhile: nobody
                // knows anything against them.
                new.check.await_first(cluster.checks.have_begun.load(Relaxed));
            }
            Arc::new(new.seen(shared.now_ms()))
        });
        endpoint.set_removed(false);
        Arc::clone(endpoint)
    }

    /// Forgets endpoints and clusters that no cluster of `clusters` has any more.
    pub(crate) fn forget<'c>(&mut self, clusters: impl Iterator<Item = &'c Arc<ClusterEntry>>) {
        let mut used = std::collections::HashSet::new();
        let mut names = std::collections::HashSet::new();
        for cluster in clusters {
            names.insert(Arc::clone(&cluster.config.name));
            used.extend(cluster.endpoints.iter().map(|endpoint| endpoint.state.id));
        }
        let states = &self.clusters;
        self.endpoints.retain(|_, endpoint| {
            let is_used = used.contains(&endpoint.id);
            if !is_used {
                endpoint.set_removed(true);
                if let Some(cluster) = states.values().find(|cluster| cluster.id == endpoint.cluster) {
                    cluster.forget(endpoint);
                }
            }
            is_used
        });
        self.clusters.retain(|name, _| names.contains(name));
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
            config::Address::Host(host, port) => Some((host, *port)),
            _ => None,
        })
}
