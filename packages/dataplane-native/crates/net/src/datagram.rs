//! Datagrams: several of them with one system call, from and to the address that the peer knows.

use std::{
    io::{self, IoSliceMut},
    net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr},
    os::fd::{AsFd as _, AsRawFd as _, OwnedFd},
    task::{Context, Poll, ready},
};

use quinn_udp::{RecvMeta, Transmit, UdpSocketState};
use socket2::{Domain, Protocol, Type};
use tokio::{io::Interest, net::UdpSocket};

/// Datagrams that one system call takes; with the kernel's coalescing each of them may be a series.
const BATCH: usize = 4;

/// The largest datagram, and the largest series.
const BYTES: usize = 64 * 1024;

/// How a socket of datagrams is made.
#[derive(Clone, Copy, Debug, Default)]
#[allow(clippy::struct_excessive_bools, reason = "each is a socket option of its own")]
pub struct DatagramOptions {
    /// Several sockets (one per worker) share the address, and the kernel gives all of one peer to one of them.
    pub reuse_port: bool,
    /// IPv6 sockets take IPv6 only.
    pub v6_only: bool,
    /// Addresses that are not this machine's; needs `CAP_NET_ADMIN`.
    pub transparent: bool,
    /// Bind an address that the machine does not have yet.
    pub freebind: bool,
    /// `SO_MARK`; needs `CAP_NET_ADMIN`.
    pub mark: Option<u32>,
}

/// A socket of datagrams in the reactor of this thread.
#[derive(Debug)]
pub struct DatagramSocket {
    socket: UdpSocket,
    state: UdpSocketState,
    local: SocketAddr,
}

/// Memory that datagrams are received into; one serves all sockets of a thread.
pub struct Datagrams {
    bytes: Box<[u8]>,
    metas: [RecvMeta; BATCH],
    count: usize,
}

impl Default for Datagrams {
    fn default() -> Self {
        Self {
            bytes: Box::default(),
            metas: [RecvMeta::default(); BATCH],
            count: 0,
        }
    }
}

/// Datagrams of one peer, all of one size but the last.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Series<'a> {
    /// Who sent them.
    pub peer: SocketAddr,
    /// The address of this machine that they were sent to.
    pub local: Option<IpAddr>,
    /// Their content, one behind the other.
    pub bytes: &'a [u8],
    /// Bytes of one.
    pub size: usize,
}

impl Series<'_> {
    /// How many there are; one of them may be empty.
    pub fn count(&self) -> usize {
        self.bytes.len().div_ceil(self.size.max(1)).max(1)
    }
}

impl Datagrams {
    /// What was received last.
    pub fn iter(&self) -> impl Iterator<Item = Series<'_>> {
        let received = self.metas.iter().zip(self.bytes.chunks(BYTES)).take(self.count);
        received.map(|(meta, bytes)| Series {
            peer: canonical(meta.addr),
            local: meta.dst_ip.map(|ip| ip.to_canonical()),
            bytes: &bytes[..meta.len],
            size: meta.stride.max(1),
        })
    }
}

fn canonical(address: SocketAddr) -> SocketAddr {
    SocketAddr::new(address.ip().to_canonical(), address.port())
}

impl DatagramSocket {
    /// Binds. Must run inside the thread's runtime.
    pub fn bind(address: SocketAddr, options: &DatagramOptions) -> io::Result<Self> {
        let socket = open(address, options)?;
        socket.bind(&address.into())?;
        Self::new(socket)
    }

