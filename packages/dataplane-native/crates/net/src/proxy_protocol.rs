//! The PROXY protocol, versions 1 and 2: what a load balancer says in front of a connection's bytes about who its client
//! is (`haproxy.org/download/3.0/doc/proxy-protocol.txt`).

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};

/// The longest header of version 1, its line end included (section 2.1).
const MAX_V1_BYTES: usize = 107;

/// The longest header of version 2 that is read. What comes after the addresses may be a certificate, not a document.
pub const MAX_PROXY_HEADER_BYTES: usize = 16 * 1024;

const V1_START: &[u8] = b"PROXY ";
const V2_START: &[u8] = b"\r\n\r\n\0\r\nQUIT\n";
const V2_FIXED_BYTES: usize = 16;

/// Which form a header has.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ProxyVersion {
    /// A line of text.
    V1,
    /// Binary.
    V2,
}

/// A header.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ProxyHeader {
    /// Its form.
    pub version: ProxyVersion,
    /// Where the client is, and where it connected to. Absent where the sender speaks for itself, or does not know.
    pub addresses: Option<(SocketAddr, SocketAddr)>,
    /// Bytes it takes.
    pub len: usize,
}

/// What the first bytes of a connection are.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ProxyParse {
    /// A header, complete.
    Found(ProxyHeader),
    /// Perhaps a header: more bytes have to come.
    Incomplete,
    /// No header.
    Absent,
    /// The beginning of a header that is none.
    Malformed(&'static str),
}

/// Reads the header at the front of `bytes`.
pub fn parse_proxy_header(bytes: &[u8]) -> ProxyParse {
    if begins(bytes, V2_START) {
        return if bytes.len() < V2_FIXED_BYTES {
            ProxyParse::Incomplete
        } else {
            parse_v2(bytes)
        };
    }
    if begins(bytes, V1_START) {
        return parse_v1(bytes);
    }
    ProxyParse::Absent
}

/// Whether one of them is the beginning of the other.
fn begins(bytes: &[u8], start: &[u8]) -> bool {
    let common = bytes.len().min(start.len());
    bytes[..common] == start[..common]
}

fn parse_v1(bytes: &[u8]) -> ProxyParse {
    let within = &bytes[..bytes.len().min(MAX_V1_BYTES)];
    let Some(end) = within.windows(2).position(|pair| pair == b"\r\n") else {
        return if bytes.len() < MAX_V1_BYTES {
            ProxyParse::Incomplete
        } else {
            ProxyParse::Malformed("a line of version 1 has no end")
        };
    };
    let Some(line) = bytes.get(V1_START.len()..end) else {
        return ProxyParse::Malformed("a line of version 1 is empty");
    };
    let found = |addresses| {
        ProxyParse::Found(ProxyHeader {
            version: ProxyVersion::V1,
            addresses,
            len: end + 2,
        })
    };
    if line == b"UNKNOWN" || line.starts_with(b"UNKNOWN ") {
        return found(None);
    }
    match std::str::from_utf8(line).ok().and_then(addresses_v1) {
        Some(addresses) => found(Some(addresses)),
        None => ProxyParse::Malformed("a line of version 1 is not `TCP4` or `TCP6` with two addresses and two ports"),
    }
}

fn addresses_v1(line: &str) -> Option<(SocketAddr, SocketAddr)> {
    let mut parts = line.split(' ');
    let is_v4 = match parts.next()? {
        "TCP4" => true,
        "TCP6" => false,
        _ => return None,
    };
    let ip = |text: &str| -> Option<IpAddr> {
        if is_v4 {
            text.parse::<Ipv4Addr>().ok().map(IpAddr::from)
        } else {
            text.parse::<Ipv6Addr>().ok().map(|ip| IpAddr::from(ip).to_canonical())
        }
    };
    let port = |text: &str| -> Option<u16> {
        let is_number = text.bytes().all(|byte| byte.is_ascii_digit()) && (text == "0" || !text.starts_with('0'));
        is_number.then(|| text.parse().ok()).flatten()
    };
    let (source, destination) = (ip(parts.next()?)?, ip(parts.next()?)?);
    let (source_port, destination_port) = (port(parts.next()?)?, port(parts.next()?)?);
    parts.next().is_none().then(|| {
        (
            SocketAddr::new(source, source_port),
            SocketAddr::new(destination, destination_port),
        )
    })
}

