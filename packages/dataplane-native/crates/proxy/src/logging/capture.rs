//! What a log takes of a request or connection, by Envoy's operators.

use std::io::Write as _;

use config::RequestView as _;
use http::{Edits, RequestView};
use route::Found;
use serde_json::Value;
use telemetry::{
    AccessLog, AddressKind, AddressPart, Capture, CaptureWriter, HeaderChoice, Measure, MetadataSource, NameOf,
    TlsFact, TlsPeer,
};

use super::{ResponseNotes, Wants};
use crate::{
    connection::Facts,
    exchange::Incoming,
    request::View,
    snapshot::{ClusterEntry, EndpointEntry},
};

/// A request or connection that ended.
pub(crate) struct Subject<'a> {
    /// What every record has.
    pub(crate) log: &'a AccessLog<'a>,
    pub(crate) facts: &'a Facts,
    pub(crate) listener: &'a str,
    pub(crate) chain: &'a str,
    pub(crate) cluster: Option<&'a ClusterEntry>,
    pub(crate) endpoint: Option<&'a EndpointEntry>,
    /// Who the endpoint proved to be.
    pub(crate) upstream_principal: Option<&'a str>,
    /// None for a connection.
    pub(crate) http: Option<HttpSubject<'a>>,
}

/// What is known of a request besides.
pub(crate) struct HttpSubject<'a> {
    pub(crate) view: View<'a>,
    pub(crate) edits: &'a Edits,
    pub(crate) wants: &'a Wants,
    pub(crate) response: &'a ResponseNotes,
    pub(crate) incoming: &'a Incoming,
    pub(crate) found: Option<Found<'a>>,
    pub(crate) metadata: Option<&'a Value>,
    pub(crate) is_traced: bool,
    pub(crate) upstream_protocol: &'static str,
    /// Bytes of the request's head as an upstream got it.
    pub(crate) upstream_head_bytes: u64,
}

impl<'a> Subject<'a> {
    /// A connection about which nothing more is known.
    pub(crate) fn of_connection(facts: &'a Facts, log: &'a AccessLog<'a>) -> Self {
        Self {
            log,
            facts,
            listener: "",
            chain: "",
            cluster: None,
            endpoint: None,
            upstream_principal: None,
            http: None,
        }
    }

    /// Writes the value of one capture.
    pub(crate) fn capture(&self, capture: &Capture, out: &mut CaptureWriter<'_>) {
        match capture {
            Capture::Request(choice) => out.text(self.request_header(choice)),
            Capture::RequestWithoutQuery(choice) => {
                let value = self.request_header(choice);
                out.text(value.and_then(|value| value.split(|byte| *byte == b'?').next()));
            }
            Capture::Response(choice) => self.response_header(choice, out),
            Capture::Trailer(choice) => out.text(self.http.as_ref().and_then(|http| {
                let second = || http.incoming.trailer(choice.alternative.as_deref()?);
                http.incoming.trailer(&choice.name).or_else(second)
            })),
            Capture::QueryParameter(name) => out.text(self.query().and_then(|query| parameter(query, name))),
            Capture::Query => out.text(self.query().filter(|query| !query.is_empty())),
            Capture::Metadata(source, namespace, keys) => write_json(self.metadata(*source, namespace, keys), out),
            Capture::DynamicMetadata => write_json(self.http.as_ref().and_then(|http| http.metadata), out),
            Capture::Tls(TlsPeer::Upstream, _) => out.text(self.upstream_principal.map(str::as_bytes)),
            Capture::Tls(TlsPeer::Downstream, fact) => self.tls(*fact, out),
            Capture::Address(kind, part) => self.address(*kind, *part, out),
            Capture::Measure(measure) => match self.measure(*measure) {
                Some(number) => out.number(number),
                None => out.absent(),
            },
            Capture::Name(name) => self.name(*name, out),
        }
    }

    fn request_header(&self, choice: &HeaderChoice) -> Option<&[u8]> {
        let http = self.http.as_ref()?;
        http.header(&choice.name)
            .or_else(|| http.header(choice.alternative.as_deref()?))
    }

    fn response_header(&self, choice: &HeaderChoice, out: &mut CaptureWriter<'_>) {
        let Some(http) = &self.http else {
            out.absent();
            return;
        };
        let second = || http.response.get(http.wants, choice.alternative.as_deref()?);
        let value = http.response.get(http.wants, &choice.name).or_else(second);
        if value.is_none() && &*choice.name == ":status" && self.log.response_code > 0 {
            let status = self.log.response_code;
            out.text_with(|out| {
                let _ = write!(out, "{status}");
            });
        } else {
            out.text(value);
        }
    }

    fn query(&self) -> Option<&[u8]> {
        let path = self.http.as_ref()?.view.request().path_bytes();
        let at = path.iter().position(|byte| *byte == b'?')?;
        Some(&path[at + 1..])
    }

