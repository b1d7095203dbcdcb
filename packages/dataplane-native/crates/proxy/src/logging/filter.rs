//! Which requests are logged.

use config::{AccessLogFilter, Comparison, FractionalPercent, HeaderMatcher, Invalid, MetadataMatcher};
use telemetry::ResponseFlags;

use super::Subject;

/// Flags of Envoy's that this proxy never sets.
const NEVER_SET: [&str; 7] = ["IH", "UMSDR", "RFCF", "NFCF", "DO", "DR", "DRR"];

/// A filter that is ready to be asked.
pub(crate) enum Filter {
    Everything,
    StatusCode(Comparison),
    DurationMs(Comparison),
    Traceable,
    Fraction(FractionalPercent, bool),
    And(Vec<Filter>),
    Or(Vec<Filter>),
    Header(HeaderMatcher),
    AnyFlag,
    Flags(ResponseFlags),
    /// One bit for each status.
    GrpcStatus(u32),
    Metadata(MetadataMatcher, bool),
}

impl Filter {
    pub(super) fn new(config: &AccessLogFilter) -> Result<Self, Invalid> {
        let all = |filters: &[AccessLogFilter]| filters.iter().map(Self::new).collect::<Result<Vec<_>, _>>();
        Ok(match config {
            AccessLogFilter::StatusCode(comparison) => Self::StatusCode(*comparison),
            AccessLogFilter::DurationMs(comparison) => Self::DurationMs(*comparison),
            // Health checks are not answered by this proxy, so that none is to be left out.
            AccessLogFilter::NotHealthCheck => Self::Everything,
            AccessLogFilter::Traceable => Self::Traceable,
            AccessLogFilter::Fraction { share, independent } => Self::Fraction(*share, *independent),
            AccessLogFilter::And(filters) => Self::And(all(filters)?),
            AccessLogFilter::Or(filters) => Self::Or(all(filters)?),
            AccessLogFilter::Header(matcher) => Self::Header(matcher.clone()),
            AccessLogFilter::ResponseFlags(names) if names.is_empty() => Self::AnyFlag,
            AccessLogFilter::ResponseFlags(names) => {
                let mut flags = ResponseFlags::NONE;
                for name in names {
                    match ResponseFlags::named(name) {
                        Some(flag) => flags = flags.with(flag),
                        None if NEVER_SET.contains(&&**name) => {}
                        None => {
                            return Err(Invalid::new(format!("{name:?} is no response flag")).field("responseFlags"));
                        }
                    }
                }
                Self::Flags(flags)
            }
            AccessLogFilter::GrpcStatus { statuses, exclude } => {
                let bits = statuses
                    .iter()
                    .filter(|status| **status < 32)
                    .fold(0, |bits, status| bits | 1 << status);
                Self::GrpcStatus(if *exclude { !bits } else { bits })
            }
            AccessLogFilter::Metadata {
                matcher,
                match_if_missing,
            } => Self::Metadata(matcher.clone(), *match_if_missing),
        })
    }

    pub(crate) fn passes(&self, subject: &Subject<'_>) -> bool {
        let log = subject.log;
        match self {
            Self::Everything => true,
            Self::StatusCode(comparison) => comparison.holds(u64::from(log.response_code)),
            Self::DurationMs(comparison) => comparison.holds(log.duration_us / 1000),
            Self::Traceable => subject.http.as_ref().is_some_and(|http| http.is_traced),
            Self::Fraction(share, independent) => {
                let of_id = if *independent {
                    None
                } else {
                    number_of_id(log.request_id)
                };
                share.contains(of_id.unwrap_or_else(|| fastrand::u64(..)))
            }
            Self::And(filters) => filters.iter().all(|filter| filter.passes(subject)),
            Self::Or(filters) => filters.iter().any(|filter| filter.passes(subject)),
            Self::Header(matcher) => subject.http.as_ref().is_some_and(|http| matcher.matches(&http.view)),
            Self::AnyFlag => !log.flags.is_empty(),
            Self::Flags(flags) => log.flags.contains(*flags),
            Self::GrpcStatus(bits) => {
                let status = log.grpc_status.unwrap_or_else(|| status_of_http(log.response_code));
                status < 32 && bits & 1 << status != 0
            }
            Self::Metadata(matcher, match_if_missing) => {
                let metadata = subject.http.as_ref().and_then(|http| http.metadata);
                let mut value = metadata.and_then(|all| all.get(&*matcher.filter));
                for key in &matcher.path {
                    value = value.and_then(|object| object.get(&**key));
                }
                if value.is_none() {
                    *match_if_missing
                } else {
                    matcher.matches(metadata)
                }
            }
        }
    }
}

