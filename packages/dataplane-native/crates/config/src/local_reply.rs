//! Answers that the proxy makes itself.

use std::sync::Arc;

use serde::{Deserialize, Serialize};

use crate::{AccessLogFilter, AccessLogFormat, HeaderSet};

/// What becomes of them (`LocalReplyConfig`).
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default, deny_unknown_fields)]
pub struct LocalReplies {
    /// The first one whose filter passes is applied.
    pub mappers: Vec<ReplyMapper>,
    /// How bodies look where no mapper says it; `None`: as they are.
    pub format: Option<BodyFormat>,
}

/// What becomes of some of them (`ResponseMapper`).
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct ReplyMapper {
    /// Which.
    pub filter: AccessLogFilter,
    /// Another status.
    #[serde(default)]
    pub status: Option<u16>,
    /// Another body.
    #[serde(default)]
    pub body: Option<Arc<str>>,
    /// How the body looks.
    #[serde(default)]
    pub format: Option<BodyFormat>,
    /// Headers.
    #[serde(default)]
    pub headers: Vec<HeaderSet>,
}

/// How a body looks, in the command operators of access logs; `%LOCAL_REPLY_BODY%` is what it would be.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default, deny_unknown_fields)]
pub struct BodyFormat {
    /// Text or JSON.
    pub format: AccessLogFormat,
    /// Value of `content-type`; empty: `text/plain`, or `application/json` for JSON.
    pub content_type: Arc<str>,
    /// Leave out what is absent, instead of `-` in text and `null` in JSON.
    pub omit_empty_values: bool,
}
