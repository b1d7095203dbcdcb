use std::cell::RefCell;

use config::{Criteria, HealthStatus, Locality, RingHashFunction, SelectorFallback, SubsetSelector};
use serde_json::{Value, json};

use super::*;
use crate::{EndpointChange, live::Preferred};

#[derive(Default)]
struct State {
    in_flight: RefCell<Vec<u32>>,
    out: Vec<usize>,
    first_seen_ms: Vec<u64>,
    epoch: u64,
}

impl LiveState for State {
    fn in_flight(&self, endpoint: usize) -> u32 {
        self.in_flight.borrow().get(endpoint).copied().unwrap_or(0)
    }

    fn total_in_flight(&self) -> u32 {
        self.in_flight.borrow().iter().sum()
    }

    fn is_available(&self, endpoint: usize) -> bool {
        !self.out.contains(&endpoint)
    }

    fn has_unavailable(&self) -> bool {
        !self.out.is_empty()
    }

    fn epoch(&self) -> u64 {
        self.epoch
    }

    fn first_seen_ms(&self, endpoint: usize) -> u64 {
        self.first_seen_ms.get(endpoint).copied().unwrap_or(0)
    }

    fn address(&self, endpoint: usize) -> Option<SocketAddr> {
        Some(([10, 0, 0, endpoint as u8], 80).into())
    }
}

fn out(out: impl IntoIterator<Item = usize>) -> State {
    State {
        out: out.into_iter().collect(),
        ..State::default()
    }
}

fn any() -> PickInput<'static> {
    PickInput {
        now_ms: 1_000_000,
        ..PickInput::default()
    }
}

const LEAST: LbPolicy = LbPolicy::LeastRequest {
    choice_count: 2,
    active_request_bias: 1.0,
    slow_start: None,
};
const ROUND: LbPolicy = LbPolicy::RoundRobin { slow_start: None };

fn endpoints(weights: &[u32], priority: u32) -> LocalityEndpoints {
    let endpoints = weights
        .iter()
        .map(|weight| Endpoint {
            weight: *weight,
            ..Endpoint::default()
        })
        .collect();
    LocalityEndpoints {
        endpoints,
        priority,
        ..LocalityEndpoints::default()
    }
}

fn options(lb_policy: LbPolicy) -> PickerOptions {
    PickerOptions::from(&Cluster {
        lb_policy,
        ..Cluster::default()
    })
}

fn count(picker: &Picker, state: &State, picks: usize) -> Vec<usize> {
    let mut turn = Turn::new(1);
    let mut counts = vec![0; picker.len()];
    for _ in 0..picks {
        counts[picker.pick(&mut turn, state, &any()).unwrap().endpoint] += 1;
    }
    counts
}

#[test]
fn no_endpoints_no_pick() {
    let picker = Picker::new(&[], options(LEAST));
    assert!(picker.is_empty() && picker.pick(&mut Turn::new(1), &State::default(), &any()).is_none());
    let empty_locality = Picker::new(&[endpoints(&[], 0)], options(ROUND));
    assert!(
        empty_locality
            .pick(&mut Turn::new(1), &State::default(), &any())
            .is_none()
    );
}

#[test]
fn every_policy_follows_weights() {
    for policy in [ROUND, LEAST, LbPolicy::Random] {
        let picker = Picker::new(&[endpoints(&[1, 3], 0), endpoints(&[6], 0)], options(policy));
        let counts = count(&picker, &State::default(), 20_000);
        let expected = [2_000, 6_000, 12_000];
        assert!(
            counts
                .iter()
                .zip(expected)
                .all(|(count, expected)| count.abs_diff(expected) < 500),
            "{policy:?} {counts:?}"
        );
    }
}

#[test]
fn of_two_draws_the_less_loaded_wins() {
    let picker = Picker::new(&[endpoints(&[1, 1], 0)], options(LEAST));
    let state = State {
        in_flight: RefCell::new(vec![5, 1]),
        ..State::default()
    };
    assert_eq!(count(&picker, &state, 100), [0, 100]);
}

