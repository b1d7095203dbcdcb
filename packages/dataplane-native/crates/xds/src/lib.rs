//! Decodes Envoy's xDS v3 resources into [`config`] types.
//!
//! [`decode`] never panics, whatever the bytes, and never drops anything silently: what would be less secure or plainly
//! wrong if it were left out refuses the resource, with its field path; what is accepted and has no effect here is a
//! warning.
#![forbid(unsafe_code)]
#![allow(
    clippy::needless_pass_by_value,
    reason = "a decoder takes its message over, whether or not it moves parts out"
)]

mod access_log;
mod buffer;
mod cluster;
mod compressor;
mod context;
mod decompressor;
mod endpoint;
mod ext_authz;
mod ext_proc;
mod fault;
mod filter;
mod filter_state;
mod global_limit;
mod health_check;
mod http_connection_manager;
mod http_options;
mod jwt;
mod lb_policy;
mod limits;
mod listener;
mod local_reply;
mod match_tree;
mod matcher;
mod module;
mod name_table;
mod quota;
mod rate_limit;
mod rbac;
mod retry;
mod route;
mod route_action;
mod secret;
mod service;
mod session;
mod tap;
mod tcp_proxy;
mod tls;
mod tracing;
mod udp;
mod value;

use std::sync::Arc;

use config::{Cluster, ClusterLoadAssignment, Invalid, Listener, NameTable, RouteConfiguration, Secret, TapConfig};
use prost::{Message, Name};

use context::Context;

/// The kinds of resources a proxy asks for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum ResourceType {
    /// `envoy.config.listener.v3.Listener`
    Listener,
    /// `envoy.config.route.v3.RouteConfiguration`
    Route,
    /// `envoy.config.cluster.v3.Cluster`
    Cluster,
    /// `envoy.config.endpoint.v3.ClusterLoadAssignment`
    Endpoint,
    /// `envoy.extensions.transport_sockets.tls.v3.Secret`
    Secret,
    /// `istio.networking.nds.v1.NameTable`
    NameTable,
}

impl ResourceType {
    /// All of them, in the order in which they are best applied (make before break).
    pub const ALL: [Self; 6] = [
        Self::Secret,
        Self::Cluster,
        Self::Endpoint,
        Self::Listener,
        Self::Route,
        // Who is told an address goes there: what listens for it comes first.
        Self::NameTable,
    ];

    /// The type of a type URL, with or without `type.googleapis.com/`.
    pub fn from_url(type_url: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|kind| short(kind.url()) == short(type_url))
    }

    /// Its type URL.
    pub const fn url(self) -> &'static str {
        match self {
            Self::Listener => "type.googleapis.com/envoy.config.listener.v3.Listener",
            Self::Route => "type.googleapis.com/envoy.config.route.v3.RouteConfiguration",
            Self::Cluster => "type.googleapis.com/envoy.config.cluster.v3.Cluster",
            Self::Endpoint => "type.googleapis.com/envoy.config.endpoint.v3.ClusterLoadAssignment",
            Self::Secret => "type.googleapis.com/envoy.extensions.transport_sockets.tls.v3.Secret",
            Self::NameTable => "type.googleapis.com/istio.networking.nds.v1.NameTable",
        }
    }

    /// What messages call it: `listener`, `route`, `cluster`, `endpoint`, `secret`, `name table`.
    pub const fn noun(self) -> &'static str {
        match self {
            Self::Listener => "listener",
            Self::Route => "route",
            Self::Cluster => "cluster",
            Self::Endpoint => "endpoint",
            Self::Secret => "secret",
            Self::NameTable => "name table",
        }
    }
}

/// A decoded resource.
#[derive(Clone, Debug, PartialEq)]
pub enum Resource {
    /// A listener.
    Listener(Box<Listener>),
    /// A route configuration.
    Route(Box<RouteConfiguration>),
    /// A cluster.
    Cluster(Box<Cluster>),
    /// The endpoints of a cluster.
    Endpoint(Box<ClusterLoadAssignment>),
    /// A certificate or a trust bundle.
    Secret(Box<Secret>),
    /// Names that the proxy answers by itself.
    NameTable(Box<NameTable>),
}

