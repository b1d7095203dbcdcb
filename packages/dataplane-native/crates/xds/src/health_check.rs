//! Active health checks.

use std::sync::Arc;

use config::{
    GrpcHealthCheck, HeaderName, HeaderSet, HealthCheck, HealthCheckKind, HexBytes, HttpHealthCheck, Payload,
    StatusRange, TcpHealthCheck,
};
use messages::{
    envoy::{
        config::core::v3::{self as pb, HeaderValueOption, RequestMethod, health_check as nested},
        r#type::v3::{CodecClientType, Int64Range},
    },
    google::protobuf::Duration,
};

use crate::{
    context::Context,
    endpoint,
    matcher::string,
    value::{header_set, millis, port},
};

/// The one health check of a cluster; Envoy does not take several either.
pub(crate) fn health_check(cx: &mut Context, checks: Vec<pb::HealthCheck>) -> Option<HealthCheck> {
    if checks.len() > 1 {
        cx.within("healthChecks", |cx| {
            cx.error(format!("has {} entries; a cluster can have one", checks.len()));
        });
    }
    cx.list("healthChecks", checks, decode).into_iter().next()
}

fn decode(cx: &mut Context, pb: pb::HealthCheck) -> HealthCheck {
    let defaults = HealthCheck::default();
    cx.no_effect("eventLogPath", !pb.event_log_path.is_empty());
    cx.no_effect("eventLogger", !pb.event_logger.is_empty());
    for (name, is_set) in [
        ("alwaysLogHealthCheckFailures", pb.always_log_health_check_failures),
        ("alwaysLogHealthCheckSuccess", pb.always_log_health_check_success),
    ] {
        if is_set {
            cx.within(name, |cx| {
                cx.warn("has no effect in this proxy: results are in its statistics and its configuration dump");
            });
        }
    }
    let threshold = |cx: &mut Context, name: &str, value: Option<u32>| match value {
        Some(0) => {
            cx.within(name, |cx| cx.error("has to be greater than 0"));
            1
        }
        Some(value) => value,
        None => {
            cx.within(name, |cx| cx.error("is missing"));
            1
        }
    };
    HealthCheck {
        timeout_ms: required_time(cx, "timeout", pb.timeout),
        interval_ms: required_time(cx, "interval", pb.interval),
        initial_jitter_ms: millis(cx, "initialJitter", pb.initial_jitter).unwrap_or(0),
        interval_jitter_ms: millis(cx, "intervalJitter", pb.interval_jitter).unwrap_or(0),
        interval_jitter_percent: pb.interval_jitter_percent,
        unhealthy_threshold: threshold(cx, "unhealthyThreshold", pb.unhealthy_threshold),
        healthy_threshold: threshold(cx, "healthyThreshold", pb.healthy_threshold),
        alt_port: pb.alt_port.map(|value| port(cx, "altPort", value)),
        reuse_connection: pb.reuse_connection.unwrap_or(defaults.reuse_connection),
        no_traffic_interval_ms: time(cx, "noTrafficInterval", pb.no_traffic_interval)
            .unwrap_or(defaults.no_traffic_interval_ms),
        no_traffic_healthy_interval_ms: time(cx, "noTrafficHealthyInterval", pb.no_traffic_healthy_interval),
        unhealthy_interval_ms: time(cx, "unhealthyInterval", pb.unhealthy_interval),
        unhealthy_edge_interval_ms: time(cx, "unhealthyEdgeInterval", pb.unhealthy_edge_interval),
        healthy_edge_interval_ms: time(cx, "healthyEdgeInterval", pb.healthy_edge_interval),
        alpn: pb
            .tls_options
            .unwrap_or_default()
            .alpn_protocols
            .into_iter()
            .map(Arc::from)
            .collect(),
        transport_match: pb.transport_socket_match_criteria.map(endpoint::labels),
        kind: match pb.health_checker {
            Some(nested::HealthChecker::HttpHealthCheck(pb)) => {
                HealthCheckKind::Http(Box::new(cx.within("httpHealthCheck", |cx| http(cx, pb))))
            }
            Some(nested::HealthChecker::TcpHealthCheck(pb)) => {
                HealthCheckKind::Tcp(cx.within("tcpHealthCheck", |cx| tcp(cx, pb)))
            }
            Some(nested::HealthChecker::GrpcHealthCheck(pb)) => {
                HealthCheckKind::Grpc(cx.within("grpcHealthCheck", |cx| GrpcHealthCheck {
                    headers: headers(cx, "initialMetadata", pb.initial_metadata),
                    service_name: pb.service_name.into(),
                    authority: pb.authority.into(),
                }))
            }
            Some(nested::HealthChecker::CustomHealthCheck(custom)) => {
                cx.within("customHealthCheck", |cx| {
                    cx.error(format!(
                        "health check {:?} is not supported; use http, tcp or grpc",
                        custom.name
                    ));
                });
                defaults.kind
            }
            None => {
                cx.error("says nothing of what to check: set httpHealthCheck, tcpHealthCheck or grpcHealthCheck");
                defaults.kind
            }
        },
    }
}

