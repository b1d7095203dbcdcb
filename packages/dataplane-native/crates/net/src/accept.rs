//! Listening sockets.

use std::io;
use std::mem::MaybeUninit;
use std::os::fd::{AsFd as _, AsRawFd, FromRawFd, OwnedFd};
use std::task::{Context, Poll};

use socket2::{SockAddr, SockAddrStorage, Type};
use tokio::io::Interest;
use tokio::io::unix::AsyncFd;

use crate::{Address, Socket, SocketOptions};

/// How a listening socket is made.
#[derive(Clone, Debug)]
// Each is a socket option of its own, which may be set or not.
#[allow(clippy::struct_excessive_bools)]
pub struct ListenOptions {
    /// Several sockets (one per worker) share the address and the kernel spreads connections over them.
    pub reuse_port: bool,
    /// Connections the kernel keeps until they are accepted.
    pub backlog: i32,
    /// Accept connections to addresses that are not this machine's (TPROXY); needs `CAP_NET_ADMIN`.
    pub transparent: bool,
    /// Bind an address that the machine does not have yet.
    pub freebind: bool,
    /// IPv6 sockets take IPv6 only; otherwise IPv4 too, as mapped addresses.
    pub v6_only: bool,
    /// Access rights of a Unix socket's file; 0 leaves them to the system.
    pub mode: u32,
    /// Options of the accepted sockets.
    pub accepted: SocketOptions,
}

impl Default for ListenOptions {
    fn default() -> Self {
        Self {
            reuse_port: true,
            backlog: 4096,
            transparent: false,
            freebind: false,
            v6_only: true,
            mode: 0,
            accepted: SocketOptions::default(),
        }
    }
}

/// A listening socket in the reactor of this thread.
#[derive(Debug)]
pub struct Listener {
    socket: AsyncFd<socket2::Socket>,
    local: Address,
    accepted: SocketOptions,
}

impl Listener {
    /// Binds and listens. A stale file of a Unix socket is removed first. Must run inside the thread's runtime.
    pub fn bind(address: &Address, options: &ListenOptions) -> io::Result<Self> {
        let socket = socket2::Socket::new(address.domain(), Type::STREAM.nonblocking().cloexec(), None)?;
        match address {
            Address::Tcp(tcp) => {
                socket.set_reuse_address(true)?;
                if options.reuse_port {
                    socket.set_reuse_port(true)?;
                }
                if tcp.is_ipv6() {
                    socket.set_only_v6(options.v6_only)?;
                }
                if options.transparent {
                    if tcp.is_ipv6() {
                        socket.set_ip_transparent_v6(true)?;
                    } else {
                        socket.set_ip_transparent_v4(true)?;
                    }
                }
                if options.freebind {
                    if tcp.is_ipv6() {
                        socket.set_freebind_v6(true)?;
                    } else {
                        socket.set_freebind_v4(true)?;
                    }
                }
            }
            Address::Unix(path) => remove_stale_socket(path)?,
            Address::Abstract(_) => {}
        }
        socket.bind(&address.to_sock_addr()?)?;
        if let Address::Unix(path) = address
            && options.mode != 0
        {
            use std::os::unix::fs::PermissionsExt as _;
            // Before it listens: nobody can have connected with the rights of before.
            std::fs::set_permissions(path, std::fs::Permissions::from_mode(options.mode))?;
        }
        socket.listen(options.backlog)?;
        let local = Address::from_sock_addr(&socket.local_addr()?);
        // SAFETY: the socket owns its descriptor, gives the same one always, and closes it only when it is dropped.
        let socket = unsafe { AsyncFd::register_with_interest(socket, Interest::READABLE)? };
        Ok(Self {
            socket,
            local,
            accepted: options.accepted,
        })
    }

    /// Goes on with a socket that listens already, e.g. one of another process. Must run inside the thread's runtime.
    pub fn from_fd(fd: OwnedFd, options: &ListenOptions) -> io::Result<Self> {
        let socket = socket2::Socket::from(fd);
        socket.set_nonblocking(true)?;
        socket.set_cloexec(true)?;
        let local = Address::from_sock_addr(&socket.local_addr()?);
        // SAFETY: the socket owns its descriptor, gives the same one always, and closes it only when it is dropped.
        let socket = unsafe { AsyncFd::register_with_interest(socket, Interest::READABLE)? };
        Ok(Self {
            socket,
            local,
            accepted: options.accepted,
        })
    }

    /// Another descriptor of the same socket.
    pub fn duplicate(&self) -> io::Result<OwnedFd> {
        self.socket.get_ref().as_fd().try_clone_to_owned()
    }

    /// The address it is bound to, with the port the kernel chose where 0 was asked for.
    pub fn local_address(&self) -> &Address {
        &self.local
    }

