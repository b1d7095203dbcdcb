//! A downstream connection from accept to close: where it was going, which filter chain takes it, TLS, HTTP or TCP.

use std::{
    cell::Cell,
    net::SocketAddr,
    pin::Pin,
    rc::Rc,
    sync::{Arc, atomic::Ordering::Relaxed},
    time::Duration,
};

use config::ConnectionInfo;
use http::Buffer;
use net::{Address, Detection, Protocol, Socket, Stream};
use telemetry::{AccessLog, Counter, LabelsId, ResponseFlags};
use tls::{Connection, PeerInfo};

use crate::{
    connection_counts::CountedConnection,
    http_connection::{self, HttpEnd},
    limiter::Admitted,
    proxy_protocol,
    request::log_to_listener,
    snapshot::{ChainEntry, Current, ListenerEntry, Serves},
    tcp,
    wire::Wire,
    worker::Worker,
};

/// Internal listeners that one connection may pass through.
const MAX_INTERNAL_HOPS: u32 = 4;

/// What is known about a connection.
#[derive(Debug, Clone, Default)]
pub(crate) struct Facts {
    /// Where the client is: the peer of the socket, or who that says it speaks for. None for Unix sockets.
    pub(crate) peer: Option<SocketAddr>,
    /// Peer of the socket; none for Unix sockets.
    pub(crate) direct_peer: Option<SocketAddr>,
    /// Where it was going: after interception the original destination.
    pub(crate) destination: Option<SocketAddr>,
    /// Address at this end.
    pub(crate) local: Option<SocketAddr>,
    /// SNI.
    pub(crate) server_name: String,
    /// ALPN the client offered, or the protocol that was detected.
    pub(crate) alpn: Vec<String>,
    /// `tls` or `raw_buffer` once somebody looked.
    pub(crate) transport: &'static str,
    /// Who the client proved to be.
    pub(crate) peer_tls: Option<Arc<PeerInfo>>,
    /// The client's certificate in DER, where a filter wants it.
    pub(crate) peer_certificate: Option<Arc<[u8]>>,
    /// Number of the connection in this process.
    pub(crate) id: u64,
    /// What an internal listener was told by who called it.
    pub(crate) metadata: Option<Arc<config::Metadata>>,
    /// Internal listeners that were passed through.
    pub(crate) hops: u32,
}

/// Where the bytes inside a tunnel go on.
#[derive(Clone)]
pub(crate) struct Inner {
    /// The internal listener.
    pub(crate) listener: Arc<str>,
    /// Where the tunnel leads, as its opener said.
    pub(crate) destination: Option<SocketAddr>,
}

/// The namespace in which an internal listener is told where a connection leads: `local`.
const ORIGINAL_DST: &str = "envoy.filters.listener.original_dst";

impl Facts {
    /// The original destination of an intercepted connection. A client that connected to the listener itself has none:
    /// to send it on to "where it was going" would be to send it back here.
    pub(crate) fn restored_destination(&self) -> Option<SocketAddr> {
        self.destination.filter(|destination| Some(*destination) != self.local)
    }

    /// Where a cluster of original destinations sends the connection, or a request whose header names `asked`.
    pub(crate) fn destination_for(&self, kind: &config::ClusterKind, asked: Option<SocketAddr>) -> Option<SocketAddr> {
        let config::ClusterKind::OriginalDst {
            port_override,
            metadata_key,
            ..
        } = kind
        else {
            return None;
        };
        let told = metadata_key
            .as_ref()
            .and_then(|key| self.told(&key.namespace, &key.path));
        let mut address = told.or(asked).or_else(|| self.restored_destination())?;
        if *port_override != 0 {
            address.set_port(*port_override);
        }
        Some(address)
    }

