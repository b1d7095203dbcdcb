//! What a route does.

use config::{
    ClusterTerms, Criteria, DirectResponse, Forward, HashOn, HashPolicy, HostRewrite, MirrorPolicy, PathRewrite,
    Redirect, RedirectPath, RouteAction, RouteTarget, RouteUpgrade, WeightedCluster, WeightedClusters, shared,
};
use messages::envoy::config::{
    core::v3::RoutingPriority,
    route::v3::{
        self as pb,
        redirect_action::{PathRewriteSpecifier, RedirectResponseCode, SchemeRewriteSpecifier},
        route::Action,
        route_action::{
            ClusterNotFoundResponseCode, ClusterSpecifier, HostRewriteSpecifier, hash_policy::PolicySpecifier,
        },
        weighted_cluster::{RandomValueSpecifier, cluster_weight},
    },
};

use crate::{
    context::Context,
    filter::overrides,
    global_limit::limits,
    matcher::substitution,
    retry::{hedge_policy, retry_policy},
    value::{Source, data_source, header_mutations, header_name, metadata, millis, port, runtime_fraction},
};

/// `only_safe`: a retry policy is nobody's word about this route ([`config::RetryPolicy::only_safe`]).
pub(crate) fn action(cx: &mut Context, action: Option<Action>, only_safe: bool) -> RouteAction {
    match action {
        Some(Action::Route(pb)) => RouteAction::Forward(Box::new(cx.within("route", |cx| forward(cx, pb, only_safe)))),
        Some(Action::Redirect(pb)) => RouteAction::Redirect(Box::new(cx.within("redirect", |cx| redirect(cx, pb)))),
        Some(Action::DirectResponse(pb)) => {
            RouteAction::DirectResponse(Box::new(cx.within("directResponse", |cx| direct_response(cx, pb))))
        }
        Some(Action::FilterAction(_)) => {
            cx.unsupported("filterAction", true);
            RouteAction::default()
        }
        Some(Action::NonForwardingAction(_)) => {
            cx.unsupported("nonForwardingAction", true);
            RouteAction::default()
        }
        None => {
            cx.error("has no action: one of route, redirect and directResponse is needed");
            RouteAction::default()
        }
    }
}

fn forward(cx: &mut Context, pb: pb::RouteAction, only_safe: bool) -> Forward {
    report(cx, &pb);
    let cluster_not_found_status = match pb.cluster_not_found_response_code() {
        ClusterNotFoundResponseCode::ServiceUnavailable => 503,
        ClusterNotFoundResponseCode::NotFound => 404,
        ClusterNotFoundResponseCode::InternalServerError => 500,
    };
    let high_priority = pb.priority() == RoutingPriority::High;
    let max_stream = pb
        .max_stream_duration
        .and_then(|durations| durations.max_stream_duration);
    let metadata_match = Criteria::from_metadata(&metadata(pb.metadata_match));
    let mut target = target(cx, pb.cluster_specifier);
    if let RouteTarget::WeightedClusters(weighted) = &mut target {
        let own = weighted
            .clusters
            .iter_mut()
            .filter_map(|cluster| Some(&mut cluster.terms.get_mut()?.metadata_match));
        for criteria in own.filter(|criteria| !criteria.is_empty()) {
            *criteria = criteria.over(&metadata_match);
        }
    }
    Forward {
        target,
        cluster_not_found_status,
        path_rewrite: path_rewrite(cx, pb.prefix_rewrite, pb.regex_rewrite).map(Box::new),
        host_rewrite: host_rewrite(cx, pb.host_rewrite_specifier).map(Box::new),
        append_x_forwarded_host: pb.append_x_forwarded_host,
        timeout_ms: millis(cx, "timeout", pb.timeout).unwrap_or(15_000),
        idle_timeout_ms: millis(cx, "idleTimeout", pb.idle_timeout),
        max_stream_duration_ms: millis(cx, "maxStreamDuration", max_stream),
        retry: pb.retry_policy.map(|policy| {
            cx.within("retryPolicy", |cx| retry_policy(cx, policy, only_safe))
                .shared()
        }),
        hedge: pb
            .hedge_policy
            .map(|policy| cx.within("hedgePolicy", |cx| hedge_policy(cx, policy))),
        mirrors: cx
            .list("requestMirrorPolicies", pb.request_mirror_policies, mirror)
            .into(),
        hash_policy: cx
            .list("hashPolicy", pb.hash_policy, hash_policy)
            .into_iter()
            .flatten()
            .collect(),
        metadata_match,
        upgrades: cx.list("upgradeConfigs", pb.upgrade_configs, upgrade).into(),
        high_priority,
        rate_limits: limits(cx, pb.rate_limits).into(),
        includes_host_rate_limits: pb.include_vh_rate_limits.unwrap_or(false),
    }
}