fn parse_v2(bytes: &[u8]) -> ProxyParse {
    let (version_and_command, family) = (bytes[12], bytes[13]);
    let len = V2_FIXED_BYTES + usize::from(u16::from_be_bytes([bytes[14], bytes[15]]));
    if len > MAX_PROXY_HEADER_BYTES {
        return ProxyParse::Malformed("a header of version 2 is too long");
    }
    if version_and_command >> 4 != 2 {
        return ProxyParse::Malformed("a binary header is not of version 2");
    }
    let is_local = match version_and_command & 0xf {
        0 => true,
        1 => false,
        _ => return ProxyParse::Malformed("a header of version 2 has an unknown command"),
    };
    let Some(content) = bytes.get(V2_FIXED_BYTES..len) else {
        return ProxyParse::Incomplete;
    };
    let found = |addresses| {
        ProxyParse::Found(ProxyHeader {
            version: ProxyVersion::V2,
            addresses,
            len,
        })
    };
    if is_local {
        return found(None);
    }
    let (addresses, rest) = match family {
        0x11 => match content.split_at_checked(12) {
            Some((at, rest)) => (Some(pair(ip_v4(&at[..4]), ip_v4(&at[4..8]), &at[8..])), rest),
            None => return ProxyParse::Malformed("the addresses of a header of version 2 are cut short"),
        },
        0x21 => match content.split_at_checked(36) {
            Some((at, rest)) => (Some(pair(ip_v6(&at[..16]), ip_v6(&at[16..32]), &at[32..])), rest),
            None => return ProxyParse::Malformed("the addresses of a header of version 2 are cut short"),
        },
        // A Unix socket, which has no address that means anything here.
        0x31 => match content.split_at_checked(216) {
            Some((_, rest)) => (None, rest),
            None => return ProxyParse::Malformed("the addresses of a header of version 2 are cut short"),
        },
        0x00 => return found(None),
        _ => return ProxyParse::Malformed("a header of version 2 speaks of something else than a stream"),
    };
    if has_whole_values(rest) {
        found(addresses)
    } else {
        ProxyParse::Malformed("a value of a header of version 2 is cut short")
    }
}

fn ip_v4(bytes: &[u8]) -> IpAddr {
    bytes
        .try_into()
        .map_or(Ipv4Addr::UNSPECIFIED.into(), |octets: [u8; 4]| octets.into())
}

fn ip_v6(bytes: &[u8]) -> IpAddr {
    let octets: [u8; 16] = bytes.try_into().unwrap_or_default();
    IpAddr::from(octets).to_canonical()
}

fn pair(source: IpAddr, destination: IpAddr, ports: &[u8]) -> (SocketAddr, SocketAddr) {
    let port = |at: usize| u16::from_be_bytes([ports[at], ports[at + 1]]);
    (SocketAddr::new(source, port(0)), SocketAddr::new(destination, port(2)))
}

/// Type, length and value, again and again.
fn has_whole_values(mut rest: &[u8]) -> bool {
    while !rest.is_empty() {
        let [_, high, low, tail @ ..] = rest else { return false };
        match tail.get(usize::from(u16::from_be_bytes([*high, *low]))..) {
            Some(next) => rest = next,
            None => return false,
        }
    }
    true
}

/// A header in front of a connection for a client, or for the sender itself where there is none.
pub fn write_proxy_header(version: ProxyVersion, client: Option<(SocketAddr, SocketAddr)>, out: &mut Vec<u8>) {
    let client = client.map(|(source, destination)| of_one_family(source, destination));
    match version {
        ProxyVersion::V1 => write_v1(client, out),
        ProxyVersion::V2 => write_v2(client, out),
    }
}