    /// An address in the metadata that came with the connection.
    fn told(&self, namespace: &str, path: &[Arc<str>]) -> Option<SocketAddr> {
        let (first, rest) = path.split_first()?;
        let mut value = self.metadata.as_ref()?.get(namespace, first)?;
        for key in rest {
            value = value.get(&**key)?;
        }
        value.as_str()?.parse().ok()
    }

    /// The SPIFFE ID of the client.
    pub(crate) fn principal(&self) -> &str {
        self.peer_tls
            .as_ref()
            .and_then(|peer| peer.spiffe_id.as_deref())
            .unwrap_or_default()
    }

    /// Whether the client proved who it is.
    pub(crate) fn is_mutual_tls(&self) -> bool {
        self.peer_tls.as_ref().is_some_and(|peer| peer.has_certificate())
    }

    /// This client's entry of `x-forwarded-client-cert`.
    pub(crate) fn client_cert_text(details: config::ClientCertDetails, peer: &PeerInfo) -> String {
        use std::fmt::Write as _;
        let mut text = String::with_capacity(160);
        // Formatting into a string cannot fail.
        let _ = write!(text, "Hash={}", peer.certificate_hash_hex());
        let Some(names) = &peer.names else { return text };
        if details.subject {
            let _ = write!(text, ";Subject=\"{}\"", names.subject.replace('"', "\\\""));
        }
        if details.uri {
            for uri in &names.uris {
                let _ = write!(text, ";URI={uri}");
            }
        }
        if details.dns {
            for dns in &names.dns {
                let _ = write!(text, ";DNS={dns}");
            }
        }
        text
    }

    fn find_chain(&self, listener: &ListenerEntry) -> Option<usize> {
        let alpn: Vec<&str> = self.alpn.iter().map(String::as_str).collect();
        listener.index.find(&ConnectionInfo {
            destination: self.destination,
            source: self.peer,
            direct_source: self.direct_peer,
            server_name: &self.server_name,
            transport_protocol: self.transport,
            application_protocols: &alpn,
        })
    }
}

/// A connection with the configuration it is served by.
#[derive(Clone)]
pub(crate) struct Served {
    pub(crate) worker: Rc<Worker>,
    pub(crate) facts: Facts,
    pub(crate) snapshot: Current,
    pub(crate) listener: Arc<ListenerEntry>,
    pub(crate) chain: Arc<ChainEntry>,
    /// Label sets that were used last, by cluster.
    pub(crate) labels: Cell<Option<(u64, [LabelsId; 2])>>,
}

impl Served {
    /// For a connection of the proxy's own to an internal listener: no client stands behind it.
    fn of_nobody(worker: &Rc<Worker>, name: &Arc<str>) -> Option<Self> {
        let snapshot = worker.snapshot();
        Some(Self {
            listener: Arc::clone(snapshot.listeners.get(name)?),
            chain: Arc::clone(&snapshot.no_chain),
            worker: Rc::clone(worker),
            facts: Facts {
                id: worker.shared.next_id(),
                ..Facts::default()
            },
            snapshot,
            labels: Cell::new(None),
        })
    }

    /// Takes over the newest configuration. False: the connection has no place in it and ends.
    pub(crate) fn refresh(&mut self) -> bool {
        let snapshot = self.worker.snapshot();
        if Rc::ptr_eq(&snapshot, &self.snapshot) {
            return true;
        }
        let Some(listener) = snapshot.listeners.get(&self.listener.config.name) else {
            return false;
        };
        if !Arc::ptr_eq(listener, &self.listener) {
            let chain = self
                .facts
                .find_chain(listener)
                .and_then(|index| listener.chains.get(index));
            let Some(chain) = chain else { return false };
            // A connection cannot change between plaintext and TLS, or stop being HTTP.
            let is_same_kind = chain.tls.is_some() == self.chain.tls.is_some()
                && matches!((&chain.serves, &self.chain.serves), (Serves::Http(_), Serves::Http(_)));
            if !is_same_kind {
                return false;
            }
            let is_admitted = chain.admits(&self.facts);
            self.chain = Arc::clone(chain);
            self.listener = Arc::clone(listener);
            self.snapshot = snapshot;
            return is_admitted;
        }
        self.snapshot = snapshot;
        true
    }

