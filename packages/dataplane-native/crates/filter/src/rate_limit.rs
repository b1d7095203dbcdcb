//! A bound on requests that this proxy keeps by itself, without asking anybody.

use std::sync::atomic::{AtomicU64, Ordering::Relaxed};

use config::{LocalRateLimit, TokenBucket};

/// A bucket of tokens as one number: the time when it will be full again (the "generic cell rate algorithm"). All workers
/// share it; taking a token is one compare-and-swap.
#[derive(Debug, Default)]
pub struct Bucket {
    /// In microseconds of the caller's clock.
    full_at_us: AtomicU64,
}

/// The longest time between two tokens, about 35 years: who asks for more means never.
const LONGEST_MS: u64 = 1 << 40;

impl Bucket {
    /// Takes a token at a time in microseconds. False: there is none.
    pub fn take(&self, settings: TokenBucket, now_us: u64) -> bool {
        let fill = u64::from(settings.tokens_per_fill.max(1));
        let interval_us = settings.fill_interval_ms.clamp(1, LONGEST_MS) * 1000;
        // Time that a token takes, rounded up so that no more than allowed pass.
        let cost_us = interval_us.div_ceil(fill);
        let most_us = cost_us.saturating_mul(u64::from(settings.max_tokens));
        let mut full_at = self.full_at_us.load(Relaxed);
        loop {
            let next = full_at.max(now_us).saturating_add(cost_us);
            // What would be full at the end of time never is.
            if next > now_us.saturating_add(most_us) || next == u64::MAX {
                return false;
            }
            match self.full_at_us.compare_exchange_weak(full_at, next, Relaxed, Relaxed) {
                Ok(_) => return true,
                Err(other) => full_at = other,
            }
        }
    }
}

/// What becomes of a request.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum LimitDecision {
    /// It passes.
    Pass,
    /// It is above the bound, but passes, marked.
    Mark,
    /// It is refused.
    Refuse,
}

/// Decides about a request. `random` is the request's number for choices.
pub fn decide(settings: &LocalRateLimit, bucket: &Bucket, random: u64, now_us: u64) -> LimitDecision {
    let Some(tokens) = settings.bucket else {
        return LimitDecision::Pass;
    };
    if !settings.enabled.contains(random) || bucket.take(tokens, now_us) {
        LimitDecision::Pass
    } else if settings.enforced.contains(random) {
        LimitDecision::Refuse
    } else {
        LimitDecision::Mark
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const TEN_A_SECOND: TokenBucket = TokenBucket {
        max_tokens: 5,
        tokens_per_fill: 10,
        fill_interval_ms: 1_000,
    };

    #[test]
    fn a_burst_passes_and_then_as_many_as_come_again() {
        let bucket = Bucket::default();
        let passed = |now_us| (0..100).filter(|_| bucket.take(TEN_A_SECOND, now_us)).count();
        assert_eq!(passed(1_000_000), 5);
        assert_eq!(passed(1_000_000), 0);
        assert_eq!(passed(1_250_000), 2);
        assert_eq!(passed(9_000_000), 5, "never more than the bucket holds");
    }

    #[test]
    fn threads_together_get_no_more_than_one_would() {
        let bucket = Bucket::default();
        let all = TokenBucket {
            max_tokens: 1_000,
            ..TEN_A_SECOND
        };
        let passed: usize = std::thread::scope(|scope| {
            let threads: Vec<_> = (0..4)
                .map(|_| scope.spawn(|| (0..1_000).filter(|_| bucket.take(all, 1)).count()))
                .collect();
            threads.into_iter().map(|thread| thread.join().unwrap()).sum()
        });
        assert_eq!(passed, 1_000);
    }

    #[test]
    fn what_is_not_enforced_is_marked() {
        let none = TokenBucket {
            max_tokens: 0,
            ..TEN_A_SECOND
        };
        let all = config::FractionalPercent::ALL;
        let settings = LocalRateLimit {
            bucket: Some(none),
            enabled: all,
            ..LocalRateLimit::default()
        };
        assert_eq!(decide(&settings, &Bucket::default(), 1, 1), LimitDecision::Mark);
        let enforced = LocalRateLimit {
            enforced: all,
            ..settings.clone()
        };
        assert_eq!(decide(&enforced, &Bucket::default(), 1, 1), LimitDecision::Refuse);
        let off = LocalRateLimit {
            enabled: config::FractionalPercent::default(),
            ..enforced
        };
        assert_eq!(decide(&off, &Bucket::default(), 1, 1), LimitDecision::Pass);
    }

    #[test]
    fn an_interval_without_end_gives_the_tokens_that_are_there_and_no_more() {
        let bucket = Bucket::default();
        let endless = TokenBucket {
            max_tokens: 2,
            tokens_per_fill: 1,
            fill_interval_ms: u64::MAX,
        };
        let passed: Vec<bool> = (0..4).map(|second| bucket.take(endless, second * 1_000_000)).collect();
        assert_eq!(passed, [true, true, false, false]);
        let many = TokenBucket {
            max_tokens: u32::MAX,
            ..endless
        };
        assert!((0..100_000).any(|_| !Bucket::take(&bucket, many, u64::from(u32::MAX))));
    }
}
