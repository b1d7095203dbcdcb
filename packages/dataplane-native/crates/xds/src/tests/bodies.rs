use config::{BufferLimit, Compressor, CompressorLibrary, CompressorOverride, FilterOverride, HttpFilterKind};
use messages::envoy::{
    config::core::v3::{HttpProtocolOptions, RuntimeFeatureFlag, TypedExtensionConfig},
    extensions::{
        compression::{brotli::compressor::v3::Brotli, gzip::compressor::v3::Gzip, zstd::compressor::v3::Zstd},
        filters::http::{
            buffer::v3::{self as buffer, buffer_per_route::Override as BufferOverride},
            compressor::v3::{
                self as compressor,
                compressor::{CommonDirectionConfig, RequestDirectionConfig, ResponseDirectionConfig},
                compressor_per_route::Override as CompressorChange,
            },
            grpc_web::v3::GrpcWeb,
        },
    },
};

use super::*;

pub(super) fn kind_of(config: Any) -> HttpFilterKind {
    let listener = http_listener(vec![http_filter("f", config, false)], routes(vec![]));
    let Resource::Listener(listener) = accepted(ResourceType::Listener, &listener).resource else {
        panic!("no listener")
    };
    let NetworkFilter::HttpConnectionManager(manager) = &listener.filter_chains[0].filters[0] else {
        panic!("no manager")
    };
    manager.http_filters[0].kind.clone()
}

pub(super) fn errors_of(config: Any) -> Vec<String> {
    let listener = http_listener(vec![http_filter("f", config, false)], routes(vec![]));
    let prefix = "listener \"l\": filterChains[0].filters[0].typedConfig.httpFilters[0].typedConfig";
    let found = errors(ResourceType::Listener, &listener).into_iter();
    found
        .map(|error| error.strip_prefix(prefix).unwrap_or(&error).to_owned())
        .collect()
}

pub(super) fn override_of(config: Any) -> Vec<FilterOverride> {
    let mut table = routes(vec![]);
    table.virtual_hosts = vec![route::VirtualHost {
        name: "h".into(),
        domains: vec!["*".into()],
        typed_per_filter_config: [("f".to_owned(), config)].into(),
        ..route::VirtualHost::default()
    }];
    let Resource::Route(table) = accepted(ResourceType::Route, &table).resource else {
        panic!("no routes")
    };
    table.virtual_hosts[0].filter_overrides.values().cloned().collect()
}

pub(super) fn library<M: Message + Name>(message: &M) -> TypedExtensionConfig {
    TypedExtensionConfig {
        name: "l".into(),
        typed_config: Some(packed(message)),
    }
}

#[test]
fn grpc_web_and_buffers_are_taken_with_their_limits() {
    assert_eq!(kind_of(packed(&GrpcWeb {})), HttpFilterKind::GrpcWeb);
    let limit = |max_request_bytes| buffer::Buffer { max_request_bytes };
    let taken = BufferLimit { max_request_bytes: 7 };
    assert_eq!(kind_of(packed(&limit(Some(7)))), HttpFilterKind::Buffer(taken));
    assert_eq!(errors_of(packed(&limit(None))), [".maxRequestBytes: is missing"]);
    assert_eq!(
        errors_of(packed(&limit(Some(0)))),
        [".maxRequestBytes: is 0; it has to be at least 1"]
    );
    let per_route = |r#override| packed(&buffer::BufferPerRoute { r#override });
    assert_eq!(
        override_of(per_route(Some(BufferOverride::Disabled(true)))),
        [FilterOverride::Disabled]
    );
    assert_eq!(
        override_of(per_route(Some(BufferOverride::Buffer(limit(Some(7)))))),
        [FilterOverride::Buffer(taken)]
    );
}

#[test]
fn compressors_have_envoys_defaults() {
    let bare = |library| {
        kind_of(packed(&compressor::Compressor {
            compressor_library: Some(library),
            ..compressor::Compressor::default()
        }))
    };
    for (library, expected) in [
        (
            library(&Gzip::default()),
            CompressorLibrary::Gzip {
                level: 6,
                window_bits: 12,
            },
        ),
        (
            library(&Brotli::default()),
            CompressorLibrary::Brotli {
                quality: 3,
                window_bits: 18,
            },
        ),
        (
            library(&Zstd::default()),
            CompressorLibrary::Zstd {
                level: 3,
                checksum: false,
            },
        ),
    ] {
        let settings = Compressor {
            library: expected,
            ..Compressor::default()
        };
        assert_eq!(bare(library), HttpFilterKind::Compressor(Box::new(settings)));
    }
}

