//! Names of endpoints: resolved on a thread of their own, because the system's resolver blocks.

use std::{
    collections::HashMap,
    io,
    net::{SocketAddr, ToSocketAddrs},
    sync::{Arc, mpsc},
    time::{Duration, Instant},
};

use config::{Cluster, ClusterKind, DnsLookupFamily};

use super::Request;
use crate::build::hosts_of;

type Name = (Arc<str>, u16);

/// Time until a name that did not resolve is tried again.
const RETRY: Duration = Duration::from_secs(1);

/// An answer.
pub(super) struct Resolved {
    name: Name,
    addresses: io::Result<Vec<SocketAddr>>,
}

#[derive(Default)]
struct Entry {
    addresses: Vec<SocketAddr>,
    next: Option<Instant>,
    is_pending: bool,
    refresh: Duration,
}

/// What names resolve to.
pub(super) struct Resolver {
    questions: mpsc::Sender<Name>,
    names: HashMap<Name, Entry>,
}

impl Resolver {
    pub(super) fn start(answers: mpsc::Sender<Request>) -> io::Result<Self> {
        let (questions, asked) = mpsc::channel::<Name>();
        // The thread ends with the last sender; a lookup that hangs then is left to the process' end.
        std::thread::Builder::new()
            .name("fairlead-dns".to_owned())
            .spawn(move || {
                while let Ok(name) = asked.recv() {
                    let addresses = (&*name.0, name.1).to_socket_addrs().map(Iterator::collect);
                    if answers.send(Request::Resolved(Resolved { name, addresses })).is_err() {
                        return;
                    }
                }
            })?;
        Ok(Self {
            questions,
            names: HashMap::new(),
        })
    }

    /// Asks for what is due and forgets what no cluster wants.
    pub(super) fn refresh<'c>(&mut self, clusters: impl Iterator<Item = &'c Arc<Cluster>>) {
        let mut wanted: HashMap<Name, Duration> = HashMap::new();
        for cluster in clusters {
            let (ClusterKind::StrictDns(options) | ClusterKind::LogicalDns(options)) = &cluster.kind else {
                continue;
            };
            let refresh = Duration::from_millis(options.refresh_rate_ms.max(100));
            for (host, port) in hosts_of(cluster) {
                let shortest = wanted.entry((Arc::clone(host), port)).or_insert(refresh);
                *shortest = refresh.min(*shortest);
            }
        }
        self.names.retain(|name, _| wanted.contains_key(name));
        let now = Instant::now();
        for (name, refresh) in wanted {
            let entry = self.names.entry(name.clone()).or_default();
            entry.refresh = refresh;
            if !entry.is_pending && entry.next.is_none_or(|next| next <= now) {
                entry.is_pending = self.questions.send(name).is_ok();
            }
        }
    }

    /// Takes an answer over. True: it differs from the one before.
    pub(super) fn take(&mut self, resolved: Resolved) -> bool {
        let Some(entry) = self.names.get_mut(&resolved.name) else {
            return false;
        };
        entry.is_pending = false;
        let now = Instant::now();
        match resolved.addresses {
            Ok(mut addresses) if !addresses.is_empty() => {
                entry.next = Some(now + entry.refresh);
                // Servers rotate their answers: the order means nothing.
                addresses.sort_unstable();
                addresses.dedup();
                let is_new = addresses != entry.addresses;
                entry.addresses = addresses;
                is_new
            }
            // What was known is better than nothing.
            _ => {
                entry.next = Some(now + RETRY.min(entry.refresh));
                false
            }
        }
    }

    /// The addresses of a name, of the family that is wanted.
    pub(super) fn addresses(&self, host: &Arc<str>, port: u16, family: DnsLookupFamily) -> Vec<SocketAddr> {
        let Some(entry) = self.names.get(&(Arc::clone(host), port)) else {
            return Vec::new();
        };
        let of = |is_v4: bool| -> Vec<SocketAddr> {
            entry
                .addresses
                .iter()
                .copied()
                .filter(|address| address.is_ipv4() == is_v4)
                .collect()
        };
        let (v4, v6) = (of(true), of(false));
        match family {
            DnsLookupFamily::V4Only => v4,
            DnsLookupFamily::V6Only => v6,
            DnsLookupFamily::All => [v4, v6].concat(),
            DnsLookupFamily::V4Preferred => {
                if v4.is_empty() {
                    v6
                } else {
                    v4
                }
            }
            DnsLookupFamily::Auto => {
                if v6.is_empty() {
                    v4
                } else {
                    v6
                }
            }
        }
    }
}
