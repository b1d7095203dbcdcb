//! What identifies a series.

use std::collections::HashMap;
use std::sync::{Mutex, MutexGuard, PoisonError};

use crate::StringId;
use crate::interner::Interner;

/// Label sets a process keeps; requests of later ones are counted under `other`.
const MAX_LABEL_SETS: usize = 8192;

/// Which end of a request this proxy stands beside.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum ReporterSide {
    /// The client's.
    Source,
    /// The server's.
    Destination,
}

/// How the connection between the two proxies is protected.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub enum SecurityPolicy {
    /// Not known.
    #[default]
    Unknown,
    /// Plaintext, or TLS without an identity of the mesh.
    None,
    /// Mutual TLS.
    MutualTls,
}

/// The other end as far as it is known: for a source the endpoint's workload, for a destination the peer's certificate.
#[derive(Clone, Copy, Debug, Default)]
pub struct PeerNames<'a> {
    /// Workload name.
    pub workload: &'a str,
    /// Namespace.
    pub namespace: &'a str,
    /// Canonical service.
    pub service: &'a str,
    /// Canonical revision.
    pub version: &'a str,
    /// SPIFFE ID.
    pub principal: &'a str,
}

/// A label set by names, to be interned.
#[derive(Clone, Copy, Debug)]
pub struct LabelNames<'a> {
    /// Which end reports.
    pub reporter: ReporterSide,
    /// The other end.
    pub peer: PeerNames<'a>,
    /// Host name of the service that is called.
    pub destination_service: &'a str,
    /// Protection of the connection.
    pub security_policy: SecurityPolicy,
    /// `http`, `grpc` or `tcp`.
    pub protocol: &'a str,
}

/// A label set that was interned: what requests and connections are recorded under.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct LabelsId(pub(crate) u32);

impl LabelsId {
    /// What stands for label sets that had no room.
    pub const OTHER: Self = Self(0);
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) struct Labels {
    pub(crate) reporter: ReporterSide,
    pub(crate) peer_workload: StringId,
    pub(crate) peer_namespace: StringId,
    pub(crate) peer_service: StringId,
    pub(crate) peer_version: StringId,
    pub(crate) peer_principal: StringId,
    pub(crate) destination_service: StringId,
    pub(crate) security_policy: SecurityPolicy,
    pub(crate) protocol: StringId,
}

#[derive(Debug)]
pub(crate) struct LabelTable {
    tables: Mutex<Tables>,
}

#[derive(Debug, Default)]
struct Tables {
    ids: HashMap<Labels, LabelsId, foldhash::fast::RandomState>,
    sets: Vec<Labels>,
}

impl LabelTable {
    pub(crate) fn new() -> Self {
        let other = Labels {
            reporter: ReporterSide::Source,
            peer_workload: StringId::OTHER,
            peer_namespace: StringId::OTHER,
            peer_service: StringId::OTHER,
            peer_version: StringId::OTHER,
            peer_principal: StringId::OTHER,
            destination_service: StringId::OTHER,
            security_policy: SecurityPolicy::Unknown,
            protocol: StringId::OTHER,
        };
        let tables = Tables {
            sets: vec![other],
            ids: [(other, LabelsId::OTHER)].into_iter().collect(),
        };
        Self {
            tables: Mutex::new(tables),
        }
    }

    pub(crate) fn intern(&self, strings: &Interner, names: &LabelNames<'_>) -> LabelsId {
        let labels = Labels {
            reporter: names.reporter,
            peer_workload: strings.intern(names.peer.workload),
            peer_namespace: strings.intern(names.peer.namespace),
            peer_service: strings.intern(names.peer.service),
            peer_version: strings.intern(names.peer.version),
            peer_principal: strings.intern(names.peer.principal),
            destination_service: strings.intern(names.destination_service),
            security_policy: names.security_policy,
            protocol: strings.intern(names.protocol),
        };
        let mut tables = self.lock();
        if let Some(id) = tables.ids.get(&labels) {
            return *id;
        }
        if tables.sets.len() >= MAX_LABEL_SETS {
            return LabelsId::OTHER;
        }
        let id = LabelsId(tables.sets.len() as u32);
        tables.sets.push(labels);
        tables.ids.insert(labels, id);
        id
    }

    pub(crate) fn get(&self, id: LabelsId) -> Labels {
        let tables = self.lock();
        *tables.sets.get(id.0 as usize).unwrap_or(&tables.sets[0])
    }

    fn lock(&self) -> MutexGuard<'_, Tables> {
        // Nothing panics between the two pushes, so a poisoned table is whole.
        self.tables.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn names(service: &str) -> LabelNames<'_> {
        LabelNames {
            reporter: ReporterSide::Source,
            peer: PeerNames {
                workload: "reviews-v1",
                ..PeerNames::default()
            },
            destination_service: service,
            security_policy: SecurityPolicy::MutualTls,
            protocol: "http",
        }
    }

    #[test]
    fn the_table_is_bounded_and_says_other_beyond() {
        let (table, strings) = (LabelTable::new(), Interner::new());
        let first = table.intern(&strings, &names("reviews"));
        for number in 0..MAX_LABEL_SETS {
            table.intern(&strings, &names(&number.to_string()));
        }
        assert_eq!(table.intern(&strings, &names("reviews")), first);
        assert_eq!(table.intern(&strings, &names("one too many")), LabelsId::OTHER);
        assert_eq!(table.get(LabelsId::OTHER).destination_service, StringId::OTHER);
    }
}
