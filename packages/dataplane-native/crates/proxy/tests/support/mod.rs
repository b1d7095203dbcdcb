//! What the tests share: a proxy from JSON, upstreams and clients of a few lines.
#![allow(
    dead_code,
    unreachable_pub,
    clippy::needless_pass_by_value,
    clippy::unwrap_used,
    clippy::missing_panics_doc
)]

pub mod grpc;
pub mod log_stream;

use std::{
    io::{Read, Write},
    net::{SocketAddr, TcpListener, TcpStream},
    sync::{
        Arc, Mutex,
        atomic::{AtomicBool, AtomicUsize, Ordering::SeqCst},
    },
    time::{Duration, Instant},
};

use proxy::{Bootstrap, Proxy, Severity};
use serde_json::{Value, json};

pub fn start(config: &Value) -> Proxy {
    start_with(
        Bootstrap {
            workers: 2,
            report_interval_ms: 0,
            ..Bootstrap::default()
        },
        config,
    )
}

pub fn start_with(bootstrap: Bootstrap, config: &Value) -> Proxy {
    let proxy = Proxy::start(bootstrap, Box::new(|_| {})).unwrap();
    apply(&proxy, config);
    proxy
}

pub fn apply(proxy: &Proxy, config: &Value) {
    let problems = proxy.apply_config(&config.to_string());
    assert!(
        problems.iter().all(|problem| problem.severity != Severity::Error),
        "{problems:?}"
    );
}

/// Where a listener with port 0 listens.
pub fn address(proxy: &Proxy, listener: &str) -> SocketAddr {
    let dump: Value = serde_json::from_str(&proxy.dump_config()).unwrap();
    let listeners = dump["listeners"].as_array().unwrap();
    let found = listeners.iter().find(|entry| entry["name"] == listener).unwrap();
    found["boundAddresses"][0].as_str().unwrap().parse().unwrap()
}

/// A listener on a free port that serves HTTP by these routes.
pub fn http_listener(name: &str, routes: Value) -> Value {
    http_listener_with(
        name,
        json!({ "routes": { "inline": { "virtualHosts": [
        { "name": "all", "domains": ["*"], "routes": routes }
    ] } } }),
    )
}

pub fn http_listener_with(name: &str, manager: Value) -> Value {
    json!({ "name": name, "address": "127.0.0.1:0", "filterChains": [
        { "filters": [{ "httpConnectionManager": manager }] }
    ] })
}

pub fn cluster(name: &str, endpoints: &[SocketAddr]) -> Value {
    let endpoints: Vec<Value> = endpoints
        .iter()
        .map(|address| json!({ "address": address.to_string() }))
        .collect();
    json!({ "name": name, "endpoints": [{ "endpoints": endpoints }] })
}

pub fn forward(cluster: &str) -> Value {
    json!({ "action": { "forward": { "cluster": cluster } } })
}

/// Waits until something holds.
pub fn wait_until(what: &str, mut holds: impl FnMut() -> bool) {
    let start = Instant::now();
    while !holds() {
        assert!(start.elapsed() < Duration::from_secs(20), "timed out: {what}");
        std::thread::sleep(Duration::from_millis(5));
    }
}

/// One request as an upstream saw it.
#[derive(Clone, Debug)]
pub struct Seen {
    pub head: String,
    pub body: Vec<u8>,
}

impl Seen {
    pub fn header(&self, name: &str) -> Option<&str> {
        self.head.lines().find_map(|line| {
            let (key, value) = line.split_once(':')?;
            key.eq_ignore_ascii_case(name).then(|| value.trim())
        })
    }
}

type Answer = dyn Fn(&Seen) -> Vec<u8> + Send + Sync;

/// An HTTP/1.1 server that answers by a function. An empty answer closes the connection.
pub struct Upstream {
    pub address: SocketAddr,
    pub seen: Arc<Mutex<Vec<Seen>>>,
    pub connections: Arc<AtomicUsize>,
    stop: Arc<AtomicBool>,
    streams: Arc<Mutex<Vec<TcpStream>>>,
}

impl Upstream {
    pub fn start(answer: impl Fn(&Seen) -> Vec<u8> + Send + Sync + 'static) -> Self {
        Self::start_on("127.0.0.1:0".parse().unwrap(), answer)
    }

    pub fn start_on(address: SocketAddr, answer: impl Fn(&Seen) -> Vec<u8> + Send + Sync + 'static) -> Self {
        let listener = TcpListener::bind(address).unwrap();
        let upstream = Self {
            address: listener.local_addr().unwrap(),
            seen: Arc::default(),
            connections: Arc::default(),
            stop: Arc::default(),
            streams: Arc::default(),
        };
        let (seen, connections, stop, streams) = (
            upstream.seen.clone(),
            upstream.connections.clone(),
            upstream.stop.clone(),
            upstream.streams.clone(),
        );
        let answer: Arc<Answer> = Arc::new(answer);
        std::thread::spawn(move || {
            for stream in listener.incoming() {
                if stop.load(SeqCst) {
                    return;
                }
                let stream = stream.unwrap();
                stream.set_nodelay(true).unwrap();
                connections.fetch_add(1, SeqCst);
                streams.lock().unwrap().push(stream.try_clone().unwrap());
                let (seen, answer) = (seen.clone(), answer.clone());
                std::thread::spawn(move || serve(stream, &seen, &*answer));
            }
        });
        upstream
    }

    /// Always 200 with this body.
    pub fn saying(body: &str) -> Self {
        let body = body.to_owned();
        Self::start(move |_| ok(body.as_bytes()))
    }

    pub fn requests(&self) -> usize {
        self.seen.lock().unwrap().len()
    }