    fn metadata(&self, source: MetadataSource, namespace: &str, keys: &[std::sync::Arc<str>]) -> Option<&Value> {
        let within = |metadata: &'a config::Metadata, keys: &[std::sync::Arc<str>]| {
            let (first, rest) = keys.split_first()?;
            descend(metadata.get(namespace, first)?, rest)
        };
        let found = || self.http.as_ref()?.found;
        match source {
            MetadataSource::Dynamic => descend(self.http.as_ref()?.metadata?.get(namespace)?, keys),
            MetadataSource::Route => within(&found()?.route.metadata, keys),
            MetadataSource::VirtualHost => within(&found()?.virtual_host.metadata, keys),
            MetadataSource::Cluster => within(&self.cluster?.config.metadata, keys),
            // Only what subsets are made of is kept of an endpoint's.
            MetadataSource::Endpoint if namespace == config::LB_NAMESPACE => {
                let (first, rest) = keys.split_first()?;
                descend(self.endpoint?.lb_metadata.as_ref()?.get(&**first)?, rest)
            }
            MetadataSource::Endpoint => None,
        }
    }

    fn tls(&self, fact: TlsFact, out: &mut CaptureWriter<'_>) {
        let Some(peer) = &self.facts.peer_tls else {
            out.absent();
            return;
        };
        match fact {
            TlsFact::Version => return out.text(Some(peer.version.as_str().as_bytes())),
            TlsFact::Cipher => return out.text(peer.cipher_suite.map(|name| openssl_name(name).as_bytes())),
            TlsFact::Fingerprint256 => {
                return out.text_with(|out| {
                    for byte in peer.certificate_sha256.iter().flatten() {
                        let _ = write!(out, "{byte:02x}");
                    }
                });
            }
            _ => {}
        }
        let Some(names) = &peer.names else {
            out.absent();
            return;
        };
        match fact {
            TlsFact::UriSan => out.text_with(|out| join(&names.uris, out)),
            TlsFact::DnsSan => out.text_with(|out| join(&names.dns, out)),
            TlsFact::EmailSan => out.text_with(|out| join(&names.emails, out)),
            TlsFact::IpSan => out.text_with(|out| join(&names.ips, out)),
            TlsFact::Subject => out.text_with(|out| out.extend_from_slice(names.subject.as_bytes())),
            TlsFact::Issuer => out.text_with(|out| out.extend_from_slice(names.issuer.as_bytes())),
            TlsFact::Serial => out.text_with(|out| out.extend_from_slice(names.serial.as_bytes())),
            TlsFact::ValidFrom | TlsFact::ValidTo => {
                let seconds = if fact == TlsFact::ValidFrom {
                    names.not_before
                } else {
                    names.not_after
                };
                let text = telemetry::timestamp(seconds.saturating_mul(1_000_000));
                out.text(Some(text.as_bytes()));
            }
            TlsFact::Version | TlsFact::Cipher | TlsFact::Fingerprint256 => out.absent(),
        }
    }

    fn address(&self, kind: AddressKind, part: AddressPart, out: &mut CaptureWriter<'_>) {
        let address = match kind {
            AddressKind::DownstreamDirectRemote => self.facts.direct_peer,
            AddressKind::DownstreamDirectLocal => self.facts.local,
        };
        // Formatting into a vector cannot fail.
        match (address, part) {
            (None, _) => out.absent(),
            (Some(address), AddressPart::Whole) => out.text_with(|out| {
                let _ = write!(out, "{address}");
            }),
            (Some(address), AddressPart::Ip) => out.text_with(|out| {
                let _ = write!(out, "{}", address.ip());
            }),
            (Some(address), AddressPart::Port) => out.number(u64::from(address.port())),
        }
    }

    fn measure(&self, measure: Measure) -> Option<u64> {
        let log = self.log;
        if measure == Measure::ConnectionId {
            return Some(self.facts.id);
        }
        let Some(http) = &self.http else {
            // A connection's bytes are those of its wire, as far as they are not TLS.
            return match measure {
                Measure::DownstreamWireBytesReceived | Measure::UpstreamWireBytesSent => Some(log.request_bytes),
                Measure::DownstreamWireBytesSent | Measure::UpstreamWireBytesReceived => Some(log.response_bytes),
                _ => None,
            };
        };
        let request = http.view.request();
        Some(match measure {
            Measure::ConnectionId | Measure::StreamId => self.facts.id,
            Measure::RequestDuration | Measure::RequestTxDuration => http.response.request_end_us? / 1000,
            Measure::RequestEndUs => http.response.request_end_us?,
            Measure::RequestHeadersBytes => {
                let mut bytes = 0;
                http.edits
                    .for_each(request.buffer(), request.fields(), |_, name, value| {
                        bytes += (name.len() + value.len()) as u64;
                    });
                bytes
            }
            Measure::ResponseHeadersBytes => http.response.head_bytes,
            Measure::ResponseTrailersBytes => http.incoming.trailer_bytes(),
            Measure::DownstreamWireBytesReceived => request.head().len as u64 + log.request_bytes,
            Measure::DownstreamWireBytesSent => http.response.head_bytes + log.response_bytes,
            Measure::UpstreamWireBytesSent => match log.upstream_host {
                Some(_) => http.upstream_head_bytes + log.request_bytes,
                None => 0,
            },
            Measure::UpstreamWireBytesReceived => http.incoming.received,
        })
    }

    fn name(&self, name: NameOf, out: &mut CaptureWriter<'_>) {
        let some = |text: &str, out: &mut CaptureWriter<'_>| out.text(Some(text.as_bytes()).filter(|t| !t.is_empty()));
        let found = self.http.as_ref().and_then(|http| http.found);
        match name {
            NameOf::FilterChain => some(self.chain, out),
            NameOf::Listener => some(self.listener, out),
            NameOf::VirtualHost => some(found.map_or("", |found| &found.virtual_host.name), out),
            NameOf::VirtualCluster => {
                let named = found.zip(self.http.as_ref()).and_then(|(found, http)| {
                    let place = found.virtual_host.virtual_cluster(&http.view)?;
                    found.virtual_host.virtual_clusters.get(place)
                });
                some(named.map_or("", |cluster| &cluster.name), out);
            }
            NameOf::UpstreamHost => match self.endpoint.and_then(|endpoint| endpoint.hostname.as_deref()) {
                Some(name) => some(name, out),
                None => match self.log.upstream_host {
                    Some(address) => out.text_with(|out| {
                        let _ = write!(out, "{address}");
                    }),
                    None => out.absent(),
                },
            },
            NameOf::UpstreamProtocol => some(self.http.as_ref().map_or("", |http| http.upstream_protocol), out),
            NameOf::UniqueId if !self.log.request_id.is_empty() => out.text(Some(self.log.request_id)),
            NameOf::UniqueId => out.number(self.facts.id),
        }
    }
}

