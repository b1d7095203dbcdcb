//! Where log lines and entries go: files, and services.

use std::fs::{File, OpenOptions};
use std::io::{self, Write};
use std::os::unix::fs::MetadataExt;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use crate::capture::Captured;
use crate::codec::Decoder;
use crate::export::Export;
use crate::log_service::PendingEntries;
use crate::{AccessLog, LogFormat, LogService, Telemetry};

/// Different targets there can be.
const MAX_TARGETS: usize = 64;
/// How often it is looked whether a file was moved away.
const LOOK_INTERVAL: Duration = Duration::from_secs(1);

/// A set of log targets.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub struct LogTargets(u64);

impl LogTargets {
    /// No target.
    pub const NONE: Self = Self(0);

    /// Both sets together.
    #[must_use]
    pub fn with(self, other: Self) -> Self {
        Self(self.0 | other.0)
    }

    /// Whether there is none.
    pub fn is_empty(self) -> bool {
        self.0 == 0
    }

    /// Whether one of `other`'s targets is in the set.
    pub fn contains(self, other: Self) -> bool {
        self.0 & other.0 != 0
    }

    pub(crate) fn bits(self) -> u64 {
        self.0
    }

    pub(crate) fn from_bits(bits: u64) -> Self {
        Self(bits)
    }

    fn places(self) -> impl Iterator<Item = usize> {
        (0..MAX_TARGETS).filter(move |place| self.0 & 1 << place != 0)
    }
}

/// What configuration has named so far. Targets are never forgotten: a record in a ring may still mean one.
#[derive(Debug, Default)]
pub(crate) struct LogTargetTable(Mutex<Vec<Arc<TargetSpec>>>);

#[derive(Debug, PartialEq, Eq)]
enum TargetSpec {
    File(FileSpec),
    Service(LogService),
}

#[derive(Clone, Debug, PartialEq, Eq)]
struct FileSpec {
    path: String,
    format: LogFormat,
}

impl LogTargetTable {
    /// The target of a path and format, or none where there are too many.
    pub(crate) fn register(&self, path: &str, format: &LogFormat) -> Option<LogTargets> {
        self.place(TargetSpec::File(FileSpec {
            path: path.to_owned(),
            format: format.clone(),
        }))
    }

    /// The target of a service and its entries, or none where there are too many.
    pub(crate) fn register_service(&self, service: &LogService) -> Option<LogTargets> {
        self.place(TargetSpec::Service(service.clone()))
    }

    fn place(&self, spec: TargetSpec) -> Option<LogTargets> {
        let mut specs = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let place = specs.iter().position(|known| **known == spec).or_else(|| {
            if specs.len() == MAX_TARGETS {
                return None;
            }
            specs.push(Arc::new(spec));
            Some(specs.len() - 1)
        });
        place.map(|place| LogTargets(1 << place))
    }

    pub(crate) fn len(&self) -> usize {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).len()
    }

    fn get(&self, place: usize) -> Option<Arc<TargetSpec>> {
        self.0
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .get(place)
            .cloned()
    }
}

/// The writing end: open files and the lines gathered for them. Belongs to the thread that writes.
#[derive(Default)]
pub(crate) struct LogWriter {
    open: Vec<Option<OpenTarget>>,
}

struct OpenTarget {
    spec: Arc<TargetSpec>,
    open: Open,
}

enum Open {
    File(OpenFile),
    Service(PendingEntries),
}

struct OpenFile {
    output: Option<Output>,
    lines: String,
    looked_at: Instant,
}

enum Output {
    File(File),
    Stdout,
    Stderr,
}

impl LogWriter {
    /// Formats one entry for all of its targets. Batches for services that are full go to `sink`.
    pub(crate) fn add(
        &mut self,
        telemetry: &Telemetry,
        targets: LogTargets,
        log: &AccessLog<'_>,
        sink: &mut dyn FnMut(Export),
    ) {
        let mut captured = Decoder(log.captured);
        for place in targets.places() {
            if self.open.len() <= place {
                self.open.resize_with(place + 1, || None);
            }
            if self.open[place].is_none() {
                self.open[place] = telemetry.log_targets.get(place).map(OpenTarget::new);
            }
            if let Some(target) = &mut self.open[place] {
                target.add(telemetry, log, &mut captured, sink);
            }
        }
    }

