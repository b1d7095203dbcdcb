//! OTLP: the messages of `opentelemetry.proto.trace.v1` and `.collector.trace.v1` that spans need.

use prost::Message;

use super::{Shown, own_service};
use crate::log_value::{KeyValue, Resource, attribute};
use crate::{SpanKind, Telemetry};

#[derive(Clone, PartialEq, Message)]
pub(super) struct ExportTraceServiceRequest {
    #[prost(message, repeated, tag = "1")]
    resource_spans: Vec<ResourceSpans>,
}

#[derive(Clone, PartialEq, Message)]
struct ResourceSpans {
    #[prost(message, optional, tag = "1")]
    resource: Option<Resource>,
    #[prost(message, repeated, tag = "2")]
    scope_spans: Vec<ScopeSpans>,
}

#[derive(Clone, PartialEq, Message)]
struct ScopeSpans {
    #[prost(message, optional, tag = "1")]
    scope: Option<Scope>,
    #[prost(message, repeated, tag = "2")]
    spans: Vec<Span>,
}

#[derive(Clone, PartialEq, Message)]
pub(crate) struct Scope {
    #[prost(string, tag = "1")]
    pub(crate) name: String,
    #[prost(string, tag = "2")]
    pub(crate) version: String,
}

// The names are the protocol's.
#[allow(clippy::struct_field_names)]
#[derive(Clone, PartialEq, Message)]
struct Span {
    #[prost(bytes = "vec", tag = "1")]
    trace_id: Vec<u8>,
    #[prost(bytes = "vec", tag = "2")]
    span_id: Vec<u8>,
    #[prost(bytes = "vec", tag = "4")]
    parent_span_id: Vec<u8>,
    #[prost(string, tag = "5")]
    name: String,
    #[prost(int32, tag = "6")]
    kind: i32,
    #[prost(fixed64, tag = "7")]
    start_time_unix_nano: u64,
    #[prost(fixed64, tag = "8")]
    end_time_unix_nano: u64,
    #[prost(message, repeated, tag = "9")]
    attributes: Vec<KeyValue>,
    #[prost(message, optional, tag = "15")]
    status: Option<Status>,
}

#[derive(Clone, PartialEq, Message)]
struct Status {
    #[prost(string, tag = "2")]
    message: String,
    #[prost(int32, tag = "3")]
    code: i32,
}

/// Spans that are being gathered.
pub(super) struct Batch {
    service_name: String,
    spans: Vec<Span>,
}

impl Batch {
    pub(super) fn new(telemetry: &Telemetry, service_name: &str) -> Self {
        Self {
            service_name: if service_name.is_empty() {
                own_service(telemetry)
            } else {
                service_name.to_owned()
            },
            spans: Vec::new(),
        }
    }

    pub(super) fn push(&mut self, span: &crate::Span<'_>, shown: &Shown) {
        const KIND_SERVER: i32 = 2;
        const KIND_CLIENT: i32 = 3;
        const STATUS_ERROR: i32 = 2;
        let start = span.start_unix_us.max(0) as u64 * 1000;
        self.spans.push(Span {
            trace_id: span.trace_id.to_vec(),
            span_id: span.span_id.to_vec(),
            parent_span_id: span.parent_span_id.map_or(Vec::new(), |id| id.to_vec()),
            name: shown.name.clone(),
            kind: match span.kind {
                SpanKind::Server => KIND_SERVER,
                SpanKind::Client => KIND_CLIENT,
            },
            start_time_unix_nano: start,
            end_time_unix_nano: start + span.duration_us * 1000,
            attributes: shown
                .tags
                .iter()
                .map(|(name, value)| attribute(name, value.clone()))
                .collect(),
            status: shown.is_error.then(|| Status {
                message: String::new(),
                code: STATUS_ERROR,
            }),
        });
    }

    pub(super) fn finish(self) -> Vec<u8> {
        let request = ExportTraceServiceRequest {
            resource_spans: vec![ResourceSpans {
                resource: Some(Resource {
                    attributes: vec![attribute("service.name", self.service_name)],
                }),
                scope_spans: vec![ScopeSpans {
                    scope: Some(Scope {
                        name: "fairlead".to_owned(),
                        version: env!("CARGO_PKG_VERSION").to_owned(),
                    }),
                    spans: self.spans,
                }],
            }],
        };
        request.encode_to_vec()
    }
}

#[cfg(test)]
mod tests {
    use super::super::{SpanFormat, tests::exported};
    use super::*;
    use crate::log_value::Kind;

    fn value(attributes: &[KeyValue], key: &str) -> Option<String> {
        let found = attributes.iter().find(|attribute| attribute.key == key)?;
        match found.value.clone()?.value? {
            Kind::Text(text) => Some(text),
            _ => None,
        }
    }

    #[test]
    fn a_span_is_written_as_opentelemetry_wants_it() {
        for (given, expected) in [("", "productpage.default"), ("mine", "mine")] {
            let body = exported(&SpanFormat::Otlp {
                service_name: given.into(),
            });
            let request = ExportTraceServiceRequest::decode(body.as_slice()).expect("message");
            let spans = &request.resource_spans[0];
            let resource = spans.resource.as_ref().expect("resource");
            assert_eq!(value(&resource.attributes, "service.name").as_deref(), Some(expected));
            let span = &spans.scope_spans[0].spans[0];
            assert_eq!((span.trace_id.as_slice(), span.kind), (&[0x11; 16][..], 3));
            assert_eq!(
                (span.start_time_unix_nano, span.end_time_unix_nano),
                (1_000_000_000, 1_002_500_000)
            );
            assert_eq!(span.status.as_ref().map(|status| status.code), Some(2));
            assert_eq!(value(&span.attributes, "http.method").as_deref(), Some("GET"));
        }
    }
}
