//! Sockets: accept, connect, splice, original destination, protocol detection.
//!
//! Mechanism only: nothing here knows a configuration type. Everything is built for tokio's `current_thread` runtime:
//! no locks, and per-thread piles of buffers and pipes instead of pools that are shared.

mod accept;
mod address;
mod buffer;
mod connect;
mod datagram;
mod detect;
mod handover;
mod original_dst;
mod proxy_protocol;
mod relay;
mod scheduling;
mod socket;
mod socket_options;
mod splice;
mod stream;

pub use accept::{Accepted, ListenOptions, Listener, is_resource_exhaustion};
pub use address::Address;
pub use buffer::{Buffer, BufferSize};
pub use connect::{ConnectError, ConnectFailure, ConnectOptions, connect};
pub use datagram::{DatagramOptions, DatagramSocket, Datagrams, Series};
pub use detect::{ClientHello, Detection, MAX_DETECT_BYTES, Protocol, detect, detect_protocol, fuzz_detect};
pub use handover::{own_user, peer_user, receive_with_fd, send_with_fd};
pub use original_dst::original_destination;
pub use proxy_protocol::{
    MAX_PROXY_HEADER_BYTES, ProxyHeader, ProxyParse, ProxyVersion, fuzz_proxy_header, parse_proxy_header,
    write_proxy_header,
};
pub use relay::{RelayEnd, RelayError, RelayOptions, RelaySide, Transferred, relay};
pub use scheduling::{be_prompt, give_way, threads_give_way};
pub use socket::{Socket, pair};
pub use socket_options::{Keepalive, SocketOptions};
pub use stream::{IdleState, MOST_PIECES, Pieces, Stream};
