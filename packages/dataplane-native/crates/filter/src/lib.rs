//! What happens to a request on its way: authorization, faults, header edits.
#![forbid(unsafe_code)]

