//! Where istiod's own simulation says that connections and requests go over these resources, and where they go here.
#![allow(clippy::unwrap_used, reason = "a test may panic")]

use std::sync::Arc;

use config::{
    Address, ConnectionInfo, HeaderName, Listener, NetworkFilter, RequestView, RouteConfiguration, RouteSource,
    RouteTarget,
};
use route::{ClusterChoice, RouteTable};
use xds::{Resource, ResourceType, decode};

struct Request {
    host: &'static str,
    path: &'static str,
}

impl RequestView for Request {
    fn method(&self) -> &[u8] {
        b"GET"
    }
    fn path(&self) -> &[u8] {
        self.path.as_bytes()
    }
    fn authority(&self) -> &[u8] {
        self.host.as_bytes()
    }
    fn scheme(&self) -> &[u8] {
        b"http"
    }
    fn header_at(&self, _: &HeaderName, _: usize) -> Option<&[u8]> {
        None
    }
}

struct Mesh {
    listeners: Vec<Listener>,
    routes: Vec<RouteConfiguration>,
}

impl Mesh {
    fn new() -> Self {
        let mut mesh = Self {
            listeners: Vec::new(),
            routes: Vec::new(),
        };
        for line in include_str!("istiod/sidecar.hex").lines() {
            let [noun, name, hex] = line.split('\t').collect::<Vec<_>>()[..] else {
                panic!("{line}")
            };
            let kind = ResourceType::ALL.into_iter().find(|kind| kind.noun() == noun).unwrap();
            let bytes: Vec<u8> = (0..hex.len())
                .step_by(2)
                .map(|at| u8::from_str_radix(&hex[at..at + 2], 16).unwrap())
                .collect();
            match decode(kind, name, &bytes).unwrap().resource {
                Resource::Listener(listener) => mesh.listeners.push(*listener),
                Resource::Route(routes) => mesh.routes.push(*routes),
                Resource::Cluster(_) | Resource::Endpoint(_) | Resource::Secret(_) | Resource::NameTable(_) => {}
            }
        }
        mesh
    }

    /// The listener that takes a redirected connection to `destination`, as Envoy looks for it.
    fn listener(&self, is_inbound: bool, destination: &str) -> &Listener {
        let by_name = |name: &str| self.listeners.iter().find(|listener| &*listener.name == name).unwrap();
        if is_inbound {
            return by_name("virtualInbound");
        }
        let at = |address: &str| {
            self.listeners
                .iter()
                .find(|l| !l.bind_to_port && l.address == address.parse::<Address>().unwrap())
        };
        let port = destination.rsplit(':').next().unwrap();
        at(destination)
            .or_else(|| at(&format!("0.0.0.0:{port}")))
            .unwrap_or_else(|| by_name("virtualOutbound"))
    }

    /// Listener, filter chain and where it leads: a cluster, or virtual host and cluster.
    fn call(
        &self,
        is_inbound: bool,
        destination: &str,
        seen: (&str, &str, &[&str]),
        request: Option<&Request>,
    ) -> String {
        let listener = self.listener(is_inbound, destination);
        let connection = ConnectionInfo {
            destination: Some(destination.parse().unwrap()),
            source: Some("10.9.9.9:1".parse().unwrap()),
            transport_protocol: seen.0,
            server_name: seen.1,
            application_protocols: seen.2,
            ..ConnectionInfo::default()
        };
        let Some(chain) = listener.match_chain(&connection) else {
            return format!("{} closed", listener.name);
        };
        let end = match chain.filters.last().unwrap() {
            NetworkFilter::TcpProxy(tcp) => match &tcp.target {
                RouteTarget::Cluster(name) => name.to_string(),
                other => panic!("{other:?}"),
            },
            NetworkFilter::HttpConnectionManager(manager) => {
                let routes = match &manager.routes {
                    RouteSource::Inline(routes) => routes,
                    RouteSource::Named(name) => self.routes.iter().find(|routes| routes.name == *name).unwrap(),
                };
                let request = request.unwrap();
                let table = RouteTable::new(Arc::new(routes.clone()));
                let found = table.find(request, 0).found().unwrap();
                let cluster = match found.pick_cluster(request, 0) {
                    ClusterChoice::Named(name) => name.to_string(),
                    ClusterChoice::Weighted(..) => "split".to_owned(),
                    _ => "answered".to_owned(),
                };
                format!("{} {cluster}", found.virtual_host.name)
            }
            other => panic!("{other:?}"),
        };
        format!(
            "{} {} {end}",
            listener.name,
            if chain.name.is_empty() { "-" } else { &chain.name }
        )
    }
}

