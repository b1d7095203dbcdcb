//! `src/generated.rs` is what prost makes of the mesh's protos.
#![allow(clippy::unwrap_used, reason = "a test may panic")]

use std::{collections::BTreeMap, fs, path::Path};

use prost_build::{Config, Module};

/// What is decoded by itself: resources, and what they carry in an `Any`.
const ROOTS: [&str; 70] = [
    "envoy/config/cluster/v3/cluster.proto",
    "envoy/config/endpoint/v3/endpoint.proto",
    "envoy/config/listener/v3/listener.proto",
    "envoy/config/route/v3/route.proto",
    "envoy/config/trace/v3/opentelemetry.proto",
    "envoy/config/trace/v3/zipkin.proto",
    "envoy/data/tap/v3/wrapper.proto",
    "envoy/extensions/access_loggers/file/v3/file.proto",
    "envoy/extensions/access_loggers/grpc/v3/als.proto",
    "envoy/extensions/access_loggers/open_telemetry/v3/logs_service.proto",
    "envoy/extensions/access_loggers/stream/v3/stream.proto",
    "envoy/extensions/compression/brotli/compressor/v3/brotli.proto",
    "envoy/extensions/compression/brotli/decompressor/v3/brotli.proto",
    "envoy/extensions/compression/gzip/compressor/v3/gzip.proto",
    "envoy/extensions/compression/gzip/decompressor/v3/gzip.proto",
    "envoy/extensions/compression/zstd/compressor/v3/zstd.proto",
    "envoy/extensions/compression/zstd/decompressor/v3/zstd.proto",
    "envoy/extensions/filters/http/buffer/v3/buffer.proto",
    "envoy/extensions/filters/http/compressor/v3/compressor.proto",
    "envoy/extensions/filters/http/cors/v3/cors.proto",
    "envoy/extensions/filters/http/decompressor/v3/decompressor.proto",
    "envoy/extensions/filters/http/ext_authz/v3/ext_authz.proto",
    "envoy/extensions/filters/http/ext_proc/v3/ext_proc.proto",
    "envoy/extensions/filters/http/fault/v3/fault.proto",
    "envoy/extensions/filters/http/grpc_web/v3/grpc_web.proto",
    "envoy/extensions/filters/http/jwt_authn/v3/config.proto",
    "envoy/extensions/filters/http/local_ratelimit/v3/local_rate_limit.proto",
    "envoy/extensions/filters/http/rate_limit_quota/v3/rate_limit_quota.proto",
    "envoy/extensions/filters/http/ratelimit/v3/rate_limit.proto",
    "envoy/extensions/filters/http/rbac/v3/rbac.proto",
    "envoy/extensions/filters/http/router/v3/router.proto",
    "envoy/extensions/filters/http/set_filter_state/v3/set_filter_state.proto",
    "envoy/extensions/filters/http/stateful_session/v3/stateful_session.proto",
    "envoy/extensions/filters/http/tap/v3/tap.proto",
    "envoy/extensions/filters/listener/http_inspector/v3/http_inspector.proto",
    "envoy/extensions/filters/listener/original_dst/v3/original_dst.proto",
    "envoy/extensions/filters/listener/original_src/v3/original_src.proto",
    "envoy/extensions/filters/listener/proxy_protocol/v3/proxy_protocol.proto",
    "envoy/extensions/filters/listener/tls_inspector/v3/tls_inspector.proto",
    "envoy/extensions/filters/network/connection_limit/v3/connection_limit.proto",
    "envoy/extensions/filters/network/http_connection_manager/v3/http_connection_manager.proto",
    "envoy/extensions/filters/network/rbac/v3/rbac.proto",
    "envoy/extensions/filters/network/tcp_proxy/v3/tcp_proxy.proto",
    "envoy/extensions/filters/udp/udp_proxy/v3/route.proto",
    "envoy/extensions/filters/udp/udp_proxy/v3/udp_proxy.proto",
    "envoy/extensions/http/stateful_session/cookie/v3/cookie.proto",
    "envoy/extensions/http/stateful_session/header/v3/header.proto",
    "envoy/extensions/load_balancing_policies/least_request/v3/least_request.proto",
    "envoy/extensions/load_balancing_policies/maglev/v3/maglev.proto",
    "envoy/extensions/load_balancing_policies/override_host/v3/override_host.proto",
    "envoy/extensions/load_balancing_policies/random/v3/random.proto",
    "envoy/extensions/load_balancing_policies/ring_hash/v3/ring_hash.proto",
    "envoy/extensions/load_balancing_policies/round_robin/v3/round_robin.proto",
    "envoy/extensions/load_balancing_policies/subset/v3/subset.proto",
    "envoy/extensions/load_balancing_policies/wrr_locality/v3/wrr_locality.proto",
    "envoy/extensions/path/match/uri_template/v3/uri_template_match.proto",
    "envoy/extensions/transport_sockets/internal_upstream/v3/internal_upstream.proto",
    "envoy/extensions/transport_sockets/proxy_protocol/v3/upstream_proxy_protocol.proto",
    "envoy/extensions/transport_sockets/raw_buffer/v3/raw_buffer.proto",
    "envoy/extensions/transport_sockets/tls/v3/secret.proto",
    "envoy/extensions/transport_sockets/tls/v3/tls.proto",
    "envoy/extensions/upstreams/http/v3/http_protocol_options.proto",
    "envoy/service/auth/v3/external_auth.proto",
    "envoy/service/ext_proc/v3/external_processor.proto",
    "envoy/service/rate_limit_quota/v3/rlqs.proto",
    "envoy/service/ratelimit/v3/rls.proto",
    "envoy/type/matcher/v3/http_inputs.proto",
    "fairlead/dataplane/v1/filter_module.proto",
    "istio/networking/nds/v1/nds.proto",
    "xds/type/matcher/v3/ip.proto",
];

