use config::{AccessLogFilter, AccessLogFormat, Comparison, OtlpCollector, TagValue, TracingProvider};
use messages::envoy::{
    config::{
        accesslog::v3::{
            self as accesslog, AccessLogFilter as PbFilter, access_log_filter::FilterSpecifier, comparison_filter::Op,
        },
        core::v3::{SubstitutionFormatString, substitution_format_string::Format},
        trace::v3::{self as trace, tracing},
    },
    extensions::{
        access_loggers::stream::v3::{StdoutAccessLog, stdout_access_log},
        filters::network::http_connection_manager::v3::http_connection_manager as nested,
    },
    r#type::tracing::v3::{CustomTag, custom_tag},
};

use super::*;

pub(super) fn manager_of(listener: &listener::Listener) -> (config::HttpConnectionManager, Vec<String>) {
    let decode = accepted(ResourceType::Listener, listener);
    let warnings = decode.warnings.iter().map(ToString::to_string).collect();
    let Resource::Listener(listener) = decode.resource else {
        panic!()
    };
    let NetworkFilter::HttpConnectionManager(manager) = &listener.filter_chains[0].filters[0] else {
        panic!()
    };
    ((**manager).clone(), warnings)
}

pub(super) fn manager(change: impl FnOnce(&mut hcm::HttpConnectionManager)) -> listener::Listener {
    let mut manager = hcm::HttpConnectionManager {
        http_filters: vec![http_filter("r", packed(&Router::default()), false)],
        route_specifier: Some(RouteSpecifier::RouteConfig(routes(vec![]))),
        ..hcm::HttpConnectionManager::default()
    };
    change(&mut manager);
    listener_with(vec![chain(vec![network_filter(packed(&manager))])])
}

fn logging(filter: Option<FilterSpecifier>, format: Format) -> listener::Listener {
    let log_format = SubstitutionFormatString {
        format: Some(format),
        omit_empty_values: true,
        ..SubstitutionFormatString::default()
    };
    let stdout = StdoutAccessLog {
        access_log_format: Some(stdout_access_log::AccessLogFormat::LogFormat(log_format)),
    };
    let log = accesslog::AccessLog {
        name: "l".into(),
        config_type: Some(accesslog::access_log::ConfigType::TypedConfig(packed(&stdout))),
        filter: filter.map(|filter| PbFilter {
            filter_specifier: Some(filter),
        }),
    };
    manager(|manager| manager.access_log = vec![log])
}

fn comparison(op: Op, value: u32) -> accesslog::ComparisonFilter {
    accesslog::ComparisonFilter {
        op: op as i32,
        value: Some(core::RuntimeUInt32 {
            default_value: value,
            runtime_key: "key".into(),
        }),
    }
}

fn text(format: &str) -> Format {
    Format::TextFormat(format.into())
}

#[test]
fn a_log_has_its_format_and_its_filter() {
    let string = |text: &str| Value {
        kind: Some(Kind::StringValue(text.into())),
    };
    let inner = Struct {
        fields: [("id".to_owned(), string("%REQ(x-request-id)%"))].into_iter().collect(),
    };
    let outer = Struct {
        fields: [(
            "request".to_owned(),
            Value {
                kind: Some(Kind::StructValue(inner)),
            },
        )]
        .into_iter()
        .collect(),
    };
    let status = FilterSpecifier::StatusCodeFilter(accesslog::StatusCodeFilter {
        comparison: Some(comparison(Op::Ge, 500)),
    });
    let (manager, warnings) = manager_of(&logging(Some(status), Format::JsonFormat(outer)));
    let log = &manager.access_log[0];
    assert_eq!(warnings, Vec::<String>::new());
    assert_eq!((&*log.path, log.omit_empty_values), ("/dev/stdout", true));
    let AccessLogFormat::Json(fields) = &log.format else {
        panic!()
    };
    assert_eq!(fields["request"]["id"], "%REQ(x-request-id)%");
    assert_eq!(log.filter, Some(AccessLogFilter::StatusCode(Comparison::AtLeast(500))));
}

#[test]
fn filters_may_be_joined_and_what_is_wrong_with_one_is_said() {
    let duration = |op, value| PbFilter {
        filter_specifier: Some(FilterSpecifier::DurationFilter(accesslog::DurationFilter {
            comparison: Some(comparison(op, value)),
        })),
    };
    let both = FilterSpecifier::AndFilter(accesslog::AndFilter {
        filters: vec![duration(Op::Ge, 10), duration(Op::Le, 20)],
    });
    let (manager, _) = manager_of(&logging(Some(both), text("%PROTOCOL%")));
    assert_eq!(
        manager.access_log[0].filter,
        Some(AccessLogFilter::And(vec![
            AccessLogFilter::DurationMs(Comparison::AtLeast(10)),
            AccessLogFilter::DurationMs(Comparison::AtMost(20)),
        ]))
    );
    let lone = FilterSpecifier::OrFilter(accesslog::OrFilter {
        filters: vec![duration(Op::Ge, 10)],
    });
    let refused = errors(ResourceType::Listener, &logging(Some(lone), text("%PROTOCOL%")));
    assert!(
        refused[0].contains("accessLog[0].filter.orFilter.filters: needs two filters at least"),
        "{refused:?}"
    );
    let empty = FilterSpecifier::StatusCodeFilter(accesslog::StatusCodeFilter { comparison: None });
    let refused = errors(ResourceType::Listener, &logging(Some(empty), text("%PROTOCOL%")));
    assert!(
        refused[0].contains("statusCodeFilter.comparison: is missing"),
        "{refused:?}"
    );
}

