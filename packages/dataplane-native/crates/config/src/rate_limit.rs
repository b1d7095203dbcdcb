//! Bounds on how many requests pass.

use std::sync::Arc;

use serde::{Deserialize, Serialize};

use crate::{FractionalPercent, HeaderSet};

/// A bound that this proxy keeps by itself (`envoy.extensions.filters.http.local_ratelimit.v3.LocalRateLimit`).
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default, deny_unknown_fields)]
pub struct LocalRateLimit {
    /// Prefix of the statistics.
    pub stat_prefix: Arc<str>,
    /// How many; `None` lets all pass.
    pub bucket: Option<TokenBucket>,
    /// Share of requests that are counted.
    pub enabled: FractionalPercent,
    /// Share of those above the bound that are refused.
    pub enforced: FractionalPercent,
    /// What they are answered with.
    pub status: u16,
    /// Headers of that answer.
    pub response_headers: Vec<HeaderSet>,
    /// Headers that mark a request above the bound that is let pass.
    pub marking_headers: Vec<HeaderSet>,
}

impl Default for LocalRateLimit {
    fn default() -> Self {
        Self {
            stat_prefix: "".into(),
            bucket: None,
            enabled: FractionalPercent::new(0, 100),
            enforced: FractionalPercent::new(0, 100),
            status: 429,
            response_headers: Vec::new(),
            marking_headers: Vec::new(),
        }
    }
}

/// So many at once, and so many again after a while.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct TokenBucket {
    /// Requests that may come at once.
    pub max_tokens: u32,
    /// Requests that may come again with each interval.
    pub tokens_per_fill: u32,
    /// The interval in milliseconds.
    pub fill_interval_ms: u64,
}
