//! Faults that are injected on purpose.

use std::sync::LazyLock;

use config::{AbortKind, DelayKind, Fault, FractionalPercent, HeaderName, RequestView};
use serde::Serialize;

/// What to do to a request; nothing if both are `None`. The delay comes first.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct FaultDecision {
    /// Wait so long, in milliseconds (flag DI).
    pub delay_ms: Option<u64>,
    /// Then answer this (flag FI).
    pub abort: Option<Abort>,
}

/// An answer in place of the upstream's.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub enum Abort {
    /// An HTTP status.
    Http(u16),
    /// A gRPC status, in a response of status 200.
    Grpc(u32),
}

/// Faults by header are never longer than this, in milliseconds.
const MAX_HEADER_DELAY_MS: u64 = 3_600_000;

/// Decides about a request to `cluster`. `active` is the number of faults that are being injected now.
pub fn decide<V: RequestView + ?Sized>(
    fault: &Fault,
    view: &V,
    cluster: &str,
    random: u64,
    active: u32,
) -> FaultDecision {
    let applies = (fault.upstream_cluster.is_empty() || *fault.upstream_cluster == *cluster)
        && fault.max_active_faults.is_none_or(|most| active < most)
        && fault.headers.iter().all(|matcher| matcher.matches(view));
    if !applies {
        return FaultDecision::default();
    }
    FaultDecision {
        delay_ms: delay(fault, view, random),
        abort: abort(fault, view, random.rotate_left(21)),
    }
}

fn delay<V: RequestView + ?Sized>(fault: &Fault, view: &V, random: u64) -> Option<u64> {
    let delay = fault.delay?;
    let (length, share) = match delay.kind {
        DelayKind::FixedMs(length) => (length, delay.percentage),
        DelayKind::Header => {
            let length: u64 = number(view, &DELAY)?;
            (
                length.min(MAX_HEADER_DELAY_MS),
                share_by_header(view, &DELAY_PERCENTAGE, delay.percentage),
            )
        }
    };
    (length > 0 && share.contains(random)).then_some(length)
}

fn abort<V: RequestView + ?Sized>(fault: &Fault, view: &V, random: u64) -> Option<Abort> {
    let abort = fault.abort?;
    let (answer, share) = match abort.kind {
        AbortKind::HttpStatus(status) => (Abort::Http(status), abort.percentage),
        AbortKind::GrpcStatus(status) => (Abort::Grpc(status), abort.percentage),
        AbortKind::Header => {
            let http = || {
                number(view, &ABORT)
                    .filter(|status| (200..600).contains(status))
                    .map(Abort::Http)
            };
            let answer = http().or_else(|| number(view, &ABORT_GRPC).map(Abort::Grpc))?;
            (answer, share_by_header(view, &ABORT_PERCENTAGE, abort.percentage))
        }
    };
    share.contains(random).then_some(answer)
}

/// A client may ask for less than the configured share, in percent; never for more.
fn share_by_header<V: RequestView + ?Sized>(view: &V, name: &HeaderName, most: FractionalPercent) -> FractionalPercent {
    number(view, name).map_or(most, |percent| FractionalPercent::new(percent, 100).min(most))
}

fn number<V: RequestView + ?Sized, N: std::str::FromStr>(view: &V, name: &HeaderName) -> Option<N> {
    std::str::from_utf8(view.header(name)?).ok()?.parse().ok()
}

static DELAY: LazyLock<HeaderName> = LazyLock::new(|| HeaderName::from_static("x-envoy-fault-delay-request"));
static DELAY_PERCENTAGE: LazyLock<HeaderName> =
    LazyLock::new(|| HeaderName::from_static("x-envoy-fault-delay-request-percentage"));
static ABORT: LazyLock<HeaderName> = LazyLock::new(|| HeaderName::from_static("x-envoy-fault-abort-request"));
static ABORT_GRPC: LazyLock<HeaderName> = LazyLock::new(|| HeaderName::from_static("x-envoy-fault-abort-grpc-request"));
static ABORT_PERCENTAGE: LazyLock<HeaderName> =
    LazyLock::new(|| HeaderName::from_static("x-envoy-fault-abort-request-percentage"));

#[cfg(test)]
mod tests {
    use config::{FaultAbort, FaultDelay, HeaderMatcher, HeaderValueMatcher};

