//! Access logs: which requests and connections are logged, and what is taken of them while they are known.

mod capture;
mod filter;
mod replies;
mod service;

use std::sync::Arc;

use config::{AccessLogFormat, Invalid};
use http::{Edits, Fields};
use serde_json::Value;
use telemetry::{Capture, CaptureWriter, LogFormat, LogTargets, Measure, Telemetry, TlsPeer};

use crate::{NodeIdentity, export::Exporters};

pub(crate) use capture::{HttpSubject, Subject};
use filter::Filter;
pub(crate) use filter::{number_of_id, status_of_http};
pub(crate) use replies::{Format, LocalReplies, Mapper};

/// The access logs of a connection manager or TCP proxy.
#[derive(Default)]
pub(crate) struct AccessLogs {
    /// In the order of their targets.
    loggers: Vec<Logger>,
    pub(crate) wants: Wants,
}

struct Logger {
    target: LogTargets,
    captures: Arc<[Capture]>,
    filter: Option<Filter>,
}

/// What has to be remembered before a request ends, because it is gone then.
#[derive(Default)]
pub(crate) struct Wants {
    /// Headers of the response, in lower case.
    pub(crate) response_headers: Vec<Arc<str>>,
    /// The size of the response's head, or one of its headers.
    pub(crate) response_head: bool,
    /// When the request was complete.
    pub(crate) request_end: bool,
    /// Who the endpoint proved to be.
    pub(crate) upstream_peer: bool,
}

impl Wants {
    pub(crate) fn add(&mut self, captures: &[Capture]) {
        for capture in captures {
            match capture {
                Capture::Response(choice) => {
                    self.response_head = true;
                    for name in std::iter::once(&choice.name).chain(&choice.alternative) {
                        if !self.response_headers.contains(name) {
                            self.response_headers.push(Arc::clone(name));
                        }
                    }
                }
                Capture::Measure(Measure::ResponseHeadersBytes | Measure::DownstreamWireBytesSent) => {
                    self.response_head = true;
                }
                Capture::Measure(Measure::RequestDuration | Measure::RequestTxDuration | Measure::RequestEndUs) => {
                    self.request_end = true;
                }
                Capture::Tls(TlsPeer::Upstream, _) => self.upstream_peer = true,
                _ => {}
            }
        }
    }
}

/// What logs are compiled with.
pub(crate) struct LogContext<'a> {
    pub(crate) telemetry: &'a Telemetry,
    pub(crate) exporters: &'a Exporters,
    pub(crate) node: &'a NodeIdentity,
}

impl AccessLogs {
    /// Compiles logs; operators without a value here go to `unrecorded`.
    pub(crate) fn new(
        logs: &[config::AccessLog],
        cx: &LogContext<'_>,
        warnings: &mut Vec<Invalid>,
    ) -> Result<Self, Invalid> {
        let mut compiled = Self::default();
        for (index, log) in logs.iter().enumerate() {
            let logger = logger(log, cx, &mut |warning| {
                warnings.push(warning.index(index).field("accessLog"));
            });
            let logger = logger.map_err(|error| error.index(index).field("accessLog"))?;
            // Without a path there is nobody to write for.
            if !logger.target.is_empty() {
                compiled.wants.add(&logger.captures);
                compiled.loggers.push(logger);
            }
        }
        compiled.loggers.sort_by_key(|logger| logger.target);
        Ok(compiled)
    }

    /// Nothing is logged.
    pub(crate) fn is_empty(&self) -> bool {
        self.loggers.is_empty()
    }

    /// The targets that are to log this subject; the values that their formats want are appended to `captured`.
    pub(crate) fn choose(&self, subject: &Subject<'_>, captured: &mut Vec<u8>) -> LogTargets {
        let mut targets = LogTargets::NONE;
        for logger in &self.loggers {
            // A target that two logs name is written to once.
            if targets.contains(logger.target) || !logger.filter.as_ref().is_none_or(|filter| filter.passes(subject)) {
                continue;
            }
            targets = targets.with(logger.target);
            let mut writer = CaptureWriter(captured);
            for capture in &*logger.captures {
                subject.capture(capture, &mut writer);
            }
        }
        targets
    }
}

fn logger(log: &config::AccessLog, cx: &LogContext<'_>, warn: &mut dyn FnMut(Invalid)) -> Result<Logger, Invalid> {
    let filter = match &log.filter {
        Some(filter) => Some(Filter::new(filter).map_err(|error| error.field("filter"))?),
        None => None,
    };
    let (target, captures) = match &log.service {
        Some(_) if !log.path.is_empty() => {
            return Err(Invalid::new("is set beside path: a log has one place to go to").field("service"));
        }
        Some(service) => service::target(service, cx, warn).map_err(|error| error.field("service"))?,
        None => file_target(log, cx.telemetry, warn)?,
    };
    Ok(Logger {
        target,
        captures,
        filter,
    })
}

/// Operators that this proxy has no value for.
fn warn_of(unrecorded: &[String], field: &str, warn: &mut dyn FnMut(Invalid)) {
    if !unrecorded.is_empty() {
        let names = unrecorded.join("%, %");
        warn(
            Invalid::new(format!(
                "this proxy has no value for %{names}%: it is written as absent"
            ))
            .field(field),
        );
    }
}

fn too_many() -> Invalid {
    Invalid::new("there are too many different access logs in this process: use fewer paths, services and formats")
}

type Target = (LogTargets, Arc<[Capture]>);