fn of_one_family(source: SocketAddr, destination: SocketAddr) -> (SocketAddr, SocketAddr) {
    let (one, two) = (source.ip().to_canonical(), destination.ip().to_canonical());
    let (one, two) = match (one, two) {
        (IpAddr::V4(one), IpAddr::V6(_)) => (one.to_ipv6_mapped().into(), two),
        (IpAddr::V6(_), IpAddr::V4(two)) => (one, two.to_ipv6_mapped().into()),
        same => same,
    };
    (
        SocketAddr::new(one, source.port()),
        SocketAddr::new(two, destination.port()),
    )
}

fn write_v1(client: Option<(SocketAddr, SocketAddr)>, out: &mut Vec<u8>) {
    let line = match client {
        None => "PROXY UNKNOWN\r\n".to_owned(),
        Some((source, destination)) => format!(
            "PROXY {} {} {} {} {}\r\n",
            if source.is_ipv4() { "TCP4" } else { "TCP6" },
            source.ip(),
            destination.ip(),
            source.port(),
            destination.port()
        ),
    };
    out.extend_from_slice(line.as_bytes());
}

fn write_v2(client: Option<(SocketAddr, SocketAddr)>, out: &mut Vec<u8>) {
    out.extend_from_slice(V2_START);
    match client {
        None => out.extend_from_slice(&[0x20, 0, 0, 0]),
        Some((source, destination)) => {
            match (source.ip(), destination.ip()) {
                (IpAddr::V4(one), IpAddr::V4(two)) => {
                    out.extend_from_slice(&[0x21, 0x11, 0, 12]);
                    out.extend_from_slice(&one.octets());
                    out.extend_from_slice(&two.octets());
                }
                (one, two) => {
                    let octets = |ip| match ip {
                        IpAddr::V4(ip) => ip.to_ipv6_mapped().octets(),
                        IpAddr::V6(ip) => ip.octets(),
                    };
                    out.extend_from_slice(&[0x21, 0x21, 0, 36]);
                    out.extend_from_slice(&octets(one));
                    out.extend_from_slice(&octets(two));
                }
            }
            out.extend_from_slice(&source.port().to_be_bytes());
            out.extend_from_slice(&destination.port().to_be_bytes());
        }
    }
}

