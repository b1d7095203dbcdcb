//! One check of one endpoint.

use std::{future::poll_fn, io::IoSlice, net::SocketAddr, time::Duration};

use config::{EndpointHealthCheck, HealthCheck, HealthCheckKind, HttpHealthCheck, TcpHealthCheck};
use http::{Buffer, BufferPool};
use net::{ConnectFailure, ConnectOptions, IdleState, Stream as _};
use tls::Connection;

use super::{grpc, http1, http2};
use crate::{
    cluster::CheckFailure,
    proxy_protocol,
    snapshot::ClusterEntry,
    transport::{Transport, transport_index},
    upstream::socket_address,
};

/// Bytes of an answer that are read at most.
pub(super) const MAX_ANSWER: usize = 64 * 1024;

/// A connection that waits for the next check.
pub(super) enum Kept {
    /// HTTP/1, or bytes that are not HTTP.
    Bytes(Connection),
    /// HTTP/2.
    Http2(Box<http2::Client>),
}

impl Kept {
    fn is_usable(&mut self) -> bool {
        match self {
            Self::Bytes(connection) => {
                let mut cx = std::task::Context::from_waker(std::task::Waker::noop());
                connection.poll_idle(&mut cx) == IdleState::Usable
            }
            // What came meanwhile is read with the next answer.
            Self::Http2(client) => client.is_usable(),
        }
    }
}

/// An answer of HTTP.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct Answer {
    pub(super) status: u16,
    /// `x-envoy-upstream-healthchecked-cluster`.
    pub(super) service: Vec<u8>,
    /// `x-envoy-immediate-health-check-fail` is there.
    pub(super) announces_failure: bool,
    pub(super) grpc_status: Option<Vec<u8>>,
    pub(super) content: Vec<u8>,
}

impl Answer {
    /// Takes what matters of a response's fields.
    pub(super) fn read_fields(&mut self, buffer: &[u8], fields: &http::Fields) {
        let get = |name: &str| fields.get(buffer, name);
        self.service = get("x-envoy-upstream-healthchecked-cluster")
            .unwrap_or_default()
            .to_vec();
        self.announces_failure = get("x-envoy-immediate-health-check-fail").is_some();
        self.read_trailers(buffer, fields);
    }

    /// Takes what matters of trailers.
    pub(super) fn read_trailers(&mut self, buffer: &[u8], fields: &http::Fields) {
        if let Some(status) = fields.get(buffer, "grpc-status") {
            self.grpc_status = Some(status.to_vec());
        }
    }

    fn judge(&self, check: &HttpHealthCheck) -> Result<(), CheckFailure> {
        if self.announces_failure {
            return Err(CheckFailure::Announced);
        }
        if !check.expects(self.status) {
            return Err(if check.is_retriable(self.status) {
                CheckFailure::RetriableStatus
            } else {
                CheckFailure::Status
            });
        }
        if check
            .service_name
            .as_ref()
            .is_some_and(|name| !name.matches(&self.service))
        {
            return Err(CheckFailure::Service);
        }
        if !config::has_payloads(&self.content, &check.receive) {
            return Err(CheckFailure::Content);
        }
        Ok(())
    }
}

/// Whom to ask, and how to get there.
struct Target<'a> {
    cluster: &'a ClusterEntry,
    settings: &'a HealthCheck,
    transport: &'a Transport,
    address: config::Address,
    host: &'a str,
}

/// Asks an endpoint whether it is well. The connection comes back where it can be used again.
pub(super) async fn probe(
    cluster: &ClusterEntry,
    position: usize,
    kept: Option<Kept>,
) -> (Result<(), CheckFailure>, Option<Kept>) {
    let Some((target, settings)) = target(cluster, position) else {
        return (Ok(()), None);
    };
    let timeout = Duration::from_millis(settings.timeout_ms.max(1));
    let (result, kept) = match tokio::time::timeout(timeout, ask(&target, kept)).await {
        Ok(Ok((result, kept))) => (result, kept),
        Ok(Err(failure)) => (Err(failure), None),
        Err(_elapsed) => (Err(CheckFailure::Timeout), None),
    };
    (result, kept.filter(|_| settings.reuse_connection))
}

