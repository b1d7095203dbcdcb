//! Endpoints that requests name.

use config::{HeaderName, MetadataKey, OverrideHost, OverrideHostSource};
use http::{Buffer, RequestView};
use serde_json::{Map, Value};

use crate::{
    request::{Call, Scratch},
    snapshot::ClusterEntry,
};

/// The endpoints that the request asks for, or that a service asked for on its behalf.
pub(super) fn asked<'c>(
    settings: &OverrideHost,
    call: &'c Call<'_>,
    buffer: &'c Buffer,
    scratch: &'c Scratch,
) -> Option<&'c str> {
    settings.sources.iter().find_map(|source| match source {
        OverrideHostSource::Header(name) => said(name, buffer, scratch),
        OverrideHostSource::Metadata(key) => found(call.effects.metadata.as_ref()?, key),
    })
}

/// A header as the request has it by now.
pub(super) fn said<'c>(name: &HeaderName, buffer: &'c Buffer, scratch: &'c Scratch) -> Option<&'c str> {
    let view = RequestView::new(&scratch.request, buffer.filled());
    let value = scratch.edits.get(view.buffer(), view.fields(), name.as_str())?;
    std::str::from_utf8(value).ok()
}

fn found<'c>(metadata: &'c Value, key: &MetadataKey) -> Option<&'c str> {
    let inside = metadata.get(&*key.namespace);
    key.path.iter().fold(inside, |value, key| value?.get(&**key))?.as_str()
}

/// Writes down where the request goes, for the services and logs that come after.
pub(super) fn note(call: &mut Call<'_>, cluster: &ClusterEntry) {
    let key = cluster
        .config
        .override_host
        .as_ref()
        .and_then(|settings| settings.selected.as_ref());
    if let (Some(key), Some(address)) = (key, call.upstream_address) {
        let mut place = call.effects.metadata.get_or_insert_default();
        for name in std::iter::once(&key.namespace).chain(&key.path) {
            if !place.is_object() {
                *place = Value::Object(Map::new());
            }
            place = &mut place[&**name];
        }
        *place = Value::String(address.to_string());
    }
}
