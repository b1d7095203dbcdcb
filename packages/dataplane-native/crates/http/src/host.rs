//! What may stand for a host: in `Host`, in a target, in `:authority` (RFC 3986 section 3.2).

use std::net::Ipv6Addr;

/// A host, perhaps with a port, without user information. Empty is one too: of a target that has no authority.
pub(crate) fn is_host(text: &[u8]) -> bool {
    let (is_valid, rest) = if let Some(literal) = text.strip_prefix(b"[") {
        let Some(end) = memchr::memchr(b']', literal) else {
            return false;
        };
        (is_ip_literal(&literal[..end]), &literal[end + 1..])
    } else {
        let end = memchr::memchr(b':', text).unwrap_or(text.len());
        (is_name(&text[..end]), &text[end..])
    };
    is_valid && (rest.is_empty() || rest[0] == b':' && rest[1..].iter().all(u8::is_ascii_digit))
}

/// A host with a port that can be connected to: what CONNECT names.
pub(crate) fn is_host_with_port(text: &[u8]) -> bool {
    let Some(at) = memchr::memrchr(b':', text) else {
        return false;
    };
    // An address of IPv6 alone ends with its bracket, not with a port.
    let port = std::str::from_utf8(&text[at + 1..]).unwrap_or_default();
    at > 0 && is_host(text) && port.parse::<u16>().is_ok_and(|port| port > 0)
}

/// `reg-name`, which addresses of IPv4 are too.
fn is_name(text: &[u8]) -> bool {
    let mut at = 0;
    while let Some(byte) = text.get(at) {
        if *byte == b'%' {
            if !matches!(text.get(at + 1..at + 3), Some(pair) if pair.iter().all(u8::is_ascii_hexdigit)) {
                return false;
            }
            at += 3;
        } else if is_name_byte(*byte) {
            at += 1;
        } else {
            return false;
        }
    }
    true
}

fn is_name_byte(byte: u8) -> bool {
    byte.is_ascii_alphanumeric()
        || matches!(
            byte,
            b'-' | b'.' | b'_' | b'~' | b'!' | b'$' | b'&' | b'\'' | b'(' | b')' | b'*' | b'+' | b',' | b';' | b'='
        )
}

/// What stands between brackets.
fn is_ip_literal(text: &[u8]) -> bool {
    if let [b'v' | b'V', rest @ ..] = text {
        let Some(dot) = memchr::memchr(b'.', rest) else {
            return false;
        };
        let (version, address) = (&rest[..dot], &rest[dot + 1..]);
        return !version.is_empty()
            && version.iter().all(u8::is_ascii_hexdigit)
            && !address.is_empty()
            && address.iter().all(|byte| is_name_byte(*byte) || *byte == b':');
    }
    std::str::from_utf8(text).is_ok_and(|text| text.parse::<Ipv6Addr>().is_ok())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_and_addresses_with_and_without_a_port_are_hosts() {
        for text in [
            "",
            "a",
            "a:",
            "a:80",
            "A.Example:99999",
            "1.2.3.4:5",
            "[::1]",
            "[::1]:8080",
            "[v1.a:b]",
            "a%20b",
            "a_b,c",
        ] {
            assert!(is_host(text.as_bytes()), "{text}");
        }
    }

    #[test]
    fn what_readers_could_take_for_different_hosts_is_none() {
        for text in [
            "a:port",
            "a:80:90",
            "a:+80",
            "a: 80",
            "[::1",
            "[::1]x",
            "[::1]:x",
            "::1",
            "[]",
            "[a]",
            "[1.2.3.4]",
            "a%4",
            "a%",
            "a%zz",
            "u@a",
            "a/b",
            "a b",
            "a]",
            "\u{e9}",
            "[v.a]",
            "[::1%25eth0]",
        ] {
            assert!(!is_host(text.as_bytes()), "{text}");
        }
    }

    #[test]
    fn a_tunnel_needs_a_port_that_exists() {
        assert!(is_host_with_port(b"a:443"));
        assert!(is_host_with_port(b"[::1]:443"));
        for text in ["a", "a:", ":443", "a:0", "a:+443", "a:65536", "[::1]", "a:443:1"] {
            assert!(!is_host_with_port(text.as_bytes()), "{text}");
        }
    }
}
