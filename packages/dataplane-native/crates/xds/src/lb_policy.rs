//! How endpoints are chosen: the fields of a cluster, or the extension that newer control planes send instead.

use std::sync::Arc;

use config::{
    Cluster, ConsistentHashing, Criteria, HealthSet, LbPolicy, MAX_RING_SIZE, OverrideHost, OverrideHostSource,
    RingHashFunction, SelectorFallback, SlowStart, SubsetFallback, SubsetSelector, Subsets, ZoneAware,
};
use messages::{
    envoy::{
        config::cluster::v3::{
            self as pb,
            cluster::{
                self as nested, LbConfig, SlowStartConfig,
                common_lb_config::LocalityConfigSpecifier,
                lb_subset_config::{
                    LbSubsetFallbackPolicy, LbSubsetMetadataFallbackPolicy,
                    lb_subset_selector::LbSubsetSelectorFallbackPolicy,
                },
            },
        },
        extensions::load_balancing_policies::{
            common::v3::{self as common, locality_lb_config},
            least_request::v3::LeastRequest,
            maglev::v3::Maglev,
            override_host::v3 as asked,
            random::v3::Random,
            ring_hash::v3::{RingHash, ring_hash},
            round_robin::v3::RoundRobin,
            subset::v3::Subset,
            wrr_locality::v3::WrrLocality,
        },
        r#type::v3::Percent,
    },
    google::protobuf::{Any, Struct},
};
use serde_json::Value as Json;

use crate::{
    context::{Context, is},
    endpoint, short,
    value::{header_name, json_object, metadata_key, millis},
};

/// Policies inside policies.
const MAX_DEPTH: usize = 4;

/// What of a cluster decides about its endpoints.
pub(crate) struct Balancing {
    pub(crate) policy: LbPolicy,
    pub(crate) hashing: ConsistentHashing,
    pub(crate) locality_weighted: bool,
    pub(crate) zone_aware: Option<ZoneAware>,
    pub(crate) subsets: Option<Arc<Subsets>>,
    pub(crate) panic_threshold_percent: f64,
    pub(crate) session_health: HealthSet,
    pub(crate) override_host: Option<Arc<OverrideHost>>,
}

const ROUND_ROBIN: LbPolicy = LbPolicy::RoundRobin { slow_start: None };

/// Takes what it needs out of `pb`.
pub(crate) fn balancing(cx: &mut Context, pb: &mut pb::Cluster) -> Balancing {
    let common = pb.common_lb_config.take().unwrap_or_default();
    let zones = match &common.locality_config_specifier {
        Some(LocalityConfigSpecifier::ZoneAwareLbConfig(zones)) => Some(zone_aware(
            zones.routing_enabled.as_ref(),
            zones.min_cluster_size,
            zones.fail_traffic_on_panic,
        )),
        _ => None,
    };
    let hashing = common.consistent_hashing_lb_config.unwrap_or_default();
    let session_health = match common.override_host_status {
        Some(set) => set.statuses().map(endpoint::health).collect(),
        None => HealthSet::default(),
    };
    let mut balancing = Balancing {
        policy: ROUND_ROBIN,
        hashing: ConsistentHashing {
            use_hostname: hashing.use_hostname_for_hashing,
            balance_factor_percent: hashing.hash_balance_factor.unwrap_or(0),
        },
        locality_weighted: matches!(
            common.locality_config_specifier,
            Some(LocalityConfigSpecifier::LocalityWeightedLbConfig(_))
        ),
        zone_aware: zones,
        session_health,
        override_host: None,
        subsets: pb.lb_subset_config.take().map(|config| {
            let config = cx.within("lbSubsetConfig", |cx| subsets(cx, config));
            Arc::new(config)
        }),
        panic_threshold_percent: common
            .healthy_panic_threshold
            .map_or(Cluster::default().panic_threshold_percent, |percent| {
                percent.value.clamp(0.0, 100.0)
            }),
    };
    match &pb.load_balancing_policy {
        // Where it is set, the fields do not count.
        Some(policy) => {
            balancing.locality_weighted = false;
            balancing.zone_aware = None;
            cx.within("loadBalancingPolicy", |cx| extension(cx, policy, &mut balancing, 0));
        }
        None => balancing.policy = policy(cx, pb),
    }
    if let Some(invalid) = balancing.policy.check() {
        cx.within("lbPolicy", |cx| cx.error(invalid.to_string()));
    }
    let factor = balancing.hashing.balance_factor_percent;
    if (1..100).contains(&factor) {
        cx.within("hashBalanceFactor", |cx| cx.error(format!("{factor} is less than 100")));
    }
    balancing
}

