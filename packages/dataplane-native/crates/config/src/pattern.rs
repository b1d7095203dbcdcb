//! Regular expressions that are known to compile.

use std::{fmt, sync::Arc};

use regex::bytes::{Regex, RegexBuilder};
use serde::{Deserialize, Serialize};

/// Memory a compiled expression may take; a larger one is refused (configuration must not exhaust the proxy).
const MAX_COMPILED_BYTES: usize = 1 << 20;
/// Memory for the states that matching discovers, per expression and thread; when it is full, they are forgotten.
const MAX_STATE_BYTES: usize = 1 << 18;

/// Envoy's `safe_regex`: a pattern that must match the whole value.
#[derive(Clone, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct Pattern(Arc<Compiled>);

/// Behind a pointer: most tests are none of regular expressions, and should not be as large as if they were.
struct Compiled {
    source: Box<str>,
    whole: Regex,
}

/// Why a regular expression cannot be used.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct InvalidPattern(String);

impl Pattern {
    /// Compiles `source`.
    pub fn new(source: &str) -> Result<Self, InvalidPattern> {
        // The expression by itself first: "a)(b" would become valid inside the group.
        compile(source, source)?;
        let whole = compile(source, &format!(r"\A(?:{source})\z"))?;
        Ok(Self(Arc::new(Compiled {
            source: source.into(),
            whole,
        })))
    }

    /// The expression as it was written.
    pub fn as_str(&self) -> &str {
        &self.0.source
    }

    /// The whole of `value` matches.
    pub fn matches(&self, value: &[u8]) -> bool {
        self.0.whole.is_match(value)
    }
}

impl PartialEq for Pattern {
    fn eq(&self, other: &Self) -> bool {
        self.0.source == other.0.source
    }
}

impl Eq for Pattern {}

impl fmt::Debug for Pattern {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "/{}/", self.0.source)
    }
}

impl TryFrom<String> for Pattern {
    type Error = InvalidPattern;

    fn try_from(source: String) -> Result<Self, InvalidPattern> {
        Self::new(&source)
    }
}

impl From<Pattern> for String {
    fn from(pattern: Pattern) -> Self {
        pattern.0.source.to_string()
    }
}

impl fmt::Display for InvalidPattern {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl std::error::Error for InvalidPattern {}

/// Envoy's `RegexMatchAndSubstitute`: every match in the value is replaced; `\1` in the substitution is a group.
#[derive(Clone, Serialize, Deserialize)]
#[serde(try_from = "RawSubstitution", into = "RawSubstitution")]
pub struct Substitution {
    pattern: Arc<str>,
    replacement: Arc<str>,
    regex: Regex,
    parts: Vec<Part>,
}

#[derive(Clone, Debug)]
enum Part {
    Literal(Vec<u8>),
    Group(usize),
}

#[derive(Clone, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct RawSubstitution {
    pattern: String,
    substitution: String,
}

impl Substitution {
    /// Compiles `pattern` and checks that `substitution` names only groups that exist.
    pub fn new(pattern: &str, substitution: &str) -> Result<Self, InvalidPattern> {
        let regex = compile(pattern, pattern)?;
        let parts = parse_substitution(substitution, regex.captures_len())?;
        Ok(Self {
            pattern: pattern.into(),
            replacement: substitution.into(),
            regex,
            parts,
        })
    }

    /// The expression and its replacement as they were written.
    pub fn source(&self) -> (&str, &str) {
        (&self.pattern, &self.replacement)
    }

    /// Appends `value` with all matches replaced to `out`. True: there was a match.
    pub fn apply(&self, value: &[u8], out: &mut Vec<u8>) -> bool {
        let mut end = 0;
        let mut matched = false;
        for captures in self.regex.captures_iter(value) {
            let Some(whole) = captures.get(0) else { continue };
            matched = true;
            out.extend_from_slice(&value[end..whole.start()]);
            for part in &self.parts {
                match part {
                    Part::Literal(bytes) => out.extend_from_slice(bytes),
                    Part::Group(index) => out.extend_from_slice(captures.get(*index).map_or(b"", |m| m.as_bytes())),
                }
            }
            end = whole.end();
        }
        out.extend_from_slice(&value[end..]);
        matched
    }
}

impl PartialEq for Substitution {
    fn eq(&self, other: &Self) -> bool {
        self.source() == other.source()
    }
}

impl fmt::Debug for Substitution {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "s/{}/{}/", self.pattern, self.replacement)
    }
}

impl TryFrom<RawSubstitution> for Substitution {
    type Error = InvalidPattern;

    fn try_from(raw: RawSubstitution) -> Result<Self, InvalidPattern> {
        Self::new(&raw.pattern, &raw.substitution)
    }
}