#[test]
fn two_choices_keep_the_load_close_to_even() {
    let spread = |policy| {
        let picker = Picker::new(&[endpoints(&[1; 50], 0)], options(policy));
        let state = State {
            in_flight: RefCell::new(vec![0; 50]),
            ..State::default()
        };
        let mut turn = Turn::new(3);
        for _ in 0..5_000 {
            let pick = picker.pick(&mut turn, &state, &any()).unwrap();
            state.in_flight.borrow_mut()[pick.endpoint] += 1;
        }
        let loads = state.in_flight.borrow();
        loads.iter().max().unwrap() - loads.iter().min().unwrap()
    };
    assert!(spread(LEAST) <= 8, "{}", spread(LEAST));
    assert!(spread(LbPolicy::Random) > 15);
}

#[test]
fn with_weights_the_load_per_weight_is_even() {
    let picker = Picker::new(&[endpoints(&[1, 3], 0)], options(LEAST));
    let state = State {
        in_flight: RefCell::new(vec![0; 2]),
        ..State::default()
    };
    let mut turn = Turn::new(3);
    for _ in 0..4_000 {
        let pick = picker.pick(&mut turn, &state, &any()).unwrap();
        state.in_flight.borrow_mut()[pick.endpoint] += 1;
    }
    assert!(state.in_flight.borrow()[1].abs_diff(3_000) < 50);
}

#[test]
fn ejected_endpoints_are_not_picked() {
    for policy in [ROUND, LEAST, LbPolicy::Random] {
        let picker = Picker::new(&[endpoints(&[1; 4], 0)], options(policy));
        let state = State {
            out: vec![2],
            ..State::default()
        };
        assert_eq!(count(&picker, &state, 1_000)[2], 0, "{policy:?}");
    }
}

#[test]
fn the_last_available_of_many_is_found() {
    let picker = Picker::new(
        &[endpoints(&[1; 1_000], 0)],
        PickerOptions {
            panic_threshold_percent: 0.0,
            ..options(LEAST)
        },
    );
    let state = State {
        out: (0..1_000).filter(|n| *n != 77).collect(),
        ..State::default()
    };
    assert_eq!(picker.pick(&mut Turn::new(1), &state, &any()).unwrap().endpoint, 77);
}

#[test]
fn below_the_panic_threshold_everybody_is_picked() {
    let picker = Picker::new(&[endpoints(&[1; 4], 0)], options(ROUND));
    let state = State {
        out: vec![0, 1, 2],
        ..State::default()
    };
    assert!(picker.pick(&mut Turn::new(1), &state, &any()).unwrap().panic);
    assert!(count(&picker, &state, 400).iter().all(|count| *count == 100));
}

#[test]
fn without_panic_nobody_is_picked_when_nobody_is_available() {
    let picker = Picker::new(
        &[endpoints(&[1, 1], 0)],
        PickerOptions {
            panic_threshold_percent: 0.0,
            ..options(ROUND)
        },
    );
    let state = State {
        out: vec![0, 1],
        ..State::default()
    };
    assert!(picker.pick(&mut Turn::new(1), &state, &any()).is_none());
}

#[test]
fn what_the_control_plane_holds_for_unhealthy_is_not_picked() {
    let mut locality = endpoints(&[1; 4], 0);
    locality.endpoints[1].health = HealthStatus::Unhealthy;
    locality.endpoints[2].health = HealthStatus::Draining;
    let picker = Picker::new(&[locality], options(ROUND));
    assert_eq!(count(&picker, &State::default(), 100), [50, 0, 0, 50]);
}

#[test]
fn a_lower_priority_takes_over_what_the_first_cannot() {
    let picker = Picker::new(&[endpoints(&[1; 2], 1), endpoints(&[1; 4], 0)], options(ROUND));
    assert_eq!(count(&picker, &State::default(), 1_000)[..2], [0, 0]);
    let state = State {
        out: vec![2, 3],
        ..State::default()
    };
    let counts = count(&picker, &state, 10_000);
    assert!((counts[0] + counts[1]).abs_diff(3_000) < 200, "{counts:?}");
    assert_eq!(counts[2] + counts[3], 0);
}

