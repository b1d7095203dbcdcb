//! An access log service that keeps what it is sent, by an implementation of HTTP/2 that is not ours.

use std::{
    collections::BTreeMap,
    net::{SocketAddr, TcpListener},
    sync::{
        Arc, Mutex,
        atomic::{AtomicUsize, Ordering::SeqCst},
    },
};

use http_types::Response;
use prost::Message;

#[derive(Clone, PartialEq, Message)]
pub struct StreamMessage {
    #[prost(message, optional, tag = "1")]
    pub identifier: Option<Identifier>,
    #[prost(message, optional, tag = "2")]
    pub http: Option<Entries>,
    #[prost(message, optional, tag = "3")]
    pub tcp: Option<Entries>,
}

#[derive(Clone, PartialEq, Message)]
pub struct Identifier {
    #[prost(bytes = "vec", tag = "1")]
    pub node: Vec<u8>,
    #[prost(string, tag = "2")]
    pub log_name: String,
}

#[derive(Clone, PartialEq, Message)]
pub struct Entries {
    #[prost(bytes = "vec", repeated, tag = "1")]
    pub entries: Vec<Vec<u8>>,
}

#[derive(Clone, PartialEq, Message)]
pub struct Entry {
    #[prost(message, optional, tag = "1")]
    pub common: Option<Common>,
    #[prost(int32, tag = "2")]
    pub version: i32,
    #[prost(message, optional, tag = "3")]
    pub request: Option<Request>,
    #[prost(message, optional, tag = "4")]
    pub response: Option<ResponseOf>,
}

#[derive(Clone, PartialEq, Message)]
pub struct TcpEntry {
    #[prost(message, optional, tag = "1")]
    pub common: Option<Common>,
    #[prost(message, optional, tag = "2")]
    pub connection: Option<Bytes>,
}

#[derive(Clone, Copy, PartialEq, Message)]
pub struct Bytes {
    #[prost(uint64, tag = "1")]
    pub received: u64,
    #[prost(uint64, tag = "2")]
    pub sent: u64,
}

#[derive(Clone, PartialEq, Message)]
pub struct Common {
    #[prost(string, tag = "15")]
    pub upstream_cluster: String,
    #[prost(message, optional, tag = "16")]
    pub response_flags: Option<Flags>,
    #[prost(string, tag = "19")]
    pub route_name: String,
    #[prost(btree_map = "string, string", tag = "22")]
    pub custom_tags: BTreeMap<String, String>,
    #[prost(bytes = "vec", optional, tag = "23")]
    pub duration: Option<Vec<u8>>,
    #[prost(uint32, tag = "24")]
    pub attempts: u32,
    #[prost(uint64, tag = "29")]
    pub downstream_sent: u64,
    #[prost(uint64, tag = "30")]
    pub downstream_received: u64,
    #[prost(uint64, tag = "31")]
    pub upstream_sent: u64,
    #[prost(uint64, tag = "32")]
    pub upstream_received: u64,
    #[prost(int32, tag = "33")]
    pub kind: i32,
}

#[derive(Clone, Copy, PartialEq, Message)]
pub struct Flags {
    #[prost(bool, tag = "6")]
    pub upstream_connection_failure: bool,
    #[prost(bool, tag = "9")]
    pub no_route_found: bool,
}

#[derive(Clone, PartialEq, Message)]
pub struct Request {
    #[prost(int32, tag = "1")]
    pub method: i32,
    #[prost(string, tag = "2")]
    pub scheme: String,
    #[prost(string, tag = "3")]
    pub authority: String,
    #[prost(string, tag = "5")]
    pub path: String,
    #[prost(string, tag = "6")]
    pub user_agent: String,
    #[prost(string, tag = "7")]
    pub referer: String,
    #[prost(string, tag = "9")]
    pub id: String,
    #[prost(string, tag = "10")]
    pub original_path: String,
    #[prost(uint64, tag = "11")]
    pub header_bytes: u64,
    #[prost(uint64, tag = "12")]
    pub body_bytes: u64,
    #[prost(btree_map = "string, string", tag = "13")]
    pub headers: BTreeMap<String, String>,
}

#[derive(Clone, PartialEq, Message)]
pub struct ResponseOf {
    #[prost(message, optional, tag = "1")]
    pub code: Option<Wrapped>,
    #[prost(uint64, tag = "2")]
    pub header_bytes: u64,
    #[prost(uint64, tag = "3")]
    pub body_bytes: u64,
    #[prost(btree_map = "string, string", tag = "4")]
    pub headers: BTreeMap<String, String>,
    #[prost(string, tag = "6")]
    pub details: String,
}

