//! What types cannot say: checks of a configuration that somebody wrote by hand. (Decoding xDS makes its own, with the
//! field names of the wire.)

use std::collections::HashSet;

use crate::{
    Address, Cluster, ClusterKind, HeaderName, HeaderSet, HealthCheck, HealthCheckKind, HttpConnectionManager,
    HttpFilterKind, Invalid, LbPolicy, Listener, MAX_MAGLEV_SIZE, MAX_RING_SIZE, NameKind, NetworkFilter,
    OutlierDetection, Route, RouteAction, RouteConfiguration, RouteSource, RouteTarget, is_prime,
};

impl Listener {
    /// What is wrong with it, besides what other resources it needs.
    pub fn check(&self) -> Vec<Invalid> {
        let mut problems = named(&self.name);
        if self.udp.is_some() {
            problems.extend(self.check_udp());
        } else if self.chains().next().is_none() {
            problems.push(Invalid::new("is empty; a listener needs at least one filter chain").field("filterChains"));
        }
        for (index, chain) in self.filter_chains.iter().enumerate() {
            let found = check_filters(&chain.filters);
            problems.extend(
                found
                    .into_iter()
                    .map(|invalid| invalid.index(index).field("filterChains")),
            );
        }
        if let Some(chain) = &self.default_filter_chain {
            problems.extend(
                check_filters(&chain.filters)
                    .into_iter()
                    .map(|invalid| invalid.field("defaultFilterChain")),
            );
        }
        problems
    }

    fn check_udp(&self) -> Vec<Invalid> {
        let mut problems = Vec::new();
        if self.chains().next().is_some() {
            problems.push(Invalid::new("a listener of datagrams has none").field("filterChains"));
        }
        let addresses = std::iter::once(&self.address).chain(&self.additional_addresses);
        for address in addresses.filter(|address| address.socket().is_none()) {
            problems.push(Invalid::new(format!("{address} takes no datagrams")).field("address"));
        }
        problems
    }
}

fn check_filters(filters: &[NetworkFilter]) -> Vec<Invalid> {
    let mut problems = Vec::new();
    let serves = |filter: &NetworkFilter| {
        matches!(
            filter,
            NetworkFilter::HttpConnectionManager(_) | NetworkFilter::TcpProxy(_)
        )
    };
    if filters.iter().position(serves).is_none_or(|at| at + 1 != filters.len()) {
        problems.push(Invalid::new(
            "the last one, and only it, has to be httpConnectionManager or tcpProxy",
        ));
    }
    for (index, filter) in filters.iter().enumerate() {
        let found = match filter {
            NetworkFilter::HttpConnectionManager(manager) => check_manager(manager),
            NetworkFilter::ConnectionLimit(limit) if limit.max_connections == 0 => {
                vec![Invalid::new("is 0; 1 or more can be served").field("maxConnections")]
            }
            NetworkFilter::TcpProxy(tcp) => check_target(&tcp.target),
            NetworkFilter::Rbac(_) | NetworkFilter::ConnectionLimit(_) | NetworkFilter::Ignored { .. } => Vec::new(),
        };
        problems.extend(found.into_iter().map(|invalid| invalid.index(index)));
    }
    problems.into_iter().map(|invalid| invalid.field("filters")).collect()
}

fn check_manager(manager: &HttpConnectionManager) -> Vec<Invalid> {
    let router = manager
        .http_filters
        .iter()
        .position(|filter| matches!(filter.kind, HttpFilterKind::Router(_)));
    let mut problems = Vec::new();
    if router.is_none_or(|at| at + 1 != manager.http_filters.len()) {
        problems.push(Invalid::new("the last one, and only it, has to be the router").field("httpFilters"));
    }
    for (index, filter) in manager.http_filters.iter().enumerate() {
        let found = match &filter.kind {
            HttpFilterKind::StatefulSession(settings) => settings.check(),
            HttpFilterKind::Tap(settings) => settings.check().err(),
            _ => None,
        };
        problems.extend(found.map(|invalid| invalid.index(index).field("httpFilters")));
    }
    if let Some(replies) = &manager.local_replies {
        problems.extend(replies.check().map(|invalid| invalid.field("localReplies")));
    }
    match &manager.routes {
        RouteSource::Inline(config) => {
            let found = check_hosts(config).into_iter();
            problems.extend(found.map(|invalid| invalid.field("inline").field("routes")));
        }
        RouteSource::Named(name) if name.is_empty() => {
            problems.push(Invalid::new("is empty").field("named").field("routes"));
        }
        RouteSource::Named(_) => {}
    }
    problems
        .into_iter()
        .map(|invalid| invalid.field("httpConnectionManager"))
        .collect()
}

