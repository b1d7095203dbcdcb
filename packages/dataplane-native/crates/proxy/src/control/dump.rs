//! What runs, for operators.

use std::{collections::HashMap, fmt::Write as _, sync::Arc, sync::atomic::Ordering::Relaxed};

use config::HealthStatus;
use serde_json::{Value, json};
use xds::ResourceType;

use super::{names::Names, sockets::Sockets, store::Store};
use crate::{
    cluster::{CheckFailure, Detector},
    snapshot::{ClusterEntry, Snapshot},
    transport::Secrets,
    worker::Shared,
};

/// Everything, as JSON; no private key is in it.
pub(super) fn dump(
    snapshot: &Snapshot,
    secrets: &Secrets,
    sockets: &Sockets,
    waiting: &HashMap<Arc<str>, Vec<String>>,
    store: &Store,
    names: Option<&Names>,
) -> String {
    let listeners = store.listeners().into_iter().map(|config| {
        let addresses: Vec<String> = sockets.of(&config.name).map(ToString::to_string).collect();
        let problems: Vec<&str> = sockets.failures(&config.name).collect();
        json!({
            "name": config.name,
            "version": store.version(ResourceType::Listener, &config.name),
            "state": state_of(waiting.contains_key(&config.name), !problems.is_empty()),
            "waitingFor": waiting.get(&config.name),
            "boundAddresses": addresses,
            "problems": problems,
            "origins": config.origins,
            "config": &*config,
        })
    });
    let routes = store.routes().into_iter().map(|config| {
        json!({
            "name": config.name,
            "version": store.version(ResourceType::Route, &config.name),
            "origins": config.origins,
            "config": &*config,
        })
    });
    let clusters = snapshot.clusters.values().map(|cluster| cluster_of(cluster, store));
    let endpoints = snapshot.clusters.values().map(|cluster| endpoints_of(cluster));
    json!({
        "version": snapshot.version,
        "listeners": sorted(listeners),
        "routes": sorted(routes),
        "clusters": sorted(clusters),
        "endpoints": sorted(endpoints),
        "secrets": secrets.dump(),
        "names": names.map(|names| names_of(names, store)),
    })
    .to_string()
}

fn names_of(names: &Names, store: &Store) -> Value {
    let tables = store.name_tables().map(|table| {
        json!({
            "name": table.name,
            "version": store.version(ResourceType::NameTable, &table.name),
            "hosts": table.hosts,
        })
    });
    json!({ "addresses": names.addresses(), "tables": tables.collect::<Vec<_>>() })
}

fn sorted(values: impl Iterator<Item = Value>) -> Vec<Value> {
    let mut values: Vec<Value> = values.collect();
    values.sort_by(|one, two| one["name"].as_str().cmp(&two["name"].as_str()));
    values
}

fn state_of(is_waiting: bool, has_failed: bool) -> &'static str {
    match (is_waiting, has_failed) {
        (true, _) => "warming",
        (false, true) => "failed",
        (false, false) => "active",
    }
}

fn cluster_of(cluster: &ClusterEntry, store: &Store) -> Value {
    let state = &cluster.state;
    let (requests, connections, pending) = state.in_use();
    json!({
        "name": cluster.config.name,
        "version": store.version(ResourceType::Cluster, &cluster.config.name),
        "service": cluster.service,
        "origins": cluster.config.origins,
        "activeRequests": requests,
        "connections": connections,
        "pendingRequests": pending,
        "requestsTotal": state.requests_total.load(Relaxed),
        "retriesTotal": state.retries_total.load(Relaxed),
        "overflowsTotal": state.overflows_total.load(Relaxed),
        "ejected": state.ejected.load(Relaxed),
        "config": &*cluster.config,
    })
}

