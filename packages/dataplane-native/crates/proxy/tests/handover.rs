//! A proxy that is replaced by another process while it serves.
#![allow(clippy::unwrap_used, missing_docs)]

mod support;

use std::{
    io::{BufRead as _, BufReader, Read, Write},
    net::{SocketAddr, TcpStream, UdpSocket},
    os::unix::net::UnixStream,
    path::Path,
    process::{Child, Command, Stdio},
    sync::{
        Arc,
        atomic::{AtomicBool, AtomicU64, Ordering::SeqCst},
    },
    time::Duration,
};

use proxy::Bootstrap;
use serde_json::{Value, json};
use support::{Upstream, cluster, forward, free_address, http_listener, read_message, start_with, wait_until};

/// Not a test: what the other processes are.
#[test]
#[ignore = "run by the tests of this file, as a process of its own"]
fn child() {
    let Ok(config) = std::env::var("HANDOVER_CONFIG") else {
        return;
    };
    let path = std::env::var("HANDOVER_PATH").unwrap();
    let bootstrap = Bootstrap {
        workers: std::env::var("HANDOVER_WORKERS").unwrap().parse().unwrap(),
        report_interval_ms: 0,
        handover_path: Some(path.into()),
        ..Bootstrap::default()
    };
    let proxy = start_with(bootstrap, &serde_json::from_str::<Value>(&config).unwrap());
    let is_served = || {
        let dump: Value = serde_json::from_str(&proxy.dump_config()).unwrap();
        let listeners = dump["listeners"].as_array().unwrap();
        let all = listeners
            .iter()
            .all(|entry| entry["boundAddresses"].as_array().is_some_and(|list| !list.is_empty()));
        proxy.is_ready() && all
    };
    wait_until("it is ready", is_served);
    writeln!(std::io::stderr(), "child-is-ready").unwrap();
    assert!(proxy.await_handover(Duration::from_secs(10)));
    proxy.stop();
}

/// A proxy in a process of its own; ended with the test.
struct Process(Child);

impl Process {
    fn start(path: &Path, config: &Value, workers: u32) -> Self {
        let mut child = Command::new(std::env::current_exe().unwrap())
            .args(["--exact", "child", "--ignored", "--nocapture", "--test-threads=1"])
            .env("HANDOVER_CONFIG", config.to_string())
            .env("HANDOVER_PATH", path)
            .env("HANDOVER_WORKERS", workers.to_string())
            .stdout(Stdio::null())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap();
        let mut lines = BufReader::new(child.stderr.take().unwrap()).lines();
        let is_ready = lines.any(|line| line.is_ok_and(|line| line.ends_with("child-is-ready")));
        assert!(is_ready, "the process ended");
        Self(child)
    }