fn file_target(
    log: &config::AccessLog,
    telemetry: &Telemetry,
    warn: &mut dyn FnMut(Invalid),
) -> Result<Target, Invalid> {
    let format = match &log.format {
        AccessLogFormat::Default => LogFormat::text("", log.omit_empty_values),
        AccessLogFormat::Text(text) => LogFormat::text(text, log.omit_empty_values),
        AccessLogFormat::Json(fields) => LogFormat::json(&Value::Object(fields.clone()), log.omit_empty_values),
    };
    let format = format.map_err(|error| Invalid::new(error.to_string()).field("format"))?;
    warn_of(format.unrecorded(), "format", warn);
    let target = telemetry.log_target(&log.path, &format).ok_or_else(too_many)?;
    Ok((target, format.captures().into()))
}

/// What is remembered of a response's head for logs.
#[derive(Default)]
pub(crate) struct ResponseNotes {
    text: Vec<u8>,
    /// By position in [`Wants::response_headers`].
    values: Vec<Option<(u32, u32)>>,
    /// Names and values together.
    pub(crate) head_bytes: u64,
    /// When the request was complete, in microseconds from its beginning.
    pub(crate) request_end_us: Option<u64>,
    /// The request's id, where responses that are made here are to have it.
    pub(crate) request_id: Vec<u8>,
}

impl ResponseNotes {
    pub(crate) fn clear(&mut self) {
        self.request_id.clear();
        self.text.clear();
        self.values.clear();
        self.head_bytes = 0;
        self.request_end_us = None;
    }

    /// Takes what is wanted of a head as the client gets it.
    pub(crate) fn take(&mut self, wants: &Wants, edits: &Edits, buffer: &[u8], fields: &Fields) {
        if wants.response_head {
            edits.for_each(buffer, fields, |_, name, value| self.take_field(wants, name, value));
        }
    }

    /// The same of lines that were made here.
    pub(crate) fn take_lines(&mut self, wants: &Wants, lines: &[u8]) {
        if !wants.response_head {
            return;
        }
        for line in lines.split(|byte| *byte == b'\n') {
            let line = line.strip_suffix(b"\r").unwrap_or(line);
            if let Some(at) = line.iter().position(|byte| *byte == b':') {
                self.take_field(wants, &line[..at], line[at + 1..].trim_ascii_start());
            }
        }
    }

    /// The length of a body that was made here; without one a head does not tell it.
    pub(crate) fn take_length(&mut self, wants: &Wants, length: usize) {
        if wants.response_head && length > 0 {
            self.take_field(wants, b"content-length", itoa::Buffer::new().format(length).as_bytes());
        }
    }

    fn take_field(&mut self, wants: &Wants, name: &[u8], value: &[u8]) {
        self.head_bytes += (name.len() + value.len()) as u64;
        let wanted = wants
            .response_headers
            .iter()
            .position(|wanted| name.eq_ignore_ascii_case(wanted.as_bytes()));
        let Some(position) = wanted else { return };
        if self.values.len() <= position {
            self.values.resize(position + 1, None);
        }
        if self.values[position].is_none() {
            self.values[position] = Some((self.text.len() as u32, value.len() as u32));
            self.text.extend_from_slice(value);
        }
    }

    fn get(&self, wants: &Wants, name: &str) -> Option<&[u8]> {
        let position = wants.response_headers.iter().position(|wanted| **wanted == *name)?;
        let (start, length) = (*self.values.get(position)?)?;
        self.text.get(start as usize..(start + length) as usize)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use telemetry::TelemetryOptions;

    fn compile(
        telemetry: &Telemetry,
        logs: &[config::AccessLog],
        warnings: &mut Vec<Invalid>,
    ) -> Result<AccessLogs, Invalid> {
        let cx = LogContext {
            telemetry,
            exporters: &Exporters::default(),
            node: &NodeIdentity::default(),
        };
        AccessLogs::new(logs, &cx, warnings)
    }

    fn log(format: &str) -> config::AccessLog {
        config::AccessLog {
            path: "/dev/null".into(),
            format: AccessLogFormat::Text(format.into()),
            ..config::AccessLog::default()
        }
    }

    #[test]
    fn a_format_that_cannot_be_written_is_refused_with_its_place() {
        let telemetry = Telemetry::new(TelemetryOptions::default());
        let refused = compile(&telemetry, &[log("%PROTOCOL%"), log("%NOPE%")], &mut Vec::new());
        let error = refused.err().unwrap().to_string();
        assert!(
            error.contains("accessLog[1].format") && error.contains("`NOPE` is no command operator"),
            "{error}"
        );
    }

    #[test]
    fn operators_without_a_value_are_told() {
        let telemetry = Telemetry::new(TelemetryOptions::default());
        let mut warnings = Vec::new();
        compile(&telemetry, &[log("%CEL(a)% %FILTER_STATE(b)%")], &mut warnings).unwrap();
        assert!(
            warnings[0].to_string().contains("no value for %CEL%, %FILTER_STATE%"),
            "{warnings:?}"
        );
    }

    #[test]
    fn headers_of_a_response_are_remembered_only_where_a_log_wants_them() {
        let telemetry = Telemetry::new(TelemetryOptions::default());
        let logs = compile(&telemetry, &[log("%RESP(Server?x-b)%")], &mut Vec::new()).unwrap();
        let mut notes = ResponseNotes::default();
        notes.take_lines(&logs.wants, b"server: me\r\nX-B: first\r\nx-b: second\r\nother: 1\r\n");
        assert_eq!(notes.get(&logs.wants, "server"), Some(&b"me"[..]));
        assert_eq!(notes.get(&logs.wants, "x-b"), Some(&b"first"[..]));
        assert_eq!(notes.get(&logs.wants, "other"), None);
        assert_eq!(notes.head_bytes, 8 + 8 + 9 + 6);
        notes.clear();
        notes.take_lines(&Wants::default(), b"server: me\r\n");
        assert_eq!(notes.head_bytes, 0);
    }
}
