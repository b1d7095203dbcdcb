//! Handshakes between our own two ends over real sockets.

use std::future::poll_fn;
use std::io::{IoSlice, Write as _};
use std::os::fd::AsFd as _;
use std::sync::Arc;
use std::task::Poll;
use std::time::Duration;

use net::{
    Address, ConnectOptions, ListenOptions, Listener, RelayEnd, RelayOptions, RelaySide, Socket, Stream, Transferred,
    relay,
};
use rcgen::{
    BasicConstraints, CertificateParams, CertifiedIssuer, DnType, ExtendedKeyUsagePurpose, IsCa, KeyPair, SanType,
};
use tls::{
    Certificate, CertificateSlot, ClientCertificates, ClientOptions, ClientTls, Fault, NameMatcher, PeerNames,
    Preferences, ServerOptions, ServerTls, TlsError, TlsErrorKind, TlsStream, TlsVersion, TrustBundle, TrustSlot,
    VersionRange,
};

const TIMEOUT: Duration = Duration::from_secs(5);
const REVIEWS: &str = "spiffe://cluster.local/ns/default/sa/reviews";
const PRODUCTPAGE: &str = "spiffe://cluster.local/ns/default/sa/productpage";

struct Authority {
    issuer: CertifiedIssuer<'static, KeyPair>,
}

impl Authority {
    fn new(name: &str) -> Self {
        let mut params = CertificateParams::default();
        params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        params.distinguished_name.push(DnType::CommonName, name);
        let key = KeyPair::generate().expect("key");
        Self {
            issuer: CertifiedIssuer::self_signed(params, key).expect("authority"),
        }
    }

    fn bundle(&self) -> TrustBundle {
        TrustBundle::from_pem(self.issuer.pem().as_bytes()).expect("bundle")
    }

    fn trust(&self) -> Arc<TrustSlot> {
        let slot = TrustSlot::new();
        slot.set(self.bundle());
        slot
    }

    fn issue_with(&self, uri: &str, change: impl FnOnce(&mut CertificateParams)) -> Certificate {
        let key = KeyPair::generate().expect("key");
        let mut params = CertificateParams::new(vec!["reviews.example".to_owned()]).expect("params");
        params.distinguished_name = rcgen::DistinguishedName::new();
        params
            .subject_alt_names
            .push(SanType::URI(uri.try_into().expect("uri")));
        params.extended_key_usages = vec![ExtendedKeyUsagePurpose::ServerAuth, ExtendedKeyUsagePurpose::ClientAuth];
        change(&mut params);
        let leaf = params.signed_by(&key, &self.issuer).expect("leaf");
        Certificate::from_pem(leaf.pem().as_bytes(), key.serialize_pem().as_bytes()).expect("certificate")
    }

    fn slot(&self, uri: &str) -> Arc<CertificateSlot> {
        let slot = CertificateSlot::new();
        slot.set(self.issue_with(uri, |_| {}));
        slot
    }
}

