use config::{
    ConsistentHashing, HeaderName, LbPolicy, MAX_RING_SIZE, MetadataKey, OverrideHost, OverrideHostSource,
    SelectorFallback, SlowStart, SubsetFallback, ZoneAware,
};
use messages::envoy::{
    config::cluster::v3::{
        LoadBalancingPolicy,
        cluster::{
            LbConfig, LbSubsetConfig, MaglevLbConfig, RoundRobinLbConfig, SlowStartConfig,
            lb_subset_config::{LbSubsetSelector, lb_subset_selector::LbSubsetSelectorFallbackPolicy},
        },
        load_balancing_policy::Policy,
    },
    extensions::load_balancing_policies::{
        common::v3::{self as common, locality_lb_config},
        override_host::v3::{self as asked, override_host::OverrideHostSource as Source},
        ring_hash::v3::RingHash,
        round_robin::v3::RoundRobin,
        subset::v3::Subset,
        wrr_locality::v3::WrrLocality,
    },
    r#type::metadata::v3::{MetadataKey as Place, metadata_key},
};

use super::*;

fn decoded(pb: &cluster::Cluster) -> Cluster {
    let decoded = accepted(ResourceType::Cluster, pb);
    assert!(decoded.warnings.is_empty(), "{:?}", decoded.warnings);
    let Resource::Cluster(cluster) = decoded.resource else {
        panic!()
    };
    *cluster
}

fn policies(configs: Vec<Any>) -> LoadBalancingPolicy {
    let policy = |config| Policy {
        typed_extension_config: Some(core::TypedExtensionConfig {
            name: "policy".into(),
            typed_config: Some(config),
        }),
    };
    LoadBalancingPolicy {
        policies: configs.into_iter().map(policy).collect(),
    }
}

fn with_policies(configs: Vec<Any>) -> cluster::Cluster {
    cluster::Cluster {
        load_balancing_policy: Some(policies(configs)),
        ..cluster_of(cluster_nested::DiscoveryType::Static)
    }
}

fn slow_start_ms() -> SlowStart {
    SlowStart {
        window_ms: 30_000,
        aggression: 1.0,
        min_weight_percent: 10.0,
    }
}

#[test]
fn slow_start_and_sizes_come_from_the_fields_of_a_cluster() {
    let window = Some(Duration { seconds: 30, nanos: 0 });
    let pb = cluster::Cluster {
        lb_config: Some(LbConfig::RoundRobinLbConfig(RoundRobinLbConfig {
            slow_start_config: Some(SlowStartConfig {
                slow_start_window: window,
                ..SlowStartConfig::default()
            }),
        })),
        ..cluster_of(cluster_nested::DiscoveryType::Static)
    };
    let slow_start = Some(slow_start_ms());
    assert_eq!(decoded(&pb).lb_policy, LbPolicy::RoundRobin { slow_start });
    let maglev = |table_size| cluster::Cluster {
        lb_policy: cluster_nested::LbPolicy::Maglev.into(),
        lb_config: Some(LbConfig::MaglevLbConfig(MaglevLbConfig {
            table_size: Some(table_size),
        })),
        ..cluster_of(cluster_nested::DiscoveryType::Static)
    };
    assert_eq!(decoded(&maglev(251)).lb_policy, LbPolicy::Maglev { table_size: 251 });
    assert_eq!(
        errors(ResourceType::Cluster, &maglev(250)),
        ["cluster \"c\": lbPolicy: maglev.tableSize: 250 is not a prime number up to 5000011"]
    );
}

#[test]
fn the_first_extension_that_is_known_counts() {
    let unknown = Any {
        type_url: "type.googleapis.com/example.Fancy".into(),
        value: vec![],
    };
    let zones = common::LocalityLbConfig {
        locality_config_specifier: Some(locality_lb_config::LocalityConfigSpecifier::ZoneAwareLbConfig(
            locality_lb_config::ZoneAwareLbConfig {
                force_local_zone: Some(locality_lb_config::zone_aware_lb_config::ForceLocalZone { min_size: Some(3) }),
                ..locality_lb_config::ZoneAwareLbConfig::default()
            },
        )),
    };
    let round_robin = RoundRobin {
        locality_lb_config: Some(zones),
        ..RoundRobin::default()
    };
    let cluster = decoded(&with_policies(vec![unknown.clone(), packed(&round_robin)]));
    assert_eq!(cluster.lb_policy, LbPolicy::RoundRobin { slow_start: None });
    assert_eq!(
        cluster.zone_aware,
        Some(ZoneAware {
            force_local_zone_min_size: Some(3),
            ..ZoneAware::default()
        })
    );
    assert_eq!(
        errors(ResourceType::Cluster, &with_policies(vec![unknown])),
        ["cluster \"c\": loadBalancingPolicy: no policy is known to this proxy: example.Fancy"]
    );
}

