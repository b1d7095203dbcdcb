//! What is counted about filters that users write.

use std::{
    collections::BTreeMap,
    fmt::Write as _,
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering::Relaxed},
    },
};

use filter::{call::CallFailure, ext_proc::Phase, module};

/// Upper bounds of the times that answers take, in microseconds.
const BOUNDS_US: [u64; 10] = [50, 100, 250, 500, 1_000, 5_000, 25_000, 100_000, 250_000, 1_000_000];

/// Of one module.
#[derive(Default)]
pub(super) struct ModuleStats {
    /// About requests, about responses.
    calls: [AtomicU64; 2],
    /// Filters that threw, answered what cannot be understood, or whose thread ended.
    failures: AtomicU64,
    timeouts: AtomicU64,
    /// Not asked because too much was asked already.
    overflows: AtomicU64,
    /// By bound, the ones above all bounds last.
    took: [AtomicU64; BOUNDS_US.len() + 1],
    took_us: AtomicU64,
}

impl ModuleStats {
    pub(super) fn count(&self, phase: Phase, result: &Result<Vec<u8>, CallFailure>, took_us: u64) {
        self.calls[usize::from(phase == Phase::Response)].fetch_add(1, Relaxed);
        let counter = match result {
            Ok(answer) if !module::is_failure(answer) => None,
            Err(CallFailure::Timeout) => Some(&self.timeouts),
            Err(CallFailure::Unavailable("filter_thread_overflow")) => Some(&self.overflows),
            _ => Some(&self.failures),
        };
        if let Some(counter) = counter {
            counter.fetch_add(1, Relaxed);
        }
        let bucket = BOUNDS_US.partition_point(|bound| *bound < took_us);
        self.took[bucket].fetch_add(1, Relaxed);
        self.took_us.fetch_add(took_us, Relaxed);
    }
}

type Read = fn(&ModuleStats) -> u64;

/// Everything in Prometheus' text format.
pub(super) fn write(out: &mut String, modules: &BTreeMap<Arc<str>, Arc<ModuleStats>>, threads: usize, lost: u64) {
    // Writing to memory cannot fail.
    let _ = writeln!(
        out,
        "# HELP fairlead_proxy_filter_threads Threads that run filter modules.\n\
         # TYPE fairlead_proxy_filter_threads gauge\nfairlead_proxy_filter_threads {threads}\n\
         # HELP fairlead_proxy_filter_threads_lost_total Such threads that ended or hung.\n\
         # TYPE fairlead_proxy_filter_threads_lost_total counter\nfairlead_proxy_filter_threads_lost_total {lost}"
    );
    if modules.is_empty() {
        return;
    }
    let _ = writeln!(
        out,
        "# HELP fairlead_proxy_filter_module_calls_total Messages shown to a filter module.\n\
         # TYPE fairlead_proxy_filter_module_calls_total counter"
    );
    for (name, stats) in modules {
        for (phase, calls) in ["request", "response"].into_iter().zip(&stats.calls) {
            let calls = calls.load(Relaxed);
            let _ = writeln!(
                out,
                "fairlead_proxy_filter_module_calls_total{{module=\"{name}\",phase=\"{phase}\"}} {calls}"
            );
        }
    }
    let families: [(&str, &str, Read); 3] = [
        ("failures", "Such messages that the filter failed at.", |stats| {
            stats.failures.load(Relaxed)
        }),
        ("timeouts", "Such messages that it did not answer in time.", |stats| {
            stats.timeouts.load(Relaxed)
        }),
        (
            "overflows",
            "Such messages that it was not shown because too many waited.",
            |stats| stats.overflows.load(Relaxed),
        ),
    ];
    for (family, help, read) in families {
        let family = format!("fairlead_proxy_filter_module_{family}_total");
        let _ = writeln!(out, "# HELP {family} {help}\n# TYPE {family} counter");
        for (name, stats) in modules {
            let _ = writeln!(out, "{family}{{module=\"{name}\"}} {}", read(stats));
        }
    }
    write_times(out, modules);
}

#[allow(clippy::cast_precision_loss, reason = "seconds of a metric")]
fn write_times(out: &mut String, modules: &BTreeMap<Arc<str>, Arc<ModuleStats>>) {
    let family = "fairlead_proxy_filter_module_duration_seconds";
    let _ = writeln!(
        out,
        "# HELP {family} Time until a filter module's answer was there.\n# TYPE {family} histogram"
    );
    for (name, stats) in modules {
        let mut count = 0;
        for (bound, took) in BOUNDS_US.iter().zip(&stats.took) {
            count += took.load(Relaxed);
            let le = *bound as f64 / 1e6;
            let _ = writeln!(out, "{family}_bucket{{module=\"{name}\",le=\"{le}\"}} {count}");
        }
        count += stats.took[BOUNDS_US.len()].load(Relaxed);
        let sum = stats.took_us.load(Relaxed) as f64 / 1e6;
        let _ = writeln!(
            out,
            "{family}_bucket{{module=\"{name}\",le=\"+Inf\"}} {count}\n\
             {family}_sum{{module=\"{name}\"}} {sum}\n{family}_count{{module=\"{name}\"}} {count}"
        );
    }
}