#[test]
fn a_retry_avoids_what_was_tried_but_not_forever() {
    let picker = Picker::new(&[endpoints(&[1, 1], 0)], options(ROUND));
    let mut turn = Turn::new(1);
    let retry = Retry {
        avoid: &|endpoint| endpoint == 0,
        max_attempts: 5,
    };
    assert!((0..10).all(|_| {
        picker
            .pick_again(&mut turn, &State::default(), &any(), &retry)
            .unwrap()
            .endpoint
            == 1
    }));
    let never = Retry {
        avoid: &|_| true,
        max_attempts: 5,
    };
    assert!(
        picker
            .pick_again(&mut turn, &State::default(), &any(), &never)
            .is_some()
    );
}

#[test]
fn a_retry_leaves_out_what_was_tried_even_if_that_is_the_least_loaded() {
    // Who refuses connections has nothing in flight.
    let live = State {
        in_flight: vec![0, 7, 9].into(),
        ..State::default()
    };
    for policy in [LEAST, ROUND, RING, MAGLEV] {
        let picker = Picker::new(&[addressed(3, 0)], options(policy));
        let mut turn = Turn::new(1);
        for hash in 0..100 {
            let tried = [0, 1];
            let retry = Retry {
                avoid: &|endpoint| tried.contains(&endpoint),
                max_attempts: 1,
            };
            let pick = picker.pick_again(&mut turn, &live, &with_hash(hash), &retry).unwrap();
            assert_eq!(pick.endpoint, 2);
        }
    }
}

#[test]
fn the_explanation_shows_shares_and_panic() {
    let picker = Picker::new(&[endpoints(&[1; 4], 0), endpoints(&[1; 2], 1)], options(LEAST));
    let state = State {
        out: vec![0, 1],
        ..State::default()
    };
    let explanation = picker.explain(&state);
    assert_eq!(explanation.method, "least requests of 2 drawn at random");
    let shares: Vec<_> = explanation
        .priorities
        .iter()
        .map(|p| (p.available, p.load_percent, p.panic))
        .collect();
    assert_eq!(shares, [(2, 70, false), (2, 30, false)]);
}

#[test]
fn localities_can_have_shares_of_their_own() {
    let weighted = |weights: &[u32], weight| LocalityEndpoints {
        weight,
        ..endpoints(weights, 0)
    };
    let localities = [
        weighted(&[1, 1, 1, 1], Some(10)),
        weighted(&[1, 3], Some(90)),
        weighted(&[1], None),
    ];
    let shares = |policy, locality_weighted| {
        let picker = Picker::new(
            &localities,
            PickerOptions {
                locality_weighted,
                ..options(policy)
            },
        );
        count(&picker, &State::default(), 20_000)
    };
    for policy in [ROUND, LEAST, LbPolicy::Random] {
        let counts = shares(policy, true);
        let first: usize = counts[..4].iter().sum();
        assert!(first.abs_diff(2_000) < 200, "{policy:?} {counts:?}");
        assert!(
            counts[4].abs_diff(4_500) < 400 && counts[5].abs_diff(13_500) < 400,
            "{policy:?} {counts:?}"
        );
        assert_eq!(counts[6], 0);
        assert!(shares(policy, false)[6] > 1_500);
    }
}

#[test]
fn a_locality_loses_its_share_with_its_endpoints() {
    let weighted = |count: usize, weight| LocalityEndpoints {
        weight: Some(weight),
        ..endpoints(&vec![1; count], 0)
    };
    let picker = Picker::new(
        &[weighted(10, 50), weighted(10, 50)],
        PickerOptions {
            locality_weighted: true,
            ..options(ROUND)
        },
    );
    let of_first = |gone: usize| count(&picker, &out(0..gone), 20_000)[..10].iter().sum::<usize>();
    // 140 % of 8 of 10 are enough; 140 % of 5 are 70 % of the share.
    assert!(of_first(2).abs_diff(10_000) < 300, "{}", of_first(2));
    let expected = (20_000.0_f64 * 0.7 / 1.7) as usize;
    assert!(of_first(5).abs_diff(expected) < 300, "{}", of_first(5));
}

