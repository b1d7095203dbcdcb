//! Envoy's xDS v3 resources, decoded into configuration.
#![forbid(unsafe_code)]

