use std::cell::RefCell;

use config::HealthStatus;

use super::*;

#[derive(Default)]
struct State {
    in_flight: RefCell<Vec<u32>>,
    out: Vec<usize>,
    unavailable: Vec<u32>,
}

impl LiveState for State {
    fn in_flight(&self, endpoint: usize) -> u32 {
        self.in_flight.borrow().get(endpoint).copied().unwrap_or(0)
    }

    fn is_available(&self, endpoint: usize) -> bool {
        !self.out.contains(&endpoint)
    }

    fn unavailable(&self, priority: usize) -> u32 {
        self.unavailable.get(priority).copied().unwrap_or(0)
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

fn options(policy: LbPolicy) -> PickerOptions {
    PickerOptions {
        policy,
        panic_threshold_percent: 50.0,
        overprovisioning_percent: 140,
        locality_weighted: false,
    }
}

fn count(picker: &Picker, state: &State, picks: usize) -> Vec<usize> {
    let mut turn = Turn::new(1);
    let mut counts = vec![0; picker.len()];
    for _ in 0..picks {
        counts[picker.pick(&mut turn, state).unwrap().endpoint] += 1;
    }
    counts
}

#[test]
fn no_endpoints_no_pick() {
    let picker = Picker::new(&[], options(LEAST));
    assert!(picker.is_empty() && picker.pick(&mut Turn::new(1), &State::default()).is_none());
    let empty_locality = Picker::new(&[endpoints(&[], 0)], options(ROUND));
    assert!(empty_locality.pick(&mut Turn::new(1), &State::default()).is_none());
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
            let pick = picker.pick(&mut turn, &state).unwrap();
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
        let pick = picker.pick(&mut turn, &state).unwrap();
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
            unavailable: vec![1],
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
        unavailable: vec![999],
        ..State::default()
    };
    assert_eq!(picker.pick(&mut Turn::new(1), &state).unwrap().endpoint, 77);
}

#[test]
fn below_the_panic_threshold_everybody_is_picked() {
    let picker = Picker::new(&[endpoints(&[1; 4], 0)], options(ROUND));
    let state = State {
        out: vec![0, 1, 2],
        unavailable: vec![3],
        ..State::default()
    };
    assert!(picker.pick(&mut Turn::new(1), &state).unwrap().panic);
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
        unavailable: vec![2],
        ..State::default()
    };
    assert!(picker.pick(&mut Turn::new(1), &state).is_none());
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
    assert_eq!(picker.priority_of(0), Some(1));
    assert_eq!(count(&picker, &State::default(), 1_000)[..2], [0, 0]);
    let state = State {
        out: vec![2, 3],
        unavailable: vec![2, 0],
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
            .pick_again(&mut turn, &State::default(), &retry)
            .unwrap()
            .endpoint
            == 1
    }));
    let never = Retry {
        avoid: &|_| true,
        max_attempts: 5,
    };
    assert!(picker.pick_again(&mut turn, &State::default(), &never).is_some());
}

#[test]
fn the_explanation_shows_shares_and_panic() {
    let picker = Picker::new(&[endpoints(&[1; 4], 0), endpoints(&[1; 2], 1)], options(LEAST));
    let state = State {
        out: vec![0, 1],
        unavailable: vec![2, 0],
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
