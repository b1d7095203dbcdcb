//! HBONE with a real Envoy at the other end, which begins tunnels or ends them.
//! `FAIRLEAD_ENVOY=<path of envoy> cargo test -p proxy --test tunnel -- --ignored`

use std::process::{Child, Command, Stdio};

use serde_json::{Value, json};

use super::{originating, terminating};
use crate::authority::Authority;
use crate::support::{Client, Upstream, address, free_address, get, ok, start, wait_until};

struct Envoy(Child);

impl Drop for Envoy {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

const EXTENSIONS: &str = "type.googleapis.com/envoy.extensions";

fn start_envoy(listener: &Value, cluster: &Value, at: std::net::SocketAddr) -> Envoy {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("envoy.json");
    let config = json!({ "static_resources": { "listeners": [listener], "clusters": [cluster] } });
    std::fs::write(&path, config.to_string()).unwrap();
    let program = std::env::var("FAIRLEAD_ENVOY").expect("FAIRLEAD_ENVOY names an envoy");
    let child = Command::new(program)
        .args([
            "--concurrency",
            "1",
            "--disable-hot-restart",
            "--log-level",
            "off",
            "-c",
        ])
        .arg(&path)
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .spawn()
        .unwrap();
    let envoy = Envoy(child);
    wait_until("envoy listens", || std::net::TcpStream::connect(at).is_ok());
    envoy
}

fn socket(address: std::net::SocketAddr) -> Value {
    json!({ "socket_address": { "address": address.ip().to_string(), "port_value": address.port() } })
}

fn endpoints(name: &str, address: std::net::SocketAddr) -> Value {
    json!({ "cluster_name": name, "endpoints": [{ "lb_endpoints": [{ "endpoint": { "address": socket(address) } }] }] })
}

/// Mutual TLS with the certificate of an account.
fn tls(authority: &Authority, account: &str) -> Value {
    let secrets = authority.secrets(account);
    let certificate = &secrets[0]["secret"]["certificate"];
    json!({
        "alpn_protocols": ["h2"],
        "tls_certificates": [{ "certificate_chain": { "inline_string": certificate["chain"] },
            "private_key": { "inline_string": certificate["key"] } }],
        "validation_context": { "trusted_ca": { "inline_string": authority.pem } },
    })
}

#[test]
#[ignore = "needs an Envoy"]
fn an_envoy_ends_tunnels_that_we_begin() {
    let authority = Authority::new();
    let app = Upstream::start(|request| ok(request.head.lines().next().unwrap().as_bytes()));
    let at = free_address();
    let connect = json!({ "match": { "connect_matcher": {} }, "route": { "cluster": "app", "upgrade_configs": [
        { "upgrade_type": "CONNECT", "connect_config": {} }] } });
    let manager = json!({
        "@type": format!("{EXTENSIONS}.filters.network.http_connection_manager.v3.HttpConnectionManager"),
        "stat_prefix": "hbone", "codec_type": "HTTP2", "http2_protocol_options": { "allow_connect": true },
        "upgrade_configs": [{ "upgrade_type": "CONNECT" }],
        "http_filters": [{ "name": "router", "typed_config": { "@type": format!("{EXTENSIONS}.filters.http.router.v3.Router") } }],
        "route_config": { "name": "r", "virtual_hosts": [{ "name": "all", "domains": ["*"], "routes": [connect] }] },
    });
    let listener = json!({ "name": "hbone", "address": socket(at), "filter_chains": [{
        "transport_socket": { "name": "tls", "typed_config": {
            "@type": format!("{EXTENSIONS}.transport_sockets.tls.v3.DownstreamTlsContext"),
            "require_client_certificate": true, "common_tls_context": tls(&authority, "app") } },
        "filters": [{ "name": "hcm", "typed_config": manager }] }] });
    let cluster = json!({ "name": "app", "type": "STATIC", "load_assignment": endpoints("app", app.address) });
    let _envoy = start_envoy(&listener, &cluster, at);
    let calling = start(&originating(&authority.secrets("web"), app.address, at.port()));
    assert_eq!(
        get(address(&calling, "http"), "/over-http").body(),
        "GET /over-http HTTP/1.1"
    );
    let mut tcp = Client::connect(address(&calling, "tcp"));
    for path in ["/over-tcp", "/again"] {
        assert_eq!(tcp.get(path).body(), format!("GET {path} HTTP/1.1"));
    }
}

#[test]
#[ignore = "needs an Envoy"]
fn we_end_tunnels_that_an_envoy_begins() {
    let authority = Authority::new();
    let app = Upstream::start(|request| ok(request.head.lines().next().unwrap().as_bytes()));
    let serving = start(&terminating(&authority.secrets("app"), "web", app.address.port()));
    let at = free_address();
    let begin = |account: &str, at| {
        let proxy = json!({ "@type": format!("{EXTENSIONS}.filters.network.tcp_proxy.v3.TcpProxy"),
            "stat_prefix": "tcp", "cluster": "ours", "tunneling_config": { "hostname": app.address.to_string() } });
        let listener = json!({ "name": "tcp", "address": socket(at),
            "filter_chains": [{ "filters": [{ "name": "tcp", "typed_config": proxy }] }] });
        let http2 = json!({ "@type": "type.googleapis.com/envoy.extensions.upstreams.http.v3.HttpProtocolOptions",
            "explicit_http_config": { "http2_protocol_options": {} } });
        let cluster = json!({ "name": "ours", "type": "STATIC",
            "load_assignment": endpoints("ours", address(&serving, "connect_terminate")),
            "typed_extension_protocol_options": { "envoy.extensions.upstreams.http.v3.HttpProtocolOptions": http2 },
            "transport_socket": { "name": "tls", "typed_config": {
                "@type": format!("{EXTENSIONS}.transport_sockets.tls.v3.UpstreamTlsContext"),
                "common_tls_context": tls(&authority, account) } } });
        start_envoy(&listener, &cluster, at)
    };
    let envoy = begin("web", at);
    let mut tcp = Client::connect(at);
    for path in ["/over-tcp", "/again"] {
        assert_eq!(tcp.get(path).body(), format!("GET {path} HTTP/1.1"));
    }
    drop(envoy);
    // Who comes as somebody else gets nothing.
    let other = free_address();
    let _envoy = begin("other", other);
    let mut refused = Client::connect(other);
    refused.send("GET / HTTP/1.1\r\nHost: a\r\n\r\n");
    assert!(refused.response().is_none());
}
