//! Services that filters call.

use messages::envoy::{
    config::{
        core::v3::{GrpcService, HttpUri, grpc_service, http_uri},
        ratelimit::v3::RateLimitServiceConfig,
        route::v3::{RateLimit, rate_limit},
    },
    extensions::filters::http::{
        ext_authz::v3 as authz,
        ext_proc::v3 as proc,
        jwt_authn::v3::{self as jwt, jwt_provider::JwksSourceSpecifier},
        rate_limit_quota::v3 as quota,
        ratelimit::v3 as limit,
    },
    r#type::{matcher::v3::ListStringMatcher, v3::HttpStatus},
};

use super::*;

const FILTER: &str = "listener \"l\": filterChains[0].filters[0].typedConfig.httpFilters[0].typedConfig";

fn grpc(cluster: &str) -> GrpcService {
    GrpcService {
        target_specifier: Some(grpc_service::TargetSpecifier::EnvoyGrpc(grpc_service::EnvoyGrpc {
            cluster_name: cluster.into(),
            ..grpc_service::EnvoyGrpc::default()
        })),
        ..GrpcService::default()
    }
}

fn uri(uri: &str) -> HttpUri {
    HttpUri {
        uri: uri.into(),
        http_upstream_type: Some(http_uri::HttpUpstreamType::Cluster("c".into())),
        timeout: Some(Duration { seconds: 2, nanos: 0 }),
    }
}

fn listener_of<M: Message + Name>(config: &M) -> listener::Listener {
    http_listener(vec![http_filter("f", packed(config), false)], routes(vec![]))
}

fn kind_of<M: Message + Name>(config: &M) -> config::HttpFilterKind {
    let Resource::Listener(listener) = accepted(ResourceType::Listener, &listener_of(config)).resource else {
        panic!()
    };
    let NetworkFilter::HttpConnectionManager(manager) = &listener.filter_chains[0].filters[0] else {
        panic!()
    };
    manager.http_filters[0].kind.clone()
}

fn errors_of<M: Message + Name>(config: &M) -> Vec<String> {
    let errors = errors(ResourceType::Listener, &listener_of(config));
    errors
        .iter()
        .map(|error| error.strip_prefix(FILTER).unwrap_or(error).to_owned())
        .collect()
}

fn exact(text: &str) -> ListStringMatcher {
    ListStringMatcher {
        patterns: vec![PbStringMatcher {
            match_pattern: Some(MatchPattern::Exact(text.into())),
            ignore_case: true,
        }],
    }
}

#[test]
fn external_authorization_has_envoys_defaults_and_the_lists_of_either_place() {
    let service = authz::HttpService {
        server_uri: Some(uri("http://authz")),
        path_prefix: "/check".into(),
        authorization_request: Some(authz::AuthorizationRequest {
            allowed_headers: Some(exact("cookie")),
            ..authz::AuthorizationRequest::default()
        }),
        ..authz::HttpService::default()
    };
    let config = authz::ExtAuthz {
        services: Some(authz::ext_authz::Services::HttpService(service)),
        status_on_error: Some(HttpStatus { code: 503 }),
        with_request_body: Some(authz::BufferSettings {
            max_request_bytes: 10_000_000,
            ..authz::BufferSettings::default()
        }),
        ..authz::ExtAuthz::default()
    };
    let config::HttpFilterKind::ExtAuthz(decoded) = kind_of(&config) else {
        panic!()
    };
    let config::AuthzService::Http(service) = &decoded.service else {
        panic!()
    };
    assert_eq!((&*service.cluster, service.timeout_ms), ("c", 2_000));
    assert_eq!((decoded.status_on_error, decoded.takes_metadata), (503, true));
    assert_eq!(decoded.allowed_headers.as_ref().map(Vec::len), Some(1));
    assert_eq!(decoded.body.unwrap().max_bytes, config::AuthzBody::MAX_BYTES);
    assert_eq!(service.client_headers, None);
}

#[test]
fn external_authorization_that_is_not_understood_is_refused() {
    assert_eq!(
        errors_of(&authz::ExtAuthz::default()),
        [": has neither grpcService nor httpService"]
    );
    let config = authz::ExtAuthz {
        services: Some(authz::ext_authz::Services::GrpcService(grpc(""))),
        with_request_body: Some(authz::BufferSettings::default()),
        shadow_mode: true,
        ..authz::ExtAuthz::default()
    };
    assert_eq!(
        errors_of(&config),
        [
            ".shadowMode: is not supported by this proxy; remove it",
            ".grpcService.envoyGrpc.clusterName: is empty",
            ".withRequestBody.maxRequestBytes: is 0; it has to be at least 1",
        ]
    );
}