fn endpoints_of(cluster: &ClusterEntry) -> Value {
    let endpoints: Vec<Value> = cluster
        .endpoints
        .iter()
        .map(|endpoint| {
            let state = &endpoint.state;
            // In this order, so that who takes one from the other counts none as answered that began in between, and
            // finds the error of each that ended.
            let requests_total = state.requests_total.load(Relaxed);
            let active = state.active.load(Relaxed);
            json!({
                "address": state.address,
                "weight": endpoint.weight,
                "health": endpoint.health,
                "healthy": endpoint.health.is_usable() && state.is_available(),
                "ejected": state.is_ejected(),
                "failedActiveHealthCheck": state.check.has_failed(),
                "pendingActiveHealthCheck": state.check.is_pending(),
                "lastHealthCheckFailure": state.check.last_failure().map(CheckFailure::words),
                "workload": endpoint.workload,
                "tlsMode": endpoint.tls_mode(),
                "activeRequests": active,
                "peakRequests": state.peak.load(Relaxed),
                "connections": state.connections.load(Relaxed),
                "requestsTotal": requests_total,
                "errorsTotal": state.known_troubles().map_or(0, |troubles| troubles.errors_total.load(Relaxed)),
                "connectFailuresTotal": state.known_troubles().map_or(0, |troubles| troubles.connect_failures_total.load(Relaxed)),
            })
        })
        .collect();
    json!({ "name": cluster.config.name, "clusterName": cluster.config.name, "endpoints": endpoints })
}

type Read = fn(&ClusterEntry) -> u64;

/// Gauges and counters of clusters in Prometheus' text format.
#[allow(clippy::too_many_lines, reason = "a list of what there is")]
pub(super) fn gauges(snapshot: &Snapshot, shared: &Shared, resident_bytes: Option<u64>) -> String {
    let mut out = String::new();
    // Formatting into a string cannot fail.
    let _ = writeln!(
        out,
        "# HELP fairlead_proxy_downstream_connections Open connections of clients.\n# TYPE fairlead_proxy_downstream_connections gauge\nfairlead_proxy_downstream_connections {}",
        shared.connections.load(Relaxed)
    );
    out.push_str(
        "# HELP fairlead_proxy_worker_connections Open connections of clients by worker.\n# TYPE fairlead_proxy_worker_connections gauge\n",
    );
    for (index, count) in shared.worker_connections().enumerate() {
        let _ = writeln!(out, "fairlead_proxy_worker_connections{{worker=\"{index}\"}} {count}");
    }
    let _ = writeln!(
        out,
        "# HELP fairlead_proxy_requests_in_flight Requests and connections being served.\n# TYPE fairlead_proxy_requests_in_flight gauge\nfairlead_proxy_requests_in_flight {}",
        shared.busy(false)
    );
    let _ = writeln!(
        out,
        "# HELP fairlead_proxy_config_version Configurations applied so far.\n# TYPE fairlead_proxy_config_version gauge\nfairlead_proxy_config_version {}",
        snapshot.version
    );
    if let Some(bytes) = resident_bytes {
        let _ = writeln!(
            out,
            "# HELP fairlead_proxy_memory_resident_bytes Memory of the engine; that of JavaScript is not in it.\n# TYPE fairlead_proxy_memory_resident_bytes gauge\nfairlead_proxy_memory_resident_bytes {bytes}"
        );
    }
    shared.overload.write_gauges(&mut out);
    let mut clusters: Vec<&Arc<ClusterEntry>> = snapshot.clusters.values().collect();
    clusters.sort_by(|one, two| one.config.name.cmp(&two.config.name));
    shared.connection_counts.write(&mut out);
    let families: [(&str, &str, &str, Read); 13] = [
        ("requests_total", "counter", "Requests sent to the cluster.", |c| {
            c.state.requests_total.load(Relaxed)
        }),
        ("requests_active", "gauge", "Requests under way.", |c| {
            u64::from(c.state.in_use().0)
        }),
        (
            "requests_pending",
            "gauge",
            "Requests that wait for a connection.",
            |c| u64::from(c.state.in_use().2),
        ),
        ("connections_total", "counter", "Connections made.", |c| {
            c.state.connections_total.load(Relaxed)
        }),
        ("connections", "gauge", "Open connections.", |c| {
            u64::from(c.state.in_use().1)
        }),
        (
            "connect_failures_total",
            "counter",
            "Connections that could not be made.",
            |c| c.state.connect_failures_total.load(Relaxed),
        ),
        ("retries_total", "counter", "Attempts after the first.", |c| {
            c.state.retries_total.load(Relaxed)
        }),
        (
            "overflows_total",
            "counter",
            "Requests refused by a circuit breaker.",
            |c| c.state.overflows_total.load(Relaxed),
        ),
        (
            "retry_overflows_total",
            "counter",
            "Retries that were not made because there were too many.",
            |c| c.state.retry_overflows_total.load(Relaxed),
        ),
        ("endpoints", "gauge", "Endpoints.", |c| c.endpoints.len() as u64),
        (
            "endpoints_healthy",
            "gauge",
            "Endpoints that requests are sent to.",
            |c| healthy(c, |status| status != HealthStatus::Degraded),
        ),
        (
            "endpoints_degraded",
            "gauge",
            "Endpoints that requests are sent to where there are not enough others.",
            |c| healthy(c, |status| status == HealthStatus::Degraded),
        ),
        ("endpoints_ejected", "gauge", "Endpoints out of service.", |c| {
            u64::from(c.state.ejected.load(Relaxed))
        }),
    ];
    for (name, kind, help, read) in families {
        write_family(&mut out, (name, kind, help), clusters.iter().copied(), read);
    }
    let checked = || clusters.iter().copied().filter(|cluster| cluster.check.is_some());
    let families: [(&str, &str, &str, Read); 5] = [
        ("attempt", "counter", "Health checks begun.", |c| {
            c.state.checks.attempts.load(Relaxed)
        }),
        ("success", "counter", "Health checks that an endpoint passed.", |c| {
            c.state.checks.successes.load(Relaxed)
        }),
        ("failure", "counter", "Health checks that an endpoint failed.", |c| {
            c.state.checks.failures.load(Relaxed)
        }),
        (
            "network_failure",
            "counter",
            "Of them, those that got no answer.",
            |c| c.state.checks.network_failures.load(Relaxed),
        ),
        (
            "healthy",
            "gauge",
            "Endpoints that do not fail their health checks.",
            |c| {
                let well = c.endpoints.iter().filter(|endpoint| !endpoint.state.check.has_failed());
                well.count() as u64
            },
        ),
    ];
    for (name, kind, help, read) in families {
        write_family(&mut out, (&format!("health_check_{name}"), kind, help), checked(), read);
    }
    write_outliers(&mut out, &clusters);
    out
}

