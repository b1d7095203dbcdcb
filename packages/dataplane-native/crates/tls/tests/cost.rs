//! What encryption costs: run by hand on a quiet machine with
//! `cargo test --release -p tls --test cost -- --ignored --nocapture`.
#![allow(clippy::print_stdout)]

use std::future::poll_fn;
use std::io::IoSlice;
use std::time::{Duration, Instant};

use net::{Address, ConnectOptions, ListenOptions, Listener, Socket, Stream};
use rcgen::{CertificateParams, KeyPair};
use tls::{
    Certificate, CertificateSlot, ClientCertificates, ClientOptions, ClientTls, ServerOptions, ServerTls, TrustBundle,
    TrustSlot,
};

const ROUNDS: u32 = 100_000;
const HANDSHAKES: u32 = 1_000;
const TIMEOUT: Duration = Duration::from_secs(5);

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

async fn send(stream: &mut impl Stream, head: &[u8], body: &[u8]) {
    let pieces = [IoSlice::new(head), IoSlice::new(body)];
    let count = poll_fn(|cx| stream.poll_write_vectored(cx, &pieces))
        .await
        .expect("write");
    assert_eq!(count, head.len() + body.len(), "small messages are taken whole");
    poll_fn(|cx| stream.poll_flush(cx)).await.expect("flush");
}

async fn receive(stream: &mut impl Stream, mut count: usize, buffer: &mut [u8]) {
    while count > 0 {
        let read = poll_fn(|cx| stream.poll_read(cx, buffer)).await.expect("read");
        assert!(read > 0);
        count -= read;
    }
}

/// Requests of 200 bytes and responses of 1,200, both ends on this thread.
async fn measure(name: &str, client: &mut impl Stream, server: &mut impl Stream) {
    let (request, head, body) = ([1; 200], [2; 176], [3; 1024]);
    let (mut at_client, mut at_server) = (vec![0; 16_384], vec![0; 16_384]);
    let start = Instant::now();
    for _ in 0..ROUNDS {
        tokio::join!(
            async {
                send(client, &request, &[]).await;
                receive(client, head.len() + body.len(), &mut at_client).await;
            },
            async {
                receive(server, request.len(), &mut at_server).await;
                send(server, &head, &body).await;
            }
        );
    }
    println!(
        "{name}: {:.2} µs for a request and its response, both ends",
        start.elapsed().as_secs_f64() * 1e6 / f64::from(ROUNDS)
    );
}

#[tokio::test]
#[ignore = "a measurement"]
async fn cost_of_a_request() {
    let (mut client, mut server) = sockets().await;
    measure("plain", &mut client, &mut server).await;

    let key = KeyPair::generate().expect("key");
    let params = CertificateParams::new(vec!["reviews".to_owned()]).expect("params");
    let pem = params.self_signed(&key).expect("certificate").pem();
    let (certificate, trust) = (CertificateSlot::new(), TrustSlot::new());
    certificate.set(Certificate::from_pem(pem.as_bytes(), key.serialize_pem().as_bytes()).expect("certificate"));
    trust.set(TrustBundle::from_pem(pem.as_bytes()).expect("bundle"));
    let clients = ClientCertificates {
        trust: Some(trust.clone()),
        required: false,
        ..ClientCertificates::default()
    };
    let server_tls = ServerTls::new(ServerOptions {
        certificates: vec![certificate],
        clients: Some(clients),
        ..ServerOptions::default()
    });
    let client_tls = ClientTls::new(ClientOptions::default()).expect("client");
    let (client, server) = sockets().await;
    let server_tls = server_tls.expect("server");
    let (client, server) = tokio::join!(
        client_tls.connect(client, Some("reviews"), TIMEOUT),
        server_tls.accept(server, &[], TIMEOUT)
    );
    measure("tls 1.3", &mut client.expect("client"), &mut server.expect("server")).await;
}

/// Full handshakes beside resumed ones, both ends on this thread.
#[tokio::test]
#[ignore = "a measurement"]
async fn cost_of_a_handshake() {
    for (name, algorithm) in [
        ("ecdsa", &rcgen::PKCS_ECDSA_P256_SHA256),
        ("rsa 2048", &rcgen::PKCS_RSA_SHA256),
    ] {
        let key = KeyPair::generate_for(algorithm).expect("key");
        let params = CertificateParams::new(vec!["reviews".to_owned()]).expect("params");
        let pem = params.self_signed(&key).expect("certificate").pem();
        let (certificate, trust) = (CertificateSlot::new(), TrustSlot::new());
        certificate.set(Certificate::from_pem(pem.as_bytes(), key.serialize_pem().as_bytes()).expect("certificate"));
        trust.set(TrustBundle::from_pem(pem.as_bytes()).expect("bundle"));
        for max_sessions in [0, 8] {
            let server = ServerTls::new(ServerOptions {
                certificates: vec![certificate.clone()],
                resumption: true,
                ..ServerOptions::default()
            });
            let client = ClientTls::new(ClientOptions {
                trust: Some(trust.clone()),
                max_sessions,
                ..ClientOptions::default()
            });
            let (server, client) = (server.expect("server"), client.expect("client"));
            let mut spent = Duration::ZERO;
            let mut resumed = 0;
            for _ in 0..HANDSHAKES {
                let (at_client, at_server) = sockets().await;
                let start = Instant::now();
                let (ours, theirs) = tokio::join!(
                    client.connect(at_client, Some("reviews"), TIMEOUT),
                    server.accept(at_server, &[], TIMEOUT)
                );
                let (mut ours, mut theirs) = (ours.expect("client"), theirs.expect("server"));
                send(&mut theirs, b"x", b"").await;
                receive(&mut ours, 1, &mut [0; 64]).await;
                spent += start.elapsed();
                resumed += u32::from(theirs.is_resumed());
            }
            println!(
                "{name}: {:.0} µs for a handshake, both ends, {resumed} of {HANDSHAKES} resumed",
                spent.as_secs_f64() * 1e6 / f64::from(HANDSHAKES)
            );
        }
    }
}
