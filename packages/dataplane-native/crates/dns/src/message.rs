//! Questions, as they are read (RFC 1035 section 4, RFC 6891).

use crate::name::Name;

/// Bytes of a message's header.
pub(crate) const HEADER: usize = 12;

/// What an answer over UDP may have where the question does not say (RFC 1035 section 2.3.4).
pub(crate) const MIN_UDP: usize = 512;

/// Types of records that are told apart here.
pub mod kind {
    /// An IPv4 address.
    pub const A: u16 = 1;
    /// Another name of the name.
    pub const CNAME: u16 = 5;
    /// An IPv6 address.
    pub const AAAA: u16 = 28;
    /// Options of EDNS.
    pub const OPT: u16 = 41;
}

/// The class of the Internet.
pub(crate) const CLASS_IN: u16 = 1;

/// How an answer begins to be one: codes of RFC 1035 section 4.1.1.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Rcode {
    /// There is an answer, perhaps an empty one.
    NoError = 0,
    /// The question could not be read.
    FormatError = 1,
    /// The question could not be answered now.
    ServerFailure = 2,
    /// There is no such name.
    NameError = 3,
    /// Not a question.
    NotImplemented = 4,
}

/// What a question says about the one who asks (RFC 6891).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Edns {
    /// The largest answer over UDP that it takes.
    pub udp_size: u16,
    /// Zero is the only one there is.
    pub version: u8,
    /// It wants signatures (DO): repeated in the answer.
    pub wants_signatures: bool,
}

/// A question.
#[derive(Debug)]
pub struct Query<'m> {
    /// Number that the answer repeats.
    pub id: u16,
    /// Name in question, in lower case.
    pub name: Name,
    /// Type of the records in question.
    pub kind: u16,
    /// Their class, which is nearly always the Internet.
    pub class: u16,
    /// The question as it was written, name, type and class: answers repeat it to the letter.
    pub(crate) question: &'m [u8],
    pub(crate) recursion_desired: bool,
    pub(crate) checking_disabled: bool,
    /// What the asking side knows of EDNS.
    pub edns: Option<Edns>,
}

/// A message that is no question.
#[derive(Debug, PartialEq, Eq)]
pub enum Malformed {
    /// It is not answered: too short to say whose it is, or an answer itself.
    Ignored,
    /// It is answered by this code.
    Refused {
        /// Number of the message.
        id: u16,
        /// Kind of the message.
        opcode: u8,
        /// Why it is refused.
        rcode: Rcode,
    },
}

impl Malformed {
    /// Writes the answer, if it gets one; how long it is.
    pub fn refuse(&self, out: &mut [u8]) -> Option<usize> {
        let Self::Refused { id, opcode, rcode } = *self else {
            return None;
        };
        let head = out.get_mut(..HEADER)?;
        head.fill(0);
        head[..2].copy_from_slice(&id.to_be_bytes());
        head[2] = 0x80 | (opcode << 3);
        head[3] = rcode as u8;
        Some(HEADER)
    }
}

impl<'m> Query<'m> {
    /// Reads a message that should be one question.
    pub fn parse(message: &'m [u8]) -> Result<Self, Malformed> {
        let head = message.get(..HEADER).ok_or(Malformed::Ignored)?;
        // Two servers that answered each other's answers would never end.
        if head[2] & 0x80 != 0 {
            return Err(Malformed::Ignored);
        }
        let opcode = (head[2] >> 3) & 15;
        let id = u16::from_be_bytes([head[0], head[1]]);
        let refused = |rcode| Malformed::Refused { id, opcode, rcode };
        if opcode != 0 {
            return Err(refused(Rcode::NotImplemented));
        }
        if number(message, 4) != Some(1) {
            return Err(refused(Rcode::FormatError));
        }
        Self::read(message, id).ok_or(refused(Rcode::FormatError))
    }

    fn read(message: &'m [u8], id: u16) -> Option<Self> {
        let (name, length) = Name::read(&message[HEADER..])?;
        let end = HEADER + length + 4;
        let mut edns = None;
        read_edns(message, end, &mut edns)?;
        Some(Self {
            id,
            name,
            kind: number(message, end - 4)?,
            class: number(message, end - 2)?,
            question: message.get(HEADER..end)?,
            recursion_desired: message[2] & 1 != 0,
            checking_disabled: message[3] & 0x10 != 0,
            edns,
        })
    }

