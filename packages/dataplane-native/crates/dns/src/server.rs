//! Sockets: questions come over UDP and TCP and are answered on one thread.

use std::{
    fs, io,
    net::{SocketAddr, TcpListener as StdListener, UdpSocket as StdSocket},
    path::PathBuf,
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering::Relaxed},
    },
    thread::JoinHandle,
    time::{Duration, Instant, SystemTime},
};

use arc_swap::{ArcSwap, ArcSwapOption};
use socket2::{Domain, Protocol, Socket, Type};
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::{TcpListener, TcpStream, UdpSocket},
    sync::{OwnedSemaphorePermit, Semaphore, watch},
    task::JoinSet,
    time::timeout,
};

use crate::{
    ResolvConf, Stats,
    answer::{MAX_UDP_ANSWER, Transport, answer, failure},
    forward::{self, Forward, Turn},
    message::{Query, Rcode},
    table::Table,
};

/// Questions that wait for others at a time; each has a socket. One more is answered by a failure.
const MAX_FORWARDED: usize = 512;
/// Connections over TCP at a time; one more is closed.
const MAX_CONNECTIONS: usize = 256;
/// Questions are short.
const MAX_QUESTION: usize = 4096;
/// How long a connection may be without a question, or take one of ours.
const IDLE: Duration = Duration::from_secs(10);
/// How often the file is looked at.
const LOOK: Duration = Duration::from_secs(2);
/// Until a socket that fails is tried again.
const PAUSE: Duration = Duration::from_millis(10);
const BACKLOG: i32 = 128;

/// What a server is started with.
#[derive(Clone, Debug)]
pub struct Options {
    /// Where it listens, over UDP and TCP alike. An address of a family that the machine does not have is left out, if one is left.
    pub addresses: Vec<SocketAddr>,
    /// Whom to ask for what the table does not have; read again when it changes.
    pub resolv_conf: PathBuf,
    /// Port of those resolvers, which the file cannot say: 53 but in tests.
    pub resolver_port: u16,
    /// Several processes may listen at the same addresses: for one that takes another's place.
    pub shares_addresses: bool,
}

/// A running server. Dropping it stops it.
#[derive(Debug)]
pub struct Server {
    shared: Arc<Shared>,
    addresses: Vec<SocketAddr>,
    phase: watch::Sender<Phase>,
    thread: Option<JoinHandle<()>>,
}

#[derive(Debug)]
struct Shared {
    table: ArcSwapOption<Table>,
    resolvers: ArcSwap<ResolvConf>,
    turn: Turn,
    stats: Arc<Stats>,
    forwarded: Arc<Semaphore>,
    random: Random,
}

impl Server {
    /// Listens; what is asked before the first table is answered by a failure, as the name may be one of the mesh.
    pub fn start(options: Options, stats: Arc<Stats>) -> io::Result<Self> {
        let sockets = bind_all(&options)?;
        let addresses: Vec<SocketAddr> = sockets.iter().map(|sockets| sockets.address).collect();
        let file = Watched::new(options.resolv_conf, options.resolver_port, addresses.clone());
        let shared = Arc::new(Shared {
            table: ArcSwapOption::empty(),
            resolvers: ArcSwap::from_pointee(file.read()),
            turn: Turn::default(),
            stats,
            forwarded: Arc::new(Semaphore::new(MAX_FORWARDED)),
            random: Random::default(),
        });
        let (phase, phases) = watch::channel(Phase::Serving);
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
        let served = Arc::clone(&shared);
        let thread = std::thread::Builder::new()
            .name("fairlead-names".to_owned())
            .spawn(move || runtime.block_on(serve(served, sockets, file, phases)))?;
        Ok(Self {
            shared,
            addresses,
            phase,
            thread: Some(thread),
        })
    }

    /// Answers by this table from now on.
    pub fn set_table(&self, table: Arc<Table>) {
        self.shared.table.store(Some(table));
    }

    /// Where it listens.
    pub fn addresses(&self) -> &[SocketAddr] {
        &self.addresses
    }

