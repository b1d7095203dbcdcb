//! Spans as a connection manager and its routes want them.

use std::sync::Arc;

use config::{CustomTag, MetadataOwner, OtlpCollector, TagValue, TracingProvider};
use telemetry::{
    Capture, CaptureWriter, ExporterId, HeaderChoice, MetadataSource, SpanFormat, Tag, TagSetId, TagSource, Telemetry,
};

use crate::{export::Exporters, logging::Subject};

/// How a trace is told onwards.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Propagation {
    W3c,
    B3 {
        /// The client's and the server's span of a call have one id.
        is_shared: bool,
        /// New traces have ids of 8 bytes.
        has_short_ids: bool,
        /// W3C's headers are read where there are none of B3, and both are written.
        with_w3c: bool,
    },
}

/// What a connection manager does about traces.
pub(crate) struct TracingEntry {
    pub(crate) propagation: Propagation,
    /// A tracer is configured: the next hop is told that a trace is not recorded, too.
    pub(crate) has_provider: bool,
    pub(crate) exporter: Option<ExporterId>,
    pub(crate) tags: SpanTags,
}

impl TracingEntry {
    pub(crate) fn new(config: &config::Tracing, telemetry: &Telemetry, exporters: &Exporters) -> Self {
        let propagation = match &config.provider {
            Some(TracingProvider::Zipkin(zipkin)) => Propagation::B3 {
                is_shared: zipkin.shared_span_context,
                has_short_ids: !zipkin.trace_id_128bit,
                with_w3c: zipkin.with_w3c,
            },
            Some(TracingProvider::OpenTelemetry(_)) | None => Propagation::W3c,
        };
        let exporter = match &config.provider {
            Some(TracingProvider::Zipkin(zipkin)) => exporters.register(
                telemetry,
                &SpanFormat::Zipkin,
                &OtlpCollector::Http(zipkin.collector.clone()),
            ),
            Some(TracingProvider::OpenTelemetry(otlp)) => otlp.collector.as_ref().and_then(|collector| {
                let format = SpanFormat::Otlp {
                    service_name: Arc::clone(&otlp.service_name),
                };
                exporters.register(telemetry, &format, collector)
            }),
            None => None,
        };
        Self {
            propagation,
            has_provider: config.provider.is_some(),
            exporter,
            tags: SpanTags::new(&config.custom_tags, telemetry),
        }
    }
}

/// Tags of spans, with what has to be taken of a request for them.
#[derive(Default)]
pub(crate) struct SpanTags {
    pub(crate) id: TagSetId,
    captures: Box<[Capture]>,
}

impl SpanTags {
    pub(crate) fn new(tags: &[CustomTag], telemetry: &Telemetry) -> Self {
        let tags: Vec<Tag> = tags.iter().map(compile).collect();
        let captures = tags.iter().filter_map(|tag| match &tag.value {
            TagSource::Captured(capture, _) => Some(capture.clone()),
            TagSource::Literal(_) => None,
        });
        Self {
            captures: captures.collect(),
            id: telemetry.tag_set(&tags),
        }
    }

    pub(crate) fn captures(&self) -> &[Capture] {
        &self.captures
    }

    pub(crate) fn has_captures(&self) -> bool {
        !self.captures.is_empty()
    }

    /// Appends the values that the tags want.
    pub(crate) fn capture(&self, subject: &Subject<'_>, captured: &mut Vec<u8>) {
        let mut writer = CaptureWriter(captured);
        for capture in &self.captures {
            subject.capture(capture, &mut writer);
        }
    }
}

fn compile(tag: &CustomTag) -> Tag {
    let value = match &tag.value {
        TagValue::Literal(text) => TagSource::Literal(Arc::clone(text)),
        TagValue::Environment { name, default } => {
            let value = std::env::var(&**name).ok().filter(|value| !value.is_empty());
            TagSource::Literal(value.map_or_else(|| Arc::clone(default), Arc::from))
        }
        TagValue::RequestHeader { name, default } => {
            let name = if name.as_str() == "host" {
                ":authority"
            } else {
                name.as_str()
            };
            let choice = HeaderChoice {
                name: name.into(),
                alternative: None,
            };
            TagSource::Captured(Capture::Request(choice), Arc::clone(default))
        }
        TagValue::Metadata {
            of,
            namespace,
            path,
            default,
        } => {
            let source = match of {
                MetadataOwner::Request => MetadataSource::Dynamic,
                MetadataOwner::Route => MetadataSource::Route,
                MetadataOwner::Cluster => MetadataSource::Cluster,
                MetadataOwner::Endpoint => MetadataSource::Endpoint,
            };
            let capture = Capture::Metadata(source, Arc::clone(namespace), path.as_slice().into());
            TagSource::Captured(capture, Arc::clone(default))
        }
    };
    Tag {
        name: Arc::clone(&tag.name),
        value,
    }
}
