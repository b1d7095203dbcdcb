//! The messages of `envoy.data.accesslog.v3` and what is in them; names and numbers are the protocol's.

use std::collections::BTreeMap;

use prost::Message;
use serde_json::Value as Json;

/// `envoy.service.accesslog.v3.StreamAccessLogsMessage`.
#[derive(Clone, PartialEq, Message)]
pub(super) struct StreamBeginning {
    #[prost(message, optional, tag = "1")]
    pub(super) identifier: Option<Identifier>,
}

#[derive(Clone, PartialEq, Message)]
pub(super) struct Identifier {
    #[prost(message, optional, tag = "1")]
    pub(super) node: Option<Node>,
    #[prost(string, tag = "2")]
    pub(super) log_name: String,
}

/// `envoy.config.core.v3.Node`.
#[derive(Clone, PartialEq, Message)]
pub(super) struct Node {
    #[prost(string, tag = "1")]
    pub(super) id: String,
    #[prost(string, tag = "2")]
    pub(super) cluster: String,
    #[prost(string, tag = "6")]
    pub(super) user_agent_name: String,
    #[prost(string, tag = "7")]
    pub(super) user_agent_version: String,
}

#[derive(Clone, PartialEq, Message)]
pub(super) struct TcpEntry {
    #[prost(message, optional, tag = "1")]
    pub(super) common_properties: Option<Common>,
    #[prost(message, optional, tag = "2")]
    pub(super) connection_properties: Option<ConnectionProperties>,
}

#[derive(Clone, PartialEq, Message)]
pub(super) struct HttpEntry {
    #[prost(message, optional, tag = "1")]
    pub(super) common_properties: Option<Common>,
    #[prost(int32, tag = "2")]
    pub(super) protocol_version: i32,
    #[prost(message, optional, tag = "3")]
    pub(super) request: Option<RequestProperties>,
    #[prost(message, optional, tag = "4")]
    pub(super) response: Option<ResponseProperties>,
}

#[derive(Clone, Copy, PartialEq, Message)]
pub(super) struct ConnectionProperties {
    #[prost(uint64, tag = "1")]
    pub(super) received_bytes: u64,
    #[prost(uint64, tag = "2")]
    pub(super) sent_bytes: u64,
}

#[derive(Clone, PartialEq, Message)]
pub(super) struct Common {
    #[prost(message, optional, tag = "2")]
    pub(super) downstream_remote_address: Option<Address>,
    #[prost(message, optional, tag = "3")]
    pub(super) downstream_local_address: Option<Address>,
    #[prost(message, optional, tag = "4")]
    pub(super) tls_properties: Option<TlsProperties>,
    #[prost(message, optional, tag = "5")]
    pub(super) start_time: Option<Span>,
    #[prost(message, optional, tag = "6")]
    pub(super) time_to_last_rx_byte: Option<Span>,
    #[prost(message, optional, tag = "9")]
    pub(super) time_to_first_upstream_rx_byte: Option<Span>,
    #[prost(message, optional, tag = "12")]
    pub(super) time_to_last_downstream_tx_byte: Option<Span>,
    #[prost(message, optional, tag = "13")]
    pub(super) upstream_remote_address: Option<Address>,
    #[prost(message, optional, tag = "14")]
    pub(super) upstream_local_address: Option<Address>,
    #[prost(string, tag = "15")]
    pub(super) upstream_cluster: String,
    #[prost(message, optional, tag = "16")]
    pub(super) response_flags: Option<Flags>,
    #[prost(message, optional, tag = "17")]
    pub(super) metadata: Option<Metadata>,
    #[prost(string, tag = "18")]
    pub(super) upstream_transport_failure_reason: String,
    #[prost(string, tag = "19")]
    pub(super) route_name: String,
    #[prost(message, optional, tag = "20")]
    pub(super) downstream_direct_remote_address: Option<Address>,
    #[prost(btree_map = "string, string", tag = "22")]
    pub(super) custom_tags: BTreeMap<String, String>,
    #[prost(message, optional, tag = "23")]
    pub(super) duration: Option<Span>,
    #[prost(uint32, tag = "24")]
    pub(super) upstream_request_attempt_count: u32,
    #[prost(string, tag = "25")]
    pub(super) connection_termination_details: String,
    #[prost(string, tag = "26")]
    pub(super) stream_id: String,
    #[prost(uint64, tag = "29")]
    pub(super) downstream_wire_bytes_sent: u64,
    #[prost(uint64, tag = "30")]
    pub(super) downstream_wire_bytes_received: u64,
    #[prost(uint64, tag = "31")]
    pub(super) upstream_wire_bytes_sent: u64,
    #[prost(uint64, tag = "32")]
    pub(super) upstream_wire_bytes_received: u64,
    #[prost(int32, tag = "33")]
    pub(super) access_log_type: i32,
}

