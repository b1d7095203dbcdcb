//! Answers, as they are written.

use crate::{
    message::{CLASS_IN, HEADER, MIN_UDP, Query, Rcode, kind},
    table::Table,
};

/// The largest answer over UDP, whatever the asking side takes.
pub const MAX_UDP_ANSWER: usize = 4096;

/// Low, so that clients that remember answers follow the mesh soon (Istio's).
const TTL_SECONDS: u32 = 30;

/// Code of RFC 6891 for a version that is not known; its upper part is in the options.
const BAD_VERSION: u16 = 16;

const OPT_LENGTH: usize = 11;

/// How a question came.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Transport {
    /// Answers that are too long say so and end early.
    Udp,
    /// Answers have room.
    Tcp,
}

/// Writes the answer that `table` has; how long it is, `None` where others have to be asked: for names that it does not know, and for
/// records that are no addresses.
///
/// A name that is known and has no address of the family in question gets an empty answer and no denial: who asks for both families at
/// once would take a denial of one for a denial of the name. Addresses begin at another one each time, by `random`.
pub fn answer(
    table: &Table,
    search: Option<&[u8]>,
    query: &Query<'_>,
    transport: Transport,
    random: u64,
    out: &mut [u8],
) -> Option<usize> {
    if query.class != CLASS_IN || !matches!(query.kind, kind::A | kind::AAAA) {
        return None;
    }
    let found = table.lookup(query.name.wire(), search)?;
    let limit = match transport {
        Transport::Udp => query.udp_limit().min(out.len()),
        Transport::Tcp => out.len(),
    };
    let mut writer = Writer::new(out, limit, query, Rcode::NoError);
    let count = if query.kind == kind::A {
        found.v4.len()
    } else {
        found.v6.len()
    };
    if count == 0 || writer.is_refused {
        return Some(writer.finish());
    }
    // Where a name has another one the addresses are that one's.
    let mut owner = HEADER;
    if let Some(search_length) = found.search_length {
        let written = query.question.len() - 4;
        let target = &query.question[..written - search_length];
        owner = writer.alias(target)?;
    }
    let start = (random % count as u64) as usize;
    for index in (0..count).map(|index| (start + index) % count) {
        let is_written = if query.kind == kind::A {
            writer.record(owner, kind::A, &found.v4[index].octets())
        } else {
            writer.record(owner, kind::AAAA, &found.v6[index].octets())
        };
        if !is_written {
            writer.truncated();
            break;
        }
    }
    Some(writer.finish())
}

/// Writes an answer that is none, with the reason; how long it is.
pub fn failure(query: &Query<'_>, rcode: Rcode, out: &mut [u8]) -> usize {
    let limit = out.len();
    Writer::new(out, limit, query, rcode).finish()
}

/// Writes into a buffer that has room for any question and options.
struct Writer<'o, 'q> {
    out: &'o mut [u8],
    at: usize,
    /// Where records have to end.
    end: usize,
    records: u16,
    query: &'q Query<'q>,
    /// The version of the options is none that we know: the answer says that and nothing else.
    is_refused: bool,
}

impl<'o, 'q> Writer<'o, 'q> {
    fn new(out: &'o mut [u8], limit: usize, query: &'q Query<'q>, rcode: Rcode) -> Self {
        debug_assert!(limit >= MIN_UDP, "a question and options always have room");
        let is_refused = query.edns.is_some_and(|edns| edns.version != 0);
        let options = if query.edns.is_some() { OPT_LENGTH } else { 0 };
        out[..HEADER].fill(0);
        out[..2].copy_from_slice(&query.id.to_be_bytes());
        // An answer with authority; recursion is available, as others are asked for what is not known.
        out[2] = 0x80 | u8::from(rcode == Rcode::NoError) << 2 | u8::from(query.recursion_desired);
        out[3] = 0x80 | u8::from(query.checking_disabled) << 4 | rcode as u8;
        out[5] = 1;
        let at = HEADER + query.question.len();
        out[HEADER..at].copy_from_slice(query.question);
        Self {
            out,
            at,
            end: limit - options,
            records: 0,
            query,
            is_refused,
        }
    }

