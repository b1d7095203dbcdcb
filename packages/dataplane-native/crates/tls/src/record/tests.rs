use std::future::poll_fn;
use std::io::{IoSlice, Read, Write};
use std::sync::Arc;

use net::{Address, BufferSize, ConnectOptions, Socket, Stream};
use rustls::crypto::cipher::{AeadKey, Iv};
use rustls::crypto::{CryptoProvider, ring::cipher_suite};
use rustls::pki_types::{PrivateKeyDer, ServerName};
use rustls::{ClientConfig, ClientConnection, RootCertStore, ServerConfig, ServerConnection};

use super::*;
use crate::TlsStream;
use crate::handshake::{Handshake, Incoming};

/// A sealer, and the opener of what it seals.
fn pair() -> (Arc<Sealer>, Arc<Opener>) {
    let ours = suite(cipher_suite::TLS13_AES_256_GCM_SHA384);
    let algorithm = ours.tls13().unwrap().aead_alg;
    let secret = || (AeadKey::from([7; 32]), Iv::from([9; 12]));
    let ((key, iv), (same, too)) = (secret(), secret());
    let mut keys = Keys::default();
    made(&mut keys, || {
        drop((algorithm.encrypter(key, iv), algorithm.decrypter(same, too)));
    });
    (keys.sealer.unwrap(), keys.opener.unwrap())
}

/// Records of these contents, one for each.
fn sealed(sealer: &Sealer, contents: &[&[u8]]) -> Vec<u8> {
    let mut all = Vec::new();
    for content in contents {
        let mut outbox = Outbox::new(content.len());
        assert_eq!(outbox.seal(sealer, &[IoSlice::new(content)]).unwrap(), content.len());
        all.extend_from_slice(outbox.waiting());
    }
    all
}

fn contents(inbox: &mut Inbox) -> Vec<u8> {
    let mut bytes = vec![0; MAX_PLAIN];
    let count = inbox.read(&mut bytes);
    bytes.truncate(count);
    bytes
}

#[test]
fn records_are_opened_one_after_the_other_as_they_come() {
    let (sealer, opener) = pair();
    let bytes = sealed(&sealer, &[b"first", b"", b"second"]);
    let mut inbox = Inbox::new(BufferSize::Record);
    let mut all: Vec<Vec<u8>> = Vec::new();
    for byte in bytes {
        inbox.room()[0] = byte;
        inbox.received(1);
        match inbox.open(&opener) {
            Next::Nothing => {}
            Next::Content => all.push(contents(&mut inbox)),
            next @ Next::ForRustls { .. } => panic!("{next:?}"),
        }
    }
    assert_eq!(all, [b"first".to_vec(), b"second".to_vec()]);
    assert!(inbox.is_empty());
}

#[test]
fn pieces_are_joined_in_records_as_far_as_there_is_room() {
    let (sealer, opener) = pair();
    let data: Vec<u8> = (0..100_000_u32).map(|index| (index % 251) as u8).collect();
    let pieces: Vec<_> = data.chunks(777).map(IoSlice::new).collect();
    let mut outbox = Outbox::new(data.len());
    let count = outbox.seal(&sealer, &pieces).unwrap();
    assert!((4 * MAX_PLAIN..data.len()).contains(&count), "{count} bytes");
    assert_eq!(outbox.seal(&sealer, &[IoSlice::new(&data[count..])]).unwrap(), 0);
    let mut inbox = Inbox::holding(outbox.waiting()).unwrap();
    let mut taken = Vec::new();
    while inbox.open(&opener) == Next::Content {
        taken.extend(contents(&mut inbox));
    }
    assert!(taken == data[..count] && inbox.is_empty());
}

#[test]
fn there_is_always_room_for_what_rustls_has_to_say_but_not_for_ever() {
    let (sealer, _) = pair();
    let mut outbox = Outbox::new(MAX_PLAIN);
    outbox.seal(&sealer, &[IoSlice::new(&vec![0; 3 * MAX_PLAIN])]).unwrap();
    let alert = [1; 24];
    assert!((0..10).all(|_| outbox.write_all(&alert).is_ok()));
    assert!((0..1000).any(|_| outbox.write_all(&alert).is_err()));
}

