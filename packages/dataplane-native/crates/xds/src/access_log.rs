//! Access logs.

pub(crate) mod filter;
mod service;

use config::{AccessLog, AccessLogFormat};
use messages::{
    envoy::{
        config::{
            accesslog::v3::{self as pb, access_log::ConfigType},
            core::v3::{SubstitutionFormatString, substitution_format_string::Format},
        },
        extensions::access_loggers::{
            file::v3::{FileAccessLog, file_access_log},
            stream::v3::{StderrAccessLog, StdoutAccessLog, stderr_access_log, stdout_access_log},
        },
    },
    google::protobuf::Struct,
};
use serde_json::Value as Json;

use crate::{
    context::{Context, is},
    short,
    value::{Source, data_source, json_object},
};

/// Logs to files and services; others have no effect.
pub(crate) fn access_logs(cx: &mut Context, name: &str, logs: Vec<pb::AccessLog>) -> Vec<AccessLog> {
    cx.list(name, logs, access_log).into_iter().flatten().collect()
}

/// Settings that ask for entries while a request or connection lives.
pub(crate) fn entries_at_the_end_only(cx: &mut Context, settings: &[(&str, bool)]) {
    for (name, _) in settings.iter().filter(|(_, is_set)| *is_set) {
        cx.within(name, |cx| {
            cx.warn("has no effect in this proxy: an entry is written when a request or connection ends");
        });
    }
}

fn access_log(cx: &mut Context, log: pb::AccessLog) -> Option<AccessLog> {
    let filter = log
        .filter
        .and_then(|filter| cx.within("filter", |cx| filter::access_log_filter(cx, filter)));
    let log = target(cx, log.config_type)?;
    Some(AccessLog { filter, ..log })
}

fn target(cx: &mut Context, config: Option<ConfigType>) -> Option<AccessLog> {
    let Some(ConfigType::TypedConfig(any)) = config else {
        cx.within("typedConfig", |cx| cx.error("is missing"));
        return None;
    };
    cx.within("typedConfig", |cx| {
        if is::<FileAccessLog>(&any) {
            let file: FileAccessLog = cx.unpack(&any)?;
            if file.path.is_empty() {
                cx.within("path", |cx| cx.error("is empty"));
            }
            return Some(file_format(cx, &file.path, file.access_log_format));
        }
        if is::<StdoutAccessLog>(&any) {
            let log: StdoutAccessLog = cx.unpack(&any)?;
            let format = log
                .access_log_format
                .map(|stdout_access_log::AccessLogFormat::LogFormat(format)| format);
            return Some(log_format(cx, "/dev/stdout", format));
        }
        if is::<StderrAccessLog>(&any) {
            let log: StderrAccessLog = cx.unpack(&any)?;
            let format = log
                .access_log_format
                .map(|stderr_access_log::AccessLogFormat::LogFormat(format)| format);
            return Some(log_format(cx, "/dev/stderr", format));
        }
        if let Some(service) = service::log_service(cx, &any) {
            return Some(AccessLog {
                service: Some(service?),
                ..AccessLog::default()
            });
        }
        cx.warn(format!(
            "access log {:?} has no effect in this proxy",
            short(&any.type_url)
        ));
        None
    })
}

fn file_format(cx: &mut Context, path: &str, format: Option<file_access_log::AccessLogFormat>) -> AccessLog {
    let format = match format {
        None => AccessLogFormat::Default,
        Some(file_access_log::AccessLogFormat::Format(text)) => text_format(text),
        Some(
            file_access_log::AccessLogFormat::JsonFormat(object)
            | file_access_log::AccessLogFormat::TypedJsonFormat(object),
        ) => json_format(object),
        Some(file_access_log::AccessLogFormat::LogFormat(format)) => return log_format(cx, path, Some(format)),
    };
    AccessLog {
        path: path.into(),
        format,
        ..AccessLog::default()
    }
}

fn log_format(cx: &mut Context, path: &str, format: Option<SubstitutionFormatString>) -> AccessLog {
    let omit_empty_values = format.as_ref().is_some_and(|format| format.omit_empty_values);
    let format = cx.within("logFormat", |cx| shape(cx, format.and_then(|format| format.format)));
    AccessLog {
        path: path.into(),
        format,
        omit_empty_values,
        ..AccessLog::default()
    }
}

pub(crate) fn shape(cx: &mut Context, format: Option<Format>) -> AccessLogFormat {
    match format {
        None => AccessLogFormat::Default,
        Some(Format::TextFormat(text)) => text_format(text),
        Some(Format::JsonFormat(object)) => json_format(object),
        Some(Format::TextFormatSource(source)) => match data_source(cx, source) {
            Some(Source::Inline(bytes)) => text_format(String::from_utf8_lossy(&bytes).into_owned()),
            Some(Source::File(path)) => match std::fs::read_to_string(&*path) {
                Ok(text) => text_format(text),
                Err(error) => {
                    cx.error(format!("the format in file {path:?} cannot be read: {error}"));
                    AccessLogFormat::Default
                }
            },
            None => AccessLogFormat::Default,
        },
    }
}

fn text_format(text: String) -> AccessLogFormat {
    if text.is_empty() {
        AccessLogFormat::Default
    } else {
        AccessLogFormat::Text(text.into())
    }
}

fn json_format(object: Struct) -> AccessLogFormat {
    match json_object(object) {
        Json::Object(fields) => AccessLogFormat::Json(fields),
        _ => AccessLogFormat::Default,
    }
}