    /// Takes no more questions; those that have come are answered, while this returns at once.
    pub fn close(&self) {
        self.phase.send_if_modified(|phase| {
            let is_new = *phase == Phase::Serving;
            *phase = (*phase).max(Phase::Closing);
            is_new
        });
    }

    /// Closes its sockets and ends its thread; who waits for a resolver waits in vain. Idempotent.
    pub fn stop(&mut self) {
        let _ = self.phase.send(Phase::Stopped);
        if let Some(thread) = self.thread.take() {
            let _ = thread.join();
        }
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        self.stop();
    }
}

/// How far a server is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Phase {
    Serving,
    /// Its sockets are closed.
    Closing,
    Stopped,
}

type Phases = watch::Receiver<Phase>;

/// Until the sockets have to be closed. A sender that is gone has nothing to wait for either.
async fn closing(phases: &mut Phases) {
    let _ = phases.wait_for(|phase| *phase != Phase::Serving).await;
}

/// Numbers that nobody can guess: a keyed hash of a counter.
#[derive(Debug, Default)]
struct Random {
    key: std::hash::RandomState,
    count: AtomicU64,
}

impl Random {
    fn next(&self) -> u64 {
        use std::hash::BuildHasher as _;
        self.key.hash_one(self.count.fetch_add(1, Relaxed))
    }
}

struct Sockets {
    address: SocketAddr,
    udp: StdSocket,
    tcp: StdListener,
}

fn bind_all(options: &Options) -> io::Result<Vec<Sockets>> {
    let mut bound = Vec::new();
    let mut missing = None;
    for address in &options.addresses {
        match bind(*address, options.shares_addresses) {
            Ok(sockets) => bound.push(sockets),
            Err(error) if is_family_missing(&error) => missing = Some(error),
            Err(error) => return Err(io::Error::new(error.kind(), format!("{address}: {error}"))),
        }
    }
    match missing {
        Some(error) if bound.is_empty() => Err(error),
        None if bound.is_empty() => Err(io::Error::new(io::ErrorKind::InvalidInput, "there is no address")),
        _ => Ok(bound),
    }
}

/// The machine has no IPv6, or none at its loopback interface.
fn is_family_missing(error: &io::Error) -> bool {
    const EAFNOSUPPORT: i32 = 97;
    error.kind() == io::ErrorKind::AddrNotAvailable || error.raw_os_error() == Some(EAFNOSUPPORT)
}

/// Port 0 is one that is free for both.
fn bind(address: SocketAddr, is_shared: bool) -> io::Result<Sockets> {
    const ATTEMPTS: u32 = 16;
    let mut attempt = 0;
    loop {
        attempt += 1;
        let udp: StdSocket = socket(address, Type::DGRAM, Protocol::UDP, is_shared)?.into();
        let bound = udp.local_addr()?;
        let tcp = socket(bound, Type::STREAM, Protocol::TCP, is_shared).and_then(|tcp| {
            tcp.listen(BACKLOG)?;
            Ok(tcp)
        });
        match tcp {
            Ok(tcp) => {
                return Ok(Sockets {
                    address: bound,
                    udp,
                    tcp: tcp.into(),
                });
            }
            Err(error) if address.port() != 0 || attempt == ATTEMPTS => return Err(error),
            Err(_) => {}
        }
    }
}

fn socket(address: SocketAddr, kind: Type, protocol: Protocol, is_shared: bool) -> io::Result<Socket> {
    let socket = Socket::new(Domain::for_address(address), kind, Some(protocol))?;
    socket.set_nonblocking(true)?;
    if address.is_ipv6() {
        socket.set_only_v6(true)?;
    }
    if kind == Type::STREAM {
        socket.set_reuse_address(true)?;
    }
    if is_shared {
        socket.set_reuse_port(true)?;
    }
    socket.bind(&address.into())?;
    Ok(socket)
}

/// `resolv.conf` and when it was read.
struct Watched {
    path: PathBuf,
    port: u16,
    /// Of this server: it must not ask itself.
    own: Vec<SocketAddr>,
    version: Option<(SystemTime, u64)>,
}

impl Watched {
    fn new(path: PathBuf, port: u16, own: Vec<SocketAddr>) -> Self {
        let version = version_of(&path);
        Self {
            path,
            port,
            own,
            version,
        }
    }

