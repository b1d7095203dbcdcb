//! Why a request or connection did not go as it should: the only origin of status codes, response flags, details and
//! retry decisions.

use telemetry::ResponseFlags;

/// Whose fault it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Source {
    Downstream,
    Upstream,
    Internal,
}

/// Whether another attempt is allowed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum RetryClass {
    Never,
    /// The application cannot have seen a byte of the request: always safe.
    NeverReached,
    /// The request may have been executed: only where the configuration says so.
    ByPolicy,
}

/// What went wrong.
#[allow(clippy::enum_variant_names, reason = "they are Envoy's terms")]
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Failure {
    RouteNotFound,
    ClusterNotFound,
    NoHealthyUpstream,
    ConnectFailure,
    ConnectTimeout,
    TlsFailure,
    /// A pooled connection was found closed before a byte of the request was taken.
    StaleConnection,
    /// The upstream closed or reset before its response.
    ClosedBeforeResponse,
    /// The upstream closed or reset within its response.
    ClosedWithinResponse,
    /// The upstream did not begin with the request: its stream was refused, or lies above the last one it serves.
    StreamRefused,
    /// The upstream gave the request up.
    UpstreamReset,
    /// The proxy beside the upstream says that the application did not get the request.
    Undelivered,
    UpstreamProtocol,
    Overflow,
    ResponseTimeout,
    PerTryTimeout,
    StreamIdleTimeout,
    DownstreamClosed,
    DownstreamProtocol,
    RequestHeadersTimeout,
    /// The request did not come to its end in time.
    RequestTimeout,
    UpgradeRefused,
    /// This proxy is short of memory.
    Overloaded,
    /// A service that was shown a body has ended the request.
    Stopped,
    /// No way from here to there: an internal listener that is not there, a tunnel to a plain cluster.
    TunnelRefused,
}

impl Failure {
    pub(crate) fn source(self) -> Source {
        match self {
            Self::DownstreamClosed
            | Self::DownstreamProtocol
            | Self::RequestHeadersTimeout
            | Self::RequestTimeout
            | Self::UpgradeRefused => Source::Downstream,
            Self::RouteNotFound | Self::ClusterNotFound | Self::TunnelRefused | Self::Overloaded | Self::Stopped => {
                Source::Internal
            }
            _ => Source::Upstream,
        }
    }

    pub(crate) fn status(self) -> u16 {
        match self {
            Self::RouteNotFound => 404,
            Self::DownstreamClosed => 0,
            Self::DownstreamProtocol => 400,
            Self::RequestHeadersTimeout | Self::RequestTimeout | Self::StreamIdleTimeout => 408,
            Self::ResponseTimeout | Self::PerTryTimeout => 504,
            Self::UpstreamProtocol => 502,
            Self::Stopped => 500,
            Self::UpgradeRefused => 403,
            _ => 503,
        }
    }

    pub(crate) fn flags(self) -> ResponseFlags {
        match self {
            Self::RouteNotFound => ResponseFlags::NO_ROUTE,
            Self::ClusterNotFound => ResponseFlags::NO_CLUSTER,
            Self::NoHealthyUpstream | Self::TunnelRefused => ResponseFlags::NO_HEALTHY_UPSTREAM,
            Self::ConnectFailure | Self::ConnectTimeout | Self::TlsFailure => {
                ResponseFlags::UPSTREAM_CONNECTION_FAILURE
            }
            Self::StaleConnection | Self::ClosedBeforeResponse | Self::ClosedWithinResponse => {
                ResponseFlags::UPSTREAM_TERMINATION
            }
            Self::StreamRefused | Self::UpstreamReset => ResponseFlags::UPSTREAM_REMOTE_RESET,
            Self::Undelivered => ResponseFlags::UPSTREAM_CONNECTION_FAILURE,
            Self::UpstreamProtocol => ResponseFlags::UPSTREAM_PROTOCOL_ERROR,
            Self::Overflow => ResponseFlags::UPSTREAM_OVERFLOW,
            Self::Overloaded => ResponseFlags::OVERLOAD,
            Self::ResponseTimeout | Self::PerTryTimeout => ResponseFlags::UPSTREAM_TIMEOUT,
            Self::StreamIdleTimeout => ResponseFlags::STREAM_IDLE_TIMEOUT,
            Self::DownstreamClosed => ResponseFlags::DOWNSTREAM_TERMINATION,
            Self::DownstreamProtocol => ResponseFlags::DOWNSTREAM_PROTOCOL_ERROR,
            Self::RequestHeadersTimeout | Self::RequestTimeout | Self::UpgradeRefused | Self::Stopped => {
                ResponseFlags::NONE
            }
        }
    }

