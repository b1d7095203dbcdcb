//! Listeners of datagrams.
#![allow(clippy::unwrap_used, missing_docs)]

mod support;

use std::{
    net::{SocketAddr, UdpSocket},
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering::SeqCst},
    },
    time::Duration,
};

use proxy::Proxy;
use serde_json::{Value, json};
use support::{address, apply, cluster, start, wait_until};

/// Answers each datagram with its name and what it got.
struct Echo {
    address: SocketAddr,
    stop: Arc<AtomicBool>,
}

impl Echo {
    fn start(name: &'static str) -> Self {
        let socket = UdpSocket::bind("127.0.0.1:0").unwrap();
        socket.set_read_timeout(Some(Duration::from_millis(50))).unwrap();
        let echo = Self {
            address: socket.local_addr().unwrap(),
            stop: Arc::default(),
        };
        let stop = Arc::clone(&echo.stop);
        std::thread::spawn(move || {
            let mut buffer = vec![0; 65_536];
            while !stop.load(SeqCst) {
                let Ok((count, from)) = socket.recv_from(&mut buffer) else {
                    continue;
                };
                let _ = socket.send_to(&[name.as_bytes(), &buffer[..count]].concat(), from);
            }
        });
        echo
    }
}

impl Drop for Echo {
    fn drop(&mut self) {
        self.stop.store(true, SeqCst);
    }
}

fn client(proxy: &Proxy) -> UdpSocket {
    let socket = UdpSocket::bind("127.0.0.1:0").unwrap();
    socket.connect(address(proxy, "dns")).unwrap();
    socket.set_read_timeout(Some(Duration::from_secs(10))).unwrap();
    socket
}

fn ask(socket: &UdpSocket, text: &str) -> String {
    socket.send(text.as_bytes()).unwrap();
    receive(socket)
}

fn receive(socket: &UdpSocket) -> String {
    let mut buffer = vec![0; 65_536];
    let count = socket.recv(&mut buffer).unwrap();
    String::from_utf8(buffer[..count].to_vec()).unwrap()
}

fn config(udp: &Value, endpoints: &[SocketAddr]) -> Value {
    json!({
        "listeners": [{ "name": "dns", "address": "127.0.0.1:0", "udp": udp }],
        "clusters": [cluster("up", endpoints), cluster("other", endpoints)],
    })
}

fn to(cluster: &str) -> Value {
    json!({ "otherwise": { "action": cluster } })
}

/// A statistic of the proxy itself.
fn counted(proxy: &Proxy, name: &str) -> u64 {
    let stats = proxy.stats_prometheus();
    let line = format!("fairlead_proxy_{name}_total ");
    let found = stats.lines().find_map(|text| text.strip_prefix(&line));
    found.map_or(0, |number| number.parse().unwrap())
}

#[test]
fn datagrams_of_a_client_go_to_one_endpoint_and_answers_back() {
    let (one, two) = (Echo::start("1"), Echo::start("2"));
    let proxy = start(&config(&json!({ "route": to("up") }), &[one.address, two.address]));
    let clients: Vec<UdpSocket> = (0..8).map(|_| client(&proxy)).collect();
    let mut names = std::collections::HashSet::new();
    for socket in &clients {
        let first = ask(socket, "a");
        names.insert(first.clone());
        for _ in 0..5 {
            assert_eq!(ask(socket, "a"), first);
        }
    }
    assert_eq!(names.len(), 2, "sessions are balanced");
    assert_eq!(counted(&proxy, "udp_sessions_opened"), 8);
    assert_eq!(counted(&proxy, "udp_datagrams_received"), 48);
    wait_until("what was sent is counted", || {
        counted(&proxy, "udp_datagrams_sent") == 48
    });
}