    /// The same connection with the newest configuration. None: it has no place in it.
    pub(crate) fn renewed(&self) -> Option<Self> {
        let mut renewed = self.clone();
        renewed.refresh().then_some(renewed)
    }

    /// Whether connections of this listener are to end.
    pub(crate) fn is_draining(&self) -> bool {
        self.worker.shared.is_draining(self.listener.is_inbound)
    }

    /// Whether connections that wait for a request end now. After a handover they stay for their next request, whose
    /// response ends them: a request that is on its way already meets an open connection.
    pub(crate) fn ends_idle(&self) -> bool {
        self.is_draining() && !self.worker.shared.is_handed_over.load(Relaxed)
    }

    /// Goes on with what is inside a tunnel by an internal listener. False: there is none of that name, or there were
    /// too many already.
    fn enter(&mut self, inner: &Inner) -> bool {
        let Some(listener) = self.snapshot.listeners.get(&inner.listener) else {
            return false;
        };
        self.facts.hops += 1;
        if self.facts.hops > MAX_INTERNAL_HOPS {
            return false;
        }
        self.listener = Arc::clone(listener);
        if listener.has_original_dst && inner.destination.is_some() {
            self.facts.destination = inner.destination;
        }
        self.labels.set(None);
        // What is inside the tunnel is a connection of its own: nothing is known about it yet.
        self.facts.server_name.clear();
        self.facts.alpn.clear();
        self.facts.transport = "";
        true
    }

    /// Whether the newest configuration is not the one in use.
    pub(crate) fn is_outdated(&self) -> bool {
        !Rc::ptr_eq(&self.worker.snapshot(), &self.snapshot)
    }
}

/// A connection with what it is served by: what a request is served with, and goes on with afterwards.
pub(crate) struct Link {
    pub(crate) served: Served,
    pub(crate) wire: Wire,
    /// What has come and was not used yet.
    pub(crate) received: Buffer,
}

/// An accepted connection, for [`serve`]. None: its listener is no more.
pub(crate) fn open(
    worker: &Rc<Worker>,
    socket: Socket,
    peer: &Address,
    local: &Address,
    name: &str,
) -> Option<Box<Link>> {
    let snapshot = worker.snapshot();
    let listener = Arc::clone(snapshot.listeners.get(name)?);
    let id = worker.shared.next_id();
    // A listener on all addresses learns from the socket which of them was meant. One for both families sees IPv4 in
    // IPv6 notation.
    let canonical = |address: SocketAddr| SocketAddr::new(address.ip().to_canonical(), address.port());
    let bound = local.tcp().map(canonical);
    let local = match local.tcp() {
        Some(address) if !address.ip().is_unspecified() && !listener.config.transparent => Some(address),
        Some(_) => socket.local_address().ok().and_then(|address| address.tcp()),
        None => None,
    }
    .map(canonical);
    let peer = peer.tcp().map(canonical);
    let mut facts = Facts {
        peer,
        direct_peer: peer,
        destination: local,
        local,
        id,
        ..Facts::default()
    };
    if listener.has_original_dst {
        facts.destination = socket.original_destination().or(local);
    }
    if let Some(bound) = bound.filter(|_| listener.config.transparent)
        && local.is_some_and(|local| is_elsewhere(local, bound))
    {
        // The kernel has given this end of it the address that the client meant: there is no other.
        facts.local = Some(bound);
    }
    Some(Box::new(Link {
        served: Served {
            chain: Arc::clone(&snapshot.no_chain),
            labels: Cell::new(None),
            worker: Rc::clone(worker),
            facts,
            snapshot,
            listener,
        },
        wire: Connection::from(socket).into(),
        received: Buffer::default(),
    }))
}