    /// Writes what was gathered for files and hands on what services have waited for; `all`: everything. Answers how many
    /// lines could not be written.
    pub(crate) fn flush(&mut self, all: bool, sink: &mut dyn FnMut(Export)) -> u64 {
        let mut lost = 0;
        for target in self.open.iter_mut().flatten() {
            match (&mut target.open, &*target.spec) {
                (Open::File(file), TargetSpec::File(spec)) => lost += file.flush(&spec.path),
                (Open::Service(pending), TargetSpec::Service(service)) => pending.flush(service, all, sink),
                _ => {}
            }
        }
        lost
    }

    /// Opens files anew at the next line, after they were moved away.
    pub(crate) fn reopen(&mut self) {
        for target in self.open.iter_mut().flatten() {
            if let Open::File(file) = &mut target.open {
                file.output = None;
            }
        }
    }
}

impl OpenTarget {
    fn new(spec: Arc<TargetSpec>) -> Self {
        let open = match &*spec {
            TargetSpec::File(file) => Open::File(OpenFile {
                output: Output::open(&file.path).ok(),
                lines: String::new(),
                looked_at: Instant::now(),
            }),
            TargetSpec::Service(_) => Open::Service(PendingEntries::new()),
        };
        Self { spec, open }
    }

    fn add(
        &mut self,
        telemetry: &Telemetry,
        log: &AccessLog<'_>,
        captured: &mut Decoder<'_>,
        sink: &mut dyn FnMut(Export),
    ) {
        match (&mut self.open, &*self.spec) {
            (Open::File(file), TargetSpec::File(spec)) => {
                spec.format.write(log, captured.0, &telemetry.strings, &mut file.lines);
                // What follows belongs to the next target.
                for _ in spec.format.captures() {
                    if Captured::read(captured).is_none() {
                        break;
                    }
                }
            }
            (Open::Service(pending), TargetSpec::Service(service)) => {
                pending.add(service, telemetry, log, captured, sink);
            }
            _ => {}
        }
    }
}

impl OpenFile {
    fn flush(&mut self, path: &str) -> u64 {
        if self.lines.is_empty() {
            return 0;
        }
        if self.looked_at.elapsed() >= LOOK_INTERVAL {
            self.looked_at = Instant::now();
            if self.output.as_ref().is_some_and(|output| output.was_moved(path)) {
                self.output = None;
            }
        }
        if self.output.is_none() {
            self.output = Output::open(path).ok();
        }
        let written = self
            .output
            .as_mut()
            .is_some_and(|output| output.write(self.lines.as_bytes()).is_ok());
        let lost = if written {
            0
        } else {
            self.lines.bytes().filter(|byte| *byte == b'\n').count() as u64
        };
        self.lines.clear();
        // A burst must not keep its memory for ever.
        self.lines.shrink_to(64 * 1024);
        lost
    }
}

impl Output {
    fn open(path: &str) -> io::Result<Self> {
        match path {
            "/dev/stdout" => Ok(Self::Stdout),
            "/dev/stderr" => Ok(Self::Stderr),
            path => OpenOptions::new().create(true).append(true).open(path).map(Self::File),
        }
    }

    /// Whether the path is another file now, or none: what a rotation of logs leaves.
    fn was_moved(&self, path: &str) -> bool {
        let Self::File(file) = self else { return false };
        let place = |metadata: &std::fs::Metadata| (metadata.dev(), metadata.ino());
        match (file.metadata(), std::fs::metadata(path)) {
            (Ok(open), Ok(named)) => place(&open) != place(&named),
            (_, Err(_)) => true,
            (Err(_), _) => false,
        }
    }

