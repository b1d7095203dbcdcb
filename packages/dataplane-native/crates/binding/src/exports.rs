//! The functions of the addon. `BOUNDARY.md` lists them with their rules.
// The macro wants them public and hands arguments over by value; their readers are in JavaScript.
#![allow(unreachable_pub, clippy::needless_pass_by_value)]

use std::time::Duration;

use napi::bindgen_prelude::{Buffer, BufferSlice, External, Function, Object, Unknown};
use napi::{Env, Error, Result};
use napi_derive::napi;

use crate::calls::call_aside;
use crate::errors::{Code, Failure, guarded};
use crate::filters::{self, FilterPlace};
use crate::handle::ProxyHandle;
use crate::taps;

/// One xDS resource as it came from the wire.
#[napi(object)]
pub struct ResourceUpsert {
    /// Name as the server sent it.
    pub name: String,
    /// The server's version of it.
    pub version: String,
    /// The encoded message: the value of the `Any`.
    pub bytes: Buffer,
}

/// What is wrong with a resource.
#[napi(object)]
pub struct Problem {
    /// `error`: not used, its last good version keeps serving. `warning`: used, but a part has no effect.
    #[napi(ts_type = "'error' | 'warning'")]
    pub severity: String,
    /// Type URL, or `listener`, `cluster` … for static configuration.
    pub resource_type: String,
    /// Name of the resource.
    pub name: String,
    /// Path of the field; empty for the whole resource.
    pub path: String,
    /// What is wrong and what to do.
    pub message: String,
}

/// Threads of the JavaScript engine that help the one of JavaScript, collecting garbage first of all, as V8's platform in Node names them.
const HELPERS: [&str; 1] = ["V8Worker"];

/// The calling thread gives way to those that serve, wherever they want the same CPU, and so do its helpers and the threads that it starts from now on. There is
/// no way back. False where the system does not let it.
#[napi(catch_unwind)]
pub fn give_way() -> bool {
    proxy::give_way(&HELPERS).is_ok()
}

/// What was built.
#[napi(object)]
pub struct BuildInfo {
    /// Version of the engine.
    pub version: String,
    /// `release` or `debug`.
    pub profile: String,
    /// Architecture and operating system, e.g. `x86_64-linux`.
    pub target: String,
}

/// Starts the engine's threads. Nothing listens before the first configuration. `bootstrapJson` is `proxy::Bootstrap`.
/// Throws `start-failed`.
#[napi(catch_unwind)]
pub fn create_proxy(env: Env, bootstrap_json: String) -> Result<External<ProxyHandle>, Code> {
    let handle = ProxyHandle::start(&bootstrap_json).map_err(Failure::into_thrown)?;
    let running = handle.weak();
    env.add_env_cleanup_hook(running, |running| {
        if let Some(running) = running.upgrade() {
            running.events.close();
            running.hangs.close();
            let _ = guarded(|| {
                running.stop();
                Ok(())
            });
        }
    })
    .map_err(|error| Error::new(Code::StartFailed, error.reason.clone()))?;
    Ok(External::new(handle))
}

/// Applies one xDS response; in state-of-the-world mode the caller computes what was removed. Calls take effect in the
/// order they are made.
#[napi(ts_return_type = "Promise<Array<Problem>>")]
pub fn apply_xds(
    env: Env,
    proxy: &External<ProxyHandle>,
    type_url: String,
    upserts: Vec<ResourceUpsert>,
    removed: Vec<String>,
) -> Result<Object<'static>> {
    // Copied here: the bytes belong to JavaScript, which may change them after the call.
    let upserts: Vec<proxy::Upsert> = upserts
        .into_iter()
        .map(|upsert| proxy::Upsert {
            name: upsert.name,
            version: upsert.version,
            bytes: upsert.bytes.to_vec(),
        })
        .collect();
    let running = proxy.running.clone();
    proxy.calls.enqueue(&env, move || {
        Ok(to_problems(running.check()?.apply_xds(&type_url, upserts, removed)))
    })
}

/// Replaces the static configuration (`config::Config` as JSON). With an `error` among the answers nothing is changed.
#[napi(ts_return_type = "Promise<Array<Problem>>")]
pub fn apply_config(env: Env, proxy: &External<ProxyHandle>, json: String) -> Result<Object<'static>> {
    let running = proxy.running.clone();
    proxy
        .calls
        .enqueue(&env, move || Ok(to_problems(running.check()?.apply_config(&json))))
}

