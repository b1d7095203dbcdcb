//! Envoy's choice of a filter chain: one criterion after the other, the most specific value wins, no way back.

use std::{collections::HashMap, fmt::Write as _, net::IpAddr, net::SocketAddr};

use serde::{Deserialize, Serialize};

use crate::{CidrRange, FilterChainMatch, Listener, SourceType};

/// What is known about a connection once the listener filters have run.
#[derive(Clone, Copy, Debug, Default)]
pub struct ConnectionInfo<'a> {
    /// Where it was going (the original destination after redirection); `None` for Unix sockets and internal ones.
    pub destination: Option<SocketAddr>,
    /// Where it comes from, as the PROXY protocol says if it was used.
    pub source: Option<SocketAddr>,
    /// Peer of the socket.
    pub direct_source: Option<SocketAddr>,
    /// SNI; empty without.
    pub server_name: &'a str,
    /// `tls` or `raw_buffer`; empty if nobody looked.
    pub transport_protocol: &'a str,
    /// ALPN of the client, or the one protocol that was detected.
    pub application_protocols: &'a [&'a str],
}

/// The filter chains of a listener, prepared for finding one per connection.
#[derive(Clone, Debug, Default)]
pub struct FilterChainIndex {
    by_port: HashMap<u16, Vec<u32>>,
    any_port: Vec<u32>,
    matches: Vec<FilterChainMatch>,
    default_chain: Option<usize>,
}

/// One criterion and what it left.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct ChainStage {
    /// The field of the filter chain match, e.g. `serverNames`.
    pub criterion: String,
    /// The connection's value.
    pub value: String,
    /// The value of the match that won; `any` is chains that do not name one; empty: none matched.
    pub matched: String,
    /// Names of the chains that are left.
    pub chains: Vec<String>,
}

/// How a filter chain was chosen.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct ChainExplanation {
    /// Position of the chain; `filterChains.len()` is the default chain; `None`: the connection is closed.
    pub chain: Option<usize>,
    /// Name of that chain.
    pub name: String,
    /// The criteria in order.
    pub stages: Vec<ChainStage>,
}

