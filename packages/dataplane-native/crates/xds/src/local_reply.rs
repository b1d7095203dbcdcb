//! Answers that the proxy makes itself.

use config::{AccessLogFilter, BodyFormat, LocalReplies, ReplyMapper};
use messages::envoy::{
    config::core::v3::{DataSource, SubstitutionFormatString},
    extensions::filters::network::http_connection_manager::v3 as pb,
};

use crate::{
    access_log,
    context::Context,
    value::{Source, data_source, header_set},
};

pub(crate) fn local_replies(cx: &mut Context, pb: pb::LocalReplyConfig) -> LocalReplies {
    LocalReplies {
        mappers: cx.list("mappers", pb.mappers, mapper).into_iter().flatten().collect(),
        format: body_format(cx, "bodyFormat", pb.body_format),
    }
}

fn mapper(cx: &mut Context, pb: pb::ResponseMapper) -> Option<ReplyMapper> {
    let filter = cx.required("filter", pb.filter);
    let filter = filter.map(|filter| {
        let filter = cx.within("filter", |cx| access_log::filter::access_log_filter(cx, filter));
        // None lets everything pass.
        filter.unwrap_or_else(|| AccessLogFilter::And(Vec::new()))
    });
    let status = pb.status_code.and_then(|code| {
        let status = u16::try_from(code).ok().filter(|status| (200..600).contains(status));
        if status.is_none() {
            cx.within("statusCode", |cx| {
                cx.error(format!("{code} is not a status from 200 to 599"));
            });
        }
        status
    });
    let headers = cx.list("headersToAdd", pb.headers_to_add, header_set);
    Some(ReplyMapper {
        status,
        body: pb
            .body
            .and_then(|source| cx.within("body", |cx| text(cx, source)))
            .map(Into::into),
        format: body_format(cx, "bodyFormatOverride", pb.body_format_override),
        headers: headers.into_iter().flatten().collect(),
        filter: filter?,
    })
}

fn text(cx: &mut Context, source: DataSource) -> Option<String> {
    let bytes = match data_source(cx, source)? {
        Source::Inline(bytes) => bytes,
        Source::File(path) => {
            cx.check(std::fs::read(&*path).map_err(|error| format!("file {path:?} cannot be read: {error}")))?
        }
    };
    cx.check(String::from_utf8(bytes).map_err(|_| "is not UTF-8"))
}

fn body_format(cx: &mut Context, name: &str, pb: Option<SubstitutionFormatString>) -> Option<BodyFormat> {
    let pb = pb?;
    cx.within(name, |cx| {
        let is_clean = |byte: u8| byte == b'\t' || (b' '..=b'~').contains(&byte);
        if !pb.content_type.bytes().all(is_clean) {
            cx.within("contentType", |cx| {
                cx.error(format!("{:?} is not a content type", pb.content_type));
            });
        }
        if pb.format.is_none() {
            cx.error("has none of textFormat, textFormatSource and jsonFormat");
        }
        Some(BodyFormat {
            format: access_log::shape(cx, pb.format),
            content_type: pb.content_type.into(),
            omit_empty_values: pb.omit_empty_values,
        })
    })
}