#[test]
fn degraded_endpoints_help_when_healthy_ones_cannot() {
    let mut locality = endpoints(&[1; 10], 0);
    for endpoint in &mut locality.endpoints[5..] {
        endpoint.health = HealthStatus::Degraded;
    }
    let picker = Picker::new(&[locality], options(ROUND));
    let of_degraded = |state: &State| count(&picker, state, 10_000)[5..].iter().sum::<usize>();
    assert!(of_degraded(&State::default()).abs_diff(3_000) < 200);
    assert!(of_degraded(&out([0, 1, 2])).abs_diff(7_200) < 200);
}

fn in_zone(zone: &str, count: usize) -> LocalityEndpoints {
    LocalityEndpoints {
        locality: at(zone),
        ..endpoints(&vec![1; count], 0)
    }
}

fn at(zone: &str) -> Locality {
    Locality {
        zone: zone.into(),
        ..Locality::default()
    }
}

fn zoned(upstream: &[(&str, usize)], sources: &[(&str, u32)], settings: ZoneAware) -> (Picker, Vec<usize>) {
    let localities: Vec<_> = upstream.iter().map(|(zone, count)| in_zone(zone, *count)).collect();
    let zone = LocalZone {
        locality: at("a"),
        sources: sources.iter().map(|(zone, count)| (at(zone), *count)).collect(),
    };
    let picker = Picker::new(
        &localities,
        PickerOptions {
            zone_aware: Some(settings),
            zone: Some(zone),
            ..options(ROUND)
        },
    );
    let counts = count(&picker, &State::default(), 10_000);
    let mut rest = counts.as_slice();
    let mut zones = Vec::new();
    for (_, count) in upstream {
        let (zone, others) = rest.split_at(*count);
        zones.push(zone.iter().sum());
        rest = others;
    }
    (picker, zones)
}

#[test]
fn requests_stay_in_the_zone_that_has_room_for_them() {
    let sources = [("a", 5), ("b", 5)];
    assert_eq!(
        zoned(&[("a", 5), ("b", 5)], &sources, ZoneAware::default()).1,
        [10_000, 0]
    );
    assert_eq!(
        zoned(&[("b", 5), ("a", 7)], &sources, ZoneAware::default()).1,
        [0, 10_000]
    );
}

#[test]
fn what_a_zone_cannot_take_goes_to_zones_with_room() {
    // The numbers of Envoy's documentation: 40, 40, 20 % of the requests, 25, 50, 25 % of the endpoints.
    let sources = [("a", 4), ("b", 4), ("c", 2)];
    let (_, zones) = zoned(&[("a", 5), ("b", 10), ("c", 5)], &sources, ZoneAware::default());
    let expected = [6_250_usize, 2_500, 1_250];
    assert!(
        zones
            .iter()
            .zip(expected)
            .all(|(zone, expected)| zone.abs_diff(expected) < 200),
        "{zones:?}"
    );
}

#[test]
fn zones_do_not_count_in_small_clusters_or_without_knowledge() {
    let sources = [("a", 5), ("b", 5)];
    let even = |(_, zones): (Picker, Vec<usize>)| assert!(zones[0].abs_diff(5_000) < 50, "{zones:?}");
    even(zoned(&[("a", 2), ("b", 2)], &sources, ZoneAware::default()));
    even(zoned(&[("a", 5), ("b", 5)], &[], ZoneAware::default()));
    even(zoned(&[("a", 5), ("b", 5)], &[("b", 3)], ZoneAware::default()));
    let half = ZoneAware {
        routing_enabled_percent: 50.0,
        ..ZoneAware::default()
    };
    let (_, zones) = zoned(&[("a", 5), ("b", 5)], &sources, half);
    assert!(zones[0].abs_diff(7_500) < 200, "{zones:?}");
}

#[test]
fn a_zone_can_be_made_to_keep_its_requests() {
    let forced = ZoneAware {
        force_local_zone_min_size: Some(2),
        ..ZoneAware::default()
    };
    assert_eq!(zoned(&[("a", 2), ("b", 8)], &[], forced).1, [10_000, 0]);
    assert_ne!(zoned(&[("a", 1), ("b", 8)], &[], forced).1, [10_000, 0]);
}

