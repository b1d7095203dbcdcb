//! Matchers.

use std::sync::Arc;

use config::{
    HeaderMatcher, HeaderValueMatcher, MetadataMatcher, MetadataValue, Pattern, QueryMatcher, QueryValueMatcher,
    StringMatcher, Substitution,
};
use messages::envoy::{
    config::route::v3::{
        self as route, header_matcher::HeaderMatchSpecifier, query_parameter_matcher::QueryParameterMatchSpecifier,
    },
    r#type::matcher::v3::{
        self as pb, double_matcher, list_matcher, metadata_matcher::path_segment, string_matcher::MatchPattern,
        value_matcher,
    },
};

use crate::{context::Context, value::header_name};

/// A required string matcher.
pub(crate) fn string(cx: &mut Context, matcher: Option<pb::StringMatcher>) -> Option<StringMatcher> {
    let Some(matcher) = matcher else {
        cx.error("is missing");
        return None;
    };
    let test = match matcher.match_pattern {
        Some(MatchPattern::Exact(text)) => StringMatcher::Exact(text.into()),
        Some(MatchPattern::Prefix(text)) => StringMatcher::Prefix(text.into()),
        Some(MatchPattern::Suffix(text)) => StringMatcher::Suffix(text.into()),
        Some(MatchPattern::Contains(text)) => StringMatcher::Contains(text.into()),
        Some(MatchPattern::SafeRegex(regex)) => StringMatcher::Regex(cx.within("safeRegex", |cx| pattern(cx, &regex))?),
        Some(MatchPattern::Custom(_)) => {
            cx.unsupported("custom", true);
            return None;
        }
        None => {
            cx.error("has no pattern");
            return None;
        }
    };
    let ignores = matcher.ignore_case && !matches!(test, StringMatcher::Regex(_));
    Some(if ignores {
        StringMatcher::IgnoreCase(Box::new(test))
    } else {
        test
    })
}

/// A regular expression.
pub(crate) fn pattern(cx: &mut Context, regex: &pb::RegexMatcher) -> Option<Pattern> {
    if regex.regex.is_empty() {
        cx.within("regex", |cx| cx.error("is empty"));
        return None;
    }
    cx.within("regex", |cx| cx.check(Pattern::new(&regex.regex)))
}

/// A regular expression with its replacement.
pub(crate) fn substitution(cx: &mut Context, value: pb::RegexMatchAndSubstitute) -> Option<Substitution> {
    let pattern = cx.required("pattern", value.pattern)?;
    cx.check(Substitution::new(&pattern.regex, &value.substitution))
}

/// Header matchers; all of them count, so one that is broken is an error.
pub(crate) fn headers(cx: &mut Context, name: &str, matchers: Vec<route::HeaderMatcher>) -> Vec<HeaderMatcher> {
    cx.list(name, matchers, header).into_iter().flatten().collect()
}

pub(crate) fn header(cx: &mut Context, matcher: route::HeaderMatcher) -> Option<HeaderMatcher> {
    let name = header_name(cx, "name", &matcher.name);
    let exactly = |test| HeaderValueMatcher::String(test);
    let value = match matcher.header_match_specifier {
        None => HeaderValueMatcher::Present(true),
        Some(HeaderMatchSpecifier::PresentMatch(present)) => HeaderValueMatcher::Present(present),
        Some(HeaderMatchSpecifier::StringMatch(test)) => {
            exactly(cx.within("stringMatch", |cx| string(cx, Some(test)))?)
        }
        Some(HeaderMatchSpecifier::RangeMatch(range)) => HeaderValueMatcher::Range {
            start: range.start,
            end: range.end,
        },
        Some(HeaderMatchSpecifier::ExactMatch(text)) => exactly(StringMatcher::Exact(text.into())),
        Some(HeaderMatchSpecifier::PrefixMatch(text)) => exactly(StringMatcher::Prefix(text.into())),
        Some(HeaderMatchSpecifier::SuffixMatch(text)) => exactly(StringMatcher::Suffix(text.into())),
        Some(HeaderMatchSpecifier::ContainsMatch(text)) => exactly(StringMatcher::Contains(text.into())),
        Some(HeaderMatchSpecifier::SafeRegexMatch(regex)) => exactly(StringMatcher::Regex(
            cx.within("safeRegexMatch", |cx| pattern(cx, &regex))?,
        )),
    };
    let treat_missing_as_empty = matcher.treat_missing_header_as_empty;
    Some(HeaderMatcher {
        name: name?,
        value,
        invert: matcher.invert_match,
        treat_missing_as_empty,
    })
}

