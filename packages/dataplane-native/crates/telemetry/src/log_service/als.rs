//! Entries of Envoy's access log service: `envoy.data.accesslog.v3`, as much of it as this proxy knows.

use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::sync::Arc;

use prost::Message;
use serde_json::Value as Json;

use super::put_field;
use crate::capture::{AddressKind, AddressPart, Capture, Captured, HeaderChoice, Measure, NameOf, TlsFact, TlsPeer};
use crate::codec::Decoder;
use crate::{AccessLog, ResponseFlags, Telemetry};

use messages::{
    Address, CertificateProperties, Common, ConnectionProperties, Flags, HttpEntry, Identifier, Metadata, Method, Node,
    RequestProperties, ResponseProperties, San, SocketAddress, Span, StreamBeginning, Struct, TcpEntry, TlsProperties,
    Unauthorized, Wrapped, proto_value,
};

mod messages;

/// How entries for ALS are made.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AlsEntry {
    is_tcp: bool,
    request_headers: Vec<Arc<str>>,
    response_headers: Vec<Arc<str>>,
    response_trailers: Vec<Arc<str>>,
    captures: Vec<Capture>,
}

/// What an entry has of every connection beyond its record, in this order.
fn common_captures() -> Vec<Capture> {
    let mut captures = vec![
        Capture::Address(AddressKind::DownstreamDirectRemote, AddressPart::Whole),
        Capture::Name(NameOf::UniqueId),
        Capture::DynamicMetadata,
    ];
    captures.extend(
        [
            Measure::DownstreamWireBytesSent,
            Measure::DownstreamWireBytesReceived,
            Measure::UpstreamWireBytesSent,
            Measure::UpstreamWireBytesReceived,
        ]
        .map(Capture::Measure),
    );
    captures.extend(
        [
            TlsFact::Version,
            TlsFact::Cipher,
            TlsFact::UriSan,
            TlsFact::DnsSan,
            TlsFact::Subject,
            TlsFact::Issuer,
        ]
        .map(|fact| Capture::Tls(TlsPeer::Downstream, fact)),
    );
    captures
}

fn header(name: &str) -> HeaderChoice {
    HeaderChoice {
        name: name.into(),
        alternative: None,
    }
}

impl AlsEntry {
    /// Entries about connections.
    pub fn tcp() -> Self {
        Self {
            is_tcp: true,
            request_headers: Vec::new(),
            response_headers: Vec::new(),
            response_trailers: Vec::new(),
            captures: common_captures(),
        }
    }

    /// Entries about requests, with headers and trailers of these names (in lower case) besides the usual.
    pub fn http(
        request_headers: Vec<Arc<str>>,
        response_headers: Vec<Arc<str>>,
        response_trailers: Vec<Arc<str>>,
    ) -> Self {
        let mut captures = common_captures();
        captures.extend(
            [":scheme", ":authority", ":path", "referer", "x-envoy-original-path"]
                .map(|name| Capture::Request(header(name))),
        );
        captures.extend(
            [
                Measure::RequestEndUs,
                Measure::RequestHeadersBytes,
                Measure::ResponseHeadersBytes,
            ]
            .map(Capture::Measure),
        );
        captures.extend(request_headers.iter().map(|name| Capture::Request(header(name))));
        captures.extend(response_headers.iter().map(|name| Capture::Response(header(name))));
        captures.extend(response_trailers.iter().map(|name| Capture::Trailer(header(name))));
        Self {
            is_tcp: false,
            request_headers,
            response_headers,
            response_trailers,
            captures,
        }
    }

    pub(super) fn captures(&self) -> &[Capture] {
        &self.captures
    }