#[derive(Clone, PartialEq, Message)]
pub(super) struct RequestProperties {
    #[prost(int32, tag = "1")]
    pub(super) request_method: i32,
    #[prost(string, tag = "2")]
    pub(super) scheme: String,
    #[prost(string, tag = "3")]
    pub(super) authority: String,
    #[prost(string, tag = "5")]
    pub(super) path: String,
    #[prost(string, tag = "6")]
    pub(super) user_agent: String,
    #[prost(string, tag = "7")]
    pub(super) referer: String,
    #[prost(string, tag = "8")]
    pub(super) forwarded_for: String,
    #[prost(string, tag = "9")]
    pub(super) request_id: String,
    #[prost(string, tag = "10")]
    pub(super) original_path: String,
    #[prost(uint64, tag = "11")]
    pub(super) request_headers_bytes: u64,
    #[prost(uint64, tag = "12")]
    pub(super) request_body_bytes: u64,
    #[prost(btree_map = "string, string", tag = "13")]
    pub(super) request_headers: BTreeMap<String, String>,
}

// The names are the protocol's.
#[allow(clippy::struct_field_names)]
#[derive(Clone, PartialEq, Message)]
pub(super) struct ResponseProperties {
    #[prost(message, optional, tag = "1")]
    pub(super) response_code: Option<Wrapped>,
    #[prost(uint64, tag = "2")]
    pub(super) response_headers_bytes: u64,
    #[prost(uint64, tag = "3")]
    pub(super) response_body_bytes: u64,
    #[prost(btree_map = "string, string", tag = "4")]
    pub(super) response_headers: BTreeMap<String, String>,
    #[prost(btree_map = "string, string", tag = "5")]
    pub(super) response_trailers: BTreeMap<String, String>,
    #[prost(string, tag = "6")]
    pub(super) response_code_details: String,
}

/// `google.protobuf.UInt32Value`.
#[derive(Clone, Copy, PartialEq, Message)]
pub(super) struct Wrapped {
    #[prost(uint32, tag = "1")]
    pub(super) value: u32,
}

/// `google.protobuf.Duration` and `google.protobuf.Timestamp`, which are the same on the wire.
#[derive(Clone, Copy, PartialEq, Message)]
pub(super) struct Span {
    #[prost(int64, tag = "1")]
    pub(super) seconds: i64,
    #[prost(int32, tag = "2")]
    pub(super) nanos: i32,
}

impl Span {
    pub(super) fn of_micros(micros: u64) -> Self {
        Self {
            seconds: (micros / 1_000_000).cast_signed(),
            nanos: (micros % 1_000_000) as i32 * 1000,
        }
    }
}

/// `envoy.config.core.v3.Address`.
#[derive(Clone, PartialEq, Message)]
pub(super) struct Address {
    #[prost(message, optional, tag = "1")]
    pub(super) socket_address: Option<SocketAddress>,
}

#[derive(Clone, PartialEq, Message)]
pub(super) struct SocketAddress {
    #[prost(string, tag = "2")]
    pub(super) address: String,
    #[prost(uint32, tag = "3")]
    pub(super) port_value: u32,
}

/// `envoy.config.core.v3.RequestMethod`.
pub(super) struct Method;

impl Method {
    pub(super) fn number(method: &[u8]) -> i32 {
        const METHODS: [&[u8]; 9] = [
            b"GET", b"HEAD", b"POST", b"PUT", b"DELETE", b"CONNECT", b"OPTIONS", b"TRACE", b"PATCH",
        ];
        let place = METHODS.iter().position(|known| *known == method);
        place.map_or(0, |place| place as i32 + 1)
    }
}

#[derive(Clone, PartialEq, Message)]
pub(super) struct TlsProperties {
    #[prost(int32, tag = "1")]
    pub(super) tls_version: i32,
    #[prost(message, optional, tag = "2")]
    pub(super) tls_cipher_suite: Option<Wrapped>,
    #[prost(string, tag = "3")]
    pub(super) tls_sni_hostname: String,
    #[prost(message, optional, tag = "5")]
    pub(super) peer_certificate_properties: Option<CertificateProperties>,
}

#[derive(Clone, PartialEq, Message)]
pub(super) struct CertificateProperties {
    #[prost(message, repeated, tag = "1")]
    pub(super) subject_alt_name: Vec<San>,
    #[prost(string, tag = "2")]
    pub(super) subject: String,
    #[prost(string, tag = "3")]
    pub(super) issuer: String,
}

#[derive(Clone, PartialEq, Message)]
pub(super) struct San {
    #[prost(oneof = "SanKind", tags = "1, 2")]
    san: Option<SanKind>,
}

#[derive(Clone, PartialEq, prost::Oneof)]
enum SanKind {
    #[prost(string, tag = "1")]
    Uri(String),
    #[prost(string, tag = "2")]
    Dns(String),
}