#[test]
fn compressors_take_what_is_said_about_responses() {
    let common = CommonDirectionConfig {
        enabled: Some(RuntimeFeatureFlag {
            default_value: Some(false),
            ..RuntimeFeatureFlag::default()
        }),
        min_content_length: Some(1_000),
        content_type: vec!["Text/Html".into()],
    };
    let pb = compressor::Compressor {
        // Deprecated: it does not count beside the new field.
        content_length: Some(5),
        compressor_library: Some(library(&Gzip {
            compression_level: 9,
            ..Gzip::default()
        })),
        response_direction_config: Some(ResponseDirectionConfig {
            common_config: Some(common),
            disable_on_etag_header: true,
            remove_accept_encoding_header: true,
            uncompressible_response_codes: vec![500],
            ..ResponseDirectionConfig::default()
        }),
        choose_first: true,
        ..compressor::Compressor::default()
    };
    let expected = Compressor {
        library: CompressorLibrary::Gzip {
            level: 9,
            window_bits: 12,
        },
        enabled: false,
        min_content_length: 1_000,
        content_types: vec!["text/html".into()],
        disable_on_etag: true,
        remove_accept_encoding: true,
        uncompressible_statuses: vec![500],
        choose_first: true,
    };
    assert_eq!(kind_of(packed(&pb)), HttpFilterKind::Compressor(Box::new(expected)));
}

#[test]
fn what_cannot_be_compressed_so_is_refused_with_its_place() {
    let with = |compressor_library| {
        packed(&compressor::Compressor {
            compressor_library,
            ..compressor::Compressor::default()
        })
    };
    assert_eq!(errors_of(with(None)), [".compressorLibrary: is missing"]);
    assert_eq!(
        errors_of(with(Some(library(&GrpcWeb {})))),
        [
            ".compressorLibrary.typedConfig: library \"l\" of type \"envoy.extensions.filters.http.grpc_web.v3.GrpcWeb\" is not supported: take gzip, brotli or zstd"
        ]
    );
    let wide = Gzip {
        window_bits: Some(16),
        ..Gzip::default()
    };
    assert_eq!(
        errors_of(with(Some(library(&wide)))),
        [".compressorLibrary.typedConfig.windowBits: is 16; it has to be from 9 to 15"]
    );
    let requests = compressor::Compressor {
        compressor_library: Some(library(&Zstd::default())),
        request_direction_config: Some(RequestDirectionConfig {
            common_config: Some(CommonDirectionConfig {
                enabled: Some(RuntimeFeatureFlag::default()),
                ..CommonDirectionConfig::default()
            }),
        }),
        ..compressor::Compressor::default()
    };
    assert_eq!(
        errors_of(packed(&requests)),
        [".requestDirectionConfig: compresses requests, which this proxy does not; remove it"]
    );
}

#[test]
fn routes_change_compressors() {
    let per_route = |r#override| packed(&compressor::CompressorPerRoute { r#override });
    assert_eq!(
        override_of(per_route(Some(CompressorChange::Disabled(true)))),
        [FilterOverride::Disabled]
    );
    let overrides = compressor::CompressorOverrides {
        response_direction_config: Some(compressor::ResponseDirectionOverrides {
            remove_accept_encoding_header: Some(true),
        }),
        compressor_library: Some(library(&Brotli::default())),
    };
    let expected = CompressorOverride {
        library: Some(CompressorLibrary::Brotli {
            quality: 3,
            window_bits: 18,
        }),
        remove_accept_encoding: Some(true),
    };
    assert_eq!(
        override_of(per_route(Some(CompressorChange::Overrides(overrides)))),
        [FilterOverride::Compressor(expected)]
    );
}

#[test]
fn sizes_of_heads_are_taken_as_far_as_the_proxy_goes() {
    let mut cluster = cluster_of(cluster_nested::DiscoveryType::Static);
    cluster.common_http_protocol_options = Some(HttpProtocolOptions {
        max_headers_count: Some(200),
        max_response_headers_kb: Some(500),
        ..HttpProtocolOptions::default()
    });
    let decoded = accepted(ResourceType::Cluster, &cluster);
    let Resource::Cluster(taken) = &decoded.resource else {
        panic!("no cluster")
    };
    assert_eq!(
        (taken.http.max_headers_count, taken.http.max_response_headers_kb),
        (128, 192)
    );
    let warnings: Vec<String> = decoded.warnings.iter().map(ToString::to_string).collect();
    for (place, text) in [
        ("maxHeadersCount", "is 200; this proxy takes 128 at most"),
        ("maxResponseHeadersKb", "is 500; this proxy takes 192 at most"),
    ] {
        assert!(
            warnings
                .iter()
                .any(|warning| warning.ends_with(&format!("{place}: {text}"))),
            "{warnings:?}"
        );
    }
}
