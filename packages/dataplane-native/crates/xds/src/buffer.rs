//! Requests that are held until they are complete.

use config::{BufferLimit, FilterOverride};
use messages::{envoy::extensions::filters::http::buffer::v3 as pb, google::protobuf::Any};

use crate::context::Context;

/// The HTTP filter.
pub(crate) fn buffer(cx: &mut Context, any: &Any) -> Option<BufferLimit> {
    let pb: pb::Buffer = cx.unpack(any)?;
    limit(cx, pb)
}

/// A route's own.
pub(crate) fn per_route(cx: &mut Context, any: &Any) -> Option<FilterOverride> {
    use pb::buffer_per_route::Override;
    let pb: pb::BufferPerRoute = cx.unpack(any)?;
    match pb.r#override {
        Some(Override::Disabled(true)) => Some(FilterOverride::Disabled),
        Some(Override::Buffer(buffer)) => cx.within("buffer", |cx| limit(cx, buffer)).map(FilterOverride::Buffer),
        Some(Override::Disabled(false)) | None => {
            cx.error("has neither \"disabled\": true nor buffer");
            None
        }
    }
}

fn limit(cx: &mut Context, pb: pb::Buffer) -> Option<BufferLimit> {
    let max_request_bytes = cx.required("maxRequestBytes", pb.max_request_bytes)?;
    if max_request_bytes == 0 {
        cx.within("maxRequestBytes", |cx| cx.error("is 0; it has to be at least 1"));
        return None;
    }
    Some(BufferLimit { max_request_bytes })
}
