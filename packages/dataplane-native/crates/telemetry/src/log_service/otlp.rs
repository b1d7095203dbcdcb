//! Log records of OpenTelemetry: `opentelemetry.proto.logs.v1` and `.collector.logs.v1`.

use std::sync::Arc;

use prost::Message;
use serde_json::{Map, Value as Json};

use super::put_field;
use crate::capture::Capture;
use crate::clock::unix_micros;
use crate::export::otlp::Scope;
use crate::log_value::{AnyValue, KeyValue, Kind, Resource, attribute};
use crate::{AccessLog, InvalidLogFormat, LogFormat, Telemetry};

#[derive(Clone, PartialEq, Message)]
struct LogRecord {
    #[prost(fixed64, tag = "1")]
    time_unix_nano: u64,
    #[prost(message, optional, tag = "5")]
    body: Option<AnyValue>,
    #[prost(message, repeated, tag = "6")]
    attributes: Vec<KeyValue>,
    #[prost(bytes = "vec", tag = "9")]
    trace_id: Vec<u8>,
    #[prost(fixed64, tag = "11")]
    observed_time_unix_nano: u64,
}

/// How log records are made.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct OtlpRecord {
    /// An object with the record's body and attributes.
    format: LogFormat,
    /// What all records are about, encoded.
    resource: Vec<u8>,
}

/// Fields of the object that the format is.
const BODY: &str = "body";
const ATTRIBUTES: &str = "attributes";

impl OtlpRecord {
    /// Records with this body and these attributes, whose strings have command operators; `resource` says in constants
    /// what all records are about.
    pub fn new(
        body: Option<&Json>,
        attributes: &Map<String, Json>,
        resource: &Map<String, Json>,
    ) -> Result<Self, InvalidLogFormat> {
        let mut fields = Map::new();
        if let Some(body) = body {
            fields.insert(BODY.to_owned(), body.clone());
        }
        fields.insert(ATTRIBUTES.to_owned(), Json::Object(attributes.clone()));
        let resource = Resource {
            attributes: resource
                .iter()
                .map(|(key, value)| KeyValue {
                    key: key.clone(),
                    value: Some(AnyValue::of_json(value)),
                })
                .collect(),
        };
        Ok(Self {
            format: LogFormat::json(&Json::Object(fields), false)?,
            resource: resource.encode_to_vec(),
        })
    }

    /// Operators that have no value in this proxy.
    pub fn unrecorded(&self) -> &[String] {
        self.format.unrecorded()
    }

    pub(super) fn captures(&self) -> &[Capture] {
        self.format.captures()
    }

    /// Appends a record, as a field of what [`message`](Self::message) puts around it.
    pub(super) fn encode(
        &self,
        telemetry: &Telemetry,
        log: &AccessLog<'_>,
        captured: &[u8],
        tags: Vec<(Arc<str>, String)>,
        out: &mut Vec<u8>,
    ) {
        let nanos = |micros: i64| micros.max(0).unsigned_abs() * 1000;
        let mut record = LogRecord {
            time_unix_nano: nanos(log.start_unix_us),
            trace_id: log.trace_id.map_or(Vec::new(), |id| id.to_vec()),
            observed_time_unix_nano: nanos(unix_micros()),
            ..LogRecord::default()
        };
        if let Some(Kind::Map(fields)) = self.format.to_any(log, captured, &telemetry.strings).value {
            for field in fields.values {
                match (field.key.as_str(), field.value) {
                    (BODY, body) => record.body = body,
                    (
                        _,
                        Some(AnyValue {
                            value: Some(Kind::Map(map)),
                        }),
                    ) => record.attributes = map.values,
                    _ => {}
                }
            }
        }
        record
            .attributes
            .extend(tags.into_iter().map(|(name, value)| attribute(&name, value)));
        put_field(2, &record.encode_to_vec(), out);
    }

