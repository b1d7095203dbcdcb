//! Questions for others: the bytes go on as they came, options and all, with a number of our own.

use std::{
    io,
    net::{Ipv4Addr, Ipv6Addr, SocketAddr},
    sync::atomic::{AtomicUsize, Ordering::Relaxed},
    time::Duration,
};

use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::{TcpStream, UdpSocket},
    time::timeout,
};

use crate::{
    ResolvConf,
    answer::Transport,
    message::{HEADER, MIN_UDP, Rcode, number},
    name::Name,
};

const TRUNCATED: u8 = 2;

/// A question on its way.
pub(crate) struct Forward<'a> {
    pub(crate) message: &'a [u8],
    pub(crate) transport: Transport,
    /// What an answer over UDP may have.
    pub(crate) udp_limit: usize,
    /// A number that nobody can guess.
    pub(crate) number: u16,
}

/// Whom to ask first: who has not answered loses its turn to the next.
#[derive(Debug, Default)]
pub(crate) struct Turn(AtomicUsize);

/// Asks one resolver after the other; the answer has the question's own number. `None`: nobody answered.
pub(crate) async fn ask(question: &Forward<'_>, resolvers: &ResolvConf, turn: &Turn) -> Option<Vec<u8>> {
    let count = resolvers.servers.len();
    if count == 0 {
        return None;
    }
    let first = if resolvers.rotates {
        turn.0.fetch_add(1, Relaxed)
    } else {
        turn.0.load(Relaxed)
    };
    let mut sent = question.message.to_vec();
    sent[..2].copy_from_slice(&question.number.to_be_bytes());
    let mut unwilling = None;
    for attempt in 0..count {
        let index = (first + attempt) % count;
        let result = exchange(&sent, question, resolvers.servers[index], resolvers.timeout).await;
        match result {
            Ok(answer) if is_willing(&answer) => return Some(own(answer, question.message)),
            Ok(answer) => unwilling = unwilling.or(Some(answer)),
            // Whoever asks next need not wait for it as well.
            Err(_) if !resolvers.rotates => turn.0.store((index + 1) % count, Relaxed),
            Err(_) => {}
        }
    }
    unwilling.map(|answer| own(answer, question.message))
}

/// With the number that the asking side has given it.
fn own(mut answer: Vec<u8>, question: &[u8]) -> Vec<u8> {
    answer[..2].copy_from_slice(&question[..2]);
    answer
}

/// Whether a server has dealt with the question; another one may (as the system's resolver does).
fn is_willing(answer: &[u8]) -> bool {
    const REFUSED: u8 = 5;
    let rcode = answer[3] & 15;
    ![Rcode::ServerFailure as u8, Rcode::NotImplemented as u8, REFUSED].contains(&rcode)
}

async fn exchange(sent: &[u8], question: &Forward<'_>, server: SocketAddr, limit: Duration) -> io::Result<Vec<u8>> {
    if question.transport == Transport::Tcp {
        // Not every resolver does TCP.
        return match timed(limit, over_tcp(sent, server)).await {
            Ok(answer) => Ok(answer),
            Err(_) => timed(limit, over_udp(sent, server, usize::from(u16::MAX))).await,
        };
    }
    let short = timed(limit, over_udp(sent, server, question.udp_limit)).await?;
    if short[2] & TRUNCATED == 0 {
        return Ok(short);
    }
    // A resolver may end its answers earlier than the asking side wants it to.
    let whole = timed(limit, over_tcp(sent, server)).await;
    Ok(whole
        .ok()
        .filter(|whole| whole.len() <= question.udp_limit)
        .unwrap_or(short))
}

async fn timed<T>(limit: Duration, work: impl Future<Output = io::Result<T>>) -> io::Result<T> {
    timeout(limit, work).await?
}

