//! The proxy: everything between the sockets and the configuration.
//!
//! A request reads down the files `listener → connection → request → (filter) → (route) → cluster → (balance) →
//! endpoint → pool → retry`. One native control thread applies configuration and merges statistics; `workers` threads
//! serve traffic on immutable snapshots.

#![forbid(unsafe_code)]
#![allow(
    clippy::similar_names,
    clippy::single_match_else,
    reason = "a server is served, a reply is replayed: the nouns of this trade are alike; two outcomes of equal weight read best as two arms"
)]

use std::{path::PathBuf, sync::Arc, time::Duration};

use serde::{Deserialize, Serialize};

mod build;
mod cluster;
mod connection;
mod connection_counts;
mod control;
mod error;
mod exchange;
mod export;
mod filters;
mod format;
mod h2;
mod health;
mod http_connection;
mod labels;
mod lend;
mod limiter;
mod logging;
mod modules;
mod overload;
mod pool;
mod proxy_protocol;
mod quotas;
mod remote_keys;
mod request;
mod side_call;
mod snapshot;
mod tap;
mod tcp;
mod timer;
mod tracing;
mod transport;
mod udp;
mod upstream;
mod wire;
mod worker;

use control::Control;
pub use control::DnsSettings;
pub use modules::{FilterThread, Hook};
pub use tap::{EVERYTHING, TapRequest, TapSettings, TraceSink};

/// Who the proxy stands beside: labels of its telemetry and of its own spans.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct NodeIdentity {
    /// Workload name, e.g. `reviews-v1`.
    pub workload: String,
    /// Namespace of the workload.
    pub namespace: String,
    /// Canonical service.
    pub service: String,
    /// Canonical revision.
    pub version: String,
    /// SPIFFE ID, e.g. `spiffe://cluster.local/ns/default/sa/reviews`.
    pub principal: String,
    /// Cluster (Kubernetes cluster or the like) the workload runs in.
    pub cluster: String,
    /// The xDS node id.
    pub node_id: String,
    /// Where the proxy is, for routing by zone; empty is unknown.
    #[serde(default)]
    pub locality: config::Locality,
    /// Name of the cluster that has the workloads this proxy's one is of (Envoy's `local_cluster_name`): its endpoints say from
    /// where requests come, which routing by zone has to know. Empty: unknown.
    #[serde(default)]
    pub local_cluster: String,
}

impl NodeIdentity {
    /// For clusters that prefer the proxy's own zone. `own` are the endpoints of its own cluster, as far as they are known.
    pub(crate) fn local_zone(&self, own: &[config::LocalityEndpoints]) -> Option<balance::LocalZone> {
        if self.locality == config::Locality::default() {
            return None;
        }
        let first = own.iter().filter(|locality| locality.priority == 0);
        let sources = first.map(|locality| {
            let usable = locality.endpoints.iter().filter(|endpoint| endpoint.health.is_usable());
            (locality.locality.clone(), usable.count() as u32)
        });
        Some(balance::LocalZone {
            locality: self.locality.clone(),
            sources: sources.collect(),
        })
    }
}

/// What bounds the resources that strangers can make the proxy use.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct Limits {
    /// Downstream connections of the whole process; one above is closed at once. Default 50,000.
    pub max_connections: u32,
    /// Memory of the process in bytes. Near it connections are not kept alive (85 %), requests are answered 503 (92 %), and
    /// new connections wait (97 %). 0 is the limit that the system has set for the process's control group, if any.
    pub max_memory_bytes: u64,
    /// Request or response head in bytes, whatever connection managers (60 KiB unless they say otherwise) and clusters
    /// allow; a larger request is answered 431. Default 192 KiB.
    pub max_head_bytes: u32,
    /// Header fields in one head, whatever they allow (100 unless they say otherwise); more are answered 431. Default and
    /// at most 128.
    pub max_headers: u16,
    /// Request body bytes kept for a retry or a mirror. Default 64 KiB.
    pub max_replay_bytes: u32,
    /// Time for a complete request head after its first byte, in milliseconds; 0 is none. Default 60,000.
    pub request_headers_timeout_ms: u64,
    /// Time a connection may be idle between requests where its listener says nothing, in milliseconds. Default one hour.
    pub idle_timeout_ms: u64,
    /// Time for TLS handshake and protocol detection, in milliseconds. Default 15,000.
    pub transport_timeout_ms: u64,
}

impl Limits {
    /// Bounds on the heads of a cluster's responses.
    pub(crate) fn of_responses(&self, options: &config::HttpProtocolOptions) -> http::Limits {
        self.of_heads(options.max_response_headers_kb, options.max_headers_count)
    }

    /// Bounds on heads that may have so many kilobytes and fields.
    pub(crate) fn of_heads(&self, kilobytes: u32, fields: u32) -> http::Limits {
        let most = self.max_head_bytes as usize;
        http::Limits {
            max_head_bytes: match kilobytes as usize * 1024 {
                0 => most,
                bytes => bytes.min(most),
            },
            max_fields: (fields as usize)
                .min(usize::from(self.max_headers))
                .clamp(1, http::Limits::FIELDS),
            ..http::Limits::default()
        }
    }
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            max_connections: 50_000,
            max_memory_bytes: 0,
            max_head_bytes: 192 * 1024,
            max_headers: 128,
            max_replay_bytes: 64 * 1024,
            request_headers_timeout_ms: 60_000,
            idle_timeout_ms: 3_600_000,
            transport_timeout_ms: 15_000,
        }
    }
}