    /// A bound socket that was another process's. Must run inside the thread's runtime.
    pub fn from_fd(fd: OwnedFd) -> io::Result<Self> {
        let socket = socket2::Socket::from(fd);
        if socket.r#type()? != Type::DGRAM {
            return Err(io::Error::new(
                io::ErrorKind::InvalidInput,
                "the socket is not one of datagrams",
            ));
        }
        socket.set_nonblocking(true)?;
        socket.set_cloexec(true)?;
        Self::new(socket)
    }

    /// Another descriptor of the same socket.
    pub fn duplicate(&self) -> io::Result<OwnedFd> {
        self.socket.as_fd().try_clone_to_owned()
    }

    /// A socket for one peer: what others send is dropped by the kernel. Must run inside the thread's runtime.
    pub fn connect(peer: SocketAddr, source: Option<SocketAddr>, options: &DatagramOptions) -> io::Result<Self> {
        let socket = open(peer, options)?;
        let any: IpAddr = if peer.is_ipv4() {
            Ipv4Addr::UNSPECIFIED.into()
        } else {
            Ipv6Addr::UNSPECIFIED.into()
        };
        socket.bind(&source.unwrap_or(SocketAddr::new(any, 0)).into())?;
        socket.connect(&peer.into())?;
        Self::new(socket)
    }

    fn new(socket: socket2::Socket) -> io::Result<Self> {
        let state = UdpSocketState::new((&socket).into())?;
        allow_fragments(&socket)?;
        let socket = UdpSocket::from_std(socket.into())?;
        let local = socket.local_addr()?;
        Ok(Self { socket, state, local })
    }

    /// The address it is bound to, with the port the kernel chose where 0 was asked for.
    pub fn local_address(&self) -> SocketAddr {
        self.local
    }

    /// Ready when datagrams have been received.
    pub fn poll_receive(&self, cx: &mut Context<'_>, into: &mut Datagrams) -> Poll<io::Result<()>> {
        into.count = 0;
        loop {
            ready!(self.socket.poll_recv_ready(cx))?;
            let Datagrams { bytes, metas, count } = into;
            if bytes.is_empty() {
                // Taken by the first who needs it.
                *bytes = vec![0; BATCH * BYTES].into_boxed_slice();
            }
            let mut pieces = bytes.chunks_mut(BYTES);
            let mut slices: [IoSliceMut<'_>; BATCH] =
                std::array::from_fn(|_| IoSliceMut::new(pieces.next().unwrap_or_default()));
            let received = self.socket.try_io(Interest::READABLE, || {
                self.state.recv((&self.socket).into(), &mut slices, metas)
            });
            match received {
                Ok(received) => {
                    *count = received;
                    return Poll::Ready(Ok(()));
                }
                Err(error) if error.kind() == io::ErrorKind::WouldBlock => {}
                Err(error) => return Poll::Ready(Err(error)),
            }
        }
    }

    /// Sends a series to `peer`, from `source` where that is an address of this machine. Nothing waits: what the kernel has
    /// no room for is lost, as on any other hop.
    pub fn send(&self, peer: SocketAddr, source: Option<IpAddr>, series: &Series<'_>) -> io::Result<()> {
        let destination = match (self.local, peer) {
            // A socket for both families has IPv4 in IPv6's notation.
            (SocketAddr::V6(_), SocketAddr::V4(peer)) => {
                SocketAddr::new(peer.ip().to_ipv6_mapped().into(), peer.port())
            }
            _ => peer,
        };
        let at_once = series.size.saturating_mul(self.state.max_gso_segments().max(1));
        let send = |contents: &[u8]| {
            let transmit = Transmit {
                destination,
                ecn: None,
                contents,
                segment_size: (contents.len() > series.size).then_some(series.size),
                src_ip: source,
            };
            // Whether there is room only the kernel knows: nobody has waited for it.
            self.state.try_send((&self.socket).into(), &transmit)
        };
        if series.bytes.is_empty() {
            return send(&[]);
        }
        series.bytes.chunks(at_once.max(1)).try_for_each(send)
    }
}

fn open(address: SocketAddr, options: &DatagramOptions) -> io::Result<socket2::Socket> {
    let domain = Domain::for_address(address);
    let socket = socket2::Socket::new(domain, Type::DGRAM.nonblocking().cloexec(), Some(Protocol::UDP))?;
    if options.reuse_port {
        socket.set_reuse_port(true)?;
    }
    if address.is_ipv6() {
        socket.set_only_v6(options.v6_only)?;
    }
    match (options.transparent, address.is_ipv6()) {
        (true, true) => socket.set_ip_transparent_v6(true)?,
        (true, false) => socket.set_ip_transparent_v4(true)?,
        _ => {}
    }
    match (options.freebind, address.is_ipv6()) {
        (true, true) => socket.set_freebind_v6(true)?,
        (true, false) => socket.set_freebind_v4(true)?,
        _ => {}
    }
    if let Some(mark) = options.mark {
        socket.set_mark(mark)?;
    }
    Ok(socket)
}

