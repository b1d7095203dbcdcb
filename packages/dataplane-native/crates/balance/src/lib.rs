//! Picks the endpoint of a request.
#![forbid(unsafe_code)]

