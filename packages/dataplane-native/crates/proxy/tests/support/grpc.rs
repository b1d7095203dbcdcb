//! A service of gRPC, by an implementation that is not ours.

use std::{
    net::SocketAddr,
    sync::{
        Arc, Mutex,
        atomic::{AtomicUsize, Ordering::SeqCst},
    },
    time::Duration,
};

use bytes::Bytes;
use http_types::{HeaderMap, Request, Response};

/// What a service does with a call.
pub enum Does {
    /// Answers with a message.
    Answer(Vec<u8>),
    /// Fails with a status.
    Fail(u16),
    /// Never answers.
    Wait,
}

/// One call as the service saw it.
#[derive(Clone, Debug)]
pub struct Asked {
    pub path: String,
    pub headers: HeaderMap,
    pub message: Vec<u8>,
}

type Decide = dyn Fn(&Asked) -> Does + Send + Sync;

pub struct Service {
    pub address: SocketAddr,
    pub asked: Arc<Mutex<Vec<Asked>>>,
    pub connections: Arc<AtomicUsize>,
    /// Calls that were given up by who asked.
    pub cancelled: Arc<AtomicUsize>,
}

#[derive(Clone)]
struct Shared {
    asked: Arc<Mutex<Vec<Asked>>>,
    cancelled: Arc<AtomicUsize>,
    decide: Arc<Decide>,
}

impl Service {
    pub fn start(decide: impl Fn(&Asked) -> Does + Send + Sync + 'static) -> Self {
        let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
        listener.set_nonblocking(true).unwrap();
        let service = Self {
            address: listener.local_addr().unwrap(),
            asked: Arc::default(),
            connections: Arc::default(),
            cancelled: Arc::default(),
        };
        let shared = Shared {
            asked: Arc::clone(&service.asked),
            cancelled: Arc::clone(&service.cancelled),
            decide: Arc::new(decide),
        };
        let connections = Arc::clone(&service.connections);
        std::thread::spawn(move || {
            let runtime = tokio::runtime::Builder::new_current_thread()
                .enable_all()
                .build()
                .unwrap();
            let local = tokio::task::LocalSet::new();
            local.block_on(&runtime, async {
                let listener = tokio::net::TcpListener::from_std(listener).unwrap();
                while let Ok((socket, _)) = listener.accept().await {
                    connections.fetch_add(1, SeqCst);
                    tokio::task::spawn_local(serve(socket, shared.clone()));
                }
            });
        });
        service
    }

    pub fn count(&self) -> usize {
        self.asked.lock().unwrap().len()
    }

    pub fn last(&self) -> Asked {
        self.asked.lock().unwrap().last().unwrap().clone()
    }
}

async fn serve(socket: tokio::net::TcpStream, shared: Shared) {
    let mut connection = h2::server::handshake(socket).await.unwrap();
    while let Some(Ok((request, respond))) = connection.accept().await {
        tokio::task::spawn_local(answer(request, respond, shared.clone()));
    }
}

async fn answer(request: Request<h2::RecvStream>, mut respond: h2::server::SendResponse<Bytes>, shared: Shared) {
    let (head, mut body) = request.into_parts();
    let mut bytes = Vec::new();
    while let Some(Ok(piece)) = body.data().await {
        let _ = body.flow_control().release_capacity(piece.len());
        bytes.extend_from_slice(&piece);
    }
    let asked = Asked {
        path: head.uri.path().to_owned(),
        headers: head.headers,
        message: bytes.split_off(5.min(bytes.len())),
    };
    let does = (shared.decide)(&asked);
    shared.asked.lock().unwrap().push(asked);
    let head = |status: Option<u16>| {
        let mut builder = Response::builder().header("content-type", "application/grpc");
        if let Some(status) = status {
            builder = builder.header("grpc-status", status);
        }
        builder.body(()).unwrap()
    };
    match does {
        Does::Fail(status) => {
            let _ = respond.send_response(head(Some(status)), true);
        }
        Does::Answer(message) => {
            let Ok(mut stream) = respond.send_response(head(None), false) else {
                return;
            };
            let mut framed = vec![0];
            framed.extend_from_slice(&(message.len() as u32).to_be_bytes());
            framed.extend_from_slice(&message);
            let _ = stream.send_data(framed.into(), false);
            let mut trailers = HeaderMap::new();
            trailers.insert("grpc-status", 0.into());
            let _ = stream.send_trailers(trailers);
        }
        Does::Wait => {
            let reset = std::future::poll_fn(|cx| respond.poll_reset(cx));
            if matches!(tokio::time::timeout(Duration::from_secs(20), reset).await, Ok(Ok(_))) {
                shared.cancelled.fetch_add(1, SeqCst);
            }
        }
    }
}
