//! Connections that the kernel gives to the proxy as they are (TPROXY), in network namespaces of their own. Needs root, `ip`,
//! `unshare` and `iptables`; where they are missing nothing is tested, which is said.
#![allow(clippy::unwrap_used, missing_docs)]

mod support;

use std::{
    io::{Read as _, Write as _},
    net::{SocketAddr, TcpListener},
    process::Command,
};

use serde_json::json;
use support::start;

/// The client is here, in a namespace of its own.
const CLIENT: &str = "10.9.1.2";

/// What it connects to; the proxy's side has the server.
const SERVER: &str = "10.200.0.1";

fn run(program: &str, args: &str) -> Result<String, String> {
    let output = Command::new(program).args(args.split(' ')).output();
    let output = output.map_err(|error| format!("{program}: {error}"))?;
    if output.status.success() {
        Ok(String::from_utf8_lossy(&output.stdout).into_owned())
    } else {
        let stderr = String::from_utf8_lossy(&output.stderr).into_owned();
        Err(format!("{program} {args}: {stderr}"))
    }
}

#[test]
fn a_connection_keeps_both_its_addresses_through_a_transparent_listener() {
    let can = run(
        "unshare",
        "-n iptables -t mangle -A PREROUTING -p tcp -j TPROXY --on-port 1 --tproxy-mark 1",
    );
    if let Err(why) = can {
        eprintln!("not tested: {why}");
        return;
    }
    let this = std::env::current_exe().unwrap();
    let output = Command::new("unshare")
        .arg("-n")
        .arg(this)
        .args(["--exact", "inside_a_namespace", "--ignored", "--nocapture"])
        .output()
        .unwrap();
    let text = [output.stdout, output.stderr].concat();
    let text = String::from_utf8_lossy(&text);
    assert!(output.status.success() && text.contains("1 passed"), "{text}");
}

/// Takes the client's namespace away, however the test ends.
struct Namespace(String);

impl Drop for Namespace {
    fn drop(&mut self) {
        let _ = run("ip", &format!("netns del {}", self.0));
    }
}

/// As Istio sets them for its mode TPROXY.
const RULES: [&str; 5] = [
    "-t mangle -A PREROUTING -i lo -p tcp -m mark --mark 1337 -j CONNMARK --save-mark",
    "-t mangle -A PREROUTING ! -i lo -p tcp -m conntrack --ctstate RELATED,ESTABLISHED -j MARK --set-mark 1337",
    "-t mangle -A PREROUTING ! -i lo -p tcp -m mark --mark 1337 -j ACCEPT",
    "-t mangle -A PREROUTING ! -i lo -p tcp -j TPROXY --on-port 15006 --tproxy-mark 1337",
    "-t mangle -A OUTPUT -p tcp -m connmark --mark 1337 -j CONNMARK --restore-mark",
];

#[test]
#[ignore = "runs inside the namespace that the test above makes"]
fn inside_a_namespace() {
    let namespace = Namespace(format!("fairlead-tproxy-{}", std::process::id()));
    let name = &namespace.0;
    for args in [
        "link set lo up".to_owned(),
        format!("netns add {name}"),
        format!("link add veth0 type veth peer name eth0 netns {name}"),
        "addr add 10.9.1.1/24 dev veth0".to_owned(),
        "link set veth0 up".to_owned(),
        format!("addr add {SERVER}/32 dev lo"),
        format!("-n {name} addr add {CLIENT}/24 dev eth0"),
        format!("-n {name} link set eth0 up"),
        format!("-n {name} route add default via 10.9.1.1"),
        "rule add fwmark 1337 lookup 133".to_owned(),
        "route add local default dev lo table 133".to_owned(),
    ] {
        run("ip", &args).unwrap();
    }
    for rule in RULES {
        run("iptables", rule).unwrap();
    }
    for device in ["all", "lo", "veth0"] {
        std::fs::write(format!("/proc/sys/net/ipv4/conf/{device}/rp_filter"), "0").unwrap();
    }
    // It tells its client where that seems to be.
    let server = TcpListener::bind((SERVER, 80)).unwrap();
    std::thread::spawn(move || {
        for stream in server.incoming() {
            let mut stream = stream.unwrap();
            let peer: SocketAddr = stream.peer_addr().unwrap();
            let mut byte = [0];
            let _ = stream.read(&mut byte);
            stream.write_all(format!("{}\n", peer.ip()).as_bytes()).unwrap();
        }
    });
    let listener = |port: u16, filters: serde_json::Value| {
        json!({ "name": format!("in{port}"), "address": format!("0.0.0.0:{port}"), "transparent": true,
            "listenerFilters": filters,
            "filterChains": [{ "filters": [{ "tcpProxy": { "cluster": "passthrough" } }] }] })
    };
    let passthrough = json!({ "name": "passthrough", "kind": { "originalDst": { "portOverride": 0 } } });
    let config =
        |filters: serde_json::Value| json!({ "listeners": [listener(15_006, filters)], "clusters": [passthrough] });
    let proxy = start(&config(json!([{ "kind": "originalDst" }])));
    // The proxy finds where the client was going by the socket's own address; the server sees the proxy.
    assert_eq!(ask(name), format!("{SERVER}\n"));
    let seen = json!([{ "kind": "originalDst" }, { "kind": { "originalSrc": { "mark": 1337 } } }]);
    support::apply(&proxy, &config(seen));
    // Now it sees the client, whose address is not this machine's.
    support::wait_until("the server sees the client", || ask(name) == format!("{CLIENT}\n"));
}

/// What the server tells a client in the namespace.
fn ask(namespace: &str) -> String {
    let script = format!("exec 3<>/dev/tcp/{SERVER}/80; printf x >&3; cat <&3");
    let output = Command::new("timeout")
        .args(["10", "ip", "netns", "exec", namespace, "bash", "-c", &script])
        .output()
        .unwrap();
    String::from_utf8_lossy(&output.stdout).into_owned()
}
