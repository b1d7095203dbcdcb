//! The codec of HTTP/1.0 and HTTP/1.1 (RFC 9112), strict: what two readers could understand differently is refused.

mod encode;
mod parse;
mod trailers;

pub use encode::{encode_request, encode_response, write_local_reply, write_status_line};
pub use parse::{HeadScanner, parse_request, parse_response};
pub use trailers::{encode_trailers, parse_trailers};
