use config::{BodyPattern, BodyPatterns, HttpFilterKind, Tap, TapConfig, TapFormat, TapPredicate, TapSink};
use messages::envoy::{
    config::{
        common::matcher::v3::{
            HttpGenericBodyMatch, HttpHeadersMatch, MatchPredicate,
            http_generic_body_match::{GenericTextMatch, generic_text_match::Rule as Pattern},
            match_predicate::{MatchSet, Rule},
        },
        tap::v3 as pb,
    },
    extensions::{
        common::tap::v3::{AdminConfig, CommonExtensionConfig, common_extension_config::ConfigType},
        filters::http::tap::v3 as http,
    },
};

use super::{
    bodies::{errors_of as refused, kind_of},
    *,
};

fn filter(config: ConfigType) -> http::Tap {
    http::Tap {
        common_config: Some(CommonExtensionConfig {
            config_type: Some(config),
        }),
        ..http::Tap::default()
    }
}

fn predicate(rule: Rule) -> MatchPredicate {
    MatchPredicate { rule: Some(rule) }
}

fn to_files(rule: Rule) -> pb::TapConfig {
    pb::TapConfig {
        r#match: Some(predicate(rule)),
        output_config: Some(pb::OutputConfig {
            sinks: vec![pb::OutputSink {
                format: pb::output_sink::Format::ProtoText.into(),
                output_sink_type: Some(pb::output_sink::OutputSinkType::FilePerTap(pb::FilePerTapSink {
                    path_prefix: "web".into(),
                })),
            }],
            max_buffered_tx_bytes: Some(9),
            ..pb::OutputConfig::default()
        }),
        ..pb::TapConfig::default()
    }
}

#[test]
fn a_tap_waits_for_an_operator_or_writes_files() {
    let admin = AdminConfig {
        config_id: "mine".into(),
    };
    assert_eq!(
        kind_of(packed(&filter(ConfigType::AdminConfig(admin)))),
        HttpFilterKind::Tap(Box::new(Tap::OnDemand("mine".into())))
    );
    let text = Rule::HttpResponseGenericBodyMatch(HttpGenericBodyMatch {
        bytes_limit: 4,
        patterns: vec![GenericTextMatch {
            rule: Some(Pattern::StringMatch("no".into())),
        }],
    });
    let both = Rule::AndMatch(MatchSet {
        rules: vec![
            predicate(text),
            predicate(Rule::NotMatch(Box::new(predicate(Rule::HttpRequestTrailersMatch(
                HttpHeadersMatch::default(),
            ))))),
        ],
    });
    let expected = TapConfig {
        matches: TapPredicate::And(vec![
            TapPredicate::ResponseBody(BodyPatterns {
                bytes_limit: 4,
                patterns: vec![BodyPattern::Text("no".into())],
            }),
            TapPredicate::Not(Box::new(TapPredicate::RequestTrailers(Vec::new()))),
        ]),
        enabled: config::FractionalPercent::ALL,
        max_request_bytes: 1024,
        max_response_bytes: 9,
        sink: TapSink::FilePerTap("web".into()),
        format: TapFormat::ProtoText,
    };
    assert_eq!(
        kind_of(packed(&filter(ConfigType::StaticConfig(to_files(both))))),
        HttpFilterKind::Tap(Box::new(Tap::Always(Box::new(expected))))
    );
}

#[test]
fn what_a_tap_cannot_do_refuses_the_listener_with_its_place() {
    let refuse = |change: &dyn Fn(&mut pb::TapConfig)| {
        let mut config = to_files(Rule::AnyMatch(true));
        change(&mut config);
        refused(packed(&filter(ConfigType::StaticConfig(config))))
    };
    let output = |config: &mut pb::TapConfig, change: &dyn Fn(&mut pb::OutputConfig)| {
        change(config.output_config.as_mut().unwrap());
    };
    for (expected, found) in [
        (
            "staticConfig.matchConfig: is not supported",
            refuse(&|config| config.match_config = Some(pb::MatchPredicate {})),
        ),
        (
            "staticConfig.match: is missing",
            refuse(&|config| config.r#match = None),
        ),
        (
            "staticConfig.match.anyMatch: is false",
            refuse(&|config| config.r#match = Some(predicate(Rule::AnyMatch(false)))),
        ),
        (
            "staticConfig.outputConfig.streaming: is not supported",
            refuse(&|config| output(config, &|output| output.streaming = true)),
        ),
        (
            "staticConfig: writes to the admin endpoint",
            refuse(&|config| {
                output(config, &|output| {
                    output.sinks[0].output_sink_type = Some(pb::output_sink::OutputSinkType::StreamingAdmin(
                        pb::StreamingAdminSink {},
                    ));
                });
            }),
        ),
        (
            "sinks[0].streamingGrpc: is not supported",
            refuse(&|config| {
                output(config, &|output| {
                    output.sinks[0].output_sink_type = Some(pb::output_sink::OutputSinkType::StreamingGrpc(
                        pb::StreamingGrpcSink::default(),
                    ));
                });
            }),
        ),
    ] {
        assert!(
            found.iter().any(|line| line.contains(expected)),
            "{expected}: {found:?}"
        );
    }
}

#[test]
fn conditions_of_a_tap_are_followed_so_deep_and_no_deeper() {
    let deep = (0..40).fold(Rule::AnyMatch(true), |inner, _| {
        Rule::NotMatch(Box::new(predicate(inner)))
    });
    let found = refused(packed(&filter(ConfigType::StaticConfig(to_files(deep)))));
    assert!(found[0].contains("deeper than 16"), "{found:?}");
}