    pub fn last(&self) -> Seen {
        self.seen.lock().unwrap().last().unwrap().clone()
    }

    /// Closes the listening socket and all connections.
    pub fn kill(&self) {
        self.stop.store(true, SeqCst);
        let _ = TcpStream::connect(self.address);
        for stream in self.streams.lock().unwrap().drain(..) {
            let _ = stream.shutdown(std::net::Shutdown::Both);
        }
    }

    /// Closes the connections only.
    pub fn close_connections(&self) {
        for stream in self.streams.lock().unwrap().drain(..) {
            let _ = stream.shutdown(std::net::Shutdown::Both);
        }
    }
}

impl Drop for Upstream {
    fn drop(&mut self) {
        self.kill();
    }
}

fn serve(mut stream: TcpStream, seen: &Mutex<Vec<Seen>>, answer: &Answer) {
    let mut buffer = Vec::new();
    while let Some(request) = read_message(&mut stream, &mut buffer, false) {
        seen.lock().unwrap().push(request.clone());
        let response = answer(&request);
        if response.is_empty() || stream.write_all(&response).is_err() {
            let _ = stream.shutdown(std::net::Shutdown::Both);
            return;
        }
    }
}

pub fn ok(body: &[u8]) -> Vec<u8> {
    status(200, body)
}

pub fn status(code: u16, body: &[u8]) -> Vec<u8> {
    let mut out = format!("HTTP/1.1 {code} Because\r\ncontent-length: {}\r\n\r\n", body.len()).into_bytes();
    out.extend_from_slice(body);
    out
}

/// Reads a message with a length, chunks or (responses) until the end.
pub fn read_message(stream: &mut TcpStream, buffer: &mut Vec<u8>, until_close: bool) -> Option<Seen> {
    let mut piece = vec![0; 65_536];
    let mut more = |buffer: &mut Vec<u8>, stream: &mut TcpStream| match stream.read(&mut piece) {
        Ok(0) | Err(_) => false,
        Ok(count) => {
            buffer.extend_from_slice(&piece[..count]);
            true
        }
    };
    let end = loop {
        if let Some(end) = buffer.windows(4).position(|window| window == b"\r\n\r\n") {
            break end + 4;
        }
        if !more(buffer, stream) {
            return None;
        }
    };
    let head = String::from_utf8_lossy(&buffer[..end]).into_owned();
    buffer.drain(..end);
    let mut message = Seen { head, body: Vec::new() };
    if let Some(length) = message.header("content-length") {
        let length: usize = length.parse().unwrap();
        while buffer.len() < length {
            if !more(buffer, stream) {
                return None;
            }
        }
        message.body = buffer.drain(..length).collect();
    } else if message.header("transfer-encoding").is_some() {
        let end = loop {
            if let Some(end) = end_of_chunks(buffer) {
                break end;
            }
            if !more(buffer, stream) {
                return None;
            }
        };
        message.body = buffer.drain(..end).collect();
    } else if until_close {
        while more(buffer, stream) {}
        message.body = std::mem::take(buffer);
    }
    Some(message)
}

/// Behind the last chunk and its trailers.
fn end_of_chunks(buffer: &[u8]) -> Option<usize> {
    let is_last = |at: &usize| buffer[*at..].starts_with(b"0\r\n") && (*at == 0 || buffer[..*at].ends_with(b"\r\n"));
    let last = (0..buffer.len()).find(is_last)?;
    let rest = buffer[last..].windows(4).position(|window| window == b"\r\n\r\n")?;
    Some(last + rest + 4)
}

/// A client's connection.
pub struct Client {
    pub stream: TcpStream,
    buffer: Vec<u8>,
}

/// A response.
#[derive(Clone, Debug)]
pub struct Response {
    pub status: u16,
    pub message: Seen,
}

impl Response {
    pub fn body(&self) -> String {
        String::from_utf8_lossy(&self.message.body).into_owned()
    }

    pub fn header(&self, name: &str) -> Option<&str> {
        self.message.header(name)
    }
}

impl Client {
    pub fn connect(address: SocketAddr) -> Self {
        let stream = TcpStream::connect(address).unwrap();
        stream.set_read_timeout(Some(Duration::from_secs(20))).unwrap();
        stream.set_nodelay(true).unwrap();
        Self {
            stream,
            buffer: Vec::new(),
        }
    }

    pub fn send(&mut self, text: impl AsRef<[u8]>) {
        self.stream.write_all(text.as_ref()).unwrap();
    }

    pub fn response(&mut self) -> Option<Response> {
        let message = read_message(&mut self.stream, &mut self.buffer, false)?;
        let status = message.head.split(' ').nth(1)?.parse().ok()?;
        Some(Response { status, message })
    }

    pub fn get(&mut self, path: &str) -> Response {
        self.send(format!("GET {path} HTTP/1.1\r\nHost: test\r\n\r\n"));
        self.response().expect("a response")
    }

    /// Bytes until the peer closes.
    pub fn rest(&mut self) -> Vec<u8> {
        let mut all = std::mem::take(&mut self.buffer);
        let _ = self.stream.read_to_end(&mut all);
        all
    }

    /// True once the peer has closed without another byte.
    pub fn is_closed(&mut self) -> bool {
        let mut byte = [0];
        matches!(self.stream.read(&mut byte), Ok(0) | Err(_))
    }
}

pub fn get(address: SocketAddr, path: &str) -> Response {
    Client::connect(address).get(path)
}

/// A port to listen on.
pub fn free_address() -> SocketAddr {
    TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap()
}

/// A port that nobody listens on; one that was free a moment ago may be another test's now.
pub fn dead_address() -> SocketAddr {
    SocketAddr::from(([127, 0, 0, 1], 1))
}