#[test]
fn datagrams_keep_their_sizes() {
    let echo = Echo::start("");
    let proxy = start(&config(&json!({ "route": to("up") }), &[echo.address]));
    let question = json!({ "listener": "dns", "method": "", "authority": "", "path": "" });
    let explained = proxy.explain(&question.to_string()).unwrap();
    assert!(explained.contains("takes datagrams, for cluster up"), "{explained}");
    let socket = client(&proxy);
    let large = "x".repeat(20_000);
    for text in ["", "a", &large, "bc"] {
        assert_eq!(ask(&socket, text).len(), text.len());
    }
    // Many at a time: none is joined with another.
    for count in 1..=30 {
        socket.send("y".repeat(count).as_bytes()).unwrap();
    }
    let sizes: Vec<usize> = (0..30).map(|_| receive(&socket).len()).collect();
    assert_eq!(sizes, (1..=30).collect::<Vec<_>>());
}

#[test]
fn a_session_ends_when_nothing_moves_and_is_logged() {
    let echo = Echo::start("1");
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("udp.log");
    let log = json!({ "path": path, "format": { "text":
        "%PROTOCOL% %BYTES_RECEIVED% %BYTES_SENT% %UPSTREAM_HOST% %UPSTREAM_CLUSTER% %DOWNSTREAM_REMOTE_ADDRESS%\n" } });
    let udp = json!({ "route": to("up"), "idleTimeoutMs": 100, "accessLog": [log] });
    let proxy = start(&config(&udp, &[echo.address]));
    let socket = client(&proxy);
    assert_eq!(ask(&socket, "hello"), "1hello");
    wait_until("the session ends", || counted(&proxy, "udp_sessions_closed") == 1);
    let expected = format!("UDP 5 6 {} up {}\n", echo.address, socket.local_addr().unwrap());
    wait_until("it is logged", || {
        std::fs::read_to_string(&path).is_ok_and(|text| text == expected)
    });
    assert_eq!(ask(&socket, "again"), "1again");
    assert_eq!(counted(&proxy, "udp_sessions_opened"), 2);
}

#[test]
fn sessions_are_bounded() {
    let echo = Echo::start("1");
    let mut settings = config(&json!({ "route": to("up") }), &[echo.address]);
    settings["clusters"][0]["circuitBreakers"] = json!({ "default": { "maxConnections": 2 } });
    let proxy = start(&settings);
    let clients: Vec<UdpSocket> = (0..3).map(|_| client(&proxy)).collect();
    for socket in &clients[..2] {
        assert_eq!(ask(socket, "a"), "1a");
    }
    clients[2].send(b"a").unwrap();
    wait_until("the third is refused", || counted(&proxy, "udp_sessions_refused") == 1);
    assert_eq!(counted(&proxy, "udp_datagrams_dropped"), 1);
}

#[test]
fn a_matcher_chooses_the_cluster() {
    let (one, two) = (Echo::start("1"), Echo::start("2"));
    let route = json!({ "entries": [
        { "predicate": { "address": ["sourceIp", ["127.0.9.0/24"]] }, "then": { "action": "other" } },
    ], "otherwise": { "action": "up" } });
    let mut settings = config(&json!({ "route": route }), &[one.address]);
    settings["clusters"][1] = cluster("other", &[two.address]);
    let proxy = start(&settings);
    assert_eq!(ask(&client(&proxy), "a"), "1a");
    let near = UdpSocket::bind("127.0.9.1:0").unwrap();
    near.connect(address(&proxy, "dns")).unwrap();
    near.set_read_timeout(Some(Duration::from_secs(10))).unwrap();
    assert_eq!(ask(&near, "a"), "2a");
}

#[test]
fn a_key_leads_all_clients_to_one_endpoint() {
    let (one, two) = (Echo::start("1"), Echo::start("2"));
    let udp = json!({ "route": to("up"), "hash": { "key": "call-7" } });
    let mut settings = config(&udp, &[one.address, two.address]);
    settings["clusters"][0]["lbPolicy"] = json!({ "ringHash": {} });
    let proxy = start(&settings);
    let names: std::collections::HashSet<String> = (0..8).map(|_| ask(&client(&proxy), "")).collect();
    assert_eq!(names.len(), 1);
}

