//! Prometheus' text format: Istio's standard metrics and the engine's own.

mod served;

use std::collections::HashMap;
use std::fmt::Write as _;
use std::sync::atomic::Ordering::Relaxed;
use std::time::Instant;

use crate::histogram::{BUCKETS, bucket_start};
use crate::labels::Labels;
use crate::totals::{RequestIdentity, RequestTotals, TcpIdentity, TcpTotals, Totals};
use crate::{Counter, ReporterSide, ResponseFlags, SecurityPolicy, Telemetry};

/// Upper bounds of Istio's duration histogram, milliseconds.
const DURATION_BOUNDS_MS: [f64; 19] = [
    0.5,
    1.0,
    5.0,
    10.0,
    25.0,
    50.0,
    100.0,
    250.0,
    500.0,
    1000.0,
    2500.0,
    5000.0,
    10_000.0,
    30_000.0,
    60_000.0,
    300_000.0,
    600_000.0,
    1_800_000.0,
    3_600_000.0,
];

pub(crate) fn render(telemetry: &Telemetry, totals: &mut Totals, now: Instant) -> String {
    let mut out = String::new();
    let (requests, tcp) = totals.show(telemetry, now);
    render_requests(telemetry, requests, &mut out);
    render_tcp(telemetry, tcp, &mut out);
    served::render(telemetry, totals, &mut out);
    render_engine(telemetry, &mut out);
    out
}

fn render_requests(telemetry: &Telemetry, totals: HashMap<RequestIdentity, RequestTotals>, out: &mut String) {
    let mut rows: Vec<(String, RequestTotals)> = totals
        .into_iter()
        .map(|(identity, total)| (request_labels(telemetry, &identity), total))
        .collect();
    rows.sort_by(|(one, _), (two, _)| one.cmp(two));

    head(out, "istio_requests_total", "counter", "Requests that ended.");
    for (labels, total) in &rows {
        let _ = writeln!(out, "istio_requests_total{{{labels}}} {}", total.count);
    }
    head(
        out,
        "istio_request_duration_milliseconds",
        "histogram",
        "Duration of requests.",
    );
    for (labels, total) in &rows {
        render_duration(out, labels, total);
    }
    head(out, "istio_request_bytes", "summary", "Bytes received with requests.");
    for (labels, total) in &rows {
        let _ = writeln!(out, "istio_request_bytes_sum{{{labels}}} {}", total.request_bytes);
        let _ = writeln!(out, "istio_request_bytes_count{{{labels}}} {}", total.count);
    }
    head(out, "istio_response_bytes", "summary", "Bytes sent with responses.");
    for (labels, total) in &rows {
        let _ = writeln!(out, "istio_response_bytes_sum{{{labels}}} {}", total.response_bytes);
        let _ = writeln!(out, "istio_response_bytes_count{{{labels}}} {}", total.count);
    }
    render_messages(&rows, out);
}

fn render_messages(rows: &[(String, RequestTotals)], out: &mut String) {
    type Value = fn(&RequestTotals) -> u64;
    let messages: [(&str, &str, Value); 2] = [
        (
            "istio_request_messages_total",
            "Messages received with requests of gRPC.",
            |total| total.request_messages,
        ),
        (
            "istio_response_messages_total",
            "Messages sent with responses of gRPC.",
            |total| total.response_messages,
        ),
    ];
    for (name, help, value) in messages {
        head(out, name, "counter", help);
        for (labels, total) in rows.iter().filter(|(_, total)| value(total) > 0) {
            let _ = writeln!(out, "{name}{{{labels}}} {}", value(total));
        }
    }
}

