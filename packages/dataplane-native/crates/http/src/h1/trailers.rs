//! Trailer sections (RFC 9112 section 7.1.2).

use crate::head::{Fields, HeadError, Known};

/// Fields in a trailer section.
const MAX_TRAILERS: usize = 64;

/// Parses a trailer section, which ends with its empty line. Fields that have no business there are left out.
pub fn parse_trailers(section: &[u8], fields: &mut Fields) -> Result<(), HeadError> {
    fields.clear();
    fields.start = 0;
    fields.end = section.len().saturating_sub(2) as u32;
    let mut parsed = [httparse::EMPTY_HEADER; MAX_TRAILERS];
    match httparse::parse_headers(section, &mut parsed) {
        Ok(httparse::Status::Complete((_, parsed))) => {
            for field in parsed {
                if field.name.is_empty() {
                    return Err(HeadError::InvalidField);
                }
                let name = field.name.as_bytes();
                if is_trailer(Known::classify(name), name) {
                    fields.push(section, name, field.value);
                }
            }
            Ok(())
        }
        Ok(httparse::Status::Partial) => Err(HeadError::Malformed),
        Err(httparse::Error::TooManyHeaders) => Err(HeadError::TooManyFields),
        Err(_) => Err(HeadError::InvalidField),
    }
}

/// Appends the last chunk with trailers behind it.
pub fn encode_trailers(buffer: &[u8], fields: &Fields, out: &mut Vec<u8>) {
    out.extend_from_slice(b"0\r\n");
    for field in fields.as_slice() {
        let name = field.name.of(buffer);
        if is_trailer(field.known, name) {
            out.extend_from_slice(name);
            out.extend_from_slice(b": ");
            out.extend_from_slice(field.value.of(buffer));
            out.extend_from_slice(b"\r\n");
        }
    }
    out.extend_from_slice(b"\r\n");
}

/// RFC 9110 section 6.5.1: what frames or routes a message, says who sends it or how its content is read has to be known
/// before the content; a recipient that merges trailers into its fields would believe them.
fn is_trailer(known: Known, name: &[u8]) -> bool {
    const NONE: [&str; 27] = [
        "age",
        "authorization",
        "cache-control",
        "content-encoding",
        "content-range",
        "cookie",
        "date",
        "expires",
        "if-match",
        "if-modified-since",
        "if-none-match",
        "if-range",
        "if-unmodified-since",
        "location",
        "max-forwards",
        "pragma",
        "proxy-authenticate",
        "proxy-authorization",
        "range",
        "retry-after",
        "set-cookie",
        "vary",
        "warning",
        "www-authenticate",
        "x-envoy-internal",
        "x-envoy-original-path",
        "x-real-ip",
    ];
    matches!(
        known,
        Known::Other | Known::GrpcStatus | Known::RequestId | Known::Traceparent | Known::UserAgent | Known::Server
    ) && !NONE.iter().any(|other| name.eq_ignore_ascii_case(other.as_bytes()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn trailers_are_read_and_written_without_what_belongs_into_a_head() {
        let section =
            b"Grpc-Status: 0\r\nContent-Length: 5\r\nx-checksum:  a b \r\nAuthorization: me\r\nHost: b\r\n\r\n";
        let mut fields = Fields::default();
        parse_trailers(section, &mut fields).unwrap();
        assert_eq!(fields.as_slice().len(), 2);
        assert_eq!(fields.get(section, "x-checksum"), Some(&b"a b"[..]));
        let mut out = Vec::new();
        encode_trailers(section, &fields, &mut out);
        assert_eq!(out, b"0\r\nGrpc-Status: 0\r\nx-checksum: a b\r\n\r\n");
    }

    #[test]
    fn what_is_no_trailer_section_is_refused() {
        let mut fields = Fields::default();
        assert_eq!(parse_trailers(b"a: b\r\n", &mut fields), Err(HeadError::Malformed));
        assert_eq!(
            parse_trailers(b": b\r\n\r\n", &mut fields),
            Err(HeadError::InvalidField)
        );
        let many = format!("{}\r\n", "a: b\r\n".repeat(65));
        assert_eq!(
            parse_trailers(many.as_bytes(), &mut fields),
            Err(HeadError::TooManyFields)
        );
    }
}