/// A wrapper is an option of what it wraps.
const WRAPPERS: [(&str, &str); 9] = [
    ("BoolValue", "bool"),
    ("BytesValue", "::prost::alloc::vec::Vec<u8>"),
    ("DoubleValue", "f64"),
    ("FloatValue", "f32"),
    ("Int32Value", "i32"),
    ("Int64Value", "i64"),
    ("StringValue", "::prost::alloc::string::String"),
    ("UInt32Value", "u32"),
    ("UInt64Value", "u64"),
];

const HEADER: &str = "//! @generated from packages/api/proto by `UPDATE_MESSAGES=1 cargo test -p messages`.\n";

#[test]
fn the_committed_messages_are_what_the_protos_say() {
    let file = Path::new(env!("CARGO_MANIFEST_DIR")).join("src/generated.rs");
    let generated = generate();
    if std::env::var_os("UPDATE_MESSAGES").is_some() {
        fs::write(&file, generated).unwrap();
    } else {
        let same = fs::read_to_string(&file).unwrap() == generated;
        assert!(
            same,
            "src/generated.rs is out of date: run `UPDATE_MESSAGES=1 cargo test -p messages`"
        );
    }
}

fn generate() -> String {
    let protos = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../../api/proto");
    let descriptors = protox::compile(ROOTS, [protos]).unwrap();
    let mut config = Config::new();
    config.compile_well_known_types().enable_type_names();
    config.disable_comments(["."]).skip_debug(["."]);
    for (proto, rust) in WRAPPERS {
        config.extern_path(format!(".google.protobuf.{proto}"), rust);
    }
    let files = descriptors.file.into_iter();
    let by_package = files.map(|file| (Module::from_protobuf_package_name(file.package()), file));
    let mut root = Tree::default();
    for (package, code) in config.generate(by_package.collect()).unwrap() {
        package
            .parts()
            .fold(&mut root, |tree, part| {
                tree.children.entry(part.to_owned()).or_default()
            })
            .code = code;
    }
    prettyplease::unparse(&syn::parse_file(&format!("{HEADER}{}", root.code())).unwrap())
}

/// A package and those inside it: one module each, because generated paths climb from package to package.
#[derive(Default)]
struct Tree {
    code: String,
    children: BTreeMap<String, Self>,
}

impl Tree {
    fn code(&self) -> String {
        let inner = self
            .children
            .iter()
            .map(|(name, tree)| format!("pub mod {name} {{ {} }}", tree.code()));
        self.code.clone() + &inner.collect::<String>()
    }
}
