//! Quotas that a service assigns. A request is decided about by what is known here, without a lock; what is counted is told
//! to the service now and then, and what it says is taken over.

mod bucket;
#[cfg(test)]
mod tests;

use std::{
    collections::HashMap,
    sync::{
        Arc, Mutex, PoisonError,
        atomic::{AtomicBool, Ordering::Relaxed},
    },
    task::{Context, Poll, Waker},
};

use arc_swap::ArcSwap;
use config::{GrpcService, MatchValues, QuotaBucket, QuotaStrategy, QuotaValue, TokenBucket};
use messages::envoy::{
    service::rate_limit_quota::v3::{
        BucketId, RateLimitQuotaResponse, RateLimitQuotaUsageReports,
        rate_limit_quota_response::bucket_action::BucketAction, rate_limit_quota_usage_reports::BucketQuotaUsage,
    },
    r#type::v3::{RateLimitStrategy, RateLimitUnit, rate_limit_strategy::Strategy},
};
use prost::Message as _;

use crate::call::{Call, CallFailure};
use bucket::{Assignment, Bucket};

/// Buckets of one domain. Values of requests may be in their names: who sends many of them must not take all memory.
const MAX_BUCKETS: usize = 10_000;

/// The longest name of a bucket; a request with a longer one is in none.
const MAX_NAME_BYTES: usize = 4 * 1024;

type Map = HashMap<Box<[u8]>, Arc<Bucket>>;

/// The buckets that a service knows of.
#[derive(Debug)]
pub struct QuotaDomain {
    service: GrpcService,
    domain: Arc<str>,
    buckets: ArcSwap<Map>,
    /// Held by who changes the map.
    changing: Mutex<()>,
    has_news: AtomicBool,
    /// Who tells the service.
    teller: Mutex<Option<Waker>>,
}

impl QuotaDomain {
    /// A domain without buckets.
    pub fn new(service: GrpcService, domain: Arc<str>) -> Self {
        Self {
            service,
            domain,
            buckets: ArcSwap::default(),
            changing: Mutex::default(),
            has_news: AtomicBool::new(false),
            teller: Mutex::default(),
        }
    }

    /// Whether a request passes; it is counted. Times are of the process.
    pub fn admits<V: MatchValues>(&self, settings: &Arc<QuotaBucket>, values: &V, now_us: u64) -> bool {
        let Some(name) = name_of(settings, values) else {
            return true;
        };
        let buckets = self.buckets.load();
        if let Some(bucket) = buckets.get(name.as_slice()) {
            return bucket.admits(settings, now_us);
        }
        if buckets.len() >= MAX_BUCKETS {
            // It is nobody's: what holds without an assignment, as far as that needs no memory.
            return settings.unassigned != QuotaStrategy::DenyAll;
        }
        self.begin(settings, values, name.into_boxed_slice(), now_us)
            .admits(settings, now_us)
    }

    /// A new bucket, of which the service is told at once.
    fn begin<V: MatchValues>(
        &self,
        settings: &Arc<QuotaBucket>,
        values: &V,
        name: Box<[u8]>,
        now_us: u64,
    ) -> Arc<Bucket> {
        let guard = self.changing.lock().unwrap_or_else(PoisonError::into_inner);
        let before = self.buckets.load_full();
        if let Some(bucket) = before.get(&name) {
            return Arc::clone(bucket);
        }
        let text = |value: &QuotaValue| match value {
            QuotaValue::Text(text) => text.to_string(),
            QuotaValue::Of(input) => {
                let value = values.value(input).unwrap_or_default();
                String::from_utf8_lossy(&value).into_owned()
            }
        };
        let id = settings.id.iter().map(|(name, value)| (name.to_string(), text(value)));
        let bucket = Arc::new(Bucket::new(id.collect(), Arc::clone(settings), now_us / 1_000));
        let mut after = Map::clone(&before);
        after.insert(name, Arc::clone(&bucket));
        self.buckets.store(Arc::new(after));
        drop(guard);
        self.wake();
        bucket
    }

    fn wake(&self) {
        self.has_news.store(true, Relaxed);
        if let Some(waker) = self.teller().take() {
            waker.wake();
        }
    }

    fn teller(&self) -> std::sync::MutexGuard<'_, Option<Waker>> {
        self.teller.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Ready when there is something that the service does not know yet.
    pub fn poll_news(&self, cx: &Context<'_>) -> Poll<()> {
        *self.teller() = Some(cx.waker().clone());
        if self.has_news.swap(false, Relaxed) {
            Poll::Ready(())
        } else {
            Poll::Pending
        }
    }

    /// Whether there is anything to tell.
    pub fn is_empty(&self) -> bool {
        self.buckets.load().is_empty()
    }

    /// The stream on which the service is told.
    pub fn stream(&self) -> Call {
        let mut call = Call::grpc(
            &self.service.cluster,
            "/envoy.service.rate_limit_quota.v3.RateLimitQuotaService/StreamRateLimitQuotas",
            &(),
            0,
        );
        call.body.clear();
        // The stream lives as long as the domain.
        call.fields.retain(|(name, _)| name != "grpc-timeout");
        call.authority = self.service.authority.as_bytes().to_vec();
        for (name, value) in &self.service.initial_metadata {
            call.set(name.as_str(), value.as_bytes());
        }
        call
    }

    /// Time for one message in milliseconds.
    pub fn timeout_ms(&self) -> u64 {
        match self.service.timeout_ms {
            0 => 5_000,
            timeout => timeout,
        }
    }

    /// A stream begins: the service knows of no bucket.
    pub fn begin_stream(&self) {
        for bucket in self.buckets.load().values() {
            bucket.forget_report();
        }
    }

