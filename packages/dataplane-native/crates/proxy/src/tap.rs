//! Recorded requests on their way to a file or to whoever has asked for them.
//!
//! Workers only record; a thread of its own, started with the first trace, writes. What waits for it is bounded, and
//! what does not fit is dropped and counted.

mod file;

use std::{
    collections::BTreeMap,
    path::{Path, PathBuf},
    sync::{
        Arc, Mutex, MutexGuard, PoisonError, Weak,
        atomic::{AtomicBool, AtomicU32, AtomicUsize, Ordering::Relaxed},
        mpsc::{self, SyncSender},
    },
    thread::JoinHandle,
};

use config::{Invalid, Tap, TapConfig, TapSink};
use filter::tap::Trace;
use serde::{Deserialize, Serialize};
use telemetry::{Counter, Telemetry};

/// Traces that wait to be written, and their memory.
const MAX_WAITING: usize = 256;
const MAX_WAITING_BYTES: usize = 16 * 1024 * 1024;
/// Files that one configuration may write.
const MAX_FILES: u32 = 10_000;
/// Operators that may ask at a time.
const MAX_OPERATORS: usize = 16;

/// What may be recorded, as the proxy's operator says.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct TapSettings {
    /// The folder below which configuration may have traces written; none: nowhere.
    pub directory: Option<PathBuf>,
    /// Files have the values of `authorization`, `proxy-authorization`, `cookie` and `set-cookie`. Default false.
    pub shows_secrets: bool,
}

/// Takes a trace as it is written. False: it was not taken. Called on a thread of the proxy: it must not block.
pub type TraceSink = Box<dyn Fn(Vec<u8>) -> bool + Send + Sync>;

/// What an operator wants to see.
pub struct TapRequest<'a> {
    /// The filters that are meant ([`EVERYTHING`]: all requests).
    pub config_id: &'a str,
    /// An encoded `envoy.config.tap.v3.TapConfig`.
    pub config: &'a [u8],
    /// Traces have the values of headers that are secret.
    pub shows_secrets: bool,
}

/// The name under which every HTTP request of the proxy can be asked for.
pub const EVERYTHING: &str = "fairlead";

/// A place where requests can be recorded.
#[derive(Default)]
pub(crate) struct Point {
    is_on: AtomicBool,
    session: Mutex<Option<Arc<Session>>>,
}

impl Point {
    /// Whether somebody wants to see its requests.
    pub(crate) fn is_on(&self) -> bool {
        self.is_on.load(Relaxed)
    }

    pub(crate) fn session(&self) -> Option<Arc<Session>> {
        self.is_on().then(|| lock(&self.session).clone())?
    }

    fn set(&self, session: Option<Arc<Session>>) {
        let mut current = lock(&self.session);
        self.is_on.store(session.is_some(), Relaxed);
        *current = session;
    }
}

/// What is recorded for somebody.
pub(crate) struct Session {
    config: TapConfig,
    shows_secrets: bool,
    destination: Destination,
}

enum Destination {
    /// Files with this prefix, as many as are left.
    Files(PathBuf, AtomicU32),
    Operator(TraceSink),
}

impl Session {
    pub(crate) fn config(&self) -> &TapConfig {
        &self.config
    }
}

/// All that is recorded.
pub(crate) struct Taps {
    /// For all HTTP requests.
    pub(crate) everything: Arc<Point>,
    settings: TapSettings,
    telemetry: Arc<Telemetry>,
    points: Mutex<BTreeMap<Arc<str>, Weak<Point>>>,
    operators: Mutex<BTreeMap<u32, Arc<Point>>>,
    next_operator: AtomicU32,
    writer: Mutex<Option<Writer>>,
    waiting_bytes: Arc<AtomicUsize>,
}

struct Writer {
    queue: SyncSender<(Arc<Session>, Trace, usize)>,
    thread: JoinHandle<()>,
}

impl Taps {
    pub(crate) fn new(settings: TapSettings, telemetry: Arc<Telemetry>) -> Self {
        Self {
            everything: Arc::default(),
            settings,
            telemetry,
            points: Mutex::default(),
            operators: Mutex::default(),
            next_operator: AtomicU32::new(1),
            writer: Mutex::default(),
            waiting_bytes: Arc::default(),
        }
    }

    /// The place of a filter.
    pub(crate) fn point(&self, tap: &Tap) -> Result<Arc<Point>, Invalid> {
        match tap {
            Tap::Always(config) => {
                let session = self
                    .session((**config).clone(), self.settings.shows_secrets, None)
                    .map_err(|error| Invalid::new(error).field("sink").field("always"))?;
                let point = Point::default();
                point.set(Some(Arc::new(session)));
                Ok(Arc::new(point))
            }
            Tap::OnDemand(id) => {
                let mut points = lock(&self.points);
                if let Some(point) = points.get(id).and_then(Weak::upgrade) {
                    return Ok(point);
                }
                points.retain(|_, point| point.strong_count() > 0);
                let point = Arc::default();
                points.insert(Arc::clone(id), Arc::downgrade(&point));
                Ok(point)
            }
        }
    }

