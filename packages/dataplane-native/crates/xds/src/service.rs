//! Services that the proxy calls itself.

use std::sync::Arc;

use config::{GrpcService, HeaderName, NameKind};
use messages::envoy::config::core::v3::{self as pb, grpc_service::TargetSpecifier, http_uri::HttpUpstreamType};

use crate::{
    context::Context,
    value::{header_name, millis},
};

/// A service of gRPC.
pub(crate) fn grpc(cx: &mut Context, pb: pb::GrpcService) -> GrpcService {
    let timeout_ms = millis(cx, "timeout", pb.timeout).unwrap_or(0);
    let initial_metadata = headers(cx, "initialMetadata", pb.initial_metadata);
    let Some(TargetSpecifier::EnvoyGrpc(target)) = pb.target_specifier else {
        cx.error("has no envoyGrpc; other clients of gRPC are not supported");
        return GrpcService::default();
    };
    if target.cluster_name.is_empty() {
        cx.within("envoyGrpc.clusterName", |cx| cx.error("is empty"));
    }
    GrpcService {
        cluster: target.cluster_name.into(),
        authority: target.authority.into(),
        timeout_ms,
        initial_metadata,
    }
}

/// Fields with fixed values.
pub(crate) fn headers(cx: &mut Context, name: &str, list: Vec<pb::HeaderValue>) -> Vec<(HeaderName, Arc<str>)> {
    let decode = |cx: &mut Context, header: pb::HeaderValue| {
        let name = header_name(cx, "key", &header.key)?;
        if name.kind() != NameKind::Field {
            cx.within("key", |cx| cx.error(format!("{name} cannot be set")));
            return None;
        }
        let raw = String::from_utf8(header.raw_value).map_err(|_| "rawValue is not UTF-8");
        let value = if header.value.is_empty() {
            cx.check(raw)?
        } else {
            header.value
        };
        if value.bytes().any(|byte| byte < b' ' && byte != b'\t' || byte == 0x7f) {
            cx.within("value", |cx| cx.error("has control characters"));
            return None;
        }
        Some((name, Arc::from(value)))
    };
    cx.list(name, list, decode).into_iter().flatten().collect()
}

/// Where something is fetched from: URI, cluster, time for an answer.
pub(crate) struct HttpUri {
    pub(crate) uri: Arc<str>,
    pub(crate) cluster: Arc<str>,
    pub(crate) timeout_ms: Option<u64>,
}

/// The address of a server of HTTP.
pub(crate) fn http_uri(cx: &mut Context, pb: pb::HttpUri) -> HttpUri {
    let cluster = match pb.http_upstream_type {
        Some(HttpUpstreamType::Cluster(name)) if !name.is_empty() => name,
        _ => {
            cx.within("cluster", |cx| cx.error("is empty"));
            String::new()
        }
    };
    HttpUri {
        uri: pb.uri.into(),
        cluster: cluster.into(),
        timeout_ms: millis(cx, "timeout", pb.timeout),
    }
}
