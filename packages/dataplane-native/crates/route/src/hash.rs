//! What a request is hashed by, for consistent load balancing.

use std::{
    borrow::Cow,
    fmt::Write as _,
    net::{IpAddr, SocketAddr},
};

use config::{HashOn, HashPolicy, HeaderName, NameKind, RequestView};
use twox_hash::XxHash64;

/// The connection that a request came by.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct HashSource {
    /// The client's address.
    pub client: Option<SocketAddr>,
    /// The address that it reached.
    pub local: Option<SocketAddr>,
}

/// What [`hash_request`] finds.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct RequestHash {
    /// The hash; `None`: nothing of what is looked at is there.
    pub hash: Option<u64>,
    /// Values of `set-cookie` fields to add to the response: cookies that were missing.
    pub set_cookies: Vec<String>,
}

/// Hashes a request by the policies of its route, as Envoy does: same policies, same request, same hash.
pub fn hash_request<V: RequestView + ?Sized>(policies: &[HashPolicy], view: &V, source: &HashSource) -> RequestHash {
    let mut result = RequestHash::default();
    for policy in policies {
        if let Some(hash) = hash_on(&policy.on, view, source, &mut result.set_cookies) {
            // Turned by a bit, so that two policies that find the same do not cancel each other out.
            result.hash = Some(result.hash.unwrap_or(0).rotate_left(1) ^ hash);
        }
        if policy.terminal && result.hash.is_some() {
            break;
        }
    }
    result
}

/// The value of a cookie of the request, without quotes.
pub fn cookie_value<'v, V: RequestView + ?Sized>(view: &'v V, name: &str) -> Option<&'v [u8]> {
    let header = HeaderName::from_static("cookie");
    let fields = (0..).map_while(|nth| view.header_at(&header, nth));
    let mut pairs = fields.flat_map(|field| field.split(|byte| *byte == b';'));
    pairs.find_map(|pair| {
        let pair = pair.trim_ascii_start();
        let value = pair.strip_prefix(name.as_bytes())?.strip_prefix(b"=")?.trim_ascii();
        let unquoted = value.strip_prefix(b"\"").and_then(|value| value.strip_suffix(b"\""));
        Some(unquoted.unwrap_or(value))
    })
}

fn hash_on<V: RequestView + ?Sized>(
    on: &HashOn,
    view: &V,
    source: &HashSource,
    set_cookies: &mut Vec<String>,
) -> Option<u64> {
    match on {
        HashOn::Header { name, rewrite } => hash_header(view, name, rewrite.as_ref()),
        HashOn::Cookie {
            name,
            ttl_ms,
            path,
            attributes,
        } => match (cookie_value(view, name), ttl_ms) {
            (Some(value), _) if !value.is_empty() => Some(xx_hash(value, 0)),
            (_, None) => None,
            (_, Some(ttl_ms)) => {
                let value = new_cookie_value(source);
                set_cookies.push(set_cookie(name, &value, *ttl_ms, path, attributes));
                Some(xx_hash(value.as_bytes(), 0))
            }
        },
        HashOn::SourceIp => source.client.map(|client| hash_address(client.ip())),
        HashOn::QueryParameter(name) => query_value(view.query(), name.as_bytes()).map(|value| xx_hash(value, 0)),
    }
}

fn xx_hash(bytes: &[u8], seed: u64) -> u64 {
    XxHash64::oneshot(seed, bytes)
}

/// Several fields of one name count in the order of their values.
fn hash_header<V: RequestView + ?Sized>(
    view: &V,
    name: &HeaderName,
    rewrite: Option<&config::Substitution>,
) -> Option<u64> {
    let rewritten = |value: &'_ [u8]| -> Option<Vec<u8>> {
        let mut out = Vec::new();
        rewrite?.apply(value, &mut out);
        Some(out)
    };
    let hash_one = |value: &[u8]| xx_hash(rewritten(value).as_deref().unwrap_or(value), 0);
    if name.kind() != NameKind::Field {
        return view.value(name).map(|value| hash_one(&value));
    }
    let first = view.header_at(name, 0)?;
    if view.header_at(name, 1).is_none() {
        return Some(hash_one(first));
    }
    let fields = (0..).map_while(|nth| view.header_at(name, nth));
    let mut values: Vec<Cow<'_, [u8]>> = fields
        .map(|value| rewritten(value).map_or(Cow::Borrowed(value), Cow::Owned))
        .collect();
    values.sort_unstable();
    Some(values.iter().fold(0, |seed, value| xx_hash(value, seed)))
}

