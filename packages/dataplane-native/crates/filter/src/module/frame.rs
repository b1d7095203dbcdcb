//! Frames of a batch.

use super::{LOAD, MAX_ANSWER_BYTES, RELEASE};

/// Bytes before what a question says: its length, kind, call and instance.
const HEAD: usize = 4 + 1 + 4 + 4;

/// A question on its way: its bytes, whose call's number is put in when it is sent.
#[derive(Debug)]
pub struct Frame(Vec<u8>);

impl Frame {
    /// A question as [`crate::extension::Extension::question`] made it.
    pub fn new(bytes: Vec<u8>) -> Self {
        Self(bytes)
    }

    /// Its bytes, asked as the call of that number.
    pub fn of_call(&mut self, call: u32) -> &[u8] {
        if let Some(number) = self.0.get_mut(5..9) {
            number.copy_from_slice(&call.to_le_bytes());
        }
        &self.0
    }
}

/// Tells a thread to load a module, for an instance with this configuration (JSON; empty is none).
pub fn load_frame(instance: u32, module: &str, config: &str) -> Frame {
    let mut out = Vec::with_capacity(HEAD + 8 + module.len() + config.len());
    begin(LOAD, instance, &mut out);
    put_bytes(module.as_bytes(), &mut out);
    put_bytes(config.as_bytes(), &mut out);
    end(&mut out);
    Frame(out)
}

/// Tells a thread to forget an instance.
pub fn release_frame(instance: u32) -> Frame {
    let mut out = Vec::with_capacity(HEAD);
    begin(RELEASE, instance, &mut out);
    end(&mut out);
    Frame(out)
}

pub(super) fn begin(kind: u8, instance: u32, out: &mut Vec<u8>) {
    out.extend_from_slice(&[0; 4]);
    out.push(kind);
    out.extend_from_slice(&[0; 4]);
    out.extend_from_slice(&instance.to_le_bytes());
}

pub(super) fn end(out: &mut [u8]) {
    let length = (out.len() - 4) as u32;
    out[..4].copy_from_slice(&length.to_le_bytes());
}

pub(super) fn put_bytes(bytes: &[u8], out: &mut Vec<u8>) {
    out.extend_from_slice(&(bytes.len() as u32).to_le_bytes());
    out.extend_from_slice(bytes);
}

/// The answers of a batch: the number of the call, and the answer, which begins with its kind. A batch that is cut off ends early.
#[derive(Debug)]
pub struct Answers<'a>(Reader<'a>);

impl<'a> Answers<'a> {
    /// Of these bytes.
    pub fn new(batch: &'a [u8]) -> Self {
        Self(Reader::new(batch))
    }
}

impl<'a> Iterator for Answers<'a> {
    type Item = (u32, &'a [u8]);

    fn next(&mut self) -> Option<Self::Item> {
        let call = self.0.u32()?;
        let answer = self.0.bytes()?;
        // What is too large is none.
        Some((call, if answer.len() > MAX_ANSWER_BYTES { &[] } else { answer }))
    }
}

/// Reads numbers and texts; `None` is the end.
#[derive(Debug)]
pub(super) struct Reader<'a>(&'a [u8]);

impl<'a> Reader<'a> {
    pub(super) fn new(bytes: &'a [u8]) -> Self {
        Self(bytes)
    }

    fn take(&mut self, count: usize) -> Option<&'a [u8]> {
        let (taken, rest) = self.0.split_at_checked(count)?;
        self.0 = rest;
        Some(taken)
    }

    pub(super) fn u8(&mut self) -> Option<u8> {
        self.take(1).map(|bytes| bytes[0])
    }

    pub(super) fn u16(&mut self) -> Option<u16> {
        self.take(2).map(|bytes| u16::from_le_bytes([bytes[0], bytes[1]]))
    }

    pub(super) fn u32(&mut self) -> Option<u32> {
        let bytes = self.take(4)?;
        Some(u32::from_le_bytes([bytes[0], bytes[1], bytes[2], bytes[3]]))
    }

    pub(super) fn bytes(&mut self) -> Option<&'a [u8]> {
        let length = self.u32()?;
        self.take(length as usize)
    }

    /// A header's name and its value.
    pub(super) fn field(&mut self) -> Option<(&'a [u8], &'a [u8])> {
        let length = self.u16()?;
        let name = self.take(usize::from(length))?;
        Some((name, self.bytes()?))
    }
}
