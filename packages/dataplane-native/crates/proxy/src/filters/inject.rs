//! Faults that are injected.

use std::{sync::atomic::Ordering::Relaxed, time::Duration};

use config::RequestView;
use filter::fault::{self, Abort};
use telemetry::ResponseFlags;

use super::{FilterContext, Outcome};
use crate::request::{Body, Reply};

pub(super) fn inject<V: RequestView>(
    settings: &config::Fault,
    context: &FilterContext<'_, V>,
    is_delayed: bool,
) -> Outcome {
    let cluster = context.choice.name(context.view).unwrap_or_default();
    let active = context.shared.active_faults.load(Relaxed);
    let decision = fault::decide(settings, context.view, cluster, context.random, active);
    if let Some(delay) = decision.delay_ms.filter(|_| !is_delayed) {
        return Outcome::Delay(Duration::from_millis(delay));
    }
    let Some(abort) = decision.abort else {
        return Outcome::Continue;
    };
    let (status, fields) = match abort {
        Abort::Http(status) => (status, Vec::new()),
        Abort::Grpc(status) => (
            200,
            format!("content-type: application/grpc\r\ngrpc-status: {status}\r\n").into_bytes(),
        ),
    };
    let is_grpc = matches!(abort, Abort::Grpc(_));
    Outcome::Reply(Reply {
        flags: ResponseFlags::FAULT_INJECTED,
        body: Body::Static(if is_grpc { "" } else { "fault filter abort" }),
        fields,
        ..Reply::status(status, "fault_filter_abort")
    })
}
