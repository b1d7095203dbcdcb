//! Endpoints. There may be very many: what several share is made once.

use std::{
    collections::{BTreeMap, HashMap, VecDeque},
    sync::Arc,
};

use config::{
    Address, ClusterLoadAssignment, Endpoint, EndpointFacts, EndpointHealthCheck, HealthStatus, LB_NAMESPACE, Locality,
    LocalityEndpoints, Workload,
};
use messages::{
    envoy::config::{
        core::v3::{self as core, Metadata},
        endpoint::v3::{self as pb, lb_endpoint::HostIdentifier},
    },
    google::protobuf::{Struct, Value, value::Kind},
};

use serde_json::Value as Json;

use crate::{
    context::Context,
    value::{address, json_object, metadata, port},
};

type Labels = Arc<BTreeMap<String, String>>;
type LbMetadata = Arc<serde_json::Map<String, Json>>;

/// Values that endpoints of one resource share.
#[derive(Default)]
struct Shared {
    workloads: HashMap<String, Arc<Workload>>,
    labels: HashMap<BTreeMap<String, String>, Labels>,
    hostnames: HashMap<String, Arc<str>>,
    /// By their text.
    lb_metadata: HashMap<String, LbMetadata>,
    /// The last one: those of one resource are alike, if there are any.
    check: Option<Arc<EndpointHealthCheck>>,
    /// The last ones.
    facts: VecDeque<Arc<EndpointFacts>>,
}

/// Different facts that endpoints of one resource are compared with: a service has few workloads.
const RECENT_FACTS: usize = 8;

impl Shared {
    fn share_facts(&mut self, facts: EndpointFacts) -> Option<Arc<EndpointFacts>> {
        if let Some(known) = self.facts.iter().find(|known| ***known == facts) {
            return Some(Arc::clone(known));
        }
        let new = facts.shared()?;
        self.facts.truncate(RECENT_FACTS - 1);
        self.facts.push_front(Arc::clone(&new));
        Some(new)
    }

    fn share_check(&mut self, check: EndpointHealthCheck) -> Arc<EndpointHealthCheck> {
        match &self.check {
            Some(known) if **known == check => Arc::clone(known),
            _ => Arc::clone(self.check.insert(Arc::new(check))),
        }
    }
}

/// The resource of EDS; its addresses are resolved already.
pub(crate) fn cluster_load_assignment(cx: &mut Context, pb: pb::ClusterLoadAssignment) -> ClusterLoadAssignment {
    let name = pb.cluster_name.as_str().into();
    let overprovisioning_percent = overprovisioning(&pb);
    let localities = localities(cx, pb, false);
    ClusterLoadAssignment {
        cluster_name: name,
        localities,
        overprovisioning_percent,
    }
}

/// The factor in percent.
pub(crate) fn overprovisioning(pb: &pb::ClusterLoadAssignment) -> u32 {
    pb.policy
        .as_ref()
        .and_then(|policy| policy.overprovisioning_factor)
        .unwrap_or(140)
        .max(100)
}

/// The localities of an assignment, which may stand inside a cluster; only there names may have to be resolved.
pub(crate) fn localities(cx: &mut Context, pb: pb::ClusterLoadAssignment, allow_names: bool) -> Vec<LocalityEndpoints> {
    cx.unsupported("namedEndpoints", !pb.named_endpoints.is_empty());
    if let Some(policy) = &pb.policy {
        cx.no_effect("policy.dropOverloads", !policy.drop_overloads.is_empty());
        cx.no_effect("policy.weightedPriorityHealth", policy.weighted_priority_health);
    }
    let mut shared = Shared::default();
    cx.list("endpoints", pb.endpoints, |cx, pb| {
        locality(cx, pb, allow_names, &mut shared)
    })
}

fn locality(
    cx: &mut Context,
    pb: pb::LocalityLbEndpoints,
    allow_names: bool,
    shared: &mut Shared,
) -> LocalityEndpoints {
    cx.unsupported("lbConfig", pb.lb_config.is_some());
    if pb.priority > 128 {
        cx.within("priority", |cx| {
            cx.error(format!("{} is greater than 128", pb.priority));
        });
    }
    let place = pb.locality.unwrap_or_default();
    let all = cx.list("lbEndpoints", pb.lb_endpoints, |cx, pb| {
        endpoint(cx, pb, allow_names, shared)
    });
    let mut endpoints = Vec::with_capacity(all.len());
    endpoints.extend(all.into_iter().flatten());
    LocalityEndpoints {
        locality: Locality {
            region: config::shared(&place.region),
            zone: config::shared(&place.zone),
            subzone: config::shared(&place.sub_zone),
        },
        weight: pb.load_balancing_weight,
        priority: pb.priority,
        endpoints,
    }
}

