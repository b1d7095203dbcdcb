//! A new process takes the listening sockets of an old one, which then ends what it has begun.
//!
//! The old process listens on a Unix socket. A new one that is to take over connects, is sent every listening socket with
//! what it is for, opens its own listeners on them, and says so when it is ready; until then both accept. What waits in a
//! socket's queue is lost to nobody: the queue belongs to the socket, not to a process.

use std::{
    fs,
    io::{self, Read as _, Write as _},
    os::{
        fd::{AsFd as _, OwnedFd},
        unix::{
            fs::PermissionsExt as _,
            net::{UnixListener, UnixStream},
        },
    },
    path::{Path, PathBuf},
    sync::{
        Arc, Condvar, Mutex, PoisonError,
        atomic::{AtomicBool, Ordering::Relaxed},
        mpsc,
    },
    thread::JoinHandle,
    time::{Duration, Instant},
};

use net::Address;
use serde::{Deserialize, Serialize};

use super::Request;
use crate::worker::ListenKey;

/// What both ends begin with; another number speaks otherwise.
const GREETING: &[u8; 20] = b"fairlead-handover 1\n";

/// What the new process says when it serves.
const READY: u8 = b'r';

/// Time that the other end has for an answer.
const ANSWER_TIMEOUT: Duration = Duration::from_secs(5);

/// Time that a new process has to become ready.
const READY_TIMEOUT: Duration = Duration::from_secs(300);

/// How often the listening thread looks whether it is to end.
const LOOK: Duration = Duration::from_millis(50);

/// The longest description of a socket.
const MAX_DESCRIPTION_BYTES: usize = 64 * 1024;

/// What a socket is for.
#[derive(Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
struct Description {
    /// Name of the listener.
    listener: String,
    /// Its address as it is configured.
    address: String,
    /// For datagrams. A process of an earlier version hands none of these over.
    #[serde(default)]
    is_udp: bool,
}

/// A listening socket on its way.
pub(crate) struct HandedSocket {
    pub(crate) key: ListenKey,
    /// For datagrams.
    pub(crate) is_udp: bool,
    pub(crate) fd: OwnedFd,
}

/// What was taken from the process before, until its sockets are in use and it has been told.
pub(super) struct Inheritance {
    stream: UnixStream,
    sockets: Vec<HandedSocket>,
}

impl Inheritance {
    /// Asks the process that listens on `path` for its sockets. None: there is no such process.
    pub(super) fn take(path: &Path) -> io::Result<Option<Self>> {
        let Ok(mut stream) = UnixStream::connect(path) else {
            return Ok(None);
        };
        check_user(&stream)?;
        stream.set_read_timeout(Some(ANSWER_TIMEOUT))?;
        stream.set_write_timeout(Some(ANSWER_TIMEOUT))?;
        stream.write_all(GREETING)?;
        let mut sockets = Vec::new();
        loop {
            let mut length = [0; 4];
            let (count, fd) = net::receive_with_fd(&stream, &mut length)?;
            if count == 0 {
                return Err(io::ErrorKind::UnexpectedEof.into());
            }
            stream.read_exact(&mut length[count..])?;
            let length = u32::from_be_bytes(length) as usize;
            let Some(fd) = fd.filter(|_| length > 0) else { break };
            if length > MAX_DESCRIPTION_BYTES {
                return Err(io::Error::other("the description of a socket is too long"));
            }
            let mut text = vec![0; length];
            stream.read_exact(&mut text)?;
            let description: Description = serde_json::from_slice(&text).map_err(io::Error::other)?;
            let address = description
                .address
                .parse()
                .map_or_else(|_| Address::from_pipe_path(&description.address), Address::Tcp);
            let key = ListenKey {
                listener: description.listener.into(),
                address,
            };
            sockets.push(HandedSocket {
                key,
                is_udp: description.is_udp,
                fd,
            });
        }
        Ok(Some(Self { stream, sockets }))
    }

    /// The sockets for a listener's address.
    pub(super) fn sockets_of(&mut self, key: &ListenKey, is_udp: bool) -> Vec<OwnedFd> {
        let (own, others) = std::mem::take(&mut self.sockets)
            .into_iter()
            .partition(|socket| socket.key == *key && socket.is_udp == is_udp);
        self.sockets = others;
        let own: Vec<HandedSocket> = own;
        own.into_iter().map(|socket| socket.fd).collect()
    }

    /// Tells the process before that this one serves. Sockets that nobody wanted are closed.
    pub(super) fn confirm(mut self) {
        // If it has ended meanwhile there is nobody left to tell.
        let _ = self.stream.write_all(&[READY]);
    }
}

/// Only a process of the same user, or root, is trusted with sockets.
fn check_user(stream: &UnixStream) -> io::Result<()> {
    let user = net::peer_user(stream)?;
    if user == net::own_user() || user == 0 {
        return Ok(());
    }
    Err(io::Error::new(
        io::ErrorKind::PermissionDenied,
        format!("the process at the other end belongs to user {user}"),
    ))
}

