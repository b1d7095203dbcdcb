//! The opaque handle that JavaScript holds.

use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Weak};

use proxy::{Bootstrap, Proxy};

use crate::calls::CallThread;
use crate::errors::{Code, Failure, guarded};
use crate::events::Events;
use crate::filters::{self, Hangs};
use crate::memory;

/// A running proxy as JavaScript sees it.
#[allow(
    unreachable_pub,
    reason = "exported functions take it: napi's macros make them public"
)]
pub struct ProxyHandle {
    pub(crate) running: Arc<Running>,
    pub(crate) calls: CallThread,
}

/// What calls on other threads share.
pub(crate) struct Running {
    pub(crate) proxy: Proxy,
    pub(crate) events: Arc<Events>,
    pub(crate) hangs: Hangs,
    stopped: AtomicBool,
}

impl ProxyHandle {
    pub(crate) fn start(bootstrap_json: &str) -> Result<Self, Failure> {
        let bootstrap: Bootstrap = serde_json::from_str(bootstrap_json)
            .map_err(|error| Failure::new(Code::StartFailed, format!("the bootstrap cannot be read: {error}")))?;
        let bootstrap = Bootstrap {
            give_memory_back: Some(memory::give_back),
            spare_memory: Some(memory::spare),
            resident_bytes: Some(memory::resident_bytes),
            ..bootstrap
        };
        let events = Arc::new(Events::default());
        let sink_events = events.clone();
        let sink: proxy::ReportSink = Box::new(move |batch| sink_events.push(batch));
        let proxy = guarded(move || {
            Proxy::start(bootstrap, sink).map_err(|error| Failure::new(Code::StartFailed, error.to_string()))
        })?;
        let calls = CallThread::start()
            .map_err(|error| Failure::new(Code::StartFailed, format!("no thread for calls: {error}")))?;
        let running = Arc::new(Running {
            proxy,
            events,
            hangs: Hangs::default(),
            stopped: AtomicBool::new(false),
        });
        Ok(Self { running, calls })
    }

    /// A number by which other threads of the process find the proxy.
    pub(crate) fn number(&self) -> u32 {
        filters::register(&self.running)
    }

    /// For the end of the environment, which must not keep a proxy alive that JavaScript has let go of.
    pub(crate) fn weak(&self) -> Weak<Running> {
        Arc::downgrade(&self.running)
    }
}

impl Running {
    /// An error once [`stop`](Self::stop) was called.
    pub(crate) fn check(&self) -> Result<&Proxy, Failure> {
        if self.stopped.load(Ordering::Acquire) {
            Err(Failure::stopped())
        } else {
            Ok(&self.proxy)
        }
    }

    /// Stops all threads after a last report. A second call waits for the first and does nothing.
    pub(crate) fn stop(&self) {
        self.stopped.store(true, Ordering::Release);
        self.proxy.stop();
    }
}
