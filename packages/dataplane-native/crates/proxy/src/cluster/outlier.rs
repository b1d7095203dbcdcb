//! Outlier detection: endpoints whose results are bad are left out for a while.
//!
//! Workers count results on the endpoint, with relaxed additions on a line that they write for each request anyway.
//! Failures in a row are acted on where they happen; rates over an interval are compared by the control thread.

use std::sync::atomic::{AtomicU32, AtomicU64, Ordering::Relaxed};

use config::OutlierDetection;
use telemetry::Counter;

use super::{ClusterState, EndpointState};
use crate::{snapshot::ClusterEntry, worker::Worker};

/// How a request on an endpoint ended, as outlier detection counts.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Verdict {
    Status(u16),
    /// Connect failure, reset or timeout on our side.
    LocalFailure,
}

/// What finds an endpoint to be an outlier.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Detector {
    Consecutive5xx,
    ConsecutiveGatewayFailure,
    ConsecutiveLocalOriginFailure,
    SuccessRate,
    LocalOriginSuccessRate,
    FailurePercentage,
    LocalOriginFailurePercentage,
}

impl Detector {
    pub(crate) const ALL: [Self; 7] = [
        Self::Consecutive5xx,
        Self::ConsecutiveGatewayFailure,
        Self::ConsecutiveLocalOriginFailure,
        Self::SuccessRate,
        Self::LocalOriginSuccessRate,
        Self::FailurePercentage,
        Self::LocalOriginFailurePercentage,
    ];

    /// As Envoy's statistics name it, behind `ejections_detected_` and `ejections_enforced_`.
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Consecutive5xx => "consecutive_5xx",
            Self::ConsecutiveGatewayFailure => "consecutive_gateway_failure",
            Self::ConsecutiveLocalOriginFailure => "consecutive_local_origin_failure",
            Self::SuccessRate => "success_rate",
            Self::LocalOriginSuccessRate => "local_origin_success_rate",
            Self::FailurePercentage => "failure_percentage",
            Self::LocalOriginFailurePercentage => "local_origin_failure_percentage",
        }
    }

    /// Share of its detections that are acted on, in percent.
    fn enforcing(self, settings: &OutlierDetection) -> u32 {
        match self {
            Self::Consecutive5xx => settings.enforcing_consecutive_5xx,
            Self::ConsecutiveGatewayFailure => settings.enforcing_consecutive_gateway_failure,
            Self::ConsecutiveLocalOriginFailure => settings.enforcing_consecutive_local_origin_failure,
            Self::SuccessRate => settings.enforcing_success_rate,
            Self::LocalOriginSuccessRate => settings.enforcing_local_origin_success_rate,
            Self::FailurePercentage => settings.enforcing_failure_percentage,
            Self::LocalOriginFailurePercentage => settings.enforcing_failure_percentage_local_origin,
        }
    }
}

/// What a cluster's detection has found.
#[derive(Debug, Default)]
pub(crate) struct OutlierCounts {
    detected: [AtomicU64; 7],
    enforced: [AtomicU64; 7],
    /// Outliers that stayed in service because too many are out already.
    pub(crate) overflow: AtomicU64,
    next_look_ms: AtomicU64,
}

impl OutlierCounts {
    pub(crate) fn detected(&self, detector: Detector) -> u64 {
        self.detected[detector as usize].load(Relaxed)
    }

    pub(crate) fn enforced(&self, detector: Detector) -> u64 {
        self.enforced[detector as usize].load(Relaxed)
    }
}

/// What is counted of an endpoint.
#[derive(Debug, Default)]
pub(super) struct OutlierRecord {
    consecutive_5xx: AtomicU32,
    consecutive_gateway: AtomicU32,
    consecutive_local: AtomicU32,
    /// Since the last look: results, and those that were failures.
    results: AtomicU32,
    failures: AtomicU32,
    local_results: AtomicU32,
    local_failures: AtomicU32,
    /// How many times the base time an ejection lasts; goes down with each interval in service.
    multiplier: AtomicU32,
    /// Milliseconds of the process' clock; 0 is in service.
    pub(super) ejected_until_ms: AtomicU64,
}

