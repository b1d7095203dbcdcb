//! Access logs.

use std::{collections::BTreeMap, sync::Arc};

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

/// Logs; those to a service (gRPC, OpenTelemetry) have no effect, because telemetry has its own way out.
pub(crate) fn access_logs(cx: &mut Context, name: &str, logs: Vec<pb::AccessLog>) -> Vec<AccessLog> {
    cx.list(name, logs, access_log).into_iter().flatten().collect()
}

fn access_log(cx: &mut Context, log: pb::AccessLog) -> Option<AccessLog> {
    cx.no_effect("filter", log.filter.is_some());
    let Some(ConfigType::TypedConfig(any)) = log.config_type else {
        cx.within("typedConfig", |cx| cx.error("is missing"));
        return None;
    };
    cx.within("typedConfig", |cx| {
        if is::<FileAccessLog>(&any) {
            let file: FileAccessLog = cx.unpack(&any)?;
            if file.path.is_empty() {
                cx.within("path", |cx| cx.error("is empty"));
            }
            return Some(AccessLog {
                path: file.path.into(),
                format: file_format(cx, file.access_log_format),
            });
        }
        if is::<StdoutAccessLog>(&any) {
            let log: StdoutAccessLog = cx.unpack(&any)?;
            let format = log
                .access_log_format
                .map(|stdout_access_log::AccessLogFormat::LogFormat(format)| format);
            return Some(AccessLog {
                path: "/dev/stdout".into(),
                format: log_format(cx, format),
            });
        }
        if is::<StderrAccessLog>(&any) {
            let log: StderrAccessLog = cx.unpack(&any)?;
            let format = log
                .access_log_format
                .map(|stderr_access_log::AccessLogFormat::LogFormat(format)| format);
            return Some(AccessLog {
                path: "/dev/stderr".into(),
                format: log_format(cx, format),
            });
        }
        cx.warn(format!(
            "access log {:?} has no effect in this proxy",
            short(&any.type_url)
        ));
        None
    })
}

fn file_format(cx: &mut Context, format: Option<file_access_log::AccessLogFormat>) -> AccessLogFormat {
    match format {
        None => AccessLogFormat::Default,
        Some(file_access_log::AccessLogFormat::Format(text)) => text_format(text),
        Some(
            file_access_log::AccessLogFormat::JsonFormat(object)
            | file_access_log::AccessLogFormat::TypedJsonFormat(object),
        ) => json_format(cx, object),
        Some(file_access_log::AccessLogFormat::LogFormat(format)) => log_format(cx, Some(format)),
    }
}

fn log_format(cx: &mut Context, format: Option<SubstitutionFormatString>) -> AccessLogFormat {
    cx.within("logFormat", |cx| match format.and_then(|format| format.format) {
        None => AccessLogFormat::Default,
        Some(Format::TextFormat(text)) => text_format(text),
        Some(Format::JsonFormat(object)) => json_format(cx, object),
        Some(Format::TextFormatSource(source)) => match data_source(cx, source) {
            Some(Source::Inline(bytes)) => text_format(String::from_utf8_lossy(&bytes).into_owned()),
            Some(Source::File(path)) => {
                cx.error(format!("a format in file {path:?} is not supported; write it inline"));
                AccessLogFormat::Default
            }
            None => AccessLogFormat::Default,
        },
    })
}

fn text_format(text: String) -> AccessLogFormat {
    if text.is_empty() {
        AccessLogFormat::Default
    } else {
        AccessLogFormat::Text(text.into())
    }
}

fn json_format(cx: &mut Context, object: Struct) -> AccessLogFormat {
    let Json::Object(fields) = json_object(object) else {
        return AccessLogFormat::Default;
    };
    let mut format = BTreeMap::new();
    for (key, value) in fields {
        match value {
            Json::String(text) => {
                format.insert(key, Arc::from(text));
            }
            other => {
                cx.warn(format!(
                    "field {key:?} of the format is {other}, only strings are supported; it is left out"
                ));
            }
        }
    }
    AccessLogFormat::Json(format)
}