fn report(cx: &mut Context, pb: &pb::RouteAction) {
    cx.unsupported("pathRewritePolicy", pb.path_rewrite_policy.is_some());
    cx.unsupported("pathRewrite", !pb.path_rewrite.is_empty());
    cx.unsupported("retryPolicyTypedConfig", pb.retry_policy_typed_config.is_some());
    cx.unsupported("cors", pb.cors.is_some());
    cx.unsupported("internalRedirectPolicy", pb.internal_redirect_policy.is_some());
    cx.no_effect("earlyDataPolicy", pb.early_data_policy.is_some());
}

fn target(cx: &mut Context, specifier: Option<ClusterSpecifier>) -> RouteTarget {
    match specifier {
        Some(ClusterSpecifier::Cluster(name)) => {
            if name.is_empty() {
                cx.within("cluster", |cx| cx.error("is empty"));
            }
            RouteTarget::Cluster(shared(&name))
        }
        Some(ClusterSpecifier::ClusterHeader(name)) => {
            header_name(cx, "clusterHeader", &name).map_or_else(RouteTarget::default, RouteTarget::ClusterHeader)
        }
        Some(ClusterSpecifier::WeightedClusters(pb)) => {
            RouteTarget::WeightedClusters(cx.within("weightedClusters", |cx| weighted_clusters(cx, pb)))
        }
        Some(ClusterSpecifier::ClusterSpecifierPlugin(_) | ClusterSpecifier::InlineClusterSpecifierPlugin(_)) => {
            cx.unsupported("clusterSpecifierPlugin", true);
            RouteTarget::default()
        }
        None => {
            cx.error("has none of cluster, weightedClusters and clusterHeader");
            RouteTarget::default()
        }
    }
}

fn weighted_clusters(cx: &mut Context, pb: pb::WeightedCluster) -> WeightedClusters {
    let random_value_header = match pb.random_value_specifier {
        Some(RandomValueSpecifier::HeaderName(name)) if !name.is_empty() => header_name(cx, "headerName", &name),
        Some(RandomValueSpecifier::UseHashPolicy(value)) => {
            cx.no_effect("useHashPolicy", value);
            None
        }
        _ => None,
    };
    let weighted = WeightedClusters {
        clusters: cx.list("clusters", pb.clusters, weighted_cluster).into(),
        random_value_header: random_value_header.map(Box::new),
    };
    let total = weighted.total_weight();
    if total == 0 || total > u64::from(u32::MAX) {
        cx.within("clusters", |cx| {
            cx.error(format!(
                "the weights add up to {total}; it has to be from 1 to 4294967295"
            ));
        });
    }
    if let Some(wanted) = pb.total_weight
        && u64::from(wanted) != total
    {
        cx.within("totalWeight", |cx| {
            cx.error(format!("is {wanted}, but the weights add up to {total}"));
        });
    }
    weighted
}

