//! Network filters, HTTP filters and their overrides at routes.

use std::{
    collections::{BTreeMap, HashMap},
    sync::Arc,
};

use config::{FilterOverride, HttpFilter, HttpFilterKind, NetworkFilter, RouterOptions};
use messages::{
    envoy::{
        config::{
            listener::v3::{self as listener, filter},
            route::v3::FilterConfig,
        },
        extensions::filters::{
            http::{
                buffer::v3::{Buffer, BufferPerRoute},
                compressor::v3::{Compressor, CompressorPerRoute},
                cors::v3::{Cors, CorsPolicy},
                decompressor::v3::Decompressor,
                ext_authz::v3::{ExtAuthz, ExtAuthzPerRoute},
                ext_proc::v3::{ExtProcPerRoute, ExternalProcessor},
                fault::v3::HttpFault,
                grpc_web::v3::GrpcWeb,
                jwt_authn::v3::{JwtAuthentication, PerRouteConfig as JwtPerRoute},
                local_ratelimit::v3::LocalRateLimit,
                rate_limit_quota::v3::{RateLimitQuotaFilterConfig, RateLimitQuotaOverride},
                ratelimit::v3::{RateLimit, RateLimitPerRoute},
                rbac::v3::{Rbac as HttpRbac, RbacPerRoute},
                router::v3::Router,
                set_filter_state::v3::Config as SetFilterState,
                stateful_session::v3::{StatefulSession, StatefulSessionPerRoute},
                tap::v3::Tap,
            },
            network::{
                connection_limit::v3::ConnectionLimit,
                http_connection_manager::v3::{HttpConnectionManager, HttpFilter as PbHttpFilter, http_filter},
                rbac::v3::Rbac as NetworkRbac,
                tcp_proxy::v3::TcpProxy,
            },
        },
    },
    google::protobuf::Any,
};
use prost::Message;

use crate::{
    buffer, compressor,
    context::{Context, is},
    decompressor, ext_authz, ext_proc, fault, filter_state, global_limit, http_connection_manager, jwt, module, quota,
    rate_limit, rbac, session, short, tap, tcp_proxy,
};

/// Filters that only observe or pass on telemetry; what they do, this proxy does itself or does not need.
const OBSERVERS: [&str; 7] = [
    "envoy.tcp.metadataexchange.config.MetadataExchange",
    "io.istio.http.peer_metadata.Config",
    "io.istio.network.peer_metadata.Config",
    "stats.PluginConfig",
    "istio.envoy.config.filter.http.alpn.v2alpha1.FilterConfig",
    "istio.envoy.config.filter.http.authn.v2alpha1.FilterConfig",
    "envoy.extensions.filters.http.grpc_stats.v3.FilterConfig",
];

/// The only fields of `udpa.type.v1.TypedStruct` and `xds.type.v3.TypedStruct` that matter here.
#[derive(Clone, PartialEq, Message)]
struct TypedStruct {
    #[prost(string, tag = "1")]
    type_url: String,
}

/// The type of a configuration, looking into a typed struct.
pub(crate) fn inner_type(any: &Any) -> String {
    let outer = short(&any.type_url);
    if matches!(outer, "udpa.type.v1.TypedStruct" | "xds.type.v3.TypedStruct")
        && let Ok(inner) = TypedStruct::decode(any.value.as_slice())
    {
        return short(&inner.type_url).to_owned();
    }
    outer.to_owned()
}

pub(crate) fn is_observer(type_name: &str) -> bool {
    OBSERVERS.contains(&type_name)
}

/// The filters of a chain; the last one has to serve the connection.
pub(crate) fn network_filters(cx: &mut Context, filters: Vec<listener::Filter>) -> Vec<NetworkFilter> {
    let count = filters.len();
    let decoded: Vec<_> = cx.list("filters", filters, network_filter);
    let serves = |filter: &NetworkFilter| {
        matches!(
            filter,
            NetworkFilter::HttpConnectionManager(_) | NetworkFilter::TcpProxy(_)
        )
    };
    let known: Vec<NetworkFilter> = decoded.into_iter().flatten().collect();
    if known.len() == count {
        match known.iter().position(serves) {
            None => cx.within("filters", |cx| {
                cx.error("no filter serves the connection; end with an HTTP connection manager or a TCP proxy");
            }),
            Some(at) if at + 1 != count => {
                cx.within(&format!("filters[{}]", at + 1), |cx| {
                    cx.error("stands behind a filter that already serves the connection");
                });
            }
            Some(_) => {}
        }
    }
    known
}

