//! Zipkin's second API: a JSON list (<https://zipkin.io/zipkin-api/#/default/post_spans>).

use std::net::SocketAddr;

use serde_json::{Map, Value, json};

use super::{Shown, own_service};
use crate::b3::B3Text;
use crate::{Span, SpanKind, Telemetry};

/// Spans that are being gathered.
#[derive(Default)]
pub(super) struct Batch(Vec<u8>);

impl Batch {
    pub(super) fn push(&mut self, telemetry: &Telemetry, span: &Span<'_>, shown: &Shown) {
        self.0.push(if self.0.is_empty() { b'[' } else { b',' });
        let mut object = json!({
            "traceId": text(&B3Text::trace_id(span.trace_id)),
            "id": text(&B3Text::span_id(span.span_id)),
            "name": shown.name,
            "kind": match span.kind {
                SpanKind::Server => "SERVER",
                SpanKind::Client => "CLIENT",
            },
            "timestamp": span.start_unix_us,
            // Zipkin takes no duration of nothing.
            "duration": span.duration_us.max(1),
            "localEndpoint": { "serviceName": own_service(telemetry) },
            "tags": shown
                .tags
                .iter()
                .map(|(name, value)| ((**name).to_owned(), Value::String(value.clone())))
                .collect::<Map<_, _>>(),
        });
        let remote = match span.kind {
            SpanKind::Server => span.downstream_remote,
            SpanKind::Client => span.upstream_host,
        };
        if let Some(parent) = span.parent_span_id {
            object["parentId"] = text(&B3Text::span_id(parent));
        }
        if span.is_shared {
            object["shared"] = Value::Bool(true);
        }
        if let Some(remote) = remote {
            object["remoteEndpoint"] = endpoint(remote);
        }
        // Writing to memory cannot fail.
        let _ = serde_json::to_writer(&mut self.0, &object);
    }

    pub(super) fn finish(mut self) -> Vec<u8> {
        self.0.push(b']');
        self.0
    }
}

fn text(id: &B3Text) -> Value {
    Value::String(String::from_utf8_lossy(id.as_bytes()).into_owned())
}

fn endpoint(address: SocketAddr) -> Value {
    let ip = address.ip().to_string();
    if address.port() == 0 {
        json!({ family(address): ip })
    } else {
        json!({ family(address): ip, "port": address.port() })
    }
}

fn family(address: SocketAddr) -> &'static str {
    if address.is_ipv4() { "ipv4" } else { "ipv6" }
}

#[cfg(test)]
mod tests {
    use super::super::{SpanFormat, tests::exported};
    use serde_json::{Value, json};

    #[test]
    fn a_span_is_written_as_zipkin_wants_it() {
        let spans: Value = serde_json::from_slice(&exported(&SpanFormat::Zipkin)).expect("JSON");
        let span = &spans[0];
        for (key, expected) in [
            ("traceId", json!("1".repeat(32))),
            ("id", json!("2".repeat(16))),
            ("parentId", json!("3".repeat(16))),
            ("kind", json!("CLIENT")),
            ("name", json!("reviews:9080/*")),
            ("timestamp", json!(1_000_000)),
            ("duration", json!(2_500)),
            ("localEndpoint", json!({ "serviceName": "productpage.default" })),
            ("remoteEndpoint", json!({ "ipv4": "127.0.0.1", "port": 9080 })),
        ] {
            assert_eq!(span[key], expected, "{key}");
        }
        for (tag, expected) in [
            ("http.url", "http://reviews:9080/reviews/0"),
            ("http.status_code", "503"),
            ("response_flags", "UH"),
            ("error", "true"),
            ("peer.address", "10.0.0.7"),
            ("upstream_cluster", "outbound|9080||reviews"),
            ("guid:x-request-id", "id"),
        ] {
            assert_eq!(span["tags"][tag], expected, "{tag}");
        }
        assert_eq!(span["tags"]["grpc.status_code"], Value::Null);
    }
}
