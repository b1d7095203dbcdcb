//! What is to be done, by what is known about a request or a datagram (`xds.type.matcher.v3.Matcher`).

use std::{borrow::Cow, net::IpAddr};

use serde::{Deserialize, Serialize};

use crate::{CidrRange, HeaderName, StringMatcher};

/// Decisions in order; the first that holds and leads to an action counts.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct MatchTree<A> {
    /// The decisions.
    #[serde(default = "Vec::new")]
    pub entries: Vec<MatchEntry<A>>,
    /// Where none of them leads anywhere.
    #[serde(default = "nothing")]
    pub otherwise: Option<Box<OnMatch<A>>>,
}

fn nothing<T>() -> Option<T> {
    None
}

/// A decision.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct MatchEntry<A> {
    /// What has to hold.
    pub predicate: MatchPredicate,
    /// What is done then.
    pub then: OnMatch<A>,
}

/// What is done where something holds.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum OnMatch<A> {
    /// This.
    Action(A),
    /// What these decisions say.
    Tree(MatchTree<A>),
}

/// What has to hold.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum MatchPredicate {
    /// A value is there and passes a test.
    Value(MatchInput, StringMatcher),
    /// An address lies in one of the ranges.
    Address(MatchInput, Vec<CidrRange>),
    /// One of them.
    Any(Vec<MatchPredicate>),
    /// All of them.
    All(Vec<MatchPredicate>),
    /// The opposite.
    Not(Box<MatchPredicate>),
}

/// What is looked at.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum MatchInput {
    /// Address of the client.
    SourceIp,
    /// Port of the client.
    SourcePort,
    /// Address that the client sent to.
    DestinationIp,
    /// Port that the client sent to.
    DestinationPort,
    /// A header of the request.
    Header(HeaderName),
}

/// Where the values come from.
pub trait MatchValues {
    /// A value, if it is there.
    fn value(&self, input: &MatchInput) -> Option<Cow<'_, [u8]>>;

    /// An address, if it is there and is one.
    fn address(&self, input: &MatchInput) -> Option<IpAddr>;
}

impl<A> MatchTree<A> {
    /// Always the same.
    pub fn always(action: A) -> Self {
        Self {
            entries: Vec::new(),
            otherwise: Some(Box::new(OnMatch::Action(action))),
        }
    }

    /// What is to be done; nothing where no decision leads to an action.
    pub fn find<V: MatchValues>(&self, values: &V) -> Option<&A> {
        let chosen = self
            .entries
            .iter()
            .filter(|entry| entry.predicate.holds(values))
            .find_map(|entry| entry.then.find(values));
        chosen.or_else(|| self.otherwise.as_ref()?.find(values))
    }

    /// All actions.
    pub fn actions(&self) -> Vec<&A> {
        let entries = self.entries.iter().map(|entry| &entry.then);
        let all = entries.chain(self.otherwise.as_deref());
        all.flat_map(|on_match| match on_match {
            OnMatch::Action(action) => vec![action],
            OnMatch::Tree(tree) => tree.actions(),
        })
        .collect()
    }
}

impl<A> OnMatch<A> {
    fn find<V: MatchValues>(&self, values: &V) -> Option<&A> {
        match self {
            Self::Action(action) => Some(action),
            Self::Tree(tree) => tree.find(values),
        }
    }
}

impl MatchPredicate {
    /// Whether it holds. A value that is not there passes no test.
    pub fn holds<V: MatchValues>(&self, values: &V) -> bool {
        match self {
            Self::Value(input, matcher) => values.value(input).is_some_and(|value| matcher.matches(&value)),
            Self::Address(input, ranges) => values
                .address(input)
                .is_some_and(|address| ranges.iter().any(|range| range.contains(address))),
            Self::Any(list) => list.iter().any(|predicate| predicate.holds(values)),
            Self::All(list) => list.iter().all(|predicate| predicate.holds(values)),
            Self::Not(predicate) => !predicate.holds(values),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    struct From(IpAddr);

    impl MatchValues for From {
        fn value(&self, input: &MatchInput) -> Option<Cow<'_, [u8]>> {
            (*input == MatchInput::SourceIp).then(|| Cow::Owned(self.0.to_string().into_bytes()))
        }

        fn address(&self, input: &MatchInput) -> Option<IpAddr> {
            (*input == MatchInput::SourceIp).then_some(self.0)
        }
    }

    fn find(tree: &MatchTree<u8>, address: &str) -> Option<u8> {
        tree.find(&From(address.parse().unwrap())).copied()
    }

    fn is(text: &str) -> MatchPredicate {
        MatchPredicate::Value(MatchInput::SourceIp, StringMatcher::Exact(text.into()))
    }

    #[test]
    fn the_first_decision_that_leads_to_an_action_counts() {
        let entry = |predicate, then| MatchEntry { predicate, then };
        let range = MatchPredicate::Address(
            MatchInput::SourceIp,
            vec![CidrRange::new("10.0.0.0".parse().unwrap(), 8).unwrap()],
        );
        let empty = MatchTree {
            entries: vec![entry(is("10.9.9.9"), OnMatch::Action(7))],
            otherwise: None,
        };
        let tree = MatchTree {
            entries: vec![
                entry(is("10.0.0.1"), OnMatch::Action(1)),
                // It holds, and leads nowhere but for one address.
                entry(range.clone(), OnMatch::Tree(empty)),
                entry(range, OnMatch::Action(2)),
            ],
            otherwise: Some(Box::new(OnMatch::Action(3))),
        };
        assert_eq!(find(&tree, "10.0.0.1"), Some(1));
        assert_eq!(find(&tree, "10.9.9.9"), Some(7));
        assert_eq!(find(&tree, "10.0.0.2"), Some(2));
        assert_eq!(find(&tree, "192.0.2.1"), Some(3));
        assert_eq!(tree.actions(), [&1, &7, &2, &3]);
    }

    #[test]
    fn a_value_that_is_not_there_passes_no_test() {
        let port = MatchPredicate::Value(MatchInput::SourcePort, StringMatcher::Prefix("".into()));
        let values = From("10.0.0.1".parse().unwrap());
        assert!(!port.holds(&values));
        assert!(MatchPredicate::Not(Box::new(port)).holds(&values));
        let both = vec![is("10.0.0.1"), is("10.0.0.2")];
        assert!(MatchPredicate::Any(both.clone()).holds(&values));
        assert!(!MatchPredicate::All(both).holds(&values));
    }
}
