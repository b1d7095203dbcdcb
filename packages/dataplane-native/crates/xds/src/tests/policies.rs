use config::{
    AccessLogFilter, AccessLogFormat, Comparison, DecompressorLibrary, FilterOverride, HealthSet, HealthStatus,
    HedgePolicy, HttpFilterKind, SessionState, StatefulSession,
};
use messages::envoy::{
    config::accesslog::v3::{self as accesslog, access_log_filter::FilterSpecifier},
    extensions::{
        compression::{brotli::decompressor::v3::Brotli, gzip::decompressor::v3::Gzip, zstd::decompressor::v3::Zstd},
        filters::http::{
            decompressor::v3::{
                Decompressor,
                decompressor::{CommonDirectionConfig, RequestDirectionConfig, ResponseDirectionConfig},
            },
            stateful_session::v3::{self as session, stateful_session_per_route::Override},
        },
        http::stateful_session::{cookie::v3::CookieBasedSessionState, header::v3::HeaderBasedSessionState},
    },
    r#type::{
        http::v3::{Cookie, CookieAttribute},
        v3::FractionalPercent,
    },
};

use super::{
    bodies::{errors_of, kind_of, library, override_of},
    *,
};

fn hedged(policy: route::HedgePolicy) -> route::RouteConfiguration {
    let mut one = route_to("c", slash());
    if let Some(Action::Route(action)) = &mut one.action {
        action.hedge_policy = Some(policy);
    }
    let mut table = routes(vec![one]);
    table.virtual_hosts[0].hedge_policy = Some(route::HedgePolicy::default());
    table
}

#[test]
fn hedging_is_taken_as_far_as_envoy_honours_it() {
    let decoded = accepted(
        ResourceType::Route,
        &hedged(route::HedgePolicy {
            initial_requests: Some(2),
            additional_request_chance: Some(FractionalPercent {
                numerator: 1,
                ..FractionalPercent::default()
            }),
            hedge_on_per_try_timeout: true,
        }),
    );
    let warnings: Vec<String> = decoded.warnings.iter().map(ToString::to_string).collect();
    let place = "route \"r\": virtualHosts[0].routes[0].route.hedgePolicy";
    assert_eq!(
        warnings,
        [
            format!("{place}.initialRequests: has no effect in this proxy"),
            format!("{place}.additionalRequestChance: has no effect in this proxy"),
        ]
    );
    let Resource::Route(table) = decoded.resource else {
        panic!("no routes")
    };
    let host = &table.virtual_hosts[0];
    assert_eq!(host.hedge, Some(HedgePolicy::default()));
    let RouteAction::Forward(forward) = &host.routes[0].action else {
        panic!("no forward")
    };
    assert_eq!(
        forward.hedge,
        Some(HedgePolicy {
            on_per_try_timeout: true
        })
    );
    let none = route::HedgePolicy {
        initial_requests: Some(0),
        ..route::HedgePolicy::default()
    };
    assert_eq!(
        errors(ResourceType::Route, &hedged(none)),
        [format!("{place}.initialRequests: is 0; it has to be at least 1")]
    );
}

fn sessions<M: Message + Name>(state: &M) -> session::StatefulSession {
    session::StatefulSession {
        session_state: Some(library(state)),
        strict: true,
        ..session::StatefulSession::default()
    }
}

fn cookie(name: &str) -> CookieBasedSessionState {
    CookieBasedSessionState {
        cookie: Some(Cookie {
            name: name.into(),
            ttl: Some(Duration { seconds: 120, nanos: 0 }),
            path: "/".into(),
            attributes: vec![CookieAttribute {
                name: "SameSite".into(),
                value: "Lax".into(),
            }],
        }),
    }
}

