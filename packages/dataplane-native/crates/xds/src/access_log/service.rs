//! Access logs that services take.

use config::{AlsLog, GrpcCollector, HeaderName, LogBuffer, LogService, OtlpCollector, OtlpLog};
use messages::{
    envoy::extensions::access_loggers::{
        grpc::v3::{CommonGrpcAccessLogConfig, HttpGrpcAccessLogConfig, TcpGrpcAccessLogConfig},
        open_telemetry::v3::OpenTelemetryAccessLogConfig,
    },
    google::protobuf::{Any, Duration},
    opentelemetry::proto::common::v1::{AnyValue, KeyValueList, any_value::Value as Kind},
};
use serde_json::{Map, Value as Json};

use crate::{
    context::{Context, is},
    tracing::{custom_tags, grpc_service, http_service},
    value::millis,
};

/// `envoy.config.core.v3.ApiVersion.V2`, which nobody speaks any more.
const API_V2: i32 = 1;
/// Values in values.
const MAX_DEPTH: usize = 16;

/// The service of a log; the outer is none where the log is of another kind, the inner where it is wrong.
// Both are asked for.
#[allow(clippy::option_option)]
pub(super) fn log_service(cx: &mut Context, any: &Any) -> Option<Option<LogService>> {
    if is::<HttpGrpcAccessLogConfig>(any) {
        return Some(cx.unpack(any).and_then(|pb| http_als(cx, pb)));
    }
    if is::<TcpGrpcAccessLogConfig>(any) {
        let als = cx.unpack::<TcpGrpcAccessLogConfig>(any).and_then(|pb| {
            let als = als(cx, pb.common_config)?;
            Some(LogService::Als(AlsLog {
                of_connections: true,
                ..als
            }))
        });
        return Some(als);
    }
    if is::<OpenTelemetryAccessLogConfig>(any) {
        let log = cx.unpack(any).and_then(|pb| open_telemetry(cx, pb));
        return Some(log.map(LogService::OpenTelemetry));
    }
    None
}

fn http_als(cx: &mut Context, pb: HttpGrpcAccessLogConfig) -> Option<LogService> {
    let request_headers = names(
        cx,
        "additionalRequestHeadersToLog",
        pb.additional_request_headers_to_log,
    );
    let response_headers = names(
        cx,
        "additionalResponseHeadersToLog",
        pb.additional_response_headers_to_log,
    );
    let response_trailers = names(
        cx,
        "additionalResponseTrailersToLog",
        pb.additional_response_trailers_to_log,
    );
    let als = als(cx, pb.common_config)?;
    Some(LogService::Als(AlsLog {
        request_headers,
        response_headers,
        response_trailers,
        ..als
    }))
}

fn names(cx: &mut Context, field: &str, names: Vec<String>) -> Vec<HeaderName> {
    cx.list(field, names, |cx, name| match HeaderName::new(&name) {
        Ok(name) => Some(name),
        Err(error) => {
            cx.error(error.to_string());
            None
        }
    })
    .into_iter()
    .flatten()
    .collect()
}

fn als(cx: &mut Context, pb: Option<CommonGrpcAccessLogConfig>) -> Option<AlsLog> {
    let pb = cx.required("commonConfig", pb)?;
    cx.within("commonConfig", |cx| {
        if pb.log_name.is_empty() {
            cx.within("logName", |cx| cx.error("is empty"));
        }
        let common = common(cx, pb)?;
        Some(AlsLog {
            collector: common.collector?,
            log_name: common.log_name.into(),
            of_connections: false,
            buffer: common.buffer,
            request_headers: Vec::new(),
            response_headers: Vec::new(),
            response_trailers: Vec::new(),
            custom_tags: common.custom_tags,
        })
    })
}

/// What both kinds of services have in common.
struct Common {
    collector: Option<GrpcCollector>,
    log_name: String,
    buffer: LogBuffer,
    custom_tags: Vec<config::CustomTag>,
}

fn common(cx: &mut Context, pb: CommonGrpcAccessLogConfig) -> Option<Common> {
    if pb.transport_api_version == API_V2 {
        cx.within("transportApiVersion", |cx| {
            cx.error("V2 is not spoken any more; use V3");
        });
    }
    if pb.grpc_stream_retry_policy.is_some() {
        cx.within("grpcStreamRetryPolicy", |cx| {
            cx.warn("has no effect in this proxy: a stream is opened again until it can be, with growing pauses");
        });
    }
    filter_state(cx, &pb.filter_state_objects_to_log);
    let service = cx.required("grpcService", pb.grpc_service)?;
    Some(Common {
        collector: cx.within("grpcService", |cx| grpc_service(cx, service)),
        log_name: pb.log_name,
        buffer: buffer(cx, pb.buffer_flush_interval, pb.buffer_size_bytes),
        custom_tags: custom_tags(cx, pb.custom_tags),
    })
}

fn filter_state(cx: &mut Context, names: &[String]) {
    cx.no_effect("filterStateObjectsToLog", !names.is_empty());
}

