//! HTTP filters: what they decide about a request, without doing it.
//!
//! Each filter is a pure function over a [`config::RequestView`], the [`ConnectionFacts`] and its configuration; the
//! proxy acts on what it returns, `explain` shows it.
#![forbid(unsafe_code)]

pub mod call;
pub mod change;
pub mod compress;
pub mod cors;
pub mod decompress;
pub mod ext_authz;
pub mod ext_proc;
pub mod extension;
mod facts;
pub mod fault;
#[doc(hidden)]
pub mod fuzz;
pub mod global_limit;
pub mod grpc_web;
pub mod jwt;
pub mod module;
mod proto;
pub mod quota;
pub mod rate_limit;
pub mod rbac;
pub mod tap;
#[cfg(test)]
mod test_request;

pub use facts::ConnectionFacts;
