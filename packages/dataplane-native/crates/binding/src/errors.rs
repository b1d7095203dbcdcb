//! What JavaScript catches.

use std::any::Any;
use std::panic::{AssertUnwindSafe, catch_unwind};

use napi::bindgen_prelude::{JsObjectValue, JsValue};
use napi::{Env, Error, Status};

/// The `code` of an error. They are part of the boundary: programs tell errors apart by them.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Code {
    /// The bootstrap cannot be read, or the engine could not start.
    StartFailed,
    /// The proxy was stopped before.
    Stopped,
    /// The engine cannot say what would happen to the request.
    CannotExplain,
    /// What is to be recorded cannot be, or somebody else records it.
    CannotTap,
    /// A bug, e.g. a panic that was caught.
    Internal,
}

impl AsRef<str> for Code {
    fn as_ref(&self) -> &str {
        match self {
            Self::StartFailed => "start-failed",
            Self::Stopped => "stopped",
            Self::CannotExplain => "cannot-explain",
            Self::CannotTap => "cannot-tap",
            Self::Internal => "internal",
        }
    }
}

/// A failure on its way to JavaScript.
#[derive(Debug)]
pub(crate) struct Failure {
    pub(crate) code: Code,
    pub(crate) message: String,
}

impl Failure {
    pub(crate) fn new(code: Code, message: impl Into<String>) -> Self {
        Self {
            code,
            message: message.into(),
        }
    }

    pub(crate) fn stopped() -> Self {
        Self::new(Code::Stopped, "the proxy was stopped")
    }

    /// For functions that throw.
    pub(crate) fn into_thrown(self) -> Error<Code> {
        Error::new(self.code, self.message)
    }

    /// For promises that are rejected. napi's own errors carry napi's codes only, so the object is made here.
    pub(crate) fn into_rejection(self, env: Env) -> Error {
        let plain = || Error::new(Status::GenericFailure, self.message.clone());
        let made = env.create_error(plain()).and_then(|mut object| {
            object.set_named_property("code", self.code.as_ref())?;
            Ok(Error::from(object.to_unknown()))
        });
        made.unwrap_or_else(|_| plain())
    }
}

/// Runs engine code so that a panic becomes a failure instead of the end of the process.
pub(crate) fn guarded<T>(call: impl FnOnce() -> Result<T, Failure>) -> Result<T, Failure> {
    // What a panic left half-done belongs to the engine, which isolates its threads; nothing of ours is shared with it.
    catch_unwind(AssertUnwindSafe(call)).unwrap_or_else(|panic| {
        Err(Failure::new(
            Code::Internal,
            format!("the engine panicked: {}", panic_message(panic.as_ref())),
        ))
    })
}

fn panic_message(panic: &(dyn Any + Send)) -> &str {
    let text = panic.downcast_ref::<&str>().copied();
    text.or_else(|| panic.downcast_ref::<String>().map(String::as_str))
        .unwrap_or("without a message")
}
