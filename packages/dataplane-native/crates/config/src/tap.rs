//! Recording of requests with their responses.

use std::sync::Arc;

use serde::{Deserialize, Serialize};

use crate::{FractionalPercent, HeaderMatcher, Invalid};

/// The most of a body that a trace may keep.
const MAX_BODY_BYTES: u32 = 1024 * 1024;
/// The deepest that conditions may stand inside each other.
const MAX_DEPTH: usize = 16;

/// Records requests (`envoy.extensions.filters.http.tap.v3.Tap`).
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum Tap {
    /// Whenever an operator asks at the admin endpoint for the filters of this name.
    OnDemand(Arc<str>),
    /// Always.
    Always(Box<TapConfig>),
}

impl Tap {
    /// What is wrong with it.
    pub fn check(&self) -> Result<(), Invalid> {
        match self {
            Self::OnDemand(id) if id.is_empty() => Err(Invalid::new("is empty").field("onDemand")),
            Self::OnDemand(_) => Ok(()),
            Self::Always(config) => {
                let checked = config.check().and_then(|()| match config.sink {
                    TapSink::FilePerTap(_) => Ok(()),
                    TapSink::Admin => Err(Invalid::new(
                        "goes to the admin endpoint, which has not asked for it: write filePerTap",
                    )
                    .field("sink")),
                });
                checked.map_err(|invalid| invalid.field("always"))
            }
        }
    }
}

/// Which requests are recorded, what of them, and where that goes (`envoy.config.tap.v3.TapConfig`).
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct TapConfig {
    /// What a request and its response have to be like.
    #[serde(rename = "match")]
    pub matches: TapPredicate,
    /// Share of the requests that are looked at.
    #[serde(default = "all")]
    pub enabled: FractionalPercent,
    /// Bytes of a request's body that are kept.
    #[serde(default = "default_body_bytes")]
    pub max_request_bytes: u32,
    /// Bytes of a response's body that are kept.
    #[serde(default = "default_body_bytes")]
    pub max_response_bytes: u32,
    /// Where traces go.
    pub sink: TapSink,
    /// How they are written.
    #[serde(default)]
    pub format: TapFormat,
}

fn all() -> FractionalPercent {
    FractionalPercent::ALL
}

const fn default_body_bytes() -> u32 {
    1024
}

impl TapConfig {
    /// Bytes of a body that are kept where nobody says how many.
    pub const DEFAULT_BODY_BYTES: u32 = default_body_bytes();

    /// What is wrong with it.
    pub fn check(&self) -> Result<(), Invalid> {
        for (name, bytes) in [
            ("maxRequestBytes", self.max_request_bytes),
            ("maxResponseBytes", self.max_response_bytes),
        ] {
            if bytes > MAX_BODY_BYTES {
                return Err(Invalid::new(format!("{bytes} is more than {MAX_BODY_BYTES}")).field(name));
            }
        }
        match &self.sink {
            TapSink::FilePerTap(prefix) if prefix.is_empty() => {
                return Err(Invalid::new("is empty").field("filePerTap").field("sink"));
            }
            TapSink::Admin if self.format == TapFormat::ProtoBinary => {
                return Err(Invalid::new(
                    "has no end that could be seen in a stream: write protoBinaryLengthDelimited",
                )
                .field("format"));
            }
            TapSink::FilePerTap(_) | TapSink::Admin => {}
        }
        self.matches.check(MAX_DEPTH).map_err(|invalid| invalid.field("match"))
    }
}

/// What a request and its response have to be like (`envoy.config.common.matcher.v3.MatchPredicate`).
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum TapPredicate {
    /// Everything.
    Any,
    /// All of these.
    And(Vec<TapPredicate>),
    /// One of these.
    Or(Vec<TapPredicate>),
    /// Not this.
    Not(Box<TapPredicate>),
    /// All of these tests of the request's headers.
    RequestHeaders(Vec<HeaderMatcher>),
    /// All of these tests of its trailers.
    RequestTrailers(Vec<HeaderMatcher>),
    /// All of these tests of the response's headers.
    ResponseHeaders(Vec<HeaderMatcher>),
    /// All of these tests of its trailers.
    ResponseTrailers(Vec<HeaderMatcher>),
    /// The request's body.
    RequestBody(BodyPatterns),
    /// The response's body.
    ResponseBody(BodyPatterns),
}