#[test]
fn a_rate_limit_filter_needs_a_domain_and_a_service() {
    let config = limit::RateLimit {
        domain: "shop".into(),
        timeout: Some(Duration {
            seconds: 0,
            nanos: 50_000_000,
        }),
        failure_mode_deny: true,
        rate_limit_service: Some(RateLimitServiceConfig {
            grpc_service: Some(grpc("limits")),
            ..RateLimitServiceConfig::default()
        }),
        rate_limited_status: Some(HttpStatus { code: 200 }),
        ..limit::RateLimit::default()
    };
    let config::HttpFilterKind::RateLimit(decoded) = kind_of(&config) else {
        panic!()
    };
    assert_eq!((&*decoded.service.cluster, decoded.service.timeout_ms), ("limits", 50));
    assert_eq!((decoded.status, decoded.status_on_error), (429, 500));
    assert_eq!(decoded.failure_denied, config::FractionalPercent::new(100, 100));
    assert_eq!(
        errors_of(&limit::RateLimit {
            stage: 11,
            request_type: "internal".into(),
            ..limit::RateLimit::default()
        }),
        [
            ".domain: is empty",
            ".requestType: \"internal\": only \"both\" is supported",
            ".rateLimitService: is missing",
            ".rateLimitService.grpcService: is missing",
            ".stage: is 11; it has to be from 0 to 10",
        ]
    );
}

#[test]
fn what_a_route_counts_requests_as_is_decoded_or_refused() {
    use rate_limit::action::{self, ActionSpecifier};
    let of = |specifier: Option<ActionSpecifier>| {
        let mut route = route_to("c", slash());
        let Some(Action::Route(forward)) = &mut route.action else {
            panic!()
        };
        forward.rate_limits = vec![RateLimit {
            actions: vec![rate_limit::Action {
                action_specifier: specifier,
            }],
            ..RateLimit::default()
        }];
        routes(vec![route])
    };
    let generic = ActionSpecifier::GenericKey(action::GenericKey {
        descriptor_value: "slow".into(),
        ..action::GenericKey::default()
    });
    let Resource::Route(decoded) = accepted(ResourceType::Route, &of(Some(generic))).resource else {
        panic!()
    };
    let RouteAction::Forward(forward) = &decoded.virtual_hosts[0].routes[0].action else {
        panic!()
    };
    assert_eq!(
        forward.rate_limits[0].actions,
        [config::LimitAction::GenericKey {
            key: "generic_key".into(),
            value: "slow".into()
        }]
    );
    assert_eq!(
        errors(ResourceType::Route, &of(None)),
        [
            "route \"r\": virtualHosts[0].routes[0].route.rateLimits[0].actions[0]: \
             is empty, or of a kind that is not supported"
        ]
    );
}

#[test]
fn keys_may_be_fetched_from_an_address_with_a_host() {
    let with = |address: &str| {
        let remote = jwt::RemoteJwks {
            http_uri: Some(uri(address)),
            async_fetch: Some(jwt::JwksAsyncFetch::default()),
            retry_policy: Some(core::RetryPolicy::default()),
            ..jwt::RemoteJwks::default()
        };
        let provider = jwt::JwtProvider {
            jwks_source_specifier: Some(JwksSourceSpecifier::RemoteJwks(remote)),
            ..jwt::JwtProvider::default()
        };
        jwt::JwtAuthentication {
            providers: [("p".to_owned(), provider)].into(),
            ..jwt::JwtAuthentication::default()
        }
    };
    let config::HttpFilterKind::JwtAuthn(decoded) = kind_of(&with("https://login.example.com/keys")) else {
        panic!()
    };
    let remote = decoded.providers["p"].remote_jwks.as_ref().unwrap();
    assert_eq!(
        (&*remote.cluster, remote.timeout_ms, remote.cache_ms),
        ("c", 2_000, 600_000)
    );
    assert_eq!((remote.is_ahead, remote.retries), (true, 1));
    assert_eq!(
        errors_of(&with("/keys")),
        [".providers[\"p\"].remoteJwks.httpUri.uri: \"/keys\" is no address such as https://host/path"]
    );
}

#[test]
fn a_service_is_shown_what_its_mode_says() {
    use proc::processing_mode::{BodySendMode, HeaderSendMode};
    let config = |mode| proc::ExternalProcessor {
        grpc_service: Some(grpc("proc")),
        processing_mode: Some(mode),
        ..proc::ExternalProcessor::default()
    };
    let heads = proc::ProcessingMode {
        response_header_mode: HeaderSendMode::Skip.into(),
        ..proc::ProcessingMode::default()
    };
    let config::HttpFilterKind::ExtProc(decoded) = kind_of(&config(heads)) else {
        panic!()
    };
    assert_eq!(
        (decoded.mode.request_headers, decoded.mode.response_headers),
        (true, false)
    );
    assert_eq!((decoded.message_timeout_ms, decoded.status_on_error), (200, 500));
    let bodies = proc::ProcessingMode {
        request_body_mode: BodySendMode::Buffered.into(),
        response_body_mode: BodySendMode::Streamed.into(),
        response_trailer_mode: HeaderSendMode::Send.into(),
        ..proc::ProcessingMode::default()
    };
    let config::HttpFilterKind::ExtProc(decoded) = kind_of(&config(bodies)) else {
        panic!()
    };
    let mode = decoded.mode;
    assert_eq!(
        (mode.request_body, mode.response_body),
        (config::ExtProcBody::Buffered, config::ExtProcBody::Streamed)
    );
    assert_eq!((mode.request_trailers, mode.response_trailers), (false, true));
    let duplex = proc::ProcessingMode {
        request_body_mode: BodySendMode::FullDuplexStreamed.into(),
        request_trailer_mode: HeaderSendMode::Send.into(),
        ..proc::ProcessingMode::default()
    };
    let config::HttpFilterKind::ExtProc(decoded) = kind_of(&config(duplex)) else {
        panic!()
    };
    assert_eq!(decoded.mode.request_body, config::ExtProcBody::FullDuplexStreamed);
    let without_trailers = proc::ProcessingMode {
        response_body_mode: BodySendMode::FullDuplexStreamed.into(),
        ..duplex
    };
    assert_eq!(
        errors_of(&config(without_trailers)),
        [".processingMode.responseTrailerMode: is not SEND, which FULL_DUPLEX_STREAMED needs"]
    );
    let messages = proc::ProcessingMode {
        request_body_mode: BodySendMode::Grpc.into(),
        ..proc::ProcessingMode::default()
    };
    assert_eq!(
        errors_of(&config(messages)),
        [
            ".processingMode.requestBodyMode: GRPC is not supported; write FULL_DUPLEX_STREAMED, STREAMED, BUFFERED or \
             BUFFERED_PARTIAL"
        ]
    );
    let observing = proc::ExternalProcessor {
        observability_mode: true,
        ..config(bodies)
    };
    assert_eq!(
        errors_of(&observing),
        [".observabilityMode: nothing is held back for a service that only observes; write STREAMED for bodies"]
    );
}

