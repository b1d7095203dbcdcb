//! HTTP messages without sockets: heads as ranges of the bytes they came in, edits on them, body framing.
//!
//! `head` and `edits` are what everything above a codec sees; `h1` is the codec of HTTP/1.x (RFC 9110, RFC 9112);
//! `h2` is the codec of HTTP/2 (RFC 9113), and yields the same heads.
#![forbid(unsafe_code)]

pub mod body;
pub mod buffer;
pub mod edits;
pub mod h1;
pub mod h2;
pub mod head;
mod host;
pub mod limits;
pub mod local_reply;

pub use body::{BodyError, BodyReader, Decoded, Framing};
pub use buffer::{Buffer, BufferPool};
pub use edits::{Edits, accepts_trailers};
pub use head::{
    Field, Fields, HeadError, Known, Method, RequestHead, RequestView, ResponseHead, ResponseView, Span, TargetForm,
    Version,
};
pub use limits::Limits;

/// Feeds arbitrary bytes to every parser of this crate; for fuzzing.
///
/// # Panics
/// Where a parser breaks its promises.
pub fn fuzz_parse(data: &[u8]) {
    let limits = Limits::default();
    let mut request = RequestHead::default();
    let mut scanner = h1::HeadScanner::default();
    if let Ok(Some(end)) = scanner.find_end(data, &limits)
        && h1::parse_request(&data[..end], &limits, &mut request).is_ok()
    {
        let view = RequestView::new(&request, &data[..end]);
        let mut edits = Edits::default();
        edits.strip_hop_by_hop(view.buffer(), view.fields(), None);
        let mut out = Vec::new();
        h1::encode_request(view, &edits, &mut out);
        // What we forward must be read by the next hop exactly as it was read here.
        let mut again = RequestHead::default();
        h1::parse_request(
            &out,
            &Limits {
                max_head_bytes: 1 << 20,
                ..limits
            },
            &mut again,
        )
        .expect("a forwarded head is a valid head");
        assert_eq!(again.framing, request.framing, "framing changed on the way");
        let _ = BodyReader::new(request.framing).consume(&data[end..]);
    }
    let mut response = ResponseHead::default();
    let mut scanner = h1::HeadScanner::default();
    if let Ok(Some(end)) = scanner.find_end(data, &limits) {
        let _ = h1::parse_response(&data[..end], &limits, Method::Get, &mut response);
    }
    let mut trailers = Fields::default();
    if data.len() < 4096 && h1::parse_trailers(data, &mut trailers).is_ok() {
        let mut out = Vec::new();
        h1::encode_trailers(data, &trailers, &mut out);
        // What goes on ends the body, whatever came.
        let taken = BodyReader::new(Framing::Chunked).consume(&out);
        assert_eq!(taken, Ok(out.len()), "trailers do not end a body");
    }
    let mut chunked = BodyReader::new(Framing::Chunked);
    let whole = chunked.consume(data);
    // The same bytes in single steps must give the same answer.
    let mut stepped = BodyReader::new(Framing::Chunked);
    let mut taken = 0;
    let mut failed = None;
    for byte in data {
        match stepped.consume(std::slice::from_ref(byte)) {
            Ok(0) => break,
            Ok(n) => taken += n,
            Err(error) => {
                failed = Some(error);
                break;
            }
        }
    }
    match (whole, failed) {
        (Ok(n), None) => assert_eq!(n, taken, "chunked framing depends on how bytes are cut"),
        (Err(a), Some(b)) => assert_eq!(a, b, "chunked errors depend on how bytes are cut"),
        (a, b) => panic!("chunked framing disagrees: {a:?} and {b:?}"),
    }
}