/// Serves an accepted connection to its end.
pub(crate) async fn serve(mut link: Box<Link>) {
    if let Some(filter) = link.served.listener.proxy_protocol
        && !Box::pin(learn_addresses(&mut link, filter)).await
    {
        return;
    }
    let served = &mut link.served;
    if served.listener.config.use_original_dst
        && let Some(destination) = served.facts.destination
        && let Some(other) = served.snapshot.listener_at(destination).cloned()
    {
        served.listener = other;
    }
    serve_as(link).await;
}

/// Takes over what a load balancer says about its client. False: the connection ends.
async fn learn_addresses(link: &mut Link, filter: config::ProxyProtocolFilter) -> bool {
    let Link { served, wire, received } = link;
    let said = proxy_protocol::receive(&served.worker, &served.listener, filter, wire, received).await;
    let Some(said) = said else {
        served.worker.buffers.give(std::mem::take(received));
        return false;
    };
    if let Some((source, destination)) = said {
        served.facts.peer = Some(source);
        served.facts.destination = Some(destination);
    }
    true
}

/// Whether an address is none that a socket is bound to.
fn is_elsewhere(address: SocketAddr, bound: SocketAddr) -> bool {
    address.port() != bound.port() || !bound.ip().is_unspecified() && address.ip() != bound.ip()
}

/// Serves what is inside a tunnel on a stream by an internal listener.
pub(crate) async fn serve_tunnel(outer: &Served, inner: &Inner, wire: Wire) {
    let mut served = outer.clone();
    if served.enter(inner) {
        serve_as(Box::new(Link {
            served,
            wire,
            received: Buffer::default(),
        }))
        .await;
    }
}

/// Connects to an internal listener, which serves the other end by itself. `metadata` is what the endpoint says of
/// itself. None: there is no such listener.
pub(crate) fn connect_internal(
    worker: &Rc<Worker>,
    outer: Option<&Served>,
    name: &Arc<str>,
    metadata: Option<Arc<config::Metadata>>,
) -> Option<Socket> {
    let mut served = match outer {
        Some(outer) => outer.clone(),
        None => Served::of_nobody(worker, name)?,
    };
    served.facts.metadata = metadata;
    // A connection of its own: it does not go where the outer one was going, nor did anybody prove anything on it.
    (served.facts.destination, served.facts.local) = (None, None);
    served.facts.peer_tls = None;
    let inner = Inner {
        listener: Arc::clone(name),
        destination: served.facts.told(ORIGINAL_DST, &["local".into()]),
    };
    if !served.enter(&inner) {
        return None;
    }
    let (ours, theirs) = net::pair().ok()?;
    let link = Box::new(Link {
        served,
        wire: Connection::from(theirs).into(),
        received: Buffer::default(),
    });
    let serving: Pin<Box<dyn Future<Output = ()>>> = Box::pin(serve_as(link));
    tokio::task::spawn_local(serving);
    Some(ours)
}

/// Tells the logs of a listener, where it has any, how a connection ended.
struct ListenerLog {
    /// The connection as it is known by now.
    served: Served,
    start_us: u64,
    flags: ResponseFlags,
    details: &'static str,
    /// Somebody who knows more has logged it.
    is_done: bool,
}

impl ListenerLog {
    fn begin(served: &Served) -> Option<Box<Self>> {
        let log = || Self {
            served: served.clone(),
            start_us: served.worker.timers.now_us(),
            flags: ResponseFlags::NONE,
            details: "",
            is_done: false,
        };
        (!served.listener.logs.is_empty()).then(|| Box::new(log()))
    }
}

