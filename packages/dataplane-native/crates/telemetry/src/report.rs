//! `fairlead.telemetry.v1` on the wire; names and numbers are those of `report.proto`.

use prost::Message;

#[derive(Clone, PartialEq, Message)]
pub(crate) struct ReportBatch {
    #[prost(string, tag = "1")]
    pub(crate) reporter_id: String,
    #[prost(uint64, tag = "2")]
    pub(crate) sequence: u64,
    #[prost(message, optional, tag = "3")]
    pub(crate) workload: Option<Workload>,
    #[prost(int64, tag = "4")]
    pub(crate) start_time_unix_ms: i64,
    #[prost(int64, tag = "5")]
    pub(crate) end_time_unix_ms: i64,
    #[prost(string, repeated, tag = "6")]
    pub(crate) strings: Vec<String>,
    #[prost(message, repeated, tag = "7")]
    pub(crate) requests: Vec<RequestMetrics>,
    #[prost(message, repeated, tag = "8")]
    pub(crate) tcp: Vec<TcpMetrics>,
    #[prost(message, repeated, tag = "9")]
    pub(crate) access_logs: Vec<AccessLogEntry>,
    #[prost(message, repeated, tag = "10")]
    pub(crate) spans: Vec<Span>,
    #[prost(uint64, tag = "11")]
    pub(crate) dropped_access_logs: u64,
    #[prost(uint64, tag = "12")]
    pub(crate) dropped_spans: u64,
    #[prost(uint64, tag = "13")]
    pub(crate) overflowed_label_sets: u64,
}

#[derive(Clone, PartialEq, Message)]
pub(crate) struct Workload {
    #[prost(string, tag = "1")]
    pub(crate) name: String,
    #[prost(string, tag = "2")]
    pub(crate) namespace: String,
    #[prost(string, tag = "3")]
    pub(crate) service: String,
    #[prost(string, tag = "4")]
    pub(crate) version: String,
    #[prost(string, tag = "5")]
    pub(crate) principal: String,
    #[prost(string, tag = "6")]
    pub(crate) cluster: String,
    #[prost(string, tag = "7")]
    pub(crate) node_id: String,
}

#[derive(Clone, Copy, PartialEq, Message)]
pub(crate) struct Labels {
    #[prost(int32, tag = "1")]
    pub(crate) reporter: i32,
    #[prost(uint32, tag = "2")]
    pub(crate) peer_workload_ref: u32,
    #[prost(uint32, tag = "3")]
    pub(crate) peer_namespace_ref: u32,
    #[prost(uint32, tag = "4")]
    pub(crate) peer_service_ref: u32,
    #[prost(uint32, tag = "5")]
    pub(crate) peer_version_ref: u32,
    #[prost(uint32, tag = "6")]
    pub(crate) peer_principal_ref: u32,
    #[prost(uint32, tag = "7")]
    pub(crate) destination_service_ref: u32,
    #[prost(int32, tag = "8")]
    pub(crate) security_policy: i32,
    #[prost(uint32, tag = "9")]
    pub(crate) protocol_ref: u32,
}

#[derive(Clone, PartialEq, Message)]
pub(crate) struct RequestMetrics {
    #[prost(message, optional, tag = "1")]
    pub(crate) labels: Option<Labels>,
    #[prost(uint32, tag = "2")]
    pub(crate) route_ref: u32,
    #[prost(uint32, tag = "3")]
    pub(crate) method_ref: u32,
    #[prost(uint32, tag = "4")]
    pub(crate) response_code: u32,
    #[prost(uint32, tag = "5")]
    pub(crate) response_flags_ref: u32,
    #[prost(uint32, tag = "6")]
    pub(crate) grpc_status_plus_one: u32,
    #[prost(uint64, tag = "7")]
    pub(crate) count: u64,
    #[prost(uint64, tag = "8")]
    pub(crate) request_bytes: u64,
    #[prost(uint64, tag = "9")]
    pub(crate) response_bytes: u64,
    #[prost(message, optional, tag = "10")]
    pub(crate) duration: Option<Histogram>,
}

