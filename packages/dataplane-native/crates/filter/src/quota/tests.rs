use std::{borrow::Cow, net::IpAddr};

use config::{MatchInput, QuotaExpiry};
use messages::{
    envoy::service::rate_limit_quota::v3::rate_limit_quota_response::{
        BucketAction as Action,
        bucket_action::{AbandonAction, QuotaAssignmentAction},
    },
    google::protobuf::Duration,
};

use super::*;

/// A request with a header, or without it.
struct Request(Option<&'static str>);

impl MatchValues for Request {
    fn value(&self, input: &MatchInput) -> Option<Cow<'_, [u8]>> {
        matches!(input, MatchInput::Header(_)).then(|| self.0.map(|text| Cow::Borrowed(text.as_bytes())))?
    }

    fn address(&self, _: &MatchInput) -> Option<IpAddr> {
        None
    }
}

fn settings() -> QuotaBucket {
    let header = config::HeaderName::new("x-user").unwrap();
    QuotaBucket {
        id: vec![
            ("name".into(), QuotaValue::Text("web".into())),
            ("user".into(), QuotaValue::Of(MatchInput::Header(header))),
        ],
        reporting_interval_ms: 1_000,
        denial: config::QuotaDenial::default(),
        unassigned: QuotaStrategy::AllowAll,
        expired: None,
    }
}

fn domain() -> QuotaDomain {
    QuotaDomain::new(GrpcService::default(), "shop".into())
}

fn id(user: &str) -> BucketId {
    BucketId {
        bucket: [("name".into(), "web".into()), ("user".into(), user.into())].into(),
    }
}

/// An answer that assigns.
fn assign(user: &str, strategy: Option<Strategy>, life_ms: Option<u64>) -> Vec<u8> {
    let assignment = QuotaAssignmentAction {
        assignment_time_to_live: life_ms.map(|life| Duration {
            seconds: (life / 1_000) as i64,
            nanos: (life % 1_000) as i32 * 1_000_000,
        }),
        rate_limit_strategy: Some(RateLimitStrategy { strategy }),
    };
    encode(user, BucketAction::QuotaAssignmentAction(assignment))
}

fn encode(user: &str, action: BucketAction) -> Vec<u8> {
    let response = RateLimitQuotaResponse {
        bucket_action: vec![Action {
            bucket_id: Some(id(user)),
            bucket_action: Some(action),
        }],
    };
    response.encode_to_vec()
}

fn reported(domain: &QuotaDomain, now_ms: u64) -> Vec<(u64, u64)> {
    let Some(report) = domain.report(now_ms, true) else {
        return Vec::new();
    };
    let report = RateLimitQuotaUsageReports::decode(report.as_slice()).unwrap();
    assert_eq!(report.domain, "shop");
    let usages = report.bucket_quota_usages.iter();
    usages
        .map(|usage| (usage.num_requests_allowed, usage.num_requests_denied))
        .collect()
}

const DENY: Option<Strategy> = Some(Strategy::BlanketRule(1));

#[test]
fn what_is_counted_is_told_at_once_and_then_in_intervals() {
    let (domain, settings) = (domain(), Arc::new(settings()));
    assert!(domain.is_empty());
    assert!(domain.admits(&settings, &Request(Some("ann")), 0));
    assert_eq!(reported(&domain, 10), [(1, 0)]);
    assert!(domain.admits(&settings, &Request(Some("ann")), 20_000));
    assert_eq!(reported(&domain, 500), []);
    assert_eq!(domain.next_report_ms(), Some(1_010));
    assert_eq!(reported(&domain, 1_010), [(1, 0)]);
    // A new stream knows of nothing.
    domain.begin_stream();
    assert_eq!(reported(&domain, 1_020), [(0, 0)]);
}

#[test]
fn an_assignment_holds_for_its_bucket_alone() {
    let (domain, settings) = (domain(), Arc::new(settings()));
    for user in ["ann", "bob"] {
        assert!(domain.admits(&settings, &Request(Some(user)), 0));
    }
    domain.take(&assign("ann", DENY, None), 0).unwrap();
    assert!(!domain.admits(&settings, &Request(Some("ann")), 1_000));
    assert!(domain.admits(&settings, &Request(Some("bob")), 1_000));
    // Who has not what buckets are told by is in none.
    assert!(domain.admits(&settings, &Request(None), 1_000));
    let mut told = reported(&domain, 2);
    told.sort_unstable();
    assert_eq!(told, [(1, 1), (2, 0)]);
}