fn render_duration(out: &mut String, labels: &str, total: &RequestTotals) {
    let mut below = 0;
    let mut next_bucket = 0;
    for bound in DURATION_BOUNDS_MS {
        // A bucket counts where all of it lies at or below the bound; the error is one bucket's width, 6 %.
        while next_bucket < BUCKETS && bucket_start(next_bucket + 1) as f64 <= bound * 1000.0 + 1.0 {
            below += total.buckets[next_bucket];
            next_bucket += 1;
        }
        let _ = writeln!(
            out,
            "istio_request_duration_milliseconds_bucket{{{labels},le=\"{bound}\"}} {below}"
        );
    }
    let count: u64 = total.buckets.iter().sum();
    let _ = writeln!(
        out,
        "istio_request_duration_milliseconds_bucket{{{labels},le=\"+Inf\"}} {count}"
    );
    let _ = writeln!(
        out,
        "istio_request_duration_milliseconds_sum{{{labels}}} {}",
        total.sum_us as f64 / 1000.0
    );
    let _ = writeln!(out, "istio_request_duration_milliseconds_count{{{labels}}} {count}");
}

fn render_tcp(telemetry: &Telemetry, totals: HashMap<TcpIdentity, TcpTotals>, out: &mut String) {
    let mut rows: Vec<(String, TcpTotals)> = totals
        .into_iter()
        .map(|((labels, flags), total)| {
            (
                format!(
                    "{},response_flags=\"{}\"",
                    peers(telemetry, &labels),
                    flags_label(flags)
                ),
                total,
            )
        })
        .collect();
    rows.sort_by(|(one, _), (two, _)| one.cmp(two));
    for (name, help, value) in [
        (
            "istio_tcp_connections_opened_total",
            "TCP connections opened.",
            (|total| total.opened) as fn(&TcpTotals) -> u64,
        ),
        (
            "istio_tcp_connections_closed_total",
            "TCP connections closed.",
            |total| total.closed,
        ),
        (
            "istio_tcp_received_bytes_total",
            "Bytes received from clients.",
            |total| total.received,
        ),
        ("istio_tcp_sent_bytes_total", "Bytes sent to clients.", |total| {
            total.sent
        }),
    ] {
        head(out, name, "counter", help);
        for (labels, total) in rows.iter().filter(|(_, total)| value(total) > 0) {
            let _ = writeln!(out, "{name}{{{labels}}} {}", value(total));
        }
    }
}

fn render_engine(telemetry: &Telemetry, out: &mut String) {
    let all_cells = telemetry.all_cells();
    let total = |counter: Counter| -> u64 {
        all_cells
            .iter()
            .map(|cells| cells.counters[counter as usize].load(Relaxed))
            .sum()
    };
    for (counter, name, help) in Counter::ALL {
        let name = format!("fairlead_proxy_{name}_total");
        head(out, &name, "counter", help);
        let _ = writeln!(out, "{name} {}", total(*counter));
    }
    for (name, help, from, to) in [
        (
            "fairlead_proxy_downstream_connections",
            "Clients' connections now.",
            Counter::DownstreamConnectionsOpened,
            Counter::DownstreamConnectionsClosed,
        ),
        (
            "fairlead_proxy_upstream_connections",
            "Connections to endpoints now.",
            Counter::UpstreamConnectionsOpened,
            Counter::UpstreamConnectionsClosed,
        ),
        (
            "fairlead_proxy_requests_active",
            "Requests now.",
            Counter::RequestsStarted,
            Counter::RequestsEnded,
        ),
    ] {
        head(out, name, "gauge", help);
        // Two cells are not read at one moment; a difference below nothing is nothing.
        let _ = writeln!(out, "{name} {}", total(from).saturating_sub(total(to)));
    }
    let overflowed: u64 = all_cells.iter().map(|cells| cells.overflowed.total()).sum();
    let name = "fairlead_proxy_overflowed_label_sets_total";
    head(
        out,
        name,
        "counter",
        "Requests counted under the label set other because the table was full.",
    );
    let _ = writeln!(out, "{name} {overflowed}");
}

fn head(out: &mut String, name: &str, kind: &str, help: &str) {
    let _ = writeln!(out, "# HELP {name} {help}\n# TYPE {name} {kind}");
}

fn request_labels(telemetry: &Telemetry, (labels, code, flags, grpc): &RequestIdentity) -> String {
    let mut text = peers(telemetry, labels);
    let grpc = grpc.checked_sub(1).map_or(String::new(), |status| status.to_string());
    let _ = write!(
        text,
        ",response_code=\"{code}\",response_flags=\"{}\",grpc_response_status=\"{grpc}\"",
        flags_label(*flags)
    );
    text
}