    /// A file that is not there names nobody.
    fn read(&self) -> ResolvConf {
        let mut read = ResolvConf::parse(&fs::read_to_string(&self.path).unwrap_or_default(), self.port);
        read.servers.retain(|server| !self.own.contains(server));
        read
    }

    /// What it says now, if it may differ from before.
    fn changed(&mut self) -> Option<ResolvConf> {
        let version = version_of(&self.path);
        if version == self.version {
            return None;
        }
        self.version = version;
        // While it is written anew, what it said stays.
        version.map(|_| self.read())
    }
}

fn version_of(path: &PathBuf) -> Option<(SystemTime, u64)> {
    let facts = fs::metadata(path).ok()?;
    Some((facts.modified().ok()?, facts.len()))
}

async fn serve(shared: Arc<Shared>, sockets: Vec<Sockets>, mut file: Watched, mut phases: Phases) {
    let mut tasks = JoinSet::new();
    for Sockets { udp, tcp, .. } in sockets {
        // They are not blocking and there is a reactor: it is only its limit of descriptors that could refuse them.
        if let Ok(udp) = UdpSocket::from_std(udp) {
            tasks.spawn(serve_udp(Arc::clone(&shared), Arc::new(udp), phases.clone()));
        }
        if let Ok(tcp) = TcpListener::from_std(tcp) {
            tasks.spawn(serve_tcp(Arc::clone(&shared), tcp, phases.clone()));
        }
    }
    let mut look = tokio::time::interval(LOOK);
    loop {
        tokio::select! {
            () = closing(&mut phases) => break,
            _ = look.tick() => {
                if let Some(read) = file.changed() {
                    shared.resolvers.store(Arc::new(read));
                }
            }
        }
    }
    while tasks.join_next().await.is_some() {}
    // Who waits for a resolver still gets the answer.
    tokio::select! {
        _ = timeout(IDLE, shared.forwarded.acquire_many(MAX_FORWARDED as u32)) => {}
        _ = phases.wait_for(|phase| *phase == Phase::Stopped) => {}
    }
}

/// What becomes of a message.
enum Outcome {
    Answered(usize),
    Forwarded {
        udp_limit: usize,
        is_known: bool,
        permit: OwnedSemaphorePermit,
    },
    Ignored,
}

impl Shared {
    /// Answers into `out`, or says that others have to be asked.
    fn handle(&self, message: &[u8], transport: Transport, out: &mut [u8]) -> Outcome {
        let query = match Query::parse(message) {
            Ok(query) => query,
            Err(malformed) => return malformed.refuse(out).map_or(Outcome::Ignored, Outcome::Answered),
        };
        self.stats.requests.fetch_add(1, Relaxed);
        let table = self.table.load();
        let Some(table) = &*table else {
            return Outcome::Answered(failure(&query, Rcode::ServerFailure, out));
        };
        let resolvers = self.resolvers.load();
        let search = resolvers.search.as_deref();
        if let Some(length) = answer(table, search, &query, transport, self.random.next(), out) {
            return Outcome::Answered(length);
        }
        self.stats.upstream_requests.fetch_add(1, Relaxed);
        let Ok(permit) = Arc::clone(&self.forwarded).try_acquire_owned() else {
            self.stats.upstream_failures.fetch_add(1, Relaxed);
            return Outcome::Answered(failure(&query, Rcode::ServerFailure, out));
        };
        Outcome::Forwarded {
            udp_limit: query.udp_limit(),
            is_known: table.lookup(query.name.wire(), search).is_some(),
            permit,
        }
    }

    /// The answer of others, or a failure.
    async fn forward(&self, message: &[u8], transport: Transport, udp_limit: usize, is_known: bool) -> Vec<u8> {
        let resolvers = self.resolvers.load_full();
        let question = Forward {
            message,
            transport,
            udp_limit,
            number: self.random.next() as u16,
        };
        let start = Instant::now();
        let answer = forward::ask(&question, &resolvers, &self.turn).await;
        self.stats.took(start.elapsed());
        if let Some(mut answer) = answer {
            if is_known {
                forward::soften(&mut answer);
            }
            return answer;
        }
        self.stats.upstream_failures.fetch_add(1, Relaxed);
        let mut out = vec![0; MAX_UDP_ANSWER];
        let length = Query::parse(message).map_or(0, |query| failure(&query, Rcode::ServerFailure, &mut out));
        out.truncate(length);
        out
    }
}

