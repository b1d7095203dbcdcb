//! gRPC-Web: gRPC for clients that cannot read trailers, as browsers. A body's last frame carries the trailers; the text
//! form is the same in base64 (grpc's `PROTOCOL-WEB.md`, `envoy.filters.http.grpc_web`).

use base64::{Engine as _, engine::general_purpose::STANDARD};

const WEB: &[u8] = b"application/grpc-web";
const WEB_TEXT: &[u8] = b"application/grpc-web-text";
const GRPC: &[u8] = b"application/grpc";

/// The bit of a frame's first byte that says that it carries trailers.
const TRAILERS: u8 = 0x80;

/// How a client speaks gRPC-Web.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct GrpcWeb {
    /// The request's body is base64.
    pub is_text_request: bool,
    /// The client takes the response in base64.
    pub is_text_response: bool,
}

impl GrpcWeb {
    /// Whether a request is one of gRPC-Web.
    pub fn detect(content_type: &[u8], accept: Option<&[u8]>) -> Option<Self> {
        let text_form = |value: &[u8]| suffix(value, WEB_TEXT).is_some();
        let is_text_request = text_form(content_type);
        let is_web = is_text_request || suffix(content_type, WEB).is_some();
        is_web.then(|| Self {
            is_text_request,
            is_text_response: accept.is_some_and(|accept| accept.split(|byte| *byte == b',').any(text_form)),
        })
    }

    /// The type of the content that the upstream gets.
    pub fn request_type(content_type: &[u8]) -> Vec<u8> {
        let suffix = suffix(content_type, WEB_TEXT).or_else(|| suffix(content_type, WEB));
        [GRPC, suffix.unwrap_or_default()].concat()
    }

    /// The type of the content that the client gets; none where the response is not one of gRPC.
    pub fn response_type(self, content_type: &[u8]) -> Option<Vec<u8>> {
        let suffix = suffix(content_type, GRPC)?;
        let form = if self.is_text_response { WEB_TEXT } else { WEB };
        let suffix = if suffix.is_empty() { b"+proto" } else { suffix };
        Some([form, suffix].concat())
    }
}

/// What stands behind the name of a type: nothing, or `+` and the encoding of messages. None: it is another type.
fn suffix<'a>(value: &'a [u8], name: &[u8]) -> Option<&'a [u8]> {
    let value = value
        .split(|byte| *byte == b';')
        .next()
        .unwrap_or_default()
        .trim_ascii();
    let (front, rest) = value.split_at_checked(name.len())?;
    let is_suffix = rest.is_empty() || rest.len() > 1 && rest[0] == b'+';
    (is_suffix && front.eq_ignore_ascii_case(name)).then_some(rest)
}

/// The text is not base64.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct BadText;

/// Takes base64 off a body that arrives piece by piece. The client may pad wherever it likes.
#[derive(Debug, Default, Clone, Copy)]
pub struct TextDecoder {
    bits: u32,
    /// Characters of the group that has begun, padding included.
    count: u8,
    padding: u8,
}

impl TextDecoder {
    /// Decodes in place: the content is at the front of `bytes` then. Returns its length.
    pub fn decode(&mut self, bytes: &mut [u8]) -> Result<usize, BadText> {
        let mut len = 0;
        for at in 0..bytes.len() {
            let value = match bytes[at] {
                byte @ b'A'..=b'Z' => byte - b'A',
                byte @ b'a'..=b'z' => byte - b'a' + 26,
                byte @ b'0'..=b'9' => byte - b'0' + 52,
                b'+' => 62,
                b'/' => 63,
                b'=' if self.count >= 2 => {
                    self.padding += 1;
                    0
                }
                _ => return Err(BadText),
            };
            if self.padding > 0 && bytes[at] != b'=' {
                return Err(BadText);
            }
            self.bits = self.bits << 6 | u32::from(value);
            self.count += 1;
            // Every character but the first of a group completes a byte: what is written has been read.
            if self.count >= 2 && self.padding == 0 {
                bytes[len] = (self.bits >> (8 - 2 * self.count)) as u8;
                len += 1;
            }
            if self.count == 4 {
                *self = Self::default();
            }
        }
        Ok(len)
    }

    /// Whether the text may end here.
    pub fn is_complete(&self) -> bool {
        self.count == 0
    }
}

/// Makes the body of a response to a client of gRPC-Web.
#[derive(Debug)]
pub struct ResponseEncoder {
    is_text: bool,
    /// Bytes that wait for a group of three.
    rest: Vec<u8>,
}

impl ResponseEncoder {
    /// For one response.
    pub fn new(is_text: bool) -> Self {
        Self {
            is_text,
            rest: Vec::new(),
        }
    }

    /// Appends content in the form that the client takes.
    pub fn write(&mut self, content: &[u8], out: &mut Vec<u8>) {
        if !self.is_text {
            out.extend_from_slice(content);
            return;
        }
        self.rest.extend_from_slice(content);
        let whole = self.rest.len() / 3 * 3;
        encode(&self.rest[..whole], out);
        self.rest.drain(..whole);
    }