/// Endpoints in service whose status passes.
fn healthy(cluster: &ClusterEntry, passes: fn(HealthStatus) -> bool) -> u64 {
    let in_service = cluster.endpoints.iter().filter(|endpoint| {
        let status = endpoint.health;
        status.is_usable() && endpoint.state.is_available() && passes(status)
    });
    in_service.count() as u64
}

/// What outlier detection has found, by detector.
fn write_outliers(out: &mut String, clusters: &[&Arc<ClusterEntry>]) {
    let detecting = || {
        let all = clusters.iter().copied();
        all.filter(|cluster| cluster.config.outlier_detection.is_some())
    };
    let families: [(&str, &str, &str, Read); 3] = [
        ("active", "gauge", "Endpoints that are ejected.", |c| {
            u64::from(c.state.ejected.load(Relaxed))
        }),
        ("enforced_total", "counter", "Ejections.", |c| {
            c.state.ejections_total.load(Relaxed)
        }),
        (
            "overflow",
            "counter",
            "Outliers that stayed because too many others were ejected.",
            |c| {
                c.state
                    .known_outliers()
                    .map_or(0, |counts| counts.overflow.load(Relaxed))
            },
        ),
    ];
    for (name, kind, help, read) in families {
        let name = format!("outlier_detection_ejections_{name}");
        write_family(out, (&name, kind, help), detecting(), read);
    }
    for detector in Detector::ALL {
        let name = format!("outlier_detection_ejections_detected_{}", detector.name());
        let help = "Outliers found by this test.";
        write_family(out, (&name, "counter", help), detecting(), |c| {
            c.state.known_outliers().map_or(0, |counts| counts.detected(detector))
        });
        let name = format!("outlier_detection_ejections_enforced_{}", detector.name());
        let help = "Ejections by this test.";
        write_family(out, (&name, "counter", help), detecting(), |c| {
            c.state.known_outliers().map_or(0, |counts| counts.enforced(detector))
        });
    }
}

fn write_family<'c>(
    out: &mut String,
    (name, kind, help): (&str, &str, &str),
    clusters: impl Iterator<Item = &'c Arc<ClusterEntry>>,
    read: impl Fn(&ClusterEntry) -> u64,
) {
    for (index, cluster) in clusters.enumerate() {
        if index == 0 {
            let _ = writeln!(
                out,
                "# HELP fairlead_proxy_cluster_{name} {help}\n# TYPE fairlead_proxy_cluster_{name} {kind}"
            );
        }
        let label = cluster
            .config
            .name
            .replace('\\', "\\\\")
            .replace('"', "\\\"")
            .replace('\n', "\\n");
        let _ = writeln!(
            out,
            "fairlead_proxy_cluster_{name}{{cluster=\"{label}\"}} {}",
            read(cluster)
        );
    }
}
