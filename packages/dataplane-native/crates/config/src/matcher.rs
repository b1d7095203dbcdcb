//! Matchers of strings, headers, query parameters and metadata, with their meaning.

use std::sync::Arc;

use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::{HeaderName, Pattern, RequestView};

/// A test of a string (`envoy.type.matcher.v3.StringMatcher`), written as `{"prefix": "/a"}`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum StringMatcher {
    /// Equal.
    Exact(Arc<str>),
    /// Starts with.
    Prefix(Arc<str>),
    /// Ends with.
    Suffix(Arc<str>),
    /// Contains.
    Contains(Arc<str>),
    /// The whole value matches.
    Regex(Pattern),
    /// One of the above on ASCII letters of any case (a regex is not affected).
    IgnoreCase(Box<StringMatcher>),
}

impl StringMatcher {
    /// True if `value` passes.
    pub fn matches(&self, value: &[u8]) -> bool {
        match self {
            Self::Exact(text) => value == text.as_bytes(),
            Self::Prefix(text) => value.starts_with(text.as_bytes()),
            Self::Suffix(text) => value.ends_with(text.as_bytes()),
            Self::Contains(text) => text.is_empty() || value.windows(text.len()).any(|part| part == text.as_bytes()),
            Self::Regex(pattern) => pattern.matches(value),
            Self::IgnoreCase(matcher) => matcher.matches_ignoring_case(value),
        }
    }

    fn matches_ignoring_case(&self, value: &[u8]) -> bool {
        let equal = |part: &[u8], text: &str| part.eq_ignore_ascii_case(text.as_bytes());
        match self {
            Self::Exact(text) => equal(value, text),
            Self::Prefix(text) => value.get(..text.len()).is_some_and(|part| equal(part, text)),
            Self::Suffix(text) => value
                .len()
                .checked_sub(text.len())
                .is_some_and(|start| equal(&value[start..], text)),
            Self::Contains(text) => text.is_empty() || value.windows(text.len()).any(|part| equal(part, text)),
            Self::Regex(pattern) => pattern.matches(value),
            Self::IgnoreCase(matcher) => matcher.matches_ignoring_case(value),
        }
    }
}

/// A test of a request header (`envoy.config.route.v3.HeaderMatcher`).
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct HeaderMatcher {
    /// Which header; pseudo-headers too.
    pub name: HeaderName,
    /// What its value must be.
    #[serde(default)]
    pub value: HeaderValueMatcher,
    /// The opposite of `value`. A missing header still fails, unless it counts as empty.
    #[serde(default)]
    pub invert: bool,
    /// A missing header is an empty one.
    #[serde(default)]
    pub treat_missing_as_empty: bool,
}

/// What a header's value must be.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum HeaderValueMatcher {
    /// The header is there (true) or is not (false).
    Present(bool),
    /// A test of the value.
    String(StringMatcher),
    /// The value is an integer in `start..end`.
    Range {
        /// First that matches.
        start: i64,
        /// First after it that does not.
        end: i64,
    },
}

impl Default for HeaderValueMatcher {
    fn default() -> Self {
        Self::Present(true)
    }
}

impl HeaderMatcher {
    /// True if the request passes.
    pub fn matches<V: RequestView + ?Sized>(&self, view: &V) -> bool {
        let value = view.value(&self.name);
        let result = match (&self.value, &value) {
            (HeaderValueMatcher::Present(present), _) => (value.is_some() || self.treat_missing_as_empty) == *present,
            (_, None) if !self.treat_missing_as_empty => return false,
            (HeaderValueMatcher::String(matcher), _) => matcher.matches(value.as_deref().unwrap_or_default()),
            (HeaderValueMatcher::Range { start, end }, _) => {
                let text = std::str::from_utf8(value.as_deref().unwrap_or_default()).unwrap_or_default();
                text.parse::<i64>().is_ok_and(|number| (*start..*end).contains(&number))
            }
        };
        result != self.invert
    }
}

/// A test of a query parameter (`envoy.config.route.v3.QueryParameterMatcher`).
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct QueryMatcher {
    /// Name of the parameter, as it stands in the path.
    pub name: Arc<str>,
    /// What its value must be.
    #[serde(default)]
    pub value: QueryValueMatcher,
}

