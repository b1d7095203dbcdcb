//! Access logs.

use std::{collections::BTreeMap, sync::Arc};

use serde::{Deserialize, Serialize};

/// That requests or connections are logged, and how.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default, deny_unknown_fields)]
pub struct AccessLog {
    /// A file, `/dev/stdout` or `/dev/stderr`; empty: the telemetry report only.
    pub path: Arc<str>,
    /// How an entry looks.
    pub format: AccessLogFormat,
}

/// How an entry of an access log looks, in Envoy's command operators.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum AccessLogFormat {
    /// Envoy's default line.
    #[default]
    Default,
    /// A line.
    Text(Arc<str>),
    /// A JSON object a line.
    Json(BTreeMap<String, Arc<str>>),
}