    /// Appends an entry, as a field of what [`message`](Self::message) puts around it.
    pub(super) fn encode(
        &self,
        telemetry: &Telemetry,
        log: &AccessLog<'_>,
        captured: &[u8],
        tags: Vec<(Arc<str>, String)>,
        out: &mut Vec<u8>,
    ) {
        let mut values = Values(Decoder(captured));
        let mut common = common(telemetry, log, &mut values, self.is_tcp);
        common.custom_tags = tags
            .into_iter()
            .map(|(name, value)| (name.to_string(), value))
            .collect();
        let entry = if self.is_tcp {
            TcpEntry {
                common_properties: Some(common),
                connection_properties: Some(ConnectionProperties {
                    received_bytes: log.request_bytes,
                    sent_bytes: log.response_bytes,
                }),
            }
            .encode_to_vec()
        } else {
            self.http_entry(log, common, &mut values).encode_to_vec()
        };
        put_field(1, &entry, out);
    }

    /// `envoy.service.accesslog.v3.StreamAccessLogsMessage` without its identifier.
    pub(super) fn message(&self, entries: &[u8]) -> Vec<u8> {
        let mut out = Vec::with_capacity(entries.len() + 8);
        put_field(if self.is_tcp { 3 } else { 2 }, entries, &mut out);
        out
    }

    fn http_entry(&self, log: &AccessLog<'_>, mut common: Common, values: &mut Values<'_>) -> HttpEntry {
        let (scheme, authority, path) = (values.text(), values.text(), values.text());
        let (referer, original_path) = (values.text(), values.text());
        common.time_to_last_rx_byte = values.number().map(Span::of_micros);
        let (request_headers_bytes, response_headers_bytes) = (values.number(), values.number());
        HttpEntry {
            common_properties: Some(common),
            protocol_version: match log.protocol {
                "HTTP/1.0" => 1,
                "HTTP/1.1" => 2,
                "HTTP/2" => 3,
                _ => 0,
            },
            request: Some(RequestProperties {
                request_method: Method::number(log.method),
                scheme,
                authority,
                path,
                user_agent: to_text(log.user_agent),
                referer,
                forwarded_for: to_text(log.forwarded_for),
                request_id: to_text(log.request_id),
                original_path,
                request_headers_bytes: request_headers_bytes.unwrap_or_default(),
                request_body_bytes: log.request_bytes,
                request_headers: values.map(&self.request_headers),
            }),
            response: Some(ResponseProperties {
                response_code: (log.response_code > 0).then(|| Wrapped {
                    value: u32::from(log.response_code),
                }),
                response_headers_bytes: response_headers_bytes.unwrap_or_default(),
                response_body_bytes: log.response_bytes,
                response_headers: values.map(&self.response_headers),
                response_trailers: values.map(&self.response_trailers),
                response_code_details: log.details.to_owned(),
            }),
        }
    }
}

/// `envoy.service.accesslog.v3.StreamAccessLogsMessage` with nothing but its identifier: the first message of a stream
/// begins with it.
pub fn als_identifier(log_name: &str, node_id: &str, node_cluster: &str) -> Vec<u8> {
    StreamBeginning {
        identifier: Some(Identifier {
            node: Some(Node {
                id: node_id.to_owned(),
                cluster: node_cluster.to_owned(),
                user_agent_name: "fairlead".to_owned(),
                user_agent_version: env!("CARGO_PKG_VERSION").to_owned(),
            }),
            log_name: log_name.to_owned(),
        }),
    }
    .encode_to_vec()
}

fn to_text(bytes: &[u8]) -> String {
    String::from_utf8_lossy(bytes).into_owned()
}

/// Captured values, one after the other.
struct Values<'a>(Decoder<'a>);

