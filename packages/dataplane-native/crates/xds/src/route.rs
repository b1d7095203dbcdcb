//! Route configurations, virtual hosts and routes.

use std::{collections::HashMap, sync::Arc};

use config::{Origin, PathMatch, Route, RouteConfiguration, RouteMatch, VirtualCluster, VirtualHost, shared, text};
use messages::envoy::config::route::v3::{self as pb, route_match::PathSpecifier, virtual_host::TlsRequirementType};

use crate::{
    context::Context,
    filter::overrides,
    global_limit::limits,
    matcher::{self, headers, metadata as metadata_matcher, pattern, query},
    retry::{hedge_policy, retry_policy, take_default_mark},
    route_action, tracing,
    value::{header_mutations, metadata, runtime_fraction},
};

pub(crate) fn route_configuration(cx: &mut Context, pb: pb::RouteConfiguration) -> RouteConfiguration {
    cx.unsupported("vhds", pb.vhds.is_some());
    cx.unsupported("vhostHeader", !pb.vhost_header.is_empty());
    cx.unsupported(
        "ignorePathParametersInPathMatching",
        pb.ignore_path_parameters_in_path_matching,
    );
    cx.unsupported("requestMirrorPolicies", !pb.request_mirror_policies.is_empty());
    cx.unsupported("internalOnlyHeaders", !pb.internal_only_headers.is_empty());
    cx.unsupported("clusterSpecifierPlugins", !pb.cluster_specifier_plugins.is_empty());
    let (origins, metadata) = Origin::split(metadata(pb.metadata));
    let config = RouteConfiguration {
        name: pb.name.into(),
        virtual_hosts: cx.list("virtualHosts", pb.virtual_hosts, virtual_host),
        headers: header_mutations(
            cx,
            (pb.request_headers_to_add, pb.request_headers_to_remove),
            (pb.response_headers_to_add, pb.response_headers_to_remove),
        )
        .into(),
        most_specific_header_mutations_wins: pb.most_specific_header_mutations_wins,
        validate_clusters: pb.validate_clusters.unwrap_or(false),
        ignore_port_in_host_matching: pb.ignore_port_in_host_matching,
        filter_overrides: overrides(cx, pb.typed_per_filter_config).into(),
        origins: origins.into(),
        metadata,
    };
    reject_duplicates(cx, &config);
    config
}

/// Hosts and names have to be unique: nobody could tell which one counts.
fn reject_duplicates(cx: &mut Context, config: &RouteConfiguration) {
    let mut names: HashMap<&str, usize> = HashMap::new();
    let mut domains: HashMap<String, &str> = HashMap::new();
    cx.within("virtualHosts", |cx| {
        for (index, host) in config.virtual_hosts.iter().enumerate() {
            cx.within(&format!("[{index}]"), |cx| {
                if let Some(first) = names.insert(&host.name, index) {
                    cx.within("name", |cx| {
                        cx.error(format!("{:?} is also the name of virtualHosts[{first}]", host.name));
                    });
                }
                for (position, domain) in host.domains.iter().enumerate() {
                    if let Some(other) = domains.insert(domain.to_ascii_lowercase(), &host.name) {
                        cx.within(&format!("domains[{position}]"), |cx| {
                            cx.error(format!("{domain:?} already belongs to virtual host {other:?}"));
                        });
                    }
                }
            });
        }
    });
}

fn virtual_cluster(cx: &mut Context, pb: pb::VirtualCluster) -> Option<VirtualCluster> {
    if pb.name.is_empty() {
        cx.within("name", |cx| cx.error("is empty"));
    }
    if pb.headers.is_empty() {
        cx.within("headers", |cx| {
            cx.error("is empty: nothing tells its requests from others");
        });
    }
    let headers = cx.list("headers", pb.headers, matcher::header);
    Some(VirtualCluster {
        name: pb.name.into(),
        headers: headers.into_iter().collect::<Option<_>>()?,
    })
}

