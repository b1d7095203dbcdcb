//! Small values that many resources have.

use std::{net::IpAddr, sync::Arc};

use config::{
    Address, CidrRange, FractionalPercent, HeaderAppendAction, HeaderMutations, HeaderName, HeaderOps, HeaderSet,
    Metadata, MetadataKey, Template,
};
use messages::{
    envoy::{
        config::core::v3::{
            self as core, HeaderValueOption, RuntimeFractionalPercent, address, data_source, envoy_internal_address,
            socket_address,
        },
        r#type::{
            metadata::v3::{MetadataKey as MetadataPlace, metadata_key::path_segment},
            v3::{self as types, fractional_percent::DenominatorType},
        },
    },
    google::protobuf::{Duration, ListValue, Struct, Value, value::Kind},
};
use serde_json::Value as Json;

use crate::context::Context;

/// Milliseconds; a positive time below one is one.
pub(crate) fn millis(cx: &mut Context, name: &str, duration: Option<Duration>) -> Option<u64> {
    let duration = duration?;
    if duration.seconds < 0 || duration.nanos < 0 {
        cx.within(name, |cx| {
            cx.error(format!(
                "is negative: {}.{:09}s",
                duration.seconds,
                duration.nanos.unsigned_abs()
            ));
        });
        return None;
    }
    let nanos = u64::from(duration.nanos.unsigned_abs());
    Some(
        (duration.seconds.unsigned_abs())
            .saturating_mul(1_000)
            .saturating_add(nanos.div_ceil(1_000_000)),
    )
}

/// A header name, or an error.
pub(crate) fn header_name(cx: &mut Context, name: &str, text: &str) -> Option<HeaderName> {
    cx.within(name, |cx| cx.check(HeaderName::new(text).map(HeaderName::shared)))
}

/// A share of requests.
pub(crate) fn fraction(value: types::FractionalPercent) -> FractionalPercent {
    let denominator = match value.denominator() {
        DenominatorType::Hundred => 100,
        DenominatorType::TenThousand => 10_000,
        DenominatorType::Million => 1_000_000,
    };
    FractionalPercent::new(value.numerator, denominator)
}

/// A share of requests; the runtime key is not looked up, there is no runtime.
pub(crate) fn runtime_fraction(value: Option<RuntimeFractionalPercent>) -> Option<FractionalPercent> {
    value?.default_value.map(fraction)
}

/// Percent as a share of requests.
pub(crate) fn percent(value: Option<types::Percent>, default: FractionalPercent) -> FractionalPercent {
    value.map_or(default, |percent| {
        FractionalPercent::new((percent.value.clamp(0.0, 100.0) * 10_000.0).round() as u32, 1_000_000)
    })
}

/// A TCP port.
pub(crate) fn port(cx: &mut Context, name: &str, value: u32) -> u16 {
    u16::try_from(value).unwrap_or_else(|_| {
        cx.within(name, |cx| cx.error(format!("{value} is not a port")));
        0
    })
}

/// What a socket address has room for (`sun_path`).
const MAX_PIPE_BYTES: usize = 108;

/// A required address.
pub(crate) fn address(cx: &mut Context, value: Option<core::Address>) -> Address {
    cx.within("address", |cx| match value.and_then(|address| address.address) {
        None => {
            cx.error("is missing");
            Address::default()
        }
        Some(address::Address::SocketAddress(socket)) => cx.within("socketAddress", |cx| socket_address(cx, &socket)),
        Some(address::Address::Pipe(pipe)) => cx.within("pipe", |cx| {
            let longest = MAX_PIPE_BYTES - usize::from(!pipe.path.starts_with('@'));
            if pipe.path.is_empty() || pipe.path == "@" {
                cx.within("path", |cx| cx.error("is empty"));
            } else if pipe.path.len() > longest || pipe.path.contains('\0') {
                cx.within("path", |cx| {
                    cx.error(format!(
                        "{:?} cannot be bound: a path has at most {longest} bytes and no NUL",
                        pipe.path
                    ));
                });
            }
            Address::of_unix(pipe.path)
        }),
        Some(address::Address::EnvoyInternalAddress(internal)) => {
            cx.within("envoyInternalAddress", |cx| match internal.address_name_specifier {
                Some(envoy_internal_address::AddressNameSpecifier::ServerListenerName(name)) => {
                    Address::of_internal(name, internal.endpoint_id)
                }
                None => {
                    cx.error("serverListenerName is missing");
                    Address::default()
                }
            })
        }
    })
}