#[derive(Clone, Copy, PartialEq, Message)]
pub struct Wrapped {
    #[prost(uint32, tag = "1")]
    pub value: u32,
}

impl Entry {
    pub fn route(&self) -> &str {
        self.common.as_ref().map_or("", |common| &common.route_name)
    }
}

pub fn common(entry: &[u8]) -> Common {
    Entry::decode(entry).unwrap().common.unwrap()
}

/// The text in a message, whatever is between.
pub fn text_of(message: &[u8]) -> String {
    String::from_utf8_lossy(message).into_owned()
}

#[derive(Default)]
struct State {
    messages: Mutex<Vec<StreamMessage>>,
    streams: AtomicUsize,
    open: AtomicUsize,
    end: tokio::sync::Notify,
}

pub struct LogStream {
    pub address: SocketAddr,
    state: Arc<State>,
}

impl LogStream {
    pub fn start() -> Self {
        Self::start_on("127.0.0.1:0".parse().unwrap())
    }

    pub fn start_on(address: SocketAddr) -> Self {
        let listener = TcpListener::bind(address).unwrap();
        listener.set_nonblocking(true).unwrap();
        let address = listener.local_addr().unwrap();
        let state = Arc::new(State::default());
        let shared = Arc::clone(&state);
        std::thread::spawn(move || {
            let runtime = tokio::runtime::Builder::new_current_thread()
                .enable_all()
                .build()
                .unwrap();
            let local = tokio::task::LocalSet::new();
            local.block_on(&runtime, async {
                let listener = tokio::net::TcpListener::from_std(listener).unwrap();
                while let Ok((socket, _)) = listener.accept().await {
                    tokio::task::spawn_local(serve(socket, Arc::clone(&shared)));
                }
            });
        });
        Self { address, state }
    }

    fn of<T>(&self, take: impl Fn(&StreamMessage) -> Vec<T>) -> Vec<T> {
        self.state.messages.lock().unwrap().iter().flat_map(take).collect()
    }

    pub fn entries(&self) -> Vec<Vec<u8>> {
        self.of(|message| message.http.iter().flat_map(|http| http.entries.clone()).collect())
    }

    pub fn tcp_entries(&self) -> Vec<Vec<u8>> {
        self.of(|message| message.tcp.iter().flat_map(|tcp| tcp.entries.clone()).collect())
    }

    pub fn identifier(&self) -> (String, Vec<u8>) {
        let first = self
            .of(|message| message.identifier.clone().into_iter().collect())
            .remove(0);
        (first.log_name, first.node)
    }

    pub fn identifiers(&self) -> usize {
        self.of(|message| message.identifier.clone().into_iter().collect::<Vec<_>>())
            .len()
    }

    pub fn streams(&self) -> usize {
        self.state.streams.load(SeqCst)
    }

    pub fn open(&self) -> usize {
        self.state.open.load(SeqCst)
    }

    /// Ends the streams that are open, in order.
    pub fn end_streams(&self) {
        self.state.end.notify_waiters();
    }
}

async fn serve(socket: tokio::net::TcpStream, state: Arc<State>) {
    let mut connection = h2::server::handshake(socket).await.unwrap();
    while let Some(Ok((request, mut respond))) = connection.accept().await {
        let state = Arc::clone(&state);
        tokio::task::spawn_local(async move {
            state.streams.fetch_add(1, SeqCst);
            state.open.fetch_add(1, SeqCst);
            assert_eq!(
                request.uri().path(),
                "/envoy.service.accesslog.v3.AccessLogService/StreamAccessLogs"
            );
            let mut body = request.into_body();
            let mut bytes = Vec::new();
            loop {
                let piece = tokio::select! {
                    piece = body.data() => piece,
                    () = state.end.notified() => None,
                };
                let Some(Ok(piece)) = piece else { break };
                let _ = body.flow_control().release_capacity(piece.len());
                bytes.extend_from_slice(&piece);
                while bytes.len() >= 5 {
                    let length = u32::from_be_bytes(bytes[1..5].try_into().unwrap()) as usize;
                    if bytes.len() < 5 + length {
                        break;
                    }
                    let message = StreamMessage::decode(&bytes[5..5 + length]).unwrap();
                    state.messages.lock().unwrap().push(message);
                    bytes.drain(..5 + length);
                }
            }
            let head = Response::builder()
                .header("content-type", "application/grpc")
                .header("grpc-status", 0)
                .body(())
                .unwrap();
            let _ = respond.send_response(head, true);
            state.open.fetch_sub(1, SeqCst);
        });
    }
}