#[derive(Clone, PartialEq, Message)]
pub(crate) struct Histogram {
    #[prost(uint64, tag = "1")]
    pub(crate) sum_us: u64,
    #[prost(uint64, repeated, tag = "2")]
    pub(crate) buckets: Vec<u64>,
}

#[derive(Clone, Copy, PartialEq, Message)]
pub(crate) struct TcpMetrics {
    #[prost(message, optional, tag = "1")]
    pub(crate) labels: Option<Labels>,
    #[prost(uint32, tag = "2")]
    pub(crate) response_flags_ref: u32,
    #[prost(uint64, tag = "3")]
    pub(crate) connections_opened: u64,
    #[prost(uint64, tag = "4")]
    pub(crate) connections_closed: u64,
    #[prost(uint64, tag = "5")]
    pub(crate) received_bytes: u64,
    #[prost(uint64, tag = "6")]
    pub(crate) sent_bytes: u64,
}

#[derive(Clone, PartialEq, Message)]
pub(crate) struct AccessLogEntry {
    #[prost(int64, tag = "1")]
    pub(crate) start_time_unix_us: i64,
    #[prost(uint64, tag = "2")]
    pub(crate) duration_us: u64,
    #[prost(message, optional, tag = "3")]
    pub(crate) labels: Option<Labels>,
    #[prost(uint32, tag = "4")]
    pub(crate) method_ref: u32,
    #[prost(string, tag = "5")]
    pub(crate) path: String,
    #[prost(uint32, tag = "6")]
    pub(crate) authority_ref: u32,
    #[prost(uint32, tag = "7")]
    pub(crate) protocol_ref: u32,
    #[prost(uint32, tag = "8")]
    pub(crate) response_code: u32,
    #[prost(uint32, tag = "9")]
    pub(crate) response_flags_ref: u32,
    #[prost(string, tag = "10")]
    pub(crate) response_code_details: String,
    #[prost(uint64, tag = "11")]
    pub(crate) request_bytes: u64,
    #[prost(uint64, tag = "12")]
    pub(crate) response_bytes: u64,
    #[prost(string, tag = "13")]
    pub(crate) request_id: String,
    #[prost(string, tag = "14")]
    pub(crate) trace_id: String,
    #[prost(uint32, tag = "15")]
    pub(crate) route_ref: u32,
    #[prost(uint32, tag = "16")]
    pub(crate) upstream_cluster_ref: u32,
    #[prost(uint32, tag = "17")]
    pub(crate) upstream_host_ref: u32,
    #[prost(uint32, tag = "18")]
    pub(crate) downstream_remote_address_ref: u32,
    #[prost(uint32, tag = "19")]
    pub(crate) user_agent_ref: u32,
    #[prost(uint32, tag = "20")]
    pub(crate) attempts: u32,
    #[prost(uint64, tag = "21")]
    pub(crate) upstream_duration_us: u64,
}

// The names are the contract's.
#[allow(clippy::struct_field_names)]
#[derive(Clone, PartialEq, Message)]
pub(crate) struct Span {
    #[prost(bytes = "vec", tag = "1")]
    pub(crate) trace_id: Vec<u8>,
    #[prost(bytes = "vec", tag = "2")]
    pub(crate) span_id: Vec<u8>,
    #[prost(bytes = "vec", tag = "3")]
    pub(crate) parent_span_id: Vec<u8>,
    #[prost(int32, tag = "4")]
    pub(crate) kind: i32,
    #[prost(string, tag = "5")]
    pub(crate) name: String,
    #[prost(int64, tag = "6")]
    pub(crate) start_time_unix_us: i64,
    #[prost(uint64, tag = "7")]
    pub(crate) duration_us: u64,
    #[prost(message, optional, tag = "8")]
    pub(crate) labels: Option<Labels>,
    #[prost(uint32, tag = "9")]
    pub(crate) response_code: u32,
    #[prost(uint32, tag = "10")]
    pub(crate) response_flags_ref: u32,
    #[prost(uint32, tag = "11")]
    pub(crate) method_ref: u32,
    #[prost(string, tag = "12")]
    pub(crate) path: String,
    #[prost(uint32, tag = "13")]
    pub(crate) authority_ref: u32,
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Every field with a value of its own, encoded by another implementation from `report.proto`.
    const GOLDEN: &[u8] = include_bytes!("report/golden.bin");