impl OutlierRecord {
    /// Counts a result; what it makes the endpoint an outlier by.
    fn count(&self, verdict: Verdict, settings: &OutlierDetection) -> [Option<Detector>; 2] {
        if settings.compares_rates() {
            self.count_for_rates(verdict, settings);
        }
        let hits = |counter: &AtomicU32, limit: u32, detector: Detector| {
            let count = counter.fetch_add(1, Relaxed) + 1;
            if limit == 0 || count < limit {
                return None;
            }
            counter.store(0, Relaxed);
            Some(detector)
        };
        let hits_5xx = || {
            hits(
                &self.consecutive_5xx,
                settings.consecutive_5xx,
                Detector::Consecutive5xx,
            )
        };
        let is_split = settings.split_external_local_origin_errors;
        if is_split && verdict != Verdict::LocalFailure {
            clear(&self.consecutive_local);
        }
        match verdict {
            Verdict::LocalFailure if is_split => [
                hits(
                    &self.consecutive_local,
                    settings.consecutive_local_origin_failure,
                    Detector::ConsecutiveLocalOriginFailure,
                ),
                None,
            ],
            Verdict::Status(..500) => {
                clear(&self.consecutive_5xx);
                clear(&self.consecutive_gateway);
                [None, None]
            }
            Verdict::Status(status) if !(502..=504).contains(&status) => {
                clear(&self.consecutive_gateway);
                [hits_5xx(), None]
            }
            Verdict::Status(_) | Verdict::LocalFailure => [
                hits(
                    &self.consecutive_gateway,
                    settings.consecutive_gateway_failure,
                    Detector::ConsecutiveGatewayFailure,
                ),
                hits_5xx(),
            ],
        }
    }

    fn count_for_rates(&self, verdict: Verdict, settings: &OutlierDetection) {
        let is_local = verdict == Verdict::LocalFailure;
        let is_failure = !matches!(verdict, Verdict::Status(..500));
        if settings.split_external_local_origin_errors {
            self.local_results.fetch_add(1, Relaxed);
            if is_local {
                self.local_failures.fetch_add(1, Relaxed);
                return;
            }
        }
        self.results.fetch_add(1, Relaxed);
        if is_failure {
            self.failures.fetch_add(1, Relaxed);
        }
    }

    /// Results and failures since the last call: of the endpoint, of the way to it.
    fn take_counts(&self) -> [(u32, u32); 2] {
        [
            (self.results.swap(0, Relaxed), self.failures.swap(0, Relaxed)),
            (
                self.local_results.swap(0, Relaxed),
                self.local_failures.swap(0, Relaxed),
            ),
        ]
    }

    fn forget_failures(&self) {
        for counter in [
            &self.consecutive_5xx,
            &self.consecutive_gateway,
            &self.consecutive_local,
        ] {
            clear(counter);
        }
    }
}

/// A load first: the line stays shared between workers while all is well.
fn clear(counter: &AtomicU32) {
    if counter.load(Relaxed) != 0 {
        counter.store(0, Relaxed);
    }
}

/// Counts how a request on an endpoint ended, whether the cluster detects outliers or not.
pub(crate) fn note_outcome(worker: &Worker, cluster: &ClusterEntry, endpoint: &EndpointState, verdict: Verdict) {
    if !matches!(verdict, Verdict::Status(..500)) {
        endpoint.troubles().errors_total.fetch_add(1, Relaxed);
    }
    detect_outlier(worker, cluster, endpoint, verdict);
}

/// Takes the endpoint out of service if it failed too often by what the cluster says.
pub(crate) fn detect_outlier(worker: &Worker, cluster: &ClusterEntry, endpoint: &EndpointState, verdict: Verdict) {
    let Some(settings) = &cluster.config.outlier_detection else {
        return;
    };
    let now_ms = worker.shared.now_ms();
    if cluster
        .state
        .record(endpoint, verdict, settings, cluster.endpoints.len(), now_ms)
    {
        worker.count(Counter::EndpointsEjected);
    }
}

