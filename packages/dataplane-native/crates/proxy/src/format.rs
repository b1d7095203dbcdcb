//! Values of header templates: Envoy's operators for a request that is being served.

use std::{fmt::Write as _, net::SocketAddr};

use config::{AddressPart, Operator, Piece, Template};
use http::{RequestView, ResponseView};
use telemetry::{ResponseFlags, TraceContext};

use crate::connection::Facts;

/// What operators can ask.
#[derive(Clone, Copy)]
pub(crate) struct Values<'a> {
    pub(crate) facts: &'a Facts,
    pub(crate) remote: Option<SocketAddr>,
    pub(crate) request: RequestView<'a>,
    pub(crate) response: Option<ResponseView<'a>>,
    pub(crate) route_name: &'a str,
    pub(crate) cluster: &'a str,
    pub(crate) upstream: Option<SocketAddr>,
    pub(crate) status: u16,
    pub(crate) flags: ResponseFlags,
    pub(crate) details: &'a str,
    pub(crate) trace: Option<TraceContext>,
    pub(crate) duration_us: u64,
}

/// Appends a template's value.
pub(crate) fn write(template: &Template, values: &Values<'_>, out: &mut Vec<u8>) {
    for piece in template.pieces() {
        match piece {
            Piece::Literal(text) => out.extend_from_slice(text.as_bytes()),
            Piece::Operator { operator, max } => {
                let start = out.len();
                write_operator(operator, values, out);
                if let Some(max) = max {
                    out.truncate(start.saturating_add(*max).min(out.len()));
                }
            }
        }
    }
}

fn write_operator(operator: &Operator, values: &Values<'_>, out: &mut Vec<u8>) {
    let facts = values.facts;
    let peer = facts.peer_tls.as_ref();
    let names = peer.and_then(|peer| peer.names.as_deref());
    match operator {
        Operator::DownstreamRemoteAddress(part) => write_address(values.remote.or(facts.peer), *part, out),
        Operator::DownstreamDirectRemoteAddress(part) => write_address(facts.direct_peer, *part, out),
        // After redirection, or inside a tunnel, it is where the connection was going, as in Envoy.
        Operator::DownstreamLocalAddress(part) => write_address(facts.destination.or(facts.local), *part, out),
        Operator::UpstreamRemoteAddress(part) => write_address(values.upstream, *part, out),
        Operator::DownstreamPeerUriSan => {
            out.extend_from_slice(names.map(|names| names.uris.join(",")).unwrap_or_default().as_bytes());
        }
        Operator::DownstreamPeerDnsSan => {
            out.extend_from_slice(names.map(|names| names.dns.join(",")).unwrap_or_default().as_bytes());
        }
        Operator::DownstreamPeerSubject => {
            out.extend_from_slice(names.map(|names| names.subject.as_str()).unwrap_or_default().as_bytes());
        }
        Operator::DownstreamPeerFingerprint256 => {
            if let Some(peer) = peer {
                out.extend_from_slice(peer.certificate_hash_hex().as_bytes());
            }
        }
        Operator::DownstreamTlsVersion => {
            if let Some(peer) = peer {
                out.extend_from_slice(peer.version.as_str().as_bytes());
            }
        }
        Operator::DownstreamTlsCipher => {
            out.extend_from_slice(peer.and_then(|peer| peer.cipher_suite).unwrap_or_default().as_bytes());
        }
        Operator::UpstreamCluster => out.extend_from_slice(values.cluster.as_bytes()),
        Operator::RequestHeader(first, second) => {
            let value = header(values.request, first).or_else(|| header(values.request, second.as_deref()?));
            out.extend_from_slice(value.unwrap_or_default());
        }
        Operator::ResponseHeader(first, second) => {
            let value = values
                .response
                .and_then(|response| response.header(first).or_else(|| response.header(second.as_deref()?)));
            out.extend_from_slice(value.unwrap_or_default());
        }
        Operator::RequestedServerName => out.extend_from_slice(facts.server_name.as_bytes()),
        Operator::RouteName => out.extend_from_slice(values.route_name.as_bytes()),
        Operator::Protocol => out.extend_from_slice(values.request.head().version.as_str().as_bytes()),
        Operator::ResponseCode => number(u64::from(values.status), out),
        Operator::ResponseCodeDetails => out.extend_from_slice(values.details.as_bytes()),
        Operator::ResponseFlags => {
            let flags = values.flags;
            out.extend_from_slice(
                if flags.is_empty() {
                    "-".to_owned()
                } else {
                    flags.to_string()
                }
                .as_bytes(),
            );
        }
        Operator::StartTime(_) => {
            let millis = (telemetry::unix_micros() - values.duration_us as i64) / 1000;
            number(millis.max(0) as u64, out);
        }
        Operator::Duration => number(values.duration_us / 1000, out),
        Operator::StreamId | Operator::ConnectionId => number(facts.id, out),
        Operator::Environment(name) => out.extend_from_slice(std::env::var(&**name).unwrap_or_default().as_bytes()),
        Operator::TraceId => {
            for byte in values.trace.map(|trace| trace.trace_id).into_iter().flatten() {
                let mut text = String::with_capacity(2);
                let _ = write!(text, "{byte:02x}");
                out.extend_from_slice(text.as_bytes());
            }
        }
        // Not known here (or not yet): empty, as in Envoy.
        Operator::DownstreamLocalUriSan
        | Operator::DownstreamPeerIssuer
        | Operator::DownstreamPeerSerial
        | Operator::DownstreamPeerCert
        | Operator::UpstreamLocalAddress(_)
        | Operator::VirtualClusterName
        | Operator::BytesReceived
        | Operator::BytesSent
        | Operator::Hostname => {}
    }
}

fn header<'a>(request: RequestView<'a>, name: &str) -> Option<&'a [u8]> {
    match name {
        ":method" => Some(request.method_bytes()),
        ":path" => Some(request.path_bytes()),
        ":authority" | "host" => Some(request.authority_bytes()),
        ":scheme" => Some(b"http"),
        name => request.header(name),
    }
}

fn write_address(address: Option<SocketAddr>, part: AddressPart, out: &mut Vec<u8>) {
    let Some(address) = address else { return };
    // Formatting into a vector cannot fail.
    let _ = match part {
        AddressPart::Whole => std::io::Write::write_fmt(out, format_args!("{address}")),
        AddressPart::Ip => std::io::Write::write_fmt(out, format_args!("{}", address.ip().to_canonical())),
        AddressPart::Port => std::io::Write::write_fmt(out, format_args!("{}", address.port())),
    };
}

fn number(value: u64, out: &mut Vec<u8>) {
    out.extend_from_slice(itoa::Buffer::new().format(value).as_bytes());
}
