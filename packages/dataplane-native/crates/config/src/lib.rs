//! The proxy's configuration: plain types, validated on construction.
#![forbid(unsafe_code)]

