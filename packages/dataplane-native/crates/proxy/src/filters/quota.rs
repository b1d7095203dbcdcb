//! Quotas that a service has assigned.

use std::{borrow::Cow, net::IpAddr, sync::Arc};

use config::{HeaderName, MatchInput, MatchTree, MatchValues, QuotaBucket, QuotaDenial, RequestView};
use filter::quota::QuotaDomain;
use telemetry::ResponseFlags;

use super::{FilterContext, Outcome, plain};
use crate::request::{Body, Reply};

pub(super) fn check<V: RequestView>(
    buckets: &MatchTree<Arc<QuotaBucket>>,
    domain: &QuotaDomain,
    context: &FilterContext<'_, V>,
) -> Outcome {
    let values = Values(context);
    let Some(bucket) = buckets.find(&values) else {
        return Outcome::Continue;
    };
    if domain.admits(bucket, &values, context.shared.now_us()) {
        return Outcome::Continue;
    }
    let content_type = context.view.header(&HeaderName::from_static("content-type"));
    let is_grpc = content_type.is_some_and(|value| value.starts_with(b"application/grpc"));
    Outcome::Reply(refusal(&bucket.denial, is_grpc))
}

fn refusal(denial: &QuotaDenial, is_grpc: bool) -> Reply {
    let mut reply = Reply {
        flags: ResponseFlags::RATE_LIMITED,
        body: Body::Bytes(denial.body.to_vec()),
        ..Reply::status(denial.status, "rate_limited_by_quota")
    };
    for header in &denial.headers {
        let line = [header.name.as_str().as_bytes(), b": ", &plain(&header.value), b"\r\n"];
        reply.fields.extend(line.concat());
    }
    if let Some((status, message)) = denial.grpc_status.as_ref().filter(|_| is_grpc) {
        let message: String = message.chars().filter(|letter| matches!(letter, ' '..='~')).collect();
        let fields = format!("content-type: application/grpc\r\ngrpc-status: {status}\r\ngrpc-message: {message}\r\n");
        reply.fields.extend_from_slice(fields.as_bytes());
        reply.body = Body::Static("");
        reply.status = 200;
        reply.grpc_status = Some(*status);
        reply.is_grpc = true;
    }
    reply
}

/// What buckets are told by.
struct Values<'a, 'b, V>(&'a FilterContext<'b, V>);

impl<V: RequestView> MatchValues for Values<'_, '_, V> {
    fn value(&self, input: &MatchInput) -> Option<Cow<'_, [u8]>> {
        let text = match input {
            MatchInput::Header(name) => return self.0.view.value(name),
            MatchInput::SourceIp => self.0.remote?.ip().to_string(),
            MatchInput::SourcePort => self.0.remote?.port().to_string(),
            MatchInput::DestinationIp => self.0.facts.destination?.ip().to_string(),
            MatchInput::DestinationPort => self.0.facts.destination?.port().to_string(),
        };
        Some(Cow::Owned(text.into_bytes()))
    }

    fn address(&self, input: &MatchInput) -> Option<IpAddr> {
        match input {
            MatchInput::SourceIp => self.0.remote.map(|address| address.ip()),
            MatchInput::DestinationIp => self.0.facts.destination.map(|address| address.ip()),
            _ => None,
        }
    }
}
