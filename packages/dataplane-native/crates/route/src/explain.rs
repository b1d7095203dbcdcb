//! The search for a route, with every decision told.

use config::{HeaderMatcher, HeaderValueMatcher, MetadataMatcher, PathMatch, QueryMatcher, RequestView, Route};
use serde::Serialize;

use crate::{
    check::{Mismatch, check},
    table::{ClusterChoice, RouteTable},
};

/// How a route was found, or why there is none.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct RouteExplanation {
    /// The host that was looked up.
    pub host: String,
    /// Virtual hosts and whether they take it, in the order of the configuration.
    pub hosts: Vec<HostAttempt>,
    /// Routes of the virtual host that were tried, in order; the last one matched if `found`.
    pub routes: Vec<RouteAttempt>,
    /// Positions of the virtual host and of the route.
    pub found: Option<(usize, usize)>,
    /// The cluster that was chosen, if the route forwards.
    pub cluster: Option<String>,
}

/// A virtual host that was looked at.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct HostAttempt {
    /// Its name.
    pub virtual_host: String,
    /// It is the one.
    pub chosen: bool,
    /// Why, in words, with the domain.
    pub outcome: String,
}

/// A route that was tried.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct RouteAttempt {
    /// Position in the virtual host.
    pub index: usize,
    /// Its name, or its path condition.
    pub route: String,
    /// It is the one.
    pub matched: bool,
    /// The first condition that failed, in words; or that all hold.
    pub outcome: String,
}

impl RouteTable {
    /// Tells how [`RouteTable::find`] decides about a request, and [`crate::Found::pick_cluster`] after it.
    pub fn explain<V: RequestView + ?Sized>(&self, view: &V, random: u64) -> RouteExplanation {
        let host = text(self.hosts.comparable(view.authority()));
        let chosen = self.hosts.find(view.authority()).map(|position| position as usize);
        let mut explanation = RouteExplanation {
            hosts: self.explain_hosts(&host, chosen),
            host,
            ..RouteExplanation::default()
        };
        let Some(host_index) = chosen else { return explanation };
        let virtual_host = &self.config.virtual_hosts[host_index];
        if virtual_host.require_tls && view.scheme() != b"https" {
            "requires https: redirected".clone_into(&mut explanation.hosts[host_index].outcome);
            return explanation;
        }
        for (index, route) in virtual_host.routes.iter().enumerate() {
            let result = check(&route.matches, view, view.path_only(), random);
            let mut attempt = RouteAttempt {
                index,
                route: label(route),
                matched: result.is_ok(),
                outcome: String::new(),
            };
            if let Err(mismatch) = result {
                attempt.outcome = describe(mismatch, route, view);
                explanation.routes.push(attempt);
                continue;
            }
            let choice = self.found(host_index, index).pick_cluster(view, random);
            attempt.outcome = describe_choice(choice);
            explanation.routes.push(attempt);
            explanation.found = Some((host_index, index));
            explanation.cluster = choice.name(view).map(str::to_owned);
            break;
        }
        explanation
    }

    fn explain_hosts(&self, host: &str, chosen: Option<usize>) -> Vec<HostAttempt> {
        let attempt = |(position, virtual_host): (usize, &config::VirtualHost)| {
            let takes = virtual_host
                .domains
                .iter()
                .filter(|domain| takes(domain, host))
                .max_by_key(|domain| rank(domain));
            let is_chosen = chosen == Some(position);
            let outcome = match takes {
                Some(domain) if is_chosen => format!("domain {domain:?} takes {host:?}"),
                Some(domain) => format!("domain {domain:?} takes {host:?}, but another is more specific"),
                None => format!("no domain takes {host:?}"),
            };
            HostAttempt {
                virtual_host: virtual_host.name.to_string(),
                chosen: is_chosen,
                outcome,
            }
        };
        self.config.virtual_hosts.iter().enumerate().map(attempt).collect()
    }
}

fn takes(domain: &str, host: &str) -> bool {
    let (domain, host) = (domain.to_ascii_lowercase(), host.to_ascii_lowercase());
    if domain == "*" {
        return true;
    }
    match (domain.strip_prefix('*'), domain.strip_suffix('*')) {
        (Some(suffix), _) => host.len() > suffix.len() && host.ends_with(suffix),
        (None, Some(prefix)) => host.len() > prefix.len() && host.starts_with(prefix),
        (None, None) => host == domain,
    }
}

/// Exact over suffix over prefix over any, then by length.
fn rank(domain: &str) -> (u8, usize) {
    let kind = if domain == "*" {
        0
    } else if domain.starts_with('*') {
        2
    } else if domain.ends_with('*') {
        1
    } else {
        3
    };
    (kind, domain.len())
}

fn label(route: &Route) -> String {
    if route.name.is_empty() {
        path_condition(&route.matches.path)
    } else {
        route.name.to_string()
    }
}

fn path_condition(path: &PathMatch) -> String {
    match path {
        PathMatch::Prefix(path) => format!("prefix {path}"),
        PathMatch::Exact(path) => format!("path {path}"),
        PathMatch::SeparatedPrefix(path) => format!("path {path} or below"),
        PathMatch::Regex(pattern) => format!("path ~ {}", pattern.as_str()),
        PathMatch::Connect => "CONNECT".to_owned(),
    }
}

