//! Outgoing connections.

use std::fmt;
use std::io;
use std::net::SocketAddr;
use std::os::fd::AsRawFd;
use std::time::Duration;

use socket2::Type;

use crate::{Address, Socket, SocketOptions};

/// How a connection is made.
#[derive(Clone, Copy, Debug, Default)]
pub struct ConnectOptions {
    /// The source address; port 0 lets the kernel choose late, so that ports are not used up by many destinations.
    pub source: Option<SocketAddr>,
    /// The source may be an address that is not this machine's; needs `CAP_NET_ADMIN`.
    pub transparent: bool,
    /// How long connecting may take; without end where absent.
    pub timeout: Option<Duration>,
    /// Options of the socket.
    pub socket: SocketOptions,
}

/// Why a connection could not be made.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ConnectFailure {
    /// The peer, or the network on its way, refused.
    Refused,
    /// Nobody answered in time.
    Timeout,
    /// No way to the address.
    Unreachable,
    /// This machine is out of ports, descriptors or memory.
    Exhausted,
    /// Anything else.
    Other,
}

/// A connection that could not be made.
#[derive(Debug)]
pub struct ConnectError {
    /// What kind of failure it is.
    pub failure: ConnectFailure,
    /// The address that was tried.
    pub address: Address,
    source: Option<io::Error>,
}

impl ConnectError {
    fn new(address: &Address, source: io::Error) -> Self {
        let failure = match source.raw_os_error() {
            Some(libc::ECONNREFUSED | libc::ECONNRESET | libc::ENOENT) => ConnectFailure::Refused,
            Some(libc::ETIMEDOUT) => ConnectFailure::Timeout,
            Some(libc::EHOSTUNREACH | libc::ENETUNREACH | libc::EHOSTDOWN | libc::ENETDOWN) => {
                ConnectFailure::Unreachable
            }
            Some(libc::EMFILE | libc::ENFILE | libc::EADDRNOTAVAIL | libc::ENOBUFS | libc::ENOMEM | libc::EAGAIN) => {
                ConnectFailure::Exhausted
            }
            _ => ConnectFailure::Other,
        };
        Self {
            failure,
            address: address.clone(),
            source: Some(source),
        }
    }
}

impl fmt::Display for ConnectError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.source {
            Some(source) => write!(f, "cannot connect to {}: {source}", self.address),
            None => write!(f, "cannot connect to {}: no answer in time", self.address),
        }
    }
}

impl std::error::Error for ConnectError {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        self.source.as_ref().map(|source| source as _)
    }
}

/// Connects without blocking the thread.
pub async fn connect(address: &Address, options: &ConnectOptions) -> Result<Socket, ConnectError> {
    let socket = start(address, options).map_err(|error| ConnectError::new(address, error))?;
    let Some(timeout) = options.timeout else {
        return finish(socket).await.map_err(|error| ConnectError::new(address, error));
    };
    match tokio::time::timeout(timeout, finish(socket)).await {
        Ok(result) => result.map_err(|error| ConnectError::new(address, error)),
        Err(_elapsed) => Err(ConnectError {
            failure: ConnectFailure::Timeout,
            address: address.clone(),
            source: None,
        }),
    }
}

fn start(address: &Address, options: &ConnectOptions) -> io::Result<Socket> {
    let socket = socket2::Socket::new(address.domain(), Type::STREAM.nonblocking().cloexec(), None)?;
    let is_tcp = matches!(address, Address::Tcp(_));
    if is_tcp {
        options.socket.apply_to_tcp(&socket)?;
        if let Some(source) = options.source {
            if options.transparent {
                if source.is_ipv6() {
                    socket.set_ip_transparent_v6(true)?;
                } else {
                    socket.set_ip_transparent_v4(true)?;
                }
            }
            if source.port() == 0 && source.is_ipv4() {
                bind_address_no_port(&socket);
            }
            socket.bind(&source.into())?;
        }
    } else {
        options.socket.apply_to_any(&socket)?;
    }
    match socket.connect(&address.to_sock_addr()?) {
        Err(error) if error.raw_os_error() != Some(libc::EINPROGRESS) => return Err(error),
        _ => {}
    }
    Socket::from_socket2(socket, is_tcp)
}

async fn finish(socket: Socket) -> io::Result<Socket> {
    std::future::poll_fn(|cx| socket.poll_write_ready(cx)).await?;
    match socket.as_socket2().take_error()? {
        Some(error) => Err(error),
        None => Ok(socket),
    }
}

/// Leaves choosing the port to connect(2), which can share it between destinations. Best effort.
fn bind_address_no_port(socket: &socket2::Socket) {
    let on: libc::c_int = 1;
    // SAFETY: the descriptor is open, and the option's value is an int that outlives the call.
    let _ = unsafe {
        libc::setsockopt(
            socket.as_raw_fd(),
            libc::SOL_IP,
            libc::IP_BIND_ADDRESS_NO_PORT,
            (&raw const on).cast(),
            size_of::<libc::c_int>() as libc::socklen_t,
        )
    };
}
