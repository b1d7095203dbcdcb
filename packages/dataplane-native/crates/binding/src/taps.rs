//! Recorded requests on their way to JavaScript.

use napi::bindgen_prelude::{Buffer, Function, Unknown};
use napi::threadsafe_function::{ThreadsafeFunction, ThreadsafeFunctionCallMode};
use napi::{Result, Status};

/// Unreferenced and bounded: a JavaScript thread that hangs costs traces, which are counted as dropped, and not memory.
type Listener = ThreadsafeFunction<Vec<u8>, Unknown<'static>, Buffer, Status, false, true, 256>;

/// What hands traces to `callback`.
pub(crate) fn sink(callback: &Function<'_, Buffer, Unknown<'static>>) -> Result<proxy::TraceSink> {
    let listener: Listener = callback
        .build_threadsafe_function::<Vec<u8>>()
        .weak::<true>()
        .max_queue_size::<256>()
        .build_callback(|call| Ok(Buffer::from(call.value)))?;
    Ok(Box::new(move |trace| {
        listener.call(trace, ThreadsafeFunctionCallMode::NonBlocking) == Status::Ok
    }))
}