fn target(cluster: &ClusterEntry, position: usize) -> Option<(Target<'_>, &HealthCheck)> {
    let settings = cluster.config.health_check.as_ref()?;
    let entry = cluster.check.as_ref()?;
    let endpoint = &cluster.endpoints[position];
    let labels = settings
        .transport_match
        .as_ref()
        .or(endpoint.transport_match.as_deref());
    let own = endpoint.health_check.as_deref();
    let configured = match &settings.kind {
        HealthCheckKind::Http(http) => &http.host,
        HealthCheckKind::Grpc(grpc) => &grpc.authority,
        HealthCheckKind::Tcp(_) => "",
    };
    let hosts = [
        own.and_then(|own| own.hostname.as_deref()).unwrap_or_default(),
        configured,
        &cluster.service,
    ];
    let is_host = |host: &str| !host.is_empty() && host.bytes().all(|byte| byte.is_ascii_graphic());
    let host = hosts.into_iter().find(|host| is_host(host));
    let target = Target {
        cluster,
        settings,
        transport: entry.transports.get(transport_index(&cluster.config, labels))?,
        address: EndpointHealthCheck::address(own, &endpoint.state.address, settings.alt_port),
        host: host.unwrap_or("health-check"),
    };
    Some((target, settings))
}

/// A connection that was kept may turn out to be closed: then a new one is made, once.
async fn ask(
    target: &Target<'_>,
    kept: Option<Kept>,
) -> Result<(Result<(), CheckFailure>, Option<Kept>), CheckFailure> {
    if let Some(mut kept) = kept
        && kept.is_usable()
    {
        match exchange(target, kept).await {
            Err(CheckFailure::Closed) => {}
            answered => return answered,
        }
    }
    exchange(target, open(target).await?).await
}

async fn open(target: &Target<'_>) -> Result<Kept, CheckFailure> {
    let address = socket_address(&target.address).ok_or(CheckFailure::Connect)?;
    let options = ConnectOptions {
        source: target.cluster.config.bind_address.map(|ip| SocketAddr::new(ip, 0)),
        ..ConnectOptions::default()
    };
    let mut socket = net::connect(&address, &options)
        .await
        .map_err(|error| match error.failure {
            ConnectFailure::Timeout => CheckFailure::Timeout,
            _ => CheckFailure::Connect,
        })?;
    if let Some(version) = target.transport.proxy_protocol {
        // The proxy asks for itself.
        let said = proxy_protocol::send(&mut socket, version, None).await;
        said.map_err(|_| CheckFailure::Connect)?;
    }
    let connection: Connection = match &target.transport.tls {
        None => socket.into(),
        Some(client) => {
            let timeout = Duration::from_millis(target.settings.timeout_ms.max(1));
            let name = target.transport.server_name(target.host);
            let stream = client.connect(socket, name, timeout).await;
            stream.map_err(|_| CheckFailure::Tls)?.into()
        }
    };
    Ok(match &target.settings.kind {
        HealthCheckKind::Http(http) if http.http2 => Kept::Http2(Box::new(http2::Client::new(connection))),
        HealthCheckKind::Grpc(_) => Kept::Http2(Box::new(http2::Client::new(connection))),
        HealthCheckKind::Http(_) | HealthCheckKind::Tcp(_) => Kept::Bytes(connection),
    })
}

async fn exchange(
    target: &Target<'_>,
    connection: Kept,
) -> Result<(Result<(), CheckFailure>, Option<Kept>), CheckFailure> {
    let is_https = target.transport.tls.is_some();
    match (&target.settings.kind, connection) {
        (HealthCheckKind::Tcp(tcp), Kept::Bytes(mut connection)) => {
            exchange_bytes(tcp, &mut connection).await?;
            // A connection alone says nothing the second time.
            let kept = (!tcp.receive.is_empty()).then_some(Kept::Bytes(connection));
            Ok((Ok(()), kept))
        }
        (HealthCheckKind::Http(http), Kept::Bytes(mut connection)) => {
            let (answer, is_reusable) = http1::exchange(http, target.host, &mut connection).await?;
            let kept = is_reusable.then_some(Kept::Bytes(connection));
            Ok((answer.judge(http), kept))
        }
        (HealthCheckKind::Http(http), Kept::Http2(mut client)) => {
            let answer = client
                .exchange(&http2::Request::http(http, target.host, is_https))
                .await?;
            Ok((answer.judge(http), Some(Kept::Http2(client))))
        }
        (HealthCheckKind::Grpc(check), Kept::Http2(mut client)) => {
            let message = grpc::encode_request(&check.service_name);
            let request = http2::Request::grpc(check, target.host, is_https, &message);
            let answer = client.exchange(&request).await?;
            Ok((grpc::judge(&answer), Some(Kept::Http2(client))))
        }
        // The settings have changed what is spoken.
        (HealthCheckKind::Tcp(_), Kept::Http2(_)) | (HealthCheckKind::Grpc(_), Kept::Bytes(_)) => {
            Err(CheckFailure::Closed)
        }
    }
}

