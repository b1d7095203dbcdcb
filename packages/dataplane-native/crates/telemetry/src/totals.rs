//! What series count all together: those of the tables that workers write to, and of those that they have left.
//!
//! A series that nothing has been added to for a while is not shown any more. Its counts were reported when they were
//! made, and scraped while it was shown; should it come back it begins anew, as after a restart, unless its table is still
//! in use: then it goes on where it was.

use std::collections::HashMap;
use std::hash::Hash;
use std::sync::atomic::Ordering::Relaxed;
use std::time::{Duration, Instant};

use crate::cells::SeriesTable;
use crate::histogram::BUCKETS;
use crate::labels::Labels;
use crate::{ResponseFlags, StringId, Telemetry};

/// How long a series is shown that nothing is added to.
pub(crate) const EXPIRY: Duration = Duration::from_secs(15 * 60);

/// Series of tables that were left that are kept; what has no room is not shown any more.
const MAX_KEPT: usize = 16_384;

/// Istio's metrics know neither route nor method: series that differ only in those are one here.
pub(crate) type RequestIdentity = (Labels, u16, ResponseFlags, u16);
pub(crate) type TcpIdentity = (Labels, ResponseFlags);

#[derive(Clone, Debug, Default)]
pub(crate) struct RequestTotals {
    pub(crate) count: u64,
    pub(crate) request_bytes: u64,
    pub(crate) response_bytes: u64,
    pub(crate) request_messages: u64,
    pub(crate) response_messages: u64,
    pub(crate) sum_us: u64,
    pub(crate) buckets: Vec<u64>,
}

#[derive(Clone, Debug, Default)]
pub(crate) struct TcpTotals {
    pub(crate) opened: u64,
    pub(crate) closed: u64,
    pub(crate) received: u64,
    pub(crate) sent: u64,
}

/// Which requests are counted together for clusters, connection managers and virtual clusters: cluster, prefix, virtual
/// cluster, status and flags.
pub(crate) type ServedIdentity = (StringId, StringId, StringId, u16, ResponseFlags);

/// Counts that can be added up, and that change when something happens.
pub(crate) trait Counts: Clone + Default {
    fn add(&mut self, other: &Self);
    /// Another number after every change.
    fn activity(&self) -> u64;
}

impl Counts for RequestTotals {
    fn add(&mut self, other: &Self) {
        self.count += other.count;
        self.request_bytes += other.request_bytes;
        self.response_bytes += other.response_bytes;
        self.request_messages += other.request_messages;
        self.response_messages += other.response_messages;
        self.sum_us += other.sum_us;
        if self.buckets.is_empty() {
            self.buckets = vec![0; BUCKETS];
        }
        for (sum, count) in self.buckets.iter_mut().zip(&other.buckets) {
            *sum += count;
        }
    }

    fn activity(&self) -> u64 {
        self.count
    }
}

impl Counts for TcpTotals {
    fn add(&mut self, other: &Self) {
        self.opened += other.opened;
        self.closed += other.closed;
        self.received += other.received;
        self.sent += other.sent;
    }

    fn activity(&self) -> u64 {
        self.opened + self.closed + self.received + self.sent
    }
}

/// What is known of one identity.
#[derive(Debug)]
struct Kept<T> {
    /// Counts of tables that were left.
    left: T,
    activity: u64,
    changed: Instant,
}

/// The counts of all identities.
#[derive(Debug, Default)]
pub(crate) struct Totals {
    requests: HashMap<RequestIdentity, Kept<RequestTotals>>,
    tcp: HashMap<TcpIdentity, Kept<TcpTotals>>,
    /// Of tables that were left. Never forgotten: clusters and managers are few.
    served: HashMap<ServedIdentity, u64>,
}

impl Totals {
    /// Takes over the counts of a table that its worker has left.
    pub(crate) fn take_over(&mut self, telemetry: &Telemetry, table: &SeriesTable, now: Instant) {
        let mut requests = HashMap::new();
        let mut tcp = HashMap::new();
        add_table(telemetry, table, &mut requests, &mut tcp);
        add_served(table, &mut self.served);
        keep(&mut self.requests, requests, now);
        keep(&mut self.tcp, tcp, now);
    }