/// Refuses new connections and waits for requests in flight, at most `deadlineMs`; `inboundOnly` leaves the
/// application's own calls alone. False where some were left.
#[napi(ts_return_type = "Promise<boolean>")]
pub fn drain(env: Env, proxy: &External<ProxyHandle>, deadline_ms: u32, inbound_only: bool) -> Result<Object<'static>> {
    let running = proxy.running.clone();
    let deadline = Duration::from_millis(u64::from(deadline_ms));
    call_aside(&env, move || Ok(running.check()?.drain(deadline, inbound_only)))
}

/// Ends all threads after a last report, which the listener has seen when the promise resolves. Idempotent.
#[napi(ts_return_type = "Promise<void>")]
pub fn stop(env: Env, proxy: &External<ProxyHandle>) -> Result<Object<'static>> {
    let running = proxy.running.clone();
    call_aside(&env, move || {
        running.stop();
        running.events.wait_until_delivered();
        running.events.close();
        running.hangs.close();
        Ok(())
    })
}

/// Counters in Prometheus' text format.
#[napi(ts_return_type = "Promise<string>")]
pub fn read_stats(env: Env, proxy: &External<ProxyHandle>) -> Result<Object<'static>> {
    let running = proxy.running.clone();
    proxy
        .calls
        .enqueue(&env, move || Ok(running.check()?.stats_prometheus()))
}

/// Opens the files of access logs anew at their next line, after they were moved away.
#[napi(ts_return_type = "Promise<void>")]
pub fn reopen_logs(env: Env, proxy: &External<ProxyHandle>) -> Result<Object<'static>> {
    let running = proxy.running.clone();
    proxy.calls.enqueue(&env, move || {
        running.check()?.reopen_logs();
        Ok(())
    })
}

/// Calls `listener` with each report batch (an encoded `fairlead.telemetry.v1.ReportBatch`). It replaces the listener
/// before and does not keep the process alive.
#[napi(ts_args_type = "proxy: ExternalObject<ProxyHandle>, listener: (batch: Buffer) => void")]
pub fn on_events(proxy: &External<ProxyHandle>, listener: Function<'_, Buffer, Unknown<'static>>) -> Result<()> {
    proxy.running.events.listen(&listener)
}

/// Reports now; when the promise resolves the listener has seen the batch.
#[napi(ts_return_type = "Promise<void>")]
pub fn flush_report(env: Env, proxy: &External<ProxyHandle>) -> Result<Object<'static>> {
    let running = proxy.running.clone();
    proxy.calls.enqueue(&env, move || {
        running.check()?.flush_report();
        running.events.wait_until_delivered();
        Ok(())
    })
}

/// Says what would happen to a request: JSON in, JSON out. Rejects with `cannot-explain`.
#[napi(ts_return_type = "Promise<string>")]
pub fn explain(env: Env, proxy: &External<ProxyHandle>, request_json: String) -> Result<Object<'static>> {
    let running = proxy.running.clone();
    proxy.calls.enqueue(&env, move || {
        running
            .check()?
            .explain(&request_json)
            .map_err(|why| Failure::new(Code::CannotExplain, why))
    })
}

/// What runs, as JSON, without private keys.
#[napi(ts_return_type = "Promise<string>")]
pub fn dump_config(env: Env, proxy: &External<ProxyHandle>) -> Result<Object<'static>> {
    let running = proxy.running.clone();
    proxy.calls.enqueue(&env, move || Ok(running.check()?.dump_config()))
}

/// True once a listener accepts traffic and none waits for routes or secrets; false once stopped.
#[napi(catch_unwind)]
pub fn is_ready(proxy: &External<ProxyHandle>) -> bool {
    proxy.running.check().is_ok_and(proxy::Proxy::is_ready)
}

/// True once another process has taken over the listening sockets (`handoverPath` of the bootstrap): nothing new comes,
/// and a drain waits for what is left, connections that are idle included.
#[napi(catch_unwind)]
pub fn is_handed_over(proxy: &External<ProxyHandle>) -> bool {
    proxy.running.check().is_ok_and(proxy::Proxy::is_handed_over)
}

/// A number by which threads of this process that run filters find the proxy (`attachFilterThread`).
#[napi(catch_unwind)]
pub fn proxy_number(proxy: &External<ProxyHandle>) -> u32 {
    proxy.number()
}

