//! The server on sockets, with resolvers that tests play.
#![allow(clippy::unwrap_used, clippy::expect_used, reason = "a test may panic")]

use std::{
    io::{Read, Write},
    net::{IpAddr, Ipv4Addr, SocketAddr, TcpListener, TcpStream, UdpSocket},
    path::Path,
    sync::Arc,
    thread,
    time::{Duration, Instant},
};

use dns::{Client, Host, Options, Server, Stats, Table};

const PATIENCE: Duration = Duration::from_secs(10);
const A: u16 = 1;
const HTTPS: u16 = 65;

fn question(name: &str, kind: u16) -> Vec<u8> {
    let mut message = vec![0x12, 0x34, 1, 0, 0, 1, 0, 0, 0, 0, 0, 1];
    for label in name.split('.') {
        message.push(label.len() as u8);
        message.extend_from_slice(label.as_bytes());
    }
    message.push(0);
    message.extend_from_slice(&kind.to_be_bytes());
    message.extend_from_slice(&[0, 1]);
    // Options: 1232 bytes, and a cookie, which a server in between has to leave as it is.
    message.extend_from_slice(&[0, 0, 41, 4, 208, 0, 0, 0, 0, 0, 12, 0, 10, 0, 8, 1, 2, 3, 4, 5, 6, 7, 8]);
    message
}

/// An answer with one address; `flags` are those of the third and fourth byte beside "answer".
fn answer_to(question: &[u8], flags: [u8; 2], address: [u8; 4]) -> Vec<u8> {
    let end = 12 + question[12..].iter().position(|byte| *byte == 0).unwrap() + 5;
    let mut answer = question[..end].to_vec();
    answer[2] = 0x80 | flags[0];
    answer[3] = flags[1];
    answer[6..12].copy_from_slice(&[0, 1, 0, 0, 0, 0]);
    answer.extend_from_slice(&[0xc0, 12, 0, 1, 0, 1, 0, 0, 0, 9, 0, 4]);
    answer.extend_from_slice(&address);
    answer
}

fn table() -> Arc<Table> {
    let addresses: [IpAddr; 1] = [Ipv4Addr::new(240, 240, 0, 1).into()];
    Arc::new(Table::build(
        &Client::default(),
        [Host {
            name: "db.test",
            addresses: &addresses,
            kubernetes: None,
            other_names: &[],
        }],
    ))
}

fn start(resolv_conf: &Path, resolver_port: u16) -> (Server, Arc<Stats>) {
    let stats = Arc::new(Stats::default());
    let options = Options {
        addresses: vec![(Ipv4Addr::LOCALHOST, 0).into()],
        resolv_conf: resolv_conf.to_owned(),
        resolver_port,
        shares_addresses: false,
    };
    (Server::start(options, Arc::clone(&stats)).unwrap(), stats)
}

fn over_udp(server: SocketAddr, message: &[u8]) -> Vec<u8> {
    let socket = UdpSocket::bind((Ipv4Addr::LOCALHOST, 0)).unwrap();
    socket.set_read_timeout(Some(PATIENCE)).unwrap();
    socket.send_to(message, server).unwrap();
    let mut answer = vec![0; 4096];
    let length = socket.recv(&mut answer).unwrap();
    answer.truncate(length);
    answer
}

fn over_tcp(stream: &mut TcpStream, message: &[u8]) -> Vec<u8> {
    stream.set_read_timeout(Some(PATIENCE)).unwrap();
    stream.write_all(&(message.len() as u16).to_be_bytes()).unwrap();
    stream.write_all(message).unwrap();
    let mut length = [0; 2];
    stream.read_exact(&mut length).unwrap();
    let mut answer = vec![0; usize::from(u16::from_be_bytes(length))];
    stream.read_exact(&mut answer).unwrap();
    answer
}

/// A resolver at 127.0.0.1 that answers each datagram by `reply`, as long as there is somebody to ask it.
fn resolver(socket: UdpSocket, reply: impl Fn(&[u8]) -> Vec<u8> + Send + 'static) {
    socket.set_read_timeout(Some(PATIENCE)).unwrap();
    thread::spawn(move || {
        let mut message = [0; 4096];
        while let Ok((length, from)) = socket.recv_from(&mut message) {
            socket.send_to(&reply(&message[..length]), from).unwrap();
        }
    });
}

fn conf(folder: &tempfile::TempDir, text: &str) -> std::path::PathBuf {
    let path = folder.path().join("resolv.conf");
    std::fs::write(&path, text).unwrap();
    path
}

fn rcode(answer: &[u8]) -> u8 {
    answer[3] & 15
}