fn network_filter(cx: &mut Context, pb: listener::Filter) -> Option<NetworkFilter> {
    let any = match pb.config_type {
        Some(filter::ConfigType::TypedConfig(any)) => any,
        Some(filter::ConfigType::ConfigDiscovery(_)) => {
            cx.unsupported("configDiscovery", true);
            return None;
        }
        None => {
            cx.within("typedConfig", |cx| {
                cx.error(format!("of filter {:?} is missing", pb.name));
            });
            return None;
        }
    };
    cx.within("typedConfig", |cx| {
        if is::<HttpConnectionManager>(&any) {
            let manager = cx.unpack(&any)?;
            return Some(NetworkFilter::HttpConnectionManager(Arc::new(
                http_connection_manager::manager(cx, manager),
            )));
        }
        if is::<TcpProxy>(&any) {
            let pb = cx.unpack(&any)?;
            return Some(NetworkFilter::TcpProxy(Arc::new(tcp_proxy::tcp_proxy(cx, pb))));
        }
        if is::<NetworkRbac>(&any) {
            return Some(NetworkFilter::Rbac(Box::new(rbac::network_rbac(cx, &any))));
        }
        if is::<ConnectionLimit>(&any) {
            let pb = cx.unpack(&any)?;
            return Some(NetworkFilter::ConnectionLimit(tcp_proxy::connection_limit(cx, pb)));
        }
        let type_name = inner_type(&any);
        if !is_observer(&type_name) {
            cx.error(format!(
                "network filter {:?} of type {type_name:?} is not supported",
                pb.name
            ));
            return None;
        }
        Some(NetworkFilter::Ignored {
            name: pb.name.into(),
            type_url: type_name.into(),
        })
    })
}

/// HTTP filters; the last one is the router.
pub(crate) fn http_filters(cx: &mut Context, filters: Vec<PbHttpFilter>) -> Vec<HttpFilter> {
    let count = filters.len();
    let known: Vec<HttpFilter> = cx
        .list("httpFilters", filters, http_filter)
        .into_iter()
        .flatten()
        .collect();
    let router = known
        .iter()
        .position(|filter| matches!(filter.kind, HttpFilterKind::Router(_)));
    if known.len() == count && router != count.checked_sub(1) {
        cx.within("httpFilters", |cx| {
            cx.error("envoy.filters.http.router has to be the last filter and the only one of its kind");
        });
    }
    known
}

fn http_filter(cx: &mut Context, pb: PbHttpFilter) -> Option<HttpFilter> {
    if pb.name.is_empty() {
        cx.within("name", |cx| cx.error("is empty"));
    }
    let is_optional = pb.is_optional;
    let any = match pb.config_type {
        Some(http_filter::ConfigType::TypedConfig(any)) => any,
        Some(http_filter::ConfigType::ConfigDiscovery(_)) => {
            if is_optional {
                cx.no_effect("configDiscovery", true);
            } else {
                cx.unsupported("configDiscovery", true);
            }
            return None;
        }
        None => {
            cx.within("typedConfig", |cx| {
                cx.error(format!("of filter {:?} is missing", pb.name));
            });
            return None;
        }
    };
    let kind = cx.within("typedConfig", |cx| http_filter_kind(cx, &pb.name, &any, is_optional))?;
    Some(HttpFilter {
        name: pb.name.into(),
        disabled: pb.disabled,
        kind,
    })
}

fn http_filter_kind(cx: &mut Context, name: &str, any: &Any, is_optional: bool) -> Option<HttpFilterKind> {
    if is::<HttpRbac>(any) {
        return Some(HttpFilterKind::Rbac(Box::new(rbac::http_rbac(cx, any))));
    }
    if is::<HttpFault>(any) {
        return Some(HttpFilterKind::Fault(Box::new(fault::fault(cx, any))));
    }
    if is::<Cors>(any) {
        return Some(HttpFilterKind::Cors);
    }
    if is::<JwtAuthentication>(any) {
        return Some(HttpFilterKind::JwtAuthn(Box::new(jwt::authentication(cx, any))));
    }
    if is::<LocalRateLimit>(any) {
        return Some(HttpFilterKind::LocalRateLimit(Box::new(rate_limit::local(cx, any))));
    }
    if is::<ExtAuthz>(any) {
        return Some(HttpFilterKind::ExtAuthz(Box::new(ext_authz::filter(cx, any))));
    }
    if is::<ExternalProcessor>(any) {
        return Some(HttpFilterKind::ExtProc(Arc::new(ext_proc::filter(cx, any))));
    }
    if is::<RateLimit>(any) {
        return Some(HttpFilterKind::RateLimit(Box::new(global_limit::filter(cx, any))));
    }
    if is::<RateLimitQuotaFilterConfig>(any) {
        return quota::filter(cx, any).map(|filter| HttpFilterKind::Quota(Box::new(filter)));
    }
    if is::<GrpcWeb>(any) {
        return Some(HttpFilterKind::GrpcWeb);
    }
    if is::<Buffer>(any) {
        return buffer::buffer(cx, any).map(HttpFilterKind::Buffer);
    }
    if is::<Compressor>(any) {
        return Some(HttpFilterKind::Compressor(Box::new(compressor::compressor(cx, any))));
    }
    if is::<Decompressor>(any) {
        return Some(HttpFilterKind::Decompressor(decompressor::decompressor(cx, any)));
    }
    if is::<StatefulSession>(any) {
        return Some(HttpFilterKind::StatefulSession(Box::new(session::filter(cx, any))));
    }
    if is::<Tap>(any) {
        return tap::filter(cx, any).map(|tap| HttpFilterKind::Tap(Box::new(tap)));
    }
    if is::<Router>(any) {
        let router: Router = cx.unpack(any)?;
        cx.no_effect("upstreamLog", !router.upstream_log.is_empty());
        cx.unsupported("upstreamHttpFilters", !router.upstream_http_filters.is_empty());
        return Some(HttpFilterKind::Router(RouterOptions {
            suppress_envoy_headers: router.suppress_envoy_headers,
        }));
    }
    if let Some(module) = module::filter(cx, any) {
        return Some(HttpFilterKind::Module(Box::new(module)));
    }
    if is::<SetFilterState>(any) {
        return filter_state::known_without_it(cx, any).map(|type_url| HttpFilterKind::Ignored { type_url });
    }
    ignored(cx, "HTTP filter", name, any, is_optional).map(|type_url| HttpFilterKind::Ignored { type_url })
}