/// What a query parameter's value must be.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum QueryValueMatcher {
    /// The parameter is there (true) or is not (false).
    Present(bool),
    /// A test of the first value.
    String(StringMatcher),
}

impl Default for QueryValueMatcher {
    fn default() -> Self {
        Self::Present(true)
    }
}

impl QueryMatcher {
    /// True if `query` (what follows the question mark) passes.
    pub fn matches(&self, query: &[u8]) -> bool {
        let value = query.split(|byte| *byte == b'&').find_map(|pair| {
            let end = pair.iter().position(|byte| *byte == b'=').unwrap_or(pair.len());
            (&pair[..end] == self.name.as_bytes()).then(|| pair.get(end + 1..).unwrap_or_default())
        });
        match &self.value {
            QueryValueMatcher::Present(present) => value.is_some() == *present,
            QueryValueMatcher::String(matcher) => value.is_some_and(|value| matcher.matches(value)),
        }
    }
}

/// A test of dynamic metadata (`envoy.type.matcher.v3.MetadataMatcher`), e.g. of a token's claims.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct MetadataMatcher {
    /// Namespace of the metadata, e.g. `envoy.filters.http.jwt_authn`.
    pub filter: Arc<str>,
    /// Keys from the outside in.
    pub path: Vec<Arc<str>>,
    /// What the value must be.
    pub value: MetadataValue,
    /// The opposite.
    #[serde(default)]
    pub invert: bool,
}

/// What a value in metadata must be.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum MetadataValue {
    /// Null.
    Null,
    /// This truth value.
    Bool(bool),
    /// This number.
    Number(f64),
    /// A number from the first up to, not including, the second.
    Range(f64, f64),
    /// A string that passes.
    String(StringMatcher),
    /// Anything (true) or nothing (false).
    Present(bool),
    /// A list with an entry that passes.
    OneOf(Box<MetadataValue>),
    /// One of these passes.
    Any(Vec<MetadataValue>),
}

impl MetadataMatcher {
    /// True if `metadata`, an object by namespace, passes.
    pub fn matches(&self, metadata: Option<&Value>) -> bool {
        let mut value = metadata.and_then(|all| all.get(&*self.filter));
        for key in &self.path {
            value = value.and_then(|object| object.get(&**key));
        }
        self.value.matches(value) != self.invert
    }
}

