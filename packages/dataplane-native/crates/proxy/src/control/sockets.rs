//! Listening sockets: opened once, kept as long as a listener wants their address.

use std::{
    collections::HashMap,
    io,
    net::SocketAddr,
    os::fd::OwnedFd,
    sync::{Arc, mpsc},
    time::{Duration, Instant},
};

use config::Listener;
use net::{Address, DatagramOptions, ListenOptions};
use xds::ResourceType;

use super::handover::Inheritance;
use crate::{
    Problem, Severity,
    worker::{Command, ListenKey, WorkerHandle},
};

/// Time until a port that was taken is tried again.
const RETRY: Duration = Duration::from_millis(500);

/// How long a worker may take to open a socket.
const REPLY_TIMEOUT: Duration = Duration::from_secs(5);

#[derive(Default)]
pub(super) struct Sockets {
    /// Open sockets, with the address they are bound to.
    open: HashMap<ListenKey, Address>,
    failed: HashMap<ListenKey, (String, Instant)>,
}

impl Sockets {
    pub(super) fn count(&self) -> usize {
        self.open.len()
    }

    /// Whether all that is wanted is open.
    pub(super) fn is_complete(&self) -> bool {
        self.failed.is_empty()
    }

    /// Whether a port is to be tried again.
    pub(super) fn has_failed(&self) -> bool {
        self.failed.values().any(|(_, at)| at.elapsed() >= RETRY)
    }

    /// The addresses that a listener is bound to.
    pub(super) fn of<'a>(&'a self, name: &'a str) -> impl Iterator<Item = &'a Address> {
        self.open
            .iter()
            .filter(move |(key, _)| &*key.listener == name)
            .map(|(_, address)| address)
    }

    /// Why a listener does not listen.
    pub(super) fn failures<'a>(&'a self, name: &'a str) -> impl Iterator<Item = &'a str> {
        self.failed
            .iter()
            .filter(move |(key, _)| &*key.listener == name)
            .map(|(_, (why, _))| why.as_str())
    }

    /// Opens what is wanted and closes what is not any more.
    pub(super) fn open<'l>(
        &mut self,
        listeners: impl Iterator<Item = &'l Arc<Listener>>,
        workers: &[WorkerHandle],
        inheritance: &mut Option<Inheritance>,
    ) -> Vec<Problem> {
        let mut wanted = HashMap::new();
        for listener in listeners.filter(|listener| listener.bind_to_port) {
            for address in std::iter::once(&listener.address).chain(&listener.additional_addresses) {
                if let Some(address) = to_net(address) {
                    wanted.insert(
                        ListenKey {
                            listener: Arc::clone(&listener.name),
                            address,
                        },
                        Arc::clone(listener),
                    );
                }
            }
        }
        // First close, because an address may have moved from one listener to another.
        let gone: Vec<ListenKey> = self
            .open
            .keys()
            .filter(|key| !wanted.contains_key(key))
            .cloned()
            .collect();
        for key in gone {
            self.open.remove(&key);
            for worker in workers {
                worker.send(Command::Unlisten(key.clone()));
            }
        }
        self.failed.retain(|key, _| wanted.contains_key(key));
        let mut problems = Vec::new();
        for (key, listener) in wanted {
            if self.open.contains_key(&key) || self.failed.get(&key).is_some_and(|(_, at)| at.elapsed() < RETRY) {
                continue;
            }
            let inherited = inheritance
                .as_mut()
                .map(|before| before.sockets_of(&key, listener.udp.is_some()))
                .unwrap_or_default();
            // A process of an earlier version keeps its sockets of datagrams until it ends.
            let is_shared = !inherited.is_empty() || listener.udp.is_some() && inheritance.is_some();
            match bind(&key, &listener, workers, inherited, is_shared) {
                Ok(address) => {
                    self.failed.remove(&key);
                    self.open.insert(key, address);
                }
                Err(error) => {
                    let message = format!("cannot listen on {}: {error}; it is tried again", key.address);
                    problems.push(Problem {
                        severity: Severity::Warning,
                        resource_type: ResourceType::Listener.url().to_owned(),
                        name: key.listener.to_string(),
                        path: "address".to_owned(),
                        message: message.clone(),
                    });
                    self.failed.insert(key, (message, Instant::now()));
                }
            }
        }
        problems
    }
}

