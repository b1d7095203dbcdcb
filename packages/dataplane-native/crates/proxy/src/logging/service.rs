//! Logs that services take.

use config::{AlsLog, HeaderName, Invalid, LogService, OtlpLog};
use serde_json::{Map, Value};
use std::sync::Arc;
use telemetry::{AlsEntry, LogEntry, OtlpRecord};

use super::{LogContext, Target, too_many, warn_of};
use crate::{NodeIdentity, export::Destination, tracing::SpanTags};

/// The target of a log to a service, and what it takes of a request.
pub(super) fn target(
    service: &LogService,
    cx: &LogContext<'_>,
    warn: &mut dyn FnMut(Invalid),
) -> Result<Target, Invalid> {
    service.check()?;
    let (destination, entry) = match service {
        LogService::Als(als) => (als_destination(als, cx.node), LogEntry::Als(als_entry(als))),
        LogService::OpenTelemetry(otlp) => {
            let record = OtlpRecord::new(otlp.body.as_ref(), &otlp.attributes, &resource(otlp, cx.node));
            let record = record.map_err(|error| Invalid::new(error.to_string()))?;
            warn_of(record.unrecorded(), "attributes", warn);
            (Destination::Logs(otlp.collector.clone()), LogEntry::Otlp(record))
        }
    };
    let tags = SpanTags::new(service.custom_tags(), cx.telemetry);
    let buffer = service.buffer();
    let service = telemetry::LogService {
        exporter: cx
            .exporters
            .register_logs(cx.telemetry, destination)
            .ok_or_else(|| Invalid::new("there are too many different collectors in this process: use fewer"))?,
        flush_interval_ms: buffer.flush_interval_ms,
        buffer_bytes: buffer.max_bytes as usize,
        entry,
        tags: tags.id,
        tag_captures: tags.captures().to_vec(),
    };
    let target = cx.telemetry.log_service(&service).ok_or_else(too_many)?;
    Ok((target, service.captures().cloned().collect()))
}

fn als_destination(als: &AlsLog, node: &NodeIdentity) -> Destination {
    Destination::Als {
        service: als.collector.clone(),
        log_name: Arc::clone(&als.log_name),
        identifier: telemetry::als_identifier(&als.log_name, &node.node_id, &service_cluster(node)),
        of_connections: als.of_connections,
    }
}

fn als_entry(als: &AlsLog) -> AlsEntry {
    if als.of_connections {
        return AlsEntry::tcp();
    }
    let names = |names: &[HeaderName]| names.iter().map(|name| Arc::from(name.as_str())).collect();
    AlsEntry::http(
        names(&als.request_headers),
        names(&als.response_headers),
        names(&als.response_trailers),
    )
}

/// What records are about: Envoy's labels, and those of the configuration.
fn resource(otlp: &OtlpLog, node: &NodeIdentity) -> Map<String, Value> {
    let mut resource = Map::new();
    if !otlp.without_builtin_labels {
        let mut label = |name: &str, value: &str| {
            resource.insert(name.to_owned(), Value::from(value));
        };
        label("log_name", &otlp.log_name);
        label("zone_name", &node.locality.zone);
        label("cluster_name", &service_cluster(node));
        label("node_name", &node.node_id);
    }
    for (name, value) in &otlp.resource {
        resource.insert(name.clone(), value.clone());
    }
    resource
}

/// `reviews.default`: what Istio calls the service cluster of a proxy.
fn service_cluster(node: &NodeIdentity) -> String {
    let name = if node.service.is_empty() {
        &node.workload
    } else {
        &node.service
    };
    if node.namespace.is_empty() {
        name.clone()
    } else {
        format!("{name}.{}", node.namespace)
    }
}
