//! Envoy's response flags.

use std::fmt;

/// Why a response is not simply what the upstream sent: a set of Envoy's response flags.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct ResponseFlags(u32);

macro_rules! flags {
    ($($bit:literal $name:ident $text:literal $long:literal $doc:literal,)*) => {
        impl ResponseFlags {
            $(#[doc = $doc] pub const $name: Self = Self(1 << $bit);)*
            const NAMES: &'static [(&'static str, &'static str, u32)] = &[$(($text, $long, 1 << $bit),)*];
        }
    };
}

// In the order in which Envoy writes them; the numbers are ours.
flags! {
    21 FAILED_LOCAL_HEALTH_CHECK "LH" "FailedLocalHealthCheck" "The local health check failed.",
    0 NO_HEALTHY_UPSTREAM "UH" "NoHealthyUpstream" "No healthy endpoint in the cluster.",
    8 UPSTREAM_TIMEOUT "UT" "UpstreamRequestTimeout" "The upstream did not answer in time.",
    14 LOCAL_RESET "LR" "LocalReset" "Reset by this proxy.",
    9 UPSTREAM_REMOTE_RESET "UR" "UpstreamRemoteReset" "The upstream reset the request.",
    1 UPSTREAM_CONNECTION_FAILURE "UF" "UpstreamConnectionFailure" "No connection to the upstream.",
    10 UPSTREAM_TERMINATION "UC" "UpstreamConnectionTermination" "The upstream closed the connection.",
    2 UPSTREAM_OVERFLOW "UO" "UpstreamOverflow" "Circuit breaker.",
    3 NO_ROUTE "NR" "NoRouteFound" "No route, or no filter chain.",
    11 DELAY_INJECTED "DI" "DelayInjected" "A fault rule delayed the request.",
    12 FAULT_INJECTED "FI" "FaultInjected" "A fault rule aborted the request.",
    13 RATE_LIMITED "RL" "RateLimited" "Limited locally.",
    19 UNAUTHORIZED_EXTERNAL_SERVICE "UAEX" "UnauthorizedExternalService" "An external authorization service refused.",
    20 RATE_LIMIT_SERVICE_ERROR "RLSE" "RateLimitServiceError" "The rate limit service failed.",
    7 DOWNSTREAM_TERMINATION "DC" "DownstreamConnectionTermination" "The client closed the connection.",
    4 RETRY_LIMIT "URX" "UpstreamRetryLimitExceeded" "Retries or connection attempts used up.",
    15 STREAM_IDLE_TIMEOUT "SI" "StreamIdleTimeout" "Nothing moved for too long.",
    16 DOWNSTREAM_PROTOCOL_ERROR "DPE" "DownstreamProtocolError" "The client broke the protocol.",
    6 DURATION_TIMEOUT "DT" "DurationTimeout" "The connection lived as long as it may.",
    17 UPSTREAM_PROTOCOL_ERROR "UPE" "UpstreamProtocolError" "The upstream broke the protocol.",
    5 NO_CLUSTER "NC" "NoClusterFound" "The route's cluster is not there.",
    18 OVERLOAD "OM" "OverloadManagerTerminated" "The proxy sheds load.",
    22 DNS_RESOLUTION_FAILED "DF" "DnsResolutionFailed" "The upstream's name does not resolve.",
}

impl ResponseFlags {
    /// No flag.
    pub const NONE: Self = Self(0);

    /// Both sets together.
    #[must_use]
    pub const fn with(self, other: Self) -> Self {
        Self(self.0 | other.0)
    }

    /// Whether one of `other`'s flags is in the set.
    pub const fn contains(self, other: Self) -> bool {
        self.0 & other.0 != 0
    }

    /// Whether there is none.
    pub const fn is_empty(self) -> bool {
        self.0 == 0
    }

    /// The set as a number, for keys and records.
    pub const fn bits(self) -> u32 {
        self.0
    }

    /// The flag of one of Envoy's short names.
    pub fn named(name: &str) -> Option<Self> {
        let found = Self::NAMES.iter().find(|(known, ..)| *known == name);
        found.map(|(_, _, bit)| Self(*bit))
    }

    /// Appends Envoy's long names with commas between.
    pub(crate) fn write_long(self, out: &mut String) {
        for (count, (_, name, _)) in Self::NAMES.iter().filter(|(_, _, bit)| self.0 & bit != 0).enumerate() {
            if count > 0 {
                out.push(',');
            }
            out.push_str(name);
        }
    }

    /// The set from [`bits`](Self::bits); unknown bits are kept and have no name.
    pub const fn from_bits(bits: u32) -> Self {
        Self(bits)
    }
}

impl fmt::Display for ResponseFlags {
    /// Envoy's names with commas between; nothing for the empty set.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut names = Self::NAMES
            .iter()
            .filter(|(_, _, bit)| self.0 & bit != 0)
            .map(|(name, ..)| *name);
        if let Some(first) = names.next() {
            f.write_str(first)?;
        }
        names.try_for_each(|name| write!(f, ",{name}"))
    }
}

#[cfg(test)]
mod tests {
    use super::ResponseFlags;

    #[test]
    fn flags_are_written_with_envoys_names() {
        let flags = ResponseFlags::RETRY_LIMIT.with(ResponseFlags::UPSTREAM_CONNECTION_FAILURE);
        assert_eq!(flags.to_string(), "UF,URX");
        let late = ResponseFlags::RETRY_LIMIT.with(ResponseFlags::UPSTREAM_TIMEOUT);
        assert_eq!(late.to_string(), "UT,URX", "in Envoy's order");
        assert_eq!(ResponseFlags::NONE.to_string(), "");
        assert_eq!(ResponseFlags::from_bits(flags.bits()), flags);
    }
}
