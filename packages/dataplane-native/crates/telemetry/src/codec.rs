//! Records of rings as bytes: numbers in little endian, strings with their length in front.

use std::net::{IpAddr, Ipv6Addr, SocketAddr};

/// Longest string of a record; longer ones are cut.
pub(crate) const MAX_STRING_BYTES: usize = 2048;

pub(crate) fn put_u16(out: &mut Vec<u8>, value: u16) {
    out.extend_from_slice(&value.to_le_bytes());
}

pub(crate) fn put_u32(out: &mut Vec<u8>, value: u32) {
    out.extend_from_slice(&value.to_le_bytes());
}

pub(crate) fn put_u64(out: &mut Vec<u8>, value: u64) {
    out.extend_from_slice(&value.to_le_bytes());
}

pub(crate) fn put_bytes(out: &mut Vec<u8>, value: &[u8]) {
    let value = &value[..value.len().min(MAX_STRING_BYTES)];
    put_u16(out, value.len() as u16);
    out.extend_from_slice(value);
}

pub(crate) fn put_address(out: &mut Vec<u8>, address: Option<SocketAddr>) {
    match address {
        None => out.push(0),
        Some(address) => {
            match address.ip() {
                IpAddr::V4(ip) => {
                    out.push(4);
                    out.extend_from_slice(&ip.octets());
                }
                IpAddr::V6(ip) => {
                    out.push(6);
                    out.extend_from_slice(&ip.octets());
                }
            }
            put_u16(out, address.port());
        }
    }
}

/// Reads what the functions above wrote. Nothing is trusted: a record that does not fit is no record.
#[derive(Clone, Copy)]
pub(crate) struct Decoder<'a>(pub(crate) &'a [u8]);

impl<'a> Decoder<'a> {
    pub(crate) fn u8(&mut self) -> Option<u8> {
        self.array::<1>().map(|[byte]| byte)
    }

    pub(crate) fn u16(&mut self) -> Option<u16> {
        self.array().map(u16::from_le_bytes)
    }

    pub(crate) fn u32(&mut self) -> Option<u32> {
        self.array().map(u32::from_le_bytes)
    }

    pub(crate) fn u64(&mut self) -> Option<u64> {
        self.array().map(u64::from_le_bytes)
    }

    pub(crate) fn bytes(&mut self) -> Option<&'a [u8]> {
        let length = self.u16()?;
        let (taken, rest) = self.0.split_at_checked(usize::from(length))?;
        self.0 = rest;
        Some(taken)
    }

    pub(crate) fn str(&mut self) -> Option<&'a str> {
        std::str::from_utf8(self.bytes()?).ok()
    }

    // The outer is absent where the record is malformed, the inner where the address was.
    #[allow(clippy::option_option)]
    pub(crate) fn address(&mut self) -> Option<Option<SocketAddr>> {
        let ip: IpAddr = match self.u8()? {
            0 => return Some(None),
            4 => self.array::<4>()?.into(),
            6 => Ipv6Addr::from(self.array::<16>()?).into(),
            _ => return None,
        };
        Some(Some(SocketAddr::new(ip, self.u16()?)))
    }

    pub(crate) fn array<const N: usize>(&mut self) -> Option<[u8; N]> {
        let (taken, rest) = self.0.split_first_chunk()?;
        self.0 = rest;
        Some(*taken)
    }
}
