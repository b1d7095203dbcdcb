//! Sockets of this machine, end to end.

use std::future::poll_fn;
use std::io::{self, IoSlice};
use std::task::{Context, Poll};
use std::time::Duration;

use net::{
    Address, ConnectFailure, ConnectOptions, IdleState, ListenOptions, Listener, Protocol, RelayEnd, RelayOptions,
    RelaySide, Socket, Stream, Transferred, connect, detect_protocol, relay,
};

fn loopback() -> Address {
    Address::Tcp("127.0.0.1:0".parse().expect("address"))
}

async fn pair_at(address: &Address) -> (Socket, Socket) {
    let listener = Listener::bind(address, &ListenOptions::default()).expect("listener");
    let options = ConnectOptions::default();
    let (client, server) = tokio::join!(connect(listener.local_address(), &options), listener.accept());
    (
        client.expect("client"),
        server.expect("server").attach().expect("attach"),
    )
}

async fn pair() -> (Socket, Socket) {
    pair_at(&loopback()).await
}

async fn write_all(stream: &mut impl Stream, mut bytes: &[u8]) {
    while !bytes.is_empty() {
        let count = poll_fn(|cx| stream.poll_write_vectored(cx, &[IoSlice::new(bytes)]))
            .await
            .expect("write");
        bytes = &bytes[count..];
    }
}

async fn close_sending(stream: &mut impl Stream) {
    poll_fn(|cx| stream.poll_shutdown(cx)).await.expect("shutdown");
}

async fn read_to_end(stream: &mut impl Stream) -> Vec<u8> {
    let mut bytes = Vec::new();
    let mut buffer = vec![0; 65_536];
    loop {
        match poll_fn(|cx| stream.poll_read(cx, &mut buffer)).await.expect("read") {
            0 => return bytes,
            count => bytes.extend_from_slice(&buffer[..count]),
        }
    }
}

/// A socket that does not let anybody splice.
struct Copied(Socket);

impl Stream for Copied {
    fn poll_read(&mut self, cx: &mut Context<'_>, buffer: &mut [u8]) -> Poll<io::Result<usize>> {
        self.0.poll_read(cx, buffer)
    }

    fn poll_write_vectored(&mut self, cx: &mut Context<'_>, buffers: &[IoSlice<'_>]) -> Poll<io::Result<usize>> {
        self.0.poll_write_vectored(cx, buffers)
    }

    fn poll_flush(&mut self, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        self.0.poll_flush(cx)
    }

    fn poll_shutdown(&mut self, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        self.0.poll_shutdown(cx)
    }

    fn is_plain(&self) -> bool {
        false
    }

    fn plain_socket(&self) -> Option<&Socket> {
        None
    }

    fn socket(&self) -> Option<&Socket> {
        Some(&self.0)
    }

    fn poll_idle(&mut self, cx: &mut Context<'_>) -> IdleState {
        self.0.poll_idle(cx)
    }
}

#[tokio::test]
async fn every_kind_of_address_accepts_and_connects() {
    let folder = tempfile::tempdir().expect("folder");
    let path = folder.path().join("socket");
    let name = format!("fairlead-test-{}", std::process::id());
    for address in [
        loopback(),
        Address::Tcp("[::1]:0".parse().expect("address")),
        Address::Unix(path),
        Address::from_pipe_path(&format!("@{name}")),
    ] {
        let (mut client, mut server) = pair_at(&address).await;
        write_all(&mut client, b"hello").await;
        close_sending(&mut client).await;
        assert_eq!(read_to_end(&mut server).await, b"hello", "{address}");
        assert_eq!(server.original_destination(), None, "nothing is redirected here");
    }
}

#[tokio::test]
async fn workers_share_an_address() {
    let first = Listener::bind(&loopback(), &ListenOptions::default()).expect("first");
    assert!(Listener::bind(first.local_address(), &ListenOptions::default()).is_ok());
    let alone = ListenOptions {
        reuse_port: false,
        ..ListenOptions::default()
    };
    let error = Listener::bind(first.local_address(), &alone).expect_err("taken");
    assert_eq!(error.kind(), io::ErrorKind::AddrInUse);
}