/// What of the requests becomes an access log entry of the report.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct AccessLogSettings {
    /// Share of successful requests that is logged, 0 to 1; failed ones (5xx or with a response flag) are logged as
    /// long as there is room. Default 0.01.
    pub sample_rate: f64,
    /// Entries kept between two reports, per worker. Default 128.
    pub max_entries: u32,
    /// Share of traces started here, 0 to 1; a sampled `traceparent` from downstream is always followed. Default 0.01.
    pub trace_sample_rate: f64,
    /// Spans kept between two reports, per worker. Default 256.
    pub max_spans: u32,
}

impl Default for AccessLogSettings {
    fn default() -> Self {
        Self {
            sample_rate: 0.01,
            max_entries: 128,
            trace_sample_rate: 0.01,
            max_spans: 256,
        }
    }
}

/// What a proxy needs to know before its first configuration.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct Bootstrap {
    /// Labels of the proxy itself.
    pub node: NodeIdentity,
    /// Worker threads; 0 takes the number of CPUs the process may use (quota included). Default 0.
    pub workers: u32,
    /// Bounds on what strangers can use.
    pub limits: Limits,
    /// Sampling of logs and spans.
    pub access_log: AccessLogSettings,
    /// Time between two report batches in milliseconds; 0 makes none. Default 1,000.
    pub report_interval_ms: u64,
    /// A Unix socket over which processes hand their listening sockets to the next. A process that listens there already
    /// hands its own to this one, and ends what it has begun once this one serves ([`Proxy::await_handover`]).
    pub handover_path: Option<PathBuf>,
    /// Threads that run filter modules and attach themselves ([`Proxy::attach_filter_thread`]); 0: none is loaded. Default 0.
    pub filter_threads: u32,
    /// What may be recorded.
    pub tap: TapSettings,
    /// Filter modules are taken by their names and never loaded: for a proxy that explains and does not serve.
    pub assumes_filters: bool,
    /// How questions of DNS are answered; `None`: they are not listened for.
    pub dns: Option<DnsSettings>,
    /// Called on the control thread a while after the configuration changed: decoding it takes much more memory than keeping it, and allocators hold on
    /// to what a thread has freed until it allocates again.
    #[serde(skip)]
    pub give_memory_back: Option<fn()>,
    /// Called on the control thread with true before a large change of the configuration is read and with false after it is in use: what is kept of it is
    /// to lie in fresh memory, not in what reading it has used, all of which would count as its own.
    #[serde(skip)]
    pub spare_memory: Option<fn(bool)>,
    /// Bytes of the allocator that are in memory: a gauge of the statistics where somebody can say it. Called on the control thread.
    #[serde(skip)]
    pub resident_bytes: Option<fn() -> u64>,
}

impl Default for Bootstrap {
    fn default() -> Self {
        Self {
            node: NodeIdentity::default(),
            workers: 0,
            limits: Limits::default(),
            access_log: AccessLogSettings::default(),
            report_interval_ms: 1_000,
            handover_path: None,
            filter_threads: 0,
            tap: TapSettings::default(),
            assumes_filters: false,
            dns: None,
            give_memory_back: None,
            spare_memory: None,
            resident_bytes: None,
        }
    }
}

/// The calling thread gives way to those that serve, in this process and others: for threads that make configuration or read reports. There is no way back,
/// and threads that it starts give way too, as do those of this process that help it and have one of the names.
pub fn give_way(helpers: &[&str]) -> std::io::Result<()> {
    net::give_way()?;
    if helpers.is_empty() {
        Ok(())
    } else {
        net::threads_give_way(helpers)
    }
}

/// One xDS resource as it came from the wire.
#[derive(Debug, Clone)]
pub struct Upsert {
    /// Name of the resource as the server sent it.
    pub name: String,
    /// The server's version of it, for the dump.
    pub version: String,
    /// The encoded message (the value of the `Any`, without its envelope).
    pub bytes: Vec<u8>,
}

/// How bad a [`Problem`] is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum Severity {
    /// The resource is not used; its last good version keeps serving.
    Error,
    /// The resource is used, but a part of it has no effect or fails (e.g. a port that is taken).
    Warning,
}

/// Why a resource is not what its author wanted. The errors of an `apply_xds` are the text of its NACK.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Problem {
    /// Whether the resource was rejected.
    pub severity: Severity,
    /// Type URL of the resource, or `listener`, `cluster` … for static configuration.
    pub resource_type: String,
    /// Name of the resource.
    pub name: String,
    /// Path of the offending field, e.g. `filterChains[0].filters[1]`; empty for the whole resource.
    pub path: String,
    /// What is wrong and what to do, lower-case, with the offending value.
    pub message: String,
}

