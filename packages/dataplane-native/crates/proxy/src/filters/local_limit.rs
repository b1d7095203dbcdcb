//! Rates that this proxy counts itself.

use config::{LocalRateLimit, RequestView};
use filter::rate_limit::{self, Bucket, LimitDecision};
use telemetry::ResponseFlags;

use super::{Effects, FilterContext, Outcome, plain};
use crate::request::{Body, Reply};

pub(super) fn limit<V: RequestView>(
    settings: &LocalRateLimit,
    bucket: Option<&Bucket>,
    context: &FilterContext<'_, V>,
    effects: &mut Effects,
) -> Outcome {
    let of_route = || context.routes.and_then(|routes| routes.bucket(settings));
    let Some(bucket) = bucket.or_else(of_route) else {
        return Outcome::Continue;
    };
    let now_us = context.shared.now_us();
    match rate_limit::decide(settings, bucket, context.random.rotate_left(16), now_us) {
        LimitDecision::Pass => Outcome::Continue,
        LimitDecision::Mark => {
            for header in &settings.marking_headers {
                effects.set.push((header.name.clone(), plain(&header.value)));
            }
            Outcome::Continue
        }
        LimitDecision::Refuse => {
            let mut reply = Reply {
                flags: ResponseFlags::RATE_LIMITED,
                body: Body::Static("local_rate_limited"),
                ..Reply::status(settings.status, "local_rate_limited")
            };
            reply.fields.extend_from_slice(b"x-envoy-ratelimited: true\r\n");
            for header in &settings.response_headers {
                let line = [header.name.as_str().as_bytes(), b": ", &plain(&header.value), b"\r\n"];
                reply.fields.extend(line.concat());
            }
            Outcome::Reply(reply)
        }
    }
}