fn virtual_host(cx: &mut Context, pb: pb::VirtualHost) -> VirtualHost {
    cx.unsupported("matcher", pb.matcher.is_some());
    cx.unsupported("retryPolicyTypedConfig", pb.retry_policy_typed_config.is_some());
    cx.unsupported("requestMirrorPolicies", !pb.request_mirror_policies.is_empty());
    cx.unsupported("cors", pb.cors.is_some());
    if pb.name.is_empty() {
        cx.within("name", |cx| cx.error("is empty"));
    }
    if pb.domains.is_empty() {
        cx.within("domains", |cx| cx.error("is empty; write \"*\" for all hosts"));
    }
    let require_tls = match pb.require_tls() {
        TlsRequirementType::None => false,
        TlsRequirementType::All => true,
        TlsRequirementType::ExternalOnly => {
            cx.within("requireTls", |cx| {
                cx.warn("EXTERNAL_ONLY is served as ALL: no request counts as internal");
            });
            true
        }
    };
    let (origins, metadata) = Origin::split(metadata(pb.metadata));
    VirtualHost {
        name: pb.name.into(),
        domains: cx.list("domains", pb.domains, domain),
        routes: cx.list("routes", pb.routes, route).into(),
        retry: pb
            .retry_policy
            .map(|policy| cx.within("retryPolicy", |cx| retry_policy(cx, policy, false)).shared()),
        hedge: pb
            .hedge_policy
            .map(|policy| cx.within("hedgePolicy", |cx| hedge_policy(cx, policy))),
        headers: header_mutations(
            cx,
            (pb.request_headers_to_add, pb.request_headers_to_remove),
            (pb.response_headers_to_add, pb.response_headers_to_remove),
        )
        .into(),
        require_tls,
        include_request_attempt_count: pb.include_request_attempt_count,
        include_attempt_count_in_response: pb.include_attempt_count_in_response,
        virtual_clusters: cx
            .list("virtualClusters", pb.virtual_clusters, virtual_cluster)
            .into_iter()
            .flatten()
            .collect(),
        rate_limits: limits(cx, pb.rate_limits).into(),
        filter_overrides: overrides(cx, pb.typed_per_filter_config).into(),
        origins: origins.into(),
        metadata,
    }
}

fn domain(cx: &mut Context, domain: String) -> Arc<str> {
    let inner = domain
        .strip_prefix('*')
        .or_else(|| domain.strip_suffix('*'))
        .unwrap_or(&domain);
    if domain.is_empty() || inner.contains('*') {
        cx.error(format!(
            "{domain:?} is not a domain: one '*' at the start or at the end is allowed"
        ));
    }
    domain.into()
}

fn route(cx: &mut Context, pb: pb::Route) -> Route {
    let tracing = pb
        .tracing
        .map(|pb| Box::new(cx.within("tracing", |cx| tracing::route_tracing(cx, pb))));
    let (origins, mut metadata) = Origin::split(metadata(pb.metadata));
    let only_safe = take_default_mark(&mut metadata);
    Route {
        name: text(pb.name),
        matches: match cx.required("match", pb.r#match) {
            Some(pb) => cx.within("match", |cx| route_match(cx, pb)),
            None => RouteMatch::default(),
        },
        action: route_action::action(cx, pb.action, only_safe),
        headers: header_mutations(
            cx,
            (pb.request_headers_to_add, pb.request_headers_to_remove),
            (pb.response_headers_to_add, pb.response_headers_to_remove),
        )
        .into(),
        filter_overrides: overrides(cx, pb.typed_per_filter_config).into(),
        operation: pb
            .decorator
            .map(|decorator| shared(&decorator.operation))
            .unwrap_or_default(),
        tracing,
        stat_prefix: text(pb.stat_prefix),
        origins: origins.into(),
        metadata,
    }
}

pub(crate) fn route_match(cx: &mut Context, pb: pb::RouteMatch) -> RouteMatch {
    cx.unsupported("cookies", !pb.cookies.is_empty());
    cx.unsupported("tlsContext", pb.tls_context.is_some());
    cx.unsupported("filterState", !pb.filter_state.is_empty());
    RouteMatch {
        path: path_match(cx, pb.path_specifier),
        case_sensitive: pb.case_sensitive.unwrap_or(true),
        headers: headers(cx, "headers", pb.headers).into(),
        query: cx
            .list("queryParameters", pb.query_parameters, query)
            .into_iter()
            .flatten()
            .collect(),
        fraction: runtime_fraction(pb.runtime_fraction),
        grpc: pb.grpc.is_some(),
        metadata: cx
            .list("dynamicMetadata", pb.dynamic_metadata, metadata_matcher)
            .into_iter()
            .flatten()
            .collect(),
    }
}

fn path_match(cx: &mut Context, specifier: Option<PathSpecifier>) -> PathMatch {
    match specifier {
        Some(PathSpecifier::Prefix(path)) => PathMatch::Prefix(path.into()),
        Some(PathSpecifier::Path(path)) => PathMatch::Exact(path.into()),
        Some(PathSpecifier::SafeRegex(regex)) => cx
            .within("safeRegex", |cx| pattern(cx, &regex))
            .map_or_else(PathMatch::default, PathMatch::Regex),
        Some(PathSpecifier::ConnectMatcher(_)) => PathMatch::Connect,
        Some(PathSpecifier::PathSeparatedPrefix(path)) => {
            if path.ends_with('/') || path.contains(['?', '#']) {
                cx.within("pathSeparatedPrefix", |cx| {
                    cx.error(format!("{path:?} must not end with '/' or have a query"));
                });
            }
            PathMatch::SeparatedPrefix(path.into())
        }
        Some(PathSpecifier::PathMatchPolicy(extension)) => {
            cx.within("pathMatchPolicy", |cx| {
                cx.error(format!("extension {:?} is not supported", extension.name));
            });
            PathMatch::default()
        }
        None => {
            cx.error("has no path; write prefix \"/\" for all paths");
            PathMatch::default()
        }
    }
}