    /// The next connection. It belongs to no reactor yet, so it can be sent to the thread that shall serve it.
    ///
    /// Errors that concern one connection only are skipped; see [`is_resource_exhaustion`] for the others.
    pub fn poll_accept(&self, cx: &mut Context<'_>) -> Poll<io::Result<Accepted>> {
        loop {
            let mut ready = std::task::ready!(self.socket.poll_read_ready(cx))?;
            match ready.try_io(|socket| accept_one(socket.get_ref())) {
                Err(_would_block) => {}
                Ok(Err(error)) if concerns_one_connection(&error) => {}
                Ok(Err(error)) => return Poll::Ready(Err(error)),
                Ok(Ok((socket, peer))) => {
                    let is_tcp = matches!(self.local, Address::Tcp(_));
                    if is_tcp && self.accepted.apply_to_tcp(&socket).is_err() {
                        // The peer has gone between the handshake and now.
                        continue;
                    }
                    return Poll::Ready(Ok(Accepted::new(socket, peer, is_tcp)));
                }
            }
        }
    }

    /// Like [`poll_accept`](Self::poll_accept), as a future.
    pub async fn accept(&self) -> io::Result<Accepted> {
        std::future::poll_fn(|cx| self.poll_accept(cx)).await
    }
}

/// A connection that no reactor owns yet.
#[derive(Debug)]
pub struct Accepted {
    socket: socket2::Socket,
    peer: Address,
    is_tcp: bool,
}

impl Accepted {
    pub(crate) fn new(socket: socket2::Socket, peer: Address, is_tcp: bool) -> Self {
        Self { socket, peer, is_tcp }
    }

    /// The peer's address.
    pub fn peer(&self) -> &Address {
        &self.peer
    }

    /// Registers the connection in the reactor of the calling thread.
    pub fn attach(self) -> io::Result<Socket> {
        Socket::from_socket2(self.socket, self.is_tcp)
    }
}

/// Whether accepting failed because the process or the machine ran out of something (descriptors, memory): the caller
/// waits a little instead of spinning, and the listener stays usable.
pub fn is_resource_exhaustion(error: &io::Error) -> bool {
    matches!(
        error.raw_os_error(),
        Some(libc::EMFILE | libc::ENFILE | libc::ENOBUFS | libc::ENOMEM)
    )
}

/// accept4(2) reports errors that were pending on the new connection as its own.
fn concerns_one_connection(error: &io::Error) -> bool {
    matches!(
        error.raw_os_error(),
        Some(
            libc::ECONNABORTED
                | libc::EINTR
                | libc::EPERM
                | libc::EPROTO
                | libc::ENETDOWN
                | libc::ENOPROTOOPT
                | libc::EHOSTDOWN
                | libc::ENONET
                | libc::EHOSTUNREACH
                | libc::ENETUNREACH
        )
    )
}

fn accept_one(listener: &socket2::Socket) -> io::Result<(socket2::Socket, Address)> {
    let mut storage = MaybeUninit::<SockAddrStorage>::zeroed();
    let mut length = libc::socklen_t::try_from(size_of::<SockAddrStorage>()).unwrap_or(libc::socklen_t::MAX);
    // SAFETY: the descriptor is open as long as `listener` lives; `storage` is as large as `length` says and `length`
    // outlives the call. A non-negative answer is a new descriptor that nobody else owns.
    let socket = unsafe {
        let fd = libc::accept4(
            listener.as_raw_fd(),
            storage.as_mut_ptr().cast(),
            &raw mut length,
            libc::SOCK_NONBLOCK | libc::SOCK_CLOEXEC,
        );
        if fd < 0 {
            return Err(io::Error::last_os_error());
        }
        socket2::Socket::from(OwnedFd::from_raw_fd(fd))
    };
    // SAFETY: zeroed before, and filled by the kernel up to `length`, which it set.
    let peer = unsafe { SockAddr::new(storage.assume_init(), length) };
    Ok((socket, Address::from_sock_addr(&peer)))
}

/// Removes what a process that was killed left behind; never anything that is not a socket or still answers.
fn remove_stale_socket(path: &std::path::Path) -> io::Result<()> {
    use std::os::unix::fs::FileTypeExt;
    let Ok(metadata) = std::fs::symlink_metadata(path) else {
        return Ok(());
    };
    if !metadata.file_type().is_socket() {
        return Err(io::Error::new(
            io::ErrorKind::AlreadyExists,
            "exists and is not a socket",
        ));
    }
    if std::os::unix::net::UnixStream::connect(path).is_ok() {
        return Err(io::Error::from(io::ErrorKind::AddrInUse));
    }
    std::fs::remove_file(path)
}