/// The hash of an address, whatever its notation.
pub fn hash_address(address: IpAddr) -> u64 {
    // An address has 39 characters at most.
    let mut text = arrayed::Text::<64>::default();
    let _ = write!(text, "{}", address.to_canonical());
    xx_hash(text.as_bytes(), 0)
}

/// The hash of a text.
pub fn hash_text(text: &[u8]) -> u64 {
    xx_hash(text, 0)
}

fn query_value<'q>(query: &'q [u8], name: &[u8]) -> Option<&'q [u8]> {
    let mut pairs = query.split(|byte| *byte == b'&');
    pairs.find_map(|pair| {
        let end = pair.iter().position(|byte| *byte == b'=').unwrap_or(pair.len());
        (pair[..end] == *name).then(|| pair.get(end + 1..).unwrap_or_default())
    })
}

/// The same for all requests of a connection: several that race get the same cookie.
fn new_cookie_value(source: &HashSource) -> String {
    let text = |address: Option<SocketAddr>| address.map(|address| address.to_string()).unwrap_or_default();
    let connection = text(source.client) + &text(source.local);
    format!("{:016x}", xx_hash(connection.as_bytes(), 0))
}

/// The value of a `set-cookie` field; a `ttl_ms` of 0 makes a cookie for the session.
pub(crate) fn set_cookie(
    name: &str,
    value: &str,
    ttl_ms: u64,
    path: &str,
    attributes: &[(std::sync::Arc<str>, std::sync::Arc<str>)],
) -> String {
    let mut cookie = format!("{name}=\"{value}\"");
    if ttl_ms > 0 {
        let _ = write!(cookie, "; Max-Age={}", ttl_ms.div_ceil(1000));
    }
    if !path.is_empty() {
        let _ = write!(cookie, "; Path={path}");
    }
    for (name, value) in attributes {
        let _ = if value.is_empty() {
            write!(cookie, "; {name}")
        } else {
            write!(cookie, "; {name}={value}")
        };
    }
    cookie.push_str("; HttpOnly");
    cookie
}

mod arrayed {
    /// Text without an allocation; what does not fit is an error.
    pub(super) struct Text<const SIZE: usize> {
        bytes: [u8; SIZE],
        len: usize,
    }

    impl<const SIZE: usize> Default for Text<SIZE> {
        fn default() -> Self {
            Self {
                bytes: [0; SIZE],
                len: 0,
            }
        }
    }

    impl<const SIZE: usize> Text<SIZE> {
        pub(super) fn as_bytes(&self) -> &[u8] {
            &self.bytes[..self.len]
        }
    }

    impl<const SIZE: usize> std::fmt::Write for Text<SIZE> {
        fn write_str(&mut self, text: &str) -> std::fmt::Result {
            let end = self.len + text.len();
            let place = self.bytes.get_mut(self.len..end).ok_or(std::fmt::Error)?;
            place.copy_from_slice(text.as_bytes());
            self.len = end;
            Ok(())
        }
    }
}

#[cfg(test)]
mod tests {
    use config::Substitution;

    use super::*;
    use crate::test_request::TestRequest;

    fn policy(on: HashOn) -> HashPolicy {
        HashPolicy { on, terminal: false }
    }

    fn header(name: &str) -> HashOn {
        HashOn::Header {
            name: HeaderName::new(name).unwrap(),
            rewrite: None,
        }
    }

    fn cookie(ttl_ms: Option<u64>) -> HashOn {
        HashOn::Cookie {
            name: "session".into(),
            ttl_ms,
            path: "/shop".into(),
            attributes: vec![("SameSite".into(), "Strict".into()), ("Secure".into(), "".into())],
        }
    }

    fn request(headers: &[(&'static str, &'static str)]) -> TestRequest {
        TestRequest {
            headers: headers.to_vec(),
            ..TestRequest::get("/a?user=7&empty=&flag")
        }
    }

    fn source() -> HashSource {
        HashSource {
            client: Some("10.0.0.9:4711".parse().unwrap()),
            local: Some("10.0.0.1:80".parse().unwrap()),
        }
    }

