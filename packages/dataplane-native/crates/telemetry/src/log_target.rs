//! Files that log lines go to.

use std::fs::{File, OpenOptions};
use std::io::{self, Write};
use std::os::unix::fs::MetadataExt;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use crate::capture::Captured;
use crate::codec::Decoder;
use crate::interner::Interner;
use crate::{AccessLog, LogFormat};

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
pub(crate) struct TargetSpec {
    path: String,
    format: LogFormat,
}

impl LogTargetTable {
    /// The target of a path and format, or none where there are too many.
    pub(crate) fn register(&self, path: &str, format: &LogFormat) -> Option<LogTargets> {
        let mut specs = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let place = specs
            .iter()
            .position(|spec| spec.path == path && spec.format == *format)
            .or_else(|| {
                if specs.len() == MAX_TARGETS {
                    return None;
                }
                specs.push(Arc::new(TargetSpec {
                    path: path.to_owned(),
                    format: format.clone(),
                }));
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
    /// Formats one entry for all of its targets.
    pub(crate) fn add(&mut self, table: &LogTargetTable, targets: LogTargets, log: &AccessLog<'_>, strings: &Interner) {
        let mut captured = Decoder(log.captured);
        for place in targets.places() {
            if self.open.len() <= place {
                self.open.resize_with(place + 1, || None);
            }
            if self.open[place].is_none() {
                self.open[place] = table.get(place).map(OpenTarget::new);
            }
            if let Some(target) = &mut self.open[place] {
                let format = &target.spec.format;
                format.write(log, captured.0, strings, &mut target.lines);
                // What follows belongs to the next target.
                for _ in format.captures() {
                    if Captured::read(&mut captured).is_none() {
                        break;
                    }
                }
            }
        }
    }

    /// Writes what was gathered; answers how many lines could not be written.
    pub(crate) fn flush(&mut self) -> u64 {
        self.open.iter_mut().flatten().map(OpenTarget::flush).sum()
    }

    /// Opens files anew at the next line, after they were moved away.
    pub(crate) fn reopen(&mut self) {
        self.open.clear();
    }
}

impl OpenTarget {
    fn new(spec: Arc<TargetSpec>) -> Self {
        let output = Output::open(&spec.path).ok();
        Self {
            spec,
            output,
            lines: String::new(),
            looked_at: Instant::now(),
        }
    }

    fn flush(&mut self) -> u64 {
        if self.lines.is_empty() {
            return 0;
        }
        if self.looked_at.elapsed() >= LOOK_INTERVAL {
            self.looked_at = Instant::now();
            if self
                .output
                .as_ref()
                .is_some_and(|output| output.was_moved(&self.spec.path))
            {
                self.output = None;
            }
        }
        if self.output.is_none() {
            self.output = Output::open(&self.spec.path).ok();
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

    fn write(writer: &mut LogWriter, table: &LogTargetTable, targets: LogTargets, log: &AccessLog<'_>) -> u64 {
        writer.add(table, targets, log, &Interner::new());
        writer.flush()
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
        let table = LogTargetTable::default();
        let good = table
            .register(path.to_str().expect("path"), &text("one"))
            .expect("target");
        let bad = table
            .register("/nonexistent/folder/access.log", &text("one"))
            .expect("target");
        let mut writer = LogWriter::default();
        let lost = write(&mut writer, &table, good.with(bad), &AccessLog::default());
        assert_eq!(lost, 1);
        assert_eq!(std::fs::read_to_string(path).expect("file"), "one\n");
    }

    #[test]
    fn every_target_gets_its_own_captured_values() {
        let folder = tempfile::tempdir().expect("folder");
        let table = LogTargetTable::default();
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
        write(&mut LogWriter::default(), &table, targets[0].with(targets[1]), &log);
        let lines = paths.map(|path| std::fs::read_to_string(path).expect("file"));
        assert_eq!(lines, ["1 2\n", "3\n"]);
    }

    #[test]
    fn a_file_that_was_moved_away_is_opened_anew() {
        let folder = tempfile::tempdir().expect("folder");
        let path = folder.path().join("access.log");
        let table = LogTargetTable::default();
        let target = table
            .register(path.to_str().expect("path"), &text("line"))
            .expect("target");
        let mut writer = LogWriter::default();
        write(&mut writer, &table, target, &AccessLog::default());
        std::fs::rename(&path, folder.path().join("access.log.1")).expect("moved");
        // As if the interval had passed.
        for target in writer.open.iter_mut().flatten() {
            target.looked_at = Instant::now().checked_sub(LOOK_INTERVAL).expect("a while ago");
        }
        write(&mut writer, &table, target, &AccessLog::default());
        assert_eq!(std::fs::read_to_string(path).expect("file"), "line\n");
    }
}
