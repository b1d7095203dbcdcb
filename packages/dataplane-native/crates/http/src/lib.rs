//! HTTP/1.1 on the wire: parse, encode, framing, limits.
#![forbid(unsafe_code)]

