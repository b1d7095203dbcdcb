//! TLS: servers, clients, SPIFFE verification, certificates that change while in use.
#![forbid(unsafe_code)]