pub(crate) fn query(cx: &mut Context, matcher: route::QueryParameterMatcher) -> Option<QueryMatcher> {
    if matcher.name.is_empty() {
        cx.within("name", |cx| cx.error("is empty"));
    }
    let value = match matcher.query_parameter_match_specifier {
        None => QueryValueMatcher::Present(true),
        Some(QueryParameterMatchSpecifier::PresentMatch(present)) => QueryValueMatcher::Present(present),
        Some(QueryParameterMatchSpecifier::StringMatch(test)) => {
            QueryValueMatcher::String(cx.within("stringMatch", |cx| string(cx, Some(test)))?)
        }
    };
    Some(QueryMatcher {
        name: matcher.name.into(),
        value,
    })
}

pub(crate) fn metadata(cx: &mut Context, matcher: pb::MetadataMatcher) -> Option<MetadataMatcher> {
    if matcher.filter.is_empty() {
        cx.within("filter", |cx| cx.error("is empty"));
    }
    let path = matcher.path.into_iter().filter_map(|segment| segment.segment);
    let path: Vec<Arc<str>> = path.map(|path_segment::Segment::Key(key)| key.into()).collect();
    let value = cx.required("value", matcher.value)?;
    let value = cx.within("value", |cx| metadata_value(cx, value))?;
    Some(MetadataMatcher {
        filter: matcher.filter.into(),
        path,
        value,
        invert: matcher.invert,
    })
}

fn metadata_value(cx: &mut Context, matcher: pb::ValueMatcher) -> Option<MetadataValue> {
    Some(match matcher.match_pattern {
        Some(value_matcher::MatchPattern::NullMatch(_)) => MetadataValue::Null,
        Some(value_matcher::MatchPattern::BoolMatch(value)) => MetadataValue::Bool(value),
        Some(value_matcher::MatchPattern::PresentMatch(value)) => MetadataValue::Present(value),
        Some(value_matcher::MatchPattern::StringMatch(test)) => {
            MetadataValue::String(cx.within("stringMatch", |cx| string(cx, Some(test)))?)
        }
        Some(value_matcher::MatchPattern::DoubleMatch(number)) => match number.match_pattern {
            Some(double_matcher::MatchPattern::Exact(number)) => MetadataValue::Number(number),
            Some(double_matcher::MatchPattern::Range(range)) => MetadataValue::Range(range.start, range.end),
            None => return nothing(cx, "doubleMatch"),
        },
        Some(value_matcher::MatchPattern::ListMatch(list)) => match list.match_pattern {
            Some(list_matcher::MatchPattern::OneOf(entry)) => {
                MetadataValue::OneOf(Box::new(cx.within("listMatch", |cx| metadata_value(cx, *entry))?))
            }
            None => return nothing(cx, "listMatch"),
        },
        Some(value_matcher::MatchPattern::OrMatch(list)) => MetadataValue::Any(
            cx.list("orMatch", list.value_matchers, metadata_value)
                .into_iter()
                .flatten()
                .collect(),
        ),
        None => return nothing(cx, "matchPattern"),
    })
}

fn nothing(cx: &mut Context, name: &str) -> Option<MetadataValue> {
    cx.within(name, |cx| cx.error("is empty"));
    None
}