/// Datagrams that a client's network has put together again are as large for the next one: they are cut as the kernel does
/// by default, not refused.
fn allow_fragments(socket: &socket2::Socket) -> io::Result<()> {
    let is_v6 = socket.domain()? == Domain::IPV6;
    set_option(socket, libc::IPPROTO_IP, libc::IP_MTU_DISCOVER, libc::IP_PMTUDISC_WANT).or_else(|error| {
        // A socket of IPv6 alone may not know IPv4's options.
        if is_v6 { Ok(()) } else { Err(error) }
    })?;
    if is_v6 {
        set_option(
            socket,
            libc::IPPROTO_IPV6,
            libc::IPV6_MTU_DISCOVER,
            libc::IPV6_PMTUDISC_WANT,
        )?;
    }
    Ok(())
}

fn set_option(socket: &socket2::Socket, level: libc::c_int, name: libc::c_int, value: libc::c_int) -> io::Result<()> {
    // SAFETY: the descriptor is open, and the option's value is an int that outlives the call.
    let result = unsafe {
        libc::setsockopt(
            socket.as_raw_fd(),
            level,
            name,
            (&raw const value).cast(),
            size_of::<libc::c_int>() as libc::socklen_t,
        )
    };
    if result == 0 {
        Ok(())
    } else {
        Err(io::Error::last_os_error())
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "a test may panic")]

    use std::future::poll_fn;

    use super::*;

    async fn receive(socket: &DatagramSocket, into: &mut Datagrams) {
        poll_fn(|cx| socket.poll_receive(cx, into)).await.unwrap();
    }

    #[tokio::test]
    async fn a_series_arrives_as_it_was_sent_and_says_where_to() {
        let options = DatagramOptions::default();
        let server = DatagramSocket::bind("0.0.0.0:0".parse().unwrap(), &options).unwrap();
        let to = SocketAddr::new("127.0.0.7".parse().unwrap(), server.local_address().port());
        let client = DatagramSocket::connect(to, None, &options).unwrap();
        let series = Series {
            peer: to,
            local: None,
            bytes: b"aabbc",
            size: 2,
        };
        client.send(to, None, &series).unwrap();
        let mut datagrams = Datagrams::default();
        let mut seen = Vec::new();
        while seen.len() < 3 {
            receive(&server, &mut datagrams).await;
            for series in datagrams.iter() {
                assert_eq!(series.local, Some(to.ip()));
                seen.extend(series.bytes.chunks(series.size).map(<[u8]>::to_vec));
            }
        }
        assert_eq!(seen, [b"aa".to_vec(), b"bb".to_vec(), b"c".to_vec()]);
        // The answer comes from where the client sent to, which is all that it takes.
        let peer = datagrams.iter().next().unwrap().peer;
        let answer = Series {
            peer,
            local: None,
            bytes: b"ok",
            size: 2,
        };
        server.send(peer, Some(to.ip()), &answer).unwrap();
        receive(&client, &mut datagrams).await;
        assert_eq!(datagrams.iter().next().unwrap().bytes, b"ok");
    }

    #[tokio::test]
    async fn an_empty_datagram_is_one_too() {
        let options = DatagramOptions::default();
        let server = DatagramSocket::bind("127.0.0.1:0".parse().unwrap(), &options).unwrap();
        let to = server.local_address();
        let client = DatagramSocket::connect(to, None, &options).unwrap();
        let empty = Series {
            peer: to,
            local: None,
            bytes: b"",
            size: 1,
        };
        client.send(to, None, &empty).unwrap();
        let mut datagrams = Datagrams::default();
        receive(&server, &mut datagrams).await;
        let series = datagrams.iter().next().unwrap();
        assert_eq!((series.bytes, series.count()), (&b""[..], 1));
    }
}
