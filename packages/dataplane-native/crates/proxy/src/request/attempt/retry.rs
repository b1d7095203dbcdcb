//! Whether and when there is another attempt.

use std::time::Duration;

use config::{RetryOn, RetryPolicy};
use http::{Buffer, Known, RequestView, ResponseView};

use super::Deadlines;
use crate::{
    error::{Failure, RetryClass},
    request::{Call, Scratch, View, wait},
    timer::Timer,
    wire::Wire,
};

/// Attempts after failures that cannot have reached the application, where no policy says how many.
const SAFE_RETRIES: u32 = 2;

/// How often a request has been tried again.
pub(super) struct Retries<'s> {
    pub(super) policy: Option<&'s RetryPolicy>,
    pub(super) made: u32,
    pub(super) safe_made: u32,
}

impl Retries<'_> {
    /// Whether there is another attempt beside one that is late; counts it if so. As in Envoy, any policy that retries will do.
    pub(super) fn allows_hedge(&mut self) -> bool {
        let is_left = self.policy.is_some_and(|policy| self.made < policy.num_retries);
        self.made += u32::from(is_left);
        is_left
    }

    /// Whether there is another attempt after this failure; counts it if so.
    pub(super) fn allows(&mut self, failure: Failure, call: &Call<'_>, buffer: &Buffer, scratch: &Scratch) -> bool {
        if !scratch.outgoing.is_replayable() {
            return false;
        }
        let is_safe = failure.retry_class() == RetryClass::NeverReached;
        let by_policy = self.policy.is_some_and(|policy| {
            let conditions = conditions(failure, scratch.outgoing.has_written());
            self.made < policy.num_retries
                && policy.retry_on.has(conditions)
                && is_for(policy, call, buffer, scratch)
                && (is_safe || !policy.only_safe || is_repeatable(buffer, scratch))
        });
        if by_policy {
            self.made += 1;
            return true;
        }
        // What cannot have reached the application is tried again whatever the policy says.
        if is_safe
            && self.made + self.safe_made
                < self
                    .policy
                    .map_or(SAFE_RETRIES, |policy| policy.num_retries.max(SAFE_RETRIES))
        {
            self.safe_made += 1;
            return true;
        }
        false
    }
}

/// Whether what the application may have taken is sent once more, as far as the request decides that.
pub(super) fn may_repeat(policy: &RetryPolicy, call: &Call<'_>, buffer: &Buffer, scratch: &Scratch) -> bool {
    is_for(policy, call, buffer, scratch) && (!policy.only_safe || is_repeatable(buffer, scratch))
}

/// Whether a request that is taken twice does what it does once: by its method (RFC 9110 §9.2.2), or because its sender
/// has given it a key by which the application tells repetitions (`idempotency-key`).
pub(super) fn is_repeatable(buffer: &Buffer, scratch: &Scratch) -> bool {
    scratch.request.method.is_idempotent() || {
        let head = RequestView::new(&scratch.request, buffer.filled());
        scratch
            .edits
            .get(head.buffer(), head.fields(), "idempotency-key")
            .is_some_and(|key| !key.is_empty())
    }
}

/// Whether the policy is one for this request.
fn is_for(policy: &RetryPolicy, call: &Call<'_>, buffer: &Buffer, scratch: &Scratch) -> bool {
    let headers = &policy.retriable_request_headers;
    headers.is_empty() || {
        let view = View::new(call, buffer, scratch);
        headers.iter().any(|header| header.matches(&view))
    }
}

/// The conditions of `x-envoy-retry-on` that a failure is.
fn conditions(failure: Failure, has_written: bool) -> RetryOn {
    let server_errors = RetryOn::STATUS_5XX.union(RetryOn::GATEWAY_ERROR);
    match failure {
        Failure::ConnectFailure | Failure::TlsFailure => {
            server_errors.union(RetryOn::CONNECT_FAILURE).union(RetryOn::RESET)
        }
        Failure::ConnectTimeout => server_errors.union(RetryOn::CONNECT_FAILURE).union(RetryOn::RESET),
        Failure::ClosedBeforeResponse | Failure::UpstreamProtocol | Failure::StaleConnection => {
            let reset = server_errors.union(RetryOn::RESET);
            if has_written {
                reset
            } else {
                reset.union(RetryOn::RESET_BEFORE_REQUEST)
            }
        }
        Failure::PerTryTimeout | Failure::UpstreamReset => server_errors.union(RetryOn::RESET),
        Failure::StreamRefused => server_errors.union(RetryOn::RESET).union(RetryOn::REFUSED_STREAM),
        _ => RetryOn::default(),
    }
}

pub(super) fn is_retriable_status(policy: &RetryPolicy, response: ResponseView<'_>, status: u16) -> bool {
    let on = policy.retry_on;
    let grpc = || {
        let status: u16 = std::str::from_utf8(response.known(Known::GrpcStatus)?)
            .ok()?
            .parse()
            .ok()?;
        Some(match status {
            1 => RetryOn::GRPC_CANCELLED,
            4 => RetryOn::GRPC_DEADLINE_EXCEEDED,
            8 => RetryOn::GRPC_RESOURCE_EXHAUSTED,
            13 => RetryOn::GRPC_INTERNAL,
            14 => RetryOn::GRPC_UNAVAILABLE,
            _ => RetryOn::default(),
        })
    };
    (status >= 500 && on.has(RetryOn::STATUS_5XX))
        || ((502..=504).contains(&status) && on.has(RetryOn::GATEWAY_ERROR))
        || (status == 409 && on.has(RetryOn::RETRIABLE_4XX))
        || (on.has(RetryOn::RETRIABLE_STATUS_CODES) && policy.retriable_status_codes.contains(&status))
        || (on.has(RetryOn::ENVOY_RATELIMITED) && response.header("x-envoy-ratelimited").is_some())
        || (on.has(RetryOn::RETRIABLE_HEADERS)
            && policy
                .retriable_headers
                .iter()
                .any(|matcher| matcher.matches(&ResponseFields(response))))
        || grpc().is_some_and(|condition| on.has(condition))
}

/// A response's fields, for matchers that are written for requests.
struct ResponseFields<'a>(ResponseView<'a>);

impl config::RequestView for ResponseFields<'_> {
    fn method(&self) -> &[u8] {
        b""
    }

    fn path(&self) -> &[u8] {
        b""
    }

    fn authority(&self) -> &[u8] {
        b""
    }

    fn scheme(&self) -> &[u8] {
        b""
    }

    fn header_at(&self, name: &config::HeaderName, nth: usize) -> Option<&[u8]> {
        self.0.fields().get_all(self.0.buffer(), name.as_str()).nth(nth)
    }
}

pub(super) async fn back_off(
    retries: &Retries<'_>,
    timer: &Timer,
    wire: &mut Wire,
    buffer: &mut Buffer,
    scratch: &Scratch,
    deadlines: &Deadlines,
) -> Result<(), ()> {
    // The first safe retry goes to another endpoint at once.
    if retries.made == 0 && retries.safe_made <= 1 {
        return Ok(());
    }
    let backoff = retries.policy.map(|policy| policy.backoff).unwrap_or_default();
    let interval_ms = backoff.interval_ms(retries.made + retries.safe_made, fastrand::u64(..));
    if interval_ms == 0 {
        return Ok(());
    }
    let result = wait(timer, Duration::from_millis(interval_ms), wire, buffer, scratch).await;
    deadlines.arm(timer);
    result
}
