//! A request in steady state allocates nothing.
#![allow(clippy::unwrap_used, missing_docs, unsafe_code)]

#[path = "support/authority.rs"]
mod authority;

use std::{
    alloc::{GlobalAlloc, Layout, System},
    io::{Read, Write},
    net::{TcpListener, TcpStream},
    sync::atomic::{AtomicU64, Ordering::Relaxed},
    task::{Context, Poll, Waker},
};

use authority::Authority;
use http::{
    Buffer, BufferPool, ResponseHead,
    h2::{ErrorCode, Role, Session, SessionOptions},
};
use proxy::{AccessLogSettings, Bootstrap, Proxy};
use serde_json::{Value, json};

/// Counts what worker threads allocate; the test's own threads do not count.
struct Counting;

static ALLOCATIONS: AtomicU64 = AtomicU64::new(0);

thread_local! {
    static IS_WORKER: std::cell::Cell<Option<bool>> = const { std::cell::Cell::new(None) };
    static IS_ASKING: std::cell::Cell<bool> = const { std::cell::Cell::new(false) };
}

fn is_worker() -> bool {
    let known = IS_WORKER.try_with(std::cell::Cell::get).unwrap_or(Some(false));
    known.unwrap_or_else(|| {
        // Asking for the name may allocate itself.
        if IS_ASKING.replace(true) {
            return false;
        }
        let current = std::thread::current();
        let answer = current.name().is_some_and(|name| name == "fairlead-0");
        IS_WORKER.set(Some(answer));
        IS_ASKING.set(false);
        answer
    })
}

// SAFETY: every call is passed on to the system's allocator unchanged.
unsafe impl GlobalAlloc for Counting {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        if is_worker() {
            ALLOCATIONS.fetch_add(1, Relaxed);
        }
        // SAFETY: the caller keeps the contract of `GlobalAlloc::alloc`.
        unsafe { System.alloc(layout) }
    }

    unsafe fn dealloc(&self, pointer: *mut u8, layout: Layout) {
        // SAFETY: the pointer came from `alloc` above.
        unsafe { System.dealloc(pointer, layout) }
    }
}

#[global_allocator]
static ALLOCATOR: Counting = Counting;

fn upstream() -> std::net::SocketAddr {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap();
    std::thread::spawn(move || {
        for stream in listener.incoming() {
            let mut stream = stream.unwrap();
            std::thread::spawn(move || {
                let body = [b'x'; 1024];
                let mut response = format!("HTTP/1.1 200 OK\r\nContent-Length: {}\r\n\r\n", body.len()).into_bytes();
                response.extend_from_slice(&body);
                let mut piece = [0; 4096];
                let mut held: Vec<u8> = Vec::new();
                loop {
                    match stream.read(&mut piece) {
                        Ok(count) if count > 0 => held.extend_from_slice(&piece[..count]),
                        _ => return,
                    }
                    while let Some(end) = held.windows(4).position(|window| window == b"\r\n\r\n") {
                        held.drain(..end + 4);
                        if stream.write_all(&response).is_err() {
                            return;
                        }
                    }
                }
            });
        }
    });
    address
}

fn request(stream: &mut TcpStream, response: &mut [u8]) {
    stream
        .write_all(b"GET /reviews/0?x=1 HTTP/1.1\r\nHost: reviews:9080\r\nUser-Agent: test\r\nX-Request-Id: 1\r\nConnection: keep-alive\r\n\r\n")
        .unwrap();
    let mut filled = 0;
    loop {
        filled += stream.read(&mut response[filled..]).unwrap();
        let text = &response[..filled];
        if let Some(end) = text.windows(4).position(|window| window == b"\r\n\r\n")
            && filled >= end + 4 + 1024
        {
            assert!(text.starts_with(b"HTTP/1.1 200 "));
            return;
        }
    }
}