fn flags_label(flags: ResponseFlags) -> String {
    if flags.is_empty() {
        "-".to_owned()
    } else {
        flags.to_string()
    }
}

/// Istio's labels of both ends; what is not known is `unknown`, as there.
fn peers(telemetry: &Telemetry, labels: &Labels) -> String {
    let own = &telemetry.options.workload;
    let string = |id| telemetry.strings.get(id).as_ref().to_owned();
    let own_end = [
        &own.name,
        &own.namespace,
        &own.principal,
        &own.service,
        &own.version,
        &own.cluster,
    ]
    .map(Clone::clone);
    let peer_end = [
        string(labels.peer_workload),
        string(labels.peer_namespace),
        string(labels.peer_principal),
        string(labels.peer_service),
        string(labels.peer_version),
        String::new(),
    ];
    let (reporter, source, destination) = match labels.reporter {
        ReporterSide::Source => ("source", own_end, peer_end),
        ReporterSide::Destination => ("destination", peer_end, own_end),
    };
    let mut text = format!("reporter=\"{reporter}\"");
    push_end(&mut text, "source", &source);
    push_end(&mut text, "destination", &destination);
    let service = string(labels.destination_service);
    let (name, namespace) = split_service(&service);
    push(&mut text, "destination_service", &service);
    push(&mut text, "destination_service_name", name);
    push(
        &mut text,
        "destination_service_namespace",
        namespace.unwrap_or(&destination[1]),
    );
    push(&mut text, "request_protocol", &string(labels.protocol));
    push(
        &mut text,
        "connection_security_policy",
        match labels.security_policy {
            SecurityPolicy::Unknown => "unknown",
            SecurityPolicy::None => "none",
            SecurityPolicy::MutualTls => "mutual_tls",
        },
    );
    text
}

fn push_end(text: &mut String, side: &str, [workload, namespace, principal, service, version, cluster]: &[String; 6]) {
    for (label, value) in [
        ("workload", workload),
        ("workload_namespace", namespace),
        ("principal", principal),
        ("app", service),
        ("version", version),
        ("canonical_service", service),
        ("canonical_revision", version),
        ("cluster", cluster),
    ] {
        push(text, &format!("{side}_{label}"), value);
    }
}

fn push(text: &mut String, label: &str, value: &str) {
    let value = if value.is_empty() { "unknown" } else { value };
    let _ = write!(text, ",{label}=\"");
    for character in value.chars() {
        match character {
            '\\' => text.push_str("\\\\"),
            '"' => text.push_str("\\\""),
            '\n' => text.push_str("\\n"),
            character => text.push(character),
        }
    }
    text.push('"');
}