impl RouteConfiguration {
    /// What is wrong with it, besides what other resources it needs.
    pub fn check(&self) -> Vec<Invalid> {
        let mut problems = named(&self.name);
        problems.extend(check_hosts(self));
        problems
    }
}

fn check_hosts(config: &RouteConfiguration) -> Vec<Invalid> {
    let mut problems = Vec::new();
    let mut seen = HashSet::new();
    for (index, host) in config.virtual_hosts.iter().enumerate() {
        let mut found = Vec::new();
        if host.domains.is_empty() {
            found.push(Invalid::new("is empty; write \"*\" for all hosts").field("domains"));
        }
        for (position, domain) in host.domains.iter().enumerate() {
            let inner = domain
                .strip_prefix('*')
                .or_else(|| domain.strip_suffix('*'))
                .unwrap_or(domain);
            let problem = if domain.is_empty() || inner.contains('*') {
                format!("{domain:?} is not a domain: one '*' at the start or at the end is allowed")
            } else if seen.insert(domain.to_ascii_lowercase()) {
                continue;
            } else {
                format!("{domain:?} already belongs to another virtual host")
            };
            found.push(Invalid::new(problem).index(position).field("domains"));
        }
        for (position, route) in host.routes.iter().enumerate() {
            found.extend(
                check_route(route)
                    .into_iter()
                    .map(|invalid| invalid.index(position).field("routes")),
            );
        }
        problems.extend(
            found
                .into_iter()
                .map(|invalid| invalid.index(index).field("virtualHosts")),
        );
    }
    problems
}

fn check_route(route: &Route) -> Vec<Invalid> {
    let found = match &route.action {
        RouteAction::Forward(forward) => check_target(&forward.target)
            .into_iter()
            .map(|invalid| invalid.field("forward"))
            .collect(),
        RouteAction::Redirect(redirect) if ![301, 302, 303, 307, 308].contains(&redirect.status) => {
            let problem = format!("{} is not a redirect: write 301, 302, 303, 307 or 308", redirect.status);
            vec![Invalid::new(problem).field("status").field("redirect")]
        }
        RouteAction::DirectResponse(response) if !(200..600).contains(&response.status) => {
            let problem = format!("{} is not a status from 200 to 599", response.status);
            vec![Invalid::new(problem).field("status").field("directResponse")]
        }
        RouteAction::Redirect(_) | RouteAction::DirectResponse(_) => Vec::new(),
    };
    found.into_iter().map(|invalid| invalid.field("action")).collect()
}

fn check_target(target: &RouteTarget) -> Vec<Invalid> {
    match target {
        RouteTarget::Cluster(name) if name.is_empty() => vec![Invalid::new("names no cluster").field("cluster")],
        RouteTarget::WeightedClusters(weighted) if weighted.total_weight() == 0 => {
            vec![
                Invalid::new("the weights add up to 0")
                    .field("clusters")
                    .field("weightedClusters"),
            ]
        }
        RouteTarget::Cluster(_) | RouteTarget::WeightedClusters(_) | RouteTarget::ClusterHeader(_) => Vec::new(),
    }
}