#[tokio::test]
async fn a_stale_unix_socket_is_replaced_but_nothing_else() {
    let folder = tempfile::tempdir().expect("folder");
    let path = folder.path().join("socket");
    let address = Address::Unix(path.clone());
    let listener = Listener::bind(&address, &ListenOptions::default()).expect("first");
    assert!(
        Listener::bind(&address, &ListenOptions::default()).is_err(),
        "it is in use"
    );
    drop(listener);
    assert!(
        Listener::bind(&address, &ListenOptions::default()).is_ok(),
        "it is stale"
    );
    std::fs::remove_file(&path).expect("remove");
    std::fs::write(&path, "precious").expect("write");
    assert!(Listener::bind(&address, &ListenOptions::default()).is_err());
    assert_eq!(std::fs::read_to_string(&path).expect("file"), "precious");
}

#[tokio::test]
async fn a_refused_connection_says_so() {
    let listener = Listener::bind(&loopback(), &ListenOptions::default()).expect("listener");
    let address = listener.local_address().clone();
    drop(listener);
    let error = connect(&address, &ConnectOptions::default())
        .await
        .expect_err("nobody listens");
    assert_eq!(error.failure, ConnectFailure::Refused);
    assert!(error.to_string().contains(&address.to_string()), "{error}");
}

#[tokio::test]
async fn the_source_address_can_be_chosen() {
    let listener = Listener::bind(&loopback(), &ListenOptions::default()).expect("listener");
    let source = Some("127.0.0.9:0".parse().expect("address"));
    let options = ConnectOptions {
        source,
        ..ConnectOptions::default()
    };
    let (client, accepted) = tokio::join!(connect(listener.local_address(), &options), listener.accept());
    let accepted = accepted.expect("accepted");
    let peer = accepted.peer().tcp().expect("tcp");
    assert_eq!(peer.ip().to_string(), "127.0.0.9");
    assert_eq!(
        client.expect("client").local_address().expect("local").tcp(),
        Some(peer)
    );
}

#[tokio::test]
async fn an_accepted_connection_can_be_served_by_another_thread() {
    let (mut client, server) = pair().await;
    let detached = server.detach().expect("detach");
    let thread = std::thread::spawn(move || {
        let runtime = tokio::runtime::Builder::new_current_thread()
            .enable_io()
            .build()
            .expect("runtime");
        runtime.block_on(async {
            let mut server = detached.attach().expect("attach");
            write_all(&mut server, b"from another thread").await;
        });
    });
    assert_eq!(read_to_end(&mut client).await, b"from another thread");
    thread.join().expect("thread");
}

#[tokio::test]
async fn an_idle_connection_tells_what_happened_to_it() {
    let (mut client, mut server) = pair().await;
    let wait = async |stream: &mut Socket| {
        poll_fn(|cx| match stream.poll_idle(cx) {
            IdleState::Usable => Poll::Pending,
            state => Poll::Ready(state),
        })
        .await
    };
    assert_eq!(poll_fn(|cx| Poll::Ready(client.poll_idle(cx))).await, IdleState::Usable);
    write_all(&mut server, b"x").await;
    assert_eq!(wait(&mut client).await, IdleState::UnexpectedData);
    let (mut client, server) = pair().await;
    drop(server);
    assert_eq!(wait(&mut client).await, IdleState::Closed);
}

/// Sends `up` and `down` through a relay whose ends are made by `wrap`, and checks everything that can be seen.
async fn relay_both_ways<S: Stream>(wrap: fn(Socket) -> S, up: usize, down: usize) {
    let (mut client, downstream) = pair().await;
    let (upstream, mut server) = pair().await;
    let (mut downstream, mut upstream) = (wrap(downstream), wrap(upstream));
    let request: Vec<u8> = (0..up).map(|index| (index % 251) as u8).collect();
    let response: Vec<u8> = (0..down).map(|index| (index % 241) as u8).collect();
    let transferred = Transferred::default();
    let prefix = b"detected ";
    let options = RelayOptions {
        downstream_prefix: prefix,
        ..RelayOptions::default()
    };
    let (end, (), received) = tokio::join!(
        relay(&mut downstream, &mut upstream, options, &transferred),
        async {
            write_all(&mut client, &request).await;
            close_sending(&mut client).await;
        },
        async {
            // The client has ended its side; the server answers only then: half-close has to be passed on.
            let received = read_to_end(&mut server).await;
            write_all(&mut server, &response).await;
            close_sending(&mut server).await;
            received
        }
    );
    assert_eq!(end.expect("relay"), RelayEnd::Closed);
    assert!(
        received[..prefix.len()] == *prefix && received[prefix.len()..] == request,
        "what the server got"
    );
    assert!(read_to_end(&mut client).await == response, "what the client got");
    assert_eq!(
        (transferred.sent.get(), transferred.received.get()),
        ((up + prefix.len()) as u64, down as u64)
    );
}