/// Serves what a mesh serves: rules, weights, header changes, retries, logs, metrics, traces.
fn proxy() -> (Proxy, String) {
    let principal = json!({ "not": { "header": { "name": "x-evil", "value": { "present": true } } } });
    let rules = json!({ "action": "allow", "policies": {
        "p": { "permissions": [{ "urlPath": { "prefix": "/reviews" } }], "principals": [principal] } } });
    let line = "%START_TIME% %REQ(:METHOD)% %REQ(:AUTHORITY)% %REQ(X-A?X-B)% %RESP(CONTENT-LENGTH)% %TRAILER(T)% %DYNAMIC_METADATA(a:b)% \
                %REQUEST_DURATION% %DOWNSTREAM_PEER_URI_SAN% %UPSTREAM_LOCAL_ADDRESS% %CONNECTION_ID% %RESPONSE_HEADERS_BYTES%";
    let is_fine = json!({ "and": [{ "statusCode": { "atMost": 499 } }, { "header": { "name": ":path", "value": { "present": true } } }] });
    // Services that this route has nothing to ask.
    let authz = json!({ "name": "authz", "disabled": true, "kind": { "extAuthz": { "service": { "grpc": { "cluster": "nobody" } } } } });
    let limit =
        json!({ "name": "limit", "kind": { "rateLimit": { "domain": "d", "service": { "cluster": "nobody" } } } });
    let config = json!({
        "listeners": [{ "name": "web", "address": "127.0.0.1:0", "filterChains": [{ "filters": [{ "httpConnectionManager": {
            "useRemoteAddress": true,
            "accessLog": [{ "path": "/dev/null", "format": { "text": line }, "filter": is_fine }],
            "tracing": { "provider": { "openTelemetry": {} }, "customTags": [
                { "name": "agent", "value": { "requestHeader": { "name": "user-agent" } } }, { "name": "a", "value": { "literal": "b" } }] },
            "httpFilters": [{ "name": "rbac", "kind": { "rbac": { "rules": rules } } }, authz, limit, { "name": "router", "kind": { "router": {} } }],
            "routes": { "inline": { "virtualHosts": [{ "name": "reviews", "domains": ["reviews:9080"], "routes": [
                { "match": { "path": { "exact": "/never" } }, "action": { "directResponse": { "status": 404 } } },
                { "name": "default", "match": { "path": { "prefix": "/" } },
                  "headers": { "request": { "set": [{ "name": "x-added", "value": "1" }] } },
                  "action": { "forward": { "weightedClusters": { "clusters": [{ "name": "a", "weight": 80 }, { "name": "b", "weight": 20 }] },
                    "retry": { "retryOn": "5xx" } } } }] }] } } } }] }] }],
        "clusters": [
            { "name": "a", "lbPolicy": { "leastRequest": {} }, "outlierDetection": {}, "endpoints": [{ "endpoints": [
                { "address": upstream().to_string() }, { "address": upstream().to_string() }] }] },
            { "name": "b", "endpoints": [{ "endpoints": [{ "address": upstream().to_string() }] }] }],
    });
    let access_log = AccessLogSettings {
        sample_rate: 0.5,
        ..AccessLogSettings::default()
    };
    let bootstrap = Bootstrap {
        workers: 1,
        report_interval_ms: 0,
        access_log,
        ..Bootstrap::default()
    };
    let proxy = Proxy::start(bootstrap, Box::new(|_| {})).unwrap();
    assert!(proxy.apply_config(&config.to_string()).is_empty());
    let dump: Value = serde_json::from_str(&proxy.dump_config()).unwrap();
    let address = dump["listeners"][0]["boundAddresses"][0].as_str().unwrap().to_owned();
    (proxy, address)
}

/// Two sidecars in one, with mutual TLS between them.
fn pair() -> (Proxy, String) {
    let inbound = TcpListener::bind("127.0.0.1:0")
        .unwrap()
        .local_addr()
        .unwrap()
        .to_string();
    let context =
        json!({ "certificates": [{ "secret": "default" }], "validation": { "trust": { "secret": "ROOTCA" } } });
    let forward = |cluster: &str| {
        json!([{ "httpConnectionManager": { "routes": { "inline": { "virtualHosts": [{ "name": "all", "domains": ["*"], "routes": [
            { "match": { "path": { "prefix": "/" } }, "action": { "forward": { "cluster": cluster } } }] }] } } } }])
    };
    let cluster =
        |name: &str, address: &str| json!({ "name": name, "endpoints": [{ "endpoints": [{ "address": address }] }] });
    let mut sealed = cluster("sealed", &inbound);
    sealed["transport"] = json!({ "tls": { "context": context } });
    let config = json!({
        "listeners": [
            { "name": "out", "address": "127.0.0.1:0", "filterChains": [{ "filters": forward("sealed") }] },
            { "name": "in", "address": inbound, "filterChains": [
                { "tls": { "context": context, "requireClientCertificate": true }, "filters": forward("app") }] }],
        "clusters": [sealed, cluster("app", &upstream().to_string())],
        "secrets": Authority::new().secrets("both"),
    });
    let bootstrap = Bootstrap {
        workers: 1,
        report_interval_ms: 0,
        ..Bootstrap::default()
    };
    let proxy = Proxy::start(bootstrap, Box::new(|_| {})).unwrap();
    let problems = proxy.apply_config(&config.to_string());
    assert!(problems.is_empty(), "{problems:?}");
    let dump: Value = serde_json::from_str(&proxy.dump_config()).unwrap();
    let listeners = dump["listeners"].as_array().unwrap();
    let out = listeners.iter().find(|listener| listener["name"] == "out").unwrap();
    let address = out["boundAddresses"][0].as_str().unwrap().to_owned();
    (proxy, address)
}