/// Entry for fuzzers: whatever the bytes are, reading them ends with an answer, and what is found lies within them.
pub fn fuzz_proxy_header(bytes: &[u8]) {
    if let ProxyParse::Found(header) = parse_proxy_header(bytes) {
        let _ = &bytes[header.len..];
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn address(text: &str) -> SocketAddr {
        text.parse().expect("an address")
    }

    fn written(version: ProxyVersion, client: Option<(&str, &str)>) -> Vec<u8> {
        let mut out = Vec::new();
        write_proxy_header(version, client.map(|(a, b)| (address(a), address(b))), &mut out);
        out
    }

    #[test]
    fn what_is_written_is_read_in_both_versions_and_families() {
        for version in [ProxyVersion::V1, ProxyVersion::V2] {
            for (source, destination) in [
                ("192.0.2.1:1234", "10.0.0.1:80"),
                ("[2001:db8::1]:1", "[2001:db8::2]:65535"),
            ] {
                let mut bytes = written(version, Some((source, destination)));
                let len = bytes.len();
                for cut in 0..len {
                    assert_eq!(
                        parse_proxy_header(&bytes[..cut]),
                        ProxyParse::Incomplete,
                        "{cut} of {len}"
                    );
                }
                bytes.extend_from_slice(b"GET / HTTP/1.1\r\n");
                assert_eq!(
                    parse_proxy_header(&bytes),
                    ProxyParse::Found(ProxyHeader {
                        version,
                        addresses: Some((address(source), address(destination))),
                        len,
                    })
                );
            }
            let own = written(version, None);
            assert!(matches!(
                parse_proxy_header(&own),
                ProxyParse::Found(ProxyHeader { addresses: None, len, .. }) if len == own.len()
            ));
        }
    }

    #[test]
    fn addresses_of_two_families_are_written_as_one() {
        let text = written(ProxyVersion::V1, Some(("192.0.2.1:1", "[2001:db8::2]:2")));
        assert_eq!(text, b"PROXY TCP6 ::ffff:192.0.2.1 2001:db8::2 1 2\r\n");
        let mapped = written(ProxyVersion::V1, Some(("[::ffff:192.0.2.1]:1", "10.0.0.1:2")));
        assert_eq!(mapped, b"PROXY TCP4 192.0.2.1 10.0.0.1 1 2\r\n");
    }

    #[test]
    fn what_only_looks_like_a_header_is_refused() {
        for line in [
            "PROXY \r\n",
            "PROXY TCP4\r\n",
            "PROXY TCP4 192.0.2.1 10.0.0.1 1\r\n",
            "PROXY TCP4 192.0.2.1 10.0.0.1 1 2 3\r\n",
            "PROXY TCP4 192.0.2.1  10.0.0.1 1 2\r\n",
            "PROXY TCP4 192.0.2.1 10.0.0.1 01 2\r\n",
            "PROXY TCP4 192.0.2.1 10.0.0.1 +1 2\r\n",
            "PROXY TCP4 192.0.2.1 10.0.0.1 1 65536\r\n",
            "PROXY TCP4 2001:db8::1 10.0.0.1 1 2\r\n",
            "PROXY TCP6 192.0.2.1 10.0.0.1 1 2\r\n",
            "PROXY UDP4 192.0.2.1 10.0.0.1 1 2\r\n",
            "PROXY UNKNOWNS\r\n",
        ] {
            assert!(
                matches!(parse_proxy_header(line.as_bytes()), ProxyParse::Malformed(_)),
                "{line}"
            );
        }
        let endless = [b"PROXY ".as_slice(), &[b'a'; 200]].concat();
        assert!(matches!(parse_proxy_header(&endless), ProxyParse::Malformed(_)));
        let binary = |tail: &[u8]| [V2_START, tail].concat();
        for tail in [
            [0x11, 0x11, 0, 12].as_slice(),
            &[0x22, 0x11, 0, 12],
            &[0x21, 0x12, 0, 0],
            &[0x21, 0x11, 0, 4, 1, 2, 3, 4],
            &[0x21, 0x11, 0xff, 0xff],
            &[0x21, 0x11, 0, 15, 1, 1, 1, 1, 2, 2, 2, 2, 0, 1, 0, 2, 4, 0, 9],
        ] {
            assert!(
                matches!(parse_proxy_header(&binary(tail)), ProxyParse::Malformed(_)),
                "{tail:?}"
            );
        }
    }

    #[test]
    fn what_follows_the_addresses_is_skipped() {
        let bytes = [
            V2_START,
            &[0x21, 0x11, 0, 17, 1, 1, 1, 1, 2, 2, 2, 2, 0, 1, 0, 2, 0xea, 0, 2, 7, 8],
            b"rest",
        ]
        .concat();
        let ProxyParse::Found(header) = parse_proxy_header(&bytes) else {
            panic!("found")
        };
        assert_eq!(header.addresses, Some((address("1.1.1.1:1"), address("2.2.2.2:2"))));
        assert_eq!(&bytes[header.len..], b"rest");
    }

    #[test]
    fn other_protocols_have_no_header() {
        for bytes in [
            "GET / HTTP/1.1\r\n",
            "PROPFIND / HTTP/1.1",
            "PRI * HTTP/2.0\r\n\r\n",
            "\x16\x03\x01",
            "\r\nx",
        ] {
            assert_eq!(parse_proxy_header(bytes.as_bytes()), ProxyParse::Absent, "{bytes:?}");
        }
        assert_eq!(parse_proxy_header(b"P"), ProxyParse::Incomplete);
        assert_eq!(parse_proxy_header(b""), ProxyParse::Incomplete);
    }
}
