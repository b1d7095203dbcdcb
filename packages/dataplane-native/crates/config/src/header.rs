//! Header names and operations on headers.

use std::{fmt, hash, sync::Arc};

use serde::{Deserialize, Serialize};

use crate::{Silent, Template, shared};

/// A valid header name in lower case; pseudo-headers (`:path`) included. `host` is `:authority`, as in Envoy.
#[derive(Clone, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct HeaderName {
    text: Arc<str>,
    kind: NameKind,
}

/// Where the value of a header is found in a request.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum NameKind {
    /// `:method`
    Method,
    /// `:path`
    Path,
    /// `:authority` and `host`
    Authority,
    /// `:scheme`
    Scheme,
    /// Any other pseudo-header; no request has it.
    OtherPseudo,
    /// A field of the head.
    Field,
}

/// Why a text is not a header name.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct InvalidHeaderName(String);

impl HeaderName {
    /// Checks `name` (RFC 9110 section 5.1, a token; a leading colon is a pseudo-header) and lowers its case.
    pub fn new(name: &str) -> Result<Self, InvalidHeaderName> {
        let field = name.strip_prefix(':').unwrap_or(name);
        if field.is_empty() || !field.bytes().all(is_token_byte) {
            return Err(InvalidHeaderName(format!("{name:?} is not a header name")));
        }
        Ok(Self::of_lower_case(&name.to_ascii_lowercase()))
    }

    /// A name that stands in the source: it has to be a token in lower case.
    pub fn from_static(name: &'static str) -> Self {
        debug_assert!(
            Self::new(name).is_ok_and(|valid| valid.as_str() == name),
            "{name:?} is no lower-case header name"
        );
        Self::of_lower_case(name)
    }

    fn of_lower_case(text: &str) -> Self {
        let kind = match text {
            ":method" => NameKind::Method,
            ":path" => NameKind::Path,
            ":authority" | "host" => NameKind::Authority,
            ":scheme" => NameKind::Scheme,
            _ if text.starts_with(':') => NameKind::OtherPseudo,
            _ => NameKind::Field,
        };
        Self {
            text: text.into(),
            kind,
        }
    }

    /// The same, its text kept once for all that are made so. For configuration.
    #[must_use]
    pub fn shared(self) -> Self {
        Self {
            text: shared(&self.text),
            ..self
        }
    }

    /// The name in lower case.
    pub fn as_str(&self) -> &str {
        &self.text
    }

    /// Where its value is found.
    pub fn kind(&self) -> NameKind {
        self.kind
    }
}

const fn is_token_byte(byte: u8) -> bool {
    matches!(byte, b'!' | b'#'..=b'\'' | b'*' | b'+' | b'-' | b'.' | b'^'..=b'`' | b'|' | b'~' | b'0'..=b'9' | b'A'..=b'Z' | b'a'..=b'z')
}

impl PartialEq for HeaderName {
    fn eq(&self, other: &Self) -> bool {
        self.text == other.text
    }
}

impl Eq for HeaderName {}

impl hash::Hash for HeaderName {
    fn hash<H: hash::Hasher>(&self, state: &mut H) {
        self.text.hash(state);
    }
}

impl fmt::Debug for HeaderName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Debug::fmt(&*self.text, f)
    }
}

impl fmt::Display for HeaderName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.text)
    }
}

impl TryFrom<String> for HeaderName {
    type Error = InvalidHeaderName;

    fn try_from(name: String) -> Result<Self, InvalidHeaderName> {
        Self::new(&name).map(Self::shared)
    }
}

impl From<HeaderName> for String {
    fn from(name: HeaderName) -> Self {
        name.text.to_string()
    }
}

impl fmt::Display for InvalidHeaderName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl std::error::Error for InvalidHeaderName {}

/// What setting a header does when it exists (`HeaderValueOption.append_action`).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum HeaderAppendAction {
    /// Adds another value.
    #[default]
    AppendIfExistsOrAdd,
    /// Leaves an existing one alone.
    AddIfAbsent,
    /// Replaces all existing values, or adds.
    OverwriteIfExistsOrAdd,
    /// Replaces existing values, adds nothing.
    OverwriteIfExists,
}

/// One header to set.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct HeaderSet {
    /// Which header.
    pub name: HeaderName,
    /// Its value, with operators such as `%DOWNSTREAM_REMOTE_ADDRESS_WITHOUT_PORT%`.
    pub value: Template,
    /// What to do when it exists.
    #[serde(default)]
    pub action: HeaderAppendAction,
    /// Set it even if the value turns out empty.
    #[serde(default)]
    pub keep_empty_value: bool,
}

/// Headers to set and to remove. Envoy removes after setting.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default, deny_unknown_fields)]
pub struct HeaderOps {
    /// Headers to set, in order.
    pub set: Vec<HeaderSet>,
    /// Headers to remove.
    pub remove: Vec<HeaderName>,
}

impl HeaderOps {
    const NONE: Self = Self {
        set: Vec::new(),
        remove: Vec::new(),
    };

    /// Nothing to do.
    pub fn is_empty(&self) -> bool {
        self.set.is_empty() && self.remove.is_empty()
    }
}

/// Operations on the headers of a request before it goes upstream and on those of its response.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default, deny_unknown_fields)]
pub struct HeaderMutations {
    /// On the request.
    pub request: HeaderOps,
    /// On the response.
    pub response: HeaderOps,
}

impl Silent for HeaderMutations {
    const SILENT: &'static Self = &Self {
        request: HeaderOps::NONE,
        response: HeaderOps::NONE,
    };

    fn is_silent(&self) -> bool {
        self.is_empty()
    }
}

impl HeaderMutations {
    /// Nothing to do.
    pub fn is_empty(&self) -> bool {
        self.request.is_empty() && self.response.is_empty()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_lower_case_tokens() {
        assert_eq!(HeaderName::new("X-Request-Id").unwrap().as_str(), "x-request-id");
        for bad in ["", ":", "a b", "a:b", "é", "a\r\n"] {
            assert!(HeaderName::new(bad).is_err(), "{bad:?}");
        }
    }

    #[test]
    fn pseudo_headers_and_host_know_where_their_value_is() {
        let kind = |name| HeaderName::new(name).unwrap().kind();
        assert_eq!(kind(":path"), NameKind::Path);
        assert_eq!(kind("Host"), NameKind::Authority);
        assert_eq!(kind(":protocol"), NameKind::OtherPseudo);
        assert_eq!(kind("cookie"), NameKind::Field);
    }
}