/// The type of a filter that may be ignored: it only observes, or its author says the proxy may not know it.
fn ignored(cx: &mut Context, what: &str, name: &str, any: &Any, is_optional: bool) -> Option<Arc<str>> {
    let type_name = inner_type(any);
    if is_observer(&type_name) {
        return Some(type_name.into());
    }
    if !is_optional {
        cx.error(format!("{what} {name:?} of type {type_name:?} is not supported"));
        return None;
    }
    cx.warn(format!(
        "{what} {name:?} of type {type_name:?} is not supported; it is marked optional and left out"
    ));
    Some(type_name.into())
}

/// `typed_per_filter_config`.
pub(crate) fn overrides(cx: &mut Context, configs: HashMap<String, Any>) -> BTreeMap<Arc<str>, FilterOverride> {
    cx.within("typedPerFilterConfig", |cx| {
        let mut entries: Vec<_> = configs.into_iter().collect();
        entries.sort_by(|a, b| a.0.cmp(&b.0));
        let decode = |(name, any): (String, Any)| {
            let value = cx.within(&format!("[{name:?}]"), |cx| filter_override(cx, &name, &any, false))?;
            Some((Arc::from(name), value))
        };
        entries.into_iter().filter_map(decode).collect()
    })
}

fn filter_override(cx: &mut Context, name: &str, any: &Any, is_optional: bool) -> Option<FilterOverride> {
    if is::<FilterConfig>(any) {
        let config: FilterConfig = cx.unpack(any)?;
        return match config.config {
            _ if config.disabled => Some(FilterOverride::Disabled),
            // One level only: a wrapper inside a wrapper means nothing.
            Some(inner) if !is::<FilterConfig>(&inner) && !inner.type_url.is_empty() => {
                cx.within("config", |cx| filter_override(cx, name, &inner, config.is_optional))
            }
            _ => Some(FilterOverride::Enabled),
        };
    }
    if is::<RbacPerRoute>(any) {
        return Some(
            rbac::per_route(cx, any).map_or(FilterOverride::Disabled, |rbac| FilterOverride::Rbac(Box::new(rbac))),
        );
    }
    if is::<HttpFault>(any) {
        return Some(FilterOverride::Fault(Box::new(fault::fault(cx, any))));
    }
    if is::<CorsPolicy>(any) {
        return Some(fault::cors(cx, any).map_or(FilterOverride::Disabled, |policy| {
            FilterOverride::Cors(Box::new(policy))
        }));
    }
    if is::<JwtPerRoute>(any) {
        return jwt::per_route(cx, any);
    }
    if is::<LocalRateLimit>(any) {
        return Some(FilterOverride::LocalRateLimit(Box::new(rate_limit::local(cx, any))));
    }
    if is::<ExtAuthzPerRoute>(any) {
        return ext_authz::per_route(cx, any);
    }
    if is::<ExtProcPerRoute>(any) {
        return ext_proc::per_route(cx, any);
    }
    if is::<RateLimitPerRoute>(any) {
        return global_limit::per_route(cx, any);
    }
    if is::<RateLimitQuotaOverride>(any) {
        return quota::per_route(cx, any);
    }
    if is::<BufferPerRoute>(any) {
        return buffer::per_route(cx, any);
    }
    if is::<CompressorPerRoute>(any) {
        return compressor::per_route(cx, any);
    }
    if let Some(module) = module::filter(cx, any) {
        return Some(FilterOverride::Module(Box::new(module)));
    }
    if is::<StatefulSessionPerRoute>(any) {
        return session::per_route(cx, any);
    }
    ignored(cx, "configuration of HTTP filter", name, any, is_optional)
        .map(|type_url| FilterOverride::Ignored { type_url })
}