/// A record with this inner plaintext: content, type and padding.
fn with_inner(sealer: &Sealer, inner: &[u8]) -> Vec<u8> {
    let mut all = vec![0; HEADER];
    all.extend_from_slice(inner);
    all.extend_from_slice(&[0; TAG]);
    sealer.seal_inner(&mut all).unwrap();
    all
}

#[test]
fn padding_is_dropped_and_what_is_no_data_goes_to_rustls() {
    let (sealer, opener) = pair();
    let next = |inner: &[u8]| {
        let mut inbox = Inbox::holding(&with_inner(&sealer, inner)).unwrap();
        (inbox.open(&opener), contents(&mut inbox))
    };
    assert_eq!(next(b"data\x17\0\0\0"), (Next::Content, b"data".to_vec()));
    assert_eq!(next(b"\x17\0\0\0"), (Next::Content, Vec::new()));
    let for_rustls = |inner: usize| {
        let length = HEADER + inner + TAG;
        (Next::ForRustls { length, is_open: true }, Vec::new())
    };
    assert_eq!(next(b"\x01\0\x15"), for_rustls(3), "an alert");
    assert_eq!(next(b"\0\0"), for_rustls(2), "no type");
    let mut large = vec![1; MAX_PLAIN + 1];
    large.push(APPLICATION_DATA);
    assert_eq!(next(&large), for_rustls(MAX_PLAIN + 2), "more than a record may have");
}

#[test]
fn what_nobody_has_sealed_is_not_opened() {
    let (sealer, opener) = pair();
    let good = sealed(&sealer, &[b"data"]);
    // The version says nothing (section 5.1), and is not what is sealed in.
    for place in (0..good.len()).filter(|place| !(1..3).contains(place)) {
        let mut bad = good.clone();
        bad[place] ^= 1;
        let next = Inbox::holding(&bad).unwrap().open(&opener);
        // Of a record that says to be longer more would have to come.
        let waits = (3..5).contains(&place) && next == Next::Nothing;
        assert!(
            waits || matches!(next, Next::ForRustls { is_open: false, .. }),
            "{place}: {next:?}"
        );
    }
    assert_eq!(Inbox::holding(&good).unwrap().open(&opener), Next::Content);
}

#[test]
fn nothing_that_is_received_breaks_the_inbox() {
    let (_, opener) = pair();
    let mut state = 1_u32;
    let mut random = || {
        state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
        (state >> 24) as u8
    };
    for _ in 0..2000 {
        let bytes: Vec<u8> = (0..usize::from(random())).map(|_| random() % 32).collect();
        let Some(mut inbox) = Inbox::holding(&bytes) else {
            continue;
        };
        while let Next::ForRustls { length, .. } = inbox.open(&opener) {
            assert!(length > 0 && inbox.take_record(length).len() == length);
        }
        assert!(!inbox.room().is_empty());
    }
}

/// A stream of ours whose keys are worn after `limit` records, and a server that is all rustls.
async fn beside_rustls(
    limit: u64,
    serve: impl FnOnce(&mut ServerConnection, &mut std::net::TcpStream) + Send + 'static,
) -> (TlsStream<Socket>, std::thread::JoinHandle<()>) {
    let issued = rcgen::generate_simple_self_signed(vec!["server.example".to_owned()]).unwrap();
    let key = PrivateKeyDer::try_from(issued.signing_key.serialize_der()).unwrap();
    let theirs = Arc::new(rustls::crypto::ring::default_provider());
    let server = ServerConfig::builder_with_provider(theirs.clone())
        .with_safe_default_protocol_versions()
        .unwrap()
        .with_no_client_auth()
        .with_single_cert(vec![issued.cert.der().clone()], key)
        .unwrap();
    let mut roots = RootCertStore::empty();
    roots.add(issued.cert.der().clone()).unwrap();
    let ours = CryptoProvider {
        cipher_suites: vec![keys::suite_with_limit(cipher_suite::TLS13_AES_128_GCM_SHA256, limit)],
        ..(*theirs).clone()
    };
    let client = ClientConfig::builder_with_provider(Arc::new(ours))
        .with_safe_default_protocol_versions()
        .unwrap()
        .with_root_certificates(roots)
        .with_no_client_auth();

    let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap();
    let serving = std::thread::spawn(move || {
        let (mut socket, _) = listener.accept().unwrap();
        let mut session = ServerConnection::new(Arc::new(server)).unwrap();
        while session.is_handshaking() {
            session.complete_io(&mut socket).unwrap();
        }
        serve(&mut session, &mut socket);
    });
    let socket = net::connect(&Address::Tcp(address), &ConnectOptions::default())
        .await
        .unwrap();
    let name = ServerName::try_from("server.example").unwrap();
    let session = ClientConnection::new(Arc::new(client), name).unwrap();
    let handshake = Handshake::new(socket, session.into(), Incoming::new(&[]), Keys::default());
    (handshake.finish().await.unwrap(), serving)
}