/// Calls `listener` with the number of each thread that runs filters and does not take its questions any more.
#[napi(ts_args_type = "proxy: ExternalObject<ProxyHandle>, listener: (thread: number) => void")]
pub fn on_filter_thread_hang(
    proxy: &External<ProxyHandle>,
    listener: Function<'_, u32, Unknown<'static>>,
) -> Result<()> {
    proxy.running.hangs.listen(&listener)
}

/// On a worker thread of Node's: takes part in the proxy of that number as its thread `thread`. `wake` is called when there
/// are questions to take. Throws `stopped`.
#[napi(ts_args_type = "proxy: number, thread: number, wake: () => void")]
pub fn attach_filter_thread(
    env: Env,
    proxy: u32,
    thread: u32,
    wake: Function<'_, (), Unknown<'static>>,
) -> Result<External<FilterPlace>, Code> {
    let internal = |error: &Error| Error::new(Code::Internal, error.reason.clone());
    let place = filters::attach(proxy, thread, &wake)
        .map_err(|error| internal(&error))?
        .map_err(Failure::into_thrown)?;
    // The thread may end in the middle of a question: then nobody may wait for it.
    let attached = std::sync::Arc::downgrade(&place.attached);
    env.add_env_cleanup_hook(attached, |attached| {
        if let Some(attached) = attached.upgrade() {
            attached
                .lock()
                .unwrap_or_else(std::sync::PoisonError::into_inner)
                .take();
        }
    })
    .map_err(|error| internal(&error))?;
    Ok(External::new(place))
}

/// The questions since the last call, one frame behind the other; empty if there are none.
#[napi(ts_return_type = "Buffer")]
pub fn take_filter_questions<'env>(env: &'env Env, place: &External<FilterPlace>) -> Result<BufferSlice<'env>> {
    // A copy: a buffer over memory of ours has to be given back by a call, which costs more than the few kilobytes of a batch.
    BufferSlice::copy_from(env, place.take())
}

/// Answers to questions: each behind the number of its call and its length.
#[napi(catch_unwind)]
pub fn answer_filter_questions(place: &External<FilterPlace>, batch: Buffer) {
    place.answer(&batch);
}

/// What is to be recorded, and how it is shown.
#[napi(object)]
pub struct TapRequest {
    /// The filters that are meant; `fairlead` is every HTTP request of the proxy.
    pub config_id: String,
    /// An encoded `envoy.config.tap.v3.TapConfig`.
    pub config: Buffer,
    /// Traces have the values of headers that are secret.
    pub shows_secrets: bool,
}

/// Calls `listener` with each trace, as the configuration says that it is written, until `endTap` is called with the number
/// that this answers. It does not keep the process alive. Throws `cannot-tap`, `stopped`.
#[napi(ts_args_type = "proxy: ExternalObject<ProxyHandle>, request: TapRequest, listener: (trace: Buffer) => void")]
pub fn start_tap(
    proxy: &External<ProxyHandle>,
    request: TapRequest,
    listener: Function<'_, Buffer, Unknown<'static>>,
) -> Result<u32, Code> {
    let sink = taps::sink(&listener).map_err(|error| Error::new(Code::Internal, error.reason.clone()))?;
    let asked = proxy::TapRequest {
        config_id: &request.config_id,
        config: &request.config,
        shows_secrets: request.shows_secrets,
    };
    guarded(|| {
        let running = proxy.running.check()?;
        running
            .start_tap(&asked, sink)
            .map_err(|why| Failure::new(Code::CannotTap, why))
    })
    .map_err(Failure::into_thrown)
}

/// Ends what `startTap` began.
#[napi(catch_unwind)]
pub fn end_tap(proxy: &External<ProxyHandle>, number: u32) {
    if let Ok(running) = proxy.running.check() {
        running.end_tap(number);
    }
}

/// What was built.
#[napi]
pub fn build_info() -> BuildInfo {
    BuildInfo {
        version: env!("CARGO_PKG_VERSION").to_owned(),
        profile: if cfg!(debug_assertions) { "debug" } else { "release" }.to_owned(),
        target: format!("{}-{}", std::env::consts::ARCH, std::env::consts::OS),
    }
}

fn to_problems(problems: Vec<proxy::Problem>) -> Vec<Problem> {
    problems
        .into_iter()
        .map(|problem| Problem {
            severity: match problem.severity {
                proxy::Severity::Error => "error".to_owned(),
                proxy::Severity::Warning => "warning".to_owned(),
            },
            resource_type: problem.resource_type,
            name: problem.name,
            path: problem.path,
            message: problem.message,
        })
        .collect()
}