    /// Another name of the name in question, given without its end; where it is in the message.
    fn alias(&mut self, target: &[u8]) -> Option<usize> {
        let place = self.at + 12;
        let data = target.len() + 1;
        if place + data > self.end {
            return None;
        }
        self.head(HEADER, kind::CNAME, data as u16);
        self.put(target);
        self.put(&[0]);
        self.records += 1;
        Some(place)
    }

    /// False: there is no room.
    fn record(&mut self, owner: usize, kind: u16, data: &[u8]) -> bool {
        if self.at + 12 + data.len() > self.end {
            return false;
        }
        self.head(owner, kind, data.len() as u16);
        self.put(data);
        self.records += 1;
        true
    }

    fn head(&mut self, owner: usize, kind: u16, length: u16) {
        self.put(&(0xc000 | owner as u16).to_be_bytes());
        self.put(&kind.to_be_bytes());
        self.put(&CLASS_IN.to_be_bytes());
        self.put(&TTL_SECONDS.to_be_bytes());
        self.put(&length.to_be_bytes());
    }

    fn put(&mut self, bytes: &[u8]) {
        self.out[self.at..self.at + bytes.len()].copy_from_slice(bytes);
        self.at += bytes.len();
    }

    fn truncated(&mut self) {
        self.out[2] |= 2;
    }

    fn finish(mut self) -> usize {
        if let Some(edns) = self.query.edns {
            let extended = if self.is_refused { (BAD_VERSION >> 4) as u8 } else { 0 };
            self.put(&[0]);
            self.put(&kind::OPT.to_be_bytes());
            self.put(&(MAX_UDP_ANSWER as u16).to_be_bytes());
            self.put(&[extended, 0, u8::from(edns.wants_signatures) << 7, 0, 0, 0]);
            self.out[11] = 1;
        }
        self.out[6..8].copy_from_slice(&self.records.to_be_bytes());
        self.at
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used, reason = "a test may panic")]
mod tests {
    use std::net::{IpAddr, Ipv4Addr};

    use super::*;
    use crate::{
        Client, Host,
        name::to_wire,
        testing::{question, question_with_edns},
    };

    fn table(addresses: &[IpAddr]) -> Table {
        let host = |name| Host {
            name,
            addresses,
            kubernetes: None,
            other_names: &[],
        };
        Table::build(&Client::default(), [host("api.test"), host("*.wild.test")])
    }

    fn one() -> Table {
        table(&[Ipv4Addr::new(240, 240, 0, 1).into()])
    }

    fn ask(table: &Table, message: &[u8], transport: Transport, random: u64) -> Option<Vec<u8>> {
        let mut out = vec![0; 65_535];
        let search = to_wire("ns.svc.cluster.local");
        let query = Query::parse(message).unwrap();
        let length = answer(table, search.as_deref(), &query, transport, random, &mut out)?;
        out.truncate(length);
        Some(out)
    }

    #[test]
    fn an_address_is_answered_with_authority_and_thirty_seconds_to_live() {
        let message = question("API.test", kind::A);
        let answer = ask(&one(), &message, Transport::Udp, 0).unwrap();
        assert_eq!(answer[..2], message[..2]);
        assert_eq!(answer[2..4], [0x85, 0x80]);
        assert_eq!(answer[4..12], [0, 1, 0, 1, 0, 0, 0, 0]);
        // As it was asked, capitals included.
        assert_eq!(answer[12..message.len()], message[12..]);
        assert_eq!(
            answer[message.len()..],
            [0xc0, 12, 0, 1, 0, 1, 0, 0, 0, 30, 0, 4, 240, 240, 0, 1]
        );
    }

    #[test]
    fn a_known_name_without_an_address_of_the_family_is_not_denied() {
        let answer = ask(&one(), &question("api.test", kind::AAAA), Transport::Udp, 0).unwrap();
        assert_eq!((answer[3] & 15, &answer[6..8]), (0, &[0, 0][..]));
    }