/// Does it until it is done without an allocation. A latency that was never seen before gets its part of the histogram: a
/// few in the life of a process.
fn allocates_nothing(mut work: impl FnMut()) {
    work();
    assert!(ALLOCATIONS.load(Relaxed) > 0, "the counter counts nothing");
    let mut rounds = (0..12).map(|_| {
        let before = ALLOCATIONS.load(Relaxed);
        work();
        ALLOCATIONS.load(Relaxed) - before
    });
    assert!(rounds.any(|allocations| allocations == 0));
}

#[test]
fn a_request_in_steady_state_allocates_nothing() {
    let (_proxy, address) = proxy();
    let mut stream = TcpStream::connect(address).unwrap();
    stream.set_nodelay(true).unwrap();
    let mut response = vec![0; 8192];
    allocates_nothing(|| {
        for _ in 0..1000 {
            request(&mut stream, &mut response);
        }
    });

    // The same through two sidecars with mutual TLS between them.
    drop(stream);
    let (_pair, address) = pair();
    let mut stream = TcpStream::connect(address).unwrap();
    stream.set_nodelay(true).unwrap();
    allocates_nothing(|| {
        for _ in 0..1000 {
            request(&mut stream, &mut response);
        }
    });

    // The same over HTTP/2: batches of streams on one connection. In one test, because both count the same thread.
    drop(stream);
    let (_other, address) = proxy();
    let mut client = Http2Client::connect(&address);
    allocates_nothing(|| {
        for _ in 0..100 {
            client.requests(16);
        }
    });
}

struct Http2Client {
    stream: TcpStream,
    session: Session,
    pool: BufferPool,
    input: Buffer,
}

impl Http2Client {
    fn connect(address: &str) -> Self {
        let stream = TcpStream::connect(address).unwrap();
        stream.set_nodelay(true).unwrap();
        Self {
            stream,
            session: Session::new(Role::Client, SessionOptions::default()),
            pool: BufferPool::default(),
            input: Buffer::default(),
        }
    }

    fn requests(&mut self, count: usize) {
        let keys: Vec<_> = (0..count)
            .map(|_| {
                let key = self.session.open().unwrap();
                self.session.send_head(key, true, false, |writer| {
                    for (name, value) in [
                        (":method", "GET"),
                        (":scheme", "http"),
                        (":path", "/reviews/0?x=1"),
                        (":authority", "reviews:9080"),
                        ("user-agent", "test"),
                        ("x-request-id", "1"),
                    ] {
                        writer.field(name.as_bytes(), value.as_bytes());
                    }
                });
                key
            })
            .collect();
        let cx = Context::from_waker(Waker::noop());
        for key in keys {
            let mut body = 0;
            loop {
                if self.session.wants_write() {
                    self.stream.write_all(self.session.unsent()).unwrap();
                    self.session.sent(self.session.unsent().len());
                }
                let mut into = Buffer::default();
                match self.session.poll_data(&cx, key, &mut into, &self.pool) {
                    Poll::Ready(Ok(0)) => break,
                    Poll::Ready(Ok(count)) => body += count,
                    Poll::Ready(Err(end)) => panic!("{end:?}"),
                    Poll::Pending => {
                        assert!(self.pool.make_room(&mut self.input));
                        let count = self.stream.read(self.input.space()).unwrap();
                        assert!(count > 0);
                        self.input.advance(count);
                        self.session.receive(&mut self.input, &self.pool, 0).unwrap();
                    }
                }
            }
            let mut response = ResponseHead::default();
            assert!(self.session.poll_response(&cx, key, &mut response).is_ready());
            assert_eq!((response.status, body), (200, 1024));
            self.session.release(key, ErrorCode::CANCEL, &self.pool);
        }
    }
}