#[test]
fn in_panic_requests_can_fail_instead() {
    let fails = ZoneAware {
        fail_traffic_on_panic: true,
        ..ZoneAware::default()
    };
    let (picker, _) = zoned(&[("a", 5), ("b", 5)], &[], fails);
    assert!(picker.pick(&mut Turn::new(1), &out(0..6), &any()).is_none());
    assert!(picker.pick(&mut Turn::new(1), &out(0..5), &any()).is_some());
}

#[test]
fn a_new_endpoint_gets_its_share_step_by_step() {
    let slow_start = Some(SlowStart {
        window_ms: 10_000,
        ..SlowStart::default()
    });
    let least = LbPolicy::LeastRequest {
        choice_count: 2,
        active_request_bias: 1.0,
        slow_start,
    };
    for policy in [LbPolicy::RoundRobin { slow_start }, least] {
        let picker = Picker::new(&[endpoints(&[1; 5], 0)], options(policy));
        let state = State {
            first_seen_ms: vec![0, 0, 0, 0, 1_000_000],
            ..State::default()
        };
        let of_new = |now_ms: u64| {
            let mut turn = Turn::new(1);
            let input = PickInput { now_ms, ..any() };
            let picks = (0..20_000).map(|_| picker.pick(&mut turn, &state, &input).unwrap().endpoint);
            picks.filter(|endpoint| *endpoint == 4).count()
        };
        let expected = |factor: f64| (20_000.0 * factor / (4.0 + factor)) as usize;
        for (age, factor) in [(0, 0.1), (5_000, 0.5), (10_000, 1.0), (60_000, 1.0)] {
            let share = of_new(1_000_000 + age);
            assert!(share.abs_diff(expected(factor)) < 400, "{policy:?} {age}: {share}");
        }
    }
}

#[test]
fn when_all_are_new_they_share_evenly() {
    let slow_start = Some(SlowStart {
        window_ms: 10_000,
        ..SlowStart::default()
    });
    let picker = Picker::new(&[endpoints(&[1; 4], 0)], options(LbPolicy::RoundRobin { slow_start }));
    let state = State {
        first_seen_ms: vec![1_000_000; 4],
        ..State::default()
    };
    assert!(
        count(&picker, &state, 8_000)
            .iter()
            .all(|count| count.abs_diff(2_000) < 200)
    );
}

const MAGLEV: LbPolicy = LbPolicy::Maglev { table_size: 251 };
const RING: LbPolicy = LbPolicy::RingHash {
    minimum_ring_size: 1_024,
    maximum_ring_size: 8_192,
    hash_function: RingHashFunction::MurmurHash2,
};

fn addressed(count: usize, priority: u32) -> LocalityEndpoints {
    let mut locality = endpoints(&vec![1; count], priority);
    for (number, endpoint) in locality.endpoints.iter_mut().enumerate() {
        endpoint.address = format!("10.0.{priority}.{number}:80").parse().unwrap();
    }
    locality
}

fn with_hash(hash: u64) -> PickInput<'static> {
    PickInput {
        hash: Some(hash),
        ..any()
    }
}

#[test]
fn a_hash_leads_to_one_endpoint_until_that_is_out_of_service() {
    for policy in [RING, MAGLEV] {
        let picker = Picker::new(&[addressed(8, 0)], options(policy));
        assert!(picker.wants_hash());
        let mut turn = Turn::new(1);
        let of = |state: &State, turn: &mut Turn, number: u64| {
            let hash = number.wrapping_mul(0x9E37_79B9_7F4A_7C15);
            picker.pick(turn, state, &with_hash(hash)).unwrap().endpoint
        };
        let before: Vec<usize> = (0..200)
            .map(|number| of(&State::default(), &mut turn, number))
            .collect();
        let other: Vec<usize> = (0..200)
            .map(|number| of(&State::default(), &mut Turn::new(2), number))
            .collect();
        assert_eq!(before, other);
        let state = State { epoch: 1, ..out([3]) };
        for (number, before) in before.iter().enumerate() {
            let now = of(&state, &mut turn, number as u64);
            assert!(now != 3 && (now == *before || *before == 3), "{policy:?}");
        }
        let random = count(&picker, &State::default(), 8_000);
        assert!(random.iter().all(|count| *count > 300), "{random:?}");
    }
}

