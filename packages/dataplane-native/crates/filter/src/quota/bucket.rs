//! One bucket: what it may let pass now, and what it has.

use std::sync::{
    Arc,
    atomic::{AtomicU64, Ordering::Relaxed},
};

use arc_swap::{ArcSwap, ArcSwapOption};
use config::{QuotaBucket, QuotaStrategy};
use messages::{
    envoy::service::rate_limit_quota::v3::{BucketId, rate_limit_quota_usage_reports::BucketQuotaUsage},
    google::protobuf::Duration,
};

use crate::rate_limit::Bucket as Tokens;

/// No report has been made, or one is wanted at once.
const NEVER: u64 = 0;

/// A bucket of requests.
#[derive(Debug)]
pub(super) struct Bucket {
    id: Vec<(String, String)>,
    /// Of the request that came last: a new configuration may have others.
    settings: ArcSwap<QuotaBucket>,
    allowed: AtomicU64,
    denied: AtomicU64,
    /// Tokens where no assignment holds.
    tokens: Tokens,
    assignment: ArcSwapOption<Assignment>,
    /// When the last report was made, and when the next one is due.
    reported_ms: AtomicU64,
    due_ms: AtomicU64,
}

/// What the service has assigned.
#[derive(Debug)]
pub(super) struct Assignment {
    strategy: QuotaStrategy,
    /// None: it does not end.
    ends_ms: Option<u64>,
    tokens: Arc<Tokens>,
}

impl Assignment {
    pub(super) fn new(strategy: QuotaStrategy, ends_ms: Option<u64>) -> Self {
        Self {
            strategy,
            ends_ms,
            tokens: Arc::default(),
        }
    }

    fn has_ended(&self, now_ms: u64) -> bool {
        self.ends_ms.is_some_and(|ends_ms| ends_ms <= now_ms)
    }
}

impl Bucket {
    pub(super) fn new(id: Vec<(String, String)>, settings: Arc<QuotaBucket>, now_ms: u64) -> Self {
        Self {
            id,
            settings: ArcSwap::new(settings),
            allowed: AtomicU64::new(0),
            denied: AtomicU64::new(0),
            tokens: Tokens::default(),
            assignment: ArcSwapOption::empty(),
            reported_ms: AtomicU64::new(now_ms),
            due_ms: AtomicU64::new(NEVER),
        }
    }

    /// Whether it is the one of this name.
    pub(super) fn is(&self, id: &BucketId) -> bool {
        self.id.len() == id.bucket.len() && self.id.iter().all(|(key, value)| id.bucket.get(key) == Some(value))
    }

    /// Whether a request passes; it is counted.
    pub(super) fn admits(&self, settings: &Arc<QuotaBucket>, now_us: u64) -> bool {
        if !Arc::ptr_eq(&self.settings.load(), settings) {
            self.settings.store(Arc::clone(settings));
        }
        let admits = self.decide(settings, now_us);
        let counter = if admits { &self.allowed } else { &self.denied };
        counter.fetch_add(1, Relaxed);
        admits
    }

    fn decide(&self, settings: &QuotaBucket, now_us: u64) -> bool {
        let at_ms = now_us / 1_000;
        let assignment = self.assignment.load();
        let unassigned = || passes(settings.unassigned, &self.tokens, now_us);
        let Some(assignment) = assignment.as_ref() else {
            return unassigned();
        };
        if !assignment.has_ended(at_ms) {
            return passes(assignment.strategy, &assignment.tokens, now_us);
        }
        match settings.expired {
            Some(expired) if !self.is_given_up(at_ms) => match expired.strategy {
                Some(strategy) => passes(strategy, &self.tokens, now_us),
                None => passes(assignment.strategy, &assignment.tokens, now_us),
            },
            _ => unassigned(),
        }
    }

    /// Whether its assignment ended longer ago than it is to be kept.
    pub(super) fn is_given_up(&self, now_ms: u64) -> bool {
        let assignment = self.assignment.load();
        let ends_ms = assignment.as_ref().and_then(|assignment| assignment.ends_ms);
        let timeout_ms = self.settings.load().expired.and_then(|expired| expired.timeout_ms);
        matches!((ends_ms, timeout_ms), (Some(ends_ms), Some(timeout_ms)) if ends_ms.saturating_add(timeout_ms) <= now_ms)
    }

    /// Takes an assignment over. One that only goes on keeps its tokens.
    pub(super) fn assign(&self, assignment: &Assignment, now_ms: u64) {
        let before = self.assignment.load_full();
        let same = before.filter(|before| before.strategy == assignment.strategy && !before.has_ended(now_ms));
        if same.is_none() {
            // The service is told what was used until now.
            self.due_ms.store(NEVER, Relaxed);
        }
        self.assignment.store(Some(Arc::new(Assignment {
            strategy: assignment.strategy,
            ends_ms: assignment.ends_ms,
            tokens: same.map_or_else(Arc::default, |same| Arc::clone(&same.tokens)),
        })));
    }

    /// The service does not know of it.
    pub(super) fn forget_report(&self) {
        self.due_ms.store(NEVER, Relaxed);
    }

    pub(super) fn due_ms(&self) -> u64 {
        self.due_ms.load(Relaxed)
    }

    /// What was used since the report before, if it is time to say so.
    pub(super) fn report(&self, now_ms: u64) -> Option<BucketQuotaUsage> {
        if self.due_ms() > now_ms {
            return None;
        }
        self.due_ms.store(
            now_ms.saturating_add(self.settings.load().reporting_interval_ms.max(1)),
            Relaxed,
        );
        // Some time has always passed.
        let elapsed_ms = (now_ms - self.reported_ms.swap(now_ms, Relaxed).min(now_ms)).max(1);
        Some(BucketQuotaUsage {
            bucket_id: Some(BucketId {
                bucket: self.id.iter().cloned().collect(),
            }),
            time_elapsed: Some(Duration {
                seconds: (elapsed_ms / 1_000) as i64,
                nanos: (elapsed_ms % 1_000) as i32 * 1_000_000,
            }),
            num_requests_allowed: self.allowed.swap(0, Relaxed),
            num_requests_denied: self.denied.swap(0, Relaxed),
        })
    }
}

fn passes(strategy: QuotaStrategy, tokens: &Tokens, now_us: u64) -> bool {
    match strategy {
        QuotaStrategy::AllowAll => true,
        QuotaStrategy::DenyAll => false,
        QuotaStrategy::Tokens(settings) => tokens.take(settings, now_us),
    }
}
