//! What is given up when memory runs short, before the system ends the process: first connections that would stay, then
//! requests, then new connections.
//!
//! The control thread looks at the process's memory; workers read one number.

use std::{
    fmt::Write as _,
    fs,
    sync::atomic::{AtomicU8, AtomicU64, Ordering::Relaxed},
};

/// What is given up; each level includes those before.
const LEVELS: [Level; 3] = [
    Level {
        at_percent: 85,
        action: "envoy.overload_actions.disable_http_keepalive",
    },
    Level {
        at_percent: 92,
        action: "envoy.overload_actions.stop_accepting_requests",
    },
    Level {
        at_percent: 97,
        action: "envoy.overload_actions.stop_accepting_connections",
    },
];

/// A level ends this much below where it began, so that it does not flicker.
const MARGIN_PERCENT: u64 = 3;

struct Level {
    at_percent: u64,
    /// Envoy's name for it.
    action: &'static str,
}

/// How short memory is.
#[derive(Default)]
pub(crate) struct Overload {
    /// Bytes; 0 is no limit.
    limit: u64,
    level: AtomicU8,
    used: AtomicU64,
}

impl Overload {
    /// With this limit; 0 takes the one that the system has set for the process and its neighbours, if any.
    pub(crate) fn new(max_memory_bytes: u64) -> Self {
        Self {
            limit: match max_memory_bytes {
                0 => limit_of_system().unwrap_or(0),
                limit => limit,
            },
            ..Self::default()
        }
    }

    /// Responses end their connections.
    pub(crate) fn disables_keepalive(&self) -> bool {
        self.level.load(Relaxed) >= 1
    }

    /// Requests are answered 503, and connections of HTTP/2 are told to end.
    pub(crate) fn refuses_requests(&self) -> bool {
        self.level.load(Relaxed) >= 2
    }

    /// Connections wait in the kernel until there is memory again.
    pub(crate) fn stops_accepting(&self) -> bool {
        self.level.load(Relaxed) >= 3
    }

    /// Looks at the process's memory. True: something else is given up now than before.
    pub(crate) fn look(&self) -> bool {
        if self.limit == 0 {
            return false;
        }
        let Some(used) = resident_bytes() else { return false };
        self.used.store(used, Relaxed);
        let before = self.level.load(Relaxed);
        let now = next_level(used.saturating_mul(100) / self.limit, before);
        self.level.store(now, Relaxed);
        now != before
    }

    /// Gauges in Prometheus' text format; nothing where there is no limit.
    pub(crate) fn write_gauges(&self, out: &mut String) {
        if self.limit == 0 {
            return;
        }
        let gauge = |out: &mut String, name: &str, help: &str| {
            // Writing into a string cannot fail.
            let _ = writeln!(
                out,
                "# HELP fairlead_proxy_overload_{name} {help}\n# TYPE fairlead_proxy_overload_{name} gauge"
            );
        };
        let percent = self.used.load(Relaxed).saturating_mul(100) / self.limit;
        gauge(out, "pressure", "Memory of the process in percent of what it may use.");
        let _ = writeln!(
            out,
            "fairlead_proxy_overload_pressure{{resource=\"envoy.resource_monitors.fixed_heap\"}} {percent}"
        );
        gauge(out, "active", "Whether this is done because memory is short.");
        let level = self.level.load(Relaxed);
        for (index, entry) in LEVELS.iter().enumerate() {
            let is_active = u8::from(usize::from(level) > index);
            let _ = writeln!(
                out,
                "fairlead_proxy_overload_active{{action=\"{}\"}} {is_active}",
                entry.action
            );
        }
    }
}

fn next_level(percent: u64, before: u8) -> u8 {
    let reached = |(index, level): (usize, &Level)| {
        let is_on = index < usize::from(before);
        let threshold = if is_on {
            level.at_percent - MARGIN_PERCENT
        } else {
            level.at_percent
        };
        percent >= threshold
    };
    LEVELS.iter().enumerate().take_while(|entry| reached(*entry)).count() as u8
}

/// Memory of this process that is in use: what the system counts against its limit.
fn resident_bytes() -> Option<u64> {
    let status = fs::read_to_string("/proc/self/status").ok()?;
    let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:"))?;
    let kilobytes: u64 = line.trim().strip_suffix("kB")?.trim().parse().ok()?;
    Some(kilobytes * 1024)
}

/// The limit of the control group (version 2, then 1) that the process is in.
fn limit_of_system() -> Option<u64> {
    let groups = fs::read_to_string("/proc/self/cgroup").unwrap_or_default();
    let own = groups.lines().find_map(|line| line.strip_prefix("0::")).unwrap_or("/");
    let places = [
        format!("/sys/fs/cgroup{own}/memory.max"),
        "/sys/fs/cgroup/memory.max".to_owned(),
        "/sys/fs/cgroup/memory/memory.limit_in_bytes".to_owned(),
    ];
    let limits = places
        .iter()
        .filter_map(|place| fs::read_to_string(place).ok()?.trim().parse::<u64>().ok());
    // Version 1 writes "no limit" as a number near 2^63.
    limits.filter(|limit| *limit > 0 && *limit < 1 << 60).min()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn levels_begin_at_their_thresholds_and_end_below_them() {
        assert_eq!(
            [0, 84, 85, 91, 92, 96, 97, 200].map(|percent| next_level(percent, 0)),
            [0, 0, 1, 1, 2, 2, 3, 3]
        );
        assert_eq!(
            [94, 93, 89, 88, 82, 81].map(|percent| next_level(percent, 3)),
            [3, 2, 2, 1, 1, 0]
        );
    }

    #[test]
    fn the_memory_of_this_process_is_known() {
        assert!(resident_bytes().is_some_and(|bytes| bytes > 1 << 20));
    }

    #[test]
    fn without_a_limit_nothing_is_given_up() {
        let overload = Overload::default();
        assert!(!overload.look() && !overload.disables_keepalive());
        let mut text = String::new();
        overload.write_gauges(&mut text);
        assert!(text.is_empty());
    }
}