/// Whether another process has taken over.
#[derive(Default)]
pub(super) struct HandedOver {
    is_done: Mutex<bool>,
    changed: Condvar,
}

impl HandedOver {
    fn set(&self) {
        *self.is_done.lock().unwrap_or_else(PoisonError::into_inner) = true;
        self.changed.notify_all();
    }

    /// Waits a little. True: another process has taken over.
    pub(super) fn wait(&self, timeout: Duration) -> bool {
        let is_done = self.is_done.lock().unwrap_or_else(PoisonError::into_inner);
        let waited = self.changed.wait_timeout_while(is_done, timeout, |is_done| !*is_done);
        *waited.unwrap_or_else(PoisonError::into_inner).0
    }
}

/// The thread that waits for the next process.
pub(super) struct HandoverServer {
    is_stopped: Arc<AtomicBool>,
    thread: Option<JoinHandle<()>>,
}

impl HandoverServer {
    /// Waits for the socket of [`listen`], then for the next process. Where there is a process before, this one takes its
    /// place only when it is ready: should it not become so, the other can still hand over to a third.
    pub(super) fn start(
        listeners: mpsc::Receiver<UnixListener>,
        requests: mpsc::Sender<Request>,
        handed: Arc<HandedOver>,
    ) -> io::Result<Self> {
        let is_stopped = Arc::new(AtomicBool::new(false));
        let stop = Arc::clone(&is_stopped);
        let thread = std::thread::Builder::new()
            .name("fairlead-handover".to_owned())
            .spawn(move || {
                let listener = loop {
                    match listeners.recv_timeout(LOOK) {
                        Ok(listener) => break listener,
                        Err(mpsc::RecvTimeoutError::Timeout) if !stop.load(Relaxed) => {}
                        Err(_) => return,
                    }
                };
                while !stop.load(Relaxed) {
                    match listener.accept() {
                        Ok((stream, _)) => {
                            // One that fails leaves everything as it was: this process goes on serving.
                            if serve(stream, &requests, &stop).unwrap_or(false) {
                                let _ = requests.send(Request::HandedOver);
                                handed.set();
                                return;
                            }
                        }
                        Err(_) => std::thread::sleep(LOOK),
                    }
                }
            })?;
        Ok(Self {
            is_stopped,
            thread: Some(thread),
        })
    }

    pub(super) fn stop(&mut self) {
        self.is_stopped.store(true, Relaxed);
        if let Some(thread) = self.thread.take() {
            let _ = thread.join();
        }
    }
}

/// A socket that takes the name of an older one in one step, so that there is always one to connect to.
pub(super) fn listen(path: &Path) -> io::Result<UnixListener> {
    let mut own = path.as_os_str().to_owned();
    own.push(format!(".{}", std::process::id()));
    let own = PathBuf::from(own);
    let _ = fs::remove_file(&own);
    let listener = UnixListener::bind(&own)?;
    fs::set_permissions(&own, fs::Permissions::from_mode(0o600))?;
    listener.set_nonblocking(true)?;
    fs::rename(&own, path)?;
    Ok(listener)
}

/// Hands the sockets to a process. True: it serves now.
fn serve(mut stream: UnixStream, requests: &mpsc::Sender<Request>, stop: &AtomicBool) -> io::Result<bool> {
    stream.set_nonblocking(false)?;
    check_user(&stream)?;
    stream.set_read_timeout(Some(ANSWER_TIMEOUT))?;
    stream.set_write_timeout(Some(ANSWER_TIMEOUT))?;
    let mut greeting = [0; GREETING.len()];
    stream.read_exact(&mut greeting)?;
    if greeting != *GREETING {
        return Err(io::ErrorKind::InvalidData.into());
    }
    let (reply, answer) = mpsc::channel();
    if requests.send(Request::Sockets(reply)).is_err() {
        return Ok(false);
    }
    let sockets = answer.recv_timeout(ANSWER_TIMEOUT).map_err(io::Error::other)?;
    for socket in sockets {
        let description = Description {
            listener: socket.key.listener.to_string(),
            address: socket.key.address.to_string(),
            is_udp: socket.is_udp,
        };
        let text = serde_json::to_vec(&description).map_err(io::Error::other)?;
        net::send_with_fd(&stream, &(text.len() as u32).to_be_bytes(), socket.fd.as_fd())?;
        stream.write_all(&text)?;
    }
    stream.write_all(&0_u32.to_be_bytes())?;
    stream.set_read_timeout(Some(LOOK))?;
    let end = Instant::now() + READY_TIMEOUT;
    while !stop.load(Relaxed) && Instant::now() < end {
        let mut byte = [0];
        match stream.read(&mut byte) {
            Ok(0) => return Ok(false),
            Ok(_) => return Ok(byte == [READY]),
            Err(error) if matches!(error.kind(), io::ErrorKind::WouldBlock | io::ErrorKind::TimedOut) => {}
            Err(error) => return Err(error),
        }
    }
    Ok(false)
}