    fn labels() -> Labels {
        Labels {
            reporter: 2,
            peer_workload_ref: 1,
            peer_namespace_ref: 2,
            peer_service_ref: 3,
            peer_version_ref: 4,
            peer_principal_ref: 5,
            destination_service_ref: 6,
            security_policy: 1,
            protocol_ref: 7,
        }
    }

    fn batch() -> ReportBatch {
        ReportBatch {
            reporter_id: "reporter".to_owned(),
            sequence: 7,
            workload: Some(Workload {
                name: "n".to_owned(),
                namespace: "ns".to_owned(),
                service: "s".to_owned(),
                version: "v".to_owned(),
                principal: "p".to_owned(),
                cluster: "c".to_owned(),
                node_id: "id".to_owned(),
            }),
            start_time_unix_ms: 1000,
            end_time_unix_ms: 2000,
            strings: ["", "a", "b"].map(str::to_owned).to_vec(),
            requests: vec![requests()],
            tcp: vec![TcpMetrics {
                labels: Some(labels()),
                response_flags_ref: 15,
                connections_opened: 16,
                connections_closed: 17,
                received_bytes: 18,
                sent_bytes: 19,
            }],
            access_logs: vec![access_log()],
            spans: vec![span()],
            dropped_access_logs: 40,
            dropped_spans: 41,
            overflowed_label_sets: 42,
        }
    }

    fn requests() -> RequestMetrics {
        RequestMetrics {
            labels: Some(labels()),
            route_ref: 8,
            method_ref: 9,
            response_code: 503,
            response_flags_ref: 10,
            grpc_status_plus_one: 14,
            count: 11,
            request_bytes: 12,
            response_bytes: 13,
            duration: Some(Histogram {
                sum_us: 99,
                buckets: vec![3, 1, 200, 2],
            }),
        }
    }

    fn access_log() -> AccessLogEntry {
        AccessLogEntry {
            start_time_unix_us: 20,
            duration_us: 21,
            labels: Some(labels()),
            method_ref: 22,
            path: "/path".to_owned(),
            authority_ref: 23,
            protocol_ref: 24,
            response_code: 404,
            response_flags_ref: 25,
            response_code_details: "details".to_owned(),
            request_bytes: 26,
            response_bytes: 27,
            request_id: "request".to_owned(),
            trace_id: "trace".to_owned(),
            route_ref: 28,
            upstream_cluster_ref: 29,
            upstream_host_ref: 30,
            downstream_remote_address_ref: 31,
            user_agent_ref: 32,
            attempts: 33,
            upstream_duration_us: 34,
        }
    }

    fn span() -> Span {
        Span {
            trace_id: vec![1],
            span_id: vec![2],
            parent_span_id: vec![3],
            kind: 2,
            name: "span".to_owned(),
            start_time_unix_us: 35,
            duration_us: 36,
            labels: Some(labels()),
            response_code: 200,
            response_flags_ref: 37,
            method_ref: 38,
            path: "/span".to_owned(),
            authority_ref: 39,
        }
    }

    #[test]
    fn the_encoding_is_that_of_the_contract() {
        assert_eq!(ReportBatch::decode(GOLDEN), Ok(batch()));
        assert_eq!(batch().encode_to_vec(), GOLDEN);
    }
}
