//! What the proxy reports: labels, histograms, access log entries, spans.
#![forbid(unsafe_code)]