#[derive(Debug)]
struct Only(&'static str);

impl NameMatcher for Only {
    fn matches(&self, names: &PeerNames) -> bool {
        names.spiffe_id() == Some(self.0)
    }

    fn expected(&self) -> String {
        self.0.to_owned()
    }
}

async fn sockets() -> (Socket, Socket) {
    let listener = Listener::bind(
        &Address::Tcp("127.0.0.1:0".parse().expect("address")),
        &ListenOptions::default(),
    )
    .expect("listener");
    let options = ConnectOptions::default();
    let (client, server) = tokio::join!(net::connect(listener.local_address(), &options), listener.accept());
    (
        client.expect("client"),
        server.expect("server").attach().expect("attach"),
    )
}

type Outcome = (Result<TlsStream, TlsError>, Result<TlsStream, TlsError>);

async fn shake_hands(client: &ClientTls, server: &ServerTls, name: Option<&str>) -> Outcome {
    let (client_socket, server_socket) = sockets().await;
    tokio::join!(
        client.connect(client_socket, name, TIMEOUT),
        server.accept(server_socket, &[], TIMEOUT)
    )
}

fn mesh_server(authority: &Authority, alpn: &[&str]) -> ServerOptions {
    ServerOptions {
        certificates: vec![authority.slot(REVIEWS)],
        clients: Some(ClientCertificates {
            trust: Some(authority.trust()),
            required: true,
            trust_domains: vec!["cluster.local".to_owned()],
            ..ClientCertificates::default()
        }),
        alpn: alpn.iter().map(|name| name.as_bytes().to_vec()).collect(),
        ..ServerOptions::default()
    }
}

fn mesh_client(authority: &Authority, alpn: &[&str]) -> ClientOptions {
    ClientOptions {
        certificates: vec![authority.slot(PRODUCTPAGE)],
        trust: Some(authority.trust()),
        names: Some(Arc::new(Only(REVIEWS))),
        alpn: alpn.iter().map(|name| name.as_bytes().to_vec()).collect(),
        ..ClientOptions::default()
    }
}

async fn write(stream: &mut TlsStream, bytes: &[u8]) {
    let mut joined = bytes.to_vec();
    while !joined.is_empty() {
        let half = joined.len() / 2;
        let buffers = [IoSlice::new(&joined[..half]), IoSlice::new(&joined[half..])];
        let count = poll_fn(|cx| stream.poll_write_vectored(cx, &buffers))
            .await
            .expect("write");
        joined.drain(..count);
    }
    poll_fn(|cx| stream.poll_flush(cx)).await.expect("flush");
}

async fn read_exactly(stream: &mut TlsStream, count: usize, piece: usize) -> Vec<u8> {
    let mut bytes = Vec::new();
    let mut buffer = vec![0; piece];
    while bytes.len() < count {
        let read = poll_fn(|cx| stream.poll_read(cx, &mut buffer)).await.expect("read");
        assert!(read > 0, "ended after {} of {count} bytes", bytes.len());
        bytes.extend_from_slice(&buffer[..read]);
    }
    bytes
}

#[tokio::test]
async fn both_ends_learn_who_the_other_is() {
    let authority = Authority::new("root");
    let client = ClientTls::new(mesh_client(&authority, &["istio"])).expect("client");
    let server = ServerTls::new(mesh_server(&authority, &["h2", "http/1.1"])).expect("server");
    let name = "outbound_.9080_.v1_.reviews.default.svc.cluster.local";
    let (client, server) = shake_hands(&client, &server, Some(name)).await;
    let (client, server) = (client.expect("client"), server.expect("server"));

    assert_eq!(client.peer().spiffe_id.as_deref(), Some(REVIEWS));
    assert_eq!(server.peer().spiffe_id.as_deref(), Some(PRODUCTPAGE));
    assert_eq!(server.peer().server_name.as_deref(), Some(name));
    assert_eq!(server.peer().version, TlsVersion::Tls13);
    assert_eq!(server.peer().certificate_hash_hex().len(), 64);
    assert_eq!(
        server.peer().alpn,
        None,
        "a client that offers only `istio` is served without a protocol"
    );
    assert_eq!(client.peer().alpn, None);
}

#[tokio::test]
async fn a_common_protocol_is_agreed_on() {
    let authority = Authority::new("root");
    let client = ClientTls::new(mesh_client(&authority, &["istio", "http/1.1"])).expect("client");
    let server = ServerTls::new(mesh_server(&authority, &["h2", "http/1.1"])).expect("server");
    let (client, server) = shake_hands(&client, &server, None).await;
    assert_eq!(
        client.expect("client").peer().alpn.as_deref(),
        Some(b"http/1.1".as_slice())
    );
    assert_eq!(
        server.expect("server").peer().alpn.as_deref(),
        Some(b"http/1.1".as_slice())
    );
}

#[tokio::test]
async fn tls_1_2_works_too() {
    let authority = Authority::new("root");
    let versions = VersionRange {
        min: TlsVersion::Tls12,
        max: TlsVersion::Tls12,
    };
    let client = ClientTls::new(mesh_client(&authority, &["istio"])).expect("client");
    let server = ServerTls::new(ServerOptions {
        versions,
        ..mesh_server(&authority, &["h2"])
    })
    .expect("server");
    let (client, server) = shake_hands(&client, &server, Some("reviews.example")).await;
    assert_eq!(server.expect("server").peer().spiffe_id.as_deref(), Some(PRODUCTPAGE));
    assert_eq!(client.expect("client").peer().version, TlsVersion::Tls12);
}

#[tokio::test]
async fn megabytes_pass_in_both_directions_whatever_the_readers_buffer_is() {
    let authority = Authority::new("root");
    let client = ClientTls::new(mesh_client(&authority, &[])).expect("client");
    let server = ServerTls::new(mesh_server(&authority, &[])).expect("server");
    let (client, server) = shake_hands(&client, &server, None).await;
    let (mut client, mut server) = (client.expect("client"), server.expect("server"));
    let data: Vec<u8> = (0..2_000_000_u32).map(|index| (index % 251) as u8).collect();
    for piece in [100, 20_000, 300_000] {
        let ((), received) = tokio::join!(write(&mut client, &data), read_exactly(&mut server, data.len(), piece));
        assert!(received == data, "client to server in pieces of {piece}");
        let ((), received) = tokio::join!(write(&mut server, &data), read_exactly(&mut client, data.len(), piece));
        assert!(received == data, "server to client in pieces of {piece}");
    }
}

#[tokio::test]
async fn an_orderly_end_is_told_from_a_cut_connection() {
    let authority = Authority::new("root");
    let client = ClientTls::new(mesh_client(&authority, &[])).expect("client");
    let server = ServerTls::new(mesh_server(&authority, &[])).expect("server");
    for orderly in [true, false] {
        let (client, server) = shake_hands(&client, &server, None).await;
        let (mut client, mut server) = (client.expect("client"), server.expect("server"));
        if orderly {
            poll_fn(|cx| client.poll_shutdown(cx)).await.expect("shutdown");
        }
        drop(client);
        let count = poll_fn(|cx| server.poll_read(cx, &mut [0; 10])).await.expect("read");
        assert_eq!((count, server.was_truncated()), (0, !orderly));
    }
}

#[tokio::test]
async fn a_rotated_certificate_is_used_by_new_handshakes_only() {
    let authority = Authority::new("root");
    let options = mesh_server(&authority, &[]);
    let slot = options.certificates[0].clone();
    let client = ClientTls::new(mesh_client(&authority, &[])).expect("client");
    let server = ServerTls::new(options).expect("server");
    let (old_client, old_server) = shake_hands(&client, &server, None).await;
    let (mut old_client, mut old_server) = (old_client.expect("client"), old_server.expect("server"));
    slot.set(authority.issue_with(REVIEWS, |_| {}));
    let (new_client, _new_server) = shake_hands(&client, &server, None).await;
    assert_ne!(
        new_client.expect("client").peer().certificate_sha256,
        old_client.peer().certificate_sha256
    );
    tokio::join!(write(&mut old_client, b"still here"), async {
        assert_eq!(read_exactly(&mut old_server, 10, 100).await, b"still here");
    });
}

#[tokio::test]
async fn an_expired_client_is_refused_with_the_date() {
    let authority = Authority::new("root");
    let expired = CertificateSlot::new();
    expired.set(authority.issue_with(PRODUCTPAGE, |params| {
        params.not_before = rcgen::date_time_ymd(2020, 1, 1);
        params.not_after = rcgen::date_time_ymd(2020, 2, 1);
    }));
    let client = ClientTls::new(ClientOptions {
        certificates: vec![expired],
        ..mesh_client(&authority, &[])
    })
    .expect("client");
    let server = ServerTls::new(mesh_server(&authority, &[])).expect("server");
    let (_, server) = shake_hands(&client, &server, None).await;
    let error = server.expect_err("must be refused");
    assert_eq!(
        (error.kind, error.fault),
        (TlsErrorKind::PeerCertificateExpired, Fault::Peer)
    );
    assert_eq!(error.to_string(), "peer certificate expired at 2020-02-01T00:00:00Z");
}

#[tokio::test]
async fn strangers_and_impostors_are_refused() {
    let authority = Authority::new("root");
    let stranger = Authority::new("another root");
    let server = ServerTls::new(mesh_server(&authority, &[])).expect("server");

    let certificates = vec![stranger.slot(PRODUCTPAGE)];
    let client = ClientTls::new(ClientOptions {
        certificates,
        ..mesh_client(&authority, &[])
    })
    .expect("client");
    let error = shake_hands(&client, &server, None).await.1.expect_err("foreign root");
    assert_eq!(error.kind, TlsErrorKind::UntrustedPeer);

    let client = ClientTls::new(ClientOptions {
        certificates: Vec::new(),
        ..mesh_client(&authority, &[])
    })
    .expect("client");
    let error = shake_hands(&client, &server, None).await.1.expect_err("no certificate");
    assert_eq!(error.kind, TlsErrorKind::NoPeerCertificate);

    let certificates = vec![authority.slot("spiffe://elsewhere/ns/default/sa/productpage")];
    let client = ClientTls::new(ClientOptions {
        certificates,
        ..mesh_client(&authority, &[])
    })
    .expect("client");
    let error = shake_hands(&client, &server, None)
        .await
        .1
        .expect_err("foreign trust domain");
    assert_eq!(error.kind, TlsErrorKind::WrongPeer);

    let names: Option<Arc<dyn NameMatcher>> = Some(Arc::new(Only("spiffe://cluster.local/ns/default/sa/ratings")));
    let client = ClientTls::new(ClientOptions {
        names,
        ..mesh_client(&authority, &[])
    })
    .expect("client");
    let error = shake_hands(&client, &server, None).await.0.expect_err("wrong server");
    assert_eq!(error.kind, TlsErrorKind::WrongPeer);
    assert_eq!(
        error.to_string(),
        format!(
            "peer presented {REVIEWS}, reviews.example, expected one of spiffe://cluster.local/ns/default/sa/ratings"
        )
    );
}

#[tokio::test]
async fn a_peer_of_any_root_in_the_bundle_is_trusted() {
    let old = Authority::new("old root");
    let new = Authority::new("new root");
    let both = TrustSlot::new();
    both.set(TrustBundle::from_pem([old.issuer.pem(), new.issuer.pem()].concat().as_bytes()).expect("bundle"));
    let client = ClientTls::new(ClientOptions {
        trust: Some(both.clone()),
        ..mesh_client(&new, &[])
    })
    .expect("client");
    let mut options = mesh_server(&old, &[]);
    options.clients.as_mut().expect("clients").trust = Some(both);
    let server = ServerTls::new(options).expect("server");
    let (client, server) = shake_hands(&client, &server, None).await;
    assert!(client.is_ok() && server.is_ok());
}

#[tokio::test]
async fn outside_of_the_mesh_the_host_name_is_verified() {
    let authority = Authority::new("root");
    let server = ServerTls::new(ServerOptions {
        clients: None,
        ..mesh_server(&authority, &[])
    })
    .expect("server");
    let options = ClientOptions {
        trust: Some(authority.trust()),
        verify_hostname: true,
        ..ClientOptions::default()
    };
    let client = ClientTls::new(options).expect("client");
    assert!(shake_hands(&client, &server, Some("reviews.example")).await.0.is_ok());
    let error = shake_hands(&client, &server, Some("other.example"))
        .await
        .0
        .expect_err("wrong host");
    assert_eq!(error.kind, TlsErrorKind::WrongPeer);
}

#[tokio::test]
async fn what_is_missing_is_said_before_the_handshake() {
    let authority = Authority::new("root");
    let options = ServerOptions {
        certificates: vec![CertificateSlot::new()],
        ..mesh_server(&authority, &[])
    };
    let server = ServerTls::new(options).expect("server");
    let (_client, socket) = sockets().await;
    let error = server.accept(socket, &[], TIMEOUT).await.expect_err("no certificate");
    assert_eq!(
        (error.kind, error.fault),
        (TlsErrorKind::NoLocalCertificate, Fault::Local)
    );
}

#[tokio::test]
async fn plaintext_and_silence_do_not_hold_a_server() {
    let authority = Authority::new("root");
    let server = ServerTls::new(mesh_server(&authority, &[])).expect("server");
    let (_client, socket) = sockets().await;
    let error = server
        .accept(socket, b"GET / HTTP/1.1\r\n\r\n", TIMEOUT)
        .await
        .expect_err("plaintext");
    assert_eq!(error.kind, TlsErrorKind::NotTls);
    let (_client, socket) = sockets().await;
    let error = server
        .accept(socket, &[], Duration::from_millis(20))
        .await
        .expect_err("silence");
    assert_eq!(error.kind, TlsErrorKind::Timeout);
}

#[tokio::test]
async fn an_idle_connection_tells_when_the_peer_leaves() {
    let authority = Authority::new("root");
    let client = ClientTls::new(mesh_client(&authority, &[])).expect("client");
    let server = ServerTls::new(mesh_server(&authority, &[])).expect("server");
    let (client, server) = shake_hands(&client, &server, None).await;
    let (mut client, server) = (client.expect("client"), server.expect("server"));
    assert_eq!(
        poll_fn(|cx| Poll::Ready(client.poll_idle(cx))).await,
        net::IdleState::Usable
    );
    drop(server);
    let state = poll_fn(|cx| match client.poll_idle(cx) {
        net::IdleState::Usable => Poll::Pending,
        state => Poll::Ready(state),
    });
    assert_eq!(state.await, net::IdleState::Closed);
}

#[tokio::test]
async fn a_peer_that_was_trusted_is_refused_once_its_root_has_left_the_bundle() {
    let old = Authority::new("old root");
    let new = Authority::new("new root");
    let trust = old.trust();
    let client = ClientTls::new(mesh_client(&old, &[])).expect("client");
    let mut options = mesh_server(&old, &[]);
    options.clients.as_mut().expect("clients").trust = Some(trust.clone());
    let server = ServerTls::new(options).expect("server");
    for _ in 0..2 {
        let (client, server) = shake_hands(&client, &server, None).await;
        assert!(client.is_ok() && server.is_ok());
    }
    trust.set(new.bundle());
    let (_, server) = shake_hands(&client, &server, None).await;
    assert_eq!(server.expect_err("a stranger now").kind, TlsErrorKind::UntrustedPeer);
}

#[tokio::test]
async fn of_the_suites_that_a_client_offers_the_server_chooses_the_one_with_the_least_work() {
    let authority = Authority::new("root");
    let versions = VersionRange {
        min: TlsVersion::Tls12,
        max: TlsVersion::Tls12,
    };
    let suites = ["ECDHE-ECDSA-AES256-GCM-SHA384", "ECDHE-ECDSA-AES128-GCM-SHA256"];
    let client = ClientTls::new(ClientOptions {
        versions,
        preferences: Preferences {
            suites: suites.map(str::to_owned).to_vec(),
            ..Preferences::default()
        },
        ..mesh_client(&authority, &[])
    })
    .expect("client");
    let server = ServerTls::new(mesh_server(&authority, &[])).expect("server");
    let (_, server) = shake_hands(&client, &server, None).await;
    let suite = server.expect("server").peer().cipher_suite;
    assert_eq!(suite, Some("TLS_ECDHE_ECDSA_WITH_AES_128_GCM_SHA256"));
}

/// Sends `bytes` and then the end, and answers what the other end has sent by its end.
async fn send_and_receive(socket: &mut Socket, mut bytes: &[u8]) -> Vec<u8> {
    let (mut received, mut piece) = (Vec::new(), vec![0; 10_000]);
    let mut has_said_all = false;
    poll_fn(|cx| {
        while !bytes.is_empty() {
            let most = bytes.len().min(777_777);
            match socket.poll_write_vectored(cx, &[IoSlice::new(&bytes[..most])]) {
                Poll::Ready(count) => bytes = &bytes[count.expect("write")..],
                Poll::Pending => break,
            }
        }
        if bytes.is_empty() && !std::mem::replace(&mut has_said_all, true) {
            assert!(socket.poll_shutdown(cx).is_ready());
        }
        loop {
            match socket.poll_read(cx, &mut piece) {
                Poll::Ready(Ok(0)) if has_said_all => return Poll::Ready(()),
                Poll::Ready(count) => match count.expect("read") {
                    0 => return Poll::Pending,
                    count => received.extend_from_slice(&piece[..count]),
                },
                Poll::Pending => return Poll::Pending,
            }
        }
    })
    .await;
    received
}

#[tokio::test]
async fn plaintext_is_relayed_over_tls_in_both_directions_with_half_close() {
    let authority = Authority::new("root");
    for version in [TlsVersion::Tls13, TlsVersion::Tls12] {
        let versions = VersionRange {
            min: version,
            max: version,
        };
        for (up, down) in [(0, 0), (1, 0), (0, 40_000), (100_000, 9_000_001), (9_000_001, 16_384)] {
            let client = ClientTls::new(mesh_client(&authority, &[])).expect("client");
            let server = ServerTls::new(ServerOptions {
                versions,
                ..mesh_server(&authority, &[])
            })
            .expect("server");
            let (client, server) = shake_hands(&client, &server, None).await;
            let (mut sealing, mut opening) = (client.expect("client"), server.expect("server"));
            assert_eq!(sealing.lends_buffers(), version == TlsVersion::Tls13);
            let ((mut application, mut near), (mut far, mut service)) = (sockets().await, sockets().await);
            let data: Vec<u8> = (0..10_000_000_u32).map(|index| (index % 251) as u8).collect();
            let (there, back) = (Transferred::default(), Transferred::default());
            let (sent, answered, first, second) = tokio::join!(
                send_and_receive(&mut application, &data[..up]),
                send_and_receive(&mut service, &data[..down]),
                relay(&mut near, &mut sealing, RelayOptions::default(), &there),
                relay(&mut opening, &mut far, RelayOptions::default(), &back),
            );
            assert!(sent == data[..down] && answered == data[..up], "{up} up, {down} down");
            assert_eq!(
                (first.expect("relay"), second.expect("relay")),
                (RelayEnd::Closed, RelayEnd::Closed)
            );
            assert_eq!((there.sent.get(), there.received.get()), (up as u64, down as u64));
            assert_eq!((back.sent.get(), back.received.get()), (up as u64, down as u64));
        }
    }
}

#[tokio::test]
async fn what_cannot_be_opened_ends_a_relay_behind_what_could() {
    let authority = Authority::new("root");
    let client = ClientTls::new(mesh_client(&authority, &[])).expect("client");
    let server = ServerTls::new(mesh_server(&authority, &[])).expect("server");
    let (client, server) = shake_hands(&client, &server, None).await;
    let (mut client, mut server) = (client.expect("client"), server.expect("server"));
    let (mut far, mut service) = sockets().await;
    write(&mut client, b"as it should be").await;
    let forged = [&[23, 3, 3, 0, 40][..], &[7; 40]].concat();
    let socket = client.socket().expect("socket").as_fd().try_clone_to_owned();
    let mut socket = std::net::TcpStream::from(socket.expect("socket"));
    socket.write_all(&forged).expect("send");
    let transferred = Transferred::default();
    let relaying = relay(&mut server, &mut far, RelayOptions::default(), &transferred);
    let error = relaying.await.expect_err("forged");
    assert_eq!((error.side, transferred.sent.get()), (RelaySide::Downstream, 15));
    assert_eq!(error.source.kind(), std::io::ErrorKind::InvalidData);
    let mut buffer = [0; 100];
    let count = poll_fn(|cx| service.poll_read(cx, &mut buffer)).await.expect("read");
    assert_eq!(&buffer[..count], b"as it should be");
}
