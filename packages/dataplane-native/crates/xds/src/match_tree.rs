//! Decisions by what is known about a request or a datagram (`xds.type.matcher.v3.Matcher`).

use config::{HeaderName, MatchEntry, MatchInput, MatchPredicate, MatchTree, OnMatch, StringMatcher};
use messages::{
    envoy::r#type::matcher::v3::HttpRequestHeaderMatchInput,
    google::protobuf::Any,
    xds::{
        core::v3::{CidrRange, TypedExtensionConfig},
        r#type::matcher::v3::{
            self as pb, IpMatcher,
            matcher::{
                MatcherType,
                matcher_list::{Predicate, predicate},
                matcher_tree::{MatchMap, TreeType},
                on_match,
            },
            string_matcher::MatchPattern,
        },
    },
};

use crate::{
    context::{Context, is},
    matcher, short,
    value::cidr_range,
};

/// Matchers within matchers that are followed.
const MAX_DEPTH: usize = 16;

/// What the actions of a tree are.
pub(crate) type Action<'a, A> = &'a mut dyn FnMut(&mut Context, &Any) -> Option<A>;

/// A tree whose leaves are decoded by `action`.
pub(crate) fn tree<A>(cx: &mut Context, pb: pb::Matcher, action: Action<'_, A>) -> MatchTree<A> {
    tree_at(cx, pb, action, 0)
}

fn tree_at<A>(cx: &mut Context, pb: pb::Matcher, action: Action<'_, A>, depth: usize) -> MatchTree<A> {
    let mut entries = Vec::new();
    if depth > MAX_DEPTH {
        cx.error(format!("more than {MAX_DEPTH} matchers stand within each other"));
        return MatchTree {
            entries,
            otherwise: None,
        };
    }
    match pb.matcher_type {
        Some(MatcherType::MatcherList(list)) => cx.within("matcherList", |cx| {
            cx.list("matchers", list.matchers, |cx, matcher| {
                let predicate = cx.required("predicate", matcher.predicate);
                let predicate = predicate.and_then(|pb| cx.within("predicate", |cx| self::predicate(cx, pb, depth)));
                let then = on_match(cx, matcher.on_match, action, depth);
                if let (Some(predicate), Some(then)) = (predicate, then) {
                    entries.push(MatchEntry { predicate, then });
                }
            });
        }),
        Some(MatcherType::MatcherTree(tree)) => cx.within("matcherTree", |cx| {
            let input = input(cx, tree.input);
            match tree.tree_type {
                Some(TreeType::ExactMatchMap(map)) => cx.within("exactMatchMap", |cx| {
                    by_text(cx, map, input, StringMatcher::Exact, action, depth, &mut entries);
                }),
                Some(TreeType::PrefixMatchMap(map)) => cx.within("prefixMatchMap", |cx| {
                    by_text(cx, map, input, StringMatcher::Prefix, action, depth, &mut entries);
                }),
                Some(TreeType::CustomMatch(custom)) => cx.within("customMatch", |cx| {
                    by_address(cx, custom, input, action, depth, &mut entries);
                }),
                None => cx.error("has no map"),
            }
        }),
        None => {}
    }
    let otherwise = pb
        .on_no_match
        .and_then(|pb| cx.within("onNoMatch", |cx| leads_to(cx, *pb, action, depth)));
    MatchTree {
        entries,
        otherwise: otherwise.map(Box::new),
    }
}

fn on_match<A>(
    cx: &mut Context,
    pb: Option<pb::matcher::OnMatch>,
    action: Action<'_, A>,
    depth: usize,
) -> Option<OnMatch<A>> {
    let pb = cx.required("onMatch", pb)?;
    cx.within("onMatch", |cx| leads_to(cx, pb, action, depth))
}

fn leads_to<A>(cx: &mut Context, pb: pb::matcher::OnMatch, action: Action<'_, A>, depth: usize) -> Option<OnMatch<A>> {
    cx.unsupported("keepMatching", pb.keep_matching);
    match pb.on_match {
        Some(on_match::OnMatch::Action(config)) => cx.within("action", |cx| {
            let any = cx.required("typedConfig", config.typed_config)?;
            cx.within("typedConfig", |cx| action(cx, &any)).map(OnMatch::Action)
        }),
        Some(on_match::OnMatch::Matcher(inner)) => {
            let tree = cx.within("matcher", |cx| tree_at(cx, *inner, action, depth + 1));
            Some(OnMatch::Tree(tree))
        }
        None => {
            cx.error("has neither action nor matcher");
            None
        }
    }
}

/// The entries of a map; of prefixes the longest comes first.
fn by_text<A>(
    cx: &mut Context,
    map: MatchMap,
    input: Option<MatchInput>,
    test: fn(std::sync::Arc<str>) -> StringMatcher,
    action: Action<'_, A>,
    depth: usize,
    entries: &mut Vec<MatchEntry<A>>,
) {
    let mut all: Vec<_> = map.map.into_iter().collect();
    all.sort_by(|(one, _), (other, _)| other.len().cmp(&one.len()).then_with(|| one.cmp(other)));
    for (key, pb) in all {
        let then = cx.within(&format!("map[{key:?}]"), |cx| leads_to(cx, pb, action, depth));
        if let (Some(input), Some(then)) = (&input, then) {
            entries.push(MatchEntry {
                predicate: MatchPredicate::Value(input.clone(), test(key.into())),
                then,
            });
        }
    }
}