fn metric(stats: &Stats, name: &str) -> u64 {
    let mut text = String::new();
    stats.write(&mut text);
    let prefix = format!("istio_agent_{name} ");
    text.lines()
        .find_map(|line| line.strip_prefix(&prefix))
        .unwrap()
        .parse()
        .unwrap()
}

#[test]
fn names_of_the_table_are_answered_over_udp_and_tcp_without_anybody_else() {
    let folder = tempfile::tempdir().unwrap();
    let (server, stats) = start(&folder.path().join("not-there"), 53);
    server.set_table(table());
    let address = server.addresses()[0];
    let answer = over_udp(address, &question("db.test", A));
    assert_eq!((rcode(&answer), &answer[6..8]), (0, &[0, 1][..]));
    assert!(answer.windows(4).any(|bytes| bytes == [240, 240, 0, 1]));
    let mut stream = TcpStream::connect(address).unwrap();
    let first = over_tcp(&mut stream, &question("db.test", A));
    let second = over_tcp(&mut stream, &question("DB.test", A));
    assert_eq!((&first[6..8], &second[6..8]), (&[0, 1][..], &[0, 1][..]));
    assert_eq!(metric(&stats, "dns_requests_total"), 3);
    assert_eq!(metric(&stats, "dns_upstream_requests_total"), 0);
}

#[test]
fn nothing_is_answered_before_the_first_table_as_every_name_may_be_in_it() {
    let folder = tempfile::tempdir().unwrap();
    let (server, _) = start(&folder.path().join("not-there"), 53);
    assert_eq!(rcode(&over_udp(server.addresses()[0], &question("db.test", A))), 2);
}

#[test]
fn other_names_go_to_the_resolver_as_they_came_and_come_back_under_their_own_number() {
    let folder = tempfile::tempdir().unwrap();
    let socket = UdpSocket::bind((Ipv4Addr::LOCALHOST, 0)).unwrap();
    let port = socket.local_addr().unwrap().port();
    let asked = question("www.other.test", A);
    let expected = asked.clone();
    resolver(socket, move |message| {
        assert_eq!(message[2..], expected[2..], "options and all");
        answer_to(message, [1, 0x80], [192, 0, 2, 1])
    });
    let (server, stats) = start(&conf(&folder, "nameserver 127.0.0.1"), port);
    server.set_table(table());
    let answer = over_udp(server.addresses()[0], &asked);
    assert_eq!(answer, answer_to(&asked, [1, 0x80], [192, 0, 2, 1]));
    assert_eq!(metric(&stats, "dns_upstream_requests_total"), 1);
    assert_eq!(metric(&stats, "dns_upstream_failures_total"), 0);
    assert_eq!(metric(&stats, "dns_upstream_request_duration_seconds_count"), 1);
}

#[test]
fn a_resolver_that_does_not_answer_gives_way_to_the_next() {
    let folder = tempfile::tempdir().unwrap();
    let socket = UdpSocket::bind(("127.0.0.1", 0)).unwrap();
    let port = socket.local_addr().unwrap().port();
    resolver(socket, |message| answer_to(message, [1, 0x80], [192, 0, 2, 2]));
    // Nobody is at that address's port.
    let (server, _) = start(&conf(&folder, "nameserver 127.0.0.77\nnameserver 127.0.0.1"), port);
    server.set_table(table());
    let answer = over_udp(server.addresses()[0], &question("www.other.test", A));
    assert!(answer.ends_with(&[192, 0, 2, 2]));
}

#[test]
fn a_failure_of_one_resolver_is_not_the_answer_while_another_has_one() {
    let folder = tempfile::tempdir().unwrap();
    let first = UdpSocket::bind(("127.0.0.1", 0)).unwrap();
    let port = first.local_addr().unwrap().port();
    let second = UdpSocket::bind(("127.0.0.78", port)).unwrap();
    resolver(first, |message| answer_to(message, [1, 0x82], [0, 0, 0, 0]));
    resolver(second, |message| answer_to(message, [1, 0x80], [192, 0, 2, 3]));
    let (server, _) = start(&conf(&folder, "nameserver 127.0.0.1\nnameserver 127.0.0.78"), port);
    server.set_table(table());
    let answer = over_udp(server.addresses()[0], &question("www.other.test", A));
    assert_eq!(rcode(&answer), 0);
    assert!(answer.ends_with(&[192, 0, 2, 3]));
}

