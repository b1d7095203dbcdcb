//! What an endpoint's checks have said so far, and when the next one comes. No clock, no sockets.

use config::HealthCheck;

use crate::cluster::CheckFailure;

/// What the last checks of an endpoint have said.
#[derive(Debug, Default)]
pub(super) struct Record {
    successes: u32,
    failures: u32,
    has_checked: bool,
    has_failed: bool,
}

/// What a result changes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Transition {
    Unchanged,
    /// It would change something together with more of its kind.
    Pending,
    Changed,
}

impl Record {
    /// Before the first check.
    pub(super) fn new(has_failed: bool) -> Self {
        Self {
            has_failed,
            ..Self::default()
        }
    }

    /// It is not well.
    pub(super) fn has_failed(&self) -> bool {
        self.has_failed
    }

    /// Takes a result. The first one counts at once.
    pub(super) fn apply(&mut self, result: Result<(), CheckFailure>, settings: &HealthCheck) -> Transition {
        let is_first = !std::mem::replace(&mut self.has_checked, true);
        let (count, other, threshold) = match result {
            Ok(()) => (&mut self.successes, &mut self.failures, settings.healthy_threshold),
            Err(_) => (&mut self.failures, &mut self.successes, settings.unhealthy_threshold),
        };
        *other = 0;
        if self.has_failed == result.is_err() {
            return Transition::Unchanged;
        }
        *count += 1;
        if is_first || *count >= threshold || result.is_err_and(CheckFailure::is_decisive) {
            *count = 0;
            self.has_failed = result.is_err();
            return Transition::Changed;
        }
        Transition::Pending
    }
}

/// The time until the next check.
pub(super) fn interval_ms(
    settings: &HealthCheck,
    is_success: bool,
    transition: Transition,
    has_traffic: bool,
    random: &mut fastrand::Rng,
) -> u64 {
    let is_edge = transition == Transition::Pending;
    let interval = settings.interval_ms;
    let unhealthy = settings.unhealthy_interval_ms.unwrap_or(interval);
    let base = match (has_traffic, is_success) {
        (true, true) if is_edge => settings.healthy_edge_interval_ms.unwrap_or(interval),
        (true, true) => interval,
        (true, false) if is_edge => settings.unhealthy_edge_interval_ms.unwrap_or(unhealthy),
        (true, false) => unhealthy,
        (false, true) if !is_edge => settings
            .no_traffic_healthy_interval_ms
            .unwrap_or(settings.no_traffic_interval_ms),
        (false, _) => settings.no_traffic_interval_ms,
    };
    let mut part_of = |most: u64| if most > 0 { random.u64(..most) } else { 0 };
    let share = base.saturating_mul(settings.interval_jitter_percent.into()) / 100;
    base.max(1) + part_of(share) + part_of(settings.interval_jitter_ms)
}

#[cfg(test)]
mod tests {
    use super::{
        Transition::{Changed, Pending, Unchanged},
        *,
    };

    const OK: Result<(), CheckFailure> = Ok(());
    const NO_ANSWER: Result<(), CheckFailure> = Err(CheckFailure::Timeout);

    fn settings() -> HealthCheck {
        HealthCheck {
            interval_ms: 100,
            unhealthy_threshold: 3,
            healthy_threshold: 2,
            ..HealthCheck::default()
        }
    }

    fn after(record: &mut Record, results: &[Result<(), CheckFailure>]) -> Vec<(Transition, bool)> {
        let apply = |result: &_| (record.apply(*result, &settings()), record.has_failed());
        results.iter().map(apply).collect()
    }

    #[test]
    fn the_first_result_counts_at_once() {
        use Transition::{Changed, Unchanged};
        assert_eq!(after(&mut Record::new(false), &[NO_ANSWER]), [(Changed, true)]);
        assert_eq!(after(&mut Record::new(true), &[OK]), [(Changed, false)]);
        assert_eq!(after(&mut Record::new(true), &[NO_ANSWER]), [(Unchanged, true)]);
    }

    #[test]
    fn later_ones_count_when_there_are_enough_in_a_row() {
        let mut record = Record::new(false);
        let down = [OK, NO_ANSWER, NO_ANSWER, OK, NO_ANSWER, NO_ANSWER, NO_ANSWER];
        let expected = [
            (Unchanged, false),
            (Pending, false),
            (Pending, false),
            (Unchanged, false),
            (Pending, false),
            (Pending, false),
            (Changed, true),
        ];
        assert_eq!(after(&mut record, &down), expected);
        let up = [OK, NO_ANSWER, OK, OK];
        let expected = [(Pending, true), (Unchanged, true), (Pending, true), (Changed, false)];
        assert_eq!(after(&mut record, &up), expected);
    }

    #[test]
    fn an_answer_that_is_wrong_is_enough_and_a_retriable_one_is_not() {
        let mut record = Record::new(false);
        after(&mut record, &[OK]);
        let retriable = Err(CheckFailure::RetriableStatus);
        assert_eq!(after(&mut record, &[retriable]), [(Pending, false)]);
        let wrong = Err(CheckFailure::Status);
        assert_eq!(after(&mut record, &[wrong]), [(Changed, true)]);
    }

    #[test]
    fn the_next_check_comes_after_the_interval_of_its_state() {
        let settings = HealthCheck {
            unhealthy_interval_ms: Some(200),
            unhealthy_edge_interval_ms: Some(300),
            healthy_edge_interval_ms: Some(400),
            no_traffic_interval_ms: 5_000,
            no_traffic_healthy_interval_ms: Some(6_000),
            ..settings()
        };
        let next = |is_success, transition, has_traffic| {
            interval_ms(
                &settings,
                is_success,
                transition,
                has_traffic,
                &mut fastrand::Rng::with_seed(1),
            )
        };
        assert_eq!(next(true, Unchanged, true), 100);
        assert_eq!(next(true, Changed, true), 100);
        assert_eq!(next(true, Pending, true), 400);
        assert_eq!(next(false, Changed, true), 200);
        assert_eq!(next(false, Pending, true), 300);
        assert_eq!(next(true, Unchanged, false), 6_000);
        assert_eq!(next(true, Pending, false), 5_000);
        assert_eq!(next(false, Changed, false), 5_000);
    }

    #[test]
    fn jitter_lengthens_intervals_within_its_bounds() {
        let settings = HealthCheck {
            interval_jitter_percent: 50,
            interval_jitter_ms: 10,
            ..settings()
        };
        let mut random = fastrand::Rng::with_seed(7);
        let all: Vec<u64> = (0..1_000)
            .map(|_| interval_ms(&settings, true, Unchanged, true, &mut random))
            .collect();
        assert!(all.iter().all(|wait| (100..158 + 1).contains(wait)));
        assert!(all.iter().any(|wait| *wait < 110) && all.iter().any(|wait| *wait > 140));
    }
}