/// From a port of its own each time, which the system chooses: a stranger had to guess it beside the number.
async fn over_udp(sent: &[u8], server: SocketAddr, limit: usize) -> io::Result<Vec<u8>> {
    let any: SocketAddr = match server {
        SocketAddr::V4(_) => (Ipv4Addr::UNSPECIFIED, 0).into(),
        SocketAddr::V6(_) => (Ipv6Addr::UNSPECIFIED, 0).into(),
    };
    let socket = UdpSocket::bind(any).await?;
    socket.connect(server).await?;
    socket.send(sent).await?;
    let mut answer = vec![0; limit.max(MIN_UDP)];
    loop {
        let length = socket.recv(&mut answer).await?;
        if is_answer_to(&answer[..length], sent) {
            answer.truncate(length);
            return Ok(answer);
        }
    }
}

async fn over_tcp(sent: &[u8], server: SocketAddr) -> io::Result<Vec<u8>> {
    let mut stream = TcpStream::connect(server).await?;
    let mut framed = Vec::with_capacity(2 + sent.len());
    framed.extend_from_slice(&(sent.len() as u16).to_be_bytes());
    framed.extend_from_slice(sent);
    stream.write_all(&framed).await?;
    let length = stream.read_u16().await?;
    let mut answer = vec![0; usize::from(length)];
    stream.read_exact(&mut answer).await?;
    if is_answer_to(&answer, sent) {
        Ok(answer)
    } else {
        Err(io::ErrorKind::InvalidData.into())
    }
}

/// The number is the question's, and what it repeats of it too. Who could not read the question may leave it out.
pub(crate) fn is_answer_to(answer: &[u8], question: &[u8]) -> bool {
    if answer.len() < HEADER || question.len() < HEADER || answer[..2] != question[..2] || answer[2] & 0x80 == 0 {
        return false;
    }
    match number(answer, 4) {
        Some(0) => answer[3] & 15 != Rcode::NoError as u8,
        Some(1) => {
            let asked = question_of(question);
            asked.is_some() && asked == question_of(answer)
        }
        _ => false,
    }
}

/// Name, type and class in question, in lower case.
fn question_of(message: &[u8]) -> Option<(Name, &[u8])> {
    let (name, length) = Name::read(&message[HEADER..])?;
    let end = HEADER + length;
    Some((name, message.get(end..end + 4)?))
}

/// An answer that denies a name which the mesh has, because others do not have it: without the denial it says that the name has no
/// such records.
pub(crate) fn soften(answer: &mut [u8]) {
    if answer[3] & 15 == Rcode::NameError as u8 {
        answer[3] &= 0xf0;
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{message::kind, testing::question};

    fn answered(mut message: Vec<u8>) -> Vec<u8> {
        message[2] |= 0x80;
        message
    }

    #[test]
    fn an_answer_repeats_number_and_question_in_whatever_letters() {
        let asked = question("api.test", kind::A);
        assert!(is_answer_to(&answered(question("API.test", kind::A)), &asked));
        assert!(!is_answer_to(&asked, &asked), "a question is no answer");
        assert!(!is_answer_to(&answered(question("apx.test", kind::A)), &asked));
        assert!(!is_answer_to(&answered(question("api.test", kind::AAAA)), &asked));
        let mut other = answered(asked.clone());
        other[1] ^= 1;
        assert!(!is_answer_to(&other, &asked));
    }

    #[test]
    fn only_a_failure_may_leave_the_question_out() {
        let asked = question("api.test", kind::A);
        let mut bare = answered(asked[..HEADER].to_vec());
        bare[5] = 0;
        assert!(!is_answer_to(&bare, &asked));
        bare[3] = Rcode::FormatError as u8;
        assert!(is_answer_to(&bare, &asked));
    }

    #[test]
    fn a_denial_of_a_name_of_the_mesh_becomes_an_empty_answer() {
        let mut denial = answered(question("api.test", 65));
        denial[3] = 0x80 | Rcode::NameError as u8;
        soften(&mut denial);
        assert_eq!(denial[3], 0x80);
        denial[3] = 0x80 | Rcode::ServerFailure as u8;
        soften(&mut denial);
        assert_eq!(denial[3], 0x82);
    }
}