fn policy(cx: &mut Context, pb: &pb::Cluster) -> LbPolicy {
    match pb.lb_policy() {
        nested::LbPolicy::LoadBalancingPolicyConfig => {
            cx.within("loadBalancingPolicy", |cx| cx.error("is missing"));
            ROUND_ROBIN
        }
        nested::LbPolicy::RoundRobin => LbPolicy::RoundRobin {
            slow_start: match &pb.lb_config {
                Some(LbConfig::RoundRobinLbConfig(config)) => cluster_slow_start(cx, config.slow_start_config.as_ref()),
                _ => None,
            },
        },
        nested::LbPolicy::LeastRequest => {
            let config = match &pb.lb_config {
                Some(LbConfig::LeastRequestLbConfig(config)) => config.clone(),
                _ => nested::LeastRequestLbConfig::default(),
            };
            LbPolicy::LeastRequest {
                choice_count: config.choice_count.unwrap_or(2).max(2),
                active_request_bias: config.active_request_bias.map_or(1.0, |value| value.default_value),
                slow_start: cluster_slow_start(cx, config.slow_start_config.as_ref()),
            }
        }
        nested::LbPolicy::Random => LbPolicy::Random,
        nested::LbPolicy::RingHash => {
            let config = match &pb.lb_config {
                Some(LbConfig::RingHashLbConfig(config)) => *config,
                _ => nested::RingHashLbConfig::default(),
            };
            let is_murmur = config.hash_function() == nested::ring_hash_lb_config::HashFunction::MurmurHash2;
            ring(config.minimum_ring_size, config.maximum_ring_size, is_murmur)
        }
        nested::LbPolicy::Maglev => maglev(match &pb.lb_config {
            Some(LbConfig::MaglevLbConfig(config)) => config.table_size,
            _ => None,
        }),
        nested::LbPolicy::ClusterProvided => LbPolicy::ClusterProvided,
    }
}

fn ring(minimum: Option<u64>, maximum: Option<u64>, is_murmur: bool) -> LbPolicy {
    let maximum = maximum.unwrap_or(MAX_RING_SIZE);
    LbPolicy::RingHash {
        minimum_ring_size: minimum.unwrap_or(1_024.min(maximum)),
        maximum_ring_size: maximum,
        hash_function: if is_murmur {
            RingHashFunction::MurmurHash2
        } else {
            RingHashFunction::XxHash
        },
    }
}

fn maglev(table_size: Option<u64>) -> LbPolicy {
    LbPolicy::Maglev {
        table_size: table_size.unwrap_or(65_537),
    }
}

fn cluster_slow_start(cx: &mut Context, config: Option<&SlowStartConfig>) -> Option<SlowStart> {
    let config = config?;
    Some(SlowStart {
        window_ms: millis(cx, "slowStartWindow", config.slow_start_window).unwrap_or(0),
        aggression: config.aggression.as_ref().map_or(1.0, |value| value.default_value),
        min_weight_percent: config.min_weight_percent.map_or(10.0, |value| value.value),
    })
}

fn slow_start(cx: &mut Context, config: Option<&common::SlowStartConfig>) -> Option<SlowStart> {
    let config = config?;
    Some(SlowStart {
        window_ms: millis(cx, "slowStartWindow", config.slow_start_window).unwrap_or(0),
        aggression: config.aggression.as_ref().map_or(1.0, |value| value.default_value),
        min_weight_percent: config.min_weight_percent.map_or(10.0, |value| value.value),
    })
}

fn zone_aware(routing_enabled: Option<&Percent>, min_size: Option<u64>, fail_traffic_on_panic: bool) -> ZoneAware {
    let defaults = ZoneAware::default();
    ZoneAware {
        routing_enabled_percent: routing_enabled.map_or(defaults.routing_enabled_percent, |percent| percent.value),
        min_cluster_size: min_size.unwrap_or(defaults.min_cluster_size),
        fail_traffic_on_panic,
        force_local_zone_min_size: None,
    }
}

/// The first policy that is known.
fn extension(cx: &mut Context, config: &pb::LoadBalancingPolicy, balancing: &mut Balancing, depth: usize) {
    let mut names = Vec::new();
    for (index, policy) in config.policies.iter().enumerate() {
        let typed = policy.typed_extension_config.as_ref();
        let Some(any) = typed.and_then(|typed| typed.typed_config.as_ref()) else {
            continue;
        };
        let is_known = cx.within(&format!("policies[{index}]"), |cx| known(cx, any, balancing, depth));
        if is_known {
            return;
        }
        names.push(short(&any.type_url).to_owned());
    }
    cx.error(format!("no policy is known to this proxy: {}", names.join(", ")));
}

