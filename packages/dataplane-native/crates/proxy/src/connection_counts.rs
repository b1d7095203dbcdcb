//! Connections of clients by the listener they came to and by the connection manager that serves them. Counted when they
//! begin and end, never for a request.

use std::{
    collections::BTreeMap,
    fmt::Write as _,
    sync::{
        Arc, Mutex, PoisonError,
        atomic::{AtomicU64, Ordering::Relaxed},
    },
};

/// Counts of one listener or manager; they outlive its configuration.
#[derive(Debug, Default)]
pub(crate) struct ConnectionCounts {
    opened: AtomicU64,
    closed: AtomicU64,
    unmatched: AtomicU64,
}

impl ConnectionCounts {
    /// A connection that no filter chain takes.
    pub(crate) fn count_unmatched(&self) {
        self.unmatched.fetch_add(1, Relaxed);
    }
}

/// A connection that is counted as open.
pub(crate) struct CountedConnection(Arc<ConnectionCounts>);

impl CountedConnection {
    pub(crate) fn new(counts: &Arc<ConnectionCounts>) -> Self {
        counts.opened.fetch_add(1, Relaxed);
        Self(Arc::clone(counts))
    }
}

impl Drop for CountedConnection {
    fn drop(&mut self) {
        self.0.closed.fetch_add(1, Relaxed);
    }
}

type Table = Mutex<BTreeMap<String, Arc<ConnectionCounts>>>;

/// All counts of the process. Those of names that nothing in use has any more are forgotten when others come.
#[derive(Debug, Default)]
pub(crate) struct CountsTable {
    listeners: Table,
    managers: Table,
}

impl CountsTable {
    /// Those of a listener, by its address.
    pub(crate) fn of_listener(&self, address: &config::Address) -> Arc<ConnectionCounts> {
        get(&self.listeners, &address.to_string())
    }

    /// Those of the connection managers with a prefix of statistics.
    pub(crate) fn of_manager(&self, stat_prefix: &str) -> Arc<ConnectionCounts> {
        get(&self.managers, stat_prefix)
    }

    /// Appends them in Prometheus' text format.
    pub(crate) fn write(&self, out: &mut String) {
        write(out, "listener", "address", &self.listeners);
        write(out, "http", "stat_prefix", &self.managers);
        let name = "fairlead_proxy_listener_no_filter_chain_total";
        let _ = writeln!(
            out,
            "# HELP {name} Connections that no filter chain of the listener takes.\n# TYPE {name} counter"
        );
        for (address, counts) in &*lock(&self.listeners) {
            let count = counts.unmatched.load(Relaxed);
            let _ = writeln!(out, "{name}{{address=\"{}\"}} {count}", escaped(address));
        }
    }
}

fn lock(table: &Table) -> std::sync::MutexGuard<'_, BTreeMap<String, Arc<ConnectionCounts>>> {
    table.lock().unwrap_or_else(PoisonError::into_inner)
}

fn get(table: &Table, name: &str) -> Arc<ConnectionCounts> {
    let mut table = lock(table);
    if let Some(known) = table.get(name) {
        return Arc::clone(known);
    }
    table.retain(|_, counts| Arc::strong_count(counts) > 1);
    let counts = Arc::<ConnectionCounts>::default();
    table.insert(name.to_owned(), Arc::clone(&counts));
    counts
}

fn escaped(text: &str) -> String {
    text.replace('\\', "\\\\").replace('"', "\\\"").replace('\n', "\\n")
}

fn write(out: &mut String, of: &str, label: &str, table: &Table) {
    // Formatting into a string cannot fail.
    let table = lock(table);
    let name = format!("fairlead_proxy_{of}_connections_total");
    let _ = writeln!(out, "# HELP {name} Connections of clients.\n# TYPE {name} counter");
    for (value, counts) in &*table {
        let opened = counts.opened.load(Relaxed);
        let _ = writeln!(out, "{name}{{{label}=\"{}\"}} {opened}", escaped(value));
    }
    let name = format!("fairlead_proxy_{of}_connections");
    let _ = writeln!(out, "# HELP {name} Open connections of clients.\n# TYPE {name} gauge");
    for (value, counts) in &*table {
        // Two cells are not read at one moment.
        let closed = counts.closed.load(Relaxed);
        let open = counts.opened.load(Relaxed).saturating_sub(closed);
        let _ = writeln!(out, "{name}{{{label}=\"{}\"}} {open}", escaped(value));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn connections_are_counted_by_name_and_names_out_of_use_go() {
        let table = CountsTable::default();
        let ingress = table.of_manager("ingress");
        let open = CountedConnection::new(&table.of_manager("ingress"));
        drop(CountedConnection::new(&ingress));
        drop(table.of_manager("old"));
        let _other = table.of_manager("new");
        let mut out = String::new();
        table.write(&mut out);
        for line in [
            "fairlead_proxy_http_connections_total{stat_prefix=\"ingress\"} 2",
            "fairlead_proxy_http_connections{stat_prefix=\"ingress\"} 1",
            "fairlead_proxy_http_connections{stat_prefix=\"new\"} 0",
        ] {
            assert!(out.lines().any(|other| other == line), "{line} in {out}");
        }
        assert!(!out.contains("\"old\""));
        drop(open);
    }
}