    /// Waits for its end, which has to be a good one.
    fn ends(&mut self) {
        wait_until("the process before has ended", || self.0.try_wait().unwrap().is_some());
        assert!(self.0.wait().unwrap().success());
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

/// One request; whether the connection can be used again. An error is a request that was lost.
fn ask(stream: &mut TcpStream, buffer: &mut Vec<u8>) -> Result<bool, String> {
    stream
        .write_all(b"GET / HTTP/1.1\r\nHost: test\r\n\r\n")
        .map_err(|error| error.to_string())?;
    let response = read_message(stream, buffer, false).ok_or("no response")?;
    if !response.head.starts_with("HTTP/1.1 200") {
        return Err(response.head);
    }
    Ok(response.header("connection") != Some("close"))
}

/// Asks again and again, on connections that are kept (or not), until it is stopped.
fn load(at: SocketAddr, keeps: bool, is_stopped: &AtomicBool, done: &AtomicU64) -> Result<(), String> {
    while !is_stopped.load(SeqCst) {
        let mut stream = TcpStream::connect(at).map_err(|error| error.to_string())?;
        stream.set_nodelay(true).unwrap();
        stream.set_read_timeout(Some(Duration::from_secs(10))).unwrap();
        let mut buffer = Vec::new();
        while ask(&mut stream, &mut buffer)? {
            done.fetch_add(1, SeqCst);
            if !keeps || is_stopped.load(SeqCst) {
                break;
            }
        }
        done.fetch_add(1, SeqCst);
    }
    Ok(())
}

fn config(at: SocketAddr, pipe: &Path, app: SocketAddr) -> Value {
    let mut tcp = http_listener("in", json!([forward("app")]));
    tcp["address"] = json!(at.to_string());
    let mut unix = http_listener("pipe", json!([forward("app")]));
    unix["address"] = json!(format!("unix:{}", pipe.display()));
    let udp =
        json!({ "name": "dns", "address": at.to_string(), "udp": { "route": { "otherwise": { "action": "app" } } } });
    json!({ "listeners": [tcp, unix, udp], "clusters": [cluster("app", &[app])] })
}

#[test]
fn no_request_is_lost_while_processes_replace_each_other_under_load() {
    let folder = tempfile::tempdir().unwrap();
    let (path, pipe) = (folder.path().join("handover.sock"), folder.path().join("in.sock"));
    let app = Upstream::saying("ok");
    let at = free_address();
    let config = config(at, &pipe, app.address);
    let mut first = Process::start(&path, &config, 2);
    let (is_stopped, done) = (Arc::new(AtomicBool::new(false)), Arc::new(AtomicU64::new(0)));
    let clients: Vec<_> = (0..6)
        .map(|number| {
            let (is_stopped, done) = (is_stopped.clone(), done.clone());
            std::thread::spawn(move || load(at, number % 2 == 0, &is_stopped, &done))
        })
        .collect();
    let after = |count: u64| {
        let from = done.load(SeqCst);
        wait_until("requests go through", || {
            done.load(SeqCst) > from + count || clients.iter().any(std::thread::JoinHandle::is_finished)
        });
    };
    after(1_000);
    // One worker more, then fewer than there are sockets.
    let mut second = Process::start(&path, &config, 3);
    after(200);
    first.ends();
    let mut third = Process::start(&path, &config, 1);
    second.ends();
    after(200);
    is_stopped.store(true, SeqCst);
    let results: Vec<_> = clients.into_iter().map(|client| client.join().unwrap()).collect();
    assert!(results.iter().all(Result::is_ok), "{results:?}");
    // The Unix socket went along.
    let mut stream = UnixStream::connect(&pipe).unwrap();
    stream
        .write_all(b"GET / HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n")
        .unwrap();
    let mut text = String::new();
    stream.read_to_string(&mut text).unwrap();
    assert!(text.ends_with("ok"), "{text}");
    assert!(third.0.try_wait().unwrap().is_none());
}

#[test]
fn a_process_that_dies_before_it_is_ready_takes_nothing_over() {
    let folder = tempfile::tempdir().unwrap();
    let (path, pipe) = (folder.path().join("handover.sock"), folder.path().join("in.sock"));
    let app = Upstream::saying("ok");
    let at = free_address();
    let config = config(at, &pipe, app.address);
    let mut first = Process::start(&path, &config, 2);
    let without = json!({ "listeners": [], "clusters": [] });
    let idle = Bootstrap {
        workers: 1,
        report_interval_ms: 0,
        handover_path: Some(path.clone()),
        ..Bootstrap::default()
    };
    let second = start_with(idle, &without);
    assert!(!second.is_ready());
    second.stop();
    assert_eq!(support::get(at, "/").status, 200);
    assert!(first.0.try_wait().unwrap().is_none());
    // The one after it can.
    let _third = Process::start(&path, &config, 2);
    assert_eq!(support::get(at, "/").status, 200);
    first.ends();
}

#[test]
fn the_handover_is_for_processes_of_the_same_user_only() {
    use std::os::unix::fs::PermissionsExt as _;
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("handover.sock");
    let bootstrap = Bootstrap {
        workers: 1,
        report_interval_ms: 0,
        handover_path: Some(path.clone()),
        ..Bootstrap::default()
    };
    let proxy = start_with(bootstrap, &json!({}));
    assert_eq!(path.metadata().unwrap().permissions().mode() & 0o777, 0o600);
    // Who speaks otherwise gets nothing, and the next one is heard.
    for greeting in [b"hello world, hello!\n".as_slice(), b""] {
        let mut stranger = UnixStream::connect(&path).unwrap();
        stranger.write_all(greeting).unwrap();
        stranger.shutdown(std::net::Shutdown::Write).unwrap();
        let mut answer = Vec::new();
        let _ = stranger.read_to_end(&mut answer);
        assert!(answer.is_empty());
    }
    proxy.stop();
}

/// Asks again and again, each time waiting for the answer, and now and then as a new client (or not).
fn datagrams(at: SocketAddr, keeps: bool, is_stopped: &AtomicBool, done: &AtomicU64) -> Result<(), String> {
    let client = || {
        let socket = UdpSocket::bind("127.0.0.1:0").unwrap();
        socket.set_read_timeout(Some(Duration::from_secs(10))).unwrap();
        socket.connect(at).unwrap();
        socket
    };
    let mut socket = client();
    let mut number = 0_u32;
    while !is_stopped.load(SeqCst) {
        number += 1;
        // Sessions end soon, so that however fast this machine is there are never more than a cluster allows.
        if !keeps && number.is_multiple_of(100) {
            socket = client();
        }
        socket.send(&number.to_be_bytes()).map_err(|error| error.to_string())?;
        let mut answer = [0; 4];
        let count = socket
            .recv(&mut answer)
            .map_err(|error| format!("datagram {number}: {error}"))?;
        if answer[..count] != number.to_be_bytes() {
            return Err(format!("datagram {number} was answered {answer:?}"));
        }
        done.fetch_add(1, SeqCst);
    }
    Ok(())
}

#[test]
fn no_datagram_is_lost_while_processes_replace_each_other_and_late_answers_still_arrive() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("handover.sock");
    let echo = UdpSocket::bind("127.0.0.1:0").unwrap();
    let echo_at = echo.local_addr().unwrap();
    std::thread::spawn(move || {
        let mut buffer = [0; 64];
        while let Ok((count, from)) = echo.recv_from(&mut buffer) {
            let _ = echo.send_to(&buffer[..count], from);
        }
    });
    // Answers when the test says so.
    let slow = UdpSocket::bind("127.0.0.1:0").unwrap();
    slow.set_read_timeout(Some(Duration::from_secs(10))).unwrap();
    let (at, slow_at) = (free_address(), free_address());
    let listener = |name: &str, at: SocketAddr, to: &str| json!({ "name": name, "address": at.to_string(), "udp": { "route": { "otherwise": { "action": to } } } });
    let mut echoing = listener("echo", at, "echo");
    echoing["udp"]["idleTimeoutMs"] = 3_000.into();
    let config = json!({
        "listeners": [echoing, listener("slow", slow_at, "slow")],
        "clusters": [cluster("echo", &[echo_at]), cluster("slow", &[slow.local_addr().unwrap()])],
    });
    let mut first = Process::start(&path, &config, 2);
    let client = UdpSocket::bind("127.0.0.1:0").unwrap();
    client.set_read_timeout(Some(Duration::from_secs(10))).unwrap();
    client.connect(slow_at).unwrap();
    let mut buffer = [0; 64];
    client.send(b"one").unwrap();
    let (_, of_first) = slow.recv_from(&mut buffer).unwrap();
    let (is_stopped, done) = (Arc::new(AtomicBool::new(false)), Arc::new(AtomicU64::new(0)));
    let clients: Vec<_> = (0..4)
        .map(|number| {
            let (is_stopped, done) = (is_stopped.clone(), done.clone());
            std::thread::spawn(move || datagrams(at, number % 2 == 0, &is_stopped, &done))
        })
        .collect();
    let after = |count: u64| {
        let from = done.load(SeqCst);
        wait_until("datagrams go through", || {
            done.load(SeqCst) > from + count || clients.iter().any(std::thread::JoinHandle::is_finished)
        });
    };
    after(500);
    // One worker more, then fewer than there are sockets.
    let mut second = Process::start(&path, &config, 3);
    after(100);
    // The process before takes none any more, but what its endpoint says reaches its client.
    client.send(b"two").unwrap();
    let (_, of_second) = slow.recv_from(&mut buffer).unwrap();
    for (session, text) in [(of_first, b"late 1"), (of_second, b"late 2")] {
        slow.send_to(text, session).unwrap();
        let count = client.recv(&mut buffer).unwrap();
        assert_eq!(&buffer[..count], text);
    }
    first.ends();
    let mut third = Process::start(&path, &config, 1);
    second.ends();
    after(500);
    is_stopped.store(true, SeqCst);
    let results: Vec<_> = clients.into_iter().map(|client| client.join().unwrap()).collect();
    assert!(results.iter().all(Result::is_ok), "{results:?}");
    assert!(third.0.try_wait().unwrap().is_none());
}