fn describe_choice(choice: ClusterChoice<'_>) -> String {
    match choice {
        ClusterChoice::Weighted(_, cluster) => {
            format!(
                "all conditions hold; cluster {} was chosen by its weight {}",
                cluster.name, cluster.weight
            )
        }
        ClusterChoice::FromHeader(name) => format!("all conditions hold; the cluster stands in header {name}"),
        ClusterChoice::Named(_) | ClusterChoice::None => "all conditions hold".to_owned(),
    }
}

fn describe<V: RequestView + ?Sized>(mismatch: Mismatch, route: &Route, view: &V) -> String {
    match mismatch {
        Mismatch::Path => format!(
            "{} does not take {:?}",
            path_condition(&route.matches.path),
            text(view.path_only())
        ),
        Mismatch::Fraction => "the request does not belong to the route's share".to_owned(),
        Mismatch::Grpc => "the request is not gRPC".to_owned(),
        Mismatch::Header(position) => describe_header(position, &route.matches.headers[position], view),
        Mismatch::Metadata(position) => describe_metadata(position, &route.matches.metadata[position], view),
        Mismatch::Query(position) => describe_query(position, &route.matches.query[position], view),
    }
}

fn describe_header<V: RequestView + ?Sized>(position: usize, matcher: &HeaderMatcher, view: &V) -> String {
    let value = view
        .value(&matcher.name)
        .map_or_else(|| "is missing".to_owned(), |value| format!("is {:?}", text(&value)));
    let wanted = match &matcher.value {
        HeaderValueMatcher::Present(present) => format!("present {present}"),
        HeaderValueMatcher::String(string) => format!("{string:?}"),
        HeaderValueMatcher::Range { start, end } => format!("in {start}..{end}"),
    };
    let not = if matcher.invert { "not " } else { "" };
    format!("headers[{position}]: {} {value}, wanted {not}{wanted}", matcher.name)
}

fn describe_metadata<V: RequestView + ?Sized>(position: usize, matcher: &MetadataMatcher, view: &V) -> String {
    let mut value = view.metadata().and_then(|all| all.get(&*matcher.filter));
    for key in &matcher.path {
        value = value.and_then(|object| object.get(&**key));
    }
    let value = value.map_or_else(|| "is missing".to_owned(), |value| format!("is {value}"));
    let not = if matcher.invert { "not " } else { "" };
    let path = matcher.path.join(".");
    format!(
        "dynamicMetadata[{position}]: {path} of {} {value}, wanted {not}{:?}",
        matcher.filter, matcher.value
    )
}

fn describe_query<V: RequestView + ?Sized>(position: usize, matcher: &QueryMatcher, view: &V) -> String {
    format!(
        "queryParameters[{position}]: {} wanted {:?}, the query is {:?}",
        matcher.name,
        matcher.value,
        text(view.query())
    )
}

fn text(bytes: &[u8]) -> String {
    String::from_utf8_lossy(bytes).into_owned()
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use config::{
        Forward, HeaderName, RouteAction, RouteConfiguration, RouteMatch, RouteTarget, StringMatcher, VirtualHost,
    };

    use super::*;
    use crate::test_request::TestRequest;

    fn table() -> RouteTable {
        let header = HeaderMatcher {
            name: HeaderName::new("end-user").unwrap(),
            value: HeaderValueMatcher::String(StringMatcher::Exact("jason".into())),
            invert: false,
            treat_missing_as_empty: false,
        };
        let to = |cluster: &str| {
            RouteAction::Forward(Box::new(Forward {
                target: RouteTarget::Cluster(cluster.into()),
                ..Forward::default()
            }))
        };
        let routes = vec![
            Route {
                name: "jason".into(),
                matches: RouteMatch {
                    headers: [header].into(),
                    ..RouteMatch::default()
                },
                action: to("v2"),
                ..Route::default()
            },
            Route {
                action: to("v1"),
                ..Route::default()
            },
        ];
        let host = |name: &str, domain: &str, routes| VirtualHost {
            name: name.into(),
            domains: vec![domain.into()],
            routes,
            ..VirtualHost::default()
        };
        RouteTable::new(Arc::new(RouteConfiguration {
            virtual_hosts: vec![
                host("any", "*", Box::default()),
                host("reviews", "reviews", routes.into()),
            ],
            ..RouteConfiguration::default()
        }))
    }

    #[test]
    fn every_route_on_the_way_says_which_condition_failed() {
        let explanation = table().explain(&TestRequest::get("/x").to("reviews"), 0);
        assert_eq!(
            explanation.hosts[0].outcome,
            "domain \"*\" takes \"reviews\", but another is more specific"
        );
        assert!(explanation.hosts[1].chosen);
        assert_eq!(explanation.routes[0].route, "jason");
        assert_eq!(
            explanation.routes[0].outcome,
            "headers[0]: end-user is missing, wanted Exact(\"jason\")"
        );
        assert!(explanation.routes[1].matched);
        assert_eq!(
            (explanation.found, explanation.cluster.as_deref()),
            (Some((1, 1)), Some("v1"))
        );
    }

    #[test]
    fn without_a_route_the_explanation_ends_with_the_last_failure() {
        let explanation = table().explain(&TestRequest::get("/x").to("other"), 0);
        assert!(explanation.hosts[0].chosen && explanation.routes.is_empty() && explanation.found.is_none());
    }
}