impl<'a> Values<'a> {
    fn next(&mut self) -> Captured<'a> {
        Captured::read(&mut self.0).unwrap_or(Captured::Absent)
    }

    fn optional(&mut self) -> Option<String> {
        match self.next() {
            Captured::Absent => None,
            Captured::Text(text) => Some(to_text(text)),
            Captured::Number(number) => Some(number.to_string()),
            Captured::Json(text) => Some(text.to_owned()),
        }
    }

    fn text(&mut self) -> String {
        self.optional().unwrap_or_default()
    }

    fn number(&mut self) -> Option<u64> {
        match self.next() {
            Captured::Number(number) => Some(number),
            _ => None,
        }
    }

    /// Those of names that have a value.
    fn map(&mut self, names: &[Arc<str>]) -> BTreeMap<String, String> {
        let mut map = BTreeMap::new();
        for name in names {
            if let Some(value) = self.optional() {
                map.insert(name.to_string(), value);
            }
        }
        map
    }
}

fn common(telemetry: &Telemetry, log: &AccessLog<'_>, values: &mut Values<'_>, is_tcp: bool) -> Common {
    let string = |id| telemetry.strings.get(id).as_ref().to_owned();
    let duration = Span::of_micros(log.duration_us);
    let direct_remote = values.text().parse().ok();
    let stream_id = values.text();
    let metadata = match values.next() {
        Captured::Json(text) => serde_json::from_str(text).ok().map(|json: Json| metadata(&json)),
        _ => None,
    };
    let mut measure = || values.number().unwrap_or_default();
    let (wire_sent, wire_received, up_sent, up_received) = (measure(), measure(), measure(), measure());
    Common {
        downstream_remote_address: log.downstream_remote.map(address),
        downstream_local_address: log.downstream_local.map(address),
        downstream_direct_remote_address: direct_remote.map(address),
        tls_properties: tls(log, values),
        start_time: Some(Span::of_micros(log.start_unix_us.max(0).unsigned_abs())),
        time_to_first_upstream_rx_byte: (log.upstream_duration_us > 0)
            .then(|| Span::of_micros(log.upstream_duration_us)),
        time_to_last_downstream_tx_byte: (!is_tcp).then_some(duration),
        time_to_last_rx_byte: None,
        duration: Some(duration),
        upstream_remote_address: log.upstream_host.map(address),
        upstream_local_address: log.upstream_local.map(address),
        upstream_cluster: string(log.upstream_cluster),
        response_flags: flags(log.flags),
        metadata,
        upstream_transport_failure_reason: log.upstream_failure.to_owned(),
        route_name: string(log.route),
        custom_tags: BTreeMap::new(),
        upstream_request_attempt_count: log.attempts,
        connection_termination_details: log.termination_details.to_owned(),
        stream_id,
        downstream_wire_bytes_sent: wire_sent,
        downstream_wire_bytes_received: wire_received,
        upstream_wire_bytes_sent: up_sent,
        upstream_wire_bytes_received: up_received,
        access_log_type: if is_tcp {
            ACCESS_LOG_TCP_END
        } else {
            ACCESS_LOG_DOWNSTREAM_END
        },
    }
}

/// `envoy.data.accesslog.v3.AccessLogType`.
const ACCESS_LOG_TCP_END: i32 = 3;
const ACCESS_LOG_DOWNSTREAM_END: i32 = 6;

fn address(address: SocketAddr) -> Address {
    Address {
        socket_address: Some(SocketAddress {
            address: address.ip().to_string(),
            port_value: u32::from(address.port()),
        }),
    }
}

fn tls(log: &AccessLog<'_>, values: &mut Values<'_>) -> Option<TlsProperties> {
    let (version, cipher) = (values.optional(), values.text());
    let (uris, names) = (values.text(), values.text());
    let (subject, issuer) = (values.text(), values.text());
    if version.is_none() && log.server_name.is_empty() {
        return None;
    }
    let parts = |text: &str| -> Vec<String> {
        let parts = text.split(',').filter(|part| !part.is_empty());
        parts.map(str::to_owned).collect()
    };
    let sans = parts(&uris).into_iter().map(San::uri);
    let sans = sans.chain(parts(&names).into_iter().map(San::dns)).collect();
    Some(TlsProperties {
        tls_version: match version.as_deref() {
            Some("TLSv1.2") => 3,
            Some("TLSv1.3") => 4,
            _ => 0,
        },
        tls_cipher_suite: cipher_suite(&cipher).map(|value| Wrapped { value }),
        tls_sni_hostname: log.server_name.to_owned(),
        peer_certificate_properties: version.is_some().then_some(CertificateProperties {
            subject_alt_name: sans,
            subject,
            issuer,
        }),
    })
}

