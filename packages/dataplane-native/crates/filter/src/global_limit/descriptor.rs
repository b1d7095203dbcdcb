//! What a request is counted as.

use std::{borrow::Cow, net::IpAddr};

use config::{LimitAction, RequestView, RouteLimit};
use messages::envoy::extensions::common::ratelimit::v3::{RateLimitDescriptor, rate_limit_descriptor::Entry};
use serde_json::Value;

use super::Facts;

/// What an action comes to.
enum Step {
    Add(String, String),
    Skip,
    /// The request is not counted by this limit.
    GiveUp,
}

/// The descriptor of a limit. None: the request is not counted by it.
pub(super) fn build<V: RequestView>(limit: &RouteLimit, view: &V, facts: &Facts<'_>) -> Option<RateLimitDescriptor> {
    let mut entries = Vec::with_capacity(limit.actions.len());
    for action in &limit.actions {
        match step(action, view, facts) {
            Step::Add(key, value) => entries.push(Entry { key, value }),
            Step::Skip => {}
            Step::GiveUp => return None,
        }
    }
    (!entries.is_empty()).then_some(RateLimitDescriptor {
        entries,
        limit: None,
        hits_addend: (limit.hits > 0).then_some(limit.hits),
    })
}

fn step<V: RequestView>(action: &LimitAction, view: &V, facts: &Facts<'_>) -> Step {
    let add = |key: &str, value: &str| Step::Add(key.to_owned(), value.to_owned());
    // An empty value is none: a service takes no entry without one.
    let of_value = |key: &str, value: Option<Cow<'_, [u8]>>, skips: bool| match value.filter(|value| !value.is_empty())
    {
        Some(value) => Step::Add(key.to_owned(), String::from_utf8_lossy(&value).into_owned()),
        None if skips => Step::Skip,
        None => Step::GiveUp,
    };
    let when = |holds: bool, key: &str, value: &str| if holds { add(key, value) } else { Step::GiveUp };
    match action {
        LimitAction::SourceCluster => when(!facts.source_cluster.is_empty(), "source_cluster", facts.source_cluster),
        LimitAction::DestinationCluster => when(
            !facts.destination_cluster.is_empty(),
            "destination_cluster",
            facts.destination_cluster,
        ),
        LimitAction::RequestHeader {
            name,
            key,
            skip_if_absent,
        } => of_value(key, view.value(name), *skip_if_absent),
        LimitAction::QueryParameter {
            name,
            key,
            skip_if_absent,
        } => of_value(key, parameter(view.query(), name).map(Cow::Borrowed), *skip_if_absent),
        LimitAction::RemoteAddress => match facts.remote {
            Some(remote) => add("remote_address", &remote.to_canonical().to_string()),
            None => Step::GiveUp,
        },
        LimitAction::MaskedRemoteAddress { v4, v6 } => match facts.remote {
            Some(remote) => add("masked_remote_address", &masked(remote.to_canonical(), *v4, *v6)),
            None => Step::GiveUp,
        },
        LimitAction::GenericKey { key, value } => add(key, value),
        LimitAction::HeaderMatch {
            key,
            value,
            expected,
            headers,
        } => {
            let holds = headers.iter().all(|header| header.matches(view));
            when(holds == *expected, key, value)
        }
        LimitAction::QueryMatch {
            key,
            value,
            expected,
            parameters,
        } => {
            let query = view.query();
            let holds = parameters.iter().all(|parameter| parameter.matches(query));
            when(holds == *expected, key, value)
        }
        LimitAction::Metadata {
            key,
            namespace,
            path,
            default,
            of_route,
            skip_if_absent,
        } => {
            let begin = if *of_route {
                let (first, rest) = path
                    .split_first()
                    .map_or((None, &[][..]), |(first, rest)| (Some(first), rest));
                let found = facts
                    .route_metadata
                    .zip(first)
                    .and_then(|(all, key)| all.get(namespace, key));
                found.map(|value| (value, rest))
            } else {
                facts
                    .metadata
                    .and_then(|all| all.get(&**namespace))
                    .map(|value| (value, &**path))
            };
            let found = begin.and_then(|(value, path)| {
                let mut path = path.iter();
                path.try_fold(value, |value, key| value.get(&**key))
            });
            match found.and_then(Value::as_str) {
                Some(text) if !text.is_empty() => add(key, text),
                _ if !default.is_empty() => add(key, default),
                _ if *skip_if_absent => Step::Skip,
                _ => Step::GiveUp,
            }
        }
    }
}

fn parameter<'q>(query: &'q [u8], name: &str) -> Option<&'q [u8]> {
    query.split(|byte| *byte == b'&').find_map(|pair| {
        let end = pair.iter().position(|byte| *byte == b'=').unwrap_or(pair.len());
        (&pair[..end] == name.as_bytes()).then(|| pair.get(end + 1..).unwrap_or_default())
    })
}

/// `10.1.0.0/16`
fn masked(address: IpAddr, v4: u8, v6: u8) -> String {
    match address {
        IpAddr::V4(address) => {
            let mask = u32::MAX.checked_shl(32 - u32::from(v4)).unwrap_or(0);
            format!("{}/{v4}", std::net::Ipv4Addr::from(u32::from(address) & mask))
        }
        IpAddr::V6(address) => {
            let mask = u128::MAX.checked_shl(128 - u32::from(v6)).unwrap_or(0);
            format!("{}/{v6}", std::net::Ipv6Addr::from(u128::from(address) & mask))
        }
    }
}
