//! Where the requests of a session go (`envoy.filters.http.stateful_session`).

use std::net::SocketAddr;

use base64::{Engine as _, prelude::BASE64_STANDARD};
use config::{HeaderName, RequestView, SessionState};

use crate::hash::{cookie_value, set_cookie};

/// What a request says about its session.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Session {
    /// The endpoint that served it before; `None`: it is new, has expired, or cannot be read.
    pub endpoint: Option<SocketAddr>,
}

/// What a response says about it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum SessionMark<'s> {
    /// A value of `set-cookie`.
    Cookie(String),
    /// This header with this value.
    Header(&'s HeaderName, String),
}

impl Session {
    /// Reads it; `None`: requests to this path have none. `now_s` is the time since 1970 in seconds.
    pub fn read<V: RequestView + ?Sized>(state: &SessionState, view: &V, now_s: u64) -> Option<Self> {
        let text = match state {
            SessionState::Cookie { name, path, .. } => {
                if !is_within(view.path(), path.as_bytes()) {
                    return None;
                }
                cookie_value(view, name)
            }
            SessionState::Header(name) => view.header_at(name, 0),
        };
        let decoded = text.and_then(|text| BASE64_STANDARD.decode(text).ok());
        let endpoint = decoded.and_then(|bytes| match state {
            SessionState::Cookie { .. } => read_cookie(&bytes, now_s),
            SessionState::Header(_) => address(&bytes),
        });
        Some(Self { endpoint })
    }

    /// What the client is told when `endpoint` has served the request; nothing if it knows.
    pub fn mark<'s>(&self, state: &'s SessionState, endpoint: SocketAddr, now_s: u64) -> Option<SessionMark<'s>> {
        if self.endpoint == Some(endpoint) {
            return None;
        }
        let endpoint = endpoint.to_string();
        Some(match state {
            SessionState::Cookie {
                name,
                ttl_ms,
                path,
                attributes,
            } => {
                let expires = (*ttl_ms > 0).then(|| now_s + ttl_ms.div_ceil(1000));
                let value = BASE64_STANDARD.encode(write_cookie(&endpoint, expires));
                SessionMark::Cookie(set_cookie(name, &value, *ttl_ms, path, attributes))
            }
            SessionState::Header(name) => SessionMark::Header(name, BASE64_STANDARD.encode(endpoint)),
        })
    }
}

/// What a client says about its session, for fuzzers: in a header, or in a cookie among others.
#[doc(hidden)]
pub fn fuzz_session(bytes: &[u8]) {
    struct Request<'a>(&'a [u8]);
    impl RequestView for Request<'_> {
        fn method(&self) -> &[u8] {
            b"GET"
        }
        fn path(&self) -> &[u8] {
            self.0
        }
        fn authority(&self) -> &[u8] {
            self.0
        }
        fn scheme(&self) -> &[u8] {
            b"http"
        }
        fn header_at(&self, _: &HeaderName, nth: usize) -> Option<&[u8]> {
            (nth < 2).then_some(self.0)
        }
    }
    let cookie = |path: &str| SessionState::Cookie {
        name: "s".into(),
        ttl_ms: 1,
        path: path.into(),
        attributes: Vec::new(),
    };
    let header = SessionState::Header(HeaderName::from_static("s"));
    for state in [cookie(""), cookie("/"), cookie("s="), header] {
        for now_s in [0, 1, u64::from(u32::MAX)] {
            let Some(session) = Session::read(&state, &Request(bytes), now_s) else {
                continue;
            };
            let Some(endpoint) = session.endpoint else { continue };
            assert_eq!(session.mark(&state, endpoint, now_s), None, "the client knows");
            let other = SocketAddr::from(([127, 0, 0, 1], 1));
            assert!(endpoint == other || session.mark(&state, other, now_s).is_some());
        }
    }
}

/// Whether a client sends a cookie of `path` with a request for `target` (RFC 6265 section 5.1.4).
fn is_within(target: &[u8], path: &[u8]) -> bool {
    let Some(rest) = target.strip_prefix(path) else {
        return false;
    };
    path.is_empty() || path.ends_with(b"/") || matches!(rest.first(), None | Some(b'/' | b'?' | b'#'))
}

fn address(text: &[u8]) -> Option<SocketAddr> {
    std::str::from_utf8(text).ok()?.parse().ok()
}

/// The fields of the cookie, as Envoy's message has them: the address, and when it is over.
const ADDRESS: u8 = 1 << 3 | 2;
const EXPIRES: u8 = 2 << 3;

fn write_cookie(endpoint: &str, expires: Option<u64>) -> Vec<u8> {
    // An address has 47 bytes at most: its length is one byte.
    let mut bytes = vec![ADDRESS, endpoint.len() as u8];
    bytes.extend_from_slice(endpoint.as_bytes());
    if let Some(mut rest) = expires {
        bytes.push(EXPIRES);
        while rest >= 0x80 {
            bytes.push(rest as u8 | 0x80);
            rest >>= 7;
        }
        bytes.push(rest as u8);
    }
    bytes
}