#[test]
fn a_retry_with_a_hash_goes_elsewhere() {
    for policy in [RING, MAGLEV] {
        let picker = Picker::new(&[addressed(8, 0)], options(policy));
        let mut turn = Turn::new(1);
        for number in 0..50_u64 {
            let input = with_hash(number.wrapping_mul(0x9E37_79B9_7F4A_7C15));
            let first = picker.pick(&mut turn, &State::default(), &input).unwrap().endpoint;
            let retry = Retry {
                avoid: &|endpoint| endpoint == first,
                max_attempts: 10,
            };
            let second = picker.pick_again(&mut turn, &State::default(), &input, &retry).unwrap();
            assert_ne!(second.endpoint, first);
        }
    }
}

#[test]
fn a_hash_stays_in_its_priority() {
    let picker = Picker::new(&[addressed(4, 0), addressed(4, 1)], options(MAGLEV));
    let state = out([0, 1]);
    let mut turn = Turn::new(1);
    let mut of_second = 0;
    for hash in 0..10_000_u64 {
        let pick = picker.pick(&mut turn, &state, &with_hash(hash)).unwrap();
        assert_eq!(pick.priority, pick.endpoint / 4);
        of_second += pick.priority;
    }
    assert_eq!(of_second, 3_000);
}

#[test]
fn a_request_goes_back_to_where_it_was() {
    let mut locality = endpoints(&[1; 4], 0);
    locality.endpoints[3].health = HealthStatus::Unhealthy;
    let picker = Picker::new(&[locality], options(ROUND));
    let mut turn = Turn::new(1);
    let mut pick = |endpoint: u8, is_strict, state: &State| {
        let address = ([10, 0, 0, endpoint], 80).into();
        let input = PickInput {
            preferred: Some(Preferred { address, is_strict }),
            ..any()
        };
        picker.pick(&mut turn, state, &input).map(|pick| pick.endpoint)
    };
    assert!((0..8).all(|_| pick(2, false, &State::default()) == Some(2)));
    assert!(pick(2, false, &out([2])).is_some_and(|endpoint| endpoint != 2));
    assert_eq!(pick(2, true, &out([2])), None);
    assert_eq!(pick(3, true, &State::default()), None);
    assert!(pick(99, false, &State::default()).is_some());
    assert_eq!(pick(99, true, &State::default()), None);
}

#[test]
fn a_request_goes_where_it_asks_to_and_another_try_to_the_next_that_it_names() {
    let mut locality = endpoints(&[1; 4], 0);
    locality.endpoints[3].health = HealthStatus::Unhealthy;
    let picker = Picker::new(&[locality], options(ROUND));
    let mut turn = Turn::new(1);
    let asking = |asked| PickInput {
        asked: Some(asked),
        ..any()
    };
    let mut pick = |asked, state: &State| picker.pick(&mut turn, state, &asking(asked)).unwrap().endpoint;
    let well = State::default();
    assert!((0..8).all(|_| pick("10.0.0.2:80,10.0.0.1:80", &well) == 2));
    assert_eq!(pick("10.0.0.2:80, 10.0.0.1:80", &out([2])), 1, "that is out");
    assert_eq!(
        pick("nonsense,,10.0.0.99:80,10.0.0.1:81,10.0.0.3:80,10.0.0.1:80", &well),
        1,
        "those are none, or not well"
    );
    let anywhere: Vec<usize> = (0..3).map(|_| pick("10.0.0.99:80", &well)).collect();
    assert!(
        [0, 1, 2].iter().all(|endpoint| anywhere.contains(endpoint)),
        "{anywhere:?}"
    );
    let mut again = |tried: &[usize]| {
        let retry = Retry {
            avoid: &|endpoint| tried.contains(&endpoint),
            max_attempts: 1,
        };
        let picks = picker.pick_again(&mut turn, &well, &asking("10.0.0.2:80,10.0.0.1:80"), &retry);
        picks.unwrap().endpoint
    };
    assert_eq!((again(&[2]), again(&[2, 1]), again(&[0, 1, 2])), (1, 0, 2));
}