    /// Appends what waits, so that the client has everything that was written.
    pub fn flush(&mut self, out: &mut Vec<u8>) {
        encode(&self.rest, out);
        self.rest.clear();
    }

    /// Appends the frame of trailers, which is the last one.
    pub fn finish<'a>(&mut self, trailers: impl Iterator<Item = (&'a [u8], &'a [u8])>, out: &mut Vec<u8>) {
        let mut frame = vec![TRAILERS, 0, 0, 0, 0];
        for (name, value) in trailers {
            frame.extend(name.iter().map(u8::to_ascii_lowercase));
            frame.push(b':');
            frame.extend_from_slice(value);
            frame.extend_from_slice(b"\r\n");
        }
        let len = (frame.len() - 5) as u32;
        frame[1..5].copy_from_slice(&len.to_be_bytes());
        self.write(&frame, out);
        self.flush(out);
    }
}

fn encode(content: &[u8], out: &mut Vec<u8>) {
    let start = out.len();
    out.resize(start + content.len().div_ceil(3) * 4, 0);
    // The room is what the length of base64 needs.
    let written = STANDARD.encode_slice(content, &mut out[start..]).unwrap_or_default();
    out.truncate(start + written);
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_content_type_says_who_speaks_it_and_how() {
        for (content_type, accept, expected) in [
            ("application/grpc-web", "", Some((false, false))),
            ("application/grpc-web+proto", "*/*", Some((false, false))),
            (
                "application/grpc-web-text+proto",
                "x, application/grpc-web-text",
                Some((true, true)),
            ),
            ("application/grpc-web; charset=utf-8", "", Some((false, false))),
            ("application/grpc", "", None),
            ("application/grpc-website", "", None),
            ("application/json", "application/grpc-web-text", None),
        ] {
            let found = GrpcWeb::detect(content_type.as_bytes(), Some(accept.as_bytes()));
            let found = found.map(|web| (web.is_text_request, web.is_text_response));
            assert_eq!(found, expected, "{content_type}");
        }
    }

    #[test]
    fn types_change_between_both_sides() {
        assert_eq!(
            GrpcWeb::request_type(b"application/grpc-web-text+json"),
            b"application/grpc+json"
        );
        assert_eq!(GrpcWeb::request_type(b"application/grpc-web"), b"application/grpc");
        let web = GrpcWeb {
            is_text_request: false,
            is_text_response: true,
        };
        let text = Some(b"application/grpc-web-text+proto".to_vec());
        assert_eq!(web.response_type(b"application/grpc"), text);
        assert_eq!(web.response_type(b"application/grpc+proto"), text);
        assert_eq!(web.response_type(b"text/html"), None);
    }

    #[test]
    fn text_is_decoded_however_it_is_cut_and_padded() {
        let text = format!(
            "{}{}{}",
            STANDARD.encode("a"),
            STANDARD.encode("bc"),
            STANDARD.encode("def")
        );
        for step in 1..=text.len() {
            let mut decoder = TextDecoder::default();
            let mut all = Vec::new();
            for piece in text.as_bytes().chunks(step) {
                let mut piece = piece.to_vec();
                let len = decoder.decode(&mut piece).unwrap();
                all.extend_from_slice(&piece[..len]);
            }
            assert!(decoder.is_complete());
            assert_eq!(all, b"abcdef", "{step}");
        }
    }

    #[test]
    fn what_is_no_base64_is_refused() {
        for text in ["ab c", "a===", "ab=c", "====", "ab-_"] {
            let mut bytes = text.as_bytes().to_vec();
            assert_eq!(TextDecoder::default().decode(&mut bytes), Err(BadText), "{text}");
        }
        let mut decoder = TextDecoder::default();
        decoder.decode(&mut b"YW".to_vec()).unwrap();
        assert!(!decoder.is_complete());
    }

    #[test]
    fn the_last_frame_carries_the_trailers() {
        let trailers = [(&b"Grpc-Status"[..], &b"0"[..]), (b"grpc-message", b"ok")];
        let mut binary = ResponseEncoder::new(false);
        let mut out = Vec::new();
        binary.write(b"\0\0\0\0\x01x", &mut out);
        binary.finish(trailers.into_iter(), &mut out);
        let expected = b"\0\0\0\0\x01x\x80\0\0\0\x20grpc-status:0\r\ngrpc-message:ok\r\n";
        assert_eq!(out, expected);
        let mut text = ResponseEncoder::new(true);
        let mut out = Vec::new();
        text.write(b"\0\0\0\0", &mut out);
        text.flush(&mut out);
        text.write(b"\x01x", &mut out);
        text.finish(trailers.into_iter(), &mut out);
        let mut decoder = TextDecoder::default();
        let len = decoder.decode(&mut out).unwrap();
        assert_eq!(&out[..len], expected);
    }
}
