//! Where something listens or can be reached.

use std::{
    fmt,
    net::{IpAddr, Ipv4Addr, SocketAddr, SocketAddrV4, SocketAddrV6},
    str::FromStr,
    sync::Arc,
};

use ipnet::IpNet;
use serde::{Deserialize, Serialize};

/// An address. As text: `127.0.0.1:8080`, `[::1]:8080`, `example.com:80`, `unix:/run/x.sock`, `unix:@abstract`,
/// `internal:listener`, `internal:listener#endpoint`.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub enum Address {
    /// An IPv4 address with its port: what nearly all are, so it is all that there is room for.
    V4(SocketAddrV4),
    /// An IPv6 address with its port.
    V6(Box<SocketAddrV6>),
    /// A name that has to be resolved, and a port.
    Host(Box<(Arc<str>, u16)>),
    /// A Unix domain socket; `@name` is an abstract one.
    Unix(Box<Arc<str>>),
    /// An internal listener (`EnvoyInternalAddress`), and what tells endpoints that lead to the same one apart.
    Internal(Box<(Arc<str>, Arc<str>)>),
}

impl Address {
    /// The IP address and port, if it has one.
    pub fn socket(&self) -> Option<SocketAddr> {
        match self {
            Self::V4(address) => Some((*address).into()),
            Self::V6(address) => Some((**address).into()),
            Self::Host(_) | Self::Unix(_) | Self::Internal(_) => None,
        }
    }

    /// A name and a port.
    pub fn of_host(name: impl Into<Arc<str>>, port: u16) -> Self {
        Self::Host(Box::new((name.into(), port)))
    }

    /// A Unix domain socket.
    pub fn of_unix(path: impl Into<Arc<str>>) -> Self {
        Self::Unix(Box::new(path.into()))
    }

    /// An internal listener.
    pub fn of_internal(listener: impl Into<Arc<str>>, id: impl Into<Arc<str>>) -> Self {
        Self::Internal(Box::new((listener.into(), id.into())))
    }

    /// The internal listener, if it is one.
    pub fn internal_listener(&self) -> Option<&Arc<str>> {
        match self {
            Self::Internal(internal) => Some(&internal.0),
            _ => None,
        }
    }

    /// The port, if it has one.
    pub fn port(&self) -> Option<u16> {
        match self {
            Self::V4(address) => Some(address.port()),
            Self::V6(address) => Some(address.port()),
            Self::Host(host) => Some(host.1),
            Self::Unix(_) | Self::Internal(_) => None,
        }
    }
}

impl From<SocketAddr> for Address {
    fn from(address: SocketAddr) -> Self {
        match address {
            SocketAddr::V4(address) => Self::V4(address),
            SocketAddr::V6(address) => Self::V6(Box::new(address)),
        }
    }
}

impl Default for Address {
    fn default() -> Self {
        Self::V4(SocketAddrV4::new(Ipv4Addr::UNSPECIFIED, 0))
    }
}

impl fmt::Display for Address {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::V4(address) => address.fmt(f),
            Self::V6(address) => address.fmt(f),
            Self::Host(host) => write!(f, "{}:{}", host.0, host.1),
            Self::Unix(path) => write!(f, "unix:{path}"),
            Self::Internal(internal) => match &**internal {
                (name, id) if id.is_empty() => write!(f, "internal:{name}"),
                (name, id) => write!(f, "internal:{name}#{id}"),
            },
        }
    }
}

impl FromStr for Address {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        if let Some(path) = text.strip_prefix("unix:") {
            return Ok(Self::of_unix(path));
        }
        if let Some(name) = text.strip_prefix("internal:") {
            let (name, id) = name.split_once('#').unwrap_or((name, ""));
            return Ok(Self::of_internal(name, id));
        }
        if let Ok(address) = text.parse::<SocketAddr>() {
            return Ok(address.into());
        }
        let bad = || format!("{text:?} is not an address: write host:port, unix:/path or internal:listener");
        let (host, port) = text.rsplit_once(':').ok_or_else(bad)?;
        let host_ok = !host.is_empty()
            && host
                .bytes()
                .all(|byte| byte.is_ascii_alphanumeric() || b"-._".contains(&byte));
        if !host_ok {
            return Err(bad());
        }
        Ok(Self::of_host(host, port.parse().map_err(|_| bad())?))
    }
}

impl TryFrom<String> for Address {
    type Error = String;

    fn try_from(text: String) -> Result<Self, String> {
        text.parse()
    }
}

impl From<Address> for String {
    fn from(address: Address) -> Self {
        address.to_string()
    }
}

/// A range of IP addresses, e.g. `10.0.0.0/8`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(transparent)]
pub struct CidrRange(IpNet);

impl CidrRange {
    /// The range of `prefix_len` bits around `address`, whose other bits do not matter. `None`: too many bits.
    pub fn new(address: IpAddr, prefix_len: u8) -> Option<Self> {
        IpNet::new(address, prefix_len).ok().map(|net| Self(net.trunc()))
    }

    /// True if `address` is in it; an IPv4 address in IPv6 notation is the IPv4 address.
    pub fn contains(&self, address: IpAddr) -> bool {
        self.0.contains(&address.to_canonical())
    }

    /// Leading bits that are fixed.
    pub fn prefix_len(&self) -> u8 {
        self.0.prefix_len()
    }
}

impl fmt::Display for CidrRange {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn addresses_are_written_and_read_the_same_way() {
        for text in [
            "127.0.0.1:80",
            "[::1]:80",
            "example.com:443",
            "unix:/run/a",
            "unix:@abstract",
            "internal:tunnel",
            "internal:tunnel#10.0.0.1:80",
        ] {
            assert_eq!(text.parse::<Address>().unwrap().to_string(), text);
        }
        for bad in ["127.0.0.1", "x:99999", ":80", "a b:80", ""] {
            assert!(bad.parse::<Address>().is_err(), "{bad}");
        }
    }

    #[test]
    fn ranges_ignore_host_bits_and_ipv6_notation() {
        let range = CidrRange::new("10.1.2.3".parse().unwrap(), 8).unwrap();
        assert_eq!(range.to_string(), "10.0.0.0/8");
        assert!(range.contains("10.9.9.9".parse().unwrap()));
        assert!(range.contains("::ffff:10.9.9.9".parse().unwrap()));
        assert!(!range.contains("11.0.0.1".parse().unwrap()));
        assert!(CidrRange::new("10.0.0.0".parse().unwrap(), 33).is_none());
    }
}