impl Cluster {
    /// What is wrong with it.
    pub fn check(&self) -> Vec<Invalid> {
        let mut problems = named(&self.name);
        if self.connect_timeout_ms == 0 {
            problems.push(Invalid::new("has to be greater than 0").field("connectTimeoutMs"));
        }
        problems.extend(self.health_check.as_deref().into_iter().flat_map(check_health_check));
        problems.extend(
            self.outlier_detection
                .as_deref()
                .into_iter()
                .flat_map(check_outlier_detection),
        );
        let resolves = matches!(self.kind, ClusterKind::StrictDns(_) | ClusterKind::LogicalDns(_));
        for (index, locality) in self.endpoints.iter().enumerate() {
            for (position, endpoint) in locality.endpoints.iter().enumerate() {
                let at = |invalid: Invalid| {
                    invalid
                        .index(position)
                        .field("endpoints")
                        .index(index)
                        .field("endpoints")
                };
                if matches!(endpoint.address, Address::Host(..)) && !resolves {
                    let problem = format!(
                        "{} is a name; only kinds strictDns and logicalDns resolve names",
                        endpoint.address
                    );
                    problems.push(at(Invalid::new(problem).field("address")));
                }
                if endpoint.weight == 0 {
                    problems.push(at(Invalid::new("is 0; leave the endpoint out instead").field("weight")));
                }
            }
        }
        let elsewhere = matches!(self.kind, ClusterKind::Eds { .. } | ClusterKind::OriginalDst { .. });
        if elsewhere && !self.endpoints.is_empty() {
            problems.push(Invalid::new("a cluster of this kind gets its endpoints from elsewhere").field("endpoints"));
        }
        problems.extend(self.lb_policy.check().map(|invalid| invalid.field("lbPolicy")));
        let factor = self.consistent_hashing.balance_factor_percent;
        if (1..100).contains(&factor) {
            let problem = format!("{factor} is less than an even share: write 0 for no limit, or 100 and more");
            problems.push(
                Invalid::new(problem)
                    .field("balanceFactorPercent")
                    .field("consistentHashing"),
            );
        }
        if self.locality_weighted && self.zone_aware.is_some() {
            problems.push(Invalid::new("cannot be together with localityWeighted").field("zoneAware"));
        }
        problems
    }
}

impl LbPolicy {
    /// What is wrong with it.
    pub fn check(&self) -> Option<Invalid> {
        match *self {
            Self::Maglev { table_size } if table_size > MAX_MAGLEV_SIZE || !is_prime(table_size) => {
                let problem = format!("{table_size} is not a prime number up to {MAX_MAGLEV_SIZE}");
                Some(Invalid::new(problem).field("tableSize").field("maglev"))
            }
            Self::RingHash { maximum_ring_size, .. } if !(1..=MAX_RING_SIZE).contains(&maximum_ring_size) => {
                let problem = format!("{maximum_ring_size} is not from 1 to {MAX_RING_SIZE}");
                Some(Invalid::new(problem).field("maximumRingSize").field("ringHash"))
            }
            Self::RingHash {
                minimum_ring_size,
                maximum_ring_size,
                ..
            } if minimum_ring_size > maximum_ring_size => {
                let problem = format!("{minimum_ring_size} is more than maximumRingSize {maximum_ring_size}");
                Some(Invalid::new(problem).field("minimumRingSize").field("ringHash"))
            }
            _ => None,
        }
    }
}