fn socket_address(cx: &mut Context, socket: &core::SocketAddress) -> Address {
    cx.unsupported("resolverName", !socket.resolver_name.is_empty());
    cx.unsupported(
        "networkNamespaceFilepath",
        !socket.network_namespace_filepath.is_empty(),
    );
    let port = match &socket.port_specifier {
        Some(socket_address::PortSpecifier::PortValue(value)) => port(cx, "portValue", *value),
        Some(socket_address::PortSpecifier::NamedPort(name)) => {
            cx.within("namedPort", |cx| {
                cx.error(format!("{name:?}: named ports are not supported; use portValue"));
            });
            0
        }
        None => 0,
    };
    if let Ok(ip) = socket.address.parse::<IpAddr>() {
        return std::net::SocketAddr::from((ip, port)).into();
    }
    let text = format!("{}:{port}", socket.address);
    cx.within("address", |cx| cx.check(text.parse())).unwrap_or_default()
}

/// Ranges of addresses.
pub(crate) fn cidr_ranges(cx: &mut Context, name: &str, values: Vec<core::CidrRange>) -> Vec<CidrRange> {
    cx.list(name, values, |cx, value| cidr_range(cx, &value))
        .into_iter()
        .flatten()
        .collect()
}

/// A range of addresses; without a length it is empty in Envoy, which nobody means.
pub(crate) fn cidr_range(cx: &mut Context, value: &core::CidrRange) -> Option<CidrRange> {
    let length = value.prefix_len.unwrap_or(0);
    let range = value
        .address_prefix
        .parse()
        .ok()
        .and_then(|ip| CidrRange::new(ip, u8::try_from(length).ok()?));
    if range.is_none() {
        cx.error(format!(
            "{:?}/{length} is not a range of IP addresses",
            value.address_prefix
        ));
    }
    range
}

/// Header operations of a message that has the four usual fields.
pub(crate) fn header_mutations(
    cx: &mut Context,
    request: (Vec<HeaderValueOption>, Vec<String>),
    response: (Vec<HeaderValueOption>, Vec<String>),
) -> HeaderMutations {
    HeaderMutations {
        request: header_ops(cx, ["requestHeadersToAdd", "requestHeadersToRemove"], request),
        response: header_ops(cx, ["responseHeadersToAdd", "responseHeadersToRemove"], response),
    }
}

fn header_ops(cx: &mut Context, names: [&str; 2], (add, remove): (Vec<HeaderValueOption>, Vec<String>)) -> HeaderOps {
    let set = cx.list(names[0], add, header_set).into_iter().flatten().collect();
    let remove = cx.list(names[1], remove, |cx, name| {
        let name = cx.check(HeaderName::new(&name))?.shared();
        is_plain(cx, &name).then_some(name)
    });
    HeaderOps {
        set,
        remove: remove.into_iter().flatten().collect(),
    }
}

