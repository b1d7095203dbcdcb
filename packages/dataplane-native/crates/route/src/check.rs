//! Whether a route's conditions hold, and which is the first that does not.

use std::sync::LazyLock;

use config::{HeaderMatcher, HeaderName, PathMatch, RequestView, RouteMatch};

/// The first condition of a route that does not hold, in the order they are looked at.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Mismatch {
    /// The path (or it is not a CONNECT request).
    Path,
    /// The share of requests.
    Fraction,
    /// Not gRPC.
    Grpc,
    /// The header matcher at this position.
    Header(usize),
    /// The query parameter matcher at this position.
    Query(usize),
    /// The metadata matcher at this position.
    Metadata(usize),
}

/// Whether all conditions hold, for those who have conditions like routes.
pub fn matches<V: RequestView + ?Sized>(conditions: &RouteMatch, view: &V, random: u64) -> bool {
    let path = view.path();
    let end = path.iter().position(|byte| *byte == b'?').unwrap_or(path.len());
    check(conditions, view, &path[..end], random).is_ok()
}

/// Looks at the conditions of a route; `path` is the request's without query.
pub(crate) fn check<V: RequestView + ?Sized>(
    matches: &RouteMatch,
    view: &V,
    path: &[u8],
    random: u64,
) -> Result<(), Mismatch> {
    if !path_matches(&matches.path, matches.case_sensitive, view, path) {
        return Err(Mismatch::Path);
    }
    // Another part of the random number than weighted clusters use, so that the two choices are independent.
    if matches
        .fraction
        .is_some_and(|fraction| !fraction.contains(random.rotate_left(32)))
    {
        return Err(Mismatch::Fraction);
    }
    if matches.grpc && !is_grpc(view) {
        return Err(Mismatch::Grpc);
    }
    if let Some(position) = matches
        .headers
        .iter()
        .position(|matcher: &HeaderMatcher| !matcher.matches(view))
    {
        return Err(Mismatch::Header(position));
    }
    if !matches.query.is_empty() {
        let query = view.query();
        if let Some(position) = matches.query.iter().position(|matcher| !matcher.matches(query)) {
            return Err(Mismatch::Query(position));
        }
    }
    if !matches.metadata.is_empty() {
        let metadata = view.metadata();
        if let Some(position) = matches.metadata.iter().position(|matcher| !matcher.matches(metadata)) {
            return Err(Mismatch::Metadata(position));
        }
    }
    Ok(())
}

fn path_matches<V: RequestView + ?Sized>(matcher: &PathMatch, case_sensitive: bool, view: &V, path: &[u8]) -> bool {
    let is_connect = view.method() == b"CONNECT";
    let starts_with = |prefix: &str| {
        path.get(..prefix.len()).is_some_and(|head| {
            if case_sensitive {
                head == prefix.as_bytes()
            } else {
                head.eq_ignore_ascii_case(prefix.as_bytes())
            }
        })
    };
    match matcher {
        PathMatch::Connect => is_connect,
        // CONNECT has no path (RFC 9112 section 3.2.3), so nothing about its path can hold.
        _ if is_connect && path.first() != Some(&b'/') => false,
        PathMatch::Prefix(prefix) => starts_with(prefix),
        PathMatch::Exact(exact) => path.len() == exact.len() && starts_with(exact),
        PathMatch::SeparatedPrefix(prefix) => {
            starts_with(prefix) && (path.len() == prefix.len() || path[prefix.len()] == b'/')
        }
        PathMatch::Regex(pattern) => pattern.matches(path),
    }
}

fn is_grpc<V: RequestView + ?Sized>(view: &V) -> bool {
    static CONTENT_TYPE: LazyLock<HeaderName> = LazyLock::new(|| HeaderName::from_static("content-type"));
    let value = view.header(&CONTENT_TYPE).unwrap_or_default();
    value
        .strip_prefix(b"application/grpc")
        .is_some_and(|rest| matches!(rest.first(), None | Some(b'+' | b';')))
}

#[cfg(test)]
mod tests {
    use config::{
        FractionalPercent, HeaderValueMatcher, MetadataMatcher, MetadataValue, Pattern, QueryMatcher,
        QueryValueMatcher, RouteMatch, StringMatcher,
    };

    use super::*;
    use crate::test_request::TestRequest;

    fn outcome(matches: &RouteMatch, request: &TestRequest) -> Result<(), Mismatch> {
        check(matches, request, request.path_only(), 0)
    }

    fn by_path(path: PathMatch) -> RouteMatch {
        RouteMatch {
            path,
            ..RouteMatch::default()
        }
    }