    /// `ExportLogsServiceRequest`: one resource with one scope, which has all records.
    pub(super) fn message(&self, records: &[u8]) -> Vec<u8> {
        let scope = Scope {
            name: "fairlead".to_owned(),
            version: env!("CARGO_PKG_VERSION").to_owned(),
        };
        let mut scope_logs = Vec::with_capacity(records.len() + 64);
        put_field(1, &scope.encode_to_vec(), &mut scope_logs);
        scope_logs.extend_from_slice(records);
        let mut resource_logs = Vec::with_capacity(scope_logs.len() + self.resource.len() + 16);
        put_field(1, &self.resource, &mut resource_logs);
        put_field(2, &scope_logs, &mut resource_logs);
        let mut out = Vec::with_capacity(resource_logs.len() + 8);
        put_field(1, &resource_logs, &mut out);
        out
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::TelemetryOptions;
    use serde_json::json;

    #[derive(Clone, PartialEq, Message)]
    struct Request {
        #[prost(message, repeated, tag = "1")]
        resource_logs: Vec<ResourceLogs>,
    }

    #[derive(Clone, PartialEq, Message)]
    struct ResourceLogs {
        #[prost(message, optional, tag = "1")]
        resource: Option<Resource>,
        #[prost(message, repeated, tag = "2")]
        scope_logs: Vec<ScopeLogs>,
    }

    #[derive(Clone, PartialEq, Message)]
    struct ScopeLogs {
        #[prost(message, optional, tag = "1")]
        scope: Option<Scope>,
        #[prost(message, repeated, tag = "2")]
        log_records: Vec<LogRecord>,
    }

    fn object(json: Json) -> Map<String, Json> {
        match json {
            Json::Object(map) => map,
            _ => panic!("no object"),
        }
    }

    #[test]
    fn records_have_a_body_attributes_and_a_resource() {
        let telemetry = Telemetry::new(TelemetryOptions::default());
        let body = json!("%REQ(:METHOD)% \"%RESPONSE_CODE%\" %REQ(x-none)%");
        let attributes = object(json!({ "code": "%RESPONSE_CODE%", "more": { "list": ["%PROTOCOL%", 5] } }));
        let record = OtlpRecord::new(Some(&body), &attributes, &object(json!({ "region": "north" }))).expect("format");
        let log = AccessLog {
            start_unix_us: 5,
            method: b"GET",
            response_code: 404,
            protocol: "HTTP/2",
            user_agent: b"\"quoted\"",
            trace_id: Some([7; 16]),
            ..AccessLog::default()
        };
        let mut records = Vec::new();
        for _ in 0..2 {
            let tags = vec![(Arc::from("tag"), "value".to_owned())];
            record.encode(&telemetry, &log, &[0], tags, &mut records);
        }
        let request = Request::decode(record.message(&records).as_slice()).expect("message");
        let logs = &request.resource_logs[0];
        assert_eq!(
            logs.resource.as_ref().expect("resource").attributes,
            [attribute("region", "north".to_owned())]
        );
        let records = &logs.scope_logs[0].log_records;
        assert_eq!((records.len(), records[0].time_unix_nano), (2, 5000));
        assert_eq!(records[0].trace_id, [7; 16]);
        let text = |text: &str| Some(AnyValue::of(Kind::Text(text.to_owned())));
        assert_eq!(records[0].body, text("GET \"404\" -"));
        let names: Vec<_> = records[0]
            .attributes
            .iter()
            .map(|attribute| attribute.key.as_str())
            .collect();
        assert_eq!(names, ["code", "more", "tag"]);
        assert_eq!(records[0].attributes[0].value, text("404"), "text always");
        let more = AnyValue::of_json(&json!({ "list": ["HTTP/2", 5] }));
        assert_eq!(records[0].attributes[1].value, Some(more));
    }

    #[test]
    fn operators_that_are_not_known_are_refused() {
        let refused = OtlpRecord::new(Some(&json!("%BEER%")), &Map::new(), &Map::new());
        assert!(refused.is_err());
    }
}