impl San {
    pub(super) fn uri(text: String) -> Self {
        Self {
            san: Some(SanKind::Uri(text)),
        }
    }

    pub(super) fn dns(text: String) -> Self {
        Self {
            san: Some(SanKind::Dns(text)),
        }
    }
}

// One field for each of the protocol's flags.
#[allow(clippy::struct_excessive_bools)]
#[derive(Clone, Copy, PartialEq, Message)]
pub(super) struct Flags {
    #[prost(bool, tag = "1")]
    pub(super) failed_local_healthcheck: bool,
    #[prost(bool, tag = "2")]
    pub(super) no_healthy_upstream: bool,
    #[prost(bool, tag = "3")]
    pub(super) upstream_request_timeout: bool,
    #[prost(bool, tag = "4")]
    pub(super) local_reset: bool,
    #[prost(bool, tag = "5")]
    pub(super) upstream_remote_reset: bool,
    #[prost(bool, tag = "6")]
    pub(super) upstream_connection_failure: bool,
    #[prost(bool, tag = "7")]
    pub(super) upstream_connection_termination: bool,
    #[prost(bool, tag = "8")]
    pub(super) upstream_overflow: bool,
    #[prost(bool, tag = "9")]
    pub(super) no_route_found: bool,
    #[prost(bool, tag = "10")]
    pub(super) delay_injected: bool,
    #[prost(bool, tag = "11")]
    pub(super) fault_injected: bool,
    #[prost(bool, tag = "12")]
    pub(super) rate_limited: bool,
    #[prost(message, optional, tag = "13")]
    pub(super) unauthorized_details: Option<Unauthorized>,
    #[prost(bool, tag = "14")]
    pub(super) rate_limit_service_error: bool,
    #[prost(bool, tag = "15")]
    pub(super) downstream_connection_termination: bool,
    #[prost(bool, tag = "16")]
    pub(super) upstream_retry_limit_exceeded: bool,
    #[prost(bool, tag = "17")]
    pub(super) stream_idle_timeout: bool,
    #[prost(bool, tag = "19")]
    pub(super) downstream_protocol_error: bool,
    #[prost(bool, tag = "23")]
    pub(super) duration_timeout: bool,
    #[prost(bool, tag = "24")]
    pub(super) upstream_protocol_error: bool,
    #[prost(bool, tag = "25")]
    pub(super) no_cluster_found: bool,
    #[prost(bool, tag = "26")]
    pub(super) overload_manager: bool,
    #[prost(bool, tag = "27")]
    pub(super) dns_resolution_failure: bool,
}

#[derive(Clone, Copy, PartialEq, Message)]
pub(super) struct Unauthorized {
    #[prost(int32, tag = "1")]
    pub(super) reason: i32,
}

/// `envoy.config.core.v3.Metadata`.
#[derive(Clone, PartialEq, Message)]
pub(super) struct Metadata {
    #[prost(btree_map = "string, message", tag = "1")]
    pub(super) filter_metadata: BTreeMap<String, Struct>,
}

/// `google.protobuf.Struct`.
#[derive(Clone, PartialEq, Message)]
pub(super) struct Struct {
    #[prost(btree_map = "string, message", tag = "1")]
    pub(super) fields: BTreeMap<String, ProtoValue>,
}

#[derive(Clone, PartialEq, Message)]
pub(super) struct ProtoValue {
    #[prost(oneof = "ValueKind", tags = "1, 2, 3, 4, 5, 6")]
    kind: Option<ValueKind>,
}

#[derive(Clone, PartialEq, prost::Oneof)]
enum ValueKind {
    #[prost(int32, tag = "1")]
    Null(i32),
    #[prost(double, tag = "2")]
    Number(f64),
    #[prost(string, tag = "3")]
    Text(String),
    #[prost(bool, tag = "4")]
    Bool(bool),
    #[prost(message, tag = "5")]
    Struct(Struct),
    #[prost(message, tag = "6")]
    List(List),
}

#[derive(Clone, PartialEq, Message)]
pub(super) struct List {
    #[prost(message, repeated, tag = "1")]
    values: Vec<ProtoValue>,
}

/// A value of `google.protobuf.Value`.
pub(super) fn proto_value(json: &Json) -> ProtoValue {
    let kind = match json {
        Json::Null => ValueKind::Null(0),
        Json::Bool(value) => ValueKind::Bool(*value),
        Json::Number(number) => ValueKind::Number(number.as_f64().unwrap_or_default()),
        Json::String(text) => ValueKind::Text(text.clone()),
        Json::Array(values) => ValueKind::List(List {
            values: values.iter().map(proto_value).collect(),
        }),
        Json::Object(fields) => ValueKind::Struct(Struct {
            fields: fields
                .iter()
                .map(|(key, value)| (key.clone(), proto_value(value)))
                .collect(),
        }),
    };
    ProtoValue { kind: Some(kind) }
}