    /// Bytes that an answer over UDP may have.
    pub fn udp_limit(&self) -> usize {
        self.edns
            .map_or(MIN_UDP, |edns| usize::from(edns.udp_size).max(MIN_UDP))
    }
}

/// Two bytes of a message.
pub(crate) fn number(message: &[u8], at: usize) -> Option<u16> {
    let bytes = message.get(at..at + 2)?;
    Some(u16::from_be_bytes([bytes[0], bytes[1]]))
}

/// Looks through the records after the question, from `at`. `None`: they cannot be read.
fn read_edns(message: &[u8], mut at: usize, edns: &mut Option<Edns>) -> Option<()> {
    let records: u32 = [6, 8, 10]
        .into_iter()
        .filter_map(|place| number(message, place))
        .map(u32::from)
        .sum();
    for _ in 0..records {
        at = skip_name(message, at)?;
        if number(message, at)? == kind::OPT {
            *edns = Some(Edns {
                udp_size: number(message, at + 2)?,
                version: *message.get(at + 5)?,
                wants_signatures: message.get(at + 6)? & 0x80 != 0,
            });
        }
        at += 10 + usize::from(number(message, at + 8)?);
        if at > message.len() {
            return None;
        }
    }
    Some(())
}

fn skip_name(message: &[u8], mut at: usize) -> Option<usize> {
    loop {
        match *message.get(at)? {
            0 => return Some(at + 1),
            length if length & 0xc0 == 0xc0 => return Some(at + 2),
            length if length & 0xc0 == 0 => at += 1 + usize::from(length),
            _ => return None,
        }
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used, reason = "a test may panic")]
mod tests {
    use super::*;

    /// `A? Api.example.com` with the number 7 and a wish for recursion.
    const QUESTION: &[u8] = b"\0\x07\x01\0\0\x01\0\0\0\0\0\0\x03Api\x07example\x03com\0\0\x01\0\x01";

    fn with_edns(size: u16) -> Vec<u8> {
        let mut message = QUESTION.to_vec();
        message[11] = 1;
        message.extend_from_slice(&[0, 0, 41]);
        message.extend_from_slice(&size.to_be_bytes());
        message.extend_from_slice(&[0, 0, 0x80, 0, 0, 0]);
        message
    }

    #[test]
    fn a_question_is_a_name_a_type_and_a_class() {
        let query = Query::parse(QUESTION).unwrap();
        assert_eq!((query.id, query.kind, query.class), (7, kind::A, CLASS_IN));
        assert_eq!(query.name.wire(), b"\x03api\x07example\x03com\0");
        assert!(query.recursion_desired);
        assert_eq!(query.edns, None);
        assert_eq!(query.udp_limit(), 512);
    }

    #[test]
    fn a_question_may_take_larger_answers() {
        let message = with_edns(1232);
        let query = Query::parse(&message).unwrap();
        assert_eq!(
            query.edns,
            Some(Edns {
                udp_size: 1232,
                version: 0,
                wants_signatures: true
            })
        );
        assert_eq!(query.udp_limit(), 1232);
        assert_eq!(
            Query::parse(&with_edns(100)).unwrap().udp_limit(),
            512,
            "less than ever is no less"
        );
    }

    #[test]
    fn answers_are_not_answered() {
        let mut answer = QUESTION.to_vec();
        answer[2] |= 0x80;
        assert_eq!(Query::parse(&answer).unwrap_err(), Malformed::Ignored);
        assert_eq!(Query::parse(&QUESTION[..11]).unwrap_err(), Malformed::Ignored);
    }

    #[test]
    fn what_is_no_question_is_refused_by_its_number() {
        let mut update = QUESTION.to_vec();
        update[2] = 5 << 3;
        let refusal = Query::parse(&update).unwrap_err();
        let mut out = [0; 64];
        assert_eq!(refusal.refuse(&mut out), Some(12));
        assert_eq!(out[..4], [0, 7, 0x80 | 5 << 3, 4]);
        let mut two = QUESTION.to_vec();
        two[5] = 2;
        assert!(matches!(
            Query::parse(&two),
            Err(Malformed::Refused {
                rcode: Rcode::FormatError,
                ..
            })
        ));
    }

    #[test]
    fn a_question_that_ends_early_is_refused_wherever_it_ends() {
        let message = with_edns(1232);
        for length in HEADER..message.len() {
            assert!(Query::parse(&message[..length]).is_err(), "{length}");
        }
    }
}