/// The number of a cipher suite (IANA) by its name in OpenSSL.
fn cipher_suite(name: &str) -> Option<u32> {
    Some(match name {
        "TLS_AES_128_GCM_SHA256" => 0x1301,
        "TLS_AES_256_GCM_SHA384" => 0x1302,
        "TLS_CHACHA20_POLY1305_SHA256" => 0x1303,
        "ECDHE-ECDSA-AES128-GCM-SHA256" => 0xc02b,
        "ECDHE-ECDSA-AES256-GCM-SHA384" => 0xc02c,
        "ECDHE-RSA-AES128-GCM-SHA256" => 0xc02f,
        "ECDHE-RSA-AES256-GCM-SHA384" => 0xc030,
        "ECDHE-RSA-CHACHA20-POLY1305" => 0xcca8,
        "ECDHE-ECDSA-CHACHA20-POLY1305" => 0xcca9,
        _ => return None,
    })
}

fn metadata(json: &Json) -> Metadata {
    let namespaces = json.as_object().into_iter().flatten();
    Metadata {
        filter_metadata: namespaces
            .map(|(namespace, value)| {
                let fields = value.as_object().into_iter().flatten();
                let fields = fields.map(|(key, value)| (key.clone(), proto_value(value)));
                let fields = fields.collect();
                (namespace.clone(), Struct { fields })
            })
            .collect(),
    }
}