#[test]
fn sessions_are_kept_by_cookie_or_header() {
    let by_cookie = SessionState::Cookie {
        name: "at".into(),
        ttl_ms: 120_000,
        path: "/".into(),
        attributes: vec![("SameSite".into(), "Lax".into())],
    };
    let of = |state| StatefulSession {
        state: Some(state),
        strict: true,
    };
    assert_eq!(
        kind_of(packed(&sessions(&cookie("at")))),
        HttpFilterKind::StatefulSession(Box::new(of(by_cookie.clone())))
    );
    // As istiod sends it: the filter knows of no session, the routes do.
    assert_eq!(
        kind_of(packed(&session::StatefulSession::default())),
        HttpFilterKind::StatefulSession(Box::default())
    );
    let per_route = |r#override| packed(&session::StatefulSessionPerRoute { r#override });
    assert_eq!(
        override_of(per_route(Some(Override::StatefulSession(sessions(&cookie("at")))))),
        [FilterOverride::StatefulSession(Box::new(of(by_cookie)))]
    );
    assert_eq!(
        override_of(per_route(Some(Override::Disabled(true)))),
        [FilterOverride::Disabled]
    );
    let header = HeaderBasedSessionState { name: "X-At".into() };
    let HttpFilterKind::StatefulSession(settings) = kind_of(packed(&sessions(&header))) else {
        panic!("no session")
    };
    assert!(matches!(settings.state, Some(SessionState::Header(name)) if name.as_str() == "x-at"));
}

#[test]
fn sessions_that_cannot_be_kept_are_refused_with_their_place() {
    assert_eq!(
        errors_of(packed(&sessions(&CookieBasedSessionState::default()))),
        [".sessionState.typedConfig.cookie: is missing"]
    );
    assert_eq!(
        errors_of(packed(&sessions(&cookie("a;b")))),
        [".sessionState.typedConfig.cookie.name: \"a;b\" is not a name of a cookie"]
    );
    assert_eq!(
        errors_of(packed(&sessions(&Router::default()))),
        [
            ".sessionState.typedConfig: session state \"l\" of type \"envoy.extensions.filters.http.router.v3.Router\" is not supported: take a cookie or a header"
        ]
    );
}

#[test]
fn clusters_say_which_endpoints_sessions_may_ask_for() {
    let mut pb = cluster_of(cluster_nested::DiscoveryType::Static);
    let statuses = [core::HealthStatus::Healthy, core::HealthStatus::Draining];
    pb.common_lb_config = Some(cluster_nested::CommonLbConfig {
        override_host_status: Some(core::HealthStatusSet {
            statuses: statuses.map(|status| status as i32).to_vec(),
        }),
        ..cluster_nested::CommonLbConfig::default()
    });
    let Resource::Cluster(cluster) = accepted(ResourceType::Cluster, &pb).resource else {
        panic!("no cluster")
    };
    let expected: HealthSet = [HealthStatus::Healthy, HealthStatus::Draining].into_iter().collect();
    assert_eq!(cluster.session_health, expected);
}

fn replying(config: hcm::LocalReplyConfig) -> listener::Listener {
    let manager = hcm::HttpConnectionManager {
        http_filters: vec![http_filter("router", packed(&Router::default()), false)],
        route_specifier: Some(RouteSpecifier::RouteConfig(routes(vec![]))),
        local_reply_config: Some(config),
        ..hcm::HttpConnectionManager::default()
    };
    listener_with(vec![chain(vec![network_filter(packed(&manager))])])
}

fn status_is(value: u32) -> accesslog::AccessLogFilter {
    let value = core::RuntimeUInt32 {
        default_value: value,
        ..core::RuntimeUInt32::default()
    };
    let comparison = accesslog::ComparisonFilter {
        value: Some(value),
        ..accesslog::ComparisonFilter::default()
    };
    accesslog::AccessLogFilter {
        filter_specifier: Some(FilterSpecifier::StatusCodeFilter(accesslog::StatusCodeFilter {
            comparison: Some(comparison),
        })),
    }
}

fn inline(text: &str) -> core::DataSource {
    core::DataSource {
        specifier: Some(data_source::Specifier::InlineString(text.into())),
        ..core::DataSource::default()
    }
}