    #[test]
    fn what_filters_found_out_counts_once_it_is_known() {
        let claim = |invert| MetadataMatcher {
            filter: "jwt".into(),
            path: vec!["payload".into(), "sub".into()],
            value: MetadataValue::String(StringMatcher::Exact("ann".into())),
            invert,
        };
        let asking = |invert| RouteMatch {
            metadata: vec![claim(invert)].into(),
            ..RouteMatch::default()
        };
        let of = |sub: &str| TestRequest {
            metadata: Some(serde_json::json!({ "jwt": { "payload": { "sub": sub } } })),
            ..TestRequest::get("/")
        };
        assert_eq!(outcome(&asking(false), &of("ann")), Ok(()));
        assert_eq!(outcome(&asking(false), &of("bob")), Err(Mismatch::Metadata(0)));
        assert_eq!(
            outcome(&asking(false), &TestRequest::get("/")),
            Err(Mismatch::Metadata(0))
        );
        assert_eq!(outcome(&asking(true), &TestRequest::get("/")), Ok(()));
        assert_eq!(outcome(&asking(true), &of("ann")), Err(Mismatch::Metadata(0)));
    }

    #[test]
    fn paths_match_by_prefix_exactly_by_segment_and_by_expression() {
        let cases: &[(PathMatch, &[&str], &[&str])] = &[
            (
                PathMatch::Prefix("/a".into()),
                &["/a", "/ab", "/a/b", "/a?q"],
                &["/", "/A"],
            ),
            (
                PathMatch::Exact("/a".into()),
                &["/a", "/a?q=1", "/a#f"],
                &["/a/", "/ab", "/A"],
            ),
            (
                PathMatch::SeparatedPrefix("/a".into()),
                &["/a", "/a/", "/a/b", "/a?q"],
                &["/ab", "/"],
            ),
            (
                PathMatch::Regex(Pattern::new("/a.").unwrap()),
                &["/ab", "/ax?q"],
                &["/a", "/abc"],
            ),
        ];
        for (path, good, bad) in cases {
            for text in *good {
                assert_eq!(
                    outcome(&by_path(path.clone()), &TestRequest::get(text)),
                    Ok(()),
                    "{path:?} {text}"
                );
            }
            for text in *bad {
                assert_eq!(
                    outcome(&by_path(path.clone()), &TestRequest::get(text)),
                    Err(Mismatch::Path),
                    "{path:?} {text}"
                );
            }
        }
    }

    #[test]
    fn case_matters_unless_told_otherwise() {
        let matches = RouteMatch {
            case_sensitive: false,
            ..by_path(PathMatch::Prefix("/Api".into()))
        };
        assert_eq!(outcome(&matches, &TestRequest::get("/aPI/x")), Ok(()));
    }

    #[test]
    fn a_connect_request_is_taken_by_connect_routes_only() {
        let connect = TestRequest {
            method: "CONNECT",
            path: "",
            ..TestRequest::get("")
        };
        assert_eq!(outcome(&by_path(PathMatch::Connect), &connect), Ok(()));
        assert_eq!(
            outcome(&by_path(PathMatch::Prefix("".into())), &connect),
            Err(Mismatch::Path)
        );
        assert_eq!(
            outcome(&by_path(PathMatch::Connect), &TestRequest::get("/")),
            Err(Mismatch::Path)
        );
    }

    #[test]
    fn the_first_condition_that_fails_is_named() {
        let header = |name: &str| HeaderMatcher {
            name: HeaderName::new(name).unwrap(),
            value: HeaderValueMatcher::Present(true),
            invert: false,
            treat_missing_as_empty: false,
        };
        let query = QueryMatcher {
            name: "q".into(),
            value: QueryValueMatcher::String(StringMatcher::Exact("1".into())),
        };
        let matches = RouteMatch {
            headers: [header("a"), header("b")].into(),
            query: vec![query].into(),
            ..RouteMatch::default()
        };
        let request = |headers, path| TestRequest {
            headers,
            ..TestRequest::get(path)
        };
        assert_eq!(
            outcome(&matches, &request(vec![("a", "")], "/")),
            Err(Mismatch::Header(1))
        );
        assert_eq!(
            outcome(&matches, &request(vec![("a", ""), ("b", "")], "/?q=2")),
            Err(Mismatch::Query(0))
        );
        assert_eq!(outcome(&matches, &request(vec![("a", ""), ("b", "")], "/?q=1")), Ok(()));
    }

    #[test]
    fn a_share_of_nothing_takes_nothing() {
        let matches = RouteMatch {
            fraction: Some(FractionalPercent::default()),
            ..RouteMatch::default()
        };
        assert_eq!(outcome(&matches, &TestRequest::get("/")), Err(Mismatch::Fraction));
    }

    #[test]
    fn grpc_is_told_by_its_content_type() {
        let matches = RouteMatch {
            grpc: true,
            ..RouteMatch::default()
        };
        let with = |value| TestRequest {
            headers: vec![("content-type", value)],
            ..TestRequest::get("/")
        };
        assert_eq!(outcome(&matches, &with("application/grpc+proto")), Ok(()));
        assert_eq!(outcome(&matches, &with("application/grpc-web")), Err(Mismatch::Grpc));
        assert_eq!(outcome(&matches, &TestRequest::get("/")), Err(Mismatch::Grpc));
    }
}
