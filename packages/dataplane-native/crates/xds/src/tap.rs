//! Recording of requests.

use config::{BodyPattern, BodyPatterns, FractionalPercent, Invalid, Tap, TapConfig, TapFormat, TapPredicate, TapSink};
use messages::{
    envoy::{
        config::{
            common::matcher::v3::{
                self as matcher, http_generic_body_match::generic_text_match::Rule as Pattern, match_predicate::Rule,
            },
            tap::v3::{self as pb, output_sink::OutputSinkType},
        },
        extensions::{common::tap::v3::common_extension_config::ConfigType, filters::http::tap::v3 as http},
    },
    google::protobuf::Any,
};

use crate::{context::Context, matcher::headers, message, value::runtime_fraction};

/// The deepest that conditions are followed; what is deeper is refused.
const MAX_DEPTH: usize = 16;

pub(crate) fn filter(cx: &mut Context, any: &Any) -> Option<Tap> {
    let pb: http::Tap = cx.unpack(any)?;
    cx.no_effect("recordHeadersReceivedTime", pb.record_headers_received_time);
    cx.no_effect("recordDownstreamConnection", pb.record_downstream_connection);
    cx.no_effect("recordUpstreamConnection", pb.record_upstream_connection);
    let config = cx.required("commonConfig", pb.common_config)?;
    let tap = cx.within("commonConfig", |cx| match config.config_type {
        Some(ConfigType::AdminConfig(admin)) => {
            if admin.config_id.is_empty() {
                cx.within("adminConfig", |cx| {
                    cx.within("configId", |cx| cx.error("is empty"));
                });
            }
            Some(Tap::OnDemand(admin.config_id.into()))
        }
        Some(ConfigType::StaticConfig(config)) => {
            let config = cx.within("staticConfig", |cx| tap_config(cx, config))?;
            if config.sink == TapSink::Admin {
                cx.within("staticConfig", |cx| {
                    cx.error("writes to the admin endpoint, which has not asked for it: write to filePerTap");
                });
                return None;
            }
            Some(Tap::Always(Box::new(config)))
        }
        None => {
            cx.error("has no configuration: write adminConfig or staticConfig");
            None
        }
    })?;
    if let Err(invalid) = tap.check() {
        cx.error(invalid.to_string());
    }
    Some(tap)
}

/// What an operator asks for at the admin endpoint, as an encoded `envoy.config.tap.v3.TapConfig`.
pub(crate) fn of_operator(bytes: &[u8]) -> Result<(TapConfig, Vec<Invalid>), Vec<Invalid>> {
    let mut cx = Context::default();
    let config = message(&mut cx, bytes).and_then(|pb| tap_config(&mut cx, pb));
    if let Some(Err(invalid)) = config.as_ref().map(TapConfig::check) {
        cx.error(invalid.to_string());
    }
    let (errors, warnings) = cx.finish("tap", "");
    match config {
        Some(config) if errors.is_empty() => Ok((config, warnings)),
        _ => Err(errors),
    }
}

