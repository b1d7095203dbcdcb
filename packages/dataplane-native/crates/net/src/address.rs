//! Where a socket listens or connects to.

use std::fmt;
use std::io;
use std::net::SocketAddr;
use std::path::PathBuf;

use socket2::{Domain, SockAddr};

/// An address a socket can be bound or connected to.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Address {
    /// TCP over IPv4 or IPv6.
    Tcp(SocketAddr),
    /// A Unix domain socket in the file system.
    Unix(PathBuf),
    /// A Unix domain socket in Linux's abstract namespace: the name without its leading zero byte.
    Abstract(Vec<u8>),
}

impl Address {
    /// The IP address and port, where it has one.
    pub fn tcp(&self) -> Option<SocketAddr> {
        match self {
            Self::Tcp(address) => Some(*address),
            Self::Unix(_) | Self::Abstract(_) => None,
        }
    }

    /// Envoy writes pipes as a path, with `@` in front of abstract names.
    pub fn from_pipe_path(path: &str) -> Self {
        match path.strip_prefix('@') {
            Some(name) => Self::Abstract(name.as_bytes().to_vec()),
            None => Self::Unix(PathBuf::from(path)),
        }
    }

    pub(crate) fn domain(&self) -> Domain {
        match self {
            Self::Tcp(SocketAddr::V4(_)) => Domain::IPV4,
            Self::Tcp(SocketAddr::V6(_)) => Domain::IPV6,
            Self::Unix(_) | Self::Abstract(_) => Domain::UNIX,
        }
    }

    pub(crate) fn to_sock_addr(&self) -> io::Result<SockAddr> {
        match self {
            Self::Tcp(address) => Ok(SockAddr::from(*address)),
            Self::Unix(path) => SockAddr::unix(path),
            Self::Abstract(name) => {
                use std::os::unix::ffi::OsStrExt;
                let mut path = Vec::with_capacity(name.len() + 1);
                path.push(0);
                path.extend_from_slice(name);
                SockAddr::unix(std::ffi::OsStr::from_bytes(&path))
            }
        }
    }

    pub(crate) fn from_sock_addr(address: &SockAddr) -> Self {
        if let Some(tcp) = address.as_socket() {
            return Self::Tcp(tcp);
        }
        if let Some(path) = address.as_pathname() {
            return Self::Unix(path.to_path_buf());
        }
        Self::Abstract(address.as_abstract_namespace().unwrap_or_default().to_vec())
    }
}

impl fmt::Display for Address {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Tcp(address) => address.fmt(f),
            Self::Unix(path) => path.display().fmt(f),
            Self::Abstract(name) => write!(f, "@{}", String::from_utf8_lossy(name)),
        }
    }
}

impl From<SocketAddr> for Address {
    fn from(address: SocketAddr) -> Self {
        Self::Tcp(address)
    }
}
