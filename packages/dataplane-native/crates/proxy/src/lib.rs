//! The engine: listeners, connections, requests, pools.
#![forbid(unsafe_code)]