impl ClusterState {
    /// Counts how a request ended, and takes the endpoint out of service if it failed too often. `endpoints`: how many
    /// the cluster has. True if it was ejected now.
    fn record(
        &self,
        endpoint: &EndpointState,
        verdict: Verdict,
        settings: &OutlierDetection,
        endpoints: usize,
        now_ms: u64,
    ) -> bool {
        let found = endpoint.troubles().outlier.count(verdict, settings);
        let mut is_ejected = false;
        for detector in found.into_iter().flatten() {
            is_ejected |= self.detect(endpoint, detector, settings, endpoints, now_ms);
        }
        is_ejected
    }

    /// An endpoint was found to be an outlier. True if it was ejected now.
    fn detect(
        &self,
        endpoint: &EndpointState,
        detector: Detector,
        settings: &OutlierDetection,
        endpoints: usize,
        now_ms: u64,
    ) -> bool {
        if endpoint.is_ejected() {
            return false;
        }
        self.outliers().detected[detector as usize].fetch_add(1, Relaxed);
        if fastrand::u32(..100) >= detector.enforcing(settings) {
            return false;
        }
        let ejected = self.ejected.load(Relaxed);
        let allowed = (endpoints as u64 * u64::from(settings.max_ejection_percent) / 100) as u32;
        let is_allowed = ejected < allowed || settings.always_eject_one_host && ejected == 0;
        if !is_allowed {
            self.outliers().overflow.fetch_add(1, Relaxed);
            return false;
        }
        self.eject(endpoint, detector, settings, now_ms)
    }

    fn eject(&self, endpoint: &EndpointState, detector: Detector, settings: &OutlierDetection, now_ms: u64) -> bool {
        let base = settings.base_ejection_time_ms;
        let max = settings.max_ejection_time_ms.max(base);
        let mut times = u64::from(endpoint.troubles().outlier.multiplier.load(Relaxed));
        if base.saturating_mul(times) < max {
            times += 1;
        }
        let jitter = match settings.max_ejection_time_jitter_ms {
            0 => 0,
            jitter => fastrand::u64(..=jitter),
        };
        let until = now_ms + base.saturating_mul(times).min(max) + jitter;
        let before = &endpoint.troubles().outlier.ejected_until_ms;
        if before.compare_exchange(0, until.max(1), Relaxed, Relaxed).is_err() {
            return false;
        }
        endpoint.troubles().outlier.multiplier.store(times as u32, Relaxed);
        self.ejected.fetch_add(1, Relaxed);
        self.ejections_total.fetch_add(1, Relaxed);
        self.outliers().enforced[detector as usize].fetch_add(1, Relaxed);
        self.availability_changed();
        true
    }

    /// Takes an endpoint back whose time is over. True if it was taken back now.
    pub(crate) fn recover(&self, endpoint: &EndpointState, now_ms: u64) -> bool {
        let Some(troubles) = endpoint.known_troubles() else {
            return false;
        };
        let until = troubles.outlier.ejected_until_ms.load(Relaxed);
        until != 0 && now_ms >= until && self.take_back(endpoint)
    }

    /// Takes an endpoint back. True if it was out.
    pub(crate) fn take_back(&self, endpoint: &EndpointState) -> bool {
        let Some(troubles) = endpoint.known_troubles() else {
            return false;
        };
        if troubles.outlier.ejected_until_ms.swap(0, Relaxed) == 0 {
            return false;
        }
        troubles.outlier.forget_failures();
        self.ejected.fetch_sub(1, Relaxed);
        self.availability_changed();
        true
    }