#[test]
fn a_filter_by_an_expression_logs_everything_and_says_so() {
    let cel = FilterSpecifier::ExtensionFilter(accesslog::ExtensionFilter {
        name: "envoy.access_loggers.extension_filters.cel".into(),
        config_type: None,
    });
    let (manager, warnings) = manager_of(&logging(Some(cel), text("%PROTOCOL%")));
    assert_eq!(manager.access_log[0].filter, None);
    assert!(
        warnings[0].contains("what it would leave out is logged"),
        "{warnings:?}"
    );
}

fn tracer<M: Message + Name>(config: &M) -> tracing::Http {
    tracing::Http {
        name: "t".into(),
        config_type: Some(tracing::http::ConfigType::TypedConfig(packed(config))),
    }
}

fn traced(tracing: nested::Tracing) -> listener::Listener {
    manager(|manager| manager.tracing = Some(tracing))
}

#[test]
fn zipkin_and_opentelemetry_are_tracers() {
    let zipkin = trace::ZipkinConfig {
        collector_cluster: "zipkin".into(),
        collector_endpoint: "/api/v2/spans".into(),
        collector_endpoint_version: 1,
        trace_context_option: 1,
        ..trace::ZipkinConfig::default()
    };
    let tags = vec![CustomTag {
        tag: "user".into(),
        r#type: Some(custom_tag::Type::RequestHeader(custom_tag::Header {
            name: "X-User".into(),
            default_value: "-".into(),
        })),
    }];
    let (manager, warnings) = manager_of(&traced(nested::Tracing {
        provider: Some(tracer(&zipkin)),
        custom_tags: tags,
        max_path_tag_length: Some(10),
        ..nested::Tracing::default()
    }));
    assert_eq!(warnings, Vec::<String>::new());
    let tracing = manager.tracing.unwrap();
    let Some(TracingProvider::Zipkin(zipkin)) = &tracing.provider else {
        panic!()
    };
    assert_eq!(
        (&*zipkin.collector.cluster, zipkin.with_w3c, zipkin.shared_span_context),
        ("zipkin", true, true)
    );
    assert!(matches!(&tracing.custom_tags[0].value, TagValue::RequestHeader { name, .. } if name.as_str() == "x-user"));
    assert_eq!(tracing.max_path_tag_length, 10);

    let service = core::HttpService {
        http_uri: Some(core::HttpUri {
            uri: "https://otel.example/custom/v1/traces".into(),
            http_upstream_type: Some(core::http_uri::HttpUpstreamType::Cluster("otel".into())),
            timeout: Some(Duration { seconds: 2, nanos: 0 }),
        }),
        request_headers_to_add: vec![],
    };
    let otlp = trace::OpenTelemetryConfig {
        http_service: Some(service),
        service_name: "me".into(),
        ..trace::OpenTelemetryConfig::default()
    };
    let (manager, _) = manager_of(&traced(nested::Tracing {
        provider: Some(tracer(&otlp)),
        ..nested::Tracing::default()
    }));
    let Some(TracingProvider::OpenTelemetry(otlp)) = manager.tracing.unwrap().provider else {
        panic!()
    };
    let Some(OtlpCollector::Http(http)) = otlp.collector else {
        panic!()
    };
    assert_eq!(
        (&*http.cluster, &*http.host, &*http.path, http.timeout_ms),
        ("otel", "otel.example", "/custom/v1/traces", 2_000)
    );
}

#[test]
fn a_tracer_that_is_not_known_harms_no_request_and_one_without_a_collector_is_refused() {
    let (manager, warnings) = manager_of(&traced(nested::Tracing {
        provider: Some(tracer(&Router::default())),
        ..nested::Tracing::default()
    }));
    assert_eq!(manager.tracing.unwrap().provider, None);
    assert!(warnings[0].contains("use Zipkin or OpenTelemetry"), "{warnings:?}");
    let refused = errors(
        ResourceType::Listener,
        &traced(nested::Tracing {
            provider: Some(tracer(&trace::ZipkinConfig::default())),
            ..nested::Tracing::default()
        }),
    );
    assert!(
        refused[0].contains("provider.typedConfig.collectorCluster: is empty"),
        "{refused:?}"
    );
}

#[test]
fn a_route_may_say_otherwise_about_traces() {
    let fraction = messages::envoy::r#type::v3::FractionalPercent {
        numerator: 5,
        denominator: 0,
    };
    let route = route::Route {
        r#match: Some(route::RouteMatch {
            path_specifier: Some(PathSpecifier::Prefix("/".into())),
            ..route::RouteMatch::default()
        }),
        action: Some(Action::DirectResponse(route::DirectResponseAction {
            status: 200,
            ..route::DirectResponseAction::default()
        })),
        tracing: Some(route::Tracing {
            random_sampling: Some(fraction),
            ..route::Tracing::default()
        }),
        ..route::Route::default()
    };
    let Resource::Route(config) = accepted(ResourceType::Route, &routes(vec![route])).resource else {
        panic!()
    };
    let tracing = config.virtual_hosts[0].routes[0].tracing.clone().unwrap();
    assert_eq!(
        (
            tracing.random_sampling.millionths(),
            tracing.overall_sampling.millionths()
        ),
        (50_000, 1_000_000)
    );
}

#[test]
fn either_of_two_filters_is_read_where_envoy_writes_it() {
    let filters = vec![accesslog::AccessLogFilter::default(); 2];
    let (or, and) = (
        accesslog::OrFilter {
            filters: filters.clone(),
        },
        accesslog::AndFilter { filters },
    );
    assert_eq!(Message::encode_to_vec(&or), [0x12, 0, 0x12, 0], "its list is field 2");
    assert_eq!(Message::encode_to_vec(&and), [0x0a, 0, 0x0a, 0]);
}
