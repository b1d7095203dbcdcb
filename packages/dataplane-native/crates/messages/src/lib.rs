//! Envoy's messages, as far as the mesh uses them, made from `packages/api/proto` and committed: building the engine takes
//! no protobuf compiler. Fields that are not there are skipped when a message is decoded.
//!
//! After a change of the protos: `UPDATE_MESSAGES=1 cargo test -p messages`.
#![forbid(unsafe_code)]

#[rustfmt::skip]
#[allow(missing_docs, clippy::all, clippy::pedantic, reason = "generated")]
mod generated;

pub use generated::{envoy, fairlead, google, istio, opentelemetry, xds};
