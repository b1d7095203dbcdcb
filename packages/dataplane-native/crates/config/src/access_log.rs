//! Access logs.

use std::sync::Arc;

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use crate::{FractionalPercent, HeaderMatcher, LogService, MetadataMatcher};

/// That requests or connections are logged, which of them, and how.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default, deny_unknown_fields)]
pub struct AccessLog {
    /// A file, `/dev/stdout` or `/dev/stderr`; empty: the telemetry report only, or the service.
    pub path: Arc<str>,
    /// A service that takes entries, in the place of a file; it has a format of its own.
    pub service: Option<LogService>,
    /// How an entry looks.
    pub format: AccessLogFormat,
    /// Leave out what is absent, instead of `-` in text and `null` in JSON.
    pub omit_empty_values: bool,
    /// Which requests; `None` is all.
    pub filter: Option<AccessLogFilter>,
}

/// How an entry of an access log looks, in Envoy's command operators.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum AccessLogFormat {
    /// Istio's default line.
    #[default]
    Default,
    /// A line.
    Text(Arc<str>),
    /// A JSON object a line: strings have operators, objects and lists may be nested.
    Json(Map<String, Value>),
}

/// Which requests are logged (`envoy.config.accesslog.v3.AccessLogFilter`).
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum AccessLogFilter {
    /// By the status of the response; one that was never sent is 0.
    StatusCode(Comparison),
    /// By how long the request took, in milliseconds.
    DurationMs(Comparison),
    /// All but health checks.
    NotHealthCheck,
    /// Those that are traced.
    Traceable,
    /// A share of them; the same ones in every proxy on the way where they have an `x-request-id`.
    Fraction {
        /// How many.
        share: FractionalPercent,
        /// Choose anew in every proxy.
        #[serde(default)]
        independent: bool,
    },
    /// All of these hold.
    And(Vec<AccessLogFilter>),
    /// One of these holds.
    Or(Vec<AccessLogFilter>),
    /// By a header of the request.
    Header(HeaderMatcher),
    /// Those with one of these response flags, by Envoy's short names; without names those with any.
    ResponseFlags(Vec<Arc<str>>),
    /// By the status of gRPC.
    GrpcStatus {
        /// Numbers of statuses.
        statuses: Vec<u16>,
        /// All but these.
        #[serde(default)]
        exclude: bool,
    },
    /// By dynamic metadata.
    Metadata {
        /// What it has to be.
        matcher: MetadataMatcher,
        /// What it means that there is none.
        match_if_missing: bool,
    },
}

/// A comparison with a number.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum Comparison {
    /// Equal.
    Equal(u64),
    /// At least.
    AtLeast(u64),
    /// At most.
    AtMost(u64),
    /// Another.
    NotEqual(u64),
}

impl Comparison {
    /// True if `value` passes.
    pub fn holds(self, value: u64) -> bool {
        match self {
            Self::Equal(other) => value == other,
            Self::AtLeast(other) => value >= other,
            Self::AtMost(other) => value <= other,
            Self::NotEqual(other) => value != other,
        }
    }
}

impl AccessLogFilter {
    /// Response flags that it names.
    pub fn response_flags(&self) -> Box<dyn Iterator<Item = &Arc<str>> + '_> {
        match self {
            Self::ResponseFlags(names) => Box::new(names.iter()),
            Self::And(filters) | Self::Or(filters) => Box::new(filters.iter().flat_map(Self::response_flags)),
            _ => Box::new(std::iter::empty()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_log_of_failures_is_a_line_of_json() {
        let log: AccessLog = serde_json::from_str(
            r#"{ "path": "/dev/stdout", "format": { "json": { "code": "%RESPONSE_CODE%", "request": { "id": "%REQ(x-request-id)%" } } },
                 "filter": { "or": [{ "statusCode": { "atLeast": 500 } }, { "responseFlags": ["UH"] }] } }"#,
        )
        .unwrap();
        let filter = log.filter.unwrap();
        assert_eq!(filter.response_flags().map(|name| &**name).collect::<Vec<_>>(), ["UH"]);
        assert!(Comparison::AtLeast(500).holds(503) && !Comparison::AtLeast(500).holds(404));
    }
}