impl MetadataValue {
    fn matches(&self, value: Option<&Value>) -> bool {
        match self {
            Self::Null => value.is_some_and(Value::is_null),
            Self::Bool(wanted) => value.and_then(Value::as_bool) == Some(*wanted),
            Self::Number(wanted) => value.and_then(Value::as_f64) == Some(*wanted),
            Self::Range(start, end) => value
                .and_then(Value::as_f64)
                .is_some_and(|number| (*start..*end).contains(&number)),
            Self::String(matcher) => value
                .and_then(Value::as_str)
                .is_some_and(|text| matcher.matches(text.as_bytes())),
            Self::Present(present) => value.is_some() == *present,
            Self::OneOf(matcher) => value
                .and_then(Value::as_array)
                .is_some_and(|list| list.iter().any(|entry| matcher.matches(Some(entry)))),
            Self::Any(matchers) => matchers.iter().any(|matcher| matcher.matches(value)),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    struct Fields(Vec<(&'static str, &'static str)>);

    impl RequestView for Fields {
        fn method(&self) -> &[u8] {
            b"GET"
        }
        fn path(&self) -> &[u8] {
            b"/a?b=c&d&e=f=g"
        }
        fn authority(&self) -> &[u8] {
            b"example.com"
        }
        fn scheme(&self) -> &[u8] {
            b"http"
        }
        fn header_at(&self, name: &HeaderName, nth: usize) -> Option<&[u8]> {
            self.0
                .iter()
                .filter(|(key, _)| *key == name.as_str())
                .nth(nth)
                .map(|(_, value)| value.as_bytes())
        }
    }

    fn header(name: &str, value: HeaderValueMatcher) -> HeaderMatcher {
        HeaderMatcher {
            name: HeaderName::new(name).unwrap(),
            value,
            invert: false,
            treat_missing_as_empty: false,
        }
    }

    fn exact(text: &str) -> HeaderValueMatcher {
        HeaderValueMatcher::String(StringMatcher::Exact(text.into()))
    }

    #[test]
    fn strings_match_exactly_by_prefix_by_suffix_and_inside() {
        assert!(StringMatcher::Exact("a".into()).matches(b"a"));
        assert!(!StringMatcher::Exact("a".into()).matches(b"A"));
        assert!(StringMatcher::Prefix("ab".into()).matches(b"abc"));
        assert!(StringMatcher::Suffix("bc".into()).matches(b"abc"));
        assert!(!StringMatcher::Suffix("abcd".into()).matches(b"abc"));
        assert!(StringMatcher::Contains("b".into()).matches(b"abc"));
        assert!(StringMatcher::IgnoreCase(Box::new(StringMatcher::Prefix("AB".into()))).matches(b"abc"));
        assert!(!StringMatcher::IgnoreCase(Box::new(StringMatcher::Suffix("ABCD".into()))).matches(b"abc"));
    }

    #[test]
    fn a_missing_header_fails_even_when_inverted() {
        let request = Fields(vec![]);
        let mut matcher = header("x", exact("a"));
        assert!(!matcher.matches(&request));
        matcher.invert = true;
        assert!(!matcher.matches(&request));
        matcher.treat_missing_as_empty = true;
        assert!(matcher.matches(&request));
    }

    #[test]
    fn presence_can_be_required_or_forbidden() {
        let request = Fields(vec![("x", "")]);
        assert!(header("x", HeaderValueMatcher::Present(true)).matches(&request));
        assert!(!header("x", HeaderValueMatcher::Present(false)).matches(&request));
        assert!(header("y", HeaderValueMatcher::Present(false)).matches(&request));
        let inverted = HeaderMatcher {
            invert: true,
            ..header("y", HeaderValueMatcher::Present(true))
        };
        assert!(inverted.matches(&request));
    }

    #[test]
    fn several_fields_of_a_name_are_one_value() {
        let request = Fields(vec![("x", "a"), ("x", "b"), ("x", "c")]);
        assert!(header("x", exact("a,b,c")).matches(&request));
        assert!(!header("x", exact("a")).matches(&request));
    }

    #[test]
    fn a_range_includes_its_start_and_not_its_end() {
        let range = header("n", HeaderValueMatcher::Range { start: -1, end: 10 });
        for (value, expected) in [("-1", true), ("9", true), ("10", false), ("x", false), ("", false)] {
            assert_eq!(range.matches(&Fields(vec![("n", value)])), expected, "{value}");
        }
    }

    #[test]
    fn pseudo_headers_are_headers_too() {
        let request = Fields(vec![]);
        assert!(header(":method", exact("GET")).matches(&request));
        assert!(header("host", exact("example.com")).matches(&request));
    }

    #[test]
    fn query_parameters_are_compared_as_they_stand() {
        let request = Fields(vec![]);
        let query = |name: &str, value| {
            QueryMatcher {
                name: name.into(),
                value,
            }
            .matches(request.query())
        };
        assert!(query("b", QueryValueMatcher::String(StringMatcher::Exact("c".into()))));
        assert!(query("d", QueryValueMatcher::Present(true)));
        assert!(query(
            "e",
            QueryValueMatcher::String(StringMatcher::Exact("f=g".into()))
        ));
        assert!(query("x", QueryValueMatcher::Present(false)));
        assert_eq!(request.path_only(), b"/a");
    }

    #[test]
    fn metadata_is_reached_by_its_path() {
        let claims = serde_json::json!({"jwt": {"payload": {"iss": "me", "groups": ["a", "b"]}}});
        let matcher = |path: &[&str], value| MetadataMatcher {
            filter: "jwt".into(),
            path: path.iter().map(|key| (*key).into()).collect(),
            value,
            invert: false,
        };
        let is = |text: &str| MetadataValue::String(StringMatcher::Exact(text.into()));
        assert!(matcher(&["payload", "iss"], is("me")).matches(Some(&claims)));
        assert!(matcher(&["payload", "groups"], MetadataValue::OneOf(Box::new(is("b")))).matches(Some(&claims)));
        assert!(!matcher(&["payload", "iss"], is("me")).matches(None));
    }
}
