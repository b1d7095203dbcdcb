//! Filters that users write.

use config::FilterModule;
use messages::{
    fairlead::dataplane::v1 as pb,
    google::protobuf::{Any, Duration, Struct, value::Kind},
};
use prost::{Message, Name};
use serde_json::Value;

use crate::{
    context::{Context, is},
    short,
    value::{json, json_object, millis},
};

/// `udpa.type.v1.TypedStruct` and `xds.type.v3.TypedStruct`: how `EnvoyFilter` writes types that Istio does not know.
#[derive(Clone, PartialEq, Message)]
struct TypedStruct {
    #[prost(string, tag = "1")]
    type_url: String,
    /// A `Struct`; on the wire a message is bytes.
    #[prost(bytes = "vec", tag = "2")]
    value: Vec<u8>,
}

/// The filter, if the `Any` is one.
pub(crate) fn filter(cx: &mut Context, any: &Any) -> Option<FilterModule> {
    if is::<pb::FilterModule>(any) {
        let pb = cx.unpack(any).unwrap_or_default();
        return Some(checked(cx, pb));
    }
    if !matches!(
        short(&any.type_url),
        "udpa.type.v1.TypedStruct" | "xds.type.v3.TypedStruct"
    ) {
        return None;
    }
    let typed = TypedStruct::decode(any.value.as_slice()).ok()?;
    if short(&typed.type_url) != pb::FilterModule::full_name() {
        return None;
    }
    let pb = cx.within("value", |cx| of_json(cx, &typed.value));
    Some(checked(cx, pb))
}

fn checked(cx: &mut Context, pb: pb::FilterModule) -> FilterModule {
    let default = FilterModule::default();
    let status = match u16::try_from(pb.status_on_error) {
        Ok(0) => default.status_on_error,
        Ok(status) => status,
        // No status, whichever it is.
        Err(_) => u16::MAX,
    };
    let filter = FilterModule {
        module: pb.module.into(),
        config: pb.config.map(json_object),
        timeout_ms: millis(cx, "timeout", pb.timeout).unwrap_or(default.timeout_ms),
        failure_mode_allow: pb.failure_mode_allow,
        status_on_error: status,
        version: pb.version.into(),
    };
    if let Err(invalid) = filter.check() {
        let field = invalid.path.strip_suffix("Ms").unwrap_or(&invalid.path).to_owned();
        cx.within(&field, |cx| cx.error(invalid.message));
    }
    filter
}

/// The message as JSON has it, in either spelling of its fields.
fn of_json(cx: &mut Context, value: &[u8]) -> pb::FilterModule {
    let mut pb = pb::FilterModule::default();
    let Some(object) = cx.check(Struct::decode(value)) else {
        return pb;
    };
    for (name, value) in object.fields {
        let written = json(value.clone());
        let is_right = match (&*name, &written) {
            ("module", Value::String(text)) => assign(&mut pb.module, text.clone()),
            ("version", Value::String(text)) => assign(&mut pb.version, text.clone()),
            ("failureModeAllow" | "failure_mode_allow", Value::Bool(allow)) => {
                assign(&mut pb.failure_mode_allow, *allow)
            }
            ("statusOnError" | "status_on_error", Value::Number(number)) => {
                let status = number.as_f64().filter(|status| (0.0..1e6).contains(status));
                status.is_some_and(|status| assign(&mut pb.status_on_error, status as u32))
            }
            ("timeout", Value::String(text)) => {
                let duration = duration(text);
                duration.is_some() && assign(&mut pb.timeout, duration)
            }
            ("config", Value::Object(_)) => {
                let object = match value.kind {
                    Some(Kind::StructValue(object)) => Some(object),
                    _ => None,
                };
                assign(&mut pb.config, object)
            }
            _ => false,
        };
        if !is_right {
            cx.within(&name, |cx| {
                cx.error(format!(
                    "{written}: there is no such field of a FilterModule, or it takes something else"
                ));
            });
        }
    }
    pb
}

fn assign<T>(field: &mut T, value: T) -> bool {
    *field = value;
    true
}

/// A duration as JSON has it: `0.25s`.
fn duration(text: &str) -> Option<Duration> {
    let seconds: f64 = text.strip_suffix('s')?.parse().ok()?;
    (0.0..1e9).contains(&seconds).then(|| Duration {
        seconds: seconds.trunc() as i64,
        nanos: (seconds.fract() * 1e9).round().min(999_999_999.0) as i32,
    })
}
