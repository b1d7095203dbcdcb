//! Counters of the engine itself.

macro_rules! counters {
    ($($name:ident $text:literal $help:literal,)*) => {
        /// What the engine counts about itself, exposed as `fairlead_proxy_<name>_total`.
        #[derive(Clone, Copy, Debug, PartialEq, Eq)]
        #[repr(u8)]
        pub enum Counter {
            $(#[doc = $help] $name,)*
        }

        impl Counter {
            /// All of them, in order.
            pub const ALL: &'static [(Self, &'static str, &'static str)] = &[$((Self::$name, $text, $help),)*];
            pub(crate) const COUNT: usize = Self::ALL.len();
        }
    };
}

counters! {
    DownstreamConnectionsOpened "downstream_connections_opened" "Connections accepted.",
    DownstreamConnectionsClosed "downstream_connections_closed" "Accepted connections that ended.",
    DownstreamConnectionsRefused "downstream_connections_refused" "Connections closed at once because there were too many.",
    DownstreamTlsHandshakes "downstream_tls_handshakes" "TLS handshakes with clients that succeeded.",
    DownstreamTlsFailures "downstream_tls_failures" "TLS handshakes with clients that failed.",
    DownstreamProtocolErrors "downstream_protocol_errors" "Requests refused because they break the protocol.",
    DownstreamProxyProtocolErrors "downstream_proxy_protocol_errors" "Connections closed because they do not begin with the PROXY protocol as they have to.",
    DownstreamConnectionLimit "downstream_connection_limit" "Connections closed because their filter chain serves as many as it may.",
    DownstreamTimeouts "downstream_timeouts" "Clients that were too slow or silent.",
    NoFilterChain "no_filter_chain" "Connections that no filter chain matches.",
    UdpSessionsOpened "udp_sessions_opened" "Clients of datagrams that got an endpoint.",
    UdpSessionsClosed "udp_sessions_closed" "Such sessions that ended.",
    UdpSessionsRefused "udp_sessions_refused" "Clients of datagrams that got no endpoint: there is none, or there are too many.",
    UdpDatagramsReceived "udp_datagrams_received" "Datagrams that clients sent.",
    UdpDatagramsSent "udp_datagrams_sent" "Datagrams sent to clients.",
    UdpDatagramsDropped "udp_datagrams_dropped" "Datagrams of either side that could not be sent on.",
    RequestsStarted "requests_started" "Requests begun.",
    OverloadRequestsRefused "overload_requests_refused" "Requests answered 503 because memory is short.",
    RequestsEnded "requests_ended" "Requests ended.",
    UpstreamConnectionsOpened "upstream_connections_opened" "Connections made to endpoints.",
    UpstreamConnectionsClosed "upstream_connections_closed" "Connections to endpoints that ended.",
    UpstreamConnectFailures "upstream_connect_failures" "Connections to endpoints that could not be made.",
    UpstreamTlsHandshakes "upstream_tls_handshakes" "TLS handshakes with endpoints that succeeded.",
    UpstreamTlsFailures "upstream_tls_failures" "TLS handshakes with endpoints that failed.",
    UpstreamPoolHits "upstream_pool_hits" "Requests that went over a pooled connection.",
    UpstreamPoolMisses "upstream_pool_misses" "Requests that needed a new connection.",
    UpstreamPoolStale "upstream_pool_stale" "Pooled connections that were found closed.",
    UpstreamTimeouts "upstream_timeouts" "Requests whose upstream did not answer in time.",
    UpstreamProtocolErrors "upstream_protocol_errors" "Responses that break the protocol.",
    Retries "retries" "Attempts after the first.",
    HedgesSent "hedges_sent" "Attempts made while the one before them went on.",
    HedgesWon "hedges_won" "Requests answered by an attempt whose time was over.",
    RetriesExhausted "retries_exhausted" "Requests that failed after all attempts.",
    RetryBudgetExceeded "retry_budget_exceeded" "Retries not made because the budget was used up.",
    CircuitBreakerOpen "circuit_breaker_open" "Requests or connections refused by a circuit breaker.",
    Denied "denied" "Requests or connections refused by an access rule.",
    ServiceCalls "service_calls" "Calls of the proxy's own to services that decide, or that take what it observed.",
    ServiceCallFailures "service_call_failures" "Such calls without an answer.",
    FaultsInjected "faults_injected" "Requests delayed or aborted by a fault rule.",
    EndpointsEjected "endpoints_ejected" "Endpoints taken out by outlier detection.",
    ConfigApplied "config_applied" "Resources taken into use.",
    ConfigRejected "config_rejected" "Resources refused.",
    SecretsRotated "secrets_rotated" "Certificates and trust bundles replaced.",
    AccessLogLinesDropped "access_log_lines_dropped" "Log lines dropped because their file is too slow.",
    AccessLogEntriesExported "access_log_entries_exported" "Log entries that a service of access logs took.",
    AccessLogEntriesDropped "access_log_entries_dropped" "Log entries that no service got: there were too many, or it failed.",
    SpansExported "spans_exported" "Spans that a collector took.",
    SpanExportsDropped "span_exports_dropped" "Spans that no collector got: there were too many, or it failed.",
    TapTraces "tap_traces" "Recorded requests that were written or that an operator got.",
    TapTracesDropped "tap_traces_dropped" "Recorded requests that nobody got: there were too many, or they could not be written.",
    Panics "panics" "Bugs that were caught.",
}

#[cfg(test)]
mod tests {
    use super::Counter;

    #[test]
    fn a_counters_number_is_its_place_in_the_list() {
        for (place, (counter, ..)) in Counter::ALL.iter().enumerate() {
            assert_eq!(*counter as usize, place);
        }
    }
}