    /// Begins to record for an operator, and answers by which number that is ended.
    pub(crate) fn start(&self, request: &TapRequest<'_>, sink: TraceSink) -> Result<u32, String> {
        let decoded = xds::decode_tap(request.config);
        let (config, _) = decoded.map_err(|errors| {
            let lines: Vec<String> = errors
                .iter()
                .map(|error| {
                    let place = if error.path.is_empty() { "" } else { ": " };
                    format!("{}{place}{}", error.path, error.message)
                })
                .collect();
            lines.join("; ")
        })?;
        let point = if request.config_id == EVERYTHING {
            Arc::clone(&self.everything)
        } else {
            let known = lock(&self.points).get(request.config_id).and_then(Weak::upgrade);
            known.ok_or_else(|| format!("no filter has the config_id {:?}", request.config_id))?
        };
        let session = self.session(config, request.shows_secrets, Some(sink))?;
        let mut operators = lock(&self.operators);
        if operators.len() == MAX_OPERATORS {
            return Err(format!("{MAX_OPERATORS} others are recording already"));
        }
        if point.is_on() {
            return Err(format!("somebody else is recording {:?} already", request.config_id));
        }
        let number = self.next_operator.fetch_add(1, Relaxed);
        point.set(Some(Arc::new(session)));
        operators.insert(number, point);
        Ok(number)
    }

    /// Ends what [`Taps::start`] began.
    pub(crate) fn end(&self, number: u32) {
        if let Some(point) = lock(&self.operators).remove(&number) {
            point.set(None);
        }
    }

    /// Hands a trace to the thread that writes. False: there are too many.
    pub(crate) fn hand_on(&self, session: &Arc<Session>, mut trace: Trace) -> bool {
        if !session.shows_secrets {
            trace.redact();
        }
        let size = trace.size();
        if self.waiting_bytes.fetch_add(size, Relaxed) + size > MAX_WAITING_BYTES {
            self.waiting_bytes.fetch_sub(size, Relaxed);
            return false;
        }
        let mut writer = lock(&self.writer);
        if writer.is_none() {
            *writer = self.spawn();
        }
        let sent = writer
            .as_ref()
            .is_some_and(|writer| writer.queue.try_send((Arc::clone(session), trace, size)).is_ok());
        if !sent {
            self.waiting_bytes.fetch_sub(size, Relaxed);
        }
        sent
    }

    /// Ends the thread once it has written what waits.
    pub(crate) fn stop(&self) {
        let writer = lock(&self.writer).take();
        for point in std::mem::take(&mut *lock(&self.operators)).into_values() {
            point.set(None);
        }
        if let Some(Writer { queue, thread }) = writer {
            drop(queue);
            let _ = thread.join();
        }
    }

    fn session(&self, config: TapConfig, shows_secrets: bool, sink: Option<TraceSink>) -> Result<Session, String> {
        let destination = match (&config.sink, sink) {
            (TapSink::FilePerTap(prefix), _) => {
                let directory = self.settings.directory.as_deref().ok_or_else(|| {
                    "writes files, and the proxy's settings allow no folder for them: set tap.directory".to_owned()
                })?;
                Destination::Files(file::place(directory, Path::new(&**prefix))?, AtomicU32::new(MAX_FILES))
            }
            (TapSink::Admin, Some(sink)) => Destination::Operator(sink),
            (TapSink::Admin, None) => return Err("goes to an operator, and none has asked".to_owned()),
        };
        Ok(Session {
            config,
            shows_secrets,
            destination,
        })
    }

    fn spawn(&self) -> Option<Writer> {
        let (queue, traces) = mpsc::sync_channel::<(Arc<Session>, Trace, usize)>(MAX_WAITING);
        let (telemetry, waiting) = (self.telemetry.worker(), Arc::clone(&self.waiting_bytes));
        let directory = self.settings.directory.clone();
        let write = move || {
            for (session, trace, size) in traces {
                let bytes = trace.write(session.config.format);
                waiting.fetch_sub(size, Relaxed);
                let is_taken = match &session.destination {
                    Destination::Operator(sink) => sink(bytes),
                    Destination::Files(prefix, left) => {
                        let has_room = left.fetch_update(Relaxed, Relaxed, |left| left.checked_sub(1)).is_ok();
                        let folder = directory.as_deref().filter(|_| has_room);
                        folder.is_some_and(|folder| file::write(folder, prefix, session.config.format, &bytes).is_ok())
                    }
                };
                telemetry.count(if is_taken {
                    Counter::TapTraces
                } else {
                    Counter::TapTracesDropped
                });
            }
        };
        let thread = std::thread::Builder::new().name("fairlead-tap".to_owned()).spawn(write);
        thread.ok().map(|thread| Writer { queue, thread })
    }
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    // Nothing panics while it is held, so what is inside is whole.
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