/// The number that all proxies on the way agree on about a request: the first part of its id, if that is a UUID.
pub(crate) fn number_of_id(id: &[u8]) -> Option<u64> {
    let digits = id.get(..8)?;
    let mut number = 0;
    for digit in digits {
        number = number << 4 | u64::from(char::from(*digit).to_digit(16)?);
    }
    Some(number)
}

/// The status of gRPC that stands for a response without one (`Grpc::Utility::httpToGrpcStatus`).
pub(crate) fn status_of_http(status: u16) -> u16 {
    match status {
        400 => 13,
        401 => 16,
        403 => 7,
        404 => 12,
        429 | 502..=504 => 14,
        _ => 2,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{connection::Facts, logging::Subject};
    use telemetry::AccessLog;

    fn passes(config: &AccessLogFilter, log: &AccessLog<'_>) -> bool {
        let facts = Facts::default();
        Filter::new(config)
            .unwrap()
            .passes(&Subject::of_connection(&facts, log))
    }

    fn ended(response_code: u16, duration_ms: u64, flags: ResponseFlags) -> AccessLog<'static> {
        AccessLog {
            response_code,
            duration_us: duration_ms * 1000,
            flags,
            ..AccessLog::default()
        }
    }

    #[test]
    fn requests_are_chosen_by_status_duration_and_flags() {
        let failed = AccessLogFilter::StatusCode(Comparison::AtLeast(500));
        let slow = AccessLogFilter::DurationMs(Comparison::AtLeast(1000));
        let flags = |names: &[&str]| {
            AccessLogFilter::ResponseFlags(names.iter().map(|name| std::sync::Arc::from(*name)).collect())
        };
        let (fine, slow_one) = (
            ended(200, 5, ResponseFlags::NONE),
            ended(200, 1000, ResponseFlags::NONE),
        );
        let broken = ended(503, 5, ResponseFlags::NO_HEALTHY_UPSTREAM);
        assert!(!passes(&failed, &fine) && passes(&failed, &broken));
        assert!(!passes(&slow, &fine) && passes(&slow, &slow_one));
        let either = AccessLogFilter::Or(vec![failed.clone(), slow.clone()]);
        assert!(!passes(&either, &fine) && passes(&either, &slow_one) && passes(&either, &broken));
        let both = AccessLogFilter::And(vec![failed, slow]);
        assert!(!passes(&both, &slow_one) && !passes(&both, &broken));
        assert!(passes(&flags(&["UO", "UH"]), &broken) && !passes(&flags(&["UO"]), &broken));
        assert!(passes(&flags(&[]), &broken) && !passes(&flags(&[]), &fine));
        assert!(!passes(&flags(&["RFCF"]), &broken), "a flag that is never set");
        assert!(Filter::new(&flags(&["XX"])).is_err());
    }

    #[test]
    fn a_status_of_grpc_is_derived_where_there_is_none() {
        let unavailable = |exclude| AccessLogFilter::GrpcStatus {
            statuses: vec![14],
            exclude,
        };
        let broken = ended(503, 1, ResponseFlags::NONE);
        assert!(passes(&unavailable(false), &broken) && !passes(&unavailable(true), &broken));
        let fine = AccessLog {
            grpc_status: Some(0),
            ..ended(200, 1, ResponseFlags::NONE)
        };
        assert!(!passes(&unavailable(false), &fine) && passes(&unavailable(true), &fine));
    }

    #[test]
    fn a_share_of_requests_is_the_same_in_every_proxy() {
        let share = |percent| AccessLogFilter::Fraction {
            share: FractionalPercent::new(percent, 100),
            independent: false,
        };
        let log = |id| AccessLog {
            request_id: id,
            ..AccessLog::default()
        };
        // 0x0007a120 is 500,000 of a million.
        let half = log(b"0007a120-0000-4000-8000-000000000000");
        assert!(passes(&share(51), &half) && !passes(&share(50), &half));
        assert!(passes(&share(100), &log(b"no uuid")) && !passes(&share(0), &log(b"")));
    }
}