#[test]
fn an_assignment_of_tokens_keeps_them_while_it_goes_on() {
    let (domain, settings) = (domain(), Arc::new(settings()));
    let five = Some(Strategy::RequestsPerTimeUnit(
        messages::envoy::r#type::v3::rate_limit_strategy::RequestsPerTimeUnit {
            requests_per_time_unit: 5,
            time_unit: RateLimitUnit::Hour.into(),
        },
    ));
    let passed = |now_us| {
        (0..20)
            .filter(|_| domain.admits(&settings, &Request(Some("ann")), now_us))
            .count()
    };
    assert_eq!(passed(0), 20);
    domain.take(&assign("ann", five, Some(1_000)), 0).unwrap();
    assert_eq!(passed(1_000_000 - 1), 5);
    domain.take(&assign("ann", five, Some(1_000)), 999).unwrap();
    assert_eq!(passed(1_500_000), 0, "the same assignment has no new tokens");
    domain.take(&assign("ann", five, Some(1_000)), 5_000).unwrap();
    assert_eq!(passed(5_000_000), 5, "one that begins again has");
}

#[test]
fn what_holds_after_an_assignments_end_is_said() {
    let admits = |expired: Option<QuotaExpiry>, now_ms: u64| {
        let (domain, settings) = (domain(), Arc::new(QuotaBucket { expired, ..settings() }));
        domain.admits(&settings, &Request(Some("ann")), 0);
        domain.take(&assign("ann", DENY, Some(100)), 0).unwrap();
        domain.admits(&settings, &Request(Some("ann")), now_ms * 1_000)
    };
    assert!(!admits(None, 99));
    assert!(admits(None, 100), "as before the first assignment");
    let reuse = QuotaExpiry {
        timeout_ms: Some(50),
        strategy: None,
    };
    assert!(!admits(Some(reuse), 149));
    assert!(admits(Some(reuse), 150));
    let other = QuotaExpiry {
        timeout_ms: None,
        strategy: Some(QuotaStrategy::AllowAll),
    };
    assert!(admits(Some(other), 1_000_000));
}

#[test]
fn a_new_configuration_keeps_what_is_assigned() {
    let (domain, before) = (domain(), Arc::new(settings()));
    domain.admits(&before, &Request(Some("ann")), 0);
    domain.take(&assign("ann", DENY, Some(100)), 0).unwrap();
    let after = Arc::new(QuotaBucket {
        reporting_interval_ms: 7,
        expired: Some(QuotaExpiry {
            timeout_ms: None,
            strategy: None,
        }),
        ..settings()
    });
    assert!(!domain.admits(&after, &Request(Some("ann")), 0));
    // What it says about the end of assignments counts, and how often the service is told.
    assert!(!domain.admits(&after, &Request(Some("ann")), 200_000));
    assert_eq!(reported(&domain, 200), [(1, 2)]);
    assert_eq!(domain.next_report_ms(), Some(207));
}

#[test]
fn a_bucket_that_is_abandoned_begins_again() {
    let (domain, settings) = (domain(), Arc::new(settings()));
    domain.admits(&settings, &Request(Some("ann")), 0);
    domain.take(&assign("ann", DENY, None), 0).unwrap();
    let abandon = encode("ann", BucketAction::AbandonAction(AbandonAction {}));
    domain.take(&abandon, 0).unwrap();
    assert!(domain.is_empty());
    assert!(domain.admits(&settings, &Request(Some("ann")), 0));
    assert_eq!(domain.take(b"\xff", 0), Err(CallFailure::Malformed));
}

#[test]
fn there_are_only_so_many_buckets() {
    let domain = domain();
    let bucket = |name: usize| {
        Arc::new(QuotaBucket {
            id: vec![("n".into(), QuotaValue::Text(name.to_string().into()))],
            unassigned: QuotaStrategy::DenyAll,
            ..settings()
        })
    };
    // Filled at once: one after the other takes long.
    let full = (0..MAX_BUCKETS).map(|name| {
        let new = Bucket::new(Vec::new(), bucket(name), 0);
        (name.to_string().into_bytes().into_boxed_slice(), Arc::new(new))
    });
    domain.buckets.store(Arc::new(full.collect()));
    assert!(!domain.admits(&bucket(MAX_BUCKETS), &Request(None), 0));
    assert_eq!(domain.buckets.load().len(), MAX_BUCKETS);
}
