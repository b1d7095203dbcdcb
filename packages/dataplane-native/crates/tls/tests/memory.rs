//! What an idle connection keeps.
#![allow(clippy::unwrap_used, missing_docs, unsafe_code)]

use std::alloc::{GlobalAlloc, Layout, System};
use std::future::poll_fn;
use std::io::IoSlice;
use std::sync::atomic::{AtomicIsize, Ordering::Relaxed};
use std::time::Duration;

use net::{Address, ConnectOptions, ListenOptions, Listener, Stream};
use rcgen::{CertificateParams, KeyPair};
use tls::{
    Certificate, CertificateSlot, ClientCertificates, ClientOptions, ClientTls, ServerOptions, ServerTls, TlsStream,
    TrustBundle, TrustSlot,
};

struct Counting;

static LIVE: AtomicIsize = AtomicIsize::new(0);

// SAFETY: every call is passed on to the system's allocator unchanged.
unsafe impl GlobalAlloc for Counting {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        LIVE.fetch_add(layout.size() as isize, Relaxed);
        // SAFETY: the caller keeps the contract of `GlobalAlloc::alloc`.
        unsafe { System.alloc(layout) }
    }

    unsafe fn dealloc(&self, pointer: *mut u8, layout: Layout) {
        LIVE.fetch_sub(layout.size() as isize, Relaxed);
        // SAFETY: the pointer came from `alloc` above.
        unsafe { System.dealloc(pointer, layout) }
    }
}

#[global_allocator]
static ALLOCATOR: Counting = Counting;

const TIMEOUT: Duration = Duration::from_secs(5);

async fn exchange(from: &mut TlsStream, to: &mut TlsStream) {
    let bytes = [1; 700];
    assert_eq!(
        poll_fn(|cx| from.poll_write_vectored(cx, &[IoSlice::new(&bytes)]))
            .await
            .unwrap(),
        bytes.len()
    );
    poll_fn(|cx| from.poll_flush(cx)).await.unwrap();
    let mut buffer = [0; 1000];
    assert_eq!(poll_fn(|cx| to.poll_read(cx, &mut buffer)).await.unwrap(), bytes.len());
}

/// rustls keeps 4 KiB for the next record of each end, and the certificates of the peer.
#[tokio::test]
async fn two_ends_that_wait_keep_less_than_twenty_kilobytes() {
    let key = KeyPair::generate().unwrap();
    let certificate = CertificateParams::new(vec!["server.example".to_owned()])
        .unwrap()
        .self_signed(&key)
        .unwrap();
    let slot = CertificateSlot::new();
    slot.set(Certificate::from_pem(certificate.pem().as_bytes(), key.serialize_pem().as_bytes()).unwrap());
    let trust = TrustSlot::new();
    trust.set(TrustBundle::from_pem(certificate.pem().as_bytes()).unwrap());
    let server = ServerTls::new(ServerOptions {
        certificates: vec![slot.clone()],
        clients: Some(ClientCertificates {
            trust: Some(trust.clone()),
            ..ClientCertificates::default()
        }),
        ..ServerOptions::default()
    })
    .unwrap();
    let client = ClientTls::new(ClientOptions {
        certificates: vec![slot],
        ..ClientOptions::default()
    })
    .unwrap();
    let any = Address::Tcp("127.0.0.1:0".parse().unwrap());
    let listener = Listener::bind(&any, &ListenOptions::default()).unwrap();

    let mut kept = Vec::with_capacity(100);
    let mut before = 0;
    for round in 0..60 {
        if round == 10 {
            before = LIVE.load(Relaxed);
        }
        let options = ConnectOptions::default();
        let (near, far) = tokio::join!(net::connect(listener.local_address(), &options), listener.accept());
        let far = far.unwrap().attach().unwrap();
        let (near, far) = tokio::join!(
            client.connect(near.unwrap(), None, TIMEOUT),
            server.accept(far, &[], TIMEOUT)
        );
        let (mut near, mut far) = (near.unwrap(), far.unwrap());
        exchange(&mut near, &mut far).await;
        exchange(&mut far, &mut near).await;
        kept.push((Box::new(near), Box::new(far)));
    }
    let bytes = (LIVE.load(Relaxed) - before) / 50;
    assert!(bytes < 20_000, "{bytes} bytes");
}