/// `reviews.default.svc.cluster.local` is service `reviews` of namespace `default`; another host is its own name.
fn split_service(host: &str) -> (&str, Option<&str>) {
    let mut parts = host.splitn(3, '.');
    match (parts.next(), parts.next(), parts.next()) {
        (Some(name), Some(namespace), Some(rest)) if rest == "svc" || rest.starts_with("svc.") => {
            (name, Some(namespace))
        }
        _ => (host, None),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{LabelNames, PeerNames, RequestEnd, StringId, TelemetryOptions, Workload};

    fn telemetry() -> std::sync::Arc<Telemetry> {
        let workload = Workload {
            name: "productpage-v1".to_owned(),
            namespace: "default".to_owned(),
            ..Workload::default()
        };
        Telemetry::new(TelemetryOptions {
            workload,
            ..TelemetryOptions::default()
        })
    }

    #[test]
    fn requests_appear_under_istios_names_and_labels() {
        let telemetry = telemetry();
        let worker = telemetry.worker();
        let labels = telemetry.labels(&LabelNames {
            reporter: ReporterSide::Source,
            peer: PeerNames {
                workload: "reviews-v1",
                namespace: "default",
                version: "v1",
                ..PeerNames::default()
            },
            destination_service: "reviews.default.svc.cluster.local",
            security_policy: SecurityPolicy::MutualTls,
            protocol: "http",
        });
        for (route, duration_us) in [("one", 900), ("two", 80_000)] {
            worker.record_request(&RequestEnd {
                labels,
                route: telemetry.intern(route),
                cluster: StringId::EMPTY,
                stat_prefix: StringId::EMPTY,
                virtual_cluster: StringId::EMPTY,
                method: StringId::of_method(b"GET"),
                response_code: 503,
                flags: ResponseFlags::NO_HEALTHY_UPSTREAM,
                grpc_status: None,
                request_bytes: 1,
                response_bytes: 2,
                request_messages: 0,
                response_messages: 0,
                duration_us,
            });
        }
        let text = render(&telemetry, &mut Totals::default(), Instant::now());
        let line = text
            .lines()
            .find(|line| line.starts_with("istio_requests_total{"))
            .expect("line");
        for part in [
            "reporter=\"source\"",
            "source_workload=\"productpage-v1\"",
            "source_principal=\"unknown\"",
            "destination_workload=\"reviews-v1\"",
            "destination_version=\"v1\"",
            "destination_service_name=\"reviews\"",
            "destination_service_namespace=\"default\"",
            "connection_security_policy=\"mutual_tls\"",
            "response_code=\"503\",response_flags=\"UH\"",
        ] {
            assert!(line.contains(part), "{part} in {line}");
        }
        assert!(line.ends_with("} 2"), "routes are summed: {line}");
        let bucket = |bound: &str| {
            let line = text
                .lines()
                .find(|line| line.contains("_bucket{") && line.contains(&format!("le=\"{bound}\"")));
            line.and_then(|line| line.rsplit(' ').next()).map(str::to_owned)
        };
        assert_eq!(
            ["0.5", "1", "50", "100", "+Inf"].map(|bound| bucket(bound).expect("bucket")),
            ["0", "1", "1", "2", "2"]
        );
        assert!(text.contains("istio_request_duration_milliseconds_sum{") && text.contains("} 80.9\n"));
    }

    #[test]
    fn messages_of_grpc_are_counted_where_there_are_any() {
        let telemetry = telemetry();
        let worker = telemetry.worker();
        let end = RequestEnd {
            labels: crate::LabelsId::OTHER,
            route: StringId::EMPTY,
            cluster: StringId::EMPTY,
            stat_prefix: StringId::EMPTY,
            virtual_cluster: StringId::EMPTY,
            method: StringId::EMPTY,
            response_code: 200,
            flags: ResponseFlags::NONE,
            grpc_status: Some(0),
            request_bytes: 10,
            response_bytes: 20,
            request_messages: 1,
            response_messages: 3,
            duration_us: 5,
        };
        worker.record_request(&end);
        worker.record_request(&RequestEnd {
            response_code: 503,
            request_messages: 0,
            response_messages: 0,
            ..end
        });
        let text = render(&telemetry, &mut Totals::default(), Instant::now());
        let of = |name: &str| {
            let lines = text.lines().filter(|line| line.starts_with(name));
            lines.filter_map(|line| line.rsplit(' ').next()).collect::<Vec<_>>()
        };
        assert_eq!(of("istio_request_messages_total{"), ["1"]);
        assert_eq!(of("istio_response_messages_total{"), ["3"]);
    }

    #[test]
    fn engine_counters_and_gauges_are_sums_over_workers() {
        let telemetry = telemetry();
        let (one, two) = (telemetry.worker(), telemetry.worker());
        one.count(Counter::DownstreamConnectionsOpened);
        two.count_many(Counter::DownstreamConnectionsOpened, 2);
        two.count(Counter::DownstreamConnectionsClosed);
        let text = render(&telemetry, &mut Totals::default(), Instant::now());
        assert!(
            text.contains("fairlead_proxy_downstream_connections_opened_total 3\n"),
            "{text}"
        );
        assert!(text.contains("fairlead_proxy_downstream_connections 2\n"), "{text}");
    }

    #[test]
    fn label_values_cannot_break_a_line() {
        let mut text = String::new();
        push(&mut text, "a", "x\"y\\z\n");
        assert_eq!(text, ",a=\"x\\\"y\\\\z\\n\"");
    }
}
