//! What the mesh answers by itself.

use std::{
    collections::HashMap,
    net::{IpAddr, Ipv4Addr, Ipv6Addr},
    sync::Arc,
};

use crate::name::{parents, to_wire};

/// Who asks: short names mean services near to it.
#[derive(Clone, Debug, Default)]
pub struct Client {
    /// Its namespace.
    pub namespace: String,
    /// The domain of services, `svc.cluster.local`; hosts outside of it have no short names.
    pub domain: String,
}

/// A host and its addresses.
#[derive(Clone, Copy, Debug)]
pub struct Host<'a> {
    /// Full name; may start with `*.`.
    pub name: &'a str,
    /// Without any there is no such host.
    pub addresses: &'a [IpAddr],
    /// What it is called in Kubernetes, where it is a service of that.
    pub kubernetes: Option<KubernetesName<'a>>,
    /// Further full names.
    pub other_names: &'a [Arc<str>],
}

/// A service's own name and its namespace.
#[derive(Clone, Copy, Debug)]
pub struct KubernetesName<'a> {
    /// `reviews`; two parts for a pod of a headless service, `db-0.db`.
    pub shortname: &'a str,
    /// `default`
    pub namespace: &'a str,
}

#[derive(Debug, Default)]
struct Addresses {
    v4: Box<[Ipv4Addr]>,
    v6: Box<[Ipv6Addr]>,
}

/// Names and their addresses, ready to be looked up by the bytes of a question.
#[derive(Debug, Default)]
pub struct Table {
    addresses: Vec<Addresses>,
    names: HashMap<Box<[u8]>, u32>,
    /// Of `*.example.com` the part after the star.
    wildcards: HashMap<Box<[u8]>, u32>,
}

/// What a table knows of a name.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Lookup<'t> {
    /// Its addresses; one family may have none.
    pub v4: &'t [Ipv4Addr],
    /// Those of IPv6.
    pub v6: &'t [Ipv6Addr],
    /// So many bytes at the end of the name are the search domain: the name is another one of the rest.
    pub search_length: Option<usize>,
}

impl Table {
    /// Makes a table. A host without addresses or whose name cannot be asked for is left out; of two hosts of one name the first
    /// counts, and a full name is never taken for the short one of another.
    pub fn build<'a>(client: &Client, hosts: impl IntoIterator<Item = Host<'a>>) -> Self {
        let mut table = Self::default();
        let mut short = Vec::new();
        for host in hosts {
            if host.addresses.is_empty() {
                continue;
            }
            let index = table.addresses.len() as u32;
            table.addresses.push(addresses(host.addresses));
            table.add(host.name, index);
            short.extend(short_names(client, &host).map(|name| (name, index)));
        }
        for (name, index) in short {
            table.add(&name, index);
        }
        table.names.shrink_to_fit();
        table.wildcards.shrink_to_fit();
        table
    }

    fn add(&mut self, name: &str, index: u32) {
        let (map, rest) = match name.strip_prefix("*.") {
            Some(rest) => (&mut self.wildcards, rest),
            None => (&mut self.names, name),
        };
        if let Some(wire) = to_wire(rest) {
            map.entry(wire).or_insert(index);
        }
    }

    /// How many names there are, short ones included.
    pub fn len(&self) -> usize {
        self.names.len() + self.wildcards.len()
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// What it knows of the name `wire` (in lower case). `search` is the first domain that the machine's resolver tries: it asks for
    /// `reviews.default` as `reviews.default.<search>` first, which is answered as another name of it, instead of by a denial for
    /// each domain before the name itself is asked for.
    pub fn lookup(&self, wire: &[u8], search: Option<&[u8]>) -> Option<Lookup<'_>> {
        if let Some(index) = self.names.get(wire) {
            return Some(self.found(*index, None));
        }
        if let Some((rest, search)) = search.and_then(|search| Some((without(wire, search)?, search))) {
            let rest = &rest[..=wire.len() - search.len()];
            if let Some(index) = self.names.get(rest).or_else(|| self.wildcard(rest)) {
                return Some(self.found(*index, Some(search.len())));
            }
        }
        self.wildcard(wire).map(|index| self.found(*index, None))
    }

    /// The nearest wildcard above a name.
    fn wildcard(&self, wire: &[u8]) -> Option<&u32> {
        if self.wildcards.is_empty() {
            return None;
        }
        parents(wire).find_map(|parent| self.wildcards.get(parent))
    }

    fn found(&self, index: u32, search_length: Option<usize>) -> Lookup<'_> {
        let addresses = &self.addresses[index as usize];
        Lookup {
            v4: &addresses.v4,
            v6: &addresses.v6,
            search_length,
        }
    }
}

