//! Calls that take a while: made on threads of ours in the order they came, answered by promises.

use std::sync::mpsc::{Receiver, Sender, channel};
use std::thread::Builder;
use std::time::Duration;

use napi::bindgen_prelude::{JsValue, Object, ToNapiValue};
use napi::{Env, JsDeferred, Result};

use crate::errors::{Code, Failure, guarded};
use crate::memory;

/// After so long without a call what the calls took for themselves is given back.
const QUIET: Duration = Duration::from_secs(1);

type Job = Box<dyn FnOnce() + Send>;
type Resolver<T> = Box<dyn FnOnce(Env) -> Result<T> + Send>;

/// A thread that makes one call after the other, so that configuration is applied in the order it was given.
pub(crate) struct CallThread {
    jobs: Sender<Job>,
}

impl CallThread {
    pub(crate) fn start() -> std::io::Result<Self> {
        let (jobs, received) = channel::<Job>();
        Builder::new()
            .name("fairlead-calls".to_owned())
            .stack_size(512 * 1024)
            .spawn(move || {
                // Requests come first. Where that is not allowed they share.
                let _ = proxy::give_way(&[]);
                run(&received);
            })?;
        Ok(Self { jobs })
    }

    /// Makes a call after those before it.
    pub(crate) fn enqueue<T: ToNapiValue + Send + 'static>(
        &self,
        env: &Env,
        call: impl FnOnce() -> std::result::Result<T, Failure> + Send + 'static,
    ) -> Result<Object<'static>> {
        let (deferred, promise) = env.create_deferred::<T, Resolver<T>>()?;
        let promise = Object::from_raw(env.raw(), promise.raw());
        if let Err(unsent) = self.jobs.send(Box::new(move || settle(deferred, guarded(call)))) {
            // The thread could not go on: better late and here than a promise that hangs.
            unsent.0();
        }
        Ok(promise)
    }
}

/// Ends when the handle is dropped, after what was asked for.
fn run(jobs: &Receiver<Job>) {
    while let Ok(first) = jobs.recv() {
        let mut next = Some(first);
        while let Some(job) = next {
            job();
            next = jobs.recv_timeout(QUIET).ok();
        }
        memory::give_back();
    }
}

/// Makes a call on a thread of its own, for those that wait for traffic.
pub(crate) fn call_aside<T: ToNapiValue + Send + 'static>(
    env: &Env,
    call: impl FnOnce() -> std::result::Result<T, Failure> + Send + 'static,
) -> Result<Object<'static>> {
    let (deferred, promise) = env.create_deferred::<T, Resolver<T>>()?;
    let promise = Object::from_raw(env.raw(), promise.raw());
    Builder::new()
        .name("fairlead-wait".to_owned())
        .stack_size(512 * 1024)
        .spawn(move || settle(deferred, guarded(call)))
        .map_err(|error| {
            Failure::new(Code::Internal, format!("no thread for the call: {error}")).into_rejection(*env)
        })?;
    Ok(promise)
}

fn settle<T: ToNapiValue + Send + 'static>(
    deferred: JsDeferred<T, Resolver<T>>,
    outcome: std::result::Result<T, Failure>,
) {
    deferred.resolve(Box::new(move |env| {
        outcome.map_err(|failure| failure.into_rejection(env))
    }));
}