async fn send(stream: &mut TlsStream<Socket>, mut bytes: &[u8]) {
    while !bytes.is_empty() {
        let buffers = [IoSlice::new(bytes)];
        let count = poll_fn(|cx| stream.poll_write_vectored(cx, &buffers)).await.unwrap();
        bytes = &bytes[count..];
        poll_fn(|cx| stream.poll_flush(cx)).await.unwrap();
    }
}

async fn receive(stream: &mut TlsStream<Socket>, count: usize) -> std::io::Result<Vec<u8>> {
    let mut all = Vec::new();
    let mut buffer = [0; 3000];
    while all.len() < count {
        match poll_fn(|cx| stream.poll_read(cx, &mut buffer)).await? {
            0 => break,
            read => all.extend_from_slice(&buffer[..read]),
        }
    }
    Ok(all)
}

const ROUNDS: usize = 20;

fn data() -> Vec<u8> {
    (0..50_000_u32).map(|index| (index % 241) as u8).collect()
}

#[tokio::test]
async fn the_peer_may_renew_its_keys_and_ours_at_any_time() {
    let (mut stream, serving) = beside_rustls(u64::MAX, |session, socket| {
        let mut peer = rustls::Stream::new(session, socket);
        for _ in 0..ROUNDS {
            // Asks for ours, too.
            peer.conn.refresh_traffic_keys().unwrap();
            peer.write_all(&data()).unwrap();
            let mut echo = vec![0; data().len()];
            peer.read_exact(&mut echo).unwrap();
            assert!(echo == data());
        }
        peer.conn.send_close_notify();
        peer.flush().unwrap();
    })
    .await;
    for _ in 0..ROUNDS {
        let received = receive(&mut stream, data().len()).await.unwrap();
        send(&mut stream, &received).await;
    }
    assert_eq!(receive(&mut stream, 1).await.unwrap(), b"");
    assert!(!stream.was_truncated());
    serving.join().unwrap();
}

#[tokio::test]
async fn keys_that_are_worn_are_renewed_between_two_records() {
    let (mut stream, serving) = beside_rustls(3, |session, socket| {
        let mut peer = rustls::Stream::new(session, socket);
        let mut received = vec![0; ROUNDS * data().len()];
        peer.read_exact(&mut received).unwrap();
        assert!(received.chunks(data().len()).all(|chunk| chunk == data()));
        peer.write_all(b"thanks").unwrap();
    })
    .await;
    for _ in 0..ROUNDS {
        send(&mut stream, &data()).await;
    }
    assert_eq!(receive(&mut stream, 6).await.unwrap(), b"thanks");
    serving.join().unwrap();
}

#[tokio::test]
async fn a_record_that_is_not_the_peers_ends_the_connection_with_an_alert() {
    for garbage in [
        b"\x17\x03\x03\x00\x20garbage garbage garbage garbage.".as_slice(),
        b"\x17\x03\x03\xff\xffmore than a record may have",
        b"\x15\x03\x03\x00\x02\x01\x00",
    ] {
        let (mut stream, serving) = beside_rustls(u64::MAX, move |session, socket| {
            rustls::Stream::new(session, socket).write_all(b"good").unwrap();
            socket.write_all(garbage).unwrap();
            let error = rustls::Stream::new(session, socket).read(&mut [0]).unwrap_err();
            assert!(error.to_string().contains("received fatal alert"), "{error}");
        })
        .await;
        assert_eq!(receive(&mut stream, 4).await.unwrap(), b"good");
        assert!(receive(&mut stream, 1).await.is_err());
        serving.join().unwrap();
    }
}