fn known(cx: &mut Context, any: &Any, balancing: &mut Balancing, depth: usize) -> bool {
    if is::<RoundRobin>(any) {
        let config = cx.unpack::<RoundRobin>(any).unwrap_or_default();
        localities(config.locality_lb_config.as_ref(), balancing);
        balancing.policy = LbPolicy::RoundRobin {
            slow_start: slow_start(cx, config.slow_start_config.as_ref()),
        };
    } else if is::<LeastRequest>(any) {
        let config = cx.unpack::<LeastRequest>(any).unwrap_or_default();
        localities(config.locality_lb_config.as_ref(), balancing);
        balancing.policy = LbPolicy::LeastRequest {
            choice_count: config.choice_count.unwrap_or(2).max(2),
            active_request_bias: config.active_request_bias.map_or(1.0, |value| value.default_value),
            slow_start: slow_start(cx, config.slow_start_config.as_ref()),
        };
    } else if is::<Random>(any) {
        let config = cx.unpack::<Random>(any).unwrap_or_default();
        localities(config.locality_lb_config.as_ref(), balancing);
        balancing.policy = LbPolicy::Random;
    } else if is::<RingHash>(any) {
        let config = cx.unpack::<RingHash>(any).unwrap_or_default();
        let is_murmur = config.hash_function() == ring_hash::HashFunction::MurmurHash2;
        let older = common::ConsistentHashingLbConfig {
            use_hostname_for_hashing: config.use_hostname_for_hashing,
            hash_balance_factor: config.hash_balance_factor,
        };
        balancing.policy = ring(config.minimum_ring_size, config.maximum_ring_size, is_murmur);
        balancing.hashing = hashing(config.consistent_hashing_lb_config.as_ref().unwrap_or(&older));
        balancing.locality_weighted |= config.locality_weighted_lb_config.is_some();
    } else if is::<Maglev>(any) {
        let config = cx.unpack::<Maglev>(any).unwrap_or_default();
        balancing.policy = maglev(config.table_size);
        balancing.hashing = hashing(&config.consistent_hashing_lb_config.unwrap_or_default());
        balancing.locality_weighted |= config.locality_weighted_lb_config.is_some();
    } else if is::<WrrLocality>(any) && depth < MAX_DEPTH {
        let config = cx.unpack::<WrrLocality>(any).unwrap_or_default();
        inner(
            cx,
            "endpointPickingPolicy",
            config.endpoint_picking_policy.as_ref(),
            balancing,
            depth,
        );
        balancing.locality_weighted = true;
        balancing.zone_aware = None;
    } else if is::<Subset>(any) && depth < MAX_DEPTH {
        let config = cx.unpack::<Subset>(any).unwrap_or_default();
        inner(cx, "subsetLbPolicy", config.subset_lb_policy.as_ref(), balancing, depth);
        balancing.subsets = Some(Arc::new(subsets(cx, of_extension(config))));
    } else if is::<asked::OverrideHost>(any) && depth < MAX_DEPTH {
        let config = cx.unpack::<asked::OverrideHost>(any).unwrap_or_default();
        inner(cx, "fallbackPolicy", config.fallback_policy.as_ref(), balancing, depth);
        balancing.override_host = Some(Arc::new(override_host(cx, config)));
    } else if short(&any.type_url) == "envoy.extensions.load_balancing_policies.cluster_provided.v3.ClusterProvided" {
        balancing.policy = LbPolicy::ClusterProvided;
    } else {
        return false;
    }
    true
}

fn inner(
    cx: &mut Context,
    name: &str,
    policy: Option<&pb::LoadBalancingPolicy>,
    balancing: &mut Balancing,
    depth: usize,
) {
    cx.within(name, |cx| match policy {
        Some(policy) => extension(cx, policy, balancing, depth + 1),
        None => cx.error("is missing"),
    });
}

fn override_host(cx: &mut Context, pb: asked::OverrideHost) -> OverrideHost {
    if pb.override_host_sources.is_empty() {
        cx.within("overrideHostSources", |cx| cx.error("is empty"));
    }
    let sources = cx.list(
        "overrideHostSources",
        pb.override_host_sources,
        |cx, source| match source.metadata {
            Some(key) => Some(OverrideHostSource::Metadata(
                cx.within("metadata", |cx| metadata_key(cx, key)),
            )),
            None if source.header.is_empty() => {
                cx.error("has neither header nor metadata");
                None
            }
            None => header_name(cx, "header", &source.header).map(OverrideHostSource::Header),
        },
    );
    OverrideHost {
        sources: sources.into_iter().flatten().collect(),
        selected: pb
            .selected_host_key
            .map(|key| cx.within("selectedHostKey", |cx| metadata_key(cx, key))),
    }
}

