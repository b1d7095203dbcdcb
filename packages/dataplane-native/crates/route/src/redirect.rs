//! Where a redirect leads.

use config::{PathMatch, Redirect, RedirectPath, RequestView, Route};

use crate::{
    host::without_port,
    rewrite::{replace_matched, substitute},
};

/// Writes the `location` of a redirect to `out`: scheme, host, port, path and query of the request, with what the
/// redirect changes.
pub fn redirect_location<V: RequestView + ?Sized>(route: &Route, redirect: &Redirect, view: &V, out: &mut Vec<u8>) {
    let scheme = if redirect.scheme.is_empty() {
        view.scheme()
    } else {
        redirect.scheme.as_bytes()
    };
    out.extend_from_slice(scheme);
    out.extend_from_slice(b"://");
    let host = if redirect.host.is_empty() {
        request_host(redirect, scheme, view)
    } else {
        redirect.host.as_bytes()
    };
    out.extend_from_slice(host);
    if redirect.port != 0 {
        out.extend_from_slice(format!(":{}", redirect.port).as_bytes());
    }
    write_path(&route.matches.path, redirect, view, out);
}

/// The request's host; its port goes when another is set, and when it was the default of a scheme that changes.
fn request_host<'v, V: RequestView + ?Sized>(redirect: &Redirect, scheme: &[u8], view: &'v V) -> &'v [u8] {
    let authority = view.authority();
    let host = without_port(authority);
    let port = &authority[host.len()..];
    let is_old_default = matches!((view.scheme(), port), (b"http", b":80") | (b"https", b":443"));
    if redirect.port != 0 || (scheme != view.scheme() && is_old_default) {
        host
    } else {
        authority
    }
}

fn write_path<V: RequestView + ?Sized>(matcher: &PathMatch, redirect: &Redirect, view: &V, out: &mut Vec<u8>) {
    let start = out.len();
    match &redirect.path {
        // A query of its own replaces the request's and is not stripped.
        Some(RedirectPath::Full(path)) if path.contains('?') => return out.extend_from_slice(path.as_bytes()),
        Some(RedirectPath::Full(path)) => {
            out.extend_from_slice(path.as_bytes());
            out.extend_from_slice(&view.path()[view.path_only().len()..]);
        }
        Some(RedirectPath::Prefix(prefix)) => replace_matched(matcher, prefix, view, out),
        Some(RedirectPath::Regex(substitution)) => substitute(substitution, view, out),
        None => out.extend_from_slice(view.path()),
    }
    if redirect.strip_query
        && let Some(query) = out[start..].iter().position(|byte| *byte == b'?')
    {
        out.truncate(start + query);
    }
}

#[cfg(test)]
mod tests {
    use config::RouteMatch;

    use super::*;
    use crate::test_request::TestRequest;

    fn location(redirect: &Redirect, request: &TestRequest) -> String {
        let route = Route {
            matches: RouteMatch {
                path: PathMatch::Prefix("/a".into()),
                ..RouteMatch::default()
            },
            ..Route::default()
        };
        let mut out = Vec::new();
        redirect_location(&route, redirect, request, &mut out);
        String::from_utf8(out).unwrap()
    }

    #[test]
    fn what_is_not_set_stays() {
        assert_eq!(
            location(&Redirect::default(), &TestRequest::get("/a/b?q=1").to("h:8080")),
            "http://h:8080/a/b?q=1"
        );
    }

    #[test]
    fn to_https_the_default_port_of_http_goes() {
        let redirect = Redirect {
            scheme: "https".into(),
            ..Redirect::default()
        };
        assert_eq!(location(&redirect, &TestRequest::get("/a").to("h:80")), "https://h/a");
        assert_eq!(
            location(&redirect, &TestRequest::get("/a").to("h:8080")),
            "https://h:8080/a"
        );
    }

    #[test]
    fn host_and_port_can_be_set() {
        let redirect = Redirect {
            port: 9443,
            ..Redirect::default()
        };
        assert_eq!(
            location(&redirect, &TestRequest::get("/a").to("[::1]:80")),
            "http://[::1]:9443/a"
        );
        let redirect = Redirect {
            host: "other".into(),
            ..Redirect::default()
        };
        assert_eq!(
            location(&redirect, &TestRequest::get("/a").to("h:80")),
            "http://other/a"
        );
    }

    #[test]
    fn the_path_is_replaced_whole_or_where_it_matched() {
        let full = |path: &str| Redirect {
            path: Some(RedirectPath::Full(path.into())),
            ..Redirect::default()
        };
        let request = TestRequest::get("/a/b?q=1").to("h");
        assert_eq!(location(&full("/z"), &request), "http://h/z?q=1");
        assert_eq!(location(&full("/z?own"), &request), "http://h/z?own");
        assert_eq!(
            location(
                &Redirect {
                    strip_query: true,
                    ..full("/z")
                },
                &request
            ),
            "http://h/z"
        );
        assert_eq!(
            location(
                &Redirect {
                    strip_query: true,
                    ..full("/z?own")
                },
                &request
            ),
            "http://h/z?own"
        );
        let prefix = Redirect {
            path: Some(RedirectPath::Prefix("/z".into())),
            ..Redirect::default()
        };
        assert_eq!(location(&prefix, &request), "http://h/z/b?q=1");
    }
}