fn tap_config(cx: &mut Context, pb: pb::TapConfig) -> Option<TapConfig> {
    cx.unsupported("matchConfig", pb.match_config.is_some());
    let predicate = cx
        .required("match", pb.r#match)
        .and_then(|pb| cx.within("match", |cx| predicate(cx, pb, MAX_DEPTH)));
    let output = cx.required("outputConfig", pb.output_config)?;
    let (sink, format) = cx.within("outputConfig", |cx| sink(cx, &output))?;
    let enabled = pb.tap_enabled.and_then(|share| runtime_fraction(Some(share)));
    let bytes = |given: Option<u32>| given.unwrap_or(TapConfig::DEFAULT_BODY_BYTES);
    Some(TapConfig {
        matches: predicate?,
        enabled: enabled.unwrap_or(FractionalPercent::ALL),
        max_request_bytes: bytes(output.max_buffered_rx_bytes),
        max_response_bytes: bytes(output.max_buffered_tx_bytes),
        sink,
        format,
    })
}

fn sink(cx: &mut Context, output: &pb::OutputConfig) -> Option<(TapSink, TapFormat)> {
    if output.streaming {
        cx.within("streaming", |cx| {
            cx.error("is not supported: every trace is written as a whole once its request has ended; remove it");
        });
    }
    let [pb] = &output.sinks[..] else {
        cx.within("sinks", |cx| {
            cx.error(format!("has {} entries, and needs one", output.sinks.len()))
        });
        return None;
    };
    cx.within("sinks[0]", |cx| {
        let format = match pb::output_sink::Format::try_from(pb.format) {
            Ok(pb::output_sink::Format::JsonBodyAsBytes) => TapFormat::JsonBodyAsBytes,
            Ok(pb::output_sink::Format::JsonBodyAsString) => TapFormat::JsonBodyAsString,
            Ok(pb::output_sink::Format::ProtoBinary) => TapFormat::ProtoBinary,
            Ok(pb::output_sink::Format::ProtoBinaryLengthDelimited) => TapFormat::ProtoBinaryLengthDelimited,
            Ok(pb::output_sink::Format::ProtoText) => TapFormat::ProtoText,
            Err(_) => {
                cx.within("format", |cx| cx.error(format!("{} is no format", pb.format)));
                return None;
            }
        };
        let sink = match &pb.output_sink_type {
            // Whether they are handed on one by one or together is the admin endpoint's business.
            Some(OutputSinkType::StreamingAdmin(_) | OutputSinkType::BufferedAdmin(_)) => TapSink::Admin,
            Some(OutputSinkType::FilePerTap(file)) => TapSink::FilePerTap(file.path_prefix.as_str().into()),
            Some(OutputSinkType::StreamingGrpc(_)) => {
                cx.unsupported("streamingGrpc", true);
                return None;
            }
            Some(OutputSinkType::CustomSink(_)) => {
                cx.unsupported("customSink", true);
                return None;
            }
            None => {
                cx.error("goes nowhere: write filePerTap, or streamingAdmin at the admin endpoint");
                return None;
            }
        };
        Some((sink, format))
    })
}

fn predicate(cx: &mut Context, pb: matcher::MatchPredicate, depth: usize) -> Option<TapPredicate> {
    let Some(depth) = depth.checked_sub(1) else {
        cx.error(format!("has conditions deeper than {MAX_DEPTH} inside each other"));
        return None;
    };
    let all = |cx: &mut Context, name: &str, pb: matcher::HttpHeadersMatch| {
        cx.within(name, |cx| headers(cx, "headers", pb.headers))
    };
    Some(match pb.rule {
        Some(Rule::AnyMatch(true)) => TapPredicate::Any,
        Some(Rule::AnyMatch(false)) => {
            cx.within("anyMatch", |cx| cx.error("is false: write true, or notMatch"));
            return None;
        }
        Some(Rule::AndMatch(set)) => TapPredicate::And(rules(cx, "andMatch", set, depth)?),
        Some(Rule::OrMatch(set)) => TapPredicate::Or(rules(cx, "orMatch", set, depth)?),
        Some(Rule::NotMatch(rule)) => {
            TapPredicate::Not(Box::new(cx.within("notMatch", |cx| predicate(cx, *rule, depth))?))
        }
        Some(Rule::HttpRequestHeadersMatch(pb)) => TapPredicate::RequestHeaders(all(cx, "httpRequestHeadersMatch", pb)),
        Some(Rule::HttpRequestTrailersMatch(pb)) => {
            TapPredicate::RequestTrailers(all(cx, "httpRequestTrailersMatch", pb))
        }
        Some(Rule::HttpResponseHeadersMatch(pb)) => {
            TapPredicate::ResponseHeaders(all(cx, "httpResponseHeadersMatch", pb))
        }
        Some(Rule::HttpResponseTrailersMatch(pb)) => {
            TapPredicate::ResponseTrailers(all(cx, "httpResponseTrailersMatch", pb))
        }
        Some(Rule::HttpRequestGenericBodyMatch(pb)) => {
            TapPredicate::RequestBody(patterns(cx, "httpRequestGenericBodyMatch", pb)?)
        }
        Some(Rule::HttpResponseGenericBodyMatch(pb)) => {
            TapPredicate::ResponseBody(patterns(cx, "httpResponseGenericBodyMatch", pb)?)
        }
        None => {
            cx.error("has no rule; write anyMatch for everything");
            return None;
        }
    })
}

fn rules(
    cx: &mut Context,
    name: &str,
    set: matcher::match_predicate::MatchSet,
    depth: usize,
) -> Option<Vec<TapPredicate>> {
    cx.within(name, |cx| {
        let rules = cx.list("rules", set.rules, |cx, pb| predicate(cx, pb, depth));
        rules.into_iter().collect()
    })
}

fn patterns(cx: &mut Context, name: &str, pb: matcher::HttpGenericBodyMatch) -> Option<BodyPatterns> {
    cx.within(name, |cx| {
        let patterns = cx.list("patterns", pb.patterns, |cx, pattern| match pattern.rule {
            Some(Pattern::StringMatch(text)) => Some(BodyPattern::Text(text.into())),
            Some(Pattern::BinaryMatch(bytes)) => Some(BodyPattern::Binary(bytes)),
            None => {
                cx.error("has no pattern");
                None
            }
        });
        Some(BodyPatterns {
            bytes_limit: pb.bytes_limit,
            patterns: patterns.into_iter().collect::<Option<_>>()?,
        })
    })
}
