//! Where something listens or can be reached.

use std::{
    fmt,
    net::{IpAddr, SocketAddr},
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
    /// An IP address and a TCP port.
    Socket(SocketAddr),
    /// A name to resolve and a TCP port; in clusters of kind `strictDns` and `logicalDns` only.
    Host(Arc<str>, u16),
    /// A path in the file system; with `@` in front a name in Linux's abstract namespace.
    Unix(Arc<str>),
    /// Another listener of this proxy, by name, and what tells several endpoints apart that lead there.
    Internal(Arc<str>, Arc<str>),
}

impl Address {
    /// The socket address, if it is one.
    pub fn socket(&self) -> Option<SocketAddr> {
        match self {
            Self::Socket(address) => Some(*address),
            _ => None,
        }
    }

    /// The TCP port, if it has one.
    pub fn port(&self) -> Option<u16> {
        match self {
            Self::Socket(address) => Some(address.port()),
            Self::Host(_, port) => Some(*port),
            Self::Unix(_) | Self::Internal(..) => None,
        }
    }
}

impl Default for Address {
    fn default() -> Self {
        Self::Socket(SocketAddr::from(([0, 0, 0, 0], 0)))
    }
}

impl fmt::Display for Address {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Socket(address) => address.fmt(f),
            Self::Host(host, port) => write!(f, "{host}:{port}"),
            Self::Unix(path) => write!(f, "unix:{path}"),
            Self::Internal(name, id) if id.is_empty() => write!(f, "internal:{name}"),
            Self::Internal(name, id) => write!(f, "internal:{name}#{id}"),
        }
    }
}

impl FromStr for Address {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        if let Some(path) = text.strip_prefix("unix:") {
            return Ok(Self::Unix(path.into()));
        }
        if let Some(name) = text.strip_prefix("internal:") {
            let (name, id) = name.split_once('#').unwrap_or((name, ""));
            return Ok(Self::Internal(name.into(), id.into()));
        }
        if let Ok(address) = text.parse() {
            return Ok(Self::Socket(address));
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
        Ok(Self::Host(host.into(), port.parse().map_err(|_| bad())?))
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