/// Why a proxy could not start.
#[derive(Debug)]
pub struct StartError(String);

impl std::fmt::Display for StartError {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "the proxy cannot start: {}", self.0)
    }
}

impl std::error::Error for StartError {}

/// Where report batches (`fairlead.telemetry.v1.ReportBatch`, encoded) go. Called on a thread of the proxy: it must not block.
pub type ReportSink = Box<dyn Fn(Vec<u8>) + Send>;

/// A running proxy. All functions may be called from any thread; they wait for the control thread, never for traffic
/// (but [`Proxy::drain`]). Dropping it stops the proxy.
pub struct Proxy {
    control: Arc<Control>,
}

impl Proxy {
    /// Starts the control thread and the workers. Nothing listens before the first configuration.
    pub fn start(bootstrap: Bootstrap, sink: ReportSink) -> Result<Self, StartError> {
        Control::start(bootstrap, sink).map(|control| Self {
            control: Arc::new(control),
        })
    }

    /// Applies one xDS response of `type_url` (with or without `type.googleapis.com/`): listeners, route
    /// configurations, clusters, endpoints (`ClusterLoadAssignment`), secrets and name tables. In state-of-the-world mode the caller
    /// computes `removed`. A bad resource is rejected alone. The answer lists what is wrong; no [`Severity::Error`]
    /// means the response can be acknowledged.
    pub fn apply_xds(&self, type_url: &str, upserts: Vec<Upsert>, removed: Vec<String>) -> Vec<Problem> {
        self.control.apply_xds(type_url, upserts, removed)
    }

    /// Replaces everything that an earlier `apply_config` set by the configuration in `json` (`config::Config`).
    /// Resources from xDS are left alone. With a [`Severity::Error`] nothing is changed.
    pub fn apply_config(&self, json: &str) -> Vec<Problem> {
        self.control.apply_config(json)
    }

    /// Stops accepting, answers with `connection: close` and waits until the last request is done, at most `deadline`.
    /// `inbound_only` drains listeners of inbound traffic direction only, so that the application's own calls go on.
    /// True: everything finished in time. Connections left at the deadline are closed by [`Proxy::stop`].
    pub fn drain(&self, deadline: Duration, inbound_only: bool) -> bool {
        self.control.drain(deadline, inbound_only)
    }

    /// True once another process has taken over the listening sockets. A [`Proxy::drain`] then waits for connections that
    /// are idle too: each may have a request on its way, whose response will end it.
    pub fn is_handed_over(&self) -> bool {
        self.control.is_handed_over()
    }

    /// Waits until another process has taken over the listening sockets, then until the connections that are left here
    /// have ended, at most `deadline`. False: the proxy was stopped before.
    pub fn await_handover(&self, deadline: Duration) -> bool {
        self.control.await_handover(deadline)
    }

    /// Closes everything, makes a last report and joins all threads. A second call does nothing.
    pub fn stop(&self) {
        self.control.stop();
    }

    /// Counters in Prometheus' text exposition format, Istio's standard metrics included.
    pub fn stats_prometheus(&self) -> String {
        self.control.stats_prometheus()
    }

    /// Says what would happen to a request, by the functions that serve requests. `json` is an `ExplainRequest`
    /// (`{listener?, address?, method, authority, path, headers: [[name, value]], principal?}`); the answer is JSON:
    /// `{listener, filterChain, virtualHost, route, cluster, endpoints, decisions: [{stage, outcome, origin}], …}`.
    pub fn explain(&self, json: &str) -> Result<String, String> {
        self.control.explain(json)
    }

    /// What runs, as JSON: listeners, routes, clusters, endpoints with their state, secrets without private keys.
    pub fn dump_config(&self) -> String {
        self.control.dump_config()
    }

    /// Opens files of access logs anew, after they were moved away.
    pub fn reopen_logs(&self) {
        self.control.reopen_logs();
    }

    /// Sends what was counted since the last report to the sink now.
    pub fn flush_report(&self) {
        self.control.flush_report();
    }

    /// Takes a thread that runs filters of users. `wake` is called, on any thread, when it is to take its questions;
    /// `on_hang` once it has not done so for two seconds: it is asked nothing any more then.
    pub fn attach_filter_thread(&self, wake: Hook, on_hang: Hook) -> FilterThread {
        self.control.attach_filter_thread(wake, on_hang)
    }

    /// Hands traces of requests to `sink`, until [`Proxy::end_tap`] is called with the number that this answers. The error
    /// says what is wrong with the request.
    pub fn start_tap(&self, request: &TapRequest<'_>, sink: TraceSink) -> Result<u32, String> {
        self.control.start_tap(request, sink)
    }

    /// Ends what [`Proxy::start_tap`] began.
    pub fn end_tap(&self, number: u32) {
        self.control.end_tap(number);
    }

    /// True once at least one listener accepts traffic, none of those known waits for routes or secrets, and questions of DNS are
    /// answered where they are to be.
    pub fn is_ready(&self) -> bool {
        self.control.is_ready()
    }
}

impl Drop for Proxy {
    fn drop(&mut self) {
        self.control.stop();
    }
}