/// The name without the domain `search` at its end, ended by a root, in a buffer as long as any name.
fn without(wire: &[u8], search: &[u8]) -> Option<[u8; crate::name::MAX_NAME]> {
    let kept = wire.len().checked_sub(search.len()).filter(|kept| *kept > 0)?;
    // Only where a label begins: the same bytes may be the middle of one.
    if search.len() <= 1 || !parents(wire).any(|parent| parent == search) {
        return None;
    }
    let mut rest = [0; crate::name::MAX_NAME];
    rest[..kept].copy_from_slice(&wire[..kept]);
    Some(rest)
}

fn addresses(all: &[IpAddr]) -> Addresses {
    let (mut v4, mut v6) = (Vec::new(), Vec::new());
    for address in all {
        match address {
            IpAddr::V4(address) if !v4.contains(address) => v4.push(*address),
            IpAddr::V6(address) if !v6.contains(address) => v6.push(*address),
            _ => {}
        }
    }
    Addresses {
        v4: v4.into(),
        v6: v6.into(),
    }
}

/// `reviews.default`, `reviews.default.svc`, and in its own namespace `reviews`; none for a host of another domain, whose short names
/// could be those of a service here.
fn short_names<'a>(client: &'a Client, host: &'a Host<'a>) -> impl Iterator<Item = String> + 'a {
    let is_near = |name: &str| {
        let rest = name.strip_suffix(client.domain.as_str());
        !client.domain.is_empty() && rest.is_some_and(|rest| rest.ends_with('.'))
    };
    let kubernetes = host.kubernetes.filter(|_| is_near(host.name));
    let of_service = kubernetes
        .into_iter()
        .flat_map(|KubernetesName { shortname, namespace }| {
            let first = client.domain.split('.').next().unwrap_or_default();
            let own = (client.namespace == namespace).then(|| shortname.to_owned());
            own.into_iter().chain([
                format!("{shortname}.{namespace}"),
                format!("{shortname}.{namespace}.{first}"),
            ])
        });
    let others = host.other_names.iter().filter(move |_| kubernetes.is_some());
    of_service.chain(others.map(ToString::to_string))
}

#[cfg(test)]
#[allow(clippy::unwrap_used, reason = "a test may panic")]
mod tests {
    use super::*;

    fn client() -> Client {
        Client {
            namespace: "default".into(),
            domain: "svc.cluster.local".into(),
        }
    }

    fn outside<'a>(name: &'a str, addresses: &'a [IpAddr]) -> Host<'a> {
        Host {
            name,
            addresses,
            kubernetes: None,
            other_names: &[],
        }
    }

    fn service<'a>(name: &'a str, shortname: &'a str, namespace: &'a str, addresses: &'a [IpAddr]) -> Host<'a> {
        Host {
            kubernetes: Some(KubernetesName { shortname, namespace }),
            ..outside(name, addresses)
        }
    }

    fn ip(text: &str) -> IpAddr {
        text.parse().unwrap()
    }

    fn first(table: &Table, name: &str, search: Option<&str>) -> Option<String> {
        let search = search.map(|search| to_wire(search).unwrap());
        let found = table.lookup(&to_wire(name).unwrap(), search.as_deref())?;
        let address = found.v4.first().map(ToString::to_string).unwrap_or_default();
        Some(match found.search_length {
            Some(_) => format!("alias {address}"),
            None => address,
        })
    }

