//! `grpc.health.v1.Health/Check`: two messages of one field each.

use super::probe::Answer;
use crate::cluster::CheckFailure;

/// `HealthCheckResponse.ServingStatus.SERVING`.
const SERVING: u64 = 1;

/// `HealthCheckRequest { service = 1 }` with the five bytes that gRPC puts before a message.
pub(super) fn encode_request(service: &str) -> Vec<u8> {
    let mut message = Vec::new();
    if !service.is_empty() {
        message.push(1 << 3 | 2);
        write_varint(service.len() as u64, &mut message);
        message.extend_from_slice(service.as_bytes());
    }
    let mut out = vec![0];
    out.extend_from_slice(&(message.len() as u32).to_be_bytes());
    out.extend_from_slice(&message);
    out
}

/// Whether the answer says that the service serves.
pub(super) fn judge(answer: &Answer) -> Result<(), CheckFailure> {
    if answer.announces_failure {
        return Err(CheckFailure::Announced);
    }
    if answer.status != 200 || answer.grpc_status.as_deref() != Some(b"0") {
        return Err(CheckFailure::Status);
    }
    match serving_status(&answer.content) {
        Some(SERVING) => Ok(()),
        Some(_) => Err(CheckFailure::NotServing),
        None => Err(CheckFailure::Protocol),
    }
}

/// The field `status = 1` of the one message in the content; absent is 0. None: it is malformed.
fn serving_status(content: &[u8]) -> Option<u64> {
    let (prefix, message) = content.split_at_checked(5)?;
    // A compressed message was not asked for.
    if prefix[0] != 0 || u32::from_be_bytes(prefix[1..].try_into().ok()?) as usize != message.len() {
        return None;
    }
    let mut rest = message;
    let mut status = 0;
    while !rest.is_empty() {
        let tag = read_varint(&mut rest)?;
        let skipped = match tag & 7 {
            0 => {
                let value = read_varint(&mut rest)?;
                if tag >> 3 == 1 {
                    status = value;
                }
                0
            }
            1 => 8,
            2 => usize::try_from(read_varint(&mut rest)?).ok()?,
            5 => 4,
            _ => return None,
        };
        rest = rest.get(skipped..)?;
    }
    Some(status)
}

fn write_varint(mut value: u64, out: &mut Vec<u8>) {
    while value >= 0x80 {
        out.push(value as u8 | 0x80);
        value >>= 7;
    }
    out.push(value as u8);
}

fn read_varint(bytes: &mut &[u8]) -> Option<u64> {
    let mut value = 0;
    for shift in (0..64).step_by(7) {
        let (first, rest) = bytes.split_first()?;
        *bytes = rest;
        value |= u64::from(first & 0x7f) << shift;
        if first & 0x80 == 0 {
            return Some(value);
        }
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;

    fn answer(content: &[u8]) -> Answer {
        Answer {
            status: 200,
            grpc_status: Some(b"0".to_vec()),
            content: content.to_vec(),
            ..Answer::default()
        }
    }

    #[test]
    fn the_request_names_the_service() {
        assert_eq!(encode_request(""), [0, 0, 0, 0, 0]);
        assert_eq!(encode_request("a.B"), *b"\x00\x00\x00\x00\x05\x0a\x03a.B");
        let long = encode_request(&"x".repeat(200));
        assert_eq!(long[..8], [0, 0, 0, 0, 203, 0x0a, 0xc8, 0x01]);
    }

    #[test]
    fn only_a_service_that_serves_is_well() {
        assert_eq!(judge(&answer(&[0, 0, 0, 0, 2, 8, 1])), Ok(()));
        assert_eq!(judge(&answer(&[0, 0, 0, 0, 2, 8, 2])), Err(CheckFailure::NotServing));
        assert_eq!(judge(&answer(&[0, 0, 0, 0, 0])), Err(CheckFailure::NotServing));
        let with_unknown_fields = [0, 0, 0, 0, 6, 0x12, 2, 1, 1, 8, 1];
        assert_eq!(judge(&answer(&with_unknown_fields)), Ok(()));
        for malformed in [
            &[0, 0, 0][..],
            &[0, 0, 0, 0, 3, 8, 1],
            &[1, 0, 0, 0, 2, 8, 1],
            &[0, 0, 0, 0, 1, 8],
        ] {
            assert_eq!(judge(&answer(malformed)), Err(CheckFailure::Protocol), "{malformed:?}");
        }
        let unimplemented = Answer {
            grpc_status: Some(b"12".to_vec()),
            ..answer(&[])
        };
        assert_eq!(judge(&unimplemented), Err(CheckFailure::Status));
    }
}