/// Told about every stage: criterion, value, winner, who is left.
type Trace<'t> = Option<&'t mut dyn FnMut(&'static str, String, String, &[u32])>;

impl FilterChainIndex {
    /// Prepares the chains of `listener`.
    pub fn new(listener: &Listener) -> Self {
        let mut index = Self {
            default_chain: listener
                .default_filter_chain
                .as_ref()
                .map(|_| listener.filter_chains.len()),
            ..Self::default()
        };
        for (position, chain) in listener.filter_chains.iter().enumerate() {
            match chain.matches.destination_port {
                Some(port) => index.by_port.entry(port).or_default().push(position as u32),
                None => index.any_port.push(position as u32),
            }
            index.matches.push(chain.matches.clone());
        }
        index
    }

    /// Position of the chain for `connection`, for [`Listener::chain`]. `None`: close it.
    pub fn find(&self, connection: &ConnectionInfo<'_>) -> Option<usize> {
        self.choose(connection, None)
    }

    /// The same, with every decision on the way. `listener` is the one the index was made of.
    pub fn explain(&self, listener: &Listener, connection: &ConnectionInfo<'_>) -> ChainExplanation {
        let mut stages = Vec::new();
        let name = |position: u32| {
            let name = &listener.chain(position as usize).name;
            if name.is_empty() {
                format!("filterChains[{position}]")
            } else {
                name.to_string()
            }
        };
        let mut trace = |criterion: &'static str, value: String, matched: String, left: &[u32]| {
            stages.push(ChainStage {
                criterion: criterion.to_owned(),
                value,
                matched,
                chains: left.iter().map(|position| name(*position)).collect(),
            });
        };
        let chain = self.choose(connection, Some(&mut trace));
        ChainExplanation {
            chain,
            name: chain.map(|position| name(position as u32)).unwrap_or_default(),
            stages,
        }
    }

    fn choose(&self, connection: &ConnectionInfo<'_>, mut trace: Trace<'_>) -> Option<usize> {
        let port = connection.destination.map(|address| address.port());
        let of_port = port.and_then(|port| self.by_port.get(&port));
        let mut left = of_port.unwrap_or(&self.any_port).clone();
        if let Some(trace) = trace.as_mut() {
            let matched = of_port
                .and(port)
                .map_or_else(|| "any".to_owned(), |port| port.to_string());
            trace(
                "destinationPort",
                port.map(|port| port.to_string()).unwrap_or_default(),
                matched,
                &left,
            );
        }
        let destination = connection.destination.map(|address| address.ip());
        self.narrow_by_range("prefixRanges", destination, |m| &m.prefix_ranges, &mut left, &mut trace);
        self.narrow_by_server_name(connection.server_name, &mut left, &mut trace);
        let transport: Vec<&str> = Some(connection.transport_protocol)
            .into_iter()
            .filter(|text| !text.is_empty())
            .collect();
        self.narrow_by_text(
            "transportProtocol",
            &transport,
            |m| std::slice::from_ref(&m.transport_protocol),
            &mut left,
            &mut trace,
        );
        let protocols = connection.application_protocols;
        self.narrow_by_text(
            "applicationProtocols",
            protocols,
            |m| &m.application_protocols,
            &mut left,
            &mut trace,
        );
        let direct = connection
            .direct_source
            .or(connection.source)
            .map(|address| address.ip());
        self.narrow_by_range(
            "directSourcePrefixRanges",
            direct,
            |m| &m.direct_source_prefix_ranges,
            &mut left,
            &mut trace,
        );
        self.narrow_by_source_type(connection, &mut left, &mut trace);
        let source = connection.source.map(|address| address.ip());
        self.narrow_by_range(
            "sourcePrefixRanges",
            source,
            |m| &m.source_prefix_ranges,
            &mut left,
            &mut trace,
        );
        self.narrow_by_source_port(connection, &mut left, &mut trace);
        left.first().map(|position| *position as usize).or(self.default_chain)
    }

    fn narrow_by_range(
        &self,
        criterion: &'static str,
        address: Option<IpAddr>,
        ranges: impl Fn(&FilterChainMatch) -> &[CidrRange],
        left: &mut Vec<u32>,
        trace: &mut Trace<'_>,
    ) {
        let all = left
            .iter()
            .flat_map(|position| ranges(&self.matches[*position as usize]));
        let best = address
            .and_then(|ip| {
                all.filter(|range| range.contains(ip))
                    .max_by_key(|range| range.prefix_len())
            })
            .copied();
        left.retain(|position| {
            let ranges = ranges(&self.matches[*position as usize]);
            best.map_or(ranges.is_empty(), |best| ranges.contains(&best))
        });
        if let Some(trace) = trace {
            let value = address.map(|ip| ip.to_string()).unwrap_or_default();
            trace(
                criterion,
                value,
                winner(best.map(|range| range.to_string()), left),
                left,
            );
        }
    }

    fn narrow_by_server_name(&self, server_name: &str, left: &mut Vec<u32>, trace: &mut Trace<'_>) {
        let asks = |pattern: &str, position: &u32| {
            self.matches[*position as usize]
                .server_names
                .iter()
                .any(|name| name.eq_ignore_ascii_case(pattern))
        };
        let mut best: Option<String> = None;
        if !server_name.is_empty()
            && left
                .iter()
                .any(|position| !self.matches[*position as usize].server_names.is_empty())
        {
            let mut pattern = server_name.to_ascii_lowercase();
            let mut suffix = server_name;
            loop {
                if left.iter().any(|position| asks(&pattern, position)) {
                    best = Some(pattern);
                    break;
                }
                let Some(dot) = suffix.char_indices().skip(1).find(|(_, c)| *c == '.').map(|(at, _)| at) else {
                    break;
                };
                suffix = &suffix[dot..];
                pattern.clear();
                let _ = write!(pattern, "*{}", suffix.to_ascii_lowercase());
            }
        }
        left.retain(|position| match &best {
            Some(pattern) => asks(pattern, position),
            None => self.matches[*position as usize]
                .server_names
                .iter()
                .all(|name| name.is_empty() || &**name == "*"),
        });
        if let Some(trace) = trace {
            trace("serverNames", server_name.to_owned(), winner(best, left), left);
        }
    }

    fn narrow_by_text(
        &self,
        criterion: &'static str,
        values: &[&str],
        wanted: impl Fn(&FilterChainMatch) -> &[std::sync::Arc<str>],
        left: &mut Vec<u32>,
        trace: &mut Trace<'_>,
    ) {
        let asks = |value: &str, position: &u32| {
            wanted(&self.matches[*position as usize])
                .iter()
                .any(|text| &**text == value)
        };
        let best = values
            .iter()
            .copied()
            .find(|value| left.iter().any(|position| asks(value, position)));
        left.retain(|position| match best {
            Some(value) => asks(value, position),
            None => wanted(&self.matches[*position as usize])
                .iter()
                .all(|text| text.is_empty()),
        });
        if let Some(trace) = trace {
            trace(criterion, values.join(","), winner(best.map(str::to_owned), left), left);
        }
    }

    fn narrow_by_source_type(&self, connection: &ConnectionInfo<'_>, left: &mut Vec<u32>, trace: &mut Trace<'_>) {
        let is_local = is_same_ip_or_loopback(connection);
        let wanted = if is_local {
            SourceType::SameIpOrLoopback
        } else {
            SourceType::External
        };
        let source_type = |position: &u32| self.matches[*position as usize].source_type;
        let best = if left.iter().any(|position| source_type(position) == wanted) {
            wanted
        } else {
            SourceType::Any
        };
        left.retain(|position| source_type(position) == best);
        if let Some(trace) = trace {
            let value = if is_local { "sameIpOrLoopback" } else { "external" };
            trace(
                "sourceType",
                value.to_owned(),
                winner((best == wanted).then(|| value.to_owned()), left),
                left,
            );
        }
    }

    fn narrow_by_source_port(&self, connection: &ConnectionInfo<'_>, left: &mut Vec<u32>, trace: &mut Trace<'_>) {
        let ports = |position: &u32| &self.matches[*position as usize].source_ports;
        let port = connection.source.map(|address| address.port());
        let best = port.filter(|port| left.iter().any(|position| ports(position).contains(port)));
        left.retain(|position| best.map_or(ports(position).is_empty(), |port| ports(position).contains(&port)));
        if let Some(trace) = trace {
            let value = port.map(|port| port.to_string()).unwrap_or_default();
            trace(
                "sourcePorts",
                value,
                winner(best.map(|port| port.to_string()), left),
                left,
            );
        }
    }
}

fn winner(matched: Option<String>, left: &[u32]) -> String {
    matched.unwrap_or_else(|| {
        if left.is_empty() {
            String::new()
        } else {
            "any".to_owned()
        }
    })
}

fn is_same_ip_or_loopback(connection: &ConnectionInfo<'_>) -> bool {
    match (connection.source, connection.destination) {
        (Some(source), Some(destination)) => {
            let source = source.ip().to_canonical();
            source.is_loopback() || source == destination.ip().to_canonical()
        }
        (Some(source), None) => source.ip().to_canonical().is_loopback(),
        // Unix sockets and internal listeners never leave the machine.
        (None, _) => true,
    }
}

#[cfg(test)]
mod tests;
