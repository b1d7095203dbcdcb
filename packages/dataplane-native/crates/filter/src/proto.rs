//! JSON as protobuf has it.

use messages::google::protobuf::{ListValue, Struct, Value as Pb, value::Kind};
use serde_json::Value;

/// A JSON object as a struct; anything else is an empty one.
pub(crate) fn to_struct(value: Value) -> Struct {
    let fields = match value {
        Value::Object(map) => map.into_iter().map(|(key, value)| (key, to_value(value))).collect(),
        _ => std::collections::HashMap::new(),
    };
    Struct { fields }
}

fn to_value(value: Value) -> Pb {
    let kind = match value {
        Value::Null => Kind::NullValue(0),
        Value::Bool(value) => Kind::BoolValue(value),
        Value::Number(number) => Kind::NumberValue(number.as_f64().unwrap_or_default()),
        Value::String(text) => Kind::StringValue(text),
        Value::Array(list) => Kind::ListValue(ListValue {
            values: list.into_iter().map(to_value).collect(),
        }),
        value @ Value::Object(_) => Kind::StructValue(to_struct(value)),
    };
    Pb { kind: Some(kind) }
}

/// A struct as a JSON object.
pub(crate) fn to_json(value: Struct) -> Value {
    Value::Object(
        value
            .fields
            .into_iter()
            .map(|(key, value)| (key, of_value(value)))
            .collect(),
    )
}

fn of_value(value: Pb) -> Value {
    match value.kind {
        None | Some(Kind::NullValue(_)) => Value::Null,
        Some(Kind::NumberValue(number)) => serde_json::Number::from_f64(number).map_or(Value::Null, Value::Number),
        Some(Kind::StringValue(text)) => Value::String(text),
        Some(Kind::BoolValue(value)) => Value::Bool(value),
        Some(Kind::StructValue(object)) => to_json(object),
        Some(Kind::ListValue(list)) => Value::Array(list.values.into_iter().map(of_value).collect()),
    }
}