async fn serve_udp(shared: Arc<Shared>, socket: Arc<UdpSocket>, mut phases: Phases) {
    let mut question = [0; MAX_QUESTION];
    let mut out = vec![0; MAX_UDP_ANSWER];
    loop {
        let received = tokio::select! {
            received = socket.recv_from(&mut question) => received,
            () = closing(&mut phases) => break,
        };
        match received {
            Ok((length, from)) => handle_datagram(&shared, &socket, &question[..length], from, &mut out),
            Err(_) => tokio::time::sleep(PAUSE).await,
        }
    }
    // Another process may listen here now; what came here before is answered here.
    while let Ok((length, from)) = socket.try_recv_from(&mut question) {
        handle_datagram(&shared, &socket, &question[..length], from, &mut out);
    }
}

fn handle_datagram(shared: &Arc<Shared>, socket: &Arc<UdpSocket>, message: &[u8], from: SocketAddr, out: &mut [u8]) {
    match shared.handle(message, Transport::Udp, out) {
        Outcome::Ignored => {}
        // Who does not take its answer asks again.
        Outcome::Answered(length) => drop(socket.try_send_to(&out[..length], from)),
        Outcome::Forwarded {
            udp_limit,
            is_known,
            permit,
        } => {
            let (shared, socket, message) = (Arc::clone(shared), Arc::clone(socket), message.to_vec());
            tokio::spawn(async move {
                let answer = shared.forward(&message, Transport::Udp, udp_limit, is_known).await;
                let _ = socket.send_to(&answer, from).await;
                drop(permit);
            });
        }
    }
}

async fn serve_tcp(shared: Arc<Shared>, listener: TcpListener, mut phases: Phases) {
    let connections = Arc::new(Semaphore::new(MAX_CONNECTIONS));
    loop {
        let accepted = tokio::select! {
            accepted = listener.accept() => accepted,
            () = closing(&mut phases) => return,
        };
        match accepted {
            Ok((stream, _)) => {
                if let Ok(permit) = Arc::clone(&connections).try_acquire_owned() {
                    let (shared, phases) = (Arc::clone(&shared), phases.clone());
                    tokio::spawn(async move {
                        let _ = serve_connection(&shared, stream, phases).await;
                        drop(permit);
                    });
                }
            }
            Err(_) => tokio::time::sleep(PAUSE).await,
        }
    }
}

/// One question after the other (RFC 7766 section 6.2.1.1 lets the answers of several at once be in order).
async fn serve_connection(shared: &Shared, mut stream: TcpStream, mut phases: Phases) -> io::Result<()> {
    stream.set_nodelay(true)?;
    let mut question = Vec::new();
    let mut out = Vec::new();
    loop {
        let length = tokio::select! {
            length = timeout(IDLE, stream.read_u16()) => usize::from(length??),
            () = closing(&mut phases) => return Ok(()),
        };
        if length > MAX_QUESTION {
            return Ok(());
        }
        question.resize(length, 0);
        timeout(IDLE, stream.read_exact(&mut question)).await??;
        out.resize(2 + usize::from(u16::MAX), 0);
        let length = match shared.handle(&question, Transport::Tcp, &mut out[2..]) {
            Outcome::Ignored => return Ok(()),
            Outcome::Answered(length) => length,
            Outcome::Forwarded {
                udp_limit,
                is_known,
                permit,
            } => {
                let answer = shared.forward(&question, Transport::Tcp, udp_limit, is_known).await;
                drop(permit);
                out[2..2 + answer.len()].copy_from_slice(&answer);
                answer.len()
            }
        };
        out[..2].copy_from_slice(&(length as u16).to_be_bytes());
        timeout(IDLE, stream.write_all(&out[..2 + length])).await??;
    }
}