impl Resource {
    /// Its name, by which it is replaced and removed.
    pub fn name(&self) -> &Arc<str> {
        match self {
            Self::Listener(listener) => &listener.name,
            Self::Route(routes) => &routes.name,
            Self::Cluster(cluster) => &cluster.name,
            Self::Endpoint(assignment) => &assignment.cluster_name,
            Self::Secret(secret) => &secret.name,
            Self::NameTable(table) => &table.name,
        }
    }
}

/// A resource that can be used, and what of it has no effect here.
#[derive(Clone, Debug, PartialEq)]
pub struct Decode {
    /// The resource.
    pub resource: Resource,
    /// What has no effect, or not all of it.
    pub warnings: Vec<Invalid>,
}

/// Decodes one resource. `name` is the one the server put beside it (empty in the state-of-the-world protocol). The
/// error lists every problem of the resource, not only the first; it is never empty.
pub fn decode(kind: ResourceType, name: &str, bytes: &[u8]) -> Result<Decode, Vec<Invalid>> {
    let mut cx = Context::default();
    let cx = &mut cx;
    let resource = match kind {
        ResourceType::Listener => message(cx, bytes).map(|pb| Resource::Listener(Box::new(listener::listener(cx, pb)))),
        ResourceType::Route => {
            message(cx, bytes).map(|pb| Resource::Route(Box::new(route::route_configuration(cx, pb))))
        }
        ResourceType::Cluster => message(cx, bytes).map(|pb| Resource::Cluster(Box::new(cluster::cluster(cx, pb)))),
        ResourceType::Endpoint => {
            message(cx, bytes).map(|pb| Resource::Endpoint(Box::new(endpoint::cluster_load_assignment(cx, pb))))
        }
        ResourceType::Secret => message(cx, bytes).map(|pb| Resource::Secret(Box::new(secret::secret(cx, pb)))),
        ResourceType::NameTable => {
            message(cx, bytes).map(|pb| Resource::NameTable(Box::new(name_table::name_table(cx, name, pb))))
        }
    };
    let own_name = resource.as_ref().map(|resource| resource.name().clone());
    if let Some(own_name) = &own_name {
        // The table of all names has none itself.
        if own_name.is_empty() && kind != ResourceType::NameTable {
            cx.within("name", |cx| cx.error("is empty; every resource needs a unique name"));
        } else if !name.is_empty() && *name != **own_name {
            cx.within("name", |cx| {
                cx.error(format!("is {own_name:?}, but the server calls the resource {name:?}"));
            });
        }
    }
    let shown = own_name
        .as_deref()
        .filter(|own_name| !own_name.is_empty())
        .unwrap_or(name);
    let (errors, warnings) = std::mem::take(cx).finish(kind.noun(), shown);
    match resource {
        Some(resource) if errors.is_empty() => Ok(Decode { resource, warnings }),
        _ => Err(errors),
    }
}

/// Decodes what an operator wants to have recorded (`envoy.config.tap.v3.TapConfig`), with what of it has no effect. The
/// error is never empty.
pub fn decode_tap(bytes: &[u8]) -> Result<(TapConfig, Vec<Invalid>), Vec<Invalid>> {
    tap::of_operator(bytes)
}

/// Feeds arbitrary bytes to every decoder: none may panic.
pub fn fuzz_decode(bytes: &[u8]) {
    for kind in ResourceType::ALL {
        let _ = decode(kind, "", bytes);
    }
}

fn message<M: Message + Name + Default>(cx: &mut Context, bytes: &[u8]) -> Option<M> {
    cx.check(M::decode(bytes).map_err(|error| format!("the bytes are not a {}: {error}", M::NAME)))
}

/// A type URL without `type.googleapis.com/`.
fn short(type_url: &str) -> &str {
    type_url.rsplit('/').next().unwrap_or(type_url)
}

#[cfg(test)]
mod tests;