#[test]
fn a_session_moves_when_its_endpoint_is_taken_away() {
    let (one, two) = (Echo::start("1"), Echo::start("2"));
    let udp = json!({ "route": to("up") });
    let at = support::free_address();
    let mut settings = config(&udp, &[one.address]);
    settings["listeners"][0]["address"] = json!(at.to_string());
    let proxy = start(&settings);
    let socket = client(&proxy);
    assert_eq!(ask(&socket, "a"), "1a");
    settings["clusters"] = json!([cluster("up", &[two.address]), cluster("other", &[two.address])]);
    apply(&proxy, &settings);
    wait_until("the client is served by the other", || ask(&socket, "a") == "2a");
    // Without its listener the socket is closed, and the session with it.
    settings["listeners"] = json!([]);
    apply(&proxy, &settings);
    wait_until("the session ends", || {
        counted(&proxy, "udp_sessions_closed") == counted(&proxy, "udp_sessions_opened")
    });
}

#[test]
fn an_answer_comes_from_the_address_that_the_client_sent_to() {
    let echo = Echo::start("1");
    let mut settings = config(&json!({ "route": to("up") }), &[echo.address]);
    settings["listeners"][0]["address"] = json!("0.0.0.0:0");
    let proxy = start(&settings);
    let port = address(&proxy, "dns").port();
    let socket = UdpSocket::bind("127.0.0.1:0").unwrap();
    socket.set_read_timeout(Some(Duration::from_secs(10))).unwrap();
    // A connected socket takes nothing from anywhere else.
    socket.connect(("127.0.0.55", port)).unwrap();
    assert_eq!(ask(&socket, "a"), "1a");
}

#[test]
fn no_datagram_of_a_client_or_of_an_endpoint_stops_the_others() {
    // The endpoint answers with what it got, whatever that is, behind its name.
    let echo = Echo::start("e");
    let key = json!({ "route": to("up"), "idleTimeoutMs": 50, "hashPolicies": [{ "key": "k" }] });
    let plain = json!({ "route": to("up"), "idleTimeoutMs": 50 });
    let mut state = 0x9e37_79b9_7f4a_7c15_u64;
    let mut random = move |below: usize| {
        state ^= state >> 12;
        state ^= state << 25;
        state ^= state >> 27;
        (state.wrapping_mul(0x2545_f491_4f6c_dd1d) >> 16) as usize % below
    };
    for udp in [plain, key] {
        let accepted = start(&json!({}));
        let problems = accepted.apply_config(&config(&udp, &[echo.address]).to_string());
        if problems
            .iter()
            .any(|problem| problem.severity == proxy::Severity::Error)
        {
            continue;
        }
        let mut clients: Vec<UdpSocket> = (0..4).map(|_| client(&accepted)).collect();
        for _ in 0..2_000 {
            let size = match random(8) {
                0 => 0,
                1 => random(65_000),
                2 => random(9_000),
                _ => random(64),
            };
            let bytes: Vec<u8> = (0..size).map(|_| random(256) as u8).collect();
            let at = random(clients.len());
            let _ = clients[at].send(&bytes);
            if random(50) == 0 {
                // What comes for one that has gone has nowhere to go.
                clients[at] = client(&accepted);
            }
        }
        let last = client(&accepted);
        last.set_read_timeout(Some(Duration::from_millis(200))).unwrap();
        wait_until("an answer behind all that", || {
            let mut buffer = vec![0; 65_536];
            last.send(b"last").is_ok() && last.recv(&mut buffer).is_ok_and(|count| buffer[..count] == *b"elast")
        });
        assert_eq!(counted(&accepted, "panics"), 0);
    }
}
