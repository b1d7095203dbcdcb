//! Finds the route of a request; the same code explains it.
#![forbid(unsafe_code)]