impl TapPredicate {
    fn check(&self, depth: usize) -> Result<(), Invalid> {
        let Some(depth) = depth.checked_sub(1) else {
            return Err(Invalid::new(format!(
                "has conditions deeper than {MAX_DEPTH} inside each other"
            )));
        };
        match self {
            Self::And(rules) | Self::Or(rules) => {
                let name = if matches!(self, Self::And(_)) { "and" } else { "or" };
                if rules.len() < 2 {
                    return Err(Invalid::new(format!("has {} rules, and needs two", rules.len())).field(name));
                }
                for (index, rule) in rules.iter().enumerate() {
                    rule.check(depth).map_err(|invalid| invalid.index(index).field(name))?;
                }
                Ok(())
            }
            Self::Not(rule) => rule.check(depth).map_err(|invalid| invalid.field("not")),
            Self::RequestBody(body) | Self::ResponseBody(body) => {
                if body.patterns.is_empty() {
                    return Err(Invalid::new("is empty").field("patterns"));
                }
                let empty = body.patterns.iter().position(|pattern| pattern.bytes().is_empty());
                empty.map_or(Ok(()), |index| {
                    Err(Invalid::new("is empty").index(index).field("patterns"))
                })
            }
            Self::Any
            | Self::RequestHeaders(_)
            | Self::RequestTrailers(_)
            | Self::ResponseHeaders(_)
            | Self::ResponseTrailers(_) => Ok(()),
        }
    }
}

/// What has to be in a body, all of it.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct BodyPatterns {
    /// Bytes from the beginning that are looked at; 0 is all that is kept.
    #[serde(default)]
    pub bytes_limit: u32,
    /// The pieces that have to be in it.
    pub patterns: Vec<BodyPattern>,
}

/// A piece of a body.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum BodyPattern {
    /// Text.
    Text(Arc<str>),
    /// Any bytes.
    Binary(Vec<u8>),
}

impl BodyPattern {
    /// What is looked for.
    pub fn bytes(&self) -> &[u8] {
        match self {
            Self::Text(text) => text.as_bytes(),
            Self::Binary(bytes) => bytes,
        }
    }
}

/// Where traces go.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum TapSink {
    /// A file for each, below the folder that the proxy's settings allow: this prefix, an underscore, a number, an ending.
    FilePerTap(Arc<str>),
    /// Whoever has asked.
    Admin,
}

/// How traces are written (`envoy.config.tap.v3.OutputSink.Format`).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum TapFormat {
    /// A line of JSON, bodies in base64.
    #[default]
    JsonBodyAsBytes,
    /// A line of JSON, bodies as text.
    JsonBodyAsString,
    /// The message.
    ProtoBinary,
    /// The message behind its length.
    ProtoBinaryLengthDelimited,
    /// The message in protobuf's text format.
    ProtoText,
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(json: &str) -> Result<(), String> {
        let tap: Tap = serde_json::from_str(json).unwrap();
        tap.check().map_err(|invalid| invalid.to_string())
    }

    #[test]
    fn a_tap_that_nobody_has_asked_for_writes_files() {
        assert_eq!(
            read(r#"{"always": {"match": "any", "sink": {"filePerTap": "web"}}}"#),
            Ok(())
        );
        assert_eq!(
            read(r#"{"always": {"match": "any", "sink": "admin"}}"#).unwrap_err(),
            "always.sink: goes to the admin endpoint, which has not asked for it: write filePerTap"
        );
    }

    #[test]
    fn what_cannot_be_meant_is_refused_with_its_place() {
        for (field, expected) in [
            (
                r#""maxRequestBytes": 1048577"#,
                "always.maxRequestBytes: 1048577 is more than 1048576",
            ),
            (r#""sink": {"filePerTap": ""}"#, "always.sink.filePerTap: is empty"),
            (
                r#""match": {"and": ["any"]}"#,
                "always.match.and: has 1 rules, and needs two",
            ),
            (
                r#""match": {"not": {"requestBody": {"patterns": [{"text": ""}]}}}"#,
                "always.match.not.patterns[0]: is empty",
            ),
        ] {
            let mut json: serde_json::Value =
                serde_json::from_str(r#"{"match": "any", "sink": {"filePerTap": "web"}}"#).unwrap();
            let given: serde_json::Value = serde_json::from_str(&format!("{{{field}}}")).unwrap();
            for (key, value) in given.as_object().unwrap() {
                json[key] = value.clone();
            }
            assert_eq!(
                read(&serde_json::json!({ "always": json }).to_string()).unwrap_err(),
                expected
            );
        }
    }

    #[test]
    fn conditions_inside_conditions_have_an_end() {
        let deep = (0..20).fold(TapPredicate::Any, |inner, _| TapPredicate::Not(Box::new(inner)));
        assert!(deep.check(MAX_DEPTH).unwrap_err().message.contains("deeper than 16"));
    }
}
