//! Options of sockets, as values that configuration is mapped to.

use std::io;
use std::time::Duration;

use socket2::{Socket, TcpKeepalive};

/// When the kernel probes a silent connection.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Keepalive {
    /// Silence before the first probe; the kernel's default where absent.
    pub time: Option<Duration>,
    /// Between two probes.
    pub interval: Option<Duration>,
    /// Unanswered probes until the connection is given up.
    pub probes: Option<u32>,
}

/// Options that hold for accepted and for connected sockets.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct SocketOptions {
    /// TCP keepalive; off where absent.
    pub keepalive: Option<Keepalive>,
    /// `SO_RCVBUF` in bytes.
    pub receive_buffer: Option<u32>,
    /// `SO_SNDBUF` in bytes.
    pub send_buffer: Option<u32>,
    /// `SO_MARK`; needs `CAP_NET_ADMIN`.
    pub mark: Option<u32>,
    /// `TCP_USER_TIMEOUT`: how long sent data may stay unacknowledged.
    pub user_timeout: Option<Duration>,
}

impl SocketOptions {
    pub(crate) fn apply_to_tcp(&self, socket: &Socket) -> io::Result<()> {
        // A proxy writes whole messages; waiting for more only costs 40 ms against a delayed acknowledgement.
        socket.set_tcp_nodelay(true)?;
        if let Some(keepalive) = self.keepalive {
            let mut parameters = TcpKeepalive::new();
            if let Some(time) = keepalive.time {
                parameters = parameters.with_time(time);
            }
            if let Some(interval) = keepalive.interval {
                parameters = parameters.with_interval(interval);
            }
            if let Some(probes) = keepalive.probes {
                parameters = parameters.with_retries(probes);
            }
            socket.set_tcp_keepalive(&parameters)?;
        }
        if let Some(timeout) = self.user_timeout {
            socket.set_tcp_user_timeout(Some(timeout))?;
        }
        self.apply_to_any(socket)
    }

    pub(crate) fn apply_to_any(&self, socket: &Socket) -> io::Result<()> {
        if let Some(size) = self.receive_buffer {
            socket.set_recv_buffer_size(size as usize)?;
        }
        if let Some(size) = self.send_buffer {
            socket.set_send_buffer_size(size as usize)?;
        }
        if let Some(mark) = self.mark {
            socket.set_mark(mark)?;
        }
        Ok(())
    }
}