fn check_health_check(check: &HealthCheck) -> Vec<Invalid> {
    let mut problems = Vec::new();
    let mut positive = |name: &str, is_zero: bool| {
        if is_zero {
            problems.push(Invalid::new("has to be greater than 0").field(name));
        }
    };
    positive("timeoutMs", check.timeout_ms == 0);
    positive("intervalMs", check.interval_ms == 0);
    positive("noTrafficIntervalMs", check.no_traffic_interval_ms == 0);
    positive(
        "noTrafficHealthyIntervalMs",
        check.no_traffic_healthy_interval_ms == Some(0),
    );
    positive("unhealthyIntervalMs", check.unhealthy_interval_ms == Some(0));
    positive("unhealthyEdgeIntervalMs", check.unhealthy_edge_interval_ms == Some(0));
    positive("healthyEdgeIntervalMs", check.healthy_edge_interval_ms == Some(0));
    positive("unhealthyThreshold", check.unhealthy_threshold == 0);
    positive("healthyThreshold", check.healthy_threshold == 0);
    let (kind, headers): (_, &[HeaderSet]) = match &check.kind {
        HealthCheckKind::Http(http) => ("http", &http.headers),
        HealthCheckKind::Grpc(grpc) => ("grpc", &grpc.headers),
        HealthCheckKind::Tcp(_) => ("tcp", &[]),
    };
    for (index, header) in headers.iter().enumerate() {
        let place = |invalid: Invalid| invalid.index(index).field("headers").field(kind).field("kind");
        if header.value.literal().is_none() {
            let problem = "has operators; a health check has no request to take them from";
            problems.push(place(Invalid::new(problem).field("value")));
        }
        if header.name.kind() != NameKind::Field {
            let problem = format!("{} cannot be set here; use path or host", header.name);
            problems.push(place(Invalid::new(problem).field("name")));
        }
    }
    if let HealthCheckKind::Http(http) = &check.kind {
        let at = |invalid: Invalid| invalid.field("http").field("kind");
        let is_visible = |text: &str| text.bytes().all(|byte| byte.is_ascii_graphic());
        if !http.path.starts_with('/') || !is_visible(&http.path) {
            let problem = format!("{:?} is not a path: it has to start with '/'", http.path);
            problems.push(at(Invalid::new(problem).field("path")));
        }
        if HeaderName::new(&http.method).is_err() || &*http.method == "CONNECT" {
            let problem = format!("{:?} is not a method that a health check can use", http.method);
            problems.push(at(Invalid::new(problem).field("method")));
        }
        if !is_visible(&http.host) {
            problems.push(at(Invalid::new(format!("{:?} is not a host", http.host)).field("host")));
        }
        let ranges = [
            ("expectedStatuses", &http.expected_statuses),
            ("retriableStatuses", &http.retriable_statuses),
        ];
        for (name, ranges) in ranges {
            for (index, range) in ranges.iter().enumerate() {
                if range.start < 100 || range.end > 600 || range.start >= range.end {
                    let problem = format!("{} to before {} are not statuses", range.start, range.end);
                    problems.push(at(Invalid::new(problem).index(index).field(name)));
                }
            }
        }
    }
    problems
        .into_iter()
        .map(|invalid| invalid.field("healthCheck"))
        .collect()
}

fn check_outlier_detection(detection: &OutlierDetection) -> Vec<Invalid> {
    let mut problems = Vec::new();
    let shares = [
        ("maxEjectionPercent", detection.max_ejection_percent),
        ("enforcingConsecutive5xx", detection.enforcing_consecutive_5xx),
        (
            "enforcingConsecutiveGatewayFailure",
            detection.enforcing_consecutive_gateway_failure,
        ),
        (
            "enforcingConsecutiveLocalOriginFailure",
            detection.enforcing_consecutive_local_origin_failure,
        ),
        ("enforcingSuccessRate", detection.enforcing_success_rate),
        (
            "enforcingLocalOriginSuccessRate",
            detection.enforcing_local_origin_success_rate,
        ),
        ("failurePercentageThreshold", detection.failure_percentage_threshold),
        ("enforcingFailurePercentage", detection.enforcing_failure_percentage),
        (
            "enforcingFailurePercentageLocalOrigin",
            detection.enforcing_failure_percentage_local_origin,
        ),
    ];
    for (name, share) in shares.into_iter().filter(|(_, share)| *share > 100) {
        problems.push(Invalid::new(format!("{share} is more than 100 percent")).field(name));
    }
    for (name, time) in [
        ("intervalMs", detection.interval_ms),
        ("baseEjectionTimeMs", detection.base_ejection_time_ms),
    ] {
        if time == 0 {
            problems.push(Invalid::new("has to be greater than 0").field(name));
        }
    }
    problems
        .into_iter()
        .map(|invalid| invalid.field("outlierDetection"))
        .collect()
}

fn named(name: &str) -> Vec<Invalid> {
    if name.is_empty() {
        vec![Invalid::new("is empty; every resource needs a unique name").field("name")]
    } else {
        Vec::new()
    }
}

#[cfg(test)]
mod tests {
    use crate::Config;