fn required_time(cx: &mut Context, name: &str, value: Option<Duration>) -> u64 {
    if value.is_none() {
        cx.within(name, |cx| cx.error("is missing"));
    }
    time(cx, name, value).unwrap_or(1)
}

fn time(cx: &mut Context, name: &str, value: Option<Duration>) -> Option<u64> {
    let time = millis(cx, name, value);
    if time == Some(0) {
        cx.within(name, |cx| cx.error("has to be greater than 0"));
    }
    time
}

fn http(cx: &mut Context, pb: nested::HttpHealthCheck) -> HttpHealthCheck {
    let defaults = HttpHealthCheck::default();
    cx.unsupported("send", pb.send.is_some());
    if !pb.path.starts_with('/') || !pb.path.bytes().all(|byte| byte.is_ascii_graphic()) {
        cx.within("path", |cx| {
            cx.error(format!("{:?} is not a path: it has to start with '/'", pb.path));
        });
    }
    if !pb.host.bytes().all(|byte| byte.is_ascii_graphic()) {
        cx.within("host", |cx| cx.error(format!("{:?} is not a host", pb.host)));
    }
    let method = match pb.method() {
        RequestMethod::MethodUnspecified | RequestMethod::Get => "GET",
        RequestMethod::Head => "HEAD",
        RequestMethod::Post => "POST",
        RequestMethod::Put => "PUT",
        RequestMethod::Delete => "DELETE",
        RequestMethod::Options => "OPTIONS",
        RequestMethod::Trace => "TRACE",
        RequestMethod::Patch => "PATCH",
        RequestMethod::Connect => {
            cx.within("method", |cx| cx.error("CONNECT is no method of a health check"));
            "GET"
        }
    };
    let http2 = match pb.codec_client_type() {
        CodecClientType::Http1 => false,
        CodecClientType::Http2 => true,
        CodecClientType::Http3 => {
            cx.within("codecClientType", |cx| cx.error("HTTP/3 is not supported"));
            false
        }
    };
    let remove = cx.list("requestHeadersToRemove", pb.request_headers_to_remove, |cx, name| {
        cx.check(HeaderName::new(&name))
    });
    HttpHealthCheck {
        method: method.into(),
        http2,
        headers: headers(cx, "requestHeadersToAdd", pb.request_headers_to_add),
        remove_headers: remove.into_iter().flatten().collect(),
        expected_statuses: statuses(cx, "expectedStatuses", pb.expected_statuses),
        retriable_statuses: statuses(cx, "retriableStatuses", pb.retriable_statuses),
        receive: payloads(cx, pb.receive),
        response_buffer_bytes: pb.response_buffer_size.unwrap_or(defaults.response_buffer_bytes),
        service_name: pb
            .service_name_matcher
            .and_then(|matcher| cx.within("serviceNameMatcher", |cx| string(cx, Some(matcher)))),
        host: pb.host.into(),
        path: pb.path.into(),
    }
}

fn tcp(cx: &mut Context, pb: nested::TcpHealthCheck) -> TcpHealthCheck {
    cx.unsupported("proxyProtocolConfig", pb.proxy_protocol_config.is_some());
    TcpHealthCheck {
        send: pb
            .send
            .and_then(|pb| cx.within("send", |cx| payload(cx, pb)))
            .filter(|payload| !payload.as_bytes().is_empty()),
        receive: payloads(cx, pb.receive),
    }
}

const OPERATORS: &str = "has operators; a health check has no request to take them from";

/// Fields of a request that nobody sent: there is nothing that operators could take values from.
fn headers(cx: &mut Context, name: &str, options: Vec<HeaderValueOption>) -> Vec<HeaderSet> {
    let sets = cx.list(name, options, |cx, option| {
        let set = header_set(cx, option)?;
        if set.value.literal().is_none() {
            cx.within("header", |cx| cx.within("value", |cx| cx.error(OPERATORS)));
        }
        Some(set)
    });
    sets.into_iter().flatten().collect()
}

fn statuses(cx: &mut Context, name: &str, ranges: Vec<Int64Range>) -> Vec<StatusRange> {
    let ranges = cx.list(name, ranges, |cx, range| {
        let is_range = range.start >= 100 && range.end <= 600 && range.start < range.end;
        if !is_range {
            cx.error(format!("{} to before {} are not statuses", range.start, range.end));
        }
        is_range.then_some(StatusRange {
            start: range.start as u16,
            end: range.end as u16,
        })
    });
    ranges.into_iter().flatten().collect()
}

fn payloads(cx: &mut Context, payloads: Vec<nested::Payload>) -> Vec<Payload> {
    cx.list("receive", payloads, payload).into_iter().flatten().collect()
}

fn payload(cx: &mut Context, pb: nested::Payload) -> Option<Payload> {
    match pb.payload {
        Some(nested::payload::Payload::Text(digits)) => {
            cx.within("text", |cx| cx.check(HexBytes::try_from(digits)).map(Payload::Hex))
        }
        Some(nested::payload::Payload::Binary(bytes)) => Some(Payload::Hex(HexBytes(bytes))),
        None => {
            cx.error("is empty");
            None
        }
    }
}