    use super::*;
    use crate::test_request::TestRequest;

    fn fault(delay_percent: u32, abort_percent: u32) -> Fault {
        Fault {
            delay: Some(FaultDelay {
                kind: DelayKind::FixedMs(2_000),
                percentage: FractionalPercent::new(delay_percent, 100),
            }),
            abort: Some(FaultAbort {
                kind: AbortKind::HttpStatus(503),
                percentage: FractionalPercent::new(abort_percent, 100),
            }),
            ..Fault::default()
        }
    }

    fn get(fault: &Fault, request: &TestRequest) -> FaultDecision {
        decide(fault, request, "c", 0, 0)
    }

    #[test]
    fn delay_and_abort_hit_their_own_share_of_requests() {
        let fault = fault(50, 10);
        let mut random = 1_u64;
        let (mut delayed, mut aborted, mut both) = (0_u32, 0_u32, 0_u32);
        for _ in 0..20_000 {
            random = random
                .wrapping_mul(6_364_136_223_846_793_005)
                .wrapping_add(1_442_695_040_888_963_407);
            let decision = decide(&fault, &TestRequest::get("/"), "c", random ^ (random >> 32), 0);
            delayed += u32::from(decision.delay_ms == Some(2_000));
            aborted += u32::from(decision.abort == Some(Abort::Http(503)));
            both += u32::from(decision.delay_ms.is_some() && decision.abort.is_some());
        }
        assert!(delayed.abs_diff(10_000) < 400, "{delayed}");
        assert!(aborted.abs_diff(2_000) < 200, "{aborted}");
        assert!(both.abs_diff(1_000) < 150, "{both}");
    }

    #[test]
    fn nothing_configured_nothing_happens() {
        assert_eq!(get(&Fault::default(), &TestRequest::get("/")), FaultDecision::default());
        assert_eq!(get(&fault(0, 0), &TestRequest::get("/")), FaultDecision::default());
    }

    #[test]
    fn headers_cluster_and_the_number_of_active_faults_limit_it() {
        let value = HeaderValueMatcher::Present(true);
        let matcher = HeaderMatcher {
            name: HeaderName::new("x").unwrap(),
            value,
            invert: false,
            treat_missing_as_empty: false,
        };
        let by_header = Fault {
            headers: vec![matcher],
            ..fault(100, 100)
        };
        assert_eq!(get(&by_header, &TestRequest::get("/")), FaultDecision::default());
        assert!(get(&by_header, &TestRequest::get("/").with("x", "")).abort.is_some());
        let by_cluster = Fault {
            upstream_cluster: "other".into(),
            ..fault(100, 100)
        };
        assert_eq!(get(&by_cluster, &TestRequest::get("/")), FaultDecision::default());
        let limited = Fault {
            max_active_faults: Some(1),
            ..fault(100, 100)
        };
        assert!(decide(&limited, &TestRequest::get("/"), "c", 0, 0).abort.is_some());
        assert!(decide(&limited, &TestRequest::get("/"), "c", 0, 1).abort.is_none());
    }

    #[test]
    fn a_client_may_ask_for_a_fault_but_not_for_more_than_its_share() {
        let by_header = Fault {
            delay: Some(FaultDelay {
                kind: DelayKind::Header,
                percentage: FractionalPercent::ALL,
            }),
            abort: Some(FaultAbort {
                kind: AbortKind::Header,
                percentage: FractionalPercent::ALL,
            }),
            ..Fault::default()
        };
        let request = TestRequest::get("/")
            .with("x-envoy-fault-delay-request", "30")
            .with("x-envoy-fault-abort-request", "418");
        assert_eq!(
            get(&by_header, &request),
            FaultDecision {
                delay_ms: Some(30),
                abort: Some(Abort::Http(418))
            }
        );
        let none = request
            .with("x-envoy-fault-delay-request-percentage", "0")
            .with("x-envoy-fault-abort-request-percentage", "0");
        assert_eq!(get(&by_header, &none), FaultDecision::default());
        let bad = TestRequest::get("/").with("x-envoy-fault-abort-request", "99");
        assert_eq!(get(&by_header, &bad), FaultDecision::default());
        let grpc = TestRequest::get("/").with("x-envoy-fault-abort-grpc-request", "14");
        assert_eq!(get(&by_header, &grpc).abort, Some(Abort::Grpc(14)));
    }
}
