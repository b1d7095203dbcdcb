//! How answers that are made here look, by the operators of access logs.

use std::sync::Arc;

use config::{AccessLogFormat, HeaderSet, Invalid};
use serde_json::Value;
use telemetry::{Capture, LogFormat};

use super::{Wants, filter::Filter};

/// What becomes of answers that are made here.
pub(crate) struct LocalReplies {
    pub(crate) mappers: Vec<Mapper>,
    pub(crate) format: Option<Format>,
}

/// What becomes of some of them.
pub(crate) struct Mapper {
    pub(crate) filter: Filter,
    pub(crate) status: Option<u16>,
    pub(crate) body: Option<Arc<str>>,
    pub(crate) format: Option<Format>,
    pub(crate) headers: Vec<HeaderSet>,
}

/// How a body looks.
pub(crate) struct Format {
    pub(crate) line: LogFormat,
    pub(crate) captures: Arc<[Capture]>,
    pub(crate) wants: Wants,
    pub(crate) content_type: Arc<str>,
}

impl LocalReplies {
    /// Compiles them; operators without a value here go to `warnings`.
    pub(crate) fn new(config: &config::LocalReplies, warnings: &mut Vec<Invalid>) -> Result<Self, Invalid> {
        let mut mappers = Vec::with_capacity(config.mappers.len());
        for (index, mapper) in config.mappers.iter().enumerate() {
            let place = |error: Invalid| error.index(index).field("mappers").field("localReplies");
            let format = mapper.format.as_ref();
            let mut told = Vec::new();
            mappers.push(Mapper {
                filter: Filter::new(&mapper.filter).map_err(|error| place(error.field("filter")))?,
                status: mapper.status,
                body: mapper.body.clone(),
                format: format
                    .map(|format| Format::new(format, &mut told))
                    .transpose()
                    .map_err(place)?,
                headers: mapper.headers.clone(),
            });
            warnings.extend(told.into_iter().map(place));
        }
        let place = |error: Invalid| error.field("localReplies");
        let mut told = Vec::new();
        let format = config.format.as_ref();
        let format = format
            .map(|format| Format::new(format, &mut told))
            .transpose()
            .map_err(place)?;
        warnings.extend(told.into_iter().map(place));
        Ok(Self { mappers, format })
    }
}

impl Format {
    fn new(config: &config::BodyFormat, warnings: &mut Vec<Invalid>) -> Result<Self, Invalid> {
        let omits_empty = config.omit_empty_values;
        let (format, content_type) = match &config.format {
            AccessLogFormat::Default => (LogFormat::body("%LOCAL_REPLY_BODY%", omits_empty), "text/plain"),
            AccessLogFormat::Text(text) => (LogFormat::body(text, omits_empty), "text/plain"),
            AccessLogFormat::Json(fields) => (
                LogFormat::json(&Value::Object(fields.clone()), omits_empty),
                "application/json",
            ),
        };
        let format = format.map_err(|error| Invalid::new(error.to_string()).field("format"))?;
        let unknown = format.unrecorded().iter().filter(|name| *name != "LOCAL_REPLY_BODY");
        for name in unknown {
            let text = format!("this proxy has no value for %{name}%: it is written as absent");
            warnings.push(Invalid::new(text).field("format"));
        }
        let mut wants = Wants::default();
        wants.add(format.captures());
        Ok(Self {
            captures: format.captures().into(),
            wants,
            line: format,
            content_type: match &*config.content_type {
                "" => content_type.into(),
                _ => Arc::clone(&config.content_type),
            },
        })
    }
}