    fn hash(on: HashOn, request: &TestRequest) -> Option<u64> {
        hash_request(&[policy(on)], request, &source()).hash
    }

    #[test]
    fn a_header_is_hashed_as_envoy_does() {
        let foo = Some(3_728_699_739_546_630_719);
        assert_eq!(hash(header("x-user"), &request(&[("x-user", "foo")])), foo);
        assert_eq!(hash(header("x-user"), &request(&[])), None);
        assert_eq!(hash(header(":method"), &request(&[])), Some(xx_hash(b"GET", 0)));
    }

    #[test]
    fn several_fields_of_one_name_count_in_any_order() {
        let one = hash(header("x"), &request(&[("x", "a"), ("x", "b")]));
        assert_eq!(one, hash(header("x"), &request(&[("x", "b"), ("x", "a")])));
        assert_ne!(one, hash(header("x"), &request(&[("x", "a")])));
    }

    #[test]
    fn a_header_can_be_rewritten_first() {
        let on = HashOn::Header {
            name: HeaderName::new("x-user").unwrap(),
            rewrite: Some(Substitution::new("^([a-z]+)-.*$", r"\1").unwrap()),
        };
        let foo = hash(header("x-user"), &request(&[("x-user", "foo")]));
        assert_eq!(hash(on, &request(&[("x-user", "foo-123")])), foo);
    }

    #[test]
    fn a_cookie_is_found_among_others() {
        let request = request(&[("cookie", "a=1; xsession=2"), ("cookie", "b=3; session=\"foo\"; c")]);
        assert_eq!(cookie_value(&request, "session"), Some(&b"foo"[..]));
        assert_eq!(hash(cookie(None), &request), Some(3_728_699_739_546_630_719));
        assert_eq!(cookie_value(&request, "c"), None);
    }

    #[test]
    fn a_missing_cookie_is_made_if_it_has_a_time_to_live() {
        let found = |ttl_ms| hash_request(&[policy(cookie(ttl_ms))], &request(&[]), &source());
        assert_eq!(found(None), RequestHash::default());
        let RequestHash { hash, set_cookies } = found(Some(1_500));
        let value = new_cookie_value(&source());
        assert_eq!(
            set_cookies,
            [format!(
                "session=\"{value}\"; Max-Age=2; Path=/shop; SameSite=Strict; Secure; HttpOnly"
            )]
        );
        // Sent back, it leads to the same endpoint.
        assert_eq!(hash, Some(xx_hash(value.as_bytes(), 0)));
        assert!(!found(Some(0)).set_cookies[0].contains("Max-Age"));
    }

    #[test]
    fn the_clients_address_counts_without_its_port() {
        let of = |client: &str| {
            let source = HashSource {
                client: Some(client.parse().unwrap()),
                ..source()
            };
            hash_request(&[policy(HashOn::SourceIp)], &request(&[]), &source).hash
        };
        assert_eq!(of("10.0.0.9:1"), of("10.0.0.9:2"));
        assert_eq!(of("10.0.0.9:1"), Some(xx_hash(b"10.0.0.9", 0)));
        assert_eq!(of("[::ffff:10.0.0.9]:1"), of("10.0.0.9:2"));
        assert_ne!(of("10.0.0.9:1"), of("10.0.0.8:1"));
    }

    #[test]
    fn a_query_parameter_counts_if_it_is_there() {
        let of = |name: &str| hash(HashOn::QueryParameter(name.into()), &request(&[]));
        assert_eq!(of("user"), Some(xx_hash(b"7", 0)));
        assert_eq!(of("empty"), of("flag"));
        assert_eq!(of("use"), None);
    }

    #[test]
    fn policies_add_up_until_a_terminal_one_has_found_something() {
        let request = request(&[("a", "1"), ("b", "2")]);
        let hash = |names: &[&str], terminal| {
            let policies: Vec<HashPolicy> = names
                .iter()
                .map(|name| HashPolicy {
                    on: header(name),
                    terminal,
                })
                .collect();
            hash_request(&policies, &request, &source()).hash
        };
        assert_eq!(hash(&["missing", "a", "b"], true), hash(&["a"], false));
        assert_ne!(hash(&["a", "b"], false), hash(&["b", "a"], false));
        assert!(hash(&["a", "a"], false).is_some_and(|hash| hash != 0));
        assert_eq!(hash(&["missing"], true), None);
    }
}
