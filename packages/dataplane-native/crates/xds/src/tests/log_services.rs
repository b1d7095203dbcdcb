//! Access logs that services take.

use config::{LogBuffer, LogService, OtlpCollector};
use messages::{
    envoy::{
        config::{
            accesslog::v3 as accesslog,
            core::v3::{GrpcService, HttpService, HttpUri, grpc_service, http_uri},
        },
        extensions::access_loggers::{
            grpc::v3::{CommonGrpcAccessLogConfig, HttpGrpcAccessLogConfig, TcpGrpcAccessLogConfig},
            open_telemetry::v3::OpenTelemetryAccessLogConfig,
        },
    },
    opentelemetry::proto::common::v1::{AnyValue, KeyValue, KeyValueList, any_value},
};
use serde_json::json;

use super::{
    telemetry::{manager, manager_of},
    *,
};

fn log<M: Message + Name>(message: &M) -> listener::Listener {
    let log = accesslog::AccessLog {
        name: "l".into(),
        config_type: Some(accesslog::access_log::ConfigType::TypedConfig(packed(message))),
        filter: None,
    };
    manager(|manager| manager.access_log = vec![log])
}

fn service<M: Message + Name>(message: &M) -> (LogService, Vec<String>) {
    let (manager, warnings) = manager_of(&log(message));
    (manager.access_log[0].service.clone().unwrap(), warnings)
}

fn grpc(cluster: &str) -> GrpcService {
    GrpcService {
        target_specifier: Some(grpc_service::TargetSpecifier::EnvoyGrpc(grpc_service::EnvoyGrpc {
            cluster_name: cluster.into(),
            authority: String::new(),
        })),
        ..GrpcService::default()
    }
}

fn common() -> CommonGrpcAccessLogConfig {
    CommonGrpcAccessLogConfig {
        log_name: "shop".into(),
        grpc_service: Some(grpc("als")),
        ..CommonGrpcAccessLogConfig::default()
    }
}

fn text(text: &str) -> AnyValue {
    AnyValue {
        value: Some(any_value::Value::StringValue(text.into())),
    }
}

#[test]
fn an_access_log_service_gets_headers_besides_the_usual() {
    let (service, warnings) = service(&HttpGrpcAccessLogConfig {
        common_config: Some(CommonGrpcAccessLogConfig {
            buffer_flush_interval: Some(Duration {
                seconds: 0,
                nanos: 250_000_000,
            }),
            buffer_size_bytes: Some(0),
            filter_state_objects_to_log: vec!["x".into()],
            ..common()
        }),
        additional_request_headers_to_log: vec!["X-User".into()],
        additional_response_trailers_to_log: vec!["grpc-message".into()],
        ..HttpGrpcAccessLogConfig::default()
    });
    let LogService::Als(als) = service else { panic!() };
    assert_eq!(
        (&*als.collector.cluster, &*als.log_name, als.of_connections),
        ("als", "shop", false)
    );
    assert_eq!(
        als.buffer,
        LogBuffer {
            flush_interval_ms: 250,
            max_bytes: 0
        }
    );
    assert_eq!(als.request_headers[0].as_str(), "x-user");
    assert_eq!(als.response_trailers[0].as_str(), "grpc-message");
    assert!(
        warnings[0].contains("commonConfig.filterStateObjectsToLog: has no effect"),
        "{warnings:?}"
    );
}

#[test]
fn a_service_of_connections_is_another() {
    let (service, _) = service(&TcpGrpcAccessLogConfig {
        common_config: Some(common()),
    });
    let LogService::Als(als) = service else { panic!() };
    assert!(als.of_connections);
}