    /// Looks at all endpoints if the interval is over. Returns how many were ejected now.
    pub(crate) fn look<'e>(
        &self,
        endpoints: impl ExactSizeIterator<Item = &'e EndpointState>,
        settings: &OutlierDetection,
        now_ms: u64,
    ) -> u32 {
        let next = self.outliers().next_look_ms.load(Relaxed);
        if now_ms < next {
            return 0;
        }
        self.outliers()
            .next_look_ms
            .store(now_ms + settings.interval_ms.max(1), Relaxed);
        if next == 0 {
            return 0;
        }
        let count = endpoints.len();
        let mut rates = [Vec::new(), Vec::new()];
        for endpoint in endpoints {
            let Some(troubles) = endpoint.known_troubles() else {
                continue;
            };
            let outlier = &troubles.outlier;
            if endpoint.is_ejected() {
                outlier.take_counts();
                continue;
            }
            let times = outlier.multiplier.load(Relaxed);
            if times > 0 {
                outlier.multiplier.store(times - 1, Relaxed);
            }
            if settings.compares_rates() {
                let counts = outlier.take_counts();
                for (rates, (results, failures)) in rates.iter_mut().zip(counts) {
                    if results > 0 {
                        rates.push(Rate::new(endpoint, results, failures));
                    }
                }
            }
        }
        let [of_endpoints, local] = rates;
        let found = outliers(
            &of_endpoints,
            settings,
            (Detector::SuccessRate, Detector::FailurePercentage),
        )
        .chain(outliers(
            &local,
            settings,
            (Detector::LocalOriginSuccessRate, Detector::LocalOriginFailurePercentage),
        ));
        found
            .filter(|(endpoint, detector)| self.detect(endpoint, *detector, settings, count, now_ms))
            .count() as u32
    }

    /// Forgets an endpoint that is removed while out of service.
    pub(crate) fn forget(&self, endpoint: &EndpointState) {
        let troubles = endpoint.known_troubles();
        if troubles.is_some_and(|troubles| troubles.outlier.ejected_until_ms.swap(0, Relaxed) != 0) {
            self.ejected.fetch_sub(1, Relaxed);
            self.availability_changed();
        }
    }
}

/// What an endpoint did in an interval.
struct Rate<'e> {
    endpoint: &'e EndpointState,
    results: u32,
    /// In percent.
    success: f64,
}

impl<'e> Rate<'e> {
    fn new(endpoint: &'e EndpointState, results: u32, failures: u32) -> Self {
        let success = 100.0 * f64::from(results.saturating_sub(failures)) / f64::from(results);
        Self {
            endpoint,
            results,
            success,
        }
    }
}

/// Endpoints whose success rate is far below the others', and those that fail too large a share.
fn outliers<'r, 'e: 'r>(
    rates: &'r [Rate<'e>],
    settings: &OutlierDetection,
    (by_rate, by_percentage): (Detector, Detector),
) -> impl Iterator<Item = (&'e EndpointState, Detector)> + 'r {
    let with = |volume: u32| rates.iter().filter(move |rate| rate.results >= volume);
    let rate_volume = settings.success_rate_request_volume;
    let compared = with(rate_volume).count();
    let is_compared =
        by_rate.enforcing(settings) > 0 && compared > 0 && compared >= settings.success_rate_minimum_hosts as usize;
    let least = if is_compared {
        let successes = || with(rate_volume).map(|rate| rate.success);
        ejection_threshold(successes, compared, settings.success_rate_stdev_factor)
    } else {
        f64::NEG_INFINITY
    };
    let percentage_volume = settings.failure_percentage_request_volume;
    let is_measured = by_percentage.enforcing(settings) > 0
        && with(percentage_volume).count() >= settings.failure_percentage_minimum_hosts as usize;
    let worst = f64::from(settings.failure_percentage_threshold);
    let far_below = with(rate_volume).filter(move |rate| rate.success < least);
    let failing = with(percentage_volume).filter(move |rate| is_measured && 100.0 - rate.success >= worst);
    far_below
        .map(move |rate| (rate.endpoint, by_rate))
        .chain(failing.map(move |rate| (rate.endpoint, by_percentage)))
}

/// The mean less `factor` thousandths of the standard deviation.
fn ejection_threshold<I: Iterator<Item = f64>>(successes: impl Fn() -> I, count: usize, factor: u32) -> f64 {
    let count = count as f64;
    let mean = successes().sum::<f64>() / count;
    let variance = successes().map(|success| (success - mean).powi(2)).sum::<f64>() / count;
    mean - variance.sqrt() * f64::from(factor) / 1_000.0
}

#[cfg(test)]
mod tests;
