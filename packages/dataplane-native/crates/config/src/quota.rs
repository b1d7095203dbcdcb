//! Quotas that a service assigns: counted here, so that no request waits for anybody.

use std::sync::Arc;

use serde::{Deserialize, Serialize};

use crate::{GrpcService, HeaderSet, MatchInput, MatchTree, TokenBucket};

/// Counts requests by bucket, tells a service, and lets as many pass as that has assigned
/// (`envoy.extensions.filters.http.rate_limit_quota.v3.RateLimitQuotaFilterConfig`).
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct QuotaFilter {
    /// The service; without one all requests pass.
    #[serde(default)]
    pub service: Option<GrpcService>,
    /// What tells the buckets of several applications apart.
    pub domain: Arc<str>,
    /// The bucket of a request; one that has none passes.
    pub buckets: MatchTree<Arc<QuotaBucket>>,
}

/// A route's own buckets (`RateLimitQuotaOverride`).
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct QuotaOverride {
    /// In place of the filter's.
    #[serde(default)]
    pub buckets: Option<MatchTree<Arc<QuotaBucket>>>,
}

/// What requests are counted as, and what that means (`RateLimitQuotaBucketSettings`).
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct QuotaBucket {
    /// Names and values of the bucket, in order of their names.
    pub id: Vec<(Arc<str>, QuotaValue)>,
    /// How often the service is told, in milliseconds.
    pub reporting_interval_ms: u64,
    /// The answer to a request that is one too many.
    #[serde(default)]
    pub denial: QuotaDenial,
    /// Until the first assignment.
    #[serde(default)]
    pub unassigned: QuotaStrategy,
    /// After the end of an assignment; `None`: as before the first one.
    #[serde(default)]
    pub expired: Option<QuotaExpiry>,
}

/// A value in a bucket's name.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum QuotaValue {
    /// Always this.
    Text(Arc<str>),
    /// What the request has; one that has nothing there is in no bucket.
    Of(MatchInput),
}

/// How many requests pass (`envoy.type.v3.RateLimitStrategy`).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum QuotaStrategy {
    /// All.
    #[default]
    AllowAll,
    /// None.
    DenyAll,
    /// Those that find a token.
    Tokens(TokenBucket),
}

/// What holds after the end of an assignment (`ExpiredAssignmentBehavior`).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct QuotaExpiry {
    /// For how long, in milliseconds, until the bucket is given up; `None`: until there is another assignment.
    #[serde(default)]
    pub timeout_ms: Option<u64>,
    /// How many pass; `None`: as many as with the assignment that has ended.
    #[serde(default)]
    pub strategy: Option<QuotaStrategy>,
}

/// The answer to a request that is one too many (`DenyResponseSettings`).
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default, deny_unknown_fields)]
pub struct QuotaDenial {
    /// Its status.
    pub status: u16,
    /// Its body.
    pub body: Arc<[u8]>,
    /// Status and message for clients of gRPC; UNAVAILABLE where there is none.
    pub grpc_status: Option<(u16, Arc<str>)>,
    /// Headers that it gets.
    pub headers: Vec<HeaderSet>,
}

impl Default for QuotaDenial {
    fn default() -> Self {
        Self {
            status: 429,
            body: Arc::default(),
            grpc_status: None,
            headers: Vec::new(),
        }
    }
}