/// One header to set.
pub(crate) fn header_set(cx: &mut Context, option: HeaderValueOption) -> Option<HeaderSet> {
    let by_action = match option.append_action() {
        core::header_value_option::HeaderAppendAction::AppendIfExistsOrAdd => HeaderAppendAction::AppendIfExistsOrAdd,
        core::header_value_option::HeaderAppendAction::AddIfAbsent => HeaderAppendAction::AddIfAbsent,
        core::header_value_option::HeaderAppendAction::OverwriteIfExistsOrAdd => {
            HeaderAppendAction::OverwriteIfExistsOrAdd
        }
        core::header_value_option::HeaderAppendAction::OverwriteIfExists => HeaderAppendAction::OverwriteIfExists,
    };
    // The deprecated field that append_action replaces.
    let action = match option.append {
        Some(append) if !append => HeaderAppendAction::OverwriteIfExistsOrAdd,
        _ => by_action,
    };
    let header = cx.required("header", option.header)?;
    cx.within("header", |cx| {
        let name = header_name(cx, "key", &header.key).filter(|name| is_plain(cx, name));
        let value = cx.within("value", |cx| {
            let raw = String::from_utf8(header.raw_value).map_err(|_| "rawValue is not UTF-8");
            let text = if header.value.is_empty() {
                cx.check(raw)?
            } else {
                header.value
            };
            cx.check(Template::new(&text))
        });
        Some(HeaderSet {
            name: name?,
            value: value?,
            action,
            keep_empty_value: option.keep_empty_value,
        })
    })
}

fn is_plain(cx: &mut Context, name: &HeaderName) -> bool {
    let plain = name.kind() == config::NameKind::Field;
    if !plain {
        cx.error(format!(
            "{name} cannot be changed by header operations; rewrite path or host instead"
        ));
    }
    let frames = matches!(name.as_str(), "content-length" | "transfer-encoding");
    if frames {
        cx.warn(format!("{name} follows the body; the operation has no effect"));
    }
    plain && !frames
}

/// Filter metadata.
pub(crate) fn metadata(value: Option<core::Metadata>) -> Metadata {
    let Some(metadata) = value else {
        return Metadata::default();
    };
    let map = metadata
        .filter_metadata
        .into_iter()
        .map(|(key, value)| (key, json_object(value)))
        .collect();
    Metadata::from_json(Json::Object(map))
}

/// A protobuf struct as JSON.
pub(crate) fn json_object(value: Struct) -> Json {
    Json::Object(
        value
            .fields
            .into_iter()
            .map(|(key, value)| (key, json(value)))
            .collect(),
    )
}

/// A protobuf value as JSON.
pub(crate) fn json(value: Value) -> Json {
    match value.kind {
        None | Some(Kind::NullValue(_)) => Json::Null,
        Some(Kind::NumberValue(number)) => serde_json::Number::from_f64(number).map_or(Json::Null, Json::Number),
        Some(Kind::StringValue(text)) => Json::String(text),
        Some(Kind::BoolValue(value)) => Json::Bool(value),
        Some(Kind::StructValue(object)) => json_object(object),
        Some(Kind::ListValue(ListValue { values })) => Json::Array(values.into_iter().map(json).collect()),
    }
}

/// Where data is.
pub(crate) enum Source {
    Inline(Vec<u8>),
    File(Arc<str>),
}

/// A data source; environment variables are not read.
pub(crate) fn data_source(cx: &mut Context, source: core::DataSource) -> Option<Source> {
    match source.specifier {
        Some(data_source::Specifier::InlineBytes(bytes)) => Some(Source::Inline(bytes)),
        Some(data_source::Specifier::InlineString(text)) => Some(Source::Inline(text.into_bytes())),
        Some(data_source::Specifier::Filename(path)) => Some(Source::File(path.into())),
        Some(data_source::Specifier::EnvironmentVariable(name)) => {
            cx.error(format!(
                "environment variable {name:?}: only inline data and files are supported"
            ));
            None
        }
        None => {
            cx.error("is empty");
            None
        }
    }
}

/// A place in metadata.
pub(crate) fn metadata_key(cx: &mut Context, pb: MetadataPlace) -> MetadataKey {
    let path = cx.list("path", pb.path, |cx, segment| match segment.segment {
        Some(path_segment::Segment::Key(key)) => key.into(),
        None => {
            cx.error("has no key");
            "".into()
        }
    });
    if pb.key.is_empty() || path.is_empty() {
        cx.error("needs a namespace in key and at least one key in path");
    }
    MetadataKey {
        namespace: pb.key.into(),
        path,
    }
}
