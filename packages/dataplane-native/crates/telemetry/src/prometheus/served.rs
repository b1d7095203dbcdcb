//! What clusters and connection managers have answered: all of it is in the series of requests already.

use std::collections::BTreeMap;
use std::fmt::Write as _;

use super::{head, push};
use crate::totals::Totals;
use crate::{ResponseFlags, StringId, Telemetry};

/// Counters of requests that ended with a flag.
const FLAGGED: [(&str, &str, ResponseFlags); 4] = [
    (
        "timeouts_total",
        "Requests that the cluster did not answer in time.",
        ResponseFlags::UPSTREAM_TIMEOUT,
    ),
    (
        "retries_exhausted_total",
        "Requests that failed after all attempts.",
        ResponseFlags::RETRY_LIMIT,
    ),
    (
        "resets_total",
        "Requests whose stream or connection an endpoint ended.",
        ResponseFlags::UPSTREAM_REMOTE_RESET.with(ResponseFlags::UPSTREAM_TERMINATION),
    ),
    (
        "no_endpoint_total",
        "Requests for which there was no healthy endpoint.",
        ResponseFlags::NO_HEALTHY_UPSTREAM,
    ),
];

pub(super) fn render(telemetry: &Telemetry, totals: &Totals, out: &mut String) {
    let mut by_cluster: BTreeMap<(StringId, u16), u64> = BTreeMap::new();
    let mut by_manager: BTreeMap<(StringId, u16), u64> = BTreeMap::new();
    let mut flagged: [BTreeMap<StringId, u64>; FLAGGED.len()] = Default::default();
    let mut by_virtual: BTreeMap<(StringId, u16), u64> = BTreeMap::new();
    for ((cluster, prefix, virtual_cluster, code, flags), count) in totals.served(telemetry) {
        *by_manager.entry((prefix, code)).or_default() += count;
        if virtual_cluster != StringId::EMPTY {
            *by_virtual.entry((virtual_cluster, code)).or_default() += count;
        }
        if cluster == StringId::EMPTY {
            continue;
        }
        if code > 0 {
            *by_cluster.entry((cluster, code)).or_default() += count;
        }
        for ((.., flag), counts) in FLAGGED.iter().zip(&mut flagged) {
            if flags.contains(*flag) {
                *counts.entry(cluster).or_default() += count;
            }
        }
    }
    let label = |name: &str, id: StringId| {
        let mut text = String::new();
        push(&mut text, name, &telemetry.strings.get(id));
        // Labels are written with a comma in front.
        text.split_off(1)
    };
    let name = "fairlead_proxy_cluster_responses_total";
    head(
        out,
        name,
        "counter",
        "Responses to requests that were sent to a cluster.",
    );
    for ((cluster, code), count) in by_cluster {
        let cluster = label("cluster", cluster);
        let _ = writeln!(out, "{name}{{{cluster},response_code=\"{code}\"}} {count}");
    }
    for ((name, help, _), counts) in FLAGGED.iter().zip(flagged) {
        let name = format!("fairlead_proxy_cluster_{name}");
        head(out, &name, "counter", help);
        for (cluster, count) in counts {
            let cluster = label("cluster", cluster);
            let _ = writeln!(out, "{name}{{{cluster}}} {count}");
        }
    }
    let name = "fairlead_proxy_http_responses_total";
    head(
        out,
        name,
        "counter",
        "Requests that ended, by the statistics prefix of their connection manager; 0: without a response.",
    );
    for ((prefix, code), count) in by_manager {
        let prefix = label("stat_prefix", prefix);
        let _ = writeln!(out, "{name}{{{prefix},response_code=\"{code}\"}} {count}");
    }
    render_virtual(telemetry, by_virtual, out);
}

fn render_virtual(telemetry: &Telemetry, counts: BTreeMap<(StringId, u16), u64>, out: &mut String) {
    if counts.is_empty() {
        return;
    }
    let name = "fairlead_proxy_virtual_cluster_responses_total";
    head(
        out,
        name,
        "counter",
        "Requests that ended, by the virtual cluster of their virtual host.",
    );
    for ((names, code), count) in counts {
        let names = telemetry.strings.get(names);
        let (host, own) = names.split_once('\n').unwrap_or((&names, ""));
        let mut labels = format!("response_code=\"{code}\"");
        push(&mut labels, "virtual_host", host);
        push(&mut labels, "virtual_cluster", own);
        let _ = writeln!(out, "{name}{{{labels}}} {count}");
    }
}

#[cfg(test)]
mod tests {
    use std::time::Instant;

    use super::super::render;
    use crate::totals::Totals;
    use crate::{LabelsId, RequestEnd, ResponseFlags, StringId, Telemetry, TelemetryOptions};

    #[test]
    fn clusters_and_managers_have_their_own_counts() {
        let telemetry = Telemetry::new(TelemetryOptions::default());
        let worker = telemetry.worker();
        let end = RequestEnd {
            labels: LabelsId::OTHER,
            route: StringId::EMPTY,
            cluster: telemetry.intern("outbound|80||\"a\""),
            stat_prefix: telemetry.intern("ingress"),
            virtual_cluster: StringId::EMPTY,
            method: StringId::EMPTY,
            response_code: 200,
            flags: ResponseFlags::NONE,
            grpc_status: None,
            request_bytes: 0,
            response_bytes: 0,
            request_messages: 0,
            response_messages: 0,
            duration_us: 1,
        };
        worker.record_request(&end);
        worker.record_request(&RequestEnd {
            response_code: 504,
            flags: ResponseFlags::UPSTREAM_TIMEOUT,
            ..end
        });
        worker.record_request(&RequestEnd {
            cluster: StringId::EMPTY,
            response_code: 404,
            ..end
        });
        let text = render(&telemetry, &mut Totals::default(), Instant::now());
        for line in [
            r#"fairlead_proxy_cluster_responses_total{cluster="outbound|80||\"a\"",response_code="200"} 1"#,
            r#"fairlead_proxy_cluster_timeouts_total{cluster="outbound|80||\"a\""} 1"#,
            r#"fairlead_proxy_http_responses_total{stat_prefix="ingress",response_code="404"} 1"#,
        ] {
            assert!(text.lines().any(|other| other == line), "{line} in {text}");
        }
        assert!(!text.contains("fairlead_proxy_cluster_responses_total{cluster=\"unknown\""));
    }
}