fn criteria(value: Value) -> Criteria {
    serde_json::from_value(value).unwrap()
}

fn labelled(labels: &[Value]) -> LocalityEndpoints {
    let mut locality = endpoints(&vec![1; labels.len()], 0);
    for (endpoint, labels) in locality.endpoints.iter_mut().zip(labels) {
        endpoint.lb_metadata = labels.as_object().cloned().map(Arc::new);
    }
    locality
}

fn subsets(change: impl FnOnce(&mut Subsets)) -> Picker {
    let selector = |keys: &[&str], fallback| SubsetSelector {
        keys: keys.iter().map(|key| (*key).into()).collect(),
        fallback,
    };
    let mut config = Subsets {
        selectors: vec![
            selector(&["version"], None),
            selector(
                &["version", "stage"],
                Some(SelectorFallback::KeysSubset(vec!["version".into()])),
            ),
            selector(&["zone"], Some(SelectorFallback::NoFallback)),
        ],
        fallback: SubsetFallback::DefaultSubset,
        default_subset: criteria(json!({ "version": "v1", "stage": "prod" })),
        list_as_any: true,
        ..Subsets::default()
    };
    change(&mut config);
    let localities = [labelled(&[
        json!({ "version": "v1", "stage": "prod" }),
        json!({ "version": "v1", "stage": "dev", "zone": "a" }),
        json!({ "version": "v2", "stage": ["prod", "dev"] }),
        json!({}),
    ])];
    Picker::new(
        &localities,
        PickerOptions {
            subsets: Some(Arc::new(config)),
            ..options(ROUND)
        },
    )
}

fn reached(picker: &Picker, wanted: Value, state: &State) -> Vec<usize> {
    let wanted = criteria(wanted);
    let input = PickInput {
        criteria: Some(&wanted),
        ..any()
    };
    let mut turn = Turn::new(1);
    let picks = (0..50).filter_map(|_| picker.pick(&mut turn, state, &input));
    let mut reached: Vec<usize> = picks.map(|pick| pick.endpoint).collect();
    reached.sort_unstable();
    reached.dedup();
    reached
}

#[test]
fn a_route_reaches_the_endpoints_with_its_metadata() {
    let picker = subsets(|_| {});
    let reached = |wanted| reached(&picker, wanted, &State::default());
    assert_eq!(reached(json!({ "version": "v1" })), [0, 1]);
    assert_eq!(reached(json!({ "stage": "dev", "version": "v1" })), [1]);
    assert_eq!(reached(json!({ "stage": "dev", "version": "v2" })), [2]);
    assert_eq!(reached(json!({ "zone": "a" })), [1]);
}

#[test]
fn what_no_endpoint_has_falls_back() {
    let picker = subsets(|_| {});
    let reached = |wanted| reached(&picker, wanted, &State::default());
    assert_eq!(reached(json!({})), [0]);
    assert_eq!(reached(json!({ "version": "v9" })), [0]);
    assert_eq!(reached(json!({ "unknown": 1 })), [0]);
    assert_eq!(reached(json!({ "version": "v1", "stage": "test" })), [0, 1]);
    assert_eq!(reached(json!({ "version": "v9", "stage": "test" })), [0]);
    assert!(reached(json!({ "zone": "b" })).is_empty());
}

#[test]
fn the_fallback_can_be_nothing_anything_or_anything_in_need() {
    let none = subsets(|config| config.fallback = SubsetFallback::NoFallback);
    assert!(reached(&none, json!({}), &State::default()).is_empty());
    let any = subsets(|config| config.fallback = SubsetFallback::AnyEndpoint);
    assert_eq!(reached(&any, json!({}), &State::default()), [0, 1, 2, 3]);
    let missing = |config: &mut Subsets| config.default_subset = criteria(json!({ "version": "v9" }));
    assert!(reached(&subsets(missing), json!({}), &State::default()).is_empty());
    let in_need = subsets(|config| {
        missing(config);
        config.panic_mode_any = true;
    });
    assert_eq!(reached(&in_need, json!({}), &State::default()), [0, 1, 2, 3]);
}

