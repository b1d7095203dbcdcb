//! Header operations of routes, applied through whatever holds the headers.

use config::{HeaderAppendAction, HeaderName, HeaderOps, Operator, Piece, Template};

/// A head that can be edited.
pub trait HeaderEdits {
    /// There is a field called `name`.
    fn contains(&self, name: &HeaderName) -> bool;

    /// Adds a field, beside others of its name.
    fn append(&mut self, name: &HeaderName, value: &[u8]);

    /// Removes all fields called `name`.
    fn remove(&mut self, name: &HeaderName);
}

/// Gives operators their values.
pub trait OperatorValues {
    /// Appends the value of `operator` to `out`; nothing if there is none.
    fn write(&self, operator: &Operator, out: &mut Vec<u8>);
}

/// Applies operations: first all that set, then all that remove. `scratch` is cleared and reused.
pub fn apply<E: HeaderEdits, V: OperatorValues>(ops: &HeaderOps, values: &V, edits: &mut E, scratch: &mut Vec<u8>) {
    for set in &ops.set {
        scratch.clear();
        render(&set.value, values, scratch);
        if scratch.is_empty() && !set.keep_empty_value {
            continue;
        }
        let exists = edits.contains(&set.name);
        match set.action {
            HeaderAppendAction::AddIfAbsent if exists => continue,
            HeaderAppendAction::OverwriteIfExists if !exists => continue,
            HeaderAppendAction::OverwriteIfExists | HeaderAppendAction::OverwriteIfExistsOrAdd => {
                edits.remove(&set.name);
            }
            HeaderAppendAction::AddIfAbsent | HeaderAppendAction::AppendIfExistsOrAdd => {}
        }
        edits.append(&set.name, scratch);
    }
    for name in &ops.remove {
        edits.remove(name);
    }
}

/// Appends a template's value to `out`. Bytes that no header value may have (they could come from a request) are left out.
pub fn render<V: OperatorValues>(template: &Template, values: &V, out: &mut Vec<u8>) {
    for piece in template.pieces() {
        match piece {
            Piece::Literal(text) => out.extend_from_slice(text.as_bytes()),
            Piece::Operator { operator, max } => {
                let start = out.len();
                values.write(operator, out);
                if let Some(max) = max {
                    out.truncate(start.saturating_add(*max).min(out.len()));
                }
            }
        }
    }
    if out.iter().any(|byte| matches!(byte, b'\r' | b'\n' | 0)) {
        out.retain(|byte| !matches!(byte, b'\r' | b'\n' | 0));
    }
}

#[cfg(test)]
mod tests {
    use config::HeaderSet;

    use super::*;

    #[derive(Default)]
    struct Head(Vec<(String, String)>);

    impl HeaderEdits for Head {
        fn contains(&self, name: &HeaderName) -> bool {
            self.0.iter().any(|(key, _)| key == name.as_str())
        }

        fn append(&mut self, name: &HeaderName, value: &[u8]) {
            self.0
                .push((name.to_string(), String::from_utf8_lossy(value).into_owned()));
        }

        fn remove(&mut self, name: &HeaderName) {
            self.0.retain(|(key, _)| key != name.as_str());
        }
    }

    struct Values;

    impl OperatorValues for Values {
        fn write(&self, operator: &Operator, out: &mut Vec<u8>) {
            if let Operator::Protocol = operator {
                out.extend_from_slice(b"HTTP/1.1\r\nx: y");
            }
        }
    }

    fn set(name: &str, value: &str, action: HeaderAppendAction) -> HeaderSet {
        let (name, value) = (HeaderName::new(name).unwrap(), Template::new(value).unwrap());
        HeaderSet {
            name,
            value,
            action,
            keep_empty_value: false,
        }
    }

    fn applied(ops: &HeaderOps, before: &[(&str, &str)]) -> Vec<String> {
        let mut head = Head(
            before
                .iter()
                .map(|(name, value)| ((*name).to_owned(), (*value).to_owned()))
                .collect(),
        );
        apply(ops, &Values, &mut head, &mut Vec::new());
        head.0.iter().map(|(name, value)| format!("{name}: {value}")).collect()
    }

    fn one(action: HeaderAppendAction, before: &[(&str, &str)]) -> Vec<String> {
        applied(
            &HeaderOps {
                set: vec![set("a", "new", action)],
                remove: vec![],
            },
            before,
        )
    }

    #[test]
    fn each_action_does_what_its_name_says() {
        let old = [("a", "old")];
        assert_eq!(one(HeaderAppendAction::AppendIfExistsOrAdd, &old), ["a: old", "a: new"]);
        assert_eq!(one(HeaderAppendAction::AppendIfExistsOrAdd, &[]), ["a: new"]);
        assert_eq!(one(HeaderAppendAction::AddIfAbsent, &old), ["a: old"]);
        assert_eq!(one(HeaderAppendAction::AddIfAbsent, &[]), ["a: new"]);
        assert_eq!(one(HeaderAppendAction::OverwriteIfExistsOrAdd, &old), ["a: new"]);
        assert_eq!(one(HeaderAppendAction::OverwriteIfExistsOrAdd, &[]), ["a: new"]);
        assert_eq!(one(HeaderAppendAction::OverwriteIfExists, &old), ["a: new"]);
        assert!(one(HeaderAppendAction::OverwriteIfExists, &[]).is_empty());
    }

    #[test]
    fn removing_comes_after_setting() {
        let append = HeaderAppendAction::AppendIfExistsOrAdd;
        let ops = HeaderOps {
            set: vec![set("a", "1", append), set("b", "2", append)],
            remove: vec![HeaderName::new("a").unwrap()],
        };
        assert_eq!(applied(&ops, &[]), ["b: 2"]);
    }

    #[test]
    fn values_from_a_request_cannot_smuggle_lines_and_can_be_cut() {
        let append = HeaderAppendAction::AppendIfExistsOrAdd;
        let ops = HeaderOps {
            set: vec![set("a", "[%PROTOCOL%]", append)],
            remove: vec![],
        };
        assert_eq!(applied(&ops, &[]), ["a: [HTTP/1.1x: y]"]);
    }

    #[test]
    fn an_empty_value_is_set_only_on_request() {
        let append = HeaderAppendAction::AppendIfExistsOrAdd;
        let empty = set("a", "%ROUTE_NAME%", append);
        let kept = HeaderSet {
            keep_empty_value: true,
            ..set("b", "%ROUTE_NAME%", append)
        };
        assert_eq!(
            applied(
                &HeaderOps {
                    set: vec![empty, kept],
                    remove: vec![]
                },
                &[]
            ),
            ["b: "]
        );
    }
}