fn localities(config: Option<&common::LocalityLbConfig>, balancing: &mut Balancing) {
    use locality_lb_config::LocalityConfigSpecifier as Specifier;
    match config.and_then(|config| config.locality_config_specifier.as_ref()) {
        Some(Specifier::ZoneAwareLbConfig(zones)) => {
            let settings = zone_aware(
                zones.routing_enabled.as_ref(),
                zones.min_cluster_size,
                zones.fail_traffic_on_panic,
            );
            balancing.zone_aware = Some(ZoneAware {
                force_local_zone_min_size: zones.force_local_zone.map(|force| force.min_size.unwrap_or(1)),
                ..settings
            });
        }
        Some(Specifier::LocalityWeightedLbConfig(_)) => balancing.locality_weighted = true,
        None => {}
    }
}

fn hashing(config: &common::ConsistentHashingLbConfig) -> ConsistentHashing {
    ConsistentHashing {
        use_hostname: config.use_hostname_for_hashing,
        balance_factor_percent: config.hash_balance_factor.unwrap_or(0),
    }
}

fn subsets(cx: &mut Context, pb: nested::LbSubsetConfig) -> Subsets {
    let fallback = match pb.fallback_policy() {
        LbSubsetFallbackPolicy::NoFallback => SubsetFallback::NoFallback,
        LbSubsetFallbackPolicy::AnyEndpoint => SubsetFallback::AnyEndpoint,
        LbSubsetFallbackPolicy::DefaultSubset => SubsetFallback::DefaultSubset,
    };
    cx.no_effect(
        "metadataFallbackPolicy",
        pb.metadata_fallback_policy() != LbSubsetMetadataFallbackPolicy::MetadataNoFallback,
    );
    Subsets {
        fallback,
        default_subset: criteria(pb.default_subset),
        selectors: cx.list("subsetSelectors", pb.subset_selectors, selector),
        panic_mode_any: pb.panic_mode_any,
        locality_weight_aware: pb.locality_weight_aware,
        scale_locality_weight: pb.scale_locality_weight,
        list_as_any: pb.list_as_any,
    }
}

fn selector(cx: &mut Context, pb: nested::lb_subset_config::LbSubsetSelector) -> SubsetSelector {
    let names = |names: Vec<String>| names.into_iter().map(Into::into).collect();
    let fallback = match pb.fallback_policy() {
        LbSubsetSelectorFallbackPolicy::NotDefined => None,
        LbSubsetSelectorFallbackPolicy::NoFallback => Some(SelectorFallback::NoFallback),
        LbSubsetSelectorFallbackPolicy::AnyEndpoint => Some(SelectorFallback::AnyEndpoint),
        LbSubsetSelectorFallbackPolicy::DefaultSubset => Some(SelectorFallback::DefaultSubset),
        LbSubsetSelectorFallbackPolicy::KeysSubset => {
            let keys = &pb.fallback_keys_subset;
            if keys.is_empty() || keys.len() >= pb.keys.len() || keys.iter().any(|key| !pb.keys.contains(key)) {
                cx.within("fallbackKeysSubset", |cx| cx.error("has to be some of keys, not all"));
            }
            Some(SelectorFallback::KeysSubset(names(pb.fallback_keys_subset)))
        }
    };
    if pb.keys.is_empty() {
        cx.within("keys", |cx| cx.error("is empty"));
    }
    SubsetSelector {
        keys: names(pb.keys),
        fallback,
    }
}

/// The extension says the same in messages of its own.
fn of_extension(pb: Subset) -> nested::LbSubsetConfig {
    let selectors = pb.subset_selectors.into_iter();
    nested::LbSubsetConfig {
        fallback_policy: pb.fallback_policy,
        default_subset: pb.default_subset,
        subset_selectors: selectors
            .map(|selector| nested::lb_subset_config::LbSubsetSelector {
                keys: selector.keys,
                fallback_policy: selector.fallback_policy,
                fallback_keys_subset: selector.fallback_keys_subset,
                single_host_per_subset: selector.single_host_per_subset,
            })
            .collect(),
        locality_weight_aware: pb.locality_weight_aware,
        scale_locality_weight: pb.scale_locality_weight,
        panic_mode_any: pb.panic_mode_any,
        list_as_any: pb.list_as_any,
        metadata_fallback_policy: pb.metadata_fallback_policy,
    }
}

fn criteria(value: Option<Struct>) -> Criteria {
    match value.map(json_object) {
        Some(Json::Object(map)) => map.into(),
        _ => Criteria::default(),
    }
}