#[test]
fn a_subset_has_health_of_its_own() {
    let picker = subsets(|_| {});
    assert_eq!(reached(&picker, json!({ "version": "v1" }), &out([0])), [1]);
    // Half of it is enough to know no panic; less is not.
    assert_eq!(reached(&picker, json!({ "version": "v1" }), &out([0, 1])), [0, 1]);
}

#[test]
fn a_changed_picker_is_like_a_new_one() {
    let zone = |weights: &[u32], weight| LocalityEndpoints {
        weight: Some(weight),
        ..endpoints(weights, 0)
    };
    let start = [zone(&[1, 2, 3], 50), endpoints(&[1, 1], 1), zone(&[4, 1], 50)];
    let health = HealthStatus::Unknown;
    for locality_weighted in [false, true] {
        let options = || PickerOptions {
            locality_weighted,
            ..options(LEAST)
        };
        let picker = Picker::new(&start, options());
        let check = |change, edit: &dyn Fn(&mut [LocalityEndpoints; 3])| {
            let mut localities = start.clone();
            edit(&mut localities);
            let (changed, new) = (picker.changed(change).unwrap(), Picker::new(&localities, options()));
            assert_eq!(changed.members, new.members);
            for state in [State::default(), out([0, 1]), out([0, 1, 2, 5, 6])] {
                let (one, two) = (count(&changed, &state, 20_000), count(&new, &state, 20_000));
                assert!(
                    one.iter().zip(&two).all(|(one, two)| one.abs_diff(*two) < 600),
                    "{change:?} {one:?} {two:?}"
                );
                assert_eq!(changed.explain(&state), new.explain(&state));
                let renewed = Picker::renewed(&localities, options(), Some(&picker));
                assert_eq!(renewed.members, new.members);
                assert_eq!(renewed.explain(&state), new.explain(&state));
            }
        };
        let replace = |endpoint, weight, health| EndpointChange::Replace {
            endpoint,
            weight,
            health,
        };
        check(replace(1, 9, health), &|all| all[0].endpoints[1].weight = 9);
        check(replace(6, 1, HealthStatus::Draining), &|all| {
            all[2].endpoints[1].health = HealthStatus::Draining;
        });
        check(replace(0, 1, HealthStatus::Degraded), &|all| {
            all[0].endpoints[0].health = HealthStatus::Degraded;
        });
        check(EndpointChange::Remove { endpoint: 0 }, &|all| {
            drop(all[0].endpoints.remove(0));
        });
        check(EndpointChange::Remove { endpoint: 4 }, &|all| {
            drop(all[1].endpoints.remove(1));
        });
        let insert = |health| EndpointChange::Insert {
            endpoint: 5,
            locality: 2,
            weight: 7,
            health,
        };
        for health in [health, HealthStatus::Unhealthy, HealthStatus::Degraded] {
            check(insert(health), &|all| {
                let new = Endpoint {
                    weight: 7,
                    health,
                    ..Endpoint::default()
                };
                all[2].endpoints.insert(0, new);
            });
        }
    }
}

#[test]
fn what_cannot_be_patched_is_made_anew() {
    let change = EndpointChange::Remove { endpoint: 0 };
    assert!(
        Picker::new(&[addressed(4, 0)], options(MAGLEV))
            .changed(change)
            .is_none()
    );
    assert!(subsets(|_| {}).changed(change).is_none());
    assert!(Picker::new(&[], options(ROUND)).changed(change).is_none());
}

#[test]
fn the_more_bias_the_more_requests_in_flight_count_beside_weights() {
    let of_light = |active_request_bias| {
        let policy = LbPolicy::LeastRequest {
            choice_count: 2,
            active_request_bias,
            slow_start: None,
        };
        let picker = Picker::new(&[endpoints(&[1, 4], 0)], options(policy));
        let state = State {
            in_flight: RefCell::new(vec![3, 9]),
            ..State::default()
        };
        count(&picker, &state, 10_000)[0]
    };
    assert!(of_light(0.0).abs_diff(2_000) < 200);
    assert!(of_light(1.0) < 1_000);
    assert!(of_light(2.0) > 3_000);
}
