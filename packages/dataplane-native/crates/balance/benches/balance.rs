//! What picks and changes of endpoint sets cost.
#![allow(missing_docs, clippy::unwrap_used)]

use std::hint::black_box;

use balance::{EndpointChange, NoState, PickInput, Picker, PickerOptions, Turn};
use config::{
    Address, Cluster, Endpoint, HealthStatus, LbPolicy, Locality, LocalityEndpoints, RingHashFunction, SlowStart,
};
use criterion::{BatchSize, Criterion, criterion_group, criterion_main};

const ROUND_ROBIN: LbPolicy = LbPolicy::RoundRobin { slow_start: None };
const LEAST_REQUEST: LbPolicy = LbPolicy::LeastRequest {
    choice_count: 2,
    active_request_bias: 1.0,
    slow_start: None,
};
const MAGLEV: LbPolicy = LbPolicy::Maglev { table_size: 65_537 };

const fn ring(minimum_ring_size: u64) -> LbPolicy {
    LbPolicy::RingHash {
        minimum_ring_size,
        maximum_ring_size: 8 * 1024 * 1024,
        hash_function: RingHashFunction::XxHash,
    }
}

fn localities(count: u32, weights: u32) -> Vec<LocalityEndpoints> {
    let endpoint = |number: u32| Endpoint {
        address: Address::from(std::net::SocketAddr::from((
            [10, 0, (number >> 8) as u8, number as u8],
            80,
        ))),
        weight: number % weights + 1,
        ..Endpoint::default()
    };
    vec![LocalityEndpoints {
        locality: Locality::default(),
        endpoints: (0..count).map(endpoint).collect(),
        ..LocalityEndpoints::default()
    }]
}

fn options(lb_policy: LbPolicy) -> PickerOptions {
    PickerOptions::from(&Cluster {
        lb_policy,
        ..Cluster::default()
    })
}

fn picks(c: &mut Criterion) {
    let slow_start = LbPolicy::RoundRobin {
        slow_start: Some(SlowStart {
            window_ms: 60_000,
            ..SlowStart::default()
        }),
    };
    for (name, policy, weights) in [
        ("round robin", ROUND_ROBIN, 1),
        ("round robin, 100 weights", ROUND_ROBIN, 100),
        ("round robin, slow start", slow_start, 1),
        ("least request", LEAST_REQUEST, 1),
        ("least request, 100 weights", LEAST_REQUEST, 100),
        ("random", LbPolicy::Random, 1),
        ("maglev", MAGLEV, 1),
        ("ring of 1024", ring(1_024), 1),
        ("ring of 1M", ring(1 << 20), 1),
    ] {
        let picker = Picker::new(&localities(1_000, weights), options(policy));
        let mut turn = Turn::new(1);
        let mut hash = 1_u64;
        c.bench_function(&format!("pick of 1000: {name}"), |b| {
            b.iter(|| {
                hash = hash.wrapping_mul(0x5851_f42d_4c95_7f2d).wrapping_add(1);
                let input = PickInput {
                    hash: Some(hash),
                    now_ms: 120_000,
                    ..PickInput::default()
                };
                picker.pick(&mut turn, &NoState, &input)
            });
        });
    }
}

fn changes(c: &mut Criterion) {
    for (name, policy, weights) in [
        ("round robin", ROUND_ROBIN, 1),
        ("least request", LEAST_REQUEST, 1),
        ("random", LbPolicy::Random, 1),
        ("round robin, 100 weights", ROUND_ROBIN, 100),
    ] {
        let all = localities(10_000, weights);
        let picker = Picker::new(&all, options(policy));
        let replaced = |weight, health| EndpointChange::Replace {
            endpoint: 5_000,
            weight,
            health,
        };
        let health = HealthStatus::Healthy;
        for (kind, change) in [
            ("health", replaced(1, HealthStatus::Unhealthy)),
            ("weight", replaced(50, health)),
            ("removal", EndpointChange::Remove { endpoint: 5_000 }),
            (
                "addition",
                EndpointChange::Insert {
                    endpoint: 5_000,
                    locality: 0,
                    weight: 1,
                    health,
                },
            ),
        ] {
            c.bench_function(&format!("change 1 of 10000: {name}, {kind}"), |b| {
                b.iter_batched(
                    || (),
                    |()| picker.changed(black_box(change)).unwrap(),
                    BatchSize::PerIteration,
                );
            });
        }
        let mut others = all.clone();
        others[0].endpoints.remove(5_000);
        c.bench_function(&format!("find and patch 1 of 10000: {name}"), |b| {
            b.iter_batched(
                || (),
                |()| Picker::renewed(&others, options(policy), Some(&picker)),
                BatchSize::PerIteration,
            );
        });
        c.bench_function(&format!("make anew of 10000: {name}"), |b| {
            b.iter_batched(|| (), |()| Picker::new(&all, options(policy)), BatchSize::PerIteration);
        });
    }
}

fn tables(c: &mut Criterion) {
    let all = localities(1_000, 1);
    let mut group = c.benchmark_group("tables");
    group.sample_size(10);
    for (name, policy) in [
        ("maglev 65537", MAGLEV),
        ("ring 1024", ring(1_024)),
        ("ring 64K", ring(65_536)),
        ("ring 1M", ring(1 << 20)),
        ("ring 8M", ring(8 << 20)),
    ] {
        group.bench_function(format!("make of 1000: {name}"), |b| {
            b.iter(|| Picker::new(&all, options(policy)));
        });
        let before = Picker::new(&all, options(policy));
        group.bench_function(format!("health of 1 of 1000: {name}"), |b| {
            b.iter(|| Picker::renewed(&all, options(policy), Some(&before)));
        });
    }
}

criterion_group!(benches, picks, changes, tables);
criterion_main!(benches);