    /// Requests by cluster, manager, status and flags.
    pub(crate) fn served(&self, telemetry: &Telemetry) -> HashMap<ServedIdentity, u64> {
        let mut served = self.served.clone();
        for cells in telemetry.all_cells() {
            add_served(&cells.table(), &mut served);
        }
        served
    }

    /// What is to be shown now.
    pub(crate) fn show(
        &mut self,
        telemetry: &Telemetry,
        now: Instant,
    ) -> (HashMap<RequestIdentity, RequestTotals>, HashMap<TcpIdentity, TcpTotals>) {
        let mut requests = HashMap::new();
        let mut tcp = HashMap::new();
        for cells in telemetry.all_cells() {
            add_table(telemetry, &cells.table(), &mut requests, &mut tcp);
        }
        (shown(&mut self.requests, requests, now), shown(&mut self.tcp, tcp, now))
    }
}

/// Adds up the series of a table.
fn add_table(
    telemetry: &Telemetry,
    table: &SeriesTable,
    requests: &mut HashMap<RequestIdentity, RequestTotals>,
    tcp: &mut HashMap<TcpIdentity, TcpTotals>,
) {
    for series in table.requests.iter().filter(|series| series.count.total() > 0) {
        let key = &series.key;
        let labels = telemetry.label_table.get(key.labels);
        let identity = (labels, key.response_code, key.flags, key.grpc_status_plus_one);
        let total = requests.entry(identity).or_insert_with(|| RequestTotals {
            buckets: vec![0; BUCKETS],
            ..RequestTotals::default()
        });
        total.count += series.count.total();
        total.request_bytes += series.request_bytes.total();
        total.response_bytes += series.response_bytes.total();
        total.request_messages += series.request_messages.total();
        total.response_messages += series.response_messages.total();
        total.sum_us += series.duration.add_totals(&mut total.buckets);
    }
    for series in table.tcp.iter() {
        let counts = TcpTotals {
            opened: series.opened.total(),
            closed: series.closed.total(),
            received: series.received_bytes.total(),
            sent: series.sent_bytes.total(),
        };
        if counts.activity() > 0 {
            let identity = (telemetry.label_table.get(series.key.labels), series.key.flags);
            tcp.entry(identity).or_default().add(&counts);
        }
    }
}

/// What has no room counts for nobody's cluster.
fn add_served(table: &SeriesTable, served: &mut HashMap<ServedIdentity, u64>) {
    for series in table.requests.iter().filter(|series| series.count.total() > 0) {
        let key = &series.key;
        let names = (key.cluster, key.stat_prefix, key.virtual_cluster);
        let mut identity = (names.0, names.1, names.2, key.response_code, key.flags);
        if served.len() >= MAX_KEPT && !served.contains_key(&identity) {
            let other = StringId::OTHER;
            identity = (other, other, StringId::EMPTY, key.response_code, ResponseFlags::NONE);
        }
        *served.entry(identity).or_default() += series.count.total();
    }
}

fn keep<K: Hash + Eq, T: Counts>(kept: &mut HashMap<K, Kept<T>>, counts: HashMap<K, T>, now: Instant) {
    kept.retain(|_, entry| now.duration_since(entry.changed) < EXPIRY);
    for (identity, counts) in counts {
        let has_room = kept.len() < MAX_KEPT;
        if let Some(entry) = kept.get_mut(&identity) {
            entry.left.add(&counts);
        } else if has_room {
            let activity = counts.activity();
            kept.insert(
                identity,
                Kept {
                    left: counts,
                    activity,
                    changed: now,
                },
            );
        }
    }
}

fn shown<K: Hash + Eq + Copy, T: Counts>(
    kept: &mut HashMap<K, Kept<T>>,
    mut live: HashMap<K, T>,
    now: Instant,
) -> HashMap<K, T> {
    for (identity, entry) in &mut *kept {
        live.entry(*identity).or_default().add(&entry.left);
    }
    for (identity, counts) in &live {
        let activity = counts.activity();
        let entry = kept.entry(*identity).or_insert_with(|| Kept {
            left: T::default(),
            activity,
            changed: now,
        });
        if entry.activity != activity {
            (entry.activity, entry.changed) = (activity, now);
        }
    }
    live.retain(|identity, _| {
        kept.get(identity)
            .is_some_and(|entry| now.duration_since(entry.changed) < EXPIRY)
    });
    // What is only remembered, and not shown any more, goes.
    kept.retain(|identity, entry| live.contains_key(identity) || entry.left.activity() < entry.activity);
    for (identity, entry) in &mut *kept {
        if !live.contains_key(identity) {
            entry.activity -= entry.left.activity();
            entry.left = T::default();
        }
    }
    live
}