impl HttpSubject<'_> {
    /// A header of the request as it went on.
    fn header(&self, name: &str) -> Option<&[u8]> {
        let request: RequestView<'_> = self.view.request();
        match name {
            ":method" => Some(request.method_bytes()),
            ":path" => Some(self.edits.target().unwrap_or(request.path_bytes())),
            ":authority" => {
                Some(self.edits.authority().unwrap_or(request.authority_bytes())).filter(|host| !host.is_empty())
            }
            ":scheme" => Some(self.view.scheme()),
            name => self.edits.get(request.buffer(), request.fields(), name),
        }
    }
}

/// The name of a cipher suite in OpenSSL, which Envoy's is.
fn openssl_name(name: &str) -> &str {
    match name {
        "TLS13_AES_128_GCM_SHA256" => "TLS_AES_128_GCM_SHA256",
        "TLS13_AES_256_GCM_SHA384" => "TLS_AES_256_GCM_SHA384",
        "TLS13_CHACHA20_POLY1305_SHA256" => "TLS_CHACHA20_POLY1305_SHA256",
        "TLS_ECDHE_ECDSA_WITH_AES_128_GCM_SHA256" => "ECDHE-ECDSA-AES128-GCM-SHA256",
        "TLS_ECDHE_ECDSA_WITH_AES_256_GCM_SHA384" => "ECDHE-ECDSA-AES256-GCM-SHA384",
        "TLS_ECDHE_ECDSA_WITH_CHACHA20_POLY1305_SHA256" => "ECDHE-ECDSA-CHACHA20-POLY1305",
        "TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256" => "ECDHE-RSA-AES128-GCM-SHA256",
        "TLS_ECDHE_RSA_WITH_AES_256_GCM_SHA384" => "ECDHE-RSA-AES256-GCM-SHA384",
        "TLS_ECDHE_RSA_WITH_CHACHA20_POLY1305_SHA256" => "ECDHE-RSA-CHACHA20-POLY1305",
        other => other,
    }
}

fn descend<'v>(value: &'v Value, keys: &[std::sync::Arc<str>]) -> Option<&'v Value> {
    keys.iter().try_fold(value, |value, key| value.get(&**key))
}

/// Texts are text, and numbers numbers; everything else stays JSON.
fn write_json(value: Option<&Value>, out: &mut CaptureWriter<'_>) {
    match value {
        None | Some(Value::Null) => out.absent(),
        Some(Value::String(text)) => out.text(Some(text.as_bytes())),
        Some(other) => out.json_with(|out| {
            // Writing to memory cannot fail.
            let _ = serde_json::to_writer(out, other);
        }),
    }
}

fn parameter<'q>(query: &'q [u8], name: &str) -> Option<&'q [u8]> {
    query.split(|byte| *byte == b'&').find_map(|pair| {
        let end = pair.iter().position(|byte| *byte == b'=').unwrap_or(pair.len());
        (&pair[..end] == name.as_bytes()).then(|| pair.get(end + 1..).unwrap_or_default())
    })
}

fn join<T: std::fmt::Display>(parts: &[T], out: &mut Vec<u8>) {
    for (count, part) in parts.iter().enumerate() {
        // Formatting into a vector cannot fail.
        let _ = write!(out, "{}{part}", if count == 0 { "" } else { "," });
    }
}
