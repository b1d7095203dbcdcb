//! Questions for tests.

use crate::name::to_wire;

/// A question with the number 7 that wants recursion, in the letters that it is given.
pub(crate) fn question(name: &str, kind: u16) -> Vec<u8> {
    let mut message = vec![0, 7, 1, 0, 0, 1, 0, 0, 0, 0, 0, 0];
    let length = to_wire(name).map_or(0, |wire| wire.len());
    for label in name.split('.') {
        message.push(label.len() as u8);
        message.extend_from_slice(label.as_bytes());
    }
    message.push(0);
    debug_assert_eq!(message.len(), 12 + length);
    message.extend_from_slice(&kind.to_be_bytes());
    message.extend_from_slice(&[0, 1]);
    message
}

/// The same with options.
pub(crate) fn question_with_edns(name: &str, kind: u16, size: u16) -> Vec<u8> {
    let mut message = question(name, kind);
    message[11] = 1;
    message.extend_from_slice(&[0, 0, 41]);
    message.extend_from_slice(&size.to_be_bytes());
    message.extend_from_slice(&[0, 0, 0, 0, 0, 0]);
    message
}
