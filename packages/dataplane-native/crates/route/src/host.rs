//! Envoy's search for the virtual host of a host name.

use std::collections::HashMap;

use config::RouteConfiguration;

type ByName = HashMap<Box<[u8]>, u32, foldhash::fast::RandomState>;

/// Domains of a route configuration.
#[derive(Debug, Default)]
pub(crate) struct HostIndex {
    exact: ByName,
    /// `*.example.com` as `.example.com`, by length, longest first.
    suffixes: Vec<(usize, ByName)>,
    /// `example.*` as `example.`, by length, longest first.
    prefixes: Vec<(usize, ByName)>,
    any: Option<u32>,
    ignore_port: bool,
}

impl HostIndex {
    pub(crate) fn new(config: &RouteConfiguration) -> Self {
        let mut index = Self {
            ignore_port: config.ignore_port_in_host_matching,
            ..Self::default()
        };
        for (position, host) in config.virtual_hosts.iter().enumerate() {
            for domain in &host.domains {
                index.insert(&domain.to_ascii_lowercase(), position as u32);
            }
        }
        for list in [&mut index.suffixes, &mut index.prefixes] {
            list.sort_by_key(|(length, _)| std::cmp::Reverse(*length));
        }
        index
    }

    fn insert(&mut self, domain: &str, position: u32) {
        if domain == "*" {
            self.any.get_or_insert(position);
            return;
        }
        let (names, name) = if let Some(suffix) = domain.strip_prefix('*') {
            (by_length(&mut self.suffixes, suffix.len()), suffix)
        } else if let Some(prefix) = domain.strip_suffix('*') {
            (by_length(&mut self.prefixes, prefix.len()), prefix)
        } else {
            (&mut self.exact, domain)
        };
        names.entry(name.as_bytes().into()).or_insert(position);
    }

    /// The host as it is compared: without its port if the configuration says so.
    pub(crate) fn comparable<'a>(&self, authority: &'a [u8]) -> &'a [u8] {
        if self.ignore_port {
            without_port(authority)
        } else {
            authority
        }
    }

    /// Position of the virtual host for `authority`.
    pub(crate) fn find(&self, authority: &[u8]) -> Option<u32> {
        let host = self.comparable(authority);
        // Names have at most 255 bytes (RFC 1035); a longer host can only be taken by a wildcard.
        let mut buffer = [0; 320];
        let Some(lower) = buffer.get_mut(..host.len()) else {
            return self.find_lower(&host.to_ascii_lowercase());
        };
        lower.copy_from_slice(host);
        lower.make_ascii_lowercase();
        self.find_lower(lower)
    }

    fn find_lower(&self, host: &[u8]) -> Option<u32> {
        let exact = || self.exact.get(host);
        // A wildcard stands for at least one character.
        let suffix = || {
            self.suffixes.iter().find_map(|(length, names)| {
                names.get(host.get(host.len().checked_sub(*length).filter(|start| *start > 0)?..)?)
            })
        };
        let prefix = || {
            self.prefixes
                .iter()
                .filter(|(length, _)| *length < host.len())
                .find_map(|(length, names)| names.get(&host[..*length]))
        };
        exact().or_else(suffix).or_else(prefix).copied().or(self.any)
    }
}

fn by_length(list: &mut Vec<(usize, ByName)>, length: usize) -> &mut ByName {
    let at = list.iter().position(|(known, _)| *known == length).unwrap_or_else(|| {
        list.push((length, ByName::default()));
        list.len() - 1
    });
    &mut list[at].1
}

/// The host of an authority: `[::1]:80` is `[::1]`.
pub(crate) fn without_port(authority: &[u8]) -> &[u8] {
    match authority.iter().rposition(|byte| *byte == b':') {
        Some(colon)
            if is_port(&authority[colon + 1..])
                && !authority[colon..].contains(&b']')
                && is_one_host(&authority[..colon]) =>
        {
            &authority[..colon]
        }
        _ => authority,
    }
}

fn is_port(text: &[u8]) -> bool {
    !text.is_empty() && text.len() <= 5 && text.iter().all(u8::is_ascii_digit)
}

/// Not the front part of a bare IPv6 address.
fn is_one_host(host: &[u8]) -> bool {
    host.last() == Some(&b']') || !host.contains(&b':')
}

#[cfg(test)]
mod tests {
    use config::VirtualHost;

    use super::*;

    fn index(hosts: &[&[&str]], ignore_port: bool) -> HostIndex {
        HostIndex::new(&RouteConfiguration {
            ignore_port_in_host_matching: ignore_port,
            virtual_hosts: hosts
                .iter()
                .map(|domains| VirtualHost {
                    domains: domains.iter().map(|domain| (*domain).into()).collect(),
                    ..VirtualHost::default()
                })
                .collect(),
            ..RouteConfiguration::default()
        })
    }

    #[test]
    fn exact_wins_over_suffix_over_prefix_over_any() {
        let index = index(&[&["*"], &["api.*"], &["*.example.com"], &["api.example.com"]], false);
        assert_eq!(index.find(b"api.example.com"), Some(3));
        assert_eq!(index.find(b"x.example.com"), Some(2));
        assert_eq!(index.find(b"api.other"), Some(1));
        assert_eq!(index.find(b"other"), Some(0));
    }

    #[test]
    fn the_longest_wildcard_wins() {
        let index = index(
            &[
                &["*.com"],
                &["*.a.example.com"],
                &["*.example.com"],
                &["api.*"],
                &["api.v1.*"],
            ],
            false,
        );
        assert_eq!(index.find(b"x.a.example.com"), Some(1));
        assert_eq!(index.find(b"x.b.example.com"), Some(2));
        assert_eq!(index.find(b"api.v1.org"), Some(4));
        assert_eq!(index.find(b"api.v2.org"), Some(3));
    }

    #[test]
    fn a_wildcard_stands_for_at_least_one_character() {
        let index = index(&[&["*.example.com"], &["api.*"]], false);
        assert_eq!(index.find(b".example.com"), None);
        assert_eq!(index.find(b"example.com"), None);
        assert_eq!(index.find(b"api."), None);
    }

    #[test]
    fn case_does_not_matter() {
        assert_eq!(index(&[&["Example.COM"]], false).find(b"eXAMPLE.com"), Some(0));
    }

    #[test]
    fn the_port_is_part_of_the_host_unless_told_otherwise() {
        assert_eq!(index(&[&["a"]], false).find(b"a:80"), None);
        assert_eq!(index(&[&["a:80"]], false).find(b"a:80"), Some(0));
        assert_eq!(index(&[&["a"]], true).find(b"a:80"), Some(0));
    }

    #[test]
    fn only_a_port_is_cut_off() {
        for (authority, host) in [
            ("a:80", "a"),
            ("[::1]:80", "[::1]"),
            ("[::1]", "[::1]"),
            ("::1", "::1"),
            ("a:b", "a:b"),
            ("a:", "a:"),
        ] {
            assert_eq!(without_port(authority.as_bytes()), host.as_bytes(), "{authority}");
        }
    }

    #[test]
    fn an_absurdly_long_host_is_no_problem() {
        let index = index(&[&["*.example.com"]], true);
        let long = format!("{}.example.com:80", "a".repeat(5_000));
        assert_eq!(index.find(long.as_bytes()), Some(0));
    }
}
