//! Which requests are logged.

use config::{AccessLogFilter, Comparison, FractionalPercent};
use messages::envoy::config::accesslog::v3::{
    self as pb, access_log_filter::FilterSpecifier, comparison_filter::Op, grpc_status_filter::Status,
};

use crate::{context::Context, matcher, value::fraction};

/// Filters in filters.
const MAX_DEPTH: usize = 16;

/// A filter; none where it lets everything pass.
pub(crate) fn access_log_filter(cx: &mut Context, pb: pb::AccessLogFilter) -> Option<AccessLogFilter> {
    specifier(cx, pb, 0)
}

fn specifier(cx: &mut Context, pb: pb::AccessLogFilter, depth: usize) -> Option<AccessLogFilter> {
    if depth > MAX_DEPTH {
        cx.error(format!("filters are nested deeper than {MAX_DEPTH}"));
        return None;
    }
    let Some(filter) = pb.filter_specifier else {
        cx.error("is empty");
        return None;
    };
    Some(match filter {
        FilterSpecifier::StatusCodeFilter(filter) => {
            AccessLogFilter::StatusCode(comparison(cx, "statusCodeFilter", filter.comparison)?)
        }
        FilterSpecifier::DurationFilter(filter) => {
            AccessLogFilter::DurationMs(comparison(cx, "durationFilter", filter.comparison)?)
        }
        FilterSpecifier::NotHealthCheckFilter(_) => AccessLogFilter::NotHealthCheck,
        FilterSpecifier::TraceableFilter(_) => AccessLogFilter::Traceable,
        // There is no runtime: the key is not looked up. Without a share nothing is logged, as in Envoy.
        FilterSpecifier::RuntimeFilter(filter) => AccessLogFilter::Fraction {
            share: filter
                .percent_sampled
                .map_or_else(|| FractionalPercent::new(0, 100), fraction),
            independent: filter.use_independent_randomness,
        },
        FilterSpecifier::AndFilter(list) => AccessLogFilter::And(filters(cx, "andFilter", list.filters, depth)),
        FilterSpecifier::OrFilter(list) => AccessLogFilter::Or(filters(cx, "orFilter", list.filters, depth)),
        FilterSpecifier::HeaderFilter(filter) => {
            let header = cx.within("headerFilter", |cx| {
                let header = cx.required("header", filter.header)?;
                cx.within("header", |cx| matcher::header(cx, header))
            });
            AccessLogFilter::Header(header?)
        }
        FilterSpecifier::ResponseFlagFilter(filter) => {
            AccessLogFilter::ResponseFlags(filter.flags.into_iter().map(Into::into).collect())
        }
        FilterSpecifier::GrpcStatusFilter(filter) => grpc_status(cx, filter)?,
        FilterSpecifier::MetadataFilter(filter) => cx.within("metadataFilter", |cx| {
            let matcher = cx.required("matcher", filter.matcher)?;
            let matcher = cx.within("matcher", |cx| matcher::metadata(cx, matcher))?;
            Some(AccessLogFilter::Metadata {
                matcher,
                match_if_missing: filter.match_if_key_not_found.unwrap_or(true),
            })
        })?,
        FilterSpecifier::LogTypeFilter(_) => {
            cx.within("logTypeFilter", |cx| {
                cx.warn("has no effect in this proxy: an entry is written when a request or connection ends");
            });
            return None;
        }
        FilterSpecifier::ExtensionFilter(extension) => {
            cx.within("extensionFilter", |cx| {
                cx.warn(format!(
                    "{:?} has no effect in this proxy: what it would leave out is logged",
                    extension.name
                ));
            });
            return None;
        }
    })
}

/// What has no effect lets everything pass.
fn filters(cx: &mut Context, name: &str, list: Vec<pb::AccessLogFilter>, depth: usize) -> Vec<AccessLogFilter> {
    cx.within(name, |cx| {
        if list.len() < 2 {
            cx.within("filters", |cx| cx.error("needs two filters at least"));
        }
        cx.list("filters", list, |cx, filter| specifier(cx, filter, depth + 1))
            .into_iter()
            .map(|filter| filter.unwrap_or(AccessLogFilter::And(Vec::new())))
            .collect()
    })
}

fn comparison(cx: &mut Context, name: &str, pb: Option<pb::ComparisonFilter>) -> Option<Comparison> {
    cx.within(name, |cx| {
        let pb = cx.required("comparison", pb)?;
        let value = pb.value.as_ref().map_or(0, |value| u64::from(value.default_value));
        cx.within("comparison", |cx| match Op::try_from(pb.op) {
            Ok(Op::Eq) => Some(Comparison::Equal(value)),
            Ok(Op::Ge) => Some(Comparison::AtLeast(value)),
            Ok(Op::Le) => Some(Comparison::AtMost(value)),
            Ok(Op::Ne) => Some(Comparison::NotEqual(value)),
            Err(_) => {
                cx.error(format!("op {} is not known", pb.op));
                None
            }
        })
    })
}

fn grpc_status(cx: &mut Context, pb: pb::GrpcStatusFilter) -> Option<AccessLogFilter> {
    cx.within("grpcStatusFilter", |cx| {
        let mut statuses = Vec::new();
        for status in pb.statuses {
            let Ok(known) = Status::try_from(status) else {
                cx.within("statuses", |cx| cx.error(format!("{status} is no status of gRPC")));
                return None;
            };
            statuses.push(known as u16);
        }
        Some(AccessLogFilter::GrpcStatus {
            statuses,
            exclude: pb.exclude,
        })
    })
}