fn buffer(cx: &mut Context, interval: Option<Duration>, bytes: Option<u32>) -> LogBuffer {
    let default = LogBuffer::default();
    let flush_interval_ms = match millis(cx, "bufferFlushInterval", interval) {
        Some(0) => {
            cx.within("bufferFlushInterval", |cx| {
                cx.error("is 0: entries have to wait some time");
            });
            default.flush_interval_ms
        }
        other => other.unwrap_or(default.flush_interval_ms),
    };
    let mut max_bytes = bytes.unwrap_or(default.max_bytes);
    if max_bytes > LogBuffer::LARGEST_BYTES {
        cx.within("bufferSizeBytes", |cx| {
            cx.warn(format!(
                "{max_bytes} is more than services of gRPC take: messages have {} bytes at most",
                LogBuffer::LARGEST_BYTES
            ));
        });
        max_bytes = LogBuffer::LARGEST_BYTES;
    }
    LogBuffer {
        flush_interval_ms,
        max_bytes,
    }
}

fn open_telemetry(cx: &mut Context, pb: OpenTelemetryAccessLogConfig) -> Option<OtlpLog> {
    cx.no_effect("statPrefix", !pb.stat_prefix.is_empty());
    cx.unsupported("formatters", !pb.formatters.is_empty());
    cx.no_effect("resourceDetectors", !pb.resource_detectors.is_empty());
    filter_state(cx, &pb.filter_state_objects_to_log);
    let ways = [
        pb.common_config.is_some(),
        pb.grpc_service.is_some(),
        pb.http_service.is_some(),
    ];
    if ways.iter().filter(|is_set| **is_set).count() != 1 {
        cx.error("needs one of grpcService, httpService and commonConfig to send to");
        return None;
    }
    let mut own = buffer(cx, pb.buffer_flush_interval, pb.buffer_size_bytes);
    let mut log_name = pb.log_name;
    let mut tags = custom_tags(cx, pb.custom_tags);
    let collector = if let Some(old) = pb.common_config {
        let old = cx.within("commonConfig", |cx| common(cx, old))?;
        if log_name.is_empty() {
            log_name = old.log_name;
        }
        if pb.buffer_flush_interval.is_none() {
            own.flush_interval_ms = old.buffer.flush_interval_ms;
        }
        if pb.buffer_size_bytes.is_none() {
            own.max_bytes = old.buffer.max_bytes;
        }
        tags.extend(old.custom_tags);
        OtlpCollector::Grpc(old.collector?)
    } else if let Some(service) = pb.grpc_service {
        OtlpCollector::Grpc(cx.within("grpcService", |cx| grpc_service(cx, service))?)
    } else {
        let service = pb.http_service?;
        OtlpCollector::Http(cx.within("httpService", |cx| http_service(cx, service, "/v1/logs"))?)
    };
    Some(OtlpLog {
        collector,
        log_name: log_name.into(),
        buffer: own,
        body: match pb.body {
            Some(body) => cx.within("body", |cx| value(cx, body, 0)),
            None => None,
        },
        attributes: cx.within("attributes", |cx| fields(cx, pb.attributes, 0)),
        resource: cx.within("resourceAttributes", |cx| fields(cx, pb.resource_attributes, 0)),
        without_builtin_labels: pb.disable_builtin_labels,
        custom_tags: tags,
    })
}

fn fields(cx: &mut Context, list: Option<KeyValueList>, depth: usize) -> Map<String, Json> {
    let pairs = list.map(|list| list.values).unwrap_or_default();
    let pairs = cx.list("values", pairs, |cx, pair| {
        if pair.key.is_empty() {
            cx.within("key", |cx| cx.error("is empty"));
        }
        let value = cx.within("value", |cx| match pair.value {
            Some(given) => value(cx, given, depth),
            None => None,
        });
        (pair.key, value.unwrap_or(Json::Null))
    });
    pairs.into_iter().collect()
}

/// Texts with operators, numbers and booleans as they are.
fn value(cx: &mut Context, any: AnyValue, depth: usize) -> Option<Json> {
    if depth > MAX_DEPTH {
        cx.error(format!("values are nested deeper than {MAX_DEPTH}"));
        return None;
    }
    Some(match any.value? {
        Kind::StringValue(text) => Json::String(text),
        Kind::BoolValue(value) => Json::Bool(value),
        Kind::IntValue(value) => Json::from(value),
        Kind::DoubleValue(value) => Json::from(value),
        Kind::ArrayValue(list) => {
            let values = cx.list("values", list.values, |cx, item| value(cx, item, depth + 1));
            Json::Array(values.into_iter().map(|value| value.unwrap_or(Json::Null)).collect())
        }
        Kind::KvlistValue(list) => Json::Object(fields(cx, Some(list), depth + 1)),
        Kind::BytesValue(_) => {
            cx.within("bytesValue", |cx| {
                cx.error("has no command operators and cannot be shown; use stringValue");
            });
            return None;
        }
    })
}
