//! Filter state: values that filters hand to each other. What istiod puts there for tunnels is known here without it.

use std::sync::Arc;

use messages::{
    envoy::{
        config::core::v3::{data_source, substitution_format_string::Format},
        extensions::filters::{
            common::set_filter_state::v3::{
                FilterStateValue,
                filter_state_value::{Key, Value},
            },
            http::set_filter_state::v3::Config,
        },
    },
    google::protobuf::Any,
};

use crate::{context::Context, short};

/// What is in a value of this key here, whoever sets it: an internal listener takes where a tunnel leads for the
/// destination of what is inside, and the client of the tunnel for its client.
fn meaning(key: &str) -> Option<&'static [&'static str]> {
    Some(match key {
        "envoy.filters.listener.original_dst.local_ip" => &["%REQ(:AUTHORITY)%"],
        "envoy.filters.listener.original_dst.remote_ip" => {
            &["%DOWNSTREAM_REMOTE_ADDRESS%", "%DOWNSTREAM_DIRECT_REMOTE_ADDRESS%"]
        }
        "io.istio.peer_principal" => &["%DOWNSTREAM_PEER_URI_SAN%"],
        "io.istio.local_principal" => &["%DOWNSTREAM_LOCAL_URI_SAN%"],
        _ => return None,
    })
}

/// The type of a filter whose values are all known without it.
pub(crate) fn known_without_it(cx: &mut Context, any: &Any) -> Option<Arc<str>> {
    let config: Config = cx.unpack(any)?;
    cx.list("onRequestHeaders", config.on_request_headers, value);
    Some(short(&any.type_url).into())
}

fn value(cx: &mut Context, pb: FilterStateValue) {
    let key = match pb.key {
        Some(Key::ObjectKey(key)) => key,
        None => String::new(),
    };
    let Some(known) = meaning(&key) else {
        cx.within("objectKey", |cx| {
            cx.error(format!(
                "filter state {key:?} is not supported by this proxy; remove it"
            ));
        });
        return;
    };
    let Some(Value::FormatString(format)) = pb.value else {
        cx.within("formatString", |cx| cx.error("is missing"));
        return;
    };
    let text = match format.format {
        Some(Format::TextFormat(text)) => text,
        Some(Format::TextFormatSource(source)) => match source.specifier {
            Some(data_source::Specifier::InlineString(text)) => text,
            _ => String::new(),
        },
        _ => String::new(),
    };
    if !known.contains(&text.as_str()) {
        cx.within("formatString", |cx| {
            cx.error(format!("{text:?} is not supported for {key:?}; write {}", known[0]));
        });
    }
}
