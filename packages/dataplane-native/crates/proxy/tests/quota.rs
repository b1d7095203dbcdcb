//! Quotas that a service assigns.
#![allow(clippy::unwrap_used, missing_docs)]

mod support;

use std::{
    net::SocketAddr,
    sync::{
        Arc, Mutex,
        atomic::{AtomicUsize, Ordering::SeqCst},
    },
};

use bytes::Bytes;
use messages::{
    envoy::{
        service::rate_limit_quota::v3::{
            BucketId, RateLimitQuotaResponse, RateLimitQuotaUsageReports,
            rate_limit_quota_response::{
                BucketAction,
                bucket_action::{BucketAction as Does, QuotaAssignmentAction},
            },
        },
        r#type::v3::{RateLimitStrategy, rate_limit_strategy::Strategy},
    },
    google::protobuf::Duration,
};
use prost::Message as _;
use proxy::Proxy;
use serde_json::{Value, json};
use support::{
    Client, Response, Upstream, address, cluster, dead_address, forward, http_listener_with, start, wait_until,
};
use tokio::sync::mpsc::{UnboundedReceiver, UnboundedSender, unbounded_channel};

/// A service that keeps what it is told, and says what a test wants.
struct Service {
    address: SocketAddr,
    reports: Arc<Mutex<Vec<RateLimitQuotaUsageReports>>>,
    streams: Arc<AtomicUsize>,
    say: UnboundedSender<Option<RateLimitQuotaResponse>>,
}

impl Service {
    fn start() -> Self {
        let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
        listener.set_nonblocking(true).unwrap();
        let (say, mut sayings) = unbounded_channel();
        let service = Self {
            address: listener.local_addr().unwrap(),
            reports: Arc::default(),
            streams: Arc::default(),
            say,
        };
        let (reports, streams) = (Arc::clone(&service.reports), Arc::clone(&service.streams));
        std::thread::spawn(move || {
            let runtime = tokio::runtime::Builder::new_current_thread()
                .enable_all()
                .build()
                .unwrap();
            tokio::task::LocalSet::new().block_on(&runtime, async {
                let listener = tokio::net::TcpListener::from_std(listener).unwrap();
                while let Ok((socket, _)) = listener.accept().await {
                    serve(socket, &reports, &streams, &mut sayings).await;
                }
            });
        });
        service
    }

    /// Assigns to the bucket of a user.
    fn assign(&self, user: &str, strategy: Strategy, life_s: Option<i64>) {
        let action = BucketAction {
            bucket_id: Some(BucketId {
                bucket: [("user".to_owned(), user.to_owned())].into(),
            }),
            bucket_action: Some(Does::QuotaAssignmentAction(QuotaAssignmentAction {
                assignment_time_to_live: life_s.map(|seconds| Duration { seconds, nanos: 0 }),
                rate_limit_strategy: Some(RateLimitStrategy {
                    strategy: Some(strategy),
                }),
            })),
        };
        let response = RateLimitQuotaResponse {
            bucket_action: vec![action],
        };
        self.say.send(Some(response)).unwrap();
    }

    /// Requests of a user that it was told of: those that passed, those that were refused.
    fn told(&self, user: &str) -> (u64, u64) {
        let reports = self.reports.lock().unwrap();
        let usages = reports.iter().flat_map(|report| &report.bucket_quota_usages);
        let own = usages.filter(|usage| usage.bucket_id.as_ref().unwrap().bucket["user"] == user);
        own.fold((0, 0), |(allowed, denied), usage| {
            (allowed + usage.num_requests_allowed, denied + usage.num_requests_denied)
        })
    }
}

/// One connection with one stream after the other.
async fn serve(
    socket: tokio::net::TcpStream,
    reports: &Mutex<Vec<RateLimitQuotaUsageReports>>,
    streams: &AtomicUsize,
    sayings: &mut UnboundedReceiver<Option<RateLimitQuotaResponse>>,
) {
    let mut connection = h2::server::handshake(socket).await.unwrap();
    while let Some(Ok((request, mut respond))) = connection.accept().await {
        streams.fetch_add(1, SeqCst);
        let path = "/envoy.service.rate_limit_quota.v3.RateLimitQuotaService/StreamRateLimitQuotas";
        assert_eq!(request.uri().path(), path);
        let head = http_types::Response::builder()
            .header("content-type", "application/grpc")
            .body(())
            .unwrap();
        let mut sender = respond.send_response(head, false).unwrap();
        let mut body = request.into_body();
        let mut received = Vec::new();
        loop {
            tokio::select! {
                // It drives the connection, too.
                next = connection.accept() => {
                    assert!(next.is_none(), "one stream is enough");
                    return;
                }
                piece = body.data() => {
                    let Some(Ok(piece)) = piece else { return };
                    let _ = body.flow_control().release_capacity(piece.len());
                    received.extend_from_slice(&piece);
                    while let Some(report) = take(&mut received) {
                        reports.lock().unwrap().push(report);
                    }
                }
                said = sayings.recv() => {
                    let Some(Some(response)) = said else {
                        let mut trailers = http_types::HeaderMap::new();
                        trailers.insert("grpc-status", 14.into());
                        sender.send_trailers(trailers).unwrap();
                        break;
                    };
                    let mut framed = vec![0];
                    framed.extend_from_slice(&(response.encoded_len() as u32).to_be_bytes());
                    response.encode(&mut framed).unwrap();
                    sender.send_data(Bytes::from(framed), false).unwrap();
                }
            }
        }
    }
}