fn weighted_cluster(cx: &mut Context, pb: pb::weighted_cluster::ClusterWeight) -> WeightedCluster {
    cx.unsupported("clusterHeader", !pb.cluster_header.is_empty());
    if pb.name.is_empty() {
        cx.within("name", |cx| cx.error("is empty"));
    }
    let terms = ClusterTerms {
        headers: header_mutations(
            cx,
            (pb.request_headers_to_add, pb.request_headers_to_remove),
            (pb.response_headers_to_add, pb.response_headers_to_remove),
        )
        .into(),
        host_rewrite: pb
            .host_rewrite_specifier
            .map(|cluster_weight::HostRewriteSpecifier::HostRewriteLiteral(host)| host.into()),
        metadata_match: Criteria::from_metadata(&metadata(pb.metadata_match)),
        filter_overrides: overrides(cx, pb.typed_per_filter_config).into(),
    };
    WeightedCluster {
        name: shared(&pb.name),
        weight: pb.weight.unwrap_or(0),
        terms: terms.into(),
    }
}

type RegexRewrite = Option<messages::envoy::r#type::matcher::v3::RegexMatchAndSubstitute>;

fn path_rewrite(cx: &mut Context, prefix: String, regex: RegexRewrite) -> Option<PathRewrite> {
    match regex {
        Some(_) if !prefix.is_empty() => {
            cx.within("regexRewrite", |cx| {
                cx.error("prefixRewrite is set too; only one of them can be");
            });
            None
        }
        Some(regex) => cx
            .within("regexRewrite", |cx| substitution(cx, regex))
            .map(PathRewrite::Regex),
        None => (!prefix.is_empty()).then(|| PathRewrite::Prefix(prefix.into())),
    }
}

fn host_rewrite(cx: &mut Context, specifier: Option<HostRewriteSpecifier>) -> Option<HostRewrite> {
    match specifier? {
        HostRewriteSpecifier::HostRewriteLiteral(host) => Some(HostRewrite::Literal(host.into())),
        HostRewriteSpecifier::AutoHostRewrite(value) => value.then_some(HostRewrite::Auto),
        HostRewriteSpecifier::HostRewriteHeader(name) => {
            header_name(cx, "hostRewriteHeader", &name).map(HostRewrite::Header)
        }
        HostRewriteSpecifier::HostRewritePathRegex(regex) => cx
            .within("hostRewritePathRegex", |cx| substitution(cx, regex))
            .map(HostRewrite::PathRegex),
        HostRewriteSpecifier::HostRewrite(_) => {
            cx.unsupported("hostRewrite", true);
            None
        }
    }
}

fn mirror(cx: &mut Context, pb: pb::route_action::RequestMirrorPolicy) -> MirrorPolicy {
    cx.unsupported("clusterHeader", !pb.cluster_header.is_empty());
    cx.unsupported("requestHeadersMutations", !pb.request_headers_mutations.is_empty());
    cx.unsupported("hostRewriteLiteral", !pb.host_rewrite_literal.is_empty());
    if pb.cluster.is_empty() && pb.cluster_header.is_empty() {
        cx.within("cluster", |cx| cx.error("is empty"));
    }
    MirrorPolicy {
        cluster: shared(&pb.cluster),
        fraction: runtime_fraction(pb.runtime_fraction),
        disable_shadow_host_suffix: pb.disable_shadow_host_suffix_append,
        trace_sampled: pb.trace_sampled,
    }
}

fn hash_policy(cx: &mut Context, pb: pb::route_action::HashPolicy) -> Option<HashPolicy> {
    let on = match pb.policy_specifier {
        Some(PolicySpecifier::Header(header)) => {
            let rewrite = header.regex_rewrite;
            HashOn::Header {
                name: header_name(cx, "header.headerName", &header.header_name)?,
                rewrite: rewrite.and_then(|rewrite| cx.within("header.regexRewrite", |cx| substitution(cx, rewrite))),
            }
        }
        Some(PolicySpecifier::Cookie(cookie)) => HashOn::Cookie {
            name: cookie.name.into(),
            ttl_ms: millis(cx, "cookie.ttl", cookie.ttl),
            path: cookie.path.into(),
            attributes: cookie
                .attributes
                .into_iter()
                .map(|attribute| (attribute.name.into(), attribute.value.into()))
                .collect(),
        },
        Some(PolicySpecifier::ConnectionProperties(properties)) if properties.source_ip => HashOn::SourceIp,
        Some(PolicySpecifier::QueryParameter(parameter)) => HashOn::QueryParameter(parameter.name.into()),
        Some(PolicySpecifier::ConnectionProperties(_) | PolicySpecifier::FilterState(_)) | None => {
            cx.warn("has no effect in this proxy");
            return None;
        }
    };
    Some(HashPolicy {
        on,
        terminal: pb.terminal,
    })
}

