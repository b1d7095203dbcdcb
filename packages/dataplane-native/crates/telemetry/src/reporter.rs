//! The thread that reads what the workers write.

use std::io;
use std::sync::mpsc::{Receiver, RecvTimeoutError, Sender, SyncSender, channel, sync_channel};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread::{Builder, JoinHandle};
use std::time::{Duration, Instant};

use crate::clock::unix_micros;
use crate::collector::Collector;
use crate::{ExportSink, Telemetry};

/// How long a log line waits at most before it is written.
const LINE_LATENCY: Duration = Duration::from_millis(50);
/// How often rings are emptied where nobody asks for reports.
const IDLE_WAIT: Duration = Duration::from_secs(1);

/// Where encoded `ReportBatch` messages go. Called on the reporter's thread: it must not block.
pub type ReportSink = Box<dyn Fn(Vec<u8>) + Send>;

enum Command {
    Report(SyncSender<()>),
    Prometheus(SyncSender<String>),
    ReopenLogs,
    Stop,
}

/// The handle on the reporter's thread. Dropping it stops the thread after a last report.
#[derive(Debug)]
pub struct Reporter {
    commands: Sender<Command>,
    thread: Mutex<Option<JoinHandle<()>>>,
}

impl Reporter {
    /// Starts the thread. `interval` is the time between two batches; zero makes none but those asked for.
    /// `exports` takes spans for collectors.
    pub fn spawn(
        telemetry: Arc<Telemetry>,
        interval: Duration,
        sink: ReportSink,
        exports: ExportSink,
    ) -> io::Result<Self> {
        let (commands, received) = channel();
        let thread = Builder::new().name("telemetry".to_owned()).spawn(move || {
            let collector = Collector::new(telemetry, unix_micros() / 1000, exports);
            run(collector, interval, &sink, &received);
        })?;
        Ok(Self {
            commands,
            thread: Mutex::new(Some(thread)),
        })
    }

    /// Makes a report now, hands spans to their collectors without waiting for more, and waits until the sink has the
    /// report. Does nothing once stopped.
    pub fn report(&self) {
        let (done, wait) = sync_channel(1);
        if self.commands.send(Command::Report(done)).is_ok() {
            let _ = wait.recv();
        }
    }

    /// All counters in Prometheus' text format; empty once stopped.
    pub fn prometheus(&self) -> String {
        let (answer, wait) = sync_channel(1);
        match self.commands.send(Command::Prometheus(answer)) {
            Ok(()) => wait.recv().unwrap_or_default(),
            Err(_stopped) => String::new(),
        }
    }

    /// Opens log files anew, after they were moved away.
    pub fn reopen_logs(&self) {
        let _ = self.commands.send(Command::ReopenLogs);
    }

    /// Makes a last report, writes what is left of the logs and ends the thread. A second call does nothing.
    pub fn stop(&self) {
        let thread = self.thread.lock().unwrap_or_else(PoisonError::into_inner).take();
        if let Some(thread) = thread {
            let _ = self.commands.send(Command::Stop);
            let _ = thread.join();
        }
    }
}

impl Drop for Reporter {
    fn drop(&mut self) {
        self.stop();
    }
}