/// The entries of a tree by address; the longest range comes first.
fn by_address<A>(
    cx: &mut Context,
    custom: TypedExtensionConfig,
    input: Option<MatchInput>,
    action: Action<'_, A>,
    depth: usize,
    entries: &mut Vec<MatchEntry<A>>,
) {
    let Some(any) = cx.required("typedConfig", custom.typed_config) else {
        return;
    };
    cx.within("typedConfig", |cx| {
        let Some(pb) = cx.unpack::<IpMatcher>(&any) else { return };
        let is_address = matches!(input, Some(MatchInput::SourceIp | MatchInput::DestinationIp) | None);
        if !is_address {
            cx.error("needs an address as input");
            return;
        }
        let mut all = Vec::new();
        cx.list("rangeMatchers", pb.range_matchers, |cx, matcher| {
            cx.unsupported("exclusive", matcher.exclusive);
            let ranges = cx.list("ranges", matcher.ranges, xds_range);
            let then = on_match(cx, matcher.on_match, action, depth);
            let longest = ranges.iter().flatten().map(config::CidrRange::prefix_len).max();
            if let (Some(input), Some(then)) = (&input, then) {
                let ranges = ranges.into_iter().flatten().collect();
                let predicate = MatchPredicate::Address(input.clone(), ranges);
                all.push((longest, MatchEntry { predicate, then }));
            }
        });
        all.sort_by_key(|(longest, _)| std::cmp::Reverse(*longest));
        entries.extend(all.into_iter().map(|(_, entry)| entry));
    });
}

fn xds_range(cx: &mut Context, range: CidrRange) -> Option<config::CidrRange> {
    let range = messages::envoy::config::core::v3::CidrRange {
        address_prefix: range.address_prefix,
        prefix_len: range.prefix_len,
    };
    cidr_range(cx, &range)
}

fn predicate(cx: &mut Context, pb: Predicate, depth: usize) -> Option<MatchPredicate> {
    use predicate::MatchType;
    if depth > MAX_DEPTH {
        cx.error(format!("more than {MAX_DEPTH} predicates stand within each other"));
        return None;
    }
    let list = |cx: &mut Context, name: &str, list: predicate::PredicateList| {
        cx.within(name, |cx| {
            cx.list("predicate", list.predicate, |cx, pb| predicate(cx, pb, depth + 1))
                .into_iter()
                .collect::<Option<Vec<_>>>()
        })
    };
    match pb.match_type {
        Some(MatchType::SinglePredicate(single)) => cx.within("singlePredicate", |cx| {
            let input = input(cx, single.input);
            match single.matcher {
                Some(predicate::single_predicate::Matcher::ValueMatch(pb)) => {
                    let matcher = cx.within("valueMatch", |cx| string(cx, pb));
                    Some(MatchPredicate::Value(input?, matcher?))
                }
                Some(predicate::single_predicate::Matcher::CustomMatch(_)) => {
                    cx.unsupported("customMatch", true);
                    None
                }
                None => {
                    cx.error("has no matcher");
                    None
                }
            }
        }),
        Some(MatchType::OrMatcher(pb)) => list(cx, "orMatcher", pb).map(MatchPredicate::Any),
        Some(MatchType::AndMatcher(pb)) => list(cx, "andMatcher", pb).map(MatchPredicate::All),
        Some(MatchType::NotMatcher(pb)) => {
            let inner = cx.within("notMatcher", |cx| predicate(cx, *pb, depth + 1))?;
            Some(MatchPredicate::Not(Box::new(inner)))
        }
        None => {
            cx.error("has no matchType");
            None
        }
    }
}

/// What is looked at, where that stands by itself.
pub(crate) fn looked_at(cx: &mut Context, pb: TypedExtensionConfig) -> Option<MatchInput> {
    input(cx, Some(pb))
}

/// What is looked at.
fn input(cx: &mut Context, pb: Option<TypedExtensionConfig>) -> Option<MatchInput> {
    const NETWORK: &str = "envoy.extensions.matching.common_inputs.network.v3.";
    let pb = cx.required("input", pb)?;
    cx.within("input", |cx| {
        let any = cx.required("typedConfig", pb.typed_config)?;
        if is::<HttpRequestHeaderMatchInput>(&any) {
            let pb: HttpRequestHeaderMatchInput = cx.unpack(&any)?;
            return cx.within("headerName", |cx| {
                cx.check(HeaderName::new(&pb.header_name)).map(MatchInput::Header)
            });
        }
        match short(&any.type_url).strip_prefix(NETWORK) {
            Some("SourceIPInput") => Some(MatchInput::SourceIp),
            Some("SourcePortInput") => Some(MatchInput::SourcePort),
            Some("DestinationIPInput") => Some(MatchInput::DestinationIp),
            Some("DestinationPortInput") => Some(MatchInput::DestinationPort),
            _ => {
                cx.error(format!("{:?} cannot be looked at", short(&any.type_url)));
                None
            }
        }
    })
}

fn string(cx: &mut Context, pb: pb::StringMatcher) -> Option<StringMatcher> {
    use messages::envoy::r#type::matcher::v3 as envoy;
    let pattern = pb.match_pattern.map(|pattern| match pattern {
        MatchPattern::Exact(text) => envoy::string_matcher::MatchPattern::Exact(text),
        MatchPattern::Prefix(text) => envoy::string_matcher::MatchPattern::Prefix(text),
        MatchPattern::Suffix(text) => envoy::string_matcher::MatchPattern::Suffix(text),
        MatchPattern::Contains(text) => envoy::string_matcher::MatchPattern::Contains(text),
        MatchPattern::SafeRegex(regex) => {
            envoy::string_matcher::MatchPattern::SafeRegex(envoy::RegexMatcher { regex: regex.regex })
        }
    });
    let same = envoy::StringMatcher {
        match_pattern: pattern,
        ignore_case: pb.ignore_case,
    };
    matcher::string(cx, Some(same))
}