fn upgrade(cx: &mut Context, pb: pb::route_action::UpgradeConfig) -> RouteUpgrade {
    if let Some(connect) = &pb.connect_config {
        cx.unsupported(
            "connectConfig.proxyProtocolConfig",
            connect.proxy_protocol_config.is_some(),
        );
        cx.unsupported("connectConfig.allowPost", connect.allow_post);
    }
    RouteUpgrade {
        protocol: pb.upgrade_type.to_ascii_lowercase().into(),
        enabled: pb.enabled.unwrap_or(true),
        terminate_connect: pb.connect_config.is_some(),
    }
}

fn redirect(cx: &mut Context, pb: pb::RedirectAction) -> Redirect {
    let status = match pb.response_code() {
        RedirectResponseCode::MovedPermanently => 301,
        RedirectResponseCode::Found => 302,
        RedirectResponseCode::SeeOther => 303,
        RedirectResponseCode::TemporaryRedirect => 307,
        RedirectResponseCode::PermanentRedirect => 308,
    };
    let scheme = match pb.scheme_rewrite_specifier {
        Some(SchemeRewriteSpecifier::HttpsRedirect(true)) => "https".into(),
        Some(SchemeRewriteSpecifier::SchemeRedirect(scheme)) => scheme.into(),
        Some(SchemeRewriteSpecifier::HttpsRedirect(false)) | None => "".into(),
    };
    let path = match pb.path_rewrite_specifier {
        Some(PathRewriteSpecifier::PathRedirect(path)) => Some(RedirectPath::Full(path.into())),
        Some(PathRewriteSpecifier::PrefixRewrite(prefix)) => Some(RedirectPath::Prefix(prefix.into())),
        Some(PathRewriteSpecifier::RegexRewrite(regex)) => cx
            .within("regexRewrite", |cx| substitution(cx, regex))
            .map(RedirectPath::Regex),
        Some(PathRewriteSpecifier::PathRewrite(_)) => {
            cx.unsupported("pathRewrite", true);
            None
        }
        None => None,
    };
    if pb
        .host_redirect
        .bytes()
        .any(|byte| byte.is_ascii_whitespace() || byte.is_ascii_control())
    {
        cx.within("hostRedirect", |cx| {
            cx.error(format!("{:?} is not a host", pb.host_redirect));
        });
    }
    Redirect {
        scheme,
        host: pb.host_redirect.into(),
        port: port(cx, "portRedirect", pb.port_redirect),
        path,
        status,
        strip_query: pb.strip_query,
    }
}

fn direct_response(cx: &mut Context, pb: pb::DirectResponseAction) -> DirectResponse {
    cx.unsupported("bodyFormat", pb.body_format.is_some());
    let status = u16::try_from(pb.status)
        .ok()
        .filter(|status| (200..600).contains(status))
        .unwrap_or_else(|| {
            cx.within("status", |cx| {
                cx.error(format!("{} is not a status from 200 to 599", pb.status));
            });
            500
        });
    let body = pb.body.and_then(|source| {
        cx.within("body", |cx| match data_source(cx, source)? {
            Source::Inline(bytes) => cx.check(String::from_utf8(bytes).map_err(|_| "is not UTF-8")),
            Source::File(path) => {
                cx.error(format!("file {path:?}: only an inline body is supported"));
                None
            }
        })
    });
    DirectResponse {
        status,
        body: body.unwrap_or_default().into(),
    }
}
