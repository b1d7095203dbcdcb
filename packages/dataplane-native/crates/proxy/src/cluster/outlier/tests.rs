use super::*;

fn endpoints(count: u64) -> Vec<EndpointState> {
    (1..=count)
        .map(|id| EndpointState::new(id, "127.0.0.1:1".parse().unwrap()))
        .collect()
}

/// Every endpoint gets `requests`, of which as many fail as `failures` says for it.
fn traffic(
    cluster: &ClusterState,
    endpoints: &[EndpointState],
    settings: &OutlierDetection,
    requests: u32,
    failures: &[u32],
) {
    for (endpoint, failures) in endpoints.iter().zip(failures) {
        for at in 0..requests {
            let status = if at < *failures { 500 } else { 200 };
            cluster.record(endpoint, Verdict::Status(status), settings, endpoints.len(), 0);
        }
    }
}

fn by_rates_only() -> OutlierDetection {
    OutlierDetection {
        consecutive_5xx: 0,
        max_ejection_percent: 100,
        interval_ms: 1_000,
        ..OutlierDetection::default()
    }
}

fn look(cluster: &ClusterState, endpoints: &[EndpointState], settings: &OutlierDetection, now_ms: u64) -> u32 {
    cluster.look(endpoints.iter(), settings, now_ms)
}

fn ejected(endpoints: &[EndpointState]) -> Vec<u64> {
    let out = endpoints.iter().filter(|endpoint| endpoint.is_ejected());
    out.map(|endpoint| endpoint.id).collect()
}

#[test]
fn an_endpoint_is_ejected_after_failures_in_a_row_and_comes_back() {
    let cluster = ClusterState::default();
    let endpoints = endpoints(2);
    let settings = OutlierDetection {
        consecutive_5xx: 3,
        max_ejection_percent: 50,
        ..OutlierDetection::default()
    };
    let fail = |status, now| cluster.record(&endpoints[0], Verdict::Status(status), &settings, 2, now);
    assert!(!fail(500, 0) && !fail(503, 0) && !fail(200, 0) && !fail(500, 0) && !fail(500, 0));
    assert!(fail(500, 1000));
    assert_eq!(ejected(&endpoints), [1]);
    assert!(!cluster.recover(&endpoints[0], 30_000));
    assert!(cluster.recover(&endpoints[0], 31_000));
    assert!(ejected(&endpoints).is_empty());
    assert_eq!(cluster.outliers().enforced(Detector::Consecutive5xx), 1);
}

#[test]
fn the_last_endpoints_stay_in_service() {
    let cluster = ClusterState::default();
    let endpoints = endpoints(2);
    let settings = OutlierDetection {
        consecutive_5xx: 1,
        max_ejection_percent: 10,
        ..OutlierDetection::default()
    };
    assert!(!cluster.record(&endpoints[0], Verdict::Status(500), &settings, 2, 0));
    assert_eq!(cluster.outliers().overflow.load(Relaxed), 1);
    let forced = OutlierDetection {
        always_eject_one_host: true,
        ..settings
    };
    assert!(cluster.record(&endpoints[0], Verdict::Status(500), &forced, 2, 0));
}

#[test]
fn local_failures_count_as_gateway_failures_or_apart() {
    let endpoints = endpoints(3);
    let settings = OutlierDetection {
        consecutive_5xx: 0,
        consecutive_gateway_failure: 2,
        enforcing_consecutive_gateway_failure: 100,
        consecutive_local_origin_failure: 3,
        max_ejection_percent: 100,
        ..OutlierDetection::default()
    };
    let split = OutlierDetection {
        split_external_local_origin_errors: true,
        ..settings
    };
    let after = |endpoint: &EndpointState, settings: &OutlierDetection, verdicts: &[Verdict]| {
        let cluster = ClusterState::default();
        verdicts
            .iter()
            .map(|verdict| cluster.record(endpoint, *verdict, settings, 3, 0))
            .collect::<Vec<_>>()
    };
    let local = Verdict::LocalFailure;
    assert_eq!(after(&endpoints[0], &settings, &[local, local]), [false, true]);
    assert_eq!(
        after(&endpoints[1], &split, &[local, local, local]),
        [false, false, true]
    );
    let answered = [local, local, Verdict::Status(503), local, local];
    assert_eq!(
        after(&endpoints[2], &split, &answered),
        [false; 5],
        "an answer of any status shows that the way is well"
    );
}

#[test]
fn an_endpoint_whose_success_rate_is_far_below_the_others_is_ejected() {
    let cluster = ClusterState::default();
    let endpoints = endpoints(6);
    let settings = by_rates_only();
    assert_eq!(look(&cluster, &endpoints, &settings, 1), 0);
    traffic(&cluster, &endpoints, &settings, 100, &[0, 1, 2, 0, 1, 30]);
    assert_eq!(
        look(&cluster, &endpoints, &settings, 500),
        0,
        "not before the interval is over"
    );
    assert_eq!(look(&cluster, &endpoints, &settings, 1_001), 1);
    assert_eq!(ejected(&endpoints), [6]);
    assert_eq!(cluster.outliers().enforced(Detector::SuccessRate), 1);
    assert_eq!(
        look(&cluster, &endpoints, &settings, 2_001),
        0,
        "each interval is looked at once"
    );
}

