//! Which priority a request goes to, and when all endpoints are better than the healthy ones.

use serde::Serialize;

/// Endpoints of one priority, in numbers.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Level {
    /// All of them.
    pub(crate) total: u32,
    /// Those that may be chosen now.
    pub(crate) available: u32,
}

/// A priority as it is used now.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct PriorityExplanation {
    /// The priority's number in the configuration.
    pub priority: u32,
    /// Its endpoints.
    pub endpoints: u32,
    /// Those of them that may be chosen.
    pub available: u32,
    /// Share of the requests in percent.
    pub load_percent: u32,
    /// So few are available that all are used.
    pub panic: bool,
}

/// Envoy's shares: a priority is full as long as its available share times `overprovisioning` percent reaches 100; what
/// it cannot take goes to the next; if all together cannot take 100, everybody's share grows. Calls `each` with the
/// position, share in percent and panic of every priority.
pub(crate) fn distribute(
    levels: impl Iterator<Item = Level> + Clone,
    overprovisioning: u32,
    panic_threshold: f64,
    mut each: impl FnMut(usize, u32, bool),
) {
    let health = |level: Level| {
        let percent = u64::from(level.available) * u64::from(overprovisioning) / u64::from(level.total.max(1));
        percent.min(100) as u32
    };
    let total_health: u32 = levels.clone().map(health).sum::<u32>().min(100);
    let in_panic = |level: Level| total_health < 100 && healthy_percent(level) < panic_threshold;
    let all_panic = levels.clone().all(in_panic);
    let hosts: u64 = levels.clone().map(|level| u64::from(level.total)).sum();
    let mut left = 100_u32;
    let last = levels.clone().count().saturating_sub(1);
    for (position, level) in levels.enumerate() {
        let wanted = if all_panic {
            (u64::from(level.total) * 100 / hosts.max(1)) as u32
        } else {
            // Nobody is healthy and nobody panics: the first takes it and fails.
            (health(level) * 100)
                .checked_div(total_health)
                .unwrap_or(if position == 0 { 100 } else { 0 })
        };
        // Rounding must not lose requests: where everybody shares, the last one takes the rest.
        let share = if position == last && (all_panic || total_health < 100) {
            left
        } else {
            wanted.min(left)
        };
        left -= share;
        each(position, share, in_panic(level));
    }
}

fn healthy_percent(level: Level) -> f64 {
    if level.total == 0 {
        0.0
    } else {
        f64::from(level.available) * 100.0 / f64::from(level.total)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn shares(levels: &[(u32, u32)], panic_threshold: f64) -> Vec<(u32, bool)> {
        let mut shares = Vec::new();
        let levels = levels.iter().map(|(available, total)| Level {
            total: *total,
            available: *available,
        });
        distribute(levels, 140, panic_threshold, |_, share, panic| {
            shares.push((share, panic));
        });
        shares
    }

    #[test]
    fn the_first_priority_takes_everything_while_most_of_it_is_healthy() {
        assert_eq!(shares(&[(10, 10), (10, 10)], 50.0), [(100, false), (0, false)]);
        assert_eq!(shares(&[(72, 100), (10, 10)], 50.0), [(100, false), (0, false)]);
    }

    #[test]
    fn what_it_cannot_take_spills_to_the_next() {
        assert_eq!(shares(&[(5, 10), (10, 10)], 50.0), [(70, false), (30, false)]);
        assert_eq!(shares(&[(0, 10), (10, 10)], 50.0), [(0, false), (100, false)]);
    }

    #[test]
    fn below_the_threshold_all_endpoints_are_used() {
        assert_eq!(shares(&[(4, 10)], 50.0), [(100, true)]);
        assert_eq!(shares(&[(0, 10), (0, 30)], 50.0), [(25, true), (75, true)]);
    }

    #[test]
    fn without_a_threshold_there_is_no_panic() {
        assert_eq!(shares(&[(1, 10)], 0.0), [(100, false)]);
        assert_eq!(shares(&[(0, 10)], 0.0), [(100, false)]);
    }

    #[test]
    fn when_all_together_cannot_take_everything_shares_grow() {
        assert_eq!(shares(&[(2, 10), (2, 10)], 0.0), [(50, false), (50, false)]);
    }

    #[test]
    fn an_empty_priority_takes_nothing() {
        assert_eq!(shares(&[(0, 0), (1, 1)], 50.0), [(0, false), (100, false)]);
    }
}
