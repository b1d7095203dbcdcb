//! Access logs that a service takes.

use std::sync::Arc;

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use crate::{CustomTag, GrpcCollector, HeaderName, Invalid, OtlpCollector};

/// A service that takes entries of an access log.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum LogService {
    /// Envoy's access log service, by a stream of gRPC.
    Als(AlsLog),
    /// A collector of OpenTelemetry.
    OpenTelemetry(OtlpLog),
}

/// When entries are sent.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default, deny_unknown_fields)]
pub struct LogBuffer {
    /// How long an entry waits for others, in milliseconds.
    pub flush_interval_ms: u64,
    /// Bytes of entries that are sent without waiting; 0: each entry by itself.
    pub max_bytes: u32,
}

impl LogBuffer {
    /// The most that may be gathered: services of gRPC take messages of four megabytes.
    pub const LARGEST_BYTES: u32 = 1024 * 1024;
}

impl Default for LogBuffer {
    fn default() -> Self {
        Self {
            flush_interval_ms: 1_000,
            max_bytes: 16_384,
        }
    }
}

/// `envoy.service.accesslog.v3.AccessLogService`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct AlsLog {
    /// The service.
    pub collector: GrpcCollector,
    /// How this log is told from others.
    pub log_name: Arc<str>,
    /// Entries are about connections, not about requests.
    #[serde(default)]
    pub of_connections: bool,
    /// When entries are sent.
    #[serde(default)]
    pub buffer: LogBuffer,
    /// Headers of the request that an entry has besides the usual.
    #[serde(default)]
    pub request_headers: Vec<HeaderName>,
    /// Headers of the response that an entry has besides the usual.
    #[serde(default)]
    pub response_headers: Vec<HeaderName>,
    /// Trailers of the response that an entry has.
    #[serde(default)]
    pub response_trailers: Vec<HeaderName>,
    /// Tags of entries.
    #[serde(default)]
    pub custom_tags: Vec<CustomTag>,
}

/// `opentelemetry.proto.collector.logs.v1.LogsService`.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct OtlpLog {
    /// The collector.
    pub collector: OtlpCollector,
    /// `log_name` of the resource.
    #[serde(default)]
    pub log_name: Arc<str>,
    /// When records are sent.
    #[serde(default)]
    pub buffer: LogBuffer,
    /// What a record says: texts have command operators.
    #[serde(default)]
    pub body: Option<Value>,
    /// What else a record says: texts have command operators.
    #[serde(default)]
    pub attributes: Map<String, Value>,
    /// What all records are about.
    #[serde(default)]
    pub resource: Map<String, Value>,
    /// The resource has no `log_name`, `zone_name`, `cluster_name` and `node_name`.
    #[serde(default)]
    pub without_builtin_labels: bool,
    /// Attributes that are taken of requests.
    #[serde(default)]
    pub custom_tags: Vec<CustomTag>,
}

impl LogService {
    /// The cluster of the service.
    pub fn cluster(&self) -> &Arc<str> {
        match self {
            Self::Als(als) => &als.collector.cluster,
            Self::OpenTelemetry(otlp) => match &otlp.collector {
                OtlpCollector::Grpc(grpc) => &grpc.cluster,
                OtlpCollector::Http(http) => &http.cluster,
            },
        }
    }

    /// When entries are sent.
    pub fn buffer(&self) -> LogBuffer {
        match self {
            Self::Als(als) => als.buffer,
            Self::OpenTelemetry(otlp) => otlp.buffer,
        }
    }

    /// Tags of entries.
    pub fn custom_tags(&self) -> &[CustomTag] {
        match self {
            Self::Als(als) => &als.custom_tags,
            Self::OpenTelemetry(otlp) => &otlp.custom_tags,
        }
    }

    /// Whether it can be used.
    pub fn check(&self) -> Result<(), Invalid> {
        if self.cluster().is_empty() {
            return Err(Invalid::new("is empty").field("cluster").field("collector"));
        }
        let buffer = self.buffer();
        if buffer.flush_interval_ms == 0 {
            return Err(Invalid::new("is 0; entries wait a millisecond at least")
                .field("flushIntervalMs")
                .field("buffer"));
        }
        if buffer.max_bytes > LogBuffer::LARGEST_BYTES {
            let (bytes, most) = (buffer.max_bytes, LogBuffer::LARGEST_BYTES);
            return Err(Invalid::new(format!("{bytes} is too much; at most {most}"))
                .field("maxBytes")
                .field("buffer"));
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn als(buffer: &str) -> LogService {
        let text =
            format!(r#"{{ "als": {{ "collector": {{ "cluster": "logs" }}, "logName": "n", "buffer": {buffer} }} }}"#);
        serde_json::from_str(&text).unwrap()
    }

    #[test]
    fn entries_wait_a_second_or_for_sixteen_kilobytes() {
        let service = als("{}");
        assert_eq!(
            service.buffer(),
            LogBuffer {
                flush_interval_ms: 1000,
                max_bytes: 16_384
            }
        );
        assert!(service.check().is_ok());
    }

    #[test]
    fn a_buffer_without_time_or_bound_is_refused() {
        let reason = |buffer: &str| als(buffer).check().unwrap_err().to_string();
        assert!(reason(r#"{ "flushIntervalMs": 0 }"#).contains("buffer.flushIntervalMs"));
        assert!(reason(r#"{ "maxBytes": 5000000 }"#).contains("buffer.maxBytes: 5000000 is too much"));
    }
}
