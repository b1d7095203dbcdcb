//! Questions of DNS, answered from the name table.
#![allow(clippy::unwrap_used, missing_docs)]

mod support;

use std::{
    net::{SocketAddr, UdpSocket},
    time::Duration,
};

use messages::istio::networking::nds::v1::{NameTable, name_table::NameInfo};
use prost::Message;
use proxy::{Bootstrap, DnsSettings, Problem, Proxy, Severity, Upsert};
use serde_json::{Value, json};
use support::{apply, start_with, wait_until};

const TYPE: &str = "type.googleapis.com/istio.networking.nds.v1.NameTable";

fn bootstrap(addresses: Vec<SocketAddr>) -> Bootstrap {
    Bootstrap {
        workers: 1,
        report_interval_ms: 0,
        dns: Some(DnsSettings {
            addresses,
            namespace: "default".to_owned(),
            resolv_conf: "/nowhere/resolv.conf".into(),
            ..DnsSettings::default()
        }),
        ..Bootstrap::default()
    }
}

fn listener() -> Value {
    json!({ "listeners": [support::http_listener("web", json!([]))] })
}

fn start() -> Proxy {
    start_with(bootstrap(vec![([127, 0, 0, 1], 0).into()]), &listener())
}

fn set(proxy: &Proxy, name: &str, table: &NameTable) -> Vec<Problem> {
    let upsert = Upsert {
        name: name.to_owned(),
        version: "1".to_owned(),
        bytes: table.encode_to_vec(),
    };
    proxy.apply_xds(TYPE, vec![upsert], Vec::new())
}

fn info(ip: &str) -> NameInfo {
    NameInfo {
        ips: vec![ip.to_owned()],
        registry: "Kubernetes".to_owned(),
        shortname: "reviews".to_owned(),
        namespace: "default".to_owned(),
        ..NameInfo::default()
    }
}

fn table(host: &str, ip: &str) -> NameTable {
    NameTable {
        table: [(host.to_owned(), info(ip))].into(),
        name_info: None,
    }
}

fn dns(proxy: &Proxy) -> Value {
    serde_json::from_str::<Value>(&proxy.dump_config()).unwrap()["names"].clone()
}

/// The code of the answer and the address at its end.
fn ask(proxy: &Proxy, name: &str) -> (u8, Option<[u8; 4]>) {
    let server: SocketAddr = dns(proxy)["addresses"][0].as_str().unwrap().parse().unwrap();
    let mut message = vec![0, 7, 1, 0, 0, 1, 0, 0, 0, 0, 0, 0];
    for label in name.split('.') {
        message.push(label.len() as u8);
        message.extend_from_slice(label.as_bytes());
    }
    message.extend_from_slice(&[0, 0, 1, 0, 1]);
    let socket = UdpSocket::bind("127.0.0.1:0").unwrap();
    socket.set_read_timeout(Some(Duration::from_secs(10))).unwrap();
    socket.send_to(&message, server).unwrap();
    let mut answer = [0; 512];
    let length = socket.recv(&mut answer).unwrap();
    let address = (answer[7] > 0).then(|| answer[length - 4..length].try_into().unwrap());
    (answer[3] & 15, address)
}

#[test]
fn names_are_answered_by_the_newest_table_and_others_fail_without_a_resolver() {
    let proxy = start();
    assert_eq!(ask(&proxy, "reviews").0, 2, "before the first table");
    assert!(set(&proxy, "", &table("reviews.default.svc.cluster.local", "10.0.0.1")).is_empty());
    assert_eq!(ask(&proxy, "reviews"), (0, Some([10, 0, 0, 1])));
    assert_eq!(
        ask(&proxy, "reviews.default.svc.cluster.local"),
        (0, Some([10, 0, 0, 1]))
    );
    assert!(set(&proxy, "", &table("reviews.default.svc.cluster.local", "10.0.0.2")).is_empty());
    assert_eq!(ask(&proxy, "reviews.default"), (0, Some([10, 0, 0, 2])));
    assert_eq!(ask(&proxy, "www.example.com"), (2, None));
}