/// The address in a cookie that is not over. Older proxies wrote the address alone.
fn read_cookie(bytes: &[u8], now_s: u64) -> Option<SocketAddr> {
    if let Some(plain) = address(bytes) {
        return Some(plain);
    }
    let [ADDRESS, len, rest @ ..] = bytes else { return None };
    let (text, rest) = rest.split_at_checked(usize::from(*len))?;
    let is_over = match rest {
        [] => false,
        [EXPIRES, digits @ ..] if digits.len() <= 9 => {
            let (last, first) = digits.split_last()?;
            if *last >= 0x80 || first.iter().any(|digit| *digit < 0x80) {
                return None;
            }
            let expires = digits
                .iter()
                .rev()
                .fold(0, |sum, digit| sum << 7 | u64::from(digit & 0x7f));
            expires < now_s
        }
        _ => return None,
    };
    if is_over { None } else { address(text) }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::test_request::TestRequest;

    fn cookie(path: &str, ttl_ms: u64) -> SessionState {
        SessionState::Cookie {
            name: "at".into(),
            ttl_ms,
            path: path.into(),
            attributes: vec![("Secure".into(), "".into())],
        }
    }

    fn endpoint() -> SocketAddr {
        "10.0.0.7:8080".parse().unwrap()
    }

    fn value(mark: &SessionMark<'_>) -> String {
        let SessionMark::Cookie(text) = mark else {
            panic!("{mark:?}")
        };
        text.split('"').nth(1).unwrap().to_owned()
    }

    fn read(state: &SessionState, value: &str, now_s: u64) -> Session {
        let request = TestRequest::get("/").with("cookie", &format!("a=b; at=\"{value}\""));
        Session::read(state, &request, now_s).unwrap()
    }

    #[test]
    fn the_endpoint_comes_back_in_the_cookie_until_that_is_over() {
        let state = cookie("", 90_000);
        let mark = Session::default().mark(&state, endpoint(), 1_790_000_000).unwrap();
        let SessionMark::Cookie(text) = &mark else {
            panic!("{mark:?}")
        };
        assert!(text.ends_with("; Max-Age=90; Secure; HttpOnly"), "{text}");
        let session = read(&state, &value(&mark), 1_790_000_090);
        assert_eq!(session.endpoint, Some(endpoint()));
        assert_eq!(session.mark(&state, endpoint(), 0), None, "the client knows");
        assert_eq!(read(&state, &value(&mark), 1_790_000_091).endpoint, None);
        let state = cookie("", 0);
        let forever = Session::default().mark(&state, endpoint(), 1).unwrap();
        assert_eq!(read(&state, &value(&forever), u64::MAX).endpoint, Some(endpoint()));
    }

    #[test]
    fn cookies_of_envoy_are_read() {
        // {address: "10.0.0.7:8080"}, and the address alone.
        for text in ["Cg0xMC4wLjAuNzo4MDgw", "MTAuMC4wLjc6ODA4MA=="] {
            assert_eq!(read(&cookie("", 0), text, 5).endpoint, Some(endpoint()), "{text}");
        }
    }

    #[test]
    fn what_is_no_address_is_a_new_session() {
        for text in ["", "!", "AAAA", "Cg==", "Cv8x", "ZXZpbC5leGFtcGxlOjE="] {
            assert_eq!(read(&cookie("", 0), text, 5), Session::default(), "{text}");
        }
    }

    #[test]
    fn paths_that_the_cookie_is_not_for_have_no_session() {
        for (path, target, is_for) in [
            ("/", "/a", true),
            ("/a", "/a", true),
            ("/a", "/a/b", true),
            ("/a", "/a?b", true),
            ("/a", "/ab", false),
            ("/a/", "/a", false),
            ("/a/", "/a/b", true),
        ] {
            let session = Session::read(&cookie(path, 0), &TestRequest::get(target), 0);
            assert_eq!(session.is_some(), is_for, "{path} {target}");
        }
    }

    #[test]
    fn a_header_has_the_address_alone() {
        let state = SessionState::Header(HeaderName::new("x-at").unwrap());
        let mark = Session::default().mark(&state, endpoint(), 0);
        let Some(SessionMark::Header(name, value)) = mark else {
            panic!("{mark:?}")
        };
        assert_eq!((name.as_str(), value.as_str()), ("x-at", "MTAuMC4wLjc6ODA4MA=="));
        let request = TestRequest::get("/").with("x-at", &value);
        assert_eq!(Session::read(&state, &request, 0).unwrap().endpoint, Some(endpoint()));
    }
}