#[test]
fn an_answer_that_a_resolver_has_cut_is_asked_for_over_tcp() {
    let folder = tempfile::tempdir().unwrap();
    let tcp = TcpListener::bind(("127.0.0.1", 0)).unwrap();
    let port = tcp.local_addr().unwrap().port();
    resolver(UdpSocket::bind(("127.0.0.1", port)).unwrap(), |message| {
        answer_to(message, [1 | 2, 0x80], [192, 0, 2, 4])
    });
    thread::spawn(move || {
        let (mut stream, _) = tcp.accept().unwrap();
        let mut length = [0; 2];
        stream.read_exact(&mut length).unwrap();
        let mut message = vec![0; usize::from(u16::from_be_bytes(length))];
        stream.read_exact(&mut message).unwrap();
        let answer = answer_to(&message, [1, 0x80], [192, 0, 2, 5]);
        stream.write_all(&(answer.len() as u16).to_be_bytes()).unwrap();
        stream.write_all(&answer).unwrap();
    });
    let (server, _) = start(&conf(&folder, "nameserver 127.0.0.1"), port);
    server.set_table(table());
    let answer = over_udp(server.addresses()[0], &question("www.other.test", A));
    assert!(answer.ends_with(&[192, 0, 2, 5]));
    assert_eq!(answer[2] & 2, 0);
}

#[test]
fn who_asks_over_tcp_is_answered_though_the_resolver_has_udp_only() {
    let folder = tempfile::tempdir().unwrap();
    let socket = UdpSocket::bind(("127.0.0.1", 0)).unwrap();
    let port = socket.local_addr().unwrap().port();
    resolver(socket, |message| answer_to(message, [1, 0x80], [192, 0, 2, 6]));
    let (server, _) = start(&conf(&folder, "nameserver 127.0.0.1"), port);
    server.set_table(table());
    let mut stream = TcpStream::connect(server.addresses()[0]).unwrap();
    assert!(over_tcp(&mut stream, &question("www.other.test", A)).ends_with(&[192, 0, 2, 6]));
}

#[test]
fn a_name_of_the_mesh_is_not_denied_because_resolvers_do_not_know_it() {
    let folder = tempfile::tempdir().unwrap();
    let socket = UdpSocket::bind(("127.0.0.1", 0)).unwrap();
    let port = socket.local_addr().unwrap().port();
    resolver(socket, |message| answer_to(message, [1, 0x83], [0, 0, 0, 0]));
    let (server, _) = start(&conf(&folder, "nameserver 127.0.0.1"), port);
    server.set_table(table());
    let address = server.addresses()[0];
    assert_eq!(rcode(&over_udp(address, &question("db.test", HTTPS))), 0);
    assert_eq!(rcode(&over_udp(address, &question("gone.test", HTTPS))), 3);
}

#[test]
fn without_a_resolver_other_names_fail() {
    let folder = tempfile::tempdir().unwrap();
    let (server, stats) = start(&folder.path().join("not-there"), 53);
    server.set_table(table());
    assert_eq!(
        rcode(&over_udp(server.addresses()[0], &question("www.other.test", A))),
        2
    );
    assert_eq!(metric(&stats, "dns_upstream_failures_total"), 1);
}

#[test]
fn another_resolver_is_asked_once_the_file_names_it() {
    let folder = tempfile::tempdir().unwrap();
    let socket = UdpSocket::bind(("127.0.0.1", 0)).unwrap();
    let port = socket.local_addr().unwrap().port();
    resolver(socket, |message| answer_to(message, [1, 0x80], [192, 0, 2, 7]));
    let path = conf(&folder, "# none yet");
    let (server, _) = start(&path, port);
    server.set_table(table());
    std::fs::write(&path, "nameserver 127.0.0.1\n").unwrap();
    let end = Instant::now() + PATIENCE;
    while rcode(&over_udp(server.addresses()[0], &question("www.other.test", A))) != 0 {
        assert!(Instant::now() < end, "the file was not read again");
        thread::yield_now();
    }
}

#[test]
fn a_stopped_server_leaves_its_port_to_others() {
    let folder = tempfile::tempdir().unwrap();
    let (mut server, _) = start(&folder.path().join("not-there"), 53);
    let address = server.addresses()[0];
    server.stop();
    assert!(UdpSocket::bind(address).is_ok());
    assert!(TcpListener::bind(address).is_ok());
}

#[test]
fn a_port_that_is_taken_is_named() {
    let taken = UdpSocket::bind(("127.0.0.1", 0)).unwrap();
    let address = taken.local_addr().unwrap();
    let options = Options {
        addresses: vec![address],
        resolv_conf: "/nowhere".into(),
        resolver_port: 53,
        shares_addresses: false,
    };
    let error = Server::start(options, Arc::default()).unwrap_err();
    assert!(error.to_string().starts_with(&address.to_string()), "{error}");
}