#[test]
fn hosts_may_come_one_by_one_and_go() {
    let proxy = start();
    let one = |ip| NameTable {
        name_info: Some(info(ip)),
        ..NameTable::default()
    };
    set(&proxy, "a.test", &one("10.0.0.1"));
    set(&proxy, "b.test", &one("10.0.0.2"));
    assert_eq!(ask(&proxy, "a.test"), (0, Some([10, 0, 0, 1])));
    assert_eq!(ask(&proxy, "b.test"), (0, Some([10, 0, 0, 2])));
    proxy.apply_xds(TYPE, Vec::new(), vec!["a.test".to_owned()]);
    assert_eq!(ask(&proxy, "a.test").0, 2);
    assert_eq!(ask(&proxy, "b.test"), (0, Some([10, 0, 0, 2])));
}

#[test]
fn a_table_that_cannot_be_read_leaves_the_one_before_in_use() {
    let proxy = start();
    set(&proxy, "", &table("reviews.default.svc.cluster.local", "10.0.0.1"));
    let broken = Upsert {
        name: String::new(),
        version: "2".to_owned(),
        bytes: vec![0x0a, 0xff],
    };
    let problems = proxy.apply_xds(TYPE, vec![broken], Vec::new());
    assert_eq!(problems[0].severity, Severity::Error);
    assert_eq!(problems[0].resource_type, TYPE);
    assert_eq!(ask(&proxy, "reviews"), (0, Some([10, 0, 0, 1])));
}

#[test]
fn a_proxy_is_ready_once_it_answers() {
    let proxy = start();
    assert!(!proxy.is_ready());
    set(&proxy, "", &NameTable::default());
    assert!(proxy.is_ready());
}

#[test]
fn a_dump_shows_what_is_answered_and_statistics_how_often() {
    let proxy = start();
    set(&proxy, "", &table("reviews.default.svc.cluster.local", "10.0.0.1"));
    ask(&proxy, "reviews");
    let tables = &dns(&proxy)["tables"];
    assert_eq!(tables[0]["version"], "1");
    assert_eq!(
        tables[0]["hosts"]["reviews.default.svc.cluster.local"],
        json!({ "addresses": ["10.0.0.1"], "kubernetes": { "shortname": "reviews", "namespace": "default" } })
    );
    let stats = proxy.stats_prometheus();
    assert!(stats.contains("\nistio_agent_dns_requests_total 1\n"), "{stats}");
    assert!(
        stats.contains("\nistio_agent_dns_upstream_requests_total 0\n"),
        "{stats}"
    );
}

#[test]
fn a_proxy_that_does_not_answer_takes_tables_and_has_no_such_statistics() {
    let plain = Bootstrap {
        dns: None,
        ..bootstrap(Vec::new())
    };
    let proxy = start_with(plain, &listener());
    assert!(set(&proxy, "", &table("a.test", "10.0.0.1")).is_empty());
    assert_eq!(dns(&proxy), Value::Null);
    assert!(!proxy.stats_prometheus().contains("dns_requests"));
    assert!(proxy.is_ready());
}

#[test]
fn a_port_that_is_taken_keeps_the_proxy_from_starting() {
    let taken = UdpSocket::bind("127.0.0.1:0").unwrap();
    let address = taken.local_addr().unwrap();
    let error = Proxy::start(bootstrap(vec![address]), Box::new(|_| {})).err().unwrap();
    assert!(
        error
            .to_string()
            .contains(&format!("cannot listen for questions of DNS: {address}")),
        "{error}"
    );
}

#[test]
fn a_process_that_takes_over_answers_from_its_first_table_on_and_the_one_before_until_then() {
    let folder = tempfile::tempdir().unwrap();
    let free = UdpSocket::bind("127.0.0.1:0").unwrap();
    let address = free.local_addr().unwrap();
    drop(free);
    let with_handover = || Bootstrap {
        handover_path: Some(folder.path().join("handover")),
        ..bootstrap(vec![address])
    };
    let old = start_with(with_handover(), &listener());
    set(&old, "", &table("reviews.default.svc.cluster.local", "10.0.0.1"));
    wait_until("the first serves", || old.is_ready());
    let new = Proxy::start(with_handover(), Box::new(|_| {})).unwrap();
    apply(&new, &listener());
    assert_eq!(dns(&new)["addresses"], json!([]));
    assert_eq!(ask(&old, "reviews"), (0, Some([10, 0, 0, 1])));
    set(&new, "", &table("reviews.default.svc.cluster.local", "10.0.0.2"));
    wait_until("the second serves", || old.is_handed_over());
    wait_until("the second answers", || {
        ask(&new, "reviews") == (0, Some([10, 0, 0, 2]))
    });
}
