//! New endpoints start with less.

use config::SlowStart;

/// Whether an endpoint of this age is passed over this time. Its weight grows from `min_weight_percent` to all of it
/// during the window; `aggression` above 1 makes it grow faster in the beginning.
pub(crate) fn passes_over(settings: &SlowStart, age_ms: u64, random: &mut fastrand::Rng) -> bool {
    age_ms < settings.window_ms && random.f64() >= factor(settings, age_ms)
}

fn factor(settings: &SlowStart, age_ms: u64) -> f64 {
    let time = age_ms.max(1) as f64 / settings.window_ms as f64;
    let is_curved = settings.aggression > 0.0 && (settings.aggression - 1.0).abs() > f64::EPSILON;
    let grown = if is_curved {
        time.powf(1.0 / settings.aggression)
    } else {
        time
    };
    grown.max(settings.min_weight_percent / 100.0).min(1.0)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn settings(aggression: f64) -> SlowStart {
        SlowStart {
            window_ms: 10_000,
            aggression,
            min_weight_percent: 10.0,
        }
    }

    #[test]
    fn the_share_grows_with_age() {
        let at = |age| (factor(&settings(1.0), age) * 100.0).round() as u32;
        assert_eq!([at(0), at(500), at(5_000), at(9_000)], [10, 10, 50, 90]);
        assert_eq!((factor(&settings(2.0), 2_500) * 100.0).round() as u32, 50);
        assert_eq!((factor(&settings(f64::NAN), 2_500) * 100.0).round() as u32, 25);
    }

    #[test]
    fn after_the_window_nothing_is_passed_over() {
        let mut random = fastrand::Rng::with_seed(1);
        assert!((0..100).all(|_| !passes_over(&settings(1.0), 10_000, &mut random)));
        assert!((0..100).any(|_| passes_over(&settings(1.0), 9_000, &mut random)));
    }
}