    /// What the service is to be told now; none where that is nothing. `is_first`: it begins the stream.
    pub fn report(&self, now_ms: u64, is_first: bool) -> Option<Vec<u8>> {
        self.give_up(now_ms);
        let buckets = self.buckets.load();
        let usages: Vec<BucketQuotaUsage> = buckets.values().filter_map(|bucket| bucket.report(now_ms)).collect();
        if usages.is_empty() {
            return None;
        }
        let report = RateLimitQuotaUsageReports {
            domain: if is_first {
                self.domain.to_string()
            } else {
                String::new()
            },
            bucket_quota_usages: usages,
        };
        Some(report.encode_to_vec())
    }

    /// When the next report is due.
    pub fn next_report_ms(&self) -> Option<u64> {
        self.buckets.load().values().map(|bucket| bucket.due_ms()).min()
    }

    /// Takes over what the service says.
    pub fn take(&self, message: &[u8], now_ms: u64) -> Result<(), CallFailure> {
        let response = RateLimitQuotaResponse::decode(message).map_err(|_| CallFailure::Malformed)?;
        for action in response.bucket_action {
            let id = action.bucket_id.unwrap_or_default();
            match action.bucket_action {
                Some(BucketAction::QuotaAssignmentAction(assigned)) => {
                    let strategy = strategy(assigned.rate_limit_strategy);
                    let life_ms = assigned.assignment_time_to_live.map(|life| millis(&life));
                    let assignment = Assignment::new(strategy, life_ms.map(|life| now_ms.saturating_add(life)));
                    for bucket in self.named(&id) {
                        bucket.assign(&assignment, now_ms);
                    }
                }
                Some(BucketAction::AbandonAction(_)) => self.remove(|bucket| bucket.is(&id)),
                None => {}
            }
        }
        Ok(())
    }

    fn named(&self, id: &BucketId) -> Vec<Arc<Bucket>> {
        let buckets = self.buckets.load();
        buckets.values().filter(|bucket| bucket.is(id)).cloned().collect()
    }

    /// Gives up buckets whose assignment has ended long ago.
    fn give_up(&self, now_ms: u64) {
        if self.buckets.load().values().any(|bucket| bucket.is_given_up(now_ms)) {
            self.remove(|bucket| bucket.is_given_up(now_ms));
        }
    }

    fn remove(&self, is_gone: impl Fn(&Bucket) -> bool) {
        let _guard = self.changing.lock().unwrap_or_else(PoisonError::into_inner);
        let mut after = Map::clone(&self.buckets.load());
        after.retain(|_, bucket| !is_gone(bucket));
        self.buckets.store(Arc::new(after));
    }
}

impl Drop for QuotaDomain {
    fn drop(&mut self) {
        // Who tells the service finds that there is nobody to tell of.
        self.wake();
    }
}

/// A bucket's name for this request, in one piece. None: the request has not all of it.
fn name_of<V: MatchValues>(settings: &QuotaBucket, values: &V) -> Option<Vec<u8>> {
    let mut name = Vec::with_capacity(64);
    for (key, value) in &settings.id {
        name.extend_from_slice(key.as_bytes());
        name.push(0);
        match value {
            QuotaValue::Text(text) => name.extend_from_slice(text.as_bytes()),
            QuotaValue::Of(input) => {
                let value = values.value(input).filter(|value| !value.is_empty())?;
                name.extend_from_slice(&value);
            }
        }
        name.push(0);
    }
    (name.len() <= MAX_NAME_BYTES).then_some(name)
}

fn millis(duration: &messages::google::protobuf::Duration) -> u64 {
    let nanos = u64::try_from(duration.nanos).unwrap_or(0);
    u64::try_from(duration.seconds)
        .unwrap_or(0)
        .saturating_mul(1_000)
        .saturating_add(nanos / 1_000_000)
}

/// What a service assigns. A strategy that cannot be counted lets nothing pass.
pub fn strategy(pb: Option<RateLimitStrategy>) -> QuotaStrategy {
    match pb.and_then(|pb| pb.strategy) {
        None | Some(Strategy::BlanketRule(0)) => QuotaStrategy::AllowAll,
        Some(Strategy::BlanketRule(_)) => QuotaStrategy::DenyAll,
        Some(Strategy::RequestsPerTimeUnit(rate)) => {
            let seconds = match rate.time_unit() {
                RateLimitUnit::Unknown | RateLimitUnit::Second => 1,
                RateLimitUnit::Minute => 60,
                RateLimitUnit::Hour => 3_600,
                RateLimitUnit::Day => 86_400,
                RateLimitUnit::Month => 30 * 86_400,
                RateLimitUnit::Year => 365 * 86_400,
            };
            let count = u32::try_from(rate.requests_per_time_unit).unwrap_or(u32::MAX);
            tokens(count, count, seconds * 1_000)
        }
        Some(Strategy::TokenBucket(pb)) => {
            let interval_ms = pb.fill_interval.as_ref().map_or(0, millis);
            tokens(pb.max_tokens, pb.tokens_per_fill.unwrap_or(1), interval_ms)
        }
    }
}

fn tokens(max_tokens: u32, tokens_per_fill: u32, fill_interval_ms: u64) -> QuotaStrategy {
    if max_tokens == 0 || tokens_per_fill == 0 || fill_interval_ms == 0 {
        return QuotaStrategy::DenyAll;
    }
    QuotaStrategy::Tokens(TokenBucket {
        max_tokens,
        tokens_per_fill,
        fill_interval_ms,
    })
}