/// Whether a worker should begin a new table: its own is crowded.
pub(crate) fn ask_for_renewal(telemetry: &Telemetry) {
    for cells in telemetry.all_cells() {
        if cells.table().is_crowded() {
            let generation = cells.generation.load(Relaxed);
            cells.generation.store(generation.wrapping_add(1), Relaxed);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{LabelNames, PeerNames, ReporterSide, RequestEnd, SecurityPolicy, StringId, TelemetryOptions, Worker};

    fn record(worker: &Worker, route: u32, code: u16) {
        let labels = worker.shared().labels(&LabelNames {
            reporter: ReporterSide::Source,
            peer: PeerNames::default(),
            destination_service: "reviews",
            security_policy: SecurityPolicy::None,
            protocol: "http",
        });
        worker.record_request(&RequestEnd {
            labels,
            route: StringId(route),
            cluster: StringId::EMPTY,
            stat_prefix: StringId::EMPTY,
            virtual_cluster: StringId::EMPTY,
            method: StringId::EMPTY,
            response_code: code,
            flags: ResponseFlags::NONE,
            grpc_status: None,
            request_bytes: 1,
            response_bytes: 1,
            request_messages: 0,
            response_messages: 0,
            duration_us: 5,
        });
    }

    fn counts(totals: &mut Totals, telemetry: &Telemetry, now: Instant) -> Vec<(u16, u64)> {
        let (requests, _) = totals.show(telemetry, now);
        let mut counts: Vec<_> = requests.iter().map(|(key, total)| (key.1, total.count)).collect();
        counts.sort_unstable();
        counts
    }

    #[test]
    fn a_series_that_nothing_is_added_to_is_not_shown_any_more_and_comes_back() {
        let telemetry = Telemetry::new(TelemetryOptions::default());
        let worker = telemetry.worker();
        let mut totals = Totals::default();
        let start = Instant::now();
        record(&worker, 1, 200);
        record(&worker, 1, 404);
        assert_eq!(counts(&mut totals, &telemetry, start), [(200, 1), (404, 1)]);
        record(&worker, 1, 200);
        let later = start + EXPIRY / 2;
        assert_eq!(counts(&mut totals, &telemetry, later), [(200, 2), (404, 1)]);
        assert_eq!(counts(&mut totals, &telemetry, start + EXPIRY), [(200, 2)]);
        record(&worker, 1, 404);
        let much_later = start + EXPIRY * 3;
        assert_eq!(
            counts(&mut totals, &telemetry, much_later),
            [(404, 2)],
            "it goes on where it was"
        );
    }

    #[test]
    fn counts_outlive_the_table_they_were_made_in() {
        let telemetry = Telemetry::new(TelemetryOptions::default());
        let worker = telemetry.worker();
        let mut totals = Totals::default();
        let start = Instant::now();
        for route in 0..3000 {
            record(&worker, route, 200);
        }
        ask_for_renewal(&telemetry);
        record(&worker, 1, 200);
        let cells = telemetry.all_cells().remove(0);
        assert_eq!(cells.table().requests.len(), 2, "the overflow and the one that is used");
        let sealed = cells.take_sealed();
        assert_eq!(sealed.len(), 1);
        for table in &sealed {
            totals.take_over(&telemetry, table, start);
        }
        assert_eq!(counts(&mut totals, &telemetry, start), [(200, 3001)]);
        assert_eq!(counts(&mut totals, &telemetry, start + EXPIRY), [], "nobody used it");
        record(&worker, 1, 200);
        assert_eq!(
            counts(&mut totals, &telemetry, start + EXPIRY),
            [(200, 2)],
            "what was left has gone, as after a restart"
        );
    }
}