impl From<Substitution> for RawSubstitution {
    fn from(value: Substitution) -> Self {
        Self {
            pattern: value.pattern.to_string(),
            substitution: value.replacement.to_string(),
        }
    }
}

fn parse_substitution(text: &str, groups: usize) -> Result<Vec<Part>, InvalidPattern> {
    let mut parts = Vec::new();
    let mut literal = Vec::new();
    let mut bytes = text.bytes();
    while let Some(byte) = bytes.next() {
        if byte != b'\\' {
            literal.push(byte);
            continue;
        }
        match bytes.next() {
            Some(b'\\') => literal.push(b'\\'),
            Some(digit) if digit.is_ascii_digit() => {
                let group = usize::from(digit - b'0');
                if group >= groups {
                    return Err(InvalidPattern(format!(
                        "substitution {text:?} refers to group {group}, but the pattern has {}",
                        groups - 1
                    )));
                }
                if !literal.is_empty() {
                    parts.push(Part::Literal(std::mem::take(&mut literal)));
                }
                parts.push(Part::Group(group));
            }
            _ => {
                return Err(InvalidPattern(format!(
                    r"substitution {text:?} has a stray '\': write '\\' or '\1'"
                )));
            }
        }
    }
    if !literal.is_empty() {
        parts.push(Part::Literal(literal));
    }
    Ok(parts)
}

/// RE2's classes (`\d`, `\w`) are ASCII and `.` is a character: bytes are tried first, because their automata are small
/// and request data is ASCII; an expression that needs Unicode (`\p{..}`, `[é]`) gets it.
fn compile(source: &str, expression: &str) -> Result<Regex, InvalidPattern> {
    let build = |unicode| {
        RegexBuilder::new(expression)
            .unicode(unicode)
            .size_limit(MAX_COMPILED_BYTES)
            .dfa_size_limit(MAX_STATE_BYTES)
            .build()
    };
    build(false).or_else(|_| build(true)).map_err(|error| match error {
        regex::Error::CompiledTooBig(limit) => InvalidPattern(format!(
            "regular expression {source:?} is too large: compiled it takes more than {limit} bytes"
        )),
        _ => InvalidPattern(format!(
            "{source:?} is not a regular expression: {}",
            last_line(&error.to_string())
        )),
    })
}

/// The regex crate draws the place of a syntax error on several lines; the reason is the last.
fn last_line(text: &str) -> &str {
    text.lines().last().unwrap_or(text).trim().trim_start_matches("error: ")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_pattern_matches_the_whole_value() {
        let pattern = Pattern::new("/a|/b.*").unwrap();
        assert!(pattern.matches(b"/a"));
        assert!(pattern.matches(b"/bcd"));
        assert!(!pattern.matches(b"/ax"));
        assert!(!pattern.matches(b"x/a"));
    }

    #[test]
    fn classes_are_ascii_as_in_re2() {
        assert!(!Pattern::new(r"\d").unwrap().matches("٣".as_bytes()));
        assert!(Pattern::new(r"\p{Greek}").unwrap().matches("λ".as_bytes()));
    }

    #[test]
    fn a_broken_expression_is_named() {
        let error = Pattern::new("a(").unwrap_err().to_string();
        assert_eq!(error, r#""a(" is not a regular expression: unclosed group"#);
        assert!(Pattern::new("a)(b").is_err());
        assert!(
            Pattern::new(&"(a{1000}){1000}".repeat(2))
                .unwrap_err()
                .to_string()
                .contains("too large")
        );
    }

    #[test]
    fn every_match_is_substituted_and_groups_are_available() {
        let rewrite = Substitution::new("^/service/([^/]+)(/.*)$", r"\2/instance/\1").unwrap();
        let mut out = Vec::new();
        assert!(rewrite.apply(b"/service/foo/v1/api", &mut out));
        assert_eq!(out, b"/v1/api/instance/foo");
        let all = Substitution::new("one", "two").unwrap();
        let mut out = Vec::new();
        assert!(all.apply(b"/xx/one/yy/one/zz", &mut out));
        assert_eq!(out, b"/xx/two/yy/two/zz");
    }

    #[test]
    fn without_a_match_the_value_stays() {
        let mut out = Vec::new();
        assert!(!Substitution::new("x", "y").unwrap().apply(b"/abc", &mut out));
        assert_eq!(out, b"/abc");
    }

    #[test]
    fn a_substitution_may_only_name_groups_that_exist() {
        let error = Substitution::new("(a)", r"\2").unwrap_err().to_string();
        assert_eq!(error, r#"substitution "\\2" refers to group 2, but the pattern has 1"#);
        assert!(Substitution::new("a", r"\x").is_err());
    }
}