#[test]
fn extensions_inside_extensions_add_up() {
    let ring = RingHash {
        minimum_ring_size: Some(64),
        consistent_hashing_lb_config: Some(common::ConsistentHashingLbConfig {
            use_hostname_for_hashing: true,
            hash_balance_factor: Some(150),
        }),
        ..RingHash::default()
    };
    let wrr = WrrLocality {
        endpoint_picking_policy: Some(policies(vec![packed(&ring)])),
    };
    let subset = Subset {
        subset_lb_policy: Some(policies(vec![packed(&wrr)])),
        fallback_policy: 1,
        ..Subset::default()
    };
    let cluster = decoded(&with_policies(vec![packed(&subset)]));
    assert!(matches!(
        cluster.lb_policy,
        LbPolicy::RingHash {
            minimum_ring_size: 64,
            maximum_ring_size: MAX_RING_SIZE,
            ..
        }
    ));
    assert_eq!(
        cluster.consistent_hashing,
        ConsistentHashing {
            use_hostname: true,
            balance_factor_percent: 150
        }
    );
    assert!(cluster.locality_weighted);
    assert_eq!(cluster.subsets.unwrap().fallback, SubsetFallback::AnyEndpoint);
}

#[test]
fn subsets_have_selectors_with_fallbacks_of_their_own() {
    let with = |fallback_keys_subset: Vec<String>| cluster::Cluster {
        lb_subset_config: Some(LbSubsetConfig {
            fallback_policy: 2,
            default_subset: Some(struct_of(vec![("version", Kind::StringValue("v1".into()))])),
            subset_selectors: vec![LbSubsetSelector {
                keys: vec!["version".into(), "stage".into()],
                fallback_policy: LbSubsetSelectorFallbackPolicy::KeysSubset.into(),
                fallback_keys_subset,
                ..LbSubsetSelector::default()
            }],
            ..LbSubsetConfig::default()
        }),
        ..cluster_of(cluster_nested::DiscoveryType::Static)
    };
    let subsets = decoded(&with(vec!["version".into()])).subsets.unwrap();
    assert_eq!(subsets.fallback, SubsetFallback::DefaultSubset);
    assert_eq!(subsets.default_subset.as_slice().len(), 1);
    assert_eq!(
        subsets.selectors[0].fallback,
        Some(SelectorFallback::KeysSubset(vec!["version".into()]))
    );
    assert_eq!(
        errors(ResourceType::Cluster, &with(vec!["other".into()])),
        ["cluster \"c\": lbSubsetConfig.subsetSelectors[0].fallbackKeysSubset: has to be some of keys, not all"]
    );
}

#[test]
fn endpoints_share_the_metadata_that_subsets_are_made_of() {
    let mut pb = assignment("10.0.0.1", 80);
    let metadata = core::Metadata {
        filter_metadata: [(
            "envoy.lb".to_owned(),
            struct_of(vec![("version", Kind::StringValue("v1".into()))]),
        )]
        .into(),
        ..core::Metadata::default()
    };
    pb.endpoints[0].lb_endpoints[0].metadata = Some(metadata);
    let first = pb.endpoints[0].lb_endpoints[0].clone();
    pb.endpoints[0].lb_endpoints.push(first);
    let Resource::Endpoint(assignment) = accepted(ResourceType::Endpoint, &pb).resource else {
        panic!()
    };
    let [a, b] = &assignment.localities[0].endpoints[..] else {
        panic!()
    };
    let (a, b) = (a.lb_metadata.as_ref().unwrap(), b.lb_metadata.as_ref().unwrap());
    assert!(Arc::ptr_eq(a, b));
    assert_eq!(a.get("version"), Some(&serde_json::json!("v1")));
}

fn place(namespace: &str, key: &str) -> Place {
    Place {
        key: namespace.into(),
        path: vec![metadata_key::PathSegment {
            segment: Some(metadata_key::path_segment::Segment::Key(key.into())),
        }],
    }
}

#[test]
fn requests_may_name_their_endpoints_as_those_of_inference_pools_do() {
    let config = asked::OverrideHost {
        override_host_sources: vec![
            Source {
                metadata: Some(place("envoy.lb", "x-gateway-destination-endpoint")),
                ..Source::default()
            },
            Source {
                header: "X-Destination".into(),
                ..Source::default()
            },
        ],
        selected_host_key: Some(place("envoy.lb", "x-gateway-destination-endpoint-served")),
        fallback_policy: Some(policies(vec![packed(&RoundRobin::default())])),
    };
    let cluster = decoded(&cluster::Cluster {
        lb_policy: cluster_nested::LbPolicy::ClusterProvided.into(),
        ..with_policies(vec![packed(&config)])
    });
    let key = |key: &str| MetadataKey {
        namespace: "envoy.lb".into(),
        path: vec![key.into()],
    };
    assert_eq!(cluster.lb_policy, LbPolicy::RoundRobin { slow_start: None });
    assert_eq!(
        cluster.override_host.as_deref(),
        Some(&OverrideHost {
            sources: vec![
                OverrideHostSource::Metadata(key("x-gateway-destination-endpoint")),
                OverrideHostSource::Header(HeaderName::new("x-destination").unwrap()),
            ],
            selected: Some(key("x-gateway-destination-endpoint-served")),
        })
    );
    let nowhere = asked::OverrideHost {
        override_host_sources: vec![Source::default()],
        ..asked::OverrideHost::default()
    };
    assert_eq!(
        errors(ResourceType::Cluster, &with_policies(vec![packed(&nowhere)])),
        [
            "cluster \"c\": loadBalancingPolicy.policies[0].fallbackPolicy: is missing",
            "cluster \"c\": loadBalancingPolicy.policies[0].overrideHostSources[0]: has neither header nor metadata",
        ]
    );
    assert_eq!(
        errors(
            ResourceType::Cluster,
            &with_policies(vec![packed(&asked::OverrideHost::default())])
        )[1],
        "cluster \"c\": loadBalancingPolicy.policies[0].overrideHostSources: is empty"
    );
}
