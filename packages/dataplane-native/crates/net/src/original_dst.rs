//! Where a redirected connection was going.

use std::net::{IpAddr, SocketAddr};

use crate::{Address, Socket};

/// The destination before iptables' REDIRECT or DNAT (`SO_ORIGINAL_DST`, `IP6T_SO_ORIGINAL_DST`); with TPROXY that is the
/// local address itself. Absent where the connection came here directly.
pub fn original_destination(socket: &Socket) -> Option<SocketAddr> {
    let Ok(Address::Tcp(local)) = socket.local_address() else {
        return None;
    };
    let reference = socket.as_socket2();
    let is_v4 = match local.ip() {
        IpAddr::V4(_) => true,
        IpAddr::V6(ip) => ip.to_ipv4_mapped().is_some(),
    };
    let address = if is_v4 {
        reference.original_dst_v4()
    } else {
        reference.original_dst_v6()
    };
    let original = address.ok()?.as_socket()?;
    (unmapped(original) != unmapped(local)).then_some(original)
}

fn unmapped(address: SocketAddr) -> SocketAddr {
    SocketAddr::new(address.ip().to_canonical(), address.port())
}