// The response has to fit into the socket's buffers, since the client reads it after the relay.
#[tokio::test]
async fn plain_sockets_are_relayed_by_splice_with_half_close() {
    relay_both_ways(|socket| socket, 5_000_000, 50_000).await;
    relay_both_ways(|socket| socket, 0, 0).await;
}

#[tokio::test]
async fn other_streams_are_relayed_by_copying_with_half_close() {
    relay_both_ways(Copied, 9_000_000, 50_000).await;
}

#[tokio::test]
async fn a_slow_reader_holds_the_writer_back() {
    let (mut client, mut downstream) = pair().await;
    let (mut upstream, mut server) = pair().await;
    let transferred = Transferred::default();
    let data = vec![7; 30_000_000];
    let relaying = relay(&mut downstream, &mut upstream, RelayOptions::default(), &transferred);
    let writing = async {
        write_all(&mut client, &data).await;
        close_sending(&mut client).await;
    };
    let mut both = Box::pin(async { tokio::join!(relaying, writing) });
    // Nobody reads: what is under way is bounded by the sockets' buffers and one pipe.
    assert!(
        tokio::time::timeout(Duration::from_millis(200), &mut both)
            .await
            .is_err()
    );
    assert!(transferred.sent.get() < data.len() as u64);
    let reading = async {
        let received = read_to_end(&mut server).await;
        close_sending(&mut server).await;
        received
    };
    let ((end, ()), received) = tokio::join!(both, reading);
    assert_eq!(end.expect("relay"), RelayEnd::Closed);
    assert_eq!(received.len(), data.len());
}

#[tokio::test]
async fn a_silent_relay_ends_after_its_idle_timeout() {
    let (client, mut downstream) = pair().await;
    let (mut upstream, server) = pair().await;
    let options = RelayOptions {
        idle_timeout: Some(Duration::from_millis(30)),
        ..RelayOptions::default()
    };
    let end = relay(&mut downstream, &mut upstream, options, &Transferred::default()).await;
    assert_eq!(end.expect("relay"), RelayEnd::IdleTimeout);
    drop((client, server));
}

#[tokio::test]
async fn a_reset_is_blamed_on_the_side_it_came_from() {
    let (client, mut downstream) = pair().await;
    let (mut upstream, server) = pair().await;
    server.reset_on_close();
    drop(server);
    let error = relay(
        &mut downstream,
        &mut upstream,
        RelayOptions::default(),
        &Transferred::default(),
    )
    .await;
    assert_eq!(error.expect_err("reset").side, RelaySide::Upstream);
    drop(client);
}

#[tokio::test]
async fn detection_keeps_what_it_read_and_does_not_wait_for_ever() {
    let (mut client, mut server) = pair().await;
    let mut buffer = Vec::new();
    write_all(&mut client, b"GET / HTTP/1.1\r\nhost: a\r\n\r\n").await;
    let protocol = detect_protocol(&mut server, &mut buffer, Duration::from_secs(5))
        .await
        .expect("protocol");
    assert_eq!((protocol, buffer.len()), (Protocol::Http1, 27));

    let (_silent, mut server) = pair().await;
    let mut buffer = Vec::new();
    let protocol = detect_protocol(&mut server, &mut buffer, Duration::from_millis(20))
        .await
        .expect("protocol");
    assert_eq!(protocol, Protocol::Unknown);
}