fn run(mut collector: Collector, interval: Duration, sink: &ReportSink, commands: &Receiver<Command>) {
    let mut last_report = Instant::now();
    let mut last_drain = Instant::now();
    let report = |collector: &mut Collector| {
        if let Some(batch) = collector.report(unix_micros() / 1000) {
            sink(batch);
        }
    };
    loop {
        let drain_interval = if collector.is_urgent() { LINE_LATENCY } else { IDLE_WAIT };
        // Looked at after every command too: somebody who asks all the time must not hold up the rest.
        if !interval.is_zero() && last_report.elapsed() >= interval {
            report(&mut collector);
            last_report = Instant::now();
            last_drain = last_report;
        } else if last_drain.elapsed() >= drain_interval {
            collector.drain();
            last_drain = Instant::now();
        }
        let mut wait = drain_interval.saturating_sub(last_drain.elapsed());
        if !interval.is_zero() {
            wait = wait.min(interval.saturating_sub(last_report.elapsed()));
        }
        match commands.recv_timeout(wait) {
            Ok(Command::Report(done)) => {
                collector.drain_all();
                report(&mut collector);
                last_report = Instant::now();
                let _ = done.send(());
            }
            Ok(Command::Prometheus(answer)) => {
                let _ = answer.send(collector.prometheus());
            }
            Ok(Command::ReopenLogs) => collector.reopen_logs(),
            Ok(Command::Stop) | Err(RecvTimeoutError::Disconnected) => {
                collector.drain_all();
                report(&mut collector);
                return;
            }
            Err(RecvTimeoutError::Timeout) => {}
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{AccessLog, LabelsId, LogFormat, RequestEnd, ResponseFlags, StringId, TelemetryOptions};

    fn end() -> RequestEnd {
        RequestEnd {
            labels: LabelsId::OTHER,
            route: StringId::EMPTY,
            cluster: StringId::EMPTY,
            stat_prefix: StringId::EMPTY,
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
        }
    }

    fn reporter(telemetry: &Arc<Telemetry>, interval: Duration) -> (Reporter, Receiver<Vec<u8>>) {
        let (sender, batches) = channel();
        let sink: ReportSink = Box::new(move |batch| sender.send(batch).expect("the test listens"));
        (
            Reporter::spawn(telemetry.clone(), interval, sink, Box::new(|_| true)).expect("thread"),
            batches,
        )
    }

    #[test]
    fn batches_come_at_the_interval_on_demand_and_at_the_end() {
        let telemetry = Telemetry::new(TelemetryOptions::default());
        let worker = telemetry.worker();
        let (reporter, batches) = reporter(&telemetry, Duration::from_millis(10));
        worker.record_request(&end());
        assert!(batches.recv_timeout(Duration::from_secs(5)).is_ok(), "at the interval");
        drop(reporter);

        let (reporter, batches) = self::reporter(&telemetry, Duration::ZERO);
        worker.record_request(&end());
        reporter.report();
        assert!(batches.try_recv().is_ok(), "on demand");
        worker.record_request(&end());
        reporter.stop();
        assert!(batches.try_recv().is_ok(), "at the end");
        assert_eq!(reporter.prometheus(), "");
    }

    #[test]
    fn log_lines_reach_their_file_without_a_report() {
        let folder = tempfile::tempdir().expect("folder");
        let path = folder.path().join("access.log");
        let telemetry = Telemetry::new(TelemetryOptions::default());
        let format = LogFormat::text("%RESPONSE_CODE%", false).expect("format");
        let target = telemetry
            .log_target(path.to_str().expect("path"), &format)
            .expect("target");
        let worker = telemetry.worker();
        let (reporter, _batches) = reporter(&telemetry, Duration::ZERO);
        for code in [200, 404] {
            let decision = worker.log_decision(false, target);
            worker.log(
                decision,
                &AccessLog {
                    response_code: code,
                    ..AccessLog::default()
                },
            );
        }
        reporter.stop();
        assert_eq!(std::fs::read_to_string(path).expect("file"), "200\n404\n");
    }

    #[test]
    fn who_asks_for_counters_all_the_time_does_not_hold_up_lines() {
        let folder = tempfile::tempdir().expect("folder");
        let path = folder.path().join("access.log");
        let telemetry = Telemetry::new(TelemetryOptions::default());
        let target = telemetry
            .log_target(path.to_str().expect("path"), &LogFormat::istio_text())
            .expect("target");
        let worker = telemetry.worker();
        let (reporter, _batches) = reporter(&telemetry, Duration::ZERO);
        worker.log(worker.log_decision(false, target), &AccessLog::default());
        let start = Instant::now();
        while !std::fs::read_to_string(&path).is_ok_and(|text| !text.is_empty()) {
            assert!(start.elapsed() < Duration::from_secs(20), "no line");
            reporter.prometheus();
        }
    }
}
