//! What a route changes about the path and the host of a request.

use config::{Forward, HostRewrite, PathMatch, PathRewrite, RequestView, Route, Substitution, WeightedCluster};

/// Writes the path for the upstream, with its query, to `out`. False: it stays as it is and nothing was written.
pub fn rewrite_path<V: RequestView + ?Sized>(route: &Route, forward: &Forward, view: &V, out: &mut Vec<u8>) -> bool {
    match forward.path_rewrite.as_deref() {
        None => return false,
        // A CONNECT request has no path to rewrite.
        Some(_) if view.path().is_empty() => return false,
        Some(PathRewrite::Prefix(prefix)) => replace_matched(&route.matches.path, prefix, view, out),
        Some(PathRewrite::Regex(substitution)) => substitute(substitution, view, out),
    }
    true
}

/// What happens to the host.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum HostChange {
    /// It stays.
    Keep,
    /// It is what was written to `out`.
    Replaced,
    /// It becomes the name of the endpoint that is chosen.
    FromEndpoint,
}

/// Writes the host for the upstream to `out` if it is known before an endpoint is chosen.
pub fn rewrite_host<V: RequestView + ?Sized>(
    forward: &Forward,
    weighted: Option<&WeightedCluster>,
    view: &V,
    out: &mut Vec<u8>,
) -> HostChange {
    if let Some(host) = weighted.and_then(|cluster| cluster.host_rewrite.as_ref()) {
        out.extend_from_slice(host.as_bytes());
        return HostChange::Replaced;
    }
    match forward.host_rewrite.as_deref() {
        None => return HostChange::Keep,
        Some(HostRewrite::Auto) => return HostChange::FromEndpoint,
        Some(HostRewrite::Literal(host)) => out.extend_from_slice(host.as_bytes()),
        Some(HostRewrite::Header(name)) => match view.header(name) {
            Some(value) if !value.is_empty() => out.extend_from_slice(value),
            _ => return HostChange::Keep,
        },
        Some(HostRewrite::PathRegex(substitution)) => {
            substitution.apply(view.path_only(), out);
        }
    }
    HostChange::Replaced
}

/// Replaces what the match took of the path: the prefix, or all of it. The query stays.
pub(crate) fn replace_matched<V: RequestView + ?Sized>(
    matcher: &PathMatch,
    replacement: &str,
    view: &V,
    out: &mut Vec<u8>,
) {
    let path = view.path();
    let taken = match matcher {
        PathMatch::Prefix(prefix) | PathMatch::SeparatedPrefix(prefix) => prefix.len(),
        PathMatch::Exact(_) | PathMatch::Regex(_) | PathMatch::Connect => view.path_only().len(),
    };
    out.extend_from_slice(replacement.as_bytes());
    out.extend_from_slice(path.get(taken..).unwrap_or_default());
}

/// Replaces every match in the path. The query stays.
pub(crate) fn substitute<V: RequestView + ?Sized>(substitution: &Substitution, view: &V, out: &mut Vec<u8>) {
    let only = view.path_only();
    substitution.apply(only, out);
    out.extend_from_slice(&view.path()[only.len()..]);
}

#[cfg(test)]
mod tests {
    use config::{ClusterTerms, HeaderName, RouteMatch};

    use super::*;
    use crate::test_request::TestRequest;

    fn path(matcher: PathMatch, rewrite: PathRewrite, path: &'static str) -> String {
        let route = Route {
            matches: RouteMatch {
                path: matcher,
                ..RouteMatch::default()
            },
            ..Route::default()
        };
        let forward = Forward {
            path_rewrite: Some(rewrite.into()),
            ..Forward::default()
        };
        let mut out = Vec::new();
        assert!(rewrite_path(&route, &forward, &TestRequest::get(path), &mut out));
        String::from_utf8(out).unwrap()
    }

    fn to(prefix: &str) -> PathRewrite {
        PathRewrite::Prefix(prefix.into())
    }

    #[test]
    fn what_the_match_took_is_replaced_and_the_rest_stays() {
        assert_eq!(path(PathMatch::Prefix("/a".into()), to("/b"), "/a/c?q=1"), "/b/c?q=1");
        assert_eq!(path(PathMatch::Prefix("/a/".into()), to("/"), "/a/c"), "/c");
        assert_eq!(path(PathMatch::SeparatedPrefix("/a".into()), to("/b"), "/a?q"), "/b?q");
        assert_eq!(path(PathMatch::Exact("/a".into()), to("/b"), "/a?q"), "/b?q");
        assert_eq!(
            path(
                PathMatch::Regex(config::Pattern::new("/a.*").unwrap()),
                to("/b"),
                "/abc?q"
            ),
            "/b?q"
        );
    }

    #[test]
    fn an_expression_never_sees_the_query() {
        let rewrite = PathRewrite::Regex(Substitution::new("a", "x").unwrap());
        assert_eq!(path(PathMatch::Prefix("/".into()), rewrite, "/aba?a=a"), "/xbx?a=a");
    }

    #[test]
    fn without_a_rewrite_nothing_is_written() {
        let mut out = Vec::new();
        assert!(!rewrite_path(
            &Route::default(),
            &Forward::default(),
            &TestRequest::get("/"),
            &mut out
        ));
        assert!(out.is_empty());
    }

    fn host(rewrite: HostRewrite, request: &TestRequest) -> (HostChange, String) {
        let forward = Forward {
            host_rewrite: Some(rewrite.into()),
            ..Forward::default()
        };
        let mut out = Vec::new();
        let change = rewrite_host(&forward, None, request, &mut out);
        (change, String::from_utf8(out).unwrap())
    }

    #[test]
    fn the_host_is_a_literal_a_header_a_part_of_the_path_or_the_endpoints() {
        let request = TestRequest {
            headers: vec![("x-host", "h")],
            ..TestRequest::get("/tenant-a/x?q")
        };
        let name = |name| HeaderName::new(name).unwrap();
        assert_eq!(
            host(HostRewrite::Literal("l".into()), &request),
            (HostChange::Replaced, "l".into())
        );
        assert_eq!(
            host(HostRewrite::Header(name("x-host")), &request),
            (HostChange::Replaced, "h".into())
        );
        assert_eq!(
            host(HostRewrite::Header(name("missing")), &request),
            (HostChange::Keep, String::new())
        );
        assert_eq!(
            host(HostRewrite::Auto, &request),
            (HostChange::FromEndpoint, String::new())
        );
        let regex = Substitution::new("^/([^/]+)/.*$", r"\1.local").unwrap();
        assert_eq!(
            host(HostRewrite::PathRegex(regex), &request),
            (HostChange::Replaced, "tenant-a.local".into())
        );
    }

    #[test]
    fn a_weighted_clusters_host_wins() {
        let terms = ClusterTerms {
            host_rewrite: Some("w".into()),
            ..ClusterTerms::default()
        };
        let cluster = WeightedCluster {
            terms: terms.into(),
            ..WeightedCluster::default()
        };
        let forward = Forward {
            host_rewrite: Some(Box::new(HostRewrite::Literal("l".into()))),
            ..Forward::default()
        };
        let mut out = Vec::new();
        rewrite_host(&forward, Some(&cluster), &TestRequest::get("/"), &mut out);
        assert_eq!(out, b"w");
    }
}