    fn write(&mut self, bytes: &[u8]) -> io::Result<()> {
        match self {
            Self::File(file) => file.write_all(bytes),
            Self::Stdout => io::stdout().lock().write_all(bytes).and_then(|()| io::stdout().flush()),
            Self::Stderr => io::stderr().lock().write_all(bytes),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::CaptureWriter;

    fn text(format: &str) -> LogFormat {
        LogFormat::text(format, false).expect("format")
    }

    fn write(writer: &mut LogWriter, telemetry: &Telemetry, targets: LogTargets, log: &AccessLog<'_>) -> u64 {
        writer.add(telemetry, targets, log, &mut |_| {});
        writer.flush(false, &mut |_| {})
    }

    fn telemetry() -> Arc<Telemetry> {
        Telemetry::new(crate::TelemetryOptions::default())
    }

    #[test]
    fn a_path_and_format_has_one_target() {
        let table = LogTargetTable::default();
        let first = table.register("/a", &LogFormat::istio_text());
        assert_eq!(table.register("/a", &LogFormat::istio_text()), first);
        assert_ne!(table.register("/a", &LogFormat::istio_json()), first);
        for number in 0..MAX_TARGETS {
            table.register(&number.to_string(), &LogFormat::istio_text());
        }
        assert_eq!(table.register("one too many", &LogFormat::istio_text()), None);
    }

    #[test]
    fn lines_are_appended_to_the_file_and_losses_counted() {
        let folder = tempfile::tempdir().expect("folder");
        let path = folder.path().join("access.log");
        let telemetry = telemetry();
        let table = &telemetry.log_targets;
        let good = table
            .register(path.to_str().expect("path"), &text("one"))
            .expect("target");
        let bad = table
            .register("/nonexistent/folder/access.log", &text("one"))
            .expect("target");
        let mut writer = LogWriter::default();
        let lost = write(&mut writer, &telemetry, good.with(bad), &AccessLog::default());
        assert_eq!(lost, 1);
        assert_eq!(std::fs::read_to_string(path).expect("file"), "one\n");
    }

    #[test]
    fn every_target_gets_its_own_captured_values() {
        let folder = tempfile::tempdir().expect("folder");
        let telemetry = telemetry();
        let table = &telemetry.log_targets;
        let paths = ["one", "two"].map(|name| folder.path().join(name));
        let formats = [text("%REQ(a)% %REQ(b)%"), text("%REQ(c)%")];
        let targets = [0, 1].map(|at| {
            table
                .register(paths[at].to_str().expect("path"), &formats[at])
                .expect("target")
        });
        let mut captured = Vec::new();
        for value in ["1", "2", "3"] {
            CaptureWriter(&mut captured).text(Some(value.as_bytes()));
        }
        let log = AccessLog {
            captured: &captured,
            ..AccessLog::default()
        };
        write(&mut LogWriter::default(), &telemetry, targets[0].with(targets[1]), &log);
        let lines = paths.map(|path| std::fs::read_to_string(path).expect("file"));
        assert_eq!(lines, ["1 2\n", "3\n"]);
    }

    #[test]
    fn a_file_that_was_moved_away_is_opened_anew() {
        let folder = tempfile::tempdir().expect("folder");
        let path = folder.path().join("access.log");
        let telemetry = telemetry();
        let table = &telemetry.log_targets;
        let target = table
            .register(path.to_str().expect("path"), &text("line"))
            .expect("target");
        let mut writer = LogWriter::default();
        write(&mut writer, &telemetry, target, &AccessLog::default());
        std::fs::rename(&path, folder.path().join("access.log.1")).expect("moved");
        // As if the interval had passed.
        for target in writer.open.iter_mut().flatten() {
            if let Open::File(file) = &mut target.open {
                file.looked_at = Instant::now().checked_sub(LOOK_INTERVAL).expect("a while ago");
            }
        }
        write(&mut writer, &telemetry, target, &AccessLog::default());
        assert_eq!(std::fs::read_to_string(path).expect("file"), "line\n");
    }
}
