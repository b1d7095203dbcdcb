//! Where in a resource the decoder is, and what it found there.

use config::Invalid;
use messages::google::protobuf::Any;
use prost::{Message, Name};

use crate::short;

/// Problems of one resource that are kept; more do not help anybody.
const MAX_PROBLEMS: usize = 50;

/// The path of the field that is being decoded, and the problems so far. Decoders always return a value, so that one
/// pass finds every problem; with an error the value is thrown away.
#[derive(Debug, Default)]
pub(crate) struct Context {
    path: Vec<String>,
    errors: Vec<Invalid>,
    warnings: Vec<Invalid>,
}

impl Context {
    /// Decodes the field `name` (camelCase).
    pub(crate) fn within<T>(&mut self, name: &str, decode: impl FnOnce(&mut Self) -> T) -> T {
        self.path.push(name.to_owned());
        let value = decode(self);
        self.path.pop();
        value
    }

    /// Decodes every entry of the repeated field `name`.
    pub(crate) fn list<I, T>(
        &mut self,
        name: &str,
        items: Vec<I>,
        mut decode: impl FnMut(&mut Self, I) -> T,
    ) -> Vec<T> {
        self.within(name, |cx| {
            items
                .into_iter()
                .enumerate()
                .map(|(index, item)| cx.within(&format!("[{index}]"), |cx| decode(cx, item)))
                .collect()
        })
    }

    /// The resource cannot be used.
    pub(crate) fn error(&mut self, message: impl Into<String>) {
        let invalid = self.invalid(message.into());
        if self.errors.len() < MAX_PROBLEMS {
            self.errors.push(invalid);
        }
    }

    /// The field has no effect, or another than elsewhere.
    pub(crate) fn warn(&mut self, message: impl Into<String>) {
        let invalid = self.invalid(message.into());
        if self.warnings.len() < MAX_PROBLEMS {
            self.warnings.push(invalid);
        }
    }

    /// An error if the field `name` is set.
    pub(crate) fn unsupported(&mut self, name: &str, is_set: bool) {
        if is_set {
            self.within(name, |cx| cx.error("is not supported by this proxy; remove it"));
        }
    }

    /// A warning if the field `name` is set.
    pub(crate) fn no_effect(&mut self, name: &str, is_set: bool) {
        if is_set {
            self.within(name, |cx| cx.warn("has no effect in this proxy"));
        }
    }

    /// An error if the required field `name` is missing.
    pub(crate) fn required<T>(&mut self, name: &str, value: Option<T>) -> Option<T> {
        if value.is_none() {
            self.within(name, |cx| cx.error("is missing"));
        }
        value
    }

    /// A value, or an error with its reason.
    pub(crate) fn check<T, E: std::fmt::Display>(&mut self, result: Result<T, E>) -> Option<T> {
        result.map_err(|error| self.error(error.to_string())).ok()
    }

    /// The message inside an `Any` whose type is known to be `M`.
    pub(crate) fn unpack<M: Message + Name + Default>(&mut self, any: &Any) -> Option<M> {
        if !is::<M>(any) {
            self.error(format!(
                "has type {:?}, expected {:?}",
                short(&any.type_url),
                M::full_name()
            ));
            return None;
        }
        let decoded = M::decode(any.value.as_slice());
        decoded
            .map_err(|error| self.error(format!("the bytes are not a {}: {error}", M::NAME)))
            .ok()
    }

    pub(crate) fn finish(self, kind: &str, name: &str) -> (Vec<Invalid>, Vec<Invalid>) {
        let of = |list: Vec<Invalid>| list.into_iter().map(|invalid| invalid.of(kind, name)).collect();
        (of(self.errors), of(self.warnings))
    }

    fn invalid(&self, message: String) -> Invalid {
        self.path
            .iter()
            .rev()
            .fold(Invalid::new(message), |invalid, part| invalid.field(part))
    }
}

/// True if the `Any` says it is an `M`.
pub(crate) fn is<M: Name>(any: &Any) -> bool {
    short(&any.type_url) == M::full_name()
}