fn take(received: &mut Vec<u8>) -> Option<RateLimitQuotaUsageReports> {
    let (prefix, rest) = received.split_at_checked(5)?;
    let length = u32::from_be_bytes(prefix[1..].try_into().unwrap()) as usize;
    let report = RateLimitQuotaUsageReports::decode(rest.get(..length)?).unwrap();
    received.drain(..5 + length);
    Some(report)
}

fn bucket(change: &Value) -> Value {
    let mut bucket = json!({ "id": [["user", { "of": { "header": "x-user" } }]], "reportingIntervalMs": 50,
        "denial": { "status": 420, "body": b"enough".to_vec(), "headers": [{ "name": "retry-after", "value": "7" }] } });
    for (key, value) in change.as_object().unwrap() {
        bucket[key] = value.clone();
    }
    bucket
}

fn config(service: SocketAddr, upstream: &Upstream, bucket: &Value) -> Value {
    let filters = json!([
        { "name": "quota", "kind": { "quota": { "service": { "cluster": "rlqs" }, "domain": "shop",
            "buckets": { "otherwise": { "action": bucket } } } } },
        { "name": "router", "kind": { "router": {} } },
    ]);
    json!({
        "listeners": [http_listener_with("web", json!({ "httpFilters": filters, "routes": { "inline": {
            "virtualHosts": [{ "name": "all", "domains": ["*"], "routes": [forward("up")] }] } } }))],
        "clusters": [cluster("up", &[upstream.address]), cluster("rlqs", &[service])],
    })
}

fn ask(proxy: &Proxy, user: &str) -> Response {
    let mut client = Client::connect(address(proxy, "web"));
    client.send(format!("GET / HTTP/1.1\r\nHost: a\r\nX-User: {user}\r\n\r\n"));
    client.response().unwrap()
}

#[test]
fn what_a_service_assigns_is_kept_without_asking_it() {
    let (upstream, service) = (Upstream::saying("ok"), Service::start());
    let proxy = start(&config(service.address, &upstream, &bucket(&json!({}))));
    assert_eq!(ask(&proxy, "ann").status, 200);
    wait_until("the service is told at once", || service.told("ann") == (1, 0));
    assert_eq!(service.reports.lock().unwrap()[0].domain, "shop");
    service.assign("ann", Strategy::BlanketRule(1), None);
    wait_until("ann is refused", || ask(&proxy, "ann").status == 420);
    let refused = ask(&proxy, "ann");
    assert_eq!(
        (refused.body().as_str(), refused.header("retry-after")),
        ("enough", Some("7"))
    );
    // Others have a bucket of their own, and who has no name has none.
    assert_eq!(ask(&proxy, "bob").status, 200);
    assert_eq!(support::get(address(&proxy, "web"), "/").status, 200);
    wait_until("it is told what was refused", || service.told("ann").1 >= 2);
    service.assign("ann", Strategy::BlanketRule(0), None);
    wait_until("ann passes again", || ask(&proxy, "ann").status == 200);
    assert_eq!(service.streams.load(SeqCst), 1);
}

#[test]
fn an_assignment_that_ends_leaves_what_is_configured_for_then() {
    let (upstream, service) = (Upstream::saying("ok"), Service::start());
    let reuse = json!({ "unassigned": "allowAll", "expired": { "timeoutMs": null, "strategy": null } });
    let proxy = start(&config(service.address, &upstream, &bucket(&reuse)));
    ask(&proxy, "ann");
    wait_until("the service knows of ann", || service.told("ann").0 == 1);
    // It ends at once, and is used on.
    service.assign("ann", Strategy::BlanketRule(1), Some(0));
    wait_until("ann is refused", || ask(&proxy, "ann").status == 420);
    assert_eq!(ask(&proxy, "ann").status, 420);
}

#[test]
fn a_service_that_is_not_there_leaves_what_holds_without_an_assignment() {
    let upstream = Upstream::saying("ok");
    let tokens =
        json!({ "unassigned": { "tokens": { "maxTokens": 2, "tokensPerFill": 1, "fillIntervalMs": 3_600_000 } } });
    let proxy = start(&config(dead_address(), &upstream, &bucket(&tokens)));
    let statuses: Vec<u16> = (0..4).map(|_| ask(&proxy, "ann").status).collect();
    assert_eq!(statuses, [200, 200, 420, 420]);
}

#[test]
fn a_stream_that_ends_is_opened_again_and_assignments_hold_meanwhile() {
    let (upstream, service) = (Upstream::saying("ok"), Service::start());
    let proxy = start(&config(service.address, &upstream, &bucket(&json!({}))));
    ask(&proxy, "ann");
    wait_until("the service knows of ann", || service.told("ann").0 == 1);
    service.assign("ann", Strategy::BlanketRule(1), None);
    wait_until("ann is refused", || ask(&proxy, "ann").status == 420);
    service.say.send(None).unwrap();
    wait_until("there is another stream", || service.streams.load(SeqCst) == 2);
    assert_eq!(ask(&proxy, "ann").status, 420);
    let before = service.reports.lock().unwrap().len();
    wait_until("it is told again", || service.reports.lock().unwrap().len() > before);
    // The first message of each stream says the domain.
    let domains = || {
        let reports = service.reports.lock().unwrap();
        reports.iter().filter(|report| report.domain == "shop").count()
    };
    wait_until("both streams have said it", || domains() == 2);
}
