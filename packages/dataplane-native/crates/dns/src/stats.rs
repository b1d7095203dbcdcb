//! What was asked, and how it went; named as Istio's agent does.

use std::{
    fmt::Write as _,
    sync::atomic::{AtomicU64, Ordering::Relaxed},
    time::Duration,
};

/// Upper bounds of the times that resolvers took, in microseconds, with their labels (Istio's agent's).
const BOUNDS: [(u64, &str); 6] = [
    (1_000, "0.001"),
    (5_000, "0.005"),
    (10_000, "0.01"),
    (100_000, "0.1"),
    (1_000_000, "1"),
    (5_000_000, "5"),
];

/// Counters of a server.
#[derive(Debug, Default)]
pub struct Stats {
    pub(crate) requests: AtomicU64,
    pub(crate) upstream_requests: AtomicU64,
    pub(crate) upstream_failures: AtomicU64,
    buckets: [AtomicU64; BOUNDS.len()],
    duration_micros: AtomicU64,
    durations: AtomicU64,
}

impl Stats {
    pub(crate) fn took(&self, time: Duration) {
        let micros = time.as_micros() as u64;
        for (bucket, (bound, _)) in self.buckets.iter().zip(BOUNDS) {
            if micros <= bound {
                bucket.fetch_add(1, Relaxed);
            }
        }
        self.duration_micros.fetch_add(micros, Relaxed);
        self.durations.fetch_add(1, Relaxed);
    }

    /// All of them in Prometheus' text format.
    pub fn write(&self, out: &mut String) {
        for (name, help, value) in [
            ("dns_requests_total", "Total number of DNS requests.", &self.requests),
            (
                "dns_upstream_requests_total",
                "Total number of DNS requests forwarded to upstream.",
                &self.upstream_requests,
            ),
            (
                "dns_upstream_failures_total",
                "Total number of DNS failures.",
                &self.upstream_failures,
            ),
        ] {
            // Formatting into a string cannot fail.
            let _ = writeln!(
                out,
                "# HELP istio_agent_{name} {help}\n# TYPE istio_agent_{name} counter\nistio_agent_{name} {}",
                value.load(Relaxed)
            );
        }
        let name = "istio_agent_dns_upstream_request_duration_seconds";
        let _ = writeln!(
            out,
            "# HELP {name} Time that resolvers took to answer.\n# TYPE {name} histogram"
        );
        for (bucket, (_, bound)) in self.buckets.iter().zip(BOUNDS) {
            let _ = writeln!(out, "{name}_bucket{{le=\"{bound}\"}} {}", bucket.load(Relaxed));
        }
        let count = self.durations.load(Relaxed);
        let seconds = self.duration_micros.load(Relaxed) as f64 / 1e6;
        let _ = writeln!(
            out,
            "{name}_bucket{{le=\"+Inf\"}} {count}\n{name}_sum {seconds}\n{name}_count {count}"
        );
    }
}