impl Drop for ListenerLog {
    fn drop(&mut self) {
        if self.is_done {
            return;
        }
        let Self { served, .. } = self;
        let duration_us = served.worker.timers.now_us().saturating_sub(self.start_us);
        let log = AccessLog {
            start_unix_us: telemetry::unix_micros() - duration_us as i64,
            duration_us,
            flags: self.flags,
            details: self.details,
            downstream_local: served.facts.destination,
            downstream_remote: served.facts.peer,
            server_name: &served.facts.server_name,
            ..AccessLog::default()
        };
        log_to_listener(served, &served.listener, &log, None);
    }
}

/// Serves a connection by a listener, then by the internal listeners that it opens a tunnel to. What this waits with for
/// a request is all that an idle connection keeps, so it is small: what is not needed then is in boxes of its own.
async fn serve_as(mut link: Box<Link>) {
    let mut log = ListenerLog::begin(&link.served);
    let _counted = CountedConnection::new(&link.served.listener.connections);
    loop {
        if link.served.listener.needs_detection(&link.served.facts) && !Box::pin(detect(&mut link)).await {
            break;
        }
        let served = &mut link.served;
        let Some(index) = served.facts.find_chain(&served.listener) else {
            served.worker.count(Counter::NoFilterChain);
            served.listener.connections.count_unmatched();
            if let Some(log) = &mut log {
                (log.flags, log.details) = (ResponseFlags::NO_ROUTE, "filter_chain_not_found");
            }
            break;
        };
        let Some(chain) = served.listener.chains.get(index) else {
            break;
        };
        served.chain = Arc::clone(chain);
        know_more(&mut log, served);
        if served.chain.tls.is_some() {
            let Some(secured) = Box::pin(accept_tls(link)).await else {
                return;
            };
            link = secured;
            know_more(&mut log, &link.served);
        }
        if !link.served.chain.admits(&link.served.facts) {
            link.served.worker.count(Counter::Denied);
            break;
        }
        let Some(_admitted) = limit(&link.served).await else {
            break;
        };
        match &link.served.chain.serves {
            Serves::Nothing => break,
            Serves::Tcp(_) => {
                Box::pin(tcp::serve(&mut link)).await;
                if let Some(log) = &mut log {
                    log.is_done = Arc::ptr_eq(&log.served.listener, &link.served.listener);
                }
                break;
            }
            Serves::Http(http) => {
                let _counted = CountedConnection::new(&http.connections);
                match http_connection::serve(link).await {
                    HttpEnd::Closed => return,
                    HttpEnd::Internal(outer, inner) => {
                        link = outer;
                        if !link.served.enter(&inner) {
                            break;
                        }
                    }
                }
            }
        }
    }
    link.served.worker.buffers.give(link.received);
}

/// What is known of the connection of a log; of internal listeners inside of it nothing is logged there.
fn know_more(log: &mut Option<Box<ListenerLog>>, served: &Served) {
    if let Some(log) = log
        && Arc::ptr_eq(&log.served.listener, &served.listener)
    {
        log.served = served.clone();
    }
}

/// Places in the chain's limits on connections. None: it serves as many as it may, and the client has waited for that
/// answer as long as it has to.
async fn limit(served: &Served) -> Option<Vec<Admitted>> {
    let worker = &served.worker;
    let mut places = Vec::new();
    for limiter in &served.chain.limits {
        let Some(place) = limiter.admit() else {
            worker.count(Counter::DownstreamConnectionLimit);
            drop(places);
            if limiter.config.delay_ms > 0 {
                let timer = worker.timers.timer();
                timer.sleep(Duration::from_millis(limiter.config.delay_ms)).await;
            }
            return None;
        };
        places.push(place);
    }
    Some(places)
}