    fn problems(json: &str) -> Vec<String> {
        let config: Config = serde_json::from_str(json).unwrap();
        let listeners = config.listeners.iter().flat_map(super::Listener::check);
        let routes = config.routes.iter().flat_map(super::RouteConfiguration::check);
        listeners
            .chain(routes)
            .chain(config.clusters.iter().flat_map(super::Cluster::check))
            .map(|invalid| invalid.to_string())
            .collect()
    }

    #[test]
    fn a_listener_has_to_serve_its_connections() {
        assert_eq!(
            problems(r#"{"listeners": [{"filterChains": [{}]}]}"#),
            [
                "name: is empty; every resource needs a unique name",
                "filterChains[0].filters: the last one, and only it, has to be httpConnectionManager or tcpProxy",
            ]
        );
        let empty_target =
            r#"{"listeners": [{"name": "l", "filterChains": [{"filters": [{"tcpProxy": {"cluster": ""}}]}]}]}"#;
        assert_eq!(
            problems(empty_target),
            ["filterChains[0].filters[0].cluster: names no cluster"]
        );
    }

    #[test]
    fn routes_inside_a_listener_are_checked_too() {
        let json = r#"{"listeners": [{"name": "l", "filterChains": [{"filters": [{"httpConnectionManager": {"routes": {"inline": {
            "virtualHosts": [{"domains": ["*", "a*b"], "routes": [{"action": {"forward": {"cluster": ""}}}, {"action": {"redirect": {"status": 200}}}]}]
        }}}}]}]}]}"#;
        let path = "filterChains[0].filters[0].httpConnectionManager.routes.inline.virtualHosts[0]";
        assert_eq!(
            problems(json),
            [
                format!("{path}.domains[1]: \"a*b\" is not a domain: one '*' at the start or at the end is allowed"),
                format!("{path}.routes[0].action.forward.cluster: names no cluster"),
                format!(
                    "{path}.routes[1].action.redirect.status: 200 is not a redirect: write 301, 302, 303, 307 or 308"
                ),
            ]
        );
    }

    #[test]
    fn a_domain_belongs_to_one_virtual_host() {
        let json = r#"{"routes": [{"name": "r", "virtualHosts": [{"domains": ["a"]}, {"domains": ["A"]}]}]}"#;
        assert_eq!(
            problems(json),
            ["virtualHosts[1].domains[0]: \"A\" already belongs to another virtual host"]
        );
    }

    #[test]
    fn names_need_a_cluster_that_resolves_them() {
        let cluster = |kind: &str| {
            format!(
                r#"{{"clusters": [{{"name": "c", {kind} "endpoints": [{{"endpoints": [{{"address": "example.com:80"}}]}}]}}]}}"#
            )
        };
        assert_eq!(
            problems(&cluster("")),
            [
                "endpoints[0].endpoints[0].address: example.com:80 is a name; only kinds strictDns and logicalDns resolve names"
            ]
        );
        assert!(problems(&cluster(r#""kind": {"strictDns": {}},"#)).is_empty());
    }

    #[test]
    fn health_checks_and_outlier_detection_say_what_is_wrong_where() {
        let json = r#"{"clusters": [{"name": "c", "outlierDetection": {"enforcingSuccessRate": 101, "intervalMs": 0},
            "healthCheck": {"intervalMs": 0, "healthyThreshold": 0, "kind": {"http": {"path": "healthz", "method": "CONNECT",
              "expectedStatuses": [{"start": 200, "end": 200}]}}}}]}"#;
        assert_eq!(
            problems(json),
            [
                "healthCheck.intervalMs: has to be greater than 0",
                "healthCheck.healthyThreshold: has to be greater than 0",
                "healthCheck.kind.http.path: \"healthz\" is not a path: it has to start with '/'",
                "healthCheck.kind.http.method: \"CONNECT\" is not a method that a health check can use",
                "healthCheck.kind.http.expectedStatuses[0]: 200 to before 200 are not statuses",
                "outlierDetection.enforcingSuccessRate: 101 is more than 100 percent",
                "outlierDetection.intervalMs: has to be greater than 0",
            ]
        );
    }
}
