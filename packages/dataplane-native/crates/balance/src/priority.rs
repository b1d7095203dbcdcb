//! Which priority a request goes to, and when all endpoints are better than the healthy ones.

/// Endpoints of one priority, in numbers.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Level {
    /// All of them.
    pub(crate) total: u32,
    /// Those that are healthy now.
    pub(crate) healthy: u32,
    /// Those that work, but are not good.
    pub(crate) degraded: u32,
}

/// A priority's part of the load, in percent.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Share {
    /// For its healthy endpoints.
    pub(crate) healthy: u32,
    /// For its degraded endpoints.
    pub(crate) degraded: u32,
    /// So few can be chosen that all are used.
    pub(crate) panic: bool,
}

/// Envoy's shares. A priority's availability is its share of healthy endpoints times `overprovisioning` percent, up to
/// 100, and the same for degraded ones. Healthy endpoints take load in the order of priorities, then degraded ones take
/// the rest in the same order; if all together cannot take 100, everybody's share grows. What rounding leaves goes to
/// the first that can take any. Where all priorities are in panic, their sizes decide.
pub(crate) fn distribute(levels: &[Level], overprovisioning: u32, panic_threshold: f64) -> Vec<Share> {
    let mut shares = vec![Share::default(); levels.len()];
    if shares.is_empty() {
        return shares;
    }
    let percent = |count: u32, level: &Level| {
        let percent = u64::from(count) * u64::from(overprovisioning) / u64::from(level.total.max(1));
        percent.min(100) as u32
    };
    let healthy: Vec<u32> = levels.iter().map(|level| percent(level.healthy, level)).collect();
    let degraded: Vec<u32> = levels.iter().map(|level| percent(level.degraded, level)).collect();
    let available = (healthy.iter().sum::<u32>() + degraded.iter().sum::<u32>()).min(100);
    let part = |health: u32| (health * 100).checked_div(available).unwrap_or(0);
    let mut left = 100;
    for (share, health) in shares.iter_mut().zip(&healthy) {
        share.healthy = part(*health).min(left);
        left -= share.healthy;
    }
    for (share, health) in shares.iter_mut().zip(&degraded) {
        share.degraded = part(*health).min(left);
        left -= share.degraded;
    }
    let first = |health: &[u32]| health.iter().position(|health| *health > 0);
    match (first(&healthy), first(&degraded)) {
        (Some(first), _) => shares[first].healthy += left,
        (None, Some(first)) => shares[first].degraded += left,
        // Nobody can take it: the first one gets it and fails, unless there is panic.
        (None, None) => shares[0].healthy = left,
    }
    let in_panic = |level: &Level| {
        let good = f64::from(level.healthy + level.degraded) * 100.0 / f64::from(level.total.max(1));
        available < 100 && good < panic_threshold
    };
    for (share, level) in shares.iter_mut().zip(levels) {
        share.panic = in_panic(level);
    }
    if shares.iter().all(|share| share.panic) {
        by_size(levels, &mut shares);
    }
    shares
}

fn by_size(levels: &[Level], shares: &mut [Share]) {
    let total: u64 = levels.iter().map(|level| u64::from(level.total)).sum();
    let Some(first) = levels.iter().position(|level| level.total > 0) else {
        return;
    };
    let mut left = 100;
    for (share, level) in shares.iter_mut().zip(levels) {
        share.healthy = (u64::from(level.total) * 100 / total) as u32;
        share.degraded = 0;
        left -= share.healthy;
    }
    shares[first].healthy += left;
}

#[cfg(test)]
mod tests {
    use super::*;

    fn level(healthy: u32, degraded: u32, total: u32) -> Level {
        Level {
            total,
            healthy,
            degraded,
        }
    }

    fn shares(levels: &[(u32, u32)], panic_threshold: f64) -> Vec<(u32, bool)> {
        let levels: Vec<Level> = levels
            .iter()
            .map(|(healthy, total)| level(*healthy, 0, *total))
            .collect();
        let shares = distribute(&levels, 140, panic_threshold);
        shares.iter().map(|share| (share.healthy, share.panic)).collect()
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
        // The numbers of Envoy's documentation.
        assert_eq!(shares(&[(25, 100), (25, 100)], 50.0), [(50, true), (50, true)]);
        assert_eq!(shares(&[(50, 100), (25, 100)], 0.0), [(70, false), (30, false)]);
        assert_eq!(
            shares(&[(20, 100), (20, 100), (10, 100)], 0.0),
            [(40, false), (40, false), (20, false)]
        );
    }

    #[test]
    fn below_the_threshold_all_endpoints_are_used() {
        assert_eq!(shares(&[(4, 10)], 50.0), [(100, true)]);
        assert_eq!(shares(&[(0, 10), (0, 30)], 50.0), [(25, true), (75, true)]);
        assert_eq!(shares(&[(0, 0), (0, 0)], 50.0), [(100, true), (0, true)]);
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

    #[test]
    fn degraded_endpoints_take_what_healthy_ones_of_any_priority_cannot() {
        let of = |levels: &[Level]| -> Vec<(u32, u32)> {
            let shares = distribute(levels, 100, 0.0);
            shares.iter().map(|share| (share.healthy, share.degraded)).collect()
        };
        assert_eq!(of(&[level(50, 50, 100), level(40, 0, 100)]), [(50, 10), (40, 0)]);
        assert_eq!(of(&[level(0, 10, 10), level(10, 0, 10)]), [(0, 0), (100, 0)]);
        // The example in Envoy's source: shares to healthy and degraded endpoints grow alike.
        assert_eq!(
            of(&[level(10, 20, 100), level(20, 10, 100), level(10, 0, 100)]),
            [(16, 28), (28, 14), (14, 0)]
        );
        assert_eq!(of(&[level(0, 3, 10)]), [(0, 100)]);
    }
}