const HTTP: (&str, &str, &[&str]) = ("raw_buffer", "", &["http/1.1"]);
const TCP: (&str, &str, &[&str]) = ("raw_buffer", "", &[]);
const MESH: (&str, &str, &[&str]) = ("tls", "", &["istio"]);

#[test]
fn outbound_calls_go_where_istio_says() {
    let mesh = Mesh::new();
    let http = |destination: &str, host, path| mesh.call(false, destination, HTTP, Some(&Request { host, path }));
    let reviews = "reviews.default.svc.cluster.local:9080";
    assert_eq!(
        http("240.0.0.1:9080", "reviews:9080", "/x"),
        format!("0.0.0.0_9080 - {reviews} split")
    );
    assert_eq!(
        http("240.0.0.1:9080", "reviews.default", "/d"),
        format!("0.0.0.0_9080 - {reviews} answered")
    );
    assert_eq!(
        http("240.0.0.1:9080", "reviews.default.svc.cluster.local.", "/rabc"),
        format!("0.0.0.0_9080 - {reviews} answered")
    );
    assert_eq!(
        http("240.0.0.1:9080", "nobody", "/"),
        "0.0.0.0_9080 - allow_any PassthroughCluster"
    );
    assert_eq!(
        http("1.2.3.4:80", "www.example.com", "/"),
        "0.0.0.0_80 - www.example.com:80 outbound|80||www.example.com"
    );
    let raw = |destination: &str, seen| mesh.call(false, destination, seen, None);
    assert_eq!(
        raw("240.0.0.1:9000", TCP),
        "240.0.0.1_9000 - outbound|9000||reviews.default.svc.cluster.local"
    );
    assert_eq!(
        raw("1.2.3.4:443", ("tls", "www.example.com", &[])),
        "0.0.0.0_443 - outbound|443||www.example.com"
    );
    assert_eq!(
        raw("1.2.3.4:443", ("tls", "other", &[])),
        "0.0.0.0_443 PassthroughFilterChain PassthroughCluster"
    );
    assert_eq!(
        raw("1.2.3.4:1234", TCP),
        "virtualOutbound virtualOutbound-catchall-tcp PassthroughCluster"
    );
    assert_eq!(
        raw("1.2.3.4:15001", TCP),
        "virtualOutbound virtualOutbound-blackhole BlackHoleCluster"
    );
}

#[test]
fn inbound_calls_go_where_istio_says() {
    let mesh = Mesh::new();
    let request = Request {
        host: "reviews",
        path: "/",
    };
    let call = |port: u16, seen| mesh.call(true, &format!("10.0.0.1:{port}"), seen, Some(&request));
    let served = "virtualInbound 0.0.0.0_9080 inbound|http|9080 inbound|9080||";
    assert_eq!(call(9080, MESH), served);
    assert_eq!(call(9080, TCP), served);
    assert_eq!(call(9000, MESH), "virtualInbound 0.0.0.0_9000 inbound|9000||");
    assert_eq!(
        call(7777, ("tls", "", &["istio-http/1.1"])),
        "virtualInbound virtualInbound-catchall-http inbound|http|0 InboundPassthroughCluster"
    );
    assert_eq!(
        call(7777, TCP),
        "virtualInbound virtualInbound InboundPassthroughCluster"
    );
    assert_eq!(
        call(7777, ("tls", "", &["h2"])),
        "virtualInbound virtualInbound InboundPassthroughCluster"
    );
    assert_eq!(
        call(15006, TCP),
        "virtualInbound virtualInbound-blackhole BlackHoleCluster"
    );
}
