//! The control thread: the one place that changes configuration.

use std::time::Duration;

use crate::{Bootstrap, Problem, ReportSink, StartError, Upsert};

/// The handle on the control thread.
pub(crate) struct Control {
    bootstrap: Bootstrap,
    sink: ReportSink,
}

impl Control {
    pub(crate) fn start(bootstrap: Bootstrap, sink: ReportSink) -> Result<Self, StartError> {
        Ok(Self { bootstrap, sink })
    }

    pub(crate) fn apply_xds(&self, _type_url: &str, _upserts: Vec<Upsert>, _removed: Vec<String>) -> Vec<Problem> {
        Vec::new()
    }

    pub(crate) fn apply_config(&self, _json: &str) -> Vec<Problem> {
        Vec::new()
    }

    pub(crate) fn drain(&self, _deadline: Duration, _inbound_only: bool) -> bool {
        true
    }

    pub(crate) fn stop(&self) {
        let _ = self.bootstrap.workers;
    }

    pub(crate) fn stats_prometheus(&self) -> String {
        String::new()
    }

    pub(crate) fn explain(&self, _json: &str) -> Result<String, String> {
        Err("nothing is configured".to_owned())
    }

    pub(crate) fn dump_config(&self) -> String {
        "{}".to_owned()
    }

    pub(crate) fn flush_report(&self) {
        (self.sink)(Vec::new());
    }

    pub(crate) fn is_ready(&self) -> bool {
        false
    }
}