#[test]
fn answers_made_here_are_mapped_as_the_manager_says() {
    let format = core::SubstitutionFormatString {
        content_type: "text/html".into(),
        format: Some(core::substitution_format_string::Format::TextFormat(
            "<%LOCAL_REPLY_BODY%>".into(),
        )),
        ..core::SubstitutionFormatString::default()
    };
    let decoded = accepted(
        ResourceType::Listener,
        &replying(hcm::LocalReplyConfig {
            mappers: vec![hcm::ResponseMapper {
                filter: Some(status_is(404)),
                status_code: Some(410),
                body: Some(inline("gone")),
                headers_to_add: vec![core::HeaderValueOption {
                    header: Some(core::HeaderValue {
                        key: "x-a".into(),
                        value: "%RESPONSE_CODE%".into(),
                        raw_value: vec![],
                    }),
                    ..core::HeaderValueOption::default()
                }],
                body_format_override: None,
            }],
            body_format: Some(format),
        }),
    );
    assert!(decoded.warnings.is_empty(), "{:?}", decoded.warnings);
    let Resource::Listener(listener) = decoded.resource else {
        panic!("no listener")
    };
    let NetworkFilter::HttpConnectionManager(manager) = &listener.filter_chains[0].filters[0] else {
        panic!("no manager")
    };
    let replies = manager.local_replies.as_ref().unwrap();
    let mapper = &replies.mappers[0];
    assert_eq!(mapper.filter, AccessLogFilter::StatusCode(Comparison::Equal(404)));
    assert_eq!((mapper.status, mapper.body.as_deref()), (Some(410), Some("gone")));
    assert_eq!(mapper.headers[0].name.as_str(), "x-a");
    let format = replies.format.as_ref().unwrap();
    assert_eq!(format.format, AccessLogFormat::Text("<%LOCAL_REPLY_BODY%>".into()));
    assert_eq!(&*format.content_type, "text/html");
}

#[test]
fn mappings_that_make_no_sense_are_refused_with_their_place() {
    let found = errors(
        ResourceType::Listener,
        &replying(hcm::LocalReplyConfig {
            mappers: vec![hcm::ResponseMapper {
                status_code: Some(199),
                ..hcm::ResponseMapper::default()
            }],
            body_format: Some(core::SubstitutionFormatString::default()),
        }),
    );
    let prefix = "listener \"l\": filterChains[0].filters[0].typedConfig.localReplyConfig";
    assert_eq!(
        found,
        [
            format!("{prefix}.mappers[0].filter: is missing"),
            format!("{prefix}.mappers[0].statusCode: 199 is not a status from 200 to 599"),
            format!("{prefix}.bodyFormat: has none of textFormat, textFormatSource and jsonFormat"),
        ]
    );
}

#[test]
fn decompressors_have_envoys_defaults_and_bounds() {
    let with = |library| {
        packed(&Decompressor {
            decompressor_library: Some(library),
            ..Decompressor::default()
        })
    };
    assert_eq!(
        kind_of(with(library(&Gzip::default()))),
        HttpFilterKind::Decompressor(config::Decompressor::default())
    );
    let brotli = HttpFilterKind::Decompressor(config::Decompressor {
        library: DecompressorLibrary::Brotli { max_ratio: 100 },
        ..config::Decompressor::default()
    });
    assert_eq!(kind_of(with(library(&Brotli::default()))), brotli);
    let off = CommonDirectionConfig {
        enabled: Some(core::RuntimeFeatureFlag {
            default_value: Some(false),
            ..core::RuntimeFeatureFlag::default()
        }),
        ignore_no_transform_header: true,
    };
    let zstd = Decompressor {
        decompressor_library: Some(library(&Zstd::default())),
        request_direction_config: Some(RequestDirectionConfig {
            common_config: None,
            advertise_accept_encoding: Some(false),
        }),
        response_direction_config: Some(ResponseDirectionConfig {
            common_config: Some(off),
        }),
    };
    assert_eq!(
        kind_of(packed(&zstd)),
        HttpFilterKind::Decompressor(config::Decompressor {
            library: DecompressorLibrary::Zstd { max_ratio: 100 },
            responses: false,
            ignore_no_transform_of_responses: true,
            advertise: false,
            ..config::Decompressor::default()
        })
    );
    assert_eq!(
        errors_of(packed(&Decompressor::default())),
        [".decompressorLibrary: is missing"]
    );
    let wide = Gzip {
        window_bits: Some(16),
        max_inflate_ratio: Some(0),
        ..Gzip::default()
    };
    assert_eq!(
        errors_of(with(library(&wide))),
        [
            ".decompressorLibrary.typedConfig.windowBits: is 16; it has to be from 9 to 15",
            ".decompressorLibrary.typedConfig.maxInflateRatio: is 0; it has to be at least 1",
        ]
    );
}
