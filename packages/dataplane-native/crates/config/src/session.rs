//! Sessions that stay at an endpoint.

use std::sync::Arc;

use serde::{Deserialize, Serialize};

use crate::{HeaderName, HealthStatus, Invalid};

/// Requests of a session go to the endpoint that served the first (`envoy.filters.http.stateful_session`).
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default, deny_unknown_fields)]
pub struct StatefulSession {
    /// Where the endpoint stands; `None` keeps no sessions, unless a route says where.
    pub state: Option<SessionState>,
    /// Answer 503 where the session's endpoint cannot be used, rather than taking another.
    pub strict: bool,
}

/// Where the endpoint of a session stands.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", rename_all_fields = "camelCase")]
pub enum SessionState {
    /// In a cookie.
    Cookie {
        /// Name.
        name: Arc<str>,
        /// Life in milliseconds; 0 is the client's session.
        #[serde(default)]
        ttl_ms: u64,
        /// Path; requests to others have no session. Empty is all of them.
        #[serde(default)]
        path: Arc<str>,
        /// Other attributes of the cookie, e.g. `SameSite` and `Strict`; without a value: `Secure`.
        #[serde(default)]
        attributes: Vec<(Arc<str>, Arc<str>)>,
    },
    /// In a header, of requests and of responses.
    Header(HeaderName),
}

impl StatefulSession {
    /// What is wrong with it: a cookie must not break the head that it stands in.
    pub fn check(&self) -> Option<Invalid> {
        let Some(SessionState::Cookie {
            name, path, attributes, ..
        }) = &self.state
        else {
            return None;
        };
        let is_token = |text: &str| {
            let is_part = |byte: u8| byte.is_ascii_graphic() && !b"=;,\"".contains(&byte);
            !text.is_empty() && text.bytes().all(is_part)
        };
        let is_clean = |text: &str| text.bytes().all(|byte| byte != b';' && (b' '..=b'~').contains(&byte));
        let problem = if !is_token(name) {
            Invalid::new(format!("{name:?} is not a name of a cookie")).field("name")
        } else if !is_clean(path) {
            Invalid::new(format!("{path:?} is not a path of a cookie")).field("path")
        } else {
            let is_good = |(name, value): &(Arc<str>, Arc<str>)| is_token(name) && is_clean(value);
            let (index, (name, _)) = attributes.iter().enumerate().find(|(_, one)| !is_good(one))?;
            Invalid::new(format!("{name:?} is not an attribute of a cookie"))
                .index(index)
                .field("attributes")
        };
        Some(problem.field("cookie"))
    }
}

/// What an endpoint's health may be where a request asks for it by its address (`override_host_status`).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(from = "Vec<HealthStatus>", into = "Vec<HealthStatus>")]
pub struct HealthSet(u8);

const STATUSES: [HealthStatus; 6] = [
    HealthStatus::Unknown,
    HealthStatus::Healthy,
    HealthStatus::Unhealthy,
    HealthStatus::Draining,
    HealthStatus::Timeout,
    HealthStatus::Degraded,
];

impl HealthSet {
    /// Whether this one is in it.
    pub fn has(self, status: HealthStatus) -> bool {
        self.0 & 1 << status as u8 != 0
    }
}

impl Default for HealthSet {
    fn default() -> Self {
        STATUSES.into_iter().filter(|status| status.is_usable()).collect()
    }
}

impl FromIterator<HealthStatus> for HealthSet {
    fn from_iter<I: IntoIterator<Item = HealthStatus>>(statuses: I) -> Self {
        Self(statuses.into_iter().fold(0, |set, status| set | 1 << status as u8))
    }
}

impl From<Vec<HealthStatus>> for HealthSet {
    fn from(statuses: Vec<HealthStatus>) -> Self {
        statuses.into_iter().collect()
    }
}

impl From<HealthSet> for Vec<HealthStatus> {
    fn from(set: HealthSet) -> Self {
        STATUSES.into_iter().filter(|status| set.has(*status)).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_cookie_cannot_break_a_head() {
        let with = |name: &str, path: &str, attribute: &str| StatefulSession {
            state: Some(SessionState::Cookie {
                name: name.into(),
                ttl_ms: 0,
                path: path.into(),
                attributes: vec![("SameSite".into(), attribute.into())],
            }),
            strict: false,
        };
        assert_eq!(with("at", "/a b", "Lax").check(), None);
        let problem = |settings: StatefulSession| settings.check().unwrap().to_string();
        assert_eq!(
            problem(with("a=b", "/", "")),
            "cookie.name: \"a=b\" is not a name of a cookie"
        );
        assert_eq!(
            problem(with("a", "/\r\n", "")),
            "cookie.path: \"/\\r\\n\" is not a path of a cookie"
        );
        assert_eq!(
            problem(with("a", "/", "x;y")),
            "cookie.attributes[0]: \"SameSite\" is not an attribute of a cookie"
        );
    }

    #[test]
    fn by_default_what_is_usable_may_be_asked_for() {
        let set = HealthSet::default();
        assert!(set.has(HealthStatus::Unknown) && set.has(HealthStatus::Degraded) && !set.has(HealthStatus::Draining));
        let both: HealthSet = serde_json::from_str(r#"["healthy", "draining"]"#).unwrap();
        assert!(both.has(HealthStatus::Draining) && !both.has(HealthStatus::Unknown));
        assert_eq!(serde_json::to_string(&both).unwrap(), r#"["healthy","draining"]"#);
    }
}
