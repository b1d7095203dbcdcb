//! Connections that are joined with one to an upstream, and limits on connections.

use config::{
    ClusterTerms, ConnectionLimit, Criteria, Operator, Piece, Rare, RouteTarget, TcpProxy, Template, TunnelingConfig,
    WeightedCluster, WeightedClusters,
};
use messages::envoy::{
    config::core::v3::Metadata,
    extensions::filters::network::{
        connection_limit::v3 as limit,
        tcp_proxy::v3::{self as pb, tcp_proxy},
    },
    r#type::v3::hash_policy::PolicySpecifier,
};

use crate::{
    access_log::{access_logs, entries_at_the_end_only},
    context::Context,
    value::{header_set, metadata, millis},
};

pub(crate) fn tcp_proxy(cx: &mut Context, pb: pb::TcpProxy) -> TcpProxy {
    cx.no_effect("onDemand", pb.on_demand.is_some());
    entries_at_the_end_only(
        cx,
        &[
            ("accessLogOptions", pb.access_log_options.is_some()),
            ("accessLogFlushInterval", pb.access_log_flush_interval.is_some()),
            ("flushAccessLogOnConnected", pb.flush_access_log_on_connected),
        ],
    );
    let own = Criteria::from_metadata(&metadata(pb.metadata_match));
    let target = match pb.cluster_specifier {
        Some(tcp_proxy::ClusterSpecifier::Cluster(name)) => {
            if name.is_empty() {
                cx.within("cluster", |cx| cx.error("is empty"));
            }
            RouteTarget::Cluster(name.into())
        }
        Some(tcp_proxy::ClusterSpecifier::WeightedClusters(weighted)) => {
            cx.within("weightedClusters", |cx| weighted_clusters(cx, weighted, &own))
        }
        None => {
            cx.error("has neither cluster nor weightedClusters");
            RouteTarget::default()
        }
    };
    let by_source = |policy: &PolicySpecifier| matches!(policy, PolicySpecifier::SourceIp(_));
    let policies: Vec<_> = pb
        .hash_policy
        .into_iter()
        .filter_map(|policy| policy.policy_specifier)
        .collect();
    cx.unsupported("hashPolicy", !policies.iter().all(by_source));
    TcpProxy {
        stat_prefix: pb.stat_prefix.into(),
        target,
        idle_timeout_ms: millis(cx, "idleTimeout", pb.idle_timeout).unwrap_or(3_600_000),
        max_connection_duration_ms: millis(
            cx,
            "maxDownstreamConnectionDuration",
            pb.max_downstream_connection_duration,
        )
        .unwrap_or(0),
        max_connect_attempts: pb.max_connect_attempts.unwrap_or(1).max(1),
        tunneling: pb
            .tunneling_config
            .map(|tunneling| cx.within("tunnelingConfig", |cx| tunneling_config(cx, tunneling))),
        hash_source_ip: policies.iter().any(by_source),
        metadata_match: own,
        access_log: access_logs(cx, "accessLog", pb.access_log),
    }
}

fn weighted_clusters(cx: &mut Context, pb: tcp_proxy::WeightedCluster, own: &Criteria) -> RouteTarget {
    let clusters = cx.list("clusters", pb.clusters, |_, cluster| WeightedCluster {
        name: cluster.name.into(),
        weight: cluster.weight,
        terms: terms_over(own, cluster.metadata_match),
    });
    let weighted = WeightedClusters {
        clusters: clusters.into(),
        random_value_header: None,
    };
    if weighted.total_weight() == 0 {
        cx.error("the weights add up to 0");
    }
    RouteTarget::WeightedClusters(weighted)
}

/// A cluster's own says more than the proxy's.
fn terms_over(proxy: &Criteria, own: Option<Metadata>) -> Rare<ClusterTerms> {
    let terms = ClusterTerms {
        metadata_match: Criteria::from_metadata(&metadata(own)).over(proxy),
        ..ClusterTerms::default()
    };
    terms.into()
}

fn tunneling_config(cx: &mut Context, pb: tcp_proxy::TunnelingConfig) -> TunnelingConfig {
    // What they hand on is read by filters that this proxy does not have.
    cx.no_effect("propagateResponseHeaders", pb.propagate_response_headers);
    cx.no_effect("propagateResponseTrailers", pb.propagate_response_trailers);
    let hostname = cx.within("hostname", |cx| {
        if pb.hostname.is_empty() {
            cx.error("is empty; write host:port");
        }
        let template = cx.check(Template::new(&pb.hostname)).unwrap_or_default();
        of_connection(cx, &template);
        template
    });
    if !pb.use_post && !pb.post_path.is_empty() {
        cx.within("postPath", |cx| cx.error("is for POST only; set usePost"));
    }
    if !pb.post_path.is_empty() && !pb.post_path.starts_with('/') {
        cx.within("postPath", |cx| {
            cx.error(format!("{:?} does not begin with '/'", pb.post_path));
        });
    }
    let headers = cx.list("headersToAdd", pb.headers_to_add, |cx, option| {
        let set = header_set(cx, option)?;
        of_connection(cx, &set.value);
        Some(set)
    });
    TunnelingConfig {
        hostname,
        use_post: pb.use_post,
        post_path: if pb.post_path.is_empty() { "/" } else { &pb.post_path }.into(),
        headers: headers.into_iter().flatten().collect(),
    }
}

/// There is no request yet that a value could come from.
fn of_connection(cx: &mut Context, template: &Template) {
    for piece in template.pieces() {
        if let Piece::Operator { operator, .. } = piece
            && matches!(
                operator,
                Operator::RequestHeader(..) | Operator::ResponseHeader(..) | Operator::ResponseCode
            )
        {
            cx.error(format!(
                "{:?} asks for a request; a tunnel knows only its connection",
                template.as_str()
            ));
        }
    }
}

pub(crate) fn connection_limit(cx: &mut Context, pb: limit::ConnectionLimit) -> ConnectionLimit {
    let is_off = pb
        .runtime_enabled
        .and_then(|flag| flag.default_value)
        .is_some_and(|value| !value);
    let max_connections = match pb.max_connections {
        Some(0) | None => {
            cx.within("maxConnections", |cx| cx.error("has to be 1 or more"));
            0
        }
        Some(count) => count,
    };
    ConnectionLimit {
        max_connections: if is_off { u64::MAX } else { max_connections },
        delay_ms: millis(cx, "delay", pb.delay).unwrap_or(0),
    }
}
