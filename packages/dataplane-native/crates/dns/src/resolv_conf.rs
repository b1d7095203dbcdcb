//! `/etc/resolv.conf` (resolv.conf(5)): whom to ask for what the mesh does not know.

use std::{
    net::{IpAddr, SocketAddr},
    time::Duration,
};

use crate::name::to_wire;

/// Servers at most; resolvers of the system take three.
const MAX_SERVERS: usize = 8;

/// Who asks gives up after five seconds: with several servers the second one has to have its turn before.
const ALONE: Duration = Duration::from_secs(5);
const AMONG_OTHERS: Duration = Duration::from_secs(2);

/// What of it matters to a server that asks others.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ResolvConf {
    /// Whom to ask, in this order.
    pub servers: Vec<SocketAddr>,
    /// The first domain that names are tried with, on the wire.
    pub search: Option<Box<[u8]>>,
    /// How long one server may take.
    pub timeout: Duration,
    /// Each question begins with the next server.
    pub rotates: bool,
}

impl ResolvConf {
    /// Reads the file's text; what is not understood is left out, as the system's resolver does. `port` is that of the
    /// servers.
    pub fn parse(text: &str, port: u16) -> Self {
        let mut servers = Vec::new();
        let mut search = None;
        let mut timeout = None;
        let mut rotates = false;
        for line in text.lines() {
            let mut words = line.split_ascii_whitespace();
            match words.next() {
                Some("nameserver") => {
                    let address = words.next().and_then(|word| word.parse::<IpAddr>().ok());
                    servers.extend(address.map(|address| SocketAddr::new(address, port)));
                }
                // The last of the two that is there counts.
                Some("search" | "domain") => search = words.next().and_then(to_wire),
                Some("options") => {
                    for option in words {
                        if option == "rotate" {
                            rotates = true;
                        } else if let Some(seconds) = option.strip_prefix("timeout:") {
                            timeout = seconds.parse().ok().map(|seconds: u64| seconds.clamp(1, 5));
                        }
                    }
                }
                _ => {}
            }
        }
        servers.truncate(MAX_SERVERS);
        let usual = if servers.len() > 1 { AMONG_OTHERS } else { ALONE };
        Self {
            timeout: timeout.map_or(usual, |seconds| usual.min(Duration::from_secs(seconds))),
            servers,
            search: search.filter(|wire| wire.len() > 1),
            rotates,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parse(text: &str) -> ResolvConf {
        ResolvConf::parse(text, 53)
    }

    #[test]
    fn a_pods_file_names_its_resolver_and_where_it_looks_first() {
        let read = parse(
            "# made by kubelet\nsearch default.svc.cluster.local svc.cluster.local\nnameserver 10.96.0.10\noptions ndots:5\n",
        );
        assert_eq!(read.servers, [SocketAddr::from(([10, 96, 0, 10], 53))]);
        assert_eq!(read.search, to_wire("default.svc.cluster.local"));
        assert_eq!((read.timeout, read.rotates), (ALONE, false));
    }

    #[test]
    fn several_servers_take_less_time_each() {
        let read = parse("nameserver 192.0.2.1\nnameserver fd00::1\n");
        assert_eq!(read.servers.len(), 2);
        assert_eq!(read.timeout, AMONG_OTHERS);
    }

    #[test]
    fn options_say_how_long_and_in_which_order() {
        let read = parse("nameserver 192.0.2.1\noptions timeout:1 rotate attempts:3\n");
        assert_eq!((read.timeout, read.rotates), (Duration::from_secs(1), true));
        assert_eq!(parse("options timeout:99").timeout, ALONE, "nobody waits so long");
    }

    #[test]
    fn what_is_not_understood_is_left_out() {
        let read = parse(
            "nameserver fe80::1%eth0\nnameserver what\n;nameserver 192.0.2.1\nsearch .\nsortlist x\nnameserver\n",
        );
        assert_eq!((read.servers.len(), read.search), (0, None));
    }

    #[test]
    fn the_last_word_on_the_domain_counts() {
        assert_eq!(parse("search a.test\ndomain b.test").search, to_wire("b.test"));
    }
}