fn to_net(address: &config::Address) -> Option<Address> {
    match address {
        config::Address::V4(address) => Some(Address::Tcp((*address).into())),
        config::Address::V6(address) => Some(Address::Tcp((**address).into())),
        config::Address::Unix(path) => Some(Address::from_pipe_path(path)),
        config::Address::Host(_) | config::Address::Internal(_) => None,
    }
}

/// Opens the address on all workers, or on none.
fn bind(
    key: &ListenKey,
    listener: &Listener,
    workers: &[WorkerHandle],
    inherited: Vec<OwnedFd>,
    is_shared: bool,
) -> io::Result<Address> {
    // Each worker gets its own; of more than there are workers, some get several.
    let mut of_workers: Vec<Vec<OwnedFd>> = workers.iter().map(|_| Vec::new()).collect();
    for (index, fd) in inherited.into_iter().enumerate() {
        of_workers[index % workers.len().max(1)].push(fd);
    }
    let is_udp = listener.udp.is_some();
    if !is_shared {
        probe(&key.address, !listener.ipv4_compat, is_udp)?;
    }
    let mut bound: Option<Address> = None;
    for (index, worker) in workers.iter().enumerate() {
        // A Unix socket has one owner; the kernel cannot spread its connections.
        if index > 0 && key.address.tcp().is_none() {
            break;
        }
        let (reply, answer) = mpsc::channel();
        let options = ListenOptions {
            v6_only: !listener.ipv4_compat,
            transparent: listener.transparent,
            freebind: listener.freebind,
            mode: listener.pipe_mode,
            backlog: listener.tcp_backlog_size.map_or(4096, |size| size.min(65_535) as i32),
            ..ListenOptions::default()
        };
        // With port 0 the first worker's choice is everybody's.
        let address = bound.clone().unwrap_or_else(|| key.address.clone());
        worker.send(match address.tcp().filter(|_| is_udp) {
            Some(address) => Command::ListenUdp {
                key: key.clone(),
                address,
                options: DatagramOptions {
                    reuse_port: true,
                    v6_only: options.v6_only,
                    transparent: options.transparent,
                    freebind: options.freebind,
                    mark: None,
                },
                inherited: std::mem::take(&mut of_workers[index]),
                reply,
            },
            None => Command::Listen {
                key: key.clone(),
                address,
                options: Box::new(options),
                inherited: std::mem::take(&mut of_workers[index]),
                reply,
            },
        });
        let result = answer
            .recv_timeout(REPLY_TIMEOUT)
            .unwrap_or_else(|_| Err(io::Error::other("the worker does not answer")));
        match result {
            Ok(address) => bound = Some(address),
            Err(error) => {
                for worker in workers {
                    worker.send(Command::Unlisten(key.clone()));
                }
                return Err(error);
            }
        }
    }
    bound.ok_or_else(|| io::Error::other("there is no worker"))
}

/// Workers share addresses, so another process of this user that does the same would go unnoticed: look without sharing.
fn probe(address: &Address, v6_only: bool, is_udp: bool) -> io::Result<()> {
    let Some(address) = address.tcp().filter(|address: &SocketAddr| address.port() != 0) else {
        return Ok(());
    };
    let kind = if is_udp {
        socket2::Type::DGRAM
    } else {
        socket2::Type::STREAM
    };
    let socket = socket2::Socket::new(socket2::Domain::for_address(address), kind, None)?;
    if !is_udp {
        socket.set_reuse_address(true)?;
    }
    if address.is_ipv6() {
        socket.set_only_v6(v6_only)?;
    }
    socket.bind(&address.into())
}