fn quota_of(bucket: &quota::RateLimitQuotaBucketSettings) -> quota::RateLimitQuotaFilterConfig {
    use messages::xds::{core::v3::TypedExtensionConfig, r#type::matcher::v3 as matcher};
    let action = TypedExtensionConfig {
        name: "bucket".into(),
        typed_config: Some(packed(bucket)),
    };
    quota::RateLimitQuotaFilterConfig {
        rlqs_server: Some(grpc("rlqs")),
        domain: "shop".into(),
        bucket_matchers: Some(matcher::Matcher {
            on_no_match: Some(Box::new(matcher::matcher::OnMatch {
                on_match: Some(matcher::matcher::on_match::OnMatch::Action(action)),
                ..matcher::matcher::OnMatch::default()
            })),
            ..matcher::Matcher::default()
        }),
        ..quota::RateLimitQuotaFilterConfig::default()
    }
}

#[test]
fn buckets_of_quotas_are_told_by_texts_and_headers() {
    use messages::envoy::{
        config::core::v3::TypedExtensionConfig,
        r#type::{
            matcher::v3::HttpRequestHeaderMatchInput,
            v3::{RateLimitStrategy, rate_limit_strategy::Strategy},
        },
    };
    use quota::rate_limit_quota_bucket_settings::{
        BucketIdBuilder, NoAssignmentBehavior,
        bucket_id_builder::{ValueBuilder, value_builder::ValueSpecifier},
        no_assignment_behavior::NoAssignmentBehavior as Unassigned,
    };
    let header = HttpRequestHeaderMatchInput {
        header_name: "x-user".into(),
    };
    let value = |specifier| ValueBuilder {
        value_specifier: Some(specifier),
    };
    let of_header = ValueSpecifier::CustomValue(TypedExtensionConfig {
        name: "user".into(),
        typed_config: Some(packed(&header)),
    });
    let bucket = quota::RateLimitQuotaBucketSettings {
        bucket_id_builder: Some(BucketIdBuilder {
            bucket_id_builder: [
                ("name".to_owned(), value(ValueSpecifier::StringValue("web".into()))),
                ("user".to_owned(), value(of_header)),
            ]
            .into(),
        }),
        reporting_interval: Some(Duration { seconds: 5, nanos: 0 }),
        no_assignment_behavior: Some(NoAssignmentBehavior {
            no_assignment_behavior: Some(Unassigned::FallbackRateLimit(RateLimitStrategy {
                strategy: Some(Strategy::BlanketRule(1)),
            })),
        }),
        ..quota::RateLimitQuotaBucketSettings::default()
    };
    let config::HttpFilterKind::Quota(decoded) = kind_of(&quota_of(&bucket)) else {
        panic!()
    };
    let [only] = &decoded.buckets.actions()[..] else {
        panic!()
    };
    let name = config::HeaderName::new("x-user").unwrap();
    assert_eq!(
        only.id,
        [
            ("name".into(), config::QuotaValue::Text("web".into())),
            ("user".into(), config::QuotaValue::Of(config::MatchInput::Header(name)))
        ]
    );
    assert_eq!(
        (only.reporting_interval_ms, only.unassigned),
        (5_000, config::QuotaStrategy::DenyAll)
    );
    assert_eq!((only.denial.status, only.expired), (429, None));
    let nothing = quota::RateLimitQuotaBucketSettings::default();
    assert_eq!(
        errors_of(&quota_of(&nothing)),
        [
            ".bucketMatchers.onNoMatch.action.typedConfig.bucketIdBuilder: is missing",
            ".bucketMatchers.onNoMatch.action.typedConfig.reportingInterval: is missing"
        ]
    );
}
