//! The cells of one worker: written by it alone, read by the reporter.

use std::sync::atomic::{AtomicU32, AtomicU64, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, OnceLock, PoisonError};

use crate::histogram::Histogram;
use crate::ring::Ring;
use crate::{Counter, LabelsId, ResponseFlags, StringId};

/// Bytes of a worker's ring of spans for collectors, which exists only where there are such.
const EXPORT_RING_BYTES: usize = 1024 * 1024;

const CHUNK: usize = 64;
const CHUNKS: usize = 64;

/// Bytes of a worker's ring of log samples and of its ring of spans.
const SAMPLE_RING_BYTES: usize = 64 * 1024;
/// Bytes of a worker's ring of log lines, which exists only where lines are written.
const LINE_RING_BYTES: usize = 2 * 1024 * 1024;

/// A list that one thread appends to while another reads: what is in it never moves.
#[derive(Debug)]
pub(crate) struct GrowingList<T> {
    chunks: [OnceLock<Box<[OnceLock<T>]>>; CHUNKS],
    length: AtomicUsize,
}

impl<T> GrowingList<T> {
    pub(crate) fn new() -> Self {
        Self {
            chunks: [const { OnceLock::new() }; CHUNKS],
            length: AtomicUsize::new(0),
        }
    }

    /// Appends and answers the place, or nothing where the list is full. One thread only.
    pub(crate) fn push(&self, item: T) -> Option<u32> {
        let place = self.length.load(Ordering::Relaxed);
        let chunk = self.chunks.get(place / CHUNK)?;
        let slots = chunk.get_or_init(|| (0..CHUNK).map(|_| OnceLock::new()).collect());
        slots[place % CHUNK].set(item).ok()?;
        self.length.store(place + 1, Ordering::Release);
        Some(place as u32)
    }

    pub(crate) fn get(&self, place: u32) -> Option<&T> {
        self.chunks.get(place as usize / CHUNK)?.get()?[place as usize % CHUNK].get()
    }

    pub(crate) fn len(&self) -> usize {
        self.length.load(Ordering::Acquire)
    }

    pub(crate) fn iter(&self) -> impl Iterator<Item = &T> {
        let length = self.length.load(Ordering::Acquire);
        (0..length as u32).filter_map(|place| self.get(place))
    }
}

/// What tells series of requests apart.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) struct RequestKey {
    pub(crate) labels: LabelsId,
    pub(crate) route: StringId,
    pub(crate) cluster: StringId,
    pub(crate) stat_prefix: StringId,
    pub(crate) virtual_cluster: StringId,
    pub(crate) method: StringId,
    pub(crate) flags: ResponseFlags,
    pub(crate) response_code: u16,
    /// gRPC status + 1; 0 where the request was not gRPC.
    pub(crate) grpc_status_plus_one: u16,
}

impl RequestKey {
    pub(crate) const OTHER: Self = Self {
        labels: LabelsId::OTHER,
        route: StringId::OTHER,
        cluster: StringId::OTHER,
        stat_prefix: StringId::OTHER,
        virtual_cluster: StringId::EMPTY,
        method: StringId::OTHER,
        flags: ResponseFlags::NONE,
        response_code: 0,
        grpc_status_plus_one: 0,
    };
}

/// A count and how much of it was reported.
#[derive(Debug, Default)]
pub(crate) struct Cell {
    value: AtomicU64,
    reported: AtomicU64,
}

impl Cell {
    pub(crate) fn add(&self, count: u64) {
        crate::histogram::add(&self.value, count);
    }

    pub(crate) fn total(&self) -> u64 {
        self.value.load(Ordering::Relaxed)
    }

    /// What was added since the last call. The reader only.
    pub(crate) fn take_delta(&self) -> u64 {
        let value = self.total();
        let delta = value.wrapping_sub(self.reported.load(Ordering::Relaxed));
        self.reported.store(value, Ordering::Relaxed);
        delta
    }
}

#[derive(Debug)]
pub(crate) struct RequestSeries {
    pub(crate) key: RequestKey,
    pub(crate) count: Cell,
    pub(crate) request_bytes: Cell,
    pub(crate) response_bytes: Cell,
    pub(crate) request_messages: Cell,
    pub(crate) response_messages: Cell,
    pub(crate) duration: Histogram,
}

impl RequestSeries {
    pub(crate) fn new(key: RequestKey) -> Self {
        Self {
            key,
            count: Cell::default(),
            request_bytes: Cell::default(),
            response_bytes: Cell::default(),
            request_messages: Cell::default(),
            response_messages: Cell::default(),
            duration: Histogram::new(),
        }
    }
}

/// What tells series of TCP connections apart.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) struct TcpKey {
    pub(crate) labels: LabelsId,
    pub(crate) flags: ResponseFlags,
}

