//! Requests that come from other origins.

use config::{CorsPolicy, RequestView};
use filter::cors::{self, CorsDecision};
use route::{ClusterChoice, Found};

use super::{Effective, Effects, FilterContext, HttpFilters, Outcome, effective};
use crate::request::Reply;

pub(super) fn share<V: RequestView>(
    policy: &CorsPolicy,
    context: &FilterContext<'_, V>,
    effects: &mut Effects,
) -> Outcome {
    let decision = cors::decide(policy, context.view);
    let mut reply = Reply::status(200, "direct_response");
    match decision {
        CorsDecision::Forward => return Outcome::Continue,
        CorsDecision::ForwardAndMark => {
            effects.is_marked = true;
            return Outcome::Continue;
        }
        CorsDecision::AnswerPreflight => {
            let origin = cors::origin(context.view).unwrap_or_default();
            cors::preflight_headers(policy, origin, |name, value| {
                reply.fields.extend_from_slice(name.as_bytes());
                reply.fields.extend_from_slice(b": ");
                reply.fields.extend_from_slice(value);
                reply.fields.extend_from_slice(b"\r\n");
            });
        }
        CorsDecision::RefusePreflight => {}
    }
    Outcome::Reply(reply)
}

/// The policy for requests from other origins of a route.
pub(crate) fn cors_policy<'a>(
    filters: &'a HttpFilters,
    found: Found<'a>,
    choice: ClusterChoice<'a>,
) -> Option<&'a CorsPolicy> {
    filters
        .list
        .iter()
        .find_map(|filter| match effective(filter, Some(found), choice) {
            Effective::Cors(policy) => Some(policy),
            _ => None,
        })
}