/// Looks at the first bytes where a filter chain depends on them. False: the connection ends.
async fn detect(link: &mut Link) -> bool {
    let Link { served, wire, received } = link;
    let worker = Rc::clone(&served.worker);
    let timer = worker.timers.timer();
    let timeout_ms = match served.listener.config.listener_filters_timeout_ms {
        0 => worker.shared.limits.transport_timeout_ms,
        timeout => timeout,
    };
    timer.set(Some(worker.timers.now_ms() + timeout_ms));
    let protocol = std::future::poll_fn(|cx| {
        use std::task::Poll;
        loop {
            if let Detection::Found(protocol) = net::detect(received.filled()) {
                return Poll::Ready(Some(protocol));
            }
            if timer.poll_expired(cx).is_ready() {
                let goes_on = served.listener.config.continue_on_listener_filters_timeout;
                if !goes_on {
                    worker.count(Counter::DownstreamTimeouts);
                }
                return Poll::Ready(goes_on.then_some(Protocol::Unknown));
            }
            if !worker.buffers.make_room(received) {
                return Poll::Ready(Some(Protocol::Unknown));
            }
            match wire.poll_read(cx, received.space()) {
                Poll::Ready(Ok(0)) if received.is_empty() => return Poll::Ready(None),
                Poll::Ready(Ok(0)) => return Poll::Ready(Some(Protocol::Unknown)),
                Poll::Ready(Ok(count)) => received.advance(count),
                Poll::Ready(Err(_)) => return Poll::Ready(None),
                Poll::Pending => return Poll::Pending,
            }
        }
    })
    .await;
    let Some(protocol) = protocol else {
        return false;
    };
    let facts = &mut served.facts;
    facts.transport = "raw_buffer";
    match protocol {
        Protocol::Tls(hello) => {
            facts.transport = "tls";
            facts.server_name = hello.server_name.unwrap_or_default();
            facts.alpn = hello
                .alpn
                .into_iter()
                .filter_map(|name| String::from_utf8(name).ok())
                .collect();
        }
        Protocol::Http1 => facts.alpn = vec!["http/1.1".to_owned()],
        Protocol::Http2 => facts.alpn = vec!["h2c".to_owned()],
        Protocol::Unknown => {}
    }
    true
}

/// The same connection inside TLS. None: it has ended.
async fn accept_tls(link: Box<Link>) -> Option<Box<Link>> {
    let Link {
        mut served,
        wire,
        received,
    } = *link;
    let Wire::Connection(connection) = wire else {
        return None;
    };
    let Connection::Plain(socket) = *connection else {
        return None;
    };
    let server = served.chain.tls.clone()?;
    let timeout_ms = match served.chain.transport_connect_timeout_ms {
        0 => served.worker.shared.limits.transport_timeout_ms,
        timeout => timeout,
    };
    let accepted = server
        .accept(socket, received.filled(), Duration::from_millis(timeout_ms))
        .await;
    served.worker.buffers.give(received);
    match accepted {
        Ok(stream) => {
            served.worker.count(Counter::DownstreamTlsHandshakes);
            let peer = Arc::clone(stream.peer());
            if served.facts.server_name.is_empty() {
                peer.server_name
                    .as_deref()
                    .unwrap_or_default()
                    .clone_into(&mut served.facts.server_name);
            }
            served.facts.transport = "tls";
            served.facts.peer_tls = Some(peer);
            if let Serves::Http(http) = &served.chain.serves
                && http.filters.want_certificate()
            {
                served.facts.peer_certificate = stream.peer_certificate().map(Arc::from);
            }
            Some(Box::new(Link {
                served,
                wire: Connection::from(stream).into(),
                received: Buffer::default(),
            }))
        }
        Err(_) => {
            served.worker.count(Counter::DownstreamTlsFailures);
            None
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_connection_that_was_not_intercepted_has_no_original_destination() {
        let facts = |local: &str| Facts {
            destination: "10.0.0.1:9080".parse().ok(),
            local: local.parse().ok(),
            ..Facts::default()
        };
        assert_eq!(facts("10.0.0.1:9080").restored_destination(), None);
        assert_eq!(
            facts("10.0.0.1:15001").restored_destination(),
            "10.0.0.1:9080".parse().ok()
        );
    }
}
