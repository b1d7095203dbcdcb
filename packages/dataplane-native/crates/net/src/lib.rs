//! Sockets: accept, connect, splice, original destination, protocol detection.