#[test]
fn rates_need_enough_requests_and_enough_endpoints() {
    let settings = by_rates_only();
    for (count, requests) in [(6, 99), (4, 100)] {
        let cluster = ClusterState::default();
        let endpoints = endpoints(count);
        look(&cluster, &endpoints, &settings, 1);
        let mut failures = vec![0; count as usize];
        failures[0] = requests;
        traffic(&cluster, &endpoints, &settings, requests, &failures);
        assert_eq!(look(&cluster, &endpoints, &settings, 1_001), 0);
    }
}

#[test]
fn a_share_of_failures_ejects_whatever_the_others_do() {
    let cluster = ClusterState::default();
    let endpoints = endpoints(5);
    let settings = OutlierDetection {
        enforcing_success_rate: 0,
        enforcing_failure_percentage: 100,
        ..by_rates_only()
    };
    look(&cluster, &endpoints, &settings, 1);
    traffic(&cluster, &endpoints, &settings, 100, &[84, 85, 100, 0, 50]);
    assert_eq!(look(&cluster, &endpoints, &settings, 1_001), 2);
    assert_eq!(ejected(&endpoints), [2, 3]);
    assert_eq!(cluster.outliers().enforced(Detector::FailurePercentage), 2);
}

#[test]
fn failures_on_the_way_have_rates_of_their_own_when_split() {
    let cluster = ClusterState::default();
    let endpoints = endpoints(5);
    let settings = OutlierDetection {
        split_external_local_origin_errors: true,
        consecutive_local_origin_failure: 0,
        enforcing_success_rate: 0,
        enforcing_local_origin_success_rate: 0,
        enforcing_failure_percentage_local_origin: 100,
        ..by_rates_only()
    };
    look(&cluster, &endpoints, &settings, 1);
    traffic(&cluster, &endpoints, &settings, 100, &[100, 0, 0, 0, 0]);
    for _ in 0..600 {
        cluster.record(&endpoints[4], Verdict::LocalFailure, &settings, 5, 0);
    }
    assert_eq!(look(&cluster, &endpoints, &settings, 1_001), 1);
    assert_eq!(ejected(&endpoints), [5]);
    assert_eq!(cluster.outliers().enforced(Detector::LocalOriginFailurePercentage), 1);
}

#[test]
fn what_is_detected_is_counted_even_if_nothing_is_done() {
    let cluster = ClusterState::default();
    let endpoints = endpoints(1);
    let settings = OutlierDetection {
        consecutive_5xx: 1,
        enforcing_consecutive_5xx: 0,
        ..by_rates_only()
    };
    assert!(!cluster.record(&endpoints[0], Verdict::Status(500), &settings, 1, 0));
    let counts = cluster.outliers();
    assert_eq!(
        (
            counts.detected(Detector::Consecutive5xx),
            counts.enforced(Detector::Consecutive5xx)
        ),
        (1, 0)
    );
}

#[test]
fn ejections_last_longer_each_time_and_shorter_after_good_intervals() {
    let cluster = ClusterState::default();
    let endpoints = endpoints(1);
    let settings = OutlierDetection {
        consecutive_5xx: 1,
        base_ejection_time_ms: 10,
        max_ejection_time_ms: 25,
        ..by_rates_only()
    };
    let mut now = 1;
    look(&cluster, &endpoints, &settings, now);
    let mut lasts = |good_intervals: u64| {
        for _ in 0..good_intervals {
            now += 1_000;
            look(&cluster, &endpoints, &settings, now);
        }
        assert!(cluster.record(&endpoints[0], Verdict::Status(500), &settings, 1, now));
        let start = now;
        while !cluster.recover(&endpoints[0], now) {
            now += 1;
        }
        now - start
    };
    assert_eq!([lasts(0), lasts(0), lasts(0), lasts(0)], [10, 20, 25, 25]);
    assert_eq!(lasts(2), 20);
    assert_eq!(lasts(9), 10);
}

#[test]
fn with_a_share_of_nothing_none_or_exactly_one_is_ejected() {
    let settings = OutlierDetection {
        consecutive_5xx: 1,
        max_ejection_percent: 0,
        ..OutlierDetection::default()
    };
    let ejected_by = |settings: &OutlierDetection, count: usize| {
        let cluster = ClusterState::default();
        let endpoints = endpoints(count as u64);
        for endpoint in &endpoints {
            cluster.record(endpoint, Verdict::Status(500), settings, count, 0);
        }
        ejected(&endpoints).len()
    };
    assert_eq!(ejected_by(&settings, 3), 0);
    let always_one = OutlierDetection {
        always_eject_one_host: true,
        ..settings
    };
    assert_eq!(ejected_by(&always_one, 3), 1);
    // As in Envoy, one more may go as long as the share of those that are out stays within the bound.
    for (percent, count, expected) in [(33, 3, 0), (34, 3, 1), (50, 2, 1), (99, 2, 1), (100, 2, 2), (10, 10, 1)] {
        let settings = OutlierDetection {
            max_ejection_percent: percent,
            ..settings
        };
        assert_eq!(ejected_by(&settings, count), expected, "{percent} % of {count}");
    }
}
