//! Answers that the proxy makes itself.

use std::sync::Arc;

use serde::{Deserialize, Serialize};

use crate::{AccessLogFilter, AccessLogFormat, HeaderSet, Invalid};

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

impl LocalReplies {
    /// What is wrong with them: types of content must not break heads, and a final status has three digits.
    pub fn check(&self) -> Option<Invalid> {
        let of_mapper = |(index, mapper): (usize, &ReplyMapper)| {
            let status = mapper.status.filter(|status| !(200..600).contains(status));
            let wrong =
                status.map(|status| Invalid::new(format!("{status} is not a status from 200 to 599")).field("status"));
            let wrong = wrong.or_else(|| mapper.format.as_ref()?.check())?;
            Some(wrong.index(index).field("mappers"))
        };
        let of_mappers = self.mappers.iter().enumerate().find_map(of_mapper);
        of_mappers.or_else(|| self.format.as_ref()?.check())
    }
}

impl BodyFormat {
    fn check(&self) -> Option<Invalid> {
        let is_clean = self
            .content_type
            .bytes()
            .all(|byte| byte == b'\t' || (b' '..=b'~').contains(&byte));
        let wrong = || Invalid::new(format!("{:?} is not a content type", self.content_type));
        (!is_clean).then(|| wrong().field("contentType").field("format"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_would_break_an_answer_is_told_with_its_place() {
        let mapper = ReplyMapper {
            filter: AccessLogFilter::And(Vec::new()),
            status: Some(103),
            body: None,
            format: None,
            headers: Vec::new(),
        };
        let format = BodyFormat {
            content_type: "a\r\nb".into(),
            ..BodyFormat::default()
        };
        let replies = |mappers, format| LocalReplies { mappers, format };
        let problem = |replies: LocalReplies| replies.check().map(|invalid| invalid.to_string());
        assert_eq!(
            problem(replies(vec![mapper], None)).as_deref(),
            Some("mappers[0].status: 103 is not a status from 200 to 599")
        );
        assert_eq!(
            problem(replies(vec![], Some(format))).as_deref(),
            Some("format.contentType: \"a\\r\\nb\" is not a content type")
        );
        assert_eq!(problem(replies(vec![], None)), None);
    }
}