fn endpoint(cx: &mut Context, pb: pb::LbEndpoint, allow_names: bool, shared: &mut Shared) -> Option<Endpoint> {
    let health = health(pb.health_status());
    let weight = pb.load_balancing_weight.unwrap_or(1);
    if weight == 0 {
        cx.within("loadBalancingWeight", |cx| {
            cx.error("is 0; leave the endpoint out instead");
        });
    }
    let inner = match pb.host_identifier {
        Some(HostIdentifier::Endpoint(inner)) => inner,
        Some(HostIdentifier::EndpointName(_)) => {
            cx.unsupported("endpointName", true);
            return None;
        }
        None => {
            cx.within("endpoint", |cx| cx.error("is missing"));
            return None;
        }
    };
    let check = inner.health_check_config;
    let (own_address, check) = cx.within("endpoint", |cx| {
        let own_address = address(cx, inner.address);
        if matches!(own_address, Address::Host(..)) && !allow_names {
            cx.within("address", |cx| {
                cx.error(format!(
                    "{own_address} is a name; only clusters that resolve names may have one"
                ));
            });
        }
        let check = check.map(|pb| cx.within("healthCheckConfig", |cx| health_check(cx, pb)));
        (own_address, check)
    });
    let health_check = check
        .filter(|check| *check != EndpointHealthCheck::default())
        .map(|check| shared.share_check(check));
    let hostname = match (&own_address, inner.hostname.as_str()) {
        (Address::Host(host), "") => Some(host.0.clone()),
        (_, "") => None,
        (_, name) => Some(
            shared
                .hostnames
                .entry(name.to_owned())
                .or_insert_with(|| name.into())
                .clone(),
        ),
    };
    // Nobody asks for it at other addresses, and there may be a hundred thousand of them.
    let internal = matches!(own_address, Address::Internal(..)).then(|| pb.metadata.clone());
    let Known {
        workload,
        transport_match,
        lb_metadata,
    } = pb.metadata.map(|metadata| facts(metadata, shared)).unwrap_or_default();
    let facts = EndpointFacts {
        workload,
        transport_match,
        hostname,
        lb_metadata,
        metadata: internal.flatten().map(|all| Arc::new(metadata(Some(all)))),
        health_check,
    };
    Some(Endpoint {
        address: own_address,
        weight,
        health,
        facts: shared.share_facts(facts),
    })
}

/// What is known of an endpoint's health.
pub(crate) fn health(status: core::HealthStatus) -> HealthStatus {
    match status {
        core::HealthStatus::Unknown => HealthStatus::Unknown,
        core::HealthStatus::Healthy => HealthStatus::Healthy,
        core::HealthStatus::Unhealthy => HealthStatus::Unhealthy,
        core::HealthStatus::Draining => HealthStatus::Draining,
        core::HealthStatus::Timeout => HealthStatus::Timeout,
        core::HealthStatus::Degraded => HealthStatus::Degraded,
    }
}

fn health_check(cx: &mut Context, pb: pb::endpoint::HealthCheckConfig) -> EndpointHealthCheck {
    EndpointHealthCheck {
        port: (pb.port_value != 0).then(|| port(cx, "portValue", pb.port_value)),
        address: pb.address.map(|own| address(cx, Some(own))),
        hostname: (!pb.hostname.is_empty()).then(|| pb.hostname.into()),
        disabled: pb.disable_active_health_check,
    }
}

/// What is known of an endpoint from its metadata.
#[derive(Default)]
struct Known {
    workload: Option<Arc<Workload>>,
    transport_match: Option<Labels>,
    lb_metadata: Option<LbMetadata>,
}

fn facts(mut metadata: Metadata, shared: &mut Shared) -> Known {
    let istio = metadata
        .filter_metadata
        .remove("istio")
        .and_then(|mut istio| istio.fields.remove("workload"));
    let workload = istio.and_then(text).map(|text| {
        let parsed = shared
            .workloads
            .entry(text)
            .or_insert_with_key(|text| Arc::new(Workload::parse(text)));
        parsed.clone()
    });
    let labels = metadata
        .filter_metadata
        .remove("envoy.transport_socket_match")
        .map(labels)
        .filter(|labels| !labels.is_empty());
    let labels = labels.map(|labels| {
        shared
            .labels
            .entry(labels)
            .or_insert_with_key(|labels| Arc::new(labels.clone()))
            .clone()
    });
    let lb_metadata = metadata.filter_metadata.remove(LB_NAMESPACE).map(json_object);
    let lb_metadata = lb_metadata.and_then(|value| {
        let text = value.to_string();
        let Json::Object(map) = value else { return None };
        Some(shared.lb_metadata.entry(text).or_insert_with(|| Arc::new(map)).clone())
    });
    Known {
        workload,
        transport_match: labels,
        lb_metadata,
    }
}

/// The string fields of a struct.
pub(crate) fn labels(value: Struct) -> BTreeMap<String, String> {
    value
        .fields
        .into_iter()
        .filter_map(|(key, value)| Some((key, text(value)?)))
        .collect()
}

fn text(value: Value) -> Option<String> {
    match value.kind {
        Some(Kind::StringValue(text)) => Some(text),
        Some(Kind::BoolValue(value)) => Some(value.to_string()),
        _ => None,
    }
}