    /// Envoy's response code details.
    pub(crate) fn details(self) -> &'static str {
        match self {
            Self::RouteNotFound => "route_not_found",
            Self::ClusterNotFound => "cluster_not_found",
            Self::NoHealthyUpstream | Self::TunnelRefused => "no_healthy_upstream",
            Self::ConnectFailure => "upstream_reset_before_response_started{remote_connection_failure}",
            Self::ConnectTimeout => "upstream_reset_before_response_started{connection_timeout}",
            Self::TlsFailure => "upstream_reset_before_response_started{remote_connection_failure|TLS_error}",
            Self::StaleConnection | Self::ClosedBeforeResponse => {
                "upstream_reset_before_response_started{connection_termination}"
            }
            Self::ClosedWithinResponse => "upstream_reset_after_response_started{connection_termination}",
            Self::StreamRefused => "upstream_reset_before_response_started{remote_refused_stream_reset}",
            Self::UpstreamReset => "upstream_reset_before_response_started{remote_reset}",
            Self::Undelivered => "upstream_reset_before_response_started{undelivered}",
            Self::UpstreamProtocol => "upstream_reset_before_response_started{protocol_error}",
            Self::Overflow => "upstream_reset_before_response_started{overflow}",
            Self::ResponseTimeout => "response_timeout",
            Self::PerTryTimeout => "upstream_per_try_timeout",
            Self::StreamIdleTimeout => "stream_idle_timeout",
            Self::DownstreamClosed => "downstream_remote_disconnect",
            Self::DownstreamProtocol => "http1.codec_error",
            Self::RequestHeadersTimeout => "request_header_timeout",
            Self::RequestTimeout => "request_overall_timeout",
            Self::UpgradeRefused => "upgrade_failed",
            Self::Overloaded => "overload",
            Self::Stopped => "ext_proc_error",
        }
    }

    /// Why there was no connection, as far as it is about the transport (`%UPSTREAM_TRANSPORT_FAILURE_REASON%`).
    pub(crate) fn transport_failure(self) -> &'static str {
        match self {
            Self::TlsFailure => "TLS_error",
            Self::ConnectFailure => "delayed_connect_error",
            _ => "",
        }
    }

    /// Body of the local reply, as Envoy's.
    pub(crate) fn body(self) -> &'static str {
        match self {
            Self::NoHealthyUpstream | Self::TunnelRefused => "no healthy upstream",
            Self::ConnectFailure => {
                "upstream connect error or disconnect/reset before headers. reset reason: remote connection failure"
            }
            Self::ConnectTimeout => {
                "upstream connect error or disconnect/reset before headers. reset reason: connection timeout"
            }
            Self::TlsFailure => {
                "upstream connect error or disconnect/reset before headers. reset reason: remote connection failure, transport failure reason: TLS_error"
            }
            Self::StaleConnection | Self::ClosedBeforeResponse | Self::ClosedWithinResponse => {
                "upstream connect error or disconnect/reset before headers. reset reason: connection termination"
            }
            Self::StreamRefused => {
                "upstream connect error or disconnect/reset before headers. reset reason: remote refused stream reset"
            }
            Self::UpstreamReset => {
                "upstream connect error or disconnect/reset before headers. reset reason: remote reset"
            }
            Self::Undelivered => {
                "upstream connect error or disconnect/reset before headers. reset reason: the upstream's proxy could not deliver"
            }
            Self::UpstreamProtocol => {
                "upstream connect error or disconnect/reset before headers. reset reason: protocol error"
            }
            Self::Overflow => "upstream connect error or disconnect/reset before headers. reset reason: overflow",
            Self::ResponseTimeout | Self::PerTryTimeout => "upstream request timeout",
            Self::StreamIdleTimeout => "stream timeout",
            Self::RequestHeadersTimeout => "request header timeout",
            Self::RequestTimeout => "request timeout",
            Self::Overloaded => "overloaded",
            _ => "",
        }
    }

    /// Whether this proxy knows that the application did not get the request, and another endpoint may help.
    pub(crate) fn is_undelivered(self) -> bool {
        self.retry_class() == RetryClass::NeverReached || self == Self::NoHealthyUpstream
    }

    pub(crate) fn retry_class(self) -> RetryClass {
        match self {
            Self::ConnectFailure
            | Self::ConnectTimeout
            | Self::TlsFailure
            | Self::StaleConnection
            | Self::StreamRefused
            | Self::Undelivered => RetryClass::NeverReached,
            Self::UpstreamReset | Self::ClosedBeforeResponse | Self::PerTryTimeout | Self::UpstreamProtocol => {
                RetryClass::ByPolicy
            }
            _ => RetryClass::Never,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_what_never_reached_the_application_is_retried_whatever_the_policy() {
        assert_eq!(Failure::ConnectFailure.retry_class(), RetryClass::NeverReached);
        assert_eq!(Failure::ClosedBeforeResponse.retry_class(), RetryClass::ByPolicy);
        assert_eq!(Failure::ClosedWithinResponse.retry_class(), RetryClass::Never);
    }
}