async fn exchange_bytes(check: &TcpHealthCheck, connection: &mut Connection) -> Result<(), CheckFailure> {
    if let Some(send) = &check.send {
        write_all(connection, send.as_bytes()).await?;
    }
    if check.receive.is_empty() {
        return Ok(());
    }
    let pool = BufferPool::default();
    let mut received = Buffer::default();
    while !config::has_payloads(received.filled(), &check.receive) {
        if received.len() >= MAX_ANSWER {
            return Err(CheckFailure::Content);
        }
        read_more(connection, &mut received, &pool).await?;
    }
    Ok(())
}

/// Writes all of it.
pub(super) async fn write_all(connection: &mut Connection, mut bytes: &[u8]) -> Result<(), CheckFailure> {
    while !bytes.is_empty() {
        let written = poll_fn(|cx| connection.poll_write_vectored(cx, &[IoSlice::new(bytes)])).await;
        let count = written.map_err(|_| CheckFailure::Closed)?;
        bytes = &bytes[count..];
    }
    poll_fn(|cx| connection.poll_flush(cx))
        .await
        .map_err(|_| CheckFailure::Closed)
}

/// Reads behind what is there; the end is an error.
pub(super) async fn read_more(
    connection: &mut Connection,
    into: &mut Buffer,
    pool: &BufferPool,
) -> Result<(), CheckFailure> {
    if !pool.make_room(into) {
        return Err(CheckFailure::Protocol);
    }
    match poll_fn(|cx| connection.poll_read(cx, into.space())).await {
        Ok(0) | Err(_) => Err(CheckFailure::Closed),
        Ok(count) => {
            into.advance(count);
            Ok(())
        }
    }
}

/// Fields of a request as configured, in the order in which they are sent.
pub(super) fn fields<'a>(
    defaults: &[(&'a str, &'a str)],
    added: &'a [config::HeaderSet],
    removed: &[config::HeaderName],
) -> Vec<(&'a str, &'a str)> {
    use config::HeaderAppendAction::{AddIfAbsent, AppendIfExistsOrAdd, OverwriteIfExists, OverwriteIfExistsOrAdd};
    let mut fields = defaults.to_vec();
    for set in added {
        let (name, value) = (set.name.as_str(), set.value.literal().unwrap_or_default());
        let is_there = fields.iter().any(|(known, _)| *known == name);
        let is_wanted = match set.action {
            AppendIfExistsOrAdd => true,
            AddIfAbsent => !is_there,
            OverwriteIfExistsOrAdd => {
                fields.retain(|(known, _)| *known != name);
                true
            }
            OverwriteIfExists => {
                fields.retain(|(known, _)| *known != name);
                is_there
            }
        };
        let is_one_line = !value.bytes().any(|byte| byte.is_ascii_control() && byte != b'\t');
        if is_wanted && is_one_line && (!value.is_empty() || set.keep_empty_value) {
            fields.push((name, value));
        }
    }
    fields.retain(|(name, _)| !removed.iter().any(|removed| removed.as_str() == *name));
    fields
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_answer_is_judged_by_status_service_and_content() {
        let check: HttpHealthCheck = serde_json::from_value(serde_json::json!({
            "expectedStatuses": [{ "start": 200, "end": 300 }], "retriableStatuses": [{ "start": 503, "end": 504 }],
            "serviceName": { "prefix": "reviews" }, "receive": [{ "text": "up" }],
        }))
        .unwrap();
        let answer = |status, service: &str, content: &str| Answer {
            status,
            service: service.into(),
            content: content.into(),
            ..Answer::default()
        };
        assert_eq!(answer(204, "reviews-v1", "all up").judge(&check), Ok(()));
        assert_eq!(answer(503, "", "").judge(&check), Err(CheckFailure::RetriableStatus));
        assert_eq!(answer(500, "", "").judge(&check), Err(CheckFailure::Status));
        assert_eq!(answer(200, "ratings", "up").judge(&check), Err(CheckFailure::Service));
        assert_eq!(answer(200, "reviews", "down").judge(&check), Err(CheckFailure::Content));
        let announced = Answer {
            announces_failure: true,
            ..answer(200, "reviews", "up")
        };
        assert_eq!(announced.judge(&check), Err(CheckFailure::Announced));
    }

    #[test]
    fn fields_are_added_replaced_and_removed_as_configured() {
        let check: HttpHealthCheck = serde_json::from_value(serde_json::json!({
            "headers": [
                { "name": "user-agent", "value": "mine", "action": "overwriteIfExistsOrAdd" },
                { "name": "x-a", "value": "1" }, { "name": "x-a", "value": "2", "action": "addIfAbsent" },
            ],
            "removeHeaders": ["x-b"],
        }))
        .unwrap();
        let defaults = [("user-agent", "ours"), ("x-b", "1")];
        let made = fields(&defaults, &check.headers, &check.remove_headers);
        assert_eq!(made, [("user-agent", "mine"), ("x-a", "1")]);
    }
}