    #[test]
    fn a_service_has_short_names_as_in_kubernetes_and_those_of_its_own_namespace_the_shortest() {
        let (near, far) = ([ip("10.0.0.1")], [ip("10.0.0.2")]);
        let table = Table::build(
            &client(),
            [
                service("reviews.default.svc.cluster.local", "reviews", "default", &near),
                service("reviews.shop.svc.cluster.local", "reviews", "shop", &far),
            ],
        );
        let near = Some("10.0.0.1".to_owned());
        let far = Some("10.0.0.2".to_owned());
        assert_eq!(first(&table, "reviews", None), near);
        assert_eq!(first(&table, "Reviews.Default", None), near);
        assert_eq!(first(&table, "reviews.default.svc", None), near);
        assert_eq!(first(&table, "reviews.default.svc.cluster.local.", None), near);
        assert_eq!(first(&table, "reviews.shop", None), far);
        assert_eq!(first(&table, "reviews.shop.svc.cluster.local", None), far);
        assert_eq!(first(&table, "reviews.default.svc.cluster", None), None);
    }

    #[test]
    fn a_service_of_another_domain_has_no_short_names() {
        let addresses = [ip("10.0.0.1")];
        let table = Table::build(
            &client(),
            [service("db.default.svc.other.mesh", "db", "default", &addresses)],
        );
        assert_eq!(
            first(&table, "db.default.svc.other.mesh", None),
            Some("10.0.0.1".into())
        );
        assert_eq!(first(&table, "db", None), None);
    }

    #[test]
    fn a_full_name_is_never_the_short_one_of_another() {
        let (service_address, own) = ([ip("10.0.0.1")], [ip("10.0.0.2")]);
        let table = Table::build(
            &client(),
            [
                service("api.dev.svc.cluster.local", "api", "dev", &service_address),
                outside("api.dev", &own),
            ],
        );
        assert_eq!(first(&table, "api.dev", None), Some("10.0.0.2".into()));
    }

    #[test]
    fn the_nearest_wildcard_stands_for_a_name_that_is_not_there() {
        let (wide, narrow, exact) = ([ip("10.0.0.1")], [ip("10.0.0.2")], [ip("10.0.0.3")]);
        let table = Table::build(
            &client(),
            [
                outside("*.example.com", &wide),
                outside("*.eu.example.com", &narrow),
                outside("a.example.com", &exact),
            ],
        );
        assert_eq!(first(&table, "b.c.example.com", None), Some("10.0.0.1".into()));
        assert_eq!(first(&table, "b.eu.example.com", None), Some("10.0.0.2".into()));
        assert_eq!(first(&table, "a.example.com", None), Some("10.0.0.3".into()));
        assert_eq!(first(&table, "example.com", None), None);
        assert_eq!(first(&table, "xample.com", None), None);
    }

    #[test]
    fn what_a_resolver_makes_of_a_name_with_its_search_domain_is_another_name_of_it() {
        let (address, wild) = ([ip("10.0.0.1")], [ip("10.0.0.2")]);
        let table = Table::build(
            &client(),
            [
                service("reviews.shop.svc.cluster.local", "reviews", "shop", &address),
                outside("*.example.com", &wild),
            ],
        );
        let search = Some("default.svc.cluster.local");
        let alias = |name| first(&table, name, search);
        assert_eq!(
            alias("reviews.shop.default.svc.cluster.local"),
            Some("alias 10.0.0.1".into())
        );
        assert_eq!(
            alias("a.example.com.default.svc.cluster.local"),
            Some("alias 10.0.0.2".into())
        );
        assert_eq!(alias("other.default.svc.cluster.local"), None);
        assert_eq!(alias("default.svc.cluster.local"), None);
        let unrelated = first(&table, "reviews.shopxdefault.svc.cluster.local", search);
        assert_eq!(unrelated, None, "a search domain begins where a label begins");
    }

    #[test]
    fn hosts_without_addresses_and_names_that_nobody_can_ask_for_are_not_there() {
        let address = [ip("10.0.0.1")];
        let long = "a".repeat(64);
        let table = Table::build(&client(), [outside("empty.test", &[]), outside(&long, &address)]);
        assert!(table.is_empty());
    }

    #[test]
    fn an_address_that_is_there_twice_is_answered_once() {
        let addresses = [ip("10.0.0.1"), ip("fd00::1"), ip("10.0.0.1")];
        let table = Table::build(&client(), [outside("a.test", &addresses)]);
        let found = table.lookup(&to_wire("a.test").unwrap(), None).unwrap();
        assert_eq!((found.v4.len(), found.v6.len()), (1, 1));
    }
}
