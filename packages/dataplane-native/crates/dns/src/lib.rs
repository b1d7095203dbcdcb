//! The DNS server of a proxy: what the mesh knows is answered at once from a table, everything else is forwarded to the
//! resolvers of the machine.
//!
//! It knows no configuration type. [`Table`] and [`Query`] are pure; [`Server`] is a thread of its own with sockets for UDP
//! and TCP, so that a flood of questions takes nothing from the workers that serve traffic. The behaviour is that of Istio's
//! agent (its DNS proxy); where it differs, the place says so.
#![forbid(unsafe_code)]

mod answer;
mod forward;
mod message;
mod name;
mod resolv_conf;
mod server;
mod stats;
mod table;
#[cfg(test)]
mod testing;

pub use answer::{MAX_UDP_ANSWER, Transport, answer, failure};
pub use message::{Edns, Malformed, Query, Rcode, kind};
pub use name::{Name, to_wire};
pub use resolv_conf::ResolvConf;
pub use server::{Options, Server};
pub use stats::Stats;
pub use table::{Client, Host, KubernetesName, Lookup, Table};

/// Feeds arbitrary bytes to everything that reads what strangers send: questions, answers and `resolv.conf`. None may panic, and
/// what is answered stays within its bounds.
///
/// # Panics
/// Where it is found out that this does not hold.
pub fn fuzz_message(bytes: &[u8]) {
    let table = Table::build(
        &Client::default(),
        [Host {
            name: "*.example.com",
            addresses: &[std::net::Ipv4Addr::LOCALHOST.into()],
            kubernetes: None,
            other_names: &[],
        }],
    );
    let mut out = [0; MAX_UDP_ANSWER];
    match Query::parse(bytes) {
        Ok(query) => {
            let search = to_wire("search.example.com");
            if let Some(length) = answer(&table, search.as_deref(), &query, Transport::Udp, 1, &mut out) {
                assert!(length <= query.udp_limit() && length <= out.len());
            }
            let _ = forward::is_answer_to(bytes, bytes);
            let length = failure(&query, Rcode::ServerFailure, &mut out);
            assert!(length <= out.len());
        }
        Err(malformed) => {
            if let Some(length) = malformed.refuse(&mut out) {
                assert!(length <= out.len());
            }
        }
    }
    let _ = ResolvConf::parse(&String::from_utf8_lossy(bytes), 53);
}