#[test]
fn what_is_wrong_about_an_access_log_service_is_told() {
    let wrong = CommonGrpcAccessLogConfig {
        buffer_flush_interval: Some(Duration::default()),
        transport_api_version: 1,
        grpc_service: Some(grpc("")),
        ..CommonGrpcAccessLogConfig::default()
    };
    let found = errors(
        ResourceType::Listener,
        &log(&HttpGrpcAccessLogConfig {
            common_config: Some(wrong),
            additional_request_headers_to_log: vec!["a b".into()],
            ..HttpGrpcAccessLogConfig::default()
        }),
    );
    for part in [
        "additionalRequestHeadersToLog[0]",
        "commonConfig.logName: is empty",
        "commonConfig.transportApiVersion: V2 is not spoken",
        "commonConfig.grpcService.envoyGrpc.clusterName: is empty",
        "commonConfig.bufferFlushInterval: is 0",
    ] {
        assert!(found.iter().any(|error| error.contains(part)), "{part} in {found:?}");
    }
    let found = errors(ResourceType::Listener, &log(&TcpGrpcAccessLogConfig::default()));
    assert!(
        found[0].contains("accessLog[0].typedConfig.commonConfig: is missing"),
        "{found:?}"
    );
}

#[test]
fn log_records_have_a_body_attributes_and_a_resource() {
    let attributes = KeyValueList {
        values: vec![
            KeyValue {
                key: "code".into(),
                value: Some(text("%RESPONSE_CODE%")),
            },
            KeyValue {
                key: "five".into(),
                value: Some(AnyValue {
                    value: Some(any_value::Value::IntValue(5)),
                }),
            },
        ],
    };
    let (service, warnings) = service(&OpenTelemetryAccessLogConfig {
        http_service: Some(HttpService {
            http_uri: Some(HttpUri {
                uri: "http://collector:4318".into(),
                http_upstream_type: Some(http_uri::HttpUpstreamType::Cluster("otel".into())),
                ..HttpUri::default()
            }),
            ..HttpService::default()
        }),
        body: Some(text("%PROTOCOL%")),
        attributes: Some(attributes),
        disable_builtin_labels: true,
        stat_prefix: "s".into(),
        ..OpenTelemetryAccessLogConfig::default()
    });
    let LogService::OpenTelemetry(otlp) = service else {
        panic!()
    };
    let OtlpCollector::Http(http) = &otlp.collector else {
        panic!()
    };
    assert_eq!((&*http.cluster, &*http.path), ("otel", "/v1/logs"));
    assert_eq!(otlp.body, Some(json!("%PROTOCOL%")));
    assert_eq!(json!(otlp.attributes), json!({ "code": "%RESPONSE_CODE%", "five": 5 }));
    assert!(otlp.without_builtin_labels);
    assert!(warnings[0].contains("statPrefix: has no effect"), "{warnings:?}");
}

#[test]
fn the_older_way_to_name_a_collector_is_read_too() {
    let (service, _) = service(&OpenTelemetryAccessLogConfig {
        common_config: Some(CommonGrpcAccessLogConfig {
            buffer_size_bytes: Some(10),
            ..common()
        }),
        ..OpenTelemetryAccessLogConfig::default()
    });
    let LogService::OpenTelemetry(otlp) = service else {
        panic!()
    };
    assert!(matches!(otlp.collector, OtlpCollector::Grpc(_)));
    assert_eq!((&*otlp.log_name, otlp.buffer.max_bytes), ("shop", 10));
}

#[test]
fn log_records_need_one_collector_and_values_that_can_be_shown() {
    let found = errors(ResourceType::Listener, &log(&OpenTelemetryAccessLogConfig::default()));
    assert!(
        found[0].contains("needs one of grpcService, httpService and commonConfig"),
        "{found:?}"
    );
    let found = errors(
        ResourceType::Listener,
        &log(&OpenTelemetryAccessLogConfig {
            grpc_service: Some(grpc("otel")),
            body: Some(AnyValue {
                value: Some(any_value::Value::BytesValue(vec![1])),
            }),
            ..OpenTelemetryAccessLogConfig::default()
        }),
    );
    assert!(
        found[0].contains("typedConfig.body.bytesValue: has no command operators"),
        "{found:?}"
    );
}

#[test]
fn entries_before_the_end_are_not_promised() {
    let listener = manager(|manager| {
        manager.flush_access_log_on_new_request = true;
        manager.access_log_options = Some(hcm::http_connection_manager::HcmAccessLogOptions::default());
    });
    let (_, warnings) = manager_of(&listener);
    for name in ["accessLogOptions", "flushAccessLogOnNewRequest"] {
        let part = format!("{name}: has no effect in this proxy: an entry is written when");
        assert!(
            warnings.iter().any(|warning| warning.contains(&part)),
            "{part} in {warnings:?}"
        );
    }
}