/// None where there is no flag.
fn flags(flags: ResponseFlags) -> Option<Flags> {
    type F = ResponseFlags;
    let has = |flag| flags.contains(flag);
    (!flags.is_empty()).then(|| Flags {
        failed_local_healthcheck: has(F::FAILED_LOCAL_HEALTH_CHECK),
        no_healthy_upstream: has(F::NO_HEALTHY_UPSTREAM),
        upstream_request_timeout: has(F::UPSTREAM_TIMEOUT),
        local_reset: has(F::LOCAL_RESET),
        upstream_remote_reset: has(F::UPSTREAM_REMOTE_RESET),
        upstream_connection_failure: has(F::UPSTREAM_CONNECTION_FAILURE),
        upstream_connection_termination: has(F::UPSTREAM_TERMINATION),
        upstream_overflow: has(F::UPSTREAM_OVERFLOW),
        no_route_found: has(F::NO_ROUTE),
        delay_injected: has(F::DELAY_INJECTED),
        fault_injected: has(F::FAULT_INJECTED),
        rate_limited: has(F::RATE_LIMITED),
        unauthorized_details: has(F::UNAUTHORIZED_EXTERNAL_SERVICE).then_some(Unauthorized { reason: 1 }),
        rate_limit_service_error: has(F::RATE_LIMIT_SERVICE_ERROR),
        downstream_connection_termination: has(F::DOWNSTREAM_TERMINATION),
        upstream_retry_limit_exceeded: has(F::RETRY_LIMIT),
        stream_idle_timeout: has(F::STREAM_IDLE_TIMEOUT),
        downstream_protocol_error: has(F::DOWNSTREAM_PROTOCOL_ERROR),
        duration_timeout: has(F::DURATION_TIMEOUT),
        upstream_protocol_error: has(F::UPSTREAM_PROTOCOL_ERROR),
        no_cluster_found: has(F::NO_CLUSTER),
        overload_manager: has(F::OVERLOAD),
        dns_resolution_failure: has(F::DNS_RESOLUTION_FAILED),
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{CaptureWriter, TelemetryOptions};

    #[test]
    fn an_entry_tells_what_the_record_and_its_captures_say() {
        let telemetry = Telemetry::new(TelemetryOptions::default());
        let entry = AlsEntry::http(vec!["x-a".into(), "x-b".into()], vec!["server".into()], vec![]);
        let mut captured = Vec::new();
        let mut writer = CaptureWriter(&mut captured);
        for capture in entry.captures() {
            match capture {
                Capture::Address(..) => writer.text(Some(b"127.0.0.1:5")),
                Capture::DynamicMetadata => writer.json_with(|out| out.extend_from_slice(br#"{"ns":{"k":[1,"x"]}}"#)),
                Capture::Measure(Measure::RequestEndUs) => writer.number(1_500_000),
                Capture::Measure(_) => writer.number(100),
                Capture::Tls(_, TlsFact::Version) => writer.text(Some(b"TLSv1.3")),
                Capture::Tls(_, TlsFact::Cipher) => writer.text(Some(b"TLS_AES_128_GCM_SHA256")),
                Capture::Tls(_, TlsFact::UriSan) => writer.text(Some(b"spiffe://a,spiffe://b")),
                Capture::Request(choice) if &*choice.name == "x-b" => writer.absent(),
                Capture::Request(choice) => writer.text(Some(choice.name.as_bytes())),
                Capture::Response(_) => writer.text(Some(b"me")),
                _ => writer.absent(),
            }
        }
        let log = AccessLog {
            start_unix_us: 1_700_000_000_250_000,
            duration_us: 2_000_001,
            method: b"POST",
            protocol: "HTTP/1.1",
            response_code: 503,
            flags: ResponseFlags::NO_HEALTHY_UPSTREAM.with(ResponseFlags::UNAUTHORIZED_EXTERNAL_SERVICE),
            request_bytes: 40,
            downstream_remote: "[::1]:7".parse().ok(),
            attempts: 2,
            ..AccessLog::default()
        };
        let mut out = Vec::new();
        let tags = vec![(Arc::from("tag"), "value".to_owned())];
        entry.encode(&telemetry, &log, &captured, tags, &mut out);
        let http = HttpEntry::decode(&out[3..]).expect("an entry behind its key and two bytes of length");
        let common = http.common_properties.expect("common");
        assert_eq!(
            common.start_time,
            Some(Span {
                seconds: 1_700_000_000,
                nanos: 250_000_000
            })
        );
        assert_eq!(
            common.duration,
            Some(Span {
                seconds: 2,
                nanos: 1000
            })
        );
        assert_eq!(
            common.time_to_last_rx_byte,
            Some(Span {
                seconds: 1,
                nanos: 500_000_000
            })
        );
        assert_eq!(
            common.downstream_remote_address,
            Some(address("[::1]:7".parse().expect("address")))
        );
        assert_eq!(common.custom_tags["tag"], "value");
        let flags = common.response_flags.expect("flags");
        assert!(flags.no_healthy_upstream && flags.unauthorized_details.is_some() && !flags.local_reset);
        let tls = common.tls_properties.expect("tls");
        assert_eq!(
            (tls.tls_version, tls.tls_cipher_suite),
            (4, Some(Wrapped { value: 0x1301 }))
        );
        assert_eq!(tls.peer_certificate_properties.expect("peer").subject_alt_name.len(), 2);
        assert!(
            common.metadata.expect("metadata").filter_metadata["ns"]
                .fields
                .contains_key("k")
        );
        let request = http.request.expect("request");
        assert_eq!((request.request_method, request.authority.as_str()), (3, ":authority"));
        assert_eq!(
            request.request_headers.into_iter().collect::<Vec<_>>(),
            [("x-a".to_owned(), "x-a".to_owned())]
        );
        assert_eq!(http.response.expect("response").response_headers["server"], "me");
    }
}
