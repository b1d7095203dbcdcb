//! Finds the route of a request; the same code explains it.
//!
//! A [`RouteTable`] is made once per route configuration and never changes. Finding allocates nothing: the host is
//! looked up as Envoy does (exact, longest suffix wildcard, longest prefix wildcard, `*`), then the first route whose
//! conditions all hold wins. An index of paths only skips routes that cannot match; it never changes the order.
#![forbid(unsafe_code)]

mod check;
mod explain;
mod hash;
mod host;
mod path_index;
mod redirect;
mod rewrite;
mod session;
mod table;
#[cfg(test)]
mod test_request;

pub use check::{Mismatch, matches};
pub use explain::{HostAttempt, RouteAttempt, RouteExplanation};
pub use hash::{HashSource, RequestHash, cookie_value, hash_address, hash_request, hash_text};
pub use redirect::redirect_location;
pub use rewrite::{HostChange, rewrite_host, rewrite_path};
pub use session::{Session, SessionMark, fuzz_session};
pub use table::{ClusterChoice, Found, Lookup, RouteTable};