    #[test]
    fn other_names_and_other_records_are_for_others() {
        assert_eq!(ask(&one(), &question("other.test", kind::A), Transport::Udp, 0), None);
        let srv = 33;
        assert_eq!(ask(&one(), &question("api.test", srv), Transport::Udp, 0), None);
        let mut chaos = question("api.test", kind::A);
        *chaos.last_mut().unwrap() = 3;
        assert_eq!(ask(&one(), &chaos, Transport::Udp, 0), None);
    }

    #[test]
    fn a_name_with_the_search_domain_is_answered_by_its_other_name_and_that_ones_address() {
        for (asked, target) in [
            ("api.test.ns.svc.cluster.local", &b"\x03api\x04test\0"[..]),
            ("x.wild.test.ns.svc.cluster.local", b"\x01x\x04wild\x04test\0"),
        ] {
            let message = question(asked, kind::A);
            let answer = ask(&one(), &message, Transport::Udp, 0).unwrap();
            assert_eq!(answer[6..8], [0, 2]);
            let alias = &answer[message.len()..];
            assert_eq!(alias[..4], [0xc0, 12, 0, 5]);
            assert_eq!(alias[12..12 + target.len()], *target);
            let address = &alias[12 + target.len()..];
            let place = message.len() + 12;
            assert_eq!(address[..4], [0xc0 | (place >> 8) as u8, place as u8, 0, 1]);
            assert_eq!(address[12..], [240, 240, 0, 1]);
        }
    }

    #[test]
    fn addresses_take_turns_at_being_the_first() {
        let all: Vec<IpAddr> = (1..=3).map(|last| Ipv4Addr::new(10, 0, 0, last).into()).collect();
        let table = table(&all);
        let message = question("api.test", kind::A);
        let firsts: Vec<u8> = (0..3)
            .map(|random| ask(&table, &message, Transport::Udp, random).unwrap()[message.len() + 15])
            .collect();
        assert_eq!(firsts, [1, 2, 3]);
        let answer = ask(&table, &message, Transport::Udp, 2).unwrap();
        assert_eq!(answer[6..8], [0, 3], "all of them are there each time");
    }

    #[test]
    fn an_answer_that_is_too_long_for_udp_says_so_and_is_whole_over_tcp() {
        let all: Vec<IpAddr> = (0..200).map(|last| Ipv4Addr::new(10, 0, 0, last).into()).collect();
        let table = table(&all);
        let message = question("api.test", kind::A);
        let short = ask(&table, &message, Transport::Udp, 0).unwrap();
        assert!(short.len() <= 512 && short[2] & 2 != 0);
        let larger = ask(
            &table,
            &question_with_edns("api.test", kind::A, 1232),
            Transport::Udp,
            0,
        )
        .unwrap();
        assert!(larger.len() > 1200 && larger.len() <= 1232 && larger[2] & 2 != 0);
        let whole = ask(&table, &message, Transport::Tcp, 0).unwrap();
        assert_eq!((whole[2] & 2, &whole[6..8]), (0, &[0, 200][..]));
    }

    #[test]
    fn options_are_answered_by_options() {
        let answer = ask(
            &one(),
            &question_with_edns("api.test", kind::A, 1232),
            Transport::Udp,
            0,
        )
        .unwrap();
        assert_eq!(answer[10..12], [0, 1]);
        assert_eq!(answer[answer.len() - 11..], [0, 0, 41, 16, 0, 0, 0, 0, 0, 0, 0]);
    }

    #[test]
    fn options_of_a_version_to_come_are_refused() {
        let mut message = question_with_edns("api.test", kind::A, 1232);
        let version = message.len() - 5;
        message[version] = 1;
        let answer = ask(&one(), &message, Transport::Udp, 0).unwrap();
        assert_eq!((answer[7], answer[answer.len() - 6]), (0, 1));
    }

    #[test]
    fn a_failure_repeats_the_question() {
        let message = question("api.test", kind::A);
        let mut out = [0; 600];
        let length = failure(&Query::parse(&message).unwrap(), Rcode::ServerFailure, &mut out);
        assert_eq!(length, message.len());
        assert_eq!(out[2..4], [0x81, 0x82]);
    }
}
