//! Values of OpenTelemetry (`opentelemetry.proto.common.v1`), which spans and log records share.

use prost::Message;
use serde_json::Value as Json;

#[derive(Clone, PartialEq, Message)]
pub(crate) struct Resource {
    #[prost(message, repeated, tag = "1")]
    pub(crate) attributes: Vec<KeyValue>,
}

#[derive(Clone, PartialEq, Message)]
pub(crate) struct KeyValue {
    #[prost(string, tag = "1")]
    pub(crate) key: String,
    #[prost(message, optional, tag = "2")]
    pub(crate) value: Option<AnyValue>,
}

#[derive(Clone, PartialEq, Message)]
pub(crate) struct AnyValue {
    #[prost(oneof = "Kind", tags = "1, 2, 3, 4, 5, 6")]
    pub(crate) value: Option<Kind>,
}

#[derive(Clone, PartialEq, prost::Oneof)]
pub(crate) enum Kind {
    #[prost(string, tag = "1")]
    Text(String),
    #[prost(bool, tag = "2")]
    Bool(bool),
    #[prost(int64, tag = "3")]
    Integer(i64),
    #[prost(double, tag = "4")]
    Double(f64),
    #[prost(message, tag = "5")]
    List(ArrayValue),
    #[prost(message, tag = "6")]
    Map(KeyValueList),
}

#[derive(Clone, PartialEq, Message)]
pub(crate) struct ArrayValue {
    #[prost(message, repeated, tag = "1")]
    pub(crate) values: Vec<AnyValue>,
}

#[derive(Clone, PartialEq, Message)]
pub(crate) struct KeyValueList {
    #[prost(message, repeated, tag = "1")]
    pub(crate) values: Vec<KeyValue>,
}

impl AnyValue {
    pub(crate) fn of(kind: Kind) -> Self {
        Self { value: Some(kind) }
    }

    /// What a value that is the same in every record is. `null` is a value that is not set.
    pub(crate) fn of_json(json: &Json) -> Self {
        let kind = match json {
            Json::Null => return Self::default(),
            Json::Bool(value) => Kind::Bool(*value),
            Json::Number(number) => match number.as_i64() {
                Some(integer) => Kind::Integer(integer),
                None => Kind::Double(number.as_f64().unwrap_or_default()),
            },
            Json::String(text) => Kind::Text(text.clone()),
            Json::Array(values) => Kind::List(ArrayValue {
                values: values.iter().map(Self::of_json).collect(),
            }),
            Json::Object(fields) => Kind::Map(KeyValueList {
                values: fields
                    .iter()
                    .map(|(key, value)| KeyValue {
                        key: key.clone(),
                        value: Some(Self::of_json(value)),
                    })
                    .collect(),
            }),
        };
        Self::of(kind)
    }
}

/// An attribute that is text.
pub(crate) fn attribute(key: &str, value: String) -> KeyValue {
    KeyValue {
        key: key.to_owned(),
        value: Some(AnyValue::of(Kind::Text(value))),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn constants_keep_their_kind() {
        let value = AnyValue::of_json(&serde_json::json!({ "a": [1, 2.5, true, "x", null] }));
        let Some(Kind::Map(map)) = value.value else { panic!() };
        let Some(Kind::List(list)) = map.values[0].value.as_ref().and_then(|value| value.value.clone()) else {
            panic!()
        };
        let kinds: Vec<_> = list.values.into_iter().map(|value| value.value).collect();
        assert_eq!(
            kinds,
            [
                Some(Kind::Integer(1)),
                Some(Kind::Double(2.5)),
                Some(Kind::Bool(true)),
                Some(Kind::Text("x".to_owned())),
                None
            ]
        );
    }
}