#[derive(Debug)]
pub(crate) struct TcpSeries {
    pub(crate) key: TcpKey,
    pub(crate) opened: Cell,
    pub(crate) closed: Cell,
    pub(crate) received_bytes: Cell,
    pub(crate) sent_bytes: Cell,
}

impl TcpSeries {
    pub(crate) fn new(key: TcpKey) -> Self {
        Self {
            key,
            opened: Cell::default(),
            closed: Cell::default(),
            received_bytes: Cell::default(),
            sent_bytes: Cell::default(),
        }
    }
}

/// The series of one worker for a while. A table never shrinks; a worker whose table has grown large begins a new one, in
/// which only those series come into being that are still used.
#[derive(Debug)]
pub(crate) struct SeriesTable {
    pub(crate) requests: GrowingList<RequestSeries>,
    pub(crate) tcp: GrowingList<TcpSeries>,
}

impl SeriesTable {
    fn new() -> Self {
        let table = Self {
            requests: GrowingList::new(),
            tcp: GrowingList::new(),
        };
        // Place 0 is where requests go that have no room of their own.
        let _ = table.requests.push(RequestSeries::new(RequestKey::OTHER));
        let _ = table.tcp.push(TcpSeries::new(TcpKey {
            labels: LabelsId::OTHER,
            flags: ResponseFlags::NONE,
        }));
        table
    }

    /// Whether most of its room is taken.
    pub(crate) fn is_crowded(&self) -> bool {
        self.requests.len().max(self.tcp.len()) > CHUNK * CHUNKS / 2
    }
}

#[derive(Debug)]
struct Tables {
    current: Arc<SeriesTable>,
    /// What the worker has left; it writes nothing into them any more.
    sealed: Vec<Arc<SeriesTable>>,
}

/// Everything one worker writes.
#[derive(Debug)]
pub(crate) struct WorkerCells {
    /// Locked by the worker only to change its table.
    tables: Mutex<Tables>,
    /// How often the worker was asked for a new table. Written by the reporter.
    pub(crate) generation: AtomicU32,
    pub(crate) counters: [AtomicU64; Counter::COUNT],
    pub(crate) overflowed: Cell,
    pub(crate) dropped_logs: Cell,
    pub(crate) dropped_spans: Cell,
    pub(crate) samples: Ring,
    pub(crate) lines: OnceLock<Ring>,
    pub(crate) spans: Ring,
    /// Spans that go to a collector.
    pub(crate) exported: OnceLock<Ring>,
    /// Counts report intervals; the worker's budgets are for one of them. Written by the reporter.
    pub(crate) interval: AtomicU32,
}

impl WorkerCells {
    pub(crate) fn new() -> Self {
        Self {
            tables: Mutex::new(Tables {
                current: Arc::new(SeriesTable::new()),
                sealed: Vec::new(),
            }),
            generation: AtomicU32::new(0),
            counters: [const { AtomicU64::new(0) }; Counter::COUNT],
            overflowed: Cell::default(),
            dropped_logs: Cell::default(),
            dropped_spans: Cell::default(),
            samples: Ring::new(SAMPLE_RING_BYTES),
            lines: OnceLock::new(),
            spans: Ring::new(SAMPLE_RING_BYTES),
            exported: OnceLock::new(),
            interval: AtomicU32::new(0),
        }
    }

    /// The table that is written to.
    pub(crate) fn table(&self) -> Arc<SeriesTable> {
        let tables = self.tables.lock().unwrap_or_else(PoisonError::into_inner);
        Arc::clone(&tables.current)
    }

    /// Begins a new table. The worker only.
    pub(crate) fn renew_table(&self) -> Arc<SeriesTable> {
        let mut tables = self.tables.lock().unwrap_or_else(PoisonError::into_inner);
        let old = std::mem::replace(&mut tables.current, Arc::new(SeriesTable::new()));
        tables.sealed.push(old);
        Arc::clone(&tables.current)
    }

    /// The tables that the worker has left since the last call. The reader only.
    pub(crate) fn take_sealed(&self) -> Vec<Arc<SeriesTable>> {
        let mut tables = self.tables.lock().unwrap_or_else(PoisonError::into_inner);
        std::mem::take(&mut tables.sealed)
    }

    pub(crate) fn export_ring(&self) -> &Ring {
        self.exported.get_or_init(|| Ring::new(EXPORT_RING_BYTES))
    }

    pub(crate) fn line_ring(&self) -> &Ring {
        self.lines.get_or_init(|| Ring::new(LINE_RING_BYTES))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_list_grows_to_its_bound_and_keeps_its_order() {
        let list = GrowingList::new();
        for number in 0..CHUNK * CHUNKS {
            assert_eq!(list.push(number), Some(number as u32));
        }
        assert_eq!(list.push(0), None);
        assert!(list.iter().copied().eq(0..CHUNK * CHUNKS));
    }
}
